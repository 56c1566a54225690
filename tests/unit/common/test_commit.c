/*
 * Group commit, proved by counting: the program has its own fdatasync, which
 * waits for the test's leave where a test wants a slow disk, counts its calls
 * and fails where it is told to. No test looks at a clock.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "commit.h"
#include "tap.h"

#define FDS 16

static atomic_bool held; /* each sync asks for leave */
static sem_t began, leave;
static atomic_int syncs; /* calls that ended */
static atomic_int syncs_of[1024]; /* by descriptor */
static atomic_int fail_with; /* errno for fail_fd; 0: none */
static atomic_int fail_fd;
static atomic_bool slow; /* 20 ms each, as a disk */

int fdatasync(int);

int
fdatasync(int fd)
{
	int error = atomic_load(&fail_with);

	if (atomic_load(&held)) {
		sem_post(&began);
		while (sem_wait(&leave) == -1)
			;
	}
	if (atomic_load(&slow))
		usleep(20000);
	atomic_fetch_add(&syncs, 1);
	atomic_fetch_add(&syncs_of[fd], 1);
	if (error != 0 && fd == atomic_load(&fail_fd)) {
		errno = error;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static int
file(void)
{
	int fd = memfd_create("commit", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_lt(fd, 1024);
	return fd;
}

static void
setup(void)
{
	sem_init(&began, 0, 0);
	sem_init(&leave, 0, 0);
}

static bool
readable(struct commit *c, int ms)
{
	struct pollfd p = { .fd = commit_fd(c), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* Wait for n results. */
static void
reap(struct commit *c, struct commit_done *v, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ck_assert(readable(c, -1));
		got += commit_reap(c, v + got, n - got);
	}
}

/* A ticket on fd; returns when its sync waits for our leave. */
static void
hold_round(struct commit *c, int fd, uint64_t ticket)
{
	atomic_store(&held, true);
	ck_assert_int_eq(commit_submit(c, fd, ticket), 0);
	while (sem_wait(&began) == -1)
		;
}

/* The disk goes on, and nothing asks for leave any more. */
static void
let_go(void)
{
	atomic_store(&held, false);
	sem_post(&leave);
}

START_TEST(test_one)
{
	struct commit *c = commit_open(4);
	struct commit_done d;
	int fd = file();

	ck_assert_ptr_nonnull(c);
	ck_assert(!readable(c, 0));
	ck_assert_uint_eq(commit_reap(c, &d, 1), 0);
	ck_assert_int_eq(commit_submit(c, fd, UINT64_MAX), 0);
	reap(c, &d, 1);
	ck_assert_uint_eq(d.ticket, UINT64_MAX);
	ck_assert_int_eq(d.error, 0);
	ck_assert_int_eq(syncs, 1);
	ck_assert(!readable(c, 0));
	commit_close(c);
}
END_TEST

/*
 * While the disk stands still the loop submits 100 tickets and goes through
 * another 100 turns; had any of that waited for the disk, the test would
 * never end. All of them then share one sync.
 */
START_TEST(test_shared)
{
	struct commit *c = commit_open(200);
	struct commit_done d[101];
	int fd = file(), i, turns = 0;

	hold_round(c, fd, 1000);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(commit_submit(c, fd, (uint64_t)i), 0);
	for (i = 0; i < 100; i++) {
		turns += !readable(c, 0);
		ck_assert_uint_eq(commit_reap(c, d, 101), 0);
	}
	ck_assert_int_eq(turns, 100);
	ck_assert_int_eq(syncs, 0);
	let_go();
	reap(c, d, 101);
	ck_assert_int_eq(syncs, 2);
	ck_assert_uint_eq(d[0].ticket, 1000);
	for (i = 0; i < 100; i++) {
		ck_assert_uint_eq(d[i + 1].ticket, (uint64_t)i);
		ck_assert_int_eq(d[i + 1].error, 0);
	}
	commit_close(c);
}
END_TEST

/* Several descriptors in one round: one sync each, whatever the order. */
START_TEST(test_each_once)
{
	struct commit *c = commit_open(100);
	struct commit_done d[65];
	int fd[FDS], i, first = file();

	for (i = 0; i < FDS; i++)
		fd[i] = file();
	hold_round(c, first, 0);
	for (i = 0; i < 64; i++) {
		ck_assert_int_eq(
		    commit_submit(c, fd[i * 7 % FDS], (uint64_t)i), 0);
	}
	let_go();
	reap(c, d, 65);
	for (i = 0; i < FDS; i++)
		ck_assert_int_eq(syncs_of[fd[i]], 1);
	ck_assert_int_eq(syncs, 1 + FDS);
	commit_close(c);
}
END_TEST

/* The same descriptor in a later round is synced again. */
START_TEST(test_rounds)
{
	struct commit *c = commit_open(2);
	struct commit_done d;
	int fd = file(), i;

	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(commit_submit(c, fd, (uint64_t)i), 0);
		reap(c, &d, 1);
		ck_assert_uint_eq(d.ticket, (uint64_t)i);
		ck_assert_int_eq(d.error, 0);
	}
	ck_assert_int_eq(syncs, 50);
	commit_close(c);
}
END_TEST

/* Readable as long as results are left, and not a moment longer. */
START_TEST(test_reap_in_parts)
{
	struct commit *c = commit_open(16);
	struct commit_done d[16];
	int fd = file(), i;

	hold_round(c, fd, 99);
	for (i = 0; i < 9; i++)
		ck_assert_int_eq(commit_submit(c, fd, (uint64_t)i), 0);
	let_go();
	reap(c, d, 1);
	ck_assert_uint_eq(d[0].ticket, 99);
	for (i = 0; i < 9; i++) {
		ck_assert(readable(c, -1));
		ck_assert_uint_eq(commit_reap(c, d, 1), 1);
		ck_assert_uint_eq(d[0].ticket, (uint64_t)i);
	}
	ck_assert(!readable(c, 0));
	commit_close(c);
}
END_TEST

static const int errors[] = { EIO, ENOSPC, EDQUOT };

/*
 * The failed one, those of the same round, and those of a round that was
 * submitted before the failure was known; a descriptor beside it is well.
 */
START_TEST(test_error_final)
{
	struct commit *c = commit_open(16);
	struct commit_done d[4];
	int bad = file(), good = file(), i;

	atomic_store(&fail_fd, bad);
	atomic_store(&fail_with, errors[_i]);
	hold_round(c, bad, 0);
	ck_assert_int_eq(commit_submit(c, bad, 1), 0);
	ck_assert_int_eq(commit_submit(c, good, 2), 0);
	ck_assert_int_eq(commit_submit(c, bad, 3), 0);
	/* The first fails; the kernel has the rest succeed. */
	atomic_store(&fail_with, 0);
	let_go();
	reap(c, d, 4);
	for (i = 0; i < 4; i++) {
		ck_assert_uint_eq(d[i].ticket, (uint64_t)i);
		ck_assert_int_eq(d[i].error, i == 2 ? 0 : errors[_i]);
	}
	commit_close(c);
}
END_TEST

/* Once it is known the disk is not even asked; another file begins anew. */
START_TEST(test_error_forgotten)
{
	struct commit *c = commit_open(4);
	struct commit_done d[2];
	int bad = file(), good = file();

	atomic_store(&fail_fd, bad);
	atomic_store(&fail_with, EIO);
	ck_assert_int_eq(commit_submit(c, bad, 1), 0);
	reap(c, d, 1);
	ck_assert_int_eq(d[0].error, EIO);
	atomic_store(&fail_with, 0);
	ck_assert_int_eq(commit_submit(c, bad, 2), 0);
	ck_assert_int_eq(commit_submit(c, good, 3), 0);
	reap(c, d, 2);
	ck_assert_uint_eq(d[0].ticket, 2);
	ck_assert_int_eq(d[0].error, EIO);
	ck_assert_int_eq(d[1].error, 0);
	ck_assert_int_eq(syncs_of[bad], 1);
	commit_forget(c, bad);
	ck_assert_int_eq(commit_submit(c, bad, 4), 0);
	reap(c, d, 1);
	ck_assert_int_eq(d[0].error, 0);
	ck_assert_int_eq(syncs_of[bad], 2);
	commit_forget(c, 1000000);
	commit_forget(c, -1);
	commit_close(c);
}
END_TEST

START_TEST(test_max)
{
	struct commit *c = commit_open(3);
	struct commit_done d[3];
	int fd = file(), i;

	hold_round(c, fd, 0);
	ck_assert_int_eq(commit_submit(c, fd, 1), 0);
	ck_assert_int_eq(commit_submit(c, fd, 2), 0);
	for (i = 0; i < 10; i++) {
		errno = 0;
		ck_assert_int_eq(commit_submit(c, fd, 3), -1);
		ck_assert_int_eq(errno, EAGAIN);
	}
	let_go();
	reap(c, d, 1);
	/* One came back, so one may go. */
	ck_assert_int_eq(commit_submit(c, fd, 4), 0);
	ck_assert_int_eq(commit_submit(c, fd, 5), -1);
	reap(c, d, 3);
	ck_assert_uint_eq(d[0].ticket, 1);
	ck_assert_uint_eq(d[1].ticket, 2);
	ck_assert_uint_eq(d[2].ticket, 4);
	commit_close(c);
}
END_TEST

START_TEST(test_bad_calls)
{
	struct commit *c = commit_open(2);
	struct commit_done d;
	int fd = file();

	errno = 0;
	ck_assert_int_eq(commit_submit(c, -1, 1), -1);
	ck_assert_int_eq(errno, EBADF);
	close(fd);
	ck_assert_int_eq(commit_submit(c, fd, 2), 0);
	reap(c, &d, 1);
	ck_assert_int_eq(d.error, EBADF);
	commit_close(c);
	commit_close(NULL);
	errno = 0;
	ck_assert_ptr_null(commit_open(0));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static void *
let_go_soon(void *arg)
{
	(void)arg;
	let_go();
	return NULL;
}

/* What was submitted is on the disk when commit_close returns. */
START_TEST(test_close)
{
	struct commit *c = commit_open(8);
	int a = file(), b = file();
	pthread_t t;

	hold_round(c, a, 1);
	ck_assert_int_eq(commit_submit(c, a, 2), 0);
	ck_assert_int_eq(commit_submit(c, b, 3), 0);
	ck_assert_int_eq(pthread_create(&t, NULL, let_go_soon, NULL), 0);
	commit_close(c);
	pthread_join(t, NULL);
	ck_assert_int_eq(syncs_of[a], 2);
	ck_assert_int_eq(syncs_of[b], 1);
}
END_TEST

/*
 * A slow disk and a loop that always has something to submit: every ticket
 * comes back once and in order.
 */
START_TEST(test_stream)
{
	struct commit *c = commit_open(64);
	struct commit_done d[64];
	uint64_t submitted = 0, reaped = 0;
	int fd[FDS];
	size_t n, i;

	for (i = 0; i < FDS; i++)
		fd[i] = file();
	atomic_store(&slow, true);
	while (reaped < 500) {
		while (submitted < 500 &&
		    commit_submit(c, fd[submitted / 100], submitted) == 0)
			submitted++;
		ck_assert(readable(c, -1));
		n = commit_reap(c, d, 64);
		for (i = 0; i < n; i++, reaped++) {
			ck_assert_uint_eq(d[i].ticket, reaped);
			ck_assert_int_eq(d[i].error, 0);
		}
	}
	ck_assert_int_lt(syncs, 500);
	commit_close(c);
}
END_TEST

static Suite *
commit_suite(void)
{
	Suite *s = suite_create("commit");
	TCase *t = tcase_create("commit");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_one);
	tcase_add_test(t, test_shared);
	tcase_add_test(t, test_each_once);
	tcase_add_test(t, test_rounds);
	tcase_add_test(t, test_reap_in_parts);
	tcase_add_loop_test(
	    t, test_error_final, 0, sizeof(errors) / sizeof(errors[0]));
	tcase_add_test(t, test_error_forgotten);
	tcase_add_test(t, test_max);
	tcase_add_test(t, test_bad_calls);
	tcase_add_test(t, test_close);
	tcase_add_test(t, test_stream);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(commit_suite());
}
