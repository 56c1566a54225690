/*
 * An update's records, done to the zone one after the other (RFC 2136 section
 * 3.4.2), and the serial that follows (section 3.6).
 */
#include <string.h>

#include "bytes.h"
#include "serial.h"
#include "updatepart.h"

#define SOA_NUMBERS 20 /* bytes at the end of a SOA: serial and four times */
#define WKS_KEY 5 /* bytes: address and protocol */
#define TTL_MAX 0x7fffffff /* above it means 0 (RFC 2181 section 8) */

/* One record and where it goes. */
struct step {
	struct edit *e;
	const struct dname *name;
	const struct node *node; /* of the name, as it is now; or NULL */
	bool apex;
	struct edit_rr rr;
};

static const struct rrset *
soa_of(const struct edit *e)
{
	return node_rrset(edit_find(e, edit_origin(e), 0), TYPE_SOA);
}

static uint32_t
serial_at(const uint8_t *soa, size_t len)
{
	return get32(soa + len - SOA_NUMBERS);
}

uint32_t
update_serial(const struct edit *e)
{
	const uint8_t *p = soa_of(e)->data;

	return serial_at(rrset_rdata(p), rrset_len(p));
}

/* What may stand beside a CNAME (RFC 4034 section 2.5 and 3, 4035 2.5). */
static bool
beside_cname(uint16_t type)
{
	return type == TYPE_RRSIG || type == TYPE_NSEC || type == TYPE_KEY ||
	    type == TYPE_SIG || type == TYPE_NXT;
}

/* A CNAME and other data: whichever came first stays (section 3.4.2.2). */
static bool
clashes(const struct step *s)
{
	uint16_t type;
	unsigned i;

	if (s->node == NULL || beside_cname(s->rr.type))
		return false;
	for (i = 0; i < s->node->nsets; i++) {
		type = s->node->sets[i]->type;
		if (!beside_cname(type) &&
		    (type == TYPE_CNAME) != (s->rr.type == TYPE_CNAME))
			return true;
	}
	return false;
}

/* A WKS record's address and protocol are what makes it another one. */
static enum edit_result
replace_wks(const struct step *s)
{
	const struct rrset *set =
	    s->node != NULL ? node_rrset(s->node, TYPE_WKS) : NULL;
	uint8_t data[RDATA_MAX];
	struct edit_rr old = { .type = TYPE_WKS, .data = data };
	const uint8_t *p;

	if (set == NULL)
		return EDIT_DONE;
	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		if (rrset_len(p) < WKS_KEY ||
		    memcmp(rrset_rdata(p), s->rr.data, WKS_KEY) != 0)
			continue;
		old.len = rrset_len(p);
		memcpy(data, rrset_rdata(p), old.len);
		if (rdata_compare(
			TYPE_WKS, data, old.len, s->rr.data, s->rr.len) == 0)
			return EDIT_DONE;
		return edit_remove(s->e, s->name, &old);
	}
	return EDIT_DONE;
}

/* Section 3.4.2.2. */
static enum edit_result
add(const struct step *s)
{
	enum edit_result result = EDIT_DONE;

	if (clashes(s))
		return EDIT_SAME;
	if (s->rr.type == TYPE_SOA &&
	    (!s->apex ||
		!serial_newer(
		    serial_at(s->rr.data, s->rr.len), update_serial(s->e))))
		return EDIT_SAME;
	if (s->rr.type == TYPE_WKS)
		result = replace_wks(s);
	return result == EDIT_DONE ? edit_add(s->e, s->name, &s->rr) : result;
}

static bool protected(const struct step *s, uint16_t type)
{
	return s->apex && (type == TYPE_SOA || type == TYPE_NS);
}

/* Section 3.4.2.3. The edit may make the node anew at each step. */
static enum edit_result
remove_all(struct step *s)
{
	enum edit_result result;
	unsigned i = 0;

	while (s->node != NULL && i < s->node->nsets) {
		if (protected(s, s->node->sets[i]->type)) {
			i++;
			continue;
		}
		result =
		    edit_remove_rrset(s->e, s->name, s->node->sets[i]->type);
		if (result != EDIT_DONE)
			return result;
		s->node = edit_find(s->e, s->name, 0);
	}
	return EDIT_DONE;
}

