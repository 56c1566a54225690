/*
 * dnsd.zones(5): zones in bulk, a line for each.
 *
 *	NAME TEMPLATE [FILE]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "dnsdconf.h"
#include "lines.h"

struct bulk {
	struct dnsd_conf *conf;
	size_t room; /* of conf->zones */
};

static const struct zone_conf *
find_template(const struct dnsd_conf *c, const char *name)
{
	const struct zone_conf *t = c->templates.v;
	size_t i;

	for (i = 0; i < c->templates.n; i++)
		if (strcmp(t[i].name, name) == 0)
			return &t[i];
	return NULL;
}

/* Room for one more; NULL: no memory. */
static struct zone_conf *
grow(struct bulk *b)
{
	struct conf_sections *s = &b->conf->zones;
	size_t room = b->room * 2 + 64;
	struct zone_conf *v;

	if (s->n < b->room)
		return (struct zone_conf *)s->v + s->n;
	if ((v = reallocarray(s->v, room, sizeof(*v))) == NULL)
		return NULL;
	s->v = v;
	b->room = room;
	return v + s->n;
}

static int
set_names(
    struct zone_conf *z, struct lines *l, const char *name, const char *file)
{
	uint8_t wire[DNS_NAME];
	size_t n = dns_name_parse(name, wire);

	if (n == 0 || dname_set(&z->origin, wire, n) == -1)
		return lines_error(l, "\"%.64s\" is not a name", name);
	z->line = 0; /* of another file */
	z->name = strdup(name);
	z->file = strdup(file);
	if (z->name != NULL && z->file != NULL)
		return 0;
	free(z->name);
	free(z->file);
	return lines_error(l, "%s", strerror(errno));
}

static int
take_line(struct lines *l, char *text, void *arg)
{
	struct bulk *b = arg;
	const char *word[3] = { "", "", "" };
	const struct zone_conf *from;
	struct zone_conf *z;
	size_t n = 0;
	char *w;

	while ((w = strsep(&text, " \t")) != NULL) {
		if (*w == '\0')
			continue;
		if (n == 3)
			return lines_error(l,
			    "\"%.64s\" is one word more than "
			    "NAME TEMPLATE FILE",
			    w);
		word[n++] = w;
	}
	if (n == 1)
		return lines_error(l, "the template is missing");
	if ((from = find_template(b->conf, word[1])) == NULL)
		return lines_error(
		    l, "there is no template \"%.64s\"", word[1]);
	if ((z = grow(b)) == NULL)
		return lines_error(l, "%s", strerror(errno));
	*z = *from;
	z->template = from;
	if (set_names(z, l, word[0], word[2]) == -1)
		return -1;
	b->conf->zones.n++;
	return 0;
}

int
dnsd_read_zones(struct dnsd_conf *c)
{
	struct bulk b = { .conf = c, .room = c->zones.n };

	return lines_read(c->zones_file, take_line, &b);
}
