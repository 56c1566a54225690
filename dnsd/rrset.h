/*
 * rrset: the records of one name and type, immutable, one block of memory.
 */
#ifndef RRSET_H
#define RRSET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rtype.h"

/* More than this fits into no message. */
#define RRSET_BYTES 65535

struct rrset {
	uint16_t type, count; /* count: 1 .. 65535 */
	uint32_t ttl;
	uint32_t size; /* bytes of data: RRSET_BYTES at most */
	uint32_t edit; /* auth/zonedb's: the edit that made it */
	uint8_t data[]; /* count times: length (16 bits, this machine's order),
			   and rdata; in canonical order */
};

/* Walk: for (p = set->data; p != rrset_end(set); p = rrset_next(p)) */
static inline uint16_t
rrset_len(const uint8_t *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return n;
}
static inline const uint8_t *
rrset_rdata(const uint8_t *p)
{
	return p + sizeof(uint16_t);
}
static inline const uint8_t *
rrset_next(const uint8_t *p)
{
	return p + sizeof(uint16_t) + rrset_len(p);
}
static inline const uint8_t *
rrset_end(const struct rrset *set)
{
	return set->data + set->size;
}
/*
 * The TTL of one record. It is that of the RRset (RFC 2181 section 5.2) but
 * for an RRSIG, which has the TTL of what it covers (RFC 4034 section 3): the
 * Original TTL in it.
 */
static inline uint32_t
rrset_ttl(const struct rrset *set, const uint8_t *p)
{
	const uint8_t *d = rrset_rdata(p) + 4;

	if (set->type != TYPE_RRSIG || rrset_len(p) < 8)
		return set->ttl;
	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 |
	    (uint32_t)d[2] << 8 | d[3];
}

#endif
