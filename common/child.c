/*
 * One worker process: its start, its messages, its end and its next start.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "generation.h"
#include "log.h"
#include "process.h"

size_t
child_threads(const struct child *c)
{
	return c->gen->parent->setup->daemon->threads ? c->gen->socks.n : 0;
}

static void
give_counters(struct child *c)
{
	struct stats *stats = c->gen->parent->stats;

	while (c->nsocks > 0)
		stats_release(stats, c->sock_counters[--c->nsocks]);
	free(c->sock_counters);
	c->sock_counters = NULL;
	stats_release(stats, c->counters);
	c->counters = NULL;
}

/* A block for the worker, and for each of its threads. 0, or -1 with errno. */
static int
take_counters(struct child *c)
{
	struct stats *stats = c->gen->parent->stats;
	size_t n = child_threads(c), i;

	if ((c->counters = stats_block(stats)) == NULL) {
		errno = EUSERS; /* too many workers drain */
		return -1;
	}
	c->sock_counters = calloc(n + 1, sizeof(*c->sock_counters));
	for (i = 0; c->sock_counters != NULL && i < n; i++) {
		c->sock_counters[i] = stats_block(stats);
		if (c->sock_counters[i] == NULL) {
			errno = EUSERS;
			break;
		}
		c->nsocks++;
	}
	if (c->sock_counters != NULL && i == n)
		return 0;
	i = (size_t)errno;
	give_counters(c);
	errno = (int)i;
	return -1;
}

static void
child_log(struct ev_loop *loop, ev_io *io, int events)
{
	struct child *c = io->data;

	(void)events;
	if (log_relayed(io->fd, (int)c->pid) == -1)
		ev_io_stop(loop, io);
}

static void
child_message(struct ev_loop *loop, ev_io *io, int events)
{
	struct child *c = io->data;
	struct parent *p = c->gen->parent;
	struct message m;
	int rc;

	(void)events;
	if ((rc = message_recv(io->fd, &m)) == -1 && errno == EAGAIN)
		return;
	if (rc != 1) {
		ev_io_stop(loop, io); /* its end is told by child_died */
		return;
	}
	message_close_fds(&m);
	if (m.type != WORKER_READY || c->ready)
		return;
	c->ready = true;
	if (c->gen == p->next && generation_ready(c->gen))
		generation_switch(p);
}

static void
child_restart(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	child_start(t->data);
}

static void
tell_death(const struct child *c, int status, const char *more)
{
	if (WIFSIGNALED(status))
		log_errx("worker %u: killed by signal %d (%s), %s", c->index,
		    WTERMSIG(status), strsignal(WTERMSIG(status)), more);
	else
		log_errx("worker %u: ended with status %d, %s", c->index,
		    WEXITSTATUS(status), more);
}

static void
child_again(struct child *c)
{
	struct ev_loop *loop = c->gen->parent->loop;

	c->restarts++;
	ev_timer_init(&c->restart, child_restart, c->backoff, 0);
	c->restart.data = c;
	ev_timer_start(loop, &c->restart);
	c->backoff *= 2;
	if (c->backoff > BACKOFF_MOST)
		c->backoff = BACKOFF_MOST;
}

static void
child_ended(struct child *c, int status)
{
	char more[48];

	if (ev_now(c->gen->parent->loop) - c->started >= BACKOFF_FORGET)
		c->backoff = BACKOFF_FIRST;
	snprintf(more, sizeof(more), "starting again in %.1f s", c->backoff);
	tell_death(c, status, more);
	child_again(c);
}

static void
child_died(struct ev_loop *loop, ev_child *w, int events)
{
	struct child *c = w->data;
	struct generation *g = c->gen;
	struct parent *p = g->parent;

	(void)events;
	while (log_relayed(c->log_io.fd, (int)c->pid) > 0)
		;
	ev_child_stop(loop, w);
	ev_io_stop(loop, &c->msg_io);
	ev_io_stop(loop, &c->log_io);
	close(c->msg);
	close(c->log_io.fd);
	give_counters(c);
	c->msg = -1;
	c->pid = 0;
	c->ready = false;
	if (g == p->next) {
		tell_death(c, w->rstatus, "before it served");
		generation_fail(g);
	} else if (!g->draining)
		child_ended(c, w->rstatus);
	else if (generation_alive(g) == 0)
		generation_free(g);
	parent_stop_if_done(p);
}

