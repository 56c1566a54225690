/*
 * journal: a zone's changes, on disk before anybody is told of them.
 *
 * One file for each zone that changes other than by its file: updates,
 * auto_reverse, transfers in. A record is one change of serial: the old one,
 * the new one, what was removed, what was added, and a CRC-32C; the file's
 * form stands in dnsd.journal(5). It is also what IXFR is answered from.
 *
 * Writing goes through common's group commit: journal_put writes at once, the
 * one sync thread of all journals tells when that is on disk, and whatever came
 * meanwhile shares the next sync. A torn end is cut off at start; anything else
 * that is wrong is told, the file set aside, and what stands before the wrong
 * record kept.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <ev.h>

#include "zonedb.h"

struct journals; /* the sync thread and what it has to do; one for all */
struct journal;

/* Main thread. NULL with errno. */
struct journals *journals_open(struct ev_loop *);
/* Wait until all that was put is on disk, and told. */
void journals_sync(struct journals *);
/* When every journal was closed. */
void journals_close(struct journals *);

/*
 * Open a zone's journal; the file comes into being with the first change.
 * `write` false: another process still writes it; journal_own opens it for
 * writing, after reading what came meanwhile: 0, or -1 after a message. NULL
 * with errno after a message.
 */
struct journal *journal_open(struct journals *, const char *path, bool write);
int journal_own(struct journal *);
/* Forget all changes: the zone's file is newer. At start, before the first is
 * added. 0 or -1 with errno. */
int journal_clear(struct journal *);
/* The same the other way round: another process may own it from now on; what
 * is in it can still be read here. */
void journal_yield(struct journal *);
/* What was put is synced before, and told; a fold that runs is given up. */
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
 * Add a change: SOA removed, what else was removed, SOA added, what else was
 * added (edit_changes'). `from` is where the journal leads to, unless that is
 * empty. 0, or -1 with errno: nothing was added (EINVAL: not such a change; a
 * full disk may have room later). After other errors of the disk nothing can be
 * added (EIO) until journal_fold has succeeded.
 */
int journal_put(struct journal *, uint32_t from, uint32_t to,
    const struct edit_change *, size_t n, journal_done *, void *arg);
/*
 * Changes of several journals: all or none, told once. In two steps, so that
 * nothing can fail between the disk's promise and who keeps it: prepare checks
 * them and takes what they say (NULL with errno); write is as above, and either
 * of write and drop ends it.
 */
struct journal_change {
	struct journal *journal;
	uint32_t from, to;
	const struct edit_change *v;
	size_t n;
};
struct put;
struct put *journal_prepare(const struct journal_change *, size_t n);
int journal_write(struct put *, journal_done *, void *arg);
void journal_drop(struct put *);
/* Nothing can be added. */
bool journal_broken(const struct journal *);

/*
 * A change, for IXFR: everything from one serial to the next. Readers' threads
 * may read: the file is only added to, and journal_fold makes a new one.
 */
struct journal_reader;
/* From this serial on, up to `to`. NULL: not in it, or no memory. */
struct journal_reader *
journal_read(const struct journal *, uint32_t from, uint32_t to);
/* Bytes of the file that it will read: more or less those of the transfer. */
size_t journal_reader_bytes(const struct journal_reader *);
struct journal_record {
	bool first; /* of its change: the SOA of serial `from`, removed */
	uint32_t from, to; /* of its change */
	struct edit_change change; /* valid until the next call */
};
/* 1, 0: no more, -1: it could not be read (the transfer must break). */
int journal_next(struct journal_reader *, struct journal_record *);
void journal_reader_close(struct journal_reader *);

/*
 * Write the snapshot as a master file (temporary file,
 * sync, rename, sync of the directory) and forget changes above max bytes,
 * oldest first; those that lead on from the snapshot stay, and where none ends
 * in it, all go. In the background, by a thread; done as above. One at a time
 * for a journal (EBUSY). 0, or -1 with errno.
 */
int journal_fold(struct journal *, const struct snapshot *, const char *path,
    size_t max, journal_done *, void *arg);
size_t journal_bytes(const struct journal *);

#endif
