/* offer, words: what a server says, as words that mean nothing to a shell. */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "offer.h"
#include "tap.h"

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* An ACK for 10.0.0.5/24 with one more option; its words are kept in o. */
static const char *
read_ack(struct offer *o, uint8_t code, const uint8_t *p, size_t n)
{
	static const uint8_t head[240] = { 2, 1, 6, [16] = 10, [19] = 5,
		[236] = 99, [237] = 130, [238] = 83, [239] = 99 };
	static const uint8_t needed[] = { 53, 1, 5, 54, 4, 10, 0, 0, 1, 51, 4,
		0, 0, 14, 16 };
	uint8_t bytes[PACKET_MAX];
	size_t len = sizeof(head), part;
	struct packet packet;

	memcpy(bytes, head, sizeof(head));
	memcpy(bytes + len, needed, sizeof(needed));
	len += sizeof(needed);
	if (code != 1) {
		memcpy(bytes + len, "\1\4\xff\xff\xff\0", 6);
		len += 6;
	}
	do {
		part = n < 255 ? n : 255;
		bytes[len++] = code;
		bytes[len++] = (uint8_t)part;
		memcpy(bytes + len, p, part);
		len += part;
		p += part;
		n -= part;
	} while (n > 0);
	bytes[len++] = 255;
	ck_assert_int_eq(packet_parse(&packet, bytes, len), PACKET_OK);
	return offer_read(o, &packet);
}

struct value {
	uint8_t code;
	const uint8_t *p;
	size_t len;
	const char *name, *text; /* NULL: left out */
};

#define LABEL63                                                                \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

