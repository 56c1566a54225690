/*
 * Settings of a level: what it says itself, over what came from above.
 */
#include <string.h>

#include "build.h"

static const struct time {
	enum level_key key;
	uint32_t bit;
	size_t from, to;
} times[] = {
	{ LEVEL_DEFAULT_LEASE, SET_DEFAULT_LEASE,
	    offsetof(struct level, default_ms),
	    offsetof(struct settings, default_lease) },
	{ LEVEL_MIN_LEASE, SET_MIN_LEASE, offsetof(struct level, min_ms),
	    offsetof(struct settings, min_lease) },
	{ LEVEL_MAX_LEASE, SET_MAX_LEASE, offsetof(struct level, max_ms),
	    offsetof(struct settings, max_lease) },
	{ LEVEL_RENEW, SET_RENEW, offsetof(struct level, renew_ms),
	    offsetof(struct settings, renew) },
	{ LEVEL_REBIND, SET_REBIND, offsetof(struct level, rebind_ms),
	    offsetof(struct settings, rebind) },
	{ LEVEL_DECLINE_TIME, 0, offsetof(struct level, decline_ms),
	    offsetof(struct settings, decline_s) },
};

static uint32_t
seconds(uint64_t ms)
{
	return ms == UINT64_MAX ? SCOPE_FOREVER : (uint32_t)((ms + 999) / 1000);
}

/* Does the level say it? Then note that. */
static bool
says(struct settings *s, const struct level *l, enum level_key key,
    uint32_t bit, bool all)
{
	if (l->lines[key] != 0)
		s->set |= bit;
	return all || l->lines[key] != 0;
}

static const char *
given(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

static void
take_times(struct settings *s, const struct level *l, bool all)
{
	const struct time *t = times;
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++, t++)
		if (says(s, l, t->key, t->bit, all))
			*(uint32_t *)(void *)((char *)s + t->to) = seconds(
			    *(const uint64_t *)(const void *)((const char *)l +
				t->from));
}

static void
take_boot(struct build *b, struct settings *s, const struct level *l, bool all)
{
	if (says(s, l, LEVEL_NEXT_SERVER, SET_NEXT_SERVER, all))
		build_server(b, l->lines[LEVEL_NEXT_SERVER], l->next_server,
		    &s->next_server);
	if (says(s, l, LEVEL_BOOT_FILE, SET_BOOT_FILE, all))
		s->boot_file = given(l->boot_file);
	if (says(s, l, LEVEL_SERVER_NAME, SET_SERVER_NAME, all))
		s->server_name = given(l->server_name);
	if (says(s, l, LEVEL_ALWAYS_BROADCAST, SET_ALWAYS_BROADCAST, all))
		s->always_broadcast = l->always_broadcast;
}

static void
take_network(struct settings *s, const struct level *l, bool all)
{
	if (says(s, l, LEVEL_AUTHORITATIVE, 0, all))
		s->authoritative = l->authoritative;
	if (says(s, l, LEVEL_IDENTITY, 0, all))
		s->by_hw = l->identity == IDENTITY_HW;
	if (says(s, l, LEVEL_RAPID_COMMIT, 0, all))
		s->rapid_commit = l->rapid_commit;
	if (says(s, l, LEVEL_SKIP_NET_BCAST, 0, all))
		s->skip_net_bcast = l->skip_net_bcast;
	if (says(s, l, LEVEL_BOOTP_DYNAMIC, 0, all))
		s->bootp_dynamic = l->bootp_dynamic;
	if (says(s, l, LEVEL_PROBE, 0, all)) {
		s->probe_arp = (l->probe & PROBE_ARP) != 0;
		s->probe_icmp = (l->probe & PROBE_ICMP) != 0;
	}
	if (says(s, l, LEVEL_DDNS_FORWARD, 0, false))
		s->ddns_forward = given(l->ddns_forward);
	if (says(s, l, LEVEL_DDNS_REVERSE, 0, false))
		s->ddns_reverse = l->ddns_reverse;
}

