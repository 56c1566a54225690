/*
 * Counters in shared memory.
 *
 *	header	256 bytes
 *	names	64 bytes each
 *	totals	two blocks, of which one is in force
 *	blocks	one for each worker
 *
 * A worker that ends is folded without a moment at which the file is wrong:
 * its values and the totals in force are added up in the other totals; then
 * one store of the state word puts these in force and takes the worker's
 * block out of the sum; then the block is cleared and put in again. Each store
 * of the state gives it a new number, so that a reader who saw parts of two
 * states knows it and reads again, and never has to wait for a parent that
 * stands still or died.
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
#define VERSION_NO 1
#define LINE 64 /* bytes of a cache line */
#define TOTALS 2
#define TRIES 10000 /* of a reader whose sum is disturbed again and again */

/* The state word: a number, which totals are in force, a block left out. */
#define STATE_OMIT 0xffU /* worker's block + 1; 0: none */
#define STATE_TOTAL 0x100U
#define STATE_STEP 0x200U

struct header {
	char magic[8];
	uint32_t version;
	uint32_t count; /* of names, and of values in a block */
	uint64_t size; /* of the file */
	uint32_t names_at;
	uint32_t totals_at;
	uint32_t blocks_at;
	uint32_t block_size; /* of a block of totals too */
	uint32_t nblocks;
	int32_t pid;
	int64_t started;
	char name[STATS_NAME];
	_Alignas(LINE) _Atomic uint64_t state;
	char pad[256 - 2 * LINE - sizeof(uint64_t)];
};

struct entry {
	char name[STATS_NAME];
	uint32_t kind;
	uint32_t zero[3];
};

_Static_assert(sizeof(struct header) == 256, "the file's layout");
_Static_assert(sizeof(struct entry) == 64, "the file's layout");
_Static_assert(STATS_BLOCKS < STATE_OMIT, "room in the state word");

struct stats {
	uint8_t *map;
	struct header *head;
	bool used[STATS_BLOCKS];
	char *path; /* NULL: memory alone */
	dev_t dev;
	ino_t ino;
};

struct stats_reader {
	struct header head; /* a copy, which nobody changes any more */
	struct entry *names; /* too */
	const uint8_t *map;
};

static const struct entry *
entries(const uint8_t *map, const struct header *h)
{
	return (const struct entry *)(map + h->names_at);
}

static stats_value *
total(const uint8_t *map, const struct header *h, uint64_t state)
{
	size_t which = (state & STATE_TOTAL) != 0;

	return (stats_value *)(map + h->totals_at + which * h->block_size);
}

static stats_value *
block(const uint8_t *map, const struct header *h, size_t i)
{
	return (stats_value *)(map + h->blocks_at + i * h->block_size);
}

static uint64_t
value(stats_value *v, size_t i)
{
	return atomic_load_explicit(&v[i], memory_order_relaxed);
}

/* Where everything stands follows from two numbers. */
static void
layout(struct header *h, uint32_t count, uint32_t nblocks)
{
	h->count = count;
	h->nblocks = nblocks;
	h->block_size = (count * 8 + LINE - 1) / LINE * LINE;
	h->names_at = sizeof(*h);
	h->totals_at = h->names_at + count * (uint32_t)sizeof(struct entry);
	h->blocks_at = h->totals_at + TOTALS * h->block_size;
	h->size = h->blocks_at + (uint64_t)nblocks * h->block_size;
}

/* It ends within its field and can be printed as it is. */
static bool
name_ok(const char name[STATS_NAME])
{
	size_t n = strnlen(name, STATS_NAME), i;

	if (n == 0 || n == STATS_NAME)
		return false;
	for (i = 0; i < n; i++) {
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	}
	return true;
}

static bool
name_copy(char dst[STATS_NAME], const char *src)
{
	return strlcpy(dst, src, STATS_NAME) < STATS_NAME && name_ok(dst);
}

