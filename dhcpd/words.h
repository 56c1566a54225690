/*
 * words: what a client's script is told, "name=value" each, in the names of
 * udhcpc's scripts. The table here says which names there are and what their
 * values may look like; the process that reads packets makes words of options
 * by it (offer.h), and the one that runs the script, as root, checks each of
 * them by it again. Pure.
 *
 * Whatever a server sends, a value consists of letters, digits and
 *
 *	. _ - / : @ % + , =
 *
 * with single spaces between the members of a list, and begins with a letter,
 * a digit, '_', for a path '/', for a number '-': no quote, no $, no newline,
 * nothing that a shell takes for more than a word or a program for an option.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_SIZE 3584 /* bytes of all words together */
#define WORDS_VALUE 1280 /* bytes of a value with its NUL */

enum word_kind {
	WORD_IP, /* 192.0.2.1 */
	WORD_IPS, /* a list of them */
	WORD_PAIRS, /* a list of ADDRESS/ADDRESS */
	WORD_ROUTES, /* ADDRESS/BITS ADDRESS, and so on */
	WORD_NUMBER,
	WORD_SIGNED,
	WORD_HOST, /* labels of letters, digits, - and _, joined by dots */
	WORD_HOSTS, /* a list of them */
	WORD_PATH, /* a file or a URL */
	WORD_TEXT, /* one line for people: other characters became '_' */
	WORD_HEX,
};

struct word_def {
	const char *name;
	enum word_kind kind;
	uint8_t code; /* of the option; 0: not from one */
	uint8_t bytes; /* of a number on the wire */
};

/* By option code; NULL: it has no name and becomes "optN", WORD_HEX. */
const struct word_def *word_by_code(uint8_t code);
/* By name, "optN" included; NULL: there is no such word. */
const struct word_def *word_by_name(const char *name, size_t len);

/* May this stand as the value of such a word? */
bool word_value_ok(enum word_kind, const char *value);
/* The same of a whole word: its name is known, its value may stand there. */
bool word_ok(const char *word);

/* Words one behind the other, each with its NUL. */
struct words {
	size_t len;
	char text[WORDS_SIZE];
};

void words_clear(struct words *);
/*
 * Add a word of the table. false: there is no such word, its value may not
 * stand there, or there is no room; nothing was added.
 */
bool words_add(struct words *, const char *name, const char *value);
/* The word behind `last`, the first one for NULL; NULL: no more. */
const char *words_next(const struct words *, const char *last);
/* The value; NULL: there is none. */
const char *words_get(const struct words *, const char *name);
/*
 * Take bytes that another process sent: words that are whole and word_ok.
 * false: they are not; then there are no words.
 */
bool words_take(struct words *, const void *, size_t len);

#endif
