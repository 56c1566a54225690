/*
 * The relay: messages in, messages out, compared whole.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "relay.h"
#include "tap.h"

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

static struct relay_conf conf;
static struct relay_out out;
static struct net_message in;
static uint8_t message[PACKET_MAX + 1];
static char *names[8][4]; /* lists of the configuration */
static size_t nnames;

static struct in_addr
ip(const char *text)
{
	struct in_addr a;

	ck_assert_int_eq(inet_pton(AF_INET, text, &a), 1);
	return a;
}

/* A host with clients on eth1 and eth2 and servers by way of eth0. */
static struct net_if eth0 = { .index = 2,
	.name = "eth0",
	.hw = { 2, 0, 0, 0, 0, 0x10 },
	.hwlen = 6,
	.up = true,
	.mtu = 1500,
	.addrs = { { 0x0a000002, 0xffffff00 } },
	.naddrs = 1 };
static struct net_if eth1 = { .index = 3,
	.name = "eth1",
	.hw = { 2, 0, 0, 0, 0, 0x11 },
	.hwlen = 6,
	.up = true,
	.mtu = 1500,
	.addrs = { { 0x0a010001, 0xffffff00 }, { 0xc0a80101, 0xffffff00 } },
	.naddrs = 2 };
static struct net_if eth2 = { .index = 14,
	.name = "eth2",
	.hw = { 2, 0, 0, 0, 0, 0x12 },
	.hwlen = 6,
	.up = true,
	.mtu = 1500,
	.addrs = { { 0x0a020001, 0xffff0000 } },
	.naddrs = 1 };
static struct net_if bare = { .index = 5, .name = "eth3", .up = true };
static struct net_if lo = { .index = 1,
	.name = "lo",
	.up = true,
	.loopback = true,
	.addrs = { { 0x7f000001, 0xff000000 } },
	.naddrs = 1 };
static const struct net_if *const ifs[] = { &lo, &eth0, &eth1, &eth2, &bare };
static struct relay_links links = { ifs, 5, 1500 };

/* Configuration */

static struct conf_list
list(const char *name)
{
	char **v = names[nnames++];

	v[0] = (char *)(uintptr_t)name;
	return (struct conf_list){ v, 1 };
}

static void
setup(void)
{
	conf = (struct relay_conf){ .max_hops = 10 };
	conf.remote_text = (char *)(uintptr_t) "";
	conf.servers = list("10.0.0.1");
	conf.upstream = list("eth0");
	nnames = 2;
	links.mtu = 1500;
}

/* Messages */

/* "ff 01:02 0a" to bytes; the number of them. */
static size_t
hex(const char *text, uint8_t *bytes, size_t room)
{
	char pair[3] = "";
	size_t n = 0;

	while (*text != '\0') {
		if (*text == ' ' || *text == ':') {
			text++;
			continue;
		}
		memcpy(pair, text, 2);
		ck_assert_uint_lt(n, room);
		bytes[n++] = (uint8_t)strtol(pair, NULL, 16);
		text += 2;
	}
	return n;
}

/*
 * A message from a client 02:00:00:00:be:ef on an interface: options as they
 * stand, zeroes to `len` bytes.
 */
static void
make(uint8_t op, const struct net_if *from, const char *options, size_t len)
{
	static const uint8_t head[] = { 0, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0,
		3, 0, 0 };
	static const uint8_t cookie[] = { 99, 130, 83, 99 };

	memset(message, 0, sizeof(message));
	memcpy(message, head, sizeof(head));
	message[0] = op;
	hex("02000000beef", message + 28, 16);
	memset(message + 44, 's', 64);
	memset(message + 108, 'f', 128);
	memcpy(message + 236, cookie, 4);
	hex(options, message + 240, sizeof(message) - 240);
	in = (struct net_message){ .bytes = message,
		.len = len,
		.to = { INADDR_BROADCAST },
		.iface = from };
	if (from->naddrs > 0)
		in.local.s_addr = htonl(from->addrs[0].ip);
}

static void
put_ip(size_t at, const char *text)
{
	struct in_addr a = ip(text);

	memcpy(message + at, &a, 4);
}

static enum relay_drop
relay(void)
{
	memset(out.bytes, 0xee, sizeof(out.bytes));
	return relay_message(&conf, &links, &in, &out);
}

static void
same(const char *what, const uint8_t *want, size_t n)
{
	size_t i;

	ck_assert_msg(out.len == n, "%s: %zu bytes, not %zu", what, out.len, n);
	for (i = 0; i < n; i++)
		ck_assert_msg(out.bytes[i] == want[i],
		    "%s: byte %zu is %02x, not %02x", what, i, out.bytes[i],
		    want[i]);
}

