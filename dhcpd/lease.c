/*
 * The life of a lease. Whatever is about to change leaves all indexes
 * (lease_out), is changed, and enters those that its new state belongs to
 * (lease_in), so that no way of changing can forget one.
 */
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "leasepart.h"

#define EXPIRE_WORK 4096 /* steps in one call, at most */
#define TEXT_OVERHEAD sizeof(size_t) /* the allocator's, of a block */

static const char *const state_names[LEASE_STATES] = {
	[LEASE_OFFERED] = "offered",
	[LEASE_BOUND] = "bound",
	[LEASE_RELEASED] = "released",
	[LEASE_EXPIRED] = "expired",
	[LEASE_CONFLICT] = "conflict",
};

const char *
lease_state_name(enum lease_state state)
{
	return (unsigned)state < LEASE_STATES ? state_names[state] : "unknown";
}

struct leases *
leases_new(size_t max)
{
	struct leases *ls;

	if ((ls = calloc(1, sizeof(*ls))) == NULL)
		return NULL;
	ls->max = max;
	if (leaseindex_open(ls) == 0)
		return ls;
	free(ls);
	return NULL;
}

void
leases_free(struct leases *ls)
{
	uint32_t i;

	if (ls == NULL)
		return;
	for (i = 1; i <= ls->used; i++)
		free(ls->v[i].text);
	leasepool_close(ls);
	leaseindex_close(ls);
	free(ls);
}

size_t
leases_count(const struct leases *ls, enum lease_state state)
{
	return ls->count[state];
}

size_t
leases_bytes(const struct leases *ls)
{
	return sizeof(*ls) + leaseindex_bytes(ls) + leasepool_bytes(ls) +
	    ls->text_bytes;
}

/* Identities. */

static bool
client_by_id(const struct lease_client *c)
{
	return c->id != NULL && c->idlen > 0 && !c->by_hw;
}

static bool
client_is_someone(const struct lease_client *c)
{
	return client_by_id(c) ? c->idlen <= LEASE_ID :
				 c->hlen > 0 && c->hlen <= sizeof(c->hw);
}

static bool
same_hw(const struct lease *l, uint8_t htype, const uint8_t *hw, uint8_t hlen)
{
	return hlen > 0 && l->hlen == hlen && l->htype == htype &&
	    memcmp(l->hw, hw, hlen) == 0;
}

/* Bytes of the identifier that stand in the text. */
static size_t
text_idlen(const struct lease *l)
{
	return l->id_hw ? 0 : l->idlen;
}

const uint8_t *
lease_id(const struct lease *l, size_t *len)
{
	*len = l->idlen;
	if (l->id_hw)
		return (const uint8_t *)l + offsetof(struct lease, htype);
	return l->idlen == 0 ? NULL : l->text->bytes;
}

static bool
same_id(const struct lease *l, const uint8_t *id, size_t idlen)
{
	size_t len;
	const uint8_t *own = lease_id(l, &len);

	return len == idlen && idlen > 0 && memcmp(own, id, idlen) == 0;
}

/*
 * The configuration may have changed which identity counts since the lease
 * was made. A lease by hardware address is never another machine's, even if
 * that sends the same identifier; and a lease by identifier belongs to one
 * that is known by its address only where the configuration says so.
 */
bool
lease_is(const struct lease *l, const struct lease_client *c)
{
	bool hw = same_hw(l, c->htype, c->hw, c->hlen);

	if (client_by_id(c))
		return same_id(l, c->id, c->idlen) && (hw || !l->by_hw);
	return hw && (c->by_hw || l->by_hw);
}

/* What a lease remembers. */

void
lease_recall(const struct lease *l, struct lease_more *m)
{
	const struct lease_text *t = l->text;
	const uint8_t *p;

	memset(m, 0, sizeof(*m));
	if (t == NULL)
		return;
	p = t->bytes + text_idlen(l);
	m->host = t->host == 0 ? NULL : (const char *)p;
	p += t->host + (t->host != 0);
	m->fqdn = t->fqdn == 0 ? NULL : (const char *)p;
	p += t->fqdn + (t->fqdn != 0);
	m->agent_len = t->agent;
	m->agent = t->agent == 0 ? NULL : p;
	p += t->agent;
	m->vendor_len = t->vendor;
	m->vendor = t->vendor == 0 ? NULL : p;
}

