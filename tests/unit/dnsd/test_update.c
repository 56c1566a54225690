/*
 * Updates: each form of prerequisite and change, by its code and by the zone
 * that comes out; who may; what is refused.
 */
#include "tap.h"
#include "updated.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define SOA "x. 60 SOA ns.x. root.x. "
#define REST                                                                   \
	"x. 60 NS ns.x.\n"                                                     \
	"x. 60 NS ns.y.\n"                                                     \
	"x. 60 MX 10 a.x.\n"                                                   \
	"ns.x. 60 A 192.0.2.1\n"                                               \
	"a.x. 60 A 192.0.2.2\n"                                                \
	"a.x. 60 A 192.0.2.3\n"                                                \
	"a.x. 60 TXT one\n"                                                    \
	"alias.x. 60 CNAME a.x.\n"                                             \
	"deep.empty.x. 60 A 192.0.2.4\n"                                       \
	"d.x. 60 DNAME y.\n"                                                   \
	"w.x. 60 WKS 192.0.2.9 6 25\n"
#define ZONE SOA "7 2 3 4 5\n" REST

static struct updated u;
static struct zone *zone;

static void
setup(void)
{
	log_level(-1); /* refusals are told */
	updated_init(&u);
	updated_add(&u, "x.");
	updated_start(&u);
	zone = updated_load(&u, "x.", ZONE);
}

static void
teardown(void)
{
	char path[128];

	zone_path(zone, ".jnl", path, sizeof(path));
	updated_stop(&u);
	unlink(path);
	ck_assert_int_eq(rmdir(u.dir), 0);
}

/* The zone is what these lines make of ZONE. */
static void
expect_zone(const char *changes)
{
	struct snapshot *s = zonelines_zone("x.", ZONE), *want;
	struct edit *e = edit_begin(s, NULL);
	char *a, *b;

	zonelines_edit(e, changes);
	want = edit_commit(e);
	ck_assert_ptr_nonnull(want);
	a = zonelines_text(want);
	b = zonelines_text(zone_now(zone));
	ck_assert_str_eq(b, a);
	free(a);
	free(b);
	snapshot_retire(s, want);
	snapshot_retire(want, NULL);
}

/* The journal, from the beginning, makes the same zone. */
static void
expect_journal(void)
{
	struct snapshot *s = zonelines_zone("x.", ZONE), *next;
	struct edit *e = edit_begin(s, NULL);
	char *a, *b;

	if (zone_now(zone)->serial != s->serial)
		ck_assert_int_gt(journal_replay(zone->journal, 7, e), 0);
	next = edit_commit(e);
	a = zonelines_text(next);
	b = zonelines_text(zone_now(zone));
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
	snapshot_retire(s, next);
	snapshot_retire(next, NULL);
}

