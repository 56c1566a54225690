/*
 * ddns: names of clients in DNS, by dynamic update (RFC 2136 with TSIG, RFC
 * 8945; RFC 4702's option 81, RFC 4701's DHCID, RFC 4703's rules).
 *
 * Never in the way of a reply: updates wait in a queue, are sent from one UDP
 * socket that the loop watches, tried again, and given up with a log line.
 */
#ifndef DDNS_H
#define DDNS_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "dhcpconf.h"
#include "lease.h"
#include "packet.h"

/* What stands in DNS for a lease (struct lease.dns). */
enum { DDNS_A = 1, DDNS_PTR = 2 };

/* Option 81's flags (RFC 4702 section 2.1). */
enum { FQDN_S = 1, FQDN_O = 2, FQDN_E = 4, FQDN_N = 8 };

/*
 * The name that a client gets: from the reservation, else option 81 (DNS or
 * ASCII form), else option 12; its first label, made to LDH, with the forward
 * zone behind it (NULL: no zone, so no names in DNS). "localhost" and names
 * that resolvers look for by themselves ("wpad") are none unless reserved.
 * override: the server adds the A record also where the client would do so,
 * or wants none (flags S, N). The answer's option 81 is written to `answer`
 * (its length in n, 0: none was asked for). Pure.
 */
struct ddns_name {
	char host[64], fqdn[256]; /* "" for none */
	bool update_a, update_ptr; /* by us */
	uint8_t answer[255];
	size_t n;
};
void ddns_choose(struct ddns_name *, const struct packet *,
    const char *reserved, const char *forward, bool reverse, bool override);

/*
 * Who has a name: the data of its DHCID record (RFC 4701), of the DUID in the
 * identifier (RFC 4361), else the identifier, else (and where that is the
 * identity: by_hw) the hardware address. name: in wire form. 0, or -1:
 * libcrypto refused.
 */
#define DDNS_DHCID 35
int ddns_dhcid(
    const struct lease_client *, const uint8_t *name, uint8_t out[DDNS_DHCID]);

struct ddns;
/* As root: reads the key, opens the socket. NULL after a message. */
struct ddns *ddns_open(const struct ddns_conf *);
/*
 * done: all that was to be done for the address came to its end; `what` now
 * stands in DNS for it. Never called from within ddns_add or ddns_remove.
 */
typedef void ddns_done_fn(void *arg, uint32_t ip, uint8_t what);
int ddns_start(struct ddns *, struct ev_loop *, ddns_done_fn *, void *arg);
/*
 * Make DNS say this of the address; to be called after the ACK was sent. A
 * name that it takes the place of is to be removed before.
 */
void ddns_add(struct ddns *, const struct lease *, const struct ddns_name *,
    const struct settings *);
/*
 * Remove what the lease (released, expired, moved, renamed) has there by its
 * dns and fqdn, while it still has them and its client; and what is being
 * added, even if dns does not say so yet. So it is to be called for each lease
 * that ends; where there is nothing, it does nothing.
 */
void ddns_remove(struct ddns *, const struct lease *);
/* Messages that were sent, changes that were given up, changes that wait. */
void ddns_counts(
    const struct ddns *, uint64_t *sent, uint64_t *failed, uint64_t *waiting);
/* Send what can be sent at once, forget the rest. */
void ddns_close(struct ddns *);

#endif
