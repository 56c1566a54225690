/*
 * Verbs on zones: status, reload, notify, refresh, flush, zones; and that of
 * the query log.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bsd/string.h>

#include "journal.h"
#include "load.h"
#include "notify.h"
#include "querylog.h"
#include "update.h"
#include "verbs.h"
#include "xfrin.h"

#define PART_TEXT (256 * 1024) /* of a long answer */
#define TIME_TEXT 24

/* NULL, with the reason in out. */
static struct zone *
zone_named(const struct server *s, const char *name, struct buf *out)
{
	uint8_t wire[DNS_NAME];
	size_t n = dns_name_parse(name, wire);
	struct dname origin;
	struct zone *z = NULL;

	if (n == 0 || dname_set(&origin, wire, n) == -1)
		buf_printf(out, "%s: not a name", name);
	else if ((z = zones_at(s->zones, &origin)) == NULL)
		buf_printf(out, "%s: there is no such zone", name);
	return z;
}

static const char *
time_text(int64_t when, char out[TIME_TEXT])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (when == 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(out, "never", TIME_TEXT);
	return out;
}

static const char *
state_of(const struct zone *z)
{
	if (zone_now(z) == NULL)
		return z->secondary && !z->broken ? "expired" : "broken";
	return z->broken ? "old" : "served";
}

static const char *
role_of(const struct zone *z)
{
	return z->secondary ? "secondary" : z->dynamic ? "dynamic" : "primary";
}

/* zones */

struct listing {
	const struct server *server;
	size_t at;
	bool json;
};

static void
list_text(struct buf *out, const struct zone *z)
{
	const struct snapshot *now = zone_now(z);
	char name[DNS_NAME_TEXT];

	buf_printf(out, "%s %s %s", dns_name_text(z->conf->origin.wire, name),
	    role_of(z), state_of(z));
	if (now != NULL)
		buf_printf(
		    out, " serial %u records %zu", now->serial, now->records);
	buf_puts(out, "\n");
}

/* Names have no control bytes as text, but may have quotes, escaped so. */
static void
json_name(struct buf *out, const char *name)
{
	buf_puts(out, "\"");
	for (; *name != '\0'; name++)
		if (*name == '"' || *name == '\\')
			buf_printf(out, "\\%c", *name);
		else
			buf_add(out, name, 1);
	buf_puts(out, "\"");
}

static void
list_json(struct buf *out, const struct zone *z)
{
	const struct snapshot *now = zone_now(z);
	char name[DNS_NAME_TEXT];

	buf_puts(out, "{\"zone\":");
	json_name(out, dns_name_text(z->conf->origin.wire, name));
	buf_printf(out, ",\"role\":\"%s\",\"state\":\"%s\",\"loaded\":%lld",
	    role_of(z), state_of(z), (long long)z->loaded);
	if (now != NULL)
		buf_printf(out,
		    ",\"serial\":%u,\"names\":%zu,\"records\":%zu,"
		    "\"bytes\":%zu",
		    now->serial, now->names, now->records, now->bytes);
	buf_puts(out, "}");
}

static int
zones_next(void *arg, struct buf *out)
{
	struct listing *l = arg;
	const struct zones *zones = l->server->zones;

	if (l->json && l->at == 0)
		buf_puts(out, zones->n == 0 ? "[" : "[\n");
	for (; l->at < zones->n; l->at++) {
		if (buf_left(out) >= PART_TEXT)
			return 1;
		if (!l->json) {
			list_text(out, &zones->v[l->at]);
			continue;
		}
		list_json(out, &zones->v[l->at]);
		buf_puts(out, l->at + 1 < zones->n ? ",\n" : "\n");
	}
	buf_puts(out, l->json ? "]\n" : "");
	return 0;
}

static int
verb_zones(void *arg, int argc, char **argv, struct buf *out)
{
	struct control_parts parts = { zones_next, free, NULL };
	struct worker *w = arg;
	struct listing *l;

	if (argc == 2 && strcmp(argv[1], "-j") != 0) {
		buf_puts(out, "usage: zones [-j]");
		return -1;
	}
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		buf_puts(out, strerror(errno));
		return -1;
	}
	l->server = w->state;
	l->json = argc == 2;
	parts.arg = l;
	control_parts(&parts);
	return CONTROL_MORE;
}

/* status ZONE */

static void
status_journal(struct buf *out, const struct zone *z)
{
	uint32_t from, to;

	if (z->journal == NULL)
		return;
	if (journal_span(z->journal, &from, &to))
		buf_printf(out, "journal: serial %u to %u, %zu bytes%s\n", from,
		    to, journal_bytes(z->journal),
		    journal_broken(z->journal) ? ", broken" : "");
	else
		buf_puts(out, "journal: empty\n");
}

