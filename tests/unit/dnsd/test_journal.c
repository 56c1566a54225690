/*
 * Journals: what is put comes back, whatever the disk did to its end; folding;
 * files to the byte.
 */
#include <sys/stat.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "crc32c.h"
#include "journalpart.h"
#include "log.h"
#include "tap.h"
#include "zonelines.h"

#define HEAD "x. 60 SOA ns.x. root.x. "
#define ZONE HEAD "1 2 3 4 5\nx. 60 NS ns.x.\nns.x. 60 A 192.0.2.1\n"

static char dir[] = "/tmp/journal.XXXXXX";
static char path[64], master[64];
static struct ev_loop *loop;
static struct journals *js;
static int told, errors;

static void
setup(void)
{
	dname_seed();
	log_level(-1); /* damage is told */
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.jnl", dir);
	snprintf(master, sizeof(master), "%s/x.zone", dir);
	loop = ev_loop_new(0);
	js = journals_open(loop);
	ck_assert_ptr_nonnull(js);
}

static void
teardown(void)
{
	char name[80];
	const char *const ends[] = { "", ".new", ".bad" };
	size_t i;

	journals_close(js);
	ev_loop_destroy(loop);
	while (snapshot_reclaim())
		;
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
		snprintf(name, sizeof(name), "%s%s", master, ends[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
on_told(void *arg, int error)
{
	int *expected = arg;

	if (expected != NULL)
		ck_assert_int_eq(*expected, told);
	told++;
	errors += error != 0;
}

/* Change the zone by lines and put that into the journal; the new zone. */
static struct snapshot *
change(struct journal *j, struct snapshot *s, const char *lines)
{
	struct edit *e = edit_begin(s, NULL);
	const struct edit_change *v;
	struct snapshot *next;
	uint32_t from = s->serial;
	char soa[80];
	size_t n;

	ck_assert_ptr_nonnull(e);
	edit_record(e);
	zonelines_edit(e, lines);
	snprintf(soa, sizeof(soa), HEAD "%u 2 3 4 5", from + 1);
	zonelines_edit(e, soa);
	n = edit_changes(e, &v);
	ck_assert_int_eq(
	    journal_put(j, from, from + 1, v, n, on_told, NULL), 0);
	next = edit_commit(e);
	ck_assert_ptr_nonnull(next);
	snapshot_retire(s, next);
	return next;
}

static const char *const lines[] = {
	"a.x. 60 A 192.0.2.7\n",
	"a.x. 60 A 192.0.2.8\nb.x. 60 TXT hello\n",
	"-a.x. 60 A 192.0.2.7\nc.b.x. 60 MX 10 ns.x.\n",
	"-b.x. 60 TXT hello\nns.x. 600 A 192.0.2.2\n",
	"x. 60 NS ns2.y.\nd.x. 1 TYPE65280 \\# 3 010203\n",
};
#define CHANGES (sizeof(lines) / sizeof(lines[0]))

/* The zones before the first, and after each change. */
static char *texts[CHANGES + 1];

static struct snapshot *
fill(struct journal *j)
{
	struct snapshot *s = zonelines_zone("x.", ZONE);
	size_t i;

	texts[0] = zonelines_text(s);
	for (i = 0; i < CHANGES; i++) {
		s = change(j, s, lines[i]);
		journals_sync(js);
		texts[i + 1] = zonelines_text(s);
	}
	ck_assert_int_eq(told, CHANGES);
	ck_assert_int_eq(errors, 0);
	return s;
}

/* Applying all from this serial on makes the zone of the last one. */
static void
expect_replay(struct journal *j, uint32_t serial, uint32_t last)
{
	struct snapshot *s = zonelines_zone("x.", ZONE);
	struct edit *e = edit_begin(s, NULL);
	struct snapshot *next;
	char *text;

	ck_assert_int_eq(journal_replay(j, serial, e), (int)(last - serial));
	next = edit_commit(e);
	ck_assert_ptr_nonnull(next);
	ck_assert_uint_eq(next->serial, last);
	text = zonelines_text(next);
	ck_assert_str_eq(text, texts[last - 1]);
	free(text);
	snapshot_retire(s, next);
	snapshot_retire(next, NULL);
}

static struct journal *
reopen(struct journal *j)
{
	journal_close(j);
	j = journal_open(js, path, true);
	ck_assert_ptr_nonnull(j);
	return j;
}

static uint8_t *
read_file(const char *name, size_t *len)
{
	int fd = open(name, O_RDONLY);
	uint8_t *p = malloc(1 << 20);
	ssize_t n;

	ck_assert_int_ne(fd, -1);
	n = read(fd, p, 1 << 20);
	ck_assert_int_gt(n, -1);
	close(fd);
	*len = (size_t)n;
	return p;
}

static void
write_file(const char *name, const uint8_t *p, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
	close(fd);
}

START_TEST(replays)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s;
	uint32_t from, to;

	ck_assert_ptr_nonnull(j);
	ck_assert(!journal_span(j, &from, &to));
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_uint_eq(journal_bytes(j), 0);
	s = fill(j);
	ck_assert(journal_span(j, &from, &to));
	ck_assert_uint_eq(from, 1);
	ck_assert_uint_eq(to, 1 + CHANGES);
	expect_replay(j, 1, 1 + CHANGES);
	j = reopen(j);
	ck_assert(journal_span(j, &from, &to));
	ck_assert_uint_eq(to, 1 + CHANGES);
	expect_replay(j, 1, 1 + CHANGES);
	ck_assert_int_eq(journal_replay(j, 1 + CHANGES, NULL), 0);
	ck_assert_int_eq(journal_replay(j, 77, NULL), -1);
	/* not what it leads to; not a change */
	errno = 0;
	ck_assert_int_eq(journal_put(j, 1, 2, NULL, 0, on_told, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(
	    journal_put(j, 1 + CHANGES, 99, NULL, 0, on_told, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	journal_close(j);
	snapshot_retire(s, NULL);
}
END_TEST

/* Sums of the head and the body are checked elsewhere. */
START_TEST(bytes)
{
	static const uint8_t want[] =
	    "dnsd journal 1\n\0"
	    "DNSJ\0\0\0\x71\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\x10"
	    "bodyhead"
	    "\1x\0\0\6\0\1\0\0\0\74\0\x22\2ns\1x\0\4root\1x\0"
	    "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"
	    "\1x\0\0\6\0\1\0\0\0\74\0\x22\2ns\1x\0\4root\1x\0"
	    "\0\0\0\2\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"
	    "\1a\1x\0\0\1\0\1\0\0\0\74\0\4\300\0\2\7";
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = zonelines_zone("x.", ZONE);
	uint8_t *p, sums[8];
	uint32_t crc;
	size_t len;

	s = change(j, s, lines[0]);
	journal_close(j);
	ck_assert_int_eq(told, 1);
	p = read_file(path, &len);
	ck_assert_uint_eq(len, sizeof(want) - 1);
	crc = htobe32(crc32c(0, p + 48, len - 48));
	memcpy(sums, &crc, 4);
	crc = htobe32(crc32c(0, p + 16, 28));
	memcpy(sums + 4, &crc, 4);
	ck_assert_mem_eq(p + 40, sums, 8);
	memcpy(p + 40, "bodyhead", 8);
	ck_assert_mem_eq(p, want, len);
	free(p);
	snapshot_retire(s, NULL);
}
END_TEST

/* However much of its end is missing: what is whole is there. */
START_TEST(cut)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);
	uint64_t ends[CHANGES + 1] = { JOURNAL_BEGIN };
	size_t len, n, i, whole;
	uint32_t from, to;
	struct stat st;
	uint8_t *p;

	for (i = 0; i < CHANGES; i++)
		ends[i] = j->places[i].at;
	ends[CHANGES] = j->end;
	journal_close(j);
	p = read_file(path, &len);
	ck_assert_uint_eq(len, ends[CHANGES]);
	for (n = 0; n <= len; n++) {
		write_file(path, p, n);
		j = journal_open(js, path, true);
		ck_assert_ptr_nonnull(j);
		for (whole = 0; whole < CHANGES && ends[whole + 1] <= n;)
			whole++;
		ck_assert_int_eq(journal_span(j, &from, &to), whole > 0);
		if (whole > 0) {
			ck_assert_uint_eq(to, 1 + whole);
			expect_replay(j, 1, to);
		}
		/* and it can be gone on with */
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_size, ends[whole]);
		journal_close(j);
	}
	free(p);
	snapshot_retire(s, NULL);
}
END_TEST

static bool
is_there(const char *name)
{
	return access(name, F_OK) == 0;
}

/*
 * One wrong bit anywhere: before the last record it is damage, which is told
 * and kept; in the last one it may be an end that was never finished. What
 * stands before is there, and can be gone on with.
 */
START_TEST(flipped)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);
	uint64_t ends[CHANGES + 1];
	size_t len, n, i, whole;
	uint32_t from, to;
	char bad[80];
	uint8_t *p;

	snprintf(bad, sizeof(bad), "%s.bad", path);
	ends[0] = JOURNAL_BEGIN;
	for (i = 0; i < CHANGES; i++)
		ends[i + 1] = i + 1 < CHANGES ? j->places[i + 1].at : j->end;
	journal_close(j);
	p = read_file(path, &len);
	for (n = 0; n < len; n++) {
		p[n] ^= (uint8_t)(1 << n % 8);
		write_file(path, p, len);
		p[n] ^= (uint8_t)(1 << n % 8);
		unlink(bad);
		j = journal_open(js, path, true);
		ck_assert_ptr_nonnull(j);
		for (whole = 0; n >= JOURNAL_BEGIN && ends[whole + 1] <= n;)
			whole++;
		ck_assert_int_eq(journal_span(j, &from, &to), whole > 0);
		if (whole > 0) {
			ck_assert_uint_eq(to, 1 + whole);
			expect_replay(j, 1, to);
		}
		ck_assert_int_eq(is_there(bad), n < ends[CHANGES - 1]);
		j = reopen(j);
		ck_assert_int_eq(journal_span(j, &from, &to), whole > 0);
		journal_close(j);
	}
	free(p);
	snapshot_retire(s, NULL);
}
END_TEST

/* What was not on disk when a later one was written may be missing. */
START_TEST(hole)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = zonelines_zone("x.", ZONE);
	char bad[80];
	uint64_t at;
	uint32_t from, to;
	uint8_t *p;
	size_t len, i;

	snprintf(bad, sizeof(bad), "%s.bad", path);
	s = change(j, s, lines[0]);
	journals_sync(js);
	for (i = 1; i < CHANGES; i++)
		s = change(j, s, lines[i]);
	at = j->places[1].at;
	journal_close(j);
	p = read_file(path, &len);
	memset(p + at, 0, 64);
	write_file(path, p, len);
	free(p);
	j = journal_open(js, path, true);
	ck_assert(journal_span(j, &from, &to));
	ck_assert_uint_eq(to, 2);
	ck_assert(!is_there(bad));
	journal_close(j);
	snapshot_retire(s, NULL);
}
END_TEST

