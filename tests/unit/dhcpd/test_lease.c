/*
 * Leases in memory: the life of one, identities, pools; and thousands of
 * random operations beside a model that is nothing but an array.
 */
#include <stdlib.h>
#include <string.h>

#include "lease.h"
#include "tap.h"

#define A(n) (0x0a000000u + (n)) /* 10.0.0.n */
#define NET 1

/* As Check's, but quick: those write a file each time. */
#define MUST(cond)                                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			ck_abort_msg("not so: %s", #cond);                     \
	} while (0)
#define MUST_EQ(a, b) MUST((a) == (b))
#define MUST_LE(a, b) MUST((a) <= (b))

static struct lease_client
client(const char *id, uint8_t hw)
{
	struct lease_client c = { .htype = 1, .hlen = 6, .hw = { 2 } };

	c.hw[5] = hw;
	c.id = (const uint8_t *)id;
	c.idlen = id == NULL ? 0 : strlen(id);
	return c;
}

static void
expect(const struct lease *l, enum lease_state state, int64_t start,
    int64_t end, int64_t last)
{
	ck_assert_ptr_nonnull(l);
	ck_assert_str_eq(lease_state_name(l->state), lease_state_name(state));
	ck_assert_int_eq(l->start, start);
	ck_assert_int_eq(l->end, end);
	ck_assert_int_eq(l->last, last);
}

/* Three addresses, two of which may be given away. */
static struct leases *
small(struct pool **p)
{
	struct leases *ls = leases_new(10);

	ck_assert_ptr_nonnull(ls);
	*p = pool_add(ls, A(1), A(3), NET);
	ck_assert_ptr_nonnull(*p);
	ck_assert_int_eq(pool_exclude(ls, A(2), A(2)), 0);
	return ls;
}

START_TEST(life)
{
	struct lease_client c = client("one", 1), d = client("two", 2);
	struct pool *p;
	struct leases *ls = small(&p);
	struct lease *l;

	ck_assert_ptr_null(lease_at(ls, A(1)));
	ck_assert_uint_eq(pool_pick(p), A(1));
	l = lease_offer(ls, A(1), NET, &c, 60);
	expect(l, LEASE_OFFERED, 0, 60, 0);
	ck_assert_ptr_eq(lease_at(ls, A(1)), l);
	ck_assert_ptr_eq(lease_of(ls, &c, NET), l);
	ck_assert_ptr_null(lease_of(ls, &c, NET + 1));
	ck_assert(lease_is(l, &c) && !lease_is(l, &d));
	ck_assert(!lease_free_for(ls, A(1), &d));
	ck_assert_ptr_null(lease_bind(ls, A(1), NET, &d, 10, 70));
	ck_assert_ptr_eq(lease_bind(ls, A(1), NET, &c, 10, 110), l);
	expect(l, LEASE_BOUND, 10, 110, 10);
	ck_assert_ptr_eq(lease_bind(ls, A(1), NET, &c, 50, 150), l);
	expect(l, LEASE_BOUND, 10, 150, 50);
	ck_assert_int_le(lease_next_end(ls), 150);
	ck_assert_ptr_null(lease_expire(ls, 149));
	ck_assert_int_eq(lease_next_end(ls), 150);
	ck_assert_ptr_eq(lease_expire(ls, 150), l);
	expect(l, LEASE_EXPIRED, 10, 150, 50);
	ck_assert_ptr_null(lease_expire(ls, INT64_MAX - 1));
	ck_assert_int_eq(lease_next_end(ls), LEASE_FOREVER);
	/* Its last holder finds it, and everybody may have it. */
	ck_assert_ptr_eq(lease_of(ls, &c, NET), l);
	ck_assert(lease_free_for(ls, A(1), &d));
	ck_assert_ptr_eq(lease_bind(ls, A(1), NET, &c, 200, LEASE_FOREVER), l);
	expect(l, LEASE_BOUND, 200, LEASE_FOREVER, 200);
	ck_assert_int_eq(lease_next_end(ls), LEASE_FOREVER);
	lease_release(ls, l, 300);
	expect(l, LEASE_RELEASED, 200, 300, 200);
	ck_assert_uint_eq(leases_count(ls, LEASE_RELEASED), 1);
	ck_assert_uint_eq(leases_count(ls, LEASE_BOUND), 0);
	leases_free(ls);
}
END_TEST

/* An offer that lapses leaves everything as it was. */
START_TEST(offer_covers)
{
	struct lease_client c = client("one", 1), d = client(NULL, 2);
	struct lease_more m = { .host = "printer", .fqdn = "printer.lab" };
	struct pool *p;
	struct leases *ls = small(&p);
	struct lease *l = lease_bind(ls, A(1), NET, &c, 10, 110);

	ck_assert_int_eq(lease_remember(ls, l, &m), 0);
	l->dns = 3;
	lease_release(ls, l, 20);
	ck_assert_ptr_eq(lease_offer(ls, A(1), NET, &d, 90), l);
	ck_assert_ptr_null(lease_of(ls, &c, NET));
	ck_assert_ptr_eq(lease_of(ls, &d, NET), l);
	ck_assert_uint_eq(l->dns, 0);
	lease_recall(l, &m);
	ck_assert_ptr_null(m.host);
	ck_assert_ptr_null(lease_expire(ls, 90));
	expect(l, LEASE_RELEASED, 10, 20, 10);
	ck_assert(lease_is(l, &c));
	ck_assert_uint_eq(l->dns, 3);
	lease_recall(l, &m);
	ck_assert_str_eq(m.host, "printer");
	ck_assert_str_eq(m.fqdn, "printer.lab");
	ck_assert_ptr_eq(lease_of(ls, &c, NET), l);
	/* The last holder's own offer and lease keep what is known. */
	lease_offer(ls, A(1), NET, &c, 200);
	ck_assert_uint_eq(l->dns, 3);
	lease_bind(ls, A(1), NET, &c, 150, 300);
	expect(l, LEASE_BOUND, 150, 300, 150);
	lease_recall(l, &m);
	ck_assert_str_eq(m.fqdn, "printer.lab");
	/* Another's do not. */
	lease_release(ls, l, 160);
	lease_bind(ls, A(1), NET, &d, 170, 300);
	lease_recall(l, &m);
	ck_assert_ptr_null(m.fqdn);
	ck_assert_uint_eq(l->dns, 0);
	leases_free(ls);
}
END_TEST

