/*
 * Questions to the history: the file before, then the one that is written, a
 * piece for each call.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "past.h"
#include "storepart.h"

#define PIECE (64 * 1024)
#define FILES 2

struct past {
	char head[32]; /* "lease 10.0.0.1 " */
	size_t head_len;
	int64_t at; /* 0: all */
	int fds[FILES]; /* -1: there is none */
	unsigned file; /* that is read now */
	size_t found; /* with `at`: bytes of the last line up to then */
	char last[JOURNAL_LINE];
	size_t len; /* of a line that the next piece goes on with */
	char buf[PIECE];
};

/* -1 with errno; where there is no such file *fd is -1. */
static int
open_file(int dir, const char *name, int *fd)
{
	*fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd != -1)
		(void)posix_fadvise(*fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return *fd == -1 && errno != ENOENT ? -1 : 0;
}

struct past *
past_open(int dir, uint32_t ip, int64_t at)
{
	static const char *const names[FILES] = { STORE_HISTORY_OLD,
		STORE_HISTORY };
	struct past *p = calloc(1, sizeof(*p));
	int error;

	if (p == NULL)
		return NULL;
	p->head_len =
	    (size_t)snprintf(p->head, sizeof(p->head), "lease %u.%u.%u.%u ",
		ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	p->at = at;
	p->fds[0] = p->fds[1] = -1;
	if (open_file(dir, names[0], &p->fds[0]) == 0 &&
	    open_file(dir, names[1], &p->fds[1]) == 0)
		return p;
	error = errno;
	past_close(p);
	errno = error;
	return NULL;
}

static void
take_line(
    struct past *p, const char *text, size_t len, past_line_fn *line, void *arg)
{
	struct journal_record r;

	if (len <= p->head_len || len > sizeof(p->last) ||
	    memcmp(text, p->head, p->head_len) != 0 ||
	    journal_parse(text, len, &r) == -1)
		return;
	if (p->at == 0) {
		line(arg, journal_when(&r), &r);
	} else if (journal_when(&r) <= p->at) {
		memcpy(p->last, text, len);
		p->found = len;
	}
}

/* The lines that are whole; the rest waits for the next piece. */
static void
take_lines(struct past *p, past_line_fn *line, void *arg)
{
	size_t from = 0;
	const char *end;

	while ((end = memchr(p->buf + from, '\n', p->len - from)) != NULL) {
		take_line(
		    p, p->buf + from, (size_t)(end - p->buf) - from, line, arg);
		from = (size_t)(end - p->buf) + 1;
	}
	if (from == 0 && p->len == PIECE)
		from = p->len; /* too long to be one of ours */
	memmove(p->buf, p->buf + from, p->len - from);
	p->len -= from;
}

/* The line that the search for a time came to, if it was in force then. */
static void
give_last(const struct past *p, past_line_fn *line, void *arg)
{
	struct journal_record r;

	if (p->found == 0 || journal_parse(p->last, p->found, &r) == -1)
		return;
	if ((r.lease.state == LEASE_BOUND || r.lease.state == LEASE_CONFLICT) &&
	    r.lease.end > p->at)
		line(arg, journal_when(&r), &r);
}

int
past_next(struct past *p, past_line_fn *line, void *arg)
{
	int fd = p->fds[p->file];
	ssize_t n = 0;

	if (fd != -1)
		n = read(fd, p->buf + p->len, PIECE - p->len);
	if (n == -1)
		return errno == EINTR ? 1 : -1;
	if (n > 0) {
		p->len += (size_t)n;
		take_lines(p, line, arg);
		return 1;
	}
	/* a last line may lack its end only */
	take_line(p, p->buf, p->len, line, arg);
	p->len = 0;
	if (++p->file < FILES)
		return 1;
	give_last(p, line, arg);
	return 0;
}

void
past_close(struct past *p)
{
	for (unsigned i = 0; i < FILES; i++)
		if (p->fds[i] != -1)
			close(p->fds[i]);
	free(p);
}
