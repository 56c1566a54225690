/*
 * tsig: signatures as another implementation (Python's hmac over RFC 8945's
 * components) made them, and everything that must be refused.
 */
#include <sys/stat.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caught.h"
#include "tap.h"
#include "tsig.h"

#define BYTES(s) (s), sizeof(s) - 1
#define NOW 1700000000

/* The key: k1.lab.test., bytes 0 to 31. An update of lab.test without content,
 * id 0x1234, signed at NOW with each algorithm. */
static const char request[] = "\x12\x34\x28\0\0\1\0\0\0\0\0\0"
			      "\3lab\4test\0\0\6\0\1";

/* clang-format off */
static const struct {
	const char *algorithm, *mac;
	size_t len;
} macs[] = {
	{ "hmac-sha1", BYTES(
	    "\xe9\xe0\x3b\x21\x6b\x6e\x10\xd4\x13\xf7\x81\xf9\x7d\x77\xb5\x8c"
	    "\x61\xf0\x50\xb2") },
	{ "hmac-sha224", BYTES(
	    "\x66\x08\x49\x95\xd8\xcc\x9c\xbd\xd9\x51\xc7\x11\x77\xae\x66\xe8"
	    "\x0c\xa7\x16\x91\x48\x91\x76\x0e\xb5\x91\xff\x21") },
	{ "hmac-sha256", BYTES(
	    "\x8b\xc2\xfc\x6a\x61\x9c\xff\x85\xd0\x90\xe4\xde\xd4\xef\xfd\x57"
	    "\x09\x98\xec\x98\x61\xd3\x91\x0e\xec\x54\x69\x16\xe0\xb4\xaf\xde") },
	{ "hmac-sha384", BYTES(
	    "\xaf\x7c\x1f\x1d\x70\x55\x47\x42\xc6\x03\x3f\x54\x99\xcf\x94\xc6"
	    "\xb9\x8a\xeb\xba\x8d\x65\xe9\x6d\x7d\xc7\x41\xf8\xe4\xe5\x86\x47"
	    "\x85\x98\xdc\x66\x5b\xca\x60\x00\xbf\x42\x59\xfc\x5d\xf6\x8f\xde") },
	{ "hmac-sha512", BYTES(
	    "\x66\x85\x99\xf7\xfd\x58\xc3\xad\xa6\x5a\xd3\x97\xc3\xfc\x7f\x66"
	    "\x04\xdf\x67\x13\x5c\x2b\xb3\x93\xdf\x39\x85\xc1\xac\x23\x16\x8c"
	    "\x83\x05\x85\xf6\xd1\x32\xa8\xb8\x99\xa2\x55\xcb\x90\x8b\xe8\x90"
	    "\xf2\x4c\xa6\x8a\x70\xe8\xd9\x37\x5d\x12\x8a\xe8\xff\xb1\x4e\x0c") },
};

/* The whole request, hmac-sha256. */
static const char request_signed[] =
	"\x12\x34\x28\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03\x6c\x61\x62"
	"\x04\x74\x65\x73\x74\x00\x00\x06\x00\x01\x02\x6b\x31\x03\x6c\x61"
	"\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00"
	"\x3d\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00"
	"\x65\x53\xf1\x00\x01\x2c\x00\x20\x8b\xc2\xfc\x6a\x61\x9c\xff\x85"
	"\xd0\x90\xe4\xde\xd4\xef\xfd\x57\x09\x98\xec\x98\x61\xd3\x91\x0e"
	"\xec\x54\x69\x16\xe0\xb4\xaf\xde\x12\x34\x00\x00\x00\x00";

/* The answer to it, signed 5 s later. */
static const char answer[] =
	"\x12\x34\xa8\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03\x6c\x61\x62"
	"\x04\x74\x65\x73\x74\x00\x00\x06\x00\x01\x02\x6b\x31\x03\x6c\x61"
	"\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00"
	"\x3d\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00"
	"\x65\x53\xf1\x05\x01\x2c\x00\x20\x2d\xce\xb7\x88\x90\x2f\x86\xd1"
	"\xb3\x4c\x6a\x4e\xc4\xa5\xab\x55\x6b\x06\xbb\xe6\xad\xf8\x07\x38"
	"\xcf\x8b\x60\xbf\x2d\xf2\x13\xa6\x12\x34\x00\x00\x00\x00";

