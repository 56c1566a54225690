/*
 * Messages in and out.
 *
 * In: recvmmsg on UDP sockets; broadcasts to an interface without any address
 * arrive there too, so nothing else need listen.
 *
 * Out: to addresses by UDP, with the source that the caller wants. To clients
 * without an address, and to all on a link, as whole packets by one AF_PACKET
 * socket: UDP would ask by ARP for an address that nobody answers for yet, and
 * what it broadcasts needs an address on the interface and is heard by this
 * machine's own sockets too. The socket's protocol is 0, so the kernel never
 * gives it a packet; it is bound to nothing, and each message names its
 * interface, so interfaces may come and go.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

#include "frame.h"
#include "log.h"
#include "netif.h"
#include "sock.h"

#define RECEIVE_BYTES (PACKET_MAX + 4) /* of longer ones; still too many */
#define SEND_BYTES (FRAME_UDP_HEADERS + PACKET_MAX)
#define SEND_SLOTS 256
#define SEND_WAIT_MS 20 /* for a full send buffer, once in a flush */
#define SEND_BUFFER (4 << 20)
#define PAUSE 0.001 /* s */

/* A link address may be longer than struct sockaddr_ll's (packet(7)). */
union link_addr {
	struct sockaddr_ll ll;
	uint8_t bytes[offsetof(struct sockaddr_ll, sll_addr) + NETIF_HW];
};

struct control {
	_Alignas(struct cmsghdr)
	    uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct slot {
	struct iovec iov;
	union {
		struct sockaddr_in in;
		union link_addr link;
	} to;
	struct control control;
	uint8_t bytes[SEND_BYTES];
};

/* What waits to be sent on one socket. */
struct queue {
	int fd;
	unsigned n;
	struct mmsghdr v[SEND_SLOTS];
	struct slot slots[SEND_SLOTS];
};

struct inbox {
	struct mmsghdr v[NET_BATCH];
	struct iovec iov[NET_BATCH];
	struct sockaddr_in from[NET_BATCH];
	struct control control[NET_BATCH];
	uint8_t bytes[NET_BATCH][RECEIVE_BYTES];
};

struct net {
	struct netifs ifs;
	struct ev_loop *loop; /* NULL: not started */
	struct net_calls calls;
	ev_io watchers[SOCK_MAX];
	size_t nwatchers;
	ev_timer moment; /* of a pause */
	bool paused, more; /* the last batch was full */
	ev_io events;
	uint16_t port; /* that we send from */
	uint64_t failed;
	struct log_limit limit;
	struct queue udp, link;
	struct inbox in;
};

static void
queue_init(struct queue *q, int fd)
{
	struct msghdr *m;
	size_t i;

	q->fd = fd;
	for (i = 0; i < SEND_SLOTS; i++) {
		m = &q->v[i].msg_hdr;
		q->slots[i].iov.iov_base = q->slots[i].bytes;
		m->msg_iov = &q->slots[i].iov;
		m->msg_iovlen = 1;
		m->msg_name = &q->slots[i].to;
	}
}

static void
inbox_init(struct inbox *in)
{
	for (size_t i = 0; i < NET_BATCH; i++) {
		in->iov[i].iov_base = in->bytes[i];
		in->iov[i].iov_len = RECEIVE_BYTES;
		in->v[i].msg_hdr.msg_iov = &in->iov[i];
		in->v[i].msg_hdr.msg_iovlen = 1;
		in->v[i].msg_hdr.msg_name = &in->from[i];
		in->v[i].msg_hdr.msg_control = &in->control[i];
	}
}

struct net *
net_open(const char *const *wanted, size_t n)
{
	struct net *net = calloc(1, sizeof(*net));
	int bytes = SEND_BUFFER;

	if (net == NULL) {
		log_err("network");
		return NULL;
	}
	queue_init(&net->udp, -1);
	queue_init(&net->link,
	    socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	inbox_init(&net->in);
	if (net->link.fd == -1) {
		log_err("socket for clients without an address");
		free(net);
		return NULL;
	}
	setsockopt(
	    net->link.fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	if (netif_open(&net->ifs, wanted, n) == -1) {
		close(net->link.fd);
		free(net);
		return NULL;
	}
	return net;
}

/*
 * The interface that a message counts as received on. What this machine sends
 * to its own address comes by loopback, whichever interface has the address.
 */
static const struct net_if *
arrived_on(const struct net *net, const struct in_pktinfo *info)
{
	const struct netif *i =
	    netif_find(&net->ifs.table, (unsigned)info->ipi_ifindex);

	if (i == NULL || i->pub.wanted || !i->pub.loopback)
		return i != NULL ? &i->pub : NULL;
	return netif_route_of(
	    &net->ifs.table, ntohl(info->ipi_addr.s_addr), true);
}

static bool
get_pktinfo(struct msghdr *m, struct in_pktinfo *info)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(*info))) {
			memcpy(info, CMSG_DATA(c), sizeof(*info));
			return true;
		}
	return false;
}

