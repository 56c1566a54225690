/*
 * frame: packets whole, and what is no packet.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* clang-format off */
static const uint8_t even[] = {
	0x45, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11, 0x70, 0xc9,
	0x0a, 0x00, 0x00, 0x01, 0xff, 0xff, 0xff, 0xff,
	0x00, 0x43, 0x00, 0x44, 0x00, 0x10, 0x63, 0xb1,
	'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h',
};
static const uint8_t odd[] = {
	0x45, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11, 0xf6, 0x4a,
	0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00, 0x02, 0x82,
	0x00, 0x43, 0x00, 0x44, 0x00, 0x0b, 0xb6, 0x6a,
	'a', 'b', 'c',
};
static const uint8_t empty[] = {
	0x45, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11, 0xf6, 0x4d,
	0xc0, 0x00, 0x02, 0x01, 0xc0, 0x00, 0x02, 0x82,
	0x00, 0x43, 0x00, 0x44, 0x00, 0x08, 0x7a, 0xd3,
};
/* Its checksum comes out as 0 and is sent as 0xffff. */
static const uint8_t ones[] = {
	0x45, 0x00, 0x00, 0x1e, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11, 0x66, 0xcd,
	0x0a, 0x00, 0x00, 0x01, 0x0a, 0x00, 0x00, 0x02,
	0x00, 0x43, 0x00, 0x44, 0x00, 0x0a, 0xff, 0xff,
	0xeb, 0x50,
};

static const struct {
	const uint8_t *bytes;
	size_t len;
	const char *src, *dst;
} udp[] = {
	{ even, sizeof(even), "10.0.0.1", "255.255.255.255" },
	{ odd, sizeof(odd), "192.0.2.1", "192.0.2.130" },
	{ empty, sizeof(empty), "192.0.2.1", "192.0.2.130" },
	{ ones, sizeof(ones), "10.0.0.1", "10.0.0.2" },
};
/* clang-format on */

/* Bytes in memory of just their size, so that a sanitizer sees overruns. */
static uint8_t *
copy(const uint8_t *p, size_t n)
{
	uint8_t *c = malloc(n > 0 ? n : 1);

	ck_assert_ptr_nonnull(c);
	memcpy(c, p, n);
	return c;
}

START_TEST(udp_put)
{
	struct frame_udp u = { .sport = 67, .dport = 68 };
	size_t n = udp[_i].len - FRAME_UDP_HEADERS;
	uint8_t out[64];

	inet_pton(AF_INET, udp[_i].src, &u.src);
	inet_pton(AF_INET, udp[_i].dst, &u.dst);
	memset(out, 0xaa, sizeof(out));
	frame_udp_put(out, &u, udp[_i].bytes + FRAME_UDP_HEADERS, n);
	ck_assert_mem_eq(out, udp[_i].bytes, FRAME_UDP_HEADERS);
	ck_assert_int_eq(out[FRAME_UDP_HEADERS], 0xaa);
}
END_TEST

START_TEST(udp_get)
{
	uint8_t *c = copy(udp[_i].bytes, udp[_i].len);
	struct frame_udp u;
	char text[INET_ADDRSTRLEN];
	size_t len = 0;

	ck_assert_ptr_eq(frame_udp_get(c, udp[_i].len, false, &u, &len),
	    c + FRAME_UDP_HEADERS);
	ck_assert_uint_eq(len, udp[_i].len - FRAME_UDP_HEADERS);
	ck_assert_str_eq(
	    inet_ntop(AF_INET, &u.src, text, sizeof(text)), udp[_i].src);
	ck_assert_str_eq(
	    inet_ntop(AF_INET, &u.dst, text, sizeof(text)), udp[_i].dst);
	ck_assert_uint_eq(u.sport, 67);
	ck_assert_uint_eq(u.dport, 68);
	free(c);
}
END_TEST

