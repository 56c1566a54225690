/*
 * Names taken apart. Eight bytes are worked on at a time: made lower case
 * without a branch, and mixed into hashes by one multiplication, whose both
 * halves count.
 */
#include <endian.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "dname.h"

#define ONES 0x0101010101010101ULL

/* Odd values until dname_seed, so that tools and tests need none. */
static uint64_t seeds[2] = { 0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL };

void
dname_seed(void)
{
	arc4random_buf(seeds, sizeof(seeds));
}

static inline uint64_t
load8(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/*
 * The seven low bits of each byte are compared with 'A' and 'Z' by a carry
 * into the eighth. Lengths of labels are below 'A' and stay.
 */
static inline uint64_t
lower8(uint64_t w)
{
	uint64_t low = w & (0x7f * ONES);
	uint64_t from_a = low + (0x80 - 'A') * ONES;
	uint64_t above_z = low + (0x7f - 'Z') * ONES;

	return w | ((from_a ^ above_z) & ~w & (0x80 * ONES)) >> 2;
}

static inline uint8_t
lower1(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

/* Both arrays of a dname have room for whole words. */
static inline void
lower_copy(uint8_t *to, const uint8_t *from, size_t len)
{
	uint64_t w;
	size_t i;

	for (i = 0; i < len; i += sizeof(w)) {
		w = lower8(load8(from + i));
		memcpy(to + i, &w, sizeof(w));
	}
}

static inline uint64_t
mix(uint64_t word, uint64_t state)
{
	unsigned __int128 m =
	    (unsigned __int128)(word ^ seeds[0]) * (state ^ seeds[1]);

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Of a label, its length included, and the hash of what is behind it. */
static inline uint32_t
label_hash(const uint8_t *label, uint32_t behind)
{
	size_t n = 1u + *label;
	uint64_t state = behind;

	for (; n >= 8; n -= 8, label += 8)
		state = mix(le64toh(load8(label)), state);
	if (n > 0)
		state =
		    mix(le64toh(load8(label)) & (~0ULL >> (64 - 8 * n)), state);
	return (uint32_t)(state ^ state >> 32);
}

/*
 * Find the labels of len bytes at most, up to a root or, without one, to the
 * very end. Their number, or -1; *used: bytes in front of the root.
 */
static int
find_labels(uint8_t at[DNAME_LABELS], const uint8_t *wire, size_t len,
    bool root, size_t *used)
{
	size_t i = 0;
	int n = 0;

	while (i < len && wire[i] != 0) {
		if (wire[i] > DNS_LABEL || n == DNAME_LABELS - 1)
			return -1;
		at[n++] = (uint8_t)i;
		i += 1u + wire[i];
	}
	*used = i;
	return root ? (i < len ? n : -1) : (i == len ? n : -1);
}

int
dname_set(struct dname *n, const uint8_t *wire, size_t max)
{
	size_t used;
	int labels, i;

	if (max > DNS_NAME)
		max = DNS_NAME;
	if ((labels = find_labels(n->at, wire, max, true, &used)) == -1)
		return -1;
	n->len = (uint8_t)(used + 1);
	n->labels = (uint8_t)labels;
	n->at[labels] = (uint8_t)used;
	memcpy(n->wire, wire, used + 1);
	lower_copy(n->lower, n->wire, used + 1);
	n->hash[labels] = 0;
	for (i = labels - 1; i >= 0; i--)
		n->hash[i] = label_hash(n->lower + n->at[i], n->hash[i + 1]);
	return 0;
}

int
dname_join(struct dname *n, const uint8_t *front, size_t len,
    const struct dname *origin)
{
	size_t used;
	int labels, i;

	if (len > DNS_NAME - (size_t)origin->len)
		return -1;
	labels = find_labels(n->at, front, len, false, &used);
	if (labels == -1)
		return -1;
	n->len = (uint8_t)(len + origin->len);
	n->labels = (uint8_t)(labels + origin->labels);
	if (len > 0)
		memcpy(n->wire, front, len);
	lower_copy(n->lower, n->wire, len);
	memcpy(n->wire + len, origin->wire, origin->len);
	memcpy(n->lower + len, origin->lower, origin->len);
	for (i = 0; i <= origin->labels; i++)
		n->at[labels + i] = (uint8_t)(origin->at[i] + len);
	memcpy(n->hash + labels, origin->hash,
	    (origin->labels + 1u) * sizeof(n->hash[0]));
	for (i = labels - 1; i >= 0; i--)
		n->hash[i] = label_hash(n->lower + n->at[i], n->hash[i + 1]);
	return 0;
}

size_t
dname_escape(const char *s, size_t len, uint8_t *c)
{
	unsigned i, n = 0;

	if (len == 0)
		return 0;
	*c = (uint8_t)*s;
	if (*s < '0' || *s > '9')
		return 1;
	if (len < 3)
		return 0;
	for (i = 0; i < 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		n = n * 10 + (unsigned)(s[i] - '0');
	}
	*c = (uint8_t)n;
	return n <= 255 ? 3 : 0;
}

/*
 * The labels of a text, with the root where it ends in a dot: bytes of them
 * in out, or 0: no name.
 */
static size_t
text_labels(const char *s, size_t len, uint8_t out[DNS_NAME])
{
	size_t i, took, start = 0, n = 1;
	uint8_t c;

	if (len == 1 && *s == '.')
		len = 0;
	for (i = 0; i < len; i++) {
		c = (uint8_t)s[i];
		if (c == '.') {
			if (n == start + 1 || n - start - 1 > DNS_LABEL)
				return 0;
			out[start] = (uint8_t)(n - start - 1);
			start = n++;
			continue;
		}
		if (c == '\\') {
			took = dname_escape(s + i + 1, len - i - 1, &c);
			if (took == 0)
				return 0;
			i += took;
		}
		if (n > DNS_NAME - 2) /* a byte is kept for the root */
			return 0;
		out[n++] = c;
	}
	if (n - start - 1 > DNS_LABEL)
		return 0;
	out[start] = (uint8_t)(n - start - 1);
	return n;
}

/* Does what text_labels made end in a root? The last byte of another label
 * may be 0, so the text tells. */
static bool
text_absolute(const char *s, size_t len)
{
	size_t i, slashes = 0;

	if (len == 0 || s[len - 1] != '.')
		return false;
	for (i = len - 1; i > 0 && s[i - 1] == '\\'; i--)
		slashes++;
	return slashes % 2 == 0;
}

int
dname_parse(
    struct dname *n, const char *s, size_t len, const struct dname *origin)
{
	uint8_t wire[DNS_NAME];
	size_t got;

	if (len == 1 && *s == '@')
		return origin == NULL ? -1 : dname_join(n, NULL, 0, origin);
	if (len == 0 || (got = text_labels(s, len, wire)) == 0)
		return -1;
	if (text_absolute(s, len))
		return dname_set(n, wire, got);
	return origin == NULL ? -1 : dname_join(n, wire, got, origin);
}

size_t
dname_wire(
    const char *s, size_t len, const uint8_t *origin, uint8_t out[DNS_NAME])
{
	size_t got = 0, more;

	if (len == 0)
		return 0;
	if (len != 1 || *s != '@') {
		if ((got = text_labels(s, len, out)) == 0)
			return 0;
		if (text_absolute(s, len))
			return got;
	}
	if (origin == NULL || (more = dns_name_len(origin)) > DNS_NAME - got)
		return 0;
	memcpy(out + got, origin, more);
	return got + more;
}

/* Up to 7 bytes of each are the same but for case; b is lower case and may be
 * read beyond them. */
static bool
same_few(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < len; i++)
		word |= (uint64_t)a[i] << (8 * i);
	return lower8(word) == (le64toh(load8(b)) & ((1ULL << 8 * len) - 1));
}

bool
dname_is(const struct dname *n, unsigned i, const uint8_t *name, size_t len)
{
	const uint8_t *own = n->lower + n->at[i];
	size_t k;

	if (len != dname_suffix_len(n, i))
		return false;
	if (len < 8)
		return same_few(name, own, len);
	for (k = 0; k + 8 <= len; k += 8)
		if (lower8(load8(name + k)) != load8(own + k))
			return false;
	/* the last word reaches back over what was compared */
	return lower8(load8(name + len - 8)) == load8(own + len - 8);
}

int
dname_below(const struct dname *n, const struct dname *of)
{
	unsigned i;

	if (of->labels > n->labels)
		return -1;
	i = n->labels - of->labels;
	if (n->hash[i] != of->hash[0] || dname_suffix_len(n, i) != of->len ||
	    memcmp(n->lower + n->at[i], of->lower, of->len) != 0)
		return -1;
	return (int)i;
}

/* Labels as strings of bytes in lower case, the shorter first. */
static int
label_compare(const uint8_t *a, const uint8_t *b)
{
	size_t i, n = *a < *b ? *a : *b;
	int d;

	for (i = 1; i <= n; i++)
		if ((d = lower1(a[i]) - lower1(b[i])) != 0)
			return d;
	return *a - *b;
}

int
dname_compare(const uint8_t *a, const uint8_t *b)
{
	uint8_t aat[DNAME_LABELS], bat[DNAME_LABELS];
	size_t used;
	int d, an, bn;

	an = find_labels(aat, a, DNS_NAME, true, &used);
	bn = find_labels(bat, b, DNS_NAME, true, &used);
	while (an > 0 && bn > 0)
		if ((d = label_compare(a + aat[--an], b + bat[--bn])) != 0)
			return d;
	return an - bn;
}
