/*
 * tftpd: the TFTP server.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "log.h"
#include "sandbox.h"
#include "tftpd.h"

#define OTHER_DESCRIPTORS 1024 /* sockets, and files kept a little longer */

const struct stats_key tftpd_counters[] = {
	[C_READS] = { "requests.read", STATS_COUNTER },
	[C_WRITES] = { "requests.write", STATS_COUNTER },
	[C_ACTIVE] = { "transfers.active", STATS_GAUGE },
	[C_OK] = { "transfers.ok", STATS_COUNTER },
	[C_FAILED] = { "transfers.failed", STATS_COUNTER },
	[C_ABORTED] = { "transfers.aborted", STATS_COUNTER },
	[C_BYTES_OUT] = { "bytes.sent", STATS_COUNTER },
	[C_BYTES_IN] = { "bytes.received", STATS_COUNTER },
	[C_RESENT] = { "blocks.resent", STATS_COUNTER },
	[C_ERROR + ERR_UNDEFINED] = { "errors.undefined", STATS_COUNTER },
	[C_ERROR + ERR_NOT_FOUND] = { "errors.not_found", STATS_COUNTER },
	[C_ERROR + ERR_ACCESS] = { "errors.access", STATS_COUNTER },
	[C_ERROR + ERR_FULL] = { "errors.disk_full", STATS_COUNTER },
	[C_ERROR + ERR_ILLEGAL] = { "errors.illegal", STATS_COUNTER },
	[C_ERROR + ERR_TID] = { "errors.unknown_tid", STATS_COUNTER },
	[C_ERROR + ERR_EXISTS] = { "errors.exists", STATS_COUNTER },
	[C_ERROR + ERR_USER] = { "errors.no_user", STATS_COUNTER },
	[C_ERROR + ERR_OPTION] = { "errors.option", STATS_COUNTER },
	[C_DROP_BUSY] = { "dropped.max_transfers", STATS_COUNTER },
	[C_DROP_CLIENT] = { "dropped.per_client", STATS_COUNTER },
	[C_DROP_BROADCAST] = { "dropped.broadcast", STATS_COUNTER },
	[C_DROP_OTHER] = { "dropped.no_request", STATS_COUNTER },
	[C_REPEATED] = { "requests.repeated", STATS_COUNTER },
	[C_STRANGERS] = { "packets.strangers", STATS_COUNTER },
	[C_BLOCKED] = { "sends.blocked", STATS_COUNTER },
	{ NULL, STATS_COUNTER },
};

static void
on_woken(struct ev_loop *loop, ev_check *w, int events)
{
	struct server *s = w->data;
	struct timespec ts;

	(void)loop;
	(void)events;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	s->now_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
on_sleeping(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct server *s = w->data;

	(void)loop;
	(void)events;
	send_flush(s->sender);
}

/* Under inetd: nothing is under way and nothing came for so long. */
static void
on_idle(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct server *s = timer->data;

	(void)events;
	if (s->active == 0 && s->batch == s->idle_batch &&
	    !endpoint_waiting(s)) {
		worker_done(s->worker);
		return;
	}
	s->idle_batch = s->batch;
	ev_timer_again(loop, timer);
}

/* What the sandbox lets through: the roots, and where may be written. */
static int
name_paths(const struct tftpd_conf *c)
{
	const struct tftpd_write *w = conf_write(c);
	const struct map_rule *maps = c->maps.v;
	char base[MAP_NAME];
	int rights = SANDBOX_READ;
	size_t i;

	if (w != NULL)
		rights |= SANDBOX_WRITE;
	for (i = 0; i < c->roots.n; i++)
		if (sandbox_path(map_base(c->roots.v[i], base), rights) == -1) {
			log_err("root %s", c->roots.v[i]);
			return -1;
		}
	for (i = 0; i < c->maps.n; i++) {
		if (maps[i].root == NULL || *maps[i].root == '\0')
			continue;
		if (sandbox_path(map_base(maps[i].root, base), rights) == -1) {
			log_err("root %s", maps[i].root);
			return -1;
		}
	}
	return 0;
}

/*
 * The map of leases is looked up where %m is used. Its directory must be there
 * now, the file itself may come later.
 */
static int
open_leases(struct server *s)
{
	char dir[MAP_NAME];
	size_t n;

	if (!map_needs_hw(&s->rules))
		return 0;
	n = (size_t)(strrchr(s->conf->lease_map, '/') - s->conf->lease_map);
	snprintf(
	    dir, sizeof(dir), "%.*s", n == 0 ? 1 : (int)n, s->conf->lease_map);
	if (sandbox_path(dir, SANDBOX_READ) == 0)
		s->leases = leasemap_open(s->conf->lease_map);
	if (s->leases != NULL)
		return 0;
	if (errno != ENOENT) {
		log_err("lease_map %s", s->conf->lease_map);
		return -1;
	}
	log_notice("lease_map %s: there is no such directory, so %%m never "
		   "fits",
	    s->conf->lease_map);
	return 0;
}

/*
 * An upload holds its file and its directory, a download its file: more than
 * the 1024 descriptors that a shell or a service manager hands out.
 */
static void
want_descriptors(const struct tftpd_conf *c)
{
	rlim_t want = OTHER_DESCRIPTORS + 2 * (rlim_t)c->max_transfers;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == -1 || r.rlim_cur >= want)
		return;
	r.rlim_cur = want;
	if (r.rlim_max < want)
		r.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &r) == 0)
		return;
	getrlimit(RLIMIT_NOFILE, &r);
	log_notice("%llu descriptors may be open, %llu would be enough for "
		   "max_transfers",
	    (unsigned long long)r.rlim_max, (unsigned long long)want);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int
