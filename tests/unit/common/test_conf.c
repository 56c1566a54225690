/*
 * Configuration files: every value, every message, whole lines compared.
 */
#include <sys/stat.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "caught.h"
#include "conf.h"
#include "confpart.h"
#include "daemon.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define F "t.conf"

struct rule {
	char *match;
	char *replace;
	bool deny;
	struct conf_list names;
	struct conf_prefixes networks;
	int line;
};

struct opts {
	uint64_t blksize;
	uint64_t wait_ms;
	char *note;
};

struct host {
	uint64_t ttl_ms;
	char *name;
	int ttl_line, line;
	struct conf_sections notes;
};

struct zone {
	struct conf_sections hosts;
	char *name;
	int line;
};

struct all {
	struct daemon_conf daemon;
	bool on, off;
	uint64_t num, size, ms, bare_num;
	char *str, *nostr, *path;
	int mode;
	struct conf_list roots;
	struct conf_prefixes nets;
	struct conf_range ports;
	struct conf_sections rules, opts, zones, hosts;
};

static const char *const modes[] = { "never", "maybe", "always", NULL };
static const char *const infinite[] = { "infinite", NULL };

/* clang-format off */
static const struct conf_key rule_keys[] = {
	{ .name = "match", .type = CONF_STR, .offset = offsetof(struct rule, match), .def = "" },
	{ .name = "replace", .type = CONF_STR, .offset = offsetof(struct rule, replace), .def = NULL },
	{ .name = "deny", .type = CONF_BOOL, .offset = offsetof(struct rule, deny), .def = "no" },
	{ .name = "names", .type = CONF_LIST, .offset = offsetof(struct rule, names), .def = "y z", .max = 3 },
	{ .name = "networks", .type = CONF_PREFIXES, .offset = offsetof(struct rule, networks), .max = 4 },
	{ .type = CONF_END },
};

static const struct conf_key opts_keys[] = {
	{ .name = "blksize", .type = CONF_NUM, .offset = offsetof(struct opts, blksize), .def = "1428", .min = 8, .max = 65464 },
	{ .name = "max_wait", .type = CONF_TIME, .offset = offsetof(struct opts, wait_ms), .def = "5s", .min = 1000, .max = 255000 },
	{ .name = "note", .type = CONF_STR, .offset = offsetof(struct opts, note), .def = "none", .max = 8 },
	{ .type = CONF_END },
};

static const struct conf_key host_keys[] = {
	{ .name = "ttl", .type = CONF_TIME, .offset = offsetof(struct host, ttl_ms), .min = 1000, .max = 86400000, .words = infinite, .line_offset = offsetof(struct host, ttl_line) },
	{ .name = "options", .type = CONF_SECTION, .offset = offsetof(struct host, notes), .max = 1, .keys = opts_keys, .size = sizeof(struct opts) },
	{ .type = CONF_END },
};

#define HOST_ROW(member) \
	{ .name = "host_name", .type = CONF_SECTION, .offset = member, .max = 3, .keys = host_keys, .size = sizeof(struct host), .title_offset = offsetof(struct host, name), .line_offset = offsetof(struct host, line) }

static const struct conf_key zone_keys[] = {
	HOST_ROW(offsetof(struct zone, hosts)),
	{ .type = CONF_END },
};

static const struct conf_key keys[] = {
	DAEMON_KEYS(all, "_test"),
	{ .name = "on", .type = CONF_BOOL, .offset = offsetof(struct all, on), .def = "yes" },
	{ .name = "off", .type = CONF_BOOL, .offset = offsetof(struct all, off) },
	{ .name = "num", .type = CONF_NUM, .offset = offsetof(struct all, num), .def = "512", .min = 8, .max = 65464 },
	{ .name = "bare_num", .type = CONF_NUM, .offset = offsetof(struct all, bare_num), .def = "3", .min = 2, .max = UINT64_MAX },
	{ .name = "max_size", .type = CONF_SIZE, .offset = offsetof(struct all, size), .def = "64k", .min = 1024, .max = 10 << 20 },
	{ .name = "time_out", .type = CONF_TIME, .offset = offsetof(struct all, ms), .def = "90s", .min = 500, .max = 604800000 },
	{ .name = "str", .type = CONF_STR, .offset = offsetof(struct all, str), .def = "x", .min = 1, .max = 100 },
	{ .name = "no_str", .type = CONF_STR, .offset = offsetof(struct all, nostr) },
	{ .name = "path", .type = CONF_PATH, .offset = offsetof(struct all, path), .def = "", .min = 0 },
	{ .name = "mode", .type = CONF_ENUM, .offset = offsetof(struct all, mode), .def = "maybe", .words = modes },
	{ .name = "root", .type = CONF_LIST, .offset = offsetof(struct all, roots), .def = "/srv", .min = 1, .max = 3 },
	{ .name = "nets", .type = CONF_PREFIXES, .offset = offsetof(struct all, nets), .max = 8 },
	{ .name = "ports", .type = CONF_RANGE, .offset = offsetof(struct all, ports), .def = "0", .min = 1024, .max = 65535 },
	{ .name = "rule_list", .type = CONF_SECTION, .offset = offsetof(struct all, rules), .max = 3, .keys = rule_keys, .size = sizeof(struct rule), .line_offset = offsetof(struct rule, line) },
	{ .name = "options", .type = CONF_SECTION, .offset = offsetof(struct all, opts), .max = 1, .keys = opts_keys, .size = sizeof(struct opts) },
	{ .name = "zone", .type = CONF_SECTION, .offset = offsetof(struct all, zones), .max = 4, .keys = zone_keys, .size = sizeof(struct zone), .title_offset = offsetof(struct zone, name), .line_offset = offsetof(struct zone, line) },
	HOST_ROW(offsetof(struct all, hosts)),
	{ .type = CONF_END },
};

