/* dname: names taken apart, their text, hashes and order. */
#include <stdlib.h>
#include <string.h>

#include "dname.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define L63 "123456789012345678901234567890123456789012345678901234567890123"
#define L61 "1234567890123456789012345678901234567890123456789012345678901"

static struct dname
name(const char *text)
{
	struct dname n;

	memset(&n, 0xaa, sizeof(n));
	ck_assert_msg(
	    dname_parse(&n, text, strlen(text), NULL) == 0, "%s", text);
	return n;
}

/* clang-format off */
static const struct {
	const char *text, *origin;
	const char *wire; /* NULL: no name */
	size_t len;
} texts[] = {
	{ ".", NULL, "\0", 1 },
	{ "a.", NULL, "\1a\0", 3 },
	{ "www.Example.com.", NULL, "\3www\7Example\3com\0", 17 },
	{ "www", "lab.", "\3www\3lab\0", 9 },
	{ "a.b", "lab.", "\1a\1b\3lab\0", 9 },
	{ "@", "lab.", "\3lab\0", 5 },
	{ "www", ".", "\3www\0", 5 },
	{ "\\@", "lab.", "\1@\3lab\0", 7 },
	{ "@a", "lab.", "\2@a\3lab\0", 8 },
	{ "a\\.b.", NULL, "\3a.b\0", 5 },
	{ "a\\.", "x.", "\2a.\1x\0", 6 },
	{ "a\\\\.", NULL, "\2a\\\0", 4 },
	{ "\\000\\255.", NULL, "\2\0\xff\0", 4 },
	{ "\\000", "x.", "\1\0\1x\0", 5 },
	{ "*.x.", NULL, "\1*\1x\0", 5 },
	{ "\\065", "x.", "\1A\1x\0", 5 },
	{ L63 ".", NULL, "\x3f" L63 "\0", 65 },
	{ L63 "." L63 "." L63 "." L61 ".", NULL,
	    "\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3d" L61 "\0", 255 },
	{ L63 "." L63 "." L63 "." L61, ".",
	    "\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3d" L61 "\0", 255 },
	{ L63 "." L63 "." L63, L61 ".",
	    "\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3d" L61 "\0", 255 },
	{ "", "lab.", NULL, 0 },
	{ "..", NULL, NULL, 0 },
	{ ".a.", NULL, NULL, 0 },
	{ "a..b.", NULL, NULL, 0 },
	{ "a..", NULL, NULL, 0 },
	{ "a", NULL, NULL, 0 },
	{ "@", NULL, NULL, 0 },
	{ "\\", "x.", NULL, 0 },
	{ "a\\", "x.", NULL, 0 },
	{ "\\25.", NULL, NULL, 0 },
	{ "\\256.", NULL, NULL, 0 },
	{ "\\1a2.", NULL, NULL, 0 },
	{ L63 "4.", NULL, NULL, 0 },
	{ L63 "4", "x.", NULL, 0 },
	{ L63 "." L63 "." L63 "." L61 "2.", NULL, NULL, 0 },
	{ L63 "." L63 "." L63 "." L61, "x.", NULL, 0 },
	{ L63 "." L63 "." L63 "." L63 ".", NULL, NULL, 0 },
	{ L63 "." L63 "." L63 ".a", L61 ".", NULL, 0 },
};
/* clang-format on */

START_TEST(test_text)
{
	const char *text = texts[_i].text, *wire = texts[_i].wire;
	size_t len = strlen(text);
	char *copy = malloc(len + 1); /* without a NUL behind it */
	struct dname origin, n;
	uint8_t out[DNS_NAME];
	bool has = texts[_i].origin != NULL;

	if (has)
		origin = name(texts[_i].origin);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	ck_assert_msg(dname_wire(copy, len, has ? origin.wire : NULL, out) ==
		texts[_i].len,
	    "%s", text);
	ck_assert_msg(dname_parse(&n, copy, len, has ? &origin : NULL) ==
		(wire == NULL ? -1 : 0),
	    "%s", text);
	free(copy);
	if (wire == NULL)
		return;
	ck_assert_mem_eq(out, wire, texts[_i].len);
	ck_assert_uint_eq(n.len, texts[_i].len);
	ck_assert_mem_eq(n.wire, wire, texts[_i].len);
}
END_TEST

