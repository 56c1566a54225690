/*
 * netif: what rtnetlink's messages make of the table, and messages that are
 * cut or strange.
 */
#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "netif.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define WORKS (IFF_UP | IFF_RUNNING)

static struct netif_table table;

/* A datagram being built. */
static uint8_t bytes[8192];
static size_t len, at; /* at: the last message's beginning */

static void
add(const void *p, size_t n)
{
	ck_assert_uint_le(len + n + 3, sizeof(bytes));
	memcpy(bytes + len, p, n);
	len += n;
	while (len % 4 != 0)
		bytes[len++] = 0;
	((struct nlmsghdr *)(void *)(bytes + at))->nlmsg_len =
	    (uint32_t)(len - at);
}

static void
message(uint16_t type, const void *head, size_t n)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_seq = 7 };

	at = len;
	add(&h, sizeof(h));
	add(head, n);
}

static void
attribute(uint16_t type, const void *value, size_t n)
{
	struct rtattr a = { .rta_len = (unsigned short)(sizeof(a) + n),
		.rta_type = type };

	add(&a, sizeof(a));
	add(value, n);
}

static void
link_message(uint16_t type, int index, unsigned flags, unsigned char family)
{
	struct ifinfomsg i = { .ifi_family = family,
		.ifi_type = 1,
		.ifi_index = index,
		.ifi_flags = flags };

	message(type, &i, sizeof(i));
}

static void
address_message(uint16_t type, unsigned index, unsigned bits, uint32_t ip)
{
	struct ifaddrmsg a = { .ifa_family = AF_INET,
		.ifa_prefixlen = (uint8_t)bits,
		.ifa_index = index };

	ip = htonl(ip);
	message(type, &a, sizeof(a));
	attribute(IFA_LOCAL, &ip, sizeof(ip));
	attribute(IFA_ADDRESS, &ip, sizeof(ip));
}

static void
setup(void)
{
	memset(&table, 0, sizeof(table));
	len = at = 0;
}

static void
teardown(void)
{
	netif_table_free(&table);
}

/* Apply what was built, in memory of its size. */
static int
apply(void)
{
	uint8_t *p = malloc(len > 0 ? len : 1);
	int result;

	ck_assert_ptr_nonnull(p);
	memcpy(p, bytes, len);
	result = netif_apply(&table, p, len, 0);
	free(p);
	len = at = 0;
	ck_assert_int_eq(netif_index(&table), 0);
	return result;
}

/* A link with an address. */
static void
build(void)
{
	uint32_t mtu = 1400;

	link_message(RTM_NEWLINK, 5, WORKS, AF_UNSPEC);
	attribute(IFLA_IFNAME, "eth5", 5);
	attribute(IFLA_MTU, &mtu, sizeof(mtu));
	attribute(IFLA_ADDRESS, "\2\0\0\0\0\5", 6);
	attribute(IFLA_BROADCAST, "\xff\xff\xff\xff\xff\xff", 6);
	address_message(RTM_NEWADDR, 5, 24, 0x0a010001);
}

START_TEST(whole)
{
	struct netif *i;

	build();
	ck_assert_int_eq(apply(), NETIF_CHANGED);
	ck_assert_uint_eq(table.n, 1);
	i = netif_find(&table, 5);
	ck_assert_ptr_nonnull(i);
	ck_assert_str_eq(i->pub.name, "eth5");
	ck_assert_uint_eq(i->pub.mtu, 1400);
	ck_assert_uint_eq(i->pub.hwtype, 1);
	ck_assert_uint_eq(i->pub.hwlen, 6);
	ck_assert_mem_eq(i->pub.hw, "\2\0\0\0\0\5", 6);
	ck_assert_mem_eq(i->broadcast, "\xff\xff\xff\xff\xff\xff\0", 7);
	ck_assert(i->pub.up && i->pub.wanted && !i->pub.loopback);
	ck_assert_uint_eq(i->pub.naddrs, 1);
	ck_assert_uint_eq(i->pub.addrs[0].ip, 0x0a010001);
	ck_assert_uint_eq(i->pub.addrs[0].mask, 0xffffff00);
	ck_assert_ptr_eq(netif_route_of(&table, 0x0a010001, true), &i->pub);
	ck_assert_ptr_eq(netif_route_of(&table, 0x0a0100ff, false), &i->pub);
	/* the same again changes nothing */
	build();
	ck_assert_int_eq(apply(), 0);
	address_message(RTM_DELADDR, 5, 24, 0x0a010001);
	link_message(RTM_DELLINK, 5, 0, AF_UNSPEC);
	ck_assert_int_eq(apply(), NETIF_CHANGED);
	ck_assert_uint_eq(table.n, 0);
	ck_assert_ptr_null(netif_route_of(&table, 0x0a010001, true));
}
END_TEST

