/*
 * The keys of tftpd.conf(5), and what must hold between them.
 */
#include <sys/stat.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "tftpd.h"

#define OPT(m) offsetof(struct tftpd_options, m)
#define WR(m) offsetof(struct tftpd_write, m)
#define AT(m) offsetof(struct tftpd_conf, m)

/* clang-format off */
static const struct conf_key options_keys[] = {
	{ .name = "networks", .type = CONF_PREFIXES, .offset = OPT(networks), .max = 1024 },
	{ .name = "blksize", .type = CONF_NUM, .offset = OPT(blksize), .def = "65464", .min = BLKSIZE_MIN, .max = BLKSIZE_MAX },
	{ .name = "windowsize", .type = CONF_NUM, .offset = OPT(windowsize), .def = "64", .min = 1, .max = WINDOWSIZE_MAX },
	{ .name = "timeout_min", .type = CONF_NUM, .offset = OPT(timeout_min), .def = "1", .min = 1, .max = 255 },
	{ .name = "timeout_max", .type = CONF_NUM, .offset = OPT(timeout_max), .def = "255", .min = 1, .max = 255 },
	{ .name = "clamp_mtu", .type = CONF_BOOL, .offset = OPT(clamp_mtu), .def = "yes" },
	{ .name = "disable", .type = CONF_LIST, .offset = OPT(disable), .max = 8 },
	{ .type = CONF_END },
};

static const struct conf_key write_keys[] = {
	{ .name = "enable", .type = CONF_BOOL, .offset = WR(enable), .def = "no" },
	{ .name = "create", .type = CONF_BOOL, .offset = WR(create), .def = "no" },
	{ .name = "overwrite", .type = CONF_BOOL, .offset = WR(overwrite), .def = "yes" },
	{ .name = "dirs", .type = CONF_LIST, .offset = WR(dirs), .max = 64 },
	{ .name = "max_size", .type = CONF_SIZE, .offset = WR(max_size), .def = "1G", .min = 0, .max = INT64_MAX },
	{ .type = CONF_END },
};

const struct conf_key tftpd_keys[] = {
	DAEMON_KEYS(tftpd_conf, "_tftpd"),
	{ .name = "root", .type = CONF_LIST, .offset = AT(roots), .def = "/srv/tftp", .min = 1, .max = 16 },
	{ .name = "ports", .type = CONF_RANGE, .offset = AT(ports), .def = "0", .max = 65535 },
	{ .name = "single_port", .type = CONF_BOOL, .offset = AT(single_port), .def = "no" },
	{ .name = "max_transfers", .type = CONF_NUM, .offset = AT(max_transfers), .def = "2000", .min = 1, .max = 100000 },
	{ .name = "per_client", .type = CONF_NUM, .offset = AT(per_client), .def = "100", .min = 1, .max = 100000 },
	{ .name = "retries", .type = CONF_NUM, .offset = AT(retries), .def = "5", .min = 1, .max = 20 },
	{ .name = "idle_timeout", .type = CONF_TIME, .offset = AT(idle_ms), .def = "15m", .min = 1000, .max = 86400000 },
	{ .name = "transfer_log", .type = CONF_PATH, .offset = AT(transfer_log), .def = "" },
	{ .name = "lease_map", .type = CONF_PATH, .offset = AT(lease_map), .def = RUNDIR "/dhcpd/leases" },
	{ .name = "options", .type = CONF_SECTION, .offset = AT(options), .max = 64, .keys = options_keys, .size = sizeof(struct tftpd_options) },
	{ .name = "write", .type = CONF_SECTION, .offset = AT(write), .max = 1, .keys = write_keys, .size = sizeof(struct tftpd_write) },
	{ .name = "map", .type = CONF_SECTION, .offset = AT(maps), .max = 256, .keys = map_keys, .size = sizeof(struct map_rule), .line_offset = offsetof(struct map_rule, line) },
	{ .type = CONF_END },
};

static const struct {
	const char *name;
	unsigned option;
} option_names[] = {
	{ "blksize", OPTION_BLKSIZE },
	{ "timeout", OPTION_TIMEOUT },
	{ "tsize", OPTION_TSIZE },
	{ "windowsize", OPTION_WINDOWSIZE },
};
/* clang-format on */

