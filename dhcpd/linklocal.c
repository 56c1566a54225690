/*
 * Link-local addresses: choose, probe, use, defend, choose another one.
 */
#include <string.h>

#include "linklocal.h"
#include "log.h"

/* RFC 3927 section 9. */
static const struct acd_timing timing = {
	.wait_ms = 1000,
	.probes = 3,
	.min_ms = 1000,
	.max_ms = 2000,
	.last_ms = 2000,
};

/* Section 2.1: without the first and the last 256. */
#define FIRST 0xa9fe0100u
#define LAST 0xa9fefeffu

bool
linklocal_valid(struct in_addr ip)
{
	uint32_t n = ntohl(ip.s_addr);

	return n >= FIRST && n <= LAST;
}

void
linklocal_init(struct linklocal *l, const uint8_t hw[6], uint64_t seed,
    struct in_addr last)
{
	size_t i;

	memset(l, 0, sizeof(*l));
	acd_init(&l->acd, hw, &timing);
	for (i = 0; i < 6; i++)
		l->addresses.state = l->addresses.state << 8 | hw[i];
	l->delays.state = seed;
	if (linklocal_valid(last))
		l->last = last;
	l->again = ACD_NEVER;
}

static struct linklocal_action *
add(struct linklocal *l, enum linklocal_kind kind)
{
	struct linklocal_action *a;

	if (l->n == LINKLOCAL_ACTIONS)
		fatalx("linklocal: too many actions");
	a = &l->actions[(l->first + l->n++) % LINKLOCAL_ACTIONS];
	a->kind = kind;
	a->ip = l->acd.ip;
	return a;
}

bool
linklocal_next(struct linklocal *l, struct linklocal_action *a)
{
	if (l->n == 0)
		return false;
	*a = l->actions[l->first];
	l->first = (l->first + 1) % LINKLOCAL_ACTIONS;
	l->n--;
	return true;
}

/* Probe the address that we had, or another one. */
static void
try_one(struct linklocal *l, uint64_t now)
{
	struct in_addr ip = l->last;

	if (ip.s_addr == 0)
		ip.s_addr = htonl(dice_between(&l->addresses, FIRST, LAST));
	l->last = ip;
	l->again = ACD_NEVER;
	acd_begin(&l->acd, ip, now, &l->delays);
}

void
linklocal_start(struct linklocal *l, uint64_t now)
{
	if (l->running)
		return;
	l->running = true;
	l->conflicts = 0;
	try_one(l, now);
}

/* Stop using what is used; `last` is kept for the next start. */
static void
leave(struct linklocal *l)
{
	if (l->acd.held)
		add(l, LINKLOCAL_LEAVE);
	acd_end(&l->acd);
}

void
linklocal_stop(struct linklocal *l)
{
	if (!l->running)
		return;
	l->running = false;
	l->again = ACD_NEVER;
	leave(l);
}

/*
 * Section 2.2.1's limit, for conflicts after the claim, too (RFC 5227 section
 * 2.1.1), unless the address was held for a while.
 */
static void
conflict(struct linklocal *l, uint64_t now)
{
	if (l->acd.held && now - l->held_since >= ACD_RATE_LIMIT_MS)
		l->conflicts = 0;
	l->conflicts++;
	leave(l);
	l->last.s_addr = 0;
	if (l->conflicts > ACD_MAX_CONFLICTS)
		l->again = now + ACD_RATE_LIMIT_MS;
	else
		try_one(l, now);
}

static void
act(struct linklocal *l, enum acd_result what, uint64_t now)
{
	switch (what) {
	case ACD_PROBE:
	case ACD_ANNOUNCE:
		acd_frame(&l->acd, what, &add(l, LINKLOCAL_ARP)->arp);
		break;
	case ACD_CLAIMED:
		l->held_since = now;
		add(l, LINKLOCAL_TAKE);
		break;
	case ACD_CONFLICT:
		conflict(l, now);
		break;
	case ACD_NOTHING:
		break;
	}
}

void
linklocal_timer(struct linklocal *l, uint64_t now)
{
	enum acd_result what;

	if (now >= l->again)
		try_one(l, now);
	while ((what = acd_timer(&l->acd, now, &l->delays)) != ACD_NOTHING)
		act(l, what, now);
}

void
linklocal_arp(struct linklocal *l, uint64_t now, const struct frame_arp *arp)
{
	act(l, acd_arp(&l->acd, now, arp), now);
}

uint64_t
linklocal_due(const struct linklocal *l)
{
	return l->again < l->acd.due ? l->again : l->acd.due;
}
