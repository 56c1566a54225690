/*
 * Lookups in what a configuration describes: networks, ranges, reservations,
 * classes, what to boot.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <unistd.h>

#include <bsd/string.h>

#include "scope_load.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* Networks of all sizes with holes between them. */
static const char networks[] =
    "subnet 10.0.0.0/16 {\n"
    " ranges = { 10.0.9.0-10.0.9.255, 10.0.1.1, 10.0.2.0-10.0.8.255 }\n"
    "}\n"
    "subnet 192.168.255.128/25 { ranges = 192.168.255.200-192.168.255.255 }\n"
    "shared two { subnet 10.2.0.0/24 { }\n"
    " subnet 10.1.128.0/17 { ranges = 10.1.255.0-10.1.255.9 } }\n"
    "subnet 1.0.0.4/30 { ranges = 1.0.0.4-1.0.0.7 }\n"
    "subnet 255.0.0.0/8 { ranges = 255.0.0.0-255.255.255.255 }\n";

static const struct {
	const char *ip, *net;
	const char *first; /* of the range, NULL: in none */
} places[] = {
	{ "0.0.0.0", NULL, NULL },
	{ "1.0.0.3", NULL, NULL },
	{ "1.0.0.4", "1.0.0.4", "1.0.0.4" },
	{ "1.0.0.7", "1.0.0.4", "1.0.0.4" },
	{ "1.0.0.8", NULL, NULL },
	{ "9.255.255.255", NULL, NULL },
	{ "10.0.0.0", "10.0.0.0", NULL },
	{ "10.0.1.0", "10.0.0.0", NULL },
	{ "10.0.1.1", "10.0.0.0", "10.0.1.1" },
	{ "10.0.1.2", "10.0.0.0", NULL },
	{ "10.0.2.0", "10.0.0.0", "10.0.2.0" },
	{ "10.0.8.255", "10.0.0.0", "10.0.2.0" },
	{ "10.0.9.0", "10.0.0.0", "10.0.9.0" },
	{ "10.0.255.255", "10.0.0.0", NULL },
	{ "10.1.0.0", NULL, NULL },
	{ "10.1.127.255", NULL, NULL },
	{ "10.1.128.0", "10.1.128.0", NULL },
	{ "10.1.255.9", "10.1.128.0", "10.1.255.0" },
	{ "10.2.0.0", "10.2.0.0", NULL },
	{ "10.2.1.0", NULL, NULL },
	{ "192.168.255.127", NULL, NULL },
	{ "192.168.255.255", "192.168.255.128", "192.168.255.200" },
	{ "255.255.255.255", "255.0.0.0", "255.0.0.0" },
};

START_TEST(place)
{
	const struct scopes *s = load_good(networks, NULL);
	uint32_t at = ip(places[_i].ip);
	const struct subnet *sub = scope_subnet(s, at);
	const struct range *r = scope_range(s, at);

	if (places[_i].net == NULL) {
		ck_assert_ptr_null(sub);
	} else {
		ck_assert_ptr_nonnull(sub);
		ck_assert_uint_eq(sub->net, ip(places[_i].net));
	}
	if (places[_i].first == NULL) {
		ck_assert_ptr_null(r);
	} else {
		ck_assert_ptr_nonnull(r);
		ck_assert_uint_eq(r->first, ip(places[_i].first));
		ck_assert_ptr_eq(r->subnet, sub);
	}
	drop_conf();
}
END_TEST

/* Every address around every edge, told by asking each range. */
START_TEST(every_edge)
{
	const struct scopes *s;
	char text[8192] = "subnet 10.0.0.0/8 {\n ranges = {", one[64];
	const struct subnet *sub;
	const struct range *want, *r;
	uint32_t at;
	size_t i;

	for (i = 0; i < 100; i++) { /* of 1 to 3 addresses, 4 apart */
		snprintf(one, sizeof(one), "%s10.0.0.%zu-10.0.0.%zu",
		    i == 0 ? "" : ", ", i * 2 + i % 2, i * 2 + 1);
		strlcat(text, one, sizeof(text));
	}
	strlcat(text, "}\n}\n", sizeof(text));
	s = load_good(text, NULL);
	sub = &s->networks[0].subnets[0];
	ck_assert_uint_eq(sub->nranges, 100);
	for (at = ip("9.255.255.250"); at < ip("10.0.1.0"); at++) {
		want = NULL;
		for (i = 0; i < sub->nranges; i++) {
			r = &sub->ranges[i];
			if (at >= r->first && at <= r->last)
				want = r;
		}
		ck_assert_ptr_eq(scope_range(s, at), want);
	}
	drop_conf();
}
END_TEST

