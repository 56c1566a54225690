/*
 * zonefile: master files to records, and what is told of wrong lines.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "caught.h"
#include "tap.h"
#include "zonefile.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define T250                                                                   \
	"0123456789012345678901234567890123456789012345678901234567890123456"  \
	"7890123456789012345678901234567890123456789012345678901234567890123"  \
	"4567890123456789012345678901234567890123456789012345678901234567890"  \
	"1234567890123456789012345678901234567890123456789"

static const uint8_t origin[] = "\3lab\4test";

/* Everything that was said, as text. */
struct said {
	struct buf records, errors, opened;
	size_t count;
	const struct dname *owner;
	struct dname last;
};

/* clang-format off */
static const struct {
	const char *what, *text, *records, *errors;
} cases[] = {
	{ "nothing", "", "", "" },
	{ "blank lines and comments", "\n  \n\t; x\n;y\n \r\n", "", "" },
	{ "one record", "a 60 IN A 10.0.0.1\n", "a.lab.test. 60 A 10.0.0.1 1\n", "" },
	{ "no newline at the end", "a 60 A 10.0.0.1", "a.lab.test. 60 A 10.0.0.1 1\n", "" },
	{ "no newline behind a comment", "a 60 A 10.0.0.1;x", "a.lab.test. 60 A 10.0.0.1 1\n", "" },
	{ "CRLF", "$TTL 1\r\na A 10.0.0.1\r\n A 10.0.0.2\r\n", "a.lab.test. 1 A 10.0.0.1 2\na.lab.test. 1 A 10.0.0.2 3\n", "" },
	{ "byte order mark", "\xef\xbb\xbf$TTL 1\na A 10.0.0.1\n", "a.lab.test. 1 A 10.0.0.1 2\n", "" },
	{ "class and TTL in any order", "a 60 IN A 10.0.0.1\na IN 61 A 10.0.0.2\na CLASS1 62 TYPE1 10.0.0.3\na 63 A \\# 4 0a000004\n",
	    "a.lab.test. 60 A 10.0.0.1 1\na.lab.test. 61 A 10.0.0.2 2\na.lab.test. 62 A 10.0.0.3 3\na.lab.test. 63 A 10.0.0.4 4\n", "" },
	{ "owners", "$TTL 1\n@ A 10.0.0.1\nb. A 10.0.0.2\n c A 10.0.0.3\n\\@ A 10.0.0.4\nlab.test. A 10.0.0.5\n* A 10.0.0.6\n",
	    "lab.test. 1 A 10.0.0.1 2\nb. 1 A 10.0.0.2 3\n\\@.lab.test. 1 A 10.0.0.4 5\nlab.test. 1 A 10.0.0.5 6\n*.lab.test. 1 A 10.0.0.6 7\n",
	    "zone:4: \"c\" is no type\n" },
	{ "an owner that is a type's or a class's name", "in 1 IN A 10.0.0.1\nmx IN 1 MX 1 a\n60 60 A 10.0.0.1\n",
	    "in.lab.test. 1 A 10.0.0.1 1\nmx.lab.test. 1 MX 1 a.lab.test. 2\n60.lab.test. 60 A 10.0.0.1 3\n", "" },
	{ "blank owner", "a 1 A 10.0.0.1\n\tA 10.0.0.2\n  \n ; c\n  2 IN A 10.0.0.3\n",
	    "a.lab.test. 1 A 10.0.0.1 1\na.lab.test. 1 A 10.0.0.2 2\na.lab.test. 2 A 10.0.0.3 5\n", "" },
	{ "blank owner first", " 1 A 10.0.0.1\n", "", "zone:1: no owner: there is none before it, or that is wrong\n" },
	{ "blank owner behind a wrong one", "a 1 A 10.0.0.1\nb..c 1 A 10.0.0.2\n A 10.0.0.3\nd A 10.0.0.4\n",
	    "a.lab.test. 1 A 10.0.0.1 1\nd.lab.test. 1 A 10.0.0.4 4\n",
	    "zone:2: \"b..c\" is no name\nzone:3: no owner: there is none before it, or that is wrong\n" },
	{ "parentheses", "a 1 ( A\n ; x ( y )\n 10.0.0.1 )\nb 1 TXT (a) (\nb) (c)\n( c 1 A 10.0.0.1 )\n",
	    "a.lab.test. 1 A 10.0.0.1 1\nb.lab.test. 1 TXT \"a\" \"b\" \"c\" 4\nc.lab.test. 1 A 10.0.0.1 6\n", "" },
	{ "nested parentheses", "a 1 TXT ( a ( b\n) c\n) d\n", "a.lab.test. 1 TXT \"a\" \"b\" \"c\" \"d\" 1\n", "" },
	{ "a parenthesis too many", "a 1 A 10.0.0.1 )\nb 1 A 10.0.0.2\n", "b.lab.test. 1 A 10.0.0.2 2\n", "zone:1: \")\" without \"(\"\n" },
	{ "a parenthesis not closed", "a 1 TXT ( x\nb 1 A 10.0.0.2\nc 1 A ( 10.0.0.3\n",
	    "b.lab.test. 1 A 10.0.0.2 2\n", "zone:1: a parenthesis is not closed\nzone:3: a parenthesis is not closed\n" },
	{ "quotes", "a 1 TXT \"b;(c\" \"\" d\"e\"f \"\\\"\" \"\\\\\"\n", "a.lab.test. 1 TXT \"b;(c\" \"\" \"d\" \"e\" \"f\" \"\\\"\" \"\\\\\" 1\n", "" },
	{ "a quote not closed", "a 1 TXT \"b\nc 1 TXT k=\"v\nd 1 TXT \"e\\\"\nf 1 TXT ( \"g\n) h\ni 1 TXT j\n",
	    "i.lab.test. 1 TXT \"j\" 6\n",
	    "zone:1: a quoted string is not closed\nzone:2: a quoted string is not closed\nzone:3: a quoted string is not closed\nzone:4: a quoted string is not closed\n" },
	{ "escapes", "a\\.b\\032c\\; 1 TXT \\\"d\\ e \\059\n\\120 1 A 10.0.0.1\n", "a\\.b\\032c\\;.lab.test. 1 TXT \"\\\"d e\" \";\" 1\nx.lab.test. 1 A 10.0.0.1 2\n", "" },
	{ "a backslash at the end", "a 1 TXT b\\\nc 1 TXT d\n", "c.lab.test. 1 TXT \"d\" 2\n", "zone:1: TXT: a string above 255 bytes, or a wrong escape in it\n" },
	{ "strings have 255 bytes", "a 1 TXT \"" T250 "abcdef\"\n", "", "zone:1: TXT: a string above 255 bytes, or a wrong escape in it\n" },
	/* TTLs */
	{ "$TTL", "$TTL 1h30m\na A 10.0.0.1\na 5 A 10.0.0.2\na A 10.0.0.3\n$TTL 2d\na A 10.0.0.4\n",
	    "a.lab.test. 5400 A 10.0.0.1 2\na.lab.test. 5 A 10.0.0.2 3\na.lab.test. 5400 A 10.0.0.3 4\na.lab.test. 172800 A 10.0.0.4 6\n", "" },
	{ "the last TTL", "a 7 A 10.0.0.1\na A 10.0.0.2\na 1w A 10.0.0.3\na A 10.0.0.4\n",
	    "a.lab.test. 7 A 10.0.0.1 1\na.lab.test. 7 A 10.0.0.2 2\na.lab.test. 604800 A 10.0.0.3 3\na.lab.test. 604800 A 10.0.0.4 4\n", "" },
	{ "a SOA's minimum", "@ SOA a b 1 2 3 4 2h\na A 10.0.0.1\n",
	    "lab.test. 7200 SOA a.lab.test. b.lab.test. 1 2 3 4 7200 1\na.lab.test. 7200 A 10.0.0.1 2\n", "" },
	{ "a SOA with TTL", "@ 9 SOA a b 1 2 3 4 2h\na A 10.0.0.1\n",
	    "lab.test. 9 SOA a.lab.test. b.lab.test. 1 2 3 4 7200 1\na.lab.test. 9 A 10.0.0.1 2\n", "" },
	{ "no TTL", "a A 10.0.0.1\nb 1 A 10.0.0.2\n", "b.lab.test. 1 A 10.0.0.2 2\n", "zone:1: no TTL: write one, or $TTL before the first record\n" },
	{ "wrong TTLs", "a 1x A 10.0.0.1\na 2147483648 A 10.0.0.1\na 1 2 A 10.0.0.1\n$TTL x\n$TTL\n$TTL 1 2\n", "",
	    "zone:1: \"1x\" is no TTL\nzone:2: \"2147483648\" is no TTL\nzone:3: \"2\" is no TTL\nzone:4: $TTL: what follows is no TTL\n"
	    "zone:5: $TTL: too few words behind it\nzone:6: $TTL: too many words behind it\n" },
	/* heads */
	{ "classes", "a 1 CH A 10.0.0.1\na 1 CLASS4 A 10.0.0.1\na 1 IN IN A 10.0.0.1\na 1 ANY A 10.0.0.1\na 1 CLASS0 A 10.0.0.1\n", "",
	    "zone:1: class CH, where zones are of class IN\nzone:2: class HS, where zones are of class IN\nzone:3: \"IN\" is no type\n"
	    "zone:4: no zone has records of type ANY\nzone:5: \"CLASS0\" is no type\n" },
	{ "types", "a 1 FOO 10.0.0.1\na 1\na\na 1 \"A\" 10.0.0.1\na 1 TYPE252 \\# 0\na 1 OPT \\# 0\na 1 TYPE65280 \\# 0\n",
	    "a.lab.test. 1 TYPE65280 \\# 0 7\n",
	    "zone:1: \"FOO\" is no type\nzone:2: no type\nzone:3: no type\nzone:4: \"A\" is no type\n"
	    "zone:5: no zone has records of type AXFR\nzone:6: no zone has records of type OPT\n" },
	{ "rdata", "a 1 A 10.0.0\nb 1 MX 10\n", "", "zone:1: A: \"10.0.0\" is no IPv4 address\nzone:2: MX: too few fields\n" },
	{ "what the record's taker says", "a 1 A 10.9.9.9\n", "", "zone:1: not this one\n" },
	/* directives */
	{ "$ORIGIN", "$TTL 1\n$ORIGIN x\na A 10.0.0.1\n$origin y.\na NS b\n@ NS @\n$ORIGIN .\na NS b\n",
	    "a.x.lab.test. 1 A 10.0.0.1 3\na.y. 1 NS b.y. 5\ny. 1 NS y. 6\na. 1 NS b. 8\n", "" },
	{ "the owner stays", "$TTL 1\na A 10.0.0.1\n$ORIGIN x\n A 10.0.0.2\na A 10.0.0.3\n",
	    "a.lab.test. 1 A 10.0.0.1 2\na.lab.test. 1 A 10.0.0.2 4\na.x.lab.test. 1 A 10.0.0.3 5\n", "" },
	{ "wrong $ORIGIN", "$ORIGIN a..b\n$ORIGIN\n$ORIGIN a b\n", "",
	    "zone:1: $ORIGIN: what follows is no name\nzone:2: $ORIGIN: too few words behind it\nzone:3: $ORIGIN: too many words behind it\n" },
	{ "no directive", "$FOO x\n $TTL 1\n", "", "zone:1: \"$FOO\": there is no such directive\nzone:2: no owner: there is none before it, or that is wrong\n" },
	{ "a dollar in a name", "\\$ORIGIN 1 A 10.0.0.1\n", "\\$ORIGIN.lab.test. 1 A 10.0.0.1 1\n", "" },
	{ "$GENERATE", "$TTL 1\n$GENERATE 1-3 h$ A 10.0.0.$\n", "h1.lab.test. 1 A 10.0.0.1 2\nh2.lab.test. 1 A 10.0.0.2 2\nh3.lab.test. 1 A 10.0.0.3 2\n", "" },
	{ "$GENERATE with all", "$GENERATE 0-20/10 h${1,3,d}.${-0,2,x}$${0}\\$ 5 IN CNAME ${10,0,o}.${0,2,X}-$\n",
	    "h001.00\\${0}\\$.lab.test. 5 CNAME 12.00-0.lab.test. 1\n"
	    "h011.0a\\${0}\\$.lab.test. 5 CNAME 24.0A-10.lab.test. 1\n"
	    "h021.14\\${0}\\$.lab.test. 5 CNAME 36.14-20.lab.test. 1\n", "" },
	{ "$GENERATE of nibbles", "$GENERATE 26-27 ${0,8,n}.x 1 PTR ${0,0,N}\n",
	    "a.1.0.0.x.lab.test. 1 PTR A.1.lab.test. 1\nb.1.0.0.x.lab.test. 1 PTR B.1.lab.test. 1\n", "" },
	{ "$GENERATE of more words", "$TTL 1\n$GENERATE 1-1 a$ MX \"$ m\"\n$GENERATE 1-1 a$ MX $ m\n$GENERATE 1-1 a$ TXT \"\\\"x $\\\"\"\n$GENERATE 1-1 a$ TXT \"b $\" \"c\"\n",
	    "a1.lab.test. 1 MX 1 m.lab.test. 2\na1.lab.test. 1 MX 1 m.lab.test. 3\na1.lab.test. 1 TXT \"x 1\" 4\na1.lab.test. 1 TXT \"b 1\" \"c\" 5\n", "" },
	{ "wrong $GENERATE", "$GENERATE 1 a A 1\n$GENERATE 2-1 a A 1\n$GENERATE 1-2/0 a A 1\n$GENERATE a-b a A 1\n$GENERATE 1-2 a A\n"
	    "$GENERATE 1-2 a${ 1 A 10.0.0.1\n$GENERATE 1-2 a${0,0,z} 1 A 10.0.0.1\n$GENERATE 1-2 a${-2} 1 A 10.0.0.1\n"
	    "$GENERATE 1-9 a 1 A 10.0.0.x$\n$GENERATE 0-1048576 a 1 A 10.0.0.1\n$GENERATE 1-2 a 1 $TTL 5\nz 1 A 10.0.0.1\n",
	    "z.lab.test. 1 A 10.0.0.1 12\n",
	    "zone:1: $GENERATE: what follows is no range\nzone:2: $GENERATE: what follows is no range\nzone:3: $GENERATE: what follows is no range\n"
	    "zone:4: $GENERATE: what follows is no range\nzone:5: $GENERATE: too few words behind it\n"
	    "zone:6: $GENERATE: \"${\" without \"offset,width,base}\"\nzone:7: $GENERATE: \"${\" without \"offset,width,base}\"\n"
	    "zone:8: $GENERATE: a number below 0 or above 2^32 - 1\nzone:9: A: \"10.0.0.x1\" is no IPv4 address\n"
	    "zone:10: $GENERATE: above 1048576 records\nzone:11: \"1TTL\" is no TTL\n" },
};
/* clang-format on */

