/*
 * What a daemon takes over while it serves: its configuration, the files
 * that belong to it, its logs; and what it says on its control socket.
 */
#include "drive.h"

#include <sys/ioctl.h>

#include <grp.h>

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))
#define CONF ETC "testd.conf"

/* The old worker may be asked a last time; then the new one answers. */
#define SERVES(type, where, word)                                              \
	WAIT_FOR(has(ask_at((type), (where), "x"), (word)))

static pid_t parent;

static void
begin(const char *conf)
{
	put_file(CONF, "%s", conf);
	started("-f", CONF);
	parent = pid_of("testd");
}

/* The same over connections. */
static void
begin_stream(const char *conf)
{
	setenv("TESTD_STREAM", "1", 1);
	begin(conf);
}

static void
reload(const char *conf)
{
	put_file(CONF, "%s", conf);
	says("reload", "ok\ngeneration ");
}

/* A reload that fails changes nothing: not what is served nor what is open. */
static void
reload_fails(const char *conf, const char *answer, const char *why)
{
	unsigned files = open_files(parent);
	char status[64];

	strlcpy(status, strstr(ctl("testd", "status"), "generation"),
	    sizeof(status));
	status[strcspn(status, "\n")] = '\0';
	put_file(CONF, "%s", conf);
	log_forget();
	says("reload", answer);
	WAIT_FOR(logged(why));
	WAIT_FOR(logged("; the old configuration stays"));
	ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), status));
	WAIT_FOR(count_children(parent) == 1);
	WAIT_FOR(open_files(parent) <= files);
	/* the same by signal */
	log_forget();
	kill(parent, SIGHUP);
	WAIT_FOR(logged("; the old configuration stays"));
	ck_assert(logged(why));
	ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), status));
	WAIT_FOR(count_children(parent) == 1);
	WAIT_FOR(open_files(parent) <= files);
}

/* clang-format off */
static const struct {
	const char *conf, *answer, *why;
} bad[] = {
	{ "workers = 0", "error: bad configuration", CONF ":1: workers: " },
	{ "greeting = second\nworkers = many", "error: bad configuration", CONF ":2: workers: " },
	{ "greeting = ", "error: bad configuration", CONF ":" },
	{ "nonsense = 1", "error: bad configuration", CONF ":1: " },
	{ "user = nobody-here", "error: bad configuration", "user: \"nobody-here\": no such user" },
	{ "key_file = /no/key", "error: bad configuration", "key_file: /no/key: No such file" },
	{ "words = \"" ETC "words\"", "error: bad configuration", ETC "words:1: more than one word" },
	{ "listen = { \"127.0.0.1\", \"127.0.0.1:7002\" }", "error: sockets", "listen 127.0.0.1:7002: Address already in use" },
	{ "listen = { \"192.0.2.77\" }", "error: sockets", "listen 192.0.2.77:7777: Cannot assign" },
	{ "workers = 4\nlisten = { \"*\", \"*%nosuch\" }", "error: sockets", "listen 0.0.0.0:7777%nosuch: No such device" },
	{ "log = /no/such.log", "error: sockets or log files", "/no/such.log: No such file" },
	{ "root = /no/such", "error: a worker could not be started", "worker 0: /no/such: No such file" },
	{ "fail = prepare", "error: a worker could not be started", "worker 0: told to fail" },
	{ "fail = start", "error: a worker could not be started", "worker 0: ended with status 1, before it served" },
	{ "fail = start\nworkers = 3\nlisten = { \"*:7003\" }", "error: a worker could not be started", "ended with status 1, before it served" },
};
/* clang-format on */

START_TEST(bad_reload)
{
	union sock_addr a = addr_of("127.0.0.1:7002", 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, &a.sa, sock_addrlen(&a)), 0);
	put_file(ETC "words", "two words\n");
	begin("greeting = first\n");
	reload_fails(bad[_i].conf, bad[_i].answer, bad[_i].why);
	ck_assert(has(ask("x"), "greeting=first"));
	ck_assert(has(ask_at(SOCK_DGRAM, "::1", "x"), "greeting=first"));
	/* and the next one is not hindered by it */
	reload("greeting = third\n");
	SERVES(SOCK_DGRAM, "127.0.0.1", "greeting=third");
}
END_TEST

