/*
 * The order of signed zones: what stands before a name, at both ends too.
 */
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "zonedbpart.h"

static void
name_set(struct dname *name, const char *text)
{
	uint8_t wire[DNS_NAME];
	size_t len = dns_name_parse(text, wire);

	ck_assert_msg(len > 0, "not a name: %s", text);
	ck_assert_int_eq(dname_set(name, wire, len), 0);
}

static void
put(struct edit *e, const char *text, uint16_t type, const void *data,
    size_t len)
{
	struct edit_rr rr = { type, 60, data, len };
	struct dname name;

	name_set(&name, text);
	ck_assert_int_eq(edit_add(e, &name, &rr), EDIT_DONE);
}

static struct edit *
begin(const char *origin)
{
	static const uint8_t soa[22] = { 0 };
	struct dname name;
	struct edit *e;

	name_set(&name, origin);
	ck_assert_ptr_nonnull(e = edit_begin(NULL, &name));
	put(e, origin, TYPE_SOA, soa, sizeof(soa));
	return e;
}

static void
nsec(struct edit *e, const char *text)
{
	put(e, text, TYPE_NSEC, "\0\0\1\1", 4);
}

static const char *
before(const struct snapshot *s, const char *text)
{
	static char out[DNS_NAME_TEXT];
	const struct node *n;
	struct dname name;

	name_set(&name, text);
	if ((n = snapshot_nsec(s, &name)) == NULL)
		return "none";
	return dns_name_text(node_name(n), out);
}

/* RFC 4034 section 6.1, with some that share their first bytes. */
static const char *const canonical[] = { "example.", "a.example.",
	"yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.",
	"abcdefgh.example.", "abcdefgh0.example.", "abcdefgh1.example.",
	"w.abcdefgh1.example.", "q.example.", "q\\000.example.",
	"x.q\\000.example.", "q\\000\\000.example.", "q\\001.example.",
	"a.q\\001.example.", "q\\002.example.", "z.example.",
	"\\001.z.example.", "*.z.example.", "\\200.z.example." };
#define CANONICAL (sizeof(canonical) / sizeof(canonical[0]))

/* The same in lower case, which are other bytes and the same names. */
static void
check_canonical(const struct snapshot *s)
{
	char text[64], child[DNS_NAME_TEXT];
	size_t i, k;

	for (i = 0; i < CANONICAL; i++) {
		for (k = 0; canonical[i][k] != '\0'; k++)
			text[k] = (char)(canonical[i][k] >= 'A' &&
				    canonical[i][k] <= 'Z' ?
				canonical[i][k] + 32 :
				canonical[i][k]);
		text[k] = '\0';
		ck_assert_str_eq(before(s, text), canonical[i]);
		/* the first name below it, or so */
		snprintf(child, sizeof(child), "\\000.%s", text);
		ck_assert_str_eq(before(s, child), canonical[i]);
	}
	ck_assert_str_eq(before(s, "\\255.example"), "\\200.z.example.");
	ck_assert_str_eq(before(s, "abcdefgg.example"), "zABC.a.EXAMPLE.");
	ck_assert_str_eq(
	    before(s, "q\\000\\001.example"), "q\\000\\000.example.");
}

START_TEST(names_stand_in_canonical_order)
{
	struct edit *e = begin("example");
	struct snapshot *s, *next;
	size_t i;

	/* at a load, in no order; then one by one */
	for (i = 0; i < CANONICAL; i++)
		nsec(e, canonical[i * 7 % CANONICAL]);
	ck_assert_ptr_nonnull(s = edit_commit(e));
	ck_assert(s->nsec && !s->nsec3);
	check_canonical(s);
	snapshot_free(s);
	e = begin("example");
	ck_assert_ptr_nonnull(s = edit_commit(e));
	ck_assert_str_eq(before(s, "a.example"), "none");
	e = edit_begin(s, NULL);
	for (i = 0; i < CANONICAL; i++)
		nsec(e, canonical[i * 7 % CANONICAL]);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	check_canonical(next);
	ck_assert_str_eq(before(s, "a.example"), "none");
	snapshot_free(next);
	snapshot_free(s);
}
END_TEST

static const char *
host(unsigned i, char out[48])
{
	/* half of them share their first eight bytes */
	snprintf(
	    out, 32, i % 2 == 0 ? "%05u.example." : "prefixed%05u.example.", i);
	return out;
}

