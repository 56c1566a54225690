/*
 * Transfers out, fed into xfrapply: what comes out there is the zone; whatever
 * happens meanwhile; and who gets none.
 */
#include <ev.h>
#include <unistd.h>

#include <bsd/string.h>

#include "asked.h"
#include "journal.h"
#include "tap.h"
#include "xfrapply.h"
#include "xfrout.h"
#include "zonelines.h"

#define SOA(n) "t. 60 SOA a. b. " #n " 9 8 7 6\n"
#define SMALL                                                                  \
	"t. 60 NS ns.t.\nns.t. 60 A 192.0.2.1\nNS.t. 60 A 192.0.2.2\n"         \
	"MiXed.t. 5 MX 10 NS.t.\nsub.t. 60 NS ns.sub.t.\n"                     \
	"ns.sub.t. 60 AAAA 2001:db8::1\nempty.below.t. 60 SRV 1 2 3 MiXed.t.\n"

static struct asked asked;
static struct zone_conf zone_conf;
static struct zone zone;
static struct xfrapply apply;
static struct tsig_key key;
static char dir[] = "/tmp/xfrout.XXXXXX";
static char path[64];
static struct ev_loop *loop;
static struct snapshot *base; /* the other side's */

static void
set_key(void)
{
	memset(&key, 0, sizeof(key));
	dns_name_parse("k1.lab.test", key.name);
	key.algorithm = tsig_algorithm("hmac-sha256");
	key.len = 32;
}

static void
setup(void)
{
	static struct acl_entry any = { .any_address = true };

	dname_seed();
	set_key();
	asked_begin(&asked);
	asked.conf.transfers_out = 2;
	asked.conf.keys = (struct keys){ &key, 1 };
	asked.server.now = ASKED_NOW;
	zonelines_name(&zone_conf.origin, "t");
	zone_conf.allow_transfer = (struct acl){ &any, 1 };
	zone.conf = &zone_conf;
	zone.server = &asked.server;
	zone.now = zonelines_zone("t", SOA(10) SMALL);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/t.jnl", dir);
	loop = ev_loop_new(0);
	asked.server.journals = journals_open(loop);
	ck_assert_ptr_nonnull(asked.server.journals);
}

