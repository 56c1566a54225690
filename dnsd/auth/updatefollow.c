/*
 * Addresses that came by a zone's file get their PTR records.
 */
#include "autoreverse.h"
#include "updating.h"

static void
follow_rrset(
    struct transaction *t, const uint8_t *name, const struct rrset *set)
{
	struct edit_change c = { true, set->type, set->ttl, name, NULL, 0 };
	const struct zones *zones = t->updating->server->zones;
	struct dname ptr;
	struct zone *z;
	struct part *part;
	const uint8_t *p;

	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		c.data = rrset_rdata(p);
		c.len = rrset_len(p);
		z = autoreverse_zone(zones, &c, &ptr);
		if (z != NULL && (part = transaction_part(t, z)) != NULL)
			autoreverse_fill(part->edit, zone_now(z), &ptr, &c);
	}
}

static void
follow_zone(struct transaction *t, const struct snapshot *s)
{
	struct snapshot_walk walk = { 0 };
	const struct rrset *set;
	const struct node *n;
	unsigned i;

	while ((n = snapshot_next(s, &walk)) != NULL)
		for (i = 0; i < n->nsets; i++) {
			set = n->sets[i];
			if (set->type == TYPE_A || set->type == TYPE_AAAA)
				follow_rrset(t, node_name(n), set);
		}
}

void
update_follow(struct server *s)
{
	struct transaction *t;
	const struct zone *z;

	if (!s->writing || s->updating == NULL ||
	    (t = transaction_new(s->updating)) == NULL)
		return;
	for (z = s->zones->v; z < s->zones->v + s->zones->n; z++)
		if (z->conf->auto_reverse && !z->secondary &&
		    zone_now(z) != NULL)
			follow_zone(t, zone_now(z));
	if (transaction_write(t) != DNS_NOERROR || t->n == 0)
		transaction_free(t);
}
