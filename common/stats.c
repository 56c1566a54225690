/*
 * Counters in shared memory.
 *
 *	header	128 bytes
 *	names	48 bytes each, then zeroes to the end of the cache line
 *	blocks	so many as the header says, one for each worker
 *
 * Nothing ever moves from one place to another: what a worker counted stays
 * in its block, and the block's next worker goes on from there. So a sum can
 * neither miss nor double anything, whenever it is taken and whoever died.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <bsd/string.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "stats.h"

#define MAGIC "basestat"
#define VERSION_NO 3
#define LINE 64 /* bytes of a cache line */

struct header {
	char magic[8];
	uint32_t version;
	uint32_t count; /* of names, and of values in a block */
	int64_t started;
	int32_t pid;
	char name[STATS_NAME];
	uint32_t blocks;
	char zero[2 * LINE - 32 - STATS_NAME];
	char names[STATS_KEYS][STATS_NAME]; /* the file has count of them */
};

_Static_assert(offsetof(struct header, names) == 128, "the file's layout");

struct stats {
	struct header *map;
	size_t count, blocks; /* for us: a worker could change the map */
	const struct stats_key *keys;
	bool used[STATS_BLOCKS_MAX];
	char path[PATH_MAX]; /* once it is there; empty: memory alone */
	struct stat st; /* of the file */
};

struct stats_reader {
	void *map;
	struct header head; /* a copy, which nobody changes any more */
};

/* Bytes of the header with its names. */
static size_t
head_size(size_t count)
{
	return offsetof(struct header, names) + count * STATS_NAME;
}

/* Bytes of a block: whole cache lines, and at least one. */
static size_t
block_size(size_t count)
{
	return (count * sizeof(stats_value) / LINE + 1) * LINE;
}

/* Where block i stands; that behind the last is the end of the file. */
static size_t
block_at(size_t count, size_t i)
{
	return (head_size(count) + LINE - 1) / LINE * LINE +
	    i * block_size(count);
}

static stats_value *
block(void *map, size_t count, size_t i)
{
	return (stats_value *)((char *)map + block_at(count, i));
}

