/*
 * Checksums: those of RFC 3720 section B.4, whole and in pieces.
 */
#include <string.h>

#include "crc32c.h"
#include "tap.h"

START_TEST(known)
{
	uint8_t bytes[32];
	unsigned i;

	ck_assert_uint_eq(crc32c(0, "", 0), 0);
	ck_assert_uint_eq(crc32c(0, "123456789", 9), 0xe3069283);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x62a8ab43);
	for (i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	ck_assert_uint_eq(crc32c(0, bytes, 32), 0x46dd794e);
}
END_TEST

START_TEST(pieces)
{
	const char text[] = "a sum of two parts is that of the whole text";
	uint32_t whole = crc32c(0, text, sizeof(text));
	size_t i;

	for (i = 0; i <= sizeof(text); i++)
		ck_assert_uint_eq(
		    crc32c(crc32c(0, text, i), text + i, sizeof(text) - i),
		    whole);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crc32c");
	TCase *tc = tcase_create("crc32c");

	tcase_add_test(tc, known);
	tcase_add_test(tc, pieces);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
