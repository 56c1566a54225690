/*
 * zone: the zones that we serve, and the state of each.
 *
 * The table is made once, from the configuration; readers look into it without
 * any care. What changes is each zone's snapshot, and the writer's part.
 */
#ifndef ZONE_H
#define ZONE_H

#include "dnsdconf.h"
#include "server.h"
#include "zonedb.h"

struct journal;
struct refresh; /* a secondary's timers and transfer: xfrin.c */
struct notifying; /* notify.c */
struct updates; /* update.c */

struct zone {
	const struct zone_conf *conf;
	struct server *server;
	/* NULL: SERVFAIL, since it could not be loaded, or has expired. */
	_Atomic(struct snapshot *) now;
	/* Of the main thread: */
	bool secondary; /* has primaries */
	bool dynamic; /* may be updated, or maintained by auto_reverse */
	bool broken; /* file or journal cannot be read: said why */
	struct journal *journal; /* NULL: none needed */
	struct refresh *refresh; /* NULL: primary */
	struct notifying *notifying;
	struct updates *updates;
	struct zone_file { /* that the snapshot came from, $INCLUDEs too */
		char *path;
		struct timespec mtime;
		ino_t ino;
		off_t size;
	} * files;
	size_t nfiles;
	int64_t loaded; /* seconds since the epoch */
};

struct zones {
	struct zone *v;
	size_t n;
	/* private: table by hash of origin */
	uint32_t *table;
	uint32_t mask;
};

/* All zones of the configuration, none loaded. 0, or -1: no memory. */
int zones_open(struct server *);
void zones_close(struct zones *);

/*
 * The zone that the name is in: the longest origin that is one of its
 * suffixes. *suffix: which. NULL: none of ours. A DS query is the parent's:
 * from = 1 leaves the name itself out (RFC 4035 section 3.1.4.1).
 */
struct zone *zones_find(const struct zones *, const struct dname *,
    unsigned from, unsigned *suffix);
/* The zone with exactly this origin. */
struct zone *zones_at(const struct zones *, const struct dname *);

/* In an epoch, or the main thread. */
static inline struct snapshot *
zone_now(const struct zone *z)
{
	return atomic_load_explicit(&z->now, memory_order_acquire);
}

/*
 * Main thread: readers see this from now on; the old one is freed when the
 * last of them has left. NULL: the zone is not served any more (expired).
 */
void zone_publish(struct zone *, struct snapshot *);

/*
 * Path of a file of the zone in the directory: "NAME.zone", ".jnl", ".state";
 * NAME in lower case, what no file's name should have as \DDD, the root "@".
 */
void zone_path(const struct zone *, const char *suffix, char *out, size_t size);
/* Path of its master file: as the configuration says, or "NAME.zone". */
void zone_source(const struct zone *, char *out, size_t size);

void zone_files_free(struct zone_file *, size_t n);

#endif
