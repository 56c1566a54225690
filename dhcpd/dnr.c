/*
 * Option 162. The service parameters are a table, in the order of their keys,
 * which is that of the wire (RFC 9460 section 2.2).
 */
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <bsd/string.h>

#include "dnr.h"

#define WORDS 128
#define HEAD 3 /* bytes of priority and of the name's length */
#define NAME_MAX_WIRE 255
#define ADDRESSES_MAX 255 /* bytes: their length is one */

/* A resolver being encoded. */
struct wire {
	uint8_t *p;
	size_t n, max;
	const char *why;
};

/* One being written; what goes behind its end is lost. */
struct text {
	char *s; /* DNR_TEXT bytes */
	size_t n;
};

struct param {
	uint16_t key;
	bool list; /* may be given several times, for one value */
	const char *name; /* "port=" */
	bool (*put)(struct wire *, const char *value);
	bool (*print)(struct text *, const char *name, const uint8_t *, size_t);
};

static bool
fail(struct wire *w, const char *why)
{
	w->why = why;
	return false;
}

static bool
put(struct wire *w, const void *p, size_t n)
{
	if (n > w->max - w->n)
		return fail(w, "the value is too long");
	memcpy(w->p + w->n, p, n);
	w->n += n;
	return true;
}

static bool
put16(struct wire *w, size_t number)
{
	uint8_t b[2] = { (uint8_t)(number >> 8), (uint8_t)number };

	return put(w, b, sizeof(b));
}

static size_t
get16(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* What option.h can encode, and how long it may be here. */
static bool
put_as(struct wire *w, enum option_type type, const char *word)
{
	uint8_t value[OPTION_VALUE];
	int n = option_encode(type, &word, 1, value, &w->why);

	return n != -1 && put(w, value, (size_t)n);
}

__attribute__((__format__(__printf__, 2, 3))) static bool
add(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	t->n += (size_t)vsnprintf(t->s + t->n, DNR_TEXT - t->n, format, args);
	va_end(args);
	if (t->n >= DNR_TEXT)
		t->n = DNR_TEXT - 1;
	return true;
}

/* Can it stand in a word of a list? */
static bool
is_word(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] <= ' ' || p[i] > '~' || p[i] == ',')
			return false;
	return n > 0;
}

/* Parameters */

static bool
put_alpn(struct wire *w, const char *id)
{
	uint8_t size = (uint8_t)strlen(id);

	if (strlen(id) > UINT8_MAX || size == 0)
		return fail(w, "a protocol has 1 to 255 characters");
	return put(w, &size, 1) && put_as(w, OPTION_STRING, id);
}

static bool
print_alpn(struct text *t, const char *name, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += 1u + p[i]) {
		if (n - i - 1 < p[i] || !is_word(p + i + 1, p[i]))
			return false;
		add(t, " %s%.*s", name, p[i], (const char *)p + i + 1);
	}
	return n > 0;
}

static bool
put_port(struct wire *w, const char *s)
{
	return put_as(w, OPTION_U16, s);
}

static bool
print_port(struct text *t, const char *name, const uint8_t *p, size_t n)
{
	return n == 2 && add(t, " %s%zu", name, get16(p));
}

/* RFC 9461 section 5: a template of a path with the variable dns. */
static bool
is_template(const char *s, size_t n)
{
	return n > 0 && *s == '/' && memmem(s, n, "dns}", 4) != NULL;
}

static bool
put_dohpath(struct wire *w, const char *s)
{
	if (!is_template(s, strlen(s)))
		return fail(w, "dohpath= is not as in \"/dns-query{?dns}\"");
	return put_as(w, OPTION_STRING, s);
}

static bool
print_dohpath(struct text *t, const char *name, const uint8_t *p, size_t n)
{
	return is_word(p, n) && is_template((const char *)p, n) &&
	    add(t, " %s%.*s", name, (int)n, (const char *)p);
}

enum { ALPN, PORT, DOHPATH, PARAMS };

/* clang-format off */
static const struct param params[PARAMS] = {
	[ALPN] = { 1, true, "alpn=", put_alpn, print_alpn },
	[PORT] = { 3, false, "port=", put_port, print_port },
	[DOHPATH] = { 7, false, "dohpath=", put_dohpath, print_dohpath },
};
/* clang-format on */

/* What the word says of this parameter, or NULL: nothing. */
static const char *
value_of(const struct param *p, const char *word)
{
	size_t n = strlen(p->name);

	return strncmp(word, p->name, n) == 0 ? word + n : NULL;
}

/* How many of the words are of this parameter. */
static size_t
count(const struct param *p, const char *const *words)
{
	size_t n = 0;

	for (; *words != NULL; words++)
		n += value_of(p, *words) != NULL;
	return n;
}

static bool
put_param(struct wire *w, const struct param *p, const char *const *words)
{
	size_t n = count(p, words), at;
	const char *value;

	if (n == 0)
		return true;
	if (n > 1 && !p->list)
		return fail(w, "a parameter stands twice");
	if (!put16(w, p->key) || !put16(w, 0))
		return false;
	at = w->n;
	for (; *words != NULL; words++)
		if ((value = value_of(p, *words)) != NULL && !p->put(w, value))
			return false;
	w->p[at - 2] = (uint8_t)((w->n - at) >> 8);
	w->p[at - 1] = (uint8_t)(w->n - at);
	return true;
}