static const struct tftpd_options no_options = {
	.blksize = BLKSIZE_MAX,
	.windowsize = 64,
	.timeout_min = 1,
	.timeout_max = 255,
	.clamp_mtu = true,
};

static int
check_root(const char *key, const char *path)
{
	char base[MAP_NAME];
	struct stat st;

	if (stat(map_base(path, base), &st) == -1) {
		conf_error(0, key, "%s: %s", base, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		conf_error(0, key, "%s: not a directory", base);
		return -1;
	}
	return 0;
}

static int
check_disable(struct tftpd_options *o)
{
	size_t i, k;
	int rc = 0;

	for (i = 0; i < o->disable.n; i++) {
		for (k = 0; k < 4; k++)
			if (strcasecmp(o->disable.v[i], option_names[k].name) ==
			    0)
				break;
		if (k == 4) {
			conf_error(0, "options.disable",
			    "\"%s\" is not one of blksize, timeout, tsize, "
			    "windowsize",
			    o->disable.v[i]);
			rc = -1;
		} else
			o->disabled |= option_names[k].option;
	}
	return rc;
}

static int
check_options(struct tftpd_options *o)
{
	int rc = check_disable(o);

	if (o->timeout_min > o->timeout_max) {
		conf_error(0, "options.timeout_min",
		    "%llu is above timeout_max %llu",
		    (unsigned long long)o->timeout_min,
		    (unsigned long long)o->timeout_max);
		rc = -1;
	}
	return rc;
}

/*
 * While a reload's new workers bind their ports, the old ones still hold
 * theirs.
 */
static int
check_ports(const struct tftpd_conf *c)
{
	uint64_t n = c->ports.last - c->ports.first + 1;

	if (c->ports.first == 0 || n >= 2 * c->daemon.workers)
		return 0;
	conf_error(0, "ports",
	    "%llu ports are too few: two for each worker are needed "
	    "(single_port needs none)",
	    (unsigned long long)n);
	return -1;
}

static int
check_map(struct map_rule *r)
{
	if (map_compile(r) == -1)
		return -1;
	if (r->root == NULL || *r->root == '\0')
		return 0;
	return check_root("map.root", r->root);
}

struct map_rules
conf_rules(const struct tftpd_conf *c)
{
	return (struct map_rules){ .v = c->maps.v,
		.n = c->maps.n,
		.roots = c->roots.v,
		.nroots = c->roots.n };
}

static int
check_lease_map(const struct tftpd_conf *c)
{
	struct map_rules rules = conf_rules(c);

	if (*c->lease_map != '\0' || !map_needs_hw(&rules))
		return 0;
	conf_error(0, "lease_map", "is empty, but %%m is used");
	return -1;
}

int
tftpd_check(void *conf)
{
	struct tftpd_conf *c = conf;
	struct tftpd_options *o = c->options.v;
	struct map_rule *maps = c->maps.v;
	int rc = check_ports(c);
	const char *why;
	size_t i;

	for (i = 0; i < c->roots.n; i++) {
		why = map_root_check(c->roots.v[i], 0);
		if (why != NULL)
			conf_error(0, "root", "\"%s\": %s", c->roots.v[i], why);
		if (why != NULL || check_root("root", c->roots.v[i]) == -1)
			rc = -1;
	}
	for (i = 0; i < c->options.n; i++)
		if (check_options(&o[i]) == -1)
			rc = -1;
	for (i = 0; i < c->maps.n; i++)
		if (check_map(&maps[i]) == -1)
			rc = -1;
	if (check_lease_map(c) == -1)
		rc = -1;
	return rc;
}

void
tftpd_forget(void *conf)
{
	struct tftpd_conf *c = conf;
	struct map_rule *maps = c->maps.v;
	size_t i;

	for (i = 0; i < c->maps.n; i++)
		map_forget(&maps[i]);
}

const struct tftpd_options *
conf_options(const struct tftpd_conf *c, const union sock_addr *peer)
{
	const struct tftpd_options *o = c->options.v;
	size_t i;

	for (i = 0; i < c->options.n; i++)
		if (o[i].networks.n == 0 ||
		    conf_prefix_match(&o[i].networks, &peer->sa))
			return &o[i];
	return &no_options;
}

const struct tftpd_write *
conf_write(const struct tftpd_conf *c)
{
	const struct tftpd_write *w = c->write.v;

	return c->write.n == 1 && w->enable ? w : NULL;
}
