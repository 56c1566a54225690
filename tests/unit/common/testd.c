/*
 * testd: the test daemon. It answers what it is sent, a datagram or (with
 * TESTD_STREAM in the environment) a line of a connection, with what it was,
 * who it is, and what it knows; with TESTD_BOUND it always binds 127.0.0.2:
 *
 *	TEXT		"TEXT worker=N greeting=G key=K words=N pid=P"
 *	file NAME	... and the first line of NAME below the root
 *	open PATH	... and what opening PATH says
 *	log TEXT	the same, after a line to the log and one to its file
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "control.h"
#include "daemon.h"
#include "lines.h"
#include "log.h"
#include "sandbox.h"

#define TEXT 512

struct testd_conf {
	struct daemon_conf daemon;
	char *greeting, *key_file, *words, *root, *log;
	int fail; /* where the worker fails: index in fails */
	char key[64]; /* read by root */
	int nwords;
};

struct state {
	const struct testd_conf *conf;
	struct worker *w;
	ev_io io[SOCK_MAX];
	unsigned connections;
};

struct connection {
	ev_io io;
	struct state *state;
};

enum { REQUESTS, CONNECTIONS };
enum { FAIL_PREPARE = 1, FAIL_START };
static const char *const fails[] = { "no", "prepare", "start", NULL };
static const struct stats_key counters[] = {
	{ "requests", STATS_COUNTER },
	{ "connections", STATS_GAUGE },
	{ NULL, STATS_COUNTER },
};

/* clang-format off */
#define AT(m) .offset = offsetof(struct testd_conf, m)
static const struct conf_key keys[] = {
	DAEMON_KEYS(testd_conf, "nobody"),
	{ .name = "greeting", .type = CONF_STR, AT(greeting), .def = "none", .min = 1, .max = 64 },
	{ .name = "key_file", .type = CONF_PATH, AT(key_file), .def = "" },
	{ .name = "words", .type = CONF_PATH, AT(words), .def = "" },
	{ .name = "root", .type = CONF_PATH, AT(root), .def = "" },
	{ .name = "log", .type = CONF_PATH, AT(log), .def = "" },
	{ .name = "fail", .type = CONF_ENUM, AT(fail), .def = "no", .words = fails },
	{ .type = CONF_END },
};
static const struct conf_key bound_keys[] = {
	DAEMON_KEYS_BOUND(testd_conf, "nobody"),
	{ .name = "greeting", .type = CONF_STR, AT(greeting), .def = "none", .min = 1, .max = 64 },
	{ .name = "key_file", .type = CONF_PATH, AT(key_file), .def = "" },
	{ .name = "words", .type = CONF_PATH, AT(words), .def = "" },
	{ .name = "root", .type = CONF_PATH, AT(root), .def = "" },
	{ .name = "log", .type = CONF_PATH, AT(log), .def = "" },
	{ .type = CONF_END },
};
/* clang-format on */

