/*
 * The table of types, and what is found out by walking along its rows: where
 * names stand, and which of two records comes first.
 */
#include <string.h>

#include "rdatapart.h"

#define OLD (RDATA_COMPRESS | RDATA_UNDO | RDATA_LOWER)
#define MIDDLE (RDATA_UNDO | RDATA_LOWER)

/* clang-format off */
#define NAME RDATA_NAME
#define U8 RDATA_U8
#define U16 RDATA_U16
#define U32 RDATA_U32
#define TIME RDATA_TIME
#define STRING RDATA_STRING
#define STRINGS RDATA_STRINGS
#define TYPE RDATA_TYPE
#define ALGORITHM RDATA_ALGORITHM
#define BASE64 RDATA_BASE64
#define HEX RDATA_HEX
#define BITMAP RDATA_BITMAP

static const struct rdata_layout layouts[] = {
	[TYPE_A] = { 0, { RDATA_IP4 } },
	[TYPE_NS] = { OLD | RDATA_TARGET, { NAME } },
	[TYPE_MD] = { OLD, { NAME } },
	[TYPE_MF] = { OLD, { NAME } },
	[TYPE_CNAME] = { OLD, { NAME } },
	[TYPE_SOA] = { OLD, { NAME, NAME, U32, TIME, TIME, TIME, TIME } },
	[TYPE_MB] = { OLD, { NAME } },
	[TYPE_MG] = { OLD, { NAME } },
	[TYPE_MR] = { OLD, { NAME } },
	[TYPE_WKS] = { 0, { RDATA_IP4, RDATA_SERVICES } },
	[TYPE_PTR] = { OLD, { NAME } },
	[TYPE_HINFO] = { 0, { STRING, STRING } },
	[TYPE_MINFO] = { OLD, { NAME, NAME } },
	[TYPE_MX] = { OLD | RDATA_TARGET, { U16, NAME } },
	[TYPE_TXT] = { 0, { STRINGS } },
	[TYPE_RP] = { MIDDLE, { NAME, NAME } },
	[TYPE_AFSDB] = { MIDDLE | RDATA_TARGET, { U16, NAME } },
	[TYPE_X25] = { 0, { STRING } },
	[TYPE_ISDN] = { 0, { STRING, RDATA_STRING_OPT } },
	[TYPE_RT] = { MIDDLE | RDATA_TARGET, { U16, NAME } },
	[TYPE_NSAP] = { 0, { RDATA_NSAP } },
	[TYPE_NSAP_PTR] = { 0, { NAME } },
	[TYPE_SIG] = { MIDDLE, { TYPE, ALGORITHM, U8, U32, RDATA_DATE, RDATA_DATE, U16, NAME, BASE64 } },
	[TYPE_KEY] = { 0, { U16, U8, ALGORITHM, RDATA_BASE64_ANY } },
	[TYPE_PX] = { MIDDLE, { U16, NAME, NAME } },
	[TYPE_GPOS] = { 0, { STRING, STRING, STRING } },
	[TYPE_AAAA] = { 0, { RDATA_IP6 } },
	[TYPE_LOC] = { 0, { RDATA_LOC } },
	[TYPE_NXT] = { MIDDLE, { NAME, RDATA_NXT } },
	[TYPE_EID] = { 0, { HEX } },
	[TYPE_NIMLOC] = { 0, { HEX } },
	[TYPE_SRV] = { MIDDLE | RDATA_TARGET, { U16, U16, U16, NAME } },
	[TYPE_NAPTR] = { MIDDLE | RDATA_TARGET, { U16, U16, STRING, STRING, STRING, NAME } },
	[TYPE_KX] = { RDATA_LOWER | RDATA_TARGET, { U16, NAME } },
	[TYPE_CERT] = { 0, { RDATA_CERT, U16, ALGORITHM, BASE64 } },
	[TYPE_A6] = { 0, { RDATA_A6 } },
	[TYPE_DNAME] = { RDATA_LOWER, { NAME } },
	[TYPE_SINK] = { 0, { U8, U8, U8, RDATA_BASE64_ANY } },
	[TYPE_APL] = { 0, { RDATA_PREFIXES } },
	[TYPE_DS] = { 0, { U16, ALGORITHM, U8, RDATA_DS } },
	[TYPE_SSHFP] = { 0, { U8, U8, HEX } },
	[TYPE_IPSECKEY] = { 0, { U8, U8, U8, RDATA_GATEWAY, RDATA_BASE64_ANY } },
	[TYPE_RRSIG] = { RDATA_LOWER, { TYPE, ALGORITHM, U8, U32, RDATA_DATE, RDATA_DATE, U16, NAME, BASE64 } },
	[TYPE_NSEC] = { 0, { NAME, BITMAP } },
	[TYPE_DNSKEY] = { 0, { U16, U8, ALGORITHM, BASE64 } },
	[TYPE_DHCID] = { 0, { BASE64 } },
	[TYPE_NSEC3] = { 0, { U8, U8, U16, RDATA_SALT, RDATA_HASH, BITMAP } },
	[TYPE_NSEC3PARAM] = { 0, { U8, U8, U16, RDATA_SALT } },
	[TYPE_TLSA] = { 0, { U8, U8, U8, HEX } },
	[TYPE_SMIMEA] = { 0, { U8, U8, U8, HEX } },
	[TYPE_HIP] = { 0, { RDATA_HIP } },
	[TYPE_NINFO] = { 0, { STRINGS } },
	[TYPE_RKEY] = { 0, { U16, U8, ALGORITHM, RDATA_BASE64_ANY } },
	[TYPE_TALINK] = { 0, { NAME, NAME } },
	[TYPE_CDS] = { 0, { U16, ALGORITHM, U8, RDATA_DS } },
	[TYPE_CDNSKEY] = { 0, { U16, U8, ALGORITHM, BASE64 } },
	[TYPE_OPENPGPKEY] = { 0, { BASE64 } },
	[TYPE_CSYNC] = { 0, { U32, U16, BITMAP } },
	[TYPE_ZONEMD] = { 0, { U32, U8, U8, RDATA_ZONEMD } },
	[TYPE_SVCB] = { RDATA_TARGET, { U16, NAME, RDATA_PARAMS } },
	[TYPE_HTTPS] = { RDATA_TARGET, { U16, NAME, RDATA_PARAMS } },
	[TYPE_DSYNC] = { 0, { TYPE, RDATA_SCHEME, U16, NAME } },
	[TYPE_SPF] = { 0, { STRINGS } },
	[TYPE_NID] = { 0, { U16, RDATA_NODE } },
	[TYPE_L32] = { 0, { U16, RDATA_IP4 } },
	[TYPE_L64] = { 0, { U16, RDATA_NODE } },
	[TYPE_LP] = { 0, { U16, NAME } },
	[TYPE_EUI48] = { 0, { RDATA_EUI48 } },
	[TYPE_EUI64] = { 0, { RDATA_EUI64 } },
	[TYPE_URI] = { 0, { U16, U16, RDATA_TEXT } },
	[TYPE_CAA] = { 0, { U8, RDATA_TAG, RDATA_TEXT_ANY } },
	[TYPE_AVC] = { 0, { STRINGS } },
	[TYPE_DOA] = { 0, { U32, U32, U8, STRING, RDATA_BASE64_DASH } },
	[TYPE_AMTRELAY] = { 0, { U8, RDATA_RELAY } },
	[TYPE_RESINFO] = { 0, { STRINGS } },
	[TYPE_WALLET] = { 0, { STRINGS } },
};
/* clang-format on */
#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))

