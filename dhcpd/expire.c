/*
 * Time: the clock that nobody can set, leases that come to their end, and
 * gauges once a second.
 */
#include <time.h>

#include "server.h"

#define PERIOD 1.0 /* seconds */
#define AT_ONCE 2000 /* leases that end in one turn of the loop */
#define SOON 0.005

static uint64_t
milliseconds(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
tick(struct server *s)
{
	s->now_ms = milliseconds(CLOCK_BOOTTIME);
	s->now = (s->epoch_ms + (int64_t)s->now_ms) / 1000;
}

void
expire_clock(struct server *s, int64_t at_least)
{
	s->epoch_ms = (int64_t)milliseconds(CLOCK_REALTIME) -
	    (int64_t)milliseconds(CLOCK_BOOTTIME);
	tick(s);
	if (s->now >= at_least)
		return;
	log_warnx("the clock is %lld s behind the newest lease: it counts on "
		  "from there",
	    (long long)(at_least - s->now));
	s->epoch_ms += (at_least - s->now) * 1000;
	tick(s);
}

static void
on_woken(struct ev_loop *loop, ev_check *w, int events)
{
	(void)loop;
	(void)events;
	tick(w->data);
}

/*
 * Nothing waits for more packets while the loop sleeps. The end comes from
 * here, too, where no call of the store's is under way.
 */
static void
on_sleeping(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct server *s = w->data;

	(void)loop;
	(void)events;
	grant_batch(s);
	if (!grant_waits(s))
		net_resume(s->net);
	takeover_check_end(s);
}

static void
set_pools(struct server *s)
{
	const struct scopes *scopes = &s->conf->scopes;
	struct pool_use use, all = { .size = 0 };
	const struct subnet *sub;
	const struct network *n;
	size_t i;

	for (n = scopes->networks; n < scopes->networks + scopes->nnetworks;
	     n++)
		for (sub = n->subnets; sub < n->subnets + n->nsubnets; sub++)
			for (i = 0; i < sub->nranges; i++) {
				pool_use(sub->ranges[i].pool, &use);
				all.size += use.size - use.excluded;
				all.bound +=
				    use.bound + use.offered + use.conflict;
			}
	stats_set(s->counters, C_POOL_SIZE, all.size);
	stats_set(s->counters, C_POOL_FREE,
	    all.size > all.bound ? all.size - all.bound : 0);
}

static void
set_gauges(struct server *s)
{
	stats_set(s->counters, C_BOUND, leases_count(s->leases, LEASE_BOUND));
	stats_set(
	    s->counters, C_OFFERED, leases_count(s->leases, LEASE_OFFERED));
	stats_set(
	    s->counters, C_CONFLICT, leases_count(s->leases, LEASE_CONFLICT));
	stats_set(s->counters, C_STORE_BROKEN, store_broken(s->store));
	set_pools(s);
}

/* Counters of others, which say how many since their start. */
static void
add_counters(struct server *s)
{
	uint64_t now[4] = { 0 }, waiting = 0;
	static const unsigned counters[4] = { C_UNSENT, C_DNS_SENT,
		C_DNS_FAILED, C_EVENTS_LOST };
	size_t i;

	now[0] = net_failed(s->net);
	if (s->ddns != NULL)
		ddns_counts(s->ddns, &now[1], &now[2], &waiting);
	if (s->event != NULL)
		now[3] = event_dropped(s->event);
	for (i = 0; i < 4; i++) {
		stats_add(s->counters, counters[i], now[i] - s->counted[i]);
		s->counted[i] = now[i];
	}
	stats_set(s->counters, C_DNS_WAITING, waiting);
}

/* true: more are due. */
static bool
end_leases(struct server *s)
{
	struct lease *l;
	int i;

	for (i = 0; i < AT_ONCE; i++) {
		if ((l = lease_expire(s->leases, s->now)) == NULL)
			return lease_next_end(s->leases) <= s->now;
		if (l->state == LEASE_EXPIRED)
			grant_ended(s, l, "expired");
		grant_write(s, l);
	}
	return true;
}

static void
on_second(struct ev_loop *loop, ev_timer *t, int events)
{
	struct server *s = t->data;

	(void)events;
	t->repeat = end_leases(s) ? SOON : PERIOD;
	ev_timer_again(loop, t);
	set_gauges(s);
	add_counters(s);
}

void
expire_start(struct server *s)
{
	ev_check_init(&s->woken, on_woken);
	ev_set_priority(&s->woken, EV_MAXPRI);
	ev_prepare_init(&s->sleeping, on_sleeping);
	ev_timer_init(&s->second, on_second, 0, PERIOD);
	s->woken.data = s->sleeping.data = s->second.data = s;
	ev_check_start(s->loop, &s->woken);
	ev_prepare_start(s->loop, &s->sleeping);
	ev_timer_start(s->loop, &s->second);
}

void
expire_stop(struct server *s)
{
	ev_check_stop(s->loop, &s->woken);
	ev_prepare_stop(s->loop, &s->sleeping);
	ev_timer_stop(s->loop, &s->second);
}
