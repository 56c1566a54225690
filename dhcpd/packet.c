/*
 * Messages in and out. Parsing is one walk over the option fields that notes
 * where each value stands; only a message that has a value in parts is walked
 * a second time, to join them. Building fills the options field first, then
 * file and sname, and decides at the end whether those two are needed.
 */
#include <string.h>

#include "packet.h"
#include "bytes.h"

#define FILE_AT 108
#define FILE_SIZE 128
#define SNAME_AT 44
#define SNAME_SIZE 64
#define CHADDR_AT 28
#define COOKIE_AT PACKET_FIXED

#define PART_MAX 255 /* bytes of a value behind one code */
#define PART_HEAD 2 /* code and length */
#define OVERLOAD_SIZE 3 /* option 52 */

enum {
	PAD = 0,
	REQUESTED_IP = 50,
	LEASE_TIME = 51,
	OVERLOAD = 52,
	MESSAGE_TYPE = 53,
	SERVER_ID = 54,
	MAX_SIZE = 57,
	RENEW_TIME = 58,
	REBIND_TIME = 59,
	CLIENT_ID = 61,
	RAPID_COMMIT = 80,
	AGENT = 82,
	ARCH = 93,
	IPV6_ONLY = 108,
	AUTO_CONFIGURE = 116,
	SUBNET_SELECTION = 118,
	END = 255
};

enum { OVERLOAD_FILE = 1, OVERLOAD_SNAME = 2 };

/* Lengths that are fixed or that we can keep. */
struct length {
	uint8_t code;
	uint16_t least, most, unit;
};

/* clang-format off */
static const struct length lengths[] = {
	{ REQUESTED_IP, 4, 4, 1 },
	{ LEASE_TIME, 4, 4, 1 },
	{ OVERLOAD, 1, 1, 1 },
	{ SERVER_ID, 4, 4, 1 },
	{ MAX_SIZE, 2, 2, 1 },
	{ RENEW_TIME, 4, 4, 1 },
	{ REBIND_TIME, 4, 4, 1 },
	{ CLIENT_ID, 0, 255, 1 },
	{ RAPID_COMMIT, 0, 0, 1 },
	{ AGENT, 0, 255, 1 },
	{ ARCH, 2, PACKET_MAX, 2 },
	{ IPV6_ONLY, 4, 4, 1 },
	{ AUTO_CONFIGURE, 1, 1, 1 },
	{ SUBNET_SELECTION, 4, 4, 1 },
};
/* clang-format on */

/*
 * RFC 4702 section 2, RFC 3397 section 2, RFC 3361 section 3, RFC 3442, RFC
 * 3925 sections 3 and 4, RFC 9463 section 5.1, and 121's older number.
 */
static const uint8_t always_joined[] = { 81, 119, 120, 121, 124, 125, 162,
	249 };

static const uint8_t cookie[] = { 99, 130, 83, 99 };

/* What is left of a field that holds options. */
struct cursor {
	const uint8_t *p, *end;
};

struct part {
	uint8_t code, len;
	const uint8_t *value;
};

/* The fields of a message that hold options, in the order of RFC 3396. */
struct fields {
	struct cursor v[3];
	size_t n;
	uint8_t repeated[32]; /* a bit for each code that came in parts */
	bool any_repeated;
};

/* 1: the next part; 0: the end; -1: it passes the end of the field. */
static inline int
next_part(struct cursor *c, struct part *part)
{
	while (c->p < c->end && *c->p == PAD)
		c->p++;
	if (c->p == c->end || *c->p == END)
		return 0;
	if (c->end - c->p < PART_HEAD || c->p[1] > c->end - c->p - PART_HEAD)
		return -1;
	part->code = c->p[0];
	part->len = c->p[1];
	part->value = c->p + PART_HEAD;
	c->p = part->value + part->len;
	return 1;
}

