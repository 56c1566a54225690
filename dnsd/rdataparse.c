/*
 * Records of master files to wire form: a reader for each kind of field, and
 * the walk along a type's row that calls them.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rdatapart.h"
#include "zonefile.h"

struct number_name {
	const char *name;
	uint16_t number;
};

/* clang-format off */
static const struct number_name algorithms[] = { /* IANA, RFC 8624 */
	{ "RSAMD5", 1 }, { "DH", 2 }, { "DSA", 3 }, { "RSASHA1", 5 },
	{ "NSEC3DSA", 6 }, { "DSA-NSEC3-SHA1", 6 }, { "NSEC3RSASHA1", 7 },
	{ "RSASHA1-NSEC3-SHA1", 7 }, { "RSASHA256", 8 }, { "RSASHA512", 10 },
	{ "ECC-GOST", 12 }, { "ECDSAP256SHA256", 13 },
	{ "ECDSAP384SHA384", 14 }, { "ED25519", 15 }, { "ED448", 16 },
	{ "INDIRECT", 252 }, { "PRIVATEDNS", 253 }, { "PRIVATEOID", 254 },
	{ NULL, 0 },
};
static const struct number_name certs[] = { /* RFC 4398 section 2.1 */
	{ "PKIX", 1 }, { "SPKI", 2 }, { "PGP", 3 }, { "IPKIX", 4 },
	{ "ISPKI", 5 }, { "IPGP", 6 }, { "ACPKIX", 7 }, { "IACPKIX", 8 },
	{ "URI", 253 }, { "OID", 254 }, { NULL, 0 },
};
static const struct number_name schemes[] = { { "NOTIFY", 1 }, { NULL, 0 } };
/* clang-format on */

/* One of these names, or a number of so many bytes. */
static int
put_named(struct rdata_words *w, const struct number_name *names, size_t bytes)
{
	const uint8_t zero = 0;

	for (; w->i < w->n && names->name != NULL; names++) {
		if (!rdata_is(&w->t[w->i], names->name))
			continue;
		w->i++;
		if (bytes == 2)
			return rdata_put16(w, names->number);
		if (rdata_put(w, &zero, 1) == -1)
			return -1;
		w->out[w->len - 1] = (uint8_t)names->number;
		return 0;
	}
	return rdata_put_number(w, bytes);
}

static int
parse_algorithm(struct rdata_words *w)
{
	return put_named(w, algorithms, 1);
}

static int
parse_cert(struct rdata_words *w)
{
	return put_named(w, certs, 2);
}

static int
parse_scheme(struct rdata_words *w)
{
	return put_named(w, schemes, 1);
}

static int
parse_u8(struct rdata_words *w)
{
	return rdata_put_number(w, 1);
}

static int
parse_u16(struct rdata_words *w)
{
	return rdata_put_number(w, 2);
}

static int
parse_u32(struct rdata_words *w)
{
	return rdata_put_number(w, 4);
}

static int
put32(struct rdata_words *w, uint32_t v)
{
	return rdata_put16(w, v >> 16) == -1 ? -1 : rdata_put16(w, v & 0xffff);
}

/* Seconds may use all 32 bits, times with units as many as a TTL. */
static int
parse_time(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint32_t v;

	if (t == NULL)
		return -1;
	if (t->quoted ||
	    (!rdata_number(t->text, t->len, UINT32_MAX, &v) &&
		!zonefile_ttl(t->text, t->len, &v)))
		return rdata_bad(w, t, "time");
	return put32(w, v);
}

static int
two_digits(const char *s)
{
	return (s[0] - '0') * 10 + (s[1] - '0');
}

/* YYYYMMDDHHmmSS (RFC 4034 section 3.2), all digits. false: no such time. */
static bool
date(const char *s, uint32_t *out)
{
	struct tm tm = {
		.tm_year = two_digits(s) * 100 + two_digits(s + 2) - 1900,
		.tm_mon = two_digits(s + 4) - 1,
		.tm_mday = two_digits(s + 6),
		.tm_hour = two_digits(s + 8),
		.tm_min = two_digits(s + 10),
		.tm_sec = two_digits(s + 12),
	};
	const struct tm in = tm;
	int64_t v = timegm(&tm);

	*out = (uint32_t)v;
	/* what is no date was made one */
	return v >= 0 && v <= UINT32_MAX && tm.tm_mon == in.tm_mon &&
	    tm.tm_mday == in.tm_mday && tm.tm_hour == in.tm_hour &&
	    tm.tm_min == in.tm_min && tm.tm_sec == in.tm_sec;
}

