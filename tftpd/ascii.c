/*
 * Reading as netascii: a block's bytes are not where its number says, so the
 * place where the first unacknowledged block begins is kept, and each window
 * is encoded from there.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tftpd.h"

#define CHUNK 16384

static uint8_t room[ASCII_ROOM]; /* one process, one thread */

void
ascii_init(struct ascii_place *p)
{
	netascii_init(&p->state);
	p->offset = 0;
	p->block = 1;
}

/* Bytes of the file at offset: their number, 0 at the end, -1. */
static ssize_t
source(const struct file *f, uint64_t offset, uint8_t *copy, const uint8_t **at)
{
	if (!f->mapped) {
		*at = f->data + offset;
		return (ssize_t)(f->size - offset);
	}
	*at = copy;
	return pread(f->fd, copy, CHUNK, (off_t)offset);
}

/* Encode `want` bytes from here on (fewer: the file ended); -1. */
static ssize_t
encode(const struct file *f, struct ascii_place *p, uint8_t *out, size_t want)
{
	uint8_t copy[CHUNK];
	const uint8_t *at;
	size_t done = 0, used;
	ssize_t n;

	while (done < want) {
		if ((n = source(f, p->offset, copy, &at)) == -1)
			return -1;
		if (n == 0 && p->state.pending == -1)
			break;
		done += netascii_encode(
		    &p->state, at, (size_t)n, &used, out + done, want - done);
		p->offset += used;
	}
	return (ssize_t)done;
}

/* Move the kept place on to what is not acknowledged yet. */
static int
advance(struct transfer *t)
{
	struct ascii_place *p = &t->ascii;

	for (; p->block < t->x.acked + 1; p->block++)
		if (encode(t->file, p, room, t->x.blksize) == -1)
			return -1;
	return 0;
}

const uint8_t *
ascii_window(struct transfer *t, size_t *total)
{
	struct ascii_place p;
	uint64_t blocks;
	ssize_t n;

	if (advance(t) == -1)
		return NULL;
	p = t->ascii;
	blocks = t->x.end - p.block;
	if ((n = encode(t->file, &p, room, blocks * t->x.blksize)) == -1)
		return NULL;
	*total = (size_t)n;
	if (*total < blocks * t->x.blksize) {
		t->x.last = p.block + *total / t->x.blksize;
		if (t->x.end > t->x.last + 1)
			t->x.end = t->x.last + 1;
	}
	return room;
}
