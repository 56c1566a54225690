/*
 * The life of a daemon, from its options to its end.
 */
#include "drive.h"

#include "stats.h"

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

/* Options */

START_TEST(version)
{
	struct run r = run("-V");

	ck_assert_int_eq(r.status, 0);
	ck_assert_str_eq(r.err, "testd " VERSION " (basenet)\n");
}
END_TEST

static const char *const wrong[][3] = {
	{ "-x" },
	{ "word" },
	{ "-d", "word" },
	{ "-f" },
	{ "-p" },
	{ "-p", "0" },
	{ "-p", "65536" },
	{ "-p", "tftp" },
	{ "-p", "" },
};

START_TEST(usage)
{
	refused("usage: testd ", wrong[_i][0], wrong[_i][1]);
	ck_assert_int_eq(count_children(0), 0);
	ck_assert(dir_empty(RUN));
}
END_TEST

/* -n says what it thinks, and does nothing. */
START_TEST(check_only)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union sock_addr a = addr_of("127.0.0.1:7777", 0);
	struct run r;

	/* the address is taken, which is not a matter of the file */
	ck_assert_int_eq(bind(fd, &a.sa, sock_addrlen(&a)), 0);
	put_file(ETC "testd.conf",
	    "listen = { \"127.0.0.1\" }\nlog = \"/run/basenet/x.log\"\n");
	r = run("-n");
	ck_assert_str_eq(r.err, ETC "testd.conf: configuration OK\n");
	ck_assert_int_eq(r.status, 0);
	ck_assert(dir_empty(RUN));
	put_file(ETC "testd.conf",
	    "workers = 0\nuser = \"nobody-here\"\ngreeting = \"\"\n");
	refused(ETC "testd.conf:1: workers: ", "-n");
	refused(ETC "testd.conf:3: greeting: ", "-n");
	put_file(ETC "testd.conf",
	    "user = \"nobody-here\"\nkey_file = \"/no/key\"\n");
	refused("user: \"nobody-here\": no such user", "-n");
	put_file(ETC "testd.conf", "control_group = \"none-such\"\n");
	refused("control_group: \"none-such\": no such group", "-n");
	put_file(ETC "testd.conf", "key_file = \"/no/key\"\n");
	refused("key_file: /no/key: No such file", "-n");
	ck_assert(dir_empty(RUN));
}
END_TEST

START_TEST(check_words)
{
	put_file(ETC "words", "one\ntwo words\n# no\nthree\nfour words\n");
	put_file(ETC "testd.conf", "words = \"" ETC "words\"\n");
	refused(ETC "words:2: more than one word", "-n");
	refused(ETC "words:5: more than one word", "-n");
	put_file(ETC "words", "one\n\n# no\ntwo\n");
	started("-n");
	started("-f", ETC "testd.conf");
	ck_assert(has(ask("x"), "words=2"));
}
END_TEST

/* -n beside one that runs. */
START_TEST(check_beside)
{
	started(NULL);
	started("-n");
	ck_assert(alive(pid_of("testd")));
	ck_assert(has(ask("x"), "greeting=first"));
	says("status", "ok\n");
}
END_TEST