static const char clients[] =
    "shared campus {\n"
    "  subnet 10.0.0.0/24 {\n"
    "    host id-a { client_id = 0x01aa address = 10.0.0.1 }\n"
    "    host hw-a { mac = 02:00:00:00:00:01 address = 10.0.0.2 }\n"
    "    host text { client_id = desk address = 10.0.0.3 }\n"
    "    host here { mac = 02:00:00:00:00:03 }\n"
    "  }\n"
    "  subnet 10.0.1.0/24 { }\n"
    "}\n"
    "subnet 10.1.0.0/24 {\n"
    "  host hw-b { mac = 02:00:00:00:00:01 address = 10.1.0.2 }\n"
    "}\n"
    "host id-any { client_id = 0x01bb }\n"
    "host hw-any { mac = 02:00:00:00:00:02 }\n"
    "host hw-lab { mac = 02:00:00:00:00:02 address = 10.1.0.3 }\n"
    "host port { circuit_id = ge-0/0/1 address = 10.0.1.9 }\n"
    "host switch { remote_id = 0x020000000077 address = 10.1.0.9 }\n";

static const uint8_t port_agent[] = { 1, 8, 'g', 'e', '-', '0', '/', '0', '/',
	'1' };
static const uint8_t both_agent[] = { 1, 1, 'x', 2, 6, 2, 0, 0, 0, 0, 0x77 };
static const uint8_t cut_agent[] = { 1, 8, 'g', 'e' };

static const struct {
	const char *id; /* NULL: without */
	size_t idlen;
	uint8_t hw; /* the last byte */
	int network; /* 0 campus, 1 10.1.0.0/24 */
	const uint8_t *agent;
	size_t agent_len;
	const char *name; /* who it is, NULL: nobody */
} seekers[] = {
	{ NULL, 0, 9, 0, NULL, 0, NULL },
	{ NULL, 0, 1, 0, NULL, 0, "hw-a" },
	{ NULL, 0, 1, 1, NULL, 0, "hw-b" },
	/* the identifier comes first, */
	{ "\1\xaa", 2, 1, 0, NULL, 0, "id-a" },
	/* .. where it has an address there, */
	{ "\1\xaa", 2, 1, 1, NULL, 0, "hw-b" },
	{ "\1\xbb", 2, 1, 0, NULL, 0, "hw-a" },
	/* .. which no other need have. */
	{ "\1\xbb", 2, 9, 0, NULL, 0, "id-any" },
	{ "\1\xbb", 2, 9, 1, NULL, 0, "id-any" },
	{ "\1\xbb", 2, 2, 0, NULL, 0, "id-any" },
	{ NULL, 0, 2, 0, NULL, 0, "hw-any" },
	{ NULL, 0, 2, 1, NULL, 0, "hw-lab" },
	/* One in a subnet counts in its network. */
	{ NULL, 0, 3, 0, NULL, 0, "here" },
	{ NULL, 0, 3, 1, NULL, 0, NULL },
	/* text, as it is and behind its type */
	{ "desk", 4, 9, 0, NULL, 0, "text" },
	{ "\0desk", 5, 9, 0, NULL, 0, "text" },
	{ "\1desk", 5, 9, 0, NULL, 0, NULL },
	{ "des", 3, 9, 0, NULL, 0, NULL },
	{ "\0", 1, 9, 0, NULL, 0, NULL },
	/* option 82 */
	{ NULL, 0, 9, 0, port_agent, sizeof(port_agent), "port" },
	{ NULL, 0, 1, 0, port_agent, sizeof(port_agent), "hw-a" },
	{ NULL, 0, 2, 0, port_agent, sizeof(port_agent), "port" },
	{ NULL, 0, 9, 1, port_agent, sizeof(port_agent), NULL },
	{ NULL, 0, 9, 1, both_agent, sizeof(both_agent), "switch" },
	{ NULL, 0, 9, 0, cut_agent, sizeof(cut_agent), NULL },
	{ NULL, 0, 9, 0, port_agent, 0, NULL },
};

