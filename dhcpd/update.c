/*
 * Names into DNS and out of it, step by step (RFC 2136, RFC 4703).
 */
#include <string.h>

#include "update.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#define ROUNDS 3 /* the name comes and goes: RFC 4703 section 5.3 */

/* Flags of the header (RFC 1035 section 4.1.1). */
#define QR 0x8000u
#define TC 0x0200u
#define OPCODE 0x7800u

enum section { PREREQUISITE = 1, CHANGE = 2 };

/*
 * The rows of one message: what section 2.4 and 2.5 of RFC 2136 call by class,
 * type, data.
 */
struct row {
	enum section section;
	enum { NAME, REVERSE } of;
	uint16_t type, class;
	enum { NOTHING, ADDRESS, OWNER, TARGET } data;
};

#define ROWS 5

static const struct {
	uint8_t opcode;
	struct row rows[ROWS]; /* section 0 ends them */
} messages[] = {
	/* clang-format off */
	[UPDATE_ADD_UNUSED] = { DNS_UPDATE, {
		{ PREREQUISITE, NAME, DNS_ANY_TYPE, DNS_NONE, NOTHING }, /* not in use */
		{ CHANGE, NAME, DNS_A, DNS_IN, ADDRESS },
		{ CHANGE, NAME, DNS_DHCID, DNS_IN, OWNER } } },
	[UPDATE_ADD_OURS] = { DNS_UPDATE, {
		{ PREREQUISITE, NAME, DNS_ANY_TYPE, DNS_ANY, NOTHING }, /* in use */
		{ PREREQUISITE, NAME, DNS_DHCID, DNS_IN, OWNER },
		{ CHANGE, NAME, DNS_A, DNS_ANY, NOTHING }, /* all A records go */
		{ CHANGE, NAME, DNS_A, DNS_IN, ADDRESS } } },
	[UPDATE_ADD_REPLACE] = { DNS_UPDATE, {
		{ CHANGE, NAME, DNS_A, DNS_ANY, NOTHING },
		{ CHANGE, NAME, DNS_DHCID, DNS_ANY, NOTHING },
		{ CHANGE, NAME, DNS_A, DNS_IN, ADDRESS },
		{ CHANGE, NAME, DNS_DHCID, DNS_IN, OWNER } } },
	[UPDATE_REMOVE_A] = { DNS_UPDATE, {
		{ PREREQUISITE, NAME, DNS_DHCID, DNS_IN, OWNER },
		{ CHANGE, NAME, DNS_A, DNS_NONE, ADDRESS } } }, /* this one goes */
	[UPDATE_REMOVE_NAME] = { DNS_UPDATE, {
		{ PREREQUISITE, NAME, DNS_DHCID, DNS_IN, OWNER },
		{ PREREQUISITE, NAME, DNS_A, DNS_NONE, NOTHING }, /* none left */
		{ PREREQUISITE, NAME, DNS_AAAA, DNS_NONE, NOTHING },
		{ CHANGE, NAME, DNS_ANY_TYPE, DNS_ANY, NOTHING } } }, /* all of it */
	[UPDATE_PTR_ZONE] = { DNS_QUERY, { { 0 } } },
	[UPDATE_PTR_ADD] = { DNS_UPDATE, {
		{ CHANGE, REVERSE, DNS_PTR, DNS_ANY, NOTHING },
		{ CHANGE, REVERSE, DNS_PTR, DNS_IN, TARGET } } },
	[UPDATE_PTR_REMOVE] = { DNS_UPDATE, {
		{ PREREQUISITE, REVERSE, DNS_PTR, DNS_IN, TARGET },
		{ CHANGE, REVERSE, DNS_ANY_TYPE, DNS_ANY, NOTHING } } },
	/* clang-format on */
};

