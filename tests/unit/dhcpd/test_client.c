/* client: the machine of RFC 2131's figure 5 on a clock of our own. */
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

static struct in_addr
address(const char *s)
{
	struct in_addr ip;

	ck_assert_int_eq(inet_pton(AF_INET, s, &ip), 1);
	return ip;
}

static void __attribute__((__format__(__printf__, 2, 3)))
note(struct sim *s, const char *fmt, ...)
{
	size_t n = strlen(s->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->log + n, sizeof(s->log) - n, fmt, ap);
	va_end(ap);
}

static void
note_ip(struct sim *s, const char *what, struct in_addr ip)
{
	char text[INET_ADDRSTRLEN];

	if (ip.s_addr != 0)
		note(s, " %s=%s", what,
		    inet_ntop(AF_INET, &ip, text, sizeof(text)));
}

static void
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

static void
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

static void
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

static void
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

static void
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

static void
run(struct sim *s, uint64_t ms)
{
	run_until(s, s->now + ms);
}

/* Until a message is sent. */
static void
run_to_message(struct sim *s)
{
	unsigned n = s->nsent;

	while (s->nsent == n) {
		ck_assert_uint_ne(client_due(&s->c), CLIENT_NEVER);
		run_until(s, client_due(&s->c));
	}
}

static void
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

static const char * or (const char *s, const char *usual)
{
	return s != NULL ? s : usual;
}

static size_t
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

static const char *
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
static void
bind_to(struct sim *s, struct reply offer, struct reply ack)
{
	run_to_message(s);
	ck_assert_ptr_null(answer(s, offer));
	run(s, 20);
	ck_assert_ptr_null(answer(s, ack));
	run(s, 2000);
	ck_assert_int_eq(s->c.state, CLIENT_BOUND);
}

static void
bound(struct sim *s, const struct client_conf *conf)
{
	begin(s, conf, 1, NULL);
	bind_to(s, OFFER(), ACK());
	hush(s);
}

static void
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

START_TEST(dora)
{
	struct sim s;
	uint64_t asked;

	begin(&s, &usual_conf, 1, NULL);
	ck_assert_int_eq(s.c.state, CLIENT_INIT);
	run_to_message(&s);
	ck_assert_int_eq(s.c.state, CLIENT_SELECTING);
	run(&s, 3);
	asked = s.now;
	ck_assert_ptr_null(answer(&s, OFFER()));
	ck_assert_int_eq(s.c.state, CLIENT_REQUESTING);
	run(&s, 1500);
	ck_assert_ptr_null(answer(&s, ACK()));
	ck_assert_int_eq(s.c.state, CLIENT_PROBING);
	ck_assert(!s.c.configured);
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script deconfig\n" DORA);
	ck_assert(s.c.configured);
	/* from the time of the request on (section 4.4.1) */
	ck_assert_uint_eq(s.c.lease.end, asked + HOUR);
	BETWEEN(s.c.lease.t1, asked + HOUR / 2, 0, HOUR / 64);
	ck_assert_uint_eq(s.c.lease.t2, asked + HOUR / 8 * 7);
	ck_assert_str_eq(words_get(&s.c.lease.offer.words, "mask"), "24");
}
END_TEST

/* Header fields that are not zero, then options; the rest must be zero. */
static void
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

