/*
 * dhcpc: a DHCP client for one interface, with link-local addresses where
 * nobody answers. Two processes: the worker (clientwork.c) reads what comes
 * from the network, without any right; this one, root, opens the sockets, runs
 * the script, writes the lease file, and reads no byte from the network: what
 * the worker says is checked word by word (words.h) before it is used.
 *
 * While the script runs no message is taken from the worker, so scripts run
 * one after the other in the order of what happened.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <errno.h>
#include <ev.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/libutil.h>
#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <bsd/unistd.h>

#include "clientfile.h"
#include "clientid.h"
#include "clientscript.h"
#include "clientwork.h"
#include "linklocal.h"
#include "log.h"
#include "message.h"
#include "notify.h"
#include "process.h"

#define SCRIPT LIBEXECDIR "/dhcpc-script"
#define STATE STATEDIR "/dhcpc"
#define DUID STATE "/duid"

#define PATIENCE_S 30 /* -t */
#define PROBE_MS 1000 /* -a */
#define RELEASE_S 5.0 /* for the worker to release, then we end */
#define AGAIN_FIRST 0.5 /* seconds until a new worker is started */
#define AGAIN_MOST 30.0
#define AGAIN_FORGET 60.0 /* one that lived so long starts afresh */

struct dhcpc_options {
	bool foreground, need_lease, once, quit, release, no_linklocal;
	bool broadcast, v6only;
	int verbose;
	long long patience_s; /* 0: for ever */
	const char *file, *script, *id, *interface;
	struct client_conf conf; /* what options say of it */
};

struct dhcpc {
	const struct dhcpc_options *o;
	struct ev_loop *loop;
	struct clientsock sock;
	struct clientfile file;
	struct clientscript script;
	struct clientwork work;
	struct pidfh *pidfh;
	enum { NOTHING, LEASE, LINKLOCAL } configured;
	bool leased; /* once, at least */
	bool ending; /* when the script is done */
	bool releasing; /* ends when the worker has released the lease */
	int status; /* of the exit, then */
	/* the worker */
	pid_t pid; /* 0: none */
	int msg, log;
	bool deaf; /* its end of msg is closed */
	int wait_status;
	double started, backoff;
	ev_io msg_io, log_io;
	ev_child child;
	ev_timer again, patience, overdue;
	ev_signal signals[4];
};

/* The end */

static void
leave(struct dhcpc *d, int status)
{
	d->status = status;
	ev_break(d->loop, EVBREAK_ALL);
}

/* Now, or when the script that runs is done. */
static void
end(struct dhcpc *d, int status)
{
	d->ending = true;
	d->status = status;
	if (!d->script.running)
		leave(d, status);
}

/* Who waits for our start has waited enough. */
static void
background(struct dhcpc *d)
{
	notify_send("READY=1");
	ev_timer_stop(d->loop, &d->patience);
	process_serves();
}

/* The script */

/* Messages wait until it has ended. */
static void
run_script(struct dhcpc *d, const char *event, const struct words *words)
{
	ev_io_stop(d->loop, &d->msg_io);
	if (clientscript_run(&d->script, event, words) == -1)
		d->script.done(d);
}

static void
worker_ended(struct dhcpc *d)
{
	int code = WIFEXITED(d->wait_status) ? WEXITSTATUS(d->wait_status) : -1;

	if (d->pid != 0 || !d->deaf || d->script.running)
		return;
	if (d->ending || d->releasing) {
		leave(d, d->status);
		return;
	}
	if (code == WORK_GONE) {
		log_errx("the interface is gone");
		d->ending = true;
		d->status = 1;
		run_script(d, client_event_name(CLIENT_DECONFIG), NULL);
		return;
	}
	/* The next one knows nothing of it. When that is done we come back. */
	if (d->configured == LINKLOCAL) {
		d->configured = NOTHING;
		run_script(d, client_event_name(CLIENT_DECONFIG), NULL);
		return;
	}
	if (ev_now(d->loop) - d->started >= AGAIN_FORGET || code == WORK_AGAIN)
		d->backoff = AGAIN_FIRST;
	ev_timer_set(&d->again, d->backoff, 0);
	ev_timer_start(d->loop, &d->again);
	d->backoff *= 2;
	if (d->backoff > AGAIN_MOST)
		d->backoff = AGAIN_MOST;
}

static void
script_done(void *arg)
{
	struct dhcpc *d = arg;
	bool first = d->configured == LEASE && !d->leased;

	if (first) {
		d->leased = true;
		background(d);
	}
	if (d->ending || (first && d->o->quit && !d->releasing)) {
		leave(d, d->script.failed ? 1 : d->status);
		return;
	}
	if (d->deaf)
		worker_ended(d);
	else
		ev_io_start(d->loop, &d->msg_io);
}

