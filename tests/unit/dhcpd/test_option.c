/* option: the table of options, and values as text and on the wire. */
#include <stdlib.h>
#include <string.h>

#include "option.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS 4

struct find_case {
	const char *name;
	int code; /* 0: none such */
	const char *known_as;
	enum option_type type;
	int owner;
};

/* clang-format off */
static const struct find_case finds[] = {
	{ "subnet-mask", 1, "subnet-mask", OPTION_IP, OPTION_FREE },
	{ "domain-name-servers", 6, "domain-name-servers", OPTION_IPS, OPTION_FREE },
	{ "domain_name_servers", 6, "domain-name-servers", OPTION_IPS, OPTION_FREE },
	{ "domain_name-servers", 6, "domain-name-servers", OPTION_IPS, OPTION_FREE },
	{ "dns", 6, "dns", OPTION_IPS, OPTION_FREE },
	{ "ntp", 42, "ntp", OPTION_IPS, OPTION_FREE },
	{ "classless-routes", 121, "classless-routes", OPTION_ROUTES, OPTION_FREE },
	{ "rfc3442-classless-static-routes", 121, "rfc3442-classless-static-routes", OPTION_ROUTES, OPTION_FREE },
	{ "boot-file-name", 67, "boot-file-name", OPTION_STRING, OPTION_FREE },
	{ "bootfile-name", 67, "bootfile-name", OPTION_STRING, OPTION_FREE },
	{ "wpad-url", 252, "wpad-url", OPTION_STRING, OPTION_FREE },
	{ "dhcp-lease-time", 51, "dhcp-lease-time", OPTION_U32, OPTION_OURS },
	{ "relay-agent-information", 82, "relay-agent-information", OPTION_HEX, OPTION_OURS },
	{ "vendor-class-identifier", 60, "vendor-class-identifier", OPTION_STRING, OPTION_FREE },
	/* by number: hex, but what is ours stays so */
	{ "1", 1, "1", OPTION_HEX, OPTION_FREE },
	{ "9", 9, "9", OPTION_HEX, OPTION_FREE },
	{ "10", 10, "10", OPTION_HEX, OPTION_FREE },
	{ "121", 121, "121", OPTION_HEX, OPTION_FREE },
	{ "224", 224, "224", OPTION_HEX, OPTION_FREE },
	{ "249", 249, "249", OPTION_HEX, OPTION_FREE },
	{ "254", 254, "254", OPTION_HEX, OPTION_FREE },
	{ "53", 53, "dhcp-message-type", OPTION_U8, OPTION_OURS },
	{ "82", 82, "relay-agent-information", OPTION_HEX, OPTION_OURS },
	/* none */
	{ "0", 0, NULL, 0, 0 },
	{ "255", 0, NULL, 0, 0 },
	{ "256", 0, NULL, 0, 0 },
	{ "-1", 0, NULL, 0, 0 },
	{ "0x10", 0, NULL, 0, 0 },
	{ "6 ", 0, NULL, 0, 0 },
	{ "", 0, NULL, 0, 0 },
	{ "-", 0, NULL, 0, 0 },
	{ "domain-name-server", 0, NULL, 0, 0 },
	{ "domain-name-serversx", 0, NULL, 0, 0 },
	{ "domain-name--servers", 0, NULL, 0, 0 },
};
/* clang-format on */

START_TEST(test_find)
{
	const struct find_case *t = &finds[_i];
	const struct option_def *d = option_find(t->name);

	ck_assert_msg((d != NULL) == (t->code != 0), "%s", t->name);
	if (d == NULL)
		return;
	ck_assert_msg(d->code == t->code, "%s: %d", t->name, d->code);
	ck_assert_str_eq(d->name, t->known_as);
	ck_assert_msg(d->type == t->type, "%s", t->name);
	ck_assert_msg((int)d->owner == t->owner, "%s", t->name);
}
END_TEST

