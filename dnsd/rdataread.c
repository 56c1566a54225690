/*
 * Rdata of messages: how long each kind of field is and whether it is valid,
 * which everything that walks along stored rdata asks for.
 */
#include <string.h>

#include "rdatapart.h"

/* What is left of the rdata from the field on, and all of it. */
struct span {
	const uint8_t *p;
	size_t len;
	const uint8_t *data;
};

static int
size_1(const struct span *s)
{
	return s->len >= 1 ? 1 : -1;
}

static int
size_2(const struct span *s)
{
	return s->len >= 2 ? 2 : -1;
}

static int
size_4(const struct span *s)
{
	return s->len >= 4 ? 4 : -1;
}

static int
size_6(const struct span *s)
{
	return s->len >= 6 ? 6 : -1;
}

static int
size_8(const struct span *s)
{
	return s->len >= 8 ? 8 : -1;
}

static int
size_16(const struct span *s)
{
	return s->len >= 16 ? 16 : -1;
}

static int
size_rest(const struct span *s)
{
	return s->len >= 1 ? (int)s->len : -1;
}

static int
size_rest_any(const struct span *s)
{
	return (int)s->len;
}

/* Digests that are known have a length (RFC 4034, 4509, 5933, 6605). */
static int
size_ds(const struct span *s)
{
	static const uint8_t lengths[] = { 0, 20, 32, 32, 48 };
	uint8_t type = s->data[3];

	if (type < sizeof(lengths) && type > 0 && s->len != lengths[type])
		return -1;
	return size_rest(s);
}

/* RFC 8976 section 2.2.4 */
static int
size_zonemd(const struct span *s)
{
	uint8_t hash = s->data[5];

	if (s->len < 12 || (hash == 1 && s->len != 48) ||
	    (hash == 2 && s->len != 64))
		return -1;
	return size_rest(s);
}

static int
size_name(const struct span *s)
{
	size_t i = 0;

	while (i < s->len && s->p[i] != 0) {
		if (s->p[i] > DNS_LABEL)
			return -1;
		i += 1u + s->p[i];
		if (i >= DNS_NAME)
			return -1;
	}
	return i < s->len ? (int)i + 1 : -1;
}

static int
size_string(const struct span *s)
{
	return s->len >= 1 && s->p[0] < s->len ? s->p[0] + 1 : -1;
}

static int
size_string_opt(const struct span *s)
{
	return s->len == 0 ? 0 : size_string(s);
}

static int
size_hash(const struct span *s)
{
	return s->len >= 1 && s->p[0] > 0 ? size_string(s) : -1;
}

static int
size_strings(const struct span *s)
{
	size_t i;

	for (i = 0; i < s->len; i += 1u + s->p[i])
		;
	return s->len > 0 && i == s->len ? (int)i : -1;
}

/* RFC 8659 section 4.1 */
static int
size_tag(const struct span *s)
{
	int i, n = size_hash(s);

	for (i = 1; i < n; i++)
		if (!((s->p[i] >= '0' && s->p[i] <= '9') ||
			(s->p[i] >= 'A' && s->p[i] <= 'Z') ||
			(s->p[i] >= 'a' && s->p[i] <= 'z')))
			return -1;
	return n;
}

/* Windows ascend; none is empty or ends in zeros. */
static int
size_bitmap(const struct span *s)
{
	size_t i, n;
	int last = -1;

	for (i = 0; i < s->len; i += 2 + n) {
		if (s->len - i < 3 || s->p[i] <= last)
			return -1;
		last = s->p[i];
		n = s->p[i + 1];
		if (n == 0 || n > 32 || n > s->len - i - 2 ||
		    s->p[i + 1 + n] == 0)
			return -1;
	}
	return (int)s->len;
}

static int
size_nxt(const struct span *s)
{
	if (s->len == 0 || s->len > 16 || (s->p[0] & 0x80) != 0 ||
	    s->p[s->len - 1] == 0)
		return -1;
	return (int)s->len;
}

/* An address or a name by its type; 0: nothing (RFC 4025 section 2.5). */
static int
size_by_type(unsigned type, const struct span *s)
{
	switch (type) {
	case 0:
		return 0;
	case 1:
		return size_4(s);
	case 2:
		return size_16(s);
	case 3:
		return size_name(s);
	}
	return -1;
}

static int
size_gateway(const struct span *s)
{
	return size_by_type(s->data[1], s);
}

static int
size_relay(const struct span *s)
{
	struct span relay = { s->p + 1, s->len - 1, s->data };
	int n;

	if (s->len == 0)
		return -1;
	n = size_by_type(s->p[0] & 0x7f, &relay);
	return n == -1 ? -1 : n + 1;
}

