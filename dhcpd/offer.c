/*
 * Options of a server become words for the script.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "offer.h"

enum {
	SUBNET = 1,
	OVERLOAD = 52,
	LEASE_TIME = 51,
	SERVER_ID = 54,
	MESSAGE = 56,
	RENEW_TIME = 58,
	REBIND_TIME = 59,
	CLIENT_ID = 61,
	AGENT = 82,
	V6ONLY = 108,
};

#define NAME_JUMPS 16 /* pointers followed in one name of option 119 */

/* A value's bytes, and the text that they become. */
struct value {
	const uint8_t *p;
	size_t len;
	char text[WORDS_VALUE];
	size_t n; /* of text */
};

static bool
put(struct value *v, const char *s)
{
	size_t n = strlen(s);

	if (n >= sizeof(v->text) - v->n)
		return false;
	memcpy(v->text + v->n, s, n + 1);
	v->n += n;
	return true;
}

/* What stands between the members of a list. */
static bool
put_gap(struct value *v)
{
	return v->n == 0 || put(v, " ");
}

static bool
put_ip(struct value *v, const uint8_t ip[4])
{
	char s[INET_ADDRSTRLEN];

	return inet_ntop(AF_INET, ip, s, sizeof(s)) != NULL && put(v, s);
}

static bool
put_ips(struct value *v)
{
	size_t i;

	if (v->len == 0 || v->len % 4 != 0)
		return false;
	for (i = 0; i < v->len; i += 4)
		if (!put_gap(v) || !put_ip(v, v->p + i))
			return false;
	return true;
}

static bool
put_pairs(struct value *v)
{
	size_t i;

	if (v->len == 0 || v->len % 8 != 0)
		return false;
	for (i = 0; i < v->len; i += 8)
		if (!put_gap(v) || !put_ip(v, v->p + i) || !put(v, "/") ||
		    !put_ip(v, v->p + i + 4))
			return false;
	return true;
}

/* RFC 3442: bits beyond the prefix are cleared. */
static bool
put_prefix(struct value *v, const uint8_t *p, unsigned bits)
{
	uint8_t ip[4] = { 0 };
	char s[8];

	memcpy(ip, p, (bits + 7) / 8);
	if (bits % 8 != 0)
		ip[bits / 8] &= (uint8_t)(0xff << (8 - bits % 8));
	snprintf(s, sizeof(s), "/%u", bits);
	return put_gap(v) && put_ip(v, ip) && put(v, s);
}

static bool
put_routes(struct value *v)
{
	const uint8_t *p = v->p, *end = v->p + v->len;
	unsigned bits;
	size_t n;

	while (p < end) {
		bits = *p++;
		n = (bits + 7) / 8;
		if (bits > 32 || (size_t)(end - p) < n + 4)
			return false;
		if (!put_prefix(v, p, bits) || !put_gap(v) || !put_ip(v, p + n))
			return false;
		p += n + 4;
	}
	return v->len > 0;
}

static bool
put_number(struct value *v, size_t bytes, bool is_signed)
{
	uint32_t n = 0;
	char s[16];
	size_t i;

	if (v->len != bytes)
		return false;
	for (i = 0; i < bytes; i++)
		n = n << 8 | v->p[i];
	if (is_signed)
		snprintf(s, sizeof(s), "%d", (int)n);
	else
		snprintf(s, sizeof(s), "%u", n);
	return put(v, s);
}

/* Some servers send the NUL behind it, too (RFC 2132 section 2). */
static bool
put_string(struct value *v)
{
	size_t n = v->len;

	while (n > 0 && v->p[n - 1] == '\0')
		n--;
	if (n == 0 || n >= sizeof(v->text) || memchr(v->p, '\0', n) != NULL)
		return false;
	memcpy(v->text, v->p, n);
	v->text[n] = '\0';
	return true;
}

/* A dot that says where the root is says nothing new. */
static bool
put_host(struct value *v)
{
	size_t n;

	if (!put_string(v))
		return false;
	n = strlen(v->text);
	if (n > 1 && v->text[n - 1] == '.')
		v->text[n - 1] = '\0';
	return true;
}

