/*
 * logfile: lines arrive whole and in order, in the file that was given last.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "logfile.h"
#include "tap.h"

static struct logfile f = { .fd = -1 };

static size_t
size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (size_t)st.st_size;
}

/* Each line begins with the time; the rest of it, after a look at that. */
static char *
past_time(char *line)
{
	static const char shape[] = "0000-00-00T00:00:00Z ";
	const char *s;

	for (s = shape; *s != '\0'; s++, line++)
		if (*s == '0')
			ck_assert(*line >= '0' && *line <= '9');
		else
			ck_assert_int_eq(*line, *s);
	return line;
}

/* Take the time from before every line of the text. */
static void
strip_times(char *text)
{
	char *to = text, *from = text, *end;
	size_t n;

	while ((end = strchr(from, '\n')) != NULL) {
		from = past_time(from);
		n = (size_t)(end + 1 - from);
		memmove(to, from, n);
		to += n;
		from = end + 1;
	}
	memmove(to, from, strlen(from) + 1);
}

static void
file_is(const char *path, const char *want)
{
	char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	strip_times(text);
	ck_assert_str_eq(text, want);
	close(fd);
}

static void
setup(void)
{
	unlink("a");
	unlink("b");
	logfile_take(&f, logfile_open("a"));
	ck_assert_int_ne(f.fd, -1);
}

START_TEST(opened)
{
	struct stat st;

	ck_assert_int_eq(fstat(f.fd, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 07777), 0640);
	ck_assert_int_eq(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(f.fd, F_GETFL) & O_APPEND, 0);
}
END_TEST

/* Messages go to standard error, which is a file here. */
static void
quiet(void)
{
	int fd = open("err", O_RDWR | O_CREAT | O_TRUNC, 0600);

	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* clang-format off */
static const char *const refused[] = { "none/a", "link", "dir", "fifo" };
/* clang-format on */

START_TEST(not_opened)
{
	quiet();
	unlink("link");
	unlink("fifo");
	mkdir("dir", 0700);
	ck_assert_int_eq(symlink("a", "link"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(logfile_open(refused[_i]), -1);
	ck_assert_uint_gt(size_of("err"), 0);
}
END_TEST

START_TEST(lines)
{
	logfile_line(&f, "peer: read file=%s", "x\ny\x1b\\");
	logfile_line(&f, "two");
	ck_assert_uint_eq(size_of("a"), 0); /* not yet */
	logfile_flush(&f);
	file_is("a", "peer: read file=x\\ny\\x1b\\\\\ntwo\n");
	logfile_flush(&f); /* nothing again */
	ck_assert_uint_eq(f.len, 0);
	file_is("a", "peer: read file=x\\ny\\x1b\\\\\ntwo\n");
}
END_TEST

START_TEST(none)
{
	struct logfile no = { .fd = -1 };

	logfile_line(&no, "nobody");
	ck_assert_ptr_null(no.buffer);
	logfile_flush(&no);
}
END_TEST

/* Rotated: what was buffered is in the old one, the rest in the new. */
START_TEST(rotated)
{
	int old = f.fd;

	logfile_line(&f, "one");
	ck_assert_int_eq(rename("a", "b"), 0);
	logfile_take(&f, logfile_open("a"));
	ck_assert_int_eq(fcntl(old, F_GETFD), -1);
	logfile_line(&f, "two");
	logfile_flush(&f);
	file_is("b", "one\n");
	file_is("a", "two\n");
}
END_TEST

START_TEST(long_line)
{
	char big[3 * LOG_LINE];

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	logfile_line(&f, "%s", big);
	logfile_flush(&f);
	ck_assert_uint_eq(size_of("a"), LOG_LINE);
}
END_TEST

/* Writers of one file: every write ends with a whole line. */
START_TEST(shared)
{
	char line[64], *text, *p, *end;
	int who, i, seen[4] = { 0 }, n;
	size_t size;
	pid_t pid;

	for (who = 0; who < 4; who++) {
		if ((pid = fork()) > 0)
			continue;
		for (i = 0; i < 20000; i++)
			logfile_line(&f, "writer %d line %d", who, i);
		logfile_flush(&f);
		_exit(0);
	}
	for (who = 0; who < 4; who++) {
		ck_assert_int_gt(wait(&i), 0);
		ck_assert_int_eq(i, 0);
	}
	size = size_of("a");
	ck_assert_uint_gt(size, 4 * LOGFILE_BUFFER);
	text = malloc(size + 1);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(
	    pread(open("a", O_RDONLY), text, size, 0), (ssize_t)size);
	text[size] = '\0';
	for (p = text; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		*end = '\0';
		p = past_time(p);
		ck_assert_int_eq(sscanf(p, "writer %d line %d", &who, &i), 2);
		n = snprintf(line, sizeof(line), "writer %d line %d", who, i);
		ck_assert_int_gt(n, 0);
		ck_assert_str_eq(p, line);
		ck_assert_int_eq(i, seen[who]++);
	}
	for (who = 0; who < 4; who++)
		ck_assert_int_eq(seen[who], 20000);
	free(text);
}
END_TEST

/* A full disk drops what was buffered, says so, and goes on. */
START_TEST(full_disk)
{
	int fd = open("/dev/full", O_WRONLY);

	if (fd == -1)
		return;
	quiet();
	logfile_take(&f, fd);
	logfile_line(&f, "lost");
	logfile_flush(&f);
	ck_assert_uint_eq(f.len, 0);
	ck_assert_uint_gt(size_of("err"), 0);
	logfile_take(&f, logfile_open("a"));
	logfile_line(&f, "kept");
	logfile_flush(&f);
	file_is("a", "kept\n");
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("logfile");
	Suite *s = suite_create("logfile");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, opened);
	tcase_add_loop_test(
	    tc, not_opened, 0, (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(tc, lines);
	tcase_add_test(tc, none);
	tcase_add_test(tc, rotated);
	tcase_add_test(tc, long_line);
	tcase_add_test(tc, shared);
	tcase_add_test(tc, full_disk);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	static const char *const made[] = { "a", "b", "err", "link", "fifo" };
	char dir[] = "/tmp/test_logfile.XXXXXX";
	size_t i;
	int failed;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	umask(022);
	failed = tap_run(suite());
	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		unlink(made[i]);
	rmdir("dir");
	rmdir(dir);
	return failed;
}
