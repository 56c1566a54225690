/*
 * server: what the parts of dhcpd's worker share.
 *
 *	main		the daemon: options, counters, verbs, start and end
 *	takeover	the leases come from disk, or from the worker before
 *	serve		a message comes in: checks, who asks, which network
 *	allocate	which address a client gets (RFC 2131 section 4.3.1)
 *	discover, request, giveback, inform, bootp, leasequery
 *			one file for each type of message
 *	reply		the answer: options by the client's list, where it goes
 *	grant		leases are bound, and told when that is on disk
 *	expire		leases come to their end; time, gauges
 *	verbs		control: leases, history, free, pools
 *
 * A reply that promises nothing new (OFFER, NAK, INFORM's ACK) is queued at
 * once; one that does waits as a struct pending for the store's ticket and is
 * sent when that is synced.
 *
 * Time is the clock's at the worker's start (or that of the newest record of
 * a lease, where that is later) plus what CLOCK_BOOTTIME went on: who sets the
 * clock neither ends a lease nor makes one longer.
 */
#ifndef SERVER_H
#define SERVER_H

#include <sys/queue.h>

#include <ev.h>

#include "control.h"
#include "ddns.h"
#include "dhcpconf.h"
#include "event.h"
#include "lease.h"
#include "leasemap.h"
#include "log.h"
#include "net.h"
#include "packet.h"
#include "probe.h"
#include "scope.h"
#include "store.h"

/* Why nothing is answered; counter, and a line in the log now and then. */
enum drop {
	DROP_SHORT = 1, /* .. to DROP_TYPE: enum packet_status */
	DROP_OP,
	DROP_HLEN,
	DROP_COOKIE,
	DROP_OPTION,
	DROP_TYPE,
	DROP_REPLY, /* op 2, or a type that servers send */
	DROP_LOOP, /* giaddr is ours or no address, hops too many */
	DROP_INTERFACE, /* not wanted, or without an address */
	DROP_NO_SUBNET, /* no subnet for giaddr or interface */
	DROP_NO_ADDRESS, /* the pool is full */
	DROP_NOT_OURS, /* another server was chosen */
	DROP_UNKNOWN, /* a lease that we know nothing of, and we are not
			 authoritative or must be silent */
	DROP_NO_RESERVATION, /* BOOTP without one */
	DROP_RATE, /* per_client */
	DROP_CIRCUIT, /* per_circuit */
	DROP_STORE, /* leases cannot be written: nothing is granted */
	DROP_CONFLICT, /* all addresses that were tried are in use */
	DROP_QUERY, /* leasequery from where it is not allowed */
	DROP_BUSY, /* too many probes or replies wait, or no memory */
	DROP_REPEATED, /* asks again while its address is probed */
	DROPS
};

enum counter {
	C_RECEIVED, /* + enum dhcp_type; 0 is BOOTP */
	C_SENT = C_RECEIVED + DHCP_TYPES, /* the same */
	/* every message that gets no answer counts as one of these */
	C_DROP = C_SENT + DHCP_TYPES - 1, /* + enum drop, from 1 */
	C_RENEWED_CACHED = C_DROP + DROPS, /* renewals that wrote nothing */
	C_PROBES, /* addresses that were probed, */
	C_CONFLICTS, /* .. that were in use, or declined */
	C_DNS_SENT,
	C_DNS_FAILED,
	/* gauges */
	C_DNS_WAITING,
	C_BOUND,
	C_OFFERED,
	C_CONFLICT,
	C_POOL_SIZE,
	C_POOL_FREE,
	C_STORE_BROKEN,
	C_UNSENT,
	C_EVENTS_LOST,
};

#define SERVER_PENDING 16384 /* replies that wait for the store, at most */
#define SERVER_WAITING 4096 /* messages that wait for a probe, at most */
#define SERVER_RATES 8192 /* clients whose messages are counted; 2^n */

TAILQ_HEAD(pending_list, pending);
LIST_HEAD(waiting_list, waiting);

struct server {
	struct worker *worker;
	const struct dhcpd_conf *conf;
	stats_value *counters;
	struct ev_loop *loop;
	struct net *net;
	struct probes *probes;
	struct leases *leases;
	struct store *store; /* NULL: another worker has the leases still */
	struct ddns *ddns; /* NULL: none */
	struct event *event; /* NULL: none */
	struct leasemap *map; /* NULL: none */
	uint16_t port; /* ours; clients are at the next one */
	int64_t now; /* seconds since the epoch, read once a turn of the loop;
			it does not jump when the clock is set */
	uint64_t now_ms; /* of CLOCK_BOOTTIME */
	int64_t epoch_ms; /* the epoch's time where that was 0 */

