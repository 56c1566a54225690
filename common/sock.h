/*
 * sock: sockets that serve, whether a super-server made them or we do.
 */
#ifndef SOCK_H
#define SOCK_H

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCK_MAX 512 /* descriptors in a set */
#define SOCK_NAMELEN 72 /* "[2001:db8::1%eth0]:65535" and its NUL */

/* An address of either family, with room for both. */
union sock_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage ss;
};

enum sock_origin {
	SOCK_BOUND, /* by us */
	SOCK_PASSED, /* LISTEN_FDS (sd_listen_fds(3)) */
	SOCK_INETD_WAIT, /* descriptor 0: datagrams, or a listening stream */
	SOCK_INETD_NOWAIT, /* descriptor 0: one connection */
};

/*
 * One descriptor, non-blocking and close-on-exec. Two sockets of a set that
 * differ only in slot share one address by SO_REUSEPORT.
 */
struct sock {
	int fd;
	int type; /* SOCK_DGRAM, SOCK_STREAM */
	enum sock_origin origin;
	unsigned slot; /* worker index % workers == slot % workers serves it */
	bool kept; /* taken over from an earlier set: do not close on failure */
	union sock_addr addr; /* what was asked for */
	char device[16]; /* "eth0" of "*%eth0", or empty */
};

struct sock_set {
	struct sock v[SOCK_MAX];
	size_t n;
};

/* How a set is made. */
struct sock_spec {
	int type; /* SOCK_DGRAM or SOCK_STREAM */
	uint16_t port; /* where an address names none */
	bool force_port; /* -p: `port` also where an address names one */
	unsigned slots; /* sockets for each address; above 1: SO_REUSEPORT */
};

/*
 * What was handed to this process: LISTEN_FDS where LISTEN_PID is ours
 * (the variables are removed), else, if inetd is set, descriptor 0. Sockets
 * of another type than `type` (0: SOCK_DGRAM and SOCK_STREAM) are an error. The
 * number found, or -1 after a message.
 */
int sock_inherited(struct sock_set *, int type, bool inetd);

/*
 * Bind (and listen on) `where`: "192.0.2.1", "192.0.2.1:69", "2001:db8::1",
 * "[2001:db8::1]:69", "*" (every IPv4 and IPv6 address), any of them with
 * "%interface". IPv6 sockets are V6ONLY, always. Datagram sockets report the
 * address a datagram was sent to (IP_PKTINFO) and accept the interface's
 * broadcast. A socket of `old` (or NULL) with the same type, address, device
 * and slot is taken over as it is, so its queue is kept. "*" and an address
 * may have the same port, also one in old and the other in the set. 0; or -1
 * after a message, with the sockets this call made closed again.
 * With "*", a machine without IPv6 is no error.
 */
int sock_listen(struct sock_set *, const struct sock_set *old,
    const struct sock_spec *, const char *where);

/* Close all that sock_listen made (not what it took over from old). */
void sock_set_undo(struct sock_set *);
/*
 * Close the sockets of old that are not in set (set may be NULL). Who has
 * copies of them can still read what waits there.
 */
void sock_set_release(struct sock_set *old, const struct sock_set *set);

/* accept4, non-blocking, close-on-exec, TCP_NODELAY. fd or -1 with errno. */
int sock_accept(int fd, union sock_addr *peer);

/*
 * Parse "addr", "addr:port", "[v6]:port", "*[:port]" (family AF_UNSPEC),
 * with "%interface" after the address. No names: nothing here asks the
 * network. 0, or -1.
 */
int sock_parse(
    const char *text, union sock_addr *, char device[16], bool *has_port);

/* Size of the address, 0 for a family other than IPv4 and IPv6. */
socklen_t sock_addrlen(const union sock_addr *);
bool sock_addr_equal(const union sock_addr *, const union sock_addr *);
uint16_t sock_port(const union sock_addr *); /* host order */
void sock_set_port(union sock_addr *, uint16_t port);

/* "192.0.2.1:69", "[2001:db8::1%eth0]:69"; returns out. */
const char *sock_name(const union sock_addr *, char out[SOCK_NAMELEN]);

#endif
