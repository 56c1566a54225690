/*
 * Rdata of any type and content, as from a message. What is read as valid is
 * text that is read back as the same bytes, is equal to itself, and has its
 * names where they are. The first two bytes of input are the type, the third
 * how much of the rest stands before the rdata (for pointers).
 */
#include <stdlib.h>
#include <string.h>

#include "dname.h"
#include "rdata.h"
#include "zonefile.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)
#define TEXT_MAX (1024 * 1024) /* four bytes for one, and more */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct seen {
	uint16_t type;
	const uint8_t *data;
	size_t len;
	unsigned times;
};

static const char *
take(void *arg, const struct zonefile_rr *rr)
{
	struct seen *s = arg;

	CHECK(rr->type == s->type && rr->len == s->len && rr->ttl == 1);
	CHECK(s->len == 0 || memcmp(rr->data, s->data, s->len) == 0);
	s->times++;
	return NULL;
}

static void
no_error(void *arg, const char *file, int line, const char *what)
{
	(void)arg;
	(void)file;
	(void)line;
	(void)what;
	abort();
}

/* The text, in a line of a master file, is the same record. */
static void
check_text(uint16_t type, const uint8_t *data, size_t len)
{
	static const struct zonefile_calls calls = { take, no_error, NULL };
	struct seen seen = { type, data, len, 0 };
	char name[RTYPE_TEXT];
	struct buf b;

	if (rtype_is_meta(type))
		return;
	buf_init(&b, TEXT_MAX);
	buf_printf(&b, "x 1 %s ", rtype_text(type, name));
	rdata_text(type, data, len, &b);
	CHECK(!b.failed && memchr(b.p, '\n', b.len) == NULL);
	CHECK(zonefile_read_text((const char *)b.p, b.len, "text",
		  (const uint8_t *)"", &calls, &seen) == 0);
	CHECK(seen.times == 1);
	buf_free(&b);
}

static void
check_names(uint16_t type, const uint8_t *data, size_t len)
{
	struct rdata_name names[RDATA_NAMES];
	unsigned i, n = rdata_names(type, data, len, names);
	const uint8_t *target = rdata_target(type, data, len);
	struct dname d;

	CHECK(n <= RDATA_NAMES);
	for (i = 0; i < n; i++) {
		CHECK(names[i].at + names[i].len <= len);
		CHECK(dname_set(&d, data + names[i].at, names[i].len) == 0);
		CHECK(d.len == names[i].len);
	}
	CHECK(target == NULL || (n > 0 && target == data + names[0].at));
	CHECK(!rdata_compresses(type) || n > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t size)
{
	static uint8_t out[RDATA_MAX], again[RDATA_MAX];
	struct dns_reader r = { 0 };
	uint16_t type;
	size_t before;
	int n, d, e;

	if (size < 3)
		return 0;
	type = (uint16_t)(p[0] << 8 | p[1]);
	before = p[2] < size - 3 ? p[2] : size - 3;
	r.bytes = p + 3;
	r.len = size - 3;
	r.pos = before;
	n = rdata_read(&r, type, r.len - before, out);
	CHECK((n == -1) == r.bad && r.pos <= r.len);
	if (n == -1)
		return 0;
	CHECK(rdata_valid(type, out, (size_t)n));
	CHECK(rdata_compare(type, out, (size_t)n, out, (size_t)n) == 0);
	memcpy(again, out, (size_t)n);
	if (n > 0)
		again[n - 1] ^= 0x80;
	d = rdata_compare(type, out, (size_t)n, again, (size_t)n);
	e = rdata_compare(type, again, (size_t)n, out, (size_t)n);
	CHECK((d > 0) == (e < 0) && (d < 0) == (e > 0));
	CHECK((d == 0) == (n == 0));
	check_names(type, out, (size_t)n);
	check_text(type, out, (size_t)n);
	return 0;
}
