/*
 * dhcpd.conf and dhcpd.hosts: what they say, and every message about them.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "scope_load.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define F CONF_FILE
#define H HOSTS_FILE

/* As in the documentation, but for the path of a key. */
static const char example[] =
    "interfaces = {\"eth0\", \"eth1\"}     user = \"_dhcpd\"\n"
    "lease_dir = \"/var/lib/dhcpd\"\n"
    "authoritative = true              default_lease = 3600\n"
    "min_lease = 300   max_lease = 86400\n"
    "domain = \"lab.test\"               dns = {\"10.0.0.1\"}\n"
    "probe = \"arp+icmp\"   decline_time = 86400\n"
    "shared \"campus\" {\n"
    "  subnet \"10.0.0.0/16\" {\n"
    "    range \"10.0.1.0-10.0.254.255\" { }\n"
    "    exclude = {\"10.0.5.1-10.0.5.20\"}\n"
    "    routers = {\"10.0.0.1\"}   ntp = {\"10.0.0.2\"}\n"
    "    default_lease = 7200\n"
    "    option \"classless-routes\" { value = \"10.8.0.0/16 via "
    "10.0.0.9\" }\n"
    "    host \"printer\" { mac = \"02:00:00:00:be:ef\"\n"
    "      address = \"10.0.255.9\"   hostname = \"printer\" }\n"
    "  }\n"
    "  subnet \"10.1.0.0/16\" { range \"10.1.0.10-10.1.255.250\" {\n"
    "    class = \"phones\" } }\n"
    "}\n"
    "subnet \"192.168.77.0/24\" {\n"
    "  range \"192.168.77.100-192.168.77.199\" { }\n"
    "  next_server = \"10.0.0.5\"\n"
    "  boot \"bios\" { arch = {0} file = \"pxelinux.0\" }\n"
    "  boot \"uefi\" { arch = {7, 9} file = \"grubx64.efi\" }\n"
    "  host \"port7\" { circuit_id = \"ge-0/0/7\"\n"
    "    address = \"192.168.77.7\" }\n"
    "}\n"
    "class \"phones\" { vendor_prefix = \"AastraIP\" }\n"
    "ddns { server = \"127.0.0.1\"  key = \"/dev/null\"\n"
    "  forward = \"lab.test\"  reverse = true }\n";

static const struct option_value *
find_option(const struct settings *s, uint8_t code)
{
	return option_set_find(&s->options, code);
}

static void
check_value(const struct settings *s, uint8_t code, const char *bytes, size_t n)
{
	const struct option_value *v = find_option(s, code);

	ck_assert_msg(v != NULL, "option %u is missing", code);
	ck_assert_uint_eq(v->code, code);
	ck_assert_mem_eq(v->bytes, bytes, n);
	ck_assert_uint_eq(v->len, n);
}

START_TEST(whole_example)
{
	const struct scopes *s = load_good(example, NULL);
	const struct network *campus = &s->networks[0];
	const struct subnet *sub = &campus->subnets[0];
	const struct host *h;

	ck_assert_uint_eq(conf.interfaces.n, 2);
	ck_assert_uint_eq(s->nnetworks, 2);
	ck_assert_str_eq(campus->name, "campus");
	ck_assert_uint_eq(campus->nsubnets, 2);
	ck_assert_uint_eq(campus->number, 1);
	ck_assert_uint_eq(sub->net, ip("10.0.0.0"));
	ck_assert_uint_eq(sub->mask, ip("255.255.0.0"));
	ck_assert_uint_eq(sub->bits, 16);
	ck_assert_ptr_eq(sub->network, campus);
	ck_assert_int_eq(sub->line, 8);
	ck_assert_uint_eq(sub->nranges, 1);
	ck_assert_uint_eq(sub->ranges[0].first, ip("10.0.1.0"));
	ck_assert_uint_eq(sub->ranges[0].last, ip("10.0.254.255"));
	ck_assert_ptr_eq(sub->ranges[0].subnet, sub);
	ck_assert_ptr_null(sub->ranges[0].class);
	ck_assert(sub->settings.authoritative);
	ck_assert(sub->settings.probe_arp && sub->settings.probe_icmp);
	ck_assert(!sub->settings.by_hw);
	ck_assert_uint_eq(sub->settings.decline_s, 86400);
	ck_assert_uint_eq(sub->settings.default_lease, 7200);
	ck_assert_uint_eq(sub->settings.min_lease, 300);
	ck_assert_uint_eq(sub->settings.max_lease, 86400);
	ck_assert_str_eq(sub->settings.ddns_forward, "lab.test");
	ck_assert(sub->settings.ddns_reverse);
	ck_assert_uint_eq(sub->settings.options.n, 5);
	check_value(&sub->settings, 3, "\x0a\0\0\x01", 4);
	check_value(&sub->settings, 6, "\x0a\0\0\x01", 4);
	check_value(&sub->settings, 15, "lab.test", 8);
	check_value(&sub->settings, 42, "\x0a\0\0\x02", 4);
	check_value(&sub->settings, 121, "\x10\x0a\x08\x0a\0\0\x09", 7);
	sub = &campus->subnets[1];
	ck_assert_uint_eq(sub->settings.default_lease, 3600);
	ck_assert_uint_eq(sub->settings.options.n, 2);
	ck_assert_ptr_null(find_option(&sub->settings, 3));
	ck_assert_str_eq(sub->ranges[0].class->name, "phones");
	ck_assert_str_eq(sub->ranges[0].class->vendor_prefix, "AastraIP");

	ck_assert_str_eq(s->networks[1].name, "192.168.77.0/24");
	sub = &s->networks[1].subnets[0];
	ck_assert_uint_eq(
	    ntohl(sub->settings.next_server.s_addr), ip("10.0.0.5"));
	ck_assert_uint_eq(sub->settings.nboots, 2);
	ck_assert_str_eq(sub->settings.boots[0].file, "pxelinux.0");
	ck_assert_uint_eq(sub->settings.boots[1].narch, 2);
	ck_assert_uint_eq(sub->settings.boots[1].arch[1], 9);
	ck_assert_ptr_null(sub->settings.boots[1].user_class);
	h = scope_host_at(s, ip("192.168.77.7"));
	ck_assert_ptr_nonnull(h);
	ck_assert_str_eq(h->name, "port7");
	ck_assert_ptr_null(h->hostname);
	ck_assert_uint_eq(h->circuit_len, 8);
	ck_assert_mem_eq(h->circuit, "ge-0/0/7", 8);
	ck_assert_uint_eq(h->hlen, 0);
	ck_assert_ptr_null(h->id);
	ck_assert_ptr_eq(h->subnet, sub);
	ck_assert(conf.ddns.set);
	ck_assert_str_eq(conf.ddns.server, "127.0.0.1");
	ck_assert_uint_eq(conf.ddns.ttl, 0);
	drop_conf();
	ck_assert_uint_eq(conf.scopes.nnetworks, 0);
	dhcpd_forget(&conf);
}
END_TEST

