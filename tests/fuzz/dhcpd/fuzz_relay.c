/*
 * A message of any content through the relay: two bytes of configuration, one
 * that says where it came from, then the message. Whatever comes out must be
 * the message but for giaddr, hops and option 82.
 */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "relay.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

#define OPTIONS PACKET_LEAST
#define AGENT 82
#define END 255

static const struct net_if eth0 = { .index = 2,
	.name = "eth0",
	.hwlen = 6,
	.addrs = { { 0x0a000002, 0xffffff00 } },
	.naddrs = 1 };
static const struct net_if eth1 = { .index = 3,
	.name = "eth1",
	.hwlen = 6,
	.addrs = { { 0x0a010001, 0xffffff00 } },
	.naddrs = 1 };
static const struct net_if eth2 = { .index = 4, .name = "eth2" };
static const struct net_if *const ifs[] = { &eth0, &eth1, &eth2 };
static const struct relay_links links = { ifs, 3, 1500 };

static char name[] = "eth1", text[] = "remote", server[] = "10.0.0.1";
static char *name_list[] = { name }, *server_list[] = { server };

static void
configure(struct relay_conf *c, uint8_t a, uint8_t b)
{
	*c = (struct relay_conf){ .servers = { server_list, 1 },
		.max_hops = 10,
		.append = (a & 1) != 0,
		.policy = a >> 1 & 3,
		.circuit = (a >> 3 & 3) % 3,
		.remote = a >> 5 & 3,
		.remote_text = text,
		.link_selection = (b & 1) != 0,
		.server_id_override = (b & 2) != 0,
		.max_packet = (b & 4) != 0 ? 1500 : 0,
		.hostname = "host" };
	if ((b & 8) != 0)
		c->trusted = (struct conf_list){ name_list, 1 };
	if ((b & 16) != 0)
		c->address.s_addr = htonl(0x0a000002);
}

/*
 * The next option from *at on, padding passed over; END at the end. The fields
 * that are compared are those that relay_message took, so they are whole.
 */
static uint8_t
next(const uint8_t *bytes, size_t len, size_t *at, const uint8_t **option)
{
	while (*at < len && bytes[*at] == 0)
		(*at)++;
	if (*at >= len || bytes[*at] == END)
		return END;
	CHECK(len - *at >= 2 && len - *at - 2 >= bytes[*at + 1]);
	*option = bytes + *at;
	*at += 2u + bytes[*at + 1];
	return **option;
}

/* The next one that is not 82. */
static const uint8_t *
next_other(const uint8_t *bytes, size_t len, size_t *at)
{
	const uint8_t *option = NULL;
	uint8_t code;

	do
		code = next(bytes, len, at, &option);
	while (code == AGENT);
	return code == END ? NULL : option;
}

static size_t
count_agents(const uint8_t *bytes, size_t len)
{
	const uint8_t *option;
	size_t at = OPTIONS, n = 0;
	uint8_t code;

	while ((code = next(bytes, len, &at, &option)) != END)
		n += code == AGENT;
	return n;
}

static void
check_options(const struct net_message *in, const struct relay_out *out)
{
	size_t a = OPTIONS, b = OPTIONS;
	const uint8_t *was, *is;

	do {
		was = next_other(in->bytes, in->len, &a);
		is = next_other(out->bytes, out->len, &b);
		CHECK((was == NULL) == (is == NULL));
		CHECK(was == NULL || memcmp(was, is, 2u + was[1]) == 0);
	} while (was != NULL);
}

static void
check(const struct relay_conf *c, const struct net_message *in,
    const struct relay_out *out)
{
	static const uint8_t cookie[] = { 99, 130, 83, 99 };
	bool request = out->op == PACKET_REQUEST;

	CHECK(out->len >= PACKET_LEAST && out->len <= PACKET_MAX);
	CHECK(out->bytes[3] == in->bytes[3] + request);
	CHECK(memcmp(out->bytes, in->bytes, 3) == 0);
	CHECK(memcmp(out->bytes + 4, in->bytes + 4, 20) == 0);
	CHECK(memcmp(out->bytes + 28, in->bytes + 28, 212) == 0);
	CHECK(request || memcmp(out->bytes + 24, in->bytes + 24, 4) == 0);
	CHECK(!(out->added && out->too_long));
	if (memcmp(in->bytes + PACKET_FIXED, cookie, sizeof(cookie)) != 0)
		return;
	check_options(in, out);
	if (out->added)
		CHECK(count_agents(out->bytes, out->len) == 1);
	if (!request && c->trusted.n == 0)
		CHECK(count_agents(out->bytes, out->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct relay_out out;
	struct relay_conf c;
	struct net_message in = { .to = { INADDR_BROADCAST } };

	if (len < 3)
		return 0;
	configure(&c, bytes[0], bytes[1]);
	in.iface = ifs[bytes[2] % 3];
	in.local.s_addr = (bytes[2] & 4) != 0 ? INADDR_BROADCAST : INADDR_ANY;
	in.bytes = bytes + 3;
	in.len = len - 3;
	if (relay_message(&c, &links, &in, &out) == RELAY_OK)
		check(&c, &in, &out);
	return 0;
}
