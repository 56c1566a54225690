/*
 * generation: what the parent knows of its workers; private to parent.c,
 * generation.c, child.c and verbs.c.
 *
 * Workers come in generations: one configuration, one set of sockets and log
 * files, n workers (one, with threads, where a daemon has these). There is one
 * current generation; a reload starts the next
 * beside it, and when all of that one's workers are ready it becomes current
 * and the older ones drain. Nothing here blocks.
 */
#ifndef GENERATION_H
#define GENERATION_H

#include <sys/queue.h>

#include "control.h"
#include "parent.h"
#include "worker.h"

#define BACKOFF_FIRST 0.1 /* seconds before a worker is started again, */
#define BACKOFF_MOST 30.0 /* doubled at each death, up to this, */
#define BACKOFF_FORGET 10.0 /* unless it lived so long */

struct parent;

/* One worker process, or the place of one that is to be started. */
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
	stats_value **sock_counters; /* of its threads, nsocks of them */
	size_t nsocks;
	ev_tstamp started;
	double backoff;
	unsigned restarts;
};

/* See above. */
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

static inline const struct daemon_conf *
generation_conf(const struct generation *g)
{
	return g->conf;
}

/*
 * generation.c. Open sockets and log files for a configuration, which is taken
 * over in any case. NULL after messages.
 */
struct generation *generation_open(struct parent *, void *conf);
/* Start its workers; it is p->next. */
void generation_start(struct generation *);
/* Tell them to drain; it is freed when the last of them has ended. */
void generation_drain(struct generation *);
void generation_kill(struct generation *);
unsigned generation_alive(const struct generation *);
bool generation_ready(const struct generation *);
/* Its workers are gone, its sockets released. */
void generation_free(struct generation *);
/* All workers of p->next serve: it becomes current, the older ones drain. */
void generation_switch(struct parent *);
/* A worker of p->next could not be started: the current one stays. */
void generation_fail(struct generation *);

/* child.c. Start the worker; a failure is handled as its death. */
void child_start(struct child *);
/* In a new process: the parent's signal handlers are no more. */
void child_signals(struct parent *);
/* How many sockets this worker serves, if they are for threads; else 0. */
size_t child_threads(const struct child *);
/* One message to every worker of every generation. */
void tell_children(
    struct parent *, enum worker_message, const void *data, size_t len);

/* parent.c */
void parent_stop_if_done(struct parent *);
void reload_begin(struct parent *);
/* Do what was asked while another reload was under way. */
void reload_again(struct parent *);
/* Tell the outcome: error NULL means that the new generation serves. */
void reload_end(struct parent *, const char *error);

/* verbs.c: what every daemon's control socket knows. */
extern const struct control_verb parent_verbs[];
/* Pass a client on to one worker or to each that is current. */
control_pass_fn parent_pass;

#endif
