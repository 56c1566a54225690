/*
 * Building answers. Names are compressed by a small table of the suffixes
 * that stand in the message, which is not even filled for most answers: the
 * owner is the question's name, and the data has no names.
 */
#include "reply.h"
#include "bytes.h"
#include "rdata.h"
#include "rrset.h"

#define POINTER 0xc0
#define POINTER_MAX 0x3fff /* offsets that 14 bits can name */
#define NAMES_TAKEN (REPLY_NAMES * 3 / 4) /* so that searches end soon */
#define FIXED 10 /* type, class, TTL, length of data */

/* An RRset on its way into the reply. */
struct adding {
	struct reply *r;
	struct reply_owner owner;
	uint8_t short_owner[2]; /* how it is said again: a pointer, the root */
	unsigned short_len; /* 0: not known yet */
	uint16_t type;
	uint32_t ttl;
	bool compress;
};

static bool
has_room(const struct reply *r, size_t n)
{
	return r->limit >= r->reserved && r->len <= r->limit - r->reserved &&
	    n <= r->limit - r->reserved - r->len;
}

void
reply_begin(struct reply *r)
{
	r->reserved = 0;
	r->len = DNS_HEADER;
	memset(r->count, 0, sizeof(r->count));
	r->flags = 0;
	r->class = DNS_IN;
	r->ttl_max = UINT32_MAX;
	r->truncated = false;
	r->question = NULL;
	r->nnames = 0;
}

void
reply_question(
    struct reply *r, const struct dname *name, uint16_t type, uint16_t class)
{
	uint8_t *p = r->bytes + r->len;

	if (!has_room(r, name->len + 4u))
		return;
	memcpy(p, name->wire, name->len);
	put16(p + name->len, type);
	put16(p + name->len + 2, class);
	r->len += name->len + 4u;
	r->count[0] = 1;
	r->class = class;
	r->question = name;
}

/* Is the name in the message at this offset the suffix? What stands in the
 * message was put there by us, so it is whole, and pointers lead back. */
static bool
stands(const struct reply *r, size_t at, const struct dname *n, unsigned suffix)
{
	const uint8_t *b = r->bytes;
	const uint8_t *want = n->lower + n->at[suffix];
	unsigned i, c;

	for (;; at += 1u + b[at], want += 1u + want[0]) {
		while (b[at] >= POINTER)
			at = (size_t)(b[at] & 0x3f) << 8 | b[at + 1];
		if (b[at] != want[0])
			return false;
		if (want[0] == 0)
			return true;
		for (i = 1; i <= want[0]; i++) {
			c = b[at + i];
			if (c >= 'A' && c <= 'Z')
				c += 'a' - 'A';
			if (c != want[i])
				return false;
		}
	}
}

/* Offset where the suffix stands; 0: nowhere that is known. */
static unsigned
find(const struct reply *r, const struct dname *n, unsigned suffix)
{
	uint32_t hash = n->hash[suffix];
	unsigned i = hash % REPLY_NAMES;

	for (; r->names[i].at != 0; i = (i + 1) % REPLY_NAMES)
		if (r->names[i].hash == hash &&
		    stands(r, r->names[i].at, n, suffix))
			return r->names[i].at;
	return 0;
}

static void
remember(struct reply *r, uint32_t hash, size_t at)
{
	unsigned i = hash % REPLY_NAMES;

	if (at > POINTER_MAX || r->nnames == NAMES_TAKEN)
		return;
	while (r->names[i].at != 0)
		i = (i + 1) % REPLY_NAMES;
	r->names[i].hash = hash;
	r->names[i].at = (uint16_t)at;
	r->order[r->nnames++] = (uint8_t)i;
}

/* The table's beginning: the question's suffixes. */
static void
remember_question(struct reply *r)
{
	const struct dname *n = r->question;
	unsigned i;

	memset(r->names, 0, sizeof(r->names));
	if (n == NULL)
		return;
	/* the last ones, where it has more than the table takes */
	i = n->labels > NAMES_TAKEN / 2 ? n->labels - NAMES_TAKEN / 2 : 0;
	for (; i < n->labels; i++)
		remember(r, n->hash[i], DNS_HEADER + n->at[i]);
}

