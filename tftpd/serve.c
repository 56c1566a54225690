/*
 * Requests: what a client asks for, what it is granted, why it is refused.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "tftpd.h"

/* UDP, and a block's own header. */
#define OVERHEAD4 (20 + 8 + PACKET_HEADER)
#define OVERHEAD6 (40 + 8 + PACKET_HEADER)

struct request {
	const struct packet *p;
	struct packet_request r;
	struct transfer *t;
	enum packet_error error;
	const char *why;
};

/* What fits one packet on the way to the peer, as far as the kernel knows. */
static uint32_t
ask_path(const struct server *s, const union sock_addr *peer)
{
	bool v6 = peer->sa.sa_family == AF_INET6;
	int fd = s->mtu_fds[v6], mtu = 0;
	socklen_t len = sizeof(mtu);

	if (connect(fd, &peer->sa, sock_addrlen(peer)) == -1 ||
	    getsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
		v6 ? IPV6_MTU : IP_MTU, &mtu, &len) == -1 ||
	    mtu < 576)
		return BLKSIZE_MAX;
	return (uint32_t)(mtu - (v6 ? OVERHEAD6 : OVERHEAD4));
}

/* The same, from memory where a client asks for file after file. */
static uint32_t
path_blksize(struct server *s, const union sock_addr *peer)
{
	union sock_addr host = *peer;
	struct path *path;

	sock_set_port(&host, 0);
	path = &s->paths[transfer_hash(s, &host) % PATHS];
	if (s->now_ms >= path->until_ms ||
	    !sock_addr_equal(&path->host, &host)) {
		path->host = host;
		path->blksize = ask_path(s, peer);
		path->until_ms = s->now_ms + PATH_MS;
	}
	return path->blksize;
}

static void
grant_blksize(struct request *q, const struct tftpd_options *o)
{
	struct transfer *t = q->t;
	uint32_t most;

	t->x.blksize = BLKSIZE_DEFAULT;
	if (!(t->granted.options & OPTION_BLKSIZE))
		return;
	t->x.blksize = q->r.blksize;
	if (t->x.blksize > o->blksize)
		t->x.blksize = (uint32_t)o->blksize;
	if (o->clamp_mtu && t->x.blksize > BLKSIZE_DEFAULT) {
		most = path_blksize(t->server, &t->peer);
		if (t->x.blksize > most)
			t->x.blksize = most;
	}
	t->granted.blksize = t->x.blksize;
}

static void
grant_window(struct request *q, const struct tftpd_options *o)
{
	struct transfer *t = q->t;
	uint32_t most = (uint32_t)o->windowsize;

	t->x.window = 1;
	if (!(t->granted.options & OPTION_WINDOWSIZE))
		return;
	if (q->r.mode == MODE_NETASCII && most > ASCII_ROOM / t->x.blksize)
		most = ASCII_ROOM / t->x.blksize;
	t->x.window = q->r.windowsize < most ? q->r.windowsize : most;
	t->granted.windowsize = t->x.window;
}

/* RFC 2347 section 2: what is not granted is left out of the OACK. */
static void
grant(struct request *q)
{
	struct transfer *t = q->t;
	const struct tftpd_options *o = conf_options(t->server->conf, &t->peer);

	t->granted = q->r;
	t->granted.options &= ~o->disabled;
	if (q->r.timeout < o->timeout_min || q->r.timeout > o->timeout_max)
		t->granted.options &= ~(unsigned)OPTION_TIMEOUT;
	grant_blksize(q, o);
	grant_window(q, o);
	if (t->granted.options & OPTION_TIMEOUT)
		t->x.timeout_ms = q->r.timeout * 1000;
	/* RFC 2349: the size as it is sent, which netascii does not tell */
	if (!t->x.write && q->r.mode == MODE_NETASCII)
		t->granted.options &= ~(unsigned)OPTION_TSIZE;
	else if (!t->x.write)
		t->granted.tsize = t->file->size;
	t->x.oack = t->granted.options != 0;
	t->x.retries = (unsigned)t->server->conf->retries;
	if (!t->x.write && q->r.mode == MODE_OCTET)
		t->x.last = t->file->size / t->x.blksize + 1;
	else
		t->x.last = XFER_UNKNOWN;
}

static char *
path_of(const struct map_candidate *c)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", c->base, c->path) == -1)
		return NULL;
	return path;
}

static int
open_read(struct request *q, const struct map_candidate *c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		q->t->file = file_open(q->t->server, &c[i], &q->error);
		if (q->t->file != NULL) {
			q->t->path = path_of(&c[i]);
			ascii_init(&q->t->ascii);
			return 0;
		}
		if (errno != ENOENT)
			return -1;
	}
	return -1;
}

