/*
 * rrset: the records of one name and type, immutable, one block of memory.
 */
#ifndef RRSET_H
#define RRSET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rrset {
	uint16_t type, count; /* count: 1 .. 65535 */
	uint32_t ttl;
	uint32_t size; /* bytes of data */
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

#endif
