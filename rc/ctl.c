/*
 * ctl: what basenet(8) cannot do in a shell: ask a daemon at its control
 * socket, and read the counters of its stats file.
 *
 *	ctl [-m bytes] [-t seconds] ask SOCKET WORD ...
 *	ctl stats [-j] [FILE ...]
 *
 * The daemon may be stalled or hostile: its answer must come within the time,
 * and each further ANSWER_PART bytes of a long one within as much again; it is
 * cut at so many bytes, and its control bytes never reach a terminal.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "control.h"
#include "stats.h"

#define ANSWER_SECONDS 30
#define ANSWER_PART (64 * 1024)
#define ANSWER_MOST (1024 * 1024 * 1024)

/* An answer as it comes. */
struct answer {
	int fd;
	int64_t until; /* milliseconds of the monotonic clock */
	size_t total;
	char head[CONTROL_LINE]; /* the first line */
	size_t headlen;
	bool headed; /* it is complete */
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
};

static int answer_seconds = ANSWER_SECONDS;
static size_t answer_most = ANSWER_MOST;

static void __attribute__((__noreturn__)) usage(void)
{
	fprintf(stderr,
	    "usage: ctl [-m bytes] [-t seconds] ask socket word ...\n"
	    "       ctl stats [-j] [file ...]\n");
	exit(1);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The instance: the base name without what follows its last dot. */
static void
instance_name(const char *path, char *out, size_t size)
{
	const char *slash = strrchr(path, '/');
	char *dot;

	strlcpy(out, slash != NULL ? slash + 1 : path, size);
	dot = strrchr(out, '.');
	if (dot != NULL)
		*dot = '\0';
}

/* The words as one line. Its length; too long or two lines end the program. */
static size_t
join_words(int n, char **words, char line[CONTROL_LINE + 1])
{
	size_t len = 0;

	line[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (words[i][strcspn(words[i], "\r\n")] != '\0')
			errx(1, "a word has two lines");
		if (i > 0)
			strlcat(line, " ", CONTROL_LINE + 1);
		strlcat(line, words[i], CONTROL_LINE + 1);
	}
	len = strlcat(line, "\n", CONTROL_LINE + 1);
	if (len > CONTROL_LINE)
		errx(1, "the request is longer than %d bytes", CONTROL_LINE);
	return len;
}

static int
dial(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval tv = { .tv_sec = answer_seconds };
	int fd;

	if (strlcpy(un.sun_path, path, sizeof(un.sun_path)) >=
	    sizeof(un.sun_path))
		errx(1, "%s: the path is too long", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	/* It bounds connect, which waits while the backlog is full, too. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	if (errno == ECONNREFUSED || errno == ENOENT)
		errx(1, "%s: nobody listens: the daemon does not run", path);
	if (errno == EAGAIN)
		errno = ETIMEDOUT;
	err(1, "%s", path);
}

/* More bytes within the time, 0 at the end, -1 with errno. */
static ssize_t
answer_read(struct answer *a, char *buf, size_t size)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = a->until - now_ms();
		n = poll(&p, 1, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 ? read(a->fd, buf, size) : -1;
}

static void
put_text(FILE *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			c = '?';
		putc(c, f);
	}
}

/* Split the first line from what follows. -1: there is none that is one. */
static int
answer_take(struct answer *a, const char *buf, size_t n)
{
	size_t i = 0;

	while (!a->headed && i < n) {
		if (buf[i] == '\n')
			a->headed = true;
		else if (a->headlen < sizeof(a->head) - 1)
			a->head[a->headlen++] = buf[i];
		else
			return -1;
		i++;
	}
	put_text(stdout, buf + i, n - i);
	return 0;
}

static int
answer_status(const struct answer *a)
{
	if (strcmp(a->head, "ok") == 0)
		return 0;
	put_text(stderr, a->head, a->headlen);
	putc('\n', stderr);
	return 1;
}

static int
answer_all(struct answer *a)
{
	char buf[16384];
	ssize_t n;

	while ((n = answer_read(a, buf, sizeof(buf))) > 0) {
		a->total += (size_t)n;
		if (a->total > answer_most)
			errx(1, "the answer does not end");
		if (a->total / ANSWER_PART !=
		    (a->total - (size_t)n) / ANSWER_PART)
			a->until = now_ms() + answer_seconds * 1000;
		if (answer_take(a, buf, (size_t)n) < 0)
			errx(1, "this is no answer");
	}
	if (n < 0)
		err(1, "no answer");
	if (a->headlen == 0)
		errx(1, "closed without an answer: not permitted, or busy");
	return answer_status(a);
}

static int
ask(int argc, char **argv)
{
	struct answer a = { .headed = false };
	char line[CONTROL_LINE + 1];
	size_t len;

	if (argc < 3)
		usage();
	len = join_words(argc - 2, argv + 2, line);
	a.until = now_ms() + answer_seconds * 1000;
	a.fd = dial(argv[1]);
	/* Who is refused may be told so before a word was read. */
	if (send(a.fd, line, len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		err(1, "%s", argv[1]);
	return answer_all(&a);
}

static void
json_string(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || (uint8_t)*s < ' ')
			printf("\\u%04x", (unsigned)(uint8_t)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static bool
stats_alive(const struct stats_reader *r)
{
	return kill(stats_pid(r), 0) == 0 || errno != ESRCH;
}

static void
print_json(const struct stats_reader *r, const char *name, bool first)
{
	printf("%s\n  ", first ? "" : ",");
	json_string(name);
	printf(": {\n    \"daemon\": ");
	json_string(stats_daemon(r));
	printf(",\n    \"pid\": %d,\n    \"running\": %s,\n"
	       "    \"started\": %" PRId64 ",\n    \"counters\": {",
	    stats_pid(r), stats_alive(r) ? "true" : "false", stats_started(r));
	for (size_t i = 0; i < stats_count(r); i++) {
		printf("%s\n      ", i > 0 ? "," : "");
		json_string(stats_name(r, i));
		printf(": %" PRIu64, stats_sum(r, i));
	}
	printf("\n    }\n  }");
}

static void
print_value(const char *name, const char *key, int width, uint64_t v)
{
	int n = printf("%s.%s", name, key);

	printf("%*s%12" PRIu64 "\n", width > n ? width - n : 1, "", v);
}

static void
print_text(const struct stats_reader *r, const char *name)
{
	size_t longest = strlen("uptime");
	int64_t up = time(NULL) - stats_started(r);
	int width;

	for (size_t i = 0; i < stats_count(r); i++)
		if (strlen(stats_name(r, i)) > longest)
			longest = strlen(stats_name(r, i));
	width = (int)(strlen(name) + longest + 2);
	if (!stats_alive(r))
		warnx("%s: does not run; these are its last figures", name);
	print_value(name, "pid", width, (uint64_t)stats_pid(r));
	print_value(name, "uptime", width, up > 0 ? (uint64_t)up : 0);
	for (size_t i = 0; i < stats_count(r); i++)
		print_value(name, stats_name(r, i), width, stats_sum(r, i));
}

static int
stats(int argc, char **argv)
{
	bool json = argc > 1 && strcmp(argv[1], "-j") == 0, first = true;
	char name[STATS_NAME * 2];
	int status = 0;

	if (json)
		putchar('{');
	for (int i = json ? 2 : 1; i < argc; i++) {
		struct stats_reader *r = stats_open(argv[i]);

		if (r == NULL) {
			warn("%s", argv[i]);
			status = 1;
			continue;
		}
		instance_name(argv[i], name, sizeof(name));
		if (json)
			print_json(r, name, first);
		else
			print_text(r, name);
		first = false;
		stats_close(r);
	}
	if (json)
		puts(first ? "}" : "\n}");
	return status;
}

static const struct verb verbs[] = {
	{ "ask", ask },
	{ "stats", stats },
};

int
main(int argc, char **argv)
{
	int c, status;

	while ((c = getopt(argc, argv, "+m:t:")) != -1) {
		const char *bad = NULL;

		if (c == 't')
			answer_seconds = (int)strtonum(optarg, 1, 3600, &bad);
		else if (c == 'm')
			answer_most =
			    (size_t)strtonum(optarg, 1, ANSWER_MOST, &bad);
		if (c == '?' || bad != NULL)
			usage();
	}
	argc -= optind;
	argv += optind;
	for (size_t i = 0; argc > 0 && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		status = verbs[i].run(argc, argv);
		if (fflush(stdout) != 0)
			err(1, "standard output");
		return status;
	}
	usage();
}
