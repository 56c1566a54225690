/*
 * Address conflict detection: probe, announce, defend.
 */
#include <string.h>

#include "acd.h"

void
acd_init(struct acd *a, const uint8_t hw[6], const struct acd_timing *timing)
{
	memset(a, 0, sizeof(*a));
	memcpy(a->hw, hw, sizeof(a->hw));
	a->timing = timing;
	a->due = ACD_NEVER;
}

void
acd_begin(struct acd *a, struct in_addr ip, uint64_t now, struct dice *d)
{
	acd_end(a);
	a->ip = ip;
	a->due = now + dice_between(d, 0, a->timing->wait_ms);
}

void
acd_hold(struct acd *a, struct in_addr ip, uint64_t now)
{
	acd_end(a);
	a->ip = ip;
	a->held = true;
	a->due = now;
}

void
acd_end(struct acd *a)
{
	const struct acd was = *a;

	acd_init(a, was.hw, was.timing);
}

/* RFC 5227 section 2.1.1 */
static enum acd_result
next_probe(struct acd *a, uint64_t now, struct dice *d)
{
	const struct acd_timing *t = a->timing;

	if (a->sent == t->probes) {
		acd_hold(a, a->ip, now);
		return ACD_CLAIMED;
	}
	if (++a->sent == t->probes)
		a->due = now + t->last_ms;
	else
		a->due = now + dice_between(d, t->min_ms, t->max_ms);
	return ACD_PROBE;
}

enum acd_result
acd_timer(struct acd *a, uint64_t now, struct dice *d)
{
	if (now < a->due)
		return ACD_NOTHING;
	if (!a->held)
		return next_probe(a, now, d);
	if (++a->sent == ACD_ANNOUNCE_NUM)
		a->due = ACD_NEVER;
	else
		a->due = now + ACD_ANNOUNCE_MS;
	return ACD_ANNOUNCE;
}

static enum acd_result
defend(struct acd *a, uint64_t now)
{
	if (a->attacked && now - a->attack < ACD_DEFEND_MS)
		return ACD_CONFLICT;
	a->attacked = true;
	a->attack = now;
	return ACD_ANNOUNCE;
}

enum acd_result
acd_arp(struct acd *a, uint64_t now, const struct frame_arp *arp)
{
	bool used, wanted;

	/* Hubs and access points may return what we sent. */
	if (a->ip.s_addr == 0 || memcmp(arp->sha, a->hw, sizeof(a->hw)) == 0)
		return ACD_NOTHING;
	used = arp->spa.s_addr == a->ip.s_addr;
	wanted = arp->op == 1 && arp->spa.s_addr == 0 &&
	    arp->tpa.s_addr == a->ip.s_addr;
	if (used && a->held)
		return defend(a, now);
	return (used || wanted) && !a->held ? ACD_CONFLICT : ACD_NOTHING;
}

void
acd_frame(const struct acd *a, enum acd_result what, struct frame_arp *arp)
{
	memset(arp, 0, sizeof(*arp));
	arp->op = 1;
	memcpy(arp->sha, a->hw, sizeof(arp->sha));
	arp->tpa = a->ip;
	if (what == ACD_ANNOUNCE)
		arp->spa = a->ip;
}