/* false: nobody wants it. */
static bool
look_at(const struct net *net, struct mmsghdr *v, struct net_message *out)
{
	struct in_pktinfo info;

	if (v->msg_hdr.msg_namelen != sizeof(out->from) ||
	    !get_pktinfo(&v->msg_hdr, &info))
		return false;
	out->iface = arrived_on(net, &info);
	if (out->iface == NULL || !out->iface->wanted)
		return false;
	out->bytes = v->msg_hdr.msg_iov->iov_base;
	out->len = v->msg_len;
	memcpy(&out->from, v->msg_hdr.msg_name, sizeof(out->from));
	out->to = info.ipi_addr;
	/* They are the same where the address is one of ours (ip(7)). */
	out->local = info.ipi_spec_dst;
	if (info.ipi_spec_dst.s_addr != info.ipi_addr.s_addr)
		out->local.s_addr = out->iface->naddrs > 0 ?
		    htonl(out->iface->addrs[0].ip) :
		    INADDR_ANY;
	return true;
}

static int
receive_batch(struct net *net, int fd)
{
	struct inbox *in = &net->in;
	size_t i;

	for (i = 0; i < NET_BATCH; i++) {
		in->v[i].msg_hdr.msg_namelen = sizeof(in->from[i]);
		in->v[i].msg_hdr.msg_controllen = sizeof(in->control[i]);
	}
	return recvmmsg(fd, in->v, NET_BATCH, MSG_DONTWAIT, NULL);
}

static void
receive(struct net *net, int fd)
{
	struct net_message m;
	int i, n = receive_batch(net, fd);

	net->more = n == NET_BATCH;
	if (n <= 0)
		return; /* what is wrong with it, sending will tell */
	for (i = 0; i < n; i++) {
		if (look_at(net, &net->in.v[i], &m))
			net->calls.receive(net->calls.arg, &m);
		else if (net->calls.dropped != NULL)
			net->calls.dropped(net->calls.arg);
	}
	if (net->calls.batch != NULL)
		net->calls.batch(net->calls.arg);
}

static void
readable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop;
	(void)events;
	receive(w->data, w->fd);
}

static void
watch_again(struct net *net)
{
	size_t i;

	net->paused = false;
	ev_timer_stop(net->loop, &net->moment);
	for (i = 0; i < net->nwatchers; i++)
		ev_io_start(net->loop, &net->watchers[i]);
}

static void
moment_over(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	watch_again(t->data);
}

void
net_pause(struct net *net)
{
	size_t i;

	if (net->loop == NULL || net->more)
		return;
	for (i = 0; i < net->nwatchers; i++)
		ev_io_stop(net->loop, &net->watchers[i]);
	ev_timer_again(net->loop, &net->moment);
	net->paused = true;
}

/*
 * Where a batch makes the next pause at once, as under load, the loop need not
 * hear of the sockets at all.
 */
void
net_resume(struct net *net)
{
	size_t i;

	if (!net->paused)
		return;
	net->paused = false;
	for (i = 0; i < net->nwatchers; i++)
		receive(net, net->watchers[i].fd);
	if (!net->paused && net->loop != NULL)
		watch_again(net);
}

static void
changed(struct ev_loop *loop, ev_io *w, int events)
{
	struct net *net = w->data;

	(void)loop;
	(void)events;
	if (netif_read(&net->ifs) && net->calls.changed != NULL)
		net->calls.changed(net->calls.arg);
}

/*
 * Buffers and options are sock_listen's, from when we were root. Replies may
 * be cut into fragments on their way (a relay's tunnel); nobody who forges
 * "fragmentation needed" shall make them vanish.
 */
