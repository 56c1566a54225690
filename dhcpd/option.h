/*
 * option: the table of options by code and name (RFC 2132 and those after it),
 * and their values between text and wire.
 */
#ifndef OPTION_H
#define OPTION_H

#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG, /* one byte, 0 or 1: yes, no */
	OPTION_U8,
	OPTION_U16,
	OPTION_U32,
	OPTION_I32,
	OPTION_U8S, /* a list: 1, 3, 6 */
	OPTION_U16S,
	OPTION_IP,
	OPTION_IPS, /* a list of addresses */
	OPTION_IP_PAIRS, /* 21, 33: "10.0.0.0/8" (21) or "10.1.2.3 via ..." */
	OPTION_STRING, /* NVT ASCII, no NUL */
	OPTION_HEX, /* "01:02:ff" or "0102ff" */
	OPTION_FQDN, /* one name in DNS form (RFC 1035 section 3.1) */
	OPTION_FQDNS, /* 119: names, compressed (RFC 3397) */
	OPTION_SIP, /* 120: names or addresses (RFC 3361) */
	OPTION_ROUTES, /* 121, 249: "10.8.0.0/16 via 10.0.0.9" (RFC 3442) */
	OPTION_VENDOR, /* 124, 125: "ENTERPRISE HEX" (RFC 3925) */
	OPTION_DNR, /* 162: resolvers, as in dnr.h (RFC 9463) */
};

struct option_def {
	uint8_t code;
	const char *name; /* "domain-name-servers" */
	enum option_type type;
	/* Who sets it: configuration may set what is FREE; OURS are those that
	   the protocol itself or clients and relay agents set: 50-59, 61, 82 */
	enum { OPTION_FREE, OPTION_OURS } owner;
};

#define OPTION_TEXT 2048 /* bytes of a value as text, at most */
#define OPTION_VALUE 1024 /* bytes of a value on the wire, at most */

/*
 * The rows, by code; the last has a NULL name. A code may have several: its
 * name and then other servers' names for it.
 */
extern const struct option_def option_defs[];
/*
 * By name ('-' and '_' are the same) or number in text (1 to 254); NULL: none
 * such. By number the value is OPTION_HEX, whatever the code's own type is.
 */
const struct option_def *option_find(const char *name);
/* NULL: no name is known for it; its values are OPTION_HEX. */
const struct option_def *option_by_code(uint8_t code);

/*
 * The wire form of n words (one value each; a word may hold several, separated
 * by commas, for lists). The length, or -1 with *why (static text).
 */
int option_encode(enum option_type, const char *const *words, size_t n,
    uint8_t out[OPTION_VALUE], const char **why);
/*
 * As text for people, control bytes escaped, as "hex 01:02" where it isn't what
 * its type says, cut with "..." where it is too long; returns out. What is of
 * its type and short enough is what option_encode takes as one word.
 */
const char *option_print(
    enum option_type, const uint8_t *value, size_t len, char out[OPTION_TEXT]);

#endif
