/*
 * Messages to standard error, the system log, or the parent. Every byte that
 * leaves passes write_line, which escapes it; nothing here blocks on another
 * process, except standard error.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "log.h"

/* A relayed line: one byte of level, then text without its NUL. */
#define RELAY_LINES 64 /* read in one call */
#define ROOM_MS 10
#define ROOM_TRIES 5

static const char *procname = "?";
static const char *title;
static const char *syslog_path = "/dev/log";
static enum log_dest dest = LOG_TO_STDERR;
static int facility = LOG_DAEMON;
static int maxlevel = LOG_INFO;
static int sock = -1; /* to syslogd or to the parent */
static unsigned lost; /* lines that found no room */

/*
 * One byte's form and its length. U+0080 to U+009F are control characters,
 * too, for a terminal that reads UTF-8: \xc2 is before them.
 */
static size_t
escape_byte(char out[4], unsigned char c, unsigned char before)
{
	static const char hex[] = "0123456789abcdef";
	static const char named[] = "\n\r\t\\", letters[] = "nrt\\";
	const char *p;

	out[0] = '\\';
	if ((p = strchr(named, c)) != NULL) {
		out[1] = letters[p - named];
		return 2;
	}
	if (c < 0x20 || c == 0x7f || (before == 0xc2 && c < 0xa0)) {
		out[1] = 'x';
		out[2] = hex[c >> 4];
		out[3] = hex[c & 15];
		return 4;
	}
	out[0] = (char)c;
	return 1;
}

char *
log_escape(char *dst, size_t size, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	unsigned char before = 0;
	char *d = dst, form[4];
	size_t n;

	for (; *s != '\0'; before = *s++) {
		n = escape_byte(form, *s, before);
		if (n >= size - (size_t)(d - dst))
			break;
		memcpy(d, form, n);
		d += n;
	}
	*d = '\0';
	return dst;
}

static void
forget_sock(void)
{
	if (sock != -1)
		close(sock);
	sock = -1;
}

