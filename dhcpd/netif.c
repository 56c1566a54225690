/*
 * Interfaces and addresses from rtnetlink.
 *
 * The table is what the kernel's messages make of it, one after the other; a
 * dump is the same messages for all there is, read into an empty table that
 * takes the old one's place. Events that waited while a dump was read are
 * applied after it: each says how one thing is now, so the last one counts and
 * nothing is lost.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "log.h"
#include "netif.h"

#define NETIF_MAX 65536 /* interfaces */
#define READ_BYTES 32768 /* the most that the kernel gives at once */
#define READS_MAX 1000 /* datagrams of events in one go */
#define SKIPS_MAX 1000000 /* far above what the socket's buffer holds */
#define DUMP_TRIES 5
#define DUMP_SECONDS 2
#define EVENT_BUFFER (1 << 20)

/* A message's or an attribute's bytes behind its header. */
struct piece {
	unsigned type, flags;
	uint32_t seq;
	const uint8_t *bytes;
	size_t len;
};

struct cursor {
	const uint8_t *p;
	size_t left;
};

/* Pieces begin at multiples of 4; the last one may lack the padding. */
static void
advance(struct cursor *c, size_t len)
{
	size_t whole = (len + 3) & ~(size_t)3;

	if (whole > c->left)
		whole = c->left;
	c->p += whole;
	c->left -= whole;
}

static bool
next_message(struct cursor *c, struct piece *m)
{
	struct nlmsghdr h;

	if (c->left < sizeof(h))
		return false;
	memcpy(&h, c->p, sizeof(h));
	if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > c->left)
		return false;
	*m = (struct piece){ h.nlmsg_type, h.nlmsg_flags, h.nlmsg_seq,
		c->p + sizeof(h), h.nlmsg_len - sizeof(h) };
	advance(c, h.nlmsg_len);
	return true;
}

static bool
next_attribute(struct cursor *c, struct piece *a)
{
	struct rtattr h;

	if (c->left < sizeof(h))
		return false;
	memcpy(&h, c->p, sizeof(h));
	if (h.rta_len < sizeof(h) || h.rta_len > c->left)
		return false;
	*a = (struct piece){ h.rta_type & NLA_TYPE_MASK, 0, 0, c->p + sizeof(h),
		h.rta_len - sizeof(h) };
	advance(c, h.rta_len);
	return true;
}

/* Take a message's fixed part; what is left are attributes. */
static bool
take(const struct piece *m, void *head, size_t n, struct cursor *attributes)
{
	*attributes = (struct cursor){ m->bytes, m->len };
	if (m->len < n)
		return false;
	memcpy(head, m->bytes, n);
	advance(attributes, n);
	return true;
}

