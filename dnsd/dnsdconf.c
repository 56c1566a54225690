/*
 * dnsd.conf(5): its keys, and what they mean together.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "dnsdconf.h"
#include "rtype.h"

#define PATH_TEXT 4096
#define DNS_PORT 53
#define LISTENS 64
#define TYPES 128 /* of an update section */

/* Tables of keys */

static const char *const roles[] = { "authoritative", NULL };
static const char *const algorithms[] = { "hmac-sha1", "hmac-sha224",
	"hmac-sha256", "hmac-sha384", "hmac-sha512", NULL };

/* clang-format off */
#define AT(s, m) .offset = offsetof(struct s, m)
#define LINE(s, m) .line_offset = offsetof(struct s, m)

static const struct conf_key listen_keys[] = {
	{ .name = "port", .type = CONF_NUM, AT(listen_conf, port), .def = "53", .min = 1, .max = 65535 },
	{ .name = "role", .type = CONF_ENUM, AT(listen_conf, role), .def = "authoritative", .words = roles },
	{ .type = CONF_END },
};

static const struct conf_key key_keys[] = {
	{ .name = "algorithm", .type = CONF_ENUM, AT(key_conf, algorithm), .def = "hmac-sha256", .words = algorithms },
	{ .name = "secret_file", .type = CONF_STR, AT(key_conf, secret_file), .def = "", .max = 1024 },
	{ .name = "file", .type = CONF_STR, AT(key_conf, file), .def = "", .max = 1024 },
	{ .type = CONF_END },
};

static const struct conf_key update_keys[] = {
	{ .name = "names", .type = CONF_LIST, AT(grant_conf, names), .def = "any", .min = 1, .max = 256 },
	{ .name = "types", .type = CONF_LIST, AT(grant_conf, types), .max = TYPES },
	{ .type = CONF_END },
};

static const struct conf_key zone_keys[] = {
	{ .name = "file", .type = CONF_STR, AT(zone_conf, file), .def = "", .max = 1024 },
	{ .name = "primaries", .type = CONF_LIST, AT(zone_conf, primaries_in), .max = 64, LINE(zone_conf, at.primaries) },
	{ .name = "notify", .type = CONF_LIST, AT(zone_conf, notify_in), .max = 64, LINE(zone_conf, at.notify) },
	{ .name = "notify_ns", .type = CONF_BOOL, AT(zone_conf, notify_ns), .def = "yes" },
	{ .name = "allow_transfer", .type = CONF_LIST, AT(zone_conf, allow_transfer_in), .max = 1024, LINE(zone_conf, at.transfer) },
	{ .name = "allow_notify", .type = CONF_LIST, AT(zone_conf, allow_notify_in), .max = 1024, LINE(zone_conf, at.notified) },
	{ .name = "allow_query", .type = CONF_LIST, AT(zone_conf, allow_query_in), .def = "any", .max = 1024, LINE(zone_conf, at.query) },
	{ .name = "update", .type = CONF_SECTION, AT(zone_conf, updates), .max = 64, .keys = update_keys, .size = sizeof(struct grant_conf),
	    .title_offset = offsetof(struct grant_conf, key_name), LINE(grant_conf, line) },
	{ .name = "auto_reverse", .type = CONF_BOOL, AT(zone_conf, auto_reverse), .def = "no" },
	{ .name = "journal_max", .type = CONF_SIZE, AT(zone_conf, journal_max), .def = "10M", .min = 4096, .max = 1ULL << 40 },
	{ .name = "max_size", .type = CONF_SIZE, AT(zone_conf, max_size), .def = "2G", .min = 4096, .max = 1ULL << 44 },
	{ .name = "min_refresh", .type = CONF_TIME, AT(zone_conf, min_refresh_ms), .def = "10s", .min = 1000, .max = 86400000 },
	{ .name = "max_refresh", .type = CONF_TIME, AT(zone_conf, max_refresh_ms), .def = "28d", .min = 1000, .max = 31536000000 },
	{ .type = CONF_END },
};

