/*
 * Group commit. All tickets stand in one ring in the order submitted: first
 * those that are done and wait to be reaped, then those of the round that the
 * thread works through, then those that will be its next round. The lock
 * covers everything; the thread lets go of it only while it syncs. It is woken
 * only where it sleeps, and both sides when the lock is free again: so the
 * event may come for tickets that were reaped already, never too late.
 */
#include <sys/eventfd.h>

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commit.h"

struct ticket {
	uint64_t id;
	int fd;
	int error; /* once it is done */
};

/* What is known of a descriptor; the index is its number. */
struct mark {
	uint64_t round; /* the last that synced it */
	int error; /* final */
};

struct commit {
	int event; /* eventfd, readable while tickets wait */
	pthread_t thread;
	pthread_mutex_t lock;
	sem_t wake;
	bool closing, sleeping; /* the thread waits for wake */
	struct mark *marks;
	size_t nmarks;
	struct ticket *ring;
	size_t max;
	/* Tickets so far: reaped <= done <= submitted <= reaped + max. */
	size_t submitted, done, reaped;
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

/*
 * Sync the ticket's descriptor unless this round did already, or it failed
 * before. Called and left with the lock held; the marks may have moved
 * meanwhile.
 */
static void
work(struct commit *c, struct ticket *t, uint64_t round)
{
	struct mark *m = &c->marks[t->fd];
	int error;

	if (m->round != round && m->error == 0) {
		m->round = round;
		pthread_mutex_unlock(&c->lock);
		error = sync_fd(t->fd);
		pthread_mutex_lock(&c->lock);
		c->marks[t->fd].error = error;
	}
	t->error = c->marks[t->fd].error;
}

static void
wait_for_work(struct commit *c)
{
	while (c->done == c->submitted && !c->closing) {
		c->sleeping = true;
		pthread_mutex_unlock(&c->lock);
		while (sem_wait(&c->wake) == -1)
			; /* interrupted */
		pthread_mutex_lock(&c->lock);
	}
}

/* Let go of the lock; the thread has something to do. */
static void
unlock_and_wake(struct commit *c)
{
	bool sleeping = c->sleeping;

	c->sleeping = false;
	pthread_mutex_unlock(&c->lock);
	if (sleeping)
		sem_post(&c->wake);
}

static void *
commit_thread(void *arg)
{
	struct commit *c = arg;
	uint64_t round;
	size_t i, end;

	pthread_mutex_lock(&c->lock);
	for (round = 1;; round++) {
		wait_for_work(c);
		if (c->done == c->submitted)
			break;
		end = c->submitted;
		for (i = c->done; i != end; i++)
			work(c, &c->ring[i % c->max], round);
		c->done = end;
		pthread_mutex_unlock(&c->lock);
		eventfd_write(c->event, 1);
		pthread_mutex_lock(&c->lock);
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

/* Free all but the thread. */
static void
commit_free(struct commit *c)
{
	if (c->event != -1)
		close(c->event);
	free(c->ring);
	free(c->marks);
	sem_destroy(&c->wake);
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
	sem_init(&c->wake, 0, 0);
	c->max = max;
	c->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (c->event != -1 &&
	    (c->ring = calloc(max, sizeof(*c->ring))) != NULL &&
	    (errno = thread_start(c)) == 0)
		return c;
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
	unlock_and_wake(c);
	pthread_join(c->thread, NULL);
	commit_free(c);
}

int
commit_fd(const struct commit *c)
{
	return c->event;
}

/* Have a mark for fd. 0, or -1 with errno. */
static int
marks_reach(struct commit *c, size_t fd)
{
	struct mark *p;
	size_t n = c->nmarks * 2 > fd ? c->nmarks * 2 : fd + 64;

	if (fd < c->nmarks)
		return 0;
	if ((p = reallocarray(c->marks, n, sizeof(*p))) == NULL)
		return -1;
	memset(p + c->nmarks, 0, (n - c->nmarks) * sizeof(*p));
	c->marks = p;
	c->nmarks = n;
	return 0;
}

int
commit_submit(struct commit *c, int fd, uint64_t ticket)
{
	struct ticket *t;
	int rc;

	if (fd < 0 || c->submitted - c->reaped == c->max) {
		errno = fd < 0 ? EBADF : EAGAIN;
		return -1;
	}
	pthread_mutex_lock(&c->lock);
	if ((rc = marks_reach(c, (size_t)fd)) == 0) {
		t = &c->ring[c->submitted++ % c->max];
		t->id = ticket;
		t->fd = fd;
	}
	unlock_and_wake(c);
	return rc;
}

size_t
commit_reap(struct commit *c, struct commit_done *v, size_t n)
{
	const struct ticket *t;
	eventfd_t rounds;
	size_t i;

	pthread_mutex_lock(&c->lock);
	for (i = 0; i < n && c->reaped != c->done; i++) {
		t = &c->ring[c->reaped++ % c->max];
		v[i].ticket = t->id;
		v[i].error = t->error;
	}
	if (c->reaped == c->done)
		eventfd_read(c->event, &rounds);
	pthread_mutex_unlock(&c->lock);
	return i;
}

void
commit_forget(struct commit *c, int fd)
{
	pthread_mutex_lock(&c->lock);
	if (fd >= 0 && (size_t)fd < c->nmarks)
		c->marks[fd].error = 0;
	pthread_mutex_unlock(&c->lock);
}