/* What never was anybody's is no lease again. */
START_TEST(offer_of_new)
{
	struct lease_client c = client("one", 1);
	struct pool *p;
	struct leases *ls = small(&p);
	struct lease *l = lease_offer(ls, A(1), NET, &c, 60);

	ck_assert_ptr_null(lease_expire(ls, 60));
	ck_assert_ptr_null(lease_at(ls, A(1)));
	ck_assert_ptr_null(lease_next(ls, NULL));
	ck_assert_ptr_null(lease_of(ls, &c, NET));
	ck_assert_uint_eq(leases_count(ls, LEASE_RELEASED), 0);
	/* One client, one offer. */
	lease_offer(ls, A(1), NET, &c, 100);
	ck_assert_ptr_ne(lease_offer(ls, A(3), NET, &c, 100), l);
	ck_assert_ptr_null(lease_at(ls, A(1)));
	ck_assert_uint_eq(leases_count(ls, LEASE_OFFERED), 1);
	leases_free(ls);
}
END_TEST

START_TEST(one_lease_in_a_network)
{
	struct lease_client c = client("one", 1);
	struct leases *ls = leases_new(100);
	struct lease *a, *b, *other;

	a = lease_bind(ls, A(1), NET, &c, 10, 100);
	other = lease_bind(ls, A(9), NET + 1, &c, 10, 100);
	/* An offer beside what is bound leaves that alone. */
	b = lease_offer(ls, A(2), NET, &c, 100);
	ck_assert_ptr_eq(lease_of(ls, &c, NET), a);
	ck_assert_ptr_eq(lease_offer(ls, A(1), NET, &c, 50), a);
	expect(a, LEASE_BOUND, 10, 100, 10);
	ck_assert_ptr_null(lease_at(ls, A(2)));
	lease_offer(ls, A(2), NET, &c, 100);
	ck_assert_ptr_eq(lease_bind(ls, A(2), NET, &c, 20, 200), b);
	expect(a, LEASE_RELEASED, 10, 20, 10);
	expect(other, LEASE_BOUND, 10, 100, 10);
	ck_assert_ptr_eq(lease_of(ls, &c, NET), b);
	/* Of former ones the last counts. */
	lease_release(ls, b, 30);
	ck_assert_ptr_eq(lease_of(ls, &c, NET), b);
	ck_assert_ptr_eq(lease_of(ls, &c, NET + 1), other);
	leases_free(ls);
}
END_TEST

START_TEST(conflict)
{
	struct lease_client c = client("one", 1), d = client("two", 2);
	struct pool *p;
	struct leases *ls = small(&p);
	struct lease *l;
	struct pool_use use;

	/* Someone answers for an address that never was given away. */
	l = lease_conflict(ls, A(1), NET, 10, 110);
	expect(l, LEASE_CONFLICT, 10, 110, 0);
	ck_assert(!lease_free_for(ls, A(1), &c));
	ck_assert_uint_eq(pool_pick(p), A(3));
	pool_use(p, &use);
	ck_assert_uint_eq(use.conflict, 1);
	ck_assert_ptr_eq(lease_expire(ls, 110), l);
	ck_assert_ptr_null(lease_at(ls, A(1)));
	/* During an offer: the former holder stays known, the other not. */
	lease_bind(ls, A(1), NET, &c, 120, 200);
	lease_release(ls, l, 130);
	lease_offer(ls, A(1), NET, &d, 190);
	lease_conflict(ls, A(1), NET, 140, 240);
	expect(l, LEASE_CONFLICT, 140, 240, 120);
	ck_assert_ptr_null(lease_of(ls, &d, NET));
	ck_assert_ptr_null(lease_of(ls, &c, NET));
	ck_assert(!lease_free_for(ls, A(1), &c));
	ck_assert_ptr_null(lease_offer(ls, A(1), NET, &c, 300));
	ck_assert_ptr_null(lease_bind(ls, A(1), NET, &c, 150, 300));
	ck_assert_ptr_null(lease_expire(ls, 239));
	ck_assert_ptr_eq(lease_expire(ls, 240), l);
	expect(l, LEASE_RELEASED, 140, 240, 120);
	ck_assert_ptr_eq(lease_of(ls, &c, NET), l);
	/* Declined: bound before; forever; ended by hand. */
	lease_bind(ls, A(1), NET, &c, 250, 400);
	lease_conflict(ls, A(1), NET, 260, LEASE_FOREVER);
	ck_assert_uint_eq(leases_count(ls, LEASE_BOUND), 0);
	lease_clear(ls, l, 270);
	expect(l, LEASE_RELEASED, 260, 270, 250);
	ck_assert(lease_free_for(ls, A(1), &d));
	leases_free(ls);
}
END_TEST