/* Wherever it is cut, what was whole before counts. */
START_TEST(cut)
{
	size_t all, first;

	build();
	all = len;
	first = at; /* the second message's beginning */
	for (size_t n = 0; n < all; n++) {
		setup();
		build();
		len = n;
		apply();
		ck_assert_uint_eq(table.n, n >= first);
		if (n >= first)
			ck_assert_uint_eq(netif_find(&table, 5)->pub.naddrs, 0);
		netif_table_free(&table);
	}
	setup();
}
END_TEST

/* A message that is too short for its kind, or whose attributes are cut. */
START_TEST(cut_inside)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes;
	uint32_t all;

	build();
	all = h->nlmsg_len;
	for (uint32_t n = 0; n < all; n++) {
		setup();
		build();
		len = all;
		h->nlmsg_len = n;
		apply();
		ck_assert_uint_le(table.n, 1);
		ck_assert_uint_eq(
		    table.n, n >= sizeof(*h) + sizeof(struct ifinfomsg));
		netif_table_free(&table);
	}
	setup();
}
END_TEST

/* clang-format off */
static const struct {
	const char *what;
	uint16_t type;
	const char *value;
	size_t n;
	const char *name; /* what the interface is then */
	size_t hwlen;
	uint8_t pub_hwlen;
	unsigned mtu;
} attributes[] = {
	{ "name", IFLA_IFNAME, "eth0", 5, "eth0", 0, 0, 0 },
	{ "name without NUL", IFLA_IFNAME, "eth0", 4, "eth0", 0, 0, 0 },
	{ "empty name", IFLA_IFNAME, "", 0, "", 0, 0, 0 },
	{ "long name", IFLA_IFNAME, "abcdefghijklmnopqrstuvwxyz", 27,
	    "abcdefghijklmno", 0, 0, 0 },
	{ "nested bit", IFLA_IFNAME | NLA_F_NESTED, "eth0", 5, "eth0", 0, 0,
	    0 },
	{ "no hardware address", IFLA_ADDRESS, "", 0, "", 0, 0, 0 },
	{ "16 bytes", IFLA_ADDRESS, "0123456789abcdef", 16, "", 16, 16, 0 },
	{ "InfiniBand", IFLA_ADDRESS, "0123456789abcdef0123", 20, "", 20, 0,
	    0 },
	{ "too long", IFLA_ADDRESS, "0123456789abcdef0123456789abcdef01234", 37,
	    "", 32, 0, 0 },
	{ "long broadcast", IFLA_BROADCAST,
	    "0123456789abcdef0123456789abcdef01234", 37, "", 0, 0, 0 },
	{ "MTU", IFLA_MTU, "\1\1\1\1", 4, "", 0, 0, 0x01010101 },
	{ "short MTU", IFLA_MTU, "\1\1\1", 3, "", 0, 0, 0 },
	{ "unknown", 999, "abc", 3, "", 0, 0, 0 },
};
/* clang-format on */

START_TEST(attribute_values)
{
	struct netif *i;

	link_message(RTM_NEWLINK, 1, WORKS, AF_UNSPEC);
	attribute(attributes[_i].type, attributes[_i].value, attributes[_i].n);
	apply();
	i = netif_find(&table, 1);
	ck_assert_ptr_nonnull(i);
	ck_assert_str_eq(i->pub.name, attributes[_i].name);
	ck_assert_uint_eq(i->hwlen, attributes[_i].hwlen);
	ck_assert_uint_eq(i->pub.hwlen, attributes[_i].pub_hwlen);
	ck_assert_uint_eq(i->pub.mtu, attributes[_i].mtu);
}
END_TEST

START_TEST(not_ours)
{
	link_message(RTM_NEWLINK, 0, WORKS, AF_UNSPEC);
	link_message(RTM_NEWLINK, -1, WORKS, AF_UNSPEC);
	link_message(RTM_NEWLINK, 3, WORKS, AF_BRIDGE);
	link_message(RTM_DELLINK, 3, WORKS, AF_UNSPEC);
	address_message(RTM_NEWADDR, 3, 24, 0x0a000001);
	address_message(RTM_DELADDR, 3, 24, 0x0a000001);
	message(RTM_NEWROUTE, "abcd", 4);
	ck_assert_int_eq(apply(), 0);
	ck_assert_uint_eq(table.n, 0);
	link_message(RTM_NEWLINK, 3, 0, AF_UNSPEC);
	link_message(RTM_DELLINK, 3, 0, AF_BRIDGE);
	address_message(RTM_NEWADDR, 3, 33, 0x0a000001);
	address_message(RTM_NEWADDR, 3, 255, 0x0a000001);
	address_message(RTM_NEWADDR, 3, 24, 0);
	ck_assert_int_eq(apply(), NETIF_CHANGED);
	ck_assert_uint_eq(table.n, 1);
	ck_assert_uint_eq(netif_find(&table, 3)->pub.naddrs, 0);
}
END_TEST

