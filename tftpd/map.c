/* map: from the name a client asked for to files, see map.h. */
#include <arpa/inet.h>

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "map.h"

#define GROUPS 10 /* %0 to %9 */
#define RULE_AT(member) offsetof(struct map_rule, member)

/* clang-format off */
const struct conf_key map_keys[] = {
	{ .name = "match", .type = CONF_STR, .offset = RULE_AT(match), .def = "", .max = MAP_NAME / 2 },
	{ .name = "prefix", .type = CONF_STR, .offset = RULE_AT(prefix), .def = "", .max = MAP_NAME / 2 },
	{ .name = "glob", .type = CONF_STR, .offset = RULE_AT(glob), .def = "", .max = MAP_NAME / 2 },
	{ .name = "regex", .type = CONF_STR, .offset = RULE_AT(regex), .def = "", .max = MAP_NAME / 2 },
	{ .name = "networks", .type = CONF_PREFIXES, .offset = RULE_AT(networks), .def = NULL, .max = 256 },
	{ .name = "replace", .type = CONF_STR, .offset = RULE_AT(replace), .def = NULL, .max = MAP_NAME / 2 },
	{ .name = "lowercase", .type = CONF_BOOL, .offset = RULE_AT(lowercase), .def = "no" },
	{ .name = "root", .type = CONF_STR, .offset = RULE_AT(root), .def = "", .max = MAP_NAME / 2 },
	{ .name = "fallback", .type = CONF_BOOL, .offset = RULE_AT(fallback), .def = "no" },
	{ .name = "deny", .type = CONF_BOOL, .offset = RULE_AT(deny), .def = "no" },
	{ .type = CONF_END },
};
/* clang-format on */

/* A string being written; once full it stays as it is. */
struct text {
	char *p;
	size_t n, size; /* n bytes and a NUL stand there */
	bool full;
};

/* What a template may speak of. */
struct context {
	const struct map_client *client;
	const char *name;
	const regmatch_t *groups; /* GROUPS of them in name; NULL: none */
};

/* One request on its way through the rules. */
struct walk {
	const struct map_client *client;
	struct map_candidate *out;
	size_t n;
	size_t first; /* of the configuration's roots: this one, then others */
	char name[MAP_NAME];
	regmatch_t groups[GROUPS];
};

static bool
given(const char *s)
{
	return s != NULL && *s != '\0';
}

static struct text
text_begin(char *p, size_t size)
{
	*p = '\0';
	return (struct text){ .p = p, .size = size };
}

static void
text_add(struct text *t, const char *s, size_t n)
{
	if (t->full || n >= t->size - t->n) {
		t->full = true;
		return;
	}
	memcpy(t->p + t->n, s, n);
	t->n += n;
	t->p[t->n] = '\0';
}

static bool
separator(char c)
{
	return c == '/' || c == '\\';
}

/*
 * Add the components of a path, without empty ones and ".". false where one
 * is ".." or there is no room: nothing may be done with the text then.
 */
static bool
add_components(struct text *t, const char *s)
{
	size_t n;

	for (; *s != '\0'; s += n) {
		for (n = 0; s[n] != '\0' && !separator(s[n]); n++)
			;
		if (n == 2 && s[0] == '.' && s[1] == '.')
			return false;
		if (n > 0 && !(n == 1 && s[0] == '.')) {
			if (t->n > 0)
				text_add(t, "/", 1);
			text_add(t, s, n);
		}
		if (n == 0)
			n = 1;
	}
	return !t->full;
}

/*
 * Take the next piece of a template: false for a plain byte, true for the
 * letter behind an escape (0 where the template ends there).
 */
static bool
next_piece(const char **s, bool backslash, char *c)
{
	char escape = *(*s)++;

	*c = escape;
	if (escape != '%' && !(backslash && escape == '\\'))
		return false;
	*c = **s;
	if (*c != '\0')
		(*s)++;
	return *c != escape;
}

/* NULL, or what is wrong with a template; groups as for map_root_check. */
static const char *
template_check(const char *s, bool backslash, unsigned groups)
{
	char c;

	while (*s != '\0') {
		if (!next_piece(&s, backslash, &c) || c == 'i' || c == 'x' ||
		    c == 'm')
			continue;
		if (c < '0' || c > '9')
			return "only %i, %x, %m, %% and, with regex, %0 to %9 "
			       "are known";
		if (groups == 0)
			return "%0 to %9 need a regex";
		if ((unsigned)(c - '0') >= groups)
			return "the regex has fewer parentheses";
	}
	return NULL;
}

