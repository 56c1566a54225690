/*
 * update: dynamic updates (RFC 2136), in the main thread.
 *
 * Each is applied to an edit upon the newest state of its zone, be that on
 * disk yet or not, and is a change of serial of its own. Those that came while
 * a sync runs share the next one. Readers see a change when it is on disk, and
 * its sender is told then; so is who asked for what an earlier, unfinished one
 * has done already. Where the disk fails, all that is unfinished is undone and
 * told SERVFAIL, and the zone takes no update until its file and journal could
 * be written anew, which is tried every few seconds.
 */
#ifndef UPDATE_H
#define UPDATE_H

#include "handed.h"
#include "serial.h"
#include "zone.h"

/* Before any update, when the zones were opened. 0 or -1: no memory. */
int update_start(struct server *);
/* Finish what is under way, answer it, free; let journals go to who follows. */
void update_stop(struct server *);
/*
 * The stores are ours, from the start or since our predecessor has ended:
 * called once, after load_all and before the first update. Journals are opened
 * for writing, what our predecessor did last is done, too, and a journal whose
 * zone came from a newer file begins anew. A zone where that fails is told and
 * stays as it is, without updates.
 */
void update_own(struct server *);

/* A zone was loaded: addresses of zones with auto_reverse get what PTRs are
 * missing. update_own does that, too. */
void update_follow(struct server *);

/* An UPDATE came in. It is answered in time. */
void update_handed(struct handed *);

/*
 * A change of our own (a verb, a reload): `make` fills the edit and returns 0,
 * or -1: the edit is dropped; the rest is as with updates. The serial is the
 * next one unless `make` set a SOA. done (or NULL) is told a DNS_ code when
 * the change is on disk and seen, or why it is not; at once, or later.
 */
struct update_own_change {
	struct zone *zone;
	int (*make)(void *arg, struct edit *);
	void (*done)(void *arg, unsigned rcode);
	void *arg;
};
void update_zone(const struct update_own_change *);

/* Fold the zone's journal (journal.h); done is told NULL or why not. */
void update_flush(
    struct zone *, void (*done)(void *arg, const char *error), void *arg);

#endif
