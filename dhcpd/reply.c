/*
 * The answer to a client: what the levels of the configuration say, in the
 * order in which it asks, and where that is sent (RFC 2131 sections 4.1 and
 * 4.3.1).
 */
#include <net/if_arp.h>
#include <arpa/inet.h>

#include <string.h>
#include <strings.h>

#include "server.h"

#define ROOM (PACKET_MAX - PACKET_IP_UDP) /* of a frame of Ethernet */
#define FILE_FIELD 128
#define URL_SEP "://"

enum {
	OPT_MASK = 1,
	OPT_HOST = 12,
	OPT_BROADCAST = 28,
	OPT_REQUESTED = 50,
	OPT_LEASE = 51,
	OPT_OVERLOAD = 52,
	OPT_TYPE = 53,
	OPT_SERVER = 54,
	OPT_LIST = 55,
	OPT_MESSAGE = 56,
	OPT_SIZE = 57,
	OPT_T1 = 58,
	OPT_T2 = 59,
	OPT_VENDOR_CLASS = 60,
	OPT_CLIENT_ID = 61,
	OPT_TFTP_NAME = 66,
	OPT_BOOT_FILE = 67,
	OPT_RAPID = 80,
	OPT_FQDN = 81,
	OPT_AGENT = 82,
	OPT_SUBNET = 118,
	OPT_END = 255,
};
enum { AGENT_PORT = 19 };

/* What a BOOTP client gets that asks for nothing (RFC 1497, RFC 1533). */
static const uint8_t bootp_list[] = { 1, 3, 6, 12, 15, 28, 4, 42, 17 };
/* What a DHCP client gets that has no list (RFC 2131 section 4.3.1). */
static const uint8_t usual_list[] = { 1, 3, 6, 12, 15, 28 };

/* A reply that is being built. */
struct making {
	const struct query *q;
	const struct answer *a;
	const struct levels *levels;
	const struct boot *boot;
	const char *file, *sname;
	struct in_addr next;
	struct packet_out out;
	uint64_t done[4]; /* codes that are settled */
};

void
reply_levels(const struct query *q, uint32_t ip, struct levels *l)
{
	const struct scopes *scopes = &q->server->conf->scopes;
	const struct range *range = NULL;
	const struct subnet *sub = NULL;

	memset(l, 0, sizeof(*l));
	if (ip != 0) {
		range = scope_range(scopes, ip);
		sub = scope_subnet(scopes, ip);
	}
	if (sub == NULL)
		sub = q->subnet;
	if (q->host != NULL && q->host->settings != NULL)
		l->v[l->n++] = q->host->settings;
	if (q->class != NULL)
		l->v[l->n++] = &q->class->settings;
	l->v[l->n++] = range != NULL ? &range->settings : &sub->settings;
	l->subnet = sub;
}

const struct settings *
reply_setting(const struct levels *l, uint32_t bit)
{
	size_t i;

	for (i = 0; i + 1 < l->n; i++)
		if (l->v[i]->set & bit)
			break;
	return l->v[i];
}

const struct option_value *
reply_option(const struct levels *l, uint8_t code)
{
	const struct option_value *v = NULL;
	size_t i;

	for (i = 0; i < l->n && v == NULL; i++)
		v = option_set_find(&l->v[i]->options, code);
	return v;
}

bool
reply_asked(const struct query *q, uint8_t code)
{
	const struct options *o = &q->packet.options;

	return o->at[OPT_LIST] != NULL &&
	    memchr(o->at[OPT_LIST], code, o->len[OPT_LIST]) != NULL;
}

/* The address of the interface in the client's subnet, if there is one. */
static struct in_addr
local_address(const struct query *q)
{
	const struct net_if *iface = q->message.iface;
	struct in_addr ip = q->message.local;
	size_t i;

	if (q->packet.giaddr.s_addr != 0 || q->subnet == NULL)
		return ip;
	for (i = 0; i < iface->naddrs; i++)
		if ((iface->addrs[i].ip & q->subnet->mask) == q->subnet->net) {
			ip.s_addr = htonl(iface->addrs[i].ip);
			break;
		}
	return ip;
}

struct in_addr
reply_server_id(const struct query *q)
{
	struct in_addr id;

	if (serve_agent_ip(q, AGENT_SERVER_ID, &id) && id.s_addr != 0)
		return id;
	return local_address(q);
}

static void
settle(struct making *m, uint8_t code)
{
	m->done[code / 64] |= UINT64_C(1) << code % 64;
}

/* True once for each code. */
static bool
unsettled(struct making *m, uint8_t code)
{
	if (m->done[code / 64] >> code % 64 & 1)
		return false;
	settle(m, code);
	return true;
}

