/*
 * The history: every line that the journals ever had. It is written with them
 * and never waited for; that it cannot be written is no reason to refuse a
 * lease.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "storepart.h"

static void
history_complain(struct store *s)
{
	if (log_allowed(&s->history_limit, "history of leases"))
		log_warn("history of leases");
}

/* A line that a crash or a full disk cut must not swallow the next one. */
static bool
ends_in_line(int fd, uint64_t size)
{
	char last;

	return size == 0 ||
	    (pread(fd, &last, 1, (off_t)size - 1) == 1 && last == '\n');
}

/* The file, or -1 with errno. */
static int
history_file(struct store *s)
{
	struct stat st;
	int fd = openat(s->setup.dir, STORE_HISTORY,
	    O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC,
	    STORE_FILE_MODE);

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		s->history_bytes = (uint64_t)st.st_size;
		s->history_torn = !ends_in_line(fd, s->history_bytes);
		return fd;
	}
	close(fd);
	errno = EINVAL;
	return -1;
}

static void
history_open(struct store *s)
{
	if (s->setup.history_max == 0)
		return;
	if ((s->history = history_file(s)) == -1)
		history_complain(s);
}

/* At a start: what is no file that we could write is put out of the way. */
void
storehistory_start(struct store *s)
{
	if (s->setup.history_max == 0 || (s->history = history_file(s)) != -1)
		return;
	storefile_put_aside(s, STORE_HISTORY);
	history_open(s);
}

void
storehistory_close(struct store *s)
{
	if (s->history != -1)
		close(s->history);
	s->history = -1;
}

static void
history_rotate(struct store *s)
{
	int dir = s->setup.dir;

	storehistory_close(s);
	if (renameat(dir, STORE_HISTORY, dir, STORE_HISTORY_OLD) == -1)
		history_complain(s);
	history_open(s);
}

void
storehistory_add(struct store *s, const char *lines, size_t n)
{
	if (s->setup.history_max == 0)
		return;
	if (s->history == -1)
		history_open(s);
	else if (s->history_bytes > 0 &&
	    s->history_bytes + n > s->setup.history_max)
		history_rotate(s);
	if (s->history == -1)
		return;
	if (s->history_torn && store_write(s->history, "\n", 1) == 0)
		s->history_torn = false;
	if (store_write(s->history, lines, n) == -1) {
		history_complain(s);
		s->history_torn = true;
		return;
	}
	s->history_bytes += n;
}

/* Queries. */

struct found {
	uint64_t at;
	uint32_t len;
	bool old; /* in the file before */
};

struct query {
	char head[32]; /* "lease 10.0.0.1 " */
	size_t head_len;
	int64_t at; /* 0: all */
	size_t max, n; /* n were found; the last max are in v */
	struct found *v;
	bool old;
};

static bool
query_line(void *arg, const struct storefile_line *line)
{
	struct query *q = arg;
	struct journal_record r;
	struct found *f = &q->v[q->n % q->max];

	if (line->len <= q->head_len ||
	    memcmp(line->text, q->head, q->head_len) != 0 ||
	    journal_parse(line->text, line->len, &r) == -1 ||
	    (q->at > 0 && journal_when(&r) > q->at))
		return true;
	f->at = line->at;
	f->len = (uint32_t)line->len;
	f->old = q->old;
	q->n++;
	return true;
}

static bool
in_force(const struct journal_record *r, int64_t at)
{
	return (r->lease.state == LEASE_BOUND ||
		   r->lease.state == LEASE_CONFLICT) &&
	    r->lease.end > at;
}

/* Read what was found a second time, and give it. */
static void
query_give(const struct query *q, const int fds[2],
    void (*line)(void *arg, int64_t when, const struct journal_record *),
    void *arg)
{
	size_t i = q->n > q->max ? q->n - q->max : 0;
	struct journal_record r;
	char text[JOURNAL_LINE];
	const struct found *f;

	for (; i < q->n; i++) {
		f = &q->v[i % q->max];
		if (pread(fds[f->old], text, f->len, (off_t)f->at) !=
			(ssize_t)f->len ||
		    journal_parse(text, f->len, &r) == -1)
			continue;
		if (q->at == 0 || in_force(&r, q->at))
			line(arg, journal_when(&r), &r);
	}
}

/* 0, or -1 with errno. */
static int
query_file(struct query *q, int fd, bool old)
{
	q->old = old;
	return fd == -1 ? 0 : storefile_each(fd, query_line, q);
}

static void
query_begin(struct query *q, uint32_t ip, int64_t at, size_t max)
{
	memset(q, 0, sizeof(*q));
	q->head_len =
	    (size_t)snprintf(q->head, sizeof(q->head), "lease %u.%u.%u.%u ",
		ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	q->at = at;
	q->max = at > 0 ? 1 : max;
}

int
store_history(struct store *s, uint32_t ip, int64_t at, size_t max,
    void (*line)(void *arg, int64_t when, const struct journal_record *),
    void *arg)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	int fds[2], rc = -1, error;
	struct query q;

	if (max == 0)
		return 0;
	query_begin(&q, ip, at, max);
	if ((q.v = calloc(q.max, sizeof(*q.v))) == NULL)
		return -1;
	fds[0] = openat(s->setup.dir, STORE_HISTORY, flags);
	fds[1] = openat(s->setup.dir, STORE_HISTORY_OLD, flags);
	if (query_file(&q, fds[1], true) == 0 &&
	    query_file(&q, fds[0], false) == 0) {
		query_give(&q, fds, line, arg);
		rc = 0;
	}
	error = errno;
	for (int i = 0; i < 2; i++)
		if (fds[i] != -1)
			close(fds[i]);
	free(q.v);
	errno = error;
	return rc;
}
