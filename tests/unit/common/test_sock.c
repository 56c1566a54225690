/*
 * sock: addresses as text, sockets bound all or none, shared, taken over, and
 * inherited. Runs in a network of its own where it may.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "log.h"
#include "sock.h"
#include "tap.h"

static uint16_t port; /* of this run alone */
static struct sock_set set, other;

static struct sock_spec
spec_of(int type, unsigned slots)
{
	struct sock_spec s = { .type = type, .port = port, .slots = slots };

	return s;
}

/* What was said since the last call. */
static const char *
told(void)
{
	static char text[4096];
	ssize_t n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	ck_assert_int_eq(ftruncate(STDERR_FILENO, 0), 0);
	return text;
}

static void
setup(void)
{
	int fd = open("err", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);

	ck_assert_int_ne(fd, -1);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

static int
open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 512; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static int
option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

/* clang-format off */
static const struct {
	const char *text;
	int rc;
	const char *name; /* as sock_name says it; "*:N" for both families */
	const char *device;
	bool has_port;
} addresses[] = {
	{ "192.0.2.1", 0, "192.0.2.1:0", "", false },
	{ "192.0.2.1:69", 0, "192.0.2.1:69", "", true },
	{ "192.0.2.1:065", 0, "192.0.2.1:65", "", true },
	{ "192.0.2.1:65535", 0, "192.0.2.1:65535", "", true },
	{ "192.0.2.1%eth0", 0, "192.0.2.1:0", "eth0", false },
	{ "192.0.2.1%eth0:69", 0, "192.0.2.1:69", "eth0", true },
	{ "2001:db8::1", 0, "[2001:db8::1]:0", "", false },
	{ "2001:db8::1:69", 0, "[2001:db8::1:69]:0", "", false },
	{ "[2001:db8::1]", 0, "[2001:db8::1]:0", "", false },
	{ "[2001:db8::1]:69", 0, "[2001:db8::1]:69", "", true },
	{ "[2001:DB8:0::1]:69", 0, "[2001:db8::1]:69", "", true },
	{ "fe80::1%eth0", 0, "[fe80::1]:0", "eth0", false },
	{ "[fe80::1%eth0]:69", 0, "[fe80::1]:69", "eth0", true },
	{ "::", 0, "[::]:0", "", false },
	{ "0.0.0.0:1", 0, "0.0.0.0:1", "", true },
	{ "*", 0, "*:0", "", false },
	{ "*:69", 0, "*:69", "", true },
	{ "*%eth0.100:69", 0, "*:69", "eth0.100", true },
	{ "*%fifteen-letters", 0, "*:0", "fifteen-letters", false },
	{ "*%sixteen-letters!", -1, NULL, NULL, false },
	{ "", -1, NULL, NULL, false },
	{ " 192.0.2.1", -1, NULL, NULL, false },
	{ "192.0.2", -1, NULL, NULL, false },
	{ "192.0.2.256", -1, NULL, NULL, false },
	{ "192.0.2.1:", -1, NULL, NULL, false },
	{ "192.0.2.1:0", -1, NULL, NULL, false },
	{ "192.0.2.1:65536", -1, NULL, NULL, false },
	{ "192.0.2.1:99999999999999999999", -1, NULL, NULL, false },
	{ "192.0.2.1:-1", -1, NULL, NULL, false },
	{ "192.0.2.1:+69", -1, NULL, NULL, false },
	{ "192.0.2.1: 69", -1, NULL, NULL, false },
	{ "192.0.2.1:69x", -1, NULL, NULL, false },
	{ "192.0.2.1:tftp", -1, NULL, NULL, false },
	{ "192.0.2.1%", -1, NULL, NULL, false },
	{ "[192.0.2.1]:69", -1, NULL, NULL, false },
	{ "[*]:69", -1, NULL, NULL, false },
	{ "[2001:db8::1", -1, NULL, NULL, false },
	{ "[2001:db8::1]69", -1, NULL, NULL, false },
	{ "[2001:db8::1]:", -1, NULL, NULL, false },
	{ "[]:69", -1, NULL, NULL, false },
	{ "2001:db8::g", -1, NULL, NULL, false },
	{ "localhost", -1, NULL, NULL, false },
	{ "**", -1, NULL, NULL, false },
	{ "%eth0", -1, NULL, NULL, false },
};
/* clang-format on */

START_TEST(parse)
{
	char device[16], name[SOCK_NAMELEN];
	union sock_addr a;
	bool has_port;

	ck_assert_int_eq(sock_parse(addresses[_i].text, &a, device, &has_port),
	    addresses[_i].rc);
	if (addresses[_i].rc == -1)
		return;
	if (a.sa.sa_family == AF_UNSPEC)
		snprintf(name, sizeof(name), "*:%u", sock_port(&a));
	else
		sock_name(&a, name);
	ck_assert_str_eq(name, addresses[_i].name);
	ck_assert_str_eq(device, addresses[_i].device);
	ck_assert_int_eq(has_port, addresses[_i].has_port);
}
END_TEST

START_TEST(parse_long)
{
	char text[300], device[16];
	union sock_addr a;
	bool has_port;

	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(sock_parse(text, &a, device, &has_port), -1);
}
END_TEST

START_TEST(names)
{
	union sock_addr a = { .in6 = { .sin6_family = AF_INET6 } };
	char name[SOCK_NAMELEN];

	inet_pton(AF_INET6, "fe80::1", &a.in6.sin6_addr);
	sock_set_port(&a, 69);
	a.in6.sin6_scope_id = if_nametoindex("lo");
	ck_assert_str_eq(sock_name(&a, name), "[fe80::1%lo]:69");
	a.in6.sin6_scope_id = 4000000000U;
	ck_assert_str_eq(sock_name(&a, name), "[fe80::1%4000000000]:69");
	/* the longest there can be */
	inet_pton(AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	    &a.in6.sin6_addr);
	ck_assert_str_eq(sock_name(&a, name),
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4000000000]:69");
	memset(&a, 0, sizeof(a));
	a.in.sin_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.1", &a.in.sin_addr);
	sock_set_port(&a, 65535);
	ck_assert_str_eq(sock_name(&a, name), "192.0.2.1:65535");
	a.sa.sa_family = AF_UNIX;
	ck_assert_str_eq(sock_name(&a, name), "?:0");
	ck_assert_int_eq((int)sock_addrlen(&a), 0);
}
END_TEST

START_TEST(equal)
{
	static const char *const all[] = { "192.0.2.1:1", "192.0.2.1:2",
		"192.0.2.2:1", "[::1]:1", "[::1]:2", "[::2]:1" };
	union sock_addr a, b;
	char device[16];
	size_t i, k;
	bool has;

	for (i = 0; i < 6; i++)
		for (k = 0; k < 6; k++) {
			sock_parse(all[i], &a, device, &has);
			sock_parse(all[k], &b, device, &has);
			ck_assert_int_eq(sock_addr_equal(&a, &b), i == k);
		}
	sock_parse("fe80::1", &a, device, &has);
	b = a;
	b.in6.sin6_scope_id = 2;
	ck_assert(!sock_addr_equal(&a, &b));
}
END_TEST

/* A client's socket of this type to an address of ours, our port. */
static int
client(int type, const char *host)
{
	char device[16];
	union sock_addr a;
	bool has;
	int fd;

	ck_assert_int_eq(sock_parse(host, &a, device, &has), 0);
	if (!has)
		sock_set_port(&a, port);
	fd = socket(a.sa.sa_family, type | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(connect(fd, &a.sa, sock_addrlen(&a)), 0);
	return fd;
}

static void
send_to(const char *host, const char *text)
{
	int fd = client(SOCK_DGRAM, host);

	ck_assert_int_eq(
	    send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	close(fd);
}

/* The next datagram's text, or "" where none waits. */
static const char *
take(const struct sock *s)
{
	static char text[64];
	ssize_t n = recv(s->fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* The address that the next datagram was sent to. */
static const char *
sent_to(const struct sock *s)
{
	static char text[INET6_ADDRSTRLEN];
	char bytes[8];
	union {
		struct cmsghdr align;
		char bytes[256];
	} control;
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control) };
	struct in_pktinfo in;
	struct in6_pktinfo in6;
	struct cmsghdr *c;

	ck_assert_int_ge(recvmsg(s->fd, &msg, 0), 0);
	ck_assert_ptr_nonnull(c = CMSG_FIRSTHDR(&msg));
	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&in, CMSG_DATA(c), sizeof(in));
		inet_ntop(AF_INET, &in.ipi_addr, text, sizeof(text));
	} else {
		ck_assert_int_eq(c->cmsg_level, IPPROTO_IPV6);
		ck_assert_int_eq(c->cmsg_type, IPV6_PKTINFO);
		memcpy(&in6, CMSG_DATA(c), sizeof(in6));
		inet_ntop(AF_INET6, &in6.ipi6_addr, text, sizeof(text));
	}
	return text;
}

static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

static int
listen_on(struct sock_set *s, const struct sock_set *old, int type,
    unsigned slots, const char *where)
{
	struct sock_spec spec = spec_of(type, slots);

	return sock_listen(s, old, &spec, where);
}

static void
listens(struct sock_set *s, const struct sock_set *old, int type,
    unsigned slots, const char *where)
{
	ck_assert_msg(listen_on(s, old, type, slots, where) == 0, "%s: %s",
	    where, told());
}

/* Refused with this message, and nothing is left open. */
static void
refuses(struct sock_set *s, const struct sock_set *old, int type,
    unsigned slots, const char *where)
{
	int before = open_fds();
	size_t n = s->n;

	told();
	ck_assert_int_eq(listen_on(s, old, type, slots, where), -1);
	ck_assert_uint_eq(s->n, n);
	ck_assert_int_eq(open_fds(), before);
	ck_assert_ptr_nonnull(strstr(told(), ": listen "));
}

START_TEST(both_families)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	size_t i;

	listens(&set, NULL, SOCK_DGRAM, 1, "*");
	ck_assert_uint_eq(set.n, 2);
	ck_assert_int_eq(option(set.v[1].fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	for (i = 0; i < 2; i++) {
		const struct sock *s = &set.v[i];

		ck_assert_int_eq(
		    s->addr.sa.sa_family, i == 0 ? AF_INET : AF_INET6);
		ck_assert_int_eq(sock_port(&s->addr), port);
		ck_assert_int_eq(s->type, SOCK_DGRAM);
		ck_assert_int_eq(s->origin, SOCK_BOUND);
		ck_assert_uint_eq(s->slot, 0);
		ck_assert_int_ne(fcntl(s->fd, F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_eq(fcntl(s->fd, F_GETFD), FD_CLOEXEC);
		send_to(hosts[i], hosts[i]);
		ck_assert_str_eq(take(s), hosts[i]);
		send_to(hosts[i], "x");
		ck_assert_str_eq(sent_to(s), hosts[i]);
		ck_assert_str_eq(take(&set.v[0]), "");
		ck_assert_str_eq(take(&set.v[1]), "");
	}
	ck_assert_int_eq(option(set.v[0].fd, SOL_SOCKET, SO_BROADCAST), 1);
}
END_TEST

START_TEST(accepted)
{
	static const char *const hosts[] = { "127.0.0.1", "::1" };
	static const char *const peers[] = { "127.0.0.1:0", "[::1]:0" };
	char name[SOCK_NAMELEN];
	union sock_addr peer;
	size_t i;
	int fd;

	listens(&set, NULL, SOCK_STREAM, 1, "*");
	ck_assert_uint_eq(set.n, 2);
	for (i = 0; i < 2; i++) {
		errno = 0;
		ck_assert_int_eq(sock_accept(set.v[i].fd, &peer), -1);
		ck_assert_int_eq(errno, EAGAIN);
		client(SOCK_STREAM, hosts[i]);
		fd = sock_accept(set.v[i].fd, &peer);
		ck_assert_int_ne(fd, -1);
		ck_assert_uint_ne(sock_port(&peer), 0);
		sock_set_port(&peer, 0);
		ck_assert_str_eq(sock_name(&peer, name), peers[i]);
		ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		ck_assert_int_eq(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	}
}
END_TEST

START_TEST(which_port)
{
	struct sock_spec spec = spec_of(SOCK_DGRAM, 1);
	char where[64];

	snprintf(where, sizeof(where), "127.0.0.1:%u", port + 1);
	ck_assert_int_eq(sock_listen(&set, NULL, &spec, "127.0.0.1"), 0);
	ck_assert_int_eq(sock_listen(&set, NULL, &spec, where), 0);
	ck_assert_int_eq(sock_port(&set.v[0].addr), port);
	ck_assert_int_eq(sock_port(&set.v[1].addr), port + 1);
	send_to(where, "x");
	ck_assert_str_eq(take(&set.v[1]), "x");
	sock_set_undo(&set);
	spec.force_port = true;
	ck_assert_int_eq(sock_listen(&set, NULL, &spec, where), 0);
	ck_assert_int_eq(sock_port(&set.v[0].addr), port);
}
END_TEST

/* The second address is taken: the first is free again. */
START_TEST(all_or_nothing)
{
	int type = types[_i];

	listens(&other, NULL, type, 1, "::1");
	listens(&set, NULL, type, 1, "127.0.0.2");
	refuses(&set, NULL, type, 1, "*");
	refuses(&set, NULL, type, 4, "*");
	ck_assert_uint_eq(set.n, 1); /* what was there stays */
	listens(&set, NULL, type, 1, "127.0.0.1");
}
END_TEST

START_TEST(bad_address)
{
	static const char *const bad[] = { "nonsense", "198.51.100.77",
		"2001:db8::77", "127.0.0.1%nosuch", "::ffff:127.0.0.1" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(&set, NULL, types[_i], 1, bad[i]);
}
END_TEST

START_TEST(twice)
{
	listens(&set, NULL, types[_i], 1, "127.0.0.1");
	refuses(&set, NULL, types[_i], 1, "127.0.0.1");
	refuses(&set, &set, types[_i], 1, "127.0.0.1");
}
END_TEST

START_TEST(too_many)
{
	char where[32];
	int i, before = open_fds();

	for (i = 1; i < SOCK_MAX; i++) {
		snprintf(
		    where, sizeof(where), "127.0.%d.%d", 1 + i / 256, i % 256);
		listens(&set, NULL, SOCK_DGRAM, 1, where);
	}
	refuses(&set, NULL, SOCK_DGRAM, 2, "127.0.0.1");
	refuses(&set, NULL, SOCK_DGRAM, 1, "*");
	sock_set_undo(&set);
	ck_assert_uint_eq(set.n, 0);
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(device)
{
	char name[IF_NAMESIZE] = "";
	socklen_t len = sizeof(name);

	listens(&set, NULL, types[_i], 1, "127.0.0.1%lo");
	ck_assert_str_eq(set.v[0].device, "lo");
	ck_assert_int_eq(
	    getsockopt(set.v[0].fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len),
	    0);
	ck_assert_str_eq(name, "lo");
	refuses(&set, NULL, types[_i], 1, "127.0.0.1%nosuch");
	/* the message says where */
	listen_on(&set, NULL, types[_i], 1, "127.0.0.1%nosuch");
	ck_assert_ptr_nonnull(strstr(told(), "%nosuch: No such device"));
}
END_TEST

/* No IPv6 in the kernel: "*" means the rest, "::1" is an error. */
START_TEST(without_v6)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_int_eq(
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT),
		SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0)),
	    0);
	ck_assert_int_eq(seccomp_load(ctx), 0);
	seccomp_release(ctx);
	listens(&set, NULL, types[_i], 2, "*");
	ck_assert_uint_eq(set.n, 2);
	ck_assert_int_eq(set.v[1].addr.sa.sa_family, AF_INET);
	refuses(&set, NULL, types[_i], 1, "::1");
}
END_TEST

/* A reload: what stays is the same socket, with its queue. */
START_TEST(taken_over)
{
	struct sock_set old = { .n = 0 };
	int fd;

	listens(&old, NULL, SOCK_DGRAM, 1, "127.0.0.1");
	listens(&old, NULL, SOCK_DGRAM, 1, "127.0.0.2");
	send_to("127.0.0.1", "early");
	listens(&set, &old, SOCK_DGRAM, 1, "127.0.0.1");
	listens(&set, &old, SOCK_DGRAM, 1, "127.0.0.3");
	ck_assert_int_eq(set.v[0].fd, old.v[0].fd);
	ck_assert(set.v[0].kept);
	ck_assert(!set.v[1].kept);
	/* the reload fails: the new one is closed, the old ones stay */
	fd = set.v[1].fd;
	sock_set_undo(&set);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_ne(fcntl(old.v[0].fd, F_GETFD), -1);
	/* it succeeds: the one that is not listed any more is closed */
	listens(&set, &old, SOCK_DGRAM, 1, "127.0.0.1");
	fd = old.v[1].fd;
	sock_set_release(&old, &set);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_str_eq(take(&set.v[0]), "early");
	sock_set_release(&set, NULL);
	ck_assert_uint_eq(set.n, 0);
	listens(&set, NULL, SOCK_DGRAM, 1, "127.0.0.1");
}
END_TEST

START_TEST(connection_taken_over)
{
	struct sock_set old = { .n = 0 };
	union sock_addr peer;

	listens(&old, NULL, SOCK_STREAM, 1, "::1");
	client(SOCK_STREAM, "::1");
	listens(&set, &old, SOCK_STREAM, 3, "::1");
	sock_set_release(&old, &set);
	ck_assert_uint_eq(set.n, 3);
	ck_assert_int_ne(sock_accept(set.v[0].fd, &peer), -1);
}
END_TEST

/* Each slot gets its part of the datagrams, none is lost or doubled. */
START_TEST(slots)
{
	int got[3] = { 0 }, i, k;

	listens(&set, NULL, SOCK_DGRAM, 3, "127.0.0.1");
	ck_assert_uint_eq(set.n, 3);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(set.v[i].slot, (unsigned)i);
	for (i = 0; i < 300; i++)
		send_to("127.0.0.1", "x");
	for (k = 0; k < 3; k++)
		while (*take(&set.v[k]) == 'x')
			got[k]++;
	ck_assert_int_eq(got[0] + got[1] + got[2], 300);
	for (k = 0; k < 3; k++)
		ck_assert_int_gt(got[k], 20);
}
END_TEST

START_TEST(more_slots)
{
	struct sock_set old = { .n = 0 };
	int got = 0, i, k;

	listens(&old, NULL, SOCK_DGRAM, 1, "127.0.0.1");
	for (i = 0; i < 10; i++)
		send_to("127.0.0.1", "x");
	listens(&set, &old, SOCK_DGRAM, 3, "127.0.0.1");
	sock_set_release(&old, &set);
	for (i = 0; i < 90; i++)
		send_to("127.0.0.1", "x");
	for (k = 2; k >= 0; k--) {
		i = got;
		while (*take(&set.v[k]) == 'x')
			got++;
		ck_assert_int_gt(got, i);
	}
	ck_assert_int_eq(got, 100);
}
END_TEST

/* A stranger at our address is told, however many slots each of us has. */
START_TEST(stranger)
{
	static const unsigned counts[] = { 1, 3 };
	int type = types[_i];
	size_t i, k;

	for (i = 0; i < 2; i++) {
		listens(&other, NULL, type, counts[i], "127.0.0.1");
		for (k = 0; k < 2; k++) {
			refuses(&set, NULL, type, counts[k], "127.0.0.1");
			refuses(&set, NULL, type, counts[k], "*");
		}
		sock_set_undo(&other);
	}
	listens(&other, NULL, type, 3, "*");
	refuses(&set, NULL, type, 3, "127.0.0.1");
	ck_assert_uint_eq(set.n, 0);
}
END_TEST

/* clang-format off */
static const char *const changes[][2] = {
	{ "*", "127.0.0.1" }, { "127.0.0.1", "*" },
	{ "*", "::1" }, { "::1", "*" },
	{ "*", "127.0.0.1%lo" }, { "127.0.0.1%lo", "127.0.0.1" },
};
/* clang-format on */

/* From everywhere to one address, and back, while the old one still lives. */
START_TEST(narrower_wider)
{
	const char *from = changes[_i / 2][0], *to = changes[_i / 2][1];
	int type = types[_i % 2];

	listens(&other, NULL, type, 1, from);
	refuses(&set, NULL, type, 1, to); /* for a stranger it is taken */
	listens(&set, &other, type, 1, to);
	sock_set_release(&other, &set);
	/* ours now, and only ours */
	memset(&other, 0, sizeof(other));
	refuses(&other, NULL, type, 1, to);
	sock_set_undo(&set);
	listens(&set, NULL, type, 1, from);
	listens(&set, NULL, type, 1, to); /* side by side */
}
END_TEST

/* Who still holds the old socket gets what waited, the new one the rest. */
START_TEST(retired)
{
	const char *host = _i == 0 ? "127.0.0.1" : "::1";
	char text[8];
	int held;

	listens(&other, NULL, SOCK_DGRAM, 1, host);
	send_to(host, "before");
	held = dup(other.v[0].fd);
	listens(&set, &other, SOCK_DGRAM, 1, "*");
	send_to(host, "still");
	sock_set_release(&other, &set);
	send_to(host, "after");
	ck_assert_str_eq(take(&set.v[_i]), "after");
	ck_assert_str_eq(take(&set.v[_i]), "");
	ck_assert_int_eq(recv(held, text, sizeof(text), 0), 6);
	ck_assert_int_eq(recv(held, text, sizeof(text), 0), 5);
	ck_assert_int_eq(recv(held, text, sizeof(text), MSG_DONTWAIT), -1);
}
END_TEST

/* .. and can still answer it, as who it was. */
START_TEST(retired_answers)
{
	static const char *const hosts[] = { "127.0.0.2", "::1", "*" };
	static const char *const bound[] = { "127.0.0.2:%u", "[::1]:%u",
		"0.0.0.0:%u" };
	union sock_addr peer, self;
	socklen_t len = sizeof(peer);
	char text[8], name[SOCK_NAMELEN], want[SOCK_NAMELEN];
	int held, fd;

	listens(&other, NULL, SOCK_DGRAM, 1, hosts[_i]);
	fd = client(SOCK_DGRAM, _i == 2 ? "127.0.0.2" : hosts[_i]);
	ck_assert_int_eq(send(fd, "ask", 3, 0), 3);
	held = dup(other.v[0].fd);
	sock_set_release(&other, NULL);
	ck_assert_int_eq(
	    recvfrom(held, text, sizeof(text), 0, &peer.sa, &len), 3);
	len = sizeof(self);
	ck_assert_int_eq(getsockname(held, &self.sa, &len), 0);
	strlcpy(want, bound[_i], sizeof(want));
	snprintf(strchr(want, '%'), 8, "%u", port);
	ck_assert_str_eq(sock_name(&self, name), want);
	ck_assert_int_eq(
	    sendto(held, "told", 4, 0, &peer.sa, sock_addrlen(&peer)), 4);
	if (_i < 2) /* the client is connected and hears no other */
		ck_assert_int_eq(recv(fd, text, sizeof(text), 0), 4);
}
END_TEST

/*
 * Inherited descriptors. Each case runs in a process of its own whose low
 * descriptors can be what the case needs; what does not hold is told on 100.
 */
#define TOLD 100
#define HOLDS(c)                                                               \
	do {                                                                   \
		if (!(c)) {                                                    \
			dprintf(TOLD, "line %d: %s\n", __LINE__, #c);          \
			_exit(1);                                              \
		}                                                              \
	} while (0)

enum passed { P_UDP, P_TCP, P_TCP6, P_BOUND, P_CONN, P_FILE, P_CLOSED };

static int
make(enum passed what)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd, lfd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	switch (what) {
	case P_UDP:
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		HOLDS(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
		return fd;
	case P_TCP:
	case P_BOUND:
		fd = socket(AF_INET, SOCK_STREAM, 0);
		HOLDS(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
		HOLDS(what == P_BOUND || listen(fd, 5) == 0);
		return fd;
	case P_TCP6:
		fd = socket(AF_INET6, SOCK_STREAM, 0);
		HOLDS(listen(fd, 5) == 0);
		return fd;
	case P_CONN:
		lfd = make(P_TCP);
		getsockname(lfd, (struct sockaddr *)&a, &len);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		HOLDS(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
		return accept(lfd, NULL, NULL);
	case P_FILE:
		return open("err", O_RDWR);
	default:
		return -1;
	}
}

/* clang-format off */
static const struct passed_case {
	bool inetd;
	int type;
	const char *fds; /* LISTEN_FDS; NULL: not set */
	bool wrong_pid;
	enum passed first, second; /* 3 and 4, or 0 */
	int rc;
	enum sock_origin origin;
} passes[] = {
	{ false, SOCK_DGRAM, "2", false, P_UDP, P_UDP, 2, SOCK_PASSED },
	{ false, SOCK_DGRAM, "1", false, P_UDP, P_UDP, 1, SOCK_PASSED },
	{ false, SOCK_STREAM, "2", false, P_TCP, P_TCP6, 2, SOCK_PASSED },
	{ false, SOCK_DGRAM, "0", false, P_UDP, P_UDP, 0, SOCK_PASSED },
	{ false, SOCK_DGRAM, "2", true, P_UDP, P_UDP, 0, SOCK_PASSED },
	{ false, SOCK_DGRAM, NULL, false, P_UDP, P_UDP, 0, SOCK_PASSED },
	{ false, SOCK_DGRAM, "abc", false, P_UDP, P_UDP, -1, SOCK_PASSED },
	{ false, SOCK_DGRAM, "-1", false, P_UDP, P_UDP, -1, SOCK_PASSED },
	{ false, SOCK_DGRAM, "100000", false, P_UDP, P_UDP, -1, SOCK_PASSED },
	{ false, SOCK_DGRAM, "3", false, P_UDP, P_UDP, -1, SOCK_PASSED },
	{ false, SOCK_DGRAM, "2", false, P_UDP, P_TCP, -1, SOCK_PASSED },
	{ false, SOCK_STREAM, "2", false, P_TCP, P_BOUND, -1, SOCK_PASSED },
	{ false, SOCK_STREAM, "1", false, P_CONN, P_TCP, -1, SOCK_PASSED },
	{ false, SOCK_DGRAM, "1", false, P_FILE, P_UDP, -1, SOCK_PASSED },
	{ false, SOCK_DGRAM, "1", false, P_CLOSED, P_UDP, -1, SOCK_PASSED },
	{ true, SOCK_DGRAM, NULL, false, P_UDP, P_CLOSED, 1, SOCK_INETD_WAIT },
	{ true, SOCK_STREAM, NULL, false, P_TCP, P_CLOSED, 1, SOCK_INETD_WAIT },
	{ true, SOCK_STREAM, NULL, false, P_TCP6, P_CLOSED, 1, SOCK_INETD_WAIT },
	{ true, SOCK_STREAM, NULL, false, P_CONN, P_CLOSED, 1, SOCK_INETD_NOWAIT },
	{ true, SOCK_DGRAM, NULL, false, P_TCP, P_CLOSED, -1, SOCK_INETD_WAIT },
	{ true, SOCK_DGRAM, NULL, false, P_CONN, P_CLOSED, -1, SOCK_INETD_WAIT },
	{ true, SOCK_STREAM, NULL, false, P_UDP, P_CLOSED, -1, SOCK_INETD_WAIT },
	{ true, SOCK_DGRAM, NULL, false, P_FILE, P_CLOSED, -1, SOCK_INETD_WAIT },
	{ true, SOCK_STREAM, NULL, false, P_CLOSED, P_CLOSED, -1, SOCK_INETD_WAIT },
	{ false, 0, "2", false, P_UDP, P_TCP, 2, SOCK_PASSED },
	{ false, 0, "2", false, P_TCP6, P_UDP, 2, SOCK_PASSED },
	{ false, 0, "2", false, P_UDP, P_BOUND, -1, SOCK_PASSED },
	{ false, 0, "2", false, P_CONN, P_UDP, -1, SOCK_PASSED },
	{ false, 0, "1", false, P_FILE, P_UDP, -1, SOCK_PASSED },
	{ true, 0, NULL, false, P_UDP, P_CLOSED, 1, SOCK_INETD_WAIT },
	{ true, 0, NULL, false, P_TCP, P_CLOSED, 1, SOCK_INETD_WAIT },
	{ true, 0, NULL, false, P_CONN, P_CLOSED, 1, SOCK_INETD_NOWAIT },
	{ true, 0, NULL, false, P_FILE, P_CLOSED, -1, SOCK_INETD_WAIT },
};
/* clang-format on */

static void
put(enum passed what, int at)
{
	int fd = make(what);

	if (fd == -1)
		close(at);
	else if (fd != at) {
		dup2(fd, at);
		close(fd);
	}
}

static int
type_of(enum passed what)
{
	return what == P_UDP ? SOCK_DGRAM : SOCK_STREAM;
}

static void
check_passed(const struct passed_case *c)
{
	union sock_addr a;
	socklen_t len;
	int i, fd;

	for (i = 0; i < c->rc; i++) {
		fd = c->inetd ? 0 : 3 + i;
		len = sizeof(a);
		HOLDS(set.v[i].fd == fd);
		HOLDS(c->type == 0 || set.v[i].type == c->type);
		HOLDS(set.v[i].type == type_of(i == 0 ? c->first : c->second));
		HOLDS(set.v[i].origin == c->origin);
		HOLDS(set.v[i].slot == (unsigned)i);
		HOLDS(getsockname(fd, &a.sa, &len) == 0);
		HOLDS(sock_addr_equal(&set.v[i].addr, &a));
		HOLDS((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
		HOLDS(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	}
}

static void
run_passed(const struct passed_case *c)
{
	char pid[16];
	int before;

	for (before = 3; before < TOLD; before++)
		close(before);
	put(c->first, c->inetd ? 0 : 3);
	if (!c->inetd)
		put(c->second, 4);
	snprintf(pid, sizeof(pid), "%d", (int)getpid() + c->wrong_pid);
	setenv("LISTEN_PID", pid, 1);
	if (c->fds != NULL)
		setenv("LISTEN_FDS", c->fds, 1);
	HOLDS(ftruncate(STDERR_FILENO, 0) == 0);
	HOLDS(sock_inherited(&set, c->type, c->inetd) == c->rc);
	if (c->rc == -1)
		HOLDS(lseek(STDERR_FILENO, 0, SEEK_END) > 0);
	if (c->rc > 0 && !c->inetd) {
		HOLDS(getenv("LISTEN_PID") == NULL);
		HOLDS(getenv("LISTEN_FDS") == NULL);
	}
	HOLDS(c->rc == -1 || set.n == (size_t)c->rc);
	check_passed(c);
}

START_TEST(inherited)
{
	char text[200] = "";
	int p[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	if ((pid = fork()) == 0) {
		dup2(p[1], TOLD);
		run_passed(&passes[_i]);
		_exit(0);
	}
	close(p[1]);
	ck_assert_int_ge(read(p[0], text, sizeof(text) - 1), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "case %d: %s", _i, text);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

static Suite *
suite(void)
{
	TCase *tc = tcase_create("sock");
	Suite *s = suite_create("sock");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, parse, 0, COUNT(addresses));
	tcase_add_test(tc, parse_long);
	tcase_add_test(tc, names);
	tcase_add_test(tc, equal);
	tcase_add_test(tc, both_families);
	tcase_add_test(tc, accepted);
	tcase_add_test(tc, which_port);
	tcase_add_loop_test(tc, all_or_nothing, 0, 2);
	tcase_add_loop_test(tc, bad_address, 0, 2);
	tcase_add_loop_test(tc, twice, 0, 2);
	tcase_add_test(tc, too_many);
	tcase_add_loop_test(tc, device, 0, 2);
	tcase_add_loop_test(tc, without_v6, 0, 2);
	tcase_add_test(tc, taken_over);
	tcase_add_test(tc, connection_taken_over);
	tcase_add_test(tc, slots);
	tcase_add_test(tc, more_slots);
	tcase_add_loop_test(tc, stranger, 0, 2);
	tcase_add_loop_test(tc, narrower_wider, 0, 2 * COUNT(changes));
	tcase_add_loop_test(tc, retired, 0, 2);
	tcase_add_loop_test(tc, retired_answers, 0, 3);
	tcase_add_loop_test(tc, inherited, 0, COUNT(passes));
	suite_add_tcase(s, tc);
	return s;
}

/* Ports of the machine are others' too: have a loopback of our own. */
static void
own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	port = (uint16_t)(20000 + getpid() % 10000);
	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	port = 69;
}

int
main(void)
{
	char dir[] = "/tmp/test_sock.XXXXXX";
	int failed;

	own_network();
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	log_open("test", LOG_TO_STDERR);
	failed = tap_run(suite());
	unlink("err");
	rmdir(dir);
	return failed;
}