/* Prerequisites (RFC 2136 sections 2.4 and 3.2). */
static const struct {
	const char *lines;
	unsigned rcode;
} prerequisites[] = {
	/* clang-format off */
	/* 2.4.1 RRset exists, whatever it is */
	{ "a.x. 0 ANY A", DNS_NOERROR },
	{ "A.X. 0 ANY A", DNS_NOERROR },
	{ "a.x. 0 ANY AAAA", DNS_NXRRSET },
	{ "no.x. 0 ANY A", DNS_NXRRSET },
	{ "empty.x. 0 ANY A", DNS_NXRRSET },
	{ "x. 0 ANY SOA", DNS_NOERROR },
	{ "alias.x. 0 ANY A", DNS_NXRRSET }, /* no aliases (1.1.4), */
	{ "alias.x. 0 ANY CNAME", DNS_NOERROR },
	{ "n.d.x. 0 ANY A", DNS_NXRRSET }, /* of either kind */
	{ "a.x. 1 ANY A", DNS_FORMERR },
	{ "a.x. 0 ANY A 192.0.2.2", DNS_FORMERR },
	{ "a.y. 0 ANY A", DNS_NOTZONE },
	{ "y. 0 ANY ANY", DNS_NOTZONE },
	{ "ax. 0 ANY A", DNS_NOTZONE },
	{ ". 0 ANY A", DNS_NOTZONE },
	/* 2.4.2 RRset exists, with these records */
	{ "a.x. 0 IN A 192.0.2.2\na.x. 0 IN A 192.0.2.3", DNS_NOERROR },
	{ "a.x. 0 IN A 192.0.2.3\nA.x. 0 IN A 192.0.2.2", DNS_NOERROR },
	{ "a.x. 0 IN A 192.0.2.3\na.x. 0 IN A 192.0.2.2\n"
	  "a.x. 0 IN A 192.0.2.3", DNS_NOERROR },
	{ "a.x. 0 IN A 192.0.2.2", DNS_NXRRSET },
	{ "a.x. 0 IN A 192.0.2.2\na.x. 0 IN A 192.0.2.3\n"
	  "a.x. 0 IN A 192.0.2.4", DNS_NXRRSET },
	{ "a.x. 0 IN A 192.0.2.2\na.x. 0 IN A 192.0.2.4", DNS_NXRRSET },
	{ "a.x. 0 IN A 192.0.2.2\na.x. 0 IN TXT one\n"
	  "a.x. 0 IN A 192.0.2.3", DNS_NOERROR },
	{ "a.x. 0 IN A 192.0.2.2\na.x. 0 IN TXT two\n"
	  "a.x. 0 IN A 192.0.2.3", DNS_NXRRSET },
	{ "a.x. 0 IN TXT ONE", DNS_NXRRSET },
	{ "x. 0 IN NS NS.Y.\nx. 0 IN NS ns.x.", DNS_NOERROR },
	{ "x. 0 IN MX 10 A.x.", DNS_NOERROR },
	{ "x. 0 IN SOA ns.x. root.x. 7 2 3 4 5", DNS_NOERROR },
	{ "x. 0 IN SOA ns.x. root.x. 8 2 3 4 5", DNS_NXRRSET },
	{ "no.x. 0 IN A 192.0.2.2", DNS_NXRRSET },
	{ "a.x. 60 IN A 192.0.2.2\na.x. 0 IN A 192.0.2.3", DNS_FORMERR },
	{ "a.y. 0 IN A 192.0.2.2", DNS_NOTZONE },
	{ "a.x. 0 IN A", DNS_FORMERR },
	{ "a.x. 0 IN ANY", DNS_FORMERR },
	/* 2.4.3 RRset does not exist */
	{ "a.x. 0 NONE AAAA", DNS_NOERROR },
	{ "no.x. 0 NONE A", DNS_NOERROR },
	{ "a.x. 0 NONE A", DNS_YXRRSET },
	{ "a.x. 5 NONE A", DNS_FORMERR },
	{ "a.x. 0 NONE A 192.0.2.77", DNS_FORMERR },
	{ "a.y. 0 NONE A", DNS_NOTZONE },
	/* 2.4.4 name is in use */
	{ "a.x. 0 ANY ANY", DNS_NOERROR },
	{ "x. 0 ANY ANY", DNS_NOERROR },
	{ "no.x. 0 ANY ANY", DNS_NXDOMAIN },
	{ "empty.x. 0 ANY ANY", DNS_NXDOMAIN },
	{ "a.x. 1 ANY ANY", DNS_FORMERR },
	/* 2.4.5 name is not in use */
	{ "no.x. 0 NONE ANY", DNS_NOERROR },
	{ "empty.x. 0 NONE ANY", DNS_NOERROR },
	{ "a.x. 0 NONE ANY", DNS_YXDOMAIN },
	{ "a.x. 1 NONE ANY", DNS_FORMERR },
	/* other classes; the first that is wrong; lists */
	{ "a.x. 0 CH A 192.0.2.2", DNS_FORMERR },
	{ "a.x. 0 CLASS0 A", DNS_FORMERR },
	{ "no.x. 0 ANY ANY\na.x. 0 NONE ANY", DNS_NXDOMAIN },
	{ "a.x. 0 NONE ANY\nno.x. 0 ANY ANY", DNS_YXDOMAIN },
	{ "a.x. 0 IN TXT no\na.x. 0 NONE ANY", DNS_YXDOMAIN },
	{ "a.x. 0 ANY ANY\na.x. 0 ANY TXT\nno.x. 0 NONE ANY\n"
	  "a.x. 0 NONE MX\na.x. 0 IN TXT one", DNS_NOERROR },
	/* clang-format on */
};