static const char *
take(void *arg, const struct zonefile_rr *rr)
{
	char name[DNS_NAME_TEXT], type[RTYPE_TEXT];
	struct said *s = arg;
	size_t before;

	/* the same address, the same owner */
	if (rr->owner == s->owner)
		ck_assert(
		    dname_is(&s->last, 0, rr->owner->wire, rr->owner->len));
	s->owner = rr->owner;
	s->last = *rr->owner;
	ck_assert_uint_eq(rr->class, CLASS_IN);
	if (rr->len == 4 && memcmp(rr->data, "\12\11\11\11", 4) == 0)
		return "not this one";
	s->count++;
	buf_printf(&s->records, "%s %u %s ",
	    dns_name_text(rr->owner->wire, name), rr->ttl,
	    rtype_text(rr->type, type));
	before = s->records.len;
	rdata_text(rr->type, rr->data, rr->len, &s->records);
	buf_printf(&s->records, "%s%d\n", s->records.len > before ? " " : "",
	    rr->line);
	return NULL;
}

static void
take_error(void *arg, const char *file, int line, const char *what)
{
	struct said *s = arg;
	const char *slash = strrchr(file, '/');

	buf_printf(&s->errors, "%s:%d: %s\n", slash == NULL ? file : slash + 1,
	    line, what);
}

