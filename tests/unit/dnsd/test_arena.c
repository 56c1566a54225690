/*
 * arena: blocks that do not touch each other, of any size.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "tap.h"

static const struct {
	size_t size, room;
} rooms[] = {
	{ 1, 8 },
	{ 8, 8 },
	{ 9, 16 },
	{ 512, 512 },
	{ 513, 640 },
	{ 640, 640 },
	{ 641, 768 },
	{ 1024, 1024 },
	{ 1025, 1280 },
	{ 4096, 4096 },
	{ 4097, 5120 },
	{ (1u << 20) + 1, (1u << 20) + (1u << 18) },
	{ ARENA_MAX, ARENA_MAX },
};

START_TEST(rooms_hold_their_sizes)
{
	size_t n;

	for (n = 0; n < sizeof(rooms) / sizeof(rooms[0]); n++) {
		ck_assert_uint_eq(arena_room(rooms[n].size), rooms[n].room);
		ck_assert_uint_eq(arena_room(rooms[n].room), rooms[n].room);
	}
	for (n = 1; n < 70000; n++)
		ck_assert(arena_room(n) >= n && arena_room(n) % 8 == 0 &&
		    arena_room(n) <= n + 8 + n / 4);
}
END_TEST

#define BLOCKS 4000

START_TEST(blocks_keep_what_is_in_them)
{
	static struct {
		uint8_t *p;
		size_t size;
	} v[BLOCKS];
	struct arena a = { 0 };
	uint32_t seed = 5;
	size_t i, k, n, used = 0;

	for (n = 0; n < BLOCKS * 6; n++) {
		seed = seed * 1664525 + 1013904223;
		i = (seed >> 8) % BLOCKS;
		if (v[i].p != NULL) {
			for (k = 0; k < v[i].size; k += 13)
				ck_assert_uint_eq(v[i].p[k], i & 255);
			used -= arena_room(v[i].size);
			arena_free(&a, v[i].p, v[i].size);
		}
		v[i].size = 1 + (seed >> 20) % (i % 100 == 0 ? 99000 : 300);
		v[i].p = arena_alloc(&a, v[i].size);
		ck_assert_ptr_nonnull(v[i].p);
		ck_assert_uint_eq((uintptr_t)v[i].p % 8, 0);
		memset(v[i].p, (int)(i & 255), v[i].size);
		used += arena_room(v[i].size);
		ck_assert_uint_eq(a.used, used);
	}
	arena_end(&a);
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_null(a.chunks);
}
END_TEST

START_TEST(a_block_grows_in_its_room)
{
	struct arena a = { 0 };
	uint8_t *p = arena_alloc(&a, 601);

	memset(p, 7, 601);
	ck_assert(arena_refit(p, 601, 640));
	memset(p, 8, 640);
	ck_assert(!arena_refit(p, 640, 641));
	ck_assert(!arena_refit(p, 640, 512));
	ck_assert(arena_refit(p, 640, 601));
	arena_free(&a, p, 601);
	ck_assert_uint_eq(a.used, 0);
	ck_assert_ptr_null(arena_alloc(&a, 0));
	ck_assert_ptr_null(arena_alloc(&a, (size_t)ARENA_MAX + 1));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	arena_end(&a);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("arena");
	TCase *t = tcase_create("arena");

	tcase_add_test(t, rooms_hold_their_sizes);
	tcase_add_test(t, blocks_keep_what_is_in_them);
	tcase_add_test(t, a_block_grows_in_its_room);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