START_TEST(nothing)
{
	const struct scopes *s = load_good("", NULL);
	struct lease_client c = { .hlen = 6 };

	ck_assert_uint_eq(s->nnetworks, 0);
	ck_assert_uint_eq(s->nexcluded, 0);
	ck_assert_ptr_null(scope_subnet(s, 1));
	ck_assert_ptr_null(scope_range(s, 1));
	ck_assert_ptr_null(scope_host_at(s, 1));
	ck_assert_ptr_null(scope_host(s, NULL, &c, NULL, 0));
	ck_assert_uint_eq(conf.offer_ms, 60000);
	ck_assert_uint_eq(conf.probe_ms, 300);
	ck_assert_uint_eq(conf.max_leases, 1000000);
	ck_assert(!conf.ddns.set);
	drop_conf();
}
END_TEST

/* What is shown reads back to the same. */
START_TEST(round_trip)
{
	struct buf once, twice;

	buf_init(&once, 65536);
	buf_init(&twice, 65536);
	load_good(example, NULL);
	conf_show(dhcpd_keys, &conf, &once);
	buf_add(&once, "", 1);
	drop_conf();
	load_good((const char *)once.p, NULL);
	conf_show(dhcpd_keys, &conf, &twice);
	buf_add(&twice, "", 1);
	drop_conf();
	ck_assert_str_eq((const char *)once.p, (const char *)twice.p);
	ck_assert_ptr_nonnull(strstr((const char *)once.p,
	    "range \"10.1.0.10-10.1.255.250\" {\nclass = \"phones\"\n}\n"));
	buf_free(&once);
	buf_free(&twice);
}
END_TEST

