/*
 * Files being written. The bytes go to a file without a name (O_TMPFILE), so
 * whatever ends an upload early, a power cut too, leaves nothing. When all is
 * there: sync, name, sync of the directory, and only then the last ACK.
 *
 * A file that replaces another has a name of ours for a moment, and one on a
 * file system without nameless files from its beginning. Whoever has such a
 * file holds a lock on it; one without a lock was left by a process that was
 * killed, and the first upload to its directory removes it.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "log.h"
#include "tftpd.h"

#define TEMP ".tftpd-" /* and TEMP_DIGITS: a name of ours */
#define TEMP_DIGITS 16
#define SWEPT 64 /* directories that are remembered */
#define ROOM (64 * 1024) /* bytes kept until they are written at once */

enum stage {
	UPLOAD_DATA, /* bytes come in */
	UPLOAD_SYNC, /* the file is being synced */
	UPLOAD_NAMED, /* its directory is */
};

struct upload {
	struct server *server;
	struct transfer *transfer; /* NULL: given up while it was synced */
	enum stage stage;
	int dir, fd;
	char leaf[256]; /* its name in dir */
	char temp[64]; /* a name that it has until then, or "" */
	bool replace; /* an old file may be replaced */
	uint64_t max_size, size;
	struct netascii ascii;
	bool netascii;
	size_t len;
	uint8_t *room; /* ROOM + one block, and one byte for a CR */
};

static int
fail(enum packet_error code, const char *text, enum packet_error *error,
    const char **why)
{
	*error = code;
	*why = text;
	return -1;
}

static int
fail_errno(enum packet_error *error, const char **why)
{
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return fail(ERR_FULL, NULL, error, why);
	case ENOENT:
	case ENOTDIR:
		return fail(ERR_NOT_FOUND, NULL, error, why);
	case EACCES:
	case EPERM:
	case EROFS:
	case ELOOP:
	case EXDEV:
	case EISDIR:
		return fail(ERR_ACCESS, NULL, error, why);
	default:
		log_err("upload");
		return fail(
		    ERR_UNDEFINED, "the server cannot write", error, why);
	}
}

/* Only below the directories that `dirs` names, where it names any. */
static bool
dir_allowed(const struct tftpd_write *w, const struct map_candidate *c)
{
	char path[2 * MAP_NAME];
	const char *dir, *below;
	size_t i, n;

	snprintf(path, sizeof(path), "%s/%s", c->base, c->path);
	for (i = 0; i < w->dirs.n; i++) {
		dir = w->dirs.v[i];
		below = *dir == '/' ? path : c->path;
		n = strlen(dir);
		while (n > 1 && dir[n - 1] == '/')
			n--;
		if (strncmp(below, dir, n) == 0 && below[n] == '/')
			return true;
	}
	return w->dirs.n == 0;
}

bool
upload_allowed(const struct server *s, const struct map_candidate *c)
{
	const struct tftpd_write *w = conf_write(s->conf);

	return w != NULL && dir_allowed(w, c);
}

static int
open_dir(int base, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, base, path, &how, sizeof(how));
}

