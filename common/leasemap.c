/*
 * The map of leases.
 *
 *	header	4096 bytes: magic, version, number of entries, zeroes
 *	entries	32 bytes each, 128 in a page; their number is a power of two
 *
 * An entry is four 64-bit words in the machine's order: address (host order)
 * and sequence number, 16 bytes of hardware address, and end, type and length.
 * Address 0 is an entry that was never used and ends a search. The sequence
 * number is odd while the entry is being written.
 *
 * Neighbours in address are neighbours in the table: 128 addresses share a
 * page, and move on together where another 128 were there first, so that a
 * pool of any size takes the memory of its leases and not of the table.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "leasemap.h"

#define MAGIC "basemap"
#define VERSION_NO 1
#define PAGE 4096
#define ENTRY 32
#define BLOCK (PAGE / ENTRY) /* entries of a page */
#define PROBES                                                                 \
	256 /* entries looked at for an address, at most; at half full         \
	       one in 2^256 searches would need more */
#define TRIES 256 /* to read an entry that is being written */
#define SPINS 16 /* .. before the processor is given away */
#define END_MAX ((INT64_C(1) << 48) - 1) /* that, and more: for ever */

struct header {
	char magic[8];
	uint32_t version;
	uint32_t entries;
};

/* As it stands in the file. */
struct entry {
	_Atomic uint64_t who; /* address << 32 | sequence */
	_Atomic uint64_t hw[2];
	_Atomic uint64_t rest; /* end << 16 | htype << 8 | hlen */
};

/* The same as values. */
struct plain {
	uint64_t who, hw[2], rest;
};

_Static_assert(sizeof(struct entry) == ENTRY, "the file's layout");
_Static_assert(sizeof(struct plain) == ENTRY, "the file's layout");

struct leasemap {
	char *map;
	size_t size;
	uint32_t mask; /* entries - 1 */
	int fd;
	bool *there; /* pages that the file system has given us */
	bool published;
	char path[PATH_MAX], beside[PATH_MAX];
};

struct leasemap_reader {
	int dir, fd; /* fd -1: no file, or none of ours */
	uint32_t mask;
	struct stat st; /* of fd */
	time_t looked; /* at the name; monotonic seconds */
	char name[NAME_MAX + 1];
};

static size_t
entry_at(uint32_t i)
{
	return PAGE + (size_t)i * ENTRY;
}

/* Every bit of n counts in every bit of what comes out. */
static uint32_t
mix(uint32_t n)
{
	n = (n ^ n >> 16) * UINT32_C(0x7feb352d);
	n = (n ^ n >> 15) * UINT32_C(0x846ca68b);
	return n ^ n >> 16;
}

/*
 * The nth entry to look at for an address. The step is odd, so that all
 * entries come in time, and the same for a block of addresses.
 */
static uint32_t
probe(uint32_t ip, uint32_t n, uint32_t mask)
{
	uint32_t h = mix(ip / BLOCK);
	uint32_t step = (mix(h) | 1) * BLOCK + 1;

	return (h / BLOCK * BLOCK + (ip + h) % BLOCK + n * step) & mask;
}

static uint32_t
entries_for(size_t max)
{
	uint32_t n = BLOCK;

	while (n < 2 * max)
		n *= 2;
	return n;
}

/* Writer */

/*
 * The file system has room for this page; else 0 would be a SIGBUS. It is about
 * to be written to, so one fault less if it is made ready for that at once;
 * kernels before 5.14 know no such advice.
 */
static bool
page_there(struct leasemap *m, size_t page)
{
	int error;

	if (m->there[page])
		return true;
	error = posix_fallocate(m->fd, (off_t)(page * PAGE), PAGE);
	if (error != 0) {
		errno = error;
		return false;
	}
	m->there[page] = true;
	if (m->map != NULL)
		madvise(m->map + page * PAGE, PAGE, MADV_POPULATE_WRITE);
	return true;
}

