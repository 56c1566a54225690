/*
 * lease: every lease of the server, in memory.
 *
 * One struct lease for each address that was ever offered, bound or found in
 * conflict; addresses that never were have none. A pool is a range of the
 * configuration; taking an address from it, finding a lease by address or by
 * client, and expiry are O(1) or O(log n): nothing here ever walks a pool.
 *
 * A client is its identifier (option 61) or its hardware address; one client
 * may have a lease in each network (shared network) and several former ones.
 * Hashes are keyed with a random seed, so that nobody can make them collide.
 *
 * Times are seconds since the epoch. Addresses are uint32_t in host order.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LEASE_FOREVER INT64_MAX /* end of an infinite lease */
#define LEASE_ID 255 /* bytes of an identifier */
#define LEASE_HOST 255 /* bytes of a host name */
#define LEASE_AGENT 255 /* bytes of option 82 */

enum lease_state {
	LEASE_OFFERED, /* held for a client for a moment; never on disk */
	LEASE_BOUND,
	LEASE_RELEASED, /* free; kept for its last holder (affinity) */
	LEASE_EXPIRED, /* the same */
	LEASE_CONFLICT, /* declined, or someone answered a probe: until end */
};

/* Who asks. Points into the packet; copied by lease_bind and lease_offer. */
struct lease_client {
	uint8_t hlen, htype, hw[16];
	const uint8_t *id; /* option 61, or NULL */
	size_t idlen;
	bool by_hw; /* the identity is htype and hw, even if there is an id */
	bool hashed; /* by lease_hash, */
	uint32_t hash; /* .. to this */
};
_Static_assert(offsetof(struct lease_client, hw) ==
	offsetof(struct lease_client, htype) + 1,
    "both are read as one key");

/* What else a lease remembers of its client; NULL and 0 for nothing. */
struct lease_more {
	const char *host; /* name that we know it by, LDH, no dot: "printer" */
	const char *fqdn; /* the name in DNS that we added, to remove it */
	const uint8_t *agent; /* option 82 as it came */
	size_t agent_len;
	const uint8_t *vendor; /* option 60, for leasequery and event */
	size_t vendor_len;
};

struct pool;

/*
 * Read by anyone; changed only by the functions below. What a search looks at
 * comes first, so that it is in one line of the cache.
 */
struct lease {
	uint32_t ip;
	uint32_t network; /* number of the shared network */
	uint32_t who_next, who_hash; /* private, as all of this kind below */
	uint8_t state; /* enum lease_state */
	bool by_hw; /* hardware address is the identity; without id: true */
	uint8_t dns; /* ddns.h: what stands in DNS; the server sets it */
	uint8_t idlen;
	bool id_hw; /* the identifier is htype and hw, and not kept twice */
	uint8_t indexed; /* what it is in now */
	uint8_t hlen, htype, hw[16];
	int64_t start, end, last; /* last: the last message of the client */
	uint32_t hw_next, hw_prev;
	uint32_t next, prev; /* of a slot of the wheel, or a pool's queue */
	uint32_t former, pool;
	struct lease_text *text; /* identifier, names, agent: one block */
};
_Static_assert(offsetof(struct lease, hw) == offsetof(struct lease, htype) + 1,
    "both are read as one key");

struct leases; /* all of them */

struct leases *leases_new(size_t max);
void leases_free(struct leases *);
size_t leases_count(const struct leases *, enum lease_state);
/* Bytes of memory for n leases now, indexes included. */
size_t leases_bytes(const struct leases *);

/*
 * Pools, before any lease is loaded. `network` is the number of the shared
 * network that they are in. NULL: no memory.
 */
struct pool *
pool_add(struct leases *, uint32_t first, uint32_t last, uint32_t network);
/* Never given to a client that did not name it by reservation. */
int pool_exclude(struct leases *, uint32_t first, uint32_t last);
/* Addresses in all, bound ones, offered ones, conflicts, excluded ones. */
struct pool_use {
	uint64_t size, bound, offered, conflict, excluded;
};
void pool_use(const struct pool *, struct pool_use *);
/* The pool that has this address and lets it be given away, or NULL. */
struct pool *pool_of(const struct leases *, uint32_t ip);

