/*
 * Journals: changes are written at once, the sync thread's tickets tell when
 * they are on disk, in the order that they were put in. While a file is being
 * replaced nothing is written for some syncs' time: changes of all journals
 * wait in one queue, so that the order stays.
 */
#include <sys/file.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "journalpart.h"
#include "log.h"

#define TICKETS 32768 /* under way at once */
#define RECORD_MAX ((size_t)JOURNAL_BODY_MAX + JOURNAL_HEAD)

/* Where the journal leads to, after what it lost or got. */
static void
leads(struct journal *j)
{
	j->empty = j->n == 0;
	j->to = j->empty ? 0 : j->places[j->n - 1].to;
}

static void
set_count(struct journal *j, size_t n)
{
	pthread_mutex_lock(&j->lock);
	j->n = n;
	pthread_mutex_unlock(&j->lock);
}

/*
 * What is not on disk will not be told to be, so it goes. The file is cut as
 * well as that can be done; where it can't, a change that nobody was promised
 * may come back at the next start.
 */
void
journal_break(struct journal *j, int error)
{
	if (!j->broken)
		log_errx("%s: %s: the zone takes no changes until its file and "
			 "journal could be written anew",
		    j->path, strerror(error));
	j->broken = true;
	j->life++;
	set_count(j, j->nproven);
	j->end = j->proven;
	leads(j);
	if (j->file != NULL && ftruncate(j->file->fd, (off_t)j->end) == -1)
		log_warn("%s", j->path);
}

static int
put_error(const struct put *p)
{
	size_t i;

	if (p->error != 0)
		return p->error;
	for (i = 0; i < p->n; i++)
		if (p->part[i].life != p->part[i].journal->life)
			return EIO;
	return 0;
}

static void
part_told(struct put_part *part, int error)
{
	struct journal *j = part->journal;

	j->waiting--;
	if (part->file != NULL && --part->file->under_way == 0 &&
	    part->file->retired)
		journalfile_retire(j, part->file);
	if (error != 0 && part->life == j->life)
		journal_break(j, error);
	if (error != 0)
		return;
	j->nproven++;
	j->proven = j->nproven < j->n ? j->places[j->nproven].at : j->end;
}

/* All of its journals are on disk, or one failed, and so do all. */
static void
put_tell(struct put *p)
{
	int error = put_error(p);
	size_t i;

	for (i = 0; i < p->n; i++)
		part_told(&p->part[i], error);
	p->done(p->arg, error);
	journal_drop(p);
}

/* Undo what was written of the parts before n. */
static void
unwrite(struct put *p, size_t n)
{
	struct put_part *part;

	while (n-- > 0) {
		part = &p->part[n];
		set_count(part->journal, part->journal->n - 1);
		part->journal->end = part->place.at;
		leads(part->journal);
		if (ftruncate(part->file->fd, (off_t)part->place.at) == -1)
			journal_break(part->journal, errno);
		part->file->under_way--;
		part->file = NULL;
	}
}

static bool
disk_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* 0, or an errno; the file is as it was, or the journal is broken. */
static int
write_part(struct put_part *part)
{
	struct journal *j = part->journal;
	int error;

	if (j->file == NULL && journalfile_make(j) == -1)
		return errno;
	part->place.at = j->end;
	journalform_prove(part->bytes, j->proven);
	if (journalfile_write(j->file->fd, part->bytes, part->len, j->end) ==
	    -1) {
		error = errno;
		if (!disk_full(error) ||
		    ftruncate(j->file->fd, (off_t)j->end) == -1)
			journal_break(j, error);
		return error;
	}
	if (journalfile_add(j, &part->place) == -1) {
		if (ftruncate(j->file->fd, (off_t)j->end) == -1)
			journal_break(j, errno);
		return ENOMEM;
	}
	j->end += part->len;
	leads(j);
	part->file = j->file;
	part->file->under_way++;
	free(part->bytes);
	part->bytes = NULL;
	return 0;
}

