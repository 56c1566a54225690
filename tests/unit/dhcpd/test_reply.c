/*
 * What is answered, byte for byte and option by option, and where it is sent.
 */
#include "served.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char site[] =
    "domain = \"lab.test\"  dns = {\"10.0.0.2\", \"10.0.0.3\"}\n"
    "default_lease = 1000  min_lease = 100  max_lease = 2000\n"
    "subnet \"10.0.0.0/24\" {\n"
    "  ranges = {\"10.0.0.10-10.0.0.99\"}\n"
    "  routers = {\"10.0.0.1\"}\n"
    "  next_server = \"10.0.0.5\"\n"
    "  option \"v6-only-preferred\" { value = \"300\" }\n"
    "  boot \"bios\" { arch = {0} file = \"pxelinux.0\" }\n"
    "  boot \"http\" { arch = {16} file = \"http://10.0.0.5/boot.efi\" }\n"
    "  host \"printer\" { mac = \"02:00:00:00:00:50\"\n"
    "    address = \"10.0.0.200\"  hostname = \"printer\" default_lease = 600\n"
    "    dns = {\"10.0.0.9\"} }\n"
    "  host \"ever\" { mac = \"02:00:00:00:00:51\"\n"
    "    address = \"10.0.0.201\"  default_lease = \"infinite\"\n"
    "    max_lease = \"infinite\" }\n"
    "  host \"times\" { mac = \"02:00:00:00:00:52\"\n"
    "    address = \"10.0.0.202\"  renew = 200 rebind = 300 }\n"
    "}\n"
    "subnet \"10.1.0.0/24\" { ranges = {\"10.1.0.10-10.1.0.99\"}\n"
    "  always_broadcast = yes }\n";

static uint8_t bytes[PACKET_MAX];
static size_t len;

static void
setup(void)
{
	served_start(site);
}

static void
answer(const struct client *c, enum dhcp_type type, const char *yiaddr)
{
	struct answer a = { .type = type,
		.yiaddr = yiaddr != NULL ? ip(yiaddr) : 0,
		.why = type == DHCP_NAK ? "no" : NULL };

	ck_assert_int_eq(served_ask(c), 0);
	reply_levels(&query, a.yiaddr, &a.levels);
	if (type != DHCP_NAK && c->type != DHCP_INFORM)
		a.term = grant_term(&query, &a.levels);
	len = reply_build(&query, &a, bytes);
}

/* The options as hex, in their order, to the end. */
static const char *
options(void)
{
	static char out[4 * PACKET_MAX];
	size_t i, n = 0, at = 240;

	out[0] = '\0';
	while (at < len && bytes[at] != 255) {
		for (i = 0; i < bytes[at + 1] + 2u; i++)
			n += (size_t)snprintf(
			    out + n, sizeof(out) - n, "%02x", bytes[at + i]);
		at += bytes[at + 1] + 2u;
		n += (size_t)snprintf(out + n, sizeof(out) - n, " ");
	}
	ck_assert_uint_lt(at, len);
	return out;
}

#define HEAD(type) "3501" type " 36040a000001 "
#define TIMES "3304000003e8 3a04000001f4 3b040000036b "
#define MASK "0104ffffff00 "
#define ROUTER "03040a000001 "
#define DNS "06080a0000020a000003 "
#define DOMAIN "0f086c61622e74657374 "
#define BROADCAST "1c040a0000ff "
#define USUAL MASK ROUTER DNS DOMAIN BROADCAST

