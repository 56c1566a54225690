/*
 * log: messages of a daemon, one line each.
 *
 * A line reads "peer: what happened: why" or "peer: event key=value ...";
 * lower case, no full stop. Bytes that came from the network may stand in any
 * argument: control bytes and the backslash are escaped (\n, \x1b, \\) in the
 * one place that writes, so no caller can forget it.
 *
 * Where lines go: to standard error until log_open says otherwise; to the
 * system log by our own non-blocking datagrams (a stalled or restarted
 * syslogd costs a daemon 50 ms in a second at most; lines lost are counted
 * and reported); or, in a worker, over a socketpair to the parent, which
 * alone speaks to the system log and so survives its restart.
 */
#ifndef LOG_H
#define LOG_H

#include <stdarg.h>
#include <stddef.h>
#include <syslog.h>

#define LOG_PRINTF(f, a) __attribute__((__format__(__printf__, f, a)))
#define LOG_DEAD __attribute__((__noreturn__))

/* The longest line, its NUL included; longer ones are cut. */
#define LOG_LINE 1024

enum log_dest {
	LOG_TO_STDERR, /* "name[pid]: line" */
	LOG_TO_SYSLOG, /* datagrams to /dev/log */
	LOG_TO_PARENT, /* datagrams to log_relay's descriptor */
};

/*
 * Begin to log as `name` (kept by reference) to dest. For LOG_TO_SYSLOG the
 * socket is opened now (so before any sandbox) and again whenever sending
 * fails. May be called again to change the destination.
 */
void log_open(const char *name, enum log_dest dest);

/* Use this socket for the system log in place of /dev/log (kept). */
void log_syslog_path(const char *path);

/* The syslog facility, LOG_DAEMON unless told. */
void log_facility(int facility);

/* Lines above this level (LOG_ERR .. LOG_DEBUG) are dropped: LOG_INFO. */
void log_level(int level);
int log_level_now(void);

/* A word put before each line, such as "worker 2" (kept); NULL: none. */
void log_title(const char *title);

/*
 * Worker: from now on send lines over fd, one end of a SOCK_SEQPACKET pair.
 * A full queue drops the line and counts it.
 */
void log_relay(int fd);
/* What lines are sent over, -1 for none: who closes all others keeps this. */
int log_descriptor(void);

/*
 * Parent: read the lines that wait on the other end of that pair (at most a
 * bounded number a call) and log them as pid's. Returns how many there were
 * (0: none waits), or -1 when the worker's end is closed and all is read.
 */
int log_relayed(int fd, int pid);

/* err(3) rules: without x, ": strerror(errno)" is added. errno is kept. */
void log_err(const char *, ...) LOG_PRINTF(1, 2);
void log_errx(const char *, ...) LOG_PRINTF(1, 2);
void log_warn(const char *, ...) LOG_PRINTF(1, 2);
void log_warnx(const char *, ...) LOG_PRINTF(1, 2);
void log_notice(const char *, ...) LOG_PRINTF(1, 2);
void log_info(const char *, ...) LOG_PRINTF(1, 2);
void log_debug(const char *, ...) LOG_PRINTF(1, 2);

/* Only before a daemon is ready, or for a broken invariant: exit 1. */
LOG_DEAD void fatal(const char *, ...) LOG_PRINTF(1, 2);
LOG_DEAD void fatalx(const char *, ...) LOG_PRINTF(1, 2);

/* At most `burst` lines in 10 s; further ones are counted and told later. */
struct log_limit {
	long long since; /* seconds of the monotonic clock */
	unsigned sent, held;
};
#define LOG_LIMIT_BURST 10
/* 1: log it now (first telling how many were held back), 0: hold back. */
int log_allowed(struct log_limit *, const char *what);

/*
 * The escaping alone: at most size - 1 bytes and a NUL into dst, cut at a
 * whole escape. Returns dst.
 */
char *log_escape(char *dst, size_t size, const char *src);

#endif
