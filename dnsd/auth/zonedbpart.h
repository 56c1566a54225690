/*
 * zonedbpart: what the files of zonedb share among themselves.
 *
 * Table: extendible hashing. The directory is indexed by the upper bits of a
 * name's hash; a page holds what its entries (one, or a power of two) have in
 * common, and is split when it is full, so growth moves one page's nodes at a
 * time and a changed copy shares all pages but those that it changed. Within a
 * page a node stands at the place that the hash's lower 16 bits say, or behind
 * it (linear probing); those bits stand in the slot above the pointer, so that
 * other nodes are rarely looked at.
 *
 * Everything that an edit may change in place bears the edit's number. What
 * bears another is copied, and the original goes to the edit's list of what
 * the base has and the next one has not.
 */
#ifndef ZONEDBPART_H
#define ZONEDBPART_H

#include <sys/queue.h>

#include <stdatomic.h>

#include "arena.h"
#include "zonedb.h"

/* Table */
#define PAGE_KINDS 7
#define DIR_DEPTH 22 /* bits of the hash, at most */
#define SLOT_SHIFT 48 /* what stands above is of the hash */
#define SLOT_NODE ((UINT64_C(1) << SLOT_SHIFT) - 1)

struct page {
	uint32_t edit;
	uint16_t used;
	uint8_t depth; /* bits of the hash that all have in common */
	uint8_t kind;
	uint64_t slots[];
};
/* How many slots; a page of them takes a whole power of two of bytes, or one
 * and a half. */
extern const uint16_t page_slots[PAGE_KINDS];

struct directory {
	uint32_t edit;
	uint32_t depth;
	uintptr_t entries[]; /* a page, and its kind in the lower bits */
};

static inline struct page *
directory_page(const struct directory *d, size_t i)
{
	return (struct page *)(d->entries[i] & ~(uintptr_t)7);
}
static inline size_t
directory_index(const struct directory *d, uint32_t hash)
{
	return hash >> 1 >> (31 - d->depth);
}
static inline struct node *
slot_node(uint64_t slot)
{
	return (struct node *)(uintptr_t)(slot & SLOT_NODE);
}
static inline size_t
directory_size(unsigned depth)
{
	return sizeof(struct directory) + (sizeof(uintptr_t) << depth);
}
static inline size_t
page_size(unsigned kind)
{
	return sizeof(struct page) + page_slots[kind] * sizeof(uint64_t);
}

/* Order of signed names: runs, each found by the first of its members. */
#define RUN_MEMBERS 255
struct member {
	uint64_t key; /* first bytes of the name in canonical order */
	const struct node *node;
};
struct run {
	uint32_t edit;
	uint32_t n;
	struct member members[RUN_MEMBERS];
};
struct runs {
	uint32_t edit;
	uint32_t n, max;
	struct {
		uint64_t key; /* of its first member */
		struct run *run;
	} v[];
};
static inline size_t
runs_size(uint32_t max)
{
	return offsetof(struct runs, v) +
	    max * sizeof(((struct runs *)0)->v[0]);
}
struct order {
	struct runs *runs; /* NULL: empty */
};

/* Blocks that end with a snapshot. */
struct doomed {
	struct doomed_block {
		void *p;
		uint32_t size;
		uint32_t made_by; /* the edit */
	} * v;
	size_t n, max;
};

/* Snapshots made from each other, oldest first; they share memory. */
struct line {
	struct arena arena;
	TAILQ_HEAD(snapshots, zonedb) snapshots;
	uint32_t last_edit;
	unsigned edits; /* under way */
	bool waiting; /* in the list of those with retired snapshots */
	LIST_ENTRY(line) link;
};

struct zonedb {
	struct directory *directory;
	struct order nsec, nsec3;
	size_t signs; /* RRsets of types NSEC and NSEC3 */
	struct snapshot *snapshot;
	struct line *line;
	TAILQ_ENTRY(zonedb) link;
	uint32_t edit; /* that made it */
	bool retired;
	uint64_t ticket; /* of its epoch */
	_Atomic unsigned holds;
	struct doomed doomed; /* what the next one has not */
};

