/* client: what becomes of a lease: renewed, lost, taken up again. */
#include "client_sim.h"

/* Section 4.4.5: T1, halves of the rest, T2, halves of the rest, end. */
START_TEST(renewal)
{
	struct sim s;
	uint64_t t1, t2, end;

	begin(&s, &usual_conf, 5, NULL);
	bind_to(&s, OFFER(), ACK(.t1 = 1600, .t2 = 3200));
	hush(&s);
	t1 = s.c.lease.t1;
	t2 = s.c.lease.t2;
	end = s.c.lease.end;
	ck_assert_uint_eq(end - t1, 2000 * SECOND);
	ck_assert_uint_eq(end - t2, 400 * SECOND);
	run_until(&s, t2 - 1);
	ck_assert_int_eq(s.c.state, CLIENT_RENEWING);
	/* 0, 800, 1200, 1400, 1500, 1560 (at least 60 s), then T2 */
	ck_assert_str_eq(s.log, RENEW RENEW RENEW RENEW RENEW RENEW);
	ck_assert_uint_eq(s.sent[0], t1);
	ck_assert_uint_eq(s.sent[1], t1 + 800 * SECOND);
	ck_assert_uint_eq(s.sent[4], t1 + 1500 * SECOND);
	ck_assert_uint_eq(s.sent[5], t1 + 1560 * SECOND);
	hush(&s);
	run_until(&s, end - 1);
	ck_assert_int_eq(s.c.state, CLIENT_REBINDING);
	ck_assert_str_eq(s.log, REBIND REBIND REBIND REBIND);
	ck_assert_uint_eq(s.sent[0], t2);
	ck_assert_uint_eq(s.sent[1], t2 + 200 * SECOND);
	ck_assert(s.c.configured);
	hush(&s);
	run(&s, 1);
	ck_assert_str_eq(
	    s.log, "forget\nscript deconfig\nDISCOVER ip=10.0.0.5\n");
	ck_assert(!s.c.configured);
}
END_TEST

START_TEST(renewed)
{
	struct sim s;
	uint64_t asked;

	bound(&s, &usual_conf);
	run_to_message(&s);
	asked = s.now;
	run(&s, 700);
	ck_assert_ptr_nonnull(answer(&s, ACK(.ip = "10.0.0.6")));
	ck_assert_ptr_null(answer(&s, ACK(.lease = 7200)));
	ck_assert_int_eq(s.c.state, CLIENT_BOUND);
	ck_assert_uint_eq(s.c.lease.end, asked + 2 * HOUR);
	ck_assert_str_eq(s.log, RENEW "script renew ip=10.0.0.5\n");
	hush(&s);
	/* REBINDING takes another server's, too, and goes on with that */
	run_until(&s, s.c.lease.t2);
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK(.server = "10.0.0.2")));
	ck_assert_str_eq(s.log, "script renew ip=10.0.0.5\n");
	hush(&s);
	run_to_message(&s);
	ck_assert_str_eq(s.log, "REQUEST ci=10.0.0.5 to=10.0.0.2\n");
}
END_TEST

START_TEST(refused_renewal)
{
	struct sim s;
	int rebinding;

	for (rebinding = 0; rebinding < 2; rebinding++) {
		bound(&s, &usual_conf);
		run_until(&s, rebinding ? s.c.lease.t2 : s.c.lease.t1);
		hush(&s);
		if (!rebinding)
			ck_assert_ptr_nonnull(
			    answer(&s, NAK(.server = "10.0.0.2")));
		ck_assert_ptr_null(answer(&s, NAK()));
		run(&s, 0);
		ck_assert_str_eq(
		    s.log, "script nak\nforget\nscript deconfig\nDISCOVER\n");
	}
}
END_TEST

/* A server that offers and refuses is not asked ever faster. */
START_TEST(refused_again)
{
	struct sim s;
	uint64_t last;
	int i;

	begin(&s, &usual_conf, 6, NULL);
	run_to_message(&s);
	for (i = 0; i < 12; i++) {
		answer(&s, OFFER());
		hush(&s);
		ck_assert_ptr_null(answer(&s, NAK()));
		last = s.now;
		run_to_message(&s);
		ck_assert_str_eq(s.log,
		    i > 3 ? "script nak\nforget\nalone\nDISCOVER\n" :
			    "script nak\nforget\nDISCOVER\n");
		ck_assert_uint_eq(
		    s.now - last, i == 0 ? 0 : SECOND << (i < 6 ? i : 6));
	}
}
END_TEST