/* 0, or -1 with errno. */
static int
file_fill(struct leasemap *m, size_t max)
{
	struct header h = { .version = VERSION_NO,
		.entries = entries_for(max) };

	m->mask = h.entries - 1;
	m->size = entry_at(h.entries);
	m->there = calloc(m->size / PAGE, sizeof(*m->there));
	if (m->there == NULL || fchmod(m->fd, 0644) == -1 ||
	    ftruncate(m->fd, (off_t)m->size) == -1 || !page_there(m, 0))
		return -1;
	m->map =
	    mmap(NULL, m->size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->map == MAP_FAILED) {
		m->map = NULL;
		return -1;
	}
	/* Neighbours of a page that is needed are not: none is read ahead. */
	madvise(m->map, m->size, MADV_RANDOM);
	memcpy(h.magic, MAGIC, sizeof(h.magic));
	memcpy(m->map, &h, sizeof(h));
	return 0;
}

void
leasemap_close(struct leasemap *m)
{
	if (m == NULL)
		return;
	if (!m->published && m->fd != -1)
		unlink(m->beside);
	if (m->map != NULL)
		munmap(m->map, m->size);
	if (m->fd != -1)
		close(m->fd);
	free(m->there);
	free(m);
}

struct leasemap *
leasemap_create(const char *path, size_t max)
{
	struct leasemap *m;
	int n, error = EINVAL;

	if (max > LEASEMAP_MAX || (m = calloc(1, sizeof(*m))) == NULL) {
		errno = max > LEASEMAP_MAX ? EINVAL : ENOMEM;
		return NULL;
	}
	m->fd = -1;
	n = snprintf(m->beside, sizeof(m->beside), "%s.new", path);
	if (n >= (int)sizeof(m->beside))
		error = ENAMETOOLONG;
	else {
		strlcpy(m->path, path, sizeof(m->path));
		unlink(m->beside); /* of a start that was killed */
		m->fd = open(m->beside,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (m->fd != -1 && file_fill(m, max) == 0)
			return m;
		error = errno;
	}
	leasemap_close(m);
	errno = error;
	return NULL;
}

int
leasemap_publish(struct leasemap *m)
{
	if (!m->published && rename(m->beside, m->path) == -1)
		return -1;
	m->published = true;
	return 0;
}

/*
 * The address's entry; else the first on its way that is free. NULL with errno:
 * there is none, or no room for its page.
 */
static struct entry *
entry_for(struct leasemap *m, uint32_t ip)
{
	struct entry *e, *vacant = NULL;
	uint64_t who;
	uint32_t n, i;

	for (n = 0; n < PROBES && n <= m->mask; n++) {
		i = probe(ip, n, m->mask);
		if (!page_there(m, entry_at(i) / PAGE))
			return vacant;
		e = (struct entry *)(m->map + entry_at(i));
		who = atomic_load_explicit(&e->who, memory_order_relaxed);
		if (who >> 32 == ip)
			return e;
		if (vacant == NULL &&
		    (who >> 32 == 0 || atomic_load(&e->rest) >> 16 == 0))
			vacant = e;
		if (who >> 32 == 0)
			return vacant;
	}
	errno = ENOSPC;
	return vacant;
}

static void
entry_write(struct entry *e, uint32_t ip, const struct plain *p)
{
	uint64_t who = atomic_load_explicit(&e->who, memory_order_relaxed);
	uint32_t seq = (uint32_t)who | 1; /* now odd */

	atomic_store_explicit(
	    &e->who, (uint64_t)ip << 32 | seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&e->hw[0], p->hw[0], memory_order_relaxed);
	atomic_store_explicit(&e->hw[1], p->hw[1], memory_order_relaxed);
	atomic_store_explicit(&e->rest, p->rest, memory_order_relaxed);
	atomic_store_explicit(&e->who, (uint64_t)ip << 32 | (uint32_t)(seq + 1),
	    memory_order_release);
}

void
leasemap_put(struct leasemap *m, struct in_addr addr, uint8_t htype,
    const uint8_t *hw, uint8_t hlen, int64_t end)
{
	uint32_t ip = ntohl(addr.s_addr);
	struct plain p = { .who = 0 };
	struct entry *e;

	errno = 0;
	if (ip == 0 || (e = entry_for(m, ip)) == NULL)
		return;
	errno = 0;
	if (end <= 0 && e->who >> 32 != ip)
		return; /* it never was in it */
	if (hlen > sizeof(p.hw))
		hlen = sizeof(p.hw);
	if (end > 0) {
		memcpy(p.hw, hw, hlen);
		p.rest = (uint64_t)(end < END_MAX ? end : END_MAX) << 16 |
		    (uint64_t)htype << 8 | hlen;
	}
	entry_write(e, ip, &p);
}

/* Reader */

static time_t
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec;
}