/* RFC 8005 section 5 */
static int
size_hip(const struct span *s)
{
	struct span rest = *s;
	size_t hit, key;
	int n;

	if (s->len < 4)
		return -1;
	hit = s->p[0];
	key = rdata_get16(s->p + 2);
	if (hit == 0 || key == 0 || hit + key > s->len - 4)
		return -1;
	rest.p += 4 + hit + key;
	rest.len -= 4 + hit + key;
	while (rest.len > 0) {
		if ((n = size_name(&rest)) == -1)
			return -1;
		rest.p += n;
		rest.len -= (size_t)n;
	}
	return (int)s->len;
}

static bool
loc_number(uint8_t v)
{
	return v >> 4 <= 9 && (v & 15) <= 9;
}

static bool
loc_angle(const uint8_t *p, uint32_t max)
{
	uint32_t v = rdata_get32(p);

	return v >= LOC_ZERO - max && v <= LOC_ZERO + max;
}

/* RFC 1876 section 2; of other versions than 0 nothing is known. */
static int
size_loc(const struct span *s)
{
	const uint8_t *p = s->p;

	if (s->len < LOC_BYTES || p[0] != 0 || !loc_number(p[1]) ||
	    !loc_number(p[2]) || !loc_number(p[3]) ||
	    !loc_angle(p + 4, LOC_LATITUDE) || !loc_angle(p + 8, LOC_LONGITUDE))
		return -1;
	return LOC_BYTES;
}

/* RFC 3123 section 4; families without a text of their own pass. */
static int
size_prefixes(const struct span *s)
{
	size_t i, n;
	unsigned family;

	for (i = 0; i < s->len; i += 4 + n) {
		if (s->len - i < 4)
			return -1;
		family = rdata_get16(s->p + i);
		n = s->p[i + 3] & 0x7f;
		if (n > s->len - i - 4 || (n > 0 && s->p[i + 3 + n] == 0))
			return -1;
		if ((family == 1 && (n > 4 || s->p[i + 2] > 32)) ||
		    (family == 2 && (n > 16 || s->p[i + 2] > 128)))
			return -1;
	}
	return (int)s->len;
}

/* A protocol, and a bit for each port. */
static int
size_services(const struct span *s)
{
	return s->len >= 1 && s->len <= 1 + 8192 ? (int)s->len : -1;
}

/* RFC 2874 section 3.1: prefix length, suffix, and a name if there is a
 * prefix; bits of the suffix that are the prefix's are zero. */
static int
size_a6(const struct span *s)
{
	struct span name = *s;
	size_t n;
	int more = 0;

	if (s->len == 0 || s->p[0] > 128)
		return -1;
	n = (128u - s->p[0] + 7) / 8;
	if (n > s->len - 1 ||
	    (s->p[0] % 8 != 0 && s->p[1] >> (8 - s->p[0] % 8) != 0))
		return -1;
	name.p += 1 + n;
	name.len -= 1 + n;
	if (s->p[0] > 0)
		more = size_name(&name);
	return more == -1 ? -1 : (int)n + 1 + more;
}

/* RFC 9460 section 2.2: parameters of SVCB, keys ascending. */

static bool
param_lists_key(const struct span *s, unsigned key)
{
	size_t i;

	for (i = 0; i < s->len; i += 4 + rdata_get16(s->p + i + 2))
		if (rdata_get16(s->p + i) == key)
			return true;
	return false;
}

/* Section 8: ascending, not itself, and all of them there. */
static bool
param_mandatory(const struct span *s, const uint8_t *v, size_t n)
{
	unsigned key, last = SVC_MANDATORY;
	size_t i;

	if (n == 0 || n % 2 != 0)
		return false;
	for (i = 0; i < n; i += 2, last = key) {
		key = rdata_get16(v + i);
		if (key <= last || !param_lists_key(s, key))
			return false;
	}
	return true;
}

static bool
param_alpn(const uint8_t *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += 1u + v[i])
		if (v[i] == 0)
			return false;
	return n > 0 && i == n;
}

static bool
param_valid(const struct span *s, unsigned key, const uint8_t *v, size_t n)
{
	switch (key) {
	case SVC_MANDATORY:
		return param_mandatory(s, v, n);
	case SVC_ALPN:
		return param_alpn(v, n);
	case SVC_NO_DEFAULT_ALPN:
		return n == 0 && param_lists_key(s, SVC_ALPN);
	case SVC_PORT:
		return n == 2;
	case SVC_IPV4HINT:
		return n > 0 && n % 4 == 0;
	case SVC_IPV6HINT:
		return n > 0 && n % 16 == 0;
	case SVC_ECH:
	case SVC_DOHPATH:
		return n > 0;
	case SVC_OHTTP:
		return n == 0;
	}
	return key != UINT16_MAX; /* "invalid key" */
}