static bool
put_pointer(struct reply *r, unsigned at)
{
	if (!has_room(r, 2))
		return false;
	put16(r->bytes + r->len, POINTER << 8 | at);
	r->len += 2;
	return true;
}

bool
reply_name(struct reply *r, const struct dname *n, unsigned suffix)
{
	unsigned i = suffix, j, at = 0;
	size_t head;

	if (n == r->question && suffix < n->labels)
		return put_pointer(r, DNS_HEADER + n->at[suffix]);
	if (r->nnames == 0)
		remember_question(r);
	while (i < n->labels && (at = find(r, n, i)) == 0)
		i++;
	head = (size_t)n->at[i] - n->at[suffix];
	if (!has_room(r, head + (at != 0 ? 2 : 1)))
		return false;
	memcpy(r->bytes + r->len, dname_suffix(n, suffix), head);
	for (j = suffix; j < i; j++)
		remember(
		    r, n->hash[j], r->len + (size_t)(n->at[j] - n->at[suffix]));
	r->len += head;
	if (at != 0)
		return put_pointer(r, at);
	r->bytes[r->len++] = 0;
	return true;
}

static void
begin(struct adding *a, struct reply *r, struct reply_owner owner)
{
	a->r = r;
	a->owner = owner;
	a->short_len = 0;
	if (owner.name == r->question && owner.suffix < owner.name->labels) {
		put16(a->short_owner,
		    POINTER << 8 | (DNS_HEADER + owner.name->at[owner.suffix]));
		a->short_len = 2;
	}
}

/* The owner of one record, and how to say it the next time. */
static bool
add_owner(struct adding *a)
{
	struct reply *r = a->r;
	size_t at = r->len;

	if (a->short_len > 0) {
		if (!has_room(r, a->short_len))
			return false;
		memcpy(r->bytes + at, a->short_owner, 2);
		r->len += a->short_len;
		return true;
	}
	if (!reply_name(r, a->owner.name, a->owner.suffix))
		return false;
	a->short_len = r->bytes[at] == 0 ? 1 : 2;
	if (r->bytes[at] == 0 || r->bytes[at] >= POINTER)
		memcpy(a->short_owner, r->bytes + at, 2);
	else if (at <= POINTER_MAX)
		put16(a->short_owner, POINTER << 8 | (unsigned)at);
	else
		a->short_len = 0;
	return true;
}

static bool
add_bytes(struct reply *r, const uint8_t *data, size_t len)
{
	if (!has_room(r, len))
		return false;
	memcpy(r->bytes + r->len, data, len);
	r->len += len;
	return true;
}

/* Data whose names may be compressed (RFC 3597 section 4). */
static bool
add_names(struct adding *a, const uint8_t *data, size_t len)
{
	struct rdata_name at[RDATA_NAMES];
	struct dname name;
	unsigned i, n = rdata_names(a->type, data, len, at);
	size_t done = 0;

	for (i = 0; i < n; i++) {
		if (dname_set(&name, data + at[i].at, at[i].len) == -1 ||
		    !add_bytes(a->r, data + done, at[i].at - done) ||
		    !reply_name(a->r, &name, 0))
			return false;
		done = (size_t)at[i].at + at[i].len;
	}
	return add_bytes(a->r, data + done, len - done);
}

/* One record; after false the caller undoes what was added of it. */
static bool
add(struct adding *a, const uint8_t *data, size_t len)
{
	struct reply *r = a->r;
	uint8_t *p;

	if (!add_owner(a) || !has_room(r, FIXED))
		return false;
	p = r->bytes + r->len;
	put16(p, a->type);
	put16(p + 2, r->class);
	put32(p + 4, a->ttl < r->ttl_max ? a->ttl : r->ttl_max);
	put16(p + 8, (unsigned)len);
	r->len += FIXED;
	if (!a->compress)
		return add_bytes(r, data, len);
	if (!add_names(a, data, len))
		return false;
	put16(p + 8, (unsigned)(r->bytes + r->len - p - FIXED));
	return true;
}

