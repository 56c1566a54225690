/*
 * Transfers to others. A transfer holds the snapshot that was current when it
 * was asked for, so what changes meanwhile is not in it; each message is filled
 * straight from RRsets, or from the journal, when the connection takes it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "journal.h"
#include "serial.h"
#include "xfrout.h"
#include "xfrpack.h"

#define OPT_BYTES 11
#define BIGGEST 65535

enum stage { STAGE_BEGIN, STAGE_BODY, STAGE_END };

struct xfrout {
	struct stream stream; /* first: what others see */
	struct server *server;
	const struct zone *zone;
	const struct snapshot *snapshot; /* held */
	struct journal_reader *journal; /* IXFR; NULL: the whole zone */
	union sock_addr peer;
	uint16_t id, flags, type;
	bool edns;
	struct tsig tsig; /* key NULL: not signed */
	enum stage stage;
	bool have; /* rr is still to be sent */
	struct xfrpack_rr rr;
	struct journal_record change; /* what rr points into */
	/* the whole zone: the next record */
	struct snapshot_walk walk;
	const struct node *node;
	unsigned set; /* of the node */
	const uint8_t *record; /* of the set; NULL: its first */
	uint64_t messages, records, bytes;
	struct xfrpack pack;
};

/* Transfers under way, of all threads. */
static _Atomic uint64_t under_way;

static bool
take_place(const struct server *server)
{
	if (atomic_fetch_add_explicit(&under_way, 1, memory_order_relaxed) <
	    server->conf->transfers_out)
		return true;
	atomic_fetch_sub_explicit(&under_way, 1, memory_order_relaxed);
	return false;
}

static void
leave_place(void)
{
	atomic_fetch_sub_explicit(&under_way, 1, memory_order_relaxed);
}

/* The zone's SOA as a record. */
static void
set_soa(struct xfrpack_rr *rr, const struct snapshot *s)
{
	const struct rrset *set = node_rrset(s->apex, TYPE_SOA);

	rr->name = node_name(s->apex);
	rr->type = TYPE_SOA;
	rr->ttl = set->ttl;
	rr->data = rrset_rdata(set->data);
	rr->len = rrset_len(set->data);
}

/* The next record of the set that x is at. false: it has no more. */
static bool
next_of_set(struct xfrout *x)
{
	const struct rrset *set = x->node->sets[x->set];

	if (x->record == NULL) {
		/* it stands at both ends */
		if (set->type == TYPE_SOA && x->node == x->snapshot->apex)
			return false;
		x->rr.name = node_name(x->node);
		x->rr.type = set->type;
		x->record = set->data;
	} else {
		x->record = rrset_next(x->record);
	}
	if (x->record == rrset_end(set))
		return false;
	x->rr.ttl = rrset_ttl(set, x->record);
	x->rr.data = rrset_rdata(x->record);
	x->rr.len = rrset_len(x->record);
	return true;
}

/* The next record of the zone but its SOA. 1, 0: no more. */
static int
next_of_zone(struct xfrout *x)
{
	for (;;) {
		if (x->node == NULL || x->set == x->node->nsets) {
			x->node = snapshot_next(x->snapshot, &x->walk);
			x->set = 0;
			if (x->node == NULL)
				return 0;
			continue;
		}
		if (next_of_set(x))
			return 1;
		x->set++;
		x->record = NULL;
	}
}

static bool
is_soa(const struct xfrpack_rr *rr, uint32_t serial)
{
	return rr->type == TYPE_SOA && rr->len >= 20 &&
	    get32(rr->data + rr->len - 20) == serial;
}

/*
 * The next record of the journal; a change begins with the SOA that it removes
 * (RFC 1995 section 4). 1, 0: no more, -1.
 */
static int
next_of_journal(struct xfrout *x)
{
	const struct edit_change *c = &x->change.change;
	int rc = journal_next(x->journal, &x->change);

	if (rc != 1)
		return rc;
	x->rr =
	    (struct xfrpack_rr){ c->name, c->type, c->ttl, c->data, c->len };
	if (x->change.first && (c->added || !is_soa(&x->rr, x->change.from)))
		return -1;
	return 1;
}

/* Find the next record of the answer. 1, 0: that was all, -1. */
static int
advance(struct xfrout *x)
{
	int rc;

	if (x->stage == STAGE_END)
		return 0;
	if (x->stage == STAGE_BEGIN) {
		x->stage = STAGE_BODY;
		set_soa(&x->rr, x->snapshot);
		return 1;
	}
	rc = x->journal != NULL ? next_of_journal(x) : next_of_zone(x);
	if (rc != 0)
		return rc;
	x->stage = STAGE_END;
	set_soa(&x->rr, x->snapshot);
	return 1;
}

