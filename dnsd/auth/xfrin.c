/*
 * Secondary zones. Each has a round now and then: its primaries are asked for
 * their SOA one after the other, until one has a newer version, which is
 * transferred; rounds of many zones share a few questions and transfers at
 * once, in the order in which they asked for them.
 *
 *	IDLE -> ASK_WAITS -> ASKING -> (next primary: ASK_WAITS)
 *	                            -> PULL_WAITS -> PULLING -> STORING -> IDLE
 */
#include <sys/queue.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bsd/string.h>

#include "ask.h"
#include "buf.h"
#include "log.h"
#include "notify.h"
#include "serial.h"
#include "xfrin.h"
#include "xfrpull.h"
#include "xfrstate.h"
#include "xfrstore.h"

#define ASKING_MAX 64 /* questions under way */
#define TRIES 3
#define PAUSE 1.0 /* seconds, then 2; the last waits 4 */
#define START_SPREAD 3.0 /* seconds in which all zones ask after a start */
#define NOTHING_FIRST 5.0 /* a zone that we never had: tried again after .. */
#define NOTHING_LAST 900.0
#define EXPIRY_LATER 1.0 /* seconds, when a new version is being stored */

enum doing {
	DOING_NOTHING,
	DOING_ASK_WAITS,
	DOING_ASKING,
	DOING_PULL_WAITS,
	DOING_PULLING,
	DOING_STORING,
};

struct refresh {
	TAILQ_ENTRY(refresh) link; /* where it waits */
	struct zone *zone;
	struct pulling *all;
	enum doing doing;
	ev_timer next; /* round */
	ev_timer expiry;
	struct xfrstate state;
	bool known; /* state is of a version that we have */
	unsigned failed; /* rounds, one after the other */
	char told[XFRAPPLY_WHY]; /* last complaint: the same is told once */
	/* of the round */
	size_t begin, tried; /* primaries: the first asked, how many were */
	const struct remote *at;
	bool current; /* one of them has what we have */
	bool whole; /* its changes were no good: AXFR */
	struct ask *ask;
	struct xfrpull *pull;
	const struct snapshot *base; /* held while it is pulled upon */
	/* told while a round runs: another one follows */
	bool again;
	const struct remote *again_at;
};
TAILQ_HEAD(refresh_queue, refresh);

struct pulling {
	struct server *server;
	struct refresh_queue asks, pulls;
	unsigned asking, pulls_running;
	ev_timer kick; /* begin what waits, after the loop's turn */
	bool stopped;
	struct log_limit limit;
};

static const char *
zone_text(const struct refresh *r, char out[DNS_NAME_TEXT])
{
	return dns_name_text(r->zone->conf->origin.wire, out);
}

static void
complain(struct refresh *r, const char *what, const char *why)
{
	char name[DNS_NAME_TEXT], peer[SOCK_NAMELEN];

	if (strcmp(r->told, why) == 0 ||
	    !log_allowed(&r->all->limit, "transfers in"))
		return;
	strlcpy(r->told, why, sizeof(r->told));
	log_warnx("%s: %s of %s: %s", sock_name(&r->at->addr, peer), what,
	    zone_text(r, name), why);
}

static void
set_timer(struct refresh *r, ev_timer *timer, double seconds)
{
	struct ev_loop *loop = r->zone->server->loop;

	ev_timer_stop(loop, timer);
	ev_timer_set(timer, seconds > 0 ? seconds : 0, 0);
	ev_timer_start(loop, timer);
}

static void
kick(struct pulling *all)
{
	if (!ev_is_active(&all->kick))
		ev_timer_start(all->server->loop, &all->kick);
}

static void
enqueue(struct refresh *r, enum doing doing)
{
	struct pulling *all = r->all;

	r->doing = doing;
	if (doing == DOING_ASK_WAITS)
		TAILQ_INSERT_TAIL(&all->asks, r, link);
	else
		TAILQ_INSERT_TAIL(&all->pulls, r, link);
	kick(all);
}