/* NOTAUTH and BADTIME: the server's clock is 4000 s before ours. */
static const char bad_time[] =
	"\x12\x34\xa8\x09\x00\x01\x00\x00\x00\x00\x00\x01\x03\x6c\x61\x62"
	"\x04\x74\x65\x73\x74\x00\x00\x06\x00\x01\x02\x6b\x31\x03\x6c\x61"
	"\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00"
	"\x43\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00"
	"\x65\x53\xf1\x00\x01\x2c\x00\x20\xf4\x47\xb2\x5e\x99\x75\x01\x31"
	"\xc9\x6a\x46\xf3\x3c\xe4\xdd\xc8\x73\x05\x54\x78\x98\x36\x1b\x1d"
	"\x57\xa9\xc4\x2d\x06\x9f\xaf\x88\x12\x34\x00\x12\x00\x06\x00\x00"
	"\x65\x54\x00\xa0";
/* clang-format on */

#define TSIG_AT 26 /* in answer: its record, .. */
#define ALGORITHM_AT 49
#define RDLENGTH_AT 47

static struct tsig_key key;

static void
make_key(const char *algorithm)
{
	int i;

	memset(&key, 0, sizeof(key));
	dns_name_parse("k1.lab.test", key.name);
	key.algorithm = tsig_algorithm(algorithm);
	ck_assert_int_ne(key.algorithm, -1);
	for (i = 0; i < 32; i++)
		key.secret[i] = (uint8_t)i;
	key.len = 32;
}

static void
sign(struct tsig *tsig, struct dns_builder *b)
{
	memcpy(b->bytes, request, sizeof(request) - 1);
	b->len = sizeof(request) - 1;
	tsig->key = &key;
	tsig->mac_len = 0;
	tsig_sign(tsig, b, NOW);
}

START_TEST(test_mac)
{
	uint8_t bytes[512];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };

	make_key(macs[_i].algorithm);
	sign(&tsig, &b);
	ck_assert(!b.full);
	ck_assert_uint_eq(tsig.mac_len, macs[_i].len);
	ck_assert_mem_eq(tsig.mac, macs[_i].mac, macs[_i].len);
}
END_TEST

START_TEST(test_sign)
{
	uint8_t bytes[512];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };

	make_key("HMAC-SHA256");
	sign(&tsig, &b);
	ck_assert_uint_eq(b.len, sizeof(request_signed) - 1);
	ck_assert_mem_eq(bytes, request_signed, b.len);
}
END_TEST

/* The other side: checks the request, signs the answer. */
START_TEST(test_answer)
{
	uint8_t bytes[512];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };

	make_key("hmac-sha256");
	ck_assert_int_eq(tsig_check(&tsig, (const uint8_t *)request_signed,
			     sizeof(request_signed) - 1, NOW + 5),
	    0);
	memcpy(bytes, answer, TSIG_AT);
	bytes[11] = 0;
	b.len = TSIG_AT;
	tsig_sign(&tsig, &b, NOW + 5);
	ck_assert_uint_eq(b.len, sizeof(answer) - 1);
	ck_assert_mem_eq(bytes, answer, b.len);
}
END_TEST

START_TEST(test_no_room)
{
	uint8_t bytes[sizeof(request_signed) - 2];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };

	make_key("hmac-sha256");
	sign(&tsig, &b);
	ck_assert(b.full);
}
END_TEST

/* Check a changed answer to the signed request. */
static int
check_bytes(const void *p, size_t len, uint64_t now)
{
	uint8_t bytes[512], *copy = malloc(len + (len == 0));
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, p, len);
	make_key("hmac-sha256");
	sign(&tsig, &b);
	rc = tsig_check(&tsig, copy, len, now);
	free(copy);
	return rc;
}

