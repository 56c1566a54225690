/*
 * The parent of a daemon's workers.
 *
 * Workers come in generations: one configuration, one set of sockets and log
 * files, n workers. There is one current generation; a reload starts the next
 * beside it, and when all of that one's workers are ready it becomes current
 * and the older ones drain. Nothing here blocks.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "control.h"
#include "log.h"
#include "notify.h"
#include "parent.h"
#include "worker.h"

#define BACKOFF_FIRST 0.1 /* seconds before a worker is started again, */
#define BACKOFF_MOST 30.0 /* doubled at each death, up to this, */
#define BACKOFF_FORGET 10.0 /* unless it lived so long */

struct parent;

struct child {
	struct generation *gen;
	unsigned index;
	pid_t pid; /* 0: none runs */
	bool ready;
	int msg; /* the worker's message socket */
	ev_io msg_io, log_io;
	ev_child watcher;
	ev_timer restart;
	stats_value *counters;
	ev_tstamp started;
	double backoff;
	unsigned restarts;
};

struct generation {
	TAILQ_ENTRY(generation) link;
	struct parent *parent;
	unsigned number;
	void *conf;
	struct sock_set socks;
	int logs[DAEMON_LOGS];
	bool draining;
	ev_timer overdue;
	unsigned n; /* workers */
	struct child children[];
};

TAILQ_HEAD(generation_list, generation);

struct parent {
	const struct parent_setup *setup;
	struct ev_loop *loop;
	struct generation_list gens; /* all that live */
	struct generation *current, *next;
	unsigned count; /* generations so far */
	struct stats *stats;
	char stats_path[128], control_path[128];
	struct control *control;
	ev_signal signals[4];
	ev_child checker; /* the child that checks a new configuration */
	bool checking, again, stopping;
	int reload_client; /* who waits for the outcome, or -1 */
	ev_tstamp started;
	int status; /* exit status */
};

static void child_start(struct child *);
static void reload_begin(struct parent *);
static void reload_again(struct parent *);
static void reload_end(struct parent *, const char *error);

static const struct daemon_conf *
gen_conf(const struct generation *g)
{
	return g->conf;
}

/* Configuration */

static const struct daemon_conf *
usual_checks(const struct parent_setup *s, const struct daemon_conf *c)
{
	bool ok = true;

	if (geteuid() == 0 && getpwnam(c->user) == NULL) {
		conf_error(0, "user",
		    "\"%s\": no such user; basenet install-users makes it",
		    c->user);
		ok = false;
	}
	if (*c->control_group != '\0' && getgrnam(c->control_group) == NULL) {
		conf_error(0, "control_group", "\"%s\": no such group",
		    c->control_group);
		ok = false;
	}
	if (s->inherited.n > 0 && s->inherited.v[0].origin == SOCK_PASSED &&
	    c->workers > s->inherited.n) {
		conf_error(0, "workers",
		    "%llu workers, but only %zu sockets were passed to us",
		    (unsigned long long)c->workers, s->inherited.n);
		ok = false;
	}
	return ok ? c : NULL;
}

void
parent_conf_free(const struct daemon *d, void *conf)
{
	if (conf == NULL)
		return;
	if (d->forget != NULL)
		d->forget(conf);
	conf_free(d->keys, conf);
	free(conf);
}

void *
parent_conf(const struct parent_setup *s)
{
	const struct daemon *d = s->daemon;
	const struct conf_files files = {
		.site = ETCDIR "/site.conf",
		.site_keys = d->site_keys,
		.own = s->file,
		.keys = d->keys,
		.own_must_exist = s->file_named,
	};
	void *conf;
	bool ok;

	if ((conf = calloc(1, d->conf_size)) == NULL) {
		log_err("configuration");
		return NULL;
	}
	ok = conf_load(&files, conf) == 0;
	if (ok && usual_checks(s, conf) == NULL)
		ok = false;
	if (ok && d->check != NULL && d->check(conf) == -1)
		ok = false;
	if (ok)
		return conf;
	parent_conf_free(d, conf);
	return NULL;
}

