/*
 * dns-probe: a client of DNS by TCP that does what no good client does.
 *
 *	dns-probe ADDRESS PORT STEP...
 *
 * Steps, each one argument; connections are numbered from 1:
 *
 *	conn [ADDRESS]	open one (from this address), which is the current one
 *	use N		another one is the current one
 *	ask NAME TYPE N	send N questions of this type (a number) at once
 *	slowly NAME	send a question byte by byte, 10 ms apart
 *	bytes HEX	send these
 *	shut		send no more
 *	answers N	read N answers: prints "RCODE" of each, or "closed"
 *	stream		read messages until it is silent: "N messages"
 *	alive		"open" or "closed", whatever waits to be read
 *	end		wait for the end: "closed after N s"
 *	sleep MS
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#define CONNS 64
#define PATIENCE 10000 /* milliseconds */

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static union address server;
static int conns[CONNS + 1], nconns, current;
static uint8_t message[65536];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static socklen_t
parse(const char *text, union address *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->in.sin_addr) == 1) {
		a->sa.sa_family = AF_INET;
		return sizeof(a->in);
	}
	if (inet_pton(AF_INET6, text, &a->in6.sin6_addr) != 1)
		errx(1, "%s: not an address", text);
	a->sa.sa_family = AF_INET6;
	return sizeof(a->in6);
}

static int
fd_now(void)
{
	if (current == 0)
		errx(1, "no connection");
	return conns[current];
}

static void
do_conn(char **w)
{
	socklen_t len = server.sa.sa_family == AF_INET ? sizeof(server.in) :
							 sizeof(server.in6);
	int fd = socket(server.sa.sa_family, SOCK_STREAM, 0), on = 1;
	union address from;

	if (fd == -1 || nconns == CONNS)
		err(1, "socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (w[1] != NULL &&
	    bind(fd, &from.sa, (len = parse(w[1], &from))) == -1)
		err(1, "bind");
	if (connect(fd, &server.sa, len) == -1)
		err(1, "connect");
	conns[++nconns] = fd;
	current = nconns;
}

static void
do_use(char **w)
{
	current = (int)strtonum(w[1], 1, nconns, NULL);
}

/* With the length before it. */
static size_t
question(const char *name, uint16_t type, uint8_t *out)
{
	static const uint8_t head[14] = { 0, 0, 7, 7, 0, 0, 0, 1 };
	uint8_t *p = out + sizeof(head);
	size_t n;

	memcpy(out, head, sizeof(head));
	for (; *name != '\0'; name += n + (name[n] == '.')) {
		n = strcspn(name, ".");
		*p++ = (uint8_t)n;
		memcpy(p, name, n);
		p += n;
	}
	*p++ = 0;
	*p++ = (uint8_t)(type >> 8);
	*p++ = (uint8_t)type;
	*p++ = 0;
	*p++ = 1;
	n = (size_t)(p - out);
	out[0] = (uint8_t)((n - 2) >> 8);
	out[1] = (uint8_t)(n - 2);
	return n;
}