/* It ends within its field and can be printed as it is. */
static bool
name_ok(const char *name)
{
	size_t n = strnlen(name, STATS_NAME), i;

	for (i = 0; i < n; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return n > 0 && n < STATS_NAME;
}

/* The keys' number; more than STATS_KEYS: these cannot be. */
static size_t
keys_count(const char *name, const struct stats_key *keys)
{
	size_t n;

	for (n = 0; n <= STATS_KEYS && keys[n].name != NULL; n++) {
		if (!name_ok(keys[n].name))
			return SIZE_MAX;
	}
	return name_ok(name) ? n : SIZE_MAX;
}

/* A file beside its place, or one in memory. fd or -1 with errno. */
static int
file_open(const char *path, char beside[PATH_MAX])
{
	int n;

	if (path == NULL)
		return memfd_create("stats", MFD_CLOEXEC);
	n = snprintf(beside, PATH_MAX, "%s.new", path);
	if (n < 0 || n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(beside); /* of a start that was killed */
	return open(beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
}

/* Map the new file and write all but the counters. 0, or -1 with errno. */
static int
file_fill(struct stats *s, int fd, const char *name)
{
	size_t size = block_at(s->count, s->blocks), i;
	struct header *h;

	/* Reserved now: a full file system is an error here, not a SIGBUS. */
	if ((errno = posix_fallocate(fd, 0, (off_t)size)) != 0 ||
	    fchmod(fd, 0644) == -1 || fstat(fd, &s->st) == -1)
		return -1;
	h = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (h == MAP_FAILED)
		return -1;
	memcpy(h->magic, MAGIC, sizeof(h->magic));
	h->version = VERSION_NO;
	h->count = (uint32_t)s->count;
	h->blocks = (uint32_t)s->blocks;
	h->pid = getpid();
	h->started = time(NULL);
	strlcpy(h->name, name, STATS_NAME);
	for (i = 0; i < s->count; i++)
		strlcpy(h->names[i], s->keys[i].name, STATS_NAME);
	s->map = h;
	return 0;
}

void
stats_destroy(struct stats *s)
{
	struct stat st;

	if (s == NULL)
		return;
	if (s->path[0] != '\0' && stat(s->path, &st) == 0 &&
	    st.st_dev == s->st.st_dev && st.st_ino == s->st.st_ino)
		unlink(s->path);
	if (s->map != NULL)
		munmap(s->map, (size_t)s->st.st_size);
	free(s);
}

struct stats *
stats_create(const char *path, const char *name, const struct stats_key *keys,
    size_t blocks)
{
	size_t count = keys_count(name, keys);
	char beside[PATH_MAX] = "";
	struct stats *s;
	int fd, error;

	if (count > STATS_KEYS || blocks == 0 || blocks > STATS_BLOCKS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->count = count;
	s->blocks = blocks;
	s->keys = keys;
	fd = file_open(path, beside);
	if (fd != -1 && file_fill(s, fd, name) == 0 &&
	    (path == NULL || rename(beside, path) == 0)) {
		strlcpy(s->path, path == NULL ? "" : path, sizeof(s->path));
		close(fd);
		return s;
	}
	error = errno;
	if (fd != -1) {
		unlink(beside);
		close(fd);
	}
	stats_destroy(s);
	errno = error;
	return NULL;
}

stats_value *
stats_block(struct stats *s)
{
	size_t i;

	for (i = 0; i < s->blocks; i++) {
		if (!s->used[i]) {
			s->used[i] = true;
			return block(s->map, s->count, i);
		}
	}
	return NULL;
}

void
stats_release(struct stats *s, stats_value *b)
{
	size_t at = (size_t)(b - block(s->map, s->count, 0)) * sizeof(*b);
	unsigned i;

	for (i = 0; i < s->count; i++) {
		if (s->keys[i].kind == STATS_GAUGE)
			stats_set(b, i, 0);
	}
	s->used[at / block_size(s->count)] = false;
}

/* A file of this size, of which n bytes were read, is as we make them. */
static bool
head_ok(const struct header *h, size_t n, size_t size)
{
	size_t i;

	if (n < head_size(0) || memcmp(h->magic, MAGIC, 8) != 0 ||
	    h->version != VERSION_NO || h->count > STATS_KEYS ||
	    h->blocks == 0 || h->blocks > STATS_BLOCKS_MAX ||
	    n < head_size(h->count) || !name_ok(h->name))
		return false;
	for (i = 0; i < h->count; i++) {
		if (!name_ok(h->names[i]))
			return false;
	}
	return size == block_at(h->count, h->blocks);
}

/* 0, or -1 with errno. */
static int
reader_fill(struct stats_reader *r, int fd)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1)
		return -1;
	n = S_ISREG(st.st_mode) ? read(fd, &r->head, sizeof(r->head)) : 0;
	if (n == -1)
		return -1;
	if (!head_ok(&r->head, (size_t)n, (size_t)st.st_size)) {
		errno = EINVAL;
		return -1;
	}
	r->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	return r->map == MAP_FAILED ? -1 : 0;
}

struct stats_reader *
stats_open(const char *path)
{
	struct stats_reader *r;
	int fd, error;

	/* Non-blocking, for a FIFO in its place. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL || reader_fill(r, fd) == -1) {
		error = errno;
		free(r);
		r = NULL;
		errno = error;
	}
	close(fd);
	return r;
}

void
stats_close(struct stats_reader *r)
{
	if (r == NULL)
		return;
	munmap(r->map, block_at(r->head.count, r->head.blocks));
	free(r);
}

const char *
stats_daemon(const struct stats_reader *r)
{
	return r->head.name;
}

int
stats_pid(const struct stats_reader *r)
{
	return r->head.pid;
}

int64_t
stats_started(const struct stats_reader *r)
{
	return r->head.started;
}

size_t
stats_count(const struct stats_reader *r)
{
	return r->head.count;
}

const char *
stats_name(const struct stats_reader *r, size_t i)
{
	return r->head.names[i];
}

uint64_t
stats_sum(const struct stats_reader *r, size_t i)
{
	uint64_t sum = 0;
	size_t b;

	for (b = 0; b < r->head.blocks; b++) {
		sum += atomic_load_explicit(
		    &block(r->map, r->head.count, b)[i], memory_order_relaxed);
	}
	return sum;
}
