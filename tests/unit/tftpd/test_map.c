/* map: what is wrong with a rule, and where a name leads. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "caught.h"
#include "map.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Strings of a rule are never written to. */
#define S(text) ((char *)(uintptr_t)(text))

static union sock_addr
address(const char *text)
{
	union sock_addr a = { 0 };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1)
		a.sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &a.in6.sin6_addr) == 1)
		a.sa.sa_family = AF_INET6;
	else
		ck_abort_msg("%s", text);
	return a;
}

/* -- rules --------------------------------------------------------------- */

struct rule_case {
	struct map_rule rule;
	const char *told; /* "": the rule is good */
};

#define WHAT(why) ":7: map." why "\n"

/* clang-format off */
static const struct rule_case rule_cases[] = {
	{ { .deny = true }, "" },
	{ { .lowercase = true }, "" },
	{ { .root = S("/srv/%i/%x/100%%") }, "" },
	{ { .root = S("/srv"), .fallback = true }, "" },
	{ { .match = S("a"), .replace = S("") }, "" },
	{ { .match = S(""), .prefix = S("a"), .glob = S(""), .regex = S("") }, "" },
	{ { .match = S("\\"), .replace = S("\\") }, "" },
	{ { .regex = S("^(a)(b)$"), .replace = S("%0%1\\2\\\\%%") }, "" },
	{ { .regex = S("^(a)$"), .root = S("/srv/%1") }, "" },
	{ { .regex = S("a\\\\1") }, "" },
	{ { .regex = S("(a)\\.[0-9]") }, "" },
	{ { .match = S("a"), .prefix = S("b") }, ":7: map: only one of match, prefix, glob and regex can be given\n" },
	{ { .glob = S("a"), .regex = S("b") }, ":7: map: only one of match, prefix, glob and regex can be given\n" },
	{ { .deny = true, .root = S("/srv") }, WHAT("deny: can't stand with replace or root") },
	{ { .deny = true, .match = S("a"), .replace = S("") }, WHAT("deny: can't stand with replace or root") },
	{ { .replace = S("a") }, WHAT("replace: needs one of match, prefix, glob and regex") },
	{ { .fallback = true }, WHAT("fallback: needs root") },
	{ { .root = S("srv") }, WHAT("root: must be an absolute path") },
	{ { .root = S("%i") }, WHAT("root: must be an absolute path") },
	{ { .regex = S("^/?a"), .deny = true }, "" },
	{ { .regex = S("^/a"), .deny = true }, WHAT("regex: would never fit: names have no leading slash") },
	{ { .root = S("/srv/../etc") }, WHAT("root: must not have a \"..\" component") },
	{ { .root = S("/srv/%q") }, WHAT("root: only %i, %x, %m, %% and, with regex, %0 to %9 are known") },
	{ { .root = S("/srv/%") }, WHAT("root: only %i, %x, %m, %% and, with regex, %0 to %9 are known") },
	{ { .root = S("/srv/%1") }, WHAT("root: %0 to %9 need a regex") },
	{ { .glob = S("*"), .replace = S("%2") }, WHAT("replace: %0 to %9 need a regex") },
	{ { .regex = S("(a)"), .replace = S("%2") }, WHAT("replace: the regex has fewer parentheses") },
	{ { .regex = S("(a)"), .replace = S("\\2") }, WHAT("replace: the regex has fewer parentheses") },
	{ { .regex = S("(a)"), .replace = S("\\") }, WHAT("replace: only %i, %x, %m, %% and, with regex, %0 to %9 are known") },
	{ { .regex = S("(a)\\1") }, WHAT("regex: back-references are not supported: they can take exponential time") },
	{ { .regex = S("(a)\\\\\\1") }, WHAT("regex: back-references are not supported: they can take exponential time") },
	{ { .regex = S("(a") }, WHAT("regex: Unmatched ( or \\\\(") },
	{ { .regex = S("[a") }, WHAT("regex: Unmatched [, [^, [:, [., or [=") },
	{ { .prefix = S("p"), .glob = S("g"), .root = S("x"), .replace = S("%q"), .deny = true },
	  ":7: map: only one of match, prefix, glob and regex can be given\n"
	  WHAT("deny: can't stand with replace or root")
	  WHAT("replace: only %i, %x, %m, %% and, with regex, %0 to %9 are known")
	  WHAT("root: must be an absolute path") },
};
/* clang-format on */