static const struct conf_key rate_keys[] = {
	{ .name = "responses", .type = CONF_NUM, AT(rate_conf, responses), .def = "200", .min = 0, .max = 10000 },
	{ .name = "errors", .type = CONF_NUM, AT(rate_conf, errors), .def = "0", .min = 0, .max = 10000 },
	{ .name = "slip", .type = CONF_NUM, AT(rate_conf, slip), .def = "2", .min = 0, .max = 10 },
	{ .name = "ipv4_prefix", .type = CONF_NUM, AT(rate_conf, ipv4_prefix), .def = "24", .min = 8, .max = 32 },
	{ .name = "ipv6_prefix", .type = CONF_NUM, AT(rate_conf, ipv6_prefix), .def = "56", .min = 16, .max = 64 },
	{ .name = "table", .type = CONF_NUM, AT(rate_conf, table), .def = "100000", .min = 256, .max = 16777216 },
	{ .name = "exempt", .type = CONF_LIST, AT(rate_conf, exempt_in), .max = 1024, LINE(rate_conf, exempt_line) },
	{ .type = CONF_END },
};

const struct conf_key dnsd_keys[] = {
	{ .name = "listen", .type = CONF_SECTION, AT(dnsd_conf, listens), .max = LISTENS, .keys = listen_keys, .size = sizeof(struct listen_conf),
	    .title_offset = offsetof(struct listen_conf, address), LINE(listen_conf, line) },
	{ .name = "workers", .type = CONF_NUM, .offset = DAEMON_AT(dnsd_conf, workers), .def = "0", .min = 0, .max = 64 },
	DAEMON_KEYS_BOUND(dnsd_conf, "_dnsd"),
	{ .name = "directory", .type = CONF_PATH, AT(dnsd_conf, directory), .def = "" },
	{ .name = "zones_file", .type = CONF_PATH, AT(dnsd_conf, zones_file), .def = "" },
	{ .name = "identity", .type = CONF_STR, AT(dnsd_conf, identity), .def = "", .max = 255 },
	{ .name = "version", .type = CONF_STR, AT(dnsd_conf, version), .def = "", .max = 255 },
	{ .name = "rotate", .type = CONF_BOOL, AT(dnsd_conf, rotate), .def = "yes" },
	{ .name = "minimal", .type = CONF_BOOL, AT(dnsd_conf, minimal), .def = "no" },
	{ .name = "udp_size", .type = CONF_NUM, AT(dnsd_conf, udp_size), .def = "1232", .min = 512, .max = 4096 },
	{ .name = "tcp_clients", .type = CONF_NUM, AT(dnsd_conf, tcp_clients), .def = "256", .min = 1, .max = 65536 },
	{ .name = "tcp_per_client", .type = CONF_NUM, AT(dnsd_conf, tcp_per_client), .def = "20", .min = 1, .max = 65536 },
	{ .name = "tcp_idle", .type = CONF_TIME, AT(dnsd_conf, tcp_idle_ms), .def = "10s", .min = 1000, .max = 3600000 },
	{ .name = "transfers_in", .type = CONF_NUM, AT(dnsd_conf, transfers_in), .def = "10", .min = 1, .max = 1000 },
	{ .name = "transfers_out", .type = CONF_NUM, AT(dnsd_conf, transfers_out), .def = "10", .min = 1, .max = 1000 },
	{ .name = "query_log", .type = CONF_PATH, AT(dnsd_conf, query_log), .def = "" },
	{ .name = "idle_timeout", .type = CONF_TIME, AT(dnsd_conf, idle_ms), .def = "15m", .min = 1000, .max = 86400000 },
	{ .name = "key", .type = CONF_SECTION, AT(dnsd_conf, keys_in), .max = 1024, .keys = key_keys, .size = sizeof(struct key_conf),
	    .title_offset = offsetof(struct key_conf, name), LINE(key_conf, line) },
	{ .name = "rate_limit", .type = CONF_SECTION, AT(dnsd_conf, rates_in), .max = 1, .keys = rate_keys, .size = sizeof(struct rate_conf),
	    LINE(rate_conf, line) },
	{ .name = "zone", .type = CONF_SECTION, AT(dnsd_conf, zones_in), .max = 1000, .keys = zone_keys, .size = sizeof(struct zone_conf),
	    .title_offset = offsetof(struct zone_conf, name), LINE(zone_conf, line) },
	{ .name = "template", .type = CONF_SECTION, AT(dnsd_conf, templates), .max = 1000, .keys = zone_keys, .size = sizeof(struct zone_conf),
	    .title_offset = offsetof(struct zone_conf, name), LINE(zone_conf, line) },
	{ .type = CONF_END },
};
/* clang-format on */

static int
no_memory(int line, const char *key)
{
	conf_error(line, key, "%s", strerror(errno));
	return -1;
}

/* Where we stand: directory, addresses, workers */

