/*
 * Lines of a journal: what is written, to the byte; what is read, and what is
 * refused.
 */
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "tap.h"

/* A lease with all there is. */
static struct leases *
whole(struct lease **l)
{
	static const uint8_t id[] = { 1, 2, 0, 0, 0, 0xbe, 0xef };
	static const uint8_t agent[] = { 1, 4, 'e', 't', 'h', '0' };
	struct lease_client c = { .htype = 1,
		.hlen = 6,
		.hw = { 2, 0, 0, 0, 0xbe, 0xef },
		.id = id,
		.idlen = sizeof(id),
		.by_hw = true };
	struct lease_more m = { "printer", "printer.lab.test", agent,
		sizeof(agent), (const uint8_t *)"MSFT", 4 };
	struct leases *ls = leases_new(4);

	*l = lease_bind(ls, 0x0a000107, 1, &c, 1700000000, 1700003600);
	ck_assert_ptr_nonnull(*l);
	ck_assert_int_eq(lease_remember(ls, *l, &m), 0);
	(*l)->dns = 3;
	return ls;
}

static void
expect_line(const struct lease *l, const char *want)
{
	char line[JOURNAL_LINE];
	size_t n = journal_line(l, line);

	line[n] = '\0';
	ck_assert_str_eq(line, want);
}

START_TEST(writes)
{
	struct lease_client c = { .htype = 6, .hlen = 1, .hw = { 7 } };
	struct lease *l;
	struct leases *ls = whole(&l);

	expect_line(l,
	    "lease 10.0.1.7 bound start 1700000000 end 1700003600"
	    " last 1700000000 hw 1:02:00:00:00:be:ef id 01020000"
	    "00beef by hw host printer fqdn printer.lab.test"
	    " agent 010465746830 vendor 4d534654 dns 3 #c946e597\n");
	leases_free(ls);
	ls = leases_new(4);
	l = lease_bind(ls, UINT32_MAX, 1, &c, 5, LEASE_FOREVER);
	expect_line(l,
	    "lease 255.255.255.255 bound start 5 end never last 5 hw 6:07"
	    " #215d7297\n");
	lease_release(ls, l, 9);
	expect_line(l,
	    "lease 255.255.255.255 released start 5 end 9 last 5 hw 6:07"
	    " #8eaaac16\n");
	expect_line(lease_conflict(ls, 1, 1, 0, 10),
	    "lease 0.0.0.1 conflict start 0 end 10 last 0 #374383c6\n");
	leases_free(ls);
}
END_TEST

/* The sum of RFC 3720 section B.4, and that of nothing. */
START_TEST(checksum)
{
	char line[64] = "";

	ck_assert_uint_eq(journal_seal(line, 32), 32 + JOURNAL_SEAL);
	ck_assert_mem_eq(line + 32, " #8a9136aa\n", JOURNAL_SEAL);
	memset(line, 0xff, 32);
	journal_seal(line, 32);
	ck_assert_mem_eq(line + 32, " #62a8ab43\n", JOURNAL_SEAL);
	memcpy(line, "123456789", 9);
	journal_seal(line, 9);
	ck_assert_mem_eq(line + 9, " #e3069283\n", JOURNAL_SEAL);
	ck_assert_uint_eq(journal_sealed(line, 19), 9);
	ck_assert_uint_eq(journal_sealed(line, 18), 0);
	line[18] = 'B';
	ck_assert_uint_eq(journal_sealed(line, 19), 0);
	journal_seal(line, 0);
	ck_assert_mem_eq(line, " #00000000\n", JOURNAL_SEAL);
	ck_assert_uint_eq(journal_sealed(line, 10), 0);
}
END_TEST

/* Put the sum behind, read. */
static int
parse(const char *text, struct journal_record *r)
{
	static char line[2 * JOURNAL_LINE];
	size_t n = strlen(text);

	memcpy(line, text, n);
	n = journal_seal(line, n);
	return journal_parse(line, n - 1, r);
}

START_TEST(reads)
{
	struct journal_record r, again;
	struct lease *l;
	struct leases *ls = whole(&l);
	char line[JOURNAL_LINE];
	size_t n = journal_line(l, line);

	ck_assert_int_eq(journal_parse(line, n - 1, &r), 0);
	ck_assert_uint_eq(r.lease.ip, 0x0a000107);
	ck_assert_uint_eq(r.lease.state, LEASE_BOUND);
	ck_assert_int_eq(r.lease.start, 1700000000);
	ck_assert_int_eq(r.lease.end, 1700003600);
	ck_assert_int_eq(r.lease.last, 1700000000);
	ck_assert_uint_eq(r.client.htype, 1);
	ck_assert_uint_eq(r.client.hlen, 6);
	ck_assert_mem_eq(r.client.hw, l->hw, 6);
	ck_assert(r.client.by_hw && r.lease.by_hw);
	ck_assert_uint_eq(r.client.idlen, 7);
	ck_assert_str_eq(r.more.host, "printer");
	ck_assert_str_eq(r.more.fqdn, "printer.lab.test");
	ck_assert_uint_eq(r.more.agent_len, 6);
	ck_assert_mem_eq(r.more.agent, "\1\4eth0", 6);
	ck_assert_uint_eq(r.more.vendor_len, 4);
	ck_assert_mem_eq(r.more.vendor, "MSFT", 4);
	ck_assert_uint_eq(r.lease.dns, 3);
	/* Words in another order, unknown ones, none. */
	ck_assert_int_eq(parse("lease 1.2.3.4 expired start 1 end 2 last 3"
			       " colour blue dns 1 host %41%20b hw 1:aa",
			     &again),
	    0);
	ck_assert_str_eq(again.more.host, "A b");
	ck_assert_uint_eq(again.client.hw[0], 0xaa);
	ck_assert(again.lease.by_hw && again.client.id == NULL);
	ck_assert_int_eq(
	    parse("lease 1.2.3.4 conflict start 1 end never last 3", &again),
	    0);
	ck_assert_int_eq(again.lease.end, LEASE_FOREVER);
	leases_free(ls);
}
END_TEST