START_TEST(test_rule)
{
	const struct rule_case *t = &rule_cases[_i];
	struct map_rule r = t->rule;
	const char *told;
	int rc;

	r.line = 7;
	caught_begin();
	rc = map_compile(&r);
	told = caught_end();
	map_forget(&r);
	map_forget(&r);
	ck_assert_str_eq(told, t->told);
	ck_assert_int_eq(rc, *t->told == '\0' ? 0 : -1);
}
END_TEST

START_TEST(test_root_check)
{
	char longest[MAP_NAME / 2 + 2];

	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 2] = '\0';
	ck_assert_ptr_null(map_root_check(longest, 0));
	longest[sizeof(longest) - 2] = 'x';
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_str_eq(map_root_check(longest, 0), "too long");
	ck_assert_ptr_null(map_root_check("/", 0));
	ck_assert_ptr_null(map_root_check("/a..b/...", 0));
	ck_assert_ptr_nonnull(map_root_check("", 0));
	ck_assert_ptr_nonnull(map_root_check("/a/..", 0));
	ck_assert_ptr_nonnull(map_root_check("/%0", 0));
	ck_assert_ptr_null(map_root_check("/%0", 1));
	ck_assert_ptr_nonnull(map_root_check("/%1", 1));
}
END_TEST

START_TEST(test_base)
{
	static const char *const cases[][2] = {
		{ "/srv/tftp", "/srv/tftp" },
		{ "/srv/tftp/", "/srv/tftp" },
		{ "/srv/tftp///", "/srv/tftp" },
		{ "/", "/" },
		{ "///", "/" },
		{ "/srv/%i", "/srv" },
		{ "/srv/x%i/y", "/srv" },
		{ "/srv/a/%i/b/%x", "/srv/a" },
		{ "/%i", "/" },
		{ "/100%%/x", "/" },
	};
	char out[MAP_NAME], longest[2 * MAP_NAME];

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_ptr_eq(map_base(cases[i][0], out), out);
		ck_assert_str_eq(out, cases[i][1]);
	}
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_uint_eq(strlen(map_base(longest, out)), MAP_NAME - 1);
}
END_TEST

/* -- names --------------------------------------------------------------- */

#define RULES_MAX 3

struct name_case {
	const char *what;
	struct map_rule rules[RULES_MAX];
	size_t nrules;
	const char *name, *peer; /* of P4 the hardware address is known: HW */
	enum map_verdict verdict;
	const char *places; /* "base:path base:path" */
};

static const struct conf_prefix net_v4 = { AF_INET, { 192, 0, 2, 0 }, 24 };
static const struct conf_prefix net_v6 = { AF_INET6, { 0x20, 0x01, 0x0d, 0xb8 },
	32 };

#define V4                                                                     \
	{                                                                      \
		(struct conf_prefix *)(uintptr_t)&net_v4, 1                    \
	}
#define V6                                                                     \
	{                                                                      \
		(struct conf_prefix *)(uintptr_t)&net_v6, 1                    \
	}
#define P4 "192.0.2.7"
#define P6 "2001:db8::7"
#define HW "02-00-00-00-be-ef"
#define R1 "/srv/tftp"
#define R2 "/boot"

