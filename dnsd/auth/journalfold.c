/*
 * Folding: a zone's state becomes its master file, and its journal shorter.
 *
 * One thread does it for all journals, one after the other, in two steps. In
 * the first, which takes as long as the zone is large, it writes the master
 * file and copies what is kept of the journal. Then the main thread stops
 * writing for as long as the second takes: what came meanwhile is copied,
 * synced, and the new journal renamed into its place.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "journalpart.h"
#include "log.h"
#include "zonetext.h"

#define MODE 0640
#define PIECE 65536

struct fold {
	STAILQ_ENTRY(fold) link;
	struct journal *journal;
	const struct snapshot *snapshot;
	journal_done *done;
	void *arg;
	size_t dropped; /* records of the old file that the new one lacks */
	bool pausing;
	/* the thread's, while it has the job */
	int (*step)(struct fold *);
	char path[PATH_MAX], journal_path[PATH_MAX];
	bool rewrite; /* the journal, too */
	int from, to; /* old and new journal; -1 */
	struct journal_file *file; /* that will have `to` */
	bool renamed; /* the new one is the journal now */
	uint64_t begin, copied, until; /* offsets of the old one: [begin,
					  copied) is in the new one */
	int error;
	atomic_bool stop;
};
STAILQ_HEAD(fold_queue, fold);

struct folds {
	struct journals *journals;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread, or who waits for it */
	struct fold *job; /* for the thread */
	struct fold *posted; /* its step is done */
	bool ending;
	ev_async async;
	struct fold_queue
	    queue; /* of the main thread; the first is worked on */
};

/* The thread. */

static int
new_path(const char *path, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s.new", path) < PATH_MAX)
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* A file in place of another keeps its mode and, where that may be, owner. */
static void
keep_mode(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) == -1)
		return;
	if (fchown(fd, (uid_t)-1, st.st_gid) == 0 || errno == EPERM)
		fchmod(fd, st.st_mode & 0777);
}