START_TEST(file_gone)
{
	begin("greeting = first\n");
	unlink(CONF);
	says("reload", "error: bad configuration");
	ck_assert(has(ask("x"), "greeting=first"));
}
END_TEST

/* Root is needed for all of this, and no worker is root any more. */
START_TEST(everything_new)
{
	pid_t worker;

	mkdir("one", 0755);
	mkdir("two", 0755);
	put_file("one/f", "file one\n");
	put_file("two/f", "file two\n");
	put_file(ETC "key", "secret1\n");
	ck_assert_int_eq(chmod(ETC "key", 0600), 0);
	put_file(ETC "words", "a\nb\n");
	begin("greeting = first\nroot = \"/run/drive_reload/one\"\n"
	      "key_file = \"" ETC "key\"\nwords = \"" ETC "words\"\n");
	ck_assert_ptr_nonnull(strstr(ask("file f"), "file one"));
	ck_assert(has(ask("x"), "key=secret1"));
	worker = only_child(parent);
	put_file(ETC "key", "secret2\n");
	put_file(ETC "words", "a\nb\nc\n");
	reload("greeting = second\nroot = \"/run/drive_reload/two\"\n"
	       "listen = { \"127.0.0.1:69\", \"[::1]:69\" }\n"
	       "user = daemon\n"
	       "key_file = \"" ETC "key\"\nwords = \"" ETC "words\"\n");
	WAIT_FOR(!alive(worker));
	ck_assert_ptr_nonnull(
	    strstr(ask_at(SOCK_DGRAM, "127.0.0.1:69", "file f"), "file two"));
	ck_assert(has(ask_at(SOCK_DGRAM, "[::1]:69", "x"), "greeting=second"));
	ck_assert(has(ask_at(SOCK_DGRAM, "[::1]:69", "x"), "key=secret2"));
	ck_assert(has(ask_at(SOCK_DGRAM, "[::1]:69", "x"), "words=3"));
	ck_assert_str_eq(ask("x"), "Connection refused");
	ck_assert_ptr_nonnull(strstr(
	    ask_at(SOCK_DGRAM, "127.0.0.1:69", "open /run/drive_reload/one"),
	    "Permission denied"));
	worker = only_child(parent);
	ck_assert_str_eq(status_line(worker, "Uid"), "1\t1\t1\t1");
	ck_assert_str_eq(status_line(worker, "CapEff"), "0000000000000000");
	ck_assert_str_eq(status_line(worker, "CapPrm"), "0000000000000000");
	ck_assert_str_eq(status_line(worker, "NoNewPrivs"), "1");
	ck_assert_str_eq(status_line(worker, "Seccomp"), "2");
}
END_TEST

/* From everywhere to one address and back, on one port. */
START_TEST(other_addresses)
{
	static const char *const lists[] = { "\"127.0.0.1\"", "\"*\"",
		"\"[::1]\", \"127.0.0.1%lo\"", "\"*\", \"127.0.0.1\"",
		"\"127.0.0.1\"" };
	char conf[200];
	int i;

	begin(_i == 0 ? "" : "workers = 3\n");
	for (i = 0; i < COUNT(lists); i++) {
		snprintf(conf, sizeof(conf),
		    "listen = { %s }\ngreeting = g%d\nworkers = %d\n", lists[i],
		    i, _i == 0 ? 1 : 3);
		reload(conf);
		snprintf(conf, sizeof(conf), "greeting=g%d", i);
		WAIT_FOR(has(ask("x"), conf));
		/* while they drain, the old ones hold their addresses */
		WAIT_FOR(strstr(ctl("testd", "status"), "draining") == NULL);
	}
	WAIT_FOR(
	    strcmp(ask_at(SOCK_DGRAM, "::1", "x"), "Connection refused") == 0);
}
END_TEST

