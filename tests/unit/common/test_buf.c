/*
 * Byte buffers: limits and the sticky failure.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "tap.h"

const char *__asan_default_options(void);

/* The address sanitizer, too, says NULL where there is no memory. */
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void
expect(struct buf *b, const char *bytes)
{
	ck_assert_uint_eq(buf_left(b), strlen(bytes));
	ck_assert_mem_eq(b->p + b->pos, bytes, strlen(bytes));
	ck_assert_uint_le(b->len, b->size);
	ck_assert_uint_le(b->len, b->limit);
}

START_TEST(empty)
{
	struct buf b;

	buf_init(&b, 10);
	ck_assert_ptr_null(b.p);
	ck_assert_uint_eq(buf_left(&b), 0);
	buf_add(&b, NULL, 0);
	buf_drop(&b, 0);
	ck_assert(!b.failed);
	buf_free(&b);
	buf_free(&b);
}
END_TEST

START_TEST(grows)
{
	char want[5001] = "";
	struct buf b;
	int i;

	buf_init(&b, 5000);
	for (i = 0; i < 1000; i++) {
		buf_printf(&b, "%04d", i);
		buf_add(&b, ",", 1);
		snprintf(want + i * 5, 6, "%04d,", i);
	}
	ck_assert(!b.failed);
	expect(&b, want);
	ck_assert_uint_le(b.size, 5000);
	buf_free(&b);
	ck_assert_uint_eq(b.limit, 5000);
	buf_puts(&b, "again");
	expect(&b, "again");
	buf_free(&b);
}
END_TEST

START_TEST(limit)
{
	struct buf b;

	buf_init(&b, 8);
	buf_puts(&b, "12345678");
	ck_assert(!b.failed);
	buf_puts(&b, "9");
	ck_assert(b.failed);
	expect(&b, "12345678");
	/* Failed stays failed, even when there is room again. */
	buf_drop(&b, 4);
	buf_puts(&b, "x");
	ck_assert_ptr_null(buf_room(&b, 1));
	expect(&b, "5678");
	buf_reset(&b);
	ck_assert(!b.failed);
	expect(&b, "");
	buf_puts(&b, "abc");
	expect(&b, "abc");
	buf_free(&b);
}
END_TEST

/* A request that fails changes nothing, however absurd it is. */
START_TEST(absurd)
{
	static const size_t sizes[] = { 9, SIZE_MAX, SIZE_MAX - 3 };
	struct buf b;

	buf_init(&b, 10);
	buf_puts(&b, "ab");
	ck_assert_ptr_null(buf_room(&b, sizes[_i]));
	ck_assert(b.failed);
	expect(&b, "ab");
	buf_free(&b);
	buf_init(&b, SIZE_MAX);
	buf_puts(&b, "ab");
	ck_assert_ptr_null(buf_room(&b, SIZE_MAX / 2));
	ck_assert(b.failed);
	expect(&b, "ab");
	buf_free(&b);
}
END_TEST

/* What was used makes room, with nothing but the unread bytes kept. */
START_TEST(moves)
{
	struct buf b;
	int i;

	buf_init(&b, 10);
	buf_puts(&b, "0123456789");
	for (i = 0; i < 100; i++) {
		buf_drop(&b, 3);
		buf_printf(&b, "%03d", i);
		ck_assert(!b.failed);
	}
	expect(&b, "6097098099");
	buf_drop(&b, 10);
	ck_assert_uint_eq(b.pos, 0);
	buf_free(&b);
}
END_TEST

START_TEST(room)
{
	struct buf b;
	uint8_t *p;

	buf_init(&b, 100000);
	p = buf_room(&b, 70000);
	ck_assert_ptr_nonnull(p);
	memset(p, 'x', 70000);
	ck_assert_uint_eq(buf_left(&b), 0);
	b.len += 2;
	expect(&b, "xx");
	buf_free(&b);
}
END_TEST

START_TEST(printf_long)
{
	char word[1001];
	struct buf b;

	memset(word, 'w', 1000);
	word[1000] = '\0';
	buf_init(&b, 1500);
	buf_printf(&b, "%s", word);
	expect(&b, word);
	buf_printf(&b, "%s", word);
	ck_assert(b.failed);
	expect(&b, word);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("buf");
	TCase *t = tcase_create("buf");

	suite_add_tcase(s, t);
	tcase_add_test(t, empty);
	tcase_add_test(t, grows);
	tcase_add_test(t, limit);
	tcase_add_loop_test(t, absurd, 0, 3);
	tcase_add_test(t, moves);
	tcase_add_test(t, room);
	tcase_add_test(t, printf_long);
	return tap_run(s);
}
