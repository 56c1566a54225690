/*
 * store: leases that survive. What is acknowledged was synced before.
 *
 * Files in the directory (dhcpd.leases(5)):
 *
 *	lock		held by the one process that serves these leases
 *	leases		snapshot: one line for each lease, and which journal
 *			goes on from it
 *	journal.N	what changed since, appended; N grows by one with each
 *			snapshot and each start
 *	history		every line ever; begun anew at a size, the one before
 *			it is history.1
 *	NAME.bad	a file that could not be read whole, kept
 *
 * Flow: store_put adds lines to the batch; store_flush writes the batch with
 * one write and submits it to the commit thread under a ticket; when the sync
 * is done, `synced` is called with the ticket, and what waited for it may be
 * said. While one sync runs, all that comes shares the next one. The history
 * is written with it, but not waited for; past.h reads it.
 *
 * An error of write or sync is final for the file (its pages may be gone): the
 * store stops (store_broken) until a snapshot has written everything anew into
 * new files, which it tries every few seconds; nothing is granted meanwhile.
 *
 * Compaction: when the journal is larger than twice the live leases and 4 MB,
 * a new journal is begun and a forked child (which a sandbox must allow) writes
 * `leases.new` from its copy of memory, syncs, renames, syncs the directory;
 * then it removes the old journals. A crash at any point leaves files that load
 * to the same leases.
 */
#ifndef STORE_H
#define STORE_H

#include <ev.h>

#include "lease.h"

struct store;

struct store_setup {
	int dir; /* descriptor of the directory; taken over, whatever becomes
		    of it */
	struct ev_loop *loop;
	struct leases *leases;
	/* The network number of an address, for loaded leases. */
	uint32_t (*network_of)(void *arg, uint32_t ip);
	/*
	 * All up to this ticket is on disk; or it failed for good (error).
	 * Tickets come in order, never from within store_flush.
	 */
	void (*synced)(void *arg, uint64_t ticket, int error);
	void *arg;
	uint64_t history_max; /* bytes; 0: no history */
	uint64_t snapshot_min; /* bytes of journal before a snapshot; 4 MB */
};

/*
 * Take the lock, without waiting: NULL with EWOULDBLOCK while another process
 * serves these leases (try again soon: a reload's old worker ends). Starts
 * the sync thread.
 */
struct store *store_open(const struct store_setup *);
/*
 * Load all files, network by network_of, and begin a new journal. Lines that
 * are cut or wrong are skipped, counted and told in one message; the files they
 * stood in are kept. No file can stop the start; where no journal can be begun
 * the store is broken, and tries again. 0, or -1 (no memory) after a message.
 */
int store_load(struct store *);
struct store_load_result {
	uint64_t lines, bad;
	double seconds;
};
const struct store_load_result *store_loaded(const struct store *);

/*
 * Add the lease's line to the batch. false: the store is broken, and what it
 * says may not be promised to anyone. Offers are not written.
 */
bool store_put(struct store *, struct lease *);
/*
 * Write and submit the batch. Its ticket; 0 where nothing waits to be synced;
 * the ticket of an earlier batch where only that is under way and this one is
 * empty (so that a reply may always wait for what came before it).
 */
uint64_t store_flush(struct store *);
/* Nothing can be granted now. */
bool store_broken(const struct store *);
/*
 * Write a snapshot now (forks). 0: it began, or -1 with errno; EALREADY while
 * one is being written or the journal before is still being synced.
 */
int store_snapshot(struct store *);

/*
 * Sync what waits (blocks; `synced` is called for it), give up the lock, free.
 */
void store_close(struct store *);

#endif
