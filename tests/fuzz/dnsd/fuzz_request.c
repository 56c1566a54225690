/*
 * Any bytes as a message to a server of several zones, signed ones too. What
 * it answers must be no longer than it may be, be read whole, speak of the same
 * question, and have an OPT record if, and only if, it was asked with one.
 */
#include "dnsd/answercases.h"
#include "dnsd/signedzones.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Zones of all kinds; and signed ones with NSEC3. */
static struct served servers[2];
static struct tsig_key key;

static void
start(void)
{
	static char identity[] = "ns1.example";
	static struct served_zone all[SERVED_ZONES] = {
		{ "sig.", nsec_zone, false },
	};
	static const struct served_zone signed_zones[] = {
		{ "sig.", optout_zone, false },
		{ "example.", rfc5155_zone, false },
	};
	size_t i, n = sizeof(plain_zones) / sizeof(plain_zones[0]);

	memcpy(all + 1, plain_zones, sizeof(plain_zones));
	served_begin(&servers[0], all, n + 1);
	served_begin(&servers[1], signed_zones, 2);
	dns_name_parse("key", key.name);
	key.algorithm = tsig_algorithm("hmac-sha256");
	key.len = 16;
	for (i = 0; i < 2; i++) {
		servers[i].a.conf.keys.v = &key;
		servers[i].a.conf.keys.n = 1;
		servers[i].a.conf.identity = identity;
		servers[i].a.conf.version = identity;
		servers[i].a.conf.rotate = true;
	}
}

static void
check_records(const struct served *v, struct dns_walk *w)
{
	static uint8_t data[RDATA_MAX];
	const struct request *r = &v->a.r;
	struct dns_reader in;
	struct dns_rr rr;
	unsigned opts = 0;
	int more;

	while ((more = dns_walk_next(w, &rr)) == 1) {
		if (w->section == 0) {
			CHECK(dns_name_equal(rr.name, r->qname.wire));
			CHECK(rr.type == r->qtype && rr.class == r->qclass);
			continue;
		}
		opts += rr.type == TYPE_OPT;
		in = (struct dns_reader){ r->reply.bytes, v->len,
			(size_t)(rr.data - r->reply.bytes), false };
		CHECK(rr.type == TYPE_OPT || rr.type == TYPE_TSIG ||
		    rdata_read(&in, rr.type, rr.len, data) != -1);
	}
	CHECK(more == 0 && w->r.pos == v->len);
	CHECK(opts == (r->edns.present ? 1 : 0));
}

static void
check_reply(const struct served *v)
{
	const struct request *r = &v->a.r;
	const uint8_t *in = r->bytes, *out = r->reply.bytes;
	struct dns_walk w;

	CHECK(v->len <= r->reply.limit && r->len >= DNS_HEADER);
	CHECK(dns_walk_begin(&w, out, v->len) == 0);
	CHECK(out[0] == in[0] && out[1] == in[1]);
	/* QR, the opcode, RD; never RA, Z, AD, CD */
	CHECK((out[2] & 0x80) != 0 && (in[2] & 0x80) == 0);
	CHECK((out[2] & 0x79) == (in[2] & 0x79) && (out[3] & 0xf0) == 0);
	CHECK(w.h.count[0] <= 1);
	CHECK((w.h.flags & DNS_TC) == 0 ||
	    (w.h.count[1] == 0 && w.h.count[2] == 0));
	CHECK(r->rcode == DNS_NOERROR || r->rcode == DNS_NXDOMAIN ||
	    r->rcode == DNS_YXDOMAIN || w.h.count[1] == 0);
	check_records(v, &w);
}

/* The first byte: TCP, minimal answers, how much the transport takes, which
 * server. */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct served *v;

	if (servers[0].a.server.conf == NULL)
		start();
	if (size == 0 || size > 4096)
		return 0;
	v = &servers[(*bytes & 8) != 0];
	v->a.conf.minimal = (*bytes & 2) != 0;
	v->a.room = (*bytes & 4) != 0 ? 1232 : sizeof(v->a.reply);
	switch (asked_read(&v->a, bytes + 1, size - 1, *bytes & 1)) {
	case REQUEST_DROP:
		return 0;
	case REQUEST_SEND:
		v->len = v->a.r.reply.len;
		break;
	case REQUEST_QUERY:
		v->len = served_query(v);
		break;
	case REQUEST_NOTIFY:
	case REQUEST_UPDATE:
		v->len = request_error(&v->a.r, DNS_NOTAUTH);
		break;
	}
	if (v->len > 0)
		check_reply(v);
	return 0;
}