static void
take_file(void *arg, const char *path, const struct stat *st)
{
	struct said *s = arg;
	const char *slash = strrchr(path, '/');

	buf_printf(&s->opened, "%s %lld\n", slash == NULL ? path : slash + 1,
	    (long long)st->st_size);
}

static const struct zonefile_calls calls = { take, take_error, take_file };

static void
said_init(struct said *s)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->records, 1 << 20);
	buf_init(&s->errors, 1 << 20);
	buf_init(&s->opened, 1 << 20);
}

static void
said_free(struct said *s)
{
	buf_free(&s->records);
	buf_free(&s->errors);
	buf_free(&s->opened);
}

static void
said_is(struct said *s, const char *records, const char *errors)
{
	buf_add(&s->records, "", 1);
	buf_add(&s->errors, "", 1);
	buf_add(&s->opened, "", 1);
	ck_assert(!s->records.failed && !s->errors.failed);
	ck_assert_str_eq((char *)s->errors.p, errors);
	ck_assert_str_eq((char *)s->records.p, records);
	said_free(s);
}

static size_t
lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

START_TEST(test_case)
{
	size_t len = strlen(cases[_i].text);
	char *copy = malloc(len + (len == 0));
	struct said s;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, cases[_i].text, len);
	said_init(&s);
	ck_assert_uint_eq(
	    zonefile_read_text(copy, len, "zone", origin, &calls, &s),
	    lines(cases[_i].errors));
	free(copy);
	said_is(&s, cases[_i].records, cases[_i].errors);
}
END_TEST

