/*
 * tcpconn: one connection of a thread; private to tcp.c and tcpconn.c.
 */
#ifndef TCPCONN_H
#define TCPCONN_H

#include <sys/queue.h>

#include <pthread.h>

#include "deadline.h"
#include "serve.h"
#include "tcp.h"

#define TCP_MESSAGE 65535
#define TCP_PREFIX 2 /* bytes of a message's length before it */
#define TCP_BUCKETS 8192 /* clients are counted by hash */

struct tcp_conn {
	TAILQ_ENTRY(tcp_conn) link; /* by its last message: oldest first */
	struct tcp_thread *thread;
	ev_io in, out;
	int fd;
	uint32_t slot, serial; /* so that a late answer finds it or nothing */
	uint32_t bucket; /* of the client's address */
	union sock_addr peer;
	uint8_t *input; /* what was read and not answered */
	size_t have, room;
	uint8_t *output; /* what could not be sent yet */
	size_t out_len, out_at, out_room;
	struct stream *stream; /* an answer under way */
	unsigned handed; /* requests that the main thread has */
	bool eof; /* the client will send no more */
	struct deadline deadline;
};
TAILQ_HEAD(tcp_conns, tcp_conn);

/* An answer of the main thread's on its way to the connection's. */
struct tcp_late {
	struct tcp_late *next;
	uint32_t slot, serial;
	size_t len; /* 0: there is none */
	uint8_t bytes[]; /* with the prefix */
};

struct tcp_thread {
	struct worker_thread t;
	struct tcp *all;
	struct ev_loop *loop;
	pthread_t id;
	bool started;
	_Atomic bool stop, ended;
	ev_async wake;
	ev_prepare prepare;
	_Atomic(struct tcp_late *) late;
	ev_io *listeners;
	size_t nlisteners;
	ev_timer pause; /* of listening, without descriptors */
	struct tcp_conns conns;
	struct tcp_conn **slots;
	size_t nslots, nconns;
	uint32_t serial;
	struct deadline_queue idle, hurry; /* hurry: while it drains */
	bool draining;
	uint8_t *out; /* SERVE_GROUP buffers */
	struct request requests[SERVE_GROUP];
	enum request_next next[SERVE_GROUP];
};

/* What threads share. */
struct tcp {
	struct tcp_thread **v;
	size_t n;
	uint64_t seed;
	_Atomic unsigned count;
	_Atomic uint16_t clients[TCP_BUCKETS];
};

/* Distance of the buffers in `out`: odd in cache lines (udp.c says why). */
#define TCP_STRIDE (TCP_MESSAGE + 1 + 64)

/* Take over a socket that is connected; its counts were raised. NULL: no
 * memory, and it is closed. */
struct tcp_conn *tcp_conn_new(
    struct tcp_thread *, int fd, const union sock_addr *peer, uint32_t bucket);
void tcp_conn_close(struct tcp_conn *);
/* No answer of it is under way; half a message is nothing yet. */
bool tcp_conn_idle(const struct tcp_conn *);
/* Answer what it has sent; it may be closed then. */
void tcp_conn_read(struct tcp_conn *);
/* The main thread's answer to one of its requests has come. */
void tcp_conn_late(struct tcp_conn *, const struct tcp_late *);
/* Count a connection less. */
void tcp_uncount(struct tcp *, uint32_t bucket);

#endif
