/*
 * xfrin: zones of which we are secondary: SOA timers (RFC 1035 section 3.3.13,
 * 1912), IXFR with fall-back to AXFR, from one primary after the other.
 *
 * When a zone was last known to be current stands in NAME.state and counts
 * against the clock at start, so a zone that expired while we were down is not
 * served.
 */
#ifndef XFRIN_H
#define XFRIN_H

#include "handed.h"
#include "zone.h"

/* When zones were loaded, before anybody is answered: what has expired is
 * served no more. If server->writing is set, with xfrin_own. 0, or -1: no
 * memory. */
int xfrin_start(struct server *);
/* Our predecessor has ended and server->writing is set: ask primaries, now and
 * whenever it is time. */
void xfrin_own(struct server *);
/* Before the journals are closed. */
void xfrin_stop(struct server *);
/* Ask a primary now (`refresh`, NOTIFY). */
void xfrin_refresh(struct zone *, const struct remote *first);
/* NOTIFY came in (RFC 1996 section 3.7). Answers it. */
void xfrin_notified(struct handed *);
/* One line for `status`: serial, primary, next refresh, expiry. */
struct buf;
void xfrin_status(const struct zone *, struct buf *);

#endif