static int
verb_status(void *arg, int argc, char **argv, struct buf *out)
{
	const struct server *s = ((struct worker *)arg)->state;
	const struct zone *z = zone_named(s, argv[1], out);
	const struct snapshot *now;
	char t[TIME_TEXT];
	size_t i;

	(void)argc;
	if (z == NULL)
		return -1;
	now = zone_now(z);
	list_text(out, z);
	if (now != NULL)
		buf_printf(out,
		    "names %zu, RRsets %zu, records %zu, %zu bytes%s\n",
		    now->names, now->rrsets, now->records, now->bytes,
		    now->nsec3	  ? ", signed (NSEC3)" :
			now->nsec ? ", signed (NSEC)" :
				    "");
	buf_printf(out, "loaded %s\n", time_text(z->loaded, t));
	for (i = 0; i < z->nfiles; i++)
		buf_printf(out, "file: %s\n", z->files[i].path);
	status_journal(out, z);
	if (z->secondary)
		xfrin_status(z, out);
	return 0;
}

/* What is answered when it has been done */

struct waiting {
	struct ev_loop *loop;
	int fd;
};

static void
on_done(void *arg, const char *error)
{
	struct waiting *w = arg;
	struct buf text;

	buf_init(&text, 4096);
	if (error != NULL)
		buf_puts(&text, error);
	control_answer(w->loop, w->fd, error != NULL, &text);
	free(w);
}

/* NULL, with the reason in out. */
static struct waiting *
wait_for(const struct server *s, struct buf *out)
{
	struct waiting *w = malloc(sizeof(*w));

	if (w == NULL) {
		buf_puts(out, strerror(errno));
		return NULL;
	}
	w->loop = s->loop;
	w->fd = control_keep();
	return w;
}

/* reload, flush */

static int
verb_reload(void *arg, int argc, char **argv, struct buf *out)
{
	const struct server *s = ((struct worker *)arg)->state;
	struct zone *z = zone_named(s, argv[1], out);
	struct waiting *w;

	(void)argc;
	if (z == NULL || (w = wait_for(s, out)) == NULL)
		return -1;
	load_begin(z, on_done, w);
	return CONTROL_LATER;
}

static int
verb_flush(void *arg, int argc, char **argv, struct buf *out)
{
	const struct server *s = ((struct worker *)arg)->state;
	struct zone *z = zone_named(s, argv[1], out);
	struct waiting *w;

	(void)argc;
	if (z == NULL)
		return -1;
	if (z->journal == NULL) {
		buf_printf(
		    out, "%s: has no journal: nothing to write", argv[1]);
		return -1;
	}
	if ((w = wait_for(s, out)) == NULL)
		return -1;
	update_flush(z, on_done, w);
	return CONTROL_LATER;
}

/* notify, refresh */

static int
verb_notify(void *arg, int argc, char **argv, struct buf *out)
{
	const struct server *s = ((struct worker *)arg)->state;
	struct zone *z = zone_named(s, argv[1], out);

	(void)argc;
	if (z == NULL)
		return -1;
	if (zone_now(z) == NULL) {
		buf_printf(out, "%s: is not served", argv[1]);
		return -1;
	}
	notify_zone(z);
	return 0;
}

static int
verb_refresh(void *arg, int argc, char **argv, struct buf *out)
{
	const struct server *s = ((struct worker *)arg)->state;
	struct zone *z = zone_named(s, argv[1], out);

	(void)argc;
	if (z == NULL)
		return -1;
	if (!z->secondary) {
		buf_printf(out, "%s: we are its primary", argv[1]);
		return -1;
	}
	xfrin_refresh(z, NULL);
	return 0;
}

static int
verb_querylog(void *arg, int argc, char **argv, struct buf *out)
{
	const struct server *s = ((struct worker *)arg)->state;
	bool on = strcmp(argv[1], "on") == 0;

	(void)argc;
	if (!on && strcmp(argv[1], "off") != 0) {
		buf_puts(out, "usage: querylog on|off");
		return -1;
	}
	if (querylog_set(s->querylog, on) == 0)
		return 0;
	buf_puts(out, "query_log names no file");
	return -1;
}

/* clang-format off */
const struct control_verb auth_verbs[] = {
	{ "zones", "zones [-j]: zones, how and what of them is served", CONTROL_WORKER, 0, 1, verb_zones },
	{ "status", "status ZONE: all about one zone", CONTROL_WORKER, 1, 1, verb_status },
	{ "reload", "reload ZONE: read its file again, changed or not", CONTROL_WORKER, 1, 1, verb_reload },
	{ "notify", "notify ZONE: tell its secondaries", CONTROL_WORKER, 1, 1, verb_notify },
	{ "refresh", "refresh ZONE: ask its primary now", CONTROL_WORKER, 1, 1, verb_refresh },
	{ "flush", "flush ZONE: write its file anew, journal included", CONTROL_WORKER, 1, 1, verb_flush },
	{ "querylog", "querylog on|off: a line for each answer", CONTROL_WORKER, 1, 1, verb_querylog },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};
/* clang-format on */
