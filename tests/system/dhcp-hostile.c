/*
 * dhcp-hostile: a DHCP server that says whatever it is told to, for the tests
 * of the client. It answers every DISCOVER and REQUEST by broadcast.
 *
 *	dhcp-hostile [-n] [-l seconds] [-f file] [-s sname] interface address
 *	    [CODE=TEXT | CODE:HEX ...]
 *
 * -n: REQUESTs are refused (NAK). Options of the arguments come besides the
 * server identifier (the first address of the interface), the lease time and,
 * unless 1 is given, the mask 255.255.255.0. Each message that came makes a
 * line: its type.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#define OPTIONS 240

static const char *const types[] = { "?", "DISCOVER", "OFFER", "REQUEST",
	"DECLINE", "ACK", "NAK", "RELEASE", "INFORM" };

static struct {
	bool nak;
	uint32_t lease;
	const char *file, *sname, *interface;
	struct in_addr server, address;
	char **options;
} say = { .lease = 3600 };

static uint8_t request[1500], reply[1400];
static size_t len; /* of reply */

static int
open_socket(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct ifreq ifr = { .ifr_addr.sa_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;

	sin.sin_port = htons(67);
	strlcpy(ifr.ifr_name, say.interface, sizeof(ifr.ifr_name));
	if (fd == -1 || ioctl(fd, SIOCGIFADDR, &ifr) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, say.interface,
		(socklen_t)strlen(say.interface)) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "%s", say.interface);
	memcpy(&sin, &ifr.ifr_addr, sizeof(sin));
	say.server = sin.sin_addr;
	return fd;
}

/* The type of the request; 0: none. */
static unsigned
type_of(size_t n)
{
	size_t i = OPTIONS;

	while (i + 2 < n && request[i] != 255) {
		if (request[i] == 53)
			return request[i + 2];
		i += request[i] == 0 ? 1 : 2U + request[i + 1];
	}
	return 0;
}

static void
add(unsigned code, const void *value, size_t n)
{
	if (n > 255 || n + 3 > sizeof(reply) - len)
		errx(1, "option %u: too long", code);
	reply[len++] = (uint8_t)code;
	reply[len++] = (uint8_t)n;
	memcpy(reply + len, value, n);
	len += n;
}

/* CODE=TEXT or CODE:HEX; true: it was 1. */
static bool
add_option(const char *arg)
{
	char *end;
	unsigned long code = strtoul(arg, &end, 10);
	char pair[3] = "";
	uint8_t bytes[255];
	size_t n = 0;

	if (*end == '=') {
		add((unsigned)code, end + 1, strlen(end + 1));
		return code == 1;
	}
	for (end++; n < sizeof(bytes) && end[0] != '\0' && end[1] != '\0';
	     end += 2) {
		memcpy(pair, end, 2);
		bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	add((unsigned)code, bytes, n);
	return code == 1;
}

static void
answer(int fd, uint8_t type)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(68),
		.sin_addr.s_addr = INADDR_BROADCAST,
	};
	uint32_t lease = htonl(say.lease);
	bool mask = false;
	char **o;

	memset(reply, 0, sizeof(reply));
	memcpy(reply, request, OPTIONS);
	reply[0] = 2;
	memset(reply + 12, 0, 16);
	memset(reply + 44, 0, 192);
	len = OPTIONS;
	add(53, &type, 1);
	add(54, &say.server, 4);
	if (type != 6) {
		memcpy(reply + 16, &say.address, 4);
		memcpy(reply + 44, say.sname, strlen(say.sname));
		memcpy(reply + 108, say.file, strlen(say.file));
		add(51, &lease, 4);
	}
	for (o = say.options; *o != NULL; o++)
		mask |= add_option(*o);
	if (!mask && type != 6)
		add(1, "\xff\xff\xff", 4);
	reply[len++] = 255;
	if (sendto(fd, reply, len, 0, (struct sockaddr *)&to, sizeof(to)) == -1)
		warn("sendto");
}

static void
serve(int fd)
{
	unsigned type;
	ssize_t n;

	for (;;) {
		if ((n = recv(fd, request, sizeof(request), 0)) < OPTIONS)
			continue;
		type = type_of((size_t)n);
		printf("%s\n", types[type < 9 ? type : 0]);
		fflush(stdout);
		if (type == 1)
			answer(fd, 2);
		else if (type == 3)
			answer(fd, say.nak ? 6 : 5);
	}
}

int
main(int argc, char **argv)
{
	int ch;

	say.file = say.sname = "";
	while ((ch = getopt(argc, argv, "f:l:ns:")) != -1)
		switch (ch) {
		case 'f':
			say.file = optarg;
			break;
		case 'l':
			say.lease = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'n':
			say.nak = true;
			break;
		case 's':
			say.sname = optarg;
			break;
		default:
			return 1;
		}
	argc -= optind;
	argv += optind;
	if (argc < 2 || strlen(say.file) > 128 || strlen(say.sname) > 64 ||
	    inet_pton(AF_INET, argv[1], &say.address) != 1)
		errx(1, "usage: interface address [option ...]");
	say.interface = argv[0];
	say.options = argv + 2;
	serve(open_socket());
}