START_TEST(test_check)
{
	ck_assert_int_eq(check_bytes(BYTES(answer), NOW + 5), 0);
	ck_assert_int_eq(check_bytes(BYTES(answer), NOW + 305), 0);
	ck_assert_int_eq(check_bytes(BYTES(answer), NOW - 295), 0);
	ck_assert_int_eq(check_bytes(BYTES(answer), NOW + 306), DNS_BADTIME);
	ck_assert_int_eq(check_bytes(BYTES(answer), NOW - 296), DNS_BADTIME);
	ck_assert_int_eq(check_bytes(BYTES(bad_time), NOW), DNS_BADTIME);
	/* the request itself is no answer: it lacks the request's MAC */
	ck_assert_int_eq(check_bytes(BYTES(request_signed), NOW), DNS_BADSIG);
	/* a forwarder may have changed the id; the original one is signed */
	{
		char other[sizeof(answer) - 1];

		memcpy(other, answer, sizeof(other));
		other[0] ^= 0x55;
		ck_assert_int_eq(check_bytes(other, sizeof(other), NOW), 0);
	}
}
END_TEST

/* A letter of the names in the record? */
static bool
in_name(int i)
{
	return isalpha((unsigned char)answer[i]) &&
	    ((i > TSIG_AT && i < TSIG_AT + 12) ||
		(i > ALGORITHM_AT && i < ALGORITHM_AT + 12));
}

/* One bit wrong anywhere: never accepted, whatever the reason. */
START_TEST(test_flipped)
{
	char other[sizeof(answer) - 1];
	int bit;

	for (bit = 0; bit < 8; bit++) {
		memcpy(other, answer, sizeof(other));
		other[_i] ^= (char)(1 << bit);
		/* the id's bits don't count, nor does the case of names */
		if (_i < 2 || (bit == 5 && in_name(_i)))
			continue;
		ck_assert_int_ne(check_bytes(other, sizeof(other), NOW + 5), 0);
	}
}
END_TEST

START_TEST(test_cut)
{
	ck_assert_int_eq(check_bytes(answer, (size_t)_i, NOW), DNS_FORMERR);
}
END_TEST

/* A byte changed, with what comes of it. */
/* clang-format off */
static const struct {
	const char *what;
	size_t at;
	char byte;
	int error;
} changed[] = {
	{ "rcode", 3, 5, DNS_BADSIG },
	{ "question", 13, 'b', DNS_BADSIG },
	{ "name of the key", 27, 'x', DNS_BADKEY },
	{ "type", 40, 1, DNS_FORMERR },
	{ "class", 42, 1, DNS_FORMERR },
	{ "ttl", 46, 1, DNS_FORMERR },
	{ "algorithm", ALGORITHM_AT + 10, '3', DNS_BADKEY },
	{ "time", 64, 0, DNS_BADSIG },
	{ "fudge", 68, 0, DNS_BADSIG },
	{ "mac", 72 + 20, 0, DNS_BADSIG },
	{ "original id", 104, 0, DNS_BADSIG },
	{ "error", 107, 17, DNS_BADSIG },
	{ "length of other data", 109, 1, DNS_FORMERR },
	{ "additional count 0", 11, 0, DNS_FORMERR },
	{ "additional count 2", 11, 2, DNS_FORMERR },
	{ "answer count", 7, 1, DNS_FORMERR },
};
/* clang-format on */

START_TEST(test_changed)
{
	char other[sizeof(answer) - 1];

	memcpy(other, answer, sizeof(other));
	ck_assert_msg(
	    other[changed[_i].at] != changed[_i].byte, "%s", changed[_i].what);
	other[changed[_i].at] = changed[_i].byte;
	ck_assert_msg(
	    check_bytes(other, sizeof(other), NOW + 5) == changed[_i].error,
	    "%s", changed[_i].what);
}
END_TEST

