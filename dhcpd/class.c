/*
 * Classes and boot sections: how they are built, and who belongs to them.
 */
#include <string.h>

#include "build.h"
#include "scope.h"

enum {
	OPT_VENDOR_CLASS = 60,
	OPT_USER_CLASS = 77,
	OPT_AGENT = 82,
	OPT_ARCH = 93,
};
enum { AGENT_CIRCUIT = 1, AGENT_REMOTE = 2 };

static bool
begins(const struct options *o, uint8_t code, const char *prefix)
{
	size_t n = strlen(prefix);

	return o->at[code] != NULL && o->len[code] >= n &&
	    memcmp(o->at[code], prefix, n) == 0;
}

/*
 * RFC 3004 has a list of strings with a length before each; firmware such as
 * iPXE's sends the bare text.
 */
static bool
has_user_class(const struct options *o, const char *name)
{
	const uint8_t *p = o->at[OPT_USER_CLASS];
	size_t n = o->len[OPT_USER_CLASS], want = strlen(name);

	if (p == NULL)
		return false;
	if (n == want && memcmp(p, name, n) == 0)
		return true;
	while (n > 0 && *p < n) {
		if (*p == want && memcmp(p + 1, name, want) == 0)
			return true;
		n -= *p + 1u;
		p += *p + 1u;
	}
	return false;
}

static bool
has_arch(const struct options *o, const uint16_t *arch, size_t narch)
{
	const uint8_t *p = o->at[OPT_ARCH];
	size_t i, j;

	for (i = 0; p != NULL && i + 1 < o->len[OPT_ARCH]; i += 2)
		for (j = 0; j < narch; j++)
			if (arch[j] == (p[i] << 8 | p[i + 1]))
				return true;
	return false;
}

static bool
has_agent(
    const struct options *o, uint8_t code, const uint8_t *want, size_t len)
{
	const uint8_t *p = NULL;
	size_t n = 0;

	if (o->at[OPT_AGENT] != NULL)
		p = option_sub(o->at[OPT_AGENT], o->len[OPT_AGENT], code, &n);
	return p != NULL && n == len && memcmp(p, want, n) == 0;
}

bool
scope_in_class(const struct class *c, const struct packet *p)
{
	const struct options *o = &p->options;

	if (c->vendor_prefix != NULL &&
	    !begins(o, OPT_VENDOR_CLASS, c->vendor_prefix))
		return false;
	if (c->user_class != NULL && !has_user_class(o, c->user_class))
		return false;
	if (c->narch > 0 && !has_arch(o, c->arch, c->narch))
		return false;
	if (p->hlen < c->hwlen || memcmp(p->chaddr, c->hw, c->hwlen) != 0)
		return false;
	if (c->circuit != NULL &&
	    !has_agent(o, AGENT_CIRCUIT, c->circuit, c->circuit_len))
		return false;
	return c->remote == NULL ||
	    has_agent(o, AGENT_REMOTE, c->remote, c->remote_len);
}

const struct class *
scope_class(const struct scopes *s, const struct packet *p)
{
	size_t i;

	for (i = 0; i < s->nclasses; i++)
		if (scope_in_class(&s->classes[i], p))
			return &s->classes[i];
	return NULL;
}

const struct boot *
scope_boot(const struct boot *b, size_t n, const struct packet *p)
{
	const struct options *o = &p->options;
	size_t i;

	for (i = 0; i < n; i++, b++)
		if ((b->narch == 0 || has_arch(o, b->arch, b->narch)) &&
		    (b->user_class == NULL ||
			has_user_class(o, b->user_class)) &&
		    (b->vendor_prefix == NULL ||
			begins(o, OPT_VENDOR_CLASS, b->vendor_prefix)))
			return b;
	return NULL;
}

/* NULL for nothing; the text is the configuration's, which lives as long. */
static const char *
given(const char *s)
{
	return s == NULL || *s == '\0' ? NULL : s;
}

/* What names a class, as it is read. */
struct naming {
	struct build *b;
	const struct level_class *in;
	const char *name;
};

static const uint8_t *
take_bytes(
    const struct naming *at, const char *key, const char *word, size_t *len)
{
	uint8_t bytes[255];
	int n;

	if (given(word) == NULL)
		return NULL;
	if ((n = build_bytes(word, bytes, sizeof(bytes))) == -1) {
		build_wrong(at->b, at->in->line, "class",
		    "\"%s\": %s \"%.64s\" is no identifier", at->name, key,
		    word);
		return NULL;
	}
	*len = (size_t)n;
	return scope_copy(at->b, bytes, *len);
}

static size_t
take_mac(const struct naming *at, uint8_t out[16])
{
	const char *word = at->in->mac_prefix;
	int n;

	if (given(word) == NULL)
		return 0;
	if ((n = build_pairs(word, out, 16)) != -1)
		return (size_t)n;
	build_wrong(at->b, at->in->line, "class",
	    "\"%s\": mac_prefix \"%s\" is not bytes such as 02:00:5e", at->name,
	    word);
	return 0;
}

static bool
says_nothing(const struct level_class *in)
{
	const char *const words[] = { in->vendor_prefix, in->user_class,
		in->mac_prefix, in->circuit_id, in->remote_id };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (given(words[i]) != NULL)
			return false;
	return in->arch.n == 0;
}

static void
build_one(struct build *b, struct class *c, const struct level_class *in)
{
	const struct naming at = { b, in, in->name == NULL ? "" : in->name };

	c->name = at.name;
	c->vendor_prefix = given(in->vendor_prefix);
	c->user_class = given(in->user_class);
	c->narch = build_arch(b, in->line, &in->arch, c->arch);
	c->hwlen = take_mac(&at, c->hw);
	c->circuit =
	    take_bytes(&at, "circuit_id", in->circuit_id, &c->circuit_len);
	c->remote = take_bytes(&at, "remote_id", in->remote_id, &c->remote_len);
	c->per_circuit = (uint32_t)in->per_circuit;
	if (says_nothing(in))
		build_wrong(b, in->line, "class",
		    "\"%s\": does not say who belongs to it", c->name);
	settings_build(b, &c->settings, NULL, &in->level);
}

void
class_build(struct build *b)
{
	const struct conf_sections *in = &b->conf->classes;
	const struct level_class *v = in->v;
	struct scopes *s = b->scopes;
	size_t i;

	s->classes = scope_alloc(b, in->n, sizeof(*s->classes));
	if (s->classes == NULL)
		return;
	for (i = 0; i < in->n; i++)
		build_one(b, &s->classes[i], &v[i]);
	s->nclasses = in->n;
}

void
class_build_boots(struct build *b, struct settings *out, const struct level *l)
{
	const struct level_boot *in = l->boots.v;
	struct boot *v;
	size_t i;

	if (l->boots.n == 0)
		return;
	v = scope_alloc(b, l->boots.n + out->nboots, sizeof(*v));
	if (v == NULL)
		return;
	for (i = 0; i < l->boots.n; i++, in++) {
		v[i].narch = build_arch(b, in->line, &in->arch, v[i].arch);
		v[i].user_class = given(in->user_class);
		v[i].vendor_prefix = given(in->vendor_prefix);
		v[i].file = given(in->file);
		v[i].server_name = given(in->server_name);
		build_server(b, in->line, in->next_server, &v[i].next_server);
	}
	if (out->nboots > 0)
		memcpy(v + i, out->boots, out->nboots * sizeof(*v));
	out->boots = v;
	out->nboots += l->boots.n;
}