START_TEST(inherited)
{
	const struct scopes *s =
	    load_good("identity = mac\n"
		      "boot_file = a server_name = x\n"
		      "option domain-search { value = a.test force = yes }\n"
		      "option \"224\" { value = \"01ff\" }\n"
		      "option \"225\" { value = { 10.0.0.1, 10.0.0.2 } "
		      "type = ips }\n"
		      "boot one { arch = 0 file = f1 }\n"
		      "shared n {\n"
		      "  boot_file = b\n"
		      "  rapid_commit = yes probe = none\n"
		      "  default_lease = infinite\n"
		      "  option \"224\" { value = \"02\" force = yes }\n"
		      "  boot two { user_class = iPXE file = f2 }\n"
		      "  subnet 10.0.0.0/24 {\n"
		      "    server_name = \"\" routers = 10.0.0.1\n"
		      "    identity = client-id probe = icmp\n"
		      "    ranges = { 10.0.0.10-10.0.0.19, 10.0.0.5 }\n"
		      "    range 10.0.0.20-10.0.0.29 {\n"
		      "      default_lease = 10s renew = 3 rebind = 9\n"
		      "      routers = {} always_broadcast = yes\n"
		      "      next_server = 10.0.0.3\n"
		      "    }\n"
		      "  }\n"
		      "  subnet 10.0.1.0/24 { }\n"
		      "}\n",
		NULL);
	const struct subnet *sub = &s->networks[0].subnets[0];
	const struct settings *t = &sub->settings;

	ck_assert_str_eq(t->boot_file, "b");
	ck_assert_ptr_null(t->server_name);
	ck_assert(!t->by_hw);
	ck_assert(t->rapid_commit);
	ck_assert(!t->probe_arp && t->probe_icmp);
	ck_assert_uint_eq(t->default_lease, SCOPE_FOREVER);
	ck_assert_uint_eq(t->max_lease, SCOPE_FOREVER);
	ck_assert_uint_eq(t->min_lease, 60);
	check_value(t, 224, "\x02", 1);
	check_value(t, 225, "\x0a\0\0\x01\x0a\0\0\x02", 8);
	check_value(t, 119, "\1a\4test\0", 8);
	ck_assert_uint_eq(t->nforced, 2);
	ck_assert_uint_eq(t->forced[0].code, 119);
	ck_assert_uint_eq(t->forced[1].code, 224);
	ck_assert_mem_eq(t->forced[1].bytes, "\x02", 1);
	ck_assert_uint_eq(t->nboots, 2);
	ck_assert_str_eq(t->boots[0].file, "f2");
	ck_assert_str_eq(t->boots[1].file, "f1");

	ck_assert_uint_eq(sub->nranges, 3);
	ck_assert_uint_eq(sub->ranges[0].first, ip("10.0.0.5"));
	ck_assert_uint_eq(sub->ranges[0].last, ip("10.0.0.5"));
	check_value(&sub->ranges[0].settings, 3, "\x0a\0\0\x01", 4);
	ck_assert_uint_eq(sub->ranges[1].first, ip("10.0.0.10"));
	t = &sub->ranges[2].settings;
	ck_assert_ptr_null(find_option(t, 3));
	ck_assert_uint_eq(t->default_lease, 10);
	ck_assert_uint_eq(t->min_lease, 10);
	ck_assert_uint_eq(t->renew, 3);
	ck_assert_uint_eq(t->rebind, 9);
	ck_assert(t->always_broadcast);
	ck_assert(!sub->settings.always_broadcast);
	ck_assert_uint_eq(ntohl(t->next_server.s_addr), ip("10.0.0.3"));
	ck_assert_str_eq(t->boot_file, "b");
	drop_conf();

	/* A bound takes a default with it that nobody named. */
	s = load_good("subnet 10.0.1.0/24 { max_lease = 30m }\n"
		      "subnet 10.0.2.0/24 { min_lease = 2h }\n",
	    NULL);
	t = &s->networks[0].subnets[0].settings;
	ck_assert_uint_eq(t->default_lease, 1800);
	t = &s->networks[1].subnets[0].settings;
	ck_assert_uint_eq(t->default_lease, 7200);
	drop_conf();
}
END_TEST

/* Options 43 and 125 in parts. */
START_TEST(vendor_parts)
{
	const struct scopes *s = load_good(
	    "option 43.6 { value = 8 type = u8 }\n"
	    "option 43.10 { value = { a, b } type = fqdns }\n"
	    "option 125.4491.2 { value = \"01:02\" force = yes }\n"
	    "option 125.9.1 { value = x type = string }\n"
	    "option 125.4491.3 { value = 10.0.0.1 type = ip }\n"
	    "subnet 10.0.0.0/24 { option 43.1 { value = 7 type = u8 } }\n"
	    "subnet 10.0.1.0/24 { }\n",
	    NULL);
	const struct settings *t = &s->networks[1].subnets[0].settings;

	check_value(t, 43, "\x06\1\x08\x0a\6\1a\0\1b\0", 11);
	check_value(t, 125,
	    "\0\0\x11\x8b\x0a\2\2\1\2\3\4\x0a\0\0\1\0\0\0\x09\3\1\1x", 23);
	ck_assert_uint_eq(t->nforced, 1);
	ck_assert_uint_eq(t->forced[0].code, 125);
	t = &s->networks[0].subnets[0].settings;
	check_value(t, 43, "\1\1\7", 3);
	ck_assert_ptr_nonnull(find_option(t, 125));
	drop_conf();
}
END_TEST

