/*
 * zonefilepart: what the files of zonefile share.
 */
#ifndef ZONEFILEPART_H
#define ZONEFILEPART_H

#include "rdatapart.h"
#include "zonefile.h"

/* A file being read, or the text of one $GENERATE. */
struct zonefile_source {
	const struct zonefile_source *parent; /* that includes it; NULL: none */
	const char *path;
	dev_t dev;
	ino_t ino;
	int depth; /* 1: the zone's own file */
	bool generated; /* no file: one record, no directives */
	const char *p, *end; /* a newline stands at end */
	int line; /* of p */
	int unclosed; /* parentheses so far that nothing closed */
	struct dname origin;
};

struct zonefile_reader {
	const struct zonefile_calls *calls;
	void *arg;
	size_t errors, files;
	struct zonefile_source *s; /* innermost */
	/* The record being read: */
	struct rdata_token *t;
	size_t n, max;
	int line; /* where it begins */
	bool blank; /* .. with a blank: the owner is the last one */
	/*
	 * The owner, and the one of the record that was told last: another
	 * owner has another address.
	 */
	struct dname owners[2];
	unsigned owner, told;
	bool has_owner;
	/* The text that made the last owner, below the same origin; NULL. */
	const char *owner_text;
	size_t owner_len;
	/* TTLs (RFC 2308 section 4): $TTL, the last one written, SOA's. */
	struct zonefile_time {
		bool set;
		uint32_t s;
	} ttl, last_ttl, minimum;
	uint8_t data[RDATA_MAX];
};

/* Tell an error of the record being read; counts it. */
void zonefile_error(struct zonefile_reader *, const char *, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/*
 * zonefilescan.c: the words of the next record into r->t; what is wrong with
 * its form is told, and it is passed over. false: the source has ended.
 */
bool zonefile_scan(struct zonefile_reader *);

/* zonefile.c: read what the source on top has; its text becomes the next. */
void zonefile_records(struct zonefile_reader *);
/* Read a file. 0, or -1 with errno: nothing was read. */
int zonefile_file(
    struct zonefile_reader *, const char *path, const struct dname *origin);
/* Forget what made the owner: names mean something else now. */
void zonefile_owner_forget(struct zonefile_reader *);

/* zonefiledirective.c: the record is one that begins with '$'. */
void zonefile_directive(struct zonefile_reader *);
/* zonefilegenerate.c: $GENERATE */
void zonefile_generate(struct zonefile_reader *);

#endif
