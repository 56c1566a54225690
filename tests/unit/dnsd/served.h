/*
 * served: zones from text, questions to them as text, and answers as text:
 *
 *	NOERROR aa do
 *	= www.example. 3600 A 192.0.2.1		answer
 *	@ example. 3600 NS ns.example.		authority
 *	+ ns.example. 3600 A 192.0.2.2		additional
 *
 * An RRSIG is told by what it covers alone. Every answer is read by dnswire,
 * must be no longer than its limit and end where its last record does.
 */
#ifndef SERVED_H
#define SERVED_H

#include <stdarg.h>

#include <bsd/string.h>

#include "answer.h"
#include "asked.h"
#include "rdata.h"
#include "zonefile.h"

#define SERVED_ZONES 8

struct served_zone {
	const char *origin;
	const char *text; /* NULL: it could not be loaded */
	bool closed; /* allow_query fits nobody */
};
struct served {
	struct asked a;
	struct zone_conf zones[SERVED_ZONES];
	struct acl_entry any;
	uint8_t in[1024];
	size_t len; /* of the reply */
	char text[1 << 18]; /* of it */
	size_t used;
};

static inline const char *
served_record(void *arg, const struct zonefile_rr *z)
{
	const struct edit_rr rr = { z->type, z->ttl, z->data, z->len };
	enum edit_result got = edit_add(arg, z->owner, &rr);

	return got == EDIT_DONE || got == EDIT_SAME ? NULL : "not added";
}

static inline struct snapshot *
served_load(const struct served_zone *z, const struct dname *origin)
{
	static const struct zonefile_calls calls = { .record = served_record };
	struct edit *edit = edit_begin(NULL, origin);
	struct snapshot *s;

	if (edit == NULL ||
	    zonefile_read_text(z->text, strlen(z->text), z->origin,
		origin->wire, &calls, edit) != 0 ||
	    (s = edit_commit(edit)) == NULL)
		abort();
	return s;
}

static inline void
served_begin(struct served *v, const struct served_zone *z, size_t n)
{
	struct server *server = &v->a.server;
	struct zone_conf *c;
	size_t i;

	memset(v, 0, sizeof(*v));
	asked_begin(&v->a);
	v->any.any_address = true;
	for (i = 0; i < n; i++) {
		c = &v->zones[i];
		if (dname_parse(&c->origin, z[i].origin, strlen(z[i].origin),
			NULL) != 0)
			abort();
		c->allow_query.v = &v->any;
		c->allow_query.n = z[i].closed ? 0 : 1;
	}
	v->a.conf.zones.v = v->zones;
	v->a.conf.zones.n = n;
	server->role = &auth_calls;
	if (zones_open(server) == -1)
		abort();
	for (i = 0; i < n; i++)
		if (z[i].text != NULL)
			zone_publish(
			    zones_at(server->zones, &v->zones[i].origin),
			    served_load(&z[i], &v->zones[i].origin));
}

static inline void
served_end(struct served *v)
{
	struct zones *zones = v->a.server.zones;
	size_t i;

	for (i = 0; i < zones->n; i++)
		zone_publish(&zones->v[i], NULL);
	while (snapshot_reclaim())
		;
	zones_close(zones);
}

static inline void __attribute__((__format__(__printf__, 2, 3)))
served_say(struct served *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	v->used += (size_t)vsnprintf(
	    v->text + v->used, sizeof(v->text) - v->used, fmt, ap);
	va_end(ap);
	if (v->used >= sizeof(v->text))
		abort();
}

static inline void
served_say_rr(struct served *v, const struct dns_walk *w, struct dns_rr *rr)
{
	static uint8_t data[RDATA_MAX];
	char name[DNS_NAME_TEXT], type[RTYPE_TEXT];
	struct dns_reader r = { v->a.reply, v->len,
		(size_t)(rr->data - v->a.reply), false };
	int len = rdata_read(&r, rr->type, rr->len, data);
	struct buf text;

	if (len == -1)
		abort();
	served_say(v, "%c %s %u %s ", " =@+"[w->section],
	    dns_name_text(rr->name, name), (unsigned)rr -> ttl,
	    rtype_text(rr->type, type));
	if (rr->type == TYPE_RRSIG) {
		served_say(v, "%s\n",
		    rtype_text((uint16_t)(data[0] << 8 | data[1]), type));
		return;
	}
	buf_init(&text, 65536);
	rdata_text(rr->type, data, (size_t)len, &text);
	served_say(v, "%.*s\n", (int)text.len, (const char *)text.p);
	buf_free(&text);
}

static inline void
served_say_opt(struct served *v, const struct dns_rr *rr)
{
	const uint8_t *p = rr->data, *end = p + rr->len;
	unsigned len;

	served_say(v, " edns");
	if (rr->ttl & 0x8000)
		served_say(v, " do");
	for (; p < end; p += 4 + len) {
		len = (unsigned)(p[2] << 8 | p[3]);
		if (p[1] == 3)
			served_say(v, " nsid=%.*s", (int)len, p + 4);
		else
			served_say(v, " ede=%u", p[5]);
	}
}