/* The message as it came, with another giaddr and hops. */
static void
is_message(const char *what, const char *giaddr, uint8_t hops,
    const char *options, size_t len)
{
	uint8_t want[PACKET_MAX] = { 0 };

	memcpy(want, message, 240);
	want[3] = hops;
	if (giaddr != NULL) {
		struct in_addr a = ip(giaddr);

		memcpy(want + 24, &a, 4);
	}
	hex(options, want + 240, sizeof(want) - 240);
	same(what, want, len);
}

/* Requests without option 82 */

#define DISCOVER "35 01 01"
#define PLAIN DISCOVER " 37 03 01 03 06 ff"

START_TEST(request)
{
	make(PACKET_REQUEST, &eth1, PLAIN, 300);
	message[3] = 3;
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert_int_eq(out.op, PACKET_REQUEST);
	ck_assert(!out.added && !out.too_long);
	is_message("request", "10.1.0.1", 4, PLAIN, 300);
	/* of any length, with anything in it that is an option */
	make(PACKET_REQUEST, &eth2, "ff", 240 + 1);
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("short", "10.2.0.1", 1, "ff", 241);
	make(PACKET_REQUEST, &eth2, "35 00 35 01 63 00 00 fe 02 aa bb", 251);
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message(
	    "odd", "10.2.0.1", 1, "35 00 35 01 63 00 00 fe 02 aa bb", 251);
	make(PACKET_REQUEST, &eth1, PLAIN, PACKET_MAX);
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("long", "10.1.0.1", 1, PLAIN, PACKET_MAX);
}
END_TEST

/* A client of RFC 951, whose vendor field is no options. */
START_TEST(bootp)
{
	conf.append = true;
	make(PACKET_REQUEST, &eth1, "52 ff ff", 300);
	memset(message + 236, 'v', 4);
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("bootp", "10.1.0.1", 1, "52 ff ff", 300);
	ck_assert(out.too_long && !out.added);
}
END_TEST

/* giaddr is another relay's: nothing but hops changes. */
START_TEST(relayed)
{
	conf.append = true;
	conf.policy = RELAY_REPLACE;
	make(PACKET_REQUEST, &eth1, DISCOVER " 52 03 01 01 41 ff", 300);
	put_ip(24, "10.9.0.1");
	message[3] = 9;
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("with 82", NULL, 10, DISCOVER " 52 03 01 01 41 ff", 300);
	make(PACKET_REQUEST, &eth1, PLAIN, 300);
	put_ip(24, "10.9.0.1");
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("without", NULL, 1, PLAIN, 300);
	ck_assert(!out.added);
}
END_TEST

/* What is dropped, and why */