/* With one change, which is done or not. */
START_TEST(prerequisite)
{
	unsigned rcode;

	rcode = updated_do(
	    &u, "x.", prerequisites[_i].lines, "new.x. 5 IN A 192.0.2.5");
	ck_assert_msg(rcode == prerequisites[_i].rcode, "%s: %u",
	    prerequisites[_i].lines, rcode);
	if (rcode == DNS_NOERROR)
		expect_zone(SOA "8 2 3 4 5\nnew.x. 5 A 192.0.2.5");
	else
		expect_zone("");
	expect_journal();
}
END_TEST

#define NEXT SOA "8 2 3 4 5\n"

/* Changes (RFC 2136 sections 2.5 and 3.4). */
static const struct {
	const char *lines;
	unsigned rcode;
	const char *changes; /* to ZONE */
} changes[] = {
	/* clang-format off */
	{ "", DNS_NOERROR, "" },
	/* 2.5.1 add */
	{ "new.x. 5 IN A 192.0.2.5", DNS_NOERROR,
	  NEXT "new.x. 5 A 192.0.2.5" },
	{ "a.x. 60 IN A 192.0.2.2", DNS_NOERROR, "" },
	{ "A.X. 60 IN TXT one", DNS_NOERROR, "" },
	{ "a.x. 60 IN A 192.0.2.9", DNS_NOERROR, NEXT "a.x. 60 A 192.0.2.9" },
	{ "a.x. 7 IN A 192.0.2.2", DNS_NOERROR, NEXT "a.x. 7 A 192.0.2.2" },
	{ "a.x. 4294967295 IN A 192.0.2.2", DNS_NOERROR,
	  NEXT "a.x. 0 A 192.0.2.2" },
	{ "*.x. 5 IN A 192.0.2.5", DNS_NOERROR, NEXT "*.x. 5 A 192.0.2.5" },
	{ "new.x. 5 IN TYPE65280 \\# 3 010203", DNS_NOERROR,
	  NEXT "new.x. 5 TYPE65280 \\# 3 010203" },
	{ "new.x. 5 IN TYPE65280 \\# 0", DNS_NOERROR,
	  NEXT "new.x. 5 TYPE65280 \\# 0" },
	{ "host.x. 5 IN DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
	  DNS_NOERROR,
	  NEXT "host.x. 5 DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=" },
	{ "x. 5 IN NS ns3.y.", DNS_NOERROR, NEXT "x. 5 NS ns3.y." },
	{ "new.x. 0 IN A", DNS_FORMERR, "" },
	{ "new.y. 0 IN A 192.0.2.5", DNS_NOTZONE, "" },
	{ "new.x. 0 IN ANY", DNS_FORMERR, "" },
	{ "new.x. 0 IN TYPE252", DNS_FORMERR, "" },
	{ "new.x. 0 IN TYPE253", DNS_FORMERR, "" },
	{ "new.x. 0 IN TYPE254", DNS_FORMERR, "" },
	{ "new.x. 0 IN TYPE251", DNS_FORMERR, "" },
	{ "new.x. 0 CH A 192.0.2.5", DNS_FORMERR, "" },
	/* CNAME: whichever came first */
	{ "a.x. 5 IN CNAME b.x.", DNS_NOERROR, "" },
	{ "alias.x. 5 IN A 192.0.2.5", DNS_NOERROR, "" },
	{ "alias.x. 5 IN CNAME b.x.", DNS_NOERROR,
	  NEXT "alias.x. 5 CNAME b.x." },
	{ "alias.x. 5 IN DNAME b.y.", DNS_NOERROR, "" },
	{ "d.x. 5 IN CNAME b.x.", DNS_NOERROR, "" },
	{ "d.x. 5 IN DNAME b.y.", DNS_NOERROR, NEXT "d.x. 5 DNAME b.y." },
	{ "empty.x. 5 IN CNAME b.x.", DNS_NOERROR,
	  NEXT "empty.x. 5 CNAME b.x." },
	{ "x. 5 IN CNAME b.x.", DNS_NOERROR, "" },
	{ "alias.x. 0 ANY CNAME\nalias.x. 5 IN A 192.0.2.5", DNS_NOERROR,
	  NEXT "-alias.x. 0 CNAME a.x.\nalias.x. 5 A 192.0.2.5" },
	/* a zone that could not be loaded */
	{ "n.d.x. 5 IN A 192.0.2.5", DNS_REFUSED, "" },
	{ "empty.x. 5 IN DNAME b.y.", DNS_REFUSED, "" },
	{ "d.x. 0 ANY DNAME\nn.d.x. 5 IN A 192.0.2.5", DNS_NOERROR,
	  NEXT "-d.x. 0 DNAME y.\nn.d.x. 5 A 192.0.2.5" },
	/* WKS: address and protocol say which */
	{ "w.x. 60 IN WKS 192.0.2.9 6 25 80", DNS_NOERROR,
	  NEXT "-w.x. 0 WKS 192.0.2.9 6 25\nw.x. 60 WKS 192.0.2.9 6 25 80" },
	{ "w.x. 60 IN WKS 192.0.2.9 17 53", DNS_NOERROR,
	  NEXT "w.x. 60 WKS 192.0.2.9 17 53" },
	{ "w.x. 60 IN WKS 192.0.2.9 6 25", DNS_NOERROR, "" },
	/* SOA: only a newer serial, only at the origin */
	{ "x. 60 IN SOA ns.x. root.x. 9 2 3 4 5", DNS_NOERROR,
	  SOA "9 2 3 4 5" },
	{ "x. 60 IN SOA ns.x. root.x. 7 9 9 9 9", DNS_NOERROR, "" },
	{ "x. 60 IN SOA ns.x. root.x. 6 9 9 9 9", DNS_NOERROR, "" },
	{ "x. 60 IN SOA ns.x. root.x. 2147483655 9 9 9 9", DNS_NOERROR, "" },
	{ "x. 60 IN SOA ns.x. root.x. 2147483654 2 3 4 5", DNS_NOERROR,
	  SOA "2147483654 2 3 4 5" },
	{ "x. 60 IN SOA ns.x. root.x. 6 9 9 9 9\nnew.x. 5 IN A 192.0.2.5",
	  DNS_NOERROR, NEXT "new.x. 5 A 192.0.2.5" },
	{ "new.x. 5 IN A 192.0.2.5\nx. 60 IN SOA ns.x. root.x. 30 2 3 4 5",
	  DNS_NOERROR, SOA "30 2 3 4 5\nnew.x. 5 A 192.0.2.5" },
	{ "x. 60 IN SOA ns.x. root.x. 30 2 3 4 5\n"
	  "x. 60 IN SOA ns.x. root.x. 20 9 9 9 9", DNS_NOERROR,
	  SOA "30 2 3 4 5" },
	{ "a.x. 60 IN SOA ns.x. root.x. 9 2 3 4 5", DNS_NOERROR, "" },
	/* 2.5.2 delete an RRset */
	{ "a.x. 0 ANY A", DNS_NOERROR,
	  NEXT "-a.x. 0 A 192.0.2.2\n-a.x. 0 A 192.0.2.3" },
	{ "a.x. 0 ANY AAAA", DNS_NOERROR, "" },
	{ "no.x. 0 ANY A", DNS_NOERROR, "" },
	{ "x. 0 ANY MX", DNS_NOERROR, NEXT "-x. 0 MX 10 a.x." },
	{ "x. 0 ANY NS", DNS_NOERROR, "" },
	{ "x. 0 ANY SOA", DNS_NOERROR, "" },
	{ "a.x. 1 ANY A", DNS_FORMERR, "" },
	{ "a.x. 0 ANY A 192.0.2.2", DNS_FORMERR, "" },
	{ "a.x. 0 ANY TYPE252", DNS_FORMERR, "" },
	{ "a.y. 0 ANY A", DNS_NOTZONE, "" },
	/* 2.5.3 delete all of a name */
	{ "a.x. 0 ANY ANY", DNS_NOERROR,
	  NEXT "-a.x. 0 A 192.0.2.2\n-a.x. 0 A 192.0.2.3\n-a.x. 0 TXT one" },
	{ "x. 0 ANY ANY", DNS_NOERROR, NEXT "-x. 0 MX 10 a.x." },
	{ "no.x. 0 ANY ANY", DNS_NOERROR, "" },
	{ "empty.x. 0 ANY ANY", DNS_NOERROR, "" },
	{ "a.x. 9 ANY ANY", DNS_FORMERR, "" },
	{ "a.y. 0 ANY ANY", DNS_NOTZONE, "" },
	/* 2.5.4 delete a record */
	{ "a.x. 0 NONE A 192.0.2.2", DNS_NOERROR, NEXT "-a.x. 0 A 192.0.2.2" },
	{ "a.x. 0 NONE A 192.0.2.77", DNS_NOERROR, "" },
	{ "no.x. 0 NONE A 192.0.2.2", DNS_NOERROR, "" },
	{ "x. 0 NONE MX 10 A.X.", DNS_NOERROR, NEXT "-x. 0 MX 10 a.x." },
	{ "x. 0 NONE NS ns.y.", DNS_NOERROR, NEXT "-x. 0 NS ns.y." },
	{ "x. 0 NONE NS ns.y.\nx. 0 NONE NS ns.x.", DNS_NOERROR,
	  NEXT "-x. 0 NS ns.y." },
	{ "x. 0 NONE SOA ns.x. root.x. 7 2 3 4 5", DNS_NOERROR, "" },
	{ "a.x. 5 NONE A 192.0.2.2", DNS_FORMERR, "" },
	{ "a.x. 0 NONE ANY", DNS_FORMERR, "" },
	{ "a.x. 0 NONE TYPE252", DNS_FORMERR, "" },
	{ "a.y. 0 NONE A 192.0.2.2", DNS_NOTZONE, "" },
	/* all or nothing; in their order; what comes to nothing is nothing */
	{ "new.x. 5 IN A 192.0.2.5\na.y. 5 IN A 192.0.2.5", DNS_NOTZONE, "" },
	{ "new.x. 5 IN A 192.0.2.5\na.x. 5 NONE A 192.0.2.2", DNS_FORMERR, "" },
	{ "a.x. 0 ANY A\na.x. 5 IN A 192.0.2.5", DNS_NOERROR,
	  NEXT "-a.x. 0 A 192.0.2.2\n-a.x. 0 A 192.0.2.3\na.x. 5 A 192.0.2.5" },
	{ "a.x. 5 IN A 192.0.2.5\na.x. 0 ANY A", DNS_NOERROR,
	  NEXT "-a.x. 0 A 192.0.2.2\n-a.x. 0 A 192.0.2.3" },
	{ "new.x. 5 IN A 192.0.2.5\nnew.x. 0 ANY ANY", DNS_NOERROR, "" },
	{ "a.x. 0 NONE A 192.0.2.2\na.x. 60 IN A 192.0.2.2", DNS_NOERROR, "" },
	{ "x. 60 IN NS n3.x.\nx. 0 NONE NS ns.x.\nx. 0 NONE NS ns.y.",
	  DNS_NOERROR, NEXT "x. 60 NS n3.x.\n-x. 0 NS ns.x.\n-x. 0 NS ns.y." },
	/* clang-format on */
};

