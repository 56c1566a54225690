/*
 * Edits: the next snapshot of a zone in the making.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "zonedbpart.h"

/* The snapshot that is being made, and its private part, in one block. */
struct whole {
	struct snapshot s;
	struct zonedb db;
};

static struct edit *
edit_new(const struct snapshot *base, const struct dname *origin)
{
	struct edit *e = calloc(1, sizeof(*e));
	struct whole *w = calloc(1, sizeof(*w));

	if (e == NULL || w == NULL) {
		free(e);
		free(w);
		return NULL;
	}
	if (base != NULL) {
		w->s = *base;
		w->db.directory = base->db->directory;
		w->db.nsec = base->db->nsec;
		w->db.nsec3 = base->db->nsec3;
		w->db.signs = base->db->signs;
	} else {
		w->s.origin = *origin;
	}
	w->s.db = &w->db;
	w->db.snapshot = &w->s;
	e->s = &w->s;
	e->db = &w->db;
	e->base = base;
	return e;
}

/* Numbers are used up after 2^32 edits: then all that the base has is made to
 * look old, and they begin again. */
static uint32_t
edit_number(struct line *l, const struct snapshot *base)
{
	if (++l->last_edit == 0) {
		if (base != NULL)
			blocks_age(base->db);
		l->last_edit = 1;
	}
	return l->last_edit;
}

static void
edit_free(struct edit *e)
{
	free(e->index.at);
	changes_free(e->changes);
	free(e->doomed.v);
	free(e);
}

struct edit *
edit_begin(const struct snapshot *base, const struct dname *origin)
{
	struct edit *e = edit_new(base, origin);

	if (e == NULL)
		return NULL;
	e->line = base != NULL ? base->db->line : line_new();
	if (e->line == NULL) {
		free(e->s);
		edit_free(e);
		return NULL;
	}
	e->db->line = e->line;
	e->line->edits++;
	e->id = e->db->edit = edit_number(e->line, base);
	if (base != NULL) {
		snapshot_hold(base);
	} else if (table_begin(e) == -1) {
		edit_abort(e);
		return NULL;
	}
	return e;
}

/* The parent of what was made (there is one more below it). */
static struct node *
parent_gains(struct edit *e, struct node *n, bool wildcard)
{
	if ((n = node_own(e, n)) == NULL)
		return NULL;
	n->children++;
	if (wildcard)
		n->flags |= NODE_WILDCARD;
	return n;
}

static bool
is_wildcard(const uint8_t *name)
{
	return name[0] == 1 && name[1] == '*';
}

/*
 * Put a node that nobody has into the tree, with empty ones above it as far as
 * there are none (RFC 4592 section 2.2.2).
 */
static int
tree_enter(
    struct edit *e, const struct dname *name, unsigned depth, struct node *n)
{
	struct node *above;
	unsigned i;

	for (i = 0;; i++) {
		if (n == NULL || table_put(e, n) == -1)
			return -1;
		order_follow(e, NULL, n);
		if (i == depth)
			return 0;
		above = table_find(e->db->directory, name, i + 1);
		if (above != NULL)
			return parent_gains(e, above,
				   is_wildcard(dname_suffix(name, i))) != NULL ?
			    0 :
			    -1;
		if ((n = node_new(e, name, i + 1, NULL)) == NULL)
			return -1;
		n->children = 1;
		if (is_wildcard(dname_suffix(name, i)))
			n->flags = NODE_WILDCARD;
	}
}

/* Take out what has neither records nor anything below, and then the same of
 * what is above it. */
static int
tree_leave(
    struct edit *e, const struct dname *name, unsigned depth, struct node *n)
{
	unsigned i;

	for (i = 0; n->nsets == 0 && n->children == 0; i++) {
		if (table_remove(e, n) == -1)
			return -1;
		order_follow(e, n, NULL);
		node_drop(e, n);
		if (i == depth)
			return 0;
		n = table_find(e->db->directory, name, i + 1);
		if ((n = node_own(e, n)) == NULL)
			return -1;
		n->children--;
		if (is_wildcard(dname_suffix(name, i)))
			n->flags &= (uint8_t)~NODE_WILDCARD;
	}
	return 0;
}

