/*
 * Configuration files. libconfuse parses the grammar and calls on_value for
 * each word, which sets the member at once; it never refuses a word, so that
 * every error of a file is found in one run. What its lexer would misread has
 * been dealt with before (conftext.c): comments, stray bytes, and ${NAME},
 * which libconfuse would replace from the environment and we do not.
 */
#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "conf.h"
#include "confpart.h"
#include "log.h"

#define KEYS_MAX 64 /* rows of a table: bits of a target's sets */
#define ERRORS_MAX 100 /* so many are told of one file */
#define CHUNK 16384

/* A table and the struct that its rows fill. */
struct target {
	const struct conf_key *keys;
	char *conf; /* NULL: words are checked for nothing and dropped */
	uint64_t seen; /* rows that the file names */
	uint64_t good; /* rows that it gave a good value */
};

/* One file being read. */
struct load {
	const char *file;
	cfg_t *cfg;
	struct conf_text text;
	struct target root;
	struct target other; /* rows that only other daemons use */
	struct target section; /* the section being read .. */
	const struct conf_key *open; /* .. and its row, or NULL */
	size_t begun; /* sections so far */
	int value_line; /* of the last word */
	int errors;
	bool ended; /* by a syntax error that was told */
};

const struct conf_key conf_site[] = {
	{ .name = "addresses", .type = CONF_ADDRS, .min = 1, .max = 64 },
	{ .type = CONF_END },
};

/* What `conf_site` alone fills. */
struct site {
	struct conf_list addresses;
};

static const struct conf_key no_keys[] = { { .type = CONF_END } };

/* libconfuse passes no argument to callbacks (and is not reentrant). */
static struct load *now;
static char last_file[PATH_MAX];

static void
tell(struct load *l, int line, const char *section, const char *key,
    const char *why)
{
	if (l->errors == ERRORS_MAX)
		return;
	log_errx("%s:%d: %s%s%.64s%s%s", l->file, line,
	    section == NULL ? "" : section, section == NULL ? "" : ".",
	    key == NULL ? "" : key, key == NULL ? "" : ": ", why);
	if (++l->errors == ERRORS_MAX)
		log_errx("%s: further errors are not told", l->file);
}

/* Is `written` the key's name, '-' taken as '_'? */
static bool
same_name(const char *name, const char *written)
{
	for (; *name != '\0'; name++, written++)
		if (*written != *name && (*name != '_' || *written != '-'))
			return false;
	return *written == '\0';
}

static const struct conf_key *
find_key(const struct conf_key *keys, const char *written)
{
	for (; keys->type != CONF_END; keys++)
		if (same_name(keys->name, written))
			return keys;
	return NULL;
}

static uint64_t
bit_of(const struct target *t, const struct conf_key *key)
{
	return (uint64_t)1 << (key - t->keys);
}

/* The row of a key outside sections; libconfuse knows that there is one. */
static struct target *
find_root(struct load *l, const char *written, const struct conf_key **key)
{
	if ((*key = find_key(l->root.keys, written)) != NULL)
		return &l->root;
	*key = find_key(l->other.keys, written);
	assert(*key != NULL);
	return &l->other;
}

