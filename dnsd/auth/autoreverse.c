/*
 * PTR records that follow A and AAAA records.
 */
#include <string.h>

#include "autoreverse.h"

/* The name of the address (RFC 1035 section 3.5, 3596 section 2.5). */
static size_t
ptr_of(const struct edit_change *c, uint8_t out[DNS_NAME])
{
	if (c->type == TYPE_A && c->len == 4)
		return dns_reverse4(c->data, out);
	if (c->type == TYPE_AAAA && c->len == 16)
		return dns_reverse6(c->data, out);
	return 0;
}

struct zone *
autoreverse_zone(const struct zones *zones, const struct edit_change *c,
    struct dname *ptr_name)
{
	uint8_t wire[DNS_NAME];
	size_t len = ptr_of(c, wire);
	struct zone *z;
	unsigned suffix;

	/* of a wildcard no single name is meant */
	if (len == 0 || (c->name[0] == 1 && c->name[1] == '*'))
		return NULL;
	if (dname_set(ptr_name, wire, len) == -1 ||
	    (z = zones_find(zones, ptr_name, 0, &suffix)) == NULL)
		return NULL;
	if (z->secondary || !z->dynamic || z->journal == NULL ||
	    zone_now(z) == NULL)
		return NULL;
	return z;
}

/* Is the name in the zone's own hands: no delegation above or at it? */
static bool
is_ours(const struct edit *e, const struct dname *name)
{
	const struct node *node;
	unsigned i;

	for (i = 0; i + edit_origin(e)->labels < name->labels; i++) {
		node = edit_find(e, name, i);
		if (node == NULL)
			continue;
		if ((node->flags & (NODE_CUT | NODE_DNAME)) != 0 ||
		    (i == 0 && node_rrset(node, TYPE_CNAME) != NULL))
			return false;
	}
	return true;
}

enum edit_result
autoreverse_apply(
    struct edit *e, const struct dname *ptr_name, const struct edit_change *c)
{
	struct edit_rr rr = { TYPE_PTR, c->ttl, c->name,
		dns_name_len(c->name) };
	const struct node *node = edit_find(e, ptr_name, 0);

	if (!is_ours(e, ptr_name))
		return EDIT_SAME;
	if (!c->added)
		return edit_remove(e, ptr_name, &rr);
	/* whoever came first */
	if (node != NULL && node_rrset(node, TYPE_PTR) != NULL)
		return EDIT_SAME;
	return edit_add(e, ptr_name, &rr);
}

static const struct rrset *
ptrs_of(const struct node *n)
{
	return n != NULL ? node_rrset(n, TYPE_PTR) : NULL;
}

enum edit_result
autoreverse_fill(struct edit *e, const struct snapshot *base,
    const struct dname *ptr_name, const struct edit_change *c)
{
	const struct rrset *set = ptrs_of(edit_find(e, ptr_name, 0));
	struct edit_change other = *c;
	uint8_t name[DNS_NAME];

	if (set != NULL && ptrs_of(snapshot_find(base, ptr_name, 0)) == NULL &&
	    dname_compare(c->name, rrset_rdata(set->data)) < 0) {
		other.added = false;
		other.name =
		    memcpy(name, rrset_rdata(set->data), rrset_len(set->data));
		autoreverse_apply(e, ptr_name, &other);
	}
	return autoreverse_apply(e, ptr_name, c);
}
