/*
 * A relay agent. Requests get giaddr, one more hop and perhaps option 82;
 * replies lose option 82 again and go to the client. All else stays as it
 * came, so messages are copied and edited, never built anew.
 *
 * Options are looked at in the options field alone: RFC 3046 section 2.1
 * forbids to touch those in file and sname.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "relay.h"

#define OP_AT 0
#define HLEN_AT 2
#define HOPS_AT 3
#define FLAGS_AT 10
#define CHADDR_AT 28
#define OPTIONS_AT PACKET_LEAST

#define AGENT_MAX 255 /* bytes of option 82's value */
#define END_SIZE 1
#define CIRCUIT 17 /* bytes of a circuit id, a NUL behind it */

enum { PAD = 0, MAX_SIZE = 57, AGENT = 82, END = 255 };

/* Sub-options of 82. */
enum {
	SUB_CIRCUIT = 1,
	SUB_REMOTE = 2,
	SUB_LINK = 5, /* RFC 3527 */
	SUB_FLAGS = 10, /* RFC 5010 */
	SUB_SERVER_ID = 11, /* RFC 5107 */
};
#define FLAG_UNICAST 0x80

const char *const relay_reasons[RELAY_DROPS] = {
	[RELAY_SHORT] = "too short or too long for a message",
	[RELAY_OP] = "neither request nor reply",
	[RELAY_HLEN] = "its hardware address is too long",
	[RELAY_OPTION] = "an option passes the end",
	[RELAY_INTERFACE] = "such messages are not wanted from there",
	[RELAY_HOPS] = "passed more relays than max_hops",
	[RELAY_SPOOFED] = "its giaddr is an address of ours",
	[RELAY_GIADDR] = "its giaddr is no host's address",
	[RELAY_UNTRUSTED] = "has option 82 and the interface is not trusted",
	[RELAY_POLICY] = "has option 82 and agent_policy is discard",
	[RELAY_NO_ADDRESS] = "the interface has no address",
	[RELAY_NO_SERVER] = "no servers are configured",
	[RELAY_NOT_OURS] = "its giaddr is no address of ours",
	[RELAY_NO_INTERFACE] = "does not tell which interface its client is on",
};

/* A message and what is known of its options field. */
struct job {
	const struct relay_conf *conf;
	const struct relay_links *links;
	const struct net_message *in;
	struct relay_out *out;
	bool cookie; /* there are options at all */
	bool agent; /* option 82 is there; its value: */
	uint8_t theirs[AGENT_MAX];
	size_t ntheirs;
	unsigned max_size; /* option 57, or 0 */
};

static struct in_addr
get_ip(const uint8_t *bytes, size_t at)
{
	struct in_addr a;

	memcpy(&a, bytes + at, sizeof(a));
	return a;
}

/* Interfaces */

static bool
listed(const struct conf_list *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (strcmp(names->v[i], name) == 0)
			return true;
	return false;
}

/* Where nothing is named: what servers are on is not where clients are. */
bool
relay_is_downstream(const struct relay_conf *c, const struct net_if *i)
{
	if (c->downstream.n > 0)
		return listed(&c->downstream, i->name);
	return !i->loopback && !listed(&c->upstream, i->name);
}

/* A relay may have one interface for both. */
bool
relay_is_upstream(const struct relay_conf *c, const struct net_if *i)
{
	return c->upstream.n == 0 || listed(&c->upstream, i->name);
}

static bool
has_address(const struct net_if *i, struct in_addr a)
{
	size_t k;

	for (k = 0; k < i->naddrs; k++)
		if (htonl(i->addrs[k].ip) == a.s_addr)
			return true;
	return false;
}

static bool
is_ours(const struct job *j, struct in_addr a)
{
	size_t i;

	if (a.s_addr == j->conf->address.s_addr)
		return true;
	for (i = 0; i < j->links->n; i++)
		if (has_address(j->links->v[i], a))
			return true;
	return false;
}

static bool
host_address(struct in_addr a)
{
	uint32_t ip = ntohl(a.s_addr);

	return ip >> 24 != 0 && ip >> 24 != IN_LOOPBACKNET && ip >> 28 < 14;
}

/* Option 82 */

static void
sub_put(uint8_t *value, size_t *n, uint8_t code, const void *bytes, size_t len)
{
	value[(*n)++] = code;
	value[(*n)++] = (uint8_t)len;
	memcpy(value + *n, bytes, len);
	*n += len;
}

