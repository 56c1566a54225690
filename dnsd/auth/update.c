/*
 * Updates that come in, step by step (RFC 2136 section 3).
 */
#include <stdlib.h>
#include <string.h>

#include "autoreverse.h"
#include "load.h"
#include "updatepart.h"
#include "updating.h"

static void
tell_refused(const struct handed *h)
{
	char peer[SOCK_NAMELEN], name[DNS_NAME_TEXT];

	if (log_allowed(&h->server->updating->refused, "refused updates"))
		log_notice("%s: update of %s refused: %s",
		    sock_name(&h->r.peer, peer),
		    dns_name_text(h->r.qname.wire, name),
		    h->r.key == NULL ? "not signed" : "not granted");
}

/*
 * The zone section (section 3.1). Who has no grant at all learns nothing about
 * the zone, not even by prerequisites, which come before permission.
 */
static unsigned
check_zone(const struct handed *h, struct zone **zone)
{
	const struct request *r = &h->r;
	struct zone *z;

	if (r->qtype != TYPE_SOA)
		return DNS_FORMERR;
	if (r->qclass != CLASS_IN ||
	    (z = zones_at(h->server->zones, &r->qname)) == NULL)
		return DNS_NOTAUTH;
	*zone = z;
	if (z->secondary)
		return DNS_REFUSED;
	if (!update_has_grant(z->conf, r->key)) {
		tell_refused(h);
		return DNS_REFUSED;
	}
	if (zone_now(z) == NULL || z->journal == NULL ||
	    journal_broken(z->journal))
		return DNS_SERVFAIL;
	return DNS_NOERROR;
}

/* An address that came or went. */
struct address {
	struct edit_change change;
	uint8_t name[DNS_NAME], data[16];
};
struct addresses {
	struct address *v;
	size_t n, max;
};

/* What is no address is left out. 0, or -1: no memory. */
static int
addresses_add(struct addresses *a, const struct edit_change *c)
{
	struct address *v;
	size_t max = a->max == 0 ? 4 : 2 * a->max;

	if ((c->type != TYPE_A && c->type != TYPE_AAAA) ||
	    c->len > sizeof(v->data))
		return 0;
	if (a->n == a->max) {
		if ((v = reallocarray(a->v, max, sizeof(*v))) == NULL)
			return -1;
		a->v = v;
		a->max = max;
	}
	v = &a->v[a->n++];
	v->change = *c;
	memcpy(v->name, c->name, dns_name_len(c->name));
	memcpy(v->data, c->data, c->len);
	return 0;
}

/*
 * All that the edit did to addresses, and those that it was to add and that
 * were there already: their PTR may be missing since the reverse zone was not
 * there then.
 */
static int
addresses_of(
    struct addresses *a, const struct edit *e, const struct update_message *m)
{
	const struct update_rr *rr = m->v + m->prerequisites;
	const struct edit_change *v;
	size_t i, n = edit_changes(e, &v);
	struct edit_change c = { .added = true };

	for (i = 0; i < n; i++)
		if (addresses_add(a, &v[i]) == -1)
			return -1;
	for (; rr < m->v + m->n; rr++) {
		if (rr->class != CLASS_IN || !rr->same)
			continue;
		c.type = rr->type;
		c.ttl = rr->ttl;
		c.name = update_name(m, rr);
		c.data = update_data(m, rr);
		c.len = rr->len;
		if (addresses_add(a, &c) == -1)
			return -1;
	}
	return 0;
}

/* Is this record in the zone as it is to be? */
static bool
is_there(const struct edit *e, const struct edit_change *c)
{
	const struct rrset *set = NULL;
	const struct node *node;
	const uint8_t *p;
	struct dname name;

	if (dname_set(&name, c->name, DNS_NAME) == 0 &&
	    (node = edit_find(e, &name, 0)) != NULL)
		set = node_rrset(node, c->type);
	if (set == NULL)
		return false;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p))
		if (rrset_len(p) == c->len &&
		    memcmp(rrset_rdata(p), c->data, c->len) == 0)
			return true;
	return false;
}

static unsigned
follow(struct transaction *t, struct address *a)
{
	struct dname ptr;
	struct zone *z;
	struct part *p;

	a->change.name = a->name;
	a->change.data = a->data;
	z = autoreverse_zone(t->updating->server->zones, &a->change, &ptr);
	if (z == NULL ||
	    a->change.added != is_there(t->part[0].edit, &a->change))
		return DNS_NOERROR;
	if ((p = transaction_part(t, z)) == NULL ||
	    autoreverse_apply(p->edit, &ptr, &a->change) == EDIT_FULL)
		return DNS_SERVFAIL;
	return DNS_NOERROR;
}

/* The first part's PTR records; m may be empty. */
static unsigned
follow_all(struct transaction *t, const struct update_message *m)
{
	struct addresses a = { 0 };
	unsigned rcode = DNS_NOERROR;
	size_t i;

	if (!t->part[0].zone->conf->auto_reverse)
		return DNS_NOERROR;
	if (addresses_of(&a, t->part[0].edit, m) == -1)
		rcode = DNS_SERVFAIL;
	for (i = 0; i < a.n && rcode == DNS_NOERROR; i++)
		rcode = follow(t, &a.v[i]);
	free(a.v);
	return rcode;
}