void
parent_null(int first)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd == -1)
		fatal("/dev/null");
	for (; first <= STDERR_FILENO; first++)
		dup2(fd, first);
	if (fd > STDERR_FILENO)
		close(fd);
}

/* Generations */

int
parent_logs(const struct daemon *d, const void *conf, int fds[DAEMON_LOGS])
{
	const char *path[DAEMON_LOGS] = { "", "" };
	int i, rc = 0;

	if (d->logs != NULL)
		d->logs(conf, path);
	for (i = 0; i < DAEMON_LOGS; i++) {
		fds[i] = -1;
		if (*path[i] != '\0' && (fds[i] = logfile_open(path[i])) == -1)
			rc = -1;
	}
	return rc;
}

static void
close_logs(int fds[DAEMON_LOGS])
{
	int i;

	for (i = 0; i < DAEMON_LOGS; i++) {
		if (fds[i] != -1)
			close(fds[i]);
		fds[i] = -1;
	}
}

/* An SO_REUSEPORT group never shrinks: surplus sockets are shared out. */
static unsigned
slots_for(const struct parent *p, unsigned workers)
{
	unsigned slots = workers;
	size_t i;

	for (i = 0; p->current != NULL && i < p->current->socks.n; i++)
		if (p->current->socks.v[i].slot >= slots)
			slots = p->current->socks.v[i].slot + 1;
	return slots;
}

static int
open_sockets(struct parent *p, struct generation *g)
{
	const struct parent_setup *s = p->setup;
	const struct daemon_conf *c = gen_conf(g);
	const struct sock_set *old =
	    p->current != NULL ? &p->current->socks : NULL;
	struct sock_spec spec = {
		.type = s->daemon->type,
		.port = s->port != 0 ? s->port : s->daemon->port,
		.force_port = s->port != 0,
		.slots = slots_for(p, g->n),
	};
	size_t i;

	if (s->inherited.n > 0) {
		g->socks = s->inherited;
		for (i = 0; i < g->socks.n; i++)
			g->socks.v[i].kept = true;
		return 0;
	}
	for (i = 0; i < c->listen.n; i++)
		if (sock_listen(&g->socks, old, &spec, c->listen.v[i]) == -1) {
			sock_set_undo(&g->socks);
			return -1;
		}
	return 0;
}

/* Takes conf over, also on failure. */
static struct generation *
gen_open(struct parent *p, void *conf)
{
	const struct daemon *d = p->setup->daemon;
	const struct daemon_conf *c = conf;
	struct generation *g;
	unsigned i;

	g = calloc(1, sizeof(*g) + c->workers * sizeof(g->children[0]));
	if (g == NULL) {
		log_err("generation");
		parent_conf_free(d, conf);
		return NULL;
	}
	g->parent = p;
	g->conf = conf;
	g->n = (unsigned)c->workers;
	g->number = ++p->count;
	for (i = 0; i < g->n; i++) {
		g->children[i].gen = g;
		g->children[i].index = i;
		g->children[i].msg = -1;
		g->children[i].backoff = BACKOFF_FIRST;
	}
	if (parent_logs(d, conf, g->logs) == 0 && open_sockets(p, g) == 0) {
		TAILQ_INSERT_TAIL(&p->gens, g, link);
		return g;
	}
	close_logs(g->logs);
	parent_conf_free(d, conf);
	free(g);
	return NULL;
}

/* Its workers are gone, its sockets released. */
static void
gen_free(struct generation *g)
{
	struct parent *p = g->parent;

	ev_timer_stop(p->loop, &g->overdue);
	close_logs(g->logs);
	parent_conf_free(p->setup->daemon, g->conf);
	TAILQ_REMOVE(&p->gens, g, link);
	if (p->current == g)
		p->current = NULL;
	free(g);
}

