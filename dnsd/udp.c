/*
 * Datagrams: receive many, answer in place, send all.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "querylog.h"
#include "serve.h"
#include "udp.h"

#define LINE 64 /* bytes of a cache line */
#define IN_SIZE 4096 /* bytes of a request; longer ones are dropped */
#define CONTROL 64 /* IPV6_PKTINFO takes 40 */
#define WAKE SIGUSR2
#define LAST_BATCHES 256 /* at the end; then others read these sockets */

/*
 * Buffers stand an odd number of cache lines apart, so that their beginnings
 * do not all want the same lines of the cache.
 */
#define ODD_LINES(n) (((n) + LINE - 1) / LINE * LINE | LINE)

struct udp_thread {
	struct worker_thread t;
	const struct sock *sock;
	pthread_t id;
	bool started;
	_Atomic bool stop, ended;
	bool any; /* bound to all addresses: answer from the one asked */
	size_t out_size, in_stride, out_stride;
	uint8_t *in, *out; /* UDP_BATCH buffers each */
	struct mmsghdr in_msgs[UDP_BATCH], out_msgs[UDP_BATCH];
	struct iovec in_iov[UDP_BATCH], out_iov[UDP_BATCH];
	union sock_addr peers[UDP_BATCH];
	_Alignas(8) uint8_t control[UDP_BATCH][CONTROL];
	struct request requests[SERVE_GROUP];
	enum request_next next[SERVE_GROUP];
};

struct udp {
	struct udp_thread **v;
	size_t n;
};

/* The way back of what the main thread answers. */
struct udp_way {
	int fd;
	uint16_t control_len;
	_Alignas(8) uint8_t control[CONTROL];
};
_Static_assert(sizeof(struct udp_way) <= HANDED_WAY, "fits");

/*
 * What the kernel said of the address asked says where the answer leaves from.
 * The way out is the routing table's, unless the address has only one link.
 */
static void
turn_around(struct msghdr *m)
{
	struct cmsghdr *c;
	struct in_pktinfo *v4;
	struct in6_pktinfo *v6;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			v4 = (struct in_pktinfo *)CMSG_DATA(c);
			v4->ipi_ifindex = 0;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			v6 = (struct in6_pktinfo *)CMSG_DATA(c);
			if (!IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr))
				v6->ipi6_ifindex = 0;
		}
	}
}

static void
send_handed(struct handed_way *way, const struct request *r,
    const uint8_t *bytes, size_t len)
{
	struct udp_way *w = (struct udp_way *)way->of;
	union sock_addr peer = r->peer;
	struct iovec iov = { (void *)bytes, len };
	struct msghdr m = {
		.msg_name = &peer,
		.msg_namelen = sock_addrlen(&peer),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = w->control_len > 0 ? w->control : NULL,
		.msg_controllen = w->control_len,
	};

	if (len > 0 && sendmsg(w->fd, &m, MSG_DONTWAIT) == -1)
		thread_count(r->thread, C_UNSENT);
}

static void
way_of(const struct udp_thread *u, size_t i, struct handed_way *way)
{
	const struct msghdr *m = &u->in_msgs[i].msg_hdr;
	struct udp_way *w = (struct udp_way *)way->of;

	way->send = send_handed;
	w->fd = u->sock->fd;
	w->control_len = 0;
	if (!u->any)
		return;
	w->control_len = (uint16_t)m->msg_controllen;
	memcpy(w->control, m->msg_control, w->control_len);
}

/* What changes from one message to the next; the rest stands. */
static void
read_one(struct udp_thread *u, size_t i, struct request *r, uint32_t now)
{
	struct mmsghdr *m = &u->in_msgs[i];
	enum request_next *next = &u->next[r - u->requests];

	if (u->any)
		turn_around(&m->msg_hdr);
	r->bytes = u->in_iov[i].iov_base;
	r->len = m->msg_len;
	r->now = now;
	r->reply.bytes = u->out + i * u->out_stride;
	r->reply.limit = u->out_size;
	memcpy(&r->peer, &u->peers[i], m->msg_hdr.msg_namelen);
	*next = REQUEST_DROP;
	if ((m->msg_hdr.msg_flags & MSG_TRUNC) == 0)
		*next = request_read(r);
}

/* The answer to message i is the kth that is sent. */
static void
queue(struct udp_thread *u, size_t i, size_t k, size_t len)
{
	const struct msghdr *in = &u->in_msgs[i].msg_hdr;
	struct msghdr *out = &u->out_msgs[k].msg_hdr;

	u->out_iov[k].iov_base = u->out + i * u->out_stride;
	u->out_iov[k].iov_len = len;
	out->msg_name = in->msg_name;
	out->msg_namelen = in->msg_namelen;
	if (u->any) {
		out->msg_control = in->msg_control;
		out->msg_controllen = in->msg_controllen;
	}
}

