/*
 * dhcp-probe: a DHCP client, relay agent or server that does what it is told,
 * for what no real one does.
 *
 *	dhcp-probe STEP...
 *
 * Each STEP is one argument. Until told otherwise they are about socket 0.
 *
 *	use N		about socket N (0 to 9) from now on
 *	on IFNAME	frames on this interface, as a client without address
 *			sends and gets them: from 0.0.0.0 to 255.255.255.255
 *	at ADDRESS[,PORT]	UDP from this address and port (68)
 *	relay ADDRESS	UDP from port 67 of this address, as a relay agent:
 *			giaddr is the address and hops 1
 *	from ADDRESS	on: the source address of the frames
 *	to ADDRESS[,PORT]	where to send (255.255.255.255,67)
 *	set FIELD=VALUE...	for each message to come from this socket
 *	send FIELD=VALUE...	a message
 *	recv [MS]	wait for an answer (the xid of what was sent last; any
 *			message where nothing was sent) and say what it is
 *	nothing [MS]	no answer may come for so long (500)
 *	show NAME...	these fields of the last answer
 *	order		the codes of its options as they stand, field by field
 *	size		its length in bytes
 *	hex		its bytes
 *	sleep MS
 *	dora FIELD=VALUE...	DISCOVER to ACK; only the last answer is told
 *	fill N FIELD=VALUE...	dora for N clients, whose mac is counted up from
 *			02:00:00:00:00:00; says how many got an ACK, and how
 *			many addresses were given
 *	flood N SEED	N messages at random, most of them good ones with bytes
 *			changed, cut or added
 *
 * Fields of a message:
 *
 *	type=discover|offer|request|decline|ack|nak|release|inform|NUMBER; none
 *	op= htype= hlen= hops= xid= secs= flags=	numbers, also 0x80
 *	ciaddr= yiaddr= siaddr= giaddr=
 *	chaddr=HEX cookie=HEX sname=TEXT file=TEXT
 *	mac=HEX		chaddr, htype 1 and hlen 6
 *	opt.N=VALUE	in the order given; one of `send` replaces one of `set`
 *	sub.N=VALUE	a sub-option of 82, which then stands last
 *	raw=HEX		bytes among the options; pads=N zeroes there
 *	end=no		without 255
 *	pad=N		filled up to N bytes (300)
 *	patch.N=HEX	bytes at N replaced in what is sent
 *	cut=N		only the first N bytes are sent
 *	whole=HEX	these bytes are sent, nothing of the above
 *
 * A VALUE is parts with + between them, each hex:0102, text:x, ip:A,A,
 * u8:N,N, u16:N, u32:N or name:HOST.DOMAIN; without such a word addresses and
 * 01:02 are known by their look, the rest is text. \xHH in text is a byte.
 * $NAME as a value is that field of the last answer: yiaddr, xid, chaddr, from
 * (the sender's address), 51, or server, which is 54.
 *
 * An answer is one line: the type, the fields that aren't 0, the options by
 * code, "broken" where they pass the end. The exit status is 1 where an answer
 * did not come or nothing was to come, 2 where a step is wrong.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <linux/if_packet.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#define WAIT_MS 10000
#define NOTHING_MS 500
#define FILL_MS 2000 /* for each answer */
#define SOCKETS 10
#define MESSAGE 4096 /* bytes of a message, at most */
#define HEADER 240 /* with the cookie */
#define PAD 300
#define PARTS 64
#define PATCHES 8
#define TEXT 8192
#define FRAME 42 /* Ethernet, IP and UDP header */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { OVERLOAD = 52, TYPE = 53, SERVER_ID = 54, AGENT = 82, END = 255 };
enum { OFFER = 2, ACK = 5 }; /* values of TYPE */
enum { AT_XID = 4, AT_CHADDR = 28, AT_SNAME = 44, AT_FILE = 108 };
enum { SNAME_SIZE = 64, FILE_SIZE = 128 };

struct bytes {
	uint8_t p[MESSAGE];
	size_t n;
};

/* A message that was received. */
struct answer {
	struct bytes b;
	struct sockaddr_in from;
	struct in_addr to;
	uint8_t to_hw[6];
	bool framed; /* to and to_hw are known */
	bool broken;
	bool has[256];
	struct bytes option[256];
	char order[TEXT];
};

struct probe {
	int fd; /* -1: not used yet */
	unsigned ifindex; /* of frames; 0: UDP */
	uint8_t hw[6];
	struct sockaddr_in from, to;
	bool relay, sent;
	uint32_t xid;
	char set[TEXT];
	struct answer got;
};

/* An option, or bytes among them (code RAW). */
#define RAW 256
struct part {
	unsigned code;
	struct bytes value;
};

struct patch {
	size_t at;
	struct bytes value;
};

/* A message to be sent. */
struct draft {
	uint8_t header[HEADER];
	struct part parts[PARTS];
	size_t nparts, nset; /* those of `set` come first */
	struct bytes sub, whole;
	struct patch patches[PATCHES];
	size_t npatches;
	unsigned type; /* 0: none */
	size_t pad, cut;
	bool no_end;
};

struct field {
	const char *name;
	void (*take)(struct draft *, const struct field *, const char *);
	size_t at, size; /* in the header */
};

struct step {
	const char *name;
	void (*run)(char *args);
};

