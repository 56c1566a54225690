/*
 * ddns against a real server, BIND's named (unpacked in $PEERS, or installed):
 * its zones take updates that are signed with one of our keys, and are asked
 * what became of them.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "caught.h"
#include "ddns.h"
#include "tap.h"
#include "tsig.h"

#define IP 0x0a000107u /* 10.0.1.7 */
#define OTHER_IP 0x0a000108u
#define APART_IP 0x0a000205u /* in a zone of its own */
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static const char *const algorithms[] = { "hmac-sha1", "hmac-sha224",
	"hmac-sha256", "hmac-sha384", "hmac-sha512" };

static char dir[] = "/tmp/test_named.XXXXXX";
static char server[32];
static struct sockaddr_in server_addr = { .sin_family = AF_INET };
static pid_t named = -1;
static struct ev_loop *loop;
static struct ddns *ddns;
static struct leases *leases;
static unsigned calls;
static int stands;

static void
on_done(void *arg, uint32_t ip, uint8_t what)
{
	struct lease *l = lease_at(leases, ip);

	(void)arg;
	calls++;
	stands = what;
	if (l != NULL)
		l->dns = what;
}

static FILE *
create(const char *name)
{
	FILE *f = fopen(name, "w");

	if (f == NULL) {
		perror(name);
		exit(1);
	}
	return f;
}

static void
write_zone(const char *file, const char *more)
{
	FILE *f = create(file);

	fprintf(f,
	    "$TTL 60\n@ SOA ns.lab.test. root.lab.test. 1 60 60 60 60\n"
	    "@ NS ns.lab.test.\n%s",
	    more);
	fclose(f);
}

static void
write_key(FILE *f, const char *name, const char *algorithm, const char *secret)
{
	fprintf(f, "key \"%s\" { algorithm %s; secret \"%s\"; };\n", name,
	    algorithm, secret);
}

static void
write_files(unsigned port)
{
	static const char *const zones[] = { "lab.test", "10.in-addr.arpa",
		"2.0.10.in-addr.arpa" };
	FILE *f = create("named.conf"), *key;
	size_t i;

	fprintf(f,
	    "options { directory \"%s\"; pid-file none; recursion no;\n"
	    "listen-on port %u { 127.0.0.1; }; listen-on-v6 { none; };\n"
	    "session-keyfile none; notify no; dnssec-validation no; };\n"
	    "controls { };\nacl ours { ",
	    dir, port);
	for (i = 0; i < 5; i++)
		fprintf(f, "key %s; ", algorithms[i]);
	fprintf(f, "};\n");
	for (i = 0; i < 5; i++) {
		write_key(f, algorithms[i], algorithms[i], SECRET);
		key = create(algorithms[i]);
		write_key(key, algorithms[i], algorithms[i], SECRET);
		fclose(key);
	}
	key = create("wrong");
	write_key(key, "hmac-sha256", "hmac-sha256", "AAAA");
	fclose(key);
	for (i = 0; i < 3; i++)
		fprintf(f,
		    "zone \"%s\" { type primary; file \"%s\"; "
		    "allow-update { ours; }; };\n",
		    zones[i], zones[i]);
	fclose(f);
	write_zone(
	    zones[0], "ns A 127.0.0.1\nfixed A 192.0.2.1\nnote TXT \"x\"\n");
	write_zone(zones[1], "2.0 NS ns.lab.test.\n");
	write_zone(zones[2], "");
}

/* A port that nobody has, as far as one can know. */
static void
choose_port(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(server_addr);

	server_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&server_addr,
		sizeof(server_addr)) == -1 ||
	    getsockname(fd, (struct sockaddr *)&server_addr, &len) == -1) {
		perror("port");
		exit(1);
	}
	close(fd);
	snprintf(server, sizeof(server), "127.0.0.1:%u",
	    ntohs(server_addr.sin_port));
}

