/*
 * tap: run a suite as every unit test does: each test in a process of its own,
 * TAP on standard output.
 */
#ifndef TAP_H
#define TAP_H

#include <check.h>

/* The status to exit with; the suite is freed. */
static inline int
tap_run(Suite *s)
{
	SRunner *sr = srunner_create(s);
	int failed;

	srunner_set_fork_status(sr, CK_FORK);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? 0 : 1;
}

#endif
