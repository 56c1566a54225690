/*
 * Bound leases of each circuit (sub-option 1 of option 82, RFC 3046), so that
 * one port of a switch can't take a whole pool by inventing hardware
 * addresses.
 *
 * The table holds keyed hashes of circuit ids, not the bytes. A circuit
 * without leases leaves its place when the table is made anew.
 */
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "server.h"
#include "siphash.h"

#define FIRST_SIZE 256 /* 2^n */

enum { AGENT_CIRCUIT = 1 };

struct circuit {
	uint64_t hash; /* 0: unused */
	uint32_t n;
};

struct circuit_table {
	uint64_t key[2];
	struct circuit *v;
	size_t size, used; /* used: n may be 0 */
};

static bool
is_limited(const struct scopes *scopes)
{
	size_t i;

	for (i = 0; i < scopes->nclasses; i++)
		if (scopes->classes[i].per_circuit > 0)
			return true;
	return false;
}

int
circuit_start(struct server *s)
{
	struct circuit_table *t;

	if (!is_limited(&s->conf->scopes))
		return 0;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return -1;
	arc4random_buf(t->key, sizeof(t->key));
	t->size = FIRST_SIZE;
	if ((t->v = calloc(t->size, sizeof(*t->v))) == NULL) {
		free(t);
		return -1;
	}
	s->circuits = t;
	return 0;
}

static struct circuit *
place_of(const struct circuit_table *t, uint64_t hash)
{
	size_t i = hash & (t->size - 1);

	while (t->v[i].hash != 0 && t->v[i].hash != hash)
		i = (i + 1) & (t->size - 1);
	return &t->v[i];
}

/* Twice as large, without what is empty. Keeps the old one if it must. */
static void
grow(struct circuit_table *t)
{
	struct circuit_table bigger = *t;
	size_t i;

	bigger.size = t->size * 2;
	bigger.used = 0;
	if ((bigger.v = calloc(bigger.size, sizeof(*bigger.v))) == NULL)
		return;
	for (i = 0; i < t->size; i++)
		if (t->v[i].n > 0) {
			*place_of(&bigger, t->v[i].hash) = t->v[i];
			bigger.used++;
		}
	free(t->v);
	*t = bigger;
}

/* 0: no circuit is named. */
static uint64_t
hash_of(const struct circuit_table *t, const uint8_t *agent, size_t n)
{
	const uint8_t *id;
	uint64_t hash;
	size_t len;

	if (agent == NULL ||
	    (id = option_sub(agent, n, AGENT_CIRCUIT, &len)) == NULL)
		return 0;
	hash = siphash(t->key, id, len);
	return hash != 0 ? hash : 1;
}

void
circuit_count(struct server *s, const struct lease *l, int by)
{
	struct circuit_table *t = s->circuits;
	struct lease_more more;
	struct circuit *c;
	uint64_t hash;

	if (t == NULL)
		return;
	lease_recall(l, &more);
	if ((hash = hash_of(t, more.agent, more.agent_len)) == 0)
		return;
	c = place_of(t, hash);
	if (c->hash == 0) {
		if (by < 0 || t->used + 1 == t->size)
			return;
		c->hash = hash;
		t->used++;
	}
	if (by > 0)
		c->n++;
	else if (c->n > 0)
		c->n--;
	if (t->used > t->size / 2)
		grow(t);
}

bool
circuit_full(const struct query *q)
{
	const struct circuit_table *t = q->server->circuits;
	const struct lease *l;
	uint64_t hash;

	if (t == NULL || q->class == NULL || q->class->per_circuit == 0)
		return false;
	l = lease_of(q->server->leases, &q->client, q->subnet->network->number);
	if (l != NULL && l->state == LEASE_BOUND)
		return false;
	hash = hash_of(t, q->agent, q->agent_len);
	return hash != 0 && place_of(t, hash)->n >= q->class->per_circuit;
}