static void
drop_sections(const struct conf_key *row, struct conf_sections *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		conf_free(row->keys, (char *)s->v + i * row->size);
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

static int
begin_section(struct load *l, const char *written)
{
	const struct conf_key *row;
	struct target *t = find_root(l, written, &row);
	struct conf_sections *s =
	    (struct conf_sections *)(t->conf + row->offset);
	int line = 0;
	char *v;

	if (l->begun < l->text.nbegin)
		line = l->text.begin[l->begun++];
	l->open = row;
	l->section = (struct target){ .keys = row->keys };
	if ((t->seen & bit_of(t, row)) == 0)
		drop_sections(row, s); /* of the file before this one */
	t->seen |= bit_of(t, row);
	t->good |= bit_of(t, row);
	if (row->max != 0 && s->n == row->max) {
		tell(l, line, NULL, row->name,
		    s->n == 1 ? "is set twice" : "too many such sections");
		return 0;
	}
	v = reallocarray(s->v, s->n + 1, row->size);
	if (v == NULL)
		return -1;
	s->v = v;
	l->section.conf = v + s->n++ * row->size;
	memset(l->section.conf, 0, row->size);
	if (row->line_offset != 0)
		*(int *)(l->section.conf + row->line_offset) = line;
	return 0;
}

/* NULL, or why the nth word of an assignment is wrong whatever it says. */
static const char *
refusal(struct target *t, const struct conf_key *key, const char *word,
    unsigned nth)
{
	bool list = conf_kind(key->type)->list;
	bool nothing = strcmp(word, CONF_NOTHING) == 0;
	uint64_t bit = bit_of(t, key);

	if (nth == 1 && (t->seen & bit) != 0)
		return "is set twice";
	t->seen |= bit;
	if (nothing && !list)
		return "is no list";
	if (nothing && key->min > 0)
		return "needs a value";
	if (list && key->max != 0 && nth == key->max + 1)
		return "has too many values";
	if (strlen(word) > CONF_WORD)
		return "is too long";
	return NULL;
}

static enum conf_verdict
take_word(struct target *t, const struct conf_key *key, const char *word,
    unsigned nth, char *why)
{
	const struct conf_kind *kind = conf_kind(key->type);
	const char *reason = refusal(t, key, word, nth);
	void *p = t->conf + key->offset;
	enum conf_verdict v = CONF_GOOD;

	if (reason != NULL) {
		strlcpy(why, reason, CONF_WHY);
		return CONF_WRONG;
	}
	if (kind->list && key->max != 0 && nth > key->max)
		return CONF_GOOD; /* told before */
	if (kind->list && nth == 1)
		kind->free(p); /* of the file before this one */
	if (strcmp(word, CONF_NOTHING) != 0)
		v = kind->set(key, word, p, why);
	if (v == CONF_GOOD)
		t->good |= bit_of(t, key);
	return v;
}

/* libconfuse: a word of a value; 0, or -1 to end the reading. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *word, void *result)
{
	struct load *l = now;
	struct target *t = &l->section;
	const struct conf_key *key;
	const char *section = NULL;
	char why[CONF_WHY];

	*(const char **)result = word;
	l->value_line = cfg->line;
	if (cfg == l->cfg) {
		t = find_root(l, opt->name, &key);
	} else {
		if (l->open == NULL && begin_section(l, cfg->name) == -1)
			return -1;
		key = find_key(t->keys, opt->name);
		section = l->open->name;
	}
	if (t->conf == NULL)
		return 0;
	/* Each '=' empties the option, so its first word finds it so. */
	switch (take_word(t, key, word, opt->nvalues, why)) {
	case CONF_GOOD:
		break;
	case CONF_WRONG:
		tell(l, cfg->line, section, key->name, why);
		break;
	case CONF_NOMEM:
		return -1;
	}
	return l->errors == ERRORS_MAX ? -1 : 0;
}

/* Set from a default: a list's is quoted words in braces. */
static enum conf_verdict
take_default(const struct conf_key *key, void *p, char *why)
{
	const struct conf_kind *kind = conf_kind(key->type);
	enum conf_verdict v = CONF_GOOD;
	const char *s = key->def, *end;
	char *word;

	if (!kind->list)
		return kind->set(key, s, p, why);
	for (; v == CONF_GOOD && (s = strchr(s, '"')) != NULL; s = end + 1) {
		end = strchr(++s, '"');
		assert(end != NULL);
		if ((word = strndup(s, (size_t)(end - s))) == NULL)
			return CONF_NOMEM;
		v = kind->set(key, word, p, why);
		free(word);
	}
	return v;
}

/* Did a row that fills the same member get a value? */
static bool
filled(const struct target *t, size_t offset)
{
	const struct conf_key *k;

	for (k = t->keys; k->type != CONF_END; k++)
		if (k->offset == offset && (t->good & bit_of(t, k)) != 0)
			return true;
	return false;
}

/* 0, or -1: no memory. A wrong default is a wrong program. */
static int
take_defaults(struct target *t, const struct target *before)
{
	const struct conf_key *k;
	enum conf_verdict v;
	char why[CONF_WHY];

	for (k = t->keys; k->type != CONF_END; k++) {
		if (k->def == NULL || filled(t, k->offset) ||
		    (before != NULL && filled(before, k->offset)))
			continue;
		v = take_default(k, t->conf + k->offset, why);
		if (v == CONF_WRONG)
			fatalx("default of %s: %s", k->name, why);
		if (v == CONF_NOMEM)
			return -1;
		t->good |= bit_of(t, k);
	}
	return 0;
}

/* libconfuse: the end of a section, which may have been an empty one. */
static int
on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	struct load *l = now;

	(void)cfg;
	if (l->open == NULL && begin_section(l, opt->name) == -1)
		return -1;
	l->open = NULL;
	if (l->errors == ERRORS_MAX)
		return -1;
	if (l->section.conf == NULL)
		return 0;
	return take_defaults(&l->section, NULL);
}