/* Sections 3.2 to 3.4. */
static unsigned
apply(struct transaction *t, struct zone *z, const struct handed *h)
{
	const struct request *r = &h->r;
	struct part *p = transaction_part(t, z);
	struct update_message m;
	unsigned rcode;

	if (p == NULL)
		return DNS_SERVFAIL;
	rcode = update_read(&m, r);
	if (rcode == DNS_NOERROR)
		rcode = update_prerequisites(&m, p->edit);
	if (rcode == DNS_NOERROR)
		rcode = update_permission(&m, p->edit, z->conf, r->key);
	if (rcode == DNS_REFUSED)
		tell_refused(h);
	if (rcode == DNS_NOERROR)
		rcode = update_prescan(&m);
	if (rcode == DNS_NOERROR)
		rcode = update_apply(&m, p->edit);
	if (rcode == DNS_NOERROR)
		rcode = follow_all(t, &m);
	update_message_free(&m);
	return rcode != DNS_NOERROR ? rcode : transaction_write(t);
}

static void
count(const struct handed *h, unsigned rcode)
{
	if (rcode == DNS_NOERROR)
		thread_count(&h->server->main, C_UPDATES);
	else if (rcode == DNS_REFUSED)
		thread_count(&h->server->main, C_UPDATES_REFUSED);
}

void
update_handed(struct handed *h)
{
	struct zone *z = NULL;
	struct transaction *t;
	unsigned rcode = check_zone(h, &z);

	if (rcode != DNS_NOERROR) {
		count(h, rcode);
		h->r.rcode = (uint16_t)rcode;
		handed_answer(h);
		return;
	}
	t = transaction_new(h->server->updating);
	rcode = t == NULL ? DNS_SERVFAIL : apply(t, z, h);
	count(h, rcode);
	if (rcode == DNS_NOERROR && t->n > 0) {
		h->r.rcode = DNS_NOERROR;
		TAILQ_INSERT_TAIL(&t->handed, h, link);
		return;
	}
	/* the code says what the zone is like, with all that is pending */
	transaction_answer(z, h, rcode);
	if (t != NULL)
		transaction_free(t);
}

/* Our own changes. */

static unsigned
make(struct transaction *t, const struct update_own_change *c)
{
	struct part *p = transaction_part(t, c->zone);
	const struct update_message none = { 0 };
	unsigned rcode;

	if (p == NULL || c->make(c->arg, p->edit) == -1)
		return DNS_SERVFAIL;
	rcode = follow_all(t, &none);
	return rcode != DNS_NOERROR ? rcode : transaction_write(t);
}

static void
no_one(void *arg, unsigned rcode)
{
	(void)arg;
	(void)rcode;
}

void
update_zone(const struct update_own_change *c)
{
	struct updating *updating = c->zone->server->updating;
	struct transaction *t = NULL, *last;
	struct waiter *w = calloc(1, sizeof(*w));
	unsigned rcode = DNS_SERVFAIL;

	if (updating != NULL) /* else we end: a file was read too late */
		t = transaction_new(updating);
	if (t != NULL && w != NULL && zone_now(c->zone) != NULL)
		rcode = make(t, c);
	last = t;
	if (t == NULL || rcode != DNS_NOERROR || t->n == 0) {
		if (t != NULL)
			transaction_free(t);
		last = c->zone->updates != NULL ? c->zone->updates->last : NULL;
	}
	if (w == NULL || last == NULL) {
		free(w);
		if (c->done != NULL)
			c->done(c->arg, rcode);
		return;
	}
	w->done = c->done != NULL ? c->done : no_one;
	w->arg = c->arg;
	w->rcode = rcode;
	STAILQ_INSERT_TAIL(&last->waiters, w, link);
}

/* Start and end. */

int
update_start(struct server *s)
{
	struct updating *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return -1;
	u->server = s;
	TAILQ_INIT(&u->pending);
	s->updating = u;
	return 0;
}

void
update_stop(struct server *s)
{
	size_t i;

	if (s->updating == NULL)
		return;
	if (s->journals != NULL)
		journals_sync(s->journals);
	for (i = 0; s->zones != NULL && i < s->zones->n; i++) {
		updates_free(&s->zones->v[i]);
		if (s->zones->v[i].journal != NULL)
			journal_yield(s->zones->v[i].journal);
	}
	free(s->updating);
	s->updating = NULL;
}

/* What our predecessor wrote after we had read the journal. 0, or -1: that
 * does not follow what we have. */
static int
catch_up(struct zone *z)
{
	struct snapshot *now = zone_now(z), *next;
	struct edit *e = edit_begin(now, NULL);

	if (e == NULL)
		return -1;
	if (journal_replay(z->journal, now->serial, e) == -1) {
		edit_abort(e);
		return -1;
	}
	if ((next = edit_commit(e)) == NULL)
		return -1;
	zone_publish(z, next);
	return 0;
}

static void
own(struct zone *z)
{
	const struct snapshot *now = zone_now(z);
	char name[DNS_NAME_TEXT];
	uint32_t from, to;

	if (journal_own(z->journal) == -1 || now == NULL ||
	    !journal_span(z->journal, &from, &to) || to == now->serial)
		return;
	/* load.c's rules: the file counts */
	if (serial_newer(now->serial, to)) {
		if (journal_clear(z->journal) == -1)
			log_err("%s: its journal",
			    dns_name_text(z->conf->origin.wire, name));
	} else if (catch_up(z) == -1) {
		load_now(z); /* the file is another one, too */
	}
}

void
update_own(struct server *s)
{
	struct zone *z;

	for (z = s->zones->v; z < s->zones->v + s->zones->n; z++)
		if (z->journal != NULL)
			own(z);
	update_follow(s);
}
