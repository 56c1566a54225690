/*
 * IPv4, UDP, ICMP echo and ARP as bytes.
 */
#include <string.h>

#include "frame.h"
#include "bytes.h"

#define IP_LEAST 20
#define UDP_HEADER 8
#define ICMP_HEADER 8
#define PROTO_ICMP 1
#define PROTO_UDP 17
#define ICMP_REPLY 0
#define ICMP_REQUEST 8
#define TTL 64

uint16_t
frame_checksum(const uint8_t *p, size_t n, uint32_t before)
{
	uint64_t sum = before;

	for (; n > 1; n -= 2, p += 2)
		sum += get16(p);
	if (n == 1)
		sum += (uint64_t)p[0] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/*
 * What UDP's checksum covers before the UDP header: both addresses, which
 * stand together in the IP header, protocol and length (RFC 768).
 */
static uint32_t
pseudo_sum(const uint8_t *addresses, size_t udp_len)
{
	uint32_t sum = PROTO_UDP + (uint32_t)udp_len;

	for (size_t i = 0; i < 8; i += 2)
		sum += get16(addresses + i);
	return sum;
}

/*
 * The identification may be zero: such a packet goes to a neighbour, and
 * nobody on the way can cut it (RFC 6864 section 4).
 */
static void
ip_put(uint8_t *out, const struct frame_udp *u, size_t total)
{
	memset(out, 0, IP_LEAST);
	out[0] = 4 << 4 | IP_LEAST / 4;
	put16(out + 2, total);
	out[8] = TTL;
	out[9] = PROTO_UDP;
	memcpy(out + 12, &u->src, 4);
	memcpy(out + 16, &u->dst, 4);
	put16(out + 10, frame_checksum(out, IP_LEAST, 0));
}

void
frame_udp_put(uint8_t out[FRAME_UDP_HEADERS], const struct frame_udp *u,
    const uint8_t *payload, size_t n)
{
	uint8_t *udp = out + IP_LEAST;
	uint32_t before;
	uint16_t sum;

	ip_put(out, u, FRAME_UDP_HEADERS + n);
	put16(udp, u->sport);
	put16(udp + 2, u->dport);
	put16(udp + 4, UDP_HEADER + n);
	before = pseudo_sum(out + 12, UDP_HEADER + n) + u->sport + u->dport +
	    (uint32_t)(UDP_HEADER + n);
	sum = frame_checksum(payload, n, before);
	/* Zero would say that there is none (RFC 768). */
	put16(udp + 6, sum != 0 ? sum : 0xffff);
}

/*
 * Check the IPv4 header of a packet that is whole and of this protocol; the
 * header's length, or 0. *total: bytes that belong to the packet (Ethernet
 * adds padding).
 */
static size_t
ip_get(const uint8_t *p, size_t n, uint8_t proto, size_t *total)
{
	size_t header;

	if (n < IP_LEAST || p[0] >> 4 != 4)
		return 0;
	header = (p[0] & 15U) * 4;
	*total = get16(p + 2);
	if (header < IP_LEAST || header > *total || *total > n)
		return 0;
	/* more fragments, or not the first one */
	if ((get16(p + 6) & 0x3fff) != 0 || p[9] != proto)
		return 0;
	return frame_checksum(p, header, 0) == 0 ? header : 0;
}

const uint8_t *
frame_udp_get(const uint8_t *bytes, size_t n, bool unchecked,
    struct frame_udp *u, size_t *len)
{
	size_t total, header = ip_get(bytes, n, PROTO_UDP, &total), udp_len;
	const uint8_t *udp = bytes + header;

	if (header == 0 || total - header < UDP_HEADER)
		return NULL;
	udp_len = get16(udp + 4);
	if (udp_len < UDP_HEADER || udp_len > total - header)
		return NULL;
	if (!unchecked && get16(udp + 6) != 0 &&
	    frame_checksum(udp, udp_len, pseudo_sum(bytes + 12, udp_len)) != 0)
		return NULL;
	memcpy(&u->src, bytes + 12, 4);
	memcpy(&u->dst, bytes + 16, 4);
	u->sport = get16(udp);
	u->dport = get16(udp + 2);
	*len = udp_len - UDP_HEADER;
	return udp + UDP_HEADER;
}

/*
 * Ethernet, IPv4, 6 and 4 bytes. Some say 6, IEEE 802, for the same (RFC 1042);
 * we say 1 and understand both, as Linux does.
 */
static const uint8_t arp_head[6] = { 0, 1, 8, 0, 6, 4 };
#define ARP_IEEE802 6

void
frame_arp_put(uint8_t out[FRAME_ARP_LEN], const struct frame_arp *a)
{
	memcpy(out, arp_head, sizeof(arp_head));
	put16(out + 6, a->op);
	memcpy(out + 8, a->sha, 6);
	memcpy(out + 14, &a->spa, 4);
	memcpy(out + 18, a->tha, 6);
	memcpy(out + 24, &a->tpa, 4);
}

int
frame_arp_get(const uint8_t *p, size_t n, struct frame_arp *a)
{
	if (n < FRAME_ARP_LEN || p[0] != 0 ||
	    (p[1] != arp_head[1] && p[1] != ARP_IEEE802) ||
	    memcmp(p + 2, arp_head + 2, sizeof(arp_head) - 2) != 0)
		return -1;
	a->op = get16(p + 6);
	if (a->op != 1 && a->op != 2)
		return -1;
	memcpy(a->sha, p + 8, 6);
	memcpy(&a->spa, p + 14, 4);
	memcpy(a->tha, p + 18, 6);
	memcpy(&a->tpa, p + 24, 4);
	return 0;
}

void
frame_echo_put(uint8_t *out, uint16_t id, uint16_t seq, size_t n)
{
	memset(out, 0, ICMP_HEADER);
	out[0] = ICMP_REQUEST;
	put16(out + 4, id);
	put16(out + 6, seq);
	put16(out + 2, frame_checksum(out, ICMP_HEADER + n, 0));
}

int
frame_echo_get(const uint8_t *p, size_t n, struct in_addr *from, uint16_t *id,
    uint16_t *seq)
{
	size_t total, header = ip_get(p, n, PROTO_ICMP, &total);
	const uint8_t *icmp = p + header;

	if (header == 0 || total - header < ICMP_HEADER)
		return -1;
	if (icmp[0] != ICMP_REPLY || icmp[1] != 0 ||
	    frame_checksum(icmp, total - header, 0) != 0)
		return -1;
	memcpy(from, p + 12, 4);
	*id = get16(icmp + 4);
	*seq = get16(icmp + 6);
	return 0;
}
