/*
 * Stored rdata to the text of master files: a writer for each kind of field.
 * What a type's own text cannot tell exactly is written as \# (RFC 3597).
 */
#include <arpa/inet.h>

#include <string.h>
#include <time.h>

#include "rdatapart.h"

#define HEX_DIGITS "0123456789ABCDEF"

void
rdata_text_name(const uint8_t *name, struct buf *b)
{
	char text[DNS_NAME_TEXT];

	buf_puts(b, dns_name_text(name, text));
}

void
rdata_text_byte(uint8_t c, struct buf *b)
{
	if (c < ' ' || c > '~')
		buf_printf(b, "\\%03u", c);
	else if (c == '"' || c == '\\')
		buf_add(b, (const char[]){ '\\', (char)c }, 2);
	else
		buf_add(b, &c, 1);
}

void
rdata_text_quoted(const uint8_t *p, size_t n, struct buf *b)
{
	size_t i;

	buf_puts(b, "\"");
	for (i = 0; i < n; i++)
		rdata_text_byte(p[i], b);
	buf_puts(b, "\"");
}

void
rdata_text_hex(const uint8_t *p, size_t n, struct buf *b)
{
	uint8_t *out = buf_room(b, 2 * n);
	size_t i;

	if (out == NULL)
		return;
	for (i = 0; i < n; i++) {
		*out++ = (uint8_t)HEX_DIGITS[p[i] >> 4];
		*out++ = (uint8_t)HEX_DIGITS[p[i] & 15];
	}
	b->len += 2 * n;
}

void
rdata_text_base64(const uint8_t *p, size_t n, struct buf *b)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i, k, size = (n + 2) / 3 * 4;
	uint8_t *out = buf_room(b, size);
	uint32_t v;

	if (out == NULL)
		return;
	for (i = 0; i < n; i += 3) {
		v = (uint32_t)p[i] << 16;
		if (i + 1 < n)
			v |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		for (k = 0; k < 4; k++)
			*out++ = (uint8_t)(i + k > n ?
				'=' :
				digits[v >> (18 - 6 * k) & 63]);
	}
	b->len += size;
}

/* With hexadecimal's digits, no padding (RFC 5155 section 3.3). */
void
rdata_text_base32(const uint8_t *p, size_t n, struct buf *b)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
	unsigned acc = 0, have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		acc = acc << 8 | p[i];
		for (have += 8; have >= 5; have -= 5)
			buf_add(b, &digits[acc >> (have - 5) & 31], 1);
	}
	if (have > 0)
		buf_add(b, &digits[acc << (5 - have) & 31], 1);
}