START_TEST(cleared)
{
	struct lease_client c = client("one", 1);
	struct leases *ls = leases_new(100);
	struct lease *l = lease_bind(ls, A(1), NET, &c, 10, 100);

	lease_clear(ls, l, 20);
	expect(l, LEASE_RELEASED, 10, 20, 10);
	lease_offer(ls, A(2), NET, &c, 100);
	lease_clear(ls, lease_at(ls, A(2)), 30);
	ck_assert_ptr_null(lease_at(ls, A(2)));
	leases_free(ls);
}
END_TEST

/* Who is who: the lease's client and the one that asks. */
START_TEST(identities)
{
	static const struct {
		struct {
			const char *id;
			uint8_t hw;
			bool by_hw;
		} has, asks;
		bool is;
	} cases[] = {
		/* by identifier, whatever the hardware */
		{ { "x", 1, false }, { "x", 1, false }, true },
		{ { "x", 1, false }, { "x", 2, false }, true },
		{ { "x", 1, false }, { "y", 1, false }, false },
		{ { "x", 1, false }, { "xx", 1, false }, false },
		/* by hardware */
		{ { NULL, 1, false }, { NULL, 1, false }, true },
		{ { NULL, 1, false }, { NULL, 2, false }, false },
		{ { "x", 1, true }, { "y", 1, true }, true },
		{ { "x", 1, true }, { "x", 2, true }, false },
		/* one machine, two of its stages (RFC 2131 section 2) */
		{ { "x", 1, false }, { NULL, 1, false }, false },
		{ { NULL, 1, false }, { "x", 1, false }, false },
		/* the configuration was changed in between */
		{ { "x", 1, false }, { "y", 1, true }, true },
		{ { "x", 1, true }, { "x", 1, false }, true },
		{ { "x", 1, true }, { "x", 2, false }, false },
		{ { "x", 1, true }, { NULL, 1, false }, true },
	};
	struct lease_client has, asks;
	struct leases *ls;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ls = leases_new(10);
		has = client(cases[i].has.id, cases[i].has.hw);
		has.by_hw = cases[i].has.by_hw;
		asks = client(cases[i].asks.id, cases[i].asks.hw);
		asks.by_hw = cases[i].asks.by_hw;
		ck_assert_msg(lease_is(lease_bind(ls, A(1), NET, &has, 1, 9),
				  &asks) == cases[i].is,
		    "case %zu", i);
		ck_assert(lease_free_for(ls, A(1), &asks) == cases[i].is);
		leases_free(ls);
	}
}
END_TEST

START_TEST(nobody)
{
	struct lease_client c = client(NULL, 1);
	uint8_t id[LEASE_ID + 1] = { 0 };
	struct leases *ls = leases_new(10);
	struct lease *l;
	size_t len;

	c.hlen = 0;
	ck_assert_ptr_null(lease_offer(ls, A(1), NET, &c, 10));
	ck_assert_ptr_null(lease_bind(ls, A(1), NET, &c, 1, 10));
	ck_assert_ptr_null(lease_of(ls, &c, NET));
	/* RFC 2855: a client may have an identifier alone. */
	c.id = id;
	c.idlen = LEASE_ID;
	l = lease_bind(ls, A(1), NET, &c, 1, 10);
	ck_assert_ptr_nonnull(l);
	ck_assert_mem_eq(lease_id(l, &len), id, LEASE_ID);
	ck_assert_uint_eq(len, LEASE_ID);
	c.idlen++;
	ck_assert_ptr_null(lease_offer(ls, A(2), NET, &c, 10));
	leases_free(ls);
}
END_TEST

/* The address of a new client changes: a client's data move with it. */
START_TEST(new_hardware)
{
	struct lease_client c = client("one", 1), d = client("one", 2);
	struct leases *ls = leases_new(10);
	struct lease *l = lease_bind(ls, A(1), NET, &c, 10, 100);

	ck_assert_ptr_eq(lease_by_hw(ls, 1, c.hw, 6, NULL), l);
	ck_assert_ptr_eq(lease_bind(ls, A(1), NET, &d, 20, 100), l);
	expect(l, LEASE_BOUND, 10, 100, 20);
	ck_assert_ptr_null(lease_by_hw(ls, 1, c.hw, 6, NULL));
	ck_assert_ptr_eq(lease_by_hw(ls, 1, d.hw, 6, NULL), l);
	ck_assert_ptr_null(lease_by_hw(ls, 6, d.hw, 6, NULL));
	leases_free(ls);
}
END_TEST

START_TEST(queries)
{
	struct lease_client c = client("one", 1);
	struct leases *ls = leases_new(10);
	struct lease *l;
	unsigned i, seen = 0;

	for (i = 1; i <= 3; i++)
		lease_bind(ls, A(i), i, &c, 10, 100);
	for (l = NULL; (l = lease_by_hw(ls, 1, c.hw, 6, l)) != NULL;)
		seen |= 1u << (l->ip - A(0));
	ck_assert_uint_eq(seen, 14);
	seen = 0;
	for (l = NULL; (l = lease_by_id(ls, c.id, c.idlen, l)) != NULL;)
		seen |= 1u << (l->ip - A(0));
	ck_assert_uint_eq(seen, 14);
	ck_assert_ptr_null(lease_by_id(ls, c.id, c.idlen - 1, NULL));
	leases_free(ls);
}
END_TEST

