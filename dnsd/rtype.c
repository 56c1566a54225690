/*
 * Types and classes by name and number. Names stand once, by number; to find a
 * number by name there is a perfect hash of the first and the last character
 * and the length, which the compiler computes and checks: two names in one
 * place of the table are an error. For a new type that clashes, the three
 * factors have to be sought again.
 */
#include <stdio.h>
#include <strings.h>

#include "rtype.h"

#define SLOTS 512
#define SLOT(first, last, len)                                                 \
	(((first)*59u + (last)*199u + (unsigned)(len)*155u) % SLOTS)

/* clang-format off */
static const char names[][RTYPE_TEXT] = {
	[TYPE_A] = "A", [TYPE_NS] = "NS", [TYPE_MD] = "MD", [TYPE_MF] = "MF",
	[TYPE_CNAME] = "CNAME", [TYPE_SOA] = "SOA", [TYPE_MB] = "MB",
	[TYPE_MG] = "MG", [TYPE_MR] = "MR", [TYPE_NULL] = "NULL",
	[TYPE_WKS] = "WKS", [TYPE_PTR] = "PTR", [TYPE_HINFO] = "HINFO",
	[TYPE_MINFO] = "MINFO", [TYPE_MX] = "MX", [TYPE_TXT] = "TXT",
	[TYPE_RP] = "RP", [TYPE_AFSDB] = "AFSDB", [TYPE_X25] = "X25",
	[TYPE_ISDN] = "ISDN", [TYPE_RT] = "RT", [TYPE_NSAP] = "NSAP",
	[TYPE_NSAP_PTR] = "NSAP-PTR", [TYPE_SIG] = "SIG", [TYPE_KEY] = "KEY",
	[TYPE_PX] = "PX", [TYPE_GPOS] = "GPOS", [TYPE_AAAA] = "AAAA",
	[TYPE_LOC] = "LOC", [TYPE_NXT] = "NXT", [TYPE_EID] = "EID",
	[TYPE_NIMLOC] = "NIMLOC", [TYPE_SRV] = "SRV", [TYPE_NAPTR] = "NAPTR",
	[TYPE_KX] = "KX", [TYPE_CERT] = "CERT", [TYPE_A6] = "A6",
	[TYPE_DNAME] = "DNAME", [TYPE_SINK] = "SINK", [TYPE_OPT] = "OPT",
	[TYPE_APL] = "APL", [TYPE_DS] = "DS", [TYPE_SSHFP] = "SSHFP",
	[TYPE_IPSECKEY] = "IPSECKEY", [TYPE_RRSIG] = "RRSIG",
	[TYPE_NSEC] = "NSEC", [TYPE_DNSKEY] = "DNSKEY", [TYPE_DHCID] = "DHCID",
	[TYPE_NSEC3] = "NSEC3", [TYPE_NSEC3PARAM] = "NSEC3PARAM",
	[TYPE_TLSA] = "TLSA", [TYPE_SMIMEA] = "SMIMEA", [TYPE_HIP] = "HIP",
	[TYPE_NINFO] = "NINFO", [TYPE_RKEY] = "RKEY", [TYPE_TALINK] = "TALINK",
	[TYPE_CDS] = "CDS", [TYPE_CDNSKEY] = "CDNSKEY",
	[TYPE_OPENPGPKEY] = "OPENPGPKEY", [TYPE_CSYNC] = "CSYNC",
	[TYPE_ZONEMD] = "ZONEMD", [TYPE_SVCB] = "SVCB", [TYPE_HTTPS] = "HTTPS",
	[TYPE_DSYNC] = "DSYNC", [TYPE_SPF] = "SPF", [TYPE_NID] = "NID",
	[TYPE_L32] = "L32", [TYPE_L64] = "L64", [TYPE_LP] = "LP",
	[TYPE_EUI48] = "EUI48", [TYPE_EUI64] = "EUI64", [TYPE_TKEY] = "TKEY",
	[TYPE_TSIG] = "TSIG", [TYPE_IXFR] = "IXFR", [TYPE_AXFR] = "AXFR",
	[TYPE_MAILB] = "MAILB", [TYPE_MAILA] = "MAILA", [TYPE_ANY] = "ANY",
	[TYPE_URI] = "URI", [TYPE_CAA] = "CAA", [TYPE_AVC] = "AVC",
	[TYPE_DOA] = "DOA", [TYPE_AMTRELAY] = "AMTRELAY",
	[TYPE_RESINFO] = "RESINFO", [TYPE_WALLET] = "WALLET",
};

