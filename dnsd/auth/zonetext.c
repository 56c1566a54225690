/*
 * Snapshots as master files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "zonetext.h"

#define FLUSH 65536
#define LIMIT                                                                  \
	(16 * 1024 * 1024) /* of the buffer: the largest RRset and more        \
			    */
#define OWNER 24 /* columns, as all of these */
#define TTL 8
#define TYPE 8

struct text {
	const struct snapshot *snapshot;
	int fd;
	uint32_t ttl; /* $TTL */
	struct buf out;
};

static int
flush(struct text *t)
{
	const uint8_t *p = t->out.p;
	size_t left = t->out.len;
	ssize_t n;

	if (t->out.failed) {
		errno = ENOMEM;
		return -1;
	}
	while (left > 0) {
		n = write(t->fd, p, left);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		left -= (size_t)n;
	}
	buf_reset(&t->out);
	return 0;
}

/* Tabs up to a column, one at least; `at` columns are used. */
static void
tab_to(struct buf *b, size_t at, size_t column)
{
	do {
		buf_puts(b, "\t");
		at = at / 8 * 8 + 8;
	} while (at < column);
}

/* The owner relative to the origin; its columns. */
static size_t
put_owner(struct text *t, const struct node *node)
{
	size_t len = (size_t)node->len - t->snapshot->origin.len;
	char text[DNS_NAME_TEXT];
	uint8_t name[DNS_NAME];

	if (len == 0) {
		buf_puts(&t->out, "@");
		return 1;
	}
	memcpy(name, node_name(node), len);
	name[len] = 0;
	dns_name_text(name, text);
	len = strlen(text) - 1; /* without the root's dot */
	buf_add(&t->out, text, len);
	return len;
}

/* "MNAME RNAME ( SERIAL ; serial", and a line for each of the others. */
static void
put_soa(struct buf *b, char *text)
{
	static const char *const names[] = { "serial", "refresh", "retry",
		"expire", "minimum" };
	char *word = strsep(&text, " ");
	size_t i;

	buf_printf(b, "%s ", word);
	buf_printf(b, "%s (\n", strsep(&text, " "));
	for (i = 0; i < 5 && (word = strsep(&text, " ")) != NULL; i++) {
		tab_to(b, 0, OWNER + TTL + TYPE);
		buf_puts(b, word);
		tab_to(b, strlen(word), 16);
		buf_printf(b, "; %s\n", names[i]);
	}
	tab_to(b, 0, OWNER + TTL + TYPE);
	buf_puts(b, ")");
}

static void
put_data(struct text *t, uint16_t type, const uint8_t *p)
{
	struct buf soa;

	if (type != TYPE_SOA) {
		rdata_text(type, rrset_rdata(p), rrset_len(p), &t->out);
		return;
	}
	buf_init(&soa, LIMIT);
	rdata_text(type, rrset_rdata(p), rrset_len(p), &soa);
	buf_add(&soa, "", 1);
	if (soa.failed)
		t->out.failed = true;
	else
		put_soa(&t->out, (char *)soa.p);
	buf_free(&soa);
}

/* *at: columns of the owner; 0 behind its first line. */
static void
put_rrset(struct text *t, const struct rrset *set, size_t *at)
{
	char type[RTYPE_TEXT];
	const char *name = rtype_text(set->type, type);
	const uint8_t *p;
	uint32_t ttl;

	for (p = set->data; p != rrset_end(set); p = rrset_next(p)) {
		tab_to(&t->out, *at, OWNER);
		ttl = rrset_ttl(set, p);
		if (ttl != t->ttl)
			buf_printf(&t->out, "%u", ttl);
		tab_to(&t->out, 0, TTL);
		buf_puts(&t->out, name);
		tab_to(&t->out, strlen(name), TYPE);
		put_data(t, set->type, p);
		buf_puts(&t->out, "\n");
		*at = 0;
	}
}

/* The SOA comes first. */
static void
put_node(struct text *t, const struct node *node)
{
	const struct rrset *soa = node_rrset(node, TYPE_SOA);
	size_t at = put_owner(t, node);
	unsigned i;

	if (soa != NULL)
		put_rrset(t, soa, &at);
	for (i = 0; i < node->nsets; i++)
		if (node->sets[i] != soa)
			put_rrset(t, node->sets[i], &at);
}

static int
compare(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return dname_compare(node_name(*x), node_name(*y));
}

/* All nodes that have records, in order; *n. NULL: no memory. */
static const struct node **
nodes_of(const struct snapshot *s, size_t *n)
{
	struct snapshot_walk walk = { 0 };
	const struct node **v = calloc(s->names + 1, sizeof(const void *));
	const struct node *node;

	*n = 0;
	if (v == NULL)
		return NULL;
	while ((node = snapshot_next(s, &walk)) != NULL)
		if (node->nsets > 0 && *n < s->names)
			v[(*n)++] = node;
	qsort(v, *n, sizeof(*v), compare);
	return v;
}

/* The TTL that most RRsets have, if one has the majority; else one of them. */
static uint32_t
common_ttl(const struct snapshot *s)
{
	struct snapshot_walk walk = { 0 };
	const struct node *node;
	uint32_t ttl = 0;
	size_t ahead = 0;
	unsigned i;

	while ((node = snapshot_next(s, &walk)) != NULL)
		for (i = 0; i < node->nsets; i++) {
			if (ahead == 0)
				ttl = node->sets[i]->ttl;
			if (node->sets[i]->ttl == ttl)
				ahead++;
			else
				ahead--;
		}
	return ttl;
}

int
zonetext_write(const struct snapshot *s, int fd, const atomic_bool *stop)
{
	struct text t = { .snapshot = s, .fd = fd, .ttl = common_ttl(s) };
	char origin[DNS_NAME_TEXT];
	const struct node **v;
	size_t i, n;
	int rc = 0;

	if ((v = nodes_of(s, &n)) == NULL)
		return -1;
	buf_init(&t.out, LIMIT);
	buf_printf(&t.out, "$ORIGIN %s\n$TTL %u\n",
	    dns_name_text(s->origin.wire, origin), t.ttl);
	for (i = 0; i < n && rc == 0; i++) {
		put_node(&t, v[i]);
		if (stop != NULL && *stop) {
			errno = ECANCELED;
			rc = -1;
		} else if (t.out.len > FLUSH || t.out.failed) {
			rc = flush(&t);
		}
	}
	if (rc == 0)
		rc = flush(&t);
	buf_free(&t.out);
	free(v);
	return rc;
}
