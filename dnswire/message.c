/*
 * Messages of DNS: a reader that cannot overrun and a builder that cannot
 * overflow (RFC 1035 section 4).
 */
#include <string.h>

#include "dnswire.h"

const uint8_t *
dns_get(struct dns_reader *r, size_t n)
{
	const uint8_t *p = r->bytes + r->pos;

	if (r->bad || n > r->len - r->pos) {
		r->bad = true;
		return NULL;
	}
	r->pos += n;
	return p;
}

uint8_t
dns_get8(struct dns_reader *r)
{
	const uint8_t *p = dns_get(r, 1);

	return p != NULL ? p[0] : 0;
}

uint16_t
dns_get16(struct dns_reader *r)
{
	const uint8_t *p = dns_get(r, 2);

	return p != NULL ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

uint32_t
dns_get32(struct dns_reader *r)
{
	uint32_t high = dns_get16(r);

	return high << 16 | dns_get16(r);
}

/*
 * Labels from `at` until the root or a pointer. *at becomes what follows; the
 * offset that the pointer names, 0 for the root, -1 where it is no name. No
 * name begins within the header.
 */
static int
get_labels(
    const struct dns_reader *r, size_t *at, uint8_t out[DNS_NAME], size_t *n)
{
	const uint8_t *p = r->bytes;
	size_t len;
	int to;

	for (; *at < r->len; *at += 1 + len) {
		len = p[*at];
		if ((len & 0xc0) == 0xc0) {
			if (r->len - *at < 2)
				return -1;
			*at += 2;
			to = (p[*at - 2] & 0x3f) << 8 | p[*at - 1];
			return to >= DNS_HEADER ? to : -1;
		}
		if (len > DNS_LABEL || len >= r->len - *at ||
		    len >= DNS_NAME - *n)
			return -1;
		memcpy(out + *n, p + *at, 1 + len);
		*n += 1 + len;
		if (len == 0) {
			*at += 1;
			return 0;
		}
	}
	return -1;
}

/*
 * Each pointer must name what lies before the labels that it ends, so there is
 * no loop.
 */
size_t
dns_get_name(struct dns_reader *r, uint8_t out[DNS_NAME])
{
	size_t at = r->pos, begin, n = 0, end = 0;
	int to;

	if (r->bad)
		return 0;
	do {
		begin = at;
		to = get_labels(r, &at, out, &n);
		if (end == 0)
			end = at;
		if (to < 0 || (to > 0 && (size_t)to >= begin)) {
			r->bad = true;
			return 0;
		}
		at = (size_t)to;
	} while (to > 0);
	r->pos = end;
	return n;
}

int
dns_get_header(struct dns_reader *r, struct dns_header *h)
{
	size_t i;

	h->id = dns_get16(r);
	h->flags = dns_get16(r);
	for (i = 0; i < 4; i++)
		h->count[i] = dns_get16(r);
	return r->bad ? -1 : 0;
}

int
dns_get_question(struct dns_reader *r, struct dns_rr *rr)
{
	rr->at = r->pos;
	rr->ttl = 0;
	rr->data = NULL;
	rr->len = 0;
	dns_get_name(r, rr->name);
	rr->type = dns_get16(r);
	rr->class = dns_get16(r);
	return r->bad ? -1 : 0;
}

int
dns_get_rr(struct dns_reader *r, struct dns_rr *rr)
{
	if (dns_get_question(r, rr) == -1)
		return -1;
	rr->ttl = dns_get32(r);
	rr->len = dns_get16(r);
	rr->data = dns_get(r, rr->len);
	return r->bad ? -1 : 0;
}

int
dns_walk_begin(struct dns_walk *w, const uint8_t *p, size_t len)
{
	memset(w, 0, sizeof(*w));
	w->r.bytes = p;
	w->r.len = len;
	return dns_get_header(&w->r, &w->h);
}

int
dns_walk_next(struct dns_walk *w, struct dns_rr *rr)
{
	while (w->section < 4 && w->done == w->h.count[w->section]) {
		w->section++;
		w->done = 0;
	}
	if (w->section == 4 && !w->r.bad)
		return 0;
	w->done++;
	if (w->section == 0)
		return dns_get_question(&w->r, rr) == 0 ? 1 : -1;
	return dns_get_rr(&w->r, rr) == 0 ? 1 : -1;
}

void
dns_put(struct dns_builder *b, const void *p, size_t n)
{
	if (b->full || n > b->limit - b->len) {
		b->full = true;
		return;
	}
	if (n > 0)
		memcpy(b->bytes + b->len, p, n);
	b->len += n;
}

void
dns_put8(struct dns_builder *b, uint8_t v)
{
	dns_put(b, &v, 1);
}

void
dns_put16(struct dns_builder *b, uint16_t v)
{
	uint8_t p[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	dns_put(b, p, sizeof(p));
}

void
dns_put32(struct dns_builder *b, uint32_t v)
{
	uint8_t p[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
		(uint8_t)(v >> 8), (uint8_t)v };

	dns_put(b, p, sizeof(p));
}

void
dns_put_name(struct dns_builder *b, const uint8_t *name)
{
	dns_put(b, name, dns_name_len(name));
}

void
dns_put_header(struct dns_builder *b, const struct dns_header *h)
{
	size_t i;

	dns_put16(b, h->id);
	dns_put16(b, h->flags);
	for (i = 0; i < 4; i++)
		dns_put16(b, h->count[i]);
}

/* One more in the section; what did not fit is not counted. */
static void
count_up(struct dns_builder *b, unsigned section)
{
	uint8_t *p = b->bytes + 4 + 2 * section;

	if (!b->full && ++p[1] == 0)
		p[0]++;
}

void
dns_put_question(
    struct dns_builder *b, const uint8_t *name, uint16_t type, uint16_t class)
{
	dns_put_name(b, name);
	dns_put16(b, type);
	dns_put16(b, class);
	count_up(b, 0);
}

void
dns_put_rr(struct dns_builder *b, unsigned section, const struct dns_rr *rr)
{
	dns_put_name(b, rr->name);
	dns_put16(b, rr->type);
	dns_put16(b, rr->class);
	dns_put32(b, rr->ttl);
	if (rr->len > UINT16_MAX)
		b->full = true;
	dns_put16(b, (uint16_t)rr->len);
	dns_put(b, rr->data, rr->len);
	count_up(b, section);
}