START_TEST(remembers)
{
	uint8_t agent[LEASE_AGENT], vendor[255];
	char host[LEASE_HOST + 1];
	struct lease_client c = client("one", 1);
	struct lease_more m = { .host = host,
		.fqdn = host,
		.agent = agent,
		.vendor = vendor,
		.agent_len = sizeof(agent),
		.vendor_len = sizeof(vendor) },
			  got;
	struct leases *ls = leases_new(10);
	struct lease *l = lease_bind(ls, A(1), NET, &c, 10, 100);
	size_t bytes = leases_bytes(ls), len;

	memset(host, 'h', sizeof(host));
	host[LEASE_HOST] = '\0';
	memset(agent, 1, sizeof(agent));
	memset(vendor, 2, sizeof(vendor));
	ck_assert_int_eq(lease_remember(ls, l, &m), 0);
	lease_recall(l, &got);
	ck_assert_str_eq(got.host, host);
	ck_assert_str_eq(got.fqdn, host);
	ck_assert_uint_eq(got.agent_len, sizeof(agent));
	ck_assert_mem_eq(got.agent, agent, sizeof(agent));
	ck_assert_uint_eq(got.vendor_len, sizeof(vendor));
	ck_assert_mem_eq(got.vendor, vendor, sizeof(vendor));
	ck_assert_mem_eq(lease_id(l, &len), "one", 3);
	ck_assert_uint_ge(leases_bytes(ls), bytes + 1000);
	memset(&m, 0, sizeof(m));
	ck_assert_int_eq(lease_remember(ls, l, &m), 0);
	lease_recall(l, &got);
	ck_assert_mem_eq(&got, &m, sizeof(m));
	ck_assert_uint_eq(leases_bytes(ls), bytes);
	leases_free(ls);
}
END_TEST

/* Never used ones first, then in the order in which they became free. */
START_TEST(pick_order)
{
	static const uint8_t ends[] = { 30, 10, 50, 20, 40 };
	struct leases *ls = leases_new(100);
	struct pool *p = pool_add(ls, A(10), A(14), NET);
	struct lease_client c;
	unsigned i;

	for (i = 0; i < 5; i++) {
		c = client(NULL, (uint8_t)i);
		ck_assert_uint_eq(pool_pick(p), A(10 + i));
		ck_assert_uint_eq(pool_pick(p), A(10 + i));
		lease_bind(ls, A(10 + i), NET, &c, 1, ends[i]);
	}
	ck_assert_uint_eq(pool_pick(p), 0);
	for (i = 1; i <= 5; i++) {
		ck_assert_ptr_nonnull(lease_expire(ls, i * 10));
		ck_assert_uint_eq(pool_pick(p), A(11));
	}
	for (i = 1; i <= 5; i++) {
		c = client(NULL, (uint8_t)(100 + i));
		ck_assert_int_eq(ends[pool_pick(p) - A(10)], 10 * i);
		lease_offer(ls, pool_pick(p), NET, &c, 1000);
	}
	ck_assert_uint_eq(pool_pick(p), 0);
	leases_free(ls);
}
END_TEST

START_TEST(pool_ranges)
{
	static const struct {
		uint32_t first, last;
	} out[] = { { 30, 31 }, { 10, 12 }, { 11, 14 }, { 15, 15 }, { 28, 35 },
		{ 1, 1 }, { 250, 300 } };
	static const uint32_t want[] = { 16, 20, 36, 40 };
	struct leases *ls = leases_new(100);
	struct lease_client c = client(NULL, 1);
	struct pool *b = pool_add(ls, A(28), A(40), 2), *a;
	struct pool_use use;
	uint32_t i;

	a = pool_add(ls, A(10), A(20), 1);
	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		ck_assert_int_eq(
		    pool_exclude(ls, A(out[i].first), A(out[i].last)), 0);
	for (i = 0; i < 256; i++)
		ck_assert_ptr_eq(pool_of(ls, A(i)),
		    i >= want[0] && i <= want[1]     ? a :
			i >= want[2] && i <= want[3] ? b :
						       NULL);
	pool_use(a, &use);
	ck_assert_uint_eq(use.size, 11);
	ck_assert_uint_eq(use.excluded, 6);
	pool_use(b, &use);
	ck_assert_uint_eq(use.size, 13);
	ck_assert_uint_eq(use.excluded, 8);
	ck_assert_uint_eq(pool_pick(a), A(16));
	ck_assert_uint_eq(pool_pick(b), A(36));
	/* An excluded address can be bound by its number. */
	ck_assert_ptr_nonnull(lease_bind(ls, A(10), 1, &c, 1, 10));
	ck_assert_ptr_nonnull(lease_bind(ls, A(17), 1, &c, 1, 10));
	pool_use(a, &use);
	ck_assert_uint_eq(use.bound, 1);
	leases_free(ls);
}
END_TEST

START_TEST(edges_of_the_address_space)
{
	struct leases *ls = leases_new(100);
	struct pool *high = pool_add(ls, UINT32_MAX - 1, UINT32_MAX, 1);
	struct lease_client c = client(NULL, 1), d = client(NULL, 2);
	struct lease *l;

	ck_assert_ptr_null(pool_of(ls, 0));
	ck_assert_uint_eq(pool_pick(high), UINT32_MAX - 1);
	l = lease_bind(ls, UINT32_MAX - 1, 1, &c, 1, 10);
	ck_assert_uint_eq(pool_pick(high), UINT32_MAX);
	lease_bind(ls, UINT32_MAX, 1, &d, 1, 10);
	ck_assert_uint_eq(pool_pick(high), 0);
	ck_assert_ptr_eq(lease_next(ls, NULL), l);
	l = lease_next(ls, l);
	ck_assert_uint_eq(l->ip, UINT32_MAX);
	ck_assert_ptr_null(lease_next(ls, l));
	pool_exclude(ls, UINT32_MAX - 5, UINT32_MAX);
	pool_exclude(ls, 0, 0);
	ck_assert_ptr_null(pool_of(ls, UINT32_MAX));
	leases_free(ls);
}
END_TEST

