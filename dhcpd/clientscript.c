/*
 * Running the client's script.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clientscript.h"
#include "log.h"

#define ENVIRONMENT 512 /* words, at most */
#define SCRIPT_PATH                                                            \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void
on_exit_of(struct ev_loop *loop, ev_child *w, int revents)
{
	struct clientscript *s = w->data;

	(void)revents;
	ev_child_stop(loop, w);
	ev_timer_stop(loop, &s->limit);
	s->running = false;
	s->failed = w->rstatus != 0;
	if (WIFSIGNALED(w->rstatus))
		log_warnx(
		    "%s: killed by signal %d", s->path, WTERMSIG(w->rstatus));
	else if (WEXITSTATUS(w->rstatus) != 0)
		log_warnx("%s: status %d", s->path, WEXITSTATUS(w->rstatus));
	s->done(s->arg);
}

/* Its group, so that what it started and waits for ends, too. */
static void
on_limit(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct clientscript *s = t->data;

	(void)loop;
	(void)revents;
	log_warnx("%s: does not end, is killed", s->path);
	kill(-s->child.pid, SIGKILL);
}

void
clientscript_init(struct clientscript *s, struct ev_loop *loop,
    const char *path, const char *interface)
{
	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->path = path;
	s->interface = interface;
}

/* 0 or an errno. The script has signals as a shell has, and no terminal. */
static int
spawn(const char *path, char *const argv[], char *const env[], pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t all, none;
	int rc;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(
	    &files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(pid, path, &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

int
clientscript_run(
    struct clientscript *s, const char *event, const struct words *words)
{
	static char path[] = "PATH=" SCRIPT_PATH;
	char interface[32], *env[ENVIRONMENT];
	char *const argv[] = { (char *)(uintptr_t)s->path,
		(char *)(uintptr_t)event, NULL };
	const char *word = NULL;
	size_t n = 0;
	pid_t pid;

	snprintf(interface, sizeof(interface), "interface=%s", s->interface);
	env[n++] = path;
	env[n++] = interface;
	while (words != NULL && n < ENVIRONMENT - 1 &&
	    (word = words_next(words, word)) != NULL)
		env[n++] = (char *)(uintptr_t)word;
	env[n] = NULL;
	if ((errno = spawn(s->path, argv, env, &pid)) != 0) {
		log_err("%s", s->path);
		s->failed = true;
		return -1;
	}
	s->running = true;
	ev_child_init(&s->child, on_exit_of, pid, 0);
	ev_timer_init(&s->limit, on_limit, CLIENTSCRIPT_SECONDS, 0);
	s->child.data = s->limit.data = s;
	ev_child_start(s->loop, &s->child);
	ev_timer_start(s->loop, &s->limit);
	return 0;
}
