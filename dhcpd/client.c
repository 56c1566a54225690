/*
 * The states of a DHCP client.
 */
#include <string.h>

#include "client.h"
#include "bytes.h"
#include "log.h"

#define SECOND 1000u
#define NEVER CLIENT_NEVER

#define START_MS 250 /* at most, before the first DISCOVER */
#define RETRY_FIRST_S 4 /* RFC 2131 section 4.1 */
#define RETRY_MOST_S 64
#define REQUEST_TRIES 4 /* section 3.1, 5: about 60 s */
#define REBOOT_TRIES 2
#define FAIL_TRIES 4 /* DISCOVERs, then leasefail */
#define RENEW_LEAST_MS (60 * SECOND) /* section 4.4.5 */
#define DECLINE_MS (10 * SECOND) /* section 3.1, 5 */
#define NAK_MOST 6 /* doublings of the wait after a NAK */
#define RELEASE_MS 300
#define ALONE_LEAST_MS (8 * SECOND) /* without answer, then link-local */
#define ALONE_MOST_MS (10 * SECOND)
#define V6ONLY_LEAST_S 300u /* RFC 8925 section 3.4 */
#define FUZZ 64 /* a part of the lease by which T1 may come earlier */

enum {
	OPT_HOST = 12,
	OPT_REQUESTED_IP = 50,
	OPT_TYPE = 53,
	OPT_SERVER_ID = 54,
	OPT_ASK = 55,
	OPT_MESSAGE = 56,
	OPT_MAX_SIZE = 57,
	OPT_ID = 61,
	OPT_V6ONLY = 108,
};

/* RFC 3442: 121 before 3 and 33. */
static const uint8_t usual[] = { 1, 121, 3, 33, 6, 12, 15, 26, 28, 42, 51, 54,
	58, 59, 66, 67, 119 };

static const char *const states[CLIENT_STATES] = {
	[CLIENT_IDLE] = "idle",
	[CLIENT_NOLINK] = "no link",
	[CLIENT_INIT] = "init",
	[CLIENT_SELECTING] = "selecting",
	[CLIENT_REQUESTING] = "requesting",
	[CLIENT_REBOOTING] = "rebooting",
	[CLIENT_PROBING] = "probing",
	[CLIENT_BOUND] = "bound",
	[CLIENT_RENEWING] = "renewing",
	[CLIENT_REBINDING] = "rebinding",
	[CLIENT_RELEASING] = "releasing",
	[CLIENT_V6ONLY] = "IPv6 only",
};

static const char *const events[CLIENT_EVENTS] = {
	[CLIENT_DECONFIG] = "deconfig",
	[CLIENT_BOUND_EVENT] = "bound",
	[CLIENT_RENEW_EVENT] = "renew",
	[CLIENT_NAK_EVENT] = "nak",
	[CLIENT_LEASEFAIL] = "leasefail",
};

const char *
client_state_name(enum client_state s)
{
	return states[s];
}

const char *
client_event_name(enum client_event e)
{
	return events[e];
}

const char client_stray[] = "no answer to what we asked";

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Actions */

static struct client_action *
add(struct client *c, enum client_kind kind)
{
	struct client_action *a;

	if (c->n == CLIENT_ACTIONS)
		fatalx("client: too many actions");
	a = &c->actions[(c->first + c->n++) % CLIENT_ACTIONS];
	a->kind = kind;
	a->words = NULL;
	return a;
}

const struct client_action *
client_next(struct client *c)
{
	const struct client_action *a = &c->actions[c->first];

	if (c->n == 0)
		return NULL;
	c->first = (c->first + 1) % CLIENT_ACTIONS;
	c->n--;
	return a;
}

static void
tell(struct client *c, enum client_event event, const struct words *words)
{
	struct client_action *a = add(c, CLIENT_EVENT);

	a->event = event;
	a->words = words;
}

/* Messages */