/* What the node's RRsets say about it. Its own: it is changed in place. */
static void
node_has(struct edit *e, struct node *n, uint16_t type, bool has)
{
	uint8_t flag = 0;
	size_t *count = NULL;

	if (type == TYPE_NSEC || type == TYPE_NSEC3)
		e->db->signs += has ? 1 : SIZE_MAX;
	if (type == TYPE_NS && n->labels != e->s->origin.labels) {
		flag = NODE_CUT;
		count = &e->s->cuts;
	} else if (type == TYPE_DNAME) {
		flag = NODE_DNAME;
		if (n->labels != e->s->origin.labels)
			count = &e->s->dnames;
	}
	if (has)
		n->flags |= flag;
	else
		n->flags &= (uint8_t)~flag;
	if (count != NULL)
		*count += has ? 1 : SIZE_MAX;
}

static enum edit_result
done(const struct edit *e)
{
	return e->failed ? EDIT_FULL : EDIT_DONE;
}

/* A change to one name. */
struct aim {
	const struct dname *name;
	unsigned depth; /* labels below the origin */
	struct node *node; /* NULL: there is none */
	unsigned place; /* of the RRset in it */
	const struct rrset *set; /* NULL: there is none */
};

/* EDIT_DONE: go on. */
static enum edit_result
aim_take(struct edit *e, struct aim *a, const struct dname *name, uint16_t type)
{
	int depth;
	bool found;

	if (e->failed)
		return EDIT_FULL;
	if ((depth = dname_below(name, &e->s->origin)) == -1)
		return EDIT_OUTSIDE;
	*a = (struct aim){ .name = name, .depth = (unsigned)depth };
	a->node = table_find(e->db->directory, name, 0);
	if (a->node == NULL)
		return EDIT_DONE;
	a->place = node_place(a->node, type, &found);
	if (found)
		a->set = a->node->sets[a->place];
	return EDIT_DONE;
}

/* The first record of its type. */
static enum edit_result
add_rrset(struct edit *e, struct aim *a, const struct edit_rr *rr)
{
	struct rrset *set;
	struct node *n = a->node;

	if (n != NULL && n->nsets == NODE_SETS)
		return EDIT_FULL;
	if ((set = rrset_new(e, rr)) == NULL)
		return EDIT_FULL;
	if (n == NULL || n->nsets == 0)
		e->s->names++;
	if (n != NULL) {
		n = node_insert(e, n, a->place, set);
	} else {
		n = node_new(e, a->name, 0, set);
		if (tree_enter(e, a->name, a->depth, n) == -1)
			n = NULL;
	}
	if (n == NULL)
		return EDIT_FULL;
	e->s->rrsets++;
	e->s->records++;
	node_has(e, n, rr->type, true);
	change_rrset(e, true, n, set);
	return done(e);
}

/* CNAME, SOA, DNAME. */
static enum edit_result
replace_single(struct edit *e, struct aim *a, const struct edit_rr *rr)
{
	const struct rrset *old = a->set;
	struct rrset *set;
	struct node *n;

	if (old->ttl == rr->ttl && old->size == sizeof(uint16_t) + rr->len &&
	    memcmp(rrset_rdata(old->data), rr->data, rr->len) == 0)
		return EDIT_SAME;
	if ((set = rrset_new(e, rr)) == NULL ||
	    (n = node_set(e, a->node, a->place, set)) == NULL)
		return EDIT_FULL;
	change_rrset(e, false, n, old);
	rrset_drop(e, old);
	change_rrset(e, true, n, set);
	return done(e);
}

/* All records of the RRset get this TTL, which is not theirs. */
static const struct rrset *
retitle(struct edit *e, struct aim *a, uint32_t ttl)
{
	struct rrset *set;

	change_rrset(e, false, a->node, a->set);
	if ((set = rrset_retitle(e, a->set, ttl)) == NULL ||
	    (a->node = node_set(e, a->node, a->place, set)) == NULL)
		return NULL;
	change_rrset(e, true, a->node, set);
	return set;
}

void
edit_first_ttl(struct edit *e)
{
	e->first_ttl = true;
}

static enum edit_result
add_record(struct edit *e, struct aim *a, const struct edit_rr *rr)
{
	bool found,
	    titled = rr->type == TYPE_RRSIG || e->first_ttl ||
	    rr->ttl == a->set->ttl;
	uint32_t at = rrset_seek(e, a->set, rr, &found);
	struct rrset *set;
	struct node *n;

	if (found && titled)
		return EDIT_SAME;
	if (!found && rr->len + sizeof(uint16_t) > RRSET_BYTES - a->set->size)
		return EDIT_FULL;
	if (!titled && (a->set = retitle(e, a, rr->ttl)) == NULL)
		return EDIT_FULL;
	if (found)
		return done(e);
	if ((set = rrset_insert(e, a->set, at, rr)) == NULL ||
	    (n = node_set(e, a->node, a->place, set)) == NULL)
		return EDIT_FULL;
	e->s->records++;
	change_record(e, true, n, set, set->data + at);
	return done(e);
}