START_TEST(infinite)
{
	struct sim s;

	begin(&s, &usual_conf, 7, NULL);
	bind_to(&s, OFFER(.lease = UINT32_MAX), ACK(.lease = UINT32_MAX));
	hush(&s);
	run(&s, 1000000 * HOUR);
	ck_assert_str_eq(s.log, "");
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
}
END_TEST

/* Somebody else begins to use our address (RFC 5227 section 2.4). */
START_TEST(defended)
{
	struct sim s;

	bound(&s, &usual_conf);
	s.arps = true;
	run(&s, 60 * SECOND);
	hush(&s);
	hear(&s, 1, other, "10.0.0.5");
	ck_assert_str_eq(s.log, "announce ip=10.0.0.5\n");
	run(&s, 9 * SECOND);
	hush(&s);
	hear(&s, 1, other, "10.0.0.6");
	ck_assert_str_eq(s.log, "");
	hear(&s, 1, other, "10.0.0.5");
	ck_assert_str_eq(s.log,
	    "DECLINE ip=10.0.0.5 server=10.0.0.1\nforget\nscript deconfig\n");
	hush(&s);
	run_to_message(&s);
	ck_assert_str_eq(s.log, "alone\nDISCOVER\n");
}
END_TEST

START_TEST(reboot)
{
	struct sim s;
	uint64_t asked;

	begin(&s, &usual_conf, 10, &before);
	ck_assert_str_eq(s.log, "REQUEST ip=10.0.0.5\n");
	ck_assert_int_eq(s.c.state, CLIENT_REBOOTING);
	expect_message(&s, (uint8_t *)"\0\0\0\0", "0.0.0.0",
	    BYTES("\x35\1\3" ID "\x32\4" IP5 WANTS "\xff"));
	asked = s.now;
	hush(&s);
	run(&s, 6 * SECOND);
	ck_assert_str_eq(s.log, "REQUEST ip=10.0.0.5\n");
	hush(&s);
	/* from any server, about this address only */
	ck_assert_ptr_nonnull(answer(&s, ACK(.ip = "10.0.0.6")));
	ck_assert_ptr_nonnull(answer(&s, OFFER()));
	ck_assert_ptr_null(answer(&s, ACK(.server = "10.0.0.3")));
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script bound ip=10.0.0.5\n");
	ck_assert_uint_eq(s.c.lease.end, asked + HOUR);
}
END_TEST

START_TEST(reboot_refused)
{
	struct sim s;

	begin(&s, &usual_conf, 11, &before);
	hush(&s);
	ck_assert_ptr_null(answer(&s, NAK()));
	run(&s, 0);
	ck_assert_str_eq(
	    s.log, "script nak\nforget\nscript deconfig\nDISCOVER\n");
}
END_TEST

START_TEST(reboot_silence)
{
	struct sim s;
	struct client_known known = before;

	begin(&s, &usual_conf, 12, &before);
	run(&s, 15 * SECOND);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.0.0.5\nREQUEST ip=10.0.0.5\n"
	    "alone\n"
	    "script deconfig\nDISCOVER ip=10.0.0.5\n");
	/* over: asked for, no more */
	known.left_ms = 0;
	begin(&s, &usual_conf, 12, &known);
	run_to_message(&s);
	ck_assert_str_eq(s.log, "script deconfig\nDISCOVER ip=10.0.0.5\n");
}
END_TEST

/* A worker that was started anew while the address is in use. */
START_TEST(taken_over)
{
	struct sim s;
	struct client_known known = before;

	known.configured = true;
	begin(&s, &usual_conf, 13, &known);
	run(&s, 15 * SECOND);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.0.0.5\nREQUEST ip=10.0.0.5\n"
	    "DISCOVER ip=10.0.0.5\n");
	hush(&s);
	run_until(&s, 5000000 + 999999);
	ck_assert_ptr_null(strstr(s.log, "deconfig"));
	ck_assert_ptr_null(strstr(s.log, "alone"));
	hush(&s);
	run(&s, 1);
	ck_assert_str_eq(s.log, "forget\nscript deconfig\n");
	hush(&s);
	run(&s, 10 * SECOND);
	ck_assert_ptr_nonnull(strstr(s.log, "alone\n"));
}
END_TEST