/* Other files are left as they are, but for their name. */
START_TEST(strange)
{
	char bad[80];
	struct journal *j;
	uint32_t from, to;

	snprintf(bad, sizeof(bad), "%s.bad", path);
	write_file(path, (const uint8_t *)"; not a journal, is it?\n", 24);
	j = journal_open(js, path, true);
	ck_assert_ptr_nonnull(j);
	ck_assert(!journal_span(j, &from, &to));
	ck_assert(is_there(bad));
	journal_close(j);
	unlink(path);
	/* a directory, and one that another has */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_ptr_null(journal_open(js, path, true));
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(one_writer)
{
	struct journal *j = journal_open(js, path, true), *other;
	struct snapshot *s = fill(j), *seen;
	uint32_t from, to;

	/* another process writes it */
	ck_assert_ptr_null(journal_open(js, path, true));
	other = journal_open(js, path, false);
	ck_assert_ptr_nonnull(other);
	expect_replay(other, 1, 1 + CHANGES);
	ck_assert_int_eq(journal_put(other, 6, 7, NULL, 0, on_told, NULL), -1);
	ck_assert_int_eq(errno, EIO);
	seen = s;
	snapshot_hold(seen);
	s = change(j, s, "e.x. 60 TXT later\n");
	journals_sync(js);
	ck_assert(journal_span(other, &from, &to));
	ck_assert_uint_eq(to, 1 + CHANGES);
	ck_assert_int_eq(journal_own(other), -1);
	journal_close(other);
	other = journal_open(js, path, false);
	journal_close(j);
	ck_assert_int_eq(journal_own(other), 0);
	ck_assert(journal_span(other, &from, &to));
	ck_assert_uint_eq(to, 2 + CHANGES);
	s = change(other, s, "f.x. 60 TXT ours\n");
	journal_close(other);
	ck_assert_int_eq(errors, 0);
	snapshot_release(seen);
	snapshot_retire(s, NULL);
}
END_TEST

/* IXFR's view, while the journal grows and is folded. */
START_TEST(reads)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);
	struct journal_reader *r;
	struct journal_record rec;
	size_t changes = 0, removed = 0, added = 0;
	uint32_t serial = 2;

	ck_assert_ptr_null(journal_read(j, 0, 6));
	ck_assert_ptr_null(journal_read(j, 2, 7));
	ck_assert_ptr_null(journal_read(j, 4, 3));
	ck_assert_ptr_null(journal_read(j, 4, 4));
	r = journal_read(j, 2, 5);
	ck_assert_ptr_nonnull(r);
	ck_assert_uint_eq(
	    journal_reader_bytes(r), j->places[4].at - j->places[1].at);
	s = change(j, s, "e.x. 60 TXT later\n");
	while (journal_next(r, &rec) == 1) {
		if (rec.first) {
			ck_assert_uint_eq(rec.from, serial);
			ck_assert_uint_eq(rec.to, ++serial);
			ck_assert_uint_eq(rec.change.type, TYPE_SOA);
			ck_assert(!rec.change.added);
			changes++;
		}
		removed += !rec.change.added;
		added += rec.change.added;
	}
	ck_assert_uint_eq(changes, 3);
	/* three SOA; a.x; hello, and the A record of another TTL and address
	 */
	ck_assert_uint_eq(removed, 3 + 1 + 2);
	ck_assert_uint_eq(added, 3 + 2 + 1 + 2);
	journal_reader_close(r);
	journal_close(j);
	snapshot_retire(s, NULL);
}
END_TEST

