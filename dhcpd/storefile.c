/*
 * The files of a store: lines of one, and the loading of all. A file is never
 * trusted: whatever it holds, what can be read of it is taken.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "storepart.h"

#define CHUNK (256 * 1024)
#define SEVERAL 8 /* journals: time for a snapshot */

/* Bytes of a file that were read, and of which line the first is part. */
struct reader {
	char *buf;
	size_t len;
	uint64_t at;
	bool (*line)(void *, const struct storefile_line *);
	void *arg;
};

static bool
reader_give(struct reader *r, size_t from, size_t to, bool cut)
{
	struct storefile_line l = { r->buf + from, to - from, r->at + from,
		cut };

	return r->line(r->arg, &l);
}

/* Give the lines that are whole, keep the rest. false: enough. */
static bool
reader_lines(struct reader *r)
{
	size_t from = 0;
	const char *end;

	while ((end = memchr(r->buf + from, '\n', r->len - from)) != NULL) {
		if (!reader_give(r, from, end - r->buf, false))
			return false;
		from = end - r->buf + 1;
	}
	/* A line longer than all of it is not one of ours: in pieces. */
	if (from == 0 && r->len == CHUNK) {
		if (!reader_give(r, 0, r->len, false))
			return false;
		from = r->len;
	}
	memmove(r->buf, r->buf + from, r->len - from);
	r->len -= from;
	r->at += from;
	return true;
}

static int
reader_run(struct reader *r, int fd)
{
	ssize_t n;

	for (;;) {
		n = read(fd, r->buf + r->len, CHUNK - r->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		r->len += (size_t)n;
		if (!reader_lines(r))
			return 0;
	}
	if (r->len > 0)
		reader_give(r, 0, r->len, true);
	return n == 0 ? 0 : -1;
}

int
storefile_each(
    int fd, bool (*line)(void *, const struct storefile_line *), void *arg)
{
	struct reader r = { .line = line, .arg = arg };
	int rc, error;

	if ((r.buf = malloc(CHUNK)) == NULL)
		return -1;
	rc = reader_run(&r, fd);
	error = errno;
	free(r.buf);
	errno = error;
	return rc;
}

/* Names of journals. */

char *
storefile_journal(uint64_t number, char name[STORE_NAME])
{
	snprintf(
	    name, STORE_NAME, STORE_JOURNAL "%llu", (unsigned long long)number);
	return name;
}

/* Digits and nothing else; 0: not a number of ours. */
static uint64_t
number_of(const char *s)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; s[i] >= '0' && s[i] <= '9' && i < 18; i++)
		n = n * 10 + (uint64_t)(s[i] - '0');
	return s[i] == '\0' && s[0] != '0' ? n : 0;
}

static uint64_t
journal_number(const char *name)
{
	size_t n = strlen(STORE_JOURNAL);

	return strncmp(name, STORE_JOURNAL, n) == 0 ? number_of(name + n) : 0;
}

struct numbers {
	uint64_t *v;
	size_t n, size;
};

static int
numbers_add(struct numbers *a, uint64_t number)
{
	uint64_t *p;

	if (a->n == a->size) {
		p = reallocarray(a->v, a->size + 64, sizeof(*p));
		if (p == NULL)
			return -1;
		a->v = p;
		a->size += 64;
	}
	a->v[a->n++] = number;
	return 0;
}

static int
numbers_compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The journals that there are, in order. 0 or -1 with errno. */
static int
numbers_find(struct numbers *a, int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;
	uint64_t number;
	int rc = 0;

	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (rc == 0 && (e = readdir(dir)) != NULL)
		if ((number = journal_number(e->d_name)) != 0)
			rc = numbers_add(a, number);
	closedir(dir);
	if (a->n > 0)
		qsort(a->v, a->n, sizeof(*a->v), numbers_compare);
	return rc;
}

/* Loading. */

struct loading {
	struct store *store;
	bool snapshot; /* the file is the snapshot */
	uint64_t first; /* the journal that goes on from it; 0: not known */
	uint64_t cut, bad; /* of this file */
	struct journal_record record;
};

/* The first line of a snapshot. */
static bool
load_head(struct loading *ld, const struct storefile_line *line)
{
	static const char head[] = "snapshot " STORE_JOURNAL;
	size_t n = journal_sealed(line->text, line->len), k = sizeof(head) - 1;
	char digits[20];

	if (!ld->snapshot || line->at != 0 || n <= k ||
	    n - k >= sizeof(digits) || memcmp(line->text, head, k) != 0)
		return false;
	memcpy(digits, line->text + k, n - k);
	digits[n - k] = '\0';
	ld->first = number_of(digits);
	return true;
}

