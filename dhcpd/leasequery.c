/*
 * DHCPLEASEQUERY (RFC 4388): who has an address, or which addresses a client
 * has, for routers that must know.
 */
#include <arpa/inet.h>

#include <string.h>

#include "server.h"

#define OTHERS 32 /* further addresses of one client that are told */
#define ROOM (PACKET_MAX - PACKET_IP_UDP)

enum {
	OPT_LEASE = 51,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_LIST = 55,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_VENDOR_CLASS = 60,
	OPT_CLIENT_ID = 61,
	OPT_AGENT = 82,
	OPT_LAST = 91, /* client-last-transaction-time */
	OPT_OTHERS = 92, /* associated-ip */
};

struct asked {
	const struct query *q;
	const struct lease *lease; /* NULL: none is active */
	uint32_t ip; /* 0: unknown */
	struct in_addr others[OTHERS];
	size_t nothers;
};

/* Is the address one of ours to give? */
static bool
is_managed(const struct server *s, uint32_t ip)
{
	const struct scopes *scopes = &s->conf->scopes;

	return scope_range(scopes, ip) != NULL ||
	    scope_host_at(scopes, ip) != NULL ||
	    lease_at(s->leases, ip) != NULL;
}

/* The next lease of the client that is asked for. */
static struct lease *
next_of(const struct asked *a, const struct lease *after)
{
	const struct server *s = a->q->server;
	const struct packet *p = &a->q->packet;
	const struct options *o = &p->options;

	if (option_has(o, OPT_CLIENT_ID))
		return lease_by_id(s->leases, o->at[OPT_CLIENT_ID],
		    o->len[OPT_CLIENT_ID], after);
	return lease_by_hw(s->leases, p->htype, p->chaddr, p->hlen, after);
}

/* The lease that was used last answers; the others are named (6.4.1). */
static void
find_client(struct asked *a)
{
	const struct lease *l = NULL, *best = NULL;
	size_t i;

	for (i = 0; i <= OTHERS && (l = next_of(a, l)) != NULL;) {
		if (l->state != LEASE_BOUND)
			continue;
		i++;
		if (best == NULL || l->last > best->last)
			best = l;
	}
	if ((a->lease = best) == NULL)
		return;
	a->ip = best->ip;
	for (l = NULL; a->nothers < OTHERS && (l = next_of(a, l)) != NULL;)
		if (l->state == LEASE_BOUND && l != best)
			a->others[a->nothers++].s_addr = htonl(l->ip);
}

static void
find(struct asked *a)
{
	const struct server *s = a->q->server;
	uint32_t ip = ntohl(a->q->packet.ciaddr.s_addr);
	const struct lease *l;

	if (ip == 0) {
		find_client(a);
		return;
	}
	if (!is_managed(s, ip))
		return;
	a->ip = ip;
	l = lease_at(s->leases, ip);
	if (l != NULL && l->state == LEASE_BOUND)
		a->lease = l;
}

/* Exactly one of address, hardware address, identifier (section 6.3). */
static bool
is_valid(const struct packet *p)
{
	bool id = option_has(&p->options, OPT_CLIENT_ID);

	return p->giaddr.s_addr != 0 &&
	    (p->ciaddr.s_addr != 0) + (p->hlen != 0) + id == 1;
}

static bool
is_allowed(const struct query *q)
{
	const struct dhcpd_conf *c = q->server->conf;
	struct sockaddr_in from = q->message.from;

	return c->leasequery &&
	    (c->leasequery_from.n == 0 ||
		conf_prefix_match(
		    &c->leasequery_from, (const struct sockaddr *)&from));
}

/* What is wanted; without a list, all that we tell. */
static bool
wanted(const struct asked *a, uint8_t code)
{
	return a->q->packet.options.at[OPT_LIST] == NULL ||
	    reply_asked(a->q, code);
}

