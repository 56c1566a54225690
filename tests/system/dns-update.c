/*
 * dns-update: clients that add names to a zone without end, each one update at
 * a time, signed.
 *
 *	dns-update [-n clients] [-f first] [-o file] [-s seconds] KEYFILE
 *	    ADDRESS ZONE
 *
 * The names are hN.ZONE with N from `first` on, their addresses 10.x.y.z of the
 * same number. Each name that a NOERROR was seen for is a line of the file. An
 * update without an answer is sent again after a second. Ends after so many
 * seconds or when it is told to, with one line:
 *
 *	acked N failed N again N in N s: N/s
 *
 * where failed are answers with another code; their names are not tried again.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "log.h"
#include "tsig.h"

#define PORT 53
#define CLIENTS 1000
#define PATIENCE 1.0 /* seconds */

struct client {
	double sent;
	unsigned n; /* of its name */
	uint16_t id;
	size_t len;
	uint8_t message[512];
};

static struct tsig_key key;
static uint8_t zone[DNS_NAME];
static struct client clients[CLIENTS];
static struct pollfd fds[CLIENTS];
static nfds_t nclients = 1;
static unsigned next_name, acked, failed, again;
static FILE *out;
static volatile sig_atomic_t ending;

static void
on_signal(int sig)
{
	(void)sig;
	ending = 1;
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
send_it(size_t i)
{
	struct client *c = &clients[i];

	c->sent = now();
	/* nobody may be there now */
	if (send(fds[i].fd, c->message, c->len, 0) == -1)
		return;
}

static void
put_name(unsigned n, uint8_t name[DNS_NAME])
{
	int len = snprintf((char *)name + 1, 16, "h%u", n);

	name[0] = (uint8_t)len;
	memcpy(name + 1 + len, zone, dns_name_len(zone));
}

static void
begin(size_t i)
{
	struct client *c = &clients[i];
	struct dns_builder b = { .bytes = c->message,
		.limit = sizeof(c->message) };
	struct dns_header h = { .id = ++c->id, .flags = DNS_UPDATE << 11 };
	struct dns_rr rr = { .type = DNS_A, .class = DNS_IN, .ttl = 300 };
	struct tsig tsig = { .key = &key };
	uint8_t address[4];

	c->n = next_name++;
	address[0] = 10;
	address[1] = (uint8_t)(c->n >> 16);
	address[2] = (uint8_t)(c->n >> 8);
	address[3] = (uint8_t)c->n;
	put_name(c->n, rr.name);
	rr.data = address;
	rr.len = sizeof(address);
	dns_put_header(&b, &h);
	dns_put_question(&b, zone, DNS_SOA, DNS_IN);
	dns_put_rr(&b, 2, &rr);
	tsig_sign(&tsig, &b, (uint64_t)time(NULL));
	if (b.full)
		errx(1, "the message does not fit");
	c->len = b.len;
	send_it(i);
}

/* Answers to earlier questions, or to those that were sent twice, are not
 * counted. */
static void
receive(size_t i)
{
	uint8_t p[1024];
	ssize_t n = recv(fds[i].fd, p, sizeof(p), MSG_DONTWAIT);
	struct client *c = &clients[i];

	if (n < DNS_HEADER || (p[0] << 8 | p[1]) != c->id)
		return;
	if ((p[3] & 15) == DNS_NOERROR) {
		acked++;
		if (out != NULL)
			fprintf(out, "h%u\n", c->n);
	} else {
		failed++;
	}
	begin(i);
}

static void
run(double seconds)
{
	double start = now(), t;
	size_t i;

	for (i = 0; i < nclients; i++)
		begin(i);
	while (!ending && (t = now()) - start < seconds) {
		poll(fds, nclients, 100);
		for (i = 0; i < nclients; i++) {
			if (fds[i].revents != 0)
				receive(i);
			else if (t - clients[i].sent > PATIENCE) {
				again++;
				send_it(i);
			}
		}
	}
	t = now() - start;
	printf("acked %u failed %u again %u in %.1f s: %.0f/s\n", acked, failed,
	    again, t, acked / t);
}

static void
connect_all(const char *address)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(PORT) };
	size_t i;

	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		errx(1, "%s: not an address", address);
	for (i = 0; i < nclients; i++) {
		fds[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		fds[i].events = POLLIN;
		if (fds[i].fd == -1 ||
		    connect(fds[i].fd, (struct sockaddr *)&sin, sizeof(sin)) ==
			-1)
			err(1, "socket");
	}
}

static unsigned
number(const char *s, long long max)
{
	const char *error;
	long long n = strtonum(s, 1, max, &error);

	if (error != NULL)
		errx(1, "%s is %s", s, error);
	return (unsigned)n;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	unsigned seconds = 1000000;
	int c;

	while ((c = getopt(argc, argv, "f:n:o:s:")) != -1)
		if (c == 'f')
			next_name = number(optarg, 1 << 30);
		else if (c == 'n')
			nclients = number(optarg, CLIENTS);
		else if (c == 'o')
			out = fopen(optarg, "w");
		else if (c == 's')
			seconds = number(optarg, 1000000);
		else
			return 1;
	if (argc - optind != 3 || tsig_key_read(argv[optind], &key) == -1 ||
	    dns_name_parse(argv[optind + 2], zone) == 0)
		errx(1,
		    "usage: dns-update [-n clients] [-f first] [-o file] "
		    "[-s seconds] keyfile address zone");
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	connect_all(argv[optind + 1]);
	run(seconds);
	return out != NULL && fclose(out) == EOF;
}
