/*
 * client: the DHCP client of one interface (RFC 2131 section 4.4 and figure
 * 5). Pure: packets, times and the state of the link in, actions out; random
 * by a seed.
 *
 *	client_init(c, &conf, seed); client_link(c, now, up);
 *	client_start(c, now, &known);
 *	while ((action = client_next(c)) != NULL)
 *		do it
 *	call client_timer at client_due and the others as things happen, and
 *	take the actions after each call, before the next one
 *
 * States and what ends them:
 *
 *	IDLE		released; renew
 *	NOLINK		the link comes up
 *	INIT		a wait before DISCOVER
 *	SELECTING	DISCOVER is sent; an OFFER
 *	REQUESTING	REQUEST is sent; ACK, NAK
 *	REBOOTING	REQUEST for the address of before is sent; ACK, NAK
 *	PROBING		the ACK is there; nobody answers for the address (acd.h)
 *	BOUND		T1
 *	RENEWING	REQUEST to the server is sent; ACK, NAK, T2
 *	REBINDING	REQUEST to any server is sent; ACK, NAK, the lease's end
 *	RELEASING	RELEASE is sent; a moment, so that it leaves
 *	V6ONLY		a server said that IPv4 is not needed (RFC 8925); a wait
 *
 * An address stays configured while the client asks about it anew (after the
 * link was down) until the lease ends, whatever the state.
 *
 * Times are milliseconds of a clock that nobody sets and that goes on while
 * the machine sleeps.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "acd.h"
#include "offer.h"

#define CLIENT_NEVER ACD_NEVER
#define CLIENT_MESSAGE (PACKET_SIZE - PACKET_IP_UDP) /* bytes, at most */
#define CLIENT_ACTIONS 8
#define CLIENT_ASK 32

struct client_conf {
	uint8_t hw[6];
	uint8_t id[64]; /* option 61 */
	size_t idlen; /* 0: none is sent */
	char host[64]; /* option 12; "": none */
	struct in_addr wish; /* to be asked for; 0: none */
	uint8_t ask[CLIENT_ASK]; /* options to ask for besides the usual */
	size_t nask;
	uint16_t mtu;
	uint32_t probe_ms; /* for the whole probe of an address; 0: none */
	bool broadcast; /* answers cannot be unicast before the address is
			   configured */
	bool v6only; /* IPv4 is not needed where there is NAT64 (RFC 8925) */
	bool once; /* CLIENT_LOST when a lease was lost, no other one */
};

/* What is known from before. */
struct client_known {
	struct in_addr ip, server; /* 0: nothing */
	uint64_t left_ms; /* of the lease; CLIENT_NEVER: infinite; 0: over */
	bool configured; /* the interface has the address */
};

enum client_state {
	CLIENT_IDLE,
	CLIENT_NOLINK,
	CLIENT_INIT,
	CLIENT_SELECTING,
	CLIENT_REQUESTING,
	CLIENT_REBOOTING,
	CLIENT_PROBING,
	CLIENT_BOUND,
	CLIENT_RENEWING,
	CLIENT_REBINDING,
	CLIENT_RELEASING,
	CLIENT_V6ONLY,
	CLIENT_STATES
};

/* What the script is called with. */
enum client_event {
	CLIENT_DECONFIG, /* the interface has no address any more */
	CLIENT_BOUND_EVENT,
	CLIENT_RENEW_EVENT, /* the same address again */
	CLIENT_NAK_EVENT,
	CLIENT_LEASEFAIL, /* nobody offered anything for a while */
	CLIENT_EVENTS
};

struct client_action {
	enum client_kind {
		CLIENT_BROADCAST, /* send `bytes` from 0.0.0.0 to all */
		CLIENT_UNICAST, /* send them from `from` to `to` */
		CLIENT_ARP, /* broadcast `arp` */
		CLIENT_EVENT, /* call the script, with `words` */
		CLIENT_FORGET, /* the lease must not be asked for again */
		CLIENT_ALONE, /* nobody answers: time for a link-local address
			       */
		CLIENT_LOST, /* conf.once: the lease is lost */
	} kind;
	enum client_event event;
	const struct words *words; /* NULL: none */
	struct in_addr from, to;
	struct frame_arp arp;
	size_t len;
	uint8_t bytes[CLIENT_MESSAGE];
};

struct client_lease {
	struct offer offer;
	uint64_t t1, t2, end;
};

/* Read by anyone; changed only by the functions below. */
struct client {
	struct client_conf conf;
	enum client_state state;
	struct client_lease lease; /* the one that is or was configured */
	bool configured; /* the interface has lease.offer.ip */
	/* the rest is private */
	bool up;
	bool known; /* the lease may be asked for again */
	bool clean; /* the interface has no address of an earlier run */
	struct dice dice;
	uint32_t xid;
	uint64_t began; /* this acquisition; for `secs` */
	uint64_t sent; /* the first request with this xid */
	uint64_t due, alone; /* CLIENT_NEVER */
	unsigned tries, conflicts, naks;
	uint16_t secs;
	struct client_lease next; /* being requested or probed */
	struct words said; /* of a NAK */
	struct acd_timing probe;
	struct acd acd;
	struct client_action actions[CLIENT_ACTIONS];
	unsigned first, n;
};

const char *client_state_name(enum client_state);
const char *client_event_name(enum client_event);

void client_init(struct client *, const struct client_conf *, uint64_t seed);
/* Begin, with INIT-REBOOT where the lease that is known has not ended. */
void client_start(struct client *, uint64_t now, const struct client_known *);

/* The link came up or went down; at first it is down. */
void client_link(struct client *, uint64_t now, bool up);
/*
 * A message that came to port 68. NULL, or why it changed nothing (static
 * text); client_stray: it is another's, or malformed.
 */
extern const char client_stray[];
const char *
client_packet(struct client *, uint64_t now, const uint8_t *, size_t);
void client_arp(struct client *, uint64_t now, const struct frame_arp *);
void client_timer(struct client *, uint64_t now);
uint64_t client_due(const struct client *);

/* Renew now, or begin anew where there is no lease. */
void client_renew(struct client *, uint64_t now);
/* Release the lease; IDLE, perhaps a moment later. */
void client_release(struct client *, uint64_t now);

/* Valid until the next call of another function; NULL: no more. */
const struct client_action *client_next(struct client *);

#endif
