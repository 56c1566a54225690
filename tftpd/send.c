/*
 * Packets out, by the batch: what the packets of one receive make us send
 * leaves in one sendmmsg. A window of blocks is one message that the kernel
 * cuts (UDP_SEGMENT, udp(7)): headers from here, payload from where the file
 * lies.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "tftpd.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SEGMENTS 64 /* of one message: UDP_MAX_SEGMENTS before Linux 6.9 */
#define MESSAGE_BYTES 65507 /* of one message, IPv4's limit */
#define CONTROL_BYTES                                                          \
	(CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t)))

union control {
	struct cmsghdr align;
	char bytes[CONTROL_BYTES];
};

/* What a message carries, for the case that it could not be sent. */
struct outgoing {
	struct transfer *t; /* NULL: a small packet */
	uint64_t first; /* block */
	bool segments;
};

struct sender {
	struct server *server;
	struct endpoint *ep; /* of all that is queued */
	unsigned n; /* messages */
	size_t niov;
	struct mmsghdr msgs[SEND_BATCH];
	struct outgoing out[SEND_BATCH];
	union sock_addr peers[SEND_BATCH];
	union control control[SEND_BATCH];
	uint8_t small[SEND_BATCH][SEND_SMALL];
	struct iovec iov[SEND_IOVS];
	uint8_t headers[SEND_IOVS][PACKET_HEADER];
};

struct sender *
sender_new(struct server *s)
{
	struct sender *q = calloc(1, sizeof(*q));

	if (q != NULL)
		q->server = s;
	return q;
}

