/*
 * Sockets: what a super-server handed over, or addresses to bind.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "log.h"
#include "sock.h"

#define LISTEN_FIRST 3 /* sd_listen_fds(3) */
#define BUFFER_BYTES (4 * 1024 * 1024)

socklen_t
sock_addrlen(const union sock_addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return sizeof(a->in);
	if (a->sa.sa_family == AF_INET6)
		return sizeof(a->in6);
	return 0;
}

bool
sock_addr_equal(const union sock_addr *a, const union sock_addr *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr &&
		    a->in.sin_port == b->in.sin_port;
	return a->in6.sin6_port == b->in6.sin6_port &&
	    a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	    memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
		sizeof(a->in6.sin6_addr)) == 0;
}

uint16_t
sock_port(const union sock_addr *a)
{
	return ntohs(
	    a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port);
}

void
sock_set_port(union sock_addr *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else
		a->in6.sin6_port = htons(port);
}

const char *
sock_host(const union sock_addr *a, char out[SOCK_NAMELEN])
{
	char ifname[IF_NAMESIZE];
	size_t n;

	strlcpy(out, "?", SOCK_NAMELEN);
	if (a->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &a->in.sin_addr, out, SOCK_NAMELEN);
	else if (a->sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a->in6.sin6_addr, out, SOCK_NAMELEN);
		if (a->in6.sin6_scope_id == 0)
			return out;
		n = strlen(out);
		if (if_indextoname(a->in6.sin6_scope_id, ifname) != NULL)
			snprintf(out + n, SOCK_NAMELEN - n, "%%%s", ifname);
		else
			snprintf(out + n, SOCK_NAMELEN - n, "%%%u",
			    a->in6.sin6_scope_id);
	}
	return out;
}

const char *
sock_name(const union sock_addr *a, char out[SOCK_NAMELEN])
{
	char host[SOCK_NAMELEN];

	sock_host(a, host);
	snprintf(out, SOCK_NAMELEN,
	    a->sa.sa_family == AF_INET6 ? "[%.63s]:%u" : "%.63s:%u", host,
	    sock_addrlen(a) == 0 ? 0 : sock_port(a));
	return out;
}

/*
 * Cut "[v6%if]:port", "v4%if:port", "v6%if", "*:port" into host and port. A
 * second colon outside brackets means an IPv6 address without a port.
 */
static int
split(char *s, char **host, char **port)
{
	char *colon;

	*host = s;
	*port = NULL;
	if (*s == '[') {
		*host = s + 1;
		if ((s = strchr(s, ']')) == NULL)
			return -1;
		*s++ = '\0';
		if (strchr(*host, ':') == NULL)
			return -1; /* brackets are for IPv6 */
		if (*s == '\0')
			return 0;
		if (*s != ':')
			return -1;
		*port = s + 1;
		return 0;
	}
	if ((colon = strchr(s, ':')) == NULL || strchr(colon + 1, ':') != NULL)
		return 0;
	*colon = '\0';
	*port = colon + 1;
	return 0;
}

static int
parse_host(const char *host, union sock_addr *a)
{
	if (strcmp(host, "*") == 0) {
		a->sa.sa_family = AF_UNSPEC;
		return 0;
	}
	if (inet_pton(AF_INET, host, &a->in.sin_addr) == 1) {
		a->sa.sa_family = AF_INET;
		return 0;
	}
	if (inet_pton(AF_INET6, host, &a->in6.sin6_addr) == 1) {
		a->sa.sa_family = AF_INET6;
		return 0;
	}
	return -1;
}

int
sock_parse(
    const char *text, union sock_addr *a, char device[16], bool *has_port)
{
	char copy[128], *host, *port, *dev;
	const char *error;
	long long n = 0;

	memset(a, 0, sizeof(*a));
	device[0] = '\0';
	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy) ||
	    split(copy, &host, &port) == -1)
		return -1;
	if ((dev = strchr(host, '%')) != NULL) {
		*dev++ = '\0';
		if (*dev == '\0' || strlcpy(device, dev, 16) >= 16)
			return -1;
	}
	if (parse_host(host, a) == -1)
		return -1;
	if (port != NULL) {
		n = strtonum(port, 1, 65535, &error);
		if (error != NULL || *port < '0' || *port > '9')
			return -1;
	}
	*has_port = port != NULL;
	/* the family may still be open: both keep the port at one place */
	a->in.sin_port = htons((uint16_t)n);
	return 0;
}

