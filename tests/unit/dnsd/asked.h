/*
 * asked: a request as a transport makes one, with a server of nothing but a
 * configuration; and bytes as text.
 */
#ifndef ASKED_H
#define ASKED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

#define ASKED_NOW 1700000000

struct asked {
	struct dnsd_conf conf;
	struct server server;
	struct worker_thread thread;
	stats_value counters[COUNTERS];
	struct request r;
	size_t room; /* of the reply, as transports give it */
	uint8_t reply[65535];
};

static inline void
asked_begin(struct asked *a)
{
	static char none[] = "";

	memset(a, 0, sizeof(*a));
	a->room = sizeof(a->reply);
	a->conf.udp_size = REQUEST_EDNS_SIZE;
	a->conf.identity = a->conf.version = none;
	a->server.conf = &a->conf;
	a->thread.server = &a->server;
	a->thread.counters = a->counters;
	a->r.thread = &a->thread;
	a->r.peer.in.sin_family = AF_INET;
}

/* What is left over of the message before must not matter. */
static inline enum request_next
asked_read(struct asked *a, const uint8_t *bytes, size_t len, bool tcp)
{
	struct request *r = &a->r;

	memset((uint8_t *)r + offsetof(struct request, header), 0xa5,
	    sizeof(*r) - offsetof(struct request, header));
	memset(&r->reply, 0xa5, sizeof(r->reply));
	r->bytes = bytes;
	r->len = len;
	r->tcp = tcp;
	r->now = ASKED_NOW;
	r->reply.bytes = a->reply;
	r->reply.limit = a->room;
	return request_read(r);
}

/* "0001 c00c 'www' ..." to bytes; returns their number. */
static inline size_t
asked_bytes(const char *text, uint8_t *out)
{
	char two[3] = "";
	size_t n = 0;

	while (*text != '\0') {
		if (*text == ' ' || *text == '\n') {
			text++;
		} else if (*text == '\'') {
			for (text++; *text != '\''; text++)
				out[n++] = (uint8_t)*text;
			text++;
		} else {
			two[0] = *text++;
			two[1] = *text++;
			out[n++] = (uint8_t)strtoul(two, NULL, 16);
		}
	}
	return n;
}

static inline const char *
asked_hex(const uint8_t *p, size_t n)
{
	static char text[4 * 65535];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", p[i]);
	return text;
}

#endif
