/*
 * Response rate limiting: what a network gets in each second, by the clock of
 * the requests.
 */
#include <stdlib.h>
#include <string.h>

#include "rrl.h"
#include "rtype.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct rate_conf conf;
static struct rrl *rrl;
static struct request r;

/* How many of n answers are sent, dropped, slipped. */
struct told {
	unsigned sent, dropped, slipped;
};

static void
ask_from(const char *peer, const char *name, uint16_t type, unsigned rcode)
{
	uint8_t wire[DNS_NAME];
	char device[16];
	bool has_port;
	size_t n = dns_name_parse(name, wire);

	ck_assert_uint_ne(n, 0);
	ck_assert_int_eq(dname_set(&r.qname, wire, n), 0);
	ck_assert_int_eq(sock_parse(peer, &r.peer, device, &has_port), 0);
	r.qtype = type;
	r.rcode = (uint16_t)rcode;
}

static struct told
answer(unsigned n)
{
	struct told t = { 0, 0, 0 };

	while (n-- > 0)
		switch (rrl_check(rrl, &r)) {
		case RRL_SEND:
			t.sent++;
			break;
		case RRL_DROP:
			t.dropped++;
			break;
		case RRL_SLIP:
			t.slipped++;
			break;
		}
	return t;
}

static void
expect(unsigned n, unsigned sent, unsigned dropped, unsigned slipped)
{
	struct told t = answer(n);

	ck_assert_uint_eq(t.sent, sent);
	ck_assert_uint_eq(t.dropped, dropped);
	ck_assert_uint_eq(t.slipped, slipped);
}

static void
begin(unsigned responses, unsigned errors, unsigned slip)
{
	conf = (struct rate_conf){ .set = true,
		.responses = responses,
		.errors = errors,
		.slip = slip,
		.ipv4_prefix = 24,
		.ipv6_prefix = 56,
		.table = 1024 };
	dname_seed();
	rrl = rrl_open(&conf);
	ck_assert_ptr_nonnull(rrl);
	r.now = 1700000000;
	ask_from("192.0.2.1", "www.test", TYPE_A, DNS_NOERROR);
}

static void
teardown(void)
{
	rrl_close(rrl);
}

START_TEST(test_seconds)
{
	begin(10, 10, 0);
	expect(20, 10, 10, 0);
	r.now++;
	expect(1, 0, 1, 0); /* the debt is paid first */
	r.now += 2;
	expect(20, 10, 10, 0);
	r.now += RRL_WINDOW + 2;
	expect(20, 10, 10, 0); /* all is forgotten */
}
END_TEST

/* However much was asked, it is over after the window. */
START_TEST(test_debt)
{
	begin(10, 10, 0);
	expect(100000, 10, 99990, 0);
	r.now += RRL_WINDOW;
	expect(1, 0, 1, 0);
	r.now += 1;
	ck_assert_uint_gt(answer(10).sent, 0);
}
END_TEST

START_TEST(test_slip)
{
	begin(5, 5, 2);
	expect(25, 5, 10, 10);
	rrl_close(rrl);
	begin(5, 5, 1);
	expect(25, 5, 0, 20);
	rrl_close(rrl);
	begin(5, 5, 10);
	expect(25, 5, 18, 2);
}
END_TEST

START_TEST(test_no_limit)
{
	begin(0, 3, 0);
	expect(1000, 1000, 0, 0);
	ask_from("192.0.2.1", "www.test", TYPE_A, DNS_NXDOMAIN);
	expect(10, 3, 7, 0);
}
END_TEST

/* What shares an account with www.test A from 192.0.2.1, and what does not. */
static const struct {
	const char *peer, *name;
	uint16_t type;
	unsigned rcode;
	bool shares;
} others[] = {
	{ "192.0.2.1", "www.test", TYPE_A, DNS_NOERROR, true },
	{ "192.0.2.1", "WWW.Test", TYPE_A, DNS_NOERROR, true },
	{ "192.0.2.254:99", "www.test", TYPE_A, DNS_NOERROR, true },
	{ "192.0.3.1", "www.test", TYPE_A, DNS_NOERROR, false },
	{ "2001:db8::1", "www.test", TYPE_A, DNS_NOERROR, false },
	{ "192.0.2.1", "ftp.test", TYPE_A, DNS_NOERROR, false },
	{ "192.0.2.1", "www.test", TYPE_AAAA, DNS_NOERROR, false },
	{ "192.0.2.1", "www.test", TYPE_A, DNS_NXDOMAIN, false },
};

START_TEST(test_accounts)
{
	begin(5, 5, 0);
	expect(10, 5, 5, 0);
	ask_from(others[_i].peer, others[_i].name, others[_i].type,
	    others[_i].rcode);
	expect(1, others[_i].shares ? 0 : 1, others[_i].shares ? 1 : 0, 0);
}
END_TEST

/* A client that makes names up has one account for what is not there. */
START_TEST(test_made_up)
{
	char name[32];
	unsigned i, sent = 0;

	begin(5, 5, 0);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "x%u.test", i);
		ask_from("2001:db8::77", name, TYPE_A, DNS_NXDOMAIN);
		sent += answer(1).sent;
	}
	ck_assert_uint_eq(sent, 5);
	ask_from("2001:db8:0:ff::1", "x.test", TYPE_A, DNS_NXDOMAIN);
	expect(1, 0, 1, 0); /* of the same /56 */
	ask_from("2001:db8:0:100::1", "x.test", TYPE_A, DNS_NXDOMAIN);
	expect(1, 1, 0, 0);
}
END_TEST

START_TEST(test_exempt)
{
	struct acl_entry e = { .prefix = { AF_INET, { 192, 0, 2 }, 24 } };

	begin(1, 1, 0);
	conf.exempt = (struct acl){ &e, 1 };
	expect(100, 100, 0, 0);
	ask_from("192.0.3.1", "www.test", TYPE_A, DNS_NOERROR);
	expect(100, 1, 99, 0);
}
END_TEST

/* More networks than places: the busy one keeps its account. */
START_TEST(test_full)
{
	char peer[32];
	unsigned i, sent = 0;

	begin(5, 5, 0);
	expect(20, 5, 15, 0);
	for (i = 0; i < 300; i++) {
		snprintf(peer, sizeof(peer), "10.%u.%u.1", i / 200, i % 200);
		ask_from(peer, "www.test", TYPE_A, DNS_NOERROR);
		sent += answer(1).sent;
		ask_from("192.0.2.1", "www.test", TYPE_A, DNS_NOERROR);
		expect(1, 0, 1, 0);
	}
	ck_assert_uint_eq(sent, 300);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rrl");
	TCase *tc = tcase_create("rrl");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, test_seconds);
	tcase_add_test(tc, test_debt);
	tcase_add_test(tc, test_slip);
	tcase_add_test(tc, test_no_limit);
	tcase_add_loop_test(tc, test_accounts, 0, N(others));
	tcase_add_test(tc, test_made_up);
	tcase_add_test(tc, test_exempt);
	tcase_add_test(tc, test_full);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
