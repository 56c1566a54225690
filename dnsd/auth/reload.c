/*
 * Zones loaded again: a thread reads one file after the other, the main thread
 * takes what came out.
 *
 * A zone with a journal also changes other than by its file, so the file takes
 * its place only as one more change, of a newer serial; a file that we wrote
 * ourselves changes nothing.
 */
#include <sys/queue.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bytes.h"
#include "journal.h"
#include "load.h"
#include "log.h"
#include "notify.h"
#include "serial.h"
#include "update.h"

struct load {
	TAILQ_ENTRY(load) link;
	struct zone *zone;
	void (*done)(void *arg, const char *error);
	void *arg;
	char path[PATH_MAX];
	struct load_result result;
};

/* Of the main thread; the first in the queue belongs to the thread. */
static struct {
	TAILQ_HEAD(, load) queue;
	pthread_t thread;
	ev_async read;
	struct ev_loop *loop;
} loads = { .queue = TAILQ_HEAD_INITIALIZER(loads.queue) };

static void *
read_thread(void *arg)
{
	struct load *l = arg;

	load_file(l->path, &l->zone->conf->origin, &l->result);
	ev_async_send(loads.loop, &loads.read);
	return NULL;
}

static void
load_end(struct load *l, const char *error)
{
	l->zone->broken = error != NULL;
	if (l->done != NULL)
		l->done(l->arg, error);
	load_result_free(&l->result);
	free(l);
}

static const char *
zone_text(const struct zone *z, char out[DNS_NAME_TEXT])
{
	return dns_name_text(z->conf->origin.wire, out);
}

/* The file as a change to what the zone has. */

static int
make_change(void *arg, struct edit *e)
{
	const struct load *l = arg;
	const struct node *apex = edit_find(e, edit_origin(e), 0);
	const struct rrset *soa = node_rrset(apex, TYPE_SOA);
	uint32_t serial = get32(rrset_end(soa) - 20); /* and four more */

	/* updates may have come since the file was read */
	if (!serial_newer(l->result.snapshot->serial, serial))
		return -1;
	return edit_become(e, l->result.snapshot);
}

static void
change_done(void *arg, unsigned rcode)
{
	struct load *l = arg;
	char name[DNS_NAME_TEXT];

	if (rcode == DNS_NOERROR) {
		log_info("%s: the file's changes were made, serial %u",
		    zone_text(l->zone, name), l->result.snapshot->serial);
		load_looked(l->zone, &l->result);
		l->zone->loaded = time(NULL);
		update_follow(l->zone->server);
		load_end(l, NULL);
		return;
	}
	log_errx("%s: the file's changes could not be made: the zone stays as "
		 "it is",
	    zone_text(l->zone, name));
	load_end(l, "the file's changes could not be made");
}

/* A file of no newer serial: it is ours, or it was changed in vain. */
static void
not_newer(struct load *l)
{
	const struct snapshot *now = zone_now(l->zone), *s;
	uint32_t serial = l->result.snapshot->serial;
	char name[DNS_NAME_TEXT];

	l->result.snapshot = load_replay(l->zone, l->result.snapshot);
	if ((s = l->result.snapshot) == NULL) {
		load_end(l, "the journal does not fit");
		return;
	}
	/* what is not published yet is in the journal: not compared now */
	if (serial_newer(s->serial, now->serial)) {
		load_end(l, NULL);
		return;
	}
	if (snapshot_same(s, now)) {
		load_looked(l->zone, &l->result);
		load_end(l, NULL);
		return;
	}
	log_errx("%s: the file was changed, but its serial %u is not newer "
		 "than the zone's, %u: give it a newer one",
	    zone_text(l->zone, name), serial, now->serial);
	load_end(l, "the file's serial is not newer than the zone's");
}

static void
replace(struct load *l)
{
	const struct snapshot *now = zone_now(l->zone), *s;
	char name[DNS_NAME_TEXT];

	l->result.snapshot = load_replay(l->zone, l->result.snapshot);
	if ((s = l->result.snapshot) == NULL) {
		load_end(l, "the journal does not fit");
		return;
	}
	if (now != NULL && !serial_newer(s->serial, now->serial))
		log_notice("%s: serial %u is not newer than %u: secondaries "
			   "will not see what changed",
		    zone_text(l->zone, name), s->serial, now->serial);
	load_done(l->zone, &l->result);
	notify_zone(l->zone);
	update_follow(l->zone->server);
	load_end(l, NULL);
}

static void
load_finish(struct load *l)
{
	const struct snapshot *now = zone_now(l->zone);
	const struct update_own_change change = { l->zone, make_change,
		change_done, l };
	char name[DNS_NAME_TEXT];

	if (l->result.snapshot == NULL) {
		log_errx("%s: %s", zone_text(l->zone, name),
		    now != NULL ? "what was loaded before is still served" :
				  "not served");
		load_end(l, "the file is wrong: see the log");
	} else if (now == NULL || l->zone->journal == NULL) {
		replace(l);
	} else if (serial_newer(l->result.snapshot->serial, now->serial)) {
		update_zone(&change);
	} else {
		not_newer(l);
	}
}

/* The thread */

static int
thread_start(struct load *l)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&loads.thread, NULL, read_thread, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

static void
loads_next(void)
{
	struct load *l;
	int error;

	while ((l = TAILQ_FIRST(&loads.queue)) != NULL) {
		ev_async_start(loads.loop, &loads.read);
		if ((error = thread_start(l)) == 0)
			return;
		ev_async_stop(loads.loop, &loads.read);
		TAILQ_REMOVE(&loads.queue, l, link);
		load_end(l, strerror(error));
	}
}

static void
on_read(struct ev_loop *loop, ev_async *w, int events)
{
	struct load *l = TAILQ_FIRST(&loads.queue);

	(void)events;
	pthread_join(loads.thread, NULL);
	ev_async_stop(loop, w);
	TAILQ_REMOVE(&loads.queue, l, link);
	loads_next();
	load_finish(l);
}

void
load_begin(
    struct zone *z, void (*done)(void *arg, const char *error), void *arg)
{
	bool idle = TAILQ_EMPTY(&loads.queue);
	struct load *l;

	if (z->secondary) {
		if (done != NULL)
			done(arg,
			    "a secondary's zone comes from its primaries:"
			    " `refresh` asks them");
		return;
	}
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		if (done != NULL)
			done(arg, strerror(errno));
		return;
	}
	l->zone = z;
	l->done = done;
	l->arg = arg;
	zone_source(z, l->path, sizeof(l->path));
	TAILQ_INSERT_TAIL(&loads.queue, l, link);
	if (idle) {
		loads.loop = z->server->loop;
		ev_async_init(&loads.read, on_read);
		loads_next();
	}
}

void
load_changed_all(struct server *s)
{
	size_t i;

	for (i = 0; i < s->zones->n; i++)
		if (load_changed(&s->zones->v[i]))
			load_begin(&s->zones->v[i], NULL, NULL);
}

void
load_stop(void)
{
	struct load *l;

	if (TAILQ_EMPTY(&loads.queue))
		return;
	pthread_join(loads.thread, NULL);
	ev_async_stop(loads.loop, &loads.read);
	while ((l = TAILQ_FIRST(&loads.queue)) != NULL) {
		TAILQ_REMOVE(&loads.queue, l, link);
		load_end(l, "we are ending");
	}
}
