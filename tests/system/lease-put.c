/*
 * lease-put FILE [ADDRESS HARDWARE-ADDRESS SECONDS]...: a new map of leases, in
 * which each address is that client's for so many seconds from now on.
 */
#include <arpa/inet.h>

#include <err.h>
#include <stdio.h>
#include <time.h>

#include <bsd/stdlib.h>

#include "leasemap.h"

static void
put(struct leasemap *m, char **words)
{
	unsigned v[6], i;
	struct in_addr a;
	uint8_t hw[6];
	const char *wrong;
	long long end;

	if (inet_pton(AF_INET, words[0], &a) != 1)
		errx(1, "%s: no address", words[0]);
	if (sscanf(words[1], "%x:%x:%x:%x:%x:%x", &v[0], &v[1], &v[2], &v[3],
		&v[4], &v[5]) != 6)
		errx(1, "%s: no hardware address", words[1]);
	end = time(NULL) + strtonum(words[2], -1000000, 1000000, &wrong);
	if (wrong != NULL)
		errx(1, "%s: %s", words[2], wrong);
	for (i = 0; i < 6; i++)
		hw[i] = (uint8_t)v[i];
	leasemap_put(m, a, 1, hw, 6, end);
}

int
main(int argc, char **argv)
{
	struct leasemap *m;
	int i;

	if (argc < 2 || (m = leasemap_create(argv[1], 1000)) == NULL)
		err(1, "%s", argc < 2 ? "which file" : argv[1]);
	for (i = 2; i + 2 < argc; i += 3)
		put(m, argv + i);
	if (leasemap_publish(m) == -1)
		err(1, "%s", argv[1]);
	leasemap_close(m);
	return 0;
}