static int
set_directory(struct dnsd_conf *c)
{
	char path[PATH_TEXT];

	if (c->directory == NULL || *c->directory != '\0')
		return 0; /* NULL: a wrong value, told */
	snprintf(path, sizeof(path), STATEDIR "/%s", daemon_instance());
	free(c->directory);
	c->directory = strdup(path);
	return c->directory == NULL ? no_memory(0, "directory") : 0;
}

/* Processors that we may use. */
static uint64_t
processors(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > 64 ? 64 : (uint64_t)n;
}

/* "192.0.2.1:53" of a section listen; NULL after a message. */
static char *
listen_text(const struct listen_conf *l)
{
	char device[16], text[128];
	union sock_addr addr;
	bool has_port, v6;

	if (l->address == NULL)
		return NULL;
	if (sock_parse(l->address, &addr, device, &has_port) == -1) {
		conf_error(l->line, "listen",
		    "\"%.64s\" is not an address such as 192.0.2.1, "
		    "2001:db8::1 or *",
		    l->address);
		return NULL;
	}
	if (has_port)
		return strdup(l->address);
	v6 = addr.sa.sa_family == AF_INET6 && *l->address != '[';
	snprintf(text, sizeof(text), "%s%s%s:%u", v6 ? "[" : "", l->address,
	    v6 ? "]" : "", (unsigned)l->port);
	return strdup(text);
}

/* The sections say it; else site.conf's addresses; else every address. */
static int
set_listen(struct dnsd_conf *c)
{
	const struct listen_conf *l = c->listens.v;
	struct conf_list *list = &c->daemon.listen;
	size_t i;
	int rc = 0;

	if (c->listens.n > 0)
		conf_free(daemon_site_keys, c);
	if (list->n > 0)
		return 0;
	list->v = calloc(c->listens.n + 1, sizeof(*list->v));
	if (list->v == NULL)
		return no_memory(0, "listen");
	for (i = 0; i < c->listens.n; i++) {
		if ((list->v[list->n] = listen_text(&l[i])) != NULL)
			list->n++;
		else
			rc = -1;
	}
	if (c->listens.n == 0 && (list->v[list->n++] = strdup("*")) == NULL)
		return no_memory(0, "listen");
	return rc;
}

/* Every address has a socket of both kinds for each thread. */
static int
set_workers(struct dnsd_conf *c)
{
	const struct conf_list *list = &c->daemon.listen;
	size_t sockets = 0, i;

	if (c->daemon.workers == 0)
		c->daemon.workers = processors();
	for (i = 0; i < list->n; i++)
		sockets += *list->v[i] == '*' ? 4 : 2;
	sockets *= c->daemon.workers;
	if (sockets <= SOCK_MAX)
		return 0;
	conf_error(0, "workers",
	    "%llu workers on these addresses need %zu sockets, more than %d",
	    (unsigned long long)c->daemon.workers, sockets, SOCK_MAX);
	return -1;
}

/* Keys */

static int
read_key(
    const struct dnsd_conf *c, const struct key_conf *k, struct tsig_key *key)
{
	bool secret = *k->secret_file != '\0';
	const char *file = secret ? k->secret_file : k->file;
	uint8_t name[DNS_NAME];
	char path[PATH_TEXT];

	if (secret == (*k->file != '\0')) {
		conf_error(k->line, "key",
		    "\"%.64s\": either secret_file or file says the secret",
		    k->name);
		return -1;
	}
	if (dns_name_parse(k->name, name) == 0) {
		conf_error(k->line, "key", "\"%.64s\" is not a name", k->name);
		return -1;
	}
	dns_name_lower(name);
	snprintf(path, sizeof(path), "%s%s%s", *file == '/' ? "" : c->directory,
	    *file == '/' ? "" : "/", file);
	memcpy(key->name, name, sizeof(name));
	key->algorithm = tsig_algorithm(algorithms[k->algorithm]);
	if (secret)
		return tsig_secret_read(path, key);
	if (tsig_key_read(path, key) == -1)
		return -1;
	if (dns_name_equal(key->name, name))
		return 0;
	conf_error(k->line, "key.file", "%s has a key with another name", path);
	return -1;
}

static int
set_keys(struct dnsd_conf *c)
{
	const struct key_conf *k = c->keys_in.v;
	size_t i;
	int rc = 0;

	if (c->keys_in.n == 0)
		return 0;
	if ((c->keys.v = calloc(c->keys_in.n, sizeof(*c->keys.v))) == NULL)
		return no_memory(0, "key");
	for (i = 0; i < c->keys_in.n; i++) {
		/* What is missing has been told. */
		if (k[i].name == NULL || k[i].secret_file == NULL ||
		    k[i].file == NULL || c->directory == NULL ||
		    read_key(c, &k[i], &c->keys.v[i]) == -1)
			rc = -1;
	}
	c->keys.n = c->keys_in.n;
	return rc;
}

