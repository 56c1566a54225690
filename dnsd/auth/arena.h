/*
 * arena: memory of many small blocks that mostly end together: a zone's.
 *
 * Blocks are cut from chunks that grow with what is taken, big ones from huge
 * pages, so a zone of a million names needs few entries of the processor's
 * address cache. A freed block waits for the next one of its size; all end at
 * once, at the cost of the chunks. One thread at a time.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_MAX (1u << 30) /* bytes of a block */

struct arena_chunk;
/* All zeroes: empty. */
struct arena {
	uint8_t *at, *end; /* room left in the newest chunk */
	void **free; /* by class of size; NULL: none was ever freed */
	struct arena_chunk *chunks;
	size_t next; /* bytes of the next chunk */
	size_t used; /* bytes of blocks */
};

/* Of 8 bytes' alignment, not cleared. NULL: no memory, or size is above the
 * maximum. */
void *arena_alloc(struct arena *, size_t size);
/* The size that it was asked for with. NULL: nothing. */
void arena_free(struct arena *, void *, size_t size);
/* The bytes that a block of this size takes. */
size_t arena_room(size_t size);
/* Give a block another size where it is, which also what frees it must know
 * then. false: it does not take the same bytes. */
bool arena_refit(void *, size_t from, size_t to);
/* Every block is gone. */
void arena_end(struct arena *);

#endif
