/*
 * Sockets of the DHCP client.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <net/if.h>
#include <net/if_arp.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "clientsock.h"
#include "log.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/* Offsets in what a cooked socket sees, which begins with the IP header. */
#define IP_PROTOCOL 9
#define IP_FRAGMENT 6
#define UDP_DPORT 2 /* behind the IP header */
#define ARP_SPA 14
#define ARP_TPA 24

#define ALL 0x40000

static const uint8_t everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* 0, or -1 with errno. */
static int
set_filter(int fd, const struct sock_filter *code, size_t n)
{
	struct sock_fprog prog = {
		.len = (unsigned short)n,
		.filter = (struct sock_filter *)(uintptr_t)code,
	};

	return setsockopt(
	    fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

/* IPv4 UDP to port 68, no fragment. */
static int
want_dhcp(int fd)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD + BPF_B + BPF_ABS, IP_PROTOCOL),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, IPPROTO_UDP, 0, 6),
		BPF_STMT(BPF_LD + BPF_H + BPF_ABS, IP_FRAGMENT),
		BPF_JUMP(BPF_JMP + BPF_JSET + BPF_K, 0x3fff, 4, 0),
		BPF_STMT(BPF_LDX + BPF_B + BPF_MSH, 0),
		BPF_STMT(BPF_LD + BPF_H + BPF_IND, UDP_DPORT),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, PACKET_CLIENT_PORT, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, ALL),
		BPF_STMT(BPF_RET + BPF_K, 0),
	};

	return set_filter(fd, code, nitems(code));
}

static int
want_nothing(int fd)
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_RET + BPF_K, 0),
	};

	return set_filter(fd, code, nitems(code));
}

int
clientsock_want_arp(
    const struct clientsock *s, struct in_addr a, struct in_addr b)
{
	/* One that there isn't is the other one. */
	uint32_t x = ntohl(a.s_addr != 0 ? a.s_addr : b.s_addr);
	uint32_t y = ntohl(b.s_addr != 0 ? b.s_addr : a.s_addr);
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD + BPF_W + BPF_ABS, ARP_SPA),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, x, 4, 0),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, y, 3, 0),
		BPF_STMT(BPF_LD + BPF_W + BPF_ABS, ARP_TPA),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, x, 1, 0),
		BPF_JUMP(BPF_JMP + BPF_JEQ + BPF_K, y, 0, 1),
		BPF_STMT(BPF_RET + BPF_K, ALL),
		BPF_STMT(BPF_RET + BPF_K, 0),
	};

	if (x == 0)
		return want_nothing(s->arp);
	return set_filter(s->arp, code, nitems(code));
}

/* Filtered before it is bound, so that nothing else ever waits in it. */
static int
open_packet(const struct clientsock *s, uint16_t proto, int (*want)(int fd))
{
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(proto),
		.sll_ifindex = s->ifindex,
	};
	int fd, on = 1;

	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (want(fd) == -1 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Several clients, one for each interface, share the port. */
static int
open_udp(const struct clientsock *s)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(PACKET_CLIENT_PORT),
	};
	int fd, on = 1;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->name,
		(socklen_t)strlen(s->name)) == -1 ||
	    want_nothing(fd) == -1 ||
	    bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