static int
parse_date(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint32_t v, high, low;

	if (t == NULL)
		return -1;
	if (t->quoted)
		return rdata_bad(w, t, "date");
	if (rdata_number(t->text, t->len, UINT32_MAX, &v))
		return put32(w, v);
	if (t->len != 14 || !rdata_number(t->text, 7, UINT32_MAX, &high) ||
	    !rdata_number(t->text + 7, 7, UINT32_MAX, &low) ||
	    !date(t->text, &v))
		return rdata_bad(w, t, "date");
	return put32(w, v);
}

static int
put_string(struct rdata_words *w, const struct rdata_token *t)
{
	uint8_t bytes[1 + 255];
	int n = rdata_unescape(t, bytes + 1, 255);

	if (n == -1)
		return rdata_error(
		    w, "a string above 255 bytes, or a wrong escape in it");
	bytes[0] = (uint8_t)n;
	return rdata_put(w, bytes, (size_t)n + 1);
}

static int
parse_string(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);

	return t == NULL ? -1 : put_string(w, t);
}

static int
parse_string_opt(struct rdata_words *w)
{
	return w->i == w->n ? 0 : parse_string(w);
}

/*
 * key="value" is one word for the sake of SVCB; in a TXT record it is two
 * strings. -1 where it is another word.
 */
static int
split_pair(const struct rdata_token *t, struct rdata_token half[2])
{
	const char *quote;

	if (t->quoted || t->len < 3 || t->text[t->len - 1] != '"' ||
	    (quote = memchr(t->text, '"', t->len)) == NULL ||
	    quote == t->text || quote[-1] != '=' ||
	    quote == t->text + t->len - 1)
		return -1;
	half[0] =
	    (struct rdata_token){ t->text, (size_t)(quote - t->text), false };
	half[1] =
	    (struct rdata_token){ quote + 1, t->len - half[0].len - 2, true };
	return 0;
}

static int
parse_strings(struct rdata_words *w)
{
	const struct rdata_token *t;
	struct rdata_token half[2];

	do {
		if ((t = rdata_next(w)) == NULL)
			return -1;
		if (split_pair(t, half) == 0) {
			if (put_string(w, &half[0]) == -1)
				return -1;
			t = &half[1];
		}
		if (put_string(w, t) == -1)
			return -1;
	} while (w->i < w->n);
	return 0;
}

static int
parse_tag(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	size_t at = w->len;

	if (t == NULL || put_string(w, t) == -1)
		return -1;
	if (rdata_size(RDATA_TAG, w->out, at, w->len) == -1)
		return rdata_bad(w, t, "tag");
	return 0;
}

static int
parse_text_any(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	int n;

	if (t == NULL)
		return -1;
	n = rdata_unescape(t, w->out + w->len, RDATA_MAX - w->len);
	if (n == -1)
		return rdata_error(w, "text too long, or a wrong escape in it");
	w->len += (size_t)n;
	return 0;
}

static int
parse_text(struct rdata_words *w)
{
	size_t before = w->len;

	if (parse_text_any(w) == -1)
		return -1;
	return w->len > before ? 0 : rdata_error(w, "an empty text");
}

static int
parse_type(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint16_t type;

	if (t == NULL)
		return -1;
	if (t->quoted || !rtype_parse(t->text, t->len, &type))
		return rdata_bad(w, t, "type");
	return rdata_put16(w, type);
}

/* What put writes, with its length before it in a byte. */
static int
put_counted(struct rdata_words *w, int (*put)(struct rdata_words *))
{
	const uint8_t zero = 0;
	size_t at = w->len, n;

	if (rdata_put(w, &zero, 1) == -1 || put(w) == -1)
		return -1;
	n = w->len - at - 1;
	if (n > 255)
		return rdata_error(w, "more than 255 bytes");
	w->out[at] = (uint8_t)n;
	return 0;
}

static int
put_hex_word(struct rdata_words *w)
{
	return rdata_put_hex(w, 1);
}

static int
parse_salt(struct rdata_words *w)
{
	const uint8_t zero = 0;

	if (w->i == w->n)
		return rdata_error(w, "too few fields");
	if (!rdata_is(&w->t[w->i], "-"))
		return put_counted(w, put_hex_word);
	w->i++;
	return rdata_put(w, &zero, 1);
}

static int
parse_hash(struct rdata_words *w)
{
	size_t at = w->len;

	if (w->i == w->n)
		return rdata_error(w, "too few fields");
	if (put_counted(w, rdata_put_base32) == -1)
		return -1;
	if (w->out[at] == 0)
		return rdata_error(w, "an empty hash");
	return 0;
}

/* The bytes of one window (RFC 4034 section 4.1.2), zeros at the end left
 * out. */
static int
put_window(struct rdata_words *w, unsigned window, const uint8_t bits[32])
{
	uint8_t head[2];
	uint8_t n = 32;

	while (bits[n - 1] == 0)
		n--;
	head[0] = (uint8_t)window;
	head[1] = n;
	return rdata_put(w, head, 2) == -1 ? -1 : rdata_put(w, bits, n);
}