/* What was queued at an address that goes is still answered. */
START_TEST(address_removed)
{
	int fd[20], i;
	pid_t worker;

	begin("listen = { \"127.0.0.1\", \"127.0.0.1:7001\" }\n");
	worker = only_child(parent);
	kill(worker, SIGSTOP);
	for (i = 0; i < 20; i++) {
		fd[i] = client(SOCK_DGRAM, "127.0.0.1:7001");
		dprintf(fd[i], "%d", i);
	}
	reload("listen = { \"127.0.0.1\" }\n");
	kill(worker, SIGCONT);
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(strtol(answer_on(fd[i]), NULL, 10), i);
	WAIT_FOR(!alive(worker));
}
END_TEST

START_TEST(more_and_less)
{
	static const int workers[] = { 3, 2, 5, 1, 64, 1 };
	char conf[80];
	int i;

	begin("");
	for (i = 0; i < COUNT(workers); i++) {
		snprintf(conf, sizeof(conf), "workers = %d\n", workers[i]);
		reload(conf);
		WAIT_FOR(count_children(parent) == workers[i]);
		snprintf(conf, sizeof(conf), "worker %d: ", workers[i] - 1);
		ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), conf));
	}
}
END_TEST

/*
 * Reload, again and again, with other numbers of workers: in a process beside
 * the one that asks all the time. Exits 0 when each was served.
 */
static pid_t
reload_beside(int type)
{
	static const int workers[] = { 3, 2, 4, 1, 2 };
	char conf[200], want[40];
	pid_t pid;
	int i;

	if ((pid = fork()) != 0)
		return pid;
	for (i = 0; i < COUNT(workers); i++) {
		snprintf(want, sizeof(want), "greeting=g%d", i);
		snprintf(conf, sizeof(conf), "greeting = g%d\nworkers = %d\n",
		    i, workers[i]);
		reload(conf);
		/* the old ones finish, and the asking goes on meanwhile */
		WAIT_FOR(has(ask_at(type, "127.0.0.1", "r"), want));
		WAIT_FOR(count_children(parent) == workers[i]);
		poll(NULL, 0, 200);
	}
	_exit(0);
}

#define SOCKETS 8
#define MOST 200000
static unsigned char answers[MOST];

/* Read what came on these sockets. How many answers. */
static int
read_answers(const struct pollfd *p)
{
	char text[600];
	int i, n = 0;
	ssize_t len;
	long k;

	for (i = 0; i < SOCKETS; i++)
		while ((len = recv(p[i].fd, text, sizeof(text) - 1,
			    MSG_DONTWAIT)) > 0) {
			text[len] = '\0';
			k = strtol(text, NULL, 10);
			ck_assert_int_ge(k, 0);
			ck_assert_int_lt(k, MOST);
			ck_assert_int_eq(answers[k]++, 0); /* only once */
			n++;
		}
	return n;
}

/* Numbered datagrams all the time: each is answered, and once. */
START_TEST(no_datagram_lost)
{
	struct timespec pause = { .tv_nsec = 500000 };
	struct pollfd p[SOCKETS];
	int sent = 0, got = 0, i, status;
	pid_t pid;

	begin("");
	for (i = 0; i < SOCKETS; i++) {
		p[i].fd = client(SOCK_DGRAM, i % 2 ? "::1" : "127.0.0.1");
		p[i].events = POLLIN;
	}
	pid = reload_beside(SOCK_DGRAM);
	while (waitpid(pid, &status, WNOHANG) == 0 && sent < MOST) {
		ck_assert_int_gt(dprintf(p[sent % SOCKETS].fd, "%d", sent), 0);
		sent++;
		nanosleep(&pause, NULL);
		got += read_answers(p);
	}
	ck_assert_int_eq(status, 0);
	while (got < sent && poll(p, SOCKETS, LONG_MS) > 0)
		got += read_answers(p);
	ck_assert_int_eq(got, sent);
	ck_assert_int_gt(sent, 100);
	for (i = 0; i < sent; i++)
		ck_assert_int_eq(answers[i], 1);
}
END_TEST

