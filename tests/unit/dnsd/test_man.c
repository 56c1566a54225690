/* dnsd.conf(5) tells every key of dnsd, and no other. */
#include "dnsdconf.h"
#include "manpage.h"

START_TEST(test_keys)
{
	manpage_check("man/man5/dnsd.conf.5", dnsd_keys);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("man");
	TCase *tc = tcase_create("man");

	tcase_add_test(tc, test_keys);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
