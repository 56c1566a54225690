/*
 * control: what a client gets for what it sends, who is let in, and that no
 * client keeps another from being served.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "control.h"
#include "log.h"
#include "tap.h"

#define PATH "sock"
#define LONG_MS (60 * 1000) /* never reached where all is well */

static pid_t server;
static const char *group = "";

/* The server's side */

static struct control *control;
static struct ev_loop *loop;
static int later = -1;

static int
verb_echo(void *arg, int argc, char **argv, struct buf *out)
{
	int i;

	ck_assert_str_eq(arg, "arg");
	for (i = 0; i < argc; i++)
		buf_printf(out, "%s|", argv[i]);
	ck_assert_ptr_null(argv[argc]);
	return 0;
}

static int
verb_fail(void *arg, int argc, char **argv, struct buf *out)
{
	(void)arg;
	(void)argc;
	(void)argv;
	buf_puts(out, "because");
	return -1;
}

static int
verb_silent(void *arg, int argc, char **argv, struct buf *out)
{
	(void)arg;
	(void)argc;
	(void)argv;
	(void)out;
	return argv[0][0] == 'f' ? -1 : 0;
}

static int
verb_big(void *arg, int argc, char **argv, struct buf *out)
{
	size_t n = (size_t)strtonum(argv[1], 0, 1 << 30, NULL);
	uint8_t *p;

	(void)arg;
	(void)argc;
	if ((p = buf_room(out, n)) != NULL) {
		memset(p, 'x', n);
		out->len += n;
	}
	return 0;
}

static int
verb_later(void *arg, int argc, char **argv, struct buf *out)
{
	struct buf text;

	(void)arg;
	(void)argc;
	(void)argv;
	(void)out;
	if (later == -1) {
		later = control_take(control);
		return CONTROL_LATER;
	}
	buf_init(&text, 100);
	buf_puts(&text, "at last");
	control_answer(loop, later, 0, &text);
	later = -1;
	return 0;
}

static int
verb_fds(void *arg, int argc, char **argv, struct buf *out)
{
	int fd, n = 0;

	(void)arg;
	(void)argc;
	(void)argv;
	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	buf_printf(out, "%d", n);
	return 0;
}

/* Parts of 100,000 bytes each, and one that is empty. */
static size_t parts_left, parts_ended;

static int
parts_next(void *arg, struct buf *out)
{
	ck_assert_ptr_eq(arg, &parts_left);
	if (parts_left-- == 0)
		return 0;
	memset(buf_room(out, 100000), 'x', 100000);
	out->len += 100000;
	return 1;
}

static void
parts_end(void *arg)
{
	ck_assert_ptr_eq(arg, &parts_left);
	parts_ended++;
}

static int
verb_parts(void *arg, int argc, char **argv, struct buf *out)
{
	static const struct control_parts parts = { parts_next, parts_end,
		&parts_left };

	(void)arg;
	(void)argc;
	parts_left = (size_t)strtonum(argv[1], 0, 1000, NULL);
	buf_puts(out, "first ");
	control_parts(&parts);
	return CONTROL_MORE;
}

/* In a worker, answered by the next one. */
static int
verb_kept(void *arg, int argc, char **argv, struct buf *out)
{
	static int kept = -1;
	struct buf text;

	(void)arg;
	(void)argc;
	(void)argv;
	if (kept == -1) {
		kept = control_keep();
		buf_puts(out, "not to be sent");
		return CONTROL_LATER;
	}
	buf_init(&text, 100);
	buf_puts(&text, "kept");
	control_answer(loop, kept, 0, &text);
	kept = -1;
	return 0;
}

static int
verb_ended(void *arg, int argc, char **argv, struct buf *out)
{
	(void)arg;
	(void)argc;
	(void)argv;
	buf_printf(out, "%zu", parts_ended);
	return 0;
}

