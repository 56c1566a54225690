/*
 * Words of master files to bytes: numbers, addresses, names, strings, and the
 * codings of binary data (RFC 4648).
 */
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dname.h"
#include "rdatapart.h"

#define SHOWN 40 /* bytes of a wrong word that are told */

int
rdata_error(struct rdata_words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->why, RDATA_WHY, fmt, ap);
	va_end(ap);
	return -1;
}

int
rdata_bad(struct rdata_words *w, const struct rdata_token *t, const char *what)
{
	int n = t->len < SHOWN ? (int)t->len : SHOWN;

	return rdata_error(w, "\"%.*s%s\" is no %s", n, t->text,
	    t->len > SHOWN ? "..." : "", what);
}

const struct rdata_token *
rdata_next(struct rdata_words *w)
{
	if (w->i < w->n)
		return &w->t[w->i++];
	rdata_error(w, "too few fields");
	return NULL;
}

int
rdata_put(struct rdata_words *w, const void *bytes, size_t n)
{
	if (n > RDATA_MAX - w->len)
		return rdata_error(w, "more than %d bytes", RDATA_MAX);
	memcpy(w->out + w->len, bytes, n);
	w->len += n;
	return 0;
}

int
rdata_put16(struct rdata_words *w, unsigned v)
{
	const uint8_t bytes[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	return rdata_put(w, bytes, sizeof(bytes));
}

bool
rdata_is(const struct rdata_token *t, const char *word)
{
	return !t->quoted && t->len == strlen(word) &&
	    strncasecmp(t->text, word, t->len) == 0;
}

bool
rdata_number(const char *s, size_t len, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (len == 0 || len > 10)
		return false;
	for (i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	*out = (uint32_t)v;
	return v <= max;
}

int
rdata_put_number(struct rdata_words *w, size_t bytes)
{
	const struct rdata_token *t = rdata_next(w);
	uint32_t v, max = UINT32_MAX >> (32 - 8 * bytes);
	uint8_t wire[4];
	char what[32];

	if (t == NULL)
		return -1;
	if (t->quoted || !rdata_number(t->text, t->len, max, &v)) {
		snprintf(what, sizeof(what), "number up to %u", max);
		return rdata_bad(w, t, what);
	}
	wire[0] = (uint8_t)(v >> 24);
	wire[1] = (uint8_t)(v >> 16);
	wire[2] = (uint8_t)(v >> 8);
	wire[3] = (uint8_t)v;
	return rdata_put(w, wire + 4 - bytes, bytes);
}

/* No leading zeros: some read such numbers as octal. */
bool
rdata_ip4(const char *s, size_t len, uint8_t out[4])
{
	const char *end = s + len;
	unsigned i, v;
	int digits;

	for (i = 0; i < 4; i++) {
		v = 0;
		for (digits = 0; s < end && *s >= '0' && *s <= '9'; digits++) {
			if (digits > 0 && v == 0)
				return false;
			v = v * 10 + (unsigned)(*s++ - '0');
			if (v > 255)
				return false;
		}
		if (digits == 0)
			return false;
		out[i] = (uint8_t)v;
		if (i < 3 && (s == end || *s++ != '.'))
			return false;
	}
	return s == end;
}

bool
rdata_ip6(const char *s, size_t len, uint8_t out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text) || memchr(s, '\0', len) != NULL)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, out) == 1;
}

int
rdata_put_ip4(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint8_t addr[4];

	if (t == NULL)
		return -1;
	if (t->quoted || !rdata_ip4(t->text, t->len, addr))
		return rdata_bad(w, t, "IPv4 address");
	return rdata_put(w, addr, sizeof(addr));
}

int
rdata_put_ip6(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint8_t addr[16];

	if (t == NULL)
		return -1;
	if (t->quoted || !rdata_ip6(t->text, t->len, addr))
		return rdata_bad(w, t, "IPv6 address");
	return rdata_put(w, addr, sizeof(addr));
}

int
rdata_put_name(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint8_t name[DNS_NAME];
	size_t n;

	if (t == NULL)
		return -1;
	n = t->quoted ? 0 : dname_wire(t->text, t->len, w->origin, name);
	return n == 0 ? rdata_bad(w, t, "name") : rdata_put(w, name, n);
}

int
rdata_unescape(const struct rdata_token *t, uint8_t *out, size_t max)
{
	size_t i, took, n = 0;
	uint8_t c;

	for (i = 0; i < t->len; i++) {
		c = (uint8_t)t->text[i];
		if (c == '\\') {
			took =
			    dname_escape(t->text + i + 1, t->len - i - 1, &c);
			if (took == 0)
				return -1;
			i += took;
		}
		if (n == max)
			return -1;
		out[n++] = c;
	}
	return (int)n;
}

int
rdata_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/*
 * Bits that are not yet whole bytes: of n characters with `bits` bits each,
 * which may stand in several words.
 */
struct coded {
	uint32_t acc;
	unsigned have; /* bits in acc */
	unsigned bits;
	int (*digit)(char);
	bool ended; /* padding has begun */
	size_t chars;
};

static int
put_coded(struct rdata_words *w, struct coded *c, const struct rdata_token *t)
{
	uint8_t byte;
	size_t i;
	int v;

	for (i = 0; i < t->len; i++, c->chars++) {
		if (c->bits == 6 && t->text[i] == '=') {
			c->ended = true;
			continue;
		}
		if (t->quoted || c->ended || (v = c->digit(t->text[i])) == -1)
			return rdata_bad(w, t,
			    c->bits == 4     ? "hexadecimal number" :
				c->bits == 5 ? "base32" :
					       "base64");
		c->acc = c->acc << c->bits | (unsigned)v;
		if ((c->have += c->bits) < 8)
			continue;
		c->have -= 8;
		byte = (uint8_t)(c->acc >> c->have);
		if (rdata_put(w, &byte, 1) == -1)
			return -1;
	}
	return 0;
}

/* So many of the words; nothing is left over of the last byte. */
static int
put_words(struct rdata_words *w, struct coded *c, size_t words)
{
	const struct rdata_token *t;

	if (words > w->n - w->i)
		words = w->n - w->i;
	for (; words > 0; words--)
		if ((t = rdata_next(w)) == NULL || put_coded(w, c, t) == -1)
			return -1;
	if (c->have >= c->bits || (c->acc & ((1U << c->have) - 1)) != 0)
		return rdata_error(w, "the last byte is not whole");
	return 0;
}

int
rdata_put_hex(struct rdata_words *w, size_t words)
{
	struct coded c = { .bits = 4, .digit = rdata_hex_digit };

	return put_words(w, &c, words);
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding makes the last four whole, with two of them at most. */
int
rdata_put_base64(struct rdata_words *w, size_t words)
{
	struct coded c = { .bits = 6, .digit = base64_digit };
	size_t before = w->len;

	if (put_words(w, &c, words) == -1)
		return -1;
	if (c.chars != (w->len - before + 2) / 3 * 4)
		return rdata_error(w, "base64 without its padding");
	return 0;
}

static int
base32_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'v')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'V' ? c - 'A' + 10 : -1;
}

int
rdata_put_base32(struct rdata_words *w)
{
	struct coded c = { .bits = 5, .digit = base32_digit };

	return put_words(w, &c, 1);
}
