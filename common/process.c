/*
 * Processes that are being started.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "log.h"
#include "process.h"

static int starter = -1; /* pipe to the process that waits for us */

void
process_fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		fatal("/dev/null");
	close(fd);
}

void
process_null(int first)
{
	int fd = open("/dev/null", O_RDWR);

	if (fd == -1)
		fatal("/dev/null");
	for (; first <= STDERR_FILENO; first++)
		dup2(fd, first);
	if (fd > STDERR_FILENO)
		close(fd);
}

static int
by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void
process_close_all_but(int *keep, size_t n)
{
	int from = STDERR_FILENO + 1;
	size_t i;

	qsort(keep, n, sizeof(*keep), by_number);
	for (i = 0; i < n; i++) {
		if (keep[i] > from)
			close_range((unsigned)from, (unsigned)keep[i] - 1, 0);
		if (keep[i] >= from)
			from = keep[i] + 1;
	}
	close_range((unsigned)from, ~0U, 0);
}

void
process_detach(void)
{
	char ok;
	int p[2];

	if (pipe2(p, O_CLOEXEC) == -1)
		fatal("pipe");
	switch (fork()) {
	case -1:
		fatal("fork");
	case 0:
		break;
	default:
		close(p[1]);
		_exit(read(p[0], &ok, 1) == 1 ? 0 : 1);
	}
	close(p[0]);
	starter = p[1];
	setsid();
}

void
process_serves(void)
{
	if (starter == -1)
		return;
	log_open(getprogname(), LOG_TO_SYSLOG);
	process_null(STDIN_FILENO);
	if (write(starter, "", 1) != 1)
		log_debug("nobody waited for the start");
	close(starter);
	starter = -1;
}
