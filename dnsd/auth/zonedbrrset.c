/*
 * RRsets in the making: records in canonical order, none twice.
 *
 * A block that the edit made is changed in place as long as its records fit
 * in what the arena gave, which grows by quarters. In a big one a place is
 * found by an index of the one that was changed last.
 */
#include <stdlib.h>
#include <string.h>

#include "zonedbpart.h"

#define INDEXED 48 /* records from which on it pays */
#define INDEX_MAX (RRSET_BYTES / 3 + 2) /* one record may have no bytes */

static size_t
size_of(uint32_t data)
{
	return offsetof(struct rrset, data) + data;
}

size_t
rrset_size(const struct rrset *set)
{
	return size_of(set->size);
}

static uint32_t
record_size(const struct edit_rr *rr)
{
	return (uint32_t)(sizeof(uint16_t) + rr->len);
}

static void
record_put(uint8_t *p, const struct edit_rr *rr)
{
	uint16_t len = (uint16_t)rr->len;

	memcpy(p, &len, sizeof(len));
	memcpy(p + sizeof(len), rr->data, rr->len);
}

struct rrset *
rrset_new(struct edit *e, const struct edit_rr *rr)
{
	struct rrset *set = block_new(e, size_of(record_size(rr)));

	if (set == NULL)
		return NULL;
	set->type = rr->type;
	set->count = 1;
	set->ttl = rr->ttl;
	set->size = record_size(rr);
	set->edit = e->id;
	record_put(set->data, rr);
	return set;
}

void
rrset_drop(struct edit *e, const struct rrset *set)
{
	if (e->index.set == set)
		e->index.set = NULL;
	block_drop(e, (void *)(uintptr_t)set, rrset_size(set), set->edit);
}

static bool
index_make(struct edit *e, const struct rrset *set)
{
	struct rrset_index *x = &e->index;
	const uint8_t *p;
	unsigned n = 0;

	if (x->set == set)
		return true;
	if (x->at == NULL &&
	    (x->at = reallocarray(NULL, INDEX_MAX, sizeof(*x->at))) == NULL)
		return false;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p))
		x->at[n++] = (uint16_t)(p - set->data);
	x->set = set;
	return true;
}

/* After record i of now count was put in, so many bytes long. */
static void
index_insert(struct rrset_index *x, unsigned i, unsigned count, uint32_t bytes)
{
	unsigned k;

	for (k = count - 1; k > i; k--)
		x->at[k] = (uint16_t)(x->at[k - 1] + bytes);
}

/* After what was record i was taken out; count are left. */
static void
index_remove(struct rrset_index *x, unsigned i, unsigned count, uint32_t bytes)
{
	unsigned k;

	for (k = i; k < count; k++)
		x->at[k] = (uint16_t)(x->at[k + 1] - bytes);
}

static int
compare_at(const struct rrset *set, uint32_t at, const struct edit_rr *rr)
{
	const uint8_t *p = set->data + at;

	return rdata_compare(
	    set->type, rrset_rdata(p), rrset_len(p), rr->data, rr->len);
}

/* The first record that is not before rr. */
static unsigned
index_seek(const struct edit *e, const struct rrset *set,
    const struct edit_rr *rr, bool *found)
{
	unsigned low = 0, high = set->count, mid;
	int order;

	*found = false;
	while (low < high) {
		mid = (low + high) / 2;
		order = compare_at(set, e->index.at[mid], rr);
		if (order == 0)
			*found = true;
		if (order >= 0)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

uint32_t
rrset_seek(struct edit *e, const struct rrset *set, const struct edit_rr *rr,
    bool *found)
{
	const uint8_t *p;
	int order = -1;
	unsigned i;

	if (set->count >= INDEXED && index_make(e, set)) {
		i = index_seek(e, set, rr, found);
		return i < set->count ? e->index.at[i] : set->size;
	}
	for (p = set->data; p != rrset_end(set); p = rrset_next(p))
		if ((order = compare_at(set, (uint32_t)(p - set->data), rr)) >=
		    0)
			break;
	*found = order == 0;
	return (uint32_t)(p - set->data);
}

/* Which record begins there; of the set that the index is of. */
static unsigned
index_of(const struct rrset_index *x, unsigned count, uint32_t at)
{
	unsigned low = 0, high = count, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (x->at[mid] < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * A set of another size with the same records: the old one where the edit may
 * change it and there is room. The caller puts right what stands behind `at`.
 */
static struct rrset *
rrset_resize(
    struct edit *e, const struct rrset *old, uint32_t at, uint32_t size)
{
	uint32_t delta = size - old->size; /* modulo 2^32 */
	size_t from = size < old->size ? at + (old->size - size) : at;
	struct rrset *set = (struct rrset *)(uintptr_t)old;

	if (old->edit != e->id ||
	    !arena_refit(set, rrset_size(old), size_of(size))) {
		if ((set = block_new(e, size_of(size))) == NULL)
			return NULL;
		memcpy(set, old, size_of(at));
		set->edit = e->id;
	}
	memmove(set->data + (uint32_t)(from + delta), old->data + from,
	    old->size - from);
	return set;
}

/* The index follows, the old block goes. */
static void
rrset_resized(struct edit *e, const struct rrset *old, struct rrset *set,
    uint32_t at, uint32_t size)
{
	struct rrset_index *x = &e->index;
	bool indexed = x->set == old;
	unsigned i, count = old->count;

	if (indexed) {
		i = index_of(x, count, at);
		x->at[i] = (uint16_t)at;
		if (size > old->size)
			index_insert(x, i, count + 1, size - old->size);
		else
			index_remove(x, i, count - 1, old->size - size);
	}
	count = size > old->size ? count + 1 : count - 1;
	if (set != old)
		rrset_drop(e, old);
	set->size = size;
	set->count = (uint16_t)count;
	if (indexed)
		x->set = set;
}

struct rrset *
rrset_insert(struct edit *e, const struct rrset *old, uint32_t at,
    const struct edit_rr *rr)
{
	uint32_t size = old->size + record_size(rr);
	struct rrset *set = rrset_resize(e, old, at, size);

	if (set == NULL)
		return NULL;
	record_put(set->data + at, rr);
	rrset_resized(e, old, set, at, size);
	return set;
}

struct rrset *
rrset_remove(struct edit *e, const struct rrset *old, uint32_t at)
{
	uint32_t size =
	    old->size - (uint32_t)(rrset_next(old->data + at) - old->data - at);
	struct rrset *set = rrset_resize(e, old, at, size);

	if (set != NULL)
		rrset_resized(e, old, set, at, size);
	return set;
}

struct rrset *
rrset_retitle(struct edit *e, const struct rrset *old, uint32_t ttl)
{
	struct rrset *set = (struct rrset *)(uintptr_t)old;

	if (old->edit != e->id) {
		if ((set = block_new(e, rrset_size(old))) == NULL)
			return NULL;
		memcpy(set, old, rrset_size(old));
		set->edit = e->id;
		rrset_drop(e, old);
	}
	set->ttl = ttl;
	return set;
}
