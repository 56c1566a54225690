/*
 * handed: a request that a reader's thread hands to the main thread, which
 * answers it when it can (an update when it is on disk).
 */
#ifndef HANDED_H
#define HANDED_H

#include <sys/queue.h>

#include "request.h"

#define HANDED_MAX 4096 /* waiting at once; more are dropped */

struct handed {
	TAILQ_ENTRY(handed) link; /* whoever has it may use it */
	struct server *server;
	struct request r; /* a copy: message, reply's bytes, all */
	/* private to handed.c: the way back */
	struct handed_way *way;
};

/* Main thread: build the way in. 0, or -1 with errno. */
int handed_start(struct server *);
/* A reader's thread. false: too many wait; the request is dropped. */
bool handed_give(struct request *, struct handed_way *);
/*
 * Main thread, once for each: finish the reply with r.rcode and send it, or
 * send nothing. Frees it.
 */
void handed_answer(struct handed *);
void handed_drop(struct handed *);

#endif
