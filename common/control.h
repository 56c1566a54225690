/*
 * control: requests of the administrator at /run/basenet/NAME.sock.
 *
 * A client connects, sends one line of words and reads until the end. The
 * first line of the answer is "ok" or "error: why", then the verb's own
 * text. The socket is 0600 (0660 with a group), and the peer's credentials
 * are checked besides: root, the parent's own uid, or a member of the group.
 * One line of at most CONTROL_LINE bytes (its newline included) without a NUL,
 * within CONTROL_SECONDS; who doesn't keep that is closed. What follows the
 * line is not read. Of more than CONTROL_CLIENTS clients that have not sent
 * their line, or not read their answer, the oldest is closed.
 *
 * The parent reads the line and finds the verb in a table; two tables may have
 * one of the same name that takes other numbers of words. A verb of the
 * worker's goes to one or to each worker with the client's descriptor; the
 * worker appends its answer and closes.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <ev.h>

#include "buf.h"

#define CONTROL_LINE 1024
#define CONTROL_SECONDS 5
#define CONTROL_CLIENTS 16
#define CONTROL_WORDS 16
#define CONTROL_ANSWER (1024 * 1024) /* bytes of an answer or a part of one */

enum control_where { CONTROL_PARENT, CONTROL_WORKER, CONTROL_EACH };

struct control_verb {
	const char *name;
	const char *help; /* "status: pid, generation and workers" */
	enum control_where where;
	int min, max; /* words after the verb */
	/*
	 * Add the answer's text to out. 0, or -1 with the reason as text, or
	 * CONTROL_LATER after control_take (in a worker: control_keep), or (in
	 * a worker) CONTROL_MORE after control_parts. arg: as given to
	 * control_open, in a worker its struct worker.
	 */
	int (*run)(void *arg, int argc, char **argv, struct buf *out);
};

#define CONTROL_LATER 1
#define CONTROL_MORE 2

/*
 * An answer that comes in parts, each made when the client has read the one
 * before, so that it may be of any length and no other work waits for it.
 */
struct control_parts {
	/* Add the next part to out. 1: more follow; 0: it is the last. */
	int (*next)(void *arg, struct buf *out);
	void (*end)(void *arg); /* called once, also if the client left */
	void *arg;
};
/* Within run() in a worker: what it adds is the first part. */
void control_parts(const struct control_parts *);

struct control;

/*
 * A verb found for a worker: pass fd and line on; fd stays the caller's. How
 * many workers got it.
 */
typedef int control_pass_fn(
    void *arg, const struct control_verb *, const char *line, int fd);

/*
 * Bind path and watch it on loop. Tables end with a NULL name. NULL with
 * errno.
 */
struct control *
control_open(struct ev_loop *, const char *path, const char *group,
    const struct control_verb *const tables[2], control_pass_fn *, void *arg);
/* The group after a reload, "" for none. 0, or -1 with errno. */
int control_regroup(struct control *, const char *group);
/* Close, and remove the path. */
void control_close(struct control *);
/*
 * Within run(): take the client's descriptor over, to answer it later with
 * control_answer.
 */
int control_take(struct control *);
/* The same in a worker, where the client has then no deadline. */
int control_keep(void);

/*
 * Send "ok" (error 0) or "error: " and the text, in the background, and
 * close fd; a client that does not read is given up after CONTROL_SECONDS.
 * The buffer's memory is taken over.
 */
void control_answer(struct ev_loop *, int fd, int error, struct buf *);

/*
 * Worker: run the verb of `line` from its own table and answer on fd, which
 * is closed.
 */
void control_serve(struct ev_loop *, const struct control_verb *table,
    void *arg, char *line, int fd);

#endif