/* The length; 0: none is wanted. */
static size_t
circuit_id(const struct relay_conf *c, const struct net_if *i, char id[CIRCUIT])
{
	switch (c->circuit) {
	case RELAY_CIRCUIT_NAME:
		return (size_t)snprintf(id, CIRCUIT, "%s", i->name);
	case RELAY_CIRCUIT_INDEX:
		return (size_t)snprintf(id, CIRCUIT, "%u", i->index);
	}
	return 0;
}

static const void *
remote_id(const struct relay_conf *c, const struct net_if *i, size_t *len)
{
	switch (c->remote) {
	case RELAY_REMOTE_MAC:
		*len = i->hwlen;
		return i->hw;
	case RELAY_REMOTE_HOSTNAME:
		*len = strlen(c->hostname);
		return c->hostname;
	case RELAY_REMOTE_TEXT:
		*len = strlen(c->remote_text);
		return c->remote_text;
	}
	*len = 0;
	return "";
}

/*
 * Our option 82 for what came from this interface, which has an address; its
 * length. Every one says how the message came (RFC 5010 section 4).
 */
static size_t
agent_ours(const struct relay_conf *c, const struct net_if *i, bool unicast,
    uint8_t value[AGENT_MAX])
{
	uint8_t flags = unicast ? FLAG_UNICAST : 0;
	struct in_addr net = { htonl(i->addrs[0].ip & i->addrs[0].mask) };
	struct in_addr self = { htonl(i->addrs[0].ip) };
	char circuit[CIRCUIT];
	size_t n = 0, len;
	const void *id;

	if ((len = circuit_id(c, i, circuit)) > 0)
		sub_put(value, &n, SUB_CIRCUIT, circuit, len);
	id = remote_id(c, i, &len);
	if (len > 0)
		sub_put(value, &n, SUB_REMOTE, id, len);
	/* Another giaddr than the interface's tells nothing of the subnet. */
	if (c->link_selection || c->address.s_addr != INADDR_ANY)
		sub_put(value, &n, SUB_LINK, &net, sizeof(net));
	sub_put(value, &n, SUB_FLAGS, &flags, sizeof(flags));
	if (c->server_id_override)
		sub_put(value, &n, SUB_SERVER_ID, &self, sizeof(self));
	return n;
}

/* Options */

/* The next option from *at on, *at moved behind it; its code or END. */
static uint8_t
option_next(const struct net_message *m, size_t *at, const uint8_t **value,
    uint8_t *len)
{
	while (*at < m->len && m->bytes[*at] == PAD)
		(*at)++;
	if (*at >= m->len || m->bytes[*at] == END)
		return END;
	if (m->len - *at < 2 || m->len - *at - 2 < m->bytes[*at + 1]) {
		*at = SIZE_MAX;
		return END;
	}
	*len = m->bytes[*at + 1];
	*value = m->bytes + *at + 2;
	*at += 2u + *len;
	return (*value)[-2];
}

/*
 * Look through the options, once. The parts of an option 82 are one value (RFC
 * 3396); one that would be longer than an option can be is wrong.
 */
static enum relay_drop
look_through(struct job *j)
{
	static const uint8_t cookie[] = { 99, 130, 83, 99 };
	const uint8_t *value;
	size_t at = OPTIONS_AT;
	uint8_t code, len;

	if (memcmp(j->in->bytes + PACKET_FIXED, cookie, sizeof(cookie)) != 0)
		return RELAY_OK;
	j->cookie = true;
	while ((code = option_next(j->in, &at, &value, &len)) != END) {
		if (code == MAX_SIZE && len == 2)
			j->max_size = (unsigned)value[0] << 8 | value[1];
		if (code != AGENT)
			continue;
		if (len > AGENT_MAX - j->ntheirs)
			return RELAY_OPTION;
		memcpy(j->theirs + j->ntheirs, value, len);
		j->ntheirs += len;
		j->agent = true;
	}
	return at == SIZE_MAX ? RELAY_OPTION : RELAY_OK;
}

static void
copy_whole(struct job *j)
{
	memcpy(j->out->bytes, j->in->bytes, j->in->len);
	j->out->len = j->in->len;
}

/*
 * Copy the message with this option 82, the last one (none where n is 0), in
 * place of those that it has. false: it would be longer than the limit.
 */
