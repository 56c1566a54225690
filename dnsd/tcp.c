/*
 * Threads that serve connections: accepting, limits, deadlines, the end.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>
#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "querylog.h"
#include "tcpconn.h"

#define ACCEPTS 32 /* at once, before those that are there have their turn */
#define PAUSE 0.2 /* seconds without accepting, out of descriptors */
#define HURRY 2.0 /* seconds that a connection may be idle while we drain */

/* Limits */

static uint32_t
bucket_of(const struct tcp *all, const union sock_addr *a)
{
	uint64_t v = 0;

	if (a->sa.sa_family == AF_INET)
		v = a->in.sin_addr.s_addr;
	else
		memcpy(&v, &a->in6.sin6_addr, sizeof(v));
	v = (v ^ all->seed) * 0xd6e8feb86659fd93;
	v = (v ^ v >> 32) * 0xd6e8feb86659fd93;
	return (uint32_t)(v >> 40) % TCP_BUCKETS;
}

void
tcp_uncount(struct tcp *all, uint32_t bucket)
{
	atomic_fetch_sub(&all->count, 1);
	atomic_fetch_sub(&all->clients[bucket], 1);
}

static unsigned
clients_of(const struct tcp *all, uint32_t bucket)
{
	return atomic_load_explicit(
	    &all->clients[bucket], memory_order_relaxed);
}

/*
 * Make room for a client: of those that have most connections, and no fewer
 * than that one, the connection goes whose last message is longest ago. One
 * that waits for an answer, or does not read it, goes only where all do, and
 * for who has fewer. false: there is none.
 */
static bool
evict(struct tcp_thread *t, uint32_t bucket)
{
	unsigned own = clients_of(t->all, bucket), n, idle_n = 0, busy_n = own;
	struct tcp_conn *c, *idle = NULL, *busy = NULL;

	TAILQ_FOREACH(c, &t->conns, link) {
		n = clients_of(t->all, c->bucket);
		if (tcp_conn_idle(c) && n >= own && n > idle_n) {
			idle = c;
			idle_n = n;
		} else if (n > busy_n) {
			busy = c;
			busy_n = n;
		}
	}
	if (idle == NULL && busy == NULL)
		return false;
	tcp_conn_close(idle != NULL ? idle : busy);
	return true;
}

/* May this client have one more? Its counts are raised. */
static bool
admit(struct tcp_thread *t, uint32_t bucket)
{
	const struct dnsd_conf *conf = t->t.server->conf;
	struct tcp *all = t->all;

	if (atomic_fetch_add(&all->clients[bucket], 1) >=
	    conf->tcp_per_client) {
		atomic_fetch_sub(&all->clients[bucket], 1);
		return false;
	}
	if (atomic_fetch_add(&all->count, 1) < conf->tcp_clients)
		return true;
	if (evict(t, bucket))
		return true;
	tcp_uncount(all, bucket);
	return false;
}

/* Accepting */

static void
on_pause(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct tcp_thread *t = timer->data;
	size_t i;

	(void)events;
	for (i = 0; i < t->nlisteners && !t->draining; i++)
		ev_io_start(loop, &t->listeners[i]);
}

static void
out_of_descriptors(struct tcp_thread *t)
{
	static struct log_limit limit;
	size_t i;

	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
	    errno != ENOMEM)
		return;
	if (log_allowed(&limit, "connections"))
		log_warn("a connection could not be accepted");
	for (i = 0; i < t->nlisteners; i++)
		ev_io_stop(t->loop, &t->listeners[i]);
	if (!ev_is_active(&t->pause)) {
		ev_timer_set(&t->pause, PAUSE, 0);
		ev_timer_start(t->loop, &t->pause);
	}
}

static void
welcome(struct tcp_thread *t, int fd, const union sock_addr *peer)
{
	uint32_t bucket = bucket_of(t->all, peer);
	struct tcp_conn *c;

	if (!admit(t, bucket)) {
		thread_count(&t->t, C_TCP_REFUSED);
		close(fd);
		return;
	}
	if ((c = tcp_conn_new(t, fd, peer, bucket)) != NULL)
		tcp_conn_read(c); /* the question is often there already */
}

static void
accept_from(struct tcp_thread *t, int lfd)
{
	union sock_addr peer;
	int i, fd;

	for (i = 0; i < ACCEPTS; i++) {
		if ((fd = sock_accept(lfd, &peer)) == -1) {
			if (errno == ECONNABORTED || errno == EINTR)
				continue;
			if (errno != EAGAIN)
				out_of_descriptors(t);
			return;
		}
		welcome(t, fd, &peer);
	}
}

