/*
 * clientsock: how dhcpc receives and sends, and what it knows of its link.
 *
 * All sockets are opened as root and work without any right afterwards. DHCP
 * goes through an AF_PACKET socket, since without an address the kernel's UDP
 * can neither send nor receive; a UDP socket on port 68, whose filter lets
 * nothing in, sends what is unicast later and keeps the kernel from telling
 * servers that the port is closed.
 */
#ifndef CLIENTSOCK_H
#define CLIENTSOCK_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "packet.h"

struct clientsock {
	char name[16]; /* of the interface */
	int ifindex;
	uint8_t hw[6];
	uint16_t mtu;
	int dhcp; /* AF_PACKET: UDP to port 68 */
	int arp; /* AF_PACKET: ARP about addresses of ours */
	int udp;
	int link; /* rtnetlink */
	int timer; /* timerfd of the clock that clientsock_now reads */
};

/* As root; the interface is set up. 0, or -1 after a message. */
int clientsock_open(struct clientsock *, const char *name);
/* MAC address and MTU as they are now. 0, or -1 after a message. */
int clientsock_look(struct clientsock *);
void clientsock_close(struct clientsock *);

/* Milliseconds; goes on while the machine sleeps (CLOCK_BOOTTIME). */
uint64_t clientsock_now(void);
/* The timer becomes readable then; UINT64_MAX: never. */
void clientsock_wake(const struct clientsock *, uint64_t when);

/*
 * The payload of the next DHCP message; it stands in buf. 1; 0: what came was
 * none; -1: nothing waits, or with another errno than EAGAIN it failed.
 */
int clientsock_receive(const struct clientsock *, uint8_t buf[PACKET_MAX + 60],
    const uint8_t **payload, size_t *len);
/* The next ARP packet; the same. */
int clientsock_receive_arp(const struct clientsock *, struct frame_arp *);

/* What is about these addresses comes in from now on, no other ARP. */
int
clientsock_want_arp(const struct clientsock *, struct in_addr, struct in_addr);

/* 0, or -1 with errno. */
int clientsock_broadcast(const struct clientsock *, const uint8_t *, size_t);
int clientsock_unicast(const struct clientsock *, struct in_addr from,
    struct in_addr to, const uint8_t *, size_t);
int clientsock_arp(const struct clientsock *, const struct frame_arp *);

/* What the kernel says of the link. */
enum clientsock_link {
	CLIENTSOCK_NOTHING, /* of ours; none waits any more */
	CLIENTSOCK_UP,
	CLIENTSOCK_DOWN,
	CLIENTSOCK_LOST, /* some was lost: ask clientsock_up */
	CLIENTSOCK_GONE, /* there is no such interface any more */
	CLIENTSOCK_OTHER, /* its MAC address is another one now */
};
/* What waits, in its order: the next change. */
enum clientsock_link clientsock_event(const struct clientsock *);
bool clientsock_up(const struct clientsock *);

#endif
