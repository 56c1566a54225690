/*
 * A name of any content through rules of every kind, from any address; and
 * rules with templates and patterns of any content. No place may lie outside
 * its base, and the verdict must fit what came out.
 *
 * Input: one byte of flags, 16 of address, then strings, each ended by a NUL:
 * the name, replace, root, pattern.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "map.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

#define FLAG_V6 1
#define FLAG_LOWER 2
#define FLAG_FALLBACK 4
#define FLAG_DENY 8
#define FLAG_KIND(f) (((f) >> 4) & 3)

#define HW "02-00-00-00-be-ef"
#define S(text) ((char *)(uintptr_t)(text))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct input {
	const uint8_t *p;
	size_t len;
};

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char *roots[] = { S("/srv/tftp"), S("/srv/%i"), S("/") };

static char *
take_string(struct input *in, size_t limit)
{
	size_t n = strnlen((const char *)in->p, in->len);
	char *s = strndup((const char *)in->p, n < limit ? n : limit);

	CHECK(s != NULL);
	in->p += n < in->len ? n + 1 : n;
	in->len -= n < in->len ? n + 1 : n;
	return s;
}

static void
take_address(struct input *in, bool v6, union sock_addr *a)
{
	size_t n = in->len < 16 ? in->len : 16;

	memset(a, 0, sizeof(*a));
	a->sa.sa_family = v6 ? AF_INET6 : AF_INET;
	if (v6)
		memcpy(&a->in6.sin6_addr, in->p, n);
	else
		memcpy(&a->in.sin_addr, in->p, n < 4 ? n : 4);
	in->p += n;
	in->len -= n;
}

static void
check_place(const struct map_candidate *c)
{
	const char *s = c->path;
	char base[MAP_NAME];
	size_t n;

	CHECK(strcmp(c->base, map_base(c->root, base)) == 0);
	CHECK(c->base[0] == '/' && strlen(c->base) < MAP_NAME);
	CHECK(*s != '\0' && strlen(s) < MAP_NAME);
	CHECK(strchr(s, '\\') == NULL);
	for (;; s += n + 1) {
		n = strcspn(s, "/");
		CHECK(n > 0);
		CHECK(!(n == 1 && s[0] == '.'));
		CHECK(!(n == 2 && s[0] == '.' && s[1] == '.'));
		if (s[n] == '\0')
			return;
	}
}

static void
check_name(const struct map_rule *v, size_t n, const char *name,
    const union sock_addr *peer)
{
	struct map_rules rules = { v, n, roots, COUNT(roots) };
	struct map_client client = { peer, strlen(name) % 2 == 0 ? "" : HW };
	struct map_candidate found[MAP_CANDIDATES];
	size_t places = 77;
	enum map_verdict verdict =
	    map_name(&rules, name, &client, found, &places);

	CHECK(places <= MAP_CANDIDATES);
	CHECK((verdict == MAP_OK) == (places > 0));
	CHECK(*name != '\0' || verdict == MAP_NONE);
	for (size_t i = 0; i < places; i++)
		check_place(&found[i]);
	/* Nothing of it is kept: the same name leads to the same places. */
	CHECK(map_name(&rules, name, &client, found, &places) == verdict);
}

static struct map_rule fixed[] = {
	{ .regex = S("^([0-9a-f-]+)/(.*)\\.(cfg|bin)$"),
	    .replace = S("%1/\\2.%3"),
	    .root = S("/srv/%1/%x"),
	    .fallback = true },
	{ .regex = S("(a*)*(b|bb)+(.?)"), .replace = S("%0\\0%2\\3") },
	{ .glob = S("*.[ch]*"), .replace = S("%i/x") },
	{ .prefix = S("pxelinux.cfg/"), .root = S("/p/%i"), .fallback = true },
	{ .match = S("\\"), .replace = S("/") },
	{ .match = S("x"), .replace = S("") },
	{ .prefix = S("m/"), .replace = S("%m/"), .root = S("/m/%m") },
	{ .prefix = S("no/"), .deny = true },
	{ .lowercase = true },
};

static void
begin(void)
{
	static bool begun;

	/* What is wrong with a rule is not to fill the screen. */
	log_level(LOG_EMERG);
	for (size_t i = 0; i < COUNT(fixed) && !begun; i++)
		CHECK(map_compile(&fixed[i]) == 0);
	begun = true;
}

/* A rule of the input; a regex is one of ours: regcomp is not on trial. */
static void
check_rule(struct input *in, unsigned flags, const char *name,
    const union sock_addr *peer)
{
	char *replace = take_string(in, MAP_NAME / 2);
	char *root = take_string(in, MAP_NAME / 2);
	char *pattern = take_string(in, 24);
	struct map_rule r = { .replace = *pattern != '\0' ? replace : NULL,
		.root = root,
		.lowercase = flags & FLAG_LOWER,
		.fallback = flags & FLAG_FALLBACK,
		.deny = flags & FLAG_DENY };
	unsigned kind = FLAG_KIND(flags);

	if (r.deny)
		r.replace = NULL;
	if (kind == 0)
		r.match = pattern;
	else if (kind == 1)
		r.prefix = pattern;
	else if (kind == 2)
		r.glob = pattern;
	else
		r.regex = S("^(.)(.*)$");
	if (map_compile(&r) == 0)
		check_name(&r, 1, name, peer);
	map_forget(&r);
	free(replace);
	free(root);
	free(pattern);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct input in = { p + 1, len - 1 };
	union sock_addr peer;
	char *name;

	if (len == 0)
		return 0;
	begin();
	take_address(&in, p[0] & FLAG_V6, &peer);
	name = take_string(&in, 2 * MAP_NAME);
	check_name(NULL, 0, name, &peer);
	for (size_t i = 0; i < COUNT(fixed); i++)
		check_name(&fixed[i], 1, name, &peer);
	check_name(fixed, COUNT(fixed), name, &peer);
	check_rule(&in, p[0], name, &peer);
	free(name);
	return 0;
}