/* The head's line, with what OPT says. */
static inline void
served_say_head(struct served *v)
{
	static const char *const rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "7", "8",
		"NOTAUTH" };
	static const struct {
		unsigned bit;
		const char *name;
	} flags[] = { { DNS_AA, "aa" }, { DNS_TC, "tc" }, { DNS_RD, "rd" },
		{ DNS_RA, "ra" }, { 0x40, "z" }, { DNS_AD, "ad" },
		{ DNS_CD, "cd" } };
	struct dns_walk w;
	struct dns_rr rr;
	size_t i;

	if (dns_walk_begin(&w, v->a.reply, v->len) == -1 ||
	    (w.h.flags & DNS_QR) == 0)
		abort();
	served_say(v, "%s", rcodes[w.h.flags & 15]);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (w.h.flags & flags[i].bit)
			served_say(v, " %s", flags[i].name);
	while (dns_walk_next(&w, &rr) == 1)
		if (w.section == 3 && rr.type == TYPE_OPT)
			served_say_opt(v, &rr);
	served_say(v, "\n");
}

static inline const char *
served_text(struct served *v)
{
	struct dns_walk w;
	struct dns_rr rr;
	int more;

	v->used = 0;
	served_say_head(v);
	dns_walk_begin(&w, v->a.reply, v->len);
	while ((more = dns_walk_next(&w, &rr)) == 1)
		if (w.section > 0 && rr.type != TYPE_OPT)
			served_say_rr(v, &w, &rr);
	if (more == -1 || w.r.pos != v->len || w.h.count[0] != 1 ||
	    v->len > v->a.r.reply.limit)
		abort();
	return v->text;
}

struct served_case {
	const char *question, *reply;
};

/*
 * "NAME TYPE [+tcp] [+edns] [+do] [+size=N] [+ch] [+rd] [+cd]": a message in
 * v->in. Its length; *tcp set.
 */
static inline size_t
served_question(struct served *v, const char *text, bool *tcp)
{
	char copy[1200], *p = copy, *name, *type, *word;
	struct dns_builder b = { .bytes = v->in, .limit = sizeof(v->in) };
	struct dns_header h = { .id = 0x4711, .count = { 1 } };
	uint8_t wire[DNS_NAME];
	uint16_t rtype, class = CLASS_IN, size = 0, dnssec = 0;

	strlcpy(copy, text, sizeof(copy));
	name = strsep(&p, " ");
	type = strsep(&p, " ");
	*tcp = false;
	while ((word = strsep(&p, " ")) != NULL) {
		if (strcmp(word, "+tcp") == 0)
			*tcp = true;
		else if (strcmp(word, "+edns") == 0)
			size = 1232;
		else if (strcmp(word, "+do") == 0)
			dnssec = 0x8000;
		else if (strncmp(word, "+size=", 6) == 0)
			size = (uint16_t)strtoul(word + 6, NULL, 10);
		else if (strcmp(word, "+ch") == 0)
			class = CLASS_CH;
		else if (strcmp(word, "+hs") == 0)
			class = CLASS_HS;
		else if (strcmp(word, "+rd") == 0)
			h.flags |= DNS_RD;
		else if (strcmp(word, "+cd") == 0)
			h.flags |= DNS_CD | DNS_AD;
		else
			abort();
	}
	if (dnssec != 0 && size == 0)
		size = 1232;
	if (dns_name_parse(name, wire) == 0 ||
	    !rtype_parse(type, strlen(type), &rtype))
		abort();
	h.count[3] = size != 0;
	dns_put_header(&b, &h);
	dns_put_name(&b, wire);
	dns_put16(&b, rtype);
	dns_put16(&b, class);
	if (size != 0) {
		dns_put8(&b, 0);
		dns_put16(&b, TYPE_OPT);
		dns_put16(&b, size);
		dns_put16(&b, 0);
		dns_put16(&b, dnssec);
		dns_put16(&b, 0);
	}
	return b.len;
}

/* Answer the question that was read. The length of the reply; 0: none. */
static inline size_t
served_query(struct served *v)
{
	struct request *r = &v->a.r;
	struct stream *stream = NULL;
	unsigned round;

	for (round = 0; round < PREFETCH_ROUNDS; round++)
		auth_calls.prefetch(r, round);
	auth_calls.query(r, &stream);
	if (stream == NULL)
		return request_finish(r);
	stream->end(stream);
	return 0;
}

/* Answer what stands in bytes; as above. */
static inline size_t
served_bytes(struct served *v, const uint8_t *bytes, size_t len, bool tcp)
{
	switch (asked_read(&v->a, bytes, len, tcp)) {
	case REQUEST_QUERY:
		return served_query(v);
	case REQUEST_SEND:
		return v->a.r.reply.len;
	default:
		return 0;
	}
}

static inline const char *
served_ask(struct served *v, const char *question)
{
	bool tcp;
	size_t len = served_question(v, question, &tcp);

	v->len = served_bytes(v, v->in, len, tcp);
	if (v->len == 0)
		abort();
	return served_text(v);
}

#endif
