/*
 * deadline: many timers of few durations, on libev's clock.
 *
 * Timers of one duration stand in one queue in the order in which they fall
 * due, so arming, re-arming and disarming are O(1) and allocate nothing; each
 * queue uses two ev_timers. Timers fire no earlier than their duration and,
 * while the loop turns, no later than a few milliseconds after.
 */
#ifndef DEADLINE_H
#define DEADLINE_H

#include <sys/queue.h>

#include <ev.h>
#include <stdbool.h>

struct deadline_queue;

/* Embedded in what it guards; all zeroes is "not armed". */
struct deadline {
	TAILQ_ENTRY(deadline) link;
	struct deadline_queue *queue; /* NULL: not armed */
	ev_tstamp due;
};

TAILQ_HEAD(deadline_list, deadline);

struct deadline_queue {
	struct ev_loop *loop;
	struct deadline_list list;
	ev_tstamp duration; /* seconds */
	ev_timer timer; /* for the first of the list */
	ev_timer clock; /* never fires: deadline.c says why */
	void (*fired)(struct deadline *); /* already disarmed; may arm again,
					     may free its owner */
};

void deadline_init(struct deadline_queue *, struct ev_loop *,
    ev_tstamp duration, void (*fired)(struct deadline *));
/* Stop the queue's timers; members that are armed are disarmed. */
void deadline_end(struct deadline_queue *);

/*
 * Due `duration` from the time of the loop's last wake-up (the monotonic one:
 * setting the clock moves nothing); if it is armed (in any queue), it is
 * moved.
 */
void deadline_arm(struct deadline_queue *, struct deadline *);
void deadline_disarm(struct deadline *);
static inline bool
deadline_armed(const struct deadline *d)
{
	return d->queue != NULL;
}

#endif