/* For people: what is not safe becomes an underscore. */
static bool
put_text(struct value *v)
{
	char *s;

	if (!put_string(v))
		return false;
	for (s = v->text; *s != '\0'; s++)
		if (!word_value_ok(WORD_TEXT, (char[]){ 'x', *s, '\0' }))
			*s = '_';
	if (strchr(" .-/:,", *v->text) != NULL)
		*v->text = '_';
	return true;
}

static bool
put_hex(struct value *v)
{
	char s[3];
	size_t i;

	for (i = 0; i < v->len; i++) {
		snprintf(s, sizeof(s), "%02x", v->p[i]);
		if (!put(v, s))
			return false;
	}
	return true;
}

/* A label with a dot or a space in it would become two. */
static bool
put_label(struct value *v, const uint8_t *p, size_t n)
{
	char label[64];

	if (n >= sizeof(label) || memchr(p, '.', n) != NULL ||
	    memchr(p, ' ', n) != NULL || memchr(p, '\0', n) != NULL)
		return false;
	memcpy(label, p, n);
	label[n] = '\0';
	return put(v, label);
}

/*
 * One name of RFC 1035 section 3.1, compressed as in RFC 3397; *at moves
 * behind it. A pointer leads backwards only, and not too many are followed.
 */
static bool
put_name(struct value *v, size_t *at)
{
	size_t i = *at, jumps = 0, start = v->n, to;
	uint8_t n;

	while (i < v->len && (n = v->p[i]) != 0) {
		if (v->len - i < (n < 0xc0 ? n + 1U : 2U))
			return false;
		if (n < 0xc0) {
			if ((v->n > start && !put(v, ".")) ||
			    !put_label(v, v->p + i + 1, n))
				return false;
			i += n + 1U;
			continue;
		}
		to = (n & 0x3fU) << 8 | v->p[i + 1];
		if (to >= i || ++jumps > NAME_JUMPS)
			return false;
		*at = jumps == 1 ? i + 2 : *at;
		i = to;
	}
	if (jumps == 0)
		*at = i + 1;
	return i < v->len && v->n > start;
}

static bool
put_names(struct value *v)
{
	size_t at = 0;

	while (at < v->len)
		if (!put_gap(v) || !put_name(v, &at))
			return false;
	return v->len > 0;
}

#define SEARCH 119

static bool
to_text(struct value *v, const struct word_def *d)
{
	switch (d->kind) {
	case WORD_IP:
		return v->len == 4 && put_ips(v);
	case WORD_IPS:
		return put_ips(v);
	case WORD_PAIRS:
		return put_pairs(v);
	case WORD_ROUTES:
		return put_routes(v);
	case WORD_NUMBER:
	case WORD_SIGNED:
		return put_number(v, d->bytes, d->kind == WORD_SIGNED);
	case WORD_HOST:
	case WORD_HOSTS:
		return d->code == SEARCH ? put_names(v) : put_host(v);
	case WORD_PATH:
		return put_string(v);
	case WORD_TEXT:
		return put_text(v);
	case WORD_HEX:
		break;
	}
	return put_hex(v);
}

/* false: it was left out. */
static bool
add_option(struct words *w, uint8_t code, const uint8_t *p, size_t len)
{
	static const struct word_def hex = { .kind = WORD_HEX };
	const struct word_def *d = word_by_code(code);
	struct value v = { .p = p, .len = len };
	char name[8];

	snprintf(name, sizeof(name), "opt%u", code);
	return to_text(&v, d != NULL ? d : &hex) &&
	    words_add(w, d != NULL ? d->name : name, v.text);
}

/* sname or file; NULL where they hold options. */
static void
add_field(struct words *w, const char *name, const uint8_t *p, size_t size)
{
	struct value v = { .p = p };

	if (p == NULL)
		return;
	v.len = strnlen((const char *)p, size);
	if (put_string(&v))
		words_add(w, name, v.text);
}

static void
add_ip(struct words *w, const char *name, struct in_addr ip)
{
	char s[INET_ADDRSTRLEN];

	if (ip.s_addr != 0 && inet_ntop(AF_INET, &ip, s, sizeof(s)) != NULL)
		words_add(w, name, s);
}

static bool
host_address(struct in_addr ip)
{
	uint32_t n = ntohl(ip.s_addr);

	return n >> 24 != 0 && n >> 24 != 127 && n >> 24 < 224;
}

