/* reply: records into messages, names compressed; every byte of them. */
#include "asked.h"
#include "reply.h"
#include "rrset.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HEADER "0000 0000 0000 0000 0000 0000"

static struct reply r;
static uint8_t bytes[65535];
static struct dname question;

/* An RRset from records as hex; eight of them live at once. */
static const struct rrset *
rrset(uint16_t type, const char *const *records, unsigned n)
{
	static _Alignas(struct rrset) uint8_t room[8][1024];
	static unsigned used;
	struct rrset *set = (struct rrset *)room[used++ % 8];
	uint16_t len;
	unsigned i;

	memset(set, 0, sizeof(*set));
	set->type = type;
	set->count = (uint16_t)n;
	set->ttl = 3600;
	for (i = 0; i < n; i++) {
		len = (uint16_t)asked_bytes(
		    records[i], set->data + set->size + 2);
		memcpy(set->data + set->size, &len, 2);
		set->size += 2u + len;
	}
	return set;
}

static const struct rrset *
rrset1(uint16_t type, const char *record)
{
	return rrset(type, &record, 1);
}

static void
name(struct dname *n, const char *text)
{
	ck_assert_int_eq(dname_parse(n, text, strlen(text), NULL), 0);
}

static void
begin(const char *qname)
{
	memset(&r, 0xa5, sizeof(r));
	memset(bytes, 0, DNS_HEADER);
	r.bytes = bytes;
	r.limit = sizeof(bytes);
	reply_begin(&r);
	name(&question, qname);
	reply_question(&r, &question, TYPE_A, CLASS_IN);
}

static void
expect(const char *text)
{
	uint8_t want[4096];
	size_t n = asked_bytes(text, want);

	ck_assert_msg(n == r.len && memcmp(want, bytes, n) == 0, "%s",
	    asked_hex(bytes, r.len));
}

/* The owner is the question: nothing is looked up. */
START_TEST(test_question)
{
	static const char *const addresses[] = { "01020304", "01020305",
		"01020306" };
	const struct rrset *set = rrset(TYPE_A, addresses, 3);

	begin("www.Example.");
	ck_assert(
	    reply_rrset(&r, REPLY_ANSWER, reply_owner(&question, 0), set, 1));
	expect(HEADER "03'www'07'Example'00 0001 0001"
		      "c00c 0001 0001 00000e10 0004 01020305"
		      "c00c 0001 0001 00000e10 0004 01020306"
		      "c00c 0001 0001 00000e10 0004 01020304");
	ck_assert_uint_eq(r.count[REPLY_ANSWER], 3);
	ck_assert_uint_eq(r.nnames, 0);
}
END_TEST

START_TEST(test_names)
{
	begin("www.example.");
	ck_assert(reply_rrset(&r, REPLY_ANSWER, reply_owner(&question, 0),
	    rrset1(TYPE_MX, "000a 04'mail'07'EXAMPLE'00"), 0));
	ck_assert(reply_rrset(&r, REPLY_AUTHORITY, reply_owner(&question, 1),
	    rrset1(TYPE_NS, "02'ns'04'mail'07'example'00"), 0));
	ck_assert(reply_rrset(&r, REPLY_AUTHORITY, reply_owner(&question, 2),
	    rrset1(TYPE_SOA,
		"01'a'00 02'ns'04'MAIL'07'example'00"
		"00000001 00000002 00000003 00000004 00000005"),
	    0));
	expect(HEADER "03'www'07'example'00 0001 0001"
		      /* 29: mail at 43 */
		      "c00c 000f 0001 00000e10 0009 000a 04'mail' c010"
		      /* 50: ns at 62 */
		      "c010 0002 0001 00000e10 0005 02'ns' c02b"
		      /* 67: the root has no pointer */
		      "00 0006 0001 00000e10 0019 01'a'00 c03e"
		      "00000001 00000002 00000003 00000004 00000005");
}
END_TEST

/* Names of types that RFC 3597 section 4 does not name stand whole, and what
 * is in them is not pointed at. */