/* What an answer means: what stands in DNS then, and the next step. */
static const struct move {
	enum update_step step;
	unsigned rcode;
	uint8_t there, gone; /* DDNS_A, DDNS_PTR */
	enum update_step next;
} moves[] = {
	/* clang-format off */
	{ UPDATE_ADD_UNUSED, DNS_NOERROR, DDNS_A, 0, UPDATE_PTR_ZONE },
	{ UPDATE_ADD_UNUSED, DNS_YXDOMAIN, 0, 0, UPDATE_ADD_OURS },
	{ UPDATE_ADD_OURS, DNS_NOERROR, DDNS_A, 0, UPDATE_PTR_ZONE },
	{ UPDATE_ADD_OURS, DNS_NXDOMAIN, 0, 0, UPDATE_ADD_UNUSED },
	{ UPDATE_ADD_REPLACE, DNS_NOERROR, DDNS_A, 0, UPDATE_PTR_ZONE },
	/* not the client's, or nobody's: nothing of it is to be removed */
	{ UPDATE_REMOVE_A, DNS_NXRRSET, 0, DDNS_A, UPDATE_PTR_ZONE },
	{ UPDATE_REMOVE_A, DNS_NXDOMAIN, 0, DDNS_A, UPDATE_PTR_ZONE },
	{ UPDATE_REMOVE_A, DNS_NOERROR, 0, DDNS_A, UPDATE_REMOVE_NAME },
	{ UPDATE_REMOVE_NAME, DNS_NOERROR, 0, 0, UPDATE_PTR_ZONE },
	{ UPDATE_REMOVE_NAME, DNS_YXRRSET, 0, 0, UPDATE_PTR_ZONE },
	{ UPDATE_REMOVE_NAME, DNS_NXRRSET, 0, 0, UPDATE_PTR_ZONE },
	{ UPDATE_REMOVE_NAME, DNS_NXDOMAIN, 0, 0, UPDATE_PTR_ZONE },
	{ UPDATE_PTR_ADD, DNS_NOERROR, DDNS_PTR, 0, UPDATE_END },
	{ UPDATE_PTR_REMOVE, DNS_NOERROR, 0, DDNS_PTR, UPDATE_END },
	{ UPDATE_PTR_REMOVE, DNS_NXRRSET, 0, DDNS_PTR, UPDATE_END },
	{ UPDATE_PTR_REMOVE, DNS_NXDOMAIN, 0, DDNS_PTR, UPDATE_END },
	/* clang-format on */
};

static const char *const rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL",
	"NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
	"NOTAUTH", "NOTZONE" };

/* Go to a step; the PTR record's only where one is wanted. */
static void
go(struct update *u, enum update_step step)
{
	if (step == UPDATE_PTR_ZONE && (u->record.what & DDNS_PTR) == 0)
		step = UPDATE_END;
	else if (step == UPDATE_PTR_ZONE && u->zone_skip != UPDATE_ZONE_UNKNOWN)
		step = u->add ? UPDATE_PTR_ADD : UPDATE_PTR_REMOVE;
	u->step = step;
}

void
update_begin(struct update *u)
{
	enum update_step first = !u->add ? UPDATE_REMOVE_A :
	    u->replace			 ? UPDATE_ADD_REPLACE :
					   UPDATE_ADD_UNUSED;

	u->rounds = 0;
	go(u, (u->record.what & DDNS_A) != 0 ? first : UPDATE_PTR_ZONE);
}

static const uint8_t *
without(const uint8_t *name, unsigned labels)
{
	for (; labels > 0 && *name != 0; labels--)
		name += 1 + *name;
	return name;
}

static void
put_row(const struct update *u, const struct row *row, const uint8_t *reverse,
    struct dns_builder *b)
{
	struct dns_rr rr = { .type = row->type, .class = row->class };
	const uint8_t *name = row->of == NAME ? u->record.name : reverse;

	memcpy(rr.name, name, dns_name_len(name));
	if (row->data == ADDRESS) {
		rr.data = u->ip;
		rr.len = sizeof(u->ip);
	} else if (row->data == OWNER) {
		rr.data = u->record.dhcid;
		rr.len = sizeof(u->record.dhcid);
	} else if (row->data == TARGET) {
		rr.data = u->record.name;
		rr.len = dns_name_len(u->record.name);
	}
	if (row->section == CHANGE && row->class == DNS_IN)
		rr.ttl = u->record.ttl;
	dns_put_rr(b, row->section, &rr);
}