/* The roots of the configuration are R1 and R2. */
/* clang-format off */
static const struct name_case names[] = {
	{ "plain", { { 0 } }, 0, "a", P4, MAP_OK, "/srv/tftp:a /boot:a" },
	{ "empty", { { 0 } }, 0, "", P4, MAP_NONE, "" },
	{ "slash", { { 0 } }, 0, "/", P4, MAP_NONE, "" },
	{ "dot", { { 0 } }, 0, "./.", P4, MAP_NONE, "" },
	{ "absolute", { { 0 } }, 0, "//a/b", P4, MAP_OK, "/srv/tftp:a/b /boot:a/b" },
	{ "not clean", { { 0 } }, 0, "a//./b/", P4, MAP_OK, "/srv/tftp:a/b /boot:a/b" },
	{ "backslashes", { { 0 } }, 0, "\\a\\\\b", P4, MAP_OK, "/srv/tftp:a/b /boot:a/b" },
	{ "dots in a name", { { 0 } }, 0, "a..b/...", P4, MAP_OK, "/srv/tftp:a..b/... /boot:a..b/..." },
	{ "control byte", { { 0 } }, 0, "a\n\001", P4, MAP_OK, "/srv/tftp:a\n\001 /boot:a\n\001" },
	{ "dot dot", { { 0 } }, 0, "..", P4, MAP_ILLEGAL, "" },
	{ "dot dot first", { { 0 } }, 0, "../a", P4, MAP_ILLEGAL, "" },
	{ "dot dot within", { { 0 } }, 0, "a/../b", P4, MAP_ILLEGAL, "" },
	{ "dot dot last", { { 0 } }, 0, "/a/..", P4, MAP_ILLEGAL, "" },
	{ "dot dot, backslash", { { 0 } }, 0, "a\\..\\..\\b", P4, MAP_ILLEGAL, "" },
	{ "below a root", { { 0 } }, 0, "/srv/tftp/a", P4, MAP_OK, "/srv/tftp:a /boot:a" },
	{ "below a root, not clean", { { 0 } }, 0, "\\\\srv/./tftp//a", P4, MAP_OK, "/srv/tftp:a /boot:a" },
	{ "below a root, relative", { { 0 } }, 0, "srv/tftp/a", P4, MAP_OK, "/srv/tftp:srv/tftp/a /boot:srv/tftp/a" },
	{ "beside a root", { { 0 } }, 0, "/srv/tftpd/a", P4, MAP_OK, "/srv/tftp:srv/tftpd/a /boot:srv/tftpd/a" },
	{ "a root itself", { { 0 } }, 0, "/boot", P4, MAP_NONE, "" },
	{ "below the second root", { { 0 } }, 0, "/boot/a", P4, MAP_OK, "/boot:a /srv/tftp:a" },

	{ "match", { { .match = S("\\"), .replace = S("/") } }, 1, "\\a\\b", P4, MAP_OK, "/srv/tftp:a/b /boot:a/b" },
	{ "match, shorter", { { .match = S("aa"), .replace = S("a") } }, 1, "aaaaa", P4, MAP_OK, "/srv/tftp:aaa /boot:aaa" },
	{ "match, not again", { { .match = S("a"), .replace = S("aa") } }, 1, "xax", P4, MAP_OK, "/srv/tftp:xaax /boot:xaax" },
	{ "match, taken away", { { .match = S("x"), .replace = S("") } }, 1, "xaxbx", P4, MAP_OK, "/srv/tftp:ab /boot:ab" },
	{ "all taken away", { { .match = S("x"), .replace = S("") } }, 1, "xx", P4, MAP_NONE, "" },
	{ "match, no fit", { { .match = S("y"), .deny = true } }, 1, "x", P4, MAP_OK, "/srv/tftp:x /boot:x" },
	{ "address", { { .match = S("me"), .replace = S("%i-%x-%%") } }, 1, "me", P4, MAP_OK, "/srv/tftp:192.0.2.7-C0000207-% /boot:192.0.2.7-C0000207-%" },
	{ "address, v6", { { .match = S("me"), .replace = S("%i-%x") } }, 1, "me", P6, MAP_OK, "/srv/tftp:2001:db8::7-20010DB8000000000000000000000007 /boot:2001:db8::7-20010DB8000000000000000000000007" },
	{ "address, mapped", { { .match = S("me"), .replace = S("%i-%x") } }, 1, "me", "::ffff:192.0.2.7", MAP_OK, "/srv/tftp:192.0.2.7-C0000207 /boot:192.0.2.7-C0000207" },
	{ "percent in a name", { { .match = S("a"), .replace = S("b") } }, 1, "%i%%a%", P4, MAP_OK, "/srv/tftp:%i%%b% /boot:%i%%b%" },
	{ "prefix", { { .prefix = S("old/"), .replace = S("new/") } }, 1, "old/old/a", P4, MAP_OK, "/srv/tftp:new/old/a /boot:new/old/a" },
	{ "prefix, elsewhere", { { .prefix = S("old/"), .replace = S("new/") } }, 1, "x/old/a", P4, MAP_OK, "/srv/tftp:x/old/a /boot:x/old/a" },
	{ "glob", { { .glob = S("*.cfg"), .replace = S("cfg/%i") } }, 1, "a.cfg", P4, MAP_OK, "/srv/tftp:cfg/192.0.2.7 /boot:cfg/192.0.2.7" },
	{ "glob, slash", { { .glob = S("*.cfg"), .deny = true } }, 1, "a/b.cfg", P4, MAP_OK, "/srv/tftp:a/b.cfg /boot:a/b.cfg" },
	{ "regex", { { .regex = S("([a-z]+)-([0-9]+)"), .replace = S("%2/\\1[%0]\\\\") } }, 1, "x/ab-12.cfg", P4, MAP_OK, "/srv/tftp:x/12/ab[ab-12]/.cfg /boot:x/12/ab[ab-12]/.cfg" },
	{ "regex, group unused", { { .regex = S("^(a)|(b)$"), .replace = S("<%1%2>") } }, 1, "b", P4, MAP_OK, "/srv/tftp:<b> /boot:<b>" },
	{ "regex, fits nothing", { { .regex = S("x*"), .replace = S("y") } }, 1, "ab", P4, MAP_OK, "/srv/tftp:yab /boot:yab" },
	{ "regex makes dot dot", { { .regex = S("^a(.*)"), .replace = S("%1") } }, 1, "a../x", P4, MAP_ILLEGAL, "" },
	{ "lower case", { { .lowercase = true } }, 1, "BOOT/A\xc3.Cfg", P4, MAP_OK, "/srv/tftp:boot/a\xc3.cfg /boot:boot/a\xc3.cfg" },
	{ "rules in order", { { .match = S("a"), .replace = S("b") }, { .match = S("b"), .replace = S("c") }, { .match = S("a"), .deny = true } }, 3, "a", P4, MAP_OK, "/srv/tftp:c /boot:c" },

	{ "deny", { { .prefix = S("secret/"), .deny = true } }, 1, "secret/a", P4, MAP_DENIED, "" },
	{ "deny, slash first", { { .prefix = S("secret/"), .deny = true } }, 1, "/secret/a", P4, MAP_DENIED, "" },
	{ "deny, dot first", { { .prefix = S("secret/"), .deny = true } }, 1, "./secret/a", P4, MAP_DENIED, "" },
	{ "deny, two slashes", { { .prefix = S("secret/"), .deny = true } }, 1, "secret//a", P4, MAP_DENIED, "" },
	{ "deny, backslash", { { .prefix = S("secret/"), .deny = true } }, 1, "secret\\a", P4, MAP_DENIED, "" },
	{ "deny, by way of a root", { { .prefix = S("secret/"), .deny = true } }, 1, "/boot/secret/a", P4, MAP_DENIED, "" },
	{ "deny, slash last", { { .regex = S("\\.key$"), .deny = true } }, 1, "a.key/", P4, MAP_DENIED, "" },
	{ "deny, made by a rule", { { .match = S("x"), .replace = S("/") }, { .prefix = S("secret/"), .deny = true } }, 2, "xsecretxxa", P4, MAP_DENIED, "" },
	{ "a pattern's own slash", { { .prefix = S("/secret/"), .deny = true } }, 1, "secret/a", P4, MAP_DENIED, "" },
	{ "a glob's own slash", { { .glob = S("/*.key"), .deny = true } }, 1, "a.key", P4, MAP_DENIED, "" },
	{ "deny all", { { .deny = true } }, 1, "a", P4, MAP_DENIED, "" },
	{ "deny a network", { { .deny = true, .networks = V4 } }, 1, "a", P4, MAP_DENIED, "" },
	{ "deny a network, mapped", { { .deny = true, .networks = V4 } }, 1, "a", "::ffff:192.0.2.9", MAP_DENIED, "" },
	{ "deny another network", { { .deny = true, .networks = V4 } }, 1, "a", "192.0.3.1", MAP_OK, "/srv/tftp:a /boot:a" },
	{ "deny a v6 network", { { .deny = true, .networks = V6 } }, 1, "a", P6, MAP_DENIED, "" },
	{ "deny the rest", { { .prefix = S("pub/"), .root = S("/pub"), .fallback = true }, { .deny = true } }, 2, "pub/a", P4, MAP_OK, "/pub:pub/a" },
	{ "deny the rest, other", { { .prefix = S("pub/"), .root = S("/pub"), .fallback = true }, { .deny = true } }, 2, "a", P4, MAP_DENIED, "" },

	{ "root", { { .root = S("/other") } }, 1, "a", P4, MAP_OK, "/other:a" },
	{ "root of a client", { { .prefix = S("pxelinux.cfg/"), .root = S("/srv/tftp/%i"), .fallback = true } }, 1, "pxelinux.cfg/default", P4, MAP_OK,
	  "/srv/tftp:192.0.2.7/pxelinux.cfg/default /srv/tftp:pxelinux.cfg/default /boot:pxelinux.cfg/default" },
	{ "a rule's root is not taken from a name", { { .root = S("/other") } }, 1, "/other/a", P4, MAP_OK, "/other:other/a" },
	{ "root is /", { { .root = S("/") } }, 1, "/etc/a", P4, MAP_OK, "/:etc/a" },
	{ "root with percent", { { .root = S("/srv/5%%/") } }, 1, "a", P4, MAP_OK, "/srv:5%/a" },
	{ "root not clean", { { .root = S("/srv//x%i//y/") } }, 1, "a", P4, MAP_OK, "/srv:x192.0.2.7/y/a" },
	{ "root of a group", { { .regex = S("^([^/]*)/(.*)"), .replace = S("%2"), .root = S("/srv/%1") } }, 1, "host/b", P4, MAP_OK, "/srv:host/b" },
	{ "root, group empty", { { .regex = S("^(y)?x/"), .root = S("/srv/%1") } }, 1, "x/b", P4, MAP_OK, "/srv:x/b" },
	{ "root, group dot dot", { { .regex = S("^(.*):(.*)"), .replace = S("%2"), .root = S("/srv/%1") } }, 1, "..:b", P4, MAP_ILLEGAL, "" },
	{ "root, group hides dot dot", { { .regex = S("^(.*):(.*)"), .replace = S("%2"), .root = S("/srv/%1") } }, 1, "x\\..\\..:b", P4, MAP_ILLEGAL, "" },
	{ "root, group joined to dot dot", { { .regex = S("^(.*):(.*)"), .replace = S("%2"), .root = S("/srv/.%1") } }, 1, ".:b", P4, MAP_ILLEGAL, "" },
	{ "two fallbacks", { { .root = S("/a"), .fallback = true }, { .root = S("/b"), .fallback = true, .lowercase = true } }, 2, "X", P4, MAP_OK, "/a:X /b:x /srv/tftp:x /boot:x" },
	{ "%m: a folder for each", { { .root = S("/srv/%m"), .fallback = true } }, 1, "a", P4, MAP_OK, "/srv:" HW "/a /srv/tftp:a /boot:a" },
	{ "%m in a name", { { .prefix = S("x/"), .replace = S("%m/y/") } }, 1, "x/a", P4, MAP_OK, "/srv/tftp:" HW "/y/a /boot:" HW "/y/a" },
	{ "%m behind a backslash", { { .regex = S("^x$"), .replace = S("\\m") } }, 1, "x", P4, MAP_OK, "/srv/tftp:" HW " /boot:" HW },
	{ "%m unknown: no such rules", { { .root = S("/srv/%m") }, { .prefix = S("a"), .replace = S("%m") }, { .prefix = S("a"), .replace = S("b") } }, 3, "a", P6, MAP_OK, "/srv/tftp:b /boot:b" },
	{ "%m unknown: a rule that denies", { { .prefix = S("b"), .replace = S("%m") }, { .prefix = S("a"), .deny = true } }, 2, "a", P6, MAP_DENIED, "" },
	{ "a %m that is none", { { .root = S("/srv/%%m") } }, 1, "a", P6, MAP_OK, "/srv:%m/a" },
};
/* clang-format on */