/* clang-format off */
static const struct control_verb verbs[] = {
	{ "echo", "echo WORD...: say them", CONTROL_PARENT, 0, 14, verb_echo },
	{ "one", "one WORD", CONTROL_PARENT, 1, 1, verb_echo },
	{ "fail", "fail: an error", CONTROL_PARENT, 0, 0, verb_fail },
	{ "silent", "silent: nothing", CONTROL_PARENT, 0, 0, verb_silent },
	{ "fail-silent", "fail-silent: an error", CONTROL_PARENT, 0, 0, verb_silent },
	{ "big", "big N: so many bytes", CONTROL_PARENT, 1, 1, verb_big },
	{ "later", "later: not now", CONTROL_PARENT, 0, 0, verb_later },
	{ "fds", "fds: so many are open", CONTROL_PARENT, 0, 0, verb_fds },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};
static const struct control_verb own[] = {
	{ "there", "there WORD: in a worker", CONTROL_WORKER, 1, 1, verb_echo },
	{ "there-fail", "there-fail", CONTROL_WORKER, 0, 0, verb_fail },
	{ "nowhere", "nowhere: in no worker", CONTROL_WORKER, 0, 0, verb_echo },
	{ "parts", "parts N: in parts", CONTROL_WORKER, 1, 1, verb_parts },
	{ "ended", "ended: answers in parts", CONTROL_WORKER, 0, 0, verb_ended },
	{ "one", "one WORD WORD: of the same name", CONTROL_WORKER, 2, 2, verb_echo },
	{ "keep", "keep: not now", CONTROL_WORKER, 0, 0, verb_kept },
	{ "each", "each WORD: in each", CONTROL_EACH, 1, 1, verb_echo },
	{ "each-fail", "each-fail", CONTROL_EACH, 0, 0, verb_fail },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};
/* clang-format on */

/* Two workers, played by the same process. */
static int
pass(void *arg, const struct control_verb *v, const char *line, int fd)
{
	char copy[CONTROL_LINE + 1];
	int n = v->where == CONTROL_EACH ? 2 : 1, i;

	if (strcmp(v->name, "nowhere") == 0)
		return 0;
	for (i = 0; i < n; i++) {
		strlcpy(copy, line, sizeof(copy));
		control_serve(loop, own, arg, copy, dup(fd));
	}
	return n;
}

static void
serve(int ready)
{
	static const struct control_verb *const tables[2] = { verbs, own };

	loop = ev_loop_new(0);
	control = control_open(
	    loop, PATH, group, tables, pass, (void *)(uintptr_t) "arg");
	if (control == NULL)
		_exit(1);
	if (write(ready, "", 1) != 1)
		_exit(1);
	close(ready);
	ev_run(loop, 0);
	_exit(2);
}

static void
server_start(const char *with_group)
{
	char byte;
	int p[2];

	group = with_group;
	ck_assert_int_eq(pipe(p), 0);
	if ((server = fork()) == 0) {
		close(p[0]);
		serve(p[1]);
	}
	close(p[1]);
	ck_assert_int_eq(read(p[0], &byte, 1), 1);
	close(p[0]);
}

static void
setup(void)
{
	server_start("");
}