static const uint16_t slots[SLOTS] = {
	[SLOT('A', 'A', 1)] = TYPE_A, [SLOT('N', 'S', 2)] = TYPE_NS,
	[SLOT('M', 'D', 2)] = TYPE_MD, [SLOT('M', 'F', 2)] = TYPE_MF,
	[SLOT('C', 'E', 5)] = TYPE_CNAME, [SLOT('S', 'A', 3)] = TYPE_SOA,
	[SLOT('M', 'B', 2)] = TYPE_MB, [SLOT('M', 'G', 2)] = TYPE_MG,
	[SLOT('M', 'R', 2)] = TYPE_MR, [SLOT('N', 'L', 4)] = TYPE_NULL,
	[SLOT('W', 'S', 3)] = TYPE_WKS, [SLOT('P', 'R', 3)] = TYPE_PTR,
	[SLOT('H', 'O', 5)] = TYPE_HINFO, [SLOT('M', 'O', 5)] = TYPE_MINFO,
	[SLOT('M', 'X', 2)] = TYPE_MX, [SLOT('T', 'T', 3)] = TYPE_TXT,
	[SLOT('R', 'P', 2)] = TYPE_RP, [SLOT('A', 'B', 5)] = TYPE_AFSDB,
	[SLOT('X', '5', 3)] = TYPE_X25, [SLOT('I', 'N', 4)] = TYPE_ISDN,
	[SLOT('R', 'T', 2)] = TYPE_RT, [SLOT('N', 'P', 4)] = TYPE_NSAP,
	[SLOT('N', 'R', 8)] = TYPE_NSAP_PTR, [SLOT('S', 'G', 3)] = TYPE_SIG,
	[SLOT('K', 'Y', 3)] = TYPE_KEY, [SLOT('P', 'X', 2)] = TYPE_PX,
	[SLOT('G', 'S', 4)] = TYPE_GPOS, [SLOT('A', 'A', 4)] = TYPE_AAAA,
	[SLOT('L', 'C', 3)] = TYPE_LOC, [SLOT('N', 'T', 3)] = TYPE_NXT,
	[SLOT('E', 'D', 3)] = TYPE_EID, [SLOT('N', 'C', 6)] = TYPE_NIMLOC,
	[SLOT('S', 'V', 3)] = TYPE_SRV, [SLOT('N', 'R', 5)] = TYPE_NAPTR,
	[SLOT('K', 'X', 2)] = TYPE_KX, [SLOT('C', 'T', 4)] = TYPE_CERT,
	[SLOT('A', '6', 2)] = TYPE_A6, [SLOT('D', 'E', 5)] = TYPE_DNAME,
	[SLOT('S', 'K', 4)] = TYPE_SINK, [SLOT('O', 'T', 3)] = TYPE_OPT,
	[SLOT('A', 'L', 3)] = TYPE_APL, [SLOT('D', 'S', 2)] = TYPE_DS,
	[SLOT('S', 'P', 5)] = TYPE_SSHFP, [SLOT('I', 'Y', 8)] = TYPE_IPSECKEY,
	[SLOT('R', 'G', 5)] = TYPE_RRSIG, [SLOT('N', 'C', 4)] = TYPE_NSEC,
	[SLOT('D', 'Y', 6)] = TYPE_DNSKEY, [SLOT('D', 'D', 5)] = TYPE_DHCID,
	[SLOT('N', '3', 5)] = TYPE_NSEC3,
	[SLOT('N', 'M', 10)] = TYPE_NSEC3PARAM,
	[SLOT('T', 'A', 4)] = TYPE_TLSA, [SLOT('S', 'A', 6)] = TYPE_SMIMEA,
	[SLOT('H', 'P', 3)] = TYPE_HIP, [SLOT('N', 'O', 5)] = TYPE_NINFO,
	[SLOT('R', 'Y', 4)] = TYPE_RKEY, [SLOT('T', 'K', 6)] = TYPE_TALINK,
	[SLOT('C', 'S', 3)] = TYPE_CDS, [SLOT('C', 'Y', 7)] = TYPE_CDNSKEY,
	[SLOT('O', 'Y', 10)] = TYPE_OPENPGPKEY,
	[SLOT('C', 'C', 5)] = TYPE_CSYNC, [SLOT('Z', 'D', 6)] = TYPE_ZONEMD,
	[SLOT('S', 'B', 4)] = TYPE_SVCB, [SLOT('H', 'S', 5)] = TYPE_HTTPS,
	[SLOT('D', 'C', 5)] = TYPE_DSYNC, [SLOT('S', 'F', 3)] = TYPE_SPF,
	[SLOT('N', 'D', 3)] = TYPE_NID, [SLOT('L', '2', 3)] = TYPE_L32,
	[SLOT('L', '4', 3)] = TYPE_L64, [SLOT('L', 'P', 2)] = TYPE_LP,
	[SLOT('E', '8', 5)] = TYPE_EUI48, [SLOT('E', '4', 5)] = TYPE_EUI64,
	[SLOT('T', 'Y', 4)] = TYPE_TKEY, [SLOT('T', 'G', 4)] = TYPE_TSIG,
	[SLOT('I', 'R', 4)] = TYPE_IXFR, [SLOT('A', 'R', 4)] = TYPE_AXFR,
	[SLOT('M', 'B', 5)] = TYPE_MAILB, [SLOT('M', 'A', 5)] = TYPE_MAILA,
	[SLOT('A', 'Y', 3)] = TYPE_ANY, [SLOT('U', 'I', 3)] = TYPE_URI,
	[SLOT('C', 'A', 3)] = TYPE_CAA, [SLOT('A', 'C', 3)] = TYPE_AVC,
	[SLOT('D', 'A', 3)] = TYPE_DOA, [SLOT('A', 'Y', 8)] = TYPE_AMTRELAY,
	[SLOT('R', 'O', 7)] = TYPE_RESINFO, [SLOT('W', 'T', 6)] = TYPE_WALLET,
	[SLOT('T', 'A', 2)] = TYPE_TA, [SLOT('D', 'V', 3)] = TYPE_DLV,
};

