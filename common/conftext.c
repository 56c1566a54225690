/*
 * The text of a configuration file on its way to libconfuse. Its lexer takes
 * some things in ways that nobody expects, so they are put right or refused
 * here first:
 *
 *	comments	counted as one line too many (C style) or not seen
 *			at all (a double slash without a blank): blanked
 *	"...${X}..."	replaced from the environment, across lines even;
 *			the dollar is escaped, so a file means the same
 *			whoever reads it
 *	* + \v ...	dropped outside quotes, so that the value of an
 *			unquoted *.cfg would be .cfg: refused
 *	"...		a missing quote would swallow lines up to the next
 *			one: strings end on the line where they begin
 *			(backslash at its end: on the next)
 *	NUL bytes	cut values short: refused, also as \0 and \x00
 *	{ }		an empty list calls nobody back: made CONF_NOTHING
 *	x { ...		a section may end with the file: refused
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confpart.h"

/*
 * Bytes of a word as written: all may be \xNN. There has to be a limit since
 * libconfuse copies what it has of a string anew every 32 bytes.
 */
#define WRITTEN (4 * CONF_WORD + 2)
/* What ends an unquoted word besides a control byte. */
#define SPECIAL " #\"'={}()+,*"

struct scan {
	const char *p, *end; /* not yet read; *end is a NUL */
	int line;
	char last; /* the last token: punctuation, 'w' for words, 'l' for
		      the '{' of a list */
	size_t open; /* of the last list: where its '{' is in the output */
	bool in_list;
	int section; /* line where the section begins that is open, or 0 */
	struct conf_text *t;
	bool failed; /* no memory */
};

static int
refuse(struct scan *s, int line, const char *what)
{
	s->t->error_line = line;
	snprintf(s->t->error, sizeof(s->t->error), "%s", what);
	return -1;
}

/* Pass on a word, or the last part of a string that began at `begin`. */
static int
add_word(struct scan *s, const char *begin, const char *from)
{
	if (s->p - begin > WRITTEN)
		return refuse(s, s->line, "a value is too long");
	s->last = 'w';
	buf_add(&s->t->out, from, (size_t)(s->p - from));
	return 0;
}

static void
skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

static int
skip_comment(struct scan *s)
{
	int line = s->line;

	for (s->p += 2; s->p < s->end; s->p++) {
		if (s->p[0] == '*' && s->p[1] == '/') {
			buf_add(&s->t->out, " ", 1);
			s->p += 2;
			return 0;
		}
		if (*s->p == '\n') {
			buf_add(&s->t->out, "\n", 1);
			s->line++;
		}
	}
	return refuse(s, line, "the comment that begins here has no end");
}

/* Does the escape behind this backslash mean a NUL byte? */
static bool
escapes_nul(const char *s)
{
	bool hex = *s == 'x';
	size_t most = hex ? 2 : 3, n;

	n = strspn(s + hex, hex ? "0123456789abcdefABCDEF" : "01234567");
	if (n > most)
		n = most;
	return n > 0 && strspn(s + hex, "0") >= n;
}

/* A quoted string, to its quote. */
static int
copy_string(struct scan *s)
{
	const char *begin = s->p, *from = s->p, quote = *s->p;
	int line = s->line;

	for (s->p++; s->p < s->end && *s->p != quote; s->p++) {
		if (*s->p == '\0')
			return refuse(s, s->line, "NUL byte");
		if (*s->p == '\n')
			break;
		if (quote == '"' && s->p[0] == '$' && s->p[1] == '{') {
			buf_add(&s->t->out, from, (size_t)(s->p - from));
			buf_add(&s->t->out, "\\", 1);
			from = s->p;
		}
		if (*s->p != '\\' || s->p + 1 == s->end)
			continue;
		if (quote == '"' && escapes_nul(s->p + 1))
			return refuse(s, s->line, "NUL byte in a string");
		if (*++s->p == '\0')
			return refuse(s, s->line, "NUL byte");
		if (*s->p == '\n')
			s->line++;
	}
	if (s->p == s->end || *s->p != quote)
		return refuse(s, line, "a string has no closing quote");
	s->p++;
	return add_word(s, begin, from);
}

static int
copy_word(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && (unsigned char)*s->p > ' ' && *s->p != 0x7f &&
	    strchr(SPECIAL, *s->p) == NULL)
		s->p++;
	if (*s->p == '{' && s->p[-1] == '$')
		return refuse(s, s->line, "'${' must stand in quotes");
	return add_word(s, from, from);
}

static int
note_section(struct scan *s)
{
	struct conf_text *t = s->t;
	int *p;

	/* Full at each power of two: then twice the room. */
	if ((t->nbegin & (t->nbegin - 1)) == 0) {
		p = reallocarray(t->begin, t->nbegin * 2 + 1, sizeof(*p));
		if (p == NULL) {
			s->failed = true;
			return -1;
		}
		t->begin = p;
	}
	t->begin[t->nbegin++] = s->section = s->line;
	return 0;
}

/* A brace, as it is, save those of an empty list. */
static int
copy_brace(struct scan *s)
{
	struct buf *out = &s->t->out;
	char c = *s->p++, last = s->last;

	s->last = c;
	if (c == '}') {
		if (last == 'l' && !out->failed) {
			out->p[s->open] = *CONF_NOTHING;
			c = ' ';
		}
		if (!s->in_list)
			s->section = 0;
		s->in_list = false;
	} else if (last == '=') {
		s->open = out->len;
		s->last = 'l';
		s->in_list = true;
	} else if (note_section(s) == -1)
		return -1;
	buf_add(out, &c, 1);
	return 0;
}

static int
copy_token(struct scan *s)
{
	char what[CONF_WHY];
	unsigned char c = (unsigned char)*s->p;

	if (c == '\0')
		return refuse(s, s->line, "NUL byte");
	if (c == '#' || (c == '/' && s->p[1] == '/')) {
		skip_line(s);
		return 0;
	}
	if (c == '/' && s->p[1] == '*')
		return skip_comment(s);
	if (c == '"' || c == '\'')
		return copy_string(s);
	if (c == '{' || c == '}')
		return copy_brace(s);
	if (strchr(" \t\r\n=(),", c) != NULL) {
		if (c == '\n')
			s->line++;
		if (c > ' ')
			s->last = (char)c;
		buf_add(&s->t->out, s->p++, 1);
		return 0;
	}
	if (c < ' ' || c == 0x7f || c == '+' || c == '*') {
		snprintf(what, sizeof(what), "'%c' must stand in quotes", c);
		return refuse(s, s->line, what);
	}
	return copy_word(s);
}

int
conf_text_clean(struct conf_text *t, const char *raw, size_t len)
{
	struct scan s = { .p = raw, .end = raw + len, .line = 1, .t = t };
	int rc = 0;

	memset(t, 0, sizeof(*t));
	/* At worst every "${" grows by a byte. */
	buf_init(&t->out, len + len / 2 + 1);
	while (s.p < s.end && (rc = copy_token(&s)) == 0)
		;
	if (rc == 0 && s.section != 0)
		refuse(&s, s.section,
		    "the section that begins here has no "
		    "end");
	buf_add(&t->out, "", 1);
	if (!s.failed && !t->out.failed)
		return 0;
	conf_text_free(t);
	return -1;
}

void
conf_text_free(struct conf_text *t)
{
	buf_free(&t->out);
	free(t->begin);
	t->begin = NULL;
	t->nbegin = 0;
}
