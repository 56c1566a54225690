/*
 * Transactions: edits become snapshots and records of journals; when these are
 * on disk, readers see the one and senders hear of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "notify.h"
#include "updatepart.h"
#include "updating.h"

struct transaction *
transaction_new(struct updating *u)
{
	struct transaction *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->updating = u;
	TAILQ_INIT(&t->handed);
	STAILQ_INIT(&t->waiters);
	return t;
}

/* What was made last is undone first. */
static void
undo(struct transaction *t)
{
	struct part *p;

	for (p = t->part + t->n; p-- > t->part;) {
		if (p->edit != NULL)
			edit_abort(p->edit);
		if (p->snapshot != NULL)
			snapshot_free(p->snapshot);
		p->edit = NULL;
		p->snapshot = NULL;
	}
}

void
transaction_free(struct transaction *t)
{
	if (t->n > 0)
		undo(t);
	free(t->part);
	free(t);
}

struct part *
transaction_part(struct transaction *t, struct zone *z)
{
	struct updates *u = updates_of(z);
	const struct snapshot *base;
	struct part *p, *v;

	for (p = t->part; p < t->part + t->n; p++)
		if (p->zone == z)
			return p;
	if (u == NULL || t->n == TRANSACTION_PARTS || z->journal == NULL ||
	    journal_broken(z->journal))
		return NULL;
	base = u->newest != NULL ? u->newest : zone_now(z);
	v = reallocarray(t->part, t->n + 1, sizeof(*v));
	if (v == NULL)
		return NULL;
	t->part = v;
	p = &v[t->n];
	*p = (struct part){ .zone = z, .from = base->serial };
	if ((p->edit = edit_begin(base, NULL)) == NULL)
		return NULL;
	edit_record(p->edit);
	t->n++;
	return p;
}

/* Telling. */

static void
tell_waiters(struct transaction *t, unsigned rcode)
{
	struct waiter *w;

	while ((w = STAILQ_FIRST(&t->waiters)) != NULL) {
		STAILQ_REMOVE_HEAD(&t->waiters, link);
		w->done(w->arg, rcode != DNS_NOERROR ? rcode : w->rcode);
		free(w);
	}
}

/* The code, unless that is NOERROR: then each its own. */
static void
tell(struct transaction *t, unsigned rcode)
{
	struct handed *h;

	while ((h = TAILQ_FIRST(&t->handed)) != NULL) {
		TAILQ_REMOVE(&t->handed, h, link);
		if (rcode != DNS_NOERROR)
			h->r.rcode = (uint16_t)rcode;
		handed_answer(h);
	}
	tell_waiters(t, rcode);
}

void
transaction_answer(struct zone *z, struct handed *h, unsigned rcode)
{
	h->r.rcode = (uint16_t)rcode;
	if (z != NULL && z->updates != NULL && z->updates->last != NULL)
		TAILQ_INSERT_TAIL(&z->updates->last->handed, h, link);
	else
		handed_answer(h);
}

/* On disk. */
static void
publish(struct transaction *t)
{
	struct updates *u;
	struct part *p;

	for (p = t->part; p < t->part + t->n; p++) {
		u = p->zone->updates;
		zone_publish(p->zone, p->snapshot);
		p->snapshot = NULL;
		if (u->last == t) {
			u->last = NULL;
			u->newest = NULL;
		}
	}
	tell(t, DNS_NOERROR);
	for (p = t->part; p < t->part + t->n; p++) {
		notify_zone(p->zone);
		updates_consider(p->zone);
	}
}

/* Does it stand on what failed? Then it does not stand either. */
static bool
stands_on_failed(const struct transaction *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->part[i].zone->updates->failed)
			return true;
	return false;
}

static void
mark_failed(struct transaction *t)
{
	size_t i;

	t->failed = true;
	for (i = 0; i < t->n; i++)
		t->part[i].zone->updates->failed = true;
}

static void
zones_failed(struct transaction *t)
{
	struct updates *u;
	size_t i;

	for (i = 0; i < t->n; i++) {
		u = t->part[i].zone->updates;
		if (!u->failed)
			continue;
		u->failed = false;
		u->last = NULL;
		u->newest = NULL;
		updates_consider(t->part[i].zone);
	}
}

