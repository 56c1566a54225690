/*
 * The query log: rings, each of one thread that writes and the main thread,
 * which reads.
 */
#include <sys/uio.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bsd/string.h>

#include "querylog.h"
#include "rtype.h"

#define RING (256 * 1024) /* bytes; a power of two */
#define LINE 2048 /* longer than any: a name is DNS_NAME_TEXT at most */
#define FLUSH_SECONDS 1.0

struct querylog_ring {
	struct querylog_ring *next;
	struct querylog *log;
	/* of the thread */
	_Alignas(64) _Atomic size_t head; /* bytes written, ever */
	uint32_t second; /* that the stamp tells */
	char stamp[32];
	/* of the main thread */
	_Alignas(64) _Atomic size_t tail; /* bytes read, ever */
	_Atomic uint64_t lost; /* lines */
	char *bytes;
};

static void
append(char *out, size_t *len, const char *text)
{
	*len += strlcpy(out + *len, text, LINE - *len);
}

static const char *
stamp(struct querylog_ring *ring, uint32_t now)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (now != ring->second && gmtime_r(&t, &tm) != NULL) {
		ring->second = now;
		strftime(ring->stamp, sizeof(ring->stamp),
		    "%Y-%m-%dT%H:%M:%SZ ", &tm);
	}
	return ring->stamp;
}

static void
put_flags(char *out, size_t *len, const struct request *r)
{
	const struct {
		bool is;
		const char *letter;
	} flags[] = {
		{ (r->header.flags & DNS_RD) != 0, "+" },
		{ r->edns.present, "e" },
		{ r->edns.wants_dnssec, "d" },
		{ r->key != NULL, "s" },
		{ (r->header.flags & DNS_CD) != 0, "c" },
	};
	size_t i, before = *len;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].is)
			append(out, len, flags[i].letter);
	append(out, len, *len == before ? "- " : " ");
}

static void
put_answer(char *out, size_t *len, const struct request *r, size_t bytes)
{
	static const char *const rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL",
		"NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET",
		"NXRRSET", "NOTAUTH", "NOTZONE" };
	const uint8_t *p = r->reply.bytes;
	char text[64];

	if (r->rcode < sizeof(rcodes) / sizeof(rcodes[0]))
		append(out, len, rcodes[r->rcode]);
	else {
		snprintf(text, sizeof(text), "RCODE%u", r->rcode);
		append(out, len, text);
	}
	append(out, len, (p[2] & DNS_AA >> 8) != 0 ? " aa" : " -");
	append(out, len, (p[2] & DNS_TC >> 8) != 0 ? "tc" : "");
	snprintf(text, sizeof(text), " %u/%u/%u %zu\n",
	    (unsigned)p[6] << 8 | p[7], (unsigned)p[8] << 8 | p[9],
	    (unsigned)p[10] << 8 | p[11], bytes);
	append(out, len, text);
}

static size_t
make_line(struct querylog_ring *ring, const struct request *r, size_t bytes,
    char out[LINE])
{
	char name[DNS_NAME_TEXT], peer[SOCK_NAMELEN], type[RTYPE_TEXT];
	bool asked = r->question_end > DNS_HEADER;
	size_t len = 0;

	append(out, &len, stamp(ring, r->now));
	append(out, &len, sock_name(&r->peer, peer));
	append(out, &len, r->tcp ? " tcp " : " udp ");
	append(out, &len, asked ? dns_name_text(r->qname.wire, name) : "-");
	append(out, &len, " ");
	append(out, &len, asked ? rclass_text(r->qclass, type) : "-");
	append(out, &len, " ");
	append(out, &len, asked ? rtype_text(r->qtype, type) : "-");
	append(out, &len, " ");
	put_flags(out, &len, r);
	put_answer(out, &len, r, bytes);
	return len;
}

