/*
 * server: what the parts of dhcpd's worker share.
 *
 *	main		the daemon: options, counters, verbs, start and end
 *	serve		a message comes in: checks, who asks, which network
 *	allocate	which address a client gets (RFC 2131 section 4.3.1)
 *	discover, request, others	one function for each type of message
 *	reply		the answer: options by the client's list, where it goes
 *	leasequery	RFC 4388
 *	verbs		control: leases, history, free, pools
 *
 * Life of a reply: serve() makes it; one that promises nothing new (OFFER,
 * NAK, INFORM's ACK) is queued at once; one that does waits in `pending` for
 * the store's ticket and is sent when that is synced.
 */
#ifndef SERVER_H
#define SERVER_H

#include <sys/queue.h>

#include <ev.h>

#include "ddns.h"
#include "deadline.h"
#include "dhcpconf.h"
#include "event.h"
#include "lease.h"
#include "leasemap.h"
#include "net.h"
#include "packet.h"
#include "probe.h"
#include "scope.h"
#include "store.h"

enum counter {
	C_RECEIVED, /* + enum dhcp_type; 0 is BOOTP */
	C_SENT = C_RECEIVED + DHCP_TYPES, /* the same */
	/* every message that gets no answer counts as one of these */
	C_DROP = C_SENT + DHCP_TYPES, /* + enum drop */
};

/* Why nothing is answered; counter, and a line in the log now and then. */
enum drop {
	DROP_SHORT = 1, /* .. to DROP_TYPE: enum packet_status */
	DROP_OP,
	DROP_HLEN,
	DROP_COOKIE,
	DROP_OPTION,
	DROP_TYPE,
	DROP_REPLY, /* op 2: not for a server */
	DROP_LOOP, /* giaddr is ours, hops too many */
	DROP_INTERFACE, /* not wanted, or without an address */
	DROP_NO_SUBNET, /* no subnet for giaddr or interface */
	DROP_NO_ADDRESS, /* the pool is full */
	DROP_NOT_OURS, /* another server was chosen */
	DROP_UNKNOWN, /* INIT-REBOOT or renewal of someone unknown; not
			 authoritative */
	DROP_NO_RESERVATION, /* BOOTP without one */
	DROP_RATE, /* per_client, per_circuit */
	DROP_STORE, /* leases cannot be written: nothing is granted */
	DROP_CONFLICT, /* all addresses that were tried are in use */
	DROP_QUERY, /* leasequery from where it is not allowed */
	DROP_BUSY, /* too many probes or replies wait */
	DROPS
};

struct pending; /* a reply that waits for its record */

struct server {
	struct worker *worker;
	const struct dhcpd_conf *conf;
	stats_value *counters;
	struct ev_loop *loop;
	struct net *net;
	struct probes *probes;
	struct leases *leases;
	struct store *store;
	struct ddns *ddns; /* NULL: none */
	struct event *event; /* NULL: none */
	struct leasemap *map; /* NULL: none */
	int64_t now; /* seconds since the epoch, read once a batch; it does
			not jump when the clock is set */
	uint64_t now_ms; /* monotonic */
	void *private; /* of the parts; serve.c */
};

#endif
