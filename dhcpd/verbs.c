/*
 * What the administrator asks over the control socket: leases, history, free,
 * pools. Long answers come in parts, so that neither a hundred thousand leases
 * nor a history of years fill memory or hold up clients.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "past.h"
#include "server.h"

#define LOOKED_AT 2000 /* leases for one part of an answer */
#define PART_TEXT (256 * 1024)
#define TIME_TEXT 24

/* What is listed, and how. */
struct listing {
	struct server *server;
	bool json, begun;
	enum { LIST_ALL, LIST_RANGE, LIST_HW, LIST_NAME } by;
	uint32_t first, last; /* LIST_RANGE */
	uint8_t hw[PACKET_HW];
	size_t hwlen;
	char name[LEASE_HOST + 1];
	uint32_t at; /* the last address that was looked at */
};

/* "2024-05-01T10:00:00Z"; "never" for an infinite lease's end. */
static const char *
time_text(int64_t when, char out[TIME_TEXT])
{
	time_t t = (time_t)when;
	struct tm tm;

	if (when == LEASE_FOREVER || gmtime_r(&t, &tm) == NULL ||
	    strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		strlcpy(out, "never", TIME_TEXT);
	return out;
}

/* The same forms, or seconds since the epoch; a day alone is its beginning. */
static int
time_parse(const char *text, int64_t *when)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S",
		"%Y-%m-%dT%H:%M", "%Y-%m-%d" };
	const char *error, *end;
	struct tm tm;
	size_t i;

	*when = strtonum(text, 1, INT64_MAX - 1, &error);
	if (error == NULL)
		return 0;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(text, forms[i], &tm);
		if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0))
			continue;
		*when = timegm(&tm);
		return 0;
	}
	return -1;
}

/* Bytes that came from a client, as a JSON string or as words. */
static void
put_string(struct buf *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	buf_puts(out, "\"");
	for (; *p != '\0'; p++)
		if (*p < ' ' || *p >= 127 || *p == '"' || *p == '\\')
			buf_printf(out, "\\u%04x", *p);
		else
			buf_add(out, p, 1);
	buf_puts(out, "\"");
}

static void
put_hex(struct buf *out, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		buf_printf(out, "%02x", p[i]);
}

/* A lease or a line of the history in the same words. */
struct shown {
	uint32_t ip;
	const char *state;
	int64_t when; /* of the line; 0: none */
	int64_t start, end, last;
	const uint8_t *hw, *id;
	size_t hlen, idlen;
	struct lease_more more;
};

static void
show_text(struct buf *out, const struct shown *v)
{
	char ip[16], hw[3 * PACKET_HW], t[TIME_TEXT], name[256];

	if (v->when != 0)
		buf_printf(out, "%s ", time_text(v->when, t));
	buf_printf(out, "%s %s %s", serve_ip(v->ip, ip), v->state,
	    v->hlen > 0 ? serve_hw(v->hw, v->hlen, hw) : "-");
	buf_printf(out, " start %s", time_text(v->start, t));
	buf_printf(out, " end %s", time_text(v->end, t));
	if (v->more.host != NULL)
		buf_printf(out, " host %s",
		    log_escape(name, sizeof(name), v->more.host));
	if (v->more.fqdn != NULL)
		buf_printf(out, " fqdn %s",
		    log_escape(name, sizeof(name), v->more.fqdn));
	if (v->idlen > 0) {
		buf_puts(out, " id ");
		put_hex(out, v->id, v->idlen);
	}
	if (v->more.agent_len > 0) {
		buf_puts(out, " agent ");
		put_hex(out, v->more.agent, v->more.agent_len);
	}
	buf_puts(out, "\n");
}

static void
json_time(struct buf *out, const char *name, int64_t when)
{
	if (when == LEASE_FOREVER)
		buf_printf(out, ",\"%s\":null", name);
	else
		buf_printf(out, ",\"%s\":%lld", name, (long long)when);
}

static void
json_text(struct buf *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	buf_printf(out, ",\"%s\":", name);
	put_string(out, text);
}

static void
json_hex(struct buf *out, const char *name, const uint8_t *p, size_t n)
{
	if (n == 0)
		return;
	buf_printf(out, ",\"%s\":\"", name);
	put_hex(out, p, n);
	buf_puts(out, "\"");
}

