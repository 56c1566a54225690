/*
 * update: one change of DNS for one address, as messages and their answers,
 * by the rules of RFC 4703. Pure; ddns.c sends, waits and tries again.
 *
 * Adding a name: to a name that nobody has; else, where its DHCID says that it
 * is the client's, in place of the address there. Removing: the address, where
 * the DHCID says so, then the name, where it has no address left. The PTR
 * record is written in any case, and removed where it names the client's name.
 * Its zone is asked for (SOA), unless it is known.
 */
#ifndef UPDATE_H
#define UPDATE_H

#include "ddns.h"
#include "dnswire.h"

/* What is, or is to be, in DNS for an address. */
struct record {
	uint8_t name[DNS_NAME]; /* host.zone in wire form; its zone is what
				   stands behind the first label */
	uint8_t dhcid[DDNS_DHCID];
	uint8_t what; /* DDNS_A, DDNS_PTR */
	uint32_t ttl;
};

enum update_step {
	UPDATE_ADD_UNUSED, /* section 5.3.1 */
	UPDATE_ADD_OURS, /* section 5.3.2 */
	UPDATE_ADD_REPLACE, /* without these rules */
	UPDATE_REMOVE_A, /* section 5.5 */
	UPDATE_REMOVE_NAME,
	UPDATE_PTR_ZONE,
	UPDATE_PTR_ADD, /* section 5.4 */
	UPDATE_PTR_REMOVE,
	UPDATE_END,
};

#define UPDATE_ZONE_UNKNOWN 0xff

struct update {
	struct record record;
	uint8_t ip[4]; /* network order */
	bool add; /* or remove */
	bool replace;
	uint8_t stands; /* what stands in DNS now */
	uint8_t zone_skip; /* the zone of the PTR record is its name without so
			      many labels */
	uint8_t rounds; /* from ADD_OURS back to ADD_UNUSED */
	enum update_step step;
};

/* Begin: all members but rounds and step are set. */
void update_begin(struct update *);
/* The message of this step, unsigned. UPDATE_END has none. */
void update_build(const struct update *, uint16_t id, struct dns_builder *);
/*
 * Its answer, behind the question, whose id, question and signature were
 * checked: go to the next step. NULL, or why the update failed (text).
 */
const char *
update_answer(struct update *, const struct dns_header *, struct dns_reader *);
/* Is this message an answer to that one: id, kind and question? */
bool update_is_answer(struct dns_reader *answer, struct dns_header *,
    const uint8_t *asked, size_t len);

#endif