START_TEST(excluded)
{
	const struct scopes *s = load_good(
	    "skip_net_bcast = yes\n"
	    "subnet 10.0.0.0/22 {\n"
	    "  ranges = { 10.0.0.0-10.0.1.254, 10.0.1.255-10.0.3.255 }\n"
	    "  exclude = { 10.0.0.3-10.0.0.5, 10.0.0.2, 10.0.0.4-10.0.0.9 }\n"
	    "  host a { mac = 02:00:00:00:00:01 address = 10.0.2.7 }\n"
	    "  host b { mac = 02:00:00:00:00:02 address = 10.0.2.8 }\n"
	    "}\n"
	    "subnet 10.1.0.0/24 {\n"
	    "  ranges = 10.1.0.10-10.1.0.20\n"
	    "  host a { mac = 02:00:00:00:00:01 address = 10.1.0.9 }\n"
	    "  host b { mac = 02:00:00:00:00:02 address = 10.1.0.20 }\n"
	    "}\n"
	    "subnet 10.2.0.0/31 { ranges = 10.2.0.0-10.2.0.1 }\n"
	    "subnet 10.3.0.0/22 { skip_net_bcast = no\n"
	    "  ranges = { 10.3.0.0-10.3.3.255 } }\n"
	    "host c { mac = 02:00:00:00:00:03 address = 10.2.0.1 }\n",
	    NULL);
	static const char *const want[] = { "10.0.0.0-10.0.0.0",
		"10.0.0.2-10.0.0.9", "10.0.0.255-10.0.1.0",
		"10.0.1.255-10.0.2.0", "10.0.2.7-10.0.2.8",
		"10.0.2.255-10.0.3.0", "10.0.3.255-10.0.3.255",
		"10.1.0.20-10.1.0.20", "10.2.0.1-10.2.0.1", "10.3.0.0-10.3.0.0",
		"10.3.3.255-10.3.3.255" };
	char text[64], first[16], last[16];
	struct in_addr a;
	size_t i;

	for (i = 0; i < s->nexcluded && i < N(want); i++) {
		a.s_addr = htonl(s->excluded[i].first);
		inet_ntop(AF_INET, &a, first, sizeof(first));
		a.s_addr = htonl(s->excluded[i].last);
		inet_ntop(AF_INET, &a, last, sizeof(last));
		snprintf(text, sizeof(text), "%s-%s", first, last);
		ck_assert_str_eq(text, want[i]);
	}
	ck_assert_uint_eq(s->nexcluded, N(want));
	drop_conf();
}
END_TEST

#define NO_RANGE " is not a range such as 192.0.2.10-192.0.2.99\n"
#define MAC1 "mac = 02:00:00:00:00:01"

