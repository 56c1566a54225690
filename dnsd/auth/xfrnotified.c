/*
 * NOTIFY of others (RFC 1996 sections 3.7 to 3.11): it never changes anything
 * but when we ask our primaries.
 */
#include "log.h"
#include "xfrapply.h"
#include "xfrin.h"

static struct log_limit limit;

/* May this one tell us of changes? By address or key of a primary, or by
 * allow_notify. */
static bool
may_notify(const struct zone *z, const struct request *q)
{
	const struct remotes *all = &z->conf->primaries;
	size_t i;

	if (remotes_find(all, &q->peer) != NULL)
		return true;
	for (i = 0; i < all->n && q->key != NULL; i++)
		if (all->v[i].key == q->key)
			return true;
	return acl_allows(&z->conf->allow_notify, &q->peer, q->key);
}

/* Does it tell the serial that we have (RFC 1996 section 3.7)? */
static bool
tells_ours(const struct zone *z, const struct request *q)
{
	const struct snapshot *s = zone_now(z);
	uint8_t data[RDATA_MAX];
	struct dns_reader in;
	struct dns_walk w;
	struct dns_rr rr;
	int n;

	if (s == NULL || dns_walk_begin(&w, q->bytes, q->len) == -1)
		return false;
	while (dns_walk_next(&w, &rr) == 1) {
		if (w.section != 1 || rr.type != TYPE_SOA)
			continue;
		in = w.r;
		in.pos = (size_t)(rr.data - q->bytes);
		n = rdata_read(&in, TYPE_SOA, rr.len, data);
		return n != -1 && xfrapply_serial(data, (size_t)n) == s->serial;
	}
	return false;
}

/* The rcode; *z is set where it is ours to follow. */
static unsigned
check_notify(
    const struct server *server, const struct request *q, struct zone **z)
{
	char peer[SOCK_NAMELEN], name[DNS_NAME_TEXT];

	*z = NULL;
	if (q->qclass != CLASS_IN)
		return DNS_NOTAUTH;
	if (q->qtype != TYPE_SOA)
		return DNS_NOTIMP;
	*z = zones_at(server->zones, &q->qname);
	if (*z == NULL || (*z)->refresh == NULL)
		return DNS_NOTAUTH;
	if (may_notify(*z, q))
		return DNS_NOERROR;
	if (log_allowed(&limit, "transfers in"))
		log_warnx("%s: NOTIFY of %s: not from a primary: add it to "
			  "allow_notify",
		    sock_name(&q->peer, peer),
		    dns_name_text(q->qname.wire, name));
	return DNS_REFUSED;
}

void
xfrin_notified(struct handed *h)
{
	struct server *server = h->server;
	const struct remote *from;
	struct zone *z;
	bool asks = false;

	thread_count(&server->main, C_NOTIFIES_IN);
	h->r.rcode = (uint16_t)check_notify(server, &h->r, &z);
	if (h->r.rcode == DNS_NOERROR) {
		h->r.reply.flags |= DNS_AA;
		asks = !tells_ours(z, &h->r);
	}
	from = z != NULL ? remotes_find(&z->conf->primaries, &h->r.peer) : NULL;
	handed_answer(h);
	if (asks)
		xfrin_refresh(z, from);
}
