/*
 * commit: group commit. One thread syncs files so that a daemon's loop never
 * waits for a disk.
 *
 * The loop submits (descriptor, ticket) and goes on; the thread takes all
 * that was submitted since its last round, calls fdatasync once for each
 * descriptor among it, and hands the tickets back through an eventfd. At most
 * one round is in flight; whatever arrives meanwhile shares the next one.
 *
 * An error is final: after a failed fdatasync the kernel may have dropped the
 * pages, and a later call that succeeds would prove nothing. So the ticket
 * gets the error, and every later ticket of that descriptor gets it too, until
 * commit_forget says that the descriptor means another file.
 *
 * One thread may submit and reap; the calls are not for several threads.
 */
#ifndef COMMIT_H
#define COMMIT_H

#include <stddef.h>
#include <stdint.h>

struct commit;

struct commit_done {
	uint64_t ticket; /* the caller's own */
	int error; /* 0: it would survive a power cut; else an errno */
};

/* Start the thread. NULL with errno. `max` tickets at once, at most. */
struct commit *commit_open(size_t max);
/* Sync all that was submitted, end the thread, free. NULL is allowed. */
void commit_close(struct commit *);

/* Readable when commit_reap has something to give. */
int commit_fd(const struct commit *);

/*
 * Ask for a sync of all that was written to fd so far. fd stays open until
 * its ticket came back. 0, or -1 with EAGAIN when max tickets are under way
 * (submitted and not reaped), EBADF, ENOMEM.
 */
int commit_submit(struct commit *, int fd, uint64_t ticket);

/* Up to n tickets that are done, in the order submitted; their number. */
size_t commit_reap(struct commit *, struct commit_done *, size_t n);

/*
 * fd, of which no ticket is under way, is about to be closed: a failure known
 * of it is forgotten.
 */
void commit_forget(struct commit *, int fd);

#endif
