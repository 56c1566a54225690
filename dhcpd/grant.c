/*
 * Leases are granted: bound in memory, written, and told to the client when
 * the record is on disk (RFC 2131 section 3.1, step 4). Replies wait in the
 * order of the store's tickets; after an error of the disk they are dropped,
 * and clients ask again.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "server.h"

#define SPARES 1024 /* blocks that are kept */

enum { OPT_HOST = 12, OPT_LEASE = 51, OPT_VENDOR_CLASS = 60, OPT_FQDN = 81 };

struct pending {
	TAILQ_ENTRY(pending) link;
	uint64_t ticket;
	uint32_t ip;
	enum dhcp_type type;
	const char *event; /* to be told; NULL: none */
	const struct settings *zone; /* DNS is to be told; NULL: not */
	struct ddns_name name;
	struct net_dest dest;
	size_t len;
	uint8_t bytes[PACKET_MAX];
};

void
grant_init(struct server *s)
{
	TAILQ_INIT(&s->batch);
	TAILQ_INIT(&s->pending);
	TAILQ_INIT(&s->spare);
}

bool
grant_waits(const struct server *s)
{
	return s->npending > 0;
}

static struct pending *
pending_take(struct server *s)
{
	struct pending *p = TAILQ_FIRST(&s->spare);

	if (s->npending == SERVER_PENDING)
		return NULL;
	if (p != NULL) {
		TAILQ_REMOVE(&s->spare, p, link);
		s->nspare--;
	} else if ((p = malloc(sizeof(*p))) == NULL)
		return NULL;
	s->npending++;
	return p;
}

static void
pending_give(struct server *s, struct pending *p)
{
	s->npending--;
	if (s->nspare == SPARES) {
		free(p);
		return;
	}
	TAILQ_INSERT_HEAD(&s->spare, p, link);
	s->nspare++;
}

uint32_t
grant_term(const struct query *q, const struct levels *l)
{
	uint32_t asked, term, least, most;

	term = reply_setting(l, SET_DEFAULT_LEASE)->default_lease;
	if (!option_u32(&q->packet.options, OPT_LEASE, &asked))
		return term;
	least = reply_setting(l, SET_MIN_LEASE)->min_lease;
	most = reply_setting(l, SET_MAX_LEASE)->max_lease;
	if (asked > most)
		return most;
	return asked < least ? least : asked;
}

/* What is left of a lease of the client's, if the first part of it runs. */
static uint32_t
rest(const struct query *q, const struct lease *l, uint32_t term)
{
	const struct server *s = q->server;
	int64_t left;

	if (l == NULL || l->state != LEASE_BOUND || !lease_is(l, &q->client))
		return 0;
	if (l->end == LEASE_FOREVER || term == SCOPE_FOREVER)
		return l->end == LEASE_FOREVER && term == SCOPE_FOREVER ? term :
									  0;
	left = l->end - s->now;
	if (left <= 0 || left > term ||
	    (uint64_t)(term - left) * 100 >=
		(uint64_t)term * s->conf->cache_percent)
		return 0;
	return (uint32_t)left;
}

void
grant_terms(const struct query *q, const struct levels *levels, uint32_t ip,
    struct terms *t)
{
	uint32_t left = 0;

	t->term = grant_term(q, levels);
	if (q->server->conf->cache_percent > 0 && ip != 0)
		left = rest(q, lease_at(q->server->leases, ip), t->term);
	t->cached = left > 0;
	if (t->cached)
		t->term = left;
}

void
grant_name(
    const struct query *q, const struct levels *levels, struct ddns_name *name)
{
	const struct options *o = &q->packet.options;
	const struct server *s = q->server;
	const struct settings *set = levels->v[levels->n - 1];
	const char *hostname = q->host != NULL ? q->host->hostname : NULL;

	name->host[0] = name->fqdn[0] = '\0';
	name->update_a = name->update_ptr = false;
	name->n = 0;
	if (hostname == NULL && !option_has(o, OPT_HOST) &&
	    !option_has(o, OPT_FQDN))
		return;
	ddns_choose(name, &q->packet, hostname,
	    s->ddns != NULL ? set->ddns_forward : NULL,
	    s->ddns != NULL && set->ddns_reverse,
	    s->conf->ddns.update_client_a);
	if (s->ddns == NULL)
		name->n = 0; /* RFC 4702 section 4: we have nothing to say */
}

