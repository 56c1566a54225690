/*
 * Line files: read record by record, replaced whole.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "lines.h"
#include "log.h"

struct lines {
	const char *path;
	FILE *fp;
	int line; /* lines of the file that were read */
	int first; /* where the record begins */
	int errors;
	size_t len;
	bool toolong, nul; /* of the record being read */
	char text[LINES_MAX + 3]; /* room for a backslash and CR */
};

static void
tell(struct lines *l, int line, const char *what)
{
	if (++l->errors <= LINES_ERRORS)
		log_errx("%s:%d: %s", l->path, line, what);
	if (l->errors == LINES_ERRORS)
		log_errx("%s: further errors are not told", l->path);
}

int
lines_error(struct lines *l, const char *fmt, ...)
{
	char what[LOG_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	tell(l, l->first, what);
	return -1;
}

int
lines_number(const struct lines *l)
{
	return l->first;
}

int
lines_words(char *text, char **words, int max)
{
	int n = 0;

	for (;;) {
		text += strspn(text, " \t");
		if (*text == '\0')
			return n;
		if (n == max)
			return -1;
		words[n++] = text;
		text += strcspn(text, " \t");
		if (*text != '\0')
			*text++ = '\0';
	}
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/*
 * Add the next line of the file to the record; of one that is too long only
 * the last two bytes are kept up to date, which tell whether it goes on.
 * 1, or 0 at the end of the file.
 */
static int
add_line(struct lines *l)
{
	bool any = false;
	int c;

	while ((c = getc_unlocked(l->fp)) != EOF && c != '\n') {
		any = true;
		if (c == '\0')
			l->nul = true;
		if (l->len == sizeof(l->text) - 1) {
			l->toolong = true;
			l->text[l->len - 2] = l->text[l->len - 1];
			l->len--;
		}
		l->text[l->len++] = (char)c;
	}
	if (c == EOF && !any)
		return 0;
	l->line++;
	return 1;
}

/* What add_line put at `start`: cut it to its text. 1: the record goes on. */
static int
trim_line(struct lines *l, size_t start)
{
	size_t i;
	int more = 0;

	if (l->len > start && l->text[l->len - 1] == '\r')
		l->len--;
	for (i = start; i < l->len; i++)
		if (l->text[i] == '#' && (i == 0 || blank(l->text[i - 1])))
			break;
	if (i < l->len) {
		l->len = i;
	} else if (l->len > start && l->text[l->len - 1] == '\\') {
		l->len--;
		more = 1;
	}
	if (l->len > LINES_MAX) {
		l->toolong = true;
		l->len = LINES_MAX;
	}
	return more;
}

/* The next record into text. 1, 0 at the end, -1 after an error was told. */
static int
read_record(struct lines *l)
{
	size_t start;

	l->len = 0;
	l->nul = l->toolong = false;
	l->first = l->line + 1;
	do {
		start = l->len;
		if (!add_line(l)) {
			if (l->first > l->line)
				return 0;
			return lines_error(
			    l, "the file ends in a continued line");
		}
	} while (trim_line(l, start));
	while (l->len > 0 && blank(l->text[l->len - 1]))
		l->len--;
	l->text[l->len] = '\0';
	if (l->nul)
		return lines_error(l, "NUL byte");
	if (l->toolong)
		return lines_error(
		    l, "line is longer than %d bytes", LINES_MAX);
	return 1;
}

static void
read_all(struct lines *l, lines_fn *fn, void *arg)
{
	char *text;
	int errors, rc;

	while (l->errors < LINES_ERRORS && (rc = read_record(l)) != 0) {
		if (rc == -1)
			continue;
		text = l->text + strspn(l->text, " \t");
		errors = l->errors;
		if (*text != '\0' && fn(l, text, arg) == -1 &&
		    l->errors == errors)
			l->errors++;
	}
}

int
lines_read(const char *path, lines_fn *fn, void *arg)
{
	struct lines *l;
	int rc = -1;

	if ((l = calloc(1, sizeof(*l))) == NULL) {
		log_err("%s", path);
		return -1;
	}
	l->path = path;
	if ((l->fp = fopen(path, "re")) == NULL) {
		log_err("%s", path);
		goto done;
	}
	read_all(l, fn, arg);
	if (ferror(l->fp))
		log_err("%s", path);
	else if (l->errors == 0)
		rc = 0;
	fclose(l->fp);
done:
	free(l);
	return rc;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Give the new file the old one's owner and mode; chown clears mode bits. */
static int
copy_rights(int fd, const char *path, int mode)
{
	struct stat old;

	if (stat(path, &old) == -1)
		return errno == ENOENT ? fchmod(fd, (mode_t)mode) : -1;
	if (!S_ISREG(old.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (fchown(fd, old.st_uid, old.st_gid) == -1)
		return -1;
	return fchmod(fd, old.st_mode & 07777);
}

/* The whole new file beside `path`, synced; its name in temp. 0 or -1. */
static int
write_beside(
    const char *path, char *temp, const void *bytes, size_t len, int mode)
{
	int fd, saved;

	if ((fd = mkostemp(temp, O_CLOEXEC)) == -1)
		return -1;
	if (copy_rights(fd, path, mode) == 0 &&
	    write_all(fd, bytes, len) == 0 && fsync(fd) == 0) {
		if (close(fd) == 0)
			return 0;
		fd = -1;
	}
	saved = errno;
	if (fd != -1)
		close(fd);
	unlink(temp);
	errno = saved;
	return -1;
}

/* Open the directory that holds path; its length in path, '/' included. */
static int
open_dir(const char *path, size_t *len)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	*len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (*len >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(dir, path, *len);
	dir[*len] = '\0';
	return open(*len == 0 ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
lines_rewrite(const char *path, const void *bytes, size_t len, int mode)
{
	char real[PATH_MAX], temp[PATH_MAX];
	int dir, n, saved, rc = -1;
	size_t dirlen;

	/* A symbolic link stays one: the file that it names is replaced. */
	if (realpath(path, real) != NULL)
		path = real;
	else if (errno != ENOENT)
		return -1;
	if ((dir = open_dir(path, &dirlen)) == -1)
		return -1;
	n = snprintf(temp, sizeof(temp), "%.*s.%s.XXXXXX", (int)dirlen, path,
	    path + dirlen);
	if (n < 0 || (size_t)n >= sizeof(temp)) {
		close(dir);
		errno = ENAMETOOLONG;
		return -1;
	}
	if (write_beside(path, temp, bytes, len, mode) == 0) {
		if (rename(temp, path) == -1) {
			saved = errno;
			unlink(temp);
			errno = saved;
		} else
			rc = fsync(dir);
	}
	saved = errno;
	close(dir);
	errno = saved;
	return rc;
}
