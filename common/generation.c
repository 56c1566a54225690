/*
 * Generations of workers: opened, switched to, drained.
 */
#include <sys/queue.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "generation.h"
#include "log.h"
#include "notify.h"

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

/* The address number i to listen on; NULL: there are no more. */
static const char *
address_at(const struct generation *g, size_t i)
{
	const struct daemon *d = g->parent->setup->daemon;
	const struct conf_list *listen = &generation_conf(g)->listen;

	if (d->listen != NULL)
		return i == 0 ? d->listen : NULL;
	return i < listen->n ? listen->v[i] : NULL;
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

/* Every address, for one type of sockets. */
static int
open_addresses(struct generation *g, const struct sock_spec *spec)
{
	const struct parent *p = g->parent;
	const struct sock_set *old =
	    p->current != NULL ? &p->current->socks : NULL;
	const char *where;
	size_t i;

	for (i = 0; (where = address_at(g, i)) != NULL; i++)
		if (sock_listen(&g->socks, old, spec, where) == -1)
			return -1;
	return 0;
}

static int
open_sockets(struct parent *p, struct generation *g)
{
	const struct parent_setup *s = p->setup;
	const struct daemon *d = s->daemon;
	struct sock_spec spec = {
		.port = s->port != 0 ? s->port : d->port,
		.force_port = s->port != 0,
		.slots = slots_for(p,
		    d->threads ? (unsigned)generation_conf(g)->workers : g->n),
	};
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	size_t i;

	if (s->inherited.n > 0) {
		g->socks = s->inherited;
		for (i = 0; i < g->socks.n; i++)
			g->socks.v[i].kept = true;
		return 0;
	}
	for (i = 0; i < 2; i++) {
		spec.type = types[i];
		if (d->type != DAEMON_BOTH && d->type != spec.type)
			continue;
		if (open_addresses(g, &spec) == -1) {
			sock_set_undo(&g->socks);
			return -1;
		}
	}
	return 0;
}

/* Takes conf over, also on failure. */
struct generation *
generation_open(struct parent *p, void *conf)
{
	const struct daemon *d = p->setup->daemon;
	const struct daemon_conf *c = conf;
	bool one = d->listen != NULL || d->threads;
	unsigned i, n = one ? 1 : (unsigned)c->workers;
	struct generation *g;

	g = calloc(1, sizeof(*g) + n * sizeof(g->children[0]));
	if (g == NULL) {
		log_err("generation");
		parent_conf_free(d, conf);
		return NULL;
	}
	g->parent = p;
	g->conf = conf;
	g->n = n;
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
void
generation_free(struct generation *g)
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

unsigned
generation_alive(const struct generation *g)
{
	unsigned alive = 0, i;

	for (i = 0; i < g->n; i++)
		alive += g->children[i].pid != 0;
	return alive;
}

bool
generation_ready(const struct generation *g)
{
	unsigned i;

	for (i = 0; i < g->n; i++)
		if (!g->children[i].ready)
			return false;
	return true;
}

void
generation_kill(struct generation *g)
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
	log_notice("%u workers not done in time: ended", generation_alive(g));
	generation_kill(g);
}

void
generation_drain(struct generation *g)
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
	ev_timer_init(&g->overdue, gen_overdue,
	    (double)generation_conf(g)->drain_ms / 1000, 0);
	g->overdue.data = g;
	ev_timer_start(p->loop, &g->overdue);
	if (generation_alive(g) == 0)
		generation_free(g);
}

void
generation_start(struct generation *g)
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
	const char *group = generation_conf(p->current)->control_group;

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
void
generation_switch(struct parent *p)
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
	generation_drain(old);
	regroup(p);
	reload_end(p, NULL);
}

/* A worker of the next generation failed: the current one stays. */
void
generation_fail(struct generation *g)
{
	struct parent *p = g->parent;

	sock_set_undo(&g->socks);
	p->next = NULL;
	g->draining = true;
	generation_kill(g);
	if (generation_alive(g) == 0)
		generation_free(g);
	if (p->current == NULL) {
		p->status = 1;
		p->stopping = true;
		parent_stop_if_done(p);
	} else
		reload_end(p, "a worker could not be started, see the log");
}
