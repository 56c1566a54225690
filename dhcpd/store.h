/*
 * store: leases that survive. What is acknowledged was synced before.
 *
 * Files in the directory (dhcpd.leases(5)):
 *
 *	lock		held by the one process that serves these leases
 *	leases		snapshot: one line for each lease
 *	journal.N	what changed since, appended; N grows by one with each
 *			snapshot
 *	history		every line ever, rotated by size (history.1)
 *
 * Flow: store_put adds lines to the batch; store_flush writes the batch with
 * one write and submits it to the commit thread under a ticket; when the sync
 * is done, `synced` is called with the ticket, and what waited for it may be
 * said. While one sync runs, all that comes shares the next one.
 *
 * An error of write or sync is final for the file (its pages may be gone): the
 * store stops (store_broken) until a snapshot has written everything anew into
 * new files; nothing is granted meanwhile.
 *
 * Compaction: when the journal is larger than twice the live leases and 4 MB,
 * a new journal is begun and a forked child writes `leases.new` from its copy
 * of memory, syncs, renames, syncs the directory; then the old journal goes.
 * A crash at any point leaves files that load to the same leases.
 */
#ifndef STORE_H
#define STORE_H

#include <ev.h>

#include "lease.h"

struct store;

struct store_setup {
	int dir; /* descriptor of the directory; taken over */
	struct ev_loop *loop;
	struct leases *leases;
	/* The network number of an address, for loaded leases. */
	uint32_t (*network_of)(void *arg, uint32_t ip);
	/* All up to this ticket is on disk; or it failed for good (error). */
	void (*synced)(void *arg, uint64_t ticket, int error);
	/* A lease changed on disk; for events, DNS and the shared map. NULL */
	void (*changed)(void *arg, const struct lease *);
	void *arg;
	uint64_t history_max; /* bytes; 0: no history */
	uint64_t snapshot_min; /* bytes of journal before a snapshot; 4 MB */
};

/*
 * Take the lock, without waiting: NULL with EWOULDBLOCK while another process
 * serves these leases (try again soon: a reload's old worker ends).
 */
struct store *store_open(const struct store_setup *);
/*
 * Load all files, network by network_of, and begin a new journal. Lines that
 * are cut or wrong are skipped, counted and told in one message. 0, or -1
 * after a message.
 */
int store_load(struct store *);
struct store_load_result {
	uint64_t lines, bad;
	double seconds;
};
const struct store_load_result *store_loaded(const struct store *);

/* Add the lease's line to the batch. false: the store is broken. */
bool store_put(struct store *, struct lease *);
/*
 * Write and submit the batch. Its ticket; 0 where nothing waits to be synced;
 * the ticket of an earlier batch where only that is under way and this one is
 * empty (so that a reply may always wait for what came before it).
 */
uint64_t store_flush(struct store *);
/* Nothing can be granted now. */
bool store_broken(const struct store *);
/* Write a snapshot now (forks). 0, or -1 with errno; EALREADY. */
int store_snapshot(struct store *);

/*
 * Lines of the history that concern this address, oldest first; at > 0: only
 * the one that was in force then. Reads the files; at most `max` lines are
 * given. -1 with errno.
 */
struct journal_record;
int store_history(struct store *, uint32_t ip, int64_t at, size_t max,
    void (*line)(void *arg, int64_t when, const struct journal_record *),
    void *arg);

/* Sync what waits (blocks), give up the lock, free. */
void store_close(struct store *);

#endif