open_link(void)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK,
	};
	int fd;

	fd = socket(
	    AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd != -1 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* 0, or -1 with errno. */
static int
ask(const struct clientsock *s, unsigned long what, struct ifreq *ifr)
{
	memset(ifr, 0, sizeof(*ifr));
	strlcpy(ifr->ifr_name, s->name, sizeof(ifr->ifr_name));
	return ioctl(s->udp, what, ifr);
}

int
clientsock_look(struct clientsock *s)
{
	struct ifreq ifr;

	if (ask(s, SIOCGIFHWADDR, &ifr) == -1) {
		log_err("hardware address");
		return -1;
	}
	if (ifr.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		log_errx("no Ethernet interface");
		return -1;
	}
	memcpy(s->hw, ifr.ifr_hwaddr.sa_data, sizeof(s->hw));
	if (ask(s, SIOCGIFMTU, &ifr) == -1) {
		log_err("MTU");
		return -1;
	}
	s->mtu = PACKET_MAX;
	if (ifr.ifr_mtu < PACKET_MAX)
		s->mtu = (uint16_t)ifr.ifr_mtu;
	if (s->mtu < PACKET_SIZE)
		s->mtu = PACKET_SIZE;
	return 0;
}

/* 0, or -1 with errno. */
static int
set_up(const struct clientsock *s)
{
	struct ifreq ifr;

	if (ask(s, SIOCGIFFLAGS, &ifr) == -1)
		return -1;
	if (ifr.ifr_flags & IFF_UP)
		return 0;
	ifr.ifr_flags |= IFF_UP;
	return ioctl(s->udp, SIOCSIFFLAGS, &ifr);
}

static int
open_all(struct clientsock *s)
{
	const char *what = "UDP port 68";

	if ((s->udp = open_udp(s)) != -1) {
		what = "ARP";
		s->arp = open_packet(s, ETH_P_ARP, want_nothing);
	}
	if (s->arp != -1) {
		what = "packet socket";
		s->dhcp = open_packet(s, ETH_P_IP, want_dhcp);
	}
	if (s->dhcp != -1) {
		what = "rtnetlink";
		s->link = open_link();
	}
	if (s->link != -1) {
		what = "timer";
		s->timer =
		    timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	}
	if (s->timer != -1)
		return 0;
	log_err("%s", what);
	return -1;
}

int
clientsock_open(struct clientsock *s, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->dhcp = s->arp = s->udp = s->link = s->timer = -1;
	strlcpy(s->name, name, sizeof(s->name));
	if ((s->ifindex = (int)if_nametoindex(name)) == 0) {
		log_err("no such interface");
		return -1;
	}
	if (open_all(s) == -1 || clientsock_look(s) == -1) {
		clientsock_close(s);
		return -1;
	}
	if (set_up(s) == -1) {
		log_err("could not be set up");
		clientsock_close(s);
		return -1;
	}
	return 0;
}

void
clientsock_close(struct clientsock *s)
{
	int *fds[] = { &s->dhcp, &s->arp, &s->udp, &s->link, &s->timer };
	size_t i;

	for (i = 0; i < nitems(fds); i++) {
		if (*fds[i] != -1)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

uint64_t
clientsock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
clientsock_wake(const struct clientsock *s, uint64_t when)
{
	struct itimerspec it = { .it_value = { 0, 0 } };

	/* Zero would switch it off; that long ago is now. */
	if (when != UINT64_MAX) {
		it.it_value.tv_sec = (time_t)(when / 1000);
		it.it_value.tv_nsec = (long)(when % 1000) * 1000000 + 1;
	}
	if (timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &it, NULL) == -1)
		log_err("timer");
}

/* The checksum is left to the hardware that there isn't (veth, virtio). */
static bool
unchecked(struct msghdr *msg)
{
	struct tpacket_auxdata aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET ||
		    c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

/* As recvmsg; 0 for what another host was sent or we sent ourselves. */
static ssize_t
receive(int fd, void *buf, size_t size, bool *not_checked)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct sockaddr_ll from = { .sll_family = AF_PACKET };
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(fd, &msg, 0);

	if (n == -1)
		return -1;
	*not_checked = unchecked(&msg);
	if (from.sll_pkttype == PACKET_OTHERHOST ||
	    from.sll_pkttype == PACKET_OUTGOING)
		return 0;
	return msg.msg_flags & MSG_TRUNC ? 0 : n;
}

int
clientsock_receive(const struct clientsock *s, uint8_t buf[PACKET_MAX + 60],
    const uint8_t **payload, size_t *len)
{
	struct frame_udp udp;
	bool not_checked;
	ssize_t n;

	n = receive(s->dhcp, buf, PACKET_MAX + 60, &not_checked);
	if (n == -1)
		return -1;
	*payload = frame_udp_get(buf, (size_t)n, not_checked, &udp, len);
	return *payload != NULL && udp.sport == PACKET_SERVER_PORT &&
	    udp.dport == PACKET_CLIENT_PORT;
}

int
clientsock_receive_arp(const struct clientsock *s, struct frame_arp *arp)
{
	uint8_t buf[128];
	bool not_checked;
	ssize_t n = receive(s->arp, buf, sizeof(buf), &not_checked);

	if (n == -1)
		return -1;
	return frame_arp_get(buf, (size_t)n, arp) == 0;
}

/* 0, or -1 with errno. */
static int
send_all(const struct clientsock *s, int fd, uint16_t proto,
    const struct iovec *iov, size_t n)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(proto),
		.sll_ifindex = s->ifindex,
		.sll_halen = sizeof(everyone),
	};
	struct msghdr msg = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = (struct iovec *)(uintptr_t)iov,
		.msg_iovlen = n,
	};

	memcpy(to.sll_addr, everyone, sizeof(everyone));
	return sendmsg(fd, &msg, 0) == -1 ? -1 : 0;
}

