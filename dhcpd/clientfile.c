/*
 * The client's lease file.
 */
#include <arpa/inet.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "buf.h"
#include "clientfile.h"
#include "lines.h"
#include "log.h"

#define FILE_MAX 8192

/* "never" or a number that is no time at all is -1. */
static int64_t
time_of(const char *s)
{
	const char *error;
	int64_t t = strtonum(s, 0, INT64_MAX - 1, &error);

	if (strcmp(s, "never") == 0)
		return CLIENTFILE_FOREVER;
	return error == NULL ? t : -1;
}

/* The value of a line that begins with this name; NULL: it doesn't. */
static const char *
value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncmp(line, name, n) == 0 && line[n] == '=' ? line + n + 1 :
							       NULL;
}

/* A word as a whole. */
static bool
add_word(struct words *w, char *word)
{
	char *equals = strchr(word, '=');
	bool ok;

	if (equals == NULL)
		return false;
	*equals = '\0';
	ok = words_add(w, word, equals + 1);
	*equals = '=';
	return ok;
}

static int
read_line(struct lines *l, char *text, void *arg)
{
	struct clientfile *f = arg;
	const char *value;

	if ((value = value_of(text, "start")) != NULL) {
		if ((f->start = time_of(value)) == -1)
			return lines_error(l, "no time: %s", value);
	} else if ((value = value_of(text, "end")) != NULL) {
		if ((f->end = time_of(value)) == -1)
			return lines_error(l, "no time: %s", value);
	} else if ((value = value_of(text, "linklocal_last")) != NULL) {
		if (inet_pton(AF_INET, value, &f->linklocal) != 1)
			return lines_error(l, "no address: %s", value);
	} else if (!add_word(&f->words, text))
		return lines_error(l, "not understood: %s", text);
	return 0;
}

void
clientfile_read(struct clientfile *f, const char *path)
{
	memset(f, 0, sizeof(*f));
	strlcpy(f->path, path, sizeof(f->path));
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return;
	if (lines_read(path, read_line, f) == 0)
		return;
	memset(f, 0, sizeof(*f));
	strlcpy(f->path, path, sizeof(f->path));
}

static void
put_time(struct buf *b, const char *name, int64_t t)
{
	if (t == CLIENTFILE_FOREVER)
		buf_printf(b, "%s=never\n", name);
	else
		buf_printf(b, "%s=%lld\n", name, (long long)t);
}

int
clientfile_write(const struct clientfile *f)
{
	char ip[INET_ADDRSTRLEN];
	const char *word = NULL;
	struct buf b;
	int rc;

	buf_init(&b, FILE_MAX);
	if (f->words.len > 0) {
		put_time(&b, "start", f->start);
		put_time(&b, "end", f->end);
	}
	if (f->linklocal.s_addr != 0)
		buf_printf(&b, "linklocal_last=%s\n",
		    inet_ntop(AF_INET, &f->linklocal, ip, sizeof(ip)));
	while ((word = words_next(&f->words, word)) != NULL)
		buf_printf(&b, "%s\n", word);
	if (b.failed)
		errno = ENOMEM;
	rc = b.failed ? -1 : lines_rewrite(f->path, b.p, b.len, 0644);
	if (rc == -1)
		log_err("%s", f->path);
	buf_free(&b);
	return rc;
}

void
clientfile_grant(struct clientfile *f, const struct words *w, int64_t now)
{
	const char *lease = words_get(w, "lease");
	const char *error;
	int64_t s = strtonum(lease != NULL ? lease : "", 0, UINT32_MAX, &error);

	f->words = *w;
	f->start = now;
	f->end =
	    error == NULL && s == OFFER_FOREVER ? CLIENTFILE_FOREVER : now + s;
}

void
clientfile_forget(struct clientfile *f)
{
	words_clear(&f->words);
	f->start = f->end = 0;
}

static struct in_addr
address_of(const struct words *w, const char *name)
{
	const char *value = words_get(w, name);
	struct in_addr ip = { 0 };

	if (value != NULL)
		inet_pton(AF_INET, value, &ip);
	return ip;
}

/*
 * A clock that was set back since (or was never set: no battery) says nothing;
 * then the whole lease is what may be left, and the server knows better.
 */
void
clientfile_known(
    const struct clientfile *f, int64_t now, struct client_known *known)
{
	int64_t from = now < f->start ? f->start : now;

	known->ip = address_of(&f->words, "ip");
	known->server = address_of(&f->words, "serverid");
	if (f->end == CLIENTFILE_FOREVER)
		known->left_ms = CLIENT_NEVER;
	else
		known->left_ms =
		    f->end > from ? (uint64_t)(f->end - from) * 1000 : 0;
}