START_TEST(wire)
{
	struct sim s;
	struct client_conf conf = usual_conf;

	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	run_to_message(&s);
	expect_message(&s, (uint8_t *)"\0\4\0\0", "0.0.0.0",
	    BYTES("\x35\1\1" ID WANTS "\xff"));
	answer(&s, OFFER());
	expect_message(&s, (uint8_t *)"\0\4\0\0", "0.0.0.0",
	    BYTES("\x35\1\3" ID "\x36\4" IP1 "\x32\4" IP5 WANTS "\xff"));
	answer(&s, ACK());
	hear(&s, 2, other, "10.0.0.5");
	expect_message(&s, (uint8_t *)"\0\0\0\0", "0.0.0.0",
	    BYTES("\x35\1\4" ID "\x32\4" IP5 "\x36\4" IP1 "\x38\x1d"
		  "another host uses the address"
		  "\xff"));
	bound(&s, &conf);
	client_renew(&s.c, s.now);
	take(&s);
	expect_message(&s, (uint8_t *)"\0\0\0\0", "10.0.0.5",
	    BYTES("\x35\1\3" ID WANTS "\xff"));
	client_release(&s.c, s.now);
	take(&s);
	expect_message(&s, (uint8_t *)"\0\0\0\0", "10.0.0.5",
	    BYTES("\x35\1\7" ID "\x36\4" IP1 "\xff"));
	/* all that can be chosen */
	conf.idlen = 0;
	conf.broadcast = conf.v6only = true;
	conf.ask[0] = 252;
	conf.nask = 1;
	conf.mtu = 576;
	strlcpy(conf.host, "pc7", sizeof(conf.host));
	conf.wish = address("10.0.0.5");
	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	expect_message(&s, (uint8_t *)"\0\0\x80\0", "0.0.0.0",
	    BYTES("\x35\1\1\x32\4" IP5 "\x37\x13" ASK_1
		  "\x6c\xfc\x39\2\2\x40\x0c\3pc7\xff"));
}
END_TEST

/* Section 4.1: 4, 8, 16, 32, 64 s, give or take one; xid and secs. */
START_TEST(retransmission)
{
	struct sim s;
	uint64_t seed;
	static const uint64_t waits[] = { 4, 8, 16, 32, 64, 64, 64 };
	uint32_t xid;
	size_t i;

	for (seed = 0; seed < 300; seed++) {
		begin(&s, &usual_conf, seed, NULL);
		run_to_message(&s);
		BETWEEN(5000000, s.sent[0], 0, 250);
		xid = s.c.xid;
		for (i = 0; i < 7; i++) {
			run_to_message(&s);
			BETWEEN(s.sent[i], s.sent[i + 1],
			    (waits[i] - 1) * SECOND, (waits[i] + 1) * SECOND);
			ck_assert_uint_eq(s.c.xid, xid);
			ck_assert_uint_eq(s.message[8] << 8 | s.message[9],
			    (s.now - 5000000) / 1000);
		}
	}
	hush(&s);
	begin(&s, &usual_conf, 9, NULL);
	run(&s, 2 * HOUR);
	ck_assert_uint_ge(s.nsent, TIMES);
	ck_assert_ptr_nonnull(strstr(s.log, "script leasefail\n"));
	ck_assert_ptr_null(
	    strstr(strstr(s.log, "script leasefail\n") + 1, "script"));
}
END_TEST

START_TEST(requests_again)
{
	struct sim s;
	uint64_t then;

	begin(&s, &usual_conf, 2, NULL);
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	then = s.now;
	while (s.c.state != CLIENT_SELECTING)
		run_until(&s, client_due(&s.c));
	BETWEEN(then, s.now, 56 * SECOND, 64 * SECOND);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.0.0.5 server=10.0.0.1\n"
	    "alone\n"
	    "REQUEST ip=10.0.0.5 server=10.0.0.1\n"
	    "REQUEST ip=10.0.0.5 server=10.0.0.1\n"
	    "DISCOVER\n");
}
END_TEST

