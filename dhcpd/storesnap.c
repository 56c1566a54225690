/*
 * Snapshots. A child writes what memory held at one instant; the parent goes on
 * in a new journal that was begun at the same instant. Whatever is killed, and
 * whenever, either the old snapshot stands with all journals behind it, or the
 * new one does and names the journal that goes on from it.
 *
 * The child has this process's memory but not its sync thread. It calls nothing
 * that takes a lock: no allocation, no log; and ends by _exit, so that nothing
 * of the parent's is done twice.
 */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "storepart.h"

#define SOON 2.0 /* s after a start that found reason for a snapshot */
#define LINE_BYTES 128 /* of a lease, usually */
#define OUT (64 * 1024)

/* What a child says, in the order it may. */
struct word {
	enum { WORD_NAMED, WORD_DONE, WORD_FAILED } what;
	int error;
};

/* The child's. */
struct out {
	int fd;
	size_t n;
	char bytes[OUT];
};
static struct out out;

static bool
out_flush(void)
{
	size_t n = out.n;

	out.n = 0;
	return store_write(out.fd, out.bytes, n) == 0;
}

static bool
out_lease(void *arg, const struct lease *l)
{
	(void)arg;
	if (OUT - out.n < JOURNAL_LINE && !out_flush())
		return false;
	out.n += journal_line(l, out.bytes + out.n);
	return true;
}

static void
out_head(uint64_t number)
{
	char name[STORE_NAME];
	int n;

	n = snprintf(out.bytes, JOURNAL_LINE - JOURNAL_SEAL, "snapshot %s",
	    storefile_journal(number, name));
	out.n = journal_seal(out.bytes, (size_t)n);
}

/* Write leases.new, whole and synced. 0 or -1 with errno. */
static int
child_write(const struct store *s, uint64_t number)
{
	out.fd = openat(s->setup.dir, STORE_LEASES_NEW,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    STORE_FILE_MODE);
	if (out.fd == -1)
		return -1;
	out_head(number);
	if (!lease_save(s->setup.leases, out_lease, NULL) || !out_flush())
		return -1;
	return fsync(out.fd);
}

/*
 * The old snapshot, of which not all could be read, gets a second name. 0, or
 * -1 with errno; a file system without links is no reason to stop.
 */
static int
child_keep(const struct store *s)
{
	int dir = s->setup.dir;

	if (!s->bad_leases)
		return 0;
	unlinkat(dir, STORE_LEASES STORE_BAD, 0);
	if (linkat(dir, STORE_LEASES, dir, STORE_LEASES STORE_BAD, 0) == 0 ||
	    errno == ENOENT || errno == EPERM || errno == EOPNOTSUPP)
		return 0;
	return -1;
}

/* The new one takes its place. */
static int
child_rename(const struct store *s)
{
	int dir = s->setup.dir;

	if (renameat(dir, STORE_LEASES_NEW, dir, STORE_LEASES) == -1)
		return -1;
	return fsync(dir);
}

/* The journals that the snapshot took the place of, the oldest first. */
static void
child_remove(const struct store *s, uint64_t number)
{
	char name[STORE_NAME], bad[STORE_NAME + sizeof(STORE_BAD)];
	uint64_t i;

	for (i = s->oldest; i < number; i++) {
		storefile_journal(i, name);
		if (!s->bad_journals) {
			unlinkat(s->setup.dir, name, 0);
			continue;
		}
		snprintf(bad, sizeof(bad), "%s" STORE_BAD, name);
		renameat(s->setup.dir, name, s->setup.dir, bad);
	}
}

static void
child_say(int fd, int what, int error)
{
	struct word w = { what, error };

	store_write(fd, (const char *)&w, sizeof(w));
}

static void
child_main(const struct store *s, int fd, uint64_t number)
{
	if (fsync(s->setup.dir) == -1) {
		child_say(fd, WORD_FAILED, errno);
		return;
	}
	child_say(fd, WORD_NAMED, 0);
	if (child_write(s, number) == -1 || child_keep(s) == -1 ||
	    child_rename(s) == -1) {
		child_say(fd, WORD_FAILED, errno);
		return;
	}
	if (s->history != -1)
		fdatasync(s->history);
	child_remove(s, number);
	child_say(fd, WORD_DONE, 0);
}

