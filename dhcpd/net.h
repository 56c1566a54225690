/*
 * net: how dhcpd and dhcrelay receive and send.
 *
 * Messages arrive on UDP sockets with IP_PKTINFO, so the interface and the
 * address asked are known; they leave by the same sockets, or, for a client
 * that has no address yet, by one AF_PACKET socket that only sends. Both were
 * opened as root and work without any right. Interfaces and their addresses
 * are kept up to date by rtnetlink, so those that appear later work.
 *
 * Batches: net_receive gives up to NET_BATCH messages, replies are queued and
 * net_flush sends them with few system calls.
 */
#ifndef NET_H
#define NET_H

#include <netinet/in.h>

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet.h"

#define NET_BATCH 256
#define NET_ADDRS 32 /* of one interface that are kept */

struct net_addr {
	uint32_t ip, mask; /* host order */
};

/* Stays where it is until the interface is gone: until `changed` says so. */
struct net_if {
	unsigned index;
	char name[16];
	uint16_t hwtype; /* ARPHRD_ */
	uint8_t hw[16], hwlen;
	bool up; /* and has a carrier */
	bool loopback;
	bool wanted; /* named in the configuration, or nothing was named */
	unsigned mtu;
	struct net_addr addrs[NET_ADDRS];
	size_t naddrs;
};

struct net_message {
	const uint8_t *bytes; /* until the next net_receive */
	size_t len; /* above PACKET_MAX: cut */
	struct sockaddr_in from;
	struct in_addr to; /* the destination in the IP header */
	struct in_addr local; /* our address that it was for; of broadcasts
				 the interface's first */
	const struct net_if *iface; /* never NULL: others are dropped */
};

/* Where a message goes. */
enum net_how {
	NET_UDP, /* to an address and port, as the kernel routes it */
	NET_HW, /* to a client without address: yiaddr at chaddr, on iface;
		   where chaddr does not fit the link, as NET_BROADCAST */
	NET_BROADCAST, /* to 255.255.255.255 on iface */
};
struct net_dest {
	enum net_how how;
	struct in_addr ip; /* NET_UDP, NET_HW */
	uint16_t port;
	uint8_t hw[16], hlen; /* NET_HW */
	unsigned ifindex; /* NET_HW, NET_BROADCAST; NET_UDP: 0 or for scope */
	struct in_addr from; /* source address; 0: the kernel's choice, for
				NET_HW and NET_BROADCAST the interface's */
};

struct net;
struct sock;

/*
 * As root: the sending socket and rtnetlink, and a first look at interfaces.
 * `wanted`: names, n of them; none: all but loopback. NULL after a message.
 */
struct net *net_open(const char *const *wanted, size_t n);
/*
 * Watch these sockets (UDP, *:67, IP_PKTINFO): receive() is called for each
 * message, batch() after the last of a batch. Those of IPv6 are passed over;
 * the first one's port is the one that we send from. 0, or -1 with errno.
 */
struct net_calls {
	void (*receive)(void *arg, const struct net_message *);
	void (*batch)(void *arg);
	void (*dropped)(void *arg); /* of an interface that is not wanted: for
				       a counter */
	void (*changed)(void *arg); /* interfaces or addresses; or NULL */
	void *arg;
};
int net_start(struct net *, struct ev_loop *, const struct sock *const *socks,
    size_t n, const struct net_calls *);
/*
 * Messages may wait for a moment, so that they come in fewer batches: until
 * net_resume takes them, and no longer than a millisecond. Nothing happens
 * where the last batch was not all that there was.
 */
void net_pause(struct net *);
void net_resume(struct net *);
/* Watch nothing more; what is queued can be sent still. */
void net_stop(struct net *);
/* Forget what is queued, free all; not the sockets that net_start got. */
void net_close(struct net *);

/* Queue; bytes are copied. Sent by net_flush, at the latest when full. */
void net_send(struct net *, const struct net_dest *, const uint8_t *, size_t);
void net_flush(struct net *);
/* Since the start: messages that could not be sent. */
uint64_t net_failed(const struct net *);

const struct net_if *net_if_by_index(const struct net *, unsigned index);
const struct net_if *net_if_by_name(const struct net *, const char *name);
/* The interface that has this address itself; or one whose network holds it.*/
const struct net_if *net_if_of(const struct net *, uint32_t ip, bool own);
/* The i-th; NULL: no more. */
const struct net_if *net_if_next(const struct net *, size_t i);

#endif