static void
show_json(struct buf *out, const struct shown *v)
{
	char ip[16], hw[3 * PACKET_HW];

	buf_printf(out, "{\"ip\":\"%s\",\"state\":\"%s\"", serve_ip(v->ip, ip),
	    v->state);
	if (v->when != 0)
		json_time(out, "time", v->when);
	if (v->hlen > 0)
		json_text(out, "mac", serve_hw(v->hw, v->hlen, hw));
	json_time(out, "start", v->start);
	json_time(out, "end", v->end);
	json_time(out, "last", v->last);
	json_text(out, "host", v->more.host);
	json_text(out, "fqdn", v->more.fqdn);
	json_hex(out, "id", v->id, v->idlen);
	json_hex(out, "agent", v->more.agent, v->more.agent_len);
	json_hex(out, "vendor", v->more.vendor, v->more.vendor_len);
	buf_puts(out, "}");
}

/* One of an array in JSON, or a line. */
static void
show(struct buf *out, const struct shown *v, struct listing *l)
{
	if (!l->json) {
		show_text(out, v);
		return;
	}
	buf_puts(out, l->begun ? ",\n" : "[\n");
	l->begun = true;
	show_json(out, v);
}

static void
show_end(struct buf *out, const struct listing *l)
{
	if (l->json)
		buf_puts(out, l->begun ? "\n]\n" : "[]\n");
}

static void
show_lease(struct buf *out, const struct lease *lease, struct listing *l)
{
	struct shown v = { .ip = lease->ip,
		.state = lease_state_name(lease->state),
		.start = lease->start,
		.end = lease->end,
		.last = lease->last,
		.hw = lease->hw,
		.hlen = lease->hlen };

	lease_recall(lease, &v.more);
	v.id = lease_id(lease, &v.idlen);
	show(out, &v, l);
}

static bool
is_listed(const struct lease *lease, const struct listing *l)
{
	struct lease_more more;

	switch (l->by) {
	case LIST_RANGE:
		return lease->ip >= l->first && lease->ip <= l->last;
	case LIST_HW:
		return lease->hlen == l->hwlen &&
		    memcmp(lease->hw, l->hw, l->hwlen) == 0;
	case LIST_NAME:
		lease_recall(lease, &more);
		return (more.host != NULL &&
			   strcasecmp(more.host, l->name) == 0) ||
		    (more.fqdn != NULL && strcasecmp(more.fqdn, l->name) == 0);
	case LIST_ALL:
		break;
	}
	return true;
}

/* The lease after the address at which the last part ended. */
static const struct lease *
next_lease(const struct listing *l)
{
	const struct lease here = { .ip = l->at };

	return lease_next(l->server->leases, l->at == 0 ? NULL : &here);
}

static int
leases_next(void *arg, struct buf *out)
{
	struct listing *l = arg;
	const struct lease *lease;
	int i;

	for (i = 0; i < LOOKED_AT && buf_left(out) < PART_TEXT; i++) {
		lease = next_lease(l);
		if (lease == NULL ||
		    (l->by == LIST_RANGE && lease->ip > l->last)) {
			show_end(out, l);
			return 0;
		}
		l->at = lease->ip;
		if (is_listed(lease, l))
			show_lease(out, lease, l);
	}
	return 1;
}

static int
parse_hw(const char *text, uint8_t hw[PACKET_HW], size_t *n)
{
	char *end;

	for (*n = 0; *n < PACKET_HW; text = end + 1) {
		unsigned long byte = strtoul(text, &end, 16);

		if (end == text || end - text > 2 || byte > 255)
			return -1;
		hw[(*n)++] = (uint8_t)byte;
		if (*end == '\0')
			return *n >= 6 ? 0 : -1; /* else a name */
		if (*end != ':' && *end != '-')
			return -1;
	}
	return -1;
}

static int
parse_ip(const char *text, uint32_t *ip)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return -1;
	*ip = ntohl(in.s_addr);
	return 0;
}

static int
parse_prefix(const char *text, uint32_t *first, uint32_t *last)
{
	char copy[32], *slash;
	const char *error;
	uint32_t mask, ip;
	long long bits;

	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy) ||
	    (slash = strchr(copy, '/')) == NULL)
		return -1;
	*slash = '\0';
	bits = strtonum(slash + 1, 0, 32, &error);
	if (error != NULL || parse_ip(copy, &ip) == -1)
		return -1;
	mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	*first = ip & mask;
	*last = *first | ~mask;
	return 0;
}

