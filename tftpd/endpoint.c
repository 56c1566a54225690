/*
 * Endpoints: the sockets, and packets in by the batch.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "log.h"
#include "tftpd.h"

#define BUFFER_BYTES (4 * 1024 * 1024)
#define LAST_BATCHES 64 /* of a listening socket that is left */

#define SPIN_ALONE 4 /* so often in a row the same socket woke us */
#define SPIN_LOOKS 400 /* at a socket: some 150 us */
#define SPIN_MISSES 4 /* in a row, and sleeping is better */
#define SPIN_TRY 64 /* then, one more try in so many */
#define SPIN_TURNS 64 /* then the loop goes round */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* One process, one thread: one set of buffers. */
static struct {
	struct mmsghdr msgs[RECV_BATCH];
	struct iovec iov[RECV_BATCH];
	union sock_addr peers[RECV_BATCH];
	union control control[RECV_BATCH];
	uint8_t bytes[RECV_BATCH][PACKET_BUFFER];
} in;

static void
buffers_init(void)
{
	size_t i;

	for (i = 0; i < RECV_BATCH; i++) {
		in.iov[i].iov_base = in.bytes[i];
		in.iov[i].iov_len = PACKET_BUFFER;
		in.msgs[i].msg_hdr.msg_iov = &in.iov[i];
		in.msgs[i].msg_hdr.msg_iovlen = 1;
		in.msgs[i].msg_hdr.msg_name = &in.peers[i];
		in.msgs[i].msg_hdr.msg_control = in.control[i].bytes;
	}
}

/*
 * Up to `most` packets. A second look at an empty socket costs as much as a
 * packet, so the caller asks for one where more are unlikely.
 */
static int
receive(int fd, unsigned most)
{
	unsigned i;
	ssize_t n;

	for (i = 0; i < most; i++) {
		in.msgs[i].msg_hdr.msg_namelen = sizeof(in.peers[i]);
		in.msgs[i].msg_hdr.msg_controllen = sizeof(in.control[i]);
	}
	if (most > 1)
		return recvmmsg(fd, in.msgs, most, MSG_DONTWAIT, NULL);
	if ((n = recvmsg(fd, &in.msgs[0].msg_hdr, MSG_DONTWAIT)) == -1)
		return -1;
	in.msgs[0].msg_len = (unsigned)n;
	return 1;
}

/* Which of our addresses was asked (ip(7), ipv6(7)). */
static void
read_local(struct packet *p, struct msghdr *msg)
{
	struct cmsghdr *c;
	struct in_pktinfo v4;
	struct in6_pktinfo v6;

	memset(&p->local, 0, sizeof(p->local));
	p->broadcast = false;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			p->local.addr.v4 = v4.ipi_spec_dst;
			p->broadcast =
			    v4.ipi_addr.s_addr != v4.ipi_spec_dst.s_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			p->broadcast = IN6_IS_ADDR_MULTICAST(&v6.ipi6_addr);
			p->local.addr.v6 = v6.ipi6_addr;
			if (IN6_IS_ADDR_LINKLOCAL(&v6.ipi6_addr))
				p->local.ifindex = (int)v6.ipi6_ifindex;
		}
}

/*
 * RFC 1350 section 4: a packet from anyone but the peer of a transfer gets an
 * ERROR and changes nothing. An ERROR is never answered.
 */
static void
stranger(const struct packet *p)
{
	struct server *s = p->ep->server;

	stats_add(s->counters, C_STRANGERS, 1);
	if (packet_op(p->bytes, p->len) != PACKET_ERROR)
		send_error(s->sender, p, ERR_TID, NULL);
}

/*
 * On the port that everyone knows nothing is answered but requests, so that
 * no forged packet makes two servers talk to each other.
 */
static void
to_listener(const struct packet *p)
{
	struct server *s = p->ep->server;
	unsigned op = packet_op(p->bytes, p->len);
	struct transfer *t;

	if (op == PACKET_RRQ || op == PACKET_WRQ)
		serve_request(s, p);
	else if (s->conf->single_port &&
	    (t = transfer_find(s, p->ep, p->peer)) != NULL)
		transfer_packet(t, p);
	else
		stats_add(s->counters, C_DROP_OTHER, 1);
}

