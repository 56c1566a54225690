/*
 * tftpload: TFTP read load. N clients at once ask for one file, discard what
 * comes, check its length, and begin again.
 *
 *	tftpload [-b blksize] [-w windowsize] [-c clients] [-t seconds]
 *	    [-n transfers] [-l lost-per-1000] host port file
 *
 * -l forgets DATA packets as if the network had lost them. Prints one line of
 * key=value; exit 1 when no transfer and no byte came through.
 */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#define BATCH 64
#define PACKET 65600
#define REPEAT 1.0 /* seconds until a client repeats what it sent last */

struct client {
	int fd; /* -1: idle */
	bool known; /* the server's port is */
	uint16_t block; /* last one in order */
	uint32_t blksize, window, in_window;
	bool gap; /* told of in this window */
	uint64_t got;
	double last, started;
};

static struct {
	uint64_t blksize, window, clients, transfers, loss;
	double seconds;
	struct addrinfo *server;
	const char *file;
} opt = { .blksize = 512,
	.window = 1,
	.clients = 1,
	.transfers = 1 << 30,
	.seconds = 3 };

static struct {
	uint64_t bytes, done, started, repeats, errors, wrong, size;
	uint32_t blksize, window; /* as granted */
} seen;

static int loop;
static struct client *clients;
static uint8_t packets[BATCH][PACKET];
static struct mmsghdr msgs[BATCH];
static struct iovec iov[BATCH];
static union {
	struct sockaddr sa;
	struct sockaddr_storage ss;
} from[BATCH];

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t
add_word(uint8_t *p, size_t n, const char *word)
{
	size_t len = strlen(word) + 1;

	memcpy(p + n, word, len);
	return n + len;
}

static size_t
add_option(uint8_t *p, size_t n, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return add_word(p, add_word(p, n, name), text);
}

static void
request(struct client *c)
{
	uint8_t p[512] = { 0, 1 };
	size_t n = add_word(p, 2, opt.file);

	n = add_word(p, n, "octet");
	if (opt.blksize != 512)
		n = add_option(p, n, "blksize", opt.blksize);
	if (opt.window != 1)
		n = add_option(p, n, "windowsize", opt.window);
	sendto(c->fd, p, n, 0, opt.server->ai_addr, opt.server->ai_addrlen);
}

static void
begin(struct client *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int bytes = 4 << 20;

	if (c->fd != -1)
		close(c->fd);
	memset(c, 0, sizeof(*c));
	c->fd = socket(opt.server->ai_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->fd == -1)
		err(1, "socket");
	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	if (epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &ev) == -1)
		err(1, "epoll");
	c->blksize = 512;
	c->window = 1;
	c->started = c->last = now();
	seen.started++;
	request(c);
}

static void
end(struct client *c)
{
	close(c->fd);
	c->fd = -1;
	if (seen.started < opt.transfers)
		begin(c);
}

static void
acknowledge(struct client *c)
{
	uint8_t p[4] = { 0, 4, (uint8_t)(c->block >> 8), (uint8_t)c->block };

	send(c->fd, p, sizeof(p), 0);
	c->in_window = 0;
}

static void
on_oack(struct client *c, const uint8_t *p, size_t n)
{
	const char *s = (const char *)p + 2, *stop = (const char *)p + n;
	const char *value;
	long long number;

	for (; s < stop; s = value + strlen(value) + 1) {
		if ((value = s + strlen(s) + 1) >= stop)
			break;
		number = strtonum(value, 0, 1 << 30, NULL);
		if (strcmp(s, "blksize") == 0)
			c->blksize = (uint32_t)number;
		else if (strcmp(s, "windowsize") == 0)
			c->window = (uint32_t)number;
	}
	c->block = 0;
	acknowledge(c);
}

static void
finish(struct client *c)
{
	seen.done++;
	seen.blksize = c->blksize;
	seen.window = c->window;
	if (seen.size == 0)
		seen.size = c->got;
	seen.wrong += c->got != seen.size;
	end(c);
}

static void
on_data(struct client *c, const uint8_t *p, size_t n)
{
	uint16_t block = (uint16_t)(p[2] << 8 | p[3]);

	if (opt.loss > 0 && arc4random_uniform(1000) < opt.loss)
		return;
	if (block != (uint16_t)(c->block + 1)) {
		/* RFC 7440 section 4: a gap is told once */
		if ((uint16_t)(block - c->block) < 0x8000 && !c->gap) {
			c->gap = true;
			acknowledge(c);
		}
		return;
	}
	c->gap = false;
	c->block = block;
	c->got += n - 4;
	seen.bytes += n - 4;
	if (n - 4 < c->blksize) {
		acknowledge(c);
		finish(c);
	} else if (++c->in_window >= c->window)
		acknowledge(c);
}

