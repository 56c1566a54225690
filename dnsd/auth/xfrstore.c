/*
 * What was transferred is served when it would survive a power cut, so that
 * those who follow us never see a serial go back.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "journal.h"
#include "log.h"
#include "xfrstore.h"
#include "zonecheck.h"

struct store {
	struct zone *zone;
	struct snapshot *snapshot; /* not yet published */
	xfrstore_done *done;
	void *arg;
};

static void
folded(void *arg, int error)
{
	const struct zone *z = arg;
	char name[DNS_NAME_TEXT];

	if (error != 0)
		log_errx("%s: the zone's file cannot be written: %s",
		    dns_name_text(z->conf->origin.wire, name), strerror(error));
}

/* The journal is long: its oldest half goes into the zone's file. */
static void
shorten(struct zone *z)
{
	char path[PATH_MAX];

	if (z->journal == NULL ||
	    journal_bytes(z->journal) <= z->conf->journal_max)
		return;
	zone_source(z, path, sizeof(path));
	if (journal_fold(z->journal, zone_now(z), path,
		z->conf->journal_max / 2, folded, z) == -1 &&
	    errno != EBUSY)
		folded(z, errno);
}

static void
stored(void *arg, int error)
{
	struct store *s = arg;
	struct zone *z = s->zone;

	if (s->snapshot == NULL) {
		error = ENOMEM;
	} else if (error != 0) {
		snapshot_free(s->snapshot);
	} else {
		zone_publish(z, s->snapshot);
		z->broken = false;
		z->loaded = time(NULL);
		shorten(z);
	}
	s->done(s->arg, error);
	free(s);
}

/* 0, or -1 with errno: the journal did not take it. The edit stays. */
static int
put(struct store *s, struct xfrapply *x)
{
	const struct edit_change *v;
	size_t n = edit_changes(x->edit, &v);

	return journal_put(
	    s->zone->journal, x->base->serial, x->serial, v, n, stored, s);
}

static void
tell_check(void *arg, bool error, const char *what)
{
	const struct zone *z = arg;
	char name[DNS_NAME_TEXT];

	if (error)
		log_errx("%s: transferred, but not taken: %s",
		    dns_name_text(z->conf->origin.wire, name), what);
}

/* A zone that could not be loaded from its file would be lost by a restart. */
static bool
is_loadable(struct zone *z, const struct snapshot *s)
{
	struct zonecheck c = { .tell = tell_check, .arg = z };

	errno = EBADMSG;
	return zonecheck_run(s, &c) == 0;
}

/* The zone's file, and a journal that is empty. */
static int
write_whole(struct store *s)
{
	char path[PATH_MAX];

	zone_source(s->zone, path, sizeof(path));
	return journal_fold(s->zone->journal, s->snapshot, path, 0, stored, s);
}

int
xfrstore(struct zone *z, struct xfrapply *x, xfrstore_done *done, void *arg)
{
	struct store *s;
	bool in_journal;
	int saved;

	if (z->journal == NULL) {
		errno = EROFS;
		return -1;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return -1;
	*s = (struct store){ .zone = z, .done = done, .arg = arg };
	in_journal = !x->whole && put(s, x) == 0;
	s->snapshot = edit_commit(x->edit);
	x->edit = NULL;
	/* a journal that goes further than the zone, for want of memory, takes
	 * no change, so that the next one is written whole */
	if (in_journal ||
	    (s->snapshot != NULL && is_loadable(z, s->snapshot) &&
		write_whole(s) == 0))
		return 0;
	saved = s->snapshot == NULL ? ENOMEM : errno;
	if (s->snapshot != NULL)
		snapshot_free(s->snapshot);
	free(s);
	errno = saved;
	return -1;
}
