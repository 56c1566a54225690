/*
 * Answers out of zones: the steps of RFC 1034 section 4.3.2, with what later
 * RFCs made of them. One function for each way that the search for a name can
 * end; an alias sends the search on its way again.
 */
#include "answerpart.h"
#include "handed.h"
#include "synth.h"
#include "update.h"
#include "xfrin.h"
#include "xfrout.h"

/* Extended errors (RFC 8914 section 4). */
enum { EDE_PROHIBITED = 18, EDE_NOT_AUTHORITATIVE = 20, EDE_INVALID_DATA = 24 };

static void
fail(struct request *r, unsigned rcode, unsigned ede)
{
	r->rcode = (uint16_t)rcode;
	r->ede = (uint8_t)(ede + 1);
}

bool
answer_put(const struct answer *a, enum reply_section section,
    struct reply_owner owner, const struct node *node, const struct rrset *set)
{
	struct reply *r = &a->r->reply;
	struct worker_thread *t = a->r->thread;
	unsigned first = 0;

	if (set->count > 1 && t->server->conf->rotate)
		first = t->turn++ % set->count;
	if (!reply_rrset(r, section, owner, set, first))
		return false;
	/* signatures over signatures there are none */
	return !a->dnssec || set->type == TYPE_RRSIG ||
	    reply_sigs(
		r, section, owner, node_rrset(node, TYPE_RRSIG), set->type);
}

/* What must be there does not fit. */
static bool
truncate_reply(struct answer *a)
{
	a->r->reply.truncated = true;
	return false;
}

/* The steps below return whether the search goes on with another name. */

/* RFC 2308 section 3: how long this may be remembered, both TTLs tell. */
static bool
put_soa(struct answer *a)
{
	struct reply *r = &a->r->reply;
	const struct node *apex = a->s->apex;
	bool done;

	r->ttl_max = a->s->negative_ttl;
	done = answer_put(a, REPLY_AUTHORITY, reply_owner(a->name, a->origin),
	    apex, node_rrset(apex, TYPE_SOA));
	r->ttl_max = UINT32_MAX;
	return done || truncate_reply(a);
}

/*
 * The name is an alias of `target`: go on there if that is ours, too. Who asks
 * finds the way from what it has else; so does who runs in circles.
 */
static bool
follow(struct answer *a, const struct dname *target)
{
	const struct zones *zones = a->r->thread->server->zones;
	struct zone *z;
	unsigned i, origin;

	for (i = 0; i < a->links; i++)
		if (a->seen[i] == target->hash[0])
			return false;
	if (a->links == ANSWER_CHAIN || target->hash[0] == a->r->qname.hash[0])
		return false;
	a->seen[a->links++] = target->hash[0];
	if ((z = zones_find(zones, target, 0, &origin)) == NULL)
		return false;
	if (z != a->zone &&
	    (zone_now(z) == NULL ||
		!acl_allows(&z->conf->allow_query, &a->r->peer, a->r->key)))
		return false;
	if (z != a->zone)
		a->s = zone_now(z);
	a->zone = z;
	a->origin = origin;
	a->alias = *target;
	a->name = &a->alias;
	return a->s != NULL;
}

static bool
give_alias(struct answer *a, const struct node *node, const struct rrset *cname)
{
	struct dname target;

	if (!answer_put(a, REPLY_ANSWER, reply_owner(a->name, 0), node, cname))
		return truncate_reply(a);
	return dname_set(&target, rrset_rdata(cname->data), DNS_NAME) == 0 &&
	    follow(a, &target);
}

/* One RRset is an answer to ANY (RFC 8482 section 4.1): the first that is not
 * about another one. */
static const struct rrset *
any_rrset(const struct node *node)
{
	unsigned i;

	for (i = 0; i < node->nsets; i++)
		if (node->sets[i]->type != TYPE_RRSIG &&
		    node->sets[i]->type != TYPE_NSEC)
			return node->sets[i];
	return node->nsets > 0 ? node->sets[0] : NULL;
}

/* The alias at this name, unless what was asked for is what aliases have beside
 * them (RFC 4035 section 2.5). */
static const struct rrset *
alias_of(const struct node *node, uint16_t qtype)
{
	return qtype == TYPE_RRSIG || qtype == TYPE_NSEC ?
	    NULL :
	    node_rrset(node, TYPE_CNAME);
}

static bool
give_nothing(struct answer *a, const struct node *node, unsigned star)
{
	if (star > 0 && a->dnssec)
		denial_wildcard_type(&a->denial, a->s, a->name, star, node);
	else if (a->dnssec)
		denial_type(&a->denial, a->s, a->name, 0, node);
	put_soa(a);
	return false;
}

/*
 * The name exists, or a wildcard stands for it (star: suffix of the wildcard's
 * parent, else 0).
 */
