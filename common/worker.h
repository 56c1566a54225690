/*
 * worker: the frame of a worker process; private to daemon.c and parent.c.
 */
#ifndef WORKER_H
#define WORKER_H

#include "daemon.h"
#include "message.h"

/* Messages between a parent and its workers. */
enum worker_message {
	WORKER_READY, /* worker to parent, once */
	WORKER_DRAIN, /* to worker */
	WORKER_CONTROL, /* to worker: a control line and the client */
	WORKER_LOGS, /* to worker: bytes name the logs, descriptors follow */
	WORKER_LEVEL, /* to worker: int, the log level */
	WORKER_REFRESH, /* to worker: a reload without a new configuration */
};

/*
 * Run: rights dropped, ready told on `msg` (-1 under inetd), loop, end. The
 * struct is filled but for loop and state. The process's exit status.
 */
int worker_run(struct worker *, int msg);

/* Choose the sockets of set that this worker of n serves. */
void worker_socks(struct worker *, const struct sock_set *, unsigned n);

#endif
