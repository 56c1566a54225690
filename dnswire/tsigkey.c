/*
 * Files of keys, as tsig-keygen(8) writes them and named.conf(5) has them.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "log.h"
#include "tsig.h"

#define FILE_MAX 16384
#define WORD_MAX 512

struct text {
	const char *path;
	const char *p;
	int line;
	char word[WORD_MAX];
	bool quoted; /* the word was */
};

static int
wrong(const struct text *t, const char *what)
{
	log_errx("%s:%d: %s", t->path, t->line, what);
	return -1;
}

/* Past spaces and comments (# // and C's). */
static void
skip(struct text *t)
{
	const char *end;

	for (;; t->p++) {
		if (*t->p == '#' || strncmp(t->p, "//", 2) == 0) {
			t->p += strcspn(t->p, "\n");
		} else if (strncmp(t->p, "/*", 2) == 0 &&
		    (end = strstr(t->p + 2, "*/")) != NULL) {
			for (; t->p < end + 1; t->p++)
				t->line += *t->p == '\n';
			continue;
		}
		if (*t->p == '\0' || !isspace((unsigned char)*t->p))
			return;
		t->line += *t->p == '\n';
	}
}

/* The next word into t->word: one of {};, a string, or letters up to one of
 * those. 0, or -1 after a message. */
static int
next(struct text *t)
{
	const char *p;
	size_t n;

	skip(t);
	p = t->p;
	t->quoted = *p == '"';
	if (t->quoted)
		n = strcspn(++p, "\"\n");
	else if (*p != '\0' && strchr("{};", *p) != NULL)
		n = 1;
	else
		n = strcspn(p, "{};\" \t\r\n");
	if (t->quoted && p[n] != '"')
		return wrong(t, "string without end");
	if (n >= sizeof(t->word))
		return wrong(t, "too long a word");
	memcpy(t->word, p, n);
	t->word[n] = '\0';
	t->p = p + n + t->quoted;
	return 0;
}

/* The next word must be this one. */
static int
expect(struct text *t, const char *word)
{
	char what[32];

	if (next(t) == -1)
		return -1;
	if (!t->quoted && strcasecmp(t->word, word) == 0)
		return 0;
	snprintf(what, sizeof(what), "%s is expected", word);
	return wrong(t, what);
}