static const struct {
	const char *text, *lines;
} messages[] = {
	/* subnets */
	{ "subnet 10.0.0.1/24 {}",
	    F ":1: subnet: \"10.0.0.1/24\" has host bits set\n" },
	{ "subnet 2001:db8::/32 {}\nsubnet 10.0.0.1 {}\nsubnet x {}\n"
	  "subnet 0.0.0.0/0 {}",
	    F ":1: subnet: \"2001:db8::/32\" is not an IPv4 prefix such as "
	      "192.0.2.0/24\n" F
	      ":2: subnet: \"10.0.0.1\" is not an IPv4 prefix such as "
	      "192.0.2.0/24\n" F
	      ":3: subnet: \"x\" is not a prefix such as 192.0.2.0/24\n" F
	      ":4: subnet: \"0.0.0.0/0\" is not an IPv4 prefix such as "
	      "192.0.2.0/24\n" },
	{ "subnet 10.0.0.0/24 {}\nsubnet 10.0.0.0/24 {}",
	    F ":2: subnet: \"10.0.0.0/24\" is set twice\n" F
	      ":2: subnet: 10.0.0.0/24 overlaps 10.0.0.0/24 (line 1)\n" },
	{ "subnet 10.0.7.0/24 {}\nsubnet 10.9.0.0/24 {}\n"
	  "shared x { subnet\n10.0.0.0/8\n{} }\nsubnet 10.0.8.0/24 {}",
	    F ":5: subnet: 10.0.0.0/8 overlaps 10.0.7.0/24 (line 1)\n" F
	      ":6: subnet: 10.0.8.0/24 overlaps 10.0.0.0/8 (line 5)\n" F
	      ":5: subnet: 10.0.0.0/8 overlaps 10.9.0.0/24 (line 2)\n" },
	{ "shared x {}\nshared x {}", F ":2: shared: \"x\" is set twice\n" },
	/* ranges */
	{ "subnet 10.0.0.0/24 {\n"
	  " ranges = { 10.0.0.5-10.0.0.20, x, 10.0.0.9-10.0.0.8 }\n"
	  " range 10.0.0.20-10.0.0.30 {}\n range 10.0.0.6 {}\n"
	  " range 10.0.1.1-10.0.1.2 {}\n range 9.9.9.9-10.0.0.250 {}\n"
	  " exclude = { 10.0.0.2-10.0.0.1, 11.0.0.0, 10.0.0 }\n}",
	    F ":2: ranges: \"x\"" NO_RANGE F
	      ":2: ranges: \"10.0.0.9-10.0.0.8\" ends before it begins\n" F
	      ":5: range: \"10.0.1.1-10.0.1.2\" is not within 10.0.0.0/24\n" F
	      ":6: range: \"9.9.9.9-10.0.0.250\" is not within "
	      "10.0.0.0/24\n" F
	      ":4: range: 10.0.0.6-10.0.0.6 overlaps the one from 10.0.0.5 "
	      "(line 2)\n" F
	      ":3: range: 10.0.0.20-10.0.0.30 overlaps the one from 10.0.0.5 "
	      "(line 2)\n" F
	      ":7: exclude: \"10.0.0.2-10.0.0.1\" ends before it begins\n" F
	      ":7: exclude: \"11.0.0.0\" is not within 10.0.0.0/24\n" F
	      ":7: exclude: \"10.0.0\"" NO_RANGE },
	{ "subnet 10.0.0.0/24 {\n range 10.0.0.9 { class = none }\n}\n"
	  "class some { arch = 7 }",
	    F ":2: range: \"10.0.0.9\": there is no class \"none\"\n" },
	/* times */
	{ "default_lease = 2d\nmax_lease = 1d",
	    F ":1: default_lease: is longer than max_lease\n" },
	{ "max_lease = 1d\nsubnet 10.0.0.0/24 {\n default_lease = 2d }",
	    F ":3: default_lease: is longer than max_lease\n" },
	{ "default_lease = 1h\nmin_lease = 2h",
	    F ":2: min_lease: is longer than default_lease\n" },
	{ "min_lease = 2h\nmax_lease = 1h",
	    F ":1: min_lease: is longer than max_lease\n" },
	{ "default_lease = 0",
	    F ":1: default_lease: \"0\" is not a time from 1s to 36500d or "
	      "infinite\n" },
	{ "renew = 50m\nrebind = 50m",
	    F ":1: renew: T1 is 3000s and T2 is 3000s: T1 must be less\n" },
	{ "rebind = 25m",
	    F ":1: rebind: T1 is 1800s and T2 is 1500s: T1 must be less\n" },
	{ "renew = 10m\nrebind = 1h",
	    F ":1: rebind: T2 is 3600s, but the lease of default_lease ends "
	      "after 3600s\n" },
	{ "renew = 10m\nsubnet 10.0.0.0/24 {\ndefault_lease = 10m }",
	    F ":3: renew: T1 is 600s and T2 is 525s: T1 must be less\n" },
	{ "class x { arch = 1\n renew = 10 rebind = 9 }",
	    F ":2: renew: T1 is 10s and T2 is 9s: T1 must be less\n" },
	{ "class x { arch = 1 renew = 10h }", "" },
	/* addresses */
	{ "next_server = tftp\nsubnet 10.0.0.0/24 {\n"
	  " boot x {\n next_server = 10.0.0 }\n"
	  " routers = { 10.0.0.1, here }\n}",
	    F ":1: next_server: \"tftp\" is not an IPv4 address\n" F
	      ":5: routers: not an IPv4 address\n" F
	      ":3: next_server: \"10.0.0\" is not an IPv4 address\n" },
	/* options */
	{ "option nosuch { value = 1 }\noption \"256\" { value = 1 }\n"
	  "option dhcp-lease-time { value = 1 }\n"
	  "option \"0\" { value = 1 }\noption end { value = 1 }\n"
	  "option log-servers { }\n"
	  "option domain-name-servers { value = 10.0.0.1 }\n"
	  "dns = 10.0.0.2\n"
	  "option time-offset { value = soon }\n"
	  "option 43.x { value = 1 }\noption 43.255 { value = 1 }\n"
	  "option 125.1 { value = 1 }\noption 125.4294967296.1 {}\n"
	  "option 43.1 { value = 300 type = u8 }",
	    F ":1: option: \"nosuch\": unknown option\n" F
	      ":2: option: \"256\": unknown option\n" F
	      ":3: option: \"dhcp-lease-time\": is not for the configuration "
	      "to set\n" F ":4: option: \"0\": unknown option\n" F
	      ":5: option: \"end\": unknown option\n" F
	      ":6: option: \"log-servers\": has no value\n" F
	      ":7: option: \"domain-name-servers\": is set twice at this "
	      "level\n" F ":9: option: \"time-offset\": not a number\n" F
	      ":10: option: \"43.x\": is not 43.CODE or 125.VENDOR.CODE\n" F
	      ":11: option: \"43.255\": is not 43.CODE or 125.VENDOR.CODE\n" F
	      ":12: option: \"125.1\": is not 43.CODE or 125.VENDOR.CODE\n" F
	      ":13: option: \"125.4294967296.1\": is not 43.CODE or "
	      "125.VENDOR.CODE\n" F
	      ":14: option: \"43.1\": the number is too large or too small\n" },
	/* boot and classes */
	{ "boot x { arch = { 7, 65536, uefi } }",
	    F ":1: arch: \"65536\" is not a number from 0 to 65535\n" F
	      ":1: arch: \"uefi\" is not a number from 0 to 65535\n" },
	{ "class x { }\nclass y { mac_prefix = 02:0 }\n"
	  "class z { circuit_id = 0x123 }",
	    F ":1: class: \"x\": does not say who belongs to it\n" F
	      ":2: class: \"y\": mac_prefix \"02:0\" is not bytes such as "
	      "02:00:5e\n" F
	      ":3: class: \"z\": circuit_id \"0x123\" is no identifier\n" },
	/* reservations */
	{ "subnet 10.0.0.0/24 {\n"
	  " host a { " MAC1 " address = 10.0.0.9 }\n"
	  " host b { mac = 02:00:00:00:00:02 address = 10.0.0.9 }\n"
	  " host c { " MAC1 " address = 10.0.0.10 }\n"
	  " host d { mac = 02:00:00:00:00:04 address = 10.0.1.10 }\n"
	  " host e { mac = 02:00:00:00:00:05 address = 10.9.1.10 }\n"
	  " host f { mac = 02:00:00:00:00 address = 10.0.0 }\n"
	  " host g { address = 10.0.0.20 }\n"
	  " host h { client_id = x circuit_id = y }\n"
	  " host i { client_id = x hostname = \"a.b\" }\n"
	  " host j { remote_id = 0x }\n"
	  " host k { client_id = 78 hostname = k }\n"
	  " host l { client_id = 0x3738 }\n"
	  "}\nsubnet 10.0.1.0/24 { host a { " MAC1 " address = 10.0.1.7 } }\n"
	  "host \"\" { " MAC1 " address = 10.0.0.7 }\n",
	    F ":16: host: needs a title\n" F
	      ":3: host: \"b\": 10.0.0.9 is reserved for \"a\" already "
	      "(line 2)\n" F
	      ":4: host: \"c\": its client has a reservation in the same "
	      "network, \"a\" (line 2)\n" F
	      ":5: host: \"d\": 10.0.1.10 is outside of 10.0.0.0/24\n" F
	      ":6: host: \"e\": 10.9.1.10 is in no subnet\n" F
	      ":7: host: \"f\": mac \"02:00:00:00:00\" is not an address such "
	      "as 02:00:00:00:be:ef\n" F
	      ":7: host: \"f\": \"10.0.0\" is not an IPv4 address\n" F
	      ":8: host: \"g\": needs one of mac, client-id, circuit-id and "
	      "remote-id\n" F
	      ":9: host: \"h\": takes only one of mac, client-id, circuit-id "
	      "and remote-id\n" F
	      ":10: host: \"i\": \"a.b\" is not a name of letters, digits and "
	      "'-'\n" F
	      ":11: host: \"j\": remote-id \"0x\" is no identifier\n" F
	      ":13: host: \"l\": its client has a reservation in the same "
	      "network, \"k\" (line 12)\n" F
	      ":16: host: \"\": its client has a reservation in the same "
	      "network, \"a\" (line 2)\n" },
	/* Any subnet of its network will do. */
	{ "shared x { subnet 10.0.0.0/24 { host a { " MAC1
	  " address = 10.0.1.9 } }\n subnet 10.0.1.0/24 { } }",
	    "" },
	/* the rest */
	{ "leasequery = yes", F ": leasequery: needs leasequery_from\n" },
	{ "event_script = /dev/null\nddns { key = /no/file server = here }",
	    F ": event_script: /dev/null: Permission denied\n" F
	      ": ddns.server: \"here\" is not an address such as 127.0.0.1 or "
	      "[::1]:53\n" F ": ddns.key: /no/file: No such file or "
	      "directory\n" },
	{ "hosts_file = /no/file", "/no/file: No such file or directory\n" },
	{ "workers = 2", F ":1: workers: unknown key\n" },
};