/* With no room for new records, those that there are are used again. */
START_TEST(max_reached)
{
	struct leases *ls = leases_new(2);
	struct pool *p = pool_add(ls, A(1), A(9), NET);
	struct lease_client c = client("c", 1), d = client("d", 2);

	lease_bind(ls, A(1), NET, &c, 1, 10);
	lease_bind(ls, A(2), NET, &d, 1, 10);
	ck_assert_uint_eq(pool_pick(p), 0);
	d = client("e", 3);
	ck_assert_ptr_null(lease_offer(ls, A(3), NET, &d, 10));
	ck_assert_ptr_null(lease_conflict(ls, A(3), NET, 1, 10));
	ck_assert_ptr_nonnull(lease_expire(ls, 10));
	ck_assert_ptr_nonnull(lease_offer(ls, pool_pick(p), NET, &d, 20));
	leases_free(ls);
	ck_assert_ptr_null(leases_new(0));
}
END_TEST

/*
 * Many clients with one hardware address, or one client with many addresses,
 * make nothing slow (the test's time limit tells).
 */
START_TEST(floods)
{
	struct leases *ls = leases_new(200000);
	struct lease_client c = client(NULL, 1), same = client("same", 2);
	uint32_t i;

	for (i = 0; i < 60000; i++) {
		c.id = (const uint8_t *)&i;
		c.idlen = sizeof(i);
		MUST(
		    NULL != lease_offer(ls, A(i), NET, &c, i % 2 ? 500 : 1000));
		MUST(NULL != lease_of(ls, &c, NET));
	}
	c.id = NULL;
	for (i = 0; i < 60000; i++)
		MUST(NULL == lease_of(ls, &c, NET));
	do
		MUST(NULL == lease_expire(ls, 1000));
	while (lease_next_end(ls) <= 1000);
	MUST_EQ(leases_count(ls, LEASE_OFFERED), 0);
	for (i = 0; i < 60000; i++) {
		lease_bind(ls, A(i), NET, &same, 2000 + i, INT64_MAX - 1);
		MUST_EQ(lease_of(ls, &same, NET)->ip, A(i));
	}
	MUST_EQ(leases_count(ls, LEASE_BOUND), 1);
	leases_free(ls);
}
END_TEST

/* Those that are due at `now` end in their order, and no others. */
static void
ends_come(struct leases *ls, int64_t ends[], unsigned n, int64_t now)
{
	int64_t before = INT64_MIN;
	struct lease *l;
	unsigned i;

	do {
		while ((l = lease_expire(ls, now)) != NULL) {
			i = l->ip - A(0);
			MUST_EQ(l->end, ends[i]);
			MUST_LE(l->end, now);
			MUST_LE(before, l->end);
			before = l->end;
			ends[i] = LEASE_FOREVER;
		}
	} while (lease_next_end(ls) <= now);
	for (i = 0; i < n; i++)
		MUST(ends[i] > now || ends[i] == LEASE_FOREVER);
}

/* Near and far ends, some of them past; a clock that jumps to and fro. */
START_TEST(ends_in_order)
{
	enum { N = 300 };
	struct leases *ls = leases_new(N);
	int64_t ends[N], now = 1700000000, end;
	struct lease_client c = client(NULL, 1);
	unsigned seed = 1, step, i;

	for (i = 0; i < N; i++)
		ends[i] = LEASE_FOREVER;
	for (step = 0; step < 40000; step++) {
		i = (unsigned)rand_r(&seed) % N;
		memcpy(c.hw + 2, &i, sizeof(i));
		end = now - 20 +
		    (rand_r(&seed) & INT64_MAX >> (rand_r(&seed) % 64)) *
			(rand_r(&seed) % 8 == 0 ? 1000003 : 1);
		if (rand_r(&seed) % 16 == 0)
			end = LEASE_FOREVER;
		MUST(NULL != lease_bind(ls, A(i), NET, &c, now, end));
		ends[i] = end;
		if (rand_r(&seed) % 8 == 0)
			now += rand_r(&seed) & INT64_MAX >> rand_r(&seed) % 64;
		if (rand_r(&seed) % 64 == 0)
			now = 1700000000 - rand_r(&seed) % 100000;
		if (rand_r(&seed) % 4 == 0)
			ends_come(ls, ends, N, now);
	}
	ends_come(ls, ends, N, INT64_MAX - 1);
	ck_assert_int_eq(lease_next_end(ls), LEASE_FOREVER);
	leases_free(ls);
}
END_TEST

START_TEST(memory)
{
	struct leases *ls = leases_new(1000000);
	struct lease_client c = client(NULL, 1);
	struct lease_more m = { 0 };
	uint8_t id[7] = { 1, 2 };
	char host[32];
	uint32_t i;

	pool_add(ls, A(0), A(131071), NET);
	for (i = 0; i < 100000; i++) {
		memcpy(c.hw + 2, &i, sizeof(i));
		memcpy(id + 3, &i, sizeof(i));
		c.id = id;
		c.idlen = sizeof(id);
		snprintf(host, sizeof(host), "client-%06u", i);
		m.host = host;
		lease_remember(
		    ls, lease_bind(ls, A(i), NET, &c, 1, 1000 + i % 777), &m);
	}
	MUST_LE(leases_bytes(ls), 100000 * 150);
	leases_free(ls);
}
END_TEST

