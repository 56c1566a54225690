/* xfer: single events first, then whole transfers over a bad network. */
#include <stdlib.h>

#include "tap.h"
#include "xfer.h"
#include "xfer_link.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct xfer
begun(bool writes, bool oack, uint32_t window)
{
	struct xfer x = { .write = writes,
		.oack = oack,
		.blksize = 512,
		.window = window,
		.retries = 5,
		.last = XFER_UNKNOWN };

	xfer_begin(&x, 1000);
	return x;
}

/* A read that has sent all up to `sent` and was told that `acked` arrived. */
static struct xfer
reading(uint32_t window, uint64_t acked)
{
	struct xfer x = begun(false, true, window);

	ck_assert_uint_eq(xfer_ack(&x, 0, 1001), XFER_SEND);
	x.acked = acked;
	x.next = x.top = acked + 1;
	x.end = x.next + window;
	return x;
}

/* A write that has all up to `acked` and has said so. */
static struct xfer
writing(uint32_t window, uint64_t acked)
{
	struct xfer x = begun(true, false, window);

	x.acked = x.window_from = acked;
	x.verified = true;
	return x;
}

/* -- the first answer ---------------------------------------------------- */

/* One packet and `retries` repeats go to an address that never answered. */
static void
never_answered(bool writes, bool oack, unsigned answer)
{
	struct xfer x = begun(writes, oack, oack ? 64 : 1);
	static const uint32_t waits[] = { 1000, 2000, 4000, 8000, 8000, 8000 };
	uint64_t now = 1000;

	for (size_t i = 0; i < COUNT(waits); i++) {
		if (answer == XFER_SEND) {
			ck_assert_uint_eq(x.next, 1);
			ck_assert_uint_eq(x.end, 2);
			xfer_sent(&x, 1, now);
		}
		ck_assert_uint_eq(xfer_wait_ms(&x), waits[i]);
		now += waits[i];
		ck_assert_uint_eq(xfer_timeout(&x, now),
		    i == COUNT(waits) - 1 ? XFER_GIVE_UP : answer);
	}
}

START_TEST(test_never_answered)
{
	never_answered(false, false, XFER_SEND);
	never_answered(false, true, XFER_REPLY);
	never_answered(true, false, XFER_REPLY);
	never_answered(true, true, XFER_REPLY);
}
END_TEST

START_TEST(test_no_retries)
{
	struct xfer x = begun(false, true, 1);

	x.retries = 0;
	ck_assert_uint_eq(xfer_timeout(&x, 2000), XFER_GIVE_UP);
}
END_TEST

/* Without an OACK nobody can acknowledge block 0. */
START_TEST(test_ack_0)
{
	struct xfer x = begun(false, false, 1);

	xfer_sent(&x, 1, 1000);
	ck_assert_uint_eq(xfer_ack(&x, 0, 1001), XFER_NOTHING);
	ck_assert(!x.verified);
	ck_assert_uint_eq(xfer_ack(&x, 2, 1001), XFER_NOTHING);
	ck_assert_uint_eq(xfer_ack(&x, 65535, 1001), XFER_NOTHING);
	ck_assert(!x.verified);
	ck_assert_uint_eq(xfer_ack(&x, 1, 1001), XFER_SEND);
	ck_assert(x.verified);
	ck_assert_uint_eq(x.next, 2);
	ck_assert_uint_eq(x.end, 3);

	x = begun(false, true, 4);
	ck_assert_uint_eq(x.next, x.end);
	ck_assert_uint_eq(xfer_ack(&x, 1, 1001), XFER_NOTHING);
	ck_assert_uint_eq(xfer_ack(&x, 65535, 1001), XFER_NOTHING);
	ck_assert(!x.verified);
	ck_assert_uint_eq(xfer_ack(&x, 0, 1001), XFER_SEND);
	ck_assert_uint_eq(x.next, 1);
	ck_assert_uint_eq(x.end, 5);
}
END_TEST

/* Even with a window, one block is all that an unknown address gets. */
START_TEST(test_unverified_window)
{
	struct xfer x = begun(false, false, 64);

	ck_assert_uint_eq(x.end, 2);
	xfer_sent(&x, 1, 1000);
	ck_assert_uint_eq(xfer_timeout(&x, 2000), XFER_SEND);
	ck_assert_uint_eq(x.end, 2);
}
END_TEST