/* Ones, then zeroes; the number of ones, or -1. */
static int
mask_bits(struct in_addr mask)
{
	uint32_t n = ntohl(mask.s_addr), host = ~n;

	if (n == 0 || (host & (host + 1)) != 0)
		return -1;
	return 32 - __builtin_popcount(host);
}

/* The mask that an address had before there were masks (RFC 791). */
static int
class_bits(struct in_addr ip)
{
	uint32_t n = ntohl(ip.s_addr);

	return n < 0x80000000u ? 8 : n < 0xc0000000u ? 16 : 24;
}

/* RFC 1122 section 3.2.1.3; /31 and /32 have neither (RFC 3021). */
static bool
fits_mask(struct in_addr ip, int bits)
{
	uint32_t most = bits >= 31 ? 0 : UINT32_MAX >> bits;
	uint32_t host = ntohl(ip.s_addr) & most;

	return most == 0 || (host != 0 && host != most);
}

/* T1 < T2 < lease, or none of the server's (RFC 2131 section 4.4.5). */
static void
read_times(struct offer *o, const struct options *opts)
{
	uint32_t t1 = 0, t2 = 0;

	option_u32(opts, RENEW_TIME, &t1);
	option_u32(opts, REBIND_TIME, &t2);
	o->renew_s = o->rebind_s = 0;
	if (o->lease_s == OFFER_FOREVER || t1 == 0 || t1 >= t2 ||
	    t2 >= o->lease_s)
		return;
	o->renew_s = t1;
	o->rebind_s = t2;
}

/* What must be there; NULL or what is wrong. *bits: of the mask. */
static const char *
read_needed(struct offer *o, const struct packet *p, int *bits)
{
	struct in_addr mask;

	o->ip = p->yiaddr;
	/* 169.254/16 is never a server's to give (RFC 3927 section 1.6). */
	if (!host_address(o->ip) || ntohl(o->ip.s_addr) >> 16 == 0xa9fe)
		return "the address is no host's";
	if (!option_ip(&p->options, SERVER_ID, &o->server) ||
	    !host_address(o->server))
		return "no server identifier";
	if (!option_u32(&p->options, LEASE_TIME, &o->lease_s) ||
	    o->lease_s < OFFER_LEAST_S)
		return "no lease time, or too short a one";
	*bits = class_bits(o->ip);
	if (option_ip(&p->options, SUBNET, &mask) &&
	    (*bits = mask_bits(mask)) == -1)
		return "the subnet mask is none";
	if (!fits_mask(o->ip, *bits))
		return "the address is the network's own or its broadcast";
	return NULL;
}

static bool
told_elsewhere(unsigned code)
{
	return code == SUBNET || code == OVERLOAD || code == CLIENT_ID ||
	    code == AGENT;
}

const char *
offer_read(struct offer *o, const struct packet *p)
{
	struct in_addr mask;
	const char *why;
	unsigned code;
	char number[4];
	int bits;

	memset(o, 0, sizeof(*o));
	if ((why = read_needed(o, p, &bits)) != NULL)
		return why;
	read_times(o, &p->options);
	o->v6only = option_u32(&p->options, V6ONLY, &o->v6only_s);
	mask.s_addr = htonl(~(bits == 32 ? 0 : UINT32_MAX >> bits));
	snprintf(number, sizeof(number), "%d", bits);
	add_ip(&o->words, "ip", o->ip);
	add_ip(&o->words, "subnet", mask);
	words_add(&o->words, "mask", number);
	add_ip(&o->words, "siaddr", p->siaddr);
	add_field(&o->words, "sname", p->sname, 64);
	add_field(&o->words, "boot_file", p->file, 128);
	for (code = 1; code < 255; code++)
		if (p->options.at[code] != NULL && !told_elsewhere(code))
			add_option(&o->words, (uint8_t)code,
			    p->options.at[code], p->options.len[code]);
	return NULL;
}

void
offer_refusal(struct words *w, const struct packet *p)
{
	static const uint8_t codes[] = { SERVER_ID, MESSAGE };
	size_t i;

	words_clear(w);
	for (i = 0; i < sizeof(codes); i++)
		if (p->options.at[codes[i]] != NULL)
			add_option(w, codes[i], p->options.at[codes[i]],
			    p->options.len[codes[i]]);
}