/* Note where the values of field i stand. */
static bool
note_parts(struct options *o, struct fields *f, size_t i)
{
	struct cursor c = f->v[i];
	struct part part;
	int more;

	while ((more = next_part(&c, &part)) == 1) {
		/* A 52 in file or sname leads nowhere. */
		if (i > 0 && part.code == OVERLOAD)
			continue;
		if (o->at[part.code] == NULL) {
			o->at[part.code] = part.value;
			o->len[part.code] = part.len;
			continue;
		}
		o->len[part.code] = (uint16_t)(o->len[part.code] + part.len);
		f->repeated[part.code / 8] |= (uint8_t)(1 << part.code % 8);
		f->any_repeated = true;
	}
	return more == 0;
}

static void
add_field(struct fields *f, const uint8_t *p, size_t n)
{
	f->v[f->n].p = p;
	f->v[f->n++].end = p + n;
}

/*
 * Values that came in parts become one. All values together are shorter than
 * the message, so `joined` holds them.
 */
static void
join_parts(struct options *o, const struct fields *f)
{
	uint8_t *end[256] = { NULL };
	struct cursor c;
	struct part part;

	for (size_t i = 0; i < f->n; i++) {
		c = f->v[i];
		while (next_part(&c, &part) == 1) {
			uint8_t **to = &end[part.code];

			if ((f->repeated[part.code / 8] >> part.code % 8 & 1) ==
				0 ||
			    (i > 0 && part.code == OVERLOAD))
				continue;
			if (*to == NULL) {
				*to = o->joined + o->njoined;
				o->at[part.code] = *to;
				o->njoined += o->len[part.code];
			}
			memcpy(*to, part.value, part.len);
			*to += part.len;
		}
	}
}

static bool
parse_fields(struct packet *p)
{
	struct options *o = &p->options;
	struct fields f;
	uint8_t overload = 0;

	f.n = 0;
	f.any_repeated = false;
	memset(f.repeated, 0, sizeof(f.repeated));
	add_field(&f, p->bytes + PACKET_LEAST, p->len - PACKET_LEAST);
	if (!note_parts(o, &f, 0))
		return false;
	/* Other values than 1, 2 and 3 mean nothing (RFC 2132 section 9.3). */
	if (option_u8(o, OVERLOAD, &overload) &&
	    overload > (OVERLOAD_FILE | OVERLOAD_SNAME))
		overload = 0;
	if (overload & OVERLOAD_FILE) {
		p->file = NULL;
		add_field(&f, p->bytes + FILE_AT, FILE_SIZE);
	}
	if (overload & OVERLOAD_SNAME) {
		p->sname = NULL;
		add_field(&f, p->bytes + SNAME_AT, SNAME_SIZE);
	}
	for (size_t i = 1; i < f.n; i++)
		if (!note_parts(o, &f, i))
			return false;
	if (f.any_repeated)
		join_parts(o, &f);
	return true;
}

static bool
lengths_fit(const struct options *o)
{
	const struct length *l;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		l = &lengths[i];
		if (o->at[l->code] != NULL &&
		    (o->len[l->code] < l->least || o->len[l->code] > l->most ||
			o->len[l->code] % l->unit != 0))
			return false;
	}
	return true;
}

static enum packet_status
parse_options(struct packet *p)
{
	struct options *o = &p->options;
	uint8_t type = DHCP_NONE;

	memset(o->at, 0, sizeof(o->at));
	memset(o->len, 0, sizeof(o->len));
	o->njoined = 0;
	if (!parse_fields(p))
		return PACKET_OPTION;
	if (option_has(o, MESSAGE_TYPE) &&
	    (!option_u8(o, MESSAGE_TYPE, &type) || type == DHCP_NONE ||
		type >= DHCP_TYPES))
		return PACKET_TYPE;
	p->type = type;
	if (!lengths_fit(o))
		return PACKET_OPTION;
	/* Seen in the field: an identifier that holds no identifier. */
	if (o->len[CLIENT_ID] < 2) {
		o->at[CLIENT_ID] = NULL;
		o->len[CLIENT_ID] = 0;
	}
	return PACKET_OK;
}