static const struct {
	enum relay_drop why;
	uint8_t op;
	const struct net_if *from;
	size_t len;
	const char *options;
	uint8_t hlen, hops;
	const char *giaddr;
} drops[] = {
	{ RELAY_SHORT, 1, &eth1, 239, "", 6, 0, NULL },
	{ RELAY_SHORT, 1, &eth1, 0, "", 6, 0, NULL },
	{ RELAY_SHORT, 1, &eth1, PACKET_MAX + 1, PLAIN, 6, 0, NULL },
	{ RELAY_OK, 1, &eth1, 240, "", 6, 0, NULL },
	{ RELAY_OP, 0, &eth1, 300, PLAIN, 6, 0, NULL },
	{ RELAY_OP, 3, &eth1, 300, PLAIN, 6, 0, NULL },
	{ RELAY_HLEN, 1, &eth1, 300, PLAIN, 17, 0, NULL },
	{ RELAY_OK, 1, &eth1, 300, PLAIN, 16, 0, NULL },
	{ RELAY_OPTION, 1, &eth1, 241, "35", 6, 0, NULL },
	{ RELAY_OPTION, 1, &eth1, 242, "35 01", 6, 0, NULL },
	{ RELAY_OPTION, 1, &eth1, 300, DISCOVER " 37 ff", 6, 0, NULL },
	{ RELAY_OK, 1, &eth1, 300, DISCOVER " ff 37 ff", 6, 0, NULL },
	{ RELAY_INTERFACE, 1, &eth0, 300, PLAIN, 6, 0, NULL },
	{ RELAY_INTERFACE, 1, &lo, 300, PLAIN, 6, 0, NULL },
	{ RELAY_INTERFACE, 2, &eth1, 300, PLAIN, 6, 0, "10.1.0.1" },
	{ RELAY_OK, 1, &eth1, 300, PLAIN, 6, 10, NULL },
	{ RELAY_HOPS, 1, &eth1, 300, PLAIN, 6, 11, NULL },
	{ RELAY_HOPS, 1, &eth1, 300, PLAIN, 6, 255, "10.9.0.1" },
	{ RELAY_SPOOFED, 1, &eth1, 300, PLAIN, 6, 0, "10.1.0.1" },
	{ RELAY_SPOOFED, 1, &eth1, 300, PLAIN, 6, 1, "10.0.0.2" },
	{ RELAY_SPOOFED, 1, &eth1, 300, PLAIN, 6, 1, "192.168.1.1" },
	{ RELAY_SPOOFED, 1, &eth1, 300, PLAIN, 6, 1, "127.0.0.1" },
	{ RELAY_GIADDR, 1, &eth1, 300, PLAIN, 6, 1, "127.0.0.2" },
	{ RELAY_GIADDR, 1, &eth1, 300, PLAIN, 6, 1, "255.255.255.255" },
	{ RELAY_GIADDR, 1, &eth1, 300, PLAIN, 6, 1, "224.0.0.1" },
	{ RELAY_GIADDR, 1, &eth1, 300, PLAIN, 6, 1, "0.0.0.1" },
	{ RELAY_NO_ADDRESS, 1, &bare, 300, PLAIN, 6, 0, NULL },
	{ RELAY_OK, 1, &bare, 300, PLAIN, 6, 0, "10.9.0.1" },
	{ RELAY_UNTRUSTED, 1, &eth1, 300, "52 03 01 01 41 ff", 6, 0, NULL },
	{ RELAY_UNTRUSTED, 1, &eth1, 300, "52 00 ff", 6, 0, NULL },
	{ RELAY_OK, 1, &eth1, 300, "52 03 01 01 41 ff", 6, 0, "10.9.0.1" },
	{ RELAY_NOT_OURS, 2, &eth0, 300, PLAIN, 6, 0, NULL },
	{ RELAY_NOT_OURS, 2, &eth0, 300, PLAIN, 6, 0, "10.9.0.1" },
	{ RELAY_NO_INTERFACE, 2, &eth0, 300, PLAIN, 6, 0, "10.0.0.2" },
	{ RELAY_NO_INTERFACE, 2, &eth0, 300, PLAIN, 6, 0, "127.0.0.1" },
	{ RELAY_OK, 2, &eth0, 300, PLAIN, 6, 0, "192.168.1.1" },
	{ RELAY_OPTION, 2, &eth0, 300, "52 ff", 6, 0, "10.1.0.1" },
};

START_TEST(dropped)
{
	make(drops[_i].op, drops[_i].from, drops[_i].options, drops[_i].len);
	message[2] = drops[_i].hlen;
	message[3] = drops[_i].hops;
	if (drops[_i].giaddr != NULL)
		put_ip(24, drops[_i].giaddr);
	ck_assert_int_eq(relay(), drops[_i].why);
	if (drops[_i].why != RELAY_OK)
		ck_assert_ptr_nonnull(relay_reasons[drops[_i].why]);
}
END_TEST

START_TEST(dropped_by_conf)
{
	conf.servers.n = 0;
	make(PACKET_REQUEST, &eth1, PLAIN, 300);
	ck_assert_int_eq(relay(), RELAY_NO_SERVER);
	conf.servers.n = 1;
	conf.policy = RELAY_DISCARD;
	ck_assert_int_eq(relay(), RELAY_OK);
	make(PACKET_REQUEST, &eth1, "52 00 ff", 300);
	put_ip(24, "10.9.0.1");
	ck_assert_int_eq(relay(), RELAY_POLICY);
	conf.trusted = list("eth1");
	put_ip(24, "0.0.0.0");
	ck_assert_int_eq(relay(), RELAY_POLICY);
}
END_TEST

/* Which interfaces requests and replies may come from. */
static const struct {
	const char *down, *up;
	const char *requests, *replies; /* of eth0, eth1, eth2, lo */
} roles[] = {
	{ NULL, NULL, "yyyn", "yyyy" },
	{ "eth1", NULL, "nynn", "yyyy" },
	{ NULL, "eth0", "nyyn", "ynnn" },
	{ "eth1", "eth0", "nynn", "ynnn" },
	{ "eth1", "eth1", "nynn", "nynn" },
	{ "lo", "lo", "nnny", "nnny" },
};

START_TEST(interfaces)
{
	const struct net_if *const of[] = { &eth0, &eth1, &eth2, &lo };
	int i;

	conf.downstream = conf.upstream = (struct conf_list){ NULL, 0 };
	if (roles[_i].down != NULL)
		conf.downstream = list(roles[_i].down);
	if (roles[_i].up != NULL)
		conf.upstream = list(roles[_i].up);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(relay_is_downstream(&conf, of[i]),
		    roles[_i].requests[i] == 'y');
		ck_assert_int_eq(relay_is_upstream(&conf, of[i]),
		    roles[_i].replies[i] == 'y');
	}
}
END_TEST

