/*
 * Ways to find a lease: a tree by address, two hash tables, a heap by end.
 *
 * All memory is mapped for the most leases there may be, so nothing moves and
 * nothing is copied when it grows; the kernel gives a page when it is touched.
 * Only the tree's nodes, whose number depends on how the addresses lie, are in
 * one block that grows.
 */
#include <sys/mman.h>

#include <errno.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "leasepart.h"
#include "siphash.h"

#define LEASES_MAX (1u << 30)
#define BUCKETS 16 /* to begin with */
#define NODES 64
#define TOP_SHIFT 28 /* of the root's four bits */
#define ROOT 1

static size_t
space_records(size_t max)
{
	return (2 * max + 1) * sizeof(struct lease);
}

static size_t
space_numbers(size_t max)
{
	return (max + BUCKETS + 1) * sizeof(uint32_t);
}

static void *
space(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	/* cppcheck-suppress memleak ; it is given to the caller */
	return p == MAP_FAILED ? NULL : p;
}

static void
space_free(void *p, size_t size)
{
	if (p != NULL)
		munmap(p, size);
}

static int
table_open(struct lease_table *t, size_t max)
{
	t->buckets = BUCKETS;
	arc4random_buf(t->key, sizeof(t->key));
	t->heads = space(space_numbers(max));
	return t->heads == NULL ? -1 : 0;
}

int
leaseindex_open(struct leases *ls)
{
	if (ls->max == 0 || ls->max > LEASES_MAX) {
		errno = EINVAL;
		return -1;
	}
	ls->v = space(space_records(ls->max));
	ls->heap = space(space_numbers(ls->max));
	ls->nodes = calloc(NODES, sizeof(*ls->nodes));
	ls->nodes_size = NODES;
	ls->nnodes = ROOT + 1;
	if (table_open(&ls->tables[TABLE_WHO], ls->max) == 0 &&
	    table_open(&ls->tables[TABLE_HW], ls->max) == 0 && ls->v != NULL &&
	    ls->heap != NULL && ls->nodes != NULL)
		return 0;
	leaseindex_close(ls);
	errno = ENOMEM;
	return -1;
}

void
leaseindex_close(struct leases *ls)
{
	unsigned i;

	for (i = 0; i < TABLES; i++)
		space_free(ls->tables[i].heads, space_numbers(ls->max));
	free(ls->nodes);
	space_free(ls->heap, space_numbers(ls->max));
	space_free(ls->v, space_records(ls->max));
}

size_t
leaseindex_bytes(const struct leases *ls)
{
	size_t n = ls->used * sizeof(struct lease);

	n += ls->nodes_size * sizeof(struct lease_node);
	n += ls->nheap * sizeof(*ls->heap);
	n += ls->tables[TABLE_WHO].buckets * sizeof(uint32_t);
	n += ls->tables[TABLE_HW].buckets * sizeof(uint32_t);
	return n;
}

struct lease *
leaseindex_take(struct leases *ls)
{
	struct lease *l;

	if ((l = lease_number(ls, ls->spare)) != NULL) {
		ls->spare = l->pool_next;
		memset(l, 0, sizeof(*l));
		return l;
	}
	return ls->used == 2 * ls->max ? NULL : &ls->v[++ls->used];
}

void
leaseindex_give(struct leases *ls, struct lease *l)
{
	l->pool_next = ls->spare;
	ls->spare = l - ls->v;
}

/* The tree. */

static uint32_t
node_new(struct leases *ls)
{
	struct lease_node *p;

	if (ls->nnodes == ls->nodes_size) {
		p = reallocarray(
		    ls->nodes, ls->nodes_size, 2 * sizeof(*ls->nodes));
		if (p == NULL)
			return 0;
		ls->nodes = p;
		ls->nodes_size *= 2;
	}
	memset(&ls->nodes[ls->nnodes], 0, sizeof(*ls->nodes));
	return ls->nnodes++;
}

