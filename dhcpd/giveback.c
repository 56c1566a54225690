/*
 * Addresses that clients give back: DHCPDECLINE and DHCPRELEASE (RFC 2131
 * sections 4.3.3 and 4.3.4). Neither is answered.
 */
#include <arpa/inet.h>

#include "server.h"

enum { OPT_REQUESTED = 50, OPT_SERVER = 54 };

/* Some leave 54 out, which then means us. */
static bool
for_us(const struct query *q)
{
	struct in_addr server;
	char ip[16];

	if (!option_ip(&q->packet.options, OPT_SERVER, &server) ||
	    serve_is_us(q, server))
		return true;
	serve_drop(q, DROP_NOT_OURS, serve_ip(ntohl(server.s_addr), ip));
	return false;
}

/* Only its holder may give an address back. */
static struct lease *
held(const struct query *q, uint32_t ip, bool offered)
{
	struct lease *l = lease_at(q->server->leases, ip);
	char address[16];

	if (l != NULL && lease_is(l, &q->client) &&
	    (l->state == LEASE_BOUND || (offered && l->state == LEASE_OFFERED)))
		return l;
	serve_drop(q, DROP_UNKNOWN, serve_ip(ip, address));
	return NULL;
}

void
giveback_decline(struct query *q)
{
	static struct log_limit limit;
	char name[SERVE_NAME], address[16];
	struct in_addr in = q->packet.ciaddr;
	uint32_t ip;

	if (!for_us(q))
		return;
	(void)option_ip(&q->packet.options, OPT_REQUESTED, &in);
	ip = ntohl(in.s_addr);
	if (held(q, ip, true) == NULL)
		return;
	if (log_allowed(&limit, "declined addresses"))
		log_warnx("%s: declined by %s: another host uses it",
		    serve_ip(ip, address), serve_client(q, name));
	discover_conflict(q, ip, "declined");
}

void
giveback_release(struct query *q)
{
	struct server *s = q->server;
	struct lease *l;

	if (!for_us(q))
		return;
	l = held(q, ntohl(q->packet.ciaddr.s_addr), false);
	if (l == NULL)
		return;
	lease_release(s->leases, l, s->now);
	grant_ended(s, l, "released");
	grant_write(s, l);
}
