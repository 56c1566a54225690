/* message: reading and building, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "dnswire.h"
#include "tap.h"

#define BYTES(s) (s), sizeof(s) - 1
#define HEAD "\x12\x34\x81\x80\0\1\0\1\0\0\0\0" /* 12 bytes */
#define LAB "\3lab\4test\0" /* 10 bytes */

/* clang-format off */
static const struct {
	const char *what, *bytes;
	size_t len, at;
	const char *name; /* NULL: none */
	size_t end;
} names[] = {
	{ "plain", BYTES(HEAD LAB), 12, "lab.test.", 22 },
	{ "root", BYTES(HEAD "\0"), 12, ".", 13 },
	{ "pointer", BYTES(HEAD LAB "\1x\xc0\x0c"), 22, "x.lab.test.", 26 },
	{ "pointer to the middle", BYTES(HEAD LAB "\1x\xc0\x10"), 22, "x.test.", 26 },
	{ "pointer alone", BYTES(HEAD LAB "\xc0\x0c"), 22, "lab.test.", 24 },
	{ "pointer to a pointer", BYTES(HEAD LAB "\1x\xc0\x0c\1y\xc0\x16"), 26, "y.x.lab.test.", 30 },
	{ "pointer to itself", BYTES(HEAD "\xc0\x0c"), 12, NULL, 0 },
	{ "loop of one label", BYTES(HEAD "\1x\xc0\x0c"), 12, NULL, 0 },
	{ "pointer forwards", BYTES(HEAD "\xc0\x0e" LAB), 12, NULL, 0 },
	{ "pointer into the header", BYTES(HEAD LAB "\xc0\x04"), 22, NULL, 0 },
	{ "pointer to 0", BYTES(HEAD LAB "\xc0\x00"), 22, NULL, 0 },
	{ "two that meet", BYTES(HEAD "\xc0\x0e\xc0\x0c"), 14, NULL, 0 },
	{ "half a pointer", BYTES(HEAD LAB "\xc0"), 22, NULL, 0 },
	{ "label type 01", BYTES(HEAD "\x41x\0"), 12, NULL, 0 },
	{ "label type 10", BYTES(HEAD "\x81x\0"), 12, NULL, 0 },
	{ "cut in a label", BYTES(HEAD "\3la"), 12, NULL, 0 },
	{ "cut before the root", BYTES(HEAD "\3lab"), 12, NULL, 0 },
	{ "nothing", BYTES(HEAD), 12, NULL, 0 },
};
/* clang-format on */

START_TEST(test_name)
{
	uint8_t *copy = malloc(names[_i].len), name[DNS_NAME];
	struct dns_reader r = {
		.bytes = copy, .len = names[_i].len, .pos = names[_i].at
	};
	char text[DNS_NAME_TEXT];
	size_t n;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, names[_i].bytes, names[_i].len);
	n = dns_get_name(&r, name);
	if (names[_i].name == NULL) {
		ck_assert_msg(n == 0 && r.bad, "%s", names[_i].what);
	} else {
		ck_assert_msg(n > 0 && !r.bad, "%s", names[_i].what);
		ck_assert_uint_eq(n, dns_name_len(name));
		ck_assert_str_eq(dns_name_text(name, text), names[_i].name);
		ck_assert_msg(r.pos == names[_i].end, "%s", names[_i].what);
	}
	free(copy);
}
END_TEST

/* 255 bytes put together from pointers are a name, 256 are none. */
START_TEST(test_name_length)
{
	uint8_t bytes[512] = { 0 }, name[DNS_NAME];
	struct dns_reader r = { .bytes = bytes };
	size_t i, n = DNS_HEADER;

	for (i = 0; i < 3; i++, n += 64)
		bytes[n] = 63;
	n++; /* the root: 193 bytes so far */
	r.pos = n;
	bytes[n] = 61;
	bytes[n + 62] = 0xc0;
	bytes[n + 63] = DNS_HEADER;
	r.len = n + 64;
	ck_assert_uint_eq(dns_get_name(&r, name), 255);
	ck_assert_uint_eq(r.pos, r.len);
	r.pos = n;
	bytes[n] = 62;
	bytes[n + 63] = 0xc0;
	bytes[n + 64] = DNS_HEADER;
	r.len = n + 65;
	ck_assert_uint_eq(dns_get_name(&r, name), 0);
	ck_assert(r.bad);
}
END_TEST

/* An answer with a compressed name, cut at each byte. */
static const char answer[] =
    HEAD LAB "\0\1\0\1"
	     "\xc0\x0c\0\1\0\1\0\0\2\x58\0\4\x0a\0\1\7";

