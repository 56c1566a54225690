/*
 * Datagrams of rtnetlink of any content, one after the other; the table stays
 * sorted, within its limits, and gives what it holds.
 *
 * Input: datagrams, each behind its length in two bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "netif.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_interface(const struct netif_table *t, const struct netif *i)
{
	const struct net_if *found;

	CHECK(netif_find(t, i->pub.index) == i);
	CHECK(memchr(i->pub.name, 0, sizeof(i->pub.name)) != NULL);
	CHECK(i->hwlen <= NETIF_HW && i->pub.hwlen <= sizeof(i->pub.hw));
	CHECK(i->pub.naddrs <= NET_ADDRS);
	for (size_t k = 0; k < i->pub.naddrs; k++) {
		found = netif_route_of(t, i->pub.addrs[k].ip, true);
		CHECK(found != NULL);
		CHECK(netif_route_of(t, i->pub.addrs[k].ip, false) == found);
	}
}

static void
check_datagram(struct netif_table *t, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n + 1);

	CHECK(copy != NULL);
	memcpy(copy, p, n);
	netif_apply(t, copy, n, 0);
	free(copy);
	CHECK(netif_index(t) == 0);
	for (size_t i = 0; i < t->n; i++) {
		CHECK(i == 0 || t->v[i - 1]->pub.index < t->v[i]->pub.index);
		check_interface(t, t->v[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct netif_table t = { 0 };
	size_t len;

	while (n >= 2 && n < 65536) {
		len = (size_t)p[0] << 8 | p[1];
		p += 2;
		n -= 2;
		len = len < n ? len : n;
		check_datagram(&t, p, len);
		p += len;
		n -= len;
	}
	netif_table_free(&t);
	return 0;
}