static void
watch(struct net *net, const struct sock *s)
{
	int never = IP_PMTUDISC_DONT;
	ev_io *w = &net->watchers[net->nwatchers++];

	setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &never, sizeof(never));
	ev_io_init(w, readable, s->fd, EV_READ);
	w->data = net;
	ev_io_start(net->loop, w);
}

/* The port that the socket is really bound to. */
static uint16_t
port_of(int fd)
{
	union sock_addr a = { .sa = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.sa, &len) == -1)
		return 0;
	return sock_port(&a);
}

int
net_start(struct net *net, struct ev_loop *loop,
    const struct sock *const *socks, size_t n, const struct net_calls *calls)
{
	size_t i;

	net_stop(net);
	net->loop = loop;
	net->calls = *calls;
	net->udp.fd = -1;
	for (i = 0; i < n && net->nwatchers < SOCK_MAX; i++) {
		if (socks[i]->addr.sa.sa_family != AF_INET)
			continue;
		if (net->udp.fd == -1)
			net->udp.fd = socks[i]->fd;
		watch(net, socks[i]);
	}
	if (net->udp.fd == -1) {
		net->loop = NULL;
		errno = EINVAL;
		return -1;
	}
	net->port = port_of(net->udp.fd);
	net->paused = net->more = false;
	ev_init(&net->moment, moment_over);
	net->moment.repeat = PAUSE;
	net->moment.data = net;
	ev_io_init(&net->events, changed, net->ifs.events, EV_READ);
	net->events.data = net;
	ev_io_start(loop, &net->events);
	return 0;
}

void
net_stop(struct net *net)
{
	if (net->loop == NULL)
		return;
	while (net->nwatchers > 0)
		ev_io_stop(net->loop, &net->watchers[--net->nwatchers]);
	ev_io_stop(net->loop, &net->events);
	ev_timer_stop(net->loop, &net->moment);
	net->paused = false;
	net->loop = NULL;
}

void
net_close(struct net *net)
{
	if (net == NULL)
		return;
	net_stop(net);
	netif_close(&net->ifs);
	close(net->link.fd);
	free(net);
}

static void
count_failure(struct net *net, const char *where)
{
	int error = errno;

	net->failed++;
	if (log_allowed(&net->limit, "messages that could not be sent")) {
		errno = error;
		log_warn("%s: cannot be sent", where);
	}
}

/* Text for the log. */
static void
name_receiver(const struct net *net, const struct queue *q,
    const struct slot *s, char out[SOCK_NAMELEN])
{
	const struct netif *i;

	if (q == &net->udp) {
		sock_name(&(union sock_addr){ .in = s->to.in }, out);
		return;
	}
	i = netif_find(&net->ifs.table, (unsigned)s->to.link.ll.sll_ifindex);
	snprintf(out, SOCK_NAMELEN, "client on %s",
	    i != NULL ? i->pub.name : "an interface that is gone");
}

/*
 * Send what waits. A message that fails is counted and passed over; when the
 * socket's buffer stays full, so are all that are left: their clients will
 * ask again, and must not make others wait.
 */
static void
queue_flush(struct net *net, struct queue *q)
{
	struct pollfd p = { .fd = q->fd, .events = POLLOUT };
	char where[SOCK_NAMELEN];
	bool waited = false;
	unsigned sent = 0;
	int n;

	while (sent < q->n) {
		n = sendmmsg(q->fd, q->v + sent, q->n - sent, MSG_DONTWAIT);
		if (n > 0) {
			sent += (unsigned)n;
			continue;
		}
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN && !waited) {
			waited = true;
			poll(&p, 1, SEND_WAIT_MS);
			continue;
		}
		name_receiver(net, q, &q->slots[sent], where);
		count_failure(net, where);
		sent++;
	}
	q->n = 0;
}

void
net_flush(struct net *net)
{
	queue_flush(net, &net->udp);
	queue_flush(net, &net->link);
}

/* A place in the queue, of which all but payload and length is set later. */
static struct slot *
queue_next(struct net *net, struct queue *q, struct msghdr **m)
{
	if (q->n == SEND_SLOTS)
		queue_flush(net, q);
	*m = &q->v[q->n].msg_hdr;
	return &q->slots[q->n++];
}

