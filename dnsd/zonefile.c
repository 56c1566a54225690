/*
 * Master files: words to records. A record's words are owner, TTL and class in
 * any order, type, and what rdata_parse reads (RFC 1035 section 5.1).
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "log.h"
#include "zonefilepart.h"

#define FILE_MAX ((size_t)1 << 31) /* bytes of a file; lines are an int */
#define SHOWN 40 /* bytes of a wrong word that are told */

static void
tell(struct zonefile_reader *r, const char *path, int line, const char *what)
{
	if (r->calls->error != NULL)
		r->calls->error(r->arg, path, line, what);
	else if (line > 0)
		log_errx("%s:%d: %s", path, line, what);
	else
		log_errx("%s: %s", path, what);
}

void
zonefile_error(struct zonefile_reader *r, const char *fmt, ...)
{
	char what[ZONEFILE_WHAT];
	va_list ap;

	if (++r->errors > ZONEFILE_ERRORS)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	tell(r, r->s->path, r->line, what);
}

/* 0: no unit. */
static uint32_t
unit_seconds(char c)
{
	switch (c | 0x20) {
	case 'w':
		return 7 * 86400;
	case 'd':
		return 86400;
	case 'h':
		return 3600;
	case 'm':
		return 60;
	case 's':
		return 1;
	}
	return 0;
}

bool
zonefile_ttl(const char *s, size_t len, uint32_t *out)
{
	uint64_t v, sum = 0;
	uint32_t unit;
	size_t i = 0, begin;

	do {
		v = 0;
		begin = i;
		for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
			if ((v = v * 10 + (unsigned)(s[i] - '0')) > INT32_MAX)
				return false;
		if (i == begin)
			return false;
		unit = i < len ? unit_seconds(s[i++]) : begin == 0;
		sum += v * unit;
		if (unit == 0 || sum > INT32_MAX)
			return false;
	} while (i < len);
	*out = (uint32_t)sum;
	return true;
}

void
zonefile_owner_forget(struct zonefile_reader *r)
{
	r->owner_text = NULL;
	r->owner_len = 0;
}

/* A zone's records mostly stand together by owner. */
static int
set_owner(struct zonefile_reader *r, const struct rdata_token *t)
{
	if (r->owner_text != NULL && t->len == r->owner_len && !t->quoted &&
	    memcmp(t->text, r->owner_text, t->len) == 0)
		return 0;
	zonefile_owner_forget(r);
	r->owner = 1 - r->told;
	if (t->quoted ||
	    dname_parse(&r->owners[r->owner], t->text, t->len, &r->s->origin) ==
		-1) {
		zonefile_error(r, "\"%.*s\" is no name",
		    t->len < SHOWN ? (int)t->len : SHOWN, t->text);
		r->has_owner = false;
		return -1;
	}
	r->has_owner = true;
	r->owner_text = t->text;
	r->owner_len = t->len;
	return 0;
}

/* false: it is none, or the second. */
static bool
take_ttl(const struct rdata_token *t, struct zonefile_time *ttl)
{
	if (t->quoted || ttl->set || !zonefile_ttl(t->text, t->len, &ttl->s))
		return false;
	ttl->set = true;
	return true;
}

static bool
take_class(const struct rdata_token *t, uint16_t *class)
{
	return !t->quoted && *class == 0 &&
	    rclass_parse(t->text, t->len, class) && *class != 0;
}

/* TTL, class and type, from word i on: where rdata begins; 0 after an error. */
static size_t
take_head(struct zonefile_reader *r, size_t i, struct zonefile_rr *rr,
    struct zonefile_time *ttl)
{
	const struct rdata_token *t;

	for (; i < r->n; i++) {
		t = &r->t[i];
		if (!t->quoted && rtype_parse(t->text, t->len, &rr->type))
			return i + 1;
		if (!take_ttl(t, ttl) && !take_class(t, &rr->class))
			break;
	}
	if (i == r->n) {
		zonefile_error(r, "no type");
		return 0;
	}
	t = &r->t[i];
	zonefile_error(r, "\"%.*s\" is no %s",
	    t->len < SHOWN ? (int)t->len : SHOWN, t->text,
	    t->text[0] >= '0' && t->text[0] <= '9' ? "TTL" : "type");
	return 0;
}

