/*
 * tsig: signed DNS messages (RFC 8945), with libcrypto's HMAC.
 */
#ifndef TSIG_H
#define TSIG_H

#include "dnswire.h"

#define TSIG_MAC 64
#define TSIG_FUDGE 300

struct tsig_key {
	uint8_t name[DNS_NAME]; /* lower case */
	int algorithm; /* index in tsig's table */
	uint8_t secret[256];
	size_t len;
};

/*
 * Read a key file as tsig-keygen(8) writes it: key "NAME" { algorithm
 * hmac-sha256; secret "BASE64"; }; algorithms hmac-sha1, -sha224, -sha256,
 * -sha384, -sha512. 0, or -1 after a message (file:line). A file that others
 * than its owner and group can read is refused. What libcrypto loads when it is
 * used first it loads now, so that a sandbox may be entered afterwards.
 */
int tsig_key_read(const char *path, struct tsig_key *);
/* Algorithm's name ("hmac-sha256") to its index, -1: not known. */
int tsig_algorithm(const char *);

/*
 * Of one exchange. Who asks begins with mac_len 0, signs the request and checks
 * the answer; who answers begins with mac_len 0, checks the request and signs
 * the answer. The request's MAC is part of the answer's.
 */
struct tsig {
	const struct tsig_key *key;
	uint8_t mac[TSIG_MAC]; /* of the message before, if there was one */
	size_t mac_len;
};
/*
 * Add the TSIG record to a finished message; where that fails (no room, or
 * libcrypto refuses) the builder is full. now: seconds since the epoch.
 */
void tsig_sign(struct tsig *, struct dns_builder *, uint64_t now);
/*
 * Check a message. 0, or the error, with *tsig as it was: DNS_FORMERR (none, or
 * not the last record), DNS_BADKEY, DNS_BADSIG, DNS_BADTIME, DNS_BADTRUNC
 * (truncated MACs are refused). An answer that is not signed since the server
 * refused our key or MAC gives the server's error; nothing proves that one.
 */
int tsig_check(struct tsig *, const uint8_t *message, size_t len, uint64_t now);

#endif
