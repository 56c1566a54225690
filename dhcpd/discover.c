/*
 * DHCPDISCOVER (RFC 2131 section 4.3.1): an address is chosen, held for the
 * client, probed where somebody else may use it, and offered.
 *
 * A message that waits for a probe is kept as bytes and read again; what its
 * client sends meanwhile takes its place.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "server.h"

#define TRIES 3 /* other addresses, when one is in use */

enum { OPT_RAPID = 80, OPT_V6ONLY = 108 };

struct waiting {
	LIST_ENTRY(waiting) link;
	struct server *server;
	uint32_t ip;
	unsigned tries;
	struct net_message message; /* bytes: below */
	unsigned ifindex;
	uint8_t bytes[PACKET_MAX];
};

static struct waiting_list *
waiting_at(struct server *s, uint32_t ip)
{
	return &s->waiting[ip % (sizeof(s->waiting) / sizeof(s->waiting[0]))];
}

static struct waiting *
waiting_find(struct server *s, uint32_t ip)
{
	struct waiting *w;

	LIST_FOREACH(w, waiting_at(s, ip), link)
		if (w->ip == ip)
			return w;
	return NULL;
}

static void
waiting_keep(struct waiting *w, const struct query *q)
{
	const struct net_message *m = &q->message;

	if (m->bytes != w->bytes)
		memcpy(w->bytes, m->bytes, m->len);
	w->message = *m;
	w->message.bytes = w->bytes;
	w->ifindex = m->iface->index;
}

static void
waiting_end(struct waiting *w)
{
	struct server *s = w->server;

	LIST_REMOVE(w, link);
	s->nwaiting--;
	free(w);
}

bool
discover_waits(const struct server *s)
{
	return s->nwaiting > 0;
}

static void
offer(const struct query *q, uint32_t ip, const struct levels *levels)
{
	struct answer a = { .type = DHCP_OFFER, .yiaddr = ip };
	struct ddns_name name;
	struct terms terms;

	a.levels = *levels;
	grant_terms(q, levels, ip, &terms);
	a.term = terms.term;
	grant_name(q, levels, &name);
	a.name = &name;
	reply_send(q, &a);
}

/* The address is held: grant it at once (RFC 4039) or offer it. */
static void
finish(const struct query *q, uint32_t ip)
{
	struct levels levels;

	reply_levels(q, ip, &levels);
	if (q->subnet->settings.rapid_commit &&
	    option_has(&q->packet.options, OPT_RAPID))
		grant_lease(q, ip, DHCP_ACK, true);
	else
		offer(q, ip, &levels);
}

/* What the client had last, or is offered, is its own. */
static bool
needs_probe(const struct query *q, uint32_t ip, const struct net_if **iface)
{
	const struct server *s = q->server;
	const struct settings *set = &q->subnet->settings;
	const struct lease *l = lease_at(s->leases, ip);

	*iface = NULL;
	if (s->probes == NULL || (!set->probe_arp && !set->probe_icmp))
		return false;
	if (l != NULL && lease_is(l, &q->client))
		return false;
	if (q->packet.giaddr.s_addr == 0 && set->probe_arp)
		*iface = q->message.iface;
	return *iface != NULL || set->probe_icmp;
}

void
discover_conflict(struct query *q, uint32_t ip, const char *event)
{
	struct server *s = q->server;
	struct levels levels;
	struct lease *l;

	reply_levels(q, ip, &levels);
	l = lease_at(s->leases, ip);
	if (l != NULL && l->state == LEASE_BOUND)
		grant_ended(s, l, event);
	else if (l != NULL && s->event != NULL)
		event_send(s->event, event, l);
	l = lease_conflict(s->leases, ip, q->subnet->network->number, s->now,
	    s->now + levels.subnet->settings.decline_s);
	server_count(s, C_CONFLICTS);
	if (l != NULL)
		grant_write(s, l);
}

static void probed(void *arg, uint32_t ip, bool used, const uint8_t *hw);

/* 1: the client hears later; 0: no probe; -1: no answer. */
static int
probe(const struct query *q, uint32_t ip, const struct net_if *iface,
    unsigned tries)
{
	struct server *s = q->server;
	struct waiting *w;

	if (s->nwaiting == SERVER_WAITING || (w = malloc(sizeof(*w))) == NULL) {
		serve_drop(q, DROP_BUSY, "probes");
		return -1;
	}
	if (probe_begin(s->probes, ip, iface, probed, w) == -1) {
		free(w);
		return 0;
	}
	server_count(s, C_PROBES);
	w->server = s;
	w->ip = ip;
	w->tries = tries;
	waiting_keep(w, q);
	LIST_INSERT_HEAD(waiting_at(s, ip), w, link);
	s->nwaiting++;
	return 1;
}