/* Enough of them for many runs, put in and taken out in odd orders. */
START_TEST(runs_split_and_end)
{
	enum { N = 3000 };
	struct edit *e = begin("example");
	struct snapshot *s, *next;
	char text[48], want[64];
	unsigned i, x;
	struct dname name;

	nsec(e, "example.");
	ck_assert_ptr_nonnull(s = edit_commit(e));
	for (x = 0; x < 10; x++) {
		ck_assert_ptr_nonnull(e = edit_begin(s, NULL));
		for (i = x * N / 10; i < (x + 1) * N / 10; i++)
			nsec(e, host(i * 1999 % N, text));
		ck_assert_ptr_nonnull(next = edit_commit(e));
		snapshot_retire(s, next);
		snapshot_reclaim();
		s = next;
	}
	for (i = 0; i < N; i++) {
		ck_assert_str_eq(before(s, host(i, text)), text);
		snprintf(want, sizeof(want), "zz.%s", text);
		ck_assert_str_eq(before(s, want), text);
	}
	ck_assert_ptr_nonnull(e = edit_begin(s, NULL));
	for (i = 0; i < N; i++) {
		name_set(&name, host(i, text));
		if (i % 4 < 2)
			ck_assert_int_eq(
			    edit_remove_rrset(e, &name, TYPE_NSEC), EDIT_DONE);
	}
	ck_assert_ptr_nonnull(next = edit_commit(e));
	for (i = 4; i < N; i++) {
		host(i % 4 < 2 ? i - 2 : i, want);
		ck_assert_str_eq(before(next, host(i, text)), want);
		ck_assert_str_eq(before(s, text), text);
	}
	snapshot_retire(s, next);
	ck_assert(!snapshot_reclaim());
	ck_assert_uint_eq(next->bytes, next->db->line->arena.used);
	/* all of them out */
	s = next;
	ck_assert_ptr_nonnull(e = edit_begin(s, NULL));
	for (i = 0; i < N; i++) {
		name_set(&name, host(i, text));
		edit_remove_rrset(e, &name, TYPE_NSEC);
	}
	name_set(&name, "example");
	edit_remove_rrset(e, &name, TYPE_NSEC);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	ck_assert(!next->nsec);
	ck_assert_str_eq(before(next, "example"), "none");
	snapshot_retire(s, next);
	snapshot_retire(next, NULL);
	ck_assert(!snapshot_reclaim());
}
END_TEST

/* NSEC3: SHA-1, no flags, 5 iterations, salt ab. */
static const uint8_t param[] = { 1, 0, 0, 5, 1, 0xab };
static const uint8_t param_other[] = { 1, 0, 0, 6, 1, 0xab };
static const uint8_t param_flags[] = { 1, 1, 0, 5, 1, 0xab };

static void
nsec3(struct edit *e, const char *text, uint8_t iterations)
{
	uint8_t data[6 + 21 + 3] = { 1, 0, 0, iterations, 1, 0xab, 20 };

	memcpy(data + 27, "\0\1\100", 3);
	put(e, text, TYPE_NSEC3, data, sizeof(data));
}

static char
first_of(const struct snapshot *s, uint8_t byte, uint8_t last)
{
	uint8_t hash[20];
	const struct node *n;

	memset(hash, byte, sizeof(hash));
	hash[19] = last;
	n = snapshot_nsec3(s, hash);
	return n != NULL ? (char)node_name(n)[1] : '-';
}

#define V31 "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
#define Z31 "0000000000000000000000000000000"

static struct edit *
nsec3_zone(void)
{
	struct edit *e = begin("example");

	put(e, "example", TYPE_NSEC3PARAM, param_flags, sizeof(param));
	put(e, "example", TYPE_NSEC3PARAM, param, sizeof(param));
	nsec3(e, "5" Z31 ".example", 5);
	nsec3(e, "A" Z31 ".example", 5);
	nsec3(e, "u" Z31 ".example", 5);
	nsec3(e, "7" Z31 ".example", 6); /* of another chain */
	return e;
}

