/*
 * confpart: what the parts of conf share and nobody else needs.
 *
 *	conftext	the text of a file, made safe for libconfuse
 *	confword	single words: numbers with units, prefixes, ranges
 *	confkind	the types of keys: set, free and show a member
 *	conf		files, tables, sections, messages
 */
#ifndef CONFPART_H
#define CONFPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"

#define CONF_WORD 8192 /* bytes of a value, at most */
#define CONF_WHY 256 /* bytes of an explanation */
#define CONF_FORMAT 32 /* bytes of a number with its unit */

/*
 * A word that no file can say without quotes. It stands for the nothing in
 * "{ }" and, as a key, behind the '{' of each section, with the title of that
 * for its value, or itself: libconfuse would report neither.
 */
#define CONF_MARK "\177"

/*
 * A file's text for libconfuse, keys spelled as in their rows. Where
 * error_line is not 0, the text ends before what is wrong there.
 */
struct conf_text {
	struct buf out; /* ends with a NUL; failed: no memory */
	int error_line;
	char error[64];
};

/* raw ends with a NUL, which len does not count. Free `out` afterwards. */
void conf_text_clean(
    struct conf_text *, const struct conf_key *, const char *raw, size_t len);

int conf_parse_range(const char *, struct conf_range *);
/* Bytes or milliseconds in the largest unit that divides them; plain else. */
const char *conf_format(enum conf_type, uint64_t, char out[CONF_FORMAT]);

/* What one type does; p points at the member. */
struct conf_kind {
	bool list; /* set is called for each value and adds it */
	bool quoted; /* how its values are shown */
	/* 0, or -1 after a message. */
	int (*set)(const struct conf_key *, const char *word, void *p);
};
extern const struct conf_kind conf_kinds[]; /* by type */

/* One more zeroed element of a list or section; NULL after a message. */
void *conf_grow(void *member, size_t size);
/* Free what the member holds, which is then empty. */
void conf_clear(const struct conf_key *, void *member);

/* Tell what is wrong with the value that is being read. Returns -1. */
int conf_wrong(const char *, ...) __attribute__((__format__(__printf__, 1, 2)));

#endif
