/*
 * Whatever comes, in any state: messages of servers, ARP, time, the link,
 * orders. The machine must stay in a state that has a way on, send nothing
 * that is malformed, tell the script in an order that makes sense and with
 * words that are safe, and not run in a circle.
 *
 * Input: a byte of options for the client, then steps: a byte that names the
 * event, a byte of its size or measure, and its bytes. A message gets the
 * header that makes it an answer unless its event says otherwise, so that the
 * fuzzer needn't guess an xid.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "linklocal.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

#define TURNS 64 /* timers that may fall due in no time */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum step {
	ANSWER, /* with a header that fits */
	STRAY, /* bytes as they are */
	ARP,
	TIME,
	LINK,
	RENEW,
	RELEASE,
	SLEEP, /* the machine does; timers are late */
	STEPS
};

static const uint8_t mac[6] = { 2, 0, 0, 0, 0xbe, 0xef };

static struct {
	struct client c;
	struct linklocal l;
	uint64_t now;
	bool configured; /* as the script was told */
} sim;

static void
check_words(const struct words *w)
{
	static struct words copy;
	const char *word = NULL;

	CHECK(words_take(&copy, w->text, w->len));
	while ((word = words_next(w, word)) != NULL)
		CHECK(strpbrk(word, "$`'\"\\;&|<>()*?[]{}~#!\n\r\t") == NULL);
}

static void
check_event(const struct client_action *a)
{
	if (a->words != NULL)
		check_words(a->words);
	switch (a->event) {
	case CLIENT_DECONFIG:
		sim.configured = false;
		break;
	case CLIENT_BOUND_EVENT:
		CHECK(!sim.configured);
		sim.configured = true;
		break;
	case CLIENT_RENEW_EVENT:
		CHECK(sim.configured);
		break;
	default:
		break;
	}
	if (a->event == CLIENT_BOUND_EVENT || a->event == CLIENT_RENEW_EVENT)
		CHECK(words_get(a->words, "ip") != NULL &&
		    words_get(a->words, "lease") != NULL &&
		    words_get(a->words, "subnet") != NULL &&
		    words_get(a->words, "serverid") != NULL);
}

static void
check_message(const struct client_action *a)
{
	static struct packet p;

	CHECK(a->len >= PACKET_PAD && a->len <= CLIENT_MESSAGE);
	CHECK(packet_parse(&p, a->bytes, a->len) == PACKET_OK);
	CHECK(p.op == PACKET_REQUEST && p.xid == sim.c.xid);
	CHECK(memcmp(p.chaddr, mac, sizeof(mac)) == 0);
	if (a->kind == CLIENT_UNICAST)
		CHECK(a->to.s_addr != 0 && a->from.s_addr == p.ciaddr.s_addr);
}

static void
settle(void)
{
	const struct client_action *a;
	struct linklocal_action l;

	while ((a = client_next(&sim.c)) != NULL)
		switch (a->kind) {
		case CLIENT_BROADCAST:
		case CLIENT_UNICAST:
			check_message(a);
			break;
		case CLIENT_EVENT:
			if (a->event == CLIENT_BOUND_EVENT)
				linklocal_stop(&sim.l);
			check_event(a);
			break;
		case CLIENT_ALONE:
			CHECK(!sim.configured);
			linklocal_start(&sim.l, sim.now);
			break;
		default:
			break;
		}
	while (linklocal_next(&sim.l, &l))
		CHECK(linklocal_valid(
		    l.kind == LINKLOCAL_ARP ? l.arp.tpa : l.ip));
	CHECK(sim.configured == sim.c.configured);
	CHECK(sim.c.state < CLIENT_STATES);
	/* A state that nothing but the outside ends, or a time that does. */
	CHECK(client_due(&sim.c) != CLIENT_NEVER ||
	    sim.c.state == CLIENT_IDLE || sim.c.state == CLIENT_NOLINK ||
	    (sim.c.configured && sim.c.lease.end == CLIENT_NEVER));
}

static void
run_until(uint64_t when)
{
	uint64_t due, last = 0;
	int turns = 0;

	for (;;) {
		due = client_due(&sim.c);
		if (linklocal_due(&sim.l) < due)
			due = linklocal_due(&sim.l);
		if (due > when)
			break;
		sim.now = due > sim.now ? due : sim.now;
		turns = sim.now == last ? turns + 1 : 0;
		CHECK(turns < TURNS);
		last = sim.now;
		client_timer(&sim.c, sim.now);
		linklocal_timer(&sim.l, sim.now);
		settle();
	}
	sim.now = when > sim.now ? when : sim.now;
}