/* As many records as fit; at least one. 0, or -1: the answer is not whole. */
static int
fill(struct xfrout *x, size_t most)
{
	int rc;

	for (;; x->have = false) {
		if (!x->have) {
			if ((rc = advance(x)) != 1)
				return rc;
			x->have = true;
		}
		if (xfrpack_rr(&x->pack, &x->rr))
			continue;
		if (x->pack.records > 0)
			return 0;
		/* nothing but this record: as long as messages may be */
		x->pack.limit = most;
		if (!xfrpack_rr(&x->pack, &x->rr))
			return -1;
	}
}

/* Header, OPT (RFC 5936 section 2.2.5), TSIG. The length, or 0. */
static size_t
finish(struct xfrout *x, uint8_t *out, size_t max)
{
	/* root, type, size; rcode, version, flags; no options */
	static const uint8_t opt[OPT_BYTES] = { 0, 0, TYPE_OPT,
		REQUEST_EDNS_SIZE >> 8, REQUEST_EDNS_SIZE & 255 };
	struct dns_builder header = { .bytes = out, .limit = DNS_HEADER };
	struct dns_builder b = { .bytes = out, .limit = max };
	struct dns_header h = { .id = x->id, .flags = x->flags };
	bool first = x->messages == 0;

	h.count[0] = 1;
	h.count[1] = x->pack.records;
	h.count[3] = first && x->edns;
	dns_put_header(&header, &h);
	b.len = x->pack.len;
	if (first && x->edns)
		dns_put(&b, opt, sizeof(opt));
	if (x->tsig.key != NULL && first)
		tsig_sign(&x->tsig, &b, x->server->now);
	else if (x->tsig.key != NULL)
		tsig_sign_next(&x->tsig, &b, x->server->now);
	return b.full ? 0 : b.len;
}

static void
tell(const struct xfrout *x, const char *what)
{
	char peer[SOCK_NAMELEN], name[DNS_NAME_TEXT];

	log_info("%s: %s sent zone=%s serial=%" PRIu32 " records=%" PRIu64
		 " messages=%" PRIu64 " bytes=%" PRIu64 "%s",
	    sock_name(&x->peer, peer), x->type == TYPE_IXFR ? "IXFR" : "AXFR",
	    dns_name_text(x->snapshot->origin.wire, name), x->snapshot->serial,
	    x->records, x->messages, x->bytes, what);
}

static size_t
xfrout_next(struct stream *stream, uint8_t *out, size_t max)
{
	struct xfrout *x = (struct xfrout *)stream;
	size_t len, room, kept = 0;

	if (x->stage == STAGE_END && !x->have)
		return 0;
	if (x->tsig.key != NULL)
		kept = tsig_size(x->tsig.key);
	if (x->messages == 0 && x->edns)
		kept += OPT_BYTES;
	room = max < XFROUT_MESSAGE ? max : XFROUT_MESSAGE;
	xfrpack_begin(&x->pack, out, room - kept);
	if (!xfrpack_question(&x->pack, x->snapshot->origin.wire, x->type) ||
	    fill(x, max - kept) == -1 || (len = finish(x, out, max)) == 0)
		return STREAM_BROKEN;
	x->messages++;
	x->records += x->pack.records;
	x->bytes += len;
	return len;
}

static void
xfrout_end(struct stream *stream)
{
	struct xfrout *x = (struct xfrout *)stream;

	tell(x, x->stage == STAGE_END && !x->have ? "" : ": broken off");
	if (x->journal != NULL)
		journal_reader_close(x->journal);
	snapshot_release(x->snapshot);
	leave_place();
	free(x);
}

/*
 * The serial that an IXFR's client has, in the authority section. false: it
 * has none there.
 */
static bool
client_serial(const struct request *r, uint32_t *serial)
{
	struct dns_walk w;
	struct dns_rr rr;
	uint8_t name[DNS_NAME];
	struct dns_reader data = { .bytes = r->bytes, .len = r->len };

	if (dns_walk_begin(&w, r->bytes, r->len) == -1)
		return false;
	while (dns_walk_next(&w, &rr) == 1) {
		if (w.section != 2)
			continue;
		if (rr.type != TYPE_SOA ||
		    !dns_name_equal(rr.name, r->qname.wire))
			return false;
		data.pos = (size_t)(rr.data - r->bytes);
		dns_get_name(&data, name);
		dns_get_name(&data, name);
		*serial = dns_get32(&data);
		return !data.bad;
	}
	return false;
}