static int
read_line(int dir, const char *path, char *line, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	*line = '\0';
	if (fd == -1)
		return -1;
	n = read(fd, line, size - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return n == -1 ? -1 : 0;
}

static int
word(struct lines *l, char *text, void *arg)
{
	if (strchr(text, ' ') != NULL)
		return lines_error(l, "more than one word");
	(*(int *)arg)++;
	return 0;
}

static int
check(void *conf)
{
	struct testd_conf *c = conf;
	int rc = 0;

	if (*c->key_file != '\0' &&
	    read_line(AT_FDCWD, c->key_file, c->key, sizeof(c->key)) == -1) {
		conf_error(
		    0, "key_file", "%s: %s", c->key_file, strerror(errno));
		rc = -1;
	}
	if (*c->words != '\0' && lines_read(c->words, word, &c->nwords) == -1)
		rc = -1;
	return rc;
}

static void
logs(const void *conf, const char *path[DAEMON_LOGS])
{
	path[0] = ((const struct testd_conf *)conf)->log;
}

/* The answer to text, in place. */
static size_t
answer(struct state *s, char text[TEXT])
{
	const struct testd_conf *c = s->conf;
	char *arg = strchr(text, ' '), path[TEXT], more[80] = "";
	int fd;

	stats_add(s->w->counters, REQUESTS, 1);
	if (arg != NULL && strncmp(text, "file ", 5) == 0) {
		snprintf(path, sizeof(path), "%.200s/%.200s", c->root, arg + 1);
		if (read_line(AT_FDCWD, path, more, sizeof(more)) == -1)
			strlcpy(more, strerror(errno), sizeof(more));
	} else if (arg != NULL && strncmp(text, "open ", 5) == 0) {
		fd = open(arg + 1, O_RDONLY | O_CLOEXEC);
		strlcpy(
		    more, fd == -1 ? strerror(errno) : "open", sizeof(more));
		if (fd != -1)
			close(fd);
	} else if (arg != NULL && strncmp(text, "log ", 4) == 0) {
		log_info("%s", arg + 1);
		logfile_line(&s->w->logs[0], "%s", arg + 1);
		logfile_flush(&s->w->logs[0]);
	}
	fd = (int)strlen(text);
	return (size_t)fd +
	    (size_t)snprintf(text + fd, TEXT - (size_t)fd,
		" worker=%u greeting=%s key=%s words=%d pid=%d %s", s->w->index,
		c->greeting, c->key, c->nwords, (int)getpid(), more);
}

/* Nothing alive and nothing to come. */
static void
done_if_idle(struct state *s)
{
	if (s->connections == 0 && (s->w->draining || s->w->inetd))
		worker_done(s->w);
}

static void
datagrams(struct ev_loop *loop, ev_io *io, int events)
{
	struct state *s = io->data;
	char text[TEXT];
	union sock_addr peer;
	socklen_t len = sizeof(peer);
	ssize_t n;

	(void)loop;
	(void)events;
	while ((n = recvfrom(io->fd, text, TEXT / 4, 0, &peer.sa, &len)) >= 0) {
		text[n] = '\0';
		sendto(io->fd, text, answer(s, text), 0, &peer.sa, len);
		len = sizeof(peer);
	}
	if (s->w->inetd)
		done_if_idle(s);
}

static void
line(struct ev_loop *loop, ev_io *io, int events)
{
	struct connection *c = io->data;
	struct state *s = c->state;
	char text[TEXT];
	ssize_t n = recv(io->fd, text, TEXT / 4, 0);

	(void)events;
	if (n == -1 && errno == EAGAIN)
		return;
	if (n > 0) {
		text[n] = '\0';
		text[strcspn(text, "\r\n")] = '\0';
		send(io->fd, text, answer(s, text), MSG_NOSIGNAL);
	}
	ev_io_stop(loop, io);
	close(io->fd);
	free(c);
	stats_set(s->w->counters, CONNECTIONS, --s->connections);
	done_if_idle(s);
}

static int
connected(struct state *s, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -1;
	c->state = s;
	ev_io_init(&c->io, line, fd, EV_READ);
	c->io.data = c;
	ev_io_start(s->w->loop, &c->io);
	stats_set(s->w->counters, CONNECTIONS, ++s->connections);
	return 0;
}

static void
connections(struct ev_loop *loop, ev_io *io, int events)
{
	union sock_addr peer;
	int fd;

	(void)loop;
	(void)events;
	while ((fd = sock_accept(io->fd, &peer)) != -1)
		if (connected(io->data, fd) == -1)
			close(fd);
}

static int
prepare(struct worker *w)
{
	const struct testd_conf *c = w->conf;

	if (c->fail == FAIL_PREPARE) {
		log_errx("told to fail");
		return -1;
	}
	sandbox_calls(SANDBOX_USUAL);
	if (*c->root == '\0' || sandbox_path(c->root, SANDBOX_READ) == 0)
		return 0;
	log_err("%s", c->root);
	return -1;
}

static int
start(struct worker *w)
{
	static struct state s;
	size_t i;

	s.conf = w->conf;
	s.w = w;
	w->state = &s;
	if (s.conf->fail == FAIL_START)
		return -1;
	if (w->nsocks > 0 && w->socks[0]->origin == SOCK_INETD_NOWAIT)
		return connected(&s, w->socks[0]->fd);
	for (i = 0; i < w->nsocks; i++) {
		ev_io_init(&s.io[i],
		    w->socks[i]->type == SOCK_DGRAM ? datagrams : connections,
		    w->socks[i]->fd, EV_READ);
		s.io[i].data = &s;
		ev_io_start(w->loop, &s.io[i]);
	}
	return 0;
}

static void
drain(struct worker *w)
{
	struct state *s = w->state;
	size_t i;

	for (i = 0; i < w->nsocks; i++) {
		if (!ev_is_active(&s->io[i]))
			continue;
		ev_invoke(w->loop, &s->io[i], EV_READ); /* what waits */
		ev_io_stop(w->loop, &s->io[i]);
		close(w->socks[i]->fd); /* for who is started after us */
	}
	done_if_idle(s);
}

static int
verb_who(void *arg, int argc, char **argv, struct buf *out)
{
	const struct worker *w = arg;

	(void)argc;
	buf_printf(
	    out, "%s worker %u pid %d\n", argv[1], w->index, (int)getpid());
	return 0;
}

static const struct control_verb verbs[] = {
	{ "who", "who WORD: one worker", CONTROL_WORKER, 1, 1, verb_who },
	{ "all", "all WORD: each worker", CONTROL_EACH, 1, 1, verb_who },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};

int
main(int argc, char **argv)
{
	struct daemon d = {
		.name = "testd",
		.port = 7777,
		.type = SOCK_DGRAM,
		.keys = keys,
		.conf_size = sizeof(struct testd_conf),
		.counters = counters,
		.verbs = verbs,
		.check = check,
		.logs = logs,
		.prepare = prepare,
		.start = start,
		.drain = drain,
	};

	if (getenv("TESTD_STREAM") != NULL)
		d.type = SOCK_STREAM;
	if (getenv("TESTD_BOUND") != NULL) {
		d.listen = "127.0.0.2";
		d.keys = bound_keys;
	}
	return daemon_main(&d, argc, argv);
}