/* All parts or none: 0 or an errno. Then the put is in `written`. */
static int
put_write(struct journals *js, struct put *p)
{
	int error = put_error(p);
	size_t i;

	for (i = 0; i < p->n && error == 0; i++)
		if ((error = write_part(&p->part[i])) != 0)
			unwrite(p, i);
	if (error != 0)
		return error;
	p->ticket = ++js->ticket;
	for (i = 0; i < p->n; i++) {
		if (commit_submit(js->commit, p->part[i].file->fd, p->ticket) ==
		    -1) {
			error = errno;
			break;
		}
		p->left++;
		js->tickets++;
	}
	/* No memory: what was submitted comes back; if nothing does, no
	 * answer is promised by anything. */
	if (error != 0 && p->left == 0) {
		unwrite(p, p->n);
		return error;
	}
	p->error = error;
	TAILQ_INSERT_TAIL(&js->written, p, link);
	return 0;
}

static void
ticket_back(struct journals *js, const struct commit_done *d)
{
	struct put *p = TAILQ_FIRST(&js->written);

	js->tickets--;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the freed are removed */
	if (p == NULL || p->ticket != d->ticket)
		return;
	if (d->error != 0)
		p->error = d->error;
	if (--p->left > 0)
		return;
	TAILQ_REMOVE(&js->written, p, link);
	put_tell(p);
}

static void
reap(struct journals *js)
{
	struct commit_done v[64];
	size_t i, n;

	do {
		n = commit_reap(js->commit, v, sizeof(v) / sizeof(v[0]));
		for (i = 0; i < n; i++)
			ticket_back(js, &v[i]);
	} while (n == sizeof(v) / sizeof(v[0]));
}

static void
on_done(struct ev_loop *loop, ev_io *io, int events)
{
	(void)loop;
	(void)events;
	reap(io->data);
}

void
journals_pause(struct journals *js)
{
	js->paused++;
}

void
journals_resume(struct journals *js)
{
	struct put *p;
	size_t i;
	int error;

	if (--js->paused > 0)
		return;
	while ((p = TAILQ_FIRST(&js->queued)) != NULL) {
		TAILQ_REMOVE(&js->queued, p, link);
		if ((error = put_write(js, p)) == 0)
			continue;
		/* Later changes stand on this one: they fail with it. */
		p->error = error;
		for (i = 0; i < p->n; i++)
			if (p->part[i].life == p->part[i].journal->life)
				journal_break(p->part[i].journal, error);
		put_tell(p);
	}
}

/* May this be added to that journal now? 0 or an errno. */
static int
change_error(const struct journal_change *c)
{
	const struct journal *j = c->journal;

	if (j->broken || !j->write)
		return EIO;
	return j->empty || j->to == c->from ? 0 : EINVAL;
}

static int
part_fill(struct put_part *part, const struct journal_change *c)
{
	struct buf b;

	buf_init(&b, RECORD_MAX);
	if (journalform_record(c, &b) == -1) {
		buf_free(&b);
		return -1;
	}
	part->journal = c->journal;
	part->life = c->journal->life;
	part->place.from = c->from;
	part->place.to = c->to;
	part->bytes = b.p;
	part->len = b.len;
	return 0;
}

void
journal_drop(struct put *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->part[i].bytes);
	free(p);
}

struct put *
journal_prepare(const struct journal_change *c, size_t n)
{
	struct put *p;
	int error;

	if (n > TICKETS - c[0].journal->all->tickets) {
		errno = EAGAIN;
		return NULL;
	}
	if ((p = calloc(1, sizeof(*p) + n * sizeof(p->part[0]))) == NULL)
		return NULL;
	for (p->n = 0; p->n < n; p->n++)
		if ((errno = change_error(&c[p->n])) != 0 ||
		    part_fill(&p->part[p->n], &c[p->n]) == -1) {
			error = errno;
			journal_drop(p);
			errno = error;
			return NULL;
		}
	return p;
}

