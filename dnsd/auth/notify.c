/*
 * Telling secondaries. A zone that changed is told about once to each of its
 * targets; targets that many zones share have queues of their own, so that one
 * which does not answer holds up nobody else.
 */
#include <sys/queue.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "log.h"
#include "notify.h"

#define PORT 53
#define TRIES 5
#define PAUSE 3.0 /* seconds, then 6, 12, 24; the last waits 48 */
#define SOON 0.05 /* changes that come together are one */
#define APART 1.0 /* seconds between two notifications of a zone */
#define FOR_TARGET 4 /* under way to one address, */
#define FOR_ALL 128 /* .. and to all */
#define AT_ONCE 20 /* are begun in TICK seconds */
#define TICK 0.1
#define ADDRESSES 64 /* targets of a zone, at most */

struct target;

/* One zone's word to one target. */
struct job {
	TAILQ_ENTRY(job) link; /* in the target's queue */
	LIST_ENTRY(job) of_zone;
	struct target *target;
	struct zone *zone;
	struct remote remote;
	struct ask *ask; /* NULL: it waits */
	bool again; /* the zone changed while it was under way */
};
TAILQ_HEAD(job_queue, job);
LIST_HEAD(job_list, job);

struct target {
	TAILQ_ENTRY(target) link;
	struct telling *telling;
	union sock_addr addr;
	unsigned under_way, jobs;
	bool silent; /* the last one was not answered: others try once */
	struct job_queue waiting;
};

struct notifying {
	struct zone *zone;
	ev_timer timer;
	ev_tstamp last; /* when it was told about */
	bool said; /* which of its NS have no address */
	struct job_list jobs;
};

struct telling {
	struct server *server;
	unsigned under_way;
	ev_timer tick;
	TAILQ_HEAD(, target) targets;
	struct log_limit limit;
};

static const char *
zone_text(const struct zone *z, char out[DNS_NAME_TEXT])
{
	return dns_name_text(z->conf->origin.wire, out);
}

static void
kick(struct telling *t)
{
	if (!ev_is_active(&t->tick))
		ev_timer_start(t->server->loop, &t->tick);
}

static struct target *
find_target(struct telling *t, const union sock_addr *addr)
{
	struct target *g;

	TAILQ_FOREACH(g, &t->targets, link)
		if (sock_addr_equal(&g->addr, addr))
			return g;
	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->telling = t;
	g->addr = *addr;
	TAILQ_INIT(&g->waiting);
	TAILQ_INSERT_TAIL(&t->targets, g, link);
	return g;
}

/* It neither waits nor is under way any more. */
static void
job_free(struct job *j)
{
	struct target *g = j->target;

	LIST_REMOVE(j, of_zone);
	free(j);
	if (--g->jobs == 0) {
		TAILQ_REMOVE(&g->telling->targets, g, link);
		free(g);
	}
}

/* Nobody needs to know any more. */
static void
job_cancel(struct job *j)
{
	if (j->ask == NULL) {
		TAILQ_REMOVE(&j->target->waiting, j, link);
	} else {
		ask_cancel(j->ask);
		j->target->under_way--;
		j->target->telling->under_way--;
	}
	job_free(j);
}

static void
wait_in_queue(struct job *j)
{
	j->ask = NULL;
	j->again = false;
	TAILQ_INSERT_TAIL(&j->target->waiting, j, link);
	kick(j->target->telling);
}

static void
tell_failure(struct job *j, const char *why)
{
	char name[DNS_NAME_TEXT], peer[SOCK_NAMELEN];

	if (log_allowed(&j->target->telling->limit, "notify"))
		log_warnx("%s: not notified of %s: %s",
		    sock_name(&j->remote.addr, peer), zone_text(j->zone, name),
		    why);
}

/* An error is an answer, too: it is not asked again (RFC 1996 section 3.12). */
static const char *
refusal(const uint8_t *answer)
{
	static const char *const words[16] = {
		[DNS_FORMERR] = "FORMERR",
		[DNS_SERVFAIL] = "SERVFAIL",
		[DNS_NXDOMAIN] = "NXDOMAIN",
		[DNS_NOTIMP] = "NOTIMP",
		[DNS_REFUSED] = "REFUSED",
		[DNS_NOTAUTH] = "NOTAUTH",
	};
	unsigned rcode = answer[3] & 15;

	if (rcode == DNS_NOERROR)
		return NULL;
	return words[rcode] != NULL ? words[rcode] : "an error";
}