static const struct {
	const char *what;
	struct client c;
	enum dhcp_type type;
	const char *yiaddr, *options;
} replies[] = {
	{ "no list", { .mac = 1, .type = DHCP_DISCOVER }, DHCP_OFFER,
	    "10.0.0.10", HEAD("02") TIMES USUAL },
	{ "the list's order, each once, the mask first, none that is ours",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.options = "370a0f06030103333a7b3600" },
	    DHCP_ACK, "10.0.0.10", HEAD("05") TIMES MASK DOMAIN DNS ROUTER },
	{ "without the mask in the list",
	    { .mac = 1, .type = DHCP_REQUEST, .options = "370103" }, DHCP_ACK,
	    "10.0.0.10", HEAD("05") TIMES ROUTER },
	{ "an empty wish",
	    { .mac = 1, .type = DHCP_REQUEST, .options = "3701fb" }, DHCP_ACK,
	    "10.0.0.10", HEAD("05") TIMES },
	{ "a wish for a lease",
	    { .mac = 1, .type = DHCP_REQUEST, .options = "33040000025837012a" },
	    DHCP_ACK, "10.0.0.10",
	    HEAD("05") "330400000258 3a040000012c 3b040000020d " },
	{ "a wish for too much",
	    { .mac = 1, .type = DHCP_REQUEST, .options = "3304ffffffff37012a" },
	    DHCP_ACK, "10.0.0.10",
	    HEAD("05") "3304000007d0 3a04000003e8 3b04000006d6 " },
	{ "a wish for too little",
	    { .mac = 1, .type = DHCP_REQUEST, .options = "33040000000037012a" },
	    DHCP_ACK, "10.0.0.10",
	    HEAD("05") "330400000064 3a0400000032 3b0400000058 " },
	{ "for ever: no T1, no T2",
	    { .mac = 0x51, .type = DHCP_REQUEST, .options = "37012a" },
	    DHCP_ACK, "10.0.0.201", HEAD("05") "3304ffffffff " },
	{ "configured T1 and T2",
	    { .mac = 0x52, .type = DHCP_REQUEST, .options = "37012a" },
	    DHCP_ACK, "10.0.0.202",
	    HEAD("05") "3304000003e8 3a04000000c8 3b040000012c " },
	{ "configured ones that a short lease has no room for",
	    { .mac = 0x52,
		.type = DHCP_REQUEST,
		.options = "33040000006437012a" },
	    DHCP_ACK, "10.0.0.202", HEAD("05") "330400000064 " },
	{ "a reservation's own settings",
	    { .mac = 0x50, .type = DHCP_REQUEST, .options = "3702060c" },
	    DHCP_ACK, "10.0.0.200",
	    HEAD("05") "330400000258 3a040000012c 3b040000020d "
		       "06040a000009 0c077072696e746572 " },
	{ "61 is echoed, 82 is the last",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.giaddr = "10.0.0.254",
		.options = "3d03006162370103520401027031" },
	    DHCP_ACK, "10.0.0.10",
	    HEAD("05") TIMES "3d03006162 " ROUTER "520401027031 " },
	{ "82 without a relay is not",
	    { .mac = 1, .type = DHCP_REQUEST, .options = "370103520401027031" },
	    DHCP_ACK, "10.0.0.10", HEAD("05") TIMES ROUTER },
	{ "118 is echoed",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.giaddr = "10.1.0.1",
		.options = "37010376040a000000" },
	    DHCP_ACK, "10.0.0.10", HEAD("05") TIMES "76040a000000 " ROUTER },
	{ "the relay's server identifier",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.giaddr = "10.0.0.254",
		.options = "37010352060b040a0000fe" },
	    DHCP_ACK, "10.0.0.10",
	    "350105 36040a0000fe " TIMES ROUTER "52060b040a0000fe " },
	{ "108 when it is asked for",
	    { .mac = 1, .type = DHCP_DISCOVER, .options = "37016c" },
	    DHCP_OFFER, NULL, HEAD("02") TIMES "6c040000012c " },
	{ "inform: no times",
	    { .mac = 1,
		.type = DHCP_INFORM,
		.ciaddr = "10.0.0.77",
		.options = "370206fc" },
	    DHCP_ACK, NULL, HEAD("05") DNS },
	{ "NAK: nothing but these",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.giaddr = "10.0.0.254",
		.options = "3d03006162370103520401027031" },
	    DHCP_NAK, NULL, HEAD("06") "3d03006162 38026e6f 520401027031 " },
	{ "BOOTP: no type, no times", { .mac = 0x50, .type = DHCP_NONE },
	    DHCP_NONE, "10.0.0.200",
	    MASK ROUTER "06040a000009 0c077072696e746572 " DOMAIN BROADCAST },
	{ "66 and 67 for those who want them",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.options = "37024243"
			   "5d020000" },
	    DHCP_ACK, "10.0.0.10",
	    HEAD("05") TIMES "420831302e302e302e35 "
			     "430a7078656c696e75782e30 " },
	{ "HTTP boot",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.options = "37012a5d0200103c0a48545450436c69656e74" },
	    DHCP_ACK, "10.0.0.10",
	    HEAD("05") TIMES "3c0a48545450436c69656e74 "
			     "4318687474703a2f2f31302e302e302e352f626f6f742e"
			     "656669 " },
};

