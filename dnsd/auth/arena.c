/*
 * Sizes up to 512 are rounded to 8 bytes, those above to a quarter of their
 * power of two.
 */
#include <sys/mman.h>

#include <stdlib.h>

#include "arena.h"

#define SMALL 512u
#define SMALL_CLASSES (SMALL / 8)
#define CLASSES (SMALL_CLASSES + 4 * 21 + 1) /* up to ARENA_MAX */

#define CHUNK_FIRST 1024u
#define CHUNK_MAPPED (64u * 1024) /* from here on given back to the system */
#define CHUNK_HUGE (2u * 1024 * 1024) /* a huge page */

/*
 * The sanitizer is told what is a block and what is not; blocks then stand
 * apart, and none is taken twice.
 */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#define APART 16u
#define REUSE false
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#define APART 0u
#define REUSE true
#endif

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
};

static unsigned
class_of(size_t size)
{
	unsigned e;

	if (size <= SMALL)
		return (unsigned)(size + 7) / 8;
	e = 63 - (unsigned)__builtin_clzll((unsigned long long)size - 1);
	return SMALL_CLASSES + (e - 9) * 4 +
	    (unsigned)((size - 1) >> (e - 2) & 3) + 1;
}

size_t
arena_room(size_t size)
{
	size_t step;

	if (size <= SMALL)
		return (size + 7) & ~(size_t)7;
	step = (size_t)1 << (61 -
		   (unsigned)__builtin_clzll((unsigned long long)size - 1));
	return (size + step - 1) & ~(step - 1);
}

/* A huge page must begin at a multiple of its size: what stands before and
 * behind is given back. */
static void *
map_huge(size_t size)
{
	uint8_t *all = mmap(NULL, size + CHUNK_HUGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *p;
	size_t before;

	if (all == MAP_FAILED)
		return NULL;
	before = (CHUNK_HUGE - (uintptr_t)all % CHUNK_HUGE) % CHUNK_HUGE;
	p = all + before;
	if (before > 0)
		(void)munmap(all, before);
	if (before < CHUNK_HUGE)
		(void)munmap(p + size, CHUNK_HUGE - before);
	(void)madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static void *
map_small(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	return p;
}

static struct arena_chunk *
chunk_new(struct arena *a, size_t size)
{
	struct arena_chunk *c;

	if (size >= CHUNK_HUGE)
		c = map_huge(size);
	else if (size >= CHUNK_MAPPED)
		c = map_small(size);
	else
		c = malloc(size);
	if (c == NULL)
		return NULL;
	c->next = a->chunks;
	c->size = size;
	a->chunks = c;
	HIDE(c + 1, size - sizeof(*c));
	return c;
}

/* Room for a block, from a chunk of the next size or, where that is not much
 * bigger, from one of its own. */
static void *
chunk_take(struct arena *a, size_t size)
{
	size_t need = size + sizeof(struct arena_chunk);
	struct arena_chunk *c;

	if (a->next == 0)
		a->next = CHUNK_FIRST;
	while (a->next < CHUNK_HUGE && a->next < need * 2)
		a->next *= 2;
	if (a->next < need * 2) {
		need = (need + CHUNK_HUGE - 1) / CHUNK_HUGE * CHUNK_HUGE;
		c = chunk_new(a, need);
		return c != NULL ? c + 1 : NULL;
	}
	if ((c = chunk_new(a, a->next)) == NULL)
		return NULL;
	if (a->next < CHUNK_HUGE)
		a->next *= 2;
	a->at = (uint8_t *)(c + 1) + size;
	a->end = (uint8_t *)c + c->size;
	return c + 1;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	size_t room;
	unsigned class;
	void *p;

	if (size == 0 || size > ARENA_MAX)
		return NULL;
	room = arena_room(size);
	class = class_of(size);
	if (a->free != NULL && a->free[class] != NULL) {
		p = a->free[class];
		a->free[class] = *(void **)p;
	} else if ((size_t)(a->end - a->at) >= room + APART) {
		p = a->at;
		a->at += room + APART;
	} else if ((p = chunk_take(a, room + APART)) == NULL) {
		return NULL;
	}
	SHOW(p, size);
	a->used += room;
	return p;
}

void
arena_free(struct arena *a, void *p, size_t size)
{
	unsigned class;

	if (p == NULL)
		return;
	a->used -= arena_room(size);
	class = class_of(size);
	/* without room for the lists a block waits for the end of all */
	if (REUSE &&
	    (a->free != NULL ||
		(a->free = calloc(CLASSES, sizeof(*a->free))) != NULL)) {
		*(void **)p = a->free[class];
		a->free[class] = p;
	}
	HIDE(p, arena_room(size));
}

bool
arena_refit(void *p, size_t from, size_t to)
{
	if (arena_room(from) != arena_room(to))
		return false;
	/* a smaller one is hidden when it is freed */
	if (to > from)
		SHOW(p, to);
	return true;
}

void
arena_end(struct arena *a)
{
	struct arena_chunk *c;

	while ((c = a->chunks) != NULL) {
		a->chunks = c->next;
		SHOW(c, c->size);
		if (c->size >= CHUNK_MAPPED)
			(void)munmap(c, c->size);
		else
			free(c);
	}
	free(a->free);
	*a = (struct arena){ 0 };
}
