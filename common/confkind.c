/*
 * The types of keys: how a word becomes a member, and how it is shown.
 */
#include <arpa/inet.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <bsd/string.h>

#include "conf.h"
#include "confpart.h"
#include "sock.h"

/* Long values are cut: the message has to stay a line. */
#define QUOTED "\"%.64s\" "
#define WORD 64 /* bytes of a value that is no string */

static int
set_bool(const struct conf_key *key, const char *word, void *p)
{
	static const char *const no_and_yes[] = { "no", "yes", "false", "true",
		"off", "on" };
	int i;

	(void)key;
	for (i = 0; i < 6; i++)
		if (strcasecmp(word, no_and_yes[i]) == 0) {
			*(bool *)p = i % 2 == 1;
			return 0;
		}
	return conf_wrong(QUOTED "is not yes or no", word);
}

static int
set_scaled(const struct conf_key *key, const char *word, void *p)
{
	static const char *const nouns[] = { [CONF_NUM] = "number",
		[CONF_SIZE] = "size",
		[CONF_TIME] = "time" };
	char min[CONF_FORMAT], max[CONF_FORMAT];
	const char *none = key->words == NULL ? NULL : key->words[0];
	uint64_t v = UINT64_MAX;

	if ((none == NULL || strcmp(word, none) != 0) &&
	    (conf_parse(key->type, word, &v) == -1 || v < key->min ||
		v > key->max))
		return conf_wrong(QUOTED "is not a %s from %s to %s%s%s", word,
		    nouns[key->type], conf_format(key->type, key->min, min),
		    conf_format(key->type, key->max, max),
		    none == NULL ? "" : " or ", none == NULL ? "" : none);
	*(uint64_t *)p = v;
	return 0;
}

static int
set_range(const struct conf_key *key, const char *word, void *p)
{
	struct conf_range r;

	/* A lone 0 means "any", whatever the bounds are. */
	if (conf_parse_range(word, &r) == -1 ||
	    (r.last != 0 && (r.first < key->min || r.last > key->max)))
		return conf_wrong(QUOTED
		    "is not 0 or a range such as 50000-50100 from %llu to %llu",
		    word, (unsigned long long)key->min,
		    (unsigned long long)key->max);
	*(struct conf_range *)p = r;
	return 0;
}

static int
set_enum(const struct conf_key *key, const char *word, void *p)
{
	char all[CONF_WHY] = "";
	int i;

	for (i = 0; key->words[i] != NULL; i++) {
		if (strcmp(key->words[i], word) == 0) {
			*(int *)p = i;
			return 0;
		}
		strlcat(all, i == 0 ? " " : ", ", sizeof(all));
		strlcat(all, key->words[i], sizeof(all));
	}
	return conf_wrong(QUOTED "is not one of:%s", word, all);
}

static int
copy(char **p, const char *word)
{
	if ((*p = strdup(word)) == NULL)
		return conf_wrong("out of memory");
	return 0;
}

static int
set_str(const struct conf_key *key, const char *word, void *p)
{
	bool path = key->type == CONF_PATH;
	uint64_t max = path ? PATH_MAX - 1 : key->max;

	if (*word == '\0' && key->min > 0)
		return conf_wrong("must not be empty");
	if (path && *word != '\0' && *word != '/')
		return conf_wrong(QUOTED "is not an absolute path", word);
	if (max != 0 && strlen(word) > max)
		return conf_wrong(
		    "is longer than %llu bytes", (unsigned long long)max);
	return copy(p, word);
}

static int
set_list(const struct conf_key *key, const char *word, void *p)
{
	union sock_addr addr;
	char device[16], **member;
	bool has_port;

	if (key->type == CONF_ADDRS &&
	    sock_parse(word, &addr, device, &has_port) == -1)
		return conf_wrong(QUOTED "is not an address such as 192.0.2.1, "
					 "[2001:db8::1]:53 or *",
		    word);
	member = conf_grow(p, sizeof(*member));
	return member == NULL ? -1 : copy(member, word);
}

static int
set_prefixes(const struct conf_key *key, const char *word, void *p)
{
	struct conf_prefix one, *member;
	const char *why = conf_parse_prefix(word, &one);

	(void)key;
	if (why != NULL)
		return conf_wrong(QUOTED "%s", word, why);
	if ((member = conf_grow(p, sizeof(one))) == NULL)
		return -1;
	*member = one;
	return 0;
}

/* clang-format off */
const struct conf_kind conf_kinds[] = {
	[CONF_BOOL] = { false, false, set_bool },
	[CONF_NUM] = { false, false, set_scaled },
	[CONF_SIZE] = { false, false, set_scaled },
	[CONF_TIME] = { false, false, set_scaled },
	[CONF_STR] = { false, true, set_str },
	[CONF_PATH] = { false, true, set_str },
	[CONF_ENUM] = { false, true, set_enum },
	[CONF_LIST] = { true, true, set_list },
	[CONF_ADDRS] = { true, true, set_list },
	[CONF_PREFIXES] = { true, true, set_prefixes },
	[CONF_RANGE] = { false, false, set_range },
	[CONF_SECTION] = { false, false, NULL },
};
/* clang-format on */

