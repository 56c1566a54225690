/*
 * clientscript: the script that configures the interface, in the manner of
 * udhcpc: its argument is the event, its environment the words, the name of
 * the interface and PATH. One runs at a time.
 */
#ifndef CLIENTSCRIPT_H
#define CLIENTSCRIPT_H

#include <ev.h>
#include <stdbool.h>

#include "words.h"

#define CLIENTSCRIPT_SECONDS 60.0 /* one that takes longer is killed */

struct clientscript {
	struct ev_loop *loop; /* the default one */
	const char *path, *interface;
	void (*done)(void *arg); /* it ended, however; never within _run */
	void *arg;
	bool running;
	bool failed; /* the last one did not end with status 0 */
	ev_child child;
	ev_timer limit;
};

void clientscript_init(struct clientscript *, struct ev_loop *,
    const char *path, const char *interface);
/* words: NULL for none. 0, or -1 after a message: done is not called. */
int clientscript_run(
    struct clientscript *, const char *event, const struct words *);

#endif