static void
run_until(const int *what, int n)
{
	while (*what < n)
		ev_run(loop, EVRUN_ONCE);
}

static int folds, fold_error;

static void
on_folded(void *arg, int error)
{
	(void)arg;
	folds++;
	fold_error = error;
}

static char *
text_of(const char *name)
{
	size_t len;
	char *p = (char *)read_file(name, &len);

	p[len] = '\0';
	return p;
}

START_TEST(folds_all)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);
	uint32_t from, to;
	char *text;

	ck_assert_int_eq(journal_fold(j, s, master, 0, on_folded, NULL), 0);
	ck_assert_int_eq(journal_fold(j, s, master, 0, on_folded, NULL), -1);
	ck_assert_int_eq(errno, EBUSY);
	run_until(&folds, 1);
	ck_assert_int_eq(fold_error, 0);
	ck_assert(!journal_span(j, &from, &to));
	ck_assert_uint_eq(journal_bytes(j), JOURNAL_BEGIN);
	text = text_of(master);
	ck_assert_str_eq(text,
	    "$ORIGIN x.\n"
	    "$TTL 60\n"
	    "@\t\t\t\tSOA\tns.x. root.x. (\n"
	    "\t\t\t\t\t6\t\t; serial\n"
	    "\t\t\t\t\t2\t\t; refresh\n"
	    "\t\t\t\t\t3\t\t; retry\n"
	    "\t\t\t\t\t4\t\t; expire\n"
	    "\t\t\t\t\t5\t\t; minimum\n"
	    "\t\t\t\t\t)\n"
	    "\t\t\t\tNS\tns.x.\n"
	    "\t\t\t\tNS\tns2.y.\n"
	    "a\t\t\t\tA\t192.0.2.8\n"
	    "c.b\t\t\t\tMX\t10 ns.x.\n"
	    "d\t\t\t1\tTYPE65280\t\\# 3 010203\n"
	    "ns\t\t\t600\tA\t192.0.2.1\n"
	    "\t\t\t600\tA\t192.0.2.2\n");
	free(text);
	/* it goes on from there */
	s = change(j, s, "e.x. 60 TXT later\n");
	j = reopen(j);
	ck_assert(journal_span(j, &from, &to));
	ck_assert_uint_eq(from, 6);
	ck_assert_uint_eq(to, 7);
	journal_close(j);
	snapshot_retire(s, NULL);
}
END_TEST