static struct client_action *
message(struct client *c, struct packet_out *o, enum client_kind kind,
    enum dhcp_type type)
{
	struct client_action *a = add(c, kind);

	packet_request(o, a->bytes, sizeof(a->bytes));
	a->bytes[1] = 1; /* Ethernet */
	a->bytes[2] = sizeof(c->conf.hw);
	put32(a->bytes + 4, c->xid);
	memcpy(a->bytes + 28, c->conf.hw, sizeof(c->conf.hw));
	packet_add_u8(o, OPT_TYPE, type);
	if (c->conf.idlen > 0)
		packet_add(o, OPT_ID, c->conf.id, c->conf.idlen);
	return a;
}

/* What DISCOVER and REQUEST say of the client and of what it wants. */
static void
add_wants(const struct client *c, struct packet_out *o)
{
	uint8_t ask[sizeof(usual) + CLIENT_ASK + 1], size[2];
	size_t n = sizeof(usual);

	memcpy(ask, usual, sizeof(usual));
	if (c->conf.v6only)
		ask[n++] = OPT_V6ONLY;
	memcpy(ask + n, c->conf.ask, c->conf.nask);
	n += c->conf.nask;
	packet_add(o, OPT_ASK, ask, n);
	put16(size, c->conf.mtu);
	packet_add(o, OPT_MAX_SIZE, size, sizeof(size));
	if (c->conf.host[0] != '\0')
		packet_add(o, OPT_HOST, c->conf.host, strlen(c->conf.host));
}

static void
put_secs(struct client_action *a, uint16_t secs)
{
	put16(a->bytes + 8, secs);
}

/* RFC 2131 section 4.1: only a client that has no address may need it. */
static void
put_flags(const struct client *c, struct client_action *a)
{
	if (c->conf.broadcast)
		put16(a->bytes + 10, PACKET_FLAG_BROADCAST);
}

static uint16_t
seconds_since(uint64_t then, uint64_t now)
{
	uint64_t s = (now - then) / SECOND;

	return s > UINT16_MAX ? UINT16_MAX : (uint16_t)s;
}

static void
send_discover(struct client *c, uint64_t now)
{
	struct packet_out o;
	struct client_action *a =
	    message(c, &o, CLIENT_BROADCAST, DHCP_DISCOVER);

	c->secs = seconds_since(c->began, now);
	put_secs(a, c->secs);
	put_flags(c, a);
	if (c->conf.wish.s_addr != 0)
		packet_add_ip(&o, OPT_REQUESTED_IP, c->conf.wish);
	add_wants(c, &o);
	a->len = packet_end(&o);
}

/* Table 4's columns SELECTING and INIT-REBOOT. */
static void
send_request(struct client *c, uint64_t now)
{
	const struct offer *offer = &c->next.offer;
	struct packet_out o;
	struct client_action *a =
	    message(c, &o, CLIENT_BROADCAST, DHCP_REQUEST);

	put_flags(c, a);
	if (c->state == CLIENT_REQUESTING) {
		put_secs(a, c->secs); /* DISCOVER's: section 3.1, 3 */
		packet_add_ip(&o, OPT_SERVER_ID, offer->server);
	} else
		put_secs(a, seconds_since(c->began, now));
	packet_add_ip(&o, OPT_REQUESTED_IP, offer->ip);
	add_wants(c, &o);
	a->len = packet_end(&o);
}

/* Columns RENEWING and REBINDING; each with an xid of its own. */
static void
send_renewal(struct client *c, uint64_t now)
{
	bool renewing = c->state == CLIENT_RENEWING;
	struct packet_out o;
	struct client_action *a;

	c->xid = (uint32_t)dice_roll(&c->dice);
	c->sent = now;
	a = message(
	    c, &o, renewing ? CLIENT_UNICAST : CLIENT_BROADCAST, DHCP_REQUEST);
	put_secs(a, seconds_since(c->began, now));
	packet_set_ip(&o, PACKET_AT_CIADDR, c->lease.offer.ip);
	a->from = c->lease.offer.ip;
	a->to = c->lease.offer.server;
	add_wants(c, &o);
	a->len = packet_end(&o);
}

