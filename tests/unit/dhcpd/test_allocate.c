/*
 * Which address a client gets, and what becomes of a request for one.
 */
#include "served.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char site[] =
    "authoritative = yes\n"
    "shared \"campus\" {\n"
    "  subnet \"10.0.0.0/24\" {\n"
    "    range \"10.0.0.10-10.0.0.11\" { }\n"
    "    range \"10.0.0.20-10.0.0.29\" { class = \"phones\" }\n"
    "    exclude = {\"10.0.0.21-10.0.0.24\"}\n"
    "    host \"inside\" { mac = \"02:00:00:00:00:40\"\n"
    "      address = \"10.0.0.10\" }\n"
    "    host \"outside\" { mac = \"02:00:00:00:00:41\"\n"
    "      address = \"10.0.0.200\" }\n"
    "  }\n"
    "  subnet \"10.1.0.0/24\" { ranges = {\"10.1.0.10-10.1.0.12\"} }\n"
    "}\n"
    "subnet \"10.2.0.0/24\" { ranges = {\"10.2.0.10-10.2.0.12\"}\n"
    "  authoritative = no }\n"
    "class \"phones\" { vendor_prefix = \"Phone\" }\n";

#define PHONE "3c0550686f6e65" /* 60: "Phone" */

static void
setup(void)
{
	served_start(site);
}

static void
discover(uint8_t mac, const char *wish, const char *options)
{
	struct client c = { .mac = mac,
		.type = DHCP_DISCOVER,
		.requested = wish,
		.options = options };

	ck_assert_int_eq(served_ask(&c), 0);
}

static const char *
chosen(uint8_t mac, const char *wish, const char *options)
{
	discover(mac, wish, options);
	return served_text(allocate_choose(&query));
}

/* Who was there, and which address a client is given then. */
static const struct {
	const char *what;
	struct {
		uint8_t mac;
		const char *address;
		int64_t seconds; /* 0: offered, -1: released */
	} there[6];
	uint8_t mac;
	const char *wish, *options, *get;
} choices[] = {
	{ "a new one", {}, 1, NULL, NULL, "10.0.0.11" },
	{ "its own", { { 1, "10.1.0.12", 60 } }, 1, NULL, NULL, "10.1.0.12" },
	{ "its own before its wish", { { 1, "10.1.0.12", 60 } }, 1, "10.1.0.11",
	    NULL, "10.1.0.12" },
	{ "the one it had", { { 1, "10.1.0.12", -1 } }, 1, NULL, NULL,
	    "10.1.0.12" },
	{ "what it is offered", { { 1, "10.1.0.12", 0 } }, 1, NULL, NULL,
	    "10.1.0.12" },
	{ "its wish", {}, 1, "10.1.0.11", NULL, "10.1.0.11" },
	{ "a wish that is another's", { { 2, "10.1.0.11", 60 } }, 1,
	    "10.1.0.11", NULL, "10.0.0.11" },
	{ "a wish that is offered", { { 2, "10.1.0.11", 0 } }, 1, "10.1.0.11",
	    NULL, "10.0.0.11" },
	{ "a wish outside all ranges", {}, 1, "10.0.0.99", NULL, "10.0.0.11" },
	{ "a wish in another network", {}, 1, "10.2.0.10", NULL, "10.0.0.11" },
	{ "a wish that is excluded", {}, 1, "10.0.0.22", PHONE, "10.0.0.20" },
	{ "its class's range before others", {}, 1, NULL, PHONE, "10.0.0.20" },
	{ "a wish in a class's range", {}, 1, "10.0.0.25", NULL, "10.0.0.11" },
	{ "the same of that class", {}, 1, "10.0.0.25", PHONE, "10.0.0.25" },
	{ "a wish that is reserved", {}, 1, "10.0.0.10", NULL, "10.0.0.11" },
	{ "the other subnet of the wire", { { 2, "10.0.0.11", 60 } }, 1, NULL,
	    NULL, "10.1.0.10" },
	{ "its class's range", { { 2, "10.0.0.11", 60 } }, 1, NULL, PHONE,
	    "10.0.0.20" },
	{ "one that nobody had before one that somebody had",
	    { { 2, "10.0.0.11", -1 } }, 1, NULL, NULL, "10.1.0.10" },
	{ "what was used, as a last way",
	    { { 2, "10.0.0.11", -1 }, { 3, "10.1.0.10", 60 },
		{ 4, "10.1.0.11", 60 }, { 5, "10.1.0.12", 60 } },
	    1, NULL, NULL, "10.0.0.11" },
	{ "none",
	    { { 2, "10.0.0.11", 60 }, { 3, "10.1.0.10", 60 },
		{ 4, "10.1.0.11", 60 }, { 5, "10.1.0.12", 60 } },
	    1, NULL, NULL, "none" },
	{ "reserved inside", {}, 0x40, NULL, NULL, "10.0.0.10" },
	{ "reserved outside", {}, 0x41, NULL, NULL, "10.0.0.200" },
	{ "reserved before its own", { { 0x41, "10.0.0.11", 60 } }, 0x41, NULL,
	    NULL, "10.0.0.200" },
	{ "reserved, but in use", { { 2, "10.0.0.200", 60 } }, 0x41, NULL, NULL,
	    "10.0.0.11" },
};

