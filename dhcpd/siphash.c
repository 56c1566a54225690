/* SipHash-1-3: one round for each word of eight bytes, three at the end. */
#include <endian.h>
#include <string.h>

#include "siphash.h"

struct state {
	uint64_t a, b, c, d;
};

static inline uint64_t
rotate(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void
sip_round(struct state *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32);
	s->c += s->b;
	s->a += s->d;
	s->b = rotate(s->b, 17) ^ s->c;
	s->d = rotate(s->d, 21) ^ s->a;
	s->c = rotate(s->c, 32);
}

static inline void
sip_word(struct state *s, uint64_t word)
{
	s->d ^= word;
	sip_round(s);
	s->a ^= word;
}

uint64_t
siphash(const uint64_t key[2], const void *bytes, size_t len)
{
	struct state s = {
		key[0] ^ 0x736f6d6570736575u,
		key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u,
		key[1] ^ 0x7465646279746573u,
	};
	const uint8_t *p = bytes;
	uint64_t word;
	size_t left;

	for (left = len; left >= sizeof(word); left -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sip_word(&s, le64toh(word));
		p += sizeof(word);
	}
	word = (uint64_t)len << 56;
	while (left-- > 0)
		word |= (uint64_t)p[left] << 8 * left;
	sip_word(&s, word);
	s.c ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