/* Which leases the word means: a subnet, an address, a MAC, else a name. */
static void
listing_by(struct listing *l, const char *word)
{
	if (parse_prefix(word, &l->first, &l->last) == 0) {
		l->by = LIST_RANGE;
	} else if (parse_ip(word, &l->first) == 0) {
		l->by = LIST_RANGE;
		l->last = l->first;
	} else if (parse_hw(word, l->hw, &l->hwlen) == 0) {
		l->by = LIST_HW;
	} else {
		l->by = LIST_NAME;
		strlcpy(l->name, word, sizeof(l->name));
	}
	/* begin with the first that can be meant */
	if (l->by == LIST_RANGE && l->first > 0)
		l->at = l->first - 1;
}

/* Take "-j" out of the words; how many are left. */
static int
take_json(int argc, char **argv, bool *json)
{
	int i, n = 0;

	*json = false;
	for (i = 0; i < argc; i++)
		if (strcmp(argv[i], "-j") == 0)
			*json = true;
		else
			argv[n++] = argv[i];
	return n;
}

/* NULL, with the reason in out: there are no leases here now. */
static struct server *
server_of(void *arg, struct buf *out)
{
	struct server *s = ((struct worker *)arg)->state;

	if (s->store != NULL)
		return s;
	buf_puts(out, "the leases are being taken over; try again");
	return NULL;
}

static int
verb_leases(void *arg, int argc, char **argv, struct buf *out)
{
	struct control_parts parts = { leases_next, free, NULL };
	struct server *s = server_of(arg, out);
	struct listing *l;
	bool json;

	argc = take_json(argc, argv, &json);
	if (s == NULL)
		return -1;
	if (argc > 2) {
		buf_puts(out, "usage: leases [-j] [SUBNET|ADDRESS|MAC|NAME]");
		return -1;
	}
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		buf_puts(out, strerror(errno));
		return -1;
	}
	l->server = s;
	l->json = json;
	if (argc == 2)
		listing_by(l, argv[1]);
	parts.arg = l;
	control_parts(&parts);
	return CONTROL_MORE;
}

/* The text of a history, and how its lines look. */
struct history {
	struct listing listing;
	struct past *past;
	struct buf *out;
};

static void
history_line(void *arg, int64_t when, const struct journal_record *r)
{
	struct history *h = arg;
	struct shown v = { .ip = r->lease.ip,
		.state = lease_state_name(r->lease.state),
		.when = when,
		.start = r->lease.start,
		.end = r->lease.end,
		.last = r->lease.last,
		.hw = r->lease.hw,
		.hlen = r->lease.hlen,
		.id = r->client.id,
		.idlen = r->client.idlen,
		.more = r->more };

	show(h->out, &v, &h->listing);
}

/* Where the files end too early, so does the answer. */
static int
history_next(void *arg, struct buf *out)
{
	struct history *h = arg;

	h->out = out;
	switch (past_next(h->past, history_line, h)) {
	case 1:
		return 1;
	case -1:
		log_warn("history of leases");
		buf_printf(out, "history: %s\n", strerror(errno));
		return 0;
	default:
		show_end(out, &h->listing);
		return 0;
	}
}

static void
history_end(void *arg)
{
	struct history *h = arg;

	past_close(h->past);
	free(h);
}

/* The answer's parts, or NULL with errno. */
static struct history *
history_begin(const struct server *s, uint32_t ip, int64_t at, bool json)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->listing.json = json;
	if ((h->past = past_open(s->lease_dir, ip, at)) != NULL)
		return h;
	free(h);
	return NULL;
}

static int
verb_history(void *arg, int argc, char **argv, struct buf *out)
{
	struct control_parts parts = { history_next, history_end, NULL };
	struct server *s = server_of(arg, out);
	int64_t at = 0;
	uint32_t ip;
	bool json;

	argc = take_json(argc, argv, &json);
	if (s == NULL)
		return -1;
	if (argc < 2 || argc > 3 || parse_ip(argv[1], &ip) == -1 ||
	    (argc == 3 && time_parse(argv[2], &at) == -1)) {
		buf_puts(out,
		    "usage: history [-j] ADDRESS "
		    "[YYYY-MM-DD[THH:MM[:SS]] (UTC) | SECONDS]");
		return -1;
	}
	if ((parts.arg = history_begin(s, ip, at, json)) == NULL) {
		buf_printf(out, "history: %s", strerror(errno));
		return -1;
	}
	control_parts(&parts);
	return CONTROL_MORE;
}

