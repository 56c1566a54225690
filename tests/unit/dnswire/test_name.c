/* name: text to wire and back, comparison, names of addresses. */
#include <arpa/inet.h>

#include <string.h>

#include "dnswire.h"
#include "tap.h"

#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define L62 L10 L10 L10 L10 L10 L10 "ab"
#define W63 "\077" L63
/* 253 bytes of text and 255 on the wire, the most there is */
#define LONGEST L63 "." L63 "." L63 "." L10 L10 L10 L10 L10 L10 "a"
#define LONGEST_WIRE W63 W63 W63 "\075" L10 L10 L10 L10 L10 L10 "a\0"
#define TOO_LONG L63 "." L63 "." L63 "." L62

/* clang-format off */
static const struct {
	const char *text, *wire;
	size_t len; /* 0: not a name */
	const char *back; /* NULL: the text and a dot */
} names[] = {
	{ "printer.lab.test", "\7printer\3lab\4test", 18, NULL },
	{ "printer.lab.test.", "\7printer\3lab\4test", 18, "printer.lab.test." },
	{ "x", "\1x", 3, NULL },
	{ ".", "", 1, "." },
	{ "", NULL, 0, NULL },
	{ "..", NULL, 0, NULL },
	{ ".x", NULL, 0, NULL },
	{ "a..b", NULL, 0, NULL },
	{ "a.b..", NULL, 0, NULL },
	{ "UPPER.Case", "\5UPPER\4Case", 12, NULL },
	{ "a\\.b.c", "\3a.b\1c", 7, NULL },
	{ "a\\\\b", "\3a\\b", 5, NULL },
	{ "a\\046b", "\3a.b", 5, "a\\.b." },
	{ "\\000", "\1\0", 3, NULL },
	{ "\\255\\032", "\2\377 ", 4, NULL },
	{ "\\256", NULL, 0, NULL },
	{ "\\25", NULL, 0, NULL },
	{ "\\2x5", NULL, 0, NULL },
	{ "a\\", NULL, 0, NULL },
	{ "a b", "\3a b", 5, "a\\032b." },
	{ "a\\$b", "\3a$b", 5, NULL },
	{ L63, W63, 65, NULL },
	{ L63 "x", NULL, 0, NULL },
	{ LONGEST, LONGEST_WIRE, 255, NULL },
	{ TOO_LONG, NULL, 0, NULL },
	{ LONGEST "b", NULL, 0, NULL },
	{ LONGEST ".b", NULL, 0, NULL },
	{ LONGEST ".", LONGEST_WIRE, 255, LONGEST "." },
};
/* clang-format on */

START_TEST(test_name)
{
	const char *text = names[_i].text;
	uint8_t wire[DNS_NAME];
	char back[DNS_NAME_TEXT];

	ck_assert_msg(dns_name_parse(text, wire) == names[_i].len, "%s", text);
	if (names[_i].len == 0)
		return;
	ck_assert_msg(
	    memcmp(wire, names[_i].wire, names[_i].len) == 0, "%s", text);
	ck_assert_uint_eq(dns_name_len(wire), names[_i].len);
	dns_name_text(wire, back);
	if (names[_i].back != NULL) {
		ck_assert_str_eq(back, names[_i].back);
	} else {
		ck_assert_msg(
		    strncmp(back, text, strlen(text)) == 0, "%s", back);
		ck_assert_str_eq(back + strlen(text), ".");
	}
}
END_TEST

/* Text at its longest: each byte of the wire takes four. */
START_TEST(test_longest_text)
{
	uint8_t wire[DNS_NAME];
	char text[DNS_NAME_TEXT];
	size_t n;

	memset(wire, 1, sizeof(wire));
	for (n = 0; n < 192; n += 64)
		wire[n] = 63;
	wire[192] = 61;
	wire[254] = 0;
	ck_assert_uint_eq(dns_name_len(wire), 255);
	ck_assert_uint_eq(strlen(dns_name_text(wire, text)), 4 * 250 + 4);
}
END_TEST

/* clang-format off */
static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
	{ "printer.lab.test", "Printer.LAB.tesT", true },
	{ "printer.lab.test", "printer.lab.tes", false },
	{ "printer.lab.test", "printer.lab.test.x", false },
	{ "ab.c", "a.bc", false },
	{ ".", ".", true },
	{ "@[", "`{", false }, /* 0x20 apart, and no letters */
	{ "\\192", "\\224", false },
	{ "az.AZ", "AZ.az", true },
};
/* clang-format on */

START_TEST(test_equal)
{
	uint8_t a[DNS_NAME], b[DNS_NAME];

	ck_assert_uint_ne(dns_name_parse(pairs[_i].a, a), 0);
	ck_assert_uint_ne(dns_name_parse(pairs[_i].b, b), 0);
	ck_assert_msg(dns_name_equal(a, b) == pairs[_i].equal, "%s %s",
	    pairs[_i].a, pairs[_i].b);
	dns_name_lower(a);
	dns_name_lower(b);
	ck_assert_msg(
	    (dns_name_len(a) == dns_name_len(b) &&
		memcmp(a, b, dns_name_len(a)) == 0) == pairs[_i].equal,
	    "%s %s", pairs[_i].a, pairs[_i].b);
}
END_TEST

/* clang-format off */
static const struct {
	int family;
	const char *addr, *name;
} reverse[] = {
	{ AF_INET, "10.0.1.7", "7.1.0.10.in-addr.arpa." },
	{ AF_INET, "0.0.0.0", "0.0.0.0.in-addr.arpa." },
	{ AF_INET, "255.254.253.252", "252.253.254.255.in-addr.arpa." },
	{ AF_INET6, "2001:db8::1234:5678", "8.7.6.5.4.3.2.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa." },
};
/* clang-format on */

START_TEST(test_reverse)
{
	uint8_t addr[16], name[DNS_NAME];
	char text[DNS_NAME_TEXT];
	size_t n;

	ck_assert_int_eq(
	    inet_pton(reverse[_i].family, reverse[_i].addr, addr), 1);
	n = reverse[_i].family == AF_INET ? dns_reverse4(addr, name) :
					    dns_reverse6(addr, name);
	ck_assert_uint_eq(n, dns_name_len(name));
	ck_assert_str_eq(dns_name_text(name, text), reverse[_i].name);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("name");
	TCase *tc = tcase_create("name");

	tcase_add_loop_test(tc, test_name, 0, ROWS(names));
	tcase_add_test(tc, test_longest_text);
	tcase_add_loop_test(tc, test_equal, 0, ROWS(pairs));
	tcase_add_loop_test(tc, test_reverse, 0, ROWS(reverse));
	suite_add_tcase(s, tc);
	return tap_run(s);
}
