/*
 * dhcpd.conf(5) tells every key of dhcpd and every option that it may set,
 * dhcpd.hosts(5) every word of a line, and none of them any other.
 */
#include "build.h"
#include "manpage.h"

START_TEST(test_keys)
{
	manpage_check("man/man5/dhcpd.conf.5", dhcpd_keys);
}
END_TEST

static size_t
count(const char *all, const char *what)
{
	size_t n = 0;

	for (; (all = strstr(all, what)) != NULL; all++)
		n++;
	return n;
}

/* How the option section's `type` calls it. */
static const char *
kind_name(enum option_type type)
{
	const struct conf_key *k = dhcpd_keys;

	while (k->type != CONF_SECTION || strcmp(k->name, "option") != 0)
		k++;
	for (k = k->keys; strcmp(k->name, "type") != 0; k++)
		;
	return k->words[1 + type];
}

START_TEST(test_options)
{
	const struct option_def *d;
	char line[TEXT_BYTES], *list;
	size_t n = 1; /* the head of the table */

	read_page("man/man5/dhcpd.conf.5");
	list = part(text, "\n.Sh OPTIONS\n", "\n.Sh ");
	for (d = option_defs; d->name != NULL; d++) {
		if (d->owner != OPTION_FREE || d->code == 0 || d->code == 255)
			continue;
		snprintf(line, sizeof(line), "\n.It %u Ta %s Ta %s\n", d->code,
		    d->name, kind_name(d->type));
		ck_assert_msg(strstr(list, line) != NULL,
		    "the page must have the line \"%.*s\"",
		    (int)strlen(line) - 2, line + 1);
		n++;
	}
	ck_assert_uint_eq(count(list, " Ta "), 2 * n);
	free(list);
}
END_TEST

START_TEST(test_words)
{
	char line[TEXT_BYTES];
	size_t i;

	read_page("man/man5/dhcpd.hosts.5");
	for (i = 0; hosts_words[i] != NULL; i++) {
		snprintf(line, sizeof(line), "\n.It Ic %s Ar ", hosts_words[i]);
		ck_assert_msg(strstr(text, line) != NULL,
		    "the page must tell %s", hosts_words[i]);
	}
	ck_assert_uint_eq(count(text, "\n.It Ic "), i);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("man");
	TCase *tc = tcase_create("man");

	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_options);
	tcase_add_test(tc, test_words);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