/* Each is discarded in SELECTING. */
START_TEST(bad_offers)
{
	static const struct reply bad[] = {
		{ .type = DHCP_ACK },
		{ .type = DHCP_NAK, .without = NO_IP | NO_LEASE },
		{ .type = DHCP_DISCOVER },
		{ .type = DHCP_OFFER, .without = NO_IP },
		{ .type = DHCP_OFFER, .without = NO_SERVER },
		{ .type = DHCP_OFFER, .without = NO_LEASE },
		{ .type = DHCP_OFFER, .ip = "127.0.0.5" },
		{ .type = DHCP_OFFER, .ip = "0.0.0.5" },
		{ .type = DHCP_OFFER, .ip = "224.0.0.5" },
		{ .type = DHCP_OFFER, .ip = "255.255.255.255" },
		{ .type = DHCP_OFFER, .ip = "169.254.7.7" },
		{ .type = DHCP_OFFER, .ip = "10.0.0.0" },
		{ .type = DHCP_OFFER, .ip = "10.0.0.255" },
		{ .type = DHCP_OFFER, .server = "0.0.0.0" },
		{ .type = DHCP_OFFER, .server = "255.255.255.255" },
		{ .type = DHCP_OFFER, .lease = 9 },
		{ .type = DHCP_OFFER, .mask = "255.0.255.0" },
		{ .type = DHCP_OFFER, .mask = "0.0.0.0" },
	};
	static const struct {
		size_t at;
		uint8_t flip;
	} stray[] = {
		{ 0, 3 }, /* op */
		{ 4, 1 }, /* xid */
		{ 2, 1 }, /* hlen */
		{ 28, 1 }, /* chaddr */
		{ 33, 1 }, { 236, 1 }, /* cookie */
	};
	struct sim s;
	uint8_t bytes[548];
	size_t i, n;

	begin(&s, &usual_conf, 3, NULL);
	run_to_message(&s);
	hush(&s);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(answer(&s, bad[i]) != NULL, "case %zu", i);
		ck_assert_int_eq(s.c.state, CLIENT_SELECTING);
	}
	for (i = 0; i < sizeof(stray) / sizeof(stray[0]); i++) {
		n = build(&s, &OFFER(), bytes);
		bytes[stray[i].at] ^= stray[i].flip;
		ck_assert_ptr_eq(
		    client_packet(&s.c, s.now, bytes, n), client_stray);
	}
	ck_assert_str_eq(s.log, "");
}
END_TEST

/* RFC 6842: an identifier that comes back is ours. */
START_TEST(identifier)
{
	struct sim s;
	struct packet request;
	struct packet_out o;
	uint8_t bytes[548];
	int i;

	begin(&s, &usual_conf, 3, NULL);
	run_to_message(&s);
	for (i = 0; i < 3; i++) {
		packet_parse(&request, s.message, s.len);
		packet_reply(&o, bytes, sizeof(bytes), &request, 0);
		packet_add_u8(&o, 53, DHCP_OFFER);
		packet_set_ip(&o, PACKET_AT_YIADDR, address("10.0.0.5"));
		packet_add_ip(&o, 54, address("10.0.0.1"));
		packet_add_u32(&o, 51, 3600);
		packet_add(&o, 61,
		    i == 0 ? "\1\2\0\0\0\xbe\xee" : "\1\2\0\0\0\xbe\xef",
		    i == 1 ? 6 : 7);
		ck_assert_int_eq(
		    client_packet(&s.c, s.now, bytes, packet_end(&o)) == NULL,
		    i == 2);
	}
}
END_TEST

/* In REQUESTING only the server that was chosen counts. */
START_TEST(chosen_server)
{
	struct sim s;

	begin(&s, &usual_conf, 4, NULL);
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	ck_assert_ptr_nonnull(answer(&s, OFFER(.server = "10.0.0.2")));
	ck_assert_ptr_nonnull(answer(&s, ACK(.server = "10.0.0.2")));
	ck_assert_ptr_nonnull(answer(&s, NAK(.server = "10.0.0.2")));
	ck_assert_ptr_nonnull(answer(&s, ACK(.ip = "10.0.0.6")));
	ck_assert_str_eq(s.log, "");
	ck_assert_int_eq(s.c.state, CLIENT_REQUESTING);
	ck_assert_ptr_null(answer(&s, ACK()));
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script bound ip=10.0.0.5\n");
	hush(&s);
	/* figure 5: BOUND discards all of them */
	ck_assert_ptr_nonnull(answer(&s, NAK()));
	ck_assert_ptr_nonnull(answer(&s, ACK()));
	ck_assert_ptr_nonnull(answer(&s, OFFER()));
	ck_assert_str_eq(s.log, "");
}
END_TEST

