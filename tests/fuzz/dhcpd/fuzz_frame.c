/*
 * A packet of any content, read as UDP, ARP and echo reply; what was read is
 * written again and must read the same.
 *
 * Input: a byte that says whether the UDP checksum counts, then the packet.
 */
#include <stdlib.h>
#include <string.h>

#include "frame.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_udp(const uint8_t *p, size_t n, bool unchecked)
{
	struct frame_udp u, again;
	size_t len, len_again;
	const uint8_t *data = frame_udp_get(p, n, unchecked, &u, &len);
	uint8_t *out;

	if (data == NULL)
		return;
	CHECK(data >= p + FRAME_UDP_HEADERS && data + len <= p + n);
	CHECK((out = malloc(FRAME_UDP_HEADERS + len)) != NULL);
	memcpy(out + FRAME_UDP_HEADERS, data, len);
	frame_udp_put(out, &u, data, len);
	data = frame_udp_get(
	    out, FRAME_UDP_HEADERS + len, false, &again, &len_again);
	CHECK(data == out + FRAME_UDP_HEADERS && len_again == len);
	CHECK(u.src.s_addr == again.src.s_addr &&
	    u.dst.s_addr == again.dst.s_addr && u.sport == again.sport &&
	    u.dport == again.dport);
	free(out);
}

static void
check_arp(const uint8_t *p, size_t n)
{
	uint8_t out[FRAME_ARP_LEN];
	struct frame_arp a;

	if (frame_arp_get(p, n, &a) == -1)
		return;
	frame_arp_put(out, &a);
	/* the hardware type may have been IEEE 802 */
	CHECK(memcmp(out + 2, p + 2, sizeof(out) - 2) == 0);
}

static void
check_echo(const uint8_t *p, size_t n)
{
	struct in_addr from;
	uint8_t out[28];
	uint16_t id, seq;

	if (frame_echo_get(p, n, &from, &id, &seq) == -1)
		return;
	CHECK(n >= sizeof(out));
	CHECK(memcmp(&from, p + 12, 4) == 0);
	frame_echo_put(out, id, seq, 0);
	CHECK(frame_checksum(out, 8, 0) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0)
		return 0;
	check_udp(p + 1, n - 1, p[0] & 1);
	check_arp(p + 1, n - 1);
	check_echo(p + 1, n - 1);
	return 0;
}
