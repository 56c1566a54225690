/*
 * log: what a line looks like, and where it goes when the one who should take
 * it is away or stands still.
 */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "log.h"
#include "tap.h"

#define SYSLOG "log" /* in a directory of this run's own */

static char err_text[64 * 1024];

/* From here on standard error is a file. */
static void
err_begin(void)
{
	int fd = open("err", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
}

/* What was written to it since. */
static const char *
err_read(void)
{
	ssize_t n = pread(STDERR_FILENO, err_text, sizeof(err_text) - 1, 0);

	ck_assert_int_ge(n, 0);
	err_text[n] = '\0';
	ck_assert_int_eq(ftruncate(STDERR_FILENO, 0), 0);
	return err_text;
}

/* "d[PID]: text" and a newline, as the destination stderr writes it. */
static void
err_is(pid_t pid, const char *text)
{
	char want[4 * LOG_LINE];

	snprintf(want, sizeof(want), "d[%d]: %s\n", (int)pid, text);
	ck_assert_str_eq(err_read(), want);
}

static int
syslogd_start(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = SYSLOG };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	unlink(SYSLOG);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void
syslogd_stop(int fd)
{
	close(fd);
	unlink(SYSLOG);
}

/* The text of the next datagram, or NULL. */
static const char *
syslogd_read(int fd)
{
	static char msg[2 * LOG_LINE];
	ssize_t n = recv(fd, msg, sizeof(msg) - 1, 0);
	char *text;

	if (n == -1 && errno == EAGAIN)
		return NULL;
	ck_assert_int_gt(n, 0);
	msg[n] = '\0';
	text = strstr(msg, "]: ");
	ck_assert_ptr_nonnull(text);
	return text + 3;
}

static void
syslog_open(void)
{
	log_syslog_path(SYSLOG);
	log_open("d", LOG_TO_SYSLOG);
}

/* clang-format off */
static const struct {
	const char *in;
	size_t size;
	const char *out;
} escapes[] = {
	{ "", 1, "" },
	{ "plain text, 100 %", 64, "plain text, 100 %" },
	{ "a\nb\rc\td", 64, "a\\nb\\rc\\td" },
	{ "\x01\x1b[2J\x7f", 64, "\\x01\\x1b[2J\\x7f" },
	{ "C:\\x\\n", 64, "C:\\\\x\\\\n" },
	{ "caf\xc3\xa9 \xe2\x82\xac", 64, "caf\xc3\xa9 \xe2\x82\xac" },
	{ "\xc2\x9b" "2J\xc2\xa7\x9b", 64, "\xc2\\x9b2J\xc2\xa7\x9b" },
	{ "abcdef", 4, "abc" },
	{ "abc", 4, "abc" },
	{ "abcd", 1, "" },
	{ "ab\n", 4, "ab" }, /* half an escape is none */
	{ "ab\n", 5, "ab\\n" },
	{ "ab\x01", 6, "ab" },
	{ "ab\x01", 7, "ab\\x01" },
	{ "ab\\", 4, "ab" },
	{ "ab\\", 5, "ab\\\\" },
};
/* clang-format on */

START_TEST(escape)
{
	char out[80];

	memset(out, 'X', sizeof(out));
	ck_assert_ptr_eq(
	    log_escape(out, escapes[_i].size, escapes[_i].in), out);
	ck_assert_str_eq(out, escapes[_i].out);
	ck_assert_int_eq(out[escapes[_i].size], 'X');
}
END_TEST

static void
one_of_each(void)
{
	log_errx("E");
	log_warnx("W");
	log_notice("N");
	log_info("I");
	log_debug("D");
}

static const struct {
	int level;
	const char *lines;
} levels[] = {
	{ LOG_ERR, "E" },
	{ LOG_WARNING, "EW" },
	{ LOG_NOTICE, "EWN" },
	{ LOG_INFO, "EWNI" },
	{ LOG_DEBUG, "EWNID" },
};

START_TEST(level)
{
	char want[200] = "", line[40];
	const char *c;

	for (c = levels[_i].lines; *c != '\0'; c++) {
		snprintf(line, sizeof(line), "d[%d]: %c\n", (int)getpid(), *c);
		strlcat(want, line, sizeof(want));
	}
	err_begin();
	log_open("d", LOG_TO_STDERR);
	ck_assert_int_eq(log_level_now(), LOG_INFO);
	log_level(levels[_i].level);
	ck_assert_int_eq(log_level_now(), levels[_i].level);
	one_of_each();
	ck_assert_str_eq(err_read(), want);
}
END_TEST

START_TEST(form)
{
	err_begin();
	log_open("d", LOG_TO_STDERR);
	errno = ENOENT;
	log_err("192.0.2.1:%d: %s", 69, "a\nb");
	ck_assert_int_eq(errno, ENOENT);
	err_is(getpid(), "192.0.2.1:69: a\\nb: No such file or directory");
	log_warn("x");
	err_is(getpid(), "x: No such file or directory");
	log_title("worker 2");
	log_warnx("x");
	err_is(getpid(), "worker 2: x");
	log_title(NULL);
	log_info("y");
	err_is(getpid(), "y");
}
END_TEST

START_TEST(long_line)
{
	char big[3 * LOG_LINE], want[LOG_LINE];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_begin();
	log_open("d", LOG_TO_STDERR);
	strlcpy(want, big, sizeof(want));
	log_err("%s", big);
	err_is(getpid(), want);
	memset(big, '\n', sizeof(big) - 1);
	log_info("%s", big);
	ck_assert_int_le(strlen(err_read()), LOG_LINE + 32);
	ck_assert_ptr_nonnull(strstr(err_text, "\\n\\n\\n"));
}
END_TEST

START_TEST(fatal_exits)
{
	err_begin();
	errno = EACCES;
	if (_i == 0)
		fatal("it");
	fatalx("it");
}
END_TEST

START_TEST(fatal_tells)
{
	int status;
	pid_t pid;

	err_begin();
	log_open("d", LOG_TO_STDERR);
	if ((pid = fork()) == 0) {
		errno = EACCES;
		fatal("it");
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 1 << 8);
	err_is(pid, "it: Permission denied");
}
END_TEST

START_TEST(syslog_form)
{
	char msg[LOG_LINE];
	int fd = syslogd_start();
	regex_t re;
	ssize_t n;

	syslog_open();
	log_facility(LOG_LOCAL0);
	log_notice("one\ntwo");
	n = recv(fd, msg, sizeof(msg) - 1, 0);
	ck_assert_int_gt(n, 0);
	msg[n] = '\0';
	ck_assert_int_eq(regcomp(&re,
			     "^<133>[A-Z][a-z][a-z] [ 123][0-9] "
			     "[0-9][0-9]:[0-9][0-9]:[0-9][0-9] "
			     "d\\[[0-9]+\\]: one\\\\ntwo$",
			     REG_EXTENDED | REG_NOSUB),
	    0);
	ck_assert_msg(regexec(&re, msg, 0, NULL, 0) == 0, "%s", msg);
	regfree(&re);
}
END_TEST

/* A new one at the same place before anything was to be sent: no loss. */
START_TEST(syslogd_restarted)
{
	int fd = syslogd_start(), i;

	syslog_open();
	for (i = 0; i < 3; i++) {
		log_info("before");
		ck_assert_str_eq(syslogd_read(fd), "before");
		syslogd_stop(fd);
		fd = syslogd_start();
		log_info("after");
		ck_assert_str_eq(syslogd_read(fd), "after");
		ck_assert_ptr_null(syslogd_read(fd));
	}
}
END_TEST

/* While it is away lines are lost, and it is told how many. */
START_TEST(syslogd_away)
{
	int fd = syslogd_start(), i;

	syslog_open();
	syslogd_stop(fd);
	for (i = 0; i < 3; i++)
		log_info("lost");
	fd = syslogd_start();
	log_info("back");
	log_info("again");
	ck_assert_str_eq(syslogd_read(fd), "log: 3 lines lost");
	ck_assert_str_eq(syslogd_read(fd), "back");
	ck_assert_str_eq(syslogd_read(fd), "again");
	ck_assert_ptr_null(syslogd_read(fd));
}
END_TEST

START_TEST(syslogd_late)
{
	int fd;

	unlink(SYSLOG);
	syslog_open();
	log_info("lost");
	fd = syslogd_start();
	log_info("back");
	ck_assert_str_eq(syslogd_read(fd), "log: 1 lines lost");
	ck_assert_str_eq(syslogd_read(fd), "back");
}
END_TEST

/* One that does not read: nobody waits, and every line is accounted for. */
START_TEST(syslogd_stalled)
{
	int fd = syslogd_start(), i, got = 0, lost = 0;
	const char *text;

	syslog_open();
	for (i = 0; i < 5000; i++)
		log_info("line %d", i);
	while ((text = syslogd_read(fd)) != NULL)
		if (sscanf(text, "log: %d lines", &lost) != 1)
			got++;
	ck_assert_int_gt(got, 0);
	ck_assert_int_eq(lost, 0);
	log_info("now");
	text = syslogd_read(fd);
	ck_assert_int_eq(sscanf(text, "log: %d lines lost", &lost), 1);
	ck_assert_int_eq(got + lost, 5000);
	ck_assert_str_eq(syslogd_read(fd), "now");
}
END_TEST

/* More at once than its queue holds, for one that reads. */
START_TEST(syslogd_burst)
{
	int fd = syslogd_start(), i, got = 0, stop[2], status;
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN } };
	pid_t pid;

	ck_assert_int_eq(pipe(stop), 0);
	if ((pid = fork()) == 0) {
		close(stop[1]);
		p[1] = (struct pollfd){ .fd = stop[0], .events = POLLIN };
		while (poll(p, 2, -1) > 0) {
			while (syslogd_read(fd) != NULL)
				got++;
			if (p[1].revents != 0)
				break;
		}
		_exit(got < 100 ? 1 : 0);
	}
	syslog_open();
	for (i = 0; i < 1000; i++)
		log_info("line %d", i);
	close(stop[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* No descriptor is left over, however often it changes. */
START_TEST(destinations)
{
	int fd = syslogd_start(), pair[2], before, i;

	syslog_open();
	before = dup(0);
	close(before);
	err_begin();
	for (i = 0; i < 5; i++) {
		log_open("d", LOG_TO_STDERR);
		log_info("x");
		err_is(getpid(), "x");
		syslog_open();
		log_info("y");
		ck_assert_str_eq(syslogd_read(fd), "y");
		ck_assert_int_eq(
		    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
		log_relay(pair[1]);
		log_info("z");
		close(pair[0]);
	}
	syslog_open();
	ck_assert_int_eq(dup(0), before);
}
END_TEST

static int relay[2];

static void
relay_open(void)
{
	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, relay), 0);
}

/* Run fn as a worker that logs to the parent, until it ended. */
static pid_t
worker(void (*fn)(void))
{
	int status;
	pid_t pid;

	relay_open();
	if ((pid = fork()) == 0) {
		close(relay[0]);
		log_relay(relay[1]);
		log_title("worker 2");
		fn();
		_exit(0);
	}
	close(relay[1]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return pid;
}

static void
say_hello(void)
{
	log_info("peer: a\nb\\c");
	log_debug("not told");
}

START_TEST(relayed)
{
	pid_t pid;

	err_begin();
	log_open("d", LOG_TO_STDERR);
	pid = worker(say_hello);
	ck_assert_int_eq(log_relayed(relay[0], pid), -1);
	err_is(pid, "worker 2: peer: a\\nb\\\\c"); /* escaped once */
}
END_TEST

START_TEST(relay_counts)
{
	int i, n, sum = 0;

	err_begin();
	log_open("d", LOG_TO_STDERR);
	relay_open();
	ck_assert_int_eq(log_relayed(relay[0], 7), 0);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(send(relay[1], "\6x", 2, 0), 2);
	while ((n = log_relayed(relay[0], 7)) > 0) {
		ck_assert_int_lt(n, 100); /* others get their turn */
		sum += n;
	}
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(sum, 100);
	ck_assert_int_eq(strlen(err_read()), 100 * strlen("d[7]: x\n"));
	close(relay[1]);
	ck_assert_int_eq(log_relayed(relay[0], 7), -1);
}
END_TEST

/* The text of the next message, or NULL. */
static const char *
relay_read(void)
{
	ssize_t n = recv(relay[0], err_text, sizeof(err_text) - 1, 0);

	if (n == -1)
		return NULL;
	err_text[n] = '\0';
	return err_text + 1;
}

/*
 * The parent does not read: the worker goes on, and when there is room again
 * it tells how many lines found none.
 */
START_TEST(relay_full)
{
	int lost = 0, got = 0, i;

	relay_open();
	log_relay(relay[1]);
	for (i = 0; i < 20000; i++)
		log_info("line");
	while (relay_read() != NULL)
		got++;
	ck_assert_int_gt(got, 0);
	ck_assert_int_lt(got, 20000);
	log_info("now");
	ck_assert_int_eq(sscanf(relay_read(), "log: %d lines lost", &lost), 1);
	ck_assert_int_eq(got + lost, 20000);
	ck_assert_str_eq(relay_read(), "now");
}
END_TEST

START_TEST(relay_level)
{
	err_begin();
	log_open("d", LOG_TO_STDERR);
	relay_open();
	send(relay[1], "\6info", 5, 0);
	send(relay[1], "\4warning", 8, 0);
	log_level(LOG_WARNING); /* the parent's counts, too */
	ck_assert_int_eq(log_relayed(relay[0], 7), 2);
	err_is(7, "warning");
}
END_TEST

/* What a worker in foreign hands may send. */
START_TEST(relay_hostile)
{
	static const char forged[] = "\0everyone: \x1b[2J\n<0>forged";
	char big[2 * LOG_LINE], msg[LOG_LINE];
	int fd = syslogd_start();
	ssize_t n;

	syslog_open();
	relay_open();
	send(relay[1], forged, sizeof(forged) - 1, 0);
	memset(big, 'b', sizeof(big));
	send(relay[1], big, sizeof(big), 0);
	send(relay[1], "\xff", 1, 0);
	ck_assert_int_eq(log_relayed(relay[0], 7), 3);
	n = recv(fd, msg, sizeof(msg) - 1, 0);
	msg[n] = '\0';
	ck_assert_int_eq(strncmp(msg, "<26>", 4), 0); /* daemon.crit */
	ck_assert_ptr_nonnull(
	    strstr(msg, " d[7]: everyone: \\x1b[2J\\n<0>forged"));
	ck_assert_int_eq(strspn(syslogd_read(fd), "b"), LOG_LINE - 1);
	ck_assert_ptr_null(syslogd_read(fd)); /* 0xff: debug, and empty */
}
END_TEST

START_TEST(limited)
{
	struct log_limit l = { 0 };
	int i;

	err_begin();
	log_open("d", LOG_TO_STDERR);
	for (i = 0; i < LOG_LIMIT_BURST; i++)
		ck_assert_int_eq(log_allowed(&l, "it"), 1);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(log_allowed(&l, "it"), 0);
	ck_assert_str_eq(err_read(), "");
	l.since -= 10; /* as if so long ago */
	ck_assert_int_eq(log_allowed(&l, "it"), 1);
	err_is(getpid(), "it: 5 more lines held back");
	l.since -= 10;
	ck_assert_int_eq(log_allowed(&l, "it"), 1);
	ck_assert_str_eq(err_read(), "");
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("log");
	Suite *s = suite_create("log");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(
	    tc, escape, 0, (int)(sizeof(escapes) / sizeof(escapes[0])));
	tcase_add_loop_test(
	    tc, level, 0, (int)(sizeof(levels) / sizeof(levels[0])));
	tcase_add_test(tc, form);
	tcase_add_test(tc, long_line);
	tcase_add_loop_exit_test(tc, fatal_exits, 1, 0, 2);
	tcase_add_test(tc, fatal_tells);
	tcase_add_test(tc, syslog_form);
	tcase_add_test(tc, syslogd_restarted);
	tcase_add_test(tc, syslogd_away);
	tcase_add_test(tc, syslogd_late);
	tcase_add_test(tc, syslogd_stalled);
	tcase_add_test(tc, syslogd_burst);
	tcase_add_test(tc, destinations);
	tcase_add_test(tc, relayed);
	tcase_add_test(tc, relay_counts);
	tcase_add_test(tc, relay_full);
	tcase_add_test(tc, relay_level);
	tcase_add_test(tc, relay_hostile);
	tcase_add_test(tc, limited);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	char dir[] = "/tmp/test_log.XXXXXX";
	int failed;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	failed = tap_run(suite());
	unlink(SYSLOG);
	unlink("err");
	rmdir(dir);
	return failed;
}