/* Table 5 */
static void
send_decline(struct client *c, const struct offer *offer)
{
	static const char why[] = "another host uses the address";
	struct packet_out o;
	struct client_action *a;

	c->xid = (uint32_t)dice_roll(&c->dice);
	a = message(c, &o, CLIENT_BROADCAST, DHCP_DECLINE);
	packet_add_ip(&o, OPT_REQUESTED_IP, offer->ip);
	packet_add_ip(&o, OPT_SERVER_ID, offer->server);
	packet_add(&o, OPT_MESSAGE, why, sizeof(why) - 1);
	a->len = packet_end(&o);
}

static void
send_release(struct client *c)
{
	const struct offer *offer = &c->lease.offer;
	struct packet_out o;
	struct client_action *a;

	c->xid = (uint32_t)dice_roll(&c->dice);
	a = message(c, &o, CLIENT_UNICAST, DHCP_RELEASE);
	packet_set_ip(&o, PACKET_AT_CIADDR, offer->ip);
	packet_add_ip(&o, OPT_SERVER_ID, offer->server);
	a->from = offer->ip;
	a->to = offer->server;
	a->len = packet_end(&o);
}

/* States */

/* RFC 2131 section 4.1: 4, 8, 16, 32, 64 s, each give or take one. */
static uint64_t
retry_at(struct client *c, uint64_t now)
{
	uint32_t s = RETRY_FIRST_S;

	if (c->tries < 5)
		s <<= c->tries;
	else
		s = RETRY_MOST_S;
	c->tries++;
	return now + dice_between(&c->dice, (s - 1) * SECOND, (s + 1) * SECOND);
}

/* Nobody may answer; what is configured is no reason for another address. */
static void
watch_alone(struct client *c, uint64_t now)
{
	if (c->configured)
		c->alone = NEVER;
	else
		c->alone =
		    now + dice_between(&c->dice, ALONE_LEAST_MS, ALONE_MOST_MS);
}

static void
enter(struct client *c, enum client_state state)
{
	c->state = state;
	c->tries = 0;
	c->due = NEVER;
}

/* The address, if any, goes; earlier runs' one, too. */
static void
deconfigure(struct client *c)
{
	if (c->configured || !c->clean)
		tell(c, CLIENT_DECONFIG, NULL);
	c->configured = false;
	c->clean = true;
	if (c->acd.held)
		acd_end(&c->acd);
}

static void
forget(struct client *c)
{
	c->known = false;
	add(c, CLIENT_FORGET);
}

static void
init_at(struct client *c, uint64_t when)
{
	enter(c, CLIENT_INIT);
	c->due = when;
}

static void
begin(struct client *c, uint64_t now)
{
	c->began = now;
	watch_alone(c, now);
	if (!c->known || now >= c->lease.end) {
		init_at(c, now + dice_between(&c->dice, 0, START_MS));
		return;
	}
	enter(c, CLIENT_REBOOTING);
	c->xid = (uint32_t)dice_roll(&c->dice);
	c->sent = now;
	c->next = c->lease;
	c->due = retry_at(c, now);
	send_request(c, now);
}

/* A lease that was configured is no more. */
static void
lost(struct client *c)
{
	bool was = c->configured;

	deconfigure(c);
	if (was && c->conf.once)
		add(c, CLIENT_LOST);
}

static void
discover(struct client *c, uint64_t now)
{
	enter(c, CLIENT_SELECTING);
	c->xid = (uint32_t)dice_roll(&c->dice);
	c->due = retry_at(c, now);
	send_discover(c, now);
}

static void
on_init_timer(struct client *c, uint64_t now)
{
	discover(c, now);
}

