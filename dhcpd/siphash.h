/*
 * siphash: a keyed hash (SipHash-1-3), for tables whose keys strangers choose:
 * without the key nobody can make many of them collide. Pure.
 */
#ifndef SIPHASH_H
#define SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash(const uint64_t key[2], const void *, size_t);

#endif