/* RFC 2132 all of them, and those of later RFCs that we promise. */
START_TEST(test_table)
{
	static const uint8_t later[] = { 81, 82, 93, 94, 97, 100, 101, 108, 114,
		116, 118, 119, 120, 121, 124, 125, 138, 150, 160, 162, 175, 249,
		252 };
	const struct option_def *d;

	for (uint8_t code = 1; code <= 76; code++)
		ck_assert_ptr_nonnull(option_by_code(code));
	for (size_t i = 0; i < COUNT(later); i++)
		ck_assert_msg(option_by_code(later[i]) != NULL, "%d", later[i]);
	ck_assert_ptr_null(option_by_code(0));
	ck_assert_ptr_null(option_by_code(224));
	ck_assert_ptr_null(option_by_code(255));
	ck_assert_str_eq(option_by_code(6)->name, "domain-name-servers");
	ck_assert_str_eq(option_by_code(121)->name, "classless-static-routes");
	for (d = option_defs; d->name != NULL; d++) {
		ck_assert_msg(option_find(d->name) == d, "%s twice", d->name);
		ck_assert_msg(
		    d == option_defs || d->code >= d[-1].code, "%s", d->name);
		ck_assert_msg(option_by_code(d->code)->type == d->type &&
			option_by_code(d->code)->owner == d->owner,
		    "%s", d->name);
		ck_assert_uint_eq(
		    strspn(d->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
		    strlen(d->name));
	}
}
END_TEST

START_TEST(test_numbers)
{
	const struct option_def *d;
	char name[8];

	for (int code = 1; code < 255; code++) {
		snprintf(name, sizeof(name), "%d", code);
		d = option_find(name);
		ck_assert_ptr_nonnull(d);
		ck_assert_int_eq(d->code, code);
	}
}
END_TEST

struct good_case {
	enum option_type type;
	const char *words[WORDS];
	const char *wire;
	size_t len;
	const char *text; /* printed; NULL: the first word */
};

#define W(s) s, sizeof(s) - 1
#define L16 "llllllllllllllll"
#define L63 L16 L16 L16 "lllllllllllllll"
#define LONGEST L63 "." L63 "." L63 "." L16 L16 L16 "lllllllllllll"

/* clang-format off */
static const struct good_case goods[] = {
	{ OPTION_FLAG, { "yes" }, W("\1"), NULL },
	{ OPTION_FLAG, { "no" }, W("\0"), NULL },
	{ OPTION_FLAG, { "true" }, W("\1"), "yes" },
	{ OPTION_FLAG, { "off" }, W("\0"), "no" },
	{ OPTION_FLAG, { "1" }, W("\1"), "yes" },
	{ OPTION_U8, { "0" }, W("\0"), NULL },
	{ OPTION_U8, { "255" }, W("\xff"), NULL },
	{ OPTION_U16, { "1500" }, W("\5\xdc"), NULL },
	{ OPTION_U16, { "65535" }, W("\xff\xff"), NULL },
	{ OPTION_U32, { "4294967295" }, W("\xff\xff\xff\xff"), NULL },
	{ OPTION_I32, { "-3600" }, W("\xff\xff\xf1\xf0"), NULL },
	{ OPTION_I32, { "-2147483648" }, W("\x80\0\0\0"), NULL },
	{ OPTION_I32, { "2147483647" }, W("\x7f\xff\xff\xff"), NULL },
	{ OPTION_U8S, { "1, 3, 6" }, W("\1\3\6"), NULL },
	{ OPTION_U16S, { "68", "296,508" }, W("\0\x44\1\x28\1\xfc"), "68, 296, 508" },
	{ OPTION_IP, { "10.0.0.1" }, W("\12\0\0\1"), NULL },
	{ OPTION_IPS, { "10.0.0.1" }, W("\12\0\0\1"), NULL },
	{ OPTION_IPS, { "10.0.0.1", "10.0.0.2 ,\t10.0.0.3" }, W("\12\0\0\1\12\0\0\2\12\0\0\3"), "10.0.0.1, 10.0.0.2, 10.0.0.3" },
	{ OPTION_IP_PAIRS, { "10.0.0.0/8" }, W("\12\0\0\0\xff\0\0\0"), NULL },
	{ OPTION_IP_PAIRS, { "0.0.0.0/0" }, W("\0\0\0\0\0\0\0\0"), NULL },
	{ OPTION_IP_PAIRS, { "10.1.2.3/32" }, W("\12\1\2\3\xff\xff\xff\xff"), NULL },
	{ OPTION_IP_PAIRS, { "10.1.2.3 via 10.0.0.1", "10.1.2.4 10.0.0.1" }, W("\12\1\2\3\12\0\0\1\12\1\2\4\12\0\0\1"),
	    "10.1.2.3 via 10.0.0.1, 10.1.2.4 via 10.0.0.1" },
	{ OPTION_STRING, { "a, b: \"c\"" }, W("a, b: \"c\""), NULL },
	{ OPTION_HEX, { "01:02:ff" }, W("\1\2\xff"), NULL },
	{ OPTION_HEX, { "0102FF" }, W("\1\2\xff"), "01:02:ff" },
	{ OPTION_FQDN, { "Host.lab.test" }, W("\4Host\3lab\4test\0"), NULL },
	{ OPTION_FQDN, { "lab.test." }, W("\3lab\4test\0"), "lab.test" },
	{ OPTION_FQDN, { "_a-1.2x" }, W("\4_a-1\2" "2x\0"), NULL },
	{ OPTION_FQDN, { LONGEST }, W("\77" L63 "\77" L63 "\77" L63 "\75" L16 L16 L16 "lllllllllllll\0"), NULL },
	/* RFC 3397 section 3 */
	{ OPTION_FQDNS, { "eng.apple.com.", "marketing.apple.com." }, W("\3eng\5apple\3com\0\x9marketing\xc0\4"), "eng.apple.com, marketing.apple.com" },
	{ OPTION_FQDNS, { "apple.com, apple.com, com, x.COM, y.x.com" }, W("\5apple\3com\0\xc0\0\xc0\6\1x\xc0\6\1y\xc0\xf"), "apple.com, apple.com, com, x.com, y.x.com" },
	{ OPTION_FQDNS, { "a.b.c, b, c.b.c" }, W("\1a\1b\1c\0\1b\0\1c\xc0\2"), NULL },
	/* RFC 3361 section 3 */
	{ OPTION_SIP, { "example.com", "example.net" }, W("\0\7example\3com\0\7example\3net\0"), "example.com, example.net" },
	{ OPTION_SIP, { "10.0.0.1, 10.0.0.2" }, W("\1\12\0\0\1\12\0\0\2"), NULL },
	/* RFC 3442, its table of examples */
	{ OPTION_ROUTES, { "0.0.0.0/0 via 10.0.0.1" }, W("\0\12\0\0\1"), NULL },
	{ OPTION_ROUTES, { "default via 10.0.0.1" }, W("\0\12\0\0\1"), "0.0.0.0/0 via 10.0.0.1" },
	{ OPTION_ROUTES, { "10.0.0.0/8 via 10.0.0.9" }, W("\x8\12\12\0\0\x9"), NULL },
	{ OPTION_ROUTES, { "10.17.0.0/16 10.0.0.9" }, W("\x10\12\21\12\0\0\x9"), "10.17.0.0/16 via 10.0.0.9" },
	{ OPTION_ROUTES, { "10.27.129.0/24 via 10.0.0.9" }, W("\x18\12\33\201\12\0\0\x9"), NULL },
	{ OPTION_ROUTES, { "10.229.0.128/25 via 10.0.0.9" }, W("\x19\12\345\0\200\12\0\0\x9"), NULL },
	{ OPTION_ROUTES, { "10.198.122.47/32 via 0.0.0.0" }, W("\x20\12\306\172\57\0\0\0\0"), NULL },
	{ OPTION_ROUTES, { "10.64.0.0/11 via 10.0.0.9", "10.8.0.0/16 via 10.0.0.8" }, W("\xb\12\100\12\0\0\x9\x10\12\x8\12\0\0\x8"),
	    "10.64.0.0/11 via 10.0.0.9, 10.8.0.0/16 via 10.0.0.8" },
	/* RFC 3925 */
	{ OPTION_VENDOR, { "3561 01:02:0a" }, W("\0\0\xd\xe9\3\1\2\12"), NULL },
	{ OPTION_VENDOR, { "3561 01020a, 4294967295  ff" }, W("\0\0\xd\xe9\3\1\2\12\xff\xff\xff\xff\1\xff"), "3561 01:02:0a, 4294967295 ff" },
	/* RFC 9463 section 5.1 */
	{ OPTION_DNR, { "1 dns.lab" }, W("\0\14\0\1\x9\3dns\3lab\0"), NULL },
	{ OPTION_DNR, { "65535 A.b. 192.0.2.1 alpn=dot" }, W("\0\25\xff\xff\5\1A\1b\0\4\300\0\2\1\0\1\0\4\3dot"), "65535 A.b 192.0.2.1 alpn=dot" },
	{ OPTION_DNR, { "2 a  10.0.0.1\t10.0.0.2 dohpath=/q{?dns} alpn=h2 port=8443 alpn=dot" },
	    W("\0\54\0\2\3\1a\0\x8\12\0\0\1\12\0\0\2" "\0\1\0\7\2h2\3dot" "\0\3\0\2\x20\xfb" "\0\7\0\x8/q{?dns}"),
	    "2 a 10.0.0.1 10.0.0.2 alpn=h2 alpn=dot port=8443 dohpath=/q{?dns}" },
	{ OPTION_DNR, { "1 a, 2 b", "3 c" }, W("\0\6\0\1\3\1a\0\0\6\0\2\3\1b\0\0\6\0\3\3\1c\0"), "1 a, 2 b, 3 c" },
};
/* clang-format on */

static size_t
count_words(const char *const *words)
{
	size_t n = 0;

	while (n < WORDS && words[n] != NULL)
		n++;
	return n;
}

START_TEST(test_good)
{
	const struct good_case *t = &goods[_i];
	const char *why = "nothing",
		   *text = t->text != NULL ? t->text : *t->words;
	uint8_t wire[OPTION_VALUE];
	char printed[OPTION_TEXT];
	int n =
	    option_encode(t->type, t->words, count_words(t->words), wire, &why);

	ck_assert_msg(n == (int)t->len, "%s: %d bytes: %s", *t->words, n, why);
	ck_assert_mem_eq(wire, t->wire, t->len);
	ck_assert_ptr_eq(
	    option_print(t->type, wire, (size_t)n, printed), printed);
	ck_assert_str_eq(printed, text);
	/* and back, as one word */
	n = option_encode(t->type, &text, 1, wire, &why);
	ck_assert_int_eq(n, (int)t->len);
	ck_assert_mem_eq(wire, t->wire, t->len);
}
END_TEST

struct bad_case {
	enum option_type type;
	const char *words[WORDS];
	const char *why;
};

#define LIST_EMPTY "an item of the list is empty"
#define NO_NUMBER "not a number"
#define OUT_OF_RANGE "the number is too large or too small"
#define NO_IP "not an IPv4 address"
#define NO_HEX "not pairs of hexadecimal digits"
#define NO_ROUTE "not ADDRESS/BITS via ROUTER"
#define NO_DNR "not PRIORITY NAME [ADDRESS... alpn=...]"
#define NO_PARAM "neither an address nor alpn=, port=, dohpath="
#define NO_PATH "dohpath= is not as in \"/dns-query{?dns}\""
#define LABELS "a label has 1 to 63 characters"
#define NAMES "a name has 1 to 253 characters"

/* clang-format off */
static const struct bad_case bads[] = {
	{ OPTION_U8, { NULL }, "a value is missing" },
	{ OPTION_IPS, { NULL }, "a value is missing" },
	{ OPTION_U8, { "1", "2" }, "takes one value only" },
	{ OPTION_STRING, { "a", "b" }, "takes one value only" },
	{ OPTION_FLAG, { "maybe" }, "neither yes nor no" },
	{ OPTION_FLAG, { "2" }, "neither yes nor no" },
	{ OPTION_U8, { "256" }, OUT_OF_RANGE },
	{ OPTION_U8, { "-1" }, OUT_OF_RANGE },
	{ OPTION_U8, { "" }, NO_NUMBER },
	{ OPTION_U8, { "1,2" }, NO_NUMBER },
	{ OPTION_U8, { "0x1" }, NO_NUMBER },
	{ OPTION_U16, { "65536" }, OUT_OF_RANGE },
	{ OPTION_U32, { "4294967296" }, OUT_OF_RANGE },
	{ OPTION_I32, { "2147483648" }, OUT_OF_RANGE },
	{ OPTION_I32, { "-2147483649" }, OUT_OF_RANGE },
	{ OPTION_U8S, { "1,,2" }, LIST_EMPTY },
	{ OPTION_U8S, { "1," }, LIST_EMPTY },
	{ OPTION_U8S, { "" }, LIST_EMPTY },
	{ OPTION_U8S, { "1", " " }, LIST_EMPTY },
	{ OPTION_U16S, { "1, 65536" }, OUT_OF_RANGE },
	{ OPTION_IP, { "10.0.0" }, NO_IP },
	{ OPTION_IP, { "10.0.0.256" }, NO_IP },
	{ OPTION_IP, { "10.0.0.1,10.0.0.2" }, NO_IP },
	{ OPTION_IPS, { "10.0.0.1", "::1" }, NO_IP },
	{ OPTION_IP_PAIRS, { "10.0.0.1" }, "not ADDRESS/BITS" },
	{ OPTION_IP_PAIRS, { "10.0.0.0/33" }, "a prefix has 0 to 32 bits" },
	{ OPTION_IP_PAIRS, { "10.0.0.0/" }, "a prefix has 0 to 32 bits" },
	{ OPTION_IP_PAIRS, { "10.0.0.1/8" }, "bits behind the prefix are set" },
	{ OPTION_IP_PAIRS, { "10.0.0.1 via" }, NO_IP },
	{ OPTION_IP_PAIRS, { "10.0.0.1 to 10.0.0.2" }, "neither ADDRESS/BITS nor ADDRESS via ROUTER" },
	{ OPTION_IP_PAIRS, { "0.0.0.0 via 10.0.0.2" }, "the default route is not for this list" },
	{ OPTION_STRING, { "" }, "the value is empty" },
	{ OPTION_STRING, { "a\tb" }, "only printable ASCII can be sent" },
	{ OPTION_STRING, { "caf\xc3\xa9" }, "only printable ASCII can be sent" },
	{ OPTION_HEX, { "" }, "the value is empty" },
	{ OPTION_HEX, { "1" }, NO_HEX },
	{ OPTION_HEX, { "012" }, NO_HEX },
	{ OPTION_HEX, { "01:" }, NO_HEX },
	{ OPTION_HEX, { "01::02" }, NO_HEX },
	{ OPTION_HEX, { ":01" }, NO_HEX },
	{ OPTION_HEX, { "0g" }, NO_HEX },
	{ OPTION_HEX, { "0x01" }, NO_HEX },
	{ OPTION_HEX, { "01 02" }, NO_HEX },
	{ OPTION_FQDN, { "" }, NAMES },
	{ OPTION_FQDN, { "." }, LABELS },
	{ OPTION_FQDN, { ".a" }, LABELS },
	{ OPTION_FQDN, { "a..b" }, LABELS },
	{ OPTION_FQDN, { "a.." }, LABELS },
	{ OPTION_FQDN, { L63 "l.a" }, LABELS },
	{ OPTION_FQDN, { LONGEST "l" }, NAMES },
	{ OPTION_FQDN, { "a b" }, "not a domain name" },
	{ OPTION_FQDN, { "a,b" }, "not a domain name" },
	{ OPTION_FQDN, { "10.0.0.300" }, "a domain name doesn't end in a number" },
	{ OPTION_FQDNS, { "a.b, c_!" }, "not a domain name" },
	{ OPTION_FQDNS, { "a.b,, c" }, LIST_EMPTY },
	{ OPTION_SIP, { "10.0.0.1", "example.com" }, "addresses and names can't be mixed" },
	{ OPTION_SIP, { "example.com, 10.0.0.1" }, "addresses and names can't be mixed" },
	{ OPTION_ROUTES, { "10.0.0.0/8" }, NO_ROUTE },
	{ OPTION_ROUTES, { "10.0.0.0/8 via" }, NO_IP },
	{ OPTION_ROUTES, { "10.0.0.0/8 via 10.0.0.1 metric" }, NO_ROUTE },
	{ OPTION_ROUTES, { "10.0.0.0/8 via 10.0.0" }, NO_IP },
	{ OPTION_ROUTES, { "10.0.0.0 via 10.0.0.1" }, "not ADDRESS/BITS" },
	{ OPTION_ROUTES, { "10.0.0.1/8 via 10.0.0.1" }, "bits behind the prefix are set" },
	{ OPTION_ROUTES, { "10.0.0.0/-1 via 10.0.0.1" }, "a prefix has 0 to 32 bits" },
	{ OPTION_ROUTES, { "0000000000000000000000000000000000010.0.0.0/8 via 10.0.0.1" }, NO_ROUTE },
	{ OPTION_VENDOR, { "3561" }, "not ENTERPRISE HEX" },
	{ OPTION_VENDOR, { "x 01" }, NO_NUMBER },
	{ OPTION_VENDOR, { "4294967296 01" }, OUT_OF_RANGE },
	{ OPTION_VENDOR, { "3561 x" }, NO_HEX },
	{ OPTION_DNR, { "" }, LIST_EMPTY },
	{ OPTION_DNR, { "1" }, NO_DNR },
	{ OPTION_DNR, { "1 a, 2" }, NO_DNR },
	{ OPTION_DNR, { "0 a" }, "a priority is 1 to 65535" },
	{ OPTION_DNR, { "00 a" }, "a priority is 1 to 65535" },
	{ OPTION_DNR, { "65536 a" }, OUT_OF_RANGE },
	{ OPTION_DNR, { "a 1" }, NO_NUMBER },
	{ OPTION_DNR, { "1 10.0.0.1" }, "a domain name doesn't end in a number" },
	{ OPTION_DNR, { "1 a b" }, NO_IP },
	{ OPTION_DNR, { "1 a ::1 alpn=dot" }, NO_IP },
	{ OPTION_DNR, { "1 a 10.0.0.1" }, "addresses need alpn=" },
	{ OPTION_DNR, { "1 a 10.0.0.1 port=853" }, "addresses need alpn=" },
	{ OPTION_DNR, { "1 a alpn=dot" }, "parameters need an address" },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=dot 10.0.0.2" }, NO_PARAM },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=dot ipv4hint=10.0.0.2" }, NO_PARAM },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=" }, "a protocol has 1 to 255 characters" },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=" L63 L63 L63 L63 "llll" }, "a protocol has 1 to 255 characters" },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=d\xc3" }, "only printable ASCII can be sent" },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=dot port=0x1" }, NO_NUMBER },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=dot port=1 port=1" }, "a parameter stands twice" },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=h3" }, "alpn=h2 and alpn=h3 need dohpath=" },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=h2 dohpath=q{?dns}" }, NO_PATH },
	{ OPTION_DNR, { "1 a 10.0.0.1 alpn=h2 dohpath=/q" }, NO_PATH },
};
/* clang-format on */