/* By number (RFC 2132 section 9.6, RFC 4388 section 6.1). */
static const char *const types[] = { "none", "DISCOVER", "OFFER", "REQUEST",
	"DECLINE", "ACK", "NAK", "RELEASE", "INFORM", "FORCERENEW",
	"LEASEQUERY", "LEASEUNASSIGNED", "LEASEUNKNOWN", "LEASEACTIVE" };

/* How options are printed; the rest is hex. */
static const uint8_t addresses[] = { 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 28, 32,
	41, 42, 44, 45, 48, 49, 50, 54, 65, 68, 69, 70, 71, 72, 73, 74, 75, 76,
	92, 118, 138, 150 };
static const uint8_t numbers[] = { 2, 13, 22, 23, 24, 26, 35, 37, 38, 51, 52,
	53, 57, 58, 59, 91, 108, 116, 211 };
static const uint8_t texts[] = { 12, 14, 15, 17, 18, 40, 47, 56, 60, 62, 64, 66,
	67, 77, 86, 87, 98, 100, 101, 113, 114, 160, 209, 210, 252 };

static struct probe probes[SOCKETS], *now = probes;

__attribute__((__noreturn__)) static void
bad(const char *what)
{
	errx(2, "%s: no such thing, or not like this", what);
}

static uint32_t
number(const char *s, uint32_t max)
{
	unsigned long long n;
	char *end;

	if (s == NULL || !isdigit((uint8_t)*s))
		bad(s != NULL ? s : "a number");
	n = strtoull(s, &end, strncmp(s, "0x", 2) == 0 ? 16 : 10);
	if (*end != '\0' || n > max)
		bad(s);
	return (uint32_t)n;
}

static void
put_number(uint8_t *p, size_t size, uint32_t v)
{
	while (size-- > 0) {
		p[size] = (uint8_t)v;
		v >>= 8;
	}
}

