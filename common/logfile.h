/*
 * logfile: a daemon's own log of what it served (transfers, queries, hits).
 *
 * The parent opens the file, so that it may lie where the worker cannot write,
 * and passes the descriptor on at start and whenever files are reopened
 * (SIGUSR1: rotation). A worker adds lines to its own buffer, which costs no
 * system call; it is written whole, in one append, when full and by
 * logfile_flush, which the worker's frame calls every second and at the end. A
 * line is never split between two writes, so workers can share one file.
 */
#ifndef LOGFILE_H
#define LOGFILE_H

#include <stddef.h>

#define DAEMON_LOGS 2 /* own log files of a daemon, at most */
#define LOGFILE_BUFFER (64 * 1024)

struct logfile {
	int fd; /* -1: none; then nothing is kept */
	size_t len;
	char *buffer; /* LOGFILE_BUFFER bytes, from the first line on */
};

/* Parent: O_APPEND | O_CREAT, 0640. fd, or -1 after a message. */
int logfile_open(const char *path);

/* Worker: use this descriptor from now on; the old one is flushed, closed. */
void logfile_take(struct logfile *, int fd);
/*
 * Add a line (no newline in it), the time before it in UTC to the second
 * (2026-11-22T17:08:00Z); control bytes and backslash are escaped.
 */
void logfile_line(struct logfile *, const char *, ...)
    __attribute__((__format__(__printf__, 2, 3)));
/* Write what is buffered. A failure is logged (rate-limited) and drops it. */
void logfile_flush(struct logfile *);

#endif