/* Ask for the name's records of a type; the answer's message, or -1. */
static ssize_t
ask(const char *name, uint16_t type, uint8_t *bytes, size_t size)
{
	const struct dns_header h = { .id = 1 };
	const struct timeval wait = { .tv_sec = 1 };
	struct dns_builder b = { .bytes = bytes, .limit = size };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t wire[DNS_NAME];
	ssize_t n = -1;

	if (dns_name_parse(name, wire) == 0)
		return -1;
	dns_put_header(&b, &h);
	dns_put_question(&b, wire, type, DNS_IN);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&server_addr,
		sizeof(server_addr)) == 0 &&
	    send(fd, b.bytes, b.len, 0) != -1)
		n = recv(fd, bytes, size, 0);
	close(fd);
	return n;
}

/* One record as text: an address, a name, or its length. */
static void
print_rr(const struct dns_rr *rr, struct dns_reader r, char *out, size_t size)
{
	uint8_t name[DNS_NAME];
	char text[DNS_NAME_TEXT];

	if (rr->type == DNS_A && rr->len == 4) {
		inet_ntop(AF_INET, rr->data, out, (socklen_t)size);
	} else if (rr->type == DNS_PTR) {
		r.pos = (size_t)(rr->data - r.bytes);
		dns_get_name(&r, name);
		snprintf(out, size, "%s", dns_name_text(name, text));
	} else {
		snprintf(out, size, "%zu bytes", rr->len);
	}
}

/* "10.0.1.7", "a b" for two records, "" for none, "-" for no such name. */
static const char *
lookup(const char *name, uint16_t type)
{
	static char out[1024];
	uint8_t bytes[2048];
	ssize_t n = ask(name, type, bytes, sizeof(bytes));
	struct dns_reader r = { .bytes = bytes, .len = (size_t)n };
	struct dns_header h;
	struct dns_rr rr;
	size_t len;
	unsigned i;

	out[0] = '\0';
	if (n == -1 || dns_get_header(&r, &h) == -1 ||
	    dns_get_question(&r, &rr) == -1)
		return "no answer";
	if (dns_rcode(&h) == DNS_NXDOMAIN)
		return "-";
	for (i = 0; i < h.count[1] && dns_get_rr(&r, &rr) == 0; i++) {
		len = strlen(out);
		if (len > 0)
			out[len++] = ' ';
		print_rr(&rr, r, out + len, sizeof(out) - len);
	}
	return out;
}

static void
named_stop(void)
{
	char command[64];

	if (named != -1) {
		kill(named, SIGKILL);
		waitpid(named, NULL, 0);
	}
	named = -1;
	snprintf(command, sizeof(command), "%s", dir);
	if (chdir("/") == 0 && fork() == 0) {
		execlp("rm", "rm", "-rf", command, NULL);
		_exit(127);
	}
	wait(NULL);
}

static void
named_exec(void)
{
	const char *peers = getenv("PEERS");
	char path[4096];
	int fd = open("log", O_CREAT | O_WRONLY, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd != -1) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	snprintf(path, sizeof(path), "%s/usr/sbin/named",
	    peers != NULL ? peers : "");
	execl(path, "named", "-g", "-n", "1", "-c", "named.conf", NULL);
	execlp("named", "named", "-g", "-n", "1", "-c", "named.conf", NULL);
	_exit(127);
}

/* For all tests, before the first one. */
static void
named_start(void)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	int i, status;

	if (mkdtemp(dir) == NULL || chdir(dir) == -1) {
		perror(dir);
		exit(1);
	}
	umask(077);
	choose_port();
	write_files(ntohs(server_addr.sin_port));
	if ((named = fork()) == 0)
		named_exec();
	for (i = 0; i < 400; i++) {
		if (strcmp(lookup("fixed.lab.test", DNS_A), "192.0.2.1") == 0)
			return;
		if (waitpid(named, &status, WNOHANG) == named) {
			named = -1;
			break;
		}
		nanosleep(&pause, NULL);
	}
}

