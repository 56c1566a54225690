/*
 * zonedb: the names of a zone and their RRsets: immutable snapshots that
 * readers use without a lock, and edits that make the next one.
 *
 * A snapshot is a table of pages of pointers to nodes, found by the hash of
 * the whole name. An edit copies what it changes (pages, nodes, RRsets; the
 * table of pages), so that its cost follows the size of the change; an edit of
 * nothing (a load) changes in place. What the next snapshot no longer has
 * belongs to the one before, and is freed with it.
 *
 * Every name between a name with records and the origin has a node, if need
 * be an empty one (RFC 4592 section 2.2.2), so closest enclosers are found by
 * cutting labels.
 *
 * Signed zones have an order besides: of the names with NSEC, or of the
 * hashes of NSEC3 (auth/denial.h).
 */
#ifndef ZONEDB_H
#define ZONEDB_H

#include "dname.h"
#include "rdata.h"
#include "rrset.h"

struct node {
	uint32_t hash;
	uint32_t children; /* nodes one label longer */
	uint8_t len; /* of the name */
	uint8_t labels;
	uint8_t nsets; /* RRsets, NODE_SETS at most */
	uint8_t flags;
	uint32_t edit; /* that made it: may change it */
	const struct rrset *sets[]; /* by type; then the name, wire form; then
				       the types (uint16_t, not aligned) */
};
enum node_flags {
	NODE_CUT = 1, /* NS, and not the origin (RFC 1034 section 4.2) */
	NODE_DNAME = 2,
	NODE_WILDCARD = 4, /* a child is "*" */
};
#define NODE_SETS 200

static inline const uint8_t *
node_name(const struct node *n)
{
	return (const uint8_t *)&n->sets[n->nsets];
}
/* NULL: it has none. */
const struct rrset *node_rrset(const struct node *, uint16_t type);

struct snapshot {
	struct dname origin;
	const struct node *apex; /* has SOA and NS */
	uint32_t serial;
	uint32_t negative_ttl; /* min(SOA's TTL, MINIMUM): RFC 2308 section 3 */
	size_t names; /* that have records */
	size_t rrsets, records, bytes; /* bytes: of memory */
	size_t cuts, dnames; /* nodes below the origin that have them */
	bool nsec, nsec3; /* signed; nsec3 has parameters: */
	struct nsec3_conf {
		uint8_t algorithm, salt_len;
		uint16_t iterations;
		uint8_t salt[255];
	} nsec3_conf;
	/* private: pages, order, references, what dies with it */
	struct zonedb *db;
};

/* The node of the suffix, which is the origin or below it; NULL: none. */
const struct node *
snapshot_find(const struct snapshot *, const struct dname *, unsigned suffix);
/*
 * Ask the cache for what snapshot_find will look at: first the place in the
 * table; a little later, when that is there, the node.
 */
void snapshot_prefetch(
    const struct snapshot *, const struct dname *, unsigned suffix);
void snapshot_prefetch_node(
    const struct snapshot *, const struct dname *, unsigned suffix);

/*
 * The node of the name at or before this one in canonical order that has an
 * NSEC (RFC 4034); of the NSEC3 owner whose hash is at or before this one
 * (RFC 5155 section 1.3), 20 bytes. The last one comes before the first.
 * NULL: the zone has none.
 */
const struct node *snapshot_nsec(const struct snapshot *, const struct dname *);
const struct node *
snapshot_nsec3(const struct snapshot *, const uint8_t hash[20]);

/* Have both the same records? Names may differ in case. */
bool snapshot_same(const struct snapshot *, const struct snapshot *);

/* Every node, in no order; begin with a walk of zeroes. NULL: that was all. */
struct snapshot_walk {
	size_t page, slot;
};
const struct node *
snapshot_next(const struct snapshot *, struct snapshot_walk *);

/*
 * Who reads over longer than an epoch (a transfer) holds the snapshot: taken
 * within an epoch, given back by any thread.
 */
void snapshot_hold(const struct snapshot *);
void snapshot_release(const struct snapshot *);
/*
 * Writer: `next` (NULL: none) took its place and nobody new will see it. What
 * was committed between the two and never published is retired with it.
 */
void snapshot_retire(struct snapshot *old, struct snapshot *next);
/* Writer: free retired ones that nobody reads any more, of all zones. false:
 * none is left. */
bool snapshot_reclaim(void);

/* Edits; any number of them at once, those that have a base in one thread. */
struct edit;
/*
 * base NULL: an empty zone. Else the newest of its line (published or not),
 * which the edit holds. NULL: no memory.
 */
struct edit *
edit_begin(const struct snapshot *base, const struct dname *origin);
/*
 * From now on another TTL than that of the RRset is passed over: a master file
 * that gives its records different ones (RFC 2181 section 5.2) is read so.
 */
void edit_first_ttl(struct edit *);
/* Remember changes, for edit_changes; those before this call are forgotten. */
void edit_record(struct edit *);

enum edit_result {
	EDIT_DONE,
	EDIT_SAME, /* it was so: nothing changed */
	EDIT_OUTSIDE, /* not at or below the origin */
	EDIT_FULL, /* above the limits of an RRset or a node, or no memory */
};
struct edit_rr {
	uint16_t type;
	uint32_t ttl;
	const uint8_t *data; /* stored rdata (rdata.h) */
	size_t len;
};
/*
 * One record. A second SOA, CNAME or DNAME of a name takes the first one's
 * place; another TTL becomes that of the whole RRset (RFC 2136 section
 * 3.4.2.2), but for RRSIGs (rrset_ttl).
 */
enum edit_result
edit_add(struct edit *, const struct dname *, const struct edit_rr *);
/* The record with this type and data; its TTL does not count. */
enum edit_result
edit_remove(struct edit *, const struct dname *, const struct edit_rr *);
enum edit_result
edit_remove_rrset(struct edit *, const struct dname *, uint16_t type);
/* Make the zone what the other one is, its SOA included. 0, or -1: a limit, or
 * no memory; then it is half done. */
int edit_become(struct edit *, const struct snapshot *);
/* The edit as it is now. NULL: there is none. */
const struct node *
edit_find(const struct edit *, const struct dname *, unsigned suffix);
const struct dname *edit_origin(const struct edit *);
size_t edit_bytes(const struct edit *); /* memory, for limits */

/*
 * Records added and removed since edit_record, each once and none that was both
 * added and removed: first what was removed, then what was added, SOA first in
 * each (the order of IXFR). Valid until the next change.
 */
struct edit_change {
	bool added;
	uint16_t type;
	uint32_t ttl;
	const uint8_t *name; /* wire form */
	const uint8_t *data;
	size_t len;
};
size_t edit_changes(const struct edit *, const struct edit_change **);

/*
 * The new snapshot, not yet seen by anybody; the edit is freed. NULL (and the
 * edit is freed, and nothing changed): no memory, or the zone would have no
 * SOA at its origin.
 */
struct snapshot *edit_commit(struct edit *);
void edit_abort(struct edit *);
/* Of a snapshot that nobody ever saw; newest first. Writer, where it was made
 * from another one. */
void snapshot_free(struct snapshot *);

#endif