static void
answered(void *arg, const uint8_t *answer, size_t len, const char *why)
{
	struct job *j = arg;

	(void)len;
	j->target->silent = answer == NULL;
	if (answer != NULL)
		why = refusal(answer);
	if (why != NULL)
		tell_failure(j, why);
	j->target->under_way--;
	j->target->telling->under_way--;
	kick(j->target->telling); /* there is room for others */
	if (j->again)
		wait_in_queue(j);
	else
		job_free(j);
}

/* The new SOA goes along, so that who has it already need not ask (RFC 1996
 * section 3.7). false: nothing was sent; the job is gone. */
static bool
begin(struct job *j)
{
	struct telling *t = j->target->telling;
	const struct snapshot *s = zone_now(j->zone);
	const struct rrset *soa;
	struct reply_rr hint = { .type = TYPE_SOA };
	struct ask_what what = { .to = &j->remote,
		.opcode = OPCODE_NOTIFY,
		.name = &j->zone->conf->origin,
		.type = TYPE_SOA,
		.tries = j->target->silent ? 1 : TRIES,
		.pause = PAUSE };

	TAILQ_REMOVE(&j->target->waiting, j, link);
	if (s != NULL) {
		soa = node_rrset(s->apex, TYPE_SOA);
		hint.ttl = soa->ttl;
		hint.data = rrset_rdata(soa->data);
		hint.len = rrset_len(soa->data);
		what.hint = &hint;
		j->ask = ask_begin(t->server->loop, &what, answered, j);
		if (j->ask == NULL)
			tell_failure(j, strerror(errno));
	}
	if (j->ask == NULL) {
		job_free(j);
		return false;
	}
	j->target->under_way++;
	t->under_way++;
	thread_count(&t->server->main, C_NOTIFIES_OUT);
	return true;
}

/* The next job whose target has room; who was served goes to the end. */
static struct job *
next_job(struct telling *t)
{
	struct target *g;

	TAILQ_FOREACH(g, &t->targets, link) {
		if (g->under_way >= FOR_TARGET || TAILQ_EMPTY(&g->waiting))
			continue;
		TAILQ_REMOVE(&t->targets, g, link);
		TAILQ_INSERT_TAIL(&t->targets, g, link);
		return TAILQ_FIRST(&g->waiting);
	}
	return NULL;
}

static void
tick(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct telling *t = timer->data;
	struct job *j = NULL;
	unsigned n;

	(void)events;
	for (n = 0; n < AT_ONCE && t->under_way < FOR_ALL; n++) {
		if ((j = next_job(t)) == NULL)
			break;
		begin(j);
	}
	/* more wait, but enough were sent for now */
	ev_timer_stop(loop, timer);
	if (n == AT_ONCE) {
		ev_timer_set(timer, TICK, 0);
		ev_timer_start(loop, timer);
	} else {
		ev_timer_set(timer, 0, 0);
	}
}

/* Our own address and port: it needs no telling. */
static bool
is_ourselves(const struct server *server, const union sock_addr *addr)
{
	const struct worker *w = server->worker;
	union sock_addr from = *addr;
	socklen_t len = sizeof(from);
	bool ours = false;
	size_t i;
	int fd;

	for (i = 0; i < w->nsocks && !ours; i++)
		ours = sock_port(&w->socks[i]->addr) == sock_port(addr);
	if (!ours)
		return false;
	fd = socket(addr->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* the kernel answers its own addresses from themselves */
	ours = fd != -1 && connect(fd, &addr->sa, sock_addrlen(addr)) == 0 &&
	    getsockname(fd, &from.sa, &len) == 0;
	sock_set_port(&from, sock_port(addr));
	if (fd != -1)
		close(fd);
	return ours && sock_addr_equal(&from, addr);
}

static void
add_job(struct zone *z, const struct remote *remote)
{
	struct telling *t = z->server->telling;
	struct job *j;
	unsigned n = 0;

	LIST_FOREACH(j, &z->notifying->jobs, of_zone) {
		if (sock_addr_equal(&j->remote.addr, &remote->addr)) {
			j->again = j->ask != NULL;
			return;
		}
		n++;
	}
	if (n >= ADDRESSES || (j = calloc(1, sizeof(*j))) == NULL)
		return;
	if ((j->target = find_target(t, &remote->addr)) == NULL) {
		free(j);
		return;
	}
	j->zone = z;
	j->remote = *remote;
	j->target->jobs++;
	LIST_INSERT_HEAD(&z->notifying->jobs, j, of_zone);
	wait_in_queue(j);
}

/* All addresses of the set, port 53. */
static void
add_addresses(struct zone *z, const struct rrset *set)
{
	struct remote remote = { .key = NULL };
	const uint8_t *p;

	if (set == NULL)
		return;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		memset(&remote.addr, 0, sizeof(remote.addr));
		if (set->type == TYPE_A) {
			remote.addr.in.sin_family = AF_INET;
			memcpy(&remote.addr.in.sin_addr, rrset_rdata(p), 4);
		} else {
			remote.addr.in6.sin6_family = AF_INET6;
			memcpy(&remote.addr.in6.sin6_addr, rrset_rdata(p), 16);
		}
		sock_set_port(&remote.addr, PORT);
		if (!is_ourselves(z->server, &remote.addr))
			add_job(z, &remote);
	}
}

