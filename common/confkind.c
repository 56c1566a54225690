/*
 * The types of keys: how a word becomes a member, and how it is shown.
 */
#include <arpa/inet.h>

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf.h"
#include "confpart.h"
#include "sock.h"

static const struct {
	const char *word;
	bool value;
} bools[] = {
	{ "yes", true },
	{ "no", false },
	{ "true", true },
	{ "false", false },
	{ "on", true },
	{ "off", false },
};

/* Long values are cut: the message has to stay a line. */
#define QUOTED "\"%.64s\" "

static enum conf_verdict __attribute__((__format__(__printf__, 2, 3)))
wrong(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CONF_WHY, fmt, ap);
	va_end(ap);
	return CONF_WRONG;
}

static bool
within(const struct conf_key *key, uint64_t v)
{
	return v >= key->min && (key->max == 0 || v <= key->max);
}

/* " from 8 to 65464" in the key's own unit, or what of it is limited. */
static const char *
bounds(const struct conf_key *key, char out[CONF_WHY])
{
	char min[CONF_FORMAT], max[CONF_FORMAT];

	conf_format(key->type, key->min, min);
	conf_format(key->type, key->max, max);
	out[0] = '\0';
	if (key->max != 0)
		snprintf(out, CONF_WHY, " from %s to %s", min, max);
	else if (key->min != 0)
		snprintf(out, CONF_WHY, " of at least %s", min);
	return out;
}

static enum conf_verdict
set_bool(const struct conf_key *key, const char *word, void *p, char *why)
{
	size_t i;

	(void)key;
	for (i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		if (strcasecmp(word, bools[i].word) == 0) {
			*(bool *)p = bools[i].value;
			return CONF_GOOD;
		}
	return wrong(why, QUOTED "is not yes or no", word);
}

static void
show_bool(const struct conf_key *key, const void *p, struct buf *out)
{
	buf_printf(
	    out, "%s = %s\n", key->name, *(const bool *)p ? "yes" : "no");
}

static enum conf_verdict
set_scaled(const struct conf_key *key, const char *word, void *p, char *why)
{
	const char *noun = "number";
	char range[CONF_WHY];
	uint64_t v;
	int rc;

	if (key->type == CONF_SIZE) {
		noun = "size";
		rc = conf_parse_size(word, &v);
	} else if (key->type == CONF_TIME) {
		noun = "time";
		rc = conf_parse_time(word, &v);
	} else
		rc = conf_parse_num(word, &v);
	if (rc == -1 || !within(key, v))
		return wrong(why, QUOTED "is not a %s%.100s", word, noun,
		    bounds(key, range));
	*(uint64_t *)p = v;
	return CONF_GOOD;
}

static void
show_scaled(const struct conf_key *key, const void *p, struct buf *out)
{
	char word[CONF_FORMAT];
	uint64_t v = *(const uint64_t *)p;

	/* A 0 that may not be written means that there is no default. */
	if (v == 0 && key->min > 0)
		return;
	buf_printf(
	    out, "%s = %s\n", key->name, conf_format(key->type, v, word));
}

static void
free_str(void *p)
{
	free(*(char **)p);
	*(char **)p = NULL;
}

static enum conf_verdict
replace_str(const char *word, char **p)
{
	char *copy = strdup(word);

	if (copy == NULL)
		return CONF_NOMEM;
	free(*p);
	*p = copy;
	return CONF_GOOD;
}

static enum conf_verdict
set_str(const struct conf_key *key, const char *word, void *p, char *why)
{
	size_t n = strlen(word);

	if (n == 0 && key->min > 0)
		return wrong(why, "must not be empty");
	if (n < key->min)
		return wrong(why, "is shorter than %llu bytes",
		    (unsigned long long)key->min);
	if (key->max != 0 && n > key->max)
		return wrong(why, "is longer than %llu bytes",
		    (unsigned long long)key->max);
	return replace_str(word, p);
}

static enum conf_verdict
set_path(const struct conf_key *key, const char *word, void *p, char *why)
{
	if (*word == '\0' && key->min > 0)
		return wrong(why, "must not be empty");
	if (*word != '\0' && *word != '/')
		return wrong(why, QUOTED "is not an absolute path", word);
	if (strlen(word) >= PATH_MAX)
		return wrong(why, "is longer than %d bytes", PATH_MAX - 1);
	return replace_str(word, p);
}

/* In quotes, so that it reads back as it is. */
static void
show_quoted(const char *s, struct buf *out)
{
	buf_puts(out, "\"");
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else if (strchr("\"\\$", c) != NULL)
			buf_printf(out, "\\%c", c);
		else
			buf_add(out, s, 1);
	}
	buf_puts(out, "\"");
}

static void
show_str(const struct conf_key *key, const void *p, struct buf *out)
{
	const char *s = *(char *const *)p;

	if (s == NULL)
		return;
	buf_printf(out, "%s = ", key->name);
	show_quoted(s, out);
	buf_puts(out, "\n");
}

static enum conf_verdict
set_enum(const struct conf_key *key, const char *word, void *p, char *why)
{
	size_t len;
	int i;

	for (i = 0; key->words[i] != NULL; i++)
		if (strcmp(key->words[i], word) == 0) {
			*(int *)p = i;
			return CONF_GOOD;
		}
	wrong(why, QUOTED "is not one of:", word);
	for (i = 0; key->words[i] != NULL; i++) {
		len = strlen(why);
		snprintf(why + len, CONF_WHY - len, "%s%s", i == 0 ? " " : ", ",
		    key->words[i]);
	}
	return CONF_WRONG;
}

