/*
 * A dhcpd.hosts of any content. What was taken from it is found again, by its
 * address and by its identity, and nothing that must not be twice is there
 * twice.
 */
#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "log.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)
#define S(text) ((char *)(uintptr_t)(text))

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* 10.0.0.0/22 with a range and a reservation, and 10.1.0.0/24. */
static char *ranges[] = { S("10.0.0.10-10.0.3.255") };
static struct level_host section = { .mac = S("02:00:00:00:00:01"),
	.address = S("10.0.0.11"),
	.name = S("section"),
	.line = 3 };
static struct level_subnet subnets[] = {
	{ .ranges = { ranges, 1 },
	    .hosts = { &section, 1 },
	    .name = S("10.0.0.0/22") },
	{ .name = S("10.1.0.0/24") },
};

static void
check_host(const struct scopes *s, const struct host *h)
{
	struct lease_client c = { .htype = h->htype,
		.hlen = h->hlen,
		.id = h->id,
		.idlen = h->idlen };

	CHECK(scope_subnet(s, h->ip) == h->subnet);
	CHECK(h->network == h->subnet->network);
	CHECK(h->name != NULL);
	CHECK((h->hlen != 0) + (h->id != NULL) + (h->circuit != NULL) +
		(h->remote != NULL) ==
	    1);
	memcpy(c.hw, h->hw, sizeof(c.hw));
	if (h->circuit == NULL && h->remote == NULL)
		CHECK(scope_host(s, h->network, &c, NULL, 0) == h);
	CHECK(scope_same_host(s, h) == h);
}

static void
check_hosts(const struct scopes *s)
{
	const struct subnet *sub;
	const struct host *h;
	uint32_t ip;
	size_t i;

	for (i = 0; i < s->nnetworks; i++) {
		sub = s->networks[i].subnets;
		for (ip = sub->net; ip <= (sub->net | ~sub->mask); ip++)
			if ((h = scope_host_at(s, ip)) != NULL) {
				CHECK(h->ip == ip);
				check_host(s, h);
			}
	}
}

static void
check_excluded(const struct scopes *s)
{
	const struct address_range *x = s->excluded;
	size_t i;

	for (i = 0; i < s->nexcluded; i++) {
		CHECK(x[i].first <= x[i].last);
		CHECK(i == 0 || x[i - 1].last < x[i].first);
		CHECK(scope_range(s, x[i].first) != NULL);
		CHECK(scope_range(s, x[i].first) == scope_range(s, x[i].last));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	int fd = memfd_create("hosts", MFD_CLOEXEC);
	struct dhcpd_conf c;
	char path[32];

	log_level(LOG_EMERG);
	CHECK(fd != -1 && write(fd, bytes, len) == (ssize_t)len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(&c, 0, sizeof(c));
	c.hosts = path;
	c.subnets = (struct conf_sections){ subnets, 2 };
	build_scopes(&c);
	check_hosts(&c.scopes);
	check_excluded(&c.scopes);
	CHECK(scope_host_at(&c.scopes, 0x0a00000b)->line == 3);
	scope_free(&c.scopes);
	close(fd);
	return 0;
}