/* What the worker says */

static const char *
word_of(const struct words *w, const char *name)
{
	const char *value = words_get(w, name);

	return value != NULL ? value : "-";
}

static void
take_lease(struct dhcpc *d, enum client_event event, const struct words *w)
{
	log_info("%s ip=%s/%s lease=%s server=%s", client_event_name(event),
	    word_of(w, "ip"), word_of(w, "mask"), word_of(w, "lease"),
	    word_of(w, "serverid"));
	clientfile_grant(&d->file, w, time(NULL));
	clientfile_write(&d->file);
	d->configured = LEASE;
}

static void
take_event(struct dhcpc *d, const struct message *m)
{
	struct words w;
	unsigned event = m->len > 0 ? m->data[0] : CLIENT_EVENTS;
	bool lease = event == CLIENT_BOUND_EVENT || event == CLIENT_RENEW_EVENT;

	if (event >= CLIENT_EVENTS ||
	    !words_take(&w, m->data + 1, m->len - 1) ||
	    (lease &&
		(words_get(&w, "ip") == NULL ||
		    words_get(&w, "lease") == NULL))) {
		log_errx("the worker said what it must not: not done");
		return;
	}
	if (lease)
		take_lease(d, event, &w);
	else if (event == CLIENT_DECONFIG)
		d->configured = NOTHING;
	if (event == CLIENT_NAK_EVENT)
		log_notice("nak server=%s message=%s", word_of(&w, "serverid"),
		    word_of(&w, "message"));
	else if (!lease)
		log_info("%s", client_event_name(event));
	run_script(d, client_event_name(event), &w);
}

static void
take_linklocal(struct dhcpc *d, const struct message *m)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr ip;
	struct words w;

	if (m->len != sizeof(ip))
		return;
	memcpy(&ip, m->data, sizeof(ip));
	if (!linklocal_valid(ip)) {
		log_errx("the worker said what it must not: not done");
		return;
	}
	inet_ntop(AF_INET, &ip, text, sizeof(text));
	words_clear(&w);
	words_add(&w, "ip", text);
	words_add(&w, "subnet", "255.255.0.0");
	words_add(&w, "mask", "16");
	words_add(&w, "broadcast", "169.254.255.255");
	words_add(&w, "linklocal", "yes");
	log_info("no server answers: link-local ip=%s", text);
	if (d->file.linklocal.s_addr != ip.s_addr) {
		d->file.linklocal = ip;
		clientfile_write(&d->file);
	}
	d->configured = LINKLOCAL;
	run_script(d, client_event_name(CLIENT_BOUND_EVENT), &w);
}

static void
take_forget(struct dhcpc *d, const struct message *m)
{
	(void)m;
	if (d->file.words.len == 0)
		return;
	clientfile_forget(&d->file);
	clientfile_write(&d->file);
}

static void
take_lost(struct dhcpc *d, const struct message *m)
{
	(void)m;
	log_notice("the lease is lost");
	end(d, 1);
}

static void
take_idle(struct dhcpc *d, const struct message *m)
{
	(void)m;
	log_info("released");
	if (d->releasing)
		leave(d, d->status);
}

static void
on_message(struct ev_loop *loop, ev_io *io, int events)
{
	static void (*const takers[])(
	    struct dhcpc *, const struct message *) = {
		[WORK_EVENT] = take_event,
		[WORK_LINKLOCAL] = take_linklocal,
		[WORK_FORGET] = take_forget,
		[WORK_LOST] = take_lost,
		[WORK_IDLE] = take_idle,
	};
	struct dhcpc *d = io->data;
	struct message m;
	int rc = message_recv(io->fd, &m);

	(void)events;
	if (rc == -1 && errno == EAGAIN)
		return;
	if (rc != 1) {
		ev_io_stop(loop, io);
		d->deaf = true;
		worker_ended(d);
		return;
	}
	message_close_fds(&m);
	if (m.type < sizeof(takers) / sizeof(takers[0]))
		takers[m.type](d, &m);
}

/* The worker */

static void
on_log(struct ev_loop *loop, ev_io *io, int events)
{
	struct dhcpc *d = io->data;

	(void)events;
	if (log_relayed(io->fd, (int)d->pid) == -1)
		ev_io_stop(loop, io);
}

