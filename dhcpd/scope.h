/*
 * scope: the networks that dhcpd serves, as the configuration describes them,
 * ready for use: values inherited, options encoded, tables sorted.
 *
 *	network		a shared network (superscope); a subnet that stands
 *			alone is in a network of its own
 *	subnet		a scope: prefix, its ranges, its settings
 *	range		addresses to give away, perhaps to one class only
 *	class		clients alike (by options or hardware address)
 *	host		a reservation, from dhcpd.conf or from the hosts file
 *
 * Everything is read-only once dhcpd_check built it (build.h), but for the
 * pools that the server notes in ranges; a reload builds anew. Addresses
 * in host order unless the type is struct in_addr.
 */
#ifndef SCOPE_H
#define SCOPE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lease.h"
#include "packet.h"

#define SCOPE_FOREVER UINT32_MAX /* lease time: infinite (RFC 2131 3.3) */

/* Encoded values by code, sorted; looked up by bisection. */
struct option_value {
	uint8_t code;
	uint16_t len;
	const uint8_t *bytes;
};
struct option_set {
	struct option_value *v;
	size_t n;
};
const struct option_value *
option_set_find(const struct option_set *, uint8_t code);

/* What a client boots; the first that matches counts. */
struct boot {
	uint16_t arch[16]; /* option 93 (RFC 4578, RFC 5970); */
	size_t narch; /* .. 0: any */
	const char *user_class; /* option 77 is or holds it; NULL: any */
	const char *vendor_prefix; /* option 60 begins so; NULL: any */
	const char *file; /* a URL for HTTP boot: option 60 is answered with
			     "HTTPClient", then (UEFI 2.10, 24.7) */
	struct in_addr next_server; /* 0: the level's */
	const char *server_name;
};

/*
 * What is configured at a level (global, network, subnet, range, class, host).
 * For subnets and ranges whole: what was not set there came from above. For
 * classes and hosts `set` says which members count.
 */
enum setting_bits {
	SET_DEFAULT_LEASE = 1,
	SET_MIN_LEASE = 2,
	SET_MAX_LEASE = 4,
	SET_RENEW = 8,
	SET_REBIND = 16,
	SET_NEXT_SERVER = 32,
	SET_BOOT_FILE = 64,
	SET_SERVER_NAME = 128,
	SET_ALWAYS_BROADCAST = 256,
};
struct settings {
	uint32_t set;
	uint32_t default_lease, min_lease, max_lease; /* s */
	uint32_t renew, rebind; /* T1, T2 in s; 0: 0.5 and 0.875 */
	struct in_addr next_server;
	const char *boot_file, *server_name;
	bool always_broadcast;
	/* of networks and subnets only */
	bool authoritative, by_hw, rapid_commit, bootp_dynamic;
	bool skip_net_bcast; /* see scopes.excluded */
	bool probe_arp, probe_icmp;
	uint32_t decline_s;
	const char *ddns_forward; /* zone for names; NULL: none */
	bool ddns_reverse;
	struct option_set options; /* of this level, inherited ones included
				      (subnets and ranges) */
	const struct option_value *forced; /* sent unasked */
	size_t nforced;
	const struct boot *boots; /* the nearest level's first */
	size_t nboots;
};

struct class {
	const char *name;
	struct settings settings;
	/* Client matches when all that are set match. */
	const char *vendor_prefix; /* option 60 */
	const char *user_class; /* option 77 */
	uint16_t arch[16];
	size_t narch;
	uint8_t hw[16]; /* first bytes of the hardware address */
	size_t hwlen;
	const uint8_t *circuit, *remote; /* sub-options 1, 2 of 82 */
	size_t circuit_len, remote_len;
	/* at most so many leases for one circuit id; 0: no limit */
	uint32_t per_circuit;
};

struct range {
	uint32_t first, last;
	const struct class *class; /* NULL: any client */
	struct settings settings; /* whole */
	struct subnet *subnet;
	struct pool *pool; /* lease.h; the server's */
	int line; /* in the configuration, for messages */
};

/* A reservation. Exactly one identity is set. */
struct host {
	const char *name; /* as written; for messages */
	const char *hostname; /* NULL: none */
	uint32_t ip; /* 0: no address, only settings */
	uint8_t hw[16], hlen, htype; /* hlen 0: not by hardware address */
	const uint8_t *id; /* client-id, */
	const uint8_t *circuit; /* sub-option 1 of 82, */
	const uint8_t *remote; /* sub-option 2 */
	uint8_t idlen, circuit_len, remote_len;
	const struct settings *settings; /* sparse; NULL: nothing */
	struct subnet *subnet; /* that holds ip; NULL where ip is 0 */
	const struct network *network; /* where it counts; NULL: everywhere */
	int line; /* for messages, */
	bool listed; /* .. in the hosts file */
};

struct subnet {
	uint32_t net, mask;
	unsigned bits;
	struct network *network;
	struct range *ranges;
	size_t nranges;
	struct settings settings; /* whole */
	int line; /* in the configuration, for messages */
};

struct network {
	const char *name; /* of shared; else the prefix */
	uint32_t number; /* 1 ..; the same over reloads is not promised */
	struct subnet *subnets;
	size_t nsubnets;
};

struct scopes {
	struct network *networks;
	size_t nnetworks;
	struct class *classes;
	size_t nclasses;
	/* What of the ranges is never given away: exclude lists, the network's
	   own and its broadcast address, .0 and .255 (skip_net_bcast), and
	   addresses of reservations. Sorted, not overlapping, each within one
	   range. */
	struct address_range {
		uint32_t first, last;
	} * excluded;
	size_t nexcluded;
	/* the rest is private */
	struct scopes_index *index;
};

/* O(log n) or O(1), all of them. NULL: none. */
struct subnet *scope_subnet(const struct scopes *, uint32_t ip);
struct range *scope_range(const struct scopes *, uint32_t ip);
/* The reservation of this address. */
const struct host *scope_host_at(const struct scopes *, uint32_t ip);
/*
 * The client's reservation that is of use in this network: one whose address
 * is in it, else one without address. Order of identities: client-id, hardware
 * address, circuit and remote id (option 82's value, NULL: none). A client-id
 * is also found behind a zero byte, the type of those that are no hardware
 * address (RFC 2132 section 9.14).
 */
const struct host *scope_host(const struct scopes *, const struct network *,
    const struct lease_client *, const uint8_t *agent, size_t agent_len);
/*
 * Does the client of this message belong to the class? Option 82 counts where
 * the packet has it: who does not trust it has taken it out.
 */
bool scope_in_class(const struct class *, const struct packet *);
/* The first class that matches, or NULL. */
const struct class *scope_class(const struct scopes *, const struct packet *);
const struct boot *
scope_boot(const struct boot *, size_t n, const struct packet *);

#endif
