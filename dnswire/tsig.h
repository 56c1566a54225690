/*
 * tsig: signed DNS messages (RFC 8945), with libcrypto's HMAC.
 */
#ifndef TSIG_H
#define TSIG_H

#include "dnswire.h"

#define TSIG_MAC 64
#define TSIG_FUDGE 300
#define TSIG_UNSIGNED 99 /* messages between two signed ones, at most */

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
/*
 * The same of a file that holds the secret alone, in base64; name and algorithm
 * are set.
 */
int tsig_secret_read(const char *path, struct tsig_key *);
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
/* The same of the second and further messages of one answer (section 5.3.1). */
void tsig_sign_next(struct tsig *, struct dns_builder *, uint64_t now);
/* Bytes that either adds. */
size_t tsig_size(const struct tsig_key *);
/*
 * Check a message. 0, or the error, with *tsig as it was: DNS_FORMERR (none, or
 * not the last record), DNS_BADKEY (also where tsig->key is NULL), DNS_BADSIG,
 * DNS_BADTIME, DNS_BADTRUNC (truncated MACs are refused, but those that are
 * too short for anybody are DNS_FORMERR). An answer that is not signed since
 * the server refused our key or MAC gives the server's error; nothing proves
 * that one.
 */
int tsig_check(struct tsig *, const uint8_t *message, size_t len, uint64_t now);

/*
 * Who signed this message? 1 with the key's name in lower case; 0: nobody;
 * -1: a TSIG record that is not the last one, or no message (DNS_FORMERR).
 */
int tsig_name(const uint8_t *message, size_t len, uint8_t name[DNS_NAME]);

/*
 * Add to the finished answer (of rcode NOTAUTH) what is wrong with the
 * request's signature, as tsig_check told it (section 5.3.2): BADKEY and BADSIG
 * are not signed, BADTIME and BADTRUNC are, and the former tells our time. The
 * builder is full where it does not fit.
 */
struct tsig_refusal {
	const uint8_t *request; /* as it came */
	size_t len;
	const struct tsig_key *key; /* NULL: not known */
	int error;
};
void
tsig_refuse(const struct tsig_refusal *, struct dns_builder *, uint64_t now);

/*
 * An answer of many messages that comes in: the first and the last are signed,
 * and of those between every hundredth at least (section 5.3.1).
 */
struct tsig_stream {
	struct tsig tsig;
	bool begun; /* the first one was right */
	unsigned unproven; /* messages since the last signed one */
	void *digest; /* libcrypto's, over these */
};
/* The request was signed with this. */
void tsig_stream_begin(struct tsig_stream *, const struct tsig *request);
/* 0: go on; else an error as above, and the connection is to be closed. */
int tsig_stream_check(
    struct tsig_stream *, const uint8_t *message, size_t len, uint64_t now);
/* Is everything up to here signed? If not, the answer cannot end here. */
static inline bool
tsig_stream_proven(const struct tsig_stream *s)
{
	return s->begun && s->unproven == 0;
}
void tsig_stream_end(struct tsig_stream *);

#endif
