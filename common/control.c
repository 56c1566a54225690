/*
 * The control socket: one line in, a text out.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "control.h"
#include "log.h"

struct client {
	TAILQ_ENTRY(client) link;
	struct control *control;
	ev_io io;
	ev_timer deadline;
	size_t len;
	char line[CONTROL_LINE + 1];
};

TAILQ_HEAD(client_list, client);

struct control {
	struct ev_loop *loop;
	ev_io io;
	struct sockaddr_un sun;
	gid_t gid;
	bool has_group;
	const struct control_verb *tables[2];
	control_pass_fn *pass;
	void *arg;
	struct client_list clients; /* the oldest first */
	size_t nclients;
	int taken; /* the descriptor of the verb that runs, or -1 */
	bool was_taken;
};

/* An answer on its way. */
struct answer {
	TAILQ_ENTRY(answer) link;
	ev_io io;
	ev_timer deadline;
	struct buf text;
	struct control_parts parts; /* next NULL: no more follow */
};

TAILQ_HEAD(answer_list, answer);

static struct answer_list answers = TAILQ_HEAD_INITIALIZER(answers);
static size_t nanswers;
static struct control_parts parts; /* of the verb that runs */
static int serving = -1; /* the client of that, in a worker */

static void
answer_end(struct ev_loop *loop, struct answer *a)
{
	ev_io_stop(loop, &a->io);
	ev_timer_stop(loop, &a->deadline);
	close(a->io.fd);
	TAILQ_REMOVE(&answers, a, link);
	nanswers--;
	buf_free(&a->text);
	if (a->parts.end != NULL)
		a->parts.end(a->parts.arg);
	free(a);
}

static void
answer_late(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)events;
	answer_end(loop, t->data);
}

/* 1: all is sent; 0: the rest must wait; -1: the client is gone. */
static int
answer_send(int fd, struct buf *b)
{
	ssize_t n;

	while (buf_left(b) > 0) {
		n = send(fd, b->p + b->pos, buf_left(b),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1)
			return errno == EAGAIN ? 0 : -1;
		buf_drop(b, (size_t)n);
	}
	return 1;
}

/* One part for each turn of the loop; each has its own time. */
static void
answer_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct answer *a = io->data;
	int rc = answer_send(io->fd, &a->text);

	(void)events;
	if (rc == 0)
		return;
	if (rc == -1 || a->parts.next == NULL || a->text.failed) {
		answer_end(loop, a);
		return;
	}
	buf_reset(&a->text);
	if (a->parts.next(a->parts.arg, &a->text) == 0)
		a->parts.next = NULL;
	ev_timer_stop(loop, &a->deadline);
	ev_timer_set(&a->deadline, CONTROL_SECONDS, 0);
	ev_timer_start(loop, &a->deadline);
}

static void
answer_watch(struct ev_loop *loop, struct answer *a, int fd)
{
	if (nanswers == CONTROL_CLIENTS)
		answer_end(loop, TAILQ_FIRST(&answers));
	TAILQ_INSERT_TAIL(&answers, a, link);
	nanswers++;
	ev_io_init(&a->io, answer_writable, fd, EV_WRITE);
	ev_timer_init(&a->deadline, answer_late, CONTROL_SECONDS, 0);
	a->io.data = a->deadline.data = a;
	ev_io_start(loop, &a->io);
	ev_timer_start(loop, &a->deadline);
}

/* more: the parts that follow; NULL: none. */
static void
answer_start(struct ev_loop *loop, int fd, struct buf *text,
    const struct control_parts *more)
{
	struct answer *a = NULL;

	if ((more == NULL && answer_send(fd, text) != 0) ||
	    (a = calloc(1, sizeof(*a))) == NULL) {
		if (more != NULL)
			more->end(more->arg);
		close(fd);
		buf_free(text);
		return;
	}
	a->text = *text;
	if (more != NULL)
		a->parts = *more;
	answer_watch(loop, a, fd);
}

void
control_parts(const struct control_parts *p)
{
	parts = *p;
}

int
control_keep(void)
{
	return serving;
}

/* What the client reads when all went well, or not; text is taken over. */
static struct buf
say(int error, bool ok, struct buf *text)
{
	struct buf whole;

	buf_init(&whole, CONTROL_ANSWER + 64);
	if (text->failed)
		buf_puts(&whole, "error: the answer is too long\n");
	else if (error != 0)
		buf_printf(&whole, "error: %.*s\n", (int)buf_left(text),
		    text->p != NULL ? (char *)text->p + text->pos : "");
	else {
		buf_puts(&whole, ok ? "ok\n" : "");
		if (buf_left(text) > 0)
			buf_add(&whole, text->p + text->pos, buf_left(text));
	}
	buf_free(text);
	return whole;
}