static void
tell_full(const struct query *q)
{
	serve_drop(q, DROP_NO_ADDRESS, q->subnet->network->name);
}

static void
tell_reserved(const struct query *q, uint32_t ip)
{
	static struct log_limit limit;
	char name[SERVE_NAME], a[16], b[16];

	if (q->host == NULL || q->host->ip == 0 || q->host->ip == ip ||
	    !log_allowed(&limit, "reserved addresses in use"))
		return;
	log_notice("%s: reserved address %s is in use, gets %s until it is "
		   "free",
	    serve_client(q, name), serve_ip(q->host->ip, a), serve_ip(ip, b));
}

/* Choose, hold, and probe or answer. */
static void
try_address(struct query *q, unsigned tries)
{
	struct server *s = q->server;
	uint32_t ip = allocate_choose(q);
	const struct net_if *iface;
	struct waiting *w;
	bool ask;

	if (ip == 0) {
		tell_full(q);
		return;
	}
	if ((w = waiting_find(s, ip)) != NULL) {
		waiting_keep(w, q);
		serve_drop(q, DROP_REPEATED, "");
		return;
	}
	tell_reserved(q, ip);
	ask = needs_probe(q, ip, &iface); /* before it is held */
	if (lease_offer(s->leases, ip, q->subnet->network->number, &q->client,
		s->now + (int64_t)s->conf->offer_ms / 1000 + 1) == NULL) {
		serve_drop(q, DROP_BUSY, "leases");
		return;
	}
	if (!ask || probe(q, ip, iface, tries) == 0)
		finish(q, ip);
}

/*
 * Nobody answered, or the client itself, which kept an address that we have
 * no record of: it is free for it.
 */
static bool
is_conflict(const struct query *q, bool used, const uint8_t *hw)
{
	const struct packet *p = &q->packet;

	return used &&
	    (hw == NULL || p->hlen != 6 || memcmp(hw, p->chaddr, 6) != 0);
}

static void
tell_conflict(const struct query *q, uint32_t ip, const uint8_t *hw)
{
	static struct log_limit limit;
	char a[16], h[3 * PACKET_HW], name[SERVE_NAME];

	if (log_allowed(&limit, "addresses in use"))
		log_warnx("%s: in use by %s, was not offered to %s",
		    serve_ip(ip, a),
		    hw != NULL ? serve_hw(hw, 6, h) : "someone",
		    serve_client(q, name));
}

static void
probed(void *arg, uint32_t ip, bool used, const uint8_t *hw)
{
	static struct query q;
	struct waiting *w = arg;
	struct server *s = w->server;
	struct net_message m = w->message;
	uint8_t bytes[PACKET_MAX];
	unsigned tries = w->tries;
	const struct lease *l;

	memcpy(bytes, w->bytes, m.len);
	m.bytes = bytes;
	m.iface = net_if_by_index(s->net, w->ifindex);
	waiting_end(w);
	if (m.iface == NULL || serve_again(&q, s, &m) == -1)
		return; /* the interface is gone */
	if (is_conflict(&q, used, hw)) {
		tell_conflict(&q, ip, hw);
		discover_conflict(&q, ip, "conflict");
		if (tries == TRIES)
			serve_drop(&q, DROP_CONFLICT, "");
		else
			try_address(&q, tries + 1);
		return;
	}
	l = lease_at(s->leases, ip);
	if (l != NULL && lease_is(l, &q.client) && l->state == LEASE_OFFERED)
		finish(&q, ip);
}

void
discover_serve(struct query *q)
{
	struct levels levels;

	if (store_broken(q->server->store)) {
		serve_drop(q, DROP_STORE, "");
		return;
	}
	if (circuit_full(q)) {
		serve_drop(q, DROP_CIRCUIT, "");
		return;
	}
	/*
	 * RFC 8925 section 3.3: who asks for 108 where it is configured does
	 * without an address, and none is held for it
	 */
	if (reply_asked(q, OPT_V6ONLY)) {
		reply_levels(q, allocate_choose(q), &levels);
		if (reply_option(&levels, OPT_V6ONLY) != NULL) {
			offer(q, 0, &levels);
			return;
		}
	}
	try_address(q, 0);
}
