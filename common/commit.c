/*
 * Group commit. The loop collects tickets in one round while the thread works
 * through another; the two change places under the lock. Which descriptors a
 * round has, and which of them are known to have failed, only the loop's side
 * keeps, so the thread syncs without holding anything.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commit.h"

/* A ticket whose descriptor failed before has nothing to be synced. */
#define NO_TARGET SIZE_MAX

/* A descriptor of a round. */
struct target {
	int fd;
	int error; /* of its fdatasync */
};

struct ticket {
	uint64_t id;
	size_t target; /* index in the round's targets, or NO_TARGET */
	int fd;
};

struct round {
	struct ticket *tickets;
	size_t ntickets;
	struct target *targets;
	size_t ntargets;
};

/* What the loop's side knows of a descriptor; the index is its number. */
struct mark {
	uint64_t round; /* the last round that has it as a target */
	size_t target; /* where in that round */
	int error; /* final */
};

struct result {
	uint64_t id;
	int fd;
	int error;
};

struct commit {
	/* The loop's side alone. */
	size_t max;
	size_t under_way; /* submitted and not reaped */
	struct mark *marks;
	size_t nmarks;
	int event; /* eventfd */
	pthread_t thread;

	/* Both sides, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool sleeping; /* the thread waits to be signalled */
	bool closing;
	uint64_t collecting_no; /* number of the round being collected */
	struct round collecting;
	struct result *done; /* a ring of max */
	size_t done_head, ndone;

	/* The thread alone, except while rounds change places. */
	struct round working;
};

