/*
 * An update's records, taken out of its message.
 */
#include <stdlib.h>
#include <string.h>

#include "updatepart.h"

#define BYTES_MAX (64 * 1024 * 1024) /* no message has as much */

/* Which records have data that must be valid: those that name a record. */
static bool
has_data(const struct update_message *m, size_t i, const struct dns_rr *rr)
{
	if (rtype_is_meta(rr->type))
		return false;
	return rr->class == CLASS_IN ||
	    (rr->class == CLASS_NONE && i >= m->prerequisites);
}

static void
add(struct update_message *m, size_t i, const struct dns_rr *rr,
    const struct dns_reader *r)
{
	static uint8_t data[RDATA_MAX]; /* the main thread's */
	struct update_rr *u = &m->v[i];
	struct dns_reader at = *r;
	int len = 0;

	u->type = rr->type;
	u->class = rr->class;
	u->ttl = rr->ttl;
	u->empty = rr->len == 0;
	u->name = m->bytes.len;
	buf_add(&m->bytes, rr->name, dns_name_len(rr->name));
	u->data = m->bytes.len;
	if (!has_data(m, i, rr))
		return;
	at.pos = r->pos - rr->len;
	len = rdata_read(&at, rr->type, rr->len, data);
	u->bad = len == -1;
	if (u->bad)
		return;
	u->len = (size_t)len;
	buf_add(&m->bytes, data, u->len);
}

unsigned
update_read(struct update_message *m, const struct request *r)
{
	struct dns_reader in = {
		.bytes = r->bytes, .len = r->len, .pos = r->question_end
	};
	struct dns_rr rr;
	size_t i;

	memset(m, 0, sizeof(*m));
	buf_init(&m->bytes, BYTES_MAX);
	m->origin = &r->qname;
	m->prerequisites = r->header.count[1];
	m->n = m->prerequisites + r->header.count[2];
	if ((m->v = calloc(m->n + 1, sizeof(*m->v))) == NULL)
		return DNS_SERVFAIL;
	for (i = 0; i < m->n; i++) {
		if (dns_get_rr(&in, &rr) == -1)
			return DNS_FORMERR;
		add(m, i, &rr, &in);
	}
	return m->bytes.failed ? DNS_SERVFAIL : DNS_NOERROR;
}

void
update_message_free(struct update_message *m)
{
	free(m->v);
	buf_free(&m->bytes);
}

bool
update_owner(const struct update_message *m, const struct update_rr *rr,
    struct dname *name)
{
	return dname_set(name, update_name(m, rr), DNS_NAME) == 0 &&
	    dname_below(name, m->origin) != -1;
}
