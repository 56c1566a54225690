/*
 * The queue of updates: one job for each address that DNS is to be changed
 * for, a few of them under way, on one connected UDP socket.
 *
 * A job has at most one name to remove and one to add; what comes while its
 * update is under way waits in the job, and what takes another change back
 * does so there. So the queue has no more entries than there are addresses, and
 * the order of changes to one address is kept.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "ddns.h"
#include "deadline.h"
#include "log.h"
#include "sock.h"
#include "tsig.h"
#include "update.h"

#define PORT 53
#define QUEUE 10000 /* jobs */
#define FLIGHTS 16 /* under way */
#define MESSAGE 1232 /* bytes, at most: no fragments on any path */
#define TRIES 4 /* after 1, 2, 4, 8 s */
#define BUCKETS 4096
#define ZONES 256 /* zones of /24s that are remembered, */
#define ZONE_SECONDS 3600 /* .. so long */
#define AT_ONCE 64 /* answers that are read in one turn */
#define LAST_SENT 1000 /* messages at the end */
#define TTL_LEAST 600 /* RFC 4702 section 5 */
#define TTL_FOREVER 86400

struct job {
	TAILQ_ENTRY(job) link; /* in waiting */
	LIST_ENTRY(job) bucket;
	uint32_t ip;
	bool waiting, removing, adding;
	struct record old, new; /* to remove first, then to add */
	uint8_t stands; /* in DNS before `new` is added */
	struct flight *flight; /* NULL: none is under way */
};

struct flight {
	struct ddns *ddns;
	struct job *job; /* NULL: free */
	struct update update;
	struct deadline deadline;
	unsigned tries;
	const char *why; /* what went wrong, if there is no answer */
	struct tsig tsig;
	size_t len;
	uint8_t bytes[MESSAGE];
};

struct zone {
	uint32_t net; /* the first three bytes of the address */
	uint8_t skip; /* 0: empty */
	ev_tstamp until;
};

TAILQ_HEAD(job_list, job);
LIST_HEAD(job_bucket, job);

struct ddns {
	struct ev_loop *loop; /* NULL: not started */
	ev_io io;
	ev_timer kick; /* begin what waits, after the loop's turn */
	ddns_done_fn *done;
	void *arg;
	int fd;
	union sock_addr server;
	char name[SOCK_NAMELEN]; /* the server's */
	struct tsig_key *key; /* NULL: unsigned */
	uint64_t ttl;
	bool replace, connected;
	struct job_list waiting;
	struct job_bucket jobs[BUCKETS];
	size_t njobs;
	struct flight flights[FLIGHTS];
	struct deadline_queue tries[TRIES];
	struct zone zones[ZONES];
	uint64_t sent, failed;
	struct log_limit limit;
};

static struct job_bucket *
bucket(struct ddns *d, uint32_t ip)
{
	return &d->jobs[(ip * 2654435761u) >> 20];
}

static struct job *
job_find(struct ddns *d, uint32_t ip)
{
	struct job *j;

	LIST_FOREACH(j, bucket(d, ip), bucket)
		if (j->ip == ip)
			break;
	return j;
}

static void
fail(struct ddns *d, uint32_t ip, const struct record *r, bool add,
    const char *why)
{
	struct in_addr a = { .s_addr = htonl(ip) };
	char name[DNS_NAME_TEXT], text[INET_ADDRSTRLEN];

	d->failed++;
	if (log_allowed(&d->limit, "ddns"))
		log_warnx("%s: %s %s DNS: %s: %s",
		    inet_ntop(AF_INET, &a, text, sizeof(text)),
		    dns_name_text(r->name, name),
		    add ? "does not go into" : "stays in", d->name, why);
}

