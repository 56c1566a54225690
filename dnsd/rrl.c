/*
 * Response rate limiting: accounts in one table that all threads share.
 *
 * An account is one word, read and written whole without any order: where two
 * threads meet, one answer of many is not counted. Where two accounts want one
 * place the younger takes it; the places are many more than what is busy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "rrl.h"
#include "rtype.h"

#define WAYS 4 /* places that an account may stand at */

struct rrl {
	const struct rate_conf *conf;
	uint64_t seed;
	uint32_t mask;
	_Atomic uint64_t *accounts;
};

/* tag 24 bits, seconds 12, slips 4, balance 24 (0: RRL_WINDOW of debt) */
struct account {
	uint32_t tag, seconds, slips;
	int32_t balance;
};

#define SECONDS 0xfffu
#define BALANCE_ZERO 0x800000

static struct account
unpack(uint64_t v)
{
	return (struct account){ .tag = (uint32_t)(v >> 40),
		.seconds = (uint32_t)(v >> 28) & SECONDS,
		.slips = (uint32_t)(v >> 24) & 15,
		.balance = (int32_t)(v & 0xffffff) - BALANCE_ZERO };
}

static uint64_t
pack(const struct account *a)
{
	return (uint64_t)a->tag << 40 | (uint64_t)a->seconds << 28 |
	    (uint64_t)a->slips << 24 |
	    (uint64_t)(uint32_t)(a->balance + BALANCE_ZERO);
}

struct rrl *
rrl_open(const struct rate_conf *conf)
{
	struct rrl *rrl = calloc(1, sizeof(*rrl));
	size_t n = WAYS;

	while (n < conf->table)
		n *= 2;
	if (rrl == NULL)
		return NULL;
	rrl->conf = conf;
	rrl->mask = (uint32_t)(n - 1) & ~(WAYS - 1u);
	arc4random_buf(&rrl->seed, sizeof(rrl->seed));
	rrl->accounts = aligned_alloc(64, n * sizeof(*rrl->accounts) + 64);
	if (rrl->accounts == NULL) {
		free(rrl);
		return NULL;
	}
	memset(rrl->accounts, 0, n * sizeof(*rrl->accounts));
	return rrl;
}

void
rrl_close(struct rrl *rrl)
{
	if (rrl == NULL)
		return;
	free(rrl->accounts);
	free(rrl);
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93;
	return h ^ h >> 32;
}

/* The first bits of an address, at most 64. */
static uint64_t
network(const struct rate_conf *c, const union sock_addr *a)
{
	uint64_t v = 0;
	unsigned bits;

	if (a->sa.sa_family == AF_INET) {
		v = ntohl(a->in.sin_addr.s_addr);
		bits = (unsigned)c->ipv4_prefix;
		return v >> (32 - bits) | 1ULL << 32;
	}
	memcpy(&v, &a->in6.sin6_addr, sizeof(v));
	bits = (unsigned)c->ipv6_prefix;
	return be64toh(v) & ~(bits == 64 ? 0 : UINT64_MAX >> bits);
}

/* Denials and errors: what is not there has too many names. */
static bool
is_error(const struct request *r)
{
	return r->rcode != DNS_NOERROR;
}

static uint64_t
account_hash(const struct rrl *rrl, const struct request *r)
{
	uint64_t h = mix(rrl->seed ^ network(rrl->conf, &r->peer));

	if (is_error(r))
		return mix(h + r->rcode + 1);
	h ^= (uint64_t)r->qname.hash[0] << 32 | (uint64_t)r->qtype << 8;
	return mix(h);
}

/* Its place: where it stands, or that of the one that was seen longest ago. */
static _Atomic uint64_t *
find(struct rrl *rrl, uint64_t hash, uint32_t now)
{
	_Atomic uint64_t *p = &rrl->accounts[hash & rrl->mask], *oldest = p;
	uint32_t tag = (uint32_t)(hash >> 40), age = 0, i;
	struct account a;
	uint64_t v;

	for (i = 0; i < WAYS; i++) {
		v = atomic_load_explicit(&p[i], memory_order_relaxed);
		if (v == 0)
			return &p[i];
		a = unpack(v);
		if (a.tag == tag)
			return &p[i];
		if (((now - a.seconds) & SECONDS) >= age) {
			age = (now - a.seconds) & SECONDS;
			oldest = &p[i];
		}
	}
	return oldest;
}

/* What came in since it was seen last. */
static void
pay_in(struct account *a, uint32_t now, int32_t rate)
{
	int32_t seconds = (int32_t)((now - a->seconds) & SECONDS);

	if (seconds > RRL_WINDOW + 1)
		a->balance = rate;
	else
		a->balance += seconds * rate;
	if (a->balance > rate)
		a->balance = rate;
	a->seconds = now & SECONDS;
}

static enum rrl_verdict
take_out(struct account *a, const struct rate_conf *c, int32_t rate)
{
	if (a->balance > -RRL_WINDOW * rate)
		a->balance--;
	if (a->balance >= 0)
		return RRL_SEND;
	if (c->slip == 0 || ++a->slips < c->slip)
		return RRL_DROP;
	a->slips = 0;
	return RRL_SLIP;
}

enum rrl_verdict
rrl_check(struct rrl *rrl, const struct request *r)
{
	const struct rate_conf *c = rrl->conf;
	int32_t rate = (int32_t)(is_error(r) ? c->errors : c->responses);
	uint64_t hash = account_hash(rrl, r), v;
	enum rrl_verdict verdict;
	_Atomic uint64_t *place;
	struct account a;

	if (rate == 0 || acl_allows(&c->exempt, &r->peer, NULL))
		return RRL_SEND;
	place = find(rrl, hash, r->now);
	v = atomic_load_explicit(place, memory_order_relaxed);
	a = unpack(v);
	if (v == 0 || a.tag != hash >> 40)
		a = (struct account){ .tag = (uint32_t)(hash >> 40),
			.seconds = r->now & SECONDS,
			.balance = rate };
	pay_in(&a, r->now, rate);
	verdict = take_out(&a, c, rate);
	atomic_store_explicit(place, pack(&a), memory_order_relaxed);
	return verdict;
}
