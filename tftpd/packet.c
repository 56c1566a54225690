/* packet: TFTP packets in bytes, see packet.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <bsd/string.h>

#include "packet.h"
#include "bytes.h"

#define PAIRS_MAX 32 /* options in a request; more is nobody's client */
#define OACK_PAIR 32 /* the longest name and value, with both NULs */

/* What is left to read; it cannot pass end. */
struct cursor {
	const uint8_t *p, *end;
};

struct mode {
	const char *name;
	enum packet_mode mode;
};

struct option {
	const char *name;
	uint64_t min, max;
	size_t at; /* of the value in struct packet_request */
	enum packet_option bit;
	bool wide; /* it is a uint64_t there, else a uint32_t */
};

#define AT(member) offsetof(struct packet_request, member)

/* clang-format off */
/* RFC 1123 section 4.2.2.1: "mail" is not supported. */
static const struct mode modes[] = {
	{ "octet", MODE_OCTET },
	{ "netascii", MODE_NETASCII },
};

/* RFC 2348; RFC 2349; RFC 7440 section 3. */
static const struct option options[] = {
	{ "blksize", BLKSIZE_MIN, BLKSIZE_MAX, AT(blksize), OPTION_BLKSIZE, false },
	{ "timeout", 1, 255, AT(timeout), OPTION_TIMEOUT, false },
	{ "tsize", 0, INT64_MAX, AT(tsize), OPTION_TSIZE, true },
	{ "windowsize", 1, 65535, AT(windowsize), OPTION_WINDOWSIZE, false },
};

