/*
 * notify: telling secondaries that a zone has changed (RFC 1996): five tries by
 * UDP with growing pauses, one question under way for each of them.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include "zone.h"

/* Every zone that is served is told about: it may be new to them. 0, or -1: no
 * memory. */
int notify_start(struct server *);
void notify_stop(struct server *);
/* After a load, an update, a transfer; several within a second are one. */
void notify_zone(struct zone *);

#endif
