/*
 * Counters in shared memory: the file, workers that add at once, folding
 * under the eyes of a reader, a parent that is killed, damaged files.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stats.h"
#include "tap.h"

enum { REQUESTS, ACTIVE, ERRORS, NKEYS };

static const struct stats_key keys[] = {
	{ "requests", STATS_COUNTER },
	{ "transfers.active", STATS_GAUGE },
	{ "errors.not_found", STATS_COUNTER },
	{ NULL, STATS_COUNTER },
};

static char dir[PATH_MAX], path[PATH_MAX + 16];

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/test_stats.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/d.stats", dir);
}

static void
teardown(void)
{
	char name[2 * PATH_MAX];
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
		unlink(name);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

static struct stats *
create(void)
{
	struct stats *s = stats_create(path, "tftpd", keys, STATS_BLOCKS);

	ck_assert_ptr_nonnull(s);
	return s;
}

static struct stats_reader *
reader(void)
{
	struct stats_reader *r = stats_open(path);

	ck_assert_ptr_nonnull(r);
	return r;
}

static stats_value *
take(struct stats *s)
{
	stats_value *b = stats_block(s);

	ck_assert_ptr_nonnull(b);
	return b;
}

static void
refused(int error)
{
	errno = 0;
	ck_assert_ptr_null(stats_open(path));
	ck_assert_int_eq(errno, error);
}

START_TEST(test_file)
{
	struct stats *s = create();
	struct stats_reader *r = reader();
	size_t i;

	ck_assert_str_eq(stats_daemon(r), "tftpd");
	ck_assert_int_eq(stats_pid(r), getpid());
	ck_assert_int_le(stats_started(r), time(NULL));
	ck_assert_int_gt(stats_started(r), time(NULL) - 60);
	ck_assert_uint_eq(stats_count(r), NKEYS);
	for (i = 0; i < NKEYS; i++) {
		ck_assert_str_eq(stats_name(r, i), keys[i].name);
		ck_assert_uint_eq(stats_sum(r, i), 0);
	}
	stats_close(r);
	stats_close(NULL);
	stats_destroy(s);
	refused(ENOENT);
}
END_TEST

START_TEST(test_add)
{
	struct stats *s = create();
	struct stats_reader *r = reader();
	stats_value *a = take(s), *b = take(s);

	ck_assert_uint_eq((uintptr_t)a % 64, 0);
	ck_assert_uint_eq((uintptr_t)b % 64, 0);
	ck_assert_uint_ge((size_t)(b - a) * sizeof(*a), 64);
	stats_add(a, REQUESTS, 3);
	stats_add(b, REQUESTS, 4);
	stats_add(b, ERRORS, UINT64_C(1) << 40);
	stats_set(a, ACTIVE, 5);
	stats_set(b, ACTIVE, 6);
	stats_set(b, ACTIVE, 2);
	ck_assert_uint_eq(stats_sum(r, REQUESTS), 7);
	ck_assert_uint_eq(stats_sum(r, ACTIVE), 7);
	ck_assert_uint_eq(stats_sum(r, ERRORS), UINT64_C(1) << 40);
	stats_close(r);
	stats_destroy(s);
}
END_TEST

/* Counters stay, gauges go, the block's next worker goes on with it. */
START_TEST(test_fold)
{
	struct stats *s = create();
	struct stats_reader *r = reader();
	stats_value *a, *b = take(s);
	uint64_t i;

	stats_set(b, ACTIVE, 7);
	stats_add(b, ERRORS, 1);
	for (i = 1; i <= 10; i++) {
		a = take(s);
		ck_assert_ptr_ne(a, b);
		ck_assert_uint_eq(a[ACTIVE], 0);
		ck_assert_uint_eq(stats_sum(r, REQUESTS), 100 * (i - 1));
		stats_add(a, REQUESTS, 100);
		stats_set(a, ACTIVE, 50);
		ck_assert_uint_eq(stats_sum(r, ACTIVE), 57);
		stats_release(s, a);
		ck_assert_uint_eq(stats_sum(r, REQUESTS), 100 * i);
		ck_assert_uint_eq(stats_sum(r, ACTIVE), 7);
		ck_assert_uint_eq(stats_sum(r, ERRORS), 1);
	}
	stats_release(s, a); /* not in use any more: nothing happens */
	ck_assert_uint_eq(stats_sum(r, REQUESTS), 1000);
	stats_close(r);
	stats_destroy(s);
}
END_TEST

