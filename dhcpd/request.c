/*
 * DHCPREQUEST in its four states (RFC 2131 section 4.3.2).
 */
#include <arpa/inet.h>

#include "server.h"

enum { OPT_REQUESTED = 50, OPT_SERVER = 54 };

/*
 * A client that renews names no address but ciaddr; some name their server,
 * too, which does no harm.
 */
enum request_state
request_state(const struct packet *p, uint32_t *ip)
{
	const struct options *o = &p->options;
	struct in_addr in = { .s_addr = 0 };
	bool asked = option_ip(o, OPT_REQUESTED, &in) && in.s_addr != 0;

	if (p->ciaddr.s_addr != 0) {
		*ip = ntohl(p->ciaddr.s_addr);
		return REQUEST_RENEWING;
	}
	*ip = ntohl(in.s_addr);
	if (!asked)
		return REQUEST_NONE;
	return option_has(o, OPT_SERVER) ? REQUEST_SELECTING :
					   REQUEST_INIT_REBOOT;
}

static bool
on_network(const struct query *q, uint32_t ip)
{
	const struct subnet *sub = scope_subnet(&q->server->conf->scopes, ip);

	return sub != NULL && sub->network == q->subnet->network;
}

static bool
is_free(const struct query *q, uint32_t ip)
{
	return allocate_allowed(q, ip) &&
	    lease_free_for(q->server->leases, ip, &q->client);
}

/* Another address is kept for this client, and can be had. */
static bool
belongs_elsewhere(const struct query *q, uint32_t ip)
{
	uint32_t reserved = allocate_reserved(q);

	return reserved != 0 && reserved != ip;
}

/*
 * The client chose us. Whether we remember the offer does not matter, only
 * whether the address can be given.
 */
static enum request_verdict
judge_selecting(const struct query *q, uint32_t ip, const char **why)
{
	if (!on_network(q, ip))
		*why = "address is of another network";
	else if (!is_free(q, ip))
		*why = "address is not available";
	else
		return REQUEST_ACK;
	return REQUEST_NAK;
}

/* A client that we have no record of must not hear of us. */
static enum request_verdict
judge_reboot(const struct query *q, uint32_t ip, const char **why)
{
	const struct lease *l;

	if (!on_network(q, ip)) {
		*why = "address is of another network";
		return q->subnet->settings.authoritative ? REQUEST_NAK :
							   REQUEST_SILENT;
	}
	l = lease_of(q->server->leases, &q->client, q->subnet->network->number);
	if (l == NULL && (q->host == NULL || q->host->ip == 0))
		return REQUEST_SILENT;
	if (belongs_elsewhere(q, ip)) {
		*why = "another address is reserved for this client";
		return REQUEST_NAK;
	}
	if ((l == NULL || l->ip != ip) &&
	    (q->host == NULL || q->host->ip != ip))
		*why = "client has another address";
	else if (!is_free(q, ip))
		*why = "address is not available";
	else
		return REQUEST_ACK;
	return REQUEST_NAK;
}

/*
 * A lease of the client's is extended while the configuration allows. What we
 * know nothing of we take over if we are authoritative and it is free: so
 * leases survive the loss of our records.
 */
static enum request_verdict
judge_renewing(const struct query *q, uint32_t ip, const char **why)
{
	const struct lease *l = lease_at(q->server->leases, ip);
	bool known =
	    l != NULL && l->state == LEASE_BOUND && lease_is(l, &q->client);

	if (!known && !q->subnet->settings.authoritative)
		return REQUEST_SILENT;
	if (!on_network(q, ip))
		*why = "address is of another network";
	else if (belongs_elsewhere(q, ip))
		*why = "another address is reserved for this client";
	else if (!is_free(q, ip))
		*why = "address is not available";
	else
		return REQUEST_ACK;
	return REQUEST_NAK;
}

enum request_verdict
request_judge(const struct query *q, enum request_state state, uint32_t ip,
    const char **why)
{
	switch (state) {
	case REQUEST_SELECTING:
		return judge_selecting(q, ip, why);
	case REQUEST_INIT_REBOOT:
		return judge_reboot(q, ip, why);
	case REQUEST_RENEWING:
		return judge_renewing(q, ip, why);
	case REQUEST_NONE:
		break;
	}
	return REQUEST_SILENT;
}

/* What we offered is free again: the client took another server's. */
static void
forget_offer(const struct query *q)
{
	struct server *s = q->server;
	struct lease *l;

	l = lease_of(s->leases, &q->client, q->subnet->network->number);
	if (l != NULL && l->state == LEASE_OFFERED)
		lease_release(s->leases, l, s->now);
}

void
request_serve(struct query *q)
{
	const char *why = "";
	char address[16];
	struct in_addr server;
	enum request_state state;
	uint32_t ip;

	if (option_ip(&q->packet.options, OPT_SERVER, &server) &&
	    !serve_is_us(q, server)) {
		forget_offer(q);
		serve_drop(
		    q, DROP_NOT_OURS, serve_ip(ntohl(server.s_addr), address));
		return;
	}
	if ((state = request_state(&q->packet, &ip)) == REQUEST_NONE) {
		serve_drop(q, DROP_OPTION, "request for no address");
		return;
	}
	switch (request_judge(q, state, ip, &why)) {
	case REQUEST_ACK:
		if (circuit_full(q))
			serve_drop(q, DROP_CIRCUIT, "");
		else
			grant_lease(q, ip, DHCP_ACK, false);
		break;
	case REQUEST_NAK:
		reply_nak(q, why);
		break;
	case REQUEST_SILENT:
		serve_drop(q, DROP_UNKNOWN, serve_ip(ip, address));
		break;
	}
}