/* One client: connection after connection, each answered to its end. */
static void
connect_on(const char *where)
{
	char text[600];
	int fd, n;
	ssize_t len;

	for (n = 0; !exists("enough"); n++) {
		if ((fd = client(SOCK_STREAM, where)) == -1)
			_exit(1);
		dprintf(fd, "%d\n", n);
		if ((len = recv(fd, text, sizeof(text) - 1, 0)) <= 0)
			_exit(2);
		text[len] = '\0';
		if (strtol(text, NULL, 10) != n ||
		    recv(fd, text, sizeof(text), 0) != 0)
			_exit(3);
		close(fd);
	}
	_exit(n > 5 ? 0 : 4);
}

START_TEST(no_connection_lost)
{
	pid_t pids[SOCKETS], pid;
	int i;

	begin_stream("");
	for (i = 0; i < SOCKETS; i++)
		if ((pids[i] = fork()) == 0)
			connect_on(i % 2 ? "::1" : "127.0.0.1");
	pid = reload_beside(SOCK_STREAM);
	ck_assert_int_eq(reap(pid), 0);
	put_file("enough", "%s", "");
	for (i = 0; i < SOCKETS; i++)
		ck_assert_int_eq(reap(pids[i]), 0);
}
END_TEST

/* A connection of before is served by those who took it, to its end. */
START_TEST(old_and_new)
{
	pid_t old;
	int fd;

	begin_stream("greeting = first\n");
	old = only_child(parent);
	fd = client(SOCK_STREAM, "127.0.0.1");
	WAIT_FOR(strstr(ctl("testd", "stats"), "connections 1") != NULL);
	reload("greeting = second\n");
	SERVES(SOCK_STREAM, "127.0.0.1", "greeting=second");
	ck_assert_ptr_nonnull(
	    strstr(ctl("testd", "status"), "generation 1 worker 0"));
	ck_assert(alive(old));
	dprintf(fd, "x\n");
	ck_assert(has(answer_on(fd), "greeting=first"));
	WAIT_FOR(!alive(old));
	WAIT_FOR(strstr(ctl("testd", "status"), "generation 1 w") == NULL);
}
END_TEST

/* One that does not finish is ended; one that is killed stays dead. */
START_TEST(old_ends)
{
	int fd, i;

	begin_stream("drain_timeout = 100ms\n");
	for (i = 0; i < 2; i++) {
		fd = client(SOCK_STREAM, "127.0.0.1");
		WAIT_FOR(
		    strstr(ctl("testd", "stats"), "connections 1") != NULL);
		reload("drain_timeout = 1h\n");
		if (i == 0)
			WAIT_FOR(logged("1 workers not done in time: ended"));
		else {
			pid_t pids[4];

			ck_assert_int_eq(children(parent, pids, 4), 2);
			kill(pids[0] < pids[1] ? pids[0] : pids[1], SIGKILL);
		}
		WAIT_FOR(count_children(parent) == 1);
		ck_assert_ptr_null(strstr(ctl("testd", "status"), "draining"));
		close(fd);
	}
	ck_assert(!logged("killed by signal"));
}
END_TEST

/* Signals that come in a heap: what the file says last is what counts. */
START_TEST(many_signals)
{
	char word[40];
	int i;

	begin("greeting = first\n");
	for (i = 0; i < 50; i++) {
		put_file(ETC "new", "greeting = g%d\n", i);
		ck_assert_int_eq(rename(ETC "new", CONF), 0);
		kill(parent, SIGHUP);
	}
	snprintf(word, sizeof(word), "greeting=g%d", i - 1);
	WAIT_FOR(has(ask("x"), word));
	WAIT_FOR(count_children(parent) == 1);
	says("status", "ok\n");
}
END_TEST

/*
 * A reload that stands still: the key is a FIFO, so whoever reads the
 * configuration waits for the test to write.
 */