static struct job *
job_new(struct ddns *d, uint32_t ip)
{
	struct job *j;

	if (d->njobs == QUEUE || (j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->ip = ip;
	LIST_INSERT_HEAD(bucket(d, ip), j, bucket);
	d->njobs++;
	return j;
}

static void
job_free(struct ddns *d, struct job *j)
{
	if (j->waiting)
		TAILQ_REMOVE(&d->waiting, j, link);
	LIST_REMOVE(j, bucket);
	d->njobs--;
	free(j);
}

/* There is something to do for it, or nothing any more. */
static void
job_changed(struct ddns *d, struct job *j)
{
	if (j->flight != NULL)
		return;
	if (!j->removing && !j->adding) {
		job_free(d, j);
		return;
	}
	if (!j->waiting)
		TAILQ_INSERT_TAIL(&d->waiting, j, link);
	j->waiting = true;
	if (d->loop != NULL && !ev_is_active(&d->kick))
		ev_timer_start(d->loop, &d->kick);
}

static struct zone *
zone_slot(struct ddns *d, uint32_t ip)
{
	return &d->zones[((ip >> 8) * 2654435761u) >> 24];
}

static uint8_t
zone_known(struct ddns *d, uint32_t ip)
{
	const struct zone *z = zone_slot(d, ip);

	return z->skip != 0 && z->net == ip >> 8 && z->until > ev_now(d->loop) ?
	    z->skip :
	    UPDATE_ZONE_UNKNOWN;
}

/* A zone of one address alone says nothing of its neighbours. */
static void
zone_learn(struct ddns *d, uint32_t ip, uint8_t skip)
{
	struct zone *z = zone_slot(d, ip);

	if (skip == UPDATE_ZONE_UNKNOWN || zone_known(d, ip) == skip)
		return;
	z->net = ip >> 8;
	z->skip = skip;
	z->until = ev_now(d->loop) + ZONE_SECONDS;
}

/*
 * Connect, or connect anew: the source address is chosen then, and may be gone
 * or not yet there.
 */
static int
ddns_connect(struct ddns *d)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	if (d->connected)
		(void)connect(d->fd, &none, sizeof(none));
	d->connected =
	    connect(d->fd, &d->server.sa, sock_addrlen(&d->server)) == 0;
	return d->connected ? 0 : -1;
}

/* Send what stands in the flight; where that fails time will tell. */
static void
flight_send(struct flight *f)
{
	struct ddns *d = f->ddns;
	ssize_t n = -1;

	if (d->connected || ddns_connect(d) == 0)
		n = send(d->fd, f->bytes, f->len, MSG_NOSIGNAL);
	if (n == -1 && errno != EAGAIN && errno != ECONNREFUSED &&
	    ddns_connect(d) == 0)
		n = send(d->fd, f->bytes, f->len, MSG_NOSIGNAL);
	if (n == -1)
		f->why = strerror(errno);
	else
		d->sent++;
}

/* An id that no other message under way has. */
static uint16_t
fresh_id(const struct ddns *d)
{
	const struct flight *f = d->flights;
	uint16_t id = (uint16_t)arc4random();

	while (f < d->flights + FLIGHTS) {
		if (f->job != NULL && f->len > 0 &&
		    (f->bytes[0] << 8 | f->bytes[1]) == id) {
			id++;
			f = d->flights;
		} else {
			f++;
		}
	}
	return id;
}

/* The message of this step. 0, or -1: it does not fit. */
static int
flight_build(struct flight *f)
{
	struct dns_builder b = { .bytes = f->bytes, .limit = MESSAGE };
	uint16_t id = fresh_id(f->ddns);

	update_build(&f->update, id, &b);
	f->tsig.key = f->ddns->key;
	f->tsig.mac_len = 0;
	if (f->tsig.key != NULL)
		tsig_sign(&f->tsig, &b, (uint64_t)ev_now(f->ddns->loop));
	f->len = b.full ? 0 : b.len;
	return b.full ? -1 : 0;
}

/* What became of it is told when nothing waits behind it. */
static void
flight_end(struct flight *f, const char *why)
{
	struct ddns *d = f->ddns;
	struct job *j = f->job;
	struct update *u = &f->update;
	uint32_t ip = j->ip;
	bool tell = !j->removing && !j->adding &&
	    (u->add || u->stands != u->record.what);

	if (why != NULL)
		fail(d, ip, &u->record, u->add, why);
	zone_learn(d, ip, u->zone_skip);
	deadline_disarm(&f->deadline);
	f->job = NULL;
	j->flight = NULL;
	j->stands = u->stands;
	job_changed(d, j);
	if (!TAILQ_EMPTY(&d->waiting) && !ev_is_active(&d->kick))
		ev_timer_start(d->loop, &d->kick);
	if (tell && d->done != NULL)
		d->done(d->arg, ip, u->stands);
}

/* Send this step's message and wait for the answer; or all is done. */
static void
flight_step(struct flight *f)
{
	if (f->update.step == UPDATE_END) {
		flight_end(f, NULL);
		return;
	}
	if (flight_build(f) == -1) {
		flight_end(f, "the message would be too long");
		return;
	}
	f->tries = 0;
	f->why = NULL;
	flight_send(f);
	deadline_arm(&f->ddns->tries[0], &f->deadline);
}

static void
flight_begin(struct ddns *d, struct flight *f, struct job *j)
{
	struct update *u = &f->update;
	uint32_t ip = htonl(j->ip);

	TAILQ_REMOVE(&d->waiting, j, link);
	j->waiting = false;
	j->flight = f;
	f->job = j;
	f->len = 0;
	u->add = !j->removing;
	u->record = u->add ? j->new : j->old;
	u->stands = u->add ? j->stands : j->old.what;
	if (u->add)
		j->adding = false;
	else
		j->removing = false;
	u->replace = d->replace;
	u->zone_skip = zone_known(d, j->ip);
	memcpy(u->ip, &ip, sizeof(u->ip));
	update_begin(u);
}

/* As many as there is room for. */
static void
on_kick(struct ev_loop *loop, ev_timer *t, int events)
{
	struct ddns *d = t->data;
	struct flight *f;
	struct job *j;

	(void)loop;
	(void)events;
	for (f = d->flights; f < d->flights + FLIGHTS; f++) {
		if (f->job != NULL || (j = TAILQ_FIRST(&d->waiting)) == NULL)
			continue;
		flight_begin(d, f, j);
		flight_step(f);
	}
}

static void
on_overdue(struct deadline *dl)
{
	struct flight *f =
	    (struct flight *)((char *)dl - offsetof(struct flight, deadline));

	if (++f->tries == TRIES) {
		flight_end(f, f->why != NULL ? f->why : "no answer");
		return;
	}
	flight_send(f);
	deadline_arm(&f->ddns->tries[f->tries], &f->deadline);
}

/*
 * An answer whose signature is wrong may be anybody's: the right one may still
 * come (RFC 8945 section 5.4). Why, or NULL: it is good.
 */
static const char *
signature(struct flight *f, const uint8_t *p, size_t len)
{
	int error;

	if (f->tsig.key == NULL)
		return NULL;
	error = tsig_check(&f->tsig, p, len, (uint64_t)ev_now(f->ddns->loop));
	switch (error) {
	case 0:
		return NULL;
	case DNS_BADKEY:
		return "the server does not know our key (BADKEY)";
	case DNS_BADTIME:
		return "our clocks differ (BADTIME)";
	case DNS_FORMERR:
		return "answers without a signature";
	default:
		return "a wrong signature (BADSIG)";
	}
}

static void
take_answer(struct ddns *d, const uint8_t *p, size_t len)
{
	struct dns_reader r;
	struct dns_header h;
	struct flight *f;
	const char *why;

	for (f = d->flights; f < d->flights + FLIGHTS; f++) {
		r = (struct dns_reader){ .bytes = p, .len = len };
		if (f->job != NULL &&
		    update_is_answer(&r, &h, f->bytes, f->len))
			break;
	}
	if (f == d->flights + FLIGHTS)
		return; /* late, or not for us */
	if ((why = signature(f, p, len)) != NULL) {
		f->why = why;
		return;
	}
	deadline_disarm(&f->deadline);
	if ((why = update_answer(&f->update, &h, &r)) == NULL) {
		flight_step(f);
		return;
	}
	zone_slot(d, f->job->ip)->skip = 0; /* may be what was wrong */
	f->update.zone_skip = UPDATE_ZONE_UNKNOWN;
	flight_end(f, why);
}

static void
on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct ddns *d = io->data;
	struct flight *f;
	uint8_t bytes[4096];
	ssize_t n;
	int i;

	(void)loop;
	(void)events;
	for (i = 0; i < AT_ONCE; i++) {
		n = recv(d->fd, bytes, sizeof(bytes), 0);
		if (n >= 0) {
			take_answer(d, bytes, (size_t)n);
			continue;
		}
		if (errno == EAGAIN || errno == EINTR)
			return;
		/* nobody listens there: it may begin to */
		for (f = d->flights; f < d->flights + FLIGHTS; f++)
			f->why = strerror(errno);
	}
}

