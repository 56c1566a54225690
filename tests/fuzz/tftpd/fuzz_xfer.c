/*
 * A transfer over a network whose every loss, repeat and delay the input
 * decides, with what xfer_link.h checks at each step; once the input is used
 * up the network is good, so the transfer must come to its end. Then one
 * xfer alone against any sequence of events.
 *
 * Input: 8 bytes of how, then a byte for each decision.
 */
#include "../../unit/tftpd/xfer_link.h"

#define STEPS_MAX 200000

struct script {
	const uint8_t *p;
	size_t len, at;
};

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Two bytes, as far as they reach; behind the end what means no. */
static uint32_t
roll(void *arg)
{
	struct script *s = arg;
	uint32_t v = 0;

	if (s->at >= s->len)
		return 99999;
	for (int i = 0; i < 2 && s->at < s->len; i++)
		v = v << 8 | s->p[s->at++];
	return v;
}

static const uint32_t windows[] = { 1, 2, 3, 8, 64, 500, 32767, 65535 };

static void
whole_transfer(const uint8_t *how, struct script *s)
{
	struct link l = { .upload = how[0] & 1,
		.unknown = how[0] & 2,
		.oack = how[0] & 4,
		.timeout_ms = how[0] & 8 ? 1000 : 0,
		.sync_ms = how[0] & 16 ? 2000 : 0,
		.window = windows[how[0] >> 5],
		.blksize = 8,
		.bytes = how[1] * 8U + how[2],
		.retries = how[3] % 16,
		.loss = how[4] * 200U,
		.repeat = how[5] * 200U,
		.late = how[6] * 200U,
		.chunk = 1 + how[7] % 32,
		.hasty = how[3] & 16,
		.delay_ms = how[7] / 32,
		.late_ms = 100,
		.roll = roll,
		.roll_arg = s };

	l.oack |= l.window > 1;
	link_run(&l, STEPS_MAX);
	LINK_CHECK(l.done || l.gave_up);
	if (l.done) {
		LINK_CHECK(l.stored_bytes == l.bytes);
		LINK_CHECK(l.store.acked == l.last);
	}
}

/* What holds after any event. */
static void
check_state(const struct xfer *x, const struct xfer *before, unsigned action)
{
	LINK_CHECK(x->acked >= before->acked);
	LINK_CHECK(x->rto_ms >= XFER_MIN_MS && x->rto_ms <= XFER_MAX_MS);
	LINK_CHECK(x->tries <= x->retries);
	LINK_CHECK(xfer_wait_ms(x) > 0);
	if (x->write) {
		LINK_CHECK((action & XFER_SEND) == 0);
		LINK_CHECK(x->acked - before->acked == !!(action & XFER_STORE));
		LINK_CHECK(x->acked - x->window_from <= x->window);
	} else {
		LINK_CHECK((action & (XFER_STORE | XFER_LAST)) == 0);
		LINK_CHECK(x->acked < x->top);
		LINK_CHECK(x->top - x->acked <= (uint64_t)x->window + 1);
		LINK_CHECK(x->finished || x->next > x->acked);
		LINK_CHECK(x->next <= x->end);
		LINK_CHECK(x->end - x->acked <= (uint64_t)x->window + 1);
		LINK_CHECK(x->verified || x->end <= 2);
	}
}

/* One event of two bytes; the action. */
static unsigned
event(struct xfer *x, unsigned what, unsigned value, uint64_t *now)
{
	/* Near where the transfer stands, or anywhere. */
	uint16_t block =
	    (uint16_t)(what & 8 ? value * 257 : x->acked + value - 128);

	*now += what >> 4;
	switch (what & 7) {
	case 0:
	case 1:
		return xfer_ack(x, block, *now);
	case 2:
	case 3:
		return xfer_data(
		    x, block, value % 16 == 0 ? value / 16 : 8, *now);
	case 4:
		*now += xfer_wait_ms(x);
		return xfer_timeout(x, *now);
	case 5:
		return xfer_stored(x, *now);
	case 6:
		/* Known when the first block behind all others is read,
		   which then is sent. */
		if (x->last == XFER_UNKNOWN && !x->write && (what & 8) == 0 &&
		    value == 0 && x->next == x->top && x->next < x->end)
			x->last = x->next;
		/* FALLTHROUGH */
	default:
		if (what & 8)
			xfer_unsent(x, x->acked + value / 4);
		else if (x->next + value < x->end)
			xfer_sent(x, x->next + value, *now);
		else if (x->next < x->end)
			xfer_sent(x, x->end - 1, *now);
		return XFER_NOTHING;
	}
}

static void
any_events(const uint8_t *how, const struct script *s)
{
	struct xfer x = { .write = how[0] & 1,
		.oack = how[0] & 4,
		.blksize = 8,
		.window = windows[how[0] >> 5],
		.timeout_ms = how[0] & 8 ? 2000 : 0,
		.retries = how[3] % 16,
		.last = how[0] & 2 ? XFER_UNKNOWN : 1U + how[1] * 300U };
	struct xfer before;
	uint64_t now = 1;
	unsigned action;

	xfer_begin(&x, now);
	for (size_t i = 0; i + 1 < s->len; i += 2) {
		before = x;
		action = event(&x, s->p[i], s->p[i + 1], &now);
		check_state(&x, &before, action);
		if (action & (XFER_GIVE_UP | XFER_ILLEGAL))
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct script s = { p + 8, len - 8, 0 };

	if (len < 8 || len > 65536)
		return 0;
	whole_transfer(p, &s);
	any_events(p, &s);
	return 0;
}