/*
 * The first boot entry that matches, and the levels' own file; its server is
 * this one unless another is named.
 */
static void
find_boot(struct making *m)
{
	const struct levels *l = m->levels;
	const struct settings *s;
	size_t i;

	for (i = 0; i < l->n && m->boot == NULL; i++)
		m->boot =
		    scope_boot(l->v[i]->boots, l->v[i]->nboots, &m->q->packet);
	m->next = reply_setting(l, SET_NEXT_SERVER)->next_server;
	s = reply_setting(l, SET_BOOT_FILE);
	m->file = s->boot_file != NULL ? s->boot_file : "";
	s = reply_setting(l, SET_SERVER_NAME);
	m->sname = s->server_name != NULL ? s->server_name : "";
	if (m->boot != NULL && m->boot->next_server.s_addr != 0)
		m->next = m->boot->next_server;
	if (m->boot != NULL && m->boot->file != NULL)
		m->file = m->boot->file;
	if (m->boot != NULL && m->boot->server_name != NULL)
		m->sname = m->boot->server_name;
	if (m->next.s_addr == 0 && *m->file != '\0')
		m->next = local_address(m->q);
}

/* Header fields; a name that is too long goes into option 67 alone. */
static void
put_header(struct making *m)
{
	const struct query *q = m->q;
	struct in_addr yiaddr = { .s_addr = htonl(m->a->yiaddr) };

	if (m->a->type == DHCP_ACK || m->a->type == DHCP_NONE)
		packet_set_ip(&m->out, PACKET_AT_CIADDR, q->packet.ciaddr);
	packet_set_ip(&m->out, PACKET_AT_YIADDR, yiaddr);
	find_boot(m);
	packet_set_ip(&m->out, PACKET_AT_SIADDR, m->next);
	if (*m->sname != '\0')
		packet_set_sname(&m->out, m->sname);
	if (*m->file != '\0' && strlen(m->file) < FILE_FIELD)
		packet_set_file(&m->out, m->file);
}

/*
 * RFC 2131 section 4.4.5: half and seven eighths unless configured; times
 * that would not come in their order are left to the client.
 */
static void
put_times(struct making *m)
{
	uint32_t term = m->a->term, t1, t2;
	const struct levels *l = m->levels;

	if (term == 0)
		return;
	packet_add_u32(&m->out, OPT_LEASE, term);
	if (term == SCOPE_FOREVER)
		return;
	t1 = reply_setting(l, SET_RENEW)->renew;
	t2 = reply_setting(l, SET_REBIND)->rebind;
	if (t1 == 0)
		t1 = term / 2;
	if (t2 == 0)
		t2 = term - term / 8;
	if (t1 == 0 || t1 >= t2 || t2 >= term)
		return;
	packet_add_u32(&m->out, OPT_T1, t1);
	packet_add_u32(&m->out, OPT_T2, t2);
}

/* What was asked in the client's message comes back as it was. */
static void
put_echo(struct making *m, uint8_t code)
{
	const struct options *o = &m->q->packet.options;

	if (option_has(o, code))
		packet_add(&m->out, code, o->at[code], o->len[code]);
}

static void
put_text(struct making *m, uint8_t code, const char *text)
{
	if (*text != '\0')
		packet_add(&m->out, code, text, strlen(text));
}

/* The name of a server for option 66: a name, else an address. */
static void
put_tftp_name(struct making *m)
{
	char ip[16];

	if (*m->sname != '\0')
		put_text(m, OPT_TFTP_NAME, m->sname);
	else if (m->next.s_addr != 0)
		put_text(m, OPT_TFTP_NAME, serve_ip(ntohl(m->next.s_addr), ip));
}

static void
put_mask(struct making *m)
{
	struct in_addr ip = { .s_addr = htonl(m->levels->subnet->mask) };

	packet_add_ip(&m->out, OPT_MASK, ip);
}

static void
put_broadcast(struct making *m)
{
	const struct subnet *sub = m->levels->subnet;
	struct in_addr ip = { .s_addr = htonl(sub->net | ~sub->mask) };

	if (sub->bits < 31)
		packet_add_ip(&m->out, OPT_BROADCAST, ip);
}

static void
put_host_name(struct making *m)
{
	const struct host *h = m->q->host;

	if (h != NULL && h->hostname != NULL)
		put_text(m, OPT_HOST, h->hostname);
}

static void
put_boot_file(struct making *m)
{
	put_text(m, OPT_BOOT_FILE, m->file);
}

