/*
 * A transfer of any content: the first byte says whether it was asked for as
 * AXFR or as IXFR from a small zone, then come messages, each behind two bytes
 * of length. Whatever comes, what we have stays as it is; what is accepted is a
 * zone of the serial that it began with. The same as a signed stream.
 */
#include <stdlib.h>
#include <string.h>

#include "tsig.h"
#include "xfrapply.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct dname origin;
static struct snapshot *base;
static struct xfrapply apply;

static void
put(struct edit *e, const char *name, size_t len, const struct edit_rr *rr)
{
	struct dname owner;

	CHECK(dname_set(&owner, (const uint8_t *)name, len) == 0);
	CHECK(edit_add(e, &owner, rr) == EDIT_DONE);
}

/* t. SOA of serial 10, NS ns.t., ns.t. A, x.t. TXT "old" */
static void
begin(void)
{
	static const uint8_t soa[22] = { 0, 0, 0, 0, 0, 10 };
	const struct edit_rr rrs[] = {
		{ TYPE_SOA, 60, soa, sizeof(soa) },
		{ TYPE_NS, 60, (const uint8_t *)"\2ns\1t", 6 },
		{ TYPE_A, 60, (const uint8_t *)"\300\0\2\1", 4 },
		{ TYPE_TXT, 60, (const uint8_t *)"\3old", 4 },
	};
	struct edit *e;

	CHECK(dname_set(&origin, (const uint8_t *)"\1t", 3) == 0);
	CHECK((e = edit_begin(NULL, &origin)) != NULL);
	put(e, "\1t", 3, &rrs[0]);
	put(e, "\1t", 3, &rrs[1]);
	put(e, "\2ns\1t", 6, &rrs[2]);
	put(e, "\1x\1t", 5, &rrs[3]);
	CHECK((base = edit_commit(e)) != NULL);
}

/* The next message; NULL: none. */
static const uint8_t *
next(const uint8_t **p, const uint8_t *end, size_t *len)
{
	const uint8_t *message = *p + 2;

	if (end - *p < 2)
		return NULL;
	*len = (size_t)(*p)[0] << 8 | (*p)[1];
	if ((size_t)(end - message) < *len)
		*len = (size_t)(end - message);
	*p = message + *len;
	return message;
}

static void
accepted(void)
{
	struct snapshot *s = edit_commit(apply.edit);

	apply.edit = NULL;
	CHECK(s != NULL && s->serial == apply.serial);
	CHECK(node_rrset(s->apex, TYPE_NS) != NULL);
	CHECK(s->records >= 2 && s->bytes <= apply.max_bytes + 4096);
	snapshot_free(s);
}

static void
feed(const uint8_t *p, const uint8_t *end)
{
	enum xfrapply_result result = XFRAPPLY_MORE;
	const uint8_t *message;
	size_t len;

	while (
	    result == XFRAPPLY_MORE && (message = next(&p, end, &len)) != NULL)
		result = xfrapply_message(&apply, message, len);
	if (result == XFRAPPLY_DONE)
		accepted();
	CHECK((result == XFRAPPLY_BAD) == (apply.why[0] != '\0'));
	CHECK(result != XFRAPPLY_CURRENT || apply.type == TYPE_IXFR);
	xfrapply_end(&apply);
	CHECK(base->serial == 10 && base->records == 4);
}

/* Nothing is signed by this key. */
static void
check_stream(const uint8_t *p, const uint8_t *end)
{
	const struct tsig_key key = {
		.name = "\1k", .algorithm = 2, .len = 16
	};
	const struct tsig asked = { .key = &key, .mac = { 1 }, .mac_len = 32 };
	struct tsig_stream s;
	const uint8_t *message;
	size_t len;

	tsig_stream_begin(&s, &asked);
	while ((message = next(&p, end, &len)) != NULL) {
		CHECK(tsig_stream_check(&s, message, len, 1700000000) != 0);
		CHECK(!tsig_stream_proven(&s));
	}
	tsig_stream_end(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static bool seeded;

	if (!seeded)
		dname_seed();
	seeded = true;
	if (len == 0)
		return 0;
	begin();
	apply.origin = &origin;
	apply.id = 0x1234;
	apply.type = p[0] % 2 == 0 ? TYPE_AXFR : TYPE_IXFR;
	apply.base = apply.type == TYPE_IXFR ? base : NULL;
	apply.max_bytes = 16384;
	xfrapply_begin(&apply);
	feed(p + 1, p + len);
	snapshot_free(base);
	check_stream(p + 1, p + len);
	return 0;
}
