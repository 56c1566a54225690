/*
 * load: a zone comes from its file and its journal.
 *
 * At start all zones are loaded by the main thread, before it is ready. Later
 * a thread of its own reads a file into a snapshot while everything goes on,
 * and the main thread publishes it; a file that is wrong leaves the old one.
 */
#ifndef LOAD_H
#define LOAD_H

#include "zone.h"

struct load_result {
	struct snapshot *snapshot; /* NULL: errors were told */
	struct zone_file *files;
	size_t nfiles, records, errors, warnings;
	double cpu; /* seconds */
};

/* One file, checked (zonecheck.h), without a journal. Any thread. */
void
load_file(const char *path, const struct dname *origin, struct load_result *);
void load_result_free(struct load_result *);

/*
 * Start: 0, or -1 where a primary's zone was not loaded (all are tried; told).
 * Opens the journals of zones that change, and applies them (load.c tells the
 * rules). Where a file is newer than its journal, zone_now's serial is not in
 * the journal: it must begin anew when we come to write.
 */
int load_all(struct server *);
/* A zone's file and journal, while everything waits; it stays if they fail. */
void load_now(struct zone *);
/* A zone's file, or one that it includes, is not as it was. */
bool load_changed(const struct zone *);
/*
 * Load again in the background; done (or NULL) is told NULL or why not, in the
 * main thread, at once or later. A zone with a journal takes the file's changes
 * as an update does, or refuses them (reload.c tells the rules).
 */
void load_begin(
    struct zone *, void (*done)(void *arg, const char *error), void *arg);
/* SIGHUP and `reload`: each zone whose files have changed. */
void load_changed_all(struct server *);
/* Before zones_close: what was begun is told that it won't be. */
void load_stop(void);

/* For reload.c: what the journal adds; NULL: told, and the snapshot freed. */
struct snapshot *load_replay(struct zone *, struct snapshot *);
/* The zone has what was loaded. The result is empty then. */
void load_done(struct zone *, struct load_result *);
/* Its files are those that were looked at now. */
void load_looked(struct zone *, struct load_result *);

#endif
