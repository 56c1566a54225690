/*
 * tftpd.conf(5) tells every key of tftpd, and no other.
 */
#include "manpage.h"
#include "tftpd.h"

START_TEST(test_keys)
{
	manpage_check("man/man5/tftpd.conf.5", tftpd_keys);
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
