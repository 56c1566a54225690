/*
 * Reservations: host sections, and dhcpd.hosts(5), a line for each. Both end
 * as words that are read by the same functions.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "build.h"
#include "lines.h"
#include "log.h"

#define HTYPE_ETHERNET 1
#define ETHERNET 6

enum word {
	WORD_MAC,
	WORD_CLIENT_ID,
	WORD_CIRCUIT_ID,
	WORD_REMOTE_ID,
	WORD_ADDRESS,
	WORD_HOSTNAME,
	WORD_BOOT_FILE, /* of lines only, as these: */
	WORD_NEXT_SERVER,
	WORD_LEASE,
	WORDS
};

const char *const hosts_words[] = {
	[WORD_MAC] = "mac",
	[WORD_CLIENT_ID] = "client-id",
	[WORD_CIRCUIT_ID] = "circuit-id",
	[WORD_REMOTE_ID] = "remote-id",
	[WORD_ADDRESS] = "address",
	[WORD_HOSTNAME] = "hostname",
	[WORD_BOOT_FILE] = "boot-file",
	[WORD_NEXT_SERVER] = "next-server",
	[WORD_LEASE] = "lease",
	[WORDS] = NULL,
};

/* A reservation as it is written; NULL or "" for what is not said. */
struct written {
	struct build *b;
	const struct network *network; /* it stands there; NULL: anywhere */
	const char *name;
	int line;
	const char *v[WORDS];
};

