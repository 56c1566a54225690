/*
 * A growing byte buffer with a hard limit. Every addition passes buf_room,
 * which alone decides whether there is room.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define FIRST_SIZE 256

void
buf_init(struct buf *b, size_t limit)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit;
}

void
buf_free(struct buf *b)
{
	free(b->p);
	buf_init(b, b->limit);
}

void
buf_reset(struct buf *b)
{
	b->pos = b->len = 0;
	b->failed = false;
}

size_t
buf_left(const struct buf *b)
{
	return b->len - b->pos;
}

/* Make the memory twice as large until need bytes fit. */
static int
grow(struct buf *b, size_t need)
{
	size_t size = b->size == 0 ? FIRST_SIZE : b->size;
	uint8_t *p;

	while (size < need && size <= b->limit / 2)
		size *= 2;
	if (size < need || size > b->limit)
		size = b->limit;
	if ((p = realloc(b->p, size)) == NULL)
		return -1;
	b->p = p;
	b->size = size;
	return 0;
}

uint8_t *
buf_room(struct buf *b, size_t n)
{
	size_t left = buf_left(b);

	if (b->failed || n > b->limit - left)
		goto fail;
	if (n > b->size - b->len && b->pos > 0) {
		/* The used bytes make room. */
		memmove(b->p, b->p + b->pos, left);
		b->pos = 0;
		b->len = left;
	}
	if ((b->p == NULL || n > b->size - b->len) && grow(b, b->len + n) == -1)
		goto fail;
	return b->p + b->len;
fail:
	b->failed = true;
	return NULL;
}

void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	uint8_t *p;

	if (n == 0 || (p = buf_room(b, n)) == NULL)
		return;
	memcpy(p, bytes, n);
	b->len += n;
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n == -1) {
		b->failed = true;
		return;
	}
	buf_add(b, text, (size_t)n);
	free(text);
}

void
buf_drop(struct buf *b, size_t n)
{
	b->pos += n;
	if (b->pos == b->len)
		b->pos = b->len = 0;
}