/*
 * The TTL of a record that has none of its own (RFC 2308 section 4): $TTL, or
 * the last one that was written, or a SOA's own minimum.
 */
static bool
default_ttl(struct zonefile_reader *r, struct zonefile_time *ttl)
{
	if (r->ttl.set)
		*ttl = r->ttl;
	else if (r->last_ttl.set)
		*ttl = r->last_ttl;
	else
		*ttl = r->minimum;
	if (!ttl->set)
		zonefile_error(
		    r, "no TTL: write one, or $TTL before the first record");
	return ttl->set;
}

/* The last field of a SOA. */
static void
note_minimum(struct zonefile_reader *r, size_t len)
{
	r->minimum.set = true;
	r->minimum.s = get32(r->data + len - 4);
	if (r->minimum.s > INT32_MAX) /* RFC 2181 section 8 */
		r->minimum.s = 0;
}

/* What is wrong with the type and class of a record, which is told. */
static bool
head_fits(struct zonefile_reader *r, struct zonefile_rr *rr)
{
	char text[RTYPE_TEXT];

	if (rr->class == 0)
		rr->class = CLASS_IN;
	if (rr->class != CLASS_IN) {
		zonefile_error(r, "class %s, where zones are of class IN",
		    rclass_text(rr->class, text));
		return false;
	}
	if (rtype_is_meta(rr->type)) {
		zonefile_error(r, "no zone has records of type %s",
		    rtype_text(rr->type, text));
		return false;
	}
	return true;
}

/* The record's words from i on: all but the owner. */
static void
take_record(struct zonefile_reader *r, size_t i)
{
	struct zonefile_rr rr = { .class = 0 };
	struct zonefile_time ttl = { .set = false };
	char why[RDATA_WHY], text[RTYPE_TEXT];
	const char *bad;
	int len;

	if ((i = take_head(r, i, &rr, &ttl)) == 0 || !head_fits(r, &rr))
		return;
	if (ttl.set)
		r->last_ttl = ttl;
	len = rdata_parse(
	    rr.type, r->t + i, r->n - i, r->s->origin.wire, r->data, why);
	if (len == -1) {
		zonefile_error(r, "%s: %s", rtype_text(rr.type, text), why);
		return;
	}
	if (rr.type == TYPE_SOA)
		note_minimum(r, (size_t)len);
	if (!ttl.set && !default_ttl(r, &ttl))
		return;
	rr.owner = &r->owners[r->owner];
	r->told = r->owner;
	rr.ttl = ttl.s;
	rr.data = r->data;
	rr.len = (size_t)len;
	rr.file = r->s->path;
	rr.line = r->line;
	if (r->calls->record != NULL &&
	    (bad = r->calls->record(r->arg, &rr)) != NULL)
		zonefile_error(r, "%s", bad);
}

void
zonefile_records(struct zonefile_reader *r)
{
	while (zonefile_scan(r)) {
		if (r->blank) {
			if (r->has_owner)
				take_record(r, 0);
			else
				zonefile_error(r,
				    "no owner: there is none before it, or that is wrong");
		} else if (r->t[0].text[0] == '$' && !r->t[0].quoted &&
		    !r->s->generated) {
			zonefile_directive(r);
		} else if (set_owner(r, &r->t[0]) == 0) {
			take_record(r, 1);
		}
	}
}

/*
 * All of a file, with room for a newline. NULL with errno. The memory goes
 * back to the system as one piece.
 */
