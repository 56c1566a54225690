/*
 * Probes under way: found by address when an answer comes, by their deadline
 * when none does.
 *
 * Questions are gathered and leave together before the loop waits. The ARP
 * socket hears all ARP that shows who has which address, which on a busy link
 * is much: while nothing is asked there, its filter takes nothing, so that an
 * idle server sleeps.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "probe.h"

#include "deadline.h"
#include "frame.h"
#include "log.h"

#define PROBES_MAX 16384 /* under way */
#define BUCKETS_BITS 12
#define BATCH 64
#define ROUNDS 64 /* batches of answers in one go */
#define BUFFER_BYTES (1 << 20)
#define ECHO_PAYLOAD 24 /* as much as some networks want to see */
#define ASK_BYTES 32 /* FRAME_ARP_LEN, or an echo request */
#define ANSWER_BYTES 128 /* IP header, options, echo reply */

_Static_assert(
    FRAME_ARP_LEN <= ASK_BYTES && 8 + ECHO_PAYLOAD <= ASK_BYTES, "room");

struct probe {
	struct deadline deadline; /* first: fired() is given this */
	LIST_ENTRY(probe) link; /* in a bucket, or free */
	struct probes *all;
	uint64_t serial;
	uint32_t ip;
	unsigned ifindex; /* 0: by ICMP */
	uint16_t id, seq; /* of ICMP */
	bool used; /* what the deadline will tell */
	probe_fn *done;
	void *arg;
};

LIST_HEAD(probe_list, probe);

/* One of both sockets with what waits to be sent there. */
struct asker {
	int fd;
	ev_io io;
	unsigned n;
	struct mmsghdr v[BATCH];
	struct iovec iov[BATCH];
	union {
		struct sockaddr_in in;
		struct sockaddr_ll ll;
	} to[BATCH];
	uint8_t bytes[BATCH][ASK_BYTES];
};

struct inbox {
	struct mmsghdr v[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_ll from[BATCH];
	uint8_t bytes[BATCH][ANSWER_BYTES];
};

struct probes {
	struct ev_loop *loop; /* NULL: not started */
	const struct net *net;
	struct asker arp, icmp;
	ev_prepare prepare;
	struct deadline_queue deadlines;
	struct log_limit limit;
	uint64_t serial;
	size_t listening; /* probes by ARP under way */
	uint32_t seed; /* odd */
	struct probe_list free, buckets[1 << BUCKETS_BITS];
	struct inbox in;
	struct probe v[PROBES_MAX];
};

/* An answer: this address is in use. */
struct answer {
	uint32_t ip;
	unsigned ifindex; /* 0: by ICMP */
	uint16_t id, seq;
	const uint8_t *hw;
};

/* clang-format off */
static const struct sock_filter nothing[] = {
	BPF_STMT(BPF_RET | BPF_K, 0),
};
/* Replies, and requests from somebody who has an address; not mere probes. */
static const struct sock_filter owners[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6), /* operation */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REPLY, 3, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARPOP_REQUEST, 0, 3),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 14), /* sender's address */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, ANSWER_BYTES),
	BPF_STMT(BPF_RET | BPF_K, 0),
};
/* clang-format on */

#define FILTER(a)                                                              \
	(struct sock_fprog)                                                    \
	{                                                                      \
		sizeof(a) / sizeof(*(a)), (struct sock_filter *)(uintptr_t)(a) \
	}

static int
filter_set(int fd, struct sock_fprog f)
{
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof(f));
}

