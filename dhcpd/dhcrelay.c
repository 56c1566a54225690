/*
 * dhcrelay: passes on between DHCP's clients and servers of other networks.
 *
 *	relay.c		what becomes of a message
 *	relayconf.c	keys of dhcrelay.conf(5)
 *	net.c		messages in and out
 *
 * One worker, which keeps nothing of what it passed on: a reload is a new
 * worker, and whichever of the two reads a message relays it.
 */
#include <sys/socket.h>

#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "relay.h"
#include "sandbox.h"

#define HLEN_AT 2
#define CHADDR_AT 28
#define HW_TEXT (3 * PACKET_HW)
#define DESCRIBED 160 /* bytes of text */

enum counter {
	C_REQUESTS, /* that came in */
	C_REPLIES,
	C_RELAYED_REQUESTS,
	C_RELAYED_REPLIES,
	C_ADDED,
	C_STRIPPED,
	C_TOO_LONG,
	C_FAILED,
	C_DROP = C_FAILED, /* + enum relay_drop, from 1 */
};

#define DROP(d, n) [C_DROP + RELAY_##d] = { "dropped." n, STATS_COUNTER }
static const struct stats_key counters[] = {
	[C_REQUESTS] = { "requests.received", STATS_COUNTER },
	[C_REPLIES] = { "replies.received", STATS_COUNTER },
	[C_RELAYED_REQUESTS] = { "requests.relayed", STATS_COUNTER },
	[C_RELAYED_REPLIES] = { "replies.relayed", STATS_COUNTER },
	[C_ADDED] = { "agent.added", STATS_COUNTER },
	[C_STRIPPED] = { "agent.stripped", STATS_COUNTER },
	[C_TOO_LONG] = { "agent.not_added", STATS_COUNTER },
	[C_FAILED] = { "sends.failed", STATS_COUNTER },
	DROP(SHORT, "short"),
	DROP(OP, "op"),
	DROP(HLEN, "hlen"),
	DROP(OPTION, "option"),
	DROP(INTERFACE, "interface"),
	DROP(HOPS, "hops"),
	DROP(SPOOFED, "spoofed"),
	DROP(GIADDR, "giaddr"),
	DROP(UNTRUSTED, "untrusted"),
	DROP(POLICY, "policy"),
	DROP(NO_ADDRESS, "no_address"),
	DROP(NO_SERVER, "no_server"),
	DROP(NOT_OURS, "not_ours"),
	DROP(NO_INTERFACE, "no_interface"),
	{ NULL, STATS_COUNTER },
};

struct relay {
	struct worker *worker;
	const struct relay_conf *conf;
	struct net *net;
	uint16_t port; /* ours; the clients' is the next one */
	struct relay_links links;
	const struct net_if **ifs; /* links.v */
	uint64_t failed; /* of net_failed, what was counted */
	struct log_limit limits[RELAY_DROPS];
	struct relay_out out;
};

static void
count(const struct relay *r, unsigned counter)
{
	stats_add(r->worker->counters, counter, 1);
}

/* The log */

static const char *
hw_text(const uint8_t *bytes, char out[HW_TEXT])
{
	unsigned n = bytes[HLEN_AT] < PACKET_HW ? bytes[HLEN_AT] : PACKET_HW, i;

	if (n == 0)
		return "none";
	for (i = 0; i < n; i++)
		snprintf(out + (size_t)3 * i, 4, "%02x%s", bytes[CHADDR_AT + i],
		    i + 1 < n ? ":" : "");
	return out;
}

/* Who sent it and, where it is a message, whom it concerns. */
static void
describe(const struct net_message *m, char *out, size_t size)
{
	char from[INET_ADDRSTRLEN], giaddr[INET_ADDRSTRLEN], hw[HW_TEXT];

	inet_ntop(AF_INET, &m->from.sin_addr, from, sizeof(from));
	if (m->len < PACKET_LEAST) {
		snprintf(out, size, "%s on %s: message", from, m->iface->name);
		return;
	}
	inet_ntop(AF_INET, m->bytes + PACKET_AT_GIADDR, giaddr, sizeof(giaddr));
	snprintf(out, size, "%s on %s: %s client=%s giaddr=%s", from,
	    m->iface->name, m->bytes[0] == PACKET_REPLY ? "reply" : "request",
	    hw_text(m->bytes, hw), giaddr);
}

static void
drop(struct relay *r, const struct net_message *m, enum relay_drop why)
{
	char what[DESCRIBED];

	count(r, C_DROP + why);
	if (!log_allowed(&r->limits[why], relay_reasons[why]))
		return;
	describe(m, what, sizeof(what));
	log_info("%s dropped: %s", what, relay_reasons[why]);
}

static void
tell(const struct net_message *m)
{
	char what[DESCRIBED];

	describe(m, what, sizeof(what));
	log_debug("%s relayed", what);
}

/* Messages */

/*
 * To every server (RFC 5107 section 4), but where no interfaces are named not
 * to one that is on the client's own link and so heard the broadcast itself.
 */
static void
send_request(struct relay *r, const struct net_message *m)
{
	const struct relay_conf *c = r->conf;
	bool broadcast = m->to.s_addr != m->local.s_addr;
	struct net_dest to = { .how = NET_UDP };
	size_t i;

	for (i = 0; i < c->servers.n; i++) {
		to.ip = c->server[i].sin_addr;
		to.port = ntohs(c->server[i].sin_port);
		if (to.port == 0)
			to.port = r->port;
		if (c->downstream.n == 0 && broadcast &&
		    net_if_of(r->net, ntohl(to.ip.s_addr), false) == m->iface)
			continue;
		net_send(r->net, &to, r->out.bytes, r->out.len);
	}
	count(r, C_RELAYED_REQUESTS);
}

