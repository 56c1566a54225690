/*
 * Lookups: subnets and ranges by bisection of sorted tables, reservations by
 * two hashes, one of addresses and one of identities. All of it lives in one
 * heap of chunks that is freed as a whole.
 */
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "build.h"
#include "log.h"
#include "scope.h"
#include "siphash.h"

#define CHUNK ((size_t)64 * 1024)
#define ALIGN 16u
#define TABLE_LEAST 64

struct chunk {
	struct chunk *next;
	size_t size, used;
	uint8_t bytes[] __attribute__((aligned(ALIGN)));
};

/* Open addressing; at most half full; size is a power of 2, or 0. */
struct table {
	struct host **slot;
	size_t size, n;
};

struct scopes_index {
	struct chunk *chunks;
	struct subnet **subnets; /* by address */
	struct range **ranges;
	size_t nsubnets, nranges;
	struct table ids, ips;
	uint64_t seed[2];
};

enum kind { KIND_ID, KIND_HW, KIND_CIRCUIT, KIND_REMOTE, KIND_IP };

/* By what a reservation is found. */
struct identity {
	enum kind kind;
	uint8_t htype; /* KIND_HW */
	const uint8_t *bytes;
	size_t n;
};

static struct scopes_index *
get_index(struct build *b)
{
	struct scopes *s = b->scopes;

	if (s->index != NULL)
		return s->index;
	if ((s->index = calloc(1, sizeof(*s->index))) != NULL)
		arc4random_buf(s->index->seed, sizeof(s->index->seed));
	return s->index;
}

void *
scope_alloc(struct build *b, size_t n, size_t size)
{
	struct scopes_index *x = get_index(b);
	size_t want = (n * size + ALIGN - 1) / ALIGN * ALIGN;
	struct chunk *c = x == NULL ? NULL : x->chunks;
	void *p;

	if (x != NULL && (c == NULL || want > c->size - c->used)) {
		size_t most = want > CHUNK ? want : CHUNK;

		c = calloc(1, sizeof(*c) + most);
		if (c != NULL) {
			c->size = most;
			c->next = x->chunks;
			x->chunks = c;
		}
	}
	if (c == NULL) {
		if (!b->bad)
			log_errx("configuration: out of memory");
		b->bad = true;
		return NULL;
	}
	p = c->bytes + c->used;
	c->used += want;
	return p;
}

void *
scope_copy(struct build *b, const void *bytes, size_t n)
{
	void *p = scope_alloc(b, 1, n);

	return p == NULL ? NULL : memcpy(p, bytes, n);
}

void
scope_free(struct scopes *s)
{
	struct scopes_index *x = s->index;
	struct chunk *c;

	if (x != NULL) {
		while ((c = x->chunks) != NULL) {
			x->chunks = c->next;
			free(c);
		}
		free(x->ids.slot);
		free(x->ips.slot);
		free(x);
	}
	memset(s, 0, sizeof(*s));
}

static size_t
hash(const struct scopes_index *x, const struct identity *id)
{
	const uint64_t key[2] = { x->seed[0], x->seed[1] ^ (uint64_t)id->kind };

	return (size_t)siphash(key, id->bytes, id->n);
}

static struct identity
identity_of(const struct host *h)
{
	if (h->hlen != 0)
		return (struct identity){ KIND_HW, h->htype, h->hw, h->hlen };
	if (h->id != NULL)
		return (struct identity){ KIND_ID, 0, h->id, h->idlen };
	if (h->circuit != NULL)
		return (struct identity){ KIND_CIRCUIT, 0, h->circuit,
			h->circuit_len };
	return (struct identity){ KIND_REMOTE, 0, h->remote, h->remote_len };
}

static struct identity
identity_at(const uint32_t *ip)
{
	return (
	    struct identity){ KIND_IP, 0, (const uint8_t *)ip, sizeof(*ip) };
}

