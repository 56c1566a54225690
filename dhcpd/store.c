/*
 * The store: batches of lines go to the journal, tickets tell when they are on
 * disk. Nothing here waits for a disk but the opening and the closing.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "storepart.h"

#define TICKETS 1024 /* under way at once; later ones share a sync */
#define RETRY 2.0 /* s between attempts to write all anew */
#define RETRY_FIRST 0.5
#define BATCH (64 * 1024) /* bytes, to begin with */

int
store_write(int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

void
store_break(struct store *s, const char *what, int error)
{
	s->rebuilding = false;
	s->batch_len = 0;
	log_errx("leases: %s: %s: nothing is granted until all leases could "
		 "be written anew",
	    what, strerror(error));
	if (s->broken)
		return;
	s->broken = true;
	ev_timer_stop(s->setup.loop, &s->retry);
	ev_timer_set(&s->retry, RETRY_FIRST, RETRY);
	ev_timer_start(s->setup.loop, &s->retry);
}

/* Tickets. */

static void
deliver(struct store *s, uint64_t ticket, int error)
{
	if (ticket <= s->delivered)
		return;
	if (error == 0 && ticket > s->old_last) {
		if (s->holding) {
			s->held = ticket;
			return;
		}
		error = s->journal_error;
	}
	s->delivered = ticket;
	s->setup.synced(s->setup.arg, ticket, error);
}

static void
deliver_failed(struct store *s, uint64_t before)
{
	uint64_t ticket = s->failed;

	if (ticket == 0 || s->reaped < s->failed_after || ticket >= before)
		return;
	s->failed = 0;
	deliver(s, ticket, s->failed_error);
}

/* The last batch could not be written; its ticket is told from the loop. */
static void
batch_failed(struct store *s, const char *what, int error)
{
	s->failed = s->ticket;
	s->failed_after = s->submitted;
	s->failed_error = error;
	s->owed = false;
	store_break(s, what, error);
	ev_feed_event(s->setup.loop, &s->done, EV_CUSTOM);
}

static void
submit(struct store *s)
{
	s->owed = false;
	if (commit_submit(s->commit, s->journal, s->ticket) == 0)
		s->submitted = s->ticket;
	else if (errno == EAGAIN)
		s->owed = true;
	else
		batch_failed(s, "sync of the journal", errno);
}

static void
reaped(struct store *s, const struct commit_done *d)
{
	deliver_failed(s, d->ticket);
	s->reaped = d->ticket;
	/* Of a journal that was given up nothing more need be said. */
	if (d->error != 0 &&
	    (!s->broken || (s->rebuilding && d->ticket > s->old_last)))
		store_break(s, "sync of the journal", d->error);
	deliver(s, d->ticket, d->error);
	store_end_old(s);
}

static void
reap(struct store *s)
{
	struct commit_done v[64];
	size_t n, i;

	do {
		n = commit_reap(s->commit, v, sizeof(v) / sizeof(v[0]));
		for (i = 0; i < n; i++)
			reaped(s, &v[i]);
	} while (n == sizeof(v) / sizeof(v[0]));
	if (s->owed)
		submit(s);
	deliver_failed(s, UINT64_MAX);
}

static void
on_done(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	reap(io->data);
}

void
store_let_go(struct store *s)
{
	uint64_t ticket = s->held;

	s->holding = false;
	s->held = 0;
	if (ticket != 0)
		deliver(s, ticket, 0);
}

void
store_end_old(struct store *s)
{
	if (s->old == -1 || s->reaped < s->old_last)
		return;
	commit_forget(s->commit, s->old);
	close(s->old);
	s->old = -1;
}

/* Batches. */

static bool
batch_room(struct store *s)
{
	size_t size = s->batch_size == 0 ? BATCH : 2 * s->batch_size;
	char *p;

	if (s->batch_size - s->batch_len >= JOURNAL_LINE)
		return true;
	if ((p = realloc(s->batch, size)) == NULL)
		return false;
	s->batch = p;
	s->batch_size = size;
	return true;
}

bool
store_put(struct store *s, struct lease *l)
{
	if (l->state == LEASE_OFFERED || (s->broken && !s->rebuilding))
		return !s->broken;
	if (!batch_room(s)) {
		store_break(s, "journal", ENOMEM);
		return false;
	}
	s->batch_len += journal_line(l, s->batch + s->batch_len);
	return !s->broken;
}

uint64_t
store_flush(struct store *s)
{
	size_t n = s->batch_len;

	if (n > 0) {
		s->ticket++;
		s->batch_len = 0;
		s->journal_bytes += n;
		if (store_write(s->journal, s->batch, n) == -1) {
			batch_failed(s, "journal", errno);
		} else {
			submit(s);
			storehistory_add(s, s->batch, n);
			storesnap_consider(s);
		}
	}
	return s->ticket > s->delivered ? s->ticket : 0;
}

bool
store_broken(const struct store *s)
{
	return s->broken;
}

int
store_begin_journal(struct store *s, uint64_t *number)
{
	char name[STORE_NAME];
	int fd;

	for (*number = s->number;; (*number)++) {
		fd = openat(s->setup.dir, storefile_journal(*number, name),
		    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
		    STORE_FILE_MODE);
		if (fd != -1 || errno != EEXIST)
			return fd;
	}
}

/* Opening and closing. */

static int
take_lock(struct store *s)
{
	s->lock = openat(s->setup.dir, "lock",
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, STORE_FILE_MODE);
	return s->lock == -1 ? -1 : flock(s->lock, LOCK_EX | LOCK_NB);
}

static void
close_if(int fd)
{
	if (fd != -1)
		close(fd);
}

/* The child of a snapshot would keep the lock: it has ended before. */
static void
store_free(struct store *s)
{
	commit_close(s->commit);
	close_if(s->journal);
	close_if(s->old);
	close_if(s->lock);
	close_if(s->setup.dir);
	free(s->batch);
	free(s);
}

struct store *
store_open(const struct store_setup *setup)
{
	struct store *s = calloc(1, sizeof(*s));
	int error;

	if (s == NULL) {
		close_if(setup->dir);
		errno = ENOMEM;
		return NULL;
	}
	s->setup = *setup;
	s->lock = s->journal = s->old = s->history = -1;
	if (take_lock(s) == -1 || (s->commit = commit_open(TICKETS)) == NULL) {
		error = errno;
		store_free(s);
		errno = error;
		return NULL;
	}
	ev_io_init(&s->done, on_done, commit_fd(s->commit), EV_READ);
	s->done.data = s;
	ev_io_start(s->setup.loop, &s->done);
	storesnap_init(s);
	return s;
}

void
store_close(struct store *s)
{
	struct pollfd p = { .fd = commit_fd(s->commit), .events = POLLIN };

	store_flush(s);
	storesnap_stop(s);
	reap(s);
	while (s->reaped < s->submitted || s->owed) {
		poll(&p, 1, -1);
		reap(s);
	}
	ev_io_stop(s->setup.loop, &s->done);
	ev_timer_stop(s->setup.loop, &s->retry);
	storehistory_close(s);
	store_free(s);
}