START_TEST(message)
{
	const char *lines;
	int rc;

	caught_begin();
	rc = load_conf(messages[_i].text, NULL);
	drop_conf();
	lines = caught_end();
	ck_assert_str_eq(lines, messages[_i].lines);
	ck_assert_int_eq(rc == 0, *messages[_i].lines == '\0');
}
END_TEST

static const char net[] = "subnet 10.0.0.0/16 { ranges = 10.0.0.1-10.0.0.99\n"
			  "host s { mac = 02:00:00:00:00:99 }\n"
			  "host t { client_id = t address = 10.0.0.99 } }\n";

START_TEST(hosts_file)
{
	const struct scopes *s = load_good(net,
	    "# reservations\n"
	    "\n"
	    "printer mac 02:00:00:00:BE:ef address 10.0.255.9 hostname "
	    "printer\n"
	    "a\tclient-id 0x00ff \\\n  address 10.0.0.7 # its desk\n"
	    "b client-id aa:BB lease 12h\n"
	    "c circuit-id aa:b boot-file http://x/y next-server 10.0.0.1\n"
	    "d remote-id 0x0001 lease infinite\n"
	    "d mac 02-00-00-00-00-98 address 10.0.0.8\n");
	struct lease_client c = { .hlen = 6, .htype = 1 };
	const struct network *n = &s->networks[0];
	const struct host *h = scope_host_at(s, ip("10.0.255.9"));
	static const uint8_t agent[] = { 1, 4, 'a', 'a', ':', 'b', 2, 2, 0, 1 };

	ck_assert_str_eq(h->name, "printer");
	ck_assert_str_eq(h->hostname, "printer");
	ck_assert_mem_eq(h->hw, "\2\0\0\0\xbe\xef", 6);
	ck_assert_uint_eq(h->hlen, 6);
	ck_assert_uint_eq(h->htype, 1);
	ck_assert_int_eq(h->line, 3);
	ck_assert(h->listed);
	ck_assert_ptr_eq(h->network, n);
	ck_assert_ptr_null(h->settings);
	h = scope_host_at(s, ip("10.0.0.7"));
	ck_assert_int_eq(h->line, 4);
	ck_assert_uint_eq(h->idlen, 2);
	ck_assert_mem_eq(h->id, "\0\xff", 2);
	c.id = (const uint8_t *)"\xaa\xbb";
	c.idlen = 2;
	h = scope_host(s, n, &c, agent, sizeof(agent));
	ck_assert_str_eq(h->name, "b");
	ck_assert_uint_eq(h->ip, 0);
	ck_assert_ptr_null(h->network);
	ck_assert_uint_eq(h->settings->set,
	    SET_DEFAULT_LEASE | SET_MIN_LEASE | SET_MAX_LEASE);
	ck_assert_uint_eq(h->settings->default_lease, 43200);
	ck_assert_uint_eq(h->settings->min_lease, 43200);
	ck_assert_uint_eq(h->settings->max_lease, 43200);
	c.idlen = 1;
	h = scope_host(s, n, &c, agent, sizeof(agent));
	ck_assert_str_eq(h->name, "c");
	ck_assert_uint_eq(h->settings->set, SET_NEXT_SERVER | SET_BOOT_FILE);
	ck_assert_str_eq(h->settings->boot_file, "http://x/y");
	ck_assert_uint_eq(
	    ntohl(h->settings->next_server.s_addr), ip("10.0.0.1"));
	h = scope_host(s, n, &c, agent + 6, sizeof(agent) - 6);
	ck_assert_str_eq(h->name, "d");
	ck_assert_uint_eq(h->settings->default_lease, SCOPE_FOREVER);
	memcpy(c.hw, "\2\0\0\0\0\x98", 6);
	h = scope_host(s, n, &c, NULL, 0);
	ck_assert_uint_eq(h->ip, ip("10.0.0.8"));
	/* Those in the range are not given away. */
	ck_assert_uint_eq(s->nexcluded, 2);
	ck_assert_uint_eq(s->excluded[0].first, ip("10.0.0.7"));
	ck_assert_uint_eq(s->excluded[0].last, ip("10.0.0.8"));
	ck_assert_uint_eq(s->excluded[1].first, ip("10.0.0.99"));
	drop_conf();
}
END_TEST

