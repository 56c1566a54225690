/*
 * dnsd.conf and dnsd.zones: what they say, and every message about them; and
 * whether a reload finds something new in them.
 */
#include <sys/stat.h>

#include <arpa/inet.h>

#include <stdlib.h>
#include <unistd.h>

#include <bsd/string.h>

#include "caught.h"
#include "dnsdconf.h"
#include "rtype.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct dnsd_conf conf;
static char dir[] = "/tmp/dnsdconf.XXXXXX";

static void
put_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(chmod(name, mode), 0);
}

static int
load_into(struct dnsd_conf *c, const char *text)
{
	const struct conf_files files = { .own = "dnsd.conf",
		.keys = dnsd_keys,
		.site = "site.conf",
		.site_keys = daemon_site_keys,
		.own_must_exist = true };
	int rc;

	put_file("dnsd.conf", text, 0644);
	memset(c, 0, sizeof(*c));
	rc = conf_load(&files, c);
	if (rc != -1 && dnsd_check(c) == -1)
		rc = -1;
	return rc == 0 ? 0 : -1;
}

static void
unload(struct dnsd_conf *c)
{
	dnsd_forget(c);
	conf_free(daemon_site_keys, c);
	conf_free(dnsd_keys, c);
}

/* Nothing is said, and all is as it should be. */
static void
load_good(const char *text)
{
	const char *said;
	int rc;

	caught_begin();
	rc = load_into(&conf, text);
	said = caught_end();
	ck_assert_str_eq(said, "");
	ck_assert_int_eq(rc, 0);
}

static const struct zone_conf *
zone_of(size_t i)
{
	ck_assert_uint_lt(i, conf.zones.n);
	return (const struct zone_conf *)conf.zones.v + i;
}

static void
setup(void)
{
	dname_seed();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	put_file("ddns.key", "c2VjcmV0\n", 0600);
	put_file("other.key",
	    "key \"other\" { algorithm hmac-sha512; secret \"c2VjcmV0\"; };\n",
	    0600);
	put_file("open.key", "c2VjcmV0\n", 0644);
}

static void
teardown(void)
{
	static const char *const names[] = { "ddns.key", "other.key",
		"open.key", "dnsd.conf", "site.conf", "zones" };
	size_t i;

	for (i = 0; i < N(names); i++)
		unlink(names[i]);
	rmdir(dir);
}

/* "@" in a text is the directory. */
static const char *
with_dir(const char *text)
{
	static char out[65536];
	size_t n = 0;

	for (; *text != '\0' && n < sizeof(out) - 64; text++)
		if (*text == '@')
			n += strlcpy(out + n, dir, sizeof(out) - n);
		else
			out[n++] = *text;
	out[n] = '\0';
	return out;
}

/* As the documentation has it, for what zones need. */
static const char example[] =
    "user = \"_dnsd\"   directory = \"@\"   workers = 0\n"
    "listen \"192.0.2.1\"  { port = 53  role = authoritative }\n"
    "listen \"127.0.0.1\"  { port = 53 }\n"
    "key \"ddns-key\" { algorithm = \"hmac-sha256\"  "
    "secret-file = \"ddns.key\" }\n"
    "zone \"example.org\" { file = \"example.org.zone\"  "
    "allow-transfer = {\"key:ddns-key\", \"192.0.2.2\"}\n"
    "  notify = {\"192.0.2.2\"}  update \"ddns-key\" { "
    "names = \"subdomain lan.example.org\"  "
    "types = {\"A\",\"AAAA\",\"DHCID\",\"TXT\"} } }\n"
    "zone \"2.0.192.in-addr.arpa\" { "
    "primaries = {\"192.0.2.9 key:ddns-key\"} }\n"
    "rate-limit { responses = 200  slip = 2 }\n";

