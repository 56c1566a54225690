/*
 * PTR records that follow addresses, in the same transaction.
 */
#include <sys/stat.h>

#include "tap.h"
#include "updated.h"

#define FORWARD                                                                \
	"x. 60 SOA ns.x. root.x. 1 2 3 4 5\n"                                  \
	"x. 60 NS ns.x.\n"                                                     \
	"old.x. 60 A 192.0.2.1\n"
#define SOA4 "2.0.192.in-addr.arpa. 60 SOA ns.x. root.x. "
#define REVERSE                                                                \
	SOA4 "1 2 3 4 5\n"                                                     \
	     "2.0.192.in-addr.arpa. 60 NS ns.x.\n"                             \
	     "1.2.0.192.in-addr.arpa. 60 PTR old.x.\n"                         \
	     "2.2.0.192.in-addr.arpa. 60 PTR other.y.\n"                       \
	     "3.2.0.192.in-addr.arpa. 60 CNAME 3.sub.x.\n"                     \
	     "4.2.0.192.in-addr.arpa. 60 NS ns.y.\n"
#define SOA6 "8.b.d.0.1.0.0.2.ip6.arpa. 60 SOA ns.x. root.x. "
#define REVERSE6                                                               \
	SOA6 "1 2 3 4 5\n"                                                     \
	     "8.b.d.0.1.0.0.2.ip6.arpa. 60 NS ns.x.\n"
#define ONE6                                                                   \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."     \
	"ip6.arpa."

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

static struct updated u;
static struct zone *x, *r4, *r6;

static void
setup(void)
{
	log_level(-1); /* refusals are told */
	updated_init(&u);
	updated_add(&u, "x.")->auto_reverse = true;
	updated_add(&u, "2.0.192.in-addr.arpa.")->updates.n = 0;
	updated_add(&u, "8.b.d.0.1.0.0.2.ip6.arpa.")->updates.n = 0;
	updated_start(&u);
	x = updated_load(&u, "x.", FORWARD);
	r4 = updated_load(&u, "2.0.192.in-addr.arpa.", REVERSE);
	r6 = updated_load(&u, "8.b.d.0.1.0.0.2.ip6.arpa.", REVERSE6);
	ck_assert(r4->dynamic && r6->dynamic);
}

static void
teardown(void)
{
	const struct zone *const zones[] = { x, r4, r6 };
	char paths[3][128];
	size_t i;

	for (i = 0; i < 3; i++)
		zone_path(zones[i], ".jnl", paths[i], sizeof(paths[i]));
	updated_stop(&u);
	for (i = 0; i < 3; i++) {
		unlink(paths[i]);
		rmdir(paths[i]);
	}
	ck_assert_int_eq(rmdir(u.dir), 0);
}

static void
expect_zone(
    const struct zone *z, const char *origin, const char *was, const char *now)
{
	struct snapshot *s = zonelines_zone(origin, was), *want;
	struct edit *e = edit_begin(s, NULL);
	char *a, *b;

	zonelines_edit(e, now);
	want = edit_commit(e);
	a = zonelines_text(want);
	b = zonelines_text(zone_now(z));
	ck_assert_str_eq(b, a);
	free(a);
	free(b);
	snapshot_retire(s, want);
	snapshot_retire(want, NULL);
}

static const struct {
	const char *updates, *four, *six; /* and what came of the zones */
} rows[] = {
	/* clang-format off */
	{ "new.x. 7 IN A 192.0.2.5",
	  SOA4 "2 2 3 4 5\n5.2.0.192.in-addr.arpa. 7 PTR new.x.", "" },
	{ "new.x. 7 IN AAAA 2001:db8::1", "",
	  SOA6 "2 2 3 4 5\n" ONE6 " 7 PTR new.x." },
	{ "new.x. 7 IN A 192.0.2.5\nnew.x. 7 IN AAAA 2001:db8::1",
	  SOA4 "2 2 3 4 5\n5.2.0.192.in-addr.arpa. 7 PTR new.x.",
	  SOA6 "2 2 3 4 5\n" ONE6 " 7 PTR new.x." },
	/* it goes with the address, if it is the name's */
	{ "old.x. 0 ANY A", SOA4 "2 2 3 4 5\n"
	  "-1.2.0.192.in-addr.arpa. 0 PTR old.x.", "" },
	{ "old.x. 0 ANY ANY", SOA4 "2 2 3 4 5\n"
	  "-1.2.0.192.in-addr.arpa. 0 PTR old.x.", "" },
	{ "old.x. 0 NONE A 192.0.2.1\nnew.x. 7 IN A 192.0.2.1",
	  SOA4 "2 2 3 4 5\n-1.2.0.192.in-addr.arpa. 0 PTR old.x.\n"
	  "1.2.0.192.in-addr.arpa. 7 PTR new.x.", "" },
	{ "old.x. 0 ANY A\nold.x. 9 IN A 192.0.2.9", SOA4 "2 2 3 4 5\n"
	  "-1.2.0.192.in-addr.arpa. 0 PTR old.x.\n"
	  "9.2.0.192.in-addr.arpa. 9 PTR old.x.", "" },
	{ "old.x. 9 IN A 192.0.2.1", "", "" }, /* a TTL alone */
	/* somebody else's */
	{ "new.x. 7 IN A 192.0.2.1", "", "" },
	{ "new.x. 7 IN A 192.0.2.2", "", "" },
	{ "new.x. 7 IN A 192.0.2.3", "", "" },
	{ "new.x. 7 IN A 192.0.2.4", "", "" },
	{ "new.x. 7 IN A 192.0.2.1\nold.x. 0 ANY A", SOA4 "2 2 3 4 5\n"
	  "-1.2.0.192.in-addr.arpa. 0 PTR old.x.\n"
	  "1.2.0.192.in-addr.arpa. 7 PTR new.x.", "" },
	/* no zone of ours, no single name, no change */
	{ "new.x. 7 IN A 198.51.100.1", "", "" },
	{ "*.x. 7 IN A 192.0.2.5", "", "" },
	{ "new.x. 7 IN A 192.0.2.5\nnew.x. 0 ANY ANY", "", "" },
	{ "new.x. 7 IN TXT 192.0.2.5", "", "" },
	/* clang-format on */
};

