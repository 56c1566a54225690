/*
 * Master files: $GENERATE, records by count, as BIND has it:
 *
 *	$GENERATE 1-254 $ PTR dhcp-${0,3}.lab.example.
 *
 * "$" in the words behind the range is the number; "${offset,width,base}" is
 * the number plus the offset, filled with zeros, in base d, o, x, X, or as
 * nibbles n, N for ip6.arpa; "$$" and "\$" are a dollar. The words of each
 * record become a line of text, which is read as any other.
 */
#include <stdio.h>
#include <string.h>

#include "zonefilepart.h"

#define LINE_MAX_BYTES (256 * 1024) /* of a record's text */
#define WIDTH_MAX 255

struct range {
	uint32_t start, stop, step;
};

/* Up to 2^31 - 1, as far as digits go. false: none, or more. */
static bool
take_number(const char **s, const char *end, uint32_t *v)
{
	const char *begin = *s;

	while (*s < end && **s >= '0' && **s <= '9')
		++*s;
	return rdata_number(begin, (size_t)(*s - begin), INT32_MAX, v);
}

/* "start-stop" or "start-stop/step" */
static bool
parse_range(const struct rdata_token *t, struct range *r)
{
	const char *s = t->text, *end = s + t->len;

	r->step = 1;
	if (t->quoted || !take_number(&s, end, &r->start) || s == end ||
	    *s++ != '-' || !take_number(&s, end, &r->stop))
		return false;
	if (s < end && (*s++ != '/' || !take_number(&s, end, &r->step)))
		return false;
	return s == end && r->start <= r->stop && r->step > 0;
}

/* The number as nibbles, lowest first, "width" characters or more. */
static void
put_nibbles(struct buf *b, uint32_t v, uint32_t width, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint32_t chars = 0;

	do {
		if (chars > 0)
			buf_puts(b, ".");
		buf_add(b, &digits[v & 15], 1);
		v >>= 4;
		chars += 2;
	} while (v != 0 || chars < width);
}

/* What stands between "${" and "}". */
struct modifier {
	int64_t offset;
	uint32_t width;
	char base;
};

/* false: it is none; else *s is behind the brace. */
static bool
parse_modifier(const char **s, const char *end, struct modifier *m)
{
	bool minus = *s < end && **s == '-';
	uint32_t v;

	*m = (struct modifier){ .base = 'd' };
	if (minus || (*s < end && **s == '+'))
		++*s;
	if (!take_number(s, end, &v))
		return false;
	m->offset = minus ? -(int64_t)v : v;
	if (*s < end && **s == ',') {
		++*s;
		if (!take_number(s, end, &m->width) || m->width > WIDTH_MAX)
			return false;
	}
	if (end - *s >= 2 && **s == ',') {
		m->base = (*s)[1];
		*s += 2;
		if (m->base == '\0' || strchr("doxXnN", m->base) == NULL)
			return false;
	}
	return *s < end && *(*s)++ == '}';
}

static bool
put_value(struct buf *b, uint32_t n, const struct modifier *m)
{
	int64_t v = n + m->offset;
	int width = (int)m->width;

	if (v < 0 || v > UINT32_MAX)
		return false;
	switch (m->base) {
	case 'd':
		buf_printf(b, "%0*u", width, (uint32_t)v);
		break;
	case 'o':
		buf_printf(b, "%0*o", width, (uint32_t)v);
		break;
	case 'x':
		buf_printf(b, "%0*x", width, (uint32_t)v);
		break;
	case 'X':
		buf_printf(b, "%0*X", width, (uint32_t)v);
		break;
	default:
		put_nibbles(b, (uint32_t)v, m->width, m->base == 'N');
	}
	return true;
}

/* One line of the template. NULL, or why not. */
static const char *
expand(struct buf *b, const struct buf *template, uint32_t n)
{
	const char *s = (const char *)template->p, *end = s + template->len;
	struct modifier m;
	size_t len;

	while (s < end) {
		if (*s != '$' || (s + 1 < end && s[1] == '$')) {
			s += *s == '$'; /* one of two */
			len = *s == '\\' && s + 1 < end ? 2 : 1;
			buf_add(b, s, len);
			s += len;
			continue;
		}
		if (++s == end || *s != '{') {
			buf_printf(b, "%u", n);
			continue;
		}
		s++;
		if (!parse_modifier(&s, end, &m))
			return "\"${\" without \"offset,width,base}\"";
		if (!put_value(b, n, &m))
			return "a number below 0 or above 2^32 - 1";
	}
	return b->failed ? "a record above 256 KiB, or no memory" : NULL;
}

/* A quoted word that is all of the rdata is what stands in it. */
static void
add_unquoted(struct buf *b, const struct rdata_token *t)
{
	size_t i;

	for (i = 0; i < t->len; i++) {
		if (t->text[i] == '\\' && i + 1 < t->len &&
		    t->text[i + 1] == '"')
			i++;
		buf_add(b, t->text + i, 1);
	}
}

static void
make_template(struct buf *b, const struct zonefile_reader *r)
{
	const struct rdata_token *t;
	size_t i;

	for (i = 2; i < r->n; i++) {
		t = &r->t[i];
		if (i > 2)
			buf_puts(b, " ");
		if (t->quoted && i == r->n - 1 && !r->t[i - 1].quoted) {
			add_unquoted(b, t);
			continue;
		}
		if (t->quoted)
			buf_puts(b, "\"");
		buf_add(b, t->text, t->len);
		if (t->quoted)
			buf_puts(b, "\"");
	}
}

/* One record, as if its text stood in the file's line. */
static const char *
generate(struct zonefile_reader *r, struct buf *line,
    const struct buf *template, uint32_t n)
{
	struct zonefile_source *outer = r->s, s = *outer;
	const char *bad;

	buf_reset(line);
	if ((bad = expand(line, template, n)) != NULL)
		return bad;
	buf_puts(line, "\n");
	if (line->failed)
		return "no memory";
	s.parent = outer;
	s.generated = true;
	s.p = (const char *)line->p;
	s.end = s.p + line->len - 1;
	s.line = r->line;
	r->s = &s;
	zonefile_owner_forget(r);
	zonefile_records(r);
	zonefile_owner_forget(r);
	r->s = outer;
	return NULL;
}

void
zonefile_generate(struct zonefile_reader *r)
{
	struct buf template, line;
	const char *bad = NULL;
	struct range range;
	size_t before = r->errors;
	uint64_t n;

	if (!parse_range(&r->t[1], &range)) {
		zonefile_error(r, "$GENERATE: what follows is no range");
		return;
	}
	if ((range.stop - range.start) / range.step >= ZONEFILE_GENERATE) {
		zonefile_error(
		    r, "$GENERATE: above %d records", ZONEFILE_GENERATE);
		return;
	}
	buf_init(&template, LINE_MAX_BYTES);
	buf_init(&line, LINE_MAX_BYTES);
	make_template(&template, r);
	if (template.failed)
		bad = "a record above 256 KiB, or no memory";
	/* what is wrong once is wrong mostly */
	for (n = range.start;
	     n <= range.stop && bad == NULL && r->errors == before;
	     n += range.step)
		bad = generate(r, &line, &template, (uint32_t)n);
	if (bad != NULL)
		zonefile_error(r, "$GENERATE: %s", bad);
	buf_free(&line);
	buf_free(&template);
}
