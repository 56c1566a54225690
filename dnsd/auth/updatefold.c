/*
 * What becomes of zones' journals: folded where they are long, mended where
 * the disk failed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "updating.h"

#define MEND 2.0 /* s between attempts to write a broken journal anew */
#define AGAIN 60.0 /* s until a long one is folded after that failed */

static void
try_later(struct zone *z, double seconds)
{
	struct updates *u = z->updates;

	ev_timer_stop(z->server->loop, &u->retry);
	ev_timer_set(&u->retry, seconds, 0);
	ev_timer_start(z->server->loop, &u->retry);
}

static void
folded(void *arg, int error)
{
	struct zone *z = arg;
	struct updates *u = z->updates;
	void (*flushed)(void *, const char *) = u->flushed;
	char name[DNS_NAME_TEXT];

	if (u->mending && error == 0)
		log_notice("%s: its file and journal were written anew: it "
			   "takes changes again",
		    dns_name_text(z->conf->origin.wire, name));
	u->mending = false;
	u->flushed = NULL;
	if (flushed != NULL)
		flushed(u->flushed_arg, error != 0 ? strerror(error) : NULL);
	if (error == 0)
		updates_consider(z);
	else if (error != ECANCELED)
		try_later(z, journal_broken(z->journal) ? MEND : AGAIN);
}

/* 0, or an errno. */
static int
fold(struct zone *z)
{
	struct updates *u = z->updates;
	const struct snapshot *s = zone_now(z);
	char path[PATH_MAX];

	if (s == NULL)
		return ESTALE;
	zone_source(z, path, sizeof(path));
	if (journal_fold(
		z->journal, s, path, z->conf->journal_max / 2, folded, z) == -1)
		return errno;
	u->mending = journal_broken(z->journal);
	return 0;
}

void
updates_consider(struct zone *z)
{
	int error;

	if (ev_is_active(&z->updates->retry))
		return;
	if (journal_broken(z->journal)) {
		try_later(z, MEND);
	} else if (journal_bytes(z->journal) > z->conf->journal_max) {
		error = fold(z);
		/* one that runs comes here when it is done */
		if (error != 0 && error != EBUSY)
			try_later(z, AGAIN);
	}
}

static void
on_retry(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct zone *z = timer->data;

	(void)loop;
	(void)events;
	if (!journal_broken(z->journal))
		updates_consider(z);
	else if (fold(z) != 0)
		try_later(z, MEND);
}

struct updates *
updates_of(struct zone *z)
{
	struct updates *u = z->updates;

	if (u != NULL || (u = calloc(1, sizeof(*u))) == NULL)
		return u;
	ev_timer_init(&u->retry, on_retry, 0, 0);
	u->retry.data = z;
	z->updates = u;
	return u;
}

void
updates_free(struct zone *z)
{
	if (z->updates != NULL)
		ev_timer_stop(z->server->loop, &z->updates->retry);
	free(z->updates);
	z->updates = NULL;
}

void
update_flush(
    struct zone *z, void (*done)(void *arg, const char *error), void *arg)
{
	struct updates *u = z->journal != NULL ? updates_of(z) : NULL;
	int error;

	if (z->journal == NULL) {
		done(arg, "it is not dynamic: there is nothing to write");
		return;
	}
	error = u == NULL ? ENOMEM : u->flushed != NULL ? EBUSY : fold(z);
	if (error != 0) {
		done(arg, strerror(error));
		return;
	}
	u->flushed = done;
	u->flushed_arg = arg;
}