/* Its messages about a key, in our words. */
static const struct {
	const char *theirs, *ours;
} messages[] = {
	{ "no such option '%s'", "unknown key" },
	{ "missing equal sign after option '%s'", "'=' is missing" },
	{ "missing opening brace for section '%s'",
	    "is a section: '{' is missing" },
};

/* libconfuse: an error that ends the reading. */
static void __attribute__((__format__(__printf__, 2, 0)))
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct load *l = now;
	const char *key = NULL;
	char why[CONF_WHY];
	size_t i;

	/* The end of a text that was cut is no error of its own. */
	if (strstr(fmt, "end of file") != NULL && l->text.error_line != 0)
		return;
	l->ended = true;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (strcmp(messages[i].theirs, fmt) == 0)
			break;
	if (i < sizeof(messages) / sizeof(messages[0])) {
		key = va_arg(ap, const char *);
		strlcpy(why, messages[i].ours, sizeof(why));
	} else
		vsnprintf(why, sizeof(why), fmt, ap);
	if (i == 0 && cfg->line == l->value_line)
		strlcat(why, " (a value of several words needs quotes)",
		    sizeof(why));
	tell(l, cfg->line, cfg == l->cfg ? NULL : cfg->name, key, why);
}

static size_t
count_keys(const struct conf_key *keys)
{
	size_t n = 0;

	while (keys[n].type != CONF_END)
		n++;
	assert(n <= KEYS_MAX);
	return n;
}

static void
free_options(cfg_opt_t *v)
{
	cfg_opt_t *o;

	for (o = v; o != NULL && o->name != NULL; o++) {
		free((void *)o->name);
		free_options(o->subopts);
	}
	free(v);
}

/* The option for one spelling of a key; name is taken, or NULL. 0 or -1. */
static int
make_option(cfg_opt_t *o, const struct conf_key *key, char *name)
{
	if (name == NULL)
		return -1;
	o->name = name;
	o->type = CFGT_STR;
	o->flags = CFGF_NODEFAULT;
	o->parsecb = on_value;
	if (conf_kind(key->type)->list)
		o->flags |= CFGF_LIST;
	if (key->type == CONF_SECTION) {
		o->type = CFGT_SEC;
		o->flags = CFGF_MULTI;
		o->parsecb = NULL;
		o->validcb = on_section_end;
	}
	return 0;
}

/* Options for keys, and for those of `more` that are not among them. */
static cfg_opt_t *
make_options(const struct conf_key *keys, const struct conf_key *more)
{
	size_t i, n = count_keys(keys), nmore = count_keys(more);
	const struct conf_key *k;
	cfg_opt_t *v, *o;
	char *name, *p;

	if ((o = v = calloc(2 * (n + nmore) + 1, sizeof(*v))) == NULL)
		return NULL;
	for (i = 0; i < n + nmore; i++) {
		k = i < n ? &keys[i] : &more[i - n];
		if (i >= n && find_key(keys, k->name) != NULL)
			continue;
		if (make_option(o++, k, strdup(k->name)) == -1)
			goto fail;
		if (strchr(k->name, '_') == NULL)
			continue;
		if ((name = strdup(k->name)) != NULL)
			while ((p = strchr(name, '_')) != NULL)
				*p = '-';
		if (make_option(o++, k, name) == -1)
			goto fail;
	}
	return v;
fail:
	free_options(v);
	return NULL;
}

/* The same with the keys of sections, which have no sections in them. */
static cfg_opt_t *
make_root_options(const struct load *l)
{
	cfg_opt_t *v, *o, *sub;

	if ((v = make_options(l->root.keys, l->other.keys)) == NULL)
		return NULL;
	for (o = v; o->name != NULL; o++) {
		if (o->type != CFGT_SEC)
			continue;
		o->subopts = make_options(
		    find_key(l->root.keys, o->name)->keys, no_keys);
		if (o->subopts == NULL) {
			free_options(v);
			return NULL;
		}
		for (sub = o->subopts; sub->name != NULL; sub++)
			assert(sub->type != CFGT_SEC);
	}
	return v;
}

/* libconfuse over the text. 0, or -1: an error or no memory. */
static int
run_parser(struct load *l)
{
	cfg_opt_t *options = make_root_options(l);
	int rc;

	if (options == NULL)
		return -1;
	l->cfg = cfg_init(options, CFGF_NONE);
	free_options(options);
	if (l->cfg == NULL)
		return -1;
	cfg_set_error_function(l->cfg, on_error);
	now = l;
	rc = cfg_parse_buf(l->cfg, (const char *)l->text.out.p);
	now = NULL;
	cfg_free(l->cfg);
	return rc == CFG_SUCCESS ? 0 : -1;
}

