/*
 * zonecheck: what makes no zone, and what is unlikely to be meant.
 *
 * Errors: no SOA or two, no NS at the origin, CNAME and other data, data
 * below a DNAME, out-of-zone data. Warnings: NS or MX that is a CNAME or has
 * no address in the zone, missing glue, different TTLs in an RRset.
 */
#ifndef ZONECHECK_H
#define ZONECHECK_H

#include "zonedb.h"

#define ZONECHECK_TOLD 20

struct zonecheck {
	void (*tell)(void *arg, bool error, const char *what);
	void *arg;
	size_t errors, warnings;
};
/* A table of checks over every node. The number of errors. */
size_t zonecheck_run(const struct snapshot *, struct zonecheck *);

#endif
