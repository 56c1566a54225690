/* update: RFC 4703's messages byte for byte, and the way through them. */
#include <string.h>

#include "tap.h"
#include "update.h"

#define BYTES(s) (s), sizeof(s) - 1
#define ID "\x12\x34"
#define DHCID                                                                  \
	"\0\1\1"                                                               \
	"0123456789abcdefghijklmnopqrstuv"
#define NAME "\2pc\3lab\4test\0"
#define ZONE "\3lab\4test\0"
#define REVERSE                                                                \
	"\1"                                                                   \
	"7\1"                                                                  \
	"1\1"                                                                  \
	"0\2"                                                                  \
	"10\7in-addr\4arpa\0"
#define REVERSE_ZONE                                                           \
	"\1"                                                                   \
	"0\2"                                                                  \
	"10\7in-addr\4arpa\0"
#define TTL "\0\0\2\x58"
#define NO_TTL "\0\0\0\0"
#define TYPE_A "\0\1"
#define TYPE_SOA "\0\6"
#define TYPE_PTR "\0\x0c"
#define TYPE_AAAA "\0\x1c"
#define TYPE_DHCID "\0\x31"
#define TYPE_ANY "\0\xff"
#define IN "\0\1"
#define CLASS_NONE "\0\xfe"
#define CLASS_ANY "\0\xff"
#define EMPTY "\0\0"
#define ADDRESS "\0\4\x0a\0\1\7"
#define OWNER "\0\x23" DHCID

static struct update
example(void)
{
	struct update u = {
		.ip = { 10, 0, 1, 7 },
		.record = { .what = DDNS_A | DDNS_PTR, .ttl = 600 },
		.zone_skip = 2,
		.add = true,
	};

	memcpy(u.record.name, NAME, sizeof(NAME) - 1);
	memcpy(u.record.dhcid, DHCID, sizeof(DHCID) - 1);
	return u;
}

/* clang-format off */
static const struct {
	enum update_step step;
	const char *bytes;
	size_t len;
} messages[] = {
	{ UPDATE_ADD_UNUSED, BYTES(ID "\x28\0\0\1\0\1\0\2\0\0" ZONE TYPE_SOA IN
	    NAME TYPE_ANY CLASS_NONE NO_TTL EMPTY
	    NAME TYPE_A IN TTL ADDRESS
	    NAME TYPE_DHCID IN TTL OWNER) },
	{ UPDATE_ADD_OURS, BYTES(ID "\x28\0\0\1\0\2\0\2\0\0" ZONE TYPE_SOA IN
	    NAME TYPE_ANY CLASS_ANY NO_TTL EMPTY
	    NAME TYPE_DHCID IN NO_TTL OWNER
	    NAME TYPE_A CLASS_ANY NO_TTL EMPTY
	    NAME TYPE_A IN TTL ADDRESS) },
	{ UPDATE_ADD_REPLACE, BYTES(ID "\x28\0\0\1\0\0\0\4\0\0" ZONE TYPE_SOA IN
	    NAME TYPE_A CLASS_ANY NO_TTL EMPTY
	    NAME TYPE_DHCID CLASS_ANY NO_TTL EMPTY
	    NAME TYPE_A IN TTL ADDRESS
	    NAME TYPE_DHCID IN TTL OWNER) },
	{ UPDATE_REMOVE_A, BYTES(ID "\x28\0\0\1\0\1\0\1\0\0" ZONE TYPE_SOA IN
	    NAME TYPE_DHCID IN NO_TTL OWNER
	    NAME TYPE_A CLASS_NONE NO_TTL ADDRESS) },
	{ UPDATE_REMOVE_NAME, BYTES(ID "\x28\0\0\1\0\3\0\1\0\0" ZONE TYPE_SOA IN
	    NAME TYPE_DHCID IN NO_TTL OWNER
	    NAME TYPE_A CLASS_NONE NO_TTL EMPTY
	    NAME TYPE_AAAA CLASS_NONE NO_TTL EMPTY
	    NAME TYPE_ANY CLASS_ANY NO_TTL EMPTY) },
	{ UPDATE_PTR_ZONE, BYTES(ID "\0\0\0\1\0\0\0\0\0\0" REVERSE TYPE_SOA IN) },
	{ UPDATE_PTR_ADD, BYTES(ID "\x28\0\0\1\0\0\0\2\0\0" REVERSE_ZONE TYPE_SOA IN
	    REVERSE TYPE_PTR CLASS_ANY NO_TTL EMPTY
	    REVERSE TYPE_PTR IN TTL "\0\x0d" NAME) },
	{ UPDATE_PTR_REMOVE, BYTES(ID "\x28\0\0\1\0\1\0\1\0\0" REVERSE_ZONE TYPE_SOA IN
	    REVERSE TYPE_PTR IN NO_TTL "\0\x0d" NAME
	    REVERSE TYPE_ANY CLASS_ANY NO_TTL EMPTY) },
};
/* clang-format on */