static void
on_selecting_timer(struct client *c, uint64_t now)
{
	c->due = retry_at(c, now);
	send_discover(c, now);
	if (c->tries == FAIL_TRIES)
		tell(c, CLIENT_LEASEFAIL, NULL);
}

static void
on_requesting_timer(struct client *c, uint64_t now)
{
	if (c->tries == REQUEST_TRIES) {
		init_at(c, now);
		return;
	}
	c->due = retry_at(c, now);
	send_request(c, now);
}

static void
on_rebooting_timer(struct client *c, uint64_t now)
{
	if (c->tries < REBOOT_TRIES) {
		c->due = retry_at(c, now);
		send_request(c, now);
		return;
	}
	/* Nobody knows the address: it stays only if this run has it. */
	if (!c->configured)
		deconfigure(c);
	init_at(c, now);
}

/* Section 4.4.5: half of what is left, at least 60 s. */
static uint64_t
renewal_at(uint64_t now, uint64_t limit)
{
	uint64_t wait = (limit - now) / 2;

	if (wait < RENEW_LEAST_MS)
		wait = RENEW_LEAST_MS;
	return limit - now < wait ? limit : now + wait;
}

static void
rebind(struct client *c, uint64_t now)
{
	enter(c, CLIENT_REBINDING);
	send_renewal(c, now);
	c->due = renewal_at(now, c->lease.end);
}

static void
renew(struct client *c, uint64_t now)
{
	c->began = now;
	if (now >= c->lease.t2) {
		rebind(c, now);
		return;
	}
	enter(c, CLIENT_RENEWING);
	send_renewal(c, now);
	c->due = renewal_at(now, c->lease.t2);
}

static void
on_renewing_timer(struct client *c, uint64_t now)
{
	if (now >= c->lease.t2) {
		rebind(c, now);
		return;
	}
	send_renewal(c, now);
	c->due = renewal_at(now, c->lease.t2);
}

static void
on_rebinding_timer(struct client *c, uint64_t now)
{
	send_renewal(c, now);
	c->due = renewal_at(now, c->lease.end);
}

static void
on_releasing_timer(struct client *c, uint64_t now)
{
	(void)now;
	deconfigure(c);
	enter(c, CLIENT_IDLE);
}

static void
on_v6only_timer(struct client *c, uint64_t now)
{
	begin(c, now);
}

static void (*const timers[CLIENT_STATES])(struct client *, uint64_t now) = {
	[CLIENT_INIT] = on_init_timer,
	[CLIENT_SELECTING] = on_selecting_timer,
	[CLIENT_REQUESTING] = on_requesting_timer,
	[CLIENT_REBOOTING] = on_rebooting_timer,
	[CLIENT_BOUND] = renew,
	[CLIENT_RENEWING] = on_renewing_timer,
	[CLIENT_REBINDING] = on_rebinding_timer,
	[CLIENT_RELEASING] = on_releasing_timer,
	[CLIENT_V6ONLY] = on_v6only_timer,
};

/* The lease's time is over: "MUST immediately stop". */
static void
on_lease_end(struct client *c, uint64_t now)
{
	bool using = c->state == CLIENT_BOUND || c->state == CLIENT_RENEWING ||
	    c->state == CLIENT_REBINDING;

	c->conf.wish = c->lease.offer.ip;
	forget(c);
	lost(c);
	if (c->up && c->state != CLIENT_RELEASING)
		watch_alone(c, now);
	if (using) {
		c->began = now;
		init_at(c, now);
	}
}

/* Times of a lease that was asked for at c->sent. */
static void
set_times(struct client *c, struct client_lease *l)
{
	uint64_t lease = (uint64_t)l->offer.lease_s * SECOND;
	uint64_t fuzz = dice_between(&c->dice, 0, (uint32_t)(lease / FUZZ));

	if (l->offer.lease_s == OFFER_FOREVER) {
		l->t1 = l->t2 = l->end = NEVER;
		return;
	}
	l->end = c->sent + lease;
	l->t1 = c->sent + lease / 2 - fuzz;
	l->t2 = c->sent + lease / 8 * 7;
	if (l->offer.renew_s != 0) {
		l->t1 = c->sent + (uint64_t)l->offer.renew_s * SECOND;
		l->t2 = c->sent + (uint64_t)l->offer.rebind_s * SECOND;
	}
}