static void
show_enum(const struct conf_key *key, const void *p, struct buf *out)
{
	buf_printf(out, "%s = %s\n", key->name, key->words[*(const int *)p]);
}

static enum conf_verdict
set_range(const struct conf_key *key, const char *word, void *p, char *why)
{
	struct conf_range r;
	char range[CONF_WHY];

	/* A lone 0 means "any", whatever the bounds are. */
	if (conf_parse_range(word, &r) == -1 ||
	    (r.last != 0 && (!within(key, r.first) || !within(key, r.last))))
		return wrong(why,
		    QUOTED "is not 0 or a range such as 50000-50100%.100s",
		    word, bounds(key, range));
	*(struct conf_range *)p = r;
	return CONF_GOOD;
}

static void
show_range(const struct conf_key *key, const void *p, struct buf *out)
{
	const struct conf_range *r = p;

	buf_printf(out, "%s = %u", key->name, r->first);
	if (r->last != r->first)
		buf_printf(out, "-%u", r->last);
	buf_puts(out, "\n");
}

static void
free_list(void *p)
{
	struct conf_list *l = p;

	while (l->n > 0)
		free(l->v[--l->n]);
	free(l->v);
	l->v = NULL;
}

static enum conf_verdict
set_list(const struct conf_key *key, const char *word, void *p, char *why)
{
	struct conf_list *l = p;
	char **v;

	(void)key;
	(void)why;
	v = reallocarray(l->v, l->n + 1, sizeof(*v));
	if (v == NULL)
		return CONF_NOMEM;
	l->v = v;
	if ((v[l->n] = strdup(word)) == NULL)
		return CONF_NOMEM;
	l->n++;
	return CONF_GOOD;
}

static enum conf_verdict
set_addrs(const struct conf_key *key, const char *word, void *p, char *why)
{
	union sock_addr addr;
	char device[16];
	bool has_port;

	if (sock_parse(word, &addr, device, &has_port) == -1)
		return wrong(why,
		    QUOTED "is not an address such as 192.0.2.1, "
			   "[2001:db8::1]:53 or *",
		    word);
	return set_list(key, word, p, why);
}

/* Is it a list that the file cannot say: none given, and one is needed? */
static bool
unsaid(const struct conf_key *key, size_t n)
{
	return n == 0 && key->min > 0;
}

static void
show_list(const struct conf_key *key, const void *p, struct buf *out)
{
	const struct conf_list *l = p;
	size_t i;

	if (unsaid(key, l->n))
		return;
	buf_printf(out, "%s = {", key->name);
	for (i = 0; i < l->n; i++) {
		buf_puts(out, i == 0 ? " " : ", ");
		show_quoted(l->v[i], out);
	}
	buf_puts(out, " }\n");
}

static void
free_prefixes(void *p)
{
	struct conf_prefixes *l = p;

	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static enum conf_verdict
set_prefixes(const struct conf_key *key, const char *word, void *p, char *why)
{
	struct conf_prefixes *l = p;
	struct conf_prefix one, *v;
	const char *reason = conf_why_prefix(word, &one);

	(void)key;
	if (reason != NULL)
		return wrong(why, QUOTED "%s", word, reason);
	v = reallocarray(l->v, l->n + 1, sizeof(*v));
	if (v == NULL)
		return CONF_NOMEM;
	l->v = v;
	v[l->n++] = one;
	return CONF_GOOD;
}

static void
show_prefixes(const struct conf_key *key, const void *p, struct buf *out)
{
	const struct conf_prefixes *l = p;
	char host[INET6_ADDRSTRLEN];
	size_t i;

	if (unsaid(key, l->n))
		return;
	buf_printf(out, "%s = {", key->name);
	for (i = 0; i < l->n; i++)
		buf_printf(out, "%s \"%s/%u\"", i == 0 ? "" : ",",
		    inet_ntop(l->v[i].family, l->v[i].addr, host, sizeof(host)),
		    l->v[i].bits);
	buf_puts(out, " }\n");
}

/* clang-format off */
static const struct conf_kind kinds[] = {
	[CONF_BOOL] = { false, set_bool, NULL, show_bool },
	[CONF_NUM] = { false, set_scaled, NULL, show_scaled },
	[CONF_SIZE] = { false, set_scaled, NULL, show_scaled },
	[CONF_TIME] = { false, set_scaled, NULL, show_scaled },
	[CONF_STR] = { false, set_str, free_str, show_str },
	[CONF_PATH] = { false, set_path, free_str, show_str },
	[CONF_ENUM] = { false, set_enum, NULL, show_enum },
	[CONF_LIST] = { true, set_list, free_list, show_list },
	[CONF_ADDRS] = { true, set_addrs, free_list, show_list },
	[CONF_PREFIXES] = { true, set_prefixes, free_prefixes, show_prefixes },
	[CONF_RANGE] = { false, set_range, NULL, show_range },
	[CONF_SECTION] = { false, NULL, NULL, NULL },
};
/* clang-format on */

const struct conf_kind *
conf_kind(enum conf_type type)
{
	return &kinds[type];
}
