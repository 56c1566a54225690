/*
 * Any bytes as a message. Values must lie in the message, or where parts are
 * joined; and a reply that says the same again, as far as there is room, must
 * be read as what was put in.
 */
#include <stdlib.h>
#include <string.h>

#include "packet.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

#define OVERLOAD 52
#define AGENT 82

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
within(const uint8_t *p, size_t n, const uint8_t *from, size_t size)
{
	return p >= from && n <= size && p - from <= (ptrdiff_t)(size - n);
}

static void
check_values(const struct packet *p)
{
	const struct options *o = &p->options;
	size_t all = 0, len;

	CHECK(!option_has(o, 0) && !option_has(o, 255));
	CHECK(o->njoined <= sizeof(o->joined));
	for (unsigned code = 0; code < 256; code++) {
		CHECK(o->at[code] != NULL || o->len[code] == 0);
		if (o->at[code] == NULL)
			continue;
		all += o->len[code];
		CHECK(within(o->at[code], o->len[code], p->bytes, p->len) ||
		    within(o->at[code], o->len[code], o->joined, o->njoined));
		for (unsigned sub = 0; sub < 256; sub++) {
			const uint8_t *s = option_sub(
			    o->at[code], o->len[code], (uint8_t)sub, &len);

			CHECK(s == NULL ||
			    within(s, len, o->at[code], o->len[code]));
		}
	}
	CHECK(all < p->len);
}

/* The limit and what stands in file and sname are of the message, too. */
static size_t
build(const struct packet *p, uint8_t *bytes, bool added[256])
{
	const struct options *o = &p->options;
	size_t limit = PACKET_PAD + p->xid % (PACKET_MAX - PACKET_PAD + 1);
	struct packet_out out;

	packet_reply(&out, bytes, limit, p,
	    option_has(o, AGENT) ? o->len[AGENT] + 2u : 0);
	packet_set_ip(&out, PACKET_AT_YIADDR, p->yiaddr);
	if (p->file != NULL && p->file[0] != '\0')
		packet_set_file(&out, "boot");
	if (p->sname != NULL && p->sname[0] != '\0')
		packet_set_sname(&out, "server");
	for (unsigned code = 255; code-- > 0;)
		if (o->at[code] != NULL && code != OVERLOAD && code != AGENT)
			added[code] = packet_add(
			    &out, (uint8_t)code, o->at[code], o->len[code]);
	if (option_has(o, AGENT))
		added[AGENT] =
		    packet_last(&out, AGENT, o->at[AGENT], o->len[AGENT]);
	CHECK(packet_end(&out) <= limit);
	return out.len;
}

static void
check_header(const struct packet *p, const struct packet *back)
{
	static const uint8_t none[4];

	CHECK(back->op == PACKET_REPLY && back->hops == 0 && back->secs == 0);
	CHECK(back->htype == p->htype && back->hlen == p->hlen);
	CHECK(back->xid == p->xid && back->flags == p->flags);
	CHECK(memcmp(back->chaddr, p->chaddr, PACKET_HW) == 0);
	CHECK(memcmp(&back->giaddr, &p->giaddr, 4) == 0);
	CHECK(memcmp(&back->yiaddr, &p->yiaddr, 4) == 0);
	CHECK(memcmp(&back->ciaddr, none, 4) == 0);
	CHECK(memcmp(&back->siaddr, none, 4) == 0);
}

static void
check_reply(const struct packet *p)
{
	static struct packet back;
	bool added[256] = { false };
	uint8_t *bytes = malloc(PACKET_MAX);
	const struct options *o = &p->options, *b = &back.options;
	size_t n;

	CHECK(bytes != NULL);
	n = build(p, bytes, added);
	CHECK(packet_parse(&back, bytes, n) == PACKET_OK);
	check_header(p, &back);
	for (unsigned code = 0; code < 256; code++) {
		if (code == OVERLOAD)
			continue;
		CHECK(added[code] == option_has(b, (uint8_t)code));
		if (!added[code])
			continue;
		CHECK(b->len[code] == o->len[code]);
		CHECK(memcmp(b->at[code], o->at[code], o->len[code]) == 0);
	}
	/* 52 is there only for options that are nowhere else. */
	CHECK(option_has(b, OVERLOAD) ==
	    (back.file == NULL || back.sname == NULL));
	CHECK(back.file != NULL || bytes[108] != 255);
	CHECK(back.sname != NULL || bytes[44] != 255);
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet p;

	if (packet_parse(&p, data, size) != PACKET_OK)
		return 0;
	check_values(&p);
	check_reply(&p);
	return 0;
}
