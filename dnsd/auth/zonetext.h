/*
 * zonetext: a snapshot as a master file, as a person would write it: names in
 * canonical order, relative to the origin, each once; columns; the SOA's
 * numbers with what they are.
 */
#ifndef ZONETEXT_H
#define ZONETEXT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "zonedb.h"

/*
 * Write it to fd, without a sync. 0, or -1 with errno: ECANCELED when *stop
 * (or NULL) became true. Any thread that holds the snapshot.
 */
int zonetext_write(const struct snapshot *, int fd, const atomic_bool *stop);

#endif
