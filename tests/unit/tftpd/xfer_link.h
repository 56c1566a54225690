/*
 * Two transfers, one that sends a file (an xfer that reads) and one that
 * stores it (an xfer that writes), joined by a network that loses, repeats
 * and delays packets, in virtual time. What must always hold is checked at
 * each step; a breach ends the program.
 *
 * Packets carry the whole block number, which no receiver looks at: it tells
 * whether a number of 16 bits was taken for the right block.
 */
#ifndef XFER_LINK_H
#define XFER_LINK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfer.h"

#define LINK_NEVER UINT64_MAX

#define LINK_CHECK(cond)                                                       \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(                                               \
			    stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                               \
		}                                                              \
	} while (0)

struct link_packet {
	uint64_t at, order; /* arrives then; order breaks ties */
	bool data, oack;
	uint64_t block;
	size_t len;
};

struct link {
	/* set before link_run */
	bool upload; /* the storing side is the server (WRQ) */
	bool oack;
	bool unknown; /* the sender learns where the end is by reading */
	uint32_t window, blksize;
	uint64_t bytes;
	unsigned retries;
	uint32_t timeout_ms;
	unsigned loss, repeat, late; /* of 100,000 packets */
	unsigned chunk; /* blocks that the socket takes at once */
	bool hasty; /* all are called sent, then those that it refused not */
	unsigned delay_ms, late_ms, sync_ms;
	uint32_t (*roll)(void *); /* any 32 bits */
	void *roll_arg;
	/* results */
	struct xfer sender, store;
	bool done, gave_up; /* the sender knows that all arrived; somebody
			       stopped trying */
	uint64_t now, stored_bytes, data_sent, acks_sent, steps;
	/* inside */
	uint64_t last, order, sender_at, store_at, pump_at, sync_at;
	struct link_packet *heap;
	size_t n, size;
};