/* A zone as those who teach write it. */
START_TEST(test_teaching)
{
	static const char text[] =
	    "$TTL 2d ; default TTL\n"
	    "$ORIGIN example.com.\n"
	    "@        SOA  ns1.example.com. hostmaster.example.com. ( "
	    "2023013100 ; serial\n"
	    "              12h ; refresh\n"
	    "              15m ; retry\n"
	    "              3w  ; expiry\n"
	    "              2h ) ; negative cache TTL\n"
	    "     IN  NS   ns1.example.com.\n"
	    "     IN  NS   ns2.example.net.\n"
	    " 3w  IN  MX   10 mail.example.com.\n"
	    "     IN  MX   20 mail.example.net.\n"
	    "ns1      A    192.0.2.1\n"
	    "         A    192.0.2.2\n"
	    "mail     A    192.0.2.3\n";
	struct said s;

	said_init(&s);
	ck_assert_uint_eq(zonefile_read_text(text, sizeof(text) - 1, "zone",
			      origin, &calls, &s),
	    0);
	said_is(&s,
	    "example.com. 172800 SOA ns1.example.com. hostmaster.example.com. "
	    "2023013100 43200 900 1814400 7200 3\n"
	    "example.com. 172800 NS ns1.example.com. 8\n"
	    "example.com. 172800 NS ns2.example.net. 9\n"
	    "example.com. 1814400 MX 10 mail.example.com. 10\n"
	    "example.com. 172800 MX 20 mail.example.net. 11\n"
	    "ns1.example.com. 172800 A 192.0.2.1 12\n"
	    "ns1.example.com. 172800 A 192.0.2.2 13\n"
	    "mail.example.com. 172800 A 192.0.2.3 14\n",
	    "");
}
END_TEST

