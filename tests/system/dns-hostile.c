/*
 * dns-hostile: datagrams and messages by TCP that are nearly good.
 *
 *	dns-hostile ADDRESS PORT NAME ZONE KEY
 *
 * Questions, updates, transfers and notifies of ZONE, plain, with EDNS and with
 * a signature (by KEY, never a right one), are sent
 *	cut at every length, and longer than they are,
 *	with each byte changed to what means something in a message,
 *	with a pointer at each place, to all sides,
 *	with counts that lie,
 *	with many bytes changed, by chance that is the same each time,
 * and by TCP cut at every length. After each of these NAME is asked for. Prints
 * a line of each kind of message: how many were sent, how many were answered,
 * how many answers were no answers to what was sent, and "alive" or "dead".
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define MANY 4000 /* changed by chance, of each kind */
#define WINDOW 32 /* sent before answers are read */
#define PATIENCE 2000 /* milliseconds */
#define HEADER 12

enum { A = 1, SOA = 6, OPT = 41, TSIG = 250, IXFR = 251, AXFR = 252 };

struct message {
	size_t len;
	uint8_t bytes[1024];
};

static union {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} server;
static const char *name, *zone, *key;
static int udp;
static unsigned sent, answered, wrong;
static uint64_t chance = 1;

/* Messages */

static void
put16(struct message *m, unsigned v)
{
	m->bytes[m->len++] = (uint8_t)(v >> 8);
	m->bytes[m->len++] = (uint8_t)v;
}

static void
put_name(struct message *m, const char *text)
{
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '.')) {
		n = strcspn(text, ".");
		m->bytes[m->len++] = (uint8_t)n;
		memcpy(m->bytes + m->len, text, n);
		m->len += n;
	}
	m->bytes[m->len++] = 0;
}

static void
begin(struct message *m, unsigned opcode, const char *who, unsigned type)
{
	memset(m, 0, sizeof(*m));
	put16(m, 0x4d4d);
	put16(m, opcode << 11);
	put16(m, 1);
	m->len = HEADER;
	put_name(m, who);
	put16(m, type);
	put16(m, 1);
}

/* A record of no TTL; which: of the four counts. */
static void
put_record(struct message *m, int which, const char *owner, unsigned type,
    const void *data, size_t len)
{
	put_name(m, owner);
	put16(m, type);
	put16(m, type == OPT ? 1232 : type == TSIG ? 255 : 1);
	put16(m, 0);
	put16(m, 0);
	put16(m, (unsigned)len);
	memcpy(m->bytes + m->len, data, len);
	m->len += len;
	m->bytes[5 + 2 * which]++;
}

static void
put_edns(struct message *m)
{
	put_record(m, 3, "", OPT, "\0\3\0\0\0\12\0\10abcdefgh", 16);
}

static void
put_signature(struct message *m)
{
	struct message data = { .len = 0 };

	put_name(&data, "hmac-sha256");
	data.len += 6; /* when */
	put16(&data, 300);
	put16(&data, 32);
	data.len += 32;
	put16(&data, 0x4d4d);
	put16(&data, 0);
	put16(&data, 0);
	put_record(m, 3, key, TSIG, data.bytes, data.len);
}

static void
put_soa(struct message *m, int which)
{
	put_record(m, which, zone, SOA,
	    "\1a\0\1b\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1", 26);
}

static void
make_question(struct message *m)
{
	begin(m, 0, name, A);
}

static void
make_edns(struct message *m)
{
	begin(m, 0, name, A);
	put_edns(m);
}

static void
make_signed(struct message *m)
{
	begin(m, 0, name, A);
	put_edns(m);
	put_signature(m);
}

static void
make_axfr(struct message *m)
{
	begin(m, 0, zone, AXFR);
	put_signature(m);
}

static void
make_ixfr(struct message *m)
{
	begin(m, 0, zone, IXFR);
	put_soa(m, 2);
}

static void
make_notify(struct message *m)
{
	begin(m, 4, zone, SOA);
	put_soa(m, 1);
}

/* A prerequisite, an addition, a removal. */
static void
make_update(struct message *m)
{
	begin(m, 5, zone, SOA);
	put_record(m, 1, name, A, "", 0);
	put_record(m, 2, name, A, "\12\0\0\7", 4);
	put_record(m, 2, name, 15, "\0\12\1m\300\14", 6);
	put_signature(m);
}

static const struct {
	const char *name;
	void (*make)(struct message *);
} kinds[] = {
	{ "question", make_question },
	{ "edns", make_edns },
	{ "signed", make_signed },
	{ "axfr", make_axfr },
	{ "ixfr", make_ixfr },
	{ "notify", make_notify },
	{ "update", make_update },
};

/* Sending */

static bool
readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* An answer has the id and opcode of what was asked, and QR. Ours differ. */
static void
read_answers(int ms)
{
	uint8_t in[65536];
	ssize_t n;

	while (readable(udp, ms)) {
		if ((n = recv(udp, in, sizeof(in), 0)) == -1)
			continue;
		answered++;
		wrong += n < HEADER || (in[2] & 0x80) == 0;
	}
}

static void
send_bytes(const uint8_t *p, size_t len)
{
	if (send(udp, p, len, 0) == -1)
		warn("send");
	if (++sent % WINDOW == 0)
		read_answers(1);
}

