/*
 * xfrapply: the messages of a transfer that comes in, checked and turned into
 * an edit of the zone: AXFR (RFC 5936), IXFR (RFC 1995), and IXFR that is
 * answered like AXFR. No I/O; signatures are the caller's.
 */
#ifndef XFRAPPLY_H
#define XFRAPPLY_H

#include "zonedb.h"

#define XFRAPPLY_WHY 160
#define XFRAPPLY_SOA (2 * DNS_NAME + 20) /* bytes of a SOA's rdata, at most */

enum xfrapply_result {
	XFRAPPLY_MORE,
	XFRAPPLY_DONE, /* the edit is the new version */
	XFRAPPLY_CURRENT, /* IXFR: theirs (serial) is not newer than ours */
	XFRAPPLY_BAD, /* why says */
	XFRAPPLY_BROKEN, /* xfrpull's: connection, signature; why says */
};

enum xfrapply_phase {
	PHASE_FIRST, /* the SOA that begins everything */
	PHASE_SECOND, /* IXFR: which form it has */
	PHASE_WHOLE,
	PHASE_REMOVING,
	PHASE_ADDING,
	PHASE_ENDED,
};

struct xfrapply {
	/* by the caller */
	const struct dname *origin;
	uint16_t id, type; /* TYPE_AXFR, TYPE_IXFR */
	const struct snapshot *base; /* our version, for IXFR */
	uint64_t max_bytes; /* of the zone in memory, and of the messages */
	/* what came */
	struct edit *edit; /* the caller's to take (set NULL) when DONE */
	bool whole; /* a zone, not a change of ours */
	uint32_t serial; /* theirs, once there is a first record */
	uint64_t messages, records, bytes;
	char why[XFRAPPLY_WHY];
	/* private */
	enum xfrapply_phase phase;
	uint32_t at; /* IXFR: serial that the edit has reached */
	uint32_t ttl; /* of the first SOA, */
	size_t soa_len; /* .. and its rdata */
	uint8_t soa[XFRAPPLY_SOA];
	struct dname owner;
	uint8_t data[RDATA_MAX];
};

/* Zero all but what the caller sets first; allocates nothing yet. */
void xfrapply_begin(struct xfrapply *);
/* One message. After anything but MORE there is nothing more to give. */
enum xfrapply_result
xfrapply_message(struct xfrapply *, const uint8_t *, size_t len);
/* Free the edit, if it is still here. */
void xfrapply_end(struct xfrapply *);

/* The serial in a SOA's stored rdata. */
uint32_t xfrapply_serial(const uint8_t *data, size_t len);

#endif
