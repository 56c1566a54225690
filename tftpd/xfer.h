/*
 * xfer: what one transfer does next (RFC 1350, RFC 7440), as arithmetic: an
 * event and the time in, an action out. Pure: no sockets, no files, no clock,
 * so a test can lose, repeat and reorder what it likes.
 *
 * Blocks are counted from 1 in 64 bits; on the wire they are taken modulo
 * 65536. A number from the wire means the block within the window that has it
 * (read: an ACK of acked + 1 .. what was sent; write: DATA of acked + 1 ..
 * acked + window); any other is an old one. Windows above 32767 therefore
 * can't tell a packet that is a window late from a new one: no caller should
 * grant them on a path that reorders. Block 0 is the request's answer: an
 * OACK we send (read) or an ACK or OACK we send (write).
 *
 * Time: the first answer waits XFER_FIRST_MS, twice that at each repeat (the
 * peer may be a forged address: it gets at most 1 + retries packets until it
 * answers). After that the wait follows the round trips seen (RFC 6298
 * section 2; repeated blocks are not measured, section 3), from XFER_MIN_MS
 * up, doubled at each repeat up to XFER_MAX_MS; only repeats after waits of
 * at least XFER_FIRST_MS count as tries, so a peer has the time to be busy. A
 * doubled wait stays until a block is acknowledged for which nobody had to
 * wait (Karn's rule). A timeout that the peer asked for (RFC 2349) is kept as
 * it is.
 *
 * The wait begins anew with each call that returns an action and with
 * xfer_sent; a call that returns XFER_NOTHING leaves it running, so noise
 * can't keep a dead transfer alive. The clock must not read 0.
 */
#ifndef XFER_H
#define XFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFER_FIRST_MS 1000
#define XFER_MIN_MS 25
#define XFER_MAX_MS 8000
#define XFER_DALLY_MS 6000
#define XFER_UNKNOWN UINT64_MAX

enum xfer_action {
	XFER_NOTHING = 0,
	XFER_SEND = 1, /* read: send blocks next .. end - 1 */
	XFER_REPLY = 2, /* read: send the OACK; write: send ACK (or, where
			   acked is 0 and oack is set, the OACK) of `acked` */
	XFER_STORE = 4, /* write: this payload is block `acked`'s */
	XFER_LAST = 8, /* write, with STORE: it is the last; no ACK until
			  xfer_stored */
	XFER_DONE = 16, /* read: all of it is acknowledged; write: dallied
			   long enough (RFC 1350 section 6) */
	XFER_GIVE_UP = 32, /* too many repeats without an answer */
	XFER_ILLEGAL = 64, /* e.g. DATA longer than blksize: ERROR 4, end */
};

struct xfer {
	/* set by the caller before xfer_begin */
	bool write; /* the peer sends (WRQ) */
	bool oack; /* the first answer is an OACK */
	uint32_t blksize, window;
	uint32_t timeout_ms; /* asked for by the peer, or 0: adaptive */
	unsigned retries;
	uint64_t last; /* read: number of the final block or XFER_UNKNOWN;
			  may be set later, once known */
	/* the state */
	uint64_t acked; /* read: last block the peer has; write: last block
			   we have, in order */
	uint64_t next; /* read: next block to send; the caller moves it on
			  as blocks leave (xfer_sent) */
	uint64_t end; /* read: one past what may be sent now */
	uint64_t top; /* read: one past all that was ever sent */
	uint64_t repeated; /* read: last block sent more than once */
	uint64_t window_from; /* write: acked when the last ACK was sent */
	bool verified; /* the peer has answered something */
	bool gap_told; /* write: this gap was acknowledged already;
			  read: a repeat of the last ACK asks for nothing
			  (the window was repeated on one, or the block it
			  names was sent twice, which explains two ACKs) */
	bool behind; /* write: an older block came again: the peer began its
			window anew */
	bool syncing; /* write: the last block is being made durable */
	bool finished; /* nothing is left but to answer repeats */
	/* timing */
	bool waited; /* a wait ended since the last progress */
	uint64_t sent_ms; /* when the measured packet left, 0: none */
	uint64_t sent_block; /* read: an ACK of it or a later one answers */
	uint32_t srtt_us, rttvar_us; /* RFC 6298, 0: no sample yet */
	uint32_t rto_ms; /* the wait that holds now */
	unsigned tries;
	uint64_t resent; /* blocks (write: ACKs) sent again, for the log */
};

/* All of these return enum xfer_action, ORed. now_ms: a monotonic clock. */

/* The first answer: REPLY, or SEND for a read without options. */
unsigned xfer_begin(struct xfer *, uint64_t now_ms);

/*
 * Read: the peer acknowledged `block`. A block not sent yet, or acknowledged
 * before, is nothing (RFC 1123 section 4.2.3.1, the sorcerer's apprentice);
 * within the window the next blocks follow at once (RFC 7440 section 4). With
 * a window above 1, the first repeat of the last ACK means that the block
 * behind it was lost: the window is sent again, once.
 */
unsigned xfer_ack(struct xfer *, uint16_t block, uint64_t now_ms);

/*
 * Read: blocks up to `block` (inclusive, below end) were given to the kernel.
 * Where `last` became known, end is at most last + 1 after this.
 */
void xfer_sent(struct xfer *, uint64_t block, uint64_t now_ms);

/*
 * Read: the kernel took none from `block` on after all. They are sent next,
 * and until then no ACK can name them.
 */
void xfer_unsent(struct xfer *, uint64_t block);

/*
 * Write: DATA `block` of len payload bytes came. In order: STORE (and REPLY
 * at the end of a window). Out of order: REPLY once per gap with the last
 * one in order. Repeated: REPLY only when it is the last one in order and its
 * ACK seems lost: always with a window of 1 and after the end, else when
 * blocks before it were repeated, too (a single repeat is the network's).
 */
unsigned xfer_data(struct xfer *, uint16_t block, size_t len, uint64_t now_ms);

/* Write: the last block is durable: REPLY, and finished. */
unsigned xfer_stored(struct xfer *, uint64_t now_ms);

/*
 * xfer_wait_ms passed: SEND from the first block that was not acknowledged,
 * REPLY again, or GIVE_UP. While syncing: nothing, the wait is ours. After
 * the end: DONE.
 */
unsigned xfer_timeout(struct xfer *, uint64_t now_ms);

/* How long to wait for the peer now; after the end of a write: to dally. */
uint32_t xfer_wait_ms(const struct xfer *);

#endif