/* Option 82 in requests */

#define NAME "01 04 65 74 68 31" /* eth1 */
#define MAC "02 06 02 00 00 00 00 11"
#define FLAGS "0a 01 00"
#define OURS NAME " " MAC " " FLAGS

static const struct {
	const char *what;
	int circuit, remote;
	bool link, override, giaddr, unicast;
	const char *agent; /* with its code and length */
} agents[] = {
	{ "usual", RELAY_CIRCUIT_NAME, RELAY_REMOTE_MAC, false, false, false,
	    false, "52 11 " OURS },
	{ "unicast", RELAY_CIRCUIT_NAME, RELAY_REMOTE_MAC, false, false, false,
	    true, "52 11 " NAME " " MAC " 0a 01 80" },
	{ "index", RELAY_CIRCUIT_INDEX, RELAY_REMOTE_NONE, false, false, false,
	    false, "52 06 01 01 33 " FLAGS },
	{ "text", RELAY_CIRCUIT_NONE, RELAY_REMOTE_TEXT, false, false, false,
	    false, "52 08 02 03 70 6f 70 " FLAGS },
	{ "hostname", RELAY_CIRCUIT_NONE, RELAY_REMOTE_HOSTNAME, false, false,
	    false, false, "52 06 02 01 68 " FLAGS },
	{ "flags alone", RELAY_CIRCUIT_NONE, RELAY_REMOTE_NONE, false, false,
	    false, false, "52 03 " FLAGS },
	{ "link selection", RELAY_CIRCUIT_NONE, RELAY_REMOTE_NONE, true, false,
	    false, false, "52 09 05 04 0a 01 00 00 " FLAGS },
	{ "another giaddr", RELAY_CIRCUIT_NAME, RELAY_REMOTE_NONE, false, false,
	    true, false, "52 0f " NAME " 05 04 0a 01 00 00 " FLAGS },
	{ "override", RELAY_CIRCUIT_NONE, RELAY_REMOTE_NONE, false, true, false,
	    false, "52 09 " FLAGS " 0b 04 0a 01 00 01" },
	{ "all", RELAY_CIRCUIT_NAME, RELAY_REMOTE_MAC, true, true, true, false,
	    "52 1d " NAME " " MAC " 05 04 0a 01 00 00 " FLAGS
	    " 0b 04 0a 01 00 01" },
};

static void
agent_conf(int i)
{
	conf.append = true;
	conf.circuit = agents[i].circuit;
	conf.remote = agents[i].remote;
	conf.link_selection = agents[i].link;
	conf.server_id_override = agents[i].override;
	if (agents[i].giaddr)
		conf.address = ip("10.0.0.2");
	conf.remote_text = (char *)(uintptr_t) "pop";
	strlcpy(conf.hostname, "h", sizeof(conf.hostname));
}

START_TEST(agent_added)
{
	char want[200];

	agent_conf(_i);
	/* what stands between options goes, what they say stays */
	make(PACKET_REQUEST, &eth1, "00 35 01 01 00 00 37 02 01 03 00 ff aa",
	    300);
	if (agents[_i].unicast)
		in.to = in.local;
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert(out.added && !out.too_long);
	snprintf(want, sizeof(want), DISCOVER " 37 02 01 03 %s ff",
	    agents[_i].agent);
	is_message(agents[_i].what, agents[_i].giaddr ? "10.0.0.2" : "10.1.0.1",
	    1, want, 300);
}
END_TEST

/* No END, and a field that is full to its last byte. */
START_TEST(agent_edges)
{
	agent_conf(0);
	make(PACKET_REQUEST, &eth1, DISCOVER, 243);
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("no end", "10.1.0.1", 1, DISCOVER " 52 11 " OURS " ff", 300);
}
END_TEST

/* The longest message that option 82 is added to. */
static const struct {
	unsigned max_size; /* option 57; 0: none */
	unsigned max_packet, mtu;
	size_t limit; /* bytes of the message with option 82 */
} limits[] = {
	{ 0, 0, 1500, 548 },
	{ 0, 0, 0, 548 },
	{ 400, 0, 1500, 548 },
	{ 1000, 0, 1500, 972 },
	{ 1500, 0, 1500, 1472 },
	{ 1500, 0, 1000, 972 },
	{ 65535, 0, 0, 1500 },
	{ 0, 1000, 1500, 972 },
	{ 1500, 600, 1500, 572 },
	{ 0, 9000, 9000, 1500 },
};

