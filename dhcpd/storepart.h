/*
 * storepart: what the parts of store share and nobody else needs.
 *
 *	store		batches, tickets, and what is done when a disk fails
 *	storefile	lines of files, and the loading of them all
 *	storesnap	snapshots
 *	storehistory	the history
 *
 * A ticket goes with each batch. The commit thread gives them back in order;
 * one more, `failed`, may be behind them: that of a batch which could not be
 * written. After a change of journals the tickets of the new one are held back
 * until its name is on disk, which the snapshot's child sees to first.
 */
#ifndef STOREPART_H
#define STOREPART_H

#include <sys/types.h>

#include "commit.h"
#include "journal.h"
#include "log.h"
#include "store.h"

#define STORE_FILE_MODE 0640
#define STORE_LEASES "leases"
#define STORE_LEASES_NEW "leases.new"
#define STORE_JOURNAL "journal."
#define STORE_BAD ".bad"
#define STORE_HISTORY "history"
#define STORE_HISTORY_OLD "history.1"
#define STORE_NAME 64 /* bytes of a file's name */

struct store {
	struct store_setup setup;
	int lock;

	struct commit *commit;
	ev_io done;
	int journal; /* -1: none could be begun */
	uint64_t number; /* of the journal */
	uint64_t oldest; /* the first that the next snapshot replaces */
	uint64_t journal_bytes; /* since the last snapshot */
	uint64_t snapshot_bytes; /* of these, when the one under way began */
	uint64_t snapshot_at; /* not before so many; after a failure */
	char *batch;
	size_t batch_len, batch_size;

	uint64_t ticket; /* the last given, */
	uint64_t submitted, reaped; /* .. to the thread, .. by it, */
	uint64_t delivered; /* .. to the caller */
	bool owed; /* the last was not submitted yet */
	uint64_t failed; /* could not be written; 0: none, */
	uint64_t failed_after; /* .. to be told after this one */
	int failed_error;

	int old; /* the journal before, while it is synced; -1 */
	uint64_t old_last; /* its last ticket */
	bool holding; /* later tickets are held back; */
	uint64_t held; /* .. the last that was */
	int journal_error; /* later tickets are worth nothing: why */

	bool broken, rebuilding;
	ev_timer retry;

	pid_t child; /* writes a snapshot; 0: none */
	ev_io child_io;
	bool child_ok; /* it said how it ended */

	int history; /* -1: none */
	uint64_t history_bytes;
	bool history_torn; /* its last line may have no end */
	struct log_limit history_limit;

	bool bad_leases, bad_journals; /* files to be kept */
	struct store_load_result loaded;
};

/* All bytes. 0 or -1 with errno. */
int store_write(int fd, const char *p, size_t n);
/* From now on nothing is granted, until all was written anew. */
void store_break(struct store *, const char *what, int error);
/* Begin journal.N, the first N from s->number on that there is not; or -1. */
int store_begin_journal(struct store *, uint64_t *number);
/* The journal's name is on disk: what was held back may be said. */
void store_let_go(struct store *);
/* The old journal is closed once nothing is under way for it. */
void store_end_old(struct store *);

/*
 * Each line of a file, without newline, with its place; false ends it. A last
 * line without newline has `cut` set. 0 or -1 with errno.
 */
struct storefile_line {
	const char *text;
	size_t len;
	uint64_t at;
	bool cut;
};
int storefile_each(
    int fd, bool (*line)(void *, const struct storefile_line *), void *arg);
char *storefile_journal(uint64_t number, char name[STORE_NAME]);
/*
 * A file that cannot be opened, as errno says, must not be in the way, nor be
 * lost.
 */
void storefile_put_aside(const struct store *, const char *name);

void storesnap_init(struct store *);
/* When the journal has grown enough. */
void storesnap_consider(struct store *);
/* End the child, if there is one. */
void storesnap_stop(struct store *);

void storehistory_start(struct store *);
void storehistory_add(struct store *, const char *lines, size_t n);
void storehistory_close(struct store *);

#endif
