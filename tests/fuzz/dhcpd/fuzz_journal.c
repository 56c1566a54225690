/*
 * A line of any content, as it is and with a right checksum, as a file that
 * someone edited would have. What can be read is loaded, written, and must read
 * the same.
 */
#include <stdlib.h>
#include <string.h>

#include "journal.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_string(const char *a, const char *b)
{
	CHECK((a == NULL) == (b == NULL));
	CHECK(a == NULL || strcmp(a, b) == 0);
}

static void
check_bytes(const uint8_t *a, size_t alen, const uint8_t *b, size_t blen)
{
	CHECK(alen == blen);
	CHECK(alen == 0 || memcmp(a, b, alen) == 0);
}

static void
check_same(const struct journal_record *a, const struct journal_record *b)
{
	CHECK(a->lease.ip == b->lease.ip && a->lease.state == b->lease.state);
	CHECK(a->lease.start == b->lease.start);
	CHECK(a->lease.end == b->lease.end && a->lease.last == b->lease.last);
	CHECK(a->lease.dns == b->lease.dns);
	CHECK(a->lease.by_hw == b->lease.by_hw);
	check_bytes(a->client.hw, a->client.hlen, b->client.hw, b->client.hlen);
	CHECK(a->client.htype == b->client.htype);
	check_bytes(
	    a->client.id, a->client.idlen, b->client.id, b->client.idlen);
	check_string(a->more.host, b->more.host);
	check_string(a->more.fqdn, b->more.fqdn);
	check_bytes(
	    a->more.agent, a->more.agent_len, b->more.agent, b->more.agent_len);
	check_bytes(a->more.vendor, a->more.vendor_len, b->more.vendor,
	    b->more.vendor_len);
	CHECK(journal_when(a) == journal_when(b));
}

static void
check_line(const char *line, size_t len)
{
	struct journal_record a, b;
	char again[JOURNAL_LINE];
	struct leases *ls;
	struct lease *l;
	size_t n;

	if (journal_parse(line, len, &a) == -1)
		return;
	CHECK(a.lease.state != LEASE_OFFERED);
	CHECK((ls = leases_new(4)) != NULL);
	l = lease_load(ls, &a.lease, &a.client, &a.more);
	CHECK(l != NULL && l->ip == a.lease.ip);
	n = journal_line(l, again);
	CHECK(n > 0 && n <= sizeof(again) && again[n - 1] == '\n');
	CHECK(memchr(again, '\n', n) == again + n - 1);
	CHECK(journal_parse(again, n - 1, &b) == 0);
	check_same(&a, &b);
	leases_free(ls);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	char *line;
	size_t n;

	if ((line = malloc(len + JOURNAL_SEAL)) == NULL)
		return 0;
	memcpy(line, p, len);
	check_line(line, len);
	n = journal_seal(line, len);
	CHECK(n == len + JOURNAL_SEAL);
	CHECK(n > JOURNAL_LINE || journal_sealed(line, n - 1) == len);
	check_line(line, n - 1);
	free(line);
	return 0;
}