/* The same fractions as the client was told, as far as they are to come. */
static void
put_times(const struct asked *a, struct packet_out *out)
{
	const struct lease *l = a->lease;
	int64_t now = a->q->server->now, term = l->end - l->last, t1, t2;

	if (l->end == LEASE_FOREVER) {
		if (wanted(a, OPT_LEASE))
			packet_add_u32(out, OPT_LEASE, SCOPE_FOREVER);
		return;
	}
	if (l->end <= now)
		return;
	if (wanted(a, OPT_LEASE))
		packet_add_u32(out, OPT_LEASE, (uint32_t)(l->end - now));
	t1 = l->last + term / 2 - now;
	t2 = l->last + term - term / 8 - now;
	if (t1 > 0 && wanted(a, OPT_T1))
		packet_add_u32(out, OPT_T1, (uint32_t)t1);
	if (t2 > 0 && wanted(a, OPT_T2))
		packet_add_u32(out, OPT_T2, (uint32_t)t2);
}

static void
put_active(const struct asked *a, struct packet_out *out)
{
	const struct lease *l = a->lease;
	int64_t ago = a->q->server->now - l->last;
	struct lease_more more;
	const uint8_t *id;
	size_t n;

	out->bytes[1] = l->htype;
	out->bytes[2] = l->hlen;
	memset(out->bytes + 28, 0, PACKET_HW);
	memcpy(out->bytes + 28, l->hw, l->hlen);
	put_times(a, out);
	lease_recall(l, &more);
	if ((id = lease_id(l, &n)) != NULL && wanted(a, OPT_CLIENT_ID))
		packet_add(out, OPT_CLIENT_ID, id, n);
	if (more.vendor != NULL && wanted(a, OPT_VENDOR_CLASS))
		packet_add(out, OPT_VENDOR_CLASS, more.vendor, more.vendor_len);
	if (wanted(a, OPT_LAST))
		packet_add_u32(out, OPT_LAST, ago > 0 ? (uint32_t)ago : 0);
	if (a->nothers > 0)
		packet_add(out, OPT_OTHERS, a->others, a->nothers * 4);
	if (more.agent != NULL && wanted(a, OPT_AGENT))
		packet_last(out, OPT_AGENT, more.agent, more.agent_len);
}

static enum dhcp_type
type_of(const struct asked *a)
{
	if (a->lease != NULL)
		return DHCP_LEASEACTIVE;
	return a->ip != 0 ? DHCP_LEASEUNASSIGNED : DHCP_LEASEUNKNOWN;
}

static size_t
build(const struct asked *a, uint8_t bytes[PACKET_MAX])
{
	const struct query *q = a->q;
	struct in_addr ip = { .s_addr = htonl(a->ip) };
	struct lease_more more = { .agent_len = 0 };
	struct packet_out out;

	if (a->lease != NULL)
		lease_recall(a->lease, &more);
	packet_reply(&out, bytes, ROOM, &q->packet, more.agent_len + 2);
	out.file_free = out.sname_free = false;
	packet_add_u8(&out, OPT_TYPE, (uint8_t)type_of(a));
	packet_add_ip(&out, OPT_SERVER, q->message.local);
	packet_set_ip(&out, PACKET_AT_CIADDR, ip);
	if (a->lease != NULL)
		put_active(a, &out);
	return packet_end(&out);
}

void
leasequery_serve(struct query *q)
{
	struct asked a = { .q = q };
	struct net_dest dest = { .how = NET_UDP };
	uint8_t bytes[PACKET_MAX];
	size_t n;

	if (!is_allowed(q)) {
		serve_drop(q, DROP_QUERY, "");
		return;
	}
	if (!is_valid(&q->packet)) {
		serve_drop(
		    q, DROP_OPTION, "leasequery for nothing, or too much");
		return;
	}
	find(&a);
	n = build(&a, bytes);
	dest.ip = q->packet.giaddr;
	dest.port = q->server->port;
	dest.from = q->message.local;
	net_send(q->server->net, &dest, bytes, n);
	server_count(q->server, C_SENT + type_of(&a));
}
