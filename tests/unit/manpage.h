/*
 * manpage: the page of a configuration file tells every key that a program
 * knows, with its kind, default and bounds, and no other. A section that may
 * stand in several places is described once, and so is a key that a section
 * shares with the file: there.
 */
#ifndef MANPAGE_H
#define MANPAGE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "conf.h"
#include "confpart.h"
#include "tap.h"

#define PAGE_BYTES (256 * 1024)
#define TEXT_BYTES 512
#define TABLES 32 /* of sections that a page describes */

/* How a page names the values of a type. */
static const char *const kinds[] = {
	[CONF_BOOL] = "bool",
	[CONF_NUM] = "number",
	[CONF_SIZE] = "size",
	[CONF_TIME] = "time",
	[CONF_STR] = "text",
	[CONF_PATH] = "path",
	[CONF_ENUM] = "word",
	[CONF_LIST] = "list",
	[CONF_ADDRS] = "addresses",
	[CONF_PREFIXES] = "networks",
	[CONF_RANGE] = "ports",
};

static char text[PAGE_BYTES]; /* the page, a NUL behind it */
static const struct conf_key *described[TABLES]; /* sections so far */
static size_t ndescribed;

static void
read_page(const char *file)
{
	const char *src = getenv("SRC");
	char path[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", src == NULL ? "." : src, file);
	ck_assert_msg((f = fopen(path, "r")) != NULL, "%s: cannot read", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	ck_assert_msg(n > 0 && n < sizeof(text) - 1, "%s: its size", path);
	text[n] = '\0';
}

/* What stands from one line to another, with the newline; malloc'd. */
static char *
part(const char *from, const char *begin, const char *end)
{
	const char *p = strstr(from, begin), *q;

	ck_assert_msg(p != NULL, "\"%.*s\" is not in the page",
	    (int)strcspn(begin + 1, "\n"), begin + 1);
	p += strlen(begin);
	q = strstr(p, end);
	return strndup(p, q == NULL ? strlen(p) : (size_t)(q + 1 - p));
}

static bool
is_list(const struct conf_key *k)
{
	return k->type == CONF_LIST || k->type == CONF_ADDRS ||
	    k->type == CONF_PREFIXES;
}

static void
say_default(const struct conf_key *k, char out[TEXT_BYTES])
{
	if (k->def == NULL)
		strlcpy(out, is_list(k) && k->min == 0 ? "{ }" : "none",
		    TEXT_BYTES);
	else if (is_list(k))
		snprintf(out, TEXT_BYTES, "{ \"%s\" }", k->def);
	else if (k->type == CONF_STR || k->type == CONF_PATH)
		snprintf(out, TEXT_BYTES, "\"%s\"", k->def);
	else
		strlcpy(out, k->def, TEXT_BYTES);
}

static void
say_words(const struct conf_key *k, char out[TEXT_BYTES])
{
	size_t i;

	strlcpy(out, "; one of ", TEXT_BYTES);
	for (i = 0; k->words[i] != NULL; i++) {
		strlcat(out, i == 0 ? "" : ", ", TEXT_BYTES);
		strlcat(out, k->words[i], TEXT_BYTES);
	}
}

static void
say_bounds(const struct conf_key *k, char out[TEXT_BYTES])
{
	char min[CONF_FORMAT], max[CONF_FORMAT];
	const char *what = k->type == CONF_STR ? " bytes" : "";

	out[0] = '\0';
	if (is_list(k))
		what = " members";
	conf_format(k->type, k->min, min);
	conf_format(k->type, k->max, max);
	if (k->type == CONF_ENUM)
		say_words(k, out);
	if (k->max == 0)
		return;
	if (k->min == 0 && *what != '\0')
		snprintf(out, TEXT_BYTES, "; at most %s%s", max, what);
	else
		snprintf(out, TEXT_BYTES, "; from %s to %s%s%s%s", min, max,
		    what, k->words == NULL ? "" : " or ",
		    k->words == NULL ? "" : k->words[0]);
}

static void
check_key(const char *list, const struct conf_key *k)
{
	char line[TEXT_BYTES], def[TEXT_BYTES], bounds[TEXT_BYTES];
	char *item;

	snprintf(line, sizeof(line), "\n.It Ic %s No = Ar %s\n", k->name,
	    kinds[k->type]);
	item = part(list, line, "\n.It ");
	say_default(k, def);
	say_bounds(k, bounds);
	snprintf(line, sizeof(line), "\nDefault: %.200s%.200s.\n", def, bounds);
	ck_assert_msg(strstr(item, line) != NULL,
	    "%s: the page must have the line \"%.*s\"", k->name,
	    (int)strlen(line) - 2, line + 1);
	free(item);
}

/* Everything told in this list is a row of the table. */
static void
check_stale(const char *list, const struct conf_key *keys)
{
	const struct conf_key *k;
	const char *p = list;
	size_t n;

	while ((p = strstr(p, "\n.It Ic ")) != NULL) {
		p += strlen("\n.It Ic ");
		n = strcspn(p, " \n");
		for (k = keys; k->type != CONF_END; k++)
			if (strlen(k->name) == n && memcmp(k->name, p, n) == 0)
				break;
		ck_assert_msg(
		    k->type != CONF_END, "%.*s: is no key", (int)n, p);
	}
}

/* Does the file have the same key, so that it is told there? */
static bool
is_shared(const struct conf_key *k, const struct conf_key *file)
{
	for (; file->type != CONF_END; file++)
		if (strcmp(file->name, k->name) == 0)
			return file->type == k->type && file->min == k->min &&
			    file->max == k->max && file->words == k->words;
	return false;
}

static void
check_section(const char *all, const struct conf_key *section,
    const struct conf_key *file)
{
	const struct conf_key *k;
	const char *title = section->title_offset == 0 ?
	    "" :
	    " in one place, each with a title";
	char line[TEXT_BYTES];
	char *list;
	size_t i;

	for (i = 0; i < ndescribed; i++)
		if (described[i] == section->keys)
			return;
	ck_assert_uint_lt(ndescribed, TABLES);
	described[ndescribed++] = section->keys;
	snprintf(line, sizeof(line), "\n.Ss The %s section\n", section->name);
	list = part(all, line, "\n.Ss ");
	snprintf(line, sizeof(line), "\nAt most %llu section%s%s.\n",
	    (unsigned long long)section->max, section->max == 1 ? "" : "s",
	    title);
	ck_assert_msg(strstr(list, line) != NULL,
	    "%s: the page must have the line \"%.*s\"", section->name,
	    (int)strlen(line) - 2, line + 1);
	for (k = section->keys; k->type != CONF_END; k++)
		if (k->type == CONF_SECTION)
			check_section(all, k, file);
		else if (!is_shared(k, file))
			check_key(list, k);
	check_stale(list, section->keys);
	free(list);
}

/* Within a test: `file` below $SRC tells this table, sections included. */
static void
manpage_check(const char *file, const struct conf_key *table)
{
	const struct conf_key *k;
	char *keys, *list;

	read_page(file);
	keys = part(text, "\n.Sh KEYS\n", "\n.Sh ");
	list = part(keys, "", "\n.Ss The ");
	for (k = table; k->type != CONF_END; k++)
		if (k->type == CONF_SECTION)
			check_section(keys, k, table);
		else
			check_key(list, k);
	check_stale(list, table);
	free(list);
	free(keys);
}

#endif