START_TEST(change)
{
	unsigned rcode = updated_do(&u, "x.", "", changes[_i].lines);

	ck_assert_msg(
	    rcode == changes[_i].rcode, "%s: %u", changes[_i].lines, rcode);
	expect_zone(changes[_i].changes);
	expect_journal();
}
END_TEST

/* Data that is not what its type says. */
static const struct {
	uint16_t type, class;
	size_t len;
	const char *data;
} bad[] = {
	{ TYPE_AAAA, CLASS_IN, 3, "\1\2\3" },
	{ TYPE_A, CLASS_NONE, 5, "\1\2\3\4\5" },
	{ TYPE_A, CLASS_NONE, 0, "" },
	{ TYPE_TXT, CLASS_IN, 2, "\5x" },
	{ TYPE_CNAME, CLASS_IN, 2, "\1x" },
	{ TYPE_CNAME, CLASS_IN, 2, "\xff\xff" },
	{ TYPE_SOA, CLASS_IN, 4, "\0\0\0\0" },
	{ TYPE_MX, CLASS_IN, 2, "\0\1" },
};

START_TEST(bad_data)
{
	static struct updated_message m;
	static struct updated_answer a;
	struct dns_rr rr = { .type = bad[_i].type, .class = bad[_i].class };

	updated_begin(&m, "x.");
	updated_lines(&m, 2, "new.x. 5 IN A 192.0.2.5");
	dns_name_parse("bad.x.", rr.name);
	rr.data = (const uint8_t *)bad[_i].data;
	rr.len = bad[_i].len;
	dns_put_rr(&m.b, 2, &rr);
	updated_give(&u, &m, &u.keys[0], &a);
	updated_wait(&u, &a);
	ck_assert_uint_eq(a.rcode, DNS_FORMERR);
	expect_zone("");
	expect_journal();
}
END_TEST