static void
parse_header(struct packet *p, const uint8_t *b)
{
	p->op = b[0];
	p->htype = b[1];
	p->hlen = b[2];
	p->hops = b[3];
	p->xid = get32(b + 4);
	p->secs = get16(b + 8);
	p->flags = get16(b + 10);
	memcpy(&p->ciaddr, b + PACKET_AT_CIADDR, 4);
	memcpy(&p->yiaddr, b + PACKET_AT_YIADDR, 4);
	memcpy(&p->siaddr, b + PACKET_AT_SIADDR, 4);
	memcpy(&p->giaddr, b + PACKET_AT_GIADDR, 4);
	memcpy(p->chaddr, b + CHADDR_AT, PACKET_HW);
	p->sname = b + SNAME_AT;
	p->file = b + FILE_AT;
}

/*
 * Without hardware address only an identifier says who asks (RFC 4390); a
 * leasequery may be about an address alone (RFC 4388 section 6.4.1).
 */
static bool
is_nobody(const struct packet *p)
{
	return p->hlen == 0 && p->op == PACKET_REQUEST &&
	    p->type < DHCP_LEASEQUERY && !option_has(&p->options, CLIENT_ID);
}

enum packet_status
packet_parse(struct packet *p, const uint8_t *bytes, size_t len)
{
	enum packet_status status;

	if (len < PACKET_LEAST || len > PACKET_MAX)
		return PACKET_SHORT;
	p->bytes = bytes;
	p->len = len;
	p->type = DHCP_NONE;
	parse_header(p, bytes);
	if (p->op != PACKET_REQUEST && p->op != PACKET_REPLY)
		return PACKET_OP;
	if (p->hlen > PACKET_HW)
		return PACKET_HLEN;
	if (memcmp(bytes + COOKIE_AT, cookie, sizeof(cookie)) != 0)
		return PACKET_COOKIE;
	status = parse_options(p);
	if (status == PACKET_OK && is_nobody(p))
		status = PACKET_HLEN;
	return status;
}

/* The value, where it has just this length. */
static const uint8_t *
value_of(const struct options *o, uint8_t code, size_t len)
{
	return o->len[code] == len ? o->at[code] : NULL;
}

bool
option_ip(const struct options *o, uint8_t code, struct in_addr *ip)
{
	const uint8_t *v = value_of(o, code, 4);

	if (v != NULL)
		memcpy(ip, v, 4);
	return v != NULL;
}

bool
option_u8(const struct options *o, uint8_t code, uint8_t *n)
{
	const uint8_t *v = value_of(o, code, 1);

	if (v != NULL)
		*n = *v;
	return v != NULL;
}

bool
option_u16(const struct options *o, uint8_t code, uint16_t *n)
{
	const uint8_t *v = value_of(o, code, 2);

	if (v != NULL)
		*n = get16(v);
	return v != NULL;
}

bool
option_u32(const struct options *o, uint8_t code, uint32_t *n)
{
	const uint8_t *v = value_of(o, code, 4);

	if (v != NULL)
		*n = get32(v);
	return v != NULL;
}

const uint8_t *
option_sub(const uint8_t *value, size_t n, uint8_t code, size_t *len)
{
	struct cursor c = { value, value + n };
	size_t size;

	while (c.p < c.end) {
		/* Padding is known in 43 only (RFC 2132 section 8.4); nobody
		   else has a code 0. */
		if (*c.p == PAD) {
			c.p++;
			continue;
		}
		if (c.end - c.p < PART_HEAD || c.p[1] > c.end - c.p - PART_HEAD)
			return NULL;
		size = c.p[1];
		if (c.p[0] == code) {
			*len = size;
			return c.p + PART_HEAD;
		}
		c.p += PART_HEAD + size;
	}
	return NULL;
}

/* Building */

static void
begin(struct packet_out *o, uint8_t *bytes, size_t limit, size_t tail)
{
	memset(o, 0, sizeof(*o));
	memset(bytes, 0, PACKET_FIXED);
	memcpy(bytes + COOKIE_AT, cookie, sizeof(cookie));
	o->bytes = bytes;
	o->limit = limit;
	o->tail = tail;
	o->len = PACKET_LEAST;
	o->file_free = o->sname_free = true;
}

