/*
 * A journal's file: read at start, made, mended.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crc32c.h"
#include "journalpart.h"
#include "log.h"

#define MODE 0640
#define PIECE 65536

int
journalfile_write(int fd, const void *bytes, size_t len, uint64_t at)
{
	const uint8_t *p = bytes;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, (off_t)at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		at += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int
journalfile_sync_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];
	int fd, rc, error;

	if (slash == NULL)
		snprintf(dir, sizeof(dir), ".");
	else
		snprintf(
		    dir, sizeof(dir), "%.*s", (int)(slash - path) + 1, path);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = fsync(fd);
	error = errno;
	close(fd);
	errno = error;
	return rc;
}

int
journalfile_add(struct journal *j, const struct journal_place *p)
{
	struct journal_place *v;
	size_t size = j->size == 0 ? 16 : 2 * j->size;
	int rc = 0;

	pthread_mutex_lock(&j->lock);
	if (j->n == j->size) {
		if ((v = reallocarray(j->places, size, sizeof(*v))) == NULL) {
			rc = -1;
		} else {
			j->places = v;
			j->size = size;
		}
	}
	if (rc == 0)
		j->places[j->n++] = *p;
	pthread_mutex_unlock(&j->lock);
	return rc;
}

void
journalfile_retire(struct journal *j, struct journal_file *f)
{
	f->retired = true;
	if (f->under_way > 0)
		return;
	commit_forget(j->all->commit, f->fd);
	close(f->fd);
	free(f);
}

int
journalfile_check(struct journal_window *w, uint64_t at, struct journal_head *h)
{
	const uint8_t *p = journalwindow_at(w, at, JOURNAL_HEAD);
	uint64_t end;
	uint32_t crc = 0;
	size_t n;

	if (p == NULL)
		return errno == 0 ? 0 : -1;
	if (journalform_get(p, h) == -1)
		return 0;
	at += JOURNAL_HEAD;
	if (h->len > w->end - at)
		return 0;
	for (end = at + h->len; at < end; at += n) {
		n = end - at < PIECE ? (size_t)(end - at) : PIECE;
		if ((p = journalwindow_at(w, at, n)) == NULL)
			return errno == 0 ? 0 : -1;
		crc = crc32c(crc, p, n);
	}
	return crc == h->crc;
}

/*
 * Does a whole record behind this offset say that it was on disk? Then what is
 * there now is damage, not an end that was never finished. 1, 0, -1.
 */
static int
proven_later(struct journal_window *w, uint64_t wrong)
{
	uint64_t at = wrong + 1;
	struct journal_head h;
	const uint8_t *p, *mark;
	size_t n;
	int rc;

	while (at + JOURNAL_HEAD <= w->end) {
		n = w->end - at < PIECE ? (size_t)(w->end - at) : PIECE;
		if ((p = journalwindow_at(w, at, n)) == NULL)
			return -1;
		if ((mark = memmem(p, n, "DNSJ", 4)) == NULL) {
			at += n > 3 ? n - 3 : 1;
			continue;
		}
		at += (size_t)(mark - p);
		if ((rc = journalfile_check(w, at, &h)) == -1)
			return -1;
		if (rc == 1 && h.proven > wrong)
			return 1;
		at += rc == 1 ? JOURNAL_HEAD + h.len : 1;
	}
	return 0;
}

/*
 * All records from the beginning to the first wrong one: j->end. 1: that's the
 * file's end; 0: what follows was never finished; 2: it is damaged; -1.
 */
static int
scan(struct journal *j, struct journal_window *w)
{
	struct journal_place place;
	struct journal_head h;
	int rc;

	while (j->end < w->end) {
		if ((rc = journalfile_check(w, j->end, &h)) == -1)
			return -1;
		if (rc == 0)
			return (rc = proven_later(w, j->end)) == 1 ? 2 : rc;
		if (j->n > 0 && j->places[j->n - 1].to != h.from)
			return 2;
		place = (struct journal_place){ j->end, h.from, h.to };
		if (journalfile_add(j, &place) == -1)
			return -1;
		j->end += JOURNAL_HEAD + h.len;
	}
	return 1;
}

/* The beginning of the file. 1, 0: torn while it was made, 2: another file. */
static int
check_magic(struct journal_window *w)
{
	size_t n = w->end < JOURNAL_BEGIN ? (size_t)w->end : JOURNAL_BEGIN;
	const uint8_t *p = journalwindow_at(w, 0, n);
	size_t i;

	if (p == NULL)
		return -1;
	if (memcmp(p, JOURNAL_MAGIC, n) == 0)
		return n == JOURNAL_BEGIN;
	for (i = 0; i < n; i++)
		if (p[i] != 0)
			return 2;
	return w->end > JOURNAL_BEGIN ? 2 : 0;
}

static int
read_file(struct journal *j, int fd, uint64_t size)
{
	struct journal_window w;
	int rc;

	j->n = 0;
	j->end = 0;
	if (journalwindow_open(&w, fd, size) == -1)
		return -1;
	if ((rc = check_magic(&w)) == 1) {
		j->end = JOURNAL_BEGIN;
		rc = scan(j, &w);
	}
	journalwindow_close(&w);
	return rc;
}