static bool
copy_with(struct job *j, const uint8_t *agent, size_t n, size_t limit)
{
	uint8_t *out = j->out->bytes, code, len;
	const uint8_t *value;
	size_t at = OPTIONS_AT, end = OPTIONS_AT;

	memcpy(out, j->in->bytes, OPTIONS_AT);
	while ((code = option_next(j->in, &at, &value, &len)) != END) {
		if (code == AGENT)
			continue;
		memcpy(out + end, value - 2, 2u + len);
		end += 2u + len;
	}
	if (limit > sizeof(j->out->bytes))
		limit = sizeof(j->out->bytes);
	if (end + (n > 0 ? 2 + n : 0) + END_SIZE > limit)
		return false;
	if (n > 0)
		sub_put(out, &end, AGENT, agent, n);
	out[end++] = END;
	j->out->len = end < PACKET_PAD ? PACKET_PAD : end;
	memset(out + end, PAD, j->out->len - end);
	return true;
}

/* Requests */

/*
 * What the message may grow to: max_packet, or what the client takes (the
 * server's reply will have our option, too), and no more than the link does
 * (RFC 3046 section 2.1).
 */
static size_t
size_limit(const struct job *j)
{
	size_t limit = j->conf->max_packet;

	if (limit == 0)
		limit = j->max_size > PACKET_SIZE ? j->max_size : PACKET_SIZE;
	if (j->links->mtu != 0 && limit > j->links->mtu)
		limit = j->links->mtu;
	return limit > PACKET_IP_UDP ? limit - PACKET_IP_UDP : 0;
}

/* Add our option 82; where it does not fit, the message stays as it is. */
static void
add_agent(struct job *j)
{
	bool unicast = j->in->to.s_addr == j->in->local.s_addr;
	uint8_t value[2 * AGENT_MAX];
	size_t n = 0;

	if (j->conf->policy == RELAY_APPEND) {
		memcpy(value, j->theirs, j->ntheirs);
		n = j->ntheirs;
	}
	n += agent_ours(j->conf, j->in->iface, unicast, value + n);
	if (j->cookie && n <= AGENT_MAX &&
	    copy_with(j, value, n, size_limit(j))) {
		j->out->added = true;
		return;
	}
	j->out->too_long = true;
	copy_whole(j);
}

/* From another relay: as it is (RFC 3046 section 2.1.1), unless it lies. */
static enum relay_drop
from_relay(struct job *j, struct in_addr giaddr)
{
	if (is_ours(j, giaddr))
		return RELAY_SPOOFED;
	if (!host_address(giaddr))
		return RELAY_GIADDR;
	copy_whole(j);
	return RELAY_OK;
}

static enum relay_drop
from_client(struct job *j)
{
	const struct net_if *i = j->in->iface;
	struct in_addr giaddr = j->conf->address;

	if (j->agent && !listed(&j->conf->trusted, i->name))
		return RELAY_UNTRUSTED;
	if (i->naddrs == 0)
		return RELAY_NO_ADDRESS;
	if (giaddr.s_addr == INADDR_ANY)
		giaddr.s_addr = htonl(i->addrs[0].ip);
	if (!j->conf->append || (j->agent && j->conf->policy == RELAY_FORWARD))
		copy_whole(j);
	else
		add_agent(j);
	memcpy(j->out->bytes + PACKET_AT_GIADDR, &giaddr, sizeof(giaddr));
	return RELAY_OK;
}

static enum relay_drop
request(struct job *j)
{
	struct in_addr giaddr = get_ip(j->in->bytes, PACKET_AT_GIADDR);
	enum relay_drop drop;

	if (!relay_is_downstream(j->conf, j->in->iface))
		return RELAY_INTERFACE;
	if (j->in->bytes[HOPS_AT] > j->conf->max_hops)
		return RELAY_HOPS;
	if (j->conf->servers.n == 0)
		return RELAY_NO_SERVER;
	if (giaddr.s_addr != INADDR_ANY)
		drop = from_relay(j, giaddr);
	else
		drop = from_client(j);
	if (drop != RELAY_OK)
		return drop;
	if (j->agent && j->conf->policy == RELAY_DISCARD)
		return RELAY_POLICY;
	j->out->bytes[HOPS_AT]++;
	return RELAY_OK;
}

/* Replies */

/* The last circuit id in option 82: ours, where others are before it. */
static const uint8_t *
last_circuit(const struct job *j, size_t *len)
{
	const uint8_t *p = j->theirs, *end = p + j->ntheirs, *found = NULL;

	for (; end - p >= 2 && end - p - 2 >= p[1]; p += 2 + p[1])
		if (p[0] == SUB_CIRCUIT) {
			found = p + 2;
			*len = p[1];
		}
	return found;
}

static bool
is_circuit(const struct job *j, const struct net_if *i)
{
	size_t len = 0;
	const uint8_t *id = last_circuit(j, &len);
	char own[CIRCUIT];

	return id != NULL && len > 0 && circuit_id(j->conf, i, own) == len &&
	    memcmp(id, own, len) == 0;
}

