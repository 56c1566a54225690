/*
 * ddns: the queue against a server on loopback that answers as it is told,
 * in the same loop. It checks the signature of each message and notes which one
 * of RFC 4703 it was, as a letter:
 *
 *	u o R	add: unused, ours, replace	z	SOA of the reverse zone
 *	a n	remove: address, name		p x	PTR record: add, remove
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caught.h"
#include "ddns.h"
#include "tap.h"
#include "tsig.h"

#define KEY_FILE                                                               \
	"key \"dhcpd\" { algorithm hmac-sha256; secret \"AAECAwQFBgcI\"; };"
#define IP 0x0a000107u /* 10.0.1.7 */
#define SEEN 4096

/* What the server does with a message, beside answering with an rcode. */
enum {
	SILENT = 100, /* no answer */
	UNSIGNED, /* an answer without a signature, */
	FORGED, /* .. with a wrong one, then the right one */
	FORGED_ONLY,
	BAD_KEY, /* NOTAUTH, BADKEY, unsigned */
	OTHER_ID, /* to another message */
	TRUNCATED,
};

static struct ev_loop *loop;
static char dir[] = "/tmp/test_ddns.XXXXXX";
static struct ddns *ddns;
static struct leases *leases;
static struct tsig_key key;
static struct ddns_conf conf = { .set = true };

static struct {
	int fd;
	ev_io io;
	const int *script; /* for one message each; the last one stays */
	bool by_host; /* the script's row is the host's first digit */
	char seen[SEEN]; /* letters */
	size_t n;
	uint16_t ids[SEEN];
	uint32_t ttl; /* of the last record that was added */
	char host; /* first letter of the last record's name */
	uint8_t last[2048];
	size_t len;
} server;

static struct {
	unsigned calls;
	uint32_t ip;
	int what;
} done;

static void
on_done(void *arg, uint32_t ip, uint8_t what)
{
	struct lease *l = lease_at(leases, ip);

	ck_assert_ptr_eq(arg, &done);
	done.calls++;
	done.ip = ip;
	done.what = what;
	if (l != NULL)
		l->dns = what;
}

/* Which message it is; and the TTL of what it adds. */
static char
letter(const uint8_t *p, size_t len)
{
	struct dns_reader r = { .bytes = p, .len = len };
	struct dns_header h;
	struct dns_rr rr;
	unsigned i;

	ck_assert_int_eq(dns_get_header(&r, &h), 0);
	ck_assert_int_eq(dns_get_question(&r, &rr), 0);
	if ((h.flags >> 11) == DNS_QUERY)
		return 'z';
	for (i = 0; i < (unsigned)h.count[1] + h.count[2]; i++) {
		ck_assert_int_eq(dns_get_rr(&r, &rr), 0);
		if (rr.class == DNS_IN && i >= h.count[1])
			server.ttl = rr.ttl;
		server.host = (char)rr.name[1];
	}
	switch (h.count[1] * 10 + h.count[2]) {
	case 12:
		return 'u';
	case 22:
		return 'o';
	case 4:
		return 'R';
	case 31:
		return 'n';
	case 2:
		return 'p';
	case 11:
		return rr.type == DNS_A ? 'a' : 'x';
	default:
		return '?';
	}
}

/* The SOA record of 10.in-addr.arpa, as authority. */
static void
put_zone(struct dns_builder *b)
{
	struct dns_rr rr = { .type = DNS_SOA, .class = DNS_IN, .ttl = 60 };

	dns_name_parse("10.in-addr.arpa", rr.name);
	dns_put_rr(b, 2, &rr);
}

static void
put_bad_key(struct dns_builder *b)
{
	static const char data[] = "\13hmac-sha256\0\0\0\0\0\0\0\1\x2c\0\0\0\0"
				   "\0\x11\0";
	struct dns_rr rr = { .type = DNS_TSIG, .class = DNS_ANY };

	memcpy(rr.name, key.name, sizeof(rr.name));
	rr.data = (const uint8_t *)data;
	rr.len = sizeof(data);
	dns_put_rr(b, 3, &rr);
}