/* The answer with a MAC of n bytes and this error. */
static size_t
with_mac(char *out, size_t n, char error)
{
	memcpy(out, answer, 72);
	out[RDLENGTH_AT + 1] = (char)(29 + n);
	out[71] = (char)n;
	memset(out + 72, 0, n);
	memcpy(out + 72, answer + 72, n < 32 ? n : 32);
	memcpy(out + 72 + n, answer + 104, 6);
	out[72 + n + 3] = error;
	return 72 + n + 6;
}

/* clang-format off */
static const struct {
	size_t len;
	char field;
	int error;
} lengths[] = {
	{ 0, DNS_BADKEY, DNS_BADKEY }, /* the server's word, not signed */
	{ 0, DNS_BADSIG, DNS_BADSIG },
	{ 0, DNS_BADTIME, DNS_BADSIG }, /* must be signed */
	{ 0, 0, DNS_BADSIG },
	{ 9, 0, DNS_FORMERR }, /* nobody may send these (5.2.2.1) */
	{ 15, 0, DNS_FORMERR },
	{ 16, 0, DNS_BADTRUNC },
	{ 31, 0, DNS_BADTRUNC },
	{ 33, 0, DNS_FORMERR },
	{ 32, 0, 0 },
};
/* clang-format on */

START_TEST(test_length)
{
	char other[256];
	size_t n = with_mac(other, lengths[_i].len, lengths[_i].field);

	ck_assert_int_eq(check_bytes(other, n, NOW + 5), lengths[_i].error);
}
END_TEST

/* Without any record, with another behind it, with two of them. */
START_TEST(test_position)
{
	const size_t tsig_len = sizeof(answer) - 1 - TSIG_AT;
	char other[512];

	memcpy(other, answer, TSIG_AT);
	other[11] = 0;
	ck_assert_int_eq(check_bytes(other, TSIG_AT, NOW), DNS_FORMERR);
	memcpy(other, answer, sizeof(answer) - 1);
	other[11] = 2;
	memcpy(other + sizeof(answer) - 1, "\0\0\1\0\1\0\0\0\0\0\0", 11);
	ck_assert_int_eq(
	    check_bytes(other, sizeof(answer) - 1 + 11, NOW), DNS_FORMERR);
	memcpy(other + sizeof(answer) - 1, answer + TSIG_AT, tsig_len);
	ck_assert_int_eq(check_bytes(other, sizeof(answer) - 1 + tsig_len, NOW),
	    DNS_FORMERR);
	/* a byte behind the last record */
	memcpy(other, answer, sizeof(answer) - 1);
	ck_assert_int_eq(check_bytes(other, sizeof(answer), NOW), DNS_FORMERR);
}
END_TEST

/* An AXFR as dnspython signs it: the question at NOW; answers a second later
 * each, of which the second is not signed. */
/* clang-format off */
static const char asked[] =
	"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03\x6c\x61\x62"
	"\x04\x74\x65\x73\x74\x00\x00\xfc\x00\x01\x02\x6b\x31\x03\x6c\x61"
	"\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00"
	"\x3d\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00"
	"\x65\x53\xf1\x00\x01\x2c\x00\x20\x8d\x09\xa0\xc7\x9f\xf2\xc6\x23"
	"\xc4\xc0\x07\xde\x2a\xa5\x2d\x69\x27\x53\xbb\x50\x61\x8d\x21\x52"
	"\xd1\x0b\x60\x6c\xb5\xc9\xba\x0a\x12\x34\x00\x00\x00\x00";
static const char first[] =
	"\x12\x34\x84\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03\x6c\x61\x62"
	"\x04\x74\x65\x73\x74\x00\x00\xfc\x00\x01\x02\x6b\x31\x03\x6c\x61"
	"\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00"
	"\x3d\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00"
	"\x65\x53\xf1\x01\x01\x2c\x00\x20\x0d\x65\x72\x37\xe7\x71\x14\x2f"
	"\x2d\xdd\xa5\x33\xfc\xc2\xc4\x70\x08\xbd\xbd\xf5\x40\xd8\x0e\x36"
	"\xe4\xed\x1a\xa7\xa9\xfa\xf3\x17\x12\x34\x00\x00\x00\x00";