static void
syslog_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	forget_sock();
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock == -1)
		return;
	strlcpy(sun.sun_path, syslog_path, sizeof(sun.sun_path));
	if (connect(sock, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		forget_sock();
}

/*
 * Wait for room in syslogd's queue, which may be ten lines short. One that
 * lives makes room at once; one that stands still gets so much in a second.
 */
static bool
syslog_room(void)
{
	struct pollfd p = { .fd = sock, .events = POLLOUT };
	time_t now = time(NULL);
	static time_t second;
	static int left;

	if (now != second) {
		second = now;
		left = ROOM_TRIES;
	}
	if (left == 0 || poll(&p, 1, ROOM_MS) == 1)
		return left > 0;
	left--;
	return false;
}

/* RFC 3164's form, as syslog(3) sends it. A restarted syslogd: once more. */
static int
syslog_send(int level, int pid, const char *line)
{
	char msg[LOG_LINE + 128], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	int n, try = 0, room = 0;

	if (localtime_r(&now, &tm) == NULL)
		return -1;
	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", &tm);
	n = snprintf(msg, sizeof(msg), "<%d>%s %s[%d]: %s", facility | level,
	    stamp, procname, pid, line);
	if (n >= (int)sizeof(msg))
		n = (int)sizeof(msg) - 1;
	while (try < 2 && room < ROOM_TRIES) {
		if (sock != -1 && send(sock, msg, (size_t)n, MSG_NOSIGNAL) == n)
			return 0;
		if (sock == -1 || errno != EAGAIN) {
			syslog_connect();
			try++;
		} else if (syslog_room())
			room++;
		else
			return -1;
	}
	return -1;
}

static int
relay_send(int level, const char *line)
{
	char msg[LOG_LINE + 1];
	size_t n = strlcpy(msg + 1, line, sizeof(msg) - 1);

	msg[0] = (char)level;
	return send(sock, msg, n + 1, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 :
									   0;
}

static int
write_to(int level, int pid, const char *raw)
{
	char line[LOG_LINE];

	if (dest == LOG_TO_PARENT)
		return relay_send(level, raw); /* the parent escapes */
	log_escape(line, sizeof(line), raw);
	if (dest == LOG_TO_SYSLOG)
		return syslog_send(level, pid, line);
	dprintf(STDERR_FILENO, "%s[%d]: %s\n", procname, pid, line);
	return 0;
}

static void
write_line(int level, int pid, const char *raw)
{
	char note[64];

	if (lost > 0) {
		snprintf(note, sizeof(note), "log: %u lines lost", lost);
		if (write_to(LOG_WARNING, (int)getpid(), note) == 0)
			lost = 0;
	}
	if (write_to(level, pid, raw) == -1)
		lost++;
}

void
log_open(const char *name, enum log_dest to)
{
	procname = name;
	forget_sock();
	dest = to;
	tzset();
	if (dest == LOG_TO_SYSLOG)
		syslog_connect();
}

void
log_syslog_path(const char *path)
{
	syslog_path = path;
}

void
log_facility(int f)
{
	facility = f;
}

void
log_level(int level)
{
	maxlevel = level;
}

int
log_level_now(void)
{
	return maxlevel;
}

void
log_title(const char *t)
{
	title = t;
}

void
log_relay(int fd)
{
	forget_sock();
	dest = LOG_TO_PARENT;
	sock = fd;
}

int
log_descriptor(void)
{
	return sock;
}

int
log_relayed(int fd, int pid)
{
	char msg[LOG_LINE + 1];
	ssize_t n;
	int i, level;

	for (i = 0; i < RELAY_LINES; i++) {
		n = recv(fd, msg, sizeof(msg) - 1, MSG_DONTWAIT);
		if (n == -1 && errno == EAGAIN)
			break;
		if (n <= 0)
			return -1;
		msg[n] = '\0';
		level = msg[0] & LOG_PRIMASK;
		if (level < LOG_CRIT) /* would go to every terminal */
			level = LOG_CRIT;
		if (level <= maxlevel)
			write_line(level, pid, msg + 1);
	}
	return i;
}

static void __attribute__((__format__(__printf__, 3, 0)))
log_v(int level, int error, const char *fmt, va_list ap)
{
	char line[LOG_LINE];
	int saved = errno;
	size_t n = 0;

	if (level > maxlevel)
		return;
	if (title != NULL)
		n = (size_t)snprintf(line, sizeof(line), "%s: ", title);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	if (error != 0) {
		strlcat(line, ": ", sizeof(line));
		strlcat(line, strerror(error), sizeof(line));
	}
	write_line(level, (int)getpid(), line);
	errno = saved;
}

#define LOG_BODY(level, error)                                                 \
	do {                                                                   \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		log_v(level, error, fmt, ap);                                  \
		va_end(ap);                                                    \
	} while (0)

void
log_err(const char *fmt, ...)
{
	LOG_BODY(LOG_ERR, errno);
}

void
log_errx(const char *fmt, ...)
{
	LOG_BODY(LOG_ERR, 0);
}

void
log_warn(const char *fmt, ...)
{
	LOG_BODY(LOG_WARNING, errno);
}

void
log_warnx(const char *fmt, ...)
{
	LOG_BODY(LOG_WARNING, 0);
}

void
log_notice(const char *fmt, ...)
{
	LOG_BODY(LOG_NOTICE, 0);
}

void
log_info(const char *fmt, ...)
{
	LOG_BODY(LOG_INFO, 0);
}

void
log_debug(const char *fmt, ...)
{
	LOG_BODY(LOG_DEBUG, 0);
}

void
fatal(const char *fmt, ...)
{
	LOG_BODY(LOG_CRIT, errno);
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	LOG_BODY(LOG_CRIT, 0);
	exit(1);
}

int
log_allowed(struct log_limit *l, const char *what)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec - l->since >= 10 || l->since == 0) {
		if (l->held > 0)
			log_warnx("%s: %u more lines held back", what, l->held);
		l->since = now.tv_sec;
		l->sent = l->held = 0;
	}
	if (l->sent < LOG_LIMIT_BURST) {
		l->sent++;
		return 1;
	}
	l->held++;
	return 0;
}