static void
begin(const char *key, bool replace)
{
	struct ddns_conf conf = { .set = true,
		.server = server,
		.key = strdup(key),
		.replace = replace };

	ddns = ddns_open(&conf);
	free(conf.key);
	ck_assert_ptr_nonnull(ddns);
	ck_assert_int_eq(ddns_start(ddns, loop, on_done, NULL), 0);
}

static void
setup(void)
{
	ck_assert_msg(named != -1,
	    "named does not run: is bind9 in $PEERS (bootstrap check)?");
	loop = ev_loop_new(0);
	leases = leases_new(1000);
	ck_assert_ptr_nonnull(loop);
	ck_assert_ptr_nonnull(leases);
}

static void
teardown(void)
{
	ddns_close(ddns);
	leases_free(leases);
	ev_loop_destroy(loop);
}

static void
on_time(struct ev_loop *l, ev_timer *t, int events)
{
	(void)t;
	(void)events;
	ev_break(l, EVBREAK_ALL);
}

/* Turn the loop until `n` more changes came to their end. */
static void
turn(unsigned n, double seconds)
{
	ev_timer t;

	ev_now_update(loop);
	ev_timer_init(&t, on_time, seconds, 0);
	ev_timer_start(loop, &t);
	for (n += calls; calls < n && ev_is_active(&t);)
		ev_run(loop, EVRUN_ONCE);
	ev_timer_stop(loop, &t);
	ck_assert_uint_eq(calls, n);
}

static struct lease *
bind_to(uint32_t ip, uint8_t who, const char *host)
{
	const struct lease_client client = {
		.htype = 1, .hlen = 6, .hw = { 2, 0, 0, 0, 0, who }
	};
	struct lease *l =
	    lease_bind(leases, ip, ip >> 8, &client, 1700000000, 1700003600);
	char fqdn[128];
	const struct lease_more more = { .host = host, .fqdn = fqdn };

	ck_assert_ptr_nonnull(l);
	snprintf(fqdn, sizeof(fqdn), "%s.lab.test", host);
	ck_assert_int_eq(lease_remember(leases, l, &more), 0);
	return l;
}

static struct lease *
add(uint32_t ip, uint8_t who, const char *host)
{
	static const struct settings settings;
	struct ddns_name name = { .update_a = true, .update_ptr = true };
	struct lease *l = bind_to(ip, who, host);

	snprintf(name.fqdn, sizeof(name.fqdn), "%s.lab.test", host);
	ddns_add(ddns, l, &name, &settings);
	return l;
}

#define IS(name, type, want) ck_assert_str_eq(lookup(name, type), want)

/* With each algorithm: in, and out without a trace. */
START_TEST(test_life)
{
	char fqdn[64], dotted[65];
	struct lease *l;

	snprintf(fqdn, sizeof(fqdn), "pc%d.lab.test", _i);
	snprintf(dotted, sizeof(dotted), "%s.", fqdn);
	begin(algorithms[_i], false);
	l = add(IP, 1, (const char[]){ 'p', 'c', (char)('0' + _i), '\0' });
	turn(1, 10);
	ck_assert_int_eq(stands, DDNS_A | DDNS_PTR);
	IS(fqdn, DNS_A, "10.0.1.7");
	IS(fqdn, DNS_DHCID, "35 bytes");
	IS("7.1.0.10.in-addr.arpa", DNS_PTR, dotted);
	ddns_remove(ddns, l);
	turn(1, 10);
	ck_assert_int_eq(stands, 0);
	IS(fqdn, DNS_A, "-");
	IS(fqdn, DNS_DHCID, "-");
	IS("7.1.0.10.in-addr.arpa", DNS_PTR, "-");
}
END_TEST