static const struct {
	uint16_t class;
	const char *name;
} classes[] = {
	{ CLASS_IN, "IN" },
	{ CLASS_CH, "CH" },
	{ CLASS_HS, "HS" },
	{ CLASS_NONE, "NONE" },
	{ CLASS_ANY, "ANY" },
};
/* clang-format on */
#define NAMES (sizeof(names) / sizeof(names[0]))
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static unsigned
upper(char c)
{
	return (unsigned char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

/* NULL: it has none. */
static const char *
type_name(uint16_t type)
{
	if (type < NAMES)
		return names[type][0] == '\0' ? NULL : names[type];
	if (type == TYPE_TA)
		return "TA";
	return type == TYPE_DLV ? "DLV" : NULL;
}

/* Are the len bytes this word, whatever their case? */
static bool
is_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

/* The number behind a word such as TYPE. */
static bool
parse_number(const char *s, size_t len, const char *word, uint16_t *out)
{
	size_t i, n = strlen(word);
	unsigned v = 0;

	if (len <= n || len > n + 5 || strncasecmp(s, word, n) != 0)
		return false;
	for (i = n; i < len; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	*out = (uint16_t)v;
	return v <= UINT16_MAX;
}

bool
rtype_parse(const char *s, size_t len, uint16_t *type)
{
	const char *name;
	uint16_t t;

	if (len == 0)
		return false;
	t = slots[SLOT(upper(s[0]), upper(s[len - 1]), len)];
	if (t != 0 && (name = type_name(t)) != NULL && is_word(s, len, name)) {
		*type = t;
		return true;
	}
	return parse_number(s, len, "TYPE", type);
}

bool
rclass_parse(const char *s, size_t len, uint16_t *class)
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		if (is_word(s, len, classes[i].name)) {
			*class = classes[i].class;
			return true;
		}
	return parse_number(s, len, "CLASS", class);
}

const char *
rtype_text(uint16_t type, char out[RTYPE_TEXT])
{
	const char *name = type_name(type);

	if (name != NULL)
		return name;
	snprintf(out, RTYPE_TEXT, "TYPE%u", type);
	return out;
}

const char *
rclass_text(uint16_t class, char out[RTYPE_TEXT])
{
	size_t i;

	for (i = 0; i < CLASSES; i++)
		if (classes[i].class == class)
			return classes[i].name;
	snprintf(out, RTYPE_TEXT, "CLASS%u", class);
	return out;
}

bool
rtype_is_meta(uint16_t type)
{
	return type == 0 || type == TYPE_OPT || (type >= 128 && type <= 255);
}

bool
rtype_is_single(uint16_t type)
{
	return type == TYPE_CNAME || type == TYPE_DNAME || type == TYPE_SOA;
}
