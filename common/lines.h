/*
 * lines: files of many lines, one record each (reservations, users, rules).
 *
 * '#' begins a comment where a word could begin, to the end of its line; blank
 * lines mean nothing; a backslash at the end of a line, unless in a comment,
 * continues it on the next; lines may end in CRLF. A NUL byte, a line above
 * LINES_MAX and a last line that ends in a continuation are errors. Every bad
 * line of a file is told, then the file is refused whole.
 */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>

/* Bytes of a line with its continuations, its comment not counted. */
#define LINES_MAX 8192
#define LINES_ERRORS 100 /* so many are told of one file */

struct lines; /* one file being read */

/*
 * One record: the text (NUL-terminated, no comment, no space around it, may
 * be changed by the callee) and its first line's number. Return 0, or -1 after
 * lines_error said what is wrong.
 */
typedef int lines_fn(struct lines *, char *text, void *arg);

/*
 * Call fn for every record of the file. 0, or -1 where the file cannot be
 * read or any record was bad (all of them told by log_errx, as
 * "file:line: what is wrong").
 */
int lines_read(const char *path, lines_fn *fn, void *arg);

/* Within fn: tell an error at this record. Returns -1. */
int lines_error(struct lines *, const char *, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/* Within fn: where we are. */
int lines_number(const struct lines *);

/*
 * Replace the file (a symbolic link's target) by these bytes so that after a
 * crash either the old or the new one stands there whole: temporary file in
 * the same directory, write, fsync, rename, fsync of the directory. Mode and
 * owner of an old file are kept; a new one gets mode, whatever the umask. 0,
 * or -1 with errno and nothing changed, save when that last fsync failed:
 * then the new file stands there, but a crash may bring back the old one.
 */
int lines_rewrite(const char *path, const void *bytes, size_t len, int mode);

#endif
