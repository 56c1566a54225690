/*
 * dnsnull PORT THREADS: the least that a DNS server does on 127.0.0.1, for the
 * floor under dnsd's figures: each thread reads batches from a socket of its
 * own and sends every question back as its answer. It looks at nothing.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#define BATCH 64
#define BYTES 1232
#define THREADS_MAX 64
#define BUFFER_BYTES (4 * 1024 * 1024)

struct batch {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t bytes[BATCH][BYTES];
};

static uint16_t port;

static int
open_socket(void)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1, size = BUFFER_BYTES;

	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) == -1)
		err(1, "port %u", port);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

static int
receive(int fd, struct batch *b)
{
	int i, n;

	for (i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], BYTES };
		b->msgs[i].msg_hdr = (struct msghdr){ .msg_name = &b->peers[i],
			.msg_namelen = sizeof(b->peers[i]),
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1 };
	}
	n = recvmmsg(fd, b->msgs, BATCH, MSG_WAITFORONE, NULL);
	if (n == -1)
		err(1, "recvmmsg");
	return n;
}

static void *
serve(void *arg)
{
	struct batch *b = calloc(1, sizeof(*b));
	int fd = open_socket(), n, i, sent;

	(void)arg;
	if (b == NULL)
		err(1, NULL);
	for (;;) {
		n = receive(fd, b);
		for (i = 0; i < n; i++) {
			b->bytes[i][2] |= 0x80; /* QR */
			b->iov[i].iov_len = b->msgs[i].msg_len;
		}
		for (i = 0; i<n; i += sent> 0 ? sent : 1)
			sent = sendmmsg(fd, b->msgs + i, (unsigned)(n - i), 0);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];
	const char *bad[2];
	unsigned i, n;

	if (argc != 3)
		errx(1, "usage: dnsnull PORT THREADS");
	port = (uint16_t)strtonum(argv[1], 1, UINT16_MAX, &bad[0]);
	n = (unsigned)strtonum(argv[2], 1, THREADS_MAX, &bad[1]);
	if (bad[0] != NULL || bad[1] != NULL)
		errx(1, "usage: dnsnull PORT THREADS");
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, serve, NULL) != 0)
			errx(1, "threads");
	pause();
	return 0;
}
