/*
 * Journals of any bytes, as they are, or as records with right sums: opened,
 * mended, read, replayed. What is there after that is there again.
 */
#include "dnsd/unchecked.h"

#include <fcntl.h>
#include <unistd.h>

#include "crc32c.h"
#include "journalpart.h"
#include "log.h"
#include "dnsd/zonelines.h"

#define ZONE "x. 60 SOA ns.x. root.x. 1 2 3 4 5\nx. 60 NS ns.x.\n"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* In the place of the C library's: nothing here is to survive anything. */
int
fdatasync(int fd)
{
	(void)fd;
	return 0;
}

int
fsync(int fd)
{
	(void)fd;
	return 0;
}

static struct journals *journals;
static char path[64];

static void
clean_up(void)
{
	char bad[80];

	snprintf(bad, sizeof(bad), "%s.bad", path);
	unlink(bad);
	unlink(path);
}

static void
prepare(void)
{
	dname_seed();
	log_level(-1);
	journals = journals_open(ev_loop_new(0));
	ck_assert_ptr_nonnull(journals);
	snprintf(path, sizeof(path), "/tmp/fuzz-journal.%d", (int)getpid());
	atexit(clean_up);
}

/* Every change, for IXFR, and for a zone. */
static size_t
read_all(struct journal *j)
{
	struct journal_record rec;
	struct journal_reader *r;
	struct snapshot *s, *next;
	uint32_t from, to;
	struct edit *e;
	size_t n = 0;

	if (!journal_span(j, &from, &to))
		return 0;
	if ((r = journal_read(j, from, to)) != NULL) {
		while (journal_next(r, &rec) == 1)
			n++;
		journal_reader_close(r);
	}
	s = zonelines_zone("x.", ZONE);
	e = edit_begin(s, NULL);
	if (journal_replay(j, from, e) == -1)
		edit_abort(e);
	else if ((next = edit_commit(e)) != NULL)
		snapshot_free(next);
	snapshot_free(s);
	return n + 1;
}

static void
open_twice(const uint8_t *p, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct journal *j;
	size_t n;

	ck_assert(fd != -1);
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
	close(fd);
	j = journal_open(journals, path, false);
	ck_assert_ptr_nonnull(j);
	n = read_all(j);
	ck_assert_int_eq(journal_own(j), 0);
	ck_assert_uint_eq(read_all(j), n);
	journal_close(j);
	j = journal_open(journals, path, true);
	ck_assert_ptr_nonnull(j);
	ck_assert_uint_eq(read_all(j), n);
	journal_close(j);
}

/* The input as bodies: each begins with its length and two serials. */
static void
with_sums(const uint8_t *p, size_t len)
{
	static uint8_t file[1 << 17];
	struct journal_head h;
	size_t at = JOURNAL_BEGIN;

	memcpy(file, JOURNAL_MAGIC, JOURNAL_BEGIN);
	while (len >= 3 && sizeof(file) - at > JOURNAL_HEAD + 256) {
		h = (struct journal_head){
			.len = p[0], .from = p[1], .to = p[2], .proven = at
		};
		p += 3;
		len -= 3;
		if (h.len > len)
			h.len = (uint32_t)len;
		h.crc = crc32c(0, p, h.len);
		journalform_head(&h, file + at);
		memcpy(file + at + JOURNAL_HEAD, p, h.len);
		at += JOURNAL_HEAD + h.len;
		p += h.len;
		len -= h.len;
	}
	open_twice(file, at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	if (journals == NULL)
		prepare();
	if (len > 1 << 16)
		return 0;
	open_twice(p, len);
	with_sums(p, len);
	while (snapshot_reclaim())
		;
	return 0;
}
