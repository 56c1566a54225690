/*
 * The store on real files. The program has its own versions of the calls that
 * change a disk: they count, and at a chosen one all processes of a scenario
 * die, as by kill -9, or the call fails. What was acknowledged before must be
 * there when the files are loaded again.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "past.h"
#include "storepart.h"
#include "tap.h"

#define ADDRESSES 8
#define IP(n) (0x0a000000u + (unsigned)(n)) /* 10.0.0.n */
#define NET 7
#define ENDS 1000000 /* what is put n-th ends at ENDS + n */

/*
 * For what runs in processes that are killed, too: Check's own tell of each by
 * a file, of which a part could be left.
 */
#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			ck_abort_msg("not so: %s", #cond);                     \
	} while (0)

/* Calls that change a disk. */

enum call { WRITE, FDATASYNC, FSYNC, FSYNC_DIR, RENAME, UNLINK, LINK, CALLS };
static const char letters[CALLS + 1] = "wdFDRUL";

static struct shared {
	pid_t victim; /* the scenario; 0: nothing is counted */
	atomic_int calls, die_at;
	atomic_int error[CALLS]; /* fails with this */
	atomic_bool hold_dir; /* syncs of directories wait */
	atomic_size_t traced;
	char trace[256]; /* the snapshot child's calls */
} * sh;

ssize_t write(int, const void *, size_t);
int fdatasync(int);
int fsync(int);
int renameat(int, const char *, int, const char *);
int unlinkat(int, const char *, int);
int linkat(int, const char *, int, const char *, int);

/* Is it the turn of this call? Then nothing is any more. */
static bool
dies(enum call call)
{
	size_t at;

	if (sh->victim == 0)
		return false;
	if (getpid() != sh->victim) {
		at = atomic_fetch_add(&sh->traced, 1);
		if (at < sizeof(sh->trace) - 1)
			sh->trace[at] = letters[call];
	}
	return atomic_fetch_add(&sh->calls, 1) + 1 == atomic_load(&sh->die_at);
}

static void
die(void)
{
	pid_t victim = sh->victim;

	if (victim != getpid())
		kill(victim, SIGKILL);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

static bool
fails(enum call call)
{
	int error = sh == NULL ? 0 : atomic_load(&sh->error[call]);

	errno = error;
	return error != 0;
}

static int
mode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == -1 ? 0 : (int)(st.st_mode & S_IFMT);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	if (sh != NULL && mode_of(fd) == S_IFREG) {
		if (dies(WRITE)) {
			syscall(SYS_write, fd, p, n / 2);
			die();
		}
		if (fails(WRITE))
			return -1;
	}
	return syscall(SYS_write, fd, p, n);
}

int
fdatasync(int fd)
{
	if (dies(FDATASYNC))
		die();
	(void)fd; /* whatever dies here, the kernel does not */
	return fails(FDATASYNC) ? -1 : 0;
}

int
fsync(int fd)
{
	bool dir = mode_of(fd) == S_IFDIR;

	while (dir && atomic_load(&sh->hold_dir))
		usleep(1000);
	if (dies(dir ? FSYNC_DIR : FSYNC))
		die();
	return fails(dir ? FSYNC_DIR : FSYNC) ? -1 : 0;
}

int
renameat(int from, const char *a, int to, const char *b)
{
	if (dies(RENAME))
		die();
	if (fails(RENAME))
		return -1;
	return (int)syscall(SYS_renameat2, from, a, to, b, 0);
}

int
unlinkat(int dir, const char *name, int flags)
{
	if (sh != NULL && dies(UNLINK))
		die();
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}

int
linkat(int from, const char *a, int to, const char *b, int flags)
{
	if (dies(LINK))
		die();
	return (int)syscall(SYS_linkat, from, a, to, b, flags);
}

/* A directory and a store in it. */

static char dir[64];
static struct ev_loop *loop;
static struct leases *ls;
static struct store *st;
static struct pool *pool;
static uint64_t acked; /* the last ticket that came true */
static uint64_t failed;
static int failed_with;
static bool in_flush;
static uint64_t history_max = 1 << 20, snapshot_min = 1 << 20;
static void (*on_ack)(uint64_t ticket);

static int
open_dir(void)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	MUST(fd != -1);
	return fd;
}

static uint32_t
network_of(void *arg, uint32_t ip)
{
	(void)arg;
	return ip >= IP(0) && ip < IP(65536) ? NET : 0;
}

static void
synced(void *arg, uint64_t ticket, int error)
{
	(void)arg;
	MUST(!in_flush && ticket > acked && ticket > failed);
	if (error != 0) {
		failed = ticket;
		failed_with = error;
		return;
	}
	acked = ticket;
	if (on_ack != NULL)
		on_ack(ticket);
}

static struct store *
store_here(void)
{
	struct store_setup setup = { .dir = open_dir(),
		.loop = loop,
		.leases = ls,
		.network_of = network_of,
		.synced = synced,
		.history_max = history_max,
		.snapshot_min = snapshot_min };

	return store_open(&setup);
}

static void
start_with(uint32_t first, uint32_t last)
{
	loop = ev_loop_new(0);
	ls = leases_new(20000);
	pool = pool_add(ls, first, last, NET);
	acked = failed = 0;
	st = store_here();
	MUST(st != NULL);
	MUST(store_load(st) == 0);
}

