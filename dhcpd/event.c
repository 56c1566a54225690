/*
 * The administrator's script at changes of leases: a process that has no
 * rights, and no descriptor but its end of the socketpair and the log's.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "event.h"
#include "log.h"
#include "message.h"
#include "sandbox.h"

#define READY_MS 10000
#define BUFFER (4 << 20) /* bytes in the kernel: EVENT_QUEUE long events */
#define VARIABLES 16
#define SEARCH_PATH                                                            \
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"              \
	"/sbin:/bin"

enum { EVENT_READY, EVENT_RUN }; /* types of messages */

struct event {
	int fd;
	pid_t pid;
	_Atomic uint64_t *done; /* shared with the process: what it has done */
	uint64_t sent, dropped;
	struct log_limit limit;
};

/* A message: the event, then NAME=VALUE, each with its NUL. */
struct words {
	size_t n;
	char bytes[MESSAGE_MAX];
};

unsigned event_seconds = 30;

/* Wait so long for the script. false: it was killed. */
static bool
script_wait(pid_t pid, int *status)
{
	struct timespec now, end, left;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += event_seconds;
	while (waitpid(pid, status, WNOHANG) != pid) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = end.tv_sec - now.tv_sec;
		left.tv_nsec = end.tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_nsec += 1000000000;
			left.tv_sec--;
		}
		if (left.tv_sec < 0) {
			kill(-pid, SIGKILL);
			waitpid(pid, status, 0);
			return false;
		}
		sigtimedwait(&set, NULL, &left);
	}
	return true;
}

/* In the new process. */
static void
script_exec(const char *script, char *const argv[], char *const envp[])
{
	sigset_t none;
	int fd, i;

	setpgid(0, 0);
	for (i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd != -1)
		dup2(fd, STDIN_FILENO);
	execve(script, argv, envp);
	log_err("%s", script);
	_exit(127);
}

/* Messages name the event and its address, the first two words. */
static void
script_run(const char *script, char *const argv[], char *const envp[])
{
	const char *what = argv[1], *address = envp[1];
	pid_t pid = fork();
	int status;

	if (pid == 0)
		script_exec(script, argv, envp);
	if (pid == -1) {
		log_err("%s %s %s", script, what, address);
		return;
	}
	setpgid(pid, pid);
	if (!script_wait(pid, &status))
		log_warnx("%s %s %s: took more than %u s: killed", script, what,
		    address, event_seconds);
	else if (WIFSIGNALED(status))
		log_warnx("%s %s %s: ended by signal %d (%s)", script, what,
		    address, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) != 0)
		log_warnx("%s %s %s: ended with status %d", script, what,
		    address, WEXITSTATUS(status));
}

static void
handle(const char *script, struct message *m)
{
	static char path[] = SEARCH_PATH;
	char *argv[] = { (char *)(uintptr_t)script, (char *)m->data, NULL };
	char *envp[VARIABLES + 1] = { path };
	char *p = argv[1] + strlen(argv[1]) + 1, *end = argv[1] + m->len;
	size_t n = 1;

	for (; p < end && n < VARIABLES; p += strlen(p) + 1)
		envp[n++] = p;
	if (n > 1)
		script_run(script, argv, envp);
}

/* Until the server has closed its end and all is done. */
static void
helper_loop(struct event *e, const char *script)
{
	struct pollfd p = { .fd = e->fd, .events = POLLIN };
	struct message m;
	int rc;

	while ((rc = message_recv(e->fd, &m)) != 0) {
		if (rc == 1) {
			message_close_fds(&m);
			handle(script, &m);
			atomic_fetch_add(e->done, 1);
		} else if (errno == EAGAIN || errno == EINTR) {
			poll(&p, 1, -1);
		} else if (errno != EPROTO) {
			break;
		}
	}
}

/* No descriptor of the server's but these two (-1: none). */
static void
close_others(int a, int b)
{
	int first = STDERR_FILENO + 1, low = a < b ? a : b,
	    high = a < b ? b : a;

	if (low > first)
		close_range((unsigned)first, (unsigned)low - 1, 0);
	if (low >= first)
		first = low + 1;
	if (high > first)
		close_range((unsigned)first, (unsigned)high - 1, 0);
	if (high >= first)
		first = high + 1;
	close_range((unsigned)first, ~0U, 0);
}

/* In the new process: it lives as long as the other end is open. */
static void
helper_main(struct event *e, const char *script, const char *user)
{
	sigset_t chld;

	log_title("event");
	setproctitle("event");
	close_others(e->fd, log_descriptor());
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_SETMASK, &chld, NULL);
	if (privdrop(geteuid() == 0 ? user : "") == -1) {
		log_err("user %s", user);
		return;
	}
	if (access(script, X_OK) == -1) {
		log_err("%s: user %s", script, user);
		return;
	}
	message_send(e->fd, EVENT_READY, NULL, 0, NULL, 0);
	helper_loop(e, script);
}

/* 0, or -1: it ended with a message, or says nothing. */
static int
helper_ready(struct event *e)
{
	struct pollfd p = { .fd = e->fd, .events = POLLIN };
	struct message m;

	if (poll(&p, 1, READY_MS) != 1 || message_recv(e->fd, &m) != 1)
		return -1;
	message_close_fds(&m);
	return m.type == EVENT_READY ? 0 : -1;
}

