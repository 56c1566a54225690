/*
 * drive: start testd, ask it, and look at it, from a Check program that runs
 * in a lab host of its own: its /run/basenet, /etc/basenet and /dev are
 * private, and every testd that it sees is its own.
 *
 * Nothing is measured. What has to happen is waited for, for so long that
 * only what never happens fails.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "sock.h"

#define LONG_MS 60000
#define RUN "/run/basenet/"
#define ETC "/etc/basenet/"
#define PORT 7777

/* Repeat until the condition holds. */
#define WAIT_FOR(condition)                                                    \
	do {                                                                   \
		int waited_;                                                   \
		for (waited_ = 0; !(condition); waited_ += 10) {               \
			ck_assert_msg(                                         \
			    waited_ < LONG_MS, "never: %s", #condition);       \
			poll(NULL, 0, 10);                                     \
		}                                                              \
	} while (0)

static const char *testd; /* the program */
static pid_t syslogd = -1;

/* Files */

static inline void __attribute__((__format__(__printf__, 2, 3)))
put_file(const char *path, const char *fmt, ...)
{
	FILE *f = fopen(path, "w");
	va_list ap;

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	ck_assert_int_eq(fclose(f), 0);
}

static inline const char *
get_file(const char *path)
{
	static char text[64 * 1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n, len = 0;

	while (fd != -1 &&
	    (n = read(fd, text + len, sizeof(text) - 1 - (size_t)len)) > 0)
		len += n;
	if (fd != -1)
		close(fd);
	text[len] = '\0';
	return text;
}

static inline bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static inline void
empty_dir(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);

	while (d != NULL && (e = readdir(d)) != NULL)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
}

/* Is there nothing in it, or no such directory? */
static inline bool
dir_empty(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n == 0;
}

static inline unsigned
dir_count(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	unsigned n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

/* Processes */

/* A number in /proc/PID/stat: state is 3, parent 4; 0 where there is none. */
static inline int
stat_field(pid_t pid, int field)
{
	char path[40], *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((p = strrchr(get_file(path), ')')) == NULL)
		return 0;
	for (p += 2, field -= 3; field > 0 && p != NULL; field--)
		if ((p = strchr(p, ' ')) != NULL)
			p++;
	if (p == NULL)
		return 0;
	return *p >= '0' && *p <= '9' ? (int)strtol(p, NULL, 10) : *p;
}

/* Neither gone nor waiting to be reaped. */
static inline bool
alive(pid_t pid)
{
	int state = stat_field(pid, 3);

	return state != 0 && state != 'Z' && state != 'X';
}

/* A line "NAME:" of /proc/PID/status, without the name and the space. */
static inline const char *
status_line(pid_t pid, const char *name)
{
	static char value[200];
	char path[40], find[40];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	snprintf(find, sizeof(find), "\n%s:", name);
	value[0] = '\0';
	if ((p = strstr(get_file(path), find)) != NULL) {
		p += strlen(find);
		p += strspn(p, " \t");
		strlcpy(value, p, sizeof(value));
		value[strcspn(value, "\n")] = '\0';
	}
	return value;
}

static inline bool
is_testd(pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	return strcmp(get_file(path), "testd\n") == 0;
}

/* The living children of a testd (0: all testds); at most max of them. */
static inline int
children(pid_t parent, pid_t *pids, int max)
{
	struct dirent *e;
	DIR *d = opendir("/proc");
	int n = 0;
	pid_t pid;

	while (d != NULL && (e = readdir(d)) != NULL && n < max) {
		pid = (pid_t)strtol(e->d_name, NULL, 10);
		if (pid <= 0 || !is_testd(pid) || !alive(pid) ||
		    (parent != 0 && stat_field(pid, 4) != parent))
			continue;
		pids[n++] = pid;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static inline int
count_children(pid_t parent)
{
	pid_t pids[64];

	return children(parent, pids, 64);
}

static inline pid_t
only_child(pid_t parent)
{
	pid_t pids[2];

	WAIT_FOR(children(parent, pids, 2) == 1);
	return pids[0];
}

static inline unsigned
open_files(pid_t pid)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	return dir_count(path);
}

/* The exit status of a child, 128 + signal where one ended it. */
static inline int
reap(pid_t pid)
{
	int status = 0;

	WAIT_FOR(waitpid(pid, &status, WNOHANG) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The system log: a process that writes what it gets into a file. */

#define MESSAGES "messages"

static inline void
syslogd_stop(void)
{
	if (syslogd > 0) {
		kill(syslogd, SIGKILL);
		waitpid(syslogd, NULL, 0);
	}
	syslogd = -1;
	unlink("/dev/log");
}

static inline void
syslogd_start(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
		.sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int out =
	    open(MESSAGES, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char line[4096];
	ssize_t n;

	syslogd_stop();
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	chmod("/dev/log", 0666);
	if ((syslogd = fork()) == 0)
		while ((n = recv(fd, line, sizeof(line) - 1, 0)) >= 0) {
			line[n] = '\n';
			if (write(out, line, (size_t)n + 1) == -1)
				_exit(1);
		}
	close(fd);
	close(out);
}

static inline bool
logged(const char *what)
{
	return strstr(get_file(MESSAGES), what) != NULL;
}

static inline void
log_forget(void)
{
	ck_assert_int_eq(truncate(MESSAGES, 0), 0);
}

/* Starting */

struct run {
	int status; /* the starter's */
	char err[16 * 1024]; /* what it said */
};

#define ARGS 12

/* In the new process: what run() and background() were told. */
static inline void
exec_testd(const char *const *args)
{
	const char *argv[ARGS + 1] = { "testd" };
	int i;

	for (i = 0; i < ARGS - 1 && args[i] != NULL; i++)
		argv[i + 1] = args[i];
	execv(testd, (char **)(uintptr_t)argv);
	_exit(127);
}

/*
 * Run testd with these arguments until the process started ends and nobody
 * holds its output any more.
 */
static inline struct run
run_args(const char *const *args)
{
	struct run r = { .status = -1 };
	size_t len = 0;
	ssize_t n;
	int p[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
	if ((pid = fork()) == 0) {
		dup2(p[1], STDOUT_FILENO);
		dup2(p[1], STDERR_FILENO);
		exec_testd(args);
	}
	close(p[1]);
	while ((n = read(p[0], r.err + len, sizeof(r.err) - 1 - len)) > 0)
		len += (size_t)n;
	close(p[0]);
	r.status = reap(pid);
	return r;
}
#define run(...) run_args((const char *const[]){ __VA_ARGS__, NULL })

/* Start it as a daemon, which works. */
#define started(...)                                                           \
	do {                                                                   \
		struct run r_ = run(__VA_ARGS__);                              \
		ck_assert_msg(r_.status == 0, "start: %s", r_.err);            \
	} while (0)

/* It does not start, and says why. */
#define refused(why, ...)                                                      \
	do {                                                                   \
		struct run r_ = run(__VA_ARGS__);                              \
		ck_assert_int_eq(r_.status, 1);                                \
		ck_assert_msg(strstr(r_.err, (why)) != NULL, "not \"%s\": %s", \
		    (why), r_.err);                                            \
	} while (0)

/*
 * Start it in the foreground, its messages into the file "err". in: its
 * descriptor 0, or -1.
 */
static inline pid_t
background_args(int in, const char *const *args)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	fd = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (in != -1)
		dup2(in, STDIN_FILENO);
	exec_testd(args);
	_exit(127);
}
#define background(in, ...)                                                    \
	background_args(in, (const char *const[]){ __VA_ARGS__, NULL })

/* What the daemon says of itself */

static inline pid_t
pid_of(const char *instance)
{
	char path[80];

	snprintf(path, sizeof(path), RUN "%s.pid", instance);
	return (pid_t)strtol(get_file(path), NULL, 10);
}

static inline const char *
ctl(const char *instance, const char *line)
{
	static char text[64 * 1024];
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;
	ssize_t n = 0;

	snprintf(sun.sun_path, sizeof(sun.sun_path), RUN "%s.sock", instance);
	text[0] = '\0';
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0) {
		dprintf(fd, "%s\n", line);
		while (len < sizeof(text) - 1 && poll(&p, 1, LONG_MS) == 1 &&
		    (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
			len += (size_t)n;
		text[len] = '\0';
	}
	close(fd);
	return text;
}

static inline void
says(const char *line, const char *begin)
{
	const char *text = ctl("testd", line);

	ck_assert_msg(strncmp(text, begin, strlen(begin)) == 0,
	    "%s: not \"%s\": %s", line, begin, text);
}

/* Asking */

static inline union sock_addr
addr_of(const char *text, uint16_t port)
{
	union sock_addr a;
	char device[16];
	bool has;

	ck_assert_int_eq(sock_parse(text, &a, device, &has), 0);
	if (!has)
		sock_set_port(&a, port);
	return a;
}

/* A client's connected socket, of either type. -1: refused. */
static inline int
client(int type, const char *where)
{
	union sock_addr a = addr_of(where, PORT);
	int fd = socket(a.sa.sa_family, type | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	if (connect(fd, &a.sa, sock_addrlen(&a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The next answer on this socket; it comes. */
static inline const char *
answer_on(int fd)
{
	static char text[1024];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, LONG_MS) != 1)
		return "(no answer)";
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n == -1)
		return strerror(errno);
	text[n] = '\0';
	return text;
}

static inline const char *
ask_at(int type, const char *where, const char *text)
{
	char copy[600];
	const char *answer;
	int fd = client(type, where);

	if (fd == -1)
		return "(refused)";
	snprintf(copy, sizeof(copy), "%s\n", text);
	send(fd, copy, strlen(copy) - (type == SOCK_DGRAM), MSG_NOSIGNAL);
	answer = answer_on(fd);
	close(fd);
	return answer;
}

static inline const char *
ask(const char *text)
{
	return ask_at(SOCK_DGRAM, "127.0.0.1", text);
}

/* A word like "pid=7" or "greeting=G" of an answer. */
static inline bool
has(const char *answer, const char *word)
{
	const char *p = answer;
	size_t n = strlen(word);

	while ((p = strstr(p, word)) != NULL) {
		if ((p == answer || p[-1] == ' ') &&
		    (p[n] == ' ' || p[n] == '\0'))
			return true;
		p += n;
	}
	return false;
}

static inline pid_t
answered_by(const char *answer)
{
	const char *p = strstr(answer, "pid=");

	return p == NULL ? 0 : (pid_t)strtol(p + 4, NULL, 10);
}

/* The frame */

/* Whatever a failed test left. */
static inline void
clean(void)
{
	pid_t pids[64];
	int i, n;

	while ((n = children(0, pids, 64)) > 0) {
		for (i = 0; i < n; i++)
			kill(pids[i], SIGKILL);
		poll(NULL, 0, 10);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	empty_dir(RUN);
	empty_dir(ETC);
	empty_dir(".");
}

static inline void
drive_setup(void)
{
	int fd;

	clean();
	/* no line is lost on a slow machine, where this may be set */
	if ((fd = open("/proc/sys/net/unix/max_dgram_qlen", O_WRONLY)) != -1) {
		ck_assert_int_eq(write(fd, "10000", 5), 5);
		close(fd);
	}
	syslogd_start();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	unsetenv("TESTD_STREAM");
	unsetenv("TESTD_BOUND");
	put_file(ETC "testd.conf", "greeting = first\n");
}

static inline int
drive_main(Suite *s, const char *dir)
{
	SRunner *sr = srunner_create(s);
	int failed;

	testd = getenv("TESTD");
	if (testd == NULL) {
		fprintf(stderr, "run by tests/system/*.t, in a lab host\n");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	if (mkdir(dir, 0755) == -1 || chdir(dir) == -1)
		return 1;
	srunner_set_fork_status(sr, CK_FORK);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	clean();
	return failed != 0;
}

#endif
