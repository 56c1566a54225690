/*
 * zonedb: edits against a model of plain arrays, through generations that are
 * held, dropped and never published; limits; what is remembered of changes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "epoch.h"
#include "tap.h"
#include "zonedbpart.h"

static void
name_set(struct dname *name, const char *text)
{
	uint8_t wire[DNS_NAME];
	size_t len = dns_name_parse(text, wire);

	ck_assert_msg(len > 0, "not a name: %s", text);
	ck_assert_int_eq(dname_set(name, wire, len), 0);
}

/* SOA ns. host. with a minimum of 60. */
static enum edit_result
add_soa(struct edit *e, uint32_t serial)
{
	uint8_t data[30] = "\2ns\0\4host";
	struct edit_rr rr = { TYPE_SOA, 300, data, sizeof(data) };

	data[10] = (uint8_t)(serial >> 24);
	data[11] = (uint8_t)(serial >> 16);
	data[12] = (uint8_t)(serial >> 8);
	data[13] = (uint8_t)serial;
	data[29] = 60;
	return edit_add(e, edit_origin(e), &rr);
}

static enum edit_result
add(struct edit *e, const char *name, uint16_t type, uint32_t ttl,
    const char *data)
{
	struct edit_rr rr = { type, ttl, (const uint8_t *)data, strlen(data) };
	struct dname n;

	name_set(&n, name);
	return edit_add(e, &n, &rr);
}

static enum edit_result
take(struct edit *e, const char *name, uint16_t type, const char *data)
{
	struct edit_rr rr = { type, 0, (const uint8_t *)data, strlen(data) };
	struct dname n;

	name_set(&n, name);
	return edit_remove(e, &n, &rr);
}

static struct edit *
begin(const struct snapshot *base)
{
	struct dname origin;
	struct edit *e;

	name_set(&origin, "example");
	e = edit_begin(base, &origin);
	ck_assert_ptr_nonnull(e);
	return e;
}

static const struct node *
find(const struct snapshot *s, const char *text)
{
	struct dname n;

	name_set(&n, text);
	return snapshot_find(s, &n, 0);
}

/* The model */

static const char *const names[] = { "example", "a.example", "b.example",
	"x.a.example", "y.x.a.example", "*.a.example", "*.example",
	"d.*.example", "1.2.3.4.5.example", "9.3.4.5.example", "c.example",
	"Deep.Er.c.example", "m.example", "n.example", "o.example",
	"p.o.example", "q.p.o.example", "r.example", "s.r.example",
	"t.r.example" };
#define NAMES (sizeof(names) / sizeof(names[0]))
/* Opaque types, so that any bytes are data, but for what nodes know. */
static const uint16_t types[] = { TYPE_A, TYPE_NS, TYPE_TXT, TYPE_DNAME,
	TYPE_NSEC, 65400, 65401 };
#define TYPES (sizeof(types) / sizeof(types[0]))
static const char *const datas[] = { "\1a", "\1b", "\1c", "\1d" };
#define DATAS 4

struct model {
	uint8_t has[NAMES][TYPES]; /* a bit for each of datas */
	uint32_t ttl[NAMES][TYPES];
	uint32_t serial;
};

struct generation {
	struct snapshot *s;
	struct model m;
	bool held, published;
};

static uint32_t seed;

static uint32_t
chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed >> 4) * n >> 28);
}

/* A's data has four bytes, names are one label. */
static struct edit_rr
record(size_t type, unsigned data, uint32_t ttl)
{
	static const uint8_t a[DATAS][4] = { { 1, 2, 3, 4 }, { 1, 2, 3, 5 },
		{ 9, 0, 0, 0 }, { 0, 1, 1, 1 } };
	static const uint8_t nsec[DATAS][6] = { "\1a\0\0\1\1", "\1b\0\0\1\1",
		"\1c\0\0\1\1", "\1d\0\0\1\1" };

	switch (types[type]) {
	case TYPE_A:
		return (struct edit_rr){ TYPE_A, ttl, a[data], 4 };
	case TYPE_NS:
	case TYPE_DNAME:
		return (struct edit_rr){ types[type], ttl,
			(const uint8_t *)datas[data], 3 };
	case TYPE_NSEC:
		return (struct edit_rr){ TYPE_NSEC, ttl, nsec[data], 6 };
	}
	return (struct edit_rr){ types[type], ttl, (const uint8_t *)datas[data],
		2 };
}