START_TEST(choose)
{
	size_t i;
	struct lease *l;

	for (i = 0; choices[_i].there[i].mac != 0; i++) {
		l = served_bind(choices[_i].there[i].mac,
		    choices[_i].there[i].address,
		    choices[_i].there[i].seconds == 0 ? 0 : 60);
		if (choices[_i].there[i].seconds < 0)
			lease_release(server.leases, l, NOW);
	}
	ck_assert_msg(strcmp(chosen(choices[_i].mac, choices[_i].wish,
				 choices[_i].options),
			  choices[_i].get) == 0,
	    "%s: %s", choices[_i].what, served_text(allocate_choose(&query)));
}
END_TEST

START_TEST(conflict_is_left_out)
{
	lease_conflict(server.leases, ip("10.0.0.11"), 1, NOW, NOW + 100);
	ck_assert_str_eq(chosen(1, "10.0.0.11", NULL), "10.1.0.10");
	while (lease_expire(server.leases, NOW + 100) != NULL)
		;
	ck_assert_str_eq(chosen(1, "10.0.0.11", NULL), "10.0.0.11");
}
END_TEST

/* Section 4.3.2, table 4. */
static const struct {
	struct client c;
	enum request_state state;
	const char *ip;
} states[] = {
	{ { .server = "10.0.0.1", .requested = "10.0.0.11" }, REQUEST_SELECTING,
	    "10.0.0.11" },
	{ { .requested = "10.0.0.11" }, REQUEST_INIT_REBOOT, "10.0.0.11" },
	{ { .ciaddr = "10.0.0.11" }, REQUEST_RENEWING, "10.0.0.11" },
	{ { .ciaddr = "10.0.0.11", .server = "10.0.0.1" }, REQUEST_RENEWING,
	    "10.0.0.11" },
	{ { .ciaddr = "10.0.0.11", .requested = "10.0.0.12" }, REQUEST_RENEWING,
	    "10.0.0.11" },
	{ { .server = "10.0.0.1" }, REQUEST_NONE, "none" },
	{ { .requested = "0.0.0.0" }, REQUEST_NONE, "none" },
	{ {}, REQUEST_NONE, "none" },
};

START_TEST(request_states)
{
	struct client c = states[_i].c;
	uint32_t address;

	c.mac = 1;
	c.type = DHCP_REQUEST;
	ck_assert_int_eq(served_ask(&c), 0);
	ck_assert_int_eq(
	    request_state(&query.packet, &address), states[_i].state);
	ck_assert_str_eq(served_text(address), states[_i].ip);
}
END_TEST

#define SELECT(a)                                                              \
	{                                                                      \
		.server = "10.0.0.1", .requested = (a)                         \
	}
#define REBOOT(a)                                                              \
	{                                                                      \
		.requested = (a)                                               \
	}
#define REBIND(a)                                                              \
	{                                                                      \
		.ciaddr = (a)                                                  \
	}
/* In the network whose server is not authoritative. */
#define REBOOT2(a)                                                             \
	{                                                                      \
		.requested = (a), .giaddr = "10.2.0.1"                         \
	}
