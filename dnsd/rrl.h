/*
 * rrl: response rate limiting: a network that is told the same again and again
 * by UDP, which may be the victim of forged questions, is told less.
 *
 * Answers to one network (IPv4 /24, IPv6 /56) for one name and type have an
 * account; errors and denials (NXDOMAIN) have one for all names. Each second
 * pays `responses` in (`errors` for the others), up to as many; each answer
 * takes one out. Where the account is overdrawn, answers are dropped, but each
 * `slip`-th leaves truncated, so that a real client comes by TCP. The debt is
 * bounded by RRL_WINDOW seconds' worth.
 */
#ifndef RRL_H
#define RRL_H

#include "dnsdconf.h"
#include "request.h"

#define RRL_WINDOW 15 /* seconds */

enum rrl_verdict { RRL_SEND, RRL_DROP, RRL_SLIP };

/* NULL with errno. */
struct rrl *rrl_open(const struct rate_conf *);
void rrl_close(struct rrl *);
/* Any thread: what shall become of this answer, whose rcode and counts are as
 * they will be sent? */
enum rrl_verdict rrl_check(struct rrl *, const struct request *);

#endif