/* A name server, where its addresses stand in one of our zones. */
static bool
add_server(struct zone *z, const uint8_t *name)
{
	struct dname dname;
	const struct zone *in;
	const struct snapshot *s;
	const struct node *node;
	unsigned suffix;

	if (dname_set(&dname, name, DNS_NAME) == -1 ||
	    (in = zones_find(z->server->zones, &dname, 0, &suffix)) == NULL ||
	    (s = zone_now(in)) == NULL ||
	    (node = snapshot_find(s, &dname, 0)) == NULL)
		return false;
	add_addresses(z, node_rrset(node, TYPE_A));
	add_addresses(z, node_rrset(node, TYPE_AAAA));
	return node_rrset(node, TYPE_A) != NULL ||
	    node_rrset(node, TYPE_AAAA) != NULL;
}

static void
tell_unknown(struct zone *z, const uint8_t *name)
{
	char zone[DNS_NAME_TEXT], text[DNS_NAME_TEXT];

	if (!z->notifying->said)
		log_notice("%s: its server %s is not notified: no address of "
			   "it is in our zones: add it to notify",
		    zone_text(z, zone), dns_name_text(name, text));
}

/* The zone's NS but the primary that its SOA names (RFC 1996 section 2.1). */
static void
add_servers(struct zone *z, const struct snapshot *s)
{
	const struct rrset *ns = node_rrset(s->apex, TYPE_NS);
	const struct rrset *soa = node_rrset(s->apex, TYPE_SOA);
	const uint8_t *p, *primary = rrset_rdata(soa->data);

	if (ns == NULL)
		return;
	for (p = ns->data; p != rrset_end(ns); p = rrset_next(p)) {
		if (dns_name_equal(rrset_rdata(p), primary))
			continue;
		if (!add_server(z, rrset_rdata(p)))
			tell_unknown(z, rrset_rdata(p));
	}
	z->notifying->said = true;
}

static void
fire(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct notifying *n = timer->data;
	struct zone *z = n->zone;
	const struct snapshot *s = zone_now(z);
	size_t i;

	(void)events;
	n->last = ev_now(loop);
	for (i = 0; i < z->conf->notify.n; i++)
		add_job(z, &z->conf->notify.v[i]);
	if (s != NULL && z->conf->notify_ns)
		add_servers(z, s);
}

void
notify_zone(struct zone *z)
{
	struct notifying *n = z->notifying;
	struct ev_loop *loop = z->server->loop;
	double pause = SOON;

	if (z->server->telling == NULL)
		return;
	if (n == NULL) {
		if ((n = calloc(1, sizeof(*n))) == NULL)
			return;
		n->zone = z;
		n->timer.data = n;
		ev_init(&n->timer, fire);
		LIST_INIT(&n->jobs);
		z->notifying = n;
	}
	if (ev_is_active(&n->timer))
		return;
	if (ev_now(loop) >= n->last && ev_now(loop) - n->last < APART)
		pause = n->last + APART - ev_now(loop);
	ev_timer_set(&n->timer, pause, 0);
	ev_timer_start(loop, &n->timer);
}

int
notify_start(struct server *server)
{
	struct telling *t = calloc(1, sizeof(*t));
	size_t i;

	if (t == NULL)
		return -1;
	t->server = server;
	TAILQ_INIT(&t->targets);
	ev_timer_init(&t->tick, tick, 0, 0);
	t->tick.data = t;
	server->telling = t;
	for (i = 0; i < server->zones->n; i++)
		if (zone_now(&server->zones->v[i]) != NULL)
			notify_zone(&server->zones->v[i]);
	return 0;
}

static void
stop_zone(struct zone *z)
{
	struct notifying *n = z->notifying;

	if (n == NULL)
		return;
	ev_timer_stop(z->server->loop, &n->timer);
	while (!LIST_EMPTY(&n->jobs))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is removed */
		job_cancel(LIST_FIRST(&n->jobs));
	free(n);
	z->notifying = NULL;
}

void
notify_stop(struct server *server)
{
	size_t i;

	if (server->telling == NULL)
		return;
	for (i = 0; i < server->zones->n; i++)
		stop_zone(&server->zones->v[i]);
	ev_timer_stop(server->loop, &server->telling->tick);
	free(server->telling);
	server->telling = NULL;
}
