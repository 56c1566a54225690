/*
 * Parameters of SVCB and HTTPS records (RFC 9460 section 2.1 and appendix A):
 * words key=value, in any order in text and by key in wire form.
 */
#include <stdio.h>
#include <string.h>

#include "rdatapart.h"

/* A value being read: its word, and what that holds without escapes. */
struct value {
	struct rdata_words *w;
	const struct rdata_token *t;
	const uint8_t *p;
	size_t n;
};

/* Keys with a form of their own (RFC 9460 section 14.3.2, 9461, 9540). */
struct svc_form {
	const char *name;
	int (*parse)(const struct value *);
	void (*text)(const uint8_t *, size_t, struct buf *);
};
static const struct svc_form forms[SVC_KEYS];

static int
value_bad(const struct value *v)
{
	return rdata_bad(v->w, v->t, "valid parameter");
}

/* The number of a key; keyNNNNN is any of them. -1: none. */
static int
key_parse(const char *s, size_t len)
{
	uint32_t n;
	int i;

	for (i = 0; i < SVC_KEYS; i++)
		if (strlen(forms[i].name) == len &&
		    memcmp(forms[i].name, s, len) == 0)
			return i;
	if (len < 4 || memcmp(s, "key", 3) != 0 || (s[3] == '0' && len > 4) ||
	    !rdata_number(s + 3, len - 3, UINT16_MAX - 1, &n))
		return -1;
	return (int)n;
}

static void
key_text(unsigned key, struct buf *b)
{
	if (key < SVC_KEYS)
		buf_puts(b, forms[key].name);
	else
		buf_printf(b, "key%u", key);
}

/*
 * A list's next member, in which commas and backslashes are escaped once more
 * (appendix A.1). Its length in out, or -1: none; *at moves behind the comma,
 * so it is above v->n behind the last.
 */
static int
list_next(const struct value *v, size_t *at, uint8_t out[255])
{
	int n = 0;

	for (; *at < v->n && v->p[*at] != ','; ++*at) {
		if (v->p[*at] == '\\' && ++*at == v->n)
			return -1;
		if (n == 255)
			return -1;
		out[n++] = v->p[*at];
	}
	++*at;
	return n > 0 ? n : -1;
}

static int
parse_alpn(const struct value *v)
{
	uint8_t id[1 + 255];
	size_t at = 0;
	int n;

	do {
		if ((n = list_next(v, &at, id + 1)) == -1)
			return value_bad(v);
		id[0] = (uint8_t)n;
		if (rdata_put(v->w, id, (size_t)n + 1) == -1)
			return -1;
	} while (at <= v->n);
	return 0;
}

static int
parse_addresses(const struct value *v,
    bool (*parse)(const char *, size_t, uint8_t *), size_t size)
{
	uint8_t text[255], addr[16];
	size_t at = 0;
	int n;

	do {
		if ((n = list_next(v, &at, text)) == -1 ||
		    !parse((const char *)text, (size_t)n, addr))
			return value_bad(v);
		if (rdata_put(v->w, addr, size) == -1)
			return -1;
	} while (at <= v->n);
	return 0;
}

static int
parse_ipv4hint(const struct value *v)
{
	return parse_addresses(v, rdata_ip4, 4);
}

static int
parse_ipv6hint(const struct value *v)
{
	return parse_addresses(v, rdata_ip6, 16);
}

/* In ascending order, whatever the text's is (section 8). */
static int
parse_mandatory(const struct value *v)
{
	struct rdata_words *w = v->w;
	uint8_t text[255], *begin = w->out + w->len, *p;
	size_t at = 0;
	int n, key;

	do {
		if ((n = list_next(v, &at, text)) == -1 ||
		    (key = key_parse((const char *)text, (size_t)n)) == -1)
			return value_bad(v);
		if (rdata_put16(w, 0) == -1)
			return -1;
		p = w->out + w->len - 2;
		for (; p > begin && (int)rdata_get16(p - 2) > key; p -= 2)
			memcpy(p, p - 2, 2);
		p[0] = (uint8_t)(key >> 8);
		p[1] = (uint8_t)key;
	} while (at <= v->n);
	return 0;
}

static int
parse_nothing(const struct value *v)
{
	return v->n == 0 ? 0 : value_bad(v);
}

static int
parse_port(const struct value *v)
{
	uint32_t port;

	if (!rdata_number((const char *)v->p, v->n, UINT16_MAX, &port))
		return value_bad(v);
	return rdata_put16(v->w, port);
}

static int
parse_ech(const struct value *v)
{
	const struct rdata_token t = { (const char *)v->p, v->n, false };
	struct rdata_words w = *v->w;

	w.t = &t;
	w.n = 1;
	w.i = 0;
	if (v->n == 0 || rdata_put_base64(&w, 1) == -1)
		return value_bad(v);
	v->w->len = w.len;
	return 0;
}

static int
parse_opaque(const struct value *v)
{
	return rdata_put(v->w, v->p, v->n);
}

/* The word's key and where its value begins; "key", "key=value" or
 * "key="value"". The key, or -1. */
