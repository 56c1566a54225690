/*
 * Transfers: where they are kept, what an event makes them do, how they end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "log.h"
#include "tftpd.h"

/* Durations a transfer may wait for, in ms; whole seconds above them. */
static const unsigned waits[WAITS] = { 25, 35, 50, 70, 100, 140, 200, 280, 400,
	560, 800, 1000 };

struct client {
	LIST_ENTRY(client) link;
	union sock_addr addr; /* port 0 */
	uint64_t transfers;
};

static void on_wait(struct deadline *);

/* Tables */

static uint64_t
mix(uint64_t a, uint64_t b)
{
	a = (a ^ b) * 0x9e3779b97f4a7c15ULL;
	return a ^ (a >> 29);
}

uint64_t
transfer_hash(const struct server *s, const union sock_addr *a)
{
	uint64_t w[2];

	if (a->sa.sa_family == AF_INET)
		return mix(s->table_seed, a->in.sin_addr.s_addr) >> 20;
	memcpy(w, &a->in6.sin6_addr, sizeof(w));
	return mix(mix(s->table_seed, w[0]), w[1]) >> 20;
}

static struct transfer_chain *
chain_of(const struct server *s, const union sock_addr *peer)
{
	uint64_t h = mix(transfer_hash(s, peer), sock_port(peer));

	return &s->table[(h >> 20) & s->table_mask];
}

struct transfer *
transfer_find(const struct server *s, const struct endpoint *ep,
    const union sock_addr *peer)
{
	struct transfer *t;

	LIST_FOREACH(t, chain_of(s, peer), link)
		if (t->ep == ep && sock_addr_equal(&t->peer, peer))
			return t;
	return NULL;
}

static struct client *
client_of(struct server *s, const union sock_addr *peer)
{
	union sock_addr a = *peer;
	struct client *c;
	size_t chain;

	sock_set_port(&a, 0);
	chain = transfer_hash(s, &a) & 255;
	LIST_FOREACH(c, &s->clients[chain], link)
		if (sock_addr_equal(&c->addr, &a))
			return c;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->addr = a;
	LIST_INSERT_HEAD(&s->clients[chain], c, link);
	return c;
}

static void
client_release(struct client *c)
{
	if (c == NULL || --c->transfers > 0)
		return;
	LIST_REMOVE(c, link);
	free(c);
}

/* Timers */

static struct deadline_queue *
wait_queue(struct server *s, uint32_t ms)
{
	unsigned i, seconds = (ms + 999) / 1000;

	for (i = 0; i < WAITS; i++)
		if (ms <= waits[i])
			return &s->waits[i];
	if (seconds > 255)
		seconds = 255;
	if (s->seconds[seconds] == NULL) {
		s->seconds[seconds] = calloc(1, sizeof(*s->seconds[0]));
		if (s->seconds[seconds] == NULL)
			return &s->waits[WAITS - 1];
		deadline_init(
		    s->seconds[seconds], s->worker->loop, seconds, on_wait);
	}
	return s->seconds[seconds];
}

static void
arm(struct transfer *t)
{
	deadline_arm(wait_queue(t->server, xfer_wait_ms(&t->x)), &t->timer);
}

/* Life */

struct transfer *
transfer_new(struct server *s, const struct packet *p)
{
	struct client *c;
	struct transfer *t;

	if (s->active >= s->conf->max_transfers) {
		stats_add(s->counters, C_DROP_BUSY, 1);
		return NULL;
	}
	if ((c = client_of(s, p->peer)) == NULL)
		return NULL;
	c->transfers++;
	if (c->transfers > s->conf->per_client) {
		stats_add(s->counters, C_DROP_CLIENT, 1);
		client_release(c);
		return NULL;
	}
	if ((t = calloc(1, sizeof(*t))) == NULL) {
		client_release(c);
		return NULL;
	}
	t->server = s;
	t->peer = *p->peer;
	t->local = p->local;
	t->client = c;
	t->started_ms = s->now_ms;
	s->active++;
	stats_add(s->counters, C_ACTIVE, 1);
	return t;
}