static bool
add_rrset(struct adding *a, const struct rrset *set, unsigned first)
{
	const uint8_t *p = set->data;
	unsigned i;

	a->type = set->type;
	a->compress = rdata_compresses(set->type);
	for (i = 0; i < first; i++)
		p = rrset_next(p);
	for (i = 0; i < set->count; i++) {
		a->ttl = rrset_ttl(set, p);
		if (!add(a, rrset_rdata(p), rrset_len(p)))
			return false;
		p = rrset_next(p);
		if (p == rrset_end(set))
			p = set->data;
	}
	return true;
}

bool
reply_rrset(struct reply *r, enum reply_section section,
    struct reply_owner owner, const struct rrset *set, unsigned first)
{
	struct reply_mark mark = reply_mark(r);
	struct adding a;

	begin(&a, r, owner);
	if (!add_rrset(&a, set, first)) {
		reply_back(r, &mark);
		return false;
	}
	r->count[section] = (uint16_t)(r->count[section] + set->count);
	return true;
}

bool
reply_rrset_at(struct reply *r, enum reply_section section,
    const uint8_t *owner, const struct rrset *set, unsigned first)
{
	struct dname name;

	return dname_set(&name, owner, DNS_NAME) == 0 &&
	    reply_rrset(r, section, reply_owner(&name, 0), set, first);
}

static bool
covers(const uint8_t *rrsig, uint16_t type)
{
	return (rrsig[0] << 8 | rrsig[1]) == type;
}

bool
reply_sigs(struct reply *r, enum reply_section section,
    struct reply_owner owner, const struct rrset *sigs, uint16_t covered)
{
	struct reply_mark mark = reply_mark(r);
	struct adding a = { .type = TYPE_RRSIG };
	const uint8_t *p;

	if (sigs == NULL)
		return true;
	begin(&a, r, owner);
	for (p = sigs->data; p != rrset_end(sigs); p = rrset_next(p)) {
		if (!covers(rrset_rdata(p), covered))
			continue;
		a.ttl = rrset_ttl(sigs, p);
		if (!add(&a, rrset_rdata(p), rrset_len(p))) {
			reply_back(r, &mark);
			return false;
		}
		r->count[section]++;
	}
	return true;
}

bool
reply_sigs_at(struct reply *r, enum reply_section section, const uint8_t *owner,
    const struct rrset *sigs, uint16_t covered)
{
	struct dname name;

	return sigs == NULL ||
	    (dname_set(&name, owner, DNS_NAME) == 0 &&
		reply_sigs(r, section, reply_owner(&name, 0), sigs, covered));
}

bool
reply_record(struct reply *r, enum reply_section section,
    struct reply_owner owner, const struct reply_rr *rr)
{
	struct reply_mark mark = reply_mark(r);
	struct adding a = { .type = rr->type, .ttl = rr->ttl };

	begin(&a, r, owner);
	a.compress = rdata_compresses(rr->type);
	if (!add(&a, rr->data, rr->len)) {
		reply_back(r, &mark);
		return false;
	}
	r->count[section]++;
	return true;
}

struct reply_mark
reply_mark(const struct reply *r)
{
	struct reply_mark mark = { .len = r->len, .nnames = r->nnames };

	memcpy(mark.count, r->count, sizeof(mark.count));
	return mark;
}

/* Places are given up in the order opposite to that in which they were taken,
 * so no search is cut short. */
void
reply_back(struct reply *r, const struct reply_mark *mark)
{
	while (r->nnames > mark->nnames)
		r->names[r->order[--r->nnames]].at = 0;
	memcpy(r->count, mark->count, sizeof(r->count));
	r->len = mark->len;
}