/* clang-format off */
static const struct value values[] = {
	{ 3, BYTES("\x0a\0\0\1"), "router", "10.0.0.1" },
	{ 3, BYTES("\x0a\0\0\1\x0a\0\0\2"), "router", "10.0.0.1 10.0.0.2" },
	{ 3, BYTES("\x0a\0\0"), "router", NULL },
	{ 3, BYTES("\x0a\0\0\1\x0a"), "router", NULL },
	{ 3, BYTES(""), "router", NULL },
	{ 28, BYTES("\x0a\0\0\xff"), "broadcast", "10.0.0.255" },
	{ 28, BYTES("\x0a\0\0\xff\x0a\0\0\xff"), "broadcast", NULL },
	{ 33, BYTES("\x0a\1\2\3\x0a\0\0\1"), "routes", "10.1.2.3/10.0.0.1" },
	{ 33, BYTES("\x0a\1\2\3"), "routes", NULL },
	{ 26, BYTES("\5\xdc"), "mtu", "1500" },
	{ 26, BYTES("\5"), "mtu", NULL },
	{ 26, BYTES("\0\5\xdc"), "mtu", NULL },
	{ 23, BYTES("\x40"), "ipttl", "64" },
	{ 2, BYTES("\xff\xff\xf1\xf0"), "timezone", "-3600" },
	{ 2, BYTES("\x80\0\0\0"), "timezone", "-2147483648" },
	{ 211, BYTES("\xff\xff\xff\xff"), "reboottime", "4294967295" },
	/* names */
	{ 12, BYTES("pc7"), "hostname", "pc7" },
	{ 12, BYTES("pc7\0"), "hostname", "pc7" },
	{ 12, BYTES("pc7\0\0\0"), "hostname", "pc7" },
	{ 12, BYTES("pc7.lab.test."), "hostname", "pc7.lab.test" },
	{ 12, BYTES("a_b-c"), "hostname", "a_b-c" },
	{ 12, BYTES("-rf"), "hostname", NULL },
	{ 12, BYTES("a-"), "hostname", NULL },
	{ 12, BYTES("a b"), "hostname", NULL },
	{ 12, BYTES("a..b"), "hostname", NULL },
	{ 12, BYTES("."), "hostname", NULL },
	{ 12, BYTES(""), "hostname", NULL },
	{ 12, BYTES("\0"), "hostname", NULL },
	{ 12, BYTES("a\0b"), "hostname", NULL },
	{ 12, BYTES("a;b"), "hostname", NULL },
	{ 12, BYTES("$(b)"), "hostname", NULL },
	{ 12, BYTES("`b`"), "hostname", NULL },
	{ 12, BYTES("a\nb"), "hostname", NULL },
	{ 12, BYTES("a\xff"), "hostname", NULL },
	{ 12, BYTES(LABEL63), "hostname", LABEL63 },
	{ 12, BYTES(LABEL63 "x"), "hostname", NULL },
	{ 15, BYTES("lab.test"), "domain", "lab.test" },
	{ 15, BYTES("a.test b.test"), "domain", "a.test b.test" },
	{ 15, BYTES("a.test  b.test"), "domain", NULL },
	{ 15, BYTES(" a.test"), "domain", NULL },
	{ 15, BYTES("a.test\nnameserver 6.6.6.6"), "domain", NULL },
	/* paths */
	{ 67, BYTES("boot/pxelinux.0"), "bootfile", "boot/pxelinux.0" },
	{ 67, BYTES("http://[::1]/x"), "bootfile", NULL },
	{ 67, BYTES("http://h:80/x?y"), "bootfile", NULL },
	{ 67, BYTES("http://h:80/%20x,y=z+1@2"), "bootfile", "http://h:80/%20x,y=z+1@2" },
	{ 67, BYTES("-x"), "bootfile", NULL },
	{ 67, BYTES("../x"), "bootfile", NULL },
	{ 67, BYTES("a b"), "bootfile", NULL },
	{ 67, BYTES("a\\b"), "bootfile", NULL },
	{ 67, BYTES("a'b"), "bootfile", NULL },
	{ 67, BYTES("a\"b"), "bootfile", NULL },
	{ 67, BYTES("a*"), "bootfile", NULL },
	{ 67, BYTES("a&b"), "bootfile", NULL },
	{ 67, BYTES("a>b"), "bootfile", NULL },
	{ 67, BYTES("~x"), "bootfile", NULL },
	{ 67, BYTES("{a}"), "bootfile", NULL },
	{ 67, BYTES("a#b"), "bootfile", NULL },
	{ 67, BYTES("a!b"), "bootfile", NULL },
	/* for people */
	{ 56, BYTES("no address: full"), "message", "no address: full" },
	{ 56, BYTES("$(x) `y`;z\n"), "message", "__x_ _y__z_" },
	{ 56, BYTES("-x"), "message", "_x" },
	/* classless routes */
	{ 121, BYTES("\0\x0a\0\0\1"), "staticroutes", "0.0.0.0/0 10.0.0.1" },
	{ 121, BYTES("\x20\xa9\xfe\xa9\xfe\x0a\0\0\1"), "staticroutes", "169.254.169.254/32 10.0.0.1" },
	{ 121, BYTES("\x19\x81\xd2\xb1\x84\x0a\0\0\1"), "staticroutes", "129.210.177.128/25 10.0.0.1" },
	{ 121, BYTES("\x08\x0a\0\0\0\0\x10\xc0\xa8\x0a\0\0\1"), "staticroutes", "10.0.0.0/8 0.0.0.0 192.168.0.0/16 10.0.0.1" },
	{ 121, BYTES("\x21\x0a\0\0\0\0\x0a\0\0\1"), "staticroutes", NULL },
	{ 121, BYTES("\x08\x0a\x0a\0\0"), "staticroutes", NULL },
	{ 121, BYTES("\x08"), "staticroutes", NULL },
	{ 121, BYTES(""), "staticroutes", NULL },
	{ 249, BYTES("\0\x0a\0\0\1"), "msstaticroutes", "0.0.0.0/0 10.0.0.1" },
	/* RFC 3397 */
	{ 119, BYTES("\3eng\5apple\3com\0\x09marketing\xc0\4"), "search", "eng.apple.com marketing.apple.com" },
	{ 119, BYTES("\1a\0"), "search", "a" },
	{ 119, BYTES("\0"), "search", NULL },
	{ 119, BYTES("\1a"), "search", NULL },
	{ 119, BYTES("\5ab\0"), "search", NULL },
	{ 119, BYTES("\xc0\0"), "search", NULL },
	{ 119, BYTES("\1a\xc0\0"), "search", NULL },
	{ 119, BYTES("\1a\0\1b\xc0\3"), "search", NULL },
	{ 119, BYTES("\1a\0\1b\xc0\5"), "search", NULL },
	{ 119, BYTES("\1a\xc0"), "search", NULL },
	{ 119, BYTES("\x40" LABEL63 "x\0"), "search", NULL },
	{ 119, BYTES("\3a.b\0"), "search", NULL },
	{ 119, BYTES("\3a\0b\0"), "search", NULL },
	{ 119, BYTES("\3a b\0"), "search", NULL },
	{ 119, BYTES("\2-x\0"), "search", NULL },
	{ 119, BYTES("\3;rm\0"), "search", NULL },
	/* no name */
	{ 43, BYTES("\1\2;$"), "opt43", "01023b24" },
	{ 80, BYTES(""), "opt80", "" },
	{ 254, BYTES("\xff"), "opt254", "ff" },
	{ 53, BYTES(""), "opt53", "05" },
};
/* clang-format on */

