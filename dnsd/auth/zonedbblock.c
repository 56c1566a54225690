/*
 * Memory of edits and snapshots: whose a block is says the number in it.
 */
#include <stdlib.h>

#include "zonedbpart.h"

struct line *
line_new(void)
{
	struct line *l = calloc(1, sizeof(*l));

	if (l != NULL)
		TAILQ_INIT(&l->snapshots);
	return l;
}

void
line_free(struct line *l)
{
	arena_end(&l->arena);
	free(l);
}

void *
block_new(struct edit *e, size_t size)
{
	void *p = e->failed ? NULL : arena_alloc(&e->line->arena, size);

	if (p == NULL)
		e->failed = true;
	else
		e->s->bytes += arena_room(size);
	return p;
}

/* Room for n more. */
static int
doomed_room(struct doomed *d, size_t n)
{
	struct doomed_block *v;
	size_t max = d->max == 0 ? 16 : d->max;

	if (n <= d->max - d->n)
		return 0;
	while (max - d->n < n)
		max *= 2;
	if ((v = reallocarray(d->v, max, sizeof(*v))) == NULL)
		return -1;
	d->v = v;
	d->max = max;
	return 0;
}

/* Without memory for the list the block ends with the line. */
void
block_drop(struct edit *e, void *p, size_t size, uint32_t made_by)
{
	e->s->bytes -= arena_room(size);
	if (made_by == e->id)
		arena_free(&e->line->arena, p, size);
	else if (doomed_room(&e->doomed, 1) == -1)
		e->failed = true;
	else
		e->doomed.v[e->doomed.n++] =
		    (struct doomed_block){ p, (uint32_t)size, made_by };
}

int
doomed_pass(struct zonedb *db, struct zonedb *before)
{
	struct doomed_block *b = db->doomed.v, *end = b + db->doomed.n;

	if (doomed_room(&before->doomed, db->doomed.n) == -1)
		return -1;
	for (; b < end; b++)
		if (b->made_by > before->edit)
			arena_free(&db->line->arena, b->p, b->size);
		else
			before->doomed.v[before->doomed.n++] = *b;
	free(db->doomed.v);
	db->doomed = (struct doomed){ 0 };
	return 0;
}

void
doomed_free(struct doomed *d, struct line *l)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		arena_free(&l->arena, d->v[i].p, d->v[i].size);
	free(d->v);
	*d = (struct doomed){ 0 };
}

/*
 * What to do with each block of a snapshot that was made by one of its edits:
 * called for what is in a block before the block itself.
 */
struct visit {
	void (*block)(struct visit *, void *, size_t size, uint32_t *edit);
	struct line *line;
	uint32_t edit;
	bool all; /* blocks of others, too */
};

static bool
visits(const struct visit *v, uint32_t edit)
{
	return v->all || edit == v->edit;
}

static void
visit_node(struct visit *v, struct node *n)
{
	struct rrset *set;
	unsigned i;

	for (i = 0; i < n->nsets; i++) {
		set = (struct rrset *)(uintptr_t)n->sets[i];
		if (visits(v, set->edit))
			v->block(v, set, rrset_size(set), &set->edit);
	}
	v->block(v, n, node_size(n), &n->edit);
}

static void
visit_page(struct visit *v, struct page *p)
{
	struct node *n;
	unsigned i;

	for (i = 0; i < page_slots[p->kind]; i++)
		if ((n = slot_node(p->slots[i])) != NULL && visits(v, n->edit))
			visit_node(v, n);
	v->block(v, p, page_size(p->kind), &p->edit);
}

static void
visit_table(struct visit *v, struct directory *d)
{
	struct page *p;
	size_t i, next;

	for (i = 0; i < (size_t)1 << d->depth; i = next) {
		p = directory_page(d, i);
		next = i + ((size_t)1 << (d->depth - p->depth));
		if (visits(v, p->edit))
			visit_page(v, p);
	}
	v->block(v, d, directory_size(d->depth), &d->edit);
}

static void
visit_order(struct visit *v, struct order *o)
{
	struct run *run;
	uint32_t i;

	if (o->runs == NULL || !visits(v, o->runs->edit))
		return;
	for (i = 0; i < o->runs->n; i++) {
		run = o->runs->v[i].run;
		if (visits(v, run->edit))
			v->block(v, run, sizeof(*run), &run->edit);
	}
	v->block(v, o->runs, runs_size(o->runs->max), &o->runs->edit);
}

static void
visit_all(struct visit *v, struct zonedb *db)
{
	visit_order(v, &db->nsec);
	visit_order(v, &db->nsec3);
	if (db->directory != NULL && visits(v, db->directory->edit))
		visit_table(v, db->directory);
}

static void
free_block(struct visit *v, void *p, size_t size, uint32_t *edit)
{
	(void)edit;
	arena_free(&v->line->arena, p, size);
}

void
blocks_undo(struct zonedb *db)
{
	struct visit v = {
		.block = free_block, .line = db->line, .edit = db->edit
	};

	visit_all(&v, db);
}

static void
age_block(struct visit *v, void *p, size_t size, uint32_t *edit)
{
	(void)v;
	(void)p;
	(void)size;
	*edit = 0;
}

void
blocks_age(struct zonedb *db)
{
	struct visit v = { .block = age_block, .all = true };

	visit_all(&v, db);
}
