/*
 * One connection: messages in, answers out.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tcpconn.h"

#define INPUT_FIRST 4096
#define STREAMED 8 /* messages of a stream before others have their turn */

/* The way back of what the main thread answers. */
struct tcp_way {
	struct tcp_thread *thread;
	uint32_t slot, serial;
};
_Static_assert(sizeof(struct tcp_way) <= HANDED_WAY, "fits");

static void
arm(struct tcp_conn *c)
{
	struct tcp_thread *t = c->thread;

	deadline_arm(t->draining ? &t->hurry : &t->idle, &c->deadline);
}

/* Something was done for it: it is the youngest now. */
static void
touch(struct tcp_conn *c)
{
	arm(c);
	TAILQ_REMOVE(&c->thread->conns, c, link);
	TAILQ_INSERT_TAIL(&c->thread->conns, c, link);
}

bool
tcp_conn_idle(const struct tcp_conn *c)
{
	return c->handed == 0 && c->stream == NULL && c->out_len == 0;
}

void
tcp_conn_close(struct tcp_conn *c)
{
	struct tcp_thread *t = c->thread;

	if (c->stream != NULL)
		c->stream->end(c->stream);
	ev_io_stop(t->loop, &c->in);
	ev_io_stop(t->loop, &c->out);
	deadline_disarm(&c->deadline);
	TAILQ_REMOVE(&t->conns, c, link);
	t->slots[c->slot] = NULL;
	t->nconns--;
	stats_set(t->t.counters, C_TCP_OPEN, t->nconns);
	close(c->fd);
	tcp_uncount(t->all, c->bucket);
	free(c->input);
	free(c->output);
	free(c);
}

/* Output */

/* Keep what did not go out; what is kept already goes before it. */
static bool
keep(struct tcp_conn *c, const uint8_t *p, size_t n)
{
	uint8_t *more;

	if (c->out_len + n > c->out_room) {
		more = realloc(c->output, c->out_len + n);
		if (more == NULL)
			return false;
		c->output = more;
		c->out_room = c->out_len + n;
	}
	memcpy(c->output + c->out_len, p, n);
	c->out_len += n;
	ev_io_start(c->thread->loop, &c->out);
	return true;
}

/* Send these pieces, and keep the rest. false: it must be closed. */
static bool
send_pieces(struct tcp_conn *c, struct iovec *v, size_t n)
{
	struct msghdr m = { .msg_iov = v, .msg_iovlen = n };
	ssize_t sent = 0;
	size_t i, done;

	if (n == 0)
		return true;
	if (c->out_len == 0)
		sent = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent == -1) {
		if (errno != EAGAIN)
			return false;
		sent = 0;
	}
	for (i = 0; i < n; i++) {
		done =
		    (size_t)sent < v[i].iov_len ? (size_t)sent : v[i].iov_len;
		sent -= (ssize_t)done;
		if (done < v[i].iov_len &&
		    !keep(c, (uint8_t *)v[i].iov_base + done,
			v[i].iov_len - done))
			return false;
	}
	return true;
}

/* 1: all has gone out; 0: later; -1: it must be closed. */
static int
send_kept(struct tcp_conn *c)
{
	ssize_t n;

	while (c->out_at < c->out_len) {
		n = send(c->fd, c->output + c->out_at, c->out_len - c->out_at,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		c->out_at += (size_t)n;
	}
	free(c->output);
	c->output = NULL;
	c->out_at = c->out_len = c->out_room = 0;
	touch(c);
	return 1;
}

static void
put_prefix(uint8_t *p, size_t len)
{
	p[0] = (uint8_t)(len >> 8);
	p[1] = (uint8_t)len;
}

/*
 * Some messages of the stream, until the socket is full or others shall have
 * their turn. false: it must be closed.
 */
static bool
pump(struct tcp_conn *c)
{
	uint8_t *out = c->thread->out;
	struct iovec v;
	size_t len;
	int i;

	for (i = 0; i < STREAMED && c->stream != NULL && c->out_len == 0; i++) {
		len = c->stream->next(c->stream, out + TCP_PREFIX, TCP_MESSAGE);
		if (len == STREAM_BROKEN)
			return false;
		if (len == 0) {
			c->stream->end(c->stream);
			c->stream = NULL;
			return true;
		}
		put_prefix(out, len);
		v = (struct iovec){ out, len + TCP_PREFIX };
		if (!send_pieces(c, &v, 1))
			return false;
		touch(c);
	}
	return true;
}

/* Input */

/* Bytes of the message that begins there, its prefix included; 0: not whole. */
static size_t
whole(const uint8_t *p, size_t have)
{
	size_t len;

	if (have < TCP_PREFIX)
		return 0;
	len = ((size_t)p[0] << 8 | p[1]) + TCP_PREFIX;
	return len <= have ? len : 0;
}

static void
send_late(struct handed_way *way, const struct request *r, const uint8_t *bytes,
    size_t len)
{
	struct tcp_way *w = (struct tcp_way *)way->of;
	struct tcp_late *late = malloc(sizeof(*late) + TCP_PREFIX + len);

	if (late == NULL) {
		thread_count(r->thread, C_UNSENT);
		return; /* the connection ends by its deadline */
	}
	late->slot = w->slot;
	late->serial = w->serial;
	late->len = len;
	put_prefix(late->bytes, len);
	if (len > 0)
		memcpy(late->bytes + TCP_PREFIX, bytes, len);
	late->next =
	    atomic_load_explicit(&w->thread->late, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&w->thread->late,
	    &late->next, late, memory_order_release, memory_order_relaxed))
		;
	ev_async_send(w->thread->loop, &w->thread->wake);
}

