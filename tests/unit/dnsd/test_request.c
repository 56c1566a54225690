/* request: messages taken apart, replies ended; every byte of them. */
#include "asked.h"
#include "rtype.h"
#include "tap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define Q "03'www'07'example'00 0001 0001"
#define OPT(size, flags, len) "00 0029" size flags len

/* clang-format off */
static const struct {
	const char *what, *request;
	enum request_next next;
	const char *reply; /* whole, when it is finished */
} messages[] = {
	{ "a question", "1234 0000 0001 0000 0000 0000" Q, REQUEST_QUERY,
	    "1234 8000 0001 0000 0000 0000" Q },
	{ "RD comes back; TC, AA, RA, Z, AD, CD do not",
	    "1234 07ff 0001 0000 0000 0000" Q, REQUEST_QUERY,
	    "1234 8100 0001 0000 0000 0000" Q },
	{ "the root", "0001 0000 0001 0000 0000 0000 00 0002 0001",
	    REQUEST_QUERY, "0001 8000 0001 0000 0000 0000 00 0002 0001" },
	{ "case is kept", "0001 0000 0001 0000 0000 0000 02'eX'00 00ff 0003",
	    REQUEST_QUERY,
	    "0001 8000 0001 0000 0000 0000 02'eX'00 00ff 0003" },
	{ "a response", "1234 8000 0001 0000 0000 0000" Q, REQUEST_DROP, "" },
	{ "an update", "0001 2800 0001 0000 0000 0000 00 0006 0001",
	    REQUEST_UPDATE,
	    "0001 a800 0001 0000 0000 0000 00 0006 0001" },
	{ "an update's sections hold anything",
	    "0001 2800 0001 0001 0001 0001 00 0006 0001"
	    "c00c 00ff 00ff 00000000 0000"
	    "c00c 0001 0001 00000000 0004 01020304"
	    "0161 c00c 0001 0001 00000000 0004 01020304", REQUEST_UPDATE,
	    "0001 a800 0001 0000 0000 0000 00 0006 0001" },
	{ "a NOTIFY", "0001 2400 0001 0001 0000 0000 00 0006 0001"
	    "00 0006 0001 00000000 0000", REQUEST_NOTIFY,
	    "0001 a000 0001 0000 0000 0000 00 0006 0001" },
	/* opcodes */
	{ "IQUERY", "1234 0900 0000 0001 0000 0000"
	    "00 0001 0001 00000000 0004 01020304", REQUEST_SEND,
	    "1234 8904 0000 0000 0000 0000" },
	{ "STATUS", "1234 1000 0000 0000 0000 0000", REQUEST_SEND,
	    "1234 9004 0000 0000 0000 0000" },
	{ "opcode 15 with a question and OPT",
	    "1234 7800 0001 0000 0000 0001" Q OPT("04d0", "00008000", "0000"),
	    REQUEST_SEND,
	    "1234 f804 0001 0000 0000 0001" Q OPT("04d0", "00008000", "0000") },
	{ "opcode 3 with what is none", "1234 1800 0001 0000 0000 0001" Q "ff",
	    REQUEST_SEND, "1234 9804 0001 0000 0000 0000" Q },
	/* questions */
	{ "no question", "1234 0100 0000 0000 0000 0000", REQUEST_SEND,
	    "1234 8101 0000 0000 0000 0000" },
	{ "two", "1234 0100 0002 0000 0000 0000" Q Q, REQUEST_SEND,
	    "1234 8101 0000 0000 0000 0000" },
	{ "it is said to be there", "1234 0100 0001 0000 0000 0000",
	    REQUEST_SEND, "1234 8101 0000 0000 0000 0000" },
	{ "a pointer to itself",
	    "1234 0100 0001 0000 0000 0000 c00c 0001 0001", REQUEST_SEND,
	    "1234 8101 0000 0000 0000 0000" },
	{ "a pointer into the header",
	    "1234 0100 0001 0000 0000 0000 0161 c000 0001 0001", REQUEST_SEND,
	    "1234 8101 0000 0000 0000 0000" },
	{ "label types 01 and 10",
	    "1234 0100 0001 0000 0000 0000 4161 00 0001 0001", REQUEST_SEND,
	    "1234 8101 0000 0000 0000 0000" },
	{ "no class", "1234 0100 0001 0000 0000 0000 0161 00 0001 00",
	    REQUEST_SEND, "1234 8101 0000 0000 0000 0000" },
	{ "an update without a zone", "0001 2800 0000 0000 0000 0000",
	    REQUEST_SEND, "0001 a801 0000 0000 0000 0000" },
	/* records */
	{ "an answer in a query", "1234 0100 0001 0001 0000 0000" Q
	    "c00c 0001 0001 00000000 0004 01020304", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0000" Q },
	{ "an authority in a query", "1234 0100 0001 0000 0001 0000" Q
	    "c00c 0001 0001 00000000 0004 01020304", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0000" Q },
	{ "one in IXFR", "1234 0000 0001 0000 0001 0000 00 00fb 0001"
	    "00 0006 0001 00000000 0016 00 00"
	    "00000001 00000002 00000003 00000004 00000005", REQUEST_QUERY,
	    "1234 8000 0001 0000 0000 0000 00 00fb 0001" },
	{ "two in IXFR", "1234 0000 0001 0000 0002 0000 00 00fb 0001"
	    "00 0006 0001 00000000 0000 00 0006 0001 00000000 0000",
	    REQUEST_SEND, "1234 8001 0001 0000 0000 0000 00 00fb 0001" },
	{ "something additional", "1234 0100 0001 0000 0000 0001" Q
	    "c00c 0001 0001 00000000 0004 01020304", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0000" Q },
	{ "bytes behind it", "1234 0100 0001 0000 0000 0000" Q "00",
	    REQUEST_SEND, "1234 8101 0001 0000 0000 0000" Q },
	{ "bytes behind OPT", "1234 0100 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") "00", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "one record too few", "1234 0100 0001 0000 0000 0002" Q
	    OPT("04d0", "00000000", "0000"), REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "counts of 65535", "1234 0100 0001 0000 0000 ffff" Q, REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0000" Q },
	/* EDNS */
	{ "OPT, our size", "1234 0100 0001 0000 0000 0001" Q
	    OPT("1000", "00000000", "0000"), REQUEST_QUERY,
	    "1234 8100 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "DO comes back, other flags do not",
	    "1234 0100 0001 0000 0000 0001" Q OPT("04d0", "0000ffff", "0000"),
	    REQUEST_QUERY,
	    "1234 8100 0001 0000 0000 0001" Q
	    OPT("04d0", "00008000", "0000") },
	{ "unknown options", "1234 0100 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "000c") "0008 0004 00010000 fde9 0000",
	    REQUEST_QUERY,
	    "1234 8100 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "an option's length above the data",
	    "1234 0100 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0005") "0008 0002 00", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "half an option", "1234 0100 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0003") "0008 00", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "version 1", "1234 0100 0001 0000 0000 0001" Q
	    OPT("04d0", "00010000", "0000"), REQUEST_SEND,
	    "1234 8100 0001 0000 0000 0001" Q
	    OPT("04d0", "01000000", "0000") },
	{ "version 255 with DO and options of its own",
	    "1234 0100 0001 0000 0000 0001" Q
	    OPT("04d0", "00ff8000", "0001") "00", REQUEST_SEND,
	    "1234 8100 0001 0000 0000 0001" Q
	    OPT("04d0", "01008000", "0000") },
	{ "OPT of another name", "1234 0100 0001 0000 0000 0001" Q
	    "0161 00 0029 04d0 00000000 0000", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0000" Q },
	{ "two OPTs", "1234 0100 0001 0000 0000 0002" Q
	    OPT("04d0", "00000000", "0000") OPT("04d0", "00000000", "0000"),
	    REQUEST_SEND, "1234 8101 0001 0000 0000 0001" Q
	    OPT("04d0", "00000000", "0000") },
	{ "OPT in an update's prerequisites",
	    "0001 2800 0001 0001 0000 0000 00 0006 0001"
	    OPT("04d0", "00000000", "0000"), REQUEST_SEND,
	    "0001 a801 0001 0000 0000 0000 00 0006 0001" },
	{ "TSIG in an update's prerequisites",
	    "0001 2800 0001 0001 0000 0000 00 0006 0001"
	    "00 00fa 00ff 00000000 0000", REQUEST_SEND,
	    "0001 a801 0001 0000 0000 0000 00 0006 0001" },
	{ "TSIG that says nothing", "1234 0100 0001 0000 0000 0001" Q
	    "0161 00 00fa 00ff 00000000 0000", REQUEST_SEND,
	    "1234 8101 0001 0000 0000 0000" Q },
};
/* clang-format on */

START_TEST(test_messages)
{
	static struct asked a;
	uint8_t in[1024], want[1024];
	size_t len, wanted;
	enum request_next next;

	asked_begin(&a);
	len = asked_bytes(messages[_i].request, in);
	wanted = asked_bytes(messages[_i].reply, want);
	next = asked_read(&a, in, len, false);
	ck_assert_msg(
	    next == messages[_i].next, "%s: %d", messages[_i].what, (int)next);
	if (next == REQUEST_DROP)
		return;
	len = next == REQUEST_SEND ? a.r.reply.len : request_finish(&a.r);
	ck_assert_msg(len == wanted && memcmp(a.reply, want, len) == 0,
	    "%s: %s", messages[_i].what, asked_hex(a.reply, len));
}
END_TEST

/* Every beginning of what is right is wrong; header and all of it are not. */
START_TEST(test_cut)
{
	static struct asked a;
	uint8_t in[1024], *copy;
	size_t len, cut;
	enum request_next next;

	asked_begin(&a);
	if (messages[_i].next == REQUEST_DROP ||
	    strncmp(messages[_i].what, "bytes behind", 12) == 0)
		return;
	len = asked_bytes(messages[_i].request, in);
	for (cut = 0; cut < len; cut++) {
		copy = malloc(cut + 1); /* overruns are seen */
		memcpy(copy, in, cut);
		next = asked_read(&a, copy, cut, false);
		ck_assert_msg(
		    next == (cut < DNS_HEADER ? REQUEST_DROP : REQUEST_SEND),
		    "%s: %zu", messages[_i].what, cut);
		ck_assert(next == REQUEST_DROP ||
		    (a.reply[3] & 15) ==
			(messages[_i].reply[8] == '4' &&
				    messages[_i].next == REQUEST_SEND ?
				DNS_NOTIMP :
				DNS_FORMERR));
		free(copy);
	}
}
END_TEST

/* Names as long as they may be, and longer. */
START_TEST(test_long_names)
{
	static struct asked a;
	uint8_t in[DNS_HEADER + 400] = { 0, 1, 0, 0, 0, 1 };
	size_t i, n = DNS_HEADER;

	asked_begin(&a);
	for (i = 0; i < 127; i++, n += 2)
		memcpy(in + n, "\001x", 2);
	memcpy(in + n, "\0\0\1\0\1", 5);
	ck_assert_int_eq(asked_read(&a, in, n + 5, false), REQUEST_QUERY);
	ck_assert_uint_eq(a.r.qname.len, 255);
	ck_assert_uint_eq(a.r.qname.labels, 127);
	ck_assert_uint_eq(request_finish(&a.r), n + 5);
	memcpy(in + n, "\001x\0\0\1\0\1", 7);
	ck_assert_int_eq(asked_read(&a, in, n + 7, false), REQUEST_SEND);
	ck_assert_uint_eq(a.reply[3] & 15, DNS_FORMERR);
}
END_TEST

/* How much may be sent. */
/* clang-format off */
static const struct {
	int client; /* 0: without EDNS */
	uint64_t ours;
	bool tcp;
	size_t limit;
} limits[] = {
	{ 0, 1232, false, 512 },
	{ 0, 1232, true, 65535 },
	{ 100, 1232, false, 512 },
	{ 511, 1232, false, 512 },
	{ 600, 1232, false, 600 },
	{ 1232, 1232, false, 1232 },
	{ 65535, 1232, false, 1232 },
	{ 4096, 4096, false, 4096 },
	{ 65535, 512, false, 512 },
	{ 512, 1232, true, 65535 },
};
/* clang-format on */

START_TEST(test_limits)
{
	static struct asked a;
	uint8_t in[1024];
	char text[128] = "1234 0100 0001 0000 0000 0000" Q;

	asked_begin(&a);
	a.conf.udp_size = limits[_i].ours;
	if (limits[_i].client != 0)
		snprintf(text, sizeof(text),
		    "1234 0100 0001 0000 0000 0001" Q OPT(
			"%04x", "00000000", "0000"),
		    limits[_i].client);
	ck_assert_int_eq(
	    asked_read(&a, in, asked_bytes(text, in), limits[_i].tcp),
	    REQUEST_QUERY);
	ck_assert_uint_eq(a.r.reply.limit, limits[_i].limit);
	ck_assert_uint_eq(a.r.reply.reserved, limits[_i].client != 0 ? 11 : 0);
}
END_TEST

/* NSID (RFC 5001) and extended errors (RFC 8914). */
START_TEST(test_options)
{
	static struct asked a;
	static char name[] = "ns1";
	uint8_t in[1024], want[1024];
	size_t len, wanted;

	asked_begin(&a);
	len = asked_bytes("1234 0100 0001 0000 0000 0001" Q OPT(
			      "04d0", "00000000", "0004") "0003 0000",
	    in);
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
	wanted = asked_bytes(
	    "1234 8100 0001 0000 0000 0001" Q OPT("04d0", "00000000", "0000"),
	    want);
	ck_assert_uint_eq(request_finish(&a.r), wanted); /* nobody named us */
	ck_assert_mem_eq(a.reply, want, wanted);

	a.conf.identity = name;
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
	ck_assert_uint_eq(a.r.reply.reserved, 11 + 7);
	a.r.rcode = DNS_REFUSED;
	a.r.ede = 20 + 1;
	wanted = asked_bytes(
	    "1234 8105 0001 0000 0000 0001" Q OPT(
		"04d0", "00000000", "000d") "0003 0003 'ns1' 000f 0002 0014",
	    want);
	ck_assert_uint_eq(request_finish(&a.r), wanted);
	ck_assert_mem_eq(a.reply, want, wanted);
}
END_TEST

START_TEST(test_truncated)
{
	static struct asked a;
	uint8_t in[1024], want[1024];
	size_t len, wanted;

	asked_begin(&a);
	len = asked_bytes(
	    "1234 0100 0001 0000 0000 0001" Q OPT("04d0", "00008000", "0000"),
	    in);
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
	a.r.reply.len += 100;
	a.r.reply.count[1] = a.r.reply.count[2] = a.r.reply.count[3] = 9;
	a.r.reply.flags |= DNS_AA;
	a.r.reply.truncated = true;
	wanted = asked_bytes(
	    "1234 8700 0001 0000 0000 0001" Q OPT("04d0", "00008000", "0000"),
	    want);
	ck_assert_uint_eq(request_finish(&a.r), wanted);
	ck_assert_mem_eq(a.reply, want, wanted);
}
END_TEST

/* A handed request lives on when the reader's is another one. */
START_TEST(test_copy)
{
	static struct asked a;
	static struct request copy;
	uint8_t in[1024], message[1024], reply[1024], want[1024];
	size_t len, wanted;

	asked_begin(&a);
	len = asked_bytes("1234 2800 0001 0000 0000 0000" Q, in);
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_UPDATE);
	request_copy(&copy, &a.r, message, reply, sizeof(reply));
	memset(in, 0x5a, sizeof(in));
	memset(a.reply, 0x5a, sizeof(a.reply));
	a.r.qname.len = 0;
	copy.rcode = DNS_NOTAUTH;
	wanted = asked_bytes("1234 a809 0001 0000 0000 0000" Q, want);
	ck_assert_uint_eq(request_finish(&copy), wanted);
	ck_assert_mem_eq(reply, want, wanted);
	ck_assert_ptr_eq(copy.reply.question, &copy.qname);
	ck_assert_uint_eq(copy.qname.len, 13);
}
END_TEST

static struct tsig_key keys[2];

/* A question that is signed, by this key of ours or a stranger's. */
static size_t
sign(uint8_t *in, size_t size, struct tsig *tsig, uint64_t now)
{
	struct dns_builder b = { .bytes = in, .limit = size };

	b.len = asked_bytes("1234 0100 0001 0000 0000 0000" Q, in);
	tsig_sign(tsig, &b, now);
	ck_assert(!b.full);
	return b.len;
}

static void
make_keys(struct asked *a)
{
	asked_begin(a);
	ck_assert_uint_gt(dns_name_parse("one.key", keys[0].name), 0);
	ck_assert_uint_gt(dns_name_parse("another.key", keys[1].name), 0);
	keys[0].algorithm = tsig_algorithm("hmac-sha256");
	keys[1].algorithm = tsig_algorithm("hmac-sha512");
	keys[0].len = keys[1].len = 32;
	memset(keys[0].secret, 1, 32);
	memset(keys[1].secret, 2, 32);
	a->conf.keys.v = keys;
	a->conf.keys.n = 2;
}

START_TEST(test_signed)
{
	static struct asked a;
	struct tsig tsig = { .key = &keys[1] };
	uint8_t in[1024];
	size_t len;

	make_keys(&a);
	len = sign(in, sizeof(in), &tsig, ASKED_NOW + 299);
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
	ck_assert_ptr_eq(a.r.key, &keys[1]);
	ck_assert_uint_eq(a.r.reply.reserved, tsig_size(&keys[1]));
	len = request_finish(&a.r);
	ck_assert_int_eq(tsig_check(&tsig, a.reply, len, ASKED_NOW), 0);

	/* errors that are not the signature's are signed, too */
	tsig.mac_len = 0;
	len = sign(in, sizeof(in), &tsig, ASKED_NOW);
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
	len = request_error(&a.r, DNS_REFUSED);
	ck_assert_uint_eq(a.reply[3] & 15, DNS_REFUSED);
	ck_assert_int_eq(tsig_check(&tsig, a.reply, len, ASKED_NOW), 0);
}
END_TEST

/* What remains is the question, the signature and TC (RFC 8945 section 5.3). */
START_TEST(test_signed_truncated)
{
	static struct asked a;
	struct tsig tsig = { .key = &keys[0] };
	uint8_t in[1024];
	size_t len;

	make_keys(&a);
	len = sign(in, sizeof(in), &tsig, ASKED_NOW);
	ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
	a.r.reply.truncated = true;
	len = request_finish(&a.r);
	ck_assert_uint_eq(len, a.r.question_end + tsig_size(&keys[0]));
	ck_assert_int_eq(tsig_check(&tsig, a.reply, len, ASKED_NOW), 0);
	ck_assert_uint_eq(a.reply[2], 0x83);
}
END_TEST

/* RFC 8945 section 5.2: what is wrong is told. */
START_TEST(test_badly_signed)
{
	static struct asked a;
	struct tsig_key stranger = keys[0];
	struct tsig tsig = { .key = &stranger };
	uint8_t in[1024];
	size_t len;
	unsigned i;
	static const struct {
		int error;
		bool key, secret, time;
	} wrong[] = {
		{ .error = DNS_BADKEY, .key = true },
		{ .error = DNS_BADSIG, .secret = true },
		{ .error = DNS_BADTIME, .time = true },
	};

	for (i = 0; i < COUNT(wrong); i++) {
		make_keys(&a);
		stranger = keys[0];
		tsig.mac_len = 0;
		if (wrong[i].key)
			dns_name_parse("no.key", stranger.name);
		if (wrong[i].secret)
			stranger.secret[0] ^= 1;
		len = sign(in, sizeof(in), &tsig,
		    ASKED_NOW - (wrong[i].time ? 301 : 0));
		ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_SEND);
		ck_assert_ptr_null(a.r.key);
		ck_assert_int_eq(a.r.tsig_error, wrong[i].error);
		ck_assert_uint_eq(a.reply[3] & 15, DNS_NOTAUTH);
		ck_assert_int_eq(
		    tsig_check(&tsig, a.reply, a.r.reply.len,
			wrong[i].time ? ASKED_NOW - 301 : ASKED_NOW),
		    wrong[i].error);
		/* what was read before does not stay */
		len = asked_bytes("1234 0100 0001 0000 0000 0000" Q, in);
		ck_assert_int_eq(asked_read(&a, in, len, false), REQUEST_QUERY);
		ck_assert_uint_eq(request_finish(&a.r), len);
	}
}
END_TEST

