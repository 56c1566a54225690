/*
 * What an edit changed, record by record, for the journal: found by hash, so
 * that what is undone is not told.
 */
#include <stdlib.h>
#include <string.h>

#include "zonedbpart.h"

struct change {
	struct edit_change c;
	uint32_t hash;
	uint16_t name_len;
	bool undone;
};

struct changes {
	struct change *v;
	struct edit_change *told; /* has room for all of v */
	size_t n, max;
	uint32_t *table; /* index + 1 of v; twice as many places */
	struct arena arena; /* names and data */
};

static size_t
places(const struct changes *cs)
{
	return cs->max * 2;
}

static uint32_t
hash_bytes(uint32_t hash, const uint8_t *p, size_t len)
{
	for (; len > 0; len--)
		hash = (hash ^ *p++) * UINT32_C(0x01000193);
	return hash;
}

/* The same record on its way to and fro has the same hash. */
static uint32_t
change_hash(const struct change *ch, uint32_t name_hash)
{
	uint32_t h = hash_bytes(name_hash ^ ch->c.type, ch->c.data, ch->c.len);

	return h ^ h >> 15 ^ ch->c.ttl;
}

static bool
change_same(const struct change *a, const struct change *b)
{
	return a->hash == b->hash && a->c.type == b->c.type &&
	    a->c.ttl == b->c.ttl && a->c.len == b->c.len &&
	    a->name_len == b->name_len &&
	    memcmp(a->c.name, b->c.name, a->name_len) == 0 &&
	    memcmp(a->c.data, b->c.data, a->c.len) == 0;
}

static void
changes_enter(struct changes *cs, size_t i)
{
	size_t at = cs->v[i].hash & (places(cs) - 1);

	while (cs->table[at] != 0)
		at = (at + 1) & (places(cs) - 1);
	cs->table[at] = (uint32_t)i + 1;
}

/* What this one undoes. NULL: nothing. */
static struct change *
changes_opposite(struct changes *cs, const struct change *ch)
{
	struct change *other;
	size_t at;

	if (cs->max == 0)
		return NULL;
	at = ch->hash & (places(cs) - 1);
	for (; cs->table[at] != 0; at = (at + 1) & (places(cs) - 1)) {
		other = &cs->v[cs->table[at] - 1];
		if (!other->undone && other->c.added != ch->c.added &&
		    change_same(other, ch))
			return other;
	}
	return NULL;
}

static int
changes_grow(struct changes *cs)
{
	size_t max = cs->max == 0 ? 32 : cs->max * 2, i;
	struct edit_change *told;
	struct change *v;
	uint32_t *table;

	if (max > UINT32_MAX / 2)
		return -1;
	if ((v = reallocarray(cs->v, max, sizeof(*v))) == NULL)
		return -1;
	cs->v = v;
	if ((told = reallocarray(cs->told, max, sizeof(*told))) == NULL)
		return -1;
	cs->told = told;
	if ((table = calloc(max * 2, sizeof(*table))) == NULL)
		return -1;
	free(cs->table);
	cs->table = table;
	cs->max = max;
	for (i = 0; i < cs->n; i++)
		if (!cs->v[i].undone)
			changes_enter(cs, i);
	return 0;
}

static int
changes_add(struct changes *cs, const struct change *ch)
{
	struct change *to;
	uint8_t *p;

	if (cs->n == cs->max && changes_grow(cs) == -1)
		return -1;
	p = arena_alloc(&cs->arena, ch->name_len + ch->c.len);
	if (p == NULL)
		return -1;
	to = &cs->v[cs->n];
	*to = *ch;
	memcpy(p, ch->c.name, ch->name_len);
	memcpy(p + ch->name_len, ch->c.data, ch->c.len);
	to->c.name = p;
	to->c.data = p + ch->name_len;
	changes_enter(cs, cs->n++);
	return 0;
}

void
change_record(struct edit *e, bool added, const struct node *n,
    const struct rrset *set, const uint8_t *record)
{
	struct changes *cs = e->changes;
	struct change ch, *other;

	if (cs == NULL)
		return;
	ch = (struct change){ .c = { .added = added,
				  .type = set->type,
				  .ttl = rrset_ttl(set, record),
				  .name = node_name(n),
				  .data = rrset_rdata(record),
				  .len = rrset_len(record) },
		.name_len = n->len };
	ch.hash = change_hash(&ch, n->hash);
	if ((other = changes_opposite(cs, &ch)) != NULL)
		other->undone = true;
	else if (changes_add(cs, &ch) == -1)
		e->failed = true;
}

void
change_rrset(
    struct edit *e, bool added, const struct node *n, const struct rrset *set)
{
	const uint8_t *p;

	if (e->changes == NULL)
		return;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p))
		change_record(e, added, n, set, p);
}

void
changes_free(struct changes *cs)
{
	if (cs == NULL)
		return;
	free(cs->v);
	free(cs->told);
	free(cs->table);
	arena_end(&cs->arena);
	free(cs);
}

void
edit_record(struct edit *e)
{
	changes_free(e->changes);
	if ((e->changes = calloc(1, sizeof(*e->changes))) == NULL)
		e->failed = true;
}

size_t
edit_changes(const struct edit *e, const struct edit_change **out)
{
	struct changes *cs = e->changes;
	size_t i, n = 0;
	unsigned pass;

	*out = NULL;
	if (cs == NULL)
		return 0;
	/* passes: removed SOA, removed, added SOA, added */
	for (pass = 0; pass < 4; pass++)
		for (i = 0; i < cs->n; i++)
			if (!cs->v[i].undone &&
			    cs->v[i].c.added == (pass >= 2) &&
			    (cs->v[i].c.type == TYPE_SOA) == (pass % 2 == 0))
				cs->told[n++] = cs->v[i].c;
	*out = cs->told;
	return n;
}