START_TEST(which_file)
{
	refused("nowhere.conf", "-f", ETC "nowhere.conf");
	unlink(ETC "testd.conf"); /* nobody named it: every default */
	started("-p", "7000");
	ck_assert(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7000", "x"), "greeting=none"));
	ck_assert(has(ask_at(SOCK_DGRAM, "[::1]:7000", "x"), "greeting=none"));
	/* a relative name is kept although the daemon leaves the directory */
	put_file("here.conf", "listen = { \"127.0.0.1:7001\" }\n");
	started("-f", "here.conf");
	put_file("here.conf",
	    "listen = { \"127.0.0.1:7001\" }\ngreeting = second\n");
	ck_assert_str_eq(ctl("here", "reload"), "ok\ngeneration 2\n");
	WAIT_FOR(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7001", "x"), "greeting=second"));
}
END_TEST

/* Start */

/* A daemon that says itself what it binds, whatever the site's addresses. */
START_TEST(bound)
{
	pid_t pid;

	setenv("TESTD_BOUND", "yes", 1);
	put_file(ETC "site.conf", "addresses = { \"127.0.0.1\" }\n");
	started("-n");
	started(NULL);
	pid = pid_of("testd");
	ck_assert_int_eq(count_children(pid), 1);
	ck_assert(has(ask_at(SOCK_DGRAM, "127.0.0.2", "x"), "greeting=first"));
	ck_assert_str_eq(ask("x"), "Connection refused");
	put_file(ETC "testd.conf", "greeting = second\n");
	ck_assert_str_eq(ctl("testd", "reload"), "ok\ngeneration 2\n");
	WAIT_FOR(has(ask_at(SOCK_DGRAM, "127.0.0.2", "x"), "greeting=second"));
	WAIT_FOR(count_children(pid) == 1);
	put_file(ETC "testd.conf", "listen = { \"127.0.0.1\" }\n");
	refused("listen: unknown key", "-n");
	put_file(ETC "testd.conf", "workers = 2\n");
	refused("workers: unknown key", "-n");
}
END_TEST

START_TEST(serves_when_started)
{
	struct stat st;
	pid_t pid, worker;

	put_file(ETC "testd.conf", "workers = 2\n");
	started(NULL);
	/* nobody waits here: all of it is true by now */
	pid = pid_of("testd");
	ck_assert(alive(pid));
	ck_assert(is_testd(pid));
	ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), "worker 1"));
	ck_assert_ptr_null(strstr(ctl("testd", "status"), "starting"));
	ck_assert_int_eq(count_children(pid), 2);
	worker = answered_by(ask("x"));
	ck_assert_int_eq(stat_field(worker, 4), pid);
	ck_assert_int_eq(stat_field(pid, 6), pid); /* its own session */
	ck_assert_int_eq(stat(RUN "testd.sock", &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0600);
	ck_assert_int_eq(stat(RUN "testd.stats", &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0644);
	ck_assert_int_eq(stat(RUN "testd.pid", &st), 0);
	ck_assert_int_eq((int)(st.st_mode & 0777), 0644);
}
END_TEST

/* clang-format off */
static const struct {
	const char *conf, *why;
} failing[] = {
	{ "listen = { \"127.0.0.1:7001\", \"127.0.0.1:7002\" }", "listen 127.0.0.1:7002: Address already in use" },
	{ "listen = { \"192.0.2.77\" }", "listen 192.0.2.77:7777: Cannot assign requested address" },
	{ "listen = { \"*%nosuch\" }", "listen 0.0.0.0:7777%nosuch: No such device" },
	{ "log = \"/no/such.log\"", "/no/such.log: No such file or directory" },
	{ "root = \"/no/such\"", "worker 0: /no/such: No such file or directory" },
	{ "fail = prepare", "worker 0: told to fail" },
	{ "fail = start", "worker 0: ended with status 1, before it served" },
	{ "fail = start\nworkers = 5", ": ended with status 1, before it served" },
	{ "user = \"root\"", "worker 0: user root" },
	{ "greeting = ", "testd.conf:" },
	{ "nonsense = 1", "testd.conf:1: " },
};
/* clang-format on */

START_TEST(cannot_start)
{
	union sock_addr a = addr_of("127.0.0.1:7002", 0);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, &a.sa, sock_addrlen(&a)), 0);
	put_file(ETC "testd.conf", "%s\n", failing[_i].conf);
	refused(failing[_i].why, NULL);
	WAIT_FOR(count_children(0) == 0);
	ck_assert(dir_empty(RUN));
	/* in the foreground the same */
	ck_assert_int_eq(reap(background(-1, "-d")), 1);
	ck_assert_ptr_nonnull(strstr(get_file("err"), failing[_i].why));
	ck_assert(dir_empty(RUN));
}
END_TEST

START_TEST(second_start)
{
	char why[64];
	pid_t pid;

	started(NULL);
	pid = pid_of("testd");
	snprintf(why, sizeof(why), "already running, pid %d\n", (int)pid);
	/* the lock says so, whatever the configuration would say */
	put_file(ETC "testd.conf", "listen = { \"127.0.0.1:7001\" }\n");
	refused(why, NULL);
	ck_assert_int_eq(reap(background(-1, "-d")), 1);
	ck_assert_ptr_nonnull(strstr(get_file("err"), why));
	ck_assert_int_eq(pid_of("testd"), pid);
	ck_assert(has(ask("x"), "greeting=first"));
	says("status", "ok\n");
}
END_TEST

