/*
 * dns-load: ask a DNS server all the time, and count what it does not answer.
 *
 *	dns-load [-t] [-s sockets] [-w window] ADDRESS PORT SECONDS NAME
 *
 * By UDP, `sockets` of them, each with `window` questions under way; one that
 * is not answered within a second is lost. With -t by TCP: connections that
 * each ask `window` questions at once, read all answers and end; one that ends
 * before is broken. Questions are for the name's A. The last line tells
 *
 *	asked N answered N lost N refused N broken N
 *
 * where refused are answers with another RCODE than NOERROR and NXDOMAIN.
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
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#define SOCKETS 64
#define WINDOW 512
#define QUESTION 300
#define ANSWER 65537
#define LOST 1.0 /* seconds */

static union {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
} server;
static socklen_t server_len;
static uint8_t question[QUESTION];
static size_t question_len;
static unsigned window = 20, nsockets = 8;
static uint64_t asked, answered, lost, refused, broken;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
make_server(const char *address, const char *port)
{
	uint16_t n = htons((uint16_t)strtonum(port, 1, 65535, NULL));

	if (inet_pton(AF_INET, address, &server.in.sin_addr) == 1) {
		server.in.sin_family = AF_INET;
		server_len = sizeof(server.in);
	} else if (inet_pton(AF_INET6, address, &server.in6.sin6_addr) == 1) {
		server.in6.sin6_family = AF_INET6;
		server_len = sizeof(server.in6);
	} else
		errx(1, "%s: not an address", address);
	server.in.sin_port = n;
}

/* Header, name, type A, class IN; the id is put in later. */
static void
make_question(const char *name)
{
	uint8_t *p = question + 12;
	size_t n;

	question[5] = 1;
	for (; *name != '\0'; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		if (n > 63 || p + n + 6 > question + QUESTION)
			errx(1, "not a name");
		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
	}
	*p++ = 0;
	memcpy(p, "\0\1\0\1", 4);
	question_len = (size_t)(p + 4 - question);
}

static void
count(const uint8_t *answer)
{
	unsigned rcode = answer[3] & 15;

	answered++;
	if (rcode != 0 && rcode != 3)
		refused++;
}

/* A socket and when its questions were sent; 0: that id is free. */
struct flow {
	int fd;
	double sent[WINDOW];
};

static void
udp_ask(struct flow *f, unsigned id)
{
	question[0] = (uint8_t)(id >> 8);
	question[1] = (uint8_t)id;
	if (send(f->fd, question, question_len, 0) == -1)
		err(1, "send");
	f->sent[id] = now();
	asked++;
}

static void
udp_hear(struct flow *f)
{
	uint8_t answer[4096];
	unsigned id;
	ssize_t n;

	while ((n = recv(f->fd, answer, sizeof(answer), MSG_DONTWAIT)) >= 12) {
		id = (unsigned)answer[0] << 8 | answer[1];
		if (id >= window || f->sent[id] == 0)
			continue; /* lost before, but only late */
		f->sent[id] = 0;
		count(answer);
	}
}

static void
udp_turn(struct flow *f, bool more)
{
	unsigned id;

	for (id = 0; id < window; id++) {
		if (f->sent[id] != 0 && now() - f->sent[id] > LOST) {
			f->sent[id] = 0;
			lost++;
		}
		if (f->sent[id] == 0 && more)
			udp_ask(f, id);
	}
}

static bool
udp_waits(const struct flow *f)
{
	unsigned id;

	for (id = 0; id < window; id++)
		if (f->sent[id] != 0)
			return true;
	return false;
}

static void
udp_load(double seconds)
{
	static struct flow flows[SOCKETS];
	struct pollfd p[SOCKETS];
	double end = now() + seconds;
	bool waits = true;
	unsigned i;

	for (i = 0; i < nsockets; i++) {
		flows[i].fd = socket(server.sa.sa_family, SOCK_DGRAM, 0);
		if (flows[i].fd == -1 ||
		    connect(flows[i].fd, &server.sa, server_len) == -1)
			err(1, "socket");
		p[i] = (struct pollfd){ flows[i].fd, POLLIN, 0 };
	}
	while (now() < end || waits) {
		waits = false;
		for (i = 0; i < nsockets; i++) {
			udp_turn(&flows[i], now() < end);
			waits = waits || udp_waits(&flows[i]);
		}
		poll(p, nsockets, 100);
		for (i = 0; i < nsockets; i++)
			udp_hear(&flows[i]);
	}
}

static bool
read_all(int fd, uint8_t *p, size_t n)
{
	struct pollfd wait = { fd, POLLIN, 0 };
	ssize_t got;

	for (; n > 0; p += got, n -= (size_t)got)
		if (poll(&wait, 1, (int)(LOST * 1000)) != 1 ||
		    (got = recv(fd, p, n, 0)) <= 0)
			return false;
	return true;
}

/* All answers of one connection. */
static bool
tcp_hear(int fd)
{
	static uint8_t answer[ANSWER];
	unsigned i;
	size_t len;

	for (i = 0; i < window; i++) {
		if (!read_all(fd, answer, 2))
			return false;
		len = (size_t)answer[0] << 8 | answer[1];
		if (len < 12 || !read_all(fd, answer, len))
			return false;
		count(answer);
	}
	return true;
}

static void
tcp_once(void)
{
	static uint8_t all[WINDOW * (QUESTION + 2)];
	uint8_t *p = all;
	unsigned i;
	int fd = socket(server.sa.sa_family, SOCK_STREAM, 0);

	for (i = 0; i < window; i++) {
		*p++ = (uint8_t)(question_len >> 8);
		*p++ = (uint8_t)question_len;
		memcpy(p, question, question_len);
		p += question_len;
	}
	asked += window;
	if (fd == -1 || connect(fd, &server.sa, server_len) == -1 ||
	    send(fd, all, (size_t)(p - all), MSG_NOSIGNAL) != p - all ||
	    !tcp_hear(fd))
		broken++;
	if (fd != -1)
		close(fd);
}

int
main(int argc, char **argv)
{
	bool tcp = false;
	double end;
	int ch;

	while ((ch = getopt(argc, argv, "s:tw:")) != -1)
		if (ch == 't')
			tcp = true;
		else if (ch == 's')
			nsockets = (unsigned)strtonum(optarg, 1, SOCKETS, NULL);
		else if (ch == 'w')
			window = (unsigned)strtonum(optarg, 1, WINDOW, NULL);
	argc -= optind;
	argv += optind;
	if (argc != 4 || window == 0 || nsockets == 0)
		errx(1,
		    "usage: dns-load [-t] [-s sockets] [-w window] "
		    "address port seconds name");
	make_server(argv[0], argv[1]);
	make_question(argv[3]);
	end = now() + (double)strtonum(argv[2], 1, 3600, NULL);
	if (!tcp)
		udp_load(end - now());
	while (tcp && now() < end)
		tcp_once();
	printf("asked %llu answered %llu lost %llu refused %llu broken %llu\n",
	    (unsigned long long)asked, (unsigned long long)answered,
	    (unsigned long long)lost, (unsigned long long)refused,
	    (unsigned long long)broken);
	return 0;
}
