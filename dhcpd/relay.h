/*
 * relay: what a relay agent makes of a message (RFC 1542 section 4, RFC 2131
 * section 4.1, RFC 3046, 3527, 5010, 5107). Pure: message in, message out.
 */
#ifndef RELAY_H
#define RELAY_H

#include "net.h"
#include "relayconf.h"

/* Why a message goes no further. */
enum relay_drop {
	RELAY_OK,
	RELAY_SHORT, /* below PACKET_LEAST, or above PACKET_MAX */
	RELAY_OP, /* neither request nor reply */
	RELAY_HLEN, /* of chaddr: above 16 */
	RELAY_OPTION, /* one passes the end of the field */
	RELAY_INTERFACE, /* such messages are not wanted from there */
	RELAY_HOPS, /* it passed too many relays */
	RELAY_SPOOFED, /* a request whose giaddr is ours */
	RELAY_GIADDR, /* .. or is no host's address */
	RELAY_UNTRUSTED, /* option 82 without giaddr, from just anywhere */
	RELAY_POLICY, /* option 82, which agent_policy does not want */
	RELAY_NO_ADDRESS, /* the interface has none for giaddr */
	RELAY_NO_SERVER, /* none is configured */
	RELAY_NOT_OURS, /* a reply whose giaddr is not ours */
	RELAY_NO_INTERFACE, /* a reply that does not tell whence its request
			       was */
	RELAY_DROPS
};

/* For the log; [RELAY_OK] is NULL. */
extern const char *const relay_reasons[RELAY_DROPS];

/* All interfaces of the host; rebuilt when they change. */
struct relay_links {
	const struct net_if *const *v;
	size_t n;
	unsigned mtu; /* the least one towards the servers; 0: unknown */
};

struct relay_out {
	uint8_t bytes[PACKET_MAX];
	size_t len;
	uint8_t op; /* PACKET_REQUEST: goes to every server */
	bool added, stripped; /* option 82 */
	bool too_long; /* .. could not be added: forwarded without */
	struct net_dest to; /* of a reply; the port is 0: the client's */
};

/* May requests come from there? replies? */
bool relay_is_downstream(const struct relay_conf *, const struct net_if *);
bool relay_is_upstream(const struct relay_conf *, const struct net_if *);

enum relay_drop relay_message(const struct relay_conf *,
    const struct relay_links *, const struct net_message *, struct relay_out *);

#endif
