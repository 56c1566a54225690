/*
 * Snapshots: what readers look into, and when an old one may go.
 */
#include <stdlib.h>

#include "epoch.h"
#include "zonedbpart.h"

/* Of the writer: lines with snapshots that wait to be freed. */
static LIST_HEAD(, line) waiting = LIST_HEAD_INITIALIZER(waiting);

const struct node *
snapshot_find(
    const struct snapshot *s, const struct dname *name, unsigned suffix)
{
	return table_find(s->db->directory, name, suffix);
}

struct place {
	const struct page *page;
	unsigned slot, slots;
};

static struct place
first_place(const struct snapshot *s, uint32_t hash)
{
	const struct directory *d = s->db->directory;
	uintptr_t entry = d->entries[directory_index(d, hash)];
	unsigned slots = page_slots[entry & 7];

	return (struct place){ (struct page *)(entry & ~(uintptr_t)7),
		(hash & 0xffff) * slots >> 16, slots };
}

void
snapshot_prefetch(
    const struct snapshot *s, const struct dname *name, unsigned suffix)
{
	struct place at = first_place(s, name->hash[suffix]);

	__builtin_prefetch(&at.page->slots[at.slot]);
}

/* A node is mostly at its place, seldom far behind it; its RRset often stands
 * right behind it. */
void
snapshot_prefetch_node(
    const struct snapshot *s, const struct dname *name, unsigned suffix)
{
	uint32_t hash = name->hash[suffix];
	struct place at = first_place(s, hash);
	unsigned end = at.slot + 8 < at.slots ? at.slot + 8 : at.slots;
	uintptr_t node;
	uint64_t v;

	for (; at.slot < end && (v = at.page->slots[at.slot]) != 0; at.slot++)
		if (v >> SLOT_SHIFT == (hash & 0xffff)) {
			node = (uintptr_t)slot_node(v);
			__builtin_prefetch((const void *)node);
			__builtin_prefetch((const void *)(node + 64));
			return;
		}
}

const struct node *
snapshot_next(const struct snapshot *s, struct snapshot_walk *w)
{
	const struct directory *d = s->db->directory;
	const struct page *p;
	uint64_t slot;

	while (w->page < (size_t)1 << d->depth) {
		p = directory_page(d, w->page);
		while (w->slot < page_slots[p->kind]) {
			if (w->slot + 8 < page_slots[p->kind])
				__builtin_prefetch(
				    slot_node(p->slots[w->slot + 8]));
			if ((slot = p->slots[w->slot++]) != 0)
				return slot_node(slot);
		}
		w->page += (size_t)1 << (d->depth - p->depth);
		w->slot = 0;
	}
	return NULL;
}

void
snapshot_hold(const struct snapshot *s)
{
	atomic_fetch_add_explicit(&s->db->holds, 1, memory_order_relaxed);
}

void
snapshot_release(const struct snapshot *s)
{
	atomic_fetch_sub_explicit(&s->db->holds, 1, memory_order_release);
}

static void
wait_for(struct line *l)
{
	if (!l->waiting)
		LIST_INSERT_HEAD(&waiting, l, link);
	l->waiting = true;
}

/* The oldest first, since what a snapshot leaves behind may stand in older ones
 * too. */
static void
retire_until(struct zonedb *last, uint64_t ticket)
{
	struct zonedb *db;

	TAILQ_FOREACH(db, &last->line->snapshots, link) {
		if (!db->retired) {
			db->retired = true;
			db->ticket = ticket;
		}
		if (db == last)
			break;
	}
	wait_for(last->line);
}

void
snapshot_retire(struct snapshot *old, struct snapshot *next)
{
	struct zonedb *last = old->db;

	if (next != NULL && next->db->line == last->line)
		last = TAILQ_PREV(next->db, snapshots, link);
	retire_until(last, epoch_retire());
}

static bool
may_go(const struct zonedb *db)
{
	return db != NULL && db->retired && epoch_passed(db->ticket) &&
	    atomic_load_explicit(&db->holds, memory_order_acquire) == 0;
}

/* All that the line's oldest snapshot alone still has. */
static void
oldest_free(struct line *l)
{
	struct zonedb *db = TAILQ_FIRST(&l->snapshots);

	TAILQ_REMOVE(&l->snapshots, db, link);
	doomed_free(&db->doomed, l);
	free(db->snapshot);
}

/*
 * While an old one is held (by a transfer, say), those behind it need not wait:
 * many updates of a big zone would leave much memory.
 */
static void
middle_free(struct line *l)
{
	struct zonedb *db = TAILQ_FIRST(&l->snapshots), *before;

	while ((before = db) != NULL && before->retired) {
		db = TAILQ_NEXT(before, link);
		while (db != NULL && may_go(db) &&
		    TAILQ_NEXT(db, link) != NULL &&
		    doomed_pass(db, before) == 0) {
			TAILQ_REMOVE(&l->snapshots, db, link);
			free(db->snapshot);
			db = TAILQ_NEXT(before, link);
		}
	}
}

/* false: it is gone, or nothing of it waits any more. */
static bool
line_reclaim(struct line *l)
{
	struct zonedb *db;

	while (may_go(TAILQ_FIRST(&l->snapshots)))
		oldest_free(l);
	middle_free(l);
	db = TAILQ_FIRST(&l->snapshots);
	if (db != NULL && db->retired)
		return true;
	LIST_REMOVE(l, link);
	l->waiting = false;
	if (db == NULL && l->edits == 0)
		line_free(l);
	return false;
}

bool
snapshot_reclaim(void)
{
	struct line *l, *next;
	bool more = false;

	for (l = LIST_FIRST(&waiting); l != NULL; l = next) {
		next = LIST_NEXT(l, link);
		if (line_reclaim(l))
			more = true;
	}
	return more;
}

void
snapshot_free(struct snapshot *s)
{
	struct zonedb *db = s->db, *before;
	struct line *l = db->line;

	if (TAILQ_NEXT(db, link) != NULL) {
		/* what was made from it has parts of it; nobody reads it */
		db->retired = true;
		wait_for(l);
		return;
	}
	before = TAILQ_PREV(db, snapshots, link);
	TAILQ_REMOVE(&l->snapshots, db, link);
	if (before != NULL) {
		blocks_undo(db);
		/* its successor is gone, so it has all of that again */
		free(before->doomed.v);
		before->doomed = (struct doomed){ 0 };
	}
	free(s);
	if (TAILQ_EMPTY(&l->snapshots) && l->edits == 0 && !l->waiting)
		line_free(l);
}
