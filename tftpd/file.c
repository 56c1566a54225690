/*
 * Files being read. Transfers of one file share its content: a small file is
 * read whole, a larger one is mapped. The content is kept a little longer than
 * its last transfer, so that a room full of machines that boot costs one read.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "tftpd.h"

#define TICK_NS 100000000 /* well above what file systems count in */
/* No more is kept of files that nobody reads. */
#define IDLE_BYTES (4 * 1024 * 1024) /* of those read whole */
#define IDLE_MAPPED 64 /* others, each with its descriptor */

/* What is kept of them; one process, one thread. */
static struct {
	size_t bytes, mapped;
} kept;

static int
open_beneath(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

int
file_base(const struct server *s, const char *base)
{
	size_t i;

	for (i = 0; i < s->bases.n; i++)
		if (strcmp(s->bases.v[i], base) == 0)
			return s->base_fds[i];
	errno = ENOENT;
	return -1;
}

bool
file_exists(const struct server *s, const struct map_candidate *c)
{
	int dir = file_base(s, c->base), fd;

	if (dir == -1)
		return false;
	fd = open_beneath(dir, c->path, O_PATH | O_NOFOLLOW);
	if (fd != -1)
		close(fd);
	return fd != -1;
}

static int64_t
nanoseconds(const struct timespec *ts)
{
	return ts->tv_sec * 1000000000LL + ts->tv_nsec;
}

static size_t
chain_of(const struct stat *st)
{
	return (st->st_ino ^ (st->st_ino >> 8) ^ st->st_dev) & 255;
}

/*
 * The same file, unchanged: modes count, too (they are in ctime). A file that
 * had just been changed when it was read may change again within the tick of
 * its times.
 */
static bool
same(const struct file *f, const struct stat *st)
{
	return f->settled && f->ino == st->st_ino && f->dev == st->st_dev &&
	    f->size == (uint64_t)st->st_size &&
	    f->mtime_ns == nanoseconds(&st->st_mtim) &&
	    f->ctime_ns == nanoseconds(&st->st_ctim);
}

static void
keep(struct file *f)
{
	if (f->mapped)
		kept.mapped++;
	else
		kept.bytes += f->size;
	deadline_arm(&f->server->file_idle, &f->idle);
}

static void
keep_no_more(struct file *f)
{
	if (f->mapped)
		kept.mapped--;
	else
		kept.bytes -= f->size;
	deadline_disarm(&f->idle);
}

static void
file_free(struct file *f)
{
	LIST_REMOVE(f, link);
	if (f->mapped)
		munmap((void *)(uintptr_t)f->data, f->size);
	else
		free((void *)(uintptr_t)f->data);
	if (f->fd != -1)
		close(f->fd);
	free(f);
}

static void
idle_over(struct deadline *d)
{
	struct file *f =
	    (struct file *)(void *)((char *)d - offsetof(struct file, idle));

	keep_no_more(f);
	file_free(f);
}

static int
read_whole(struct file *f)
{
	uint8_t *p = malloc(f->size + 1);
	size_t got = 0;
	ssize_t n;

	if (p == NULL)
		return -1;
	while (got < f->size) {
		n = pread(f->fd, p + got, f->size - got, (off_t)got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	f->data = p;
	if (got == f->size)
		return 0;
	free(p);
	errno = EIO; /* it shrank meanwhile */
	return -1;
}

static int
map_whole(struct file *f)
{
	void *p = mmap(NULL, f->size, PROT_READ, MAP_SHARED, f->fd, 0);

	if (p == MAP_FAILED)
		return -1;
	madvise(p, f->size, MADV_SEQUENTIAL);
	f->data = p;
	f->mapped = true;
	return 0;
}

/* fd is taken over. */
static struct file *
file_load(struct server *s, int fd, const struct stat *st)
{
	struct file *f = calloc(1, sizeof(*f));
	struct timespec now;

	if (f == NULL) {
		close(fd);
		return NULL;
	}
	f->server = s;
	f->fd = fd;
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->size = (uint64_t)st->st_size;
	f->mtime_ns = nanoseconds(&st->st_mtim);
	f->ctime_ns = nanoseconds(&st->st_ctim);
	clock_gettime(CLOCK_REALTIME, &now);
	f->settled = nanoseconds(&now) - f->ctime_ns > TICK_NS;
	if ((f->size <= FILE_WHOLE ? read_whole(f) : map_whole(f)) == -1) {
		close(fd);
		free(f);
		return NULL;
	}
	if (!f->mapped) {
		close(f->fd);
		f->fd = -1;
	}
	LIST_INSERT_HEAD(&s->files[chain_of(st)], f, link);
	return f;
}

/* RFC 1350 section 5: what the errno of an open means to the client. */
static enum packet_error
error_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
	case ELOOP:
	case EXDEV:
	case EISDIR:
		return ERR_ACCESS;
	default:
		return ERR_UNDEFINED;
	}
}

static struct file *
refuse(int error, enum packet_error *code)
{
	*code = error_of(error);
	errno = *code == ERR_NOT_FOUND ? ENOENT : error;
	return NULL;
}

/*
 * O_PATH first: it opens nothing, so a device or a FIFO under the root is
 * only looked at, and a file that is here already costs no more than that.
 */
static int
look(const struct server *s, const struct map_candidate *c, struct stat *st)
{
	int dir, fd, rc;

	if ((dir = file_base(s, c->base)) == -1 ||
	    (fd = open_beneath(dir, c->path, O_PATH)) == -1)
		return -1;
	rc = fstat(fd, st);
	close(fd);
	if (rc == 0 && !S_ISREG(st->st_mode)) {
		errno = EACCES;
		return -1;
	}
	return rc;
}

struct file *
file_open(
    struct server *s, const struct map_candidate *c, enum packet_error *code)
{
	struct stat st, again;
	struct file *f;
	int fd;

	if (look(s, c, &st) == -1)
		return refuse(errno, code);
	LIST_FOREACH(f, &s->files[chain_of(&st)], link)
		if (same(f, &st))
			break;
	if (f == NULL) {
		fd = open_beneath(file_base(s, c->base), c->path,
		    O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (fd == -1)
			return refuse(errno, code);
		/* another file may stand there by now */
		if (fstat(fd, &again) == -1 || !S_ISREG(again.st_mode)) {
			close(fd);
			return refuse(EACCES, code);
		}
		if ((f = file_load(s, fd, &again)) == NULL)
			return refuse(errno, code);
	}
	if (f->users++ == 0 && deadline_armed(&f->idle))
		keep_no_more(f);
	return f;
}

void
file_release(struct file *f)
{
	struct deadline_list *oldest;

	if (f == NULL || --f->users > 0)
		return;
	oldest = &f->server->file_idle.list;
	keep(f);
	while (kept.mapped > IDLE_MAPPED || kept.bytes > IDLE_BYTES)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is removed */
		idle_over(TAILQ_FIRST(oldest));
}

static int
add_base(struct server *s, const char *path)
{
	char base[MAP_NAME];
	int fd;

	map_base(path, base);
	if (file_base(s, base) != -1)
		return 0;
	fd = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		log_err("root %s", base);
		return -1;
	}
	if ((s->bases.v[s->bases.n] = strdup(base)) == NULL) {
		close(fd);
		return -1;
	}
	s->base_fds[s->bases.n++] = fd;
	return 0;
}

int
file_start(struct server *s)
{
	const struct map_rule *maps = s->conf->maps.v;
	size_t n = s->conf->roots.n + s->conf->maps.n, i;
	int rc = 0;

	s->bases.v = calloc(n, sizeof(*s->bases.v));
	s->bases.n = 0;
	s->base_fds = calloc(n, sizeof(*s->base_fds));
	if (s->bases.v == NULL || s->base_fds == NULL)
		return -1;
	for (i = 0; i < s->conf->roots.n; i++)
		if (add_base(s, s->conf->roots.v[i]) == -1)
			rc = -1;
	for (i = 0; i < s->conf->maps.n; i++)
		if (maps[i].root != NULL && *maps[i].root != '\0' &&
		    add_base(s, maps[i].root) == -1)
			rc = -1;
	deadline_init(
	    &s->file_idle, s->worker->loop, FILE_IDLE_MS / 1000.0, idle_over);
	return rc;
}
