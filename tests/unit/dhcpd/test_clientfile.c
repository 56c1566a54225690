/* clientfile, clientid: what a client knows of itself after a restart. */
#include <sys/stat.h>

#include <arpa/inet.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "caught.h"
#include "clientfile.h"
#include "clientid.h"
#include "tap.h"

static char dir[] = "/tmp/clientfile.XXXXXX";
static char path[64], duid[64];

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/eth0.lease", dir);
	snprintf(duid, sizeof(duid), "%s/duid", dir);
}

static void
teardown(void)
{
	unlink(path);
	unlink(duid);
	rmdir(dir);
}

static void
put_file(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static const char *
get_file(const char *file)
{
	static char text[8192];
	FILE *f = fopen(file, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void
grant(struct clientfile *f, const char *lease, int64_t now)
{
	struct words w;

	words_clear(&w);
	words_add(&w, "ip", "10.0.0.5");
	words_add(&w, "router", "10.0.0.1 10.0.0.2");
	words_add(&w, "serverid", "10.0.0.1");
	words_add(&w, "lease", lease);
	clientfile_grant(f, &w, now);
}

START_TEST(written_and_read)
{
	struct clientfile f;
	struct client_known known = { .configured = true };
	struct stat st;

	clientfile_read(&f, path); /* there is none */
	ck_assert_uint_eq(f.words.len, 0);
	clientfile_known(&f, 1000, &known);
	ck_assert_uint_eq(known.ip.s_addr, 0);
	ck_assert_uint_eq(known.left_ms, 0);
	grant(&f, "3600", 1700000000);
	inet_pton(AF_INET, "169.254.7.8", &f.linklocal);
	ck_assert_int_eq(clientfile_write(&f), 0);
	ck_assert_str_eq(get_file(path),
	    "start=1700000000\nend=1700003600\nlinklocal_last=169.254.7.8\n"
	    "ip=10.0.0.5\nrouter=10.0.0.1 10.0.0.2\nserverid=10.0.0.1\n"
	    "lease=3600\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0644);
	memset(&f, 0xff, sizeof(f));
	clientfile_read(&f, path);
	ck_assert_str_eq(words_get(&f.words, "router"), "10.0.0.1 10.0.0.2");
	clientfile_known(&f, 1700000600, &known);
	ck_assert_uint_eq(known.ip.s_addr, inet_addr("10.0.0.5"));
	ck_assert_uint_eq(known.server.s_addr, inet_addr("10.0.0.1"));
	ck_assert_uint_eq(known.left_ms, 3000000);
	ck_assert_uint_eq(f.linklocal.s_addr, inet_addr("169.254.7.8"));
	ck_assert(known.configured);
	clientfile_known(&f, 1700003600, &known);
	ck_assert_uint_eq(known.left_ms, 0);
	/* no clock */
	clientfile_known(&f, 5, &known);
	ck_assert_uint_eq(known.left_ms, 3600000);
	clientfile_forget(&f);
	ck_assert_int_eq(clientfile_write(&f), 0);
	ck_assert_str_eq(get_file(path), "linklocal_last=169.254.7.8\n");
}
END_TEST

START_TEST(for_ever)
{
	struct clientfile f;
	struct client_known known;

	clientfile_read(&f, path);
	grant(&f, "4294967295", 1700000000);
	ck_assert_int_eq(clientfile_write(&f), 0);
	clientfile_read(&f, path);
	ck_assert_int_eq(f.end, CLIENTFILE_FOREVER);
	clientfile_known(&f, INT64_MAX - 1, &known);
	ck_assert_uint_eq(known.left_ms, CLIENT_NEVER);
}
END_TEST

/* A file with an error says nothing. */
START_TEST(bad_files)
{
	static const char *const bad[] = {
		"ip=10.0.0.5\nend=soon\n",
		"ip=10.0.0.5\nstart=-5\n",
		"ip=10.0.0.5\nPATH=/tmp\n",
		"ip=10.0.0.5;x\n",
		"ip=10.0.0.5\nhello\n",
		"ip=10.0.0.5\nlinklocal_last=x\n",
	};
	struct clientfile f;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put_file(path, bad[i]);
		caught_begin();
		clientfile_read(&f, path);
		ck_assert_ptr_nonnull(strstr(caught_end(), "eth0.lease:"));
		ck_assert_uint_eq(f.words.len, 0);
		ck_assert_str_eq(f.path, path);
	}
}
END_TEST

START_TEST(identifiers)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0xbe, 0xef };
	static const struct {
		const char *text, *id;
		int n;
	} cases[] = {
		{ "none", "", 0 },
		{ "mac", "\1\2\0\0\0\xbe\xef", 7 },
		{ "0061", "\0a", 2 },
		{ "00:61:fF", "\0a\xff", 3 },
		{ "00", "", -1 },
		{ "", "", -1 },
		{ "0", "", -1 },
		{ "00:", "", -1 },
		{ ":00", "", -1 },
		{ "00::61", "", -1 },
		{ "0x61", "", -1 },
		{ "00 61", "", -1 },
	};
	uint8_t id[CLIENTID_MAX];
	size_t i;
	int n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		caught_begin();
		n = clientid_make(cases[i].text, mac, duid, id);
		ck_assert_int_eq(*caught_end() == '\0', n >= 0);
		ck_assert_msg(n == cases[i].n, "%s: %d", cases[i].text, n);
		if (n > 0)
			ck_assert_mem_eq(id, cases[i].id, (size_t)n);
	}
}
END_TEST

/* RFC 4361: type, IAID, DUID; the same for ever. */
START_TEST(duids)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0xbe, 0xef };
	uint8_t id[CLIENTID_MAX], again[CLIENTID_MAX];

	ck_assert_int_eq(clientid_make("duid", mac, duid, id), 23);
	ck_assert_mem_eq(id, "\xff\0\0\xbe\xef\0\4", 7);
	ck_assert_uint_eq(id[13] & 0xf0, 0x40);
	ck_assert_uint_eq(id[15] & 0xc0, 0x80);
	ck_assert_int_eq(clientid_make("duid", mac, duid, again), 23);
	ck_assert_mem_eq(id, again, 23);
	put_file(duid, "00:01:02:03 # ours\n");
	ck_assert_int_eq(clientid_make("duid", mac, duid, id), 9);
	ck_assert_mem_eq(id, "\xff\0\0\xbe\xef\0\1\2\3", 9);
	caught_begin();
	put_file(duid, "nothing\n");
	ck_assert_int_eq(clientid_make("duid", mac, duid, id), -1);
	put_file(duid, "");
	ck_assert_int_eq(clientid_make("duid", mac, duid, id), -1);
	ck_assert_ptr_nonnull(strstr(caught_end(), "no DUID"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("clientfile");
	TCase *t = tcase_create("clientfile");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, written_and_read);
	tcase_add_test(t, for_ever);
	tcase_add_test(t, bad_files);
	tcase_add_test(t, identifiers);
	tcase_add_test(t, duids);
	suite_add_tcase(s, t);
	return tap_run(s);
}
