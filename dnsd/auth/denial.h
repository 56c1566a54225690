/*
 * denial: that something does not exist, in signed zones: NSEC (RFC 4035
 * section 3.1.3) and NSEC3 (RFC 5155 section 7.2).
 */
#ifndef DENIAL_H
#define DENIAL_H

#include "reply.h"
#include "zonedb.h"

/*
 * The nodes whose NSEC or NSEC3 records are the proof, each once; put into the
 * authority section when the answer section is complete.
 */
#define DENIAL_NODES 24
struct denial {
	const struct node *v[DENIAL_NODES];
	unsigned n;
};

/* Each adds what its case needs; nothing in zones that are not signed. */

/* The name does not exist; `encloser`: suffix of its closest encloser. */
void denial_name(struct denial *, const struct snapshot *, const struct dname *,
    unsigned encloser);
/* The name exists (its node), the type doesn't; a delegation has no DS. The
 * name is the suffix of that dname. */
void denial_type(struct denial *, const struct snapshot *, const struct dname *,
    unsigned suffix, const struct node *);
/* A wildcard of `encloser` answered; no closer name exists. */
void denial_wildcard(struct denial *, const struct snapshot *,
    const struct dname *, unsigned encloser);
/* As above, and the wildcard (its node) has no such type. */
void denial_wildcard_type(struct denial *, const struct snapshot *,
    const struct dname *, unsigned encloser, const struct node *);

/* Add records and signatures to the authority section. false: no room. */
bool denial_put(struct reply *, const struct denial *);

/* Hash of a name in lower case by the zone's parameters (RFC 5155 section 5).
 */
void
denial_hash(const struct nsec3_conf *, const uint8_t *name, uint8_t out[20]);

#endif