/* Each prefix is none; each bit that is turned makes it none. */
START_TEST(udp_hurt)
{
	size_t n = udp[_i].len, len, i;
	struct frame_udp u;
	uint8_t *c;

	for (i = 0; i < n; i++) {
		c = copy(udp[_i].bytes, i);
		ck_assert_ptr_null(frame_udp_get(c, i, true, &u, &len));
		free(c);
	}
	c = copy(udp[_i].bytes, n);
	for (i = 0; i < n * 8; i++) {
		c[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_msg(
		    frame_udp_get(c, n, false, &u, &len) == NULL, "bit %zu", i);
		c[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	ck_assert_ptr_nonnull(frame_udp_get(c, n, false, &u, &len));
	free(c);
}
END_TEST

/* clang-format off */
static const struct {
	const char *what;
	size_t at;
	uint16_t value; /* two bytes at that place */
	bool unchecked, good;
} changes[] = {
	{ "as it is", 2, 0x24, false, true },
	{ "version 6", 0, 0x6500, false, false },
	{ "header of 16 bytes", 0, 0x4400, false, false },
	{ "header of 24 bytes", 0, 0x4600, true, false },
	{ "header behind the end", 0, 0x4f00, true, false },
	{ "type of service", 0, 0x4510, false, true },
	{ "length of the header only", 2, 20, true, false },
	{ "length one short of a UDP header", 2, 27, true, false },
	{ "length below the UDP length", 2, 35, true, false },
	{ "length behind the end", 2, 37, true, false },
	{ "length below a header", 2, 19, true, false },
	{ "length 0", 2, 0, true, false },
	{ "identification", 4, 0x1234, false, true },
	{ "don't fragment", 6, 0x4000, false, true },
	{ "more fragments", 6, 0x2000, false, false },
	{ "last fragment", 6, 0x0001, false, false },
	{ "last fragment, far", 6, 0x1fff, false, false },
	{ "TCP", 8, 0x4006, false, false },
	{ "TTL 1", 8, 0x0111, false, true },
	{ "another address, unchecked", 12, 0x0a01, true, true },
	{ "another address", 12, 0x0a01, false, false },
	{ "UDP length 7", 24, 7, true, false },
	{ "UDP length 0", 24, 0, true, false },
	{ "UDP length behind the end", 24, 17, true, false },
	{ "UDP length shorter, unchecked", 24, 15, true, true },
	{ "UDP length shorter", 24, 15, false, false },
	{ "no UDP checksum", 26, 0, false, true },
	{ "another UDP checksum", 26, 0x63b2, false, false },
	{ "another UDP checksum, unchecked", 26, 0x63b2, true, true },
};
/* clang-format on */

START_TEST(udp_changed)
{
	uint8_t *c = copy(even, sizeof(even));
	struct frame_udp u;
	uint16_t sum;
	size_t len;

	c[changes[_i].at] = (uint8_t)(changes[_i].value >> 8);
	c[changes[_i].at + 1] = (uint8_t)changes[_i].value;
	/* the IP checksum is right in each */
	memset(c + 10, 0, 2);
	len = (c[0] & 15U) * 4;
	sum = frame_checksum(c, len < sizeof(even) ? len : 20, 0);
	c[10] = (uint8_t)(sum >> 8);
	c[11] = (uint8_t)sum;
	ck_assert_msg((frame_udp_get(c, sizeof(even), changes[_i].unchecked, &u,
			   &len) != NULL) == changes[_i].good,
	    "%s", changes[_i].what);
	free(c);
}
END_TEST

/* IP options, and Ethernet's padding behind the packet. */
START_TEST(udp_around)
{
	uint8_t c[sizeof(even) + 4 + 10] = { 0 };
	struct frame_udp u;
	uint16_t sum;
	size_t len;

	memcpy(c, even, 20);
	memcpy(c + 20, "\x94\x04\0\0", 4); /* router alert */
	memcpy(c + 24, even + 20, sizeof(even) - 20);
	memset(c + sizeof(even) + 4, 0x55, 10);
	c[0] = 0x46;
	c[3] = sizeof(even) + 4;
	memset(c + 10, 0, 2);
	sum = frame_checksum(c, 24, 0);
	c[10] = (uint8_t)(sum >> 8);
	c[11] = (uint8_t)sum;
	ck_assert_ptr_eq(frame_udp_get(c, sizeof(c), false, &u, &len), c + 32);
	ck_assert_uint_eq(len, 8);
	ck_assert_mem_eq(c + 32, "abcdefgh", 8);
}
END_TEST

/* RFC 1071 section 3's example, and lengths that no row above has. */
START_TEST(checksum)
{
	static const uint8_t rfc[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6,
		0xf7 };
	uint8_t *big = malloc(70001);

	ck_assert_uint_eq(frame_checksum(rfc, 8, 0), 0xffff - 0xddf2);
	ck_assert_uint_eq(frame_checksum(rfc, 7, 0), 0xffff - 0xdcfb);
	ck_assert_uint_eq(frame_checksum(rfc, 0, 0), 0xffff);
	ck_assert_uint_eq(frame_checksum(rfc, 0, 0x10000), 0xfffe);
	ck_assert_uint_eq(
	    frame_checksum(rfc + 4, 4, 0x1 + 0xf203), 0xffff - 0xddf2);
	ck_assert_uint_eq(frame_checksum(rfc, 8, UINT32_MAX), 0xffff - 0xddf2);
	/* 35000 times 0xffff and 0xff00 more: 0xff00 */
	ck_assert_ptr_nonnull(big);
	memset(big, 0xff, 70001);
	ck_assert_uint_eq(frame_checksum(big, 70001, 0), 0x00ff);
	free(big);
}
END_TEST

/* clang-format off */
static const uint8_t arp_bytes[FRAME_ARP_LEN] = {
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02,
	0x02, 0x00, 0x00, 0x00, 0xbe, 0xef, 0xc0, 0x00, 0x02, 0x01,
	0x02, 0x00, 0x00, 0x00, 0xca, 0xfe, 0xc0, 0x00, 0x02, 0x82,
};
static const struct {
	const char *what;
	size_t at;
	uint8_t value;
	int rc;
} arps[] = {
	{ "as it is", 1, 1, 0 },
	{ "IEEE 802", 1, 6, 0 },
	{ "hardware type 256 + 1", 0, 1, -1 },
	{ "hardware type 2", 1, 2, -1 },
	{ "IPv6", 2, 0x86, -1 },
	{ "protocol 0x0801", 3, 1, -1 },
	{ "hardware addresses of 8 bytes", 4, 8, -1 },
	{ "protocol addresses of 16 bytes", 5, 16, -1 },
	{ "request", 7, 1, 0 },
	{ "operation 0", 7, 0, -1 },
	{ "RARP", 7, 3, -1 },
	{ "operation 0x102", 6, 1, -1 },
};
/* clang-format on */

static const struct frame_arp arp = { .op = 2,
	.sha = { 2, 0, 0, 0, 0xbe, 0xef },
	.tha = { 2, 0, 0, 0, 0xca, 0xfe } };

START_TEST(arp_put)
{
	struct frame_arp a = arp;
	uint8_t out[FRAME_ARP_LEN];

	inet_pton(AF_INET, "192.0.2.1", &a.spa);
	inet_pton(AF_INET, "192.0.2.130", &a.tpa);
	frame_arp_put(out, &a);
	ck_assert_mem_eq(out, arp_bytes, sizeof(out));
}
END_TEST

START_TEST(arp_get)
{
	uint8_t c[FRAME_ARP_LEN];
	struct frame_arp a;

	memcpy(c, arp_bytes, sizeof(c));
	c[arps[_i].at] = arps[_i].value;
	ck_assert_msg(frame_arp_get(c, sizeof(c), &a) == arps[_i].rc, "%s",
	    arps[_i].what);
	if (arps[_i].rc == -1)
		return;
	ck_assert_uint_eq(a.op, c[7]);
	ck_assert_mem_eq(a.sha, arp.sha, 6);
	ck_assert_mem_eq(a.tha, arp.tha, 6);
	ck_assert_uint_eq(ntohl(a.spa.s_addr), 0xc0000201);
	ck_assert_uint_eq(ntohl(a.tpa.s_addr), 0xc0000282);
}
END_TEST

START_TEST(arp_short)
{
	uint8_t *c, padded[46] = { 0 };
	struct frame_arp a;

	for (size_t n = 0; n < FRAME_ARP_LEN; n++) {
		c = copy(arp_bytes, n);
		ck_assert_int_eq(frame_arp_get(c, n, &a), -1);
		free(c);
	}
	memcpy(padded, arp_bytes, sizeof(arp_bytes));
	ck_assert_int_eq(frame_arp_get(padded, sizeof(padded), &a), 0);
}
END_TEST

/* clang-format off */
static const uint8_t echo_request[] = {
	0x08, 0x00, 0xa1, 0xf2, 0x12, 0x34, 0x00, 0x07, 'h', 'e', 'l', 'l', 'o',
};
static const uint8_t echo_reply[] = {
	0x45, 0x00, 0x00, 0x21, 0x12, 0x34, 0x00, 0x00, 0x3f, 0x01, 0x55, 0x96,
	0x0a, 0x09, 0x00, 0x09, 0x0a, 0x00, 0x00, 0x01,
	0x00, 0x00, 0xa9, 0xf2, 0x12, 0x34, 0x00, 0x07, 'h', 'e', 'l', 'l', 'o',
};
/* A request, and "port unreachable", are no reply; checksums are right. */
static const uint8_t other_types[][2][2] = {
	{ { 0x08, 0x00 }, { 0xa1, 0xf2 } },
	{ { 0x03, 0x03 }, { 0xa6, 0xef } },
	{ { 0x00, 0x01 }, { 0xa9, 0xf1 } },
};
/* clang-format on */

START_TEST(echo_put)
{
	uint8_t out[sizeof(echo_request)];

	memset(out, 0xaa, 8);
	memcpy(out + 8, "hello", 5);
	frame_echo_put(out, 0x1234, 7, 5);
	ck_assert_mem_eq(out, echo_request, sizeof(out));
}
END_TEST

START_TEST(echo_get)
{
	uint8_t *c = copy(echo_reply, sizeof(echo_reply));
	size_t n = sizeof(echo_reply), i;
	struct in_addr from;
	uint16_t id, seq;

	ck_assert_int_eq(frame_echo_get(c, n, &from, &id, &seq), 0);
	ck_assert_uint_eq(ntohl(from.s_addr), 0x0a090009);
	ck_assert_uint_eq(id, 0x1234);
	ck_assert_uint_eq(seq, 7);
	for (i = 0; i < n * 8; i++) {
		c[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_msg(
		    frame_echo_get(c, n, &from, &id, &seq) == -1, "bit %zu", i);
		c[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	free(c);
	for (i = 0; i < n; i++) {
		c = copy(echo_reply, i);
		ck_assert_int_eq(frame_echo_get(c, i, &from, &id, &seq), -1);
		free(c);
	}
}
END_TEST

START_TEST(echo_other)
{
	uint8_t c[sizeof(echo_reply)];
	struct in_addr from;
	uint16_t id, seq;

	memcpy(c, echo_reply, sizeof(c));
	memcpy(c + 20, other_types[_i][0], 2);
	memcpy(c + 22, other_types[_i][1], 2);
	ck_assert_uint_eq(frame_checksum(c + 20, sizeof(c) - 20, 0), 0);
	ck_assert_int_eq(frame_echo_get(c, sizeof(c), &from, &id, &seq), -1);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("frame");
	TCase *tc = tcase_create("frame");

	tcase_add_loop_test(tc, udp_put, 0, COUNT(udp));
	tcase_add_loop_test(tc, udp_get, 0, COUNT(udp));
	tcase_add_loop_test(tc, udp_hurt, 0, COUNT(udp));
	tcase_add_loop_test(tc, udp_changed, 0, COUNT(changes));
	tcase_add_test(tc, udp_around);
	tcase_add_test(tc, checksum);
	tcase_add_test(tc, arp_put);
	tcase_add_loop_test(tc, arp_get, 0, COUNT(arps));
	tcase_add_test(tc, arp_short);
	tcase_add_test(tc, echo_put);
	tcase_add_test(tc, echo_get);
	tcase_add_loop_test(tc, echo_other, 0, COUNT(other_types));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
