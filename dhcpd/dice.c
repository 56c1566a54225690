/*
 * Random numbers by SplitMix64 (Steele, Lea, Flood 2014): a counter whose
 * steps are mixed.
 */
#include "dice.h"

uint64_t
dice_roll(struct dice *d)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint32_t
dice_between(struct dice *d, uint32_t least, uint32_t most)
{
	uint64_t span = (uint64_t)most - least + 1;

	/* 32 bits of 64: what is not even here is below 2^-32. */
	return least + (uint32_t)((dice_roll(d) >> 32) * span >> 32);
}
