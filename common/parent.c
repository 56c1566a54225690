/*
 * The parent of a daemon's workers: configuration, reload, signals, the end.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "generation.h"
#include "log.h"
#include "notify.h"

/* Configuration */

/* clang-format off */
const struct conf_key daemon_site_keys[] = {
	{ .name = "addresses", .type = CONF_ADDRS, .offset = offsetof(struct daemon_conf, listen), .min = 1, .max = 64 },
	{ .type = CONF_END },
};
/* clang-format on */

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
	    c->workers > s->inherited.n && !s->daemon->threads) {
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
	conf_free(daemon_site_keys, conf); /* also what no row of d->keys has */
	conf_free(d->keys, conf);
	free(conf);
}

void *
parent_conf(const struct parent_setup *s)
{
	const struct daemon *d = s->daemon;
	const struct conf_files files = {
		.site = ETCDIR "/site.conf",
		.site_keys = daemon_site_keys,
		.own = s->file,
		.keys = d->keys,
		.own_must_exist = s->file_named,
	};
	void *conf;
	bool ok;
	int rc;

	if ((conf = calloc(1, d->conf_size)) == NULL) {
		log_err("configuration");
		return NULL;
	}
	rc = conf_load(&files, conf);
	ok = rc == 0;
	if (rc != -1 && usual_checks(s, conf) == NULL)
		ok = false;
	if (rc != -1 && d->check != NULL && d->check(conf) == -1)
		ok = false;
	if (ok)
		return conf;
	parent_conf_free(d, conf);
	return NULL;
}

void
parent_stop_if_done(struct parent *p)
{
	if (p->stopping && TAILQ_EMPTY(&p->gens))
		ev_break(p->loop, EVBREAK_ALL);
}

/* Reload */

/* Who asked meanwhile means what stands in the file now. */
void
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

void
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

/* Only what the configuration names may have changed. */
static bool
refreshed(struct parent *p, void *conf)
{
	const struct daemon *d = p->setup->daemon;
	struct generation *g = p->current;
	unsigned i;

	if (d->same == NULL || g == NULL || !d->same(g->conf, conf))
		return false;
	for (i = 0; i < g->n; i++)
		if (g->children[i].pid != 0)
			message_send(g->children[i].msg, WORKER_REFRESH, NULL,
			    0, NULL, 0);
	parent_conf_free(d, conf);
	return true;
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
	if (refreshed(p, conf)) {
		reload_end(p, NULL);
		return;
	}
	if ((g = generation_open(p, conf)) == NULL) {
		reload_end(
		    p, "sockets or log files could not be opened, see the log");
		return;
	}
	p->next = g;
	generation_start(g);
}

void
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
			generation_kill(g);
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
			generation_drain(g);
	}
	parent_stop_if_done(p);
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

/* Start and end */

static int
open_run_files(struct parent *p, const struct daemon_conf *c)
{
	const struct control_verb *const tables[2] = { parent_verbs,
		p->setup->daemon->verbs };
	const char *instance = p->setup->instance;

	snprintf(
	    p->stats_path, sizeof(p->stats_path), RUNDIR "/%s.stats", instance);
	snprintf(p->control_path, sizeof(p->control_path), RUNDIR "/%s.sock",
	    instance);
	p->stats = stats_create(p->setup->run_files ? p->stats_path : NULL,
	    p->setup->daemon->name, p->setup->daemon->counters,
	    p->setup->daemon->threads ? STATS_BLOCKS_MAX : STATS_BLOCKS);
	if (p->stats == NULL) {
		log_err("%s", p->stats_path);
		return -1;
	}
	if (!p->setup->run_files)
		return 0;
	p->control = control_open(
	    p->loop, p->control_path, c->control_group, tables, parent_pass, p);
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
	if ((p.next = generation_open(&p, conf)) == NULL)
		return 1;
	if (open_run_files(&p, conf) == -1)
		p.status = 1;
	else {
		watch_signals(&p);
		generation_start(p.next);
		if (!p.stopping) /* else none could be started */
			ev_run(p.loop, 0);
	}
	control_close(p.control);
	if (p.stats != NULL)
		stats_destroy(p.stats);
	return p.status;
}