/* What the client takes. */
static size_t
client_limit(const struct packet *request, size_t tail)
{
	uint16_t size;

	/* 300 bytes (RFC 1542 section 2.1); the relay agent takes away what it
	   had added before. */
	if (request->type == DHCP_NONE)
		return PACKET_PAD + tail;
	if (!option_u16(&request->options, MAX_SIZE, &size) ||
	    size < PACKET_SIZE)
		size = PACKET_SIZE;
	return size - PACKET_IP_UDP;
}

void
packet_reply(struct packet_out *o, uint8_t *bytes, size_t limit,
    const struct packet *request, size_t tail)
{
	size_t takes = client_limit(request, tail);

	begin(o, bytes, limit < takes ? limit : takes, tail);
	if (request->type == DHCP_NONE)
		o->file_free = o->sname_free = false;
	bytes[0] = PACKET_REPLY;
	bytes[1] = request->htype;
	bytes[2] = request->hlen;
	put32(bytes + 4, request->xid);
	bytes[10] = (uint8_t)(request->flags >> 8);
	bytes[11] = (uint8_t)request->flags;
	packet_set_ip(o, PACKET_AT_GIADDR, request->giaddr);
	memcpy(bytes + CHADDR_AT, request->chaddr, PACKET_HW);
}

void
packet_request(struct packet_out *o, uint8_t *bytes, size_t limit)
{
	begin(o, bytes, limit, 0);
	bytes[0] = PACKET_REQUEST;
}

void
packet_set_ip(struct packet_out *o, size_t at, struct in_addr ip)
{
	memcpy(o->bytes + at, &ip, 4);
}

static void
set_text(uint8_t *field, size_t size, const char *text)
{
	size_t n = strnlen(text, size - 1);

	memcpy(field, text, n);
	memset(field + n, 0, size - n);
}

void
packet_set_sname(struct packet_out *o, const char *name)
{
	if (*name == '\0' || o->sname_len > 0)
		return;
	set_text(o->bytes + SNAME_AT, SNAME_SIZE, name);
	o->sname_free = false;
}

void
packet_set_file(struct packet_out *o, const char *name)
{
	if (*name == '\0' || o->file_len > 0)
		return;
	set_text(o->bytes + FILE_AT, FILE_SIZE, name);
	o->file_free = false;
}

/* A field that options are put into: where the next goes and how much. */
struct room {
	uint8_t *p;
	size_t n;
	size_t *used;
};

static size_t
less(size_t n, size_t m)
{
	return n > m ? n - m : 0;
}

/* Field i in the order of RFC 3396; each keeps a byte for its end. */
static struct room
room_in(struct packet_out *o, unsigned i)
{
	struct room r = { NULL, 0, NULL };
	size_t kept = o->tail + 1;

	if (i == 0) {
		if (o->file_free || o->sname_free)
			kept += OVERLOAD_SIZE;
		r.p = o->bytes + o->len;
		r.n = less(o->limit, o->len + kept);
		r.used = &o->len;
	} else if (i == 1 && o->file_free) {
		r.p = o->bytes + FILE_AT + o->file_len;
		r.n = FILE_SIZE - 1 - o->file_len;
		r.used = &o->file_len;
	} else if (i == 2 && o->sname_free) {
		r.p = o->bytes + SNAME_AT + o->sname_len;
		r.n = SNAME_SIZE - 1 - o->sname_len;
		r.used = &o->sname_len;
	}
	return r;
}

/* Bytes of a value on the wire, in parts where it must be. */
static size_t
wire_size(size_t len)
{
	size_t parts = len == 0 ? 1 : (len + PART_MAX - 1) / PART_MAX;

	return len + parts * PART_HEAD;
}

/* How many bytes of a value go into n bytes of a field, in parts. */
static size_t
value_room(size_t n)
{
	size_t whole = n / (PART_MAX + PART_HEAD);

	return whole * PART_MAX + less(n % (PART_MAX + PART_HEAD), PART_HEAD);
}

/* Put len bytes, for which there is room. */
static void
put_parts(struct room *r, uint8_t code, const uint8_t *value, size_t len)
{
	uint8_t *p = r->p;
	size_t n;

	do {
		n = len < PART_MAX ? len : PART_MAX;
		*p++ = code;
		*p++ = (uint8_t)n;
		if (n > 0)
			memcpy(p, value, n);
		p += n;
		value += n;
		len -= n;
	} while (len > 0);
	*r->used += (size_t)(p - r->p);
}

