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
 * The name that a client gets: from the reservation, option 81 (DNS or ASCII
 * form), option 12; made to LDH; with the forward zone behind it. The answer's
 * option 81 is written to `answer` (its length in *n, 0: none was asked). Pure.
 */
struct ddns_name {
	char host[64], fqdn[256]; /* "" for none */
	bool update_a, update_ptr; /* by us */
	uint8_t answer[255];
	size_t n;
};
void ddns_choose(struct ddns_name *, const struct packet *,
    const char *reserved, const char *forward, bool reverse, bool override);

struct ddns;
/* As root: reads the key, opens the socket. NULL after a message. */
struct ddns *ddns_open(const struct ddns_conf *);
/* done: an update came to its end; `what` now stands in DNS for the lease. */
typedef void ddns_done_fn(void *arg, uint32_t ip, uint8_t what);
int ddns_start(struct ddns *, struct ev_loop *, ddns_done_fn *, void *arg);
/* Make DNS say this of the address; to be called after the ACK was sent. */
void ddns_add(struct ddns *, const struct lease *, const struct ddns_name *,
    const struct settings *);
/* Remove what the lease (released, expired, moved) has there. */
void ddns_remove(struct ddns *, const struct lease *);
void ddns_counts(
    const struct ddns *, uint64_t *sent, uint64_t *failed, uint64_t *waiting);
/* Send what can be sent at once, forget the rest. */
void ddns_close(struct ddns *);

#endif