static void
put_pktinfo(struct msghdr *m, struct slot *s, const struct net_dest *d)
{
	struct in_pktinfo info = { .ipi_ifindex = (int)d->ifindex,
		.ipi_spec_dst = d->from };
	struct cmsghdr *c;

	m->msg_control = NULL;
	m->msg_controllen = 0;
	if (d->ifindex == 0 && d->from.s_addr == INADDR_ANY)
		return;
	m->msg_control = &s->control;
	m->msg_controllen = sizeof(s->control);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static void
send_udp(
    struct net *net, const struct net_dest *d, const uint8_t *bytes, size_t n)
{
	struct msghdr *m;
	struct slot *s = queue_next(net, &net->udp, &m);

	s->to.in = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(d->port),
		.sin_addr = d->ip };
	m->msg_namelen = sizeof(s->to.in);
	put_pktinfo(m, s, d);
	memcpy(s->bytes, bytes, n);
	s->iov.iov_len = n;
}

/*
 * The link layer's destination. A client whose chaddr is no address of this
 * kind of link (none at all on InfiniBand: RFC 4390 section 2.1) can only be
 * reached by broadcast: false.
 */
static bool
put_link(union link_addr *to, const struct netif *i, const struct net_dest *d)
{
	bool unicast = d->how == NET_HW &&
	    (d->hlen == i->hwlen || i->hwlen == 0) && d->hlen <= sizeof(d->hw);
	uint8_t *hw = to->bytes + offsetof(struct sockaddr_ll, sll_addr);

	memset(to, 0, sizeof(*to));
	to->ll.sll_family = AF_PACKET;
	to->ll.sll_protocol = htons(ETH_P_IP);
	to->ll.sll_ifindex = (int)i->pub.index;
	to->ll.sll_halen = (uint8_t)i->hwlen;
	memcpy(hw, unicast ? d->hw : i->broadcast, i->hwlen);
	return unicast;
}

/*
 * Loopback takes no packet that has one of its own addresses as source, unless
 * it went through the kernel's routing: UDP's broadcasts do.
 */
static void
send_loopback(
    struct net *net, const struct net_dest *d, const uint8_t *bytes, size_t n)
{
	struct net_dest all = *d;

	all.ip.s_addr = INADDR_BROADCAST;
	send_udp(net, &all, bytes, n);
}

static void
send_link(
    struct net *net, const struct net_dest *d, const uint8_t *bytes, size_t n)
{
	const struct netif *i = netif_find(&net->ifs.table, d->ifindex);
	struct frame_udp u = {
		.src = d->from, .sport = net->port, .dport = d->port
	};
	struct msghdr *m;
	struct slot *s;

	if (i == NULL) {
		errno = ENODEV;
		count_failure(net, "client on an interface that is gone");
		return;
	}
	if (i->pub.loopback) {
		send_loopback(net, d, bytes, n);
		return;
	}
	s = queue_next(net, &net->link, &m);
	m->msg_namelen = sizeof(s->to.link);
	u.dst.s_addr =
	    put_link(&s->to.link, i, d) ? d->ip.s_addr : INADDR_BROADCAST;
	if (u.src.s_addr == INADDR_ANY && i->pub.naddrs > 0)
		u.src.s_addr = htonl(i->pub.addrs[0].ip);
	frame_udp_put(s->bytes, &u, bytes, n);
	memcpy(s->bytes + FRAME_UDP_HEADERS, bytes, n);
	s->iov.iov_len = FRAME_UDP_HEADERS + n;
}

void
net_send(
    struct net *net, const struct net_dest *d, const uint8_t *bytes, size_t n)
{
	if (n > PACKET_MAX) {
		errno = EMSGSIZE;
		count_failure(net, "a message");
	} else if (d->how == NET_UDP)
		send_udp(net, d, bytes, n);
	else
		send_link(net, d, bytes, n);
}

uint64_t
net_failed(const struct net *net)
{
	return net->failed;
}

const struct net_if *
net_if_by_index(const struct net *net, unsigned index)
{
	const struct netif *i = netif_find(&net->ifs.table, index);

	return i != NULL ? &i->pub : NULL;
}

const struct net_if *
net_if_by_name(const struct net *net, const char *name)
{
	const struct netif_table *t = &net->ifs.table;

	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i]->pub.name, name) == 0)
			return &t->v[i]->pub;
	return NULL;
}

const struct net_if *
net_if_of(const struct net *net, uint32_t ip, bool own)
{
	return netif_route_of(&net->ifs.table, ip, own);
}

const struct net_if *
net_if_next(const struct net *net, size_t i)
{
	const struct netif_table *t = &net->ifs.table;

	return i < t->n ? &t->v[i]->pub : NULL;
}