/* What we know without an option of the configuration. */
static const struct {
	uint8_t code;
	void (*put)(struct making *);
} known[] = {
	{ OPT_MASK, put_mask },
	{ OPT_HOST, put_host_name },
	{ OPT_BROADCAST, put_broadcast },
	{ OPT_TFTP_NAME, put_tftp_name },
	{ OPT_BOOT_FILE, put_boot_file },
};

/* An option of the configuration, or one that we know; once. */
static void
put_option(struct making *m, uint8_t code)
{
	const struct option_value *v;
	size_t i;

	if (!unsettled(m, code))
		return;
	if (code == OPT_HOST && m->q->host != NULL &&
	    m->q->host->hostname != NULL) {
		put_host_name(m);
		return;
	}
	if ((v = reply_option(m->levels, code)) != NULL) {
		packet_add(&m->out, code, v->bytes, v->len);
		return;
	}
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code)
			known[i].put(m);
}

static void
put_list(struct making *m, const uint8_t *codes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		put_option(m, codes[i]);
}

static void
put_forced(struct making *m)
{
	const struct levels *l = m->levels;
	size_t i, j;

	for (i = 0; i < l->n; i++)
		for (j = 0; j < l->v[i]->nforced; j++)
			put_option(m, l->v[i]->forced[j].code);
}

/*
 * UEFI 2.10 section 24.7.3: a client that wants HTTP takes only an answer that
 * says so, with the URL in 67. A name that the header could not hold is told
 * in 67 whether asked for or not.
 */
static void
put_boot_options(struct making *m)
{
	const struct options *o = &m->q->packet.options;

	if (strlen(m->file) >= FILE_FIELD)
		put_option(m, OPT_BOOT_FILE);
	if (m->boot == NULL || m->boot->file == NULL ||
	    strstr(m->boot->file, URL_SEP) == NULL)
		return;
	if (o->len[OPT_VENDOR_CLASS] < 10 ||
	    memcmp(o->at[OPT_VENDOR_CLASS], "HTTPClient", 10) != 0)
		return;
	if (unsettled(m, OPT_VENDOR_CLASS))
		put_text(m, OPT_VENDOR_CLASS, "HTTPClient");
	put_option(m, OPT_BOOT_FILE);
}

/* Those that are told otherwise, or never to a client. */
static void
settle_ours(struct making *m)
{
	static const uint8_t ours[] = { 0, OPT_REQUESTED, OPT_LEASE,
		OPT_OVERLOAD, OPT_TYPE, OPT_SERVER, OPT_LIST, OPT_MESSAGE,
		OPT_SIZE, OPT_T1, OPT_T2, OPT_CLIENT_ID, OPT_RAPID, OPT_FQDN,
		OPT_AGENT, OPT_SUBNET, OPT_END };
	size_t i;

	for (i = 0; i < sizeof(ours); i++)
		settle(m, ours[i]);
}

static void
put_wanted(struct making *m)
{
	const struct options *o = &m->q->packet.options;

	settle_ours(m);
	put_boot_options(m);
	if (m->a->type == DHCP_NONE)
		put_list(m, bootp_list, sizeof(bootp_list));
	else if (o->at[OPT_LIST] == NULL)
		put_list(m, usual_list, sizeof(usual_list));
	else {
		/* RFC 2132 section 3.3: the mask before routers */
		if (reply_asked(m->q, OPT_MASK))
			put_option(m, OPT_MASK);
		put_list(m, o->at[OPT_LIST], o->len[OPT_LIST]);
	}
	put_forced(m);
}

static void
put_body(struct making *m)
{
	const struct query *q = m->q;
	const struct answer *a = m->a;

	if (a->type != DHCP_NONE)
		packet_add_u8(&m->out, OPT_TYPE, (uint8_t)a->type);
	if (a->type != DHCP_NONE)
		packet_add_ip(&m->out, OPT_SERVER, reply_server_id(q));
	if (a->type == DHCP_NAK) {
		put_echo(m, OPT_CLIENT_ID); /* RFC 6842 */
		put_text(m, OPT_MESSAGE, a->why);
		return;
	}
	if (a->type != DHCP_NONE)
		put_times(m);
	if (a->rapid)
		packet_add(&m->out, OPT_RAPID, "", 0);
	put_echo(m, OPT_CLIENT_ID);
	if (q->packet.giaddr.s_addr != 0)
		put_echo(m, OPT_SUBNET); /* RFC 3011 section 2 */
	if (a->name != NULL && a->name->n > 0)
		packet_add(&m->out, OPT_FQDN, a->name->answer, a->name->n);
	put_wanted(m);
}