/* What only a transfer under way holds. */
static void
release_work(struct transfer *t)
{
	struct server *s = t->server;

	if (t->queued > 0)
		send_flush(s->sender); /* it points into the file */
	if (t->is_blocked)
		TAILQ_REMOVE(&t->ep->blocked, t, blocked);
	t->is_blocked = false;
	file_release(t->file);
	upload_free(t->upload);
	t->file = NULL;
	t->upload = NULL;
	client_release(t->client);
	t->client = NULL;
	s->active--;
	stats_set(s->counters, C_ACTIVE, s->active);
}

void
transfer_free(struct transfer *t)
{
	struct server *s = t->server;

	if (t->lingering) {
		s->lingering--;
		s->lingering_writes -= t->x.write;
	} else
		release_work(t);
	deadline_disarm(&t->timer);
	if (t->ep != NULL)
		LIST_REMOVE(t, link);
	free(t->name);
	free(t->path);
	free(t);
	transfer_check_end(s);
}

void
transfer_check_end(struct server *s)
{
	if (s->worker->draining && s->active == 0 && s->lingering_writes == 0)
		worker_done(s->worker);
}

void
transfer_log(const struct transfer *t, const char *result)
{
	struct server *s = t->server;
	struct logfile *f = &s->worker->logs[0];
	char peer[SOCK_NAMELEN];

	sock_name(&t->peer, peer);
#define LINE                                                                   \
	"%s: %s name=%s file=%s mode=%s bytes=%llu ms=%llu blksize=%u "        \
	"window=%u resent=%llu result=%s",                                     \
	    peer, t->x.write ? "write" : "read", t->name,                      \
	    t->path != NULL ? t->path : "-",                                   \
	    t->granted.mode == MODE_OCTET ? "octet" : "netascii",              \
	    (unsigned long long)t->bytes,                                      \
	    (unsigned long long)(s->now_ms - t->started_ms), t->x.blksize,     \
	    t->x.window, (unsigned long long)t->x.resent, result
	if (f->fd != -1)
		logfile_line(f, LINE);
	else
		log_info(LINE);
#undef LINE
}

/* The line of its end, and the counter. */
static void
tell_end(struct transfer *t, enum counter how, const char *result)
{
	stats_add(t->server->counters, how, 1);
	stats_add(t->server->counters, C_RESENT, t->x.resent);
	transfer_log(t, result);
}

void
transfer_fail(struct transfer *t, enum packet_error code, const char *why)
{
	struct server *s = t->server;
	uint8_t bytes[SEND_SMALL];
	char result[128];
	size_t n = packet_error(bytes, sizeof(bytes), code, why);

	/* the text stands behind code, ended by a NUL */
	snprintf(result, sizeof(result), "error %d: %.100s", code,
	    (const char *)bytes + PACKET_HEADER);
	stats_add(s->counters, C_ERROR + code, 1);
	send_packet(s->sender, t->ep, &t->peer, &t->local, bytes, n);
	tell_end(t, C_FAILED, result);
	transfer_free(t);
}

/* It is over and well; its port stays known for a while (RFC 1350 section 6).
 */
static void
linger(struct transfer *t)
{
	struct server *s = t->server;
	struct deadline *oldest = TAILQ_FIRST(&s->linger.list);

	tell_end(t, C_OK, "ok");
	release_work(t);
	t->lingering = true;
	s->lingering++;
	s->lingering_writes += t->x.write;
	if (t->x.write)
		arm(t);
	else
		deadline_arm(&s->linger, &t->timer);
	if (s->lingering > s->conf->max_transfers && oldest != NULL)
		transfer_free((struct transfer *)(void *)((char *)oldest -
		    offsetof(struct transfer, timer)));
	transfer_check_end(s);
}

static void
reply(struct transfer *t)
{
	uint8_t bytes[SEND_SMALL];
	size_t n;

	if (t->x.oack && t->x.acked == 0)
		n = packet_oack(bytes, sizeof(bytes), &t->granted);
	else
		n = packet_ack(bytes, (uint16_t)t->x.acked);
	send_packet(t->server->sender, t->ep, &t->peer, &t->local, bytes, n);
}