static int
sock_int(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	if (getsockopt(fd, SOL_SOCKET, name, &value, &len) == -1)
		return -1;
	return value;
}

static void
set_option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* What a datagram server needs to know and to have, whoever bound it. */
static void
dgram_options(int fd, int family)
{
	if (family == AF_INET) {
		set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
		set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
	} else if (family == AF_INET6)
		set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	/* up to the system's limit, and beyond it where we are root */
	set_option(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES);
	set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES);
}

static int
adopt(struct sock_set *set, int fd, int type, enum sock_origin origin)
{
	struct sock *s = &set->v[set->n];
	socklen_t len = sizeof(s->addr);
	int flags;

	if (set->n == SOCK_MAX || sock_int(fd, SO_TYPE) != type ||
	    (origin == SOCK_PASSED && type == SOCK_STREAM &&
		sock_int(fd, SO_ACCEPTCONN) != 1)) {
		log_errx("descriptor %d: not a socket that is served here", fd);
		return -1;
	}
	memset(s, 0, sizeof(*s));
	if (getsockname(fd, &s->addr.sa, &len) == -1 ||
	    (flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
		log_err("descriptor %d", fd);
		return -1;
	}
	if (type == SOCK_DGRAM)
		dgram_options(fd, s->addr.sa.sa_family);
	s->fd = fd;
	s->type = type;
	s->origin = origin;
	s->slot = (unsigned)set->n++;
	return 0;
}

static int
inherited_listen(struct sock_set *set, int type)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	const char *error;
	long long n;
	int fd;

	if (pid == NULL || fds == NULL ||
	    strtonum(pid, 1, INT32_MAX, &error) != (long long)getpid())
		return 0;
	n = strtonum(fds, 0, SOCK_MAX, &error);
	if (error != NULL) {
		log_errx("LISTEN_FDS=%s: %s", fds, error);
		return -1;
	}
	for (fd = LISTEN_FIRST; fd < LISTEN_FIRST + n; fd++)
		if (adopt(set, fd, type, SOCK_PASSED) == -1)
			return -1;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return (int)n;
}

int
sock_inherited(struct sock_set *set, int type, bool inetd)
{
	enum sock_origin origin = SOCK_INETD_WAIT;

	if (!inetd)
		return inherited_listen(set, type);
	if (type == SOCK_STREAM && sock_int(STDIN_FILENO, SO_ACCEPTCONN) != 1)
		origin = SOCK_INETD_NOWAIT;
	return adopt(set, STDIN_FILENO, type, origin) == -1 ? -1 : 1;
}

static const struct sock *
find(const struct sock_set *set, const struct sock *like)
{
	const struct sock *s;

	for (s = set->v; s < set->v + set->n; s++)
		if (s->type == like->type && s->slot == like->slot &&
		    s->origin == like->origin &&
		    strcmp(s->device, like->device) == 0 &&
		    sock_addr_equal(&s->addr, &like->addr))
			return s;
	return NULL;
}