static void
start(void)
{
	start_with(IP(0), IP(10000));
}

static void
stop(void)
{
	store_close(st);
	leases_free(ls);
	ev_loop_destroy(loop);
	st = NULL;
}

static uint64_t
flush(void)
{
	uint64_t ticket;

	in_flush = true;
	ticket = store_flush(st);
	in_flush = false;
	return ticket;
}

static void
wait_ms(int ms)
{
	ev_tstamp end = ev_time() + ms / 1e3;

	while (ev_time() < end) {
		ev_run(loop, EVRUN_NOWAIT);
		usleep(1000);
	}
}

/* Let the loop run until the ticket came true or failed. */
static void
wait_for(uint64_t ticket)
{
	while (acked < ticket && failed < ticket)
		wait_ms(1);
}

static bool
is_there(const char *name)
{
	int fd = open_dir();
	bool there = faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

	close(fd);
	return there;
}

/* A snapshot, until its child has ended. */
static void
snapshot(void)
{
	while (store_snapshot(st) == -1)
		wait_ms(1);
	while (st->child != 0)
		wait_ms(1);
}

static struct lease *
bind_to(unsigned n, unsigned who, int64_t now, int64_t end)
{
	struct lease_client c = { .htype = 1, .hlen = 6, .hw = { 2 } };
	struct lease *l;

	c.hw[4] = (uint8_t)(who >> 8);
	c.hw[5] = (uint8_t)who;
	l = lease_bind(ls, IP(n), NET, &c, now, end);
	MUST(l != NULL);
	return l;
}

/* Bind, write, and see it on disk. */
static void
grant(unsigned n, unsigned who, int64_t now, int64_t end)
{
	ck_assert(store_put(st, bind_to(n, who, now, end)));
	wait_for(flush());
}

static unsigned
who_has(unsigned n)
{
	const struct lease *l = lease_at(ls, IP(n));

	return l == NULL || l->state != LEASE_BOUND ?
	    0 :
	    (unsigned)(l->hw[4] << 8 | l->hw[5]);
}

/* Files. */

static void
put_file(const char *name, const char *bytes, size_t n)
{
	int d = open_dir(), fd;

	fd = openat(d, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(syscall(SYS_write, fd, bytes, n), (long)n);
	close(fd);
	close(d);
}

static size_t
get_file(const char *name, char *bytes, size_t size)
{
	int d = open_dir(), fd = openat(d, name, O_RDONLY);
	ssize_t n;

	ck_assert_msg(fd != -1, "%s is not there", name);
	n = read(fd, bytes, size);
	ck_assert_int_ge(n, 0);
	close(fd);
	close(d);
	return (size_t)n;
}

static void
empty_dir(void)
{
	int fd = open_dir();
	DIR *d = fdopendir(dup(fd));
	const struct dirent *e;

	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' &&
		    syscall(SYS_unlinkat, fd, e->d_name, 0) == -1)
			syscall(SYS_unlinkat, fd, e->d_name, AT_REMOVEDIR);
	closedir(d);
	close(fd);
}

static int
journals(void)
{
	DIR *d = opendir(dir);
	const struct dirent *e;
	int n = 0;

	while ((e = readdir(d)) != NULL)
		n += strncmp(e->d_name, "journal.", 8) == 0;
	closedir(d);
	return n;
}

/* A line with its sum, newline included. */
static size_t
line(char *out, const char *text)
{
	size_t n = strlcpy(out, text, JOURNAL_LINE);

	return journal_seal(out, n);
}

static void
put_lines(const char *name, const char *const *text, size_t n)
{
	static char bytes[64 * 1024];
	size_t len = 0, i;

	for (i = 0; i < n; i++)
		len += line(bytes + len, text[i]);
	put_file(name, bytes, len);
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/store.XXXXXX",
	    tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	log_level(LOG_EMERG);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(sh, MAP_FAILED);
}

static void
teardown(void)
{
	empty_dir();
	rmdir(dir);
}

/* The plain life. */

START_TEST(comes_back)
{
	struct lease_more m = { .host = "printer" }, got;
	struct lease_client c = { .htype = 1, .hlen = 6 };
	struct lease *l;
	uint64_t ticket;

	start();
	ck_assert_uint_eq(flush(), 0);
	l = bind_to(1, 1, 100, 200);
	lease_remember(ls, l, &m);
	l->dns = 3;
	ck_assert(store_put(st, l));
	ck_assert(store_put(st, bind_to(2, 2, 100, LEASE_FOREVER)));
	ticket = flush();
	ck_assert_uint_ne(ticket, 0);
	ck_assert_uint_eq(acked, 0);
	/* Nothing new: what is under way is what there is to wait for. */
	ck_assert_uint_eq(flush(), ticket);
	wait_for(ticket);
	ck_assert_uint_eq(acked, ticket);
	ck_assert_uint_eq(flush(), 0);
	lease_release(ls, bind_to(3, 3, 100, 200), 150);
	store_put(st, lease_at(ls, IP(3)));
	store_put(st, lease_conflict(ls, IP(4), NET, 100, 300));
	/* An offer is nothing to write. */
	c.hw[0] = 9;
	ck_assert(store_put(st, lease_offer(ls, IP(5), NET, &c, 500)));
	stop();

	start();
	ck_assert_uint_eq(store_loaded(st)->lines, 4);
	ck_assert_uint_eq(store_loaded(st)->bad, 0);
	ck_assert_uint_eq(who_has(1), 1);
	l = lease_at(ls, IP(1));
	lease_recall(l, &got);
	ck_assert_str_eq(got.host, "printer");
	ck_assert_uint_eq(l->dns, 3);
	ck_assert_uint_eq(l->network, NET);
	ck_assert_uint_eq(who_has(2), 2);
	ck_assert_int_eq(lease_at(ls, IP(2))->end, LEASE_FOREVER);
	ck_assert_uint_eq(lease_at(ls, IP(3))->state, LEASE_RELEASED);
	ck_assert_uint_eq(lease_at(ls, IP(4))->state, LEASE_CONFLICT);
	ck_assert_ptr_null(lease_at(ls, IP(5)));
	stop();
}
END_TEST

