/*
 * answer: questions, out of zones (RFC 1034 section 4.3.2, 4592, 6672, 2308,
 * 4035, 5155, 8482, 9471).
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "zone.h"

#define ANSWER_CHAIN 16 /* CNAMEs and DNAMEs followed, at most */

/* server.h's role_calls of the role `authoritative`. */
extern const struct role_calls auth_calls;

#endif
