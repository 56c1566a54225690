/*
 * The options of a level on the wire: from its plain keys (routers, dns ...)
 * and its option sections, over those from above. A section's title is
 *
 *	NAME or CODE	one option of option.h's table, or any
 *	43.CODE		a part of option 43 (RFC 2132 section 8.4)
 *	125.PEN.CODE	a part of option 125 (RFC 3925 section 4), PEN being the
 *			vendor's enterprise number; 124 has no parts
 *
 * The parts of one level together are the option.
 */
#include <stdlib.h>
#include <string.h>

#include "build.h"

#define CODES 256
#define PART_MAX 255
#define SPACES 16 /* vendors in the options of a level, at most */

enum {
	OPT_PAD = 0,
	OPT_ROUTERS = 3,
	OPT_DNS = 6,
	OPT_DOMAIN = 15,
	OPT_NTP = 42,
	OPT_VENDOR = 43,
	OPT_VIVSO = 125,
	OPT_END = 255,
};

/* Parts of option 43, or those of one vendor in 125. */
struct space {
	uint8_t code;
	uint32_t vendor;
	bool force;
	uint8_t bytes[OPTION_VALUE];
	size_t n;
};

struct making {
	struct build *b;
	struct option_value v[CODES]; /* bytes NULL: absent */
	bool forced[CODES];
	bool own[CODES]; /* this level says it */
	struct space space[SPACES];
	size_t nspaces;
	int line; /* of the section, or of a plain key */
	const char *key, *title; /* "option" and its title, or the key */
};