static unsigned
gen_alive(const struct generation *g)
{
	unsigned alive = 0, i;

	for (i = 0; i < g->n; i++)
		alive += g->children[i].pid != 0;
	return alive;
}

static bool
gen_ready(const struct generation *g)
{
	unsigned i;

	for (i = 0; i < g->n; i++)
		if (!g->children[i].ready)
			return false;
	return true;
}

static void
gen_kill(struct generation *g)
{
	unsigned i;

	for (i = 0; i < g->n; i++)
		if (g->children[i].pid != 0)
			kill(g->children[i].pid, SIGKILL);
}

static void
gen_overdue(struct ev_loop *loop, ev_timer *t, int events)
{
	struct generation *g = t->data;

	(void)loop;
	(void)events;
	log_notice("%u workers not done in time: ended", gen_alive(g));
	gen_kill(g);
}

static void
gen_drain(struct generation *g)
{
	struct parent *p = g->parent;
	struct child *c;

	g->draining = true;
	for (c = g->children; c < g->children + g->n; c++) {
		ev_timer_stop(p->loop, &c->restart);
		if (c->pid != 0 &&
		    message_send(c->msg, WORKER_DRAIN, NULL, 0, NULL, 0) == -1)
			kill(c->pid, SIGTERM);
	}
	ev_timer_init(
	    &g->overdue, gen_overdue, (double)gen_conf(g)->drain_ms / 1000, 0);
	g->overdue.data = g;
	ev_timer_start(p->loop, &g->overdue);
	if (gen_alive(g) == 0)
		gen_free(g);
}

static void
gen_start(struct generation *g)
{
	struct parent *p = g->parent;
	unsigned i, n = g->n;

	/* one that cannot be started may take the generation with it */
	for (i = 0; i < n && p->next == g; i++)
		child_start(&g->children[i]);
}

/* Who may use the control socket follows the configuration in force. */
static void
regroup(struct parent *p)
{
	const char *group = gen_conf(p->current)->control_group;

	if (p->control != NULL && control_regroup(p->control, group) == -1)
		log_warn("%s: group %s", p->control_path, group);
}

static void
become_ready(struct parent *p)
{
	if (p->setup->ready != NULL)
		p->setup->ready();
	notify_send("READY=1");
}

/* All workers of the next generation serve: the older ones may go. */
static void
gen_switch(struct parent *p)
{
	struct generation *old = p->current;

	p->current = p->next;
	p->next = NULL;
	if (old == NULL) {
		become_ready(p);
		reload_again(p);
		return;
	}
	sock_set_release(&old->socks, &p->current->socks);
	gen_drain(old);
	regroup(p);
	reload_end(p, NULL);
}

static void
stop_loop_if_done(struct parent *p)
{
	if (p->stopping && TAILQ_EMPTY(&p->gens))
		ev_break(p->loop, EVBREAK_ALL);
}

/* A worker of the next generation failed: the current one stays. */
static void
gen_fail(struct generation *g)
{
	struct parent *p = g->parent;

	sock_set_undo(&g->socks);
	p->next = NULL;
	g->draining = true;
	gen_kill(g);
	if (gen_alive(g) == 0)
		gen_free(g);
	if (p->current == NULL) {
		p->status = 1;
		p->stopping = true;
		stop_loop_if_done(p);
	} else
		reload_end(p, "a worker could not be started, see the log");
}

/* Children */

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
	if (c->gen == p->next && gen_ready(c->gen))
		gen_switch(p);
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
	stats_fold(p->stats, c->counters);
	c->msg = -1;
	c->pid = 0;
	c->ready = false;
	if (g == p->next) {
		tell_death(c, w->rstatus, "before it served");
		gen_fail(g);
	} else if (!g->draining)
		child_ended(c, w->rstatus);
	else if (gen_alive(g) == 0)
		gen_free(g);
	stop_loop_if_done(p);
}

