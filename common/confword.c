/*
 * The words of the configuration language: pure functions.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "confpart.h"

struct unit {
	const char *name;
	uint64_t scale;
};

/* Largest first; "" is the bare number. */
static const struct unit no_units[] = { { "", 1 }, { NULL, 0 } };
static const struct unit size_units[] = {
	{ "T", 1ULL << 40 },
	{ "G", 1ULL << 30 },
	{ "M", 1ULL << 20 },
	{ "k", 1ULL << 10 },
	{ "", 1 },
	{ NULL, 0 },
};
static const struct unit time_units[] = {
	{ "d", 86400000 },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
	{ "", 1000 },
	{ NULL, 0 },
};

static int
parse_scaled(const char *s, const struct unit *u, uint64_t *out)
{
	uint64_t v = 0, digit;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		digit = (uint64_t)(*s - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	while (u->name != NULL && strcmp(u->name, s) != 0)
		u++;
	if (u->name == NULL || v > UINT64_MAX / u->scale)
		return -1;
	*out = v * u->scale;
	return 0;
}

int
conf_parse_num(const char *s, uint64_t *out)
{
	return parse_scaled(s, no_units, out);
}

int
conf_parse_size(const char *s, uint64_t *out)
{
	return parse_scaled(s, size_units, out);
}

int
conf_parse_time(const char *s, uint64_t *ms)
{
	return parse_scaled(s, time_units, ms);
}

const char *
conf_format(enum conf_type type, uint64_t v, char out[CONF_FORMAT])
{
	const struct unit *u = no_units;

	if (type == CONF_SIZE && v != 0)
		u = size_units;
	else if (type == CONF_TIME && v != 0)
		u = time_units;
	while (v % u->scale != 0)
		u++;
	snprintf(out, CONF_FORMAT, "%llu%s", (unsigned long long)v / u->scale,
	    u->name);
	return out;
}

/* A v4-mapped prefix (RFC 4291 2.5.5.2) means IPv4 addresses: say it so. */
static void
unmap(struct conf_prefix *p)
{
	if (p->family != AF_INET6 || p->bits < 96 ||
	    !IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)p->addr))
		return;
	memmove(p->addr, p->addr + 12, 4);
	memset(p->addr + 4, 0, 12);
	p->family = AF_INET;
	p->bits -= 96;
}

static bool
has_host_bits(const struct conf_prefix *p)
{
	unsigned i, width = p->family == AF_INET ? 32 : 128;

	for (i = p->bits; i < width; i++)
		if (p->addr[i / 8] & 0x80 >> i % 8)
			return true;
	return false;
}

const char *
conf_why_prefix(const char *s, struct conf_prefix *p)
{
	static const char form[] = "is not a prefix such as 192.0.2.0/24";
	const char *slash = strchr(s, '/');
	size_t n = slash == NULL ? strlen(s) : (size_t)(slash - s);
	char host[INET6_ADDRSTRLEN];
	uint64_t bits;

	memset(p, 0, sizeof(*p));
	if (n >= sizeof(host))
		return form;
	memcpy(host, s, n);
	host[n] = '\0';
	if (inet_pton(AF_INET, host, p->addr) == 1)
		p->family = AF_INET;
	else if (inet_pton(AF_INET6, host, p->addr) == 1)
		p->family = AF_INET6;
	else
		return form;
	bits = p->family == AF_INET ? 32 : 128;
	if (slash != NULL &&
	    (conf_parse_num(slash + 1, &bits) == -1 ||
		bits > (p->family == AF_INET ? 32 : 128)))
		return form;
	p->bits = (unsigned)bits;
	if (has_host_bits(p))
		return "has host bits set";
	unmap(p);
	return NULL;
}

int
conf_parse_prefix(const char *s, struct conf_prefix *p)
{
	return conf_why_prefix(s, p) == NULL ? 0 : -1;
}

int
conf_parse_range(const char *s, struct conf_range *r)
{
	const char *dash = strchr(s, '-');
	size_t n = dash == NULL ? strlen(s) : (size_t)(dash - s);
	uint64_t first, last;
	char word[CONF_FORMAT];

	if (n >= sizeof(word))
		return -1;
	memcpy(word, s, n);
	word[n] = '\0';
	if (conf_parse_num(word, &first) == -1)
		return -1;
	last = first;
	if (dash != NULL && conf_parse_num(dash + 1, &last) == -1)
		return -1;
	if (first > last || last > UINT32_MAX)
		return -1;
	r->first = (uint32_t)first;
	r->last = (uint32_t)last;
	return 0;
}

static bool
begins_with(const uint8_t *addr, const struct conf_prefix *p)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (memcmp(addr, p->addr, whole) != 0)
		return false;
	return rest == 0 || (addr[whole] ^ p->addr[whole]) >> (8 - rest) == 0;
}

bool
conf_prefix_match(const struct conf_prefixes *set, const struct sockaddr *sa)
{
	const struct in6_addr *in6;
	const uint8_t *addr;
	int family = sa->sa_family;
	size_t i;

	if (family == AF_INET) {
		addr = (const uint8_t *)&((const struct sockaddr_in *)sa)
			   ->sin_addr;
	} else if (family == AF_INET6) {
		in6 = &((const struct sockaddr_in6 *)sa)->sin6_addr;
		addr = in6->s6_addr;
		if (IN6_IS_ADDR_V4MAPPED(in6)) {
			family = AF_INET;
			addr += 12;
		}
	} else
		return false;
	for (i = 0; i < set->n; i++)
		if (set->v[i].family == family && begins_with(addr, &set->v[i]))
			return true;
	return false;
}
