/* linklocal, acd, dice: addresses of 169.254/16 on a clock of our own. */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "linklocal.h"
#include "tap.h"

#define HOUR UINT64_C(3600000)

static const uint8_t mac[6] = { 2, 0, 0, 0, 0xbe, 0xef };
static const uint8_t other[6] = { 2, 0, 0, 0, 0, 9 };

struct sim {
	struct linklocal l;
	uint64_t now;
	char log[4096]; /* what was done, a word for each action */
	uint64_t at[64]; /* and when */
	unsigned n;
	struct in_addr held; /* 0: none */
	struct frame_arp arp; /* the last one sent */
};

static struct in_addr
address(const char *s)
{
	struct in_addr ip;

	ck_assert_int_eq(inet_pton(AF_INET, s, &ip), 1);
	return ip;
}

static void
do_action(struct sim *s, const struct linklocal_action *a)
{
	static const char *const names[] = { "arp ", "take ", "leave " };
	const char *name = names[a->kind];

	if (a->kind == LINKLOCAL_TAKE)
		s->held = a->ip;
	if (a->kind == LINKLOCAL_LEAVE) {
		ck_assert_uint_eq(s->held.s_addr, a->ip.s_addr);
		s->held.s_addr = 0;
	}
	if (a->kind == LINKLOCAL_ARP) {
		s->arp = a->arp;
		name = a->arp.spa.s_addr == 0 ? "probe " : "announce ";
		ck_assert_int_eq(a->arp.op, 1);
		ck_assert_mem_eq(a->arp.sha, mac, 6);
		ck_assert_mem_eq(a->arp.tha, "\0\0\0\0\0\0", 6);
		ck_assert(linklocal_valid(a->arp.tpa));
	}
	strlcat(s->log, name, sizeof(s->log));
	if (s->n < sizeof(s->at) / sizeof(s->at[0]))
		s->at[s->n++] = s->now;
}

static void
take(struct sim *s)
{
	struct linklocal_action a;

	while (linklocal_next(&s->l, &a))
		do_action(s, &a);
}

static void
begin(struct sim *s, uint64_t seed, const char *last)
{
	memset(s, 0, sizeof(*s));
	s->now = 1000;
	linklocal_init(&s->l, mac, seed, address(last));
	linklocal_start(&s->l, s->now);
	take(s);
}

static void
run(struct sim *s, uint64_t until)
{
	while (linklocal_due(&s->l) <= until) {
		if (linklocal_due(&s->l) > s->now)
			s->now = linklocal_due(&s->l);
		linklocal_timer(&s->l, s->now);
		take(s);
	}
	s->now = until;
}

/* Until an action is logged. */
static void
step(struct sim *s)
{
	unsigned n = s->n;

	while (s->n == n)
		run(s, linklocal_due(&s->l));
}

static void
hear(struct sim *s, uint16_t op, const uint8_t *from, struct in_addr spa,
    struct in_addr tpa)
{
	struct frame_arp arp = { .op = op, .spa = spa, .tpa = tpa };

	memcpy(arp.sha, from, 6);
	s->log[0] = '\0';
	s->n = 0;
	linklocal_arp(&s->l, s->now, &arp);
	take(s);
}

#define BETWEEN(a, b, lo, hi)                                                  \
	do {                                                                   \
		ck_assert_uint_ge((b) - (a), lo);                              \
		ck_assert_uint_le((b) - (a), hi);                              \
	} while (0)

