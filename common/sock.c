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
	if (a->sa.sa_family != b->sa.sa_family ||
	    a->in.sin_port != b->in.sin_port)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	    memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
		sizeof(a->in6.sin6_addr)) == 0;
}

/* Both families keep the port at one place. */
_Static_assert(offsetof(struct sockaddr_in, sin_port) ==
	offsetof(struct sockaddr_in6, sin6_port),
    "the port's place");

uint16_t
sock_port(const union sock_addr *a)
{
	return ntohs(a->in.sin_port);
}

void
sock_set_port(union sock_addr *a, uint16_t port)
{
	a->in.sin_port = htons(port);
}

const char *
sock_name(const union sock_addr *a, char out[SOCK_NAMELEN])
{
	char host[INET6_ADDRSTRLEN] = "?", scope[IF_NAMESIZE] = "";
	bool v6 = a->sa.sa_family == AF_INET6;
	uint32_t id = v6 ? a->in6.sin6_scope_id : 0;

	if (v6)
		inet_ntop(AF_INET6, &a->in6.sin6_addr, host, sizeof(host));
	else if (a->sa.sa_family == AF_INET)
		inet_ntop(AF_INET, &a->in.sin_addr, host, sizeof(host));
	if (id != 0 && if_indextoname(id, scope) == NULL)
		snprintf(scope, sizeof(scope), "%u", id);
	snprintf(out, SOCK_NAMELEN, "%s%s%s%s%s:%u", v6 ? "[" : "", host,
	    id != 0 ? "%" : "", scope, v6 ? "]" : "",
	    sock_addrlen(a) == 0 ? 0U : sock_port(a));
	return out;
}

/*
 * Cut "[v6%if]:port", "v4%if:port", "v6%if", "*:port" into host and port. A
 * second colon outside brackets means an IPv6 address without a port.
 */
static int
split(char *s, char **host, char **port)
{
	char *end;

	*host = s;
	*port = NULL;
	if (*s != '[') {
		end = strchr(s, ':');
		if (end == NULL || strchr(end + 1, ':') != NULL)
			return 0;
	} else {
		*host = s + 1;
		if ((end = strchr(s, ']')) == NULL)
			return -1;
		*end++ = '\0';
		if (strchr(*host, ':') == NULL)
			return -1; /* brackets are for IPv6 */
		if (*end == '\0')
			return 0;
		if (*end != ':')
			return -1;
	}
	*end = '\0';
	*port = end + 1;
	return 0;
}

static int
parse_host(const char *host, union sock_addr *a)
{
	if (strcmp(host, "*") == 0)
		a->sa.sa_family = AF_UNSPEC;
	else if (inet_pton(AF_INET, host, &a->in.sin_addr) == 1)
		a->sa.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &a->in6.sin6_addr) == 1)
		a->sa.sa_family = AF_INET6;
	else
		return -1;
	return 0;
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
	sock_set_port(a, (uint16_t)n);
	return 0;
}

/* An option's value; -1: it is no socket. */
static int
get_option(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	getsockopt(fd, SOL_SOCKET, name, &value, &len);
	return value;
}

static int
set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
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
	int flags, is = get_option(fd, SO_TYPE);

	if (set->n == SOCK_MAX || (type != 0 && is != type) ||
	    (is != SOCK_DGRAM && is != SOCK_STREAM) ||
	    (origin == SOCK_PASSED && is == SOCK_STREAM &&
		get_option(fd, SO_ACCEPTCONN) != 1)) {
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
	if (is == SOCK_DGRAM)
		dgram_options(fd, s->addr.sa.sa_family);
	s->fd = fd;
	s->type = is;
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
	if (get_option(STDIN_FILENO, SO_TYPE) == SOCK_STREAM &&
	    get_option(STDIN_FILENO, SO_ACCEPTCONN) != 1)
		origin = SOCK_INETD_NOWAIT;
	return adopt(set, STDIN_FILENO, type, origin) == -1 ? -1 : 1;
}

/* The same socket in the set (or NULL), or NULL. */
static const struct sock *
find(const struct sock_set *set, const struct sock *like)
{
	const struct sock *s;

	if (set == NULL)
		return NULL;
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
	if (s->addr.sa.sa_family == AF_INET6 &&
	    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) == -1)
		return -1;
	if (s->type == SOCK_STREAM &&
	    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) == -1)
		return -1;
	if (share && set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) == -1)
		return -1;
	if (s->device[0] != '\0' &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, s->device,
		(socklen_t)strlen(s->device)) == -1)
		return -1;
	return 0;
}

static int
bind_one(struct sock *s, bool share)
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
		/* From now on others of ours may come beside it. */
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

/* We bound a socket of the set (or NULL) to the port of s. */
static bool
port_is_ours(const struct sock_set *set, const struct sock *s)
{
	const struct sock *o;

	if (set == NULL)
		return false;
	for (o = set->v; o < set->v + set->n; o++)
		if (o->type == s->type && o->origin == SOCK_BOUND &&
		    o->addr.sa.sa_family == s->addr.sa.sa_family &&
		    sock_port(&o->addr) == sock_port(&s->addr))
			return true;
	return false;
}

/*
 * The first socket of an address is bound alone, so that another program (or
 * another instance) there is an error. But "192.0.2.1" cannot be bound where
 * "*" is, nor "*" where "192.0.2.1" is: a port that is ours is shared.
 */
static int
bind_beside(
    struct sock *s, const struct sock_set *set, const struct sock_set *old)
{
	if (s->slot == 0) {
		if (bind_one(s, false) == 0)
			return 0;
		if (errno != EADDRINUSE ||
		    (!port_is_ours(set, s) && !port_is_ours(old, s)))
			return -1;
	}
	return bind_one(s, true);
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
		if ((kept = find(old, s)) != NULL) {
			*s = *kept;
			s->kept = true;
		} else if (bind_beside(s, set, old) == -1)
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
		sock_set_port(&like.addr, spec->port);
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

/*
 * Nothing more comes to it, so that workers who hold it can read what waits,
 * answer and close it, and lose nothing: from now on datagrams go to "*" of
 * the new set, if it has that. "*" itself would lose its source address, and
 * has none wider beside it.
 */
static void
retire(const struct sock *s)
{
	union sock_addr a = { .sa = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);

	if (s->type != SOCK_DGRAM || getsockname(s->fd, &a.sa, &len) == -1 ||
	    (a.sa.sa_family == AF_INET &&
		a.in.sin_addr.s_addr == htonl(INADDR_ANY)) ||
	    (a.sa.sa_family == AF_INET6 &&
		IN6_IS_ADDR_UNSPECIFIED(&a.in6.sin6_addr)))
		return;
	if (connect(s->fd, &a.sa, len) == -1)
		log_debug("a closed address may lose datagrams");
}

void
sock_set_release(struct sock_set *old, const struct sock_set *set)
{
	const struct sock *s;

	for (s = old->v; s < old->v + old->n; s++)
		if (find(set, s) == NULL) {
			retire(s);
			close(s->fd);
		}
	old->n = 0;
}

int
sock_accept(int lfd, union sock_addr *peer)
{
	socklen_t len = sizeof(*peer);
	int fd;

	fd = accept4(lfd, &peer->sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd != -1)
		set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return fd;
}