static int
stand_still(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = RUN "testd.sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(mkfifo(ETC "fifo", 0600), 0);
	put_file(CONF, "greeting = second\nkey_file = \"" ETC "fifo\"\n");
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	dprintf(fd, "reload\n");
	WAIT_FOR(count_children(parent) == 2); /* a worker and who checks */
	return fd;
}

/* Let them read, one key after the other, until the answer comes. */
static const char *
let_read(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int fifo = open(ETC "fifo", O_RDWR | O_CLOEXEC), waits = 0;

	ck_assert_int_ne(fifo, -1);
	do {
		if (waits == 0)
			ck_assert_int_eq(write(fifo, "key\n", 4), 4);
		ck_assert_int_eq(ioctl(fifo, FIONREAD, &waits), 0);
	} while (poll(&p, 1, 5) == 0);
	close(fifo);
	return answer_on(fd);
}

START_TEST(slow_check)
{
	int fd;

	begin("greeting = first\n");
	fd = stand_still();
	/* meanwhile everything goes on */
	ck_assert(has(ask("x"), "greeting=first"));
	says("status", "ok\n");
	says("reload", "error: busy\n");
	kill(answered_by(ask("x")), SIGKILL);
	WAIT_FOR(logged("killed by signal 9"));
	ck_assert(has(ask("x"), "greeting=first"));
	kill(parent, SIGHUP); /* once more, after this one */
	says("status", "ok\n");
	ck_assert_str_eq(let_read(fd), "ok\ngeneration 3\n");
	SERVES(SOCK_DGRAM, "127.0.0.1", "greeting=second");
	SERVES(SOCK_DGRAM, "127.0.0.1", "key=key");
}
END_TEST

START_TEST(stopped_in_check)
{
	int fd;

	begin("greeting = first\n");
	fd = stand_still();
	kill(parent, SIGTERM);
	ck_assert_str_eq(answer_on(fd), "error: stopping\n");
	WAIT_FOR(!alive(parent));
	ck_assert(!exists(RUN "testd.pid"));
	ck_assert(!exists(RUN "testd.sock"));
}
END_TEST

/* However often, nothing is left over. */
START_TEST(nothing_left)
{
	unsigned files;
	int i;

	put_file("own.log", "%s", "");
	begin("workers = 2\nlog = \"/run/drive_reload/own.log\"\n");
	says("reload", "ok\n");
	WAIT_FOR(strstr(ctl("testd", "status"), "draining") == NULL);
	files = open_files(parent);
	for (i = 0; i < 20; i++) {
		says("reload", "ok\n");
		kill(parent, SIGUSR1);
		if (i % 5 == 0) {
			kill(answered_by(ask("x")), SIGKILL);
			ask("x");
			WAIT_FOR(count_children(parent) == 2);
		}
	}
	WAIT_FOR(count_children(parent) == 2);
	WAIT_FOR(strstr(ctl("testd", "status"), "draining") == NULL);
	WAIT_FOR(open_files(parent) <= files);
}
END_TEST

