/*
 * rdata: what records hold, by one table with a row for each type that names
 * its fields in their order. The table drives reading and writing of text,
 * reading from messages, checks, comparing, and finding names to compress; a
 * type without a row is opaque bytes (RFC 3597).
 *
 * Stored rdata is in wire form, names uncompressed and in the case that they
 * came in; every stored rdata was checked by rdata_parse or rdata_read.
 */
#ifndef RDATA_H
#define RDATA_H

#include "buf.h"
#include "dnswire.h"
#include "rtype.h"

#define RDATA_MAX 65535
#define RDATA_WHY 96 /* text of an error */

/* A word or a quoted string of a master file, escapes still in it. */
struct rdata_token {
	const char *text;
	size_t len;
	bool quoted;
};

/*
 * Text to wire: the n tokens after the type; any type also as \# (RFC 3597
 * section 5). Relative names are below origin (wire form). The length, or -1
 * with why it is wrong.
 */
int rdata_parse(uint16_t type, const struct rdata_token *, size_t n,
    const uint8_t *origin, uint8_t out[RDATA_MAX], char why[RDATA_WHY]);

/*
 * Wire to text, one line, names absolute: what rdata_parse reads back to the
 * same bytes. Added to the buffer.
 */
void rdata_text(uint16_t type, const uint8_t *, size_t len, struct buf *);

/*
 * From a message: the len bytes at the reader's position, which moves behind
 * them. Compressed names are undone in the types of RFC 1035 and those of RFC
 * 3597 section 4, nowhere else. The length of out, or -1: not valid for its
 * type (the reader is then bad).
 */
int rdata_read(
    struct dns_reader *, uint16_t type, size_t len, uint8_t out[RDATA_MAX]);
/* Is that valid, stored rdata of the type? */
bool rdata_valid(uint16_t type, const uint8_t *, size_t len);

/*
 * Canonical order (RFC 4034 sections 6.2 and 6.3): <0, 0, >0. 0 is also what
 * equal means to an update (RFC 2136 section 1.1.1).
 */
int rdata_compare(uint16_t type, const uint8_t *a, size_t alen,
    const uint8_t *b, size_t blen);

/* Where names stand in stored rdata. */
#define RDATA_NAMES 2
struct rdata_name {
	uint16_t at, len;
};
/* May a message compress the names of this type (RFC 3597 section 4)? */
bool rdata_compresses(uint16_t type);
/* The first RDATA_NAMES names of stored rdata; their number. */
unsigned rdata_names(
    uint16_t type, const uint8_t *, size_t len, struct rdata_name[RDATA_NAMES]);
/*
 * The name whose addresses an answer carries along: of NS, MX, SRV, AFSDB, RT,
 * KX, NAPTR, SVCB, HTTPS (RFC 1035 section 3.3, 2782, 9460 ...). NULL: none.
 */
const uint8_t *rdata_target(uint16_t type, const uint8_t *, size_t len);

#endif
