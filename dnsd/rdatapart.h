/*
 * rdatapart: what the files of rdata share: the kinds of fields, and the rows
 * of the table. What a kind means is told by three tables, one in each of
 * rdataread.c, rdataparse.c and rdatatext.c.
 */
#ifndef RDATAPART_H
#define RDATAPART_H

#include "rdata.h"

enum rdata_kind {
	RDATA_END, /* no more fields */
	RDATA_NAME,
	RDATA_U8,
	RDATA_U16,
	RDATA_U32,
	RDATA_TIME, /* 32 bits of seconds, "2h" is read */
	RDATA_IP4,
	RDATA_IP6,
	RDATA_STRING, /* a length byte, and so many */
	RDATA_STRING_OPT, /* the same, or nothing */
	RDATA_STRINGS, /* one or more, to the end */
	RDATA_TAG, /* a string of letters and digits, not empty: CAA */
	RDATA_TEXT, /* bytes to the end, quoted; at least one: URI */
	RDATA_TEXT_ANY, /* or none: CAA */
	RDATA_TYPE, /* a type's name */
	RDATA_ALGORITHM, /* 8 bits, DNSSEC's; a number or a name is read */
	RDATA_CERT, /* 16 bits, a certificate's type; a number or a name */
	RDATA_SCHEME, /* 8 bits, "NOTIFY" or a number: DSYNC */
	RDATA_DATE, /* 32 bits, "20261122223000" */
	RDATA_SALT, /* a length byte, and hex; "-": none */
	RDATA_HASH, /* a length byte, and base32 */
	RDATA_BITMAP, /* types, to the end (RFC 4034 section 4.1.2) */
	RDATA_NXT, /* types below 128, to the end (RFC 2535 section 5.2) */
	RDATA_BASE64, /* to the end, at least one byte */
	RDATA_BASE64_ANY, /* or none */
	RDATA_BASE64_DASH, /* none is "-": DOA */
	RDATA_HEX, /* to the end, at least one byte */
	RDATA_DS, /* the same, as long as a DS's digest type wants */
	RDATA_ZONEMD, /* .. as a ZONEMD's hash wants */
	RDATA_NSAP, /* to the end, "0x" and hex with dots */
	RDATA_EUI48, /* "00-00-5e-00-53-2a" */
	RDATA_EUI64,
	RDATA_NODE, /* 64 bits, "14:4fff:ff20:ee64" */
	RDATA_GATEWAY, /* as byte 1 says: IPSECKEY */
	RDATA_RELAY, /* discovery bit, type, relay: AMTRELAY */
	RDATA_HIP, /* all of HIP */
	RDATA_LOC, /* all of LOC */
	RDATA_PREFIXES, /* all of APL */
	RDATA_SERVICES, /* WKS behind its address */
	RDATA_A6, /* all of A6 */
	RDATA_PARAMS, /* SVCB behind its target */
	RDATA_KINDS
};

#define RDATA_FIELDS 10 /* RRSIG's nine and the end */

enum rdata_flags {
	RDATA_COMPRESS = 1, /* names are compressed (RFC 1035) */
	RDATA_UNDO = 2, /* .. may have been (RFC 3597 section 4) */
	RDATA_LOWER = 4, /* .. are equal whatever their case (RFC 4034 section
			    6.2, RFC 6840 section 5.1) */
	RDATA_TARGET = 8, /* the name's addresses are wanted with it */
};
struct rdata_layout {
	uint8_t flags;
	uint8_t fields[RDATA_FIELDS];
};

/* NULL: opaque bytes. */
const struct rdata_layout *rdata_layout(uint16_t type);

/* Bytes of a field of len-byte rdata that begins at `at`; -1: not valid. */
int rdata_size(enum rdata_kind, const uint8_t *data, size_t at, size_t len);

/*
 * Text to wire: the words of one record, of which those before i were used,
 * and the bytes that they became. What reads a field returns 0, or -1 after
 * saying why.
 */
struct rdata_words {
	const struct rdata_token *t;
	size_t n, i;
	const uint8_t *origin;
	uint8_t *out;
	size_t len;
	char *why;
};

/* rdataword.c: what the kinds have in common. */
int rdata_error(struct rdata_words *, const char *, ...)
    __attribute__((__format__(__printf__, 2, 3)));
