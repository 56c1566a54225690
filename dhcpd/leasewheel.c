/*
 * When leases end: a hierarchical timing wheel. Of a time's bits each six are
 * the number of a slot of one level; a lease stands at the level of the first
 * six in which its end differs from the wheel's own time, in the slot that its
 * end says. When the time comes to a slot, its leases move to lower levels; in
 * a slot of the lowest all end in the same second. So each is moved a few times
 * in its life, whatever else there is, and eleven levels hold any time.
 *
 * The time goes back for a lease that ends before it. Others may then stand
 * lower than they should and their slots come too early, never too late: then
 * they are put where they belong.
 */
#include "leasepart.h"

#define BITS 6
#define SLOTS WHEEL_SLOTS
#define FIRST (1u << 31) /* in prev: it is the first, and of which slot */

_Static_assert(SLOTS == 1 << BITS, "slots are counted by a level's bits");

static uint64_t
end_of(const struct lease *l)
{
	return l->end < 0 ? 0 : (uint64_t)l->end;
}

static void
place(struct leases *ls, struct lease *l)
{
	struct lease_wheel *w = &ls->wheel;
	uint64_t end = end_of(l), differs = (end ^ w->time) | 1;
	unsigned level = (63 - (unsigned)__builtin_clzll(differs)) / BITS;
	unsigned at = end >> level * BITS & (SLOTS - 1);
	uint32_t *first = &w->first[level][at];

	l->next = *first;
	l->prev = FIRST | (level * SLOTS + at);
	if (*first != 0)
		ls->v[*first].prev = l - ls->v;
	*first = l - ls->v;
	w->taken[level] |= UINT64_C(1) << at;
}

void
leasewheel_add(struct leases *ls, struct lease *l)
{
	if (end_of(l) < ls->wheel.time)
		ls->wheel.time = end_of(l);
	place(ls, l);
	l->indexed |= IN_WHEEL;
}

void
leasewheel_remove(struct leases *ls, struct lease *l)
{
	struct lease_wheel *w = &ls->wheel;
	unsigned level = (l->prev & ~FIRST) / SLOTS, at = l->prev % SLOTS;

	if (!(l->indexed & IN_WHEEL))
		return;
	l->indexed &= ~IN_WHEEL;
	if (l->next != 0)
		ls->v[l->next].prev = l->prev;
	if (!(l->prev & FIRST))
		ls->v[l->prev].next = l->next;
	else if ((w->first[level][at] = l->next) == 0)
		w->taken[level] &= ~(UINT64_C(1) << at);
}

/* The next slot of a level that is not empty, and when it comes. */
static uint64_t
level_next(const struct lease_wheel *w, unsigned level, unsigned *at)
{
	uint64_t now = w->time >> level * BITS, round = now / SLOTS * SLOTS;
	uint64_t ahead = w->taken[level] & UINT64_MAX << now % SLOTS;

	if (w->taken[level] == 0)
		return UINT64_MAX;
	if (ahead == 0) { /* after the last one comes the first again */
		ahead = w->taken[level];
		round += SLOTS;
	}
	*at = (unsigned)__builtin_ctzll(ahead);
	now = (round + *at) << level * BITS;
	return now < w->time ? w->time : now;
}

static uint64_t
wheel_next(const struct lease_wheel *w, unsigned *level, unsigned *at)
{
	uint64_t next = UINT64_MAX, t;
	unsigned i, slot = 0;

	*level = *at = 0;
	for (i = 0; i < WHEEL_LEVELS; i++) {
		if ((t = level_next(w, i, &slot)) >= next)
			continue;
		next = t;
		*level = i;
		*at = slot;
	}
	return next;
}

int64_t
leasewheel_next(const struct leases *ls)
{
	unsigned level, at;
	uint64_t t = wheel_next(&ls->wheel, &level, &at);

	return t == UINT64_MAX ? LEASE_FOREVER : (int64_t)t;
}

struct lease *
leasewheel_due(struct leases *ls, int64_t now, unsigned *work)
{
	struct lease_wheel *w = &ls->wheel;
	unsigned level, at;
	struct lease *l;
	uint64_t t;

	for (; now >= 0 && *work > 0; (*work)--) {
		t = wheel_next(w, &level, &at);
		if (t > (uint64_t)now) {
			if (w->time <= (uint64_t)now)
				w->time = (uint64_t)now + 1;
			break;
		}
		w->time = t;
		l = &ls->v[w->first[level][at]];
		if (level == 0 && end_of(l) == t)
			return l;
		leasewheel_remove(ls, l);
		leasewheel_add(ls, l);
	}
	return NULL;
}