static const char second[] =
	"\x12\x34\x84\x00\x00\x00\x00\x00\x00\x00\x00\x00";
static const char third[] =
	"\x12\x34\x84\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02\x6b\x31\x03"
	"\x6c\x61\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00"
	"\x00\x00\x3d\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00"
	"\x00\x00\x65\x53\xf1\x02\x01\x2c\x00\x20\xdd\x00\x7b\xc3\x00\x3e"
	"\x01\xc0\x71\x0f\xbd\x88\x9d\x5a\xd9\x09\x50\xa4\xbe\xd5\xeb\x75"
	"\xb0\xd4\xfc\x84\x75\x6d\xa9\x00\xe0\x5e\x12\x34\x00\x00\x00\x00";
static const char fourth[] =
	"\x12\x34\x84\x00\x00\x01\x00\x00\x00\x00\x00\x01\x03\x6c\x61\x62"
	"\x04\x74\x65\x73\x74\x00\x00\xfc\x00\x01\x02\x6b\x31\x03\x6c\x61"
	"\x62\x04\x74\x65\x73\x74\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00"
	"\x3d\x0b\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00"
	"\x65\x53\xf1\x03\x01\x2c\x00\x20\xe7\xf6\xe3\x52\x1b\x1f\xe3\x10"
	"\xd6\x69\xf8\x1b\xeb\x0f\xb2\xf4\x80\xec\x5b\xe0\xe8\x5e\x2e\x39"
	"\x25\xce\xe5\x88\xac\x9c\x99\x2e\x12\x34\x00\x00\x00\x00";
/* clang-format on */

static const struct {
	const char *bytes;
	size_t len;
} transfer[] = {
	{ BYTES(first) },
	{ BYTES(second) },
	{ BYTES(third) },
	{ BYTES(fourth) },
};

/* The asker's side, after its question. */
static void
begin_stream(struct tsig_stream *s)
{
	uint8_t bytes[512];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };

	make_key("hmac-sha256");
	memcpy(bytes, asked, TSIG_AT);
	bytes[11] = 0;
	b.len = TSIG_AT;
	tsig_sign(&tsig, &b, NOW);
	ck_assert_uint_eq(b.len, sizeof(asked) - 1);
	ck_assert_mem_eq(bytes, asked, b.len);
	ck_assert_uint_eq(b.len - TSIG_AT, tsig_size(&key));
	tsig_stream_begin(s, &tsig);
}

static int
stream_check(struct tsig_stream *s, const char *bytes, size_t len, int seconds)
{
	return tsig_stream_check(
	    s, (const uint8_t *)bytes, len, (uint64_t)(NOW + seconds));
}

START_TEST(test_stream)
{
	struct tsig_stream s;
	int i;

	begin_stream(&s);
	ck_assert(!tsig_stream_proven(&s));
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(
		    stream_check(&s, transfer[i].bytes, transfer[i].len, i + 1),
		    0);
		ck_assert(tsig_stream_proven(&s) == (i != 1));
	}
	tsig_stream_end(&s);
}
END_TEST

/* Message _i is missing, or another one in its place. */
START_TEST(test_stream_wrong)
{
	struct tsig_stream s;
	int i, error = 0;

	begin_stream(&s);
	for (i = 0; i < 4 && error == 0; i++)
		if (i != _i)
			error = stream_check(
			    &s, transfer[i].bytes, transfer[i].len, i + 1);
	/* the last one is the only one that nothing follows */
	ck_assert_int_eq(error,
	    _i == 3	? 0 :
		_i == 0 ? DNS_FORMERR :
			  DNS_BADSIG);
	tsig_stream_end(&s);
	begin_stream(&s);
	for (i = 0, error = 0; i < _i; i++)
		ck_assert_int_eq(
		    stream_check(&s, transfer[i].bytes, transfer[i].len, i + 1),
		    0);
	error = stream_check(&s, transfer[(_i + 2) % 4].bytes,
	    transfer[(_i + 2) % 4].len, i + 1);
	ck_assert_int_eq(error, _i == 3 ? 0 : DNS_BADSIG);
	ck_assert(_i != 3 || !tsig_stream_proven(&s));
	tsig_stream_end(&s);
}
END_TEST