/* What edit_add must do and tell. */
static enum edit_result
model_add(struct model *m, size_t n, size_t t, unsigned d, uint32_t ttl)
{
	uint8_t *has = &m->has[n][t], bit = (uint8_t)(1 << d);
	bool same = *has != 0 && m->ttl[n][t] == ttl && (*has & bit) != 0;

	if (types[t] == TYPE_DNAME)
		*has = bit;
	*has |= bit;
	m->ttl[n][t] = ttl;
	return same ? EDIT_SAME : EDIT_DONE;
}

static enum edit_result
model_remove(struct model *m, size_t n, size_t t, unsigned d)
{
	uint8_t bit = (uint8_t)(1 << d);

	if ((m->has[n][t] & bit) == 0)
		return EDIT_SAME;
	m->has[n][t] &= (uint8_t)~bit;
	return EDIT_DONE;
}

static enum edit_result
model_clear(struct model *m, size_t n, size_t t)
{
	if (m->has[n][t] == 0)
		return EDIT_SAME;
	m->has[n][t] = 0;
	return EDIT_DONE;
}

static unsigned
records_of(const struct model *m, size_t n)
{
	unsigned sets = n == 0; /* the SOA */
	size_t t;

	for (t = 0; t < TYPES; t++)
		sets += m->has[n][t] != 0;
	return sets;
}

/* Does anything of the model stand at or below suffix i of the name? */
static bool
model_node(const struct model *m, const struct dname *name, unsigned i)
{
	struct dname other, suffix;
	size_t n;

	ck_assert_int_eq(
	    dname_set(&suffix, dname_suffix(name, i), DNS_NAME), 0);
	for (n = 0; n < NAMES; n++) {
		name_set(&other, names[n]);
		if (records_of(m, n) > 0 && dname_below(&other, &suffix) != -1)
			return true;
	}
	return false;
}

static void
check_set(const struct model *m, size_t n, size_t t, const struct rrset *set)
{
	const uint8_t *p, *before = NULL;
	unsigned d, count = 0;
	struct edit_rr rr;
	uint8_t seen = 0;

	if (m->has[n][t] == 0) {
		ck_assert_ptr_null(set);
		return;
	}
	ck_assert_ptr_nonnull(set);
	ck_assert_uint_eq(set->ttl, m->ttl[n][t]);
	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		for (d = 0; d < DATAS; d++) {
			rr = record(t, d, 0);
			if (rr.len == rrset_len(p) &&
			    memcmp(rr.data, rrset_rdata(p), rr.len) == 0)
				seen |= (uint8_t)(1 << d);
		}
		if (before != NULL)
			ck_assert_int_lt(
			    rdata_compare(set->type, rrset_rdata(before),
				rrset_len(before), rrset_rdata(p),
				rrset_len(p)),
			    0);
		before = p;
		count++;
	}
	ck_assert_uint_eq(seen, m->has[n][t]);
	ck_assert_uint_eq(set->count, count);
}

static void
check_node(const struct model *m, const struct snapshot *s, size_t n)
{
	struct dname name;
	const struct node *node;
	unsigned i, k;
	size_t t;

	name_set(&name, names[n]);
	for (i = 0; i < name.labels; i++)
		ck_assert_msg((snapshot_find(s, &name, i) != NULL) ==
			model_node(m, &name, i),
		    "%s, suffix %u", names[n], i);
	if ((node = snapshot_find(s, &name, 0)) == NULL)
		return;
	ck_assert_uint_eq(node->nsets, records_of(m, n));
	ck_assert_int_eq(
	    (node->flags & NODE_CUT) != 0, n != 0 && m->has[n][1] != 0);
	ck_assert_int_eq((node->flags & NODE_DNAME) != 0, m->has[n][3] != 0);
	for (k = 1; k < node->nsets; k++)
		ck_assert_uint_lt(node->sets[k - 1]->type, node->sets[k]->type);
	for (t = 0; t < TYPES; t++)
		check_set(m, n, t, node_rrset(node, types[t]));
}

