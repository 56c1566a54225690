/*
 * Pools. What may be given away next: first what no one ever had, by a mark
 * that only rises (`fresh`; a record, once made, stays, so no address is looked
 * at twice), then those that lapsed after an offer, then those that had a
 * holder, in the order in which they became free.
 */
#include <string.h>

#include <bsd/stdlib.h>

#include "leasepart.h"

/* Room for one more of an array. 0 or -1. */
static int
array_room(void *array, size_t n, size_t *size, size_t each)
{
	size_t more = *size == 0 ? 16 : 2 * *size;
	void *old, *p;

	if (n < *size)
		return 0;
	memcpy(&old, array, sizeof(old));
	if ((p = reallocarray(old, more, each)) == NULL)
		return -1;
	memcpy(array, &p, sizeof(p));
	*size = more;
	return 0;
}

/* The number of pools that begin at ip or below. */
static size_t
pools_up_to(const struct leases *ls, uint32_t ip)
{
	size_t low = 0, high = ls->npools, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ls->pools[mid]->first <= ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The same for excluded ranges. */
static size_t
excluded_up_to(const struct leases *ls, uint32_t ip)
{
	size_t low = 0, high = ls->nexcluded, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (ls->excluded[mid].first <= ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The excluded range that ip is in, or NULL. */
static const struct excluded *
excluded_at(const struct leases *ls, uint32_t ip)
{
	size_t n = excluded_up_to(ls, ip);

	if (n == 0 || ls->excluded[n - 1].last < ip)
		return NULL;
	return &ls->excluded[n - 1];
}

/* How many addresses up to and with ip are excluded. */
static uint64_t
excluded_count(const struct leases *ls, uint32_t ip)
{
	size_t n = excluded_up_to(ls, ip);
	const struct excluded *e;
	uint32_t last;

	if (n == 0)
		return 0;
	e = &ls->excluded[n - 1];
	last = e->last < ip ? e->last : ip;
	return e->before + (last - e->first) + 1;
}

static uint64_t
pool_excluded(const struct leases *ls, const struct pool *p)
{
	uint64_t below = p->first == 0 ? 0 : excluded_count(ls, p->first - 1);

	return excluded_count(ls, p->last) - below;
}

struct pool *
pool_add(struct leases *ls, uint32_t first, uint32_t last, uint32_t network)
{
	struct pool *p;
	size_t at;

	if (array_room(&ls->pools, ls->npools, &ls->pools_size,
		sizeof(struct pool *)) == -1 ||
	    array_room(&ls->numbered, ls->npools, &ls->numbered_size,
		sizeof(struct pool *)) == -1 ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->leases = ls;
	p->first = first;
	p->last = last;
	p->network = network;
	p->fresh = first;
	at = pools_up_to(ls, first);
	memmove(&ls->pools[at + 1], &ls->pools[at],
	    (ls->npools - at) * sizeof(struct pool *));
	ls->pools[at] = ls->numbered[ls->npools++] = p;
	p->number = (uint32_t)ls->npools;
	return p;
}

/*
 * The range shall stand at `at`; those from there on that it overlaps or
 * touches become part of it, and are taken out. Their number.
 */
static size_t
excluded_merge(struct leases *ls, size_t at, struct excluded *e)
{
	size_t end = at;

	while (
	    end < ls->nexcluded && ls->excluded[end].first <= e->last + 1ull) {
		if (ls->excluded[end].first < e->first)
			e->first = ls->excluded[end].first;
		if (ls->excluded[end].last > e->last)
			e->last = ls->excluded[end].last;
		end++;
	}
	return end - at;
}

int
pool_exclude(struct leases *ls, uint32_t first, uint32_t last)
{
	struct excluded e = { first, last, 0 }, *v;
	size_t at = excluded_up_to(ls, first), merged, i;
	uint64_t before;

	if (array_room(&ls->excluded, ls->nexcluded, &ls->excluded_size,
		sizeof(e)) == -1)
		return -1;
	v = ls->excluded;
	if (at > 0 && v[at - 1].last + 1ull >= first)
		at--;
	merged = excluded_merge(ls, at, &e);
	memmove(&v[at + 1], &v[at + merged],
	    (ls->nexcluded - at - merged) * sizeof(*v));
	v[at] = e;
	ls->nexcluded += 1 - merged;
	before = at == 0 ?
	    0 :
	    v[at - 1].before + (v[at - 1].last - v[at - 1].first) + 1;
	for (i = at; i < ls->nexcluded; i++) {
		v[i].before = before;
		before += (uint64_t)(v[i].last - v[i].first) + 1;
	}
	return 0;
}

void
pool_use(const struct pool *p, struct pool_use *use)
{
	use->size = (uint64_t)(p->last - p->first) + 1;
	use->bound = p->count[LEASE_BOUND];
	use->offered = p->count[LEASE_OFFERED];
	use->conflict = p->count[LEASE_CONFLICT];
	use->excluded = pool_excluded(p->leases, p);
}

struct pool *
pool_of(const struct leases *ls, uint32_t ip)
{
	size_t n = pools_up_to(ls, ip);

	if (n == 0 || ls->pools[n - 1]->last < ip ||
	    excluded_at(ls, ip) != NULL)
		return NULL;
	return ls->pools[n - 1];
}

/* The first address from `fresh` on that never was used; else last + 1. */
static uint64_t
pool_fresh(const struct pool *p)
{
	const struct leases *ls = p->leases;
	const struct excluded *e;
	const uint32_t *leaf = NULL;
	uint64_t at, leaf_at = UINT64_MAX;

	for (at = p->fresh; at <= p->last; at++) {
		if ((e = excluded_at(ls, (uint32_t)at)) != NULL) {
			at = e->last;
			continue;
		}
		if (leaf_at != at >> 4) {
			leaf_at = at >> 4;
			leaf = leaseindex_leaf(ls, (uint32_t)at);
		}
		if (leaf == NULL || leaf[at & 15] == 0)
			break;
	}
	return at;
}

uint32_t
pool_pick(const struct pool *p)
{
	const struct leases *ls = p->leases;
	uint64_t fresh = p->last + 1ull;
	uint32_t n;

	if (ls->records < ls->max)
		fresh = pool_fresh(p);
	if (fresh <= p->last)
		return (uint32_t)fresh;
	if ((n = p->queue[POOL_BLANK].head) == 0)
		n = p->queue[POOL_OLD].head;
	return n == 0 ? 0 : ls->v[n].ip;
}

void
leasepool_new(struct leases *ls, struct lease *l)
{
	struct pool *p = pool_of(ls, l->ip);

	if (p == NULL)
		return;
	l->pool = p->number;
	if (l->ip == p->fresh || excluded_at(ls, (uint32_t)p->fresh) != NULL)
		p->fresh = pool_fresh(p);
}

/*
 * What an offer covered for a while goes back to the front, if it is the one
 * that was free longest.
 */
static bool
pool_goes_first(
    const struct leases *ls, const struct pool_queue *q, const struct lease *l)
{
	return q->head == 0 || l->end <= ls->v[q->head].end;
}

/* What names l from before it, and from behind. */
static uint32_t *
link_before(struct leases *ls, struct pool_queue *q, const struct lease *l)
{
	return l->prev == 0 ? &q->head : &ls->v[l->prev].next;
}

static uint32_t *
link_behind(struct leases *ls, struct pool_queue *q, const struct lease *l)
{
	return l->next == 0 ? &q->tail : &ls->v[l->next].prev;
}

static struct pool_queue *
pool_queue(const struct leases *ls, const struct lease *l)
{
	return &lease_pool(ls, l)
		    ->queue[lease_is_blank(l) ? POOL_BLANK : POOL_OLD];
}

void
leasepool_give(struct leases *ls, struct lease *l)
{
	struct pool_queue *q;
	bool first;

	if (l->pool == 0)
		return;
	q = pool_queue(ls, l);
	first = pool_goes_first(ls, q, l);
	l->next = first ? q->head : 0;
	l->prev = first ? 0 : q->tail;
	*link_before(ls, q, l) = *link_behind(ls, q, l) = l - ls->v;
	l->indexed |= IN_QUEUE;
}

void
leasepool_take(struct leases *ls, struct lease *l)
{
	struct pool_queue *q;

	if (!(l->indexed & IN_QUEUE))
		return;
	l->indexed &= ~IN_QUEUE;
	q = pool_queue(ls, l);
	*link_before(ls, q, l) = l->next;
	*link_behind(ls, q, l) = l->prev;
}

void
leasepool_close(struct leases *ls)
{
	size_t i;

	for (i = 0; i < ls->npools; i++)
		free(ls->pools[i]);
	free(ls->pools);
	free(ls->numbered);
	free(ls->excluded);
}

size_t
leasepool_bytes(const struct leases *ls)
{
	return ls->npools * sizeof(struct pool) +
	    (ls->pools_size + ls->numbered_size) * sizeof(struct pool *) +
	    ls->excluded_size * sizeof(struct excluded);
}
