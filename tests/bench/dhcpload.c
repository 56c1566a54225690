/*
 * dhcpload: load for a DHCP server, as a relay agent sends it.
 *
 *	dhcpload [-m MODE] [-n CLIENTS] [-f FIRST] [-w WINDOW] [-t SECONDS]
 *	    [-c COUNT] [-r MILLISECONDS] [-o FILE] SERVER GIADDR
 *
 * WINDOW exchanges are under way at any time, so it finds the server's rate by
 * itself. Modes: dora (DISCOVER to ACK), discover (to OFFER), renew (REQUEST
 * with ciaddr, after an untimed dora of all clients), reboot (REQUEST with
 * option 50, the same). Clients FIRST to FIRST + CLIENTS - 1 are taken in turn;
 * it ends after SECONDS or COUNT exchanges, or by SIGTERM. What is not answered
 * for MILLISECONDS (1000) is begun again. FILE gets a line for each client that
 * was acknowledged an address: that of its last ACK, and its hardware address.
 *
 * Prints name=value words: rate, done, p50 and p99 in ms, timeouts, naks, and
 * twice: addresses that two clients hold. Exits 1 where there is one, 3 where
 * nothing was answered.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#define BATCH 64
#define BYTES 600
#define HEADER 240
#define LATENCIES 1000000
#define BUFFER_BYTES (8 * 1024 * 1024)

enum type { NONE, DISCOVER, OFFER, REQUEST, ACK = 5, NAK };

static const struct mode {
	const char *name;
	enum type first;
	bool whole; /* goes on to the ACK */
	bool bound; /* clients have their addresses before */
	bool ciaddr; /* the address stands there, not in option 50 */
} modes[] = {
	{ "dora", DISCOVER, true, false, false },
	{ "discover", DISCOVER, false, false, false },
	{ "renew", REQUEST, true, true, true },
	{ "reboot", REQUEST, true, true, false },
};

/* An exchange that is under way. */
struct slot {
	uint32_t client, xid; /* xid: its low 16 bits are the slot's number */
	enum type sent; /* NONE: idle */
	double start, last;
};

static struct {
	int fd;
	struct sockaddr_in server;
	struct in_addr giaddr;
	uint32_t clients, first, next;
	unsigned window;
	double patience; /* s without an answer: sent again */
	struct slot *slots;
	/* of each client: its address, its server, what the last ACK said */
	struct in_addr *address, *chosen, *acked;
	uint16_t generation;
} load;

static struct {
	uint64_t done, begun, timeouts, naks;
	double latency[LATENCIES];
} seen;

static struct {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint8_t bytes[BATCH][BYTES];
	unsigned n;
} out;

static volatile sig_atomic_t enough;

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint8_t *
option(uint8_t *p, uint8_t code, uint8_t n, const void *value)
{
	p[0] = code;
	p[1] = n;
	memcpy(p + 2, value, n);
	return p + 2 + n;
}

static size_t
build(uint8_t *b, const struct slot *s, const struct mode *m)
{
	static const uint8_t wanted[] = { 1, 3, 6, 12, 15, 28, 42, 51, 54 };
	uint32_t number = htonl(s->client), i = s->client - load.first;
	uint8_t id[7] = { 1, 2, 0 }, type = (uint8_t)s->sent, *p = b + HEADER;

	memset(b, 0, BYTES);
	memcpy(id + 3, &number, sizeof(number));
	memcpy(b, "\1\1\6\1", 4);
	memcpy(b + 4, &s->xid, 4);
	memcpy(b + 24, &load.giaddr, 4);
	memcpy(b + 28, id + 1, 6);
	memcpy(b + 236, "\x63\x82\x53\x63", 4);
	p = option(p, 53, 1, &type);
	p = option(p, 61, sizeof(id), id);
	if (s->sent == REQUEST && m->ciaddr)
		memcpy(b + 12, &load.address[i], 4);
	else if (s->sent == REQUEST)
		p = option(p, 50, 4, &load.address[i]);
	if (s->sent == REQUEST && !m->bound)
		p = option(p, 54, 4, &load.chosen[i]);
	p = option(p, 55, sizeof(wanted), wanted);
	*p++ = 255;
	return p - b < 300 ? 300 : (size_t)(p - b);
}

static void
flush(void)
{
	unsigned i = 0;
	int n;

	while (i < out.n) {
		n = sendmmsg(load.fd, out.msgs + i, out.n - i, 0);
		if (n > 0)
			i += (unsigned)n;
		else if (errno == EAGAIN || errno == ENOBUFS)
			usleep(100);
		else if (errno != EINTR && errno != ECONNREFUSED)
			err(2, "sendmmsg");
	}
	out.n = 0;
}

