/*
 * buf: a growing byte buffer with a hard limit.
 *
 * Bytes [pos, len) of p are unread. p is never NULL once anything was added
 * (and may be NULL before). len never passes limit. A request that would
 * pass the limit, or that finds no memory, changes nothing and sets `failed`,
 * which stays until buf_reset: add as often as you like, check once.
 */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *p;
	size_t pos, len; /* unread bytes are p[pos] .. p[len - 1] */
	size_t size; /* allocated */
	size_t limit; /* never more than this */
	bool failed; /* sticky */
};

/* An empty buffer of at most limit bytes; allocates nothing. */
void buf_init(struct buf *, size_t limit);
/* Free the memory; the buffer can be used again. */
void buf_free(struct buf *);
/* Forget the bytes and the failure, keep the memory. */
void buf_reset(struct buf *);

/* Unread bytes. */
size_t buf_left(const struct buf *);

void buf_add(struct buf *, const void *, size_t);
void buf_puts(struct buf *, const char *);
void buf_printf(struct buf *, const char *, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/*
 * Room for n more bytes at the end, to be written by the caller who then
 * adds what he wrote to len; NULL (and failed) where there is none. Unread
 * bytes may move.
 */
uint8_t *buf_room(struct buf *, size_t n);

/* n unread bytes were used; n is at most buf_left. */
void buf_drop(struct buf *, size_t n);

#endif