/* The model. */

#define ADDRESSES 64
#define CLIENTS 15
#define NETS 2

struct holding {
	enum lease_state state;
	int who; /* -1: nobody */
	int64_t start, end, last;
};

static struct {
	struct leases *ls;
	struct pool *pools[NETS];
	struct lease_client clients[CLIENTS];
	struct holding now[ADDRESSES], former[ADDRESSES];
	bool used[ADDRESSES]; /* has, or had, a record */
	int recent[NETS][CLIENTS]; /* where it was bound last; -1 */
	int64_t clock;
	unsigned seed;
} w;

static unsigned
chance(unsigned n)
{
	return (unsigned)rand_r(&w.seed) % n;
}

static uint32_t
net_of(unsigned a)
{
	return a / (ADDRESSES / NETS);
}

/* The last eight of each network belong to no pool, and two are excluded. */
static bool
in_pool(unsigned a)
{
	unsigned at = a % (ADDRESSES / NETS);

	return at < 24 && at != 3 && at != 4;
}

static void
world_clients(void)
{
	static const char *const ids[CLIENTS] = { "a", "b", "c", "d", "e", "f",
		NULL, NULL, NULL, NULL, "by hw", "hw of 0", NULL, "long",
		NULL };
	static const uint8_t same[] = { 1, 2, 0, 0, 0, 0, CLIENTS };
	int i;

	for (i = 0; i < CLIENTS; i++)
		w.clients[i] = client(ids[i], (uint8_t)(i + 1));
	w.clients[10].by_hw = true;
	w.clients[11].hw[5] = w.clients[12].hw[5] = w.clients[0].hw[5];
	/* The last one's identifier says the same as its hardware address. */
	w.clients[CLIENTS - 1].id = same;
	w.clients[CLIENTS - 1].idlen = sizeof(same);
	for (i = 0; i < CLIENTS; i += 2)
		lease_hash(w.ls, &w.clients[i]);
}

static struct leases *
world_leases(struct pool *pools[NETS])
{
	struct leases *ls = leases_new(ADDRESSES);
	uint32_t base;
	int i;

	for (i = 0; i < NETS; i++) {
		base = A(i * (ADDRESSES / NETS));
		pools[i] = pool_add(ls, base, base + 23, (uint32_t)i);
		pool_exclude(ls, base + 3, base + 4);
	}
	return ls;
}

static void
world_begin(unsigned seed)
{
	int i, j;

	memset(&w, 0, sizeof(w));
	w.seed = seed;
	w.clock = 1000;
	w.ls = world_leases(w.pools);
	world_clients();
	for (i = 0; i < ADDRESSES; i++)
		w.now[i] = (struct holding){ LEASE_RELEASED, -1, 0, 0, 0 };
	for (i = 0; i < NETS; i++)
		for (j = 0; j < CLIENTS; j++)
			w.recent[i][j] = -1;
}

static bool
is_free(const struct holding *h)
{
	return h->state == LEASE_RELEASED || h->state == LEASE_EXPIRED;
}

static bool
model_may(unsigned a, int who)
{
	const struct holding *h = &w.now[a];

	return is_free(h) || (h->state != LEASE_CONFLICT && h->who == who);
}

static void
model_release(unsigned a)
{
	if (w.now[a].state == LEASE_OFFERED) {
		w.now[a] = w.former[a];
	} else if (w.now[a].state == LEASE_BOUND) {
		w.now[a].state = LEASE_RELEASED;
		w.now[a].end = w.clock;
	}
}

static void
model_leave(unsigned but, int who, bool bound)
{
	unsigned a;

	for (a = 0; a < ADDRESSES; a++)
		if (a != but && net_of(a) == net_of(but) &&
		    w.now[a].who == who &&
		    (w.now[a].state == LEASE_OFFERED ||
			(bound && w.now[a].state == LEASE_BOUND)))
			model_release(a);
}

static void
do_offer(unsigned a, int who)
{
	int64_t end = w.clock + 1 + chance(30);
	struct lease *l =
	    lease_offer(w.ls, A(a), net_of(a), &w.clients[who], end);

	MUST((l != NULL) == model_may(a, who));
	if (l == NULL)
		return;
	w.used[a] = true;
	model_leave(a, who, false);
	if (w.now[a].state == LEASE_BOUND)
		return;
	if (w.now[a].state != LEASE_OFFERED)
		w.former[a] = w.now[a];
	w.now[a].state = LEASE_OFFERED;
	w.now[a].who = who;
	w.now[a].end = end;
}

static void
do_bind(unsigned a, int who)
{
	int64_t end =
	    chance(20) == 0 ? LEASE_FOREVER : w.clock + 1 + chance(99);
	struct lease *l =
	    lease_bind(w.ls, A(a), net_of(a), &w.clients[who], w.clock, end);
	struct holding *h = &w.now[a];

	MUST((l != NULL) == model_may(a, who));
	if (l == NULL)
		return;
	w.used[a] = true;
	model_leave(a, who, true);
	*h = (struct holding){ LEASE_BOUND, who,
		h->state == LEASE_BOUND ? h->start : w.clock, end, w.clock };
	w.recent[net_of(a)][who] = (int)a;
}

static void
do_release(unsigned a, int who)
{
	struct lease *l = lease_at(w.ls, A(a));

	(void)who;
	if (l == NULL)
		return;
	lease_release(w.ls, l, w.clock);
	model_release(a);
}

