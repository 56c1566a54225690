/* client: how a lease is come by, RFC 2131's figure 5. */
#include "client_sim.h"

START_TEST(dora)
{
	struct sim s;
	uint64_t asked;

	begin(&s, &usual_conf, 1, NULL);
	ck_assert_int_eq(s.c.state, CLIENT_INIT);
	run_to_message(&s);
	ck_assert_int_eq(s.c.state, CLIENT_SELECTING);
	run(&s, 3);
	asked = s.now;
	ck_assert_ptr_null(answer(&s, OFFER()));
	ck_assert_int_eq(s.c.state, CLIENT_REQUESTING);
	run(&s, 1500);
	ck_assert_ptr_null(answer(&s, ACK()));
	ck_assert_int_eq(s.c.state, CLIENT_PROBING);
	ck_assert(!s.c.configured);
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script deconfig\n" DORA);
	ck_assert(s.c.configured);
	/* from the time of the request on (section 4.4.1) */
	ck_assert_uint_eq(s.c.lease.end, asked + HOUR);
	BETWEEN(s.c.lease.t1, asked + HOUR / 2, 0, HOUR / 64);
	ck_assert_uint_eq(s.c.lease.t2, asked + HOUR / 8 * 7);
	ck_assert_str_eq(words_get(&s.c.lease.offer.words, "mask"), "24");
}
END_TEST

START_TEST(wire)
{
	struct sim s;
	struct client_conf conf = usual_conf;

	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	run_to_message(&s);
	expect_message(&s, (uint8_t *)"\0\4\0\0", "0.0.0.0",
	    BYTES("\x35\1\1" ID WANTS "\xff"));
	answer(&s, OFFER());
	expect_message(&s, (uint8_t *)"\0\4\0\0", "0.0.0.0",
	    BYTES("\x35\1\3" ID "\x36\4" IP1 "\x32\4" IP5 WANTS "\xff"));
	answer(&s, ACK());
	hear(&s, 2, other, "10.0.0.5");
	expect_message(&s, (uint8_t *)"\0\0\0\0", "0.0.0.0",
	    BYTES("\x35\1\4" ID "\x32\4" IP5 "\x36\4" IP1 "\x38\x1d"
		  "another host uses the address"
		  "\xff"));
	bound(&s, &conf);
	client_renew(&s.c, s.now);
	take(&s);
	expect_message(&s, (uint8_t *)"\0\0\0\0", "10.0.0.5",
	    BYTES("\x35\1\3" ID WANTS "\xff"));
	client_release(&s.c, s.now);
	take(&s);
	expect_message(&s, (uint8_t *)"\0\0\0\0", "10.0.0.5",
	    BYTES("\x35\1\7" ID "\x36\4" IP1 "\xff"));
	/* all that can be chosen */
	conf.idlen = 0;
	conf.broadcast = conf.v6only = true;
	conf.ask[0] = 252;
	conf.nask = 1;
	conf.mtu = 576;
	strlcpy(conf.host, "pc7", sizeof(conf.host));
	conf.wish = address("10.0.0.5");
	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	expect_message(&s, (uint8_t *)"\0\0\x80\0", "0.0.0.0",
	    BYTES("\x35\1\1\x32\4" IP5 "\x37\x13" ASK_1
		  "\x6c\xfc\x39\2\2\x40\x0c\3pc7\xff"));
}
END_TEST

/* Section 4.1: 4, 8, 16, 32, 64 s, give or take one; xid and secs. */
START_TEST(retransmission)
{
	struct sim s;
	uint64_t seed;
	static const uint64_t waits[] = { 4, 8, 16, 32, 64, 64, 64 };
	uint32_t xid;
	size_t i;

	for (seed = 0; seed < 300; seed++) {
		begin(&s, &usual_conf, seed, NULL);
		run_to_message(&s);
		BETWEEN(5000000, s.sent[0], 0, 250);
		xid = s.c.xid;
		for (i = 0; i < 7; i++) {
			run_to_message(&s);
			BETWEEN(s.sent[i], s.sent[i + 1],
			    (waits[i] - 1) * SECOND, (waits[i] + 1) * SECOND);
			ck_assert_uint_eq(s.c.xid, xid);
			ck_assert_uint_eq(s.message[8] << 8 | s.message[9],
			    (s.now - 5000000) / 1000);
		}
	}
	hush(&s);
	begin(&s, &usual_conf, 9, NULL);
	run(&s, 2 * HOUR);
	ck_assert_uint_ge(s.nsent, TIMES);
	ck_assert_ptr_nonnull(strstr(s.log, "script leasefail\n"));
	ck_assert_ptr_null(
	    strstr(strstr(s.log, "script leasefail\n") + 1, "script"));
}
END_TEST