static uint8_t
text_length(const void *p, size_t n)
{
	if (p == NULL)
		return 0;
	return n < UINT8_MAX ? n : UINT8_MAX;
}

static uint8_t *
text_copy(uint8_t *p, const void *bytes, size_t n, bool string)
{
	if (n == 0)
		return p;
	memcpy(p, bytes, n);
	p += n;
	if (string)
		*p++ = '\0';
	return p;
}

/*
 * Make the block; *out is NULL where there is nothing to keep. 0, or -1: no
 * memory.
 */
static int
text_make(struct lease_text **out, const uint8_t *id, size_t idlen,
    const struct lease_more *m)
{
	struct lease_text n = { 0 };
	size_t size;
	uint8_t *p;

	n.host = text_length(m->host, m->host == NULL ? 0 : strlen(m->host));
	n.fqdn = text_length(m->fqdn, m->fqdn == NULL ? 0 : strlen(m->fqdn));
	n.agent = text_length(m->agent, m->agent_len);
	n.vendor = text_length(m->vendor, m->vendor_len);
	size = idlen + n.host + (n.host != 0) + n.fqdn + (n.fqdn != 0) +
	    n.agent + n.vendor;
	*out = NULL;
	if (size == 0)
		return 0;
	if ((*out = malloc(sizeof(n) + size)) == NULL)
		return -1;
	memcpy(*out, &n, sizeof(n));
	p = text_copy((*out)->bytes, id, idlen, false);
	p = text_copy(p, m->host, n.host, true);
	p = text_copy(p, m->fqdn, n.fqdn, true);
	p = text_copy(p, m->agent, n.agent, false);
	text_copy(p, m->vendor, n.vendor, false);
	return 0;
}

static void
text_set(struct leases *ls, struct lease *l, struct lease_text *t)
{
	if (l->text != NULL) {
		ls->text_bytes -= malloc_usable_size(l->text) + TEXT_OVERHEAD;
		free(l->text);
	}
	if (t != NULL)
		ls->text_bytes += malloc_usable_size(t) + TEXT_OVERHEAD;
	l->text = t;
}

static bool
same_bytes(const void *a, size_t alen, const void *b, size_t blen)
{
	return alen == blen && (alen == 0 || memcmp(a, b, alen) == 0);
}

static bool
same_string(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b) == 0;
}

int
lease_remember(struct leases *ls, struct lease *l, const struct lease_more *m)
{
	struct lease_more old;
	struct lease_text *t;
	size_t idlen;

	lease_recall(l, &old);
	/* A renewal changes nothing, mostly. */
	if (same_string(old.host, m->host) && same_string(old.fqdn, m->fqdn) &&
	    same_bytes(old.agent, old.agent_len, m->agent, m->agent_len) &&
	    same_bytes(old.vendor, old.vendor_len, m->vendor, m->vendor_len))
		return 0;
	idlen = text_idlen(l);
	if (text_make(&t, idlen == 0 ? NULL : l->text->bytes, idlen, m) == -1)
		return -1;
	text_set(ls, l, t);
	return 0;
}

/* Indexes. */

/* Those that lease_of tells apart: bound, offered, former. */
static int
rank(const struct lease *l)
{
	if (l->state == LEASE_BOUND)
		return 3;
	return l->state == LEASE_OFFERED ? 2 : 1;
}

static bool
same_who(const struct lease *a, const struct lease *b)
{
	const uint8_t *id;
	size_t idlen;

	if (a->by_hw || b->by_hw)
		return a->by_hw && b->by_hw &&
		    same_hw(a, b->htype, b->hw, b->hlen);
	id = lease_id(b, &idlen);
	return same_id(a, id, idlen);
}