struct lease *lease_at(const struct leases *, uint32_t ip);
/*
 * The client's lease in this network: a bound one, else an offered one, else
 * the last that it had and that nobody else got since (RFC 2131 4.3.1).
 */
struct lease *
lease_of(const struct leases *, const struct lease_client *, uint32_t network);
/*
 * Once for a client that several of these functions are called for; what it is
 * known by must not change any more.
 */
void lease_hash(const struct leases *, struct lease_client *);
/* Does the lease belong to this client? */
bool lease_is(const struct lease *, const struct lease_client *);
/* By hardware address, for leasequery; call again with the last one. */
struct lease *lease_by_hw(const struct leases *, uint8_t htype,
    const uint8_t *hw, uint8_t hlen, const struct lease *after);
/*
 * By identifier, where that is the identity: in each network the bound one,
 * the offered one and the last former one.
 */
struct lease *lease_by_id(const struct leases *, const uint8_t *id,
    size_t idlen, const struct lease *after);

/* May this address be given to the client now? (free, or its own) */
bool
lease_free_for(const struct leases *, uint32_t ip, const struct lease_client *);

/*
 * An address of the pool for a new client: one never used, else the one that
 * was released or expired longest ago. 0: the pool is full. Nothing changes.
 */
uint32_t pool_pick(const struct pool *);

/*
 * Hold an address for the client until end. A pool's or any other (a
 * reservation's). Another offer to it in this network is withdrawn; what is
 * bound to it stays bound, unchanged, and is returned. NULL: no memory, max
 * reached, not free for it, or the client has no identity at all.
 */
struct lease *lease_offer(struct leases *, uint32_t ip, uint32_t network,
    const struct lease_client *, int64_t end);
/*
 * Bind: start, or extend where it is bound to this client already. The
 * client's offers and bound leases of this network at other addresses are
 * released (lease_of finds a bound one before, for a caller that has to do
 * more about it). What lease_remember told of another holder is forgotten,
 * and dns becomes 0. NULL as above.
 */
struct lease *lease_bind(struct leases *, uint32_t ip, uint32_t network,
    const struct lease_client *, int64_t now, int64_t end);
/* What it remembers; copied. 0, or -1: no memory, nothing changed. */
int lease_remember(struct leases *, struct lease *, const struct lease_more *);
void lease_recall(const struct lease *, struct lease_more *);
/* Its identifier, NULL and 0 where it came without. */
const uint8_t *lease_id(const struct lease *, size_t *len);

void lease_release(struct leases *, struct lease *, int64_t now);
/*
 * Nobody gets it until end; there need not be a lease yet (a probe was
 * answered). NULL: no memory.
 */
struct lease *lease_conflict(
    struct leases *, uint32_t ip, uint32_t network, int64_t now, int64_t end);
/* Free an address by hand, whatever its state; end becomes now. */
void lease_clear(struct leases *, struct lease *, int64_t now);

/*
 * The next one whose end has come: a bound one is LEASE_EXPIRED now, one in
 * conflict LEASE_RELEASED, kept for its last holder if there was one. An offer
 * that ends is as if it never was made, and not returned. NULL: none is due,
 * if lease_next_end is after now; else call again soon, there was much to do.
 */
struct lease *lease_expire(struct leases *, int64_t now);
/* No later than the next one is due; LEASE_FOREVER: none ever is. */
int64_t lease_next_end(const struct leases *);

/*
 * Take over a record that was read, with its network set; of two for an address
 * the one loaded later wins (clocks may have been set back). Nothing else is
 * released. NULL: no memory, max reached, or an offer.
 */
struct lease *lease_load(struct leases *, const struct lease *record,
    const struct lease_client *, const struct lease_more *);

/*
 * Each lease in the order of addresses that have one; NULL at the end. `after`
 * NULL: the first. Safe while leases change between calls.
 */
struct lease *lease_next(const struct leases *, const struct lease *after);
/*
 * Each lease as it should stand on disk, until `save` says false: no offers,
 * but what they cover; free ones last, those of a pool in the order in which
 * it gives them away; no free ones outside all pools unless in DNS. Loaded in
 * this order they mean the same. Allocates nothing. false: `save` said so.
 */
bool lease_save(const struct leases *,
    bool (*save)(void *arg, const struct lease *), void *arg);

const char *lease_state_name(enum lease_state);

#endif
