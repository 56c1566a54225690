/*
 * unchecked: the helpers of unit tests in programs that are none: an assertion
 * that fails ends the process. To be included before them.
 */
#ifndef UNCHECKED_H
#define UNCHECKED_H

#include <stdlib.h>
#include <string.h>

#define CHECK_H /* <check.h> is this */

#define ck_assert(x)                                                           \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)
#define ck_assert_msg(x, ...) ck_assert(x)
#define ck_assert_int_eq(a, b) ck_assert((a) == (b))
#define ck_assert_uint_eq(a, b) ck_assert((a) == (b))
#define ck_assert_uint_lt(a, b) ck_assert((a) < (b))
#define ck_assert_uint_gt(a, b) ck_assert((a) > (b))
#define ck_assert_uint_ge(a, b) ck_assert((a) >= (b))
#define ck_assert_ptr_nonnull(p) ck_assert((p) != NULL)
#define ck_assert_str_eq(a, b) ck_assert(strcmp(a, b) == 0)

#endif
