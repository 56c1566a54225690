/*
 * confword: the words of configuration files, and addresses in prefixes.
 */
#include <netinet/in.h>

#include <arpa/inet.h>

#include "conf.h"
#include "confpart.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

START_TEST(words)
{
	static const struct {
		enum conf_type type;
		const char *word;
		uint64_t want;
		int rc;
	} rows[] = {
		{ CONF_NUM, "0", 0, 0 },
		{ CONF_NUM, "0010", 10, 0 },
		{ CONF_NUM, "18446744073709551615", UINT64_MAX, 0 },
		{ CONF_NUM, "18446744073709551616", 0, -1 },
		{ CONF_NUM, "99999999999999999999", 0, -1 },
		{ CONF_NUM, "-1", 0, -1 },
		{ CONF_NUM, "+1", 0, -1 },
		{ CONF_NUM, "1 ", 0, -1 },
		{ CONF_NUM, " 1", 0, -1 },
		{ CONF_NUM, "", 0, -1 },
		{ CONF_SIZE, "64k", 65536, 0 },
		{ CONF_SIZE, "10M", 10485760, 0 },
		{ CONF_SIZE, "1G", 1 << 30, 0 },
		{ CONF_SIZE, "2T", 2ULL << 40, 0 },
		{ CONF_SIZE, "16777215T", 16777215ULL << 40, 0 },
		{ CONF_SIZE, "16777216T", 0, -1 },
		{ CONF_SIZE, "1kk", 0, -1 },
		{ CONF_SIZE, "k", 0, -1 },
		{ CONF_TIME, "1", 1000, 0 },
		{ CONF_TIME, "500ms", 500, 0 },
		{ CONF_TIME, "30s", 30000, 0 },
		{ CONF_TIME, "15m", 900000, 0 },
		{ CONF_TIME, "2h", 7200000, 0 },
		{ CONF_TIME, "7d", 604800000, 0 },
		{ CONF_TIME, "213503982334d", 18446744073657600000ULL, 0 },
		{ CONF_TIME, "213503982335d", 0, -1 },
		{ CONF_TIME, "18446744073709552", 0, -1 },
		{ CONF_TIME, "1.5h", 0, -1 },
		{ CONF_TIME, "s", 0, -1 },
	};
	uint64_t v;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		v = 0;
		ck_assert_msg(
		    conf_parse(rows[i].type, rows[i].word, &v) == rows[i].rc,
		    "row %zu: %s", i, rows[i].word);
		ck_assert_uint_eq(v, rows[i].want);
	}
}
END_TEST

START_TEST(ranges)
{
	static const struct {
		const char *word;
		uint32_t first, last;
		int rc;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "7-9", 7, 9, 0 },
		{ "7-7", 7, 7, 0 },
		{ "4294967295", UINT32_MAX, UINT32_MAX, 0 },
		{ "4294967296", 0, 0, -1 },
		{ "9-7", 0, 0, -1 },
		{ "-7", 0, 0, -1 },
		{ "7-", 0, 0, -1 },
		{ "7-8-9", 0, 0, -1 },
		{ "7 - 9", 0, 0, -1 },
		{ "00000000000000000000000000000000000000000000001", 1, 1, 0 },
		{ "", 0, 0, -1 },
	};
	struct conf_range r;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		r = (struct conf_range){ 0, 0 };
		ck_assert_msg(conf_parse_range(rows[i].word, &r) == rows[i].rc,
		    "row %zu: %s", i, rows[i].word);
		ck_assert_uint_eq(r.first, rows[i].first);
		ck_assert_uint_eq(r.last, rows[i].last);
	}
}
END_TEST

static const struct {
	const char *prefix, *addr;
	bool match;
} matches[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/25", "192.0.2.127", true },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "192.0.2.128/31", "192.0.2.129", true },
	{ "192.0.2.128/31", "192.0.2.130", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1/32", "192.0.2.0", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "::1", false },
	{ "::/0", "::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1/128", "2001:db8::1", true },
	{ "2001:db8::1/128", "2001:db8::2", false },
	/* An IPv4 client on an IPv6 socket is an IPv4 client. */
	{ "192.0.2.0/24", "::ffff:192.0.2.9", true },
	{ "192.0.2.0/24", "::ffff:192.0.3.9", false },
	{ "::/0", "::ffff:192.0.2.9", false },
	{ "::ffff:192.0.2.0/120", "::ffff:192.0.2.9", true },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "::ffff:192.0.2.0/120", "192.0.3.9", false },
};

START_TEST(match)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct conf_prefix two[2];
	struct conf_prefixes set = { two, 2 };
	const struct sockaddr *sa = (struct sockaddr *)&in6;

	ck_assert_ptr_null(conf_parse_prefix("198.51.100.7", &two[0]));
	ck_assert_ptr_null(conf_parse_prefix(matches[_i].prefix, &two[1]));
	if (inet_pton(AF_INET, matches[_i].addr, &in.sin_addr) == 1)
		sa = (struct sockaddr *)&in;
	else
		ck_assert_int_eq(
		    inet_pton(AF_INET6, matches[_i].addr, &in6.sin6_addr), 1);
	ck_assert_int_eq(conf_prefix_match(&set, sa), matches[_i].match);
	ck_assert(!conf_prefix_match(&set, &unspec));
	set.n = 0;
	ck_assert(!conf_prefix_match(&set, sa));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("confword");
	TCase *t = tcase_create("confword");

	suite_add_tcase(s, t);
	tcase_add_test(t, words);
	tcase_add_test(t, ranges);
	tcase_add_loop_test(t, match, 0, (int)N(matches));
	return tap_run(s);
}
