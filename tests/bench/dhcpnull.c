/*
 * dhcpnull FILE: the least that a durable DHCP server does on *:67, for the
 * floor under dhcpd's figures: it reads batches of messages, finds each
 * client's place in a table, writes one line for each REQUEST, syncs once for
 * the batch, and answers by the relay. It looks at nothing else.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH 256
#define BYTES 576
#define HEADER 240
#define LINE 128
#define CLIENTS (1u << 20)
#define POOL 0x0a010000u /* 10.1.0.0 */
#define BUFFER_BYTES (8 * 1024 * 1024)

static struct {
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t bytes[BATCH][BYTES];
	char journal[BATCH * LINE];
	size_t len;
} batch;

static struct {
	uint64_t hw; /* 0: free */
} table[CLIENTS];

static uint32_t
place(const uint8_t *chaddr)
{
	uint64_t hw = 0, i;

	memcpy(&hw, chaddr, 6);
	i = (hw * 0x9e3779b97f4a7c15u) >> 44;
	while (table[i].hw != hw && table[i].hw != 0)
		i = (i + 1) % CLIENTS;
	table[i].hw = hw;
	return (uint32_t)i;
}

/* In place: DISCOVER (1) to OFFER, REQUEST (3) to ACK. */
static void
answer(uint8_t *b)
{
	static const uint8_t tail[] = { 51, 4, 0, 0, 14, 16, 54, 4, 10, 0, 0, 1,
		1, 4, 255, 0, 0, 0, 3, 4, 10, 0, 0, 1, 255 };
	uint32_t i = place(b + 28), address = htonl(POOL + i);

	b[0] = 2;
	memcpy(b + 16, &address, 4);
	if (b[HEADER + 2] == 3)
		batch.len += (size_t)snprintf(batch.journal + batch.len, LINE,
		    "lease 10.1.%u.%u bound start 1700000000 end 1700003600 "
		    "hw 1:02:00:00:00:00:00 id 01020000000000 #1a2b3c4d\n",
		    i >> 8 & 255, i & 255);
	b[HEADER + 2] = b[HEADER + 2] == 1 ? 2 : 5;
	memcpy(b + HEADER + 3, tail, sizeof(tail));
}

static void
receive(int fd, unsigned *n)
{
	unsigned i;
	int got;

	for (i = 0; i < BATCH; i++) {
		batch.iov[i] = (struct iovec){ batch.bytes[i], BYTES };
		batch.msgs[i].msg_hdr =
		    (struct msghdr){ .msg_name = &batch.peers[i],
			    .msg_namelen = sizeof(batch.peers[i]),
			    .msg_iov = &batch.iov[i],
			    .msg_iovlen = 1 };
	}
	got = recvmmsg(fd, batch.msgs, BATCH, MSG_WAITFORONE, NULL);
	if (got == -1)
		err(1, "recvmmsg");
	*n = (unsigned)got;
}

static void
commit(int file)
{
	if (batch.len == 0)
		return;
	if (write(file, batch.journal, batch.len) != (ssize_t)batch.len ||
	    fdatasync(file) == -1)
		err(1, "journal");
	batch.len = 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		.sin_port = htons(67) };
	int fd, file, size = BUFFER_BYTES;
	unsigned i, n;

	if (argc != 2)
		errx(1, "usage: dhcpnull FILE");
	file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (file == -1 || fd == -1 ||
	    bind(fd, (struct sockaddr *)&here, sizeof(here)) == -1)
		err(1, "%s, port 67", argv[1]);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	for (;;) {
		receive(fd, &n);
		for (i = 0; i < n; i++) {
			answer(batch.bytes[i]);
			batch.iov[i].iov_len = 300;
		}
		commit(file);
		for (i = 0; i < n;) {
			int sent = sendmmsg(fd, batch.msgs + i, n - i, 0);

			if (sent == -1)
				warn("sendmmsg");
			i += sent > 0 ? (unsigned)sent : 1;
		}
	}
}