/* Does %m stand in a template? */
static bool
template_hw(const char *s, bool backslash)
{
	char c;

	while (s != NULL && *s != '\0')
		if (next_piece(&s, backslash, &c) && c == 'm')
			return true;
	return false;
}

char *
map_hw(const uint8_t *hw, size_t len, char out[MAP_HW])
{
	size_t i;

	*out = '\0';
	if (len > MAP_HW / 3)
		len = MAP_HW / 3;
	for (i = 0; i < len; i++)
		snprintf(
		    out + 3 * i, 4, "%02x%s", hw[i], i + 1 < len ? "-" : "");
	return out;
}

/* The bytes of an address, 4 or 16 (0: another family). */
static size_t
peer_bytes(const union sock_addr *peer, uint8_t out[16])
{
	const struct in6_addr *a6 = &peer->in6.sin6_addr;

	if (peer->sa.sa_family == AF_INET) {
		memcpy(out, &peer->in.sin_addr, 4);
		return 4;
	}
	if (peer->sa.sa_family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(a6)) {
		memcpy(out, a6->s6_addr + 12, 4);
		return 4;
	}
	memcpy(out, a6->s6_addr, 16);
	return 16;
}

static void
add_address(struct text *t, const union sock_addr *peer, bool hex)
{
	char name[INET6_ADDRSTRLEN], digits[3];
	uint8_t a[16];
	size_t n = peer_bytes(peer, a);

	if (!hex) {
		if (n > 0 &&
		    inet_ntop(n == 4 ? AF_INET : AF_INET6, a, name,
			sizeof(name)) != NULL)
			text_add(t, name, strlen(name));
		return;
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(digits, sizeof(digits), "%02X", a[i]);
		text_add(t, digits, 2);
	}
}