enum edit_result
edit_add(struct edit *e, const struct dname *name, const struct edit_rr *rr)
{
	enum edit_result r;
	struct aim a;

	if (rr->len + sizeof(uint16_t) > RRSET_BYTES)
		return EDIT_FULL;
	if ((r = aim_take(e, &a, name, rr->type)) != EDIT_DONE)
		return r;
	if (a.set == NULL)
		return add_rrset(e, &a, rr);
	if (rtype_is_single(rr->type))
		return replace_single(e, &a, rr);
	return add_record(e, &a, rr);
}

static enum edit_result
remove_rrset(struct edit *e, struct aim *a)
{
	const struct rrset *set = a->set;
	uint16_t type = set->type;
	struct node *n;

	change_rrset(e, false, a->node, set);
	if ((n = node_remove(e, a->node, a->place)) == NULL)
		return EDIT_FULL;
	e->s->rrsets--;
	e->s->records -= set->count;
	if (n->nsets == 0)
		e->s->names--;
	node_has(e, n, type, false);
	rrset_drop(e, set);
	if (tree_leave(e, a->name, a->depth, n) == -1)
		return EDIT_FULL;
	return done(e);
}

enum edit_result
edit_remove(struct edit *e, const struct dname *name, const struct edit_rr *rr)
{
	enum edit_result r;
	struct rrset *set;
	struct aim a;
	uint32_t at;
	bool found;

	if ((r = aim_take(e, &a, name, rr->type)) != EDIT_DONE)
		return r;
	if (a.set == NULL)
		return EDIT_SAME;
	at = rrset_seek(e, a.set, rr, &found);
	if (!found)
		return EDIT_SAME;
	if (a.set->count == 1)
		return remove_rrset(e, &a);
	change_record(e, false, a.node, a.set, a.set->data + at);
	if ((set = rrset_remove(e, a.set, at)) == NULL ||
	    node_set(e, a.node, a.place, set) == NULL)
		return EDIT_FULL;
	e->s->records--;
	return done(e);
}

enum edit_result
edit_remove_rrset(struct edit *e, const struct dname *name, uint16_t type)
{
	enum edit_result r;
	struct aim a;

	if ((r = aim_take(e, &a, name, type)) != EDIT_DONE)
		return r;
	return a.set == NULL ? EDIT_SAME : remove_rrset(e, &a);
}

const struct node *
edit_find(const struct edit *e, const struct dname *name, unsigned suffix)
{
	return table_find(e->db->directory, name, suffix);
}

const struct dname *
edit_origin(const struct edit *e)
{
	return &e->s->origin;
}

size_t
edit_bytes(const struct edit *e)
{
	return e->s->bytes;
}

void
edit_abort(struct edit *e)
{
	struct line *l = e->line;

	l->edits--;
	if (TAILQ_EMPTY(&l->snapshots) && l->edits == 0)
		line_free(l);
	else
		blocks_undo(e->db);
	if (e->base != NULL)
		snapshot_release(e->base);
	free(e->s);
	edit_free(e);
}

/* Serial and negative TTL (RFC 2308 section 3); -1: there is no SOA. */
static int
apex_read(struct edit *e)
{
	struct snapshot *s = e->s;
	const struct rrset *soa;
	const uint8_t *end;
	uint32_t minimum;

	s->apex = table_find(e->db->directory, &s->origin, 0);
	if (s->apex == NULL || (soa = node_rrset(s->apex, TYPE_SOA)) == NULL ||
	    rrset_len(soa->data) < 22)
		return -1;
	end = rrset_end(soa);
	s->serial = get32(end - 20);
	minimum = get32(end - 4);
	s->negative_ttl = minimum < soa->ttl ? minimum : soa->ttl;
	return 0;
}

/* Somebody else made the next one from the same base. */
static bool
edit_late(const struct edit *e)
{
	return e->base != NULL && TAILQ_NEXT(e->base->db, link) != NULL;
}

struct snapshot *
edit_commit(struct edit *e)
{
	struct snapshot *s = e->s;
	int error = EINVAL;

	if (e->failed || edit_late(e) || apex_read(e) == -1 ||
	    order_finish(e) == -1 || e->failed) {
		if (e->failed)
			error = ENOMEM;
		edit_abort(e);
		errno = error;
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->line->snapshots, e->db, link);
	e->line->edits--;
	if (e->base != NULL) {
		e->base->db->doomed = e->doomed;
		e->doomed = (struct doomed){ 0 };
		snapshot_release(e->base);
	}
	edit_free(e);
	return s;
}