static bool
is_http(const char *alpn)
{
	return strcmp(alpn, "alpn=h2") == 0 || strcmp(alpn, "alpn=h3") == 0;
}

/* What has to be there, and nothing else. */
static bool
check_params(struct wire *w, const char *const *words)
{
	bool http = false;
	size_t known = 0, n;

	for (n = 0; words[n] != NULL; n++)
		http |= is_http(words[n]);
	for (size_t i = 0; i < PARAMS; i++)
		known += count(&params[i], words);
	if (known < n)
		return fail(w, "neither an address nor alpn=, port=, dohpath=");
	if (count(&params[ALPN], words) == 0)
		return fail(w, "addresses need alpn=");
	if (http && count(&params[DOHPATH], words) == 0)
		return fail(w, "alpn=h2 and alpn=h3 need dohpath=");
	return true;
}

/* The addresses; where the parameters begin, or NULL. */
static const char *const *
put_addresses(struct wire *w, const char *const *words)
{
	size_t at = w->n;

	if (!put(w, "", 1))
		return NULL;
	for (; *words != NULL && strchr(*words, '=') == NULL; words++)
		if (!put_as(w, OPTION_IP, *words))
			return NULL;
	if (w->n == at + 1) {
		fail(w, "parameters need an address");
		return NULL;
	}
	if (w->n - at - 1 > ADDRESSES_MAX) {
		fail(w, "a resolver has at most 63 addresses");
		return NULL;
	}
	w->p[at] = (uint8_t)(w->n - at - 1);
	return words;
}

/* Behind the name. */
static bool
put_service(struct wire *w, const char *const *words)
{
	if (*words == NULL)
		return true;
	if ((words = put_addresses(w, words)) == NULL ||
	    !check_params(w, words))
		return false;
	for (size_t i = 0; i < PARAMS; i++)
		if (!put_param(w, &params[i], words))
			return false;
	return true;
}

static bool
put_resolver(struct wire *w, const char *const *words)
{
	size_t at = w->n;

	if (words[0] == NULL || words[1] == NULL)
		return fail(w, "not PRIORITY NAME [ADDRESS... alpn=...]");
	if (!put16(w, 0) || !put_as(w, OPTION_U16, words[0]))
		return false;
	if (get16(w->p + at + 2) == 0) /* RFC 9460 section 2.4.1: an alias */
		return fail(w, "a priority is 1 to 65535");
	if (!put(w, "", 1) || !put_as(w, OPTION_FQDN, words[1]))
		return false;
	w->p[at + 2 + HEAD - 1] = (uint8_t)(w->n - at - 2 - HEAD);
	if (!put_service(w, words + 2))
		return false;
	w->p[at] = (uint8_t)((w->n - at - 2) >> 8);
	w->p[at + 1] = (uint8_t)(w->n - at - 2);
	return true;
}

int
dnr_encode(const char *text, uint8_t *out, size_t max, const char **why)
{
	struct wire w = { .p = out, .max = max };
	const char *words[WORDS + 1];
	char copy[OPTION_TEXT], *rest = copy, *word;
	size_t n = 0;

	*why = "the value is too long";
	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy))
		return -1;
	while ((word = strsep(&rest, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (n == WORDS)
			return -1;
		words[n++] = word;
	}
	words[n] = NULL;
	if (put_resolver(&w, words))
		return (int)w.n;
	*why = w.why;
	return -1;
}

/* Keys only rise (RFC 9460 section 2.2). */
static bool
print_params(struct text *t, const uint8_t *p, size_t n)
{
	size_t i, size, key = 0;

	for (; n > 0; p += 4 + size, n -= 4 + size) {
		if (n < 4 || (size = get16(p + 2)) > n - 4)
			return false;
		if (get16(p) <= key)
			return false;
		key = get16(p);
		for (i = 0; i < PARAMS && params[i].key != key; i++)
			;
		if (i == PARAMS ||
		    !params[i].print(t, params[i].name, p + 4, size))
			return false;
	}
	return true;
}

static bool
print_service(struct text *t, const uint8_t *p, size_t n)
{
	size_t i;

	if (n == 0)
		return true;
	if (*p == 0 || *p % 4 != 0 || n - 1 < *p)
		return false;
	for (i = 1; i <= *p; i += 4)
		add(t, " %u.%u.%u.%u", p[i], p[i + 1], p[i + 2], p[i + 3]);
	/* of the parameters alpn is the first, and never missing */
	if (n - i < 2 || get16(p + i) != params[ALPN].key)
		return false;
	return print_params(t, p + i, n - i);
}

size_t
dnr_print(const uint8_t *p, size_t n, char text[DNR_TEXT])
{
	struct text t = { text, 0 };
	char name[OPTION_TEXT];
	size_t size, length;

	if (n < 2 + HEAD || (size = get16(p)) < HEAD || size > n - 2 ||
	    get16(p + 2) == 0 || (length = p[4]) > size - HEAD || length == 0 ||
	    length > NAME_MAX_WIRE)
		return 0;
	p += 2;
	option_print(OPTION_FQDN, p + HEAD, length, name);
	if (strchr(name, ' ') != NULL) /* it is none: "hex 00" */
		return 0;
	add(&t, "%zu %s", get16(p), name);
	if (!print_service(&t, p + HEAD + length, size - HEAD - length))
		return 0;
	return 2 + size;
}
