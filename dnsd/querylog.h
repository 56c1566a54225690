/*
 * querylog: a line for each answer, in the file that the key query_log names.
 *
 *	2026-11-22T17:08:00Z 192.0.2.1:4711 udp example.com. IN A +ed NOERROR
 *	    aa 1/2/3 120
 *
 * on one line: who asked, how, what, with which flags (+ RD, e EDNS, d DO, s
 * signed, c CD), what was answered (RCODE, flags, records in the sections,
 * bytes). Threads write into rings of their own, which the main thread empties;
 * what finds no room is counted and lost, since no answer waits for a disk.
 */
#ifndef QUERYLOG_H
#define QUERYLOG_H

#include "server.h"

struct querylog {
	_Atomic bool on;
	struct server *server;
	ev_timer timer;
	ev_async full; /* a ring is half full */
	struct querylog_ring *rings; /* all threads' */
};

/* Main thread; NULL with errno. Off. */
struct querylog *querylog_open(struct server *);
void querylog_close(struct querylog *);
/* Main thread. 0, or -1: no file is configured. */
int querylog_set(struct querylog *, bool on);
/* Before the thread begins. 0, or -1 with errno. */
int querylog_join(struct querylog *, struct worker_thread *);

static inline bool
querylog_is_on(const struct querylog *log)
{
	return log != NULL &&
	    atomic_load_explicit(&log->on, memory_order_relaxed);
}

/* A thread that joined: this was answered in len bytes. */
void querylog_add(struct worker_thread *, const struct request *, size_t len);

#endif
