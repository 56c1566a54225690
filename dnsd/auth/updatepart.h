/*
 * updatepart: the steps of an update, in the order of RFC 2136 section 3;
 * private to update*.c. All but update.c is pure: a message, an edit, a code.
 */
#ifndef UPDATEPART_H
#define UPDATEPART_H

#include "buf.h"
#include "request.h"
#include "zonedb.h"

struct zone_conf;

/* A record of the message; name and data stand in its buffer. */
struct update_rr {
	uint16_t type, class;
	uint32_t ttl;
	size_t name, data; /* offsets; data: stored rdata, where it is some */
	size_t len;
	bool empty; /* it had no data */
	bool bad; /* its data is not valid for its type */
	bool same; /* by update_apply: the zone had it already */
};
struct update_message {
	const struct dname *origin;
	struct update_rr *v; /* prerequisites, then updates */
	size_t prerequisites, n; /* n: of both */
	struct buf bytes;
};

/* 0 or a code; update_message_free in any case. */
unsigned update_read(struct update_message *, const struct request *);
void update_message_free(struct update_message *);

static inline const uint8_t *
update_name(const struct update_message *m, const struct update_rr *rr)
{
	return m->bytes.p + rr->name;
}
static inline const uint8_t *
update_data(const struct update_message *m, const struct update_rr *rr)
{
	return m->bytes.p + rr->data;
}
/* false: the name is not in the zone. */
bool update_owner(
    const struct update_message *, const struct update_rr *, struct dname *);

/* The steps: DNS_NOERROR, or the code to answer. */
unsigned
update_prerequisites(const struct update_message *, const struct edit *);
unsigned update_permission(const struct update_message *, const struct edit *,
    const struct zone_conf *, const struct tsig_key *);
unsigned update_prescan(const struct update_message *);
unsigned update_apply(struct update_message *, struct edit *);
/* Does the key have any grant in the zone? */
bool update_has_grant(const struct zone_conf *, const struct tsig_key *);

/* The serial of the edit's SOA, which it always has. */
uint32_t update_serial(const struct edit *);
/*
 * After changes that were recorded: if there are any and the serial is still
 * `before`, it becomes the next one. DNS_REFUSED: a zone like that could not
 * be loaded again.
 */
unsigned update_finish(struct edit *, uint32_t before);

#endif