static void
add_control(
    struct msghdr *msg, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c =
	    (void *)((char *)msg->msg_control + msg->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/* Answer from the address that was asked: a client may know no other. */
static void
add_source(struct msghdr *msg, int family, const struct local *local)
{
	struct in_pktinfo v4 = { .ipi_spec_dst = { 0 } };
	struct in6_pktinfo v6 = { .ipi6_ifindex = 0 };

	if (family == AF_INET) {
		v4.ipi_spec_dst = local->addr.v4;
		add_control(msg, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
		return;
	}
	v6.ipi6_addr = local->addr.v6;
	v6.ipi6_ifindex = (unsigned)local->ifindex;
	add_control(msg, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
}

/* The next message of the queue, all but its bytes. */
static struct msghdr *
next_message(struct sender *q, struct endpoint *ep, const union sock_addr *peer,
    const struct local *local)
{
	struct msghdr *msg;

	if (q->n == SEND_BATCH || (q->n > 0 && q->ep != ep))
		send_flush(q);
	q->ep = ep;
	q->peers[q->n] = *peer;
	msg = &q->msgs[q->n].msg_hdr;
	msg->msg_name = &q->peers[q->n];
	msg->msg_namelen = sock_addrlen(peer);
	msg->msg_control = q->control[q->n].bytes;
	msg->msg_controllen = 0;
	msg->msg_iov = &q->iov[q->niov];
	msg->msg_iovlen = 0;
	memset(&q->out[q->n], 0, sizeof(q->out[q->n]));
	add_source(msg, ep->family, local);
	return msg;
}

static void
add_iov(struct sender *q, struct msghdr *msg, const void *p, size_t n)
{
	q->iov[q->niov].iov_base = (void *)(uintptr_t)p;
	q->iov[q->niov].iov_len = n;
	q->niov++;
	msg->msg_iovlen++;
}

void
send_packet(struct sender *q, struct endpoint *ep, const union sock_addr *peer,
    const struct local *local, const uint8_t *bytes, size_t len)
{
	struct msghdr *msg;

	if (len > SEND_SMALL)
		return;
	if (q->niov == SEND_IOVS)
		send_flush(q);
	msg = next_message(q, ep, peer, local);
	memcpy(q->small[q->n], bytes, len);
	add_iov(q, msg, q->small[q->n], len);
	q->n++;
}

void
send_error(struct sender *q, const struct packet *p, enum packet_error code,
    const char *text)
{
	uint8_t bytes[SEND_SMALL];
	size_t n = packet_error(bytes, sizeof(bytes), code, text);

	stats_add(q->server->counters, C_ERROR + code, 1);
	send_packet(q, p->ep, p->peer, &p->local, bytes, n);
}

/* Where the payload of a block lies, and its length. */
struct payload {
	const uint8_t *base; /* of block `first` */
	uint64_t first;
	size_t total; /* bytes from there on */
};

static size_t
payload_of(
    const struct payload *p, uint64_t block, size_t blksize, const uint8_t **at)
{
	size_t from = (size_t)(block - p->first) * blksize;

	*at = p->base + from;
	if (from >= p->total)
		return 0;
	return p->total - from < blksize ? p->total - from : blksize;
}

/*
 * One message of blocks from `block` on, as many as fit one message; the
 * first block that did not.
 */
static uint64_t
queue_blocks(struct sender *q, struct transfer *t, const struct payload *p,
    uint64_t block)
{
	size_t packet = t->x.blksize + PACKET_HEADER, bytes = 0, n;
	unsigned most = t->no_segments ? 1 : SEGMENTS, count = 0;
	uint16_t segment = (uint16_t)packet;
	struct msghdr *msg;
	const uint8_t *at;
	uint64_t first = block;

	msg = next_message(q, t->ep, &t->peer, &t->local);
	for (; block < t->x.end && count < most; block++, count++) {
		if (count > 0 && bytes + packet > MESSAGE_BYTES)
			break;
		if (q->niov + 2 > SEND_IOVS)
			break;
		packet_data_header(q->headers[q->niov], (uint16_t)block);
		n = payload_of(p, block, t->x.blksize, &at);
		add_iov(q, msg, q->headers[q->niov], PACKET_HEADER);
		if (n > 0)
			add_iov(q, msg, at, n);
		bytes += PACKET_HEADER + n;
	}
	if (count > 1)
		add_control(
		    msg, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
	stats_add(q->server->counters, C_BYTES_OUT,
	    bytes - count * (size_t)PACKET_HEADER);
	q->out[q->n].t = t;
	q->out[q->n].first = first;
	q->out[q->n].segments = count > 1;
	t->queued++;
	q->n++;
	return block;
}

static void
queue_window(struct sender *q, struct transfer *t, const struct payload *p)
{
	uint64_t block = t->x.next;

	while (block < t->x.end && !t->is_blocked) {
		/* room for one message at least, so that each gets on */
		if (q->niov + 2 * SEGMENTS > SEND_IOVS)
			send_flush(q);
		block = queue_blocks(q, t, p, block);
		xfer_sent(&t->x, block - 1, q->server->now_ms);
	}
}

void
send_window(struct sender *q, struct transfer *t)
{
	uint64_t from = (t->x.next - 1) * t->x.blksize;
	struct payload p = { .first = t->x.next };

	if (t->granted.mode == MODE_NETASCII) {
		p.first = t->x.acked + 1;
		if ((p.base = ascii_window(t, &p.total)) == NULL) {
			t->broken = true;
			return;
		}
		queue_window(q, t, &p);
		send_flush(q); /* the room is used again */
		return;
	}
	p.base = t->file->data + from;
	p.total = from < t->file->size ? (size_t)(t->file->size - from) : 0;
	queue_window(q, t, &p);
}

/* A path that does not take segments gets its blocks one by one. */
static void
resend_single(struct sender *q, unsigned i)
{
	struct msghdr *msg = &q->msgs[i].msg_hdr;
	struct msghdr one = *msg;
	size_t k = 0;

	one.msg_controllen -= CMSG_SPACE(sizeof(uint16_t));
	while (k < msg->msg_iovlen) {
		one.msg_iov = &msg->msg_iov[k];
		/* a header, and a payload unless the last block is empty */
		one.msg_iovlen = k + 1 < msg->msg_iovlen ? 2 : 1;
		k += one.msg_iovlen;
		if (sendmsg(q->ep->readable.fd, &one,
			MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
			return; /* as if lost */
	}
	q->out[i].t->no_segments = true;
}

/*
 * Message i was refused. What the network refuses is a lost packet; a full
 * socket and a file that shrank are ours to know.
 */
static void
refused(struct sender *q, unsigned i, int error)
{
	struct outgoing *o = &q->out[i];

	if (o->t == NULL)
		return;
	switch (error) {
	case EAGAIN:
		xfer_unsent(&o->t->x, o->first);
		endpoint_block(q->ep, o->t);
		break;
	case EFAULT:
		o->t->broken = true;
		break;
	case EINVAL:
	case EIO:
	case EMSGSIZE:
	case EOPNOTSUPP:
		if (o->segments)
			resend_single(q, i);
		break;
	default:
		break;
	}
}

/* Messages from i on; how many left, or -1 with errno. */
static int
send_some(struct sender *q, unsigned i)
{
	int fd = q->ep->readable.fd, flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (q->n - i > 1)
		return sendmmsg(fd, &q->msgs[i], q->n - i, flags);
	return sendmsg(fd, &q->msgs[i].msg_hdr, flags) == -1 ? -1 : 1;
}

void
send_flush(struct sender *q)
{
	unsigned i = 0, n = q->n;
	int sent;

	if (n == 0)
		return;
	while (i < n) {
		if ((sent = send_some(q, i)) > 0)
			i += (unsigned)sent;
		else if (errno != EINTR)
			refused(q, i++, errno);
	}
	for (i = 0; i < n; i++)
		if (q->out[i].t != NULL)
			q->out[i].t->queued--;
	q->n = 0;
	q->niov = 0;
}