/* What is asked, by whom, of what: zone, type, class, key. */
static const struct {
	const char *zone;
	uint16_t type, class;
	int key; /* -1: not signed */
	unsigned rcode;
} asked[] = {
	{ "x.", TYPE_SOA, CLASS_IN, 0, DNS_NOERROR },
	{ "X.", TYPE_SOA, CLASS_IN, 0, DNS_NOERROR },
	{ "x.", TYPE_SOA, CLASS_IN, 1, DNS_REFUSED },
	{ "x.", TYPE_SOA, CLASS_IN, -1, DNS_REFUSED },
	{ "x.", TYPE_A, CLASS_IN, 0, DNS_FORMERR },
	{ "x.", TYPE_ANY, CLASS_IN, -1, DNS_FORMERR },
	{ "x.", TYPE_SOA, CLASS_CH, 0, DNS_NOTAUTH },
	{ "x.", TYPE_SOA, CLASS_ANY, 0, DNS_NOTAUTH },
	{ "a.x.", TYPE_SOA, CLASS_IN, 0, DNS_NOTAUTH },
	{ "y.", TYPE_SOA, CLASS_IN, -1, DNS_NOTAUTH },
	{ ".", TYPE_SOA, CLASS_IN, 0, DNS_NOTAUTH },
};

