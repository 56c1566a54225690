/*
 * Connections to primaries (RFC 7766 section 8: two bytes of length before each
 * message).
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xfrlink.h"

#define QUESTION 2048
#define ROOM                                                                   \
	(2 * (2 + 65535)) /* at least one message, whatever is in front        \
			   */
#define AT_ONCE 4 /* reads in one turn of the loop */

struct xfrlink {
	struct ev_loop *loop;
	ev_io io;
	ev_timer timer;
	int fd;
	bool connected;
	const struct xfrlink_calls *calls;
	void *arg;
	uint64_t period; /* bytes that came since the timer was set */
	size_t sent, question_len;
	uint8_t question[QUESTION];
	size_t len; /* bytes that wait in `in` */
	uint8_t in[ROOM];
};

void
xfrlink_close(struct xfrlink *l)
{
	ev_io_stop(l->loop, &l->io);
	ev_timer_stop(l->loop, &l->timer);
	close(l->fd);
	free(l);
}

static void
set_timer(struct xfrlink *l, double seconds)
{
	l->period = 0;
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, seconds, 0);
	ev_timer_start(l->loop, &l->timer);
}

static void
fail(struct xfrlink *l, const char *why)
{
	ev_io_stop(l->loop, &l->io);
	ev_timer_stop(l->loop, &l->timer);
	l->calls->failed(l->arg, why);
}

static void
late(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct xfrlink *l = timer->data;

	(void)loop;
	(void)events;
	if (!l->connected)
		fail(l, "no connection");
	else if (l->period < XFRLINK_LEAST)
		fail(l, l->period == 0 ? "nothing came" : "it is too slow");
	else
		set_timer(l, XFRLINK_ANSWER);
}

static void
watch(struct xfrlink *l, int events)
{
	if (l->io.events == events && ev_is_active(&l->io))
		return;
	ev_io_stop(l->loop, &l->io);
	ev_io_set(&l->io, l->fd, events);
	ev_io_start(l->loop, &l->io);
}

/* Whole messages out of what has come. false: the link was closed. */
static bool
give(struct xfrlink *l)
{
	size_t n, at = 0;

	for (; l->len - at >= 2; at += 2 + n) {
		n = (size_t)l->in[at] << 8 | l->in[at + 1];
		if (l->len - at - 2 < n)
			break;
		if (!l->calls->message(l->arg, l->in + at + 2, n))
			return false;
	}
	l->len -= at;
	memmove(l->in, l->in + at, l->len);
	return true;
}

static void
receive(struct xfrlink *l)
{
	ssize_t n;
	int i;

	for (i = 0; i < AT_ONCE; i++) {
		n = recv(l->fd, l->in + l->len, ROOM - l->len, 0);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			fail(l,
			    n == 0 ? "it has closed the connection" :
				     strerror(errno));
			return;
		}
		l->period += (uint64_t)n;
		l->len += (size_t)n;
		if (!give(l))
			return;
	}
}

/* 0, or -1 after failed was told. */
static int
transmit(struct xfrlink *l)
{
	ssize_t n;

	n = send(l->fd, l->question + l->sent, l->question_len - l->sent,
	    MSG_NOSIGNAL);
	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		fail(l, strerror(errno));
		return -1;
	}
	if (n > 0)
		l->sent += (size_t)n;
	return 0;
}

static int
finish_connect(struct xfrlink *l)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		fail(l, strerror(error));
		return -1;
	}
	l->connected = true;
	set_timer(l, XFRLINK_ANSWER);
	return 0;
}

static void
ready(struct ev_loop *loop, ev_io *io, int events)
{
	struct xfrlink *l = io->data;

	(void)loop;
	if (!l->connected && finish_connect(l) == -1)
		return;
	if (l->sent < l->question_len && transmit(l) == -1)
		return;
	watch(l, l->sent < l->question_len ? EV_WRITE : EV_READ);
	if ((events & EV_READ) != 0)
		receive(l);
}

struct xfrlink *
xfrlink_open(struct ev_loop *loop, const union sock_addr *to,
    const struct xfrlink_calls *calls, void *arg)
{
	struct xfrlink *l = malloc(sizeof(*l));
	int saved, one = 1;

	if (l == NULL)
		return NULL;
	memset(l, 0, offsetof(struct xfrlink, in));
	l->loop = loop;
	l->calls = calls;
	l->arg = arg;
	l->fd = socket(
	    to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd == -1 ||
	    (connect(l->fd, &to->sa, sock_addrlen(to)) == -1 &&
		errno != EINPROGRESS)) {
		saved = errno;
		if (l->fd != -1)
			close(l->fd);
		free(l);
		errno = saved;
		return NULL;
	}
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	ev_io_init(&l->io, ready, l->fd, EV_WRITE);
	ev_timer_init(&l->timer, late, 0, 0);
	l->io.data = l->timer.data = l;
	ev_io_start(loop, &l->io);
	set_timer(l, XFRLINK_CONNECT);
	return l;
}

int
xfrlink_send(struct xfrlink *l, const uint8_t *p, size_t len)
{
	if (len > QUESTION - 2)
		return -1;
	l->question[0] = (uint8_t)(len >> 8);
	l->question[1] = (uint8_t)len;
	memcpy(l->question + 2, p, len);
	l->question_len = len + 2;
	return 0;
}