/* What can be counted by a walk. */
static void
check_counts(const struct snapshot *s)
{
	struct snapshot_walk walk = { 0 }, inner;
	const struct node *n, *child;
	size_t rrsets = 0, records = 0, with = 0, cuts = 0, dnames = 0;
	unsigned i, children;
	struct dname a, b;
	bool wild;

	while ((n = snapshot_next(s, &walk)) != NULL) {
		ck_assert_int_eq(dname_set(&a, node_name(n), n->len), 0);
		with += n->nsets > 0;
		rrsets += n->nsets;
		for (i = 0; i < n->nsets; i++)
			records += n->sets[i]->count;
		cuts += (n->flags & NODE_CUT) != 0;
		dnames += (n->flags & NODE_DNAME) != 0 && n->labels > 1;
		children = 0;
		wild = false;
		inner = (struct snapshot_walk){ 0 };
		while ((child = snapshot_next(s, &inner)) != NULL) {
			if (child->labels != n->labels + 1)
				continue;
			dname_set(&b, node_name(child), child->len);
			if (dname_below(&b, &a) == -1)
				continue;
			children++;
			wild = wild || memcmp(b.wire, "\1*", 2) == 0;
		}
		ck_assert_uint_eq(n->children, children);
		ck_assert_int_eq((n->flags & NODE_WILDCARD) != 0, wild);
		ck_assert(n->nsets > 0 || children > 0);
	}
	ck_assert_uint_eq(s->names, with);
	ck_assert_uint_eq(s->rrsets, rrsets);
	ck_assert_uint_eq(s->records, records);
	ck_assert_uint_eq(s->cuts, cuts);
	ck_assert_uint_eq(s->dnames, dnames);
}

/* By looking at all of them. */
static const struct node *
nsec_before(const struct snapshot *s, const struct dname *name)
{
	struct snapshot_walk walk = { 0 };
	const struct node *n, *best = NULL, *last = NULL;

	while ((n = snapshot_next(s, &walk)) != NULL) {
		if (node_rrset(n, TYPE_NSEC) == NULL)
			continue;
		if (last == NULL ||
		    dname_compare(node_name(n), node_name(last)) > 0)
			last = n;
		if (dname_compare(node_name(n), name->wire) <= 0 &&
		    (best == NULL ||
			dname_compare(node_name(n), node_name(best)) > 0))
			best = n;
	}
	return best != NULL ? best : last;
}

static void
check_generation(const struct generation *g)
{
	struct dname name;
	size_t n;

	ck_assert_uint_eq(g->s->serial, g->m.serial);
	ck_assert_ptr_eq(g->s->apex, find(g->s, "example"));
	for (n = 0; n < NAMES; n++) {
		check_node(&g->m, g->s, n);
		name_set(&name, names[n]);
		ck_assert_ptr_eq(
		    snapshot_nsec(g->s, &name), nsec_before(g->s, &name));
	}
	check_counts(g->s);
}

/* Changes, told, must lead from one model to the next. */
static void
apply(struct model *m, const struct edit_change *c)
{
	struct edit_rr rr;
	struct dname name;
	size_t n, t;
	unsigned d;

	if (c->type == TYPE_SOA)
		return;
	for (n = 0; n < NAMES; n++) {
		name_set(&name, names[n]);
		if (dname_is(&name, 0, c->name, dns_name_len(c->name)))
			break;
	}
	for (t = 0; types[t] != c->type; t++)
		;
	for (d = 0; d < DATAS; d++) {
		rr = record(t, d, 0);
		if (rr.len == c->len && memcmp(rr.data, c->data, c->len) == 0)
			break;
	}
	ck_assert(n < NAMES && d < DATAS);
	if (c->added) {
		ck_assert_uint_eq(m->has[n][t] & 1 << d, 0);
		m->has[n][t] |= (uint8_t)(1 << d);
		m->ttl[n][t] = c->ttl;
	} else {
		ck_assert_uint_ne(m->has[n][t] & 1 << d, 0);
		ck_assert_uint_eq(m->ttl[n][t], c->ttl);
		m->has[n][t] &= (uint8_t) ~(1 << d);
	}
}

static void
check_changes(const struct edit *e, struct model before, const struct model *m)
{
	const struct edit_change *v;
	size_t i, n = edit_changes(e, &v), t;

	for (i = 0; i < n; i++) {
		apply(&before, &v[i]);
		ck_assert(i == 0 || !v[i - 1].added || v[i].added);
		if (v[i].type == TYPE_SOA && i > 0)
			ck_assert(v[i].added && !v[i - 1].added);
	}
	for (n = 0; n < NAMES; n++)
		for (t = 0; t < TYPES; t++) {
			ck_assert_uint_eq(before.has[n][t], m->has[n][t]);
			if (m->has[n][t] != 0)
				ck_assert_uint_eq(
				    before.ttl[n][t], m->ttl[n][t]);
		}
}

static void
change_some(struct edit *e, struct model *m)
{
	unsigned i, count = 1 + chance(30), d;
	struct edit_rr rr;
	struct dname name;
	uint32_t ttl;
	size_t n, t;

	for (i = 0; i < count; i++) {
		n = chance(NAMES);
		t = chance(TYPES);
		d = chance(DATAS);
		ttl = 100 + chance(2);
		rr = record(t, d, ttl);
		name_set(&name, names[n]);
		switch (chance(5)) {
		case 0:
			ck_assert_int_eq(edit_remove_rrset(e, &name, types[t]),
			    model_clear(m, n, t));
			break;
		case 1:
		case 2:
			ck_assert_int_eq(edit_remove(e, &name, &rr),
			    model_remove(m, n, t, d));
			break;
		default:
			ck_assert_int_eq(edit_add(e, &name, &rr),
			    model_add(m, n, t, d, ttl));
		}
	}
}