START_TEST(one_process)
{
	start();
	errno = 0;
	ck_assert_ptr_null(store_here());
	ck_assert_int_eq(errno, EWOULDBLOCK);
	stop();
	start();
	stop();
}
END_TEST

/* Starts without changes leave nothing behind. */
START_TEST(many_starts)
{
	int i;

	for (i = 0; i < 20; i++) {
		start();
		if (i == 5)
			grant(1, 1, 100, 200);
		stop();
	}
	ck_assert_int_le(journals(), 2);
	start();
	ck_assert_uint_eq(who_has(1), 1);
	stop();
}
END_TEST

START_TEST(snapshots)
{
	unsigned i;

	start();
	for (i = 0; i < 100; i++)
		grant(i, i + 1, 100, 200);
	lease_release(ls, lease_at(ls, IP(7)), 120);
	/* Not written: the snapshot has it from memory. */
	snapshot();
	ck_assert(is_there("leases") && !is_there("leases.new"));
	grant(50, 51, 150, 250);
	snapshot();
	grant(51, 52, 150, 260);
	stop();
	start();
	for (i = 0; i < 100; i++)
		ck_assert_uint_eq(who_has(i), i == 7 ? 0 : i + 1);
	ck_assert_int_eq(lease_at(ls, IP(50))->end, 250);
	ck_assert_int_eq(lease_at(ls, IP(51))->end, 260);
	ck_assert_uint_eq(lease_at(ls, IP(7))->state, LEASE_RELEASED);
	stop();
}
END_TEST

/* They begin by themselves, and the files stay small. */
START_TEST(compacts)
{
	char bytes[1 << 17];
	unsigned i;

	snapshot_min = 20000;
	start();
	for (i = 0; i < 4000; i++)
		grant(i % 10, 1 + i % 10, 100, 200 + i);
	wait_ms(50);
	ck_assert_int_le(journals(), 2);
	ck_assert_uint_gt(get_file("leases", bytes, sizeof(bytes)), 0);
	stop();
	start();
	ck_assert_uint_lt(store_loaded(st)->lines, 1000);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(lease_at(ls, IP(i))->end, 200 + 3990 + i);
	stop();
}
END_TEST

/* The free ones come back in the order in which they are to be given. */
START_TEST(keeps_the_order)
{
	unsigned i;

	start_with(IP(0), IP(4));
	for (i = 0; i < 5; i++)
		store_put(st, bind_to(i, i + 1, 100, 200));
	for (i = 0; i < 5; i++) {
		lease_release(ls, lease_at(ls, IP((i * 2 + 1) % 5)), 110 + i);
		store_put(st, lease_at(ls, IP((i * 2 + 1) % 5)));
	}
	snapshot();
	stop();
	start_with(IP(0), IP(4));
	for (i = 0; i < 5; i++) {
		ck_assert_uint_eq(pool_pick(pool), IP((i * 2 + 1) % 5));
		bind_to((i * 2 + 1) % 5, 9 + i, 300, 400);
	}
	stop();
}
END_TEST

/* Another configuration: what is no pool's any more is known till it ends. */
START_TEST(pool_gone)
{
	start();
	grant(1, 1, 100, 200);
	grant(2, 2, 100, 200);
	stop();
	start_with(IP(20000), IP(20010));
	ck_assert_uint_eq(who_has(1), 1);
	snapshot();
	stop();
	start_with(IP(20000), IP(20010));
	ck_assert_uint_eq(who_has(1), 1);
	while (lease_expire(ls, 300) != NULL)
		;
	ck_assert_uint_eq(lease_at(ls, IP(1))->state, LEASE_EXPIRED);
	snapshot();
	stop();
	start();
	ck_assert_ptr_null(lease_at(ls, IP(1)));
	ck_assert_ptr_null(lease_at(ls, IP(2)));
	stop();
}
END_TEST

/* Files of any kind. */

static const char *const old_lines[] = {
	"snapshot journal.9",
	"lease 10.0.0.1 bound start 1 end 100 last 1 hw 1:02:00:00:00:00:01",
	"lease 10.0.0.2 bound start 1 end 100 last 1 hw 1:02:00:00:00:00:02",
};
static const char *const stale_lines[] = {
	"lease 10.0.0.1 bound start 1 end 50 last 1 hw 1:02:00:00:00:00:09",
	"lease 10.0.0.5 bound start 1 end 50 last 1 hw 1:02:00:00:00:00:09",
};
static const char *const new_lines[] = {
	"lease 10.0.0.2 released start 1 end 60 last 1 hw 1:02:00:00:00:00:02",
	"lease 10.0.0.3 bound start 7 end 90 last 7 hw 1:02:00:00:00:00:03",
};
static const char *const newer_lines[] = {
	"lease 10.0.0.3 bound start 7 end 80 last 6 hw 1:02:00:00:00:00:04",
};

