/*
 * Messages that came in, taken apart, and the ends of the answers to them.
 */
#include <sys/param.h>

#include <string.h>

#include "request.h"
#include "bytes.h"
#include "rtype.h"
#include "server.h"

#define OPT_FIXED 11 /* root, type, size, code, version, flags, length */
#define OPT_DO 0x8000
#define OPTION_HEAD 4
#define OPTION_NSID 3 /* RFC 5001 */
#define OPTION_EDE 15 /* RFC 8914 */
#define EDNS_VERSION 0

/* The part of a record behind its owner. */
struct record {
	size_t at; /* where the record begins */
	bool root; /* is its owner */
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *data;
	size_t len;
};

/* What a request may be; all else is NOTIMP. */
static const enum request_next opcodes[16] = {
	[OPCODE_QUERY] = REQUEST_QUERY,
	[OPCODE_NOTIFY] = REQUEST_NOTIFY,
	[OPCODE_UPDATE] = REQUEST_UPDATE,
};

static const struct dnsd_conf *
conf_of(const struct request *r)
{
	return r->thread->server->conf;
}

static void
read_header(struct request *r)
{
	const uint8_t *p = r->bytes;
	unsigned i;

	r->header.id = (uint16_t)get16(p);
	r->header.flags = (uint16_t)get16(p + 2);
	for (i = 0; i < 4; i++)
		r->header.count[i] = (uint16_t)get16(p + 4 + 2 * i);
	r->opcode = p[2] >> 3 & 15;
	r->question_end = DNS_HEADER;
	r->edns.present = r->edns.wants_dnssec = r->edns.nsid = false;
	r->edns.version = 0;
	r->edns.size = REQUEST_UDP_MIN;
	r->key = NULL;
	r->tsig.key = NULL;
	r->tsig.mac_len = 0;
	r->tsig_error = r->rcode = 0;
	r->ede = 0;
	r->ahead.zone = NULL;
	r->ahead.snapshot = r->ahead.node = NULL;
}

/* Its name is whole: there is nothing before it that a pointer could mean. */
static bool
read_question(struct request *r)
{
	const uint8_t *p;

	if (r->header.count[0] != 1 ||
	    dname_set(&r->qname, r->bytes + DNS_HEADER, r->len - DNS_HEADER) ==
		-1 ||
	    r->len - DNS_HEADER - r->qname.len < 4)
		return false;
	p = r->bytes + DNS_HEADER + r->qname.len;
	r->qtype = (uint16_t)get16(p);
	r->qclass = (uint16_t)get16(p + 2);
	r->question_end = DNS_HEADER + r->qname.len + 4u;
	return true;
}

static bool
read_record(struct dns_reader *in, struct record *rr)
{
	uint8_t name[DNS_NAME];
	const uint8_t *p;

	rr->at = in->pos;
	rr->root = dns_get_name(in, name) == 1;
	if ((p = dns_get(in, 10)) == NULL)
		return false;
	rr->type = (uint16_t)get16(p);
	rr->class = (uint16_t)get16(p + 2);
	rr->ttl = get32(p + 4);
	rr->len = get16(p + 8);
	rr->data = dns_get(in, rr->len);
	return !in->bad;
}

/* Options must fill the data (RFC 6891 section 6.1.2); unknown ones are left
 * alone. */
static bool
read_options(struct edns *edns, const uint8_t *p, size_t len)
{
	size_t n;

	for (; len > 0; p += n, len -= n) {
		if (len < OPTION_HEAD || (n = OPTION_HEAD + get16(p + 2)) > len)
			return false;
		if (get16(p) == OPTION_NSID)
			edns->nsid = true;
	}
	return true;
}

/* One at most, of the root (RFC 6891 sections 6.1.1 and 6.1.2). Options of
 * another version may have another form. */
static bool
read_opt(struct request *r, const struct record *rr)
{
	struct edns *e = &r->edns;

	if (e->present || !rr->root)
		return false;
	e->present = true;
	e->at = (uint16_t)rr->at;
	e->size = MAX(rr->class, REQUEST_UDP_MIN);
	e->version = rr->ttl >> 16 & 0xff;
	e->wants_dnssec = (rr->ttl & OPT_DO) != 0;
	return e->version != EDNS_VERSION || read_options(e, rr->data, rr->len);
}

/* More records than these are no query (RFC 1035 section 4.1.1): only IXFR
 * has one before the additional section (RFC 1995 section 3). */
