/*
 * The start and the end of every daemon.
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/libutil.h>
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <bsd/unistd.h>

#include "daemon.h"
#include "log.h"
#include "notify.h"
#include "parent.h"
#include "process.h"
#include "worker.h"

struct options {
	bool foreground, inetd, check;
	int verbose;
	uint16_t port;
	const char *file; /* -f */
};

static struct pidfh *pidfh;
static char instance[64];

static int
usage(const struct daemon *d)
{
	fprintf(stderr, "usage: %s [-dinVv] [-f file] [-p port]\n", d->name);
	return 1;
}

/* -1: go on; else the exit status. */
static int
parse_options(const struct daemon *d, int argc, char **argv, struct options *o)
{
	const char *error;
	int ch;

	while ((ch = getopt(argc, argv, "df:inp:Vv")) != -1) {
		switch (ch) {
		case 'd':
			o->foreground = true;
			break;
		case 'f':
			o->file = optarg;
			break;
		case 'i':
			o->inetd = true;
			break;
		case 'n':
			o->check = true;
			break;
		case 'p':
			o->port = (uint16_t)strtonum(optarg, 1, 65535, &error);
			if (error != NULL) {
				fprintf(stderr, "%s: port %s: %s\n", d->name,
				    optarg, error);
				return usage(d);
			}
			break;
		case 'V':
			printf("%s %s (basenet)\n", d->name, VERSION);
			return 0;
		case 'v':
			o->verbose++;
			break;
		default:
			return usage(d);
		}
	}
	return optind == argc ? -1 : usage(d);
}

/* An absolute path, since we leave the directory we were started in. */
static const char *
conf_path(const struct daemon *d, const struct options *o)
{
	static char path[PATH_MAX];
	char cwd[PATH_MAX];
	const char *file = o->file;

	if (file == NULL)
		snprintf(path, sizeof(path), ETCDIR "/%s.conf", d->name);
	else if (*file == '/' || getcwd(cwd, sizeof(cwd)) == NULL)
		strlcpy(path, file, sizeof(path));
	else if (snprintf(path, sizeof(path), "%s/%s", cwd, file) >=
	    (int)sizeof(path))
		return file;
	return path;
}

/* "/etc/basenet/tftpd-lab.conf" is the instance tftpd-lab. */
static const char *
instance_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	size_t n;

	strlcpy(instance, slash != NULL ? slash + 1 : file, sizeof(instance));
	n = strlen(instance);
	if (n > 5 && strcmp(instance + n - 5, ".conf") == 0)
		instance[n - 5] = '\0';
	return instance;
}

const char *
daemon_instance(void)
{
	return instance;
}

/* The pid file is locked as long as we live. -1: we may not run. */
static int
lock_pid(bool required)
{
	char path[128];
	pid_t other = 0;

	mkdir(RUNDIR, 0755);
	snprintf(path, sizeof(path), RUNDIR "/%s.pid", instance);
	if ((pidfh = pidfile_open(path, 0644, &other)) != NULL)
		return 0;
	if (errno == EEXIST) {
		if (other > 0)
			log_errx("already running, pid %d", (int)other);
		else
			log_errx("already starting");
		return -1;
	}
	if (required)
		log_err("%s", path);
	else
		log_warn("%s: no pid file, no control socket", path);
	return required ? -1 : 0;
}

/* Called by the parent once, when all workers serve. */
static void
serving(void)
{
	if (pidfh != NULL)
		pidfile_write(pidfh);
	process_serves();
}

/* Blocks for the process and, if it has threads, for the one socket's. */
static int
open_counters(struct worker *w)
{
	const struct daemon *d = w->daemon;
	struct stats *stats = stats_create(NULL, d->name, d->counters, 2);

	if (stats == NULL || (w->counters = stats_block(stats)) == NULL ||
	    (w->sock_counters[0] = stats_block(stats)) == NULL) {
		log_err("counters");
		return -1;
	}
	return 0;
}

static int
run_inetd(struct parent_setup *s)
{
	static struct worker w;
	int logs[DAEMON_LOGS], i;
	void *conf;

	process_null(STDOUT_FILENO); /* 1 and 2 are the client's, too */
	signal(SIGHUP, SIG_IGN); /* no parent to reload, no log to reopen */
	signal(SIGUSR1, SIG_IGN);
	if (sock_inherited(&s->inherited, s->daemon->type, true) == -1 ||
	    (conf = parent_conf(s)) == NULL)
		return 1;
	w.daemon = s->daemon;
	w.instance = s->instance;
	w.conf = conf;
	w.inetd = true;
	if (parent_logs(s->daemon, conf, logs) == -1)
		return 1;
	for (i = 0; i < DAEMON_LOGS; i++)
		w.logs[i].fd = logs[i];
	if (open_counters(&w) == -1)
		return 1;
	worker_socks(&w, &s->inherited, 1);
	_exit(worker_run(&w, -1)); /* nothing of main's is of use any more */
}

int
daemon_main(const struct daemon *d, int argc, char **argv)
{
	struct options o = { .foreground = false };
	struct parent_setup s = { .daemon = d, .ready = serving };
	void *conf;
	int rc;

	process_fill_standard();
	setprogname(d->name);
	setproctitle_init(argc, argv, environ);
	if ((rc = parse_options(d, argc, argv, &o)) != -1)
		return rc;
	log_open(d->name, o.inetd && !o.check ? LOG_TO_SYSLOG : LOG_TO_STDERR);
	log_level(o.verbose > 0 ? LOG_DEBUG : LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	s.file = conf_path(d, &o);
	s.file_named = o.file != NULL;
	s.instance = instance_of(s.file);
	s.port = o.port;
	if (o.inetd && !o.check)
		return run_inetd(&s);
	if (sock_inherited(&s.inherited, d->type, false) == -1 ||
	    (conf = parent_conf(&s)) == NULL)
		return 1;
	if (o.check) {
		parent_conf_free(d, conf);
		fprintf(stderr, "%s: configuration OK\n", s.file);
		return 0;
	}
	notify_init();
	s.foreground = o.foreground;
	if (!o.foreground)
		process_detach();
	if (lock_pid(geteuid() == 0) == -1) {
		parent_conf_free(d, conf);
		return 1;
	}
	if (chdir("/") == -1)
		fatal("/");
	s.run_files = pidfh != NULL;
	rc = parent_run(&s, conf);
	if (pidfh != NULL)
		pidfile_remove(pidfh);
	return rc;
}
