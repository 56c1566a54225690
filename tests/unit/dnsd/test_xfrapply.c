/*
 * Transfers that come in: what they make of a zone, and what is refused, by
 * tables of messages as text.
 */
#include "tap.h"
#include "xfrapply.h"
#include "xfrlines.h"

#define SOA(n) "t 60 SOA a. b. " #n " 9 8 7 6\n"
#define NS "t 60 NS ns.t.\n"
#define A(n) "ns.t 60 A 192.0.2." #n "\n"
#define NEXT "--\n"

/* What we have before an IXFR. */
static const char base_text[] = SOA(10) NS A(1) "x.t 60 TXT old\n";

/* clang-format off */
static const struct {
	const char *what;
	uint16_t type;
	const char *stream;
	enum xfrapply_result result;
	const char *text; /* the zone; why; NULL: don't care */
} streams[] = {
	{ "AXFR, one message", TYPE_AXFR,
	    SOA(11) NS A(2) SOA(11), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.2\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\n" },
	{ "AXFR, a record a message", TYPE_AXFR,
	    SOA(11) NEXT NS NEXT A(2) NEXT SOA(11), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.2\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\n" },
	{ "AXFR, duplicates are ignored", TYPE_AXFR,
	    SOA(11) NS A(2) A(2) NS SOA(11), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.2\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\n" },
	{ "AXFR without its end", TYPE_AXFR,
	    SOA(11) NS A(2), XFRAPPLY_MORE, NULL },
	{ "AXFR, older than ours: the caller compares", TYPE_AXFR,
	    SOA(3) NS SOA(3), XFRAPPLY_DONE, NULL },
	{ "AXFR that begins with something else", TYPE_AXFR,
	    NS SOA(11) A(2) SOA(11), XFRAPPLY_BAD,
	    "the first record is not the zone's SOA" },
	{ "AXFR with another SOA at its end", TYPE_AXFR,
	    SOA(11) NS SOA(12), XFRAPPLY_BAD,
	    "it ends with another SOA than it begins with" },
	{ "AXFR, another SOA of the same serial", TYPE_AXFR,
	    SOA(11) NS "t 60 SOA a. c. 11 9 8 7 6\n", XFRAPPLY_BAD,
	    "it ends with another SOA than it begins with" },
	{ "AXFR, records behind the end", TYPE_AXFR,
	    SOA(11) NS SOA(11) A(2), XFRAPPLY_BAD, "records behind the end" },
	{ "AXFR, out of the zone", TYPE_AXFR,
	    SOA(11) NS "x.u 60 A 192.0.2.1\n" SOA(11), XFRAPPLY_BAD,
	    "x.u. A is not in the zone" },
	{ "AXFR, SOA of a name below", TYPE_AXFR,
	    SOA(11) NS "x.t 60 SOA a. b. 11 9 8 7 6\n" SOA(11), XFRAPPLY_BAD,
	    "x.t. SOA is not in the zone" },
	{ "AXFR, SOA of another zone", TYPE_AXFR,
	    "u 60 SOA a. b. 11 9 8 7 6\n" NS SOA(11), XFRAPPLY_BAD,
	    "u. SOA is not in the zone" },
	{ "AXFR without NS", TYPE_AXFR,
	    SOA(11) A(1) SOA(11), XFRAPPLY_BAD,
	    "the zone has no NS at its origin" },
	{ "AXFR, its names in capitals", TYPE_AXFR,
	    SOA(11) "T 60 NS NS.t.\n" "NS.T 60 A 192.0.2.2\n" SOA(11),
	    XFRAPPLY_DONE,
	    "NS.T. 60 A 192.0.2.2\nt. 60 NS NS.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\n" },
	{ "IXFR, one change", TYPE_IXFR,
	    SOA(11) SOA(10) "x.t 60 TXT old\n" SOA(11) "x.t 60 TXT new\n"
	    SOA(11), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.1\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\nx.t. 60 TXT \"new\"\n" },
	{ "IXFR, three changes in as many messages", TYPE_IXFR,
	    SOA(13) SOA(10) SOA(11) "x.t 60 TXT more\n" NEXT
	    SOA(11) "x.t 60 TXT old\n" "x.t 60 TXT more\n" SOA(12) NEXT
	    SOA(12) A(1) SOA(13) A(3) SOA(13), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.3\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 13 9 8 7 6\n" },
	{ "IXFR, changes of many serials at once", TYPE_IXFR,
	    SOA(20) SOA(10) SOA(20) A(3) SOA(20), XFRAPPLY_DONE, NULL },
	{ "IXFR, another TTL", TYPE_IXFR,
	    SOA(11) SOA(10) "x.t 60 TXT old\n" SOA(11) "x.t 99 TXT old\n"
	    SOA(11), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.1\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\nx.t. 99 TXT \"old\"\n" },
	{ "IXFR like AXFR", TYPE_IXFR,
	    SOA(11) NS A(2) SOA(11), XFRAPPLY_DONE,
	    "ns.t. 60 A 192.0.2.2\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 11 9 8 7 6\n" },
	{ "IXFR like AXFR, the SOA alone first", TYPE_IXFR,
	    SOA(11) NEXT NS A(2) NEXT SOA(11), XFRAPPLY_DONE, NULL },
	{ "IXFR, nothing newer", TYPE_IXFR, SOA(10), XFRAPPLY_CURRENT, NULL },
	{ "IXFR, theirs is older", TYPE_IXFR, SOA(9), XFRAPPLY_CURRENT, NULL },
	{ "IXFR, half of all numbers on: neither is newer", TYPE_IXFR,
	    "t 60 SOA a. b. 2147483658 9 8 7 6\n", XFRAPPLY_CURRENT, NULL },
	{ "IXFR, all of what we have", TYPE_IXFR,
	    SOA(10) NS A(2) SOA(10), XFRAPPLY_CURRENT, NULL },
	{ "IXFR, SOA of a newer version: more comes", TYPE_IXFR,
	    SOA(11), XFRAPPLY_MORE, NULL },
	{ "IXFR, changes of another version", TYPE_IXFR,
	    SOA(11) SOA(9) SOA(11) SOA(11), XFRAPPLY_BAD,
	    "changes begin at serial 9, we have 10" },
	{ "IXFR, a SOA alone twice", TYPE_IXFR,
	    SOA(11) SOA(11), XFRAPPLY_BAD,
	    "changes begin at serial 11, we have 10" },
	{ "IXFR, what it removes is not there", TYPE_IXFR,
	    SOA(11) SOA(10) A(7) SOA(11) SOA(11), XFRAPPLY_BAD,
	    "it removes ns.t. A, which is not there" },
	{ "IXFR, it removes it twice", TYPE_IXFR,
	    SOA(11) SOA(10) A(1) A(1) SOA(11) SOA(11), XFRAPPLY_BAD,
	    "it removes ns.t. A, which is not there" },
	{ "IXFR, a gap between changes", TYPE_IXFR,
	    SOA(13) SOA(10) SOA(11) SOA(12) SOA(13) SOA(13), XFRAPPLY_BAD,
	    "the change behind serial 11 begins at 12" },
	{ "IXFR, back to an older serial", TYPE_IXFR,
	    SOA(13) SOA(10) SOA(9) SOA(9) SOA(13) SOA(13), XFRAPPLY_BAD,
	    "a change from serial 10 to 9" },
	{ "IXFR, further than it said", TYPE_IXFR,
	    SOA(11) SOA(10) SOA(12) SOA(11), XFRAPPLY_BAD,
	    "a change from serial 10 to 12" },
	{ "IXFR, another SOA at its end", TYPE_IXFR,
	    SOA(11) SOA(10) SOA(11) "t 60 SOA a. c. 11 9 8 7 6\n", XFRAPPLY_BAD,
	    "it ends with another SOA than it begins with" },
	{ "IXFR, out of the zone", TYPE_IXFR,
	    SOA(11) SOA(10) SOA(11) "x.u 60 A 192.0.2.1\n" SOA(11),
	    XFRAPPLY_BAD, "x.u. A is not in the zone" },
	{ "IXFR that removes the last NS", TYPE_IXFR,
	    SOA(11) SOA(10) NS SOA(11) SOA(11), XFRAPPLY_BAD,
	    "the zone has no NS at its origin" },
	{ "IXFR without its end", TYPE_IXFR,
	    SOA(11) SOA(10) A(1) SOA(11) A(2), XFRAPPLY_MORE, NULL },
};
/* clang-format on */

static struct snapshot *base;
static struct xfrapply apply;
static struct dname origin;

static void
begin(uint16_t type)
{
	dname_seed();
	zonelines_name(&origin, "t");
	base = zonelines_zone("t", base_text);
	apply.origin = &origin;
	apply.id = XFRLINES_ID;
	apply.type = type;
	apply.base = type == TYPE_IXFR ? base : NULL;
	apply.max_bytes = 1 << 20;
	xfrapply_begin(&apply);
}

static enum xfrapply_result
feed(const struct xfrlines *x)
{
	enum xfrapply_result result = XFRAPPLY_MORE;
	uint8_t *copy;
	size_t i;

	for (i = 0; i < x->n && result == XFRAPPLY_MORE; i++) {
		/* so that reading behind the end is seen */
		copy = malloc(x->v[i].len);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, x->v[i].bytes, x->v[i].len);
		result = xfrapply_message(&apply, copy, x->v[i].len);
		free(copy);
	}
	return result;
}

static void
end(void)
{
	xfrapply_end(&apply);
	snapshot_free(base);
}

START_TEST(test_stream)
{
	static struct xfrlines x;
	struct snapshot *s;
	char *text;

	begin(streams[_i].type);
	xfrlines_make(&x, "t", streams[_i].type, streams[_i].stream);
	ck_assert_msg(feed(&x) == streams[_i].result, "%s: %s",
	    streams[_i].what, apply.why);
	if (streams[_i].result == XFRAPPLY_BAD)
		ck_assert_str_eq(apply.why, streams[_i].text);
	if (streams[_i].result == XFRAPPLY_DONE && streams[_i].text != NULL) {
		s = edit_commit(apply.edit);
		apply.edit = NULL;
		ck_assert_ptr_nonnull(s);
		text = zonelines_text(s);
		ck_assert_str_eq(text, streams[_i].text);
		free(text);
		snapshot_free(s);
	}
	/* what we had is as it was */
	text = zonelines_text(base);
	ck_assert_str_eq(text,
	    "ns.t. 60 A 192.0.2.1\nt. 60 NS ns.t.\n"
	    "t. 60 SOA a. b. 10 9 8 7 6\nx.t. 60 TXT \"old\"\n");
	free(text);
	end();
}
END_TEST

/* Changes go into the journal as they came, the whole of them as one. */
START_TEST(test_changes)
{
	static struct xfrlines x;
	const struct edit_change *v;
	size_t n;

	begin(TYPE_IXFR);
	xfrlines_make(&x, "t", TYPE_IXFR,
	    SOA(12) SOA(10) "x.t 60 TXT old\n" SOA(11) "x.t 60 TXT new\n" SOA(
		11) SOA(12) A(2) SOA(12));
	ck_assert_int_eq(feed(&x), XFRAPPLY_DONE);
	ck_assert(!apply.whole);
	n = edit_changes(apply.edit, &v);
	ck_assert_uint_eq(n, 5);
	ck_assert(!v[0].added && v[0].type == TYPE_SOA);
	ck_assert_uint_eq(xfrapply_serial(v[0].data, v[0].len), 10);
	ck_assert(!v[1].added && v[1].type == TYPE_TXT);
	ck_assert(v[2].added && v[2].type == TYPE_SOA);
	ck_assert_uint_eq(xfrapply_serial(v[2].data, v[2].len), 12);
	ck_assert(v[3].added && v[4].added);
	end();
}
END_TEST

/* A byte of the only message changed. The header is 12 bytes, the question 7,
 * the SOA's owner at 19. */
/* clang-format off */
static const struct {
	size_t at;
	uint8_t byte;
	const char *why;
} changed[] = {
	{ 1, 0x35, "not an answer to what we asked" }, /* id */
	{ 2, 0x04, "not an answer to what we asked" }, /* QR */
	{ 2, 0xa4, "not an answer to what we asked" }, /* opcode */
	{ 3, 5, "rcode 5" },
	{ 5, 0, "an answer without our question" },
	{ 5, 2, "an answer without our question" },
	{ 7, 0, "a message without records" },
	{ 7, 2, "a message that is cut" }, /* bytes behind its records */
	{ 7, 4, "a message that is cut" },
	{ 11, 1, "a message that is cut" },
	{ 13, 'u', "not an answer to what we asked" },
	{ 16, 6, "not an answer to what we asked" },
	{ 18, 3, "not an answer to what we asked" },
	{ 25, 3, "t. SOA is nothing that a zone has" }, /* class */
	{ 31, 25, "t. SOA is not valid" }, /* length */
	{ 23, 250, "t. TSIG is nothing that a zone has" },
};
/* clang-format on */

START_TEST(test_changed)
{
	static struct xfrlines x;

	begin(TYPE_AXFR);
	xfrlines_make(&x, "t", TYPE_AXFR, SOA(11) NS SOA(11));
	ck_assert_uint_ne(x.v[0].bytes[changed[_i].at], changed[_i].byte);
	x.v[0].bytes[changed[_i].at] = changed[_i].byte;
	ck_assert_msg(feed(&x) == XFRAPPLY_BAD, "%s", changed[_i].why);
	ck_assert_str_eq(apply.why, changed[_i].why);
	end();
}
END_TEST

/* Cut anywhere: never done. */
START_TEST(test_cut)
{
	static struct xfrlines x;
	size_t len;

	dname_seed();
	xfrlines_make(
	    &x, "t", TYPE_IXFR, SOA(11) SOA(10) A(1) SOA(11) A(2) SOA(11));
	for (len = x.v[0].len; len-- > 0;) {
		begin(TYPE_IXFR);
		x.v[0].len = len;
		ck_assert_int_eq(feed(&x), XFRAPPLY_BAD);
		end();
	}
}
END_TEST

/* Only the first message must tell the question again. */
START_TEST(test_no_question)
{
	static struct xfrlines x;
	struct xfrlines_message *m = &x.v[1];

	begin(TYPE_AXFR);
	xfrlines_make(&x, "t", TYPE_AXFR, SOA(11) NS NEXT SOA(11));
	memmove(m->bytes + 12, m->bytes + 19, m->len - 19);
	m->bytes[5] = 0;
	m->len -= 7;
	ck_assert_int_eq(feed(&x), XFRAPPLY_DONE);
	end();
}
END_TEST

START_TEST(test_too_big)
{
	static struct xfrlines x;

	begin(_i == 0 ? TYPE_AXFR : TYPE_IXFR);
	apply.max_bytes = _i == 0 ? 80 : 100;
	xfrlines_make(&x, "t", apply.type,
	    _i == 0 ? SOA(11) NS A(1) SOA(11) :
		      SOA(11) SOA(10) SOA(11) A(2) SOA(11));
	ck_assert_int_eq(feed(&x), XFRAPPLY_BAD);
	ck_assert_str_eq(apply.why, "the zone is above max_size");
	end();
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("xfrapply");
	TCase *tc = tcase_create("xfrapply");

	tcase_add_loop_test(tc, test_stream, 0, ROWS(streams));
	tcase_add_test(tc, test_changes);
	tcase_add_loop_test(tc, test_changed, 0, ROWS(changed));
	tcase_add_test(tc, test_cut);
	tcase_add_test(tc, test_no_question);
	tcase_add_loop_test(tc, test_too_big, 0, 2);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
