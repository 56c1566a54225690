/*
 * offer: what a server offers or grants, checked and made safe. Pure.
 */
#ifndef OFFER_H
#define OFFER_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"
#include "words.h"

/* lease_s: infinite (RFC 2131 section 3.3) */
#define OFFER_FOREVER UINT32_MAX
#define OFFER_LEAST_S 10 /* shorter leases are no use */

struct offer {
	struct in_addr ip, server; /* server: option 54 */
	uint32_t lease_s;
	uint32_t renew_s, rebind_s; /* 0: the usual parts of the lease */
	bool v6only; /* option 108 (RFC 8925), */
	uint32_t v6only_s; /* .. its value */
	struct words words; /* for the script */
};

/*
 * Take an OFFER or an ACK. NULL, or why it is of no use (static text): the
 * address cannot be a host's, server or lease time is missing, the mask is
 * none. An option that is malformed or holds unsafe characters is left out.
 */
const char *offer_read(struct offer *, const struct packet *);

/* The words of a NAK: its server and its message. */
void offer_refusal(struct words *, const struct packet *);

#endif
