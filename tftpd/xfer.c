/* xfer: what one transfer does next, see xfer.h. */
#include "xfer.h"

/* RFC 6298 section 2: K times the variation, at least one tick of a clock
   that counts milliseconds. */
#define TICK_US 1000
#define MAX_US (XFER_MAX_MS * 1000)

/*
 * A round trip of now - sent_ms (RFC 6298 section 2.2, 2.3: alpha 1/8, beta
 * 1/4). Half a tick is added, since the true time lies anywhere in the last
 * one; so a sample is never 0, which stands for none.
 */
static void
measure(struct xfer *x, uint64_t now_ms)
{
	uint64_t ms = now_ms > x->sent_ms ? now_ms - x->sent_ms : 0;
	uint32_t us, off;

	x->sent_ms = 0;
	us = ms >= XFER_MAX_MS ? MAX_US : (uint32_t)ms * 1000 + TICK_US / 2;
	if (x->srtt_us == 0) {
		x->srtt_us = us;
		x->rttvar_us = us / 2;
		return;
	}
	off = us > x->srtt_us ? us - x->srtt_us : x->srtt_us - us;
	x->rttvar_us = (3 * x->rttvar_us + off) / 4;
	x->srtt_us = (7 * x->srtt_us + us) / 8;
}

/* RFC 6298 section 2.3, 2.4. */
static uint32_t
computed_rto(const struct xfer *x)
{
	uint32_t var = 4 * x->rttvar_us, ms;

	ms = (x->srtt_us + (var > TICK_US ? var : TICK_US)) / 1000;
	if (ms < XFER_MIN_MS)
		return XFER_MIN_MS;
	return ms < XFER_MAX_MS ? ms : XFER_MAX_MS;
}

/*
 * The peer has something new. A doubled wait is kept where the answer came
 * after a repeat (RFC 6298 section 5.7, Karn): only an answer to packets for
 * which no wait ended tells that the computed one is long enough.
 */
static void
progress(struct xfer *x, bool measured, uint64_t now_ms)
{
	x->verified = true;
	x->tries = 0;
	if (measured && x->sent_ms != 0)
		measure(x, now_ms);
	if (!x->waited && x->srtt_us != 0 && x->timeout_ms == 0)
		x->rto_ms = computed_rto(x);
	x->waited = false;
}

/*
 * Read: a new window behind the last block acknowledged (RFC 7440 section 4).
 * Until the peer has answered it is a single block, since its address may be
 * forged.
 */
static unsigned
send_window(struct xfer *x)
{
	x->next = x->acked + 1;
	x->end = x->next + (x->verified ? x->window : 1);
	if (x->end - 1 > x->last)
		x->end = x->last + 1;
	x->sent_ms = 0;
	return XFER_SEND;
}

/* Write: acknowledge what is here; the peer's window begins behind it. */
static unsigned
reply(struct xfer *x)
{
	x->window_from = x->acked;
	x->behind = false;
	x->sent_ms = 0;
	return XFER_REPLY;
}

static unsigned
reply_again(struct xfer *x)
{
	x->resent++;
	return reply(x);
}

unsigned
xfer_begin(struct xfer *x, uint64_t now_ms)
{
	x->acked = x->window_from = x->repeated = 0;
	x->next = x->end = x->top = 1;
	x->verified = x->gap_told = x->behind = x->waited = false;
	x->syncing = x->finished = false;
	x->srtt_us = x->rttvar_us = 0;
	x->rto_ms = x->timeout_ms != 0 ? x->timeout_ms : XFER_FIRST_MS;
	x->tries = 0;
	x->resent = 0;
	x->sent_block = 0;
	if (!x->write && !x->oack)
		return send_window(x);
	x->sent_ms = now_ms;
	return XFER_REPLY;
}

/*
 * The last ACK came again. With a window of 1 that is never answered (RFC
 * 1123 section 4.2.3.1); above, it may tell of a gap (RFC 7440 section 4).
 * An ACK of a block that was sent twice comes twice; answering that would
 * send every window twice from here on, which is the apprentice again.
 */
static unsigned
repeated_ack(struct xfer *x)
{
	if (!x->verified || x->window == 1 || x->gap_told ||
	    x->next == x->acked + 1)
		return XFER_NOTHING;
	x->gap_told = true;
	return send_window(x);
}