static int
write_zone(struct fold *f)
{
	char new[PATH_MAX];
	int fd, error;

	if (new_path(f->path, new) == -1)
		return -1;
	fd = open(
	    new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (fd == -1)
		return -1;
	keep_mode(fd, f->path);
	if (zonetext_write(f->snapshot, fd, &f->stop) == -1 ||
	    fsync(fd) == -1 || rename(new, f->path) == -1 ||
	    journalfile_sync_dir(f->path) == -1) {
		error = errno;
		unlink(new);
		close(fd);
		errno = error;
		return -1;
	}
	close(fd);
	return 0;
}

static int
copy_until(struct fold *f)
{
	uint8_t bytes[PIECE];
	uint64_t left;
	ssize_t n;

	while ((left = f->until - f->copied) > 0) {
		n = pread(f->from, bytes,
		    left < PIECE ? (size_t)left : sizeof(bytes),
		    (off_t)f->copied);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO;
		if (n <= 0 ||
		    journalfile_write(f->to, bytes, (size_t)n,
			f->copied - f->begin + JOURNAL_BEGIN) == -1)
			return -1;
		f->copied += (size_t)n;
	}
	return 0;
}

static int
first_step(struct fold *f)
{
	char new[PATH_MAX];

	if (write_zone(f) == -1)
		return -1;
	if (!f->rewrite)
		return 0;
	if (new_path(f->journal_path, new) == -1)
		return -1;
	f->to = open(
	    new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);
	if (f->to == -1 || flock(f->to, LOCK_EX | LOCK_NB) == -1 ||
	    journalfile_write(f->to, JOURNAL_MAGIC, JOURNAL_BEGIN, 0) == -1)
		return -1;
	return copy_until(f);
}

static int
second_step(struct fold *f)
{
	char new[PATH_MAX];

	if (new_path(f->journal_path, new) == -1 || copy_until(f) == -1 ||
	    fdatasync(f->to) == -1 || rename(new, f->journal_path) == -1)
		return -1;
	f->renamed = true;
	return journalfile_sync_dir(f->journal_path);
}

static void *
fold_thread(void *arg)
{
	struct folds *fs = arg;
	struct fold *f;

	pthread_mutex_lock(&fs->lock);
	for (;;) {
		while (fs->job == NULL && !fs->ending)
			pthread_cond_wait(&fs->wake, &fs->lock);
		if ((f = fs->job) == NULL)
			break;
		fs->job = NULL;
		pthread_mutex_unlock(&fs->lock);
		f->error = f->step(f) == 0 ? 0 : errno;
		pthread_mutex_lock(&fs->lock);
		fs->posted = f;
		pthread_cond_broadcast(&fs->wake);
		ev_async_send(fs->journals->loop, &fs->async);
	}
	pthread_mutex_unlock(&fs->lock);
	return NULL;
}

/* The main thread. */

static void
give(struct folds *fs, struct fold *f, int (*step)(struct fold *))
{
	pthread_mutex_lock(&fs->lock);
	f->step = step;
	fs->job = f;
	pthread_cond_broadcast(&fs->wake);
	pthread_mutex_unlock(&fs->lock);
}

/*
 * Where the snapshot's serial stands in the journal: the number of records up
 * to it, or of all that are on disk, where it is none of the journal's.
 */
static size_t
records_before(const struct journal *j, uint32_t serial)
{
	size_t i;

	if (j->n > 0 && j->places[j->n - 1].to == serial)
		return j->n;
	for (i = j->n; i-- > 0;)
		if (j->places[i].from == serial)
			return i;
	return j->nproven;
}

/* Which records the new file begins with. */
static size_t
records_dropped(const struct journal *j, uint32_t serial, size_t max)
{
	size_t i, limit = records_before(j, serial);

	if (limit > j->nproven)
		limit = j->nproven;
	for (i = 0; i < limit && j->end - j->places[i].at > max; i++)
		continue;
	if (j->nproven == j->n && limit == j->n &&
	    (j->n == 0 || j->places[j->n - 1].to != serial))
		return j->n;
	return i;
}

static void
begin(struct fold *f, size_t max)
{
	struct journal *j = f->journal;

	f->dropped = records_dropped(j, f->snapshot->serial, max);
	f->rewrite = j->file != NULL && (f->dropped > 0 || j->broken);
	f->begin = f->dropped < j->n ? j->places[f->dropped].at : j->end;
	f->copied = f->begin;
	f->until = j->proven;
}

/*
 * The new file takes the old one's place. error: its name may be gone after a
 * power cut, so nothing can be promised.
 */
static void
adopt(struct fold *f, int error)
{
	struct journal *j = f->journal;
	struct journal_file *old = j->file;
	uint64_t shift = f->begin - JOURNAL_BEGIN;
	size_t i;

	f->file->fd = f->to;
	f->to = -1;
	pthread_mutex_lock(&j->lock);
	j->file = f->file;
	j->n -= f->dropped;
	memmove(j->places, j->places + f->dropped, j->n * sizeof(*j->places));
	for (i = 0; i < j->n; i++)
		j->places[i].at -= shift;
	pthread_mutex_unlock(&j->lock);
	f->file = NULL;
	j->nproven -= f->dropped;
	j->end -= shift;
	j->proven -= shift;
	j->empty = j->n == 0;
	if (error != 0)
		journal_break(j, error);
	/* what failed while it was copied */
	else if (f->until - shift > j->end &&
	    ftruncate(j->file->fd, (off_t)j->end) == -1)
		log_warn("%s", j->path);
	journalfile_retire(j, old);
}

static void
start_next(struct folds *fs)
{
	struct fold *f = STAILQ_FIRST(&fs->queue);

	if (f == NULL)
		return;
	if (f->rewrite &&
	    (f->from = fcntl(f->journal->file->fd, F_DUPFD_CLOEXEC, 0)) == -1)
		f->stop = true;
	give(fs, f, first_step);
}

static void
fold_free(struct fold *f)
{
	char new[PATH_MAX];

	if (f->from != -1)
		close(f->from);
	free(f->file);
	if (f->to != -1) {
		if (new_path(f->journal_path, new) == 0)
			unlink(new);
		close(f->to);
	}
	free(f);
}

static void
finish(struct folds *fs, struct fold *f, int error)
{
	struct journal *j = f->journal;

	STAILQ_REMOVE_HEAD(&fs->queue, link);
	j->fold = NULL;
	snapshot_release(f->snapshot);
	if (error == 0)
		j->broken = false;
	else if (error != ECANCELED)
		log_errx("%s: could not be written anew: %s", f->path,
		    strerror(error));
	if (f->pausing)
		journals_resume(fs->journals);
	start_next(fs);
	f->done(f->arg, error);
	fold_free(f);
}

/* A step is done. */
static void
step_done(struct folds *fs, struct fold *f)
{
	struct journal *j = f->journal;

	if (f->renamed) {
		adopt(f, f->error);
		finish(fs, f, f->error);
	} else if (f->error != 0 || f->stop) {
		finish(fs, f, f->error != 0 ? f->error : ECANCELED);
	} else if (!f->rewrite) {
		finish(fs, f, j->broken ? EIO : 0);
	} else {
		f->pausing = true;
		journals_pause(fs->journals);
		f->until = j->end;
		give(fs, f, second_step);
	}
}

/* Take what the thread posted, if it did. */
static void
take_posted(struct folds *fs)
{
	struct fold *f;

	pthread_mutex_lock(&fs->lock);
	f = fs->posted;
	fs->posted = NULL;
	pthread_mutex_unlock(&fs->lock);
	if (f != NULL)
		step_done(fs, f);
}

static void
on_posted(struct ev_loop *loop, ev_async *async, int events)
{
	(void)loop;
	(void)events;
	take_posted(async->data);
}

static void
wait_for_step(struct folds *fs)
{
	pthread_mutex_lock(&fs->lock);
	while (fs->posted == NULL)
		pthread_cond_wait(&fs->wake, &fs->lock);
	pthread_mutex_unlock(&fs->lock);
	take_posted(fs);
}

/* Every signal is the loop's. 0 or an errno. */
static int
thread_start(struct folds *fs)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&fs->thread, NULL, fold_thread, fs);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