static const struct {
	const char *text, *lines;
} hosts_messages[] = {
	{ "", "" },
	{ "a\n",
	    H ":1: a: needs one of mac, client-id, circuit-id and "
	      "remote-id\n" },
	{ "a mac\n", H ":1: a: mac needs a value\n" },
	{ "a mac 02:00:00:00:00:01 mac 02:00:00:00:00:01\n",
	    H ":1: a: mac is told twice\n" },
	{ "a mac 02:00:00:00:00:01 colour red\n",
	    H ":1: a: \"colour\" is not known here\n" },
	{ "a mac 02:00:00:00:00:0g\nb mac 020000000001\nc mac 02:00\n",
	    H ":1: a: mac \"02:00:00:00:00:0g\" is not an address such as "
	      "02:00:00:00:be:ef\n" H
	      ":2: b: mac \"020000000001\" is not an address such as "
	      "02:00:00:00:be:ef\n" H
	      ":3: c: mac \"02:00\" is not an address such as "
	      "02:00:00:00:be:ef\n" },
	{ "\na mac 02:00:00:00:00:01 client-id x\n"
	  "b mac 02:00:00:00:00:02 address 10.1.0.1\n"
	  "c mac 02:00:00:00:00:03 address 0.0.0.0\n"
	  "d mac 02:00:00:00:00:04 hostname -x lease 0 next-server x\n"
	  "e mac 02:00:00:00:00:05 lease 49711d\n"
	  "f client-id 0x1 address 10.0.0.0.1\n",
	    H ":2: a: takes only one of mac, client-id, circuit-id and "
	      "remote-id\n" H ":3: b: 10.1.0.1 is in no subnet\n" H
	      ":4: c: \"0.0.0.0\" is not an IPv4 address\n" H
	      ":5: d: lease \"0\" is not a time such as 12h\n" H
	      ":5: d: \"x\" is not an IPv4 address\n" H
	      ":5: d: \"-x\" is not a name of letters, digits and '-'\n" H
	      ":6: e: lease \"49711d\" is not a time such as 12h\n" H
	      ":7: f: client-id \"0x1\" is no identifier\n" H
	      ":7: f: \"10.0.0.0.1\" is not an IPv4 address\n" },
	/* twice */
	{ "a mac 02:00:00:00:00:01 address 10.0.0.1\n"
	  "b mac 02:00:00:00:00:01 address 10.0.0.2\n"
	  "c mac 02:00:00:00:00:03 address 10.0.0.1\n"
	  "d mac 02:00:00:00:00:99 address 10.0.0.99\n"
	  "e mac 02:00:00:00:00:01\n",
	    H ":2: b: its client has a reservation in the same network, "
	      "\"a\" (" H ":1)\n" H
	      ":3: c: 10.0.0.1 is reserved for \"a\" already (" H ":1)\n" H
	      ":4: d: 10.0.0.99 is reserved for \"t\" already (line 3)\n" H
	      ":4: d: its client has a reservation in the same network, "
	      "\"s\" (line 2)\n" },
};