static void
teardown(void)
{
	if (zone.now != NULL)
		snapshot_retire(zone.now, NULL);
	ck_assert(!snapshot_reclaim());
	if (base != NULL)
		snapshot_free(base);
	journal_close(zone.journal);
	journals_close(asked.server.journals);
	ev_loop_destroy(loop);
	unlink(path);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* A question; IXFR's with the serial; signed, or not. */
static size_t
question(uint8_t bytes[512], uint16_t type, uint32_t serial, struct tsig *tsig)
{
	const struct dns_header h = { .id = 0x1234, .flags = DNS_RD };
	struct dns_builder b = { .bytes = bytes, .limit = 512 };
	uint8_t soa[22] = { 0, 0, (uint8_t)(serial >> 24),
		(uint8_t)(serial >> 16), (uint8_t)(serial >> 8),
		(uint8_t)serial };
	struct dns_rr rr = { .name = "\1t",
		.type = TYPE_SOA,
		.class = CLASS_IN,
		.data = soa,
		.len = sizeof(soa) };

	dns_put_header(&b, &h);
	dns_put_question(&b, (const uint8_t *)"\1t", type, CLASS_IN);
	if (type == TYPE_IXFR)
		dns_put_rr(&b, 2, &rr);
	if (tsig != NULL) {
		tsig->mac_len = 0;
		tsig_sign(tsig, &b, ASKED_NOW);
	}
	ck_assert(!b.full);
	return b.len;
}

/* Another zone than setup's. */
static void
replace(const char *text)
{
	snapshot_free(zone.now);
	zone.now = zonelines_zone("t", text);
}

static uint8_t message[512];

/* Ask; NULL where the answer is in asked.reply. */
static struct stream *
ask(uint16_t type, uint32_t serial, struct tsig *tsig, bool tcp)
{
	struct stream *stream = NULL;
	size_t len = question(message, type, serial, tsig);

	ck_assert_int_eq(asked_read(&asked, message, len, tcp), REQUEST_QUERY);
	xfrout_query(&asked.r, &zone, &stream);
	return stream;
}

static void
on_disk(void *arg, int error)
{
	(void)arg;
	ck_assert_int_eq(error, 0);
}

/* A change of the zone that is published: to the serial, with these lines. */
static void
change(uint32_t serial, const char *lines)
{
	struct snapshot *old = zone.now;
	struct edit *e = edit_begin(old, NULL);
	const struct edit_change *v;
	char soa[80];
	size_t n;

	edit_record(e);
	snprintf(soa, sizeof(soa), "t. 60 SOA a. b. %u 9 8 7 6\n", serial);
	zonelines_edit(e, soa);
	zonelines_edit(e, lines);
	n = edit_changes(e, &v);
	if (zone.journal != NULL)
		ck_assert_int_eq(journal_put(zone.journal, old->serial, serial,
				     v, n, on_disk, NULL),
		    0);
	zone.now = edit_commit(e);
	ck_assert_ptr_nonnull(zone.now);
	snapshot_retire(old, zone.now);
}

static void
begin_apply(uint16_t type, const struct snapshot *ours)
{
	apply.origin = &zone_conf.origin;
	apply.id = 0x1234;
	apply.type = type;
	apply.base = ours;
	apply.max_bytes = 1 << 30;
	xfrapply_begin(&apply);
}

/* All messages into apply. tsig: that signed the question; every message must
 * be signed then. */
static enum xfrapply_result
drain(struct stream *stream, const struct tsig *tsig)
{
	static uint8_t out[65535];
	enum xfrapply_result result = XFRAPPLY_MORE;
	struct tsig_stream s;
	size_t n;

	if (tsig != NULL)
		tsig_stream_begin(&s, tsig);
	while ((n = stream->next(stream, out, sizeof(out))) != 0) {
		ck_assert_uint_ne(n, STREAM_BROKEN);
		ck_assert_int_eq(result, XFRAPPLY_MORE);
		if (tsig != NULL) {
			ck_assert_int_eq(
			    tsig_stream_check(&s, out, n, ASKED_NOW), 0);
			ck_assert(tsig_stream_proven(&s));
		} else {
			ck_assert_uint_eq(out[11], 0);
		}
		/* QR AA RD; one question */
		ck_assert_uint_eq(out[2], 0x85);
		ck_assert_uint_eq(out[3], 0);
		ck_assert_uint_eq(out[5], 1);
		result = xfrapply_message(&apply, out, n);
		ck_assert_msg(result != XFRAPPLY_BAD, "%s", apply.why);
	}
	if (tsig != NULL)
		tsig_stream_end(&s);
	stream->end(stream);
	return result;
}

/* What was applied is this zone, to the letter. */
static void
check_same(const struct snapshot *want)
{
	struct snapshot *s = edit_commit(apply.edit);
	char *a, *b;

	apply.edit = NULL;
	ck_assert_ptr_nonnull(s);
	a = zonelines_text(s);
	b = zonelines_text(want);
	ck_assert_str_eq(a, b);
	free(a);
	free(b);
	snapshot_free(s);
}

START_TEST(test_axfr)
{
	struct tsig tsig = { .key = &key };

	begin_apply(TYPE_AXFR, NULL);
	ck_assert_int_eq(drain(ask(TYPE_AXFR, 0, _i ? &tsig : NULL, true),
			     _i ? &tsig : NULL),
	    XFRAPPLY_DONE);
	ck_assert_uint_eq(apply.messages, 1);
	check_same(zone.now);
}
END_TEST

/* Names of many labels that differ, share, repeat; 20,000 records. */
static char *
big_text(void)
{
	struct buf b;
	int i;

	buf_init(&b, 8 << 20);
	buf_puts(&b, SOA(10) SMALL);
	for (i = 0; i < 5000; i++) {
		buf_printf(
		    &b, "h%d.D%d.t. 60 A 192.0.2.%d\n", i, i % 100, i % 250);
		buf_printf(&b, "h%d.D%d.t. 60 MX %d h%d.d%d.T.\n", i, i % 100,
		    i, i * 7 % 5000, i % 100);
		buf_printf(&b, "h%d.D%d.t. 60 TXT %d\n", i, i % 100, i);
		buf_printf(&b, "a.b.c.d.e.f.h%d.t. 60 CNAME h%d.D%d.t.\n", i, i,
		    i % 100);
	}
	buf_add(&b, "", 1);
	ck_assert(!b.failed);
	return (char *)b.p;
}

START_TEST(test_big)
{
	struct tsig tsig = { .key = &key };
	char *text = big_text();

	replace(text);
	free(text);
	begin_apply(TYPE_AXFR, NULL);
	ck_assert_int_eq(
	    drain(ask(TYPE_AXFR, 0, &tsig, true), &tsig), XFRAPPLY_DONE);
	/* full messages: hardly more than what there is to say */
	ck_assert_uint_eq(apply.records, 20000 + 9);
	ck_assert_uint_lt(
	    apply.messages, apply.bytes / (XFROUT_MESSAGE - 512) + 2);
	ck_assert_uint_lt(apply.bytes, 20000 * 28);
	check_same(zone.now);
}
END_TEST

/* The zone changes while it is sent. */
START_TEST(test_held)
{
	static uint8_t out[65535];
	char *text = big_text(), *want;
	struct stream *stream;
	struct snapshot *s;
	size_t n;

	replace(text);
	free(text);
	want = zonelines_text(zone.now);
	begin_apply(TYPE_AXFR, NULL);
	stream = ask(TYPE_AXFR, 0, NULL, true);
	n = stream->next(stream, out, sizeof(out));
	ck_assert_int_eq(xfrapply_message(&apply, out, n), XFRAPPLY_MORE);
	change(11, "-ns.t. 60 A 192.0.2.1\nnew.t. 60 A 192.0.2.9\n");
	snapshot_reclaim();
	ck_assert_int_eq(drain(stream, NULL), XFRAPPLY_DONE);
	ck_assert_uint_eq(apply.serial, 10);
	s = edit_commit(apply.edit);
	apply.edit = NULL;
	text = zonelines_text(s);
	ck_assert_str_eq(text, want);
	free(text);
	free(want);
	snapshot_free(s);
}
END_TEST

/* A record that is longer than messages usually are. */
START_TEST(test_long)
{
	static char text[200000];
	size_t n;
	int i;

	n = strlcpy(
	    text, SOA(10) SMALL "t. 60 TYPE65280 \\# 60000 ", sizeof(text));
	for (i = 0; i < 60000; i++)
		n += strlcpy(text + n, "a5", 3);
	replace(text);
	begin_apply(TYPE_AXFR, NULL);
	ck_assert_int_eq(
	    drain(ask(TYPE_AXFR, 0, NULL, true), NULL), XFRAPPLY_DONE);
	ck_assert_uint_gt(apply.messages, 1);
	check_same(zone.now);
}
END_TEST

static void
with_journal(void)
{
	zone.journal = journal_open(asked.server.journals, path, true);
	ck_assert_ptr_nonnull(zone.journal);
	change(11, "-ns.t. 60 A 192.0.2.1\nnew.t. 60 A 192.0.2.9\n");
	change(12, "ns.t. 60 A 192.0.2.1\nnew.t. 60 A 192.0.2.10\n");
	change(15, "-new.t. 60 A 192.0.2.9\n");
}

START_TEST(test_ixfr)
{
	struct tsig tsig = { .key = &key };

	base = zonelines_zone("t", SOA(10) SMALL);
	with_journal();
	begin_apply(TYPE_IXFR, base);
	ck_assert_int_eq(
	    drain(ask(TYPE_IXFR, 10, &tsig, true), &tsig), XFRAPPLY_DONE);
	ck_assert(!apply.whole);
	ck_assert_uint_eq(apply.records, 1 + 4 + 4 + 3 + 1);
	check_same(zone.now);
}
END_TEST

/* A serial that the journal does not know: all of it. */
START_TEST(test_ixfr_whole)
{
	base = zonelines_zone("t", SOA(9) SMALL);
	with_journal();
	begin_apply(TYPE_IXFR, base);
	ck_assert_int_eq(
	    drain(ask(TYPE_IXFR, 9, NULL, true), NULL), XFRAPPLY_DONE);
	ck_assert(apply.whole);
	check_same(zone.now);
}
END_TEST

/* The answer that is no stream. */
static enum xfrapply_result
single(void)
{
	size_t n = request_finish(&asked.r);

	return xfrapply_message(&apply, asked.reply, n);
}

START_TEST(test_current)
{
	base = zonelines_zone("t", SOA(15) SMALL);
	with_journal();
	begin_apply(TYPE_IXFR, base);
	/* newer than ours is current, too */
	ck_assert_ptr_null(ask(TYPE_IXFR, _i < 2 ? 15 : 99, NULL, _i != 1));
	ck_assert_uint_eq(asked.r.rcode, DNS_NOERROR);
	ck_assert_int_eq(single(), XFRAPPLY_CURRENT);
	ck_assert_uint_eq(apply.records, 1);
	ck_assert_uint_eq(asked.reply[2], 0x85);
}
END_TEST

START_TEST(test_udp)
{
	base = zonelines_zone("t", SOA(10) SMALL);
	with_journal();
	begin_apply(TYPE_IXFR, base);
	asked.r.reply.limit = 0;
	ck_assert_ptr_null(ask(TYPE_IXFR, 10, NULL, false));
	ck_assert_int_eq(single(), XFRAPPLY_DONE);
	ck_assert(!apply.whole);
	check_same(zone.now);
}
END_TEST

/* More than a datagram, or not in the journal: the SOA alone, without TC. */
START_TEST(test_udp_long)
{
	char lines[4096] = "";
	size_t n = 0;
	int i;

	base = zonelines_zone("t", SOA(10) SMALL);
	with_journal();
	for (i = 0; i < 100; i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n,
		    "x%d.t. 60 A 192.0.2.%d\n", i, i);
	change(16, lines);
	begin_apply(TYPE_IXFR, base);
	ck_assert_ptr_null(ask(TYPE_IXFR, _i == 0 ? 10 : 9, NULL, false));
	ck_assert_int_eq(single(), XFRAPPLY_MORE);
	ck_assert_uint_eq(apply.serial, 16);
	ck_assert_uint_eq(apply.records, 1);
	ck_assert_uint_eq(asked.reply[2], 0x85);
}
END_TEST

START_TEST(test_refused)
{
	static struct acl_entry entry = { .any_address = true, .key = &key };
	struct tsig tsig = { .key = &key };
	struct stream *stream;

	zone_conf.allow_transfer.v = &entry;
	ck_assert_ptr_null(ask(TYPE_AXFR, 0, NULL, true));
	ck_assert_uint_eq(asked.r.rcode, DNS_REFUSED);
	stream = ask(TYPE_AXFR, 0, &tsig, true);
	ck_assert_ptr_nonnull(stream);
	stream->end(stream);
	ck_assert_ptr_null(ask(TYPE_AXFR, 0, &tsig, false));
	ck_assert_uint_eq(asked.r.rcode, DNS_FORMERR);
	zonelines_name(&zone_conf.origin, "u");
	ck_assert_ptr_null(ask(TYPE_AXFR, 0, &tsig, true));
	ck_assert_uint_eq(asked.r.rcode, DNS_NOTAUTH);
	zonelines_name(&zone_conf.origin, "t");
	snapshot_free(zone.now);
	zone.now = NULL;
	ck_assert_ptr_null(ask(TYPE_AXFR, 0, &tsig, true));
	ck_assert_uint_eq(asked.r.rcode, DNS_SERVFAIL);
}
END_TEST

/* transfers_out at once; who leaves makes room. */
START_TEST(test_limit)
{
	struct stream *a = ask(TYPE_AXFR, 0, NULL, true),
		      *b = ask(TYPE_AXFR, 0, NULL, true);

	ck_assert(a != NULL && b != NULL);
	ck_assert_ptr_null(ask(TYPE_AXFR, 0, NULL, true));
	ck_assert_uint_eq(asked.r.rcode, DNS_SERVFAIL);
	a->end(a);
	a = ask(TYPE_AXFR, 0, NULL, true);
	ck_assert_ptr_nonnull(a);
	a->end(a);
	b->end(b);
}
END_TEST

/* The journal's file is cut while it is sent: no end is made up. */
START_TEST(test_broken)
{
	static uint8_t out[65535];
	struct stream *stream;
	size_t n;

	with_journal();
	stream = ask(TYPE_IXFR, 10, NULL, true);
	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(truncate(path, 200), 0);
	n = stream->next(stream, out, sizeof(out));
	ck_assert_uint_eq(n, STREAM_BROKEN);
	stream->end(stream);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xfrout");
	TCase *tc = tcase_create("xfrout");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_axfr, 0, 2);
	tcase_add_test(tc, test_big);
	tcase_add_test(tc, test_held);
	tcase_add_test(tc, test_long);
	tcase_add_test(tc, test_ixfr);
	tcase_add_test(tc, test_ixfr_whole);
	tcase_add_loop_test(tc, test_current, 0, 3);
	tcase_add_test(tc, test_udp);
	tcase_add_loop_test(tc, test_udp_long, 0, 2);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_limit);
	tcase_add_test(tc, test_broken);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