START_TEST(test_bad)
{
	const struct bad_case *t = &bads[_i];
	const char *why = "nothing", *first = *t->words;
	uint8_t wire[OPTION_VALUE];

	if (first == NULL)
		first = "no word";
	ck_assert_msg(option_encode(t->type, t->words, count_words(t->words),
			  wire, &why) == -1,
	    "%s", first);
	ck_assert_msg(strcmp(why, t->why) == 0, "%s: %s", first, why);
}
END_TEST

/* As long as a value may be, and a byte more. */
START_TEST(test_limit)
{
	static char text[OPTION_VALUE * 3 + 4];
	const char *words[] = { text, NULL }, *why = NULL;
	uint8_t wire[OPTION_VALUE + 1];

	wire[OPTION_VALUE] = 0xa5;
	memset(text, 'a', OPTION_VALUE);
	ck_assert_int_eq(
	    option_encode(OPTION_STRING, words, 1, wire, &why), OPTION_VALUE);
	text[OPTION_VALUE] = 'a';
	ck_assert_int_eq(
	    option_encode(OPTION_STRING, words, 1, wire, &why), -1);
	ck_assert_str_eq(why, "the value is too long");
	memset(text, 'a', OPTION_VALUE * 2);
	ck_assert_int_eq(
	    option_encode(OPTION_HEX, words, 1, wire, &why), OPTION_VALUE);
	memset(text, 'a', OPTION_VALUE * 2 + 2);
	ck_assert_int_eq(option_encode(OPTION_HEX, words, 1, wire, &why), -1);
	/* a vendor's part */
	memset(text, 0, sizeof(text));
	memcpy(text, "1 ", 2);
	memset(text + 2, 'a', 510);
	ck_assert_int_eq(
	    option_encode(OPTION_VENDOR, words, 1, wire, &why), 260);
	memset(text + 2, 'a', 512);
	ck_assert_int_eq(
	    option_encode(OPTION_VENDOR, words, 1, wire, &why), -1);
	ck_assert_str_eq(why, "a vendor's part is at most 255 bytes");
	ck_assert_uint_eq(wire[OPTION_VALUE], 0xa5);
}
END_TEST