prepare(struct worker *w)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL) {
		log_err("server");
		return -1;
	}
	w->state = s;
	s->worker = w;
	s->conf = w->conf;
	s->counters = w->counters;
	s->mtu_fds[0] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->mtu_fds[1] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->rules = conf_rules(s->conf);
	want_descriptors(s->conf);
	sandbox_calls(SANDBOX_USUAL | SANDBOX_NO_LISTEN);
	if (name_paths(s->conf) == -1 || open_leases(s) == -1)
		return -1;
	return endpoint_prepare(s);
}

static int
start(struct worker *w)
{
	struct server *s = w->state;

	if ((s->sender = sender_new(s)) == NULL || file_start(s) == -1 ||
	    transfer_start(s) == -1 || upload_start(s) == -1) {
		log_errx("could not start");
		return -1;
	}
	ev_check_init(&s->woken, on_woken);
	ev_set_priority(&s->woken, EV_MAXPRI);
	s->woken.data = s;
	ev_check_start(w->loop, &s->woken);
	ev_prepare_init(&s->sleeping, on_sleeping);
	s->sleeping.data = s;
	ev_prepare_start(w->loop, &s->sleeping);
	on_woken(w->loop, &s->woken, 0);
	endpoint_start(s);
	if (w->inetd) {
		ev_timer_init(
		    &s->idle, on_idle, 0, (double)s->conf->idle_ms / 1000);
		s->idle.data = s;
		ev_timer_again(w->loop, &s->idle);
	}
	return 0;
}

static void
drain(struct worker *w)
{
	struct server *s = w->state;

	endpoint_stop_listening(s);
	if (s->conf->single_port)
		transfer_end_all(s, "the server is being reconfigured");
	send_flush(s->sender);
	transfer_check_end(s);
}

static void
log_paths(const void *conf, const char *path[DAEMON_LOGS])
{
	const struct tftpd_conf *c = conf;

	path[0] = c->transfer_log;
}

static const struct control_verb verbs[] = {
	{ "transfers", "transfers: what is under way", CONTROL_EACH, 0, 0,
	    verb_transfers },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};

static const struct daemon tftpd = {
	.name = "tftpd",
	.port = 69,
	.type = SOCK_DGRAM,
	.keys = tftpd_keys,
	.conf_size = sizeof(struct tftpd_conf),
	.counters = tftpd_counters,
	.verbs = verbs,
	.check = tftpd_check,
	.forget = tftpd_forget,
	.logs = log_paths,
	.prepare = prepare,
	.start = start,
	.drain = drain,
};

int
main(int argc, char *argv[])
{
	return daemon_main(&tftpd, argc, argv);
}