START_TEST(nsec3_by_hash)
{
	struct snapshot *s = edit_commit(nsec3_zone()), *next, *last;
	struct edit *e;
	struct dname name;

	ck_assert_ptr_nonnull(s);
	ck_assert(s->nsec3 && !s->nsec);
	ck_assert_uint_eq(s->nsec3_conf.iterations, 5);
	ck_assert_uint_eq(s->nsec3_conf.salt_len, 1);
	ck_assert_uint_eq(s->nsec3_conf.salt[0], 0xab);
	ck_assert_int_eq(first_of(s, 0xff, 0xff), 'u'); /* the last */
	ck_assert_int_eq(first_of(s, 0, 0), 'u'); /* before the first */
	ck_assert_int_eq(first_of(s, 0x2f, 0), '5');
	ck_assert_int_eq(first_of(s, 0x40, 0), '5'); /* 8.. */
	ck_assert_int_eq(first_of(s, 0x50, 0), 'A'); /* a.. */
	ck_assert_int_eq(first_of(s, 0x4f, 0xff), '5'); /* 9.. */
	/* one comes, one goes, one is changed to the other chain */
	ck_assert_ptr_nonnull(e = edit_begin(s, NULL));
	nsec3(e, "9" Z31 ".example", 5);
	name_set(&name, "u" Z31 ".example");
	edit_remove_rrset(e, &name, TYPE_NSEC3);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	ck_assert_int_eq(first_of(next, 0x4f, 0xff), '9');
	ck_assert_int_eq(first_of(next, 0, 0), 'A');
	ck_assert_int_eq(first_of(s, 0, 0), 'u');
	/* the other chain is named now */
	ck_assert_ptr_nonnull(e = edit_begin(next, NULL));
	name_set(&name, "example");
	edit_remove_rrset(e, &name, TYPE_NSEC3PARAM);
	put(e, "example", TYPE_NSEC3PARAM, param_other, sizeof(param));
	ck_assert_ptr_nonnull(last = edit_commit(e));
	ck_assert_int_eq(first_of(last, 0xff, 0xff), '7');
	ck_assert_int_eq(first_of(last, 0, 0), '7');
	ck_assert_int_eq(first_of(next, 0xff, 0xff), 'A');
	snapshot_free(last);
	snapshot_free(next);
	snapshot_free(s);
}
END_TEST

/* An owner that leaves the chain while it has NSEC3 records still. */
START_TEST(nsec3_leaves_its_chain_in_place)
{
	static const uint8_t types[] = { 0, 1, 0x40 };
	uint8_t data[30] = { 1, 0, 0, 5, 1, 0xab, 20 };
	struct edit_rr rr = { TYPE_NSEC3, 0, data, sizeof(data) };
	struct snapshot *s = edit_commit(nsec3_zone()), *next;
	struct edit *e;
	struct dname name;

	memcpy(data + 27, types, sizeof(types));
	ck_assert_ptr_nonnull(e = edit_begin(s, NULL));
	nsec3(e, "u" Z31 ".example", 6);
	name_set(&name, "u" Z31 ".example");
	ck_assert_int_eq(edit_remove(e, &name, &rr), EDIT_DONE);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	ck_assert_int_eq(first_of(next, 0xff, 0xff), 'A');
	snapshot_free(next);
	snapshot_free(s);
}
END_TEST

START_TEST(hash_is_written_as_base32hex)
{
	/* RFC 5155 appendix A: H(example) */
	uint8_t hash[20] = { 0x06, 0x53, 0x68, 0xab, 0xee, 0xd7, 0xec, 0x6e,
		0x9f, 0xeb, 0xa9, 0x6b, 0x8c, 0x8b, 0xc3, 0xe8, 0xb7, 0x91,
		0xf7, 0x16 };
	static const char *const owners[] = {
		"0p9mhaveqvm6t7vbl5lop2u3t2rp3tol.example.",
		"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example.",
		"0p9mhaveqvm6t7vbl5lop2u3t2rp3ton.example."
	};
	char text[DNS_NAME_TEXT];
	unsigned i;
	struct edit *e = begin("example");
	struct snapshot *s;
	const struct node *n;

	put(e, "example", TYPE_NSEC3PARAM, param, sizeof(param));
	for (i = 0; i < 3; i++)
		nsec3(e, owners[i], 5);
	ck_assert_ptr_nonnull(s = edit_commit(e));
	for (i = 0; i < 3; i++) {
		hash[19] = (uint8_t)(0x15 + i);
		n = snapshot_nsec3(s, hash);
		ck_assert_str_eq(dns_name_text(node_name(n), text), owners[i]);
	}
	snapshot_free(s);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("zoneorder");
	TCase *t = tcase_create("zoneorder");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, names_stand_in_canonical_order);
	tcase_add_test(t, runs_split_and_end);
	tcase_add_test(t, nsec3_by_hash);
	tcase_add_test(t, nsec3_leaves_its_chain_in_place);
	tcase_add_test(t, hash_is_written_as_base32hex);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
