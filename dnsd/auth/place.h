/*
 * place: where a name is in a zone, or what is in its stead (RFC 1034 section
 * 4.3.2, RFC 4592, RFC 6672).
 */
#ifndef PLACE_H
#define PLACE_H

#include "zonedb.h"

enum place_kind {
	PLACE_NODE, /* the name itself */
	PLACE_CUT, /* at or below a delegation */
	PLACE_DNAME, /* below a DNAME */
	PLACE_NONE, /* there is no such name; node: its closest encloser */
};
struct place {
	enum place_kind kind;
	unsigned suffix; /* of the name: that is the node's */
	const struct node *node;
};

/* Where to look for which name. */
struct search {
	const struct snapshot *s;
	const struct dname *name;
	unsigned origin; /* suffix of the name: the snapshot's */
	uint16_t qtype;
	const struct node *node; /* of suffix node_at, known; NULL: none */
	unsigned node_at;
};
struct place place_find(const struct search *);
/* Nothing in the zone could hide a name: one look for it is mostly enough. */
bool place_is_flat(const struct snapshot *);

#endif
