/* netascii: both ways, and cut at every place. */
#include <stdlib.h>
#include <string.h>

#include "netascii.h"
#include "tap.h"

#define ROOM 256

struct pair {
	const char *text;
	size_t textlen;
	const char *wire;
	size_t wirelen;
};

#define LIT(s) s, sizeof(s) - 1

/* clang-format off */
static const struct pair pairs[] = {
	{ LIT(""), LIT("") },
	{ LIT("abc"), LIT("abc") },
	{ LIT("\n"), LIT("\r\n") },
	{ LIT("\r"), LIT("\r\0") },
	{ LIT("\r\n"), LIT("\r\0\r\n") },
	{ LIT("\n\r"), LIT("\r\n\r\0") },
	{ LIT("\r\r\n\n"), LIT("\r\0\r\0\r\n\r\n") },
	{ LIT("a\0b"), LIT("a\0b") },
	{ LIT("\r\0"), LIT("\r\0\0") },
	{ LIT("one\ntwo\n"), LIT("one\r\ntwo\r\n") },
	{ LIT("\xff\n\x80"), LIT("\xff\r\n\x80") },
};

/* Only ever read: what a peer that doesn't keep to the rules sends. */
static const struct pair odd[] = {
	{ LIT("\n"), LIT("\n") },
	{ LIT("\ra"), LIT("\ra") },
	{ LIT("\r"), LIT("\r") },
	{ LIT("\r\r"), LIT("\r\r") },
	{ LIT("\r\n"), LIT("\r\r\n") },
	{ LIT("\r\r"), LIT("\r\r\0") },
	{ LIT("a\r"), LIT("a\r") },
	{ LIT("\r\rx\n"), LIT("\r\rx\r\n") },
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Encode with pieces of `in` bytes to read and `room` bytes to write. */
static size_t
encode(const struct pair *p, size_t in, size_t room, uint8_t *out)
{
	struct netascii a;
	size_t at = 0, n = 0, used, got, left;
	uint8_t piece[ROOM];

	netascii_init(&a);
	do {
		left = p->textlen - at < in ? p->textlen - at : in;
		got = netascii_encode(&a, (const uint8_t *)p->text + at, left,
		    &used, piece, room);
		ck_assert_uint_le(got, room);
		ck_assert_uint_le(used, left);
		memcpy(out + n, piece, got);
		at += used;
		n += got;
	} while (got > 0);
	ck_assert_uint_eq(at, p->textlen);
	return n;
}

static size_t
decode(const struct pair *p, size_t in, uint8_t *out)
{
	struct netascii a;
	size_t at = 0, n = 0, left, got;
	uint8_t *piece;

	netascii_init(&a);
	for (; at < p->wirelen; at += left) {
		left = p->wirelen - at < in ? p->wirelen - at : in;
		/* Exactly the room that the header asks for. */
		ck_assert_ptr_nonnull(piece = malloc(left + 1));
		got = netascii_decode(
		    &a, (const uint8_t *)p->wire + at, left, piece);
		memcpy(out + n, piece, got);
		n += got;
		free(piece);
	}
	n += netascii_decode_end(&a, out + n);
	ck_assert_uint_eq(netascii_decode_end(&a, out + n), 0);
	return n;
}

START_TEST(test_encode)
{
	const struct pair *p = &pairs[_i];
	uint8_t out[ROOM];

	for (size_t in = 1; in < 10; in++) {
		for (size_t room = 1; room < 20; room++) {
			ck_assert_uint_eq(encode(p, in, room, out), p->wirelen);
			ck_assert_mem_eq(out, p->wire, p->wirelen);
		}
	}
}
END_TEST

START_TEST(test_decode)
{
	uint8_t out[ROOM];

	for (size_t i = 0; i < COUNT(pairs); i++) {
		for (size_t in = 1; in < 20; in++) {
			ck_assert_uint_eq(
			    decode(&pairs[i], in, out), pairs[i].textlen);
			ck_assert_mem_eq(out, pairs[i].text, pairs[i].textlen);
		}
	}
	for (size_t i = 0; i < COUNT(odd); i++) {
		for (size_t in = 1; in < 20; in++) {
			ck_assert_uint_eq(
			    decode(&odd[i], in, out), odd[i].textlen);
			ck_assert_mem_eq(out, odd[i].text, odd[i].textlen);
		}
	}
}
END_TEST

/* No room: nothing is taken, nothing is lost. */
START_TEST(test_no_room)
{
	struct netascii a;
	uint8_t out[2];
	size_t used;

	netascii_init(&a);
	ck_assert_uint_eq(
	    netascii_encode(&a, (const uint8_t *)"\n", 1, &used, out, 1), 1);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(out[0], '\r');
	ck_assert_uint_eq(netascii_encode(&a, NULL, 0, &used, out, 0), 0);
	ck_assert_uint_eq(netascii_encode(&a, NULL, 0, &used, out, 2), 1);
	ck_assert_uint_eq(out[0], '\n');
	ck_assert_uint_eq(netascii_encode(&a, NULL, 0, &used, out, 2), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("netascii");
	TCase *tc = tcase_create("netascii");

	tcase_add_loop_test(tc, test_encode, 0, (int)COUNT(pairs));
	tcase_add_test(tc, test_decode);
	tcase_add_test(tc, test_no_room);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