/* Section 4.4.5: T1, halves of the rest, T2, halves of the rest, end. */
START_TEST(renewal)
{
	struct sim s;
	uint64_t t1, t2, end;

	begin(&s, &usual_conf, 5, NULL);
	bind_to(&s, OFFER(), ACK(.t1 = 1600, .t2 = 3200));
	hush(&s);
	t1 = s.c.lease.t1;
	t2 = s.c.lease.t2;
	end = s.c.lease.end;
	ck_assert_uint_eq(end - t1, 2000 * SECOND);
	ck_assert_uint_eq(end - t2, 400 * SECOND);
	run_until(&s, t2 - 1);
	ck_assert_int_eq(s.c.state, CLIENT_RENEWING);
	/* 0, 800, 1200, 1400, 1500, 1560 (at least 60 s), then T2 */
	ck_assert_str_eq(s.log, RENEW RENEW RENEW RENEW RENEW RENEW);
	ck_assert_uint_eq(s.sent[0], t1);
	ck_assert_uint_eq(s.sent[1], t1 + 800 * SECOND);
	ck_assert_uint_eq(s.sent[4], t1 + 1500 * SECOND);
	ck_assert_uint_eq(s.sent[5], t1 + 1560 * SECOND);
	hush(&s);
	run_until(&s, end - 1);
	ck_assert_int_eq(s.c.state, CLIENT_REBINDING);
	ck_assert_str_eq(s.log, REBIND REBIND REBIND REBIND);
	ck_assert_uint_eq(s.sent[0], t2);
	ck_assert_uint_eq(s.sent[1], t2 + 200 * SECOND);
	ck_assert(s.c.configured);
	hush(&s);
	run(&s, 1);
	ck_assert_str_eq(
	    s.log, "forget\nscript deconfig\nDISCOVER ip=10.0.0.5\n");
	ck_assert(!s.c.configured);
}
END_TEST

START_TEST(renewed)
{
	struct sim s;
	uint64_t asked;

	bound(&s, &usual_conf);
	run_to_message(&s);
	asked = s.now;
	run(&s, 700);
	ck_assert_ptr_nonnull(answer(&s, ACK(.ip = "10.0.0.6")));
	ck_assert_ptr_null(answer(&s, ACK(.lease = 7200)));
	ck_assert_int_eq(s.c.state, CLIENT_BOUND);
	ck_assert_uint_eq(s.c.lease.end, asked + 2 * HOUR);
	ck_assert_str_eq(s.log, RENEW "script renew ip=10.0.0.5\n");
	hush(&s);
	/* REBINDING takes another server's, too, and goes on with that */
	run_until(&s, s.c.lease.t2);
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK(.server = "10.0.0.2")));
	ck_assert_str_eq(s.log, "script renew ip=10.0.0.5\n");
	hush(&s);
	run_to_message(&s);
	ck_assert_str_eq(s.log, "REQUEST ci=10.0.0.5 to=10.0.0.2\n");
}
END_TEST

START_TEST(refused_renewal)
{
	struct sim s;
	int rebinding;

	for (rebinding = 0; rebinding < 2; rebinding++) {
		bound(&s, &usual_conf);
		run_until(&s, rebinding ? s.c.lease.t2 : s.c.lease.t1);
		hush(&s);
		if (!rebinding)
			ck_assert_ptr_nonnull(
			    answer(&s, NAK(.server = "10.0.0.2")));
		ck_assert_ptr_null(answer(&s, NAK()));
		run(&s, 0);
		ck_assert_str_eq(
		    s.log, "script nak\nforget\nscript deconfig\nDISCOVER\n");
	}
}
END_TEST

/* A server that offers and refuses is not asked ever faster. */
START_TEST(refused_again)
{
	struct sim s;
	uint64_t last;
	int i;

	begin(&s, &usual_conf, 6, NULL);
	run_to_message(&s);
	for (i = 0; i < 12; i++) {
		answer(&s, OFFER());
		hush(&s);
		ck_assert_ptr_null(answer(&s, NAK()));
		last = s.now;
		run_to_message(&s);
		ck_assert_str_eq(s.log,
		    i > 3 ? "script nak\nforget\nalone\nDISCOVER\n" :
			    "script nak\nforget\nDISCOVER\n");
		ck_assert_uint_eq(
		    s.now - last, i == 0 ? 0 : SECOND << (i < 6 ? i : 6));
	}
}
END_TEST

START_TEST(infinite)
{
	struct sim s;

	begin(&s, &usual_conf, 7, NULL);
	bind_to(&s, OFFER(.lease = UINT32_MAX), ACK(.lease = UINT32_MAX));
	hush(&s);
	run(&s, 1000000 * HOUR);
	ck_assert_str_eq(s.log, "");
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
}
END_TEST