static const char *const stale[] = { "", "999999999\n", "garbage\n", "1\n",
	"self" };

START_TEST(stale_pid_file)
{
	pid_t pid;

	if (strcmp(stale[_i], "self") == 0)
		put_file(RUN "testd.pid", "%d\n", (int)getpid());
	else
		put_file(RUN "testd.pid", "%s", stale[_i]);
	put_file(RUN "testd.sock", "not a socket\n");
	put_file(RUN "testd.stats", "not counters\n");
	started(NULL);
	pid = pid_of("testd");
	ck_assert(is_testd(pid));
	says("status", "ok\n");
	says("stats", "ok\nrequests 0\n");
}
END_TEST

/* Standard descriptors that are closed are not taken for sockets. */
START_TEST(closed_descriptors)
{
	pid_t pid;

	if ((pid = fork()) == 0) {
		close(0);
		close(1);
		close(2);
		execl(testd, "testd", (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(reap(pid), 0);
	ck_assert(has(ask("x"), "greeting=first"));
	ck_assert(has(ask_at(SOCK_DGRAM, "::1", "x"), "greeting=first"));
	says("status", "ok\n");
}
END_TEST

START_TEST(two_instances)
{
	pid_t one, two;

	put_file(ETC "testd-lab.conf",
	    "listen = { \"127.0.0.1:7001\" }\ngreeting = lab\n");
	started(NULL);
	started("-f", ETC "testd-lab.conf");
	one = pid_of("testd");
	two = pid_of("testd-lab");
	ck_assert_int_ne(one, two);
	ck_assert(has(ask("x"), "greeting=first"));
	ck_assert(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7001", "x"), "greeting=lab"));
	ck_assert(exists(RUN "testd-lab.sock"));
	ck_assert(exists(RUN "testd-lab.stats"));
	ck_assert_ptr_nonnull(strstr(ctl("testd-lab", "stats"), "requests 1"));
	kill(one, SIGTERM);
	WAIT_FOR(!exists(RUN "testd.pid"));
	ck_assert(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7001", "x"), "greeting=lab"));
	ck_assert_ptr_nonnull(strstr(ctl("testd-lab", "status"), "testd-lab"));
	ck_assert(alive(two));
}
END_TEST

/* Without a place for run files it still serves, as an ordinary user. */
START_TEST(ordinary_user)
{
	int err = open("err", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	pid_t pid;

	put_file(ETC "testd.conf", "greeting = ordinary\n");
	if ((pid = fork()) == 0) {
		if (setgid(65534) == -1 || setuid(65534) == -1)
			_exit(126);
		dup2(err, STDERR_FILENO);
		execl(testd, "testd", "-d", "-p", "7001", (char *)NULL);
		_exit(127);
	}
	WAIT_FOR(strstr(ask_at(SOCK_DGRAM, "127.0.0.1:7001", "x"),
		     "greeting=ordinary") != NULL);
	ck_assert(dir_empty(RUN));
	kill(pid, SIGTERM);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert_ptr_nonnull(strstr(get_file("err"), "no control socket"));
}
END_TEST

/* End */

static const int stops[] = { SIGTERM, SIGINT };

START_TEST(stopped)
{
	pid_t pid = background(-1, "-d");

	WAIT_FOR(exists(RUN "testd.pid") && pid_of("testd") == pid);
	kill(pid, stops[_i]);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert(dir_empty(RUN));
	ck_assert_int_eq(count_children(0), 0);
	ck_assert_ptr_nonnull(strstr(get_file("err"), "stopping"));
}
END_TEST

START_TEST(stopped_by_verb)
{
	pid_t pid = background(-1, "-d");

	WAIT_FOR(pid_of("testd") == pid);
	ck_assert_str_eq(ctl("testd", "stop"), "ok\n");
	ck_assert_int_eq(reap(pid), 0);
	ck_assert(dir_empty(RUN));
}
END_TEST

/* A whole process group is told at once, as some managers do. */
START_TEST(group_stopped)
{
	pid_t pids[4], pid;
	int n, i;

	put_file(ETC "testd.conf", "workers = 3\n");
	pid = background(-1, "-d");
	WAIT_FOR(pid_of("testd") == pid);
	n = children(pid, pids, 4);
	for (i = 0; i < n; i++)
		kill(pids[i], SIGTERM);
	kill(pid, SIGTERM);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert_int_eq(count_children(0), 0);
}
END_TEST

static pid_t
stream_daemon(const char *conf)
{
	pid_t pid;

	setenv("TESTD_STREAM", "1", 1);
	put_file(ETC "testd.conf", "%s", conf);
	pid = background(-1, "-d");
	WAIT_FOR(pid_of("testd") == pid);
	return pid;
}

/* An open connection, known to the worker. */
static int
held_connection(void)
{
	int fd = client(SOCK_STREAM, "127.0.0.1");

	ck_assert_int_ne(fd, -1);
	WAIT_FOR(strstr(ctl("testd", "stats"), "connections 1") != NULL);
	return fd;
}

/* What is under way is served to its end; nothing new is. */
START_TEST(drains)
{
	pid_t pid = stream_daemon("");
	int fd = held_connection();

	kill(pid, SIGTERM);
	WAIT_FOR(strstr(ctl("testd", "status"), "draining") != NULL);
	ck_assert(alive(pid));
	ck_assert(exists(RUN "testd.pid"));
	dprintf(fd, "x\n");
	ck_assert(has(answer_on(fd), "greeting=none"));
	ck_assert_int_eq(reap(pid), 0);
	ck_assert(dir_empty(RUN));
	ck_assert_int_eq(client(SOCK_STREAM, "127.0.0.1"), -1);
}
END_TEST

/* Connections that waited to be accepted when the end came are served. */
START_TEST(drains_queue)
{
	pid_t pid = stream_daemon(""), worker = only_child(pid);
	int fd[20], i;

	kill(worker, SIGSTOP);
	for (i = 0; i < 20; i++) {
		ck_assert_int_ne(fd[i] = client(SOCK_STREAM, "127.0.0.1"), -1);
		dprintf(fd[i], "%d\n", i);
	}
	kill(pid, SIGTERM);
	WAIT_FOR(strstr(ctl("testd", "status"), "draining") != NULL);
	kill(worker, SIGCONT);
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(strtol(answer_on(fd[i]), NULL, 10), i);
	ck_assert_int_eq(reap(pid), 0);
}
END_TEST

START_TEST(drain_timeout)
{
	pid_t pid = stream_daemon("drain_timeout = 100ms\n");
	int fd = held_connection();

	kill(pid, SIGTERM);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert_ptr_nonnull(
	    strstr(get_file("err"), "1 workers not done in time"));
	ck_assert_int_eq(count_children(0), 0);
	close(fd);
}
END_TEST

START_TEST(stopped_twice)
{
	pid_t pid = stream_daemon("drain_timeout = 1h\n");
	int fd = held_connection();

	kill(pid, SIGTERM);
	WAIT_FOR(strstr(ctl("testd", "status"), "draining") != NULL);
	kill(pid, SIGTERM);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert(dir_empty(RUN));
	close(fd);
}
END_TEST

/* Accidents */

/* What comes while no worker lives is answered by the next one. */
START_TEST(worker_killed)
{
	pid_t pid, worker, next = 0;
	int fd[20], i;
	const char *answer;

	started(NULL);
	pid = pid_of("testd");
	worker = only_child(pid);
	kill(worker, SIGSTOP);
	for (i = 0; i < 20; i++) {
		fd[i] = client(SOCK_DGRAM, i % 2 ? "::1" : "127.0.0.1");
		dprintf(fd[i], "%d", i);
	}
	kill(worker, SIGKILL);
	for (i = 0; i < 20; i++) {
		answer = answer_on(fd[i]);
		ck_assert_int_eq(strtol(answer, NULL, 10), i);
		next = answered_by(answer);
		ck_assert_int_ne(next, worker);
	}
	ck_assert_int_eq(stat_field(next, 4), pid);
	WAIT_FOR(logged("worker 0: killed by signal 9 (Killed), starting "
			"again in 0.1 s"));
	ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), "1 restarts"));
}
END_TEST

START_TEST(connections_survive_worker)
{
	pid_t pid = stream_daemon(""), worker = only_child(pid);
	int fd[10], i;

	kill(worker, SIGSTOP);
	for (i = 0; i < 10; i++) {
		fd[i] = client(SOCK_STREAM, "127.0.0.1");
		dprintf(fd[i], "%d\n", i);
	}
	kill(worker, SIGKILL);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(strtol(answer_on(fd[i]), NULL, 10), i);
}
END_TEST

/* It waits longer each time, and then forgives. */
START_TEST(backs_off)
{
	static const char *const waits[] = { "0.1 s", "0.2 s", "0.4 s",
		"0.8 s" };
	char want[80];
	pid_t pid, worker = 0;
	int i;

	put_file(ETC "testd.conf", "workers = 2\n");
	started(NULL);
	pid = pid_of("testd");
	for (i = 0; i < COUNT(waits); i++) {
		snprintf(want, sizeof(want), "worker 1 pid ");
		WAIT_FOR(strstr(ctl("testd", "all x"), want) != NULL);
		worker = (pid_t)strtol(
		    strstr(ctl("testd", "all x"), want) + strlen(want), NULL,
		    10);
		kill(worker, SIGKILL);
		snprintf(want, sizeof(want), "starting again in %s", waits[i]);
		WAIT_FOR(logged(want));
		log_forget();
		/* the other one is not touched */
		ck_assert_ptr_nonnull(
		    strstr(ctl("testd", "status"), "worker 0: pid"));
		WAIT_FOR(count_children(pid) == 2);
	}
	ck_assert_ptr_nonnull(strstr(ctl("testd", "status"), "4 restarts"));
}
END_TEST

/* One that ends by itself is started again, too. */
START_TEST(worker_ends)
{
	pid_t pid, worker;

	started(NULL);
	pid = pid_of("testd");
	worker = only_child(pid);
	kill(worker, SIGTERM);
	WAIT_FOR(logged("worker 0: ended with status 0, starting again"));
	WAIT_FOR(has(ask("x"), "greeting=first"));
	ck_assert_int_ne(only_child(pid), worker);
}
END_TEST

/* Nobody watches over them any more: they finish, and end. */
START_TEST(parent_killed)
{
	pid_t pid = stream_daemon(""), worker;
	int fd = held_connection();

	worker = only_child(pid);
	kill(pid, SIGKILL);
	ck_assert_int_eq(reap(pid), 128 + SIGKILL);
	/* a new one can start at once; its old socket is closed by then */
	WAIT_FOR(
	    strcmp(ask_at(SOCK_STREAM, "127.0.0.1", "x"), "(refused)") == 0);
	ck_assert(alive(worker));
	dprintf(fd, "x\n");
	ck_assert(has(answer_on(fd), "greeting=none"));
	WAIT_FOR(!alive(worker));
	started(NULL);
	ck_assert(has(ask_at(SOCK_STREAM, "127.0.0.1", "x"), "words=0"));
}
END_TEST

START_TEST(parent_killed_timeout)
{
	pid_t pid = stream_daemon("drain_timeout = 100ms\nworkers = 2\n");
	int fd = held_connection();

	kill(pid, SIGKILL);
	ck_assert_int_eq(reap(pid), 128 + SIGKILL);
	WAIT_FOR(count_children(0) == 0);
	close(fd);
}
END_TEST

/* Managers and super-servers */

static int
notify_socket(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len;

	strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	if (*path == '@')
		sun.sun_path[0] = '\0';
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, len), 0);
	setenv("NOTIFY_SOCKET", path, 1);
	return fd;
}

static const char *const notify_paths[] = { RUN "notify", "@notify" };

START_TEST(notifies)
{
	int fd = notify_socket(notify_paths[_i]);
	const char *text;
	pid_t pid = background(-1, "-d");

	ck_assert_str_eq(answer_on(fd), "READY=1");
	ck_assert(has(ask("x"), "greeting=first"));
	put_file(ETC "testd.conf", "greeting = second\n");
	kill(pid, SIGHUP);
	text = answer_on(fd);
	ck_assert_int_eq(strncmp(text, "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	ck_assert_int_gt(strtoll(text + 27, NULL, 10), 0);
	ck_assert_str_eq(answer_on(fd), "READY=1");
	WAIT_FOR(has(ask("x"), "greeting=second"));
	put_file(ETC "testd.conf", "greeting = \n");
	kill(pid, SIGHUP);
	ck_assert_int_eq(strncmp(answer_on(fd), "RELOADING=1\n", 12), 0);
	ck_assert_str_eq(answer_on(fd), "READY=1"); /* with the old one */
	kill(pid, SIGTERM);
	ck_assert_str_eq(answer_on(fd), "STOPPING=1");
	ck_assert_int_eq(reap(pid), 0);
}
END_TEST

/* Start with sockets at 3, 4, as a service manager passes them. */
static pid_t
passed(int type, int n)
{
	union sock_addr a = addr_of("127.0.0.1", 0);
	char number[16];
	int fds[4], i, on = 1;
	pid_t pid;

	for (i = 0; i < n; i++) {
		sock_set_port(&a, (uint16_t)(7001 + i));
		fds[i] = socket(AF_INET, type | SOCK_CLOEXEC, 0);
		setsockopt(fds[i], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		ck_assert_int_eq(bind(fds[i], &a.sa, sock_addrlen(&a)), 0);
		if (type == SOCK_STREAM)
			ck_assert_int_eq(listen(fds[i], 100), 0);
	}
	if ((pid = fork()) == 0) {
		for (i = 0; i < n; i++) /* out of the way first */
			fds[i] = fcntl(fds[i], F_DUPFD, 20);
		for (i = 0; i < n; i++)
			dup2(fds[i], 3 + i);
		closefrom(3 + n);
		snprintf(number, sizeof(number), "%d", n);
		setenv("LISTEN_FDS", number, 1);
		snprintf(number, sizeof(number), "%d", (int)getpid());
		setenv("LISTEN_PID", number, 1);
		i = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(i, STDERR_FILENO);
		close(i);
		execl(testd, "testd", "-d", (char *)NULL);
		_exit(127);
	}
	for (i = 0; i < n; i++)
		close(fds[i]);
	return pid;
}

START_TEST(listen_fds)
{
	pid_t pid;
	int i;

	put_file(ETC "testd.conf", "workers = 2\n");
	pid = passed(SOCK_DGRAM, 2);
	WAIT_FOR(pid_of("testd") == pid);
	ck_assert(has(ask_at(SOCK_DGRAM, "127.0.0.1:7001", "x"), "worker=0"));
	ck_assert(has(ask_at(SOCK_DGRAM, "127.0.0.1:7002", "x"), "worker=1"));
	/* and `listen` is not looked at, then or at a reload */
	ck_assert_str_ne(ask_at(SOCK_DGRAM, "127.0.0.1", "x"), "");
	put_file(ETC "testd.conf", "workers = 1\ngreeting = again\n");
	for (i = 2; i < 5; i++)
		says("reload", "ok\n");
	WAIT_FOR(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7001", "x"), "greeting=again"));
	WAIT_FOR(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7002", "x"), "greeting=again"));
	put_file(ETC "testd.conf", "workers = 3\n");
	says("reload", "error: bad configuration");
	ck_assert_ptr_nonnull(strstr(get_file("err"),
	    "workers: 3 workers, but only 2 sockets were passed to us"));
	ck_assert(
	    has(ask_at(SOCK_DGRAM, "127.0.0.1:7002", "x"), "greeting=again"));
}
END_TEST

START_TEST(too_many_workers)
{
	put_file(ETC "testd.conf", "workers = 3\n");
	ck_assert_int_eq(reap(passed(SOCK_DGRAM, 2)), 1);
	ck_assert_ptr_nonnull(strstr(get_file("err"),
	    "workers: 3 workers, but only 2 sockets were passed to us"));
}
END_TEST

START_TEST(passed_streams)
{
	pid_t pid;

	setenv("TESTD_STREAM", "1", 1);
	pid = passed(SOCK_STREAM, 2);
	WAIT_FOR(pid_of("testd") == pid);
	ck_assert(has(ask_at(SOCK_STREAM, "127.0.0.1:7001", "x"), "worker=0"));
	ck_assert(has(ask_at(SOCK_STREAM, "127.0.0.1:7002", "x"), "worker=0"));
	/* a socket of another type is none of ours */
	kill(pid, SIGTERM);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert_int_eq(reap(passed(SOCK_DGRAM, 1)), 1);
}
END_TEST

static int
inetd_socket(int type)
{
	union sock_addr a = addr_of("127.0.0.1:7001", 0);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(fd, &a.sa, sock_addrlen(&a)), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 100), 0);
	return fd;
}

/* "wait" with datagrams: all that wait are answered, then it ends. */
START_TEST(inetd_datagrams)
{
	int lfd = inetd_socket(SOCK_DGRAM), fd[10], i, round;
	pid_t pid;

	put_file(ETC "testd.conf", "workers = 4\ngreeting = inetd\n");
	for (round = 0; round < 2; round++) {
		for (i = 0; i < 10; i++) {
			fd[i] = client(SOCK_DGRAM, "127.0.0.1:7001");
			dprintf(fd[i], "%d", i);
		}
		pid = background(lfd, "-i");
		ck_assert_int_eq(reap(pid), 0);
		for (i = 0; i < 10; i++) {
			ck_assert(has(answer_on(fd[i]), "greeting=inetd"));
			close(fd[i]);
		}
		ck_assert(dir_empty(RUN));
		ck_assert_str_eq(get_file("err"), "");
	}
}
END_TEST

/* "wait" with a listening stream socket. */
START_TEST(inetd_stream)
{
	int lfd = inetd_socket(SOCK_STREAM), fd[5], i;
	pid_t pid;

	setenv("TESTD_STREAM", "1", 1);
	for (i = 0; i < 5; i++) {
		fd[i] = client(SOCK_STREAM, "127.0.0.1:7001");
		dprintf(fd[i], "%d\n", i);
	}
	pid = background(lfd, "-i");
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(strtol(answer_on(fd[i]), NULL, 10), i);
	ck_assert_int_eq(reap(pid), 0);
	ck_assert(dir_empty(RUN));
}
END_TEST

/* "nowait": one connection. */
START_TEST(inetd_connection)
{
	int lfd = inetd_socket(SOCK_STREAM), fd, one;
	pid_t pid;

	setenv("TESTD_STREAM", "1", 1);
	fd = client(SOCK_STREAM, "127.0.0.1:7001");
	one = accept(lfd, NULL, NULL);
	pid = background(one, "-i");
	close(one);
	dprintf(fd, "x\n");
	ck_assert(has(answer_on(fd), "greeting=first"));
	ck_assert_int_eq(reap(pid), 0);
	ck_assert_str_eq(answer_on(fd), "");
	ck_assert(dir_empty(RUN));
}
END_TEST

/* What is wrong goes to the system log: 1 and 2 are the client's. */
START_TEST(inetd_trouble)
{
	int lfd = inetd_socket(SOCK_DGRAM),
	    file = open("x", O_RDWR | O_CREAT, 0600);

	put_file(ETC "testd.conf", "workers = none\n");
	ck_assert_int_eq(reap(background(lfd, "-i")), 1);
	WAIT_FOR(logged(ETC "testd.conf:1: workers: "));
	ck_assert_str_eq(get_file("err"), "");
	put_file(ETC "testd.conf", "%s", "");
	ck_assert_int_eq(reap(background(file, "-i")), 1);
	WAIT_FOR(logged("descriptor 0: not a socket"));
	ck_assert_str_eq(get_file("err"), "");
}
END_TEST

/* Rights */

START_TEST(rights)
{
	static const char *const files[] = { "/etc/passwd", "/", ETC, RUN,
		"/proc/self/status", "/dev/null" };
	char line[80];
	pid_t worker;
	size_t i;
	unsigned n;

	put_file(ETC "testd.conf", "root = \"/usr/share\"\n");
	started(NULL);
	worker = only_child(pid_of("testd"));
	snprintf(line, sizeof(line), "65534\t65534\t65534\t65534");
	ck_assert_str_eq(status_line(worker, "Uid"), line);
	ck_assert_str_eq(status_line(worker, "Gid"), line);
	ck_assert_str_eq(status_line(worker, "CapEff"), "0000000000000000");
	ck_assert_str_eq(status_line(worker, "CapPrm"), "0000000000000000");
	ck_assert_str_eq(status_line(worker, "CapInh"), "0000000000000000");
	ck_assert_str_eq(status_line(worker, "CapAmb"), "0000000000000000");
	ck_assert_str_eq(status_line(worker, "NoNewPrivs"), "1");
	ck_assert_str_eq(status_line(worker, "Seccomp"), "2");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(line, sizeof(line), "open %s", files[i]);
		ck_assert_ptr_nonnull(strstr(ask(line), "Permission denied"));
	}
	ck_assert_ptr_nonnull(strstr(ask("open /usr/share"), " open"));
	/* 0 1 2, two sockets, two to the parent, the loop's two */
	n = open_files(worker);
	ck_assert_msg(n <= 9, "%u files are open", n);
}
END_TEST

/* Statistics */

static uint64_t
counter(const char *path, const char *name)
{
	struct stats_reader *r = stats_open(path);
	uint64_t value = UINT64_MAX;
	size_t i;

	ck_assert_ptr_nonnull(r);
	for (i = 0; i < stats_count(r); i++)
		if (strcmp(stats_name(r, i), name) == 0)
			value = stats_sum(r, i);
	stats_close(r);
	return value;
}

START_TEST(counters)
{
	int i;

	put_file(ETC "testd.conf", "workers = 2\n");
	started(NULL);
	for (i = 1; i <= 20; i++) {
		ask("x");
		ck_assert_uint_eq(
		    counter(RUN "testd.stats", "requests"), (uint64_t)i);
	}
	/* they outlive their workers, dead or replaced */
	kill(answered_by(ask("x")), SIGKILL);
	WAIT_FOR(logged("killed by signal 9"));
	ck_assert_uint_eq(counter(RUN "testd.stats", "requests"), 21);
	says("reload", "ok\n");
	ask("x");
	WAIT_FOR(count_children(pid_of("testd")) == 2);
	ck_assert_uint_eq(counter(RUN "testd.stats", "requests"), 22);
	says("stats", "ok\nrequests 22\nconnections 0\n");
}
END_TEST

static void
life(TCase *tc)
{
	tcase_add_loop_test(tc, stopped, 0, COUNT(stops));
	tcase_add_test(tc, stopped_by_verb);
	tcase_add_test(tc, group_stopped);
	tcase_add_test(tc, drains);
	tcase_add_test(tc, drains_queue);
	tcase_add_test(tc, drain_timeout);
	tcase_add_test(tc, stopped_twice);
	tcase_add_test(tc, worker_killed);
	tcase_add_test(tc, connections_survive_worker);
	tcase_add_test(tc, backs_off);
	tcase_add_test(tc, worker_ends);
	tcase_add_test(tc, parent_killed);
	tcase_add_test(tc, parent_killed_timeout);
	tcase_add_loop_test(tc, notifies, 0, COUNT(notify_paths));
	tcase_add_test(tc, listen_fds);
	tcase_add_test(tc, too_many_workers);
	tcase_add_test(tc, passed_streams);
	tcase_add_test(tc, inetd_datagrams);
	tcase_add_test(tc, inetd_stream);
	tcase_add_test(tc, inetd_connection);
	tcase_add_test(tc, inetd_trouble);
	tcase_add_test(tc, rights);
	tcase_add_test(tc, counters);
}

int
main(void)
{
	TCase *tc = tcase_create("daemon");
	Suite *s = suite_create("daemon");

	tcase_set_timeout(tc, 4 * LONG_MS / 1000);
	tcase_add_checked_fixture(tc, drive_setup, clean);
	tcase_add_test(tc, version);
	tcase_add_loop_test(tc, usage, 0, COUNT(wrong));
	tcase_add_test(tc, check_only);
	tcase_add_test(tc, check_words);
	tcase_add_test(tc, check_beside);
	tcase_add_test(tc, which_file);
	tcase_add_test(tc, bound);
	tcase_add_test(tc, serves_when_started);
	tcase_add_loop_test(tc, cannot_start, 0, COUNT(failing));
	tcase_add_test(tc, second_start);
	tcase_add_loop_test(tc, stale_pid_file, 0, COUNT(stale));
	tcase_add_test(tc, closed_descriptors);
	tcase_add_test(tc, two_instances);
	tcase_add_test(tc, ordinary_user);
	life(tc);
	suite_add_tcase(s, tc);
	return drive_main(s, "/run/drive_daemon");
}