const struct option_value *
option_set_find(const struct option_set *set, uint8_t code)
{
	size_t low = 0, high = set->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (set->v[mid].code == code)
			return &set->v[mid];
		if (set->v[mid].code > code)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static void
wrong(struct making *m, const char *why)
{
	if (m->title == NULL)
		build_wrong(m->b, m->line, m->key, "%s", why);
	else
		build_wrong(
		    m->b, m->line, m->key, "\"%.64s\": %s", m->title, why);
}

/* n 0: what came from above is taken away. */
static void
put(struct making *m, uint8_t code, const uint8_t *bytes, size_t n, bool force)
{
	if (m->own[code]) {
		wrong(m, "is set twice at this level");
		return;
	}
	m->own[code] = true;
	m->v[code] = (struct option_value){ .code = code, .len = (uint16_t)n };
	m->v[code].bytes = n == 0 ? NULL : scope_copy(m->b, bytes, n);
	m->forced[code] = force;
}

/* A value on the wire; -1: told. */
static int
encode(struct making *m, enum option_type type, const struct conf_list *words,
    uint8_t out[OPTION_VALUE])
{
	const char *why;
	int n = option_encode(
	    type, (const char *const *)words->v, words->n, out, &why);

	if (n == -1)
		wrong(m, why);
	return n;
}

static struct space *
find_space(struct making *m, uint8_t code, uint32_t vendor)
{
	struct space *s = m->space;
	size_t i;

	for (i = 0; i < m->nspaces; i++, s++)
		if (s->code == code && s->vendor == vendor)
			return s;
	if (m->nspaces == SPACES) {
		wrong(m, "too many vendors");
		return NULL;
	}
	m->nspaces++;
	s->code = code;
	s->vendor = vendor;
	return s;
}

/* One part behind those that are there. */
static void
put_part(struct making *m, uint8_t code, uint32_t vendor, uint8_t part,
    const struct level_option *in)
{
	enum option_type type =
	    in->type == 0 ? OPTION_HEX : (enum option_type)(in->type - 1);
	struct space *s = find_space(m, code, vendor);
	size_t most = code == OPT_VENDOR ? OPTION_VALUE : PART_MAX;
	uint8_t bytes[OPTION_VALUE];
	int n;

	if (s == NULL || (n = encode(m, type, &in->value, bytes)) == -1)
		return;
	if (n > PART_MAX || (size_t)n + 2 > most - s->n) {
		wrong(m, "the values of this vendor are too long");
		return;
	}
	s->bytes[s->n++] = part;
	s->bytes[s->n++] = (uint8_t)n;
	memcpy(s->bytes + s->n, bytes, (size_t)n);
	s->n += (size_t)n;
	s->force |= in->force;
}

/* "N" up to max, ended by `end`; where it goes on, or NULL. */
static const char *
read_number(const char *p, char end, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	const char *from = p;

	for (; *p >= '0' && *p <= '9' && v <= max; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	if (p == from || v > max || *p != end)
		return NULL;
	*out = (uint32_t)v;
	return end == '\0' ? p : p + 1;
}

/* Is the title that of a part? */
static bool
take_part(struct making *m, const struct level_option *in)
{
	uint32_t code, vendor = 0, part;
	const char *p = read_number(in->name, '.', OPT_VIVSO, &code);

	if (p == NULL || (code != OPT_VENDOR && code != OPT_VIVSO))
		return false;
	if (code == OPT_VIVSO)
		p = read_number(p, '.', UINT32_MAX, &vendor);
	if (p == NULL || read_number(p, '\0', PART_MAX - 1, &part) == NULL)
		wrong(m, "is not 43.CODE or 125.VENDOR.CODE");
	else
		put_part(m, (uint8_t)code, vendor, (uint8_t)part, in);
	return true;
}

static void
take_option(struct making *m, const struct level_option *in)
{
	const struct option_def *def;
	enum option_type type;
	uint8_t bytes[OPTION_VALUE];
	int n;

	m->line = in->line;
	m->key = "option";
	m->title = in->name;
	if (in->name == NULL || take_part(m, in))
		return;
	if ((def = option_find(in->name)) == NULL) {
		wrong(m, "unknown option");
		return;
	}
	if (def->owner == OPTION_OURS || def->code == OPT_PAD ||
	    def->code == OPT_END) {
		wrong(m, "is not for the configuration to set");
		return;
	}
	if (in->value.n == 0) {
		wrong(m, "has no value");
		return;
	}
	type = in->type == 0 ? def->type : (enum option_type)(in->type - 1);
	if ((n = encode(m, type, &in->value, bytes)) != -1)
		put(m, def->code, bytes, (size_t)n, in->force);
}

static void
take_key(struct making *m, const struct level *l, enum level_key key,
    uint8_t code, const struct conf_list *words)
{
	static const char *const names[] = { [LEVEL_ROUTERS] = "routers",
		[LEVEL_DNS] = "dns",
		[LEVEL_DOMAIN] = "domain",
		[LEVEL_NTP] = "ntp" };
	uint8_t bytes[OPTION_VALUE];
	int n = 0;

	if (l->lines[key] == 0)
		return;
	m->line = l->lines[key];
	m->key = names[key];
	m->title = NULL;
	if (words->n > 0)
		n = encode(m, key == LEVEL_DOMAIN ? OPTION_STRING : OPTION_IPS,
		    words, bytes);
	if (n != -1)
		put(m, code, bytes, (size_t)n, false);
}

/* Option 125: for each vendor its number and the length of its parts. */
static void
put_spaces(struct making *m)
{
	uint8_t bytes[OPTION_VALUE];
	size_t i, n = 0;
	bool force = false;
	struct space *s;

	for (i = 0; i < m->nspaces; i++) {
		s = &m->space[i];
		if (s->code == OPT_VENDOR) {
			put(m, OPT_VENDOR, s->bytes, s->n, s->force);
			continue;
		}
		if (s->n + 5 > sizeof(bytes) - n) {
			wrong(m, "the values of all vendors are too long");
			return;
		}
		bytes[n++] = (uint8_t)(s->vendor >> 24);
		bytes[n++] = (uint8_t)(s->vendor >> 16);
		bytes[n++] = (uint8_t)(s->vendor >> 8);
		bytes[n++] = (uint8_t)s->vendor;
		bytes[n++] = (uint8_t)s->n;
		memcpy(bytes + n, s->bytes, s->n);
		n += s->n;
		force |= s->force;
	}
	if (n > 0)
		put(m, OPT_VIVSO, bytes, n, force);
}

/* What is there now, by code, as the settings have it. */
static void
store(struct making *m, struct settings *out)
{
	struct option_value *v, *forced;
	size_t i, n = 0, nforced = 0;

	for (i = 0; i < CODES; i++)
		n += m->v[i].bytes != NULL;
	v = scope_alloc(m->b, 2 * n, sizeof(*v));
	if (v == NULL)
		return;
	forced = v + n;
	out->options.v = v;
	out->options.n = n;
	for (i = 0; i < CODES; i++) {
		if (m->v[i].bytes == NULL)
			continue;
		*v++ = m->v[i];
		if (m->forced[i])
			forced[nforced++] = m->v[i];
	}
	out->forced = forced;
	out->nforced = nforced;
}

void
optionset_build(struct build *b, struct settings *out, const struct level *l)
{
	const struct level_option *in = l->options.v;
	struct conf_list domain = { (char **)(uintptr_t)&l->domain, 1 };
	struct making *m;
	size_t i;

	if (l->options.n == 0 && l->lines[LEVEL_ROUTERS] == 0 &&
	    l->lines[LEVEL_DNS] == 0 && l->lines[LEVEL_DOMAIN] == 0 &&
	    l->lines[LEVEL_NTP] == 0)
		return;
	if ((m = calloc(1, sizeof(*m))) == NULL) {
		build_wrong(b, 0, "", "out of memory");
		return;
	}
	m->b = b;
	for (i = 0; i < out->options.n; i++)
		m->v[out->options.v[i].code] = out->options.v[i];
	for (i = 0; i < out->nforced; i++)
		m->forced[out->forced[i].code] = true;
	if (l->domain == NULL || *l->domain == '\0')
		domain.n = 0;
	take_key(m, l, LEVEL_ROUTERS, OPT_ROUTERS, &l->routers);
	take_key(m, l, LEVEL_DNS, OPT_DNS, &l->dns);
	take_key(m, l, LEVEL_DOMAIN, OPT_DOMAIN, &domain);
	take_key(m, l, LEVEL_NTP, OPT_NTP, &l->ntp);
	for (i = 0; i < l->options.n; i++)
		take_option(m, &in[i]);
	put_spaces(m);
	store(m, out);
	free(m);
}