/* Who may update */

/* "any", "subdomain NAME", "name NAME", or "NAME" alone, which is the same. */
static const char *
parse_grant(const char *word, struct grant_name *g)
{
	static const struct {
		const char *word;
		int how;
	} forms[] = { { "subdomain ", GRANT_SUBDOMAIN },
		{ "name ", GRANT_NAME }, { "", GRANT_NAME } };
	uint8_t wire[DNS_NAME];
	size_t i, n;

	if (strcmp(word, "any") == 0) {
		g->how = GRANT_ANY;
		return NULL;
	}
	for (i = 0; strncmp(word, forms[i].word, strlen(forms[i].word)) != 0;)
		i++;
	word += strlen(forms[i].word);
	word += strspn(word, " \t");
	g->how = forms[i].how;
	n = dns_name_parse(word, wire);
	if (n == 0 || strpbrk(word, " \t") != NULL ||
	    dname_set(&g->name, wire, n) == -1)
		return "is not any, subdomain NAME or name NAME";
	return NULL;
}

static int
set_grant_names(struct grant_conf *g)
{
	const char *why;
	size_t i;
	int rc = 0;

	if ((g->name = calloc(g->names.n + 1, sizeof(*g->name))) == NULL)
		return no_memory(g->line, "update.names");
	for (i = 0; i < g->names.n; i++) {
		why = parse_grant(g->names.v[i], &g->name[i]);
		if (why == NULL)
			continue;
		conf_error(g->line, "update.names", "\"%.64s\" %s",
		    g->names.v[i], why);
		rc = -1;
	}
	g->nnames = g->names.n;
	return rc;
}

static int
set_grant_types(struct grant_conf *g)
{
	const char *word;
	size_t i;
	int rc = 0;

	if ((g->type = calloc(g->types.n + 1, sizeof(*g->type))) == NULL)
		return no_memory(g->line, "update.types");
	for (i = 0; i < g->types.n; i++) {
		word = g->types.v[i];
		if (rtype_parse(word, strlen(word), &g->type[i]) &&
		    !rtype_is_meta(g->type[i]))
			continue;
		conf_error(g->line, "update.types",
		    "\"%.32s\" is not a type of records", word);
		rc = -1;
	}
	g->ntypes = g->types.n;
	return rc;
}

static int
set_grants(const struct dnsd_conf *c, const struct zone_conf *z)
{
	struct grant_conf *g = z->updates.v;
	size_t i;
	int rc = 0;

	for (i = 0; i < z->updates.n; i++, g++) {
		if (g->key_name == NULL)
			return -1; /* told */
		if ((g->key = keys_find(&c->keys, g->key_name)) == NULL) {
			conf_error(g->line, "update",
			    "\"%.64s\": there is no such key", g->key_name);
			rc = -1;
		}
		rc |= set_grant_names(g);
		rc |= set_grant_types(g);
	}
	return rc;
}

/* Zones */

/* What does not fit together. NULL: nothing. */
static const char *
contradiction(const struct zone_conf *z)
{
	if (z->primaries_in.n > 0 && z->updates.n > 0)
		return "a secondary (primaries) takes no updates (update)";
	if (z->primaries_in.n > 0 && z->auto_reverse)
		return "a secondary (primaries) has no auto_reverse";
	if (z->min_refresh_ms > z->max_refresh_ms)
		return "min_refresh is above max_refresh";
	return NULL;
}

/* All of a zone but its name, which a template does not have. */
static int
set_zone(const struct dnsd_conf *c, struct zone_conf *z, const char *section)
{
	const struct keys *k = &c->keys;
	const char *why = contradiction(z);
	int rc = 0;

	if (why != NULL) {
		conf_error(z->line, section, "\"%.64s\": %s", z->name, why);
		rc = -1;
	}
	rc |= remotes_build(&z->primaries, &z->primaries_in, k, z->at.primaries,
	    "zone.primaries");
	rc |= remotes_build(
	    &z->notify, &z->notify_in, k, z->at.notify, "zone.notify");
	rc |= acl_build(&z->allow_transfer, &z->allow_transfer_in, k,
	    z->at.transfer, "zone.allow_transfer");
	rc |= acl_build(&z->allow_notify, &z->allow_notify_in, k,
	    z->at.notified, "zone.allow_notify");
	rc |= acl_build(&z->allow_query, &z->allow_query_in, k, z->at.query,
	    "zone.allow_query");
	rc |= set_grants(c, z);
	return rc;
}

