/*
 * Values of options between text and wire. A table has a row for each type:
 * whether a value is a list, the size of its items where all have the same,
 * and how one of them is read and written. What comes from the network and
 * isn't of its type's form is printed as hex.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "dnr.h"

#define NAME_TEXT 253 /* 255 bytes on the wire (RFC 1035 section 2.3.4) */
#define LABEL 63
#define POINTER 0xc0u
#define ITEM (OPTION_VALUE * 3) /* the longest is hex with colons */
#define WORDS 3 /* of an item: "A via B" */
#define WORD 32

enum { SIP_NAMES, SIP_ADDRESSES }; /* RFC 3361 section 3 */

/* A value being encoded. */
struct value {
	uint8_t *p; /* OPTION_VALUE bytes */
	size_t n;
	const char *why;
};

/* A text being written; what goes behind its end is lost. */
struct text {
	char *s; /* OPTION_TEXT bytes */
	size_t n;
};

struct kind {
	bool list;
	size_t size; /* of an item; 0: items differ */
	bool (*put)(struct value *, const char *item);
	/* Of an item, or of all n bytes. */
	bool (*print)(struct text *, const uint8_t *, size_t n);
};

static bool
fail(struct value *v, const char *why)
{
	v->why = why;
	return false;
}

static bool
put(struct value *v, const void *p, size_t n)
{
	if (n > OPTION_VALUE - v->n)
		return fail(v, "the value is too long");
	memcpy(v->p + v->n, p, n);
	v->n += n;
	return true;
}

__attribute__((__format__(__printf__, 2, 3))) static bool
add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->s + t->n, OPTION_TEXT - t->n, format, args);
	va_end(args);
	t->n += (size_t)n;
	if (t->n < OPTION_TEXT)
		return true;
	t->n = OPTION_TEXT - 1;
	memcpy(t->s + OPTION_TEXT - 4, "...", 3);
	return true;
}

/* Numbers */

static bool
put_number(struct value *v, const char *s, long long least, long long most)
{
	const char *error;
	uint32_t n = htonl((uint32_t)strtonum(s, least, most, &error));
	size_t size = most > UINT16_MAX ? 4 : most > UINT8_MAX ? 2 : 1;

	if (error != NULL && strcmp(error, "invalid") == 0)
		return fail(v, "not a number");
	if (error != NULL)
		return fail(v, "the number is too large or too small");
	return put(v, (uint8_t *)&n + 4 - size, size);
}

static bool
put_u8(struct value *v, const char *s)
{
	return put_number(v, s, 0, UINT8_MAX);
}

static bool
put_u16(struct value *v, const char *s)
{
	return put_number(v, s, 0, UINT16_MAX);
}

static bool
put_u32(struct value *v, const char *s)
{
	return put_number(v, s, 0, UINT32_MAX);
}

static bool
put_i32(struct value *v, const char *s)
{
	return put_number(v, s, INT32_MIN, INT32_MAX);
}

static uint32_t
get_number(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static bool
print_unsigned(struct text *t, const uint8_t *p, size_t n)
{
	return add(t, "%" PRIu32, get_number(p, n));
}

static bool
print_signed(struct text *t, const uint8_t *p, size_t n)
{
	return add(t, "%" PRId32, (int32_t)get_number(p, n));
}

static bool
put_flag(struct value *v, const char *s)
{
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(s, words[i]) == 0)
			return put(v, i % 2 == 0 ? "\0" : "\1", 1);
	return fail(v, "neither yes nor no");
}

static bool
print_flag(struct text *t, const uint8_t *p, size_t n)
{
	(void)n;
	return *p <= 1 && add(t, "%s", *p == 1 ? "yes" : "no");
}

/* Addresses */

static bool
put_ip(struct value *v, const char *s)
{
	struct in_addr ip;

	if (inet_pton(AF_INET, s, &ip) != 1)
		return fail(v, "not an IPv4 address");
	return put(v, &ip, sizeof(ip));
}

