/*
 * zonefile: master files (RFC 1035 section 5, RFC 2308 section 4, RFC 3597),
 * with $INCLUDE and $GENERATE, times as 2d or 1h30m: dnsd.zone(5).
 *
 * The file is taken whole into memory (not mapped: who edits it in place would
 * end the process) and read once from front to end; nothing is allocated for a
 * record. After a wrong line it goes on behind that line, so that all errors
 * are told in one run. Zones are of class IN; another class is an error.
 */
#ifndef ZONEFILE_H
#define ZONEFILE_H

#include <sys/stat.h>

#include "dname.h"
#include "rdata.h"

#define ZONEFILE_DEPTH 8 /* files that include each other */
#define ZONEFILE_FILES 10000 /* opened in all */
#define ZONEFILE_GENERATE 1048576 /* records of one $GENERATE */
#define ZONEFILE_ERRORS 20 /* so many are told; the rest is counted */
#define ZONEFILE_WHAT 192 /* text of an error */

struct zonefile_rr {
	const struct dname *owner; /* the same pointer as in the last record:
				      the same owner */
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *data; /* wire form, valid for its type */
	size_t len;
	const char *file; /* where it stands */
	int line;
};

struct zonefile_calls {
	/* NULL, or what is wrong with the record, which is told. */
	const char *(*record)(void *arg, const struct zonefile_rr *);
	/*
	 * "file:line: what" is to be told; line 0: of the file itself. NULL:
	 * by log_errx.
	 */
	void (*error)(void *arg, const char *file, int line, const char *what);
	/* A file was opened, an included one too. NULL: nobody cares. */
	void (*opened)(void *arg, const char *path, const struct stat *);
};

/*
 * Included files are relative to the one that names them. origin: wire form.
 * The number of errors, 0 for none; a file that can't be read is one.
 */
size_t zonefile_read(const char *path, const uint8_t *origin,
    const struct zonefile_calls *, void *arg);
/* The same of text in memory, named as `path` in messages (for tests, and
 * for what has no file). */
size_t zonefile_read_text(const char *text, size_t len, const char *path,
    const uint8_t *origin, const struct zonefile_calls *, void *arg);

/* A time: "3600", "2d", "1h30m", of len bytes; at most 2^31 - 1 (RFC 2181
 * section 8). */
bool zonefile_ttl(const char *, size_t len, uint32_t *);

#endif