static int
set_origin(struct zone_conf *z)
{
	uint8_t wire[DNS_NAME];
	size_t n = dns_name_parse(z->name, wire);

	if (n != 0 && dname_set(&z->origin, wire, n) == 0)
		return 0;
	conf_error(z->line, "zone", "\"%.64s\" is not a name", z->name);
	return -1;
}

static int
by_origin(const void *a, const void *b)
{
	const struct zone_conf *const *x = a, *const *y = b;

	return dname_compare((*x)->origin.wire, (*y)->origin.wire);
}

static int
by_file(const void *a, const void *b)
{
	const struct zone_conf *const *x = a, *const *y = b;

	return strcmp((*x)->file, (*y)->file);
}

/* The same zone twice, written in other letters or in both files. */
static int
tell_doubles(const struct zone_conf **all, size_t n)
{
	size_t i;
	int rc = 0;

	qsort(all, n, sizeof(*all), by_origin);
	for (i = 1; i < n; i++)
		if (by_origin(&all[i - 1], &all[i]) == 0) {
			conf_error(all[i]->line, "zone",
			    "\"%.64s\" is there twice", all[i]->name);
			rc = -1;
		}
	return rc;
}

static bool
any_follows(const struct dnsd_conf *c)
{
	const struct zone_conf *z = c->zones.v;
	size_t i;

	for (i = 0; i < c->zones.n; i++)
		if (z[i].auto_reverse)
			return true;
	return false;
}

/* With auto_reverse anywhere, reverse zones follow it. */
static bool
is_written(const struct zone_conf *z, bool follows)
{
	return z->primaries_in.n > 0 || z->updates.n > 0 ||
	    (follows && strcasestr(z->name, ".arpa") != NULL);
}

/* Zones that are only read may have one file: parked names have. */
static int
tell_shared(const struct zone_conf **all, size_t n, bool follows)
{
	size_t i;
	int rc = 0;

	qsort(all, n, sizeof(*all), by_file);
	for (i = 1; i < n; i++) {
		if (*all[i]->file == '\0' || by_file(&all[i - 1], &all[i]) != 0)
			continue;
		if (!is_written(all[i - 1], follows) &&
		    !is_written(all[i], follows))
			continue;
		conf_error(all[i]->line, "zone",
		    "\"%.64s\": \"%.64s\" has the same file, and one of them "
		    "is written",
		    all[i]->name, all[i - 1]->name);
		rc = -1;
	}
	return rc;
}

/* What is wrong with zones among each other, as far as each is right. */
static int
compare_zones(const struct dnsd_conf *c)
{
	const struct zone_conf **all, *z = c->zones.v;
	size_t n = 0, i;
	int rc;

	if ((all = calloc(c->zones.n + 1, sizeof(*all))) == NULL)
		return no_memory(0, "zone");
	for (i = 0; i < c->zones.n; i++)
		if (z[i].origin.len > 0 && z[i].file != NULL)
			all[n++] = &z[i];
	rc = tell_doubles(all, n);
	rc |= tell_shared(all, n, any_follows(c));
	free(all);
	return rc;
}

static int
set_templates(const struct dnsd_conf *c)
{
	struct zone_conf *z = c->templates.v;
	size_t i;
	int rc = 0;

	for (i = 0; i < c->templates.n; i++)
		if (z[i].name == NULL || set_zone(c, &z[i], "template") == -1)
			rc = -1;
	return rc;
}

/* Those of zones_file; lines need templates with names. */
static int
set_bulk(struct dnsd_conf *c)
{
	const struct zone_conf *z = c->templates.v;
	size_t i;

	for (i = 0; i < c->templates.n; i++)
		if (z[i].name == NULL)
			return -1; /* told */
	return c->zones_file == NULL || *c->zones_file == '\0' ?
	    0 :
	    dnsd_read_zones(c);
}