/* Journals in the order of their numbers, none before the snapshot's. */
START_TEST(which_journals)
{
	put_lines("leases", old_lines, 3);
	put_lines("journal.8", stale_lines, 2);
	put_lines("journal.9", new_lines, 2);
	put_lines("journal.10", newer_lines, 1);
	put_lines("journal.11.bad", stale_lines, 2);
	put_lines("journal.012", stale_lines, 2);
	put_lines("journal.", stale_lines, 2);
	put_lines("journal.x", stale_lines, 2);
	put_file("leases.new", "lease", 5);
	start();
	ck_assert_uint_eq(store_loaded(st)->lines, 5);
	ck_assert_uint_eq(store_loaded(st)->bad, 0);
	ck_assert_uint_eq(who_has(1), 1);
	ck_assert_uint_eq(lease_at(ls, IP(2))->state, LEASE_RELEASED);
	/* What was written later counts, even if clocks say otherwise. */
	ck_assert_uint_eq(who_has(3), 4);
	ck_assert_ptr_null(lease_at(ls, IP(5)));
	ck_assert(!is_there("journal.8") && !is_there("leases.new"));
	ck_assert(is_there("journal.11"));
	stop();
	/* A number that the snapshot names is never begun below. */
	empty_dir();
	put_lines("leases", old_lines, 3);
	start();
	ck_assert(is_there("journal.9"));
	stop();
}
END_TEST

/* The name of the only journal. */
static const char *
journal_name(void)
{
	static char name[32];
	int i;

	for (i = 1; i < 1000; i++) {
		snprintf(name, sizeof(name), "journal.%d", i);
		if (is_there(name))
			return name;
	}
	ck_abort_msg("no journal");
	return NULL;
}

/* Two files of real leases: five in each. Their lengths. */
static void
make_files(char bytes[2][2048], size_t len[2])
{
	unsigned n;

	start();
	for (n = 1; n <= 5; n++)
		grant(n, n, 100, 200);
	snapshot();
	for (n = 6; n <= 10; n++)
		grant(n, n, 100, 200);
	stop();
	len[0] = get_file("leases", bytes[0], sizeof(bytes[0]));
	len[1] = get_file(journal_name(), bytes[1], sizeof(bytes[1]));
}

/* Lines of leases that are whole within n bytes. */
static size_t
lines_within(const char *bytes, size_t n)
{
	struct journal_record r;
	size_t from, to, count = 0;

	for (from = 0; from < n; from = to + 1) {
		for (to = from; to < n && bytes[to] != '\n'; to++)
			;
		count += journal_parse(bytes + from, to - from, &r) == 0;
	}
	return count;
}

/* However far the files were written: all whole lines are there. */
START_TEST(cut_anywhere)
{
	static const char *const names[] = { "leases", "journal.9" };
	char bytes[2][2048];
	size_t len[2], cut, i;

	make_files(bytes, len);
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(lines_within(bytes[i], len[i]), 5);
		for (cut = 0; cut <= len[i]; cut++) {
			empty_dir();
			put_file(names[i], bytes[i], cut);
			start();
			if (leases_count(ls, LEASE_BOUND) !=
			    lines_within(bytes[i], cut))
				ck_abort_msg("%s cut at %zu", names[i], cut);
			stop();
		}
	}
}
END_TEST

/* A byte is another one: its line is lost, told, and all others are there. */
START_TEST(damaged_anywhere)
{
	static const char *const names[] = { "leases", "journal.9" };
	char bytes[2][2048];
	size_t len[2], at, i, n;
	char bit;

	make_files(bytes, len);
	for (i = 0; i < 2; i++) {
		for (at = 0; at < len[i]; at++) {
			bit = (char)(1 << at % 8);
			bytes[i][at] ^= bit;
			empty_dir();
			put_file(names[i], bytes[i], len[i]);
			start();
			n = leases_count(ls, LEASE_BOUND);
			if (n != lines_within(bytes[i], len[i]) || n < 3 ||
			    (store_loaded(st)->bad == 0 && n < 5))
				ck_abort_msg("%s at %zu", names[i], at);
			stop();
			bytes[i][at] ^= bit;
		}
	}
}
END_TEST

/* What cannot be read is kept when a snapshot takes its place. */
START_TEST(bad_is_kept)
{
	char bytes[4096];
	size_t n;

	put_lines("leases", old_lines, 3);
	n = get_file("leases", bytes, sizeof(bytes));
	bytes[n - 4] ^= 1;
	put_file("leases", bytes, n);
	put_lines("journal.9", new_lines, 2);
	n = get_file("journal.9", bytes, sizeof(bytes));
	bytes[10] ^= 1;
	put_file("journal.9", bytes, n);
	start();
	ck_assert_uint_eq(store_loaded(st)->bad, 2);
	ck_assert_uint_eq(who_has(1), 1);
	ck_assert_uint_eq(who_has(3), 3);
	/* By itself, some time after the start. */
	while (!is_there("journal.9.bad"))
		wait_ms(10);
	ck_assert(is_there("leases.bad") && is_there("leases"));
	stop();
	start();
	ck_assert_uint_eq(store_loaded(st)->bad, 0);
	ck_assert_uint_eq(who_has(1), 1);
	ck_assert_uint_eq(who_has(3), 3);
	stop();
}
END_TEST

