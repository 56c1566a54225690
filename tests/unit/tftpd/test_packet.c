/* packet: requests, errors and answers, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "tap.h"

/* A string literal as bytes, without the NUL the compiler adds. */
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define RRQ "\0\1file\0octet\0"

struct request_case {
	const char *what;
	const uint8_t *p;
	size_t len;
	int error;
	unsigned options;
	uint32_t blksize, timeout, windowsize;
	uint64_t tsize;
};

#define BLK OPTION_BLKSIZE
#define TMO OPTION_TIMEOUT
#define TSZ OPTION_TSIZE
#define WIN OPTION_WINDOWSIZE

/* clang-format off */
static const struct request_case requests[] = {
	{ "nothing", BYTES(""), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "one byte", BYTES("\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "opcode alone", BYTES("\0\1"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "opcode 0", BYTES("\0\0file\0octet\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "DATA", BYTES("\0\3file\0octet\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "opcode 257", BYTES("\1\1file\0octet\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "name without end", BYTES("\0\1file"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "empty name", BYTES("\0\1\0octet\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "no mode", BYTES("\0\1file\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "empty mode", BYTES("\0\1file\0\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "mode without end", BYTES("\0\1file\0octet"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "unknown mode", BYTES("\0\1file\0binary\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "mail", BYTES("\0\2root\0mail\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "plain", BYTES(RRQ), 0, 0, 0, 0, 0, 0 },
	{ "capitals", BYTES("\0\1file\0OcTeT\0"), 0, 0, 0, 0, 0, 0 },
	{ "blksize", BYTES(RRQ "blksize\0" "1428\0"), 0, BLK, 1428, 0, 0, 0 },
	{ "option in capitals", BYTES(RRQ "BLKsize\0" "1428\0"), 0, BLK, 1428, 0, 0, 0 },
	{ "blksize 8", BYTES(RRQ "blksize\0" "8\0"), 0, BLK, 8, 0, 0, 0 },
	{ "blksize 7", BYTES(RRQ "blksize\0" "7\0"), 0, 0, 0, 0, 0, 0 },
	{ "blksize 65464", BYTES(RRQ "blksize\0" "65464\0"), 0, BLK, 65464, 0, 0, 0 },
	{ "blksize 65465", BYTES(RRQ "blksize\0" "65465\0"), 0, 0, 0, 0, 0, 0 },
	{ "blksize 2^32+512", BYTES(RRQ "blksize\0" "4294967808\0"), 0, 0, 0, 0, 0, 0 },
	{ "blksize 2^64+512", BYTES(RRQ "blksize\0" "18446744073709552128\0"), 0, 0, 0, 0, 0, 0 },
	{ "zeroes in front", BYTES(RRQ "blksize\0" "00000000000000000000000512\0"), 0, BLK, 512, 0, 0, 0 },
	{ "minus", BYTES(RRQ "blksize\0" "-5\0"), 0, 0, 0, 0, 0, 0 },
	{ "plus", BYTES(RRQ "blksize\0" "+512\0"), 0, 0, 0, 0, 0, 0 },
	{ "space", BYTES(RRQ "blksize\0" " 512\0"), 0, 0, 0, 0, 0, 0 },
	{ "hexadecimal", BYTES(RRQ "blksize\0" "0x200\0"), 0, 0, 0, 0, 0, 0 },
	{ "letters", BYTES(RRQ "blksize\0" "abc\0"), 0, 0, 0, 0, 0, 0 },
	{ "letters behind", BYTES(RRQ "blksize\0" "512k\0"), 0, 0, 0, 0, 0, 0 },
	{ "empty value", BYTES(RRQ "blksize\0" "\0tsize\0" "0\0"), 0, TSZ, 0, 0, 0, 0 },
	{ "timeout 1", BYTES(RRQ "timeout\0" "1\0"), 0, TMO, 0, 1, 0, 0 },
	{ "timeout 0", BYTES(RRQ "timeout\0" "0\0"), 0, 0, 0, 0, 0, 0 },
	{ "timeout 255", BYTES(RRQ "timeout\0" "255\0"), 0, TMO, 0, 255, 0, 0 },
	{ "timeout 256", BYTES(RRQ "timeout\0" "256\0"), 0, 0, 0, 0, 0, 0 },
	{ "windowsize 1", BYTES(RRQ "windowsize\0" "1\0"), 0, WIN, 0, 0, 1, 0 },
	{ "windowsize 0", BYTES(RRQ "windowsize\0" "0\0"), 0, 0, 0, 0, 0, 0 },
	{ "windowsize 65535", BYTES(RRQ "windowsize\0" "65535\0"), 0, WIN, 0, 0, 65535, 0 },
	{ "windowsize 65536", BYTES(RRQ "windowsize\0" "65536\0"), 0, 0, 0, 0, 0, 0 },
	{ "tsize 0", BYTES(RRQ "tsize\0" "0\0"), 0, TSZ, 0, 0, 0, 0 },
	{ "tsize 2^63-1", BYTES(RRQ "tsize\0" "9223372036854775807\0"), 0, TSZ, 0, 0, 0, INT64_MAX },
	{ "tsize 2^63", BYTES(RRQ "tsize\0" "9223372036854775808\0"), 0, 0, 0, 0, 0, 0 },
	{ "tsize 2^64", BYTES(RRQ "tsize\0" "18446744073709551616\0"), 0, 0, 0, 0, 0, 0 },
	{ "all", BYTES(RRQ "tsize\0" "5\0blksize\0" "1024\0timeout\0" "3\0windowsize\0" "16\0"), 0, BLK | TMO | TSZ | WIN, 1024, 3, 16, 5 },
	{ "unknown option", BYTES(RRQ "multicast\0\0rollover\0" "0\0tsize\0" "0\0"), 0, TSZ, 0, 0, 0, 0 },
	{ "unknown option twice", BYTES(RRQ "x\0y\0x\0y\0"), 0, 0, 0, 0, 0, 0 },
	{ "option repeated", BYTES(RRQ "tsize\0" "0\0TSIZE\0" "0\0"), ERR_OPTION, TSZ, 0, 0, 0, 0 },
	{ "bad value, then repeated", BYTES(RRQ "blksize\0" "1\0blksize\0" "512\0"), ERR_OPTION, 0, 0, 0, 0, 0 },
	{ "no value", BYTES(RRQ "blksize\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "option without end", BYTES(RRQ "blksize"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "value without end", BYTES(RRQ "blksize\0" "512"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "byte behind the mode", BYTES(RRQ "x"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "empty option name", BYTES(RRQ "\0" "512\0"), ERR_ILLEGAL, 0, 0, 0, 0, 0 },
	{ "filled up with zeroes", BYTES(RRQ "tsize\0" "7\0" "\0\0\0"), 0, TSZ, 0, 0, 0, 7 },
};
/* clang-format on */

START_TEST(test_request)
{
	const struct request_case *t = &requests[_i];
	struct packet_request r;
	const char *why = NULL;
	/* Exactly as long as the packet, so that a sanitizer sees a step
	   behind its end. */
	uint8_t *copy = malloc(t->len + (t->len == 0));

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, t->p, t->len);
	ck_assert_msg(
	    packet_request(copy, t->len, &r, &why) == t->error, "%s", t->what);
	ck_assert_msg((why != NULL) == (t->error != 0), "%s", t->what);
	ck_assert_msg(r.options == t->options, "%s", t->what);
	ck_assert_msg(r.blksize == t->blksize, "%s", t->what);
	ck_assert_msg(r.timeout == t->timeout, "%s", t->what);
	ck_assert_msg(r.windowsize == t->windowsize, "%s", t->what);
	ck_assert_msg(r.tsize == t->tsize, "%s", t->what);
	if (t->error == 0) {
		ck_assert_msg(r.op == PACKET_RRQ, "%s", t->what);
		ck_assert_msg(r.mode == MODE_OCTET, "%s", t->what);
		ck_assert_msg(strcmp(r.name, "file") == 0, "%s", t->what);
		ck_assert_msg(
		    (const uint8_t *)r.name == copy + 2, "%s", t->what);
	}
	free(copy);
}
END_TEST

START_TEST(test_write_netascii)
{
	struct packet_request r;
	const char *why;

	ck_assert_int_eq(
	    packet_request(BYTES("\0\2a b\n\0NetASCII\0"), &r, &why), 0);
	ck_assert_uint_eq(r.op, PACKET_WRQ);
	ck_assert_uint_eq(r.mode, MODE_NETASCII);
	ck_assert_str_eq(r.name, "a b\n");
}
END_TEST

/* RFC 2347: a request has 512 bytes at most. */
START_TEST(test_request_size)
{
	uint8_t p[PACKET_REQUEST_MAX + 1];
	struct packet_request r;
	const char *why;

	memset(p, 'x', sizeof(p));
	memcpy(p, "\0\1", 2);
	memcpy(p + sizeof(p) - 8, "\0octet\0", 7);
	ck_assert_int_eq(packet_request(p, sizeof(p) - 1, &r, &why), 0);
	ck_assert_uint_eq(strlen(r.name), PACKET_REQUEST_MAX - 2 - 7);
	memcpy(p + sizeof(p) - 7, "\0octet\0", 7);
	p[sizeof(p) - 8] = 'x';
	ck_assert_int_eq(packet_request(p, sizeof(p), &r, &why), ERR_ILLEGAL);
	ck_assert_str_eq(why, "Request too long");
}
END_TEST

START_TEST(test_option_count)
{
	uint8_t p[PACKET_REQUEST_MAX];
	struct packet_request r;
	const char *why;
	size_t n = sizeof(RRQ) - 1;

	memcpy(p, RRQ, n);
	for (int i = 0; i < 32; i++, n += 4)
		memcpy(p + n,
		    "u\0"
		    "1",
		    4);
	ck_assert_int_eq(packet_request(p, n, &r, &why), 0);
	memcpy(p + n,
	    "u\0"
	    "1",
	    4);
	ck_assert_int_eq(packet_request(p, n + 4, &r, &why), ERR_ILLEGAL);
	ck_assert_str_eq(why, "Too many options");
}
END_TEST

START_TEST(test_header)
{
	uint8_t out[PACKET_HEADER];

	ck_assert_uint_eq(packet_op(BYTES("")), 0);
	ck_assert_uint_eq(packet_op(BYTES("\0")), 0);
	ck_assert_uint_eq(packet_op(BYTES("\0\4")), PACKET_ACK);
	ck_assert_uint_eq(packet_op(BYTES("\4\0")), 1024);
	ck_assert_uint_eq(packet_data_header(out, 0xfffe), 4);
	ck_assert_mem_eq(out, "\0\3\xff\xfe", 4);
	ck_assert_uint_eq(packet_block(out), 0xfffe);
	ck_assert_uint_eq(packet_ack(out, 0x0102), 4);
	ck_assert_mem_eq(out, "\0\4\1\2", 4);
	ck_assert_uint_eq(packet_block(out), 0x0102);
}
END_TEST

START_TEST(test_error)
{
	uint8_t out[64];

	ck_assert_uint_eq(packet_error(out, sizeof(out), ERR_NOT_FOUND, NULL),
	    4 + sizeof("File not found"));
	ck_assert_mem_eq(out, "\0\5\0\1File not found", 19);
	ck_assert_uint_eq(packet_error(out, sizeof(out), ERR_ACCESS, "no"), 7);
	ck_assert_mem_eq(out, "\0\5\0\2no", 7);
	ck_assert_uint_eq(packet_error(out, 7, ERR_TID, NULL), 7);
	ck_assert_mem_eq(out, "\0\5\0\5Un", 7);
	ck_assert_uint_eq(packet_error(out, 5, ERR_TID, NULL), 5);
	ck_assert_uint_eq(packet_error(out, 4, ERR_TID, NULL), 0);
	for (int i = ERR_UNDEFINED; i <= ERR_OPTION; i++)
		ck_assert_uint_gt(
		    packet_error(out, sizeof(out), (enum packet_error)i, NULL),
		    5);
}
END_TEST

START_TEST(test_read_error)
{
	char text[8];

	ck_assert_int_eq(packet_read_error(BYTES("\0\5\0"), text, 8), -1);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(packet_read_error(BYTES("\0\5\0\1"), text, 8), 1);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(
	    packet_read_error(BYTES("\0\5\1\2abc\0"), text, 8), 258);
	ck_assert_str_eq(text, "abc");
	ck_assert_int_eq(packet_read_error(BYTES("\0\5\0\0abc"), text, 8), 0);
	ck_assert_str_eq(text, "abc");
	ck_assert_int_eq(
	    packet_read_error(BYTES("\0\5\0\0abcdefghijk\0"), text, 8), 0);
	ck_assert_str_eq(text, "abcdefg");
	ck_assert_int_eq(packet_read_error(BYTES("\0\5\0\3x\0"), NULL, 0), 3);
}
END_TEST

START_TEST(test_oack)
{
	static const char whole[] = "\0\6blksize\0"
				    "65464\0timeout\0"
				    "255\0"
				    "tsize\0"
				    "9223372036854775807\0"
				    "windowsize\0"
				    "65535";
	struct packet_request r = { .options = BLK | TMO | TSZ | WIN,
		.blksize = 65464,
		.timeout = 255,
		.windowsize = 65535,
		.tsize = INT64_MAX };
	uint8_t out[128];

	ck_assert_uint_eq(packet_oack(out, sizeof(out), &r), sizeof(whole));
	ck_assert_mem_eq(out, whole, sizeof(whole));
	/* What does not fit is left out whole. */
	ck_assert_uint_eq(packet_oack(out, sizeof(whole) - 1, &r),
	    sizeof(whole) - sizeof("windowsize") - sizeof("65535"));
	ck_assert_uint_eq(packet_oack(out, 1, &r), 0);
	r.options = TSZ;
	r.tsize = 0;
	ck_assert_uint_eq(packet_oack(out, sizeof(out), &r), 10);
	ck_assert_mem_eq(out,
	    "\0\6tsize\0"
	    "0",
	    10);
	r.options = 0;
	ck_assert_uint_eq(packet_oack(out, sizeof(out), &r), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("packet");
	TCase *tc = tcase_create("packet");

	tcase_add_loop_test(
	    tc, test_request, 0, (int)(sizeof(requests) / sizeof(requests[0])));
	tcase_add_test(tc, test_write_netascii);
	tcase_add_test(tc, test_request_size);
	tcase_add_test(tc, test_option_count);
	tcase_add_test(tc, test_header);
	tcase_add_test(tc, test_error);
	tcase_add_test(tc, test_read_error);
	tcase_add_test(tc, test_oack);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