static void
send_reply(struct relay *r)
{
	r->out.to.port = r->port + 1;
	net_send(r->net, &r->out.to, r->out.bytes, r->out.len);
	count(r, C_RELAYED_REPLIES);
}

static void
received(void *arg, const struct net_message *m)
{
	struct relay *r = arg;
	enum relay_drop why = relay_message(r->conf, &r->links, m, &r->out);

	if (m->len > 0 && m->bytes[0] == PACKET_REPLY)
		count(r, C_REPLIES);
	else
		count(r, C_REQUESTS);
	if (why != RELAY_OK) {
		drop(r, m, why);
		return;
	}
	if (log_level_now() >= LOG_DEBUG)
		tell(m);
	if (r->out.added)
		count(r, C_ADDED);
	if (r->out.stripped)
		count(r, C_STRIPPED);
	if (r->out.too_long)
		count(r, C_TOO_LONG);
	if (r->out.op == PACKET_REQUEST)
		send_request(r, m);
	else
		send_reply(r);
}

static void
batch(void *arg)
{
	struct relay *r = arg;
	uint64_t failed;

	net_flush(r->net);
	failed = net_failed(r->net);
	stats_add(r->worker->counters, C_FAILED, failed - r->failed);
	r->failed = failed;
}

/* net.c passed one over. */
static void
unwanted(void *arg)
{
	count(arg, C_DROP + RELAY_INTERFACE);
}

/* Interfaces */

/* The packets that servers get pass one of these. */
static bool
leads_to_servers(const struct relay_conf *c, const struct net_if *i)
{
	return i->up && !i->loopback && i->naddrs > 0 &&
	    relay_is_upstream(c, i);
}

static void
changed(void *arg)
{
	struct relay *r = arg;
	const struct net_if *i, **ifs;
	size_t n = 0;

	while (net_if_next(r->net, n) != NULL)
		n++;
	r->links.n = 0; /* what is gone must not be looked at */
	if ((ifs = reallocarray(r->ifs, n + 1, sizeof(void *))) == NULL) {
		log_err("interfaces");
		return;
	}
	r->ifs = ifs;
	r->links.v = ifs;
	r->links.mtu = 0;
	for (; r->links.n < n; r->links.n++) {
		i = ifs[r->links.n] = net_if_next(r->net, r->links.n);
		if (leads_to_servers(r->conf, i) &&
		    (r->links.mtu == 0 || i->mtu < r->links.mtu))
			r->links.mtu = i->mtu;
	}
}

/*
 * What both lists name is looked at; where one of them is empty, all
 * interfaces are.
 */
static struct net *
open_net(const struct relay_conf *c)
{
	size_t down = c->downstream.n, n = down + c->upstream.n;
	const char **names = calloc(n + 1, sizeof(names[0]));
	struct net *net;

	if (names == NULL) {
		log_err("interfaces");
		return NULL;
	}
	if (down > 0)
		memcpy(names, c->downstream.v, down * sizeof(names[0]));
	if (n > down)
		memcpy(
		    names + down, c->upstream.v, (n - down) * sizeof(names[0]));
	if (down == 0 || n == down)
		n = 0;
	net = net_open(names, n);
	free(names);
	return net;
}

/* The daemon */

static int
prepare(struct worker *w)
{
	struct relay *r;

	if (w->inetd) {
		log_errx("-i: relaying is not for inetd");
		return -1;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		log_err("relay");
		return -1;
	}
	w->state = r;
	r->worker = w;
	r->conf = w->conf;
	sandbox_calls(SANDBOX_USUAL | SANDBOX_NO_LISTEN);
	r->net = open_net(r->conf);
	return r->net == NULL ? -1 : 0;
}

static int
start(struct worker *w)
{
	struct relay *r = w->state;
	const struct net_calls calls = { received, batch, unwanted, changed,
		r };
	union sock_addr a;
	socklen_t len = sizeof(a);

	if (w->nsocks == 0 || getsockname(w->socks[0]->fd, &a.sa, &len) == -1 ||
	    net_start(r->net, w->loop, w->socks, w->nsocks, &calls) == -1) {
		log_err("sockets");
		return -1;
	}
	r->port = sock_port(&a);
	changed(r);
	if (r->conf->servers.n == 0)
		log_notice("no servers are configured: nothing is relayed");
	return 0;
}

static void
drain(struct worker *w)
{
	struct relay *r = w->state;
	size_t i;

	batch(r);
	net_stop(r->net);
	for (i = 0; i < w->nsocks; i++)
		close(w->socks[i]->fd);
	worker_done(w);
}

static const struct daemon dhcrelay = {
	.name = "dhcrelay",
	.port = PACKET_SERVER_PORT,
	.type = SOCK_DGRAM,
	.listen = "0.0.0.0",
	.keys = relayconf_keys,
	.conf_size = sizeof(struct relay_conf),
	.counters = counters,
	.check = relayconf_check,
	.prepare = prepare,
	.start = start,
	.drain = drain,
};

int
main(int argc, char *argv[])
{
	return daemon_main(&dhcrelay, argc, argv);
}
