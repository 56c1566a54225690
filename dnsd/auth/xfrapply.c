/*
 * A transfer that comes in, as a machine that is fed records: each phase has a
 * function that says what a record means there.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "request.h"
#include "serial.h"
#include "xfrapply.h"

#define OPCODE 0x7800u

/* Sets why; false, for the callers' return. */
static bool __attribute__((__format__(__printf__, 2, 3)))
wrong(struct xfrapply *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->why, sizeof(x->why), fmt, ap);
	va_end(ap);
	return false;
}

uint32_t
xfrapply_serial(const uint8_t *data, size_t len)
{
	return get32(data + len - 20);
}

void
xfrapply_begin(struct xfrapply *x)
{
	const struct xfrapply given = { .origin = x->origin,
		.id = x->id,
		.type = x->type,
		.base = x->base,
		.max_bytes = x->max_bytes };

	memset(x, 0, offsetof(struct xfrapply, data));
	x->origin = given.origin;
	x->id = given.id;
	x->type = given.type;
	x->base = given.base;
	x->max_bytes = given.max_bytes;
}

void
xfrapply_end(struct xfrapply *x)
{
	if (x->edit != NULL)
		edit_abort(x->edit);
	x->edit = NULL;
}

/* The record's owner and type, for messages. */
static const char *
named(const struct xfrapply *x, uint16_t type, char *out, size_t size)
{
	char name[DNS_NAME_TEXT], word[RTYPE_TEXT];

	snprintf(out, size, "%.80s %s", dns_name_text(x->owner.wire, name),
	    rtype_text(type, word));
	return out;
}

static bool
add(struct xfrapply *x, const struct edit_rr *rr)
{
	char text[128];

	switch (edit_add(x->edit, &x->owner, rr)) {
	case EDIT_DONE:
	case EDIT_SAME: /* RFC 5936 section 2.2: duplicates are ignored */
		return true;
	case EDIT_OUTSIDE:
		return wrong(x, "%s is not in the zone",
		    named(x, rr->type, text, sizeof(text)));
	default:
		return wrong(x, "no room for %s",
		    named(x, rr->type, text, sizeof(text)));
	}
}

static bool
same_soa(const struct xfrapply *x, const struct edit_rr *rr)
{
	return rr->type == TYPE_SOA &&
	    rdata_compare(TYPE_SOA, rr->data, rr->len, x->soa, x->soa_len) == 0;
}

/* An empty zone that gets everything, the first SOA too. */
static bool
begin_whole(struct xfrapply *x)
{
	const struct edit_rr soa = { TYPE_SOA, x->ttl, x->soa, x->soa_len };

	x->whole = true;
	x->phase = PHASE_WHOLE;
	if ((x->edit = edit_begin(NULL, x->origin)) == NULL)
		return wrong(x, "no memory");
	return edit_add(x->edit, x->origin, &soa) == EDIT_DONE ||
	    wrong(x, "no memory");
}

static bool
in_first(struct xfrapply *x, const struct edit_rr *rr)
{
	if (rr->type != TYPE_SOA || rr->len > sizeof(x->soa))
		return wrong(x, "the first record is not the zone's SOA");
	memcpy(x->soa, rr->data, rr->len);
	x->soa_len = rr->len;
	x->ttl = rr->ttl;
	x->serial = xfrapply_serial(rr->data, rr->len);
	if (x->type == TYPE_AXFR)
		return begin_whole(x);
	x->phase = PHASE_SECOND;
	return true;
}

/* RFC 1995 section 4: two SOAs begin changes; else this is the whole zone. */
static bool
in_second(struct xfrapply *x, const struct edit_rr *rr)
{
	if (rr->type != TYPE_SOA)
		return begin_whole(x) && add(x, rr);
	x->at = xfrapply_serial(rr->data, rr->len);
	if (x->at != x->base->serial)
		return wrong(x, "changes begin at serial %u, we have %u", x->at,
		    x->base->serial);
	if ((x->edit = edit_begin(x->base, x->origin)) == NULL)
		return wrong(x, "no memory");
	edit_record(x->edit);
	x->phase = PHASE_REMOVING;
	return true;
}

static bool
in_whole(struct xfrapply *x, const struct edit_rr *rr)
{
	if (rr->type != TYPE_SOA)
		return add(x, rr);
	if (!same_soa(x, rr))
		return wrong(x, "it ends with another SOA than it begins with");
	x->phase = PHASE_ENDED;
	return true;
}

static bool
in_removing(struct xfrapply *x, const struct edit_rr *rr)
{
	uint32_t serial;
	char text[128];

	if (rr->type != TYPE_SOA) {
		if (edit_remove(x->edit, &x->owner, rr) == EDIT_DONE)
			return true;
		return wrong(x, "it removes %s, which is not there",
		    named(x, rr->type, text, sizeof(text)));
	}
	serial = xfrapply_serial(rr->data, rr->len);
	if (!serial_newer(serial, x->at) || serial_newer(serial, x->serial))
		return wrong(x, "a change from serial %u to %u", x->at, serial);
	x->at = serial;
	x->phase = PHASE_ADDING;
	return add(x, rr);
}

static bool
in_adding(struct xfrapply *x, const struct edit_rr *rr)
{
	if (rr->type != TYPE_SOA)
		return add(x, rr);
	if (x->at == x->serial) {
		if (!same_soa(x, rr))
			return wrong(
			    x, "it ends with another SOA than it begins with");
		x->phase = PHASE_ENDED;
		return true;
	}
	if (xfrapply_serial(rr->data, rr->len) != x->at)
		return wrong(x, "the change behind serial %u begins at %u",
		    x->at, xfrapply_serial(rr->data, rr->len));
	x->phase = PHASE_REMOVING;
	return true;
}