static int
copy(int from, int to, uint64_t len)
{
	static uint8_t bytes[PIECE];
	uint64_t at = 0;
	ssize_t n;

	for (; at < len; at += (size_t)n) {
		n = pread(from, bytes,
		    len - at < PIECE ? (size_t)(len - at) : PIECE, (off_t)at);
		if (n == -1 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n == 0)
			errno = EIO;
		if (n <= 0 || journalfile_write(to, bytes, (size_t)n, at) == -1)
			return -1;
	}
	return 0;
}

/*
 * The damaged file becomes NAME.bad; what stands before the damage is a file
 * of its own in its place, to which *fd refers then.
 */
static int
set_aside(struct journal *j, int *fd)
{
	char bad[PATH_MAX], new[PATH_MAX];
	int copied;

	snprintf(bad, sizeof(bad), "%s.bad", j->path);
	snprintf(new, sizeof(new), "%s.new", j->path);
	copied = open(
	    new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (copied == -1)
		return -1;
	if (j->end < JOURNAL_BEGIN) {
		j->end = JOURNAL_BEGIN;
		if (journalfile_write(
			copied, JOURNAL_MAGIC, JOURNAL_BEGIN, 0) == -1)
			goto fail;
	} else if (copy(*fd, copied, j->end) == -1) {
		goto fail;
	}
	if (flock(copied, LOCK_EX | LOCK_NB) == -1 || fsync(copied) == -1 ||
	    rename(j->path, bad) == -1 || rename(new, j->path) == -1 ||
	    journalfile_sync_dir(j->path) == -1)
		goto fail;
	log_errx("%s: damaged at byte %llu: changes from there on are lost; "
		 "the file was kept as %s",
	    j->path, (unsigned long long)j->end, bad);
	close(*fd);
	*fd = copied;
	return 0;
fail:
	close(copied);
	return -1;
}

/* What follows the last whole record was promised to nobody. */
static int
cut(struct journal *j, int fd, uint64_t size)
{
	log_warnx("%s: %llu bytes at its end were not finished: cut off",
	    j->path, (unsigned long long)(size - j->end));
	if (ftruncate(fd, (off_t)j->end) == -1)
		return -1;
	if (j->end >= JOURNAL_BEGIN)
		return 0;
	j->end = JOURNAL_BEGIN;
	return journalfile_write(fd, JOURNAL_MAGIC, JOURNAL_BEGIN, 0);
}

/* Lock, read, mend; what was read is on disk before anybody hears of it. */
static int
take(struct journal *j, int *fd)
{
	struct stat st;
	int rc;

	if (j->write && flock(*fd, LOCK_EX | LOCK_NB) == -1)
		return -1;
	if (fstat(*fd, &st) == -1)
		return -1;
	rc = read_file(j, *fd, (uint64_t)st.st_size);
	if (rc == -1 || !j->write)
		return rc == -1 ? -1 : 0;
	if (rc == 2 && set_aside(j, fd) == -1)
		return -1;
	if (rc == 0 && cut(j, *fd, (uint64_t)st.st_size) == -1)
		return -1;
	return fdatasync(*fd);
}

static void
forget(struct journal *j)
{
	if (j->file != NULL)
		journalfile_retire(j, j->file);
	j->file = NULL;
	j->n = j->nproven = 0;
	j->end = j->proven = JOURNAL_BEGIN;
	j->empty = true;
}

int
journalfile_open(struct journal *j)
{
	struct journal_file *f;
	int fd = open(
	    j->path, (j->write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);

	pthread_mutex_lock(&j->lock);
	forget(j);
	pthread_mutex_unlock(&j->lock);
	if (fd == -1 && errno == ENOENT)
		return 0;
	f = calloc(1, sizeof(*f));
	if (fd == -1 || f == NULL || take(j, &fd) == -1) {
		if (errno == EWOULDBLOCK)
			log_errx("%s: another process writes it", j->path);
		else
			log_err("%s", j->path);
		free(f);
		if (fd != -1)
			close(fd);
		return -1;
	}
	f->fd = fd;
	j->nproven = j->n;
	j->proven = j->end;
	j->empty = j->n == 0;
	j->to = j->empty ? 0 : j->places[j->n - 1].to;
	pthread_mutex_lock(&j->lock);
	j->file = f;
	pthread_mutex_unlock(&j->lock);
	return 0;
}

int
journalfile_make(struct journal *j)
{
	struct journal_file *f = calloc(1, sizeof(*f));
	int error;

	if (f == NULL)
		return -1;
	f->fd = open(
	    j->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (f->fd == -1)
		goto fail;
	if (flock(f->fd, LOCK_EX | LOCK_NB) == -1 ||
	    journalfile_write(f->fd, JOURNAL_MAGIC, JOURNAL_BEGIN, 0) == -1 ||
	    journalfile_sync_dir(j->path) == -1)
		goto fail;
	pthread_mutex_lock(&j->lock);
	j->file = f;
	pthread_mutex_unlock(&j->lock);
	return 0;
fail:
	error = errno;
	if (f->fd != -1) {
		unlink(j->path);
		close(f->fd);
	}
	free(f);
	errno = error;
	return -1;
}