struct changes;
/* Of one big RRset, so that a place in it is found by bisection. */
struct rrset_index {
	const struct rrset *set; /* NULL: of none */
	uint16_t *at; /* where its records begin */
};

struct edit {
	uint32_t id;
	bool failed; /* no memory: nothing more is done */
	bool first_ttl; /* of an RRset counts, not the last */
	struct snapshot *s; /* in the making */
	struct zonedb *db; /* its */
	const struct snapshot *base;
	struct line *line;
	struct doomed doomed;
	struct rrset_index index;
	struct changes *changes; /* NULL: not recorded */
};

/* zonedbblock.c: memory of an edit. */
struct line *line_new(void);
void line_free(struct line *);
void *block_new(struct edit *, size_t size); /* NULL: failed is set */
/* made_by: the number in it. */
void block_drop(struct edit *, void *, size_t size, uint32_t made_by);
void doomed_free(struct doomed *, struct line *);
/*
 * What ends with `db`, which nobody reads any more, while the one before it is
 * read still: blocks made since are freed, the rest ends with that one. -1: no
 * memory, and nothing happened.
 */
int doomed_pass(struct zonedb *db, struct zonedb *before);
/* Everything that bears the snapshot's number is freed. */
void blocks_undo(struct zonedb *);
/* Everything is made to bear the number 0. */
void blocks_age(struct zonedb *);

/* zonedbtable.c */
struct node *
table_find(const struct directory *, const struct dname *, unsigned suffix);
/* The three change the edit's table; 0, or -1: no memory. */
int table_put(struct edit *, struct node *);
int table_replace(struct edit *, const struct node *old, struct node *);
int table_remove(struct edit *, const struct node *);
int table_begin(struct edit *);

/* zonedbnode.c: nodes; each returns one that bears the edit's number. NULL:
 * no memory. */
size_t node_size(const struct node *);
struct node *node_new(struct edit *, const struct dname *, unsigned suffix,
    struct rrset *); /* NULL: without one. It is in no table yet */
struct node *node_own(struct edit *, struct node *);
/* The place of the type; *found: it is there. */
unsigned node_place(const struct node *, uint16_t type, bool *found);
struct node *
node_insert(struct edit *, struct node *, unsigned place, struct rrset *);
struct node *node_remove(struct edit *, struct node *, unsigned place);
/* Another RRset of the same type. */
struct node *
node_set(struct edit *, struct node *, unsigned place, struct rrset *);
void node_drop(struct edit *, struct node *);

/* zonedbrrset.c */
size_t rrset_size(const struct rrset *);
struct rrset *rrset_new(struct edit *, const struct edit_rr *);
/* Where the record stands, or would. */
uint32_t rrset_seek(
    struct edit *, const struct rrset *, const struct edit_rr *, bool *found);
struct rrset *rrset_insert(
    struct edit *, const struct rrset *, uint32_t at, const struct edit_rr *);
struct rrset *rrset_remove(struct edit *, const struct rrset *, uint32_t at);
struct rrset *rrset_retitle(struct edit *, const struct rrset *, uint32_t ttl);
void rrset_drop(struct edit *, const struct rrset *);

/* zonedborder.c */
/* Nodes took each other's place; one of them may be NULL. */
void order_follow(struct edit *, const struct node *old, const struct node *);
/* A node that bears the edit's number has another RRset of the type. */
void order_changed(struct edit *, const struct node *, uint16_t type);
/* At commit: what NSEC3PARAM says, and the orders if they are not right. */
int order_finish(struct edit *);

/* zonedbchange.c: nothing where changes are not recorded. */
void change_record(struct edit *, bool added, const struct node *,
    const struct rrset *, const uint8_t *record);
void change_rrset(
    struct edit *, bool added, const struct node *, const struct rrset *);
void changes_free(struct changes *);

#endif