static bool
has_only_question(const struct request *r)
{
	return r->header.count[1] == 0 &&
	    r->header.count[2] <= (r->qtype == TYPE_IXFR ? 1 : 0);
}

/* Nothing but a question: nearly all messages are this. */
static bool
is_bare(const struct request *r)
{
	const uint16_t *count = r->header.count;

	return r->len == r->question_end &&
	    (count[1] | count[2] | count[3]) == 0;
}

/* TSIG is the message's last record (RFC 8945 section 5.1), OPT any of the
 * additional section; a query has no others there. */
static bool
read_additional(struct request *r, struct dns_reader *in, bool *is_signed)
{
	struct record rr;
	unsigned n;

	for (n = r->header.count[3]; n > 0; n--) {
		if (!read_record(in, &rr))
			return false;
		if (rr.type == TYPE_OPT) {
			if (!read_opt(r, &rr))
				return false;
		} else if (rr.type == TYPE_TSIG) {
			if (n > 1)
				return false;
			*is_signed = true;
		} else if (r->opcode == OPCODE_QUERY) {
			return false;
		}
	}
	return true;
}

static bool
read_records(struct request *r, bool *is_signed)
{
	struct dns_reader in = {
		.bytes = r->bytes, .len = r->len, .pos = r->question_end
	};
	struct record rr;
	unsigned n = (unsigned)r->header.count[1] + r->header.count[2];

	for (; n > 0; n--)
		if (!read_record(&in, &rr) || rr.type == TYPE_OPT ||
		    rr.type == TYPE_TSIG)
			return false;
	return read_additional(r, &in, is_signed) && in.pos == in.len;
}

/* The signature (RFC 8945 section 5.2). 0 or the rcode. */
static unsigned
check_signature(struct request *r)
{
	uint8_t name[DNS_NAME];
	int error;

	if (tsig_name(r->bytes, r->len, name) != 1)
		return DNS_FORMERR;
	r->tsig.key = keys_find_wire(&conf_of(r)->keys, name);
	error = tsig_check(&r->tsig, r->bytes, r->len, r->now);
	if (error == 0) {
		r->key = r->tsig.key;
		return DNS_NOERROR;
	}
	if (error == DNS_FORMERR)
		return DNS_FORMERR;
	r->tsig_error = (uint16_t)error;
	return DNS_NOTAUTH;
}

/* What ends the message later must find room. */
static void
reserve(struct request *r)
{
	struct reply *out = &r->reply;

	if (r->edns.present)
		out->reserved = OPT_FIXED;
	if (r->edns.nsid)
		out->reserved += OPTION_HEAD + strlen(conf_of(r)->identity);
	if (r->key != NULL)
		out->reserved += tsig_size(r->key);
}

/* How much may be sent (RFC 6891 section 6.2.5). */
static void
limit(struct request *r)
{
	size_t most = conf_of(r)->udp_size;

	if (r->tcp)
		return;
	most = MIN(most, r->edns.size);
	r->reply.limit = MIN(r->reply.limit, MAX(most, REQUEST_UDP_MIN));
}

static void
begin(struct request *r)
{
	reply_begin(&r->reply);
	if (r->question_end > DNS_HEADER)
		reply_question(&r->reply, &r->qname, r->qtype, r->qclass);
	reserve(r);
}

size_t
request_error(struct request *r, unsigned rcode)
{
	r->rcode = (uint16_t)rcode;
	begin(r);
	return request_finish(r);
}

static enum request_next
refuse(struct request *r, unsigned rcode)
{
	r->reply.len = request_error(r, rcode);
	return REQUEST_SEND;
}

/* What comes with an unknown opcode may be anything; if it looks like a
 * question with EDNS, the answer does, too (RFC 6891 section 7). */
static enum request_next
not_implemented(struct request *r)
{
	bool is_signed = false;

	if (!read_question(r) || !read_records(r, &is_signed))
		r->edns.present = false;
	return refuse(r, DNS_NOTIMP);
}