const struct rdata_layout *
rdata_layout(uint16_t type)
{
	if (type == TYPE_TA || type == TYPE_DLV)
		type = TYPE_DS;
	if (type >= LAYOUTS || layouts[type].fields[0] == RDATA_END)
		return NULL;
	return &layouts[type];
}

bool
rdata_compresses(uint16_t type)
{
	return type < LAYOUTS && (layouts[type].flags & RDATA_COMPRESS) != 0;
}

unsigned
rdata_names(uint16_t type, const uint8_t *data, size_t len,
    struct rdata_name out[RDATA_NAMES])
{
	const struct rdata_layout *l = rdata_layout(type);
	const uint8_t *f;
	size_t at = 0;
	unsigned n = 0;
	int size;

	if (l == NULL)
		return 0;
	for (f = l->fields; *f != RDATA_END && n < RDATA_NAMES; f++) {
		if ((size = rdata_size(*f, data, at, len)) == -1)
			break;
		if (*f == RDATA_NAME) {
			out[n].at = (uint16_t)at;
			out[n++].len = (uint16_t)size;
		}
		at += (size_t)size;
	}
	return n;
}

const uint8_t *
rdata_target(uint16_t type, const uint8_t *data, size_t len)
{
	struct rdata_name names[RDATA_NAMES];

	if (type >= LAYOUTS || (layouts[type].flags & RDATA_TARGET) == 0 ||
	    rdata_names(type, data, len, names) == 0)
		return NULL;
	return data + names[0].at;
}

static int
compare_lower(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t x, y;
	size_t i;

	for (i = 0; i < n; i++) {
		x = a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i];
		y = b[i] >= 'A' && b[i] <= 'Z' ? b[i] + 32 : b[i];
		if (x != y)
			return x - y;
	}
	return 0;
}

static int
compare_bytes(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	size_t n = alen < blen ? alen : blen;
	int d = n == 0 ? 0 : memcmp(a, b, n);

	return d != 0 ? d : (alen > blen) - (alen < blen);
}

/*
 * Both are compared as rows of bytes. Up to the first that differs their
 * fields begin at the same places, so one walk serves both.
 */
int
rdata_compare(
    uint16_t type, const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	const struct rdata_layout *l = rdata_layout(type);
	const uint8_t *f;
	size_t n, at = 0;
	int d, size;

	if (l == NULL || (l->flags & RDATA_LOWER) == 0)
		return compare_bytes(a, alen, b, blen);
	for (f = l->fields; *f != RDATA_END; f++) {
		if ((size = rdata_size(*f, a, at, alen)) == -1)
			break;
		n = (size_t)size < blen - at ? (size_t)size : blen - at;
		d = *f == RDATA_NAME ? compare_lower(a + at, b + at, n) :
				       memcmp(a + at, b + at, n);
		if (d != 0)
			return d;
		if (n < (size_t)size)
			return 1;
		at += n;
	}
	return compare_bytes(a + at, alen - at, b + at, blen - at);
}