/* 0, or -1 after a message. */
static int
ddns_socket(struct ddns *d, const char *server)
{
	char device[16];
	bool has_port;

	if (sock_parse(server, &d->server, device, &has_port) == -1 ||
	    sock_addrlen(&d->server) == 0) {
		log_errx("ddns: %s: not an address", server);
		return -1;
	}
	if (!has_port)
		sock_set_port(&d->server, PORT);
	sock_name(&d->server, d->name);
	d->fd = socket(d->server.sa.sa_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd == -1) {
		log_err("ddns: socket for %s", d->name);
		return -1;
	}
	if (ddns_connect(d) == -1) /* the network may come later */
		log_warn("ddns: %s", d->name);
	return 0;
}

struct ddns *
ddns_open(const struct ddns_conf *conf)
{
	static const struct lease_client nobody;
	struct ddns *d = calloc(1, sizeof(*d));
	uint8_t dhcid[DDNS_DHCID];

	if (d == NULL) {
		log_err("ddns");
		return NULL;
	}
	TAILQ_INIT(&d->waiting);
	d->fd = -1;
	d->ttl = conf->ttl;
	d->replace = conf->replace;
	if (conf->key != NULL && *conf->key != '\0') {
		d->key = calloc(1, sizeof(*d->key));
		if (d->key == NULL || tsig_key_read(conf->key, d->key) == -1)
			goto fail;
	}
	/* libcrypto loads SHA-256 now, before the sandbox */
	if (ddns_dhcid(&nobody, (const uint8_t *)"", dhcid) == -1) {
		log_errx("ddns: libcrypto has no SHA-256");
		goto fail;
	}
	if (ddns_socket(d, conf->server) == 0)
		return d;
fail:
	ddns_close(d);
	return NULL;
}

