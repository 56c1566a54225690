/*
 * Who may update what (RFC 2136 section 3.3): sections update "KEY" of the
 * zone. Every record needs a grant that has its name and its type.
 */
#include "dnsdconf.h"
#include "updatepart.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/* What is granted only by its name: it says how the zone hangs together. */
static const uint16_t kept[] = { TYPE_SOA, TYPE_NS, TYPE_DS, TYPE_DNSKEY,
	TYPE_RRSIG, TYPE_NSEC, TYPE_NSEC3, TYPE_NSEC3PARAM, TYPE_CDS,
	TYPE_CDNSKEY };

static bool
has_type(const uint16_t *v, size_t n, uint16_t type)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i] == type)
			return true;
	return false;
}

static bool
grants_type(const struct grant_conf *g, uint16_t type)
{
	if (g->ntypes > 0)
		return has_type(g->type, g->ntypes, type);
	return !has_type(kept, nitems(kept), type);
}

static bool
grants_name(const struct grant_conf *g, const struct dname *name)
{
	const struct grant_name *gn;
	int below;

	for (gn = g->name; gn < g->name + g->nnames; gn++) {
		if (gn->how == GRANT_ANY)
			return true;
		below = dname_below(name, &gn->name);
		if (below == 0 || (below > 0 && gn->how == GRANT_SUBDOMAIN))
			return true;
	}
	return false;
}

static bool
is_granted(const struct zone_conf *conf, const struct tsig_key *key,
    const struct dname *name, uint16_t type)
{
	const struct grant_conf *g = conf->updates.v, *end = g;

	if (g != NULL)
		end += conf->updates.n;
	for (; g < end; g++)
		if (g->key == key && grants_name(g, name) &&
		    grants_type(g, type))
			return true;
	return false;
}

/* All that removing all of a name would remove. */
static bool
is_granted_all(const struct zone_conf *conf, const struct tsig_key *key,
    const struct dname *name, const struct node *node)
{
	const struct dname *origin = &conf->origin;
	unsigned i;
	uint16_t type;

	for (i = 0; node != NULL && i < node->nsets; i++) {
		type = node->sets[i]->type;
		/* it stays in any case (section 3.4.2.3) */
		if ((type == TYPE_SOA || type == TYPE_NS) &&
		    name->labels == origin->labels)
			continue;
		if (!is_granted(conf, key, name, type))
			return false;
	}
	return true;
}

bool
update_has_grant(const struct zone_conf *conf, const struct tsig_key *key)
{
	const struct grant_conf *g = conf->updates.v;
	size_t i;

	for (i = 0; i < conf->updates.n; i++)
		if (key != NULL && g[i].key == key)
			return true;
	return false;
}

unsigned
update_permission(const struct update_message *m, const struct edit *e,
    const struct zone_conf *conf, const struct tsig_key *key)
{
	const struct update_rr *rr;
	struct dname name;
	bool granted;

	for (rr = m->v + m->prerequisites; rr < m->v + m->n; rr++) {
		/* the prescan's to refuse */
		if (!update_owner(m, rr, &name))
			continue;
		if (rr->class == CLASS_ANY && rr->type == TYPE_ANY)
			granted = is_granted_all(
			    conf, key, &name, edit_find(e, &name, 0));
		else
			granted = is_granted(conf, key, &name, rr->type);
		if (!granted)
			return DNS_REFUSED;
	}
	return DNS_NOERROR;
}