/* BOUND with `next`; the script does the rest. */
static void
bind_next(struct client *c)
{
	bool same = c->configured &&
	    c->lease.offer.ip.s_addr == c->next.offer.ip.s_addr;

	if (c->configured && !same)
		tell(c, CLIENT_DECONFIG, NULL);
	c->lease = c->next;
	c->configured = c->known = c->clean = true;
	c->conf.wish = c->lease.offer.ip;
	c->conflicts = c->naks = 0;
	c->alone = NEVER;
	enter(c, CLIENT_BOUND);
	c->due = c->lease.t1;
	tell(c, same ? CLIENT_RENEW_EVENT : CLIENT_BOUND_EVENT,
	    &c->lease.offer.words);
}

/* A claim of `ip` failed or was lost: RFC 2131 section 3.1, 5. */
static void
on_conflict(struct client *c, uint64_t now)
{
	const struct offer *declined =
	    c->state == CLIENT_PROBING ? &c->next.offer : &c->lease.offer;

	send_decline(c, declined);
	c->conf.wish.s_addr = 0;
	if (declined->ip.s_addr == c->lease.offer.ip.s_addr) {
		forget(c);
		lost(c);
	}
	acd_end(&c->acd);
	c->conflicts++;
	c->began = now;
	watch_alone(c, now);
	init_at(c,
	    now +
		(c->conflicts >= ACD_MAX_CONFLICTS ? ACD_RATE_LIMIT_MS :
						     DECLINE_MS));
}

static void
on_acd(struct client *c, uint64_t now, enum acd_result what)
{
	switch (what) {
	case ACD_PROBE:
	case ACD_ANNOUNCE:
		acd_frame(&c->acd, what, &add(c, CLIENT_ARP)->arp);
		break;
	case ACD_CLAIMED:
		bind_next(c);
		break;
	case ACD_CONFLICT:
		on_conflict(c, now);
		break;
	case ACD_NOTHING:
		break;
	}
}

/* What servers say */

/* RFC 8925 section 3.2 */
static void
wait_v6only(struct client *c, uint64_t now, const struct offer *o)
{
	uint32_t s = o->v6only_s;

	if (c->known)
		forget(c);
	deconfigure(c);
	enter(c, CLIENT_V6ONLY);
	c->alone = NEVER;
	c->due =
	    now + (uint64_t)(s > V6ONLY_LEAST_S ? s : V6ONLY_LEAST_S) * SECOND;
}

static const char *
on_offer(struct client *c, uint64_t now, const struct packet *p)
{
	const char *why = offer_read(&c->next.offer, p);

	if (why != NULL)
		return why;
	if (c->conf.v6only && c->next.offer.v6only) {
		wait_v6only(c, now, &c->next.offer);
		return NULL;
	}
	watch_alone(c, now);
	enter(c, CLIENT_REQUESTING);
	c->sent = now;
	c->due = retry_at(c, now);
	send_request(c, now);
	return NULL;
}

static void
probe(struct client *c, uint64_t now)
{
	watch_alone(c, now);
	enter(c, CLIENT_PROBING);
	if (c->conf.probe_ms > 0) {
		acd_begin(&c->acd, c->next.offer.ip, now, &c->dice);
		return;
	}
	acd_hold(&c->acd, c->next.offer.ip, now);
	bind_next(c);
}