START_TEST(options)
{
	struct offer o;
	const char *text;
	size_t i;

	for (i = 0; i < COUNT(values); i++) {
		ck_assert_ptr_null(
		    read_ack(&o, values[i].code, values[i].p, values[i].len));
		text = words_get(&o.words, values[i].name);
		ck_assert_msg((text == NULL) == (values[i].text == NULL) &&
			(text == NULL || strcmp(text, values[i].text) == 0),
		    "row %zu: option %u: %s, not %s", i, values[i].code, text,
		    values[i].text);
	}
}
END_TEST

START_TEST(masks)
{
	static const struct {
		const uint8_t *p;
		const char *subnet, *bits; /* NULL: refused */
	} cases[] = {
		{ (uint8_t *)"\xff\xff\xff\0", "255.255.255.0", "24" },
		{ (uint8_t *)"\xff\xff\xff\xff", "255.255.255.255", "32" },
		{ (uint8_t *)"\xff\xff\xff\xfe", "255.255.255.254", "31" },
		{ (uint8_t *)"\xff\xff\xff\xf8", "255.255.255.248", "29" },
		{ (uint8_t *)"\x80\0\0\0", "128.0.0.0", "1" },
		{ (uint8_t *)"\0\0\0\0", NULL, NULL },
		{ (uint8_t *)"\xff\0\xff\0", NULL, NULL },
		{ (uint8_t *)"\0\xff\xff\xff", NULL, NULL },
		{ (uint8_t *)"\xff\xff\xff\xfc", "255.255.255.252", "30" },
	};
	struct offer o;
	const char *why;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		why = read_ack(&o, 1, cases[i].p, 4);
		ck_assert_int_eq(why == NULL, cases[i].subnet != NULL);
		if (why != NULL)
			continue;
		ck_assert_str_eq(
		    words_get(&o.words, "subnet"), cases[i].subnet);
		ck_assert_str_eq(words_get(&o.words, "mask"), cases[i].bits);
	}
	/* none, or none that can be read: by the class */
	ck_assert_ptr_null(read_ack(&o, 1, (uint8_t *)"\xff", 1));
	ck_assert_str_eq(words_get(&o.words, "subnet"), "255.0.0.0");
}
END_TEST

/* All that is too much is left out, nothing is cut. */
START_TEST(large)
{
	struct offer o;
	uint8_t many[1200];
	size_t i;

	for (i = 0; i < sizeof(many); i++)
		many[i] = (uint8_t)(i % 4 == 0 ? 10 : i);
	for (i = 4; i < 400; i += 4) {
		ck_assert_ptr_null(read_ack(&o, 6, many, i));
		if (words_get(&o.words, "dns") == NULL)
			break;
		ck_assert_uint_eq(
		    strlen(words_get(&o.words, "dns")) < WORDS_VALUE, 1);
		ck_assert(word_value_ok(WORD_IPS, words_get(&o.words, "dns")));
	}
	ck_assert_uint_gt(i, 300);
	ck_assert_ptr_null(read_ack(&o, 43, many, sizeof(many)));
	ck_assert_ptr_null(words_get(&o.words, "opt43"));
	ck_assert_str_eq(words_get(&o.words, "serverid"), "10.0.0.1");
}
END_TEST