static void
answer(const uint8_t *p, size_t n)
{
	uint8_t bytes[PACKET_MAX] = { 2, 1,
		6, [236] = 99, [237] = 130, [238] = 83, [239] = 99 };

	bytes[4] = (uint8_t)(sim.c.xid >> 24);
	bytes[5] = (uint8_t)(sim.c.xid >> 16);
	bytes[6] = (uint8_t)(sim.c.xid >> 8);
	bytes[7] = (uint8_t)sim.c.xid;
	memcpy(bytes + 28, mac, sizeof(mac));
	/* the address, then options */
	memcpy(bytes + 16, p, n < 4 ? n : 4);
	if (n > 4)
		memcpy(bytes + 240, p + 4, n - 4);
	client_packet(&sim.c, sim.now, bytes, 240 + (n > 4 ? n - 4 : 0));
}

static void
hear(const uint8_t *p, size_t n)
{
	struct frame_arp arp;
	uint8_t bytes[FRAME_ARP_LEN] = { 0, 1, 8, 0, 6, 4, 0, 2 };
	const struct in_addr ours[] = { sim.c.acd.ip, sim.l.acd.ip };

	/* One of our addresses in place of the sender's, mostly. */
	if (n > 0)
		memcpy(bytes + 14, &ours[p[0] & 1], 4);
	if (n > 1)
		memcpy(bytes + 7, p + 1, n - 1 < 21 ? n - 1 : 21);
	if (frame_arp_get(bytes, sizeof(bytes), &arp) == -1)
		return;
	client_arp(&sim.c, sim.now, &arp);
	settle();
	linklocal_arp(&sim.l, sim.now, &arp);
}

/* 0 to 255 as a time, from a millisecond to most of a day. */
static uint64_t
span(uint8_t n)
{
	return (uint64_t)(n % 16 + 1) << (n / 16 + n / 32);
}

static void
take_step(enum step step, uint8_t measure, const uint8_t *p, size_t n)
{
	switch (step) {
	case ANSWER:
		answer(p, n);
		break;
	case STRAY:
		client_packet(&sim.c, sim.now, p, n);
		break;
	case ARP:
		hear(p, n);
		break;
	case TIME:
		run_until(sim.now + span(measure));
		break;
	case LINK:
		client_link(&sim.c, sim.now, measure & 1);
		if (!(measure & 1))
			linklocal_stop(&sim.l);
		break;
	case RENEW:
		client_renew(&sim.c, sim.now);
		break;
	case RELEASE:
		client_release(&sim.c, sim.now);
		break;
	case SLEEP:
		sim.now += span(measure);
		break;
	case STEPS:
		break;
	}
	settle();
}

static void
begin(uint8_t options)
{
	struct client_conf conf = {
		.id = { 1, 2, 0, 0, 0, 0xbe, 0xef },
		.idlen = options & 1 ? 7 : 0,
		.mtu = 1500,
		.probe_ms = options & 2 ? 1000 : 0,
		.broadcast = options & 4,
		.v6only = options & 8,
		.once = options & 16,
	};
	struct client_known known = {
		.ip.s_addr = options & 32 ? htonl(0x0a000005) : 0,
		.server.s_addr = options & 64 ? htonl(0x0a000001) : 0,
		.left_ms = options & 128 ? 1000000 : 0,
	};
	struct in_addr none = { 0 };

	memcpy(conf.hw, mac, sizeof(mac));
	known.configured =
	    known.left_ms > 0 && known.ip.s_addr != 0 && (options & 1);
	sim.now = 1000000;
	sim.configured = known.configured;
	client_init(&sim.c, &conf, options);
	linklocal_init(&sim.l, mac, options, none);
	client_link(&sim.c, sim.now, true);
	client_start(&sim.c, sim.now, &known);
	settle();
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t step, measure;
	size_t size;

	begin(n > 0 ? *p : 0);
	if (n > 0)
		p++, n--;
	while (n >= 2) {
		step = p[0] % STEPS;
		measure = p[1];
		p += 2;
		n -= 2;
		size = step <= ARP ? measure : 0;
		if (step == STRAY)
			size *= 4;
		size = size < n ? size : n;
		take_step(step, measure, p, size);
		p += size;
		n -= size;
	}
	run_until(sim.now + UINT64_C(4000000));
	return 0;
}