START_TEST(sequence)
{
	build();
	ck_assert_int_eq(netif_apply(&table, bytes, len, 8), 0);
	ck_assert_uint_eq(table.n, 0);
	ck_assert_int_eq(netif_apply(&table, bytes, len, 7), NETIF_CHANGED);
	ck_assert_uint_eq(table.n, 1);
}
END_TEST

/* clang-format off */
static const struct {
	uint16_t type, flags;
	int error;
	size_t n;
	int result, error_number;
} ends[] = {
	{ NLMSG_DONE, 0, 0, 4, NETIF_DONE, 0 },
	{ NLMSG_DONE, 0, 0, 0, NETIF_DONE, 0 },
	{ NLMSG_DONE, NLM_F_DUMP_INTR, 0, 4, NETIF_DONE | NETIF_INTERRUPTED,
	    0 },
	{ NLMSG_DONE, 0, -ENOMEM, 4, NETIF_ERROR, ENOMEM },
	{ NLMSG_ERROR, 0, -EPERM, 4, NETIF_ERROR, EPERM },
	{ NLMSG_ERROR, 0, 0, 0, NETIF_ERROR, EPROTO },
	{ NLMSG_ERROR, 0, INT32_MIN, 4, NETIF_ERROR, EPROTO },
};
/* clang-format on */

START_TEST(dump_ends)
{
	message(ends[_i].type, &ends[_i].error, ends[_i].n);
	((struct nlmsghdr *)(void *)bytes)->nlmsg_flags = ends[_i].flags;
	ck_assert_int_eq(netif_apply(&table, bytes, len, 7), ends[_i].result);
	if (ends[_i].error_number != 0)
		ck_assert_int_eq(errno, ends[_i].error_number);
}
END_TEST

/* Thousands, in no order, are found; half of them go. */
START_TEST(thousands)
{
	const struct net_if *i;
	int k, index;

	for (k = 0; k < 4099; k++) {
		index = 1 + k * 2741 % 4099;
		link_message(RTM_NEWLINK, index, WORKS, AF_UNSPEC);
		address_message(RTM_NEWADDR, (unsigned)index, 24,
		    0x0a000001 + (uint32_t)index * 256);
		ck_assert_int_eq(
		    netif_apply(&table, bytes, len, 0), NETIF_CHANGED);
		len = at = 0;
	}
	for (k = 1; k <= 4099; k += 2) {
		link_message(RTM_DELLINK, k, 0, AF_UNSPEC);
		netif_apply(&table, bytes, len, 0);
		len = at = 0;
	}
	ck_assert_int_eq(netif_index(&table), 0);
	ck_assert_uint_eq(table.n, 2049);
	for (k = 1; k <= 4099; k++) {
		i = netif_route_of(
		    &table, 0x0a000063 + (uint32_t)k * 256, false);
		ck_assert_int_eq(i != NULL, k % 2 == 0);
		ck_assert(i == NULL || i->index == (unsigned)k);
	}
}
END_TEST

/* On a line between two points, the far end's address is not ours. */
START_TEST(point_to_point)
{
	struct ifaddrmsg a = {
		.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 5
	};
	uint32_t near = htonl(0xc0000201), far = htonl(0x0a000009);

	build();
	message(RTM_NEWADDR, &a, sizeof(a));
	attribute(IFA_ADDRESS, &far, sizeof(far));
	attribute(IFA_LOCAL, &near, sizeof(near));
	apply();
	ck_assert_ptr_nonnull(netif_route_of(&table, 0xc0000201, true));
	ck_assert_ptr_null(netif_route_of(&table, 0xc0000202, false));
	ck_assert_ptr_null(netif_route_of(&table, 0x0a000009, true));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("netif");
	TCase *tc = tcase_create("netif");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, whole);
	tcase_add_test(tc, cut);
	tcase_add_test(tc, cut_inside);
	tcase_add_loop_test(tc, attribute_values, 0, COUNT(attributes));
	tcase_add_test(tc, not_ours);
	tcase_add_test(tc, sequence);
	tcase_add_loop_test(tc, dump_ends, 0, COUNT(ends));
	tcase_add_test(tc, thousands);
	tcase_add_test(tc, point_to_point);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
