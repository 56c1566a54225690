/* packet: DHCP messages that are parsed and built, byte for byte. */
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include "packet.h"
#include "tap.h"

/* A string literal as bytes, without the NUL the compiler adds. */
#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1
#define NOTHING BYTES("")
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define R4(s) s s s s
#define R16(s) R4(R4(s))
#define R64(s) R4(R16(s))
#define R250                                                                   \
	R64("v")                                                               \
	R64("v") R64("v") R16("v") R16("v") R16("v") R4("v") R4("v") "vv"
#define R255 R250 "vvvvv"
#define PADS R64("\0") R64("\0") R64("\0") R64("\0")

#define SNAME 44
#define FILE_AT 108

static const uint8_t magic[] = { 99, 130, 83, 99 };

/* A message with these options, in a block that ends where it ends. */
struct message {
	uint8_t *p;
	size_t len;
};

struct bytes {
	const uint8_t *p;
	size_t len;
};

static struct message
message(struct bytes options, struct bytes file, struct bytes sname)
{
	struct message m;

	m.len = PACKET_LEAST + options.len;
	m.p = malloc(m.len);
	ck_assert_ptr_nonnull(m.p);
	memset(m.p, 0, m.len);
	m.p[0] = PACKET_REQUEST;
	m.p[1] = 1;
	m.p[2] = 6;
	memcpy(m.p + 4, "\1\2\3\4", 4);
	memcpy(m.p + 28, "\2\0\0\0\xbe\xef", 6);
	memcpy(m.p + SNAME, sname.p, sname.len);
	memcpy(m.p + FILE_AT, file.p, file.len);
	memcpy(m.p + PACKET_FIXED, magic, 4);
	memcpy(m.p + PACKET_LEAST, options.p, options.len);
	return m;
}

struct parse_case {
	const char *what;
	struct bytes options, file, sname;
	enum packet_status status;
	enum dhcp_type type;
	int code; /* of the option that must be there, or NO */
	struct bytes value; /* NULL: it must be absent */
};

#define NO 0
#define ABSENT                                                                 \
	{                                                                      \
		NULL, 0                                                        \
	}
#define ONLY(s)                                                                \
	{ BYTES(s) }, { NOTHING },                                             \
	{                                                                      \
		NOTHING                                                        \
	}
#define D "\x35\1\1"