static void
on_death(struct ev_loop *loop, ev_child *w, int events)
{
	struct dhcpc *d = w->data;

	(void)events;
	ev_child_stop(loop, w);
	while (log_relayed(d->log, (int)d->pid) > 0)
		;
	ev_io_stop(loop, &d->log_io);
	close(d->log);
	d->wait_status = w->rstatus;
	if (WIFSIGNALED(w->rstatus))
		log_errx("the worker was killed by signal %d (%s)",
		    WTERMSIG(w->rstatus), strsignal(WTERMSIG(w->rstatus)));
	d->pid = 0;
	worker_ended(d);
}

/* In the new process; does not return. */
static void
worker_main(struct dhcpc *d, int msg, int log)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGUSR1,
		SIGUSR2, SIGPIPE };
	int keep[] = { d->sock.dhcp, d->sock.arp, d->sock.udp, d->sock.link,
		d->sock.timer, msg, log };
	sigset_t none;
	size_t i;

	/* The parent tells us when to end, by closing msg. */
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	log_relay(log);
	if (!d->o->foreground)
		process_null(0); /* who reads our starter's waits for its end */
	process_close_all_but(keep, sizeof(keep) / sizeof(keep[0]));
	setproctitle("worker %s", d->sock.name);
	d->work.msg = msg;
	_exit(clientwork_run(&d->work));
}

static void
worker_watch(struct dhcpc *d, int msg, int log)
{
	d->msg = msg;
	d->log = log;
	d->deaf = false;
	d->started = ev_now(d->loop);
	ev_io_init(&d->msg_io, on_message, msg, EV_READ);
	ev_io_init(&d->log_io, on_log, log, EV_READ);
	ev_child_init(&d->child, on_death, d->pid, 0);
	d->msg_io.data = d->log_io.data = d->child.data = d;
	if (!d->script.running)
		ev_io_start(d->loop, &d->msg_io);
	ev_io_start(d->loop, &d->log_io);
	ev_child_start(d->loop, &d->child);
}

/* What is told to a worker at its start. 0, or -1 after a message. */
static int
worker_describe(struct dhcpc *d)
{
	struct clientwork *w = &d->work;
	int n;

	if (clientsock_look(&d->sock) == -1)
		return -1;
	w->sock = &d->sock;
	w->conf = d->o->conf;
	memcpy(w->conf.hw, d->sock.hw, sizeof(w->conf.hw));
	w->conf.mtu = d->sock.mtu;
	w->linklocal = !d->o->no_linklocal;
	w->linklocal_last = d->file.linklocal;
	if ((n = clientid_make(d->o->id, w->conf.hw, DUID, w->conf.id)) == -1)
		return -1;
	w->conf.idlen = (size_t)n;
	clientfile_known(&d->file, time(NULL), &w->known);
	w->known.configured = d->configured == LEASE;
	return 0;
}

static void
worker_start(struct dhcpc *d)
{
	int msg[2], log[2];

	if (d->msg != -1)
		close(d->msg);
	d->msg = -1;
	if (worker_describe(d) == -1) {
		end(d, 1);
		return;
	}
	if (message_pair(msg) == -1 || message_pair(log) == -1 ||
	    (d->pid = fork()) == -1) {
		log_err("the worker could not be started");
		d->pid = 0;
		end(d, 1);
		return;
	}
	if (d->pid == 0)
		worker_main(d, msg[1], log[1]);
	close(msg[1]);
	close(log[1]);
	worker_watch(d, msg[0], log[0]);
}

static void
on_again(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	worker_start(t->data);
}

/* Signals and time */

static void
order(struct dhcpc *d, enum clientwork_message what)
{
	if (d->pid != 0)
		message_send(d->msg, what, NULL, 0, NULL, 0);
}

static void
on_overdue(struct ev_loop *loop, ev_timer *t, int events)
{
	struct dhcpc *d = t->data;

	(void)loop;
	(void)events;
	log_notice("not released in time");
	leave(d, d->status);
}

/* With -R the lease is given back first; the second one ends us at once. */
static void
on_term(struct ev_loop *loop, ev_signal *s, int events)
{
	struct dhcpc *d = s->data;

	(void)events;
	notify_send("STOPPING=1");
	if (d->ending || d->releasing) {
		leave(d, 0);
		return;
	}
	if (!d->o->release || d->pid == 0) {
		end(d, 0);
		return;
	}
	d->releasing = true;
	order(d, WORK_RELEASE);
	ev_timer_init(&d->overdue, on_overdue, RELEASE_S, 0);
	d->overdue.data = d;
	ev_timer_start(loop, &d->overdue);
}

static void
on_usr1(struct ev_loop *loop, ev_signal *s, int events)
{
	(void)loop;
	(void)events;
	order(s->data, WORK_RENEW);
}