/* An unnamed file's bytes in memory, or the file's. NULL with errno. */
static void *
map_new(int fd, size_t size)
{
	void *p;
	int flags = MAP_SHARED;

	if (fd == -1)
		flags |= MAP_ANONYMOUS;
	/* Reserved now: a full file system is an error here, not a SIGBUS. */
	else if ((errno = posix_fallocate(fd, 0, (off_t)size)) != 0)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

static int
fill(struct stats *s, const char *name, const struct stats_key *keys)
{
	struct entry *e = (struct entry *)(s->map + s->head->names_at);

	if (!name_copy(s->head->name, name))
		return -1;
	for (; keys->name != NULL; keys++, e++) {
		if (!name_copy(e->name, keys->name))
			return -1;
		e->kind = keys->kind;
	}
	memcpy(s->head->magic, MAGIC, sizeof(s->head->magic));
	s->head->version = VERSION_NO;
	s->head->pid = getpid();
	s->head->started = time(NULL);
	return 0;
}

/* Map, and write all but the counters. 0, or -1 with errno. */
static int
stats_make(
    struct stats *s, int fd, const char *name, const struct stats_key *keys)
{
	struct header h = { 0 };
	size_t n = 0;

	while (keys[n].name != NULL) {
		if (++n > STATS_KEYS) {
			errno = EINVAL;
			return -1;
		}
	}
	layout(&h, (uint32_t)n, STATS_BLOCKS);
	if ((s->map = map_new(fd, h.size)) == NULL)
		return -1;
	s->head = (struct header *)s->map;
	memcpy(s->head, &h, sizeof(h));
	if (fill(s, name, keys) == 0)
		return 0;
	munmap(s->map, h.size);
	errno = EINVAL;
	return -1;
}

/* Make the file beside its place, then put it there. 0, or -1 with errno. */
static int
stats_make_file(struct stats *s, const char *name, const struct stats_key *keys)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, n, error;

	n = snprintf(path, sizeof(path), "%s.new", s->path);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(path); /* of a start that was killed */
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return -1;
	if (fchmod(fd, 0644) == -1 || fstat(fd, &st) == -1 ||
	    stats_make(s, fd, name, keys) == -1)
		goto fail;
	if (rename(path, s->path) == -1) {
		error = errno;
		munmap(s->map, s->head->size);
		errno = error;
		goto fail;
	}
	close(fd);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
fail:
	error = errno;
	unlink(path);
	close(fd);
	errno = error;
	return -1;
}

struct stats *
stats_create(const char *path, const char *name, const struct stats_key *keys)
{
	struct stats *s;
	int rc;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if (path == NULL) {
		rc = stats_make(s, -1, name, keys);
	} else {
		s->path = strdup(path);
		rc = s->path == NULL ? -1 : stats_make_file(s, name, keys);
	}
	if (rc == 0)
		return s;
	rc = errno;
	free(s->path);
	free(s);
	errno = rc;
	return NULL;
}

stats_value *
stats_block(struct stats *s)
{
	size_t i;

	for (i = 0; i < STATS_BLOCKS; i++) {
		if (!s->used[i]) {
			s->used[i] = true;
			return block(s->map, s->head, i);
		}
	}
	return NULL;
}

/* Which block this is, or STATS_BLOCKS. */
static size_t
block_index(const struct stats *s, const stats_value *b)
{
	size_t i;

	for (i = 0; i < STATS_BLOCKS; i++) {
		if (s->used[i] && block(s->map, s->head, i) == b)
			return i;
	}
	return STATS_BLOCKS;
}

void
stats_fold(struct stats *s, stats_value *b)
{
	const struct header *h = s->head;
	const struct entry *e = entries(s->map, h);
	uint64_t state = atomic_load(&s->head->state);
	uint64_t next = (state ^ STATE_TOTAL) + STATE_STEP;
	stats_value *from = total(s->map, h, state);
	stats_value *to = total(s->map, h, next);
	size_t at = block_index(s, b), i;

	if (at == STATS_BLOCKS)
		return;
	/*
	 * A reader still at the state before the last may read these totals:
	 * what it then sees of them comes with today's state.
	 */
	atomic_thread_fence(memory_order_release);
	for (i = 0; i < h->count; i++) {
		stats_set(to, (unsigned)i,
		    e[i].kind == STATS_COUNTER ? value(from, i) + value(b, i) :
						 0);
	}
	atomic_store(&s->head->state, next | (at + 1));
	atomic_thread_fence(memory_order_release);
	for (i = 0; i < h->count; i++)
		stats_set(b, (unsigned)i, 0);
	atomic_store(&s->head->state, next + STATE_STEP);
	s->used[at] = false;
}

