/*
 * Which readers may still hold what the writer retired.
 */
#include <stddef.h>

#include "epoch.h"

static struct epoch_reader readers[EPOCH_READERS];
static _Atomic unsigned nreaders;

_Atomic uint64_t epoch_now = 1; /* 0 is offline */

struct epoch_reader *
epoch_register(void)
{
	unsigned n = atomic_load(&nreaders);

	do {
		if (n == EPOCH_READERS)
			return NULL;
	} while (!atomic_compare_exchange_weak(&nreaders, &n, n + 1));
	return &readers[n];
}

/*
 * A reader that sees the new number came online after what is retired was
 * unpublished, since that stands before the fence.
 */
uint64_t
epoch_retire(void)
{
	epoch_fence();
	return atomic_fetch_add(&epoch_now, 1) + 1;
}

bool
epoch_passed(uint64_t ticket)
{
	unsigned i, n = atomic_load(&nreaders);
	uint64_t seen;

	epoch_fence();
	for (i = 0; i < n; i++) {
		seen = atomic_load_explicit(
		    &readers[i].seen, memory_order_acquire);
		if (seen != 0 && seen < ticket)
			return false;
	}
	return true;
}