static void
add_group(struct text *t, const struct context *c, unsigned i)
{
	const regmatch_t *m;

	if (c->groups == NULL || c->groups[i].rm_so < 0)
		return;
	m = &c->groups[i];
	text_add(t, c->name + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
}

static void
expand(struct text *t, const char *s, bool backslash, const struct context *c)
{
	char letter;

	while (*s != '\0' && !t->full) {
		if (!next_piece(&s, backslash, &letter))
			text_add(t, &letter, 1);
		else if (letter == 'i' || letter == 'x')
			add_address(t, c->client->peer, letter == 'x');
		else if (letter == 'm')
			text_add(t, c->client->hw, strlen(c->client->hw));
		else if (letter >= '0' && letter <= '9')
			add_group(t, c, (unsigned)(letter - '0'));
	}
}

/* Where the part of a root that is not known at start begins. */
static size_t
base_length(const char *root)
{
	size_t n = strcspn(root, "%");

	if (root[n] == '\0')
		return n;
	while (n > 0 && root[n - 1] != '/')
		n--;
	return n;
}

char *
map_base(const char *root, char out[MAP_NAME])
{
	size_t n = base_length(root);

	while (n > 1 && root[n - 1] == '/')
		n--;
	if (n >= MAP_NAME)
		n = MAP_NAME - 1;
	memcpy(out, root, n);
	out[n] = '\0';
	return out;
}

const char *
map_root_check(const char *root, unsigned groups)
{
	char clean[MAP_NAME];
	struct text t = text_begin(clean, sizeof(clean));

	if (*root != '/')
		return "must be an absolute path";
	if (strlen(root) > MAP_NAME / 2)
		return "too long";
	if (!add_components(&t, root))
		return "must not have a \"..\" component";
	return template_check(root, false, groups);
}

/* POSIX leaves back-references in an ERE undefined, glibc knows them. */
static bool
back_reference(const char *s)
{
	bool escaped = false;

	for (; *s != '\0'; s++) {
		if (escaped && *s >= '1' && *s <= '9')
			return true;
		escaped = !escaped && *s == '\\';
	}
	return false;
}

static int
wrong(const struct map_rule *r, const char *key, const char *text)
{
	conf_error(r->line, key, "%s", text);
	return -1;
}

static int
compile_regex(struct map_rule *r)
{
	char text[256];
	int error;

	if (strncmp(r->regex, "^/", 2) == 0 &&
	    (r->regex[2] == '\0' || strchr("?*{", r->regex[2]) == NULL))
		return wrong(r, "map.regex",
		    "would never fit: names have no leading slash");
	if (back_reference(r->regex))
		return wrong(r, "map.regex",
		    "back-references are not supported: they can take "
		    "exponential time");
	error = regcomp(&r->re, r->regex, REG_EXTENDED);
	if (error != 0) {
		regerror(error, &r->re, text, sizeof(text));
		return wrong(r, "map.regex", text);
	}
	r->compiled = true;
	return 0;
}

/* What the keys of a rule say together. */
static int
check_shape(const struct map_rule *r, unsigned patterns)
{
	int bad = 0;

	if (patterns > 1)
		bad = wrong(r, "map",
		    "only one of match, prefix, glob and regex can be given");
	if (r->deny && (r->replace != NULL || given(r->root)))
		bad = wrong(r, "map.deny", "can't stand with replace or root");
	if (r->replace != NULL && patterns == 0)
		bad = wrong(r, "map.replace",
		    "needs one of match, prefix, glob and regex");
	if (r->fallback && !given(r->root))
		bad = wrong(r, "map.fallback", "needs root");
	return bad;
}

int
map_compile(struct map_rule *r)
{
	unsigned patterns = given(r->match) + given(r->prefix) +
	    given(r->glob) + given(r->regex);
	unsigned groups = 0;
	const char *why;
	int bad = check_shape(r, patterns);

	if (given(r->regex)) {
		/* Without the regex the parentheses can't be counted. */
		if (compile_regex(r) != 0)
			return -1;
		groups = r->re.re_nsub < GROUPS ? (unsigned)r->re.re_nsub + 1 :
						  GROUPS;
	}
	if (r->replace != NULL &&
	    (why = template_check(r->replace, groups > 0, groups)) != NULL)
		bad = wrong(r, "map.replace", why);
	if (given(r->root) && (why = map_root_check(r->root, groups)) != NULL)
		bad = wrong(r, "map.root", why);
	r->hw =
	    template_hw(r->replace, r->compiled) || template_hw(r->root, false);
	return bad;
}

void
map_forget(struct map_rule *r)
{
	if (r->compiled)
		regfree(&r->re);
	r->compiled = false;
}

bool
map_needs_hw(const struct map_rules *rules)
{
	size_t i;

	for (i = 0; i < rules->n; i++)
		if (rules->v[i].hw)
			return true;
	for (i = 0; i < rules->nroots; i++)
		if (template_hw(rules->roots[i], false))
			return true;
	return false;
}

/* Names have no leading slash, so a pattern's own means nothing. */
static const char *
relative(const char *pattern)
{
	return pattern + strspn(pattern, "/");
}

/* Does the rule fit the name, looked at from `from`? Where: groups[0]. */
static bool
fits(const struct map_rule *r, struct walk *w, size_t from)
{
	const char *name = w->name + from, *at = name;
	size_t n = strlen(name);

	for (size_t i = 0; i < GROUPS; i++)
		w->groups[i].rm_so = w->groups[i].rm_eo = -1;
	if (r->compiled)
		return regexec(&r->re, name, GROUPS, w->groups, 0) == 0;
	if (given(r->match)) {
		n = strlen(r->match);
		if ((at = strstr(name, r->match)) == NULL)
			return false;
	} else if (given(r->prefix)) {
		n = strlen(relative(r->prefix));
		if (strncmp(name, relative(r->prefix), n) != 0)
			return false;
	} else if (given(r->glob)) {
		if (fnmatch(relative(r->glob), name, FNM_PATHNAME) != 0)
			return false;
	}
	w->groups[0].rm_so = (regoff_t)(at - w->name);
	w->groups[0].rm_eo = w->groups[0].rm_so + (regoff_t)n;
	return true;
}

/* Put the replacement where the rule fits; false: the name is too long. */
static bool
replace(const struct map_rule *r, struct walk *w)
{
	const struct context c = { w->client, w->name, w->groups };
	char out[MAP_NAME];
	struct text t = text_begin(out, sizeof(out));
	size_t at = 0;

	do {
		text_add(&t, w->name + at, (size_t)w->groups[0].rm_so - at);
		expand(&t, r->replace, r->compiled, &c);
		at = (size_t)w->groups[0].rm_eo;
	} while (given(r->match) && fits(r, w, at));
	text_add(&t, w->name + at, strlen(w->name + at));
	if (t.full)
		return false;
	memcpy(w->name, out, t.n + 1);
	return true;
}

static void
lowercase(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	}
}

/* The part of a clean name that lies below a clean directory, or the name. */
static const char *
below(const char *name, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 0 || strncmp(name, dir, n) != 0)
		return name;
	if (name[n] == '/')
		return name + n + 1;
	return name[n] == '\0' ? name + n : name;
}

