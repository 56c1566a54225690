/*
 * dhcpd: the DHCP server.
 */
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "server.h"

/* clang-format off */
static const struct stats_key counters[] = {
	[C_RECEIVED + DHCP_NONE] = { "received.bootp", STATS_COUNTER },
	[C_RECEIVED + DHCP_DISCOVER] = { "received.discover", STATS_COUNTER },
	[C_RECEIVED + DHCP_OFFER] = { "received.offer", STATS_COUNTER },
	[C_RECEIVED + DHCP_REQUEST] = { "received.request", STATS_COUNTER },
	[C_RECEIVED + DHCP_DECLINE] = { "received.decline", STATS_COUNTER },
	[C_RECEIVED + DHCP_ACK] = { "received.ack", STATS_COUNTER },
	[C_RECEIVED + DHCP_NAK] = { "received.nak", STATS_COUNTER },
	[C_RECEIVED + DHCP_RELEASE] = { "received.release", STATS_COUNTER },
	[C_RECEIVED + DHCP_INFORM] = { "received.inform", STATS_COUNTER },
	[C_RECEIVED + DHCP_FORCERENEW] = { "received.forcerenew", STATS_COUNTER },
	[C_RECEIVED + DHCP_LEASEQUERY] = { "received.leasequery", STATS_COUNTER },
	[C_RECEIVED + DHCP_LEASEUNASSIGNED] = { "received.leaseunassigned", STATS_COUNTER },
	[C_RECEIVED + DHCP_LEASEUNKNOWN] = { "received.leaseunknown", STATS_COUNTER },
	[C_RECEIVED + DHCP_LEASEACTIVE] = { "received.leaseactive", STATS_COUNTER },
	[C_SENT + DHCP_NONE] = { "sent.bootp", STATS_COUNTER },
	[C_SENT + DHCP_DISCOVER] = { "sent.discover", STATS_COUNTER },
	[C_SENT + DHCP_OFFER] = { "sent.offer", STATS_COUNTER },
	[C_SENT + DHCP_REQUEST] = { "sent.request", STATS_COUNTER },
	[C_SENT + DHCP_DECLINE] = { "sent.decline", STATS_COUNTER },
	[C_SENT + DHCP_ACK] = { "sent.ack", STATS_COUNTER },
	[C_SENT + DHCP_NAK] = { "sent.nak", STATS_COUNTER },
	[C_SENT + DHCP_RELEASE] = { "sent.release", STATS_COUNTER },
	[C_SENT + DHCP_INFORM] = { "sent.inform", STATS_COUNTER },
	[C_SENT + DHCP_FORCERENEW] = { "sent.forcerenew", STATS_COUNTER },
	[C_SENT + DHCP_LEASEQUERY] = { "sent.leasequery", STATS_COUNTER },
	[C_SENT + DHCP_LEASEUNASSIGNED] = { "sent.leaseunassigned", STATS_COUNTER },
	[C_SENT + DHCP_LEASEUNKNOWN] = { "sent.leaseunknown", STATS_COUNTER },
	[C_SENT + DHCP_LEASEACTIVE] = { "sent.leaseactive", STATS_COUNTER },
	[C_DROP + DROP_SHORT] = { "dropped.length", STATS_COUNTER },
	[C_DROP + DROP_OP] = { "dropped.op", STATS_COUNTER },
	[C_DROP + DROP_HLEN] = { "dropped.hlen", STATS_COUNTER },
	[C_DROP + DROP_COOKIE] = { "dropped.cookie", STATS_COUNTER },
	[C_DROP + DROP_OPTION] = { "dropped.option", STATS_COUNTER },
	[C_DROP + DROP_TYPE] = { "dropped.type", STATS_COUNTER },
	[C_DROP + DROP_REPLY] = { "dropped.not_for_server", STATS_COUNTER },
	[C_DROP + DROP_LOOP] = { "dropped.loop", STATS_COUNTER },
	[C_DROP + DROP_INTERFACE] = { "dropped.interface", STATS_COUNTER },
	[C_DROP + DROP_NO_SUBNET] = { "dropped.no_subnet", STATS_COUNTER },
	[C_DROP + DROP_NO_ADDRESS] = { "dropped.no_address", STATS_COUNTER },
	[C_DROP + DROP_NOT_OURS] = { "dropped.other_server", STATS_COUNTER },
	[C_DROP + DROP_UNKNOWN] = { "dropped.unknown_lease", STATS_COUNTER },
	[C_DROP + DROP_NO_RESERVATION] = { "dropped.no_reservation", STATS_COUNTER },
	[C_DROP + DROP_RATE] = { "dropped.per_client", STATS_COUNTER },
	[C_DROP + DROP_CIRCUIT] = { "dropped.per_circuit", STATS_COUNTER },
	[C_DROP + DROP_STORE] = { "dropped.store", STATS_COUNTER },
	[C_DROP + DROP_CONFLICT] = { "dropped.conflict", STATS_COUNTER },
	[C_DROP + DROP_QUERY] = { "dropped.leasequery", STATS_COUNTER },
	[C_DROP + DROP_BUSY] = { "dropped.busy", STATS_COUNTER },
	[C_DROP + DROP_REPEATED] = { "dropped.repeated", STATS_COUNTER },
	[C_RENEWED_CACHED] = { "renewals.cached", STATS_COUNTER },
	[C_PROBES] = { "addresses.probed", STATS_COUNTER },
	[C_CONFLICTS] = { "addresses.in_use", STATS_COUNTER },
	[C_DNS_SENT] = { "dns.sent", STATS_COUNTER },
	[C_DNS_FAILED] = { "dns.failed", STATS_COUNTER },
	[C_DNS_WAITING] = { "dns.waiting", STATS_GAUGE },
	[C_BOUND] = { "leases.bound", STATS_GAUGE },
	[C_OFFERED] = { "leases.offered", STATS_GAUGE },
	[C_CONFLICT] = { "leases.conflict", STATS_GAUGE },
	[C_POOL_SIZE] = { "pools.size", STATS_GAUGE },
	[C_POOL_FREE] = { "pools.free", STATS_GAUGE },
	[C_STORE_BROKEN] = { "store.broken", STATS_GAUGE },
	[C_UNSENT] = { "sends.failed", STATS_COUNTER },
	[C_EVENTS_LOST] = { "events.lost", STATS_COUNTER },
	{ NULL, STATS_COUNTER },
};
/* clang-format on */

