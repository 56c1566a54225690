/*
 * journal: a zone's changes, on disk before anybody is told of them.
 *
 * One file for each zone that changes other than by its file: updates,
 * auto_reverse, transfers in. A record is one change of serial: the old one,
 * the new one, what was removed, what was added, and a CRC-32C; the file's
 * form stands in dnsd.zone(5). It is also what IXFR is answered from.
 *
 * Writing goes through common's group commit: journal_put writes at once, the
 * store's one sync thread tells when that is on disk, and whatever came
 * meanwhile shares the next sync. A torn end is cut off at start; anything
 * else that is wrong is told, and the file set aside.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <ev.h>

#include "zonedb.h"

struct journals; /* the sync thread and what it has to do; one for all */
struct journal;

/* Main thread. NULL with errno. */
struct journals *journals_open(struct ev_loop *);
/* Sync, close. */
void journals_close(struct journals *);

/*
 * Open a zone's journal, or make it. `write` false: another process still
 * writes it; journal_own opens it for writing, after reading what came
 * meanwhile. NULL with errno after a message.
 */
struct journal *journal_open(struct journals *, const char *path, bool write);
int journal_own(struct journal *);
void journal_close(struct journal *);

/* Serials it leads from and to; false: it is empty. */
bool journal_span(const struct journal *, uint32_t *from, uint32_t *to);
/*
 * Apply all changes from this serial on to the edit. The number applied; -1:
 * the serial is not in it, or what is to be removed is not there (told).
 */
int journal_replay(struct journal *, uint32_t from, struct edit *);

/* Bytes and a call: when it is on disk (0), or an errno. Not before it
 * returns. */
typedef void journal_done(void *arg, int error);
/*
 * Add a change. 0, or -1 with errno: nothing was added. After an error of the
 * disk nothing can be added until journal_fold has succeeded.
 */
int journal_put(struct journal *, uint32_t from, uint32_t to,
    const struct edit_change *, size_t n, journal_done *, void *arg);

/*
 * A change, for IXFR: everything from one serial to the next. Readers' threads
 * may read: the file is only added to, and journal_fold makes a new one.
 */
struct journal_reader;
/* From this serial on, up to `to`. NULL: not in it. */
struct journal_reader *
journal_read(const struct journal *, uint32_t from, uint32_t to);
struct journal_record {
	bool first; /* of its change: then from and to are set */
	uint32_t from, to;
	struct edit_change change;
};
/* 1, 0: no more, -1: it could not be read (the transfer must break). */
int journal_next(struct journal_reader *, struct journal_record *);
void journal_reader_close(struct journal_reader *);

/*
 * Write the snapshot as a master file (temporary file, sync, rename, sync of
 * the directory) and forget changes above max bytes, oldest first. In the
 * background, by a thread; done as above. One at a time for a journal.
 */
int journal_fold(struct journal *, const struct snapshot *, const char *path,
    size_t max, journal_done *, void *arg);
size_t journal_bytes(const struct journal *);

#endif