void
querylog_add(struct worker_thread *t, const struct request *r, size_t bytes)
{
	struct querylog_ring *ring = t->log;
	size_t head, tail, n, at, first;
	char line[LINE];

	if (ring == NULL)
		return;
	n = make_line(ring, r, bytes, line);
	head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	if (n > RING - (head - tail)) {
		atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
		return;
	}
	at = head % RING;
	first = n < RING - at ? n : RING - at;
	memcpy(ring->bytes + at, line, first);
	memcpy(ring->bytes, line + first, n - first);
	atomic_store_explicit(&ring->head, head + n, memory_order_release);
	if (head - tail < RING / 2 && head + n - tail >= RING / 2)
		ev_async_send(ring->log->server->loop, &ring->log->full);
}

/* Its lines, whole, to the file. */
static void
empty(struct querylog_ring *ring, int fd)
{
	static struct log_limit limit;
	size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	size_t at = tail % RING, n = head - tail, first;
	uint64_t lost;

	if (n > 0) {
		struct iovec v[2];

		first = n < RING - at ? n : RING - at;
		v[0] = (struct iovec){ ring->bytes + at, first };
		v[1] = (struct iovec){ ring->bytes, n - first };
		if (fd != -1 && writev(fd, v, 2) != (ssize_t)n &&
		    log_allowed(&limit, "query log"))
			log_warn("query log: lines lost");
		atomic_store_explicit(&ring->tail, head, memory_order_release);
	}
	lost = atomic_exchange_explicit(&ring->lost, 0, memory_order_relaxed);
	if (lost > 0 && log_allowed(&limit, "query log"))
		log_warnx("query log: %llu lines lost: the disk is too slow",
		    (unsigned long long)lost);
}

static void
flush(struct querylog *log)
{
	int fd = log->server->worker->logs[0].fd;
	struct querylog_ring *ring;

	for (ring = log->rings; ring != NULL; ring = ring->next)
		empty(ring, fd);
}

static void
on_timer(struct ev_loop *loop, ev_timer *t, int events)
{
	(void)loop;
	(void)events;
	flush(t->data);
}

static void
on_full(struct ev_loop *loop, ev_async *a, int events)
{
	(void)loop;
	(void)events;
	flush(a->data);
}

struct querylog *
querylog_open(struct server *s)
{
	struct querylog *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	log->server = s;
	ev_timer_init(&log->timer, on_timer, FLUSH_SECONDS, FLUSH_SECONDS);
	ev_async_init(&log->full, on_full);
	log->timer.data = log->full.data = log;
	ev_async_start(s->loop, &log->full);
	return log;
}

int
querylog_set(struct querylog *log, bool on)
{
	if (on && log->server->worker->logs[0].fd == -1)
		return -1;
	atomic_store_explicit(&log->on, on, memory_order_relaxed);
	if (on && !ev_is_active(&log->timer))
		ev_timer_start(log->server->loop, &log->timer);
	if (!on)
		ev_timer_stop(log->server->loop, &log->timer);
	flush(log);
	return 0;
}

int
querylog_join(struct querylog *log, struct worker_thread *t)
{
	struct querylog_ring *ring;

	if (log->server->worker->logs[0].fd == -1)
		return 0; /* there never will be one */
	ring = aligned_alloc(64, (sizeof(*ring) + 63) / 64 * 64);
	if (ring == NULL)
		return -1;
	*ring = (struct querylog_ring){ .log = log, .next = log->rings };
	if ((ring->bytes = malloc(RING)) == NULL) {
		free(ring);
		return -1;
	}
	t->log = log->rings = ring;
	return 0;
}

/* After all threads have ended. */
void
querylog_close(struct querylog *log)
{
	struct querylog_ring *ring;

	if (log == NULL)
		return;
	querylog_set(log, false);
	ev_async_stop(log->server->loop, &log->full);
	while ((ring = log->rings) != NULL) {
		log->rings = ring->next;
		free(ring->bytes);
		free(ring);
	}
	free(log);
}