static int
verb_free(void *arg, int argc, char **argv, struct buf *out)
{
	struct server *s = server_of(arg, out);
	struct lease *l;
	char address[16];
	uint32_t ip;
	bool json;

	argc = take_json(argc, argv, &json);
	if (s == NULL)
		return -1;
	if (argc != 2 || parse_ip(argv[1], &ip) == -1) {
		buf_puts(out, "usage: free [-j] ADDRESS");
		return -1;
	}
	if ((l = lease_at(s->leases, ip)) == NULL) {
		buf_puts(out, "nobody has this address");
		return -1;
	}
	buf_printf(out,
	    json ? "{\"ip\":\"%s\",\"was\":\"%s\"}\n" : "%s was %s\n",
	    serve_ip(ip, address), lease_state_name(l->state));
	if (l->state == LEASE_BOUND)
		grant_ended(s, l, "released");
	lease_clear(s->leases, l, s->now);
	grant_write(s, l);
	log_notice("%s: freed by the administrator", address);
	return 0;
}

/* A range, with the subnet that it is of. */
static void
show_pool(struct buf *out, const struct range *r, struct listing *l)
{
	char first[16], last[16], net[16];
	struct pool_use u;
	unsigned long long vacant;

	pool_use(r->pool, &u);
	vacant = u.size - u.excluded - u.bound - u.offered - u.conflict;
	if (l->json)
		buf_puts(out, l->begun ? ",\n" : "[\n");
	l->begun = true;
	buf_printf(out,
	    l->json ? "{\"network\":\"%s\",\"subnet\":\"%s/%u\","
		      "\"first\":\"%s\",\"last\":\"%s\"," :
		      "%s %s/%u %s-%s ",
	    r->subnet->network->name, serve_ip(r->subnet->net, net),
	    r->subnet->bits, serve_ip(r->first, first),
	    serve_ip(r->last, last));
	buf_printf(out,
	    l->json ? "\"size\":%llu,\"bound\":%llu,\"offered\":%llu,"
		      "\"conflict\":%llu,\"excluded\":%llu,\"free\":%llu}" :
		      "size %llu bound %llu offered %llu conflict %llu "
		      "excluded %llu free %llu\n",
	    (unsigned long long)u.size, (unsigned long long)u.bound,
	    (unsigned long long)u.offered, (unsigned long long)u.conflict,
	    (unsigned long long)u.excluded, vacant);
}

/* `at` counts ranges here. */
static int
pools_next(void *arg, struct buf *out)
{
	struct listing *l = arg;
	const struct scopes *scopes = &l->server->conf->scopes;
	const struct network *n;
	const struct subnet *sub;
	uint32_t number = 0;
	size_t i;

	for (n = scopes->networks; n < scopes->networks + scopes->nnetworks;
	     n++)
		for (sub = n->subnets; sub < n->subnets + n->nsubnets; sub++)
			for (i = 0; i < sub->nranges; i++) {
				if (number++ < l->at)
					continue;
				if (buf_left(out) >= PART_TEXT)
					return 1;
				show_pool(out, &sub->ranges[i], l);
				l->at = number;
			}
	show_end(out, l);
	return 0;
}

static int
verb_pools(void *arg, int argc, char **argv, struct buf *out)
{
	struct control_parts parts = { pools_next, free, NULL };
	struct server *s = server_of(arg, out);
	struct listing *l;

	if (s == NULL)
		return -1;
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		buf_puts(out, strerror(errno));
		return -1;
	}
	l->server = s;
	if (take_json(argc, argv, &l->json) != 1) {
		buf_puts(out, "usage: pools [-j]");
		free(l);
		return -1;
	}
	parts.arg = l;
	control_parts(&parts);
	return CONTROL_MORE;
}

/* clang-format off */
const struct control_verb verbs_table[] = {
	{ "leases", "leases [-j] [SUBNET|ADDRESS|MAC|NAME]: who has what", CONTROL_WORKER, 0, 2, verb_leases },
	{ "history", "history [-j] ADDRESS [TIME]: who had it, and when", CONTROL_WORKER, 1, 3, verb_history },
	{ "free", "free [-j] ADDRESS: end its lease, or its conflict", CONTROL_WORKER, 1, 2, verb_free },
	{ "pools", "pools [-j]: ranges and how full they are", CONTROL_WORKER, 0, 1, verb_pools },
	{ NULL, NULL, CONTROL_PARENT, 0, 0, NULL },
};
/* clang-format on */
