/*
 * One transfer from one primary.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "tsig.h"
#include "xfrlink.h"
#include "xfrpull.h"

#define QUESTION 2046

struct xfrpull {
	struct ev_loop *loop;
	struct xfrlink *link;
	xfrpull_done *done;
	void *arg;
	const struct tsig_key *key; /* NULL: not signed */
	struct tsig_stream stream;
	struct xfrapply apply;
};

static void
free_pull(struct xfrpull *p)
{
	if (p->link != NULL)
		xfrlink_close(p->link);
	tsig_stream_end(&p->stream);
	xfrapply_end(&p->apply);
	free(p);
}

void
xfrpull_cancel(struct xfrpull *p)
{
	free_pull(p);
}

static void
end(struct xfrpull *p, enum xfrapply_result result)
{
	p->done(p->arg, result, &p->apply);
	free_pull(p);
}

static void
fail(struct xfrpull *p, const char *why)
{
	strlcpy(p->apply.why, why, sizeof(p->apply.why));
	end(p, XFRAPPLY_BROKEN);
}

static void
failed(void *arg, const char *why)
{
	fail(arg, why);
}

/* NULL, or what is wrong with a message's signature. */
static const char *
check_signature(struct xfrpull *p, const uint8_t *bytes, size_t len)
{
	if (p->key == NULL)
		return NULL;
	switch (tsig_stream_check(
	    &p->stream, bytes, len, (uint64_t)ev_now(p->loop))) {
	case 0:
		return NULL;
	case DNS_FORMERR:
		return "it is not signed";
	case DNS_BADKEY:
		return "it does not have our key";
	case DNS_BADTIME:
		return "the clocks differ too much for signatures";
	default:
		return "a wrong signature";
	}
}

static bool
message(void *arg, const uint8_t *bytes, size_t len)
{
	struct xfrpull *p = arg;
	const char *why = check_signature(p, bytes, len);
	enum xfrapply_result result;

	if (why != NULL) {
		fail(p, why);
		return false;
	}
	result = xfrapply_message(&p->apply, bytes, len);
	if (result == XFRAPPLY_MORE)
		return true;
	/* RFC 8945 section 5.3.1: the last message must be signed */
	if (result != XFRAPPLY_BAD && p->key != NULL &&
	    !tsig_stream_proven(&p->stream))
		fail(p, "its last message is not signed");
	else
		end(p, result);
	return false;
}

static const struct xfrlink_calls calls = { message, failed };

/* RFC 1995 section 3: our SOA in the authority section. */
static void
put_version(struct dns_builder *b, const struct snapshot *s)
{
	const struct rrset *set = node_rrset(s->apex, TYPE_SOA);
	struct dns_rr rr = { .type = TYPE_SOA, .class = CLASS_IN };

	memcpy(rr.name, s->origin.wire, s->origin.len);
	rr.ttl = set->ttl;
	rr.data = rrset_rdata(set->data);
	rr.len = rrset_len(set->data);
	dns_put_rr(b, 2, &rr);
}

static int
ask(struct xfrpull *p)
{
	const struct xfrapply *x = &p->apply;
	const struct dns_header h = { .id = x->id };
	struct tsig tsig = { .key = p->key };
	uint8_t bytes[QUESTION];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };

	dns_put_header(&b, &h);
	dns_put_question(&b, x->origin->wire, x->type, CLASS_IN);
	if (x->base != NULL)
		put_version(&b, x->base);
	if (p->key != NULL)
		tsig_sign(&tsig, &b, (uint64_t)ev_now(p->loop));
	if (b.full) {
		errno = EMSGSIZE;
		return -1;
	}
	tsig_stream_begin(&p->stream, &tsig);
	return xfrlink_send(p->link, bytes, b.len);
}

struct xfrpull *
xfrpull_begin(struct ev_loop *loop, const struct xfrpull_what *what,
    xfrpull_done *done, void *arg)
{
	struct xfrpull *p = malloc(sizeof(*p));
	int saved;

	if (p == NULL)
		return NULL;
	memset(p, 0, offsetof(struct xfrpull, apply));
	p->loop = loop;
	p->done = done;
	p->arg = arg;
	p->key = what->from->key;
	p->apply.origin = what->origin;
	p->apply.base = what->base;
	p->apply.type = what->base != NULL ? TYPE_IXFR : TYPE_AXFR;
	p->apply.id = (uint16_t)arc4random();
	p->apply.max_bytes = what->max_bytes;
	xfrapply_begin(&p->apply);
	p->link = xfrlink_open(loop, &what->from->addr, &calls, p);
	if (p->link == NULL || ask(p) == -1) {
		saved = errno;
		free_pull(p);
		errno = saved;
		return NULL;
	}
	return p;
}
