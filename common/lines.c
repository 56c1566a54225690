/*
 * Line files: read record by record, replaced whole.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
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
	char *raw; /* the line that was read last, getline's */
	size_t size;
	int line; /* its number */
	int first; /* where the record begins */
	int errors;
	bool toolong, nul; /* of the record being read */
	size_t len;
	char text[LINES_MAX + 1];
};

int
lines_error(struct lines *l, const char *fmt, ...)
{
	char what[LOG_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (++l->errors <= LINES_ERRORS)
		log_errx("%s:%d: %s", l->path, l->first, what);
	if (l->errors == LINES_ERRORS)
		log_errx("%s: further errors are not told", l->path);
	return -1;
}

int
lines_number(const struct lines *l)
{
	return l->first;
}

static bool
blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Add the n bytes of the raw line to the record. True: it goes on. */
static bool
add_line(struct lines *l, size_t n)
{
	const char *s = l->raw;
	bool word = l->len > 0 && !blank(l->text[l->len - 1]);
	bool more = false;
	size_t i;

	if (memchr(s, '\0', n) != NULL)
		l->nul = true;
	if (n > 0 && s[n - 1] == '\n')
		n--;
	if (n > 0 && s[n - 1] == '\r')
		n--;
	for (i = 0; i < n && (s[i] != '#' || word); i++)
		word = !blank(s[i]);
	if (i == n && n > 0 && s[n - 1] == '\\') {
		more = true;
		i--;
	}
	if (i > LINES_MAX - l->len) {
		l->toolong = true;
		i = LINES_MAX - l->len;
	}
	memcpy(l->text + l->len, s, i);
	l->len += i;
	return more;
}

/* The next record into text. 1, 0 at the end, -1 after an error was told. */
static int
read_record(struct lines *l)
{
	ssize_t n;

	l->len = 0;
	l->nul = l->toolong = false;
	l->first = l->line + 1;
	do {
		if ((n = getline(&l->raw, &l->size, l->fp)) == -1) {
			if (l->first > l->line)
				return 0;
			return lines_error(
			    l, "the file ends in a continued line");
		}
		l->line++;
	} while (add_line(l, (size_t)n));
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

/* 0, or -1: some record was bad. */
static int
read_all(struct lines *l, lines_fn *fn, void *arg)
{
	char *text;
	int got, rc = 0;

	while (l->errors < LINES_ERRORS && (got = read_record(l)) != 0) {
		text = l->text + strspn(l->text, " \t");
		if (got == -1 || (*text != '\0' && fn(l, text, arg) == -1))
			rc = -1;
	}
	return rc;
}

int
lines_read(const char *path, lines_fn *fn, void *arg)
{
	struct lines *l = calloc(1, sizeof(*l));
	int rc;

	if (l == NULL || (l->fp = fopen(path, "re")) == NULL) {
		log_err("%s", path);
		free(l);
		return -1;
	}
	l->path = path;
	rc = read_all(l, fn, arg);
	if (l->errors < LINES_ERRORS && !feof(l->fp)) {
		log_err("%s", path);
		rc = -1;
	}
	fclose(l->fp);
	free(l->raw);
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

int
lines_rewrite(const char *path, const void *bytes, size_t len, int mode)
{
	char real[PATH_MAX], parent[PATH_MAX], temp[PATH_MAX + 8];
	int dir, fd, saved, rc = -1;
	bool renamed;

	/* A symbolic link stays one: the file that it names is replaced. */
	if (realpath(path, real) == NULL) {
		if (errno != ENOENT)
			return -1;
		strlcpy(real, path, sizeof(real));
	}
	strlcpy(parent, real, sizeof(parent));
	dir = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return -1;
	snprintf(temp, sizeof(temp), "%s.XXXXXX", real);
	fd = mkostemp(temp, O_CLOEXEC);
	renamed = fd != -1 && copy_rights(fd, real, mode) == 0 &&
	    write_all(fd, bytes, len) == 0 && fsync(fd) == 0 &&
	    rename(temp, real) == 0;
	if (renamed)
		rc = fsync(dir);
	saved = errno;
	if (fd != -1 && !renamed)
		unlink(temp);
	if (fd != -1)
		close(fd);
	close(dir);
	errno = saved;
	return rc;
}
