/* fqdn: which name a client gets, the answer's option 81, DHCID records. */
#include <string.h>

#include "ddns.h"
#include "dnswire.h"
#include "tap.h"

#define BYTES(s) (s), sizeof(s) - 1
#define NONE NULL, 0
#define L10 "abcdefghij"
#define L63 L10 L10 L10 L10 L10 L10 "abc"
#define L61 L10 L10 L10 L10 L10 L10 "a"
#define ZONE189 L61 "." L63 "." L63

enum { A = 1, PTR = 2, OVERRIDE = 4, REVERSE = 8 };

/* clang-format off */
static const struct {
	const char *what, *reserved;
	const char *o81; size_t n81;
	const char *o12; size_t n12;
	const char *forward;
	int config; /* REVERSE, OVERRIDE */
	const char *host, *fqdn;
	int does; /* A, PTR */
	const char *answer; size_t n;
} choices[] = {
	{ "nothing", NULL, NONE, NONE, "lab.test", REVERSE, "", "", 0, NONE },
	{ "option 12", NULL, NONE, BYTES("printer"), "lab.test", REVERSE, "printer", "printer.lab.test", A | PTR, NONE },
	{ "no reverse", NULL, NONE, BYTES("printer"), "lab.test", 0, "printer", "printer.lab.test", A, NONE },
	{ "no zone", NULL, NONE, BYTES("printer"), NULL, REVERSE, "printer", "", 0, NONE },
	{ "zone with a dot", NULL, NONE, BYTES("printer"), "lab.test.", 0, "printer", "printer.lab.test", A, NONE },
	{ "12 with a domain", NULL, NONE, BYTES("printer.other.test"), "lab.test", 0, "printer", "printer.lab.test", A, NONE },
	{ "12 with a NUL", NULL, NONE, BYTES("pc\0x"), "lab.test", 0, "pc", "pc.lab.test", A, NONE },
	{ "reserved", "lpd", BYTES("\5\0\0\2pc"), BYTES("other"), "lab.test", 0, "lpd", "lpd.lab.test", A, BYTES("\5\xff\xff\3lpd\3lab\4test\0") },

	/* made to LDH */
	{ "space", NULL, NONE, BYTES("my pc"), "lab.test", 0, "my-pc", "my-pc.lab.test", A, NONE },
	{ "UTF-8", NULL, NONE, BYTES("Andr\xc3\xa9\xe2\x80\x99s phone"), "lab.test", 0, "Andr-s-phone", "Andr-s-phone.lab.test", A, NONE },
	{ "hyphens at the ends", NULL, NONE, BYTES("--a--b--"), "lab.test", 0, "a--b", "a--b.lab.test", A, NONE },
	{ "shell", NULL, NONE, BYTES("$(reboot);`x`"), "lab.test", 0, "reboot-x", "reboot-x.lab.test", A, NONE },
	{ "nothing is left", NULL, NONE, BYTES("__ !"), "lab.test", 0, "", "", 0, NONE },
	{ "digits", NULL, NONE, BYTES("007"), "lab.test", 0, "007", "007.lab.test", A, NONE },
	{ "63 bytes", NULL, NONE, BYTES(L63), "t", 0, L63, L63 ".t", A, NONE },
	{ "64 bytes", NULL, NONE, BYTES(L63 "x"), "t", 0, L63, L63 ".t", A, NONE },
	{ "just fits", NULL, BYTES("\4\0\0\74" L10 L10 L10 L10 L10 L10), NONE, ZONE189, 0, L10 L10 L10 L10 L10 L10, L10 L10 L10 L10 L10 L10 "." ZONE189, 0, BYTES("\14\xff\xff\74" L10 L10 L10 L10 L10 L10 "\75" L61 "\77" L63 "\77" L63 "\0") },
	{ "does not fit", NULL, BYTES("\4\0\0\75" L61), NONE, ZONE189, 0, L61, "", 0, BYTES("\14\xff\xff\75" L61) },
	{ "localhost", NULL, NONE, BYTES("localhost"), "lab.test", 0, "", "", 0, NONE },
	{ "WPAD", NULL, NONE, BYTES("WPAD"), "lab.test", 0, "", "", 0, NONE },
	{ "wpad in 81", NULL, BYTES("\5\0\0\4wpad"), NONE, "lab.test", 0, "", "", 0, BYTES("\16\xff\xff\4wpad") },
	{ "wpad reserved", "wpad", NONE, NONE, "lab.test", 0, "wpad", "wpad.lab.test", A, NONE },

	/* option 81: encodings (section 2.3) */
	{ "whole name", NULL, BYTES("\5\0\0\2pc\5other\0"), NONE, "lab.test", 0, "pc", "pc.lab.test", A, BYTES("\5\xff\xff\2pc\3lab\4test\0") },
	{ "partial name", NULL, BYTES("\5\0\0\2pc"), BYTES("other"), "lab.test", 0, "pc", "pc.lab.test", A, BYTES("\5\xff\xff\2pc\3lab\4test\0") },
	{ "empty name, 12", NULL, BYTES("\5\0\0"), BYTES("pc"), "lab.test", 0, "pc", "pc.lab.test", A, BYTES("\5\xff\xff\2pc\3lab\4test\0") },
	{ "root", NULL, BYTES("\5\0\0\0"), NONE, "lab.test", 0, "", "", 0, BYTES("\16\xff\xff\0") },
	{ "ASCII", NULL, BYTES("\1\0\0pc"), NONE, "lab.test", 0, "pc", "pc.lab.test", A, BYTES("\1\xff\xffpc.lab.test") },
	{ "ASCII with a domain", NULL, BYTES("\1\0\0pc.other.test."), NONE, "lab.test", 0, "pc", "pc.lab.test", A, BYTES("\1\xff\xffpc.lab.test") },
	{ "ASCII, empty", NULL, BYTES("\1\0\0"), NONE, "lab.test", 0, "", "", 0, BYTES("\12\xff\xff") },
	{ "label passes the end", NULL, BYTES("\5\0\0\7pc"), NONE, "lab.test", 0, "", "", 0, BYTES("\16\xff\xff\7pc") },
	{ "pointer", NULL, BYTES("\5\0\0\xc0\0"), NONE, "lab.test", 0, "", "", 0, BYTES("\16\xff\xff\xc0\0") },
	{ "two bytes", NULL, BYTES("\1\0"), BYTES("pc"), "lab.test", 0, "pc", "pc.lab.test", A, NONE },

	/* flags (section 4): S 1, O 2, E 4, N 8 */
	{ "S", NULL, BYTES("\5\0\0\2pc"), NONE, "lab.test", REVERSE, "pc", "pc.lab.test", A | PTR, BYTES("\5\xff\xff\2pc\3lab\4test\0") },
	{ "client does A", NULL, BYTES("\4\0\0\2pc"), NONE, "lab.test", REVERSE, "pc", "pc.lab.test", PTR, BYTES("\4\xff\xff\2pc\3lab\4test\0") },
	{ "client does A, no reverse", NULL, BYTES("\4\0\0\2pc"), NONE, "lab.test", 0, "pc", "pc.lab.test", 0, BYTES("\14\xff\xff\2pc\3lab\4test\0") },
	{ "client does A, override", NULL, BYTES("\4\0\0\2pc"), NONE, "lab.test", REVERSE | OVERRIDE, "pc", "pc.lab.test", A | PTR, BYTES("\7\xff\xff\2pc\3lab\4test\0") },
	{ "N", NULL, BYTES("\14\0\0\2pc"), NONE, "lab.test", REVERSE, "pc", "pc.lab.test", 0, BYTES("\14\xff\xff\2pc\3lab\4test\0") },
	{ "N, override", NULL, BYTES("\14\0\0\2pc"), NONE, "lab.test", REVERSE | OVERRIDE, "pc", "pc.lab.test", A | PTR, BYTES("\7\xff\xff\2pc\3lab\4test\0") },
	{ "N and S", NULL, BYTES("\15\0\0\2pc"), NONE, "lab.test", REVERSE, "pc", "pc.lab.test", 0, BYTES("\16\xff\xff\2pc\3lab\4test\0") },
	{ "O and reserved bits", NULL, BYTES("\xf7\1\2\2pc"), NONE, "lab.test", REVERSE, "pc", "pc.lab.test", A | PTR, BYTES("\5\xff\xff\2pc\3lab\4test\0") },
	{ "no zone, S", NULL, BYTES("\5\0\0\2pc\1x\0"), NONE, NULL, REVERSE | OVERRIDE, "pc", "", 0, BYTES("\16\xff\xff\2pc\1x\0") },
};
/* clang-format on */