static void
on_accept(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	accept_from(io->data, io->fd);
}

/* Deadlines */

/* Who does not take what it asked for: the system shall forget it, too. */
static void
forget_unsent(const struct tcp_conn *c)
{
	const struct linger none = { .l_onoff = 1 };
	int waits = 0;

	if (ioctl(c->fd, SIOCOUTQ, &waits) == 0 && waits > 0)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void
on_idle(struct deadline *d)
{
	struct tcp_conn *c = (struct tcp_conn *)((char *)d -
	    offsetof(struct tcp_conn, deadline));

	/* the disk may be slow; the answer, or our end, will come */
	if (c->handed > 0 && c->out_len == 0) {
		deadline_arm(&c->thread->idle, d);
		return;
	}
	thread_count(&c->thread->t, C_TCP_TIMEOUT);
	forget_unsent(c);
	tcp_conn_close(c);
}

/* The end */

static void
end_if_done(struct tcp_thread *t)
{
	bool one = t->t.server->worker->inetd && t->nlisteners == 0;

	if (t->nconns == 0 && (t->draining || one))
		ev_break(t->loop, EVBREAK_ALL);
}

/* What waits to be accepted was meant for us, and may be for nobody else. */
static void
drain(struct tcp_thread *t)
{
	struct tcp_conn *c;
	size_t i;

	for (i = 0; i < t->nlisteners; i++) {
		accept_from(t, t->listeners[i].fd);
		ev_io_stop(t->loop, &t->listeners[i]);
		close(t->listeners[i].fd);
	}
	t->nlisteners = 0;
	t->draining = true;
	ev_timer_stop(t->loop, &t->pause);
	TAILQ_FOREACH(c, &t->conns, link)
		deadline_arm(&t->hurry, &c->deadline);
}

static void
take_late(struct tcp_thread *t)
{
	struct tcp_late *late =
	    atomic_exchange_explicit(&t->late, NULL, memory_order_acquire);
	struct tcp_late *next;
	struct tcp_conn *c;

	for (; late != NULL; late = next) {
		next = late->next;
		c = late->slot < t->nslots ? t->slots[late->slot] : NULL;
		if (c != NULL && c->serial == late->serial)
			tcp_conn_late(c, late);
		free(late);
	}
}

static void
on_wake(struct ev_loop *loop, ev_async *a, int events)
{
	struct tcp_thread *t = a->data;

	(void)loop;
	(void)events;
	take_late(t);
	if (atomic_load(&t->stop) && !t->draining)
		drain(t);
}

static void
on_prepare(struct ev_loop *loop, ev_prepare *p, int events)
{
	(void)loop;
	(void)events;
	end_if_done(p->data);
}

/* Around the waiting of the loop, which is outside of the epoch. */
static void
on_release(struct ev_loop *loop)
{
	struct tcp_thread *t = ev_userdata(loop);

	epoch_offline(t->t.epoch);
}

static void
on_acquire(struct ev_loop *loop)
{
	struct tcp_thread *t = ev_userdata(loop);

	epoch_online(t->t.epoch);
}

static void *
thread_main(void *arg)
{
	struct tcp_thread *t = arg;

	epoch_online(t->t.epoch);
	ev_run(t->loop, 0);
	epoch_offline(t->t.epoch);
	atomic_store_explicit(&t->ended, true, memory_order_release);
	return NULL;
}

/* Setting up */

static void
thread_free(struct tcp_thread *t)
{
	if (t == NULL)
		return;
	if (t->loop != NULL) {
		take_late(t);
		ev_loop_destroy(t->loop);
	}
	free(t->listeners);
	free(t->slots);
	free(t->out);
	free(t);
}

static int
make_loop(struct tcp_thread *t)
{
	double idle = (double)t->t.server->conf->tcp_idle_ms / 1000;

	if ((t->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV)) == NULL)
		return -1;
	ev_set_userdata(t->loop, t);
	ev_set_loop_release_cb(t->loop, on_release, on_acquire);
	ev_async_init(&t->wake, on_wake);
	ev_timer_init(&t->pause, on_pause, 0, 0);
	ev_prepare_init(&t->prepare, on_prepare);
	t->wake.data = t->pause.data = t->prepare.data = t;
	ev_async_start(t->loop, &t->wake);
	ev_prepare_start(t->loop, &t->prepare);
	deadline_init(&t->idle, t->loop, idle, on_idle);
	deadline_init(&t->hurry, t->loop, idle < HURRY ? idle : HURRY, on_idle);
	return 0;
}

