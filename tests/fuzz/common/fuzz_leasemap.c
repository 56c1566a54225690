/*
 * A map of leases of any content, looked into as tftpd does. The file is the
 * input, stretched to the size that its header asks for (up to 1 MB), since
 * one of another size is refused at once.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leasemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define HEADER 4096
#define ENTRY 32
#define ENTRIES_MAX 32768

static int
make_file(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("leasemap", MFD_CLOEXEC);
	off_t size = (off_t)len;
	uint32_t entries = 0;

	if (len >= 16)
		memcpy(&entries, bytes + 12, sizeof(entries));
	if (entries > 0 && entries <= ENTRIES_MAX)
		size = HEADER + (off_t)entries * ENTRY;
	if (fd == -1 || write(fd, bytes, len) != (ssize_t)len ||
	    ftruncate(fd, size) == -1)
		abort();
	return fd;
}

static void
find(struct leasemap_reader *r, uint32_t ip)
{
	struct leasemap_entry e;

	memset(&e, 0xff, sizeof(e));
	if (leasemap_find(r, (struct in_addr){ htonl(ip) }, 1000, &e) &&
	    (e.hlen > sizeof(e.hw) || e.end <= 1000 || ip == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct leasemap_reader *r;
	uint32_t ip, i;
	char path[32];
	int fd = make_file(bytes, len);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((r = leasemap_open(path)) == NULL)
		abort();
	for (i = 0; i < 4; i++)
		find(r, i);
	/* addresses that the file itself names */
	for (i = HEADER + 4; i + 4 <= len && i < HEADER + 16 * ENTRY;
	     i += ENTRY) {
		memcpy(&ip, bytes + i, sizeof(ip));
		find(r, ip);
	}
	leasemap_reader_close(r);
	close(fd);
	return 0;
}