unsigned
xfer_ack(struct xfer *x, uint16_t block, uint64_t now_ms)
{
	uint16_t ahead = (uint16_t)(block - (uint16_t)x->acked);
	uint64_t b = x->acked + ahead;

	if (x->write || x->finished)
		return XFER_NOTHING;
	if (x->oack && !x->verified) {
		/* RFC 2347: ACK 0 takes the options; no block was sent. */
		if (block != 0)
			return XFER_NOTHING;
		progress(x, true, now_ms);
		return send_window(x);
	}
	if (ahead == 0)
		return repeated_ack(x);
	if (b >= x->top)
		return XFER_NOTHING;
	x->gap_told = b + 1 < x->top || b <= x->repeated;
	x->acked = b;
	progress(x, b >= x->sent_block, now_ms);
	if (b >= x->last) {
		x->finished = true;
		return XFER_DONE;
	}
	return send_window(x);
}

void
xfer_sent(struct xfer *x, uint64_t block, uint64_t now_ms)
{
	uint64_t again;

	if (block >= x->next && x->next < x->top) {
		again = block < x->top ? block : x->top - 1;
		x->resent += again + 1 - x->next;
		if (again > x->repeated)
			x->repeated = again;
	}
	if (block >= x->top) {
		/* Only blocks that never left before are measured. */
		if (x->sent_ms == 0) {
			x->sent_ms = now_ms;
			x->sent_block = x->top;
		}
		x->top = block + 1;
	}
	if (block >= x->next)
		x->next = block + 1;
	if (x->end - 1 > x->last)
		x->end = x->last + 1;
}

void
xfer_unsent(struct xfer *x, uint64_t block)
{
	uint64_t fresh = x->top; /* the first that never left before */

	if (block <= x->acked || block >= x->next)
		return;
	if (x->sent_ms != 0)
		fresh = block > x->sent_block ? block : x->sent_block;
	if (block < fresh)
		x->resent -= (fresh < x->next ? fresh : x->next) - block;
	if (fresh < x->top) {
		x->top = fresh;
		if (fresh == x->sent_block)
			x->sent_ms = 0;
	}
	x->next = block;
}

/* DATA that is not the next in order, `ahead` of the last that is. */
static unsigned
out_of_order(struct xfer *x, uint16_t ahead)
{
	if (ahead == 0) {
		if (x->acked == 0 || (x->window > 1 && !x->behind))
			return XFER_NOTHING;
		return reply_again(x);
	}
	if (ahead > x->window) {
		x->behind = true;
		return XFER_NOTHING;
	}
	x->verified = true;
	if (x->gap_told)
		return XFER_NOTHING;
	x->gap_told = true;
	return reply_again(x);
}

/* RFC 1350 section 6: the final ACK was lost where its block comes again. */
static unsigned
dally(struct xfer *x, uint16_t ahead)
{
	if (ahead != 0 || x->tries == x->retries)
		return XFER_NOTHING;
	x->tries++;
	return reply_again(x);
}

unsigned
xfer_data(struct xfer *x, uint16_t block, size_t len, uint64_t now_ms)
{
	uint16_t ahead = (uint16_t)(block - (uint16_t)x->acked);

	if (!x->write || x->syncing)
		return XFER_NOTHING;
	if (x->finished)
		return dally(x, ahead);
	if (len > x->blksize)
		return XFER_ILLEGAL;
	if (ahead != 1)
		return out_of_order(x, ahead);
	x->acked++;
	x->gap_told = x->behind = false;
	progress(x, true, now_ms);
	if (len < x->blksize) {
		x->syncing = true;
		return XFER_STORE | XFER_LAST;
	}
	if (x->acked - x->window_from < x->window)
		return XFER_STORE;
	reply(x);
	x->sent_ms = now_ms;
	return XFER_STORE | XFER_REPLY;
}

unsigned
xfer_stored(struct xfer *x, uint64_t now_ms)
{
	(void)now_ms;
	if (!x->syncing)
		return XFER_NOTHING;
	x->syncing = false;
	x->finished = true;
	return reply(x);
}

unsigned
xfer_timeout(struct xfer *x, uint64_t now_ms)
{
	(void)now_ms;
	if (x->finished)
		return XFER_DONE;
	if (x->syncing)
		return XFER_NOTHING;
	if (x->rto_ms >= XFER_FIRST_MS) {
		if (x->tries == x->retries)
			return XFER_GIVE_UP;
		x->tries++;
	}
	x->waited = true;
	if (x->timeout_ms == 0) {
		x->rto_ms *= 2;
		if (x->rto_ms > XFER_MAX_MS)
			x->rto_ms = XFER_MAX_MS;
	}
	if (x->write)
		return reply_again(x);
	if (x->oack && !x->verified) {
		x->sent_ms = 0;
		return XFER_REPLY;
	}
	x->gap_told = false;
	return send_window(x);
}

uint32_t
xfer_wait_ms(const struct xfer *x)
{
	if (!x->finished)
		return x->rto_ms;
	return x->timeout_ms != 0 ? x->timeout_ms + 1000 : XFER_DALLY_MS;
}