/* The table of hardware addresses has those that are not found otherwise. */
static void
hw_add(struct leases *ls, struct lease *l)
{
	if (l->hlen != 0 && !(l->indexed & IN_WHO && lease_one_key(l)))
		leaseindex_hw_add(ls, l);
}

/*
 * Of a client's leases in a network the table knows one of each rank, the
 * latest, so that no client can make its own chain long by taking and leaving
 * one address after the other.
 */
static void
who_add(struct leases *ls, struct lease *l)
{
	struct lease *other;
	uint32_t n = 0;

	while ((n = leaseindex_who(ls, l->who_hash, n)) != 0) {
		other = &ls->v[n];
		if (other->network != l->network || rank(other) != rank(l) ||
		    !same_who(other, l))
			continue;
		if (other->last > l->last)
			return;
		leaseindex_who_remove(ls, other);
		leaseindex_hw_remove(ls, other);
		hw_add(ls, other);
		break;
	}
	leaseindex_who_add(ls, l);
}

static void
count(struct leases *ls, const struct lease *l, int by)
{
	struct pool *p = lease_pool(ls, l);

	if (lease_is_blank(l))
		return;
	ls->count[l->state] += (size_t)by;
	if (p != NULL)
		p->count[l->state] += (uint64_t)by;
}

static void
lease_out(struct leases *ls, struct lease *l)
{
	leasepool_take(ls, l);
	leasewheel_remove(ls, l);
	leaseindex_who_remove(ls, l);
	leaseindex_hw_remove(ls, l);
	count(ls, l, -1);
}

static void
lease_in(struct leases *ls, struct lease *l)
{
	bool someone = l->hlen != 0 || l->idlen != 0;

	if (lease_is_free(l))
		leasepool_give(ls, l);
	else if (l->end != LEASE_FOREVER)
		leasewheel_add(ls, l);
	if (someone && l->state != LEASE_CONFLICT)
		who_add(ls, l);
	hw_add(ls, l);
	count(ls, l, 1);
}

static struct lease *
record_at(const struct leases *ls, uint32_t ip)
{
	return lease_number(ls, leaseindex_at(ls, ip));
}

/*
 * The address's record; a blank one is made, which is in no index: the caller
 * sees to that. NULL: no room.
 */
static struct lease *
record_have(struct leases *ls, uint32_t ip, uint32_t network)
{
	struct lease *l = record_at(ls, ip);

	if (l != NULL)
		return l;
	if (ls->records == ls->max || (l = leaseindex_take(ls)) == NULL)
		return NULL;
	if (leaseindex_put(ls, ip, l - ls->v) == -1) {
		leaseindex_give(ls, l);
		return NULL;
	}
	ls->records++;
	l->ip = ip;
	l->network = network;
	l->state = LEASE_RELEASED;
	leasepool_new(ls, l);
	return l;
}

struct lease *
lease_at(const struct leases *ls, uint32_t ip)
{
	struct lease *l = record_at(ls, ip);

	return l == NULL || lease_is_blank(l) ? NULL : l;
}

static uint32_t
client_hash(const struct leases *ls, const struct lease_client *c)
{
	if (c->hashed)
		return c->hash;
	if (client_by_id(c))
		return leaseindex_hash(ls, c->id, c->idlen);
	return leaseindex_hash(ls,
	    (const char *)c + offsetof(struct lease_client, htype),
	    1u + c->hlen);
}

void
lease_hash(const struct leases *ls, struct lease_client *c)
{
	c->hashed = false;
	if (!client_is_someone(c))
		return;
	c->hash = client_hash(ls, c);
	c->hashed = true;
}

struct lease *
lease_of(
    const struct leases *ls, const struct lease_client *c, uint32_t network)
{
	struct lease *l, *best = NULL;
	uint32_t n = 0, hash;

	if (!client_is_someone(c))
		return NULL;
	hash = client_hash(ls, c);
	while ((n = leaseindex_who(ls, hash, n)) != 0) {
		l = &ls->v[n];
		if (l->network == network && lease_is(l, c) &&
		    (best == NULL || rank(l) > rank(best)))
			best = l;
	}
	return best;
}

