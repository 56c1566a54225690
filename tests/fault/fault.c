/*
 * fault: a disk that is slow, full or broken, for a program under test:
 *
 *	LD_PRELOAD=build/tests/fault.so FAULT="RULE,RULE..." program
 *
 * RULE is CALL=WHAT, then any of these, each after a colon:
 *	CALL	fsync, fdatasync, or write: write, pwrite, writev, pwritev and
 *		pwritev2 on regular files
 *	WHAT	an error, by the names in `errors` below, or delay:MS, which
 *		makes the call take so much longer and then happen
 *	after:N		the first N calls go well; for write N bytes, with k or
 *			M for units: the write that would go beyond them is
 *			cut, the next one fails, as on a disk that fills up
 *	calls:N		the same in calls, for write, too
 *	times:N		happens so many times, then no more
 *	path:GLOB	only files whose path fnmatch(3)es; `*` crosses `/`
 * FAULT_WHEN=FILE: all that holds only while FILE exists, so that a test can
 * break the disk of a program that runs. For example:
 *
 *	FAULT="fdatasync=delay:20,write=ENOSPC:after:64k:path:*.iso"
 *
 * Rules are read when the program starts, so they outlive a change of user or
 * root, and are inherited by fork; counts are kept per process from then on,
 * common to its threads. The first rule of a call that applies is taken, so a
 * delay and an error of one call are two rules, the delay first: delays go on
 * to the next rule. A rule that cannot be read ends the program at once with
 * status 99.
 */
#include <sys/stat.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RULES 16

enum call { CALL_FSYNC, CALL_FDATASYNC, CALL_WRITE, CALLS };

struct rule {
	enum call call;
	int error; /* 0: a delay */
	uint32_t delay_ms;
	bool bytes; /* after counts bytes */
	uint64_t after;
	uint64_t times; /* 0: without end */
	char path[PATH_MAX]; /* "": every file */
	/* counted, atomically */
	uint64_t seen;
	uint64_t done;
};

static const char *const calls[CALLS] = { "fsync", "fdatasync", "write" };

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EIO", EIO },
	{ "ENOSPC", ENOSPC },
	{ "EDQUOT", EDQUOT },
	{ "EFBIG", EFBIG },
	{ "EROFS", EROFS },
	{ "EINTR", EINTR },
};

static struct rule rules[RULES];
static size_t nrules;
static const char *when;

static struct {
	int (*fsync)(int);
	int (*fdatasync)(int);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
	ssize_t (*writev)(int, const struct iovec *, int);
	ssize_t (*pwritev2)(int, const struct iovec *, int, off_t, int);
} real;

static const struct {
	const char *name;
	void *at;
} symbols[] = {
	{ "fsync", &real.fsync },
	{ "fdatasync", &real.fdatasync },
	{ "write", &real.write },
	{ "pwrite", &real.pwrite },
	{ "writev", &real.writev },
	{ "pwritev2", &real.pwritev2 },
};

__attribute__((__noreturn__)) static void
bad(const char *what)
{
	dprintf(STDERR_FILENO, "FAULT: %s\n", what);
	_exit(99);
}

static uint64_t
number(const char *s)
{
	char *end;
	uint64_t n;

	if (s == NULL || *s < '0' || *s > '9')
		bad("a number is missing");
	errno = 0;
	n = strtoull(s, &end, 10);
	if (*end == 'k' || *end == 'M')
		n *= *end++ == 'k' ? 1024 : 1024 * 1024;
	if (errno != 0 || *end != '\0')
		bad("a number is wrong");
	return n;
}

static void
rule_what(struct rule *r, const char *what, char **rest)
{
	size_t i;

	if (strcmp(what, "delay") == 0) {
		r->delay_ms = number(strsep(rest, ":"));
		return;
	}
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(what, errors[i].name) == 0)
			r->error = errors[i].error;
	if (r->error == 0)
		bad(what);
}

static void
rule_option(struct rule *r, const char *option, char **rest)
{
	const char *value = strsep(rest, ":");

	if (strcmp(option, "after") == 0) {
		r->after = number(value);
		r->bytes = r->call == CALL_WRITE;
	} else if (strcmp(option, "calls") == 0) {
		r->after = number(value);
		r->bytes = false;
	} else if (strcmp(option, "times") == 0) {
		r->times = number(value);
	} else if (strcmp(option, "path") == 0 && value != NULL) {
		if (snprintf(r->path, sizeof(r->path), "%s", value) >=
		    (int)sizeof(r->path))
			bad("a path is too long");
	} else {
		bad(option);
	}
}

static void
rule_read(char *text)
{
	struct rule *r = &rules[nrules];
	const char *call = strsep(&text, "="), *word;
	int i;

	if (nrules == RULES || text == NULL)
		bad("too many rules, or no '='");
	for (i = 0; i < CALLS && strcmp(call, calls[i]) != 0; i++)
		;
	if (i == CALLS)
		bad(call);
	r->call = i;
	word = strsep(&text, ":");
	rule_what(r, word, &text);
	while ((word = strsep(&text, ":")) != NULL)
		rule_option(r, word, &text);
	nrules++;
}