static struct folds *
folds_open(struct journals *js)
{
	struct folds *fs = calloc(1, sizeof(*fs));

	if (fs == NULL)
		return NULL;
	fs->journals = js;
	STAILQ_INIT(&fs->queue);
	pthread_mutex_init(&fs->lock, NULL);
	pthread_cond_init(&fs->wake, NULL);
	if ((errno = thread_start(fs)) != 0) {
		free(fs);
		return NULL;
	}
	ev_async_init(&fs->async, on_posted);
	fs->async.data = fs;
	ev_async_start(js->loop, &fs->async);
	return fs;
}

int
journal_fold(struct journal *j, const struct snapshot *s, const char *path,
    size_t max, journal_done *done, void *arg)
{
	struct journals *js = j->all;
	struct fold *f;

	if (j->fold != NULL || !j->write) {
		errno = EBUSY;
		return -1;
	}
	if (js->folds == NULL && (js->folds = folds_open(js)) == NULL)
		return -1;
	if ((f = calloc(1, sizeof(*f))) == NULL ||
	    (f->file = calloc(1, sizeof(*f->file))) == NULL) {
		free(f);
		return -1;
	}
	f->journal = j;
	f->snapshot = s;
	f->done = done;
	f->arg = arg;
	f->from = f->to = -1;
	if (strlcpy(f->path, path, PATH_MAX) >= PATH_MAX ||
	    strlcpy(f->journal_path, j->path, PATH_MAX) >= PATH_MAX) {
		fold_free(f);
		errno = ENAMETOOLONG;
		return -1;
	}
	snapshot_hold(s);
	j->fold = f;
	begin(f, max);
	STAILQ_INSERT_TAIL(&js->folds->queue, f, link);
	if (STAILQ_FIRST(&js->folds->queue) == f)
		start_next(js->folds);
	return 0;
}

void
journalfold_cancel(struct journal *j)
{
	while (j->fold != NULL) {
		j->fold->stop = true;
		wait_for_step(j->all->folds);
	}
}

void
journalfold_end(struct journals *js)
{
	struct folds *fs = js->folds;
	struct fold *f;

	if (fs == NULL)
		return;
	while (!STAILQ_EMPTY(&fs->queue)) {
		STAILQ_FOREACH(f, &fs->queue, link)
			f->stop = true;
		wait_for_step(fs);
	}
	pthread_mutex_lock(&fs->lock);
	fs->ending = true;
	pthread_cond_broadcast(&fs->wake);
	pthread_mutex_unlock(&fs->lock);
	pthread_join(fs->thread, NULL);
	ev_async_stop(js->loop, &fs->async);
	pthread_mutex_destroy(&fs->lock);
	pthread_cond_destroy(&fs->wake);
	free(fs);
	js->folds = NULL;
}