static void
do_conflict(unsigned a, int who)
{
	int64_t end = w.clock + 1 + chance(50);

	(void)who;
	MUST(NULL != lease_conflict(w.ls, A(a), net_of(a), w.clock, end));
	w.used[a] = true;
	if (w.now[a].state == LEASE_OFFERED)
		w.now[a] = w.former[a];
	w.now[a].state = LEASE_CONFLICT;
	w.now[a].start = w.clock;
	w.now[a].end = end;
}

static void
do_clear(unsigned a, int who)
{
	struct lease *l = lease_at(w.ls, A(a));

	(void)who;
	if (l == NULL)
		return;
	lease_clear(w.ls, l, w.clock);
	if (w.now[a].state == LEASE_OFFERED) {
		w.now[a] = w.former[a];
	} else {
		w.now[a].state = LEASE_RELEASED;
		w.now[a].end = w.clock;
	}
}

/* What a server does most: offer what the pool gives, or bind it. */
static void
do_pick(unsigned a, int who)
{
	struct pool *p = w.pools[net_of(a)];
	uint32_t ip = pool_pick(p);

	if (ip == 0)
		return;
	do_offer(ip - A(0), who);
	if (chance(2) == 0)
		do_bind(ip - A(0), who);
}

static void
do_expire(void)
{
	struct lease *l;
	unsigned a;

	while ((l = lease_expire(w.ls, w.clock)) != NULL) {
		a = l->ip - A(0);
		MUST_LE(w.now[a].end, w.clock);
		MUST(w.now[a].state == LEASE_BOUND ||
		    w.now[a].state == LEASE_CONFLICT);
		w.now[a].state = w.now[a].state == LEASE_BOUND ? LEASE_EXPIRED :
								 LEASE_RELEASED;
		MUST_EQ(l->state, w.now[a].state);
	}
	for (a = 0; a < ADDRESSES; a++)
		if (w.now[a].state == LEASE_OFFERED && w.now[a].end <= w.clock)
			w.now[a] = w.former[a];
}

static void
check_address(struct leases *ls, unsigned a)
{
	const struct holding *h = &w.now[a];
	const struct lease *l = lease_at(ls, A(a));
	int who;

	if (is_free(h) && h->who == -1) {
		MUST(NULL == l);
	} else {
		MUST(l != NULL);
		MUST_EQ(l->state, h->state);
		MUST_EQ(l->end, h->end);
		if (h->state != LEASE_OFFERED) {
			MUST_EQ(l->start, h->start);
			MUST_EQ(l->last, h->last);
		}
		for (who = 0; who < CLIENTS; who++)
			MUST(lease_is(l, &w.clients[who]) == (who == h->who));
	}
	for (who = 0; who < CLIENTS; who++)
		MUST(lease_free_for(ls, A(a), &w.clients[who]) ==
		    model_may(a, who));
}

static int
model_rank(unsigned a)
{
	switch (w.now[a].state) {
	case LEASE_BOUND:
		return 3;
	case LEASE_OFFERED:
		return 2;
	case LEASE_CONFLICT:
		return 0;
	default:
		return 1;
	}
}

/* The highest rank that the client has in the network. */
static int
model_best(uint32_t net, int who)
{
	int best = 0;
	unsigned a;

	for (a = 0; a < ADDRESSES; a++)
		if (net_of(a) == net && w.now[a].who == who &&
		    model_rank(a) > best)
			best = model_rank(a);
	return best;
}

static void
check_client(struct leases *ls, uint32_t net, int who)
{
	const struct lease *l = lease_of(ls, &w.clients[who], net);
	int best = model_best(net, who), recent = w.recent[net][who];
	unsigned a;

	if (l == NULL) {
		/* Only former ones that are not its last. */
		MUST_LE(best, 1);
		MUST(recent == -1 || w.now[recent].who != who ||
		    !is_free(&w.now[recent]));
		return;
	}
	a = l->ip - A(0);
	MUST_EQ(w.now[a].who, who);
	MUST_EQ(net_of(a), net);
	MUST_EQ(model_rank(a), best);
	if (best == 1 && recent != -1 && w.now[recent].who == who &&
	    is_free(&w.now[recent]))
		MUST_EQ(w.now[a].last, w.now[recent].last);
}

/* What kind of address would a pool give now? 3: never used .. 0: none. */
static int
pick_kind(unsigned a)
{
	if (!in_pool(a) || !is_free(&w.now[a]))
		return 0;
	if (!w.used[a])
		return 3;
	return w.now[a].who == -1 ? 2 : 1;
}

static void
check_pool(uint32_t net)
{
	struct pool_use use, want = { 24, 0, 0, 0, 2 };
	unsigned a;
	uint32_t ip = pool_pick(w.pools[net]);
	int best = 0;

	for (a = 0; a < ADDRESSES; a++) {
		if (net_of(a) != net || !in_pool(a))
			continue;
		want.bound += w.now[a].state == LEASE_BOUND;
		want.offered += w.now[a].state == LEASE_OFFERED;
		want.conflict += w.now[a].state == LEASE_CONFLICT;
		if (pick_kind(a) > best)
			best = pick_kind(a);
	}
	pool_use(w.pools[net], &use);
	ck_assert_mem_eq(&use, &want, sizeof(use));
	MUST_EQ(ip == 0 ? 0 : pick_kind(ip - A(0)), best);
	MUST(ip == 0 || net_of(ip - A(0)) == net);
}

