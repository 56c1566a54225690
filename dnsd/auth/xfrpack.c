/*
 * Filling messages of transfers. A table of places that knows every suffix of
 * every name in 16 KiB; it is not cleared between messages, entries of older
 * ones are told by their turn.
 */
#include <string.h>

#include "rdata.h"
#include "xfrpack.h"

#define MASK (XFRPACK_PLACES - 1)
#define USED_MAX (XFRPACK_PLACES / 2)
#define POINTER_MAX 0x3fff /* RFC 1035 section 4.1.4 */
#define LABELS 128

/* The suffixes of a name. */
struct suffixes {
	unsigned n; /* labels, the root not counted */
	uint8_t at[LABELS];
	uint32_t hash[LABELS];
};

void
xfrpack_init(struct xfrpack *p)
{
	memset(p, 0, sizeof(*p));
}

void
xfrpack_begin(struct xfrpack *p, uint8_t *bytes, size_t limit)
{
	p->bytes = bytes;
	p->limit = limit;
	p->len = DNS_HEADER;
	p->records = 0;
	p->used = 0;
	if (++p->turn == 0) {
		memset(p->places, 0, sizeof(p->places));
		p->turn = 1;
	}
}

static void
find_suffixes(struct suffixes *s, const uint8_t *name)
{
	uint32_t hash = 2166136261u;
	const uint8_t *p;
	unsigned i, at = 0;

	for (s->n = 0; name[at] != 0; at += 1u + name[at])
		s->at[s->n++] = (uint8_t)at;
	for (i = s->n; i-- > 0;) {
		p = name + s->at[i];
		for (at = 0; at <= *p; at++)
			hash = (hash ^ p[at]) * 16777619u;
		s->hash[i] = hash;
	}
}

/* Is it this name that stands at this place of the message? */
static bool
stands(const struct xfrpack *p, size_t at, const uint8_t *name)
{
	const uint8_t *q = p->bytes;

	for (;;) {
		while ((q[at] & 0xc0) == 0xc0)
			at = (size_t)(q[at] & 0x3f) << 8 | q[at + 1];
		if (q[at] != *name)
			return false;
		if (*name == 0)
			return true;
		if (memcmp(q + at + 1, name + 1, *name) != 0)
			return false;
		at += 1u + *name;
		name += 1u + *name;
	}
}

/* Where the suffix stands, or 0. */
static uint16_t
place_of(const struct xfrpack *p, uint32_t hash, const uint8_t *name)
{
	const struct xfrpack_place *q;
	uint32_t i;

	for (i = (hash ^ hash >> 16) & MASK;; i = (i + 1) & MASK) {
		q = &p->places[i];
		if (q->turn != p->turn)
			return 0;
		if (q->hash == hash && stands(p, q->at, name))
			return q->at;
	}
}

static void
remember(struct xfrpack *p, uint32_t hash, size_t at)
{
	uint32_t i = (hash ^ hash >> 16) & MASK;

	if (at > POINTER_MAX || p->used == USED_MAX)
		return;
	while (p->places[i].turn == p->turn)
		i = (i + 1) & MASK;
	p->places[i] = (struct xfrpack_place){ hash, (uint16_t)at, p->turn };
	p->used++;
}

static void
put16(struct xfrpack *p, uint16_t v)
{
	p->bytes[p->len++] = (uint8_t)(v >> 8);
	p->bytes[p->len++] = (uint8_t)v;
}

static void
put_bytes(struct xfrpack *p, const uint8_t *bytes, size_t n)
{
	if (n > 0)
		memcpy(p->bytes + p->len, bytes, n);
	p->len += n;
}

/*
 * What could point at a name that is taken back would point at something
 * else: so the room for all of it is there before anything is put.
 */
static void
put_name(struct xfrpack *p, const uint8_t *name)
{
	struct suffixes s;
	uint16_t to = 0;
	unsigned i, n;

	find_suffixes(&s, name);
	for (n = 0; n < s.n; n++)
		if ((to = place_of(p, s.hash[n], name + s.at[n])) != 0)
			break;
	for (i = 0; i < n; i++)
		remember(p, s.hash[i], p->len + s.at[i]);
	put_bytes(p, name, n < s.n ? s.at[n] : dns_name_len(name));
	if (to != 0)
		put16(p, (uint16_t)(0xc000 | to));
}

/* Rdata with a length before it, names compressed where that is allowed. */
static void
put_data(struct xfrpack *p, const struct xfrpack_rr *rr)
{
	struct rdata_name names[RDATA_NAMES];
	size_t length = p->len, done = 0, n;
	unsigned i, count = 0;

	p->len += 2;
	if (rdata_compresses(rr->type))
		count = rdata_names(rr->type, rr->data, rr->len, names);
	for (i = 0; i < count; i++) {
		put_bytes(p, rr->data + done, names[i].at - done);
		put_name(p, rr->data + names[i].at);
		done = (size_t)names[i].at + names[i].len;
	}
	put_bytes(p, rr->data + done, rr->len - done);
	n = p->len - length - 2;
	p->bytes[length] = (uint8_t)(n >> 8);
	p->bytes[length + 1] = (uint8_t)n;
}

bool
xfrpack_question(struct xfrpack *p, const uint8_t *name, uint16_t type)
{
	if (dns_name_len(name) + 4 > p->limit - p->len)
		return false;
	put_name(p, name);
	put16(p, type);
	put16(p, DNS_IN);
	return true;
}

bool
xfrpack_rr(struct xfrpack *p, const struct xfrpack_rr *rr)
{
	/* as much as it takes uncompressed, which is little too much */
	size_t most = dns_name_len(rr->name) + 10 + rr->len;

	if (most > p->limit - p->len || p->records == UINT16_MAX)
		return false;
	put_name(p, rr->name);
	put16(p, rr->type);
	put16(p, DNS_IN);
	put16(p, (uint16_t)(rr->ttl >> 16));
	put16(p, (uint16_t)rr->ttl);
	put_data(p, rr);
	p->records++;
	return true;
}
