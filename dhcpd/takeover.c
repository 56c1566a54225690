/*
 * The leases come to this worker: from disk at the first start, from the
 * worker before at a reload or after its death.
 *
 * One process at a time has the store. At a reload the new worker says that
 * it is ready while the old one has it still, which makes the frame tell that
 * to drain; it tries again every few milliseconds, and only when it has the
 * leases does it read the sockets. They are the same ones for both, so what
 * clients send meanwhile waits there.
 */
#include <sys/stat.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "server.h"

#define AGAIN 0.003 /* seconds */
#define PATIENCE 1000 /* tries before it is told */
#define SNAPSHOT_MIN (4 << 20)

/* Beside the instance's other files, where this user may rename. */
static void
map_path(const struct server *s, char *out, size_t size, const char *name)
{
	snprintf(out, size, RUNDIR "/%s%s", s->worker->instance, name);
}

/* One that is there already is its owner's. */
static int
make_dir(const struct server *s, const char *path, mode_t mode)
{
	const struct passwd *pw;

	if (mkdir(path, mode) == -1)
		return errno == EEXIST ? 0 : -1;
	if (geteuid() != 0 ||
	    (pw = getpwnam(s->conf->daemon.user)) == NULL) /* privdrop tells */
		return 0;
	return chown(path, pw->pw_uid, pw->pw_gid);
}