	/* private to takeover.c and expire.c */
	int lease_dir;
	ev_timer takeover, second;
	ev_check woken;
	ev_prepare sleeping;
	unsigned takeover_tries;
	uint64_t counted[4];
	/* private to serve.c */
	struct rate *rates;
	uint32_t seed;
	struct log_limit limits[DROPS];
	/* private to grant.c */
	struct pending_list batch, pending, spare;
	size_t npending, nspare;
	uint64_t synced; /* the last ticket that came true */
	struct log_limit store_limit;
	/* private to discover.c */
	struct waiting_list waiting[256]; /* by address */
	size_t nwaiting;
	/* private to circuit.c */
	struct circuit_table *circuits;
};

/* One message that is being served. */
struct query {
	struct server *server;
	struct net_message message;
	struct packet packet;
	struct lease_client client;
	const uint8_t *agent; /* option 82 where it counts, else NULL */
	size_t agent_len;
	bool recalled; /* agent is the lease's, not the message's: `stored` */
	uint8_t stored[LEASE_AGENT];
	const struct subnet *subnet; /* where the client is */
	const struct host *host; /* its reservation, or NULL */
	const struct class *class; /* or NULL */
};

/* expire.c. Read the clock; at least records of leases say it is so late. */
void expire_clock(struct server *, int64_t at_least);
/* Begin to end leases, once a second. */
void expire_start(struct server *);
void expire_stop(struct server *);

/*
 * takeover.c. As root: the directory of leases. Then, as the user: take the
 * leases over and begin to serve, now or when the worker before has ended. 0,
 * or -1 after a message.
 */
int takeover_prepare(struct server *);
int takeover_start(struct server *);
/* Serve nothing new; worker_done when nothing waits any more. */
void takeover_drain(struct server *);
/* Drained? Then that is the end; not from within a call of the store's. */
void takeover_check_end(struct server *);

/* serve.c. 0, or -1: no memory. */
int serve_start(struct server *);
/* net.h's calls; arg is the struct server. */
void serve_message(void *arg, const struct net_message *);
void serve_unwanted(void *arg);
/*
 * A message that was served before, read again. 0, or -1: it has no place any
 * more. The query keeps pointing into the message's bytes.
 */
int serve_again(struct query *, struct server *, const struct net_message *);
/* No answer: count it, tell it now and then. detail: "" or more about it. */
void serve_drop(const struct query *, enum drop, const char *detail);
/* "10.0.0.1" and "02:00:00:00:be:ef via 10.0.0.1", for messages. */
#define SERVE_NAME 96
const char *serve_ip(uint32_t ip, char out[16]);
const char *serve_hw(const uint8_t *hw, size_t n, char out[3 * PACKET_HW]);
const char *serve_client(const struct query *, char out[SERVE_NAME]);
/*
 * May a relay agent or a client have this address? What is sent to another one
 * would go to everybody, or to us.
 */
bool serve_is_host(uint32_t ip);
/* An address in option 82, where that counts. */
enum { AGENT_LINK = 5, AGENT_SERVER_ID = 11 };
bool serve_agent_ip(const struct query *, uint8_t code, struct in_addr *);
/* Who sends 54 means us (RFC 2131 section 4.1, RFC 5107). */
bool serve_is_us(const struct query *, struct in_addr);

/* allocate.c. Ranges of the configuration become pools. 0, or -1: no memory. */
int allocate_pools(struct server *);
/* Pure but for what they are told by query and leases, all of these. */
/*
 * Does the configuration let the client have this address, by reservation or
 * from a range? Whether it is free is another matter.
 */
bool allocate_allowed(const struct query *, uint32_t ip);
/* The address to offer; 0: there is none. Nothing changes. */
uint32_t allocate_choose(const struct query *);
/* The address reserved for the client that is free for it, or 0. */
uint32_t allocate_reserved(const struct query *);