static const char *
on_ack(struct client *c, uint64_t now, const struct packet *p)
{
	struct offer o;
	const char *why = offer_read(&o, p);
	bool rebooting = c->state == CLIENT_REBOOTING;

	if (why != NULL)
		return why;
	if (o.ip.s_addr != c->next.offer.ip.s_addr)
		return "another address than the one asked for";
	if (!rebooting && o.server.s_addr != c->next.offer.server.s_addr)
		return "another server than the one asked";
	if (rebooting && c->conf.v6only && o.v6only) {
		wait_v6only(c, now, &o);
		return NULL;
	}
	c->next.offer = o;
	set_times(c, &c->next);
	probe(c, now);
	return NULL;
}

/* Extended, by the same server or, in REBINDING, by another one. */
static const char *
on_renewed(struct client *c, uint64_t now, const struct packet *p)
{
	struct offer o;
	const char *why = offer_read(&o, p);

	(void)now;
	if (why != NULL)
		return why;
	if (o.ip.s_addr != c->lease.offer.ip.s_addr)
		return "another address than the one asked for";
	c->next.offer = o;
	set_times(c, &c->next);
	bind_next(c);
	return NULL;
}

static bool
from_another(const struct client *c, const struct packet *p)
{
	const struct offer *asked =
	    c->state == CLIENT_REQUESTING ? &c->next.offer : &c->lease.offer;
	struct in_addr server;

	if (c->state != CLIENT_REQUESTING && c->state != CLIENT_RENEWING)
		return false;
	return option_ip(&p->options, OPT_SERVER_ID, &server) &&
	    server.s_addr != asked->server.s_addr;
}

/* From the second one on in a row the wait is doubled. */
static const char *
on_nak(struct client *c, uint64_t now, const struct packet *p)
{
	unsigned n = c->naks;

	if (from_another(c, p))
		return "another server than the one asked";
	c->naks++;
	offer_refusal(&c->said, p);
	tell(c, CLIENT_NAK_EVENT, &c->said);
	if (c->state != CLIENT_REQUESTING || !c->configured) {
		c->conf.wish.s_addr = 0;
		forget(c);
		lost(c);
	}
	c->began = now;
	if (n == 0)
		watch_alone(c, now);
	init_at(
	    c, n == 0 ? now : now + (SECOND << (n < NAK_MOST ? n : NAK_MOST)));
	return NULL;
}

struct answer {
	enum client_state state;
	enum dhcp_type type;
	const char *(*take)(struct client *, uint64_t, const struct packet *);
};

/* Figure 5; all else is discarded. */
static const struct answer answers[] = {
	{ CLIENT_SELECTING, DHCP_OFFER, on_offer },
	{ CLIENT_REQUESTING, DHCP_ACK, on_ack },
	{ CLIENT_REQUESTING, DHCP_NAK, on_nak },
	{ CLIENT_REBOOTING, DHCP_ACK, on_ack },
	{ CLIENT_REBOOTING, DHCP_NAK, on_nak },
	{ CLIENT_RENEWING, DHCP_ACK, on_renewed },
	{ CLIENT_RENEWING, DHCP_NAK, on_nak },
	{ CLIENT_REBINDING, DHCP_ACK, on_renewed },
	{ CLIENT_REBINDING, DHCP_NAK, on_nak },
};

/* Is it an answer to what we asked last? */
static bool
is_answer(const struct client *c, const struct packet *p)
{
	const struct options *o = &p->options;

	if (p->op != PACKET_REPLY || p->xid != c->xid ||
	    p->hlen != sizeof(c->conf.hw) ||
	    memcmp(p->chaddr, c->conf.hw, sizeof(c->conf.hw)) != 0)
		return false;
	/* RFC 6842 section 3 */
	return !option_has(o, OPT_ID) || c->conf.idlen == 0 ||
	    (o->len[OPT_ID] == c->conf.idlen &&
		memcmp(o->at[OPT_ID], c->conf.id, c->conf.idlen) == 0);
}