/* Only windows that have a type are looked at again. */
static int
parse_bitmap(struct rdata_words *w)
{
	uint8_t bits[256][32] = { { 0 } };
	bool used[256] = { false };
	const struct rdata_token *t;
	unsigned window;
	uint16_t type;

	while (w->i < w->n) {
		t = &w->t[w->i++];
		if (t->quoted || !rtype_parse(t->text, t->len, &type))
			return rdata_bad(w, t, "type");
		window = type >> 8;
		used[window] = true;
		bits[window][(type & 255) / 8] |= (uint8_t)(0x80 >> type % 8);
	}
	for (window = 0; window < 256; window++)
		if (used[window] && put_window(w, window, bits[window]) == -1)
			return -1;
	return 0;
}

static int
parse_nxt(struct rdata_words *w)
{
	uint8_t bits[16] = { 0 };
	const struct rdata_token *t;
	uint16_t type;
	size_t n;

	while (w->i < w->n) {
		t = &w->t[w->i++];
		if (t->quoted || !rtype_parse(t->text, t->len, &type) ||
		    type == 0 || type > 127)
			return rdata_bad(w, t, "type from 1 to 127");
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
	}
	for (n = sizeof(bits); n > 0 && bits[n - 1] == 0; n--)
		;
	return n == 0 ? rdata_error(w, "no types") : rdata_put(w, bits, n);
}

static int
parse_base64_any(struct rdata_words *w)
{
	return rdata_put_base64(w, SIZE_MAX);
}

static int
parse_base64(struct rdata_words *w)
{
	size_t before = w->len;

	if (parse_base64_any(w) == -1)
		return -1;
	return w->len > before ? 0 : rdata_error(w, "too few fields");
}

static int
parse_base64_dash(struct rdata_words *w)
{
	if (w->i < w->n && rdata_is(&w->t[w->i], "-")) {
		w->i++;
		return 0;
	}
	return parse_base64(w);
}

static int
parse_hex(struct rdata_words *w)
{
	size_t before = w->len;

	if (rdata_put_hex(w, SIZE_MAX) == -1)
		return -1;
	return w->len > before ? 0 : rdata_error(w, "too few fields");
}

/* A digest whose length its algorithm knows. */
static int
put_digest(struct rdata_words *w, enum rdata_kind kind)
{
	size_t at = w->len;

	if (parse_hex(w) == -1)
		return -1;
	if (rdata_size(kind, w->out, at, w->len) == -1)
		return rdata_error(
		    w, "%zu bytes are no digest of this kind", w->len - at);
	return 0;
}

static int
parse_ds(struct rdata_words *w)
{
	return put_digest(w, RDATA_DS);
}

static int
parse_zonemd(struct rdata_words *w)
{
	return put_digest(w, RDATA_ZONEMD);
}

/*
 * Pairs or groups of hexadecimal digits: n bytes, a mark between each `group`
 * bytes, whose leading zeros may be left out where they are two.
 */
static int
put_groups(struct rdata_words *w, size_t n, size_t group, char mark)
{
	const struct rdata_token *t = rdata_next(w);
	uint8_t out[8] = { 0 };
	unsigned v, digits;
	size_t i, at = 0;

	if (t == NULL)
		return -1;
	for (i = 0; i < n; i += group) {
		v = digits = 0;
		for (; at < t->len && rdata_hex_digit(t->text[at]) != -1 &&
		     digits < 2 * group;
		     digits++)
			v = v << 4 | (unsigned)rdata_hex_digit(t->text[at++]);
		if (digits == 0 || (group == 1 && digits != 2))
			break;
		out[i] = (uint8_t)(group == 1 ? v : v >> 8);
		if (group == 2)
			out[i + 1] = (uint8_t)v;
		if (i + group < n && (at == t->len || t->text[at++] != mark))
			break;
	}
	if (t->quoted || i != n || at != t->len)
		return rdata_bad(w, t, mark == '-' ? "EUI address" : "locator");
	return rdata_put(w, out, n);
}

static int
parse_eui48(struct rdata_words *w)
{
	return put_groups(w, 6, 1, '-');
}

static int
parse_eui64(struct rdata_words *w)
{
	return put_groups(w, 8, 1, '-');
}

static int
parse_node(struct rdata_words *w)
{
	return put_groups(w, 8, 2, ':');
}