/* After record n. */
static struct lease *
find_hw_who(const struct leases *ls, uint32_t n, const struct lease_client *c)
{
	uint32_t hash = client_hash(ls, c);

	while ((n = leaseindex_who(ls, hash, n)) != 0)
		if (lease_one_key(&ls->v[n]) &&
		    same_hw(&ls->v[n], c->htype, c->hw, c->hlen))
			break;
	return lease_number(ls, n);
}

/* From record n on. */
static struct lease *
find_hw(const struct leases *ls, uint32_t n, const struct lease_client *c)
{
	struct lease *l;

	for (; (l = lease_number(ls, n)) != NULL; n = l->hw_next)
		if (same_hw(l, c->htype, c->hw, c->hlen))
			break;
	return l;
}

struct lease *
lease_by_hw(const struct leases *ls, uint8_t htype, const uint8_t *hw,
    uint8_t hlen, const struct lease *after)
{
	struct lease_client c = { .htype = htype, .hlen = hlen };
	struct lease *l;

	if (hlen == 0 || hlen > sizeof(c.hw))
		return NULL;
	memcpy(c.hw, hw, hlen);
	if (after != NULL && after->indexed & IN_HW)
		return find_hw(ls, after->hw_next, &c);
	lease_hash(ls, &c);
	l = find_hw_who(ls, after != NULL ? after - ls->v : 0, &c);
	return l != NULL ? l : find_hw(ls, leaseindex_hw(ls, c.hash), &c);
}

struct lease *
lease_by_id(const struct leases *ls, const uint8_t *id, size_t idlen,
    const struct lease *after)
{
	struct lease_client c = { .id = id, .idlen = idlen };
	uint32_t n = after != NULL ? after - ls->v : 0, hash;

	if (!client_is_someone(&c))
		return NULL;
	hash = client_hash(ls, &c);
	while ((n = leaseindex_who(ls, hash, n)) != 0)
		if (!ls->v[n].by_hw && same_id(&ls->v[n], id, idlen))
			return &ls->v[n];
	return NULL;
}

bool
lease_free_for(
    const struct leases *ls, uint32_t ip, const struct lease_client *c)
{
	const struct lease *l = record_at(ls, ip);

	if (l == NULL || lease_is_free(l))
		return true;
	return l->state != LEASE_CONFLICT && lease_is(l, c);
}

/* Changes. */

/* Is every part of the identity as it was? */
static bool
lease_is_exactly(const struct lease *l, const struct lease_client *c)
{
	size_t idlen;
	const uint8_t *id = lease_id(l, &idlen);

	return l->hlen == c->hlen && l->htype == c->htype &&
	    memcmp(l->hw, c->hw, l->hlen) == 0 &&
	    l->by_hw == !client_by_id(c) &&
	    same_bytes(id, idlen, c->id, c->id == NULL ? 0 : c->idlen);
}

static uint32_t
lease_key_hash(const struct leases *ls, const struct lease *l)
{
	size_t idlen;
	const uint8_t *id = lease_id(l, &idlen);

	if (l->by_hw)
		return leaseindex_hash(ls, lease_hw_key(l), 1u + l->hlen);
	return leaseindex_hash(ls, id, idlen);
}

/* Most clients' identifiers say the same as their hardware addresses. */
static bool
client_id_hw(const struct lease_client *c, size_t idlen)
{
	return c->hlen > 0 && c->hlen <= sizeof(c->hw) &&
	    idlen == 1u + c->hlen && c->id[0] == c->htype &&
	    memcmp(c->id + 1, c->hw, c->hlen) == 0;
}

/*
 * The lease, which is in no index, becomes the client's; what was remembered
 * in `old`, this one or what it covers, stays with the same client. 0, or -1:
 * no memory, unchanged.
 */
