/*
 * The frame of a worker: drop every right, then loop until nothing is left.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "control.h"
#include "log.h"
#include "sandbox.h"
#include "worker.h"

#define FLUSH_SECONDS 1.0
#define HELD 16 /* control requests that wait until a worker serves */

struct frame {
	struct worker *w;
	ev_io io; /* the parent */
	ev_timer flush;
	ev_timer overdue; /* where no parent watches over the draining */
	ev_signal term;
};

static bool done; /* also when start() finds nothing to do */

/* Control requests that came too early. */
static struct held {
	char line[CONTROL_LINE + 1];
	int fd;
} held[HELD];
static size_t nheld;

void
worker_socks(struct worker *w, const struct sock_set *set, unsigned n)
{
	size_t i;

	w->nsocks = 0;
	for (i = 0; i < set->n; i++)
		if (set->v[i].slot % n == w->index)
			w->socks[w->nsocks++] = &set->v[i];
}

void
worker_done(struct worker *w)
{
	done = true;
	ev_break(w->loop, EVBREAK_ALL);
}

static void
drain(struct worker *w)
{
	if (w->draining)
		return;
	w->draining = true;
	w->daemon->drain(w);
}

static void
on_overdue(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	log_notice("not done in time");
	worker_done(t->data);
}

static void
drain_alone(struct frame *f)
{
	const struct daemon_conf *conf = f->w->conf;

	if (ev_is_active(&f->overdue))
		return;
	ev_timer_init(
	    &f->overdue, on_overdue, (double)conf->drain_ms / 1000, 0);
	f->overdue.data = f->w;
	ev_timer_start(f->w->loop, &f->overdue);
	drain(f->w);
}

/* The bytes say which log each descriptor is. */
static void
take_logs(struct worker *w, struct message *m)
{
	size_t i;

	for (i = 0; i < m->nfds; i++)
		if (i < m->len && m->data[i] < DAEMON_LOGS)
			logfile_take(&w->logs[m->data[i]], m->fd[i]);
		else
			close(m->fd[i]);
	m->nfds = 0;
}

static void
control(struct worker *w, char *line, int fd)
{
	struct held *h = &held[nheld];

	if (!w->waiting || nheld == HELD) {
		control_serve(w->loop, w->daemon->verbs, w, line, fd);
		return;
	}
	strlcpy(h->line, line, sizeof(h->line));
	h->fd = fd;
	nheld++;
}

void
worker_serves(struct worker *w)
{
	size_t i, n = nheld;

	w->waiting = false;
	nheld = 0;
	for (i = 0; i < n; i++)
		control(w, held[i].line, held[i].fd);
}

static void
handle(struct worker *w, struct message *m)
{
	int level;

	switch (m->type) {
	case WORKER_DRAIN:
		drain(w);
		break;
	case WORKER_CONTROL:
		if (m->nfds == 1) {
			control(w, (char *)m->data, m->fd[0]);
			m->nfds = 0;
		}
		break;
	case WORKER_LOGS:
		take_logs(w, m);
		break;
	case WORKER_REFRESH:
		if (!w->draining)
			w->daemon->refresh(w);
		break;
	case WORKER_LEVEL:
		if (m->len == sizeof(level)) {
			memcpy(&level, m->data, sizeof(level));
			log_level(level);
		}
		break;
	default:
		break;
	}
	message_close_fds(m);
}

static void
on_message(struct ev_loop *loop, ev_io *io, int events)
{
	struct frame *f = io->data;
	struct message m;
	int rc;

	(void)events;
	while ((rc = message_recv(io->fd, &m)) == 1)
		handle(f->w, &m);
	if (rc == -1 && errno == EAGAIN)
		return;
	if (rc == -1 && errno == EPROTO) {
		log_warnx("a message of the parent was cut: "
			  "too many open files");
		return;
	}
	/* the parent is gone: serve what is under way, then end */
	ev_io_stop(loop, io);
	drain_alone(f);
}

static void
on_flush(struct ev_loop *loop, ev_timer *t, int events)
{
	struct frame *f = t->data;
	int i;

	(void)loop;
	(void)events;
	for (i = 0; i < DAEMON_LOGS; i++)
		logfile_flush(&f->w->logs[i]);
}

static void
on_term(struct ev_loop *loop, ev_signal *s, int events)
{
	struct frame *f = s->data;

	(void)loop;
	(void)events;
	drain_alone(f);
}

static int
drop_rights(const struct worker *w)
{
	const struct daemon_conf *conf = w->conf;

	if (privdrop(geteuid() == 0 ? conf->user : "") == -1) {
		log_err("user %s", conf->user);
		return -1;
	}
	return sandbox_enter();
}

static void
frame_start(struct frame *f, int msg)
{
	struct ev_loop *loop = f->w->loop;
	int i;

	ev_signal_init(&f->term, on_term, SIGTERM);
	f->term.data = f;
	ev_signal_start(loop, &f->term);
	ev_unref(loop);
	ev_timer_init(&f->flush, on_flush, FLUSH_SECONDS, FLUSH_SECONDS);
	f->flush.data = f;
	for (i = 0; i < DAEMON_LOGS; i++)
		if (f->w->logs[i].fd != -1 && !ev_is_active(&f->flush))
			ev_timer_start(loop, &f->flush);
	if (msg == -1)
		return;
	ev_io_init(&f->io, on_message, msg, EV_READ);
	f->io.data = f;
	ev_io_start(loop, &f->io);
}

int
worker_run(struct worker *w, int msg)
{
	struct frame f = { .w = w };

	w->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (w->loop == NULL) {
		log_err("event loop");
		return 1;
	}
	if (w->daemon->prepare(w) == -1 || drop_rights(w) == -1 ||
	    w->daemon->start(w) == -1)
		return 1;
	frame_start(&f, msg);
	if (msg != -1)
		message_send(msg, WORKER_READY, NULL, 0, NULL, 0);
	if (!done)
		ev_run(w->loop, 0);
	on_flush(w->loop, &f.flush, 0);
	return 0;
}