START_TEST(test_message)
{
	uint8_t bytes[1024];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct update u = example();

	u.step = messages[_i].step;
	update_build(&u, 0x1234, &b);
	ck_assert(!b.full);
	ck_assert_uint_eq(b.len, messages[_i].len);
	ck_assert_mem_eq(bytes, messages[_i].bytes, b.len);
}
END_TEST

enum { KNOWN = 1, REPLACE = 2, REMOVE = 4, A = 8, PTR = 16, STOOD = 32 };
#define BOTH (A | PTR)
#define STEPS 8
#define BELONGS "the name is in use by another client or for something else"

/* A way: the rcodes of the answers and the step before each of them. */
/* clang-format off */
static const struct {
	const char *what;
	int how;
	struct { enum update_step step; int rcode; } way[STEPS];
	uint8_t stands;
	const char *why;
} ways[] = {
	{ "unused", BOTH | KNOWN, { { UPDATE_ADD_UNUSED, DNS_NOERROR }, { UPDATE_PTR_ADD, DNS_NOERROR }, { UPDATE_END, 0 } }, DDNS_A | DDNS_PTR, NULL },
	{ "no PTR", A | KNOWN, { { UPDATE_ADD_UNUSED, DNS_NOERROR }, { UPDATE_END, 0 } }, DDNS_A, NULL },
	{ "PTR alone", PTR | KNOWN, { { UPDATE_PTR_ADD, DNS_NOERROR }, { UPDATE_END, 0 } }, DDNS_PTR, NULL },
	{ "ours", A, { { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_NOERROR }, { UPDATE_END, 0 } }, DDNS_A, NULL },
	{ "another's", BOTH, { { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_NXRRSET } }, 0, BELONGS },
	{ "gone meanwhile", A, { { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_NXDOMAIN }, { UPDATE_ADD_UNUSED, DNS_NOERROR }, { UPDATE_END, 0 } }, DDNS_A, NULL },
	{ "comes and goes", A, { { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_NXDOMAIN }, { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_NXDOMAIN }, { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_NXDOMAIN } }, 0, "the name comes and goes" },
	{ "replace", BOTH | KNOWN | REPLACE, { { UPDATE_ADD_REPLACE, DNS_NOERROR }, { UPDATE_PTR_ADD, DNS_NOERROR }, { UPDATE_END, 0 } }, DDNS_A | DDNS_PTR, NULL },
	{ "refused", BOTH, { { UPDATE_ADD_UNUSED, DNS_REFUSED } }, 0, "REFUSED" },
	{ "server fails", A, { { UPDATE_ADD_UNUSED, DNS_SERVFAIL } }, 0, "SERVFAIL" },
	{ "no such zone", A, { { UPDATE_ADD_UNUSED, DNS_NOTAUTH } }, 0, "NOTAUTH" },
	{ "rcode 15", A, { { UPDATE_ADD_UNUSED, 15 } }, 0, "an unknown error" },
	{ "YXDOMAIN where it makes no sense", A, { { UPDATE_ADD_UNUSED, DNS_YXDOMAIN }, { UPDATE_ADD_OURS, DNS_YXDOMAIN } }, 0, "YXDOMAIN" },
	{ "A stands, PTR refused", BOTH | KNOWN, { { UPDATE_ADD_UNUSED, DNS_NOERROR }, { UPDATE_PTR_ADD, DNS_REFUSED } }, DDNS_A, "REFUSED" },
	{ "stood before, refused now", BOTH | STOOD, { { UPDATE_ADD_UNUSED, DNS_REFUSED } }, DDNS_A | DDNS_PTR, "REFUSED" },
	{ "zone is asked for", BOTH, { { UPDATE_ADD_UNUSED, DNS_NOERROR }, { UPDATE_PTR_ZONE, DNS_REFUSED } }, DDNS_A, "REFUSED" },
	{ "no zone found", PTR, { { UPDATE_PTR_ZONE, DNS_NXDOMAIN } }, 0, "no zone for the address is known there" },

	{ "remove", BOTH | REMOVE | KNOWN, { { UPDATE_REMOVE_A, DNS_NOERROR }, { UPDATE_REMOVE_NAME, DNS_NOERROR }, { UPDATE_PTR_REMOVE, DNS_NOERROR }, { UPDATE_END, 0 } }, 0, NULL },
	{ "remove, not ours any more", BOTH | REMOVE | KNOWN, { { UPDATE_REMOVE_A, DNS_NXRRSET }, { UPDATE_PTR_REMOVE, DNS_NXRRSET }, { UPDATE_END, 0 } }, 0, NULL },
	{ "remove, gone", BOTH | REMOVE | KNOWN, { { UPDATE_REMOVE_A, DNS_NXDOMAIN }, { UPDATE_PTR_REMOVE, DNS_NXDOMAIN }, { UPDATE_END, 0 } }, 0, NULL },
	{ "remove, another address is left", A | REMOVE, { { UPDATE_REMOVE_A, DNS_NOERROR }, { UPDATE_REMOVE_NAME, DNS_YXRRSET }, { UPDATE_END, 0 } }, 0, NULL },
	{ "remove, name taken meanwhile", A | REMOVE, { { UPDATE_REMOVE_A, DNS_NOERROR }, { UPDATE_REMOVE_NAME, DNS_NXRRSET }, { UPDATE_END, 0 } }, 0, NULL },
	{ "remove, refused", BOTH | REMOVE, { { UPDATE_REMOVE_A, DNS_REFUSED } }, DDNS_A | DDNS_PTR, "REFUSED" },
	{ "remove, refused later", BOTH | REMOVE | KNOWN, { { UPDATE_REMOVE_A, DNS_NOERROR }, { UPDATE_REMOVE_NAME, DNS_NOERROR }, { UPDATE_PTR_REMOVE, DNS_SERVFAIL } }, DDNS_PTR, "SERVFAIL" },
	{ "remove PTR alone", PTR | REMOVE | KNOWN, { { UPDATE_PTR_REMOVE, DNS_NOERROR }, { UPDATE_END, 0 } }, 0, NULL },
};
/* clang-format on */