/*
 * As many addresses as a resolver may have; as many resolvers as there is room
 * for, and their text.
 */
START_TEST(test_resolvers)
{
	const char *const one = " 255.255.255.255", *why = NULL;
	char text[OPTION_TEXT] = "1 a", printed[OPTION_TEXT + 1];
	const char *words[] = { text, text, text, text };
	uint8_t wire[OPTION_VALUE];
	size_t n = strlen(text);

	for (int i = 0; i < 63; i++, n += strlen(one))
		memcpy(text + n, one, strlen(one) + 1);
	memcpy(text + n, " alpn=dot", 10);
	printed[OPTION_TEXT] = 'z';
	ck_assert_int_eq(option_encode(OPTION_DNR, words, 1, wire, &why), 269);
	ck_assert_str_eq(option_print(OPTION_DNR, wire, 269, printed), text);
	ck_assert_int_eq(option_encode(OPTION_DNR, words, 3, wire, &why), 807);
	option_print(OPTION_DNR, wire, 807, printed);
	ck_assert_uint_eq(strlen(printed), OPTION_TEXT - 1);
	ck_assert_str_eq(printed + OPTION_TEXT - 4, "...");
	ck_assert_int_eq(printed[OPTION_TEXT], 'z');
	ck_assert_int_eq(option_encode(OPTION_DNR, words, 4, wire, &why), -1);
	ck_assert_str_eq(why, "the value is too long");
	memcpy(text + n, " 10.0.0.1 alpn=dot", 19);
	ck_assert_int_eq(option_encode(OPTION_DNR, words, 1, wire, &why), -1);
	ck_assert_str_eq(why, "a resolver has at most 63 addresses");
}
END_TEST

