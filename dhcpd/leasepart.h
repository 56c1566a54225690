/*
 * leasepart: what the parts of lease share and nobody else needs.
 *
 *	lease		the life of a lease: offer, bind, release, expire
 *	leaseindex	memory, and the ways to find a lease
 *	leasewheel	when they end
 *	leasepool	pools: which addresses may be given away, and which next
 *
 * A record stands at a fixed place, has a number from 1 on, and is never
 * freed; 0 is none. A record that is free and had no holder is blank: for the
 * outside it is no lease.
 *
 * An offer may cover a free lease, whose holder would be lost when the offer
 * comes to nothing: so that stands aside in a record of its own, `former`,
 * which no index knows.
 */
#ifndef LEASEPART_H
#define LEASEPART_H

#include "lease.h"

#define LEASE_STATES (LEASE_CONFLICT + 1)

/* What a lease has besides; strings end with a NUL that len does not count. */
struct lease_text {
	uint8_t host, fqdn, agent, vendor; /* lengths */
	uint8_t bytes[]; /* identifier, then these four */
};

/*
 * Hash tables that grow by one bucket at a time (linear hashing), so that no
 * single insertion takes long.
 *
 * That of identities: a bucket is one line of the cache with the hashes of its
 * members, so that looking for a client, and growing, reads no record but those
 * that it finds. Members for which it has no slot are chained (who_next).
 */
#define WHO_SLOTS 7
#define WHO_FILL 5 /* members of a bucket, on average */
struct lease_bucket {
	struct {
		uint32_t hash, n; /* n 0: free */
	} slot[WHO_SLOTS];
	uint32_t chain;
};
struct lease_who {
	struct lease_bucket *v;
	size_t buckets, count;
};

/* That of hardware addresses. */
struct lease_table {
	uint32_t *heads;
	size_t buckets, count;
};

/* What a record is in. */
enum { IN_QUEUE = 1, IN_WHO = 2, IN_HW = 4, IN_WHEEL = 8 };

/* Sixteen ways to go on; eight levels lead to an address's record. */
struct lease_node {
	uint32_t slot[16];
};

/* Two queues of free addresses; the first of a queue goes first. */
enum { POOL_BLANK, POOL_OLD, POOL_QUEUES };
struct pool {
	const struct leases *leases;
	uint32_t first, last, network;
	uint32_t number;
	uint64_t fresh; /* those below have a record or are excluded */
	uint64_t count[LEASE_STATES]; /* blank ones not counted */
	struct pool_queue {
		uint32_t head, tail;
	} queue[POOL_QUEUES];
};

#define WHEEL_LEVELS 11
#define WHEEL_SLOTS 64
struct lease_wheel {
	uint64_t time; /* nothing that is in it ends before */
	uint64_t taken[WHEEL_LEVELS]; /* slots that are not empty */
	uint32_t first[WHEEL_LEVELS][WHEEL_SLOTS];
};

struct leases {
	size_t max;
	struct lease *v; /* mapped: untouched pages take no memory */
	uint32_t used; /* v[1 .. used] were taken, */
	uint32_t spare; /* .. these of them are free (next) */
	size_t records; /* that have an address */
	uint64_t hash_key[2];
	struct lease_who who;
	struct lease_table hw;
	struct lease_wheel wheel;
	struct lease_node *nodes; /* 1 is the root */
	uint32_t nnodes, nodes_size;
	struct pool **pools; /* sorted */
	struct pool **numbered; /* the same, pool 1 at 0 */
	size_t npools, pools_size, numbered_size;
	struct excluded {
		uint32_t first, last;
		uint64_t before; /* addresses in those before this one */
	} * excluded; /* sorted, neither overlapping nor touching */
	size_t nexcluded, excluded_size;
	size_t count[LEASE_STATES];
	size_t text_bytes;
};

static inline bool
lease_is_free(const struct lease *l)
{
	return l->state == LEASE_RELEASED || l->state == LEASE_EXPIRED;
}

static inline bool
lease_is_blank(const struct lease *l)
{
	return lease_is_free(l) && l->hlen == 0 && l->idlen == 0;
}

/* Do identity and hardware address make one key? */
static inline bool
lease_one_key(const struct lease *l)
{
	return l->hlen != 0 && (l->by_hw || l->id_hw);
}

/* htype and hw. */
static inline const void *
lease_hw_key(const struct lease *l)
{
	return (const char *)l + offsetof(struct lease, htype);
}

static inline struct pool *
lease_pool(const struct leases *ls, const struct lease *l)
{
	return l->pool == 0 ? NULL : ls->numbered[l->pool - 1];
}

static inline struct lease *
lease_number(const struct leases *ls, uint32_t n)
{
	return n == 0 ? NULL : &ls->v[n];
}

/* Memory. 0 or -1 with errno. */
int leaseindex_open(struct leases *);
void leaseindex_close(struct leases *);
size_t leaseindex_bytes(const struct leases *);
/* A record in no index, all zero; NULL: there is no room. */
struct lease *leaseindex_take(struct leases *);
void leaseindex_give(struct leases *, struct lease *);

/* By address: the record, blank or not. */
uint32_t leaseindex_at(const struct leases *, uint32_t ip);
/* The first record at ip or above. */
uint32_t leaseindex_from(const struct leases *, uint32_t ip);
/* Sixteen records, from ip with its last four bits 0 on; NULL: none. */
const uint32_t *leaseindex_leaf(const struct leases *, uint32_t ip);
/* 0, or -1: no memory. */
int leaseindex_put(struct leases *, uint32_t ip, uint32_t n);

/*
 * By identity, and by hardware address: bytes of a key, hashed. One whose
 * identity is the hardware address is found by that where it is found by its
 * identity, and is in the second table only when it is not in the first.
 */
uint32_t leaseindex_hash(const struct leases *, const void *key, size_t len);
/* The next one that has this hash; after 0: the first. 0: no more. */
uint32_t leaseindex_who(const struct leases *, uint32_t hash, uint32_t after);
void leaseindex_who_add(struct leases *, struct lease *); /* by who_hash */
void leaseindex_who_remove(struct leases *, struct lease *);
/* The first of the bucket where those with this hash are. */
uint32_t leaseindex_hw(const struct leases *, uint32_t hash);
void leaseindex_hw_add(struct leases *, struct lease *);
void leaseindex_hw_remove(struct leases *, struct lease *);

/* By end, which is not LEASE_FOREVER and does not change meanwhile. */
void leasewheel_add(struct leases *, struct lease *);
void leasewheel_remove(struct leases *, struct lease *);
/*
 * One whose end has come, in the order of ends; it stays. NULL: there is none,
 * or *work, which is counted down, was not enough to get to it.
 */
struct lease *leasewheel_due(struct leases *, int64_t now, unsigned *work);
/* Not after the next end; LEASE_FOREVER: there is none. */
int64_t leasewheel_next(const struct leases *);

/* A record was made for l's address. */
void leasepool_new(struct leases *, struct lease *);
/* A free one goes to its pool, to the front or the back; and leaves it. */
void leasepool_give(struct leases *, struct lease *);
void leasepool_take(struct leases *, struct lease *);
void leasepool_close(struct leases *);
size_t leasepool_bytes(const struct leases *);

#endif
