/*
 * Master files: lines that begin with '$'.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "zonefilepart.h"

#define PATH_BYTES 4096

static void
do_origin(struct zonefile_reader *r)
{
	const struct rdata_token *t = &r->t[1];
	struct dname origin;

	if (t->quoted ||
	    dname_parse(&origin, t->text, t->len, &r->s->origin) == -1) {
		zonefile_error(r, "$ORIGIN: what follows is no name");
		return;
	}
	r->s->origin = origin;
	zonefile_owner_forget(r);
}

static void
do_ttl(struct zonefile_reader *r)
{
	const struct rdata_token *t = &r->t[1];

	if (!t->quoted && zonefile_ttl(t->text, t->len, &r->ttl.s))
		r->ttl.set = true;
	else
		zonefile_error(r, "$TTL: what follows is no TTL");
}

/* A path below the directory of the file that names it. */
static bool
include_path(struct zonefile_reader *r, char path[PATH_BYTES])
{
	const char *slash = strrchr(r->s->path, '/');
	size_t dir = slash == NULL ? 0 : (size_t)(slash + 1 - r->s->path);
	int n;

	if (r->t[1].len > 0 && r->t[1].text[0] == '/')
		dir = 0;
	if (dir < PATH_BYTES - 1) {
		memcpy(path, r->s->path, dir);
		n = rdata_unescape(
		    &r->t[1], (uint8_t *)path + dir, PATH_BYTES - 1 - dir);
		if (n > 0 && memchr(path + dir, '\0', (size_t)n) == NULL) {
			path[dir + (size_t)n] = '\0';
			return true;
		}
	}
	zonefile_error(r, "$INCLUDE: what follows is no path");
	return false;
}

/* Why this file may not be included; NULL: it may. */
static const char *
include_refused(const struct zonefile_reader *r, const char *path)
{
	const struct zonefile_source *s;
	struct stat st;

	if (r->s->depth == ZONEFILE_DEPTH)
		return "too many files that include each other";
	if (r->files >= ZONEFILE_FILES)
		return "too many files in all";
	if (stat(path, &st) == -1)
		return strerror(errno);
	for (s = r->s; s != NULL; s = s->parent)
		if (s->dev == st.st_dev && s->ino == st.st_ino)
			return "it includes itself";
	return NULL;
}

/*
 * Origin and owner are the old ones afterwards (RFC 1035 section 5.1); $TTL
 * stays, as elsewhere.
 */
static void
do_include(struct zonefile_reader *r)
{
	struct dname origin = r->s->origin, owner = r->owners[r->owner];
	bool has_owner = r->has_owner;
	char path[PATH_BYTES];
	const char *why;
	int line = r->line;

	if (!include_path(r, path))
		return;
	if (r->n == 3 &&
	    (r->t[2].quoted ||
		dname_parse(
		    &origin, r->t[2].text, r->t[2].len, &r->s->origin) == -1)) {
		zonefile_error(r, "$INCLUDE: its origin is no name");
		return;
	}
	r->files++;
	if ((why = include_refused(r, path)) == NULL) {
		if (zonefile_file(r, path, &origin) == -1)
			why = errno == EINVAL ? "no regular file" :
						strerror(errno);
		r->line = line;
	}
	if (why != NULL)
		zonefile_error(r, "$INCLUDE: %.120s: %s", path, why);
	r->owner = 1 - r->told;
	r->owners[r->owner] = owner;
	r->has_owner = has_owner;
}

static const struct {
	const char *name;
	size_t min, max; /* words behind it */
	void (*run)(struct zonefile_reader *);
} directives[] = {
	{ "$ORIGIN", 1, 1, do_origin },
	{ "$TTL", 1, 1, do_ttl },
	{ "$INCLUDE", 1, 2, do_include },
	{ "$GENERATE", 4, SIZE_MAX, zonefile_generate },
};

void
zonefile_directive(struct zonefile_reader *r)
{
	const struct rdata_token *t = r->t;
	size_t i;

	for (i = 0; i < sizeof(directives) / sizeof(directives[0]); i++) {
		if (strlen(directives[i].name) != t->len ||
		    strncasecmp(t->text, directives[i].name, t->len) != 0)
			continue;
		if (r->n - 1 < directives[i].min)
			zonefile_error(r, "%s: too few words behind it",
			    directives[i].name);
		else if (r->n - 1 > directives[i].max)
			zonefile_error(r, "%s: too many words behind it",
			    directives[i].name);
		else
			directives[i].run(r);
		return;
	}
	zonefile_error(r, "\"%.*s\": there is no such directive",
	    t->len < 40 ? (int)t->len : 40, t->text);
}