static void
push(struct slot *s, const struct mode *m)
{
	unsigned i = out.n++;

	out.iov[i].iov_base = out.bytes[i];
	out.iov[i].iov_len = build(out.bytes[i], s, m);
	out.msgs[i].msg_hdr = (struct msghdr){ .msg_name = &load.server,
		.msg_namelen = sizeof(load.server),
		.msg_iov = &out.iov[i],
		.msg_iovlen = 1 };
	s->last = seconds();
	if (out.n == BATCH)
		flush();
}

static void
begin(struct slot *s, const struct mode *m, uint64_t count)
{
	s->sent = NONE;
	if (seen.begun >= count)
		return;
	seen.begun++;
	s->client = load.first + load.next++ % load.clients;
	s->xid = (uint32_t)(s - load.slots) | (uint32_t)++load.generation << 16;
	s->sent = m->first;
	s->start = seconds();
	push(s, m);
}

/* An answer's type, its server in *server. */
static enum type
read_type(const uint8_t *b, size_t n, struct in_addr *server)
{
	const uint8_t *p = b + HEADER, *end = b + n;
	enum type type = NONE;

	while (p < end && *p != 255) {
		if (*p == 0) {
			p++;
			continue;
		}
		if (end - p < 2 || end - p < 2 + p[1])
			break;
		if (p[0] == 53 && p[1] == 1)
			type = p[2];
		if (p[0] == 54 && p[1] == 4)
			memcpy(server, p + 2, 4);
		p += 2 + p[1];
	}
	return type;
}

static void
finish(struct slot *s, const struct mode *m, uint64_t count)
{
	seen.latency[seen.done++ % LATENCIES] = seconds() - s->start;
	begin(s, m, count);
}

static void
answer(const uint8_t *b, size_t n, const struct mode *m, uint64_t count)
{
	struct in_addr server = { 0 };
	enum type type;
	struct slot *s;
	uint32_t xid;

	if (n < HEADER || b[0] != 2)
		return;
	memcpy(&xid, b + 4, 4);
	s = &load.slots[xid & 0xffff];
	if ((xid & 0xffff) >= load.window || s->xid != xid || s->sent == NONE)
		return;
	type = read_type(b, n, &server);
	if (type == NAK && s->sent == REQUEST) {
		seen.naks++;
		load.address[s->client - load.first].s_addr = 0;
		begin(s, m, count);
		return;
	}
	if (type != (s->sent == DISCOVER ? OFFER : ACK))
		return;
	memcpy(&load.address[s->client - load.first], b + 16, 4);
	load.chosen[s->client - load.first] = server;
	if (type == ACK)
		memcpy(&load.acked[s->client - load.first], b + 16, 4);
	if (type == ACK || !m->whole) {
		finish(s, m, count);
		return;
	}
	s->sent = REQUEST;
	push(s, m);
}

static void
receive(const struct mode *m, uint64_t count)
{
	static uint8_t bytes[BATCH][1500];
	static struct iovec iov[BATCH];
	static struct mmsghdr msgs[BATCH];
	struct pollfd p = { .fd = load.fd, .events = POLLIN };
	int i, n;

	if (poll(&p, 1, (int)(load.patience * 20)) < 1)
		return;
	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ bytes[i], sizeof(bytes[i]) };
		msgs[i].msg_hdr =
		    (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	}
	n = recvmmsg(load.fd, msgs, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++)
		answer(bytes[i], msgs[i].msg_len, m, count);
}

static void
again(const struct mode *m, double now)
{
	struct slot *s;

	for (s = load.slots; s < load.slots + load.window; s++)
		if (s->sent != NONE && now - s->last > load.patience) {
			seen.timeouts++;
			s->sent = m->first;
			push(s, m);
		}
}

/* The seconds that it took. */
static double
drive(const struct mode *m, uint64_t count, double limit)
{
	double start = seconds(), now = start, looked = start;
	unsigned i;

	memset(&seen, 0, sizeof(seen));
	for (i = 0; i < load.window; i++)
		begin(&load.slots[i], m, count);
	flush();
	while (
	    seen.done + seen.naks < count && now - start < limit && !enough) {
		receive(m, count);
		now = seconds();
		if (now - looked > load.patience / 20) {
			again(m, now);
			looked = now;
		}
		flush();
	}
	return now - start;
}

static int
by_latency(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
by_address(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct in_addr));
}

/* Addresses that more than one client was given; `held` gets sorted. */
static uint32_t
twice(struct in_addr *held)
{
	uint32_t i, n = 0;

	qsort(held, load.clients, sizeof(*held), by_address);
	for (i = 1; i < load.clients; i++)
		n +=
		    held[i].s_addr != 0 && held[i].s_addr == held[i - 1].s_addr;
	return n;
}

