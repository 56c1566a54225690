/* zonecheck: what makes no zone, and what is unlikely to be meant. */
#include <string.h>

#include "buf.h"
#include "tap.h"
#include "zonecheck.h"
#include "zonefile.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SOA "$TTL 1\n@ SOA ns. h. 1 2 3 4 5\n"
#define ZONE SOA "@ NS ns.\n"

/* clang-format off */
static const struct {
	const char *what, *text, *told; /* sorted */
} cases[] = {
	{ "a zone", ZONE, "" },
	{ "no NS", SOA "a A 10.0.0.1\n", "error: lab.test.: the zone has no NS record at its own name\n" },
	{ "CNAME alone", ZONE "a CNAME b\n", "" },
	{ "CNAME with DNSSEC's", ZONE "a CNAME b\na NSEC b CNAME\na RRSIG A 8 1 1 2 1 1 @ AQ==\n", "" },
	{ "CNAME and more", ZONE "a CNAME b\na TXT x\n", "error: a.lab.test.: a CNAME and other records\n" },
	{ "CNAME at the origin", ZONE "@ CNAME b\n", "error: lab.test.: a CNAME and other records\n" },
	{ "DNAME", ZONE "a DNAME b\na TXT x\n", "" },
	{ "below a DNAME", ZONE "a DNAME b\nx.y.a TXT x\n", "error: a.lab.test.: there are names below this DNAME\n" },
	{ "DNAME at the origin", ZONE "@ DNAME b.\n", "" },
	{ "below the origin's DNAME", ZONE "@ DNAME b.\na TXT x\n", "error: lab.test.: there are names below this DNAME\n" },
	{ "targets", ZONE "@ NS a\n@ MX 1 b\n@ MX 2 c\n@ MX 3 x.\n@ MX 0 .\n_x SRV 1 2 3 d\na A 10.0.0.1\nb AAAA ::1\nc CNAME b\n",
	    "warning: _x.lab.test.: SRV d.lab.test. has no address in the zone\n"
	    "warning: lab.test.: MX c.lab.test. is a CNAME (RFC 2181 section 10.3)\n" },
	{ "an NS without address", ZONE "@ NS a\n", "warning: lab.test.: NS a.lab.test. has no address in the zone\n" },
	{ "a name that exists", ZONE "@ MX 1 a\nb.a A 10.0.0.1\n", "warning: lab.test.: MX a.lab.test. has no address in the zone\n" },
	{ "a wildcard's address", ZONE "@ MX 1 a.b\n*.b A 10.0.0.1\n", "" },
	{ "a wildcard that does not count", ZONE "@ MX 1 a.b\n*.b A 10.0.0.1\na.b TXT x\n", "warning: lab.test.: MX a.b.lab.test. has no address in the zone\n" },
	{ "glue", ZONE "sub NS ns.sub\nns.sub A 10.0.0.1\n", "" },
	{ "missing glue", ZONE "sub NS ns.sub\n", "warning: sub.lab.test.: NS ns.sub.lab.test. has no address here: glue is missing\n" },
	{ "glue at the cut", ZONE "sub NS sub\n", "warning: sub.lab.test.: NS sub.lab.test. has no address here: glue is missing\n" },
	{ "another's", ZONE "sub NS ns.\n@ MX 1 mail.sub\nother NS ns.sub\n", "" },
};
/* clang-format on */

static const char *
take(void *arg, const struct zonefile_rr *rr)
{
	const struct edit_rr e = { rr->type, rr->ttl, rr->data, rr->len };

	return edit_add(arg, rr->owner, &e) == EDIT_DONE ? NULL : "not added";
}

static void
take_told(void *arg, bool error, const char *what)
{
	buf_printf(arg, "%s: %s\n", error ? "error" : "warning", what);
}

static struct snapshot *
make(const char *text)
{
	static const struct zonefile_calls calls = { take, NULL, NULL };
	struct snapshot *s;
	struct dname origin;
	struct edit *e;

	ck_assert_int_eq(dname_parse(&origin, "lab.test.", 9, NULL), 0);
	ck_assert_ptr_nonnull(e = edit_begin(NULL, &origin));
	ck_assert_uint_eq(zonefile_read_text(text, strlen(text), "zone",
			      origin.wire, &calls, e),
	    0);
	ck_assert_ptr_nonnull(s = edit_commit(e));
	return s;
}

/* Nodes come in no order, so neither do messages. */
static bool
same_lines(const char *got, const char *want)
{
	const char *line, *end;
	char copy[2048];

	if (strlen(got) != strlen(want))
		return false;
	for (line = want; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		snprintf(copy, sizeof(copy), "%.*s\n", (int)(end - line), line);
		if (strstr(got, copy) == NULL)
			return false;
	}
	return true;
}

START_TEST(test_case)
{
	struct snapshot *s = make(cases[_i].text);
	struct buf told;
	struct zonecheck c = { .tell = take_told, .arg = &told };
	const char *p;
	size_t errors = 0, warnings = 0;

	buf_init(&told, 65536);
	for (p = cases[_i].told; *p != '\0'; p = strchr(p, '\n') + 1)
		if (*p == 'e')
			errors++;
		else
			warnings++;
	ck_assert_uint_eq(zonecheck_run(s, &c), errors);
	ck_assert_uint_eq(c.errors, errors);
	ck_assert_uint_eq(c.warnings, warnings);
	buf_add(&told, "", 1);
	ck_assert_msg(same_lines((char *)told.p, cases[_i].told), "%s: %s",
	    cases[_i].what, (char *)told.p);
	buf_free(&told);
	snapshot_free(s);
}
END_TEST

/* 20 of each kind are told, then their number. */
START_TEST(test_many)
{
	struct snapshot *s = make(ZONE "$GENERATE 1-25 a$ MX 1 b\n"
				       "$GENERATE 1-22 c$ CNAME b\n"
				       "$GENERATE 1-22 c$ TXT b\n");
	struct buf told;
	struct zonecheck c = { .tell = take_told, .arg = &told };
	const char *p;
	size_t n = 0;

	buf_init(&told, 65536);
	ck_assert_uint_eq(zonecheck_run(s, &c), 22);
	ck_assert_uint_eq(c.warnings, 25);
	buf_add(&told, "", 1);
	for (p = (char *)told.p; *p != '\0'; p++)
		n += *p == '\n';
	ck_assert_uint_eq(n, 42);
	ck_assert_ptr_nonnull(strstr((char *)told.p,
	    "\nerror: 2 more errors\nwarning: 5 more warnings\n"));
	buf_free(&told);
	snapshot_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zonecheck");
	TCase *t = tcase_create("zonecheck");

	tcase_add_loop_test(t, test_case, 0, COUNT(cases));
	tcase_add_test(t, test_many);
	suite_add_tcase(s, t);
	return tap_run(s);
}