/* Other libraries' constructors may write before ours has run. */
static void
symbols_find(void)
{
	size_t i;
	void *p;

	for (i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		p = dlsym(RTLD_NEXT, symbols[i].name);
		memcpy(symbols[i].at, &p, sizeof(p));
	}
}

__attribute__((__constructor__)) static void
fault_begin(void)
{
	const char *text = getenv("FAULT");
	char *copy, *rest, *rule;

	symbols_find();
	/* setproctitle will write over the environment */
	if ((when = getenv("FAULT_WHEN")) != NULL)
		when = strdup(when);
	if (text == NULL || (copy = rest = strdup(text)) == NULL)
		return;
	while ((rule = strsep(&rest, ",")) != NULL)
		if (*rule != '\0')
			rule_read(rule);
	free(copy);
}

static bool
rule_applies(const struct rule *r, int fd)
{
	char link[32], path[PATH_MAX];
	ssize_t n;

	if (r->path[0] == '\0')
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return fnmatch(r->path, path, 0) == 0;
}

static void
rule_delay(const struct rule *r)
{
	struct timespec t = { r->delay_ms / 1000,
		r->delay_ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) == -1 && errno == EINTR)
		;
}

/*
 * How much of size may be done before this rule strikes; all of it where it
 * does not.
 */
static size_t
rule_allows(struct rule *r, size_t size)
{
	uint64_t add = r->bytes ? size : 1, seen;

	seen = __atomic_fetch_add(&r->seen, add, __ATOMIC_RELAXED);
	if (seen + add <= r->after)
		return size;
	if (r->times != 0 &&
	    __atomic_fetch_add(&r->done, 1, __ATOMIC_RELAXED) >= r->times)
		return size;
	return r->bytes && seen < r->after ? r->after - seen : 0;
}

/*
 * Before a call for size bytes on fd: how many of them may be done, or -1
 * with errno. A call of no bytes passes as 1.
 */
static ssize_t
fault(enum call call, int fd, size_t size)
{
	int saved = errno;
	size_t i, n;

	if (when != NULL && access(when, F_OK) == -1) {
		errno = saved;
		return size;
	}
	for (i = 0; i < nrules; i++) {
		if (rules[i].call != call || !rule_applies(&rules[i], fd))
			continue;
		n = rule_allows(&rules[i], size);
		if (n == size)
			continue;
		if (rules[i].error == 0) {
			rule_delay(&rules[i]);
		} else if (n == 0) {
			errno = rules[i].error;
			return -1;
		} else {
			size = n;
		}
	}
	errno = saved;
	return size;
}

static ssize_t
fault_write(int fd, size_t size)
{
	int saved = errno;
	struct stat st;

	if (nrules == 0 || size == 0 || fstat(fd, &st) == -1 ||
	    !S_ISREG(st.st_mode)) {
		errno = saved;
		return size;
	}
	return fault(CALL_WRITE, fd, size);
}

/* As fault_write for a vector, which is copied to *cut, and cut. */
static int
fault_writev(int fd, const struct iovec *v, int n, struct iovec *cut)
{
	size_t size = 0;
	ssize_t left;
	int i;

	if (n < 0 || n > IOV_MAX)
		return 0; /* the real call knows what to say */
	for (i = 0; i < n; i++)
		size += v[i].iov_len;
	left = fault_write(fd, size);
	for (i = 0; i < n && left >= 0; i++) {
		cut[i] = v[i];
		if (cut[i].iov_len > (size_t)left)
			cut[i].iov_len = left;
		left -= cut[i].iov_len;
	}
	return left < 0 ? -1 : 0;
}

int
fsync(int fd)
{
	return fault(CALL_FSYNC, fd, 1) < 0 ? -1 : real.fsync(fd);
}

int
fdatasync(int fd)
{
	return fault(CALL_FDATASYNC, fd, 1) < 0 ? -1 : real.fdatasync(fd);
}

ssize_t
write(int fd, const void *p, size_t size)
{
	ssize_t n;

	if (real.write == NULL)
		symbols_find();
	n = fault_write(fd, size);
	return n < 0 ? -1 : real.write(fd, p, n);
}

ssize_t
pwrite(int fd, const void *p, size_t size, off_t at)
{
	ssize_t n = fault_write(fd, size);

	return n < 0 ? -1 : real.pwrite(fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t size, off64_t at)
{
	return pwrite(fd, p, size, at);
}

ssize_t
writev(int fd, const struct iovec *v, int n)
{
	struct iovec cut[IOV_MAX];

	if (fault_writev(fd, v, n, cut) == -1)
		return -1;
	return real.writev(fd, n < 0 || n > IOV_MAX ? v : cut, n);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	return pwritev2(fd, v, n, at, 0);
}

ssize_t
pwritev64(int fd, const struct iovec *v, int n, off64_t at)
{
	return pwritev2(fd, v, n, at, 0);
}

ssize_t
pwritev2(int fd, const struct iovec *v, int n, off_t at, int flags)
{
	struct iovec cut[IOV_MAX];

	if (fault_writev(fd, v, n, cut) == -1)
		return -1;
	return real.pwritev2(fd, n < 0 || n > IOV_MAX ? v : cut, n, at, flags);
}

ssize_t
pwritev64v2(int fd, const struct iovec *v, int n, off64_t at, int flags)
{
	return pwritev2(fd, v, n, at, flags);
}
