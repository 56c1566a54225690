/*
 * Framed messages with descriptors, over SOCK_SEQPACKET.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

int
message_pair(int pair[2])
{
	return socketpair(
	    AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
}

int
message_send(int sock, uint32_t type, const void *data, size_t len,
    const int *fds, size_t nfds)
{
	struct iovec iov[2] = {
		{ .iov_base = &type, .iov_len = sizeof(type) },
		{ .iov_base = (void *)(uintptr_t)data, .iov_len = len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union control control = { .bytes = { 0 } };
	struct cmsghdr *c;

	if (len > MESSAGE_MAX || nfds > MESSAGE_FDS) {
		errno = EMSGSIZE;
		return -1;
	}
	if (nfds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

static void
take_fds(struct message *m, struct msghdr *msg)
{
	struct cmsghdr *c;

	m->nfds = 0;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		m->nfds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(m->fd, CMSG_DATA(c), m->nfds * sizeof(int));
	}
}

int
message_recv(int sock, struct message *m)
{
	struct iovec iov[2] = {
		{ .iov_base = &m->type, .iov_len = sizeof(m->type) },
		{ .iov_base = m->data, .iov_len = MESSAGE_MAX },
	};
	union control control;
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;

	m->nfds = 0;
	if ((n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) <= 0)
		return (int)n;
	take_fds(m, &msg);
	if ((size_t)n < sizeof(m->type) ||
	    (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		message_close_fds(m);
		errno = EPROTO;
		return -1;
	}
	m->len = (size_t)n - sizeof(m->type);
	m->data[m->len] = '\0';
	return 1;
}

void
message_close_fds(struct message *m)
{
	while (m->nfds > 0)
		close(m->fd[--m->nfds]);
}
