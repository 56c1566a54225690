/* answer: questions to zones, and what comes back; as text, see served.h. */
#include "answercases.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct served v;

START_TEST(test_plain)
{
	served_begin(&v, plain_zones, COUNT(plain_zones));
	ck_assert_str_eq(
	    served_ask(&v, plain_cases[_i].question), plain_cases[_i].reply);
	served_end(&v);
}
END_TEST

START_TEST(test_root)
{
	served_begin(&v, root_zones, COUNT(root_zones));
	ck_assert_str_eq(
	    served_ask(&v, root_cases[_i].question), root_cases[_i].reply);
	served_end(&v);
}
END_TEST

static void
begin(const char *text)
{
	const struct served_zone zone = { "t.", text, false };

	served_begin(&v, &zone, 1);
}

#define T_SOA "t. 60 SOA n.t. h.t. 1 2 3 4 60\n"
#define T_HEAD T_SOA "t. 60 NS n.t.\nn.t. 60 A 192.0.2.1\n"

/* Each answer begins with the next record; signatures and single records stay
 * where they are. */
START_TEST(test_rotate)
{
	static const char *const first[] = { "1", "2", "3", "1" };
	char want[64];
	size_t i;

	begin(T_HEAD "a.t. 60 A 192.0.2.1\na.t. 60 A 192.0.2.2\n"
		     "a.t. 60 A 192.0.2.3\n");
	for (i = 0; i < COUNT(first); i++) {
		v.a.conf.rotate = true;
		snprintf(want, sizeof(want),
		    "NOERROR aa\n= a.t. 60 A 192.0.2.%s\n", first[i]);
		ck_assert_int_eq(
		    strncmp(served_ask(&v, "a.t. A"), want, strlen(want)), 0);
		/* this one takes no turn */
		served_ask(&v, "n.t. A");
	}
	v.a.conf.rotate = false;
	ck_assert_ptr_nonnull(
	    strstr(served_ask(&v, "a.t. A"), "aa\n= a.t. 60 A 192.0.2.1\n"));
	served_end(&v);
}
END_TEST

START_TEST(test_minimal)
{
	begin(T_HEAD "t. 60 MX 1 n.t.\ns.t. 60 NS n.s.t.\n"
		     "n.s.t. 60 A 192.0.2.2\n");
	ck_assert_str_eq(served_ask(&v, "t. MX"),
	    "NOERROR aa\n= t. 60 MX 1 n.t.\n+ n.t. 60 A 192.0.2.1\n");
	v.a.conf.minimal = true;
	ck_assert_str_eq(
	    served_ask(&v, "t. MX"), "NOERROR aa\n= t. 60 MX 1 n.t.\n");
	ck_assert_str_eq(served_ask(&v, "x.s.t. A"),
	    "NOERROR\n@ s.t. 60 NS n.s.t.\n+ n.s.t. 60 A 192.0.2.2\n");
	ck_assert_str_eq(served_ask(&v, "t. NS"),
	    "NOERROR aa\n= t. 60 NS n.t.\n+ n.t. 60 A 192.0.2.1\n");
	served_end(&v);
}
END_TEST

/* The head, and n addresses behind what begins a line: 10.0.0.0 and so on. */
static const char *
lines(const char *head, const char *line, unsigned n)
{
	static char text[200000];
	size_t used = strlcpy(text, head, sizeof(text));
	unsigned i;

	for (i = 0; i < n; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "%s%u.%u\n", line, i / 250, i % 250);
	return text;
}

/* An RRset that does not fit: nothing of it, and TC. */
START_TEST(test_truncated)
{
	begin(lines(T_HEAD, "a.t. 60 A 10.0.", 40));
	/* 12 + 9 + 40 * 16 = 661 */
	ck_assert_str_eq(served_ask(&v, "a.t. A"), "NOERROR aa tc\n");
	ck_assert_str_eq(
	    served_ask(&v, "a.t. A +size=600"), "NOERROR aa tc edns\n");
	ck_assert_str_eq(
	    served_ask(&v, "a.t. A +size=671"), "NOERROR aa tc edns\n");
	served_ask(&v, "a.t. A +size=672");
	ck_assert_uint_eq(v.len, 672);
	served_ask(&v, "a.t. A +tcp");
	ck_assert_uint_eq(v.len, 661);
	ck_assert_uint_eq(v.a.r.reply.count[1], 40);
	served_end(&v);
}
END_TEST

/* What nobody needs is left out, without TC. */
START_TEST(test_additional_left_out)
{
	const char *reply;

	begin(lines(T_HEAD "t. 60 MX 1 n.t.\nt. 60 MX 2 a.t.\n",
	    "a.t. 60 A 10.0.", 40));
	reply = served_ask(&v, "t. MX");
	ck_assert_str_eq(reply,
	    "NOERROR aa\n= t. 60 MX 1 n.t.\n= t. 60 MX 2 a.t.\n"
	    "+ n.t. 60 A 192.0.2.1\n");
	served_end(&v);
}
END_TEST

/*
 * RFC 9471 section 3.1: in-domain glue is there whole, or TC is; sibling glue
 * may be missing.
 */
START_TEST(test_glue)
{
	begin(lines(T_HEAD "s.t. 60 NS n.s.t.\n", "n.s.t. 60 A 10.0.", 40));
	ck_assert_str_eq(served_ask(&v, "x.s.t. A"), "NOERROR tc\n");
	served_ask(&v, "x.s.t. A +edns");
	ck_assert_uint_eq(v.a.r.reply.count[3], 41);
	served_end(&v);

	begin(lines(T_HEAD "s.t. 60 NS n.u.t.\ns.t. 60 NS n.s.t.\n"
			   "n.s.t. 60 A 192.0.2.2\nu.t. 60 NS n.u.t.\n",
	    "n.u.t. 60 A 10.0.", 40));
	ck_assert_str_eq(served_ask(&v, "x.s.t. A"),
	    "NOERROR\n@ s.t. 60 NS n.s.t.\n@ s.t. 60 NS n.u.t.\n"
	    "+ n.s.t. 60 A 192.0.2.2\n");
	served_end(&v);
}
END_TEST