/* Each lease of its hardware address comes once. */
static void
check_hw(int who)
{
	const struct lease_client *c = &w.clients[who];
	struct lease *l = NULL;
	uint64_t want = 0, got = 0, bit;
	unsigned a;

	for (a = 0; a < ADDRESSES; a++)
		if (w.now[a].who != -1 &&
		    memcmp(w.clients[w.now[a].who].hw, c->hw, 6) == 0)
			want |= UINT64_C(1) << a;
	while ((l = lease_by_hw(w.ls, 1, c->hw, 6, l)) != NULL) {
		bit = UINT64_C(1) << (l->ip - A(0));
		MUST(!(got & bit));
		got |= bit;
	}
	MUST_EQ(got, want);
}

/* All of its leases that come are its own, the one that counts among them. */
static void
check_id(int who)
{
	const struct lease_client *c = &w.clients[who];
	struct lease *l = NULL;
	uint64_t got = 0, bit;
	uint32_t net;

	if (c->id == NULL || c->by_hw)
		return;
	while ((l = lease_by_id(w.ls, c->id, c->idlen, l)) != NULL) {
		bit = UINT64_C(1) << (l->ip - A(0));
		MUST(!(got & bit));
		got |= bit;
		MUST_EQ(w.now[l->ip - A(0)].who, who);
	}
	for (net = 0; net < NETS; net++) {
		l = lease_of(w.ls, c, net);
		MUST(l == NULL || got >> (l->ip - A(0)) & 1);
	}
}

static void
check_whole(void)
{
	size_t counts[LEASE_CONFLICT + 1] = { 0 };
	struct lease *l = NULL;
	unsigned a, i;
	int64_t next = LEASE_FOREVER;

	for (a = 0; a < ADDRESSES; a++) {
		check_address(w.ls, a);
		if (is_free(&w.now[a]) && w.now[a].who == -1)
			continue;
		counts[w.now[a].state]++;
		if (!is_free(&w.now[a]) && w.now[a].end < next)
			next = w.now[a].end;
		l = lease_next(w.ls, l);
		MUST(l != NULL);
		MUST_EQ(l->ip, A(a));
	}
	MUST(NULL == lease_next(w.ls, l));
	MUST_LE(lease_next_end(w.ls), next);
	MUST(lease_next_end(w.ls) > w.clock);
	MUST(
	    (lease_next_end(w.ls) == LEASE_FOREVER) == (next == LEASE_FOREVER));
	for (i = 0; i <= LEASE_CONFLICT; i++)
		MUST_EQ(leases_count(w.ls, i), counts[i]);
	for (i = 0; i < NETS; i++) {
		check_pool(i);
		for (a = 0; a < CLIENTS; a++)
			check_client(w.ls, i, (int)a);
	}
	for (a = 0; a < CLIENTS; a++) {
		check_hw((int)a);
		check_id((int)a);
	}
}

static bool
load_one(void *arg, const struct lease *l)
{
	struct lease_client c = { .htype = l->htype, .hlen = l->hlen };
	struct lease_more more;

	MUST(l->state != LEASE_OFFERED);
	memcpy(c.hw, l->hw, sizeof(c.hw));
	c.id = lease_id(l, &c.idlen);
	c.by_hw = l->by_hw;
	lease_recall(l, &more);
	MUST(NULL != lease_load(arg, l, &c, &more));
	return true;
}

/* Saved and loaded, all is as before but for the offers. */
static void
check_saved(void)
{
	struct holding kept[ADDRESSES];
	struct pool *pools[NETS];
	struct leases *ls = world_leases(pools);
	unsigned a;

	memcpy(kept, w.now, sizeof(kept));
	MUST(lease_save(w.ls, load_one, ls));
	for (a = 0; a < ADDRESSES; a++) {
		if (w.now[a].state == LEASE_OFFERED)
			w.now[a] = w.former[a];
		if (!in_pool(a) && is_free(&w.now[a]))
			w.now[a].who = -1;
		check_address(ls, a);
	}
	memcpy(w.now, kept, sizeof(kept));
	leases_free(ls);
}

static void
model_run(unsigned seed, unsigned steps)
{
	static void (*const ops[])(unsigned, int) = { do_offer, do_bind,
		do_bind, do_release, do_conflict, do_clear, do_pick, do_pick };
	unsigned i;

	world_begin(seed);
	for (i = 0; i < steps; i++) {
		/* No two leases begin in one second, so that one is the last.
		 */
		w.clock++;
		do_expire();
		ops[chance(sizeof(ops) / sizeof(ops[0]))](
		    chance(ADDRESSES), (int)chance(CLIENTS));
		if (chance(3) == 0) {
			w.clock += chance(40);
			do_expire();
		}
		check_whole();
		if (chance(50) == 0)
			check_saved();
	}
	leases_free(w.ls);
}

START_TEST(model)
{
	model_run((unsigned)_i + 1, 1500);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lease");
	TCase *tc = tcase_create("lease");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, life);
	tcase_add_test(tc, offer_covers);
	tcase_add_test(tc, offer_of_new);
	tcase_add_test(tc, one_lease_in_a_network);
	tcase_add_test(tc, conflict);
	tcase_add_test(tc, cleared);
	tcase_add_test(tc, identities);
	tcase_add_test(tc, nobody);
	tcase_add_test(tc, new_hardware);
	tcase_add_test(tc, queries);
	tcase_add_test(tc, remembers);
	tcase_add_test(tc, pick_order);
	tcase_add_test(tc, pool_ranges);
	tcase_add_test(tc, edges_of_the_address_space);
	tcase_add_test(tc, max_reached);
	tcase_add_test(tc, floods);
	tcase_add_test(tc, ends_in_order);
	tcase_add_test(tc, memory);
	tcase_add_loop_test(tc, model, 0, 8);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
