/*
 * Names of DNS: text, wire form, comparison, and the names of addresses.
 */
#include <string.h>

#include <bsd/string.h>

#include "dnswire.h"

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool
digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One byte of a label, escapes undone (RFC 1035 section 5.1). The end of its
 * text, or NULL. */
static const char *
name_byte(const char *s, uint8_t *c)
{
	unsigned n;

	if (*s != '\\') {
		*c = (uint8_t)*s;
		return s + 1;
	}
	if (*++s == '\0')
		return NULL;
	if (!digit(*s)) {
		*c = (uint8_t)*s;
		return s + 1;
	}
	if (!digit(s[1]) || !digit(s[2]))
		return NULL;
	n = (unsigned)(s[0] - '0') * 100 + (unsigned)(s[1] - '0') * 10 +
	    (unsigned)(s[2] - '0');
	*c = (uint8_t)n;
	return n <= 255 ? s + 3 : NULL;
}

/* One label up to its dot or the end. The end of its text, or NULL. */
static const char *
name_label(const char *s, uint8_t *out, size_t room)
{
	size_t n = 0;
	uint8_t c;

	while (*s != '\0' && *s != '.') {
		if ((s = name_byte(s, &c)) == NULL || n == DNS_LABEL ||
		    n + 1 >= room)
			return NULL;
		out[++n] = c;
	}
	out[0] = (uint8_t)n;
	return n > 0 ? s : NULL;
}

size_t
dns_name_parse(const char *s, uint8_t out[DNS_NAME])
{
	size_t n = 0;

	if (strcmp(s, ".") == 0)
		s++;
	else if (*s == '\0')
		return 0;
	while (*s != '\0') {
		/* one byte is kept for the root */
		if (n >= DNS_NAME - 1 ||
		    (s = name_label(s, out + n, DNS_NAME - 1 - n)) == NULL)
			return 0;
		n += 1u + out[n];
		if (*s == '.')
			s++;
	}
	out[n] = 0;
	return n + 1;
}

/* One byte as text: its length. */
static size_t
byte_text(uint8_t c, char *out)
{
	if (c > ' ' && c < 0x7f) {
		if (strchr(".\\\"();@$", c) == NULL) {
			out[0] = (char)c;
			return 1;
		}
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	out[0] = '\\';
	out[1] = (char)('0' + c / 100);
	out[2] = (char)('0' + c / 10 % 10);
	out[3] = (char)('0' + c % 10);
	return 4;
}

const char *
dns_name_text(const uint8_t *name, char out[DNS_NAME_TEXT])
{
	char *p = out;
	unsigned i;

	if (*name == 0)
		*p++ = '.';
	for (; *name != 0; name += 1 + *name) {
		for (i = 1; i <= *name; i++)
			p += byte_text(name[i], p);
		*p++ = '.';
	}
	*p = '\0';
	return out;
}

size_t
dns_name_len(const uint8_t *name)
{
	size_t n = 0;

	while (name[n] != 0)
		n += 1u + name[n];
	return n + 1;
}

/* The bytes of lengths are below 'A', so they compare as they are. */
bool
dns_name_equal(const uint8_t *a, const uint8_t *b)
{
	size_t i, n = dns_name_len(a);

	if (n != dns_name_len(b))
		return false;
	for (i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

void
dns_name_lower(uint8_t *name)
{
	size_t i, n = dns_name_len(name);

	for (i = 0; i < n; i++)
		name[i] = lower(name[i]);
}

/* A label at *n. */
static void
put_label(uint8_t out[DNS_NAME], size_t *n, const char *text)
{
	out[(*n)++] = (uint8_t)strlen(text);
	while (*text != '\0')
		out[(*n)++] = (uint8_t)*text++;
}

size_t
dns_reverse4(const uint8_t addr[4], uint8_t out[DNS_NAME])
{
	char text[4];
	size_t n = 0;
	int i;

	for (i = 3; i >= 0; i--) {
		snprintf(text, sizeof(text), "%u", addr[i]);
		put_label(out, &n, text);
	}
	put_label(out, &n, "in-addr");
	put_label(out, &n, "arpa");
	out[n++] = 0;
	return n;
}

size_t
dns_reverse6(const uint8_t addr[16], uint8_t out[DNS_NAME])
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;
	int i;

	for (i = 15; i >= 0; i--) {
		out[n++] = 1;
		out[n++] = (uint8_t)hex[addr[i] & 15];
		out[n++] = 1;
		out[n++] = (uint8_t)hex[addr[i] >> 4];
	}
	put_label(out, &n, "ip6");
	put_label(out, &n, "arpa");
	out[n++] = 0;
	return n;
}
