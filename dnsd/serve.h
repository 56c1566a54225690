/*
 * serve: one message on its way through a reader's thread, whatever brought it.
 *
 * A transport reads several messages before it answers the first, so that what
 * the role will look at is on its way to the cache.
 */
#ifndef SERVE_H
#define SERVE_H

#include "handed.h"
#include "server.h"

#define SERVE_GROUP 16 /* messages read before the first is answered */

/*
 * Within the thread's epoch: what request_read told of these messages, which
 * have been read; the role fetches what their answers will need.
 */
void serve_prefetch(struct request *, const enum request_next *, size_t n);
/*
 * Within the same epoch: the length of the reply to send. 0: none, since there
 * is nothing to say, or it is the main thread's (by this way), or *stream (TCP
 * alone; else NULL) was set.
 */
size_t serve_answer(struct request *, enum request_next,
    const struct handed_way *, struct stream **stream);

#endif