/* A message that is n bytes long with option 82 added. */
static void
make_for(size_t n, unsigned max_size)
{
	size_t at = 243, end = n - 1 - 2 - 17, len;

	make(PACKET_REQUEST, &eth1, DISCOVER, n - 19);
	if (max_size != 0) {
		memcpy(message + at, (uint8_t[]){ 57, 2 }, 2);
		message[at + 2] = (uint8_t)(max_size >> 8);
		message[at + 3] = (uint8_t)max_size;
		at += 4;
	}
	while (at < end) {
		len = end - at - 2;
		if (len > 200)
			len = 200;
		message[at++] = 43;
		message[at++] = (uint8_t)len;
		memset(message + at, 'x', len);
		at += len;
	}
	ck_assert_uint_eq(at, end);
	message[end] = 255;
}

START_TEST(agent_limit)
{
	size_t n = limits[_i].limit;

	agent_conf(0);
	conf.max_packet = limits[_i].max_packet;
	links.mtu = limits[_i].mtu;
	make_for(n, limits[_i].max_size);
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert(out.added && !out.too_long);
	ck_assert_uint_eq(out.len, n);
	ck_assert_int_eq(out.bytes[n - 1], 255);
	ck_assert_int_eq(out.bytes[n - 20], 82);
	make_for(n + 1, limits[_i].max_size);
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert(!out.added && out.too_long);
	message[3] = 1;
	put_ip(24, "10.1.0.1");
	same("too long", message, in.len);
}
END_TEST

/* Option 82 that a trusted neighbour has added */

#define THEIRS "52 05 01 03 64 73 6c"

static const struct {
	const char *what;
	enum relay_policy policy;
	bool append;
	const char *options;
	bool added;
	const char *want;
} trusted[] = {
	{ "forward", RELAY_FORWARD, true, THEIRS " " DISCOVER " ff", false,
	    THEIRS " " DISCOVER " ff" },
	{ "forward, and none of ours", RELAY_FORWARD, false,
	    THEIRS " " DISCOVER " ff", false, THEIRS " " DISCOVER " ff" },
	{ "replace", RELAY_REPLACE, true, THEIRS " " DISCOVER " ff", true,
	    DISCOVER " 52 11 " OURS " ff" },
	{ "append", RELAY_APPEND, true, THEIRS " " DISCOVER " ff", true,
	    DISCOVER " 52 16 01 03 64 73 6c " OURS " ff" },
	{ "append to two parts", RELAY_APPEND, true,
	    "52 02 01 03 " DISCOVER " 52 03 64 73 6c ff", true,
	    DISCOVER " 52 16 01 03 64 73 6c " OURS " ff" },
	{ "append to an empty one", RELAY_APPEND, true, "52 00 " DISCOVER " ff",
	    true, DISCOVER " 52 11 " OURS " ff" },
	{ "none is there", RELAY_FORWARD, true, DISCOVER " ff", true,
	    DISCOVER " 52 11 " OURS " ff" },
};

START_TEST(agent_trusted)
{
	conf.trusted = list("eth1");
	agent_conf(0);
	conf.append = trusted[_i].append;
	conf.policy = (int)trusted[_i].policy;
	make(PACKET_REQUEST, &eth1, trusted[_i].options, 300);
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message(trusted[_i].what, "10.1.0.1", 1, trusted[_i].want, 300);
	ck_assert_int_eq(out.added, trusted[_i].added);
}
END_TEST

/* 255 bytes are what an option holds. */
START_TEST(agent_full)
{
	int len;

	conf.trusted = list("eth1");
	agent_conf(0);
	conf.policy = RELAY_APPEND;
	conf.max_packet = 1500;
	for (len = 237; len <= 239; len++) {
		make(PACKET_REQUEST, &eth1, DISCOVER, 500);
		message[243] = 82;
		message[244] = (uint8_t)len;
		ck_assert_int_eq(relay(), RELAY_OK);
		ck_assert_int_eq(out.added, len <= 238);
		ck_assert_int_eq(out.too_long, len > 238);
		ck_assert_int_eq(out.bytes[244], len <= 238 ? len + 17 : len);
	}
	/* parts that are more than one option holds */
	make(PACKET_REQUEST, &eth1, "52 02 aa bb", 700);
	message[244] = 82;
	message[245] = 254;
	ck_assert_int_eq(relay(), RELAY_OPTION);
	message[245] = 253;
	ck_assert_int_eq(relay(), RELAY_OK);
}
END_TEST

/* Replies: option 82 */

#define OFFER "35 01 02"