START_TEST(whole_example)
{
	const struct tsig_key *key;
	const struct zone_conf *z;
	const struct grant_conf *g;

	load_good(with_dir(example));
	ck_assert_uint_ge(conf.daemon.workers, 1);
	ck_assert_uint_eq(conf.daemon.listen.n, 2);
	ck_assert_str_eq(conf.daemon.listen.v[0], "192.0.2.1:53");
	ck_assert_uint_eq(conf.keys.n, 1);
	key = keys_find(&conf.keys, "DDNS-key.");
	ck_assert_ptr_eq(key, &conf.keys.v[0]);
	ck_assert_uint_eq(key->len, 6);
	ck_assert_mem_eq(key->secret, "secret", 6);
	ck_assert_uint_eq(conf.zones.n, 2);
	z = zone_of(0);
	ck_assert_uint_eq(z->origin.labels, 2);
	ck_assert_uint_eq(z->allow_transfer.n, 2);
	ck_assert_ptr_eq(z->allow_transfer.v[0].key, key);
	ck_assert_uint_eq(z->notify.n, 1);
	ck_assert_uint_eq(sock_port(&z->notify.v[0].addr), 53);
	ck_assert_uint_eq(z->updates.n, 1);
	g = z->updates.v;
	ck_assert_ptr_eq(g->key, key);
	ck_assert_uint_eq(g->nnames, 1);
	ck_assert_int_eq(g->name[0].how, GRANT_SUBDOMAIN);
	ck_assert_uint_eq(g->name[0].name.labels, 3);
	ck_assert_uint_eq(g->ntypes, 4);
	ck_assert_uint_eq(g->type[2], TYPE_DHCID);
	z = zone_of(1);
	ck_assert_uint_eq(z->primaries.n, 1);
	ck_assert_ptr_eq(z->primaries.v[0].key, key);
	ck_assert(conf.rate.set);
	ck_assert_uint_eq(conf.rate.errors, 200);
	unload(&conf);
}
END_TEST

START_TEST(nothing)
{
	load_good("");
	ck_assert_str_eq(conf.directory, STATEDIR "/");
	ck_assert_uint_eq(conf.daemon.listen.n, 1);
	ck_assert_str_eq(conf.daemon.listen.v[0], "*");
	ck_assert_uint_eq(conf.zones.n, 0);
	ck_assert(!conf.rate.set);
	unload(&conf);
}
END_TEST

/* Who asks nothing special may ask; nobody may do more. */
START_TEST(defaults)
{
	const struct zone_conf *z;
	union sock_addr a;
	char device[16];
	bool has_port;

	load_good("zone \".\" { }");
	z = zone_of(0);
	ck_assert_int_eq(sock_parse("192.0.2.66", &a, device, &has_port), 0);
	ck_assert(acl_allows(&z->allow_query, &a, NULL));
	ck_assert(!acl_allows(&z->allow_transfer, &a, NULL));
	ck_assert(!acl_allows(&z->allow_notify, &a, NULL));
	ck_assert_uint_eq(z->origin.labels, 0);
	ck_assert_str_eq(z->file, "");
	ck_assert(z->notify_ns && !z->auto_reverse);
	unload(&conf);
}
END_TEST

static const struct {
	const char *site, *text, *listen;
} listens[] = {
	{ "", "", "*" },
	{ "addresses = \"192.0.2.1\"", "", "192.0.2.1" },
	{ "addresses = \"192.0.2.1\"", "listen \"::1\" { }", "[::1]:53" },
	{ "", "listen \"*%eth0\" { port = 54 }", "*%eth0:54" },
	{ "", "listen \"[2001:db8::1]:5353\" { }", "[2001:db8::1]:5353" },
	{ "", "listen \"[2001:db8::1]\" { }", "[2001:db8::1]:53" },
	{ "", "listen \"fe80::1%eth0\" { }", "[fe80::1%eth0]:53" },
};

START_TEST(addresses)
{
	put_file("site.conf", listens[_i].site, 0644);
	load_good(listens[_i].text);
	ck_assert_uint_eq(conf.daemon.listen.n, 1);
	ck_assert_str_eq(conf.daemon.listen.v[0], listens[_i].listen);
	unload(&conf);
}
END_TEST

#define KEY "key \"ddns\" { secret_file = \"ddns.key\" }\n"
#define DIR "directory = \"@\"\n"