static void
dispatch(struct endpoint *ep, size_t i)
{
	struct packet p = {
		.ep = ep,
		.peer = &in.peers[i],
		.bytes = in.bytes[i],
		.len = in.msgs[i].msg_len,
	};
	struct transfer *t;

	if (in.msgs[i].msg_hdr.msg_namelen < sizeof(struct sockaddr_in) ||
	    p.peer->sa.sa_family != ep->family || sock_port(p.peer) == 0)
		return;
	read_local(&p, &in.msgs[i].msg_hdr);
	if (ep->listening)
		to_listener(&p);
	else if ((t = transfer_find(ep->server, ep, p.peer)) != NULL)
		transfer_packet(t, &p);
	else
		stranger(&p);
}

/* One batch; the number of packets. */
static int
serve_batch(struct endpoint *ep)
{
	struct server *s = ep->server;
	int i, n;

	if ((n = receive(ep->readable.fd, ep->expect)) <= 0)
		return 0;
	ep->expect = n == (int)ep->expect ? RECV_BATCH : 1;
	if (ep->listening)
		s->batch++;
	for (i = 0; i < n; i++)
		dispatch(ep, (size_t)i);
	send_flush(s->sender);
	return n;
}

/*
 * A client that gets one block at a time answers within microseconds when it
 * is near, and an idle processor takes longer than that to wake. So the socket
 * is looked at again for a moment before the loop sleeps, as long as no other
 * has anything and looking finds something; where it does not, the client is
 * far away or waits for this very processor, and it ends for a while.
 */
static bool
spin_pays(struct endpoint *ep)
{
	struct server *s = ep->server;

	if (s->spin_on != ep) {
		s->spin_on = ep;
		s->spin_alone = 0;
	}
	if (++s->spin_alone < SPIN_ALONE)
		return false;
	return s->spin_misses < SPIN_MISSES ||
	    ++s->spin_skipped % SPIN_TRY == 0;
}

static void
spin(struct endpoint *ep)
{
	struct server *s = ep->server;
	int looks, turns;

	for (turns = 0; turns < SPIN_TURNS && s->active > 0; turns++) {
		if (!spin_pays(ep))
			return;
		for (looks = 0; looks < SPIN_LOOKS; looks++)
			if (serve_batch(ep) > 0)
				break;
		s->spin_misses = looks < SPIN_LOOKS ? 0 : s->spin_misses + 1;
	}
	/* others, timers and the clock come first */
}

static void
on_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct endpoint *ep = io->data;

	(void)loop;
	(void)events;
	/* a full batch: the rest waits for its turn, others come first */
	if (serve_batch(ep) > 0 && !ep->listening)
		spin(ep);
}

static void
on_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct endpoint *ep = io->data;
	struct transfer_list again = TAILQ_HEAD_INITIALIZER(again);
	struct transfer *t;

	(void)events;
	ev_io_stop(loop, io);
	TAILQ_CONCAT(&again, &ep->blocked, blocked);
	while ((t = TAILQ_FIRST(&again)) != NULL) {
		TAILQ_REMOVE(&again, t, blocked);
		t->is_blocked = false;
		transfer_resume(t);
	}
	send_flush(ep->server->sender);
}

void
endpoint_block(struct endpoint *ep, struct transfer *t)
{
	stats_add(ep->server->counters, C_BLOCKED, 1);
	if (t->is_blocked)
		return;
	t->is_blocked = true;
	TAILQ_INSERT_TAIL(&ep->blocked, t, blocked);
	ev_io_start(ep->server->worker->loop, &ep->writable);
}

static void
endpoint_init(struct endpoint *ep, struct server *s, int fd, int family)
{
	ep->server = s;
	ep->family = family;
	ep->expect = 1;
	TAILQ_INIT(&ep->blocked);
	ev_io_init(&ep->readable, on_readable, fd, EV_READ);
	ev_io_init(&ep->writable, on_writable, fd, EV_WRITE);
	ep->readable.data = ep->writable.data = ep;
}

static void
set_option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* A socket that was passed to us may speak IPv4, too (RFC 3493 section 5.3). */
static bool
speaks_both(const struct worker *w)
{
	socklen_t len = sizeof(int);
	size_t i;
	int only;

	for (i = 0; i < w->nsocks; i++)
		if (w->socks[i]->addr.sa.sa_family == AF_INET6 &&
		    getsockopt(w->socks[i]->fd, IPPROTO_IPV6, IPV6_V6ONLY,
			&only, &len) == 0 &&
		    only == 0)
			return true;
	return false;
}

/* A socket of any of our addresses, not bound yet. */
static int
port_socket(const struct worker *w, int family)
{
	int fd;

	fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (family == AF_INET)
		set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	else {
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !speaks_both(w));
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	}
	set_option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
	return fd;
}

