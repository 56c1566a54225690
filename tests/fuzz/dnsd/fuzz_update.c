/*
 * Updates of any bytes, done to a small zone. Whatever came of it is a zone:
 * it has its SOA and NS, no CNAME stands beside other data, nothing below a
 * DNAME; its serial moved if anything else did; and what its journal would say
 * makes the same zone again.
 */
#include "dnsd/unchecked.h"

#include "serial.h"
#include "updatepart.h"
#include "dnsd/zonelines.h"

#include "server.h"

#define ZONE                                                                   \
	"x. 60 SOA ns.x. root.x. 7 2 3 4 5\n"                                  \
	"x. 60 NS ns.x.\n"                                                     \
	"x. 60 NS ns.y.\n"                                                     \
	"ns.x. 60 A 192.0.2.1\n"                                               \
	"a.x. 60 A 192.0.2.2\n"                                                \
	"a.x. 60 TXT one\n"                                                    \
	"c.x. 60 CNAME a.x.\n"                                                 \
	"b.e.x. 60 A 192.0.2.4\n"                                              \
	"d.x. 60 DNAME y.\n"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct snapshot *zone;
static struct server server;

static void
check_node(const struct snapshot *s, const struct node *n)
{
	unsigned i, others = 0, cnames = 0;
	const struct node *above;
	struct dname name;
	uint16_t type;

	for (i = 0; i < n->nsets; i++) {
		type = n->sets[i]->type;
		cnames += type == TYPE_CNAME;
		others += type != TYPE_CNAME && type != TYPE_RRSIG &&
		    type != TYPE_NSEC && type != TYPE_KEY && type != TYPE_SIG &&
		    type != TYPE_NXT;
		ck_assert(type != TYPE_SOA || n == s->apex);
		ck_assert(!rtype_is_single(type) || n->sets[i]->count == 1);
	}
	ck_assert(cnames == 0 || others == 0);
	ck_assert_int_eq(dname_set(&name, node_name(n), n->len), 0);
	for (i = 1; i + s->origin.labels <= name.labels; i++)
		if ((above = snapshot_find(s, &name, i)) != NULL)
			ck_assert((above->flags & NODE_DNAME) == 0);
}

static void
check_zone(const struct snapshot *s, bool changed)
{
	struct snapshot_walk walk = { 0 };
	const struct node *n;

	ck_assert_ptr_nonnull(node_rrset(s->apex, TYPE_SOA));
	ck_assert_ptr_nonnull(node_rrset(s->apex, TYPE_NS));
	ck_assert_int_eq(serial_newer(s->serial, zone->serial), changed);
	while ((n = snapshot_next(s, &walk)) != NULL)
		check_node(s, n);
}

/* The changes, done to the zone as a journal does them. */
static struct snapshot *
again(const struct edit_change *v, size_t n)
{
	struct edit *e = edit_begin(NULL, &zone->origin);
	struct dname name;
	struct edit_rr rr;
	size_t i;

	ck_assert_ptr_nonnull(e);
	zonelines_edit(e, ZONE);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(dname_set(&name, v[i].name, DNS_NAME), 0);
		ck_assert(rdata_valid(v[i].type, v[i].data, v[i].len));
		ck_assert(i == 0 || v[i].added >= v[i - 1].added);
		rr = (struct edit_rr){ v[i].type, v[i].ttl, v[i].data,
			v[i].len };
		if (v[i].added)
			edit_add(e, &name, &rr);
		else
			ck_assert_int_eq(edit_remove(e, &name, &rr), EDIT_DONE);
	}
	return edit_commit(e);
}

static unsigned
apply(struct update_message *m, struct edit *e, const struct request *r)
{
	unsigned rcode = update_read(m, r);

	if (rcode == DNS_NOERROR)
		rcode = update_prerequisites(m, e);
	if (rcode == DNS_NOERROR)
		rcode = update_prescan(m);
	if (rcode == DNS_NOERROR)
		rcode = update_apply(m, e);
	if (rcode == DNS_NOERROR)
		rcode = update_finish(e, zone->serial);
	return rcode;
}

static void
update(const struct request *r)
{
	struct edit *e = edit_begin(zone, NULL);
	const struct edit_change *v;
	struct snapshot *s, *same;
	struct update_message m;
	unsigned rcode;
	size_t n;

	ck_assert_ptr_nonnull(e);
	edit_record(e);
	rcode = apply(&m, e, r);
	update_message_free(&m);
	if (rcode != DNS_NOERROR) {
		edit_abort(e);
		return;
	}
	n = edit_changes(e, &v);
	same = again(v, n);
	s = edit_commit(e);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_nonnull(same);
	check_zone(s, n > 0);
	ck_assert(snapshot_same(s, same));
	snapshot_free(s);
	snapshot_free(same);
}

static void
prepare(void)
{
	static struct dnsd_conf conf;

	dname_seed();
	conf.identity = (char *)(uintptr_t) "";
	conf.udp_size = 1232;
	server.conf = &conf;
	server.main.server = &server;
}

/* The input is what follows the flags: counts, question (of x.), records. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static uint8_t message[4 + 65535], out[65535];
	struct request r = { .tcp = true, .thread = &server.main };

	if (server.conf == NULL)
		prepare();
	if (len > sizeof(message) - 4)
		return 0;
	message[2] = OPCODE_UPDATE << 3;
	memcpy(message + 4, p, len);
	r.bytes = message;
	r.len = 4 + len;
	r.reply.bytes = out;
	r.reply.limit = sizeof(out);
	if (request_read(&r) != REQUEST_UPDATE || r.qtype != TYPE_SOA)
		return 0;
	zone = zonelines_zone("x.", ZONE);
	if (dname_is(&r.qname, 0, zone->origin.wire, zone->origin.len))
		update(&r);
	snapshot_free(zone);
	return 0;
}