/* What needs root: sockets, keys, the process that runs scripts. */
static int
open_parts(struct server *s)
{
	const struct dhcpd_conf *c = s->conf;

	s->net =
	    net_open((const char *const *)c->interfaces.v, c->interfaces.n);
	if (s->net == NULL || (s->probes = probes_open()) == NULL)
		return -1;
	if (c->ddns.set && (s->ddns = ddns_open(&c->ddns)) == NULL)
		return -1;
	if (*c->event_script != '\0' &&
	    (s->event = event_open(c->event_script, c->daemon.user)) == NULL)
		return -1;
	return takeover_prepare(s);
}

static int
prepare(struct worker *w)
{
	struct server *s;

	if (w->inetd) {
		log_errx("does not run under inetd: it keeps leases");
		return -1;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		log_err("server");
		return -1;
	}
	w->state = s;
	s->worker = w;
	s->conf = w->conf;
	s->counters = w->counters;
	s->loop = w->loop;
	s->port = sock_port(&w->socks[0]->addr);
	/* the store forks to write snapshots */
	sandbox_calls((SANDBOX_USUAL & ~SANDBOX_NO_FORK) | SANDBOX_NO_LISTEN);
	return open_parts(s);
}

static int
start(struct worker *w)
{
	return takeover_start(w->state);
}

static void
drain(struct worker *w)
{
	takeover_drain(w->state);
}

static const struct daemon dhcpd = {
	.name = "dhcpd",
	.port = PACKET_SERVER_PORT,
	.type = SOCK_DGRAM,
	.listen = "0.0.0.0",
	.keys = dhcpd_keys,
	.conf_size = sizeof(struct dhcpd_conf),
	.counters = counters,
	.verbs = verbs_table,
	.check = dhcpd_check,
	.forget = dhcpd_forget,
	.prepare = prepare,
	.start = start,
	.drain = drain,
};

int
main(int argc, char *argv[])
{
	return daemon_main(&dhcpd, argc, argv);
}