static void
compile(struct map_rule *v, const struct map_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		v[i] = rules[i];
		ck_assert_int_eq(map_compile(&v[i]), 0);
	}
}

/* "base:path base:path" */
static void
show(const struct map_candidate *c, size_t n, char *out, size_t size)
{
	*out = '\0';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			strlcat(out, " ", size);
		strlcat(out, c[i].base, size);
		strlcat(out, ":", size);
		strlcat(out, c[i].path, size);
	}
}

START_TEST(test_name)
{
	const struct name_case *t = &names[_i];
	char *roots[] = { S(R1), S(R2) }, shown[4096];
	struct map_rule v[RULES_MAX];
	struct map_rules rules = { v, t->nrules, roots, COUNT(roots) };
	struct map_candidate found[MAP_CANDIDATES];
	union sock_addr peer = address(t->peer);
	struct map_client client = { &peer,
		strcmp(t->peer, P4) == 0 ? HW : "" };
	size_t n = 99;

	compile(v, t->rules, t->nrules);
	ck_assert_msg(
	    map_name(&rules, t->name, &client, found, &n) == t->verdict, "%s",
	    t->what);
	show(found, n, shown, sizeof(shown));
	ck_assert_msg(strcmp(shown, t->places) == 0, "%s: %s", t->what, shown);
	for (size_t i = 0; i < t->nrules; i++)
		map_forget(&v[i]);
}
END_TEST

