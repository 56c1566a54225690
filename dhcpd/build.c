/*
 * Networks, subnets, ranges and what of them is not given away.
 */
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "build.h"
#include "log.h"

#define WHOLE_LEAST                                                            \
	31 /* bits: no network's own or broadcast address (3021)               \
	    */

int
build_wrong(struct build *b, int line, const char *key, const char *fmt, ...)
{
	char why[LOG_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	conf_error(line, key, "%s", why);
	b->bad = true;
	return -1;
}

const char *
build_show(uint32_t ip, char out[BUILD_IP])
{
	struct in_addr a = { htonl(ip) };

	return inet_ntop(AF_INET, &a, out, BUILD_IP);
}

int
build_ip(const char *word, uint32_t *ip)
{
	struct in_addr a;

	if (inet_pton(AF_INET, word, &a) != 1)
		return -1;
	*ip = ntohl(a.s_addr);
	return 0;
}

int
build_range(const char *word, uint32_t *first, uint32_t *last)
{
	char text[2 * BUILD_IP], *end;

	if (strlcpy(text, word, sizeof(text)) >= sizeof(text))
		return -1;
	if ((end = strchr(text, '-')) != NULL)
		*end++ = '\0';
	if (build_ip(text, first) == -1)
		return -1;
	*last = *first;
	return end == NULL ? 0 : build_ip(end, last);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of digits, each but the last followed by `between` (0: nothing). */
static int
read_pairs(const char *p, char between, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (;; p++) {
		if (n == max || digit(p[0]) == -1 || digit(p[1]) == -1)
			return -1;
		out[n++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
		p += 2;
		if (*p == '\0')
			return (int)n;
		if (between == 0)
			p--;
		else if (*p != between)
			return -1;
	}
}

int
build_pairs(const char *word, uint8_t *out, size_t max)
{
	return read_pairs(
	    word, strchr(word, '-') != NULL ? '-' : ':', out, max);
}

int
build_bytes(const char *word, uint8_t *out, size_t max)
{
	size_t n = strnlen(word, max + 1);
	int pairs;

	if (word[0] == '0' && (word[1] | 0x20) == 'x')
		return read_pairs(word + 2, 0, out, max);
	if (n > 2 && word[2] == ':' &&
	    (pairs = read_pairs(word, ':', out, max)) != -1)
		return pairs;
	if (n == 0 || n > max)
		return -1;
	memcpy(out, word, n);
	return (int)n;
}

size_t
build_arch(
    struct build *b, int line, const struct conf_list *words, uint16_t out[16])
{
	size_t i, n = 0;
	uint64_t v;

	for (i = 0; i < words->n && n < 16; i++)
		if (conf_parse(CONF_NUM, words->v[i], &v) == -1 ||
		    v > UINT16_MAX)
			build_wrong(b, line, "arch",
			    "\"%.64s\" is not a number from 0 to 65535",
			    words->v[i]);
		else
			out[n++] = (uint16_t)v;
	return n;
}

void
build_server(
    struct build *b, int line, const char *word, struct in_addr *server)
{
	server->s_addr = 0;
	if (word != NULL && *word != '\0' &&
	    inet_pton(AF_INET, word, server) != 1)
		build_wrong(b, line, "next_server",
		    "\"%s\" is not an IPv4 address", word);
}

void
build_exclude(struct build *b, uint32_t first, uint32_t last)
{
	struct address_range *v = b->out;
	size_t size = b->out_size;

	if (b->nout == size) {
		size = size == 0 ? 256 : 2 * size;
		if ((v = reallocarray(v, size, sizeof(*v))) == NULL) {
			if (!b->bad)
				build_wrong(b, 0, "", "out of memory");
			return;
		}
		b->out = v;
		b->out_size = size;
	}
	v[b->nout++] = (struct address_range){ first, last };
}

static const struct class *
find_class(struct build *b, const struct level_range *in)
{
	const struct scopes *s = b->scopes;
	size_t i;

	if (in->class == NULL || *in->class == '\0')
		return NULL;
	for (i = 0; i < s->nclasses; i++)
		if (strcmp(s->classes[i].name, in->class) == 0)
			return &s->classes[i];
	build_wrong(b, in->line, "range", "\"%.64s\": there is no class \"%s\"",
	    in->name, in->class);
	return NULL;
}

/* Addresses of the subnet; 0 or -1, told. */
static int
read_range(struct build *b, const struct subnet *sub, int line, const char *key,
    const char *word, struct address_range *out)
{
	char net[BUILD_IP];

	if (build_range(word, &out->first, &out->last) == -1)
		return build_wrong(b, line, key,
		    "\"%.64s\" is not a range such as 192.0.2.10-192.0.2.99",
		    word);
	if (out->first > out->last)
		return build_wrong(
		    b, line, key, "\"%s\" ends before it begins", word);
	if ((out->first & sub->mask) != sub->net ||
	    (out->last & sub->mask) != sub->net)
		return build_wrong(b, line, key, "\"%s\" is not within %s/%u",
		    word, build_show(sub->net, net), sub->bits);
	return 0;
}

static void
add_range(struct build *b, struct subnet *sub, int line, const char *word,
    const struct level_range *in)
{
	struct range *r = &sub->ranges[sub->nranges];
	struct address_range a = { 0, 0 };

	if (word == NULL ||
	    read_range(
		b, sub, line, in == NULL ? "ranges" : "range", word, &a) == -1)
		return;
	r->first = a.first;
	r->last = a.last;
	r->line = line;
	r->subnet = sub;
	r->settings = sub->settings;
	if (in != NULL) {
		r->class = find_class(b, in);
		settings_build(b, &r->settings, &sub->settings, &in->level);
	}
	sub->nranges++;
}

static int
by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static void
check_ranges(struct build *b, const struct subnet *sub)
{
	const struct range *far = sub->ranges, *r;
	char first[BUILD_IP], last[BUILD_IP], other[BUILD_IP];
	size_t i;

	for (i = 1; i < sub->nranges; i++) {
		r = &sub->ranges[i];
		if (r->first <= far->last)
			build_wrong(b,
			    r->line > far->line ? r->line : far->line, "range",
			    "%s-%s overlaps the one from %s (line %d)",
			    build_show(r->first, first),
			    build_show(r->last, last),
			    build_show(far->first, other),
			    r->line > far->line ? far->line : r->line);
		if (r->last > far->last)
			far = r;
	}
}

static void
build_ranges(struct build *b, struct subnet *sub, const struct level_subnet *in)
{
	const struct level_range *r = in->ranges_in.v;
	size_t i;

	sub->ranges = scope_alloc(
	    b, in->ranges.n + in->ranges_in.n, sizeof(*sub->ranges));
	if (sub->ranges == NULL)
		return;
	for (i = 0; i < in->ranges.n; i++)
		add_range(b, sub, in->ranges_line, in->ranges.v[i], NULL);
	for (i = 0; i < in->ranges_in.n; i++)
		add_range(b, sub, r[i].line, r[i].name, &r[i]);
	qsort(sub->ranges, sub->nranges, sizeof(*sub->ranges), by_first);
	check_ranges(b, sub);
}

/* The first and the last address of each /24 of a range. */
static void
exclude_edges(struct build *b, const struct range *r)
{
	uint64_t net;

	for (net = r->first & ~UINT32_C(255); net <= r->last; net += 256) {
		build_exclude(b, (uint32_t)net, (uint32_t)net);
		build_exclude(b, (uint32_t)net + 255, (uint32_t)net + 255);
	}
}

static void
exclude_some(struct build *b, struct subnet *sub, const struct level_subnet *in)
{
	struct address_range a = { 0, 0 };
	size_t i;

	for (i = 0; i < in->exclude.n; i++)
		if (read_range(b, sub, in->exclude_line, "exclude",
			in->exclude.v[i], &a) == 0)
			build_exclude(b, a.first, a.last);
	if (sub->bits < WHOLE_LEAST) {
		build_exclude(b, sub->net, sub->net);
		build_exclude(b, sub->net | ~sub->mask, sub->net | ~sub->mask);
	}
	for (i = 0; i < sub->nranges; i++)
		if (sub->ranges[i].settings.skip_net_bcast && sub->bits < 24)
			exclude_edges(b, &sub->ranges[i]);
}

/* The next subnet of the network, unless it has no proper prefix. */
static void
add_subnet(struct build *b, struct network *net, const struct settings *from,
    const struct level_subnet *in)
{
	struct subnet *sub = &net->subnets[net->nsubnets];
	struct conf_prefix p = { .family = AF_INET };
	const char *why;

	if (in->name == NULL)
		return;
	if ((why = conf_parse_prefix(in->name, &p)) == NULL &&
	    (p.family != AF_INET || strchr(in->name, '/') == NULL ||
		p.bits == 0))
		why = "is not an IPv4 prefix such as 192.0.2.0/24";
	if (why != NULL) {
		build_wrong(
		    b, in->line, "subnet", "\"%.64s\" %s", in->name, why);
		return;
	}
	sub->bits = p.bits;
	sub->mask = UINT32_MAX << (32 - p.bits);
	sub->net = (uint32_t)p.addr[0] << 24 | (uint32_t)p.addr[1] << 16 |
	    (uint32_t)p.addr[2] << 8 | p.addr[3];
	sub->network = net;
	sub->line = in->line;
	settings_build(b, &sub->settings, from, &in->level);
	build_ranges(b, sub, in);
	exclude_some(b, sub, in);
	net->nsubnets++;
}

static void
note_hosts(
    struct build *b, const struct conf_sections *in, const struct network *net)
{
	b->places[b->nplaces++] = (struct build_place){ in, net };
}

/* A network of these subnets; one that stands alone has one. NULL: no memory.
 */
static const struct network *
add_network(struct build *b, const char *name, const struct settings *from,
    const struct level_subnet *in, size_t n)
{
	struct scopes *s = b->scopes;
	struct network *net = &s->networks[s->nnetworks];
	size_t i;

	net->subnets = scope_alloc(b, n, sizeof(*net->subnets));
	if (net->subnets == NULL)
		return NULL;
	net->name = name == NULL ? "" : name;
	net->number = (uint32_t)++s->nnetworks;
	for (i = 0; i < n; i++) {
		add_subnet(b, net, from, &in[i]);
		note_hosts(b, &in[i].hosts, net);
	}
	return net;
}

static void
add_shared(
    struct build *b, const struct settings *file, const struct level_shared *in)
{
	struct settings *own = scope_alloc(b, 1, sizeof(*own));
	const struct network *net;

	if (own == NULL)
		return;
	settings_build(b, own, file, &in->level);
	net = add_network(b, in->name, own, in->subnets.v, in->subnets.n);
	if (net != NULL)
		note_hosts(b, &in->hosts, net);
}

static void
add_networks(struct build *b, const struct settings *file)
{
	const struct dhcpd_conf *c = b->conf;
	const struct level_shared *shared = c->shared.v;
	const struct level_subnet *alone = c->subnets.v;
	size_t i, n = c->shared.n + c->subnets.n, places = n;

	for (i = 0; i < c->shared.n; i++)
		places += shared[i].subnets.n;
	b->scopes->networks = scope_alloc(b, n, sizeof(struct network));
	b->places = scope_alloc(b, places, sizeof(*b->places));
	if (b->scopes->networks == NULL || b->places == NULL)
		return;
	for (i = 0; i < c->shared.n; i++)
		add_shared(b, file, &shared[i]);
	for (i = 0; i < c->subnets.n; i++)
		add_network(b, alone[i].name, file, &alone[i], 1);
}

static void
check_subnets(struct build *b)
{
	const struct subnet *far = scope_subnet_at(b->scopes, 0), *sub;
	char one[BUILD_IP], two[BUILD_IP];
	bool later;
	size_t i;

	for (i = 1; (sub = scope_subnet_at(b->scopes, i)) != NULL; i++) {
		later = sub->line > far->line;
		if (sub->net <= (far->net | ~far->mask))
			build_wrong(b, later ? sub->line : far->line, "subnet",
			    "%s/%u overlaps %s/%u (line %d)",
			    build_show(later ? sub->net : far->net, one),
			    later ? sub->bits : far->bits,
			    build_show(later ? far->net : sub->net, two),
			    later ? far->bits : sub->bits,
			    later ? far->line : sub->line);
		if ((sub->net | ~sub->mask) > (far->net | ~far->mask))
			far = sub;
	}
}

static int
by_address(const void *a, const void *b)
{
	const struct address_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Sort and join. */
static void
join_excluded(struct build *b)
{
	struct address_range *v = b->out;
	size_t i, n = 0;

	qsort(v, b->nout, sizeof(*v), by_address);
	for (i = 0; i < b->nout; i++)
		if (n > 0 && v[i].first <= (uint64_t)v[n - 1].last + 1) {
			if (v[i].last > v[n - 1].last)
				v[n - 1].last = v[i].last;
		} else {
			v[n++] = v[i];
		}
	b->nout = n;
}

/* What of it lies in ranges, a piece for each. NULL: count only. */
static size_t
cut_excluded(const struct build *b, struct address_range *to)
{
	const struct address_range *x = b->out, *end = x + b->nout;
	const struct range *r;
	size_t i, n = 0;

	for (i = 0; (r = scope_range_at(b->scopes, i)) != NULL; i++) {
		while (x < end && x->last < r->first)
			x++;
		for (; x < end && x->first <= r->last; x++) {
			if (to != NULL) {
				to[n].first =
				    x->first > r->first ? x->first : r->first;
				to[n].last =
				    x->last < r->last ? x->last : r->last;
			}
			n++;
			if (x->last > r->last)
				break; /* it goes on in the next range */
		}
	}
	return n;
}

static void
store_excluded(struct build *b)
{
	struct scopes *s = b->scopes;

	if (b->nout == 0)
		return;
	join_excluded(b);
	s->nexcluded = cut_excluded(b, NULL);
	s->excluded = scope_alloc(b, s->nexcluded, sizeof(*s->excluded));
	if (s->excluded != NULL)
		cut_excluded(b, s->excluded);
}

static void
build_file(struct build *b, struct settings *file)
{
	size_t i;

	file->ddns_forward = b->conf->ddns.forward;
	if (file->ddns_forward != NULL && *file->ddns_forward == '\0')
		file->ddns_forward = NULL;
	file->ddns_reverse = b->conf->ddns.reverse;
	settings_build(b, file, file, &b->conf->level);
	class_build(b);
	add_networks(b, file);
	if (b->places == NULL || scope_index(b) == -1)
		return;
	check_subnets(b);
	for (i = 0; i < b->nplaces; i++)
		hosts_add(b, b->places[i].hosts, b->places[i].network);
	hosts_add(b, &b->conf->hosts_in, NULL);
	hosts_read(b);
	store_excluded(b);
}

int
build_scopes(struct dhcpd_conf *c)
{
	struct build b = { .conf = c, .scopes = &c->scopes };
	struct settings *file;

	scope_free(&c->scopes);
	file = scope_alloc(&b, 1, sizeof(*file));
	if (file != NULL)
		build_file(&b, file);
	free(b.out);
	return b.bad ? -1 : 0;
}