static void
save_state(struct refresh *r)
{
	char path[PATH_MAX];

	zone_path(r->zone, ".state", path, sizeof(path));
	if (xfrstate_write(path, &r->state) == -1 &&
	    log_allowed(&r->all->limit, "transfers in"))
		log_warn("%s", path);
}

/* What we have is known to be current now. */
static void
confirm(struct refresh *r)
{
	const struct snapshot *s = zone_now(r->zone);
	struct xfrtimes t;

	if (s == NULL)
		return;
	xfrstate_times(s, r->zone->conf, &t);
	r->known = true;
	r->state.serial = s->serial;
	r->state.checked = time(NULL);
	r->state.expires = r->state.checked + t.expire;
	set_timer(r, &r->expiry, (double)t.expire);
	save_state(r);
}

static void begin_round(struct refresh *, const struct remote *first);

/* Seconds until the next round. */
static double
next_round(const struct refresh *r, bool good)
{
	const struct snapshot *s = zone_now(r->zone);
	double seconds = NOTHING_FIRST;
	struct xfrtimes t;
	unsigned i;

	if (s != NULL) {
		xfrstate_times(s, r->zone->conf, &t);
		return xfrstate_jitter(good ? t.refresh : t.retry);
	}
	for (i = 1; i < r->failed && seconds < NOTHING_LAST; i++)
		seconds *= 2;
	return xfrstate_jitter(seconds < NOTHING_LAST ? seconds : NOTHING_LAST);
}

static void
end_round(struct refresh *r, bool good)
{
	const struct remote *first = r->again_at;
	char name[DNS_NAME_TEXT];

	r->doing = DOING_NOTHING;
	r->at = NULL;
	if (good) {
		confirm(r);
		r->told[0] = '\0';
	} else if (r->failed == 0) {
		log_notice("%s: no primary has confirmed or sent it",
		    zone_text(r, name));
	}
	r->failed = good ? 0 : r->failed + 1;
	if (r->again) {
		r->again = false;
		r->again_at = NULL;
		begin_round(r, first);
	} else {
		set_timer(r, &r->next, next_round(r, good));
	}
}

static void
next_primary(struct refresh *r)
{
	const struct remotes *all = &r->zone->conf->primaries;

	r->whole = false;
	if (r->tried == all->n) {
		end_round(r, r->current);
		return;
	}
	r->at = &all->v[(r->begin + r->tried) % all->n];
	r->tried++;
	enqueue(r, DOING_ASK_WAITS);
}

static void
begin_round(struct refresh *r, const struct remote *first)
{
	const struct remotes *all = &r->zone->conf->primaries;

	if (!r->all->server->writing)
		return; /* xfrin_own begins with a round */
	if (r->doing != DOING_NOTHING) {
		r->again = true;
		r->again_at = first;
		return;
	}
	ev_timer_stop(r->zone->server->loop, &r->next);
	if (first >= all->v && first < all->v + all->n)
		r->begin = (size_t)(first - all->v);
	r->tried = 0;
	r->current = false;
	next_primary(r);
}

static void
due(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	begin_round(timer->data, NULL);
}

/* It is not pulling any more; others may have waited for that. */
static void
end_pull(struct refresh *r)
{
	r->pull = NULL;
	r->all->pulls_running--;
	if (r->base != NULL)
		snapshot_release(r->base);
	r->base = NULL;
	kick(r->all);
}

/* What stood too long unconfirmed is served no more. */
static void
expire(struct refresh *r)
{
	char name[DNS_NAME_TEXT];

	r->known = false;
	log_warnx("%s: it has expired, no primary has confirmed it for too "
		  "long: SERVFAIL from now on",
	    zone_text(r, name));
	zone_publish(r->zone, NULL);
}