/* clang-format off */
static const struct parse_case parses[] = {
	{ "BOOTP", ONLY(""), PACKET_OK, DHCP_NONE, NO, ABSENT },
	{ "end alone", ONLY("\xff"), PACKET_OK, DHCP_NONE, NO, ABSENT },
	{ "DISCOVER", ONLY(D "\xff"), PACKET_OK, DHCP_DISCOVER, 53, { BYTES("\1") } },
	{ "no end", ONLY(D), PACKET_OK, DHCP_DISCOVER, 53, { BYTES("\1") } },
	{ "LEASEACTIVE", ONLY("\x35\1\xd"), PACKET_OK, DHCP_LEASEACTIVE, NO, ABSENT },
	{ "behind the end", ONLY(D "\xff\x0c\xc8x"), PACKET_OK, DHCP_DISCOVER, 12, ABSENT },
	{ "1000 pads", ONLY(PADS PADS PADS PADS D "\xff"), PACKET_OK, DHCP_DISCOVER, NO, ABSENT },
	{ "pads between", ONLY("\0\0" D "\0\x0c\2ab\0\0\xff\0"), PACKET_OK, DHCP_DISCOVER, 12, { BYTES("ab") } },
	{ "pads only", ONLY(PADS), PACKET_OK, DHCP_NONE, NO, ABSENT },
	{ "empty value at the end", ONLY(D "\x0c\0"), PACKET_OK, DHCP_DISCOVER, 12, { BYTES("") } },

	/* what passes the end */
	{ "code alone", ONLY(D "\x0c"), PACKET_OPTION, 0, NO, ABSENT },
	{ "one byte too few", ONLY(D "\x0c\4abc"), PACKET_OPTION, 0, NO, ABSENT },
	{ "length 255 of nothing", ONLY(D "\x0c\xff"), PACKET_OPTION, 0, NO, ABSENT },
	{ "first of two is cut", ONLY("\x0c\6ab" D), PACKET_OPTION, 0, NO, ABSENT },

	/* 53 */
	{ "53 of 0", ONLY("\x35\0\xff"), PACKET_TYPE, 0, NO, ABSENT },
	{ "53 of 2", ONLY("\x35\2\1\1\xff"), PACKET_TYPE, 0, NO, ABSENT },
	{ "53 twice", ONLY(D D "\xff"), PACKET_TYPE, 0, NO, ABSENT },
	{ "53 is 0", ONLY("\x35\1\0\xff"), PACKET_TYPE, 0, NO, ABSENT },
	{ "53 is 14", ONLY("\x35\1\xe\xff"), PACKET_TYPE, 0, NO, ABSENT },
	{ "53 is 255", ONLY("\x35\1\xff\xff"), PACKET_TYPE, 0, NO, ABSENT },
	{ "53 twice, once empty", ONLY("\x35\0" D), PACKET_OK, DHCP_DISCOVER, 53, { BYTES("\1") } },

	/* lengths */
	{ "50", ONLY(D "\x32\4\12\0\0\1"), PACKET_OK, DHCP_DISCOVER, 50, { BYTES("\12\0\0\1") } },
	{ "50 of 0", ONLY(D "\x32\0\xff"), PACKET_OPTION, 0, NO, ABSENT },
	{ "50 of 1", ONLY(D "\x32\1\12\xff"), PACKET_OPTION, 0, NO, ABSENT },
	{ "50 of 255", ONLY(D "\x32\xff" R255 "\xff"), PACKET_OPTION, 0, NO, ABSENT },
	{ "50 twice", ONLY(D "\x32\4\12\0\0\1\x32\4\12\0\0\2"), PACKET_OPTION, 0, NO, ABSENT },
	{ "50 in halves", ONLY(D "\x32\2\12\1\x32\2\2\3"), PACKET_OK, DHCP_DISCOVER, 50, { BYTES("\12\1\2\3") } },
	{ "51 of 3", ONLY(D "\x33\3\0\0\1"), PACKET_OPTION, 0, NO, ABSENT },
	{ "54 of 0", ONLY(D "\x36\0"), PACKET_OPTION, 0, NO, ABSENT },
	{ "54 of 1", ONLY(D "\x36\1\1"), PACKET_OPTION, 0, NO, ABSENT },
	{ "54 of 255", ONLY(D "\x36\xff" R255), PACKET_OPTION, 0, NO, ABSENT },
	{ "57 of 1", ONLY(D "\x39\1\5"), PACKET_OPTION, 0, NO, ABSENT },
	{ "57 of 4", ONLY(D "\x39\4\0\0\5\xdc"), PACKET_OPTION, 0, NO, ABSENT },
	{ "58 of 5", ONLY(D "\x3a\5\0\0\5\xdc\1"), PACKET_OPTION, 0, NO, ABSENT },
	{ "59 of 0", ONLY(D "\x3b\0"), PACKET_OPTION, 0, NO, ABSENT },
	{ "80", ONLY(D "\x50\0"), PACKET_OK, DHCP_DISCOVER, 80, { BYTES("") } },
	{ "80 of 1", ONLY(D "\x50\1\1"), PACKET_OPTION, 0, NO, ABSENT },
	{ "93 of two", ONLY(D "\x5d\4\0\7\0\x9"), PACKET_OK, DHCP_DISCOVER, 93, { BYTES("\0\7\0\x9") } },
	{ "93 of 0", ONLY(D "\x5d\0"), PACKET_OPTION, 0, NO, ABSENT },
	{ "93 of 3", ONLY(D "\x5d\3\0\7\0"), PACKET_OPTION, 0, NO, ABSENT },
	{ "108 of 2", ONLY(D "\x6c\2\0\7"), PACKET_OPTION, 0, NO, ABSENT },
	{ "116 of 0", ONLY(D "\x74\0"), PACKET_OPTION, 0, NO, ABSENT },
	{ "118 of 3", ONLY(D "\x76\3\12\0\0"), PACKET_OPTION, 0, NO, ABSENT },

	/* 61 and 82 */
	{ "61 of 0", ONLY(D "\x3d\0"), PACKET_OK, DHCP_DISCOVER, 61, ABSENT },
	{ "61 of 1", ONLY(D "\x3d\1\1"), PACKET_OK, DHCP_DISCOVER, 61, ABSENT },
	{ "61 of 2", ONLY(D "\x3d\2\1\2"), PACKET_OK, DHCP_DISCOVER, 61, { BYTES("\1\2") } },
	{ "61 of 255", ONLY(D "\x3d\xff" R255), PACKET_OK, DHCP_DISCOVER, 61, { BYTES(R255) } },
	{ "61 of 256", ONLY(D "\x3d\xff" R255 "\x3d\1v"), PACKET_OPTION, 0, NO, ABSENT },
	{ "61 joined", ONLY(D "\x3d\1\1\x3d\1\2"), PACKET_OK, DHCP_DISCOVER, 61, { BYTES("\1\2") } },
	{ "82 of 0", ONLY(D "\x52\0"), PACKET_OK, DHCP_DISCOVER, 82, { BYTES("") } },
	{ "82 of 1", ONLY(D "\x52\1\1"), PACKET_OK, DHCP_DISCOVER, 82, { BYTES("\1") } },
	{ "82 of 255", ONLY(D "\x52\xff" R255), PACKET_OK, DHCP_DISCOVER, 82, { BYTES(R255) } },
	{ "82 of 256", ONLY(D "\x52\xff" R255 "\x52\1v"), PACKET_OPTION, 0, NO, ABSENT },

	/* 55 */
	{ "55 of 0", ONLY(D "\x37\0"), PACKET_OK, DHCP_DISCOVER, 55, { BYTES("") } },
	{ "55 of 255", ONLY(D "\x37\xff" R255), PACKET_OK, DHCP_DISCOVER, 55, { BYTES(R255) } },

	/* parts: RFC 3396 */
	{ "two parts", ONLY("\x0c\2ab" D "\x0c\3cde\xff"), PACKET_OK, DHCP_DISCOVER, 12, { BYTES("abcde") } },
	{ "parts of two codes", ONLY("\x0c\1a\x0f\1x\x0c\1b\x0f\1y\x0c\1c"), PACKET_OK, DHCP_NONE, 12, { BYTES("abc") } },
	{ ".. and the other", ONLY("\x0c\1a\x0f\1x\x0c\1b\x0f\1y\x0c\1c"), PACKET_OK, DHCP_NONE, 15, { BYTES("xy") } },
	{ "an empty part first", ONLY("\x0c\0\x0c\2ab"), PACKET_OK, DHCP_NONE, 12, { BYTES("ab") } },
	{ "an empty part last", ONLY("\x0c\2ab\x0c\0"), PACKET_OK, DHCP_NONE, 12, { BYTES("ab") } },
	{ "long", ONLY("\x2b\xff" R255 "\x2b\xff" R255 "\x2b\2vw"), PACKET_OK, DHCP_NONE, 43, { BYTES(R255 R255 "vw") } },

	/* overload */
	{ "file", { BYTES(D "\x34\1\1\xff") }, { BYTES("\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, { BYTES("ab") } },
	{ "sname", { BYTES(D "\x34\1\2\xff") }, { BYTES("\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, { BYTES("yz") } },
	{ "both: options, file, sname", { BYTES("\x0c\2--\x34\1\3" D) }, { BYTES("\0\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, { BYTES("--abyz") } },
	{ "type in sname", { BYTES("\x34\1\2") }, { NOTHING }, { BYTES(D) }, PACKET_OK, DHCP_DISCOVER, 53, { BYTES("\1") } },
	{ "52 is 0", { BYTES(D "\x34\1\0") }, { BYTES("\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, ABSENT },
	{ "52 is 4", { BYTES(D "\x34\1\4") }, { BYTES("\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, ABSENT },
	{ "52 is 255", { BYTES(D "\x34\1\xff") }, { BYTES("\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, ABSENT },
	{ "52 of 0", ONLY(D "\x34\0"), PACKET_OPTION, 0, NO, ABSENT },
	{ "52 of 2", ONLY(D "\x34\2\1\1"), PACKET_OPTION, 0, NO, ABSENT },
	{ "52 twice", ONLY(D "\x34\1\1\x34\1\1"), PACKET_OPTION, 0, NO, ABSENT },
	{ "52 in file leads nowhere", { BYTES(D "\x34\1\1") }, { BYTES("\x34\1\2\x0c\2ab\xff") }, { BYTES("\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 12, { BYTES("ab") } },
	{ "52 in file and sname", { BYTES(D "\x34\1\3") }, { BYTES("\x34\1\3\x0c\2ab\xff") }, { BYTES("\x34\1\3\x0c\2yz\xff") },
	    PACKET_OK, DHCP_DISCOVER, 52, { BYTES("\3") } },
	{ "file is cut", { BYTES(D "\x34\1\1") }, { BYTES("\x2b\x7f" R64("x")) }, { NOTHING }, PACKET_OPTION, 0, NO, ABSENT },
	{ "file is full", { BYTES(D "\x34\1\1") }, { BYTES("\x2b\x7e" R64("v") R16("v") R16("v") R16("v") R4("v") R4("v") R4("v") "vv") },
	    { NOTHING }, PACKET_OK, DHCP_DISCOVER, 43, { BYTES(R64("v") R16("v") R16("v") R16("v") R4("v") R4("v") R4("v") "vv") } },
	{ "sname is cut", { BYTES(D "\x34\1\2") }, { NOTHING }, { BYTES("\x0c\x3f" R16("x")) }, PACKET_OPTION, 0, NO, ABSENT },
};
/* clang-format on */

START_TEST(test_parse)
{
	const struct parse_case *t = &parses[_i];
	struct message m = message(t->options, t->file, t->sname);
	struct packet p;
	const struct options *o = &p.options;
	enum packet_status status;

	memset(&p, 0xa5, sizeof(p));
	status = packet_parse(&p, m.p, m.len);
	ck_assert_msg(status == t->status, "%s: %d", t->what, status);
	if (status == PACKET_OK) {
		ck_assert_msg(p.type == t->type, "%s: %d", t->what, p.type);
		ck_assert_msg(option_has(o, t->code) == (t->value.p != NULL),
		    "%s", t->what);
		ck_assert_msg(o->len[t->code] == t->value.len, "%s", t->what);
		if (t->value.p != NULL)
			ck_assert_msg(memcmp(o->at[t->code], t->value.p,
					  t->value.len) == 0,
			    "%s", t->what);
	}
	free(m.p);
}
END_TEST

/* Cut at every byte: never a value that reaches behind the end. */
START_TEST(test_cut)
{
	static const struct bytes whole = { BYTES(
	    D "\x34\1\3\x3d\7\1\2\0\0\0\xbe\xef"
	      "\x37\4\1\3\6\17\x0c\4host\x52\6\1\4port\x0c\2--\xff\0\0") };
	struct bytes part = whole;
	struct message m;
	struct packet p;

	for (part.len = 0; part.len <= whole.len; part.len++) {
		m = message(part, (struct bytes){ BYTES("\x0c\2ab\xff") },
		    (struct bytes){ BYTES("\x0c\2yz\xff") });
		if (packet_parse(&p, m.p, m.len) == PACKET_OK)
			for (int i = 0; i < 256; i++)
				if (p.options.at[i] != NULL)
					ck_assert_uint_le(p.options.len[i], 10);
		free(m.p);
	}
	m = message(whole, (struct bytes){ BYTES("\x0c\2ab\xff") },
	    (struct bytes){ BYTES("\x0c\2yz\xff") });
	ck_assert_int_eq(packet_parse(&p, m.p, m.len), PACKET_OK);
	ck_assert_uint_eq(p.options.len[12], 10);
	ck_assert_mem_eq(p.options.at[12], "host--abyz", 10);
	ck_assert_ptr_null(p.file);
	ck_assert_ptr_null(p.sname);
	free(m.p);
}
END_TEST

struct header_case {
	const char *what;
	size_t at;
	uint8_t byte;
	struct bytes options;
	enum packet_status status;
};

/* clang-format off */
static const struct header_case headers[] = {
	{ "op 0", 0, 0, { BYTES(D) }, PACKET_OP },
	{ "op 2", 0, 2, { BYTES("\x35\1\5") }, PACKET_OK },
	{ "op 9", 0, 9, { BYTES(D) }, PACKET_OP },
	{ "htype 0", 1, 0, { BYTES(D) }, PACKET_OK },
	{ "hlen 0", 2, 0, { BYTES(D) }, PACKET_HLEN },
	{ "hlen 0, BOOTP", 2, 0, { NOTHING }, PACKET_HLEN },
	{ "hlen 0 with 61", 2, 0, { BYTES(D "\x3d\2\0x") }, PACKET_OK },
	{ "hlen 0 with a 61 that is none", 2, 0, { BYTES(D "\x3d\1x") }, PACKET_HLEN },
	{ "hlen 0, leasequery", 2, 0, { BYTES("\x35\1\xa") }, PACKET_OK },
	{ "hlen 16", 2, 16, { BYTES(D) }, PACKET_OK },
	{ "hlen 17", 2, 17, { BYTES(D) }, PACKET_HLEN },
	{ "hlen 255", 2, 255, { BYTES(D) }, PACKET_HLEN },
	{ "hops 255", 3, 255, { BYTES(D) }, PACKET_OK },
	{ "another cookie", 239, 0, { BYTES(D) }, PACKET_COOKIE },
	{ "no cookie", 236, 0, { NOTHING }, PACKET_COOKIE },
};
/* clang-format on */

START_TEST(test_header)
{
	const struct header_case *t = &headers[_i];
	struct message m = message(
	    t->options, (struct bytes){ NOTHING }, (struct bytes){ NOTHING });
	struct packet p;

	m.p[t->at] = t->byte;
	ck_assert_msg(packet_parse(&p, m.p, m.len) == t->status, "%s", t->what);
	free(m.p);
}
END_TEST

START_TEST(test_hlen_reply)
{
	struct message m = message((struct bytes){ BYTES("\x35\1\2") },
	    (struct bytes){ NOTHING }, (struct bytes){ NOTHING });
	struct packet p;

	m.p[0] = PACKET_REPLY;
	m.p[2] = 0;
	ck_assert_int_eq(packet_parse(&p, m.p, m.len), PACKET_OK);
	free(m.p);
}
END_TEST

START_TEST(test_sizes)
{
	static uint8_t bytes[PACKET_MAX + 1] = { PACKET_REQUEST, 1, 6 };
	struct packet p;

	memcpy(bytes + PACKET_FIXED, magic, 4);
	ck_assert_int_eq(packet_parse(&p, bytes, 0), PACKET_SHORT);
	ck_assert_int_eq(packet_parse(&p, bytes, 239), PACKET_SHORT);
	ck_assert_int_eq(packet_parse(&p, bytes, 240), PACKET_OK);
	ck_assert_int_eq(packet_parse(&p, bytes, PACKET_MAX), PACKET_OK);
	ck_assert_int_eq(packet_parse(&p, bytes, PACKET_MAX + 1), PACKET_SHORT);
}
END_TEST

START_TEST(test_fields)
{
	struct message m = message((struct bytes){ BYTES(D) },
	    (struct bytes){ BYTES("boot") }, (struct bytes){ BYTES("who") });
	struct packet p;

	memcpy(m.p,
	    "\2\1\6\3\xfe\xdc\xba\x98\1\2\x80\1"
	    "\12\0\0\1\12\0\0\2\12\0\0\3\12\0\0\4",
	    28);
	ck_assert_int_eq(packet_parse(&p, m.p, m.len), PACKET_OK);
	ck_assert_uint_eq(p.op, 2);
	ck_assert_uint_eq(p.htype, 1);
	ck_assert_uint_eq(p.hlen, 6);
	ck_assert_uint_eq(p.hops, 3);
	ck_assert_uint_eq(p.xid, 0xfedcba98);
	ck_assert_uint_eq(p.secs, 0x102);
	ck_assert_uint_eq(p.flags, 0x8001);
	ck_assert_uint_eq(p.ciaddr.s_addr, htonl(0x0a000001));
	ck_assert_uint_eq(p.yiaddr.s_addr, htonl(0x0a000002));
	ck_assert_uint_eq(p.siaddr.s_addr, htonl(0x0a000003));
	ck_assert_uint_eq(p.giaddr.s_addr, htonl(0x0a000004));
	ck_assert_mem_eq(p.chaddr, "\2\0\0\0\xbe\xef\0\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_ptr_eq(p.sname, m.p + SNAME);
	ck_assert_ptr_eq(p.file, m.p + FILE_AT);
	ck_assert_ptr_eq(p.bytes, m.p);
	ck_assert_uint_eq(p.len, m.len);
	free(m.p);
}
END_TEST

START_TEST(test_values)
{
	struct message m = message(
	    (struct bytes){ BYTES(D "\x39\2\5\xdc\x33\4\1\2\3\4\x32\4\12\0\0\1"
				    "\x0c\0\x0d\3abc") },
	    (struct bytes){ NOTHING }, (struct bytes){ NOTHING });
	struct packet p;
	struct in_addr ip;
	uint32_t u32;
	uint16_t u16;
	uint8_t u8;

	ck_assert_int_eq(packet_parse(&p, m.p, m.len), PACKET_OK);
	ck_assert(option_u8(&p.options, 53, &u8) && u8 == 1);
	ck_assert(option_u16(&p.options, 57, &u16) && u16 == 1500);
	ck_assert(option_u32(&p.options, 51, &u32) && u32 == 0x01020304);
	ck_assert(
	    option_ip(&p.options, 50, &ip) && ip.s_addr == htonl(0x0a000001));
	/* absent, empty, of another length */
	for (uint8_t code = 11; code <= 13; code++) {
		ck_assert(!option_u8(&p.options, code, &u8));
		ck_assert(!option_u16(&p.options, code, &u16));
		ck_assert(!option_u32(&p.options, code, &u32));
		ck_assert(!option_ip(&p.options, code, &ip));
	}
	free(m.p);
}
END_TEST

struct sub_case {
	const char *what;
	struct bytes value;
	uint8_t code;
	struct bytes sub;
};

/* clang-format off */
static const struct sub_case subs[] = {
	{ "nothing", { NOTHING }, 1, ABSENT },
	{ "first", { BYTES("\1\4port\2\2id") }, 1, { BYTES("port") } },
	{ "second", { BYTES("\1\4port\2\2id") }, 2, { BYTES("id") } },
	{ "none", { BYTES("\1\4port\2\2id") }, 5, ABSENT },
	{ "empty", { BYTES("\1\0\2\2id") }, 1, { BYTES("") } },
	{ "the first of two", { BYTES("\1\1a\1\1b") }, 1, { BYTES("a") } },
	{ "code alone", { BYTES("\1") }, 1, ABSENT },
	{ "cut", { BYTES("\1\4por") }, 1, ABSENT },
	{ "cut before", { BYTES("\1\4por\2\2id") }, 2, ABSENT },
	{ "cut behind", { BYTES("\1\4port\2\xff") }, 1, { BYTES("port") } },
	{ "padding", { BYTES("\0\0\1\1a\0\2\1b\xff") }, 2, { BYTES("b") } },
};
/* clang-format on */

START_TEST(test_sub)
{
	const struct sub_case *t = &subs[_i];
	size_t len = 77;
	uint8_t *copy = malloc(t->value.len + (t->value.len == 0));
	const uint8_t *sub;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, t->value.p, t->value.len);
	sub = option_sub(copy, t->value.len, t->code, &len);
	ck_assert_msg((sub != NULL) == (t->sub.p != NULL), "%s", t->what);
	if (sub != NULL) {
		ck_assert_msg(len == t->sub.len, "%s", t->what);
		ck_assert_msg(memcmp(sub, t->sub.p, len) == 0, "%s", t->what);
	}
	free(copy);
}
END_TEST

/* Building */

/* The reply to `request` that has these options, file and sname. */
static size_t
reply_bytes(uint8_t out[PACKET_MAX], struct bytes options, struct bytes file,
    struct bytes sname)
{
	struct message m = message(options, file, sname);
	size_t len = m.len;

	memset(out, 0, PACKET_MAX);
	memcpy(out, m.p, m.len);
	free(m.p);
	out[0] = PACKET_REPLY;
	memcpy(out + 10, "\x80\0", 2);
	memcpy(out + 24, "\12\1\0\1", 4);
	return len < PACKET_PAD ? PACKET_PAD : len;
}

struct request {
	struct message m;
	struct packet p;
};

static void
request(struct request *r, struct bytes options)
{
	r->m = message(options, (struct bytes){ BYTES("f") },
	    (struct bytes){ BYTES("s") });
	memcpy(
	    r->m.p + 8, "\1\2\x80\0\12\0\0\7\12\0\0\x8\12\0\0\x9\12\1\0\1", 20);
	r->m.p[3] = 2;
	ck_assert_int_eq(packet_parse(&r->p, r->m.p, r->m.len), PACKET_OK);
}

struct add {
	uint8_t code;
	const char *value;
	size_t len;
	bool fails;
};

struct build_case {
	const char *what;
	struct bytes request; /* options of it */
	size_t limit;
	const char *file, *sname; /* set, unless NULL */
	struct add adds[8];
	struct bytes last; /* option 82; NULL: none */
	struct bytes options, into_file, into_sname;
};

#define V(s) s, sizeof(s) - 1
#define NO_LAST                                                                \
	{                                                                      \
		NULL, 0                                                        \
	}

#define R40 R16("w") R16("w") R4("w") R4("w")
#define R100 R64("w") R16("w") R16("w") R4("w")

/* clang-format off */
static const struct build_case builds[] = {
	{ "plain", { BYTES(D) }, 1472, NULL, NULL,
	    { { 53, V("\2"), false }, { 51, V("\0\0\16\20"), false }, { 12, V(""), false } }, NO_LAST,
	    { BYTES("\x35\1\2\x33\4\0\0\16\20\x0c\0\xff") }, { NOTHING }, { NOTHING } },
	{ "82 last", { BYTES(D) }, 1472, NULL, NULL,
	    { { 53, V("\2"), false } }, { BYTES("\1\4port") },
	    { BYTES("\x35\1\2\x52\6\1\4port\xff") }, { NOTHING }, { NOTHING } },
	{ "empty 82", { BYTES(D) }, 1472, NULL, NULL,
	    { { 53, V("\2"), false } }, { BYTES("") },
	    { BYTES("\x35\1\2\x52\0\xff") }, { NOTHING }, { NOTHING } },
	{ "file and sname", { BYTES(D) }, 1472, "pxelinux.0", "boot",
	    { { 53, V("\2"), false } }, NO_LAST,
	    { BYTES("\x35\1\2\xff") }, { BYTES("pxelinux.0") }, { BYTES("boot") } },
	{ "parts", { BYTES(D "\x39\2\5\xdc") }, 1472, NULL, NULL,
	    { { 43, V(R255 R255 "vv"), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x2b\xff" R255 "\x2b\2vv\xff") }, { NOTHING }, { NOTHING } },
	{ "two parts, both full", { BYTES(D "\x39\2\5\xdc") }, 1472, NULL, NULL,
	    { { 43, V(R255 R255), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x2b\xff" R255 "\xff") }, { NOTHING }, { NOTHING } },

	/* 548 bytes: 308 from the cookie on; 255 and 52 take 4, 43 takes 257 */
	{ "into file", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R100), false }, { 12, V("host"), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0c\4host\x34\1\1\xff") }, { BYTES("\x0f\x64" R100 "\xff") }, { NOTHING } },
	{ "into sname, file is set", { BYTES(D) }, 1472, "f", NULL,
	    { { 43, V(R255), false }, { 15, V(R40 "wwwww"), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0f\x2d" R40 "wwwww\xff") }, { BYTES("f") }, { NOTHING } },
	{ "into sname, file is set, needed", { BYTES(D) }, 1472, "f", NULL,
	    { { 43, V(R255), false }, { 15, V(R40 "wwwwwwwwwww"), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x34\1\2\xff") }, { BYTES("f") }, { BYTES("\x0f\x33" R40 "wwwwwwwwwww\xff") } },
	{ "into both", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R100), false }, { 14, V(R40 R4("w") R4("w")), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x34\1\3\xff") }, { BYTES("\x0f\x64" R100 "\xff") },
	    { BYTES("\x0e\x30" R40 R4("w") R4("w") "\xff") } },
	{ "both with 82", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R100), false }, { 14, V(R40), false } }, { BYTES("\1\4port") },
	    { BYTES("\x2b\xff" R255 "\x34\1\3\x52\6\1\4port\xff") }, { BYTES("\x0f\x64" R100 "\xff") },
	    { BYTES("\x0e\x28" R40 "\xff") } },
	{ "fits where 52 would stand", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R40 R4("w") R4("w")), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0f\x30" R40 R4("w") R4("w") "\xff") }, { NOTHING }, { NOTHING } },
	{ "fits there before 82", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R40), false } }, { BYTES("\1\4port") },
	    { BYTES("\x2b\xff" R255 "\x0f\x28" R40 "\x52\6\1\4port\xff") }, { NOTHING }, { NOTHING } },
	{ "no room: nothing is added", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R255), true }, { 12, V("host"), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0c\4host\xff") }, { NOTHING }, { NOTHING } },
	{ "no room in fields that are set", { BYTES(D) }, 1472, "f", "s",
	    { { 43, V(R255), false }, { 15, V(R100), true }, { 12, V("host"), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0c\4host\xff") }, { BYTES("f") }, { BYTES("s") } },
	{ "a long value goes on in file", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255 R100), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x2b\x2d" R40 "wwwww\x34\1\1\xff") }, { BYTES("\x2b\x37" R40 R4("w") R4("w") R4("w") "www\xff") }, { NOTHING } },
	{ "routes go on too", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 121, V(R100 R40), false } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x79\x2d" R40 "wwwww\x34\1\1\xff") }, { BYTES("\x79\x5f" R64("w") R16("w") R4("w") R4("w") R4("w") "www\xff") }, { NOTHING } },
	{ "no room for an empty one that may go on", { BYTES(D) }, 1472, "f", "s",
	    { { 43, V(R255), false }, { 15, V(R40 R4("w") R4("w")), false }, { 121, V(""), true } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0f\x30" R40 R4("w") R4("w") "\xff") }, { BYTES("f") }, { BYTES("s") } },
	{ "what nobody joins doesn't", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255), false }, { 15, V(R100 R40), true } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\xff") }, { NOTHING }, { NOTHING } },
	{ "far too long", { BYTES(D) }, 1472, NULL, NULL,
	    { { 43, V(R255 R255), true }, { 53, V("\2"), false } }, NO_LAST,
	    { BYTES("\x35\1\2\xff") }, { NOTHING }, { NOTHING } },

	/* what the client takes */
	{ "57 is 0", { BYTES(D "\x39\2\0\0") }, 1472, "f", "s",
	    { { 43, V(R255), false }, { 15, V(R40 R4("w") R4("w")), false }, { 12, V(""), true } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0f\x30" R40 R4("w") R4("w") "\xff") }, { BYTES("f") }, { BYTES("s") } },
	{ "57 is 1", { BYTES(D "\x39\2\0\1") }, 1472, "f", "s",
	    { { 43, V(R255), false }, { 15, V(R40 R4("w") R4("w") "w"), true } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\xff") }, { BYTES("f") }, { BYTES("s") } },
	{ "57 is 577", { BYTES(D "\x39\2\2\x41") }, 1472, "f", "s",
	    { { 43, V(R255), false }, { 15, V(R40 R4("w") R4("w") "w"), false }, { 12, V(""), true } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0f\x31" R40 R4("w") R4("w") "w\xff") }, { BYTES("f") }, { BYTES("s") } },
	{ "57 is 65535, our limit counts", { BYTES(D "\x39\2\xff\xff") }, 549, "f", "s",
	    { { 43, V(R255), false }, { 15, V(R40 R4("w") R4("w") "w"), false }, { 12, V(""), true } }, NO_LAST,
	    { BYTES("\x2b\xff" R255 "\x0f\x31" R40 R4("w") R4("w") "w\xff") }, { BYTES("f") }, { BYTES("s") } },
	{ "BOOTP: 64 bytes, no 52", { NOTHING }, 1472, NULL, NULL,
	    { { 15, V(R40 R4("w") R4("w") R4("w")), false }, { 12, V("abcd"), true }, { 12, V("abc"), false } }, NO_LAST,
	    { BYTES("\x0f\x34" R40 R4("w") R4("w") R4("w") "\x0c\3abc\xff") }, { NOTHING }, { NOTHING } },
	{ "BOOTP with 82", { BYTES("\x52\6\1\4port") }, 1472, NULL, NULL,
	    { { 15, V(R40 R4("w") R4("w") R4("w")), false }, { 12, V("abc"), false } }, { BYTES("\1\4port") },
	    { BYTES("\x0f\x34" R40 R4("w") R4("w") R4("w") "\x0c\3abc\x52\6\1\4port\xff") }, { NOTHING }, { NOTHING } },
};
/* clang-format on */

START_TEST(test_build)
{
	const struct build_case *t = &builds[_i];
	uint8_t want[PACKET_MAX], *got = malloc(t->limit);
	struct packet_out o;
	struct request r;
	struct packet back;
	size_t n;

	ck_assert_ptr_nonnull(got);
	memset(got, 0xa5, t->limit);
	request(&r, t->request);
	packet_reply(
	    &o, got, t->limit, &r.p, t->last.p != NULL ? t->last.len + 2 : 0);
	if (t->file != NULL)
		packet_set_file(&o, t->file);
	if (t->sname != NULL)
		packet_set_sname(&o, t->sname);
	for (const struct add *a = t->adds; a->value != NULL; a++)
		ck_assert_msg(
		    packet_add(&o, a->code, a->value, a->len) != a->fails,
		    "%s: %d", t->what, a->code);
	if (t->last.p != NULL)
		ck_assert_msg(
		    packet_last(&o, 82, t->last.p, t->last.len), "%s", t->what);
	n = packet_end(&o);
	ck_assert_msg(
	    n == reply_bytes(want, t->options, t->into_file, t->into_sname),
	    "%s: %zu bytes", t->what, n);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(got[i] == want[i], "%s: byte %zu is %d, not %d",
		    t->what, i, got[i], want[i]);
	ck_assert_int_eq(packet_parse(&back, got, n), PACKET_OK);
	for (const struct add *a = t->adds; a->value != NULL; a++) {
		if (a->fails)
			continue;
		ck_assert_uint_eq(back.options.len[a->code], a->len);
		ck_assert_mem_eq(back.options.at[a->code], a->value, a->len);
	}
	free(got);
	free(r.m.p);
}
END_TEST

START_TEST(test_request)
{
	uint8_t got[548], want[PACKET_PAD] = { PACKET_REQUEST };
	struct packet_out o;

	memset(got, 0xa5, sizeof(got));
	packet_request(&o, got, sizeof(got));
	packet_set_ip(
	    &o, PACKET_AT_CIADDR, (struct in_addr){ htonl(0x0a000001) });
	packet_set_ip(
	    &o, PACKET_AT_YIADDR, (struct in_addr){ htonl(0x0a000002) });
	packet_set_ip(
	    &o, PACKET_AT_SIADDR, (struct in_addr){ htonl(0x0a000003) });
	packet_set_ip(
	    &o, PACKET_AT_GIADDR, (struct in_addr){ htonl(0x0a000004) });
	ck_assert(packet_add_u8(&o, 53, DHCP_REQUEST));
	ck_assert(packet_add_u32(&o, 51, 0x01020304));
	ck_assert(packet_add_ip(&o, 50, (struct in_addr){ htonl(0x0a000005) }));
	ck_assert_uint_eq(packet_end(&o), PACKET_PAD);
	memcpy(want + 12, "\12\0\0\1\12\0\0\2\12\0\0\3\12\0\0\4", 16);
	memcpy(want + PACKET_FIXED, magic, 4);
	memcpy(want + PACKET_LEAST, "\x35\1\3\x33\4\1\2\3\4\x32\4\12\0\0\5\xff",
	    16);
	ck_assert_mem_eq(got, want, PACKET_PAD);
}
END_TEST

START_TEST(test_names)
{
	char name[200];
	uint8_t got[548];
	struct packet_out o;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	packet_request(&o, got, sizeof(got));
	packet_set_file(&o, name);
	packet_set_sname(&o, name);
	ck_assert_mem_eq(got + FILE_AT, name, 127);
	ck_assert_uint_eq(got[FILE_AT + 127], 0);
	ck_assert_mem_eq(got + SNAME, name, 63);
	ck_assert_uint_eq(got[SNAME + 63], 0);
	/* another, shorter one, leaves nothing of the first */
	packet_set_file(&o, "f");
	ck_assert_uint_eq(got[FILE_AT + 1], 0);
	ck_assert_uint_eq(got[FILE_AT + 126], 0);
	/* none: it stays as it was and may take options */
	packet_request(&o, got, sizeof(got));
	packet_set_file(&o, "");
	packet_set_sname(&o, "");
	ck_assert(o.file_free && o.sname_free);
}
END_TEST

START_TEST(test_closed)
{
	uint8_t got[548], big[300] = { 0 };
	struct packet_out o;

	packet_request(&o, got, sizeof(got));
	ck_assert(packet_add_u8(&o, 53, DHCP_REQUEST));
	ck_assert(packet_last(&o, 82, "\1\1a", 3));
	ck_assert(!packet_add_u8(&o, 12, 1));
	/* what no room was kept for */
	ck_assert(!packet_last(&o, 82, big, sizeof(big)));
	ck_assert_uint_eq(packet_end(&o), PACKET_PAD);
	ck_assert_mem_eq(got + PACKET_LEAST, "\x35\1\3\x52\3\1\1a\xff\0", 10);
}
END_TEST

/* Every length of a value at every room: never behind the limit. */
START_TEST(test_room)
{
	static uint8_t big[700], got[PACKET_MAX];
	struct packet_out o;
	struct packet back;
	size_t n, limit;
	bool added;

	for (n = 0; n < sizeof(big); n++)
		big[n] = (uint8_t)(n * 7);
	for (limit = PACKET_PAD; limit < 600; limit += 13)
		for (n = 0; n < sizeof(big); n++) {
			memset(got, 0xa5, sizeof(got));
			packet_request(&o, got, limit);
			got[2] = 6;
			added = packet_add(&o, 125, big, n);
			ck_assert_uint_le(packet_end(&o), limit);
			ck_assert_uint_eq(got[limit], 0xa5);
			ck_assert_int_eq(
			    packet_parse(&back, got, o.len), PACKET_OK);
			ck_assert(option_has(&back.options, 125) == added);
			if (!added)
				continue;
			ck_assert_uint_eq(back.options.len[125], n);
			ck_assert_mem_eq(back.options.at[125], big, n);
		}
}
END_TEST

static Suite *
packet_suite(void)
{
	Suite *s = suite_create("packet");
	TCase *t = tcase_create("packet");

	tcase_add_loop_test(t, test_parse, 0, COUNT(parses));
	tcase_add_test(t, test_cut);
	tcase_add_loop_test(t, test_header, 0, COUNT(headers));
	tcase_add_test(t, test_hlen_reply);
	tcase_add_test(t, test_sizes);
	tcase_add_test(t, test_fields);
	tcase_add_test(t, test_values);
	tcase_add_loop_test(t, test_sub, 0, COUNT(subs));
	tcase_add_loop_test(t, test_build, 0, COUNT(builds));
	tcase_add_test(t, test_request);
	tcase_add_test(t, test_names);
	tcase_add_test(t, test_closed);
	tcase_add_test(t, test_room);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(packet_suite());
}