static int
split(const struct rdata_token *t, struct rdata_token *value)
{
	const char *equals = memchr(t->text, '=', t->len);
	size_t n = equals == NULL ? t->len : (size_t)(equals - t->text);

	*value = (struct rdata_token){ t->text + t->len, 0, false };
	if (t->quoted)
		return -1;
	if (equals != NULL) {
		value->text = equals + 1;
		value->len = t->len - n - 1;
	}
	if (value->len >= 2 && value->text[0] == '"') {
		value->text++;
		value->len -= 2;
	}
	return key_parse(t->text, n);
}

/*
 * The parameter that begins at `from` goes to its place among those behind
 * `begin`. -1: there is one with its key.
 */
static int
insert(struct rdata_words *w, size_t begin, size_t from, uint8_t *scratch)
{
	unsigned key = rdata_get16(w->out + from);
	size_t at = begin, n = w->len - from;

	while (at < from && rdata_get16(w->out + at) < key)
		at += 4 + rdata_get16(w->out + at + 2);
	if (at < from && rdata_get16(w->out + at) == key)
		return -1;
	memcpy(scratch, w->out + from, n);
	memmove(w->out + at + n, w->out + at, from - at);
	memcpy(w->out + at, scratch, n);
	return 0;
}

static int
parse_param(struct rdata_words *w, size_t begin, uint8_t scratch[RDATA_MAX])
{
	const struct rdata_token *t = rdata_next(w);
	struct rdata_token text;
	struct value v = { .w = w, .t = t, .p = scratch };
	size_t from = w->len;
	int key, n;

	if ((key = split(t, &text)) == -1)
		return rdata_bad(w, t, "key and value");
	if ((n = rdata_unescape(&text, scratch, RDATA_MAX)) == -1)
		return value_bad(&v);
	v.n = (size_t)n;
	if (rdata_put16(w, (unsigned)key) == -1 || rdata_put16(w, 0) == -1 ||
	    (key < SVC_KEYS ? forms[key].parse(&v) : parse_opaque(&v)) == -1)
		return -1;
	w->out[from + 2] = (uint8_t)((w->len - from - 4) >> 8);
	w->out[from + 3] = (uint8_t)(w->len - from - 4);
	if (insert(w, begin, from, scratch) == -1)
		return rdata_bad(w, t, "new key: it is there twice");
	return 0;
}

int
rdata_parse_params(struct rdata_words *w)
{
	uint8_t scratch[RDATA_MAX];
	size_t begin = w->len;

	while (w->i < w->n)
		if (parse_param(w, begin, scratch) == -1)
			return -1;
	if (rdata_size(RDATA_PARAMS, w->out, begin, w->len) == -1)
		return rdata_error(w,
		    "mandatory keys that are not there or listed twice, or "
		    "no-default-alpn without alpn");
	return 0;
}

static void
text_alpn(const uint8_t *p, size_t n, struct buf *b)
{
	size_t i, k;

	buf_puts(b, "\"");
	for (i = 0; i < n; i += 1u + p[i]) {
		if (i > 0)
			buf_puts(b, ",");
		for (k = 1; k <= p[i]; k++) {
			if (p[i + k] == ',' || p[i + k] == '\\')
				rdata_text_byte('\\', b);
			rdata_text_byte(p[i + k], b);
		}
	}
	buf_puts(b, "\"");
}

static void
text_mandatory(const uint8_t *p, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i += 2) {
		if (i > 0)
			buf_puts(b, ",");
		key_text(rdata_get16(p + i), b);
	}
}

static void
text_port(const uint8_t *p, size_t n, struct buf *b)
{
	(void)n;
	buf_printf(b, "%u", rdata_get16(p));
}

static void
text_ipv4hint(const uint8_t *p, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i += 4) {
		if (i > 0)
			buf_puts(b, ",");
		rdata_text_ip4(p + i, b);
	}
}

static void
text_ipv6hint(const uint8_t *p, size_t n, struct buf *b)
{
	size_t i;

	for (i = 0; i < n; i += 16) {
		if (i > 0)
			buf_puts(b, ",");
		rdata_text_ip6(p + i, b);
	}
}

static const struct svc_form forms[SVC_KEYS] = {
	[SVC_MANDATORY] = { "mandatory", parse_mandatory, text_mandatory },
	[SVC_ALPN] = { "alpn", parse_alpn, text_alpn },
	[SVC_NO_DEFAULT_ALPN] = { "no-default-alpn", parse_nothing, NULL },
	[SVC_PORT] = { "port", parse_port, text_port },
	[SVC_IPV4HINT] = { "ipv4hint", parse_ipv4hint, text_ipv4hint },
	[SVC_ECH] = { "ech", parse_ech, rdata_text_base64 },
	[SVC_IPV6HINT] = { "ipv6hint", parse_ipv6hint, text_ipv6hint },
	[SVC_DOHPATH] = { "dohpath", parse_opaque, rdata_text_quoted },
	[SVC_OHTTP] = { "ohttp", parse_nothing, NULL },
};

bool
rdata_text_params(const struct rdata_bytes *r, struct buf *b)
{
	unsigned key;
	size_t i, n;

	for (i = 0; i < r->n; i += 4 + n) {
		key = rdata_get16(r->p + i);
		n = rdata_get16(r->p + i + 2);
		if (i > 0)
			buf_puts(b, " ");
		key_text(key, b);
		if (n == 0)
			continue;
		buf_puts(b, "=");
		if (key < SVC_KEYS)
			forms[key].text(r->p + i + 4, n, b);
		else
			rdata_text_quoted(r->p + i + 4, n, b);
	}
	return true;
}