/* Do what xfer decided; t may be gone after it. */
static void
perform(struct transfer *t, unsigned actions)
{
	if (actions & XFER_ILLEGAL) {
		transfer_fail(t, ERR_ILLEGAL, "block too large");
		return;
	}
	if (actions & XFER_GIVE_UP) {
		tell_end(t, C_FAILED, "timeout");
		transfer_free(t);
		return;
	}
	if (actions & XFER_SEND)
		send_window(t->server->sender, t);
	if (actions & XFER_REPLY)
		reply(t);
	if (actions & XFER_DONE) {
		t->bytes = t->file->size;
		linger(t);
		return;
	}
	if (t->x.finished)
		linger(t);
	else if (actions != XFER_NOTHING)
		arm(t);
}

static void
on_wait(struct deadline *d)
{
	struct transfer *t =
	    (void *)((char *)d - offsetof(struct transfer, timer));

	if (t->lingering)
		transfer_free(t);
	else if (t->broken)
		transfer_fail(t, ERR_UNDEFINED, "the file cannot be read");
	else
		perform(t, xfer_timeout(&t->x, t->server->now_ms));
}

/* An upload that came while it was synced waits without a timer of ours. */
static void
data_in(struct transfer *t, const struct packet *p)
{
	const char *why = NULL;
	enum packet_error error = ERR_UNDEFINED;
	size_t n = p->len - PACKET_HEADER;
	unsigned actions;

	actions =
	    xfer_data(&t->x, packet_block(p->bytes), n, t->server->now_ms);
	if (t->lingering) {
		if (actions & XFER_REPLY)
			reply(t);
		return;
	}
	if (actions & XFER_STORE) {
		t->bytes += n;
		stats_add(t->server->counters, C_BYTES_IN, n);
		if (upload_write(t->upload, p->bytes + PACKET_HEADER, n, &error,
			&why) == -1) {
			transfer_fail(t, error, why);
			return;
		}
	}
	if (actions & XFER_LAST) {
		deadline_disarm(&t->timer);
		upload_finish(t->upload, t);
		return;
	}
	perform(t, actions);
}

void
transfer_stored(struct transfer *t, enum packet_error error, const char *why)
{
	if (error != ERR_UNDEFINED || why != NULL)
		transfer_fail(t, error, why);
	else
		perform(t, xfer_stored(&t->x, t->server->now_ms));
}

static void
error_in(struct transfer *t, const struct packet *p)
{
	char text[64], result[128];
	int code = packet_read_error(p->bytes, p->len, text, sizeof(text));

	snprintf(
	    result, sizeof(result), "aborted by the client: %d %s", code, text);
	tell_end(t, C_ABORTED, result);
	transfer_free(t);
}

void
transfer_packet(struct transfer *t, const struct packet *p)
{
	unsigned op = packet_op(p->bytes, p->len);

	if (op == PACKET_ERROR) {
		/* a file that is whole is stored, whatever the client says */
		if (!t->lingering && !t->x.syncing)
			error_in(t, p);
		return;
	}
	if (p->len < PACKET_HEADER ||
	    op != (t->x.write ? PACKET_DATA : PACKET_ACK)) {
		if (!t->lingering && !t->x.syncing)
			transfer_fail(t, ERR_ILLEGAL, NULL);
		return;
	}
	if (t->x.write)
		data_in(t, p);
	else if (t->lingering)
		return;
	else if (t->broken)
		transfer_fail(t, ERR_UNDEFINED, "the file cannot be read");
	else
		perform(t,
		    xfer_ack(&t->x, packet_block(p->bytes), t->server->now_ms));
}

void
transfer_resume(struct transfer *t)
{
	send_window(t->server->sender, t);
}

/*
 * The port a transfer gets: the next one at each batch of requests, another
 * where that one still knows this peer, so that no two transfers in succession
 * have the same pair of TIDs (RFC 1350 section 4).
 */