/* 20 errors are told, the rest is counted. */
START_TEST(test_many_errors)
{
	struct said s;
	struct buf text;
	int i;

	buf_init(&text, 4096);
	for (i = 0; i < 25; i++)
		buf_puts(&text, "a 1 FOO\n");
	buf_puts(&text, "b 1 A 10.0.0.1\n");
	said_init(&s);
	ck_assert_uint_eq(zonefile_read_text((char *)text.p, text.len, "zone",
			      origin, &calls, &s),
	    25);
	ck_assert_uint_eq(s.count, 1);
	buf_add(&s.errors, "", 1);
	ck_assert_uint_eq(lines((char *)s.errors.p), 21);
	ck_assert_ptr_nonnull(strstr((char *)s.errors.p,
	    "\nzone:20: \"FOO\" is no type\n"
	    "zone:0: 5 more errors\n"));
	buf_free(&text);
	said_free(&s);
}
END_TEST

/* Without a callback, errors are log lines. */
START_TEST(test_log)
{
	static const struct zonefile_calls none = { take, NULL, NULL };
	struct said s;

	said_init(&s);
	caught_begin();
	ck_assert_uint_eq(
	    zonefile_read_text("a 1 FOO\n", 8, "zone", origin, &none, &s), 1);
	ck_assert_uint_eq(zonefile_read("/no/such", origin, &none, &s), 1);
	ck_assert_uint_eq(zonefile_read("/dev/null", origin, &none, &s), 1);
	ck_assert_uint_eq(zonefile_read("/", origin, &none, &s), 1);
	ck_assert_str_eq(caught_end(),
	    "zone:1: \"FOO\" is no type\n"
	    "/no/such: cannot be read: No such file or directory\n"
	    "/dev/null: cannot be read: no regular file\n"
	    "/: cannot be read: Is a directory\n");
	said_free(&s);
}
END_TEST