static int
by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* In the new worker: no descriptor of the parent's but these. */
static void
close_all_but(int *keep, size_t n)
{
	int from = STDERR_FILENO + 1;
	size_t i;

	qsort(keep, n, sizeof(*keep), by_number);
	for (i = 0; i < n; i++) {
		if (keep[i] > from)
			close_range((unsigned)from, (unsigned)keep[i] - 1, 0);
		if (keep[i] >= from)
			from = keep[i] + 1;
	}
	close_range((unsigned)from, ~0U, 0);
}

/* The parent's watchers hold their signals in libev's own table. */
static void
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
	w.conf = g->conf;
	w.index = c->index;
	w.counters = c->counters;
	worker_socks(&w, &g->socks, g->n);
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
		parent_null(0); /* who reads our starter's waits for its end */
	close_all_but(keep, n);
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
	struct stats *stats = c->gen->parent->stats;
	int i, error;

	if ((c->counters = stats_block(stats)) == NULL) {
		errno = EUSERS; /* too many workers drain */
		return -1;
	}
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
	stats_fold(stats, c->counters);
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

static void
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
		gen_fail(c->gen);
}

static void
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

/* Reload */

/* Who asked meanwhile means what stands in the file now. */
static void
reload_again(struct parent *p)
{
	if (!p->again || p->stopping)
		return;
	p->again = false;
	reload_begin(p);
}

/* Answer the one who waits for the outcome. */
static void
reload_answer(struct parent *p, const char *error)
{
	int client = p->reload_client;
	struct buf text;

	p->reload_client = -1;
	if (client == -1)
		return;
	buf_init(&text, 4096);
	if (error != NULL)
		buf_printf(&text, "%s", error);
	else
		buf_printf(&text, "generation %u\n", p->current->number);
	control_answer(p->loop, client, error != NULL, &text);
}

static void
reload_end(struct parent *p, const char *error)
{
	if (error != NULL)
		log_errx("reload: %s; the old configuration stays", error);
	else
		log_notice("reloaded: generation %u", p->current->number);
	notify_send("READY=1");
	if (!p->again)
		reload_answer(p, error);
	reload_again(p);
}

static void
reload_checked(struct ev_loop *loop, ev_child *w, int events)
{
	struct parent *p = w->data;
	struct generation *g;
	void *conf;

	(void)events;
	ev_child_stop(loop, w);
	p->checking = false;
	if (p->stopping)
		return;
	if (w->rstatus != 0 || (conf = parent_conf(p->setup)) == NULL) {
		reload_end(p, "bad configuration, see the log");
		return;
	}
	if ((g = gen_open(p, conf)) == NULL) {
		reload_end(
		    p, "sockets or log files could not be opened, see the log");
		return;
	}
	p->next = g;
	gen_start(g);
}

static void
reload_begin(struct parent *p)
{
	pid_t pid;

	if (p->stopping)
		return;
	if (p->checking || p->next != NULL) {
		p->again = true;
		return;
	}
	notify_reloading();
	switch (pid = fork()) {
	case -1:
		log_err("reload");
		reload_end(p, "no process could be started");
		return;
	case 0:
		child_signals(p);
		_exit(parent_conf(p->setup) == NULL ? 1 : 0);
	}
	p->checking = true;
	ev_child_init(&p->checker, reload_checked, pid, 0);
	p->checker.data = p;
	ev_child_start(p->loop, &p->checker);
}

static void
send_logs(struct generation *g)
{
	uint8_t which[DAEMON_LOGS];
	int fds[DAEMON_LOGS];
	size_t n = 0;
	unsigned i;

	for (i = 0; i < DAEMON_LOGS; i++)
		if (g->logs[i] != -1) {
			which[n] = (uint8_t)i;
			fds[n++] = g->logs[i];
		}
	for (i = 0; n > 0 && i < g->n; i++)
		if (g->children[i].pid != 0)
			message_send(
			    g->children[i].msg, WORKER_LOGS, which, n, fds, n);
}