/* 99 without a signature are taken, not one more; nor one at the begin. */
START_TEST(test_stream_unsigned)
{
	struct tsig_stream s;
	int i;

	begin_stream(&s);
	ck_assert_int_eq(stream_check(&s, BYTES(second), 1), DNS_FORMERR);
	ck_assert_int_eq(stream_check(&s, BYTES(first), 1), 0);
	for (i = 0; i < 99; i++) {
		ck_assert_int_eq(stream_check(&s, BYTES(second), 1), 0);
		ck_assert(!tsig_stream_proven(&s));
	}
	ck_assert_int_eq(stream_check(&s, BYTES(second), 1), DNS_FORMERR);
	tsig_stream_end(&s);
	begin_stream(&s);
	ck_assert_int_eq(stream_check(&s, BYTES(first), 302), DNS_BADTIME);
	tsig_stream_end(&s);
}
END_TEST

/* Each message signed: what we send is what we take, in this order only. */
START_TEST(test_stream_sign)
{
	uint8_t bytes[3][512];
	struct dns_builder b[3];
	struct tsig tsig = { .key = &key };
	struct tsig_stream s;
	int i;

	begin_stream(&s);
	ck_assert_int_eq(
	    tsig_check(&tsig, (const uint8_t *)asked, sizeof(asked) - 1, NOW),
	    0);
	for (i = 0; i < 3; i++) {
		b[i] = (struct dns_builder){ bytes[i], 512, TSIG_AT, false };
		memcpy(bytes[i], first, TSIG_AT);
		bytes[i][11] = 0;
		if (i == 0)
			tsig_sign(&tsig, &b[i], NOW + 1);
		else
			tsig_sign_next(&tsig, &b[i], NOW + 1);
		ck_assert(!b[i].full);
	}
	ck_assert_uint_eq(b[0].len, sizeof(first) - 1);
	ck_assert_mem_eq(bytes[0], first, b[0].len);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(
		    tsig_stream_check(&s, bytes[i], b[i].len, NOW), 0);
	tsig_stream_end(&s);
	begin_stream(&s);
	ck_assert_int_eq(tsig_stream_check(&s, bytes[0], b[0].len, NOW), 0);
	ck_assert_int_eq(
	    tsig_stream_check(&s, bytes[2], b[2].len, NOW), DNS_BADSIG);
	tsig_stream_end(&s);
}
END_TEST

/* clang-format off */
static const struct {
	const char *bytes;
	size_t len;
	int found;
} names[] = {
	{ BYTES(request_signed), 1 },
	{ BYTES(answer), 1 },
	{ BYTES(request), 0 },
	{ request_signed, sizeof(request_signed) - 2, -1 },
	{ BYTES("\0\1\0\0\0\0\0\1\0\0\0\0\0\0\xfa\0\xff\0\0\0\0\0\0"), -1 },
	{ BYTES("\0\1\0\0\0\0\0\0\0\0\0\1\0\0\xfa\0\xff\0\0\0\0\0\0"), -1 },
	{ BYTES("\0\1\0\0\0\0\0\0\0\0"), -1 },
	{ BYTES("\0\1\0\0\0\0\0\0\0\0\0\0x"), -1 },
};
/* clang-format on */

START_TEST(test_name)
{
	uint8_t name[DNS_NAME] = "";

	ck_assert_int_eq(
	    tsig_name((const uint8_t *)names[_i].bytes, names[_i].len, name),
	    names[_i].found);
	if (names[_i].found == 1)
		ck_assert(memcmp(name, "\2k1\3lab\4test", 13) == 0);
}
END_TEST