START_TEST(seeker)
{
	const struct scopes *s = load_good(clients, NULL);
	struct lease_client c = { .htype = 1,
		.hlen = 6,
		.hw = { 2, 0, 0, 0, 0, seekers[_i].hw },
		.id = (const uint8_t *)seekers[_i].id,
		.idlen = seekers[_i].idlen };
	const struct network *n = &s->networks[seekers[_i].network];
	const struct host *h =
	    scope_host(s, n, &c, seekers[_i].agent, seekers[_i].agent_len);

	if (seekers[_i].name == NULL) {
		ck_assert_msg(
		    h == NULL, "row %d: %s", _i, h == NULL ? "" : h->name);
	} else {
		ck_assert_msg(h != NULL, "row %d", _i);
		ck_assert_str_eq(h->name, seekers[_i].name);
		if (h->ip != 0)
			ck_assert_ptr_eq(h->subnet->network, n);
	}
	/* Another type of hardware is another client. */
	c.htype = 6;
	c.id = NULL;
	c.idlen = 0;
	ck_assert_ptr_null(scope_host(s, n, &c, NULL, 0));
	drop_conf();
}
END_TEST

/* A message's part that classes look at. */
struct looks {
	const char *name; /* of the class, NULL: none */
	const char *vendor; /* 60 */
	const char *user; /* 77, a length before it */
	const char *arch; /* 93, pairs of bytes */
	size_t narch;
	uint8_t hw[16], hlen;
	const uint8_t *agent;
	size_t agent_len;
};

static void
make_packet(struct packet *p, const struct looks *l)
{
	struct options *o = &p->options;

	memset(p, 0, sizeof(*p));
	p->hlen = l->hlen;
	memcpy(p->chaddr, l->hw, sizeof(l->hw));
	if (l->vendor != NULL) {
		o->at[60] = (const uint8_t *)l->vendor;
		o->len[60] = (uint16_t)strlen(l->vendor);
	}
	if (l->user != NULL) {
		o->at[77] = (const uint8_t *)l->user;
		o->len[77] = (uint16_t)strlen(l->user);
	}
	if (l->arch != NULL) {
		o->at[93] = (const uint8_t *)l->arch;
		o->len[93] = (uint16_t)l->narch;
	}
	o->at[82] = l->agent;
	o->len[82] = (uint16_t)l->agent_len;
}

static const char classes[] =
    "class phones { vendor_prefix = AastraIP }\n"
    "class ipxe { user_class = iPXE arch = { 7, 9 } }\n"
    "class uefi { arch = { 7, 9 } }\n"
    "class lab { mac_prefix = 02:00:5e }\n"
    "class port { circuit_id = ge-0/0/1 remote_id = \"\" }\n"
    "class switch { remote_id = \"02:00:00:00:00:77\" per_circuit = 3 }\n";

static const struct looks lookers[] = {
	{ .name = NULL },
	{ .name = "phones", .vendor = "AastraIP" },
	{ .name = "phones", .vendor = "AastraIPPhone6731i" },
	{ .name = NULL, .vendor = "AastraI" },
	{ .name = NULL, .vendor = "xAastraIP" },
	/* All of a class must fit; the first of several counts. */
	{ .name = "ipxe", .user = "iPXE", .arch = "\0\7", .narch = 2 },
	{ .name = "ipxe", .user = "\4iPXE", .arch = "\0\11", .narch = 2 },
	{ .name = "ipxe",
	    .user = "\2ab\4iPXE\1x",
	    .arch = "\0\0\0\7",
	    .narch = 4 },
	{ .name = NULL, .user = "iPXE", .arch = "\0\0", .narch = 2 },
	{ .name = NULL, .user = "iPXE" },
	{ .name = "uefi", .user = "iPXEs", .arch = "\0\7", .narch = 2 },
	{ .name = "uefi", .user = "\5iPXEs", .arch = "\0\7", .narch = 2 },
	{ .name = "uefi", .user = "\6\4iPXE", .arch = "\0\7", .narch = 2 },
	{ .name = NULL, .arch = "\7\0", .narch = 2 },
	{ .name = NULL, .arch = "\0\7", .narch = 1 },
	{ .name = "lab", .hw = { 2, 0, 0x5e, 9 }, .hlen = 6 },
	{ .name = "lab", .hw = { 2, 0, 0x5e }, .hlen = 3 },
	{ .name = NULL, .hw = { 2, 0, 0x5e }, .hlen = 2 },
	{ .name = "port",
	    .agent = port_agent,
	    .agent_len = sizeof(port_agent) },
	{ .name = "switch",
	    .agent = both_agent,
	    .agent_len = sizeof(both_agent) },
	{ .name = NULL, .agent = cut_agent, .agent_len = sizeof(cut_agent) },
};