/* Lists and sections are an array and its length, whatever the elements. */
static struct conf_sections
array(const void *member)
{
	struct conf_sections a;

	memcpy(&a, member, sizeof(a));
	return a;
}

void *
conf_grow(void *member, size_t size)
{
	struct conf_sections a = array(member);
	char *v = reallocarray(a.v, a.n + 1, size);

	if (v == NULL) {
		conf_wrong("out of memory");
		return NULL;
	}
	a.v = v;
	v += a.n++ * size;
	memset(v, 0, size);
	memcpy(member, &a, sizeof(a));
	return v;
}

void
conf_clear(const struct conf_key *key, void *p)
{
	bool strings = key->type == CONF_LIST || key->type == CONF_ADDRS;
	struct conf_sections a;
	char *one;
	size_t i;

	if (key->type == CONF_STR || key->type == CONF_PATH) {
		free(*(char **)p);
		*(char **)p = NULL;
	}
	if (key->type != CONF_SECTION && !conf_kinds[key->type].list)
		return;
	a = array(p);
	for (i = 0; strings && i < a.n; i++)
		free(((char **)a.v)[i]);
	for (i = 0; key->type == CONF_SECTION && i < a.n; i++) {
		one = (char *)a.v + i * key->size;
		conf_free(key->keys, one);
		if (key->title_offset != 0)
			free(*(char **)(one + key->title_offset));
	}
	free(a.v);
	memset(p, 0, sizeof(a));
}

void
conf_free(const struct conf_key *k, void *conf)
{
	for (; k->type != CONF_END; k++)
		conf_clear(k, (char *)conf + k->offset);
}

/* The value, or the ith of a list, as a file says it; NULL: there is none. */
static const char *
value_word(const struct conf_key *key, const void *p, size_t i, char out[WORD])
{
	const struct conf_range *range = p;
	const struct conf_prefix *prefix;

	switch (key->type) {
	case CONF_BOOL:
		return *(const bool *)p ? "yes" : "no";
	case CONF_ENUM:
		return key->words[*(const int *)p];
	case CONF_STR:
	case CONF_PATH:
		return *(char *const *)p;
	case CONF_LIST:
	case CONF_ADDRS:
		return ((const struct conf_list *)p)->v[i];
	case CONF_PREFIXES:
		prefix = &((const struct conf_prefixes *)p)->v[i];
		inet_ntop(prefix->family, prefix->addr, out, WORD);
		snprintf(out + strlen(out), 5, "/%u", prefix->bits);
		return out;
	case CONF_RANGE:
		snprintf(out, WORD, "%u-%u", range->first, range->last);
		if (range->first == range->last)
			*strchr(out, '-') = '\0';
		return out;
	default:
		if (key->words != NULL && *(const uint64_t *)p == UINT64_MAX)
			return key->words[0];
		return conf_format(key->type, *(const uint64_t *)p, out);
	}
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
show_value(const struct conf_key *key, const void *p, struct buf *out)
{
	bool list = conf_kinds[key->type].list;
	size_t i, n = list ? array(p).n : 1;
	const char *word;
	char text[WORD];

	/* Nothing is written for what a file cannot say. */
	if (list ? n == 0 && key->min > 0 : value_word(key, p, 0, text) == NULL)
		return;
	buf_printf(out, "%s = %s", key->name, list ? "{" : "");
	for (i = 0; i < n; i++) {
		word = value_word(key, p, i, text);
		if (list)
			buf_puts(out, i == 0 ? " " : ", ");
		if (conf_kinds[key->type].quoted)
			show_quoted(word, out);
		else
			buf_puts(out, word);
	}
	buf_puts(out, list ? " }\n" : "\n");
}

static void
show_sections(const struct conf_key *k, struct conf_sections s, struct buf *out)
{
	const char *one;
	size_t i;

	for (i = 0; i < s.n; i++) {
		one = (const char *)s.v + i * k->size;
		buf_puts(out, k->name);
		if (k->title_offset != 0) {
			buf_puts(out, " ");
			show_quoted(
			    *(char *const *)(one + k->title_offset), out);
		}
		buf_puts(out, " {\n");
		conf_show(k->keys, one, out);
		buf_puts(out, "}\n");
	}
}

void
conf_show(const struct conf_key *k, const void *conf, struct buf *out)
{
	const char *p;

	for (; k->type != CONF_END; k++) {
		p = (const char *)conf;
		if (k->type == CONF_SECTION)
			show_sections(k, array(p + k->offset), out);
		else if (k->def != NULL || k->line_offset == 0 ||
		    *(const int *)(p + k->line_offset) != 0)
			show_value(k, p + k->offset, out);
	}
}