static struct endpoint *
choose_endpoint(struct server *s, const struct packet *p)
{
	unsigned which = p->peer->sa.sa_family == AF_INET6;
	struct transfer *old;
	struct endpoint *ep;
	size_t i, n = s->nports[which];

	for (i = 0; i < n; i++) {
		ep = &s->ports[which][(s->batch + i) % n];
		if (transfer_find(s, ep, p->peer) == NULL)
			return ep;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): it came by one */
	ep = s->conf->single_port ? p->ep : &s->ports[which][s->batch % n];
	if ((old = transfer_find(s, ep, p->peer)) != NULL) {
		if (!old->lingering)
			tell_end(old, C_ABORTED, "replaced by a new request");
		transfer_free(old);
	}
	return ep;
}

void
transfer_begin(struct transfer *t, const struct packet *p)
{
	t->ep = choose_endpoint(t->server, p);
	LIST_INSERT_HEAD(chain_of(t->server, &t->peer), t, link);
	perform(t, xfer_begin(&t->x, t->server->now_ms));
}

static bool
same_request(const struct packet_request *a, const struct packet_request *b)
{
	return a->op == b->op && a->mode == b->mode &&
	    a->options == b->options && a->blksize == b->blksize &&
	    a->timeout == b->timeout && a->windowsize == b->windowsize &&
	    a->tsize == b->tsize && strcmp(a->name, b->name) == 0;
}

bool
transfer_repeated(
    struct server *s, const struct packet *p, const struct packet_request *r)
{
	struct transfer *t, *next;
	bool repeated = false;

	for (t = LIST_FIRST(chain_of(s, p->peer)); t != NULL; t = next) {
		next = LIST_NEXT(t, link);
		if (t->lingering || t->x.verified ||
		    !sock_addr_equal(&t->peer, p->peer))
			continue;
		if (same_request(&t->asked, r))
			repeated = true;
		else {
			tell_end(t, C_ABORTED, "another request came");
			transfer_free(t);
		}
	}
	stats_add(s->counters, C_REPEATED, repeated);
	return repeated;
}

void
transfer_end_all(struct server *s, const char *why)
{
	struct transfer *t, *next;
	size_t i;

	for (i = 0; i <= s->table_mask; i++)
		for (t = LIST_FIRST(&s->table[i]); t != NULL; t = next) {
			next = LIST_NEXT(t, link);
			if (!t->lingering && !t->x.syncing)
				transfer_fail(t, ERR_UNDEFINED, why);
		}
}

static void
linger_over(struct deadline *d)
{
	transfer_free((void *)((char *)d - offsetof(struct transfer, timer)));
}

int
transfer_start(struct server *s)
{
	struct ev_loop *loop = s->worker->loop;
	size_t size = 1024, i;

	while (size < 2 * s->conf->max_transfers)
		size *= 2;
	if ((s->table = calloc(size, sizeof(*s->table))) == NULL) {
		log_err("transfers");
		return -1;
	}
	s->table_mask = size - 1;
	arc4random_buf(&s->table_seed, sizeof(s->table_seed));
	for (i = 0; i < WAITS; i++)
		deadline_init(&s->waits[i], loop, waits[i] / 1000.0, on_wait);
	deadline_init(&s->linger, loop, LINGER_MS / 1000.0, linger_over);
	return 0;
}

int
verb_transfers(void *arg, int argc, char **argv, struct buf *out)
{
	const struct worker *w = arg;
	const struct server *s = w->state;
	char peer[SOCK_NAMELEN], name[256];
	const struct transfer *t;
	size_t i;

	(void)argc;
	(void)argv;
	for (i = 0; i <= s->table_mask; i++)
		LIST_FOREACH(t, &s->table[i], link)
			if (!t->lingering)
				buf_printf(out,
				    "%s %s %s block %llu blksize %u window "
				    "%u\n",
				    sock_name(&t->peer, peer),
				    t->x.write ? "write" : "read",
				    log_escape(name, sizeof(name), t->name),
				    (unsigned long long)t->x.acked,
				    t->x.blksize, t->x.window);
	return 0;
}