/* Odd T1 and T2 are not taken. */
START_TEST(times)
{
	static const struct {
		uint32_t t1, t2;
		bool taken;
	} cases[] = {
		{ 10, 20, true },
		{ 3000, 3599, true },
		{ 0, 3000, false },
		{ 1000, 0, false },
		{ 2000, 1000, false },
		{ 1000, 1000, false },
		{ 1000, 3600, false },
		{ UINT32_MAX, UINT32_MAX, false },
	};
	struct sim s;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&s, &usual_conf, i, NULL);
		bind_to(&s, OFFER(), ACK(.t1 = cases[i].t1, .t2 = cases[i].t2));
		ck_assert_int_eq(s.c.lease.end - s.c.lease.t2 ==
			(3600 - cases[i].t2) * SECOND,
		    cases[i].taken);
		ck_assert_uint_lt(s.c.lease.t1, s.c.lease.t2);
		ck_assert_uint_lt(s.c.lease.t2, s.c.lease.end);
	}
}
END_TEST

START_TEST(declined)
{
	struct sim s;
	uint64_t last;
	int i;

	begin(&s, &usual_conf, 8, NULL);
	run_to_message(&s);
	for (i = 1; i < 15; i++) {
		answer(&s, OFFER());
		answer(&s, ACK());
		run(&s, 600);
		hush(&s);
		hear(&s, 2, other, "10.0.0.5");
		ck_assert_str_eq(
		    s.log, "DECLINE ip=10.0.0.5 server=10.0.0.1\n");
		last = s.now;
		hush(&s);
		run_to_message(&s);
		/* no wish for that address; RFC 5227's limit */
		ck_assert_str_eq(s.log, "alone\nDISCOVER\n");
		ck_assert_uint_eq(
		    s.now - last, i < 10 ? 10 * SECOND : 60 * SECOND);
	}
	bind_to(&s, OFFER(.ip = "10.0.0.6"), ACK(.ip = "10.0.0.6"));
}
END_TEST

START_TEST(probes)
{
	struct sim s;
	struct client_conf conf = usual_conf;
	uint64_t then;

	begin(&s, &conf, 9, NULL);
	s.arps = true;
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	then = s.now;
	answer(&s, ACK());
	while (!s.c.configured)
		run_until(&s, client_due(&s.c));
	BETWEEN(then, s.now, 900, 1200);
	run(&s, 5000);
	ck_assert_str_eq(s.log,
	    "probe ip=10.0.0.5\nprobe ip=10.0.0.5\nprobe ip=10.0.0.5\n"
	    "script bound ip=10.0.0.5\n"
	    "announce ip=10.0.0.5\nannounce ip=10.0.0.5\n");
	conf.probe_ms = 0;
	begin(&s, &conf, 9, NULL);
	s.arps = true;
	run_to_message(&s);
	answer(&s, OFFER());
	hush(&s);
	answer(&s, ACK());
	ck_assert_str_eq(s.log, "script bound ip=10.0.0.5\n");
	run(&s, 5000);
	ck_assert_str_eq(s.log,
	    "script bound ip=10.0.0.5\n"
	    "announce ip=10.0.0.5\nannounce ip=10.0.0.5\n");
}
END_TEST

/* Somebody else begins to use our address (RFC 5227 section 2.4). */
START_TEST(defended)
{
	struct sim s;

	bound(&s, &usual_conf);
	s.arps = true;
	run(&s, 60 * SECOND);
	hush(&s);
	hear(&s, 1, other, "10.0.0.5");
	ck_assert_str_eq(s.log, "announce ip=10.0.0.5\n");
	run(&s, 9 * SECOND);
	hush(&s);
	hear(&s, 1, other, "10.0.0.6");
	ck_assert_str_eq(s.log, "");
	hear(&s, 1, other, "10.0.0.5");
	ck_assert_str_eq(s.log,
	    "DECLINE ip=10.0.0.5 server=10.0.0.1\nforget\nscript deconfig\n");
	hush(&s);
	run_to_message(&s);
	ck_assert_str_eq(s.log, "alone\nDISCOVER\n");
}
END_TEST

static const struct client_known before = {
	.ip.s_addr = 0x0500000a,
	.server.s_addr = 0x0100000a,
	.left_ms = 1000 * SECOND,
};