static void
server_end(void)
{
	int status;

	kill(server, SIGKILL);
	ck_assert_int_eq(waitpid(server, &status, 0), server);
	ck_assert(WIFSIGNALED(status)); /* it lived until now */
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

/* The client's side */

static int
dial(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX, .sun_path = PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* All that comes until the end; it comes, or the test fails. */
static const char *
hear(int fd)
{
	static char text[2 * CONTROL_ANSWER];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (poll(&p, 1, LONG_MS) != 1)
			return "(no end)";
		n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	close(fd);
	return text;
}

static const char *
ask_bytes(const void *bytes, size_t len)
{
	int fd = dial();

	if (fd == -1)
		return "(no connection)";
	send(fd, bytes, len, MSG_NOSIGNAL);
	return hear(fd);
}

static const char *
ask(const char *line)
{
	return ask_bytes(line, strlen(line));
}

/* clang-format off */
static const struct {
	const char *line, *answer;
} asked[] = {
	{ "echo\n", "ok\necho|" },
	{ "echo a  b\tc\n", "ok\necho|a|b|c|" },
	{ "  echo a \t \n", "ok\necho|a|" },
	{ "echo a\r\n", "ok\necho|a|" },
	{ "echo \xff\x01\n", "ok\necho|\xff\x01|" },
	{ "echo 1 2 3 4 5 6 7 8 9 10 11 12 13 14\n", "ok\necho|1|2|3|4|5|6|7|8|9|10|11|12|13|14|" },
	{ "echo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n", "error: usage: echo WORD...: say them\n" },
	{ "echo 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n", "error: usage: echo WORD...: say them\n" },
	{ "one\n", "error: usage: one WORD WORD: of the same name\n" },
	{ "one a\n", "ok\none|a|" },
	{ "one a b\n", "ok\none|a|b|" },
	{ "one a b c\n", "error: usage: one WORD WORD: of the same name\n" },
	{ "fail\n", "error: because\n" },
	{ "silent\n", "ok\n" },
	{ "fail-silent\n", "error: \n" },
	{ "ECHO\n", "error: no such verb; try help\n" },
	{ "ech\n", "error: no such verb; try help\n" },
	{ "echoo\n", "error: no such verb; try help\n" },
	{ "\n", "error: no such verb; try help\n" },
	{ " \n", "error: no such verb; try help\n" },
	{ "there a\n", "ok\nthere|a|" },
	{ "there\n", "error: usage: there WORD: in a worker\n" },
	{ "there-fail\n", "error: because\n" },
	{ "nowhere\n", "error: no worker is ready\n" },
	{ "each a\n", "ok\neach|a|each|a|" },
	{ "each\n", "error: usage: each WORD: in each\n" },
	{ "each-fail\n", "ok\nerror: because\nerror: because\n" },
	/* what follows the line is not read */
	{ "echo a\necho b\nfail\n", "ok\necho|a|" },
};
/* clang-format on */

START_TEST(answers)
{
	ck_assert_str_eq(ask(asked[_i].line), asked[_i].answer);
}
END_TEST

START_TEST(help)
{
	const char *text = ask("help\n");
	size_t i;

	ck_assert_int_eq(strncmp(text, "ok\n", 3), 0);
	for (i = 0; verbs[i].name != NULL; i++)
		ck_assert_ptr_nonnull(strstr(text, verbs[i].help));
	for (i = 0; own[i].name != NULL; i++)
		ck_assert_ptr_nonnull(strstr(text, own[i].help));
	ck_assert_int_eq(strncmp(ask(" help \n"), "ok\n", 3), 0);
}
END_TEST

START_TEST(in_pieces)
{
	static const char line[] = "echo in pieces\n";
	int fd = dial();
	size_t i;

	ck_assert_int_ne(fd, -1);
	for (i = 0; i < strlen(line); i++) {
		ck_assert_int_eq(send(fd, line + i, 1, MSG_NOSIGNAL), 1);
		ck_assert_str_eq(ask("echo\n"), "ok\necho|"); /* it read that */
	}
	ck_assert_str_eq(hear(fd), "ok\necho|in|pieces|");
}
END_TEST

START_TEST(nul)
{
	static const char line[] = "echo a\0b\n", first[] = "\0echo a\n";

	ck_assert_str_eq(ask_bytes(line, sizeof(line) - 1), "");
	ck_assert_str_eq(ask_bytes(first, sizeof(first) - 1), "");
}
END_TEST

START_TEST(length)
{
	char line[4 * CONTROL_LINE], want[CONTROL_LINE + 16];

	memset(line, 'a', sizeof(line));
	memcpy(line, "echo ", 5);
	line[CONTROL_LINE - 1] = '\n'; /* as long as one may be */
	snprintf(
	    want, sizeof(want), "ok\necho|%.*s|", CONTROL_LINE - 6, line + 5);
	ck_assert_str_eq(ask_bytes(line, CONTROL_LINE), want);
	line[CONTROL_LINE - 1] = 'a';
	line[CONTROL_LINE] = '\n';
	ck_assert_str_eq(ask_bytes(line, CONTROL_LINE + 1), "");
	ck_assert_str_eq(ask_bytes(line, sizeof(line)), "");
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
}
END_TEST

START_TEST(no_newline)
{
	int fd = dial();

	ck_assert_int_eq(send(fd, "echo", 4, MSG_NOSIGNAL), 4);
	shutdown(fd, SHUT_WR);
	ck_assert_str_eq(hear(fd), "");
}
END_TEST

START_TEST(answered_later)
{
	int fd = dial();

	ck_assert_int_eq(send(fd, "later\n", 6, MSG_NOSIGNAL), 6);
	ck_assert_str_eq(ask("echo\n"), "ok\necho|"); /* others don't wait */
	ck_assert_str_eq(ask("later\n"), "ok\n");
	ck_assert_str_eq(hear(fd), "ok\nat last");
}
END_TEST

/* An answer far above a socket's buffer, and the most there may be. */
START_TEST(kept)
{
	int fd = dial();
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(send(fd, "keep\n", 5, 0), 5);
	ck_assert_int_eq(poll(&p, 1, 100), 0);
	ck_assert_str_eq(ask("keep\n"), "ok\n");
	ck_assert_str_eq(hear(fd), "ok\nkept");
}
END_TEST

START_TEST(big_answer)
{
	static const size_t sizes[] = { 300000, CONTROL_ANSWER };
	char line[32];
	const char *text;
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(line, sizeof(line), "big %zu\n", sizes[i]);
		text = ask(line);
		ck_assert_int_eq(strncmp(text, "ok\n", 3), 0);
		ck_assert_uint_eq(strspn(text + 3, "x"), sizes[i]);
		ck_assert_uint_eq(strlen(text + 3), sizes[i]);
	}
	snprintf(line, sizeof(line), "big %d\n", CONTROL_ANSWER + 1);
	ck_assert_str_eq(ask(line), "error: the answer is too long\n");
}
END_TEST

/* Longer than any one part may be; and others are served meanwhile. */
START_TEST(answer_in_parts)
{
	int fd = dial(), left;
	const char *text = ask("parts 18\n");

	ck_assert_int_eq(strncmp(text, "ok\nfirst ", 9), 0);
	ck_assert_uint_eq(strspn(text + 9, "x"), 1800000);
	ck_assert_uint_eq(strlen(text + 9), 1800000);
	ck_assert_str_eq(ask("parts 0\n"), "ok\nfirst ");
	ck_assert_str_eq(ask("ended\n"), "ok\n2");
	/* one does not read, one leaves */
	ck_assert_int_eq(send(fd, "parts 500\n", 10, MSG_NOSIGNAL), 10);
	left = dial();
	ck_assert_int_eq(send(left, "parts 500\n", 10, MSG_NOSIGNAL), 10);
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
	close(left);
	while (strcmp(ask("ended\n"), "ok\n3") != 0)
		poll(NULL, 0, 20);
	close(fd);
	while (strcmp(ask("ended\n"), "ok\n4") != 0)
		poll(NULL, 0, 20);
}
END_TEST

static int
server_fds(void)
{
	const char *text = ask("fds\n");

	ck_assert_int_eq(strncmp(text, "ok\n", 3), 0);
	return (int)strtonum(text + 3, 0, 1024, NULL);
}

/* However many sit there and say nothing, the next one is served. */
START_TEST(many_idle)
{
	int fd[200], base = server_fds(), i, alive = 0;
	struct pollfd p = { .events = POLLIN };

	for (i = 0; i < 200; i++) {
		ck_assert_int_ne(fd[i] = dial(), -1);
		if (i % 40 == 0)
			ck_assert_str_eq(ask("echo\n"), "ok\necho|");
	}
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
	ck_assert_int_le(server_fds(), base + CONTROL_CLIENTS);
	for (i = 0; i < 200; i++) {
		p.fd = fd[i];
		alive += poll(&p, 1, 0) == 0;
	}
	ck_assert_int_lt(alive, CONTROL_CLIENTS);
	/* the oldest made room for the newest, who can still ask */
	if (alive > 0) {
		ck_assert_int_eq(send(fd[199], "echo\n", 5, MSG_NOSIGNAL), 5);
		ck_assert_str_eq(hear(fd[199]), "ok\necho|");
	}
}
END_TEST

/* Who asks for much and does not read holds neither memory nor others. */
START_TEST(never_reads)
{
	int fd[100], base = server_fds(), i;

	for (i = 0; i < 100; i++) {
		ck_assert_int_ne(fd[i] = dial(), -1);
		ck_assert_int_eq(
		    send(fd[i], "big 1000000\n", 12, MSG_NOSIGNAL), 12);
	}
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
	ck_assert_int_le(server_fds(), base + 2 * CONTROL_CLIENTS);
	/* in the end they are given up */
	while (server_fds() > base)
		poll(NULL, 0, 50);
	ck_assert_str_ne(hear(fd[99]), "(no end)");
}
END_TEST

/*
 * Silent, or slower and slower: the deadline is the same. The test waits for
 * the server to close; it does not measure.
 */
START_TEST(deadline)
{
	int silent = dial(), slow = dial(), base = server_fds();

	while (send(slow, "e", 1, MSG_NOSIGNAL) == 1)
		poll(NULL, 0, 20);
	ck_assert_str_eq(hear(slow), "");
	ck_assert_str_eq(hear(silent), "");
	ck_assert_int_eq(server_fds(), base - 2);
}
END_TEST

START_TEST(garbage)
{
	char bytes[3000];
	int base = server_fds(), fd, i;
	size_t k, n;

	srandom((unsigned)_i + 1);
	for (i = 0; i < 200; i++) {
		n = (size_t)random() % sizeof(bytes);
		for (k = 0; k < n; k++)
			bytes[k] = (char)(random() % 64 == 0 ? '\n' : random());
		if (i % 3 == 0)
			memcpy(bytes, "echo ", 5);
		ck_assert_int_ne(fd = dial(), -1);
		send(fd, bytes, n, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		ck_assert_str_ne(hear(fd), "(no end)");
	}
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
	ck_assert_int_eq(server_fds(), base);
}
END_TEST

/* Gone before the answer. */
START_TEST(hangs_up)
{
	int base = server_fds(), fd, i;

	for (i = 0; i < 100; i++) {
		ck_assert_int_ne(fd = dial(), -1);
		if (i % 2 == 0)
			send(fd, "big 1000000\n", 12, MSG_NOSIGNAL);
		close(fd);
	}
	while (server_fds() > base)
		poll(NULL, 0, 20);
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
}
END_TEST

static void
socket_is(mode_t mode, gid_t gid)
{
	struct stat st;

	ck_assert_int_eq(stat(PATH, &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 07777), (int)mode);
	ck_assert_int_eq((int)st.st_gid, (int)gid);
}

START_TEST(modes)
{
	struct group *gr = getgrgid(getegid());
	struct stat st;

	ck_assert_int_eq(stat(PATH, &st), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	socket_is(0600, getegid());
	if (gr == NULL)
		return;
	server_end();
	server_start(gr->gr_name); /* and the old socket is in the way */
	socket_is(0660, gr->gr_gid);
	ck_assert_str_eq(ask("echo\n"), "ok\necho|");
}
END_TEST

START_TEST(opening)
{
	static const struct control_verb *const tables[2] = { verbs, NULL };
	char path[300];
	struct ev_loop *l = ev_loop_new(0);
	struct control *c;
	struct stat st;

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_ptr_null(control_open(l, path, "", tables, pass, NULL));
	ck_assert_int_eq(errno, ENAMETOOLONG);
	ck_assert_ptr_null(control_open(l, "no/dir", "", tables, pass, NULL));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(
	    control_open(l, "other", "no-such-group", tables, pass, NULL));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(stat("other", &st), -1);
	c = control_open(l, "other", "", tables, pass, NULL);
	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(control_regroup(c, "no-such-group"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(control_regroup(c, ""), 0);
	control_close(c);
	ck_assert_int_eq(stat("other", &st), -1);
	control_close(NULL);
	ev_loop_destroy(l);
}
END_TEST

/* What a process with these ids is told. */
static const char *
ask_as(uid_t uid, gid_t gid, gid_t more)
{
	static char text[100];
	int p[2];
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	if ((pid = fork()) == 0) {
		const char *answer = "(cannot)";

		if (setgroups(1, &more) == 0 && setgid(gid) == 0 &&
		    setuid(uid) == 0)
			answer = ask("echo\n");
		n = write(p[1], answer, strlen(answer));
		_exit(n == -1);
	}
	close(p[1]);
	n = read(p[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(p[0]);
	waitpid(pid, NULL, 0);
	return text;
}

START_TEST(other_uid)
{
	ck_assert_str_eq(ask_as(65534, 65534, 65534), "(no connection)");
	/* even where the socket lets it in, it is not heard */
	ck_assert_int_eq(chmod(PATH, 0666), 0);
	ck_assert_str_eq(ask_as(65534, 65534, 65534), "");
	ck_assert_str_eq(ask_as(65534, 0, 0), ""); /* root's group: no */
	ck_assert_str_eq(ask_as(0, 65534, 65534), "ok\necho|");
}
END_TEST

START_TEST(member)
{
	struct group *gr = getgrnam("daemon");
	gid_t gid;

	ck_assert_ptr_nonnull(gr);
	gid = gr->gr_gid;
	server_end();
	server_start("daemon");
	socket_is(0660, gid);
	ck_assert_str_eq(ask_as(65534, gid, 65534), "ok\necho|");
	ck_assert_str_eq(ask_as(65534, 65534, gid), "ok\necho|");
	ck_assert_str_eq(ask_as(65534, 65534, 65534), "(no connection)");
	ck_assert_int_eq(chmod(PATH, 0666), 0);
	ck_assert_str_eq(ask_as(65534, 65534, 65534), "");
	ck_assert_str_eq(ask_as(65534, 65534, gid), "ok\necho|");
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("control");
	Suite *s = suite_create("control");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, server_end);
	tcase_add_loop_test(
	    tc, answers, 0, (int)(sizeof(asked) / sizeof(asked[0])));
	tcase_add_test(tc, help);
	tcase_add_test(tc, in_pieces);
	tcase_add_test(tc, nul);
	tcase_add_test(tc, length);
	tcase_add_test(tc, no_newline);
	tcase_add_test(tc, answered_later);
	tcase_add_test(tc, kept);
	tcase_add_test(tc, big_answer);
	tcase_add_test(tc, answer_in_parts);
	tcase_add_test(tc, many_idle);
	tcase_add_test(tc, never_reads);
	tcase_add_test(tc, deadline);
	tcase_add_loop_test(tc, garbage, 0, 3);
	tcase_add_test(tc, hangs_up);
	tcase_add_test(tc, modes);
	tcase_add_test(tc, opening);
	if (geteuid() == 0) { /* who is not has one uid only */
		tcase_add_test(tc, other_uid);
		tcase_add_test(tc, member);
	}
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	char dir[] = "/tmp/test_control.XXXXXX";
	int failed;

	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL || chmod(dir, 0755) == -1 || chdir(dir) == -1)
		return 1;
	failed = tap_run(suite());
	unlink(PATH);
	unlink("other");
	rmdir(dir);
	return failed;
}