/* 0 .. 63, -1: no digit of base64. */
static int
digit64(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c != '\0' ? strchr(digits, c) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/* RFC 4648 section 4, padding required. The length, or 0: wrong or too long. */
static size_t
base64(const char *s, uint8_t *out, size_t room)
{
	static const char *const pads[] = { "", NULL, "==", "=" };
	static const uint32_t left[] = { 0, 0, 15, 3 }; /* bits that are 0 */
	uint32_t bits = 0;
	size_t n = 0, digits = 0;
	int d;

	for (; (d = digit64(*s)) != -1; s++, digits++) {
		bits = bits << 6 | (uint32_t)d;
		if (digits % 4 == 0)
			continue;
		if (n == room)
			return 0;
		out[n++] = (uint8_t)(bits >> (6 - 2 * (digits % 4)));
	}
	if (pads[digits % 4] == NULL || strcmp(s, pads[digits % 4]) != 0 ||
	    (bits & left[digits % 4]) != 0)
		return 0;
	return n;
}

static int
set_name(struct text *t, struct tsig_key *key)
{
	if (next(t) == -1)
		return -1;
	if (dns_name_parse(t->word, key->name) == 0)
		return wrong(t, "not a name of a key");
	dns_name_lower(key->name);
	return 0;
}

static int
set_algorithm(struct text *t, struct tsig_key *key)
{
	if (next(t) == -1)
		return -1;
	key->algorithm = tsig_algorithm(t->word);
	return key->algorithm == -1 ?
	    wrong(t,
		"algorithm is none of hmac-sha1 -sha224 -sha256 -sha384 "
		"-sha512") :
	    0;
}

static int
set_word(struct text *t, struct tsig_key *key)
{
	key->len = base64(t->word, key->secret, sizeof(key->secret));
	return key->len == 0 ? wrong(t, "secret is not base64") : 0;
}

static int
set_secret(struct text *t, struct tsig_key *key)
{
	return next(t) == -1 ? -1 : set_word(t, key);
}

/* key NAME { algorithm WORD; secret STRING; }; */
static int
parse(struct text *t, struct tsig_key *key)
{
	key->algorithm = -1;
	if (expect(t, "key") == -1 || set_name(t, key) == -1 ||
	    expect(t, "{") == -1)
		return -1;
	for (;;) {
		if (next(t) == -1)
			return -1;
		if (strcmp(t->word, "}") == 0 && !t->quoted)
			break;
		if (strcasecmp(t->word, "algorithm") == 0) {
			if (set_algorithm(t, key) == -1)
				return -1;
		} else if (strcasecmp(t->word, "secret") == 0) {
			if (set_secret(t, key) == -1)
				return -1;
		} else {
			return wrong(t, "algorithm or secret is expected");
		}
		if (expect(t, ";") == -1)
			return -1;
	}
	if (key->algorithm == -1 || key->len == 0)
		return wrong(t, "algorithm and secret are needed");
	if (expect(t, ";") == -1)
		return -1;
	skip(t);
	return *t->p == '\0' ? 0 : wrong(t, "more than one key");
}

/* The file's text, or NULL after a message. */
static char *
slurp(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;

	if (fd != -1 && fstat(fd, &st) == 0 && (st.st_mode & S_IRWXO) != 0) {
		log_errx(
		    "%s: others can read this key: chmod o= %s", path, path);
		close(fd);
		return NULL;
	}
	if (fd != -1 && (text = calloc(1, FILE_MAX)) != NULL)
		n = read(fd, text, FILE_MAX - 1);
	if (n == -1) {
		log_err("%s", path);
	} else if (n == FILE_MAX - 1 || strlen(text) != (size_t)n) {
		log_errx("%s: not a file with a key", path);
		n = -1;
	}
	if (fd != -1)
		close(fd);
	if (n == -1) {
		free(text);
		return NULL;
	}
	return text;
}

/* Let libcrypto load what it needs: once is enough. */
static int
warm_up(const char *path, const struct tsig_key *key)
{
	uint8_t bytes[DNS_HEADER + 3 * DNS_NAME] = { 0 };
	struct dns_builder b = {
		.bytes = bytes, .limit = sizeof(bytes), .len = DNS_HEADER
	};
	struct tsig tsig = { .key = key };

	tsig_sign(&tsig, &b, 0);
	if (b.full)
		log_errx("%s: libcrypto does not have this algorithm", path);
	return b.full ? -1 : 0;
}

int
tsig_key_read(const char *path, struct tsig_key *key)
{
	struct text t = { .path = path, .line = 1 };
	char *text = slurp(path);
	int rc;

	memset(key, 0, sizeof(*key));
	if (text == NULL)
		return -1;
	t.p = text;
	rc = parse(&t, key);
	if (rc == 0)
		rc = warm_up(path, key);
	explicit_bzero(text, FILE_MAX);
	explicit_bzero(t.word, sizeof(t.word));
	free(text);
	return rc;
}

int
tsig_secret_read(const char *path, struct tsig_key *key)
{
	struct text t = { .path = path, .line = 1 };
	char *text = slurp(path);
	int rc = -1;

	if (text == NULL)
		return -1;
	t.p = text;
	if (next(&t) == 0 && set_word(&t, key) == 0) {
		skip(&t);
		rc = *t.p == '\0' ? warm_up(path, key) :
				    wrong(&t, "more than one secret");
	}
	explicit_bzero(text, FILE_MAX);
	explicit_bzero(t.word, sizeof(t.word));
	free(text);
	return rc;
}