static uint32_t
get_number(const uint8_t *p, size_t size)
{
	uint32_t v = 0;

	while (size-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
append(struct bytes *b, const void *p, size_t n)
{
	if (n > sizeof(b->p) - b->n)
		errx(2, "the message is too long");
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

static struct in_addr
address(const char *s)
{
	struct in_addr ip;

	if (inet_pton(AF_INET, s, &ip) != 1)
		bad(s);
	return ip;
}

static struct sockaddr_in
endpoint(char *text, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_addr = address(strsep(&text, ","));
	a.sin_port = htons(text != NULL ? (uint16_t)number(text, 65535) : port);
	return a;
}

/* Text being made. */

__attribute__((__format__(__printf__, 2, 3))) static void
add(char out[TEXT], const char *format, ...)
{
	size_t n = strlen(out);
	va_list args;

	va_start(args, format);
	vsnprintf(out + n, TEXT - n, format, args);
	va_end(args);
}

static void
add_ip(char out[TEXT], const void *p)
{
	char ip[INET_ADDRSTRLEN];

	add(out, "%s", inet_ntop(AF_INET, p, ip, sizeof(ip)));
}

static void
add_hex(char out[TEXT], const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(out, i == 0 ? "%02x" : ":%02x", p[i]);
}

/* Blanks too, so that fields are words. */
static void
add_text(char out[TEXT], const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add(out,
		    p[i] <= ' ' || p[i] > '~' || p[i] == '\\' ? "\\x%02x" :
								"%c",
		    p[i]);
}

static bool
is_in(uint8_t code, const uint8_t *codes, size_t n)
{
	return memchr(codes, code, n) != NULL;
}

static void
add_option(char out[TEXT], uint8_t code, const struct bytes *v)
{
	size_t i;

	if (is_in(code, addresses, sizeof(addresses)) && v->n % 4 == 0) {
		for (i = 0; i < v->n; i += 4) {
			add(out, "%s", i > 0 ? "," : "");
			add_ip(out, v->p + i);
		}
	} else if (is_in(code, numbers, sizeof(numbers)) &&
	    (v->n == 1 || v->n == 2 || v->n == 4))
		add(out, "%u", get_number(v->p, v->n));
	else if (is_in(code, texts, sizeof(texts)))
		add_text(out, v->p, v->n);
	else
		add_hex(out, v->p, v->n);
}

/* Values */

static void
value_hex(struct bytes *b, const char *s)
{
	char digits[3] = "";
	uint8_t byte;

	while (*s != '\0') {
		if (!isxdigit((uint8_t)s[0]) || !isxdigit((uint8_t)s[1]))
			bad(s);
		memcpy(digits, s, 2);
		byte = (uint8_t)strtoul(digits, NULL, 16);
		append(b, &byte, 1);
		s += 2 + (s[2] == ':');
	}
}

static void
value_text(struct bytes *b, const char *s)
{
	char digits[3] = "";
	uint8_t byte;

	while (*s != '\0') {
		byte = (uint8_t)*s++;
		if (byte == '\\' && s[0] == 'x' && isxdigit((uint8_t)s[1]) &&
		    isxdigit((uint8_t)s[2])) {
			memcpy(digits, s + 1, 2);
			byte = (uint8_t)strtoul(digits, NULL, 16);
			s += 3;
		}
		append(b, &byte, 1);
	}
}

static void
value_list(struct bytes *b, const char *s, size_t size)
{
	char copy[TEXT], *rest = copy, *item;
	uint8_t v[4];
	struct in_addr ip;

	strlcpy(copy, s, sizeof(copy));
	while ((item = strsep(&rest, ",")) != NULL) {
		if (size == 0) {
			ip = address(item);
			append(b, &ip, 4);
			continue;
		}
		put_number(v, size,
		    number(item, (uint32_t)(UINT64_MAX >> (64 - 8 * size))));
		append(b, v, size);
	}
}

static void
value_ip(struct bytes *b, const char *s)
{
	value_list(b, s, 0);
}

static void
value_u8(struct bytes *b, const char *s)
{
	value_list(b, s, 1);
}

static void
value_u16(struct bytes *b, const char *s)
{
	value_list(b, s, 2);
}

static void
value_u32(struct bytes *b, const char *s)
{
	value_list(b, s, 4);
}

/* RFC 1035 section 3.1. */
static void
value_name(struct bytes *b, const char *s)
{
	uint8_t n;

	while (*s != '\0') {
		n = (uint8_t)strcspn(s, ".");
		append(b, &n, 1);
		append(b, s, n);
		s += n + (s[n] == '.');
	}
	append(b, "", 1);
}

/* Of what kind a value is that does not say so. */
static void
value_plain(struct bytes *b, const char *s)
{
	struct in_addr ip;
	char first[INET_ADDRSTRLEN];
	size_t n = strcspn(s, ",") + 1;

	strlcpy(first, s, n < sizeof(first) ? n : sizeof(first));
	if (inet_pton(AF_INET, first, &ip) == 1)
		value_ip(b, s);
	else if (strlen(s) > 2 && s[2] == ':' &&
	    strspn(s, "0123456789abcdefABCDEF:") == strlen(s))
		value_hex(b, s);
	else
		value_text(b, s);
}

static void
value_part(struct bytes *b, const char *s)
{
	/* clang-format off */
	static const struct {
		const char *name;
		void (*put)(struct bytes *, const char *);
	} forms[] = {
		{ "hex:", value_hex },
		{ "text:", value_text },
		{ "ip:", value_ip },
		{ "u8:", value_u8 },
		{ "u16:", value_u16 },
		{ "u32:", value_u32 },
		{ "name:", value_name },
		{ "", value_plain },
	};
	/* clang-format on */
	size_t i = 0;

	while (strncmp(s, forms[i].name, strlen(forms[i].name)) != 0)
		i++;
	forms[i].put(b, s + strlen(forms[i].name));
}

static void
value(struct bytes *b, const char *s)
{
	char copy[TEXT], *rest = copy, *part;

	b->n = 0;
	strlcpy(copy, s, sizeof(copy));
	while ((part = strsep(&rest, "+")) != NULL)
		value_part(b, part);
}

/* What was received */

/* The options of one field are added to those before (RFC 3396). */
static void
read_options(struct answer *a, const uint8_t *p, size_t n)
{
	size_t i = 0, len;

	while (i < n && p[i] != END) {
		if (p[i] == 0) {
			i++;
			continue;
		}
		if (n - i < 2 || p[i + 1] > n - i - 2) {
			a->broken = true;
			return;
		}
		len = p[i + 1];
		if (!a->has[p[i]])
			a->option[p[i]].n = 0;
		a->has[p[i]] = true;
		append(&a->option[p[i]], p + i + 2, len);
		add(a->order, a->order[0] == '\0' ? "%u" : " %u", p[i]);
		i += 2 + len;
	}
}

static unsigned
overload_of(const struct answer *a)
{
	return a->has[OVERLOAD] && a->option[OVERLOAD].n == 1 ?
	    a->option[OVERLOAD].p[0] :
	    0;
}

static void
read_answer(struct answer *a)
{
	unsigned overload;

	memset(a->has, 0, sizeof(a->has));
	a->order[0] = '\0';
	a->broken = a->b.n < HEADER;
	if (a->broken)
		return;
	read_options(a, a->b.p + HEADER, a->b.n - HEADER);
	overload = overload_of(a);
	if (overload & 1) {
		add(a->order, " file");
		read_options(a, a->b.p + AT_FILE, FILE_SIZE);
	}
	if (overload & 2) {
		add(a->order, " sname");
		read_options(a, a->b.p + AT_SNAME, SNAME_SIZE);
	}
}

static void
add_type(char out[TEXT], const struct answer *a)
{
	const struct bytes *v = &a->option[TYPE];

	if (!a->has[TYPE])
		add(out, "%s", a->b.p[0] == 1 ? "BOOTREQUEST" : "BOOTREPLY");
	else if (v->n == 1 && v->p[0] > 0 && v->p[0] < COUNT(types))
		add(out, "%s", types[v->p[0]]);
	else
		add(out, "TYPE");
}

/* clang-format off */
static const struct field numeric[] = {
	{ "op", NULL, 0, 1 },
	{ "htype", NULL, 1, 1 },
	{ "hlen", NULL, 2, 1 },
	{ "hops", NULL, 3, 1 },
	{ "secs", NULL, 8, 2 },
	{ "flags", NULL, 10, 2 },
}, addressed[] = {
	{ "ciaddr", NULL, 12, 4 },
	{ "yiaddr", NULL, 16, 4 },
	{ "siaddr", NULL, 20, 4 },
	{ "giaddr", NULL, 24, 4 },
}, named[] = {
	{ "sname", NULL, AT_SNAME, SNAME_SIZE },
	{ "file", NULL, AT_FILE, FILE_SIZE },
};
/* clang-format on */

static const struct field *
field_in(const struct field *f, size_t n, const char *name)
{
	for (; n-- > 0; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static void
add_header(char out[TEXT], const struct answer *a, const char *name)
{
	const uint8_t *p = a->b.p;
	const struct field *f;

	if (strcmp(name, "xid") == 0)
		add(out, "0x%08x", get_number(p + AT_XID, 4));
	else if (strcmp(name, "chaddr") == 0)
		add_hex(out, p + AT_CHADDR, p[2] <= 16 ? p[2] : 16);
	else if ((f = field_in(numeric, COUNT(numeric), name)) != NULL)
		add(out, f->at == 10 ? "0x%x" : "%u",
		    get_number(p + f->at, f->size));
	else if ((f = field_in(addressed, COUNT(addressed), name)) != NULL)
		add_ip(out, p + f->at);
	else if ((f = field_in(named, COUNT(named), name)) != NULL)
		add_text(
		    out, p + f->at, strnlen((const char *)p + f->at, f->size));
	else
		bad(name);
}

/* A field, an option by code; "-" for an option that isn't there. */
static void
add_field(char out[TEXT], const struct answer *a, const char *name)
{
	unsigned code;

	if (strcmp(name, "server") == 0)
		name = "54";
	if (isdigit((uint8_t)*name)) {
		code = number(name, 255);
		if (a->has[code])
			add_option(out, (uint8_t)code, &a->option[code]);
		else
			add(out, "-");
	} else if (strcmp(name, "type") == 0)
		add_type(out, a);
	else if (strcmp(name, "from") == 0)
		add_ip(out, &a->from.sin_addr);
	else if (strcmp(name, "to") == 0)
		add_ip(out, &a->to);
	else if (strcmp(name, "hw") == 0)
		add_hex(out, a->to_hw, 6);
	else
		add_header(out, a, name);
}

static void
add_some(
    char out[TEXT], const struct answer *a, const struct field *f, size_t n)
{
	static const uint8_t zero[4];

	for (; n-- > 0; f++) {
		if (memcmp(a->b.p + f->at, zero, f->size <= 4 ? f->size : 1) ==
		    0)
			continue;
		add(out, " %s=", f->name);
		add_header(out, a, f->name);
	}
}

static void
print_answer(const struct answer *a)
{
	unsigned overload = overload_of(a);
	char out[TEXT] = "";

	if (a->b.n < HEADER) {
		printf("%zu bytes\n", a->b.n);
		return;
	}
	add_type(out, a);
	add_some(out, a, numeric + 3, COUNT(numeric) - 3);
	add_some(out, a, addressed, COUNT(addressed));
	if (!(overload & 2))
		add_some(out, a, named, 1);
	if (!(overload & 1))
		add_some(out, a, named + 1, 1);
	if (a->framed) {
		add(out, " to=");
		add_ip(out, &a->to);
		add(out, " hw=");
		add_hex(out, a->to_hw, 6);
	}
	for (unsigned code = 1; code < END; code++)
		if (a->has[code] && code != TYPE) {
			add(out, " %u=", code);
			add_option(out, (uint8_t)code, &a->option[code]);
		}
	printf("%s%s\n", out, a->broken ? " broken" : "");
}

/* Frames */

static uint32_t
sum(const uint8_t *p, size_t n, uint32_t before)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		before += (uint32_t)(p[i] << 8 | p[i + 1]);
	return n % 2 == 0 ? before : before + (uint32_t)(p[n - 1] << 8);
}

static uint16_t
checksum(uint32_t n)
{
	while (n > 0xffff)
		n = (n >> 16) + (n & 0xffff);
	return (uint16_t)~n;
}

/* UDP's, over the pseudo header and what follows the IP header. */
static uint16_t
udp_checksum(const uint8_t *ip, size_t udp_size)
{
	uint32_t n = sum(ip + 12, 8, IPPROTO_UDP + (uint32_t)udp_size);

	return checksum(sum(ip + 20, udp_size, n));
}

static void
send_frame(const uint8_t *p, size_t n)
{
	static struct bytes f;
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)now->ifindex,
		.sll_halen = 6 };
	uint8_t *ip = f.p + 14, *udp = ip + 20;

	f.n = 0;
	append(&f, "\xff\xff\xff\xff\xff\xff", 6);
	append(&f, now->hw, 6);
	append(&f, "\x08\0\x45\0\0\0\0\0\0\0\x40\x11\0\0", 14);
	append(&f, &now->from.sin_addr, 4);
	append(&f, &now->to.sin_addr, 4);
	append(&f, &now->from.sin_port, 2);
	append(&f, &now->to.sin_port, 2);
	append(&f, "\0\0\0\0", 4);
	append(&f, p, n);
	put_number(ip + 2, 2, (uint32_t)n + 28);
	put_number(ip + 10, 2, checksum(sum(ip, 20, 0)));
	put_number(udp + 4, 2, (uint32_t)n + 8);
	put_number(udp + 6, 2, udp_checksum(ip, n + 8));
	/* one that the link cannot carry is lost */
	if (sendto(now->fd, f.p, f.n, 0, (struct sockaddr *)&to, sizeof(to)) ==
		-1 &&
	    errno != EMSGSIZE)
		err(2, "send");
}

/* What the kernel left for a card to do is not wrong. */
static bool
is_unchecked(struct msghdr *m)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_PACKET &&
		    c->cmsg_type == PACKET_AUXDATA) {
			memcpy(&aux, CMSG_DATA(c), sizeof(aux));
			return aux.tp_status & TP_STATUS_CSUMNOTREADY;
		}
	return false;
}

