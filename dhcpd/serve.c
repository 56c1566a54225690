/*
 * A message comes in: is it one, who asks, from which network, and which part
 * answers it.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "server.h"

#define HOPS_MAX 16 /* RFC 1542 section 4.1.1 */

enum { OPT_CLIENT_ID = 61, OPT_AGENT = 82, OPT_SUBNET = 118 };

/* Messages of one client within this second; see serve_allowed. */
struct rate {
	uint32_t who;
	uint32_t second;
	uint32_t n;
};

static const char *const reasons[DROPS] = {
	[DROP_SHORT] = "too short or too long",
	[DROP_OP] = "neither request nor reply",
	[DROP_HLEN] = "hardware address of a wrong length",
	[DROP_COOKIE] = "no magic cookie",
	[DROP_OPTION] = "malformed option",
	[DROP_TYPE] = "no type of message",
	[DROP_REPLY] = "not for a server",
	[DROP_LOOP] = "giaddr or hops of no relay",
	[DROP_INTERFACE] = "interface not wanted or without an address",
	[DROP_NO_SUBNET] = "no subnet",
	[DROP_NO_ADDRESS] = "no address is free",
	[DROP_NOT_OURS] = "another server was chosen",
	[DROP_UNKNOWN] = "unknown lease",
	[DROP_NO_RESERVATION] = "BOOTP without a reservation",
	[DROP_RATE] = "too many messages in a second",
	[DROP_CIRCUIT] = "too many leases on its circuit",
	[DROP_STORE] = "leases cannot be written: nothing is granted",
	[DROP_CONFLICT] = "addresses that were tried are in use",
	[DROP_QUERY] = "leasequery from where it is not allowed",
	[DROP_BUSY] = "too much is under way",
};

/* One row for each type that a server takes. */
static const struct {
	void (*serve)(struct query *);
	bool anywhere; /* also where no subnet is found */
} types[DHCP_TYPES] = {
	[DHCP_NONE] = { bootp_serve, false },
	[DHCP_DISCOVER] = { discover_serve, false },
	[DHCP_REQUEST] = { request_serve, false },
	[DHCP_DECLINE] = { giveback_decline, false },
	[DHCP_RELEASE] = { giveback_release, false },
	[DHCP_INFORM] = { inform_serve, false },
	[DHCP_LEASEQUERY] = { leasequery_serve, true },
};

const char *
serve_ip(uint32_t ip, char out[16])
{
	struct in_addr in = { .s_addr = htonl(ip) };

	/* cppcheck-suppress unreadVariable ; it fills out */
	inet_ntop(AF_INET, &in, out, 16);
	return out;
}

const char *
serve_hw(const uint8_t *hw, size_t n, char out[3 * PACKET_HW])
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	out[0] = '\0';
	for (i = 0; i < n && i < PACKET_HW; i++) {
		out[3 * i] = hex[hw[i] >> 4];
		out[3 * i + 1] = hex[hw[i] & 15];
		out[3 * i + 2] = i + 1 < n && i + 1 < PACKET_HW ? ':' : '\0';
	}
	return out;
}

const char *
serve_client(const struct query *q, char out[SERVE_NAME])
{
	char hw[3 * PACKET_HW], ip[16];
	const struct packet *p = &q->packet;
	const char *where = q->message.iface->name;

	if (p->giaddr.s_addr != 0)
		where = serve_ip(ntohl(p->giaddr.s_addr), ip);
	snprintf(out, SERVE_NAME, "%s via %s",
	    p->hlen > 0 ? serve_hw(p->chaddr, p->hlen, hw) : "client", where);
	return out;
}

/* A message that could not be read is its sender's. */
static const char *
sender(const struct query *q, enum drop why, char out[SERVE_NAME])
{
	char ip[16];

	if (why > DROP_TYPE)
		return serve_client(q, out);
	snprintf(out, SERVE_NAME, "%s via %s",
	    serve_ip(ntohl(q->message.from.sin_addr.s_addr), ip),
	    q->message.iface->name);
	return out;
}

void
serve_drop(const struct query *q, enum drop why, const char *detail)
{
	struct server *s = q->server;
	char name[SERVE_NAME];

	server_count(s, C_DROP + why);
	if (reasons[why] == NULL || !log_allowed(&s->limits[why], reasons[why]))
		return;
	log_warnx("%s: not answered: %s%s%s", sender(q, why, name),
	    reasons[why], *detail != '\0' ? ": " : "", detail);
}

void
serve_unwanted(void *arg)
{
	server_count(arg, C_DROP + DROP_INTERFACE);
}

/* Not a secure hash: who makes collisions only shares a limit. */
static uint32_t
client_hash(const struct server *s, const struct packet *p)
{
	uint32_t h = 2166136261u ^ s->seed;
	size_t i, n = p->options.len[OPT_CLIENT_ID];
	const uint8_t *id = p->options.at[OPT_CLIENT_ID];

	for (i = 0; i < p->hlen; i++)
		h = (h ^ p->chaddr[i]) * 16777619u;
	for (i = 0; p->hlen == 0 && id != NULL && i < n; i++)
		h = (h ^ id[i]) * 16777619u;
	return h;
}

