/*
 * dname: a name taken apart, so that everything that looks for it or for one
 * of its ancestors hashes it once.
 *
 * Suffix i begins with label i; suffix 0 is the whole name, suffix `labels`
 * the root. Hashes do not depend on case (RFC 4343), are keyed with a random
 * seed of the process, and are those of the whole suffix, whatever it is a
 * suffix of: what is stored under a name is found by any name below it.
 */
#ifndef DNAME_H
#define DNAME_H

#include "dnswire.h"

#define DNAME_LABELS 128 /* 127 and the root */
#define DNAME_ROOM 264 /* for a name in whole words, and one more */

struct dname {
	uint8_t len; /* bytes of wire, the root's included: 1 .. 255 */
	uint8_t labels; /* the root not counted: 0 .. 127 */
	uint8_t at[DNAME_LABELS]; /* where suffix i begins */
	uint32_t hash[DNAME_LABELS]; /* of suffix i */
	uint8_t wire[DNAME_ROOM]; /* as it came */
	uint8_t lower[DNAME_ROOM]; /* its bytes A-Z in lower case */
};

/* Once, before any thread and any name. */
void dname_seed(void);

/*
 * From wire form without compression. 0, or -1: no name (a label above 63,
 * more than 255 bytes, more than max bytes).
 */
int dname_set(struct dname *, const uint8_t *wire, size_t max);
/*
 * The labels in `front` (wire form without the root, len bytes) before origin,
 * whose hashes are taken as they are. The two are not the same dname.
 */
int dname_join(struct dname *, const uint8_t *front, size_t len,
    const struct dname *origin);
/*
 * Text as in master files, len bytes: escapes, "@", relative to origin unless
 * it ends in a dot (NULL: then it is no name).
 */
int dname_parse(
    struct dname *, const char *, size_t len, const struct dname *origin);
/* The same to wire form; origin in wire form. The length, or 0: no name. */
size_t dname_wire(
    const char *, size_t len, const uint8_t *origin, uint8_t out[DNS_NAME]);

static inline const uint8_t *
dname_suffix(const struct dname *n, unsigned i)
{
	return n->wire + n->at[i];
}
static inline size_t
dname_suffix_len(const struct dname *n, unsigned i)
{
	return (size_t)n->len - n->at[i];
}

/*
 * An escape of a master file (RFC 1035 section 5.1), len bytes that follow its
 * backslash: \DDD, or the byte itself. How many of them it takes; 0: none.
 */
size_t dname_escape(const char *, size_t len, uint8_t *byte);

/*
 * Is suffix i this name (wire form, any case; len bytes)? Both are compared
 * whole; eight bytes at a time.
 */
bool
dname_is(const struct dname *, unsigned i, const uint8_t *name, size_t len);
/* Is the name `of` or below it? If so the suffix that `of` is, else -1. */
int dname_below(const struct dname *, const struct dname *of);

/* Canonical order (RFC 4034 section 6.1): <0, 0, >0. */
int dname_compare(const uint8_t *a, const uint8_t *b);

#endif