START_TEST(asks)
{
	static struct updated_message m;
	static struct updated_answer a;
	uint8_t name[DNS_NAME];

	updated_begin(&m, "x.");
	m.b.len = DNS_HEADER;
	m.bytes[5] = 0;
	dns_name_parse(asked[_i].zone, name);
	dns_put_question(&m.b, name, asked[_i].type, asked[_i].class);
	/* who has no grant is not told by prerequisites what there is */
	updated_lines(&m, 1, "a.x. 0 ANY ANY");
	updated_lines(&m, 2, "new.x. 5 IN A 192.0.2.5");
	updated_give(
	    &u, &m, asked[_i].key < 0 ? NULL : &u.keys[asked[_i].key], &a);
	updated_wait(&u, &a);
	ck_assert_uint_eq(a.rcode, asked[_i].rcode);
	ck_assert_uint_eq(a.bytes[0] << 8 | a.bytes[1], 0x1234);
	ck_assert_uint_eq(a.bytes[2], 0x80 | OPCODE_UPDATE << 3);
	ck_assert_uint_eq(a.bytes[3], asked[_i].rcode);
	if (a.rcode == DNS_NOERROR)
		expect_zone(NEXT "new.x. 5 A 192.0.2.5");
	else
		expect_zone("");
	expect_journal();
}
END_TEST

