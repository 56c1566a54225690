/*
 * updating: what is applied and not yet on disk; private to update*.c.
 *
 * A transaction is what one message did, to one zone or, with auto_reverse, to
 * several. Transactions stand in the order of their journals' writes; each was
 * made upon what those before it made, so where one fails, all fail that came
 * behind it and share a zone with it, or with such a one.
 */
#ifndef UPDATING_H
#define UPDATING_H

#include <sys/queue.h>

#include "journal.h"
#include "log.h"
#include "update.h"

TAILQ_HEAD(handed_list, handed);

/* Who waits for a change of our own. */
struct waiter {
	STAILQ_ENTRY(waiter) link;
	void (*done)(void *arg, unsigned rcode);
	void *arg;
	unsigned rcode; /* if the transaction is on disk */
};
STAILQ_HEAD(waiters, waiter);

/* Of one zone: first an edit, then what it became. */
struct part {
	struct zone *zone;
	struct edit *edit;
	struct snapshot *snapshot;
	uint32_t from; /* serial before */
};

struct transaction {
	TAILQ_ENTRY(transaction) link;
	struct updating *updating;
	bool failed; /* everybody was told; the journal's word is awaited */
	struct handed_list handed; /* r.rcode: what to answer when it is on
				      disk */
	struct waiters waiters;
	size_t n;
	struct part *part;
};
TAILQ_HEAD(transactions, transaction);

struct updating {
	struct server *server;
	struct transactions pending; /* oldest first */
	struct log_limit refused, full;
};

/* The updates' part of a zone. */
struct updates {
	struct transaction *last; /* that changes it; NULL: none is pending */
	struct snapshot *newest; /* what that made of it */
	bool failed; /* while a failure is dealt with */
	bool mending; /* a fold after a failure, not one of length */
	ev_timer retry; /* fold again */
	void (*flushed)(void *arg, const char *error); /* by update_flush */
	void *flushed_arg;
};

/* transaction.c */
#define TRANSACTION_PARTS 256
struct transaction *transaction_new(struct updating *);
/* The zone's part, whose edit has begun. NULL: no memory, too many parts, or
 * the zone takes no changes. */
struct part *transaction_part(struct transaction *, struct zone *);
/*
 * Serials, journals, snapshots. DNS_NOERROR: it is pending, or n is 0 since
 * nothing was changed; else nothing happened.
 */
unsigned transaction_write(struct transaction *);
void transaction_free(struct transaction *);
/* Answer with this code when all that the zone's state stands on is on disk. */
void transaction_answer(struct zone *, struct handed *, unsigned rcode);

/* updatefold.c */
struct updates *updates_of(struct zone *);
void updates_free(struct zone *);
/* After a change: is the journal too long? After a failure: mend it. */
void updates_consider(struct zone *);

#endif