void
rdata_text_ip4(const uint8_t *p, struct buf *b)
{
	buf_printf(b, "%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
}

void
rdata_text_ip6(const uint8_t *p, struct buf *b)
{
	char text[INET6_ADDRSTRLEN];

	buf_puts(b, inet_ntop(AF_INET6, p, text, sizeof(text)));
}

static bool
text_name(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_name(r->p, b);
	return true;
}

static bool
text_u8(const struct rdata_bytes *r, struct buf *b)
{
	buf_printf(b, "%u", r->p[0]);
	return true;
}

static bool
text_u16(const struct rdata_bytes *r, struct buf *b)
{
	buf_printf(b, "%u", rdata_get16(r->p));
	return true;
}

static bool
text_u32(const struct rdata_bytes *r, struct buf *b)
{
	buf_printf(b, "%u", rdata_get32(r->p));
	return true;
}

static bool
text_ip4(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_ip4(r->p, b);
	return true;
}

static bool
text_ip6(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_ip6(r->p, b);
	return true;
}

static bool
text_string(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_quoted(r->p + 1, r->n - 1, b);
	return true;
}

static bool
text_strings(const struct rdata_bytes *r, struct buf *b)
{
	size_t i;

	for (i = 0; i < r->n; i += 1u + r->p[i]) {
		if (i > 0)
			buf_puts(b, " ");
		rdata_text_quoted(r->p + i + 1, r->p[i], b);
	}
	return true;
}

static bool
text_tag(const struct rdata_bytes *r, struct buf *b)
{
	buf_add(b, r->p + 1, r->n - 1);
	return true;
}

static bool
text_text(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_quoted(r->p, r->n, b);
	return true;
}

static bool
text_type(const struct rdata_bytes *r, struct buf *b)
{
	char room[RTYPE_TEXT];

	buf_puts(b, rtype_text((uint16_t)rdata_get16(r->p), room));
	return true;
}

static bool
text_date(const struct rdata_bytes *r, struct buf *b)
{
	time_t when = (time_t)rdata_get32(r->p);
	struct tm tm;

	gmtime_r(&when, &tm);
	buf_printf(b, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return true;
}

static bool
text_salt(const struct rdata_bytes *r, struct buf *b)
{
	if (r->n == 1)
		buf_puts(b, "-");
	else
		rdata_text_hex(r->p + 1, r->n - 1, b);
	return true;
}

static bool
text_hash(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_base32(r->p + 1, r->n - 1, b);
	return true;
}

/* The types of n bytes whose first bit is type `first`'s. */
static void
text_bits(const uint8_t *p, size_t n, unsigned first, struct buf *b)
{
	char room[RTYPE_TEXT];
	size_t i;

	for (i = 0; i < n * 8; i++) {
		if ((p[i / 8] & 0x80 >> i % 8) == 0)
			continue;
		if (b->p[b->len - 1] != ' ')
			buf_puts(b, " ");
		buf_puts(b, rtype_text((uint16_t)(first + i), room));
	}
}

static bool
text_bitmap(const struct rdata_bytes *r, struct buf *b)
{
	size_t i;

	for (i = 0; i < r->n && !b->failed; i += 2u + r->p[i + 1])
		text_bits(r->p + i + 2, r->p[i + 1], r->p[i] * 256u, b);
	return true;
}

static bool
text_nxt(const struct rdata_bytes *r, struct buf *b)
{
	if (!b->failed)
		text_bits(r->p, r->n, 0, b);
	return true;
}

static bool
text_base64(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_base64(r->p, r->n, b);
	return true;
}

static bool
text_base64_dash(const struct rdata_bytes *r, struct buf *b)
{
	if (r->n == 0)
		buf_puts(b, "-");
	else
		rdata_text_base64(r->p, r->n, b);
	return true;
}

static bool
text_hex(const struct rdata_bytes *r, struct buf *b)
{
	rdata_text_hex(r->p, r->n, b);
	return true;
}

static bool
text_nsap(const struct rdata_bytes *r, struct buf *b)
{
	buf_puts(b, "0x");
	rdata_text_hex(r->p, r->n, b);
	return true;
}

static bool
text_eui(const struct rdata_bytes *r, struct buf *b)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		buf_printf(b, "%s%02x", i > 0 ? "-" : "", r->p[i]);
	return true;
}

static bool
text_node(const struct rdata_bytes *r, struct buf *b)
{
	buf_printf(b, "%04x:%04x:%04x:%04x", rdata_get16(r->p),
	    rdata_get16(r->p + 2), rdata_get16(r->p + 4),
	    rdata_get16(r->p + 6));
	return true;
}

static const struct {
	bool (*text)(const struct rdata_bytes *, struct buf *);
	bool empty; /* there is a word for nothing, too */
} writers[RDATA_KINDS] = {
	[RDATA_NAME] = { text_name, false },
	[RDATA_U8] = { text_u8, false },
	[RDATA_U16] = { text_u16, false },
	[RDATA_U32] = { text_u32, false },
	[RDATA_TIME] = { text_u32, false },
	[RDATA_IP4] = { text_ip4, false },
	[RDATA_IP6] = { text_ip6, false },
	[RDATA_STRING] = { text_string, false },
	[RDATA_STRING_OPT] = { text_string, false },
	[RDATA_STRINGS] = { text_strings, false },
	[RDATA_TAG] = { text_tag, false },
	[RDATA_TEXT] = { text_text, false },
	[RDATA_TEXT_ANY] = { text_text, true },
	[RDATA_TYPE] = { text_type, false },
	[RDATA_ALGORITHM] = { text_u8, false },
	[RDATA_CERT] = { text_u16, false },
	[RDATA_SCHEME] = { text_u8, false },
	[RDATA_DATE] = { text_date, false },
	[RDATA_SALT] = { text_salt, false },
	[RDATA_HASH] = { text_hash, false },
	[RDATA_BITMAP] = { text_bitmap, false },
	[RDATA_NXT] = { text_nxt, false },
	[RDATA_BASE64] = { text_base64, false },
	[RDATA_BASE64_ANY] = { text_base64, false },
	[RDATA_BASE64_DASH] = { text_base64_dash, true },
	[RDATA_HEX] = { text_hex, false },
	[RDATA_DS] = { text_hex, false },
	[RDATA_ZONEMD] = { text_hex, false },
	[RDATA_NSAP] = { text_nsap, false },
	[RDATA_EUI48] = { text_eui, false },
	[RDATA_EUI64] = { text_eui, false },
	[RDATA_NODE] = { text_node, false },
	[RDATA_GATEWAY] = { rdata_text_gateway, true },
	[RDATA_RELAY] = { rdata_text_relay, false },
	[RDATA_HIP] = { rdata_text_hip, false },
	[RDATA_LOC] = { rdata_text_loc, false },
	[RDATA_PREFIXES] = { rdata_text_prefixes, false },
	[RDATA_SERVICES] = { rdata_text_services, false },
	[RDATA_A6] = { rdata_text_a6, false },
	[RDATA_PARAMS] = { rdata_text_params, false },
};

static bool
text_fields(const struct rdata_layout *l, const uint8_t *data, size_t len,
    struct buf *b)
{
	struct rdata_bytes r = { .data = data };
	const uint8_t *f;
	size_t at = 0;
	int n;

	for (f = l->fields; *f != RDATA_END; f++, at += r.n) {
		if ((n = rdata_size(*f, data, at, len)) == -1)
			return false;
		r.p = data + at;
		r.n = (size_t)n;
		if (n == 0 && !writers[*f].empty)
			continue;
		if (f != l->fields)
			buf_puts(b, " ");
		if (!writers[*f].text(&r, b))
			return false;
	}
	return at == len;
}

void
rdata_text(uint16_t type, const uint8_t *data, size_t len, struct buf *b)
{
	const struct rdata_layout *l = rdata_layout(type);
	size_t before = b->len;

	if (l != NULL && text_fields(l, data, len, b))
		return;
	b->len = before;
	buf_printf(b, "\\# %zu", len);
	if (len > 0) {
		buf_puts(b, " ");
		rdata_text_hex(data, len, b);
	}
}