static bool
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool
same_bytes(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
	return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

/* What is to be remembered of the client. */
static void
more_of(const struct query *q, const struct ddns_name *name,
    struct lease_more *more)
{
	const struct options *o = &q->packet.options;

	memset(more, 0, sizeof(*more));
	if (name->host[0] != '\0')
		more->host = name->host;
	if ((name->update_a || name->update_ptr) && name->fqdn[0] != '\0')
		more->fqdn = name->fqdn;
	more->agent = q->agent;
	more->agent_len = q->agent_len;
	more->vendor = o->at[OPT_VENDOR_CLASS];
	more->vendor_len = o->len[OPT_VENDOR_CLASS];
	if (more->vendor_len > 255)
		more->vendor_len = 255;
}

/*
 * Nothing to write? A renewal that comes without the relay that the lease was
 * made through says nothing about that.
 */
static bool
unchanged(const struct query *q, const struct lease *l, struct lease_more *more)
{
	struct lease_more old;

	lease_recall(l, &old);
	if (more->agent == NULL) {
		more->agent = old.agent;
		more->agent_len = old.agent_len;
	}
	return same_text(old.host, more->host) &&
	    same_text(old.fqdn, more->fqdn) &&
	    same_bytes(
		old.agent, old.agent_len, more->agent, more->agent_len) &&
	    l->hlen == q->client.hlen &&
	    memcmp(l->hw, q->client.hw, l->hlen) == 0;
}

void
grant_write(struct server *s, struct lease *l)
{
	store_put(s->store, l);
}

static void
map_put(struct server *s, const struct lease *l, int64_t end)
{
	struct in_addr ip = { .s_addr = htonl(l->ip) };

	if (s->map != NULL)
		leasemap_put(s->map, ip, l->htype, l->hw, l->hlen, end);
}

void
grant_ended(struct server *s, struct lease *l, const char *event)
{
	circuit_count(s, l, -1);
	map_put(s, l, 0);
	if (s->ddns != NULL) /* also a name that is on its way there */
		ddns_remove(s->ddns, l);
	if (s->event != NULL)
		event_send(s->event, event, l);
}

/* The client's lease at another address of this network is given up. */
static struct lease *
moved_from(const struct query *q, uint32_t ip)
{
	struct lease *l;

	l = lease_of(q->server->leases, &q->client, q->subnet->network->number);
	return l != NULL && l->state == LEASE_BOUND && l->ip != ip ? l : NULL;
}

/* A name of the client's that is not its name any more. */
static void
forget_name(struct server *s, struct lease *l, const struct lease_more *more)
{
	struct lease_more old;

	lease_recall(l, &old);
	if (s->ddns == NULL || same_text(old.fqdn, more->fqdn))
		return;
	ddns_remove(s->ddns, l);
	l->dns = 0; /* so that the new name is added */
}

/* The lease, or NULL: it could not be had. */
static struct lease *
bind_lease(const struct query *q, uint32_t ip, uint32_t term,
    const struct lease_more *more)
{
	struct server *s = q->server;
	struct lease *l = lease_at(s->leases, ip), *old = moved_from(q, ip);
	bool renewed = l != NULL && l->state == LEASE_BOUND;
	int64_t end =
	    term == SCOPE_FOREVER ? LEASE_FOREVER : s->now + (int64_t)term;

	l = lease_bind(
	    s->leases, ip, q->subnet->network->number, &q->client, s->now, end);
	if (l == NULL)
		return NULL;
	if (old != NULL) {
		grant_ended(s, old, "released");
		grant_write(s, old);
	}
	if (renewed) {
		circuit_count(s, l, -1);
		forget_name(s, l, more);
	} else
		l->dns = 0; /* what stands there is being removed */
	if (lease_remember(s->leases, l, more) == -1)
		log_debug("no memory to remember a client's name");
	circuit_count(s, l, 1);
	map_put(s, l, l->end);
	grant_write(s, l);
	return l;
}

/* Does DNS lack what the client is to have there? */
static bool
lacks_names(const struct lease *l, const struct ddns_name *name)
{
	uint8_t want = (uint8_t)((name->update_a ? DDNS_A : 0) |
	    (name->update_ptr ? DDNS_PTR : 0));

	return (l->dns & want) != want;
}

static void
pending_fill(struct pending *p, const struct query *q, const struct answer *a)
{
	p->ip = a->yiaddr;
	p->type = a->type;
	p->len = reply_build(q, a, p->bytes);
	reply_dest(q, a, &p->dest);
	TAILQ_INSERT_TAIL(&q->server->batch, p, link);
}

void
grant_lease(const struct query *q, uint32_t ip, enum dhcp_type type, bool rapid)
{
	struct answer a = { .type = type, .yiaddr = ip, .rapid = rapid };
	struct server *s = q->server;
	struct lease_more more;
	struct terms terms;
	struct pending *p;
	struct lease *l;

	if (store_broken(s->store)) {
		serve_drop(q, DROP_STORE, "");
		return;
	}
	if ((p = pending_take(s)) == NULL) {
		serve_drop(q, DROP_BUSY, "replies");
		return;
	}
	reply_levels(q, ip, &a.levels);
	grant_name(q, &a.levels, &p->name);
	more_of(q, &p->name, &more);
	grant_terms(q, &a.levels, ip, &terms);
	a.name = &p->name;
	l = lease_at(s->leases, ip);
	p->event = l != NULL && l->state == LEASE_BOUND ? "renewed" : "bound";
	if (type != DHCP_NONE && terms.cached && l != NULL &&
	    unchanged(q, l, &more)) {
		a.term = terms.term;
		p->event = NULL;
		server_count(s, C_RENEWED_CACHED);
	} else {
		a.term = type == DHCP_NONE ? SCOPE_FOREVER :
					     grant_term(q, &a.levels);
		l = bind_lease(q, ip, a.term, &more);
	}
	if (l == NULL) {
		pending_give(s, p);
		serve_drop(q, DROP_BUSY, "leases");
		return;
	}
	p->zone = lacks_names(l, &p->name) ? a.levels.v[a.levels.n - 1] : NULL;
	pending_fill(p, q, &a);
}

/* The record is on disk: tell the client, then everybody else. */
static void
pending_send(struct server *s, struct pending *p)
{
	const struct lease *l;

	net_send(s->net, &p->dest, p->bytes, p->len);
	server_count(s, C_SENT + p->type);
	l = lease_at(s->leases, p->ip);
	if (l == NULL || l->state != LEASE_BOUND)
		return;
	if (s->ddns != NULL && p->zone != NULL)
		ddns_add(s->ddns, l, &p->name, p->zone);
	if (s->event != NULL && p->event != NULL)
		event_send(s->event, p->event, l);
}

static void
pending_end(struct server *s, struct pending *p, int error)
{
	if (error == 0)
		pending_send(s, p);
	else
		server_count(s, C_DROP + DROP_STORE);
	pending_give(s, p);
}

void
grant_batch(void *server)
{
	struct server *s = server;
	struct pending *p;
	uint64_t ticket;

	if (s->store == NULL)
		return;
	ticket = store_flush(s->store);
	/* What comes during the sync would have to wait for the next one. */
	if (!TAILQ_EMPTY(&s->batch) && ticket > s->synced)
		net_pause(s->net);
	while ((p = TAILQ_FIRST(&s->batch)) != NULL) {
		TAILQ_REMOVE(&s->batch, p, link);
		p->ticket = ticket;
		if (ticket > s->synced)
			TAILQ_INSERT_TAIL(&s->pending, p, link);
		else
			pending_end(s, p, store_broken(s->store));
	}
	net_flush(s->net);
}

void
grant_synced(void *server, uint64_t ticket, int error)
{
	struct server *s = server;
	struct pending *p;

	s->synced = ticket;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): TAILQ_REMOVE took it */
	while ((p = TAILQ_FIRST(&s->pending)) != NULL && p->ticket <= ticket) {
		TAILQ_REMOVE(&s->pending, p, link);
		pending_end(s, p, error);
	}
	net_flush(s->net);
}

void
grant_named(void *server, uint32_t ip, uint8_t what)
{
	struct server *s = server;
	struct lease *l = lease_at(s->leases, ip);

	if (l == NULL || l->dns == what)
		return;
	l->dns = what;
	grant_write(s, l);
}
