/*
 * Lines of a journal. Both ways are tables of words, walked by hand: a start
 * with 100,000 leases reads as many lines before it serves.
 */
#include <string.h>

#include "crc32c.h"
#include "journal.h"

#define DIGITS 18 /* of a number: always below LEASE_FOREVER */

/* A text that is read: from p up to end. */
struct text {
	const char *p, *end;
};

static const char hex_digits[] = "0123456789abcdef";

/* Writing. */

static char *
put_text(char *p, const char *s)
{
	return mempcpy(p, s, strlen(s));
}

static char *
put_number(char *p, uint64_t n)
{
	char digits[20];
	unsigned i = 0;

	do
		digits[i++] = '0' + n % 10;
	while ((n /= 10) != 0);
	while (i > 0)
		*p++ = digits[--i];
	return p;
}

static char *
put_byte(char *p, uint8_t byte)
{
	*p++ = hex_digits[byte >> 4];
	*p++ = hex_digits[byte & 15];
	return p;
}

static char *
put_ip(char *p, uint32_t ip)
{
	p = put_number(p, ip >> 24);
	*p++ = '.';
	p = put_number(p, ip >> 16 & 255);
	*p++ = '.';
	p = put_number(p, ip >> 8 & 255);
	*p++ = '.';
	return put_number(p, ip & 255);
}

/* A time before 1970 can only be a mistake. */
static char *
put_time(char *p, const char *word, int64_t t)
{
	p = put_text(p, word);
	if (t == LEASE_FOREVER)
		return put_text(p, "never");
	return put_number(p, t < 0 ? 0 : (uint64_t)t);
}

static char *
put_hw(char *p, const struct lease *l)
{
	unsigned i;

	if (l->hlen == 0)
		return p;
	p = put_text(p, " hw ");
	p = put_number(p, l->htype);
	for (i = 0; i < l->hlen; i++) {
		*p++ = ':';
		p = put_byte(p, l->hw[i]);
	}
	return p;
}

static char *
put_hex(char *p, const char *word, const uint8_t *bytes, size_t n)
{
	size_t i;

	if (n == 0)
		return p;
	p = put_text(p, word);
	for (i = 0; i < n; i++)
		p = put_byte(p, bytes[i]);
	return p;
}