static void
put_dir(const char *name)
{
	int fd = open_dir();

	ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
	close(fd);
}

static void
put_fifo(const char *name)
{
	int fd = open_dir();

	ck_assert_int_eq(mkfifoat(fd, name, 0600), 0);
	close(fd);
}

static void
put_garbage(const char *name)
{
	static char bytes[600000];
	unsigned seed = 1;
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i < 300000 ? 0 : (char)rand_r(&seed);
	put_file(name, bytes, sizeof(bytes));
}

static void
put_loop(const char *name)
{
	int fd = open_dir();

	ck_assert_int_eq(symlinkat(name, fd, name), 0);
	close(fd);
}

/* Nothing that may be there stops the start. */
START_TEST(anything_there)
{
	static void (*const kinds[])(
	    const char *) = { put_dir, put_fifo, put_garbage, put_loop };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		empty_dir();
		kinds[i]("leases");
		kinds[i]("journal.3");
		put_lines("journal.9", new_lines, 2);
		kinds[i]("history");
		start();
		ck_assert_uint_gt(store_loaded(st)->bad, 1);
		ck_assert_uint_eq(who_has(3), 3);
		grant(4, 4, 100, 200);
		snapshot();
		stop();
		ck_assert(is_there("leases.bad"));
		ck_assert(is_there("journal.3.bad"));
		ck_assert(is_there("history"));
		start();
		ck_assert_uint_eq(store_loaded(st)->bad, 0);
		ck_assert_uint_eq(who_has(4), 4);
		stop();
	}
}
END_TEST

/* Disks that fail. */

/* All granting stops, and begins again once all was written anew. */
static void
expect_recovery(enum call call)
{
	uint64_t ticket;

	ck_assert(store_put(st, bind_to(2, 2, 100, 200)));
	ticket = flush();
	wait_for(ticket);
	ck_assert_uint_eq(failed, ticket);
	ck_assert_int_eq(failed_with, EIO);
	ck_assert(store_broken(st));
	ck_assert(!store_put(st, lease_at(ls, IP(2))));
	wait_ms(700); /* an attempt fails, too */
	ck_assert(store_broken(st));
	atomic_store(&sh->error[call], 0);
	while (store_broken(st))
		wait_ms(10);
	grant(3, 3, 100, 200);
	stop();
	start();
	ck_assert_uint_eq(who_has(1), 1);
	ck_assert_uint_eq(who_has(2), 2);
	ck_assert_uint_eq(who_has(3), 3);
	stop();
}

START_TEST(sync_fails)
{
	start();
	grant(1, 1, 100, 200);
	/* Of the journal; the snapshot's, too. */
	atomic_store(&sh->error[FSYNC], EIO);
	atomic_store(&sh->error[FDATASYNC], EIO);
	store_put(st, bind_to(2, 2, 100, 200));
	wait_for(flush());
	ck_assert_int_eq(failed_with, EIO);
	atomic_store(&sh->error[FDATASYNC], 0);
	/* It would go well now, but proves nothing for this file. */
	ck_assert(store_broken(st));
	ck_assert(!store_put(st, lease_at(ls, IP(2))));
	wait_ms(700);
	ck_assert(store_broken(st));
	atomic_store(&sh->error[FSYNC], 0);
	while (store_broken(st))
		wait_ms(10);
	grant(3, 3, 100, 200);
	stop();
	start();
	ck_assert_uint_eq(who_has(1), 1);
	ck_assert_uint_eq(who_has(2), 2);
	ck_assert_uint_eq(who_has(3), 3);
	stop();
}
END_TEST

START_TEST(write_fails)
{
	start();
	grant(1, 1, 100, 200);
	atomic_store(&sh->error[WRITE], EIO);
	expect_recovery(WRITE);
}
END_TEST

/* What changes while all is written anew is not lost. */
START_TEST(changes_meanwhile)
{
	start();
	grant(1, 1, 100, 200);
	grant(2, 2, 100, 200);
	atomic_store(&sh->error[WRITE], ENOSPC);
	lease_release(ls, lease_at(ls, IP(1)), 110);
	store_put(st, lease_at(ls, IP(1)));
	wait_for(flush());
	ck_assert(store_broken(st));
	atomic_store(&sh->error[WRITE], 0);
	atomic_store(&sh->hold_dir, true);
	ck_assert_int_eq(store_snapshot(st), 0);
	lease_release(ls, lease_at(ls, IP(2)), 120);
	ck_assert(!store_put(st, lease_at(ls, IP(2))));
	flush();
	atomic_store(&sh->hold_dir, false);
	while (store_broken(st))
		wait_ms(10);
	stop();
	start();
	ck_assert_uint_eq(lease_at(ls, IP(1))->state, LEASE_RELEASED);
	ck_assert_uint_eq(lease_at(ls, IP(2))->state, LEASE_RELEASED);
	stop();
}
END_TEST

