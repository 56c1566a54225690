/*
 * Reading a journal's changes, for IXFR and at start. A reader has a
 * descriptor of its own, so nothing that happens to the journal concerns it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "journalpart.h"
#include "log.h"

struct journal_reader {
	struct journal_window w;
	uint64_t at, end; /* what is to be read */
	size_t bytes;
	/* the record at hand */
	struct journal_head h;
	uint64_t body_end;
	uint32_t crc;
	unsigned soas; /* seen; the second begins what was added */
};

/*
 * The bytes from the newest record that begins with `from` to the end of the
 * one that leads to `to`. The lock is held. false: there are none.
 */
static bool
find(const struct journal *j, const uint32_t serials[2], uint64_t *at,
    uint64_t *end)
{
	size_t i = j->n, last;

	while (i > 0 && j->places[i - 1].to != serials[1])
		i--;
	if (i == 0)
		return false;
	last = i;
	while (i > 0 && j->places[i - 1].from != serials[0])
		i--;
	if (i == 0)
		return false;
	*at = j->places[i - 1].at;
	*end = last < j->n ? j->places[last].at : j->end;
	return true;
}

struct journal_reader *
journal_read(const struct journal *cj, uint32_t from, uint32_t to)
{
	struct journal *j = (struct journal *)(uintptr_t)cj;
	struct journal_reader *r = calloc(1, sizeof(*r));
	int fd = -1;

	if (r == NULL)
		return NULL;
	pthread_mutex_lock(&j->lock);
	if (j->file != NULL &&
	    find(j, (uint32_t[2]){ from, to }, &r->at, &r->end))
		fd = fcntl(j->file->fd, F_DUPFD_CLOEXEC, 0);
	pthread_mutex_unlock(&j->lock);
	if (fd == -1 || journalwindow_open(&r->w, fd, r->end) == -1) {
		if (fd != -1)
			close(fd);
		free(r);
		return NULL;
	}
	r->bytes = (size_t)(r->end - r->at);
	r->body_end = r->at;
	return r;
}

size_t
journal_reader_bytes(const struct journal_reader *r)
{
	return r->bytes;
}

void
journal_reader_close(struct journal_reader *r)
{
	if (r == NULL)
		return;
	close(r->w.fd);
	journalwindow_close(&r->w);
	free(r);
}

static int
next_head(struct journal_reader *r)
{
	const uint8_t *p = journalwindow_at(&r->w, r->at, JOURNAL_HEAD);

	if (p == NULL || journalform_get(p, &r->h) == -1 ||
	    r->h.len > r->end - r->at - JOURNAL_HEAD)
		return -1;
	r->at += JOURNAL_HEAD;
	r->body_end = r->at + r->h.len;
	r->crc = 0;
	r->soas = 0;
	return 0;
}

/* Length of the name at p, of which n bytes are there; 0: none. */
static size_t
name_len(const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at < n && at < DNS_NAME) {
		if (p[at] > DNS_LABEL)
			return 0;
		if (p[at] == 0)
			return at + 1;
		at += 1u + p[at];
	}
	return 0;
}

/* The record at r->at, whose bytes are whole; its length, or 0. */
static size_t
parse_rr(struct journal_reader *r, struct edit_change *c)
{
	size_t left = (size_t)(r->body_end - r->at);
	size_t n = left < DNS_NAME + 10 ? left : DNS_NAME + 10, name;
	const uint8_t *p = journalwindow_at(&r->w, r->at, n);
	struct dns_reader d = { .bytes = p, .len = n };

	if (p == NULL || (name = name_len(p, n)) == 0)
		return 0;
	d.pos = name;
	c->type = dns_get16(&d);
	dns_get16(&d);
	c->ttl = dns_get32(&d);
	c->len = dns_get16(&d);
	n = name + 10 + c->len;
	if (d.bad || n > left ||
	    (p = journalwindow_at(&r->w, r->at, n)) == NULL)
		return 0;
	c->name = p;
	c->data = p + name + 10;
	r->crc = crc32c(r->crc, p, n);
	return n;
}

int
journal_next(struct journal_reader *r, struct journal_record *rec)
{
	size_t n;

	if (r->at == r->body_end) {
		if (r->soas != 0 && (r->crc != r->h.crc || r->soas != 2))
			return -1;
		if (r->at == r->end)
			return 0;
		if (next_head(r) == -1)
			return -1;
	}
	if ((n = parse_rr(r, &rec->change)) == 0)
		return -1;
	rec->first = r->soas == 0;
	if (rec->change.type == TYPE_SOA)
		r->soas++;
	if (r->soas == 0 || r->soas > 2)
		return -1;
	rec->change.added = r->soas == 2;
	rec->from = r->h.from;
	rec->to = r->h.to;
	r->at += n;
	return 1;
}

static bool
apply(struct edit *e, const struct edit_change *c)
{
	struct edit_rr rr = { c->type, c->ttl, c->data, c->len };
	struct dname name;
	enum edit_result result;

	if (dname_set(&name, c->name, DNS_NAME) == -1 ||
	    !rdata_valid(c->type, c->data, c->len))
		return false;
	if (!c->added)
		return edit_remove(e, &name, &rr) == EDIT_DONE;
	result = edit_add(e, &name, &rr);
	return result == EDIT_DONE || result == EDIT_SAME;
}

static void
tell(const struct journal *j, const struct journal_record *rec)
{
	char name[DNS_NAME_TEXT], type[RTYPE_TEXT];

	log_errx("%s: the change from serial %u does not fit the zone: "
		 "%s %s cannot be %s",
	    j->path, rec->from, dns_name_text(rec->change.name, name),
	    rtype_text(rec->change.type, type),
	    rec->change.added ? "added" : "removed");
}

int
journal_replay(struct journal *j, uint32_t from, struct edit *e)
{
	struct journal_record rec;
	struct journal_reader *r;
	int rc, applied = 0;

	if (!j->empty && j->to == from)
		return 0;
	if (j->n == 0)
		return -1;
	r = journal_read(j, from, j->places[j->n - 1].to);
	if (r == NULL)
		return -1;
	while ((rc = journal_next(r, &rec)) == 1) {
		if (!apply(e, &rec.change)) {
			tell(j, &rec);
			rc = -1;
			break;
		}
		applied += rec.first;
	}
	if (rc == -1)
		log_errx("%s: could not be replayed", j->path);
	journal_reader_close(r);
	return rc == -1 ? -1 : applied;
}