static void
expired(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct refresh *r = timer->data;

	(void)loop;
	(void)events;
	if (r->doing == DOING_STORING) {
		set_timer(r, timer, EXPIRY_LATER);
		return;
	}
	if (r->doing == DOING_PULLING && r->base != NULL) {
		/* changes of what we have no more */
		xfrpull_cancel(r->pull);
		end_pull(r);
		enqueue(r, DOING_PULL_WAITS);
	}
	expire(r);
}

/* What comes of one primary's serial, where we have a version. */
static void
compare(struct refresh *r, uint32_t serial, uint32_t ours)
{
	char why[64];

	if (serial == ours) {
		r->current = true;
	} else {
		snprintf(why, sizeof(why),
		    "its serial %" PRIu32 " is older than ours, %" PRIu32,
		    serial, ours);
		complain(r, "SOA", why);
	}
	next_primary(r);
}

/* NULL with the serial, or what is wrong with the answer. */
static const char *
read_soa(
    const struct refresh *r, const uint8_t *p, size_t len, uint32_t *serial)
{
	uint8_t data[RDATA_MAX];
	struct dns_reader in;
	struct dns_walk w;
	struct dns_rr rr;
	int n;

	if (dns_walk_begin(&w, p, len) == -1)
		return "no message";
	if (dns_rcode(&w.h) != DNS_NOERROR)
		return dns_rcode(&w.h) == DNS_REFUSED ? "REFUSED" :
		    dns_rcode(&w.h) == DNS_NOTAUTH    ? "NOTAUTH" :
							"an error";
	if ((w.h.flags & DNS_AA) == 0)
		return "it is not authoritative";
	while (dns_walk_next(&w, &rr) == 1) {
		if (w.section != 1 || rr.type != TYPE_SOA ||
		    rr.class != CLASS_IN ||
		    !dns_name_equal(rr.name, r->zone->conf->origin.wire))
			continue;
		in = w.r;
		in.pos = (size_t)(rr.data - p);
		if ((n = rdata_read(&in, TYPE_SOA, rr.len, data)) == -1)
			break;
		*serial = xfrapply_serial(data, (size_t)n);
		return NULL;
	}
	return "an answer without SOA";
}

static void
asked(void *arg, const uint8_t *answer, size_t len, const char *why)
{
	struct refresh *r = arg;
	const struct snapshot *s = zone_now(r->zone);
	uint32_t serial;

	r->ask = NULL;
	r->all->asking--;
	kick(r->all); /* others may have waited for this */
	/* nothing, or not all of it: the rest is asked by TCP */
	if (answer == NULL || (answer[2] & DNS_TC >> 8) != 0) {
		if (why != NULL)
			log_debug("SOA by UDP: %s", why);
		enqueue(r, DOING_PULL_WAITS);
		return;
	}
	if ((why = read_soa(r, answer, len, &serial)) != NULL) {
		complain(r, "SOA", why);
		next_primary(r);
		return;
	}
	if (s != NULL && !serial_newer(serial, s->serial))
		compare(r, serial, s->serial);
	else
		enqueue(r, DOING_PULL_WAITS);
}

static void
begin_ask(struct refresh *r)
{
	const struct ask_what what = { .to = r->at,
		.opcode = OPCODE_QUERY,
		.name = &r->zone->conf->origin,
		.type = TYPE_SOA,
		.tries = TRIES,
		.pause = PAUSE };

	r->ask = ask_begin(r->zone->server->loop, &what, asked, r);
	if (r->ask == NULL) {
		complain(r, "SOA", strerror(errno));
		next_primary(r);
		return;
	}
	r->doing = DOING_ASKING;
	r->all->asking++;
}

static void
stored(void *arg, int error)
{
	struct refresh *r = arg;

	if (r->all->stopped)
		return;
	if (error != 0) {
		complain(r, "transfer", strerror(error));
		end_round(r, false);
		return;
	}
	thread_count(&r->zone->server->main, C_TRANSFERS_IN);
	notify_zone(r->zone);
	end_round(r, true);
}