/* The child, with all signals blocked, or -1 with errno. */
static pid_t
child_fork(const struct store *s, int fd, uint64_t number)
{
	pid_t parent = getpid(), pid;
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	if ((pid = fork()) == 0) {
		/* It has the lock, too: it must not outlive its parent. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			child_main(s, fd, number);
		_exit(0);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

/* The parent's. */

static void
snapshot_done(struct store *s)
{
	s->child_ok = true;
	s->bad_leases = s->bad_journals = false;
	s->oldest = s->number;
	s->journal_bytes -= s->snapshot_bytes;
	s->snapshot_at = 0;
	if (!s->rebuilding)
		return;
	s->rebuilding = s->broken = false;
	ev_timer_stop(s->setup.loop, &s->retry);
	log_notice("leases: all are written anew and can be granted again");
}

static void
snapshot_failed(struct store *s, const char *why)
{
	log_errx("leases: snapshot: %s", why);
	s->rebuilding = false;
	s->snapshot_at = s->journal_bytes + s->setup.snapshot_min;
}

/* The new journal may have no name on disk: what is in it counts for nothing.
 */
static void
no_name(struct store *s, int error)
{
	store_break(s, "directory", error);
	s->journal_error = error;
	store_let_go(s);
}

/* Nobody has synced its name; then it must be done here. */
static void
name_journal(struct store *s)
{
	if (!s->holding)
		return;
	if (fsync(s->setup.dir) == -1)
		no_name(s, errno);
	else
		store_let_go(s);
}

static void
child_heard(struct store *s, const struct word *w)
{
	switch (w->what) {
	case WORD_NAMED:
		store_let_go(s);
		break;
	case WORD_DONE:
		snapshot_done(s);
		break;
	case WORD_FAILED:
		s->child_ok = true; /* it said so itself */
		if (s->holding)
			no_name(s, w->error);
		snapshot_failed(s, strerror(w->error));
		break;
	}
}

static void
child_ended(struct store *s)
{
	ev_io_stop(s->setup.loop, &s->child_io);
	close(s->child_io.fd);
	/* The loop may have waited for it already. */
	while (waitpid(s->child, NULL, 0) == -1 && errno == EINTR)
		;
	s->child = 0;
	if (!s->child_ok)
		snapshot_failed(s, "its process was killed");
	name_journal(s);
}

static void
on_child(struct ev_loop *loop, ev_io *io, int events)
{
	struct store *s = io->data;
	struct word w;
	ssize_t n;

	(void)loop;
	(void)events;
	while ((n = read(io->fd, &w, sizeof(w))) == sizeof(w))
		child_heard(s, &w);
	if (n != -1)
		child_ended(s);
}

/* From now on lines go to the new journal. */
static void
change_journal(struct store *s, int fd, uint64_t number)
{
	s->old = s->journal;
	s->old_last = s->submitted;
	s->holding = true;
	s->journal = fd;
	s->journal_error = 0;
	s->number = number;
	s->snapshot_bytes = s->journal_bytes;
	s->rebuilding = s->broken;
	store_end_old(s);
}

/* 0, or -1 with errno: nothing changed. */
static int
snapshot_begin(struct store *s, int fd, uint64_t number)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	s->child = child_fork(s, ends[1], number);
	error = errno;
	close(ends[1]);
	if (s->child == -1) {
		s->child = 0;
		close(ends[0]);
		errno = error;
		return -1;
	}
	s->child_ok = false;
	change_journal(s, fd, number);
	ev_io_set(&s->child_io, ends[0], EV_READ);
	ev_io_start(s->setup.loop, &s->child_io);
	return 0;
}

int
store_snapshot(struct store *s)
{
	char name[STORE_NAME];
	uint64_t number;
	int fd, error;

	if (s->child != 0 || s->old != -1 || s->owed) {
		errno = EALREADY;
		return -1;
	}
	if ((fd = store_begin_journal(s, &number)) == -1)
		return -1;
	if (snapshot_begin(s, fd, number) == 0)
		return 0;
	error = errno;
	close(fd);
	unlinkat(s->setup.dir, storefile_journal(number, name), 0);
	errno = error;
	return -1;
}

void
storesnap_consider(struct store *s)
{
	const struct leases *ls = s->setup.leases;
	uint64_t live = 0;
	int state;

	if (s->child != 0 || s->broken ||
	    s->journal_bytes < s->setup.snapshot_min ||
	    s->journal_bytes < s->snapshot_at)
		return;
	for (state = LEASE_BOUND; state <= LEASE_CONFLICT; state++)
		live += leases_count(ls, state);
	if (s->journal_bytes / 2 < live * LINE_BYTES)
		return;
	if (store_snapshot(s) == -1 && errno != EALREADY)
		snapshot_failed(s, strerror(errno));
}

/* While the store is broken; once after a start. */
static void
on_retry(struct ev_loop *loop, ev_timer *t, int events)
{
	struct store *s = t->data;

	(void)events;
	if (!s->broken)
		ev_timer_stop(loop, t);
	if (store_snapshot(s) == -1 && errno != EALREADY)
		snapshot_failed(s, strerror(errno));
}

void
storesnap_init(struct store *s)
{
	ev_io_init(&s->child_io, on_child, -1, EV_READ);
	s->child_io.data = s;
	ev_timer_init(&s->retry, on_retry, SOON, SOON);
	s->retry.data = s;
}

void
storesnap_stop(struct store *s)
{
	if (s->child == 0)
		return;
	kill(s->child, SIGKILL);
	s->child_ok = true; /* killed by us: nothing to tell */
	child_ended(s);
}