/* clang-format on */

static void
put_bytes(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

static void
put_text(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

static int outcome; /* of the last conf_load */

static int
load(struct all *c)
{
	const struct conf_files f = { .own = F, .keys = keys };

	memset(c, 0, sizeof(*c));
	outcome = conf_load(&f, c);
	return outcome == 0 ? 0 : -1;
}

/* Load the text, expect these lines (and failure where there are any). */
static void
expect(const char *text, size_t len, const char *lines)
{
	struct all c;
	int rc;

	put_bytes(F, text, len);
	caught_begin();
	rc = load(&c);
	ck_assert_str_eq(caught_end(), lines);
	ck_assert_int_eq(rc, *lines == '\0' ? 0 : -1);
	conf_free(keys, &c);
}

#define NUM_RANGE " is not a number from 8 to 65464\n"
#define SIZE_RANGE " is not a size from 1k to 10M\n"
#define TIME_RANGE " is not a time from 500ms to 7d\n"
#define TTL_RANGE " is not a time from 1s to 1d or infinite\n"
#define NO_ADDR " is not an address such as 192.0.2.1, [2001:db8::1]:53 or *\n"
#define NO_PREFIX " is not a prefix such as 192.0.2.0/24\n"
#define PORTS " is not 0 or a range such as 50000-50100 from 1024 to 65535\n"
#define QUOTES " (a value of several words needs quotes)\n"

static const struct {
	const char *text, *lines;
} messages[] = {
	/* numbers */
	{ "num = 010", "" },
	{ "num = \"99\"", "" },
	{ "num = 7", F ":1: num: \"7\"" NUM_RANGE },
	{ "num = 010k", F ":1: num: \"010k\"" NUM_RANGE },
	{ "num = 1k", F ":1: num: \"1k\"" NUM_RANGE },
	{ "num = -1", F ":1: num: \"-1\"" NUM_RANGE },
	{ "num = 99999999999", F ":1: num: \"99999999999\"" NUM_RANGE },
	{ "num = 18446744073709551617",
	    F ":1: num: \"18446744073709551617\"" NUM_RANGE },
	{ "num = 0x10", F ":1: num: \"0x10\"" NUM_RANGE },
	{ "num = 1.5", F ":1: num: \"1.5\"" NUM_RANGE },
	{ "num = \"\"", F ":1: num: \"\"" NUM_RANGE },
	{ "num = \" 9\"", F ":1: num: \" 9\"" NUM_RANGE },
	{ "bare_num = 18446744073709551615", "" },
	{ "bare_num = 1",
	    F ":1: bare_num: \"1\" is not a number from 2 to "
	      "18446744073709551615\n" },
	/* sizes and times, bounds in their units */
	{ "max_size = 10M", "" },
	{ "max_size = 10485761", F ":1: max_size: \"10485761\"" SIZE_RANGE },
	{ "max_size = 1023", F ":1: max_size: \"1023\"" SIZE_RANGE },
	{ "max_size = 1Q", F ":1: max_size: \"1Q\"" SIZE_RANGE },
	{ "max_size = -1", F ":1: max_size: \"-1\"" SIZE_RANGE },
	{ "max_size = 99999999999",
	    F ":1: max_size: \"99999999999\"" SIZE_RANGE },
	{ "max_size = 18446744073709551615k",
	    F ":1: max_size: \"18446744073709551615k\"" SIZE_RANGE },
	{ "time_out = 7d", "" },
	{ "time_out = 499ms", F ":1: time_out: \"499ms\"" TIME_RANGE },
	{ "time_out = 99999999999",
	    F ":1: time_out: \"99999999999\"" TIME_RANGE },
	{ "time_out = 18446744073709552",
	    F ":1: time_out: \"18446744073709552\"" TIME_RANGE },
	{ "time_out = 5 parsecs", F ":1: parsecs: unknown key" QUOTES },
	/* words */
	{ "on = perhaps", F ":1: on: \"perhaps\" is not yes or no\n" },
	{ "on = 1", F ":1: on: \"1\" is not yes or no\n" },
	{ "mode = sometimes",
	    F ":1: mode: \"sometimes\" is not one of: never, maybe, always\n" },
	{ "mode = Never",
	    F ":1: mode: \"Never\" is not one of: never, maybe, always\n" },
	{ "str = \"\"", F ":1: str: must not be empty\n" },
	{ "str = \"0123456789012345678901234567890123456789012345678901234567"
	  "89012345678901234567890123456789012345678901\"",
	    F ":1: str: is longer than 100 bytes\n" },
	{ "path = srv/tftp",
	    F ":1: path: \"srv/tftp\" is not an absolute path\n" },
	{ "path = \"\"", "" },
	{ "path = /srv//tftp", "" },
	/* lists */
	{ "root = {}", F ":1: root: needs a value\n" },
	{ "root = { # none\n\n}\nnum = 1",
	    F ":1: root: needs a value\n" F ":4: num: \"1\"" NUM_RANGE },
	{ "nets = {}", "" },
	{ "root = { a, b, c }", "" },
	{ "root = { a, b, c, d,\n e }", F ":1: root: has too many values\n" },
	{ "str = {}", F ":1: str: is no list\n" },
	{ "str = { a }", F ":1: unexpected token '{'\n" },
	{ "root = { a, b", F ":1: premature end of file\n" },
	{ "listen = { \"*\", \"192.0.2.1:69\", \"[2001:db8::1]:69\", 10.0.0.1 }",
	    "" },
	{ "listen = { \"192.0.2.1\",\n  \"here\",\n  \"192.0.2.256\" }",
	    F ":2: listen: \"here\"" NO_ADDR F
	      ":3: listen: \"192.0.2.256\"" NO_ADDR },
	{ "listen = *", F ":1: '*' must stand in quotes\n" },
	{ "nets = { 192.0.2.0/24, 2001:db8::/32, ::1, 10.1.2.3 }", "" },
	{ "nets = 192.0.2.1/24",
	    F ":1: nets: \"192.0.2.1/24\" has host bits "
	      "set\n" },
	{ "nets = \"2001:db8::1/32\"",
	    F ":1: nets: \"2001:db8::1/32\" has host bits set\n" },
	{ "nets = 192.0.2.0/33", F ":1: nets: \"192.0.2.0/33\"" NO_PREFIX },
	{ "nets = 192.0.2.0/-1", F ":1: nets: \"192.0.2.0/-1\"" NO_PREFIX },
	{ "nets = 192.0.2/24", F ":1: nets: \"192.0.2/24\"" NO_PREFIX },
	{ "nets = 192.0.2.0/", F ":1: nets: \"192.0.2.0/\"" NO_PREFIX },
	{ "nets = \"\"", F ":1: nets: \"\"" NO_PREFIX },
	/* ranges */
	{ "ports = 0", "" },
	{ "ports = 50000-50100", "" },
	{ "ports = 50000", "" },
	{ "ports = 80-90", F ":1: ports: \"80-90\"" PORTS },
	{ "ports = 0-2000", F ":1: ports: \"0-2000\"" PORTS },
	{ "ports = 3000-2000", F ":1: ports: \"3000-2000\"" PORTS },
	{ "ports = 2000-99999999999",
	    F ":1: ports: \"2000-99999999999\"" PORTS },
	{ "ports = 2000-", F ":1: ports: \"2000-\"" PORTS },
	/* unknown keys, missing things */
	{ "nosuch = 1", F ":1: nosuch: unknown key\n" },
	{ "\n\nno-such = 1\nnum = 1\n", F ":3: no-such: unknown key\n" },
	{ "addresses = \"*\"", F ":1: addresses: unknown key\n" },
	{ "str = two words", F ":1: words: unknown key" QUOTES },
	{ "str\nnum = 9", F ":2: str: '=' is missing\n" },
	{ "str = ", F ":1: premature end of file\n" },
	{ "str", F ":1: premature end of file\n" },
	{ "= 5", F ":1: unexpected token '='\n" },
	{ "}", F ":1: unexpected closing brace\n" },
	{ "root = { a b }", F ":1: unexpected token 'b'\n" },
	{ "root = { a,, b }", F ":1: unexpected token ','\n" },
	{ "root += a", F ":1: '+' must stand in quotes\n" },
	{ "include(\"/etc/passwd\")", F ":1: include: unknown key\n" },
	{ "cfg_include(\"/etc/passwd\")", F ":1: cfg_include: unknown key\n" },
	/* strings */
	{ "num = 1\nstr = \"/srv\nnum = 2\nuser = \"x\"\n",
	    F ":1: num: \"1\"" NUM_RANGE F
	      ":2: a string has no closing quote\n" },
	{ "str = 'it is\n'", F ":1: a string has no closing quote\n" },
	{ "str = \"x", F ":1: a string has no closing quote\n" },
	{ "str = \"x\\", F ":1: a string has no closing quote\n" },
	{ "str = \"x\\\n  y\"\nnum = 1", F ":3: num: \"1\"" NUM_RANGE },
	{ "str = \"\\400\"", F ":1: invalid octal number '\\\\400'\n" },
	{ "str = \"a\\0b\"", F ":1: NUL byte in a string\n" },
	{ "str = \"a\\x00b\"", F ":1: NUL byte in a string\n" },
	{ "str = \"a\\012b\\x0ab\\\\0\"", "" },
	{ "str = a\001b", F ":1: '\\x01' must stand in quotes\n" },
	{ "str = *.cfg", F ":1: '*' must stand in quotes\n" },
	{ "str = ${HOME}", F ":1: '${' must stand in quotes\n" },
	/* comments, line numbers, line ends */
	{ "# one\n// two\n//two\n/* three\nfour */ num = 1 # x\nnum = 2",
	    F ":5: num: \"1\"" NUM_RANGE F ":6: num: is set twice\n" },
	{ "/* a */ /* b **/\nnum = /* c */ 1", F ":2: num: \"1\"" NUM_RANGE },
	{ "root = { a, # first\n b } # both\nnum = 1",
	    F ":3: num: \"1\"" NUM_RANGE },
	{ "num = 9\n/* never\nends",
	    F ":2: the comment that begins here has no "
	      "end\n" },
	{ "num = 9\r\nstr = \"x\"\r\nroot = {\r\n\"a\"\r\n}\r\n\r\non = x\r\n",
	    F ":7: on: \"x\" is not yes or no\n" },
	{ "num = 9 str = x # no line ends", "" },
	{ "", "" },
	{ " \n\t\n", "" },
	{ "# only a comment", "" },
	/* duplicates */
	{ "num = 9\nnum = 9", F ":2: num: is set twice\n" },
	{ "max_size = 2k\nmax-size = 2k\nmax_size = 9",
	    F ":2: max_size: is set twice\n" F ":3: max_size: is set twice\n" },
	{ "root = a\nroot = { b,\n c }", F ":2: root: is set twice\n" },
	{ "nets = {}\nnets = {}", F ":2: nets: is set twice\n" },
	{ "nets = ::1\nnets = {}", F ":2: nets: is set twice\n" },
	/* several errors, in order */
	{ "num = 1\n\non = x\nstr = \"\"\nlisten = { a, \"*\", b }\nnum = 9\n"
	  "rule-list {\n deny = x\n names = {a,b,c,d}\n deny = no\n}\n"
	  "options { blksize = 1 }\nfoo = 1\nnum = 1",
	    F ":1: num: \"1\"" NUM_RANGE F ":3: on: \"x\" is not yes or no\n" F
	      ":4: str: must not be empty\n" F ":5: listen: \"a\"" NO_ADDR F
	      ":5: listen: \"b\"" NO_ADDR F ":6: num: is set twice\n" F
	      ":8: rule_list.deny: \"x\" is not yes or no\n" F
	      ":9: rule_list.names: has too many values\n" F
	      ":10: rule_list.deny: is set twice\n" F
	      ":12: options.blksize: \"1\"" NUM_RANGE F
	      ":13: foo: unknown key\n" },
	/* sections */
	{ "options {}", "" },
	{ "options {\n}\n\noptions\n{\n}\n", F ":5: options: is set twice\n" },
	{ "rule_list {} rule-list {} rule_list { deny=yes }", "" },
	{ "rule_list {} rule_list {} rule_list {}\nrule_list { deny = x }",
	    F ":2: rule_list: too many such sections\n" },
	{ "options {\n nosuch = 1\n}", F ":2: options.nosuch: unknown key\n" },
	{ "options {\n max_wait = 256\n}",
	    F ":2: options.max_wait: \"256\" is not a time from 1s to 255s\n" },
	{ "options {\n max-wait = 2\n max_wait = 3\n}",
	    F ":3: options.max_wait: is set twice\n" },
	{ "options = 5", F ":1: options: is a section: '{' is missing\n" },
	{ "options \"x\" { }", F ":1: options: takes no title\n" },
	{ "options { blksize = 9\nnum = 9",
	    F ":2: options.num: unknown key\n" },
	{ "num = 9\noptions {\n blksize = 1\n\n",
	    F ":3: options.blksize: \"1\"" NUM_RANGE F
	      ":2: the section that begins here has no end\n" },
	{ "options { blksize = ",
	    F ":1: the section that begins here has no end\n" },
	{ "options { options { } }", F ":1: options.options: unknown key\n" },
	{ "num { }", F ":1: num: '=' is missing\n" },
	/* titles, sections in sections */
	{ "zone a { host-name b { } host_name c { } } host_name b { }", "" },
	{ "zone 'it''s' { }", F ":1: zone: is a section: '{' is missing\n" },
	{ "zone { }\nzone \"\" { host_name\n{ ttl = 0 } }",
	    F ":1: zone: needs a title\n" F ":2: zone: needs a title\n" F
	      ":3: host_name: needs a title\n" F
	      ":3: host_name.ttl: \"0\"" TTL_RANGE },
	{ "zone \"\177\" { }", F ":1: zone: needs a title\n" },
	{ "zone a {}\nzone b {\n host_name a {}\n host_name 'a' {}\n}\n"
	  "zone \"a\"\n{ host_name a { ttl = x } }\nhost_name a { }",
	    F ":4: host_name: \"a\" is set twice\n" F
	      ":7: zone: \"a\" is set twice\n" F
	      ":7: host_name.ttl: \"x\"" TTL_RANGE },
	{ "zone a { host_name b { ttl = 1\nttl = 2 options { note = x } "
	  "options {} }\n zone c { } }",
	    F ":2: host_name.ttl: is set twice\n" F
	      ":2: options: is set twice\n" F ":3: zone.zone: unknown key\n" },
	{ "zone a {\n host_name b {\n\"\177\" = x }\n }",
	    F ":3: host_name.\\x7f: unknown key\n" },
	{ "zone a {} zone b {} zone c {} zone d {}\nzone e { host_name x {\n"
	  "ttl = 0 } host_name x {}}\nnum = 1",
	    F ":2: zone: too many such sections\n" F
	      ":4: num: \"1\"" NUM_RANGE },
	{ "zone a {\n host_name b {\n }\n host_name c {\n\n",
	    F ":4: the section that begins here has no end\n" },
	{ "zone a { host_name b { } } }", F ":1: unexpected closing brace\n" },
	{ "zone \"a\\\nb\" {\n host_name c { ttl = 0 } }",
	    F ":3: host_name.ttl: \"0\"" TTL_RANGE },
};

START_TEST(message)
{
	expect(
	    messages[_i].text, strlen(messages[_i].text), messages[_i].lines);
}
END_TEST

START_TEST(nul_bytes)
{
	static const struct {
		const char *text;
		size_t len;
		const char *lines;
	} rows[] = {
		{ "\0", 1, F ":1: NUL byte\n" },
		{ "num = 9\nstr\0 = x", 15, F ":2: NUL byte\n" },
		{ "str = \"a\0b\"", 11, F ":1: NUL byte\n" },
		{ "str = \"a\\\0b\"", 12, F ":1: NUL byte\n" },
		{ "str = 'a\0b'", 11, F ":1: NUL byte\n" },
		{ "num = 1\n\n\0\0", 11,
		    F ":1: num: \"1\"" NUM_RANGE F ":3: NUL byte\n" },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		expect(rows[i].text, rows[i].len, rows[i].lines);
}
END_TEST

START_TEST(defaults)
{
	struct all c;

	put_text(F, "");
	ck_assert_int_eq(load(&c), 0);
	ck_assert_uint_eq(c.daemon.listen.n, 1);
	ck_assert_str_eq(c.daemon.listen.v[0], "*");
	ck_assert_str_eq(c.daemon.user, "_test");
	ck_assert_uint_eq(c.daemon.drain_ms, 30000);
	ck_assert_str_eq(c.daemon.control_group, "");
	ck_assert(c.on);
	ck_assert(!c.off);
	ck_assert_uint_eq(c.num, 512);
	ck_assert_uint_eq(c.bare_num, 3);
	ck_assert_uint_eq(c.size, 65536);
	ck_assert_uint_eq(c.ms, 90000);
	ck_assert_str_eq(c.str, "x");
	ck_assert_ptr_null(c.nostr);
	ck_assert_str_eq(c.path, "");
	ck_assert_int_eq(c.mode, 1);
	ck_assert_uint_eq(c.roots.n, 1);
	ck_assert_str_eq(c.roots.v[0], "/srv");
	ck_assert_uint_eq(c.nets.n, 0);
	ck_assert_uint_eq(c.ports.first, 0);
	ck_assert_uint_eq(c.ports.last, 0);
	ck_assert_uint_eq(c.rules.n, 0);
	conf_free(keys, &c);
	ck_assert_ptr_null(c.str);
	ck_assert_ptr_null(c.roots.v);
	ck_assert_uint_eq(c.roots.n, 0);
}
END_TEST

static const char full[] =
    "listen = { \"192.0.2.1:69\", \"[2001:db8::1]:69\" }\n"
    "user = nobody\n"
    "drain-timeout = 15m\n"
    "on = OFF off = True\n"
    "num = 010\n"
    "max_size = 2M\n"
    "time_out = 1500ms\n"
    "str = \"a \\\"b\\\" \\\\ ${HOME} $x \\t\\x7f\\n\"\n"
    "no-str = ''\n"
    "path = /srv/tftp//x\n"
    "mode = always\n"
    "root = \"/srv/a b\"\n"
    "nets = { 192.0.2.0/24, 2001:db8::/32, ::ffff:10.0.0.0/104, 0.0.0.0/0 }\n"
    "ports = 50000-50100\n"
    "rule_list {\n"
    "  match = 'x\\y'\n"
    "  replace = \"\"\n"
    "  networks = 10.0.0.0/8\n"
    "}\n"
    "rule-list { } rule_list {\n\n"
    "  deny = yes names = {}\n"
    "}\n"
    "options { note = '' }\n"
    "zone z { host_name h { ttl = 1 } }\n";

static void
check_full(const struct all *c)
{
	const struct rule *r = c->rules.v;
	const struct opts *o = c->opts.v;

	ck_assert_uint_eq(c->daemon.listen.n, 2);
	ck_assert_str_eq(c->daemon.listen.v[0], "192.0.2.1:69");
	ck_assert_str_eq(c->daemon.listen.v[1], "[2001:db8::1]:69");
	ck_assert_str_eq(c->daemon.user, "nobody");
	ck_assert_uint_eq(c->daemon.drain_ms, 900000);
	ck_assert(!c->on);
	ck_assert(c->off);
	ck_assert_uint_eq(c->num, 10);
	ck_assert_uint_eq(c->size, 2097152);
	ck_assert_uint_eq(c->ms, 1500);
	ck_assert_str_eq(c->str, "a \"b\" \\ ${HOME} $x \t\x7f\n");
	ck_assert_str_eq(c->nostr, "");
	ck_assert_str_eq(c->path, "/srv/tftp//x");
	ck_assert_int_eq(c->mode, 2);
	ck_assert_uint_eq(c->roots.n, 1);
	ck_assert_str_eq(c->roots.v[0], "/srv/a b");
	ck_assert_uint_eq(c->nets.n, 4);
	ck_assert_int_eq(c->nets.v[1].family, AF_INET6);
	ck_assert_int_eq(c->nets.v[2].family, AF_INET);
	ck_assert_uint_eq(c->nets.v[2].bits, 8);
	ck_assert_uint_eq(c->nets.v[2].addr[0], 10);
	ck_assert_uint_eq(c->nets.v[3].bits, 0);
	ck_assert_uint_eq(c->ports.first, 50000);
	ck_assert_uint_eq(c->ports.last, 50100);
	ck_assert_uint_eq(c->rules.n, 3);
	ck_assert_str_eq(r[0].match, "x\\y");
	ck_assert_str_eq(r[0].replace, "");
	ck_assert(!r[0].deny);
	ck_assert_uint_eq(r[0].networks.n, 1);
	ck_assert_uint_eq(r[0].names.n, 1);
	ck_assert_str_eq(r[0].names.v[0], "y z");
	ck_assert_str_eq(r[1].match, "");
	ck_assert_ptr_null(r[1].replace);
	ck_assert(r[2].deny);
	ck_assert_uint_eq(r[2].names.n, 0);
	ck_assert_uint_eq(c->opts.n, 1);
	ck_assert_uint_eq(o->blksize, 1428);
	ck_assert_uint_eq(o->wait_ms, 5000);
	ck_assert_str_eq(o->note, "");
}

START_TEST(values)
{
	const struct rule *r;
	struct all c;
	int i;

	/* What the environment holds means nothing to a file. */
	setenv("HOME", "/root", 1);
	put_text(F, full);
	for (i = 0; i < 10; i++) { /* nothing is left of the one before */
		ck_assert_int_eq(load(&c), 0);
		check_full(&c);
		r = c.rules.v;
		ck_assert_int_eq(r[0].line, 15);
		ck_assert_int_eq(r[1].line, 20);
		ck_assert_int_eq(r[2].line, 20);
		conf_free(keys, &c);
	}
}
END_TEST

/* Sections within sections; a member for what no file said; lines. */
START_TEST(nested)
{
	static const char text[] = "zone \"10.0.0.0/8 \\\"x\\\"\" {\n"
				   "  host-name a-b { ttl = infinite }\n"
				   "  host_name 'b' { options { note = n } }\n"
				   "}\n"
				   "host_name a-b {\n"
				   "  ttl = 9\n"
				   "}\n"
				   "zone second\n"
				   "{\n"
				   "}\n";
	static const char shown[] = "zone \"10.0.0.0/8 \\\"x\\\"\" {\n"
				    "host_name \"a-b\" {\n"
				    "ttl = infinite\n"
				    "}\n"
				    "host_name \"b\" {\n"
				    "options {\n"
				    "blksize = 1428\n"
				    "max_wait = 5s\n"
				    "note = \"n\"\n"
				    "}\n"
				    "}\n"
				    "}\n"
				    "zone \"second\" {\n"
				    "}\n"
				    "host_name \"a-b\" {\n"
				    "ttl = 9s\n"
				    "}\n";
	const struct zone *z;
	const struct host *h;
	struct buf out;
	struct all c;

	buf_init(&out, 65536);
	put_text(F, text);
	ck_assert_int_eq(load(&c), 0);
	ck_assert_uint_eq(c.zones.n, 2);
	z = c.zones.v;
	ck_assert_str_eq(z[0].name, "10.0.0.0/8 \"x\"");
	ck_assert_int_eq(z[0].line, 1);
	ck_assert_str_eq(z[1].name, "second");
	ck_assert_int_eq(z[1].line, 9);
	ck_assert_uint_eq(z[1].hosts.n, 0);
	ck_assert_uint_eq(z[0].hosts.n, 2);
	h = z[0].hosts.v;
	ck_assert_str_eq(h[0].name, "a-b");
	ck_assert_int_eq(h[0].line, 2);
	ck_assert_int_eq(h[0].ttl_line, 2);
	ck_assert(h[0].ttl_ms == UINT64_MAX);
	ck_assert_str_eq(h[1].name, "b");
	ck_assert_int_eq(h[1].ttl_line, 0);
	ck_assert_uint_eq(h[1].notes.n, 1);
	ck_assert_uint_eq(c.hosts.n, 1);
	h = c.hosts.v;
	ck_assert_int_eq(h[0].ttl_line, 6);
	ck_assert_uint_eq(h[0].ttl_ms, 9000);
	conf_show(keys, &c, &out);
	buf_add(&out, "", 1);
	ck_assert_ptr_nonnull(strstr((char *)out.p, "\nzone "));
	ck_assert_str_eq(strstr((char *)out.p, "\nzone ") + 1, shown);
	conf_free(keys, &c);
	buf_free(&out);
}
END_TEST

START_TEST(round_trip)
{
	struct buf out;
	struct all c;
	char *first;

	buf_init(&out, 65536);
	put_text(F, full);
	ck_assert_int_eq(load(&c), 0);
	conf_show(keys, &c, &out);
	conf_free(keys, &c);
	ck_assert(!out.failed);
	put_bytes(F, out.p, out.len);
	ck_assert_int_eq(load(&c), 0);
	check_full(&c);
	first = strndup((char *)out.p, out.len);
	buf_reset(&out);
	conf_show(keys, &c, &out);
	buf_add(&out, "", 1);
	ck_assert_str_eq((char *)out.p, first);
	conf_free(keys, &c);
	/* The same for the defaults, those that can't be written included. */
	put_text(F, "");
	ck_assert_int_eq(load(&c), 0);
	buf_reset(&out);
	conf_show(keys, &c, &out);
	conf_free(keys, &c);
	put_bytes(F, out.p, out.len);
	ck_assert_int_eq(load(&c), 0);
	ck_assert_uint_eq(c.bare_num, 3);
	ck_assert_ptr_null(c.nostr);
	ck_assert_str_eq(c.str, "x");
	conf_free(keys, &c);
	free(first);
	buf_free(&out);
}
END_TEST

START_TEST(show)
{
	static const struct conf_key some[] = {
		{ .name = "max_wait",
		    .type = CONF_TIME,
		    .offset = offsetof(struct opts, wait_ms) },
		{ .name = "block_size",
		    .type = CONF_SIZE,
		    .offset = offsetof(struct opts, blksize) },
		{ .name = "note",
		    .type = CONF_STR,
		    .offset = offsetof(struct opts, note) },
		{ .type = CONF_END },
	};
	struct opts o = { 1536, 5400000, (char *)(uintptr_t) "a$\"\\\r" };
	struct buf out;

	buf_init(&out, 1000);
	conf_show(some, &o, &out);
	buf_add(&out, "", 1);
	ck_assert_str_eq((char *)out.p,
	    "max_wait = 90m\n"
	    "block_size = 1536\n"
	    "note = \"a\\$\\\"\\\\\\x0d\"\n");
	buf_free(&out);
}
END_TEST

static int
load_both(const char *site, const char *own, bool must, struct all *c)
{
	const struct conf_files f = { .site = site,
		.site_keys = daemon_site_keys,
		.own = own,
		.keys = keys,
		.own_must_exist = must };

	memset(c, 0, sizeof(*c));
	outcome = conf_load(&f, c);
	return outcome == 0 ? 0 : -1;
}

START_TEST(site)
{
	struct all c;

	put_text("site.conf", "addresses = { 192.0.2.1, 192.0.2.2 }\n");
	put_text(F, "num = 9\n");
	ck_assert_int_eq(load_both("site.conf", F, false, &c), 0);
	ck_assert_uint_eq(c.daemon.listen.n, 2);
	ck_assert_str_eq(c.daemon.listen.v[1], "192.0.2.2");
	ck_assert_uint_eq(c.num, 9);
	conf_free(keys, &c);

	put_text(F, "listen = 127.0.0.1\n");
	ck_assert_int_eq(load_both("site.conf", F, false, &c), 0);
	ck_assert_uint_eq(c.daemon.listen.n, 1);
	ck_assert_str_eq(c.daemon.listen.v[0], "127.0.0.1");
	conf_free(keys, &c);

	put_text("site.conf", "# nothing\n");
	put_text(F, "");
	ck_assert_int_eq(load_both("site.conf", F, false, &c), 0);
	ck_assert_uint_eq(c.daemon.listen.n, 1);
	ck_assert_str_eq(c.daemon.listen.v[0], "*");
	conf_free(keys, &c);
}
END_TEST

START_TEST(site_errors)
{
	struct all c;

	put_text(F, "num = 1\n");
	put_text("site.conf", "addresses = { 192.0.2.1, nowhere }\nnum = 9\n");
	caught_begin();
	ck_assert_int_eq(load_both("site.conf", F, false, &c), -1);
	ck_assert_str_eq(caught_end(),
	    "site.conf:1: addresses: \"nowhere\"" NO_ADDR
	    "site.conf:2: num: unknown key\n" F ":1: num: \"1\"" NUM_RANGE);
	conf_free(keys, &c);
}
END_TEST

START_TEST(missing)
{
	struct all c;

	caught_begin();
	ck_assert_int_eq(load_both("no.site", "no.conf", false, &c), 0);
	ck_assert_uint_eq(c.num, 512);
	conf_free(keys, &c);
	ck_assert_int_eq(load_both(NULL, "no.conf", false, &c), 0);
	conf_free(keys, &c);
	ck_assert_int_eq(load_both("no.site", "no.conf", true, &c), -1);
	conf_free(keys, &c);
	ck_assert_str_eq(caught_end(), "no.conf: No such file or directory\n");
}
END_TEST

START_TEST(unreadable)
{
	struct all c;

	mkdir("dir", 0700);
	put_text(F, "num = 1");
	caught_begin();
	ck_assert_int_eq(load_both("dir", F, false, &c), -1);
	conf_free(keys, &c);
	ck_assert_int_eq(load_both("t.conf/x", "dir", false, &c), -1);
	conf_free(keys, &c);
	ck_assert_str_eq(caught_end(),
	    "dir: Is a directory\n" F ":1: num: \"1\"" NUM_RANGE
	    "t.conf/x: Not a directory\ndir: Is a directory\n");
	rmdir("dir");
}
END_TEST

START_TEST(huge)
{
	size_t n = 1024 * 1024;
	char *p = malloc(n + 1), word[128];
	struct all c;
	int i;

	ck_assert_ptr_nonnull(p);
	/* The largest there may be; one more. */
	memset(p, ' ', n + 1);
	memcpy(p + n - 8, "num = 1\n", 8);
	expect(p, n, F ":1: num: \"1\"" NUM_RANGE);
	expect(p, n + 1, F ": larger than 1048576 bytes\n");
	/* One word, one string. */
	memset(p, 'x', n);
	expect(p, n, F ":1: a value is too long\n");
	memcpy(p, "str = '", 7);
	p[n - 1] = '\'';
	expect(p, n, F ":1: a value is too long\n");
	memset(p, 'x', 8192);
	snprintf(word, sizeof(word), F ":1: %.64s: unknown key\n", p);
	expect(p, 8192, word);
	memcpy(p, "no_str = ", 9);
	expect(p, 9 + 8192, "");
	expect(p, 9 + 8193, F ":1: no_str: is too long\n");
	/* A section in another, and so on. */
	for (i = 0; i < 2000; i++)
		memcpy(p + i * 9, "zone \"a\"{", 9);
	expect(p, 18000, F ":1: zone.zone: unknown key\n");
	/* A heap of braces. */
	memset(p, '{', n);
	expect(p, n, F ":1: unexpected token '{'\n");
	/* Errors are told up to a number. */
	for (i = 0; i < 1000; i++)
		memcpy(p + i * 8, "num = 1\n", 8);
	put_bytes(F, p, 8000);
	caught_begin();
	ck_assert_int_eq(load(&c), -1);
	conf_free(keys, &c);
	ck_assert_ptr_nonnull(strstr(caught_end(),
	    F ":100: num: is set twice\n" F ": further errors are not told\n"));
	free(p);
}
END_TEST

/* What was read whole can be checked further, though values are wrong. */
static const struct {
	const char *text;
	int rc;
} outcomes[] = {
	{ "", 0 },
	{ "num = -1\n", CONF_WRONG },
	{ "num = 8\nnum = 9\n", CONF_WRONG },
	{ "nosuch = 1\n", -1 },
	{ "num = -1\nnum = {\n", -1 },
	{ "num = -1\nbare_num = \"x\n", -1 },
};

START_TEST(read_whole)
{
	struct all c;

	put_text(F, outcomes[_i].text);
	load(&c);
	ck_assert_int_eq(outcome, outcomes[_i].rc);
	conf_free(keys, &c);
}
END_TEST

START_TEST(cross_check)
{
	struct all c;

	put_text(F, "");
	caught_begin();
	ck_assert_int_eq(load(&c), 0);
	conf_error(7, "num", "is more than %s", "size");
	conf_error(0, "num", "is odd");
	ck_assert_str_eq(
	    caught_end(), F ":7: num: is more than size\n" F ": num: is odd\n");
	conf_free(keys, &c);
}
END_TEST

/*
 * Allocations until one fails, counting what this program calls: libconfuse
 * crashes in its own cfg_free where its strdup failed within a section.
 */
static unsigned left;
extern char __executable_start, etext;

static bool
fails(const void *caller)
{
	if ((const char *)caller < &__executable_start ||
	    (const char *)caller >= &etext)
		return false;
	return left > 0 && --left == 0;
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : realloc(p, n * size);
}

char *(strdup)(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p;

	if (fails(__builtin_return_address(0)))
		return NULL;
	p = malloc(n);
	return p == NULL ? NULL : memcpy(p, s, n);
}

START_TEST(no_memory)
{
	const char *text, *end;
	unsigned n;
	struct all c;
	int rc;

	put_text(F, full);
	for (n = 1, rc = -1; rc == -1; n++) {
		ck_assert_uint_lt(n, 2000);
		caught_begin();
		left = n;
		rc = load(&c);
		left = 0;
		text = caught_end();
		if (rc == 0) {
			ck_assert_str_eq(text, "");
			check_full(&c);
		} else {
			end = strstr(text, ": out of memory\n");
			ck_assert_ptr_nonnull(end);
			ck_assert_str_eq(end, ": out of memory\n");
			ck_assert_int_eq(
			    strncmp(text, F ":", strlen(F ":")), 0);
			ck_assert_ptr_eq(strchr(text, '\n'), end + 15);
		}
		conf_free(keys, &c);
	}
	ck_assert_uint_gt(n, 20);
}
END_TEST

int
main(void)
{
	char dir[] = "/tmp/test_confXXXXXX";
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, message, 0, (int)N(messages));
	tcase_add_test(t, nul_bytes);
	tcase_add_test(t, defaults);
	tcase_add_test(t, values);
	tcase_add_test(t, nested);
	tcase_add_test(t, round_trip);
	tcase_add_test(t, show);
	tcase_add_test(t, site);
	tcase_add_test(t, site_errors);
	tcase_add_test(t, missing);
	tcase_add_test(t, unreadable);
	tcase_add_test(t, huge);
	tcase_add_loop_test(t, read_whole, 0, (int)N(outcomes));
	tcase_add_test(t, cross_check);
	tcase_add_test(t, no_memory);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	failed = tap_run(s);
	unlink(F);
	unlink("site.conf");
	rmdir("dir");
	if (chdir("/") == -1 || rmdir(dir) == -1)
		return 1;
	return failed;
}
