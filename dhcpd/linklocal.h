/*
 * linklocal: an address of 169.254/16 for a link without a server (RFC 3927).
 * Pure: ARP packets and the time in, actions out; random by a seed.
 *
 *	linklocal_start(l, now);
 *	while (linklocal_next(l, &action))
 *		do it
 *	call linklocal_timer at linklocal_due, linklocal_arp for each ARP
 *	packet, and take the actions after each call
 *
 * The order of addresses that a host tries follows from its MAC alone, so it
 * mostly finds its own again (section 2.1); `last` comes before them.
 */
#ifndef LINKLOCAL_H
#define LINKLOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "acd.h"

struct linklocal_action {
	enum linklocal_kind {
		LINKLOCAL_ARP, /* broadcast `arp` */
		LINKLOCAL_TAKE, /* configure `ip` */
		LINKLOCAL_LEAVE, /* it is no longer ours */
	} kind;
	struct in_addr ip;
	struct frame_arp arp;
};

#define LINKLOCAL_ACTIONS 4

struct linklocal {
	struct acd acd;
	struct dice addresses; /* follows from the MAC */
	struct dice delays;
	struct in_addr last; /* the first to be tried; 0: none */
	bool running;
	unsigned conflicts;
	uint64_t held_since;
	uint64_t again; /* try another address then; ACD_NEVER */
	struct linklocal_action actions[LINKLOCAL_ACTIONS];
	unsigned first, n; /* of actions */
};

/* Is it an address that may be chosen? */
bool linklocal_valid(struct in_addr);

/* last: what was used before, 0 for nothing; what is not valid counts so. */
void linklocal_init(struct linklocal *, const uint8_t hw[6], uint64_t seed,
    struct in_addr last);
/* Nothing happens where it runs already. */
void linklocal_start(struct linklocal *, uint64_t now);
void linklocal_stop(struct linklocal *);
void linklocal_timer(struct linklocal *, uint64_t now);
void linklocal_arp(struct linklocal *, uint64_t now, const struct frame_arp *);
uint64_t linklocal_due(const struct linklocal *); /* ACD_NEVER */
/* The next action; false: there is none. */
bool linklocal_next(struct linklocal *, struct linklocal_action *);

#endif
