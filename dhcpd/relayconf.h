/*
 * relayconf: dhcrelay.conf(5), read and checked by the parent.
 */
#ifndef RELAYCONF_H
#define RELAYCONF_H

#include <netinet/in.h>

#include "daemon.h"

#define RELAY_SERVERS 16
#define RELAY_REMOTE 128 /* bytes of a remote id */

/* What becomes of an option 82 that a message has already. */
enum relay_policy {
	RELAY_FORWARD, /* it stays as it is (RFC 3046 section 2.1) */
	RELAY_APPEND, /* our sub-options come behind its own, */
	RELAY_REPLACE, /* .. or in place of them */
	RELAY_DISCARD, /* the message is dropped */
};

/* Sub-option 1 (RFC 3046 section 3.1) and 2 (section 3.2). */
enum relay_circuit {
	RELAY_CIRCUIT_NAME, /* of the interface, */
	RELAY_CIRCUIT_INDEX, /* .. its index in decimal digits */
	RELAY_CIRCUIT_NONE,
};
enum relay_remote {
	RELAY_REMOTE_MAC, /* of the interface */
	RELAY_REMOTE_HOSTNAME,
	RELAY_REMOTE_TEXT,
	RELAY_REMOTE_NONE,
};

struct relay_conf {
	struct daemon_conf daemon; /* first */
	struct conf_list servers;
	/* Names: requests come from these, replies from those; none: all. */
	struct conf_list downstream, upstream;
	struct conf_list trusted; /* may send option 82 without giaddr */
	uint64_t max_hops;
	uint64_t max_packet; /* of IP, with option 82 added; 0: by option 57 */
	bool append; /* add option 82 */
	int policy; /* enum relay_policy, */
	int circuit, remote; /* .. relay_circuit, relay_remote */
	char *remote_text;
	char *giaddr; /* "": the interface's own */
	bool link_selection, server_id_override;
	/* by relayconf_check */
	struct sockaddr_in server[RELAY_SERVERS]; /* port 0: ours */
	struct in_addr address; /* giaddr, or 0 */
	char hostname[RELAY_REMOTE + 1];
};

extern const struct conf_key relayconf_keys[];

/* daemon.h's check. */
int relayconf_check(void *conf);

#endif
