/*
 * A statistics file of any content, read as `basenet stats` does.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_all(const struct stats_reader *r)
{
	size_t i;

	if (strlen(stats_daemon(r)) >= STATS_NAME)
		abort();
	(void)stats_pid(r);
	(void)stats_started(r);
	for (i = 0; i < stats_count(r); i++) {
		if (strlen(stats_name(r, i)) >= STATS_NAME)
			abort();
		(void)stats_sum(r, i);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct stats_reader *r;
	char path[32];
	int fd = memfd_create("stats", MFD_CLOEXEC);

	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((r = stats_open(path)) != NULL) {
		read_all(r);
		stats_close(r);
	}
	close(fd);
	return 0;
}
