/*
 * Fields that hold addresses in forms of their own: gateways (RFC 4025, 8777),
 * HIP (RFC 8005), prefixes (RFC 3123), services (RFC 1035 section 3.4.2), A6
 * (RFC 2874). Both directions.
 */
#include <stdio.h>
#include <string.h>

#include "rdatapart.h"

/* What a gateway's type says that it is. */
static int
put_by_type(struct rdata_words *w, unsigned type)
{
	const struct rdata_token *t;

	switch (type) {
	case 0:
		if ((t = rdata_next(w)) == NULL)
			return -1;
		return rdata_is(t, ".") ?
		    0 :
		    rdata_bad(w, t, "gateway of type 0, which is \".\"");
	case 1:
		return rdata_put_ip4(w);
	case 2:
		return rdata_put_ip6(w);
	case 3:
		return rdata_put_name(w);
	}
	return rdata_error(w, "gateways have types from 0 to 3");
}

static void
text_by_type(unsigned type, const uint8_t *p, struct buf *b)
{
	switch (type) {
	case 0:
		buf_puts(b, ".");
		break;
	case 1:
		rdata_text_ip4(p, b);
		break;
	case 2:
		rdata_text_ip6(p, b);
		break;
	case 3:
		rdata_text_name(p, b);
		break;
	}
}

int
rdata_parse_gateway(struct rdata_words *w)
{
	return put_by_type(w, w->out[1]);
}

bool
rdata_text_gateway(const struct rdata_bytes *r, struct buf *b)
{
	text_by_type(r->data[1], r->p, b);
	return true;
}

/* Discovery bit and type are two words and one byte (RFC 8777 section 4). */
int
rdata_parse_relay(struct rdata_words *w)
{
	uint8_t *byte = w->out + w->len;
	unsigned discovery;

	if (rdata_put_number(w, 1) == -1)
		return -1;
	discovery = *byte;
	w->len--;
	if (rdata_put_number(w, 1) == -1)
		return -1;
	if (discovery > 1 || *byte > 3)
		return rdata_error(
		    w, "the discovery bit is 0 or 1, the relay's type 0 to 3");
	*byte |= (uint8_t)(discovery << 7);
	return put_by_type(w, *byte & 0x7f);
}

bool
rdata_text_relay(const struct rdata_bytes *r, struct buf *b)
{
	buf_printf(b, "%u %u ", r->p[0] >> 7, r->p[0] & 0x7f);
	text_by_type(r->p[0] & 0x7f, r->p + 1, b);
	return true;
}

/* Lengths first in wire form, and in text none (RFC 8005 section 6). */
int
rdata_parse_hip(struct rdata_words *w)
{
	const uint8_t head[4] = { 0 };
	size_t at = w->len, hit, key;

	if (rdata_put(w, head, sizeof(head)) == -1)
		return -1;
	w->len = at + 1;
	if (rdata_put_number(w, 1) == -1)
		return -1;
	w->len = at + 4;
	if (rdata_put_hex(w, 1) == -1)
		return -1;
	hit = w->len - at - 4;
	if (rdata_put_base64(w, 1) == -1)
		return -1;
	key = w->len - at - 4 - hit;
	if (hit == 0 || hit > UINT8_MAX || key == 0)
		return rdata_error(w, "no identity tag, or no key");
	w->out[at] = (uint8_t)hit;
	w->out[at + 2] = (uint8_t)(key >> 8);
	w->out[at + 3] = (uint8_t)key;
	while (w->i < w->n)
		if (rdata_put_name(w) == -1)
			return -1;
	return 0;
}

bool
rdata_text_hip(const struct rdata_bytes *r, struct buf *b)
{
	size_t hit = r->p[0], key = rdata_get16(r->p + 2), i;

	buf_printf(b, "%u ", r->p[1]);
	rdata_text_hex(r->p + 4, hit, b);
	buf_puts(b, " ");
	rdata_text_base64(r->p + 4 + hit, key, b);
	for (i = 4 + hit + key; i < r->n; i += dns_name_len(r->p + i)) {
		buf_puts(b, " ");
		rdata_text_name(r->p + i, b);
	}
	return true;
}

/* "[!]family:address/prefix"; zeros at the end are left out of wire form. */
static int
put_prefix(struct rdata_words *w, const struct rdata_token *t)
{
	const char *s = t->text, *end = t->text + t->len;
	const char *colon, *slash;
	bool except = t->len > 0 && *s == '!';
	uint8_t head[4], addr[16] = { 0 };
	uint32_t family, prefix;
	size_t n;

	s += except;
	colon = memchr(s, ':', (size_t)(end - s));
	slash = memchr(s, '/', (size_t)(end - s));
	if (t->quoted || colon == NULL || slash == NULL || slash < colon ||
	    !rdata_number(s, (size_t)(colon - s), 2, &family) || family == 0)
		return rdata_bad(w, t, "prefix");
	n = (size_t)(slash - colon - 1);
	if (!(family == 1 ? rdata_ip4(colon + 1, n, addr) :
			    rdata_ip6(colon + 1, n, addr)) ||
	    !rdata_number(slash + 1, (size_t)(end - slash - 1),
		family == 1 ? 32 : 128, &prefix))
		return rdata_bad(w, t, "prefix");
	for (n = family == 1 ? 4 : 16; n > 0 && addr[n - 1] == 0; n--)
		;
	head[0] = 0;
	head[1] = (uint8_t)family;
	head[2] = (uint8_t)prefix;
	head[3] = (uint8_t)(except << 7 | n);
	return rdata_put(w, head, 4) == -1 ? -1 : rdata_put(w, addr, n);
}