START_TEST(test_blocks)
{
	struct stats *s = create();
	stats_value *b[STATS_BLOCKS];
	size_t i;

	for (i = 0; i < STATS_BLOCKS; i++) {
		b[i] = take(s);
		ck_assert(i == 0 || b[i] != b[i - 1]);
		stats_add(b[i], ERRORS, 1);
	}
	ck_assert_ptr_null(stats_block(s));
	ck_assert_ptr_null(stats_block(s));
	stats_release(s, b[77]);
	ck_assert_ptr_eq(stats_block(s), b[77]);
	ck_assert_ptr_null(stats_block(s));
	for (i = 0; i < STATS_BLOCKS; i++)
		stats_release(s, b[i]);
	ck_assert_ptr_nonnull(stats_block(s));
	stats_destroy(s);
}
END_TEST

/* A file may have any number of them, which its reader finds in it. */
START_TEST(test_how_many)
{
	static const size_t counts[] = { 1, 2, STATS_BLOCKS_MAX };
	struct stats_reader *r;
	struct stats *s;
	size_t i;

	s = stats_create(path, "dnsd", keys, counts[_i]);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_nonnull(r = stats_open(path));
	for (i = 0; i < counts[_i]; i++)
		stats_add(take(s), ERRORS, 1);
	ck_assert_ptr_null(stats_block(s));
	ck_assert_uint_eq(stats_sum(r, ERRORS), counts[_i]);
	stats_close(r);
	stats_destroy(s);
	ck_assert_ptr_null(stats_create(path, "dnsd", keys, 0));
	ck_assert_ptr_null(
	    stats_create(path, "dnsd", keys, STATS_BLOCKS_MAX + 1));
}
END_TEST

#define WORKERS 8
#define ADDS 200000
#define WATCHED 100000

static pid_t
worker(stats_value *b)
{
	pid_t pid = fork();
	int i;

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	for (i = 0; i < ADDS; i++) {
		stats_add(b, REQUESTS, 1);
		stats_set(b, ACTIVE, (uint64_t)i);
	}
	_exit(0);
}

/* Workers add at once and nothing is lost; no sum is below an earlier one. */
START_TEST(test_workers)
{
	struct stats *s = create();
	struct stats_reader *r = reader();
	stats_value *b[WORKERS];
	pid_t pid[WORKERS], gone;
	uint64_t sum, last = 0;
	int i, left = WORKERS;

	for (i = 0; i < WORKERS; i++) {
		b[i] = take(s);
		pid[i] = worker(b[i]);
	}
	while (left > 0) {
		sum = stats_sum(r, REQUESTS);
		ck_assert_uint_ge(sum, last);
		last = sum;
		gone = waitpid(-1, NULL, WNOHANG);
		for (i = 0; i < WORKERS && gone > 0; i++) {
			if (pid[i] == gone) {
				stats_release(s, b[i]);
				left--;
			}
		}
	}
	ck_assert_uint_eq(stats_sum(r, REQUESTS), WORKERS * ADDS);
	ck_assert_uint_eq(stats_sum(r, ACTIVE), 0);
	stats_close(r);
	stats_destroy(s);
}
END_TEST

/* What a parent that folds without end has counted at most. */
struct shared {
	_Atomic uint64_t added;
	_Atomic uint64_t reads; /* by those who watch */
	bool watched;
	atomic_bool stop;
};

