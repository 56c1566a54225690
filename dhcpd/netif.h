/*
 * netif: the machine's interfaces and their IPv4 addresses, as rtnetlink(7)
 * tells them. For net.c alone; others ask net.h.
 *
 * One socket dumps, the other one hears of changes; when it overran, all is
 * dumped again. Both are opened as root and work without any right. A struct
 * netif stays where it is as long as its interface exists.
 */
#ifndef NETIF_H
#define NETIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"

#define NETIF_HW 32 /* the kernel's MAX_ADDR_LEN */

struct netif {
	struct net_if pub;
	uint8_t broadcast[NETIF_HW]; /* link layer */
	size_t hwlen; /* of link addresses there: pub's, or above 16 */
};

/* Where an address is: itself (mask of 32 bits), or its network. */
struct netif_route {
	uint32_t net, mask;
	const struct net_if *iface;
};

struct netif_names {
	char (*v)[16];
	size_t n;
};

struct netif_table {
	const struct netif_names *wanted;
	struct netif **v; /* sorted by index */
	size_t n, room;
	struct netif_route *routes; /* longest mask first, then by net */
	size_t nroutes;
};

struct netifs {
	int events, dumps;
	uint32_t seq;
	struct netif_names wanted;
	struct netif_table table;
};

/* Both sockets and the first dump. 0, or -1 after a message. */
int netif_open(struct netifs *, const char *const *wanted, size_t n);
/* Read what waits on `events`; true: something changed. */
bool netif_read(struct netifs *);
void netif_close(struct netifs *);

/* O(log n). NULL: none. */
struct netif *netif_find(const struct netif_table *, unsigned index);
const struct net_if *
netif_route_of(const struct netif_table *, uint32_t ip, bool own);

/* What came out of netif_apply. */
enum {
	NETIF_CHANGED = 1,
	NETIF_DONE = 2, /* the dump is complete */
	NETIF_INTERRUPTED = 4, /* it changed meanwhile: ask again */
	NETIF_ERROR = 8, /* the kernel refuses to dump */
	NETIF_RELOAD = 16, /* what is known may not be all: dump */
};
/*
 * Take over a datagram of rtnetlink messages; those with another sequence
 * number are skipped, unless it is 0. Any bytes are safe.
 */
int netif_apply(struct netif_table *, const uint8_t *, size_t, uint32_t seq);
/* To be called when it said NETIF_CHANGED, before netif_route_of. */
int netif_index(struct netif_table *);
void netif_table_free(struct netif_table *);

#endif