static struct identity
table_identity(
    const struct scopes_index *x, const struct table *t, const struct host *h)
{
	return t == &x->ips ? identity_at(&h->ip) : identity_of(h);
}

static void
table_put(struct scopes_index *x, struct table *t, struct host *h)
{
	struct identity id = table_identity(x, t, h);
	size_t i = hash(x, &id) & (t->size - 1);

	while (t->slot[i] != NULL)
		i = (i + 1) & (t->size - 1);
	t->slot[i] = h;
	t->n++;
}

static bool
table_add(struct scopes_index *x, struct table *t, struct host *h)
{
	struct table old = *t;
	size_t i;

	if (2 * (t->n + 1) > t->size) {
		t->size = old.size == 0 ? TABLE_LEAST : 2 * old.size;
		t->slot = calloc(t->size, sizeof(struct host *));
		if (t->slot == NULL) {
			*t = old;
			return false;
		}
		t->n = 0;
		for (i = 0; i < old.size; i++)
			if (old.slot[i] != NULL)
				table_put(x, t, old.slot[i]);
		free(old.slot);
	}
	table_put(x, t, h);
	return true;
}

bool
scope_add_host(struct build *b, struct host *h)
{
	struct scopes_index *x = b->scopes->index;

	return table_add(x, &x->ids, h) &&
	    (h->ip == 0 || table_add(x, &x->ips, h));
}

static bool
same_identity(const struct identity *a, const struct identity *b)
{
	return a->kind == b->kind && a->htype == b->htype && a->n == b->n &&
	    memcmp(a->bytes, b->bytes, a->n) == 0;
}

/* Hosts of this identity, one after the other; *at begins as SIZE_MAX. */
static const struct host *
next_host(const struct scopes_index *x, const struct identity *id, size_t *at)
{
	const struct table *t = &x->ids;
	struct identity other;
	size_t i;

	if (t->n == 0)
		return NULL;
	i = *at == SIZE_MAX ? hash(x, id) : *at + 1;
	for (i &= t->size - 1; t->slot[i] != NULL;
	     i = (i + 1) & (t->size - 1)) {
		other = identity_of(t->slot[i]);
		if (same_identity(&other, id)) {
			*at = i;
			return t->slot[i];
		}
	}
	return NULL;
}

const struct host *
scope_same_host(const struct scopes *s, const struct host *h)
{
	struct identity id = identity_of(h);
	const struct host *other;
	size_t at = SIZE_MAX;

	while ((other = next_host(s->index, &id, &at)) != NULL)
		if (other->network == h->network)
			return other;
	return NULL;
}

const struct host *
scope_host_at(const struct scopes *s, uint32_t ip)
{
	struct identity id = identity_at(&ip);
	const struct table *t;
	size_t i;

	if (s->index == NULL || s->index->ips.n == 0)
		return NULL;
	t = &s->index->ips;
	i = hash(s->index, &id) & (t->size - 1);
	for (; t->slot[i] != NULL; i = (i + 1) & (t->size - 1))
		if (t->slot[i]->ip == ip)
			return t->slot[i];
	return NULL;
}

/*
 * Of one identity: the host with an address in the network; *weak gets one that
 * has none, unless there is one already.
 */
static const struct host *
find_host(const struct scopes_index *x, const struct network *net,
    const struct identity *id, const struct host **weak)
{
	const struct host *h;
	size_t at = SIZE_MAX;

	if (id->bytes == NULL || id->n == 0)
		return NULL;
	while ((h = next_host(x, id, &at)) != NULL) {
		if (h->network != NULL && h->network != net)
			continue;
		if (h->ip != 0)
			return h;
		if (*weak == NULL)
			*weak = h;
	}
	return NULL;
}

