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

/* What a character stands for, and 1; 0: nothing (RFC 4648). */
/* clang-format off */
static const uint8_t hex_digits[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['A'] = 11, ['a'] = 11,
	['B'] = 12, ['b'] = 12, ['C'] = 13, ['c'] = 13, ['D'] = 14, ['d'] = 14,
	['E'] = 15, ['e'] = 15, ['F'] = 16, ['f'] = 16,
};
static const uint8_t base32_digits[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['A'] = 11, ['a'] = 11,
	['B'] = 12, ['b'] = 12, ['C'] = 13, ['c'] = 13, ['D'] = 14, ['d'] = 14,
	['E'] = 15, ['e'] = 15, ['F'] = 16, ['f'] = 16, ['G'] = 17, ['g'] = 17,
	['H'] = 18, ['h'] = 18, ['I'] = 19, ['i'] = 19, ['J'] = 20, ['j'] = 20,
	['K'] = 21, ['k'] = 21, ['L'] = 22, ['l'] = 22, ['M'] = 23, ['m'] = 23,
	['N'] = 24, ['n'] = 24, ['O'] = 25, ['o'] = 25, ['P'] = 26, ['p'] = 26,
	['Q'] = 27, ['q'] = 27, ['R'] = 28, ['r'] = 28, ['S'] = 29, ['s'] = 29,
	['T'] = 30, ['t'] = 30, ['U'] = 31, ['u'] = 31, ['V'] = 32, ['v'] = 32,
};
static const uint8_t base64_digits[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};
/* clang-format on */

int
rdata_hex_digit(char c)
{
	return hex_digits[(uint8_t)c] - 1;
}

/*
 * Bits that are not yet whole bytes: of n characters with `bits` bits each,
 * which may stand in several words.
 */
struct coded {
	uint32_t acc;
	unsigned have; /* bits in acc */
	unsigned bits;
	const uint8_t *digits;
	const char *what;
	bool ended; /* padding has begun */
	size_t chars;
};

static int
put_coded(struct rdata_words *w, struct coded *c, const struct rdata_token *t)
{
	uint8_t *out = w->out + w->len;
	size_t i, n = t->len;
	unsigned v;

	while (n > 0 && c->bits == 6 && t->text[n - 1] == '=')
		n--;
	if ((n * c->bits + c->have) / 8 > RDATA_MAX - w->len)
		return rdata_error(w, "more than %d bytes", RDATA_MAX);
	for (i = 0; i < t->len; i++, c->chars++) {
		if (c->bits == 6 && t->text[i] == '=') {
			c->ended = true;
			continue;
		}
		if (t->quoted || c->ended ||
		    (v = c->digits[(uint8_t)t->text[i]]) == 0)
			return rdata_bad(w, t, c->what);
		c->acc = c->acc << c->bits | (v - 1);
		if ((c->have += c->bits) < 8)
			continue;
		c->have -= 8;
		*out++ = (uint8_t)(c->acc >> c->have);
	}
	w->len = (size_t)(out - w->out);
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
	struct coded c = {
		.bits = 4, .digits = hex_digits, .what = "hexadecimal number"
	};

	return put_words(w, &c, words);
}

/* Padding makes the last four whole, with two of them at most. */
int
rdata_put_base64(struct rdata_words *w, size_t words)
{
	struct coded c = {
		.bits = 6, .digits = base64_digits, .what = "base64"
	};
	size_t before = w->len;

	if (put_words(w, &c, words) == -1)
		return -1;
	if (c.chars != (w->len - before + 2) / 3 * 4)
		return rdata_error(w, "base64 without its padding");
	return 0;
}

int
rdata_put_base32(struct rdata_words *w)
{
	struct coded c = {
		.bits = 5, .digits = base32_digits, .what = "base32"
	};

	return put_words(w, &c, 1);
}