/* The link goes and comes: what is configured stays, and is asked for. */
START_TEST(link_flap)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	run(&s, 600 * SECOND);
	ck_assert_str_eq(s.log, "");
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	client_link(&s.c, s.now, true);
	take(&s);
	ck_assert_str_eq(s.log, "REQUEST ip=10.0.0.5\n");
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK()));
	ck_assert(s.c.configured);
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script renew ip=10.0.0.5\n");
	/* another network, whose server knows nothing of us and says so late */
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	run(&s, 15 * SECOND);
	ck_assert(s.c.configured);
	hush(&s);
	ck_assert_ptr_null(answer(&s, OFFER(.ip = "10.9.0.5")));
	ck_assert_ptr_null(answer(&s, ACK(.ip = "10.9.0.5")));
	run(&s, 2000);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.9.0.5 server=10.0.0.1\n"
	    "script deconfig\nscript bound ip=10.9.0.5\n");
	/* the lease ends while there is no link */
	client_link(&s.c, s.now, false);
	hush(&s);
	run(&s, 2 * HOUR);
	ck_assert_str_eq(s.log, "forget\nscript deconfig\n");
	hush(&s);
	client_link(&s.c, s.now, true);
	run(&s, 250);
	ck_assert_str_eq(s.log, "DISCOVER ip=10.9.0.5\n");
}
END_TEST

/* What another host has is declined; the lease that we have stays. */
START_TEST(flap_conflict)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	run(&s, 15 * SECOND);
	ck_assert_ptr_null(answer(&s, OFFER(.ip = "10.0.0.6")));
	ck_assert_ptr_null(answer(&s, ACK(.ip = "10.0.0.6")));
	hush(&s);
	hear(&s, 2, other, "10.0.0.6");
	ck_assert_str_eq(s.log, "DECLINE ip=10.0.0.6 server=10.0.0.1\n");
	ck_assert(s.c.configured);
	/* the same address, taken by another host meanwhile */
	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	take(&s);
	ck_assert_ptr_null(answer(&s, ACK()));
	hush(&s);
	hear(&s, 2, other, "10.0.0.5");
	ck_assert_str_eq(s.log,
	    "DECLINE ip=10.0.0.5 server=10.0.0.1\nforget\nscript deconfig\n");
}
END_TEST

/* The lease ends in the middle of a probe of the same address. */
START_TEST(end_while_probing)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	run_until(&s, s.c.lease.end - 100);
	client_link(&s.c, s.now, true);
	take(&s);
	ck_assert_ptr_null(answer(&s, ACK()));
	hush(&s);
	run(&s, 2000);
	ck_assert_str_eq(
	    s.log, "forget\nscript deconfig\nscript bound ip=10.0.0.5\n");
}
END_TEST

START_TEST(release)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_release(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(
	    s.log, "forget\nRELEASE ci=10.0.0.5 server=10.0.0.1 to=10.0.0.1\n");
	ck_assert_int_eq(s.c.state, CLIENT_RELEASING);
	hush(&s);
	client_release(&s.c, s.now);
	run(&s, 24 * HOUR);
	ck_assert_str_eq(s.log, "script deconfig\n");
	ck_assert_int_eq(s.c.state, CLIENT_IDLE);
	/* the link means nothing now */
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	run(&s, HOUR);
	ck_assert_str_eq(s.log, "script deconfig\n");
	hush(&s);
	client_renew(&s.c, s.now);
	run(&s, 250);
	ck_assert_str_eq(s.log, "DISCOVER ip=10.0.0.5\n");
	client_release(&s.c, s.now);
	ck_assert_int_eq(s.c.state, CLIENT_IDLE);
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
}
END_TEST

START_TEST(renew_by_hand)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_renew(&s.c, s.now);
	client_renew(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(s.log, RENEW RENEW);
	ck_assert_ptr_null(answer(&s, ACK()));
	run_until(&s, s.c.lease.t2);
	hush(&s);
	client_renew(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(s.log, REBIND);
	/* begins anew, at once */
	begin(&s, &usual_conf, 1, NULL);
	run(&s, 40 * SECOND);
	hush(&s);
	client_renew(&s.c, s.now);
	run(&s, 250);
	ck_assert_str_eq(s.log, "DISCOVER\n");
}
END_TEST

/* The machine slept past T1, T2 or the end. */
START_TEST(slept)
{
	struct sim s;

	bound(&s, &usual_conf);
	s.now = s.c.lease.t2 + 5000;
	client_timer(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(s.log, REBIND);
	bound(&s, &usual_conf);
	s.now = s.c.lease.end + 24 * HOUR;
	client_timer(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(
	    s.log, "forget\nscript deconfig\nDISCOVER ip=10.0.0.5\n");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { renewal, renewed, refused_renewal,
		refused_again, infinite, defended, reboot, reboot_refused,
		reboot_silence, taken_over, link_flap, flap_conflict,
		end_while_probing, release, renew_by_hand, slept };

	return client_suite(tests, sizeof(tests) / sizeof(tests[0]));
}