/* UDP to our port in this frame: it goes to a. */
static bool
open_frame(struct answer *a, const uint8_t *f, size_t n, bool unchecked)
{
	const uint8_t *ip = f + 14, *udp = ip + 20;
	size_t size;

	if (n < FRAME || ip[0] != 0x45 || ip[9] != IPPROTO_UDP ||
	    memcmp(udp + 2, &now->from.sin_port, 2) != 0)
		return false;
	size = get_number(udp + 4, 2);
	if (size < 8 || size > n - 34 || get_number(ip + 2, 2) != size + 20)
		errx(1, "a frame whose lengths don't fit");
	if (checksum(sum(ip, 20, 0)) != 0)
		errx(1, "a frame with a wrong IP checksum");
	if (!unchecked && get_number(udp + 6, 2) != 0 &&
	    udp_checksum(ip, size) != 0)
		errx(1, "a frame with a wrong UDP checksum");
	memcpy(a->to_hw, f, 6);
	memcpy(&a->from.sin_addr, ip + 12, 4);
	memcpy(&a->from.sin_port, udp, 2);
	memcpy(&a->to, ip + 16, 4);
	a->framed = true;
	a->b.n = 0;
	append(&a->b, udp + 8, size - 8);
	return true;
}

/* 1: a message; 0: nothing is there; -1: something else was. */
static int
take_frame(struct answer *a)
{
	static uint8_t frame[MESSAGE];
	uint8_t control[256];
	struct iovec v = { frame, sizeof(frame) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(now->fd, &m, 0);

	if (n == -1 && errno == EAGAIN)
		return 0;
	if (n == -1)
		err(1, "receive");
	return open_frame(a, frame, (size_t)n, is_unchecked(&m)) ? 1 : -1;
}

static int
take_datagram(struct answer *a)
{
	socklen_t len = sizeof(a->from);
	ssize_t n = recvfrom(now->fd, a->b.p, sizeof(a->b.p), 0,
	    (struct sockaddr *)&a->from, &len);

	if (n == -1 && errno == EAGAIN)
		return 0;
	/* an ICMP error for something that was sent before */
	if (n == -1 && errno == ECONNREFUSED)
		return -1;
	if (n == -1)
		err(1, "receive");
	a->b.n = (size_t)n;
	a->framed = false;
	return 1;
}

static int64_t
clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Is it one that we wait for? */
static bool
is_ours(const struct answer *a)
{
	return !now->sent ||
	    (a->b.n >= HEADER && get_number(a->b.p + AT_XID, 4) == now->xid);
}

/* false: none came in time. */
static bool
await(unsigned ms)
{
	struct pollfd p = { .fd = now->fd, .events = POLLIN };
	int64_t end = clock_ms() + ms, left;
	int got;

	if (now->fd == -1)
		errx(2, "say first where: on, at or relay");
	for (;;) {
		got = now->ifindex != 0 ? take_frame(&now->got) :
					  take_datagram(&now->got);
		if (got == 1 && is_ours(&now->got)) {
			read_answer(&now->got);
			return true;
		}
		left = end - clock_ms();
		if (got == 0 && (left <= 0 || poll(&p, 1, (int)left) == 0))
			return false;
	}
}

/* Fields of a message */

static void
take_number(struct draft *d, const struct field *f, const char *s)
{
	uint32_t most = f->size == 4 ? UINT32_MAX : (1u << 8 * f->size) - 1;

	put_number(d->header + f->at, f->size, number(s, most));
}

static void
take_address(struct draft *d, const struct field *f, const char *s)
{
	struct in_addr ip = address(s);

	memcpy(d->header + f->at, &ip, 4);
}

static void
take_bytes(struct draft *d, const struct field *f, const char *s)
{
	struct bytes b = { .n = 0 };

	if (f->at == AT_SNAME || f->at == AT_FILE)
		value_text(&b, s);
	else
		value_hex(&b, s);
	if (b.n > f->size)
		bad(s);
	memset(d->header + f->at, 0, f->size);
	memcpy(d->header + f->at, b.p, b.n);
}

static void
take_mac(struct draft *d, const struct field *f, const char *s)
{
	d->header[1] = 1;
	d->header[2] = 6;
	take_bytes(d, f, s);
}

static void
take_type(struct draft *d, const struct field *f, const char *s)
{
	(void)f;
	for (d->type = 0; d->type < COUNT(types); d->type++)
		if (strcasecmp(types[d->type], s) == 0)
			return;
	d->type = number(s, 255);
}

static struct part *
new_part(struct draft *d, unsigned code)
{
	struct part *p = &d->parts[d->nparts++];

	if (d->nparts == PARTS)
		errx(2, "too many options");
	p->code = code;
	p->value.n = 0;
	return p;
}

/* What `send` says counts instead of what `set` said. */
static void
take_option(struct draft *d, unsigned code, const char *s)
{
	for (size_t i = 0; i < d->nset; i++)
		if (d->parts[i].code == code) {
			d->parts[i].code = RAW;
			d->parts[i].value.n = 0;
		}
	value(&new_part(d, code)->value, s);
}

static void
take_sub(struct draft *d, unsigned code, const char *s)
{
	static struct bytes b;
	uint8_t head[2] = { (uint8_t)code };

	value(&b, s);
	if (b.n > 255)
		bad(s);
	head[1] = (uint8_t)b.n;
	append(&d->sub, head, 2);
	append(&d->sub, b.p, b.n);
}

static void
take_patch(struct draft *d, unsigned at, const char *s)
{
	struct patch *p = &d->patches[d->npatches++];

	if (d->npatches == PATCHES)
		errx(2, "too many patches");
	p->at = at;
	p->value.n = 0;
	value_hex(&p->value, s);
}

static void
take_raw(struct draft *d, const struct field *f, const char *s)
{
	(void)f;
	value_hex(&new_part(d, RAW)->value, s);
}

static void
take_pads(struct draft *d, const struct field *f, const char *s)
{
	struct part *p = new_part(d, RAW);

	(void)f;
	p->value.n = number(s, MESSAGE);
	memset(p->value.p, 0, p->value.n);
}

static void
take_end(struct draft *d, const struct field *f, const char *s)
{
	(void)f;
	d->no_end = strcmp(s, "no") == 0;
}

static void
take_pad(struct draft *d, const struct field *f, const char *s)
{
	(void)f;
	d->pad = number(s, MESSAGE);
}

static void
take_cut(struct draft *d, const struct field *f, const char *s)
{
	(void)f;
	d->cut = number(s, MESSAGE);
}

static void
take_whole(struct draft *d, const struct field *f, const char *s)
{
	(void)f;
	value_hex(&d->whole, s);
}

/* clang-format off */
static const struct field fields[] = {
	{ "type", take_type, 0, 0 },
	{ "op", take_number, 0, 1 },
	{ "htype", take_number, 1, 1 },
	{ "hlen", take_number, 2, 1 },
	{ "hops", take_number, 3, 1 },
	{ "xid", take_number, AT_XID, 4 },
	{ "secs", take_number, 8, 2 },
	{ "flags", take_number, 10, 2 },
	{ "ciaddr", take_address, 12, 4 },
	{ "yiaddr", take_address, 16, 4 },
	{ "siaddr", take_address, 20, 4 },
	{ "giaddr", take_address, 24, 4 },
	{ "chaddr", take_bytes, AT_CHADDR, 16 },
	{ "mac", take_mac, AT_CHADDR, 16 },
	{ "sname", take_bytes, AT_SNAME, SNAME_SIZE },
	{ "file", take_bytes, AT_FILE, FILE_SIZE },
	{ "cookie", take_bytes, 236, 4 },
	{ "raw", take_raw, 0, 0 },
	{ "pads", take_pads, 0, 0 },
	{ "end", take_end, 0, 0 },
	{ "pad", take_pad, 0, 0 },
	{ "cut", take_cut, 0, 0 },
	{ "whole", take_whole, 0, 0 },
};

static const struct {
	const char *name;
	void (*take)(struct draft *, unsigned, const char *);
	unsigned most;
} counted[] = {
	{ "opt.", take_option, 255 },
	{ "sub.", take_sub, 255 },
	{ "patch.", take_patch, MESSAGE - 1 },
};
/* clang-format on */

static void
take_field(struct draft *d, char *word)
{
	char text[TEXT] = "", *name = strsep(&word, "="), *s = word;
	const struct field *f = field_in(fields, COUNT(fields), name);

	if (s == NULL)
		bad(name);
	if (s[0] == '$') {
		add_field(text, &now->got, s + 1);
		s = text;
	}
	if (f != NULL) {
		f->take(d, f, s);
		return;
	}
	for (size_t i = 0; i < COUNT(counted); i++) {
		size_t n = strlen(counted[i].name);

		if (strncmp(name, counted[i].name, n) == 0) {
			counted[i].take(
			    d, number(name + n, counted[i].most), s);
			return;
		}
	}
	bad(name);
}

static void
take_fields(struct draft *d, const char *text)
{
	char copy[TEXT], *rest = copy, *word;

	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy))
		errx(2, "too many fields");
	while ((word = strsep(&rest, " \t\n")) != NULL)
		if (*word != '\0')
			take_field(d, word);
}

