/*
 * Values of every type, as bytes from the network and as text of an
 * administrator. What is printed and can be read must be read as the same;
 * what was read must be printed so that it can be read again.
 *
 * Input: a byte of type, then the bytes; words of text end at a newline.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

#define WORDS 8
#define TYPES (OPTION_DNR + 1)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Neither cut nor with escapes, which are for people. */
static bool
is_whole(const char *text)
{
	return strlen(text) < OPTION_TEXT - 1 && strchr(text, '\\') == NULL;
}

/* The length of the value that this text stands for, or -1. */
static int
encode(enum option_type type, const char *text, uint8_t value[OPTION_VALUE])
{
	const char *const words[] = { text };
	const char *why = NULL;
	int n = option_encode(type, words, 1, value, &why);

	CHECK(n <= OPTION_VALUE && (n == -1) == (why != NULL));
	return n;
}

static void
check_bytes(enum option_type type, const uint8_t *p, size_t size)
{
	char text[OPTION_TEXT], again[OPTION_TEXT];
	uint8_t value[OPTION_VALUE];
	int n;

	CHECK(option_print(type, p, size, text) == text);
	CHECK(memchr(text, '\0', sizeof(text)) != NULL);
	for (const char *c = text; *c != '\0'; c++)
		CHECK(*c >= ' ' && *c <= '~');
	if (!is_whole(text) || (n = encode(type, text, value)) == -1)
		return;
	option_print(type, value, (size_t)n, again);
	/* A compressed name has the case of the one it points to. */
	CHECK((type == OPTION_FQDNS ? strcasecmp(text, again) :
				      strcmp(text, again)) == 0);
}

static void
check_text(enum option_type type, char *s)
{
	const char *words[WORDS], *why = NULL;
	uint8_t value[OPTION_VALUE], back[OPTION_VALUE];
	char text[OPTION_TEXT];
	size_t nwords = 0;
	int n;

	while (s != NULL && nwords < WORDS)
		words[nwords++] = strsep(&s, "\n");
	n = option_encode(type, words, nwords, value, &why);
	CHECK(n <= OPTION_VALUE && (n == -1) == (why != NULL));
	if (n == -1)
		return;
	CHECK(n > 0);
	option_print(type, value, (size_t)n, text);
	if (!is_whole(text))
		return;
	CHECK(encode(type, text, back) == n);
	CHECK(memcmp(value, back, (size_t)n) == 0);
}

static void
check_name(const char *name)
{
	const struct option_def *d = option_find(name), *first;

	if (d == NULL)
		return;
	CHECK(d->name != NULL && d->code > 0 && d->code < 255);
	first = option_by_code(d->code);
	CHECK(first == NULL || first->code == d->code);
	CHECK(first == NULL || first->owner == d->owner);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum option_type type;
	char *text;

	if (size == 0)
		return 0;
	type = (enum option_type)(data[0] % TYPES);
	check_bytes(type, data + 1, size - 1);
	text = strndup((const char *)data + 1, size - 1);
	CHECK(text != NULL);
	check_name(text);
	check_text(type, text);
	free(text);
	return 0;
}
