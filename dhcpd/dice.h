/*
 * dice: random numbers that a test can foretell. Good for delays, transaction
 * ids and the choice of an address; no secret may be made of them.
 */
#ifndef DICE_H
#define DICE_H

#include <stdint.h>

struct dice {
	uint64_t state; /* the seed; any value will do */
};

uint64_t dice_roll(struct dice *);
/* From least to most, both included; every number as likely. */
uint32_t dice_between(struct dice *, uint32_t least, uint32_t most);

#endif
