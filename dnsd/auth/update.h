/*
 * update: dynamic updates (RFC 2136), in the main thread.
 *
 * Those that came while a sync runs are applied to one edit, become one
 * snapshot and share one sync; each is a change of serial of its own. Readers
 * see a change when it is on disk, and its sender is told then.
 */
#ifndef UPDATE_H
#define UPDATE_H

#include "handed.h"
#include "zone.h"

/* An UPDATE came in. It is answered in time. */
void update_handed(struct handed *);

/*
 * A change of our own (auto_reverse, a verb): `make` fills the edit; the rest
 * is as with updates. done: NULL or told with an rcode.
 */
int
update_zone(struct zone *, int (*make)(void *arg, struct edit *), void *arg);

/* RFC 1982 arithmetic; the next serial after this one. */
bool serial_newer(uint32_t a, uint32_t than);
uint32_t serial_next(uint32_t);

#endif
