/*
 * Client identifiers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "clientid.h"
#include "lines.h"
#include "log.h"

#define TYPE_DUID 255 /* RFC 4361 section 6.1 */
#define IAID 4
#define DUID_UUID 4 /* RFC 6355 section 4 */
#define DUID_LEN 18

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *p = strchr(digits, c);

	if (c == '\0' || p == NULL)
		return -1;
	return (int)(p - digits) < 16 ? (int)(p - digits) :
					(int)(p - digits) - 6;
}

/* The number of bytes, or -1. */
static int
from_hex(const char *s, uint8_t *out, size_t room)
{
	size_t n = 0;

	while (*s != '\0') {
		if (n == room || digit(s[0]) == -1 || digit(s[1]) == -1)
			return -1;
		out[n++] = (uint8_t)(digit(s[0]) * 16 + digit(s[1]));
		s += 2;
		if (*s == ':' && s[1] != '\0')
			s++;
	}
	return (int)n;
}

struct duid {
	uint8_t bytes[CLIENTID_MAX - 1 - IAID];
	int n; /* 0: not read */
};

static int
read_duid(struct lines *l, char *text, void *arg)
{
	struct duid *d = arg;

	d->n = from_hex(text, d->bytes, sizeof(d->bytes));
	return d->n < 3 ? lines_error(l, "no DUID: %s", text) : 0;
}

/* A random UUID (RFC 9562 section 5.4), for good. */
static int
make_duid(const char *file, struct duid *d)
{
	char text[DUID_LEN * 2 + 2];
	int i;

	d->n = DUID_LEN;
	arc4random_buf(d->bytes, DUID_LEN);
	d->bytes[0] = 0;
	d->bytes[1] = DUID_UUID;
	d->bytes[8] = (d->bytes[8] & 0x0f) | 0x40;
	d->bytes[10] = (d->bytes[10] & 0x3f) | 0x80;
	for (i = 0; i < DUID_LEN; i++)
		snprintf(text + (size_t)i * 2, 3, "%02x", d->bytes[i]);
	strlcat(text, "\n", sizeof(text));
	if (lines_rewrite(file, text, strlen(text), 0644) == 0)
		return 0;
	log_err("%s", file);
	return -1;
}

static int
from_duid(const uint8_t hw[6], const char *file, uint8_t id[CLIENTID_MAX])
{
	struct duid d = { .n = 0 };

	if (access(file, F_OK) == -1 && errno == ENOENT) {
		if (make_duid(file, &d) == -1)
			return -1;
	} else if (lines_read(file, read_duid, &d) == -1)
		return -1;
	if (d.n == 0) {
		log_errx("%s: there is no DUID in it", file);
		return -1;
	}
	id[0] = TYPE_DUID;
	memcpy(id + 1, hw + 2, IAID);
	memcpy(id + 1 + IAID, d.bytes, (size_t)d.n);
	return 1 + IAID + d.n;
}

int
clientid_make(const char *text, const uint8_t hw[6], const char *duid_file,
    uint8_t id[CLIENTID_MAX])
{
	int n;

	if (strcmp(text, "none") == 0)
		return 0;
	if (strcmp(text, "duid") == 0)
		return from_duid(hw, duid_file, id);
	if (strcmp(text, "mac") == 0) {
		id[0] = 1;
		memcpy(id + 1, hw, 6);
		return 7;
	}
	if ((n = from_hex(text, id, CLIENTID_MAX)) >= 2)
		return n;
	log_errx("identifier %s: neither mac, duid, none nor 2 to %d bytes "
		 "in hexadecimal",
	    text, CLIENTID_MAX);
	return -1;
}
