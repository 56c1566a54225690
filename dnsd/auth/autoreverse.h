/*
 * autoreverse: PTR records that follow A and AAAA records.
 *
 * For every address that an update adds to or removes from a zone with
 * auto_reverse, the reverse zone that we are primary of gets or loses the PTR,
 * in the same transaction: both changes share one write and one sync, and one
 * answer. A PTR that names somebody else is left alone. Files are followed when
 * they are loaded: by their changes, and at start by all that is missing.
 */
#ifndef AUTOREVERSE_H
#define AUTOREVERSE_H

#include "zone.h"

/*
 * For one change (an A or AAAA record): the zone that has the PTR's name, and
 * that name. NULL: we have none, or not of our making.
 */
struct zone *autoreverse_zone(
    const struct zones *, const struct edit_change *, struct dname *ptr_name);

/*
 * Do in the reverse zone's edit what the change asks for. EDIT_SAME: there is
 * nothing to do: the PTR is there, or names somebody else, or the name is
 * another's to fill (CNAME, delegation: RFC 2317).
 */
enum edit_result autoreverse_apply(
    struct edit *, const struct dname *ptr_name, const struct edit_change *);

/*
 * The same for an address that may have been there for long. Of several that
 * have none in `base`, which the edit was made from, the first in canonical
 * order gets the PTR.
 */
enum edit_result autoreverse_fill(struct edit *, const struct snapshot *base,
    const struct dname *ptr_name, const struct edit_change *);

#endif