static struct shared *
shared_new(void)
{
	struct shared *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

static void
fold_once(struct stats *s, struct shared *p)
{
	stats_value *b = stats_block(s);
	uint64_t reads = atomic_load(&p->reads);

	atomic_fetch_add(&p->added, 1);
	stats_add(b, REQUESTS, 1);
	stats_add(b, ERRORS, 1000);
	/* A reader shall have seen it in the block. */
	while (p->watched && atomic_load(&p->reads) == reads)
		;
	stats_release(s, b);
}

/* 0 when nothing was lost and nothing was double. */
static int
watch(const struct stats_reader *r, struct shared *p)
{
	uint64_t sum, last = 0, before, after;

	while (!atomic_load(&p->stop)) {
		before = atomic_load(&p->added);
		sum = stats_sum(r, REQUESTS);
		after = atomic_load(&p->added);
		if (sum < last || sum + 1 < before || sum > after)
			return 1;
		if (stats_sum(r, ERRORS) % 1000 != 0)
			return 2;
		last = sum;
		atomic_fetch_add(&p->reads, 1);
	}
	return 0;
}

/* A reader's process. */
static pid_t
watcher(struct shared *p)
{
	pid_t pid = fork();
	int rc;

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	rc = watch(reader(), p);
	if (rc != 0)
		atomic_store(&p->reads, WATCHED);
	_exit(rc);
}

START_TEST(test_fold_watched)
{
	struct stats *s = create();
	struct shared *p = shared_new();
	pid_t pid[2];
	int i, status;

	/* The last block, so that a sum is long on its way to it. */
	for (i = 0; i < STATS_BLOCKS - 1; i++)
		take(s);
	p->watched = true;
	for (i = 0; i < 2; i++)
		pid[i] = watcher(p);
	while (atomic_load(&p->reads) < WATCHED)
		fold_once(s, p);
	atomic_store(&p->stop, true);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	stats_destroy(s);
}
END_TEST

/* Killed anywhere in a fold, the file says what is right. */
START_TEST(test_parent_killed)
{
	struct shared *p;
	struct stats_reader *r;
	struct stats *s;
	pid_t pid;
	int i;

	for (i = 0; i < 100; i++) {
		s = create();
		p = shared_new();
		if ((pid = fork()) == 0) {
			for (;;)
				fold_once(s, p);
		}
		ck_assert_int_ne(pid, -1);
		while (atomic_load(&p->added) < 100)
			;
		usleep((useconds_t)(i * 7));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		r = reader();
		ck_assert_uint_le(stats_sum(r, REQUESTS), p->added);
		ck_assert_uint_ge(stats_sum(r, REQUESTS) + 1, p->added);
		stats_close(r);
		stats_destroy(s);
		munmap(p, sizeof(*p));
	}
}
END_TEST

START_TEST(test_private)
{
	struct stats *s = stats_create(NULL, "tftpd", keys, STATS_BLOCKS);
	stats_value *b;
	pid_t pid;

	ck_assert_ptr_nonnull(s);
	b = take(s);
	stats_add(b, REQUESTS, 1);
	if ((pid = fork()) == 0) {
		stats_add(b, REQUESTS, 1);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	ck_assert_uint_eq(b[REQUESTS], 2);
	stats_release(s, b);
	stats_destroy(s);
	stats_destroy(NULL);
}
END_TEST

static size_t
entries_in_dir(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

/* A new inode takes the place of the old, which its readers keep. */
START_TEST(test_replaced)
{
	struct stats *old, *new;
	struct stats_reader *r1, *r2;
	struct stat st;

	umask(077);
	old = create();
	r1 = reader();
	stats_add(take(old), REQUESTS, 1);
	new = create();
	r2 = reader();
	stats_add(take(new), REQUESTS, 10);
	ck_assert_uint_eq(stats_sum(r1, REQUESTS), 1);
	ck_assert_uint_eq(stats_sum(r2, REQUESTS), 10);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_uint_eq(entries_in_dir(), 1);
	/* The old daemon's end doesn't take the new one's file away. */
	stats_destroy(old);
	ck_assert_int_eq(access(path, F_OK), 0);
	stats_destroy(new);
	ck_assert_int_eq(access(path, F_OK), -1);
	stats_close(r1);
	stats_close(r2);
}
END_TEST

/* What a start that was killed left behind is in nobody's way. */
START_TEST(test_leftover)
{
	char left[PATH_MAX + 32];
	struct stats *s;

	snprintf(left, sizeof(left), "%s.new", path);
	ck_assert_int_eq(symlink("/nonexistent/x", left), 0);
	s = create();
	ck_assert_int_eq(access(left, F_OK), -1);
	ck_assert_uint_eq(entries_in_dir(), 1);
	stats_destroy(s);
	ck_assert_uint_eq(entries_in_dir(), 0);
}
END_TEST

#define N47 "a2345678901234567890123456789012345678901234567"
#define N48 N47 "8"

static const struct {
	const char *daemon, *key;
	bool ok;
} names[] = {
	{ "tftpd", "x", true },
	{ "tftpd-lab", "errors.~!", true },
	{ "tftpd", N47, true },
	{ N47, "x", true },
	{ "tftpd", N48, false },
	{ N48, "x", false },
	{ "tftpd", N48 N48, false },
	{ "tftpd", "", false },
	{ "", "x", false },
	{ "tftpd", "a b", false },
	{ "tftpd", "a\n", false },
	{ "tftpd", "\033[2J", false },
	{ "tftp\td", "x", false },
	{ "tftpd", "caf\303\251", false },
	{ "tftpd", "a\177", false },
};

START_TEST(test_names)
{
	struct stats_key k[2] = { { names[_i].key, STATS_COUNTER } };
	struct stats *s;
	struct stats_reader *r;

	errno = 0;
	s = stats_create(path, names[_i].daemon, k, STATS_BLOCKS);
	if (!names[_i].ok) {
		ck_assert_ptr_null(s);
		ck_assert_int_eq(errno, EINVAL);
		ck_assert_uint_eq(entries_in_dir(), 0);
		return;
	}
	ck_assert_ptr_nonnull(s);
	r = reader();
	ck_assert_str_eq(stats_name(r, 0), names[_i].key);
	ck_assert_str_eq(stats_daemon(r), names[_i].daemon);
	stats_close(r);
	stats_destroy(s);
}
END_TEST

/* n keys of one name. */
static struct stats_key *
table(size_t n)
{
	struct stats_key *k = calloc(n + 1, sizeof(*k));
	size_t i;

	ck_assert_ptr_nonnull(k);
	for (i = 0; i < n; i++)
		k[i].name = "k";
	return k;
}

START_TEST(test_key_counts)
{
	static const size_t counts[] = { 0, 1, 8, 9, STATS_KEYS };
	struct stats_key *k;
	struct stats *s;
	struct stats_reader *r;
	stats_value *b[2];
	size_t i, n;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		n = counts[i];
		k = table(n);
		s = stats_create(path, "d", k, STATS_BLOCKS);
		ck_assert_ptr_nonnull(s);
		r = reader();
		ck_assert_uint_eq(stats_count(r), n);
		b[0] = take(s);
		b[1] = take(s);
		if (n > 0) {
			stats_add(b[0], (unsigned)n - 1, 1);
			stats_add(b[1], 0, 1);
			ck_assert_uint_eq(stats_sum(r, 0) + stats_sum(r, n - 1),
			    n == 1 ? 4 : 2);
		}
		stats_close(r);
		stats_destroy(s);
		free(k);
	}
	k = table(STATS_KEYS + 1);
	errno = 0;
	ck_assert_ptr_null(stats_create(path, "d", k, STATS_BLOCKS));
	ck_assert_int_eq(errno, EINVAL);
	free(k);
}
END_TEST

START_TEST(test_create_fails)
{
	char deep[2 * PATH_MAX];

	snprintf(deep, sizeof(deep), "%s/none/d.stats", dir);
	errno = 0;
	ck_assert_ptr_null(stats_create(deep, "tftpd", keys, STATS_BLOCKS));
	ck_assert_int_eq(errno, ENOENT);
	memset(deep, 'a', PATH_MAX);
	deep[PATH_MAX] = '\0';
	ck_assert_ptr_null(stats_create(deep, "tftpd", keys, STATS_BLOCKS));
	ck_assert_int_eq(errno, ENAMETOOLONG);
	/* Something that can't be renamed over: nothing stays behind. */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_ptr_null(stats_create(path, "tftpd", keys, STATS_BLOCKS));
	ck_assert_uint_eq(entries_in_dir(), 1);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* Every call of a reader, so that a checker of memory sees them. */
static void
read_all(const struct stats_reader *r)
{
	size_t i;

	ck_assert_uint_lt(strlen(stats_daemon(r)), STATS_NAME);
	(void)stats_pid(r);
	(void)stats_started(r);
	for (i = 0; i < stats_count(r); i++) {
		ck_assert_uint_lt(strlen(stats_name(r, i)), STATS_NAME);
		(void)stats_sum(r, i);
	}
}

START_TEST(test_truncated)
{
	struct stats *s = create();
	char copy[PATH_MAX + 32];
	static uint8_t bytes[1 << 16];
	ssize_t size, n;
	int fd = open(path, O_RDONLY);

	size = read(fd, bytes, sizeof(bytes));
	ck_assert_int_gt(size, 256);
	ck_assert_int_lt(size, (ssize_t)sizeof(bytes));
	close(fd);
	stats_destroy(s);
	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(copy, O_RDWR | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, bytes, (size_t)size), size);
	stats_close(reader());
	for (n = size + 1; n < size + 130; n++) {
		ck_assert_int_eq(ftruncate(fd, n), 0);
		refused(EINVAL);
	}
	for (n = size - 1; n >= 0; n--) {
		ck_assert_int_eq(ftruncate(fd, n), 0);
		refused(EINVAL);
	}
	close(fd);
}
END_TEST

/* Each byte of the header and the names in turn, to several values. */
START_TEST(test_damaged)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	struct stats *s = create();
	struct stats_reader *r;
	int fd = open(path, O_RDWR), taken = 0, n = 0;
	uint8_t was;
	off_t at;
	size_t i;

	for (at = 0; at < 128 + NKEYS * 48 + 128; at++) {
		ck_assert_int_eq(pread(fd, &was, 1, at), 1);
		for (i = 0; i < sizeof(values); i++, n++) {
			ck_assert_int_eq(pwrite(fd, &values[i], 1, at), 1);
			errno = 0;
			r = stats_open(path);
			if (r == NULL) {
				ck_assert_int_eq(errno, EINVAL);
				continue;
			}
			read_all(r);
			stats_close(r);
			taken++;
		}
		ck_assert_int_eq(pwrite(fd, &was, 1, at), 1);
	}
	/* Some bytes mean nothing, pid and start anything. */
	ck_assert_int_gt(taken, 0);
	ck_assert_int_lt(taken, n);
	stats_close(reader());
	close(fd);
	stats_destroy(s);
}
END_TEST

/* A file that shrinks to nothing is not opened; one that is no file neither. */
START_TEST(test_foreign)
{
	int fd;

	refused(ENOENT);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused(EINVAL);
	rmdir(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	refused(EINVAL); /* and doesn't wait for a writer */
	unlink(path);
	ck_assert_int_eq(symlink("/dev/zero", path), 0);
	refused(EINVAL);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	refused(EINVAL);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	refused(EINVAL);
	ck_assert_int_eq(ftruncate(fd, (off_t)1 << 40), 0);
	refused(EINVAL);
	close(fd);
}
END_TEST

static Suite *
stats_suite(void)
{
	Suite *s = suite_create("stats");
	TCase *t = tcase_create("stats");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_file);
	tcase_add_test(t, test_add);
	tcase_add_test(t, test_fold);
	tcase_add_test(t, test_blocks);
	tcase_add_loop_test(t, test_how_many, 0, 3);
	tcase_add_test(t, test_workers);
	tcase_add_test(t, test_fold_watched);
	tcase_add_test(t, test_parent_killed);
	tcase_add_test(t, test_private);
	tcase_add_test(t, test_replaced);
	tcase_add_test(t, test_leftover);
	tcase_add_loop_test(t, test_names, 0, sizeof(names) / sizeof(names[0]));
	tcase_add_test(t, test_key_counts);
	tcase_add_test(t, test_create_fails);
	tcase_add_test(t, test_truncated);
	tcase_add_test(t, test_damaged);
	tcase_add_test(t, test_foreign);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(stats_suite());
}