/* Before bind: options that decide who may share the address. */
static int
bind_options(int fd, const struct sock *s, bool share)
{
	int on = 1;

	if (s->addr.sa.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return -1;
	if (s->type == SOCK_STREAM &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	/*
	 * The first socket of an address is bound alone, so that another
	 * program (or another instance) there is an error; it is opened to
	 * its further slots only then.
	 */
	if ((share || s->slot > 0) &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == -1)
		return -1;
	if (s->device[0] != '\0' &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->device,
		(socklen_t)strlen(s->device)) == -1)
		return -1;
	return 0;
}

static int
bind_one(struct sock *s, const struct sock_spec *spec, bool share)
{
	union sock_addr a = s->addr;
	int error;

	if (a.sa.sa_family == AF_INET6 && s->device[0] != '\0' &&
	    IN6_IS_ADDR_LINKLOCAL(&a.in6.sin6_addr))
		a.in6.sin6_scope_id = if_nametoindex(s->device);
	s->fd =
	    socket(a.sa.sa_family, s->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd == -1)
		return -1;
	if (bind_options(s->fd, s, share) == 0 &&
	    bind(s->fd, &a.sa, sock_addrlen(&a)) == 0) {
		if (spec->slots > 1)
			set_option(s->fd, SOL_SOCKET, SO_REUSEPORT, 1);
		if (s->type == SOCK_DGRAM)
			dgram_options(s->fd, a.sa.sa_family);
		if (s->type != SOCK_STREAM || listen(s->fd, SOMAXCONN) == 0)
			return 0;
	}
	error = errno;
	close(s->fd);
	s->fd = -1;
	errno = error;
	return -1;
}

/* Let s have its port beside those of the set that have it. */
static bool
share_port(const struct sock_set *set, const struct sock *s)
{
	bool found = false;
	size_t i;

	for (i = 0; set != NULL && i < set->n; i++) {
		const struct sock *o = &set->v[i];

		if (o->type != s->type || o->origin != SOCK_BOUND ||
		    o->addr.sa.sa_family != s->addr.sa.sa_family ||
		    sock_port(&o->addr) != sock_port(&s->addr))
			continue;
		set_option(o->fd, SOL_SOCKET, SO_REUSEPORT, 1);
		found = true;
	}
	return found;
}

/*
 * "192.0.2.1" cannot be bound where "*" is, nor "*" where "192.0.2.1" is: a
 * port that only we have is shared.
 */
static int
bind_beside(struct sock *s, const struct sock_set *set,
    const struct sock_set *old, const struct sock_spec *spec)
{
	bool ours;

	if (bind_one(s, spec, false) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -1;
	ours = share_port(set, s);
	ours = share_port(old, s) || ours;
	if (ours)
		return bind_one(s, spec, true);
	errno = EADDRINUSE;
	return -1;
}

/* All slots of one address of one family. */
static int
listen_family(struct sock_set *set, const struct sock_set *old,
    const struct sock_spec *spec, const struct sock *like)
{
	const struct sock *kept;
	struct sock *s;
	unsigned i;

	for (i = 0; i < spec->slots; i++) {
		if (set->n == SOCK_MAX) {
			errno = EMFILE;
			return -1;
		}
		s = &set->v[set->n];
		*s = *like;
		s->slot = i;
		if (find(set, s) != NULL) {
			errno = EADDRINUSE;
			return -1;
		}
		if (old != NULL && (kept = find(old, s)) != NULL) {
			*s = *kept;
			s->kept = true;
			if (spec->slots > 1)
				set_option(s->fd, SOL_SOCKET, SO_REUSEPORT, 1);
		} else if (bind_beside(s, set, old, spec) == -1)
			return -1;
		set->n++;
	}
	return 0;
}

static void
undo_from(struct sock_set *set, size_t from)
{
	while (set->n > from)
		if (!set->v[--set->n].kept)
			close(set->v[set->n].fd);
}

int
sock_listen(struct sock_set *set, const struct sock_set *old,
    const struct sock_spec *spec, const char *where)
{
	static const sa_family_t both[] = { AF_INET, AF_INET6 };
	struct sock like = { .type = spec->type, .origin = SOCK_BOUND };
	size_t before = set->n, i;
	char name[SOCK_NAMELEN];
	bool has_port, any;

	if (sock_parse(where, &like.addr, like.device, &has_port) == -1) {
		log_errx("listen %s: not an address", where);
		return -1;
	}
	if (!has_port || spec->force_port)
		like.addr.in.sin_port = htons(spec->port);
	any = like.addr.sa.sa_family == AF_UNSPEC;
	for (i = 0; i < 2; i++) {
		if (!any && like.addr.sa.sa_family != both[i])
			continue;
		like.addr.sa.sa_family = both[i];
		if (listen_family(set, old, spec, &like) == 0)
			continue;
		if (any && both[i] == AF_INET6 &&
		    (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
			continue;
		log_err("listen %s%s%s", sock_name(&like.addr, name),
		    *like.device != '\0' ? "%" : "", like.device);
		undo_from(set, before);
		return -1;
	}
	return 0;
}

void
sock_set_undo(struct sock_set *set)
{
	undo_from(set, 0);
}

void
sock_set_release(struct sock_set *old, const struct sock_set *set)
{
	size_t i, k;

	for (i = 0; i < old->n; i++) {
		for (k = 0; set != NULL && k < set->n; k++)
			if (set->v[k].fd == old->v[i].fd)
				break;
		if (set == NULL || k == set->n)
			close(old->v[i].fd);
	}
	old->n = 0;
}

int
sock_accept(int lfd, union sock_addr *peer)
{
	socklen_t len = sizeof(*peer);
	int fd;

	fd = accept4(lfd, &peer->sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd != -1 && peer->sa.sa_family != AF_UNIX)
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}