START_TEST(looker)
{
	const struct scopes *s = load_good(classes, NULL);
	const struct class *c;
	struct packet p;

	make_packet(&p, &lookers[_i]);
	c = scope_class(s, &p);
	if (lookers[_i].name == NULL) {
		ck_assert_msg(
		    c == NULL, "row %d: %s", _i, c == NULL ? "" : c->name);
	} else {
		ck_assert_msg(c != NULL, "row %d", _i);
		ck_assert_str_eq(c->name, lookers[_i].name);
		ck_assert(scope_in_class(c, &p));
	}
	ck_assert_uint_eq(s->classes[5].per_circuit, 3);
	drop_conf();
}
END_TEST

START_TEST(boot)
{
	static const struct {
		struct looks looks;
		const char *file;
	} rows[] = {
		{ { .user = "iPXE", .arch = "\0\7", .narch = 2 }, "menu.ipxe" },
		{ { .vendor = "HTTPClient:Arch:00016",
		      .arch = "\0\20",
		      .narch = 2 },
		    "http://x/boot.efi" },
		{ { .vendor = "PXEClient:Arch:00007",
		      .arch = "\0\7",
		      .narch = 2 },
		    "grub.efi" },
		{ { .vendor = "PXEClient:Arch:00000",
		      .arch = "\0\0",
		      .narch = 2 },
		    "pxelinux.0" },
		{ { .arch = "\0\13", .narch = 2 }, NULL },
		{ { .vendor = NULL }, NULL },
	};
	const struct scopes *s = load_good(
	    "boot old { arch = 0 file = pxelinux.0 server_name = s\n"
	    " next_server = 10.0.0.9 }\n"
	    "subnet 10.0.0.0/24 {\n"
	    " boot ipxe { user_class = iPXE file = menu.ipxe }\n"
	    " boot http { vendor_prefix = HTTPClient arch = { 15, 16 }\n"
	    "  file = \"http://x/boot.efi\" }\n"
	    " boot uefi { arch = { 6, 7, 9 } file = grub.efi }\n"
	    "}\n",
	    NULL);
	const struct settings *t = &s->networks[0].subnets[0].settings;
	const struct boot *b;
	struct packet p;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		make_packet(&p, &rows[i].looks);
		b = scope_boot(t->boots, t->nboots, &p);
		if (rows[i].file == NULL) {
			ck_assert_ptr_null(b);
			continue;
		}
		ck_assert_ptr_nonnull(b);
		ck_assert_str_eq(b->file, rows[i].file);
	}
	ck_assert_str_eq(t->boots[3].server_name, "s");
	ck_assert_uint_eq(
	    ntohl(t->boots[3].next_server.s_addr), ip("10.0.0.9"));
	ck_assert_ptr_null(scope_boot(NULL, 0, &p));
	drop_conf();
}
END_TEST

START_TEST(options)
{
	static const uint8_t codes[] = { 1, 3, 6, 42, 254 };
	struct option_value v[N(codes)];
	struct option_set set = { v, 0 };
	size_t i, n;
	int code;

	for (n = 0; n <= N(codes); n++) {
		for (i = 0; i < n; i++)
			v[i] = (struct option_value){ .code = codes[i] };
		set.n = n;
		for (code = 0, i = 0; code < 256; code++)
			if (i < n && codes[i] == code)
				ck_assert_ptr_eq(
				    option_set_find(&set, (uint8_t)code),
				    &v[i++]);
			else
				ck_assert_ptr_null(
				    option_set_find(&set, (uint8_t)code));
	}
}
END_TEST

int
main(void)
{
	char dir[] = "/tmp/test_scopeXXXXXX";
	Suite *s = suite_create("scope");
	TCase *t = tcase_create("scope");
	int failed;

	suite_add_tcase(s, t);
	tcase_add_loop_test(t, place, 0, (int)N(places));
	tcase_add_test(t, every_edge);
	tcase_add_loop_test(t, seeker, 0, (int)N(seekers));
	tcase_add_loop_test(t, looker, 0, (int)N(lookers));
	tcase_add_test(t, boot);
	tcase_add_test(t, options);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	failed = tap_run(s);
	unlink(CONF_FILE);
	if (chdir("/") == -1 || rmdir(dir) == -1)
		return 1;
	return failed;
}