static void
tell_transfer(const struct refresh *r, const struct xfrapply *x)
{
	char name[DNS_NAME_TEXT], peer[SOCK_NAMELEN];

	log_info("%s: %s received zone=%s serial=%" PRIu32 " records=%" PRIu64
		 " messages=%" PRIu64 " bytes=%" PRIu64,
	    sock_name(&r->at->addr, peer), x->whole ? "AXFR" : "IXFR",
	    zone_text(r, name), x->serial, x->records, x->messages, x->bytes);
}

static void
keep(struct refresh *r, struct xfrapply *x)
{
	tell_transfer(r, x);
	r->doing = DOING_STORING;
	if (xfrstore(r->zone, x, stored, r) == -1)
		stored(r, errno);
}

static void
pulled(void *arg, enum xfrapply_result result, struct xfrapply *x)
{
	struct refresh *r = arg;
	bool changes = r->base != NULL;
	const struct snapshot *s = zone_now(r->zone);

	end_pull(r);
	switch (result) {
	case XFRAPPLY_DONE:
		if (s == NULL || serial_newer(x->serial, s->serial))
			keep(r, x);
		else
			compare(r, x->serial, s->serial);
		return;
	case XFRAPPLY_CURRENT:
		compare(r, x->serial, s->serial);
		return;
	default:
		complain(r, x->type == TYPE_IXFR ? "IXFR" : "AXFR", x->why);
	}
	if (changes && result == XFRAPPLY_BAD) {
		r->whole = true; /* RFC 1995 section 4: ask for all of it */
		enqueue(r, DOING_PULL_WAITS);
	} else {
		next_primary(r);
	}
}

static void
begin_pull(struct refresh *r)
{
	const struct zone_conf *conf = r->zone->conf;
	const struct xfrpull_what what = { .from = r->at,
		.origin = &conf->origin,
		.base = r->whole ? NULL : zone_now(r->zone),
		.max_bytes = conf->max_size };

	r->pull = xfrpull_begin(r->zone->server->loop, &what, pulled, r);
	if (r->pull == NULL) {
		complain(r, "transfer", strerror(errno));
		next_primary(r);
		return;
	}
	if ((r->base = what.base) != NULL)
		snapshot_hold(r->base);
	r->doing = DOING_PULLING;
	r->all->pulls_running++;
}

/* Begin what waits, as far as there is room. */
static void
kicked(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct pulling *all = timer->data;
	struct refresh *r;

	(void)loop;
	(void)events;
	while (all->asking < ASKING_MAX && !TAILQ_EMPTY(&all->asks)) {
		r = TAILQ_FIRST(&all->asks);
		TAILQ_REMOVE(&all->asks, r, link);
		begin_ask(r);
	}
	while (all->pulls_running < all->server->conf->transfers_in &&
	    !TAILQ_EMPTY(&all->pulls)) {
		r = TAILQ_FIRST(&all->pulls);
		TAILQ_REMOVE(&all->pulls, r, link);
		begin_pull(r);
	}
}

/* What is known of a zone that was loaded, against the clock. */
static void
resume(struct refresh *r)
{
	const struct snapshot *s = zone_now(r->zone);
	struct xfrstate known;
	char path[PATH_MAX];
	struct xfrtimes t;
	int64_t now = time(NULL);
	int rc;

	zone_path(r->zone, ".state", path, sizeof(path));
	if (s == NULL)
		return;
	if ((rc = xfrstate_read(path, &known)) == -1 && errno != ENOENT)
		log_warn("%s", path);
	xfrstate_times(s, r->zone->conf, &t);
	xfrstate_resume(&r->state, rc == 0 ? &known : NULL, now, &t);
	r->state.serial = s->serial;
	r->known = true;
	if (r->state.expires <= now)
		expire(r);
	else
		set_timer(r, &r->expiry, (double)(r->state.expires - now));
}

