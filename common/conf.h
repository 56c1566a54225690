/*
 * conf: a daemon's configuration as one table of keys.
 *
 * The grammar is libconfuse's; values are ours: every scalar is read as a
 * string and parsed here, with units and bounds, so 010 is ten, -1 and
 * 99999999999 are refused, and each message reads
 *
 *	file:line: key: what is wrong
 *
 * All wrong values, duplicates and failed cross-checks of a file are told in
 * one run; a syntax error or an unknown key ends the reading of that file and
 * is told with all that was found before it. A missing or empty file means:
 * every default. Keys are written with '_'; '-' reads as the same.
 *
 * Of libconfuse's language: lists need no braces for one value; strings stand
 * in "..." (escapes as in C) or '...' (only \' and \\ are escapes) and end on
 * their line; words of letters, digits and .:/-_[]@%$ need no quotes; comments
 * are # // and C's. There is no include, no += and no ${ENVIRONMENT}.
 *
 * Sections may hold sections, CONF_DEPTH deep, and one table of keys may serve
 * sections in several places. A section whose row has a title_offset is written
 * `name "title" { ... }`, and no two beside each other have the same title.
 */
#ifndef CONF_H
#define CONF_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONF_DEPTH 8

enum conf_type {
	CONF_END,
	CONF_BOOL, /* bool; yes no true false on off */
	CONF_NUM, /* uint64_t, min..max; decimal digits only */
	CONF_SIZE, /* uint64_t bytes; 64k 10M 1G 2T, min..max */
	CONF_TIME, /* uint64_t milliseconds; 500ms 30s 15m 2h 7d, bare: s;
		      min..max in milliseconds; where `words` has a word,
		      such as "infinite", that is UINT64_MAX */
	CONF_STR, /* char *; at most max bytes; empty only where min is 0 */
	CONF_PATH, /* char *; absolute; empty only where min is 0 */
	CONF_ENUM, /* int; index in `words` */
	CONF_LIST, /* struct conf_list of strings; min..max members */
	CONF_ADDRS, /* struct conf_list of "addr", "addr:port", "[v6]:port",
		       "*", "*:port", each checked; min..max members */
	CONF_PREFIXES, /* struct conf_prefixes; 192.0.2.0/24 2001:db8::/32 */
	CONF_RANGE, /* struct conf_range; "50000-50100" or "0"; min..max */
	CONF_SECTION, /* struct conf_sections; `keys` describes one */
};

struct conf_list {
	char **v; /* n strings */
	size_t n;
};

struct conf_prefix {
	int family; /* AF_INET, AF_INET6 */
	uint8_t addr[16]; /* network order; host bits are zero */
	unsigned bits;
};

struct conf_prefixes {
	struct conf_prefix *v;
	size_t n;
};

struct conf_range {
	uint32_t first, last;
};

/* n structs of the size in the key's row, each filled from one section. */
struct conf_sections {
	void *v;
	size_t n;
};

/* One row; the array ends with CONF_END. */
struct conf_key {
	const char *name; /* with '_' */
	enum conf_type type;
	size_t offset; /* offsetof(struct NAME_conf, member) */
	const char *def; /* its one word: "64k", "yes", "*"; NULL: empty list,
			    no section, NULL string, false, 0 */
	uint64_t min, max; /* numbers and ranges always have bounds; a max of
			      0 is none for others, their min is 0 or 1 */
	const char *const *words; /* CONF_ENUM: its words, then NULL */
	const struct conf_key *keys; /* CONF_SECTION: its rows; there are max
					structs at most, */
	size_t size; /* .. each of this size; */
	size_t title_offset; /* .. and a char * at this offset of them (0: it
				has none) gets the section's title */
	size_t line_offset; /* an int at this offset (0: none) gets the line:
			       of a section's struct, where that begins; else
			       of the struct with the key, where the value
			       stands, 0 where no file says it. What has no
			       default and stands nowhere is not shown */
};

/*
 * Read the files into conf, a struct that is all zeroes: site (NULL: none) by
 * the rows site_keys, then the daemon's own, whose keys override. Every row of
 * `keys` that neither sets, or sets wrongly, gets its default. 0; CONF_WRONG
 * where all was read and some values are wrong, so that cross-checks make sense
 * still; -1 where a file was not read to its end. Every message is told;
 * conf_free in any case.
 */
#define CONF_WRONG 1
struct conf_files {
	const char *site; /* need not exist */
	const struct conf_key *site_keys;
	const char *own;
	const struct conf_key *keys;
	bool own_must_exist; /* named by -f */
};
int conf_load(const struct conf_files *, void *conf);

/* Free what the rows point at and zero those members. */
void conf_free(const struct conf_key *, void *conf);

/* Print the values in the file's own form ("key = value"), one a line. */
struct buf;
void conf_show(const struct conf_key *, const void *conf, struct buf *);

/*
 * For cross-checks: "file:line: key: what is wrong" with the own file of the
 * last conf_load. line 0: "file: key: ...".
 */
void conf_error(int line, const char *key, const char *, ...)
    __attribute__((__format__(__printf__, 3, 4)));

/* Words outside of files: a number, with CONF_SIZE and CONF_TIME one with a
   unit; 0 or -1. NULL, or why the word is not a prefix. */
int conf_parse(enum conf_type, const char *, uint64_t *);
const char *conf_parse_prefix(const char *, struct conf_prefix *);

/* Is the address (AF_INET, AF_INET6, v4-mapped) within any of these? */
bool conf_prefix_match(const struct conf_prefixes *, const struct sockaddr *);

#endif