int
ddns_start(struct ddns *d, struct ev_loop *loop, ddns_done_fn *done, void *arg)
{
	size_t i;

	d->loop = loop;
	d->done = done;
	d->arg = arg;
	for (i = 0; i < TRIES; i++)
		deadline_init(&d->tries[i], loop, 1 << i, on_overdue);
	for (i = 0; i < FLIGHTS; i++)
		d->flights[i].ddns = d;
	ev_timer_init(&d->kick, on_kick, 0, 0);
	d->kick.data = d;
	ev_io_init(&d->io, on_readable, d->fd, EV_READ);
	d->io.data = d;
	ev_io_start(loop, &d->io);
	if (!TAILQ_EMPTY(&d->waiting))
		ev_timer_start(loop, &d->kick);
	return 0;
}

/* The lease's client. */
static void
client_of(const struct lease *l, struct lease_client *c)
{
	memset(c, 0, sizeof(*c));
	c->htype = l->htype;
	c->hlen = l->hlen;
	memcpy(c->hw, l->hw, sizeof(c->hw));
	c->id = lease_id(l, &c->idlen);
	c->by_hw = l->by_hw;
}

/* 0, or -1: there is no such name, or libcrypto refused. */
static int
record_of(struct record *r, const struct lease *l, const char *fqdn)
{
	struct lease_client client;

	memset(r, 0, sizeof(*r));
	if (fqdn == NULL || dns_name_parse(fqdn, r->name) == 0)
		return -1;
	client_of(l, &client);
	return ddns_dhcid(&client, r->name, r->dhcid);
}

static bool
same_owner(const struct record *a, const struct record *b)
{
	return dns_name_equal(a->name, b->name) &&
	    memcmp(a->dhcid, b->dhcid, sizeof(a->dhcid)) == 0;
}