/* More than a message can hold, and more than pointers reach. */
START_TEST(test_large)
{
	begin(lines(T_HEAD, "a.t. 60 A 10.1.", 4090));
	served_ask(&v, "a.t. A +tcp");
	ck_assert_uint_eq(v.len, 21 + 4090 * 16);
	served_end(&v);
	begin(lines(T_HEAD, "a.t. 60 A 10.1.", 4096));
	ck_assert_str_eq(served_ask(&v, "a.t. A +tcp"), "NOERROR aa tc\n");
	served_end(&v);
}
END_TEST

/* 255 bytes, 127 labels: found, not found, by wildcard. */
START_TEST(test_long_names)
{
	static char deep[300], zone[3000], question[400], want[2000];
	size_t i;

	for (i = 0; i < 126; i++)
		memcpy(deep + 2 * i, "x.", 3);
	snprintf(zone, sizeof(zone),
	    T_HEAD "%st. 60 A 192.0.2.9\n*.w.t. 60 A 192.0.2.8\n", deep);
	begin(zone);
	snprintf(question, sizeof(question), "%sT. A", deep);
	snprintf(
	    want, sizeof(want), "NOERROR aa\n= %sT. 60 A 192.0.2.9\n", deep);
	ck_assert_str_eq(served_ask(&v, question), want);
	ck_assert_uint_eq(v.a.r.qname.len, 255);
	snprintf(question, sizeof(question), "%st. A", deep + 2);
	ck_assert_str_eq(served_ask(&v, question), "NOERROR aa\n@ " T_SOA);
	snprintf(question, sizeof(question), "y.%st. A", deep + 2);
	ck_assert_str_eq(served_ask(&v, question), "NXDOMAIN aa\n@ " T_SOA);
	snprintf(question, sizeof(question), "%sw.t. A", deep + 2);
	snprintf(want, sizeof(want), "NOERROR aa\n= %sw.t. 60 A 192.0.2.8\n",
	    deep + 2);
	ck_assert_str_eq(served_ask(&v, question), want);
	served_end(&v);
}
END_TEST

/* Class CH (RFC 4892). */
START_TEST(test_chaos)
{
	static char version[] = "dnsd 1", identity[] = "ns1.example";

	begin(T_HEAD);
	v.a.conf.version = version;
	ck_assert_str_eq(served_ask(&v, "VERSION.bind. TXT +ch"),
	    "NOERROR aa\n= VERSION.bind. 0 TXT \"dnsd 1\"\n");
	ck_assert_uint_eq(v.a.reply[12 + 14 + 4 + 5], CLASS_CH);
	ck_assert_str_eq(served_ask(&v, "version.server. ANY +ch"),
	    "NOERROR aa\n= version.server. 0 TXT \"dnsd 1\"\n");
	ck_assert_str_eq(served_ask(&v, "version.bind. A +ch"), "REFUSED\n");
	ck_assert_str_eq(served_ask(&v, "version.bind. TXT"), "REFUSED\n");
	ck_assert_str_eq(served_ask(&v, "id.server. TXT +ch"), "REFUSED\n");
	ck_assert_str_eq(served_ask(&v, "x.id.server. TXT +ch"), "REFUSED\n");
	v.a.conf.identity = identity;
	ck_assert_str_eq(served_ask(&v, "id.server. TXT +ch"),
	    "NOERROR aa\n= id.server. 0 TXT \"ns1.example\"\n");
	ck_assert_str_eq(served_ask(&v, "hostname.bind. TXT +ch +rd"),
	    "NOERROR aa rd\n= hostname.bind. 0 TXT \"ns1.example\"\n");
	served_end(&v);
}
END_TEST

/* A zone that is no longer served, and is again. */
START_TEST(test_expired)
{
	struct zone *z;

	begin(T_HEAD);
	z = &v.a.server.zones->v[0];
	zone_publish(z, NULL);
	ck_assert_str_eq(served_ask(&v, "n.t. A"), "SERVFAIL\n");
	zone_publish(z,
	    served_load(&(struct served_zone){ "t.", T_HEAD, false },
		&z->conf->origin));
	ck_assert_str_eq(
	    served_ask(&v, "n.t. A"), "NOERROR aa\n= n.t. 60 A 192.0.2.1\n");
	served_end(&v);
}
END_TEST

/* The root is a name, too. */
START_TEST(test_far_alias)
{
	begin(T_HEAD "a.t. 60 CNAME .\n");
	ck_assert_str_eq(
	    served_ask(&v, "a.t. A"), "NOERROR aa\n= a.t. 60 CNAME .\n");
	served_end(&v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("answer");
	TCase *tc = tcase_create("answer");

	tcase_add_loop_test(tc, test_plain, 0, COUNT(plain_cases));
	tcase_add_loop_test(tc, test_root, 0, COUNT(root_cases));
	tcase_add_test(tc, test_rotate);
	tcase_add_test(tc, test_minimal);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_additional_left_out);
	tcase_add_test(tc, test_glue);
	tcase_add_test(tc, test_large);
	tcase_add_test(tc, test_long_names);
	tcase_add_test(tc, test_chaos);
	tcase_add_test(tc, test_expired);
	tcase_add_test(tc, test_far_alias);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