/* This one, which is the oldest that is pending, is not on disk. */
static void
fail(struct transaction *first)
{
	struct transactions *pending = &first->updating->pending;
	struct transaction *t;

	mark_failed(first);
	TAILQ_FOREACH(t, pending, link)
		if (!t->failed && stands_on_failed(t))
			mark_failed(t);
	TAILQ_FOREACH_REVERSE(t, pending, transactions, link)
		if (t->failed)
			undo(t);
	undo(first);
	zones_failed(first);
	TAILQ_FOREACH(t, pending, link)
		if (t->failed)
			zones_failed(t);
	tell(first, DNS_SERVFAIL);
	TAILQ_FOREACH(t, pending, link)
		if (t->failed)
			tell(t, DNS_SERVFAIL);
}

static void
written(void *arg, int error)
{
	struct transaction *t = arg;

	TAILQ_REMOVE(&t->updating->pending, t, link);
	if (t->failed)
		; /* with an earlier one */
	else if (error != 0)
		fail(t);
	else
		publish(t);
	transaction_free(t);
}

/* Writing. */

static void
complain(struct transaction *t, const struct zone *z, const char *what)
{
	char name[DNS_NAME_TEXT];

	if (log_allowed(&t->updating->full, "updates that failed"))
		log_errx("%s: an update was not done: %s",
		    dns_name_text(z->conf->origin.wire, name), what);
}

/* Parts without changes leave. DNS_NOERROR or why not. */
static unsigned
finish_edits(struct transaction *t)
{
	const struct edit_change *v;
	struct part *p, *kept = t->part;
	unsigned rcode = DNS_NOERROR;
	size_t bytes;

	for (p = t->part; p < t->part + t->n; p++) {
		if (rcode == DNS_NOERROR)
			rcode = update_finish(p->edit, p->from);
		if (rcode == DNS_REFUSED)
			complain(t, p->zone, "data below a DNAME");
		if (rcode == DNS_NOERROR && edit_changes(p->edit, &v) == 0) {
			edit_abort(p->edit);
			continue;
		}
		bytes = edit_bytes(p->edit);
		if (bytes > p->zone->conf->max_size &&
		    bytes > zone_now(p->zone)->bytes) {
			complain(t, p->zone, "it is larger than max_size");
			rcode = DNS_SERVFAIL;
		}
		*kept++ = *p;
	}
	t->n = (size_t)(kept - t->part);
	return rcode;
}

static struct put *
prepare(struct transaction *t)
{
	struct journal_change *c = calloc(t->n, sizeof(*c));
	struct put *put = NULL;
	struct part *p;
	size_t i;

	if (c == NULL)
		return NULL;
	for (i = 0; i < t->n; i++) {
		p = &t->part[i];
		c[i].journal = p->zone->journal;
		c[i].from = p->from;
		c[i].to = update_serial(p->edit);
		c[i].n = edit_changes(p->edit, &c[i].v);
	}
	put = journal_prepare(c, t->n);
	free(c);
	return put;
}

/* 0 or an errno. */
static int
make_snapshots(struct transaction *t)
{
	struct part *p;

	for (p = t->part; p < t->part + t->n; p++) {
		p->snapshot = edit_commit(p->edit);
		p->edit = NULL;
		if (p->snapshot == NULL)
			return ENOMEM;
	}
	return 0;
}

static void
pend(struct transaction *t)
{
	struct part *p;

	TAILQ_INSERT_TAIL(&t->updating->pending, t, link);
	for (p = t->part; p < t->part + t->n; p++) {
		p->zone->updates->last = t;
		p->zone->updates->newest = p->snapshot;
	}
}

unsigned
transaction_write(struct transaction *t)
{
	unsigned rcode = finish_edits(t);
	struct put *put;
	struct part *p;
	int error;

	if (rcode != DNS_NOERROR || t->n == 0)
		return rcode;
	if ((put = prepare(t)) == NULL) {
		complain(t, t->part[0].zone, strerror(errno));
		return DNS_SERVFAIL;
	}
	if ((error = make_snapshots(t)) != 0)
		journal_drop(put);
	else if (journal_write(put, written, t) == -1)
		error = errno;
	if (error == 0) {
		pend(t);
		return DNS_NOERROR;
	}
	complain(t, t->part[0].zone, strerror(error));
	undo(t);
	for (p = t->part; p < t->part + t->n; p++)
		updates_consider(p->zone);
	return DNS_SERVFAIL;
}