/* RFC 3927 section 9's constants, whatever the dice say. */
START_TEST(timing)
{
	struct sim s;
	uint64_t seed;

	for (seed = 0; seed < 500; seed++) {
		begin(&s, seed, "0.0.0.0");
		run(&s, HOUR);
		ck_assert_str_eq(
		    s.log, "probe probe probe take announce announce ");
		BETWEEN(1000, s.at[0], 0, 1000);
		BETWEEN(s.at[0], s.at[1], 1000, 2000);
		BETWEEN(s.at[1], s.at[2], 1000, 2000);
		BETWEEN(s.at[2], s.at[3], 2000, 2000);
		BETWEEN(s.at[3], s.at[4], 0, 0);
		BETWEEN(s.at[4], s.at[5], 2000, 2000);
		ck_assert_uint_eq(s.arp.spa.s_addr, s.held.s_addr);
		ck_assert_uint_eq(s.arp.tpa.s_addr, s.held.s_addr);
		ck_assert_uint_eq(linklocal_due(&s.l), ACD_NEVER);
	}
}
END_TEST

/* Section 2.1: the same host the same address, another host another one. */
START_TEST(by_mac)
{
	struct linklocal l;
	struct in_addr ip[1000];
	size_t i, j, equal = 0;
	uint8_t hw[6] = { 2, 0, 0, 0, 0, 0 };

	for (i = 0; i < 1000; i++) {
		hw[4] = (uint8_t)(i >> 8);
		hw[5] = (uint8_t)i;
		linklocal_init(&l, hw, i, address("0.0.0.0"));
		linklocal_start(&l, 0);
		ip[i] = l.acd.ip;
		ck_assert(linklocal_valid(ip[i]));
		linklocal_init(&l, hw, i + 1, address("0.0.0.0"));
		linklocal_start(&l, 0);
		ck_assert_uint_eq(l.acd.ip.s_addr, ip[i].s_addr);
		for (j = 0; j < i; j++)
			equal += ip[j].s_addr == ip[i].s_addr;
	}
	ck_assert_uint_lt(equal, 30); /* 7.7 are to be expected */
}
END_TEST

START_TEST(last_one)
{
	static const struct {
		const char *last;
		bool used;
	} cases[] = {
		{ "169.254.1.0", true },
		{ "169.254.254.255", true },
		{ "169.254.77.88", true },
		{ "169.254.0.255", false },
		{ "169.254.255.0", false },
		{ "10.0.0.1", false },
	};
	struct sim s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&s, i, cases[i].last);
		run(&s, HOUR);
		ck_assert_int_eq(s.held.s_addr == address(cases[i].last).s_addr,
		    cases[i].used);
	}
}
END_TEST

/* Section 2.2.1: what counts as a conflict while probing. */
START_TEST(probing)
{
	struct sim s;
	struct in_addr none = { 0 }, ip;
	static const struct {
		uint16_t op;
		const uint8_t *from;
		bool spa, tpa, conflict;
	} cases[] = {
		{ 1, other, true, false, true }, /* it asks for another */
		{ 2, other, true, false, true }, /* it answers */
		{ 1, other, false, true, true }, /* it probes, too */
		{ 2, other, false, true, false },
		{ 1, other, false, false, false },
		{ 1, mac, false, true, false }, /* our own, returned */
		{ 1, mac, true, true, false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&s, i, "0.0.0.0");
		step(&s);
		ip = s.l.acd.ip;
		hear(&s, cases[i].op, cases[i].from, cases[i].spa ? ip : none,
		    cases[i].tpa ? ip : none);
		ck_assert_int_eq(
		    s.l.acd.ip.s_addr != ip.s_addr, cases[i].conflict);
		run(&s, HOUR);
		ck_assert_int_eq(s.held.s_addr != ip.s_addr, cases[i].conflict);
		ck_assert_str_eq(s.log,
		    cases[i].conflict ?
			"probe probe probe take announce announce " :
			"probe probe take announce announce ");
	}
}
END_TEST