/* What the server says is what the asker reads out of it (section 5.3.2). */
/* clang-format off */
static const struct {
	int error; /* that the server has found */
	bool known; /* it has the key */
	size_t mac; /* bytes of the one in its answer */
	int seen; /* by the asker */
} refusals[] = {
	{ DNS_BADKEY, false, 0, DNS_BADKEY },
	{ DNS_BADSIG, true, 0, DNS_BADSIG },
	{ DNS_BADTIME, true, 32, DNS_BADTIME },
	{ DNS_BADTRUNC, true, 32, DNS_BADTRUNC },
};
/* clang-format on */

START_TEST(test_refuse)
{
	uint8_t sent[512], bytes[512];
	struct dns_builder q = { .bytes = sent, .limit = sizeof(sent) };
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key };
	struct tsig_refusal why = { .request = sent,
		.key = refusals[_i].known ? &key : NULL,
		.error = refusals[_i].error };
	size_t mac_at;

	make_key("hmac-sha256");
	sign(&tsig, &q);
	why.len = q.len;
	memcpy(bytes, answer, TSIG_AT);
	bytes[3] = DNS_NOTAUTH;
	bytes[11] = 0;
	b.len = TSIG_AT;
	tsig_refuse(&why, &b, NOW + 4000);
	ck_assert(!b.full);
	mac_at = TSIG_AT + 46;
	ck_assert_uint_eq(bytes[mac_at - 1], refusals[_i].mac);
	/* the original id, the error, 6 bytes of time with BADTIME alone */
	ck_assert_mem_eq(bytes + mac_at + refusals[_i].mac, sent, 2);
	ck_assert_uint_eq(
	    bytes[mac_at + refusals[_i].mac + 3], refusals[_i].error);
	ck_assert_uint_eq(bytes[mac_at + refusals[_i].mac + 5],
	    refusals[_i].error == DNS_BADTIME ? 6 : 0);
	/* the asker's clock is right by its own record, or by ours */
	ck_assert_int_eq(
	    tsig_check(&tsig, bytes, b.len,
		refusals[_i].error == DNS_BADTIME ? NOW : NOW + 4000),
	    refusals[_i].seen);
	b.limit = b.len - 1;
	b.len = TSIG_AT;
	bytes[11] = 0;
	tsig_refuse(&why, &b, NOW + 4000);
	ck_assert(b.full);
}
END_TEST

/* The answer that another implementation made (bad_time) is ours, too. */
START_TEST(test_refuse_bytes)
{
	uint8_t bytes[512];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	const struct tsig_refusal why = {
		.request = (const uint8_t *)request_signed,
		.len = sizeof(request_signed) - 1,
		.key = &key,
		.error = DNS_BADTIME,
	};

	make_key("hmac-sha256");
	memcpy(bytes, bad_time, TSIG_AT);
	bytes[11] = 0;
	b.len = TSIG_AT;
	tsig_refuse(&why, &b, 0x655400a0);
	ck_assert_uint_eq(b.len, sizeof(bad_time) - 1);
	ck_assert_mem_eq(bytes, bad_time, b.len);
}
END_TEST

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/* clang-format off */
static const struct {
	const char *text, *error; /* NULL: it is read */
} files[] = {
	{ "key \"k1.lab.test\" {\n\talgorithm hmac-sha256;\n\tsecret \"" SECRET "\";\n};\n", NULL },
	{ "# made\nkey K1.Lab.Test. { // x\n secret " SECRET "; /* a\n b */ algorithm \"HMAC-SHA256\" ; } ;", NULL },
	{ "", "key:1: key is expected" },
	{ "zone x { };", "key:1: key is expected" },
	{ "key a..b { };", "key:1: not a name of a key" },
	{ "key k1.lab.test\n( );", "key:2: { is expected" },
	{ "key k { algorithm hmac-md5; };", "key:1: algorithm is none of hmac-sha1 -sha224 -sha256 -sha384 -sha512" },
	{ "key k {\n secret \"AAE\";\n};", "key:2: secret is not base64" },
	{ "key k {\n secret \"AAEC A\";\n};", "key:2: secret is not base64" },
	{ "key k {\n secret \"AAF=\";\n};", "key:2: secret is not base64" },
	{ "key k {\n secret \"A===\";\n};", "key:2: secret is not base64" },
	{ "key k {\n secret \"\";\n};", "key:2: secret is not base64" },
	{ "key k { secret \"AAEC;\n};", "key:1: string without end" },
	{ "key k {\n secret \"AAEC\" };", "key:2: ; is expected" },
	{ "key k {\n secret \"AAEC\";\n};", "key:3: algorithm and secret are needed" },
	{ "key k {\n algorithm hmac-sha1;\n};", "key:3: algorithm and secret are needed" },
	{ "key k {\n port 53;\n};", "key:2: algorithm or secret is expected" },
	{ "key k { secret AAEC; algorithm hmac-sha1; }", "key:1: ; is expected" },
	{ "key k { secret AAEC; algorithm hmac-sha1; };\nkey l { };", "key:2: more than one key" },
	{ "key k { secret AAEC; algorithm hmac-sha1;", "key:1: algorithm or secret is expected" },
};
/* clang-format on */

