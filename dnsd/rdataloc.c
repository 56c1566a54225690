/*
 * LOC: places on earth (RFC 1876). Angles are thousandths of a second of arc,
 * lengths centimetres; sizes and precisions are a digit and a power of ten.
 */
#include <string.h>

#include "rdatapart.h"

/* What stands where nothing is said (section 3): 1 m, 10 km, 10 m. */
#define LOC_SIZE 0x12
#define LOC_HORIZONTAL 0x16
#define LOC_VERTICAL 0x13

#define METRES_MAX 90000000 /* of a size: 9e9 cm */

/*
 * A decimal number with at most `places` digits behind its point, in units of
 * the last of them: "1.5" with two is 150.
 */
static bool
fixed(const char *s, size_t len, unsigned places, int64_t *out)
{
	bool point = false;
	size_t i, digits = 0;
	int64_t v = 0;

	for (i = 0; i < len; i++) {
		if (s[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (s[i] < '0' || s[i] > '9' || (point && places == 0) ||
		    ++digits > 12)
			return false;
		v = v * 10 + (s[i] - '0');
		places -= point;
	}
	for (; places > 0; places--)
		v *= 10;
	*out = v;
	return digits > 0;
}

/* "52 22 23.5 N": minutes and seconds may be left out. */
static int
put_angle(
    struct rdata_words *w, uint32_t max, const char *plus, const char *minus)
{
	static const int64_t units[] = { 3600 * 1000, 60 * 1000, 1 };
	static const int64_t limits[] = { 180, 59, 59999 };
	const struct rdata_token *t;
	int64_t v, sum = 0;
	uint32_t wire;
	int i;

	for (i = 0; (t = rdata_next(w)) != NULL; i++) {
		if (i > 0 && (rdata_is(t, plus) || rdata_is(t, minus)))
			break;
		if (i == 3 || t->quoted ||
		    !fixed(t->text, t->len, i == 2 ? 3 : 0, &v) ||
		    v > limits[i])
			return rdata_bad(
			    w, t, "part of a latitude or longitude");
		sum += v * units[i];
	}
	if (t == NULL)
		return -1;
	if (sum > max)
		return rdata_error(w, "more than %u degrees", max / 3600000);
	wire = rdata_is(t, plus) ? LOC_ZERO + (uint32_t)sum :
				   LOC_ZERO - (uint32_t)sum;
	return rdata_put16(w, wire >> 16) == -1 ? -1 :
						  rdata_put16(w, wire & 0xffff);
}

/* "-12.5m" in centimetres; the m may be left out. */
static bool
metres(const struct rdata_token *t, int64_t *cm)
{
	const char *s = t->text;
	size_t len = t->len;
	bool minus = len > 0 && *s == '-';

	if (minus || (len > 0 && *s == '+')) {
		s++;
		len--;
	}
	if (len > 0 && (s[len - 1] == 'm' || s[len - 1] == 'M'))
		len--;
	if (t->quoted || !fixed(s, len, 2, cm))
		return false;
	if (minus)
		*cm = -*cm;
	return true;
}

static int
put_altitude(struct rdata_words *w)
{
	const struct rdata_token *t = rdata_next(w);
	int64_t cm;

	if (t == NULL)
		return -1;
	if (!metres(t, &cm) || cm < -LOC_SEA || cm + LOC_SEA > UINT32_MAX)
		return rdata_bad(w, t, "altitude");
	cm += LOC_SEA;
	return rdata_put16(w, (unsigned)(cm >> 16)) == -1 ?
	    -1 :
	    rdata_put16(w, (unsigned)(cm & 0xffff));
}

/* A digit and a power of ten, for what there is a word. */
static int
put_size(struct rdata_words *w, uint8_t *out)
{
	const struct rdata_token *t;
	unsigned power = 0;
	int64_t cm;

	if (w->i == w->n)
		return 0;
	t = &w->t[w->i++];
	if (!metres(t, &cm) || cm < 0 || cm > METRES_MAX * 100LL)
		return rdata_bad(w, t, "size in metres");
	for (; cm > 9; cm /= 10)
		power++;
	*out = (uint8_t)(cm << 4 | power);
	return 0;
}

int
rdata_parse_loc(struct rdata_words *w)
{
	uint8_t head[4] = { 0, LOC_SIZE, LOC_HORIZONTAL, LOC_VERTICAL };
	size_t at = w->len;

	if (rdata_put(w, head, sizeof(head)) == -1 ||
	    put_angle(w, LOC_LATITUDE, "N", "S") == -1 ||
	    put_angle(w, LOC_LONGITUDE, "E", "W") == -1 ||
	    put_altitude(w) == -1 || put_size(w, &head[1]) == -1 ||
	    put_size(w, &head[2]) == -1 || put_size(w, &head[3]) == -1)
		return -1;
	memcpy(w->out + at, head, sizeof(head));
	return 0;
}

static void
text_angle(const uint8_t *p, const char *plus, const char *minus, struct buf *b)
{
	uint32_t wire = rdata_get32(p);
	uint32_t v = wire >= LOC_ZERO ? wire - LOC_ZERO : LOC_ZERO - wire;

	buf_printf(b, "%u %u %u.%03u %s ", v / 3600000, v / 60000 % 60,
	    v / 1000 % 60, v % 1000, wire >= LOC_ZERO ? plus : minus);
}

static void
text_size(uint8_t v, struct buf *b)
{
	uint64_t cm = v >> 4;
	unsigned i;

	for (i = 0; i < (v & 15); i++)
		cm *= 10;
	buf_printf(b, " %llu.%02llum", (unsigned long long)(cm / 100),
	    (unsigned long long)(cm % 100));
}

bool
rdata_text_loc(const struct rdata_bytes *r, struct buf *b)
{
	int64_t cm = (int64_t)rdata_get32(r->p + 12) - LOC_SEA;
	int64_t size = cm < 0 ? -cm : cm;
	unsigned i;

	/* nothing times a power of ten has no text of its own */
	for (i = 1; i < 4; i++)
		if (r->p[i] < 0x10 && r->p[i] != 0)
			return false;
	text_angle(r->p + 4, "N", "S", b);
	text_angle(r->p + 8, "E", "W", b);
	buf_printf(b, "%s%lld.%02lldm", cm < 0 ? "-" : "",
	    (long long)(size / 100), (long long)(size % 100));
	for (i = 1; i < 4; i++)
		text_size(r->p[i], b);
	return true;
}