START_TEST(test_answer)
{
	static const uint8_t addr[4] = { 10, 0, 1, 7 };
	size_t len = (size_t)_i;
	uint8_t *copy = malloc(len + (len == 0));
	struct dns_reader r = { .bytes = copy, .len = len };
	struct dns_header h;
	struct dns_rr rr;
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, answer, len);
	rc = dns_get_header(&r, &h);
	ck_assert_int_eq(rc, len < 12 ? -1 : 0);
	rc = dns_get_question(&r, &rr);
	ck_assert_int_eq(rc, len < 26 ? -1 : 0);
	rc = dns_get_rr(&r, &rr);
	ck_assert_int_eq(rc, len < sizeof(answer) - 1 ? -1 : 0);
	if (rc == 0) {
		ck_assert_uint_eq(h.id, 0x1234);
		ck_assert_uint_eq(h.flags, 0x8180);
		ck_assert_uint_eq(h.count[0], 1);
		ck_assert_uint_eq(h.count[1], 1);
		ck_assert_uint_eq(dns_rcode(&h), 0);
		ck_assert_mem_eq(rr.name, LAB, 10);
		ck_assert_uint_eq(rr.type, DNS_A);
		ck_assert_uint_eq(rr.class, DNS_IN);
		ck_assert_uint_eq(rr.ttl, 600);
		ck_assert_uint_eq(rr.len, 4);
		ck_assert_mem_eq(rr.data, addr, 4);
		ck_assert_uint_eq(rr.at, 26);
		ck_assert_uint_eq(r.pos, len);
	}
	free(copy);
}
END_TEST

/* What failed once fails for good and moves nothing. */
START_TEST(test_sticky)
{
	struct dns_reader r = { .bytes = (const uint8_t *)"\1\2\3", .len = 3 };

	ck_assert_uint_eq(dns_get16(&r), 0x0102);
	ck_assert_uint_eq(dns_get16(&r), 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(r.pos, 2);
	ck_assert_uint_eq(dns_get8(&r), 0);
	ck_assert_ptr_null(dns_get(&r, 0));
}
END_TEST

/* An update (RFC 2136): the section counts rise with what is put. */
static const char update[] = "\xbe\xef\x28\0\0\1\0\1\0\2\0\0" LAB "\0\6\0\1"
			     "\1p" LAB "\0\xff\0\xfe\0\0\0\0\0\0"
			     "\1p" LAB "\0\1\0\1\0\0\2\x58\0\4\x0a\0\1\7"
			     "\1p" LAB "\0\x31\0\1\0\0\2\x58\0\3abc";

static void
put_update(struct dns_builder *b)
{
	const struct dns_header h = { .id = 0xbeef, .flags = DNS_UPDATE << 11 };
	struct dns_rr rr = { .type = DNS_ANY_TYPE, .class = DNS_NONE };
	uint8_t zone[DNS_NAME];

	dns_name_parse("lab.test", zone);
	dns_name_parse("p.lab.test", rr.name);
	dns_put_header(b, &h);
	dns_put_question(b, zone, DNS_SOA, DNS_IN);
	dns_put_rr(b, 1, &rr);
	rr.type = DNS_A;
	rr.class = DNS_IN;
	rr.ttl = 600;
	rr.data = (const uint8_t *)"\x0a\0\1\7";
	rr.len = 4;
	dns_put_rr(b, 2, &rr);
	rr.type = DNS_DHCID;
	rr.data = (const uint8_t *)"abc";
	rr.len = 3;
	dns_put_rr(b, 2, &rr);
}

START_TEST(test_build)
{
	uint8_t bytes[sizeof(update) - 1];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };

	put_update(&b);
	ck_assert(!b.full);
	ck_assert_uint_eq(b.len, sizeof(bytes));
	ck_assert_mem_eq(bytes, update, sizeof(bytes));
}
END_TEST

/* No room, at each length: full is told and nothing passes the end. */
START_TEST(test_full)
{
	uint8_t *bytes = malloc((size_t)_i + (_i == 0));
	struct dns_builder b = { .bytes = bytes, .limit = (size_t)_i };

	ck_assert_ptr_nonnull(bytes);
	put_update(&b);
	ck_assert(b.full);
	ck_assert_uint_le(b.len, b.limit);
	dns_put8(&b, 1);
	ck_assert(b.full);
	free(bytes);
}
END_TEST

/* The 256th record carries into the high byte of the count. */
START_TEST(test_count)
{
	static uint8_t bytes[8192];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	const struct dns_header h = { .id = 1 };
	struct dns_rr rr = { .type = DNS_A, .class = DNS_IN };
	struct dns_reader r = { .bytes = bytes };
	struct dns_header back;
	int i;

	dns_put_header(&b, &h);
	for (i = 0; i < 300; i++)
		dns_put_rr(&b, 3, &rr);
	ck_assert(!b.full);
	r.len = b.len;
	ck_assert_int_eq(dns_get_header(&r, &back), 0);
	ck_assert_uint_eq(back.count[3], 300);
	ck_assert_uint_eq(back.count[2], 0);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("message");
	TCase *tc = tcase_create("message");

	tcase_add_loop_test(tc, test_name, 0, ROWS(names));
	tcase_add_test(tc, test_name_length);
	tcase_add_loop_test(tc, test_answer, 0, (int)sizeof(answer));
	tcase_add_test(tc, test_sticky);
	tcase_add_test(tc, test_build);
	tcase_add_loop_test(tc, test_full, 0, (int)sizeof(update) - 1);
	tcase_add_test(tc, test_count);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
