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

static size_t
space_who(size_t max)
{
	return (max / WHO_FILL + BUCKETS + 1) * sizeof(struct lease_bucket);
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
	ls->who.v = space(space_who(ls->max));
	ls->hw.heads = space(space_numbers(ls->max));
	ls->who.buckets = ls->hw.buckets = BUCKETS;
	if (ls->v != NULL && ls->nodes != NULL && ls->who.v != NULL &&
	    ls->hw.heads != NULL)
		return 0;
	leaseindex_close(ls);
	errno = ENOMEM;
	return -1;
}

void
leaseindex_close(struct leases *ls)
{
	space_free(ls->who.v, space_who(ls->max));
	space_free(ls->hw.heads, space_numbers(ls->max));
	free(ls->nodes);
	space_free(ls->v, space_records(ls->max));
}

size_t
leaseindex_bytes(const struct leases *ls)
{
	size_t n = ls->used * sizeof(struct lease);

	n += ls->nodes_size * sizeof(struct lease_node);
	n += ls->who.buckets * sizeof(struct lease_bucket);
	n += ls->hw.buckets * sizeof(uint32_t);
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

uint32_t
leaseindex_hash(const struct leases *ls, const void *key, size_t len)
{
	return (uint32_t)siphash(ls->hash_key, key, len);
}

/* By identity. */

static struct lease_bucket *
who_bucket(const struct leases *ls, uint32_t hash)
{
	return &ls->who.v[bucket_of(hash, ls->who.buckets)];
}

/* Where n stands, or the first free one; WHO_SLOTS: nowhere. */
static unsigned
who_slot(const struct lease_bucket *b, uint32_t n)
{
	unsigned i;

	for (i = 0; i < WHO_SLOTS && b->slot[i].n != n; i++)
		;
	return i;
}

static uint32_t
chain_next(const struct leases *ls, uint32_t hash, uint32_t n)
{
	while (n != 0 && ls->v[n].who_hash != hash)
		n = ls->v[n].who_next;
	return n;
}

uint32_t
leaseindex_who(const struct leases *ls, uint32_t hash, uint32_t after)
{
	const struct lease_bucket *b = who_bucket(ls, hash);
	unsigned i = 0;

	if (after != 0 && (i = who_slot(b, after)) == WHO_SLOTS)
		return chain_next(ls, hash, ls->v[after].who_next);
	for (i += after != 0; i < WHO_SLOTS; i++)
		if (b->slot[i].hash == hash && b->slot[i].n != 0)
			return b->slot[i].n;
	return chain_next(ls, hash, b->chain);
}

static void
who_put(struct leases *ls, struct lease_bucket *b, uint32_t hash, uint32_t n)
{
	unsigned i = who_slot(b, 0);

	if (i < WHO_SLOTS) {
		b->slot[i].hash = hash;
		b->slot[i].n = n;
	} else {
		ls->v[n].who_next = b->chain;
		b->chain = n;
	}
}

/* One bucket more: it takes some of the members of one that was there. */
static void
who_grow(struct leases *ls)
{
	struct lease_who *t = &ls->who;
	struct lease_bucket old;
	size_t added = t->buckets++;
	size_t from = bucket_of((uint32_t)added, added);
	uint32_t n, next;
	unsigned i;

	old = t->v[from];
	memset(&t->v[from], 0, sizeof(old));
	for (i = 0; i < WHO_SLOTS; i++)
		if ((n = old.slot[i].n) != 0)
			who_put(ls, who_bucket(ls, old.slot[i].hash),
			    old.slot[i].hash, n);
	for (n = old.chain; n != 0; n = next) {
		next = ls->v[n].who_next;
		who_put(ls, who_bucket(ls, ls->v[n].who_hash),
		    ls->v[n].who_hash, n);
	}
}

void
leaseindex_who_add(struct leases *ls, struct lease *l)
{
	if (++ls->who.count > ls->who.buckets * WHO_FILL)
		who_grow(ls);
	who_put(ls, who_bucket(ls, l->who_hash), l->who_hash, l - ls->v);
	l->indexed |= IN_WHO;
}

void
leaseindex_who_remove(struct leases *ls, struct lease *l)
{
	struct lease_bucket *b = who_bucket(ls, l->who_hash);
	uint32_t n = l - ls->v, *at = &b->chain;
	unsigned i;

	if (!(l->indexed & IN_WHO))
		return;
	l->indexed &= ~IN_WHO;
	ls->who.count--;
	if ((i = who_slot(b, n)) < WHO_SLOTS) {
		b->slot[i].n = 0;
		return;
	}
	while (*at != n)
		at = &ls->v[*at].who_next;
	*at = l->who_next;
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
	l->indexed &= ~IN_HW;
	ls->hw.count--;
}