/* 0, or -1 after messages. */
static int
parse_text(struct load *l)
{
	int rc = run_parser(l);

	if (l->text.error_line != 0 && !l->ended)
		tell(l, l->text.error_line, NULL, NULL, l->text.error);
	else if (rc == -1 && l->errors == 0)
		log_errx("%s: out of memory", l->file);
	return rc == -1 || l->errors > 0 ? -1 : 0;
}

/* The file and a NUL. 1, 0 when there is none, -1 after a message. */
static int
read_file(const char *path, struct buf *b)
{
	uint8_t *p;
	ssize_t n = 0;
	int fd;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
		if (errno == ENOENT)
			return 0;
		log_err("%s", path);
		return -1;
	}
	buf_init(b, CONF_BYTES + CHUNK);
	while ((p = buf_room(b, CHUNK)) != NULL) {
		n = read(fd, p, CHUNK);
		if (n == 0 || (n == -1 && errno != EINTR))
			break;
		if (n > 0)
			b->len += (size_t)n;
	}
	if (n == -1)
		log_err("%s", path);
	else if (buf_left(b) > CONF_BYTES)
		log_errx("%s: larger than %d bytes", path, CONF_BYTES);
	else if (b->failed)
		log_errx("%s: out of memory", path);
	close(fd);
	if (n == 0 && !b->failed) {
		buf_add(b, "", 1);
		return 1;
	}
	buf_free(b);
	return -1;
}

static int
load_file(struct load *l, bool must_exist)
{
	struct buf raw;
	int rc;

	if ((rc = read_file(l->file, &raw)) != 1) {
		if (rc == 0 && must_exist)
			log_errx("%s: %s", l->file, strerror(ENOENT));
		return rc == 0 && !must_exist ? 0 : -1;
	}
	rc = conf_text_clean(&l->text, (const char *)raw.p, raw.len - 1);
	buf_free(&raw);
	if (rc == -1) {
		log_errx("%s: out of memory", l->file);
		return -1;
	}
	rc = parse_text(l);
	conf_text_free(&l->text);
	return rc;
}

int
conf_load(const struct conf_files *f, void *conf)
{
	struct site rest = { { NULL, 0 } };
	struct load site = { .file = f->site,
		.root = { .keys = f->site_keys, .conf = conf },
		.other = { .keys = conf_site, .conf = (char *)&rest } };
	struct load own = { .file = f->own,
		.root = { .keys = f->keys, .conf = conf },
		.other = { .keys = no_keys } };
	int rc = 0;

	if (site.root.keys == NULL)
		site.root.keys = no_keys;
	if (f->site != NULL && load_file(&site, false) == -1)
		rc = -1;
	conf_free(conf_site, &rest);
	if (f->own != NULL && load_file(&own, f->own_must_exist) == -1)
		rc = -1;
	if (f->own != NULL)
		strlcpy(last_file, f->own, sizeof(last_file));
	else
		strlcpy(last_file, f->site == NULL ? "defaults" : f->site,
		    sizeof(last_file));
	/* Also after errors, so that cross-checks can go on. */
	if (take_defaults(&own.root, &site.root) == -1 ||
	    take_defaults(&site.root, &own.root) == -1) {
		log_errx("%s: out of memory", last_file);
		rc = -1;
	}
	return rc;
}

void
conf_free(const struct conf_key *k, void *conf)
{
	const struct conf_kind *kind;
	char *p;

	for (; k->type != CONF_END; k++) {
		kind = conf_kind(k->type);
		p = (char *)conf + k->offset;
		if (k->type == CONF_SECTION)
			drop_sections(k, (struct conf_sections *)p);
		else if (kind->free != NULL)
			kind->free(p);
	}
}

void
conf_show(const struct conf_key *k, const void *conf, struct buf *out)
{
	const struct conf_sections *s;
	const char *p;
	size_t i;

	for (; k->type != CONF_END; k++) {
		p = (const char *)conf + k->offset;
		if (k->type != CONF_SECTION) {
			conf_kind(k->type)->show(k, p, out);
			continue;
		}
		s = (const struct conf_sections *)p;
		for (i = 0; i < s->n; i++) {
			buf_printf(out, "%s {\n", k->name);
			conf_show(
			    k->keys, (const char *)s->v + i * k->size, out);
			buf_puts(out, "}\n");
		}
	}
}

void
conf_error(int line, const char *key, const char *fmt, ...)
{
	char why[LOG_LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (line > 0)
		log_errx("%s:%d: %s: %s", last_file, line, key, why);
	else
		log_errx("%s: %s: %s", last_file, key, why);
}
