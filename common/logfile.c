/*
 * A daemon's own log file, buffered in the worker.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "log.h"
#include "logfile.h"

int
logfile_open(const char *path)
{
	int fd;

	/* non-blocking for a FIFO in its place, which would stop the parent */
	fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
		O_NONBLOCK,
	    0640);
	if (fd == -1)
		log_err("%s", path);
	return fd;
}

void
logfile_take(struct logfile *f, int fd)
{
	logfile_flush(f);
	if (f->fd != -1)
		close(f->fd);
	f->fd = fd;
}

/* The time as every line begins, made anew once a second. */
static const char *
stamp(void)
{
	static char text[32];
	static time_t last;
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (now.tv_sec != last && gmtime_r(&now.tv_sec, &tm) != NULL) {
		last = now.tv_sec;
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ ", &tm);
	}
	return text;
}

void
logfile_line(struct logfile *f, const char *fmt, ...)
{
	char raw[LOG_LINE], line[LOG_LINE];
	va_list ap;
	size_t n;

	if (f->fd == -1)
		return;
	if (f->buffer == NULL && (f->buffer = malloc(LOGFILE_BUFFER)) == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	n = strlcpy(line, stamp(), sizeof(line));
	log_escape(line + n, sizeof(line) - n, raw);
	n = strlen(line);
	if (n + 1 > LOGFILE_BUFFER - f->len)
		logfile_flush(f);
	memcpy(f->buffer + f->len, line, n);
	f->buffer[f->len + n] = '\n';
	f->len += n + 1;
}

void
logfile_flush(struct logfile *f)
{
	static struct log_limit limit;
	ssize_t n;

	if (f->len == 0)
		return;
	n = write(f->fd, f->buffer, f->len);
	if (n == -1 && log_allowed(&limit, "log file"))
		log_warn("log file: lines lost");
	else if (n != -1 && (size_t)n < f->len &&
	    log_allowed(&limit, "log file"))
		log_warnx("log file: lines lost: short write");
	f->len = 0;
}