static bool
in_ended(struct xfrapply *x, const struct edit_rr *rr)
{
	(void)rr;
	return wrong(x, "records behind the end");
}

static bool (*const phases[])(struct xfrapply *, const struct edit_rr *) = {
	[PHASE_FIRST] = in_first,
	[PHASE_SECOND] = in_second,
	[PHASE_WHOLE] = in_whole,
	[PHASE_REMOVING] = in_removing,
	[PHASE_ADDING] = in_adding,
	[PHASE_ENDED] = in_ended,
};

/* Names come in runs; a name is hashed once for each run. */
static bool
set_owner(struct xfrapply *x, const uint8_t *name)
{
	size_t len = dns_name_len(name);

	if (x->owner.len == len && memcmp(x->owner.wire, name, len) == 0)
		return true;
	return dname_set(&x->owner, name, len) == 0;
}

/* One record of the answer. */
static bool
take_record(
    struct xfrapply *x, const struct dns_walk *w, const struct dns_rr *rr)
{
	struct dns_reader r = { .bytes = w->r.bytes,
		.len = w->r.len,
		.pos = (size_t)(rr->data - w->r.bytes) };
	struct edit_rr e = { .type = rr->type, .data = x->data };
	char text[128];
	int len;

	if (!set_owner(x, rr->name))
		return wrong(x, "not a name");
	if (rr->class != CLASS_IN || rtype_is_meta(rr->type))
		return wrong(x, "%s is nothing that a zone has",
		    named(x, rr->type, text, sizeof(text)));
	if (dname_below(&x->owner, x->origin) == -1 ||
	    (rr->type == TYPE_SOA && x->owner.len != x->origin->len))
		return wrong(x, "%s is not in the zone",
		    named(x, rr->type, text, sizeof(text)));
	if ((len = rdata_read(&r, rr->type, rr->len, x->data)) == -1)
		return wrong(x, "%s is not valid",
		    named(x, rr->type, text, sizeof(text)));
	e.len = (size_t)len;
	/* RFC 2181 section 8 */
	e.ttl = rr->ttl > INT32_MAX ? 0 : rr->ttl;
	x->records++;
	return phases[x->phase](x, &e);
}

/* Is this header one of our answer's? */
static bool
check_header(struct xfrapply *x, const struct dns_header *h)
{
	if (h->id != x->id || (h->flags & DNS_QR) == 0 ||
	    (h->flags & OPCODE) != 0)
		return wrong(x, "not an answer to what we asked");
	if (dns_rcode(h) != DNS_NOERROR)
		return wrong(x, "rcode %u", dns_rcode(h));
	if (h->count[0] > 1 || (h->count[0] == 0 && x->messages == 0))
		return wrong(x, "an answer without our question");
	if (h->count[1] == 0)
		return wrong(x, "a message without records");
	return true;
}

static bool
check_question(struct xfrapply *x, const struct dns_rr *rr)
{
	if (rr->type == x->type && rr->class == CLASS_IN &&
	    dns_name_equal(rr->name, x->origin->wire))
		return true;
	return wrong(x, "not an answer to what we asked");
}

/* Everything in a message; the answer section counts. */
static bool
take_message(struct xfrapply *x, const uint8_t *p, size_t len)
{
	struct dns_walk w;
	struct dns_rr rr;
	int more;

	if (dns_walk_begin(&w, p, len) == -1)
		return wrong(x, "a message that is cut");
	if (!check_header(x, &w.h))
		return false;
	x->messages++;
	while ((more = dns_walk_next(&w, &rr)) == 1) {
		if (w.section == 0 && !check_question(x, &rr))
			return false;
		if (w.section == 1 && !take_record(x, &w, &rr))
			return false;
		/* IXFR of nothing: whatever follows does not matter */
		if (x->phase == PHASE_SECOND &&
		    !serial_newer(x->serial, x->base->serial))
			return true;
	}
	if (more == -1 || w.r.pos != len)
		return wrong(x, "a message that is cut");
	return true;
}

/* What a zone must have to be served. */
static bool
check_end(struct xfrapply *x)
{
	const struct node *apex = edit_find(x->edit, x->origin, 0);

	if (apex == NULL || node_rrset(apex, TYPE_SOA) == NULL ||
	    node_rrset(apex, TYPE_NS) == NULL)
		return wrong(x, "the zone has no NS at its origin");
	return true;
}

enum xfrapply_result
xfrapply_message(struct xfrapply *x, const uint8_t *p, size_t len)
{
	x->bytes += len;
	if (!take_message(x, p, len))
		return XFRAPPLY_BAD;
	if (x->phase == PHASE_SECOND)
		return serial_newer(x->serial, x->base->serial) ?
		    XFRAPPLY_MORE :
		    XFRAPPLY_CURRENT;
	if (x->bytes > x->max_bytes || edit_bytes(x->edit) > x->max_bytes) {
		wrong(x, "the zone is above max_size");
		return XFRAPPLY_BAD;
	}
	if (x->phase != PHASE_ENDED)
		return XFRAPPLY_MORE;
	return check_end(x) ? XFRAPPLY_DONE : XFRAPPLY_BAD;
}