static void
way_of(const struct tcp_conn *c, struct handed_way *way)
{
	const struct tcp_way w = { c->thread, c->slot, c->serial };

	way->send = send_late;
	memcpy(way->of, &w, sizeof(w));
}

/* Take apart as many messages as there are, a group at most. */
static size_t
read_group(struct tcp_conn *c, const uint8_t *p, size_t have)
{
	struct tcp_thread *t = c->thread;
	uint32_t now =
	    atomic_load_explicit(&t->t.server->now, memory_order_relaxed);
	struct request *r;
	size_t n, len;

	for (n = 0; n < SERVE_GROUP && (len = whole(p, have)) > 0; n++) {
		r = &t->requests[n];
		r->bytes = p + TCP_PREFIX;
		r->len = len - TCP_PREFIX;
		r->peer = c->peer;
		r->now = now;
		r->reply.bytes = t->out + n * TCP_STRIDE + TCP_PREFIX;
		r->reply.limit = TCP_MESSAGE;
		t->next[n] = request_read(r);
		p += len;
		have -= len;
	}
	serve_prefetch(t->requests, t->next, n);
	return n;
}

/*
 * Answer a group, up to one that is answered by a stream. The bytes of input
 * that are done with, or -1: it must be closed.
 */
static ssize_t
answer_group(struct tcp_conn *c, size_t n)
{
	struct tcp_thread *t = c->thread;
	struct iovec v[SERVE_GROUP];
	size_t i, len, done = 0, nv = 0;
	struct handed_way way;
	struct request *r;

	for (i = 0; i < n && c->stream == NULL; i++) {
		r = &t->requests[i];
		if (r->len < DNS_HEADER)
			return -1; /* no message at all: who knows what next */
		done += r->len + TCP_PREFIX;
		if (t->next[i] == REQUEST_UPDATE ||
		    t->next[i] == REQUEST_NOTIFY) {
			way_of(c, &way);
			c->handed++;
		}
		len = serve_answer(r, t->next[i], &way, &c->stream);
		if (len == 0)
			continue;
		put_prefix(r->reply.bytes - TCP_PREFIX, len);
		v[nv++] = (struct iovec){ r->reply.bytes - TCP_PREFIX,
			len + TCP_PREFIX };
	}
	stats_add(t->t.counters,
	    c->peer.sa.sa_family == AF_INET6 ? C_TCP6 : C_TCP, i);
	return send_pieces(c, v, nv) ? (ssize_t)done : -1;
}

/* Nothing can be answered now: something is under way out. */
static bool
blocked(const struct tcp_conn *c)
{
	return c->stream != NULL || c->out_len > 0;
}

/* Answer what there is of whole messages. false: it must be closed. */
static bool
answer_input(struct tcp_conn *c)
{
	size_t at = 0, n;
	ssize_t done;

	while (!blocked(c) &&
	    (n = read_group(c, c->input + at, c->have - at)) > 0) {
		if ((done = answer_group(c, n)) == -1)
			return false;
		at += (size_t)done;
		touch(c);
	}
	if (at > 0) {
		c->have -= at;
		memmove(c->input, c->input + at, c->have);
	}
	return true;
}