static bool
print_ip(struct text *t, const uint8_t *p, size_t n)
{
	(void)n;
	return add(t, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

/* The words of an item; their number, or 0: too many, or too long. */
static size_t
split(const char *s, char words[WORDS][WORD])
{
	size_t n = 0, len;

	for (s += strspn(s, " \t"); *s != '\0'; s += strspn(s, " \t")) {
		len = strcspn(s, " \t");
		if (n == WORDS || len >= WORD)
			return 0;
		memcpy(words[n], s, len);
		words[n++][len] = '\0';
		s += len;
	}
	return n;
}

/* "A via B" or "A B": A and B are the first and second word then. */
static bool
split_via(const char *s, char words[WORDS][WORD])
{
	size_t n = split(s, words);

	if (n == 3 && strcmp(words[1], "via") == 0) {
		memcpy(words[1], words[2], WORD);
		n = 2;
	}
	return n == 2;
}

/* "A.B.C.D/BITS" in host order; "default" is 0.0.0.0/0. NULL, or why not. */
static const char *
prefix(const char *s, uint32_t *net, unsigned *bits)
{
	char address[WORD];
	size_t n = strcspn(s, "/");
	const char *error;
	struct in_addr ip;

	*net = 0;
	*bits = 0;
	if (strcmp(s, "default") == 0)
		return NULL;
	strlcpy(address, s, n + 1 < WORD ? n + 1 : WORD);
	if (s[n] == '\0' || inet_pton(AF_INET, address, &ip) != 1)
		return "not ADDRESS/BITS";
	*bits = (unsigned)strtonum(s + n + 1, 0, 32, &error);
	if (error != NULL)
		return "a prefix has 0 to 32 bits";
	*net = ntohl(ip.s_addr);
	if (*bits < 32 && (*net & (UINT32_MAX >> *bits)) != 0)
		return "bits behind the prefix are set";
	return NULL;
}

/* Mask of bits, in network order. */
static uint32_t
mask_of(unsigned bits)
{
	return htonl(bits == 0 ? 0 : UINT32_MAX << (32 - bits));
}

/*
 * An address and a mask (21: RFC 2132 section 4.3), or a destination and its
 * router (33: section 5.8).
 */
static bool
put_pair(struct value *v, const char *s)
{
	char words[WORDS][WORD];
	const char *why;
	uint32_t net, mask;
	unsigned bits;

	if (split_via(s, words)) {
		if (strcmp(words[0], "0.0.0.0") == 0)
			return fail(
			    v, "the default route is not for this list");
		return put_ip(v, words[0]) && put_ip(v, words[1]);
	}
	if (split(s, words) != 1)
		return fail(v, "neither ADDRESS/BITS nor ADDRESS via ROUTER");
	if ((why = prefix(words[0], &net, &bits)) != NULL)
		return fail(v, why);
	net = htonl(net);
	mask = mask_of(bits);
	return put(v, &net, 4) && put(v, &mask, 4);
}

static bool
print_pair(struct text *t, const uint8_t *p, size_t n)
{
	uint32_t net = get_number(p, 4), mask = get_number(p + 4, 4);
	unsigned bits = (unsigned)__builtin_popcount(mask);

	print_ip(t, p, n);
	/* What is no mask of this address is a router. */
	if (mask == ntohl(mask_of(bits)) && (net & ~mask) == 0)
		return add(t, "/%u", bits);
	add(t, " via ");
	return print_ip(t, p + 4, n);
}

/* RFC 3442: only the bytes of the prefix that hold bits are sent. */
static bool
put_route(struct value *v, const char *s)
{
	char words[WORDS][WORD];
	const char *why;
	uint32_t net;
	unsigned bits;
	uint8_t size;

	if (!split_via(s, words))
		return fail(v, "not ADDRESS/BITS via ROUTER");
	if ((why = prefix(words[0], &net, &bits)) != NULL)
		return fail(v, why);
	net = htonl(net);
	size = (uint8_t)bits;
	return put(v, &size, 1) && put(v, &net, (bits + 7) / 8) &&
	    put_ip(v, words[1]);
}

static bool
print_routes(struct text *t, const uint8_t *p, size_t n)
{
	uint8_t net[4];
	size_t size, i;

	if (n == 0)
		return false;
	for (i = 0; i < n; i += 1 + size + 4) {
		size = (p[i] + 7u) / 8;
		if (p[i] > 32 || n - i < 1 + size + 4)
			return false;
		memset(net, 0, sizeof(net));
		memcpy(net, p + i + 1, size);
		if (i > 0)
			add(t, ", ");
		print_ip(t, net, 4);
		add(t, "/%u via ", p[i]);
		print_ip(t, p + i + 1 + size, 4);
	}
	return true;
}

/* Text and bytes */

static bool
put_string(struct value *v, const char *s)
{
	for (const char *c = s; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			return fail(v, "only printable ASCII can be sent");
	if (*s == '\0')
		return fail(v, "the value is empty");
	return put(v, s, strlen(s));
}

static bool
print_string(struct text *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~' || p[i] == '\\')
			add(t, "\\x%02x", p[i]);
		else
			add(t, "%c", p[i]);
	return true;
}

static unsigned
digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
}

static bool
put_hex(struct value *v, const char *s)
{
	if (*s == '\0')
		return fail(v, "the value is empty");
	while (*s != '\0') {
		if (!isxdigit((uint8_t)s[0]) || !isxdigit((uint8_t)s[1]))
			return fail(v, "not pairs of hexadecimal digits");
		if (!put(v,
			&(uint8_t){ (uint8_t)(digit(s[0]) << 4 | digit(s[1])) },
			1))
			return false;
		s += 2;
		if (s[0] == ':' && s[1] != '\0')
			s++;
	}
	return true;
}

static bool
print_hex(struct text *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(t, i == 0 ? "%02x" : ":%02x", p[i]);
	return true;
}

/* RFC 3925: enterprise number, length, data; the same in 124 and 125. */
static bool
put_vendor(struct value *v, const char *s)
{
	char number[WORD];
	size_t n = strcspn(s, " \t"), at;

	if (n >= sizeof(number) || s[n] == '\0')
		return fail(v, "not ENTERPRISE HEX");
	memcpy(number, s, n);
	number[n] = '\0';
	if (!put_u32(v, number) || !put(v, "", 1))
		return false;
	at = v->n;
	if (!put_hex(v, s + n + strspn(s + n, " \t")))
		return false;
	if (v->n - at > UINT8_MAX)
		return fail(v, "a vendor's part is at most 255 bytes");
	v->p[at - 1] = (uint8_t)(v->n - at);
	return true;
}

static bool
print_vendors(struct text *t, const uint8_t *p, size_t n)
{
	size_t i;

	if (n == 0)
		return false;
	for (i = 0; i < n; i += 5u + p[i + 4]) {
		if (n - i < 6 || p[i + 4] == 0 || n - i - 5 < p[i + 4])
			return false;
		add(t, i == 0 ? "%" PRIu32 " " : ", %" PRIu32 " ",
		    get_number(p + i, 4));
		print_hex(t, p + i + 5, p[i + 4]);
	}
	return true;
}

/* Names */

static bool
is_name_byte(uint8_t c)
{
	return isalnum(c) || c == '-' || c == '_';
}

/* Add the label at p to the text; false: it is none, or the name too long. */
static bool
label_get(const uint8_t *p, size_t left, char text[NAME_TEXT + 1], size_t *n)
{
	if (*p > LABEL || *p >= left || *n + (*n > 0) + *p > NAME_TEXT)
		return false;
	if (*n > 0)
		text[(*n)++] = '.';
	for (size_t i = 1; i <= *p; i++) {
		if (!is_name_byte(p[i]))
			return false;
		text[(*n)++] = (char)p[i];
	}
	return true;
}

/*
 * The name at `at` as text, with "" for the root; where the next one begins, or
 * 0: it is none. Pointers lead backwards only, so they come to an end.
 */
static size_t
name_get(const uint8_t *p, size_t len, size_t at, char text[NAME_TEXT + 1])
{
	size_t next = 0, lowest = at, n = 0, target;

	while (at < len && p[at] != 0) {
		if ((p[at] & POINTER) != POINTER) {
			if (!label_get(p + at, len - at, text, &n))
				return 0;
			at += p[at] + 1u;
			continue;
		}
		if (len - at < 2)
			return 0;
		target = (p[at] & ~POINTER) << 8 | p[at + 1];
		if (target >= lowest)
			return 0;
		next = next == 0 ? at + 2 : next;
		at = lowest = target;
	}
	if (at >= len)
		return 0;
	text[n] = '\0';
	return next == 0 ? at + 1 : next;
}

/* Where in the names before `end` this one stands, or `end`: nowhere. */
static size_t
name_seek(const struct value *v, size_t end, const char *name)
{
	char text[NAME_TEXT + 1];
	size_t at = 0;

	while (at < end) {
		if (v->p[at] == 0)
			at++;
		else if ((v->p[at] & POINTER) == POINTER)
			at += 2;
		else if (name_get(v->p, end, at, text) != 0 &&
		    strcasecmp(text, name) == 0)
			return at;
		else
			at += v->p[at] + 1u;
	}
	return end;
}

/* Labels, then the root or, where compressed, perhaps a pointer. */
static bool
put_labels(struct value *v, const char *s, bool compressed)
{
	size_t begin = v->n, n, found;
	uint8_t size, pointer[2];

	while (*s != '\0') {
		found = compressed ? name_seek(v, begin, s) : begin;
		if (found < begin) {
			pointer[0] = (uint8_t)(POINTER | found >> 8);
			pointer[1] = (uint8_t)found;
			return put(v, pointer, sizeof(pointer));
		}
		n = strcspn(s, ".");
		if (n == 0 || n > LABEL)
			return fail(v, "a label has 1 to 63 characters");
		size = (uint8_t)n;
		if (!put(v, &size, 1) || !put(v, s, n))
			return false;
		s += n + (s[n] == '.');
	}
	return put(v, "", 1);
}

/* NULL, or why these n bytes are no name. */
static const char *
name_fault(const char *s, size_t n)
{
	size_t i, letters = 0;

	if (n == 0 || n > NAME_TEXT)
		return "a name has 1 to 253 characters";
	for (i = 0; i < n; i++)
		if (!is_name_byte((uint8_t)s[i]) && s[i] != '.')
			return "not a domain name";
	while (i > 0 && s[i - 1] != '.')
		letters += !isdigit((uint8_t)s[--i]);
	/* Rather a mistyped address (RFC 1123 section 2.1). */
	if (i < n && letters == 0)
		return "a domain name doesn't end in a number";
	return i == n ? "a label has 1 to 63 characters" : NULL;
}

static bool
put_any_name(struct value *v, const char *s, bool compressed)
{
	char name[NAME_TEXT + 1];
	size_t n = strlen(s);
	const char *why;

	if (n > 1 && s[n - 1] == '.')
		n--;
	if ((why = name_fault(s, n)) != NULL)
		return fail(v, why);
	memcpy(name, s, n);
	name[n] = '\0';
	return put_labels(v, name, compressed);
}

static bool
put_name(struct value *v, const char *s)
{
	return put_any_name(v, s, false);
}

static bool
put_name_compressed(struct value *v, const char *s)
{
	return put_any_name(v, s, true);
}

static bool
print_names(struct text *t, const uint8_t *p, size_t n)
{
	char name[NAME_TEXT + 1];
	size_t at;

	if (n == 0)
		return false;
	for (at = 0; at < n;) {
		if (at > 0)
			add(t, ", ");
		at = name_get(p, n, at, name);
		if (at == 0 || name[0] == '\0')
			return false;
		add(t, "%s", name);
	}
	return true;
}

static bool
print_name(struct text *t, const uint8_t *p, size_t n)
{
	char name[NAME_TEXT + 1];

	return n > 0 && name_get(p, n, 0, name) == n && name[0] != '\0' &&
	    add(t, "%s", name);
}

/* The first byte says which of the two all of them are. */
static bool
put_sip(struct value *v, const char *s)
{
	struct in_addr ip;
	uint8_t is =
	    inet_pton(AF_INET, s, &ip) == 1 ? SIP_ADDRESSES : SIP_NAMES;

	if (v->n == 0)
		put(v, &is, 1);
	if (v->p[0] != is)
		return fail(v, "addresses and names can't be mixed");
	return is == SIP_ADDRESSES ? put(v, &ip, 4) : put_name(v, s);
}

static bool
print_sip(struct text *t, const uint8_t *p, size_t n)
{
	if (n > 1 && p[0] == SIP_NAMES)
		return print_names(t, p + 1, n - 1);
	if (n < 5 || n % 4 != 1 || p[0] != SIP_ADDRESSES)
		return false;
	for (size_t i = 1; i < n; i += 4) {
		if (i > 1)
			add(t, ", ");
		print_ip(t, p + i, 4);
	}
	return true;
}

static bool
put_dnr(struct value *v, const char *s)
{
	int n = dnr_encode(s, v->p + v->n, OPTION_VALUE - v->n, &v->why);

	if (n == -1)
		return false;
	v->n += (size_t)n;
	return true;
}

static bool
print_dnrs(struct text *t, const uint8_t *p, size_t n)
{
	char text[DNR_TEXT];
	size_t i, size;

	for (i = 0; i < n; i += size) {
		if ((size = dnr_print(p + i, n - i, text)) == 0)
			return false;
		add(t, i == 0 ? "%s" : ", %s", text);
	}
	return n > 0;
}

/* clang-format off */
static const struct kind kinds[] = {
	[OPTION_FLAG] = { false, 1, put_flag, print_flag },
	[OPTION_U8] = { false, 1, put_u8, print_unsigned },
	[OPTION_U16] = { false, 2, put_u16, print_unsigned },
	[OPTION_U32] = { false, 4, put_u32, print_unsigned },
	[OPTION_I32] = { false, 4, put_i32, print_signed },
	[OPTION_U8S] = { true, 1, put_u8, print_unsigned },
	[OPTION_U16S] = { true, 2, put_u16, print_unsigned },
	[OPTION_IP] = { false, 4, put_ip, print_ip },
	[OPTION_IPS] = { true, 4, put_ip, print_ip },
	[OPTION_IP_PAIRS] = { true, 8, put_pair, print_pair },
	[OPTION_STRING] = { false, 0, put_string, print_string },
	[OPTION_HEX] = { false, 0, put_hex, print_hex },
	[OPTION_FQDN] = { false, 0, put_name, print_name },
	[OPTION_FQDNS] = { true, 0, put_name_compressed, print_names },
	[OPTION_SIP] = { true, 0, put_sip, print_sip },
	[OPTION_ROUTES] = { true, 0, put_route, print_routes },
	[OPTION_VENDOR] = { true, 0, put_vendor, print_vendors },
	[OPTION_DNR] = { true, 0, put_dnr, print_dnrs },
};
/* clang-format on */

/* The items of a word, between commas, without the blanks around them. */
static bool
put_items(struct value *v, const struct kind *k, const char *word)
{
	char item[ITEM];
	size_t n, len;

	for (;; word += n + 1) {
		word += strspn(word, " \t");
		n = strcspn(word, ",");
		len = n;
		while (
		    len > 0 && (word[len - 1] == ' ' || word[len - 1] == '\t'))
			len--;
		if (len == 0)
			return fail(v, "an item of the list is empty");
		if (len >= sizeof(item))
			return fail(v, "the value is too long");
		memcpy(item, word, len);
		item[len] = '\0';
		if (!k->put(v, item))
			return false;
		if (word[n] == '\0')
			return true;
	}
}

int
option_encode(enum option_type type, const char *const *words, size_t n,
    uint8_t out[OPTION_VALUE], const char **why)
{
	const struct kind *k = &kinds[type];
	struct value v = { .p = out };
	bool good = true;

	if (n == 0)
		good = fail(&v, "a value is missing");
	else if (n > 1 && !k->list)
		good = fail(&v, "takes one value only");
	for (size_t i = 0; i < n && good; i++)
		good =
		    k->list ? put_items(&v, k, words[i]) : k->put(&v, words[i]);
	if (!good)
		*why = v.why;
	return good ? (int)v.n : -1;
}

static bool
print_value(struct text *t, const struct kind *k, const uint8_t *p, size_t n)
{
	if (k->size == 0)
		return k->print(t, p, n);
	if (n == 0 || n % k->size != 0 || (!k->list && n != k->size))
		return false;
	for (size_t i = 0; i < n; i += k->size) {
		if (i > 0)
			add(t, ", ");
		if (!k->print(t, p + i, k->size))
			return false;
	}
	return true;
}

const char *
option_print(enum option_type type, const uint8_t *value, size_t len,
    char out[OPTION_TEXT])
{
	struct text t = { out, 0 };

	out[0] = '\0';
	if (!print_value(&t, &kinds[type], value, len)) {
		t.n = 0;
		out[0] = '\0';
		/* marked, or some would look like values of their type */
		if (len > 0)
			add(&t, "hex ");
		print_hex(&t, value, len);
	}
	return out;
}