static void
save(const char *path)
{
	FILE *f = fopen(path, "w");
	uint32_t i, n;

	if (f == NULL)
		err(2, "%s", path);
	for (i = 0; i < load.clients; i++) {
		n = load.first + i;
		if (load.acked[i].s_addr != 0)
			fprintf(f, "%s 02:00:%02x:%02x:%02x:%02x\n",
			    inet_ntoa(load.acked[i]), n >> 24, n >> 16 & 255,
			    n >> 8 & 255, n & 255);
	}
	if (fclose(f) != 0)
		err(2, "%s", path);
}

static void
report(const struct mode *m, double took)
{
	size_t n = seen.done < LATENCIES ? (size_t)seen.done : LATENCIES;
	uint32_t shared = twice(m->whole ? load.acked : load.address);

	qsort(seen.latency, n, sizeof(seen.latency[0]), by_latency);
	printf("mode=%s done=%llu seconds=%.2f rate=%.1f p50=%.3f p99=%.3f "
	       "timeouts=%llu naks=%llu twice=%u\n",
	    m->name, (unsigned long long)seen.done, took,
	    (double)seen.done / took, n > 0 ? seen.latency[n / 2] * 1e3 : 0,
	    n > 0 ? seen.latency[n * 99 / 100] * 1e3 : 0,
	    (unsigned long long)seen.timeouts, (unsigned long long)seen.naks,
	    shared);
	if (shared > 0)
		exit(1);
	if (seen.done == 0)
		exit(3);
}

static void
open_socket(const char *server)
{
	struct sockaddr_in me = { .sin_family = AF_INET,
		.sin_port = htons(67),
		.sin_addr = load.giaddr };
	int size = BUFFER_BYTES;

	load.server.sin_family = AF_INET;
	load.server.sin_port = htons(67);
	if (inet_pton(AF_INET, server, &load.server.sin_addr) != 1)
		errx(2, "%s: no address", server);
	load.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (load.fd == -1 ||
	    bind(load.fd, (struct sockaddr *)&me, sizeof(me)) == -1)
		err(2, "port 67");
	setsockopt(load.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(load.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static uint64_t
number(const char *text, long long min, long long max)
{
	const char *bad = NULL;
	long long n = strtonum(text, min, max, &bad);

	if (bad != NULL)
		errx(2, "%s: %s", text, bad);
	return (uint64_t)n;
}

static void
end(int signal)
{
	(void)signal;
	enough = 1;
}

static const struct mode *
find_mode(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	errx(2, "%s: no mode", name);
}

int
main(int argc, char **argv)
{
	const struct mode *m = &modes[0];
	const char *path = NULL;
	uint64_t count = UINT64_MAX;
	double limit = 5, took;
	int c;

	load.clients = 100000;
	load.window = 64;
	load.patience = 1;
	while ((c = getopt(argc, argv, "c:f:m:n:o:r:t:w:")) != -1)
		switch (c) {
		case 'c':
			count = number(optarg, 1, INT64_MAX);
			break;
		case 'f':
			load.first = (uint32_t)number(optarg, 0, INT32_MAX);
			break;
		case 'm':
			m = find_mode(optarg);
			break;
		case 'n':
			load.clients = (uint32_t)number(optarg, 1, 10000000);
			break;
		case 'o':
			path = optarg;
			break;
		case 'r':
			load.patience = (double)number(optarg, 20, 60000) / 1e3;
			break;
		case 't':
			limit = (double)number(optarg, 1, 3600);
			break;
		case 'w':
			load.window = (unsigned)number(optarg, 1, 65536);
			break;
		default:
			errx(2, "see the head of dhcpload.c");
		}
	if (argc - optind != 2 ||
	    inet_pton(AF_INET, argv[optind + 1], &load.giaddr) != 1)
		errx(2, "see the head of dhcpload.c");
	if (load.window > load.clients)
		load.window = load.clients;
	signal(SIGTERM, end);
	open_socket(argv[optind]);
	load.slots = calloc(load.window, sizeof(load.slots[0]));
	load.address = calloc(load.clients, sizeof(load.address[0]));
	load.chosen = calloc(load.clients, sizeof(load.chosen[0]));
	load.acked = calloc(load.clients, sizeof(load.acked[0]));
	if (load.slots == NULL || load.address == NULL || load.chosen == NULL ||
	    load.acked == NULL)
		err(2, "memory");
	if (m->bound)
		drive(&modes[0], load.clients, 600);
	took = drive(m, count, limit);
	if (path != NULL)
		save(path);
	report(m, took);
}
