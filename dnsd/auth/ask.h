/*
 * ask: one question to another server by UDP, asked again until it answers:
 * SOA by secondaries, NOTIFY by primaries.
 */
#ifndef ASK_H
#define ASK_H

#include <ev.h>

#include "acl.h"
#include "request.h"

struct ask_what {
	const struct remote *to;
	uint8_t opcode; /* OPCODE_NOTIFY is sent with AA (RFC 1996 4.5) */
	const struct dname *name;
	uint16_t type;
	const struct reply_rr *hint; /* in the answer section; NULL: none */
	unsigned tries;
	double pause; /* seconds before the second try; then twice that .. */
};

/*
 * Told once, never by ask_begin itself: the answer, whose sender, id, question
 * and signature are right, and its rcode whatever; or NULL and why there is
 * none.
 */
typedef void
ask_done(void *arg, const uint8_t *answer, size_t len, const char *why);

struct ask;
/* NULL with errno. What is in `what` is not used after this call, but for
 * to->key. */
struct ask *
ask_begin(struct ev_loop *, const struct ask_what *, ask_done *, void *arg);
/* It is not told any more. */
void ask_cancel(struct ask *);

#endif