static void
reopen_logs(struct parent *p)
{
	int fds[DAEMON_LOGS], i;
	struct generation *g;

	TAILQ_FOREACH(g, &p->gens, link) {
		parent_logs(p->setup->daemon, g->conf, fds);
		for (i = 0; i < DAEMON_LOGS; i++) {
			if (fds[i] == -1)
				continue; /* told; the old one stays */
			if (g->logs[i] != -1)
				close(g->logs[i]);
			g->logs[i] = fds[i];
		}
		send_logs(g);
	}
}

static void
stop_begin(struct parent *p)
{
	struct generation *g, *next;

	if (p->stopping) { /* told twice: now */
		TAILQ_FOREACH(g, &p->gens, link)
			gen_kill(g);
		return;
	}
	p->stopping = true;
	notify_send("STOPPING=1");
	log_notice("stopping");
	p->next = NULL;
	reload_answer(p, "stopping");
	for (g = TAILQ_FIRST(&p->gens); g != NULL; g = next) {
		next = TAILQ_NEXT(g, link);
		if (!g->draining)
			gen_drain(g);
	}
	stop_loop_if_done(p);
}

static void
on_signal(struct ev_loop *loop, ev_signal *s, int events)
{
	struct parent *p = s->data;

	(void)loop;
	(void)events;
	switch (s->signum) {
	case SIGHUP:
		reload_begin(p);
		break;
	case SIGUSR1:
		reopen_logs(p);
		break;
	default:
		stop_begin(p);
		break;
	}
}

/* Control verbs of every daemon */

static int
verb_status(void *arg, int argc, char **argv, struct buf *out)
{
	struct parent *p = arg;
	ev_tstamp now = ev_now(p->loop);
	struct generation *g;
	unsigned i;

	(void)argc;
	(void)argv;
	buf_printf(out, "%s %s: pid %d, up %.0f s, generation %u\n",
	    p->setup->instance, VERSION, (int)getpid(), now - p->started,
	    p->current != NULL ? p->current->number : 0);
	TAILQ_FOREACH(g, &p->gens, link)
		for (i = 0; i < g->n; i++) {
			const struct child *c = &g->children[i];

			if (c->pid == 0 && g->draining)
				continue;
			buf_printf(out,
			    "generation %u worker %u: pid %d, %s, up %.0f s, "
			    "%u restarts\n",
			    g->number, i, (int)c->pid,
			    g->draining	 ? "draining" :
				c->ready ? "ready" :
					   "starting",
			    c->pid != 0 ? now - c->started : 0, c->restarts);
		}
	return 0;
}

static int
verb_stats(void *arg, int argc, char **argv, struct buf *out)
{
	struct parent *p = arg;
	struct stats_reader *r;
	size_t i;

	(void)argc;
	(void)argv;
	if ((r = stats_open(p->stats_path)) == NULL) {
		buf_printf(out, "%s: %s", p->stats_path, strerror(errno));
		return -1;
	}
	for (i = 0; i < stats_count(r); i++)
		buf_printf(out, "%s %llu\n", stats_name(r, i),
		    (unsigned long long)stats_sum(r, i));
	stats_close(r);
	return 0;
}

static int
verb_reload(void *arg, int argc, char **argv, struct buf *out)
{
	struct parent *p = arg;

	(void)argc;
	(void)argv;
	if (p->reload_client != -1 || p->stopping) {
		buf_puts(out, "busy");
		return -1;
	}
	p->reload_client = control_take(p->control);
	reload_begin(p);
	return CONTROL_LATER;
}

static int
verb_verbose(void *arg, int argc, char **argv, struct buf *out)
{
	struct parent *p = arg;
	int level;

	(void)argc;
	if (strlen(argv[1]) != 1 || argv[1][0] < '0' || argv[1][0] > '2') {
		buf_puts(out, "0: notices, 1: info, 2: debug");
		return -1;
	}
	level = LOG_NOTICE + argv[1][0] - '0';
	log_level(level);
	tell_children(p, WORKER_LEVEL, &level, sizeof(level));
	return 0;
}