int
serve_start(struct server *s)
{
	s->seed = arc4random();
	if (s->conf->per_client == 0)
		return 0;
	s->rates = calloc(SERVER_RATES, sizeof(*s->rates));
	return s->rates != NULL ? 0 : -1;
}

/* Two clients in one place of the table forget each other's count. */
static bool
rate_allowed(struct server *s, const struct packet *p)
{
	uint32_t who = client_hash(s, p), second = (uint32_t)s->now;
	struct rate *r;

	if (s->rates == NULL)
		return true;
	r = &s->rates[(who ^ who >> 16) % SERVER_RATES];
	if (r->who != who || r->second != second) {
		r->who = who;
		r->second = second;
		r->n = 0;
	}
	return ++r->n <= s->conf->per_client;
}

bool
serve_is_host(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 24 != 127 && ip < 0xe0000000u;
}

/* Everybody on the link. */
static bool
is_link_broadcast(const struct net_if *i, uint32_t ip)
{
	for (size_t k = 0; k < i->naddrs; k++)
		if (~i->addrs[k].mask > 1 &&
		    ip == (i->addrs[k].ip | ~i->addrs[k].mask))
			return true;
	return false;
}

/*
 * What came back to us, or can't be answered: our own relay on this host
 * counts a hop, so a message with our address and none is forged or looped.
 */
static bool
looped(const struct query *q)
{
	const struct packet *p = &q->packet;
	uint32_t giaddr = ntohl(p->giaddr.s_addr);
	const struct net_if *own;

	if (p->hops > HOPS_MAX)
		return true;
	if (giaddr == 0)
		return false;
	if (!serve_is_host(giaddr) ||
	    is_link_broadcast(q->message.iface, giaddr))
		return true;
	if (p->hops > 0 || q->server->net == NULL)
		return false;
	own = net_if_of(q->server->net, giaddr, true);
	return own != NULL && own->index != q->message.iface->index;
}

/*
 * RFC 3046 section 2.1.1: without giaddr nobody vouches for option 82, which
 * is as if it was not there, for classes too.
 */
static void
read_agent(struct query *q)
{
	struct options *o = &q->packet.options;

	q->agent = NULL;
	q->agent_len = 0;
	q->recalled = false;
	if (q->packet.giaddr.s_addr == 0 && !q->server->conf->trust_agent) {
		o->at[OPT_AGENT] = NULL;
		o->len[OPT_AGENT] = 0;
		return;
	}
	q->agent = o->at[OPT_AGENT];
	q->agent_len = o->len[OPT_AGENT];
	if (q->agent_len > LEASE_AGENT)
		q->agent_len = LEASE_AGENT;
}

static void
read_client(struct query *q)
{
	const struct packet *p = &q->packet;
	struct lease_client *c = &q->client;

	memset(c, 0, sizeof(*c));
	c->htype = p->htype;
	c->hlen = p->hlen;
	memcpy(c->hw, p->chaddr, p->hlen);
	c->id = p->options.at[OPT_CLIENT_ID];
	c->idlen = p->options.len[OPT_CLIENT_ID];
	if (c->idlen > LEASE_ID)
		c->idlen = LEASE_ID;
	c->by_hw = q->subnet != NULL && q->subnet->settings.by_hw;
}

/*
 * A client that renews asks us alone, past its relay agent. What that said of
 * it when the lease was made still holds, or it would lose an address that is
 * its circuit's.
 */
static void
recall_agent(struct query *q)
{
	struct options *o = &q->packet.options;
	const struct lease *l;
	struct lease_more more;

	if (q->agent != NULL || q->packet.type != DHCP_REQUEST ||
	    q->packet.giaddr.s_addr != 0 || q->packet.ciaddr.s_addr == 0)
		return;
	l = lease_at(q->server->leases, ntohl(q->packet.ciaddr.s_addr));
	if (l == NULL || l->state != LEASE_BOUND || !lease_is(l, &q->client))
		return;
	lease_recall(l, &more);
	if (more.agent == NULL || more.agent_len == 0)
		return;
	memcpy(q->stored, more.agent, more.agent_len);
	q->agent = o->at[OPT_AGENT] = q->stored;
	q->agent_len = more.agent_len;
	o->len[OPT_AGENT] = (uint16_t)more.agent_len;
	q->recalled = true;
}

bool
serve_agent_ip(const struct query *q, uint8_t code, struct in_addr *ip)
{
	const uint8_t *p;
	size_t n;

	if (q->agent == NULL ||
	    (p = option_sub(q->agent, q->agent_len, code, &n)) == NULL ||
	    n != 4)
		return false;
	memcpy(ip, p, 4);
	return true;
}

static const struct subnet *
interface_subnet(const struct query *q)
{
	const struct scopes *scopes = &q->server->conf->scopes;
	const struct net_if *iface = q->message.iface;
	const struct subnet *found;
	size_t i;

	found = scope_subnet(scopes, ntohl(q->message.local.s_addr));
	for (i = 0; found == NULL && i < iface->naddrs; i++)
		found = scope_subnet(scopes, iface->addrs[i].ip);
	return found;
}

