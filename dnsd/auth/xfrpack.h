/*
 * xfrpack: a message of a transfer, filled record by record. Names are
 * compressed against everything in the message; letters keep their case, so
 * that the other side gets the zone as it is (RFC 5936 section 3.4).
 */
#ifndef XFRPACK_H
#define XFRPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XFRPACK_PLACES 2048 /* a power of two */

struct xfrpack_rr {
	const uint8_t *name; /* wire form */
	uint16_t type;
	uint32_t ttl;
	const uint8_t *data; /* stored rdata (rdata.h) */
	size_t len;
};

struct xfrpack {
	uint8_t *bytes;
	size_t limit, len;
	uint16_t records; /* in the answer section */
	/* private: where suffixes of names stand, by their hash */
	uint16_t turn, used;
	struct xfrpack_place {
		uint32_t hash;
		uint16_t at;
		uint16_t turn; /* free, if it isn't the message's */
	} places[XFRPACK_PLACES];
};

/* Before the first message: no places. */
void xfrpack_init(struct xfrpack *);
/* A message in these bytes; its header is left out until the end. */
void xfrpack_begin(struct xfrpack *, uint8_t *bytes, size_t limit);
/* Each adds all or nothing. false: it does not fit. */
bool xfrpack_question(struct xfrpack *, const uint8_t *name, uint16_t type);
bool xfrpack_rr(struct xfrpack *, const struct xfrpack_rr *);

#endif