static int
lease_assign(struct leases *ls, struct lease *l, const struct lease_client *c,
    const struct lease *old)
{
	struct lease_more more = { 0 };
	struct lease_text *t;
	size_t idlen = c->id == NULL ? 0 : c->idlen;
	bool same = lease_is(old, c), id_hw;

	if (old == l && same && lease_is_exactly(l, c))
		return 0;
	/* An identifier that does not count may be too long to keep. */
	if (idlen > LEASE_ID)
		idlen = 0;
	id_hw = client_id_hw(c, idlen);
	if (same)
		lease_recall(old, &more);
	if (text_make(&t, c->id, id_hw ? 0 : idlen, &more) == -1)
		return -1;
	text_set(ls, l, t);
	l->dns = same ? old->dns : 0;
	l->idlen = idlen;
	l->id_hw = id_hw;
	l->htype = c->htype;
	l->hlen = c->hlen <= sizeof(l->hw) ? c->hlen : 0;
	memset(l->hw, 0, sizeof(l->hw));
	memcpy(l->hw, c->hw, l->hlen);
	l->by_hw = !client_by_id(c);
	l->who_hash = c->hashed ? c->hash : lease_key_hash(ls, l);
	return 0;
}

/* Forget who has it; it is in no index. */
static void
lease_blank(struct leases *ls, struct lease *l)
{
	text_set(ls, l, NULL);
	l->state = LEASE_RELEASED;
	l->hlen = l->idlen = l->dns = 0;
	l->id_hw = false;
	l->start = l->end = l->last = 0;
}

/* Put the free lease aside: an offer covers it. 0, or -1: no room. */
static int
lease_cover(struct leases *ls, struct lease *l)
{
	struct lease *aside = leaseindex_take(ls);

	if (aside == NULL)
		return -1;
	*aside = *l;
	l->text = NULL;
	l->former = aside - ls->v;
	l->hlen = l->idlen = l->dns = 0;
	l->id_hw = false;
	return 0;
}

static void
lease_uncover(struct leases *ls, struct lease *l)
{
	struct lease *aside = lease_number(ls, l->former);

	text_set(ls, l, NULL);
	l->network = aside->network;
	l->start = aside->start;
	l->end = aside->end;
	l->last = aside->last;
	l->state = aside->state;
	l->htype = aside->htype;
	l->hlen = aside->hlen;
	memcpy(l->hw, aside->hw, sizeof(l->hw));
	l->by_hw = aside->by_hw;
	l->who_hash = aside->who_hash;
	l->dns = aside->dns;
	l->idlen = aside->idlen;
	l->id_hw = aside->id_hw;
	l->text = aside->text;
	aside->text = NULL;
	leaseindex_give(ls, aside);
	l->former = 0;
}

/* What an offer covered will not come back. */
static void
lease_drop_former(struct leases *ls, struct lease *l)
{
	struct lease *aside = lease_number(ls, l->former);

	if (aside == NULL)
		return;
	text_set(ls, aside, NULL);
	leaseindex_give(ls, aside);
	l->former = 0;
}

/* As if it never was offered. */
static void
lease_withdraw(struct leases *ls, struct lease *l)
{
	lease_out(ls, l);
	if (l->former != 0)
		lease_uncover(ls, l);
	else
		lease_blank(ls, l);
	lease_in(ls, l);
}

void
lease_release(struct leases *ls, struct lease *l, int64_t now)
{
	if (l->state == LEASE_OFFERED)
		lease_withdraw(ls, l);
	if (l->state != LEASE_BOUND)
		return;
	lease_out(ls, l);
	l->state = LEASE_RELEASED;
	l->end = now;
	lease_in(ls, l);
}

/* An offer to the client in this network, or what is bound to it. */
static struct lease *
client_other(const struct leases *ls, const struct lease_client *c,
    const struct lease *but, bool bound)
{
	uint32_t hash = client_hash(ls, c), n = 0;
	struct lease *l;

	while ((n = leaseindex_who(ls, hash, n)) != 0) {
		l = &ls->v[n];
		if (l != but && l->network == but->network &&
		    (l->state == LEASE_OFFERED ||
			(bound && l->state == LEASE_BOUND)) &&
		    lease_is(l, c))
			return l;
	}
	return NULL;
}

