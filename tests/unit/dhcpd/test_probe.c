/*
 * probe: questions as they stand on the wire, answers that count and others,
 * thousands at a time; without a right. A station that speaks raw Ethernet
 * answers, and once a real kernel.
 */
#include "own_net.h"

#include <stdlib.h>
#include <string.h>

#include "caught.h"
#include "frame.h"
#include "net.h"
#include "probe.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ETHER 14
#define ARP 0x806
#define IPV4 0x800
#define WAIT_MS 400
#define ASKED 0x0a01004d /* 10.1.0.77 */
#define FAR_ASKED 0x0a09004d /* 10.9.0.77, behind 10.1.0.77 */

static struct ev_loop *loop;
static struct net *net;
static struct probes *probes;
static const struct net_if *near;
static int far, far2; /* stations on the other ends of near and near2 */
static int host = -1; /* with a network of its own */
static pid_t host_pid;

/* What done() was told last. */
static unsigned done, used;
static uint32_t done_ip;
static uint8_t done_hw[6];
static bool by_hw;

/* clang-format off */
static const uint8_t near_hw[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t far_hw[6] = { 2, 0, 0, 0, 0xca, 0xfe };
/* clang-format on */

static void
on_done(void *arg, uint32_t ip, bool is_used, const uint8_t *hw)
{
	ck_assert_ptr_eq(arg, &done);
	done++;
	used += is_used;
	done_ip = ip;
	by_hw = hw != NULL;
	if (hw != NULL)
		memcpy(done_hw, hw, sizeof(done_hw));
}

static void
setup(void)
{
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	own_net_help();
	host = own_net_spawn(true, &host_pid);
	own_net_do("ip link set lo up;"
		   "ip link add near type veth peer name far;"
		   "ip link set near address 02:00:00:00:00:01;"
		   "ip link add near2 type veth peer name far2;"
		   "for i in near near2 far far2; do "
		   "  echo 1 >/proc/sys/net/ipv4/conf/$i/arp_ignore;"
		   "  echo 0 >/proc/sys/net/ipv4/conf/$i/rp_filter;"
		   "  echo 1 >/proc/sys/net/ipv6/conf/$i/disable_ipv6;"
		   "  ip link set $i up || exit; done 2>/dev/null;"
		   "ip addr add 10.1.0.1/24 dev near;"
		   "ip addr add 10.2.0.1/24 dev near2;"
		   "ip neigh add 10.1.0.77 lladdr 02:00:00:00:ca:fe dev near;"
		   "ip route add 10.9.0.0/16 via 10.1.0.77");
	far = own_net_station("far");
	far2 = own_net_station("far2");
	net = net_open(NULL, 0);
	ck_assert_ptr_nonnull(net);
	near = net_if_by_name(net, "near");
	ck_assert_ptr_nonnull(near);
	probes = probes_open();
	ck_assert_ptr_nonnull(probes);
	own_net_drop();
	loop = ev_loop_new(0);
	ck_assert_int_eq(probes_start(probes, loop, net, WAIT_MS), 0);
}

static void
teardown(void)
{
	probes_end(probes);
	net_close(net);
	ev_loop_destroy(loop);
	close(own_net_helper);
	close(host);
}

static void
ask(uint32_t ip, const struct net_if *iface)
{
	unsigned before = done;

	ck_assert_int_eq(probe_begin(probes, ip, iface, on_done, &done), 0);
	ck_assert_uint_eq(done, before);
}

/* The question leaves; hear it at the station. */
static size_t
hear(uint16_t type, uint8_t *buf, size_t size)
{
	ev_run(loop, EVRUN_NOWAIT);
	return own_net_hear(far, type, buf, size, 1000);
}

/* The answer that counts comes at once, not at the end of the time. */
static void
check_used(bool expected)
{
	ev_tstamp before = ev_time();

	ck_assert(own_net_turn(loop, &done, 1, 2000));
	ck_assert_uint_eq(done, 1);
	ck_assert_uint_eq(used, expected);
	if (expected)
		ck_assert_double_lt(ev_time() - before, WAIT_MS / 1000.0);
	/* and none follows */
	ck_assert(!own_net_turn(loop, &done, 2, expected ? WAIT_MS + 50 : 20));
}

START_TEST(arp_question)
{
	/* clang-format off */
	static const uint8_t want[ETHER + FRAME_ARP_LEN] = {
		255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1,
		2, 0, 0, 0, 0, 1, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 10, 1, 0, 77,
	};
	/* clang-format on */
	ev_tstamp before = ev_time();
	uint8_t got[100];

	ask(ASKED, near);
	ck_assert_uint_eq(hear(ARP, got, sizeof(got)), sizeof(want));
	ck_assert_mem_eq(got, want, sizeof(want));
	check_used(false);
	ck_assert_double_ge(ev_time() - before, WAIT_MS / 1000.0);
	ck_assert_uint_eq(done_ip, ASKED);
	ck_assert(!by_hw);
	/* it was asked once, there alone */
	ck_assert_uint_eq(own_net_hear(far, ARP, got, sizeof(got), 0), 0);
	ck_assert_uint_eq(own_net_hear(far2, ARP, got, sizeof(got), 0), 0);
}
END_TEST

/* clang-format off */
static const struct {
	const char *what;
	uint16_t op;
	uint32_t spa, tpa;
	bool elsewhere; /* from near2's station */
	uint8_t hwtype;
	bool used;
} arp_answers[] = {
	{ "a reply", 2, ASKED, 0, false, 1, true },
	{ "a reply of IEEE 802", 2, ASKED, 0, false, 6, true },
	{ "a reply of another link", 2, ASKED, 0, true, 1, false },
	{ "a reply of another address", 2, ASKED + 1, 0, false, 1, false },
	{ "a reply about it, of another", 2, ASKED + 1, ASKED, false, 1,
	    false },
	{ "a reply of nobody", 2, 0, ASKED, false, 1, false },
	{ "a reply on ATM", 2, ASKED, 0, false, 19, false },
	{ "an announcement", 1, ASKED, ASKED, false, 1, true },
	{ "he asks for another", 1, ASKED, 0x0a010001, false, 1, true },
	{ "another asks for it", 1, 0x0a010032, ASKED, false, 1, false },
	{ "another probes it too", 1, 0, ASKED, false, 1, false },
	{ "RARP", 3, ASKED, 0, false, 1, false },
};
/* clang-format on */

static void
tell_arp(int station, uint16_t op, uint32_t spa, uint32_t tpa, uint8_t hwtype)
{
	struct frame_arp a = {
		.op = op, .spa = { htonl(spa) }, .tpa = { htonl(tpa) }
	};
	uint8_t frame[ETHER + FRAME_ARP_LEN + 18] = { 0 };

	memset(frame, 0xff, 6);
	if (op == 2 && station == far)
		memcpy(frame, near_hw, 6);
	memcpy(frame + 6, far_hw, 6);
	memcpy(frame + 12, "\x08\x06", 2);
	memcpy(a.sha, far_hw, 6);
	memcpy(a.tha, near_hw, 6);
	frame_arp_put(frame + ETHER, &a);
	frame[ETHER + 1] = hwtype;
	own_net_tell(station, frame, sizeof(frame));
}

START_TEST(arp_answer)
{
	uint8_t got[100];

	ask(ASKED, near);
	ck_assert_uint_gt(hear(ARP, got, sizeof(got)), 0);
	tell_arp(arp_answers[_i].elsewhere ? far2 : far, arp_answers[_i].op,
	    arp_answers[_i].spa, arp_answers[_i].tpa, arp_answers[_i].hwtype);
	check_used(arp_answers[_i].used);
	ck_assert_uint_eq(done_ip, ASKED);
	ck_assert_int_eq(by_hw, arp_answers[_i].used);
	if (by_hw)
		ck_assert_mem_eq(done_hw, far_hw, 6);
}
END_TEST

/* clang-format off */
static const struct {
	const char *what;
	uint16_t id, seq; /* bits that differ */
	uint32_t from;
	uint8_t type;
	bool hurt, used;
} echoes[] = {
	{ "a reply", 0, 0, FAR_ASKED, 0, false, true },
	{ "another's identifier", 1, 0, FAR_ASKED, 0, false, false },
	{ "another sequence number", 0, 0x8000, FAR_ASKED, 0, false, false },
	{ "another address", 0, 0, FAR_ASKED + 1, 0, false, false },
	{ "a request", 0, 0, FAR_ASKED, 8, false, false },
	{ "unreachable", 0, 0, FAR_ASKED, 3, false, false },
	{ "a wrong checksum", 0, 0, FAR_ASKED, 0, true, false },
};
/* clang-format on */

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Make the answer of the question: turn it round. */
static void
turn_round(uint8_t *frame, size_t n, int row)
{
	uint8_t *packet = frame + ETHER, *icmp = packet + 20;
	uint32_t from = htonl(echoes[row].from);

	memcpy(frame, near_hw, 6);
	memcpy(frame + 6, far_hw, 6);
	memcpy(packet + 16, packet + 12, 4);
	memcpy(packet + 12, &from, 4);
	put16(packet + 10, 0);
	put16(packet + 10, frame_checksum(packet, 20, 0));
	icmp[0] = echoes[row].type;
	icmp[4] ^= (uint8_t)(echoes[row].id >> 8);
	icmp[5] ^= (uint8_t)echoes[row].id;
	icmp[6] ^= (uint8_t)(echoes[row].seq >> 8);
	icmp[7] ^= (uint8_t)echoes[row].seq;
	put16(icmp + 2, 0);
	put16(icmp + 2, frame_checksum(icmp, n - ETHER - 20, 0));
	icmp[3] ^= echoes[row].hurt;
}

START_TEST(icmp_answer)
{
	uint8_t got[200];
	size_t n;

	ask(FAR_ASKED, NULL);
	n = hear(IPV4, got, sizeof(got));
	ck_assert_uint_eq(n, ETHER + 20 + 32);
	ck_assert_uint_eq(got[ETHER + 9], IPPROTO_ICMP);
	ck_assert_mem_eq(got + ETHER + 16, "\x0a\x09\0\x4d", 4);
	ck_assert_mem_eq(got + ETHER + 20, "\x08\0", 2);
	ck_assert_uint_eq(frame_checksum(got + ETHER + 20, 32, 0), 0);
	turn_round(got, n, _i);
	own_net_tell(far, got, n);
	check_used(echoes[_i].used);
	ck_assert_uint_eq(done_ip, FAR_ASKED);
	ck_assert(!by_hw);
}
END_TEST

START_TEST(icmp_unanswered)
{
	ev_tstamp before = ev_time();
	uint8_t got[200];

	ask(FAR_ASKED, NULL);
	ck_assert_uint_gt(hear(IPV4, got, sizeof(got)), 0);
	/* ARP says nothing about the routed */
	tell_arp(far, 2, FAR_ASKED, 0, 1);
	check_used(false);
	ck_assert_double_ge(ev_time() - before, WAIT_MS / 1000.0);
}
END_TEST

/* We were busy; the answer and the end of the time are seen together. */
START_TEST(late)
{
	uint8_t got[100];

	ask(ASKED, near);
	ck_assert_uint_gt(hear(ARP, got, sizeof(got)), 0);
	tell_arp(far, 2, ASKED, 0, 1);
	usleep((WAIT_MS + 50) * 1000);
	check_used(true);
}
END_TEST

/* No answer can come from ourselves by ARP. */
START_TEST(own_address)
{
	ask(0x0a020001, near);
	ck_assert(own_net_turn(loop, &done, 1, 2000));
	ask(0x0a020001, NULL);
	ck_assert(own_net_turn(loop, &done, 2, 2000));
	ck_assert_uint_eq(used, 2);
}
END_TEST

static void
on_host(const char *command)
{
	ck_assert_msg(own_net_try(host, command) == 0, "%s", command);
}

START_TEST(real_kernel)
{
	uint8_t hw[6] = { 2, 0, 0, 0, 0, 9 };
	char move[64];

	snprintf(move, sizeof(move), "ip link set far netns %d", host_pid);
	own_net_do(move);
	on_host("ip link set lo up; ip addr add 10.1.0.77/24 dev far;"
		"ip addr add 10.9.0.77/32 dev lo;"
		"ip link set far address 02:00:00:00:00:09;"
		"ip link set far up");
	own_net_do("ip neigh del 10.1.0.77 dev near");
	ask(ASKED, near);
	ck_assert(own_net_turn(loop, &done, 1, 2000));
	ck_assert_uint_eq(used, 1);
	ck_assert(by_hw);
	ck_assert_mem_eq(done_hw, hw, 6);
	ask(FAR_ASKED, NULL);
	ck_assert(own_net_turn(loop, &done, 2, 2000));
	ck_assert_uint_eq(used, 2);
	ask(ASKED + 1, near);
	ask(FAR_ASKED + 1, NULL);
	ask(0xc0000201, NULL); /* no route */
	caught_begin();
	ck_assert(own_net_turn(loop, &done, 5, 2000));
	ck_assert_str_eq(caught_end(),
	    "probe by ICMP cannot be sent: Network is unreachable\n");
	ck_assert_uint_eq(used, 2);
}
END_TEST

/* Each of many is told once; those with even numbers are answered. */
static unsigned told[5000], told_used[5000];

static void
on_many(void *arg, uint32_t ip, bool is_used, const uint8_t *hw)
{
	unsigned i = ip - 0x0a030000;

	(void)hw;
	ck_assert_ptr_eq(arg, &told[i]);
	told[i]++;
	told_used[i] = is_used;
	done++;
}

START_TEST(many)
{
	unsigned i, k;
	uint8_t got[100];

	for (i = 0; i < COUNT(told); i++) {
		ck_assert_int_eq(probe_begin(probes, 0x0a030000 + i, near,
				     on_many, &told[i]),
		    0);
		if (i % 100 != 99)
			continue;
		ev_run(loop, EVRUN_NOWAIT);
		for (k = 0; k < 100; k++) {
			ck_assert_uint_gt(
			    own_net_hear(far, ARP, got, sizeof(got), 1000), 0);
			if (k % 2 == 0)
				tell_arp(far, 2, 0x0a030000 + i - 99 + k, 0, 1);
		}
		ev_run(loop, EVRUN_NOWAIT);
	}
	ck_assert(own_net_turn(loop, &done, COUNT(told), 3000));
	for (i = 0; i < COUNT(told); i++) {
		ck_assert_uint_eq(told[i], 1);
		ck_assert_uint_eq(told_used[i], i % 2 == 0);
	}
}
END_TEST

/* An answer is to what was asked before it. */
static void
on_again(void *arg, uint32_t ip, bool is_used, const uint8_t *hw)
{
	on_done(arg, ip, is_used, hw);
	if (done == 2)
		ask(ip, near);
}

START_TEST(again)
{
	uint8_t got[100];

	ck_assert_int_eq(probe_begin(probes, ASKED, near, on_again, &done), 0);
	ck_assert_int_eq(probe_begin(probes, ASKED, near, on_again, &done), 0);
	ck_assert_uint_gt(hear(ARP, got, sizeof(got)), 0);
	tell_arp(far, 2, ASKED, 0, 1);
	ck_assert(own_net_turn(loop, &done, 3, 2000));
	ck_assert_uint_eq(used, 2);
	ck_assert(!by_hw);
}
END_TEST

START_TEST(refused)
{
	struct net_if down = *near;
	unsigned n = 0;

	ck_assert_int_eq(probes_start(probes, loop, net, 1), -1);
	ck_assert_int_eq(errno, EALREADY);
	ck_assert_int_eq(probe_begin(probes, ASKED, net_if_by_name(net, "lo"),
			     on_done, &done),
	    -1);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
	down.up = false;
	ck_assert_int_eq(probe_begin(probes, ASKED, &down, on_done, &done), -1);
	ck_assert_int_eq(errno, ENETDOWN);
	while (probe_begin(probes, 0x0a030000 + n, near, on_done, &done) == 0)
		n++;
	ck_assert_int_eq(errno, ENOBUFS);
	ck_assert_uint_ge(n, 10000);
	ck_assert(own_net_turn(loop, &done, n, 5000));
	ck_assert_uint_eq(used, 0);
	/* all places are free again */
	ask(ASKED, near);
	ck_assert(own_net_turn(loop, &done, n + 1, 2000));
	ck_assert_uint_eq(done, n + 1);
}
END_TEST

/* How often the loop wakes while the link is busy for 20 short times. */
static unsigned
wakes(void)
{
	unsigned before = ev_iteration(loop);

	for (int i = 0; i < 20; i++) {
		tell_arp(far, 2, ASKED, 0, 1);
		own_net_turn(loop, &done, UINT32_MAX, 5);
	}
	return ev_iteration(loop) - before;
}

/* While nothing is asked, nothing but the short times' ends wakes it. */
START_TEST(idle)
{
	uint8_t got[100];

	ck_assert_uint_lt(wakes(), 30);
	/* what was said before the question is no answer */
	ask(ASKED, near);
	ck_assert_uint_gt(hear(ARP, got, sizeof(got)), 0);
	check_used(false);
	ck_assert_uint_lt(wakes(), 30);
	ask(ASKED + 1, near);
	ck_assert_uint_ge(wakes(), 30);
}
END_TEST

START_TEST(ended)
{
	uint8_t got[100];

	ask(ASKED, near);
	ask(FAR_ASKED, NULL);
	ck_assert_uint_gt(hear(ARP, got, sizeof(got)), 0);
	tell_arp(far, 2, ASKED, 0, 1);
	probes_end(probes);
	probes = NULL;
	ck_assert(!own_net_turn(loop, &done, 1, WAIT_MS + 100));
	probes_end(NULL);
	/* without rights */
	caught_begin();
	ck_assert_ptr_null(probes_open());
	ck_assert_str_eq(
	    caught_end(), "ARP socket for probes: Operation not permitted\n");
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("probe");
	TCase *tc = tcase_create("probe");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, arp_question);
	tcase_add_loop_test(tc, arp_answer, 0, COUNT(arp_answers));
	tcase_add_loop_test(tc, icmp_answer, 0, COUNT(echoes));
	tcase_add_test(tc, icmp_unanswered);
	tcase_add_test(tc, late);
	tcase_add_test(tc, own_address);
	tcase_add_test(tc, real_kernel);
	tcase_add_test(tc, many);
	tcase_add_test(tc, again);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, idle);
	tcase_add_test(tc, ended);
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
