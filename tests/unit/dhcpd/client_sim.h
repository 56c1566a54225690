/*
 * client_sim: the client's machine on a clock of our own, with a log of what it
 * does, and a server that says what a test wants.
 */
#ifndef CLIENT_SIM_H
#define CLIENT_SIM_H

#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "client.h"
#include "tap.h"

#define SECOND UINT64_C(1000)
#define HOUR (3600 * SECOND)
#define TIMES 64

static const uint8_t mac[6] = { 2, 0, 0, 0, 0xbe, 0xef };
static const uint8_t other[6] = { 2, 0, 0, 0, 0, 9 };

struct sim {
	struct client c;
	uint64_t now;
	char log[8192]; /* what was done */
	uint64_t sent[TIMES]; /* when messages were */
	unsigned nsent;
	uint8_t message[CLIENT_MESSAGE]; /* the last one */
	size_t len;
	bool arps; /* ARP is told, too */
};

static inline struct in_addr
address(const char *s)
{
	struct in_addr ip;

	ck_assert_int_eq(inet_pton(AF_INET, s, &ip), 1);
	return ip;
}

static inline void __attribute__((__format__(__printf__, 2, 3)))
note(struct sim *s, const char *fmt, ...)
{
	size_t n = strlen(s->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->log + n, sizeof(s->log) - n, fmt, ap);
	va_end(ap);
}

static inline void
note_ip(struct sim *s, const char *what, struct in_addr ip)
{
	char text[INET_ADDRSTRLEN];

	if (ip.s_addr != 0)
		note(s, " %s=%s", what,
		    inet_ntop(AF_INET, &ip, text, sizeof(text)));
}

static inline void
note_message(struct sim *s, const struct client_action *a)
{
	static const char *const types[DHCP_TYPES] = {
		[DHCP_DISCOVER] = "DISCOVER",
		[DHCP_REQUEST] = "REQUEST",
		[DHCP_DECLINE] = "DECLINE",
		[DHCP_RELEASE] = "RELEASE",
	};
	struct in_addr ip = { 0 }, server = { 0 };
	struct packet p;

	ck_assert_int_eq(packet_parse(&p, a->bytes, a->len), PACKET_OK);
	ck_assert_int_eq(p.op, PACKET_REQUEST);
	ck_assert_ptr_nonnull(types[p.type]);
	ck_assert_mem_eq(p.chaddr, mac, 6);
	memcpy(s->message, a->bytes, a->len);
	s->len = a->len;
	if (s->nsent < TIMES)
		s->sent[s->nsent++] = s->now;
	note(s, "%s", types[p.type]);
	option_ip(&p.options, 50, &ip);
	option_ip(&p.options, 54, &server);
	note_ip(s, "ci", p.ciaddr);
	note_ip(s, "ip", ip);
	note_ip(s, "server", server);
	if (a->kind == CLIENT_UNICAST) {
		ck_assert_uint_eq(a->from.s_addr, p.ciaddr.s_addr);
		note_ip(s, "to", a->to);
	}
	note(s, "\n");
}

static inline void
note_action(struct sim *s, const struct client_action *a)
{
	const char *ip;

	switch (a->kind) {
	case CLIENT_BROADCAST:
	case CLIENT_UNICAST:
		note_message(s, a);
		break;
	case CLIENT_ARP:
		ck_assert_mem_eq(a->arp.sha, mac, 6);
		if (!s->arps)
			break;
		note(s, "%s", a->arp.spa.s_addr == 0 ? "probe" : "announce");
		note_ip(s, "ip", a->arp.tpa);
		note(s, "\n");
		break;
	case CLIENT_EVENT:
		note(s, "script %s", client_event_name(a->event));
		if (a->words != NULL &&
		    (ip = words_get(a->words, "ip")) != NULL)
			note(s, " ip=%s", ip);
		note(s, "\n");
		break;
	case CLIENT_FORGET:
		note(s, "forget\n");
		break;
	case CLIENT_ALONE:
		note(s, "alone\n");
		break;
	case CLIENT_LOST:
		note(s, "lost\n");
		break;
	}
}

static inline void
take(struct sim *s)
{
	const struct client_action *a;

	while ((a = client_next(&s->c)) != NULL)
		note_action(s, a);
}

static const struct client_conf usual_conf = {
	.hw = { 2, 0, 0, 0, 0xbe, 0xef },
	.id = { 1, 2, 0, 0, 0, 0xbe, 0xef },
	.idlen = 7,
	.mtu = 1500,
	.probe_ms = 1000,
};

/* What the lease file may tell. */
static const struct client_known before = {
	.ip.s_addr = 0x0500000a,
	.server.s_addr = 0x0100000a,
	.left_ms = 1000 * SECOND,
};

static inline void
begin(struct sim *s, const struct client_conf *conf, uint64_t seed,
    const struct client_known *known)
{
	static const struct client_known nothing;

	memset(s, 0, sizeof(*s));
	s->now = 5000000;
	client_init(&s->c, conf, seed);
	client_link(&s->c, s->now, true);
	client_start(&s->c, s->now, known != NULL ? known : &nothing);
	take(s);
}

static inline void
run_until(struct sim *s, uint64_t when)
{
	uint64_t due;
	int i;

	for (i = 0; (due = client_due(&s->c)) <= when; i++) {
		ck_assert_msg(i < 10000, "it runs in a circle");
		if (due > s->now)
			s->now = due;
		client_timer(&s->c, s->now);
		take(s);
	}
	s->now = when;
}

static inline void
run(struct sim *s, uint64_t ms)
{
	run_until(s, s->now + ms);
}

