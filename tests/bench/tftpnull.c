/*
 * tftpnull PORT BYTES: the least that any TFTP server does on 127.0.0.1, for
 * the floor under tftpd's figures: it reads batches of packets and answers
 * each from one block in memory, as if all asked for a file of so many bytes
 * with a blksize of 1428; it looks at nothing else and keeps nothing.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <stdint.h>
#include <string.h>

#include <bsd/stdlib.h>

#define BATCH 64
#define BLOCK 1428
#define BUFFER_BYTES (4 * 1024 * 1024)

enum { RRQ = 1, DATA = 3, ACK = 4, OACK = 6 };

static struct packet {
	uint8_t in[512], head[16];
	struct sockaddr_in peer;
	struct iovec iov[2];
} packets[BATCH];

static const uint8_t oack[] = "\0\6blksize\0"
			      "1428";
static uint8_t block[BLOCK];

/* The answer's length in parts, 0 for none. */
static size_t
answer(struct packet *p, unsigned blocks, size_t last)
{
	unsigned number;

	if (p->in[1] == RRQ) {
		memcpy(p->head, oack, sizeof(oack));
		p->iov[0] = (struct iovec){ p->head, sizeof(oack) };
		return 1;
	}
	number = (unsigned)(p->in[2] << 8 | p->in[3]) + 1;
	if (p->in[1] != ACK || number > blocks)
		return 0;
	p->head[0] = 0;
	p->head[1] = DATA;
	p->head[2] = (uint8_t)(number >> 8);
	p->head[3] = (uint8_t)number;
	p->iov[0] = (struct iovec){ p->head, 4 };
	p->iov[1] = (struct iovec){ block, number == blocks ? last : BLOCK };
	return 2;
}

static unsigned
receive(int fd, struct mmsghdr *msgs)
{
	unsigned i;
	int n;

	for (i = 0; i < BATCH; i++) {
		packets[i].iov[0] =
		    (struct iovec){ packets[i].in, sizeof(packets[i].in) };
		msgs[i].msg_hdr = (struct msghdr){ .msg_name = &packets[i].peer,
			.msg_namelen = sizeof(packets[i].peer),
			.msg_iov = packets[i].iov,
			.msg_iovlen = 1 };
	}
	if ((n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL)) == -1)
		err(1, "recvmmsg");
	return (unsigned)n;
}

static void
serve(int fd, size_t bytes)
{
	static struct mmsghdr in[BATCH], out[BATCH];
	unsigned blocks = (unsigned)(bytes / BLOCK) + 1, i, n, nout;

	for (;;) {
		n = receive(fd, in);
		for (i = nout = 0; i < n; i++) {
			out[nout].msg_hdr = in[i].msg_hdr;
			out[nout].msg_hdr.msg_iovlen =
			    answer(&packets[i], blocks, bytes % BLOCK);
			nout += out[nout].msg_hdr.msg_iovlen > 0;
		}
		if (nout > 0 && sendmmsg(fd, out, nout, 0) == -1)
			warn("sendmmsg");
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const char *bad = NULL;
	int fd, size = BUFFER_BYTES;
	size_t bytes;

	if (argc != 3)
		errx(1, "usage: tftpnull PORT BYTES");
	here.sin_port = htons((uint16_t)strtonum(argv[1], 1, 65535, &bad));
	bytes = (size_t)strtonum(argv[2], 0, 65535LL * BLOCK - 1, &bad);
	if (bad != NULL)
		errx(1, "a number is %s", bad);
	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1 ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) == -1)
		err(1, "port %s", argv[1]);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	serve(fd, bytes);
}