/* RFC 4702 section 5: a third of the lease. */
static uint32_t
ttl_of(const struct ddns *d, const struct lease *l)
{
	int64_t third = (l->end - l->last) / 3;

	if (d->ttl > 0)
		return (uint32_t)d->ttl;
	if (l->end == LEASE_FOREVER)
		return TTL_FOREVER;
	if (third > INT32_MAX)
		return INT32_MAX; /* RFC 2181 section 8 */
	return third < TTL_LEAST ? TTL_LEAST : (uint32_t)third;
}

/* Put what is to be added into the job; what it takes the place of goes. */
static void
job_add(struct job *j, const struct lease *l, const struct record *r)
{
	const struct update *u = j->flight != NULL ? &j->flight->update : NULL;

	if (u != NULL && u->add && !j->removing) {
		if (same_owner(&u->record, r) && u->record.what == r->what) {
			j->adding = false; /* it is on its way */
			return;
		}
		j->old = u->record;
		j->removing = true;
	} else if (u == NULL && !j->removing) {
		j->stands = l->dns;
	}
	if (j->removing && same_owner(&j->old, r)) {
		j->removing = false;
		j->stands = j->old.what;
	}
	j->new = *r;
	j->adding = true;
}

void
ddns_add(struct ddns *d, const struct lease *l, const struct ddns_name *name,
    const struct settings *settings)
{
	struct job *j = job_find(d, l->ip);
	struct record r;

	(void)settings;
	if (record_of(&r, l, name->fqdn) == -1)
		return;
	r.what =
	    (name->update_a ? DDNS_A : 0) | (name->update_ptr ? DDNS_PTR : 0);
	r.ttl = ttl_of(d, l);
	if (r.what == 0)
		return;
	if (j == NULL && (j = job_new(d, l->ip)) == NULL) {
		fail(d, l->ip, &r, true, "too many changes wait");
		return;
	}
	job_add(j, l, &r);
	job_changed(d, j);
}

/* A name that is on its way into DNS, or about to be, goes out again. */
static bool
take_back(struct job *j, const struct lease *l)
{
	bool begun = j->flight != NULL;

	j->adding = false;
	if (j->removing || (begun && !j->flight->update.add))
		return true;
	if (!begun)
		return false;
	j->old = j->flight->update.record;
	j->old.what |= l->dns;
	j->removing = true;
	return true;
}

void
ddns_remove(struct ddns *d, const struct lease *l)
{
	struct job *j = job_find(d, l->ip);
	struct lease_more more;
	struct record r;

	if (j != NULL && take_back(j, l)) {
		job_changed(d, j);
		return;
	}
	lease_recall(l, &more);
	if (l->dns != 0 && record_of(&r, l, more.fqdn) == 0) {
		r.what = l->dns;
		if (j == NULL && (j = job_new(d, l->ip)) == NULL) {
			fail(d, l->ip, &r, false, "too many changes wait");
			return;
		}
		j->old = r;
		j->removing = true;
	}
	if (j != NULL)
		job_changed(d, j);
}

void
ddns_counts(
    const struct ddns *d, uint64_t *sent, uint64_t *failed, uint64_t *waiting)
{
	*sent = d->sent;
	*failed = d->failed;
	*waiting = d->njobs;
}

/* The first message of what waits: most changes need no more. */
static void
send_rest(struct ddns *d)
{
	struct flight *f = &d->flights[0];
	struct job *j;
	int i;

	for (i = 0; i < LAST_SENT; i++) {
		if ((j = TAILQ_FIRST(&d->waiting)) == NULL)
			return;
		flight_begin(d, f, j);
		if (f->update.step != UPDATE_END && flight_build(f) == 0)
			flight_send(f);
	}
}

void
ddns_close(struct ddns *d)
{
	struct job *j, *next;
	size_t i;

	if (d == NULL)
		return;
	if (d->loop != NULL) {
		ev_io_stop(d->loop, &d->io);
		ev_timer_stop(d->loop, &d->kick);
		for (i = 0; i < TRIES; i++)
			deadline_end(&d->tries[i]);
		send_rest(d);
	}
	for (i = 0; i < BUCKETS; i++)
		for (j = LIST_FIRST(&d->jobs[i]); j != NULL; j = next) {
			next = LIST_NEXT(j, bucket);
			free(j);
		}
	if (d->fd != -1)
		close(d->fd);
	freezero(d->key, sizeof(*d->key));
	free(d);
}
