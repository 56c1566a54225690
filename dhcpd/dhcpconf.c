/*
 * The keys of dhcpd.conf(5). What every level may say stands in macros, once;
 * only the file itself has defaults there, the other levels inherit.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "dhcpconf.h"
#include "sock.h"

#define SECOND UINT64_C(1000)
#define DAY (86400 * SECOND)
#define LONGEST (36500 * DAY) /* in seconds it fits into 32 bits */

static const char *const infinite[] = { "infinite", NULL };
static const char *const identities[] = { "client-id", "mac", NULL };
static const char *const probes[] = { "none", "arp", "icmp", "arp+icmp", NULL };
static const char *const option_types[] = {
	"auto",
	[1 + OPTION_FLAG] = "flag",
	[1 + OPTION_U8] = "u8",
	[1 + OPTION_U16] = "u16",
	[1 + OPTION_U32] = "u32",
	[1 + OPTION_I32] = "i32",
	[1 + OPTION_U8S] = "u8s",
	[1 + OPTION_U16S] = "u16s",
	[1 + OPTION_IP] = "ip",
	[1 + OPTION_IPS] = "ips",
	[1 + OPTION_IP_PAIRS] = "pairs",
	[1 + OPTION_STRING] = "string",
	[1 + OPTION_HEX] = "hex",
	[1 + OPTION_FQDN] = "fqdn",
	[1 + OPTION_FQDNS] = "fqdns",
	[1 + OPTION_SIP] = "sip",
	[1 + OPTION_ROUTES] = "routes",
	[1 + OPTION_VENDOR] = "vendor",
	[1 + OPTION_DNR] = "dnr",
	NULL,
};