/* Somebody else's name stays somebody else's; a name that is fixed, too. */
START_TEST(test_conflict)
{
	const char *log;
	struct lease *l;

	begin("hmac-sha256", false);
	l = add(IP, 1, "taken");
	turn(1, 10);
	caught_begin();
	add(OTHER_IP, 2, "taken");
	turn(1, 10);
	ck_assert_int_eq(stands, 0);
	add(OTHER_IP, 2, "fixed");
	turn(1, 10);
	add(OTHER_IP, 2, "note");
	turn(1, 10);
	log = caught_end();
	ck_assert_ptr_nonnull(strstr(log, "taken.lab.test. does not go into"));
	ck_assert_ptr_nonnull(strstr(log, "fixed.lab.test. does not go into"));
	ck_assert_ptr_nonnull(strstr(log, "the name is in use by another"));
	IS("taken.lab.test", DNS_A, "10.0.1.7");
	IS("fixed.lab.test", DNS_A, "192.0.2.1");
	IS("note.lab.test", DNS_A, "");
	IS("8.1.0.10.in-addr.arpa", DNS_PTR, "-");
	/* nor does it go with the other's lease, whatever that believes */
	lease_release(leases, lease_at(leases, OTHER_IP), 1700000001);
	bind_to(OTHER_IP, 2, "taken")->dns = DDNS_A | DDNS_PTR;
	ddns_remove(ddns, lease_at(leases, OTHER_IP));
	turn(1, 10);
	IS("taken.lab.test", DNS_A, "10.0.1.7");
	ddns_remove(ddns, l);
	turn(1, 10);
	IS("taken.lab.test", DNS_A, "-");
}
END_TEST

/* A client that moves takes its name along; its old lease's end hurts not. */
START_TEST(test_moved)
{
	struct lease *old, *new;

	begin("hmac-sha256", false);
	old = add(IP, 1, "laptop");
	turn(1, 10);
	new = add(APART_IP, 1, "laptop");
	turn(1, 10);
	IS("laptop.lab.test", DNS_A, "10.0.2.5");
	IS("5.2.0.10.in-addr.arpa", DNS_PTR, "laptop.lab.test.");
	IS("7.1.0.10.in-addr.arpa", DNS_PTR, "laptop.lab.test.");
	ddns_remove(ddns, old);
	turn(1, 10);
	IS("laptop.lab.test", DNS_A, "10.0.2.5");
	IS("laptop.lab.test", DNS_DHCID, "35 bytes");
	IS("7.1.0.10.in-addr.arpa", DNS_PTR, "-");
	ddns_remove(ddns, new);
	turn(1, 10);
	IS("laptop.lab.test", DNS_A, "-");
	IS("5.2.0.10.in-addr.arpa", DNS_PTR, "-");
}
END_TEST

/* Both at once, in either order on the wire. */
START_TEST(test_moved_at_once)
{
	struct lease *old, *new;

	begin("hmac-sha256", false);
	old = add(IP, 1, "tablet");
	turn(1, 10);
	ddns_remove(ddns, old);
	new = add(OTHER_IP, 1, "tablet");
	turn(2, 10);
	IS("tablet.lab.test", DNS_A, "10.0.1.8");
	IS("tablet.lab.test", DNS_DHCID, "35 bytes");
	ddns_remove(ddns, new);
	turn(1, 10);
	IS("tablet.lab.test", DNS_A, "-");
}
END_TEST

START_TEST(test_renamed)
{
	struct lease *l;

	begin("hmac-sha256", false);
	l = add(IP, 1, "before");
	turn(1, 10);
	ddns_remove(ddns, l);
	l = add(IP, 1, "after");
	turn(1, 10);
	IS("before.lab.test", DNS_A, "-");
	IS("after.lab.test", DNS_A, "10.0.1.7");
	IS("7.1.0.10.in-addr.arpa", DNS_PTR, "after.lab.test.");
	ddns_remove(ddns, l);
	turn(1, 10);
	IS("after.lab.test", DNS_A, "-");
}
END_TEST