/* Behind the signature there is nothing, and each cut of it is wrong. */
START_TEST(test_signed_cut)
{
	static struct asked a;
	struct tsig tsig = { .key = &keys[0] };
	uint8_t in[1024], *copy;
	size_t len, cut;

	make_keys(&a);
	len = sign(in, sizeof(in), &tsig, ASKED_NOW);
	for (cut = DNS_HEADER; cut < len; cut++) {
		copy = malloc(cut);
		memcpy(copy, in, cut);
		ck_assert_int_eq(asked_read(&a, copy, cut, true), REQUEST_SEND);
		ck_assert_uint_eq(a.reply[3] & 15, DNS_FORMERR);
		free(copy);
	}
	in[11] = 2;
	len += asked_bytes(OPT("04d0", "00000000", "0000"), in + len);
	ck_assert_int_eq(asked_read(&a, in, len, true), REQUEST_SEND);
	ck_assert_uint_eq(a.reply[3] & 15, DNS_FORMERR);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("request");
	TCase *tc = tcase_create("request");

	tcase_add_loop_test(tc, test_messages, 0, COUNT(messages));
	tcase_add_loop_test(tc, test_cut, 0, COUNT(messages));
	tcase_add_test(tc, test_long_names);
	tcase_add_loop_test(tc, test_limits, 0, COUNT(limits));
	tcase_add_test(tc, test_options);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_copy);
	tcase_add_test(tc, test_signed);
	tcase_add_test(tc, test_signed_truncated);
	tcase_add_test(tc, test_badly_signed);
	tcase_add_test(tc, test_signed_cut);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