#define AT(s, member) .offset = offsetof(struct s, member)
#define LINE(s, member) .line_offset = offsetof(struct s, member)
#define LEVEL(s, member, key)                                                  \
	AT(s, level.member), LINE(s, level.lines[LEVEL_##key])
#define SECTION(s, member, of, table, most)                                    \
	AT(s, member), .type = CONF_SECTION, .keys = table, .max = most,       \
		       .size = sizeof(struct of),                              \
		       .title_offset = offsetof(struct of, name),              \
		       LINE(of, line)

/* `s` begins with its level. def(x): x for the file, NULL for the others. */
#define FILES(x) x
#define NONE(x) NULL

/* clang-format off */
static const struct conf_key option_keys[] = {
	{ .name = "value", .type = CONF_LIST, AT(level_option, value), .min = 1, .max = 255 },
	{ .name = "type", .type = CONF_ENUM, AT(level_option, type), .def = "auto", .words = option_types },
	{ .name = "force", .type = CONF_BOOL, AT(level_option, force), .def = "no" },
	{ .type = CONF_END },
};

static const struct conf_key boot_keys[] = {
	{ .name = "arch", .type = CONF_LIST, AT(level_boot, arch), .max = 16 },
	{ .name = "user_class", .type = CONF_STR, AT(level_boot, user_class), .max = 255 },
	{ .name = "vendor_prefix", .type = CONF_STR, AT(level_boot, vendor_prefix), .max = 255 },
	{ .name = "file", .type = CONF_STR, AT(level_boot, file), .max = 255 },
	{ .name = "next_server", .type = CONF_STR, AT(level_boot, next_server), .max = 15 },
	{ .name = "server_name", .type = CONF_STR, AT(level_boot, server_name), .max = 63 },
	{ .type = CONF_END },
};

#define SETTING_ROWS(s, d) \
	{ .name = "default_lease", .type = CONF_TIME, LEVEL(s, default_ms, DEFAULT_LEASE), .def = d("1h"), .min = SECOND, .max = LONGEST, .words = infinite }, \
	{ .name = "min_lease", .type = CONF_TIME, LEVEL(s, min_ms, MIN_LEASE), .def = d("1m"), .min = SECOND, .max = LONGEST, .words = infinite }, \
	{ .name = "max_lease", .type = CONF_TIME, LEVEL(s, max_ms, MAX_LEASE), .def = d("1d"), .min = SECOND, .max = LONGEST, .words = infinite }, \
	{ .name = "renew", .type = CONF_TIME, LEVEL(s, renew_ms, RENEW), .min = SECOND, .max = LONGEST }, \
	{ .name = "rebind", .type = CONF_TIME, LEVEL(s, rebind_ms, REBIND), .min = SECOND, .max = LONGEST }, \
	{ .name = "next_server", .type = CONF_STR, LEVEL(s, next_server, NEXT_SERVER), .def = d(""), .max = 15 }, \
	{ .name = "boot_file", .type = CONF_STR, LEVEL(s, boot_file, BOOT_FILE), .def = d(""), .max = 255 }, \
	{ .name = "server_name", .type = CONF_STR, LEVEL(s, server_name, SERVER_NAME), .def = d(""), .max = 63 }, \
	{ .name = "always_broadcast", .type = CONF_BOOL, LEVEL(s, always_broadcast, ALWAYS_BROADCAST), .def = d("no") }, \
	{ .name = "routers", .type = CONF_LIST, LEVEL(s, routers, ROUTERS), .max = 63 }, \
	{ .name = "dns", .type = CONF_LIST, LEVEL(s, dns, DNS), .max = 63 }, \
	{ .name = "domain", .type = CONF_STR, LEVEL(s, domain, DOMAIN), .def = d(""), .max = 253 }, \
	{ .name = "ntp", .type = CONF_LIST, LEVEL(s, ntp, NTP), .max = 63 }, \
	{ .name = "option", SECTION(s, level.options, level_option, option_keys, 256) }, \
	{ .name = "boot", SECTION(s, level.boots, level_boot, boot_keys, 64) }

#define NETWORK_ROWS(s, d) \
	{ .name = "authoritative", .type = CONF_BOOL, LEVEL(s, authoritative, AUTHORITATIVE), .def = d("no") }, \
	{ .name = "identity", .type = CONF_ENUM, LEVEL(s, identity, IDENTITY), .def = d("client-id"), .words = identities }, \
	{ .name = "probe", .type = CONF_ENUM, LEVEL(s, probe, PROBE), .def = d("arp+icmp"), .words = probes }, \
	{ .name = "decline_time", .type = CONF_TIME, LEVEL(s, decline_ms, DECLINE_TIME), .def = d("1d"), .min = SECOND, .max = LONGEST }, \
	{ .name = "rapid_commit", .type = CONF_BOOL, LEVEL(s, rapid_commit, RAPID_COMMIT), .def = d("no") }, \
	{ .name = "bootp_dynamic", .type = CONF_BOOL, LEVEL(s, bootp_dynamic, BOOTP_DYNAMIC), .def = d("no") }, \
	{ .name = "skip_net_bcast", .type = CONF_BOOL, LEVEL(s, skip_net_bcast, SKIP_NET_BCAST), .def = d("no") }

/* The file says these in its ddns section. */
#define DDNS_ROWS(s) \
	{ .name = "ddns_forward", .type = CONF_STR, LEVEL(s, ddns_forward, DDNS_FORWARD), .max = 253 }, \
	{ .name = "ddns_reverse", .type = CONF_BOOL, LEVEL(s, ddns_reverse, DDNS_REVERSE) }

static const struct conf_key range_keys[] = {
	{ .name = "class", .type = CONF_STR, AT(level_range, class), .max = 64 },
	SETTING_ROWS(level_range, NONE),
	{ .type = CONF_END },
};

static const struct conf_key host_keys[] = {
	{ .name = "mac", .type = CONF_STR, AT(level_host, mac), .max = 47 },
	{ .name = "client_id", .type = CONF_STR, AT(level_host, client_id), .max = 764 },
	{ .name = "circuit_id", .type = CONF_STR, AT(level_host, circuit_id), .max = 764 },
	{ .name = "remote_id", .type = CONF_STR, AT(level_host, remote_id), .max = 764 },
	{ .name = "address", .type = CONF_STR, AT(level_host, address), .max = 15 },
	{ .name = "hostname", .type = CONF_STR, AT(level_host, hostname), .max = 63 },
	SETTING_ROWS(level_host, NONE),
	{ .type = CONF_END },
};

static const struct conf_key class_keys[] = {
	{ .name = "vendor_prefix", .type = CONF_STR, AT(level_class, vendor_prefix), .max = 255 },
	{ .name = "user_class", .type = CONF_STR, AT(level_class, user_class), .max = 255 },
	{ .name = "arch", .type = CONF_LIST, AT(level_class, arch), .max = 16 },
	{ .name = "mac_prefix", .type = CONF_STR, AT(level_class, mac_prefix), .max = 47 },
	{ .name = "circuit_id", .type = CONF_STR, AT(level_class, circuit_id), .max = 764 },
	{ .name = "remote_id", .type = CONF_STR, AT(level_class, remote_id), .max = 764 },
	{ .name = "per_circuit", .type = CONF_NUM, AT(level_class, per_circuit), .def = "0", .max = 1000000 },
	SETTING_ROWS(level_class, NONE),
	{ .type = CONF_END },
};

#define HOST_ROW(s, member) \
	{ .name = "host", SECTION(s, member, level_host, host_keys, 4096) }

static const struct conf_key subnet_keys[] = {
	{ .name = "ranges", .type = CONF_LIST, AT(level_subnet, ranges), .max = 256, LINE(level_subnet, ranges_line) },
	{ .name = "exclude", .type = CONF_LIST, AT(level_subnet, exclude), .max = 1024, LINE(level_subnet, exclude_line) },
	NETWORK_ROWS(level_subnet, NONE),
	DDNS_ROWS(level_subnet),
	SETTING_ROWS(level_subnet, NONE),
	{ .name = "range", SECTION(level_subnet, ranges_in, level_range, range_keys, 256) },
	HOST_ROW(level_subnet, hosts),
	{ .type = CONF_END },
};

#define SUBNET_ROW(s, member) \
	{ .name = "subnet", SECTION(s, member, level_subnet, subnet_keys, 2048) }

static const struct conf_key shared_keys[] = {
	NETWORK_ROWS(level_shared, NONE),
	DDNS_ROWS(level_shared),
	SETTING_ROWS(level_shared, NONE),
	SUBNET_ROW(level_shared, subnets),
	HOST_ROW(level_shared, hosts),
	{ .type = CONF_END },
};

static const struct conf_key ddns_keys[] = {
	{ .name = "server", .type = CONF_STR, AT(ddns_conf, server), .def = "127.0.0.1", .min = 1, .max = 64 },
	{ .name = "key", .type = CONF_PATH, AT(ddns_conf, key), .def = "" },
	{ .name = "forward", .type = CONF_STR, AT(ddns_conf, forward), .def = "", .max = 253 },
	{ .name = "reverse", .type = CONF_BOOL, AT(ddns_conf, reverse), .def = "no" },
	{ .name = "ttl", .type = CONF_TIME, AT(ddns_conf, ttl), .def = "0", .max = 7 * DAY },
	{ .name = "update_client_a", .type = CONF_BOOL, AT(ddns_conf, update_client_a), .def = "no" },
	{ .name = "replace", .type = CONF_BOOL, AT(ddns_conf, replace), .def = "no" },
	{ .type = CONF_END },
};

const struct conf_key dhcpd_keys[] = {
	DAEMON_KEYS_BOUND(dhcpd_conf, "_dhcpd"),
	{ .name = "interfaces", .type = CONF_LIST, AT(dhcpd_conf, interfaces), .max = 256 },
	{ .name = "lease_dir", .type = CONF_PATH, AT(dhcpd_conf, lease_dir), .def = "" },
	{ .name = "hosts_file", .type = CONF_PATH, AT(dhcpd_conf, hosts), .def = "" },
	{ .name = "max_leases", .type = CONF_NUM, AT(dhcpd_conf, max_leases), .def = "1000000", .min = 1, .max = 16000000 },
	{ .name = "history_max", .type = CONF_SIZE, AT(dhcpd_conf, history_max), .def = "64M", .max = UINT64_C(1) << 40 },
	{ .name = "offer_time", .type = CONF_TIME, AT(dhcpd_conf, offer_ms), .def = "1m", .min = SECOND, .max = 600 * SECOND },
	{ .name = "probe_time", .type = CONF_TIME, AT(dhcpd_conf, probe_ms), .def = "300ms", .min = 1, .max = 5 * SECOND },
	{ .name = "cache_percent", .type = CONF_NUM, AT(dhcpd_conf, cache_percent), .def = "25", .max = 50 },
	{ .name = "per_client", .type = CONF_NUM, AT(dhcpd_conf, per_client), .def = "0", .max = 1000000 },
	{ .name = "trust_agent", .type = CONF_BOOL, AT(dhcpd_conf, trust_agent), .def = "no" },
	{ .name = "leasequery", .type = CONF_BOOL, AT(dhcpd_conf, leasequery), .def = "no" },
	{ .name = "leasequery_from", .type = CONF_PREFIXES, AT(dhcpd_conf, leasequery_from), .max = 256 },
	{ .name = "event_script", .type = CONF_PATH, AT(dhcpd_conf, event_script), .def = "" },
	NETWORK_ROWS(dhcpd_conf, FILES),
	SETTING_ROWS(dhcpd_conf, FILES),
	{ .name = "shared", SECTION(dhcpd_conf, shared, level_shared, shared_keys, 1024) },
	SUBNET_ROW(dhcpd_conf, subnets),
	{ .name = "class", SECTION(dhcpd_conf, classes, level_class, class_keys, 256) },
	HOST_ROW(dhcpd_conf, hosts_in),
	{ .name = "ddns", .type = CONF_SECTION, AT(dhcpd_conf, ddns_in), .keys = ddns_keys, .max = 1, .size = sizeof(struct ddns_conf) },
	{ .type = CONF_END },
};
/* clang-format on */

static bool
given(const char *s)
{
	return s != NULL && *s != '\0';
}

/* Told where the file cannot be used so; the parent has the rights. */
static int
check_file(const char *path, int mode, const char *key)
{
	if (!given(path) || access(path, mode) == 0)
		return 0;
	conf_error(0, key, "%s: %s", path, strerror(errno));
	return -1;
}

/* The section's members belong to ddns_in still. */
static int
take_ddns(struct dhcpd_conf *c)
{
	union sock_addr addr;
	char device[16];
	bool has_port;
	int rc = 0;

	memset(&c->ddns, 0, sizeof(c->ddns));
	if (c->ddns_in.n == 0)
		return 0;
	memcpy(&c->ddns, c->ddns_in.v, sizeof(c->ddns));
	c->ddns.set = true;
	c->ddns.ttl /= SECOND;
	if (given(c->ddns.server) &&
	    (sock_parse(c->ddns.server, &addr, device, &has_port) == -1 ||
		*c->ddns.server == '*')) {
		conf_error(0, "ddns.server",
		    "\"%s\" is not an address such as 127.0.0.1 or [::1]:53",
		    c->ddns.server);
		rc = -1;
	}
	return check_file(c->ddns.key, R_OK, "ddns.key") == -1 ? -1 : rc;
}

int
dhcpd_check(void *conf)
{
	struct dhcpd_conf *c = conf;
	int rc = 0;

	if (c->leasequery && c->leasequery_from.n == 0) {
		conf_error(0, "leasequery", "needs leasequery_from");
		rc = -1;
	}
	if (check_file(c->event_script, X_OK, "event_script") == -1)
		rc = -1;
	if (take_ddns(c) == -1)
		rc = -1;
	return build_scopes(c) == -1 ? -1 : rc;
}

void
dhcpd_forget(void *conf)
{
	struct dhcpd_conf *c = conf;

	scope_free(&c->scopes);
	memset(&c->ddns, 0, sizeof(c->ddns));
}
