/*
 * Timers of few durations.
 *
 * ev_now() follows the real time, which an administrator may set; what libev
 * measures its timers with does not, but can be asked only through a timer
 * that runs. So each queue has one that runs and never fires: what remains of
 * it is the clock by which the queue's members fall due.
 */
#include "deadline.h"

/*
 * Years after any daemon's end, and few enough digits to leave a double
 * parts of a microsecond.
 */
#define NEVER 1e9
/* The rounding of that. */
#define ROUNDING 1e-6
/* A shorter duration would let a member that arms itself again spin. */
#define SHORTEST 1e-3

static ev_tstamp
queue_now(struct deadline_queue *q)
{
	return NEVER - ev_timer_remaining(q->loop, &q->clock);
}

static void
timer_start(struct deadline_queue *q, ev_tstamp after)
{
	ev_timer_set(&q->timer, after > 0 ? after : 0, 0);
	ev_timer_start(q->loop, &q->timer);
}

static void
deadline_unlink(struct deadline *d)
{
	TAILQ_REMOVE(&d->queue->list, d, link);
	d->queue = NULL;
}

static void
queue_fired(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct deadline_queue *q = timer->data;
	ev_tstamp now = queue_now(q);
	struct deadline *d;

	(void)loop;
	(void)events;
	while (
	    (d = TAILQ_FIRST(&q->list)) != NULL && d->due <= now + ROUNDING) {
		deadline_unlink(d);
		q->fired(d);
	}
	/* The first may have been moved since the timer was started. */
	if (d != NULL && !ev_is_active(&q->timer))
		timer_start(q, d->due - now);
}

void
deadline_init(struct deadline_queue *q, struct ev_loop *loop,
    ev_tstamp duration, void (*fired)(struct deadline *))
{
	q->loop = loop;
	q->duration = duration > SHORTEST ? duration : SHORTEST;
	q->fired = fired;
	TAILQ_INIT(&q->list);
	ev_timer_init(&q->timer, queue_fired, 0, 0);
	q->timer.data = q;
	ev_timer_init(&q->clock, queue_fired, NEVER, 0);
	q->clock.data = q;
	ev_timer_start(loop, &q->clock);
	ev_unref(loop); /* a queue with nobody in it keeps no loop running */
}

void
deadline_end(struct deadline_queue *q)
{
	struct deadline *d;

	while ((d = TAILQ_FIRST(&q->list)) != NULL)
		deadline_unlink(d);
	ev_timer_stop(q->loop, &q->timer);
	if (ev_is_active(&q->clock)) {
		ev_ref(q->loop);
		ev_timer_stop(q->loop, &q->clock);
	}
}

void
deadline_arm(struct deadline_queue *q, struct deadline *d)
{
	if (d->queue == q)
		deadline_unlink(d); /* the timer may run on, for the next */
	else
		deadline_disarm(d);
	d->queue = q;
	d->due = queue_now(q) + q->duration;
	TAILQ_INSERT_TAIL(&q->list, d, link);
	/* Where others stand before it, their time comes first. */
	if (TAILQ_FIRST(&q->list) == d && !ev_is_active(&q->timer))
		timer_start(q, q->duration);
}

void
deadline_disarm(struct deadline *d)
{
	struct deadline_queue *q = d->queue;

	if (q == NULL)
		return;
	deadline_unlink(d);
	if (TAILQ_EMPTY(&q->list))
		ev_timer_stop(q->loop, &q->timer);
}