static const struct {
	const char *what;
	bool append, trust;
	const char *options, *want;
} echoes[] = {
	{ "none", true, false, OFFER " ff", NULL },
	{ "ours", true, false, OFFER " 52 11 " OURS " ff", OFFER " ff" },
	{ "ours in the middle", true, false, "52 11 " OURS " 00 " OFFER " ff",
	    OFFER " ff" },
	{ "ours, trusted", true, true, OFFER " 52 11 " OURS " ff",
	    OFFER " ff" },
	{ "ours for unicast, trusted", true, true,
	    OFFER " 52 11 " NAME " " MAC " 0a 01 80 ff", OFFER " ff" },
	{ "somebody's, untrusted", true, false, OFFER " " THEIRS " ff",
	    OFFER " ff" },
	{ "somebody's, and we add none", false, false, OFFER " " THEIRS " ff",
	    OFFER " ff" },
	{ "theirs", true, true, OFFER " " THEIRS " ff", NULL },
	{ "theirs, and we add none", false, true, OFFER " " THEIRS " ff",
	    NULL },
	{ "like ours, and we add none", false, true, OFFER " 52 11 " OURS " ff",
	    NULL },
	{ "theirs and ours", true, true,
	    OFFER " 52 16 01 03 64 73 6c " OURS " ff", OFFER " " THEIRS " ff" },
	{ "ours and theirs", true, true,
	    OFFER " 52 16 " OURS " 01 03 64 73 6c ff", NULL },
	{ "empty", true, false, OFFER " 52 00 ff", OFFER " ff" },
	{ "two", true, false, "52 01 aa " OFFER " 52 01 aa ff", OFFER " ff" },
};

START_TEST(reply)
{
	agent_conf(0);
	conf.append = echoes[_i].append;
	if (echoes[_i].trust)
		conf.trusted = list("eth1");
	make(PACKET_REPLY, &eth0, echoes[_i].options, 300);
	put_ip(16, "10.1.0.77");
	put_ip(24, "10.1.0.1");
	message[3] = 7;
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert_int_eq(out.op, PACKET_REPLY);
	is_message(echoes[_i].what, NULL, 7,
	    echoes[_i].want != NULL ? echoes[_i].want : echoes[_i].options,
	    300);
	ck_assert_int_eq(out.stripped, echoes[_i].want != NULL);
	ck_assert_int_eq(out.to.ifindex, 3);
}
END_TEST

/* Without option 82 it is shorter, but never below 300. */
START_TEST(reply_lengths)
{
	agent_conf(0);
	make(PACKET_REPLY, &eth0, OFFER, 548);
	put_ip(24, "10.1.0.1");
	message[243] = 43;
	message[244] = 200;
	hex("52 11 " OURS " ff", message + 445, 20);
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert_uint_eq(out.len, 446);
	ck_assert_mem_eq(out.bytes, message, 445);
	ck_assert_int_eq(out.bytes[445], 255);
	make(PACKET_REPLY, &eth0, "52 11 " OURS " ff", 260);
	put_ip(24, "10.1.0.1");
	ck_assert_int_eq(relay(), RELAY_OK);
	is_message("short", NULL, 0, "ff", 300);
}
END_TEST

/* Replies: which interface */

