/*
 * xfrstore: a transferred version onto disk, then in front of readers.
 */
#ifndef XFRSTORE_H
#define XFRSTORE_H

#include "xfrapply.h"
#include "zone.h"

/* Told once, never by the call itself: 0 and the version is served, or an
 * errno and nothing has changed. */
typedef void xfrstore_done(void *arg, int error);

/*
 * Take apply's edit: a change goes into the journal, a whole zone becomes the
 * zone's file. 0, or -1 with errno: it is not told. One at a time for a zone.
 */
int xfrstore(struct zone *, struct xfrapply *, xfrstore_done *, void *arg);

#endif
