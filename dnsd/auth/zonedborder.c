/*
 * The order of a signed zone: its names with NSEC, and those with NSEC3, each
 * sorted canonically (RFC 4034 section 6.1). Base32hex keeps the order of what
 * it writes, so for NSEC3 that is the order of the hashes.
 */
#include <stdlib.h>
#include <string.h>

#include "zonedbpart.h"

#define RUN_BUILT (RUN_MEMBERS * 7 / 8) /* so that a few more fit */

/*
 * The first bytes of what the order compares: labels from the origin down, a
 * zero behind each. Labels may hold zeroes, so these read as one, and as they
 * then compare like a true one the key ends there: names of equal keys are
 * compared whole.
 */
static uint64_t
order_key(const uint8_t *name, unsigned origin_labels)
{
	uint8_t at[DNAME_LABELS], c;
	uint64_t key = 0;
	int n = 0, shift = 56, i, labels;

	for (labels = 0; name[n] != 0; n += 1 + name[n])
		at[labels++] = (uint8_t)n;
	for (n = labels - (int)origin_labels - 1; n >= 0 && shift >= 0; n--) {
		/* cppcheck-suppress uninitvar ; n is below labels */
		for (i = 1; i <= name[at[n]] && shift >= 0; i++, shift -= 8) {
			c = name[at[n] + i];
			if (c <= 1)
				return key | UINT64_C(1) << shift;
			if (c >= 'A' && c <= 'Z')
				c += 'a' - 'A';
			key |= (uint64_t)c << shift;
		}
		shift -= 8;
	}
	return key;
}

struct wanted {
	uint64_t key;
	const uint8_t *name;
};

static int
order_compare(const struct wanted *w, const struct member *m)
{
	if (w->key != m->key)
		return w->key < m->key ? -1 : 1;
	return dname_compare(w->name, node_name(m->node));
}

static struct wanted
order_wanted(const struct snapshot *s, const uint8_t *name)
{
	return (struct wanted){ order_key(name, s->origin.labels), name };
}

/* The last run whose first member is not behind; the first run otherwise. */
static uint32_t
order_run(const struct runs *runs, const struct wanted *w)
{
	uint32_t low = 0, high = runs->n, mid;
	struct member first;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		first.key = runs->v[mid].key;
		if (first.key == w->key)
			first.node = runs->v[mid].run->members[0].node;
		if (order_compare(w, &first) < 0)
			high = mid;
		else
			low = mid;
	}
	return low;
}

/* How many members of the run are not behind; *same: the last is it. */
static uint32_t
run_place(const struct run *run, const struct wanted *w, bool *same)
{
	uint32_t low = 0, high = run->n, mid;
	int c;

	*same = false;
	while (low < high) {
		mid = low + (high - low) / 2;
		c = order_compare(w, &run->members[mid]);
		if (c == 0)
			*same = true;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static const struct node *
order_before(const struct order *o, const struct wanted *w)
{
	const struct run *run;
	uint32_t place;
	bool same;

	if (o->runs == NULL || o->runs->n == 0)
		return NULL;
	run = o->runs->v[order_run(o->runs, w)].run;
	if ((place = run_place(run, w, &same)) == 0) {
		run = o->runs->v[o->runs->n - 1].run;
		place = run->n;
	}
	return run->members[place - 1].node;
}

const struct node *
snapshot_nsec(const struct snapshot *s, const struct dname *name)
{
	struct wanted w = order_wanted(s, name->wire);

	return order_before(&s->db->nsec, &w);
}

const struct node *
snapshot_nsec3(const struct snapshot *s, const uint8_t hash[20])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint8_t name[33 + DNAME_ROOM] = { 32 };
	struct wanted w;
	unsigned i, bit;

	for (i = 0; i < 32; i++) {
		bit = i * 5; /* a digit is in two bytes at most */
		name[1 + i] = (uint8_t)
		    digits[(hash[bit / 8] << 8 |
			       (bit / 8 < 19 ? hash[bit / 8 + 1] : 0)) >>
			    (11 - bit % 8) &
			31];
	}
	memcpy(name + 33, s->origin.wire, s->origin.len);
	w = order_wanted(s, name);
	return order_before(&s->db->nsec3, &w);
}

/* Is it of the chain that the zone's NSEC3PARAM names (RFC 5155 section 7.3)?
 */
static bool
nsec3_ours(const struct nsec3_conf *c, const struct node *n)
{
	const struct rrset *set = node_rrset(n, TYPE_NSEC3);
	const uint8_t *p, *d;

	if (set == NULL)
		return false;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		d = rrset_rdata(p);
		if (rrset_len(p) >= 5u + c->salt_len && d[0] == c->algorithm &&
		    (d[2] << 8 | d[3]) == c->iterations &&
		    d[4] == c->salt_len &&
		    memcmp(d + 5, c->salt, c->salt_len) == 0)
			return true;
	}
	return false;
}