static int
bind_port(int fd, int family, uint32_t port)
{
	union sock_addr a;

	memset(&a, 0, sizeof(a));
	a.sa.sa_family = (sa_family_t)family;
	sock_set_port(&a, (uint16_t)port);
	return bind(fd, &a.sa, sock_addrlen(&a));
}

/*
 * Bind the next free port of the range, beginning anywhere in it; *tried
 * counts the ports that were tried. Without a range the kernel chooses.
 */
static int
bind_in_range(int fd, int family, const struct conf_range *r, uint32_t start,
    uint32_t *tried)
{
	uint32_t n = r->last - r->first + 1, i;

	if (r->first == 0)
		return bind_port(fd, family, 0);
	while (*tried < n) {
		i = (start + (*tried)++) % n;
		if (bind_port(fd, family, r->first + i) == 0)
			return 0;
		if (errno != EADDRINUSE && errno != EACCES)
			return -1;
	}
	errno = EADDRINUSE;
	return -1;
}

/* Half of the range is left to the workers of a next generation. */
static size_t
ports_wanted(const struct tftpd_conf *c)
{
	uint64_t n = c->ports.last - c->ports.first + 1;

	n /= 2 * c->daemon.workers;
	if (c->ports.first == 0 || n > ENDPOINT_PORTS)
		return ENDPOINT_PORTS;
	return n == 0 ? 1 : (size_t)n;
}

static int
prepare_family(struct server *s, unsigned which, int family)
{
	const struct conf_range *r = &s->conf->ports;
	size_t want = ports_wanted(s->conf), i;
	uint32_t tried = 0, start = arc4random();
	struct endpoint *ep;
	int fd;

	if ((ep = calloc(want, sizeof(*ep))) == NULL) {
		log_err("ports");
		return -1;
	}
	s->ports[which] = ep;
	for (i = 0; i < want; i++) {
		if ((fd = port_socket(s->worker, family)) == -1 ||
		    bind_in_range(fd, family, r, start, &tried) == -1) {
			if (fd != -1)
				close(fd);
			if (i > 0)
				break; /* fewer will do */
			log_err("ports %u-%u", r->first, r->last);
			return -1;
		}
		endpoint_init(&ep[i], s, fd, family);
		s->nports[which]++;
	}
	return 0;
}

int
endpoint_prepare(struct server *s)
{
	static const int families[2] = { AF_INET, AF_INET6 };
	const struct worker *w = s->worker;
	bool asked[2] = { false, false };
	size_t i;
	int family;

	buffers_init();
	if ((s->listen = calloc(w->nsocks + 1, sizeof(*s->listen))) == NULL) {
		log_err("endpoints");
		return -1;
	}
	for (i = 0; i < w->nsocks; i++) {
		family = w->socks[i]->addr.sa.sa_family;
		endpoint_init(&s->listen[i], s, w->socks[i]->fd, family);
		s->listen[i].listening = true;
		/* an ACK is dealt with before the request that follows it */
		ev_set_priority(&s->listen[i].readable, EV_MINPRI);
		asked[family == AF_INET6] = true;
	}
	s->nlisten = w->nsocks;
	for (i = 0; i < 2 && !s->conf->single_port; i++)
		if (asked[i] &&
		    prepare_family(s, (unsigned)i, families[i]) == -1)
			return -1;
	return 0;
}

void
endpoint_start(struct server *s)
{
	struct ev_loop *loop = s->worker->loop;
	size_t i, k;

	for (i = 0; i < s->nlisten; i++)
		ev_io_start(loop, &s->listen[i].readable);
	for (k = 0; k < 2; k++)
		for (i = 0; i < s->nports[k]; i++)
			ev_io_start(loop, &s->ports[k][i].readable);
}

void
endpoint_stop_listening(struct server *s)
{
	struct endpoint *ep;
	int batches;

	for (ep = s->listen; ep < s->listen + s->nlisten; ep++) {
		for (batches = 0; batches < LAST_BATCHES; batches++)
			if (serve_batch(ep) == 0)
				break;
		ev_io_stop(s->worker->loop, &ep->readable);
		/* a reload may take the address back before we end */
		if (!s->conf->single_port)
			close(ep->readable.fd);
	}
}

bool
endpoint_waiting(const struct server *s)
{
	size_t i;
	int n;

	for (i = 0; i < s->nlisten; i++)
		if (ioctl(s->listen[i].readable.fd, FIONREAD, &n) == 0 && n > 0)
			return true;
	return false;
}
