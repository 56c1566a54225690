/*
 * Prerequisites of an update (RFC 2136 sections 2.4 and 3.2).
 */
#include <stdlib.h>

#include "updatepart.h"

/* Records that are to be an RRset of the zone exactly. */
struct wanted {
	const struct update_message *m;
	const struct update_rr *rr;
};

static int
compare_rrsets(const struct wanted *a, const struct wanted *b)
{
	int c =
	    dname_compare(update_name(a->m, a->rr), update_name(b->m, b->rr));

	return c != 0 ? c : (int)a->rr->type - (int)b->rr->type;
}

static int
compare_data(const struct wanted *a, const struct wanted *b)
{
	return rdata_compare(a->rr->type, update_data(a->m, a->rr), a->rr->len,
	    update_data(b->m, b->rr), b->rr->len);
}

static int
compare(const void *a, const void *b)
{
	int c = compare_rrsets(a, b);

	return c != 0 ? c : compare_data(a, b);
}

/* The n records, all of one RRset and in canonical order, are the zone's. */
static bool
is_rrset(const struct wanted *v, size_t n, const struct edit *e)
{
	const struct rrset *set = NULL;
	const struct node *node;
	const uint8_t *p;
	struct dname name;
	size_t i;

	if (!update_owner(v->m, v->rr, &name))
		return false;
	if ((node = edit_find(e, &name, 0)) != NULL)
		set = node_rrset(node, v->rr->type);
	if (set == NULL)
		return false;
	p = set->data;
	for (i = 0; i < n; i++) {
		/* said twice: once is meant */
		if (i > 0 && compare_data(&v[i - 1], &v[i]) == 0)
			continue;
		if (p == rrset_end(set) ||
		    rdata_compare(set->type, rrset_rdata(p), rrset_len(p),
			update_data(v[i].m, v[i].rr), v[i].rr->len) != 0)
			return false;
		p = rrset_next(p);
	}
	return p == rrset_end(set);
}

/* Section 3.2.3. */
static unsigned
check_rrsets(struct wanted *v, size_t n, const struct edit *e)
{
	size_t i, end;

	if (n > 1)
		qsort(v, n, sizeof(*v), compare);
	for (i = 0; i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (compare_rrsets(&v[i], &v[end]) != 0)
				break;
		if (!is_rrset(v + i, end - i, e))
			return DNS_NXRRSET;
	}
	return DNS_NOERROR;
}

/* Sections 3.2.1 and 3.2.2; of empty names (RFC 4592) nothing is in use. */
static unsigned
check_existence(const struct update_rr *rr, const struct node *node)
{
	bool any = rr->type == TYPE_ANY, is;

	if (node == NULL)
		is = false;
	else if (any)
		is = node->nsets > 0;
	else
		is = node_rrset(node, rr->type) != NULL;
	if (is == (rr->class == CLASS_ANY))
		return DNS_NOERROR;
	if (any)
		return is ? DNS_YXDOMAIN : DNS_NXDOMAIN;
	return is ? DNS_YXRRSET : DNS_NXRRSET;
}

static unsigned
check_one(const struct update_message *m, const struct update_rr *rr,
    const struct edit *e)
{
	struct dname name;

	if (rr->ttl != 0)
		return DNS_FORMERR;
	if (!update_owner(m, rr, &name))
		return DNS_NOTZONE;
	switch (rr->class) {
	case CLASS_ANY:
	case CLASS_NONE:
		if (!rr->empty)
			return DNS_FORMERR;
		return check_existence(rr, edit_find(e, &name, 0));
	case CLASS_IN:
		return rr->bad || rtype_is_meta(rr->type) ? DNS_FORMERR :
							    DNS_NOERROR;
	default:
		return DNS_FORMERR;
	}
}

unsigned
update_prerequisites(const struct update_message *m, const struct edit *e)
{
	struct wanted *v;
	size_t i, n = 0;
	unsigned rcode = DNS_NOERROR;

	if (m->prerequisites == 0)
		return DNS_NOERROR;
	if ((v = calloc(m->prerequisites, sizeof(*v))) == NULL)
		return DNS_SERVFAIL;
	for (i = 0; i < m->prerequisites && rcode == DNS_NOERROR; i++) {
		rcode = check_one(m, &m->v[i], e);
		if (m->v[i].class == CLASS_IN)
			v[n++] = (struct wanted){ m, &m->v[i] };
	}
	if (rcode == DNS_NOERROR)
		rcode = check_rrsets(v, n, e);
	free(v);
	return rcode;
}