/* Nothing comes before the filter stands: the protocol is named last. */
static int
open_arp(void)
{
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP) };
	int fd =
	    socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	if (filter_set(fd, FILTER(nothing)) == 0 &&
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int
open_icmp(void)
{
	struct icmp_filter but_replies = { ~(1U << ICMP_ECHOREPLY) };
	int fd = socket(
	    AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_RAW, ICMP_FILTER, &but_replies,
		sizeof(but_replies)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
asker_init(struct asker *a)
{
	for (size_t i = 0; i < BATCH; i++) {
		a->iov[i].iov_base = a->bytes[i];
		a->v[i].msg_hdr.msg_iov = &a->iov[i];
		a->v[i].msg_hdr.msg_iovlen = 1;
		a->v[i].msg_hdr.msg_name = &a->to[i];
	}
}

/* Thousands of answers may come at once; as root, that is. */
static void
enlarge(int fd)
{
	int bytes = BUFFER_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

static void
inbox_init(struct inbox *in)
{
	for (size_t i = 0; i < BATCH; i++) {
		in->iov[i].iov_base = in->bytes[i];
		in->iov[i].iov_len = ANSWER_BYTES;
		in->v[i].msg_hdr.msg_iov = &in->iov[i];
		in->v[i].msg_hdr.msg_iovlen = 1;
		in->v[i].msg_hdr.msg_name = &in->from[i];
	}
}

struct probes *
probes_open(void)
{
	struct probes *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		log_err("probes");
		return NULL;
	}
	s->arp.fd = open_arp();
	s->icmp.fd = s->arp.fd != -1 ? open_icmp() : -1;
	if (s->icmp.fd == -1) {
		log_err(
		    "%s socket for probes", s->arp.fd == -1 ? "ARP" : "ICMP");
		probes_end(s);
		return NULL;
	}
	enlarge(s->arp.fd);
	enlarge(s->icmp.fd);
	asker_init(&s->arp);
	asker_init(&s->icmp);
	inbox_init(&s->in);
	s->seed = arc4random() | 1;
	/* The first is taken first: memory is touched as it is needed. */
	for (size_t i = PROBES_MAX; i-- > 0;)
		LIST_INSERT_HEAD(&s->free, &s->v[i], link);
	return s;
}

/* Addresses are clients' to choose, within limits: the hash has a key. */
static struct probe_list *
bucket(struct probes *s, uint32_t ip)
{
	return &s->buckets[(ip * s->seed) >> (32 - BUCKETS_BITS)];
}

static void
listen_arp(struct probes *s, bool on)
{
	if (filter_set(s->arp.fd, on ? FILTER(owners) : FILTER(nothing)) == -1)
		log_warn("ARP filter");
}

/* It is over: the caller hears of it when nothing is left to be done here. */
static void
finish(struct probe *p, bool used, const uint8_t *hw)
{
	struct probes *s = p->all;
	probe_fn *done = p->done;
	void *arg = p->arg;
	uint32_t ip = p->ip;

	deadline_disarm(&p->deadline);
	LIST_REMOVE(p, link);
	LIST_INSERT_HEAD(&s->free, p, link);
	if (p->ifindex != 0 && --s->listening == 0)
		listen_arp(s, false);
	done(arg, ip, used, hw);
}

static void
fired(struct deadline *d)
{
	struct probe *p = (struct probe *)d;

	finish(p, p->used, NULL);
}

static struct probe *
find(struct probes *s, const struct answer *a, uint64_t newest)
{
	struct probe *p;

	LIST_FOREACH(p, bucket(s, a->ip), link)
		if (p->ip == a->ip && p->ifindex == a->ifindex &&
		    p->serial <= newest &&
		    (a->ifindex != 0 || (p->id == a->id && p->seq == a->seq)))
			return p;
	return NULL;
}

/* done() may ask again, also for this address: that is another question. */
static void
answered(struct probes *s, const struct answer *a)
{
	uint64_t newest = s->serial;
	struct probe *p;

	while ((p = find(s, a, newest)) != NULL)
		finish(p, true, a->hw);
}

static int
receive_batch(struct probes *s, int fd)
{
	for (size_t i = 0; i < BATCH; i++)
		s->in.v[i].msg_hdr.msg_namelen = sizeof(s->in.from[i]);
	return recvmmsg(fd, s->in.v, BATCH, MSG_DONTWAIT, NULL);
}

static void
arp_answer(struct probes *s, size_t i)
{
	struct answer a = { .ifindex = (unsigned)s->in.from[i].sll_ifindex };
	struct frame_arp f;

	if (frame_arp_get(s->in.bytes[i], s->in.v[i].msg_len, &f) == -1)
		return;
	a.ip = ntohl(f.spa.s_addr);
	a.hw = f.sha;
	answered(s, &a);
}

static void
icmp_answer(struct probes *s, size_t i)
{
	struct answer a = { .ifindex = 0 };
	struct in_addr from;

	if (frame_echo_get(
		s->in.bytes[i], s->in.v[i].msg_len, &from, &a.id, &a.seq) == -1)
		return;
	a.ip = ntohl(from.s_addr);
	answered(s, &a);
}

static void
readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct probes *s = w->data;
	bool arp = w == &s->arp.io;
	int i, n, rounds = 0;

	(void)loop;
	(void)events;
	do {
		n = receive_batch(s, w->fd);
		for (i = 0; i < n; i++)
			(arp ? arp_answer : icmp_answer)(s, (size_t)i);
	} while (n == BATCH && ++rounds < ROUNDS);
}

/* A question that cannot be sent is one that nobody answers. */
static void
flush(struct probes *s, struct asker *a)
{
	unsigned sent = 0;
	int n;

	while (sent < a->n) {
		n = sendmmsg(a->fd, a->v + sent, a->n - sent, MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0 && log_allowed(&s->limit, "probes not sent"))
			log_warn("probe by %s cannot be sent",
			    a == &s->arp ? "ARP" : "ICMP");
		sent += n > 0 ? (unsigned)n : 1;
	}
	a->n = 0;
}

static void
before_waiting(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct probes *s = w->data;

	(void)loop;
	(void)events;
	flush(s, &s->arp);
	flush(s, &s->icmp);
}

/*
 * Answers before deadlines: after something slow, both are due in one round.
 * Only probes under way, by their deadlines, keep a loop running.
 */
static void
watch(struct probes *s, struct asker *a)
{
	ev_io_init(&a->io, readable, a->fd, EV_READ);
	ev_set_priority(&a->io, EV_MAXPRI);
	a->io.data = s;
	ev_io_start(s->loop, &a->io);
	ev_unref(s->loop);
}

int
probes_start(struct probes *s, struct ev_loop *loop, const struct net *net,
    uint64_t wait_ms)
{
	if (s->loop != NULL) {
		errno = EALREADY;
		return -1;
	}
	s->loop = loop;
	s->net = net;
	deadline_init(&s->deadlines, loop, (ev_tstamp)wait_ms / 1000, fired);
	ev_prepare_init(&s->prepare, before_waiting);
	s->prepare.data = s;
	ev_prepare_start(loop, &s->prepare);
	ev_unref(loop);
	watch(s, &s->arp);
	watch(s, &s->icmp);
	return 0;
}

/* The place of the next question, as long as it is. */
static unsigned
next_place(struct probes *s, struct asker *a, size_t len, socklen_t namelen)
{
	if (a->n == BATCH)
		flush(s, a);
	a->iov[a->n].iov_len = len;
	a->v[a->n].msg_hdr.msg_namelen = namelen;
	return a->n++;
}

/*
 * RFC 5227 section 2.1.1: sender address 0, so that nobody learns a wrong one;
 * target hardware address 0.
 */
static void
ask_arp(struct probes *s, struct probe *p, const struct net_if *iface)
{
	struct frame_arp f = { .op = ARPOP_REQUEST, .tpa = { htonl(p->ip) } };
	struct sockaddr_ll *to;
	unsigned i = next_place(s, &s->arp, FRAME_ARP_LEN, sizeof(*to));

	memcpy(f.sha, iface->hw, sizeof(f.sha));
	frame_arp_put(s->arp.bytes[i], &f);
	to = &s->arp.to[i].ll;
	*to = (struct sockaddr_ll){ .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)iface->index,
		.sll_halen = ETH_ALEN };
	memset(to->sll_addr, 0xff, ETH_ALEN);
	if (s->listening++ == 0)
		listen_arp(s, true);
}

/* Who isn't on the way cannot answer for another: both numbers are random. */
static void
ask_icmp(struct probes *s, struct probe *p)
{
	struct sockaddr_in *to;
	unsigned i = next_place(s, &s->icmp, 8 + ECHO_PAYLOAD, sizeof(*to));
	uint32_t random = arc4random();

	p->id = (uint16_t)(random >> 16);
	p->seq = (uint16_t)random;
	memset(s->icmp.bytes[i], 0, ASK_BYTES);
	frame_echo_put(s->icmp.bytes[i], p->id, p->seq, ECHO_PAYLOAD);
	to = &s->icmp.to[i].in;
	*to = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr = { htonl(p->ip) } };
}