/* What counts for a client at an address, the nearest level first. */
struct levels {
	const struct settings *v[3]; /* host, class: sparse; range or subnet */
	size_t n;
	const struct subnet *subnet; /* of the address */
};
/* reply.c. ip 0: an address is not known yet. */
void reply_levels(const struct query *, uint32_t ip, struct levels *);
/* The level that has this setting. */
const struct settings *reply_setting(const struct levels *, uint32_t bit);
/* The configured value of an option, NULL: none. */
const struct option_value *reply_option(const struct levels *, uint8_t code);
/* Does the client ask for this option (55)? */
bool reply_asked(const struct query *, uint8_t code);

struct answer {
	enum dhcp_type type; /* DHCP_NONE: BOOTP's */
	uint32_t yiaddr; /* 0: none */
	uint32_t term; /* lease time; 0: not told; SCOPE_FOREVER */
	const char *why; /* NAK: the reason for option 56 */
	bool rapid; /* RFC 4039 */
	const struct ddns_name *name; /* its option 81; NULL: none */
	struct levels levels;
};
/* Build it; its length. */
size_t reply_build(
    const struct query *, const struct answer *, uint8_t out[PACKET_MAX]);
void reply_dest(const struct query *, const struct answer *, struct net_dest *);
/* The server identifier: the address of ours that this client can reach. */
struct in_addr reply_server_id(const struct query *);
/* Queue one that promises nothing. */
void reply_send(const struct query *, const struct answer *);
void reply_nak(const struct query *, const char *why);

/* The types of messages; who calls has counted them. */
void discover_serve(struct query *);
void request_serve(struct query *);
void giveback_decline(struct query *);
void giveback_release(struct query *);
void inform_serve(struct query *);
void bootp_serve(struct query *);
void leasequery_serve(struct query *);
/* Messages that wait for a probe. */
bool discover_waits(const struct server *);
/* An address was found in use, or declined: nobody gets it for a while. */
void discover_conflict(struct query *, uint32_t ip, const char *event);

/* request.c. Table 4 of RFC 2131: in which state is the client? */
enum request_state {
	REQUEST_NONE, /* in none of these */
	REQUEST_SELECTING,
	REQUEST_INIT_REBOOT,
	REQUEST_RENEWING, /* and REBINDING */
};
enum request_verdict { REQUEST_ACK, REQUEST_NAK, REQUEST_SILENT };
enum request_state request_state(const struct packet *, uint32_t *ip);
/* Pure but for what it is told by query and leases. *why: for the NAK. */
enum request_verdict request_judge(
    const struct query *, enum request_state, uint32_t ip, const char **why);

/*
 * grant.c. How long: what the client asks for, within bounds. Where a bound
 * lease of the client's has most of that left, the term is what is left and
 * `cached` is set: nothing need be written.
 */
uint32_t grant_term(const struct query *, const struct levels *);
struct terms {
	uint32_t term;
	bool cached;
};
void grant_terms(
    const struct query *, const struct levels *, uint32_t ip, struct terms *);
/* The name that the client gets; "" where it has none. */
void
grant_name(const struct query *, const struct levels *, struct ddns_name *);
/*
 * Bind the address to the client, and answer when that is on disk. type:
 * DHCP_ACK, or DHCP_NONE for BOOTP.
 */
void
grant_lease(const struct query *, uint32_t ip, enum dhcp_type type, bool rapid);
/* Write what changed of a lease; nobody waits for it. */
void grant_write(struct server *, struct lease *);
/* A bound lease ended: DNS, map, circuits, script. Before it is forgotten. */
void grant_ended(struct server *, struct lease *, const char *event);
/* End of a batch: write, send what needs not wait. net.h's batch call. */
void grant_batch(void *server);
/* store.h's call. */
void grant_synced(void *server, uint64_t ticket, int error);
/* ddns.h's call. */
void grant_named(void *server, uint32_t ip, uint8_t what);
bool grant_waits(const struct server *);
/* Before the first and after the last. */
void grant_init(struct server *);

/*
 * circuit.c. Bound leases of each circuit id (sub-option 1 of option 82), kept
 * only where a class limits them.
 */
int circuit_start(struct server *);
void circuit_count(struct server *, const struct lease *, int by);
/* Has its circuit as many as its class allows? */
bool circuit_full(const struct query *);

/* verbs.c */
extern const struct control_verb verbs_table[];

static inline void
server_count(const struct server *s, unsigned counter)
{
	stats_add(s->counters, counter, 1);
}

#endif