/* What is granted: names and types, of each record. */
static const struct {
	int how;
	const char *name;
	uint16_t types[3];
	const char *lines;
	bool granted;
} grants[] = {
	/* clang-format off */
	{ GRANT_NAME, "h.x.", { 0 }, "h.x. 5 IN A 192.0.2.5", true },
	{ GRANT_NAME, "H.X.", { 0 }, "h.x. 0 ANY ANY", true },
	{ GRANT_NAME, "h.x.", { 0 }, "i.h.x. 5 IN A 192.0.2.5", false },
	{ GRANT_NAME, "h.x.", { 0 }, "i.x. 5 IN A 192.0.2.5", false },
	{ GRANT_NAME, "h.x.", { 0 }, "h.x. 5 IN TXT a\ni.x. 5 IN TXT a", false },
	{ GRANT_SUBDOMAIN, "h.x.", { 0 }, "h.x. 5 IN A 192.0.2.5", true },
	{ GRANT_SUBDOMAIN, "h.x.", { 0 }, "j.i.h.x. 5 IN A 192.0.2.5", true },
	{ GRANT_SUBDOMAIN, "h.x.", { 0 }, "ah.x. 5 IN A 192.0.2.5", false },
	{ GRANT_SUBDOMAIN, "h.x.", { 0 }, "x. 5 IN A 192.0.2.5", false },
	{ GRANT_ANY, "", { TYPE_A, TYPE_TXT }, "h.x. 5 IN A 192.0.2.5", true },
	{ GRANT_ANY, "", { TYPE_A, TYPE_TXT }, "h.x. 0 ANY TXT", true },
	{ GRANT_ANY, "", { TYPE_A, TYPE_TXT }, "h.x. 0 NONE MX 5 a.", false },
	{ GRANT_ANY, "", { TYPE_A, TYPE_TXT }, "h.x. 0 ANY AAAA", false },
	/* all of a name: all that is there */
	{ GRANT_ANY, "", { TYPE_A, TYPE_TXT }, "a.x. 0 ANY ANY", true },
	{ GRANT_ANY, "", { TYPE_A }, "a.x. 0 ANY ANY", false },
	{ GRANT_ANY, "", { TYPE_A }, "no.x. 0 ANY ANY", true },
	{ GRANT_ANY, "", { TYPE_MX }, "x. 0 ANY ANY", true },
	{ GRANT_ANY, "", { TYPE_A }, "x. 0 ANY ANY", false },
	/* without types: all but those that hold the zone together */
	{ GRANT_ANY, "", { 0 }, "h.x. 5 IN TYPE65280 \\# 0", true },
	{ GRANT_ANY, "", { 0 }, "h.x. 5 IN DHCID AAAA", true },
	{ GRANT_ANY, "", { 0 }, "h.x. 5 IN NS ns.y.", false },
	{ GRANT_ANY, "", { 0 }, "x. 5 IN SOA ns.x. root.x. 9 2 3 4 5", false },
	{ GRANT_ANY, "", { 0 }, "h.x. 0 ANY DS", false },
	{ GRANT_ANY, "", { 0 }, "x. 0 ANY DNSKEY", false },
	{ GRANT_ANY, "", { TYPE_NS }, "h.x. 5 IN NS ns.y.", true },
	{ GRANT_ANY, "", { TYPE_NS }, "h.x. 5 IN A 192.0.2.5", false },
	/* clang-format on */
};

START_TEST(grant)
{
	struct grant_conf *g = u.grants[0];
	unsigned rcode;

	u.zones[0].updates.n = 1;
	u.names[0].how = grants[_i].how;
	if (grants[_i].how != GRANT_ANY)
		zonelines_name(&u.names[0].name, grants[_i].name);
	g->type = (uint16_t *)(uintptr_t)grants[_i].types;
	while (grants[_i].types[g->ntypes] != 0)
		g->ntypes++;
	rcode = updated_do(&u, "x.", "", grants[_i].lines);
	ck_assert_msg(rcode == (grants[_i].granted ? DNS_NOERROR : DNS_REFUSED),
	    "%s: %u", grants[_i].lines, rcode);
	if (!grants[_i].granted)
		expect_zone("");
}
END_TEST