START_TEST(control_group)
{
	struct group *gr = getgrnam("daemon");
	struct stat st;

	ck_assert_ptr_nonnull(gr);
	begin("");
	reload("control_group = daemon\n");
	ck_assert_int_eq(stat(RUN "testd.sock", &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0660);
	ck_assert_int_eq((int)st.st_gid, (int)gr->gr_gid);
	/* a reload that fails leaves it */
	put_file(CONF, "fail = start\n");
	says("reload", "error: a worker could not be started");
	ck_assert_int_eq(stat(RUN "testd.sock", &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0660);
	reload("");
	ck_assert_int_eq(stat(RUN "testd.sock", &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0600);
}
END_TEST

/* Logs */

/* The file lies where no worker can reach it. */
START_TEST(rotated)
{
	mkdir("logs", 0700);
	unlink("logs/a");
	unlink("logs/a.1");
	begin("log = \"/run/drive_reload/logs/a\"\n");
	ask("log one");
	ck_assert_ptr_nonnull(strstr(get_file("logs/a"), " one\n"));
	ck_assert_int_eq(rename("logs/a", "logs/a.1"), 0);
	ask("log two"); /* until it is told */
	ck_assert_ptr_nonnull(strstr(get_file("logs/a.1"), " two\n"));
	kill(parent, SIGUSR1);
	WAIT_FOR(exists("logs/a"));
	WAIT_FOR(ask("log three") != NULL &&
	    strstr(get_file("logs/a"), " three\n") != NULL);
	ck_assert_ptr_null(strstr(get_file("logs/a"), "two"));
	/* the next worker has the new one */
	kill(only_child(parent), SIGKILL);
	ask("log four");
	ck_assert_ptr_nonnull(strstr(get_file("logs/a"), " four\n"));
	ck_assert_ptr_null(strstr(get_file("logs/a.1"), "four"));
	/* where it cannot be opened the old one stays */
	ck_assert_int_eq(rename("logs", "logs.away"), 0);
	kill(parent, SIGUSR1);
	WAIT_FOR(logged("/run/drive_reload/logs/a: No such file"));
	ask("log five");
	ck_assert_ptr_nonnull(strstr(get_file("logs.away/a"), " five\n"));
	ck_assert_int_eq(rename("logs.away", "logs"), 0);
}
END_TEST

START_TEST(system_log)
{
	char want[80];
	pid_t worker;

	begin("");
	worker = only_child(parent);
	ask("log a line\nand \x1b more");
	snprintf(want, sizeof(want),
	    "testd[%d]: worker 0: a line\\nand \\x1b more", (int)worker);
	WAIT_FOR(logged(want));
	syslogd_start(); /* another one, after the drop */
	ask("log after");
	WAIT_FOR(logged("worker 0: after"));
	ck_assert(!logged("lines lost"));
	/* away: nothing waits for it, and what comes back is told */
	syslogd_stop();
	ask("log lost");
	says("status", "ok\n");
	ask("log lost");
	says("status", "ok\n");
	syslogd_start();
	ask("log back");
	WAIT_FOR(logged("worker 0: back"));
	ask("log again");
	WAIT_FOR(logged("worker 0: again"));
}
END_TEST

/* What a worker said last is not lost with it. */
START_TEST(last_words)
{
	char line[32];
	pid_t worker;
	int i;

	begin("");
	worker = only_child(parent);
	kill(parent, SIGSTOP);
	for (i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "log line %d.", i);
		ask(line);
	}
	kill(worker, SIGKILL);
	WAIT_FOR(!alive(worker));
	kill(parent, SIGCONT);
	WAIT_FOR(logged("killed by signal 9"));
	for (i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), ": line %d.", i);
		ck_assert_msg(logged(line), "%s", line);
	}
}
END_TEST

START_TEST(verbose)
{
	begin("");
	ask("log one");
	WAIT_FOR(logged("worker 0: one"));
	ck_assert_str_eq(ctl("testd", "verbose 0"), "ok\n");
	/* the worker learns it in its own time; then nothing comes */
	log_forget();
	WAIT_FOR((log_forget(), ask("log two"), says("status", "ok\n"),
	    !logged("two")));
	ck_assert_str_eq(ctl("testd", "verbose 2"), "ok\n");
	WAIT_FOR((ask("log three"), logged("worker 0: three")));
	says("verbose", "error: usage: verbose N");
	says("verbose 3", "error: 0: notices, 1: info, 2: debug");
	says("verbose x", "error: 0: notices, 1: info, 2: debug");
	says("verbose 11", "error: 0: notices, 1: info, 2: debug");
}
END_TEST

/* Verbs */