/* The new journal fails, too, while all is written anew. */
START_TEST(fails_again)
{
	start();
	grant(1, 1, 100, 200);
	atomic_store(&sh->error[WRITE], ENOSPC);
	store_put(st, bind_to(2, 2, 100, 200));
	wait_for(flush());
	atomic_store(&sh->error[WRITE], 0);
	atomic_store(&sh->error[FDATASYNC], EIO);
	atomic_store(&sh->hold_dir, true);
	ck_assert_int_eq(store_snapshot(st), 0);
	lease_release(ls, lease_at(ls, IP(1)), 120);
	store_put(st, lease_at(ls, IP(1)));
	wait_for(flush());
	ck_assert_int_eq(failed_with, EIO);
	atomic_store(&sh->hold_dir, false);
	while (st->child != 0)
		wait_ms(1);
	ck_assert(is_there("leases"));
	ck_assert(store_broken(st));
	atomic_store(&sh->error[FDATASYNC], 0);
	while (store_broken(st))
		wait_ms(10);
	grant(3, 3, 100, 200);
	stop();
	start();
	ck_assert_uint_eq(lease_at(ls, IP(1))->state, LEASE_RELEASED);
	ck_assert_uint_eq(who_has(2), 2);
	ck_assert_uint_eq(who_has(3), 3);
	stop();
}
END_TEST

/* A snapshot that fails, or is killed, costs nothing. */
START_TEST(snapshot_fails)
{
	static const enum call calls[] = { RENAME, FSYNC };
	size_t i;

	start();
	for (i = 0; i < 2; i++) {
		grant(1 + i, 1 + i, 100, 200);
		atomic_store(&sh->error[calls[i]], EIO);
		snapshot();
		wait_ms(50);
		ck_assert(!store_broken(st));
		grant(4 + i, 4 + i, 100, 200);
		atomic_store(&sh->error[calls[i]], 0);
	}
	ck_assert(!is_there("leases"));
	stop();
	start();
	for (i = 1; i <= 5; i++)
		ck_assert_uint_eq(who_has(i), i == 3 ? 0 : i);
	stop();
}
END_TEST

/* Until the new journal's name is on disk nothing in it is promised. */
START_TEST(name_first)
{
	uint64_t ticket;

	start();
	grant(1, 1, 100, 200);
	atomic_store(&sh->hold_dir, true);
	ck_assert_int_eq(store_snapshot(st), 0);
	store_put(st, bind_to(2, 2, 100, 200));
	ticket = flush();
	wait_ms(100);
	ck_assert_uint_lt(acked, ticket);
	ck_assert_int_eq(store_snapshot(st), -1);
	ck_assert_int_eq(errno, EALREADY);
	atomic_store(&sh->hold_dir, false);
	wait_for(ticket);
	ck_assert_uint_eq(acked, ticket);
	/* It cannot be synced. */
	wait_ms(50);
	atomic_store(&sh->error[FSYNC_DIR], EIO);
	atomic_store(&sh->hold_dir, true);
	ck_assert_int_eq(store_snapshot(st), 0);
	store_put(st, bind_to(3, 3, 100, 200));
	ticket = flush();
	wait_ms(100);
	atomic_store(&sh->hold_dir, false);
	wait_for(ticket);
	ck_assert_uint_eq(failed, ticket);
	ck_assert(store_broken(st));
	atomic_store(&sh->error[FSYNC_DIR], 0);
	while (store_broken(st))
		wait_ms(10);
	grant(4, 4, 100, 200);
	stop();
}
END_TEST

/* No journal can be begun: it serves what it knows, and tries again. */
START_TEST(starts_broken)
{
	put_lines("leases", old_lines, 3);
	atomic_store(&sh->error[FSYNC_DIR], EIO);
	start();
	ck_assert(store_broken(st));
	ck_assert_uint_eq(who_has(1), 1);
	atomic_store(&sh->error[FSYNC_DIR], 0);
	while (store_broken(st))
		wait_ms(10);
	grant(4, 4, 100, 200);
	stop();
}
END_TEST

/* The order of calls that makes a snapshot safe. */
START_TEST(order_of_calls)
{
	start();
	grant(1, 1, 100, 200);
	sh->victim = getpid();
	snapshot();
	sh->victim = 0;
	ck_assert_str_eq(sh->trace, "DwFRDdU");
	stop();
}
END_TEST

/* Killed. */

#define SEQ_ENDS(l) ((unsigned)((l)->end - ENDS))

/* What the n-th change of the scenario is about. */
static unsigned
seq_address(unsigned seq)
{
	return seq * 7 % ADDRESSES;
}

static unsigned
seq_client(unsigned seq)
{
	return 1 + seq * 2654435761u % 60000;
}

static bool
seq_is_release(unsigned seq)
{
	return seq % 5 == 0;
}

#define TICKETS 4096
static unsigned seq, seq_of_ticket[TICKETS];
static int said; /* where acknowledgements go */

static void
change(void)
{
	struct lease *l;
	unsigned a = seq_address(++seq);

	l = lease_at(ls, IP(a));
	if (l != NULL && l->state == LEASE_BOUND)
		lease_release(ls, l, ENDS + seq);
	if (l == NULL || !seq_is_release(seq))
		l = bind_to(a, seq_client(seq), seq, ENDS + seq);
	store_put(st, l);
}