const uint32_t *
leaseindex_leaf(const struct leases *ls, uint32_t ip)
{
	uint32_t n = ROOT;
	unsigned shift;

	for (shift = TOP_SHIFT; shift > 0 && n != 0; shift -= 4)
		n = ls->nodes[n].slot[ip >> shift & 15];
	return n == 0 ? NULL : ls->nodes[n].slot;
}

uint32_t
leaseindex_at(const struct leases *ls, uint32_t ip)
{
	const uint32_t *leaf = leaseindex_leaf(ls, ip);

	return leaf == NULL ? 0 : leaf[ip & 15];
}

int
leaseindex_put(struct leases *ls, uint32_t ip, uint32_t number)
{
	uint32_t n = ROOT, next;
	unsigned shift;

	for (shift = TOP_SHIFT; shift > 0; shift -= 4) {
		next = ls->nodes[n].slot[ip >> shift & 15];
		if (next == 0 && (next = node_new(ls)) == 0)
			return -1;
		ls->nodes[n].slot[ip >> shift & 15] = next;
		n = next;
	}
	ls->nodes[n].slot[ip & 15] = number;
	return 0;
}

/* Below node n, which tells the four bits at shift. */
static uint32_t
node_from(const struct leases *ls, uint32_t n, unsigned shift, uint32_t ip)
{
	unsigned i;
	uint32_t found;

	for (i = ip >> shift & 15; i < 16; i++) {
		found = ls->nodes[n].slot[i];
		if (found != 0 && shift > 0)
			found = node_from(ls, found, shift - 4, ip);
		if (found != 0)
			return found;
		ip = 0; /* further branches from their beginning */
	}
	return 0;
}

uint32_t
leaseindex_from(const struct leases *ls, uint32_t ip)
{
	return node_from(ls, ROOT, TOP_SHIFT, ip);
}

/* The hash tables. */

/* Where a key with this hash is among so many buckets. */
static size_t
bucket_of(uint32_t hash, size_t buckets)
{
	size_t half = (size_t)1 << (63 - __builtin_clzll(buckets));
	size_t b = hash & (2 * half - 1);

	return b < buckets ? b : b - half;
}

static size_t
bucket_at(const struct leases *ls, unsigned table, const struct lease *l)
{
	return bucket_of(l->link[table].hash, ls->tables[table].buckets);
}

static uint32_t
hash_hw(
    const struct lease_table *t, uint8_t htype, const uint8_t *hw, uint8_t hlen)
{
	uint8_t key[1 + 16];

	key[0] = htype;
	memcpy(key + 1, hw, hlen);
	return (uint32_t)siphash(t->key, key, 1 + (size_t)hlen);
}

static uint32_t
hash_id(const struct lease_table *t, const uint8_t *id, size_t idlen)
{
	return (uint32_t)siphash(t->key, id, idlen);
}

void
leaseindex_hash(const struct leases *ls, unsigned table, struct lease *l)
{
	const struct lease_table *t = &ls->tables[table];

	if (table == TABLE_WHO && !l->by_hw)
		l->link[table].hash = hash_id(t, l->text->bytes, l->idlen);
	else
		l->link[table].hash = hash_hw(t, l->htype, l->hw, l->hlen);
}

uint32_t
leaseindex_bucket(
    const struct leases *ls, unsigned table, const struct lease *l)
{
	return ls->tables[table].heads[bucket_at(ls, table, l)];
}

uint32_t
leaseindex_who(const struct leases *ls, const struct lease_client *c)
{
	const struct lease_table *t = &ls->tables[TABLE_WHO];
	uint32_t hash;

	if (c->by_hw || c->id == NULL)
		hash = hash_hw(t, c->htype, c->hw, c->hlen);
	else
		hash = hash_id(t, c->id, c->idlen);
	return t->heads[bucket_of(hash, t->buckets)];
}

uint32_t
leaseindex_hw(
    const struct leases *ls, uint8_t htype, const uint8_t *hw, uint8_t hlen)
{
	const struct lease_table *t = &ls->tables[TABLE_HW];

	return t->heads[bucket_of(hash_hw(t, htype, hw, hlen), t->buckets)];
}