const char *
client_packet(struct client *c, uint64_t now, const uint8_t *bytes, size_t n)
{
	struct packet p;
	size_t i;

	if (packet_parse(&p, bytes, n) != PACKET_OK || !is_answer(c, &p))
		return client_stray;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (answers[i].state == c->state && answers[i].type == p.type)
			/* cppcheck-suppress returnDanglingLifetime */
			return answers[i].take(c, now, &p); /* static text */
	return "not expected now";
}

void
client_arp(struct client *c, uint64_t now, const struct frame_arp *arp)
{
	on_acd(c, now, acd_arp(&c->acd, now, arp));
}

void
client_timer(struct client *c, uint64_t now)
{
	enum acd_result what;

	if (c->configured && now >= c->lease.end)
		on_lease_end(c, now);
	if (now >= c->due && timers[c->state] != NULL)
		timers[c->state](c, now);
	while ((what = acd_timer(&c->acd, now, &c->dice)) != ACD_NOTHING)
		on_acd(c, now, what);
	if (now >= c->alone) {
		c->alone = NEVER;
		add(c, CLIENT_ALONE);
	}
}

uint64_t
client_due(const struct client *c)
{
	uint64_t due = earlier(c->due, earlier(c->acd.due, c->alone));

	return c->configured ? earlier(due, c->lease.end) : due;
}

/* Orders */

void
client_init(struct client *c, const struct client_conf *conf, uint64_t seed)
{
	uint32_t ms = conf->probe_ms;

	memset(c, 0, sizeof(*c));
	c->conf = *conf;
	c->dice.state = seed;
	c->due = c->alone = NEVER;
	/* Three probes; RFC 5227 section 2.2 lets a network be faster. */
	c->probe = (struct acd_timing){
		.probes = 3,
		.min_ms = ms / 4,
		.max_ms = ms / 3,
		.last_ms = ms / 2,
	};
	acd_init(&c->acd, conf->hw, &c->probe);
}

void
client_start(struct client *c, uint64_t now, const struct client_known *known)
{
	uint64_t left = known->left_ms;

	if (known->ip.s_addr != 0)
		c->conf.wish = known->ip;
	c->configured = known->configured;
	if (known->ip.s_addr != 0 && left > 0) {
		c->lease.offer.ip = known->ip;
		c->lease.offer.server = known->server;
		c->lease.end = left == NEVER ? NEVER : now + left;
		c->known = true;
	} else
		deconfigure(c);
	if (c->up)
		begin(c, now);
	else
		enter(c, CLIENT_NOLINK);
}

void
client_link(struct client *c, uint64_t now, bool up)
{
	bool idle = c->state == CLIENT_IDLE || c->state == CLIENT_RELEASING;

	if (c->up == up)
		return;
	c->up = up;
	if (idle)
		return;
	c->alone = NEVER;
	if (up) {
		begin(c, now);
		return;
	}
	acd_end(&c->acd);
	enter(c, CLIENT_NOLINK);
}

void
client_renew(struct client *c, uint64_t now)
{
	switch (c->state) {
	case CLIENT_BOUND:
	case CLIENT_RENEWING:
		renew(c, now);
		break;
	case CLIENT_REBINDING:
		rebind(c, now);
		break;
	case CLIENT_NOLINK:
	case CLIENT_PROBING:
	case CLIENT_RELEASING:
		break;
	default:
		if (c->up)
			begin(c, now);
		else
			enter(c, CLIENT_NOLINK);
	}
}

void
client_release(struct client *c, uint64_t now)
{
	if (c->state == CLIENT_IDLE || c->state == CLIENT_RELEASING)
		return;
	acd_end(&c->acd);
	c->alone = NEVER;
	if (c->known)
		forget(c);
	if (!c->configured || !c->up || c->lease.offer.server.s_addr == 0) {
		deconfigure(c);
		enter(c, CLIENT_IDLE);
		return;
	}
	send_release(c);
	enter(c, CLIENT_RELEASING);
	c->due = now + RELEASE_MS;
}
