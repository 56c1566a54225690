/*
 * Reading a journal in pieces, so that its size does not matter.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journalpart.h"

#define WINDOW (128 * 1024) /* a record's largest part is JOURNAL_RR_MAX */

int
journalwindow_open(struct journal_window *w, int fd, uint64_t end)
{
	w->fd = fd;
	w->end = end;
	w->at = 0;
	w->len = 0;
	w->size = WINDOW;
	w->buf = malloc(w->size);
	return w->buf != NULL ? 0 : -1;
}

void
journalwindow_close(struct journal_window *w)
{
	free(w->buf);
	w->buf = NULL;
}

static int
fill(struct journal_window *w, uint64_t at)
{
	size_t want = w->size;
	ssize_t n;

	if (want > w->end - at)
		want = (size_t)(w->end - at);
	w->at = at;
	for (w->len = 0; w->len < want; w->len += (size_t)n) {
		n = pread(w->fd, w->buf + w->len, want - w->len,
		    (off_t)(at + w->len));
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n == -1)
			return -1;
		if (n == 0)
			break;
	}
	return 0;
}

const uint8_t *
journalwindow_at(struct journal_window *w, uint64_t at, size_t n)
{
	errno = 0;
	if (at > w->end || n > w->end - at || n > w->size)
		return NULL;
	if (at >= w->at && at - w->at <= w->len && n <= w->len - (at - w->at))
		return w->buf + (at - w->at);
	if (fill(w, at) == -1)
		return NULL;
	errno = 0;
	return w->len >= n ? w->buf : NULL;
}
