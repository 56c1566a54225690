/*
 * The table of zones, found by the hash of their origins.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "journal.h"
#include "zone.h"

/* The place of the origin, or the free one where it would stand. */
static uint32_t *
table_place(const struct zones *zs, const struct dname *name, unsigned suffix)
{
	uint32_t at = name->hash[suffix] & zs->mask;
	const struct dname *origin;

	for (; zs->table[at] != 0; at = (at + 1) & zs->mask) {
		origin = &zs->v[zs->table[at] - 1].conf->origin;
		if (origin->hash[0] == name->hash[suffix] &&
		    dname_is(name, suffix, origin->wire, origin->len))
			break;
	}
	return &zs->table[at];
}

struct zone *
zones_find(const struct zones *zs, const struct dname *name, unsigned from,
    unsigned *suffix)
{
	unsigned i;
	uint32_t z;

	for (i = from; i <= name->labels; i++)
		if ((z = *table_place(zs, name, i)) != 0) {
			*suffix = i;
			return &zs->v[z - 1];
		}
	return NULL;
}

struct zone *
zones_at(const struct zones *zs, const struct dname *name)
{
	uint32_t z = *table_place(zs, name, 0);

	return z != 0 ? &zs->v[z - 1] : NULL;
}

static bool
is_reverse(const struct dname *origin)
{
	static const uint8_t v4[] = "\7in-addr\4arpa", v6[] = "\3ip6\4arpa";
	unsigned i = origin->labels - 2u;

	return origin->labels > 2 &&
	    (dname_is(origin, i, v4, sizeof(v4)) ||
		dname_is(origin, i, v6, sizeof(v6)));
}

/* Other zones' addresses are followed by the PTRs of all reverse zones. */
static bool
any_follows(const struct zone_conf *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (v[i].auto_reverse)
			return true;
	return false;
}

static void
zone_open(struct zone *z, const struct zone_conf *c, bool follows)
{
	z->conf = c;
	z->secondary = c->primaries.n > 0;
	z->dynamic = !z->secondary &&
	    (c->updates.n > 0 || c->auto_reverse ||
		(follows && is_reverse(&c->origin)));
}

int
zones_open(struct server *s)
{
	const struct zone_conf *conf = s->conf->zones.v;
	size_t i, n = s->conf->zones.n, places = 8;
	bool follows = any_follows(conf, n);
	struct zones *zs = calloc(1, sizeof(*zs));

	while (places < n * 2)
		places *= 2;
	if (zs == NULL ||
	    (zs->v = calloc(n > 0 ? n : 1, sizeof(*zs->v))) == NULL ||
	    (zs->table = calloc(places, sizeof(*zs->table))) == NULL) {
		zones_close(zs);
		return -1;
	}
	zs->n = n;
	zs->mask = (uint32_t)(places - 1);
	for (i = 0; i < n; i++) {
		zone_open(&zs->v[i], &conf[i], follows);
		zs->v[i].server = s;
		*table_place(zs, &conf[i].origin, 0) = (uint32_t)(i + 1);
	}
	s->zones = zs;
	return 0;
}

void
zone_files_free(struct zone_file *v, size_t n)
{
	while (n > 0)
		free(v[--n].path);
	free(v);
}

void
zones_close(struct zones *zs)
{
	size_t i;

	if (zs == NULL)
		return;
	for (i = 0; i < zs->n; i++) {
		zone_publish(&zs->v[i], NULL);
		journal_close(zs->v[i].journal);
		zone_files_free(zs->v[i].files, zs->v[i].nfiles);
	}
	snapshot_reclaim();
	free(zs->table);
	free(zs->v);
	free(zs);
}

void
zone_publish(struct zone *z, struct snapshot *s)
{
	struct snapshot *old = atomic_exchange(&z->now, s);

	if (old != NULL && old != s)
		snapshot_retire(old, s);
	snapshot_reclaim();
}

/*
 * A name of a file: the name in lower case, without the final dot; the root is
 * "@", which stands in no other name without a backslash.
 */
static void
name_text(const struct dname *name, char *out, size_t size)
{
	const uint8_t *p = name->lower;
	size_t n = 0;
	unsigned i;

	if (*p == 0)
		strlcpy(out, "@", size);
	for (; *p != 0 && n + 5 < size; p += 1 + *p) {
		for (i = 1; i <= *p && n + 5 < size; i++)
			if (p[i] > ' ' && p[i] < 0x7f &&
			    strchr("./\\@", p[i]) == NULL)
				n += strlcpy(
				    out + n, (char[]){ (char)p[i], 0 }, 2);
			else
				n += (size_t)snprintf(
				    out + n, size - n, "\\%03u", p[i]);
		out[n++] = p[1 + *p] != 0 ? '.' : '\0';
	}
}

void
zone_path(const struct zone *z, const char *suffix, char *out, size_t size)
{
	char name[DNS_NAME_TEXT];

	name_text(&z->conf->origin, name, sizeof(name));
	snprintf(
	    out, size, "%s/%s%s", z->server->conf->directory, name, suffix);
}

void
zone_source(const struct zone *z, char *out, size_t size)
{
	const char *file = z->conf->file;

	if (file == NULL || *file == '\0')
		zone_path(z, ".zone", out, size);
	else if (*file == '/')
		strlcpy(out, file, size);
	else
		snprintf(out, size, "%s/%s", z->server->conf->directory, file);
}