START_TEST(follows)
{
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", rows[_i].updates), DNS_NOERROR);
	expect_zone(r4, "2.0.192.in-addr.arpa.", REVERSE, rows[_i].four);
	expect_zone(r6, "8.b.d.0.1.0.0.2.ip6.arpa.", REVERSE6, rows[_i].six);
}
END_TEST

/* There and back: the zones are as before, but for their serials. */
START_TEST(back)
{
	ck_assert_uint_eq(updated_do(&u, "x.", "",
			      "new.x. 7 IN A 192.0.2.5\n"
			      "new.x. 7 IN AAAA 2001:db8::1"),
	    DNS_NOERROR);
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "new.x. 0 ANY ANY"), DNS_NOERROR);
	expect_zone(r4, "2.0.192.in-addr.arpa.", REVERSE, SOA4 "3 2 3 4 5");
	expect_zone(
	    r6, "8.b.d.0.1.0.0.2.ip6.arpa.", REVERSE6, SOA6 "3 2 3 4 5");
}
END_TEST

/* An address that was there gets the PTR that it lacks. */
START_TEST(mends)
{
	ck_assert_uint_eq(updated_do(&u, "x.", "",
			      "old.x. 0 ANY A\n"
			      "b.x. 60 IN A 192.0.2.1"),
	    DNS_NOERROR);
	r4->dynamic = false;
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "c.x. 60 IN A 192.0.2.8"), DNS_NOERROR);
	r4->dynamic = true;
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "c.x. 60 IN A 192.0.2.8"), DNS_NOERROR);
	ck_assert_uint_eq(zone_now(x)->serial, 3);
	expect_zone(r4, "2.0.192.in-addr.arpa.", REVERSE,
	    SOA4 "3 2 3 4 5\n"
		 "-1.2.0.192.in-addr.arpa. 0 PTR old.x.\n"
		 "1.2.0.192.in-addr.arpa. 60 PTR b.x.\n"
		 "8.2.0.192.in-addr.arpa. 60 PTR c.x.");
}
END_TEST

/* What a file has gets what is missing: at start, after a reload. */
START_TEST(files)
{
	struct snapshot *s = zonelines_zone("x.",
	    FORWARD "www.x. 60 A 192.0.2.7\n"
		    "b.x. 60 A 192.0.2.7\n"
		    "c.x. 60 A 192.0.2.7\n"
		    "d.x. 60 A 192.0.2.2\n"
		    "e.x. 60 AAAA 2001:db8::1\n"
		    "f.x. 60 A 198.51.100.1\n");

	zone_publish(x, s);
	update_follow(&u.server);
	journals_sync(u.server.journals);
	expect_zone(r4, "2.0.192.in-addr.arpa.", REVERSE,
	    SOA4 "2 2 3 4 5\n7.2.0.192.in-addr.arpa. 60 PTR b.x.");
	expect_zone(r6, "8.b.d.0.1.0.0.2.ip6.arpa.", REVERSE6,
	    SOA6 "2 2 3 4 5\n" ONE6 " 60 PTR e.x.");
	/* then there is nothing more to do */
	update_follow(&u.server);
	journals_sync(u.server.journals);
	ck_assert_uint_eq(zone_now(r4)->serial, 2);
	ck_assert_uint_eq(zone_now(x)->serial, 1);
}
END_TEST

/* Nobody may update a zone that is only maintained. */
START_TEST(no_grant)
{
	ck_assert_uint_eq(updated_do(&u, "2.0.192.in-addr.arpa.", "",
			      "7.2.0.192.in-addr.arpa. 7 IN PTR a.x."),
	    DNS_REFUSED);
}
END_TEST

/* Where the PTR cannot be written, the address is not either. */
START_TEST(both_or_none)
{
	char path[128];

	zone_path(r4, ".jnl", path, sizeof(path));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "new.x. 7 IN A 192.0.2.5"), DNS_SERVFAIL);
	expect_zone(x, "x.", FORWARD, "");
	expect_zone(r4, "2.0.192.in-addr.arpa.", REVERSE, "");
	/* others are done */
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "new.x. 7 IN TXT a"), DNS_NOERROR);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "new.x. 7 IN A 192.0.2.5"), DNS_NOERROR);
	ck_assert_uint_eq(zone_now(r4)->serial, 2);
	ck_assert_uint_eq(zone_now(x)->serial, 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("autoreverse");
	TCase *tc = tcase_create("autoreverse");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, follows, 0, nitems(rows));
	tcase_add_test(tc, back);
	tcase_add_test(tc, mends);
	tcase_add_test(tc, files);
	tcase_add_test(tc, no_grant);
	tcase_add_test(tc, both_or_none);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
