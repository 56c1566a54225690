/* rtype: types and classes by name and number. */
#include <ctype.h>
#include <string.h>

#include "rtype.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Every number: what text says of it is read back as the same. */
START_TEST(test_types)
{
	char room[RTYPE_TEXT], lower[RTYPE_TEXT];
	const char *text;
	uint16_t type;
	unsigned i, k, named = 0;

	for (i = 0; i <= 65535; i++) {
		text = rtype_text((uint16_t)i, room);
		named += strncmp(text, "TYPE", 4) != 0;
		ck_assert(rtype_parse(text, strlen(text), &type));
		ck_assert_uint_eq(type, i);
		for (k = 0; text[k] != '\0'; k++)
			lower[k] = (char)tolower((unsigned char)text[k]);
		lower[k] = '\0';
		ck_assert(rtype_parse(lower, k, &type));
		ck_assert_uint_eq(type, i);
	}
	ck_assert_uint_eq(named, 87);
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	int type; /* -1: none */
} types[] = {
	{ "A", 1 }, { "ns", 2 }, { "Cname", 5 }, { "AAAA", 28 },
	{ "NSEC3PARAM", 51 }, { "https", 65 }, { "TYPE0", 0 },
	{ "TYPE1", 1 }, { "type65535", 65535 }, { "TA", 32768 },
	{ "DLV", 32769 }, { "caa", 257 }, { "any", 255 },
	{ "TYPE65536", -1 }, { "TYPE", -1 }, { "TYPE-1", -1 },
	{ "TYPE123456", -1 }, { "TYPE1x", -1 }, { "TYPE 1", -1 },
	{ "AA", -1 }, { "AAA", -1 }, { "", -1 }, { "*", -1 },
	{ "NSEC3PARAMETER", -1 }, { "M", -1 }, { "SOX", -1 },
	{ "\xc1", -1 },
};
static const struct {
	const char *text;
	int class;
} classes[] = {
	{ "IN", 1 }, { "in", 1 }, { "CH", 3 }, { "hs", 4 }, { "NONE", 254 },
	{ "ANY", 255 }, { "CLASS1", 1 }, { "class65535", 65535 },
	{ "CLASS65536", -1 }, { "I", -1 }, { "INN", -1 }, { "", -1 },
};
/* clang-format on */

START_TEST(test_type)
{
	uint16_t type = 99;
	bool known = rtype_parse(types[_i].text, strlen(types[_i].text), &type);

	ck_assert_msg(
	    known == (types[_i].type != -1), "\"%s\"", types[_i].text);
	if (known)
		ck_assert_int_eq(type, types[_i].type);
}
END_TEST

START_TEST(test_class)
{
	const char *text = classes[_i].text;
	uint16_t class = 99;
	bool known = rclass_parse(text, strlen(text), &class);

	ck_assert_msg(known == (classes[_i].class != -1), "\"%s\"", text);
	if (known)
		ck_assert_int_eq(class, classes[_i].class);
}
END_TEST

START_TEST(test_class_text)
{
	char room[RTYPE_TEXT];
	uint16_t class;

	ck_assert_str_eq(rclass_text(1, room), "IN");
	ck_assert_str_eq(rclass_text(3, room), "CH");
	ck_assert_str_eq(rclass_text(65535, room), "CLASS65535");
	/* no more than len bytes count, and no NUL is taken for an end */
	ck_assert(rclass_parse("INTERNET", 2, &class));
	ck_assert(!rclass_parse("IN\0xxxxxxx", 10, &class));
	ck_assert(!rtype_parse("A\0A", 3, &class));
	ck_assert(rtype_parse("MXX", 2, &class));
}
END_TEST

START_TEST(test_kinds)
{
	unsigned i;

	for (i = 0; i <= 65535; i++) {
		ck_assert_int_eq(rtype_is_meta((uint16_t)i),
		    i == 0 || i == 41 || (i >= 128 && i <= 255));
		ck_assert_int_eq(
		    rtype_is_single((uint16_t)i), i == 5 || i == 6 || i == 39);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rtype");
	TCase *t = tcase_create("rtype");

	tcase_add_test(t, test_types);
	tcase_add_loop_test(t, test_type, 0, COUNT(types));
	tcase_add_loop_test(t, test_class, 0, COUNT(classes));
	tcase_add_test(t, test_class_text);
	tcase_add_test(t, test_kinds);
	suite_add_tcase(s, t);
	return tap_run(s);
}