static void
send_changed(const struct message *m, size_t at, unsigned v)
{
	struct message c = *m;

	c.bytes[at] = (uint8_t)v;
	send_bytes(c.bytes, c.len);
}

static void
send_changed16(const struct message *m, size_t at, unsigned v)
{
	struct message c = *m;

	c.bytes[at] = (uint8_t)(v >> 8);
	c.bytes[at + 1] = (uint8_t)v;
	send_bytes(c.bytes, c.len);
}

/* What is done to a message */

static void
cut(const struct message *m)
{
	size_t n;

	for (n = 0; n <= m->len + 40; n++)
		send_bytes(m->bytes, n); /* zeros behind it */
}

static void
bytes(const struct message *m)
{
	static const uint8_t values[] = { 0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0,
		0xff };
	size_t at, i;

	for (at = 0; at < m->len; at++)
		for (i = 0; i < N(values); i++)
			send_changed(m, at, values[i]);
}

static void
pointers(const struct message *m)
{
	size_t at, i;

	for (at = HEADER; at + 1 < m->len; at++) {
		const size_t to[] = { 0, HEADER, at, at - 1, at - 2, at + 2,
			m->len, 0x3fff };

		for (i = 0; i < N(to); i++)
			send_changed16(
			    m, at, 0xc000 | ((unsigned)to[i] & 0x3fff));
	}
}

static void
counts(const struct message *m)
{
	static const unsigned values[] = { 0, 1, 2, 3, 255, 256, 65535 };
	size_t at, i;

	for (at = 4; at < HEADER; at += 2)
		for (i = 0; i < N(values); i++)
			send_changed16(m, at, values[i]);
}

static size_t
any(size_t below)
{
	chance = chance * 6364136223846793005 + 1442695040888963407;
	return (size_t)(chance >> 33) % below;
}

static void
many(const struct message *m)
{
	struct message c;
	size_t i, n;

	for (i = 0; i < MANY; i++) {
		c = *m;
		for (n = 1 + any(6); n > 0; n--)
			c.bytes[any(c.len)] = (uint8_t)any(256);
		send_bytes(c.bytes, any(8) == 0 ? any(c.len) : c.len);
	}
}

/* Each with the length that it has, and then with a length that lies. */
static void
by_tcp(const struct message *m)
{
	uint8_t out[2 + sizeof(m->bytes)], in[4096];
	size_t n;
	int fd;

	for (n = 0; n <= m->len; n++) {
		out[0] = n % 2 == 0 ? 0 : (uint8_t)(m->len >> 8);
		out[1] = (uint8_t)(n % 2 == 0 ? n : m->len);
		memcpy(out + 2, m->bytes, n);
		fd = socket(server.sa.sa_family, SOCK_STREAM, 0);
		if (fd == -1 || connect(fd, &server.sa, sizeof(server)) == -1)
			err(1, "connect");
		if (write(fd, out, n + 2) == -1)
			warn("write");
		shutdown(fd, SHUT_WR);
		while (readable(fd, PATIENCE) && read(fd, in, sizeof(in)) > 0)
			;
		close(fd);
		sent++;
	}
}

static void (*const deeds[])(
    const struct message *) = { cut, bytes, pointers, counts, many, by_tcp };

/* Is a good question answered, with an address? */
static bool
alive(void)
{
	struct message q;
	uint8_t in[512];
	int tries;

	make_question(&q);
	for (tries = 0; tries < 3; tries++) {
		read_answers(20);
		if (send(udp, q.bytes, q.len, 0) != -1 &&
		    readable(udp, PATIENCE) &&
		    recv(udp, in, sizeof(in), 0) > (ssize_t)q.len &&
		    (in[3] & 15) == 0 && in[7] > 0)
			return true;
	}
	return false;
}

static void
parse_server(const char *address, const char *port)
{
	const char *error;
	uint16_t n = (uint16_t)strtonum(port, 1, 65535, &error);

	if (error != NULL)
		errx(1, "%s is not a port", port);
	if (inet_pton(AF_INET6, address, &server.in6.sin6_addr) == 1)
		server.in6.sin6_family = AF_INET6;
	else if (inet_pton(AF_INET, address, &server.in.sin_addr) == 1)
		server.in.sin_family = AF_INET;
	else
		errx(1, "%s is not an address", address);
	server.in.sin_port = htons(n); /* of both families at one place */
}

int
main(int argc, char *argv[])
{
	struct message m;
	bool lives = true;
	size_t i, k;

	if (argc != 6)
		errx(2, "usage: dns-hostile address port name zone key");
	parse_server(argv[1], argv[2]);
	name = argv[3];
	zone = argv[4];
	key = argv[5];
	udp = socket(server.sa.sa_family, SOCK_DGRAM, 0);
	if (udp == -1 || connect(udp, &server.sa, sizeof(server)) == -1)
		err(1, "connect");
	for (i = 0; i < N(kinds) && lives; i++) {
		sent = answered = wrong = 0;
		kinds[i].make(&m);
		for (k = 0; k < N(deeds) && lives; k++) {
			deeds[k](&m);
			lives = alive();
		}
		printf("%s sent %u answered %u wrong %u %s\n", kinds[i].name,
		    sent, answered, wrong, lives ? "alive" : "dead");
	}
	return lives ? 0 : 1;
}