static int
begin_write(struct request *q, const struct map_candidate *c)
{
	uint64_t size = q->r.options & OPTION_TSIZE ? q->r.tsize : 0;

	q->t->upload =
	    upload_begin(q->t->server, c, size, q->r.mode, &q->error, &q->why);
	if (q->t->upload == NULL)
		return -1;
	q->t->path = path_of(c);
	return 0;
}

/*
 * The file that a read would find is the one to be written, wherever it is. A
 * new one goes to the first place that may be written to and has its directory.
 */
static int
open_write(struct request *q, const struct map_candidate *c, size_t n)
{
	const struct server *s = q->t->server;
	size_t i;

	for (i = 0; i < n; i++)
		if (file_exists(s, &c[i]))
			return begin_write(q, &c[i]);
	q->error = ERR_ACCESS;
	for (i = 0; i < n; i++) {
		if (!upload_allowed(s, &c[i]))
			continue;
		if (begin_write(q, &c[i]) == 0)
			return 0;
		if (q->error != ERR_NOT_FOUND)
			return -1;
	}
	return -1;
}

/* What the DHCP server knows of the client's address; "": nothing. */
static const char *
client_hw(const struct server *s, const union sock_addr *peer, char hw[MAP_HW])
{
	struct leasemap_entry e;
	struct in_addr a;

	*hw = '\0';
	if (s->leases == NULL)
		return hw;
	if (peer->sa.sa_family == AF_INET)
		a = peer->in.sin_addr;
	else if (IN6_IS_ADDR_V4MAPPED(&peer->in6.sin6_addr))
		memcpy(&a, peer->in6.sin6_addr.s6_addr + 12, sizeof(a));
	else
		return hw;
	if (leasemap_find(s->leases, a, time(NULL), &e))
		map_hw(e.hw, e.hlen, hw);
	return hw;
}

static int
open_file(struct request *q)
{
	static struct map_candidate found[MAP_CANDIDATES];
	struct server *s = q->t->server;
	char hw[MAP_HW];
	struct map_client client = { &q->t->peer,
		client_hw(s, &q->t->peer, hw) };
	size_t n = 0;

	switch (map_name(&s->rules, q->r.name, &client, found, &n)) {
	case MAP_OK:
		break;
	case MAP_NONE:
		q->error = ERR_NOT_FOUND;
		return -1;
	default:
		q->error = ERR_ACCESS;
		return -1;
	}
	return q->t->x.write ? open_write(q, found, n) : open_read(q, found, n);
}

/* A request that is refused costs one packet from the listening port. */
static void
refuse(struct request *q)
{
	char result[128];
	uint8_t bytes[SEND_SMALL];
	struct transfer *t = q->t;
	struct server *s = t->server;

	packet_error(bytes, sizeof(bytes), q->error, q->why);
	snprintf(result, sizeof(result), "error %d: %.100s", q->error,
	    (const char *)bytes + PACKET_HEADER);
	send_error(s->sender, q->p, q->error, q->why);
	t->granted.mode = q->r.mode;
	transfer_log(t, result);
	transfer_free(t);
}

/* RFC 1350 section 5: a request that cannot be read. */
static void
malformed(struct server *s, struct request *q, int error)
{
	static struct log_limit limit;
	char peer[SOCK_NAMELEN];

	if (log_allowed(&limit, "bad requests"))
		log_info(
		    "%s: bad request: %s", sock_name(q->p->peer, peer), q->why);
	send_error(s->sender, q->p, (enum packet_error)error, q->why);
}

void
serve_request(struct server *s, const struct packet *p)
{
	struct request q = { .p = p };
	int error;

	/* RFC 1123 section 4.2.3.5 */
	if (p->broadcast) {
		stats_add(s->counters, C_DROP_BROADCAST, 1);
		return;
	}
	error = packet_request(p->bytes, p->len, &q.r, &q.why);
	if (error != 0) {
		malformed(s, &q, error);
		return;
	}
	if (transfer_repeated(s, p, &q.r))
		return;
	stats_add(s->counters, q.r.op == PACKET_WRQ ? C_WRITES : C_READS, 1);
	if ((q.t = transfer_new(s, p)) == NULL)
		return;
	q.t->x.write = q.r.op == PACKET_WRQ;
	q.t->name = strdup(q.r.name);
	q.error = ERR_UNDEFINED;
	if (q.t->name == NULL) {
		transfer_free(q.t);
		return;
	}
	q.t->asked = q.r;
	q.t->asked.name = q.t->name;
	if (open_file(&q) == -1) {
		refuse(&q);
		return;
	}
	grant(&q);
	transfer_begin(q.t, p);
}