START_TEST(test_whole_names)
{
	begin("www.example.");
	ck_assert(reply_rrset(&r, REPLY_ANSWER, reply_owner(&question, 0),
	    rrset1(TYPE_SRV, "0000 0000 0050 03'www'07'example'00"), 0));
	ck_assert(reply_rrset_at(&r, REPLY_ADDITIONAL,
	    (const uint8_t *)"\003www\002ex",
	    rrset1(TYPE_DNAME, "03'www'07'example'00"), 0));
	ck_assert(reply_rrset_at(&r, REPLY_ADDITIONAL,
	    (const uint8_t *)"\001a\003www\002ex", rrset1(TYPE_A, "01020304"),
	    0));
	expect(HEADER "03'www'07'example'00 0001 0001"
		      "c00c 0021 0001 00000e10 0013"
		      "0000 0000 0050 03'www'07'example'00"
		      "03'www'02'ex'00 0027 0001 00000e10 000d"
		      "03'www'07'example'00"
		      "01'a' c03c 0001 0001 00000e10 0004 01020304");
}
END_TEST

/* The second record of an owner that stands whole points at the first. */
START_TEST(test_owner_again)
{
	static const char *const servers[] = { "01'a'07'example'00",
		"01'b'00" };
	struct dname root, other;

	begin(".");
	name(&root, ".");
	ck_assert(reply_rrset(&r, REPLY_ANSWER, reply_owner(&question, 0),
	    rrset(TYPE_NS, servers, 2), 0));
	name(&other, "x.example.");
	ck_assert(reply_rrset(&r, REPLY_ADDITIONAL, reply_owner(&other, 0),
	    rrset(TYPE_NS, servers, 2), 1));
	expect(HEADER "00 0001 0001"
		      /* 17, 28: a.example */
		      "00 0002 0001 00000e10 000b 01'a'07'example'00"
		      /* 39, 50: b */
		      "00 0002 0001 00000e10 0003 01'b'00"
		      /* 53 */
		      "01'x' c01e 0002 0001 00000e10 0002 c032"
		      "c035 0002 0001 00000e10 0002 c01c");
}
END_TEST

/* Whole or not at all, and what was not added is not pointed at. */
START_TEST(test_no_room)
{
	static const char *const servers[] = { "02'n1'03'net'00",
		"02'n2'03'net'00", "02'n3'03'net'00" };
	const struct rrset *set = rrset(TYPE_NS, servers, 3);
	struct reply before;
	size_t room, whole;

	begin("example.");
	whole = r.len + 12 + 8 + 2 * (12 + 5);
	for (room = r.len; room < whole; room++) {
		begin("example.");
		r.limit = room + 11;
		r.reserved = 11;
		before = r;
		ck_assert(!reply_rrset(
		    &r, REPLY_AUTHORITY, reply_owner(&question, 0), set, 0));
		ck_assert_uint_eq(r.len, before.len);
		ck_assert_mem_eq(r.count, before.count, sizeof(r.count));
		r.limit += 100;
		ck_assert(reply_rrset(
		    &r, REPLY_AUTHORITY, reply_owner(&question, 0), set, 0));
		expect(HEADER "07'example'00 0001 0001"
			      "c00c 0002 0001 00000e10 0008 02'n1'03'net'00"
			      "c00c 0002 0001 00000e10 0005 02'n2' c028"
			      "c00c 0002 0001 00000e10 0005 02'n3' c028");
	}
	begin("example.");
	r.limit = whole;
	ck_assert(reply_rrset(
	    &r, REPLY_AUTHORITY, reply_owner(&question, 0), set, 0));
	ck_assert_uint_eq(r.len, whole);
}
END_TEST