/* Place of an index in the table: where it is, or where it would be. */
static size_t
place(const struct netif_table *t, unsigned index)
{
	size_t low = 0, high = t->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (t->v[mid]->pub.index < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct netif *
netif_find(const struct netif_table *t, unsigned index)
{
	size_t at = place(t, index);

	return at < t->n && t->v[at]->pub.index == index ? t->v[at] : NULL;
}

static int
make_room(struct netif_table *t)
{
	size_t room = t->room == 0 ? 16 : t->room * 2;
	struct netif **v;

	if (t->n < t->room)
		return 0;
	if (t->n >= NETIF_MAX ||
	    (v = reallocarray(t->v, room, sizeof(struct netif *))) == NULL)
		return -1;
	t->v = v;
	t->room = room;
	return 0;
}

/* The interface with this index, added if need be; NULL: no memory. */
static struct netif *
find_or_add(struct netif_table *t, unsigned index, bool *added)
{
	struct netif *i = netif_find(t, index);
	size_t at = place(t, index);

	*added = i == NULL;
	if (i != NULL)
		return i;
	if (make_room(t) == -1 || (i = calloc(1, sizeof(*i))) == NULL)
		return NULL;
	memmove(&t->v[at + 1], &t->v[at], (t->n - at) * sizeof(struct netif *));
	t->v[at] = i;
	t->n++;
	i->pub.index = index;
	return i;
}

static bool
is_wanted(const struct netif_names *names, const struct net_if *i)
{
	if (names == NULL || names->n == 0)
		return !i->loopback;
	for (size_t k = 0; k < names->n; k++)
		if (strcmp(names->v[k], i->name) == 0)
			return true;
	return false;
}

static void
link_attribute(struct netif *i, const struct piece *a)
{
	uint32_t mtu;
	size_t n = a->len < NETIF_HW ? a->len : NETIF_HW;

	switch (a->type) {
	case IFLA_IFNAME:
		n = strnlen((const char *)a->bytes, a->len);
		n = n < sizeof(i->pub.name) ? n : sizeof(i->pub.name) - 1;
		memset(i->pub.name, 0, sizeof(i->pub.name));
		memcpy(i->pub.name, a->bytes, n);
		break;
	case IFLA_ADDRESS:
		i->hwlen = n;
		/* No chaddr holds a longer one (RFC 4390). */
		i->pub.hwlen = n <= sizeof(i->pub.hw) ? (uint8_t)n : 0;
		memset(i->pub.hw, 0, sizeof(i->pub.hw));
		memcpy(i->pub.hw, a->bytes, i->pub.hwlen);
		break;
	case IFLA_BROADCAST:
		memcpy(i->broadcast, a->bytes, n);
		break;
	case IFLA_MTU:
		if (a->len >= sizeof(mtu)) {
			memcpy(&mtu, a->bytes, sizeof(mtu));
			i->pub.mtu = mtu;
		}
		break;
	default:
		break;
	}
}

/* All but addresses. */
static bool
link_equal(const struct netif *x, const struct netif *y)
{
	const struct net_if *a = &x->pub, *b = &y->pub;

	return strcmp(a->name, b->name) == 0 && a->hwtype == b->hwtype &&
	    a->hwlen == b->hwlen && memcmp(a->hw, b->hw, sizeof(a->hw)) == 0 &&
	    a->up == b->up && a->loopback == b->loopback &&
	    a->wanted == b->wanted && a->mtu == b->mtu &&
	    x->hwlen == y->hwlen &&
	    memcmp(x->broadcast, y->broadcast, sizeof(x->broadcast)) == 0;
}

static int
new_link(struct netif_table *t, const struct piece *m)
{
	struct ifinfomsg head;
	struct cursor c;
	struct piece a;
	struct netif *i, was;
	bool added;

	/* With AF_BRIDGE it tells of a bridge's port, not of the interface. */
	if (!take(m, &head, sizeof(head), &c) || head.ifi_family != AF_UNSPEC ||
	    head.ifi_index <= 0)
		return 0;
	if ((i = find_or_add(t, (unsigned)head.ifi_index, &added)) == NULL) {
		log_warnx("interface %d is left out: too many", head.ifi_index);
		return 0;
	}
	memcpy(&was, i, sizeof(was));
	i->pub.hwtype = head.ifi_type;
	i->pub.up =
	    (head.ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
	i->pub.loopback = (head.ifi_flags & IFF_LOOPBACK) != 0;
	while (next_attribute(&c, &a))
		link_attribute(i, &a);
	i->pub.wanted = is_wanted(t->wanted, &i->pub);
	return added || !link_equal(&was, i) ? NETIF_CHANGED : 0;
}

static int
del_link(struct netif_table *t, const struct piece *m)
{
	struct ifinfomsg head;
	struct cursor c;
	size_t at;

	if (!take(m, &head, sizeof(head), &c) || head.ifi_family != AF_UNSPEC ||
	    head.ifi_index <= 0)
		return 0;
	at = place(t, (unsigned)head.ifi_index);
	if (at == t->n || t->v[at]->pub.index != (unsigned)head.ifi_index)
		return 0;
	/* Nothing may point to it any more. */
	t->nroutes = 0;
	free(t->v[at]);
	t->n--;
	memmove(&t->v[at], &t->v[at + 1], (t->n - at) * sizeof(struct netif *));
	return NETIF_CHANGED;
}

static uint32_t
mask_of(unsigned bits)
{
	return bits == 0 ? 0 : 0xffffffffU << (32 - bits);
}

/*
 * An address message's interface (NULL: none of ours) and address. On a line
 * between two points IFA_ADDRESS is the other end's.
 */
static struct netif *
address_get(
    const struct netif_table *t, const struct piece *m, struct net_addr *out)
{
	uint32_t local = 0, address = 0;
	struct ifaddrmsg head;
	struct cursor c;
	struct piece a;

	if (!take(m, &head, sizeof(head), &c) || head.ifa_family != AF_INET ||
	    head.ifa_prefixlen > 32)
		return NULL;
	while (next_attribute(&c, &a)) {
		if (a.type == IFA_LOCAL && a.len >= sizeof(local))
			memcpy(&local, a.bytes, sizeof(local));
		if (a.type == IFA_ADDRESS && a.len >= sizeof(address))
			memcpy(&address, a.bytes, sizeof(address));
	}
	if (local == 0)
		local = address;
	out->ip = ntohl(local);
	out->mask = mask_of(head.ifa_prefixlen);
	if (((out->ip ^ ntohl(address)) & out->mask) != 0)
		out->mask = mask_of(32);
	return local == 0 ? NULL : netif_find(t, head.ifa_index);
}

static size_t
address_place(const struct net_if *i, const struct net_addr *a)
{
	size_t k = 0;

	while (k < i->naddrs &&
	    (i->addrs[k].ip != a->ip || i->addrs[k].mask != a->mask))
		k++;
	return k;
}

static int
new_address(struct netif_table *t, const struct piece *m)
{
	struct net_addr a;
	struct netif *i = address_get(t, m, &a);

	if (i == NULL || address_place(&i->pub, &a) < i->pub.naddrs)
		return 0;
	if (i->pub.naddrs == NET_ADDRS) {
		log_debug("%s: an address is left out: more than %d",
		    i->pub.name, NET_ADDRS);
		return 0;
	}
	i->pub.addrs[i->pub.naddrs++] = a;
	return NETIF_CHANGED;
}

static int
del_address(struct netif_table *t, const struct piece *m)
{
	struct net_addr a;
	struct netif *i = address_get(t, m, &a);
	bool was_full;
	size_t k;

	if (i == NULL || (k = address_place(&i->pub, &a)) == i->pub.naddrs)
		return 0;
	was_full = i->pub.naddrs == NET_ADDRS;
	i->pub.naddrs--;
	memmove(&i->pub.addrs[k], &i->pub.addrs[k + 1],
	    (i->pub.naddrs - k) * sizeof(a));
	/* One that was left out has room now. */
	return NETIF_CHANGED | (was_full ? NETIF_RELOAD : 0);
}

/* The end of a dump, or its failure; both begin with an error number. */
static int
dump_end(struct netif_table *t, const struct piece *m)
{
	int error = 0;

	(void)t;
	if (m->len >= sizeof(error))
		memcpy(&error, m->bytes, sizeof(error));
	if (m->type == NLMSG_DONE && error == 0)
		return NETIF_DONE;
	errno = error < 0 && error >= -4095 ? -error : EPROTO;
	return NETIF_ERROR;
}

static const struct {
	unsigned type;
	int (*apply)(struct netif_table *, const struct piece *);
} messages[] = {
	{ RTM_NEWLINK, new_link },
	{ RTM_DELLINK, del_link },
	{ RTM_NEWADDR, new_address },
	{ RTM_DELADDR, del_address },
	{ NLMSG_DONE, dump_end },
	{ NLMSG_ERROR, dump_end },
};

int
netif_apply(struct netif_table *t, const uint8_t *p, size_t n, uint32_t seq)
{
	struct cursor c = { p, n };
	struct piece m;
	int result = 0;
	size_t i;

	while (next_message(&c, &m)) {
		if (seq != 0 && m.seq != seq)
			continue;
		if (m.flags & NLM_F_DUMP_INTR)
			result |= NETIF_INTERRUPTED;
		for (i = 0; i < sizeof(messages) / sizeof(*messages); i++)
			if (messages[i].type == m.type)
				result |= messages[i].apply(t, &m);
	}
	return result;
}

static int
compare_routes(const void *a, const void *b)
{
	const struct netif_route *x = a, *y = b;

	if (x->mask != y->mask)
		return x->mask < y->mask ? 1 : -1;
	if (x->net != y->net)
		return x->net < y->net ? -1 : 1;
	/* two interfaces with one network: always the same comes first */
	return (x->iface->index > y->iface->index) -
	    (x->iface->index < y->iface->index);
}

/* Networks count where packets would go; addresses are ours in any case. */
static size_t
routes_of(const struct net_if *i, struct netif_route *out)
{
	const struct net_addr *a;
	size_t n = 0;

	for (a = i->addrs; a < i->addrs + i->naddrs; a++) {
		out[n++] = (struct netif_route){ a->ip, mask_of(32), i };
		if (i->up && a->mask != mask_of(32))
			out[n++] =
			    (struct netif_route){ a->ip & a->mask, a->mask, i };
	}
	return n;
}

int
netif_index(struct netif_table *t)
{
	struct netif_route *routes;
	size_t i, n = 0;

	for (i = 0; i < t->n; i++)
		n += 2 * t->v[i]->pub.naddrs;
	/* what is there may point to interfaces that are gone */
	t->nroutes = 0;
	if ((routes = reallocarray(t->routes, n + 1, sizeof(*routes))) == NULL)
		return -1;
	t->routes = routes;
	for (i = 0; i < t->n; i++)
		t->nroutes += routes_of(&t->v[i]->pub, t->routes + t->nroutes);
	qsort(t->routes, t->nroutes, sizeof(*routes), compare_routes);
	return 0;
}

/* The first route not before (mask, net). */
static size_t
route_place(const struct netif_table *t, uint32_t mask, uint32_t net)
{
	size_t low = 0, high = t->nroutes, mid;
	const struct netif_route *r;

	while (low < high) {
		mid = low + (high - low) / 2;
		r = &t->routes[mid];
		if (r->mask > mask || (r->mask == mask && r->net < net))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

const struct net_if *
netif_route_of(const struct netif_table *t, uint32_t ip, bool own)
{
	uint32_t mask = mask_of(32);
	const struct netif_route *r;
	size_t at;

	for (;;) {
		at = route_place(t, mask, ip & mask);
		if (at == t->nroutes)
			return NULL;
		r = &t->routes[at];
		if (r->mask == mask && r->net == (ip & mask))
			return r->iface;
		if (own || mask == 0)
			return NULL;
		/* The next mask that is in use; masks shrink bit by bit. */
		mask = r->mask < mask ? r->mask : mask << 1;
	}
}

void
netif_table_free(struct netif_table *t)
{
	while (t->n > 0)
		free(t->v[--t->n]);
	free(t->v);
	free(t->routes);
	t->v = NULL;
	t->routes = NULL;
	t->room = t->nroutes = 0;
}

static int
dump_ask(int fd, uint16_t type, uint32_t seq)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg body; /* as long as struct ifaddrmsg at least*/
	} ask = { .head = { .nlmsg_type = type,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		      .nlmsg_seq = seq } };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	ask.head.nlmsg_len =
	    NLMSG_LENGTH(type == RTM_GETADDR ? sizeof(struct ifaddrmsg) :
					       sizeof(struct ifinfomsg));
	if (type == RTM_GETADDR)
		ask.body.ifi_family = AF_INET;
	n = sendto(fd, &ask, ask.head.nlmsg_len, 0,
	    (const struct sockaddr *)&kernel, sizeof(kernel));
	return n == -1 ? -1 : 0;
}

/*
 * A datagram of the kernel's; -1 with errno. Others can send to us only with
 * rights that make it pointless, but why listen.
 */
static ssize_t
read_kernel(int fd, uint8_t *buf)
{
	struct sockaddr_nl from;
	struct iovec iov = { buf, READ_BYTES };
	struct msghdr m = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &m, 0);

	if (n == -1)
		return -1;
	if (m.msg_flags & MSG_TRUNC) {
		errno = ENOBUFS; /* something was lost */
		return -1;
	}
	return m.msg_namelen == sizeof(from) && from.nl_pid == 0 ? n : 0;
}

/* All of one kind; what netif_apply said, with NETIF_ERROR and errno. */
static int
dump_kind(struct netifs *s, struct netif_table *t, uint16_t type)
{
	static uint8_t buf[READ_BYTES];
	int result = 0;
	ssize_t n;

	if (++s->seq == 0)
		s->seq = 1;
	if (dump_ask(s->dumps, type, s->seq) == -1)
		return NETIF_ERROR;
	while ((result & (NETIF_DONE | NETIF_ERROR)) == 0) {
		n = read_kernel(s->dumps, buf);
		if (n == -1 && errno != EINTR)
			return NETIF_ERROR;
		if (n > 0)
			result |= netif_apply(t, buf, (size_t)n, s->seq);
	}
	return result;
}

/* Interfaces that were known keep their place in memory. */
static void
replace(struct netif_table *old, struct netif_table *fresh)
{
	struct netif *was;
	size_t i, at;

	for (i = 0; i < fresh->n; i++) {
		at = place(old, fresh->v[i]->pub.index);
		if (at == old->n ||
		    (was = old->v[at])->pub.index != fresh->v[i]->pub.index)
			continue;
		memcpy(was, fresh->v[i], sizeof(*was));
		old->v[at] = fresh->v[i];
		fresh->v[i] = was;
	}
	netif_table_free(old);
	*old = *fresh;
}

static int
dump(struct netifs *s)
{
	struct netif_table fresh;
	int result, i;

	for (i = 0; i < DUMP_TRIES; i++) {
		fresh = (struct netif_table){ .wanted = &s->wanted };
		result = dump_kind(s, &fresh, RTM_GETLINK);
		if ((result & NETIF_ERROR) == 0)
			result |= dump_kind(s, &fresh, RTM_GETADDR);
		if ((result & NETIF_ERROR) == 0 &&
		    (i == DUMP_TRIES - 1 || (result & NETIF_INTERRUPTED) == 0))
			break;
		netif_table_free(&fresh);
		if (result & NETIF_ERROR)
			return -1;
	}
	replace(&s->table, &fresh);
	return netif_index(&s->table);
}

/*
 * Read and forget all that waits: what was lost came after it, so the dump that
 * follows is newer, and nothing old may be applied on top of that.
 */
static void
skip_events(struct netifs *s, uint8_t *buf)
{
	for (int i = 0; i < SKIPS_MAX; i++)
		if (read_kernel(s->events, buf) == -1 && errno != ENOBUFS &&
		    errno != EINTR)
			return;
}

bool
netif_read(struct netifs *s)
{
	static uint8_t buf[READ_BYTES];
	int result = 0;
	ssize_t n;

	for (int i = 0; i < READS_MAX; i++) {
		n = read_kernel(s->events, buf);
		if (n == -1 && errno == ENOBUFS)
			result |= NETIF_RELOAD;
		else if (n == -1 && errno != EINTR)
			break;
		else if (n > 0)
			result |= netif_apply(&s->table, buf, (size_t)n, 0);
		if (result & NETIF_RELOAD)
			break;
	}
	if (result & NETIF_RELOAD) {
		skip_events(s, buf);
		if (dump(s) == 0)
			return true;
		log_warn("interfaces cannot be read again");
	}
	if (result == 0)
		return false;
	if (netif_index(&s->table) == -1)
		log_warn("interfaces");
	return true;
}

static int
keep_names(struct netif_names *names, const char *const *wanted, size_t n)
{
	names->n = 0;
	if ((names->v = calloc(n + 1, sizeof(*names->v))) == NULL) {
		log_err("interfaces");
		return -1;
	}
	for (; names->n < n; names->n++)
		if (strlcpy(names->v[names->n], wanted[names->n],
			sizeof(*names->v)) >= sizeof(*names->v)) {
			log_errx("interface %s: the name is too long",
			    wanted[names->n]);
			return -1;
		}
	return 0;
}

static int
open_netlink(uint32_t groups, int flags)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd =
	    socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);

	if (fd == -1)
		return -1;
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

int
netif_open(struct netifs *s, const char *const *wanted, size_t n)
{
	struct timeval wait = { .tv_sec = DUMP_SECONDS };
	int bytes = EVENT_BUFFER;

	*s = (struct netifs){ .events = -1, .dumps = -1 };
	if (keep_names(&s->wanted, wanted, n) == -1)
		goto fail;
	/* Listen before asking, so that nothing falls between. */
	s->events =
	    open_netlink(RTMGRP_LINK | RTMGRP_IPV4_IFADDR, SOCK_NONBLOCK);
	s->dumps = open_netlink(0, 0);
	if (s->events == -1 || s->dumps == -1 ||
	    setsockopt(
		s->dumps, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == -1) {
		log_err("rtnetlink");
		goto fail;
	}
	/* As root; else overruns are likelier, and mended by a dump. */
	setsockopt(
	    s->events, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (dump(s) == 0)
		return 0;
	log_err("interfaces cannot be read");
fail:
	netif_close(s);
	return -1;
}

void
netif_close(struct netifs *s)
{
	netif_table_free(&s->table);
	free(s->wanted.v);
	s->wanted.v = NULL;
	if (s->events != -1)
		close(s->events);
	if (s->dumps != -1)
		close(s->dumps);
	s->events = s->dumps = -1;
}