/* Roots of the configuration with %m. */
START_TEST(test_hw_roots)
{
	char *roots[] = { S("/srv/%m"), S(R1), S("/boot/%m/x") };
	struct map_rules rules = { NULL, 0, roots, COUNT(roots) };
	struct map_candidate found[MAP_CANDIDATES];
	union sock_addr peer = address(P4);
	struct map_client client = { &peer, HW };
	char shown[4096];
	size_t n;

	ck_assert(map_needs_hw(&rules));
	ck_assert_int_eq(map_name(&rules, "a", &client, found, &n), MAP_OK);
	show(found, n, shown, sizeof(shown));
	ck_assert_str_eq(shown, "/srv:" HW "/a " R1 ":a /boot:" HW "/x/a");
	client.hw = "";
	ck_assert_int_eq(map_name(&rules, "a", &client, found, &n), MAP_OK);
	show(found, n, shown, sizeof(shown));
	ck_assert_str_eq(shown, R1 ":a");
	rules.nroots = 1;
	ck_assert_int_eq(map_name(&rules, "a", &client, found, &n), MAP_NONE);
	rules.roots = &roots[1];
	ck_assert(!map_needs_hw(&rules));
}
END_TEST

START_TEST(test_hw_text)
{
	static const uint8_t hw[40] = { 0x02, 0, 0xab, 0xcd, 0xef, 0x10 };
	char out[MAP_HW];

	ck_assert_str_eq(map_hw(hw, 6, out), "02-00-ab-cd-ef-10");
	ck_assert_str_eq(map_hw(hw, 1, out), "02");
	ck_assert_str_eq(map_hw(hw, 0, out), "");
	ck_assert_uint_eq(strlen(map_hw(hw, 16, out)), MAP_HW - 1);
	ck_assert_uint_eq(strlen(map_hw(hw, 40, out)), MAP_HW - 1);
}
END_TEST

