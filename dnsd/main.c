/*
 * dnsd: the DNS server. Its worker process loads the zones, serves them by
 * threads, and is told by its predecessor's end that it may write, too.
 *
 * At a reload two processes serve the same sockets for a moment. Only one of
 * them may change zones: who has the lock in the state directory.
 */
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "answer.h"
#include "handed.h"
#include "journal.h"
#include "load.h"
#include "auth/notify.h"
#include "querylog.h"
#include "rrl.h"
#include "sandbox.h"
#include "server.h"
#include "tcp.h"
#include "udp.h"
#include "update.h"
#include "verbs.h"
#include "xfrin.h"

#define TICK 0.25 /* seconds: the clock that threads see */
#define AGAIN 0.003 /* .. to ask for what others must do first */
#define GRACE 0.3 /* .. after the drain that connections may bring updates */
#define PATIENCE 5000 /* times, before that is told */
#define OTHER_DESCRIPTORS 512

/* The process's own, besides the server. */
static struct {
	struct server server;
	ev_timer tick, takeover, ending, idle;
	int directory, lock;
	unsigned tries;
	ev_tstamp drained; /* when that began */
	uint64_t received; /* inetd: when it was looked at */
} own = { .directory = -1, .lock = -1 };

/* As root: what is opened and may be opened */

/* One that is there already is its owner's. */
static int
make_directory(const struct dnsd_conf *c)
{
	const struct passwd *pw;

	if (strncmp(c->directory, STATEDIR "/", strlen(STATEDIR "/")) == 0)
		mkdir(STATEDIR, 0755);
	if (mkdir(c->directory, 0750) == -1)
		return errno == EEXIST ? 0 : -1;
	if (geteuid() != 0 || (pw = getpwnam(c->daemon.user)) == NULL)
		return 0; /* privdrop tells */
	return chown(c->directory, pw->pw_uid, pw->pw_gid);
}

static int
open_directory(const struct dnsd_conf *c)
{
	own.directory = -1;
	if (make_directory(c) == 0)
		own.directory =
		    open(c->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own.directory != -1 &&
	    sandbox_path(c->directory, SANDBOX_READ | SANDBOX_WRITE) == 0)
		return 0;
	log_err("%s", c->directory);
	return -1;
}

/* Files elsewhere are read, and what they include beside them. */
static int
open_elsewhere(const struct dnsd_conf *c)
{
	const struct zone_conf *z = c->zones.v;
	char path[PATH_MAX], last[PATH_MAX] = "", *slash;
	size_t i;

	for (i = 0; i < c->zones.n; i++) {
		if (*z[i].file != '/' ||
		    strlcpy(path, z[i].file, sizeof(path)) >= sizeof(path))
			continue;
		slash = strrchr(path, '/');
		slash[slash == path ? 1 : 0] = '\0';
		if (strcmp(path, last) == 0)
			continue;
		strlcpy(last, path, sizeof(last));
		if (sandbox_path(path, SANDBOX_READ) == -1 && errno != ENOENT) {
			log_err("%s", path);
			return -1;
		}
	}
	return 0;
}

/* Connections, journals and sockets may be more than the usual 1024. */
static void
want_descriptors(const struct dnsd_conf *c, size_t nsocks)
{
	rlim_t want = OTHER_DESCRIPTORS + nsocks + c->tcp_clients +
	    c->transfers_out + c->transfers_in + 2 * c->zones.n;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur >= want)
		return;
	r.rlim_cur = want;
	if (r.rlim_max < want)
		r.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &r) == 0 ||
	    getrlimit(RLIMIT_NOFILE, &r) == -1)
		return;
	log_notice("%llu descriptors may be open, %llu would be enough",
	    (unsigned long long)r.rlim_max, (unsigned long long)want);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int
prepare(struct worker *w)
{
	const struct dnsd_conf *c = w->conf;
	struct server *s = &own.server;

	w->state = s;
	s->worker = w;
	s->conf = c;
	s->loop = w->loop;
	s->main.server = s;
	s->main.counters = w->counters;
	want_descriptors(c, w->nsocks);
	sandbox_calls(SANDBOX_USUAL);
	if (open_directory(c) == -1 || open_elsewhere(c) == -1)
		return -1;
	return 0;
}

/* The clock, and what is done now and then */

static void
count_zones(struct server *s)
{
	uint64_t expired = 0, broken = 0;
	const struct zone *z;
	size_t i;

	for (i = 0; i < s->zones->n; i++) {
		z = &s->zones->v[i];
		broken += z->broken;
		expired += z->secondary && !z->broken && zone_now(z) == NULL;
	}
	stats_set(s->main.counters, C_ZONES, s->zones->n);
	stats_set(s->main.counters, C_ZONES_EXPIRED, expired);
	stats_set(s->main.counters, C_ZONES_BROKEN, broken);
}

static void
set_clock(struct server *s)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	atomic_store_explicit(
	    &s->now, (uint32_t)now.tv_sec, memory_order_relaxed);
}

static void
on_tick(struct ev_loop *loop, ev_timer *t, int events)
{
	struct server *s = t->data;
	static unsigned n;

	(void)loop;
	(void)events;
	set_clock(s);
	snapshot_reclaim();
	if (n++ % 16 == 0)
		count_zones(s);
}

/* The writer's part */

static void
write_begin(struct server *s)
{
	s->writing = true;
	update_own(s);
	xfrin_own(s);
	if (notify_start(s) == -1)
		log_err("zones are served, but nobody is told of changes");
	handed_begin(s);
}

/*
 * 1: we are the writer; 0: another process is, still; -1 after a message. A
 * directory that we may not write to has nothing to protect.
 */