/* replace: the last one gets the name. */
START_TEST(test_replace)
{
	struct lease *old, *new;

	begin("hmac-sha256", true);
	old = add(IP, 1, "shared");
	turn(1, 10);
	new = add(OTHER_IP, 2, "shared");
	turn(1, 10);
	IS("shared.lab.test", DNS_A, "10.0.1.8");
	IS("shared.lab.test", DNS_DHCID, "35 bytes");
	ddns_remove(ddns, old); /* it has the name no more */
	turn(1, 10);
	IS("shared.lab.test", DNS_A, "10.0.1.8");
	ddns_remove(ddns, new);
	turn(1, 10);
	IS("shared.lab.test", DNS_A, "-");
}
END_TEST

/* Many at a time, each of them right. */
START_TEST(test_many)
{
	char host[16], fqdn[64], want[32];
	unsigned i;

	begin("hmac-sha256", false);
	for (i = 0; i < 200; i++) {
		snprintf(host, sizeof(host), "many%u", i);
		add(0x0a000300u + i, (uint8_t)i, host);
	}
	turn(200, 20);
	for (i = 0; i < 200; i++) {
		snprintf(fqdn, sizeof(fqdn), "many%u.lab.test", i);
		snprintf(want, sizeof(want), "10.0.3.%u", i);
		IS(fqdn, DNS_A, want);
		ddns_remove(ddns, lease_at(leases, 0x0a000300u + i));
	}
	turn(200, 20);
	for (i = 0; i < 200; i++) {
		snprintf(fqdn, sizeof(fqdn), "many%u.lab.test", i);
		IS(fqdn, DNS_A, "-");
	}
}
END_TEST

/* Unsigned, or by a wrong key: nothing happens, and why is told. */
START_TEST(test_not_allowed)
{
	begin("", false);
	caught_begin();
	add(IP, 1, "nokey");
	turn(1, 10);
	ck_assert_ptr_nonnull(strstr(caught_end(), ": REFUSED\n"));
	IS("nokey.lab.test", DNS_A, "-");
	ddns_close(ddns);
	begin("wrong", false);
	caught_begin();
	add(IP, 1, "wrong");
	turn(1, 20);
	ck_assert_ptr_nonnull(
	    strstr(caught_end(), ": a wrong signature (BADSIG)\n"));
	IS("wrong.lab.test", DNS_A, "-");
}
END_TEST

/* No zone for the name, none for the address. */
START_TEST(test_no_zone)
{
	static const struct settings settings;
	struct ddns_name name = { .fqdn = "pc.other.test", .update_a = true };
	struct lease *l = bind_to(IP, 1, "pc");

	begin("hmac-sha256", false);
	caught_begin();
	ddns_add(ddns, l, &name, &settings);
	turn(1, 10);
	ck_assert_ptr_nonnull(strstr(caught_end(), ": NOTAUTH\n"));
	caught_begin();
	l = add(0xc0000205u, 1, "halfway"); /* 192.0.2.5 */
	turn(1, 10);
	ck_assert_ptr_nonnull(strstr(caught_end(), ": REFUSED\n"));
	ck_assert_int_eq(stands, DDNS_A);
	IS("halfway.lab.test", DNS_A, "192.0.2.5");
	ddns_remove(ddns, l);
	turn(1, 10);
	IS("halfway.lab.test", DNS_A, "-");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("named");
	TCase *tc = tcase_create("named");
	int rc;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, test_life, 0, 5);
	tcase_add_test(tc, test_conflict);
	tcase_add_test(tc, test_moved);
	tcase_add_test(tc, test_moved_at_once);
	tcase_add_test(tc, test_renamed);
	tcase_add_test(tc, test_replace);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_not_allowed);
	tcase_add_test(tc, test_no_zone);
	suite_add_tcase(s, tc);
	named_start();
	rc = tap_run(s);
	named_stop();
	return rc;
}
