/*
 * Words for a script: their names and what they may look like.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "words.h"

/* Sorted by code. */
static const struct word_def defs[] = {
	/* clang-format off */
	{ "ip", WORD_IP, 0, 0 },
	{ "mask", WORD_NUMBER, 0, 0 },
	{ "siaddr", WORD_IP, 0, 0 },
	{ "sname", WORD_PATH, 0, 0 },
	{ "boot_file", WORD_PATH, 0, 0 },
	{ "linklocal", WORD_HOST, 0, 0 },
	{ "subnet", WORD_IP, 1, 0 },
	{ "timezone", WORD_SIGNED, 2, 4 },
	{ "router", WORD_IPS, 3, 0 },
	{ "dns", WORD_IPS, 6, 0 },
	{ "lprsrv", WORD_IPS, 9, 0 },
	{ "hostname", WORD_HOST, 12, 0 },
	{ "bootsize", WORD_NUMBER, 13, 2 },
	{ "domain", WORD_HOSTS, 15, 0 },
	{ "swapsrv", WORD_IP, 16, 0 },
	{ "rootpath", WORD_PATH, 17, 0 },
	{ "ipttl", WORD_NUMBER, 23, 1 },
	{ "mtu", WORD_NUMBER, 26, 2 },
	{ "broadcast", WORD_IP, 28, 0 },
	{ "routes", WORD_PAIRS, 33, 0 },
	{ "nisdomain", WORD_HOST, 40, 0 },
	{ "nissrv", WORD_IPS, 41, 0 },
	{ "ntpsrv", WORD_IPS, 42, 0 },
	{ "wins", WORD_IPS, 44, 0 },
	{ "lease", WORD_NUMBER, 51, 4 },
	{ "serverid", WORD_IP, 54, 0 },
	{ "message", WORD_TEXT, 56, 0 },
	{ "tftp", WORD_PATH, 66, 0 },
	{ "bootfile", WORD_PATH, 67, 0 },
	{ "tzstr", WORD_PATH, 100, 0 },
	{ "tzdbstr", WORD_PATH, 101, 0 },
	{ "search", WORD_HOSTS, 119, 0 },
	{ "staticroutes", WORD_ROUTES, 121, 0 },
	{ "vlanid", WORD_NUMBER, 132, 4 },
	{ "vlanpriority", WORD_NUMBER, 133, 1 },
	{ "pxeconffile", WORD_PATH, 209, 0 },
	{ "pxepathprefix", WORD_PATH, 210, 0 },
	{ "reboottime", WORD_NUMBER, 211, 4 },
	{ "msstaticroutes", WORD_ROUTES, 249, 0 },
	{ "wpad", WORD_PATH, 252, 0 },
	/* clang-format on */
};

/* All that has no row. */
static const struct word_def other = { "opt", WORD_HEX, 0, 0 };

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define HEX DIGITS "abcdef"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

const struct word_def *
word_by_code(uint8_t code)
{
	size_t i;

	for (i = 0; i < nitems(defs) && code != 0; i++)
		if (defs[i].code == code)
			return &defs[i];
	return NULL;
}

/* "opt1" to "opt254", without a zero in front. */
static bool
is_option_name(const char *name, size_t len)
{
	const char *error;
	char digits[4];

	if (len < 4 || len > 6 || memcmp(name, "opt", 3) != 0 ||
	    name[3] == '0' || strspn(name + 3, DIGITS) < len - 3)
		return false;
	memcpy(digits, name + 3, len - 3);
	digits[len - 3] = '\0';
	strtonum(digits, 1, 254, &error);
	return error == NULL;
}

const struct word_def *
word_by_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < nitems(defs); i++)
		if (strlen(defs[i].name) == len &&
		    memcmp(defs[i].name, name, len) == 0)
			return &defs[i];
	return is_option_name(name, len) ? &other : NULL;
}

/* Only of these characters, and at least one. */
static bool
made_of(const char *s, const char *chars)
{
	return *s != '\0' && s[strspn(s, chars)] == '\0';
}

static bool
ip_ok(const char *s)
{
	struct in_addr ip;

	return inet_pton(AF_INET, s, &ip) == 1;
}

static bool
number_ok(const char *s)
{
	const char *error;

	strtonum(s, 0, UINT32_MAX, &error);
	return made_of(s, DIGITS) && error == NULL;
}

static bool
signed_ok(const char *s)
{
	return number_ok(*s == '-' ? s + 1 : s);
}

/* RFC 1123 section 2.1, and '_', which is in use. */
static bool
host_ok(const char *s)
{
	size_t n;

	if (strlen(s) > 255)
		return false;
	for (;; s += n + 1) {
		n = strcspn(s, ".");
		if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-' ||
		    strspn(s, DIGITS LETTERS "-_") < n)
			return false;
		if (s[n] == '\0')
			return true;
	}
}