/* The directory and the name in it. */
static int
find_place(struct upload *u, const struct map_candidate *c)
{
	char path[MAP_NAME];
	char *slash;
	const char *leaf = path, *dir = ".";

	strlcpy(path, c->path, sizeof(path));
	if ((slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		leaf = slash + 1;
		dir = path;
	}
	if (strlcpy(u->leaf, leaf, sizeof(u->leaf)) >= sizeof(u->leaf)) {
		errno = ENOENT;
		return -1;
	}
	u->dir = open_dir(file_base(u->server, c->base), dir);
	return u->dir;
}

/* What stands under the name now decides whether we may write, and how. */
static int
check_old(struct upload *u, const struct tftpd_write *w, mode_t *mode,
    enum packet_error *error, const char **why)
{
	struct stat st;

	*mode = 0644;
	u->replace = w->overwrite;
	if (fstatat(u->dir, u->leaf, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno != ENOENT)
			return fail_errno(error, why);
		return w->create ? 0 : fail(ERR_NOT_FOUND, NULL, error, why);
	}
	if (!S_ISREG(st.st_mode))
		return fail(ERR_ACCESS, NULL, error, why);
	if (!w->overwrite)
		return fail(ERR_EXISTS, NULL, error, why);
	if (faccessat(u->dir, u->leaf, W_OK, AT_EACCESS) == -1)
		return fail(ERR_ACCESS, NULL, error, why);
	*mode = st.st_mode & 0777;
	return 0;
}

static void
temp_name(struct upload *u)
{
	snprintf(u->temp, sizeof(u->temp), TEMP "%08x%08x", arc4random(),
	    arc4random());
}

static bool
is_temp(const char *name)
{
	size_t n = strlen(TEMP);

	return strncmp(name, TEMP, n) == 0 && strlen(name + n) == TEMP_DIGITS &&
	    strspn(name + n, "0123456789abcdef") == TEMP_DIGITS;
}

static void
remove_stale(int dir, const char *name)
{
	int fd =
	    openat(dir, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(dir, name, 0) == 0)
		log_notice("removed %s, left by a broken upload", name);
	close(fd);
}

/* Was this directory looked through before, by this process? */
static bool
swept_before(int dir)
{
	static struct {
		dev_t dev;
		ino_t ino;
	} swept[SWEPT];
	static size_t next;
	struct stat st;
	size_t i;

	if (fstat(dir, &st) == -1)
		return true;
	for (i = 0; i < SWEPT; i++)
		if (swept[i].ino == st.st_ino && swept[i].dev == st.st_dev)
			return true;
	swept[next].dev = st.st_dev;
	swept[next].ino = st.st_ino;
	next = (next + 1) % SWEPT;
	return false;
}

static void
sweep(int dir)
{
	const struct dirent *e;
	DIR *d;
	int fd;

	if (swept_before(dir) ||
	    (fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return;
	if ((d = fdopendir(fd)) == NULL) {
		close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (is_temp(e->d_name))
			remove_stale(dir, e->d_name);
	closedir(d);
}

/* A file without a name, or, where the file system has none, with our own. */
static int
open_temp(struct upload *u, mode_t mode)
{
	u->fd = openat(u->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (u->fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		temp_name(u);
		u->fd = openat(u->dir, u->temp,
		    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (u->fd == -1)
			u->temp[0] = '\0';
	}
	if (u->fd == -1 || flock(u->fd, LOCK_EX | LOCK_NB) == -1)
		return -1;
	return fchmod(u->fd, mode);
}

struct upload *
upload_begin(struct server *s, const struct map_candidate *c, uint64_t size,
    enum packet_mode mode, enum packet_error *error, const char **why)
{
	const struct tftpd_write *w = conf_write(s->conf);
	struct upload *u;
	mode_t file_mode;

	*why = NULL;
	if (!upload_allowed(s, c)) {
		fail(ERR_ACCESS, NULL, error, why);
		return NULL;
	}
	if (size > w->max_size) {
		fail(ERR_FULL, "larger than is allowed", error, why);
		return NULL;
	}
	if ((u = calloc(1, sizeof(*u))) == NULL) {
		fail(ERR_UNDEFINED, "out of memory", error, why);
		return NULL;
	}
	u->server = s;
	u->dir = u->fd = -1;
	u->max_size = w->max_size;
	u->netascii = mode == MODE_NETASCII;
	netascii_init(&u->ascii);
	if (find_place(u, c) == -1)
		fail_errno(error, why);
	else if (check_old(u, w, &file_mode, error, why) == 0) {
		sweep(u->dir);
		if (open_temp(u, file_mode) == 0)
			return u;
		fail_errno(error, why);
	}
	upload_free(u);
	return NULL;
}

static int
write_out(struct upload *u)
{
	size_t done = 0;
	ssize_t n;

	while (done < u->len) {
		n = write(u->fd, u->room + done, u->len - done);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		done += (size_t)n;
	}
	u->len = 0;
	return 0;
}

int
upload_write(struct upload *u, const uint8_t *bytes, size_t n,
    enum packet_error *error, const char **why)
{
	if (u->room == NULL &&
	    (u->room = malloc(ROOM + BLKSIZE_MAX + 2)) == NULL)
		return fail(ERR_UNDEFINED, "out of memory", error, why);
	if (n > u->max_size - u->size)
		return fail(ERR_FULL, "larger than is allowed", error, why);
	u->size += n;
	if (u->netascii)
		u->len +=
		    netascii_decode(&u->ascii, bytes, n, u->room + u->len);
	else {
		memcpy(u->room + u->len, bytes, n);
		u->len += n;
	}
	if (u->len >= ROOM && write_out(u) == -1)
		return fail_errno(error, why);
	return 0;
}

static void
stored(struct upload *u, enum packet_error error, const char *why)
{
	struct transfer *t = u->transfer;

	u->transfer = NULL;
	u->stage = UPLOAD_DATA; /* nothing is under way any more */
	if (t == NULL)
		upload_free(u);
	else
		transfer_stored(t, error, why);
}

static void
stored_errno(struct upload *u)
{
	enum packet_error error;
	const char *why;

	fail_errno(&error, &why);
	stored(u, error, why);
}

void
upload_finish(struct upload *u, struct transfer *t)
{
	u->transfer = t;
	if (u->netascii && u->room != NULL)
		u->len += netascii_decode_end(&u->ascii, u->room + u->len);
	if (write_out(u) == -1 ||
	    commit_submit(u->server->commit, u->fd, (uintptr_t)u) == -1) {
		stored_errno(u);
		return;
	}
	u->stage = UPLOAD_SYNC;
}

/* A nameless file gets `name`. /proc where the kernel asks for rights else. */
static int
name_it(const struct upload *u, const char *name)
{
	char proc[64];

	if (linkat(u->fd, "", u->dir, name, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT && errno != EPERM && errno != EINVAL)
		return -1;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", u->fd);
	return linkat(AT_FDCWD, proc, u->dir, name, AT_SYMLINK_FOLLOW);
}

static int
publish(struct upload *u)
{
	unsigned flags = u->replace ? 0 : RENAME_NOREPLACE;

	if (u->transfer == NULL) {
		errno = ECANCELED;
		return -1;
	}
	if (u->temp[0] == '\0') {
		if (name_it(u, u->leaf) == 0)
			return 0;
		if (errno != EEXIST || !u->replace)
			return -1;
		temp_name(u);
		if (name_it(u, u->temp) == -1) {
			u->temp[0] = '\0';
			return -1;
		}
	}
	if (renameat2(u->dir, u->temp, u->dir, u->leaf, flags) == -1)
		return -1;
	u->temp[0] = '\0';
	return 0;
}

/* One ticket came back. */
static void
synced(struct upload *u, int error)
{
	errno = error;
	if (error != 0) {
		stored_errno(u);
		return;
	}
	if (u->stage == UPLOAD_NAMED) {
		stored(u, ERR_UNDEFINED, NULL);
		return;
	}
	if (publish(u) == -1) {
		if (errno == EEXIST)
			stored(u, ERR_EXISTS, "a file of that name exists");
		else
			stored_errno(u);
		return;
	}
	u->stage = UPLOAD_NAMED;
	if (commit_submit(u->server->commit, u->dir, (uintptr_t)u) == -1)
		stored_errno(u);
}

static void
on_committed(struct ev_loop *loop, ev_io *io, int events)
{
	struct server *s = io->data;
	struct commit_done done[64];
	size_t n, i;

	(void)loop;
	(void)events;
	n = commit_reap(s->commit, done, 64);
	for (i = 0; i < n; i++)
		synced(
		    (struct upload *)(uintptr_t)done[i].ticket, done[i].error);
}

void
upload_free(struct upload *u)
{
	if (u == NULL)
		return;
	u->transfer = NULL;
	if (u->stage != UPLOAD_DATA)
		return; /* its ticket comes back to an upload given up */
	if (u->temp[0] != '\0')
		unlinkat(u->dir, u->temp, 0);
	if (u->server->commit != NULL) {
		commit_forget(u->server->commit, u->fd);
		commit_forget(u->server->commit, u->dir);
	}
	if (u->fd != -1)
		close(u->fd);
	if (u->dir != -1)
		close(u->dir);
	free(u->room);
	free(u);
}

int
upload_start(struct server *s)
{
	if (conf_write(s->conf) == NULL)
		return 0;
	s->commit = commit_open(s->conf->max_transfers + 64);
	if (s->commit == NULL) {
		log_err("commit");
		return -1;
	}
	ev_io_init(&s->committed, on_committed, commit_fd(s->commit), EV_READ);
	s->committed.data = s;
	ev_io_start(s->worker->loop, &s->committed);
	return 0;
}