/* How many answers there are to these n messages. */
static size_t
answer(struct udp_thread *u, size_t n)
{
	uint32_t now =
	    atomic_load_explicit(&u->t.server->now, memory_order_relaxed);
	size_t i, j, k = 0, group, len;
	struct handed_way way;

	for (i = 0; i < n; i += group) {
		group = n - i < SERVE_GROUP ? n - i : SERVE_GROUP;
		for (j = 0; j < group; j++)
			read_one(u, i + j, &u->requests[j], now);
		serve_prefetch(u->requests, u->next, group);
		for (j = 0; j < group; j++) {
			if (u->next[j] == REQUEST_UPDATE ||
			    u->next[j] == REQUEST_NOTIFY)
				way_of(u, i + j, &way);
			len = serve_answer(
			    &u->requests[j], u->next[j], &way, NULL);
			if (len > 0)
				queue(u, i + j, k++, len);
		}
	}
	return k;
}

/* One that cannot be sent holds up no other. */
static void
send_all(struct udp_thread *u, size_t n)
{
	size_t at = 0;
	int rc;

	while (at < n) {
		rc = sendmmsg(u->sock->fd, u->out_msgs + at, (unsigned)(n - at),
		    MSG_DONTWAIT);
		if (rc > 0) {
			at += (size_t)rc;
			continue;
		}
		if (rc == -1 && errno == EINTR)
			continue;
		thread_count(&u->t, C_UNSENT);
		at++;
	}
}

/* The kernel wrote lengths over these. */
static void
renew(struct udp_thread *u, size_t n)
{
	struct msghdr *m;
	size_t i;

	for (i = 0; i < n; i++) {
		m = &u->in_msgs[i].msg_hdr;
		m->msg_namelen = sizeof(u->peers[i]);
		if (u->any)
			m->msg_controllen = CONTROL;
	}
}

static void
serve(struct udp_thread *u, size_t n)
{
	bool v6 = u->sock->addr.sa.sa_family == AF_INET6;

	epoch_online(u->t.epoch);
	send_all(u, answer(u, n));
	epoch_offline(u->t.epoch);
	stats_add(u->t.counters, v6 ? C_UDP6 : C_UDP, n);
	renew(u, n);
}

/*
 * A signal ends the waiting, so that `stop` is seen. What waits then is read
 * still: where the address is no longer served nobody else has this socket.
 */
static void *
thread_main(void *arg)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	struct udp_thread *u = arg;
	unsigned last = LAST_BATCHES;
	int n, flags;

	do {
		flags = MSG_WAITFORONE;
		if (atomic_load_explicit(&u->stop, memory_order_relaxed)) {
			flags = MSG_DONTWAIT;
			last--;
		}
		n = recvmmsg(u->sock->fd, u->in_msgs, UDP_BATCH, flags, NULL);
		if (n > 0)
			serve(u, (size_t)n);
		else if (errno != EINTR && errno != EAGAIN)
			nanosleep(&pause, NULL); /* an error of the network */
	} while (last > 0 && (n > 0 || flags == MSG_WAITFORONE));
	atomic_store_explicit(&u->ended, true, memory_order_release);
	return NULL;
}

/* Setting up */

static void
on_wake(int number)
{
	(void)number; /* recvmmsg has returned, which is all */
}