static void
on_usr2(struct ev_loop *loop, ev_signal *s, int events)
{
	(void)loop;
	(void)events;
	order(s->data, WORK_RELEASE);
}

/* -t is over. */
static void
on_patience(struct ev_loop *loop, ev_timer *t, int events)
{
	struct dhcpc *d = t->data;

	(void)loop;
	(void)events;
	if (!d->o->need_lease) {
		log_notice("no lease yet; goes on in the background");
		background(d);
		return;
	}
	log_errx("no lease");
	d->ending = true;
	d->status = 1;
	if (!d->script.running)
		run_script(d, client_event_name(CLIENT_LEASEFAIL), NULL);
}

static void
watch_all(struct dhcpc *d)
{
	static const struct {
		int signal;
		void (*call)(struct ev_loop *, ev_signal *, int);
	} rows[] = {
		{ SIGTERM, on_term },
		{ SIGINT, on_term },
		{ SIGUSR1, on_usr1 },
		{ SIGUSR2, on_usr2 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ev_signal_init(&d->signals[i], rows[i].call, rows[i].signal);
		d->signals[i].data = d;
		ev_signal_start(d->loop, &d->signals[i]);
	}
	ev_timer_init(&d->again, on_again, 0, 0);
	ev_timer_init(&d->patience, on_patience, (double)d->o->patience_s, 0);
	d->again.data = d->patience.data = d;
	if (d->o->patience_s > 0)
		ev_timer_start(d->loop, &d->patience);
}

/* The start */

static int
usage(void)
{
	fprintf(stderr,
	    "usage: dhcpc [-16BdLnqRVv] [-a milliseconds] [-h name] [-i id]\n"
	    "\t[-l leasefile] [-O option] [-r address] [-s script]\n"
	    "\t[-t seconds] interface\n");
	return 1;
}

static int
refuse(int ch, const char *value, const char *why)
{
	fprintf(stderr, "dhcpc: -%c %s: %s\n", ch, value, why);
	return usage();
}

static long long
number(const char *s, long long least, long long most, const char **why)
{
	return strtonum(s, least, most, why);
}

/* Options with a value. 0, or 1 after a message. */
static int
parse_value(struct dhcpc_options *o, int ch, const char *value)
{
	struct client_conf *c = &o->conf;
	const char *why = NULL;

	if (ch == 'a')
		c->probe_ms = (uint32_t)number(value, 0, 10000, &why);
	else if (ch == 't')
		o->patience_s = number(value, 0, 86400, &why);
	else if (ch == 'i')
		o->id = value;
	else if (ch == 'l')
		o->file = value;
	else if (ch == 's')
		o->script = value;
	else if (ch == 'O' && c->nask == CLIENT_ASK)
		why = "too many";
	else if (ch == 'O')
		c->ask[c->nask++] = (uint8_t)number(value, 1, 254, &why);
	else if (ch == 'r' && inet_pton(AF_INET, value, &c->wish) != 1)
		why = "no address";
	else if (ch == 'h' &&
	    (!word_value_ok(WORD_HOST, value) ||
		strlcpy(c->host, value, sizeof(c->host)) >= sizeof(c->host)))
		why = "no host name";
	return why == NULL ? 0 : refuse(ch, value, why);
}

/* It becomes part of file names, and of the environment of the script. */
static bool
interface_ok(const char *name)
{
	static const char chars[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._-:@";
	size_t n = strlen(name);

	return n > 0 && n < IFNAMSIZ && strspn(name, chars) == n &&
	    *name != '.' && *name != '-';
}

/* -1: go on; else the exit status. */
static int
parse_options(int argc, char **argv, struct dhcpc_options *o)
{
	const struct {
		int ch;
		bool *flag;
	} flags[] = {
		{ '1', &o->once },
		{ '6', &o->v6only },
		{ 'B', &o->broadcast },
		{ 'd', &o->foreground },
		{ 'L', &o->no_linklocal },
		{ 'n', &o->need_lease },
		{ 'q', &o->quit },
		{ 'R', &o->release },
	};
	size_t i;
	int ch;

	while ((ch = getopt(argc, argv, "16a:Bdh:i:Ll:nO:qRr:s:t:Vv")) != -1) {
		for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
			if (flags[i].ch == ch)
				*flags[i].flag = true;
		if (ch == 'V') {
			printf("dhcpc %s (basenet)\n", VERSION);
			return 0;
		}
		if (ch == '?')
			return usage();
		o->verbose += ch == 'v';
		if (optarg != NULL && parse_value(o, ch, optarg) != 0)
			return 1;
		optarg = NULL;
	}
	if (optind != argc - 1)
		return usage();
	o->interface = argv[optind];
	if (interface_ok(o->interface))
		return -1;
	fprintf(stderr, "dhcpc: %s: no name of an interface\n", o->interface);
	return usage();
}

/* An absolute path, since we leave the directory we were started in. */
static const char *
absolute(const char *path, char out[PATH_MAX])
{
	char cwd[PATH_MAX];

	if (*path == '/' || getcwd(cwd, sizeof(cwd)) == NULL ||
	    snprintf(out, PATH_MAX, "%s/%s", cwd, path) >= PATH_MAX)
		strlcpy(out, path, PATH_MAX);
	return out;
}

/* Of the tree that we were started from, built or installed. */
static const char *
usual_script(char out[PATH_MAX])
{
	static const char tail[] = "/libexec/basenet/dhcpc-script";
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;
	int i;

	exe[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 2; i++)
		if ((slash = strrchr(exe, '/')) != NULL)
			*slash = '\0';
	if (strlcpy(out, exe, PATH_MAX) + sizeof(tail) <= PATH_MAX) {
		strlcat(out, tail, PATH_MAX);
		if (access(out, X_OK) == 0)
			return out;
	}
	strlcpy(out, SCRIPT, PATH_MAX);
	return out;
}

/* What several options say together, and what is to be found. */
static void
complete(struct dhcpc_options *o)
{
	static char file[PATH_MAX], script[PATH_MAX];

	o->need_lease |= o->once;
	o->conf.once = o->once;
	o->conf.broadcast = o->broadcast;
	o->conf.v6only = o->v6only;
	if (o->file != NULL)
		o->file = absolute(o->file, file);
	if (o->script != NULL)
		o->script = absolute(o->script, script);
	else
		o->script = usual_script(script);
	if (access(o->script, X_OK) == -1)
		fatal("%s", o->script);
}

static void
lock_pid(struct dhcpc *d)
{
	char path[PATH_MAX];
	pid_t other = 0;

	mkdir(RUNDIR, 0755);
	snprintf(path, sizeof(path), RUNDIR "/dhcpc.%s.pid", d->o->interface);
	d->pidfh = pidfile_open(path, 0644, &other);
	if (d->pidfh == NULL && errno == EEXIST)
		fatalx("already running, pid %d", (int)other);
	if (d->pidfh == NULL)
		fatal("%s", path);
	pidfile_write(d->pidfh);
}

static void
read_file(struct dhcpc *d, const char *path)
{
	char usual[PATH_MAX];

	if (mkdir(STATE, 0755) == -1 && errno != EEXIST && path == NULL)
		log_warn("%s", STATE);
	snprintf(usual, sizeof(usual), STATE "/%s.lease", d->o->interface);
	clientfile_read(&d->file, path != NULL ? path : usual);
}

static int
run(struct dhcpc *d)
{
	d->loop = ev_default_loop(EVBACKEND_EPOLL | EVFLAG_NOENV);
	if (d->loop == NULL)
		fatalx("no event loop");
	clientscript_init(&d->script, d->loop, d->o->script, d->o->interface);
	d->script.done = script_done;
	d->script.arg = d;
	watch_all(d);
	worker_start(d);
	if (d->pid != 0)
		ev_run(d->loop, 0);
	if (d->pid != 0)
		kill(d->pid, SIGKILL);
	pidfile_remove(d->pidfh);
	return d->status;
}

int
main(int argc, char **argv)
{
	static struct dhcpc_options o = {
		.patience_s = PATIENCE_S,
		.id = "mac",
		.conf.probe_ms = PROBE_MS,
	};
	static struct dhcpc d = {
		.o = &o,
		.msg = -1,
		.backoff = AGAIN_FIRST,
	};
	int rc;

	process_fill_standard();
	setprogname("dhcpc");
	setproctitle_init(argc, argv, environ);
	if ((rc = parse_options(argc, argv, &o)) != -1)
		return rc;
	log_open("dhcpc", LOG_TO_STDERR);
	log_title(o.interface);
	log_level(o.verbose > 0 ? LOG_DEBUG : LOG_INFO);
	complete(&o);
	signal(SIGPIPE, SIG_IGN);
	umask(022);
	notify_init();
	if (!o.foreground)
		process_detach();
	lock_pid(&d);
	if (chdir("/") == -1)
		fatal("/");
	if (clientsock_open(&d.sock, o.interface) == -1) {
		pidfile_remove(d.pidfh);
		return 1;
	}
	read_file(&d, o.file);
	return run(&d);
}