static void
put_option(struct bytes *b, unsigned code, const struct bytes *v)
{
	uint8_t head[2] = { (uint8_t)code, (uint8_t)v->n };

	if (v->n > 255)
		errx(2, "option %u is longer than 255 bytes", code);
	append(b, head, 2);
	append(b, v->p, v->n);
}

/* The bytes of a draft. */
static struct bytes *
written(const struct draft *d)
{
	static struct bytes b;
	size_t i;

	b.n = 0;
	append(&b, d->header, HEADER);
	if (d->type != 0)
		append(&b, (uint8_t[]){ TYPE, 1, (uint8_t)d->type }, 3);
	for (i = 0; i < d->nparts; i++)
		if (d->parts[i].code == RAW)
			append(&b, d->parts[i].value.p, d->parts[i].value.n);
		else
			put_option(&b, d->parts[i].code, &d->parts[i].value);
	if (d->sub.n > 0)
		put_option(&b, AGENT, &d->sub);
	if (!d->no_end)
		append(&b, "\xff", 1);
	while (b.n < d->pad)
		append(&b, "", 1);
	if (d->whole.n > 0)
		b = d->whole;
	for (i = 0; i < d->npatches; i++)
		memcpy(b.p + d->patches[i].at, d->patches[i].value.p,
		    d->patches[i].value.n <= sizeof(b.p) - d->patches[i].at ?
			d->patches[i].value.n :
			0);
	if (d->cut < b.n)
		b.n = d->cut;
	return &b;
}