void
update_build(const struct update *u, uint16_t id, struct dns_builder *b)
{
	const struct row *row = messages[u->step].rows;
	struct dns_header h = { .id = id };
	const uint8_t *zone = without(u->record.name, 1);
	uint8_t reverse[DNS_NAME];

	dns_reverse4(u->ip, reverse);
	if (u->step == UPDATE_PTR_ZONE)
		zone = reverse;
	else if (row->of == REVERSE)
		zone = without(reverse, u->zone_skip);
	h.flags = (uint16_t)(messages[u->step].opcode << 11);
	dns_put_header(b, &h);
	dns_put_question(b, zone, DNS_SOA, DNS_IN);
	for (; row < messages[u->step].rows + ROWS && row->section != 0; row++)
		put_row(u, row, reverse, b);
}

/*
 * The SOA record of the zone that the reverse name is in: in the answer where
 * that is the name itself, else in the authority section.
 */
static const char *
find_zone(struct update *u, const struct dns_header *h, struct dns_reader *r)
{
	uint8_t reverse[DNS_NAME];
	struct dns_rr rr;
	unsigned i, skip;

	dns_reverse4(u->ip, reverse);
	for (i = 0; i < (unsigned)h->count[1] + h->count[2]; i++) {
		if (dns_get_rr(r, &rr) == -1)
			return "an answer that is cut";
		if (rr.type != DNS_SOA || rr.class != DNS_IN)
			continue;
		for (skip = 0; *without(reverse, skip) != 0; skip++)
			if (dns_name_equal(without(reverse, skip), rr.name)) {
				u->zone_skip = (uint8_t)skip;
				go(u, UPDATE_PTR_ZONE);
				return NULL;
			}
	}
	return "no zone for the address is known there";
}

static const char *
failure(enum update_step step, unsigned rcode)
{
	if (step == UPDATE_ADD_OURS && rcode == DNS_NXRRSET)
		return "the name is in use by another client or for something "
		       "else";
	return rcode < nitems(rcodes) ? rcodes[rcode] : "an unknown error";
}

const char *
update_answer(
    struct update *u, const struct dns_header *h, struct dns_reader *r)
{
	unsigned rcode = dns_rcode(h);
	const struct move *m;

	if ((h->flags & TC) != 0)
		return "a truncated answer";
	if (u->step == UPDATE_PTR_ZONE &&
	    (rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN))
		return find_zone(u, h, r);
	for (m = moves; m < moves + nitems(moves); m++) {
		if (m->step != u->step || m->rcode != rcode)
			continue;
		if (m->next == UPDATE_ADD_UNUSED && ++u->rounds == ROUNDS)
			return "the name comes and goes";
		u->stands = (uint8_t)((u->stands | m->there) & ~m->gone);
		go(u, m->next);
		return NULL;
	}
	return failure(u->step, rcode);
}

/* An update's answer may leave all sections out (RFC 2136 section 3.8). */
bool
update_is_answer(struct dns_reader *answer, struct dns_header *h,
    const uint8_t *asked, size_t len)
{
	struct dns_reader r = { .bytes = asked, .len = len };
	struct dns_header asked_h;
	struct dns_rr want, got;

	if (dns_get_header(&r, &asked_h) == -1 ||
	    dns_get_question(&r, &want) == -1 ||
	    dns_get_header(answer, h) == -1)
		return false;
	if (h->id != asked_h.id || (h->flags & QR) == 0 ||
	    ((h->flags ^ asked_h.flags) & OPCODE) != 0)
		return false;
	if (h->count[0] == 0)
		return (h->flags & OPCODE) == DNS_UPDATE << 11;
	return h->count[0] == 1 && dns_get_question(answer, &got) == 0 &&
	    dns_name_equal(got.name, want.name) && got.type == want.type &&
	    got.class == want.class;
}