static bool
give_node(struct answer *a, const struct node *node, unsigned star)
{
	uint16_t qtype = a->r->qtype;
	const struct rrset *set =
	    qtype == TYPE_ANY ? any_rrset(node) : node_rrset(node, qtype);
	const struct rrset *cname = set == NULL ? alias_of(node, qtype) : NULL;

	if (set == NULL && cname == NULL)
		return give_nothing(a, node, star);
	if (star > 0 && a->dnssec)
		denial_wildcard(&a->denial, a->s, a->name, star);
	if (cname != NULL)
		return give_alias(a, node, cname);
	if (!answer_put(a, REPLY_ANSWER, reply_owner(a->name, 0), node, set))
		return truncate_reply(a);
	a->given = set;
	return false;
}

static bool
at_node(struct answer *a, const struct place *p)
{
	return give_node(a, p->node, 0);
}

/* RFC 4592 section 3.3.1: only the wildcard at the closest encloser counts. */
static bool
at_none(struct answer *a, const struct place *p)
{
	const struct node *node = NULL;
	struct dname star;

	if ((p->node->flags & NODE_WILDCARD) &&
	    synth_wildcard(&star, a->name, p->suffix))
		node = snapshot_find(a->s, &star, 0);
	if (node != NULL)
		return give_node(a, node, p->suffix);
	a->r->rcode = DNS_NXDOMAIN;
	if (a->dnssec)
		denial_name(&a->denial, a->s, a->name, p->suffix);
	put_soa(a);
	return false;
}

/* Not ours to answer. What an alias led to has authority for the alias. */
static bool
at_cut(struct answer *a, const struct place *p)
{
	struct reply *r = &a->r->reply;
	struct reply_owner owner = reply_owner(a->name, p->suffix);
	const struct rrset *ns = node_rrset(p->node, TYPE_NS);
	const struct rrset *ds = node_rrset(p->node, TYPE_DS);

	if (r->count[REPLY_ANSWER] == 0)
		r->flags &= (uint16_t)~DNS_AA;
	if (!reply_rrset(r, REPLY_AUTHORITY, owner, ns, 0))
		return truncate_reply(a);
	if (a->dnssec && ds == NULL)
		denial_type(&a->denial, a->s, a->name, p->suffix, p->node);
	else if (a->dnssec &&
	    !answer_put(a, REPLY_AUTHORITY, owner, p->node, ds))
		return truncate_reply(a);
	if (a->dnssec && !denial_put(r, &a->denial))
		return truncate_reply(a);
	a->denial.n = 0;
	glue_referral(a, p, ns);
	return false;
}

static bool
was_given(struct answer *a, const struct rrset *dname)
{
	unsigned i;

	for (i = 0; i < a->ndnames; i++)
		if (a->dnames[i] == dname)
			return true;
	if (a->ndnames < ANSWER_CHAIN)
		a->dnames[a->ndnames++] = dname;
	return false;
}

/*
 * RFC 6672 section 3.2: the DNAME, and the CNAME that it means for this name;
 * YXDOMAIN where that would be too long.
 */
static bool
at_dname(struct answer *a, const struct place *p)
{
	const struct rrset *dname = node_rrset(p->node, TYPE_DNAME);
	struct reply_rr cname = { .type = TYPE_CNAME, .ttl = dname->ttl };
	struct dname target;

	if (!was_given(a, dname) &&
	    !answer_put(a, REPLY_ANSWER, reply_owner(a->name, p->suffix),
		p->node, dname))
		return truncate_reply(a);
	if (!synth_replace(
		&target, a->name, p->suffix, rrset_rdata(dname->data))) {
		a->r->rcode = DNS_YXDOMAIN;
		return false;
	}
	cname.data = target.wire;
	cname.len = target.len;
	if (!reply_record(
		&a->r->reply, REPLY_ANSWER, reply_owner(a->name, 0), &cname))
		return truncate_reply(a);
	return a->r->qtype != TYPE_CNAME && a->r->qtype != TYPE_ANY &&
	    follow(a, &target);
}

static bool (*const steps[])(struct answer *, const struct place *) = {
	[PLACE_NODE] = at_node,
	[PLACE_CUT] = at_cut,
	[PLACE_DNAME] = at_dname,
	[PLACE_NONE] = at_none,
};

/*
 * The DS of our zone's origin is its parent's, if that is ours, too, and does
 * not know less: then it would only refer to somebody in between.
 */
static void
prefer_parent(struct answer *a)
{
	const struct zones *zones = a->r->thread->server->zones;
	struct search q = { .name = a->name, .qtype = TYPE_DS };
	const struct zone *z;

	if (a->r->qtype != TYPE_DS || a->origin != 0 || a->name->labels == 0 ||
	    (z = zones_find(zones, a->name, 1, &q.origin)) == NULL ||
	    (q.s = zone_now(z)) == NULL ||
	    !acl_allows(&z->conf->allow_query, &a->r->peer, a->r->key) ||
	    place_find(&q).kind == PLACE_CUT)
		return;
	a->zone = z;
	a->s = q.s;
	a->origin = q.origin;
}