void
control_answer(struct ev_loop *loop, int fd, int error, struct buf *text)
{
	struct buf whole = say(error, true, text);

	answer_start(loop, fd, &whole, NULL);
}

static int
words_of(char *line, char **argv)
{
	int argc = 0;
	char *w;

	while ((w = strsep(&line, " \t")) != NULL) {
		if (*w == '\0')
			continue;
		if (argc == CONTROL_WORDS)
			return -1;
		argv[argc++] = w;
	}
	argv[argc] = NULL;
	return argc;
}

static const struct control_verb *
verb_find(const struct control_verb *v, const char *name)
{
	for (; v != NULL && v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static int
verb_run(const struct control_verb *v, void *arg, char *line, struct buf *out)
{
	char *argv[CONTROL_WORDS + 1];
	int argc = words_of(line, argv);

	return v->run(arg, argc, argv, out);
}

/* The verb that the line begins with, if its words are as many as it takes. */
static const struct control_verb *
verb_of(const struct control_verb *const tables[2], const char *line,
    struct buf *why)
{
	char copy[CONTROL_LINE + 1], *argv[CONTROL_WORDS + 1];
	const struct control_verb *v, *other = NULL;
	int argc, i;

	strlcpy(copy, line, sizeof(copy));
	argc = words_of(copy, argv);
	for (i = 0; i < 2 && argc != 0; i++) {
		if ((v = verb_find(tables[i], argv[0])) == NULL)
			continue;
		if (argc >= v->min + 1 && argc <= v->max + 1)
			return v;
		other = v;
	}
	if (other == NULL)
		buf_puts(why, "no such verb; try help");
	else
		buf_printf(why, "usage: %s", other->help);
	return NULL;
}

void
control_serve(struct ev_loop *loop, const struct control_verb *table, void *arg,
    char *line, int fd)
{
	const struct control_verb *const tables[2] = { table, NULL };
	const struct control_verb *v;
	struct buf out, whole;
	int rc = -1;

	buf_init(&out, CONTROL_ANSWER);
	serving = fd;
	if ((v = verb_of(tables, line, &out)) != NULL)
		rc = verb_run(v, arg, line, &out);
	if (rc == CONTROL_LATER) {
		buf_free(&out);
		return;
	}
	/* to a client of each worker the parent said "ok" */
	whole = say(rc == CONTROL_MORE ? 0 : rc,
	    v == NULL || v->where != CONTROL_EACH, &out);
	answer_start(loop, fd, &whole, rc == CONTROL_MORE ? &parts : NULL);
}

static void
client_end(struct client *c, bool close_fd)
{
	struct control *control = c->control;

	ev_io_stop(control->loop, &c->io);
	ev_timer_stop(control->loop, &c->deadline);
	if (close_fd)
		close(c->io.fd);
	TAILQ_REMOVE(&control->clients, c, link);
	control->nclients--;
	free(c);
}

static void
client_late(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	client_end(t->data, true);
}

static void
say_verbs(struct control *control, int fd)
{
	const struct control_verb *v;
	struct buf out;
	size_t i;

	buf_init(&out, CONTROL_ANSWER);
	for (i = 0; i < 2; i++)
		for (v = control->tables[i]; v != NULL && v->name != NULL; v++)
			buf_printf(&out, "%s\n", v->help);
	control_answer(control->loop, fd, 0, &out);
}

/* In the worker, or in each; they answer. */
static void
run_there(struct control *control, const struct control_verb *v,
    const char *line, int fd)
{
	struct buf out;

	if (v->where == CONTROL_EACH)
		send(fd, "ok\n", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (control->pass(control->arg, v, line, fd) > 0 ||
	    v->where == CONTROL_EACH) {
		close(fd);
		return;
	}
	buf_init(&out, CONTROL_ANSWER);
	buf_puts(&out, "no worker is ready");
	control_answer(control->loop, fd, -1, &out);
}

static void
run_here(
    struct control *control, const struct control_verb *v, char *line, int fd)
{
	struct buf out;
	int rc;

	buf_init(&out, CONTROL_ANSWER);
	control->taken = fd;
	control->was_taken = false;
	rc = verb_run(v, control->arg, line, &out);
	control->taken = -1;
	if (control->was_taken)
		buf_free(&out);
	else
		control_answer(control->loop, fd, rc, &out);
}

static void
dispatch(struct control *control, char *line, int fd)
{
	const struct control_verb *v;
	struct buf why;

	line += strspn(line, " \t");
	if (strcmp(line, "help") == 0) {
		say_verbs(control, fd);
		return;
	}
	buf_init(&why, CONTROL_ANSWER);
	if ((v = verb_of(control->tables, line, &why)) == NULL)
		control_answer(control->loop, fd, -1, &why);
	else if (v->where == CONTROL_PARENT)
		run_here(control, v, line, fd);
	else
		run_there(control, v, line, fd);
}

int
control_take(struct control *control)
{
	control->was_taken = true;
	return control->taken;
}

static void
client_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct client *c = io->data;
	struct control *control = c->control;
	char line[CONTROL_LINE + 1], *end;
	int fd = io->fd;
	ssize_t n;

	(void)loop;
	(void)events;
	n = recv(fd, c->line + c->len, CONTROL_LINE - c->len, MSG_DONTWAIT);
	if (n == -1 && errno == EAGAIN)
		return;
	if (n <= 0) {
		client_end(c, true);
		return;
	}
	c->len += (size_t)n;
	if ((end = memchr(c->line, '\n', c->len)) == NULL) {
		if (c->len == CONTROL_LINE)
			client_end(c, true);
		return;
	}
	*end = '\0';
	if (strlen(c->line) != (size_t)(end - c->line)) {
		client_end(c, true); /* a NUL would hide what follows it */
		return;
	}
	while (end > c->line && strchr(" \t\r", end[-1]) != NULL)
		*--end = '\0';
	strlcpy(line, c->line, sizeof(line));
	client_end(c, false);
	dispatch(control, line, fd);
}

static bool
in_group(int fd, gid_t gid)
{
	gid_t groups[NGROUPS_MAX > 1024 ? 1024 : NGROUPS_MAX];
	socklen_t len = sizeof(groups), i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1)
		return false;
	for (i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == gid)
			return true;
	return false;
}

static bool
allowed(const struct control *control, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	return control->has_group &&
	    (peer.gid == control->gid || in_group(fd, control->gid));
}

static void
control_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *control = io->data;
	struct client *c;
	int fd;

	(void)events;
	/* cppcheck-suppress nullPointer ; nobody asks who it is */
	fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1)
		return;
	if (!allowed(control, fd) || (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	if (control->nclients == CONTROL_CLIENTS)
		client_end(TAILQ_FIRST(&control->clients), true);
	TAILQ_INSERT_TAIL(&control->clients, c, link);
	control->nclients++;
	c->control = control;
	ev_io_init(&c->io, client_readable, fd, EV_READ);
	ev_timer_init(&c->deadline, client_late, CONTROL_SECONDS, 0);
	c->io.data = c->deadline.data = c;
	ev_io_start(loop, &c->io);
	ev_timer_start(loop, &c->deadline);
}

int
control_regroup(struct control *control, const char *group)
{
	struct group *gr = NULL;

	if (*group != '\0' && (gr = getgrnam(group)) == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (chown(control->sun.sun_path, (uid_t)-1,
		gr != NULL ? gr->gr_gid : getegid()) == -1 ||
	    chmod(control->sun.sun_path, gr != NULL ? 0660 : 0600) == -1)
		return -1;
	control->has_group = gr != NULL;
	control->gid = gr != NULL ? gr->gr_gid : (gid_t)-1;
	return 0;
}

static int
control_bind(struct sockaddr_un *sun)
{
	mode_t mask;
	int fd, rc;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	unlink(sun->sun_path); /* the pid file's lock says it is ours */
	mask = umask(0177);
	rc = bind(fd, (struct sockaddr *)sun, sizeof(*sun));
	umask(mask);
	if (rc == 0 && listen(fd, CONTROL_CLIENTS) == 0)
		return fd;
	rc = errno;
	close(fd);
	errno = rc;
	return -1;
}

struct control *
control_open(struct ev_loop *loop, const char *path, const char *group,
    const struct control_verb *const tables[2], control_pass_fn *pass,
    void *arg)
{
	struct control *control;
	int fd;

	if ((control = calloc(1, sizeof(*control))) == NULL)
		return NULL;
	control->loop = loop;
	control->tables[0] = tables[0];
	control->tables[1] = tables[1];
	control->pass = pass;
	control->arg = arg;
	control->taken = -1;
	TAILQ_INIT(&control->clients);
	control->sun.sun_family = AF_UNIX;
	if (strlcpy(
		control->sun.sun_path, path, sizeof(control->sun.sun_path)) >=
	    sizeof(control->sun.sun_path)) {
		free(control);
		errno = ENAMETOOLONG;
		return NULL;
	}
	if ((fd = control_bind(&control->sun)) == -1) {
		free(control);
		return NULL;
	}
	ev_io_init(&control->io, control_readable, fd, EV_READ);
	control->io.data = control;
	ev_io_start(loop, &control->io);
	if (control_regroup(control, group) == 0)
		return control;
	control_close(control);
	return NULL;
}

void
control_close(struct control *control)
{
	int error = errno;

	if (control == NULL)
		return;
	while (!TAILQ_EMPTY(&control->clients))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is removed */
		client_end(TAILQ_FIRST(&control->clients), true);
	ev_io_stop(control->loop, &control->io);
	close(control->io.fd);
	unlink(control->sun.sun_path);
	free(control);
	errno = error;
}