static bool
nsec_has(const struct snapshot *s, const struct node *n)
{
	(void)s;
	return n != NULL && node_rrset(n, TYPE_NSEC) != NULL;
}

static bool
nsec3_has(const struct snapshot *s, const struct node *n)
{
	return n != NULL && s->nsec3 && nsec3_ours(&s->nsec3_conf, n);
}

static struct runs *
runs_new(struct edit *e, uint32_t max)
{
	struct runs *r = block_new(e, runs_size(max));

	if (r != NULL) {
		r->edit = e->id;
		r->n = 0;
		r->max = max;
	}
	return r;
}

static void
runs_drop(struct edit *e, struct runs *r)
{
	if (r != NULL)
		block_drop(e, r, runs_size(r->max), r->edit);
}

/* To be changed, with room for one run more. */
static struct runs *
runs_own(struct edit *e, struct order *o)
{
	struct runs *old = o->runs, *r;
	uint32_t n = old == NULL ? 0 : old->n;

	if (old != NULL && old->edit == e->id && n < old->max)
		return old;
	if ((r = runs_new(e, n + n / 4 + 4)) == NULL)
		return NULL;
	r->n = n;
	if (n > 0)
		memcpy(r->v, old->v, n * sizeof(r->v[0]));
	runs_drop(e, old);
	o->runs = r;
	return r;
}

static struct run *
run_new(struct edit *e)
{
	struct run *run = block_new(e, sizeof(*run));

	if (run != NULL) {
		run->edit = e->id;
		run->n = 0;
	}
	return run;
}

/* The directory of runs is to be changed already. */
static struct run *
run_own(struct edit *e, struct runs *r, uint32_t i)
{
	struct run *old = r->v[i].run, *run;

	if (old->edit == e->id)
		return old;
	if ((run = run_new(e)) == NULL)
		return NULL;
	run->n = old->n;
	memcpy(run->members, old->members, old->n * sizeof(old->members[0]));
	block_drop(e, old, sizeof(*old), old->edit);
	r->v[i].run = run;
	return run;
}

static void
runs_insert(struct runs *r, uint32_t i, struct run *run)
{
	memmove(r->v + i + 1, r->v + i, (r->n - i) * sizeof(r->v[0]));
	r->v[i].run = run;
	r->v[i].key = run->members[0].key;
	r->n++;
}

/* Half of a full run goes to a new one behind it. */
static int
run_split(struct edit *e, struct runs *r, uint32_t i)
{
	struct run *run = r->v[i].run, *half = run_new(e);
	uint32_t keep = run->n / 2;

	if (half == NULL)
		return -1;
	half->n = run->n - keep;
	memcpy(half->members, run->members + keep,
	    half->n * sizeof(run->members[0]));
	run->n = keep;
	runs_insert(r, i + 1, half);
	return 0;
}

/* The run that a change to the name concerns. NULL: no memory. */
static struct run *
order_own(struct edit *e, struct order *o, const struct wanted *w, uint32_t *i)
{
	struct runs *r = runs_own(e, o);
	struct run *run;

	if (r == NULL)
		return NULL;
	if (r->n == 0) {
		if ((run = run_new(e)) == NULL)
			return NULL;
		r->v[0].run = run;
		r->n = 1;
	}
	*i = order_run(r, w);
	if ((run = run_own(e, r, *i)) == NULL || run->n < RUN_MEMBERS)
		return run;
	if (run_split(e, r, *i) == -1)
		return NULL;
	*i = order_run(r, w);
	return r->v[*i].run;
}

static void
order_put(struct edit *e, struct order *o, const struct node *n)
{
	struct wanted w = order_wanted(e->s, node_name(n));
	struct run *run;
	uint32_t i, place;
	bool same;

	if ((run = order_own(e, o, &w, &i)) == NULL)
		return;
	place = run_place(run, &w, &same);
	if (same) {
		run->members[place - 1].node = n;
		return;
	}
	memmove(run->members + place + 1, run->members + place,
	    (run->n - place) * sizeof(run->members[0]));
	run->members[place] = (struct member){ w.key, n };
	run->n++;
	o->runs->v[i].key = run->members[0].key;
}

static void
order_take(struct edit *e, struct order *o, const struct node *n)
{
	struct wanted w = order_wanted(e->s, node_name(n));
	struct run *run;
	uint32_t i, place;
	bool same;

	if (o->runs == NULL || o->runs->n == 0 ||
	    (run = order_own(e, o, &w, &i)) == NULL)
		return;
	place = run_place(run, &w, &same);
	if (!same)
		return;
	memmove(run->members + place - 1, run->members + place,
	    (run->n - place) * sizeof(run->members[0]));
	if (--run->n > 0) {
		o->runs->v[i].key = run->members[0].key;
		return;
	}
	block_drop(e, run, sizeof(*run), run->edit);
	o->runs->n--;
	memmove(o->runs->v + i, o->runs->v + i + 1,
	    (o->runs->n - i) * sizeof(o->runs->v[0]));
}

