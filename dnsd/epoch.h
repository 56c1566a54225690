/*
 * epoch: threads that read what one thread replaces, without a lock.
 *
 * The writer publishes a new version by storing a pointer and retires the old
 * one; that is freed when every reader has been offline, or said that it holds
 * nothing, since. Readers say so between batches and are offline while they
 * block, so a reader that waits for the network delays nothing.
 */
#ifndef EPOCH_H
#define EPOCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define EPOCH_READERS 512

/* One for each reading thread; a cache line of its own. */
struct epoch_reader {
	_Alignas(64) _Atomic uint64_t seen; /* 0: offline */
};

/* NULL: there are EPOCH_READERS already. Never given back. */
struct epoch_reader *epoch_register(void);

extern _Atomic uint64_t epoch_now;

/* The race detector knows no fences, and what is atomic to it is ordered. */
#if defined(__SANITIZE_THREAD__)
#define EPOCH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EPOCH_TSAN 1
#endif
#endif

static inline void
epoch_fence(void)
{
#ifndef EPOCH_TSAN
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

/*
 * From here on what is read stays. What was read before is left behind: the
 * store releases it. The fence keeps reads that follow behind the store.
 */
static inline void
epoch_online(struct epoch_reader *r)
{
	atomic_store_explicit(&r->seen,
	    atomic_load_explicit(&epoch_now, memory_order_acquire),
	    memory_order_release);
	epoch_fence();
}
/* Nothing that was read is held any more. */
static inline void
epoch_offline(struct epoch_reader *r)
{
	atomic_store_explicit(&r->seen, 0, memory_order_release);
}
/* Both at once, between two batches. */
static inline void
epoch_quiet(struct epoch_reader *r)
{
	epoch_online(r);
}

/* Writer: what was unpublished before this call is retired; the ticket. */
uint64_t epoch_retire(void);
/* Writer: may what has this ticket be freed now? */
bool epoch_passed(uint64_t ticket);

#endif
