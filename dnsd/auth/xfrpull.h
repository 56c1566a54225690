/*
 * xfrpull: one transfer from one primary: connection, question, signatures,
 * the messages into an edit.
 */
#ifndef XFRPULL_H
#define XFRPULL_H

#include <ev.h>

#include "acl.h"
#include "xfrapply.h"

struct xfrpull_what {
	const struct remote *from; /* stays */
	const struct dname *origin; /* stays */
	/* Our version: IXFR from it; NULL: AXFR. It must stay the newest of
	 * its zone until the transfer has ended. */
	const struct snapshot *base;
	uint64_t max_bytes;
};

/*
 * Told once, never by xfrpull_begin itself. DONE: the edit is the callee's
 * (set NULL); CURRENT; BAD or BROKEN with apply->why. The pull ends with this
 * call.
 */
typedef void xfrpull_done(void *arg, enum xfrapply_result, struct xfrapply *);

struct xfrpull;
/* NULL with errno. */
struct xfrpull *xfrpull_begin(
    struct ev_loop *, const struct xfrpull_what *, xfrpull_done *, void *arg);
/* Break it off; it is not told. */
void xfrpull_cancel(struct xfrpull *);

#endif