struct print_case {
	enum option_type type;
	const char *wire;
	size_t len;
	const char *text;
};

/* A resolver with an address, and n bytes in all behind the first two. */
#define DNR(n) "\0" n "\0\1\3\1a\0\4\12\0\0\1"
#define DNR_HEX(n) "00:" n ":00:01:03:01:61:00:04:0a:00:00:01"

/* What the network may send. */
/* clang-format off */
static const struct print_case prints[] = {
	{ OPTION_U8, W(""), "" },
	{ OPTION_U8, W("\1\2"), "hex 01:02" },
	{ OPTION_FLAG, W("\2"), "hex 02" },
	{ OPTION_U16, W("\1"), "hex 01" },
	{ OPTION_U16S, W("\1\2\3"), "hex 01:02:03" },
	{ OPTION_U32, W("\1\2\3"), "hex 01:02:03" },
	{ OPTION_IP, W("\12\0\0\1\12\0\0\2"), "hex 0a:00:00:01:0a:00:00:02" },
	{ OPTION_IPS, W("\12\0\0\1\12"), "hex 0a:00:00:01:0a" },
	{ OPTION_IP_PAIRS, W("\12\0\0\1"), "hex 0a:00:00:01" },
	{ OPTION_IP_PAIRS, W("\12\0\0\1\xff\0\0\0"), "10.0.0.1 via 255.0.0.0" },
	{ OPTION_STRING, W(""), "" },
	{ OPTION_STRING, W("a\\b\n\0\x7f\xff"), "a\\x5cb\\x0a\\x00\\x7f\\xff" },
	{ OPTION_STRING, W("\33[2J;$(reboot)"), "\\x1b[2J;$(reboot)" },
	{ OPTION_HEX, W("\0"), "00" },
	{ OPTION_FQDN, W(""), "" },
	{ OPTION_FQDN, W("\0"), "hex 00" },
	{ OPTION_FQDN, W("\1a"), "hex 01:61" },
	{ OPTION_FQDN, W("\1a\0x"), "hex 01:61:00:78" },
	{ OPTION_FQDN, W("\1.\0"), "hex 01:2e:00" },
	{ OPTION_FQDN, W("\1\n\0"), "hex 01:0a:00" },
	{ OPTION_FQDN, W("\1a\x80"), "hex 01:61:80" },
	{ OPTION_FQDN, W("\xc0\0"), "hex c0:00" },
	/* loops, and pointers forward, behind the end and into a length */
	{ OPTION_FQDNS, W("\xc0\0"), "hex c0:00" },
	{ OPTION_FQDNS, W("\1a\xc0\0"), "hex 01:61:c0:00" },
	{ OPTION_FQDNS, W("\1a\0\1b\xc0\3"), "hex 01:61:00:01:62:c0:03" },
	{ OPTION_FQDNS, W("\xc0\2\xc0\0"), "hex c0:02:c0:00" },
	{ OPTION_FQDNS, W("\1a\xc0\4\1b\0"), "hex 01:61:c0:04:01:62:00" },
	{ OPTION_FQDNS, W("\1a\0\xc0\xff"), "hex 01:61:00:c0:ff" },
	{ OPTION_FQDNS, W("\1a\0\xc0"), "hex 01:61:00:c0" },
	{ OPTION_FQDNS, W("\1a\0\0"), "hex 01:61:00:00" },
	{ OPTION_FQDNS, W("\1a\0\1b\xc0\0\1c\xc0\3"), "a, b.a, c.b.a" },
	{ OPTION_SIP, W("\0"), "hex 00" },
	{ OPTION_SIP, W("\1"), "hex 01" },
	{ OPTION_SIP, W("\1\12\0\0"), "hex 01:0a:00:00" },
	{ OPTION_SIP, W("\1\12\0\0\1\2"), "hex 01:0a:00:00:01:02" },
	{ OPTION_SIP, W("\2\12\0\0\1"), "hex 02:0a:00:00:01" },
	{ OPTION_ROUTES, W(""), "" },
	{ OPTION_ROUTES, W("\x21\12\0\0\0\0\12\0\0\1"), "hex 21:0a:00:00:00:00:0a:00:00:01" },
	{ OPTION_ROUTES, W("\x8\12\12\0\0"), "hex 08:0a:0a:00:00" },
	{ OPTION_ROUTES, W("\0\12\0\0\1\x8"), "hex 00:0a:00:00:01:08" },
	{ OPTION_VENDOR, W("\0\0\0\1"), "hex 00:00:00:01" },
	{ OPTION_VENDOR, W("\0\0\0\1\0"), "hex 00:00:00:01:00" },
	{ OPTION_VENDOR, W("\0\0\0\1\0\0\0\0\2\1a"), "hex 00:00:00:01:00:00:00:00:02:01:61" },
	{ OPTION_VENDOR, W("\0\0\0\1\2a"), "hex 00:00:00:01:02:61" },
	{ OPTION_DNR, W(""), "" },
	{ OPTION_DNR, W("\0\3\0\1\0"), "hex 00:03:00:01:00" },
	{ OPTION_DNR, W("\0\6\0\1\3\1a"), "hex 00:06:00:01:03:01:61" },
	{ OPTION_DNR, W("\0\5\0\1\3\1a\0"), "hex 00:05:00:01:03:01:61:00" },
	{ OPTION_DNR, W("\0\6\0\0\3\1a\0"), "hex 00:06:00:00:03:01:61:00" },
	{ OPTION_DNR, W("\0\4\0\1\1\0"), "hex 00:04:00:01:01:00" },
	{ OPTION_DNR, W("\0\5\0\1\2\xc0\0"), "hex 00:05:00:01:02:c0:00" },
	{ OPTION_DNR, W("\0\6\0\1\3\1a\0\0"), "hex 00:06:00:01:03:01:61:00:00" },
	/* addresses: none, half of one, no parameters */
	{ OPTION_DNR, W("\0\7\0\1\3\1a\0\0"), "hex 00:07:00:01:03:01:61:00:00" },
	{ OPTION_DNR, W("\0\x9\0\1\3\1a\0\2\12\0"), "hex 00:09:00:01:03:01:61:00:02:0a:00" },
	{ OPTION_DNR, W("\0\xa\0\1\3\1a\0\4\12\0\0"), "hex 00:0a:00:01:03:01:61:00:04:0a:00:00" },
	{ OPTION_DNR, W("\0\xb\0\1\3\1a\0\4\12\0\0\1"), "hex 00:0b:00:01:03:01:61:00:04:0a:00:00:01" },
	/* parameters: cut, empty, unknown, not in order, with a comma */
	{ OPTION_DNR, W(DNR("\15") "\0\1"), "hex " DNR_HEX("0d") ":00:01" },
	{ OPTION_DNR, W(DNR("\21") "\0\1\0\3\2h"), "hex " DNR_HEX("11") ":00:01:00:03:02:68" },
	{ OPTION_DNR, W(DNR("\17") "\0\1\0\0"), "hex " DNR_HEX("0f") ":00:01:00:00" },
	{ OPTION_DNR, W(DNR("\20") "\0\1\0\1\0"), "hex " DNR_HEX("10") ":00:01:00:01:00" },
	{ OPTION_DNR, W(DNR("\21") "\0\3\0\2\3\125"), "hex " DNR_HEX("11") ":00:03:00:02:03:55" },
	{ OPTION_DNR, W(DNR("\25") "\0\1\0\2\1d\0\4\0\0"), "hex " DNR_HEX("15") ":00:01:00:02:01:64:00:04:00:00" },
	{ OPTION_DNR, W(DNR("\27") "\0\1\0\2\1d\0\1\0\2\1e"), "hex " DNR_HEX("17") ":00:01:00:02:01:64:00:01:00:02:01:65" },
	{ OPTION_DNR, W(DNR("\21") "\0\1\0\2\1,"), "hex " DNR_HEX("11") ":00:01:00:02:01:2c" },
	{ OPTION_DNR, W(DNR("\21") "\0\1\0\2\1d"), "1 a 10.0.0.1 alpn=d" },
};
/* clang-format on */