/* Records that nobody asked for; a server's addresses nearly everybody will. */
static void
give_more(struct answer *a)
{
	if (a->given != NULL &&
	    (a->given->type == TYPE_NS || !a->r->thread->server->conf->minimal))
		glue_answer(a);
}

/* What prefetch found of it is true of its snapshot and the question's name. */
static struct place
find_place(const struct answer *a)
{
	const struct request *r = a->r;
	struct search q = { .s = a->s,
		.name = a->name,
		.origin = a->origin,
		.qtype = r->qtype };

	if (a->name == &r->qname && a->s == r->ahead.snapshot) {
		q.node = r->ahead.node;
		q.node_at = r->ahead.node_at;
	}
	return place_find(&q);
}

static void
give_answer(struct answer *a)
{
	struct place p;
	bool more;

	a->r->reply.flags |= DNS_AA;
	do {
		prefer_parent(a);
		p = find_place(a);
		more = steps[p.kind](a, &p);
	} while (more);
	if (a->r->reply.truncated)
		return;
	if (a->denial.n > 0 && !denial_put(&a->r->reply, &a->denial))
		truncate_reply(a);
	else
		give_more(a);
}

/* What stands in no zone (RFC 6895 section 3.1). The rcode. */
static unsigned
check_type(uint16_t type)
{
	switch (type) {
	case TYPE_OPT:
	case TYPE_TSIG:
		return DNS_FORMERR;
	case TYPE_TKEY:
	case TYPE_MAILA:
	case TYPE_MAILB:
		return DNS_NOTIMP;
	default:
		return DNS_NOERROR;
	}
}

static struct zone *
find_zone(struct request *r)
{
	const struct server *server = r->thread->server;

	if (r->ahead.zone == NULL)
		r->ahead.zone =
		    zones_find(server->zones, &r->qname, 0, &r->ahead.origin);
	return r->ahead.zone;
}

static void
query(struct request *r, struct stream **stream)
{
	struct answer a;

	if (r->qclass == CLASS_CH) {
		chaos_query(r);
		return;
	}
	a.zone = r->qclass == CLASS_IN ? find_zone(r) : NULL;
	if ((r->rcode = (uint16_t)check_type(r->qtype)) != DNS_NOERROR)
		return;
	if (r->qtype == TYPE_AXFR || r->qtype == TYPE_IXFR) {
		if (a.zone == NULL) /* RFC 5936 section 2.2.1 */
			r->rcode = DNS_NOTAUTH;
		else
			xfrout_query(r, r->ahead.zone, stream);
		return;
	}
	if (a.zone == NULL) {
		fail(r, DNS_REFUSED, EDE_NOT_AUTHORITATIVE);
		return;
	}
	a.r = r;
	a.name = &r->qname;
	a.origin = r->ahead.origin;
	prefer_parent(&a);
	if (!acl_allows(&a.zone->conf->allow_query, &r->peer, r->key)) {
		fail(r, DNS_REFUSED, EDE_PROHIBITED);
		return;
	}
	if ((a.s = zone_now(a.zone)) == NULL) {
		fail(r, DNS_SERVFAIL, EDE_INVALID_DATA);
		return;
	}
	a.dnssec = r->edns.wants_dnssec;
	a.given = NULL;
	a.denial.n = 0;
	a.links = a.ndnames = 0;
	give_answer(&a);
}

/* The name that is looked for first. */
static void
prefetch_place(struct request *r)
{
	const struct zone *z = find_zone(r);
	const struct snapshot *s = z != NULL ? zone_now(z) : NULL;

	r->ahead.snapshot = s;
	if (s == NULL)
		return;
	r->ahead.node_at = 0;
	if (!place_is_flat(s) && r->ahead.origin > 0)
		r->ahead.node_at = r->ahead.origin - 1;
	snapshot_prefetch(s, &r->qname, r->ahead.node_at);
}

/* Where its first RRset is, most have no other, and the one at hand is as good
 * as any. */
static void
prefetch_rrset(struct request *r)
{
	const struct node *node =
	    snapshot_find(r->ahead.snapshot, &r->qname, r->ahead.node_at);

	r->ahead.node = node;
	if (node != NULL && node->nsets > 0)
		__builtin_prefetch(node->sets[0]);
}

/* First the place in the table, then the node, then what it has. */
static void
prefetch(struct request *r, unsigned round)
{
	if (r->qclass != CLASS_IN)
		return;
	if (round == 0)
		prefetch_place(r);
	else if (r->ahead.snapshot == NULL)
		return;
	else if (round == 1)
		snapshot_prefetch_node(
		    r->ahead.snapshot, &r->qname, r->ahead.node_at);
	else
		prefetch_rrset(r);
}

static void
handed(struct handed *h)
{
	if (h->r.opcode == OPCODE_UPDATE)
		update_handed(h);
	else
		xfrin_notified(h);
}

const struct role_calls auth_calls = {
	.query = query,
	.prefetch = prefetch,
	.handed = handed,
};
