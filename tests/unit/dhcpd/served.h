/*
 * served: a server without a network or a disk, made from the text of a
 * configuration, and messages of clients made from words, for tests of what
 * it decides and says.
 *
 * It stands at 10.0.0.1 on eth0; the time is NOW.
 */
#ifndef SERVED_H
#define SERVED_H

#include <unistd.h>

#include "scope_load.h"
#include "server.h"
#include "tap.h"

#define NOW INT64_C(1700000000)

static struct server server;
static struct query query;
static struct net_if iface = { .index = 3,
	.name = "eth0",
	.hwtype = 1,
	.hwlen = 6,
	.up = true,
	.wanted = true,
	.mtu = 1500,
	.naddrs = 1 };

static inline void
served_start(const char *text)
{
	static stats_value counters[256];

	ck_assert_int_eq(load_conf(text, NULL), 0);
	iface.addrs[0].ip = ip("10.0.0.1");
	iface.addrs[0].mask = 0xffffff00;
	memset(&server, 0, sizeof(server));
	server.conf = &conf;
	server.counters = counters;
	server.port = PACKET_SERVER_PORT;
	server.now = NOW;
	server.leases = leases_new(10000);
	ck_assert_ptr_nonnull(server.leases);
	grant_init(&server);
	ck_assert_int_eq(allocate_pools(&server), 0);
	ck_assert_int_eq(circuit_start(&server), 0);
}

static inline void
served_end(void)
{
	leases_free(server.leases);
	drop_conf();
}

/* What a client sends; zero is what it leaves out. */
struct client {
	uint8_t mac; /* 02:00:00:00:00:MAC */
	enum dhcp_type type;
	const char *ciaddr, *giaddr, *requested, *server, *to;
	const char *options; /* in hex: "3d03010203" is 61 of 3 bytes */
	uint16_t flags;
};

static inline struct in_addr
served_in(const char *text)
{
	struct in_addr in = { 0 };

	if (text != NULL)
		in.s_addr = htonl(ip(text));
	return in;
}

static inline void
served_hex(struct packet_out *o, const char *hex)
{
	uint8_t v[512];
	size_t n = 0, i;
	unsigned byte;

	for (; hex != NULL && hex[0] != '\0'; hex += 2) {
		ck_assert_int_eq(sscanf(hex, "%2x", &byte), 1);
		v[n++] = (uint8_t)byte;
	}
	for (i = 0; i + 2 <= n; i += v[i + 1] + 2u)
		ck_assert(packet_add(o, v[i], v + i + 2, v[i + 1]));
}

/* As if it had been received: it is in `query`. */
static inline int
served_ask(const struct client *c)
{
	static uint8_t bytes[PACKET_MAX];
	struct net_message m = { .bytes = bytes, .iface = &iface };
	struct packet_out o;

	packet_request(&o, bytes, PACKET_MAX - PACKET_IP_UDP);
	bytes[1] = 1;
	bytes[2] = 6;
	memcpy(bytes + 4, "xid.", 4);
	bytes[10] = (uint8_t)(c->flags >> 8);
	packet_set_ip(&o, PACKET_AT_CIADDR, served_in(c->ciaddr));
	packet_set_ip(&o, PACKET_AT_GIADDR, served_in(c->giaddr));
	bytes[28] = 2;
	bytes[33] = c->mac;
	if (c->type != DHCP_NONE)
		packet_add_u8(&o, 53, (uint8_t)c->type);
	if (c->requested != NULL)
		packet_add_ip(&o, 50, served_in(c->requested));
	if (c->server != NULL)
		packet_add_ip(&o, 54, served_in(c->server));
	served_hex(&o, c->options);
	m.len = packet_end(&o);
	m.local = served_in("10.0.0.1");
	m.to = served_in(c->to != NULL ? c->to : "255.255.255.255");
	return serve_again(&query, &server, &m);
}

/* The lease of that client, bound for so long, or offered. */
static inline struct lease *
served_bind(uint8_t mac, const char *address, int64_t seconds)
{
	struct lease_client c = { .htype = 1, .hlen = 6 };
	const struct subnet *sub = scope_subnet(&conf.scopes, ip(address));
	struct lease *l;

	c.hw[0] = 2;
	c.hw[5] = mac;
	if (seconds > 0)
		l = lease_bind(server.leases, ip(address), sub->network->number,
		    &c, NOW, NOW + seconds);
	else
		l = lease_offer(server.leases, ip(address),
		    sub->network->number, &c, NOW + 60);
	ck_assert_ptr_nonnull(l);
	return l;
}

static inline const char *
served_text(uint32_t address)
{
	static char out[16];

	return address == 0 ? "none" : serve_ip(address, out);
}

/* Run in a directory of its own, for the files of configurations. */
static inline int
served_run(Suite *s)
{
	char dir[] = "/tmp/test_servedXXXXXX";
	int failed;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	failed = tap_run(s);
	unlink(CONF_FILE);
	if (chdir("/") == -1 || rmdir(dir) == -1)
		return 1;
	return failed;
}

#endif
