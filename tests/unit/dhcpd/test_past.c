/* past: what the history says of an address, from files of any kind. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "past.h"
#include "tap.h"

#define IP(n) (0x0a000000u + (n))
#define PIECE (64 * 1024) /* at most so much is read at once */

static char dir[] = "/tmp/test_past.XXXXXX";
static int dirfd_;

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dirfd_, -1);
}

static void
end(void)
{
	unlinkat(dirfd_, "history", 0);
	unlinkat(dirfd_, "history.1", 0);
	unlinkat(dirfd_, "history", AT_REMOVEDIR);
	close(dirfd_);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
append(const char *file, const char *text, size_t n)
{
	int fd = openat(dirfd_, file, O_WRONLY | O_CREAT | O_APPEND, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
}

/* The lease's line; its length. */
static size_t
line_of(uint32_t ip, enum lease_state state, int64_t last, int64_t until,
    char text[JOURNAL_LINE])
{
	struct lease l = { .ip = ip,
		.state = (uint8_t)state,
		.start = state == LEASE_CONFLICT ? last : 100,
		.last = last,
		.end = until,
		.htype = 1,
		.hlen = 6,
		.hw = { 2 } };

	return journal_line(&l, text);
}

static void
tell_file(const char *file, uint32_t ip, enum lease_state state, int64_t last,
    int64_t until)
{
	char text[JOURNAL_LINE];

	append(file, text, line_of(ip, state, last, until, text));
}

static unsigned told;
static int64_t told_when[10000];

static void
tell(void *arg, int64_t when, const struct journal_record *r)
{
	ck_assert_ptr_eq(arg, &told);
	ck_assert_uint_eq(r->lease.ip, IP(1));
	told_when[told++] = when;
}

/* All of it: how many pieces, or -1. */
static int
ask(int64_t at)
{
	struct past *p = past_open(dirfd_, IP(1), at);
	int pieces = 0, rc;

	ck_assert_ptr_nonnull(p);
	told = 0;
	while ((rc = past_next(p, tell, &told)) == 1)
		pieces++;
	past_close(p);
	return rc == 0 ? pieces : -1;
}

START_TEST(nothing)
{
	begin();
	ck_assert_int_ne(ask(0), -1);
	ck_assert_uint_eq(told, 0);
	append("history", "", 0);
	ck_assert_int_ne(ask(9), -1);
	ck_assert_uint_eq(told, 0);
	end();
}
END_TEST

START_TEST(both_files)
{
	begin();
	tell_file("history.1", IP(1), LEASE_BOUND, 100, 200);
	tell_file("history.1", IP(11), LEASE_BOUND, 100, 200);
	tell_file("history.1", IP(1), LEASE_RELEASED, 180, 180);
	tell_file("history", IP(2), LEASE_BOUND, 210, 300);
	tell_file("history", IP(1), LEASE_BOUND, 220, 260);
	ck_assert_int_ne(ask(0), -1);
	ck_assert_uint_eq(told, 3);
	ck_assert_int_eq(told_when[0], 100);
	ck_assert_int_eq(told_when[1], 180);
	ck_assert_int_eq(told_when[2], 220);
	end();
}
END_TEST

/* Who had it at a time; 0: nobody. */
START_TEST(at_a_time)
{
	static const struct {
		int64_t at, when;
	} cases[] = { { 99, 0 }, { 100, 100 }, { 149, 100 }, { 150, 150 },
		{ 179, 150 }, { 180, 0 }, { 219, 0 }, { 220, 220 },
		{ 259, 220 }, { 260, 0 }, { 300, 300 }, { 349, 300 },
		{ 350, 0 }, { 9999, 0 } };

	begin();
	tell_file("history.1", IP(1), LEASE_BOUND, 100, 200);
	tell_file("history.1", IP(1), LEASE_BOUND, 150, 250);
	tell_file("history.1", IP(1), LEASE_RELEASED, 180, 180);
	tell_file("history", IP(1), LEASE_BOUND, 220, 260);
	tell_file("history", IP(1), LEASE_EXPIRED, 220, 260);
	tell_file("history", IP(1), LEASE_CONFLICT, 300, 350);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_ne(ask(cases[i].at), -1);
		ck_assert_msg(told == (cases[i].when != 0), "at %d: %u",
		    (int)cases[i].at, told);
		if (told > 0)
			ck_assert_int_eq(told_when[0], cases[i].when);
	}
	end();
}
END_TEST

/* Lines lie across the ends of pieces, and a piece is bounded. */
START_TEST(many_pieces)
{
	size_t bytes = 0, n, i;
	char text[JOURNAL_LINE];
	int pieces;

	begin();
	for (i = 0; i < 9000; i++) {
		n = line_of(
		    IP(i % 3), LEASE_BOUND, 1000 + (int64_t)i, 99999, text);
		append("history", text, n);
		bytes += n;
	}
	pieces = ask(0);
	ck_assert_int_gt(pieces, (int)(bytes / PIECE));
	ck_assert_uint_eq(told, 3000);
	for (i = 0; i < told; i++)
		ck_assert_int_eq(told_when[i], 1001 + 3 * (int64_t)i);
	end();
}
END_TEST

/* What is no line of ours is passed over, and hides no other line. */
START_TEST(damage)
{
	static char junk[3 * PIECE];
	char text[JOURNAL_LINE];
	size_t n;

	begin();
	memset(junk, 'x', sizeof(junk));
	append("history", junk, sizeof(junk));
	append("history", "\n\n", 2);
	tell_file("history", IP(1), LEASE_BOUND, 100, 200);
	append("history", "lease 10.0.0.1 bound\n", 21);
	n = line_of(IP(1), LEASE_BOUND, 110, 200, text);
	text[20] ^= 1;
	append("history", text, n);
	append("history", "lease 10.0.0.1 ", 15);
	memset(junk, 'y', sizeof(junk));
	append("history", junk, JOURNAL_LINE);
	append("history", "\n", 1);
	/* the last: whole but for its end in one file, cut in the other */
	n = line_of(IP(1), LEASE_BOUND, 120, 200, text);
	append("history", text, n - 1);
	append("history.1", text, n - 5);
	ck_assert_int_ne(ask(0), -1);
	ck_assert_uint_eq(told, 2);
	ck_assert_int_eq(told_when[0], 100);
	ck_assert_int_eq(told_when[1], 120);
	end();
}
END_TEST

START_TEST(no_file)
{
	begin();
	ck_assert_int_eq(mkdirat(dirfd_, "history", 0700), 0);
	ck_assert_int_eq(ask(0), -1);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_int_eq(symlinkat("/etc/passwd", dirfd_, "history.1"), 0);
	ck_assert_ptr_null(past_open(dirfd_, IP(1), 0));
	ck_assert_int_eq(errno, ELOOP);
	end();
}
END_TEST

static Suite *
past_suite(void)
{
	Suite *s = suite_create("past");
	TCase *t = tcase_create("past");

	tcase_add_test(t, nothing);
	tcase_add_test(t, both_files);
	tcase_add_test(t, at_a_time);
	tcase_add_test(t, many_pieces);
	tcase_add_test(t, damage);
	tcase_add_test(t, no_file);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(past_suite());
}
