/*
 * CRC-32C, eight bytes at a time: by the processor's instruction for it, or by
 * tables.
 */
#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* bits reversed */

/* What a byte does to the sum when i more follow it in the same eight. */
static uint32_t tables[8][256];

static void
prepare(void)
{
	uint32_t crc;
	unsigned byte, i;

	for (byte = 0; byte < 256; byte++) {
		crc = byte;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables[0][byte] = crc;
	}
	for (byte = 0; byte < 256; byte++)
		for (i = 1; i < 8; i++) {
			crc = tables[i - 1][byte];
			tables[i][byte] = crc >> 8 ^ tables[0][crc & 255];
		}
}

static uint32_t
by_tables(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t word;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		word = le64toh(word) ^ crc;
		crc = tables[7][word & 255] ^ tables[6][word >> 8 & 255] ^
		    tables[5][word >> 16 & 255] ^ tables[4][word >> 24 & 255] ^
		    tables[3][word >> 32 & 255] ^ tables[2][word >> 40 & 255] ^
		    tables[1][word >> 48 & 255] ^ tables[0][word >> 56];
		p += sizeof(word);
	}
	for (; len > 0; len--)
		crc = crc >> 8 ^ tables[0][(crc ^ *p++) & 255];
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t word, wide = crc;

	for (; len >= sizeof(word); len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
		p += sizeof(word);
	}
	crc = (uint32_t)wide;
	for (; len > 0; len--)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
#endif

static uint32_t (*sum)(uint32_t crc, const uint8_t *, size_t) = by_tables;

static void
choose(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2")) {
		sum = by_instruction;
		return;
	}
#endif
	prepare();
}

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, choose);
	return ~sum(~crc, bytes, len);
}