START_TEST(requests_again)
{
	struct sim s;
	uint64_t then;

	begin(&s, &usual_conf, 2, NULL);
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	then = s.now;
	while (s.c.state != CLIENT_SELECTING)
		run_until(&s, client_due(&s.c));
	BETWEEN(then, s.now, 56 * SECOND, 64 * SECOND);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.0.0.5 server=10.0.0.1\n"
	    "alone\n"
	    "REQUEST ip=10.0.0.5 server=10.0.0.1\n"
	    "REQUEST ip=10.0.0.5 server=10.0.0.1\n"
	    "DISCOVER\n");
}
END_TEST

/* Each is discarded in SELECTING. */
START_TEST(bad_offers)
{
	static const struct reply bad[] = {
		{ .type = DHCP_ACK },
		{ .type = DHCP_NAK, .without = NO_IP | NO_LEASE },
		{ .type = DHCP_DISCOVER },
		{ .type = DHCP_OFFER, .without = NO_IP },
		{ .type = DHCP_OFFER, .without = NO_SERVER },
		{ .type = DHCP_OFFER, .without = NO_LEASE },
		{ .type = DHCP_OFFER, .ip = "127.0.0.5" },
		{ .type = DHCP_OFFER, .ip = "0.0.0.5" },
		{ .type = DHCP_OFFER, .ip = "224.0.0.5" },
		{ .type = DHCP_OFFER, .ip = "255.255.255.255" },
		{ .type = DHCP_OFFER, .ip = "169.254.7.7" },
		{ .type = DHCP_OFFER, .ip = "10.0.0.0" },
		{ .type = DHCP_OFFER, .ip = "10.0.0.255" },
		{ .type = DHCP_OFFER, .server = "0.0.0.0" },
		{ .type = DHCP_OFFER, .server = "255.255.255.255" },
		{ .type = DHCP_OFFER, .lease = 9 },
		{ .type = DHCP_OFFER, .mask = "255.0.255.0" },
		{ .type = DHCP_OFFER, .mask = "0.0.0.0" },
	};
	static const struct {
		size_t at;
		uint8_t flip;
	} stray[] = {
		{ 0, 3 }, /* op */
		{ 4, 1 }, /* xid */
		{ 2, 1 }, /* hlen */
		{ 28, 1 }, /* chaddr */
		{ 33, 1 }, { 236, 1 }, /* cookie */
	};
	struct sim s;
	uint8_t bytes[548];
	size_t i, n;

	begin(&s, &usual_conf, 3, NULL);
	run_to_message(&s);
	hush(&s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(answer(&s, bad[i]) != NULL, "case %zu", i);
		ck_assert_int_eq(s.c.state, CLIENT_SELECTING);
	}
	for (i = 0; i < sizeof(stray) / sizeof(stray[0]); i++) {
		n = build(&s, &OFFER(), bytes);
		bytes[stray[i].at] ^= stray[i].flip;
		ck_assert_ptr_eq(
		    client_packet(&s.c, s.now, bytes, n), client_stray);
	}
	ck_assert_str_eq(s.log, "");
}
END_TEST

/* RFC 6842: an identifier that comes back is ours. */
START_TEST(identifier)
{
	struct sim s;
	struct packet request;
	struct packet_out o;
	uint8_t bytes[548];
	int i;

	begin(&s, &usual_conf, 3, NULL);
	run_to_message(&s);
	for (i = 0; i < 3; i++) {
		packet_parse(&request, s.message, s.len);
		packet_reply(&o, bytes, sizeof(bytes), &request, 0);
		packet_add_u8(&o, 53, DHCP_OFFER);
		packet_set_ip(&o, PACKET_AT_YIADDR, address("10.0.0.5"));
		packet_add_ip(&o, 54, address("10.0.0.1"));
		packet_add_u32(&o, 51, 3600);
		packet_add(&o, 61,
		    i == 0 ? "\1\2\0\0\0\xbe\xee" : "\1\2\0\0\0\xbe\xef",
		    i == 1 ? 6 : 7);
		ck_assert_int_eq(
		    client_packet(&s.c, s.now, bytes, packet_end(&o)) == NULL,
		    i == 2);
	}
}
END_TEST