/* RFC 1350 appendix, RFC 2347. */
static const char *const texts[] = {
	[ERR_UNDEFINED] = "Undefined error",
	[ERR_NOT_FOUND] = "File not found",
	[ERR_ACCESS] = "Access violation",
	[ERR_FULL] = "Disk full or allocation exceeded",
	[ERR_ILLEGAL] = "Illegal TFTP operation",
	[ERR_TID] = "Unknown transfer ID",
	[ERR_EXISTS] = "File already exists",
	[ERR_USER] = "No such user",
	[ERR_OPTION] = "Option negotiation failed",
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

unsigned
packet_op(const uint8_t *p, size_t len)
{
	return len < 2 ? 0 : get16(p);
}

uint16_t
packet_block(const uint8_t *p)
{
	return get16(p + 2);
}

/* The next string, or NULL where its NUL is missing. */
static const char *
field(struct cursor *c)
{
	const uint8_t *s = c->p, *nul;

	if (s == c->end ||
	    (nul = memchr(s, '\0', (size_t)(c->end - s))) == NULL)
		return NULL;
	c->p = nul + 1;
	return (const char *)s;
}

/* Decimal digits only, no sign or space, min..max; 0 or -1. */
static int
number(const char *s, const struct option *o, uint64_t *out)
{
	uint64_t v = 0, digit;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		digit = (uint64_t)(*s - '0');
		if (v > (o->max - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	if (v < o->min)
		return -1;
	*out = v;
	return 0;
}

static void
option_set(struct packet_request *r, const struct option *o, uint64_t v)
{
	uint32_t small = (uint32_t)v;
	char *at = (char *)r + o->at;

	r->options |= o->bit;
	if (o->wide)
		memcpy(at, &v, sizeof(v));
	else
		memcpy(at, &small, sizeof(small));
}

static uint64_t
option_get(const struct packet_request *r, const struct option *o)
{
	const char *at = (const char *)r + o->at;
	uint64_t v;
	uint32_t small;

	if (o->wide) {
		memcpy(&v, at, sizeof(v));
		return v;
	}
	memcpy(&small, at, sizeof(small));
	return small;
}

static const struct option *
option_find(const char *name)
{
	for (size_t i = 0; i < COUNT(options); i++) {
		if (strcasecmp(options[i].name, name) == 0)
			return &options[i];
	}
	return NULL;
}

/* Zeroes up to the end: some boot ROMs fill their requests up. */
static bool
padding(const struct cursor *c)
{
	for (const uint8_t *p = c->p; p < c->end; p++) {
		if (*p != 0)
			return false;
	}
	return true;
}

static int
refuse(enum packet_error code, const char *text, const char **why)
{
	*why = text;
	return (int)code;
}

/*
 * The pairs behind the mode (RFC 2347). An option may be specified only once:
 * one of ours that stands twice ends the negotiation with its error 8, whether
 * or not the values agree.
 */
static int
read_options(struct cursor *c, struct packet_request *r, const char **why)
{
	const struct option *o;
	const char *name, *value;
	unsigned pairs = 0, seen = 0;
	uint64_t v;

	while (!padding(c)) {
		if (pairs++ == PAIRS_MAX)
			return refuse(ERR_ILLEGAL, "Too many options", why);
		if ((name = field(c)) == NULL || *name == '\0')
			return refuse(ERR_ILLEGAL, "Malformed options", why);
		if ((value = field(c)) == NULL)
			return refuse(
			    ERR_ILLEGAL, "Option without a value", why);
		if ((o = option_find(name)) == NULL)
			continue;
		if (seen & o->bit)
			return refuse(ERR_OPTION, "Option repeated", why);
		seen |= o->bit;
		if (number(value, o, &v) == 0)
			option_set(r, o, v);
	}
	return 0;
}

static int
read_mode(const char *name, struct packet_request *r)
{
	for (size_t i = 0; i < COUNT(modes); i++) {
		if (strcasecmp(modes[i].name, name) == 0) {
			r->mode = modes[i].mode;
			return 0;
		}
	}
	return -1;
}

int
packet_request(
    const uint8_t *p, size_t len, struct packet_request *r, const char **why)
{
	struct cursor c;
	unsigned op = packet_op(p, len);
	const char *mode;

	memset(r, 0, sizeof(*r));
	if (op != PACKET_RRQ && op != PACKET_WRQ)
		return refuse(ERR_ILLEGAL, "Not a request", why);
	r->op = (enum packet_op)op;
	c.p = p + 2;
	c.end = p + len;
	if (len > PACKET_REQUEST_MAX)
		return refuse(ERR_ILLEGAL, "Request too long", why);
	if ((r->name = field(&c)) == NULL)
		return refuse(ERR_ILLEGAL, "File name without an end", why);
	if (*r->name == '\0')
		return refuse(ERR_ILLEGAL, "No file name", why);
	if ((mode = field(&c)) == NULL)
		return refuse(ERR_ILLEGAL, "No mode", why);
	if (read_mode(mode, r) != 0)
		return refuse(ERR_ILLEGAL, "Unknown mode", why);
	return read_options(&c, r, why);
}

int
packet_read_error(const uint8_t *p, size_t len, char *text, size_t textsize)
{
	size_t n;

	if (textsize > 0)
		*text = '\0';
	if (len < PACKET_HEADER)
		return -1;
	if (textsize > 0) {
		n = strnlen(
		    (const char *)p + PACKET_HEADER, len - PACKET_HEADER);
		if (n > textsize - 1)
			n = textsize - 1;
		memcpy(text, p + PACKET_HEADER, n);
		text[n] = '\0';
	}
	return get16(p + 2);
}

size_t
packet_data_header(uint8_t out[PACKET_HEADER], uint16_t block)
{
	put16(out, PACKET_DATA);
	put16(out + 2, block);
	return PACKET_HEADER;
}

size_t
packet_ack(uint8_t out[PACKET_HEADER], uint16_t block)
{
	put16(out, PACKET_ACK);
	put16(out + 2, block);
	return PACKET_HEADER;
}

size_t
packet_error(
    uint8_t *out, size_t size, enum packet_error code, const char *text)
{
	size_t n;

	if (size < PACKET_HEADER + 1)
		return 0;
	if (text == NULL)
		text = (unsigned)code < COUNT(texts) ? texts[code] : texts[0];
	n = strnlen(text, size - PACKET_HEADER - 1);
	put16(out, PACKET_ERROR);
	put16(out + 2, code);
	memcpy(out + PACKET_HEADER, text, n);
	out[PACKET_HEADER + n] = '\0';
	return PACKET_HEADER + n + 1;
}

/* name NUL value NUL; the number of bytes. */
static size_t
oack_pair(char out[OACK_PAIR], const struct option *o, uint64_t v)
{
	size_t n = strlcpy(out, o->name, OACK_PAIR) + 1;

	return n + (size_t)snprintf(out + n, OACK_PAIR - n, "%" PRIu64, v) + 1;
}

size_t
packet_oack(uint8_t *out, size_t size, const struct packet_request *granted)
{
	char pair[OACK_PAIR];
	size_t at = 2, n;

	if (size < at)
		return 0;
	put16(out, PACKET_OACK);
	for (size_t i = 0; i < COUNT(options); i++) {
		if ((granted->options & options[i].bit) == 0)
			continue;
		n = oack_pair(
		    pair, &options[i], option_get(granted, &options[i]));
		if (n > size - at)
			break;
		memcpy(out + at, pair, n);
		at += n;
	}
	return at;
}