/* Of an edit of nothing the orders are made when it ends. */
void
order_follow(struct edit *e, const struct node *old, const struct node *n)
{
	if (e->base == NULL)
		return;
	if (nsec_has(e->s, n))
		order_put(e, &e->db->nsec, n);
	else if (nsec_has(e->s, old))
		order_take(e, &e->db->nsec, old);
	if (nsec3_has(e->s, n))
		order_put(e, &e->db->nsec3, n);
	else if (nsec3_has(e->s, old))
		order_take(e, &e->db->nsec3, old);
}

void
order_changed(struct edit *e, const struct node *n, uint16_t type)
{
	if (e->base == NULL || type != TYPE_NSEC3)
		return;
	if (nsec3_has(e->s, n))
		order_put(e, &e->db->nsec3, n);
	else
		order_take(e, &e->db->nsec3, n);
}

static int
member_compare(const void *a, const void *b)
{
	const struct member *m = a;
	struct wanted w = { m->key, node_name(m->node) };

	return order_compare(&w, b);
}

/* What is sorted now, cut into runs. */
static int
order_fill(struct edit *e, struct order *o, const struct member *m, size_t n)
{
	struct runs *r = runs_new(e, (uint32_t)(n / RUN_BUILT + 1));
	struct run *run;
	size_t some;

	if (r == NULL)
		return -1;
	o->runs = r;
	for (; n > 0; m += some, n -= some) {
		if ((run = run_new(e)) == NULL)
			return -1;
		some = n < RUN_BUILT ? n : RUN_BUILT;
		memcpy(run->members, m, some * sizeof(*m));
		run->n = (uint32_t)some;
		runs_insert(r, r->n, run);
	}
	return 0;
}

static void
order_drop(struct edit *e, struct order *o)
{
	struct run *run;
	uint32_t i;

	for (i = 0; o->runs != NULL && i < o->runs->n; i++) {
		run = o->runs->v[i].run;
		block_drop(e, run, sizeof(*run), run->edit);
	}
	runs_drop(e, o->runs);
	o->runs = NULL;
}

static int
order_build(struct edit *e, struct order *o,
    bool (*has)(const struct snapshot *, const struct node *))
{
	struct snapshot_walk walk = { 0 };
	const struct node *n;
	struct member *m;
	size_t count = 0;
	int status;

	order_drop(e, o);
	if (e->db->signs == 0)
		return 0;
	if ((m = reallocarray(NULL, e->db->signs, sizeof(*m))) == NULL)
		return -1;
	while ((n = snapshot_next(e->s, &walk)) != NULL)
		if (has(e->s, n))
			m[count++] = (struct member){
				order_key(node_name(n), e->s->origin.labels), n
			};
	qsort(m, count, sizeof(*m), member_compare);
	status = count > 0 ? order_fill(e, o, m, count) : 0;
	free(m);
	return status;
}

/*
 * SHA-1 is the one algorithm there is; parameters with flags are not to be
 * used (RFC 5155 section 4.1.2).
 */
static void
nsec3_read(struct snapshot *s)
{
	const struct rrset *set = node_rrset(s->apex, TYPE_NSEC3PARAM);
	struct nsec3_conf *c = &s->nsec3_conf;
	const uint8_t *p, *d;

	s->nsec3 = false;
	*c = (struct nsec3_conf){ 0 };
	if (set == NULL)
		return;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		d = rrset_rdata(p);
		if (rrset_len(p) < 5 || d[0] != 1 || d[1] != 0 ||
		    rrset_len(p) < 5u + d[4])
			continue;
		c->algorithm = d[0];
		c->iterations = (uint16_t)(d[2] << 8 | d[3]);
		c->salt_len = d[4];
		memcpy(c->salt, d + 5, d[4]);
		s->nsec3 = true;
		return;
	}
}

static bool
nsec3_same(const struct nsec3_conf *a, const struct nsec3_conf *b)
{
	return a->algorithm == b->algorithm && a->iterations == b->iterations &&
	    a->salt_len == b->salt_len &&
	    memcmp(a->salt, b->salt, a->salt_len) == 0;
}

int
order_finish(struct edit *e)
{
	struct nsec3_conf before = e->s->nsec3_conf;
	bool had = e->s->nsec3;

	nsec3_read(e->s);
	e->s->nsec = node_rrset(e->s->apex, TYPE_NSEC) != NULL;
	if (e->base == NULL && order_build(e, &e->db->nsec, nsec_has) == -1)
		return -1;
	if (e->base == NULL || had != e->s->nsec3 ||
	    !nsec3_same(&before, &e->s->nsec3_conf))
		return order_build(e, &e->db->nsec3, nsec3_has);
	return 0;
}