static bool
plain(char c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

/* Whatever a name is made of, the line stays a line. */
static char *
put_name(char *p, const char *word, const char *name)
{
	if (name == NULL)
		return p;
	p = put_text(p, word);
	for (; *name != '\0'; name++) {
		if (plain(*name)) {
			*p++ = *name;
			continue;
		}
		*p++ = '%';
		p = put_byte(p, (uint8_t)*name);
	}
	return p;
}

size_t
journal_seal(char *line, size_t len)
{
	uint32_t crc = crc32c(0, line, len);
	char *p = put_text(line + len, " #");
	int shift;

	for (shift = 24; shift >= 0; shift -= 8)
		p = put_byte(p, crc >> shift & 255);
	*p++ = '\n';
	return p - line;
}

size_t
journal_line(const struct lease *l, char *out)
{
	struct lease_more more;
	const uint8_t *id;
	size_t idlen;
	char *p;

	lease_recall(l, &more);
	id = lease_id(l, &idlen);
	p = put_text(out, "lease ");
	p = put_ip(p, l->ip);
	*p++ = ' ';
	p = put_text(p, lease_state_name(l->state));
	p = put_time(p, " start ", l->start);
	p = put_time(p, " end ", l->end);
	p = put_time(p, " last ", l->last);
	p = put_hw(p, l);
	p = put_hex(p, " id ", id, idlen);
	if (l->by_hw && idlen > 0)
		p = put_text(p, " by hw");
	p = put_name(p, " host ", more.host);
	p = put_name(p, " fqdn ", more.fqdn);
	p = put_hex(p, " agent ", more.agent, more.agent_len);
	p = put_hex(p, " vendor ", more.vendor, more.vendor_len);
	if (l->dns != 0) {
		p = put_text(p, " dns ");
		p = put_number(p, l->dns);
	}
	return journal_seal(out, p - out);
}

/* Reading. */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at p, of which two characters are there; -1: none. */
static int
get_byte(const char *p)
{
	int high = hex_value(p[0]), low = hex_value(p[1]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

size_t
journal_sealed(const char *line, size_t len)
{
	const char *seal;
	uint32_t crc = 0;
	int byte, i;

	if (len < JOURNAL_SEAL || len >= JOURNAL_LINE)
		return 0;
	len -= JOURNAL_SEAL - 1;
	seal = line + len;
	if (seal[0] != ' ' || seal[1] != '#')
		return 0;
	for (i = 2; i < JOURNAL_SEAL - 1; i += 2) {
		if ((byte = get_byte(seal + i)) < 0)
			return 0;
		crc = crc << 8 | (uint32_t)byte;
	}
	return crc32c(0, line, len) == crc ? len : 0;
}

/* The next word; words stand one space apart. false: there is none. */
static bool
next_word(struct text *t, struct text *word)
{
	const char *space;

	if (t->p >= t->end)
		return false;
	space = memchr(t->p, ' ', t->end - t->p);
	word->p = t->p;
	word->end = space == NULL ? t->end : space;
	t->p = word->end + 1;
	return word->p < word->end;
}

static bool
word_is(const struct text *word, const char *s)
{
	size_t n = word->end - word->p;

	return *s == *word->p && strlen(s) == n && memcmp(word->p, s, n) == 0;
}

/* The number that a text begins with, at most max. 0 or -1. */
static int
get_number(struct text *t, uint64_t max, uint64_t *n)
{
	const char *begin = t->p;

	*n = 0;
	while (t->p < t->end && *t->p >= '0' && *t->p <= '9')
		*n = *n * 10 + (uint64_t)(*t->p++ - '0');
	return t->p == begin || t->p - begin > DIGITS || *n > max ? -1 : 0;
}

static int
get_ip(struct text *t, uint32_t *ip)
{
	uint64_t n;
	int i;

	*ip = 0;
	for (i = 0; i < 4; i++) {
		if ((i > 0 && (t->p == t->end || *t->p++ != '.')) ||
		    get_number(t, 255, &n) == -1)
			return -1;
		*ip = *ip << 8 | (uint32_t)n;
	}
	return t->p == t->end ? 0 : -1;
}

static int
get_time(struct text *t, const char *word, int64_t *out)
{
	struct text w;
	uint64_t n;

	if (!next_word(t, &w) || !word_is(&w, word) || !next_word(t, &w))
		return -1;
	*out = LEASE_FOREVER;
	if (word_is(&w, "never"))
		return 0;
	if (get_number(&w, INT64_MAX, &n) == -1 || w.p != w.end)
		return -1;
	*out = (int64_t)n;
	return 0;
}

/* Bytes, at least one and at most max; their number in *n. 0 or -1. */
static int
get_hex(const struct text *t, uint8_t *out, size_t max, size_t *n)
{
	size_t len = t->end - t->p, i;
	int byte;

	if (len % 2 != 0 || len / 2 > max)
		return -1;
	for (i = 0; i < len / 2; i++) {
		if ((byte = get_byte(t->p + 2 * i)) < 0)
			return -1;
		out[i] = (uint8_t)byte;
	}
	*n = len / 2;
	return 0;
}

/* out has LEASE_HOST + 1 bytes. 0 or -1. */
static int
get_name(const struct text *t, char *out)
{
	const char *p = t->p;
	size_t n = 0;
	int c;

	while (p < t->end && n < LEASE_HOST) {
		c = (uint8_t)*p++;
		if (c == '%') {
			if (t->end - p < 2 || (c = get_byte(p)) <= 0)
				return -1;
			p += 2;
		} else if (!plain((char)c)) {
			return -1;
		}
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return p == t->end ? 0 : -1;
}

static int
read_hw(struct journal_record *r, struct text *t)
{
	struct lease_client *c = &r->client;
	uint64_t htype;
	int byte;

	if (get_number(t, 255, &htype) == -1)
		return -1;
	for (c->hlen = 0; t->p < t->end; t->p += 3) {
		if (c->hlen == sizeof(c->hw) || t->end - t->p < 3 ||
		    *t->p != ':' || (byte = get_byte(t->p + 1)) < 0)
			return -1;
		c->hw[c->hlen++] = (uint8_t)byte;
	}
	c->htype = (uint8_t)htype;
	return c->hlen == 0 ? -1 : 0;
}

static int
read_id(struct journal_record *r, struct text *t)
{
	r->client.id = r->id;
	return get_hex(t, r->id, sizeof(r->id), &r->client.idlen);
}

static int
read_by(struct journal_record *r, struct text *t)
{
	r->client.by_hw = word_is(t, "hw");
	return 0;
}

static int
read_host(struct journal_record *r, struct text *t)
{
	r->more.host = r->host;
	return get_name(t, r->host);
}

static int
read_fqdn(struct journal_record *r, struct text *t)
{
	r->more.fqdn = r->fqdn;
	return get_name(t, r->fqdn);
}

static int
read_agent(struct journal_record *r, struct text *t)
{
	r->more.agent = r->agent;
	return get_hex(t, r->agent, sizeof(r->agent), &r->more.agent_len);
}

static int
read_vendor(struct journal_record *r, struct text *t)
{
	r->more.vendor = r->vendor;
	return get_hex(t, r->vendor, sizeof(r->vendor), &r->more.vendor_len);
}

static int
read_dns(struct journal_record *r, struct text *t)
{
	uint64_t n;

	if (get_number(t, UINT8_MAX, &n) == -1 || t->p != t->end)
		return -1;
	r->lease.dns = (uint8_t)n;
	return 0;
}

static const struct {
	const char *word;
	int (*read)(struct journal_record *, struct text *value);
} words[] = {
	{ "hw", read_hw },
	{ "id", read_id },
	{ "by", read_by },
	{ "host", read_host },
	{ "fqdn", read_fqdn },
	{ "agent", read_agent },
	{ "vendor", read_vendor },
	{ "dns", read_dns },
};

/* A pair; what has a name that is not known to us is nobody's mistake. */
static int
read_pair(struct journal_record *r, const struct text *word, struct text *value)
{
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (word_is(word, words[i].word))
			return words[i].read(r, value);
	return 0;
}

static int
read_state(struct journal_record *r, const struct text *word)
{
	int state;

	for (state = LEASE_BOUND; state <= LEASE_CONFLICT; state++)
		if (word_is(word, lease_state_name((uint8_t)state))) {
			r->lease.state = (uint8_t)state;
			return 0;
		}
	return -1;
}

/* Is there whom the lease belongs to, where there must be someone? */
static int
record_check(struct journal_record *r)
{
	const struct lease_client *c = &r->client;

	r->lease.by_hw = c->by_hw || c->idlen == 0;
	r->lease.htype = c->htype;
	r->lease.hlen = c->hlen;
	memcpy(r->lease.hw, c->hw, sizeof(r->lease.hw));
	if (c->by_hw && c->hlen == 0)
		return -1;
	if (r->lease.state == LEASE_BOUND && c->hlen == 0 && c->idlen == 0)
		return -1;
	return 0;
}

int
journal_parse(const char *line, size_t len, struct journal_record *r)
{
	struct text t = { line, NULL }, word, value;

	memset(&r->lease, 0, sizeof(r->lease));
	memset(&r->client, 0, sizeof(r->client));
	memset(&r->more, 0, sizeof(r->more));
	t.end = line + journal_sealed(line, len);
	if (!next_word(&t, &word) || !word_is(&word, "lease") ||
	    !next_word(&t, &word) || get_ip(&word, &r->lease.ip) == -1 ||
	    !next_word(&t, &word) || read_state(r, &word) == -1 ||
	    get_time(&t, "start", &r->lease.start) == -1 ||
	    get_time(&t, "end", &r->lease.end) == -1 ||
	    get_time(&t, "last", &r->lease.last) == -1)
		return -1;
	while (t.p < t.end)
		if (!next_word(&t, &word) || !next_word(&t, &value) ||
		    read_pair(r, &word, &value) == -1)
			return -1;
	return record_check(r);
}

int64_t
journal_when(const struct journal_record *r)
{
	switch (r->lease.state) {
	case LEASE_BOUND:
		return r->lease.last;
	case LEASE_CONFLICT:
		return r->lease.start;
	default:
		return r->lease.end;
	}
}
