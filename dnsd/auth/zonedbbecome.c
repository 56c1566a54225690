/*
 * A zone made like another one: RRsets that differ are taken out and put in
 * whole; what of them stays is not told as a change (zonedbchange.c).
 */
#include <stdlib.h>
#include <string.h>

#include "zonedbpart.h"

struct obsolete {
	const uint8_t *name;
	uint16_t type;
};
struct obsoletes {
	struct obsolete *v;
	size_t n, max;
	struct arena names;
};

static bool
same(const struct rrset *a, const struct rrset *b)
{
	return a != NULL && b != NULL && a->size == b->size &&
	    (a->ttl == b->ttl || a->type == TYPE_RRSIG) &&
	    memcmp(a->data, b->data, a->size) == 0;
}

/* The name is copied: its node may go before the list ends. */
static int
obsolete_add(struct obsoletes *o, const struct node *n, uint16_t type)
{
	size_t max = o->max == 0 ? 64 : o->max * 2;
	struct obsolete *v = o->v;
	uint8_t *name;

	if (o->n == o->max) {
		if ((v = reallocarray(v, max, sizeof(*v))) == NULL)
			return -1;
		o->v = v;
		o->max = max;
	}
	if ((name = arena_alloc(&o->names, n->len)) == NULL)
		return -1;
	memcpy(name, node_name(n), n->len);
	o->v[o->n++] = (struct obsolete){ name, type };
	return 0;
}

static int
obsolete_find(
    struct obsoletes *o, const struct edit *e, const struct snapshot *to)
{
	struct snapshot_walk walk = { 0 };
	const struct node *n, *other;
	struct dname name;
	unsigned i;

	while ((n = snapshot_next(e->s, &walk)) != NULL) {
		if (n->nsets == 0 ||
		    dname_set(&name, node_name(n), n->len) == -1)
			continue;
		other = snapshot_find(to, &name, 0);
		for (i = 0; i < n->nsets; i++)
			if ((other == NULL ||
				!same(n->sets[i],
				    node_rrset(other, n->sets[i]->type))) &&
			    obsolete_add(o, n, n->sets[i]->type) == -1)
				return -1;
	}
	return 0;
}

static int
obsolete_remove(const struct obsoletes *o, struct edit *e)
{
	struct dname name;
	size_t i;

	for (i = 0; i < o->n; i++)
		if (dname_set(&name, o->v[i].name, DNS_NAME) == -1 ||
		    edit_remove_rrset(e, &name, o->v[i].type) != EDIT_DONE)
			return -1;
	return 0;
}

static int
add_all(struct edit *e, const struct dname *name, const struct rrset *set)
{
	struct edit_rr rr = { .type = set->type };
	enum edit_result r;
	const uint8_t *p;

	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		rr.ttl = rrset_ttl(set, p);
		rr.data = rrset_rdata(p);
		rr.len = rrset_len(p);
		r = edit_add(e, name, &rr);
		if (r != EDIT_DONE && r != EDIT_SAME)
			return -1;
	}
	return 0;
}

static int
add_missing(struct edit *e, const struct snapshot *to)
{
	struct snapshot_walk walk = { 0 };
	const struct node *n, *own;
	struct dname name;
	unsigned i;

	while ((n = snapshot_next(to, &walk)) != NULL) {
		if (n->nsets == 0 ||
		    dname_set(&name, node_name(n), n->len) == -1)
			continue;
		for (i = 0; i < n->nsets; i++) {
			own = edit_find(e, &name, 0);
			if ((own == NULL ||
				node_rrset(own, n->sets[i]->type) == NULL) &&
			    add_all(e, &name, n->sets[i]) == -1)
				return -1;
		}
	}
	return 0;
}

int
edit_become(struct edit *e, const struct snapshot *to)
{
	struct obsoletes o = { 0 };
	int status = -1;

	if (obsolete_find(&o, e, to) == 0 && obsolete_remove(&o, e) == 0)
		status = add_missing(e, to);
	free(o.v);
	arena_end(&o.names);
	return status;
}

bool
snapshot_same(const struct snapshot *a, const struct snapshot *b)
{
	struct snapshot_walk walk = { 0 };
	const struct node *n, *other;
	struct dname name;
	unsigned i;

	if (a->names != b->names || a->rrsets != b->rrsets ||
	    a->records != b->records)
		return false;
	while ((n = snapshot_next(a, &walk)) != NULL) {
		if (n->nsets == 0)
			continue;
		if (dname_set(&name, node_name(n), n->len) == -1 ||
		    (other = snapshot_find(b, &name, 0)) == NULL ||
		    other->nsets != n->nsets)
			return false;
		for (i = 0; i < n->nsets; i++)
			if (!same(n->sets[i],
				node_rrset(other, n->sets[i]->type)))
				return false;
	}
	return true;
}