int
rdata_parse_prefixes(struct rdata_words *w)
{
	while (w->i < w->n)
		if (put_prefix(w, &w->t[w->i++]) == -1)
			return -1;
	return 0;
}

bool
rdata_text_prefixes(const struct rdata_bytes *r, struct buf *b)
{
	const uint8_t *p;
	uint8_t addr[16];
	unsigned family;
	size_t i, n;

	for (i = 0; i < r->n; i += 4 + n) {
		p = r->p + i;
		n = p[3] & 0x7f;
		family = rdata_get16(p);
		if (family != 1 && family != 2)
			return false;
		memset(addr, 0, sizeof(addr));
		memcpy(addr, p + 4, n);
		buf_printf(b, "%s%s%u:", i > 0 ? " " : "",
		    (p[3] & 0x80) != 0 ? "!" : "", family);
		if (family == 1)
			rdata_text_ip4(addr, b);
		else
			rdata_text_ip6(addr, b);
		buf_printf(b, "/%u", p[2]);
	}
	return true;
}

/* clang-format off */
static const struct {
	const char *name;
	uint16_t port;
} services[] = {
	{ "ftp-data", 20 }, { "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 },
	{ "smtp", 25 }, { "time", 37 }, { "domain", 53 }, { "tftp", 69 },
	{ "finger", 79 }, { "http", 80 }, { "pop3", 110 }, { "sunrpc", 111 },
	{ "nntp", 119 }, { "ntp", 123 }, { "imap", 143 }, { "snmp", 161 },
	{ "https", 443 },
};
/* clang-format on */
#define SERVICES (sizeof(services) / sizeof(services[0]))

static bool
service(const struct rdata_token *t, uint32_t *port)
{
	size_t i;

	for (i = 0; i < SERVICES; i++)
		if (rdata_is(t, services[i].name)) {
			*port = services[i].port;
			return true;
		}
	return !t->quoted && rdata_number(t->text, t->len, UINT16_MAX, port);
}

static int
put_protocol(struct rdata_words *w)
{
	const uint8_t tcp = 6, udp = 17;

	if (w->i < w->n && rdata_is(&w->t[w->i], "tcp")) {
		w->i++;
		return rdata_put(w, &tcp, 1);
	}
	if (w->i < w->n && rdata_is(&w->t[w->i], "udp")) {
		w->i++;
		return rdata_put(w, &udp, 1);
	}
	return rdata_put_number(w, 1);
}

int
rdata_parse_services(struct rdata_words *w)
{
	uint8_t bits[8192] = { 0 };
	const struct rdata_token *t;
	size_t n = 0;
	uint32_t port;

	if (put_protocol(w) == -1)
		return -1;
	while (w->i < w->n) {
		t = &w->t[w->i++];
		if (!service(t, &port))
			return rdata_bad(w, t, "service");
		bits[port / 8] |= (uint8_t)(0x80 >> port % 8);
		n = n > port / 8 + 1 ? n : port / 8 + 1;
	}
	return rdata_put(w, bits, n);
}

bool
rdata_text_services(const struct rdata_bytes *r, struct buf *b)
{
	unsigned port;

	if (r->n > 1 && r->p[r->n - 1] == 0)
		return false; /* zeros that no text tells */
	buf_printf(b, "%u", r->p[0]);
	for (port = 0; port < (r->n - 1) * 8; port++)
		if ((r->p[1 + port / 8] & 0x80 >> port % 8) != 0)
			buf_printf(b, " %u", port);
	return true;
}

/* The suffix as an address, bits of the prefix zero; no address for 128. */
int
rdata_parse_a6(struct rdata_words *w)
{
	const struct rdata_token *t;
	uint8_t addr[16];
	unsigned prefix;
	size_t n;

	if (rdata_put_number(w, 1) == -1)
		return -1;
	prefix = w->out[w->len - 1];
	n = (128u - prefix + 7) / 8;
	if (prefix > 128)
		return rdata_error(w, "a prefix has 128 bits at most");
	if (n > 0) {
		if ((t = rdata_next(w)) == NULL)
			return -1;
		if (t->quoted || !rdata_ip6(t->text, t->len, addr))
			return rdata_bad(w, t, "IPv6 address");
		if (prefix % 8 != 0)
			addr[16 - n] &= (uint8_t)(0xff >> prefix % 8);
		if (rdata_put(w, addr + 16 - n, n) == -1)
			return -1;
	}
	return prefix == 0 ? 0 : rdata_put_name(w);
}

bool
rdata_text_a6(const struct rdata_bytes *r, struct buf *b)
{
	unsigned prefix = r->p[0];
	size_t n = (128u - prefix + 7) / 8;
	uint8_t addr[16] = { 0 };

	buf_printf(b, "%u", prefix);
	if (n > 0) {
		memcpy(addr + 16 - n, r->p + 1, n);
		buf_puts(b, " ");
		rdata_text_ip6(addr, b);
	}
	if (prefix > 0) {
		buf_puts(b, " ");
		rdata_text_name(r->p + 1 + n, b);
	}
	return true;
}