/* Tell what is wrong at the section or the line. Returns -1. */
static int __attribute__((__format__(__printf__, 2, 3)))
wrong(const struct written *w, const char *fmt, ...)
{
	char why[LOG_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (w->b->lines == NULL)
		return build_wrong(
		    w->b, w->line, "host", "\"%.64s\": %s", w->name, why);
	w->b->bad = true;
	return lines_error(w->b->lines, "%.64s: %s", w->name, why);
}

static bool
given(const struct written *w, enum word i)
{
	return w->v[i] != NULL && *w->v[i] != '\0';
}

/* An identifier that is kept; *at and *len stay as they are without one. */
static int
take_id(const struct written *w, enum word i, const uint8_t **at, uint8_t *len)
{
	uint8_t bytes[255];
	int n;

	if (!given(w, i))
		return 0;
	if ((n = build_bytes(w->v[i], bytes, sizeof(bytes))) == -1)
		return wrong(w, "%s \"%.64s\" is no identifier", hosts_words[i],
		    w->v[i]);
	*len = (uint8_t)n;
	*at = scope_copy(w->b, bytes, (size_t)n);
	return *at == NULL ? -1 : 0;
}

static int
take_mac(const struct written *w, struct host *h)
{
	if (!given(w, WORD_MAC))
		return 0;
	if (build_pairs(w->v[WORD_MAC], h->hw, sizeof(h->hw)) != ETHERNET)
		return wrong(w,
		    "mac \"%.64s\" is not an address such as 02:00:00:00:be:ef",
		    w->v[WORD_MAC]);
	h->hlen = ETHERNET;
	h->htype = HTYPE_ETHERNET;
	return 0;
}

static int
take_identity(const struct written *w, struct host *h)
{
	int n = given(w, WORD_MAC) + given(w, WORD_CLIENT_ID) +
	    given(w, WORD_CIRCUIT_ID) + given(w, WORD_REMOTE_ID);
	int rc = take_mac(w, h);

	if (take_id(w, WORD_CLIENT_ID, &h->id, &h->idlen) == -1 ||
	    take_id(w, WORD_CIRCUIT_ID, &h->circuit, &h->circuit_len) == -1 ||
	    take_id(w, WORD_REMOTE_ID, &h->remote, &h->remote_len) == -1)
		rc = -1;
	if (n != 1)
		rc = wrong(w,
		    "%s one of mac, client-id, circuit-id and remote-id",
		    n == 0 ? "needs" : "takes only");
	return rc;
}

static int
take_address(const struct written *w, struct host *h)
{
	const char *word = w->v[WORD_ADDRESS];

	h->network = w->network;
	if (!given(w, WORD_ADDRESS))
		return 0;
	if (build_ip(word, &h->ip) == -1 || h->ip == 0)
		return wrong(w, "\"%.64s\" is not an IPv4 address", word);
	h->subnet = scope_subnet(w->b->scopes, h->ip);
	if (h->subnet == NULL)
		return wrong(w, "%s is in no subnet", word);
	if (w->network != NULL && h->subnet->network != w->network)
		return wrong(w, "%s is outside of %s", word, w->network->name);
	h->network = h->subnet->network;
	return 0;
}

/* One label of a name (RFC 1123 section 2.1). */
static int
take_hostname(const struct written *w, struct host *h)
{
	const char *word = w->v[WORD_HOSTNAME];
	size_t n;

	if (!given(w, WORD_HOSTNAME))
		return 0;
	n = strlen(word);
	if (n > 63 || word[0] == '-' || word[n - 1] == '-' ||
	    word[strspn(word,
		"abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] != '\0')
		return wrong(w,
		    "\"%.64s\" is not a name of letters, digits "
		    "and '-'",
		    word);
	h->hostname = scope_copy(w->b, word, n + 1);
	return h->hostname == NULL ? -1 : 0;
}

/* "(line 7)", or "(FILE:7)". */
static const char *
where(const struct written *w, const struct host *h, char *out, size_t size)
{
	if (h->listed)
		snprintf(out, size, "%.128s:%d", w->b->conf->hosts, h->line);
	else
		snprintf(out, size, "line %d", h->line);
	return out;
}

/* Nobody else has the address, nor is this client known there. */
static int
check_unique(const struct written *w, const struct host *h)
{
	const struct host *other;
	char at[160];
	int rc = 0;

	other = h->ip == 0 ? NULL : scope_host_at(w->b->scopes, h->ip);
	if (other != NULL)
		rc = wrong(w, "%s is reserved for \"%.64s\" already (%s)",
		    w->v[WORD_ADDRESS], other->name,
		    where(w, other, at, sizeof(at)));
	other = scope_same_host(w->b->scopes, h);
	if (other != NULL)
		rc = wrong(w,
		    "its client has a reservation in the same network, "
		    "\"%.64s\" (%s)",
		    other->name, where(w, other, at, sizeof(at)));
	return rc;
}

/* Of both kinds; its settings are the caller's. NULL: told. */
static struct host *
add_host(struct written *w)
{
	struct host *h = scope_alloc(w->b, 1, sizeof(*h));
	int rc;

	if (h == NULL)
		return NULL;
	h->name = scope_copy(w->b, w->name, strlen(w->name) + 1);
	h->line = w->line;
	h->listed = w->b->lines != NULL;
	rc = take_identity(w, h);
	if (take_address(w, h) == -1 || take_hostname(w, h) == -1)
		rc = -1;
	if (rc == -1 || check_unique(w, h) == -1)
		return NULL;
	if (h->name == NULL || !scope_add_host(w->b, h)) {
		build_wrong(w->b, 0, "", "out of memory");
		return NULL;
	}
	if (h->ip != 0)
		build_exclude(w->b, h->ip, h->ip);
	return h;
}

static bool
says_something(const struct level *l)
{
	size_t i;

	for (i = 0; i < LEVEL_KEYS; i++)
		if (l->lines[i] != 0)
			return true;
	return l->options.n > 0 || l->boots.n > 0;
}

void
hosts_add(struct build *b, const struct conf_sections *in,
    const struct network *network)
{
	const struct level_host *v = in->v;
	struct settings *s;
	struct host *h;
	size_t i;

	for (i = 0; i < in->n; i++, v++) {
		struct written w = { .b = b,
			.network = network,
			.name = v->name == NULL ? "" : v->name,
			.line = v->line,
			.v = { v->mac, v->client_id, v->circuit_id,
			    v->remote_id, v->address, v->hostname } };

		h = add_host(&w);
		if (!says_something(&v->level) ||
		    (s = scope_alloc(b, 1, sizeof(*s))) == NULL)
			continue;
		settings_build(b, s, NULL, &v->level);
		if (h != NULL)
			h->settings = s;
	}
}

/* The next word of a line, which is cut there; NULL at its end. */
static char *
next_word(char **text)
{
	char *p = *text + strspn(*text, " \t");

	if (*p == '\0')
		return NULL;
	*text = p + strcspn(p, " \t");
	if (**text != '\0')
		*(*text)++ = '\0';
	return p;
}

static int
split(struct written *w, char *text)
{
	char *word, *value;
	int i;

	w->name = next_word(&text);
	while ((word = next_word(&text)) != NULL) {
		value = next_word(&text);
		for (i = 0; i < WORDS && strcmp(hosts_words[i], word) != 0; i++)
			;
		if (i == WORDS)
			return wrong(w, "\"%.64s\" is not known here", word);
		if (value == NULL)
			return wrong(w, "%s needs a value", word);
		if (w->v[i] != NULL)
			return wrong(w, "%s is told twice", word);
		w->v[i] = value;
	}
	return 0;
}

static int
take_lease(const struct written *w, struct settings *s)
{
	const char *word = w->v[WORD_LEASE];
	uint64_t ms;

	if (!given(w, WORD_LEASE))
		return 0;
	if (strcmp(word, "infinite") == 0)
		s->default_lease = SCOPE_FOREVER;
	else if (conf_parse(CONF_TIME, word, &ms) == -1 || ms < 1000 ||
	    ms / 1000 >= SCOPE_FOREVER)
		return wrong(
		    w, "lease \"%.64s\" is not a time such as 12h", word);
	else
		s->default_lease = (uint32_t)(ms / 1000);
	s->min_lease = s->max_lease = s->default_lease;
	s->set |= SET_DEFAULT_LEASE | SET_MIN_LEASE | SET_MAX_LEASE;
	return 0;
}

static int
take_boot(const struct written *w, struct settings *s)
{
	const char *word = w->v[WORD_NEXT_SERVER];
	uint32_t ip;

	if (given(w, WORD_NEXT_SERVER)) {
		if (build_ip(word, &ip) == -1)
			return wrong(
			    w, "\"%.64s\" is not an IPv4 address", word);
		s->next_server.s_addr = htonl(ip);
		s->set |= SET_NEXT_SERVER;
	}
	word = w->v[WORD_BOOT_FILE];
	if (!given(w, WORD_BOOT_FILE))
		return 0;
	if (strlen(word) > 255)
		return wrong(w, "boot-file is longer than 255 bytes");
	s->boot_file = scope_copy(w->b, word, strlen(word) + 1);
	s->set |= SET_BOOT_FILE;
	return s->boot_file == NULL ? -1 : 0;
}

static int
add_line(struct lines *lines, char *text, void *arg)
{
	struct build *b = arg;
	struct written w = { .b = b, .line = lines_number(lines) };
	struct settings s = { .set = 0 };
	struct host *h;
	int rc;

	b->lines = lines;
	if (split(&w, text) == -1)
		return -1;
	rc = take_lease(&w, &s);
	if (take_boot(&w, &s) == -1)
		rc = -1;
	if ((h = add_host(&w)) == NULL || rc == -1)
		return -1;
	if (s.set != 0)
		h->settings = scope_copy(b, &s, sizeof(s));
	return s.set != 0 && h->settings == NULL ? -1 : 0;
}

void
hosts_read(struct build *b)
{
	const char *path = b->conf->hosts;

	if (path == NULL || *path == '\0')
		return;
	if (lines_read(path, add_line, b) == -1)
		b->bad = true;
	b->lines = NULL;
}