/* The parent's watchers hold their signals in libev's own table. */
void
child_signals(struct parent *p)
{
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof(p->signals) / sizeof(p->signals[0]); i++)
		ev_signal_stop(p->loop, &p->signals[i]);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the new process; does not return. */
static void
child_main(struct child *c, int msg, int log)
{
	static struct worker w;
	static char title[32];
	struct generation *g = c->gen;
	int keep[SOCK_MAX + DAEMON_LOGS + 2];
	size_t n = 0, i;

	w.daemon = g->parent->setup->daemon;
	w.instance = g->parent->setup->instance;
	w.conf = g->conf;
	w.index = c->index;
	w.replaces = g->parent->current != NULL && g->parent->current != g;
	w.counters = c->counters;
	worker_socks(&w, &g->socks, g->n);
	for (i = 0; i < c->nsocks; i++)
		w.sock_counters[i] = c->sock_counters[i];
	for (i = 0; i < w.nsocks; i++)
		keep[n++] = w.socks[i]->fd;
	for (i = 0; i < DAEMON_LOGS; i++) {
		w.logs[i].fd = g->logs[i];
		if (g->logs[i] != -1)
			keep[n++] = g->logs[i];
	}
	keep[n++] = msg;
	keep[n++] = log;
	child_signals(g->parent);
	snprintf(title, sizeof(title), "worker %u", c->index);
	log_relay(log);
	log_title(title);
	if (!g->parent->setup->foreground)
		process_null(0); /* who reads our starter's waits for its end */
	process_close_all_but(keep, n);
	setproctitle("%s", title);
	_exit(worker_run(&w, msg)); /* what main registered is the parent's */
}

static int
child_pairs(int msg[2], int log[2])
{
	if (message_pair(msg) == -1)
		return -1;
	if (message_pair(log) == 0)
		return 0;
	close(msg[0]);
	close(msg[1]);
	return -1;
}

/* 0, or -1 with errno and nothing held; does not return in the worker. */
static int
child_fork(struct child *c, int msg[2], int log[2])
{
	int i, error;

	if (take_counters(c) == -1)
		return -1;
	if (child_pairs(msg, log) == -1)
		goto fail;
	if ((c->pid = fork()) == 0)
		child_main(c, msg[1], log[1]);
	if (c->pid > 0)
		return 0;
	c->pid = 0;
	error = errno;
	for (i = 0; i < 2; i++) {
		close(msg[i]);
		close(log[i]);
	}
	errno = error;
fail:
	error = errno;
	give_counters(c);
	errno = error;
	return -1;
}

static void
child_watch(struct child *c, int msg, int log)
{
	struct ev_loop *loop = c->gen->parent->loop;

	c->msg = msg;
	c->started = ev_now(loop);
	ev_child_init(&c->watcher, child_died, c->pid, 0);
	ev_io_init(&c->msg_io, child_message, msg, EV_READ);
	ev_io_init(&c->log_io, child_log, log, EV_READ);
	c->watcher.data = c->msg_io.data = c->log_io.data = c;
	ev_child_start(loop, &c->watcher);
	ev_io_start(loop, &c->msg_io);
	ev_io_start(loop, &c->log_io);
}

void
child_start(struct child *c)
{
	struct parent *p = c->gen->parent;
	int msg[2], log[2];

	if (child_fork(c, msg, log) == 0) {
		close(msg[1]);
		close(log[1]);
		child_watch(c, msg[0], log[0]);
		return;
	}
	log_err("worker %u: could not be started", c->index);
	if (c->gen != p->next)
		child_again(c);
	else
		generation_fail(c->gen);
}

void
tell_children(
    struct parent *p, enum worker_message type, const void *data, size_t len)
{
	struct generation *g;
	unsigned i;

	TAILQ_FOREACH(g, &p->gens, link)
		for (i = 0; i < g->n; i++)
			if (g->children[i].pid != 0)
				message_send(g->children[i].msg, type, data,
				    len, NULL, 0);
}