static struct tcp_thread *
thread_new(struct server *s, stats_value *counters)
{
	size_t size = (sizeof(struct tcp_thread) + 63) / 64 * 64, i;
	struct tcp_thread *t = aligned_alloc(64, size);

	if (t == NULL)
		return NULL;
	memset(t, 0, size);
	TAILQ_INIT(&t->conns);
	t->t.server = s;
	t->t.counters = counters;
	t->all = s->tcp;
	t->listeners = calloc(s->worker->nsocks + 1, sizeof(*t->listeners));
	t->out = aligned_alloc(64, (size_t)SERVE_GROUP * TCP_STRIDE);
	t->t.epoch = epoch_register();
	if (t->listeners == NULL || t->out == NULL || t->t.epoch == NULL ||
	    querylog_join(s->querylog, &t->t) == -1 || make_loop(t) == -1) {
		thread_free(t);
		return NULL;
	}
	for (i = 0; i < SERVE_GROUP; i++) {
		t->requests[i].tcp = true;
		t->requests[i].role = ROLE_AUTHORITATIVE;
		t->requests[i].thread = &t->t;
	}
	return t;
}

static void
listen_on(struct tcp_thread *t, const struct sock *sock)
{
	ev_io *io = &t->listeners[t->nlisteners++];

	ev_io_init(io, on_accept, sock->fd, EV_READ);
	io->data = t;
	ev_io_start(t->loop, io);
}

/* inetd's one connection. */
static int
adopt(struct tcp_thread *t, int fd)
{
	union sock_addr peer = { .sa = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof(peer);
	uint32_t bucket;

	if (getpeername(fd, &peer.sa, &len) == -1)
		return -1;
	bucket = bucket_of(t->all, &peer);
	if (!admit(t, bucket)) /* it is the first: never refused */
		return -1;
	return tcp_conn_new(t, fd, &peer, bucket) == NULL ? -1 : 0;
}

/* The sockets of one slot are one thread's. */
static int
give_socket(struct server *s, struct tcp_thread **of, size_t i)
{
	const struct sock *sock = s->worker->socks[i];

	if (*of == NULL) {
		*of = thread_new(s, s->worker->sock_counters[i]);
		if (*of == NULL)
			return -1;
		s->tcp->v[s->tcp->n++] = *of;
	}
	if (sock->origin == SOCK_INETD_NOWAIT)
		return adopt(*of, sock->fd);
	listen_on(*of, sock);
	return 0;
}

int
tcp_open(struct server *s)
{
	struct tcp_thread *of[SOCK_MAX] = { NULL };
	struct worker *w = s->worker;
	size_t i;

	if ((s->tcp = calloc(1, sizeof(*s->tcp))) == NULL ||
	    (s->tcp->v = calloc(w->nsocks + 1, sizeof(*s->tcp->v))) == NULL)
		return -1;
	arc4random_buf(&s->tcp->seed, sizeof(s->tcp->seed));
	for (i = 0; i < w->nsocks; i++)
		if (w->socks[i]->type == SOCK_STREAM &&
		    give_socket(s, &of[w->socks[i]->slot % SOCK_MAX], i) == -1)
			return -1;
	return 0;
}

static int
start_one(struct tcp_thread *t)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&t->id, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0) {
		errno = error;
		log_err("thread");
		return -1;
	}
	t->started = true;
	return 0;
}

int
tcp_start(struct server *s)
{
	size_t i;

	for (i = 0; i < s->tcp->n; i++)
		if (start_one(s->tcp->v[i]) == -1)
			return -1;
	return 0;
}

void
tcp_drain(struct server *s)
{
	struct tcp_thread *t;
	size_t i;

	for (i = 0; i < s->tcp->n; i++) {
		t = s->tcp->v[i];
		atomic_store(&t->stop, true);
		ev_async_send(t->loop, &t->wake);
	}
}

bool
tcp_drained(struct server *s)
{
	struct tcp_thread *t;
	bool all = true;
	size_t i;

	for (i = 0; i < s->tcp->n; i++) {
		t = s->tcp->v[i];
		if (!t->started)
			continue;
		if (!atomic_load_explicit(&t->ended, memory_order_acquire)) {
			all = false;
			continue;
		}
		pthread_join(t->id, NULL);
		t->started = false;
	}
	return all;
}

void
tcp_close(struct server *s)
{
	size_t i;

	for (i = 0; i < s->tcp->n; i++)
		thread_free(s->tcp->v[i]);
	free(s->tcp->v);
	free(s->tcp);
	s->tcp = NULL;
}