static bool
link_before(const struct link_packet *a, const struct link_packet *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void
link_push(struct link *l, struct link_packet p)
{
	size_t i, up;

	if (l->n == l->size) {
		l->size = l->size == 0 ? 256 : 2 * l->size;
		l->heap = realloc(l->heap, l->size * sizeof(*l->heap));
		LINK_CHECK(l->heap != NULL);
	}
	p.order = l->order++;
	for (i = l->n++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (!link_before(&p, &l->heap[up]))
			break;
		l->heap[i] = l->heap[up];
	}
	l->heap[i] = p;
}

static struct link_packet
link_pop(struct link *l)
{
	struct link_packet first = l->heap[0], p = l->heap[--l->n];
	size_t i = 0, down;

	for (; (down = 2 * i + 1) < l->n; i = down) {
		if (down + 1 < l->n &&
		    link_before(&l->heap[down + 1], &l->heap[down]))
			down++;
		if (link_before(&p, &l->heap[down]))
			break;
		l->heap[i] = l->heap[down];
	}
	l->heap[i] = p;
	return first;
}

static bool
link_chance(struct link *l, unsigned of)
{
	return of > 0 && l->roll(l->roll_arg) % 100000 < of;
}

static void
link_transmit(struct link *l, struct link_packet p)
{
	unsigned copies = 1 + link_chance(l, l->repeat);

	for (; copies > 0; copies--) {
		if (link_chance(l, l->loss))
			continue;
		p.at = l->now + l->delay_ms;
		if (link_chance(l, l->late))
			p.at += 1 + l->roll(l->roll_arg) % l->late_ms;
		link_push(l, p);
	}
}

static size_t
link_len(const struct link *l, uint64_t block)
{
	return block < l->last ? l->blksize : l->bytes % l->blksize;
}

/* Give blocks to the socket until the window or the socket is full. */
static void
link_pump(struct link *l)
{
	struct xfer *x = &l->sender;
	uint64_t b = x->next, end;

	l->pump_at = LINK_NEVER;
	end = x->end < b + l->chunk ? x->end : b + l->chunk;
	for (; b < end; b++) {
		LINK_CHECK(b > x->acked && b <= x->acked + x->window);
		LINK_CHECK(b <= l->last);
		link_transmit(l,
		    (struct link_packet){
			.data = true, .block = b, .len = link_len(l, b) });
		l->data_sent++;
		if (b == l->last) {
			x->last = b;
			b++;
			break;
		}
	}
	if (b > x->next) {
		if (l->hasty && x->last != b - 1 && x->end > b) {
			xfer_sent(x, x->end - 1, l->now);
			xfer_unsent(x, b);
		} else {
			xfer_sent(x, b - 1, l->now);
		}
		LINK_CHECK(x->next == b);
		l->sender_at = l->now + xfer_wait_ms(x);
	}
	LINK_CHECK(x->next <= x->end && x->top > x->acked);
	if (x->next < x->end)
		l->pump_at = l->now + 1;
}

static void
link_sender_acts(struct link *l, unsigned action)
{
	struct xfer *x = &l->sender;

	if (action == XFER_NOTHING)
		return;
	LINK_CHECK((action & (XFER_STORE | XFER_LAST | XFER_ILLEGAL)) == 0);
	l->sender_at = l->now + xfer_wait_ms(x);
	if (action & XFER_SEND)
		link_pump(l);
	if ((action & XFER_REPLY) && !l->upload)
		link_transmit(l, (struct link_packet){ .oack = true });
	if (action & XFER_GIVE_UP)
		l->gave_up = true;
	if (action & XFER_DONE) {
		LINK_CHECK(x->acked == l->last);
		LINK_CHECK(l->store.finished);
		l->done = true;
	}
}

static void
link_store_acts(struct link *l, unsigned action)
{
	struct xfer *x = &l->store;

	if (action == XFER_NOTHING)
		return;
	LINK_CHECK((action & (XFER_SEND | XFER_ILLEGAL)) == 0);
	l->store_at = l->now + xfer_wait_ms(x);
	if (action & XFER_STORE)
		l->stored_bytes += link_len(l, x->acked);
	if (action & XFER_LAST) {
		LINK_CHECK(x->acked == l->last && x->syncing);
		l->sync_at = l->now + l->sync_ms;
	}
	if (action & XFER_REPLY) {
		LINK_CHECK(!x->syncing);
		l->acks_sent++;
		link_transmit(l, (struct link_packet){ .block = x->acked });
	}
	if (action & XFER_GIVE_UP)
		l->gave_up = true;
	if (action & XFER_DONE)
		l->store_at = LINK_NEVER;
}

static void
link_deliver(struct link *l, const struct link_packet *p)
{
	uint64_t before = l->store.acked, acked = l->sender.acked;
	unsigned action;

	if (p->oack) {
		/* A client takes the options by ACK 0 (RFC 2347). */
		if (before == 0 && !l->store.syncing && !l->store.finished)
			link_store_acts(l, XFER_REPLY);
	} else if (p->data) {
		action =
		    xfer_data(&l->store, (uint16_t)p->block, p->len, l->now);
		LINK_CHECK(l->store.acked == before + !!(action & XFER_STORE));
		if (action & XFER_STORE)
			LINK_CHECK(p->block == l->store.acked);
		link_store_acts(l, action);
	} else {
		link_sender_acts(
		    l, xfer_ack(&l->sender, (uint16_t)p->block, l->now));
		LINK_CHECK(l->sender.acked >= acked);
		LINK_CHECK(l->sender.acked <= l->store.acked);
	}
}

static void
link_begin(struct link *l)
{
	struct xfer *r = &l->sender, *w = &l->store;
	unsigned action;

	memset(r, 0, sizeof(*r));
	memset(w, 0, sizeof(*w));
	w->write = true;
	/* An upload's client takes ACK 0 for what an OACK's ACK is. */
	r->oack = l->upload || l->oack;
	w->oack = l->upload && l->oack;
	r->blksize = w->blksize = l->blksize;
	r->window = w->window = l->window;
	r->retries = w->retries = l->retries;
	r->timeout_ms = w->timeout_ms = l->timeout_ms;
	l->last = l->bytes / l->blksize + 1;
	r->last = l->unknown ? XFER_UNKNOWN : l->last;
	l->now = 1;
	l->sender_at = l->store_at = l->pump_at = l->sync_at = LINK_NEVER;
	l->done = l->gave_up = false;
	l->stored_bytes = l->data_sent = l->acks_sent = l->steps = 0;
	l->order = l->n = l->size = 0;
	l->heap = NULL;
	action = xfer_begin(r, l->now);
	link_sender_acts(l, action);
	action = xfer_begin(w, l->now);
	LINK_CHECK(action == XFER_REPLY);
	/* A client that reads has sent its request instead. */
	if (l->upload)
		link_store_acts(l, action);
}

static uint64_t
link_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
link_step(struct link *l)
{
	uint64_t packet = l->n > 0 ? l->heap[0].at : LINK_NEVER, at;
	struct link_packet p;

	at = link_min(packet, link_min(l->pump_at, l->sync_at));
	at = link_min(at, link_min(l->sender_at, l->store_at));
	LINK_CHECK(at != LINK_NEVER && at >= l->now);
	l->now = at;
	l->steps++;
	if (at == packet) {
		p = link_pop(l);
		link_deliver(l, &p);
	} else if (at == l->pump_at) {
		link_pump(l);
	} else if (at == l->sync_at) {
		l->sync_at = LINK_NEVER;
		link_store_acts(l, xfer_stored(&l->store, l->now));
	} else if (at == l->sender_at) {
		l->sender_at = LINK_NEVER;
		link_sender_acts(l, xfer_timeout(&l->sender, l->now));
	} else {
		l->store_at = LINK_NEVER;
		link_store_acts(l, xfer_timeout(&l->store, l->now));
	}
}

/* Until the sender is done, or somebody gives up, or max steps. */
static void
link_run(struct link *l, uint64_t max_steps)
{
	link_begin(l);
	while (!l->done && !l->gave_up && l->steps < max_steps)
		link_step(l);
	LINK_CHECK(l->data_sent == l->sender.top - 1 + l->sender.resent);
	free(l->heap);
	l->heap = NULL;
}

#endif