static void
begin(struct draft *d)
{
	memset(d->header, 0, sizeof(d->header));
	memcpy(d->header, "\1\1\6\0", 4);
	memcpy(d->header + AT_CHADDR, now->hw, 6);
	memcpy(d->header + 236, "\x63\x82\x53\x63", 4);
	put_number(d->header + AT_XID, 4, now->xid);
	if (now->relay) {
		d->header[3] = 1;
		memcpy(d->header + 24, &now->from.sin_addr, 4);
	}
	d->nparts = d->nset = d->npatches = 0;
	d->sub.n = d->whole.n = 0;
	d->type = 0;
	d->pad = PAD;
	d->cut = MESSAGE;
	d->no_end = false;
}

static void
send_bytes(const struct bytes *b)
{
	if (now->fd == -1)
		errx(2, "say first where: on, at or relay");
	if (now->ifindex != 0)
		send_frame(b->p, b->n);
	else if (sendto(now->fd, b->p, b->n, 0, (struct sockaddr *)&now->to,
		     sizeof(now->to)) == -1 &&
	    errno != ECONNREFUSED)
		err(2, "send");
}

static void
send_fields(const char *text, const char *more)
{
	static struct draft d;
	const struct bytes *b;

	begin(&d);
	take_fields(&d, now->set);
	d.nset = d.nparts;
	take_fields(&d, text);
	d.nset = d.nparts;
	take_fields(&d, more);
	b = written(&d);
	if (b->n >= AT_XID + 4)
		now->xid = get_number(b->p + AT_XID, 4);
	now->sent = true;
	send_bytes(b);
}

