/*
 * updated: a server for tests that takes updates: zones as text, journals in a
 * directory of its own, messages in and answers out without any network.
 */
#ifndef UPDATED_H
#define UPDATED_H

#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "handed.h"
#include "journal.h"
#include "notify.h"
#include "update.h"
#include "zonelines.h"

#define UPDATED_ZONES 4
#define UPDATED_MESSAGE 65535

struct updated {
	struct dnsd_conf conf;
	struct zone_conf zones[UPDATED_ZONES];
	struct grant_conf grants[UPDATED_ZONES][2];
	struct grant_name names[UPDATED_ZONES];
	struct tsig_key keys[2]; /* granted, and not */
	struct server server;
	stats_value counters[COUNTERS];
	char dir[32];
};

/* What came of a message. */
struct updated_answer {
	bool there;
	unsigned rcode;
	size_t len;
	uint8_t bytes[UPDATED_MESSAGE];
};

/* A message in the making. */
struct updated_message {
	uint8_t bytes[UPDATED_MESSAGE];
	struct dns_builder b;
};

static inline void
updated_key(struct tsig_key *key, const char *name)
{
	ck_assert_uint_gt(dns_name_parse(name, key->name), 0);
	key->algorithm = tsig_algorithm("hmac-sha256");
	key->len = 32;
	memset(key->secret, name[0], key->len);
}

/* A zone of which the first key may update everything but DNSSEC's types. */
static inline struct zone_conf *
updated_add(struct updated *u, const char *origin)
{
	size_t i = u->conf.zones.n++;
	struct zone_conf *z = &u->zones[i];
	struct grant_conf *g = u->grants[i];
	static uint16_t kept[] = { TYPE_SOA, TYPE_NS };

	ck_assert_uint_lt(i, UPDATED_ZONES);
	zonelines_name(&z->origin, origin);
	z->name = (char *)(uintptr_t)origin;
	z->file = (char *)(uintptr_t) "";
	z->journal_max = 1 << 20;
	z->max_size = 1 << 30;
	z->updates.v = g;
	z->updates.n = 2;
	u->names[i].how = GRANT_ANY;
	g[0].key = g[1].key = &u->keys[0];
	g[0].name = g[1].name = &u->names[i];
	g[0].nnames = g[1].nnames = 1;
	g[1].type = kept;
	g[1].ntypes = 2;
	return z;
}

static inline void
updated_init(struct updated *u)
{
	memset(u, 0, sizeof(*u));
	dname_seed();
	updated_key(&u->keys[0], "granted");
	updated_key(&u->keys[1], "other");
	u->conf.zones.v = u->zones;
	u->conf.keys.v = u->keys;
	u->conf.keys.n = 2;
	u->conf.identity = (char *)(uintptr_t) "";
	u->conf.udp_size = 1232;
	strlcpy(u->dir, "/tmp/updated.XXXXXX", sizeof(u->dir));
	ck_assert_ptr_nonnull(mkdtemp(u->dir));
	u->conf.directory = u->dir;
}

/* After updated_add. */
static inline void
updated_start(struct updated *u)
{
	static const struct role_calls role = { .handed = update_handed };
	struct server *s = &u->server;

	s->conf = &u->conf;
	s->loop = ev_loop_new(0);
	s->role = &role;
	s->writing = true;
	s->main.server = s;
	s->main.counters = u->counters;
	s->now = (uint32_t)time(NULL);
	ck_assert_int_eq(zones_open(s), 0);
	s->journals = journals_open(s->loop);
	ck_assert_ptr_nonnull(s->journals);
	ck_assert_int_eq(update_start(s), 0);
	ck_assert_int_eq(handed_start(s), 0);
}

static inline struct zone *
updated_zone(struct updated *u, const char *origin)
{
	struct dname name;

	zonelines_name(&name, origin);
	return zones_at(u->server.zones, &name);
}

/* It is this, and has the journal that its directory has. */
static inline struct zone *
updated_load(struct updated *u, const char *origin, const char *text)
{
	struct zone *z = updated_zone(u, origin);
	char path[128];

	zone_publish(z, zonelines_zone(origin, text));
	zone_path(z, ".jnl", path, sizeof(path));
	z->journal = journal_open(u->server.journals, path, true);
	ck_assert_ptr_nonnull(z->journal);
	return z;
}

static inline void
updated_stop(struct updated *u)
{
	struct server *s = &u->server;

	handed_stop(s);
	update_stop(s);
	zones_close(s->zones);
	journals_close(s->journals);
	ev_loop_destroy(s->loop);
}

