/*
 * Messages through a reader's thread: read, answered, counted, logged.
 */
#include "serve.h"
#include "querylog.h"
#include "rrl.h"
#include "rtype.h"

/* Which counter a type has; 0: the last. */
static const uint8_t type_counters[256] = {
	[TYPE_A] = 1,
	[TYPE_NS] = 2,
	[TYPE_CNAME] = 3,
	[TYPE_SOA] = 4,
	[TYPE_PTR] = 5,
	[TYPE_MX] = 6,
	[TYPE_TXT] = 7,
	[TYPE_AAAA] = 8,
	[TYPE_SRV] = 9,
	[TYPE_DS] = 10,
	[TYPE_DNSKEY] = 11,
	[TYPE_HTTPS] = 12,
	[TYPE_ANY] = 13,
};

void
serve_prefetch(struct request *r, const enum request_next *next, size_t n)
{
	unsigned round;
	size_t i;

	for (round = 0; round < PREFETCH_ROUNDS; round++)
		for (i = 0; i < n; i++)
			if (next[i] == REQUEST_QUERY)
				r[i].thread->server->role->prefetch(
				    &r[i], round);
}

static void
count_question(const struct request *r)
{
	unsigned i = r->qtype < 256 ? type_counters[r->qtype] : 0;

	thread_count(r->thread, i == 0 ? C_TYPE_OTHER : C_TYPES + i - 1);
}

static void
count_request(const struct request *r, enum request_next next)
{
	struct worker_thread *t = r->thread;

	if (next == REQUEST_DROP) {
		thread_count(t, C_DROPPED);
		return;
	}
	thread_count(t, C_QUERIES + r->opcode);
	if (r->edns.present)
		thread_count(t, C_EDNS);
	if (r->edns.wants_dnssec)
		thread_count(t, C_DO);
	if (r->key != NULL || r->tsig_error != 0)
		thread_count(t, C_TSIG);
	if (next == REQUEST_QUERY)
		count_question(r);
}

static size_t
sent(const struct request *r, size_t len)
{
	struct worker_thread *t = r->thread;

	if (len == 0)
		return 0;
	thread_count(t, C_RCODES + (r->rcode < 24 ? r->rcode : 23));
	if ((r->reply.bytes[2] & DNS_TC >> 8) != 0)
		thread_count(t, C_TRUNCATED);
	if (querylog_is_on(t->server->querylog))
		querylog_add(t, r, len);
	return len;
}

/* May it be sent (RRL)? A slip leaves with TC and no records. */
static bool
allowed(struct request *r)
{
	struct rrl *rrl = r->thread->server->rrl;

	if (rrl == NULL || r->tcp || r->key != NULL)
		return true;
	switch (rrl_check(rrl, r)) {
	case RRL_DROP:
		thread_count(r->thread, C_RATE_DROPPED);
		return false;
	case RRL_SLIP:
		thread_count(r->thread, C_RATE_SLIPPED);
		r->reply.truncated = true;
		break;
	case RRL_SEND:
		break;
	}
	return true;
}

static size_t
answer_query(struct request *r, struct stream **stream)
{
	r->thread->server->role->query(r, stream);
	if (stream != NULL && *stream != NULL)
		return 0;
	return allowed(r) ? request_finish(r) : 0;
}

size_t
serve_answer(struct request *r, enum request_next next,
    const struct handed_way *way, struct stream **stream)
{
	size_t len = 0;

	count_request(r, next);
	switch (next) {
	case REQUEST_DROP:
		break;
	case REQUEST_SEND:
		len = allowed(r) ? r->reply.len : 0;
		break;
	case REQUEST_QUERY:
		len = answer_query(r, stream);
		break;
	case REQUEST_NOTIFY:
	case REQUEST_UPDATE:
		if (!handed_give(r, way))
			thread_count(r->thread, C_DROPPED);
		break;
	}
	return sent(r, len);
}