void
stats_destroy(struct stats *s)
{
	struct stat st;

	if (s == NULL)
		return;
	if (s->path != NULL && stat(s->path, &st) == 0 && st.st_dev == s->dev &&
	    st.st_ino == s->ino)
		unlink(s->path);
	munmap(s->map, s->head->size);
	free(s->path);
	free(s);
}

/* A header as stats_create writes it, of a file of this size. */
static bool
header_ok(const struct header *h, uint64_t size)
{
	struct header want;

	if (memcmp(h->magic, MAGIC, sizeof(h->magic)) != 0 ||
	    h->version != VERSION_NO || h->count > STATS_KEYS ||
	    h->nblocks == 0 || h->nblocks > STATS_BLOCKS || !name_ok(h->name))
		return false;
	layout(&want, h->count, h->nblocks);
	return h->size == size && want.size == size &&
	    h->names_at == want.names_at && h->totals_at == want.totals_at &&
	    h->blocks_at == want.blocks_at && h->block_size == want.block_size;
}

/* Copy and check what is not counters. 0, or -1 with errno. */
static int
reader_check(struct stats_reader *r, uint64_t size)
{
	size_t i, bytes;

	memcpy(&r->head, r->map, sizeof(r->head));
	if (!header_ok(&r->head, size)) {
		errno = EINVAL;
		return -1;
	}
	bytes = r->head.count * sizeof(struct entry);
	if ((r->names = malloc(bytes + 1)) == NULL)
		return -1;
	memcpy(r->names, r->map + r->head.names_at, bytes);
	for (i = 0; i < r->head.count; i++) {
		if (!name_ok(r->names[i].name) ||
		    r->names[i].kind > STATS_GAUGE) {
			free(r->names);
			errno = EINVAL;
			return -1;
		}
	}
	return 0;
}

/* Map what fstat says is there, if it can be ours. 0, or -1 with errno. */
static int
reader_map(struct stats_reader *r, int fd)
{
	struct header largest;
	struct stat st;
	uint64_t size;
	void *p;
	int error;

	if (fstat(fd, &st) == -1)
		return -1;
	size = (uint64_t)st.st_size;
	layout(&largest, STATS_KEYS, STATS_BLOCKS);
	if (!S_ISREG(st.st_mode) || size < sizeof(struct header) ||
	    size > largest.size) {
		errno = EINVAL;
		return -1;
	}
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	r->map = p;
	if (reader_check(r, size) == 0)
		return 0;
	error = errno;
	munmap(p, size);
	errno = error;
	return -1;
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
	if (r != NULL && reader_map(r, fd) == 0) {
		close(fd);
		return r;
	}
	error = r == NULL ? ENOMEM : errno;
	free(r);
	close(fd);
	errno = error;
	return NULL;
}

void
stats_close(struct stats_reader *r)
{
	if (r == NULL)
		return;
	munmap((void *)r->map, r->head.size);
	free(r->names);
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
	return r->names[i].name;
}

enum stats_kind
stats_kind_of(const struct stats_reader *r, size_t i)
{
	return r->names[i].kind;
}

/* The sum in one state, which may be over by now. */
static uint64_t
sum_in(const struct stats_reader *r, uint64_t state, size_t i)
{
	uint64_t sum = value(total(r->map, &r->head, state), i);
	size_t b;

	for (b = 0; b < r->head.nblocks; b++) {
		if (b + 1 != (state & STATE_OMIT))
			sum += value(block(r->map, &r->head, b), i);
	}
	return sum;
}

uint64_t
stats_sum(const struct stats_reader *r, size_t i)
{
	struct header *live = (struct header *)r->map;
	uint64_t state, sum = 0;
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		state =
		    atomic_load_explicit(&live->state, memory_order_acquire);
		sum = sum_in(r, state, i);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&live->state, memory_order_relaxed) ==
		    state)
			break;
	}
	return sum;
}
