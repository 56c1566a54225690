/*
 * A look at every node of a zone before it is served.
 */
#include <stdio.h>
#include <string.h>

#include "zonecheck.h"

#define WHAT (2 * DNS_NAME_TEXT + 128) /* two names and why */

struct run {
	const struct snapshot *s;
	struct zonecheck *c;
	const struct node *n;
};

/* "NAME: what", and the rest only counted. */
static void
tell(struct run *r, bool error, const char *why)
{
	size_t *count = error ? &r->c->errors : &r->c->warnings;
	char what[WHAT], name[DNS_NAME_TEXT];

	if (++*count > ZONECHECK_TOLD)
		return;
	snprintf(what, sizeof(what), "%s: %s",
	    dns_name_text(node_name(r->n), name), why);
	r->c->tell(r->c->arg, error, what);
}

static void
tell_rest(struct zonecheck *c, bool error)
{
	size_t count = error ? c->errors : c->warnings;
	char what[64];

	if (count <= ZONECHECK_TOLD)
		return;
	snprintf(what, sizeof(what), "%zu more %s", count - ZONECHECK_TOLD,
	    error ? "errors" : "warnings");
	c->tell(c->arg, error, what);
}

/*
 * A CNAME stands alone (RFC 2181 section 10.1) but for what DNSSEC says of it
 * (RFC 4034 section 3, RFC 3007).
 */
static void
check_cname(struct run *r)
{
	static const uint16_t beside[] = { TYPE_CNAME, TYPE_RRSIG, TYPE_NSEC,
		TYPE_KEY, TYPE_SIG, TYPE_NXT };
	size_t i, allowed = 0;

	if (r->n->nsets < 2 || node_rrset(r->n, TYPE_CNAME) == NULL)
		return;
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++)
		allowed += node_rrset(r->n, beside[i]) != NULL;
	if (allowed < r->n->nsets)
		tell(r, true, "a CNAME and other records");
}

/* RFC 6672 section 2.4; hashes of NSEC3 stand below the origin all the same. */
static void
check_dname(struct run *r)
{
	if (r->n->children == 0 || node_rrset(r->n, TYPE_DNAME) == NULL ||
	    (r->n == r->s->apex && r->s->nsec3))
		return;
	tell(r, true, "there are names below this DNAME");
}

static void
check_apex(struct run *r)
{
	if (r->n == r->s->apex && node_rrset(r->n, TYPE_NS) == NULL)
		tell(r, true, "the zone has no NS record at its own name");
}

static bool
has_address(const struct node *n)
{
	return n != NULL &&
	    (node_rrset(n, TYPE_A) != NULL || node_rrset(n, TYPE_AAAA) != NULL);
}

/*
 * What an ancestor of the target in the zone says: a delegation makes it
 * somebody else's, and a wildcard answers for it. NULL: nothing.
 */
static const struct node *
ancestor(const struct snapshot *s, const struct dname *target)
{
	const struct node *n;
	unsigned i, last = target->labels - s->origin.labels;

	for (i = 0; i < last; i++) {
		n = snapshot_find(s, target, i);
		if (n != NULL && (n->flags & NODE_CUT) != 0)
			return n;
		n = snapshot_find(s, target, i + 1);
		if (n != NULL && (n->flags & NODE_WILDCARD) != 0 &&
		    snapshot_find(s, target, 0) == NULL)
			return n;
	}
	return NULL;
}

/* What is wrong with a name that ought to have an address; NULL: nothing. */
static const char *
target_wrong(const struct run *r, const struct dname *target)
{
	const struct node *n = snapshot_find(r->s, target, 0), *above;

	if (has_address(n))
		return NULL;
	if ((above = ancestor(r->s, target)) != NULL)
		return above == r->n ? "has no address here: glue is missing" :
				       NULL;
	if (n != NULL && node_rrset(n, TYPE_CNAME) != NULL)
		return "is a CNAME (RFC 2181 section 10.3)";
	return "has no address in the zone";
}

static void
check_target(
    struct run *r, const struct rrset *set, const uint8_t *data, size_t len)
{
	char why[DNS_NAME_TEXT + 96], name[DNS_NAME_TEXT], type[RTYPE_TEXT];
	const uint8_t *wire = rdata_target(set->type, data, len);
	const char *wrong;
	struct dname target;

	/* "." is nobody (RFC 7505, 2782) */
	if (wire == NULL || dname_set(&target, wire, DNS_NAME) == -1 ||
	    target.labels == 0 || dname_below(&target, &r->s->origin) == -1 ||
	    (wrong = target_wrong(r, &target)) == NULL)
		return;
	snprintf(why, sizeof(why), "%s %s %s", rtype_text(set->type, type),
	    dns_name_text(wire, name), wrong);
	tell(r, false, why);
}

static void
check_targets(struct run *r)
{
	static const uint16_t types[] = { TYPE_NS, TYPE_MX, TYPE_SRV };
	const struct rrset *set;
	const uint8_t *p;
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if ((set = node_rrset(r->n, types[i])) == NULL)
			continue;
		for (p = set->data; p != rrset_end(set); p = rrset_next(p))
			check_target(r, set, rrset_rdata(p), rrset_len(p));
	}
}

static void (*const checks[])(struct run *) = {
	check_apex,
	check_cname,
	check_dname,
	check_targets,
};

size_t
zonecheck_run(const struct snapshot *s, struct zonecheck *c)
{
	struct snapshot_walk walk = { 0 };
	struct run r = { .s = s, .c = c };
	size_t i;

	c->errors = c->warnings = 0;
	while ((r.n = snapshot_next(s, &walk)) != NULL)
		for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
			checks[i](&r);
	tell_rest(c, true);
	tell_rest(c, false);
	return c->errors;
}