static char dir[] = "/tmp/zonefileXXXXXX";

static void
put(const char *name, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_msg((f = fopen(path, "w")) != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
	ck_assert_int_eq(fclose(f), 0);
}

static void
read_in(struct said *s, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	said_init(s);
	zonefile_read(path, origin, &calls, s);
}

static void
make_dir(void)
{
	char path[4096];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sub", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void
remove_dir(const char *const *names)
{
	char path[4096];

	for (; *names != NULL; names++) {
		snprintf(path, sizeof(path), "%s/%s", dir, *names);
		ck_assert_int_eq(unlink(path), 0);
	}
	snprintf(path, sizeof(path), "%s/sub", dir);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

/*
 * Relative to the file that includes; origin and owner are the old ones
 * behind it, $TTL is the new one.
 */
START_TEST(test_include)
{
	static const char *const names[] = { "zone", "sub/a", "sub/b",
		"sub/sp ace", NULL };
	struct said s;

	make_dir();
	put("zone",
	    "$TTL 1\nx A 10.0.0.1\n$INCLUDE sub/a y ; comment\n"
	    " A 10.0.0.4\nx A 10.0.0.5\n$INCLUDE \"sub/sp ace\"\n A 10.0.0.7");
	put("sub/a", " A 10.0.0.2\nq A 10.0.0.3\n$INCLUDE b\n$TTL 2\nq FOO\n");
	put("sub/b", "r TXT b\n$ORIGIN z.\nr TXT c");
	put("sub/sp ace", "w A 10.0.0.6");
	read_in(&s, "zone");
	buf_add(&s.opened, "", 1);
	ck_assert_str_eq(
	    (char *)s.opened.p, "zone 105\na 49\nb 26\nsp ace 12\n");
	said_is(&s,
	    "x.lab.test. 1 A 10.0.0.1 2\n"
	    "x.lab.test. 1 A 10.0.0.2 1\n"
	    "q.y.lab.test. 1 A 10.0.0.3 2\n"
	    "r.y.lab.test. 1 TXT \"b\" 1\n"
	    "r.z. 1 TXT \"c\" 3\n"
	    "x.lab.test. 2 A 10.0.0.4 4\n"
	    "x.lab.test. 2 A 10.0.0.5 5\n"
	    "w.lab.test. 2 A 10.0.0.6 1\n"
	    "x.lab.test. 2 A 10.0.0.7 7\n",
	    "a:5: \"FOO\" is no type\n");
	remove_dir(names);
}
END_TEST

START_TEST(test_include_wrong)
{
	static const char *const names[] = { "zone", "loop", "1", "2", "3", "4",
		"5", "6", "7", "8", NULL };
	struct said s;
	char name[8], text[64], want[1024];
	int i;

	make_dir();
	put("zone",
	    "$INCLUDE\n$INCLUDE no\n$INCLUDE . \n$INCLUDE loop\n"
	    "$INCLUDE loop a..b\n$INCLUDE 1 a b\n$INCLUDE \"\"\n"
	    "$INCLUDE sub\n$INCLUDE 1\na 1 A 10.0.0.9\n");
	put("loop", "$INCLUDE zone\n$INCLUDE loop\na 1 A 10.0.0.1\n");
	for (i = 1; i <= 8; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(text, sizeof(text), "d%d 1 A 10.0.1.%d\n$INCLUDE %d\n",
		    i, i, i + 1);
		put(name, text);
	}
	read_in(&s, "zone");
	snprintf(want, sizeof(want),
	    "zone:1: $INCLUDE: too few words behind it\n"
	    "zone:2: $INCLUDE: %s/no: No such file or directory\n"
	    "zone:3: $INCLUDE: %s/.: Is a directory\n"
	    "loop:1: $INCLUDE: %s/zone: it includes itself\n"
	    "loop:2: $INCLUDE: %s/loop: it includes itself\n"
	    "zone:5: $INCLUDE: its origin is no name\n"
	    "zone:6: $INCLUDE: too many words behind it\n"
	    "zone:7: $INCLUDE: what follows is no path\n"
	    "zone:8: $INCLUDE: %s/sub: Is a directory\n"
	    "7:2: $INCLUDE: %s/8: too many files that include each other\n",
	    dir, dir, dir, dir, dir, dir);
	said_is(&s,
	    "a.lab.test. 1 A 10.0.0.1 3\nd1.lab.test. 1 A 10.0.1.1 1\n"
	    "d2.lab.test. 1 A 10.0.1.2 1\nd3.lab.test. 1 A 10.0.1.3 1\n"
	    "d4.lab.test. 1 A 10.0.1.4 1\nd5.lab.test. 1 A 10.0.1.5 1\n"
	    "d6.lab.test. 1 A 10.0.1.6 1\nd7.lab.test. 1 A 10.0.1.7 1\n"
	    "a.lab.test. 1 A 10.0.0.9 10\n",
	    want);
	remove_dir(names);
}
END_TEST

/*
 * Another owner has another address, also where records between were wrong or
 * a file was included; an owner is looked at anew only where its text changes.
 */
START_TEST(test_owner)
{
	static const char text[] =
	    "$TTL 1\na A 10.0.0.1\nb FOO\nc A 10.0.0.2\nd FOO\ne FOO\n"
	    "f A 10.0.0.3\na..b A 10.0.0.1\ng A 10.0.0.4\ng A 10.0.0.5\n"
	    "$ORIGIN x\ng A 10.0.0.6\n$GENERATE 1-3 g A 10.0.1.$\n"
	    "h A 10.0.0.7\n";
	struct said s;

	said_init(&s);
	ck_assert_uint_eq(zonefile_read_text(text, sizeof(text) - 1, "zone",
			      origin, &calls, &s),
	    4);
	ck_assert_uint_eq(s.count, 10);
	buf_add(&s.records, "", 1);
	ck_assert_str_eq((char *)s.records.p,
	    "a.lab.test. 1 A 10.0.0.1 2\nc.lab.test. 1 A 10.0.0.2 4\n"
	    "f.lab.test. 1 A 10.0.0.3 7\ng.lab.test. 1 A 10.0.0.4 9\n"
	    "g.lab.test. 1 A 10.0.0.5 10\ng.x.lab.test. 1 A 10.0.0.6 12\n"
	    "g.x.lab.test. 1 A 10.0.1.1 13\ng.x.lab.test. 1 A 10.0.1.2 13\n"
	    "g.x.lab.test. 1 A 10.0.1.3 13\nh.x.lab.test. 1 A 10.0.0.7 14\n");
	said_free(&s);
}
END_TEST

/* clang-format off */
static const struct {
	const char *text;
	long ttl; /* -1: none */
} ttls[] = {
	{ "0", 0 }, { "3600", 3600 }, { "1h", 3600 }, { "1H30M", 5400 },
	{ "2d", 172800 }, { "3w", 1814400 }, { "1w1d1h1m1s", 694861 },
	{ "0s", 0 }, { "2147483647", 2147483647 }, { "007", 7 },
	{ "2147483648", -1 }, { "3551w", -1 }, { "3550w", 2147040000 },
	{ "", -1 }, { "h", -1 }, { "1h30", -1 }, { "1x", -1 }, { "-1", -1 },
	{ "1 h", -1 }, { "1hh", -1 }, { "99999999999999999999", -1 },
};
/* clang-format on */

START_TEST(test_ttl)
{
	uint32_t ttl;
	bool is = zonefile_ttl(ttls[_i].text, strlen(ttls[_i].text), &ttl);

	ck_assert_msg(is == (ttls[_i].ttl != -1), "%s", ttls[_i].text);
	if (is)
		ck_assert_int_eq(ttl, ttls[_i].ttl);
}
END_TEST

/* Strings of no bytes, so that there are as many words as bytes. */
START_TEST(test_words)
{
	size_t i, n = 65535, len = 9 + 3 * (n + 20);
	char *text = malloc(len), *p = text;
	struct said s;

	ck_assert_ptr_nonnull(text);
	p += snprintf(p, len, "a 1 TXT ");
	for (i = 0; i < n; i++, p += 3)
		memcpy(p, "\"\" ", 3);
	said_init(&s);
	ck_assert_uint_eq(zonefile_read_text(text, (size_t)(p - text), "zone",
			      origin, &calls, &s),
	    0);
	ck_assert_uint_eq(s.count, 1);
	memcpy(p, "\"\"", 2);
	p += 2;
	ck_assert_uint_eq(zonefile_read_text(text, (size_t)(p - text), "zone",
			      origin, &calls, &s),
	    1);
	buf_add(&s.errors, "", 1);
	ck_assert_str_eq(
	    (char *)s.errors.p, "zone:1: TXT: more than 65535 bytes\n");
	free(text);
	said_free(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zonefile");
	TCase *t = tcase_create("zonefile");

	tcase_add_loop_test(t, test_case, 0, COUNT(cases));
	tcase_add_test(t, test_teaching);
	tcase_add_test(t, test_many_errors);
	tcase_add_test(t, test_log);
	tcase_add_test(t, test_include);
	tcase_add_test(t, test_include_wrong);
	tcase_add_test(t, test_owner);
	tcase_add_loop_test(t, test_ttl, 0, COUNT(ttls));
	tcase_add_test(t, test_words);
	suite_add_tcase(s, t);
	return tap_run(s);
}
