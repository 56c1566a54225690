/*
 * The times of secondaries: files of states, bounds, and clocks that jump.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tap.h"
#include "xfrstate.h"
#include "zonelines.h"

static char dir[] = "/tmp/xfrstate.XXXXXX";

static void
setup(void)
{
	dname_seed();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void
teardown(void)
{
	unlink("state");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(test_file)
{
	const struct xfrstate s = { 4294967295u, 1700000000, 1700604800 };
	struct xfrstate got;

	ck_assert_int_eq(xfrstate_read("state", &got), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(xfrstate_write("state", &s), 0);
	ck_assert_int_eq(xfrstate_read("state", &got), 0);
	ck_assert_uint_eq(got.serial, s.serial);
	ck_assert_int_eq(got.checked, s.checked);
	ck_assert_int_eq(got.expires, s.expires);
	ck_assert_int_eq(access("state~", F_OK), -1);
	ck_assert_int_eq(xfrstate_write("no/state", &s), -1);
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	bool good;
} files[] = {
	{ "serial 1\nchecked 2\nexpires 3\n", true },
	{ "# a remark\nexpires 3\nchecked 2\n\nserial 1", true },
	{ "", false },
	{ "serial 1\nchecked 2\n", false },
	{ "serial 1\nchecked 2\nexpires 3\nserial 1\n", false },
	{ "serial 4294967296\nchecked 2\nexpires 3\n", false },
	{ "serial -1\nchecked 2\nexpires 3\n", false },
	{ "serial 1\nchecked 2\nexpires 9223372036854775807\n", false },
	{ "serial 1\nchecked\nexpires 3\n", false },
	{ "serial 1\nchecked 2\nexpires 3\nmore 4\n", false },
	{ "serial 1\nchecked 2\nexpires 3x\n", false },
};
/* clang-format on */

START_TEST(test_text)
{
	int fd = open("state", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t n = (ssize_t)strlen(files[_i].text);
	struct xfrstate got;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, files[_i].text, (size_t)n), n);
	close(fd);
	ck_assert_int_eq(xfrstate_read("state", &got), files[_i].good ? 0 : -1);
	if (!files[_i].good) {
		ck_assert_int_eq(errno, EINVAL);
		return;
	}
	ck_assert_uint_eq(got.serial, 1);
	ck_assert_int_eq(got.checked, 2);
	ck_assert_int_eq(got.expires, 3);
}
END_TEST

/* A NUL, and more than such a file has. */
START_TEST(test_no_text)
{
	static char bytes[4096];
	int fd = open("state", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct xfrstate got;

	memset(bytes, '\n', sizeof(bytes));
	memcpy(bytes, "serial 1\nchecked 2\nexpires 3\n", 29);
	ck_assert_int_eq(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	ck_assert_int_eq(xfrstate_read("state", &got), -1);
	ck_assert_int_eq(ftruncate(fd, 40), 0);
	ck_assert_int_eq(xfrstate_read("state", &got), 0);
	ck_assert_int_eq(pwrite(fd, "", 1, 35), 1);
	ck_assert_int_eq(xfrstate_read("state", &got), -1);
	close(fd);
}
END_TEST

/* clang-format off */
static const struct {
	const char *numbers; /* serial refresh retry expire minimum */
	uint64_t min_ms, max_ms;
	double refresh, retry;
	int64_t expire;
} times[] = {
	{ "1 100 50 1000 5", 1000, 86400000, 100, 50, 1000 },
	{ "1 100 50 1000 5", 60000, 86400000, 100, 60, 1000 },
	{ "1 100 50 1000 5", 1000, 70000, 70, 50, 1000 },
	/* expired before it is asked for: never */
	{ "1 100 50 10 5", 1000, 86400000, 100, 50, 150 },
	{ "1 0 0 0 0", 1500, 86400000, 1.5, 1.5, 3 },
	{ "1 4294967295 1 4294967295 0", 1000, 86400000, 86400, 1, 4294967295 },
};
/* clang-format on */

START_TEST(test_times)
{
	const struct zone_conf conf = { .min_refresh_ms = times[_i].min_ms,
		.max_refresh_ms = times[_i].max_ms };
	struct snapshot *s;
	struct xfrtimes t;
	char text[128];

	snprintf(text, sizeof(text), "t 60 SOA a. b. %s\nt 60 NS ns.t.\n",
	    times[_i].numbers);
	s = zonelines_zone("t", text);
	xfrstate_times(s, &conf, &t);
	ck_assert_double_eq(t.refresh, times[_i].refresh);
	ck_assert_double_eq(t.retry, times[_i].retry);
	ck_assert_int_eq(t.expire, times[_i].expire);
	snapshot_free(s);
}
END_TEST

/* clang-format off */
static const struct {
	const char *what;
	bool known;
	int64_t checked, expires; /* in the file; now is 1000, expire 100 */
	int64_t want_checked, want_expires;
} resumed[] = {
	{ "nothing known", false, 0, 0, 1000, 1100 },
	{ "a while ago", true, 980, 1080, 980, 1080 },
	{ "expired meanwhile", true, 880, 980, 880, 980 },
	{ "the clock was set back", true, 5000, 5100, 1000, 1100 },
	{ "expire is shorter than it was", true, 990, 9990, 990, 1100 },
};
/* clang-format on */

START_TEST(test_resume)
{
	const struct xfrstate known = { 7, resumed[_i].checked,
		resumed[_i].expires };
	const struct xfrtimes t = { .expire = 100 };
	struct xfrstate s;

	xfrstate_resume(&s, resumed[_i].known ? &known : NULL, 1000, &t);
	ck_assert_msg(
	    s.checked == resumed[_i].want_checked, "%s", resumed[_i].what);
	ck_assert_msg(
	    s.expires == resumed[_i].want_expires, "%s", resumed[_i].what);
}
END_TEST

START_TEST(test_jitter)
{
	double least = 100, most = 0, v;
	int i;

	for (i = 0; i < 10000; i++) {
		v = xfrstate_jitter(100);
		ck_assert(v > 90 && v <= 100);
		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	ck_assert(least < 91 && most > 99);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("xfrstate");
	TCase *tc = tcase_create("xfrstate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_file);
	tcase_add_loop_test(tc, test_text, 0, ROWS(files));
	tcase_add_test(tc, test_no_text);
	tcase_add_loop_test(tc, test_times, 0, ROWS(times));
	tcase_add_loop_test(tc, test_resume, 0, ROWS(resumed));
	tcase_add_test(tc, test_jitter);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
