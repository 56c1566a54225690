/*
 * Master files that we write: to the byte, and read back as the same zone.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "load.h"
#include "tap.h"
#include "zonelines.h"
#include "zonetext.h"

static char path[] = "/tmp/zonetext.XXXXXX";

/* The zone as its file, which is there then. */
static char *
written(const struct snapshot *s)
{
	static char text[1 << 16];
	int fd = mkstemp(path);
	ssize_t n;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(zonetext_write(s, fd, NULL), 0);
	n = pread(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void
expect_same(const struct snapshot *s)
{
	struct load_result r;

	load_file(path, &s->origin, &r);
	ck_assert_uint_eq(r.errors, 0);
	ck_assert_ptr_nonnull(r.snapshot);
	ck_assert_uint_eq(r.records, s->records);
	ck_assert(snapshot_same(r.snapshot, s));
	load_result_free(&r);
	unlink(path);
}

START_TEST(columns)
{
	struct snapshot *s = zonelines_zone("example.org.",
	    "example.org. 3600 SOA ns.example.org. admin.example.org. "
	    "2023013100 43200 900 1814400 7200\n"
	    "example.org. 3600 NS ns.example.org.\n"
	    "example.org. 300 MX 10 mail.example.org.\n"
	    "ns.example.org. 3600 A 192.0.2.1\n"
	    "mail.example.org. 3600 A 192.0.2.3\n"
	    "mail.example.org. 3600 A 192.0.2.2\n"
	    "mail.example.org. 60 AAAA 2001:db8::1\n"
	    "a-name-that-is-longer-than-the-column.example.org. 3600 A "
	    "192.0.2.4\n"
	    "*.wild.example.org. 3600 TXT text\n"
	    "Upper.Example.org. 3600 CNAME MAIL.example.org.\n"
	    "zz.example.org. 3600 TYPE65280 \\# 2 0102\n");

	ck_assert_str_eq(written(s),
	    "$ORIGIN example.org.\n"
	    "$TTL 3600\n"
	    "@\t\t\t\tSOA\tns.example.org. admin.example.org. (\n"
	    "\t\t\t\t\t2023013100\t; serial\n"
	    "\t\t\t\t\t43200\t\t; refresh\n"
	    "\t\t\t\t\t900\t\t; retry\n"
	    "\t\t\t\t\t1814400\t\t; expire\n"
	    "\t\t\t\t\t7200\t\t; minimum\n"
	    "\t\t\t\t\t)\n"
	    "\t\t\t\tNS\tns.example.org.\n"
	    "\t\t\t300\tMX\t10 mail.example.org.\n"
	    "a-name-that-is-longer-than-the-column\t\tA\t192.0.2.4\n"
	    "mail\t\t\t\tA\t192.0.2.2\n"
	    "\t\t\t\tA\t192.0.2.3\n"
	    "\t\t\t60\tAAAA\t2001:db8::1\n"
	    "ns\t\t\t\tA\t192.0.2.1\n"
	    "Upper\t\t\t\tCNAME\tMAIL.example.org.\n"
	    "*.wild\t\t\t\tTXT\t\"text\"\n"
	    "zz\t\t\t\tTYPE65280\t\\# 2 0102\n");
	expect_same(s);
	snapshot_free(s);
}
END_TEST

/* Names that would mean something else if they stood as they are. */
START_TEST(names)
{
	static const char *const odd[] = { "\\@", "\\$ORIGIN", "\\;x", "\\(",
		"\\\"", "a\\.b", "\\032", "\\000\\255", "60", "IN", "A", "1h",
		"\\\\", "*", "a b", "-", "TYPE1" };
	struct snapshot *s = zonelines_zone("x.",
	    "x. 60 SOA ns.y. r\\.oot\\032x.y. 1 2 3 4 5\nx. 60 NS ns.y.\n");
	struct edit *e = edit_begin(s, NULL);
	struct edit_rr rr = { TYPE_A, 0, (const uint8_t *)"\1\2\3\4", 4 };
	struct snapshot *next;
	struct dname name;
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		snprintf(text, sizeof(text), "%s.x.", odd[i]);
		zonelines_name(&name, text);
		ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_DONE);
	}
	next = edit_commit(e);
	written(next);
	expect_same(next);
	snapshot_retire(s, next);
	snapshot_retire(next, NULL);
}
END_TEST

START_TEST(root)
{
	struct snapshot *s = zonelines_zone(".",
	    ". 60 SOA a.root-servers.net. nstld. 1 2 3 4 5\n"
	    ". 60 NS a.root-servers.net.\n"
	    "test. 60 NS ns.test.\n"
	    "ns.test. 60 A 192.0.2.1\n"
	    "a.root-servers.net. 60 A 192.0.2.2\n");

	ck_assert_str_eq(written(s),
	    "$ORIGIN .\n"
	    "$TTL 60\n"
	    "@\t\t\t\tSOA\ta.root-servers.net. nstld. (\n"
	    "\t\t\t\t\t1\t\t; serial\n"
	    "\t\t\t\t\t2\t\t; refresh\n"
	    "\t\t\t\t\t3\t\t; retry\n"
	    "\t\t\t\t\t4\t\t; expire\n"
	    "\t\t\t\t\t5\t\t; minimum\n"
	    "\t\t\t\t\t)\n"
	    "\t\t\t\tNS\ta.root-servers.net.\n"
	    "a.root-servers.net\t\tA\t192.0.2.2\n"
	    "test\t\t\t\tNS\tns.test.\n"
	    "ns.test\t\t\t\tA\t192.0.2.1\n");
	expect_same(s);
	snapshot_free(s);
}
END_TEST

START_TEST(stopped)
{
	struct snapshot *s = zonelines_zone(
	    "x.", "x. 60 SOA ns.y. root.y. 1 2 3 4 5\nx. 60 NS ns.y.\n");
	atomic_bool stop = true;

	errno = 0;
	ck_assert_int_eq(zonetext_write(s, 1, &stop), -1);
	ck_assert_int_eq(errno, ECANCELED);
	stop = false;
	ck_assert_int_eq(zonetext_write(s, -1, &stop), -1);
	ck_assert_int_eq(errno, EBADF);
	snapshot_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zonetext");
	TCase *tc = tcase_create("zonetext");

	dname_seed();
	tcase_add_test(tc, columns);
	tcase_add_test(tc, names);
	tcase_add_test(tc, root);
	tcase_add_test(tc, stopped);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