START_TEST(reboot)
{
	struct sim s;
	uint64_t asked;

	begin(&s, &usual_conf, 10, &before);
	ck_assert_str_eq(s.log, "REQUEST ip=10.0.0.5\n");
	ck_assert_int_eq(s.c.state, CLIENT_REBOOTING);
	expect_message(&s, (uint8_t *)"\0\0\0\0", "0.0.0.0",
	    BYTES("\x35\1\3" ID "\x32\4" IP5 WANTS "\xff"));
	asked = s.now;
	hush(&s);
	run(&s, 6 * SECOND);
	ck_assert_str_eq(s.log, "REQUEST ip=10.0.0.5\n");
	hush(&s);
	/* from any server, about this address only */
	ck_assert_ptr_nonnull(answer(&s, ACK(.ip = "10.0.0.6")));
	ck_assert_ptr_nonnull(answer(&s, OFFER()));
	ck_assert_ptr_null(answer(&s, ACK(.server = "10.0.0.3")));
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script bound ip=10.0.0.5\n");
	ck_assert_uint_eq(s.c.lease.end, asked + HOUR);
}
END_TEST

START_TEST(reboot_refused)
{
	struct sim s;

	begin(&s, &usual_conf, 11, &before);
	hush(&s);
	ck_assert_ptr_null(answer(&s, NAK()));
	run(&s, 0);
	ck_assert_str_eq(
	    s.log, "script nak\nforget\nscript deconfig\nDISCOVER\n");
}
END_TEST

START_TEST(reboot_silence)
{
	struct sim s;
	struct client_known known = before;

	begin(&s, &usual_conf, 12, &before);
	run(&s, 15 * SECOND);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.0.0.5\nREQUEST ip=10.0.0.5\n"
	    "alone\n"
	    "script deconfig\nDISCOVER ip=10.0.0.5\n");
	/* over: asked for, no more */
	known.left_ms = 0;
	begin(&s, &usual_conf, 12, &known);
	run_to_message(&s);
	ck_assert_str_eq(s.log, "script deconfig\nDISCOVER ip=10.0.0.5\n");
}
END_TEST

/* A worker that was started anew while the address is in use. */
START_TEST(taken_over)
{
	struct sim s;
	struct client_known known = before;

	known.configured = true;
	begin(&s, &usual_conf, 13, &known);
	run(&s, 15 * SECOND);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.0.0.5\nREQUEST ip=10.0.0.5\n"
	    "DISCOVER ip=10.0.0.5\n");
	hush(&s);
	run_until(&s, 5000000 + 999999);
	ck_assert_ptr_null(strstr(s.log, "deconfig"));
	ck_assert_ptr_null(strstr(s.log, "alone"));
	hush(&s);
	run(&s, 1);
	ck_assert_str_eq(s.log, "forget\nscript deconfig\n");
	hush(&s);
	run(&s, 10 * SECOND);
	ck_assert_ptr_nonnull(strstr(s.log, "alone\n"));
}
END_TEST

/* The link goes and comes: what is configured stays, and is asked for. */
START_TEST(link_flap)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	run(&s, 600 * SECOND);
	ck_assert_str_eq(s.log, "");
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	client_link(&s.c, s.now, true);
	take(&s);
	ck_assert_str_eq(s.log, "REQUEST ip=10.0.0.5\n");
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK()));
	ck_assert(s.c.configured);
	run(&s, 2000);
	ck_assert_str_eq(s.log, "script renew ip=10.0.0.5\n");
	/* another network, whose server knows nothing of us and says so late */
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	run(&s, 15 * SECOND);
	ck_assert(s.c.configured);
	hush(&s);
	ck_assert_ptr_null(answer(&s, OFFER(.ip = "10.9.0.5")));
	ck_assert_ptr_null(answer(&s, ACK(.ip = "10.9.0.5")));
	run(&s, 2000);
	ck_assert_str_eq(s.log,
	    "REQUEST ip=10.9.0.5 server=10.0.0.1\n"
	    "script deconfig\nscript bound ip=10.9.0.5\n");
	/* the lease ends while there is no link */
	client_link(&s.c, s.now, false);
	hush(&s);
	run(&s, 2 * HOUR);
	ck_assert_str_eq(s.log, "forget\nscript deconfig\n");
	hush(&s);
	client_link(&s.c, s.now, true);
	run(&s, 250);
	ck_assert_str_eq(s.log, "DISCOVER ip=10.9.0.5\n");
}
END_TEST