/* Room for what is to be read next; false: no memory. */
static bool
make_room(struct tcp_conn *c)
{
	size_t room = INPUT_FIRST;
	uint8_t *p;

	if (c->have >= TCP_PREFIX)
		room = ((size_t)c->input[0] << 8 | c->input[1]) + TCP_PREFIX;
	if (room < INPUT_FIRST)
		room = INPUT_FIRST;
	if (room <= c->room && c->have < c->room)
		return true;
	if ((p = realloc(c->input, room)) == NULL)
		return false;
	c->input = p;
	c->room = room;
	return true;
}

/* What is to be watched for, in the state that it is in. */
static void
watch(struct tcp_conn *c)
{
	struct ev_loop *loop = c->thread->loop;

	if (blocked(c)) {
		ev_io_stop(loop, &c->in);
		ev_io_start(loop, &c->out);
		return;
	}
	ev_io_stop(loop, &c->out);
	if (!c->eof)
		ev_io_start(loop, &c->in);
	else
		ev_io_stop(loop, &c->in);
}

/* Go on as far as it goes; it may be closed then. */
static void
proceed(struct tcp_conn *c)
{
	if (c->stream != NULL && !pump(c)) {
		tcp_conn_close(c);
		return;
	}
	if (!blocked(c) && c->have > 0 && !answer_input(c)) {
		tcp_conn_close(c);
		return;
	}
	if (c->eof && !blocked(c) && c->handed == 0) {
		tcp_conn_close(c);
		return;
	}
	watch(c);
}

void
tcp_conn_read(struct tcp_conn *c)
{
	ssize_t n;

	if (!make_room(c)) {
		tcp_conn_close(c);
		return;
	}
	n = recv(c->fd, c->input + c->have, c->room - c->have, MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		tcp_conn_close(c);
		return;
	}
	c->eof = n == 0;
	c->have += (size_t)n;
	proceed(c);
}

void
tcp_conn_late(struct tcp_conn *c, const struct tcp_late *late)
{
	struct iovec v = { (void *)late->bytes, late->len + TCP_PREFIX };

	c->handed--;
	if (late->len == 0 && c->thread->draining) {
		tcp_conn_close(c); /* ask the server that follows us */
		return;
	}
	if (late->len > 0 && c->stream != NULL) {
		/* between two messages of the stream */
		if (!keep(c, v.iov_base, v.iov_len)) {
			tcp_conn_close(c);
			return;
		}
	} else if (late->len > 0 && !send_pieces(c, &v, 1)) {
		tcp_conn_close(c);
		return;
	}
	touch(c);
	proceed(c);
}

static void
on_in(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	tcp_conn_read(io->data);
}

static void
on_out(struct ev_loop *loop, ev_io *io, int events)
{
	struct tcp_conn *c = io->data;

	(void)loop;
	(void)events;
	switch (send_kept(c)) {
	case 0:
		return;
	case -1:
		tcp_conn_close(c);
		return;
	default:
		proceed(c);
	}
}

/* The first free slot; they grow. -1: no memory. */
static ssize_t
take_slot(struct tcp_thread *t)
{
	size_t i, n = t->nslots * 2 + 64;
	struct tcp_conn **v;

	if (t->nconns < t->nslots)
		for (i = 0; i < t->nslots; i++)
			if (t->slots[i] == NULL)
				return (ssize_t)i;
	if ((v = reallocarray(t->slots, n, sizeof(struct tcp_conn *))) == NULL)
		return -1;
	memset(v + t->nslots, 0, (n - t->nslots) * sizeof(struct tcp_conn *));
	t->slots = v;
	i = t->nslots;
	t->nslots = n;
	return (ssize_t)i;
}

struct tcp_conn *
tcp_conn_new(
    struct tcp_thread *t, int fd, const union sock_addr *peer, uint32_t bucket)
{
	struct tcp_conn *c = calloc(1, sizeof(*c));
	ssize_t slot = c != NULL ? take_slot(t) : -1;

	if (slot == -1) {
		free(c);
		close(fd);
		tcp_uncount(t->all, bucket);
		return NULL;
	}
	c->thread = t;
	c->fd = fd;
	c->slot = (uint32_t)slot;
	c->serial = ++t->serial;
	c->peer = *peer;
	c->bucket = bucket;
	t->slots[slot] = c;
	t->nconns++;
	stats_set(t->t.counters, C_TCP_OPEN, t->nconns);
	TAILQ_INSERT_TAIL(&t->conns, c, link);
	ev_io_init(&c->in, on_in, fd, EV_READ);
	ev_io_init(&c->out, on_out, fd, EV_WRITE);
	c->in.data = c->out.data = c;
	ev_io_start(t->loop, &c->in);
	arm(c);
	return c;
}
