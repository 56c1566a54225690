/*
 * Addresses that come along: of a delegation's name servers, without which
 * they could not be found, and of the names that an answer speaks of.
 */
#include "answerpart.h"

#define TARGETS 32 /* names that are looked up where nobody needs them */

/* Is the name (wire form) the suffix of `of` or below it? */
static bool
is_below(const uint8_t *name, const struct dname *of, unsigned suffix)
{
	size_t len = dns_name_len(name), want = dname_suffix_len(of, suffix);

	for (; len > want; name += 1u + *name)
		len -= 1u + *name;
	return dname_is(of, suffix, name, len);
}

/* Both kinds of address of a node. false: no room for all of them. */
static bool
put_addresses(
    struct answer *a, const struct dname *name, const struct node *node)
{
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA };
	struct reply *r = &a->r->reply;
	const struct rrset *set;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if ((set = node_rrset(node, types[i])) == NULL)
			continue;
		if (!reply_rrset(
			r, REPLY_ADDITIONAL, reply_owner(name, 0), set, 0))
			return false;
		/* may be left out (RFC 4035 section 3.1.1); glue has none */
		if (a->dnssec)
			reply_sigs(r, REPLY_ADDITIONAL, reply_owner(name, 0),
			    node_rrset(node, TYPE_RRSIG), types[i]);
	}
	return true;
}

/* What the zone knows of a name, glue or not. false: no room. */
static bool
put_known(struct answer *a, const uint8_t *target)
{
	const struct node *node;
	struct dname name;

	if (dname_set(&name, target, DNS_NAME) == -1 ||
	    dname_below(&name, &a->s->origin) == -1 ||
	    (node = snapshot_find(a->s, &name, 0)) == NULL)
		return true;
	return put_addresses(a, &name, node);
}

/*
 * Servers with names in what is delegated first: nothing else leads to them,
 * so TC is set where they do not fit (RFC 9471 section 3.1). Others of this
 * zone follow as long as there is room.
 */
void
glue_referral(struct answer *a, const struct place *cut, const struct rrset *ns)
{
	const uint8_t *p;
	unsigned n = 0;

	for (p = ns->data; p != rrset_end(ns); p = rrset_next(p))
		if (is_below(rrset_rdata(p), a->name, cut->suffix) &&
		    !put_known(a, rrset_rdata(p))) {
			a->r->reply.truncated = true;
			return;
		}
	for (p = ns->data; p != rrset_end(ns); p = rrset_next(p))
		if (!is_below(rrset_rdata(p), a->name, cut->suffix) &&
		    is_below(rrset_rdata(p), a->name, a->origin) &&
		    (n++ == TARGETS || !put_known(a, rrset_rdata(p))))
			return;
}

/*
 * What one of our zones has authority for, and this client may ask. Name
 * servers of the zone itself may be known by glue alone: those of the root are
 * asked for like that (RFC 8109).
 */
static bool
put_own(struct answer *a, const uint8_t *target)
{
	const struct zones *zones = a->r->thread->server->zones;
	const struct zone *z;
	struct dname name;
	struct search q = { .name = &name, .qtype = TYPE_A };
	struct place place;

	if (dname_set(&name, target, DNS_NAME) == -1 ||
	    (z = zones_find(zones, &name, 0, &q.origin)) == NULL ||
	    (q.s = zone_now(z)) == NULL ||
	    (z != a->zone &&
		!acl_allows(&z->conf->allow_query, &a->r->peer, a->r->key)))
		return true;
	place = place_find(&q);
	if (place.kind == PLACE_CUT && z == a->zone &&
	    a->given->type == TYPE_NS) {
		place.node = snapshot_find(q.s, &name, 0);
		place.kind = place.node != NULL ? PLACE_NODE : PLACE_NONE;
	}
	return place.kind != PLACE_NODE || put_addresses(a, &name, place.node);
}

void
glue_answer(struct answer *a)
{
	const struct rrset *set = a->given;
	const uint8_t *p, *target;
	unsigned n = 0;

	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		target = rdata_target(set->type, rrset_rdata(p), rrset_len(p));
		if (target == NULL || n++ == TARGETS || !put_own(a, target))
			return;
	}
}