static bool
path_ok(const char *s)
{
	return made_of(s, DIGITS LETTERS "._-/:@%+,=") &&
	    strchr(".-:@%+,=", *s) == NULL;
}

static bool
text_ok(const char *s)
{
	return made_of(s, DIGITS LETTERS " ._-/:,") &&
	    strchr(" .-/:,", *s) == NULL;
}

static bool
hex_ok(const char *s)
{
	return s[strspn(s, HEX)] == '\0' && strlen(s) % 2 == 0;
}

static bool
pair_ok(const char *s)
{
	char both[32], *slash;

	if (strlcpy(both, s, sizeof(both)) >= sizeof(both) ||
	    (slash = strchr(both, '/')) == NULL)
		return false;
	*slash = '\0';
	return ip_ok(both) && ip_ok(slash + 1);
}

static bool
prefix_ok(const char *s)
{
	char both[32], *slash;
	const char *error;

	if (strlcpy(both, s, sizeof(both)) >= sizeof(both) ||
	    (slash = strchr(both, '/')) == NULL)
		return false;
	*slash = '\0';
	strtonum(slash + 1, 0, 32, &error);
	return ip_ok(both) && made_of(slash + 1, DIGITS) && error == NULL;
}

/* Members with one space between them, even ones and odd ones. */
static bool
list_ok(const char *s, bool (*even)(const char *), bool (*odd)(const char *))
{
	char copy[WORDS_VALUE], *next = copy, *member;
	size_t i;

	if (strlcpy(copy, s, sizeof(copy)) >= sizeof(copy))
		return false;
	for (i = 0; (member = strsep(&next, " ")) != NULL; i++)
		if (!(i % 2 == 0 ? even : odd)(member))
			return false;
	return even == odd || i % 2 == 0;
}

static bool
ips_ok(const char *s)
{
	return list_ok(s, ip_ok, ip_ok);
}

static bool
pairs_ok(const char *s)
{
	return list_ok(s, pair_ok, pair_ok);
}

static bool
routes_ok(const char *s)
{
	return list_ok(s, prefix_ok, ip_ok);
}

static bool
hosts_ok(const char *s)
{
	return list_ok(s, host_ok, host_ok);
}

bool
word_value_ok(enum word_kind kind, const char *value)
{
	static bool (*const checks[])(const char *) = {
		[WORD_IP] = ip_ok,
		[WORD_IPS] = ips_ok,
		[WORD_PAIRS] = pairs_ok,
		[WORD_ROUTES] = routes_ok,
		[WORD_NUMBER] = number_ok,
		[WORD_SIGNED] = signed_ok,
		[WORD_HOST] = host_ok,
		[WORD_HOSTS] = hosts_ok,
		[WORD_PATH] = path_ok,
		[WORD_TEXT] = text_ok,
		[WORD_HEX] = hex_ok,
	};

	return strlen(value) < WORDS_VALUE && checks[kind](value);
}

bool
word_ok(const char *word)
{
	const char *equals = strchr(word, '=');
	const struct word_def *d;

	if (equals == NULL)
		return false;
	d = word_by_name(word, (size_t)(equals - word));
	return d != NULL && word_value_ok(d->kind, equals + 1);
}

void
words_clear(struct words *w)
{
	w->len = 0;
}

bool
words_add(struct words *w, const char *name, const char *value)
{
	const struct word_def *d = word_by_name(name, strlen(name));
	size_t room = sizeof(w->text) - w->len;
	int n;

	if (d == NULL || !word_value_ok(d->kind, value))
		return false;
	n = snprintf(w->text + w->len, room, "%s=%s", name, value);
	if (n < 0 || (size_t)n >= room)
		return false;
	w->len += (size_t)n + 1;
	return true;
}

const char *
words_next(const struct words *w, const char *last)
{
	const char *next = last == NULL ? w->text : last + strlen(last) + 1;

	return next < w->text + w->len ? next : NULL;
}

const char *
words_get(const struct words *w, const char *name)
{
	size_t n = strlen(name);
	const char *word = NULL;

	while ((word = words_next(w, word)) != NULL)
		if (strncmp(word, name, n) == 0 && word[n] == '=')
			return word + n + 1;
	return NULL;
}

bool
words_take(struct words *w, const void *bytes, size_t len)
{
	const char *word = NULL;

	words_clear(w);
	if (len > sizeof(w->text))
		return false;
	memcpy(w->text, bytes, len);
	if (len > 0 && w->text[len - 1] != '\0')
		return false;
	w->len = len;
	while ((word = words_next(w, word)) != NULL)
		if (!word_ok(word)) {
			words_clear(w);
			return false;
		}
	return true;
}