static const char *
answer(struct update *u, int rcode, uint16_t more)
{
	struct dns_header h = { .flags = (uint16_t)(0xa800 | more | rcode) };
	struct dns_reader r = { .bytes = NULL };

	return update_answer(u, &h, &r);
}

START_TEST(test_way)
{
	const char *what = ways[_i].what, *why = NULL;
	struct update u = example();
	int how = ways[_i].how, i;

	u.add = (how & REMOVE) == 0;
	u.replace = (how & REPLACE) != 0;
	u.record.what =
	    (uint8_t)((how & A ? DDNS_A : 0) | (how & PTR ? DDNS_PTR : 0));
	u.stands = how & (REMOVE | STOOD) ? u.record.what : 0;
	u.zone_skip = how & KNOWN ? 2 : UPDATE_ZONE_UNKNOWN;
	update_begin(&u);
	for (i = 0; i < STEPS && why == NULL && u.step != UPDATE_END; i++) {
		ck_assert_msg(u.step == ways[_i].way[i].step,
		    "%s: step %d is %d", what, i, u.step);
		why = answer(&u, ways[_i].way[i].rcode, 0);
	}
	ck_assert_pstr_eq(why, ways[_i].why);
	if (why == NULL)
		ck_assert_msg(
		    ways[_i].way[i].step == UPDATE_END, "%s: ends", what);
	ck_assert_msg(u.stands == ways[_i].stands, "%s: %d", what, u.stands);
}
END_TEST

START_TEST(test_truncated)
{
	struct update u = example();

	update_begin(&u);
	ck_assert_str_eq(answer(&u, DNS_NOERROR, 0x0200), "a truncated answer");
	ck_assert_uint_eq(u.stands, 0);
}
END_TEST

#define SOA "\0\6\0\1\0\0\2\x58\0\0"
#define OTHER_RR "\1x\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4"

/* Answers to the question for the zone, behind the question. */
/* clang-format off */
static const struct {
	const char *what;
	uint16_t answers, authorities;
	const char *bytes;
	size_t len;
	uint8_t skip;
	const char *why;
} zones[] = {
	{ "the /16", 0, 1, BYTES(REVERSE_ZONE SOA), 2, NULL },
	{ "in capitals", 0, 1, BYTES("\1" "0\2" "10\7IN-ADDR\4ARPA\0" SOA), 2, NULL },
	{ "the /24", 0, 1, BYTES("\1" "1" REVERSE_ZONE SOA), 1, NULL },
	{ "the name itself", 1, 0, BYTES(REVERSE SOA), 0, NULL },
	{ "in-addr.arpa", 0, 1, BYTES("\7in-addr\4arpa\0" SOA), 4, NULL },
	{ "behind another record", 1, 1, BYTES(OTHER_RR REVERSE_ZONE SOA), 2, NULL },
	{ "of elsewhere", 0, 1, BYTES("\3lab\4test\0" SOA), 0, "no zone for the address is known there" },
	{ "of the root", 0, 1, BYTES("\0" SOA), 0, "no zone for the address is known there" },
	{ "none", 1, 0, BYTES(OTHER_RR), 0, "no zone for the address is known there" },
	{ "cut", 0, 1, BYTES(REVERSE_ZONE "\0\6\0\1\0"), 0, "an answer that is cut" },
	{ "fewer than said", 0, 2, BYTES(OTHER_RR), 0, "an answer that is cut" },
};
/* clang-format on */