static void
bucket_link(struct leases *ls, unsigned table, struct lease *l, size_t bucket)
{
	uint32_t *head = &ls->tables[table].heads[bucket], n = l - ls->v;

	l->link[table].next = *head;
	l->link[table].prev = 0;
	if (*head != 0)
		ls->v[*head].link[table].prev = n;
	*head = n;
}

static void
bucket_unlink(struct leases *ls, unsigned table, struct lease *l, size_t bucket)
{
	struct lease_link *at = &l->link[table];

	if (at->prev != 0)
		ls->v[at->prev].link[table].next = at->next;
	else
		ls->tables[table].heads[bucket] = at->next;
	if (at->next != 0)
		ls->v[at->next].link[table].prev = at->prev;
}

/* One bucket more: it takes some of the members of one that was there. */
static void
table_grow(struct leases *ls, unsigned table)
{
	struct lease_table *t = &ls->tables[table];
	size_t added = t->buckets, from = bucket_of(added, added);
	uint32_t n = t->heads[from], next;
	struct lease *l;

	t->buckets++;
	for (; n != 0; n = next) {
		l = &ls->v[n];
		next = l->link[table].next;
		if (bucket_at(ls, table, l) != added)
			continue;
		bucket_unlink(ls, table, l, from);
		bucket_link(ls, table, l, added);
	}
}

void
leaseindex_add(struct leases *ls, unsigned table, struct lease *l)
{
	struct lease_table *t = &ls->tables[table];

	if (++t->count > t->buckets)
		table_grow(ls, table);
	bucket_link(ls, table, l, bucket_at(ls, table, l));
	l->indexed |= 1u << table;
}

void
leaseindex_remove(struct leases *ls, unsigned table, struct lease *l)
{
	if (!(l->indexed & 1u << table))
		return;
	bucket_unlink(ls, table, l, bucket_at(ls, table, l));
	l->indexed &= ~(1u << table);
	ls->tables[table].count--;
}

/* The heap. */

static void
heap_set(struct leases *ls, uint32_t at, uint32_t n)
{
	ls->heap[at] = n;
	ls->v[n].heap = at;
}

static void
heap_up(struct leases *ls, uint32_t at, uint32_t n)
{
	while (at > 1 && ls->v[ls->heap[at / 2]].end > ls->v[n].end) {
		heap_set(ls, at, ls->heap[at / 2]);
		at /= 2;
	}
	heap_set(ls, at, n);
}

static void
heap_down(struct leases *ls, uint32_t at, uint32_t n)
{
	uint32_t child;

	while ((child = 2 * at) <= ls->nheap) {
		if (child < ls->nheap &&
		    ls->v[ls->heap[child + 1]].end < ls->v[ls->heap[child]].end)
			child++;
		if (ls->v[ls->heap[child]].end >= ls->v[n].end)
			break;
		heap_set(ls, at, ls->heap[child]);
		at = child;
	}
	heap_set(ls, at, n);
}

/* Put n to where it belongs, seen from `at`. */
static void
heap_settle(struct leases *ls, uint32_t at, uint32_t n)
{
	if (at > 1 && ls->v[ls->heap[at / 2]].end > ls->v[n].end)
		heap_up(ls, at, n);
	else
		heap_down(ls, at, n);
}

void
leaseindex_due(struct leases *ls, struct lease *l)
{
	heap_up(ls, ++ls->nheap, l - ls->v);
}

void
leaseindex_not_due(struct leases *ls, struct lease *l)
{
	uint32_t at = l->heap, last;

	if (at == 0)
		return;
	l->heap = 0;
	last = ls->heap[ls->nheap--];
	if (at <= ls->nheap)
		heap_settle(ls, at, last);
}

void
leaseindex_due_again(struct leases *ls, struct lease *l)
{
	heap_settle(ls, l->heap, l - ls->v);
}
