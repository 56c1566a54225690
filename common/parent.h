/*
 * parent: the process that starts and watches workers; private to daemon.c
 * and the files of generation.h.
 */
#ifndef PARENT_H
#define PARENT_H

#include "daemon.h"

/* What the options and the start decided. */
struct parent_setup {
	const struct daemon *daemon;
	const char *instance; /* base name of the configuration file */
	const char *file; /* the configuration file, absolute */
	bool file_named; /* by -f: it must exist */
	uint16_t port; /* -p, or 0 */
	bool foreground; /* descriptors 0 to 2 stay */
	bool run_files; /* stats file and control socket, or none */
	struct sock_set inherited; /* LISTEN_FDS */
	void (*ready)(void); /* called once, when the daemon serves */
};

/*
 * Read and check the configuration. The struct (calloc, conf_size bytes), or
 * NULL after messages.
 */
void *parent_conf(const struct parent_setup *);
void parent_conf_free(const struct daemon *, void *conf);

/*
 * Open the daemon's log files, -1 for those it has none of. 0, or -1 after
 * messages.
 */
int parent_logs(const struct daemon *, const void *conf, int fds[DAEMON_LOGS]);

/*
 * Serve with this configuration until told to stop. The exit status; 1
 * where the first workers could not be started.
 */
int parent_run(const struct parent_setup *, void *conf);

#endif
