/*
 * frame: IPv4, UDP, ICMP echo and ARP as bytes (RFC 791, 768, 792, 826), for
 * what the kernel's sockets can't send or receive before there is an address.
 * Pure.
 */
#ifndef FRAME_H
#define FRAME_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_UDP_HEADERS 28
#define FRAME_ARP_LEN 28

/*
 * IPv4 and UDP header in front of n bytes; out has room for FRAME_UDP_HEADERS.
 * DF is clear, TTL 64 (16 would do for DHCP: RFC 1542 names none).
 */
struct frame_udp {
	struct in_addr src, dst;
	uint16_t sport, dport;
};
void frame_udp_put(uint8_t out[FRAME_UDP_HEADERS], const struct frame_udp *,
    const uint8_t *payload, size_t n);
/*
 * The payload of a UDP packet that begins with its IPv4 header; lengths and
 * the IP checksum are checked, and the UDP one unless it is absent or
 * `unchecked` (it is left to the hardware: tpacket's TP_STATUS_CSUMNOTREADY).
 * NULL: not a whole UDP packet, or a fragment.
 */
const uint8_t *frame_udp_get(const uint8_t *bytes, size_t n, bool unchecked,
    struct frame_udp *, size_t *len);

/* ARP for Ethernet and IPv4. */
struct frame_arp {
	uint16_t op; /* 1 request, 2 reply */
	uint8_t sha[6], tha[6];
	struct in_addr spa, tpa;
};
void frame_arp_put(uint8_t out[FRAME_ARP_LEN], const struct frame_arp *);
/* 0, or -1: not one. */
int frame_arp_get(const uint8_t *, size_t, struct frame_arp *);

/*
 * ICMP echo request of 8 + n bytes; those behind the 8 are the caller's and
 * stand there already, since the checksum covers them.
 */
void frame_echo_put(uint8_t *out, uint16_t id, uint16_t seq, size_t n);
/* An echo reply behind an IPv4 header; 0 or -1. */
int frame_echo_get(
    const uint8_t *, size_t, struct in_addr *from, uint16_t *id, uint16_t *seq);

/* RFC 1071, over bytes in network order; sum is what came before. */
uint16_t frame_checksum(const uint8_t *, size_t, uint32_t sum);

#endif