#define GENERATIONS 12 /* remembered */

struct history {
	struct generation v[GENERATIONS];
	size_t n;
	size_t seen; /* index of the published one */
};

/* Those that are neither held nor current nor newer are forgotten. */
static void
history_forget(struct history *h)
{
	size_t i, k = 0;

	for (i = 0; i < h->n; i++) {
		if (i < h->seen && !h->v[i].held)
			continue;
		if (i == h->seen)
			h->seen = k;
		h->v[k++] = h->v[i];
	}
	h->n = k;
}

static void
history_publish(struct history *h)
{
	size_t to = h->seen + 1 + chance((uint32_t)(h->n - h->seen - 1));

	if (h->v[to].s->db->retired)
		return;
	snapshot_retire(h->v[h->seen].s, h->v[to].s);
	h->seen = to;
}

static void
history_step(struct history *h)
{
	struct generation *last = &h->v[h->n - 1], *next = last + 1;
	struct edit *e;
	size_t i;

	if (h->n < GENERATIONS) {
		e = begin(last->s);
		next->m = last->m;
		edit_record(e);
		change_some(e, &next->m);
		ck_assert_int_eq(add_soa(e, ++next->m.serial), EDIT_DONE);
		check_changes(e, last->m, &next->m);
		if (chance(4) == 0) {
			edit_abort(e);
		} else {
			next->s = edit_commit(e);
			ck_assert_ptr_nonnull(next->s);
			next->held = false;
			h->n++;
		}
	}
	if (h->seen + 1 < h->n && chance(8) == 0)
		snapshot_free(h->v[--h->n].s);
	if (h->seen + 1 < h->n && chance(2) == 0)
		history_publish(h);
	if (chance(3) == 0 && !h->v[h->seen].held) {
		snapshot_hold(h->v[h->seen].s);
		h->v[h->seen].held = true;
	}
	for (i = 0; i < h->seen; i++)
		if (h->v[i].held && chance(3) == 0) {
			snapshot_release(h->v[i].s);
			h->v[i].held = false;
		}
	snapshot_reclaim();
	history_forget(h);
}

