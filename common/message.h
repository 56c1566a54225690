/*
 * message: framed messages with descriptors between our own processes, over
 * a SOCK_SEQPACKET pair: one send, one message, never split or merged.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX 4096 /* bytes of data */
#define MESSAGE_FDS 16

struct message {
	uint32_t type; /* the pair of programs agrees on these */
	size_t len;
	uint8_t data[MESSAGE_MAX + 1]; /* a NUL stands behind the data */
	int fd[MESSAGE_FDS]; /* received: close-on-exec, the caller's */
	size_t nfds;
};

/* Both ends non-blocking and close-on-exec. 0, or -1 with errno. */
int message_pair(int pair[2]);

/* 0, or -1 with errno (EAGAIN: the queue is full). fds stay the caller's. */
int message_send(int sock, uint32_t type, const void *data, size_t len,
    const int *fds, size_t nfds);

/*
 * 1: a message; 0: the other end is closed; -1 with errno: EAGAIN nothing
 * waits, EPROTO a frame that is cut or too large (its descriptors are
 * closed).
 */
int message_recv(int sock, struct message *);
void message_close_fds(struct message *);

#endif