/* In REQUESTING only the server that was chosen counts. */
START_TEST(chosen_server)
{
	struct sim s;

	begin(&s, &usual_conf, 4, NULL);
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	ck_assert_ptr_nonnull(answer(&s, OFFER(.server = "10.0.0.2")));
	ck_assert_ptr_nonnull(answer(&s, ACK(.server = "10.0.0.2")));
	ck_assert_ptr_nonnull(answer(&s, NAK(.server = "10.0.0.2")));
	ck_assert_ptr_nonnull(answer(&s, ACK(.ip = "10.0.0.6")));
	ck_assert_str_eq(s.log, "");
	ck_assert_int_eq(s.c.state, CLIENT_REQUESTING);
	ck_assert_ptr_null(answer(&s, ACK()));
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script bound ip=10.0.0.5\n");
	hush(&s);
	/* figure 5: BOUND discards all of them */
	ck_assert_ptr_nonnull(answer(&s, NAK()));
	ck_assert_ptr_nonnull(answer(&s, ACK()));
	ck_assert_ptr_nonnull(answer(&s, OFFER()));
	ck_assert_str_eq(s.log, "");
}
END_TEST

/* Odd T1 and T2 are not taken. */
START_TEST(times)
{
	static const struct {
		uint32_t t1, t2;
		bool taken;
	} cases[] = {
		{ 10, 20, true },
		{ 3000, 3599, true },
		{ 0, 3000, false },
		{ 1000, 0, false },
		{ 2000, 1000, false },
		{ 1000, 1000, false },
		{ 1000, 3600, false },
		{ UINT32_MAX, UINT32_MAX, false },
	};
	struct sim s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&s, &usual_conf, i, NULL);
		bind_to(&s, OFFER(), ACK(.t1 = cases[i].t1, .t2 = cases[i].t2));
		ck_assert_int_eq(s.c.lease.end - s.c.lease.t2 ==
			(3600 - cases[i].t2) * SECOND,
		    cases[i].taken);
		ck_assert_uint_lt(s.c.lease.t1, s.c.lease.t2);
		ck_assert_uint_lt(s.c.lease.t2, s.c.lease.end);
	}
}
END_TEST

START_TEST(declined)
{
	struct sim s;
	uint64_t last;
	int i;

	begin(&s, &usual_conf, 8, NULL);
	run_to_message(&s);
	for (i = 1; i < 15; i++) {
		answer(&s, OFFER());
		answer(&s, ACK());
		run(&s, 600);
		hush(&s);
		hear(&s, 2, other, "10.0.0.5");
		ck_assert_str_eq(
		    s.log, "DECLINE ip=10.0.0.5 server=10.0.0.1\n");
		last = s.now;
		hush(&s);
		run_to_message(&s);
		/* no wish for that address; RFC 5227's limit */
		ck_assert_str_eq(s.log, "alone\nDISCOVER\n");
		ck_assert_uint_eq(
		    s.now - last, i < 10 ? 10 * SECOND : 60 * SECOND);
	}
	bind_to(&s, OFFER(.ip = "10.0.0.6"), ACK(.ip = "10.0.0.6"));
}
END_TEST

START_TEST(probes)
{
	struct sim s;
	struct client_conf conf = usual_conf;
	uint64_t then;

	begin(&s, &conf, 9, NULL);
	s.arps = true;
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	then = s.now;
	answer(&s, ACK());
	while (!s.c.configured)
		run_until(&s, client_due(&s.c));
	BETWEEN(then, s.now, 900, 1200);
	run(&s, 5000);
	ck_assert_str_eq(s.log,
	    "probe ip=10.0.0.5\nprobe ip=10.0.0.5\nprobe ip=10.0.0.5\n"
	    "script bound ip=10.0.0.5\n"
	    "announce ip=10.0.0.5\nannounce ip=10.0.0.5\n");
	conf.probe_ms = 0;
	begin(&s, &conf, 9, NULL);
	s.arps = true;
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	answer(&s, ACK());
	ck_assert_str_eq(s.log, "script bound ip=10.0.0.5\n");
	run(&s, 5000);
	ck_assert_str_eq(s.log,
	    "script bound ip=10.0.0.5\n"
	    "announce ip=10.0.0.5\nannounce ip=10.0.0.5\n");
}
END_TEST

