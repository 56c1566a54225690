/*
 * net: what comes in on which interface, what goes out and how, and interfaces
 * that come, change and go; all without a right, as a worker has it. The other
 * ends of our interfaces are stations that speak raw Ethernet.
 */
#include "own_net.h"

#include <string.h>

#include "caught.h"
#include "frame.h"
#include "log.h"
#include "net.h"
#include "sock.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ETHER 14
#define LONG 2000

static struct ev_loop *loop;
static struct net *net;
static struct sock_set socks;
static int far, far2; /* stations on the other ends of near and near2 */
static int anywhere; /* says what it is told to on any interface */
static unsigned received, batches, dropped, changed;
static bool pausing; /* after each batch */

/* The last message. */
static struct net_message last;
static uint8_t last_bytes[LONG];
static char last_if[16];

static const uint8_t client_hw[6] = { 2, 0, 0, 0, 0xca, 0xfe };

static void
on_receive(void *arg, const struct net_message *m)
{
	ck_assert_ptr_eq(arg, &last);
	/* The stations' ends are the kernel's too, which hears them. */
	if (strncmp(m->iface->name, "far", 3) == 0)
		return;
	received++;
	last = *m;
	ck_assert_uint_le(m->len, sizeof(last_bytes));
	memcpy(last_bytes, m->bytes, m->len);
	snprintf(last_if, sizeof(last_if), "%s", m->iface->name);
}

static void
on_batch(void *arg)
{
	(void)arg;
	batches++;
	if (pausing)
		net_pause(net);
}

static void
on_dropped(void *arg)
{
	(void)arg;
	dropped++;
}

static void
on_changed(void *arg)
{
	(void)arg;
	changed++;
}

static const struct net_calls calls = { on_receive, on_batch, on_dropped,
	on_changed, &last };

/* `wanted` NULL: none is named. */
static void
begin(const char *wanted)
{
	struct sock_spec spec = { .type = SOCK_DGRAM, .port = 67, .slots = 1 };
	const struct sock *all[SOCK_MAX];
	size_t i;

	/* one for each test */
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	own_net_help();
	own_net_do("ip link set lo up;"
		   "ip link add near mtu 3000 type veth peer name far mtu 3000;"
		   "ip link set near address 02:00:00:00:00:01;"
		   "ip link add near2 type veth peer name far2;"
		   "for i in near near2 far far2; do "
		   "  echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter;"
		   "  echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6;"
		   "  ip link set $i up || exit; done 2>/dev/null");
	far = own_net_station("far");
	far2 = own_net_station("far2");
	anywhere = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	ck_assert_int_ne(anywhere, -1);
	ck_assert_int_eq(sock_listen(&socks, NULL, &spec, "*"), 0);
	net = net_open(&wanted, wanted != NULL);
	ck_assert_ptr_nonnull(net);
	own_net_drop();
	loop = ev_loop_new(0);
	for (i = 0; i < socks.n; i++)
		all[i] = &socks.v[i];
	ck_assert_int_eq(net_start(net, loop, all, socks.n, &calls), 0);
}

static void
setup(void)
{
	begin(NULL);
}

static void
setup_near(void)
{
	begin("near");
}

static void
setup_lo(void)
{
	begin("lo");
}

static void
teardown(void)
{
	net_close(net);
	ev_loop_destroy(loop);
	close(own_net_helper);
}

/* Change the network and wait until net knows. */
static void
change(const char *command)
{
	unsigned was = changed;

	own_net_do(command);
	ck_assert_msg(
	    own_net_turn(loop, &changed, was + 1, 2000), "%s", command);
	/* and what still follows */
	own_net_turn(loop, &changed, UINT32_MAX, 30);
}

static uint32_t
ip(const char *text)
{
	struct in_addr a;

	ck_assert_int_eq(inet_pton(AF_INET, text, &a), 1);
	return ntohl(a.s_addr);
}