const struct host *
scope_host(const struct scopes *s, const struct network *net,
    const struct lease_client *c, const uint8_t *agent, size_t agent_len)
{
	struct identity ids[] = {
		{ KIND_ID, 0, c->id, c->id == NULL ? 0 : c->idlen },
		{ KIND_ID, 0, NULL, 0 },
		{ KIND_HW, c->htype, c->hw, c->hlen },
		{ KIND_CIRCUIT, 0, NULL, 0 },
		{ KIND_REMOTE, 0, NULL, 0 },
	};
	const struct host *h, *weak = NULL;
	size_t i;

	if (s->index == NULL || s->index->ids.n == 0)
		return NULL;
	if (ids[0].n > 1 && c->id[0] == 0) {
		ids[1].bytes = c->id + 1;
		ids[1].n = c->idlen - 1;
	}
	if (agent != NULL) {
		ids[3].bytes = option_sub(agent, agent_len, 1, &ids[3].n);
		ids[4].bytes = option_sub(agent, agent_len, 2, &ids[4].n);
	}
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		h = find_host(s->index, net, &ids[i], &weak);
		if (h != NULL)
			return h;
	}
	return weak;
}

static int
by_net(const void *a, const void *b)
{
	const struct subnet *x = *(struct subnet *const *)a;
	const struct subnet *y = *(struct subnet *const *)b;

	if (x->net != y->net)
		return x->net < y->net ? -1 : 1;
	return (x->bits > y->bits) - (x->bits < y->bits);
}

static int
by_first(const void *a, const void *b)
{
	const struct range *x = *(struct range *const *)a;
	const struct range *y = *(struct range *const *)b;

	return (x->first > y->first) - (x->first < y->first);
}

static void
fill_tables(const struct scopes *s, struct scopes_index *x)
{
	struct network *net;
	struct subnet *sub;
	size_t i, j, k;

	x->nsubnets = x->nranges = 0;
	for (i = 0; i < s->nnetworks; i++) {
		net = &s->networks[i];
		for (j = 0; j < net->nsubnets; j++) {
			sub = &net->subnets[j];
			if (x->subnets != NULL)
				x->subnets[x->nsubnets] = sub;
			x->nsubnets++;
			for (k = 0; k < sub->nranges; k++, x->nranges++)
				if (x->ranges != NULL)
					x->ranges[x->nranges] = &sub->ranges[k];
		}
	}
}

int
scope_index(struct build *b)
{
	struct scopes_index *x = get_index(b);

	if (x == NULL)
		return build_wrong(b, 0, "", "out of memory");
	fill_tables(b->scopes, x); /* counts */
	x->subnets = scope_alloc(b, x->nsubnets, sizeof(struct subnet *));
	x->ranges = scope_alloc(b, x->nranges, sizeof(struct range *));
	if (x->subnets == NULL || x->ranges == NULL)
		return -1;
	fill_tables(b->scopes, x);
	qsort(x->subnets, x->nsubnets, sizeof(struct subnet *), by_net);
	qsort(x->ranges, x->nranges, sizeof(struct range *), by_first);
	return 0;
}

const struct subnet *
scope_subnet_at(const struct scopes *s, size_t i)
{
	return i < s->index->nsubnets ? s->index->subnets[i] : NULL;
}

const struct range *
scope_range_at(const struct scopes *s, size_t i)
{
	return i < s->index->nranges ? s->index->ranges[i] : NULL;
}

struct subnet *
scope_subnet(const struct scopes *s, uint32_t ip)
{
	const struct scopes_index *x = s->index;
	size_t low = 0, high = x == NULL ? 0 : x->nsubnets, mid;
	struct subnet *sub;

	while (low < high) {
		mid = low + (high - low) / 2;
		sub = x->subnets[mid];
		if ((ip & sub->mask) == sub->net)
			return sub;
		if (ip < sub->net)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

struct range *
scope_range(const struct scopes *s, uint32_t ip)
{
	const struct scopes_index *x = s->index;
	size_t low = 0, high = x == NULL ? 0 : x->nranges, mid;
	struct range *r;

	while (low < high) {
		mid = low + (high - low) / 2;
		r = x->ranges[mid];
		if (ip >= r->first && ip <= r->last)
			return r;
		if (ip < r->first)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}