struct leasemap_reader *
leasemap_open(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct leasemap_reader *r = calloc(1, sizeof(*r));
	char dir[PATH_MAX] = ".";
	int error;

	if (r == NULL)
		return NULL;
	if (slash != NULL) /* of "/x" the slash is the directory */
		snprintf(dir, sizeof(dir), "%.*s",
		    (int)(slash - path) + (slash == path), path);
	r->fd = -1;
	r->looked = -1;
	strlcpy(r->name, slash != NULL ? slash + 1 : path, sizeof(r->name));
	r->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->dir != -1)
		return r;
	error = errno;
	free(r);
	errno = error;
	return NULL;
}

void
leasemap_reader_close(struct leasemap_reader *r)
{
	if (r == NULL)
		return;
	if (r->fd != -1)
		close(r->fd);
	close(r->dir);
	free(r);
}

/* What stands in the open file is as we make it. */
static bool
file_ok(struct leasemap_reader *r)
{
	struct header h;

	if (!S_ISREG(r->st.st_mode) ||
	    pread(r->fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
	    memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0 ||
	    h.version != VERSION_NO || h.entries < BLOCK ||
	    h.entries > 2 * LEASEMAP_MAX || (h.entries & (h.entries - 1)) != 0)
		return false;
	r->mask = h.entries - 1;
	return r->st.st_size == (off_t)entry_at(h.entries);
}

/*
 * Once a second: does the name mean another file by now? What is none of ours
 * is kept open, too, so that it is looked into but once.
 */
static void
look(struct leasemap_reader *r)
{
	time_t now = seconds();
	struct stat st;

	if (now == r->looked)
		return;
	r->looked = now;
	if (fstatat(r->dir, r->name, &st, 0) == -1)
		return; /* its leases are still so, while it is away */
	if (r->fd != -1 && st.st_dev == r->st.st_dev &&
	    st.st_ino == r->st.st_ino)
		return;
	if (r->fd != -1)
		close(r->fd);
	/* non-blocking, for a FIFO in its place */
	r->fd = openat(
	    r->dir, r->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (r->fd == -1 || fstat(r->fd, &r->st) == -1 || !file_ok(r))
		r->mask = 0;
}

/*
 * An entry, whole: what is read twice with the same even number was not
 * written to in between. false: it cannot be read, or it never gets done.
 */
static bool
entry_read(const struct leasemap_reader *r, uint32_t i, struct plain *p)
{
	struct plain again;
	int n;

	for (n = 0; n < TRIES; n++) {
		if (pread(r->fd, p, ENTRY, (off_t)entry_at(i)) != ENTRY)
			return false;
		atomic_thread_fence(memory_order_acquire);
		if (pread(r->fd, &again, ENTRY, (off_t)entry_at(i)) != ENTRY)
			return false;
		if ((p->who & 1) == 0 && memcmp(p, &again, ENTRY) == 0)
			return true;
		if (n >= SPINS)
			sched_yield(); /* the writer waits for a processor */
	}
	return false;
}

bool
leasemap_find(struct leasemap_reader *r, struct in_addr addr, int64_t now,
    struct leasemap_entry *out)
{
	uint32_t ip = ntohl(addr.s_addr), n;
	struct plain p = { .who = 0 };

	look(r);
	if (r->fd == -1 || r->mask == 0 || ip == 0)
		return false;
	for (n = 0; n < PROBES && n <= r->mask; n++) {
		if (!entry_read(r, probe(ip, n, r->mask), &p) ||
		    p.who >> 32 == 0)
			return false;
		if (p.who >> 32 == ip)
			break;
	}
	if (p.who >> 32 != ip)
		return false;
	out->htype = (uint8_t)(p.rest >> 8);
	out->hlen = (uint8_t)p.rest;
	memcpy(out->hw, p.hw, sizeof(out->hw));
	out->end = (int64_t)(p.rest >> 16);
	if (out->end == END_MAX)
		out->end = INT64_MAX;
	return out->hlen <= sizeof(out->hw) && out->end > now;
}
