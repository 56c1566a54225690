/*
 * Records of a journal as bytes.
 */
#include <errno.h>
#include <string.h>

#include "buf.h"
#include "bytes.h"
#include "crc32c.h"
#include "journalpart.h"

#define MARK UINT32_C(0x444e534a) /* "DNSJ" */

void
journalform_head(const struct journal_head *h, uint8_t p[JOURNAL_HEAD])
{
	put32(p, MARK);
	put32(p + 4, h->len);
	put32(p + 8, h->from);
	put32(p + 12, h->to);
	put32(p + 16, (uint32_t)(h->proven >> 32));
	put32(p + 20, (uint32_t)h->proven);
	put32(p + 24, h->crc);
	put32(p + 28, crc32c(0, p, 28));
}

int
journalform_get(const uint8_t p[JOURNAL_HEAD], struct journal_head *h)
{
	if (get32(p) != MARK || get32(p + 28) != crc32c(0, p, 28))
		return -1;
	h->len = get32(p + 4);
	h->from = get32(p + 8);
	h->to = get32(p + 12);
	h->proven = (uint64_t)get32(p + 16) << 32 | get32(p + 20);
	h->crc = get32(p + 24);
	return h->len <= JOURNAL_BODY_MAX ? 0 : -1;
}

void
journalform_prove(uint8_t *record, uint64_t proven)
{
	struct journal_head h;

	if (journalform_get(record, &h) == -1)
		return;
	h.proven = proven;
	journalform_head(&h, record);
}

/*
 * IXFR's order (RFC 1995 section 4): SOA removed, records removed, SOA added,
 * records added; so the second SOA tells where adding begins.
 */
static bool
in_order(const struct journal_change *c)
{
	bool added = false;
	size_t i;

	if (c->n < 2 || c->from == c->to)
		return false;
	for (i = 0; i < c->n; i++) {
		added = added || c->v[i].added;
		if (c->v[i].added != added || c->v[i].len > UINT16_MAX)
			return false;
		if ((c->v[i].type == TYPE_SOA) !=
		    (i == 0 || (added && !c->v[i - 1].added)))
			return false;
	}
	return added && !c->v[0].added;
}

static void
add_rr(struct buf *b, const struct edit_change *c)
{
	uint8_t p[10];

	p[0] = (uint8_t)(c->type >> 8);
	p[1] = (uint8_t)c->type;
	p[2] = 0;
	p[3] = CLASS_IN;
	put32(p + 4, c->ttl);
	p[8] = (uint8_t)(c->len >> 8);
	p[9] = (uint8_t)c->len;
	buf_add(b, c->name, dns_name_len(c->name));
	buf_add(b, p, sizeof(p));
	buf_add(b, c->data, c->len);
}

int
journalform_record(const struct journal_change *c, struct buf *b)
{
	struct journal_head h = { .from = c->from, .to = c->to };
	size_t i, begin = b->len;

	if (!in_order(c)) {
		errno = EINVAL;
		return -1;
	}
	if (buf_room(b, JOURNAL_HEAD) != NULL)
		b->len += JOURNAL_HEAD;
	for (i = 0; i < c->n; i++)
		add_rr(b, &c->v[i]);
	if (b->failed) {
		errno = ENOMEM;
		return -1;
	}
	h.len = (uint32_t)(b->len - begin - JOURNAL_HEAD);
	h.crc = crc32c(0, b->p + begin + JOURNAL_HEAD, h.len);
	journalform_head(&h, b->p + begin);
	return 0;
}
