/*
 * reply: building an answer: records from stored RRsets, names compressed
 * (RFC 1035 section 4.1.4), room kept for what must come last.
 */
#ifndef REPLY_H
#define REPLY_H

#include "dname.h"

struct rrset;

enum reply_section {
	REPLY_ANSWER = 1,
	REPLY_AUTHORITY = 2,
	REPLY_ADDITIONAL = 3
};

#define REPLY_NAMES 64 /* a power of two: places of the table of suffixes */

struct reply {
	uint8_t *bytes;
	size_t limit; /* bytes that may be sent; TSIG's and OPT's included */
	size_t reserved; /* of these, for OPT and TSIG */
	size_t len;
	uint16_t count[4];
	uint16_t flags; /* AA, TC, RA, AD, as they are to be sent */
	bool truncated; /* something that had to be there did not fit */
	/*
	 * Where suffixes of names stand, by their hash; 0: free. Few enough
	 * that a search which ends at a taken place costs less than a bigger
	 * table's clearing.
	 */
	struct {
		uint32_t hash;
		uint16_t at; /* offset; above 0x3fff is never stored */
	} names[REPLY_NAMES];
	uint8_t nnames;
};

/* Empty: limit and bytes are set. The header is left out until the end. */
void reply_begin(struct reply *);
/* The question as it came; its name's suffixes can be pointed at. */
void reply_question(
    struct reply *, const struct dname *, uint16_t type, uint16_t class);

/*
 * Add a name, compressed. What is not in a struct dname is hashed here.
 * false: it does not fit, and nothing was added.
 */
bool reply_name(struct reply *, const struct dname *, unsigned suffix);

/*
 * Add an RRset to a section, whole or not at all; sections in order. owner is
 * the name as it shall stand (the question's, for a wildcard's records).
 * first: index of the record that comes first (round robin). false: it did
 * not fit (the caller sets truncated where that matters).
 */
bool reply_rrset(struct reply *, enum reply_section, const struct dname *owner,
    const struct rrset *, unsigned first);
/* The same of a name in wire form. */
bool reply_rrset_at(struct reply *, enum reply_section, const uint8_t *owner,
    const struct rrset *, unsigned first);
/* Only the RRSIGs in `sigs` that cover type; nothing where there are none. */
bool reply_sigs(struct reply *, enum reply_section, const struct dname *owner,
    const struct rrset *sigs, uint16_t covered);
bool reply_sigs_at(struct reply *, enum reply_section, const uint8_t *owner,
    const struct rrset *sigs, uint16_t covered);
/* One record with a TTL of its own (SOA of a negative answer, a CNAME made
 * from a DNAME). */
bool reply_record(struct reply *, enum reply_section, const struct dname *owner,
    uint16_t type, uint32_t ttl, const uint8_t *data, size_t len);

/* Undo all that was added after `mark` (a copy of len and count). */
struct reply_mark {
	size_t len;
	uint16_t count[4];
	uint8_t nnames;
};
struct reply_mark reply_mark(const struct reply *);
void reply_back(struct reply *, const struct reply_mark *);

#endif