static int
set_zones(struct dnsd_conf *c)
{
	size_t n = c->zones_in.n, i;
	int rc = set_templates(c);
	struct zone_conf *z;

	if ((z = calloc(n + 1, sizeof(*z))) == NULL)
		return no_memory(0, "zone");
	if (n > 0)
		memcpy(z, c->zones_in.v, n * sizeof(*z));
	c->zones = (struct conf_sections){ z, n };
	for (i = 0; i < n; i++) {
		if (z[i].name == NULL) {
			rc = -1; /* told */
			continue;
		}
		rc |= set_origin(&z[i]);
		rc |= set_zone(c, &z[i], "zone");
	}
	rc |= set_bulk(c);
	return rc | compare_zones(c);
}

static int
set_rate(struct dnsd_conf *c)
{
	struct rate_conf *r = &c->rate;

	if (c->rates_in.n == 0)
		return 0;
	*r = *(const struct rate_conf *)c->rates_in.v;
	r->set = true;
	if (r->errors == 0)
		r->errors = r->responses;
	return acl_build(&r->exempt, &r->exempt_in, &c->keys, r->exempt_line,
	    "rate_limit.exempt");
}

int
dnsd_check(void *conf)
{
	struct dnsd_conf *c = conf;
	int rc = 0;

	rc |= set_directory(c);
	rc |= set_listen(c);
	rc |= set_workers(c);
	rc |= set_keys(c);
	rc |= set_rate(c);
	rc |= set_zones(c);
	return rc == 0 ? 0 : -1;
}

/* The end */

static void
forget_zone(struct zone_conf *z)
{
	struct grant_conf *g = z->updates.v;
	size_t i;

	remotes_free(&z->primaries);
	remotes_free(&z->notify);
	acl_free(&z->allow_transfer);
	acl_free(&z->allow_notify);
	acl_free(&z->allow_query);
	for (i = 0; i < z->updates.n; i++) {
		free(g[i].name);
		free(g[i].type);
	}
}

void
dnsd_forget(void *conf)
{
	struct dnsd_conf *c = conf;
	struct zone_conf *z = c->zones.v, *t = c->templates.v;
	size_t i;

	for (i = 0; i < c->zones.n; i++) {
		if (z[i].template == NULL) {
			forget_zone(&z[i]);
			continue;
		}
		free(z[i].name); /* the rest is the template's */
		free(z[i].file);
	}
	free(z);
	for (i = 0; i < c->templates.n; i++)
		forget_zone(&t[i]);
	acl_free(&c->rate.exempt);
	if (c->keys.v != NULL)
		explicit_bzero(c->keys.v, c->keys.n * sizeof(*c->keys.v));
	free(c->keys.v);
	c->keys = (struct keys){ .n = 0 };
	c->zones = (struct conf_sections){ .n = 0 };
}

/* As text they are compared whole, whoever added a key meanwhile. */
static bool
same_text(const struct dnsd_conf *a, const struct dnsd_conf *b)
{
	struct buf x, y;
	size_t i;
	bool same;

	buf_init(&x, SIZE_MAX / 2);
	buf_init(&y, SIZE_MAX / 2);
	conf_show(dnsd_keys, a, &x);
	conf_show(dnsd_keys, b, &y);
	for (i = 0; i < a->daemon.listen.n; i++)
		buf_printf(&x, "%s\n", a->daemon.listen.v[i]);
	for (i = 0; i < b->daemon.listen.n; i++)
		buf_printf(&y, "%s\n", b->daemon.listen.v[i]);
	same = !x.failed && !y.failed && x.len == y.len &&
	    memcmp(x.p, y.p, x.len) == 0;
	buf_free(&x);
	buf_free(&y);
	return same;
}

/* What stands in other files: secrets, and zones in bulk. */
static bool
same_files(const struct dnsd_conf *a, const struct dnsd_conf *b)
{
	const struct zone_conf *x = a->zones.v, *y = b->zones.v;
	const struct tsig_key *k = a->keys.v, *l = b->keys.v;
	size_t i;

	if (a->keys.n != b->keys.n || a->zones.n != b->zones.n ||
	    a->zones_in.n != b->zones_in.n)
		return false;
	for (i = 0; i < a->keys.n; i++)
		if (k[i].len != l[i].len || k[i].algorithm != l[i].algorithm ||
		    memcmp(k[i].secret, l[i].secret, k[i].len) != 0)
			return false;
	for (i = a->zones_in.n; i < a->zones.n; i++)
		if (strcmp(x[i].name, y[i].name) != 0 ||
		    strcmp(x[i].file, y[i].file) != 0 ||
		    strcmp(x[i].template->name, y[i].template->name) != 0)
			return false;
	return true;
}

bool
dnsd_same(const void *old, const void *new)
{
	return same_files(old, new) && same_text(old, new);
}