/* What the server does not take within a second is not sent. */
static void
send_bytes(const uint8_t *p, size_t n)
{
	struct pollfd wait = { fd_now(), POLLOUT, 0 };
	ssize_t sent;

	while (n > 0 && poll(&wait, 1, 1000) == 1) {
		sent = send(fd_now(), p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent == -1 && errno != EAGAIN)
			return;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
}

static void
do_ask(char **w)
{
	uint16_t type = (uint16_t)strtonum(w[2], 1, 65535, NULL);
	size_t times = (size_t)strtonum(w[3], 1, 100000, NULL), n, i;
	uint8_t one[512], *all;

	n = question(w[1], type, one);
	if ((all = calloc(times, n)) == NULL)
		err(1, "questions");
	for (i = 0; i < times; i++)
		memcpy(all + i * n, one, n);
	send_bytes(all, times * n);
	free(all);
}

static void
do_slowly(char **w)
{
	uint8_t one[512];
	size_t n = question(w[1], 1, one), i;

	for (i = 0; i < n; i++) {
		send_bytes(one + i, 1);
		usleep(10000);
	}
}

static void
do_bytes(char **w)
{
	char byte[3] = "";
	uint8_t b;
	size_t i;

	for (i = 0; w[1][i] != '\0' && w[1][i + 1] != '\0'; i += 2) {
		memcpy(byte, w[1] + i, 2);
		b = (uint8_t)strtoul(byte, NULL, 16);
		send_bytes(&b, 1);
	}
}

static void
do_shut(char **w)
{
	(void)w;
	shutdown(fd_now(), SHUT_WR);
}

static bool
read_bytes(uint8_t *p, size_t n)
{
	struct pollfd wait = { fd_now(), POLLIN, 0 };
	ssize_t got;

	for (; n > 0; p += got, n -= (size_t)got)
		if (poll(&wait, 1, PATIENCE) != 1 ||
		    (got = recv(fd_now(), p, n, 0)) <= 0)
			return false;
	return true;
}

/* The length of the next message; 0: closed. */
static size_t
read_message(void)
{
	uint8_t prefix[2];
	size_t n;

	if (!read_bytes(prefix, 2))
		return 0;
	n = (size_t)prefix[0] << 8 | prefix[1];
	return n >= 12 && read_bytes(message, n) ? n : 0;
}

static void
do_answers(char **w)
{
	long long n = strtonum(w[1], 1, 100000, NULL);

	for (; n > 0; n--) {
		if (read_message() == 0) {
			puts("closed");
			return;
		}
		printf("%u\n", message[3] & 15);
	}
}

/* Until nothing has come for a second. */
static void
do_stream(char **w)
{
	struct pollfd wait = { fd_now(), POLLIN, 0 };
	unsigned n = 0;

	(void)w;
	while (poll(&wait, 1, 1000) == 1 && read_message() > 0)
		n++;
	printf("%u messages\n", n);
}

/* Is it at its end, behind what waits to be read? */
static bool
at_end(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd_now(), IPPROTO_TCP, TCP_INFO, &info, &len) == -1)
		return true;
	return info.tcpi_state != TCP_ESTABLISHED &&
	    info.tcpi_state != TCP_FIN_WAIT1 &&
	    info.tcpi_state != TCP_FIN_WAIT2;
}

static void
do_alive(char **w)
{
	(void)w;
	puts(at_end() ? "closed" : "open");
}

static void
do_end(char **w)
{
	double begin = now();

	(void)w;
	while (now() - begin < PATIENCE / 1000.0 && !at_end())
		usleep(10000);
	if (!at_end())
		puts("open still");
	else
		printf("closed after %.0f s\n", now() - begin);
}

static void
do_sleep(char **w)
{
	usleep((useconds_t)strtonum(w[1], 1, 60000, NULL) * 1000);
}

static const struct step {
	const char *name;
	int words; /* behind it, at least */
	void (*run)(char **w);
} steps[] = {
	{ "conn", 0, do_conn },
	{ "use", 1, do_use },
	{ "ask", 3, do_ask },
	{ "slowly", 1, do_slowly },
	{ "bytes", 1, do_bytes },
	{ "shut", 0, do_shut },
	{ "answers", 1, do_answers },
	{ "stream", 0, do_stream },
	{ "alive", 0, do_alive },
	{ "end", 0, do_end },
	{ "sleep", 1, do_sleep },
};

static void
run_step(char *text)
{
	char *w[8] = { NULL }, *word;
	size_t i;
	int n = 0;

	while (n < 7 && (word = strsep(&text, " ")) != NULL)
		w[n++] = word;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, w[0]) == 0 && n > steps[i].words) {
			steps[i].run(w);
			return;
		}
	errx(1, "%s: no such step", w[0]);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 4)
		errx(1, "usage: dns-probe address port step ...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	parse(argv[1], &server);
	server.in.sin_port = htons((uint16_t)strtonum(argv[2], 1, 65535, NULL));
	for (i = 3; i < argc; i++)
		run_step(argv[i]);
	return 0;
}