START_TEST(test_parts)
{
	struct dname n = name("WWW.eXample.COM.");
	static const uint8_t at[] = { 0, 4, 12, 16 };

	ck_assert_uint_eq(n.len, 17);
	ck_assert_uint_eq(n.labels, 3);
	ck_assert_mem_eq(n.at, at, sizeof(at));
	ck_assert_mem_eq(n.wire, "\3WWW\7eXample\3COM\0", 17);
	ck_assert_mem_eq(n.lower, "\3www\7example\3com\0", 17);
	ck_assert_mem_eq(dname_suffix(&n, 1), "\7eXample\3COM\0", 13);
	ck_assert_uint_eq(dname_suffix_len(&n, 1), 13);
	ck_assert_uint_eq(dname_suffix_len(&n, 3), 1);
}
END_TEST

/* Each byte: only A-Z are others in lower case. */
START_TEST(test_lower)
{
	struct dname n;
	uint8_t wire[DNS_NAME];
	unsigned c, i;

	for (c = 0; c < 256; c++) {
		wire[0] = 9;
		memset(wire + 1, (int)c, 9);
		wire[10] = 0;
		ck_assert_int_eq(dname_set(&n, wire, sizeof(wire)), 0);
		for (i = 1; i < 10; i++)
			ck_assert_uint_eq(
			    n.lower[i], c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
}
END_TEST

/* clang-format off */
static const struct {
	const uint8_t *wire;
	size_t max;
	int labels; /* -1: no name */
} wires[] = {
	{ BYTES("\0"), 0 },
	{ BYTES("\1a\0"), 1 },
	{ BYTES("\1a\0junk"), 1 },
	{ BYTES("\1a\1b"), -1 },
	{ BYTES("\3a"), -1 },
	{ BYTES(""), -1 },
	{ BYTES("\x40" L63 "4\0"), -1 },
	{ BYTES("\xc0\x0c"), -1 },
	{ BYTES("\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3d" L61 "\0"), 4 },
	{ BYTES("\x3f" L63 "\x3f" L63 "\x3f" L63 "\x3e" L61 "2\0"), -1 },
};
/* clang-format on */

START_TEST(test_wire)
{
	uint8_t *copy = malloc(wires[_i].max + 1);
	struct dname n;
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, wires[_i].wire, wires[_i].max);
	rc = dname_set(&n, copy, wires[_i].max);
	ck_assert_int_eq(rc, wires[_i].labels == -1 ? -1 : 0);
	if (rc == 0)
		ck_assert_int_eq(n.labels, wires[_i].labels);
	free(copy);
}
END_TEST

/* 127 labels, and one more. */
START_TEST(test_labels)
{
	uint8_t wire[300];
	struct dname n;
	size_t i;

	memset(wire, 0, sizeof(wire));
	for (i = 0; i < 127; i++) {
		wire[2 * i] = 1;
		wire[2 * i + 1] = 'X';
	}
	ck_assert_int_eq(dname_set(&n, wire, sizeof(wire)), 0);
	ck_assert_uint_eq(n.labels, 127);
	ck_assert_uint_eq(n.len, 255);
	wire[2 * i] = 1;
	wire[2 * i + 1] = 'X';
	ck_assert_int_eq(dname_set(&n, wire, sizeof(wire)), -1);
}
END_TEST

/* Hashes are those of the suffix, in any case, however it came about. */
START_TEST(test_hash)
{
	static const char front[] = "\1a\11longlabel\16fourteen-bytes";
	struct dname whole = name("a.longlabel.fourteen-bytes.Lab.Test.");
	struct dname origin = name("lAb.tEst."), made, n;
	unsigned i;

	dname_seed();
	whole = name("a.longlabel.fourteen-bytes.Lab.Test.");
	origin = name("lAb.tEst.");
	for (i = 0; i <= whole.labels; i++) {
		ck_assert_int_eq(dname_set(&n, dname_suffix(&whole, i),
				     dname_suffix_len(&whole, i)),
		    0);
		ck_assert_uint_eq(n.hash[0], whole.hash[i]);
	}
	ck_assert_int_eq(dname_join(&made, (const uint8_t *)front,
			     sizeof(front) - 1, &origin),
	    0);
	ck_assert_uint_eq(made.labels, whole.labels);
	ck_assert_mem_eq(made.at, whole.at, made.labels + 1);
	ck_assert_mem_eq(made.lower, whole.lower, made.len);
	ck_assert_mem_eq(
	    made.hash, whole.hash, (made.labels + 1u) * sizeof(made.hash[0]));
	ck_assert_int_eq(dname_join(&made, (const uint8_t *)front,
			     sizeof(front) - 2, &origin),
	    -1);
}
END_TEST

/* The low bits and the high ones of many names of one kind are spread. */
START_TEST(test_spread)
{
	static unsigned low[4096], high[4096];
	struct dname origin = name("example."), n;
	char text[32];
	unsigned i, most = 0;

	for (i = 0; i < 65536; i++) {
		snprintf(text, sizeof(text), "h%u", i);
		ck_assert_int_eq(
		    dname_parse(&n, text, strlen(text), &origin), 0);
		low[n.hash[0] & 4095]++;
		high[n.hash[0] >> 20]++;
	}
	for (i = 0; i < 4096; i++) {
		most = low[i] > most ? low[i] : most;
		most = high[i] > most ? high[i] : most;
	}
	/* 16 on average; 45 is beyond 1e-8 for chance */
	ck_assert_uint_lt(most, 45);
}
END_TEST

START_TEST(test_is)
{
	static const char *const same[] = { ".", "a.", "abcdef.", "abcdefg.",
		"abcdefgh.x.", "www.example.com.", "a.b.c.d.e.f.g.h.i.j." };
	struct dname n, other;
	uint8_t *copy;
	size_t i, k;

	for (i = 0; i < COUNT(same); i++) {
		n = name(same[i]);
		copy = malloc(n.len);
		ck_assert_ptr_nonnull(copy);
		for (k = 0; k < n.len; k++) {
			memcpy(copy, n.wire, n.len);
			ck_assert(dname_is(&n, 0, copy, n.len));
			if (copy[k] >= 'a')
				copy[k] -= 32;
			ck_assert(dname_is(&n, 0, copy, n.len));
			copy[k] ^= 1;
			ck_assert(!dname_is(&n, 0, copy, n.len));
			ck_assert(!dname_is(&n, 0, copy, n.len - 1u));
		}
		free(copy);
	}
	n = name("x.EXAMPLE.com.");
	other = name("Example.Com.");
	ck_assert(dname_is(&n, 1, other.wire, other.len));
	ck_assert(!dname_is(&n, 0, other.wire, other.len));
	/* '[' is not '{' in lower case, nor '@' '`' */
	n = name("\\[\\@.");
	ck_assert(!dname_is(&n, 0, (const uint8_t *)"\2{`\0", 4));
}
END_TEST

START_TEST(test_below)
{
	struct dname n = name("a.B.c."), root = name(".");
	struct dname b = name("b.C."), x = name("xb.c."), long_one;

	ck_assert_int_eq(dname_below(&n, &n), 0);
	ck_assert_int_eq(dname_below(&n, &b), 1);
	ck_assert_int_eq(dname_below(&n, &root), 3);
	ck_assert_int_eq(dname_below(&root, &root), 0);
	ck_assert_int_eq(dname_below(&b, &n), -1);
	ck_assert_int_eq(dname_below(&n, &x), -1);
	long_one = name("ab.c.");
	ck_assert_int_eq(dname_below(&long_one, &b), -1);
}
END_TEST

/* RFC 4034 section 6.1's own example, and edges. */
START_TEST(test_order)
{
	static const char *const order[] = { ".", "example.", "a.example.",
		"yljkjljk.a.example.", "Z.a.example.", "zABC.a.EXAMPLE.",
		"z.example.", "\\001.z.example.", "*.z.example.",
		"\\200.z.example.", "examplf.", "aa.examplf.", "ab.examplf.",
		"abc.examplf." };
	struct dname a, b;
	size_t i, k;
	int d;

	for (i = 0; i < COUNT(order); i++)
		for (k = 0; k < COUNT(order); k++) {
			a = name(order[i]);
			b = name(order[k]);
			d = dname_compare(a.wire, b.wire);
			ck_assert_msg((d < 0) == (i < k) && (d > 0) == (i > k),
			    "%s %s", order[i], order[k]);
			b = a;
			ck_assert_int_eq(dname_compare(a.wire, b.lower), 0);
		}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dname");
	TCase *t = tcase_create("dname");

	tcase_add_loop_test(t, test_text, 0, COUNT(texts));
	tcase_add_test(t, test_parts);
	tcase_add_test(t, test_lower);
	tcase_add_loop_test(t, test_wire, 0, COUNT(wires));
	tcase_add_test(t, test_labels);
	tcase_add_test(t, test_hash);
	tcase_add_test(t, test_spread);
	tcase_add_test(t, test_is);
	tcase_add_test(t, test_below);
	tcase_add_test(t, test_order);
	suite_add_tcase(s, t);
	return tap_run(s);
}
