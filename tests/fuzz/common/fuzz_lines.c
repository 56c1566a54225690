/*
 * Line files of any content: each record holds to what lines.h promises.
 */
#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
check_record(struct lines *l, char *text, void *arg)
{
	size_t i, len = strlen(text);
	int *last = arg;

	if (len == 0 || len > LINES_MAX || *text == '#' ||
	    strchr(" \t", *text) != NULL ||
	    strchr(" \t", text[len - 1]) != NULL)
		abort();
	for (i = 0; i < len; i++)
		if (text[i] == '\n')
			abort();
	if (lines_number(l) <= *last)
		abort();
	*last = lines_number(l);
	if (len > 100)
		return lines_error(l, "more than 100 bytes");
	return strcmp(text, "bad") == 0 ? -1 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int last = 0, fd = memfd_create("lines", MFD_CLOEXEC);
	char path[32];

	log_level(LOG_EMERG);
	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	lines_read(path, check_record, &last);
	close(fd);
	return 0;
}