/* 0, or -1 with errno; does not return in the new process. */
static int
helper_start(struct event *e, const char *script, const char *user)
{
	int pair[2], size = BUFFER;

	if (message_pair(pair) == -1)
		return -1;
	/* who may not force it has the system's limit: events go earlier */
	if (setsockopt(
		pair[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) == -1)
		setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	e->pid = fork();
	if (e->pid == 0) {
		e->fd = pair[1];
		helper_main(e, script, user);
		_exit(0);
	}
	close(pair[1]);
	e->fd = pair[0];
	return e->pid == -1 ? -1 : 0;
}

struct event *
event_open(const char *script, const char *user)
{
	struct event *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		log_err("%s", script);
		return NULL;
	}
	e->fd = e->pid = -1;
	e->done = mmap(NULL, sizeof(*e->done), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (e->done == MAP_FAILED || helper_start(e, script, user) == -1) {
		log_err("%s", script);
	} else if (helper_ready(e) == -1) {
		log_errx("%s: the process that runs it did not start", script);
	} else {
		return e;
	}
	event_close(e);
	return NULL;
}

static void
put_word(struct words *w, const char *name, const char *value)
{
	size_t room = sizeof(w->bytes) - w->n;
	int n = snprintf(w->bytes + w->n, room, "%s%s", name, value);

	if ((size_t)n < room)
		w->n += (size_t)n + 1;
}

static void
put_number(struct words *w, const char *name, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, n);
	put_word(w, name, n == LEASE_FOREVER ? "infinite" : text);
}

static void
put_hex(struct words *w, const char *name, const uint8_t *p, size_t n)
{
	char text[2 * LEASE_ID + 1] = "";
	size_t i;

	for (i = 0; i < n && i < LEASE_ID; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	put_word(w, name, text);
}

static void
put_mac(struct words *w, const struct lease *l)
{
	char text[3 * sizeof(l->hw) + 1] = "";
	size_t i;

	for (i = 0; i < l->hlen && i < sizeof(l->hw); i++)
		snprintf(text + 3 * i, 4, "%02x:", l->hw[i]);
	if (i > 0)
		text[3 * i - 1] = '\0';
	put_word(w, "MAC=", text);
}

static bool
safe(unsigned char c)
{
	return c != '\0' && isascii(c) &&
	    (isalnum(c) || strchr(".:/_-", c) != NULL);
}

/* What a client said: nothing of it means anything to a shell. */
static void
put_safe(struct words *w, const char *name, const void *value, size_t n)
{
	const unsigned char *p = value;
	char text[256];
	size_t i;

	for (i = 0; i < n && i < sizeof(text) - 1; i++)
		text[i] = safe(p[i]) ? (char)p[i] : '_';
	text[i] = '\0';
	put_word(w, name, text);
}

static size_t
length(const char *s)
{
	return s != NULL ? strlen(s) : 0;
}

static void
put_lease(struct words *w, const char *what, const struct lease *l)
{
	struct in_addr ip = { .s_addr = htonl(l->ip) };
	char text[INET_ADDRSTRLEN];
	struct lease_more more;
	const uint8_t *id;
	size_t n;

	lease_recall(l, &more);
	id = lease_id(l, &n);
	put_word(w, "", what);
	put_word(w, "ADDRESS=", inet_ntop(AF_INET, &ip, text, sizeof(text)));
	put_mac(w, l);
	put_hex(w, "CLIENT_ID=", id, n);
	put_safe(w, "HOST=", more.host, length(more.host));
	put_safe(w, "FQDN=", more.fqdn, length(more.fqdn));
	put_number(w, "START=", l->start);
	put_number(w, "END=", l->end);
	put_number(w, "NETWORK=", l->network);
	put_hex(w, "AGENT=", more.agent, more.agent_len);
	put_safe(w, "VENDOR_CLASS=", more.vendor, more.vendor_len);
}

void
event_send(struct event *e, const char *what, const struct lease *l)
{
	struct words w = { .n = 0 };

	if (e == NULL)
		return;
	put_lease(&w, what, l);
	errno = EAGAIN;
	if (e->sent - atomic_load(e->done) < EVENT_QUEUE &&
	    message_send(e->fd, EVENT_RUN, w.bytes, w.n, NULL, 0) == 0) {
		e->sent++;
		return;
	}
	e->dropped++;
	if (log_allowed(&e->limit, "events"))
		log_warnx("event dropped: %s %s: %s", what,
		    w.bytes + strlen(what) + 1,
		    errno == EAGAIN ? "the script is too slow" :
				      strerror(errno));
}

uint64_t
event_dropped(const struct event *e)
{
	return e != NULL ? e->dropped : 0;
}

void
event_close(struct event *e)
{
	if (e == NULL)
		return;
	if (e->fd != -1)
		close(e->fd);
	if (e->pid != -1) /* it ends when it is done; we don't wait */
		waitpid(e->pid, NULL, WNOHANG);
	if (e->done != MAP_FAILED)
		munmap(e->done, sizeof(*e->done));
	free(e);
}
