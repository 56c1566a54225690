/*
 * Master files: bytes to words (RFC 1035 section 5.1). A newline behind the
 * last byte ends every loop, so none of them looks for the end.
 */
#include <stdlib.h>
#include <string.h>

#include "zonefilepart.h"

#define WORDS_FIRST 64
#define WORDS_MAX (RDATA_MAX + 16) /* strings of a byte each, and the rest */
#define UNCLOSED_MAX 8 /* so often is a file begun again behind "(" */

/* What a byte is; 0: a part of a word. */
enum class { WORD, BLANK, LINE, COMMENT, OPEN, CLOSE, QUOTE, ESCAPE };

static const uint8_t classes[256] = {
	[' '] = BLANK,
	['\t'] = BLANK,
	['\r'] = BLANK,
	['\n'] = LINE,
	[';'] = COMMENT,
	['('] = OPEN,
	[')'] = CLOSE,
	['"'] = QUOTE,
	['\\'] = ESCAPE,
};

static inline enum class class_of(const char *p) {
	return classes[(uint8_t)*p];
}

/* Room for more words. false: too many, or no memory. */
static bool
grow(struct zonefile_reader *r)
{
	size_t max = r->max == 0 ? WORDS_FIRST : r->max * 2;
	struct rdata_token *t;

	if (r->max >= WORDS_MAX ||
	    (t = reallocarray(r->t, max, sizeof(*t))) == NULL)
		return false;
	r->t = t;
	r->max = max;
	return true;
}

/* Behind an escape; a newline cannot be escaped. */
static inline const char *
past_escape(const char *p)
{
	return p[1] == '\n' ? p + 1 : p + 2;
}

/* The quote that ends a string, or the end of its line. */
static const char *
string_end(const char *p)
{
	while (class_of(p) != QUOTE && class_of(p) != LINE)
		p = class_of(p) == ESCAPE ? past_escape(p) : p + 1;
	return p;
}

/*
 * The end of a word; key="value" is one of them (RFC 9460 section 2.1). NULL:
 * that value's quote is not closed.
 */
static const char *
word_end(const char *p)
{
	for (;;) {
		while (class_of(p) == WORD)
			p++;
		if (class_of(p) == ESCAPE) {
			p = past_escape(p);
			continue;
		}
		if (class_of(p) != QUOTE || p[-1] != '=')
			return p;
		p = string_end(p + 1);
		return class_of(p) == QUOTE ? p + 1 : NULL;
	}
}

/* One word or string at s->p, which moves behind it. NULL, or an error. */
static const char *
take_word(struct zonefile_reader *r)
{
	struct zonefile_source *s = r->s;
	bool quoted = class_of(s->p) == QUOTE;
	const char *begin = s->p + quoted, *end;

	end = quoted ? string_end(begin) : word_end(begin);
	if (end == NULL || (quoted && class_of(end) == LINE)) {
		s->p = string_end(begin); /* a line's end, or a quote before */
		while (class_of(s->p) != LINE)
			s->p++;
		return "a quoted string is not closed";
	}
	s->p = end + quoted;
	if (r->n == r->max && !grow(r)) {
		r->n = 0;
		return "too many words in one record";
	}
	r->t[r->n++] =
	    (struct rdata_token){ begin, (size_t)(end - begin), quoted };
	return NULL;
}

/*
 * The words up to the end of the line, or of the line in which the last
 * parenthesis closes. NULL, or the first error. *open: of parentheses that are
 * left open at the end of the source.
 */
static const char *
take_words(struct zonefile_reader *r, unsigned *open)
{
	struct zonefile_source *s = r->s;
	const char *bad = NULL, *why;

	for (*open = 0;;) {
		switch (class_of(s->p)) {
		case BLANK:
			s->p++;
			continue;
		case COMMENT:
			s->p = memchr(s->p, '\n', (size_t)(s->end + 1 - s->p));
			continue;
		case LINE:
			if (s->p == s->end)
				return bad;
			s->p++;
			s->line++;
			if (*open == 0)
				return bad;
			continue;
		case OPEN:
			s->p++;
			++*open;
			continue;
		case CLOSE:
			s->p++;
			if (*open > 0)
				--*open;
			else if (bad == NULL)
				bad = "\")\" without \"(\"";
			continue;
		default:
			if ((why = take_word(r)) != NULL && bad == NULL)
				bad = why;
		}
	}
}

/*
 * Nothing closes the parenthesis. Most likely it was forgotten in its line, so
 * reading goes on behind that; a few times only, since each costs a look at
 * all of the rest.
 */
static void
unclosed(struct zonefile_reader *r, const char *begin)
{
	struct zonefile_source *s = r->s;

	zonefile_error(r, "a parenthesis is not closed");
	if (++s->unclosed > UNCLOSED_MAX)
		return;
	s->p = memchr(begin, '\n', (size_t)(s->end + 1 - begin));
	s->line = r->line;
	if (s->p < s->end) {
		s->p++;
		s->line++;
	}
}

bool
zonefile_scan(struct zonefile_reader *r)
{
	struct zonefile_source *s = r->s;
	const char *begin, *bad;
	unsigned open;

	while (s->p < s->end) {
		begin = s->p;
		r->n = 0;
		r->line = s->line;
		r->blank = class_of(begin) == BLANK;
		bad = take_words(r, &open);
		if (open > 0)
			unclosed(r, begin);
		else if (bad != NULL)
			zonefile_error(r, "%s", bad);
		else if (r->n > 0)
			return true;
	}
	return false;
}