START_TEST(test_print)
{
	const struct print_case *t = &prints[_i];
	char text[OPTION_TEXT];
	uint8_t *copy = malloc(t->len + (t->len == 0));

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, t->wire, t->len);
	ck_assert_str_eq(option_print(t->type, copy, t->len, text), t->text);
	free(copy);
}
END_TEST

/* A name of 255 bytes is one, of 256 none. */
START_TEST(test_print_longest_name)
{
	uint8_t wire[256];
	char text[OPTION_TEXT];

	memset(wire, 'l', sizeof(wire));
	wire[0] = wire[64] = wire[128] = 63;
	wire[192] = 61;
	wire[254] = 0;
	option_print(OPTION_FQDN, wire, 255, text);
	ck_assert_str_eq(text, LONGEST);
	wire[192] = 62;
	wire[254] = 'l';
	wire[255] = 0;
	option_print(OPTION_FQDN, wire, 256, text);
	ck_assert_uint_eq(strncmp(text, "hex 3f:6c:", 10), 0);
}
END_TEST

START_TEST(test_print_long)
{
	static uint8_t wire[1500];
	char text[OPTION_TEXT + 1];

	text[OPTION_TEXT] = 'z';
	for (int type = OPTION_FLAG; type <= OPTION_DNR; type++) {
		option_print((enum option_type)type, wire, sizeof(wire), text);
		ck_assert_uint_lt(strlen(text), OPTION_TEXT);
	}
	option_print(OPTION_HEX, wire, sizeof(wire), text);
	ck_assert_uint_eq(strlen(text), OPTION_TEXT - 1);
	ck_assert_str_eq(text + OPTION_TEXT - 4, "...");
	ck_assert_int_eq(text[OPTION_TEXT], 'z');
}
END_TEST

static Suite *
option_suite(void)
{
	Suite *s = suite_create("option");
	TCase *t = tcase_create("option");

	tcase_add_loop_test(t, test_find, 0, COUNT(finds));
	tcase_add_test(t, test_table);
	tcase_add_test(t, test_numbers);
	tcase_add_loop_test(t, test_good, 0, COUNT(goods));
	tcase_add_loop_test(t, test_bad, 0, COUNT(bads));
	tcase_add_test(t, test_limit);
	tcase_add_test(t, test_resolvers);
	tcase_add_loop_test(t, test_print, 0, COUNT(prints));
	tcase_add_test(t, test_print_longest_name);
	tcase_add_test(t, test_print_long);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(option_suite());
}