/* A station's UDP message of n bytes, from its port 68 to our 67. */
static size_t
build_frame(uint8_t *frame, const char *from, const char *to, size_t n)
{
	static const uint8_t near_hw[6] = { 2, 0, 0, 0, 0, 1 };
	struct frame_udp u = { { htonl(ip(from)) }, { htonl(ip(to)) }, 68, 67 };
	uint8_t *payload = frame + ETHER + FRAME_UDP_HEADERS;

	memset(frame, 0xff, 6);
	if ((ip(to) & 0xff) != 0xff)
		memcpy(frame, near_hw, 6);
	memcpy(frame + 6, client_hw, 6);
	memcpy(frame + 12, "\x08\0", 2);
	for (size_t i = 0; i < n; i++)
		payload[i] = (uint8_t)(i * 7 + n);
	frame_udp_put(frame + ETHER, &u, payload, n);
	return ETHER + FRAME_UDP_HEADERS + n;
}

static void
say(int station, const char *from, const char *to, size_t n)
{
	uint8_t frame[LONG];

	own_net_tell(station, frame, build_frame(frame, from, to, n));
}

static void
check_last(
    const char *iface, const char *from, const char *to, const char *local)
{
	ck_assert_str_eq(last_if, iface);
	ck_assert_uint_eq(ntohl(last.from.sin_addr.s_addr), ip(from));
	ck_assert_uint_eq(ntohs(last.from.sin_port), 68);
	ck_assert_uint_eq(ntohl(last.to.s_addr), ip(to));
	ck_assert_uint_eq(ntohl(last.local.s_addr), ip(local));
	for (size_t i = 0; i < last.len; i++)
		ck_assert_uint_eq(last_bytes[i], (uint8_t)(i * 7 + last.len));
}

START_TEST(without_address)
{
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	check_last("near", "0.0.0.0", "255.255.255.255", "0.0.0.0");
	ck_assert_uint_eq(last.len, 300);
	ck_assert_uint_eq(batches, 1);
	say(far2, "0.0.0.0", "255.255.255.255", 1);
	ck_assert(own_net_turn(loop, &received, 2, 2000));
	check_last("near2", "0.0.0.0", "255.255.255.255", "0.0.0.0");
	ck_assert_uint_eq(dropped, 0);
}
END_TEST

/* clang-format off */
static const struct {
	const char *from, *to, *local;
} asked[] = {
	{ "0.0.0.0", "255.255.255.255", "10.1.0.1" },
	{ "10.1.0.9", "255.255.255.255", "10.1.0.1" },
	{ "10.1.0.9", "10.1.0.255", "10.1.0.1" },
	{ "10.1.0.9", "10.1.0.1", "10.1.0.1" },
	{ "10.1.0.9", "10.2.0.1", "10.2.0.1" },
	{ "10.2.0.9", "10.1.0.1", "10.1.0.1" },
	{ "10.2.0.9", "10.2.0.255", "10.1.0.1" },
	/* another interface's address, asked from here */
	{ "10.1.0.9", "10.3.0.1", "10.3.0.1" },
};
/* clang-format on */

START_TEST(which_address)
{
	change("ip addr add 10.1.0.1/24 brd + dev near;"
	       "ip addr add 10.2.0.1/24 brd + dev near;"
	       "ip addr add 10.3.0.1/24 dev near2");
	say(far, asked[_i].from, asked[_i].to, 300);
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	check_last("near", asked[_i].from, asked[_i].to, asked[_i].local);
}
END_TEST

START_TEST(not_wanted)
{
	say(far2, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &dropped, 1, 2000));
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	check_last("near", "0.0.0.0", "255.255.255.255", "0.0.0.0");
	ck_assert_uint_eq(dropped, 1);
	ck_assert(net_if_by_name(net, "near")->wanted);
	ck_assert(!net_if_by_name(net, "near2")->wanted);
	ck_assert(!net_if_by_name(net, "lo")->wanted);
	/* it counts what it is called now */
	change("ip link set near down; ip link set near2 down;"
	       "ip link set near name was; ip link set near2 name near;"
	       "ip link set was name near2;"
	       "ip link set near up; ip link set near2 up");
	say(far2, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 2, 2000));
	check_last("near", "0.0.0.0", "255.255.255.255", "0.0.0.0");
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &dropped, 2, 2000));
}
END_TEST

