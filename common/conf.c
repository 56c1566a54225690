/*
 * Configuration files. libconfuse parses the grammar and calls on_value for
 * each word, which sets the member at once; it never refuses a word, so that
 * every error of a file is found in one run. What its lexer would misread has
 * been dealt with before (conftext.c).
 */
#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "conf.h"
#include "confpart.h"
#include "log.h"

#define CONF_BYTES (1024 * 1024) /* of a file, at most */
#define KEYS_MAX 64 /* rows of a table */
#define OPTIONS_MAX 512 /* rows of a table and of those of its sections */
#define ERRORS_MAX 100 /* so many are told of a configuration */

/* A table and the struct that its rows fill. */
struct target {
	const struct conf_key *keys;
	char *conf; /* NULL: one section too many, its words are dropped */
	const cfg_t *cfg; /* the section of the file, or its root */
	bool seen[KEYS_MAX]; /* rows that the file names */
};

/*
 * The file that is read, or was read last: libconfuse passes no argument to
 * callbacks (and is not reentrant).
 */
static struct load {
	char file[PATH_MAX];
	struct conf_text text;
	struct target at[CONF_DEPTH + 1]; /* the root, the sections within */
	int depth; /* the innermost open one */
	const cfg_t *cfg; /* where we are, or NULL .. */
	const char *key; /* .. and at which key, or NULL */
	int value_line; /* of the last word */
	bool ended; /* by a syntax error that was told */
} now;
static int errors;
static bool whole; /* every file was read to its end */

void
conf_error(int line, const char *key, const char *fmt, ...)
{
	char why[LOG_LINE], where[16] = "";
	va_list ap;

	if (++errors > ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	if (line > 0)
		snprintf(where, sizeof(where), ":%d", line);
	log_errx("%s%s: %s%s%s", now.file, where, key, *key == '\0' ? "" : ": ",
	    why);
	if (errors == ERRORS_MAX)
		log_errx("%s: further errors are not told", now.file);
}

int
conf_wrong(const char *fmt, ...)
{
	bool section = now.cfg != NULL && now.cfg != now.at[0].cfg;
	char why[LOG_LINE], name[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "%s%s%.64s", section ? now.cfg->name : "",
	    section && now.key != NULL ? "." : "",
	    now.key == NULL ? "" : now.key);
	conf_error(now.cfg == NULL ? 0 : now.cfg->line, name, "%s", why);
	return -1;
}

static const struct conf_key *
find_key(const struct conf_key *keys, const char *name)
{
	for (; keys->type != CONF_END; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

/* Does the file name the row for the first time? Then clear its member. */
static bool
first_time(struct target *t, const struct conf_key *row)
{
	bool *seen = &t->seen[row - t->keys];

	if (*seen)
		return false;
	*seen = true;
	conf_clear(row, t->conf + row->offset);
	return true;
}

static void
take_defaults(const struct conf_key *k, char *conf)
{
	for (; k->type != CONF_END; k++) {
		now.key = k->name;
		if (k->def != NULL)
			conf_kinds[k->type].set(k, k->def, conf + k->offset);
	}
}

/* The title of the last section of these. */
static void
take_title(const struct conf_key *row, const struct conf_sections *s,
    const char *title)
{
	bool none = strcmp(title, CONF_MARK) == 0 || *title == '\0';
	char *p = (char *)s->v + row->title_offset, *other;
	size_t i;

	if (none != (row->title_offset == 0)) {
		conf_wrong(none ? "needs a title" : "takes no title");
		return;
	}
	if (none)
		return;
	for (i = 0; i < s->n - 1; i++, p += row->size) {
		other = *(char **)p;
		if (other != NULL && strcmp(other, title) == 0)
			conf_wrong("\"%.64s\" is set twice", title);
	}
	if ((*(char **)p = strdup(title)) == NULL)
		conf_wrong("out of memory");
}

static void
begin_section(const cfg_t *cfg, const char *title)
{
	struct target *in = &now.at[now.depth++], *t = in + 1;
	const struct conf_key *row = find_key(in->keys, cfg->name);
	struct conf_sections *s;

	*t = (struct target){ .keys = row->keys, .cfg = cfg };
	now.key = NULL;
	if (in->conf == NULL)
		return;
	first_time(in, row);
	s = (struct conf_sections *)(in->conf + row->offset);
	if (row->max != 0 && s->n == row->max) {
		conf_wrong(
		    row->max == 1 ? "is set twice" : "too many such sections");
		return;
	}
	if ((t->conf = conf_grow(s, row->size)) == NULL)
		return;
	if (row->line_offset != 0)
		*(int *)(t->conf + row->line_offset) = cfg->line;
	take_title(row, s, title);
	take_defaults(row->keys, t->conf);
}

/* libconfuse: a section has ended. */
static int
on_end(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)cfg;
	(void)opt;
	now.depth--;
	return 0;
}

/* The nth word of an assignment. */
static void
take_word(struct target *t, const char *word, unsigned nth)
{
	const struct conf_key *key = find_key(t->keys, now.key);
	bool nothing = strcmp(word, CONF_MARK) == 0;
	bool list;

	if (key == NULL) { /* CONF_MARK in quotes */
		conf_wrong("unknown key");
		return;
	}
	list = conf_kinds[key->type].list;
	if (nth == 1 && key->line_offset != 0)
		*(int *)(t->conf + key->line_offset) = now.cfg->line;
	if (nth == 1 && !first_time(t, key))
		conf_wrong("is set twice");
	else if (nothing && !list)
		conf_wrong("is no list");
	else if (nothing && key->min > 0)
		conf_wrong("needs a value");
	else if (list && key->max != 0 && nth == key->max + 1)
		conf_wrong("has too many values");
	else if (strlen(word) > CONF_WORD)
		conf_wrong("is too long");
	else if (!nothing)
		conf_kinds[key->type].set(key, word, t->conf + key->offset);
}

/* libconfuse: a word of a value; 0, or -1 to end the reading. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *word, void *result)
{
	struct target *t = &now.at[now.depth];

	*(const char **)result = word;
	now.cfg = cfg;
	now.key = opt->name;
	if (t->cfg != cfg) { /* CONF_MARK, the first word of each section */
		begin_section(cfg, word);
	} else {
		now.value_line = cfg->line;
		if (t->conf != NULL) /* each '=' empties the option */
			take_word(t, word, opt->nvalues);
	}
	return errors < ERRORS_MAX ? 0 : -1;
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
	const char *hint = "";
	char why[CONF_WHY];
	size_t i;

	/* The end of a text that was cut is no error of its own. */
	if (strstr(fmt, "end of file") != NULL && now.text.error_line != 0)
		return;
	now.ended = true;
	now.cfg = cfg;
	now.key = NULL;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (strcmp(messages[i].theirs, fmt) == 0) {
			now.key = va_arg(ap, const char *);
			if (i == 0 && cfg->line == now.value_line)
				hint =
				    " (a value of several words needs quotes)";
			conf_wrong("%s%s", messages[i].ours, hint);
			return;
		}
	vsnprintf(why, sizeof(why), fmt, ap);
	conf_wrong("%s", why);
}