static char *
file_text(int fd, size_t hint, size_t *len, size_t *size)
{
	char *p, *more;
	ssize_t n;

	*len = 0;
	*size = (hint | 4095) + 1;
	if (hint > FILE_MAX) {
		errno = EFBIG;
		return NULL;
	}
	p = mmap(NULL, *size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	while ((n = read(fd, p + *len, *size - 1 - *len)) > 0) {
		*len += (size_t)n;
		if (*len < *size - 1)
			continue;
		more = *size > FILE_MAX ?
		    MAP_FAILED :
		    mremap(p, *size, *size * 2, MREMAP_MAYMOVE);
		if (more == MAP_FAILED) {
			n = -1;
			errno = EFBIG;
			break;
		}
		p = more;
		*size *= 2;
	}
	if (n == 0) {
		p[*len] = '\n';
		return p;
	}
	munmap(p, *size);
	return NULL;
}

/* Read the source as the innermost one. */
static void
read_source(struct zonefile_reader *r, struct zonefile_source *s)
{
	struct zonefile_source *outer = r->s;

	if (s->end - s->p >= 3 && memcmp(s->p, "\xef\xbb\xbf", 3) == 0)
		s->p += 3; /* a byte order mark, which some editors write */
	s->parent = outer;
	s->line = 1;
	r->s = s;
	zonefile_owner_forget(r);
	zonefile_records(r);
	r->s = outer;
	zonefile_owner_forget(r);
}

/* Regular files alone: anything else may have no end. */
static int
open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return -1;
	if (fstat(fd, st) == 0) {
		if (S_ISREG(st->st_mode))
			return fd;
		errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
	}
	close(fd);
	return -1;
}

int
zonefile_file(
    struct zonefile_reader *r, const char *path, const struct dname *origin)
{
	struct zonefile_source s = { .path = path, .origin = *origin };
	struct stat st;
	size_t len, size;
	char *text;
	int fd;

	if ((fd = open_file(path, &st)) == -1)
		return -1;
	text = file_text(fd, (size_t)st.st_size, &len, &size);
	close(fd);
	if (text == NULL)
		return -1;
	if (r->calls->opened != NULL)
		r->calls->opened(r->arg, path, &st);
	s.dev = st.st_dev;
	s.ino = st.st_ino;
	s.depth = r->s == NULL ? 1 : r->s->depth + 1;
	s.p = text;
	s.end = text + len;
	read_source(r, &s);
	munmap(text, size);
	return 0;
}

static void
tell_rest(struct zonefile_reader *r, const char *path)
{
	char what[ZONEFILE_WHAT];

	if (r->errors <= ZONEFILE_ERRORS)
		return;
	snprintf(
	    what, sizeof(what), "%zu more errors", r->errors - ZONEFILE_ERRORS);
	tell(r, path, 0, what);
}

/* A reader; NULL: no memory, or no origin, which is told. */
static struct zonefile_reader *
reader_new(const char *path, const uint8_t *wire, struct dname *origin,
    const struct zonefile_calls *calls, void *arg)
{
	struct zonefile_reader *r, failed = { .calls = calls, .arg = arg };

	if (dname_set(origin, wire, DNS_NAME) == -1)
		tell(&failed, path, 0, "its origin is no name");
	else if ((r = calloc(1, sizeof(*r))) == NULL)
		tell(&failed, path, 0, "no memory");
	else {
		r->calls = calls;
		r->arg = arg;
		return r;
	}
	return NULL;
}

static size_t
reader_end(struct zonefile_reader *r, const char *path)
{
	size_t errors = r->errors;

	tell_rest(r, path);
	free(r->t);
	free(r);
	return errors;
}

size_t
zonefile_read(const char *path, const uint8_t *wire,
    const struct zonefile_calls *calls, void *arg)
{
	struct zonefile_reader *r;
	char what[ZONEFILE_WHAT];
	struct dname origin;

	if ((r = reader_new(path, wire, &origin, calls, arg)) == NULL)
		return 1;
	if (zonefile_file(r, path, &origin) == -1) {
		snprintf(what, sizeof(what), "cannot be read: %s",
		    errno == EINVAL ? "no regular file" : strerror(errno));
		r->errors++;
		tell(r, path, 0, what);
	}
	return reader_end(r, path);
}

size_t
zonefile_read_text(const char *text, size_t len, const char *path,
    const uint8_t *wire, const struct zonefile_calls *calls, void *arg)
{
	struct zonefile_source s = { .path = path, .depth = 1 };
	struct zonefile_reader *r;
	char *copy;

	if ((r = reader_new(path, wire, &s.origin, calls, arg)) == NULL)
		return 1;
	if ((copy = malloc(len + 1)) == NULL) {
		r->errors++;
		tell(r, path, 0, "no memory");
		return reader_end(r, path);
	}
	memcpy(copy, text, len);
	copy[len] = '\n';
	s.p = copy;
	s.end = copy + len;
	read_source(r, &s);
	free(copy);
	return reader_end(r, path);
}