/* Messages. */

static inline void
updated_begin(struct updated_message *m, const char *zone)
{
	struct dns_header h = { .id = 0x1234, .flags = OPCODE_UPDATE << 11 };
	uint8_t name[DNS_NAME];

	m->b = (struct dns_builder){ .bytes = m->bytes,
		.limit = sizeof(m->bytes) };
	dns_put_header(&m->b, &h);
	ck_assert_uint_gt(dns_name_parse(zone, name), 0);
	dns_put_question(&m->b, name, TYPE_SOA, CLASS_IN);
}

/* One record: NAME TTL CLASS TYPE [RDATA...]; the line is changed. */
static inline void
updated_line(struct updated_message *m, unsigned section, char *line)
{
	static uint8_t data[RDATA_MAX];
	struct rdata_token words[ZONELINES_WORDS];
	struct dns_rr rr = { .data = data };
	char why[RDATA_WHY] = "", *word;
	size_t n = 0;
	int len = 0;

	ck_assert_uint_gt(dns_name_parse(strsep(&line, " "), rr.name), 0);
	rr.ttl = (uint32_t)strtoul(strsep(&line, " "), NULL, 10);
	word = strsep(&line, " ");
	ck_assert_msg(rclass_parse(word, strlen(word), &rr.class), "%s", word);
	word = strsep(&line, " ");
	if (strcmp(word, "ANY") == 0)
		rr.type = TYPE_ANY;
	else
		ck_assert_msg(
		    rtype_parse(word, strlen(word), &rr.type), "%s", word);
	while ((word = strsep(&line, " ")) != NULL)
		words[n++] = (struct rdata_token){ word, strlen(word), false };
	if (n > 0)
		len = rdata_parse(
		    rr.type, words, n, (const uint8_t *)"", data, why);
	ck_assert_msg(len >= 0, "%s", why);
	rr.len = (size_t)len;
	dns_put_rr(&m->b, section, &rr);
}

/* Lines for section 1 (prerequisites) or 2 (updates). */
static inline void
updated_lines(struct updated_message *m, unsigned section, const char *text)
{
	char *copy = strdup(text), *lines = copy, *line;

	while ((line = strsep(&lines, "\n")) != NULL)
		if (*line != '\0')
			updated_line(m, section, line);
	free(copy);
}

static inline void
updated_send_answer(struct handed_way *way, const struct request *r,
    const uint8_t *p, size_t len)
{
	struct updated_answer *a;

	(void)r;
	memcpy(&a, way->of, sizeof(a));
	ck_assert_uint_ge(len, DNS_HEADER);
	a->there = true;
	a->rcode = p[3] & 15;
	a->len = len;
	memcpy(a->bytes, p, len);
}

/*
 * Give it to the server; the answer comes when the loop runs. key NULL: not
 * signed. Here is what request_read says; where that is SEND, the answer is
 * there.
 */
static inline enum request_next
updated_give(struct updated *u, struct updated_message *m,
    const struct tsig_key *key, struct updated_answer *a)
{
	struct handed_way way = { .send = updated_send_answer };
	static uint8_t out[UPDATED_MESSAGE];
	struct tsig tsig = { .key = key };
	struct request r = { .tcp = true, .thread = &u->server.main };
	enum request_next next;

	if (key != NULL)
		tsig_sign(&tsig, &m->b, u->server.now);
	ck_assert(!m->b.full);
	a->there = false;
	r.bytes = m->bytes;
	r.len = m->b.len;
	r.now = u->server.now;
	r.reply.bytes = out;
	r.reply.limit = sizeof(out);
	memcpy(way.of, &a, sizeof(a));
	next = request_read(&r);
	if (next == REQUEST_SEND)
		updated_send_answer(&way, &r, out, r.reply.len);
	else if (next == REQUEST_UPDATE)
		ck_assert(handed_give(&r, &way));
	return next;
}

static inline void
updated_wait(struct updated *u, const struct updated_answer *a)
{
	while (!a->there)
		ev_run(u->server.loop, EVRUN_ONCE);
}

/* Prerequisites and updates, signed by the key that may: the code. */
static inline unsigned
updated_do(struct updated *u, const char *zone, const char *prerequisites,
    const char *updates)
{
	static struct updated_message m;
	static struct updated_answer a;

	updated_begin(&m, zone);
	updated_lines(&m, 1, prerequisites);
	updated_lines(&m, 2, updates);
	updated_give(u, &m, &u->keys[0], &a);
	updated_wait(u, &a);
	return a.rcode;
}

#endif