static void
write_key(const char *text, mode_t mode)
{
	FILE *f = fopen("key", "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod("key", mode), 0);
}

static char dir[] = "/tmp/test_tsig.XXXXXX";

static void
file_begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
}

static void
file_end(void)
{
	unlink("key");
	rmdir(dir);
}

START_TEST(test_file)
{
	struct tsig_key got;
	char want[256];
	int rc;

	make_key("hmac-sha256");
	write_key(files[_i].text, 0640);
	caught_begin();
	rc = tsig_key_read("key", &got);
	snprintf(want, sizeof(want), "%s%s",
	    files[_i].error != NULL ? files[_i].error : "",
	    files[_i].error != NULL ? "\n" : "");
	ck_assert_str_eq(caught_end(), want);
	ck_assert_int_eq(rc, files[_i].error != NULL ? -1 : 0);
	if (rc == 0)
		ck_assert_mem_eq(&got, &key, sizeof(key));
}
END_TEST

START_TEST(test_file_rights)
{
	struct tsig_key got;

	write_key(files[0].text, 0644);
	caught_begin();
	ck_assert_int_eq(tsig_key_read("key", &got), -1);
	ck_assert_str_eq(
	    caught_end(), "key: others can read this key: chmod o= key\n");
	ck_assert_int_eq(unlink("key"), 0);
	caught_begin();
	ck_assert_int_eq(tsig_key_read("key", &got), -1);
	ck_assert_str_eq(caught_end(), "key: No such file or directory\n");
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("tsig");
	TCase *tc = tcase_create("tsig"), *file = tcase_create("file");

	tcase_add_loop_test(tc, test_mac, 0, ROWS(macs));
	tcase_add_test(tc, test_sign);
	tcase_add_test(tc, test_answer);
	tcase_add_test(tc, test_no_room);
	tcase_add_test(tc, test_check);
	tcase_add_loop_test(tc, test_flipped, 0, (int)sizeof(answer) - 1);
	tcase_add_loop_test(tc, test_cut, 0, (int)sizeof(answer) - 1);
	tcase_add_loop_test(tc, test_changed, 0, ROWS(changed));
	tcase_add_loop_test(tc, test_length, 0, ROWS(lengths));
	tcase_add_test(tc, test_position);
	tcase_add_test(tc, test_stream);
	tcase_add_loop_test(tc, test_stream_wrong, 0, 4);
	tcase_add_test(tc, test_stream_unsigned);
	tcase_add_test(tc, test_stream_sign);
	tcase_add_loop_test(tc, test_name, 0, ROWS(names));
	tcase_add_loop_test(tc, test_refuse, 0, ROWS(refusals));
	tcase_add_test(tc, test_refuse_bytes);
	suite_add_tcase(s, tc);
	tcase_add_checked_fixture(file, file_begin, file_end);
	tcase_add_loop_test(file, test_file, 0, ROWS(files));
	tcase_add_test(file, test_file_rights);
	suite_add_tcase(s, file);
	return tap_run(s);
}