START_TEST(verbs)
{
	char want[200];
	const char *text;
	int i;

	begin("workers = 3\ngreeting = \"a \\\" b\"\n");
	snprintf(want, sizeof(want), "ok\ntestd " VERSION ": pid %d, up ",
	    (int)parent);
	says("status", want);
	for (i = 0; i < 3; i++) {
		snprintf(want, sizeof(want), "generation 1 worker %d: pid ", i);
		ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), want));
	}
	text = ctl("testd", "help");
	ck_assert_int_eq(strncmp(text, "ok\n", 3), 0);
	ck_assert_ptr_nonnull(strstr(text, "\nstats: "));
	ck_assert_ptr_nonnull(strstr(text, "\nwho WORD: "));
	says("nonsense", "error: no such verb; try help\n");
	says("who", "error: usage: who WORD: one worker\n");
	says("who me", "ok\nme worker 0 pid ");
	text = ctl("testd", "all of");
	ck_assert_int_eq(strncmp(text, "ok\n", 3), 0);
	for (i = 0; i < 3; i++) {
		snprintf(want, sizeof(want), "of worker %d pid ", i);
		ck_assert_ptr_nonnull(strstr(text, want));
	}
	says("stats", "ok\nrequests 0\nconnections 0\n");
}
END_TEST

/* What show-config prints is a configuration, and the same one. */
START_TEST(show_config)
{
	char first[4000];
	const char *text;

	begin("listen = { \"127.0.0.1\", \"[::1]:7001\" }\n"
	      "greeting = \"a \\\" \\\\ b\"\ndrain_timeout = 90s\n");
	text = ctl("testd", "show-config");
	ck_assert_int_eq(strncmp(text, "ok\n", 3), 0);
	ck_assert_ptr_nonnull(strstr(text, "user = \"nobody\""));
	strlcpy(first, text + 3, sizeof(first));
	reload(first);
	ck_assert_str_eq(ctl("testd", "show-config") + 3, first);
	ck_assert_ptr_nonnull(
	    strstr(ask_at(SOCK_DGRAM, "[::1]:7001", "x"), "a \" \\ b"));
}
END_TEST

/* A worker that stands still does not stop the parent. */
START_TEST(worker_stands_still)
{
	pid_t worker;
	int fds[40], i;

	begin("");
	worker = only_child(parent);
	kill(worker, SIGSTOP);
	for (i = 0; i < 40; i++) {
		struct sockaddr_un sun = { .sun_family = AF_UNIX,
			.sun_path = RUN "testd.sock" };

		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(
		    connect(fds[i], (struct sockaddr *)&sun, sizeof(sun)), 0);
		dprintf(fds[i], "who me\n");
	}
	says("status", "ok\n");
	reload("greeting = second\n");
	SERVES(SOCK_DGRAM, "127.0.0.1", "greeting=second");
	kill(worker, SIGCONT);
	for (i = 0; i < 40; i++)
		ck_assert_str_ne(answer_on(fds[i]), "(no answer)");
	WAIT_FOR(!alive(worker));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("reload");
	Suite *s = suite_create("reload");

	tcase_set_timeout(tc, 4 * LONG_MS / 1000);
	tcase_add_checked_fixture(tc, drive_setup, clean);
	tcase_add_loop_test(tc, bad_reload, 0, COUNT(bad));
	tcase_add_test(tc, file_gone);
	tcase_add_test(tc, everything_new);
	tcase_add_loop_test(tc, other_addresses, 0, 2);
	tcase_add_test(tc, address_removed);
	tcase_add_test(tc, more_and_less);
	tcase_add_test(tc, no_datagram_lost);
	tcase_add_test(tc, no_connection_lost);
	tcase_add_test(tc, old_and_new);
	tcase_add_test(tc, old_ends);
	tcase_add_test(tc, many_signals);
	tcase_add_test(tc, slow_check);
	tcase_add_test(tc, stopped_in_check);
	tcase_add_test(tc, nothing_left);
	tcase_add_test(tc, control_group);
	tcase_add_test(tc, rotated);
	tcase_add_test(tc, system_log);
	tcase_add_test(tc, last_words);
	tcase_add_test(tc, verbose);
	tcase_add_test(tc, verbs);
	tcase_add_test(tc, show_config);
	tcase_add_test(tc, worker_stands_still);
	suite_add_tcase(s, tc);
	return drive_main(s, "/run/drive_reload");
}