/* What another host has is declined; the lease that we have stays. */
START_TEST(flap_conflict)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	run(&s, 15 * SECOND);
	ck_assert_ptr_null(answer(&s, OFFER(.ip = "10.0.0.6")));
	ck_assert_ptr_null(answer(&s, ACK(.ip = "10.0.0.6")));
	hush(&s);
	hear(&s, 2, other, "10.0.0.6");
	ck_assert_str_eq(s.log, "DECLINE ip=10.0.0.6 server=10.0.0.1\n");
	ck_assert(s.c.configured);
	/* the same address, taken by another host meanwhile */
	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	take(&s);
	ck_assert_ptr_null(answer(&s, ACK()));
	hush(&s);
	hear(&s, 2, other, "10.0.0.5");
	ck_assert_str_eq(s.log,
	    "DECLINE ip=10.0.0.5 server=10.0.0.1\nforget\nscript deconfig\n");
}
END_TEST

/* The lease ends in the middle of a probe of the same address. */
START_TEST(end_while_probing)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_link(&s.c, s.now, false);
	run_until(&s, s.c.lease.end - 100);
	client_link(&s.c, s.now, true);
	take(&s);
	ck_assert_ptr_null(answer(&s, ACK()));
	hush(&s);
	run(&s, 2000);
	ck_assert_str_eq(
	    s.log, "forget\nscript deconfig\nscript bound ip=10.0.0.5\n");
}
END_TEST

START_TEST(no_link)
{
	struct sim s;
	static const struct client_known nothing;

	memset(&s, 0, sizeof(s));
	client_init(&s.c, &usual_conf, 1);
	client_start(&s.c, 0, &nothing);
	take(&s);
	ck_assert_str_eq(s.log, "script deconfig\n");
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
	hush(&s);
	client_renew(&s.c, 0);
	take(&s);
	ck_assert_str_eq(s.log, "");
	client_link(&s.c, 5000, true);
	run_until(&s, 5250);
	ck_assert_str_eq(s.log, "DISCOVER\n");
	client_link(&s.c, 5250, false);
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
}
END_TEST

START_TEST(release)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_release(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(
	    s.log, "forget\nRELEASE ci=10.0.0.5 server=10.0.0.1 to=10.0.0.1\n");
	ck_assert_int_eq(s.c.state, CLIENT_RELEASING);
	hush(&s);
	client_release(&s.c, s.now);
	run(&s, 24 * HOUR);
	ck_assert_str_eq(s.log, "script deconfig\n");
	ck_assert_int_eq(s.c.state, CLIENT_IDLE);
	/* the link means nothing now */
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	run(&s, HOUR);
	ck_assert_str_eq(s.log, "script deconfig\n");
	hush(&s);
	client_renew(&s.c, s.now);
	run(&s, 250);
	ck_assert_str_eq(s.log, "DISCOVER ip=10.0.0.5\n");
	client_release(&s.c, s.now);
	ck_assert_int_eq(s.c.state, CLIENT_IDLE);
	ck_assert_uint_eq(client_due(&s.c), CLIENT_NEVER);
}
END_TEST