/* RFC 3046 section 2.2: as it came, the last of all. */
static void
put_agent(struct making *m)
{
	const struct options *o = &m->q->packet.options;

	if (m->q->agent != NULL && !m->q->recalled)
		packet_last(
		    &m->out, OPT_AGENT, o->at[OPT_AGENT], o->len[OPT_AGENT]);
}

static size_t
room(const struct query *q)
{
	size_t mtu = q->message.iface->mtu;

	if (mtu < PACKET_SIZE || mtu > PACKET_MAX)
		return ROOM;
	return mtu - PACKET_IP_UDP;
}

static bool
always_broadcast(const struct answer *a)
{
	return reply_setting(&a->levels, SET_ALWAYS_BROADCAST)
	    ->always_broadcast;
}

/*
 * The flag in our reply: after a NAK (RFC 2131 section 4.3.2) and without a
 * ciaddr the client has no address that the relay could reach it at.
 */
static bool
relay_broadcasts(const struct query *q, const struct answer *a)
{
	const struct packet *p = &q->packet;

	if (p->giaddr.s_addr == 0)
		return false;
	return a->type == DHCP_NAK || always_broadcast(a) ||
	    (p->type == DHCP_INFORM && p->ciaddr.s_addr == 0);
}

size_t
reply_build(
    const struct query *q, const struct answer *a, uint8_t out[PACKET_MAX])
{
	struct making m = { .q = q, .a = a, .levels = &a->levels };
	const struct options *o = &q->packet.options;
	size_t tail =
	    q->agent != NULL && !q->recalled ? o->len[OPT_AGENT] + 2u : 0;

	packet_reply(&m.out, out, room(q), &q->packet, tail);
	if (relay_broadcasts(q, a))
		out[10] |= PACKET_FLAG_BROADCAST >> 8;
	if (a->type != DHCP_NAK)
		put_header(&m);
	else /* RFC 2131 table 3 */
		m.out.file_free = m.out.sname_free = false;
	put_body(&m);
	put_agent(&m);
	return packet_end(&m.out);
}

/* RFC 8357: the relay listens where it sent from. */
static uint16_t
relay_port(const struct query *q)
{
	size_t n;

	if (q->agent != NULL &&
	    option_sub(q->agent, q->agent_len, AGENT_PORT, &n) != NULL)
		return ntohs(q->message.from.sin_port);
	return q->server->port;
}

static bool
can_be_reached(const struct query *q, const struct answer *a)
{
	const struct packet *p = &q->packet;

	if (p->flags & PACKET_FLAG_BROADCAST || a->yiaddr == 0 ||
	    a->type == DHCP_NAK || always_broadcast(a))
		return false;
	return p->htype == ARPHRD_ETHER && p->hlen == 6 &&
	    q->message.iface->hwtype == ARPHRD_ETHER;
}

void
reply_dest(const struct query *q, const struct answer *a, struct net_dest *dest)
{
	const struct packet *p = &q->packet;

	memset(dest, 0, sizeof(*dest));
	dest->how = NET_UDP;
	dest->port = (uint16_t)(q->server->port + 1);
	dest->from = q->message.local;
	if (p->type == DHCP_INFORM && p->ciaddr.s_addr != 0) {
		dest->ip = p->ciaddr; /* section 4.3.5 */
		return;
	}
	if (p->giaddr.s_addr != 0) {
		dest->ip = p->giaddr;
		dest->port = relay_port(q);
		return;
	}
	if (serve_is_host(ntohl(p->ciaddr.s_addr)) && a->type != DHCP_NAK) {
		dest->ip = p->ciaddr;
		return;
	}
	dest->ifindex = q->message.iface->index;
	dest->from = local_address(q);
	if (!can_be_reached(q, a)) {
		dest->how = NET_BROADCAST;
		return;
	}
	dest->how = NET_HW;
	dest->ip.s_addr = htonl(a->yiaddr);
	dest->hlen = p->hlen;
	memcpy(dest->hw, p->chaddr, p->hlen);
}

void
reply_send(const struct query *q, const struct answer *a)
{
	struct server *s = q->server;
	uint8_t bytes[PACKET_MAX];
	struct net_dest dest;
	size_t n;

	n = reply_build(q, a, bytes);
	reply_dest(q, a, &dest);
	net_send(s->net, &dest, bytes, n);
	server_count(s, C_SENT + a->type);
}

void
reply_nak(const struct query *q, const char *why)
{
	struct answer a = { .type = DHCP_NAK, .why = why };
	char name[SERVE_NAME];

	reply_levels(q, 0, &a.levels);
	if (log_level_now() >= LOG_DEBUG)
		log_debug("%s: NAK: %s", serve_client(q, name), why);
	reply_send(q, &a);
}