static bool
is_broadcast(const struct query *q)
{
	return q->message.to.s_addr != q->message.local.s_addr;
}

/*
 * Where the client is, by what tells it best: link selection (RFC 3527), the
 * subnet selection option in a relay's message (RFC 3011 section 2 wants
 * giaddr set), the relay, the address of a client that asks us alone, the
 * interface.
 */
static const struct subnet *
find_subnet(const struct query *q)
{
	const struct packet *p = &q->packet;
	const struct scopes *scopes = &q->server->conf->scopes;
	struct in_addr ip;

	if (serve_agent_ip(q, AGENT_LINK, &ip))
		return scope_subnet(scopes, ntohl(ip.s_addr));
	if (p->giaddr.s_addr != 0) {
		if (option_ip(&p->options, OPT_SUBNET, &ip))
			return scope_subnet(scopes, ntohl(ip.s_addr));
		return scope_subnet(scopes, ntohl(p->giaddr.s_addr));
	}
	if (p->ciaddr.s_addr != 0 && !is_broadcast(q))
		return scope_subnet(scopes, ntohl(p->ciaddr.s_addr));
	return interface_subnet(q);
}

static void
drop_no_subnet(const struct query *q)
{
	const struct packet *p = &q->packet;
	char detail[64], ip[16];
	struct in_addr link;

	if (serve_agent_ip(q, AGENT_LINK, &link))
		snprintf(detail, sizeof(detail), "for link selection %s",
		    serve_ip(ntohl(link.s_addr), ip));
	else if (p->giaddr.s_addr != 0 &&
	    option_ip(&p->options, OPT_SUBNET, &link))
		snprintf(detail, sizeof(detail), "for subnet selection %s",
		    serve_ip(ntohl(link.s_addr), ip));
	else if (p->giaddr.s_addr != 0)
		snprintf(detail, sizeof(detail), "for giaddr %s",
		    serve_ip(ntohl(p->giaddr.s_addr), ip));
	else if (p->ciaddr.s_addr != 0 && !is_broadcast(q))
		snprintf(detail, sizeof(detail), "for ciaddr %s",
		    serve_ip(ntohl(p->ciaddr.s_addr), ip));
	else
		snprintf(detail, sizeof(detail), "for interface %s",
		    q->message.iface->name);
	serve_drop(q, DROP_NO_SUBNET, detail);
}

bool
serve_is_us(const struct query *q, struct in_addr ip)
{
	const struct net *net = q->server->net;
	struct in_addr over;

	if (serve_agent_ip(q, AGENT_SERVER_ID, &over) &&
	    over.s_addr == ip.s_addr)
		return true;
	if (ip.s_addr == q->message.local.s_addr)
		return true;
	return net != NULL && net_if_of(net, ntohl(ip.s_addr), true) != NULL;
}

static int
refuse(const struct query *q, enum drop why)
{
	serve_drop(q, why, "");
	return -1;
}

static enum packet_status
parse(struct query *q, struct server *s, const struct net_message *message)
{
	q->server = s;
	q->message = *message;
	q->subnet = NULL;
	q->host = NULL;
	q->class = NULL;
	return packet_parse(&q->packet, message->bytes, message->len);
}

/* Who asks, and where. */
static int
place(struct query *q)
{
	const struct scopes *scopes = &q->server->conf->scopes;

	read_agent(q);
	q->subnet = find_subnet(q);
	read_client(q);
	if (types[q->packet.type].anywhere)
		return 0;
	if (q->subnet == NULL) {
		drop_no_subnet(q);
		return -1;
	}
	recall_agent(q);
	q->host = scope_host(
	    scopes, q->subnet->network, &q->client, q->agent, q->agent_len);
	/*
	 * The programs that a machine boots one after the other have other
	 * identifiers or none, and all of them its reserved address.
	 */
	if (q->host != NULL && q->host->ip != 0 && q->host->hlen != 0)
		q->client.by_hw = true;
	q->class = scope_class(scopes, &q->packet);
	lease_hash(q->server->leases, &q->client); /* nothing changes it now */
	return 0;
}

int
serve_again(
    struct query *q, struct server *s, const struct net_message *message)
{
	return parse(q, s, message) == PACKET_OK ? place(q) : -1;
}

static int
serve_read(struct query *q, struct server *s, const struct net_message *message)
{
	const struct packet *p = &q->packet;
	enum packet_status status = parse(q, s, message);

	if (status != PACKET_OK)
		return refuse(q, (enum drop)status);
	server_count(s, C_RECEIVED + p->type);
	if (p->op != PACKET_REQUEST || types[p->type].serve == NULL)
		return refuse(q, DROP_REPLY);
	if (looped(q))
		return refuse(q, DROP_LOOP);
	if (!rate_allowed(s, p))
		return refuse(q, DROP_RATE);
	if (message->local.s_addr == 0)
		return refuse(q, DROP_INTERFACE);
	return place(q);
}

void
serve_message(void *arg, const struct net_message *message)
{
	static struct query q; /* large; one message at a time is served */

	if (serve_read(&q, arg, message) == 0)
		types[q.packet.type].serve(&q);
}