static void
say(uint64_t ticket)
{
	syscall(SYS_write, said, &seq_of_ticket[ticket % TICKETS],
	    sizeof(unsigned));
}

static void
changes(unsigned n)
{
	uint64_t ticket;

	while (n-- > 0)
		change();
	ticket = flush();
	seq_of_ticket[ticket % TICKETS] = seq;
	ev_run(loop, EVRUN_NOWAIT);
}

/* A start, changes, and two snapshots with changes during them. */
static void
scenario(void)
{
	unsigned i;

	start();
	for (i = 0; i < 3; i++)
		changes(4);
	for (i = 0; i < 2; i++) {
		/* when the one before is done */
		while (store_snapshot(st) == -1)
			wait_ms(1);
		changes(3);
		wait_ms(20);
		changes(3);
	}
	stop();
}

/* Changes and snapshots until someone kills us. */
static void
endless(void)
{
	start();
	for (;;) {
		changes(1 + seq % 9);
		if (seq % 50 == 0)
			store_snapshot(st);
	}
}

static unsigned known[ADDRESSES]; /* the last change that must be there */

/* What the files say now: nothing older than what was acknowledged. */
static void
check_files(unsigned acknowledged, unsigned first)
{
	unsigned i, got;
	const struct lease *l;

	for (i = first; i <= acknowledged; i++)
		known[seq_address(i)] = i;
	start();
	for (i = 0; i < ADDRESSES; i++) {
		l = lease_at(ls, IP(i));
		got = l == NULL ? 0 : SEQ_ENDS(l);
		ck_assert_msg(got >= known[i],
		    "10.0.0.%u: change %u, acknowledged %u", i, got, known[i]);
		known[i] = got;
		if (l == NULL)
			continue;
		/* What there is is one change, whole. */
		ck_assert_uint_eq(seq_address(got), i);
		ck_assert_uint_eq(l->state,
		    seq_is_release(got) ? LEASE_RELEASED : LEASE_BOUND);
		if (!seq_is_release(got))
			ck_assert_uint_eq(who_has(i), seq_client(got));
		if (got > seq)
			seq = got;
	}
	stop();
}

/*
 * Run it in another process, which dies at call die_at, or after some time.
 * The last change that was acknowledged, or 0; *died.
 */
static unsigned
run(void (*what)(void), int die_at, unsigned us, bool *died)
{
	unsigned got, acknowledged = 0;
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	atomic_store(&sh->calls, 0);
	atomic_store(&sh->die_at, die_at);
	sh->victim = 0;
	if ((pid = fork()) == 0) {
		close(ends[0]);
		said = ends[1];
		on_ack = say;
		sh->victim = getpid();
		what();
		_exit(0);
	}
	close(ends[1]);
	if (us > 0) {
		usleep(us);
		kill(pid, SIGKILL);
	}
	while (read(ends[0], &got, sizeof(got)) == sizeof(got))
		acknowledged = got;
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	sh->victim = 0;
	*died = WIFSIGNALED(status);
	ck_assert(*died || WEXITSTATUS(status) == 0);
	return acknowledged;
}

/* The lock is free once the snapshot's process has died, too. */
static void
wait_for_lock(void)
{
	loop = ev_loop_new(0);
	ls = leases_new(10);
	while ((st = store_here()) == NULL)
		usleep(1000);
	stop();
}

/* At each call that changes the disk, in whichever process. */
START_TEST(killed_at_each_step)
{
	unsigned acknowledged, first, steps = 0;
	bool died = true;
	int at;

	for (at = 1; died; at++) {
		empty_dir();
		memset(known, 0, sizeof(known));
		seq = 0;
		run(scenario, 0, 0, &died);
		wait_for_lock();
		check_files(0, 1);
		first = seq + 1;
		acknowledged = run(scenario, at, 0, &died);
		wait_for_lock();
		check_files(acknowledged, first);
		steps += died;
	}
	/* Eight for each snapshot, two or three for a batch, the start's. */
	ck_assert_uint_ge(steps, 25);
}
END_TEST

START_TEST(killed_at_any_time)
{
	unsigned acknowledged, first, i, r = 1, some = 0;
	bool died;

	seq = 0;
	for (i = 0; i < 60; i++) {
		first = seq + 1;
		acknowledged =
		    run(endless, 0, 2000 + (unsigned)rand_r(&r) % 30000, &died);
		ck_assert(died);
		wait_for_lock();
		check_files(acknowledged, first);
		some += acknowledged > first;
	}
	ck_assert_uint_gt(some, 30);
}
END_TEST

/* History. */

static unsigned told;
static int64_t told_when[10000];
static enum lease_state told_state[10000];

static void
tell(void *arg, int64_t when, const struct journal_record *r)
{
	(void)arg;
	ck_assert_uint_eq(r->lease.ip, IP(1));
	told_state[told] = r->lease.state;
	told_when[told++] = when;
}

static unsigned
ask(int64_t at)
{
	struct past *p;
	int dirfd = open(dir, O_RDONLY | O_DIRECTORY), rc;

	told = 0;
	p = past_open(dirfd, IP(1), at);
	ck_assert_ptr_nonnull(p);
	while ((rc = past_next(p, tell, NULL)) == 1)
		;
	ck_assert_int_eq(rc, 0);
	past_close(p);
	close(dirfd);
	return told;
}

