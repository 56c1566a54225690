/*
 * caught: what a test logs to standard error, as whole lines.
 */
#ifndef CAUGHT_H
#define CAUGHT_H

#include <sys/mman.h>

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

static int caught_fd = -1, caught_old = -1;

/* From now on standard error goes to memory. */
static inline void
caught_begin(void)
{
	log_open("test", LOG_TO_STDERR);
	caught_old = dup(STDERR_FILENO);
	caught_fd = memfd_create("caught", 0);
	ck_assert_int_ne(caught_fd, -1);
	ck_assert_int_ne(dup2(caught_fd, STDERR_FILENO), -1);
}

/*
 * Standard error as it was; the lines since caught_begin, each without the
 * "test[PID]: " that log writes before it, which every one must have.
 */
static inline const char *
caught_end(void)
{
	static char text[65536];
	static char raw[65536];
	char prefix[32], *line = raw, *end;
	size_t n = 0;
	ssize_t got;

	dup2(caught_old, STDERR_FILENO);
	close(caught_old);
	got = pread(caught_fd, raw, sizeof(raw) - 1, 0);
	close(caught_fd);
	ck_assert_int_ge(got, 0);
	raw[got] = '\0';
	snprintf(prefix, sizeof(prefix), "test[%d]: ", (int)getpid());
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		ck_assert_msg(strncmp(line, prefix, strlen(prefix)) == 0,
		    "no log line: %s", line);
		line += strlen(prefix);
		memcpy(text + n, line, (size_t)(end + 1 - line));
		n += (size_t)(end + 1 - line);
	}
	ck_assert_str_eq(line, "");
	text[n] = '\0';
	return text;
}

#endif