/* This word is no such thing ("number", "IPv4 address"). */
int
rdata_bad(struct rdata_words *, const struct rdata_token *, const char *what);
/* NULL: there are too few, which is told. */
const struct rdata_token *rdata_next(struct rdata_words *);
int rdata_put(struct rdata_words *, const void *, size_t);
int rdata_put16(struct rdata_words *, unsigned);
/* A decimal number of at most max in all of the text. */
bool rdata_number(const char *, size_t len, uint32_t max, uint32_t *);
/* The next word is a number of so many bytes. */
int rdata_put_number(struct rdata_words *, size_t bytes);
bool rdata_ip4(const char *, size_t len, uint8_t out[4]);
bool rdata_ip6(const char *, size_t len, uint8_t out[16]);
/* The next word is an address, a name. */
int rdata_put_ip4(struct rdata_words *);
int rdata_put_ip6(struct rdata_words *);
int rdata_put_name(struct rdata_words *);
/* Escapes undone, at most max bytes of them (RDATA_MAX for a value). The
 * length, or -1. */
int rdata_unescape(const struct rdata_token *, uint8_t *out, size_t max);
/* -1: no hexadecimal digit. */
int rdata_hex_digit(char);
/* `words` words, all that are left for SIZE_MAX, as one value. */
int rdata_put_hex(struct rdata_words *, size_t words);
int rdata_put_base64(struct rdata_words *, size_t words);
int rdata_put_base32(struct rdata_words *);
bool rdata_is(const struct rdata_token *, const char *word);

/*
 * Wire to text: n bytes at p of the rdata that begins at data. false: the
 * kind's text cannot tell them, so all is written as in RFC 3597.
 */
struct rdata_bytes {
	const uint8_t *p;
	size_t n;
	const uint8_t *data;
};
/* rdatatext.c: added to the buffer. */
void rdata_text_name(const uint8_t *, struct buf *);
void rdata_text_byte(uint8_t, struct buf *); /* within quotes */
void rdata_text_quoted(const uint8_t *, size_t, struct buf *);
void rdata_text_hex(const uint8_t *, size_t, struct buf *);
void rdata_text_base64(const uint8_t *, size_t, struct buf *);
void rdata_text_base32(const uint8_t *, size_t, struct buf *);
void rdata_text_ip4(const uint8_t *, struct buf *);
void rdata_text_ip6(const uint8_t *, struct buf *);

/* Kinds with a file of their own: rdataloc.c, rdatasvcb.c, rdatahost.c. */
int rdata_parse_loc(struct rdata_words *);
bool rdata_text_loc(const struct rdata_bytes *, struct buf *);
int rdata_parse_params(struct rdata_words *);
bool rdata_text_params(const struct rdata_bytes *, struct buf *);
int rdata_parse_gateway(struct rdata_words *);
bool rdata_text_gateway(const struct rdata_bytes *, struct buf *);
int rdata_parse_relay(struct rdata_words *);
bool rdata_text_relay(const struct rdata_bytes *, struct buf *);
int rdata_parse_hip(struct rdata_words *);
bool rdata_text_hip(const struct rdata_bytes *, struct buf *);
int rdata_parse_prefixes(struct rdata_words *);
bool rdata_text_prefixes(const struct rdata_bytes *, struct buf *);
int rdata_parse_services(struct rdata_words *);
bool rdata_text_services(const struct rdata_bytes *, struct buf *);
int rdata_parse_a6(struct rdata_words *);
bool rdata_text_a6(const struct rdata_bytes *, struct buf *);

/* SvcParamKeys with a form of their own (RFC 9460 section 14.3.2, 9461,
 * 9540). */
enum svc_key {
	SVC_MANDATORY,
	SVC_ALPN,
	SVC_NO_DEFAULT_ALPN,
	SVC_PORT,
	SVC_IPV4HINT,
	SVC_ECH,
	SVC_IPV6HINT,
	SVC_DOHPATH,
	SVC_OHTTP,
	SVC_KEYS
};

static inline unsigned
rdata_get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}
static inline uint32_t
rdata_get32(const uint8_t *p)
{
	return (uint32_t)rdata_get16(p) << 16 | rdata_get16(p + 2);
}

/* LOC (RFC 1876): 2^31 is the equator and the meridian, in 1/1000 ". */
#define LOC_ZERO 0x80000000U
#define LOC_LATITUDE (90U * 3600 * 1000)
#define LOC_LONGITUDE (180U * 3600 * 1000)
#define LOC_SEA 10000000 /* cm below the ellipsoid where altitudes begin */
#define LOC_BYTES 16

#endif
