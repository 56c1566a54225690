/*
 * What the files of the answering share: answer.c, glue.c, chaos.c.
 */
#ifndef ANSWERPART_H
#define ANSWERPART_H

#include "answer.h"
#include "denial.h"
#include "place.h"

/* One question on its way through our zones. */
struct answer {
	struct request *r;
	const struct zone *zone;
	const struct snapshot *s; /* the zone's */
	const struct dname *name; /* the question's, or what it is an alias
				     of */
	unsigned origin; /* suffix of the name: the zone's */
	bool dnssec; /* signatures and proofs are wanted */
	const struct rrset *given; /* the answer; whose targets' addresses may
				      come along */
	struct denial denial;
	/* aliases followed */
	struct dname alias;
	unsigned links;
	uint32_t seen[ANSWER_CHAIN]; /* hashes of their targets */
	const struct rrset *dnames[ANSWER_CHAIN]; /* that were given */
	unsigned ndnames;
};

/* RRset and its signatures, where these are wanted. false: no room. */
bool answer_put(const struct answer *, enum reply_section, struct reply_owner,
    const struct node *, const struct rrset *);

/* Additional records of a referral whose name servers these are (RFC 9471). */
void glue_referral(struct answer *, const struct place *, const struct rrset *);
/* Additional records of an answer. */
void glue_answer(struct answer *);

/* Questions of class CH, about ourselves (RFC 4892). */
void chaos_query(struct request *);

#endif