START_TEST(lists)
{
	answer(&replies[_i].c, replies[_i].type, replies[_i].yiaddr);
	ck_assert_msg(strcmp(options(), replies[_i].options) == 0,
	    "%s:\n%s\n%s", replies[_i].what, options(), replies[_i].options);
}
END_TEST

/* Section 4.3.1, table 3: the header of an ACK and of a NAK, whole. */
START_TEST(header)
{
	static const uint8_t ack[44] = { 2, 1, 6, 0, 'x', 'i', 'd', '.', 0, 0,
		0x80, 0, 10, 0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 5, 10, 0, 0, 254,
		2, 0, 0, 0, 0, 1 };
	static const uint8_t nak[44] = { 2, 1, 6, 0, 'x', 'i', 'd', '.', 0, 0,
		0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 254, 2,
		0, 0, 0, 0, 1 };
	struct client c = { .mac = 1,
		.type = DHCP_REQUEST,
		.ciaddr = "10.0.0.10",
		.giaddr = "10.0.0.254",
		.flags = PACKET_FLAG_BROADCAST,
		.options = "5d020000" };

	answer(&c, DHCP_ACK, "10.0.0.10");
	ck_assert_mem_eq(bytes, ack, sizeof(ack));
	ck_assert_str_eq((char *)bytes + 108, "pxelinux.0");
	ck_assert_uint_ge(len, PACKET_PAD);
	/* the flag is set for the relay, whatever the client said */
	c.flags = 0;
	answer(&c, DHCP_NAK, NULL);
	ck_assert_mem_eq(bytes, nak, sizeof(nak));
	ck_assert_uint_eq(bytes[108], 0);
}
END_TEST

/* What does not fit into 548 bytes goes into file and sname, or is left out. */
START_TEST(size)
{
	static char id[2 * 257 + 1] = "3dff";
	struct client c = { .mac = 1, .type = DHCP_REQUEST };
	struct packet p;

	memset(id + 4, '7', sizeof(id) - 5);
	c.options = id;
	answer(&c, DHCP_ACK, "10.0.0.10");
	ck_assert_uint_le(len, PACKET_SIZE - PACKET_IP_UDP);
	ck_assert_int_eq(packet_parse(&p, bytes, len), PACKET_OK);
	ck_assert_uint_eq(p.options.len[61], 255);
	ck_assert_uint_eq(p.options.len[1], 4);
	ck_assert_uint_eq(p.options.len[6], 8);
	ck_assert_uint_eq(p.options.len[28], 4);
}
END_TEST

#define TO(how, ip, port) how, ip, port
static const struct {
	const char *what;
	struct client c;
	enum dhcp_type type;
	const char *yiaddr;
	enum net_how how;
	const char *ip;
	uint16_t port;
} dests[] = {
	{ "a client without an address", { .mac = 1, .type = DHCP_DISCOVER },
	    DHCP_OFFER, "10.0.0.10", TO(NET_HW, "10.0.0.10", 68) },
	{ "one that cannot hear that",
	    { .mac = 1, .type = DHCP_DISCOVER, .flags = PACKET_FLAG_BROADCAST },
	    DHCP_OFFER, "10.0.0.10", TO(NET_BROADCAST, NULL, 68) },
	{ "one that is offered none", { .mac = 1, .type = DHCP_DISCOVER },
	    DHCP_OFFER, NULL, TO(NET_BROADCAST, NULL, 68) },
	{ "one that renews",
	    { .mac = 1, .type = DHCP_REQUEST, .ciaddr = "10.0.0.10" }, DHCP_ACK,
	    "10.0.0.10", TO(NET_UDP, "10.0.0.10", 68) },
	{ "one that says it is everybody",
	    { .mac = 1, .type = DHCP_DISCOVER, .ciaddr = "255.255.255.255" },
	    DHCP_OFFER, "10.0.0.10", TO(NET_HW, "10.0.0.10", 68) },
	{ "one that says it is us",
	    { .mac = 1, .type = DHCP_DISCOVER, .ciaddr = "127.0.0.1" },
	    DHCP_OFFER, "10.0.0.10", TO(NET_HW, "10.0.0.10", 68) },
	{ "one that is refused",
	    { .mac = 1, .type = DHCP_REQUEST, .ciaddr = "10.0.0.10" }, DHCP_NAK,
	    NULL, TO(NET_BROADCAST, NULL, 68) },
	{ "a relay",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.giaddr = "10.0.0.254",
		.ciaddr = "10.0.0.10" },
	    DHCP_ACK, "10.0.0.10", TO(NET_UDP, "10.0.0.254", 67) },
	{ "a relay, refused",
	    { .mac = 1, .type = DHCP_REQUEST, .giaddr = "10.0.0.254" },
	    DHCP_NAK, NULL, TO(NET_UDP, "10.0.0.254", 67) },
	{ "a relay with a port of its own",
	    { .mac = 1,
		.type = DHCP_REQUEST,
		.giaddr = "10.0.0.254",
		.options = "52021300" },
	    DHCP_ACK, "10.0.0.10", TO(NET_UDP, "10.0.0.254", 0) },
	{ "inform, through a relay",
	    { .mac = 1,
		.type = DHCP_INFORM,
		.giaddr = "10.0.0.254",
		.ciaddr = "10.0.0.10" },
	    DHCP_ACK, NULL, TO(NET_UDP, "10.0.0.10", 68) },
};

