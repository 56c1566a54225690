/*
 * Readers without a lock, and a writer that frees what they leave. With
 * sanitizers of addresses and of threads this finds what was freed too early.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "epoch.h"
#include "tap.h"
#include "zonedbpart.h"

#define READERS 3
#define EDITS 1500
#define HOSTS 600

static _Atomic(struct snapshot *) published;
static atomic_bool stop;
static _Atomic unsigned long looked;

START_TEST(retired_until_all_have_left)
{
	struct epoch_reader *a = epoch_register(), *b = epoch_register();
	uint64_t first, second;

	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_ne(a, b);
	ck_assert_uint_eq((uintptr_t)a % 64, 0);
	ck_assert(epoch_passed(epoch_retire()));
	epoch_online(a);
	first = epoch_retire();
	ck_assert(!epoch_passed(first));
	/* who comes after it does not count */
	epoch_online(b);
	ck_assert(!epoch_passed(first));
	epoch_quiet(a);
	ck_assert(epoch_passed(first));
	second = epoch_retire();
	ck_assert_uint_gt(second, first);
	ck_assert(!epoch_passed(second));
	epoch_offline(a);
	ck_assert(!epoch_passed(second));
	epoch_offline(b);
	ck_assert(epoch_passed(second));
}
END_TEST

START_TEST(there_are_so_many_readers)
{
	unsigned i;

	for (i = 0; i < EPOCH_READERS; i++)
		ck_assert_ptr_nonnull(epoch_register());
	ck_assert_ptr_null(epoch_register());
}
END_TEST

static void
host(struct dname *name, unsigned i)
{
	uint8_t wire[16] = { 4, 'h', (uint8_t)('a' + i / 256),
		(uint8_t)('a' + i / 16 % 16), (uint8_t)('a' + i % 16), 2, 'z',
		'z', 0 };

	ck_assert_int_eq(dname_set(name, wire, sizeof(wire)), 0);
}

/* Every host has the serial in its address. */
static void
put_serial(struct edit *e, uint32_t serial)
{
	uint8_t soa[22] = { 0 }, was[4], now[4];
	struct edit_rr rr = { TYPE_SOA, 60, soa, sizeof(soa) };
	struct edit_rr old = { TYPE_A, 60, was, 4 };
	struct edit_rr new = { TYPE_A, 60, now, 4 };
	struct dname name;
	uint32_t before = serial - 1;
	unsigned i;

	for (i = 0; i < 4; i++) {
		soa[2 + i] = now[i] = (uint8_t)(serial >> (24 - 8 * i));
		was[i] = (uint8_t)(before >> (24 - 8 * i));
	}
	ck_assert_int_eq(edit_add(e, edit_origin(e), &rr), EDIT_DONE);
	for (i = serial % 7; i < HOSTS; i += 7) {
		host(&name, i);
		edit_remove(e, &name, &old);
		edit_add(e, &name, &new);
	}
}

/* Some of a snapshot, which must not change meanwhile. */
static unsigned
look(const struct snapshot *s, unsigned turn)
{
	uint32_t serial = s->serial;
	const struct node *n;
	const struct rrset *set;
	struct dname name;
	unsigned i, found = 0;

	for (i = turn % 5; i < HOSTS; i += 5) {
		host(&name, i);
		snapshot_prefetch(s, &name, 0);
		snapshot_prefetch_node(s, &name, 0);
		if ((n = snapshot_find(s, &name, 0)) == NULL ||
		    (set = node_rrset(n, TYPE_A)) == NULL)
			continue;
		found += set->count;
	}
	if (serial != s->serial || s->apex->sets[0]->type != TYPE_SOA)
		abort();
	return found;
}

static void *
reader(void *arg)
{
	struct epoch_reader *r = epoch_register();
	unsigned turn = (unsigned)(uintptr_t)arg, found = 0;
	const struct snapshot *held = NULL, *s;

	if (r == NULL)
		abort();
	while (!atomic_load(&stop)) {
		epoch_online(r);
		s = atomic_load_explicit(&published, memory_order_acquire);
		found += look(s, turn++);
		if (turn % 16 == 0 && held == NULL) {
			snapshot_hold(s);
			held = s;
		}
		if (turn % 4 == 0)
			epoch_offline(r);
		if (turn % 16 == 9 && held != NULL) {
			found += look(held, turn);
			snapshot_release(held);
			held = NULL;
		}
		atomic_fetch_add_explicit(&looked, 1, memory_order_relaxed);
	}
	if (held != NULL)
		snapshot_release(held);
	epoch_offline(r);
	return (void *)(uintptr_t)found;
}

static void
write_many(void)
{
	struct snapshot *s = atomic_load(&published), *next;
	struct dname origin = s->origin;
	struct edit *e;
	uint32_t serial;

	for (serial = 2; serial < EDITS; serial++) {
		/* now and then a zone from nothing, as by a reload */
		e = edit_begin(serial % 100 == 0 ? NULL : s, &origin);
		ck_assert_ptr_nonnull(e);
		put_serial(e, serial);
		ck_assert_ptr_nonnull(next = edit_commit(e));
		atomic_store(&published, next);
		snapshot_retire(s, next);
		snapshot_reclaim();
		s = next;
		if (serial % 50 == 0)
			usleep(1000);
	}
}

START_TEST(readers_see_whole_snapshots)
{
	static const uint8_t origin[] = "\2zz";
	pthread_t thread[READERS];
	struct dname name;
	struct edit *e;
	uintptr_t i;

	ck_assert_int_eq(dname_set(&name, origin, sizeof(origin)), 0);
	ck_assert_ptr_nonnull(e = edit_begin(NULL, &name));
	put_serial(e, 1);
	atomic_store(&published, edit_commit(e));
	for (i = 0; i < READERS; i++)
		ck_assert_int_eq(
		    pthread_create(&thread[i], NULL, reader, (void *)i), 0);
	write_many();
	atomic_store(&stop, true);
	for (i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_uint_gt(atomic_load(&looked), READERS);
	snapshot_retire(atomic_load(&published), NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("epoch");
	TCase *t = tcase_create("epoch");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, retired_until_all_have_left);
	tcase_add_test(t, there_are_so_many_readers);
	tcase_add_test(t, readers_see_whole_snapshots);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