/* The newest changes stay, and what comes meanwhile is not lost. */
START_TEST(folds_some)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);
	size_t max = j->end - j->places[3].at + 1;
	uint32_t from, to;
	int i;

	ck_assert_int_eq(journal_fold(j, s, master, max, on_folded, NULL), 0);
	for (i = 0; folds == 0 || i < 20; i++) {
		char line[64];

		snprintf(line, sizeof(line), "n%d.x. 60 TXT %d\n", i, i);
		s = change(j, s, line);
		ev_run(loop, EVRUN_NOWAIT);
	}
	ck_assert_int_eq(fold_error, 0);
	run_until(&told, (int)CHANGES + i);
	ck_assert_int_eq(errors, 0);
	j = reopen(j);
	ck_assert(journal_span(j, &from, &to));
	ck_assert_uint_eq(from, 4);
	ck_assert_uint_eq(to, 6 + (uint32_t)i);
	journal_close(j);
	snapshot_retire(s, NULL);
}
END_TEST

/* A zone that is another one now: no change of the old one leads there. */
START_TEST(folds_other)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j), *other;
	uint32_t from, to;

	other = zonelines_zone("x.", HEAD "90 2 3 4 5\nx. 60 NS ns.y.\n");
	ck_assert_int_eq(
	    journal_fold(j, other, master, 1 << 20, on_folded, NULL), 0);
	run_until(&folds, 1);
	ck_assert_int_eq(fold_error, 0);
	ck_assert(!journal_span(j, &from, &to));
	other = change(j, other, "e.x. 60 TXT later\n");
	journal_close(j);
	ck_assert_int_eq(errors, 0);
	snapshot_retire(other, NULL);
	snapshot_retire(s, NULL);
}
END_TEST