/* The name below a root as one more candidate. */
static enum map_verdict
add_candidate(struct walk *w, const char *root, const struct context *c)
{
	struct map_candidate *out = &w->out[w->n];
	char rest[MAP_NAME];
	struct text r = text_begin(rest, sizeof(rest));
	struct text path;

	if (w->n == MAP_CANDIDATES)
		return MAP_OK;
	if (*w->name == '\0')
		return MAP_NONE;
	path = text_begin(out->path, sizeof(out->path));
	expand(&r, root + base_length(root), false, c);
	map_base(root, out->base);
	if (r.full || !add_components(&path, rest) ||
	    !add_components(&path, w->name))
		return MAP_ILLEGAL;
	out->root = root;
	w->n++;
	return MAP_OK;
}

/* Put a name in its clean form; false where it has a ".." component. */
static bool
clean(char name[MAP_NAME])
{
	char out[MAP_NAME];
	struct text t = text_begin(out, sizeof(out));

	if (!add_components(&t, name))
		return false;
	memcpy(name, out, t.n + 1);
	return true;
}

/*
 * An absolute name may begin with a root's own path. That is taken away before
 * the rules look, so that no spelling of a name passes by a rule.
 */
static void
strip_root(struct walk *w, const struct map_rules *rules)
{
	char dir[MAP_NAME];
	const char *tail;

	for (size_t i = 0; i < rules->nroots; i++) {
		map_base(rules->roots[i], dir);
		if (!clean(dir))
			continue;
		tail = below(w->name, dir);
		if (tail != w->name) {
			memmove(w->name, tail, strlen(tail) + 1);
			w->first = i;
			return;
		}
	}
}

/* What a rule that fits says; *end where nothing further is to be tried. */
static enum map_verdict
apply(const struct map_rule *r, struct walk *w, bool *end)
{
	struct context c = { w->client, NULL, NULL };
	char before[MAP_NAME];
	regmatch_t groups[GROUPS];

	if (r->deny) {
		*end = true;
		return w->n > 0 ? MAP_OK : MAP_DENIED;
	}
	if (r->compiled) {
		/* The root speaks of the name that the regex saw. */
		memcpy(before, w->name, sizeof(before));
		memcpy(groups, w->groups, sizeof(groups));
		c.name = before;
		c.groups = groups;
	}
	if (r->replace != NULL && !replace(r, w))
		return MAP_ILLEGAL;
	if (r->lowercase)
		lowercase(w->name);
	if (!clean(w->name))
		return MAP_ILLEGAL;
	if (!given(r->root))
		return MAP_OK;
	*end = !r->fallback;
	return add_candidate(w, r->root, &c);
}

static bool
applies(const struct map_rule *r, struct walk *w)
{
	if (r->hw && *w->client->hw == '\0')
		return false;
	if (r->networks.n > 0 &&
	    !conf_prefix_match(&r->networks, &w->client->peer->sa))
		return false;
	return fits(r, w, 0);
}

/* Rules, then the configuration's roots; the first verdict that ends it. */
static enum map_verdict
walk_rules(struct walk *w, const struct map_rules *rules)
{
	const struct context c = { w->client, NULL, NULL };
	enum map_verdict v;
	bool end = false;
	size_t k;

	for (size_t i = 0; i < rules->n && !end; i++) {
		if (!applies(&rules->v[i], w))
			continue;
		v = apply(&rules->v[i], w, &end);
		if (v == MAP_DENIED || v == MAP_ILLEGAL)
			return v;
	}
	for (size_t i = 0; i < rules->nroots && !end; i++) {
		k = i == 0 ? w->first : i - (i <= w->first);
		if (*w->client->hw == '\0' &&
		    template_hw(rules->roots[k], false))
			continue;
		if (add_candidate(w, rules->roots[k], &c) == MAP_ILLEGAL)
			return MAP_ILLEGAL;
	}
	return w->n > 0 ? MAP_OK : MAP_NONE;
}

enum map_verdict
map_name(const struct map_rules *rules, const char *name,
    const struct map_client *client, struct map_candidate out[MAP_CANDIDATES],
    size_t *n)
{
	struct walk w = { .client = client, .out = out };
	enum map_verdict v;

	*n = 0;
	if (strlcpy(w.name, name, sizeof(w.name)) >= sizeof(w.name))
		return MAP_ILLEGAL;
	if (!clean(w.name))
		return MAP_ILLEGAL;
	if (separator(*name))
		strip_root(&w, rules);
	if (*w.name == '\0')
		return MAP_NONE;
	v = walk_rules(&w, rules);
	if (v == MAP_OK)
		*n = w.n;
	return v;
}
