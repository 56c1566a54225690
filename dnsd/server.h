/*
 * server: what the parts of dnsd's worker process share.
 *
 *	main		the daemon: its options, which roles there are
 *	dnsdconf, acl	the configuration
 *	udp		threads that answer datagrams, one for each socket
 *	tcp		threads that serve connections, a loop each
 *	serve		what both do with a message
 *	request, reply	a message taken apart; an answer built
 *	rrl		response rate limiting
 *	querylog	a line for each answer
 *	handed		messages that the writer answers
 *	dname, rtype, rdata, rrset, zonefile
 *			names, records, master files
 *	auth/		zones that we have; the role `authoritative`
 *
 * Threads: the main thread runs the worker's loop and is the only writer: it
 * loads, updates, transfers and tells; udp and tcp threads only read, inside
 * an epoch. What they cannot answer alone (UPDATE, NOTIFY) is handed to the
 * main thread. The files that know of threads are handed.c, udp.c, tcp.c,
 * tcpconn.c, rrl.c, querylog.c, epoch.c, load.c and the journal's.
 */
#ifndef SERVER_H
#define SERVER_H

#include <ev.h>

#include "daemon.h"
#include "dnsdconf.h"
#include "epoch.h"
#include "log.h"
#include "request.h"

struct rrl;
struct querylog;
struct querylog_ring;
struct udp;
struct tcp;

/* Counters of one thread; names and types in counters.c. */
enum counter {
	C_QUERIES, /* by opcode: 16 of them */
	C_TYPES = C_QUERIES + 16, /* by type: those below, then the rest */
	C_TYPE_OTHER = C_TYPES + 13,
	C_RCODES = C_TYPE_OTHER + 1, /* 0 .. 23 */
	C_UDP = C_RCODES + 24,
	C_UDP6,
	C_TCP,
	C_TCP6,
	C_EDNS,
	C_DO,
	C_TSIG,
	C_TRUNCATED,
	C_DROPPED, /* neither query nor answerable */
	C_RATE_DROPPED,
	C_RATE_SLIPPED,
	C_UNSENT,
	C_TCP_REFUSED, /* connections above the limits */
	C_TCP_OPEN, /* gauge */
	C_TCP_TIMEOUT,
	C_TRANSFERS_OUT,
	C_TRANSFERS_IN,
	C_UPDATES, /* messages applied */
	C_UPDATES_REFUSED,
	C_NOTIFIES_IN,
	C_NOTIFIES_OUT,
	C_ZONES, /* gauges */
	C_ZONES_EXPIRED,
	C_ZONES_BROKEN,
	COUNTERS
};

/* A thread that serves. */
struct worker_thread {
	struct server *server;
	stats_value *counters; /* its own block */
	struct epoch_reader *epoch;
	uint32_t turn; /* round robin */
	struct querylog_ring *log; /* NULL: no log was ever wanted */
};

static inline void
thread_count(struct worker_thread *t, unsigned counter)
{
	stats_add(t->counters, counter, 1);
}

/* An answer of many messages over TCP: a transfer. */
#define STREAM_BROKEN SIZE_MAX
struct stream {
	/*
	 * Put the next message into out, at most max bytes (65535, or a
	 * record may be too long for it), OPT and TSIG included. Its length;
	 * 0: there is none, and the stream has ended; STREAM_BROKEN: what was
	 * sent has no right end, so the connection must be closed.
	 */
	size_t (*next)(struct stream *, uint8_t *out, size_t max);
	/* Always called once, in the thread that began it. */
	void (*end)(struct stream *);
};

struct handed;

#define PREFETCH_ROUNDS 3

/* A role: authoritative now, resolver later. */
struct role_calls {
	/*
	 * A reader's thread, in its epoch: answer the question into
	 * r->reply and r->rcode; the caller finishes. *stream: set where the
	 * answer is one (TCP only).
	 */
	void (*query)(struct request *r, struct stream **stream);
	/*
	 * Called for each of a batch before the first is answered, once in
	 * each round, so that what it will need is on its way to the cache
	 * while the others are looked at. May do nothing.
	 */
	void (*prefetch)(struct request *r, unsigned round);
	/* The main thread: UPDATE or NOTIFY. It answers, now or later. */
	void (*handed)(struct handed *);
};

extern const struct stats_key counters_table[];

struct server {
	struct worker *worker;
	const struct dnsd_conf *conf;
	struct ev_loop *loop;
	_Atomic uint32_t now; /* coarse clock, kept by the main thread */
	const struct role_calls *role; /* of authoritative listeners */
	struct rrl *rrl; /* NULL: off */
	struct querylog *querylog;
	struct udp *udp;
	struct tcp *tcp;
	struct zones *zones; /* auth/zone.h */
	struct journals *journals; /* auth/journal.h; opened before zones */
	struct updating *updating; /* auth/update.h */
	struct telling *telling; /* auth/notify.h */
	struct pulling *pulling; /* auth/xfrin.h */
	struct worker_thread main; /* of the main thread */
	bool writing; /* our predecessor has ended: the stores are ours */
};

#endif
