/*
 * The control verbs that every daemon has.
 */
#include <sys/queue.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "generation.h"
#include "log.h"

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
const struct control_verb parent_verbs[] = {
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
int
parent_pass(void *arg, const struct control_verb *v, const char *line, int fd)
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