START_TEST(too_long)
{
	say(far, "0.0.0.0", "255.255.255.255", PACKET_MAX);
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	ck_assert_uint_eq(last.len, PACKET_MAX);
	check_last("near", "0.0.0.0", "255.255.255.255", "0.0.0.0");
	say(far, "0.0.0.0", "255.255.255.255", 1900);
	ck_assert(own_net_turn(loop, &received, 2, 2000));
	ck_assert_uint_gt(last.len, PACKET_MAX);
	/* the next one is whole again */
	say(far, "0.0.0.0", "255.255.255.255", 0);
	ck_assert(own_net_turn(loop, &received, 3, 2000));
	ck_assert_uint_eq(last.len, 0);
}
END_TEST

START_TEST(in_batches)
{
	for (int i = 0; i < 2 * NET_BATCH + 10; i++)
		say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 2 * NET_BATCH + 10, 2000));
	ck_assert_uint_eq(batches, 3);
}
END_TEST

START_TEST(paused)
{
	/* Taken when asked for, without the loop; then it is watched again. */
	say(far, "0.0.0.0", "255.255.255.255", 300);
	net_pause(net);
	net_resume(net);
	ck_assert_uint_eq(received, 1);
	net_resume(net);
	ck_assert_uint_eq(batches, 1);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 2, 2000));
	/* Nobody asks: a moment later it comes by itself. */
	ev_now_update(loop);
	net_pause(net);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 3, 2000));
	/* Each batch pauses: those that are taken begin the next pause. */
	pausing = true;
	net_pause(net);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	net_resume(net);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	net_resume(net);
	ck_assert_uint_eq(received, 5);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 6, 2000));
	net_pause(net);
	net_stop(net);
	net_resume(net);
	ck_assert_uint_eq(received, 6);
	pausing = false;
}
END_TEST

/* Of what is more than a batch holds, none waits. */
START_TEST(paused_when_full)
{
	pausing = true;
	net_pause(net);
	for (int i = 0; i < NET_BATCH + 10; i++)
		say(far, "0.0.0.0", "255.255.255.255", 300);
	net_resume(net);
	ck_assert_uint_eq(received, NET_BATCH);
	ev_run(loop, EVRUN_NOWAIT);
	ck_assert_uint_eq(received, NET_BATCH + 10);
	pausing = false;
}
END_TEST

/* A socket of this machine speaks to its port 67. */
static void
say_here(const char *to)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(67),
		.sin_addr = { htonl(ip(to)) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(
	    sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof(a)), 1);
	close(fd);
}

START_TEST(loopback_unnamed)
{
	change("ip addr add 10.1.0.1/24 dev near");
	say_here("127.0.0.1");
	ck_assert(own_net_turn(loop, &dropped, 1, 2000));
	say_here("10.1.0.1");
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	ck_assert_str_eq(last_if, "near");
	ck_assert_uint_eq(ntohl(last.local.s_addr), ip("10.1.0.1"));
}
END_TEST

START_TEST(loopback_named)
{
	struct net_dest d = { .how = NET_BROADCAST,
		.port = 67,
		.ifindex = if_nametoindex("lo") };

	say_here("127.0.0.1");
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	ck_assert_str_eq(last_if, "lo");
	ck_assert_uint_eq(ntohl(last.local.s_addr), ip("127.0.0.1"));
	/* whatever is said there comes back */
	net_send(net, &d, last_bytes, 0);
	net_flush(net);
	ck_assert_uint_eq(net_failed(net), 0);
	ck_assert(own_net_turn(loop, &received, 2, 2000));
	ck_assert_str_eq(last_if, "lo");
	ck_assert_uint_eq(ntohl(last.to.s_addr), INADDR_BROADCAST);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &dropped, 1, 2000));
}
END_TEST