/* Steps */

static void
step_use(char *args)
{
	now = &probes[number(args, SOCKETS - 1)];
}

static void
open_socket(int domain, int type, int protocol)
{
	int on = 1, size = 4 * 1024 * 1024;

	if (now->fd != -1)
		close(now->fd);
	now->fd = socket(domain, type | SOCK_NONBLOCK, protocol);
	if (now->fd == -1)
		err(2, "socket");
	setsockopt(now->fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	setsockopt(now->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(now->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	now->relay = false;
	now->sent = false;
	now->ifindex = 0;
}

static void
step_on(char *args)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_IP) };
	struct ifreq name = { .ifr_flags = 0 };
	int on = 1;

	open_socket(AF_PACKET, SOCK_RAW, 0);
	strlcpy(name.ifr_name, args, sizeof(name.ifr_name));
	now->ifindex = if_nametoindex(args);
	at.sll_ifindex = (int)now->ifindex;
	if (now->ifindex == 0 || ioctl(now->fd, SIOCGIFHWADDR, &name) == -1 ||
	    bind(now->fd, (struct sockaddr *)&at, sizeof(at)) == -1 ||
	    setsockopt(now->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ==
		-1)
		err(2, "%s", args);
	memcpy(now->hw, name.ifr_hwaddr.sa_data, 6);
	now->from = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(68) };
}

static void
open_udp(char *args, uint16_t port)
{
	open_socket(AF_INET, SOCK_DGRAM, 0);
	now->from = endpoint(args, port);
	if (bind(now->fd, (struct sockaddr *)&now->from, sizeof(now->from)) ==
	    -1)
		err(2, "%s", args);
}

static void
step_at(char *args)
{
	open_udp(args, 68);
}

static void
step_relay(char *args)
{
	open_udp(args, 67);
	now->relay = true;
}

static void
step_from(char *args)
{
	if (now->ifindex == 0)
		bad("from");
	now->from.sin_addr = address(args);
}

static void
step_to(char *args)
{
	char text[TEXT] = "", *name;

	if (args[0] == '$') {
		name = strsep(&args, ",") + 1;
		add_field(text, &now->got, name);
		if (args != NULL)
			add(text, ",%s", args);
	} else
		strlcpy(text, args, sizeof(text));
	now->to = endpoint(text, 67);
}

static void
step_set(char *args)
{
	if (strlcpy(now->set, args, sizeof(now->set)) >= sizeof(now->set))
		bad("set");
}

static void
step_send(char *args)
{
	send_fields(args, "");
}

static void
step_recv(char *args)
{
	if (!await(*args != '\0' ? number(args, UINT16_MAX) : WAIT_MS))
		errx(1, "no answer came");
	print_answer(&now->got);
}

static void
step_nothing(char *args)
{
	if (!await(*args != '\0' ? number(args, UINT16_MAX) : NOTHING_MS))
		return;
	print_answer(&now->got);
	errx(1, "an answer came");
}

static void
step_show(char *args)
{
	char out[TEXT] = "", *word;

	while ((word = strsep(&args, " ")) != NULL) {
		add_field(out, &now->got, word);
		add(out, "%s", args != NULL ? " " : "");
	}
	puts(out);
}

static void
step_order(char *args)
{
	(void)args;
	puts(now->got.order);
}

static void
step_size(char *args)
{
	(void)args;
	printf("%zu\n", now->got.b.n);
}

static void
step_hex(char *args)
{
	(void)args;
	for (size_t i = 0; i < now->got.b.n; i++)
		printf("%02x", now->got.b.p[i]);
	putchar('\n');
}

static void
step_sleep(char *args)
{
	poll(NULL, 0, (int)number(args, UINT16_MAX));
}

static bool
is_type(const struct answer *a, uint8_t type)
{
	return a->has[TYPE] && a->option[TYPE].p[0] == type;
}

