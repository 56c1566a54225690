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
 *	{ }		an empty list calls nobody back: made CONF_MARK
 *	x "t" { ...	calls nobody back, and may end with the file: a
 *			CONF_MARK begins it, with the title for a value (it
 *			compares each title to all others and drops the
 *			first of two that are equal); a missing end is refused
 *	a-key		is not a_key: written so
 */
#include <string.h>

#include <bsd/string.h>

#include "confpart.h"

/*
 * Bytes of a word as written: all may be \xNN. There has to be a limit since
 * libconfuse copies what it has of a string anew every 32 bytes.
 */
#define WRITTEN (4 * CONF_WORD + 2)

struct scan {
	const char *p, *end; /* not yet read; *end is a NUL */
	const struct conf_key *keys;
	struct conf_text *t;
	struct buf *out;
	size_t token; /* where this token begins in the output */
	size_t list; /* .. and the list that is open, or 0 */
	size_t title, title_end; /* .. and the last title */
	int line;
	int sections[CONF_DEPTH]; /* where the open ones begin */
	int depth;
	char last; /* the last token: punctuation, 'k' a key, 't' a word behind
		      one, 'v' a value */
};

/* The text ends before this token. */
static int
refuse(struct scan *s, int line, const char *what)
{
	bool nul = *s->p == '\0' && s->p < s->end;

	strlcpy(s->t->error, nul ? "NUL byte" : what, sizeof(s->t->error));
	s->t->error_line = nul ? s->line : line;
	s->out->len = s->token;
	return -1;
}

/* Pass on the next byte. */
static void
put(struct scan *s)
{
	if (*s->p == '\n')
		s->line++;
	buf_add(s->out, s->p++, 1);
}

/* Of a comment newlines are left. */
static int
skip_comment(struct scan *s)
{
	const char *stop = s->p[0] == '/' && s->p[1] == '*' ? "*/" : "\n";
	int line = s->line;

	s->p += *s->p == '#' ? 1 : 2;
	while (*s->p != '\0' && strncmp(s->p, stop, strlen(stop)) != 0)
		if (*s->p == '\n')
			put(s);
		else
			s->p++;
	if (*stop == '\n')
		return 0;
	if (*s->p == '\0')
		return refuse(
		    s, line, "the comment that begins here has no end");
	s->p += 2;
	buf_puts(s->out, " ");
	return 0;
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
	const char quote = *s->p;
	int line = s->line;

	put(s);
	while (*s->p != quote) {
		if (*s->p == '\n' || *s->p == '\0')
			return refuse(s, line, "a string has no closing quote");
		if (quote == '"' && *s->p == '$')
			buf_puts(s->out, "\\");
		if (quote == '"' && *s->p == '\\' && escapes_nul(s->p + 1))
			return refuse(s, s->line, "NUL byte in a string");
		if (*s->p == '\\' && s->p[1] != '\0')
			put(s);
		put(s);
	}
	put(s);
	return 0;
}

/* Write '-' as '_' where that makes the word a key, of whatever section. */
static void
spell_key(const struct conf_key *k, char *word, size_t n)
{
	size_t i;

	for (; k->type != CONF_END; k++) {
		for (i = 0; i < n; i++)
			if (word[i] != k->name[i] &&
			    (word[i] != '-' || k->name[i] != '_'))
				break;
		if (i == n && k->name[n] == '\0')
			memcpy(word, k->name, n);
		if (k->type == CONF_SECTION)
			spell_key(k->keys, word, n);
	}
}

static int
copy_word(struct scan *s, char kind)
{
	char what[] = "'x' must stand in quotes";

	while ((unsigned char)*s->p > ' ' && *s->p != 0x7f &&
	    strchr("#\"'={}()+,*", *s->p) == NULL)
		put(s);
	if (s->out->failed)
		return -1;
	if (s->out->len == s->token) {
		what[1] = *s->p;
		return refuse(s, s->line, what);
	}
	if (*s->p == '{' && s->p[-1] == '$')
		return refuse(s, s->line, "'${' must stand in quotes");
	if (kind == 'k')
		spell_key(s->keys, (char *)s->out->p + s->token,
		    s->out->len - s->token);
	return 0;
}

/* Take the title, which stands before the brace, behind it. */
static void
move_title(struct scan *s)
{
	size_t n = s->title_end - s->title;
	uint8_t *to = buf_room(s->out, n);

	if (to == NULL)
		return;
	memcpy(to, s->out->p + s->title, n);
	memset(s->out->p + s->title, ' ', n);
	s->out->len += n;
}

static int
open_brace(struct scan *s)
{
	if (s->last != '=' && s->depth == CONF_DEPTH)
		return refuse(s, s->line, "sections are nested too deeply");
	put(s);
	if (s->last == '=') {
		s->list = s->token;
		return 0;
	}
	s->sections[s->depth++] = s->line;
	buf_puts(s->out, CONF_MARK "=");
	if (s->last == 't')
		move_title(s);
	else
		buf_puts(s->out, CONF_MARK);
	buf_puts(s->out, " ");
	return 0;
}

static void
close_brace(struct scan *s)
{
	put(s);
	if (s->list == 0)
		s->depth -= s->depth > 0;
	else if (s->last == '{' && !s->out->failed) {
		s->out->p[s->list] = *CONF_MARK;
		s->out->p[s->token] = ' ';
	}
	s->list = 0;
}

static char
word_kind(const struct scan *s)
{
	if (s->list != 0 || s->last == '=')
		return 'v';
	return s->last == 'k' ? 't' : 'k';
}

static int
copy_token(struct scan *s)
{
	char c = *s->p, kind = word_kind(s);
	int rc = 0;

	s->token = s->out->len;
	if (c == '#' || (c == '/' && (s->p[1] == '/' || s->p[1] == '*')))
		return skip_comment(s);
	if (c == '{')
		rc = open_brace(s);
	else if (c == '}')
		close_brace(s);
	else if (strchr(" \t\r\n=,", c) != NULL)
		put(s);
	else {
		rc =
		    c == '"' || c == '\'' ? copy_string(s) : copy_word(s, kind);
		if (s->out->len - s->token > WRITTEN)
			rc = refuse(s, s->line, "a value is too long");
		if (kind == 't') {
			s->title = s->token;
			s->title_end = s->out->len;
		}
		c = kind;
	}
	if (c > ' ')
		s->last = c;
	return rc;
}

void
conf_text_clean(struct conf_text *t, const struct conf_key *keys,
    const char *raw, size_t len)
{
	struct scan s = { .p = raw,
		.end = raw + len,
		.keys = keys,
		.t = t,
		.out = &t->out,
		.line = 1 };

	t->error_line = 0;
	/* At worst there are only braces that begin sections. */
	buf_init(&t->out, len * 5 + 1);
	while (*s.p != '\0' && copy_token(&s) == 0)
		;
	s.token = t->out.len;
	if (*s.p == '\0' && t->error_line == 0 && (s.depth > 0 || s.p < s.end))
		refuse(&s, s.depth > 0 ? s.sections[s.depth - 1] : 0,
		    "the section that begins here has no end");
	buf_add(&t->out, "", 1);
}