START_TEST(test_wrong_side)
{
	struct xfer r = reading(4, 7), w = writing(4, 7);

	ck_assert_uint_eq(xfer_data(&r, 8, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_stored(&r, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_ack(&w, 8, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_stored(&w, 1), XFER_NOTHING);
}
END_TEST

/* -- reads --------------------------------------------------------------- */

struct ack_case {
	const char *what;
	uint32_t window;
	uint64_t acked, sent;
	uint16_t block;
	unsigned action;
	uint64_t now_acked, next, end;
};

/* clang-format off */
static const struct ack_case acks[] = {
	{ "lock-step", 1, 5, 6, 6, XFER_SEND, 6, 7, 8 },
	{ "lock-step, repeated", 1, 5, 6, 5, XFER_NOTHING, 5, 7, 7 },
	{ "lock-step, old", 1, 5, 6, 4, XFER_NOTHING, 5, 7, 7 },
	{ "lock-step, not sent", 1, 5, 6, 7, XFER_NOTHING, 5, 7, 7 },
	{ "lock-step, wrap", 1, 65535, 65536, 0, XFER_SEND, 65536, 65537, 65538 },
	{ "before the wrap", 1, 65534, 65535, 65535, XFER_SEND, 65535, 65536, 65537 },
	{ "repeated at the wrap", 1, 65536, 65537, 0, XFER_NOTHING, 65536, 65538, 65538 },
	{ "old behind the wrap", 1, 65536, 65537, 65535, XFER_NOTHING, 65536, 65538, 65538 },
	{ "behind the wrap", 1, 65536, 65537, 1, XFER_SEND, 65537, 65538, 65539 },
	{ "second wrap", 1, 131071, 131072, 0, XFER_SEND, 131072, 131073, 131074 },
	{ "window", 4, 8, 12, 12, XFER_SEND, 12, 13, 17 },
	{ "window, partial", 4, 8, 12, 10, XFER_SEND, 10, 11, 15 },
	{ "window, not sent", 4, 8, 12, 13, XFER_NOTHING, 8, 13, 13 },
	{ "window, old", 4, 8, 12, 7, XFER_NOTHING, 8, 13, 13 },
	{ "window, repeated", 4, 8, 12, 8, XFER_SEND, 8, 9, 13 },
	{ "window, not all sent", 4, 8, 10, 11, XFER_NOTHING, 8, 11, 13 },
	{ "window, none sent", 4, 8, 8, 8, XFER_NOTHING, 8, 9, 13 },
	{ "window over the wrap", 8, 65532, 65540, 4, XFER_SEND, 65540, 65541, 65549 },
	{ "partial over the wrap", 8, 65532, 65540, 65535, XFER_SEND, 65535, 65536, 65544 },
	{ "partial at the wrap", 8, 65532, 65540, 0, XFER_SEND, 65536, 65537, 65545 },
	{ "not sent, over the wrap", 8, 65532, 65540, 5, XFER_NOTHING, 65532, 65541, 65541 },
	{ "greatest window, first", 65535, 9, 65544, 10, XFER_SEND, 10, 11, 65546 },
	{ "greatest window, last", 65535, 9, 65544, 8, XFER_SEND, 65544, 65545, 131080 },
	{ "greatest window, repeated", 65535, 9, 65544, 9, XFER_SEND, 9, 10, 65545 },
	{ "greatest window, old", 65535, 9, 100, 8, XFER_NOTHING, 9, 101, 65545 },
	{ "half, old", 32767, 40000, 72767, 39999, XFER_NOTHING, 40000, 72768, 72768 },
};
/* clang-format on */

START_TEST(test_ack)
{
	const struct ack_case *t = &acks[_i];
	struct xfer x = reading(t->window, t->acked);

	if (t->sent > t->acked)
		xfer_sent(&x, t->sent, 1001);
	ck_assert_msg(xfer_ack(&x, t->block, 1002) == t->action, "%s", t->what);
	ck_assert_msg(x.acked == t->now_acked, "%s", t->what);
	ck_assert_msg(x.next == t->next, "%s", t->what);
	ck_assert_msg(x.end == t->end, "%s", t->what);
}
END_TEST

/* RFC 7440: a repeat tells of a gap; but only the first one. */
START_TEST(test_repeated_ack_once)
{
	struct xfer x = reading(4, 8);

	xfer_sent(&x, 12, 1001);
	ck_assert_uint_eq(xfer_ack(&x, 8, 1002), XFER_SEND);
	xfer_sent(&x, 12, 1002);
	ck_assert_uint_eq(x.resent, 4);
	ck_assert_uint_eq(xfer_ack(&x, 8, 1003), XFER_NOTHING);
	ck_assert_uint_eq(xfer_ack(&x, 8, 1004), XFER_NOTHING);
	/* The window arrives twice and is acknowledged twice. */
	ck_assert_uint_eq(xfer_ack(&x, 12, 1005), XFER_SEND);
	xfer_sent(&x, 16, 1005);
	ck_assert_uint_eq(xfer_ack(&x, 12, 1006), XFER_NOTHING);
	ck_assert_uint_eq(x.resent, 4);
	/* The next window is a fresh one. */
	ck_assert_uint_eq(xfer_ack(&x, 16, 1007), XFER_SEND);
	xfer_sent(&x, 20, 1007);
	ck_assert_uint_eq(xfer_ack(&x, 16, 1008), XFER_SEND);
	/* A window that went out because a wait ended may have a gap, too. */
	xfer_sent(&x, 20, 1008);
	ck_assert_uint_eq(xfer_timeout(&x, 1100), XFER_SEND);
	xfer_sent(&x, 20, 1100);
	ck_assert_uint_eq(xfer_ack(&x, 16, 1101), XFER_SEND);
}
END_TEST

/* A partial ACK has the rest sent again; its repeats have not. */
START_TEST(test_partial_ack)
{
	struct xfer x = reading(4, 8);

	xfer_sent(&x, 12, 1001);
	ck_assert_uint_eq(xfer_ack(&x, 9, 1002), XFER_SEND);
	ck_assert_uint_eq(x.next, 10);
	xfer_sent(&x, 13, 1002);
	ck_assert_uint_eq(x.resent, 3);
	ck_assert_uint_eq(xfer_ack(&x, 9, 1003), XFER_NOTHING);
	/* What was sent before the window moved back still counts. */
	x = reading(4, 8);
	xfer_sent(&x, 12, 1001);
	ck_assert_uint_eq(xfer_timeout(&x, 2001), XFER_SEND);
	ck_assert_uint_eq(x.next, 9);
	ck_assert_uint_eq(xfer_ack(&x, 12, 2002), XFER_SEND);
	ck_assert_uint_eq(x.next, 13);
	ck_assert_uint_eq(x.resent, 0);
}
END_TEST

/* A socket that takes a few blocks at a time. */
START_TEST(test_sent_in_parts)
{
	struct xfer x = reading(8, 0);

	x.top = x.next = 1;
	xfer_sent(&x, 3, 1001);
	ck_assert_uint_eq(x.next, 4);
	ck_assert_uint_eq(x.end, 9);
	xfer_sent(&x, 3, 1002);
	ck_assert_uint_eq(x.next, 4);
	ck_assert_uint_eq(x.resent, 0);
	xfer_sent(&x, 8, 1002);
	ck_assert_uint_eq(x.next, x.end);
	ck_assert_uint_eq(xfer_ack(&x, 8, 1011), XFER_SEND);
	/* From the first part on: 10 ms, the 1 ms of the OACK before. */
	ck_assert_uint_eq(x.srtt_us, (7 * 1500 + 10500) / 8);
}
END_TEST

/* The kernel refused some of a window, new blocks and repeated ones. */
START_TEST(test_unsent)
{
	struct xfer x = reading(8, 8);

	xfer_sent(&x, 16, 1001);
	xfer_unsent(&x, 12);
	ck_assert_uint_eq(x.next, 12);
	ck_assert_uint_eq(x.top, 12);
	ck_assert_uint_eq(x.end, 17);
	ck_assert_uint_eq(xfer_ack(&x, 12, 1002), XFER_NOTHING);
	xfer_unsent(&x, 12);
	xfer_unsent(&x, 8);
	ck_assert_uint_eq(x.next, 12);
	xfer_sent(&x, 16, 1003);
	ck_assert_uint_eq(x.resent, 0);
	ck_assert_uint_ne(x.sent_ms, 0);
	xfer_unsent(&x, 9);
	ck_assert_uint_eq(x.top, 9);
	ck_assert_uint_eq(x.sent_ms, 0);
	xfer_sent(&x, 16, 1004);
	/* 11 .. 16 again, 17 and 18 for the first time. */
	ck_assert_uint_eq(xfer_ack(&x, 10, 1005), XFER_SEND);
	xfer_sent(&x, 18, 1005);
	ck_assert_uint_eq(x.resent, 6);
	xfer_unsent(&x, 18);
	ck_assert_uint_eq(x.resent, 6);
	ck_assert_uint_eq(x.top, 18);
	xfer_unsent(&x, 13);
	ck_assert_uint_eq(x.resent, 2);
	ck_assert_uint_eq(x.top, 17);
	/* What left before can still be acknowledged. */
	ck_assert_uint_eq(xfer_ack(&x, 16, 1006), XFER_SEND);
	ck_assert_uint_eq(x.next, 17);
}
END_TEST

START_TEST(test_last)
{
	struct xfer x = reading(4, 8);

	x.last = 10;
	xfer_sent(&x, 8, 1001);
	ck_assert_uint_eq(x.end, 11);
	xfer_sent(&x, 10, 1001);
	ck_assert_uint_eq(x.next, x.end);
	ck_assert_uint_eq(xfer_ack(&x, 9, 1002), XFER_SEND);
	ck_assert_uint_eq(x.next, 10);
	ck_assert_uint_eq(x.end, 11);
	xfer_sent(&x, 10, 1002);
	ck_assert_uint_eq(xfer_ack(&x, 10, 1003), XFER_DONE);
	ck_assert(x.finished);
	ck_assert_uint_eq(xfer_ack(&x, 10, 1004), XFER_NOTHING);
	ck_assert_uint_eq(xfer_ack(&x, 9, 1004), XFER_NOTHING);
	ck_assert_uint_eq(xfer_timeout(&x, 9000), XFER_DONE);
}
END_TEST

/* The end becomes known while the window is sent; and in the last block of
   a full window. */
START_TEST(test_last_learnt)
{
	struct xfer x = reading(4, 8);

	ck_assert_uint_eq(x.end, 13);
	x.last = 9;
	xfer_sent(&x, 9, 1001);
	ck_assert_uint_eq(x.end, 10);
	ck_assert_uint_eq(xfer_ack(&x, 9, 1002), XFER_DONE);

	x = reading(4, 8);
	xfer_sent(&x, 12, 1001);
	ck_assert_uint_eq(xfer_ack(&x, 12, 1002), XFER_SEND);
	x.last = 13; /* the empty block of an exact multiple */
	xfer_sent(&x, 13, 1003);
	ck_assert_uint_eq(x.end, 14);
	ck_assert_uint_eq(xfer_ack(&x, 13, 1004), XFER_DONE);
}
END_TEST

/* -- time ---------------------------------------------------------------- */

START_TEST(test_adaptive)
{
	struct xfer x = reading(1, 0);
	uint64_t now = 2000, b = 1;

	x.srtt_us = 0;
	for (; b < 200; b++, now += 200) {
		xfer_sent(&x, b, now);
		ck_assert_uint_eq(
		    xfer_ack(&x, (uint16_t)b, now + 100), XFER_SEND);
		/* RFC 6298 section 2.2: 3 times the first round trip. */
		if (b == 1)
			ck_assert_uint_eq(xfer_wait_ms(&x), 301);
	}
	ck_assert_uint_eq(x.srtt_us / 1000, 100);
	ck_assert_uint_ge(xfer_wait_ms(&x), 100);
	ck_assert_uint_le(xfer_wait_ms(&x), 110);
	/* A fast network stays above the least wait. */
	for (; b < 400; b++) {
		xfer_sent(&x, b, now);
		ck_assert_uint_eq(xfer_ack(&x, (uint16_t)b, now), XFER_SEND);
	}
	ck_assert_uint_eq(xfer_wait_ms(&x), XFER_MIN_MS);
	ck_assert_uint_gt(x.srtt_us, 0);
	/* A clock that jumps does no harm. */
	xfer_sent(&x, b, now);
	ck_assert_uint_eq(
	    xfer_ack(&x, (uint16_t)b, now + (1ULL << 40)), XFER_SEND);
	ck_assert_uint_le(xfer_wait_ms(&x), XFER_MAX_MS);
	xfer_sent(&x, b + 1, now + (1ULL << 40));
	ck_assert_uint_eq(xfer_ack(&x, (uint16_t)(b + 1), now), XFER_SEND);
}
END_TEST

/* Karn: no sample from a repeated block; the doubled wait stays until a
   block goes through at the first try. */
START_TEST(test_karn)
{
	struct xfer x = reading(1, 0);
	uint32_t srtt, rto = xfer_wait_ms(&x);

	xfer_sent(&x, 1, 2000);
	srtt = x.srtt_us;
	ck_assert_uint_eq(xfer_timeout(&x, 2100), XFER_SEND);
	ck_assert_uint_eq(xfer_wait_ms(&x), 2 * rto);
	xfer_sent(&x, 1, 2100);
	ck_assert_uint_eq(xfer_ack(&x, 1, 2101), XFER_SEND);
	ck_assert_uint_eq(x.srtt_us, srtt);
	ck_assert_uint_eq(xfer_wait_ms(&x), 2 * rto);
	xfer_sent(&x, 2, 2200);
	ck_assert_uint_eq(xfer_ack(&x, 2, 2201), XFER_SEND);
	ck_assert_uint_eq(xfer_wait_ms(&x), rto);
	/* A window that was partly sent twice: only its new part counts. */
	x = reading(4, 8);
	srtt = x.srtt_us;
	xfer_sent(&x, 12, 2000);
	ck_assert_uint_eq(xfer_ack(&x, 9, 2001), XFER_SEND);
	srtt = x.srtt_us;
	xfer_sent(&x, 13, 2001);
	ck_assert_uint_eq(xfer_ack(&x, 12, 2500), XFER_SEND);
	ck_assert_uint_eq(x.srtt_us, srtt);
	xfer_sent(&x, 16, 2500);
	ck_assert_uint_eq(xfer_ack(&x, 14, 2600), XFER_SEND);
	ck_assert_uint_gt(x.srtt_us, srtt);
}
END_TEST

/* Only repeats after waits of a second or more count. */
START_TEST(test_tries)
{
	struct xfer x = reading(1, 0);
	uint64_t total = 0;
	unsigned repeats = 0, action;

	x.last = 9;
	xfer_sent(&x, 1, 2000);
	ck_assert_uint_eq(xfer_wait_ms(&x), XFER_MIN_MS);
	for (;;) {
		total += xfer_wait_ms(&x);
		if ((action = xfer_timeout(&x, 2000 + total)) != XFER_SEND)
			break;
		repeats++;
		xfer_sent(&x, 1, 2000 + total);
	}
	ck_assert_uint_eq(action, XFER_GIVE_UP);
	/* 25 .. 800 ms; 1.6 3.2 6.4 8 8 s; and the last 8 s. */
	ck_assert_uint_eq(repeats, 6 + 5);
	ck_assert_uint_eq(total, 1575 + 11200 + 3 * 8000);
	/* An answer starts the count again. */
	ck_assert_uint_eq(xfer_ack(&x, 1, 2000 + total), XFER_SEND);
	ck_assert_uint_eq(x.tries, 0);
}
END_TEST

/* RFC 2349: the timeout that was asked for, no more and no less. */
START_TEST(test_asked_timeout)
{
	struct xfer x = { .oack = true,
		.blksize = 512,
		.window = 1,
		.timeout_ms = 3000,
		.retries = 2,
		.last = 5 };

	ck_assert_uint_eq(xfer_begin(&x, 1), XFER_REPLY);
	ck_assert_uint_eq(xfer_wait_ms(&x), 3000);
	ck_assert_uint_eq(xfer_timeout(&x, 3001), XFER_REPLY);
	ck_assert_uint_eq(xfer_wait_ms(&x), 3000);
	ck_assert_uint_eq(xfer_ack(&x, 0, 3002), XFER_SEND);
	xfer_sent(&x, 1, 3002);
	ck_assert_uint_eq(xfer_ack(&x, 1, 3003), XFER_SEND);
	ck_assert_uint_eq(xfer_wait_ms(&x), 3000);
	ck_assert_uint_eq(xfer_timeout(&x, 6003), XFER_SEND);
	ck_assert_uint_eq(xfer_timeout(&x, 9003), XFER_SEND);
	ck_assert_uint_eq(xfer_timeout(&x, 12003), XFER_GIVE_UP);
}
END_TEST

/* -- writes -------------------------------------------------------------- */

struct data_case {
	const char *what;
	uint32_t window;
	uint64_t acked;
	uint16_t block;
	size_t len;
	unsigned action;
	uint64_t now_acked;
};

#define LAST (XFER_STORE | XFER_LAST)
#define STORE_REPLY (XFER_STORE | XFER_REPLY)

/* clang-format off */
static const struct data_case datas[] = {
	{ "lock-step", 1, 5, 6, 512, STORE_REPLY, 6 },
	{ "repeated", 1, 5, 5, 512, XFER_REPLY, 5 },
	{ "old", 1, 5, 4, 512, XFER_NOTHING, 5 },
	{ "too far ahead", 1, 5, 7, 512, XFER_NOTHING, 5 },
	{ "short", 1, 5, 6, 511, LAST, 6 },
	{ "empty", 1, 5, 6, 0, LAST, 6 },
	{ "too long", 1, 5, 6, 513, XFER_ILLEGAL, 5 },
	{ "first is the last", 1, 0, 1, 0, LAST, 1 },
	{ "block 0 at the start", 1, 0, 0, 512, XFER_NOTHING, 0 },
	{ "before the wrap", 1, 65534, 65535, 512, STORE_REPLY, 65535 },
	{ "wrap", 1, 65535, 0, 512, STORE_REPLY, 65536 },
	{ "wrap, repeated", 1, 65536, 0, 512, XFER_REPLY, 65536 },
	{ "wrap, old", 1, 65536, 65535, 512, XFER_NOTHING, 65536 },
	{ "behind the wrap", 1, 65536, 1, 512, STORE_REPLY, 65537 },
	{ "last at the wrap", 1, 65535, 0, 3, LAST, 65536 },
	{ "window, first", 4, 8, 9, 512, XFER_STORE, 9 },
	{ "window, repeat of the network's", 4, 8, 8, 512, XFER_NOTHING, 8 },
	{ "window, gap", 4, 8, 10, 512, XFER_REPLY, 8 },
	{ "window, greatest gap", 4, 8, 12, 512, XFER_REPLY, 8 },
	{ "window, too far ahead", 4, 8, 13, 512, XFER_NOTHING, 8 },
	{ "window, old", 4, 8, 6, 512, XFER_NOTHING, 8 },
	{ "gap over the wrap", 4, 65534, 1, 512, XFER_REPLY, 65534 },
	{ "old over the wrap", 4, 65537, 65534, 512, XFER_NOTHING, 65537 },
	{ "greatest window, first", 65535, 9, 10, 512, XFER_STORE, 10 },
	{ "greatest window, last", 65535, 9, 8, 512, XFER_REPLY, 9 },
	{ "half, old", 32767, 40000, 39000, 512, XFER_NOTHING, 40000 },
};
/* clang-format on */

START_TEST(test_data)
{
	const struct data_case *t = &datas[_i];
	struct xfer x = writing(t->window, t->acked);

	ck_assert_msg(
	    xfer_data(&x, t->block, t->len, 1002) == t->action, "%s", t->what);
	ck_assert_msg(x.acked == t->now_acked, "%s", t->what);
	ck_assert_msg(x.syncing == (t->action == LAST), "%s", t->what);
}
END_TEST

START_TEST(test_window_end)
{
	struct xfer x = writing(3, 65533);

	ck_assert_uint_eq(xfer_data(&x, 65534, 512, 1), XFER_STORE);
	ck_assert_uint_eq(xfer_data(&x, 65535, 512, 1), XFER_STORE);
	ck_assert_uint_eq(xfer_data(&x, 0, 512, 1), STORE_REPLY);
	ck_assert_uint_eq(xfer_data(&x, 1, 512, 1), XFER_STORE);
	/* A gap moves the window: it ends three blocks behind it. */
	ck_assert_uint_eq(xfer_data(&x, 3, 512, 1), XFER_REPLY);
	ck_assert_uint_eq(xfer_data(&x, 4, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 2, 512, 1), XFER_STORE);
	ck_assert_uint_eq(xfer_data(&x, 3, 512, 1), XFER_STORE);
	/* The next gap is told again. */
	ck_assert_uint_eq(xfer_data(&x, 5, 512, 1), XFER_REPLY);
}
END_TEST

/* The ACK was lost: the window comes again, and its end is acknowledged. In
   the middle of a window, too, where the two ends count differently. */
START_TEST(test_window_repeated)
{
	struct xfer x = writing(3, 9);

	ck_assert_uint_eq(xfer_data(&x, 7, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 8, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 9, 512, 1), XFER_REPLY);
	ck_assert_uint_eq(xfer_data(&x, 9, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 10, 512, 1), XFER_STORE);
	ck_assert_uint_eq(xfer_data(&x, 10, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 9, 512, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 10, 512, 1), XFER_REPLY);
	ck_assert_uint_eq(x.window_from, 10);
}
END_TEST

START_TEST(test_store_last)
{
	struct xfer x = writing(1, 4);

	ck_assert_uint_eq(xfer_data(&x, 5, 100, 1), LAST);
	/* No ACK, no wait, no giving up while the disk works. */
	ck_assert_uint_eq(xfer_data(&x, 5, 100, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_data(&x, 6, 512, 1), XFER_NOTHING);
	for (int i = 0; i < 50; i++)
		ck_assert_uint_eq(xfer_timeout(&x, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_stored(&x, 1), XFER_REPLY);
	ck_assert(x.finished);
	ck_assert_uint_eq(x.acked, 5);
	ck_assert_uint_eq(xfer_wait_ms(&x), XFER_DALLY_MS);
	ck_assert_uint_eq(xfer_stored(&x, 1), XFER_NOTHING);
	/* Dally (RFC 1350 section 6), but not for ever. */
	for (unsigned i = 0; i < x.retries; i++) {
		ck_assert_uint_eq(xfer_data(&x, 6, 1, 1), XFER_NOTHING);
		ck_assert_uint_eq(xfer_data(&x, 4, 512, 1), XFER_NOTHING);
		ck_assert_uint_eq(xfer_data(&x, 5, 100, 1), XFER_REPLY);
	}
	ck_assert_uint_eq(xfer_data(&x, 5, 100, 1), XFER_NOTHING);
	ck_assert_uint_eq(xfer_timeout(&x, 9000), XFER_DONE);
}
END_TEST

START_TEST(test_write_first)
{
	struct xfer x = begun(true, true, 4);

	ck_assert(!x.verified);
	ck_assert_uint_eq(xfer_timeout(&x, 2000), XFER_REPLY);
	ck_assert_uint_eq(x.acked, 0);
	/* The first DATA is the answer, even where it is not the next. */
	ck_assert_uint_eq(xfer_data(&x, 2, 512, 2001), XFER_REPLY);
	ck_assert(x.verified);
	ck_assert_uint_eq(xfer_data(&x, 1, 512, 2002), XFER_STORE);

	x = begun(true, false, 1);
	ck_assert_uint_eq(xfer_data(&x, 1, 512, 1040), STORE_REPLY);
	ck_assert(x.verified);
	ck_assert_uint_eq(x.srtt_us, 40500);
	ck_assert_uint_eq(xfer_wait_ms(&x), 121);
	/* A repeated ACK is not measured. */
	ck_assert_uint_eq(xfer_data(&x, 1, 512, 1050), XFER_REPLY);
	ck_assert_uint_eq(xfer_data(&x, 2, 512, 1051), STORE_REPLY);
	ck_assert_uint_eq(x.srtt_us, 40500);
}
END_TEST

/* -- whole transfers ----------------------------------------------------- */

static uint32_t
roll(void *arg)
{
	uint64_t *s = arg;

	*s = *s * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*s >> 33);
}

static struct link
link_of(uint64_t bytes, uint32_t window, uint64_t *seed)
{
	return (struct link){ .blksize = 8,
		.window = window,
		.bytes = bytes,
		.retries = 5,
		.chunk = 1000000,
		.delay_ms = 5,
		.late_ms = 30,
		.roll = roll,
		.roll_arg = seed };
}

/* Every way a transfer may begin and end. */
static void
set_kind(struct link *l, unsigned kind)
{
	l->upload = kind & 1;
	l->unknown = kind & 2;
	l->sync_ms = kind & 4 ? 3000 : 0;
	l->oack = kind & 8 || l->window > 1;
}
#define KINDS 16

static void
run(struct link *l)
{
	link_run(l, 100000000);
	LINK_CHECK(l->done);
	LINK_CHECK(l->store.finished);
	LINK_CHECK(l->stored_bytes == l->bytes);
	LINK_CHECK(l->store.acked == l->bytes / l->blksize + 1);
	LINK_CHECK(l->sender.acked == l->store.acked);
}

static const uint32_t windows[] = { 1, 2, 8, 64, 65535 };
static const uint64_t sizes[] = { 0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 511,
	512, 513, 519, 520, 521, 4095, 4096, 4097 };

/* On a good network everything is sent once. */
START_TEST(test_good_network)
{
	uint64_t seed = 1, told;
	struct link l;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			l = link_of(sizes[i], windows[_i], &seed);
			set_kind(&l, kind);
			l.sync_ms = 0;
			l.chunk = kind + 1;
			l.hasty = i & 1;
			run(&l);
			LINK_CHECK(l.sender.resent == 0);
			LINK_CHECK(l.store.resent == 0);
			LINK_CHECK(l.data_sent == l.last);
			/* One for each window, and the first one. */
			told = (l.last + l.window - 1) / l.window;
			LINK_CHECK(l.acks_sent == told + (l.upload || l.oack));
		}
	}
}
END_TEST

struct weather {
	unsigned loss, repeat, late, retries;
};

static const struct weather weathers[] = {
	{ 1000, 0, 0, 5 },
	{ 1000, 1000, 1000, 5 },
	{ 5000, 0, 5000, 5 },
	{ 10000, 10000, 10000, 8 },
	{ 30000, 0, 0, 20 },
	{ 30000, 30000, 30000, 20 },
	{ 0, 0, 50000, 5 },
	{ 0, 50000, 50000, 5 },
};

START_TEST(test_bad_network)
{
	const struct weather *w = &weathers[_i];
	uint64_t seed = 4711, most;
	struct link l;

	for (size_t k = 0; k < COUNT(windows); k++) {
		for (size_t i = 0; i < COUNT(sizes); i++) {
			for (unsigned kind = 0; kind < KINDS; kind++) {
				l = link_of(sizes[i], windows[k], &seed);
				set_kind(&l, kind);
				l.loss = w->loss;
				l.repeat = w->repeat;
				l.late = w->late;
				l.retries = w->retries;
				l.chunk = 1 + kind * 7;
				l.hasty = i & 1;
				run(&l);
				/* Each place where the window may begin is
				   repeated on ACKs twice at most. */
				most = l.window < l.last ? l.window : l.last;
				if (w->loss == 0 && l.sync_ms == 0)
					LINK_CHECK(l.data_sent <=
					    l.last * 2 * most + 8 * most);
			}
		}
	}
}
END_TEST

/* RFC 1123 section 4.2.3.1: repeats of the network do not breed. */
START_TEST(test_no_apprentice)
{
	uint64_t seed = 5;
	struct link l;

	for (size_t k = 0; k < COUNT(windows) - 1; k++) {
		for (unsigned kind = 0; kind < KINDS; kind++) {
			l = link_of(8000, windows[k], &seed);
			set_kind(&l, kind);
			l.sync_ms = 0;
			l.repeat = 100000;
			run(&l);
			/* A repeated ACK of a window above 1 may mean a gap:
			   the window behind it goes once more, but not those
			   behind that. */
			if (l.window == 1)
				LINK_CHECK(l.sender.resent == 0);
			else
				LINK_CHECK(2 * l.sender.resent <=
				    l.last + 2 * l.window);
		}
	}
}
END_TEST

/* A wait that ends too early sends one window twice, not all that follow. */
START_TEST(test_late_ack)
{
	uint64_t seed = 5;
	struct link l;

	for (size_t k = 0; k < COUNT(windows) - 1; k++) {
		l = link_of(80000, windows[k], &seed);
		l.oack = l.window > 1;
		link_begin(&l);
		while (l.sender.acked < 640)
			link_step(&l);
		ck_assert_uint_eq(l.sender.resent, 0);
		l.sender_at = l.now;
		link_step(&l);
		while (!l.done)
			link_step(&l);
		ck_assert_uint_le(l.sender.resent, 2 * l.window);
		free(l.heap);
	}
}
END_TEST

/* Over the end of the 16 bits, twice. */
START_TEST(test_wrap)
{
	static const uint32_t wide[] = { 1, 7, 64, 1024, 32767, 40000, 65535 };
	uint64_t seed = 99;
	struct link l;

	for (size_t k = 0; k < COUNT(wide); k++) {
		for (unsigned kind = 0; kind < 4; kind += 3) {
			l = link_of(8 * 140000 + 3, wide[k], &seed);
			set_kind(&l, kind);
			run(&l);
			LINK_CHECK(l.sender.resent == 0);
			l = link_of(8 * 140000, wide[k], &seed);
			set_kind(&l, kind);
			/* A window of thousands never gets through whole. */
			l.loss = wide[k] > 1024 ? 0 : 200;
			l.repeat = l.late = wide[k] > 1024 ? 0 : 100;
			run(&l);
		}
	}
}
END_TEST

/* Great windows lose packets in order: nothing is a window late then. */
START_TEST(test_wide_loss)
{
	static const uint32_t wide[] = { 20000, 32767, 40000, 65535 };
	uint64_t seed = 7;
	struct link l;

	for (size_t k = 0; k < COUNT(wide); k++) {
		l = link_of(8 * 150000, wide[k], &seed);
		l.oack = true;
		l.upload = k & 1;
		l.loss = 5;
		run(&l);
		LINK_CHECK(l.sender.resent > 0);
	}
}
END_TEST

/* A network that passes nothing ends both sides. */
START_TEST(test_dead_network)
{
	uint64_t seed = 3;
	struct link l;

	for (unsigned kind = 0; kind < KINDS; kind++) {
		l = link_of(4096, 8, &seed);
		set_kind(&l, kind);
		link_begin(&l);
		while (!l.gave_up && !l.done && l.now < 1000000) {
			if (l.store.acked == 100)
				l.loss = 100000;
			link_step(&l);
		}
		LINK_CHECK(l.gave_up);
		LINK_CHECK(l.now < 60000);
		free(l.heap);
	}
}
END_TEST

static TCase *
single_events(void)
{
	TCase *tc = tcase_create("events");

	tcase_add_test(tc, test_never_answered);
	tcase_add_test(tc, test_no_retries);
	tcase_add_test(tc, test_ack_0);
	tcase_add_test(tc, test_unverified_window);
	tcase_add_test(tc, test_wrong_side);
	tcase_add_loop_test(tc, test_ack, 0, (int)COUNT(acks));
	tcase_add_test(tc, test_repeated_ack_once);
	tcase_add_test(tc, test_partial_ack);
	tcase_add_test(tc, test_sent_in_parts);
	tcase_add_test(tc, test_unsent);
	tcase_add_test(tc, test_last);
	tcase_add_test(tc, test_last_learnt);
	tcase_add_test(tc, test_adaptive);
	tcase_add_test(tc, test_karn);
	tcase_add_test(tc, test_tries);
	tcase_add_test(tc, test_asked_timeout);
	tcase_add_loop_test(tc, test_data, 0, (int)COUNT(datas));
	tcase_add_test(tc, test_window_end);
	tcase_add_test(tc, test_window_repeated);
	tcase_add_test(tc, test_store_last);
	tcase_add_test(tc, test_write_first);
	return tc;
}

static TCase *
whole_transfers(void)
{
	TCase *tc = tcase_create("transfers");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_good_network, 0, (int)COUNT(windows));
	tcase_add_loop_test(tc, test_bad_network, 0, (int)COUNT(weathers));
	tcase_add_test(tc, test_no_apprentice);
	tcase_add_test(tc, test_late_ack);
	tcase_add_test(tc, test_wrap);
	tcase_add_test(tc, test_wide_loss);
	tcase_add_test(tc, test_dead_network);
	return tc;
}

int
main(void)
{
	Suite *s = suite_create("xfer");

	suite_add_tcase(s, single_events());
	suite_add_tcase(s, whole_transfers());
	return tap_run(s);
}