/* RRSIGs have the TTL of what they cover, and no more than is allowed. */
START_TEST(test_sigs)
{
	static const char *const sigs[] = {
		"0001 0d 02 00000100 00000000 00000000 0001 00 aa",
		"0006 0d 01 00000200 00000000 00000000 0001 00 bb",
		"0001 0d 02 00000100 00000000 00000000 0002 00 cc",
	};
	const struct rrset *set = rrset(TYPE_RRSIG, sigs, 3);

	begin("example.");
	ck_assert(reply_sigs(
	    &r, REPLY_ANSWER, reply_owner(&question, 0), set, TYPE_A));
	ck_assert_uint_eq(r.count[REPLY_ANSWER], 2);
	ck_assert(reply_sigs(
	    &r, REPLY_ANSWER, reply_owner(&question, 0), set, TYPE_NS));
	ck_assert(reply_sigs(
	    &r, REPLY_ANSWER, reply_owner(&question, 0), NULL, TYPE_A));
	r.ttl_max = 30;
	ck_assert(reply_sigs_at(&r, REPLY_AUTHORITY,
	    (const uint8_t *)"\001x\007example", set, TYPE_SOA));
	expect(HEADER "07'example'00 0001 0001"
		      "c00c 002e 0001 00000100 0014"
		      "0001 0d 02 00000100 00000000 00000000 0001 00 aa"
		      "c00c 002e 0001 00000100 0014"
		      "0001 0d 02 00000100 00000000 00000000 0002 00 cc"
		      "01'x' c00c 002e 0001 0000001e 0014"
		      "0006 0d 01 00000200 00000000 00000000 0001 00 bb");
}
END_TEST

START_TEST(test_record)
{
	const struct reply_rr rr = { TYPE_CNAME, 7,
		(const uint8_t *)"\001b\007example", 11 };
	struct dname owner;

	begin("example.");
	r.class = CLASS_CH;
	name(&owner, "a.b.EXAMPLE.");
	ck_assert(reply_record(&r, REPLY_ANSWER, reply_owner(&owner, 0), &rr));
	expect(HEADER "07'example'00 0001 0001"
		      "01'a'01'b' c00c 0005 0003 00000007 0002 c01b");
}
END_TEST

/*
 * Many names: whatever the table remembers, what is written must be read back
 * as it was put in, also behind offsets that pointers reach.
 */
static void
check_owners(unsigned n)
{
	struct dns_walk w;
	struct dns_rr rr;
	char text[64], want[DNS_NAME_TEXT];
	unsigned i = 0;

	bytes[5] = 1;
	bytes[6] = (uint8_t)(r.count[1] >> 8);
	bytes[7] = (uint8_t)r.count[1];
	ck_assert_int_eq(dns_walk_begin(&w, bytes, r.len), 0);
	while (dns_walk_next(&w, &rr) == 1) {
		if (w.section == 0)
			continue;
		snprintf(text, sizeof(text), "n%u.s%u.d%u.example.", i, i % 5,
		    i % 77);
		ck_assert_str_eq(dns_name_text(rr.name, want), text);
		i++;
	}
	ck_assert_uint_eq(i, n);
	ck_assert_uint_eq(w.r.pos, r.len);
}

START_TEST(test_many)
{
	const struct rrset *set = rrset1(TYPE_A, "01020304");
	struct dname owner;
	char text[64];
	unsigned i;

	begin("example.");
	for (i = 0; r.len < 60000; i++) {
		snprintf(text, sizeof(text), "n%u.s%u.d%u.EXAMPLE.", i, i % 5,
		    i % 77);
		name(&owner, text);
		ck_assert(reply_rrset(
		    &r, REPLY_ANSWER, reply_owner(&owner, 0), set, 0));
		ck_assert_uint_lt(r.nnames, REPLY_NAMES);
	}
	ck_assert_uint_eq(r.count[REPLY_ANSWER], i);
	check_owners(i);
}
END_TEST

/* A question of 127 labels leaves room for other names. */
START_TEST(test_labels)
{
	const struct rrset *set = rrset1(TYPE_NS, "02'ns'01'y'01'x'00");
	char text[256];
	unsigned i;

	for (i = 0; i < 127; i++)
		memcpy(text + 2 * i, "x.", 3);
	begin(text);
	ck_assert(
	    reply_rrset(&r, REPLY_ANSWER, reply_owner(&question, 126), set, 0));
	/* the last label stands at 12 + 252 */
	ck_assert_mem_eq(bytes + 271, "\xc1\x08\0\002\0\001\0\0\016\020", 10);
	ck_assert_mem_eq(bytes + 281, "\0\007\002ns\001y\xc1\x08", 9);
	ck_assert_uint_eq(r.len, 290);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reply");
	TCase *tc = tcase_create("reply");

	tcase_add_test(tc, test_question);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_whole_names);
	tcase_add_test(tc, test_owner_again);
	tcase_add_test(tc, test_no_room);
	tcase_add_test(tc, test_sigs);
	tcase_add_test(tc, test_record);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_labels);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