START_TEST(test_choose)
{
	static struct packet p;
	struct ddns_name name;

	memset(&name, 0xa5, sizeof(name));
	p.options.at[81] = (const uint8_t *)choices[_i].o81;
	p.options.len[81] = (uint16_t)choices[_i].n81;
	p.options.at[12] = (const uint8_t *)choices[_i].o12;
	p.options.len[12] = (uint16_t)choices[_i].n12;
	ddns_choose(&name, &p, choices[_i].reserved, choices[_i].forward,
	    choices[_i].config & REVERSE, choices[_i].config & OVERRIDE);
	ck_assert_msg(strcmp(name.host, choices[_i].host) == 0, "%s: %s",
	    choices[_i].what, name.host);
	ck_assert_msg(strcmp(name.fqdn, choices[_i].fqdn) == 0, "%s: %s",
	    choices[_i].what, name.fqdn);
	ck_assert_msg(name.update_a == ((choices[_i].does & A) != 0) &&
		name.update_ptr == ((choices[_i].does & PTR) != 0),
	    "%s: %d %d", choices[_i].what, name.update_a, name.update_ptr);
	ck_assert_msg(name.n == choices[_i].n &&
		(name.n == 0 ||
		    memcmp(name.answer, choices[_i].answer, name.n) == 0),
	    "%s: flags %#x, %zu bytes", choices[_i].what, name.answer[0],
	    name.n);
}
END_TEST