/* One SOA: there is nothing newer, or there is more than UDP takes. */
static void
answer_soa(struct request *r, const struct snapshot *s)
{
	const struct rrset *set = node_rrset(s->apex, TYPE_SOA);

	r->reply.flags |= DNS_AA;
	if (!reply_rrset(
		&r->reply, REPLY_ANSWER, reply_owner(&s->origin, 0), set, 0))
		r->reply.truncated = true;
}

static bool
answer_change(struct request *r, const struct edit_change *c)
{
	const struct reply_rr rr = { c->type, c->ttl, c->data, c->len };
	struct dname owner;

	return dname_set(&owner, c->name, DNS_NAME) == 0 &&
	    reply_record(&r->reply, REPLY_ANSWER, reply_owner(&owner, 0), &rr);
}

/* By UDP: all changes in one message, or the SOA alone (RFC 1995 section 2). */
static void
answer_udp(
    struct request *r, const struct snapshot *s, struct journal_reader *j)
{
	struct reply_mark mark = reply_mark(&r->reply);
	struct journal_record rec;
	int more = -1;

	answer_soa(r, s);
	while (j != NULL && (more = journal_next(j, &rec)) == 1)
		if (!answer_change(r, &rec.change))
			break;
	if (more == 0)
		answer_soa(r, s);
	if (more == 0 && !r->reply.truncated)
		return;
	r->reply.truncated = false;
	reply_back(&r->reply, &mark);
	answer_soa(r, s);
}

/* A transfer of more than one message. NULL: no memory, or too many. */
static struct stream *
begin(const struct request *r, const struct zone *zone,
    const struct snapshot *s, struct journal_reader *j)
{
	struct server *server = r->thread->server;
	struct xfrout *x;

	if (!take_place(server))
		return NULL;
	if ((x = malloc(sizeof(*x))) == NULL) {
		leave_place();
		return NULL;
	}
	memset(x, 0, offsetof(struct xfrout, pack));
	xfrpack_init(&x->pack);
	x->stream.next = xfrout_next;
	x->stream.end = xfrout_end;
	x->server = server;
	x->zone = zone;
	x->snapshot = s;
	x->journal = j;
	x->peer = r->peer;
	x->id = r->header.id;
	x->flags = (uint16_t)(DNS_QR | DNS_AA | (r->header.flags & DNS_RD));
	x->type = r->qtype;
	x->edns = r->edns.present;
	if (r->key != NULL)
		x->tsig = r->tsig;
	snapshot_hold(s);
	thread_count(r->thread, C_TRANSFERS_OUT);
	return &x->stream;
}

/* Who may ask, and for what. The rcode. */
static unsigned
check(const struct request *r, const struct zone *zone)
{
	const struct dname *origin = &zone->conf->origin;

	if (r->qtype == TYPE_AXFR && !r->tcp)
		return DNS_FORMERR; /* RFC 5936 section 4.2 */
	if (r->qname.len != origin->len ||
	    !dname_is(&r->qname, 0, origin->wire, origin->len))
		return DNS_NOTAUTH; /* RFC 5936 section 2.2.1 */
	if (!acl_allows(&zone->conf->allow_transfer, &r->peer, r->key))
		return DNS_REFUSED;
	return zone_now(zone) != NULL ? DNS_NOERROR : DNS_SERVFAIL;
}

/* What IXFR is answered with: *j set, or NULL for the whole zone. false: it is
 * answered by one SOA. */
static bool
find_changes(struct request *r, struct zone *zone, const struct snapshot *s,
    struct journal_reader **j)
{
	uint32_t serial;

	*j = NULL;
	if (r->qtype != TYPE_IXFR)
		return true;
	if (!client_serial(r, &serial)) {
		r->rcode = DNS_FORMERR;
		return false;
	}
	if (!serial_newer(s->serial, serial)) {
		answer_soa(r, s);
		return false;
	}
	if (zone->journal != NULL)
		*j = journal_read(zone->journal, serial, s->serial);
	return true;
}

void
xfrout_query(struct request *r, struct zone *zone, struct stream **stream)
{
	const struct snapshot *s = zone_now(zone);
	struct journal_reader *j;

	r->rcode = (uint16_t)check(r, zone);
	if (r->rcode != DNS_NOERROR || !find_changes(r, zone, s, &j))
		return;
	if (r->tcp) {
		if ((*stream = begin(r, zone, s, j)) != NULL)
			return;
		r->rcode = DNS_SERVFAIL; /* ask again later */
	} else {
		answer_udp(r, s, j);
	}
	if (j != NULL)
		journal_reader_close(j);
}