int
clientsock_broadcast(const struct clientsock *s, const uint8_t *p, size_t n)
{
	struct frame_udp udp = {
		.dst.s_addr = INADDR_BROADCAST,
		.sport = PACKET_CLIENT_PORT,
		.dport = PACKET_SERVER_PORT,
	};
	uint8_t head[FRAME_UDP_HEADERS];
	struct iovec iov[2] = {
		{ .iov_base = head, .iov_len = sizeof(head) },
		{ .iov_base = (uint8_t *)(uintptr_t)p, .iov_len = n },
	};

	frame_udp_put(head, &udp, p, n);
	return send_all(s, s->dhcp, ETH_P_IP, iov, nitems(iov));
}

int
clientsock_arp(const struct clientsock *s, const struct frame_arp *arp)
{
	uint8_t bytes[FRAME_ARP_LEN];
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };

	frame_arp_put(bytes, arp);
	return send_all(s, s->arp, ETH_P_ARP, &iov, 1);
}

int
clientsock_unicast(const struct clientsock *s, struct in_addr from,
    struct in_addr to, const uint8_t *p, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = { .bytes = { 0 } };
	struct in_pktinfo info = { .ipi_spec_dst = from };
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(PACKET_SERVER_PORT),
		.sin_addr = to,
	};
	struct iovec iov = {
		.iov_base = (uint8_t *)(uintptr_t)p,
		.iov_len = n,
	};
	struct msghdr msg = {
		.msg_name = &sin,
		.msg_namelen = sizeof(sin),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(s->udp, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

bool
clientsock_up(const struct clientsock *s)
{
	struct ifreq ifr;

	return ask(s, SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP) &&
	    (ifr.ifr_flags & IFF_RUNNING);
}

/* Does the message tell another MAC address than the one we know? */
static bool
other_hw(const struct clientsock *s, const struct nlmsghdr *nh)
{
	const struct ifinfomsg *info = NLMSG_DATA(nh);
	const struct rtattr *a = IFLA_RTA(info);
	size_t n = IFLA_PAYLOAD(nh);

	for (; RTA_OK(a, n); a = RTA_NEXT(a, n))
		if (a->rta_type == IFLA_ADDRESS)
			return RTA_PAYLOAD(a) != sizeof(s->hw) ||
			    memcmp(RTA_DATA(a), s->hw, sizeof(s->hw)) != 0;
	return false;
}

static enum clientsock_link
link_change(const struct clientsock *s, const struct nlmsghdr *nh)
{
	const struct ifinfomsg *info = NLMSG_DATA(nh);

	if (nh->nlmsg_len < NLMSG_LENGTH(sizeof(*info)) ||
	    info->ifi_index != s->ifindex || info->ifi_family == AF_BRIDGE)
		return CLIENTSOCK_NOTHING;
	if (nh->nlmsg_type == RTM_DELLINK)
		return CLIENTSOCK_GONE;
	if (nh->nlmsg_type != RTM_NEWLINK)
		return CLIENTSOCK_NOTHING;
	if (other_hw(s, nh))
		return CLIENTSOCK_OTHER;
	if ((info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING))
		return CLIENTSOCK_UP;
	return CLIENTSOCK_DOWN;
}

/* The kernel sends each change as a datagram of its own. */
enum clientsock_link
clientsock_event(const struct clientsock *s)
{
	union {
		struct nlmsghdr nh;
		char bytes[16384];
	} buf;
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	enum clientsock_link what = CLIENTSOCK_NOTHING;
	socklen_t size = sizeof(from);
	ssize_t n;

	while (what == CLIENTSOCK_NOTHING) {
		n = recvfrom(s->link, &buf, sizeof(buf), MSG_TRUNC,
		    (struct sockaddr *)&from, &size);
		if (n == -1 && errno == ENOBUFS)
			return CLIENTSOCK_LOST;
		if (n == -1)
			break;
		if (from.nl_pid != 0 || n > (ssize_t)sizeof(buf))
			continue;
		if (NLMSG_OK(&buf.nh, (size_t)n))
			what = link_change(s, &buf.nh);
	}
	return what;
}