static const struct {
	const char *what;
	int circuit;
	const char *address; /* giaddr of the configuration */
	const char *giaddr, *agent;
	unsigned ifindex; /* 0: none is found */
} links_found[] = {
	{ "by giaddr", RELAY_CIRCUIT_NAME, NULL, "10.2.0.1", "", 14 },
	{ "by giaddr, whatever the circuit", RELAY_CIRCUIT_NAME, NULL,
	    "10.2.0.1", "52 06 " NAME, 14 },
	{ "by circuit", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2",
	    "52 06 " NAME, 3 },
	{ "by the last circuit", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2",
	    "52 0c 01 04 65 74 68 32 " NAME, 3 },
	{ "by index", RELAY_CIRCUIT_INDEX, "10.0.0.2", "10.0.0.2",
	    "52 04 01 02 31 34", 14 },
	{ "by circuit, the address is on it", RELAY_CIRCUIT_NAME, "10.2.0.1",
	    "10.2.0.1", "52 06 " NAME, 3 },
	{ "no circuit", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2", "", 0 },
	{ "a part of a name", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2",
	    "52 05 01 03 65 74 68", 0 },
	{ "a circuit that is cut", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2",
	    "52 05 01 04 65 74 68", 0 },
	{ "an empty circuit", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2",
	    "52 02 01 00", 0 },
	{ "an upstream circuit", RELAY_CIRCUIT_NAME, "10.0.0.2", "10.0.0.2",
	    "52 06 01 04 65 74 68 30", 0 },
	{ "a circuit without an address", RELAY_CIRCUIT_NAME, "10.0.0.2",
	    "10.0.0.2", "52 06 01 04 65 74 68 33", 0 },
};

START_TEST(reply_interface)
{
	enum relay_drop want = RELAY_OK;

	agent_conf(0);
	conf.circuit = links_found[_i].circuit;
	if (links_found[_i].address != NULL)
		conf.address = ip(links_found[_i].address);
	if (links_found[_i].ifindex == 0)
		want = RELAY_NO_INTERFACE;
	make(PACKET_REPLY, &eth0, links_found[_i].agent, 300);
	put_ip(24, links_found[_i].giaddr);
	ck_assert_int_eq(relay(), want);
	if (want == RELAY_OK)
		ck_assert_uint_eq(out.to.ifindex, links_found[_i].ifindex);
}
END_TEST

/* A giaddr of its own, but one interface alone that can be meant. */
START_TEST(reply_only)
{
	agent_conf(0);
	conf.downstream = list("eth2");
	conf.address = ip("10.0.0.2");
	make(PACKET_REPLY, &eth0, "ff", 300);
	put_ip(24, "10.0.0.2");
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert_uint_eq(out.to.ifindex, 14);
}
END_TEST

/* Two interfaces with one address. */
START_TEST(reply_ambiguous)
{
	struct net_if twin = eth1;
	const struct net_if *const three[] = { &eth0, &eth1, &twin };

	twin.index = 30;
	strlcpy(twin.name, "eth9", sizeof(twin.name));
	links = (struct relay_links){ three, 3, 1500 };
	agent_conf(0);
	make(PACKET_REPLY, &eth0, "ff", 300);
	put_ip(24, "10.1.0.1");
	ck_assert_int_eq(relay(), RELAY_NO_INTERFACE);
	make(PACKET_REPLY, &eth0, "52 06 01 04 65 74 68 39 ff", 300);
	put_ip(24, "10.1.0.1");
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert_uint_eq(out.to.ifindex, 30);
}
END_TEST

/* Replies: how they go */

static const struct {
	const char *what;
	bool broadcast;
	const char *ciaddr, *yiaddr;
	uint8_t hlen;
	enum net_how how;
	const char *ip;
} ways[] = {
	{ "new client", false, "0.0.0.0", "10.1.0.77", 6, NET_HW, "10.1.0.77" },
	{ "broadcast flag", true, "0.0.0.0", "10.1.0.77", 6, NET_BROADCAST,
	    "0.0.0.0" },
	{ "broadcast flag of a client with an address", true, "10.1.0.77",
	    "10.1.0.77", 6, NET_BROADCAST, "0.0.0.0" },
	{ "renewal", false, "10.1.0.77", "10.1.0.77", 6, NET_UDP, "10.1.0.77" },
	{ "inform", false, "10.1.0.77", "0.0.0.0", 6, NET_UDP, "10.1.0.77" },
	{ "nobody named", false, "0.0.0.0", "0.0.0.0", 6, NET_BROADCAST,
	    "0.0.0.0" },
	{ "no hardware address", false, "0.0.0.0", "10.1.0.77", 0,
	    NET_BROADCAST, "0.0.0.0" },
	{ "yiaddr of everyone", false, "0.0.0.0", "255.255.255.255", 6,
	    NET_BROADCAST, "0.0.0.0" },
	{ "ciaddr of this host", false, "127.0.0.1", "10.1.0.77", 6, NET_HW,
	    "10.1.0.77" },
};

START_TEST(reply_way)
{
	static const uint8_t hw[16] = { 2, 0, 0, 0, 0xbe, 0xef };

	make(PACKET_REPLY, &eth0, OFFER " ff", 300);
	put_ip(24, "10.1.0.1");
	put_ip(12, ways[_i].ciaddr);
	put_ip(16, ways[_i].yiaddr);
	message[2] = ways[_i].hlen;
	if (ways[_i].broadcast)
		message[10] = 0x80;
	ck_assert_int_eq(relay(), RELAY_OK);
	ck_assert_msg(out.to.how == ways[_i].how, "%s", ways[_i].what);
	ck_assert_uint_eq(out.to.ip.s_addr, ip(ways[_i].ip).s_addr);
	if (out.to.how == NET_HW) {
		ck_assert_int_eq(out.to.hlen, 6);
		ck_assert_mem_eq(out.to.hw, hw, 16);
	}
	if (out.to.how != NET_UDP)
		ck_assert_uint_eq(out.to.ifindex, 3);
	same(ways[_i].what, message, 300);
}
END_TEST

/* The configuration */

static const struct {
	const char *text;
	const char *wrong; /* the key; NULL: all is right */
} confs[] = {
	{ "", NULL },
	{ "servers = 10.0.0.1", NULL },
	{ "servers = { \"10.0.0.1\", \"10.0.0.2:1067\" }", NULL },
	{ "servers = \"2001:db8::1\"", "servers" },
	{ "servers = \"*\"", "servers" },
	{ "servers = \"255.255.255.255\"", "servers" },
	{ "servers = \"0.0.0.0\"", "servers" },
	{ "servers = \"127.0.0.1\"", "servers" },
	{ "servers = \"10.0.0.1%eth0\"", "servers" },
	{ "downstream = { eth1, \"eth2.100\" }", NULL },
	{ "downstream = \"a-name-that-is-long\"", "downstream" },
	{ "upstream = \"\"", "upstream" },
	{ "trusted = \"interface-sixteen\"", "trusted" },
	{ "max_hops = 16", NULL },
	{ "max_hops = 17", "max_hops" },
	{ "append = yes agent_policy = replace", NULL },
	{ "agent_policy = discard", NULL },
	{ "agent_policy = replace", "agent_policy" },
	{ "agent_policy = append", "agent_policy" },
	{ "agent_policy = keep", "agent_policy" },
	{ "link_selection = yes", "link_selection" },
	{ "append = yes link_selection = yes", NULL },
	{ "server_id_override = yes", "server_id_override" },
	{ "remote_id = text", "remote_text" },
	{ "remote_text = pop7", "remote_text" },
	{ "remote_id = text remote_text = pop7", NULL },
	{ "max_packet = 575", "max_packet" },
	{ "max_packet = 576", NULL },
	{ "append = yes giaddr = 10.0.0.2", NULL },
	{ "giaddr = 10.0.0.2", "giaddr" },
	{ "append = yes giaddr = 10.0.0", "giaddr" },
	{ "append = yes giaddr = 224.0.0.1", "giaddr" },
	{ "append = yes circuit_id = none giaddr = 10.0.0.2", "giaddr" },
	{ "append = yes trusted = eth1 giaddr = 10.0.0.2", "giaddr" },
	{ "append = yes trusted = eth1 giaddr = 10.0.0.2 agent_policy = append",
	    NULL },
	{ "listen = \"10.0.0.1\"", "listen" },
};

START_TEST(configuration)
{
	char path[] = "/tmp/relayconf.XXXXXX", told[4096], key[64];
	struct conf_files files = { .own = path, .keys = relayconf_keys };
	struct relay_conf *c = calloc(1, sizeof(*c));
	int fd = mkstemp(path), saved = dup(2), rc;
	FILE *err = tmpfile();
	size_t n;

	ck_assert_int_ge(write(fd, confs[_i].text, strlen(confs[_i].text)), 0);
	close(fd);
	dup2(fileno(err), 2);
	rc = conf_load(&files, c);
	if (rc != -1 && relayconf_check(c) == -1)
		rc = -1;
	dup2(saved, 2);
	unlink(path);
	rewind(err);
	n = fread(told, 1, sizeof(told) - 1, err);
	told[n] = '\0';
	fclose(err);
	if (confs[_i].wrong == NULL) {
		ck_assert_msg(rc == 0, "%s: %s", confs[_i].text, told);
		ck_assert_str_eq(told, "");
	} else {
		ck_assert_int_ne(rc, 0);
		snprintf(key, sizeof(key), " %s: ", confs[_i].wrong);
		ck_assert_msg(
		    strstr(told, key) != NULL, "%s: %s", confs[_i].text, told);
	}
	conf_free(relayconf_keys, c);
	free(c);
}
END_TEST

static void
messages(TCase *tc)
{
	tcase_add_test(tc, request);
	tcase_add_test(tc, bootp);
	tcase_add_test(tc, relayed);
	tcase_add_loop_test(tc, dropped, 0, COUNT(drops));
	tcase_add_test(tc, dropped_by_conf);
	tcase_add_loop_test(tc, interfaces, 0, COUNT(roles));
	tcase_add_loop_test(tc, agent_added, 0, COUNT(agents));
	tcase_add_test(tc, agent_edges);
	tcase_add_loop_test(tc, agent_limit, 0, COUNT(limits));
	tcase_add_loop_test(tc, agent_trusted, 0, COUNT(trusted));
	tcase_add_test(tc, agent_full);
	tcase_add_loop_test(tc, reply, 0, COUNT(echoes));
	tcase_add_test(tc, reply_lengths);
	tcase_add_loop_test(tc, reply_interface, 0, COUNT(links_found));
	tcase_add_test(tc, reply_only);
	tcase_add_test(tc, reply_ambiguous);
	tcase_add_loop_test(tc, reply_way, 0, COUNT(ways));
}

int
main(void)
{
	Suite *s = suite_create("relay");
	TCase *tc = tcase_create("relay");

	tcase_add_checked_fixture(tc, setup, NULL);
	messages(tc);
	tcase_add_loop_test(tc, configuration, 0, COUNT(confs));
	suite_add_tcase(s, tc);
	return tap_run(s);
}
