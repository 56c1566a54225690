/*
 * Where the search for a name in a zone ends.
 */
#include "place.h"

/*
 * Owners of NSEC3 are hashes, no names (RFC 5155 section 7.2.8), unless they
 * have something else, too.
 */
static bool
is_name(const struct snapshot *s, const struct node *node)
{
	unsigned others = node->nsets;

	if (!s->nsec3 || others == 0 || others > 2 || node->children > 0 ||
	    node_rrset(node, TYPE_NSEC3) == NULL)
		return true;
	return others == 2 && node_rrset(node, TYPE_RRSIG) == NULL;
}

static const struct node *
look(const struct search *q, unsigned suffix)
{
	if (q->node != NULL && q->node_at == suffix)
		return q->node;
	return snapshot_find(q->s, q->name, suffix);
}

/*
 * From the origin down, since the first delegation or DNAME counts. The
 * parent's side of a delegation has the DS (RFC 4035 section 3.1.4.1).
 */
static struct place
descend(const struct search *q)
{
	struct place p = { PLACE_NODE, q->origin, q->s->apex };
	const struct node *node;

	for (; p.suffix > 0; p.suffix--, p.node = node) {
		if (p.node->flags & NODE_DNAME) {
			p.kind = PLACE_DNAME;
			return p;
		}
		node = look(q, p.suffix - 1);
		if (node == NULL || !is_name(q->s, node)) {
			p.kind = PLACE_NONE;
			return p;
		}
		if ((node->flags & NODE_CUT) &&
		    (p.suffix > 1 || q->qtype != TYPE_DS))
			return (struct place){ PLACE_CUT, p.suffix - 1, node };
	}
	return p;
}

bool
place_is_flat(const struct snapshot *s)
{
	return s->cuts == 0 && s->dnames == 0 && !(s->apex->flags & NODE_DNAME);
}

struct place
place_find(const struct search *q)
{
	const struct node *node;

	if (place_is_flat(q->s) && (node = look(q, 0)) != NULL &&
	    is_name(q->s, node))
		return (struct place){ PLACE_NODE, 0, node };
	return descend(q);
}
