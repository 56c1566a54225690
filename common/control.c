/*
 * The control socket: one line in, a text out.
 */
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
	struct control *control;
	ev_io io;
	ev_timer deadline;
	size_t len;
	char line[CONTROL_LINE + 1];
};

struct control {
	struct ev_loop *loop;
	ev_io io;
	struct sockaddr_un sun;
	uid_t uid;
	gid_t gid;
	bool has_group;
	const struct control_verb *tables[2];
	control_pass_fn *pass;
	void *arg;
	struct client *clients[CONTROL_CLIENTS];
	int taken; /* the descriptor of the verb that runs, or -1 */
	bool was_taken;
};

/* An answer on its way. */
struct answer {
	ev_io io;
	ev_timer deadline;
	struct buf text;
};

static void
answer_end(struct ev_loop *loop, struct answer *a)
{
	ev_io_stop(loop, &a->io);
	ev_timer_stop(loop, &a->deadline);
	close(a->io.fd);
	buf_free(&a->text);
	free(a);
}

static void
answer_late(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)events;
	answer_end(loop, t->data);
}

/* 1: all is sent or the client is gone; 0: the rest must wait. */
static int
answer_send(int fd, struct buf *b)
{
	ssize_t n;

	while (buf_left(b) > 0) {
		n = send(fd, b->p + b->pos, buf_left(b),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1)
			return errno != EAGAIN;
		buf_drop(b, (size_t)n);
	}
	return 1;
}

static void
answer_writable(struct ev_loop *loop, ev_io *io, int events)
{
	struct answer *a = io->data;

	(void)events;
	if (answer_send(io->fd, &a->text))
		answer_end(loop, a);
}

static void
answer_start(struct ev_loop *loop, int fd, struct buf *text)
{
	struct answer *a;

	if (answer_send(fd, text) || (a = calloc(1, sizeof(*a))) == NULL) {
		close(fd);
		buf_free(text);
		return;
	}
	a->text = *text;
	ev_io_init(&a->io, answer_writable, fd, EV_WRITE);
	ev_timer_init(&a->deadline, answer_late, CONTROL_SECONDS, 0);
	a->io.data = a->deadline.data = a;
	ev_io_start(loop, &a->io);
	ev_timer_start(loop, &a->deadline);
}

static const char *
text_of(struct buf *b)
{
	buf_add(b, "", 1);
	return b->failed ? "out of memory" : (const char *)b->p + b->pos;
}

void
control_answer(struct ev_loop *loop, int fd, int error, struct buf *text)
{
	struct buf whole;

	buf_init(&whole, CONTROL_ANSWER + 64);
	if (error == 0) {
		buf_puts(&whole,
		    text->failed ? "error: the answer is too long\n" : "ok\n");
		if (!text->failed)
			buf_add(&whole, text->p + text->pos, buf_left(text));
	} else
		buf_printf(&whole, "error: %s\n", text_of(text));
	buf_free(text);
	answer_start(loop, fd, &whole);
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

	if (argc < v->min + 1 || argc > v->max + 1) {
		buf_printf(out, "usage: %s", v->help);
		return -1;
	}
	return v->run(arg, argc, argv, out);
}

void
control_serve(struct ev_loop *loop, const struct control_verb *table, void *arg,
    char *line, int fd)
{
	char copy[CONTROL_LINE + 1], *first = copy;
	const struct control_verb *v;
	struct buf out;
	int rc;

	strlcpy(copy, line, sizeof(copy));
	first += strspn(first, " \t");
	first[strcspn(first, " \t")] = '\0';
	if ((v = verb_find(table, first)) == NULL) {
		close(fd);
		return;
	}
	buf_init(&out, CONTROL_ANSWER);
	rc = verb_run(v, arg, line, &out);
	if (v->where == CONTROL_EACH)
		answer_start(loop, fd, &out); /* the parent said "ok" */
	else
		control_answer(loop, fd, rc, &out);
}

static void
client_end(struct client *c, bool close_fd)
{
	struct control *control = c->control;
	size_t i;

	ev_io_stop(control->loop, &c->io);
	ev_timer_stop(control->loop, &c->deadline);
	if (close_fd)
		close(c->io.fd);
	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i] == c)
			control->clients[i] = NULL;
	free(c);
}

static void
client_late(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	client_end(t->data, true);
}

/* List the verbs, for "help" and after an unknown one. */
static void
say_verbs(struct control *control, struct buf *out)
{
	const struct control_verb *v;
	size_t i;

	for (i = 0; i < 2; i++)
		for (v = control->tables[i]; v != NULL && v->name != NULL; v++)
			buf_printf(out, "%s\n", v->help);
}

static void
dispatch(struct control *control, char *line, int fd)
{
	char word[CONTROL_LINE + 1], *name = word;
	const struct control_verb *v;
	struct buf out;
	int rc;

	buf_init(&out, CONTROL_ANSWER);
	strlcpy(word, line, sizeof(word));
	name += strspn(name, " \t");
	name[strcspn(name, " \t")] = '\0';
	if ((v = verb_find(control->tables[0], name)) == NULL)
		v = verb_find(control->tables[1], name);
	if (strcmp(name, "help") == 0) {
		say_verbs(control, &out);
		control_answer(control->loop, fd, 0, &out);
		return;
	}
	if (v == NULL) {
		buf_printf(&out, "%s: no such verb; try help", name);
		control_answer(control->loop, fd, -1, &out);
		return;
	}
	if (v->where != CONTROL_PARENT) {
		if (v->where == CONTROL_EACH)
			send(fd, "ok\n", 3, MSG_DONTWAIT | MSG_NOSIGNAL);
		control->pass(control->arg, v, line, fd);
		close(fd);
		return;
	}
	control->taken = fd;
	control->was_taken = false;
	rc = verb_run(v, control->arg, line, &out);
	control->taken = -1;
	if (rc == CONTROL_LATER || control->was_taken)
		buf_free(&out);
	else
		control_answer(control->loop, fd, rc, &out);
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
	if (end > c->line && end[-1] == '\r')
		end[-1] = '\0';
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
	if (peer.uid == 0 || peer.uid == control->uid)
		return true;
	return control->has_group &&
	    (peer.gid == control->gid || in_group(fd, control->gid));
}

static void
control_readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct control *control = io->data;
	struct client *c;
	size_t i;
	int fd;

	(void)events;
	fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1)
		return;
	for (i = 0; i < CONTROL_CLIENTS && control->clients[i] != NULL; i++)
		;
	if (i == CONTROL_CLIENTS || !allowed(control, fd) ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		close(fd);
		return;
	}
	control->clients[i] = c;
	c->control = control;
	ev_io_init(&c->io, client_readable, fd, EV_READ);
	ev_timer_init(&c->deadline, client_late, CONTROL_SECONDS, 0);
	c->io.data = c->deadline.data = c;
	ev_io_start(loop, &c->io);
	ev_timer_start(loop, &c->deadline);
}

int
control_regroup(struct control *control, const char *group, uid_t uid)
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
	control->uid = uid;
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
    uid_t uid, const struct control_verb *const tables[2],
    control_pass_fn *pass, void *arg)
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
	if (control_regroup(control, group, uid) == 0)
		return control;
	control_close(control);
	return NULL;
}

void
control_close(struct control *control)
{
	int error = errno;
	size_t i;

	if (control == NULL)
		return;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (control->clients[i] != NULL)
			client_end(control->clients[i], true);
	ev_io_stop(control->loop, &control->io);
	close(control->io.fd);
	unlink(control->sun.sun_path);
	free(control);
	errno = error;
}