/*
 * The options for a table and its sections, from the static ones. A table that
 * several others name is made once.
 */
static cfg_opt_t *
make_options(const struct conf_key *keys, size_t *used)
{
	static cfg_opt_t options[OPTIONS_MAX];
	static const struct conf_key *made[OPTIONS_MAX]; /* begins there */
	const cfg_opt_t mark =
	    CFG_STR_CB(CONF_MARK, NULL, CFGF_NODEFAULT, on_value);
	cfg_opt_t *v = options + *used, *o = v;
	size_t i, n = 0;

	for (i = 0; i < *used; i++)
		if (made[i] == keys)
			return options + i;
	while (keys[n].type != CONF_END)
		n++;
	assert(n <= KEYS_MAX && *used + n + 2 <= OPTIONS_MAX);
	made[(*used)++] = keys;
	for (i = 0; i <= n; i++)
		made[(*used)++] = NULL;
	for (i = 0; i < n; i++, o++) {
		*o = mark;
		o->name = keys[i].name;
		if (conf_kinds[keys[i].type].list)
			o->flags |= CFGF_LIST;
		if (keys[i].type == CONF_SECTION) {
			o->type = CFGT_SEC;
			o->flags = CFGF_MULTI;
			o->validcb = on_end;
			o->subopts = make_options(keys[i].keys, used);
		}
	}
	*o++ = mark;
	*o = (cfg_opt_t)CFG_END();
	return v;
}

static void
parse_text(const char *raw, size_t len)
{
	int before = errors, rc = CFG_FILE_ERROR;
	size_t used = 0;
	cfg_t *cfg = NULL;

	conf_text_clean(&now.text, now.at[0].keys, raw, len);
	if (!now.text.out.failed)
		cfg = cfg_init(make_options(now.at[0].keys, &used), CFGF_NONE);
	if (cfg != NULL) {
		now.at[0].cfg = cfg;
		cfg_set_error_function(cfg, on_error);
		rc = cfg_parse_buf(cfg, (const char *)now.text.out.p);
		now.cfg = NULL;
		cfg_free(cfg);
	}
	buf_free(&now.text.out);
	if (rc != CFG_SUCCESS || now.text.error_line != 0)
		whole = false;
	if (rc != CFG_FILE_ERROR && now.text.error_line != 0 && !now.ended)
		conf_error(now.text.error_line, "", "%s", now.text.error);
	else if (rc != CFG_SUCCESS && errors == before)
		conf_error(0, "", "out of memory");
}

static void
load_file(const char *path, const struct conf_key *keys, void *conf, bool must)
{
	size_t len = 0;
	char *raw;
	FILE *fp;

	now = (struct load){ .at = { { .keys = keys, .conf = conf } } };
	strlcpy(now.file, path, sizeof(now.file));
	if ((fp = fopen(path, "re")) == NULL) {
		if (errno != ENOENT || must) {
			conf_error(0, "", "%s", strerror(errno));
			whole = false;
		}
		return;
	}
	if ((raw = calloc(1, CONF_BYTES + 2)) != NULL)
		len = fread(raw, 1, CONF_BYTES + 1, fp);
	if (raw == NULL || ferror(fp))
		conf_error(0, "", "%s", strerror(errno));
	else if (len > CONF_BYTES)
		conf_error(0, "", "larger than %d bytes", CONF_BYTES);
	else
		parse_text(raw, len);
	fclose(fp);
	free(raw);
}

int
conf_load(const struct conf_files *f, void *conf)
{
	errors = 0;
	whole = true;
	strlcpy(now.file, f->own, sizeof(now.file));
	take_defaults(f->keys, conf);
	if (f->site != NULL)
		load_file(f->site, f->site_keys, conf, false);
	load_file(f->own, f->keys, conf, f->own_must_exist);
	if (errors == 0)
		return 0;
	return whole ? CONF_WRONG : -1;
}
