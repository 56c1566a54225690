/*
 * zonelines: zones of tests as text, a record a line:
 *
 *	NAME TTL TYPE RDATA...
 *
 * Names are absolute, with or without their last dot.
 */
#ifndef ZONELINES_H
#define ZONELINES_H

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "buf.h"
#include "zonedb.h"

#define ZONELINES_WORDS 32

static inline void
zonelines_name(struct dname *name, const char *text)
{
	uint8_t wire[DNS_NAME];
	size_t len = dns_name_parse(text, wire);

	ck_assert_msg(len > 0, "not a name: %s", text);
	ck_assert_int_eq(dname_set(name, wire, len), 0);
}

/* One record of a line, which is changed; its data stands in `data`. */
static inline void
zonelines_record(
    char *line, struct dname *name, struct edit_rr *rr, uint8_t *data)
{
	struct rdata_token words[ZONELINES_WORDS];
	char why[RDATA_WHY] = "", *word, *type;
	size_t n = 0;
	int len;

	zonelines_name(name, strsep(&line, " "));
	rr->ttl = (uint32_t)strtoul(strsep(&line, " "), NULL, 10);
	type = strsep(&line, " ");
	ck_assert(rtype_parse(type, strlen(type), &rr->type));
	while ((word = strsep(&line, " ")) != NULL) {
		ck_assert_uint_lt(n, ZONELINES_WORDS);
		words[n++] = (struct rdata_token){ word, strlen(word), false };
	}
	len = rdata_parse(rr->type, words, n, (const uint8_t *)"", data, why);
	ck_assert_msg(len >= 0, "%s: %s", type, why);
	rr->data = data;
	rr->len = (size_t)len;
}

/* Add the lines; those that begin with '-' are removed. */
static inline void
zonelines_edit(struct edit *e, const char *text)
{
	static uint8_t data[RDATA_MAX];
	char *copy = strdup(text), *lines = copy, *line;
	struct dname name;
	struct edit_rr rr;
	enum edit_result result;
	bool gone;

	while ((line = strsep(&lines, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		gone = *line == '-';
		zonelines_record(line + gone, &name, &rr, data);
		result =
		    gone ? edit_remove(e, &name, &rr) : edit_add(e, &name, &rr);
		ck_assert_int_eq(result, EDIT_DONE);
	}
	free(copy);
}

static inline struct snapshot *
zonelines_zone(const char *origin, const char *text)
{
	struct dname name;
	struct snapshot *s;
	struct edit *e;

	zonelines_name(&name, origin);
	e = edit_begin(NULL, &name);
	ck_assert_ptr_nonnull(e);
	zonelines_edit(e, text);
	s = edit_commit(e);
	ck_assert_ptr_nonnull(s);
	return s;
}

static inline int
zonelines_compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static inline void
zonelines_set(struct buf *b, const uint8_t *owner, const struct rrset *set)
{
	char name[DNS_NAME_TEXT], type[RTYPE_TEXT];
	const uint8_t *p;

	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		buf_printf(b, "%s %u %s ", dns_name_text(owner, name),
		    rrset_ttl(set, p), rtype_text(set->type, type));
		rdata_text(set->type, rrset_rdata(p), rrset_len(p), b);
		buf_puts(b, "\n");
	}
}

/* The zone's lines, sorted; freed by the caller. */
static inline char *
zonelines_text(const struct snapshot *s)
{
	struct snapshot_walk walk = { 0 };
	const struct node *node;
	struct buf b, sorted;
	char *rest, **v;
	size_t i, n = 0;

	buf_init(&b, 64 << 20);
	buf_init(&sorted, 64 << 20);
	while ((node = snapshot_next(s, &walk)) != NULL)
		for (i = 0; i < node->nsets; i++)
			zonelines_set(&b, node_name(node), node->sets[i]);
	buf_add(&b, "", 1);
	v = calloc(s->records + 1, sizeof(*v));
	for (rest = (char *)b.p; *rest != '\0'; n++) {
		ck_assert_uint_lt(n, s->records);
		v[n] = strsep(&rest, "\n");
	}
	qsort(v, n, sizeof(*v), zonelines_compare);
	for (i = 0; i < n; i++) {
		buf_puts(&sorted, v[i]);
		buf_puts(&sorted, "\n");
	}
	buf_add(&sorted, "", 1);
	ck_assert(!sorted.failed);
	buf_free(&b);
	free(v);
	return (char *)sorted.p;
}

#endif