START_TEST(fold_cancelled)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);

	ck_assert_int_eq(journal_fold(j, s, master, 0, on_folded, NULL), 0);
	journal_close(j);
	ck_assert_int_eq(folds, 1);
	ck_assert(fold_error == ECANCELED || fold_error == 0);
	snapshot_retire(s, NULL);
}
END_TEST

START_TEST(fold_fails)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = fill(j);

	ck_assert_int_eq(
	    journal_fold(j, s, "/no/such/x.zone", 0, on_folded, NULL), 0);
	run_until(&folds, 1);
	ck_assert_int_eq(fold_error, ENOENT);
	expect_replay(j, 1, 6);
	s = change(j, s, "e.x. 60 TXT later\n");
	journal_close(j);
	ck_assert_int_eq(errors, 0);
	snapshot_retire(s, NULL);
}
END_TEST

/* Something to a few names: what it is may be nothing. */
static void
meddle(struct edit *e, unsigned n)
{
	static const char *const names[] = { "h.x.", "i.x.", "a.h.x.", "x.",
		"b.a.h.x.", "*.i.x.", "H.X." };
	uint8_t data[4] = { 192, 0, 2, (uint8_t)(n >> 8 & 7) };
	struct edit_rr rr = { TYPE_A, n >> 11 & 1, data, 4 };
	struct dname name;

	zonelines_name(&name, names[n % 7]);
	if ((n >> 16 & 1) == 0)
		rr = (struct edit_rr){ TYPE_TXT, n >> 11 & 3,
			(const uint8_t *)"\1a\1b\1c" + (n >> 8 & 1) * 2, 2 };
	if ((n >> 17 & 3) == 0)
		edit_remove_rrset(e, &name, rr.type);
	else if ((n >> 17 & 3) == 1)
		edit_remove(e, &name, &rr);
	else
		edit_add(e, &name, &rr);
}