#define REBIND2(a)                                                             \
	{                                                                      \
		.ciaddr = (a), .giaddr = "10.2.0.1"                            \
	}

static const struct {
	struct client c;
	struct {
		uint8_t mac;
		const char *address;
		int64_t seconds; /* 0: offered */
	} there;
	uint8_t mac;
	enum request_verdict verdict;
	const char *why;
} requests[] = {
	/* who chose us */
	{ SELECT("10.0.0.11"), { 1, "10.0.0.11", 0 }, 1, REQUEST_ACK, NULL },
	{ SELECT("10.0.0.11"), { 1, "10.0.0.11", 60 }, 1, REQUEST_ACK, NULL },
	{ SELECT("10.0.0.11"), { 0, NULL, 0 }, 1, REQUEST_ACK, NULL },
	{ SELECT("10.0.0.11"), { 2, "10.0.0.11", 0 }, 1, REQUEST_NAK,
	    "address is not available" },
	{ SELECT("10.0.0.11"), { 2, "10.0.0.11", 60 }, 1, REQUEST_NAK,
	    "address is not available" },
	{ SELECT("10.0.0.10"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is not available" },
	{ SELECT("10.0.0.10"), { 0, NULL, 0 }, 0x40, REQUEST_ACK, NULL },
	{ SELECT("10.0.0.25"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is not available" },
	{ SELECT("10.2.0.10"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is of another network" },
	{ SELECT("255.255.255.255"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is of another network" },
	/* who comes back */
	{ REBOOT("10.0.0.11"), { 1, "10.0.0.11", 60 }, 1, REQUEST_ACK, NULL },
	{ REBOOT("10.0.0.11"), { 0, NULL, 0 }, 1, REQUEST_SILENT, NULL },
	{ REBOOT("10.1.0.10"), { 1, "10.0.0.11", 60 }, 1, REQUEST_NAK,
	    "client has another address" },
	{ REBOOT("10.0.0.11"), { 2, "10.0.0.11", 60 }, 1, REQUEST_SILENT,
	    NULL },
	{ REBOOT("10.2.0.10"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is of another network" },
	{ REBOOT("192.0.2.1"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is of another network" },
	{ REBOOT("10.0.0.200"), { 0, NULL, 0 }, 0x41, REQUEST_ACK, NULL },
	{ REBOOT("10.0.0.11"), { 0x41, "10.0.0.11", 60 }, 0x41, REQUEST_NAK,
	    "another address is reserved for this client" },
	{ REBOOT2("192.0.2.1"), { 0, NULL, 0 }, 1, REQUEST_SILENT, NULL },
	/* who renews */
	{ REBIND("10.0.0.11"), { 1, "10.0.0.11", 60 }, 1, REQUEST_ACK, NULL },
	{ REBIND("10.0.0.11"), { 0, NULL, 0 }, 1, REQUEST_ACK, NULL },
	{ REBIND("10.0.0.11"), { 2, "10.0.0.11", 60 }, 1, REQUEST_NAK,
	    "address is not available" },
	{ REBIND("10.0.0.99"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is not available" },
	{ REBIND("192.0.2.1"), { 0, NULL, 0 }, 1, REQUEST_NAK,
	    "address is of another network" },
	{ REBIND("10.0.0.11"), { 0x41, "10.0.0.11", 60 }, 0x41, REQUEST_NAK,
	    "another address is reserved for this client" },
	{ REBIND2("10.2.0.10"), { 1, "10.2.0.10", 60 }, 1, REQUEST_ACK, NULL },
	{ REBIND2("10.2.0.10"), { 0, NULL, 0 }, 1, REQUEST_SILENT, NULL },
	{ REBIND2("10.0.0.11"), { 1, "10.0.0.11", 60 }, 1, REQUEST_NAK,
	    "address is of another network" },
};

START_TEST(verdicts)
{
	struct client c = requests[_i].c;
	enum request_state state;
	const char *why = "";
	uint32_t address;

	if (requests[_i].there.mac != 0)
		served_bind(requests[_i].there.mac, requests[_i].there.address,
		    requests[_i].there.seconds);
	c.mac = requests[_i].mac;
	c.type = DHCP_REQUEST;
	ck_assert_int_eq(served_ask(&c), 0);
	state = request_state(&query.packet, &address);
	ck_assert_int_eq(
	    request_judge(&query, state, address, &why), requests[_i].verdict);
	if (requests[_i].verdict == REQUEST_NAK)
		ck_assert_str_eq(why, requests[_i].why);
}
END_TEST

/* The subnet that a message is for, by what tells it. */
static const struct {
	struct client c;
	const char *net; /* NULL: none */
} places[] = {
	{ {}, "10.0.0.0" },
	{ { .giaddr = "10.2.0.1" }, "10.2.0.0" },
	{ { .giaddr = "192.0.2.1" }, NULL },
	/* link selection goes before giaddr, and counts only with it */
	{ { .giaddr = "10.2.0.1", .options = "520605040a010001" }, "10.1.0.0" },
	{ { .giaddr = "10.2.0.1", .options = "52060504c0000201" }, NULL },
	{ { .options = "520605040a020001" }, "10.0.0.0" },
	/* the subnet selection option, too */
	{ { .giaddr = "10.2.0.1", .options = "76040a010000" }, "10.1.0.0" },
	{ { .options = "76040a020000" }, "10.0.0.0" },
	{ { .giaddr = "10.2.0.1", .options = "520605040a01000176040a020000" },
	    "10.1.0.0" },
	/* a client that asks us alone, from afar */
	{ { .ciaddr = "10.2.0.10", .to = "10.0.0.1" }, "10.2.0.0" },
	{ { .ciaddr = "10.2.0.10" }, "10.0.0.0" },
	{ { .ciaddr = "192.0.2.1", .to = "10.0.0.1" }, NULL },
};

START_TEST(subnets)
{
	struct client c = places[_i].c;

	c.mac = 1;
	c.type = DHCP_REQUEST;
	ck_assert_int_eq(served_ask(&c), places[_i].net != NULL ? 0 : -1);
	if (places[_i].net != NULL)
		ck_assert_str_eq(
		    served_text(query.subnet->net), places[_i].net);
}
END_TEST

/* A port of a switch may have so many leases. */
START_TEST(circuits)
{
	struct client c = { .mac = 1,
		.type = DHCP_DISCOVER,
		.giaddr = "10.0.0.254",
		.options = "520401027031" };
	struct lease_more more = { .agent = (const uint8_t *)"\1\2p1",
		.agent_len = 4 };
	struct lease *l;
	uint8_t i;

	served_end();
	served_start(
	    "subnet \"10.0.0.0/24\" {\n"
	    " ranges = {\"10.0.0.10-10.0.0.99\"} }\n"
	    "class \"port\" { circuit_id = \"p1\" per_circuit = 2 }\n");
	for (i = 10; i < 12; i++) {
		ck_assert_int_eq(served_ask(&c), 0);
		ck_assert(!circuit_full(&query));
		l = served_bind(i, i == 10 ? "10.0.0.10" : "10.0.0.11", 60);
		lease_remember(server.leases, l, &more);
		circuit_count(&server, l, 1);
	}
	ck_assert_int_eq(served_ask(&c), 0);
	ck_assert(circuit_full(&query));
	c.mac = 11; /* it has its lease */
	ck_assert_int_eq(served_ask(&c), 0);
	ck_assert(!circuit_full(&query));
	c.mac = 1;
	circuit_count(&server, lease_at(server.leases, ip("10.0.0.10")), -1);
	ck_assert_int_eq(served_ask(&c), 0);
	ck_assert(!circuit_full(&query));
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("allocate");
	Suite *s = suite_create("allocate");

	tcase_add_checked_fixture(tc, setup, served_end);
	tcase_add_loop_test(tc, choose, 0, (int)N(choices));
	tcase_add_test(tc, conflict_is_left_out);
	tcase_add_loop_test(tc, request_states, 0, (int)N(states));
	tcase_add_loop_test(tc, verdicts, 0, (int)N(requests));
	tcase_add_loop_test(tc, subnets, 0, (int)N(places));
	tcase_add_test(tc, circuits);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return served_run(suite());
}