/* RFC 1706 section 6: dots mean nothing. */
static int
parse_nsap(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	uint8_t byte = 0;
	bool half = false;
	size_t i;
	int v;

	if (t == NULL)
		return -1;
	if (t->quoted || t->len < 4 || t->text[0] != '0' ||
	    (t->text[1] != 'x' && t->text[1] != 'X'))
		return rdata_bad(w, t, "NSAP address");
	for (i = 2; i < t->len; i++) {
		if (t->text[i] == '.')
			continue;
		if ((v = rdata_hex_digit(t->text[i])) == -1)
			return rdata_bad(w, t, "NSAP address");
		byte = (uint8_t)(byte << 4 | v);
		if (half && rdata_put(w, &byte, 1) == -1)
			return -1;
		half = !half;
	}
	return half || w->len == 0 ? rdata_bad(w, t, "NSAP address") : 0;
}

static int (*const parsers[RDATA_KINDS])(struct rdata_words *) = {
	[RDATA_NAME] = rdata_put_name,
	[RDATA_U8] = parse_u8,
	[RDATA_U16] = parse_u16,
	[RDATA_U32] = parse_u32,
	[RDATA_TIME] = parse_time,
	[RDATA_IP4] = rdata_put_ip4,
	[RDATA_IP6] = rdata_put_ip6,
	[RDATA_STRING] = parse_string,
	[RDATA_STRING_OPT] = parse_string_opt,
	[RDATA_STRINGS] = parse_strings,
	[RDATA_TAG] = parse_tag,
	[RDATA_TEXT] = parse_text,
	[RDATA_TEXT_ANY] = parse_text_any,
	[RDATA_TYPE] = parse_type,
	[RDATA_ALGORITHM] = parse_algorithm,
	[RDATA_CERT] = parse_cert,
	[RDATA_SCHEME] = parse_scheme,
	[RDATA_DATE] = parse_date,
	[RDATA_SALT] = parse_salt,
	[RDATA_HASH] = parse_hash,
	[RDATA_BITMAP] = parse_bitmap,
	[RDATA_NXT] = parse_nxt,
	[RDATA_BASE64] = parse_base64,
	[RDATA_BASE64_ANY] = parse_base64_any,
	[RDATA_BASE64_DASH] = parse_base64_dash,
	[RDATA_HEX] = parse_hex,
	[RDATA_DS] = parse_ds,
	[RDATA_ZONEMD] = parse_zonemd,
	[RDATA_NSAP] = parse_nsap,
	[RDATA_EUI48] = parse_eui48,
	[RDATA_EUI64] = parse_eui64,
	[RDATA_NODE] = parse_node,
	[RDATA_GATEWAY] = rdata_parse_gateway,
	[RDATA_RELAY] = rdata_parse_relay,
	[RDATA_HIP] = rdata_parse_hip,
	[RDATA_LOC] = rdata_parse_loc,
	[RDATA_PREFIXES] = rdata_parse_prefixes,
	[RDATA_SERVICES] = rdata_parse_services,
	[RDATA_A6] = rdata_parse_a6,
	[RDATA_PARAMS] = rdata_parse_params,
};

/* RFC 3597 section 5: \# LENGTH HEX..., for any type. */
static int
parse_generic(struct rdata_words *w, uint16_t type)
{
	const struct rdata_token *t;
	uint32_t len;

	w->i = 1;
	if ((t = rdata_next(w)) == NULL)
		return -1;
	if (t->quoted || !rdata_number(t->text, t->len, RDATA_MAX, &len))
		return rdata_bad(w, t, "length of rdata");
	if (rdata_put_hex(w, SIZE_MAX) == -1)
		return -1;
	if (w->len != len)
		return rdata_error(
		    w, "%zu bytes, where \\# says %u", w->len, len);
	if (!rdata_valid(type, w->out, w->len))
		return rdata_error(w, "not valid for this type");
	return 0;
}

static int
parse_fields(struct rdata_words *w, const struct rdata_layout *l)
{
	const uint8_t *f;

	for (f = l->fields; *f != RDATA_END; f++)
		if (parsers[*f](w) == -1)
			return -1;
	if (w->i == w->n)
		return 0;
	return rdata_error(w, "too many fields, from \"%.*s\" on",
	    w->t[w->i].len < 40 ? (int)w->t[w->i].len : 40, w->t[w->i].text);
}

int
rdata_parse(uint16_t type, const struct rdata_token *t, size_t n,
    const uint8_t *origin, uint8_t out[RDATA_MAX], char why[RDATA_WHY])
{
	const struct rdata_layout *l = rdata_layout(type);
	struct rdata_words w = {
		.t = t, .n = n, .origin = origin, .out = out, .why = why
	};

	if (n > 0 && rdata_is(t, "\\#")) {
		if (parse_generic(&w, type) == -1)
			return -1;
	} else if (l == NULL) {
		return rdata_error(
		    &w, "of this type records are written as \\# LENGTH HEX");
	} else if (parse_fields(&w, l) == -1) {
		return -1;
	}
	return (int)w.len;
}