#define HEAD "lease 1.2.3.4 released start 1 end 2 last 3"

START_TEST(refuses)
{
	static const char *const bad[] = {
		"",
		"lease",
		"lease ",
		"leese 1.2.3.4 released start 1 end 2 last 3",
		"lease 1.2.3 released start 1 end 2 last 3",
		"lease 1.2.3.256 released start 1 end 2 last 3",
		"lease 1.2.3.4. released start 1 end 2 last 3",
		"lease 1.2..4 released start 1 end 2 last 3",
		"lease 1.2.3.4 offered start 1 end 2 last 3 hw 1:aa",
		"lease 1.2.3.4 stolen start 1 end 2 last 3",
		"lease 1.2.3.4 released start 1 end 2",
		"lease 1.2.3.4 released start 1 last 3 end 2",
		"lease 1.2.3.4 released start x end 2 last 3",
		"lease 1.2.3.4 released start -1 end 2 last 3",
		"lease 1.2.3.4 released start 1 end 2 last 3x",
		"lease 1.2.3.4 released start 1 end 2 last",
		"lease 1.2.3.4 released start 1000000000000000000 end 2 last 3",
		"lease 1.2.3.4 bound start 1 end 2 last 3",
		HEAD " host",
		HEAD " host ",
		HEAD "  host x",
		HEAD " host a%",
		HEAD " host a%4",
		HEAD " host a%4G",
		HEAD " host a%00",
		HEAD " host a\tb",
		HEAD " host a\x80",
		HEAD " hw 1",
		HEAD " hw 1:",
		HEAD " hw 1:a",
		HEAD " hw 1:aab",
		HEAD " hw 1:aa:",
		HEAD " hw 256:aa",
		HEAD " hw x:aa",
		HEAD " hw 1:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00",
		HEAD " id 0",
		HEAD " id 0x",
		HEAD " id AA",
		HEAD " id 01 by hw",
		HEAD " dns 256",
		HEAD " dns 1x",
	};
	struct journal_record r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse(bad[i], &r) == -1, "read: %s", bad[i]);
	ck_assert_int_eq(parse(HEAD, &r), 0);
}
END_TEST

/* Of one line, whatever byte is another one, nothing is read. */
START_TEST(damaged)
{
	struct journal_record r;
	struct lease *l;
	struct leases *ls = whole(&l);
	char line[JOURNAL_LINE];
	size_t n = journal_line(l, line), i;
	int bit;

	for (i = 0; i + 1 < n; i++) {
		ck_assert_int_eq(journal_parse(line, i, &r), -1);
		for (bit = 0; bit < 8; bit++) {
			line[i] ^= (char)(1 << bit);
			if (journal_parse(line, n - 1, &r) != -1)
				ck_abort_msg("byte %zu, bit %d", i, bit);
			line[i] ^= (char)(1 << bit);
		}
	}
	ck_assert_int_eq(journal_parse(line, n - 1, &r), 0);
	ck_assert_int_eq(journal_parse(line, n, &r), -1);
	leases_free(ls);
}
END_TEST

/* As long as it can get; names of the worst bytes. */
START_TEST(longest)
{
	uint8_t bytes[255];
	char name[LEASE_HOST + 1], line[JOURNAL_LINE];
	struct lease_client c = { .htype = 255,
		.hlen = 16,
		.id = bytes,
		.idlen = sizeof(bytes),
		.by_hw = true };
	struct lease_more m = { name, name, bytes, sizeof(bytes), bytes,
		sizeof(bytes) };
	struct leases *ls = leases_new(4);
	struct journal_record r;
	struct lease *l;
	size_t n;

	memset(name, 0xff, LEASE_HOST);
	name[0] = '\n';
	name[1] = '%';
	name[LEASE_HOST] = '\0';
	memset(bytes, 0xee, sizeof(bytes));
	l = lease_bind(ls, UINT32_MAX, 1, &c, INT64_MAX / 10, INT64_MAX - 1);
	lease_remember(ls, l, &m);
	l->dns = 255;
	n = journal_line(l, line);
	ck_assert_uint_le(n, JOURNAL_LINE - 512);
	l->end = 999999999999999999;
	l->start = l->last = 0;
	n = journal_line(l, line);
	ck_assert_int_eq(journal_parse(line, n - 1, &r), 0);
	ck_assert_str_eq(r.more.host, name);
	ck_assert_str_eq(r.more.fqdn, name);
	ck_assert_uint_eq(r.client.idlen, 255);
	ck_assert_mem_eq(r.id, bytes, 255);
	ck_assert_mem_eq(r.agent, bytes, 255);
	ck_assert_mem_eq(r.vendor, bytes, 255);
	leases_free(ls);
}
END_TEST

START_TEST(when)
{
	static const struct {
		const char *line;
		int64_t when;
	} cases[] = {
		{ "lease 1.2.3.4 bound start 1 end 9 last 3 hw 1:aa", 3 },
		{ "lease 1.2.3.4 released start 1 end 9 last 3", 9 },
		{ "lease 1.2.3.4 expired start 1 end 9 last 3", 9 },
		{ "lease 1.2.3.4 conflict start 1 end 9 last 3", 1 },
	};
	struct journal_record r;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(parse(cases[i].line, &r), 0);
		ck_assert_int_eq(journal_when(&r), cases[i].when);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, writes);
	tcase_add_test(tc, checksum);
	tcase_add_test(tc, reads);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, longest);
	tcase_add_test(tc, when);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