/* The line of the first of these that the level says; 0: of none. */
static int
said(
    const struct level *l, enum level_key a, enum level_key b, enum level_key c)
{
	if (l->lines[a] != 0)
		return l->lines[a];
	return l->lines[b] != 0 ? l->lines[b] : l->lines[c];
}

static void
check_bounds(struct build *b, const struct settings *s, const struct level *l)
{
	const uint32_t low = SET_MIN_LEASE | SET_DEFAULT_LEASE;
	const uint32_t high = SET_MAX_LEASE | SET_DEFAULT_LEASE;
	const uint32_t ends = SET_MIN_LEASE | SET_MAX_LEASE;
	int line =
	    said(l, LEVEL_DEFAULT_LEASE, LEVEL_MIN_LEASE, LEVEL_MAX_LEASE);

	if (line == 0)
		return;
	if ((s->set & low) == low && s->min_lease > s->default_lease)
		build_wrong(b,
		    said(l, LEVEL_MIN_LEASE, LEVEL_DEFAULT_LEASE,
			LEVEL_MAX_LEASE),
		    "min_lease", "is longer than default_lease");
	else if ((s->set & high) == high && s->default_lease > s->max_lease)
		build_wrong(
		    b, line, "default_lease", "is longer than max_lease");
	else if ((s->set & ends) == ends && s->min_lease > s->max_lease)
		build_wrong(b,
		    said(l, LEVEL_MIN_LEASE, LEVEL_MAX_LEASE,
			LEVEL_DEFAULT_LEASE),
		    "min_lease", "is longer than max_lease");
}

/*
 * RFC 2131 section 4.4.5: T1 before T2 before the end of the lease. What a
 * sparse level does not say is not known here.
 */
static void
check_renewal(struct build *b, const struct settings *s, const struct level *l,
    bool sparse)
{
	uint64_t lease = s->default_lease;
	uint64_t t1 = s->renew != 0 ? s->renew : lease / 2;
	uint64_t t2 = s->rebind != 0 ? s->rebind : lease * 7 / 8;
	int line = said(l, LEVEL_RENEW, LEVEL_REBIND, LEVEL_DEFAULT_LEASE);
	bool known = !sparse || (s->set & SET_DEFAULT_LEASE) != 0;

	if (line == 0 || (s->renew == 0 && s->rebind == 0))
		return;
	if (known ? t1 >= t2 : s->renew != 0 && s->rebind != 0 && t1 >= t2)
		build_wrong(b, line, s->renew != 0 ? "renew" : "rebind",
		    "T1 is %llus and T2 is %llus: T1 must be less",
		    (unsigned long long)t1, (unsigned long long)t2);
	else if (known && t2 >= lease)
		build_wrong(b, line, "rebind",
		    "T2 is %llus, but the lease of default_lease ends after "
		    "%llus",
		    (unsigned long long)t2, (unsigned long long)lease);
}

/* What nobody named gives way to what somebody did. */
static void
widen(struct settings *s)
{
	bool fixed = (s->set & SET_DEFAULT_LEASE) != 0;

	if (s->min_lease > s->default_lease) {
		if ((s->set & SET_MIN_LEASE) == 0)
			s->min_lease = s->default_lease;
		else if (!fixed)
			s->default_lease = s->min_lease;
	}
	if (s->max_lease < s->default_lease) {
		if ((s->set & SET_MAX_LEASE) == 0)
			s->max_lease = s->default_lease;
		else if (!fixed)
			s->default_lease = s->max_lease;
	}
}

void
settings_build(struct build *b, struct settings *out,
    const struct settings *from, const struct level *l)
{
	bool all = from == out;

	if (!all && from != NULL)
		*out = *from;
	take_times(out, l, all);
	take_boot(b, out, l, all);
	take_network(out, l, all);
	if (from != NULL)
		widen(out);
	check_bounds(b, out, l);
	check_renewal(b, out, l, from == NULL);
	optionset_build(b, out, l);
	class_build_boots(b, out, l);
}