START_TEST(test_root_as_written)
{
	struct map_rule r = { .root = S("/srv/%i/"), .fallback = true };
	char *roots[] = { S(R1) };
	struct map_rules rules = { &r, 1, roots, 1 };
	struct map_candidate found[MAP_CANDIDATES];
	union sock_addr peer = address(P4);
	struct map_client client = { &peer, "" };
	size_t n;

	ck_assert_int_eq(map_compile(&r), 0);
	ck_assert_int_eq(map_name(&rules, "a", &client, found, &n), MAP_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_eq(found[0].root, r.root);
	ck_assert_ptr_eq(found[1].root, roots[0]);
}
END_TEST

/* Every output has an end: no name, replacement or root gets beyond it. */
START_TEST(test_bounds)
{
	char name[2 * MAP_NAME];
	char *roots[] = { S(R1) };
	struct map_rule r = { .match = S("x"), .replace = S("xxxx") };
	struct map_rules rules = { &r, 0, roots, 1 };
	struct map_candidate found[MAP_CANDIDATES];
	union sock_addr peer = address(P6);
	struct map_client client = { &peer, "" };
	size_t n;

	memset(name, 'x', sizeof(name));
	name[MAP_NAME] = '\0';
	ck_assert_int_eq(
	    map_name(&rules, name, &client, found, &n), MAP_ILLEGAL);
	ck_assert_uint_eq(n, 0);
	name[MAP_NAME - 1] = '\0';
	ck_assert_int_eq(map_name(&rules, name, &client, found, &n), MAP_OK);
	ck_assert_str_eq(found[0].path, name);

	rules.n = 1;
	name[MAP_NAME / 4] = '\0';
	ck_assert_int_eq(
	    map_name(&rules, name, &client, found, &n), MAP_ILLEGAL);
	name[MAP_NAME / 4 - 1] = '\0';
	ck_assert_int_eq(map_name(&rules, name, &client, found, &n), MAP_OK);
	ck_assert_uint_eq(strlen(found[0].path), MAP_NAME - 4);

	r = (struct map_rule){ .root = S("/srv/%x") };
	memset(name, 'x', sizeof(name));
	name[MAP_NAME - 33] = '\0';
	ck_assert_int_eq(
	    map_name(&rules, name, &client, found, &n), MAP_ILLEGAL);
	name[MAP_NAME - 34] = '\0';
	ck_assert_int_eq(map_name(&rules, name, &client, found, &n), MAP_OK);
	ck_assert_uint_eq(strlen(found[0].path), MAP_NAME - 1);
}
END_TEST

START_TEST(test_many_candidates)
{
	char *roots[2 * MAP_CANDIDATES];
	struct map_rules rules = { NULL, 0, roots, COUNT(roots) };
	/* One more, to see that nobody steps into it. */
	struct map_candidate found[MAP_CANDIDATES + 1];
	union sock_addr peer = address(P4);
	struct map_client client = { &peer, "" };
	size_t n;

	for (size_t i = 0; i < COUNT(roots); i++)
		roots[i] = S(R1);
	memset(found, 0x55, sizeof(found));
	ck_assert_int_eq(map_name(&rules, "a", &client, found, &n), MAP_OK);
	ck_assert_uint_eq(n, MAP_CANDIDATES);
	for (size_t i = 0; i < sizeof(found[0]); i++)
		ck_assert_int_eq(((char *)&found[MAP_CANDIDATES])[i], 0x55);
}
END_TEST

/* The rows, read by conf: what absent, empty and given keys become. */
START_TEST(test_keys)
{
	static const char text[] =
	    "map {\n  match = \"\\\\\"\n  replace = \"/\"\n}\n"
	    "map {\n  prefix = \"x\"\n  replace = \"\"\n}\n"
	    "map {\n  glob = \"*.c\"\n  root = \"/srv/%i\"\n"
	    "  fallback = yes\n  lowercase = yes\n"
	    "  networks = { \"192.0.2.0/24\" }\n}\n"
	    "map {\n  regex = \"^a\"\n  deny = yes\n}\n";
	const struct conf_key keys[] = {
		{ .name = "map",
		    .type = CONF_SECTION,
		    .max = 8,
		    .keys = map_keys,
		    .size = sizeof(struct map_rule),
		    .line_offset = offsetof(struct map_rule, line) },
		{ .type = CONF_END },
	};
	char path[] = "/tmp/test_map.XXXXXX";
	struct conf_files files = { .own = path, .keys = keys };
	struct conf_sections maps = { 0 };
	struct map_rule *r;
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(
	    write(fd, text, sizeof(text) - 1), (int)sizeof(text) - 1);
	close(fd);
	ck_assert_int_eq(conf_load(&files, &maps), 0);
	unlink(path);
	ck_assert_uint_eq(maps.n, 4);
	r = maps.v;
	ck_assert_str_eq(r[0].match, "\\");
	ck_assert_str_eq(r[0].replace, "/");
	ck_assert_int_eq(r[0].line, 1);
	ck_assert_str_eq(r[1].prefix, "x");
	ck_assert_str_eq(r[1].replace, "");
	ck_assert_str_eq(r[2].glob, "*.c");
	ck_assert_ptr_null(r[2].replace);
	ck_assert_str_eq(r[2].root, "/srv/%i");
	ck_assert(r[2].fallback && r[2].lowercase && !r[2].deny);
	ck_assert_uint_eq(r[2].networks.n, 1);
	ck_assert_str_eq(r[3].regex, "^a");
	ck_assert(r[3].deny && !r[3].fallback);
	for (size_t i = 0; i < maps.n; i++) {
		ck_assert_int_eq(map_compile(&r[i]), 0);
		map_forget(&r[i]);
	}
	conf_free(keys, &maps);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("map");
	TCase *tc = tcase_create("map");

	tcase_add_loop_test(tc, test_rule, 0, (int)COUNT(rule_cases));
	tcase_add_test(tc, test_root_check);
	tcase_add_test(tc, test_base);
	tcase_add_loop_test(tc, test_name, 0, (int)COUNT(names));
	tcase_add_test(tc, test_hw_roots);
	tcase_add_test(tc, test_hw_text);
	tcase_add_test(tc, test_root_as_written);
	tcase_add_test(tc, test_bounds);
	tcase_add_test(tc, test_many_candidates);
	tcase_add_test(tc, test_keys);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