static bool
load_line(void *arg, const struct storefile_line *line)
{
	struct loading *ld = arg;
	struct store *s = ld->store;
	struct journal_record *r = &ld->record;

	if (load_head(ld, line))
		return true;
	s->loaded.lines++;
	if (journal_parse(line->text, line->len, r) == 0) {
		r->lease.network =
		    s->setup.network_of(s->setup.arg, r->lease.ip);
		if (lease_load(s->setup.leases, &r->lease, &r->client,
			&r->more) != NULL)
			return true;
	}
	s->loaded.bad++;
	if (line->cut)
		ld->cut++;
	else
		ld->bad++;
	return true;
}

static int
open_regular(int dir, const char *name, uint64_t *size)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		*size = (uint64_t)st.st_size;
		return fd;
	}
	close(fd);
	errno = EINVAL;
	return -1;
}

void
storefile_put_aside(const struct store *s, const char *name)
{
	char bad[STORE_NAME];

	snprintf(bad, sizeof(bad), "%s" STORE_BAD, name);
	log_warn("leases: %s: not read, kept as %s", name, bad);
	renameat(s->setup.dir, name, s->setup.dir, bad);
}

/* Load one file; its size, 0 where there is nothing. */
static uint64_t
load_file(struct loading *ld, const char *name)
{
	int dir = ld->store->setup.dir, fd, rc;
	uint64_t size = 0;

	ld->bad = ld->cut = 0;
	if ((fd = open_regular(dir, name, &size)) == -1) {
		if (errno != ENOENT) {
			ld->store->loaded.bad++;
			storefile_put_aside(ld->store, name);
		}
		return 0;
	}
	rc = storefile_each(fd, load_line, ld);
	if (rc == -1) {
		log_warn("leases: %s: cannot be read to its end", name);
		ld->store->loaded.bad++;
		ld->bad++;
	}
	close(fd);
	return size;
}

static void
load_journals(struct loading *ld, const struct numbers *a)
{
	struct store *s = ld->store;
	char name[STORE_NAME];
	uint64_t size;
	size_t i;

	ld->snapshot = false;
	for (i = 0; i < a->n; i++) {
		storefile_journal(a->v[i], name);
		/* A snapshot has taken its place, but then it was not removed.
		 */
		if (a->v[i] < ld->first) {
			unlinkat(s->setup.dir, name, 0);
			continue;
		}
		if ((size = load_file(ld, name)) == 0) {
			unlinkat(s->setup.dir, name, 0);
			continue;
		}
		if (s->oldest == 0)
			s->oldest = a->v[i];
		s->journal_bytes += size;
		s->bad_journals |= ld->bad > 0;
	}
	s->number = ld->first > 1 ? ld->first : 1;
	if (a->n > 0 && a->v[a->n - 1] >= s->number)
		s->number = a->v[a->n - 1] + 1;
}

static void
load_tell(const struct store *s)
{
	const struct store_load_result *r = &s->loaded;

	if (r->bad == 0)
		return;
	log_warnx("leases: %llu of %llu lines could not be read and are "
		  "skipped%s",
	    (unsigned long long)r->bad, (unsigned long long)r->lines,
	    s->bad_leases || s->bad_journals ?
		"; their files will be kept as *" STORE_BAD :
		"");
}

static void
load_begin_journal(struct store *s)
{
	s->journal = store_begin_journal(s, &s->number);
	if (s->oldest == 0)
		s->oldest = s->number;
	if (s->journal == -1)
		store_break(s, "a new journal", errno);
	else if (fsync(s->setup.dir) == -1)
		store_break(s, "directory", errno);
}

static double
seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) +
	    (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

int
store_load(struct store *s)
{
	struct loading *ld;
	struct numbers a = { 0 };
	struct timespec began;
	int rc = -1;

	clock_gettime(CLOCK_MONOTONIC, &began);
	if ((ld = calloc(1, sizeof(*ld))) != NULL &&
	    (rc = numbers_find(&a, s->setup.dir)) == 0) {
		ld->store = s;
		ld->snapshot = true;
		load_file(ld, STORE_LEASES);
		s->bad_leases = ld->bad > 0;
		unlinkat(s->setup.dir, STORE_LEASES_NEW, 0);
		load_journals(ld, &a);
		load_begin_journal(s);
		load_tell(s);
		storehistory_start(s);
	} else
		log_err("leases");
	free(a.v);
	free(ld);
	s->loaded.seconds = seconds_since(&began);
	/* Soon, that is: not while clients wait for a start. */
	if (rc == 0 && !s->broken && (s->loaded.bad > 0 || a.n > SEVERAL))
		ev_timer_start(s->setup.loop, &s->retry);
	return rc;
}

const struct store_load_result *
store_loaded(const struct store *s)
{
	return &s->loaded;
}