START_TEST(destinations)
{
	struct answer a = { .type = dests[_i].type,
		.yiaddr = dests[_i].yiaddr != NULL ? ip(dests[_i].yiaddr) : 0 };
	struct net_dest d;

	ck_assert_int_eq(served_ask(&dests[_i].c), 0);
	reply_levels(&query, a.yiaddr, &a.levels);
	reply_dest(&query, &a, &d);
	ck_assert_int_eq(d.how, dests[_i].how);
	ck_assert_uint_eq(d.port, dests[_i].port);
	ck_assert_uint_eq(d.ip.s_addr, served_in(dests[_i].ip).s_addr);
	if (d.how == NET_HW)
		ck_assert_mem_eq(d.hw, "\2\0\0\0\0\1", 6);
	if (d.how != NET_UDP)
		ck_assert_uint_eq(d.ifindex, iface.index);
}
END_TEST

START_TEST(always_broadcast)
{
	struct client c = {
		.mac = 1, .type = DHCP_DISCOVER, .giaddr = "10.1.0.1"
	};

	answer(&c, DHCP_OFFER, "10.1.0.10");
	ck_assert_uint_eq(bytes[10], 0x80);
	c.giaddr = "10.0.0.254";
	answer(&c, DHCP_OFFER, "10.0.0.10");
	ck_assert_uint_eq(bytes[10], 0);
}
END_TEST

/* In its first quarter a lease is answered from memory, with what is left. */
static const struct {
	int64_t left;
	uint32_t term;
	bool cached;
} caches[] = {
	{ 1000, 1000, true }, { 751, 751, true }, { 750, 1000, false },
	{ 1, 1000, false },
	{ 1001, 1000, false }, /* it was longer: the bounds have changed */
};

START_TEST(cache)
{
	struct client c = {
		.mac = 1, .type = DHCP_REQUEST, .ciaddr = "10.0.0.10"
	};
	struct levels levels;
	struct terms t;

	served_bind(1, "10.0.0.10", caches[_i].left);
	ck_assert_int_eq(served_ask(&c), 0);
	reply_levels(&query, ip("10.0.0.10"), &levels);
	grant_terms(&query, &levels, ip("10.0.0.10"), &t);
	ck_assert_uint_eq(t.term, caches[_i].term);
	ck_assert_int_eq(t.cached, caches[_i].cached);
	c.mac = 2;
	ck_assert_int_eq(served_ask(&c), 0);
	grant_terms(&query, &levels, ip("10.0.0.10"), &t);
	ck_assert(!t.cached);
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("reply");
	Suite *s = suite_create("reply");

	tcase_add_checked_fixture(tc, setup, served_end);
	tcase_add_loop_test(tc, lists, 0, (int)N(replies));
	tcase_add_test(tc, header);
	tcase_add_test(tc, size);
	tcase_add_loop_test(tc, destinations, 0, (int)N(dests));
	tcase_add_test(tc, always_broadcast);
	tcase_add_loop_test(tc, cache, 0, (int)N(caches));
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return served_run(suite());
}