/* 0, or why this cannot be asked. */
static int
refusal(const struct probes *s, const struct net_if *iface)
{
	if (s->loop == NULL)
		return EINVAL;
	if (iface != NULL &&
	    (iface->hwtype != ARPHRD_ETHER || iface->hwlen != ETH_ALEN))
		return EAFNOSUPPORT;
	if (iface != NULL && !iface->up)
		return ENETDOWN;
	return LIST_EMPTY(&s->free) ? ENOBUFS : 0;
}

int
probe_begin(struct probes *s, uint32_t ip, const struct net_if *iface,
    probe_fn *done, void *arg)
{
	int why = refusal(s, iface);
	struct probe *p;

	if (why != 0) {
		errno = why;
		return -1;
	}
	p = LIST_FIRST(&s->free);
	LIST_REMOVE(p, link);
	*p = (struct probe){ .all = s,
		.serial = ++s->serial,
		.ip = ip,
		.ifindex = iface != NULL ? iface->index : 0,
		/* nobody else would answer for our own */
		.used = net_if_of(s->net, ip, true) != NULL,
		.done = done,
		.arg = arg };
	LIST_INSERT_HEAD(bucket(s, ip), p, link);
	if (iface != NULL)
		ask_arp(s, p, iface);
	else
		ask_icmp(s, p);
	deadline_arm(&s->deadlines, &p->deadline);
	return 0;
}

void
probes_end(struct probes *s)
{
	if (s == NULL)
		return;
	if (s->loop != NULL) {
		deadline_end(&s->deadlines);
		ev_ref(s->loop);
		ev_prepare_stop(s->loop, &s->prepare);
		ev_ref(s->loop);
		ev_io_stop(s->loop, &s->arp.io);
		ev_ref(s->loop);
		ev_io_stop(s->loop, &s->icmp.io);
	}
	if (s->arp.fd != -1)
		close(s->arp.fd);
	if (s->icmp.fd != -1)
		close(s->icmp.fd);
	free(s);
}
