/*
 * xfrlines: messages of transfers as text: a record a line as in zonelines.h,
 * "--" on a line between messages. Nothing is compressed.
 */
#ifndef XFRLINES_H
#define XFRLINES_H

#include "request.h"
#include "zonelines.h"

#define XFRLINES_ID 0x1234
#define XFRLINES_MESSAGES 8

struct xfrlines {
	size_t n;
	struct xfrlines_message {
		uint8_t bytes[4096];
		size_t len;
	} v[XFRLINES_MESSAGES];
};

static inline void
xfrlines_begin(struct dns_builder *b, const char *origin, uint16_t type)
{
	const struct dns_header h = { .id = XFRLINES_ID,
		.flags = DNS_QR | DNS_AA };
	struct dname name;

	zonelines_name(&name, origin);
	dns_put_header(b, &h);
	dns_put_question(b, name.wire, type, CLASS_IN);
}

static inline void
xfrlines_put(struct dns_builder *b, char *line)
{
	static uint8_t data[RDATA_MAX];
	struct dns_rr rr = { .class = CLASS_IN };
	struct dname name;
	struct edit_rr e;

	zonelines_record(line, &name, &e, data);
	memcpy(rr.name, name.wire, name.len);
	rr.type = e.type;
	rr.ttl = e.ttl;
	rr.data = e.data;
	rr.len = e.len;
	dns_put_rr(b, 1, &rr);
}

static inline void
xfrlines_make(
    struct xfrlines *x, const char *origin, uint16_t type, const char *text)
{
	char *copy = strdup(text), *lines = copy, *line;
	struct dns_builder b = { .full = true };

	x->n = 0;
	while ((line = strsep(&lines, "\n")) != NULL) {
		if (x->n == 0 || strcmp(line, "--") == 0) {
			ck_assert_uint_lt(x->n, XFRLINES_MESSAGES);
			b = (struct dns_builder){ .bytes = x->v[x->n++].bytes,
				.limit = sizeof(x->v[0].bytes) };
			xfrlines_begin(&b, origin, type);
		}
		if (*line != '\0' && strcmp(line, "--") != 0)
			xfrlines_put(&b, line);
		ck_assert(!b.full);
		x->v[x->n - 1].len = b.len;
	}
	free(copy);
}

#endif
