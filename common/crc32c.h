/*
 * crc32c: the checksum of RFC 3720 section 12.1 (Castagnoli's polynomial), for
 * records in files. Any thread.
 */
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Go on from crc, which begins as 0: the sum of all bytes so far. */
uint32_t crc32c(uint32_t crc, const void *, size_t);

#endif