/*
 * May parts of the value stand in different fields? A client need not join
 * what fits one part, unless the option's own RFC says so (RFC 3396 section
 * 4).
 */
static bool
may_spread(uint8_t code, size_t len)
{
	for (size_t i = 0; i < sizeof(always_joined); i++)
		if (always_joined[i] == code)
			return true;
	return len > PART_MAX;
}

static bool
spread(struct packet_out *o, uint8_t code, const uint8_t *value, size_t len)
{
	struct room r;
	size_t all = 0, n;
	unsigned i;

	for (i = 0; i < 3; i++)
		all += value_room(room_in(o, i).n);
	if (len == 0 || all < len)
		return false;
	for (i = 0; i < 3 && len > 0; i++) {
		r = room_in(o, i);
		n = value_room(r.n);
		if (n == 0)
			continue;
		n = n < len ? n : len;
		put_parts(&r, code, value, n);
		value += n;
		len -= n;
	}
	return true;
}

bool
packet_add(struct packet_out *o, uint8_t code, const void *value, size_t len)
{
	struct room r;

	if (o->closed)
		return false;
	for (unsigned i = 0; i < 3; i++) {
		r = room_in(o, i);
		if (wire_size(len) <= r.n) {
			put_parts(&r, code, value, len);
			return true;
		}
	}
	return may_spread(code, len) && spread(o, code, value, len);
}

bool
packet_add_u8(struct packet_out *o, uint8_t code, uint8_t n)
{
	return packet_add(o, code, &n, 1);
}

bool
packet_add_u32(struct packet_out *o, uint8_t code, uint32_t n)
{
	uint8_t v[4];

	put32(v, n);
	return packet_add(o, code, v, 4);
}

bool
packet_add_ip(struct packet_out *o, uint8_t code, struct in_addr ip)
{
	return packet_add(o, code, &ip, 4);
}

static void
append(struct packet_out *o, const uint8_t *p, size_t n)
{
	memcpy(o->bytes + o->len, p, n);
	o->len += n;
}

/*
 * No more options come. Those in file and sname return to the options field
 * if the bytes that 52 would take make the difference; else 52 is added.
 */
static void
close_fields(struct packet_out *o)
{
	uint8_t *file = o->bytes + FILE_AT, *sname = o->bytes + SNAME_AT;
	uint8_t overload[OVERLOAD_SIZE] = { OVERLOAD, 1, 0 };

	if (o->closed)
		return;
	o->closed = true;
	if (o->file_len + o->sname_len == 0)
		return;
	if (o->file_len + o->sname_len <=
	    less(o->limit, o->len + o->tail + 1)) {
		append(o, file, o->file_len);
		append(o, sname, o->sname_len);
		memset(file, 0, o->file_len);
		memset(sname, 0, o->sname_len);
		o->file_len = o->sname_len = 0;
		return;
	}
	if (o->file_len > 0) {
		overload[2] |= OVERLOAD_FILE;
		file[o->file_len] = END;
	}
	if (o->sname_len > 0) {
		overload[2] |= OVERLOAD_SNAME;
		sname[o->sname_len] = END;
	}
	append(o, overload, sizeof(overload));
}

bool
packet_last(struct packet_out *o, uint8_t code, const void *value, size_t len)
{
	struct room r;

	close_fields(o);
	o->tail = 0;
	r.p = o->bytes + o->len;
	r.n = less(o->limit, o->len + 1);
	r.used = &o->len;
	if (wire_size(len) > r.n)
		return false;
	put_parts(&r, code, value, len);
	return true;
}

size_t
packet_end(struct packet_out *o)
{
	size_t least = o->limit < PACKET_PAD ? o->limit : PACKET_PAD;

	o->tail = 0;
	close_fields(o);
	o->bytes[o->len++] = END;
	if (o->len < least) {
		memset(o->bytes + o->len, PAD, least - o->len);
		o->len = least;
	}
	return o->len;
}