START_TEST(test_zone)
{
	struct update u = example();
	const struct dns_header h = { .flags = 0x8403,
		.count = { 1, zones[_i].answers, zones[_i].authorities, 0 } };
	struct dns_reader r = { .bytes = (const uint8_t *)zones[_i].bytes,
		.len = zones[_i].len };

	u.record.what = DDNS_PTR;
	u.zone_skip = UPDATE_ZONE_UNKNOWN;
	update_begin(&u);
	ck_assert_int_eq(u.step, UPDATE_PTR_ZONE);
	ck_assert_pstr_eq(update_answer(&u, &h, &r), zones[_i].why);
	if (zones[_i].why != NULL)
		return;
	ck_assert_msg(u.zone_skip == zones[_i].skip, "%s: %u", zones[_i].what,
	    u.zone_skip);
	ck_assert_int_eq(u.step, UPDATE_PTR_ADD);
}
END_TEST

#define QUESTION ZONE TYPE_SOA IN

/* clang-format off */
static const struct {
	const char *what, *bytes;
	size_t len;
	bool ours;
} answers[] = {
	{ "with question", BYTES(ID "\xa8\0\0\1\0\0\0\0\0\0" QUESTION), true },
	{ "without question", BYTES(ID "\xa8\5\0\0\0\0\0\0\0\0"), true },
	{ "question in capitals", BYTES(ID "\xa8\0\0\1\0\0\0\0\0\0\3LAB\4test\0" TYPE_SOA IN), true },
	{ "another id", BYTES("\x12\x35\xa8\0\0\1\0\0\0\0\0\0" QUESTION), false },
	{ "a request", BYTES(ID "\x28\0\0\1\0\0\0\0\0\0" QUESTION), false },
	{ "a query's", BYTES(ID "\x80\0\0\1\0\0\0\0\0\0" QUESTION), false },
	{ "another zone", BYTES(ID "\xa8\0\0\1\0\0\0\0\0\0\3lab\4tesu\0" TYPE_SOA IN), false },
	{ "another type", BYTES(ID "\xa8\0\0\1\0\0\0\0\0\0" ZONE TYPE_A IN), false },
	{ "another class", BYTES(ID "\xa8\0\0\1\0\0\0\0\0\0" ZONE TYPE_SOA CLASS_ANY), false },
	{ "two questions", BYTES(ID "\xa8\0\0\2\0\0\0\0\0\0" QUESTION QUESTION), false },
	{ "cut in the question", BYTES(ID "\xa8\0\0\1\0\0\0\0\0\0" ZONE TYPE_SOA), false },
	{ "cut in the header", BYTES(ID "\xa8\0\0\1\0\0\0\0\0"), false },
	{ "nothing", BYTES(""), false },
};
/* clang-format on */

START_TEST(test_is_answer)
{
	static const char asked[] = ID "\x28\0\0\1\0\1\0\2\0\0" QUESTION "...";
	struct dns_reader r = { .bytes = (const uint8_t *)answers[_i].bytes,
		.len = answers[_i].len };
	struct dns_header h;

	ck_assert_msg(update_is_answer(&r, &h, (const uint8_t *)asked,
			  sizeof(asked) - 1) == answers[_i].ours,
	    "%s", answers[_i].what);
}
END_TEST

/* A query's answer says what was asked. */
START_TEST(test_is_query_answer)
{
	static const char asked[] = ID "\0\0\0\1\0\0\0\0\0\0" QUESTION;
	static const char bare[] = ID "\x80\0\0\0\0\0\0\0\0\0";
	struct dns_reader r = { .bytes = (const uint8_t *)bare,
		.len = sizeof(bare) - 1 };
	struct dns_header h;

	ck_assert(!update_is_answer(
	    &r, &h, (const uint8_t *)asked, sizeof(asked) - 1));
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("update");
	TCase *tc = tcase_create("update");

	tcase_add_loop_test(tc, test_message, 0, ROWS(messages));
	tcase_add_loop_test(tc, test_way, 0, ROWS(ways));
	tcase_add_test(tc, test_truncated);
	tcase_add_loop_test(tc, test_zone, 0, ROWS(zones));
	tcase_add_loop_test(tc, test_is_answer, 0, ROWS(answers));
	tcase_add_test(tc, test_is_query_answer);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
