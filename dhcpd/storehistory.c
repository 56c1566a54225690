/*
 * The history: every line that the journals ever had. It is written with them
 * and never waited for; that it cannot be written is no reason to refuse a
 * lease.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "storepart.h"

static void
history_complain(struct store *s)
{
	if (log_allowed(&s->history_limit, "history of leases"))
		log_warn("history of leases");
}

/* A line that a crash or a full disk cut must not swallow the next one. */
static bool
ends_in_line(int fd, uint64_t size)
{
	char last;

	return size == 0 ||
	    (pread(fd, &last, 1, (off_t)size - 1) == 1 && last == '\n');
}

/* The file, or -1 with errno. */
static int
history_file(struct store *s)
{
	struct stat st;
	int fd = openat(s->setup.dir, STORE_HISTORY,
	    O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC,
	    STORE_FILE_MODE);

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		s->history_bytes = (uint64_t)st.st_size;
		s->history_torn = !ends_in_line(fd, s->history_bytes);
		return fd;
	}
	close(fd);
	errno = EINVAL;
	return -1;
}

static void
history_open(struct store *s)
{
	if (s->setup.history_max == 0)
		return;
	if ((s->history = history_file(s)) == -1)
		history_complain(s);
}

/* At a start: what is no file that we could write is put out of the way. */
void
storehistory_start(struct store *s)
{
	if (s->setup.history_max == 0 || (s->history = history_file(s)) != -1)
		return;
	storefile_put_aside(s, STORE_HISTORY);
	history_open(s);
}

void
storehistory_close(struct store *s)
{
	if (s->history != -1)
		close(s->history);
	s->history = -1;
}

static void
history_rotate(struct store *s)
{
	int dir = s->setup.dir;

	storehistory_close(s);
	if (renameat(dir, STORE_HISTORY, dir, STORE_HISTORY_OLD) == -1)
		history_complain(s);
	history_open(s);
}

void
storehistory_add(struct store *s, const char *lines, size_t n)
{
	if (s->setup.history_max == 0)
		return;
	if (s->history == -1)
		history_open(s);
	else if (s->history_bytes > 0 &&
	    s->history_bytes + n > s->setup.history_max)
		history_rotate(s);
	if (s->history == -1)
		return;
	if (s->history_torn && store_write(s->history, "\n", 1) == 0)
		s->history_torn = false;
	if (store_write(s->history, lines, n) == -1) {
		history_complain(s);
		s->history_torn = true;
		return;
	}
	s->history_bytes += n;
}
