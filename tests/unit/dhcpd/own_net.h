/*
 * own_net: a network namespace for a test, in which it is root; a helper that
 * keeps the rights to change it when the test has given up its own; and a
 * station that speaks raw Ethernet at the far end of a veth pair.
 */
#ifndef OWN_NET_H
#define OWN_NET_H

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>

#include <check.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "sandbox.h"

extern char **environ;

static inline int
own_net_sh(const char *command)
{
	char sh[] = "sh", c[] = "-c", text[2048];
	char *argv[] = { sh, c, text, NULL };
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%s", command);
	if (posix_spawnp(&pid, sh, NULL, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static inline bool
own_net_map(const char *file, unsigned id)
{
	char text[32];
	int fd = open(file, O_WRONLY | O_CLOEXEC), n;
	bool ok;

	if (fd == -1)
		return false;
	n = id == UINT32_MAX ? snprintf(text, sizeof(text), "deny") :
			       snprintf(text, sizeof(text), "0 %u 1", id);
	ok = write(fd, text, (size_t)n) == n;
	close(fd);
	return ok;
}

/*
 * Into a namespace of our own, its loopback up. false, after TAP's word for
 * it: an ordinary user whom the kernel does not let.
 */
static inline bool
own_net_enter(void)
{
	unsigned uid = getuid(), gid = getgid();
	bool ok = unshare(CLONE_NEWNET) == 0;

	if (!ok && uid != 0)
		ok = unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
		    own_net_map("/proc/self/setgroups", UINT32_MAX) &&
		    own_net_map("/proc/self/uid_map", uid) &&
		    own_net_map("/proc/self/gid_map", gid);
	if (ok)
		ok = own_net_sh("ip link set lo up") == 0;
	if (!ok && uid != 0)
		puts("1..0 # SKIP this user may have no network of his own");
	return ok;
}

static int own_net_helper = -1;

/*
 * Before rights are given up: someone who keeps them, or (apart) a host with a
 * network of its own; runs commands that come by the descriptor returned, and
 * ends when it is closed.
 */
static inline int
own_net_spawn(bool apart, pid_t *pid)
{
	char command[2048];
	int pair[2], status;
	ssize_t n;

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	*pid = fork();
	if (*pid != 0) {
		close(pair[1]);
		return pair[0];
	}
	close(pair[0]);
	close(own_net_helper);
	if (apart && unshare(CLONE_NEWNET) == -1)
		_exit(1);
	while ((n = read(pair[1], command, sizeof(command) - 1)) > 0) {
		command[n] = '\0';
		status = own_net_sh(command);
		if (write(pair[1], &status, sizeof(status)) == -1)
			break;
	}
	_exit(0);
}

static inline void
own_net_help(void)
{
	pid_t pid;

	own_net_helper = own_net_spawn(false, &pid);
}

/* The exit status of what this helper or host runs. */
static inline int
own_net_try(int fd, const char *command)
{
	int status = -1;

	ck_assert_int_gt(write(fd, command, strlen(command)), 0);
	ck_assert_int_eq(read(fd, &status, sizeof(status)), sizeof(status));
	return status;
}

static inline void
own_net_do(const char *command)
{
	ck_assert_msg(own_net_try(own_net_helper, command) == 0, "%s", command);
}

/*
 * No capability, no new rights, and none of the calls that a worker may not
 * use, but for what a leak sanitizer needs to look at its own process.
 */
static inline void
own_net_drop(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { 0 } };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(syscall(SYS_capset, &head, none), 0);
	sandbox_calls(SANDBOX_USUAL & ~(SANDBOX_NO_TRACE | SANDBOX_NO_FORK));
	ck_assert_int_eq(sandbox_path("/proc", SANDBOX_READ), 0);
	ck_assert_int_eq(sandbox_enter(), 0);
	ck_assert_int_eq(socket(AF_PACKET, SOCK_DGRAM, 0), -1);
	ck_assert_int_eq(errno, EPERM);
}

/* Raw Ethernet, whole frames, both ways, on this interface. */
static inline int
own_net_station(const char *name)
{
	struct sockaddr_ll a = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	int bytes = 8 << 20, yes = 1;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(a.sll_ifindex, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	/* as much as we may have */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	/* not what we send ourselves */
	ck_assert_int_eq(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING,
			     &yes, sizeof(yes)),
	    0);
	return fd;
}

/*
 * The next frame of this Ethernet type, within wait_ms; 0: none came. IPv6 and
 * other noise of the kernel's own is passed over.
 */
static inline size_t
own_net_hear(int fd, uint16_t type, uint8_t *buf, size_t size, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (poll(&p, 1, wait_ms) == 1) {
		n = recv(fd, buf, size, 0);
		if (n >= 14 && (buf[12] << 8 | buf[13]) == type)
			return (size_t)n;
	}
	return 0;
}

static inline void
own_net_tell(int fd, const uint8_t *frame, size_t n)
{
	ck_assert_int_eq(send(fd, frame, n, 0), (ssize_t)n);
}

static inline void
own_net_late(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)events;
	*(bool *)t->data = true;
	ev_timer_stop(loop, t);
}

/* Turn the loop until *what has reached n, at most for the time; did it? */
static inline bool
own_net_turn(struct ev_loop *loop, const unsigned *what, unsigned n, int ms)
{
	bool late = false;
	ev_timer t;

	ev_now_update(loop);
	ev_timer_init(&t, own_net_late, ms / 1000.0, 0);
	t.data = &late;
	ev_timer_start(loop, &t);
	while (*what < n && !late)
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &t);
	return *what >= n;
}

#endif