static int
size_params(const struct span *s)
{
	size_t i, n;
	int last = -1;

	for (i = 0; i < s->len; i += 4 + n) {
		if (s->len - i < 4 || (int)rdata_get16(s->p + i) <= last)
			return -1;
		last = (int)rdata_get16(s->p + i);
		n = rdata_get16(s->p + i + 2);
		if (n > s->len - i - 4)
			return -1;
	}
	/* values may speak of each other, so the frame comes first */
	for (i = 0; i < s->len; i += 4 + n) {
		n = rdata_get16(s->p + i + 2);
		if (!param_valid(s, rdata_get16(s->p + i), s->p + i + 4, n))
			return -1;
	}
	return (int)s->len;
}

static int (*const sizes[RDATA_KINDS])(const struct span *) = {
	[RDATA_NAME] = size_name,
	[RDATA_U8] = size_1,
	[RDATA_U16] = size_2,
	[RDATA_U32] = size_4,
	[RDATA_TIME] = size_4,
	[RDATA_IP4] = size_4,
	[RDATA_IP6] = size_16,
	[RDATA_STRING] = size_string,
	[RDATA_STRING_OPT] = size_string_opt,
	[RDATA_STRINGS] = size_strings,
	[RDATA_TAG] = size_tag,
	[RDATA_TEXT] = size_rest,
	[RDATA_TEXT_ANY] = size_rest_any,
	[RDATA_TYPE] = size_2,
	[RDATA_ALGORITHM] = size_1,
	[RDATA_CERT] = size_2,
	[RDATA_SCHEME] = size_1,
	[RDATA_DATE] = size_4,
	[RDATA_SALT] = size_string,
	[RDATA_HASH] = size_hash,
	[RDATA_BITMAP] = size_bitmap,
	[RDATA_NXT] = size_nxt,
	[RDATA_BASE64] = size_rest,
	[RDATA_BASE64_ANY] = size_rest_any,
	[RDATA_BASE64_DASH] = size_rest_any,
	[RDATA_HEX] = size_rest,
	[RDATA_DS] = size_ds,
	[RDATA_ZONEMD] = size_zonemd,
	[RDATA_NSAP] = size_rest,
	[RDATA_EUI48] = size_6,
	[RDATA_EUI64] = size_8,
	[RDATA_NODE] = size_8,
	[RDATA_GATEWAY] = size_gateway,
	[RDATA_RELAY] = size_relay,
	[RDATA_HIP] = size_hip,
	[RDATA_LOC] = size_loc,
	[RDATA_PREFIXES] = size_prefixes,
	[RDATA_SERVICES] = size_services,
	[RDATA_A6] = size_a6,
	[RDATA_PARAMS] = size_params,
};

int
rdata_size(enum rdata_kind kind, const uint8_t *data, size_t at, size_t len)
{
	const struct span s = { data + at, len - at, data };

	return sizes[kind](&s);
}

bool
rdata_valid(uint16_t type, const uint8_t *data, size_t len)
{
	const struct rdata_layout *l = rdata_layout(type);
	const uint8_t *f;
	size_t at = 0;
	int n;

	if (len > RDATA_MAX)
		return false;
	if (l == NULL)
		return true;
	for (f = l->fields; *f != RDATA_END; f++) {
		if ((n = rdata_size(*f, data, at, len)) == -1)
			return false;
		at += (size_t)n;
	}
	return at == len;
}

/*
 * Fields whose names may be compressed, one by one; s ends where the rdata
 * does. The length of out, or -1.
 */
static int
read_fields(
    const struct rdata_layout *l, struct dns_reader *s, uint8_t out[RDATA_MAX])
{
	uint8_t name[DNS_NAME];
	const uint8_t *f;
	size_t got, n = 0;
	int size;

	for (f = l->fields; *f != RDATA_END; f++) {
		if (*f == RDATA_NAME) {
			if ((got = dns_get_name(s, name)) == 0 ||
			    got > RDATA_MAX - n)
				return -1;
			memcpy(out + n, name, got);
			n += got;
			continue;
		}
		size = rdata_size(*f, s->bytes, s->pos, s->len);
		if (size == -1 || (size_t)size > RDATA_MAX - n)
			return -1;
		if (size > 0)
			memcpy(out + n, s->bytes + s->pos, (size_t)size);
		n += (size_t)size;
		s->pos += (size_t)size;
	}
	return s->pos == s->len ? (int)n : -1;
}

int
rdata_read(
    struct dns_reader *r, uint16_t type, size_t len, uint8_t out[RDATA_MAX])
{
	const struct rdata_layout *l = rdata_layout(type);
	struct dns_reader s = *r;
	int n = -1;

	if (r->bad || len > r->len - r->pos || len > RDATA_MAX) {
		r->bad = true;
		return -1;
	}
	s.len = r->pos + len;
	if (l != NULL && (l->flags & RDATA_UNDO) != 0) {
		n = read_fields(l, &s, out);
	} else if (rdata_valid(type, r->bytes + r->pos, len)) {
		if (len > 0)
			memcpy(out, r->bytes + r->pos, len);
		n = (int)len;
	}
	r->pos += len;
	r->bad = n == -1;
	return n;
}
