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
	uint16_t class; /* of every record: the question's */
	uint32_t ttl_max; /* records get no TTL above; put back after use */
	bool truncated; /* something that had to be there did not fit */
	/*
	 * Of the question, whose suffixes can be pointed at without looking;
	 * it stays where it is while names are added. NULL: there is none.
	 */
	const struct dname *question;
	/*
	 * Where suffixes of names stand, by their hash; 0: free. Filled, with
	 * the question's, only when the first other name is added.
	 */
	uint8_t nnames;
	uint8_t order[REPLY_NAMES]; /* places, as they were taken */
	struct reply_place {
		uint32_t hash;
		uint16_t at; /* offset; above 0x3fff is never stored */
	} names[REPLY_NAMES];
};

/* Empty: limit and bytes are set. The header is left out until the end. */
void reply_begin(struct reply *);
/* The question as it came; its name's suffixes can be pointed at. */
void reply_question(
    struct reply *, const struct dname *, uint16_t type, uint16_t class);

/* Whose records: suffix 0 is the name itself. */
struct reply_owner {
	const struct dname *name;
	unsigned suffix;
};
static inline struct reply_owner
reply_owner(const struct dname *name, unsigned suffix)
{
	return (struct reply_owner){ name, suffix };
}

/*
 * Add a name, compressed. false: it does not fit, and nothing was added.
 */
bool reply_name(struct reply *, const struct dname *, unsigned suffix);

/*
 * Add an RRset to a section, whole or not at all; sections in order. owner is
 * the name as it shall stand (the question's, for a wildcard's records).
 * first: index of the record that comes first (round robin). false: it did
 * not fit (the caller sets truncated where that matters).
 */
bool reply_rrset(struct reply *, enum reply_section, struct reply_owner,
    const struct rrset *, unsigned first);
/* The same of a name in wire form, which is hashed here. */
bool reply_rrset_at(struct reply *, enum reply_section, const uint8_t *owner,
    const struct rrset *, unsigned first);
/* Only the RRSIGs in `sigs` that cover type; nothing where there are none, or
 * where sigs is NULL. */
bool reply_sigs(struct reply *, enum reply_section, struct reply_owner,
    const struct rrset *sigs, uint16_t covered);
bool reply_sigs_at(struct reply *, enum reply_section, const uint8_t *owner,
    const struct rrset *sigs, uint16_t covered);
/* One record (a CNAME made from a DNAME, text of the class CH). */
struct reply_rr {
	uint16_t type;
	uint32_t ttl;
	const uint8_t *data; /* stored rdata (rdata.h) */
	size_t len;
};
bool reply_record(struct reply *, enum reply_section, struct reply_owner,
    const struct reply_rr *);

/* Undo all that was added after `mark` (a copy of len and count). */
struct reply_mark {
	size_t len;
	uint16_t count[4];
	uint8_t nnames;
};
struct reply_mark reply_mark(const struct reply *);
void reply_back(struct reply *, const struct reply_mark *);

#endif
