/*
 * Questions by UDP. Each has a connected socket of its own: its port is the
 * kernel's choice, other senders' datagrams never arrive, and a host that has
 * no server says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "ask.h"
#include "rtype.h"

#define MESSAGE 1232
#define AT_ONCE 8 /* datagrams read in one turn */
#define OPCODE 0x7800u

struct ask {
	struct ev_loop *loop;
	ev_io io;
	ev_timer timer;
	int fd;
	ask_done *done;
	void *arg;
	unsigned left; /* tries */
	double pause;
	const char *why; /* what was wrong with an answer */
	struct tsig tsig; /* key NULL: not signed */
	struct dns_builder b;
	uint8_t bytes[MESSAGE];
};

void
ask_cancel(struct ask *a)
{
	ev_io_stop(a->loop, &a->io);
	ev_timer_stop(a->loop, &a->timer);
	close(a->fd);
	free(a);
}

static void
end(struct ask *a, const uint8_t *answer, size_t len, const char *why)
{
	ask_done *done = a->done;
	void *arg = a->arg;

	ask_cancel(a);
	done(arg, answer, len, why);
}

/* Id, opcode, question: false where this is not the answer. */
static bool
fits(const struct ask *a, const uint8_t *p, size_t len)
{
	struct dns_walk asked, w;
	struct dns_rr want, got;

	if (dns_walk_begin(&w, p, len) == -1 ||
	    dns_walk_begin(&asked, a->bytes, a->b.len) == -1 ||
	    dns_walk_next(&asked, &want) != 1)
		return false;
	if (w.h.id != asked.h.id || (w.h.flags & DNS_QR) == 0 ||
	    ((w.h.flags ^ asked.h.flags) & OPCODE) != 0)
		return false;
	if (w.h.count[0] == 0) /* an error may leave it out */
		return dns_rcode(&w.h) != DNS_NOERROR;
	return w.h.count[0] == 1 && dns_walk_next(&w, &got) == 1 &&
	    got.type == want.type && got.class == want.class &&
	    dns_name_equal(got.name, want.name);
}

static const char *
signature_error(int error)
{
	switch (error) {
	case DNS_FORMERR:
		return "an answer that is not signed";
	case DNS_BADKEY:
		return "the server does not have our key";
	case DNS_BADTIME:
		return "the clocks differ too much for signatures";
	default:
		return "an answer whose signature is wrong";
	}
}

/* Who cannot sign is not believed: the right answer may still come (RFC 8945
 * section 5.4). */
static bool
proven(struct ask *a, const uint8_t *p, size_t len)
{
	int error;

	if (a->tsig.key == NULL)
		return true;
	error = tsig_check(&a->tsig, p, len, (uint64_t)ev_now(a->loop));
	if (error != 0)
		a->why = signature_error(error);
	return error == 0;
}

static void
readable(struct ev_loop *loop, ev_io *io, int events)
{
	struct ask *a = io->data;
	uint8_t p[MESSAGE];
	ssize_t n;
	int i;

	(void)loop;
	(void)events;
	for (i = 0; i < AT_ONCE; i++) {
		n = recv(a->fd, p, sizeof(p), 0);
		if (n == -1 && errno == ECONNREFUSED && a->left == 0) {
			end(a, NULL, 0, "no server there");
			return;
		}
		if (n == -1)
			return;
		if (fits(a, p, (size_t)n) && proven(a, p, (size_t)n)) {
			end(a, p, (size_t)n, NULL);
			return;
		}
	}
}

/* A datagram that cannot be sent now is sent again as one that was lost. */
static void
try(struct ev_loop *loop, ev_timer *timer, int events)
{
	struct ask *a = timer->data;

	(void)events;
	if (a->left == 0) {
		end(a, NULL, 0, a->why != NULL ? a->why : "no answer");
		return;
	}
	a->left--;
	(void)!send(a->fd, a->bytes, a->b.len, 0);
	ev_timer_set(timer, a->pause, 0);
	ev_timer_start(loop, timer);
	a->pause *= 2;
}

static int
build(struct ask *a, const struct ask_what *what)
{
	struct dns_header h = { .id = (uint16_t)arc4random() };
	struct dns_rr rr = { .class = CLASS_IN };

	h.flags = (uint16_t)(what->opcode << 11);
	if (what->opcode == OPCODE_NOTIFY)
		h.flags |= DNS_AA;
	dns_put_header(&a->b, &h);
	dns_put_question(&a->b, what->name->wire, what->type, CLASS_IN);
	if (what->hint != NULL) {
		memcpy(rr.name, what->name->wire, what->name->len);
		rr.type = what->hint->type;
		rr.ttl = what->hint->ttl;
		rr.data = what->hint->data;
		rr.len = what->hint->len;
		dns_put_rr(&a->b, 1, &rr);
	}
	if (a->tsig.key != NULL)
		tsig_sign(&a->tsig, &a->b, (uint64_t)ev_now(a->loop));
	if (a->b.full)
		errno = EMSGSIZE;
	return a->b.full ? -1 : 0;
}

struct ask *
ask_begin(struct ev_loop *loop, const struct ask_what *what, ask_done *done,
    void *arg)
{
	const struct remote *to = what->to;
	struct ask *a = calloc(1, sizeof(*a));
	int saved;

	if (a == NULL)
		return NULL;
	a->loop = loop;
	a->done = done;
	a->arg = arg;
	a->left = what->tries;
	a->pause = what->pause;
	a->tsig.key = to->key;
	a->b = (struct dns_builder){ .bytes = a->bytes, .limit = MESSAGE };
	a->fd = socket(to->addr.sa.sa_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd == -1 || build(a, what) == -1 ||
	    (connect(a->fd, &to->addr.sa, sock_addrlen(&to->addr)) == -1 &&
		errno != ENETUNREACH && errno != EHOSTUNREACH)) {
		saved = errno;
		if (a->fd != -1)
			close(a->fd);
		free(a);
		errno = saved;
		return NULL;
	}
	ev_io_init(&a->io, readable, a->fd, EV_READ);
	ev_timer_init(&a->timer, try, 0, 0);
	a->io.data = a->timer.data = a;
	ev_io_start(loop, &a->io);
	ev_timer_start(loop, &a->timer);
	return a;
}
