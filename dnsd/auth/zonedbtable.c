/*
 * The table of names: a directory of pages of pointers to nodes.
 */
#include <string.h>

#include "zonedbpart.h"

/* 128, 256, 512 bytes, 1, 2, 3, 4 kB with the head. */
const uint16_t page_slots[PAGE_KINDS] = { 15, 31, 63, 127, 255, 383, 511 };

static inline unsigned
first_slot(const struct page *p, uint64_t low16)
{
	return (unsigned)(low16 * page_slots[p->kind] >> 16);
}

static inline uint64_t
slot_make(const struct node *n)
{
	return (uint64_t)(n->hash & 0xffff) << SLOT_SHIFT | (uintptr_t)n;
}

struct node *
table_find(const struct directory *d, const struct dname *name, unsigned suffix)
{
	uint32_t hash = name->hash[suffix];
	uintptr_t entry = d->entries[directory_index(d, hash)];
	const struct page *p = (struct page *)(entry & ~(uintptr_t)7);
	unsigned slots = page_slots[entry & 7];
	unsigned i = (hash & 0xffff) * slots >> 16;
	struct node *n;
	uint64_t v;

	while ((v = p->slots[i]) != 0) {
		n = slot_node(v);
		if (v >> SLOT_SHIFT == (hash & 0xffff) && n->hash == hash &&
		    dname_is(name, suffix, node_name(n), n->len))
			return n;
		if (++i == slots)
			i = 0;
	}
	return NULL;
}

/* A page that is its own from now on, in every place of the directory. */
static void
directory_enter(struct directory *d, uint32_t hash, struct page *p)
{
	size_t n = (size_t)1 << (d->depth - p->depth);
	size_t i = directory_index(d, hash) & ~(n - 1);

	for (; n > 0; n--)
		d->entries[i++] = (uintptr_t)p | p->kind;
}

static struct page *
page_new(struct edit *e, unsigned kind, unsigned depth)
{
	struct page *p = block_new(e, page_size(kind));

	if (p == NULL)
		return NULL;
	memset(p, 0, page_size(kind));
	p->edit = e->id;
	p->kind = (uint8_t)kind;
	p->depth = (uint8_t)depth;
	return p;
}

static void
page_drop(struct edit *e, struct page *p)
{
	block_drop(e, p, page_size(p->kind), p->edit);
}

/* The page has a free slot. */
static void
page_enter(struct page *p, uint64_t slot)
{
	unsigned i = first_slot(p, slot >> SLOT_SHIFT);

	while (p->slots[i] != 0)
		if (++i == page_slots[p->kind])
			i = 0;
	p->slots[i] = slot;
	p->used++;
}

static unsigned
page_seek(const struct page *p, uint64_t slot)
{
	unsigned i = first_slot(p, slot >> SLOT_SHIFT);

	while (p->slots[i] != slot)
		if (++i == page_slots[p->kind])
			i = 0;
	return i;
}

/*
 * Free slot i: those behind it that would stand nearer to their place move up,
 * so that no search ends too early.
 */
static void
page_leave(struct page *p, unsigned i)
{
	unsigned slots = page_slots[p->kind], j = i, first;

	p->used--;
	for (;;) {
		p->slots[i] = 0;
		do {
			if (++j == slots)
				j = 0;
			if (p->slots[j] == 0)
				return;
			first = first_slot(p, p->slots[j] >> SLOT_SHIFT);
			/* stays where its place is in (i, j], cyclically */
		} while (
		    i <= j ? i < first && first <= j : i < first || first <= j);
		p->slots[i] = p->slots[j];
		i = j;
	}
}

static int
directory_own(struct edit *e)
{
	struct directory *d = e->db->directory, *copy;
	size_t size = directory_size(d->depth);

	if (d->edit == e->id)
		return 0;
	if ((copy = block_new(e, size)) == NULL)
		return -1;
	memcpy(copy, d, size);
	copy->edit = e->id;
	block_drop(e, d, size, d->edit);
	e->db->directory = copy;
	return 0;
}