/* Everything that is wrong is told at its line. */
static const struct {
	const char *text, *said;
} wrong[] = {
	{ "listen \"x\" { }",
	    "dnsd.conf:1: listen: \"x\" is not an address "
	    "such as 192.0.2.1, 2001:db8::1 or *\n" },
	{ "\nlisten \"::1\" { role = resolver }",
	    "dnsd.conf:2: listen.role: \"resolver\" is not one of: "
	    "authoritative\n" },
	{ "workers = 65",
	    "dnsd.conf:1: workers: \"65\" is not a number from "
	    "0 to 64\n" },
	{ "zone \"a..b\" { }", "dnsd.conf:1: zone: \"a..b\" is not a name\n" },
	{ "zone \"a.test\" { }\nzone \"A.test.\" { }",
	    "dnsd.conf:2: zone: \"A.test.\" is there twice\n" },
	{ "zone \"a\" {\n  allow_transfer = \"192.0.2.300\" }",
	    "dnsd.conf:2: zone.allow_transfer: \"192.0.2.300\" is not a "
	    "prefix such as 192.0.2.0/24\n" },
	{ "zone \"a\" {\n\n  allow_transfer = \"key:k\" }",
	    "dnsd.conf:3: zone.allow_transfer: \"k\": there is no such key\n" },
	{ "zone \"a\" { primaries = \"ns.test\" }",
	    "dnsd.conf:1: zone.primaries: \"ns.test\" is not an address such "
	    "as 192.0.2.9, 192.0.2.9#5353 or [2001:db8::1]:53\n" },
	{ "zone \"a\" { primaries = \"192.0.2.1#0\" }",
	    "dnsd.conf:1: zone.primaries: \"192.0.2.1#0\" is not an address "
	    "such as 192.0.2.9, 192.0.2.9#5353 or [2001:db8::1]:53\n" },
	{ "zone \"a\" { notify = \"192.0.2.1 keys:x\" }",
	    "dnsd.conf:1: zone.notify: \"keys:x\" is not an address, key:NAME, "
	    "any or none\n" },
	{ "zone \"a\" {\n  update \"k\" { }\n}",
	    "dnsd.conf:2: update: \"k\": there is no such key\n" },
	{ DIR KEY "zone \"a\" {\n  update \"ddns\" {\n    names = \"sub a\"\n"
		  "    types = { \"A\", \"NO\", \"ANY\" } } }",
	    "dnsd.conf:4: update.names: \"sub a\" is not any, subdomain NAME "
	    "or name NAME\n"
	    "dnsd.conf:4: update.types: \"NO\" is not a type of records\n"
	    "dnsd.conf:4: update.types: \"ANY\" is not a type of records\n" },
	{ DIR KEY "zone \"a\" { primaries = \"192.0.2.1\" "
		  "update \"ddns\" { } }",
	    "dnsd.conf:3: zone: \"a\": a secondary (primaries) takes no "
	    "updates (update)\n" },
	{ "zone \"a\" { primaries = \"192.0.2.1\" auto_reverse = yes }",
	    "dnsd.conf:1: zone: \"a\": a secondary (primaries) has no "
	    "auto_reverse\n" },
	{ "zone \"a\" { min_refresh = 2h max_refresh = 1h }",
	    "dnsd.conf:1: zone: \"a\": min_refresh is above max_refresh\n" },
	{ DIR KEY "zone \"a\" { file = \"f\" }\nzone \"b\" { file = \"f\" }\n"
		  "zone \"c\" { file = \"g\" update \"ddns\" { } }\n"
		  "zone \"d\" { file = \"g\" }",
	    "dnsd.conf:6: zone: \"d\": \"c\" has the same file, and one of "
	    "them is written\n" },
	{ DIR "zones_file = \"@/none\"\nworkers = 65\nzone \"a\" { }\n"
	      "zone \"a..b\" { }\nzone \"A\" { }",
	    "dnsd.conf:3: workers: \"65\" is not a number from 0 to 64\n"
	    "dnsd.conf:5: zone: \"a..b\" is not a name\n"
	    "@/none: No such file or directory\n"
	    "dnsd.conf:6: zone: \"A\" is there twice\n" },
	{ DIR "key \"k\" { }",
	    "dnsd.conf:2: key: \"k\": either secret_file or file says the "
	    "secret\n" },
	{ DIR "key \"k\" { file = \"other.key\" }",
	    "dnsd.conf:2: key.file: @/other.key has a key with another "
	    "name\n" },
	{ DIR "key \"k\" { secret_file = \"none.key\" }",
	    "@/none.key: No such file or directory\n" },
	{ DIR "key \"k\" { secret_file = \"open.key\" }",
	    "@/open.key: others can read this key: chmod o= @/open.key\n" },
	{ DIR "key \"k\" { secret_file = \"other.key\" }",
	    "@/other.key:1: secret is not base64\n" },
	{ DIR "key \"other\" { file = \"ddns.key\" }",
	    "@/ddns.key:1: key is expected\n" },
	{ "rate_limit { exempt = \"x\" }",
	    "dnsd.conf:1: rate_limit.exempt: \"x\" is not a prefix such as "
	    "192.0.2.0/24\n" },
	{ "resolver { }", "dnsd.conf:1: resolver: unknown key\n" },
};

START_TEST(errors)
{
	char said[8192];
	int rc;

	caught_begin();
	rc = load_into(&conf, with_dir(wrong[_i].text));
	strlcpy(said, caught_end(), sizeof(said));
	ck_assert_str_eq(said, with_dir(wrong[_i].said));
	ck_assert_int_eq(rc, -1);
	unload(&conf);
}
END_TEST