/* DISCOVER to ACK; what came last is in now->got. */
static bool
do_dora(const char *text, unsigned ms)
{
	now->xid = arc4random();
	send_fields(text, "type=discover");
	if (!await(ms))
		return false;
	if (!now->got.has[SERVER_ID])
		return true;
	send_fields(text, "type=request opt.50=$yiaddr opt.54=$server");
	do { /* other servers may have made offers, too */
		if (!await(ms))
			return false;
	} while (is_type(&now->got, OFFER));
	return true;
}

static void
step_dora(char *args)
{
	if (!do_dora(args, WAIT_MS))
		errx(1, "no answer came");
	print_answer(&now->got);
}

static int
compare_ip(const void *a, const void *b)
{
	return memcmp(a, b, 4);
}

static size_t
distinct(uint8_t (*ips)[4], size_t n)
{
	size_t i, found = n > 0;

	qsort(ips, n, sizeof(*ips), compare_ip);
	for (i = 1; i < n; i++)
		found += memcmp(ips[i], ips[i - 1], 4) != 0;
	return found;
}

static void
step_fill(char *args)
{
	uint32_t n = number(strsep(&args, " "), 100000), i;
	uint8_t(*ips)[4] = calloc(n + 1, sizeof(*ips));
	char text[TEXT];
	size_t served = 0;

	if (ips == NULL)
		err(2, "fill");
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "mac=02:00:%02x:%02x:%02x:%02x %s",
		    i >> 24, i >> 16 & 255, i >> 8 & 255, i & 255,
		    args != NULL ? args : "");
		if (do_dora(text, FILL_MS) && is_type(&now->got, ACK))
			memcpy(ips[served++], now->got.b.p + 16, 4);
	}
	printf("%zu served, %zu addresses\n", served, distinct(ips, served));
	free(ips);
}

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Change, cut or add. */
static void
spoil(struct bytes *b, uint32_t *state)
{
	unsigned times = random_next(state) % 8;
	size_t at;

	while (times-- > 0) {
		at = random_next(state) % 4 == 0 ? 0 : HEADER;
		at += random_next(state) % (b->n - at);
		b->p[at] = (uint8_t)random_next(state);
	}
	if (random_next(state) % 8 == 0)
		b->n = random_next(state) % (b->n + 1);
	else if (random_next(state) % 8 == 0)
		b->n += random_next(state) % 1300;
}

static void
step_flood(char *args)
{
	/* clang-format off */
	static const char *const good[] = {
		"type=discover opt.61=01:02:03 opt.55=u8:1,3,6,15,119,121",
		"type=request opt.50=10.0.0.9 opt.54=10.0.0.1 opt.81=hex:010000+name:host.lab.test",
		"type=request ciaddr=10.0.0.9 opt.57=u16:1500 sub.1=port sub.5=10.0.0.0",
		"type=decline opt.50=10.0.0.9 opt.54=10.0.0.1",
		"type=release ciaddr=10.0.0.9 opt.54=10.0.0.1",
		"type=inform ciaddr=10.0.0.9 opt.60=PXEClient opt.93=u16:7",
		"opt.52=u8:3 type=discover file=\\x0c\\x02ab\\xff sname=\\x34\\x01\\x03",
		"type=10 ciaddr=10.0.0.9 hlen=0 htype=0",
		"",
	};
	/* clang-format on */
	uint32_t n = number(strsep(&args, " "), 1000000);
	uint32_t state = number(args, UINT16_MAX);
	static struct draft d;
	struct bytes *b;

	while (n-- > 0) {
		begin(&d);
		put_number(d.header + AT_XID, 4, random_next(&state));
		take_fields(&d, now->set);
		take_fields(&d, good[random_next(&state) % COUNT(good)]);
		b = written(&d);
		spoil(b, &state);
		send_bytes(b);
		if (n % 16 == 0)
			poll(NULL, 0, 1); /* else most would be lost */
	}
}

/* clang-format off */
static const struct step steps[] = {
	{ "use", step_use },
	{ "on", step_on },
	{ "at", step_at },
	{ "relay", step_relay },
	{ "from", step_from },
	{ "to", step_to },
	{ "set", step_set },
	{ "send", step_send },
	{ "recv", step_recv },
	{ "nothing", step_nothing },
	{ "show", step_show },
	{ "order", step_order },
	{ "size", step_size },
	{ "hex", step_hex },
	{ "sleep", step_sleep },
	{ "dora", step_dora },
	{ "fill", step_fill },
	{ "flood", step_flood },
	{ NULL, NULL },
};
/* clang-format on */

static void
run(char *text)
{
	char *args = text, *word = strsep(&args, " ");
	const struct step *s;

	for (s = steps; s->name != NULL; s++)
		if (strcmp(s->name, word) == 0) {
			s->run(args != NULL ? args : word + strlen(word));
			return;
		}
	bad(word);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 2)
		errx(2, "usage: dhcp-probe STEP...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < SOCKETS; i++) {
		probes[i].fd = -1;
		probes[i].xid = arc4random();
		memcpy(probes[i].hw, "\2\0\0\0\0", 5);
		probes[i].hw[5] = (uint8_t)i;
		probes[i].to.sin_family = AF_INET;
		probes[i].to.sin_addr.s_addr = INADDR_BROADCAST;
		probes[i].to.sin_port = htons(67);
	}
	for (i = 1; i < argc; i++)
		run(argv[i]);
	return 0;
}