/* The client takes `but`: it leaves those. */
static void
client_leave(struct leases *ls, const struct lease_client *c,
    const struct lease *but, bool bound, int64_t now)
{
	struct lease *l;

	while ((l = client_other(ls, c, but, bound)) != NULL)
		lease_release(ls, l, now);
}

/* The record, if the client may have it; NULL: no. */
static struct lease *
record_for(struct leases *ls, uint32_t ip, uint32_t network,
    const struct lease_client *c)
{
	if (!client_is_someone(c) || !lease_free_for(ls, ip, c))
		return NULL;
	return record_have(ls, ip, network);
}

/* A free or offered one is offered. 0, or -1: unchanged. */
static int
lease_hold(struct leases *ls, struct lease *l, const struct lease_client *c)
{
	bool covers = lease_is_free(l) && !lease_is_blank(l);

	if (covers && lease_cover(ls, l) == -1)
		return -1;
	if (lease_assign(ls, l, c, covers ? &ls->v[l->former] : l) == 0) {
		l->state = LEASE_OFFERED;
		return 0;
	}
	if (covers)
		lease_uncover(ls, l);
	return -1;
}

struct lease *
lease_offer(struct leases *ls, uint32_t ip, uint32_t network,
    const struct lease_client *c, int64_t end)
{
	struct lease *l = record_for(ls, ip, network, c);
	int rc;

	if (l == NULL)
		return NULL;
	if (l->state == LEASE_BOUND) {
		client_leave(ls, c, l, false, 0);
		return l;
	}
	lease_out(ls, l);
	if ((rc = lease_hold(ls, l, c)) == 0) {
		l->network = network;
		l->end = end;
		client_leave(ls, c, l, false, 0);
	}
	lease_in(ls, l);
	return rc == 0 ? l : NULL;
}

/*
 * The usual case: the client gets what it is offered, or has. All indexes but
 * the wheel know the lease by what it stays. (Where another one of the client's
 * counts instead of this, as two bound ones were loaded, it is not so usual.)
 */
static bool
lease_stays(
    const struct lease *l, uint32_t network, const struct lease_client *c)
{
	return (l->state == LEASE_BOUND ||
		   (l->state == LEASE_OFFERED && l->former == 0)) &&
	    l->network == network && l->indexed & IN_WHO &&
	    lease_is_exactly(l, c);
}

static void
lease_end_at(struct leases *ls, struct lease *l, int64_t end)
{
	leasewheel_remove(ls, l);
	l->end = end;
	if (end != LEASE_FOREVER)
		leasewheel_add(ls, l);
}

static void
lease_keep(struct leases *ls, struct lease *l, int64_t now, int64_t end)
{
	if (l->state == LEASE_OFFERED) {
		count(ls, l, -1);
		l->state = LEASE_BOUND;
		count(ls, l, 1);
		l->start = now;
	}
	l->last = now;
	lease_end_at(ls, l, end);
}

struct lease *
lease_bind(struct leases *ls, uint32_t ip, uint32_t network,
    const struct lease_client *c, int64_t now, int64_t end)
{
	struct lease *l = record_for(ls, ip, network, c);

	if (l == NULL)
		return NULL;
	if (lease_stays(l, network, c)) {
		/* the rank changes: no other must have the new one */
		client_leave(ls, c, l, true, now);
		lease_keep(ls, l, now, end);
		return l;
	}
	lease_out(ls, l);
	if (lease_assign(ls, l, c, l) == -1) {
		lease_in(ls, l);
		return NULL;
	}
	lease_drop_former(ls, l);
	if (l->state != LEASE_BOUND)
		l->start = now;
	l->state = LEASE_BOUND;
	l->network = network;
	l->last = now;
	l->end = end;
	client_leave(ls, c, l, true, now);
	lease_in(ls, l);
	return l;
}