static int
add_zone(struct pulling *all, struct zone *z)
{
	struct refresh *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -1;
	r->zone = z;
	r->all = all;
	ev_init(&r->next, due);
	ev_init(&r->expiry, expired);
	r->next.data = r->expiry.data = r;
	z->refresh = r;
	resume(r);
	return 0;
}

/* We may have missed what our primaries said while we were not there: so all
 * are asked, the more zones the slower. */
void
xfrin_own(struct server *server)
{
	const struct zones *zones = server->zones;
	double spread = (double)zones->n / 100;
	struct refresh *r;
	size_t i;

	if (spread > START_SPREAD)
		spread = START_SPREAD;
	for (i = 0; i < zones->n; i++) {
		if ((r = zones->v[i].refresh) == NULL)
			continue;
		resume(r);
		if (r->known)
			save_state(r);
		set_timer(r, &r->next, spread * (double)i / (double)zones->n);
	}
}

int
xfrin_start(struct server *server)
{
	struct pulling *all = calloc(1, sizeof(*all));
	size_t i;

	if (all == NULL)
		return -1;
	all->server = server;
	TAILQ_INIT(&all->asks);
	TAILQ_INIT(&all->pulls);
	ev_timer_init(&all->kick, kicked, 0, 0);
	all->kick.data = all;
	server->pulling = all;
	for (i = 0; i < server->zones->n; i++)
		if (server->zones->v[i].secondary &&
		    add_zone(all, &server->zones->v[i]) == -1)
			return -1;
	if (server->writing)
		xfrin_own(server);
	return 0;
}

static void
stop_zone(struct refresh *r)
{
	struct ev_loop *loop = r->zone->server->loop;

	ev_timer_stop(loop, &r->next);
	ev_timer_stop(loop, &r->expiry);
	if (r->ask != NULL)
		ask_cancel(r->ask);
	if (r->pull != NULL) {
		xfrpull_cancel(r->pull);
		end_pull(r);
	}
	/* who stores tells it later; that one lives as long as the process */
	if (r->doing == DOING_STORING)
		return;
	r->zone->refresh = NULL;
	free(r);
}

void
xfrin_stop(struct server *server)
{
	size_t i;

	if (server->pulling == NULL)
		return;
	for (i = 0; i < server->zones->n; i++)
		if (server->zones->v[i].refresh != NULL)
			stop_zone(server->zones->v[i].refresh);
	ev_timer_stop(server->loop, &server->pulling->kick);
	server->pulling->stopped = true;
}

void
xfrin_refresh(struct zone *z, const struct remote *first)
{
	if (z->refresh != NULL)
		begin_round(z->refresh, first);
}

void
xfrin_status(const struct zone *z, struct buf *out)
{
	static const char *const words[] = {
		[DOING_NOTHING] = "waits",
		[DOING_ASK_WAITS] = "is about to ask",
		[DOING_ASKING] = "asks",
		[DOING_PULL_WAITS] = "waits for its turn to transfer",
		[DOING_PULLING] = "transfers",
		[DOING_STORING] = "stores",
	};
	const struct refresh *r = z->refresh;
	struct ev_loop *loop = z->server->loop;
	char peer[SOCK_NAMELEN];

	if (r == NULL)
		return;
	buf_printf(out, "refresh: %s", words[r->doing]);
	if (r->at != NULL)
		buf_printf(out, " %s", sock_name(&r->at->addr, peer));
	if (ev_is_active(&r->next))
		buf_printf(out, ", next in %.0f s",
		    ev_timer_remaining(loop, (ev_timer *)(uintptr_t)&r->next));
	if (r->known)
		buf_printf(out, ", confirmed %" PRId64 " s ago",
		    (int64_t)time(NULL) - r->state.checked);
	/* the timer says when it will, whatever became of the clock */
	if (ev_is_active(&r->expiry))
		buf_printf(out, ", expires in %.0f s",
		    ev_timer_remaining(
			loop, (ev_timer *)(uintptr_t)&r->expiry));
	buf_puts(out, "\n");
}