/* Answer the message with header and question, the rest by `how`. */
static void
answer(
    const uint8_t *p, struct tsig *tsig, int how, const struct sockaddr_in *to)
{
	uint8_t bytes[1024];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct dns_reader r = { .bytes = p, .len = sizeof(bytes) };
	struct dns_header h, a = { .id = 0 };
	struct dns_rr q;

	dns_get_header(&r, &h);
	dns_get_question(&r, &q);
	a.id = how == OTHER_ID ? h.id ^ 1 : h.id;
	a.flags = (uint16_t)(h.flags | 0x8000 |
	    (how < 16		   ? how :
		    how == BAD_KEY ? DNS_NOTAUTH :
				     0));
	if (how == TRUNCATED)
		a.flags |= 0x0200;
	dns_put_header(&b, &a);
	dns_put_question(&b, q.name, q.type, q.class);
	if ((h.flags >> 11) == DNS_QUERY && how == DNS_NOERROR)
		put_zone(&b);
	if (how == BAD_KEY)
		put_bad_key(&b);
	else if (tsig->key != NULL && how != UNSIGNED)
		tsig_sign(tsig, &b, (uint64_t)ev_now(loop));
	ck_assert(!b.full);
	if (how == FORGED || how == FORGED_ONLY)
		bytes[b.len - 10] ^= 1;
	sendto(server.fd, bytes, b.len, 0, (const struct sockaddr *)to,
	    sizeof(*to));
	if (how == FORGED) {
		bytes[b.len - 10] ^= 1;
		sendto(server.fd, bytes, b.len, 0, (const struct sockaddr *)to,
		    sizeof(*to));
	}
}

static void
on_message(struct ev_loop *l, ev_io *io, int events)
{
	struct tsig tsig = { .key = conf.key != NULL ? &key : NULL };
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	ssize_t n;
	int how;

	(void)l;
	(void)io;
	(void)events;
	n = recvfrom(server.fd, server.last, sizeof(server.last), 0,
	    (struct sockaddr *)&from, &from_len);
	ck_assert_int_gt(n, 0);
	server.len = (size_t)n;
	if (tsig.key != NULL)
		ck_assert_int_eq(tsig_check(&tsig, server.last, server.len,
				     (uint64_t)ev_now(loop)),
		    0);
	server.ids[server.n] = (uint16_t)(server.last[0] << 8 | server.last[1]);
	server.seen[server.n++] = letter(server.last, server.len);
	ck_assert_uint_lt(server.n, SEEN);
	if (server.by_host)
		how = server.script[server.host - '0'];
	else if (server.script[1] != -1)
		how = *server.script++;
	else
		how = *server.script;
	if (how != SILENT)
		answer(server.last, &tsig, how, &from);
}