static int
directory_double(struct edit *e)
{
	struct directory *d = e->db->directory, *twice;
	size_t i;

	if (d->depth == DIR_DEPTH ||
	    (twice = block_new(e, directory_size(d->depth + 1))) == NULL)
		return -1;
	twice->edit = e->id;
	twice->depth = d->depth + 1;
	for (i = 0; i < (size_t)2 << d->depth; i++)
		twice->entries[i] = d->entries[i / 2];
	block_drop(e, d, directory_size(d->depth), d->edit);
	e->db->directory = twice;
	return 0;
}

int
table_begin(struct edit *e)
{
	struct directory *d = block_new(e, directory_size(0));
	struct page *p = page_new(e, 0, 0);

	if (d == NULL || p == NULL)
		return -1;
	d->edit = e->id;
	d->depth = 0;
	d->entries[0] = (uintptr_t)p | p->kind;
	e->db->directory = d;
	return 0;
}

/* The page of the hash, to be changed. */
static struct page *
page_own(struct edit *e, uint32_t hash)
{
	struct directory *d = e->db->directory;
	struct page *p = directory_page(d, directory_index(d, hash)), *copy;

	if (p->edit == e->id)
		return p;
	if (directory_own(e) == -1 ||
	    (copy = block_new(e, page_size(p->kind))) == NULL)
		return NULL;
	memcpy(copy, p, page_size(p->kind));
	copy->edit = e->id;
	directory_enter(e->db->directory, hash, copy);
	page_drop(e, p);
	return copy;
}

static struct page *
page_grow(struct edit *e, struct page *p, uint32_t hash)
{
	struct page *bigger = page_new(e, p->kind + 1u, p->depth);
	unsigned i;

	if (bigger == NULL)
		return NULL;
	for (i = 0; i < page_slots[p->kind]; i++)
		if (p->slots[i] != 0)
			page_enter(bigger, p->slots[i]);
	directory_enter(e->db->directory, hash, bigger);
	page_drop(e, p);
	return bigger;
}

/* Halves begin as pages of the second size: even if one of them gets all that
 * was in a full page, a slot remains free. */
#define SPLIT_KIND (PAGE_KINDS - 2)
#define AHEAD 8 /* nodes that are asked for before they are looked at */

static void
page_share(const struct page *p, struct page *half[2])
{
	unsigned i, slots = page_slots[p->kind];
	struct node *n;

	for (i = 0; i < slots; i++) {
		if (i + AHEAD < slots && p->slots[i + AHEAD] != 0)
			__builtin_prefetch(slot_node(p->slots[i + AHEAD]));
		if ((n = slot_node(p->slots[i])) != NULL)
			page_enter(
			    half[n->hash >> (31 - p->depth) & 1], p->slots[i]);
	}
}

static int
page_split(struct edit *e, struct page *p, uint32_t hash)
{
	uint32_t bit = UINT32_C(1) << (31 - p->depth);
	struct page *half[2];

	if (p->depth == e->db->directory->depth && directory_double(e) == -1)
		return -1;
	half[0] = page_new(e, SPLIT_KIND, p->depth + 1u);
	half[1] = page_new(e, SPLIT_KIND, p->depth + 1u);
	if (half[0] == NULL || half[1] == NULL)
		return -1;
	page_share(p, half);
	directory_enter(e->db->directory, hash & ~bit, half[0]);
	directory_enter(e->db->directory, hash | bit, half[1]);
	page_drop(e, p);
	return 0;
}

static bool
page_full(const struct page *p)
{
	return p->used >= page_slots[p->kind] / 4 * 3;
}

int
table_put(struct edit *e, struct node *n)
{
	struct page *p;

	while ((p = page_own(e, n->hash)) != NULL && page_full(p)) {
		if (p->kind < PAGE_KINDS - 1)
			p = page_grow(e, p, n->hash);
		else if (page_split(e, p, n->hash) == -1)
			p = NULL;
		if (p == NULL)
			break;
	}
	if (p == NULL) {
		e->failed = true;
		return -1;
	}
	page_enter(p, slot_make(n));
	return 0;
}

int
table_replace(struct edit *e, const struct node *old, struct node *n)
{
	struct page *p = page_own(e, n->hash);

	if (p == NULL)
		return -1;
	p->slots[page_seek(p, slot_make(old))] = slot_make(n);
	return 0;
}

int
table_remove(struct edit *e, const struct node *n)
{
	struct page *p = page_own(e, n->hash);

	if (p == NULL)
		return -1;
	page_leave(p, page_seek(p, slot_make(n)));
	return 0;
}
