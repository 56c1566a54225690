/*
 * The keys of dhcrelay.conf(5), and what must hold between them.
 */
#include <arpa/inet.h>
#include <net/if.h>

#include <string.h>
#include <unistd.h>

#include "relayconf.h"

#define AT(m) offsetof(struct relay_conf, m)

static const char *const policies[] = { "forward", "append", "replace",
	"discard", NULL };
static const char *const circuits[] = { "name", "index", "none", NULL };
static const char *const remotes[] = { "mac", "hostname", "text", "none",
	NULL };

/* clang-format off */
const struct conf_key relayconf_keys[] = {
	DAEMON_KEYS_BOUND(relay_conf, "_dhcrelay"),
	{ .name = "servers", .type = CONF_ADDRS, .offset = AT(servers), .max = RELAY_SERVERS },
	{ .name = "downstream", .type = CONF_LIST, .offset = AT(downstream), .max = 4096 },
	{ .name = "upstream", .type = CONF_LIST, .offset = AT(upstream), .max = 4096 },
	{ .name = "max_hops", .type = CONF_NUM, .offset = AT(max_hops), .def = "10", .min = 1, .max = 16 },
	{ .name = "append", .type = CONF_BOOL, .offset = AT(append), .def = "no" },
	{ .name = "agent_policy", .type = CONF_ENUM, .offset = AT(policy), .def = "forward", .words = policies },
	{ .name = "trusted", .type = CONF_LIST, .offset = AT(trusted), .max = 4096 },
	{ .name = "circuit_id", .type = CONF_ENUM, .offset = AT(circuit), .def = "name", .words = circuits },
	{ .name = "remote_id", .type = CONF_ENUM, .offset = AT(remote), .def = "mac", .words = remotes },
	{ .name = "remote_text", .type = CONF_STR, .offset = AT(remote_text), .def = "", .max = RELAY_REMOTE },
	{ .name = "giaddr", .type = CONF_STR, .offset = AT(giaddr), .def = "", .max = 15 },
	{ .name = "link_selection", .type = CONF_BOOL, .offset = AT(link_selection), .def = "no" },
	{ .name = "server_id_override", .type = CONF_BOOL, .offset = AT(server_id_override), .def = "no" },
	{ .name = "max_packet", .type = CONF_NUM, .offset = AT(max_packet), .def = "0", .min = 0, .max = 65535 },
	{ .type = CONF_END },
};
/* clang-format on */

/* A host's address, that can be sent to or asked from. */
static bool
host_address(struct in_addr a)
{
	uint32_t ip = ntohl(a.s_addr);

	return ip >> 24 != 0 && ip >> 24 != IN_LOOPBACKNET && ip >> 28 < 14;
}

static int
check_servers(struct relay_conf *c)
{
	union sock_addr a;
	char device[16];
	bool has_port;
	size_t i;
	int rc = 0;

	for (i = 0; i < c->servers.n && i < RELAY_SERVERS; i++) {
		if (sock_parse(c->servers.v[i], &a, device, &has_port) == 0 &&
		    a.sa.sa_family == AF_INET && *device == '\0' &&
		    host_address(a.in.sin_addr)) {
			c->server[i] = a.in;
			if (!has_port)
				c->server[i].sin_port = 0;
			continue;
		}
		conf_error(0, "servers",
		    "\"%s\" is not the IPv4 address of a server",
		    c->servers.v[i]);
		rc = -1;
	}
	return rc;
}

static int
check_names(const char *key, const struct conf_list *names)
{
	size_t i, n;
	int rc = 0;

	for (i = 0; i < names->n; i++) {
		n = strlen(names->v[i]);
		if (n > 0 && n < IFNAMSIZ)
			continue;
		conf_error(
		    0, key, "\"%s\" is no name of an interface", names->v[i]);
		rc = -1;
	}
	return rc;
}

/* An address that is not the interface's own needs what tells those apart. */
static int
check_giaddr(struct relay_conf *c)
{
	if (*c->giaddr == '\0')
		return 0;
	if (inet_pton(AF_INET, c->giaddr, &c->address) != 1 ||
	    !host_address(c->address)) {
		conf_error(0, "giaddr",
		    "\"%s\" is not the IPv4 address of a "
		    "host",
		    c->giaddr);
		return -1;
	}
	if (!c->append || c->circuit == RELAY_CIRCUIT_NONE) {
		conf_error(0, "giaddr",
		    "replies would not find their interface"
		    ": needs append = yes and a circuit_id");
		return -1;
	}
	if (c->trusted.n > 0 && c->policy == RELAY_FORWARD) {
		conf_error(0, "giaddr",
		    "replies to what trusted interfaces "
		    "send would not find them: needs "
		    "agent_policy append, replace or "
		    "discard");
		return -1;
	}
	return 0;
}

/* What is part of option 82 needs that. */
static int
check_agent(struct relay_conf *c)
{
	const struct {
		const char *key;
		bool set;
	} needs[] = {
		{ "link_selection", c->link_selection },
		{ "server_id_override", c->server_id_override },
		{ "agent_policy",
		    c->policy == RELAY_APPEND || c->policy == RELAY_REPLACE },
	};
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].set && !c->append) {
			conf_error(0, needs[i].key, "needs append = yes");
			rc = -1;
		}
	if ((c->remote == RELAY_REMOTE_TEXT) != (*c->remote_text != '\0')) {
		conf_error(0, "remote_text", "goes with remote_id = text");
		rc = -1;
	}
	if (c->max_packet != 0 && c->max_packet < 576) {
		conf_error(0, "max_packet", "every host takes 576 bytes");
		rc = -1;
	}
	return rc;
}

int
relayconf_check(void *conf)
{
	struct relay_conf *c = conf;
	int rc = check_servers(c);

	if (check_names("downstream", &c->downstream) == -1 ||
	    check_names("upstream", &c->upstream) == -1 ||
	    check_names("trusted", &c->trusted) == -1)
		rc = -1;
	if (check_agent(c) == -1)
		rc = -1;
	if (check_giaddr(c) == -1)
		rc = -1;
	if (gethostname(c->hostname, sizeof(c->hostname)) == -1)
		c->hostname[0] = '\0';
	c->hostname[sizeof(c->hostname) - 1] = '\0';
	return rc;
}
