/*
 * Nodes: one block each, so that another number of RRsets is another node.
 */
#include <string.h>

#include "zonedbpart.h"

/* The types of a node's RRsets stand behind its name. */
static inline const uint8_t *
node_types(const struct node *n)
{
	return node_name(n) + n->len;
}

static inline uint16_t
node_type(const struct node *n, unsigned i)
{
	uint16_t type;

	memcpy(&type, node_types(n) + i * sizeof(type), sizeof(type));
	return type;
}

static size_t
size_of(unsigned nsets, unsigned len)
{
	return sizeof(struct node) +
	    nsets * (sizeof(struct rrset *) + sizeof(uint16_t)) + len;
}

size_t
node_size(const struct node *n)
{
	return size_of(n->nsets, n->len);
}

const struct rrset *
node_rrset(const struct node *n, uint16_t type)
{
	unsigned i;

	for (i = 0; i < n->nsets; i++)
		if (node_type(n, i) == type)
			return n->sets[i];
	return NULL;
}

unsigned
node_place(const struct node *n, uint16_t type, bool *found)
{
	unsigned i = 0;

	while (i < n->nsets && node_type(n, i) < type)
		i++;
	*found = i < n->nsets && node_type(n, i) == type;
	return i;
}

/* Where the name begins, and the types behind it. */
static uint8_t *
tail(struct node *to)
{
	return (uint8_t *)&to->sets[to->nsets];
}

struct node *
node_new(struct edit *e, const struct dname *name, unsigned suffix,
    struct rrset *set)
{
	size_t len = dname_suffix_len(name, suffix);
	unsigned nsets = set != NULL;
	struct node *n = block_new(e, size_of(nsets, (unsigned)len));

	if (n == NULL)
		return NULL;
	*n = (struct node){ .hash = name->hash[suffix],
		.len = (uint8_t)len,
		.labels = (uint8_t)(name->labels - suffix),
		.nsets = (uint8_t)nsets,
		.edit = e->id };
	memcpy(tail(n), dname_suffix(name, suffix), len);
	if (set != NULL) {
		n->sets[0] = set;
		memcpy(tail(n) + len, &set->type, sizeof(set->type));
	}
	return n;
}

void
node_drop(struct edit *e, struct node *n)
{
	block_drop(e, n, node_size(n), n->edit);
}

static struct node *
node_like(struct edit *e, const struct node *n, unsigned nsets)
{
	struct node *to = block_new(e, size_of(nsets, n->len));

	if (to == NULL)
		return NULL;
	*to = *n;
	to->nsets = (uint8_t)nsets;
	to->edit = e->id;
	memcpy(tail(to), node_name(n), n->len);
	return to;
}

/* The new one stands where the old one stood. */
static struct node *
node_take_place(struct edit *e, struct node *old, struct node *n)
{
	if (table_replace(e, old, n) == -1) {
		node_drop(e, n);
		return NULL;
	}
	order_follow(e, old, n);
	node_drop(e, old);
	return n;
}

struct node *
node_own(struct edit *e, struct node *old)
{
	struct node *n;

	if (old->edit == e->id)
		return old;
	if ((n = node_like(e, old, old->nsets)) == NULL)
		return NULL;
	memcpy(n->sets, old->sets, old->nsets * sizeof(n->sets[0]));
	memcpy(tail(n) + n->len, node_types(old), n->nsets * sizeof(uint16_t));
	return node_take_place(e, old, n);
}

struct node *
node_insert(struct edit *e, struct node *old, unsigned place, struct rrset *set)
{
	struct node *n = node_like(e, old, old->nsets + 1u);
	unsigned after = old->nsets - place;
	const uint8_t *from;
	uint8_t *to;

	if (n == NULL)
		return NULL;
	memcpy(n->sets, old->sets, place * sizeof(n->sets[0]));
	n->sets[place] = set;
	memcpy(
	    n->sets + place + 1, old->sets + place, after * sizeof(n->sets[0]));
	from = node_types(old);
	to = tail(n) + n->len;
	memcpy(to, from, place * sizeof(uint16_t));
	memcpy(to + place * sizeof(uint16_t), &set->type, sizeof(uint16_t));
	memcpy(to + (place + 1) * sizeof(uint16_t),
	    from + place * sizeof(uint16_t), after * sizeof(uint16_t));
	return node_take_place(e, old, n);
}

struct node *
node_remove(struct edit *e, struct node *old, unsigned place)
{
	struct node *n = node_like(e, old, old->nsets - 1u);
	unsigned after = old->nsets - 1u - place;
	const uint8_t *from;
	uint8_t *to;

	if (n == NULL)
		return NULL;
	memcpy(n->sets, old->sets, place * sizeof(n->sets[0]));
	memcpy(
	    n->sets + place, old->sets + place + 1, after * sizeof(n->sets[0]));
	from = node_types(old);
	to = tail(n) + n->len;
	memcpy(to, from, place * sizeof(uint16_t));
	memcpy(to + place * sizeof(uint16_t),
	    from + (place + 1) * sizeof(uint16_t), after * sizeof(uint16_t));
	return node_take_place(e, old, n);
}

struct node *
node_set(struct edit *e, struct node *n, unsigned place, struct rrset *set)
{
	if ((n = node_own(e, n)) == NULL)
		return NULL;
	n->sets[place] = set;
	order_changed(e, n, set->type);
	return n;
}
