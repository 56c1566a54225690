/*
 * stats: named counters in a file that any program can map.
 *
 * The file is a new inode at each start of a daemon: a header, the names, then
 * one block of 64-bit values for each worker (for each thread of one, where it
 * has threads), aligned to cache lines. A worker
 * adds to its own block alone, with plain relaxed stores: no lock, no system
 * call. When a worker ends, its gauges go with it and its counters stay in the
 * block, where the block's next worker goes on adding to them. Readers map the
 * file read-only and sum over all blocks; at no time, whoever is killed, does
 * a counter go backwards or count anything twice.
 */
#ifndef STATS_H
#define STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_NAME 48 /* bytes of a counter's name, its NUL included */
#define STATS_BLOCKS 130 /* workers, draining ones included: the usual */
#define STATS_BLOCKS_MAX 2048 /* .. and their threads */
#define STATS_KEYS 4096 /* rows of a daemon's table, at most */

enum stats_kind {
	STATS_COUNTER, /* only grows */
	STATS_GAUGE, /* goes up and down; a dead worker's is forgotten */
};

/* A daemon's table; ends with a NULL name. The index is the counter. */
struct stats_key {
	const char *name; /* "requests", "errors.not_found" */
	enum stats_kind kind;
};

/* One value of a worker's own block. */
typedef _Atomic uint64_t stats_value;

static inline void
stats_add(stats_value *block, unsigned i, uint64_t n)
{
	atomic_store_explicit(&block[i],
	    atomic_load_explicit(&block[i], memory_order_relaxed) + n,
	    memory_order_relaxed);
}

/* Gauges only: a counter goes on from what earlier workers counted. */
static inline void
stats_set(stats_value *block, unsigned i, uint64_t n)
{
	atomic_store_explicit(&block[i], n, memory_order_relaxed);
}

/* Parent. */
struct stats;

/*
 * Make the file (0644, by way of path.new, in place of an old one), of so many
 * blocks, and map it; path NULL: memory alone, for a daemon under inetd. Names
 * are of printable ASCII without space. The table is kept by reference. NULL
 * with errno; EINVAL: a bad name or too many.
 */
struct stats *stats_create(const char *path, const char *name,
    const struct stats_key *, size_t blocks);
/* Take a free block for a worker, its gauges zero; NULL: none left. */
stats_value *stats_block(struct stats *);
/* The worker that used this block is gone. */
void stats_release(struct stats *, stats_value *block);
/* Unmap, and remove the file unless another took its place. NULL: nothing. */
void stats_destroy(struct stats *);

/* Reader. */
struct stats_reader;
/* NULL with errno; EINVAL: not a whole file of ours. */
struct stats_reader *stats_open(const char *path);
void stats_close(struct stats_reader *);
const char *stats_daemon(const struct stats_reader *);
int stats_pid(const struct stats_reader *);
int64_t stats_started(const struct stats_reader *); /* seconds, real time */
size_t stats_count(const struct stats_reader *); /* i below is less */
const char *stats_name(const struct stats_reader *, size_t i);
/* The sum over all workers, gone ones included. */
uint64_t stats_sum(const struct stats_reader *, size_t i);

#endif