static struct snapshot *
meddle_and_put(struct journal *j, struct snapshot *s, unsigned *seed)
{
	struct edit *e = edit_begin(s, NULL);
	const struct edit_change *v;
	struct snapshot *next;
	unsigned i, times = 1 + (unsigned)rand_r(seed) % 5;
	uint32_t from = s->serial;
	char soa[80];
	size_t n;

	edit_record(e);
	for (i = 0; i < times; i++)
		meddle(e, (unsigned)rand_r(seed));
	snprintf(soa, sizeof(soa), HEAD "%u 2 3 4 5", from + 1);
	zonelines_edit(e, soa);
	n = edit_changes(e, &v);
	ck_assert_int_eq(
	    journal_put(j, from, from + 1, v, n, on_told, NULL), 0);
	next = edit_commit(e);
	snapshot_retire(s, next);
	return next;
}

/* A model: whatever was done to a zone, the journal does it again. */
START_TEST(model)
{
	struct journal *j = journal_open(js, path, true);
	struct snapshot *s = zonelines_zone("x.", ZONE), *again, *next;
	struct edit *e;
	unsigned seed = 1;
	int i;

	for (i = 1; i <= 500; i++) {
		s = meddle_and_put(j, s, &seed);
		if (i % 50 != 0)
			continue;
		j = reopen(j);
		again = zonelines_zone("x.", ZONE);
		e = edit_begin(again, NULL);
		ck_assert_int_eq(journal_replay(j, 1, e), i);
		next = edit_commit(e);
		ck_assert(snapshot_same(next, s));
		snapshot_retire(again, next);
		snapshot_retire(next, NULL);
	}
	journal_close(j);
	snapshot_retire(s, NULL);
}
END_TEST

/* Two journals, one change: both or none. */
START_TEST(both)
{
	struct journal *v[2];
	struct journal_change c[2];
	struct snapshot *s[2];
	struct edit *e[2];
	char other[80];
	uint32_t from, to;
	struct put *p;
	size_t i;

	snprintf(other, sizeof(other), "%s.bad", path);
	for (i = 0; i < 2; i++) {
		v[i] = journal_open(js, i == 0 ? path : other, true);
		s[i] = zonelines_zone("x.", ZONE);
		e[i] = edit_begin(s[i], NULL);
		edit_record(e[i]);
		zonelines_edit(e[i], "a.x. 60 A 192.0.2.7\n" HEAD "2 2 3 4 5");
		c[i] = (struct journal_change){ v[i], 1, 2, NULL, 0 };
		c[i].n = edit_changes(e[i], &c[i].v);
	}
	/* the second cannot be written: the first is not either */
	ck_assert_int_eq(mkdir(other, 0700), 0);
	p = journal_prepare(c, 2);
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(journal_write(p, on_told, NULL), -1);
	ck_assert(!journal_span(v[0], &from, &to));
	ck_assert(!journal_broken(v[0]));
	ck_assert_int_eq(rmdir(other), 0);
	p = journal_prepare(c, 2);
	ck_assert_int_eq(
	    journal_write(p, on_told, NULL), journal_broken(v[1]) ? -1 : 0);
	for (i = 0; i < 2; i++) {
		journal_close(v[i]);
		edit_abort(e[i]);
		snapshot_retire(s[i], NULL);
	}
	ck_assert_int_eq(told, 1);
	ck_assert_int_eq(errors, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, replays);
	tcase_add_test(tc, bytes);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, flipped);
	tcase_add_test(tc, hole);
	tcase_add_test(tc, strange);
	tcase_add_test(tc, one_writer);
	tcase_add_test(tc, reads);
	tcase_add_test(tc, folds_all);
	tcase_add_test(tc, folds_some);
	tcase_add_test(tc, folds_other);
	tcase_add_test(tc, fold_cancelled);
	tcase_add_test(tc, fold_fails);
	tcase_add_test(tc, both);
	tcase_add_test(tc, model);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
