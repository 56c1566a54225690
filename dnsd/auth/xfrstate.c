/*
 * The times of secondary zones.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "xfrstate.h"
#include "bytes.h"

#define FILE_MAX 1024

/* A word of the file and where its number goes. */
static const struct {
	const char *word;
	size_t offset;
	int64_t max;
	bool wide;
} fields[] = {
	/* clang-format off */
	{ "serial", offsetof(struct xfrstate, serial), UINT32_MAX, false },
	{ "checked", offsetof(struct xfrstate, checked), INT64_MAX / 2, true },
	{ "expires", offsetof(struct xfrstate, expires), INT64_MAX / 2, true },
	/* clang-format on */
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* "word number". The field's bit, or 0. */
static unsigned
parse_line(char *line, struct xfrstate *s)
{
	char *word = strsep(&line, " ");
	const char *error;
	long long v;
	uint32_t v32;
	size_t i;

	for (i = 0; i < FIELDS && line != NULL; i++) {
		if (strcmp(word, fields[i].word) != 0)
			continue;
		v = strtonum(line, 0, fields[i].max, &error);
		if (error != NULL)
			return 0;
		v32 = (uint32_t)v;
		if (fields[i].wide)
			memcpy((char *)s + fields[i].offset, &v, sizeof(v));
		else
			memcpy((char *)s + fields[i].offset, &v32, sizeof(v32));
		return 1u << i;
	}
	return 0;
}

static int
parse(char *text, struct xfrstate *s)
{
	unsigned found = 0, bit;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (*line == '\0' || *line == '#')
			continue;
		if ((bit = parse_line(line, s)) == 0 || (found & bit) != 0)
			return -1;
		found |= bit;
	}
	return found == (1u << FIELDS) - 1 ? 0 : -1;
}

int
xfrstate_read(const char *path, struct xfrstate *s)
{
	char text[FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	saved = errno;
	close(fd);
	errno = saved;
	if (n == -1)
		return -1;
	text[n] = '\0';
	memset(s, 0, sizeof(*s));
	if (strlen(text) == (size_t)n && n < FILE_MAX - 1 &&
	    parse(text, s) == 0)
		return 0;
	errno = EINVAL;
	return -1;
}

int
xfrstate_write(const char *path, const struct xfrstate *s)
{
	char temp[PATH_MAX], text[FILE_MAX];
	int fd, len, saved;

	len = snprintf(text, sizeof(text),
	    "# When the zone was last known to be current, and until when it "
	    "is served:\n# seconds since 1970. Written by dnsd.\n"
	    "serial %" PRIu32 "\nchecked %" PRId64 "\nexpires %" PRId64 "\n",
	    s->serial, s->checked, s->expires);
	if (strlcpy(temp, path, sizeof(temp)) >= sizeof(temp) ||
	    strlcat(temp, "~", sizeof(temp)) >= sizeof(temp)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1)
		return -1;
	if (write(fd, text, (size_t)len) != len || rename(temp, path) == -1) {
		saved = errno;
		close(fd);
		unlink(temp);
		errno = saved;
		return -1;
	}
	close(fd);
	return 0;
}

static double
bounded(uint32_t seconds, const struct zone_conf *conf)
{
	double v = seconds, least = (double)conf->min_refresh_ms / 1000,
	       most = (double)conf->max_refresh_ms / 1000;

	return v < least ? least : v > most ? most : v;
}

void
xfrstate_times(
    const struct snapshot *s, const struct zone_conf *conf, struct xfrtimes *t)
{
	const struct rrset *soa = node_rrset(s->apex, TYPE_SOA);
	/* serial, refresh, retry, expire, minimum end it */
	const uint8_t *p = rrset_rdata(soa->data) + rrset_len(soa->data) - 20;
	int64_t least;

	t->refresh = bounded(get32(p + 4), conf);
	t->retry = bounded(get32(p + 8), conf);
	t->expire = get32(p + 12);
	least = (int64_t)(t->refresh + t->retry);
	if (t->expire < least)
		t->expire = least;
}

double
xfrstate_jitter(double seconds)
{
	return seconds * (1 - arc4random_uniform(1000) / 10000.0);
}

void
xfrstate_resume(struct xfrstate *s, const struct xfrstate *known, int64_t now,
    const struct xfrtimes *t)
{
	s->checked = now;
	s->expires = now + t->expire;
	if (known == NULL)
		return;
	if (known->checked < now)
		s->checked = known->checked;
	if (known->expires < s->expires)
		s->expires = known->expires;
}