static int
take_lock(void)
{
	if (own.lock == -1)
		own.lock = openat(own.directory, "lock",
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (own.lock != -1 && flock(own.lock, LOCK_EX | LOCK_NB) == 0)
		return 1;
	if (own.lock != -1 && errno == EWOULDBLOCK)
		return 0;
	if (own.lock == -1 && (errno == EACCES || errno == EROFS))
		return 1;
	log_err("%s/lock", own.server.conf->directory);
	return -1;
}

static void
on_takeover(struct ev_loop *loop, ev_timer *t, int events)
{
	struct server *s = t->data;

	(void)events;
	if (++own.tries % PATIENCE == 0)
		log_warnx("another process has the lock of %s still: zones "
			  "are served, but do not change",
		    s->conf->directory);
	switch (take_lock()) {
	case 0:
		return;
	case -1:
		_exit(1); /* the parent tells, and tries again */
	}
	ev_timer_stop(loop, t);
	write_begin(s);
	worker_serves(s->worker);
}

static void
write_end(struct server *s)
{
	ev_timer_stop(s->loop, &own.takeover);
	handed_close(s);
	if (s->writing) {
		xfrin_stop(s);
		update_stop(s);
		notify_stop(s);
		s->writing = false;
	}
	if (own.lock != -1)
		close(own.lock);
	own.lock = -1;
}

/* The start */

/* Before there is any thread but this one. */
static int
open_parts(struct server *s)
{
	s->role = &auth_calls;
	if (s->conf->rate.set && (s->rrl = rrl_open(&s->conf->rate)) == NULL)
		return -1;
	if ((s->querylog = querylog_open(s)) == NULL ||
	    (s->journals = journals_open(s->loop)) == NULL ||
	    zones_open(s) == -1 || handed_start(s) == -1)
		return -1;
	if (s->worker->logs[0].fd != -1)
		querylog_set(s->querylog, true);
	return 0;
}

static int
start_threads(struct server *s)
{
	if (udp_open(s) == -1 || tcp_open(s) == -1) {
		log_err("threads");
		return -1;
	}
	return udp_start(s) == -1 || tcp_start(s) == -1 ? -1 : 0;
}

/* Under inetd: nothing has come for long, and nobody is connected. */
static void
on_idle(struct ev_loop *loop, ev_timer *t, int events)
{
	struct server *s = t->data;
	uint64_t received = udp_received(s);

	(void)loop;
	(void)events;
	if (received == own.received)
		s->worker->daemon->drain(s->worker);
	own.received = received;
}

static void
start_timers(struct server *s)
{
	double idle = (double)s->conf->idle_ms / 1000;

	ev_timer_init(&own.tick, on_tick, TICK, TICK);
	ev_timer_init(&own.takeover, on_takeover, AGAIN, AGAIN);
	ev_timer_init(&own.idle, on_idle, idle, idle);
	own.tick.data = own.takeover.data = own.idle.data = s;
	ev_timer_start(s->loop, &own.tick);
	if (s->worker->inetd)
		ev_timer_start(s->loop, &own.idle);
}

static int
start(struct worker *w)
{
	struct server *s = w->state;
	int writer;

	set_clock(s);
	if (open_parts(s) == -1) {
		log_err("start");
		return -1;
	}
	if ((writer = take_lock()) == -1)
		return -1;
	/* who has the old zones keeps them where a file is wrong now */
	if (load_all(s) == -1 && w->replaces)
		return -1;
	count_zones(s);
	if (update_start(s) == -1 || xfrin_start(s) == -1 ||
	    start_threads(s) == -1)
		return -1;
	start_timers(s);
	if (writer == 1) {
		write_begin(s);
		return 0;
	}
	w->waiting = !w->inetd;
	ev_timer_start(w->loop, &own.takeover);
	return 0;
}

static void
refresh(struct worker *w)
{
	load_changed_all(w->state);
}

/* The end */

/*
 * Datagrams first, then what was handed to us, so that our successor may
 * write; the last connections may take their time, but those that were just
 * made may have an update for us.
 */
static void
on_ending(struct ev_loop *loop, ev_timer *t, int events)
{
	struct server *s = t->data;
	bool datagrams = s->udp != NULL && !udp_drained(s);
	bool connections = !tcp_drained(s);

	(void)events;
	if (datagrams || (connections && ev_now(loop) - own.drained < GRACE))
		return;
	if (s->udp != NULL) {
		write_end(s);
		udp_close(s);
	}
	if (connections)
		return;
	ev_timer_stop(loop, t);
	handed_stop(s);
	querylog_close(s->querylog);
	worker_done(s->worker);
}

static void
drain(struct worker *w)
{
	struct server *s = w->state;

	udp_drain(s);
	tcp_drain(s);
	own.drained = ev_now(w->loop);
	ev_timer_init(&own.ending, on_ending, AGAIN, AGAIN);
	own.ending.data = s;
	ev_timer_start(w->loop, &own.ending);
}

static void
logs(const void *conf, const char *path[DAEMON_LOGS])
{
	const struct dnsd_conf *c = conf;

	path[0] = c->query_log;
}

static const struct daemon dnsd = {
	.name = "dnsd",
	.port = 53,
	.type = DAEMON_BOTH,
	.threads = true,
	.keys = dnsd_keys,
	.conf_size = sizeof(struct dnsd_conf),
	.counters = counters_table,
	.verbs = auth_verbs,
	.check = dnsd_check,
	.forget = dnsd_forget,
	.same = dnsd_same,
	.refresh = refresh,
	.logs = logs,
	.prepare = prepare,
	.start = start,
	.drain = drain,
};

int
main(int argc, char *argv[])
{
	dname_seed();
	return daemon_main(&dnsd, argc, argv);
}
