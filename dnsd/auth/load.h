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

/* Start: 0, or -1 where a zone was not loaded (all are tried; told). */
int load_all(struct server *);
/* A zone's file, or one that it includes, is not as it was. */
bool load_changed(const struct zone *);
/*
 * Load again in the background; done(arg, error) with NULL or why not. A zone
 * with a journal: its file's changes are put on top, or refused (load.c tells
 * the rules).
 */
void load_begin(
    struct zone *, void (*done)(void *arg, const char *error), void *arg);
/* SIGHUP and `reload`: each zone whose files have changed. */
void load_changed_all(struct server *);

#endif
