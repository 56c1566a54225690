/*
 * Ways to find a lease: a tree by address, and two hash tables.
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

#define LEASES_MAX (1u << 29) /* numbers of records are below 2^31 */
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
	ls->nodes = calloc(NODES, sizeof(*ls->nodes));
	ls->nodes_size = NODES;
	ls->nnodes = ROOT + 1;
	arc4random_buf(ls->hash_key, sizeof(ls->hash_key));
	if (table_open(&ls->who, ls->max) == 0 &&
	    table_open(&ls->hw, ls->max) == 0 && ls->v != NULL &&
	    ls->nodes != NULL)
		return 0;
	leaseindex_close(ls);
	errno = ENOMEM;
	return -1;
}

void
leaseindex_close(struct leases *ls)
{
	space_free(ls->who.heads, space_numbers(ls->max));
	space_free(ls->hw.heads, space_numbers(ls->max));
	free(ls->nodes);
	space_free(ls->v, space_records(ls->max));
}

size_t
leaseindex_bytes(const struct leases *ls)
{
	size_t n = ls->used * sizeof(struct lease);

	n += ls->nodes_size * sizeof(struct lease_node);
	n += (ls->who.buckets + ls->hw.buckets) * sizeof(uint32_t);
	return n;
}

struct lease *
leaseindex_take(struct leases *ls)
{
	struct lease *l;

	if ((l = lease_number(ls, ls->spare)) != NULL) {
		ls->spare = l->next;
		memset(l, 0, sizeof(*l));
		return l;
	}
	return ls->used == 2 * ls->max ? NULL : &ls->v[++ls->used];
}

void
leaseindex_give(struct leases *ls, struct lease *l)
{
	l->next = ls->spare;
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

static void
table_remove(struct lease_table *t, struct lease *l, unsigned in)
{
	l->indexed &= ~in;
	t->count--;
}

uint32_t
leaseindex_hash(const struct leases *ls, const void *key, size_t len)
{
	return (uint32_t)siphash(ls->hash_key, key, len);
}

/* By identity: members have a hash and a successor. */

uint32_t
leaseindex_who(const struct leases *ls, uint32_t hash)
{
	return ls->who.heads[bucket_of(hash, ls->who.buckets)];
}

/*
 * One bucket more: it takes some of the members of one that was there. The
 * first of those that come next time is asked for now, so that it is in the
 * cache by then.
 */
static void
who_grow(struct leases *ls)
{
	struct lease_table *t = &ls->who;
	size_t added = t->buckets++, from = bucket_of(added, added);
	uint32_t *stay = &t->heads[from], *go = &t->heads[added], n;
	struct lease *l;

	for (n = *stay; n != 0; n = l->who_next) {
		l = &ls->v[n];
		if (bucket_of(l->who_hash, t->buckets) == added) {
			*go = n;
			go = &l->who_next;
		} else {
			*stay = n;
			stay = &l->who_next;
		}
	}
	*stay = *go = 0;
	__builtin_prefetch(&ls->v[t->heads[from + 1]], 1);
}

void
leaseindex_who_add(struct leases *ls, struct lease *l)
{
	struct lease_table *t = &ls->who;
	uint32_t *head;

	if (++t->count > t->buckets)
		who_grow(ls);
	head = &t->heads[bucket_of(l->who_hash, t->buckets)];
	l->who_next = *head;
	*head = l - ls->v;
	l->indexed |= IN_WHO;
}

void
leaseindex_who_remove(struct leases *ls, struct lease *l)
{
	struct lease_table *t = &ls->who;
	uint32_t n = l - ls->v, *at;

	if (!(l->indexed & IN_WHO))
		return;
	at = &t->heads[bucket_of(l->who_hash, t->buckets)];
	while (*at != n)
		at = &ls->v[*at].who_next;
	*at = l->who_next;
	table_remove(t, l, IN_WHO);
}

/*
 * By hardware address: one may have any number of leases, so that members are
 * linked both ways.
 */

uint32_t
leaseindex_hw(const struct leases *ls, uint32_t hash)
{
	return ls->hw.heads[bucket_of(hash, ls->hw.buckets)];
}

static uint32_t *
hw_head(const struct leases *ls, const struct lease *l)
{
	uint32_t hash = leaseindex_hash(ls, lease_hw_key(l), 1u + l->hlen);

	return &ls->hw.heads[bucket_of(hash, ls->hw.buckets)];
}

static void
hw_link(struct leases *ls, struct lease *l, uint32_t *head)
{
	l->hw_next = *head;
	l->hw_prev = 0;
	if (*head != 0)
		ls->v[*head].hw_prev = l - ls->v;
	*head = l - ls->v;
}

static void
hw_unlink(struct leases *ls, struct lease *l, uint32_t *head)
{
	if (l->hw_prev != 0)
		ls->v[l->hw_prev].hw_next = l->hw_next;
	else
		*head = l->hw_next;
	if (l->hw_next != 0)
		ls->v[l->hw_next].hw_prev = l->hw_prev;
}

static void
hw_grow(struct leases *ls)
{
	struct lease_table *t = &ls->hw;
	size_t added = t->buckets++, from = bucket_of(added, added);
	uint32_t n = t->heads[from], next, *head;
	struct lease *l;

	for (; n != 0; n = next) {
		l = &ls->v[n];
		next = l->hw_next;
		if ((head = hw_head(ls, l)) != &t->heads[added])
			continue;
		hw_unlink(ls, l, &t->heads[from]);
		hw_link(ls, l, head);
	}
}

void
leaseindex_hw_add(struct leases *ls, struct lease *l)
{
	if (++ls->hw.count > ls->hw.buckets)
		hw_grow(ls);
	hw_link(ls, l, hw_head(ls, l));
	l->indexed |= IN_HW;
}

void
leaseindex_hw_remove(struct leases *ls, struct lease *l)
{
	if (!(l->indexed & IN_HW))
		return;
	hw_unlink(ls, l, hw_head(ls, l));
	table_remove(&ls->hw, l, IN_HW);
}