static void
on_packet(struct client *c, const uint8_t *p, size_t n)
{
	if (n < 4)
		return;
	switch (p[1]) {
	case 3:
		on_data(c, p, n);
		break;
	case 5:
		if (seen.errors++ == 0)
			warnx("error %d: %.60s", p[3], (const char *)p + 4);
		end(c);
		break;
	case 6:
		on_oack(c, p, n);
		break;
	default:
		break;
	}
}

static void
on_readable(struct client *c)
{
	unsigned most = opt.blksize > 9000 ? 8 : BATCH, i;
	int n, fd = c->fd;

	for (i = 0; i < most; i++)
		msgs[i].msg_hdr.msg_namelen = sizeof(from[i]);
	if (fd == -1 || (n = recvmmsg(fd, msgs, most, MSG_DONTWAIT, NULL)) <= 0)
		return;
	if (!c->known) {
		connect(fd, &from[0].sa, msgs[0].msg_hdr.msg_namelen);
		c->known = true;
	}
	c->last = now();
	for (i = 0; i < (unsigned)n && c->fd == fd; i++)
		on_packet(c, packets[i], msgs[i].msg_len);
}

static void
repeat_late(void)
{
	double t = now();
	struct client *c;

	for (c = clients; c < clients + opt.clients; c++) {
		if (c->fd == -1 || t - c->last < REPEAT)
			continue;
		seen.repeats++;
		c->last = t;
		if (c->known)
			acknowledge(c);
		else
			request(c);
	}
}

static void
run(void)
{
	double stop = now() + opt.seconds, scan = now();
	struct epoll_event ev[BATCH];
	uint64_t i;
	int n, k;

	for (i = 0; i < opt.clients && seen.started < opt.transfers; i++)
		begin(&clients[i]);
	while (now() < stop && seen.done + seen.errors < opt.transfers) {
		n = epoll_wait(loop, ev, BATCH, 100);
		for (k = 0; k < n; k++)
			on_readable(ev[k].data.ptr);
		if (now() - scan > 0.25) {
			scan = now();
			repeat_late();
		}
	}
}

static uint64_t
number(const char *text, uint64_t most)
{
	const char *error;
	long long n = strtonum(text, 0, (long long)most, &error);

	if (error != NULL)
		errx(2, "%s: %s", text, error);
	return (uint64_t)n;
}

static void
options(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST };
	int ch;

	while ((ch = getopt(argc, argv, "b:c:l:n:t:w:")) != -1) {
		switch (ch) {
		case 'b':
			opt.blksize = number(optarg, 65464);
			break;
		case 'c':
			opt.clients = number(optarg, 60000);
			break;
		case 'l':
			opt.loss = number(optarg, 1000);
			break;
		case 'n':
			opt.transfers = number(optarg, 1 << 30);
			break;
		case 't':
			opt.seconds = (double)number(optarg, 3600);
			break;
		case 'w':
			opt.window = number(optarg, 65535);
			break;
		default:
			exit(2);
		}
	}
	if (argc - optind != 3)
		errx(2, "usage: tftpload [options] host port file");
	if (getaddrinfo(argv[optind], argv[optind + 1], &hints, &opt.server))
		errx(2, "%s: not an address", argv[optind]);
	opt.file = argv[optind + 2];
}

static void
prepare(void)
{
	struct rlimit limit;
	size_t i;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (i = 0; i < BATCH; i++) {
		iov[i].iov_base = packets[i];
		iov[i].iov_len = PACKET - 1;
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_name = &from[i];
	}
	clients = calloc(opt.clients, sizeof(*clients));
	loop = epoll_create1(EPOLL_CLOEXEC);
	if (clients == NULL || loop == -1)
		err(1, "start");
	for (i = 0; i < opt.clients; i++)
		clients[i].fd = -1;
}

int
main(int argc, char *argv[])
{
	double started, took;

	options(argc, argv);
	prepare();
	started = now();
	run();
	took = now() - started;
	printf("seconds=%.3f transfers=%llu rate=%.1f bytes=%llu MB/s=%.2f "
	       "repeats=%llu errors=%llu wrong=%llu blksize=%u window=%u\n",
	    took, (unsigned long long)seen.done, (double)seen.done / took,
	    (unsigned long long)seen.bytes, (double)seen.bytes / took / 1e6,
	    (unsigned long long)seen.repeats, (unsigned long long)seen.errors,
	    (unsigned long long)seen.wrong, seen.blksize, seen.window);
	return seen.bytes == 0;
}