/* A name of the client's longer than an answer has room for. */
START_TEST(test_long_answer)
{
	static struct packet p;
	uint8_t asked[400];
	struct ddns_name name;

	memset(asked, '!', sizeof(asked));
	asked[0] = FQDN_S;
	p.options.at[81] = asked;
	p.options.len[81] = sizeof(asked);
	ddns_choose(&name, &p, NULL, "lab.test", true, true);
	ck_assert_str_eq(name.host, "");
	ck_assert_uint_eq(name.n, sizeof(name.answer));
	ck_assert_mem_eq(name.answer + 3, asked + 3, 252);
}
END_TEST

/* RFC 4701 section 3.6, and what its examples leave out. */
#define MAC                                                                    \
	{                                                                      \
		1, 2, 3, 4, 5, 6                                               \
	}
#define CHI_ID "\1\7\10\11\12\13\14"
#define CHI                                                                    \
	"\0\1\1\x39\x20\xfe\x5d\x1d\xce\xb3\xfd\x0b\xa3\x37\x97\x56\xa7"       \
	"\x0d\x73\xb1\x70\x09\xf4\x1d\x58\xbd\xdb\xfc\xd6\xa2\x50\x39"         \
	"\x56\xd8\xda"
#define DUID "\0\1\0\6\x41\x2d\xf1\x66\1\2\3\4\5\6"
#define CHI6                                                                   \
	"\0\2\1\x63\x6f\xc0\xb8\x27\x1c\x82\x82\x5b\xb1\xac\x5c\x41\xcf"       \
	"\x53\x51\xaa\x69\xb4\xfe\xbd\x94\xe8\xf1\x7c\xdb\x95\0\x0d\xa4"       \
	"\x8c\x40"
#define CLIENT                                                                 \
	"\0\0\1\xc4\xb9\xa5\xb2\x49\x65\x13\x43\x15\x8d\xde\x7b\xcc"           \
	"\x77\x16\x98\x41\xf7\xa4\x24\x3a\x57\x2b\x5c\x28\x3f\xff\xed"         \
	"\xeb\x3f\x75\xe6"

/* clang-format off */
static const struct {
	const char *what, *name, *id;
	size_t idlen;
	bool by_hw;
	const char *dhcid; /* NULL: only its type */
	uint8_t type;
} dhcids[] = {
	{ "example 1 (in an identifier of RFC 4361)", "chi6.example.com", BYTES("\xff" "iaid" DUID), false, CHI6, 2 },
	{ "example 2", "chi.example.com", BYTES(CHI_ID), false, CHI, 1 },
	{ "example 3", "client.example.com", NONE, true, CLIENT, 0 },
	{ "without identifier", "client.example.com", NONE, false, CLIENT, 0 },
	{ "identity is the address", "client.example.com", BYTES(CHI_ID), true, CLIENT, 0 },
	{ "case of the name", "CHI.eXample.COM", BYTES(CHI_ID), false, CHI, 1 },
	{ "255 without DUID", "chi.example.com", BYTES("\xff" "iaid"), false, NULL, 1 },
};
/* clang-format on */

START_TEST(test_dhcid)
{
	const struct lease_client client = {
		.htype = 1,
		.hlen = 6,
		.hw = MAC,
		.id = (const uint8_t *)dhcids[_i].id,
		.idlen = dhcids[_i].idlen,
		.by_hw = dhcids[_i].by_hw,
	};
	uint8_t name[DNS_NAME], out[DDNS_DHCID];

	ck_assert_uint_ne(dns_name_parse(dhcids[_i].name, name), 0);
	ck_assert_int_eq(ddns_dhcid(&client, name, out), 0);
	ck_assert_msg(out[0] == 0 && out[1] == dhcids[_i].type && out[2] == 1,
	    "%s", dhcids[_i].what);
	if (dhcids[_i].dhcid != NULL)
		ck_assert_msg(memcmp(out, dhcids[_i].dhcid, sizeof(out)) == 0,
		    "%s", dhcids[_i].what);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("fqdn");
	TCase *tc = tcase_create("fqdn");

	tcase_add_loop_test(tc, test_choose, 0, ROWS(choices));
	tcase_add_test(tc, test_long_answer);
	tcase_add_loop_test(tc, test_dhcid, 0, ROWS(dhcids));
	suite_add_tcase(s, tc);
	return tap_run(s);
}