/* fdatasync that nothing but the disk ends. 0 or an errno. */
static int
sync_fd(int fd)
{
	while (fdatasync(fd) == -1) {
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

/* Hand the worked round back; the lock is held. */
static void
round_deliver(struct commit *c)
{
	const struct round *r = &c->working;
	const struct ticket *t;
	struct result *d;
	uint64_t one = 1;
	size_t i;

	for (i = 0; i < r->ntickets; i++) {
		t = &r->tickets[i];
		d = &c->done[(c->done_head + c->ndone++) % c->max];
		d->id = t->id;
		d->fd = t->fd;
		d->error =
		    t->target == NO_TARGET ? 0 : r->targets[t->target].error;
	}
	/*
	 * Under the lock, so that the descriptor is readable exactly while
	 * results wait. It can't fail: the counter is far from full.
	 */
	if (write(c->event, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* Take what was collected; false: nothing will come any more. */
static bool
round_take(struct commit *c)
{
	struct round r;

	while (c->collecting.ntickets == 0 && !c->closing) {
		c->sleeping = true;
		pthread_cond_wait(&c->wake, &c->lock);
		c->sleeping = false;
	}
	if (c->collecting.ntickets == 0)
		return false;
	r = c->working;
	c->working = c->collecting;
	c->collecting = r;
	c->collecting.ntickets = 0;
	c->collecting.ntargets = 0;
	c->collecting_no++;
	return true;
}

static void *
commit_thread(void *arg)
{
	struct commit *c = arg;
	struct target *t;
	size_t i;

	pthread_mutex_lock(&c->lock);
	while (round_take(c)) {
		pthread_mutex_unlock(&c->lock);
		for (i = 0; i < c->working.ntargets; i++) {
			t = &c->working.targets[i];
			t->error = sync_fd(t->fd);
		}
		pthread_mutex_lock(&c->lock);
		round_deliver(c);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Every signal is the loop's. 0 or an errno. */
static int
thread_start(struct commit *c)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&c->thread, NULL, commit_thread, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

static void
round_free(struct round *r)
{
	free(r->tickets);
	free(r->targets);
}

static int
round_init(struct round *r, size_t max)
{
	r->tickets = calloc(max, sizeof(*r->tickets));
	r->targets = calloc(max, sizeof(*r->targets));
	return r->tickets == NULL || r->targets == NULL ? -1 : 0;
}

/* Free all but the thread. */
static void
commit_free(struct commit *c)
{
	if (c->event != -1)
		close(c->event);
	round_free(&c->collecting);
	round_free(&c->working);
	free(c->done);
	free(c->marks);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct commit *
commit_open(size_t max)
{
	struct commit *c;
	int error;

	if (max == 0) {
		errno = EINVAL;
		return NULL;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	c->max = max;
	c->collecting_no = 1; /* so that a mark of zeroes is in no round */
	c->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->event == -1)
		goto fail;
	if ((c->done = calloc(max, sizeof(*c->done))) == NULL)
		goto fail;
	if (round_init(&c->collecting, max) == -1 ||
	    round_init(&c->working, max) == -1)
		goto fail;
	if ((errno = thread_start(c)) != 0)
		goto fail;
	return c;
fail:
	error = errno;
	commit_free(c);
	errno = error;
	return NULL;
}

void
commit_close(struct commit *c)
{
	if (c == NULL)
		return;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	commit_free(c);
}

int
commit_fd(const struct commit *c)
{
	return c->event;
}

/* The mark of fd, with room made for it; NULL with errno. */
static struct mark *
mark_of(struct commit *c, int fd)
{
	struct mark *p;
	size_t i, n;

	if (fd < 0) {
		errno = EBADF;
		return NULL;
	}
	i = (size_t)fd;
	if (i >= c->nmarks) {
		n = c->nmarks * 2 > i ? c->nmarks * 2 : i + 64;
		p = reallocarray(c->marks, n, sizeof(*p));
		if (p == NULL)
			return NULL;
		memset(p + c->nmarks, 0, (n - c->nmarks) * sizeof(*p));
		c->marks = p;
		c->nmarks = n;
	}
	return &c->marks[i];
}

/* Which target of the collected round fd is; the lock is held. */
static size_t
target_of(struct commit *c, struct mark *m, int fd)
{
	struct round *r = &c->collecting;

	if (m->error != 0)
		return NO_TARGET;
	if (m->round != c->collecting_no) {
		m->round = c->collecting_no;
		m->target = r->ntargets++;
		r->targets[m->target].fd = fd;
	}
	return m->target;
}

int
commit_submit(struct commit *c, int fd, uint64_t ticket)
{
	struct mark *m;
	struct ticket *t;
	bool sleeping;

	if (c->under_way >= c->max) {
		errno = EAGAIN;
		return -1;
	}
	if ((m = mark_of(c, fd)) == NULL)
		return -1;
	pthread_mutex_lock(&c->lock);
	t = &c->collecting.tickets[c->collecting.ntickets++];
	t->id = ticket;
	t->fd = fd;
	t->target = target_of(c, m, fd);
	sleeping = c->sleeping;
	c->sleeping = false; /* one signal is enough for it */
	pthread_mutex_unlock(&c->lock);
	if (sleeping)
		pthread_cond_signal(&c->wake);
	c->under_way++;
	return 0;
}

size_t
commit_reap(struct commit *c, struct commit_done *v, size_t n)
{
	const struct result *d;
	struct mark *m;
	uint64_t rounds;
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < n && c->ndone > 0; i++) {
		d = &c->done[c->done_head];
		c->done_head = (c->done_head + 1) % c->max;
		c->ndone--;
		/*
		 * Results come in the order of their tickets, so a later round
		 * that succeeded meanwhile finds the mark already set.
		 */
		m = &c->marks[d->fd];
		if (m->error == 0)
			m->error = d->error;
		v[i].ticket = d->id;
		v[i].error = m->error;
	}
	if (c->ndone == 0)
		(void)!read(c->event, &rounds, sizeof(rounds));
	pthread_mutex_unlock(&c->lock);
	c->under_way -= i;
	return i;
}

void
commit_forget(struct commit *c, int fd)
{
	if (fd >= 0 && (size_t)fd < c->nmarks)
		c->marks[fd].error = 0;
}