/* clang-format off */
static const struct {
	const char *what;
	const char *address; /* near's, or NULL */
	struct net_dest d; /* but the addresses */
	const char *ip, *from;
	uint8_t frame[ETHER]; /* what is expected */
	const char *src, *dst;
} sends[] = {
	{ "to a client", "10.1.0.1/24",
	    { .how = NET_HW, .port = 68, .hw = { 2, 0, 0, 0, 0xca, 0xfe },
		.hlen = 6 },
	    "10.1.0.77", "0.0.0.0",
	    { 2, 0, 0, 0, 0xca, 0xfe, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "10.1.0.1", "10.1.0.77" },
	{ "to a client, with another source", "10.1.0.1/24",
	    { .how = NET_HW, .port = 1068, .hw = { 2, 0, 0, 0, 0xca, 0xfe },
		.hlen = 6 },
	    "10.1.0.77", "10.9.9.9",
	    { 2, 0, 0, 0, 0xca, 0xfe, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "10.9.9.9", "10.1.0.77" },
	{ "to a client, without an address of ours", NULL,
	    { .how = NET_HW, .port = 68, .hw = { 2, 0, 0, 0, 0xca, 0xfe },
		.hlen = 6 },
	    "10.1.0.77", "0.0.0.0",
	    { 2, 0, 0, 0, 0xca, 0xfe, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "0.0.0.0", "10.1.0.77" },
	{ "to a client whose address is none of Ethernet's", "10.1.0.1/24",
	    { .how = NET_HW, .port = 68, .hw = { 2, 0, 0, 0, 0xca, 0xfe },
		.hlen = 16 },
	    "10.1.0.77", "0.0.0.0",
	    { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "10.1.0.1", "255.255.255.255" },
	{ "to a client without chaddr", "10.1.0.1/24",
	    { .how = NET_HW, .port = 68 },
	    "10.1.0.77", "0.0.0.0",
	    { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "10.1.0.1", "255.255.255.255" },
	{ "to all", "10.1.0.1/24",
	    { .how = NET_BROADCAST, .port = 68 },
	    "0.0.0.0", "0.0.0.0",
	    { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "10.1.0.1", "255.255.255.255" },
	{ "to all servers, without an address of ours", NULL,
	    { .how = NET_BROADCAST, .port = 67 },
	    "0.0.0.0", "0.0.0.0",
	    { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0 },
	    "0.0.0.0", "255.255.255.255" },
};
/* clang-format on */

START_TEST(packets)
{
	static const uint8_t payload[] = "payload of odd length!";
	uint8_t want[ETHER + FRAME_UDP_HEADERS + sizeof(payload)];
	struct frame_udp u = { { htonl(ip(sends[_i].src)) },
		{ htonl(ip(sends[_i].dst)) }, 67, sends[_i].d.port };
	struct net_dest d = sends[_i].d;
	uint8_t got[LONG];
	char command[64];

	snprintf(command, sizeof(command), "ip addr add %s dev near",
	    sends[_i].address);
	if (sends[_i].address != NULL)
		change(command);
	memcpy(want, sends[_i].frame, ETHER);
	frame_udp_put(want + ETHER, &u, payload, sizeof(payload));
	memcpy(want + ETHER + FRAME_UDP_HEADERS, payload, sizeof(payload));
	d.ip.s_addr = htonl(ip(sends[_i].ip));
	d.from.s_addr = htonl(ip(sends[_i].from));
	d.ifindex = if_nametoindex("near");
	net_send(net, &d, payload, sizeof(payload));
	ck_assert_uint_eq(own_net_hear(far, 0x800, got, sizeof(got), 20), 0);
	net_flush(net);
	ck_assert_uint_eq(
	    own_net_hear(far, 0x800, got, sizeof(got), 2000), sizeof(want));
	ck_assert_mem_eq(got, want, sizeof(want));
	/* once, there alone, and our own socket does not hear it */
	ck_assert_uint_eq(own_net_hear(far, 0x800, got, sizeof(got), 20), 0);
	ck_assert_uint_eq(own_net_hear(far2, 0x800, got, sizeof(got), 0), 0);
	ck_assert(!own_net_turn(loop, &received, 1, 50));
	ck_assert_uint_eq(dropped, 0);
	ck_assert_uint_eq(net_failed(net), 0);
}
END_TEST

/* clang-format off */
static const struct {
	const char *to, *from;
	bool ifindex; /* near's */
	const char *src;
} routed[] = {
	{ "10.1.0.77", "0.0.0.0", false, "10.1.0.1" },
	{ "10.1.0.77", "0.0.0.0", true, "10.1.0.1" },
	{ "10.1.0.77", "10.1.0.2", false, "10.1.0.2" },
	{ "10.1.0.77", "10.1.0.2", true, "10.1.0.2" },
	{ "10.9.0.77", "10.1.0.2", false, "10.1.0.2" },
};
/* clang-format on */

START_TEST(by_udp)
{
	struct net_dest d = { .how = NET_UDP,
		.ip = { htonl(ip(routed[_i].to)) },
		.from = { htonl(ip(routed[_i].from)) },
		.port = 68 };
	uint8_t got[LONG];
	const uint8_t *data;
	struct frame_udp u;
	size_t n, len;

	if (routed[_i].ifindex)
		d.ifindex = if_nametoindex("near");
	change("ip addr add 10.1.0.1/24 dev near;"
	       "ip addr add 10.1.0.2/24 dev near;"
	       "ip neigh add 10.1.0.77 lladdr 02:00:00:00:ca:fe dev near;"
	       "ip route add 10.9.0.0/16 via 10.1.0.77");
	net_send(net, &d, (const uint8_t *)"hello", 5);
	net_flush(net);
	n = own_net_hear(far, 0x800, got, sizeof(got), 2000);
	ck_assert_uint_gt(n, ETHER);
	ck_assert_mem_eq(got, client_hw, 6);
	/* what veth carries has its UDP checksum left to the hardware */
	data = frame_udp_get(got + ETHER, n - ETHER, true, &u, &len);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(data, "hello", 5);
	ck_assert_uint_eq(ntohl(u.src.s_addr), ip(routed[_i].src));
	ck_assert_uint_eq(ntohl(u.dst.s_addr), ip(routed[_i].to));
	ck_assert_uint_eq(u.sport, 67);
	ck_assert_uint_eq(u.dport, 68);
	ck_assert_uint_eq(got[ETHER + 6] & 0x40, 0); /* DF */
}
END_TEST

/* Hear messages with numbers from..; the first that did not come. */
static unsigned
count_up(unsigned from, int wait_ms)
{
	const uint8_t *data;
	uint8_t got[LONG];

	while (own_net_hear(far, 0x800, got, sizeof(got), wait_ms) > 0) {
		data = got + ETHER + FRAME_UDP_HEADERS;
		ck_assert_uint_eq(data[0] << 8 | data[1], from);
		from++;
	}
	return from;
}

/* A queue that is full is sent; nothing is lost. */
START_TEST(many)
{
	struct net_dest d = { .how = NET_BROADCAST,
		.port = 68,
		.ifindex = if_nametoindex("near") };
	unsigned i, heard = 0;
	uint8_t n[2];

	for (i = 0; i < 1000; i++) {
		n[0] = (uint8_t)(i >> 8);
		n[1] = (uint8_t)i;
		net_send(net, &d, n, sizeof(n));
		if (i % 100 == 99)
			heard = count_up(heard, 0);
	}
	ck_assert_uint_ge(heard, 700);
	ck_assert_uint_lt(heard, 1000);
	net_flush(net);
	ck_assert_uint_eq(count_up(heard, 50), 1000);
	ck_assert_uint_eq(net_failed(net), 0);
}
END_TEST

/* One that cannot be sent takes no other with it. */
START_TEST(failures)
{
	struct net_dest good = {
		.how = NET_UDP, .ip = { htonl(ip("10.1.0.77")) }, .port = 68
	};
	struct net_dest bad = good, link = { .how = NET_BROADCAST, .port = 68 };
	static uint8_t big[PACKET_MAX + 1];
	uint8_t got[LONG];
	int i;

	change("ip addr add 10.1.0.1/24 dev near;"
	       "ip neigh add 10.1.0.77 lladdr 02:00:00:00:ca:fe dev near");
	caught_begin();
	bad.ip.s_addr = htonl(ip("192.0.2.1")); /* no route */
	net_send(net, &good, big, 5);
	net_send(net, &bad, big, 5);
	net_send(net, &good, big, 5);
	link.ifindex = 9999;
	net_send(net, &link, big, 5); /* no such interface */
	link.ifindex = if_nametoindex("near");
	net_send(net, &link, big, PACKET_MAX + 1); /* too long */
	net_send(net, &link, big, PACKET_MAX);
	net_send(net, &good, big, PACKET_MAX);
	net_flush(net);
	for (i = 0; i < 4; i++)
		ck_assert_uint_gt(
		    own_net_hear(far, 0x800, got, sizeof(got), 500), 0);
	ck_assert_uint_eq(own_net_hear(far, 0x800, got, sizeof(got), 50), 0);
	ck_assert_uint_eq(net_failed(net), 3);
	/* it went while messages waited */
	net_send(net, &link, big, 5);
	own_net_do("ip link del near");
	net_flush(net);
	ck_assert_uint_eq(net_failed(net), 4);
	ck_assert_str_eq(caught_end(),
	    "client on an interface that is gone: cannot be sent: "
	    "No such device\n"
	    "a message: cannot be sent: Message too long\n"
	    "192.0.2.1:68: cannot be sent: Network is unreachable\n"
	    "client on near: cannot be sent: No such device or address\n");
}
END_TEST

START_TEST(stopped)
{
	struct net_dest d = { .how = NET_BROADCAST,
		.port = 68,
		.ifindex = if_nametoindex("near") };
	uint8_t got[LONG];

	net_stop(net);
	say(far, "0.0.0.0", "255.255.255.255", 300);
	net_send(net, &d, got, 0);
	net_flush(net);
	ck_assert_uint_gt(own_net_hear(far, 0x800, got, sizeof(got), 2000), 0);
	ck_assert(!own_net_turn(loop, &received, 1, 50));
	ck_assert_uint_eq(received + dropped + batches, 0);
}
END_TEST

static void
late_is_there(const char *address)
{
	const struct net_if *i = net_if_by_name(net, "late");

	ck_assert_ptr_nonnull(i);
	ck_assert_uint_eq(i->index, if_nametoindex("late"));
	ck_assert_ptr_eq(net_if_by_index(net, i->index), i);
	ck_assert(i->up && i->wanted && !i->loopback);
	ck_assert_uint_eq(i->hwtype, 1);
	ck_assert_uint_eq(i->hwlen, 6);
	ck_assert_mem_eq(i->hw, "\2\0\0\0\0\3", 6);
	ck_assert_uint_eq(i->mtu, 1400);
	ck_assert_uint_eq(i->naddrs, 1);
	ck_assert_uint_eq(i->addrs[0].ip, ip(address));
	ck_assert_uint_eq(i->addrs[0].mask, 0xffff0000);
	ck_assert_ptr_eq(net_if_of(net, ip(address), true), i);
	ck_assert_ptr_eq(net_if_of(net, ip(address) ^ 0x101, false), i);
	ck_assert_ptr_null(net_if_of(net, ip(address) ^ 0x101, true));
}

/* From the far end of an interface that came when rights were gone. */
static void
late_speaks(void)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex("far3") };
	uint8_t frame[LONG];
	unsigned was = received;
	size_t n = build_frame(frame, "0.0.0.0", "255.255.255.255", 300);

	ck_assert_int_eq(
	    sendto(anywhere, frame, n, 0, (struct sockaddr *)&to, sizeof(to)),
	    (ssize_t)n);
	ck_assert(own_net_turn(loop, &received, was + 1, 2000));
	ck_assert_str_eq(last_if, "late");
}

static const char *const add_late =
    "ip link add late address 02:00:00:00:00:03 mtu 1400 type veth "
    "peer name far3; ip link set far3 up; ip link set late up;"
    "ip addr add 10.8.0.1/16 dev late";

START_TEST(late)
{
	unsigned index;

	ck_assert_ptr_null(net_if_by_name(net, "late"));
	ck_assert_ptr_null(net_if_of(net, ip("10.8.0.1"), true));
	change(add_late);
	late_is_there("10.8.0.1");
	late_speaks();
	index = if_nametoindex("late");
	change("ip link del late");
	ck_assert_ptr_null(net_if_by_name(net, "late"));
	ck_assert_ptr_null(net_if_by_index(net, index));
	ck_assert_ptr_null(net_if_of(net, ip("10.8.0.1"), true));
	ck_assert_ptr_null(net_if_of(net, ip("10.8.0.2"), false));
	change(add_late);
	late_is_there("10.8.0.1");
	ck_assert_uint_ne(if_nametoindex("late"), index);
	late_speaks();
	change("ip addr del 10.8.0.1/16 dev late;"
	       "ip addr add 10.7.0.1/16 dev late");
	late_is_there("10.7.0.1");
	ck_assert_ptr_null(net_if_of(net, ip("10.8.0.1"), true));
}
END_TEST

START_TEST(down)
{
	const struct net_if *i = net_if_by_name(net, "near");

	change("ip addr add 10.1.0.1/24 dev near");
	ck_assert(i->up);
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.0.2"), false), i);
	change("ip link set near down");
	ck_assert(!i->up);
	/* the address is ours still, but no packet would go there */
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.0.1"), true), i);
	ck_assert_ptr_null(net_if_of(net, ip("10.1.0.2"), false));
	change("ip link set near up");
	ck_assert(i->up);
	change("ip link set far down"); /* no carrier */
	ck_assert(!i->up);
}
END_TEST

START_TEST(networks)
{
	const struct net_if *a = net_if_by_name(net, "near"), *b;
	size_t n = 0;

	b = net_if_by_name(net, "near2");
	change("ip addr add 10.1.0.1/16 dev near;"
	       "ip addr add 10.1.2.1/24 dev near2;"
	       "ip addr add 10.1.2.129/25 dev near;"
	       "ip addr add 192.0.2.1/32 dev near2;"
	       "ip addr add 198.51.100.1 peer 198.51.100.9 dev near");
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.3.1"), false), a);
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.2.1"), false), b);
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.2.5"), false), b);
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.2.128"), false), a);
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.2.255"), false), a);
	ck_assert_ptr_eq(net_if_of(net, ip("10.1.255.255"), false), a);
	ck_assert_ptr_null(net_if_of(net, ip("10.2.0.0"), false));
	ck_assert_ptr_null(net_if_of(net, ip("10.0.255.255"), false));
	ck_assert_ptr_eq(net_if_of(net, ip("192.0.2.1"), false), b);
	ck_assert_ptr_eq(net_if_of(net, ip("192.0.2.1"), true), b);
	ck_assert_ptr_null(net_if_of(net, ip("192.0.2.2"), false));
	ck_assert_ptr_eq(net_if_of(net, ip("198.51.100.1"), true), a);
	ck_assert_ptr_null(net_if_of(net, ip("198.51.100.9"), true));
	ck_assert_ptr_eq(
	    net_if_of(net, ip("127.0.0.1"), true), net_if_by_name(net, "lo"));
	ck_assert_ptr_eq(
	    net_if_of(net, ip("127.9.9.9"), false), net_if_by_name(net, "lo"));
	/* each is listed once, in the order of indexes */
	while (net_if_next(net, n) != NULL)
		n++;
	ck_assert_uint_eq(n, 5);
	for (size_t i = 1; i < n; i++)
		ck_assert_uint_lt(
		    net_if_next(net, i - 1)->index, net_if_next(net, i)->index);
}
END_TEST

/* That a port leaves its bridge is not that an interface goes. */
START_TEST(bridge_port)
{
	const struct net_if *i = net_if_by_name(net, "near2");

	if (own_net_try(own_net_helper, "ip link add bridge type bridge") != 0)
		return; /* not in every kernel */
	change("ip addr add 10.1.0.1/24 dev near2");
	change("ip link set near2 master bridge; ip link set bridge up");
	change("ip link set near2 nomaster");
	ck_assert_ptr_eq(net_if_by_name(net, "near2"), i);
	ck_assert_uint_eq(i->naddrs, 1);
	ck_assert_ptr_nonnull(net_if_by_name(net, "bridge"));
	say(far2, "0.0.0.0", "255.255.255.255", 300);
	ck_assert(own_net_turn(loop, &received, 1, 2000));
	ck_assert_str_eq(last_if, "near2");
}
END_TEST

/* Those that had no place get one when others go. */
START_TEST(many_addresses)
{
	const struct net_if *i = net_if_by_name(net, "near");

	change("i=1; while test $i -le 40; do "
	       "ip addr add 10.0.$i.1/24 dev near || exit;"
	       "i=$((i + 1)); done");
	ck_assert_uint_eq(i->naddrs, NET_ADDRS);
	ck_assert_ptr_null(net_if_of(net, ip("10.0.40.1"), true));
	change("i=1; while test $i -le 30; do "
	       "ip addr del 10.0.$i.1/24 dev near || exit;"
	       "i=$((i + 1)); done");
	ck_assert_uint_eq(i->naddrs, 10);
	ck_assert_ptr_eq(net_if_of(net, ip("10.0.40.1"), true), i);
	ck_assert_ptr_null(net_if_of(net, ip("10.0.30.1"), true));
}
END_TEST

/* More events than fit while nobody reads. */
START_TEST(flood)
{
	const struct net_if *i = net_if_by_name(net, "near");

	own_net_do("ip addr add 10.1.0.1/24 dev near;"
		   "i=0; while test $i -lt 2000; do "
		   "echo addr add 10.0.0.1/24 dev near2;"
		   "echo addr del 10.0.0.1/24 dev near2;"
		   "i=$((i + 1)); done | ip -batch -;"
		   "ip addr del 10.1.0.1/24 dev near;"
		   "ip addr add 10.1.0.2/24 dev near");
	ck_assert(own_net_turn(loop, &changed, 1, 2000));
	own_net_turn(loop, &changed, UINT32_MAX, 50);
	ck_assert_ptr_eq(net_if_by_name(net, "near"), i);
	ck_assert_uint_eq(i->naddrs, 1);
	ck_assert_uint_eq(i->addrs[0].ip, ip("10.1.0.2"));
	ck_assert_uint_eq(net_if_by_name(net, "near2")->naddrs, 0);
	change("ip addr add 10.0.0.1/24 dev near2");
	ck_assert_uint_eq(net_if_by_name(net, "near2")->naddrs, 1);
}
END_TEST

START_TEST(refused)
{
	struct net_calls none = { 0 };

	caught_begin();
	ck_assert_ptr_null(net_open(NULL, 0));
	ck_assert_str_eq(caught_end(),
	    "socket for clients without an address: Operation not permitted\n");
	net_stop(net);
	ck_assert_int_eq(net_start(net, loop, NULL, 0, &none), -1);
	ck_assert_int_eq(errno, EINVAL);
	net_close(NULL);
}
END_TEST

START_TEST(long_name)
{
	static const char *const names[] = { "fifteen-letters",
		"sixteen-letters!" };

	caught_begin();
	ck_assert_ptr_null(net_open(names, 2));
	ck_assert_str_eq(
	    caught_end(), "interface sixteen-letters!: the name is too long\n");
	net = net_open(names, 1);
	ck_assert_ptr_nonnull(net);
	net_close(net);
}
END_TEST

static TCase *
tests_with(Suite *s, const char *name, void (*before)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, before, teardown);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *
suite(void)
{
	Suite *s = suite_create("net");
	TCase *tc = tests_with(s, "all interfaces", setup);

	tcase_add_test(tc, without_address);
	tcase_add_loop_test(tc, which_address, 0, COUNT(asked));
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, in_batches);
	tcase_add_test(tc, paused);
	tcase_add_test(tc, paused_when_full);
	tcase_add_test(tc, loopback_unnamed);
	tcase_add_loop_test(tc, packets, 0, COUNT(sends));
	tcase_add_loop_test(tc, by_udp, 0, COUNT(routed));
	tcase_add_test(tc, many);
	tcase_add_test(tc, failures);
	tcase_add_test(tc, stopped);
	tcase_add_test(tc, late);
	tcase_add_test(tc, down);
	tcase_add_test(tc, networks);
	tcase_add_test(tc, bridge_port);
	tcase_add_test(tc, many_addresses);
	tcase_add_test(tc, flood);
	tcase_add_test(tc, refused);
	tc = tests_with(s, "one interface", setup_near);
	tcase_add_test(tc, not_wanted);
	tc = tests_with(s, "loopback", setup_lo);
	tcase_add_test(tc, loopback_named);
	tc = tcase_create("before the start");
	tcase_add_test(tc, long_name);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	if (!own_net_enter())
		return getuid() == 0;
	return tap_run(suite());
}
