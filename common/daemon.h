/*
 * daemon: the life of every daemon.
 *
 * A daemon describes itself in one struct and main() hands that to
 * daemon_main(), which does the same things in the same order for all of
 * them: options, configuration, detach, pid file, sockets, control, workers,
 * ready, loop, end.
 *
 *	parent	root; binds and opens, starts workers, restarts one that dies,
 *		reloads, speaks to the system log, answers control requests.
 *		It reads no byte from the network.
 *	worker	runs as the daemon's user in its sandbox, on one libev loop,
 *		with the listening sockets and nothing else of the parent's.
 *
 * Reload: the parent checks the new configuration in a child, then reads it
 * itself, opens new sockets and files, starts a new generation of workers and,
 * once all of them are ready, tells the old ones to drain. Listening sockets
 * whose address stays are taken over with their queues; anything that fails
 * leaves the old generation serving. A killed worker is started again on the
 * same sockets.
 *
 * Under inetd (-i) there is one process: no parent, pid file, control socket.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "logfile.h"
#include "sock.h"
#include "stats.h"

/* Keys that every daemon has; stands in its conf struct as `daemon`. */
struct daemon_conf {
	char *user; /* workers run as this user */
	uint64_t workers;
	uint64_t drain_ms; /* workers that drain are ended after so long */
	char *control_group; /* may use the control socket; empty: root only */
	struct conf_list listen;
};

#define DAEMON_AT(conf_struct, m)                                              \
	(offsetof(struct conf_struct, daemon) + offsetof(struct daemon_conf, m))

/*
 * Their rows: DAEMON_KEYS(tftpd_conf, "_tftpd"), then the daemon's own; a
 * daemon that names what it binds (struct daemon's listen), or says in a way of
 * its own what that is (check() fills the list), has DAEMON_KEYS_BOUND and so
 * neither `listen` nor `workers`.
 */
/* clang-format off */
#define DAEMON_KEYS(conf_struct, user_def)                                            \
	{ .name = "listen", .type = CONF_ADDRS, .offset = DAEMON_AT(conf_struct, listen), .def = "*", .min = 1, .max = 64 },                  \
	{ .name = "workers", .type = CONF_NUM, .offset = DAEMON_AT(conf_struct, workers), .def = "1", .min = 1, .max = 64 },                  \
	DAEMON_KEYS_BOUND(conf_struct, user_def)
#define DAEMON_KEYS_BOUND(conf_struct, user_def)                                      \
	{ .name = "user", .type = CONF_STR, .offset = DAEMON_AT(conf_struct, user), .def = user_def, .min = 1, .max = 32 },                   \
	{ .name = "drain_timeout", .type = CONF_TIME, .offset = DAEMON_AT(conf_struct, drain_ms), .def = "30s", .min = 0, .max = 86400000 },  \
	{ .name = "control_group", .type = CONF_STR, .offset = DAEMON_AT(conf_struct, control_group), .def = "", .min = 0, .max = 32 }
/* clang-format on */

/* Every key of site.conf(5); they fill the struct daemon_conf. */
extern const struct conf_key daemon_site_keys[];

struct daemon;
struct control_verb;

/* What a worker has; passed to every call into the daemon. */
struct worker {
	const struct daemon *daemon;
	const char
	    *instance; /* its files are RUNDIR/INSTANCE.stats and so on */
	const void *conf;
	struct ev_loop *loop;
	const struct sock *socks[SOCK_MAX]; /* the ones it serves */
	size_t nsocks;
	unsigned index; /* 0 .. workers - 1 */
	bool inetd; /* -i: end by yourself when idle */
	bool draining; /* set before the daemon's drain() is called */
	bool replaces; /* others serve by the old configuration, and go on if
			  start() fails */
	bool waiting; /* set by start(): it is ready so that its predecessor
			 drains, but serves only when that has ended; control
			 requests wait until worker_serves */
	stats_value *counters; /* its own block, in the order of the table */
	stats_value *sock_counters[SOCK_MAX]; /* threads: one for each of socks,
						 of the thread that serves it */
	struct logfile logs[DAEMON_LOGS]; /* as the daemon's logs() named */
	void *state; /* the daemon's own */
};

#define DAEMON_BOTH 0

struct daemon {
	const char *name; /* "tftpd" */
	uint16_t port; /* unless an address names one */
	int type; /* SOCK_DGRAM or SOCK_STREAM, or DAEMON_BOTH: each address
		     is served by both; under inetd descriptor 0 says which */
	bool threads; /* `workers` are threads of one worker process, which has
			 the sockets of all of them */
	/*
	 * NULL: the key `listen` and site.conf's addresses say what is bound.
	 * Else always this ("0.0.0.0"), by one worker: a datagram to a
	 * broadcast address comes to every socket bound to the port, so more
	 * of them would answer it more than once.
	 */
	const char *listen;
	const struct conf_key *keys;
	size_t conf_size; /* the struct begins with struct daemon_conf */
	const struct stats_key *counters;
	const struct control_verb *verbs; /* its own, or NULL */

	/*
	 * Cross-checks after the keys were read (conf_error tells; all of
	 * them), and what else is part of the configuration: keys and files
	 * are read here, as root, into the conf struct. Binds, locks and
	 * writes nothing. 0 or -1. NULL: none.
	 */
	int (*check)(void *conf);
	/* Free what check() added. NULL: nothing. */
	void (*forget)(void *conf);
	/*
	 * A reload whose configuration says nothing else than the one in
	 * force starts no new generation: the workers' refresh() is called,
	 * to read again what it names. NULL: always a new one.
	 */
	bool (*same)(const void *conf, const void *next);
	void (*refresh)(struct worker *);
	/* Paths of the daemon's own log files; DAEMON_LOGS, "" for none. */
	void (*logs)(const void *conf, const char *path[DAEMON_LOGS]);
	/*
	 * Worker, still root: open what needs it (not what parses), name the
	 * sandbox's paths and calls (sandbox.h). 0, or -1 after a message.
	 */
	int (*prepare)(struct worker *);
	/*
	 * Worker, all rights dropped: start watchers on w->loop and return;
	 * the loop runs after that. 0, or -1 after a message.
	 */
	int (*start)(struct worker *);
	/*
	 * Take nothing new (what already waits in a queue may still be
	 * taken) and close the listening sockets as soon as nothing needs
	 * them: after the parent's death they are in the way of a new start,
	 * and before, of a reload that takes an address back.
	 * Call worker_done when nothing is left, now or later.
	 */
	void (*drain)(struct worker *);
};

/* The whole program; its exit status. */
int daemon_main(const struct daemon *, int argc, char **argv);

/* The name of this instance, once daemon_main has read the options. */
const char *daemon_instance(void);

/* Worker: what it waited for has come; see struct worker's waiting. */
void worker_serves(struct worker *);

/* Worker: nothing is left to do; the loop ends and the process exits 0. */
void worker_done(struct worker *);

#endif