static void
server_open(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static char name[64];
	socklen_t len = sizeof(in);

	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ne(server.fd, -1);
	ck_assert_int_eq(
	    bind(server.fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(
	    getsockname(server.fd, (struct sockaddr *)&in, &len), 0);
	snprintf(name, sizeof(name), "127.0.0.1:%u", ntohs(in.sin_port));
	conf.server = name;
	ev_io_init(&server.io, on_message, server.fd, EV_READ);
	ev_io_start(loop, &server.io);
}

static void
begin_with(const int *script)
{
	server.script = script;
	ddns = ddns_open(&conf);
	ck_assert_ptr_nonnull(ddns);
	ck_assert_int_eq(ddns_start(ddns, loop, on_done, &done), 0);
}

#define BEGIN(...) begin_with((const int[]){ __VA_ARGS__, -1 })

static void
setup(void)
{
	FILE *f;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	umask(077);
	f = fopen("key", "w");
	ck_assert_ptr_nonnull(f);
	fputs(KEY_FILE, f);
	fclose(f);
	ck_assert_int_eq(tsig_key_read("key", &key), 0);
	conf.key = strdup("key");
	loop = ev_loop_new(0);
	ck_assert_ptr_nonnull(loop);
	leases = leases_new(20000);
	ck_assert_ptr_nonnull(leases);
	server_open();
}

static void
teardown(void)
{
	ddns_close(ddns);
	leases_free(leases);
	ev_io_stop(loop, &server.io);
	ev_loop_destroy(loop);
	free(conf.key);
	unlink("key");
	rmdir(dir);
}

static void
on_time(struct ev_loop *l, ev_timer *t, int events)
{
	(void)t;
	(void)events;
	ev_break(l, EVBREAK_ALL);
}

/* Turn the loop until done was called so often in all, or for so long. */
static void
turn(unsigned calls, double seconds)
{
	ev_timer t;

	ev_now_update(loop);
	ev_timer_init(&t, on_time, seconds, 0);
	ev_timer_start(loop, &t);
	while (done.calls < calls && ev_is_active(&t))
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &t);
}

/* A lease of an hour for a client of its own. */
static struct lease *
lease_for(uint32_t ip)
{
	const struct lease_client client = { .htype = 1,
		.hlen = 6,
		.hw = { 2, 0, (uint8_t)(ip >> 24), (uint8_t)(ip >> 16),
		    (uint8_t)(ip >> 8), (uint8_t)ip } };
	struct lease *l =
	    lease_bind(leases, ip, 1, &client, 1700000000, 1700003600);

	ck_assert_ptr_nonnull(l);
	return l;
}

static void
add(struct lease *l, const char *host, bool ptr)
{
	static const struct settings settings;
	struct ddns_name name = { .update_a = true, .update_ptr = ptr };
	struct lease_more more = { .host = name.host, .fqdn = name.fqdn };

	snprintf(name.host, sizeof(name.host), "%s", host);
	snprintf(name.fqdn, sizeof(name.fqdn), "%s.lab.test", host);
	ck_assert_int_eq(lease_remember(leases, l, &more), 0);
	ddns_add(ddns, l, &name, &settings);
}

static uint64_t
count(int which)
{
	uint64_t n[3];

	ddns_counts(ddns, &n[0], &n[1], &n[2]);
	return n[which];
}
enum { SENT, FAILED, WAITING };

#define SAW(text)                                                              \
	do {                                                                   \
		server.seen[server.n] = '\0';                                  \
		ck_assert_str_eq(server.seen, text);                           \
	} while (0)

START_TEST(test_life)
{
	struct lease *l = lease_for(IP), *m = lease_for(IP + 1);

	BEGIN(DNS_NOERROR);
	add(l, "pc", true);
	ck_assert_uint_eq(server.n, 0); /* nothing is sent from within */
	ck_assert_uint_eq(count(WAITING), 1);
	turn(1, 5);
	SAW("uzp");
	ck_assert_uint_eq(done.ip, IP);
	ck_assert_int_eq(done.what, DDNS_A | DDNS_PTR);
	ck_assert_uint_eq(server.ttl, 1200);
	/* the neighbour's zone is known */
	add(m, "lpd", true);
	turn(2, 5);
	SAW("uzpup");
	ck_assert_uint_eq(done.ip, IP + 1);
	ddns_remove(ddns, l);
	turn(3, 5);
	SAW("uzpupanx");
	ck_assert_int_eq(done.what, 0);
	ck_assert_int_eq(l->dns, 0);
	/* there is nothing more to remove */
	ddns_remove(ddns, l);
	turn(4, 0.1);
	SAW("uzpupanx");
	ck_assert_uint_eq(count(SENT), 8);
	ck_assert_uint_eq(count(FAILED), 0);
	ck_assert_uint_eq(count(WAITING), 0);
}
END_TEST

START_TEST(test_conflict)
{
	struct lease *l = lease_for(IP);

	BEGIN(DNS_YXDOMAIN, DNS_NXRRSET, SILENT);
	caught_begin();
	add(l, "pc", true);
	turn(1, 5);
	SAW("uo");
	ck_assert_int_eq(done.what, 0);
	ck_assert_ptr_nonnull(strstr(caught_end(),
	    "10.0.1.7: pc.lab.test. does not go into DNS: 127.0.0.1:"));
	ck_assert_uint_eq(count(FAILED), 1);
}
END_TEST

START_TEST(test_replace)
{
	conf.replace = true;
	BEGIN(DNS_NOERROR);
	add(lease_for(IP), "pc", false);
	turn(1, 5);
	SAW("R");
	ck_assert_int_eq(done.what, DDNS_A);
}
END_TEST

START_TEST(test_unsigned)
{
	free(conf.key);
	conf.key = NULL;
	BEGIN(DNS_NOERROR);
	add(lease_for(IP), "pc", true);
	turn(1, 5);
	SAW("uzp");
	ck_assert_int_eq(done.what, DDNS_A | DDNS_PTR);
}
END_TEST

/* Each at the first message; then the same one comes again, or is answered. */
/* clang-format off */
static const struct {
	const char *what;
	int first;
	const char *seen;
} nuisances[] = {
	{ "lost", SILENT, "uuzp" },
	{ "not signed", UNSIGNED, "uuzp" },
	{ "forged", FORGED_ONLY, "uuzp" },
	{ "forged, then the right one", FORGED, "uzp" },
	{ "key not known, says somebody", BAD_KEY, "uuzp" },
	{ "to another message", OTHER_ID, "uuzp" },
};
/* clang-format on */

START_TEST(test_nuisance)
{
	double begin;

	BEGIN(nuisances[_i].first, DNS_NOERROR);
	ev_now_update(loop);
	begin = ev_now(loop);
	add(lease_for(IP), "pc", true);
	turn(1, 10);
	server.seen[server.n] = '\0';
	ck_assert_msg(strcmp(server.seen, nuisances[_i].seen) == 0, "%s: %s",
	    nuisances[_i].what, server.seen);
	ck_assert_int_eq(done.what, DDNS_A | DDNS_PTR);
	if (server.seen[1] == 'u') { /* a copy, not before a second is over */
		ck_assert_uint_eq(server.ids[0], server.ids[1]);
		ck_assert_double_ge(ev_now(loop) - begin, 0.99);
	}
}
END_TEST

/* What never gets a good answer is given up after 1 + 2 + 4 + 8 s. */
START_TEST(test_given_up)
{
	static const char *const why[] = { ": no answer\n",
		": a wrong signature (BADSIG)\n",
		": the server does not know our key (BADKEY)\n",
		": answers without a signature\n" };
	const char *log;
	char host[2] = "0";
	uint32_t i;

	BEGIN(SILENT, FORGED_ONLY, BAD_KEY, UNSIGNED);
	server.by_host = true;
	caught_begin();
	for (i = 0; i < 4; i++, host[0]++)
		add(lease_for(IP + i), host, true);
	turn(1, 14);
	SAW("uuuuuuuuuuuuuuuu");
	ck_assert_uint_eq(done.calls, 0);
	turn(4, 5);
	log = caught_end();
	ck_assert_uint_eq(done.calls, 4);
	ck_assert_int_eq(done.what, 0);
	ck_assert_uint_eq(count(FAILED), 4);
	ck_assert_uint_eq(count(WAITING), 0);
	for (i = 0; i < 4; i++) {
		ck_assert_msg(strstr(log, why[i]) != NULL, "%s", log);
		log = strchr(log, '\n') + 1; /* one line each, in their order */
	}
	ck_assert_str_eq(log, "");
}
END_TEST

/* A refusal ends it at once; many of them are ten lines. */
START_TEST(test_refused)
{
	const char *log;
	unsigned lines = 0;
	uint32_t i;

	BEGIN(DNS_REFUSED);
	caught_begin();
	for (i = 0; i < 40; i++)
		add(lease_for(IP + i), "pc", false);
	turn(40, 5);
	log = caught_end();
	ck_assert_uint_eq(done.calls, 40);
	ck_assert_uint_eq(server.n, 40);
	ck_assert_uint_eq(count(FAILED), 40);
	for (; (log = strchr(log, '\n')) != NULL; log++)
		lines++;
	ck_assert_uint_eq(lines, 10);
}
END_TEST

START_TEST(test_truncated)
{
	BEGIN(TRUNCATED);
	caught_begin();
	add(lease_for(IP), "pc", false);
	turn(1, 5);
	ck_assert_ptr_nonnull(strstr(caught_end(), "a truncated answer"));
	SAW("u");
	ck_assert_int_eq(done.what, 0);
}
END_TEST

/* Changes that take each other back before anything was sent. */
START_TEST(test_taken_back)
{
	struct lease *l = lease_for(IP);

	BEGIN(DNS_NOERROR);
	add(l, "pc", true);
	add(l, "pc", true);
	ck_assert_uint_eq(count(WAITING), 1);
	ddns_remove(ddns, l);
	ck_assert_uint_eq(count(WAITING), 0);
	turn(1, 0.1);
	SAW("");
	add(l, "one", false);
	add(l, "two", false);
	turn(1, 5);
	SAW("u");
	ck_assert_ptr_nonnull(memmem(server.last, server.len, "\3two", 4));
}
END_TEST

/* Changes while a message is under way (its answer comes with a retry). */
START_TEST(test_under_way)
{
	struct lease *l = lease_for(IP);

	BEGIN(SILENT, DNS_NOERROR);
	add(l, "pc", false);
	turn(1, 0.2);
	SAW("u");
	add(l, "pc", false); /* on its way already */
	turn(1, 5);
	SAW("uu");
	ck_assert_uint_eq(count(WAITING), 0);
	server.script = (const int[]){ SILENT, DNS_NOERROR, -1 };
	l->dns = 0;
	add(l, "lpd", false);
	turn(2, 0.2);
	ddns_remove(ddns, l); /* although dns says nothing of it yet */
	turn(2, 5);
	SAW("uuuuan");
	ck_assert_uint_eq(done.calls, 2);
	ck_assert_int_eq(done.what, 0);
}
END_TEST

/* Another client gets the address while its last holder's name goes. */
START_TEST(test_next_holder)
{
	const struct lease_client other = {
		.htype = 1, .hlen = 6, .hw = { 9 }
	};
	struct lease *l = lease_for(IP);

	BEGIN(DNS_NOERROR);
	add(l, "pc", true);
	turn(1, 5);
	SAW("uzp");
	server.script = (const int[]){ SILENT, DNS_NOERROR, -1 };
	ddns_remove(ddns, l);
	lease_release(leases, l, 1700000100);
	turn(2, 0.2);
	SAW("uzpa");
	l = lease_bind(leases, IP, 1, &other, 1700000200, 1700003800);
	ck_assert_ptr_nonnull(l);
	add(l, "lpd", true);
	turn(2, 5);
	SAW("uzpaanxup"); /* removed whole, then added; told once */
	ck_assert_uint_eq(done.calls, 2);
	ck_assert_int_eq(done.what, DDNS_A | DDNS_PTR);
}
END_TEST

/* A client's new name: the old one goes first. */
START_TEST(test_renamed)
{
	struct lease *l = lease_for(IP);

	BEGIN(DNS_NOERROR);
	add(l, "pc", false);
	turn(1, 5);
	ddns_remove(ddns, l);
	add(l, "lpd", false);
	turn(2, 5);
	SAW("uanu");
	ck_assert_int_eq(done.what, DDNS_A);
	/* one that comes back before its removal began never went */
	ddns_remove(ddns, l);
	add(l, "lpd", false);
	turn(3, 5);
	SAW("uanuu");
}
END_TEST

/* clang-format off */
static const struct {
	uint64_t configured;
	int64_t term; /* of the lease, s */
	uint32_t ttl;
} ttls[] = {
	{ 0, 3600, 1200 },
	{ 0, 60, 600 },
	{ 0, 1800, 600 },
	{ 0, 7200, 2400 },
	{ 0, -1, 86400 },
	{ 30, 3600, 30 },
	{ 30, -1, 30 },
};
/* clang-format on */

START_TEST(test_ttl)
{
	const struct lease_client c = { .htype = 1, .hlen = 6 };
	struct lease *l;

	conf.ttl = ttls[_i].configured;
	BEGIN(DNS_NOERROR);
	l = lease_bind(leases, IP, 1, &c, 1600000000, 1600000060);
	ck_assert_ptr_nonnull(l);
	/* renewed: its term counts from then, not from its start */
	l = lease_bind(leases, IP, 1, &c, 1700000000,
	    ttls[_i].term == -1 ? LEASE_FOREVER : 1700000000 + ttls[_i].term);
	ck_assert_ptr_nonnull(l);
	add(l, "pc", false);
	turn(1, 5);
	ck_assert_uint_eq(server.ttl, ttls[_i].ttl);
}
END_TEST

/* Few messages under way, a queue with an end. */
START_TEST(test_limits)
{
	uint32_t i;

	BEGIN(SILENT);
	for (i = 0; i < 10000; i++)
		add(lease_for(IP + i), "pc", false);
	ck_assert_uint_eq(count(WAITING), 10000);
	caught_begin();
	add(lease_for(IP + i), "pc", false);
	ck_assert_ptr_nonnull(strstr(caught_end(), "too many changes wait"));
	ck_assert_uint_eq(count(FAILED), 1);
	turn(1, 0.5);
	ck_assert_uint_eq(count(SENT), 16);
	ck_assert_uint_eq(server.n, 16);
	/* at the end the rest is sent as far as that goes without waiting */
	ddns_close(ddns);
	ddns = NULL;
	turn(1, 0.3);
	ck_assert_uint_gt(server.n, 100);
}
END_TEST

/* A server that is not there yet. */
START_TEST(test_later)
{
	int keep = server.fd;
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	ck_assert_int_eq(getsockname(keep, (struct sockaddr *)&in, &len), 0);
	BEGIN(DNS_NOERROR);
	ev_io_stop(loop, &server.io);
	close(keep);
	add(lease_for(IP), "pc", false);
	turn(1, 0.3);
	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
	    bind(server.fd, (const struct sockaddr *)&in, sizeof(in)), 0);
	ev_io_set(&server.io, server.fd, EV_READ);
	ev_io_start(loop, &server.io);
	turn(1, 10);
	SAW("u");
	ck_assert_int_eq(done.what, DDNS_A);
}
END_TEST

START_TEST(test_open)
{
	caught_begin();
	conf.server = strdup("lab.test");
	ck_assert_ptr_null(ddns_open(&conf));
	ck_assert_int_eq(chmod("key", 0644), 0);
	ck_assert_ptr_null(ddns_open(&conf));
	ck_assert_str_eq(caught_end(),
	    "ddns: lab.test: not an address\n"
	    "key: others can read this key: chmod o= key\n");
	free(conf.server);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *s = suite_create("ddns");
	TCase *tc = tcase_create("ddns");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_life);
	tcase_add_test(tc, test_conflict);
	tcase_add_test(tc, test_replace);
	tcase_add_test(tc, test_unsigned);
	tcase_add_loop_test(tc, test_nuisance, 0, ROWS(nuisances));
	tcase_add_test(tc, test_given_up);
	tcase_add_test(tc, test_refused);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_taken_back);
	tcase_add_test(tc, test_under_way);
	tcase_add_test(tc, test_next_holder);
	tcase_add_test(tc, test_renamed);
	tcase_add_loop_test(tc, test_ttl, 0, ROWS(ttls));
	tcase_add_test(tc, test_limits);
	tcase_add_test(tc, test_later);
	tcase_add_test(tc, test_open);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