START_TEST(no_link)
{
	struct sim s;
	static const struct client_known nothing;

	memset(&s, 0, sizeof(s));
	client_init(&s.c, &usual_conf, 1);
	client_start(&s.c, 0, &nothing);
	take(&s);
	ck_assert_str_eq(s.log, "script deconfig\n");
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
	hush(&s);
	client_renew(&s.c, 0);
	take(&s);
	ck_assert_str_eq(s.log, "");
	client_link(&s.c, 5000, true);
	run_until(&s, 5250);
	ck_assert_str_eq(s.log, "DISCOVER\n");
	client_link(&s.c, 5250, false);
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
}
END_TEST

/* Nobody answers for 8 to 10 s; again after each lease that was lost. */
START_TEST(alone)
{
	struct sim s;
	uint64_t seed, when;

	for (seed = 0; seed < 100; seed++) {
		begin(&s, &usual_conf, seed, NULL);
		when = s.now;
		while (strstr(s.log, "alone") == NULL)
			run_until(&s, client_due(&s.c));
		BETWEEN(when, s.now, 8 * SECOND, 10 * SECOND);
		hush(&s);
		run(&s, HOUR);
		ck_assert_ptr_null(strstr(s.log, "alone"));
	}
	run_to_message(&s);
	bind_to(&s, OFFER(), ACK());
	hush(&s);
	run(&s, HOUR + 20 * SECOND);
	ck_assert_ptr_nonnull(strstr(s.log, "alone"));
}
END_TEST

START_TEST(once)
{
	struct sim s;
	struct client_conf conf = usual_conf;

	conf.once = true;
	bound(&s, &conf);
	run_until(&s, s.c.lease.end - 1);
	ck_assert_ptr_null(strstr(s.log, "lost"));
	run(&s, 1);
	ck_assert_ptr_nonnull(strstr(s.log, "script deconfig\nlost\n"));
	bound(&s, &conf);
	run_to_message(&s);
	answer(&s, NAK());
	ck_assert_ptr_nonnull(strstr(s.log, "script deconfig\nlost\n"));
	bound(&s, &conf);
	hear(&s, 1, other, "10.0.0.5");
	hear(&s, 1, other, "10.0.0.5");
	ck_assert_ptr_nonnull(strstr(s.log, "script deconfig\nlost\n"));
	/* what was never had is not lost */
	begin(&s, &conf, 1, &before);
	answer(&s, NAK());
	ck_assert_ptr_null(strstr(s.log, "lost"));
}
END_TEST

/* RFC 8925 section 3.2 */
START_TEST(v6only)
{
	struct sim s;
	struct client_conf conf = usual_conf;
	uint64_t then;

	/* not asked for: ignored */
	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	answer(&s, OFFER(.v6only = true));
	ck_assert_int_eq(s.c.state, CLIENT_REQUESTING);
	conf.v6only = true;
	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	hush(&s);
	then = s.now;
	ck_assert_ptr_null(answer(&s, OFFER(.v6only = true, .v6only_s = 7)));
	ck_assert_str_eq(s.log, "");
	run_to_message(&s);
	BETWEEN(then, s.now, 300 * SECOND, 300 * SECOND + 250);
	then = s.now;
	answer(&s, OFFER(.v6only = true, .v6only_s = 1800));
	run_until(&s, then + 1800 * SECOND - 1);
	ck_assert_int_eq(s.c.state, CLIENT_V6ONLY);
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	ck_assert_int_eq(s.c.state, CLIENT_INIT);
	begin(&s, &conf, 1, &before);
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK(.v6only = true)));
	ck_assert_str_eq(s.log, "forget\nscript deconfig\n");
	ck_assert_int_eq(s.c.state, CLIENT_V6ONLY);
	/* in any other state the address is used on */
	bound(&s, &conf);
	run_to_message(&s);
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK(.v6only = true)));
	ck_assert_str_eq(s.log, "script renew ip=10.0.0.5\n");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { dora, wire, retransmission,
		requests_again, bad_offers, identifier, chosen_server, times,
		declined, probes, no_link, alone, once, v6only };

	return client_suite(tests, sizeof(tests) / sizeof(tests[0]));
}