static bool
is_any(const union sock_addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

/*
 * Waiting for the first datagram is the call's own business. Nobody shall make
 * us send smaller datagrams than we send (a forged ICMP could), and what does
 * not fit a link is cut into fragments there.
 */
static void
socket_options(const struct sock *s)
{
	int flags = fcntl(s->fd, F_GETFL), off = 0;
	int omit4 = IP_PMTUDISC_OMIT, omit6 = IPV6_PMTUDISC_OMIT;

	fcntl(s->fd, F_SETFL, flags & ~O_NONBLOCK);
	if (s->addr.sa.sa_family == AF_INET) {
		setsockopt(
		    s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit4, sizeof(omit4));
		if (!is_any(&s->addr))
			setsockopt(
			    s->fd, IPPROTO_IP, IP_PKTINFO, &off, sizeof(off));
		return;
	}
	setsockopt(
	    s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit6, sizeof(omit6));
	if (!is_any(&s->addr))
		setsockopt(
		    s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &off, sizeof(off));
}

/* What no message changes. */
static void
prepare_messages(struct udp_thread *u)
{
	size_t i;

	for (i = 0; i < UDP_BATCH; i++) {
		u->in_iov[i].iov_base = u->in + i * u->in_stride;
		u->in_iov[i].iov_len = IN_SIZE;
		u->in_msgs[i].msg_hdr = (struct msghdr){
			.msg_name = &u->peers[i],
			.msg_iov = &u->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = u->any ? u->control[i] : NULL,
		};
		u->out_msgs[i].msg_hdr = (struct msghdr){
			.msg_iov = &u->out_iov[i],
			.msg_iovlen = 1,
		};
	}
	renew(u, UDP_BATCH);
	for (i = 0; i < SERVE_GROUP; i++) {
		u->requests[i].tcp = false;
		u->requests[i].role = ROLE_AUTHORITATIVE;
		u->requests[i].thread = &u->t;
	}
}

static void
thread_free(struct udp_thread *u)
{
	if (u == NULL)
		return;
	free(u->in);
	free(u->out);
	free(u);
}

static struct udp_thread *
thread_new(struct server *s, size_t i)
{
	struct udp_thread *u;

	u = aligned_alloc(LINE, (sizeof(*u) + LINE - 1) / LINE * LINE);
	if (u == NULL)
		return NULL;
	memset(u, 0, sizeof(*u));
	u->t.server = s;
	u->t.counters = s->worker->sock_counters[i];
	u->sock = s->worker->socks[i];
	u->any = is_any(&u->sock->addr);
	u->out_size = s->conf->udp_size;
	u->in_stride = ODD_LINES(IN_SIZE);
	u->out_stride = ODD_LINES(u->out_size);
	u->in = aligned_alloc(LINE, UDP_BATCH * u->in_stride);
	u->out = aligned_alloc(LINE, UDP_BATCH * u->out_stride);
	u->t.epoch = epoch_register();
	if (u->in == NULL || u->out == NULL || u->t.epoch == NULL ||
	    querylog_join(s->querylog, &u->t) == -1) {
		thread_free(u);
		return NULL;
	}
	prepare_messages(u);
	return u;
}

int
udp_open(struct server *s)
{
	struct worker *w = s->worker;
	struct udp_thread *u;
	size_t i;

	s->udp = calloc(1, sizeof(*s->udp));
	if (s->udp == NULL ||
	    (s->udp->v = calloc(w->nsocks + 1, sizeof(*s->udp->v))) == NULL)
		return -1;
	for (i = 0; i < w->nsocks; i++) {
		if (w->socks[i]->type != SOCK_DGRAM)
			continue;
		if ((u = thread_new(s, i)) == NULL)
			return -1;
		socket_options(u->sock);
		s->udp->v[s->udp->n++] = u;
	}
	return 0;
}

/* Only the signal that wakes comes to these threads. */
static int
start_one(struct udp_thread *u)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	sigdelset(&all, WAKE);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&u->id, NULL, thread_main, u);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error != 0) {
		errno = error;
		log_err("thread");
		return -1;
	}
	u->started = true;
	return 0;
}

int
udp_start(struct server *s)
{
	const struct sigaction wake = { .sa_handler = on_wake };
	size_t i;

	sigaction(WAKE, &wake, NULL);
	for (i = 0; i < s->udp->n; i++)
		if (start_one(s->udp->v[i]) == -1)
			return -1;
	return 0;
}

void
udp_drain(struct server *s)
{
	size_t i;

	for (i = 0; i < s->udp->n; i++)
		atomic_store(&s->udp->v[i]->stop, true);
	udp_drained(s);
}

bool
udp_drained(struct server *s)
{
	struct udp_thread *u;
	bool all = true;
	size_t i;

	for (i = 0; i < s->udp->n; i++) {
		u = s->udp->v[i];
		if (!u->started)
			continue;
		if (!atomic_load_explicit(&u->ended, memory_order_acquire)) {
			pthread_kill(u->id, WAKE);
			all = false;
			continue;
		}
		pthread_join(u->id, NULL);
		u->started = false;
	}
	return all;
}

void
udp_close(struct server *s)
{
	size_t i;

	for (i = 0; i < s->udp->n; i++) {
		close(s->udp->v[i]->sock->fd);
		thread_free(s->udp->v[i]);
	}
	free(s->udp->v);
	free(s->udp);
	s->udp = NULL;
}

uint64_t
udp_received(const struct server *s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < s->udp->n; i++)
		sum += atomic_load_explicit(&s->udp->v[i]->t.counters[C_UDP],
			   memory_order_relaxed) +
		    atomic_load_explicit(&s->udp->v[i]->t.counters[C_UDP6],
			memory_order_relaxed);
	return sum;
}
