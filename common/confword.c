/*
 * The words of the configuration language: pure functions.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "conf.h"
#include "confpart.h"

/* Of each type the largest first; "" is the bare number. */
static const struct unit {
	enum conf_type type;
	const char *name;
	uint64_t scale;
} units[] = {
	{ CONF_SIZE, "T", 1ULL << 40 },
	{ CONF_SIZE, "G", 1ULL << 30 },
	{ CONF_SIZE, "M", 1ULL << 20 },
	{ CONF_SIZE, "k", 1ULL << 10 },
	{ CONF_SIZE, "", 1 },
	{ CONF_TIME, "d", 86400000 },
	{ CONF_TIME, "h", 3600000 },
	{ CONF_TIME, "m", 60000 },
	{ CONF_TIME, "s", 1000 },
	{ CONF_TIME, "ms", 1 },
	{ CONF_TIME, "", 1000 },
	{ CONF_NUM, "", 1 },
	{ CONF_END, "", 1 },
};

/* What follows the digits; NULL: there are none, or too many. */
static const char *
parse_digits(const char *s, uint64_t *v)
{
	uint64_t digit;

	if (*s < '0' || *s > '9')
		return NULL;
	for (*v = 0; *s >= '0' && *s <= '9'; s++) {
		digit = (uint64_t)(*s - '0');
		if (*v > (UINT64_MAX - digit) / 10)
			return NULL;
		*v = *v * 10 + digit;
	}
	return s;
}

int
conf_parse(enum conf_type type, const char *s, uint64_t *out)
{
	const struct unit *u = units;
	uint64_t v;

	if ((s = parse_digits(s, &v)) == NULL)
		return -1;
	while (
	    u->type != CONF_END && (u->type != type || strcmp(u->name, s) != 0))
		u++;
	if (u->type == CONF_END || v > UINT64_MAX / u->scale)
		return -1;
	*out = v * u->scale;
	return 0;
}

const char *
conf_format(enum conf_type type, uint64_t v, char out[CONF_FORMAT])
{
	const struct unit *u = units;

	while (u->type != CONF_END &&
	    (u->type != type || v == 0 || v % u->scale != 0))
		u++;
	snprintf(out, CONF_FORMAT, "%llu%s", (unsigned long long)v / u->scale,
	    u->name);
	return out;
}

int
conf_parse_range(const char *s, struct conf_range *r)
{
	uint64_t first, last;

	if ((s = parse_digits(s, &first)) == NULL)
		return -1;
	last = first;
	if (*s == '-' && (s = parse_digits(s + 1, &last)) == NULL)
		return -1;
	if (*s != '\0' || first > last || last > UINT32_MAX)
		return -1;
	r->first = (uint32_t)first;
	r->last = (uint32_t)last;
	return 0;
}

/* Are the bits from one up to another the same? */
static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned from, unsigned to)
{
	for (; from < to; from++)
		if ((a[from / 8] ^ b[from / 8]) & 0x80 >> from % 8)
			return false;
	return true;
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

const char *
conf_parse_prefix(const char *s, struct conf_prefix *p)
{
	static const char form[] = "is not a prefix such as 192.0.2.0/24";
	static const uint8_t zero[16];
	char host[INET6_ADDRSTRLEN + sizeof("/128")], *bits;
	uint64_t n, width = 32;

	memset(p, 0, sizeof(*p));
	p->family = AF_INET;
	if (strlcpy(host, s, sizeof(host)) >= sizeof(host))
		return form;
	if ((bits = strchr(host, '/')) != NULL)
		*bits++ = '\0';
	if (inet_pton(AF_INET, host, p->addr) != 1) {
		if (inet_pton(AF_INET6, host, p->addr) != 1)
			return form;
		p->family = AF_INET6;
		width = 128;
	}
	n = width;
	if (bits != NULL && (conf_parse(CONF_NUM, bits, &n) == -1 || n > width))
		return form;
	p->bits = (unsigned)n;
	if (!same_bits(p->addr, zero, p->bits, (unsigned)width))
		return "has host bits set";
	unmap(p);
	return NULL;
}

bool
conf_prefix_match(const struct conf_prefixes *set, const struct sockaddr *sa)
{
	struct conf_prefix peer = { .family = sa->sa_family, .bits = 128 };
	size_t i;

	if (sa->sa_family == AF_INET)
		memcpy(
		    peer.addr, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(peer.addr, &((const struct sockaddr_in6 *)sa)->sin6_addr,
		    16);
	unmap(&peer);
	for (i = 0; i < set->n; i++)
		if (set->v[i].family == peer.family &&
		    same_bits(peer.addr, set->v[i].addr, 0, set->v[i].bits))
			return true;
	return false;
}
