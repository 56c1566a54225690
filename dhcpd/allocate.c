/*
 * Which address a client gets (RFC 2131 section 4.3.1): the one reserved for
 * it, the one that it has, the one that it had, the one that it asks for, one
 * that nobody had, the one that is out of use longest.
 *
 * Nothing here walks addresses: what is walked is the ranges of one network.
 */
#include <arpa/inet.h>

#include "server.h"

enum { OPT_REQUESTED = 50 };

int
allocate_pools(struct server *s)
{
	const struct scopes *scopes = &s->conf->scopes;
	const struct address_range *x = scopes->excluded;
	struct network *n;
	struct subnet *sub;
	struct range *r;
	size_t i;

	for (n = scopes->networks; n < scopes->networks + scopes->nnetworks;
	     n++)
		for (sub = n->subnets; sub < n->subnets + n->nsubnets; sub++)
			for (i = 0; i < sub->nranges; i++) {
				r = &sub->ranges[i];
				r->pool = pool_add(
				    s->leases, r->first, r->last, n->number);
				if (r->pool == NULL)
					return -1;
			}
	for (i = 0; i < scopes->nexcluded; i++)
		if (pool_exclude(s->leases, x[i].first, x[i].last) == -1)
			return -1;
	return 0;
}

static bool
range_open(const struct query *q, const struct range *r)
{
	return r->class == NULL || r->class == q->class ||
	    scope_in_class(r->class, &q->packet);
}

/* In the client's network? */
static bool
in_network(const struct query *q, uint32_t ip)
{
	const struct subnet *sub = scope_subnet(&q->server->conf->scopes, ip);

	return sub != NULL && sub->network == q->subnet->network;
}

bool
allocate_allowed(const struct query *q, uint32_t ip)
{
	const struct scopes *scopes = &q->server->conf->scopes;
	const struct range *r;

	if (ip == 0 || !in_network(q, ip))
		return false;
	if (q->host != NULL && q->host->ip == ip)
		return true;
	r = scope_range(scopes, ip);
	return r != NULL && range_open(q, r) &&
	    pool_of(q->server->leases, ip) != NULL;
}

uint32_t
allocate_reserved(const struct query *q)
{
	if (q->host == NULL || q->host->ip == 0 ||
	    !lease_free_for(q->server->leases, q->host->ip, &q->client))
		return 0;
	return q->host->ip;
}

/* What the client has or had here, if it may have it still. */
static uint32_t
own(const struct query *q)
{
	const struct server *s = q->server;
	const struct lease *l;

	l = lease_of(s->leases, &q->client, q->subnet->network->number);
	if (l == NULL || !allocate_allowed(q, l->ip) ||
	    !lease_free_for(s->leases, l->ip, &q->client))
		return 0;
	return l->ip;
}

static uint32_t
wish(const struct query *q)
{
	struct in_addr in;
	uint32_t ip;

	if (!option_ip(&q->packet.options, OPT_REQUESTED, &in))
		return 0;
	ip = ntohl(in.s_addr);
	if (!allocate_allowed(q, ip) ||
	    !lease_free_for(q->server->leases, ip, &q->client))
		return 0;
	return ip;
}

/*
 * A new one of this subnet, from ranges of a class or those for all; *used is
 * one that somebody had, as a last way.
 */
static uint32_t
pick(const struct query *q, const struct subnet *sub, bool ofclass,
    uint32_t *used)
{
	size_t i;
	uint32_t ip;

	for (i = 0; i < sub->nranges; i++) {
		if (sub->ranges[i].pool == NULL ||
		    (sub->ranges[i].class != NULL) != ofclass ||
		    !range_open(q, &sub->ranges[i]))
			continue;
		if ((ip = pool_pick(sub->ranges[i].pool)) == 0)
			continue;
		if (lease_at(q->server->leases, ip) == NULL)
			return ip;
		if (*used == 0)
			*used = ip;
	}
	return 0;
}

/*
 * What nobody had goes before what somebody had and may come back for; of
 * both, the client's own subnet before others on the same wire.
 */
static uint32_t
fresh(const struct query *q, bool ofclass)
{
	const struct network *n = q->subnet->network;
	uint32_t ip, used = 0;
	size_t i;

	if ((ip = pick(q, q->subnet, ofclass, &used)) != 0)
		return ip;
	for (i = 0; i < n->nsubnets; i++)
		if (&n->subnets[i] != q->subnet &&
		    (ip = pick(q, &n->subnets[i], ofclass, &used)) != 0)
			return ip;
	return used;
}

uint32_t
allocate_choose(const struct query *q)
{
	uint32_t ip;

	if ((ip = allocate_reserved(q)) != 0 || (ip = own(q)) != 0 ||
	    (ip = wish(q)) != 0)
		return ip;
	/* what is kept for its class before what is for all */
	if ((ip = fresh(q, true)) != 0)
		return ip;
	return fresh(q, false);
}