/* Until a message is sent. */
static inline void
run_to_message(struct sim *s)
{
	unsigned n = s->nsent;

	while (s->nsent == n) {
		ck_assert_uint_ne(client_due(&s->c), CLIENT_NEVER);
		run_until(s, client_due(&s->c));
	}
}

static inline void
hush(struct sim *s)
{
	s->log[0] = '\0';
	s->nsent = 0;
}

/* What a server says; what is not set is as usual. */
struct reply {
	enum dhcp_type type;
	const char *ip, *server, *mask;
	uint32_t lease, t1, t2;
	enum { NO_IP = 1, NO_SERVER = 2, NO_LEASE = 4 } without;
	bool v6only;
	uint32_t v6only_s;
};

#define REPLY(...) ((struct reply){ __VA_ARGS__ })
#define OFFER(...) REPLY(.type = DHCP_OFFER, __VA_ARGS__)
#define ACK(...) REPLY(.type = DHCP_ACK, __VA_ARGS__)
#define NAK(...)                                                               \
	REPLY(.type = DHCP_NAK, .without = NO_IP | NO_LEASE, __VA_ARGS__)

static inline const char * or (const char *s, const char *usual)
{
	return s != NULL ? s : usual;
}

static inline size_t
build(const struct sim *s, const struct reply *r, uint8_t *bytes)
{
	struct packet request;
	struct packet_out o;

	ck_assert_int_eq(packet_parse(&request, s->message, s->len), PACKET_OK);
	packet_reply(&o, bytes, 548, &request, 0);
	packet_add_u8(&o, 53, r->type);
	if (!(r->without & NO_SERVER))
		packet_add_ip(&o, 54, address(or (r->server, "10.0.0.1")));
	if (!(r->without & NO_IP)) {
		packet_set_ip(
		    &o, PACKET_AT_YIADDR, address(or (r->ip, "10.0.0.5")));
		packet_add_ip(&o, 1, address(or (r->mask, "255.255.255.0")));
	}
	if (!(r->without & NO_LEASE))
		packet_add_u32(&o, 51, r->lease != 0 ? r->lease : 3600);
	if (r->t1 != 0)
		packet_add_u32(&o, 58, r->t1);
	if (r->t2 != 0)
		packet_add_u32(&o, 59, r->t2);
	if (r->v6only)
		packet_add_u32(&o, 108, r->v6only_s);
	return packet_end(&o);
}

static inline const char *
answer(struct sim *s, struct reply r)
{
	uint8_t bytes[548];
	size_t n = build(s, &r, bytes);
	const char *why = client_packet(&s->c, s->now, bytes, n);

	take(s);
	return why;
}

/* Parts of the log that most tests have. */
#define DORA                                                                   \
	"DISCOVER\n"                                                           \
	"REQUEST ip=10.0.0.5 server=10.0.0.1\n"                                \
	"script bound ip=10.0.0.5\n"
#define RENEW "REQUEST ci=10.0.0.5 to=10.0.0.1\n"
#define REBIND "REQUEST ci=10.0.0.5\n"

/* To BOUND, as usual. */
static inline void
bind_to(struct sim *s, struct reply offer, struct reply ack)
{
	run_to_message(s);
	ck_assert_ptr_null(answer(s, offer));
	run(s, 20);
	ck_assert_ptr_null(answer(s, ack));
	run(s, 2000);
	ck_assert_int_eq(s->c.state, CLIENT_BOUND);
}

static inline void
bound(struct sim *s, const struct client_conf *conf)
{
	begin(s, conf, 1, NULL);
	bind_to(s, OFFER(), ACK());
	hush(s);
}

static inline void
hear(struct sim *s, uint16_t op, const uint8_t *from, const char *spa)
{
	struct frame_arp arp = { .op = op, .spa = address(spa) };

	memcpy(arp.sha, from, 6);
	client_arp(&s->c, s->now, &arp);
	take(s);
}

#define BETWEEN(a, b, lo, hi)                                                  \
	do {                                                                   \
		ck_assert_uint_ge((b) - (a), lo);                              \
		ck_assert_uint_le((b) - (a), hi);                              \
	} while (0)

/* Header fields that are not zero, then options; the rest must be zero. */
static inline void
expect_message(const struct sim *s, const uint8_t *flags_secs,
    const char *ciaddr, const uint8_t *options, size_t n)
{
	uint8_t want[CLIENT_MESSAGE] = { 1, 1, 6, 0 };
	struct in_addr ip = address(ciaddr);

	memcpy(want + 4, s->message + 4, 4); /* xid */
	memcpy(want + 8, flags_secs, 4);
	memcpy(want + 12, &ip, 4);
	memcpy(want + 28, mac, 6);
	memcpy(want + 236, "\x63\x82\x53\x63", 4);
	memcpy(want + 240, options, n);
	ck_assert_uint_eq(s->len, n + 240 > 300 ? n + 240 : 300);
	ck_assert_mem_eq(s->message, want, s->len);
}

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define ID "\x3d\7\1\2\0\0\0\xbe\xef"
#define ASK_1 "\1\x79\3\x21\6\x0c\x0f\x1a\x1c\x2a\x33\x36\x3a\x3b\x42\x43\x77"
#define WANTS "\x37\x11" ASK_1 "\x39\2\5\xdc"
#define IP5 "\x0a\0\0\5"
#define IP1 "\x0a\0\0\1"

/* The tests of a file. */
static inline int
client_suite(const TTest *const *tests, size_t n)
{
	Suite *s = suite_create("client");
	TCase *t = tcase_create("client");
	size_t i;

	for (i = 0; i < n; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return tap_run(s);
}

#endif
