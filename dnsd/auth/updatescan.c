/*
 * The prescan of an update: nothing is done where anything is wrong (RFC 2136
 * section 3.4.1).
 */
#include "updatepart.h"

/* What each class asks of a record. */
static bool
is_right(const struct update_rr *rr)
{
	switch (rr->class) {
	case CLASS_IN: /* section 2.5.1 */
		return !rtype_is_meta(rr->type) && !rr->bad;
	case CLASS_ANY: /* 2.5.2, 2.5.3 */
		return rr->ttl == 0 && rr->empty &&
		    (rr->type == TYPE_ANY || !rtype_is_meta(rr->type));
	case CLASS_NONE: /* 2.5.4 */
		return rr->ttl == 0 && !rtype_is_meta(rr->type) && !rr->bad;
	default:
		return false;
	}
}

unsigned
update_prescan(const struct update_message *m)
{
	const struct update_rr *rr;
	struct dname name;

	for (rr = m->v + m->prerequisites; rr < m->v + m->n; rr++) {
		if (!update_owner(m, rr, &name))
			return DNS_NOTZONE;
		if (!is_right(rr))
			return DNS_FORMERR;
	}
	return DNS_NOERROR;
}
