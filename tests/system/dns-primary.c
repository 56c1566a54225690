/*
 * dns-primary: a primary of every zone that it is asked for, which does with
 * transfers whatever it is told to, for the tests of secondaries.
 *
 *	dns-primary address file
 *
 * Each question makes a line: udp or tcp, and its type. Each is answered as the
 * file says at that time: HOW SERIAL REFRESH RETRY EXPIRE RECORDS. The zone has
 * a SOA with these numbers, an NS, and so many A records.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, IXFR = 251, AXFR = 252 };
#define MESSAGE 65535
#define PER_MESSAGE 100 /* records */

static struct {
	char how[16];
	unsigned serial, refresh, retry, expire, records;
} say;

static struct {
	const char *file;
	uint8_t question[512]; /* the message */
	size_t end; /* of its question */
	uint16_t type;
} asked;

static struct {
	uint8_t bytes[2 + MESSAGE];
	size_t len;
} out;

static void
put(const void *p, size_t n)
{
	memcpy(out.bytes + out.len, p, n);
	out.len += n;
}

static void
put16(unsigned v)
{
	put((uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static void
put32(uint32_t v)
{
	put16(v >> 16);
	put16(v & 0xffff);
}

static void
begin(void)
{
	out.len = 2;
	put(asked.question, asked.end);
	memcpy(out.bytes + 4, "\x84\0\0\1\0\0\0\0\0\0", 10);
}

/* A record of the zone's name, or of nN below it. */
static void
put_rr(int below, unsigned type, size_t len)
{
	char label[16];
	int n;

	if (below >= 0) {
		n = snprintf(label, sizeof(label), "?n%d", below);
		label[0] = (char)(n - 1);
		put(label, (size_t)n);
	}
	put16(0xc00c);
	put16(type);
	put16(1);
	put32(60);
	put16((unsigned)len);
	if (++out.bytes[2 + 7] == 0)
		out.bytes[2 + 6]++;
}

static void
put_soa(unsigned serial)
{
	put_rr(-1, SOA, 22);
	put16(0);
	put32(serial);
	put32(say.refresh);
	put32(say.retry);
	put32(say.expire);
	put32(60);
}

static void
put_ns(void)
{
	put_rr(-1, NS, 5);
	put("\2n0\xc0\x0c", 5);
}

static void
put_a(unsigned i)
{
	put_rr((int)i, A, 4);
	put32(0xc0000200u + i);
}

/* false: the connection has gone. */
static bool
flush(int fd)
{
	out.bytes[0] = (uint8_t)((out.len - 2) >> 8);
	out.bytes[1] = (uint8_t)(out.len - 2);
	return send(fd, out.bytes, out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
}

/* The zone's first records in messages; the last one is not sent. */
static void
body(int fd, unsigned records)
{
	unsigned i;

	begin();
	put_soa(say.serial);
	put_ns();
	for (i = 0; i < records; i++) {
		put_a(i);
		if (i % PER_MESSAGE == PER_MESSAGE - 1) {
			if (!flush(fd))
				return;
			begin();
		}
	}
}

static void
how_good(int fd)
{
	body(fd, say.records);
	put_soa(say.serial);
	flush(fd);
}

/* It ends in the middle. */
static void
how_half(int fd)
{
	body(fd, say.records / 2);
	put_a(say.records);
	flush(fd);
}

/* Nothing more comes, but the connection stays. */
static void
how_stall(int fd)
{
	how_half(fd);
	pause();
}

static void
how_garbage(int fd)
{
	out.len = 2 + 4000;
	arc4random_buf(out.bytes + 2, 4000);
	if (flush(fd))
		how_good(fd);
}

/* Another serial at the end than at the begin. */
static void
how_lying(int fd)
{
	body(fd, say.records);
	put_soa(say.serial + 1);
	flush(fd);
}

/* A name that is an alias and has records. */
static void
how_alias(int fd)
{
	body(fd, say.records);
	put_rr(1, CNAME, 2);
	put16(0xc00c);
	put_soa(say.serial);
	flush(fd);
}

/* Changes that fit no version of ours. */
static void
how_changes(int fd)
{
	if (asked.type == AXFR) {
		how_good(fd);
		return;
	}
	begin();
	put_soa(say.serial);
	put_soa(say.serial - 1);
	put_a(4711);
	put_soa(say.serial);
	put_soa(say.serial);
	flush(fd);
}

static void
how_notimp(int fd)
{
	if (asked.type == AXFR) {
		how_good(fd);
		return;
	}
	begin();
	out.bytes[2 + 3] = 4;
	flush(fd);
}

static void
how_closed(int fd)
{
	(void)fd;
}

static const struct {
	const char *name;
	void (*answer)(int fd);
} hows[] = {
	{ "good", how_good },
	{ "half", how_half },
	{ "stall", how_stall },
	{ "garbage", how_garbage },
	{ "lying", how_lying },
	{ "alias", how_alias },
	{ "changes", how_changes },
	{ "notimp", how_notimp },
	{ "closed", how_closed },
};
#define HOWS (sizeof(hows) / sizeof(hows[0]))

static void
read_file(void)
{
	FILE *fp = fopen(asked.file, "re");

	if (fp == NULL ||
	    fscanf(fp, "%15s %u %u %u %u %u", say.how, &say.serial,
		&say.refresh, &say.retry, &say.expire, &say.records) != 6)
		errx(1, "%s: not six words", asked.file);
	fclose(fp);
}

/* The question's end and type. false: it has none. */
static bool
parse(size_t len)
{
	size_t at = 12;

	while (at < len && asked.question[at] != 0)
		at += 1u + asked.question[at];
	if (at + 5 > len)
		return false;
	asked.end = at + 5;
	asked.type =
	    (uint16_t)(asked.question[at + 1] << 8 | asked.question[at + 2]);
	return true;
}

static void
tell(const char *by)
{
	printf("%s %s\n", by,
	    asked.type == SOA	   ? "SOA" :
		asked.type == IXFR ? "IXFR" :
		asked.type == AXFR ? "AXFR" :
				     "?");
	fflush(stdout);
}

static void
by_udp(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n;

	n = recvfrom(fd, asked.question, sizeof(asked.question), 0,
	    (struct sockaddr *)&from, &len);
	if (n == -1 || !parse((size_t)n))
		return;
	read_file();
	tell("udp");
	begin();
	put_soa(say.serial);
	sendto(
	    fd, out.bytes + 2, out.len - 2, 0, (struct sockaddr *)&from, len);
}

/* One question, one answer, in a process of its own. */
static void
by_tcp(int listener)
{
	int fd = accept(listener, NULL, NULL);
	uint8_t length[2];
	ssize_t n;
	size_t i;

	if (fd == -1)
		return;
	if (fork() != 0) {
		close(fd);
		return;
	}
	close(listener);
	if (recv(fd, length, 2, MSG_WAITALL) != 2 ||
	    (n = recv(fd, asked.question, sizeof(asked.question), 0)) < 12 ||
	    !parse((size_t)n))
		_exit(1);
	read_file();
	tell("tcp");
	for (i = 0; i < HOWS; i++)
		if (strcmp(hows[i].name, say.how) == 0)
			hows[i].answer(fd);
	_exit(0);
}

static int
bound(int type, const char *address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(53) };
	int on = 1, fd = socket(AF_INET, type, 0);

	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		errx(1, "%s: not an address", address);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 16) == -1))
		err(1, "%s", address);
	return fd;
}

int
main(int argc, char **argv)
{
	struct pollfd p[2] = { { .events = POLLIN }, { .events = POLLIN } };

	if (argc != 3)
		errx(1, "usage: dns-primary address file");
	signal(SIGCHLD, SIG_IGN);
	asked.file = argv[2];
	p[0].fd = bound(SOCK_DGRAM, argv[1]);
	p[1].fd = bound(SOCK_STREAM, argv[1]);
	for (;;) {
		if (poll(p, 2, -1) == -1)
			continue;
		if ((p[0].revents & POLLIN) != 0)
			by_udp(p[0].fd);
		if ((p[1].revents & POLLIN) != 0)
			by_tcp(p[1].fd);
	}
}
