/*
 * past: what the history of leases (storehistory.c writes it) says of one
 * address. The files may be large, and clients do not wait for them: they are
 * read piece by piece, which is for the caller to do between other work.
 */
#ifndef PAST_H
#define PAST_H

#include <stdint.h>

#include "journal.h"

struct past;

/*
 * dir: descriptor of the leases' directory. at > 0: only the line that was in
 * force then, if one was. NULL with errno; where there is no history, nothing
 * is found in it.
 */
struct past *past_open(int dir, uint32_t ip, int64_t at);
typedef void
past_line_fn(void *arg, int64_t when, const struct journal_record *);
/*
 * Read the next piece and give the lines that are found, oldest first. 1: there
 * is more to read; 0: that was all; -1 with errno: the rest cannot be read.
 */
int past_next(struct past *, past_line_fn *, void *arg);
void past_close(struct past *);

#endif
