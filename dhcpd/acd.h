/*
 * acd: is an IPv4 address in use on the link, and does somebody else begin to
 * use it while we do? (RFC 5227; RFC 3927 is the same with other numbers)
 * Pure: ARP packets and the time in, what to do out.
 *
 * Times are milliseconds of a clock that nobody sets.
 */
#ifndef ACD_H
#define ACD_H

#include <stdbool.h>
#include <stdint.h>

#include "dice.h"
#include "frame.h"

#define ACD_NEVER UINT64_MAX

/* RFC 5227 section 1.1, RFC 3927 section 9. */
#define ACD_ANNOUNCE_NUM 2
#define ACD_ANNOUNCE_MS 2000
#define ACD_MAX_CONFLICTS 10
#define ACD_RATE_LIMIT_MS 60000
#define ACD_DEFEND_MS 10000

struct acd_timing {
	uint32_t wait_ms; /* at most so long before the first probe */
	uint32_t probes;
	uint32_t min_ms, max_ms; /* between probes */
	uint32_t last_ms; /* from the last probe to the verdict */
};

enum acd_result {
	ACD_NOTHING,
	ACD_PROBE, /* send a probe */
	ACD_CLAIMED, /* nobody has it; announcements follow */
	ACD_ANNOUNCE, /* send an announcement */
	ACD_CONFLICT, /* somebody has it; all is over */
};

struct acd {
	const struct acd_timing *timing;
	uint8_t hw[6];
	struct in_addr ip; /* 0: nothing is asked or held */
	bool held;
	uint32_t sent; /* probes, then announcements */
	uint64_t due; /* call acd_timer then; ACD_NEVER */
	bool attacked; /* somebody used the address, */
	uint64_t attack; /* then */
};

/* timing is kept by reference. */
void acd_init(struct acd *, const uint8_t hw[6], const struct acd_timing *);
/* Ask whether the address is in use. */
void acd_begin(struct acd *, struct in_addr, uint64_t now, struct dice *);
/* The address is ours without a question; announcements follow. */
void acd_hold(struct acd *, struct in_addr, uint64_t now);
void acd_end(struct acd *);

/* Call until ACD_NOTHING. */
enum acd_result acd_timer(struct acd *, uint64_t now, struct dice *);
/*
 * An ARP packet of the link. While the address is held, the first one of
 * another user is answered by an announcement, a second one within
 * ACD_DEFEND_MS ends it (RFC 5227 section 2.4 b).
 */
enum acd_result acd_arp(struct acd *, uint64_t now, const struct frame_arp *);

/* The packet for ACD_PROBE or ACD_ANNOUNCE, to be broadcast. */
void acd_frame(const struct acd *, enum acd_result, struct frame_arp *);

#endif
