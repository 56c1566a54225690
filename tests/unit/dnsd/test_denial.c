/* denial: proofs that something does not exist, and signatures beside data. */
#include "denial.h"
#include "denialcases.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct served v;

static void
check_case(const struct served_zone *zone, const struct served_case *c)
{
	served_begin(&v, zone, 1);
	ck_assert_str_eq(served_ask(&v, c->question), c->reply);
	served_end(&v);
}

START_TEST(test_rfc4035)
{
	check_case(nsec_zones, &nsec_cases[_i]);
}
END_TEST

START_TEST(test_rfc5155)
{
	check_case(nsec3_zones, &nsec3_cases[_i]);
}
END_TEST

START_TEST(test_nsec)
{
	check_case(nsecm_zones, &nsecm_cases[_i]);
}
END_TEST

START_TEST(test_optout)
{
	check_case(optout_zones, &optout_cases[_i]);
}
END_TEST

/* Without DO there is nothing of DNSSEC, in any case. */
static void
check_plain(const struct served_zone *zone, const struct served_case *c)
{
	char question[256], *end;
	const char *reply;

	strlcpy(question, c->question, sizeof(question));
	if ((end = strstr(question, " +do")) == NULL)
		return;
	*end = '\0';
	served_begin(&v, zone, 1);
	reply = served_ask(&v, question);
	ck_assert_msg(strstr(reply, " RRSIG ") == NULL &&
		strstr(reply, " NSEC ") == NULL &&
		strstr(reply, " NSEC3 ") == NULL,
	    "%s: %s", question, reply);
	served_end(&v);
}

START_TEST(test_without)
{
	check_plain(nsecm_zones, &nsecm_cases[_i]);
	check_plain(optout_zones, &optout_cases[_i]);
}
END_TEST

/* RFC 5155 appendix A. */
START_TEST(test_hash)
{
	static const struct nsec3_conf salted = { .algorithm = 1,
		.salt_len = 4,
		.iterations = 12,
		.salt = { 0xaa, 0xbb, 0xcc, 0xdd } };
	static const struct nsec3_conf plain = { .algorithm = 1 };
	static const struct {
		const struct nsec3_conf *conf;
		const char *name, *hash;
	} names[] = {
		{ &salted, "\007example",
		    "065368abeed7ec6e9feba96b8c8bc3e8b791f716" },
		{ &salted, "\001a\007example",
		    "196dd8c3306783a8190f52c262d2b7e5e836e7f5" },
		{ &plain, "\007example",
		    "1db8efa7dcb348bda7893fca1d8badfdb6996b01" },
	};
	uint8_t hash[20];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		denial_hash(
		    names[i].conf, (const uint8_t *)names[i].name, hash);
		ck_assert_str_eq(asked_hex(hash, 20), names[i].hash);
	}
}
END_TEST

/* What does not fit is asked for again by TCP: proofs are no extra. */
START_TEST(test_truncated)
{
	const char *reply;
	size_t whole;

	served_begin(&v, nsec_zones, 1);
	served_ask(&v, "ml.example. A +do +tcp");
	whole = v.len;
	for (v.a.room = 64; v.a.room < whole; v.a.room++) {
		reply = served_ask(&v, "ml.example. A +do +tcp");
		ck_assert_str_eq(reply, "NXDOMAIN aa tc edns do\n");
	}
	reply = served_ask(&v, "ml.example. A +do +tcp");
	ck_assert_str_eq(reply, nsec_cases[1].reply);
	served_end(&v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("denial");
	TCase *tc = tcase_create("denial");

	tcase_add_loop_test(tc, test_rfc4035, 0, COUNT(nsec_cases));
	tcase_add_loop_test(tc, test_rfc5155, 0, COUNT(nsec3_cases));
	tcase_add_loop_test(tc, test_nsec, 0, COUNT(nsecm_cases));
	tcase_add_loop_test(tc, test_optout, 0, COUNT(optout_cases));
	tcase_add_loop_test(tc, test_without, 0, COUNT(nsecm_cases));
	tcase_add_test(tc, test_hash);
	tcase_add_test(tc, test_truncated);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