START_TEST(checked_again)
{
	static const struct {
		const char *word;
		bool ok;
	} cases[] = {
		{ "ip=10.0.0.5", true },
		{ "ip=10.0.0.5 10.0.0.6", false },
		{ "ip=010.0.0.5", false },
		{ "ip=", false },
		{ "ip", false },
		{ "=10.0.0.5", false },
		{ "", false },
		{ "PATH=/tmp", false },
		{ "LD_PRELOAD=/tmp/x", false },
		{ "interface=eth1", false },
		{ "opt0=00", false },
		{ "opt255=00", false },
		{ "opt043=00", false },
		{ "opt1000=00", false },
		{ "opt=00", false },
		{ "opt4x=00", false },
		{ "opt43=00", true },
		{ "opt43=", true },
		{ "opt43=0", false },
		{ "opt43=0G", false },
		{ "opt43=0A", false },
		{ "lease=3600", true },
		{ "lease=-1", false },
		{ "lease=4294967295", true },
		{ "lease=4294967296", false },
		{ "lease= 1", false },
		{ "timezone=-5", true },
		{ "timezone=--5", false },
		{ "timezone=+5", false },
		{ "staticroutes=10.0.0.0/8 10.0.0.1", true },
		{ "staticroutes=10.0.0.0/8", false },
		{ "staticroutes=10.0.0.0/33 10.0.0.1", false },
		{ "staticroutes=10.0.0.0 10.0.0.1", false },
		{ "routes=10.0.0.7/10.0.0.1", true },
		{ "routes=10.0.0.7/8", false },
		{ "dns=10.0.0.1 ", false },
		{ "hostname=a", true },
		{ "hostname=a\nip=1.2.3.4", false },
		{ "message=ok", true },
		{ "message=$x", false },
	};
	struct words w;
	size_t i, n;

	for (i = 0; i < COUNT(cases); i++) {
		ck_assert_msg(
		    word_ok(cases[i].word) == cases[i].ok, "%s", cases[i].word);
		n = strlen(cases[i].word);
		ck_assert_int_eq(
		    words_take(&w, cases[i].word, n + 1), cases[i].ok);
		ck_assert_uint_eq(w.len, cases[i].ok ? n + 1 : 0);
		ck_assert(!words_take(&w, cases[i].word, n) || n == 0);
	}
	ck_assert(words_take(&w, "", 0));
	ck_assert_ptr_null(words_next(&w, NULL));
	ck_assert(words_take(&w, "ip=10.0.0.5\0mask=24", 20));
	ck_assert_str_eq(words_get(&w, "mask"), "24");
	ck_assert_ptr_null(words_get(&w, "mas"));
	ck_assert(!words_take(&w, "ip=10.0.0.5\0mask=2x", 20));
	ck_assert_ptr_null(words_get(&w, "ip"));
}
END_TEST

START_TEST(room)
{
	struct words w;
	char value[WORDS_VALUE + 10];
	int n = 0;

	words_clear(&w);
	memset(value, 'a', sizeof(value));
	value[WORDS_VALUE] = '\0';
	ck_assert(!words_add(&w, "opt43", value));
	value[WORDS_VALUE - 2] = '\0';
	while (words_add(&w, "opt43", value))
		n++;
	ck_assert_int_eq(n, 2);
	ck_assert(words_add(&w, "ip", "10.0.0.1"));
	ck_assert(!words_add(&w, "nothing", "1"));
	while (words_add(&w, "lease", "1"))
		n++;
	ck_assert_uint_gt(w.len, WORDS_SIZE - 8);
	ck_assert_uint_le(w.len, WORDS_SIZE);
	ck_assert(words_take(&w, w.text, w.len));
}
END_TEST

START_TEST(refusal)
{
	struct words w;
	struct packet p = { .type = DHCP_NAK };

	p.options.at[54] = (uint8_t *)"\x0a\0\0\1";
	p.options.len[54] = 4;
	p.options.at[56] = (uint8_t *)"go `away`";
	p.options.len[56] = 9;
	p.options.at[15] = (uint8_t *)"x";
	p.options.len[15] = 1;
	offer_refusal(&w, &p);
	ck_assert_str_eq(words_get(&w, "serverid"), "10.0.0.1");
	ck_assert_str_eq(words_get(&w, "message"), "go _away_");
	ck_assert_ptr_null(words_get(&w, "domain"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("offer");
	TCase *t = tcase_create("offer");

	tcase_add_test(t, options);
	tcase_add_test(t, masks);
	tcase_add_test(t, large);
	tcase_add_test(t, checked_again);
	tcase_add_test(t, room);
	tcase_add_test(t, refusal);
	suite_add_tcase(s, t);
	return tap_run(s);
}