int
journal_write(struct put *p, journal_done *done, void *arg)
{
	struct journals *js = p->part[0].journal->all;
	struct put_part *part;
	int error;

	p->done = done;
	p->arg = arg;
	if (js->paused > 0) {
		TAILQ_INSERT_TAIL(&js->queued, p, link);
	} else if ((error = put_write(js, p)) != 0) {
		journal_drop(p);
		errno = error;
		return -1;
	}
	for (part = p->part; part < p->part + p->n; part++) {
		part->journal->empty = false;
		part->journal->to = part->place.to;
		part->journal->waiting++;
	}
	return 0;
}

int
journal_put(struct journal *j, uint32_t from, uint32_t to,
    const struct edit_change *v, size_t n, journal_done *done, void *arg)
{
	const struct journal_change c = { j, from, to, v, n };
	struct put *p = journal_prepare(&c, 1);

	return p != NULL ? journal_write(p, done, arg) : -1;
}

bool
journal_broken(const struct journal *j)
{
	return j->broken;
}

bool
journal_span(const struct journal *j, uint32_t *from, uint32_t *to)
{
	if (j->n == 0)
		return false;
	*from = j->places[0].from;
	*to = j->places[j->n - 1].to;
	return true;
}

size_t
journal_bytes(const struct journal *j)
{
	return j->file != NULL ? (size_t)j->end : 0;
}

/* Opening and closing. */

struct journals *
journals_open(struct ev_loop *loop)
{
	struct journals *js = calloc(1, sizeof(*js));

	if (js == NULL || (js->commit = commit_open(TICKETS)) == NULL) {
		free(js);
		return NULL;
	}
	js->loop = loop;
	TAILQ_INIT(&js->written);
	TAILQ_INIT(&js->queued);
	ev_io_init(&js->done, on_done, commit_fd(js->commit), EV_READ);
	js->done.data = js;
	ev_io_start(loop, &js->done);
	return js;
}

/* Once. */
static void
wait_for_tickets(struct journals *js)
{
	struct pollfd p = { .fd = commit_fd(js->commit), .events = POLLIN };

	poll(&p, 1, -1);
	reap(js);
}

void
journals_sync(struct journals *js)
{
	journalfold_end(js);
	while (!TAILQ_EMPTY(&js->written))
		wait_for_tickets(js);
}

void
journals_close(struct journals *js)
{
	if (js == NULL)
		return;
	journals_sync(js);
	ev_io_stop(js->loop, &js->done);
	commit_close(js->commit);
	free(js);
}

struct journal *
journal_open(struct journals *js, const char *path, bool write)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j == NULL || (j->path = strdup(path)) == NULL) {
		free(j);
		return NULL;
	}
	j->all = js;
	j->write = write;
	pthread_mutex_init(&j->lock, NULL);
	if (journalfile_open(j) == 0)
		return j;
	journal_close(j);
	return NULL;
}

int
journal_own(struct journal *j)
{
	if (j->write)
		return 0;
	j->write = true;
	if (journalfile_open(j) == 0)
		return 0;
	j->broken = true;
	return -1;
}

void
journal_yield(struct journal *j)
{
	if (!j->write)
		return;
	journalfold_cancel(j);
	while (j->waiting > 0)
		wait_for_tickets(j->all);
	if (j->file != NULL)
		flock(j->file->fd, LOCK_UN);
	j->write = false;
}

/* Who reads it still finds its end too early, and breaks off. */
int
journal_clear(struct journal *j)
{
	if (j->file != NULL &&
	    ftruncate(j->file->fd, (off_t)JOURNAL_BEGIN) == -1)
		return -1;
	set_count(j, 0);
	j->nproven = 0;
	j->end = j->proven = JOURNAL_BEGIN;
	leads(j);
	return 0;
}

void
journal_close(struct journal *j)
{
	int error = errno;

	if (j == NULL)
		return;
	journalfold_cancel(j);
	while (j->waiting > 0)
		wait_for_tickets(j->all);
	if (j->file != NULL)
		journalfile_retire(j, j->file);
	pthread_mutex_destroy(&j->lock);
	free(j->places);
	free(j->path);
	free(j);
	errno = error;
}
