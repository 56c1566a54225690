/*
 * A master file of any content. Records are whole and valid, another owner
 * has another address, and as many errors are told as are counted, up to the
 * bound.
 */
#include <stdlib.h>
#include <string.h>

#include "zonefile.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)
#define RECORDS 5000 /* of $GENERATE; then each is an error */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	size_t records, told;
	const struct dname *owner;
	struct dname last;
};

static const char *
take(void *arg, const struct zonefile_rr *rr)
{
	struct seen *s = arg;
	struct dname n;

	CHECK(dname_set(&n, rr->owner->wire, rr->owner->len) == 0);
	CHECK(n.len == rr->owner->len && n.labels == rr->owner->labels);
	CHECK(memcmp(n.lower, rr->owner->lower, n.len) == 0);
	CHECK(memcmp(n.hash, rr->owner->hash, n.labels * 4u) == 0);
	CHECK(memcmp(n.at, rr->owner->at, n.labels + 1u) == 0);
	if (rr->owner == s->owner)
		CHECK(dname_is(&s->last, 0, n.wire, n.len));
	s->owner = rr->owner;
	s->last = n;
	CHECK(rr->ttl <= INT32_MAX && rr->class == CLASS_IN);
	CHECK(!rtype_is_meta(rr->type) && rr->line >= 1);
	CHECK(rdata_valid(rr->type, rr->data, rr->len));
	return ++s->records > RECORDS ? "too many" : NULL;
}

static void
error(void *arg, const char *file, int line, const char *what)
{
	struct seen *s = arg;

	CHECK(strcmp(file, "dir/zone") == 0 && line >= 0);
	CHECK(what[0] != '\0' && strlen(what) < ZONEFILE_WHAT);
	s->told++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const struct zonefile_calls calls = { take, error, NULL };
	struct seen seen = { 0 };
	size_t errors;

	errors = zonefile_read_text((const char *)p, len, "dir/zone",
	    (const uint8_t *)"\3lab\4test", &calls, &seen);
	if (errors <= ZONEFILE_ERRORS)
		CHECK(seen.told == errors);
	else
		CHECK(seen.told == ZONEFILE_ERRORS + 1);
	return 0;
}