START_TEST(zonedb_follows_a_model)
{
	struct history h = { .n = 1 };
	struct edit *e = begin(NULL);
	size_t i, step;
	struct line *line;

	seed = (uint32_t)_i * 7919 + 1;
	change_some(e, &h.v[0].m);
	ck_assert_int_eq(add_soa(e, h.v[0].m.serial = 0xfffffff0), EDIT_DONE);
	h.v[0].s = edit_commit(e);
	ck_assert_ptr_nonnull(h.v[0].s);
	line = h.v[0].s->db->line;
	if (_i % 4 == 3)
		line->last_edit = UINT32_MAX - 40; /* numbers begin again */
	for (step = 0; step < 100; step++) {
		history_step(&h);
		check_generation(&h.v[h.n - 1]);
		check_generation(&h.v[chance((uint32_t)h.n)]);
	}
	for (i = 0; i < h.n; i++)
		check_generation(&h.v[i]);
	/* only the last is left: nothing else has memory */
	if (h.seen + 1 < h.n)
		snapshot_retire(h.v[h.seen].s, h.v[h.n - 1].s);
	for (i = 0; i < h.n; i++)
		if (h.v[i].held)
			snapshot_release(h.v[i].s);
	ck_assert(!snapshot_reclaim());
	check_generation(&h.v[h.n - 1]);
	/* what an unseen one had made before numbers began again is freed
	 * with the line */
	if (_i % 4 == 3)
		ck_assert_uint_ge(line->arena.used, h.v[h.n - 1].s->bytes);
	else
		ck_assert_uint_eq(line->arena.used, h.v[h.n - 1].s->bytes);
	snapshot_retire(h.v[h.n - 1].s, NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

/* The table */

static const char *
host(unsigned i, char out[32])
{
	snprintf(out, 32, "h%u.example", i);
	return out;
}

START_TEST(table_grows_and_shrinks)
{
	enum { N = 30000 };
	struct edit *e = begin(NULL);
	struct snapshot *s, *next;
	char text[32];
	unsigned i;

	add_soa(e, 1);
	for (i = 0; i < N; i++)
		ck_assert_int_eq(
		    add(e, host(i, text), TYPE_A, 1, "abcd"), EDIT_DONE);
	ck_assert_ptr_nonnull(s = edit_commit(e));
	ck_assert_uint_eq(s->names, N + 1);
	for (i = 0; i < N; i++)
		ck_assert_ptr_nonnull(find(s, host(i, text)));
	ck_assert_ptr_null(find(s, "h30000.example"));
	ck_assert_uint_eq(s->bytes, s->db->line->arena.used);
	ck_assert_uint_eq(s->apex->children, N);
	e = begin(s);
	for (i = 0; i < N; i += 2)
		ck_assert_int_eq(
		    take(e, host(i, text), TYPE_A, "abcd"), EDIT_DONE);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	for (i = 0; i < N; i++) {
		ck_assert_int_eq(find(next, host(i, text)) != NULL, i % 2 == 1);
		ck_assert_ptr_nonnull(find(s, text));
	}
	snapshot_retire(s, next);
	ck_assert(!snapshot_reclaim());
	ck_assert_uint_eq(next->bytes, next->db->line->arena.used);
	snapshot_retire(next, NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

START_TEST(edit_of_one_name_copies_little)
{
	struct edit *e = begin(NULL);
	struct snapshot *s, *next;
	size_t before, i;
	char text[32];

	add_soa(e, 1);
	for (i = 0; i < 20000; i++)
		add(e, host((unsigned)i, text), TYPE_A, 1, "abcd");
	ck_assert_ptr_nonnull(s = edit_commit(e));
	before = s->db->line->arena.used;
	e = begin(s);
	add_soa(e, 2);
	ck_assert_int_eq(add(e, "h17.example", TYPE_TXT, 1, "\1a"), EDIT_DONE);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	ck_assert_uint_lt(next->db->line->arena.used - before, 12 * 1024);
	snapshot_retire(s, next);
	snapshot_retire(next, NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

/* Edits */

START_TEST(edit_tells_what_it_did)
{
	struct edit *e = begin(NULL);
	struct snapshot *s;

	ck_assert_int_eq(add_soa(e, 1), EDIT_DONE);
	ck_assert_int_eq(add_soa(e, 1), EDIT_SAME);
	ck_assert_int_eq(add(e, "a.exampl", TYPE_TXT, 1, "\1a"), EDIT_OUTSIDE);
	ck_assert_int_eq(add(e, "aexample", TYPE_TXT, 1, "\1a"), EDIT_OUTSIDE);
	ck_assert_int_eq(take(e, "a.exampl", TYPE_TXT, "\1a"), EDIT_OUTSIDE);
	ck_assert_int_eq(add(e, "w.example", TYPE_TXT, 1, "\1a"), EDIT_DONE);
	ck_assert_int_eq(add(e, "W.EXAMPLE", TYPE_TXT, 1, "\1a"), EDIT_SAME);
	ck_assert_int_eq(add(e, "w.example", TYPE_TXT, 2, "\1a"), EDIT_DONE);
	ck_assert_int_eq(take(e, "w.example", TYPE_TXT, "\1b"), EDIT_SAME);
	ck_assert_int_eq(take(e, "w.example", TYPE_A, "abcd"), EDIT_SAME);
	ck_assert_int_eq(take(e, "v.example", TYPE_A, "abcd"), EDIT_SAME);
	/* the case of names is that of the first */
	ck_assert_int_eq(add(e, "W.example", TYPE_A, 2, "abcd"), EDIT_DONE);
	s = edit_commit(e);
	ck_assert_mem_eq(node_name(find(s, "w.example")), "\1w\7example", 11);
	ck_assert_uint_eq(s->negative_ttl, 60);
	snapshot_free(s);
}
END_TEST

START_TEST(rrsig_keeps_ttls_of_its_own)
{
	/* type covered, algorithm, labels, original TTL 7, and the rest */
	static const char sig[] = "\0\1\10\2\0\0\0\7eeeeiiiikk\0s";
	static const char sig2[] = "\0\34\10\2\0\0\0\11eeeeiiiikk\0s";
	struct edit *e = begin(NULL);
	struct edit_rr a = { TYPE_RRSIG, 7, (const uint8_t *)sig, 20 };
	struct edit_rr b = { TYPE_RRSIG, 9, (const uint8_t *)sig2, 20 };
	const struct edit_change *v;
	const struct rrset *set;
	struct dname n;

	name_set(&n, "w.example");
	edit_record(e);
	ck_assert_int_eq(edit_add(e, &n, &a), EDIT_DONE);
	ck_assert_int_eq(edit_add(e, &n, &b), EDIT_DONE);
	set = node_rrset(edit_find(e, &n, 0), TYPE_RRSIG);
	ck_assert_uint_eq(rrset_ttl(set, set->data), 7);
	ck_assert_uint_eq(rrset_ttl(set, rrset_next(set->data)), 9);
	ck_assert_uint_eq(edit_changes(e, &v), 2);
	ck_assert_uint_eq(v[0].ttl, 7);
	ck_assert_uint_eq(v[1].ttl, 9);
	edit_abort(e);
}
END_TEST

START_TEST(without_soa_there_is_no_zone)
{
	struct edit *e = begin(NULL);
	struct snapshot *s;

	add(e, "a.example", TYPE_TXT, 1, "\1a");
	ck_assert_ptr_null(edit_commit(e));
	e = begin(NULL);
	add_soa(e, 1);
	s = edit_commit(e);
	ck_assert_ptr_nonnull(s);
	e = begin(s);
	ck_assert_int_eq(
	    edit_remove_rrset(e, edit_origin(e), TYPE_SOA), EDIT_DONE);
	ck_assert_ptr_null(edit_commit(e));
	ck_assert_uint_eq(s->db->line->arena.used, s->bytes);
	snapshot_free(s);
}
END_TEST

START_TEST(of_two_edits_the_second_is_late)
{
	struct edit *e = begin(NULL), *first, *second;
	struct snapshot *s, *next;

	add_soa(e, 1);
	s = edit_commit(e);
	first = begin(s);
	second = begin(s);
	add(first, "a.example", TYPE_TXT, 1, "\1a");
	add(second, "b.example", TYPE_TXT, 1, "\1a");
	next = edit_commit(first);
	ck_assert_ptr_nonnull(next);
	ck_assert_ptr_null(edit_commit(second));
	ck_assert_ptr_nonnull(find(next, "a.example"));
	ck_assert_ptr_null(find(next, "b.example"));
	snapshot_retire(s, next);
	snapshot_reclaim();
	ck_assert_uint_eq(next->db->line->arena.used, next->bytes);
	snapshot_free(next);
}
END_TEST

START_TEST(unseen_snapshots_go_in_any_order)
{
	struct edit *e = begin(NULL);
	struct snapshot *s[4];
	unsigned i;

	add_soa(e, 0);
	s[0] = edit_commit(e);
	for (i = 1; i < 4; i++) {
		e = begin(s[i - 1]);
		add_soa(e, i);
		s[i] = edit_commit(e);
	}
	if (_i == 0) {
		/* newest first: the base is the newest again */
		snapshot_free(s[3]);
		snapshot_free(s[2]);
		e = begin(s[1]);
		add_soa(e, 9);
		s[2] = edit_commit(e);
		ck_assert_ptr_nonnull(s[2]);
		snapshot_retire(s[0], s[2]);
		snapshot_reclaim();
		ck_assert_uint_eq(s[2]->db->line->arena.used, s[2]->bytes);
		snapshot_retire(s[2], NULL);
	} else {
		/* what others were made from goes with them */
		snapshot_free(s[1]);
		snapshot_free(s[2]);
		snapshot_retire(s[0], s[3]);
		snapshot_reclaim();
		ck_assert_uint_eq(s[3]->serial, 3);
		ck_assert_uint_eq(s[3]->db->line->arena.used, s[3]->bytes);
		snapshot_retire(s[3], NULL);
	}
	ck_assert(!snapshot_reclaim());
}
END_TEST

START_TEST(a_held_base_outlives_its_zone)
{
	struct edit *e = begin(NULL);
	struct snapshot *s, *next;

	add_soa(e, 1);
	s = edit_commit(e);
	e = begin(s);
	snapshot_retire(s, NULL);
	ck_assert(snapshot_reclaim());
	add_soa(e, 2);
	next = edit_commit(e);
	ck_assert_ptr_nonnull(next);
	ck_assert(!snapshot_reclaim());
	ck_assert_uint_eq(next->apex->sets[0]->count, 1);
	snapshot_retire(next, NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

/*
 * While a transfer holds an old one, what changes again and again takes no more
 * memory than what changed once; the old one stays as it was.
 */
START_TEST(what_stands_between_is_not_kept)
{
	struct edit *e = begin(NULL);
	struct snapshot *held, *s, *next;
	size_t once = 0;
	uint32_t i;

	add_soa(e, 1);
	held = s = edit_commit(e);
	snapshot_hold(held);
	for (i = 2; i < 200; i++) {
		e = begin(s);
		add_soa(e, i);
		next = edit_commit(e);
		ck_assert_ptr_nonnull(next);
		snapshot_retire(s, next);
		s = next;
		ck_assert(snapshot_reclaim());
		if (i == 3)
			once = s->db->line->arena.used;
		if (i > 3)
			ck_assert_uint_eq(s->db->line->arena.used, once);
	}
	ck_assert_uint_eq(held->serial, 1);
	ck_assert_ptr_nonnull(node_rrset(held->apex, TYPE_SOA));
	ck_assert_ptr_eq(snapshot_find(held, &held->origin, 0), held->apex);
	snapshot_release(held);
	ck_assert(!snapshot_reclaim());
	ck_assert_uint_eq(s->db->line->arena.used, s->bytes);
	snapshot_retire(s, NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

/* Limits and big RRsets */

START_TEST(a_big_rrset_is_sorted_and_bounded)
{
	enum { N = RRSET_BYTES / 6 };
	struct edit *e = begin(NULL);
	struct snapshot *s;
	uint8_t data[4] = { 0 };
	struct edit_rr rr = { TYPE_A, 1, data, 4 };
	const struct rrset *set;
	struct dname name;
	const uint8_t *p;
	uint32_t i, x;

	name_set(&name, "big.example");
	add_soa(e, 1);
	for (i = 0; i < N; i++) {
		x = i * 7919 % N; /* every number once, in no order */
		data[2] = (uint8_t)(x >> 8);
		data[3] = (uint8_t)x;
		ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_DONE);
		ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_SAME);
	}
	data[0] = 1;
	ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_FULL);
	set = node_rrset(edit_find(e, &name, 0), TYPE_A);
	for (p = set->data, i = 0; p != rrset_end(set); p = rrset_next(p), i++)
		ck_assert_uint_eq(
		    rrset_rdata(p)[2] << 8 | rrset_rdata(p)[3], i);
	ck_assert_uint_eq(i, N);
	/* every other one out, from the middle on */
	data[0] = 0;
	for (i = 0; i < N; i += 2) {
		x = (i + N / 2 / 2 * 2) % (N / 2 * 2);
		data[2] = (uint8_t)(x >> 8);
		data[3] = (uint8_t)x;
		ck_assert_int_eq(edit_remove(e, &name, &rr),
		    i == N / 2 * 2 ? EDIT_SAME : EDIT_DONE);
	}
	set = node_rrset(edit_find(e, &name, 0), TYPE_A);
	for (p = set->data, i = 0; i < set->count - 1u; p = rrset_next(p), i++)
		ck_assert_uint_eq(
		    rrset_rdata(p)[2] << 8 | rrset_rdata(p)[3], i * 2 + 1);
	s = edit_commit(e);
	ck_assert_uint_eq(s->bytes, s->db->line->arena.used);
	ck_assert_uint_eq(s->records, set->count + 1u);
	snapshot_free(s);
}
END_TEST

START_TEST(limits_leave_the_edit_as_it_was)
{
	struct edit *e = begin(NULL);
	static uint8_t data[RRSET_BYTES];
	struct edit_rr rr = { 0, 1, data, RRSET_BYTES - 1 };
	struct snapshot *s;
	struct dname name;
	unsigned i;

	name_set(&name, "a.example");
	add_soa(e, 1);
	rr.type = 65400;
	ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_FULL);
	ck_assert_ptr_null(edit_find(e, &name, 0));
	rr.len = RRSET_BYTES - 2;
	ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_DONE);
	rr.len = 1;
	ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_FULL);
	for (i = 1; i < NODE_SETS; i++) {
		rr.type = (uint16_t)(1000 + i);
		ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_DONE);
	}
	rr.type = 5000;
	ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_FULL);
	s = edit_commit(e);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(find(s, "a.example")->nsets, NODE_SETS);
	for (i = 1; i < NODE_SETS; i++)
		ck_assert_ptr_nonnull(
		    node_rrset(find(s, "a.example"), (uint16_t)(1000 + i)));
	snapshot_free(s);
}
END_TEST

START_TEST(the_longest_name_is_a_node)
{
	struct edit *e = begin(NULL);
	char text[DNS_NAME_TEXT];
	struct snapshot *s;
	struct dname name;
	unsigned i, n = 0;

	/* 123 labels of one byte, and the origin: 255 bytes */
	for (i = 0; i < 123; i++) {
		text[n++] = 'x';
		text[n++] = '.';
	}
	memcpy(text + n, "example", 8);
	add_soa(e, 1);
	ck_assert_int_eq(add(e, text, TYPE_TXT, 1, "\1a"), EDIT_DONE);
	s = edit_commit(e);
	name_set(&name, text);
	ck_assert_uint_eq(name.len, 255);
	for (i = 0; i < name.labels; i++)
		ck_assert_ptr_nonnull(snapshot_find(s, &name, i));
	e = begin(s);
	ck_assert_int_eq(take(e, text, TYPE_TXT, "\1a"), EDIT_DONE);
	for (i = 0; i + 1 < name.labels; i++)
		ck_assert_ptr_null(edit_find(e, &name, i));
	edit_abort(e);
	snapshot_free(s);
}
END_TEST

/* Changes */

START_TEST(changes_are_told_once_and_in_order)
{
	struct edit *e = begin(NULL);
	const struct edit_change *v;
	struct snapshot *s;

	add_soa(e, 1);
	add(e, "a.example", TYPE_TXT, 5, "\1a");
	s = edit_commit(e);
	e = begin(s);
	ck_assert_uint_eq(edit_changes(e, &v), 0);
	edit_record(e);
	add(e, "b.example", TYPE_TXT, 5, "\1a");
	take(e, "b.example", TYPE_TXT, "\1a");
	take(e, "a.example", TYPE_TXT, "\1a");
	add(e, "a.example", TYPE_TXT, 6, "\1a");
	add_soa(e, 2);
	ck_assert_uint_eq(edit_changes(e, &v), 4);
	ck_assert(!v[0].added && v[0].type == TYPE_SOA);
	ck_assert_uint_eq(v[0].data[13], 1);
	ck_assert(!v[1].added && v[1].type == TYPE_TXT && v[1].ttl == 5);
	ck_assert(v[2].added && v[2].type == TYPE_SOA);
	ck_assert_uint_eq(v[2].data[13], 2);
	ck_assert(v[3].added && v[3].type == TYPE_TXT && v[3].ttl == 6);
	ck_assert_mem_eq(v[3].name, "\1a\7example", 11);
	/* back to where it was */
	take(e, "a.example", TYPE_TXT, "\1a");
	add(e, "a.example", TYPE_TXT, 5, "\1a");
	add_soa(e, 1);
	ck_assert_uint_eq(edit_changes(e, &v), 0);
	/* and those of another update */
	edit_record(e);
	add(e, "c.example", TYPE_TXT, 5, "\1a");
	ck_assert_uint_eq(edit_changes(e, &v), 1);
	edit_abort(e);
	snapshot_free(s);
}
END_TEST

START_TEST(a_zone_becomes_another)
{
	struct model from = { 0 }, to = { 0 };
	struct edit *e = begin(NULL), *other = begin(NULL);
	struct snapshot *a, *b, *c;
	const struct edit_change *v;

	seed = (uint32_t)_i + 77;
	add_soa(e, 1);
	change_some(e, &from);
	change_some(e, &from);
	add_soa(other, 2);
	change_some(other, &to);
	change_some(other, &to);
	a = edit_commit(e);
	b = edit_commit(other);
	ck_assert(!snapshot_same(a, b));
	e = begin(a);
	edit_record(e);
	ck_assert_int_eq(edit_become(e, b), 0);
	check_changes(e, from, &to);
	ck_assert_uint_ge(edit_changes(e, &v), 2);
	c = edit_commit(e);
	ck_assert(snapshot_same(c, b));
	ck_assert(!snapshot_same(c, a));
	e = begin(c);
	edit_record(e);
	ck_assert_int_eq(edit_become(e, b), 0);
	ck_assert_uint_eq(edit_changes(e, &v), 0);
	edit_abort(e);
	snapshot_free(c);
	snapshot_free(a);
	snapshot_free(b);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("zonedb");
	TCase *t = tcase_create("zonedb");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, zonedb_follows_a_model, 0, 8);
	tcase_add_test(t, table_grows_and_shrinks);
	tcase_add_test(t, edit_of_one_name_copies_little);
	tcase_add_test(t, edit_tells_what_it_did);
	tcase_add_test(t, rrsig_keeps_ttls_of_its_own);
	tcase_add_test(t, without_soa_there_is_no_zone);
	tcase_add_test(t, of_two_edits_the_second_is_late);
	tcase_add_loop_test(t, unseen_snapshots_go_in_any_order, 0, 2);
	tcase_add_test(t, a_held_base_outlives_its_zone);
	tcase_add_test(t, what_stands_between_is_not_kept);
	tcase_add_test(t, a_big_rrset_is_sorted_and_bounded);
	tcase_add_test(t, limits_leave_the_edit_as_it_was);
	tcase_add_test(t, the_longest_name_is_a_node);
	tcase_add_test(t, changes_are_told_once_and_in_order);
	tcase_add_loop_test(t, a_zone_becomes_another, 0, 4);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