struct lease *
lease_conflict(
    struct leases *ls, uint32_t ip, uint32_t network, int64_t now, int64_t end)
{
	struct lease *l = record_have(ls, ip, network);

	if (l == NULL)
		return NULL;
	if (l->state == LEASE_OFFERED)
		lease_withdraw(ls, l);
	lease_out(ls, l);
	l->state = LEASE_CONFLICT;
	l->network = network;
	l->start = now;
	l->end = end;
	lease_in(ls, l);
	return l;
}

void
lease_clear(struct leases *ls, struct lease *l, int64_t now)
{
	if (l->state == LEASE_OFFERED) {
		lease_withdraw(ls, l);
		return;
	}
	lease_out(ls, l);
	l->state = LEASE_RELEASED;
	l->end = now;
	lease_in(ls, l);
}

struct lease *
lease_expire(struct leases *ls, int64_t now)
{
	unsigned work = EXPIRE_WORK;
	struct lease *l;

	while ((l = leasewheel_due(ls, now, &work)) != NULL) {
		if (l->state == LEASE_OFFERED) {
			lease_withdraw(ls, l);
			work--;
			continue;
		}
		lease_out(ls, l);
		l->state =
		    l->state == LEASE_BOUND ? LEASE_EXPIRED : LEASE_RELEASED;
		lease_in(ls, l);
		return l;
	}
	return NULL;
}

int64_t
lease_next_end(const struct leases *ls)
{
	return leasewheel_next(ls);
}

/* Records. */

/* It becomes what the record says; it is in no index. */
static void
lease_become(struct lease *l, const struct lease *record)
{
	l->network = record->network;
	l->start = record->start;
	l->end = record->end;
	l->last = record->last;
	l->state = record->state;
	l->dns = record->dns;
}

struct lease *
lease_load(struct leases *ls, const struct lease *record,
    const struct lease_client *c, const struct lease_more *more)
{
	struct lease *l;
	int rc;

	if (record->state == LEASE_OFFERED || record->state >= LEASE_STATES ||
	    (record->state == LEASE_BOUND && !client_is_someone(c)) ||
	    (l = record_have(ls, record->ip, record->network)) == NULL)
		return NULL;
	if (l->state == LEASE_OFFERED)
		lease_withdraw(ls, l);
	lease_out(ls, l);
	rc = lease_assign(ls, l, c, l);
	if (rc == 0) {
		lease_become(l, record);
		rc = lease_remember(ls, l, more);
	}
	lease_in(ls, l);
	return rc == 0 ? l : NULL;
}

struct lease *
lease_next(const struct leases *ls, const struct lease *after)
{
	uint32_t ip = 0;
	struct lease *l;

	for (;; after = l) {
		if (after != NULL && after->ip == UINT32_MAX)
			return NULL;
		if (after != NULL)
			ip = after->ip + 1;
		l = lease_number(ls, leaseindex_from(ls, ip));
		if (l == NULL || !lease_is_blank(l))
			return l;
	}
}

/* What is to be saved of l: itself, what an offer covers, or nothing. */
static const struct lease *
lease_saved(const struct leases *ls, const struct lease *l)
{
	if (l->state == LEASE_OFFERED)
		l = lease_number(ls, l->former);
	if (l == NULL || (l->pool == 0 && lease_is_free(l) && l->dns == 0))
		return NULL;
	return l;
}

bool
lease_save(const struct leases *ls,
    bool (*save)(void *arg, const struct lease *), void *arg)
{
	const struct lease *l = NULL, *saved;
	uint32_t n;
	size_t i;

	while ((l = lease_next(ls, l)) != NULL) {
		saved = lease_saved(ls, l);
		/* A free one that no queue has now, or it comes below. */
		if (saved != NULL && (!lease_is_free(l) || l->pool == 0) &&
		    !save(arg, saved))
			return false;
	}
	for (i = 0; i < ls->npools; i++)
		for (n = ls->pools[i]->queue[POOL_OLD].head; n != 0;
		     n = ls->v[n].next)
			if (!save(arg, &ls->v[n]))
				return false;
	return true;
}