enum request_next
request_read(struct request *r)
{
	enum request_next next;
	bool is_signed = false;
	unsigned rcode;

	if (r->len < DNS_HEADER || (r->bytes[2] & 0x80) != 0)
		return REQUEST_DROP;
	read_header(r);
	next = opcodes[r->opcode];
	if (next == REQUEST_DROP)
		return not_implemented(r);
	if (!read_question(r) ||
	    (next == REQUEST_QUERY && !has_only_question(r)))
		return refuse(r, DNS_FORMERR);
	if (!is_bare(r)) {
		if (!read_records(r, &is_signed))
			return refuse(r, DNS_FORMERR);
		if (is_signed && (rcode = check_signature(r)) != DNS_NOERROR)
			return refuse(r, rcode);
		if (r->edns.version != EDNS_VERSION)
			return refuse(r, RCODE_BADVERS);
	}
	limit(r);
	begin(r);
	return next;
}

void
request_copy(struct request *to, const struct request *from, uint8_t *message,
    uint8_t *reply, size_t size)
{
	memcpy(to, from, sizeof(*to));
	memcpy(message, from->bytes, from->len);
	memcpy(reply, from->reply.bytes, from->reply.len);
	to->bytes = message;
	to->reply.bytes = reply;
	to->reply.limit = size;
	if (from->reply.question != NULL)
		to->reply.question = &to->qname;
}

static size_t
put_option(uint8_t *p, unsigned code, const void *data, size_t len)
{
	put16(p, code);
	put16(p + 2, (unsigned)len);
	memcpy(p + OPTION_HEAD, data, len);
	return OPTION_HEAD + len;
}

/* RFC 6891 section 6.1: its room is reserved, but not an extended error's. */
static void
put_opt(struct request *r)
{
	struct reply *out = &r->reply;
	const char *identity = conf_of(r)->identity;
	uint8_t *p = out->bytes + out->len, *end = p + OPT_FIXED, ede[2];
	size_t left = out->limit - out->len;

	if (left < out->reserved)
		return;
	left -= out->reserved;
	if (r->edns.nsid && *identity != '\0')
		end += put_option(end, OPTION_NSID, identity, strlen(identity));
	if (r->ede != 0 && left >= OPTION_HEAD + sizeof(ede)) {
		put16(ede, r->ede - 1u);
		end += put_option(end, OPTION_EDE, ede, sizeof(ede));
	}
	p[0] = 0;
	put16(p + 1, TYPE_OPT);
	put16(p + 3, REQUEST_EDNS_SIZE);
	p[5] = (uint8_t)(r->rcode >> 4);
	p[6] = EDNS_VERSION;
	put16(p + 7, r->edns.wants_dnssec ? OPT_DO : 0);
	put16(p + 9, (unsigned)(end - p - OPT_FIXED));
	out->len += (size_t)(end - p);
	out->count[REPLY_ADDITIONAL]++;
}

/* RD comes back (RFC 1035 section 4.1.1); CD does only from resolvers (RFC
 * 4035 sections 3.1.6 and 3.2.2), AD and RA only where they are set. */
static void
put_header(const struct request *r)
{
	const struct reply *out = &r->reply;
	uint8_t *p = out->bytes;
	unsigned i;

	memcpy(p, r->bytes, 2);
	put16(p + 2,
	    DNS_QR | (unsigned)r->opcode << 11 | out->flags |
		(r->header.flags & DNS_RD) | (r->rcode & 15));
	for (i = 0; i < 4; i++)
		put16(p + 4 + 2 * i, out->count[i]);
}

/* RFC 8945 section 5.3. */
static size_t
put_signature(struct request *r)
{
	struct reply *out = &r->reply;
	struct dns_builder b = {
		.bytes = out->bytes, .limit = out->limit, .len = out->len
	};
	const struct tsig_refusal refusal = { .request = r->bytes,
		.len = r->len,
		.key = r->tsig.key,
		.error = r->tsig_error };

	if (r->key != NULL)
		tsig_sign(&r->tsig, &b, r->now);
	else
		tsig_refuse(&refusal, &b, r->now);
	out->len = b.len;
	return b.full ? 0 : b.len;
}

/* Only the question is left (RFC 2181 section 9). */
static void
cut(struct request *r)
{
	struct reply *out = &r->reply;

	out->len = r->question_end;
	memset(out->count + 1, 0, 3 * sizeof(out->count[0]));
	out->flags |= DNS_TC;
}

size_t
request_finish(struct request *r)
{
	if (r->reply.truncated)
		cut(r);
	if (r->edns.present)
		put_opt(r);
	put_header(r);
	if (r->key != NULL || r->tsig_error != 0)
		return put_signature(r);
	return r->reply.len;
}