START_TEST(history)
{
	static const struct {
		int64_t at, when; /* 0: nobody had it */
	} cases[] = { { 99, 0 }, { 100, 100 }, { 149, 100 }, { 150, 150 },
		{ 179, 150 }, { 180, 0 }, { 219, 0 }, { 220, 220 },
		{ 259, 220 }, { 260, 0 }, { 300, 300 }, { 349, 300 },
		{ 350, 0 }, { 9999, 0 } };
	size_t i;

	start();
	ck_assert_uint_eq(ask(0), 0);
	grant(1, 1, 100, 200);
	grant(11, 2, 100, 200);
	grant(1, 1, 150, 250);
	lease_release(ls, lease_at(ls, IP(1)), 180);
	store_put(st, lease_at(ls, IP(1)));
	grant(1, 3, 220, 260);
	snapshot();
	stop();
	start();
	while (lease_expire(ls, 260) != NULL)
		;
	store_put(st, lease_at(ls, IP(1)));
	store_put(st, lease_conflict(ls, IP(1), NET, 300, 350));
	flush();
	ck_assert_uint_eq(ask(0), 6);
	ck_assert_int_eq(told_when[0], 100);
	ck_assert_int_eq(told_when[2], 180);
	ck_assert_int_eq(told_state[4], LEASE_EXPIRED);
	ck_assert_int_eq(told_when[5], 300);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_uint_eq(ask(cases[i].at), cases[i].when != 0);
		if (told > 0)
			ck_assert_int_eq(told_when[0], cases[i].when);
	}
	stop();
}
END_TEST

START_TEST(history_rotates)
{
	static char bytes[40000];
	size_t n, m;
	unsigned i;

	history_max = 10000;
	start();
	for (i = 0; i < 500; i++)
		grant(1, 1, 100 + i, 1000 + i);
	n = get_file("history", bytes, sizeof(bytes));
	m = get_file("history.1", bytes, sizeof(bytes));
	ck_assert_uint_le(n, 10000);
	ck_assert_uint_le(m, 10000);
	ck_assert_uint_ge(m, 9000);
	i = ask(0);
	ck_assert_uint_ge(i, 100);
	ck_assert_int_eq(told_when[i - 1], 599);
	ck_assert_int_eq(told_when[0], 600 - (int)i);
	stop();
}
END_TEST

/* A line that was cut costs no other; a disk that fails costs no lease. */
START_TEST(history_torn)
{
	char bytes[4096];
	size_t n;

	start();
	grant(1, 1, 100, 200);
	stop();
	n = get_file("history", bytes, sizeof(bytes));
	put_file("history", bytes, n - 5);
	start();
	grant(1, 1, 150, 250);
	ck_assert_uint_eq(ask(0), 1);
	ck_assert_int_eq(told_when[0], 150);
	stop();
	history_max = 0;
	start();
	grant(1, 1, 160, 260);
	ck_assert_uint_eq(ask(0), 1);
	stop();
	empty_dir();
	start();
	grant(1, 1, 160, 260);
	ck_assert(!is_there("history"));
	ck_assert_uint_eq(ask(0), 0);
	stop();
}
END_TEST

START_TEST(history_cannot_be_opened)
{
	put_dir("history");
	start();
	grant(1, 1, 100, 200);
	grant(1, 1, 150, 200);
	ck_assert(!store_broken(st));
	stop();
}
END_TEST

/* More batches than the sync thread takes at once. */
START_TEST(many_batches)
{
	uint64_t ticket = 0;
	unsigned i;

	start();
	for (i = 0; i < 5000; i++) {
		store_put(st, bind_to(i % 100, 1 + i % 100, 100, 200 + i));
		ticket = flush();
	}
	wait_for(ticket);
	ck_assert_uint_eq(acked, ticket);
	for (i = 0; i < 2000; i++) {
		store_put(st, bind_to(i % 100, 1 + i % 100, 100, 9000 + i));
		ticket = flush();
	}
	stop();
	ck_assert_uint_eq(acked, ticket);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("store");
	TCase *tc = tcase_create("store");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, comes_back);
	tcase_add_test(tc, one_process);
	tcase_add_test(tc, many_starts);
	tcase_add_test(tc, snapshots);
	tcase_add_test(tc, compacts);
	tcase_add_test(tc, keeps_the_order);
	tcase_add_test(tc, pool_gone);
	tcase_add_test(tc, which_journals);
	tcase_add_test(tc, cut_anywhere);
	tcase_add_test(tc, damaged_anywhere);
	tcase_add_test(tc, bad_is_kept);
	tcase_add_test(tc, anything_there);
	tcase_add_test(tc, sync_fails);
	tcase_add_test(tc, write_fails);
	tcase_add_test(tc, changes_meanwhile);
	tcase_add_test(tc, fails_again);
	tcase_add_test(tc, snapshot_fails);
	tcase_add_test(tc, name_first);
	tcase_add_test(tc, starts_broken);
	tcase_add_test(tc, order_of_calls);
	tcase_add_test(tc, killed_at_each_step);
	tcase_add_test(tc, killed_at_any_time);
	tcase_add_test(tc, history);
	tcase_add_test(tc, history_rotates);
	tcase_add_test(tc, history_torn);
	tcase_add_test(tc, history_cannot_be_opened);
	tcase_add_test(tc, many_batches);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