/*
 * The interface of the client: the one that has giaddr, or, where several have
 * it or all share one, the one that the circuit id names.
 */
static const struct net_if *
interface_of(const struct job *j, struct in_addr giaddr)
{
	bool shared = giaddr.s_addr == j->conf->address.s_addr;
	const struct net_if *i, *has = NULL, *named = NULL;
	unsigned n = 0;
	size_t k;

	for (k = 0; k < j->links->n; k++) {
		i = j->links->v[k];
		if (!relay_is_downstream(j->conf, i) || i->naddrs == 0 ||
		    (!shared && !has_address(i, giaddr)))
			continue;
		has = i;
		n++;
		if (is_circuit(j, i))
			named = i;
	}
	return n == 1 ? has : named;
}

/* How many bytes of theirs, at the end, are ours; for any way it came. */
static size_t
ours_at_end(const struct job *j, const struct net_if *i)
{
	uint8_t ours[AGENT_MAX];
	size_t n = 0;
	int unicast;

	for (unicast = 0; j->conf->append && unicast < 2; unicast++) {
		n = agent_ours(j->conf, i, unicast != 0, ours);
		if (n <= j->ntheirs &&
		    memcmp(j->theirs + j->ntheirs - n, ours, n) == 0)
			return n;
	}
	return 0;
}

/*
 * Take our option 82 away (RFC 3046 section 2.1). Where no request may have
 * had one, all of it is ours; what a trusted neighbour added is its to take.
 */
static void
strip_agent(struct job *j, const struct net_if *i)
{
	size_t n = j->ntheirs;

	if (listed(&j->conf->trusted, i->name))
		n = ours_at_end(j, i);
	j->out->stripped = j->agent && (n > 0 || j->ntheirs == 0);
	if (!j->out->stripped ||
	    !copy_with(j, j->theirs, j->ntheirs - n, sizeof(j->out->bytes)))
		copy_whole(j);
}

/* RFC 1542 section 4.1.2; where yiaddr is none, the client has an address. */
static void
address_client(struct job *j, const struct net_if *i)
{
	const uint8_t *b = j->in->bytes;
	struct in_addr ciaddr = get_ip(b, PACKET_AT_CIADDR);
	struct in_addr yiaddr = get_ip(b, PACKET_AT_YIADDR);
	struct net_dest *to = &j->out->to;

	to->how = NET_BROADCAST;
	to->ifindex = i->index;
	if ((b[FLAGS_AT] & PACKET_FLAG_BROADCAST >> 8) != 0)
		return;
	if (host_address(ciaddr)) {
		to->how = NET_UDP;
		to->ip = ciaddr;
		to->ifindex = 0;
	} else if (host_address(yiaddr) && b[HLEN_AT] > 0) {
		to->how = NET_HW;
		to->ip = yiaddr;
		to->hlen = b[HLEN_AT];
		memcpy(to->hw, b + CHADDR_AT, to->hlen);
	}
}

static enum relay_drop
reply(struct job *j)
{
	struct in_addr giaddr = get_ip(j->in->bytes, PACKET_AT_GIADDR);
	const struct net_if *i;

	if (!relay_is_upstream(j->conf, j->in->iface))
		return RELAY_INTERFACE;
	if (giaddr.s_addr == INADDR_ANY || !is_ours(j, giaddr))
		return RELAY_NOT_OURS;
	if ((i = interface_of(j, giaddr)) == NULL)
		return RELAY_NO_INTERFACE;
	strip_agent(j, i);
	address_client(j, i);
	return RELAY_OK;
}

enum relay_drop
relay_message(const struct relay_conf *c, const struct relay_links *links,
    const struct net_message *in, struct relay_out *out)
{
	struct job j = { .conf = c, .links = links, .in = in, .out = out };
	enum relay_drop drop;

	out->len = 0;
	out->added = out->stripped = out->too_long = false;
	out->to = (struct net_dest){ .how = NET_UDP };
	if (in->len < PACKET_LEAST || in->len > PACKET_MAX)
		return RELAY_SHORT;
	out->op = in->bytes[OP_AT];
	if (out->op != PACKET_REQUEST && out->op != PACKET_REPLY)
		return RELAY_OP;
	if (in->bytes[HLEN_AT] > PACKET_HW)
		return RELAY_HLEN;
	if ((drop = look_through(&j)) != RELAY_OK)
		return drop;
	return out->op == PACKET_REQUEST ? request(&j) : reply(&j);
}
