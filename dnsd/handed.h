/*
 * handed: a request that a reader's thread hands to the main thread, which
 * answers it when it can (an update when it is on disk).
 */
#ifndef HANDED_H
#define HANDED_H

#include <sys/queue.h>

#include "request.h"

#define HANDED_MAX 4096 /* waiting at once; more are dropped */
#define HANDED_REPLY 2048 /* bytes of an answer, at most */

/* How an answer finds its way back to who asked: the transport's. */
#define HANDED_WAY 96
struct handed_way {
	/* Main thread, once for each handed request. len 0: there is none. */
	void (*send)(struct handed_way *, const struct request *,
	    const uint8_t *, size_t len);
	_Alignas(8) uint8_t of[HANDED_WAY]; /* the transport's own */
};

struct handed {
	TAILQ_ENTRY(handed) link; /* whoever has it may use it */
	struct server *server;
	struct request r; /* a copy: message, reply's bytes, all */
	/* private to handed.c */
	struct handed *next;
	struct handed_way way;
};

/* Main thread: build the way in. 0, or -1 with errno. */
int handed_start(struct server *);
void handed_stop(struct server *);
/* Main thread: server->writing is set: what came before is the role's now. */
void handed_begin(struct server *);
/* Main thread: from now on what comes is dropped. */
void handed_close(struct server *);
/* Main thread: how many were given and are not answered. */
unsigned handed_count(const struct server *);
/* A reader's thread. false: too many wait; the request is dropped. */
bool handed_give(struct request *, const struct handed_way *);
/*
 * Main thread, once for each: finish the reply with r.rcode and send it, or
 * send nothing. Frees it.
 */
void handed_answer(struct handed *);
void handed_drop(struct handed *);

#endif
