/* Access lists, servers, and keys by name. */
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "acl.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS 6

static struct tsig_key key_table[2];
static struct keys keys = { key_table, 2 };

static void
setup(void)
{
	ck_assert(dns_name_parse("one.key", key_table[0].name) != 0);
	ck_assert(dns_name_parse("two", key_table[1].name) != 0);
}

static union sock_addr
address(const char *text)
{
	union sock_addr a;
	char device[16];
	bool has_port;

	ck_assert_int_eq(sock_parse(text, &a, device, &has_port), 0);
	return a;
}

static struct conf_list
list_of(const char *const words[WORDS])
{
	static char *v[WORDS];
	struct conf_list list = { v, 0 };

	while (list.n < WORDS && words[list.n] != NULL) {
		v[list.n] = (char *)(uintptr_t)words[list.n];
		list.n++;
	}
	return list;
}

static const struct {
	const char *words[WORDS];
	const char *peer;
	int key; /* 0: none */
	bool allowed;
} asked[] = {
	{ { NULL }, "192.0.2.1", 0, false },
	{ { "any" }, "192.0.2.1", 0, true },
	{ { "any" }, "2001:db8::1", 2, true },
	{ { "none" }, "192.0.2.1", 1, false },
	{ { "none", "any" }, "192.0.2.1", 0, true },
	{ { "192.0.2.1" }, "192.0.2.1:4711", 0, true },
	{ { "192.0.2.1" }, "192.0.2.2", 0, false },
	{ { "192.0.2.0/24" }, "192.0.2.255", 0, true },
	{ { "192.0.2.0/24" }, "192.0.3.0", 0, false },
	{ { "0.0.0.0/0" }, "2001:db8::1", 0, false },
	{ { "2001:db8::/32" }, "2001:db8:ffff::1", 0, true },
	{ { "2001:db8::/32" }, "2001:db9::1", 0, false },
	{ { "!192.0.2.66", "192.0.2.0/24" }, "192.0.2.66", 0, false },
	{ { "!192.0.2.66", "192.0.2.0/24" }, "192.0.2.67", 0, true },
	{ { "192.0.2.0/24", "!192.0.2.66" }, "192.0.2.66", 0, true },
	{ { "!any", "192.0.2.1" }, "192.0.2.1", 0, false },
	{ { "key:one.key" }, "192.0.2.1", 1, true },
	{ { "key:ONE.KEY." }, "192.0.2.1", 1, true },
	{ { "key:one.key" }, "192.0.2.1", 2, false },
	{ { "key:one.key" }, "192.0.2.1", 0, false },
	{ { "192.0.2.0/24 key:two" }, "192.0.2.1", 2, true },
	{ { "192.0.2.0/24  key:two" }, "192.0.2.1", 0, false },
	{ { "192.0.2.0/24 key:two" }, "192.0.9.1", 2, false },
	{ { "any key:two" }, "192.0.9.1", 2, true },
	{ { "!any key:two", "any" }, "192.0.9.1", 2, false },
	{ { "!any key:two", "any" }, "192.0.9.1", 0, true },
	{ { "192.0.2.1" }, "192.0.2.1", 1, true },
};

START_TEST(test_allows)
{
	const struct conf_list list = list_of(asked[_i].words);
	union sock_addr peer = address(asked[_i].peer);
	int k = asked[_i].key;
	struct acl acl;

	ck_assert_int_eq(acl_build(&acl, &list, &keys, 1, "k"), 0);
	ck_assert_int_eq(
	    acl_allows(&acl, &peer, k == 0 ? NULL : &key_table[k - 1]),
	    asked[_i].allowed);
	acl_free(&acl);
	ck_assert(!acl_allows(&acl, &peer, NULL));
}
END_TEST

static const char *const wrong[] = { "", "x", "192.0.2.0/33", "192.0.2.1 x",
	"192.0.2.1 key:three", "key:three", "key:one.key key:two", "!", "!none",
	"any any", "2001:db8::/129" };

START_TEST(test_wrong)
{
	const char *const words[WORDS] = { wrong[_i] };
	const struct conf_list list = list_of(words);
	struct acl acl;

	ck_assert_int_eq(acl_build(&acl, &list, &keys, 1, "k"), -1);
	acl_free(&acl);
}
END_TEST

static const struct {
	const char *word, *addr; /* NULL: wrong */
	int key;
} servers[] = {
	{ "192.0.2.9", "192.0.2.9:53", 0 },
	{ "192.0.2.9#5353", "192.0.2.9:5353", 0 },
	{ "192.0.2.9:5353", "192.0.2.9:5353", 0 },
	{ "2001:db8::1", "[2001:db8::1]:53", 0 },
	{ "2001:db8::1#5353", "[2001:db8::1]:5353", 0 },
	{ "[2001:db8::1]:5353", "[2001:db8::1]:5353", 0 },
	{ "192.0.2.9 key:one.key", "192.0.2.9:53", 1 },
	{ "192.0.2.9#54  key:two", "192.0.2.9:54", 2 },
	{ "192.0.2.9#0", NULL, 0 },
	{ "192.0.2.9#65536", NULL, 0 },
	{ "192.0.2.9:53#54", NULL, 0 },
	{ "192.0.2.0/24", NULL, 0 },
	{ "192.0.2.9%eth0", NULL, 0 },
	{ "*", NULL, 0 },
	{ "ns.test", NULL, 0 },
	{ "192.0.2.9 two", NULL, 0 },
	{ "key:two", NULL, 0 },
};

START_TEST(test_servers)
{
	const char *const words[WORDS] = { servers[_i].word };
	const struct conf_list list = list_of(words);
	bool good = servers[_i].addr != NULL;
	struct remotes r;
	char text[SOCK_NAMELEN];
	int k = servers[_i].key;

	ck_assert_int_eq(
	    remotes_build(&r, &list, &keys, 1, "k"), good ? 0 : -1);
	if (good) {
		ck_assert_uint_eq(r.n, 1);
		ck_assert_str_eq(
		    sock_name(&r.v[0].addr, text), servers[_i].addr);
		ck_assert_ptr_eq(r.v[0].key, k == 0 ? NULL : &key_table[k - 1]);
	}
	remotes_free(&r);
}
END_TEST

START_TEST(test_find)
{
	const char *const words[WORDS] = { "192.0.2.9#5353", "2001:db8::9" };
	const struct conf_list list = list_of(words);
	union sock_addr a = address("192.0.2.9:40000"),
			b = address("[2001:db8::9]:1"),
			c = address("192.0.2.8:5353");
	struct remotes r;

	ck_assert_int_eq(remotes_build(&r, &list, &keys, 1, "k"), 0);
	ck_assert_ptr_eq(remotes_find(&r, &a), &r.v[0]);
	ck_assert_ptr_eq(remotes_find(&r, &b), &r.v[1]);
	ck_assert_ptr_null(remotes_find(&r, &c));
	remotes_free(&r);
	ck_assert_ptr_null(remotes_find(&r, &a));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("acl");
	TCase *tc = tcase_create("acl");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, test_allows, 0, N(asked));
	tcase_add_loop_test(tc, test_wrong, 0, N(wrong));
	tcase_add_loop_test(tc, test_servers, 0, N(servers));
	tcase_add_test(tc, test_find);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
