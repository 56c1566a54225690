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

#define CONF_BYTES (1024 * 1024) /* of a file, at most */
#define CONF_WORD 8192 /* bytes of a value, at most */
#define CONF_WHY 256 /* bytes of an explanation */
#define CONF_FORMAT 32 /* bytes of a number with its unit */

/* The word that stands for "{ }", which libconfuse would not report. */
#define CONF_NOTHING "\177"

/*
 * A file's text for libconfuse, and the lines where its sections begin. Where
 * `error` is not NULL, the text ends before what is wrong at error_line.
 */
struct conf_text {
	struct buf out; /* ends with a NUL */
	int *begin;
	size_t nbegin;
	int error_line;
	char error[CONF_WHY];
};

/* raw ends with a NUL, which len does not count. 0; -1: no memory. */
int conf_text_clean(struct conf_text *, const char *raw, size_t len);
void conf_text_free(struct conf_text *);

/* NULL, or why the word is not a prefix. */
const char *conf_why_prefix(const char *, struct conf_prefix *);
/* Bytes or milliseconds in the largest unit that divides them; plain else. */
const char *conf_format(enum conf_type, uint64_t, char out[CONF_FORMAT]);

enum conf_verdict { CONF_GOOD, CONF_WRONG, CONF_NOMEM };

/* What one type does; `p` points at the member. */
struct conf_kind {
	bool list; /* set is called for each value */
	/* CONF_WRONG: why says what is wrong. */
	enum conf_verdict (*set)(
	    const struct conf_key *, const char *word, void *p, char *why);
	void (*free)(void *p);
	/* NULL for sections. Nothing is written for what a file cannot say. */
	void (*show)(const struct conf_key *, const void *p, struct buf *);
};
const struct conf_kind *conf_kind(enum conf_type);

#endif