/* Not ours to change: a secondary, a zone that is not loaded. */
START_TEST(not_here)
{
	zone->secondary = true;
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "h.x. 5 IN TXT a"), DNS_REFUSED);
	zone->secondary = false;
	zone_publish(zone, NULL);
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "h.x. 5 IN TXT a"), DNS_SERVFAIL);
}
END_TEST

/* In the order of section 3: what is wrong first is told. */
START_TEST(order)
{
	static const struct {
		const char *prerequisites, *updates;
		unsigned rcode;
	} rows[] = {
		{ "a.x. 0 NONE ANY", "x. 0 ANY DNSKEY", DNS_YXDOMAIN },
		{ "", "x. 0 ANY DNSKEY\nnew.y. 0 IN A", DNS_REFUSED },
		{ "", "new.y. 0 IN TXT a\nx. 0 IN A", DNS_NOTZONE },
		{ "", "x. 0 IN A\nnew.y. 0 IN TXT a", DNS_FORMERR },
	};
	size_t i;

	for (i = 0; i < nitems(rows); i++)
		ck_assert_uint_eq(updated_do(&u, "x.", rows[i].prerequisites,
				      rows[i].updates),
		    rows[i].rcode);
	expect_zone("");
}
END_TEST

/* Many at once: each has its serial; what an unfinished one did counts. */
START_TEST(together)
{
	static struct updated_message m;
	static struct updated_answer a[40];
	char line[64];
	size_t i;

	for (i = 0; i < 40; i++) {
		updated_begin(&m, "x.");
		/* every second one asks for what the one before it does */
		snprintf(line, sizeof(line), "h%zu.x. 0 ANY TXT", i / 2 * 2);
		if (i % 2 == 1)
			updated_lines(&m, 1, line);
		snprintf(line, sizeof(line), "h%zu.x. 5 IN TXT %zu", i, i);
		updated_lines(&m, 2, line);
		updated_give(&u, &m, &u.keys[0], &a[i]);
	}
	ck_assert(!a[0].there);
	for (i = 0; i < 40; i++) {
		updated_wait(&u, &a[i]);
		ck_assert_uint_eq(a[i].rcode, DNS_NOERROR);
	}
	ck_assert_uint_eq(zone_now(zone)->serial, 47);
	expect_journal();
	ck_assert_uint_eq(u.counters[C_UPDATES], 40);
}
END_TEST

/* What changes nothing is answered when what it found is on disk. */
START_TEST(same_again)
{
	static struct updated_message m;
	static struct updated_answer a[2];
	size_t i;

	for (i = 0; i < 2; i++) {
		updated_begin(&m, "x.");
		updated_lines(&m, 2, "new.x. 5 IN TXT a");
		updated_give(&u, &m, &u.keys[0], &a[i]);
	}
	while (!a[1].there) {
		ck_assert_uint_eq(zone_now(zone)->serial, 7);
		ck_assert(!a[0].there);
		ev_run(u.server.loop, EVRUN_ONCE);
	}
	ck_assert(a[0].there);
	ck_assert_uint_eq(a[0].rcode, DNS_NOERROR);
	ck_assert_uint_eq(a[1].rcode, DNS_NOERROR);
	ck_assert_uint_eq(zone_now(zone)->serial, 8);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("update");
	TCase *tc = tcase_create("update");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, prerequisite, 0, nitems(prerequisites));
	tcase_add_loop_test(tc, change, 0, nitems(changes));
	tcase_add_loop_test(tc, bad_data, 0, nitems(bad));
	tcase_add_loop_test(tc, asks, 0, nitems(asked));
	tcase_add_loop_test(tc, grant, 0, nitems(grants));
	tcase_add_test(tc, not_here);
	tcase_add_test(tc, order);
	tcase_add_test(tc, together);
	tcase_add_test(tc, same_again);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