static int
verb_stop(void *arg, int argc, char **argv, struct buf *out)
{
	(void)argc;
	(void)argv;
	(void)out;
	kill(getpid(), SIGTERM); /* the answer goes out first */
	(void)arg;
	return 0;
}

static int
verb_show_config(void *arg, int argc, char **argv, struct buf *out)
{
	struct parent *p = arg;

	(void)argc;
	(void)argv;
	if (p->current == NULL) {
		buf_puts(out, "not ready");
		return -1;
	}
	conf_show(p->setup->daemon->keys, p->current->conf, out);
	return 0;
}

/* clang-format off */
static const struct control_verb verbs[] = {
	{ "status", "status: processes and generations", CONTROL_PARENT, 0, 0, verb_status },
	{ "stats", "stats: the counters", CONTROL_PARENT, 0, 0, verb_stats },
	{ "reload", "reload: read the configuration again", CONTROL_PARENT, 0, 0, verb_reload },
	{ "verbose", "verbose N: log notices (0), info (1), debug (2)", CONTROL_PARENT, 1, 1, verb_verbose },
	{ "stop", "stop: drain and end", CONTROL_PARENT, 0, 0, verb_stop },
	{ "show-config", "show-config: every key with its value", CONTROL_PARENT, 0, 0, verb_show_config },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};
/* clang-format on */

/* Pass a client on to one worker or to each that is current. */
static int
pass_on(void *arg, const struct control_verb *v, const char *line, int fd)
{
	struct parent *p = arg;
	struct child *c;
	unsigned i;
	int passed = 0;

	for (i = 0; p->current != NULL && i < p->current->n; i++) {
		c = &p->current->children[i];
		if (!c->ready)
			continue;
		passed += message_send(c->msg, WORKER_CONTROL, line,
			      strlen(line), &fd, 1) == 0;
		if (v->where == CONTROL_WORKER && passed > 0)
			break;
	}
	return passed;
}

/* Start and end */

static int
open_run_files(struct parent *p, const struct daemon_conf *c)
{
	const struct control_verb *const tables[2] = { verbs,
		p->setup->daemon->verbs };
	const char *instance = p->setup->instance;

	snprintf(
	    p->stats_path, sizeof(p->stats_path), RUNDIR "/%s.stats", instance);
	snprintf(p->control_path, sizeof(p->control_path), RUNDIR "/%s.sock",
	    instance);
	p->stats = stats_create(p->setup->run_files ? p->stats_path : NULL,
	    p->setup->daemon->name, p->setup->daemon->counters);
	if (p->stats == NULL) {
		log_err("%s", p->stats_path);
		return -1;
	}
	if (!p->setup->run_files)
		return 0;
	p->control = control_open(
	    p->loop, p->control_path, c->control_group, tables, pass_on, p);
	if (p->control == NULL) {
		log_err("%s", p->control_path);
		return -1;
	}
	return 0;
}

static void
watch_signals(struct parent *p)
{
	static const int numbers[] = { SIGHUP, SIGUSR1, SIGTERM, SIGINT };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		ev_signal_init(&p->signals[i], on_signal, numbers[i]);
		p->signals[i].data = p;
		ev_signal_start(p->loop, &p->signals[i]);
	}
}

int
parent_run(const struct parent_setup *setup, void *conf)
{
	static struct parent p;

	p.setup = setup;
	p.reload_client = -1;
	TAILQ_INIT(&p.gens);
	p.loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (p.loop == NULL) {
		log_err("event loop");
		parent_conf_free(setup->daemon, conf);
		return 1;
	}
	p.started = ev_now(p.loop);
	if ((p.next = gen_open(&p, conf)) == NULL)
		return 1;
	if (open_run_files(&p, conf) == -1)
		p.status = 1;
	else {
		watch_signals(&p);
		gen_start(p.next);
		if (!p.stopping) /* else none could be started */
			ev_run(p.loop, 0);
	}
	control_close(p.control);
	if (p.stats != NULL)
		stats_destroy(p.stats);
	return p.status;
}