START_TEST(renew_by_hand)
{
	struct sim s;

	bound(&s, &usual_conf);
	client_renew(&s.c, s.now);
	client_renew(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(s.log, RENEW RENEW);
	ck_assert_ptr_null(answer(&s, ACK()));
	run_until(&s, s.c.lease.t2);
	hush(&s);
	client_renew(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(s.log, REBIND);
	/* begins anew, at once */
	begin(&s, &usual_conf, 1, NULL);
	run(&s, 40 * SECOND);
	hush(&s);
	client_renew(&s.c, s.now);
	run(&s, 250);
	ck_assert_str_eq(s.log, "DISCOVER\n");
}
END_TEST

/* Nobody answers for 8 to 10 s; again after each lease that was lost. */
START_TEST(alone)
{
	struct sim s;
	uint64_t seed, when;

	for (seed = 0; seed < 100; seed++) {
		begin(&s, &usual_conf, seed, NULL);
		when = s.now;
		while (strstr(s.log, "alone") == NULL)
			run_until(&s, client_due(&s.c));
		BETWEEN(when, s.now, 8 * SECOND, 10 * SECOND);
		hush(&s);
		run(&s, HOUR);
		ck_assert_ptr_null(strstr(s.log, "alone"));
	}
	run_to_message(&s);
	bind_to(&s, OFFER(), ACK());
	hush(&s);
	run(&s, HOUR + 20 * SECOND);
	ck_assert_ptr_nonnull(strstr(s.log, "alone"));
}
END_TEST

START_TEST(once)
{
	struct sim s;
	struct client_conf conf = usual_conf;

	conf.once = true;
	bound(&s, &conf);
	run_until(&s, s.c.lease.end - 1);
	ck_assert_ptr_null(strstr(s.log, "lost"));
	run(&s, 1);
	ck_assert_ptr_nonnull(strstr(s.log, "script deconfig\nlost\n"));
	bound(&s, &conf);
	run_to_message(&s);
	answer(&s, NAK());
	ck_assert_ptr_nonnull(strstr(s.log, "script deconfig\nlost\n"));
	bound(&s, &conf);
	hear(&s, 1, other, "10.0.0.5");
	hear(&s, 1, other, "10.0.0.5");
	ck_assert_ptr_nonnull(strstr(s.log, "script deconfig\nlost\n"));
	/* what was never had is not lost */
	begin(&s, &conf, 1, &before);
	answer(&s, NAK());
	ck_assert_ptr_null(strstr(s.log, "lost"));
}
END_TEST

/* RFC 8925 section 3.2 */
START_TEST(v6only)
{
	struct sim s;
	struct client_conf conf = usual_conf;
	uint64_t then;

	/* not asked for: ignored */
	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	answer(&s, OFFER(.v6only = true));
	ck_assert_int_eq(s.c.state, CLIENT_REQUESTING);
	conf.v6only = true;
	begin(&s, &conf, 1, NULL);
	run_to_message(&s);
	hush(&s);
	then = s.now;
	ck_assert_ptr_null(answer(&s, OFFER(.v6only = true, .v6only_s = 7)));
	ck_assert_str_eq(s.log, "");
	run_to_message(&s);
	BETWEEN(then, s.now, 300 * SECOND, 300 * SECOND + 250);
	then = s.now;
	answer(&s, OFFER(.v6only = true, .v6only_s = 1800));
	run_until(&s, then + 1800 * SECOND - 1);
	ck_assert_int_eq(s.c.state, CLIENT_V6ONLY);
	client_link(&s.c, s.now, false);
	client_link(&s.c, s.now, true);
	ck_assert_int_eq(s.c.state, CLIENT_INIT);
	begin(&s, &conf, 1, &before);
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK(.v6only = true)));
	ck_assert_str_eq(s.log, "forget\nscript deconfig\n");
	ck_assert_int_eq(s.c.state, CLIENT_V6ONLY);
	/* in any other state the address is used on */
	bound(&s, &conf);
	run_to_message(&s);
	hush(&s);
	ck_assert_ptr_null(answer(&s, ACK(.v6only = true)));
	ck_assert_str_eq(s.log, "script renew ip=10.0.0.5\n");
}
END_TEST

/* The machine slept past T1, T2 or the end. */
START_TEST(slept)
{
	struct sim s;

	bound(&s, &usual_conf);
	s.now = s.c.lease.t2 + 5000;
	client_timer(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(s.log, REBIND);
	bound(&s, &usual_conf);
	s.now = s.c.lease.end + 24 * HOUR;
	client_timer(&s.c, s.now);
	take(&s);
	ck_assert_str_eq(
	    s.log, "forget\nscript deconfig\nDISCOVER ip=10.0.0.5\n");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { dora, wire, retransmission,
		requests_again, bad_offers, identifier, chosen_server, renewal,
		renewed, refused_renewal, refused_again, infinite, times,
		declined, probes, defended, reboot, reboot_refused,
		reboot_silence, taken_over, link_flap, flap_conflict,
		end_while_probing, no_link, release, renew_by_hand, alone, once,
		v6only, slept };
	Suite *s = suite_create("client");
	TCase *t = tcase_create("client");
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return tap_run(s);
}