static enum edit_result
remove_rrset(struct step *s)
{
	if (s->rr.type == TYPE_ANY)
		return remove_all(s);
	if (protected(s, s->rr.type))
		return EDIT_SAME;
	return edit_remove_rrset(s->e, s->name, s->rr.type);
}

/* Section 3.4.2.4: the last NS of the origin stays. */
static enum edit_result
remove_one(const struct step *s)
{
	const struct rrset *ns;

	if (s->apex && s->rr.type == TYPE_SOA)
		return EDIT_SAME;
	if (protected(s, s->rr.type)) {
		ns = node_rrset(s->node, TYPE_NS);
		if (ns == NULL || ns->count == 1)
			return EDIT_SAME;
	}
	return edit_remove(s->e, s->name, &s->rr);
}

unsigned
update_apply(struct update_message *m, struct edit *e)
{
	enum edit_result result;
	struct update_rr *rr;
	struct dname name;
	struct step s = { .e = e, .name = &name };

	for (rr = m->v + m->prerequisites; rr < m->v + m->n; rr++) {
		if (!update_owner(m, rr, &name))
			return DNS_NOTZONE;
		s.node = edit_find(e, &name, 0);
		s.apex = name.labels == m->origin->labels;
		s.rr =
		    (struct edit_rr){ rr->type, rr->ttl > TTL_MAX ? 0 : rr->ttl,
			    update_data(m, rr), rr->len };
		if (rr->class == CLASS_IN)
			result = add(&s);
		else if (rr->class == CLASS_ANY)
			result = remove_rrset(&s);
		else
			result = remove_one(&s);
		if (result == EDIT_FULL || result == EDIT_OUTSIDE)
			return DNS_SERVFAIL;
		rr->same = result == EDIT_SAME;
	}
	return DNS_NOERROR;
}

/*
 * Data below a DNAME is no zone that could be loaded (RFC 6672 section 2.4
 * forbids it, 5.2 lets an update do it).
 */
static bool
is_below_dname(const struct edit *e, const struct edit_change *c)
{
	const struct node *node;
	struct dname name;
	unsigned i;

	if (!c->added || dname_set(&name, c->name, DNS_NAME) == -1)
		return false;
	if (c->type == TYPE_DNAME && (node = edit_find(e, &name, 0)) != NULL &&
	    node->children > 0)
		return true;
	for (i = 1; i + edit_origin(e)->labels <= name.labels; i++)
		if ((node = edit_find(e, &name, i)) != NULL &&
		    (node->flags & NODE_DNAME) != 0)
			return true;
	return false;
}

static unsigned
next_serial(struct edit *e)
{
	const struct rrset *set = soa_of(e);
	const uint8_t *p = set->data;
	uint8_t data[2 * DNS_NAME + SOA_NUMBERS];
	struct edit_rr rr = { TYPE_SOA, set->ttl, data, rrset_len(p) };
	uint32_t serial;
	uint8_t *at;

	if (rr.len > sizeof(data))
		return DNS_SERVFAIL;
	memcpy(data, rrset_rdata(p), rr.len);
	serial = serial_next(serial_at(data, rr.len));
	at = data + rr.len - SOA_NUMBERS;
	at[0] = (uint8_t)(serial >> 24);
	at[1] = (uint8_t)(serial >> 16);
	at[2] = (uint8_t)(serial >> 8);
	at[3] = (uint8_t)serial;
	return edit_add(e, edit_origin(e), &rr) == EDIT_DONE ? DNS_NOERROR :
							       DNS_SERVFAIL;
}

unsigned
update_finish(struct edit *e, uint32_t before)
{
	const struct edit_change *v;
	size_t i, n = edit_changes(e, &v);

	for (i = 0; i < n; i++)
		if (is_below_dname(e, &v[i]))
			return DNS_REFUSED;
	return n > 0 && update_serial(e) == before ? next_serial(e) :
						     DNS_NOERROR;
}