START_TEST(bulk)
{
	const struct zone_conf *z;

	put_file("zones",
	    "# customers\nexample.com t\nexample.net  t  net.zone\n", 0644);
	load_good(with_dir("zones_file = \"@/zones\"\n"
			   "template \"t\" { primaries = \"192.0.2.9\" }\n"
			   "zone \"example.org\" { }\n"));
	ck_assert_uint_eq(conf.zones.n, 3);
	ck_assert_str_eq(zone_of(0)->name, "example.org");
	z = zone_of(1);
	ck_assert_str_eq(z->name, "example.com");
	ck_assert_str_eq(z->file, "");
	ck_assert_uint_eq(z->primaries.n, 1);
	ck_assert_uint_eq(z->origin.labels, 2);
	ck_assert_str_eq(zone_of(2)->file, "net.zone");
	unload(&conf);
}
END_TEST

static const struct {
	const char *zones, *said;
} bad_lines[] = {
	{ "example.com\n", "@/zones:1: the template is missing\n" },
	{ "\nexample.com x\na..b t\n",
	    "@/zones:2: there is no template \"x\"\n"
	    "@/zones:3: \"a..b\" is not a name\n" },
	{ "example.com t f g\n",
	    "@/zones:1: \"g\" is one word more than NAME TEMPLATE FILE\n" },
	{ "example.com t\nEXAMPLE.com t\n",
	    "dnsd.conf: zone: \"EXAMPLE.com\" is there twice\n" },
};

START_TEST(bulk_errors)
{
	char said[8192];
	int rc;

	put_file("zones", bad_lines[_i].zones, 0644);
	caught_begin();
	rc = load_into(
	    &conf, with_dir("zones_file = \"@/zones\"\ntemplate \"t\" { }\n"));
	strlcpy(said, caught_end(), sizeof(said));
	ck_assert_str_eq(said, with_dir(bad_lines[_i].said));
	ck_assert_int_eq(rc, -1);
	unload(&conf);
}
END_TEST

/* What a reload must not overlook. */
static const struct {
	const char *first, *second;
	const char *zones, *key; /* what the files hold then; NULL: the same */
	bool same;
} pairs[] = {
	{ "zone \"a\" { }", "# a remark\nzone \"a\" {\n}\n", NULL, NULL, true },
	{ "", "workers = 0", NULL, NULL, true },
	{ "", "zone \"a\" { }", NULL, NULL, false },
	{ "zone \"a\" { }", "zone \"a\" { notify_ns = no }", NULL, NULL,
	    false },
	{ "listen \"::1\" { }", "listen \"::1\" { port = 54 }", NULL, NULL,
	    false },
	{ "", "user = \"other\"", NULL, NULL, false },
	{ DIR KEY, DIR KEY, NULL, "b3RoZXI=\n", false },
	{ DIR KEY, DIR KEY, NULL, "c2VjcmV0\n", true },
	{ "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "a t\nb u\n", NULL, false },
	{ "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "a  t # the same\nb t\n", NULL, true },
	{ "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "a t f\nb t\n", NULL, false },
	{ "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "zones_file = \"@/zones\" template \"t\" { } template \"u\" { }",
	    "a t\n", NULL, false },
};

START_TEST(same)
{
	static struct dnsd_conf next;

	put_file("zones", "a t\nb t\n", 0644);
	load_good(with_dir(pairs[_i].first));
	if (pairs[_i].zones != NULL)
		put_file("zones", pairs[_i].zones, 0644);
	if (pairs[_i].key != NULL)
		put_file("ddns.key", pairs[_i].key, 0600);
	ck_assert_int_eq(load_into(&next, with_dir(pairs[_i].second)), 0);
	ck_assert_int_eq(dnsd_same(&conf, &next), pairs[_i].same);
	unload(&next);
	unload(&conf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dnsdconf");
	TCase *tc = tcase_create("dnsdconf");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, whole_example);
	tcase_add_test(tc, nothing);
	tcase_add_test(tc, defaults);
	tcase_add_loop_test(tc, addresses, 0, N(listens));
	tcase_add_loop_test(tc, errors, 0, N(wrong));
	tcase_add_test(tc, bulk);
	tcase_add_loop_test(tc, bulk_errors, 0, N(bad_lines));
	tcase_add_loop_test(tc, same, 0, N(pairs));
	suite_add_tcase(s, tc);
	return tap_run(s);
}
