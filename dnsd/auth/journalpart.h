/*
 * journalpart: what the files of journal share; private to them.
 *
 * A file begins with JOURNAL_MAGIC; records follow, each a head of
 * JOURNAL_HEAD bytes and a body of resource records as a message has them,
 * without compression:
 *
 *	 0  4  "DNSJ"
 *	 4  4  bytes of the body
 *	 8  4  serial before
 *	12  4  serial after
 *	16  8  bytes of this file that were on disk when this was written
 *	24  4  CRC-32C of the body
 *	28  4  CRC-32C of the 28 bytes before
 *
 * Numbers are big-endian. A record that is wrong was never finished, unless a
 * later one says that it had been on disk.
 */
#ifndef JOURNALPART_H
#define JOURNALPART_H

#include <sys/queue.h>

#include <pthread.h>

#include "commit.h"
#include "journal.h"

#define JOURNAL_MAGIC "dnsd journal 1\n" /* with its NUL: 16 bytes */
#define JOURNAL_BEGIN sizeof(JOURNAL_MAGIC)
#define JOURNAL_HEAD 32
#define JOURNAL_BODY_MAX (UINT32_C(1) << 31)
#define JOURNAL_RR_MAX (255 + 10 + 65535)

/* Heads. */
struct journal_head {
	uint32_t len, from, to;
	uint64_t proven;
	uint32_t crc;
};
void journalform_head(const struct journal_head *, uint8_t[JOURNAL_HEAD]);
/* 0, or -1: none. */
int journalform_get(const uint8_t[JOURNAL_HEAD], struct journal_head *);
/* A whole record, added to the buffer, proven left out. 0, or -1 with errno. */
struct buf;
int journalform_record(const struct journal_change *, struct buf *);
/* Put in what is known when it is written. */
void journalform_prove(uint8_t *record, uint64_t proven);

/* A part of a file in memory. */
struct journal_window {
	int fd;
	uint64_t end; /* what is read stands before */
	uint64_t at; /* offset of buf[0] */
	size_t len, size;
	uint8_t *buf;
};
/* size: more than any call wants. 0 or -1: no memory. */
int journalwindow_open(struct journal_window *, int fd, uint64_t end);
void journalwindow_close(struct journal_window *);
/* n bytes at this offset; valid until the next call. NULL with errno: they
 * can't be read (0: they are behind the end). */
const uint8_t *journalwindow_at(struct journal_window *, uint64_t at, size_t n);

/* Where a record stands. */
struct journal_place {
	uint64_t at;
	uint32_t from, to;
};

/* An open file; when another takes its place it waits for its tickets. */
struct journal_file {
	int fd;
	unsigned under_way;
	bool retired;
};

struct fold;

struct journal {
	struct journals *all;
	char *path;
	/* The lock is for file, places, n: the main thread changes them, other
	 * threads read them. */
	pthread_mutex_t lock;
	struct journal_file *file; /* NULL: there is none yet */
	struct journal_place *places;
	size_t n, size;
	uint64_t end; /* behind the last record */
	uint64_t proven; /* all before is on disk, */
	size_t nproven; /* so many records */
	bool empty; /* with what waits to be written; else it leads: */
	uint32_t to;
	bool write, broken;
	unsigned life; /* times that it broke: what was put in an earlier one
			  fails */
	unsigned waiting; /* puts that have not been told */
	struct fold *fold;
};

/* A change under way, of one or more journals. */
struct put {
	TAILQ_ENTRY(put) link;
	journal_done *done;
	void *arg;
	uint64_t ticket;
	unsigned left; /* tickets that have not come back */
	int error;
	size_t n;
	struct put_part {
		struct journal *journal;
		struct journal_file *file;
		unsigned life;
		struct journal_place place;
		uint8_t *bytes; /* the record, until it is written */
		size_t len;
	} part[];
};
TAILQ_HEAD(puts, put);

struct journals {
	struct ev_loop *loop;
	struct commit *commit;
	ev_io done;
	struct puts written; /* and not told; oldest first */
	struct puts queued; /* while paused */
	unsigned paused; /* nothing is written: a file is being replaced */
	uint64_t ticket; /* the last one */
	size_t tickets; /* under way */
	bool delivering;
	struct folds *folds; /* the thread; NULL: none was needed */
};

/* journalfile.c: all 0, or -1 after a message. */
/* Read the file, if there is one; `write`: mend and lock it. */
int journalfile_open(struct journal *);
/* Make the file, with its name on disk. -1 with errno, no message. */
int journalfile_make(struct journal *);
/* The record whole, chain not looked at? 1, 0: no, -1 with errno. */
int
journalfile_check(struct journal_window *, uint64_t at, struct journal_head *);
void journalfile_retire(struct journal *, struct journal_file *);
int journalfile_add(struct journal *, const struct journal_place *);
int journalfile_write(int fd, const void *, size_t, uint64_t at);
int journalfile_sync_dir(const char *path);

/* journal.c */
void journal_break(struct journal *, int error);
void journals_pause(struct journals *);
void journals_resume(struct journals *);

/* journalfold.c */
void journalfold_cancel(struct journal *);
void journalfold_end(struct journals *);

#endif