/* One that asks for our address while we hold it is the kernel's to answer. */
START_TEST(defends_once)
{
	struct sim s;
	struct in_addr none = { 0 }, ip;

	begin(&s, 1, "169.254.7.7");
	run(&s, HOUR);
	ip = s.held;
	hear(&s, 1, other, none, ip);
	ck_assert_str_eq(s.log, "");
	hear(&s, 2, other, ip, ip);
	ck_assert_str_eq(s.log, "announce ");
	run(&s, s.now + ACD_DEFEND_MS);
	hear(&s, 2, other, ip, ip);
	ck_assert_str_eq(s.log, "announce ");
	run(&s, s.now + ACD_DEFEND_MS - 1);
	hear(&s, 1, other, ip, none);
	ck_assert_str_eq(s.log, "leave ");
	run(&s, s.now + HOUR);
	ck_assert_str_eq(
	    s.log, "leave probe probe probe take announce announce ");
	ck_assert_uint_ne(s.held.s_addr, ip.s_addr);
}
END_TEST

/* A host that answers every probe: ten addresses, then one a minute. */
START_TEST(rate_limit)
{
	struct sim s;
	struct in_addr ip, before = { 0 };
	uint64_t last = 0;
	int i;

	begin(&s, 3, "0.0.0.0");
	for (i = 0; i < 20; i++) {
		step(&s);
		ip = s.l.acd.ip;
		ck_assert_uint_ne(ip.s_addr, before.s_addr);
		before = ip;
		if (i > (int)ACD_MAX_CONFLICTS)
			ck_assert_uint_ge(s.now - last, ACD_RATE_LIMIT_MS);
		last = s.now;
		hear(&s, 2, other, ip, ip);
	}
	ck_assert_uint_lt(s.now, 20 * 62000);
	linklocal_stop(&s.l);
	ck_assert_uint_eq(linklocal_due(&s.l), ACD_NEVER);
	linklocal_start(&s.l, s.now);
	ck_assert_uint_le(linklocal_due(&s.l), s.now + 1000);
}
END_TEST

START_TEST(stop_and_start)
{
	struct sim s;
	struct in_addr ip;

	begin(&s, 4, "0.0.0.0");
	run(&s, HOUR);
	ip = s.held;
	s.log[0] = '\0';
	linklocal_start(&s.l, s.now);
	take(&s);
	ck_assert_str_eq(s.log, "");
	linklocal_stop(&s.l);
	linklocal_stop(&s.l);
	take(&s);
	ck_assert_str_eq(s.log, "leave ");
	hear(&s, 2, other, ip, ip);
	run(&s, 2 * HOUR);
	ck_assert_str_eq(s.log, "");
	linklocal_start(&s.l, s.now);
	take(&s);
	run(&s, 3 * HOUR);
	ck_assert_str_eq(s.log, "probe probe probe take announce announce ");
	ck_assert_uint_eq(s.held.s_addr, ip.s_addr);
	/* stopped while it asks: nothing is left */
	begin(&s, 5, "0.0.0.0");
	step(&s);
	linklocal_stop(&s.l);
	take(&s);
	run(&s, HOUR);
	ck_assert_str_eq(s.log, "probe ");
}
END_TEST

START_TEST(dice)
{
	struct dice d = { 7 };
	unsigned seen[3] = { 0 };
	int i;

	for (i = 0; i < 30000; i++)
		seen[dice_between(&d, 10, 12) - 10]++;
	for (i = 0; i < 3; i++) {
		ck_assert_uint_gt(seen[i], 9500);
		ck_assert_uint_lt(seen[i], 10500);
	}
	ck_assert_uint_eq(dice_between(&d, 5, 5), 5);
	dice_between(&d, 0, UINT32_MAX);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("linklocal");
	TCase *t = tcase_create("linklocal");

	tcase_add_test(t, timing);
	tcase_add_test(t, by_mac);
	tcase_add_test(t, last_one);
	tcase_add_test(t, probing);
	tcase_add_test(t, defends_once);
	tcase_add_test(t, rate_limit);
	tcase_add_test(t, stop_and_start);
	tcase_add_test(t, dice);
	suite_add_tcase(s, t);
	return tap_run(s);
}