START_TEST(hosts_message)
{
	const char *lines;
	int rc;

	caught_begin();
	rc = load_conf(net, hosts_messages[_i].text);
	drop_conf();
	lines = caught_end();
	ck_assert_str_eq(lines, hosts_messages[_i].lines);
	ck_assert_int_eq(rc, *lines == '\0' ? 0 : -1);
}
END_TEST

/* Wrong in the file and wrong in the other one: all of it in one run. */
START_TEST(all_at_once)
{
	caught_begin();
	ck_assert_int_eq(load_conf("max_leases = 0\n"
				   "subnet 10.0.0.1/8 { }\n"
				   "option nosuch { value = 1 }\n"
				   "leasequery = yes\n",
			     "a mac 1\n"),
	    -1);
	drop_conf();
	ck_assert_str_eq(caught_end(),
	    F ":1: max_leases: \"0\" is not a number from 1 to 16000000\n" F
	      ": leasequery: needs leasequery_from\n" F
	      ":3: option: \"nosuch\": unknown option\n" F
	      ":2: subnet: \"10.0.0.1/8\" has host bits set\n" H
	      ":1: a: mac \"1\" is not an address such as "
	      "02:00:00:00:be:ef\n");
}
END_TEST

/* The samples are right as they stand. */
START_TEST(samples)
{
	const char *src = getenv("SRC");
	struct conf_files f = { .keys = dhcpd_keys, .own_must_exist = true };
	char own[4096], hosts[4096];

	ck_assert_ptr_nonnull(src);
	snprintf(own, sizeof(own), "%s/etc/dhcpd.conf", src);
	snprintf(hosts, sizeof(hosts), "%s/etc/dhcpd.hosts", src);
	f.own = own;
	memset(&conf, 0, sizeof(conf));
	ck_assert_int_eq(conf_load(&f, &conf), 0);
	ck_assert_str_eq(conf.hosts, "/etc/basenet/dhcpd.hosts");
	free(conf.hosts);
	conf.hosts = strdup(hosts);
	ck_assert_int_eq(dhcpd_check(&conf), 0);
	ck_assert_uint_eq(conf.scopes.nnetworks, 2);
	drop_conf();
}
END_TEST

/* Tens of thousands of lines are read in milliseconds; each is found. */
START_TEST(many)
{
	enum { LINES = 50000 };
	char *text = malloc(LINES * 80), *p = text;
	struct lease_client c = { .hlen = 6, .htype = 1 };
	const struct scopes *s;
	const struct host *h;
	struct timespec a, b;
	unsigned i;
	long ms;

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < LINES; i++)
		p += snprintf(p, 80,
		    "h%u mac 02:00:00:00:%02x:%02x address 10.1.%u.%u\n", i,
		    i >> 8, i & 255, i >> 8, i & 255);
	put_file(HOSTS_FILE, text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	s = load_good(
	    "subnet 10.0.0.0/8 { ranges = 10.1.0.0-10.1.255.255 }", text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	/* 40 ms where this was written; a quadratic way takes minutes. */
	ck_assert_int_lt(ms, 2000);
	for (i = 0; i < LINES; i++) {
		c.hw[4] = (uint8_t)(i >> 8);
		c.hw[5] = (uint8_t)i;
		c.hw[0] = 2;
		h = scope_host(s, &s->networks[0], &c, NULL, 0);
		ck_assert_ptr_nonnull(h);
		ck_assert_uint_eq(h->ip, ip("10.1.0.0") + i);
		ck_assert_ptr_eq(scope_host_at(s, h->ip), h);
	}
	ck_assert_ptr_null(scope_host_at(s, ip("10.1.0.0") + LINES));
	ck_assert_uint_eq(s->nexcluded, 1);
	drop_conf();
	free(text);
}
END_TEST

int
main(void)
{
	char dir[] = "/tmp/test_dhcpconfXXXXXX";
	Suite *s = suite_create("dhcpconf");
	TCase *t = tcase_create("dhcpconf");
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, whole_example);
	tcase_add_test(t, nothing);
	tcase_add_test(t, round_trip);
	tcase_add_test(t, inherited);
	tcase_add_test(t, vendor_parts);
	tcase_add_test(t, excluded);
	tcase_add_loop_test(t, message, 0, (int)N(messages));
	tcase_add_test(t, hosts_file);
	tcase_add_loop_test(t, hosts_message, 0, (int)N(hosts_messages));
	tcase_add_test(t, all_at_once);
	tcase_add_test(t, samples);
	tcase_add_test(t, many);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	failed = tap_run(s);
	unlink(CONF_FILE);
	unlink(HOSTS_FILE);
	if (chdir("/") == -1 || rmdir(dir) == -1)
		return 1;
	return failed;
}