/* The directory is open already when names below it are out of reach. */
static int
open_dir(struct server *s, const char *path, mode_t mode)
{
	int fd = -1;

	if (make_dir(s, path, mode) == -1 ||
	    (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    sandbox_path(path, SANDBOX_READ | SANDBOX_WRITE) == -1) {
		log_err("%s", path);
		if (fd != -1)
			close(fd);
		return -1;
	}
	return fd;
}

int
takeover_prepare(struct server *s)
{
	const char *dir = s->conf->lease_dir;
	char path[256];
	int fd;

	snprintf(path, sizeof(path), STATEDIR "/%s", s->worker->instance);
	if (*dir == '\0') {
		mkdir(STATEDIR, 0755);
		dir = path;
	}
	if ((s->lease_dir = open_dir(s, dir, 0750)) == -1)
		return -1;
	map_path(s, path, sizeof(path), "");
	if ((fd = open_dir(s, path, 0755)) == -1)
		return -1;
	close(fd);
	return 0;
}

static uint32_t
network_of(void *arg, uint32_t ip)
{
	const struct server *s = arg;
	const struct subnet *sub = scope_subnet(&s->conf->scopes, ip);

	return sub != NULL ? sub->network->number : 0;
}

/* What follows from the leases: the time, circuits, the map. */
static void
look_through(struct server *s)
{
	struct in_addr ip;
	const struct lease *l;
	int64_t newest = 0;

	for (l = lease_next(s->leases, NULL); l != NULL;
	     l = lease_next(s->leases, l)) {
		if (l->last > newest)
			newest = l->last;
		if (l->state != LEASE_BOUND)
			continue;
		circuit_count(s, l, 1);
		ip.s_addr = htonl(l->ip);
		if (s->map != NULL)
			leasemap_put(
			    s->map, ip, l->htype, l->hw, l->hlen, l->end);
	}
	expire_clock(s, newest);
}

/* Others can do without it. */
static void
make_map(struct server *s)
{
	char path[256];
	size_t max = s->conf->max_leases;

	map_path(s, path, sizeof(path), "/leases");
	s->map = leasemap_create(path, max < LEASEMAP_MAX ? max : LEASEMAP_MAX);
	if (s->map == NULL)
		log_warn("%s: no map of leases", path);
}

static void
publish_map(struct server *s)
{
	if (s->map == NULL || leasemap_publish(s->map) == 0)
		return;
	log_warn("map of leases");
	leasemap_close(s->map);
	s->map = NULL;
}

static void
tell_loaded(const struct server *s)
{
	const struct store_load_result *r = store_loaded(s->store);

	log_info("%zu leases in force, %llu records read in %.3f s",
	    leases_count(s->leases, LEASE_BOUND), (unsigned long long)r->lines,
	    r->seconds);
}

/*
 * Names that were to leave DNS: what waited for that in the worker before went
 * with it, as did what it gave up. The leases say what stands there still.
 */
static void
remove_names(struct server *s)
{
	const struct lease *l;

	for (l = lease_next(s->leases, NULL); l != NULL;
	     l = lease_next(s->leases, l))
		if (l->state != LEASE_BOUND && l->dns != 0)
			ddns_remove(s->ddns, l);
}

static int
begin(struct server *s)
{
	const struct net_calls calls = {
		.receive = serve_message,
		.batch = grant_batch,
		.dropped = serve_unwanted,
		.arg = s,
	};

	expire_start(s);
	if (s->ddns != NULL) {
		if (ddns_start(s->ddns, s->loop, grant_named, s) == -1)
			return -1;
		remove_names(s);
	}
	if (probes_start(s->probes, s->loop, s->net, s->conf->probe_ms) == -1)
		return -1;
	return net_start(
	    s->net, s->loop, s->worker->socks, s->worker->nsocks, &calls);
}

/* 1: served; 0: another process has the leases; -1 after a message. */
static int
take(struct server *s)
{
	struct store_setup setup = {
		.dir = fcntl(s->lease_dir, F_DUPFD_CLOEXEC, 0),
		.loop = s->loop,
		.leases = s->leases,
		.network_of = network_of,
		.synced = grant_synced,
		.arg = s,
		.history_max = s->conf->history_max,
		.snapshot_min = SNAPSHOT_MIN,
	};

	if ((s->store = store_open(&setup)) == NULL) {
		if (errno == EWOULDBLOCK)
			return 0;
		log_err("directory of leases");
		return -1;
	}
	if (store_load(s->store) == -1)
		return -1;
	make_map(s);
	look_through(s);
	publish_map(s);
	tell_loaded(s);
	if (begin(s) == 0)
		return 1;
	log_errx("could not start");
	return -1;
}

static void
on_again(struct ev_loop *loop, ev_timer *t, int events)
{
	struct server *s = t->data;

	(void)loop;
	(void)events;
	if (++s->takeover_tries % PATIENCE == 0)
		log_warnx("another process has the leases still: nothing is "
			  "served yet");
	switch (take(s)) {
	case 0:
		ev_timer_again(s->loop, t);
		break;
	case -1:
		_exit(1); /* the parent tells, and tries again */
	default:
		ev_timer_stop(s->loop, t);
		worker_serves(s->worker);
	}
}

int
takeover_start(struct server *s)
{
	s->leases = leases_new(s->conf->max_leases);
	if (s->leases == NULL || allocate_pools(s) == -1 ||
	    circuit_start(s) == -1 || serve_start(s) == -1) {
		log_err("leases");
		return -1;
	}
	grant_init(s);
	expire_clock(s, 0);
	ev_timer_init(&s->takeover, on_again, AGAIN, AGAIN);
	s->takeover.data = s;
	switch (take(s)) {
	case 0:
		s->worker->waiting = true;
		ev_timer_start(s->loop, &s->takeover);
		return 0;
	case -1:
		return -1;
	default:
		return 0;
	}
}

void
takeover_drain(struct server *s)
{
	ev_timer_stop(s->loop, &s->takeover);
	if (s->store == NULL) {
		worker_done(s->worker);
		return;
	}
	net_stop(s->net);
}

/* The leases are let go last: the next worker waits for them. */
void
takeover_check_end(struct server *s)
{
	if (!s->worker->draining || s->store == NULL || discover_waits(s) ||
	    grant_waits(s))
		return;
	probes_end(s->probes);
	expire_stop(s);
	if (s->ddns != NULL)
		ddns_close(s->ddns);
	if (s->event != NULL)
		event_close(s->event);
	store_close(s->store);
	s->store = NULL;
	net_flush(s->net);
	leasemap_close(s->map);
	worker_done(s->worker);
}
