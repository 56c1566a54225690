/*
 * denial: that something does not exist, in signed zones: NSEC (RFC 4035
 * section 3.1.3) and NSEC3 (RFC 5155 section 7.2).
 */
#ifndef DENIAL_H
#define DENIAL_H

#include "request.h"
#include "zonedb.h"

/* Each adds records with their signatures to the authority section; nothing in
 * zones that are not signed. false: no room. */

/* The name does not exist; `encloser`: suffix of its closest encloser. */
bool denial_name(struct request *, const struct snapshot *,
    const struct dname *, unsigned encloser);
/* The name exists (its node), the type doesn't. */
bool denial_type(struct request *, const struct snapshot *,
    const struct dname *, const struct node *);
/* A wildcard of `encloser` answered; no closer name exists. */
bool denial_wildcard(struct request *, const struct snapshot *,
    const struct dname *, unsigned encloser);
/* As above, and the wildcard (its node) has no such type. */
bool denial_wildcard_type(struct request *, const struct snapshot *,
    const struct dname *, unsigned encloser, const struct node *);
/* A delegation has no DS: it is not signed. */
bool
denial_ds(struct request *, const struct snapshot *, const struct node *cut);

/* Hash of a name by the zone's parameters (RFC 5155 section 5). */
void
denial_hash(const struct nsec3_conf *, const uint8_t *name, uint8_t out[20]);

#endif
