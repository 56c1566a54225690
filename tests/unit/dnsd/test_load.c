/*
 * load: zones from files, what is wrong with these, what a journal adds, and
 * loading again while all goes on.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "caught.h"
#include "journal.h"
#include "load.h"
#include "tap.h"
#include "update.h"

static struct {
	char dir[32];
	struct dnsd_conf conf;
	struct zone_conf zones[3];
	struct server server;
	stats_value counters[COUNTERS];
	struct remote primary;
	uint64_t stamp; /* of the files that are written */
} t;

static void
file_write(const char *name, const char *text)
{
	char path[PATH_MAX];
	struct timespec when[2] = { { .tv_sec = 1000000 } };
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", t.dir, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
	/* no two writes at the same time */
	when[0].tv_sec = when[1].tv_sec = (time_t)(1000000 + t.stamp++);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, when, 0), 0);
}

static struct zone *
zone_of(const char *origin)
{
	struct dname name;

	ck_assert_int_eq(dname_parse(&name, origin, strlen(origin), NULL), 0);
	return zones_at(t.server.zones, &name);
}

static struct zone_conf *
zone_add(const char *origin)
{
	struct zone_conf *z = &t.zones[t.conf.zones.n++];

	ck_assert_int_eq(
	    dname_parse(&z->origin, origin, strlen(origin), NULL), 0);
	z->file = (char *)(uintptr_t) "";
	z->journal_max = z->max_size = 1 << 20;
	return z;
}

static void
server_start(void)
{
	struct server *s = &t.server;

	*s = (struct server){
		.conf = &t.conf, .loop = ev_loop_new(0), .writing = true
	};
	s->main.server = s;
	s->main.counters = t.counters;
	s->journals = journals_open(s->loop);
	ck_assert_ptr_nonnull(s->journals);
	ck_assert_int_eq(zones_open(s), 0);
}

static void
server_stop(void)
{
	zones_close(t.server.zones);
	journals_close(t.server.journals);
	ev_loop_destroy(t.server.loop);
}

static void
setup(void)
{
	memset(&t, 0, sizeof(t));
	log_level(LOG_NOTICE);
	strlcpy(t.dir, "/tmp/test_load.XXXXXX", sizeof(t.dir));
	ck_assert_ptr_nonnull(mkdtemp(t.dir));
	t.conf.zones.v = t.zones;
	t.conf.directory = t.dir;
	zone_add("example.");
}

static void
teardown(void)
{
	char command[PATH_MAX];
	static const char *const names[] = { "example.zone", "example.jnl",
		"more", "other.zone" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(command, sizeof(command), "%s/%s", t.dir, names[i]);
		unlink(command);
	}
	rmdir(t.dir);
}

/* One file */

#define HEAD "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n"

static const struct {
	const char *text, *told; /* without the directory */
	size_t errors;
} wrong[] = {
	{ HEAD "a 60 A 1.2.3\n", "example.zone:4: ", 1 },
	{ HEAD "a.b. 60 A 1.2.3.4\n",
	    "example.zone:4: the name is not in the zone\n", 1 },
	{ HEAD "@ 60 SOA ns h 2 2 3 4 5\n", "example.zone:4: a second SOA\n",
	    1 },
	{ HEAD "a 60 SOA ns h 2 2 3 4 5\n",
	    "example.zone:4: a SOA must stand at the zone's own name\n", 1 },
	{ HEAD "a 60 CNAME b\na 60 CNAME c\n",
	    "example.zone:5: a second CNAME of this name\n", 1 },
	{ HEAD "a 60 DNAME b\na 60 DNAME c\n",
	    "example.zone:5: a second DNAME of this name\n", 1 },
	{ "@ 60 NS ns\n", "example.zone: there is no SOA of the zone's name\n",
	    1 },
	{ "", "example.zone: there is no SOA of the zone's name\n", 1 },
	{ "@ 60 SOA ns h 1 2 3 4 5\n", "example.zone: ", 1 },
	{ HEAD "a 60 CNAME b\na 60 A 1.2.3.4\n", "example.zone: ", 1 },
	{ HEAD "a 60 A 1.2.3\nb 60 A 1.2.3\n.. 60 A 1\n",
	    "example.zone:6: ", 3 },
	{ HEAD "$INCLUDE nothing\n", "nothing", 1 },
};

START_TEST(wrong_files_are_told_by_line)
{
	struct load_result result;
	char path[PATH_MAX];
	const char *told;

	file_write("example.zone", wrong[_i].text);
	snprintf(path, sizeof(path), "%s/example.zone", t.dir);
	caught_begin();
	load_file(path, &t.zones[0].origin, &result);
	told = caught_end();
	ck_assert_ptr_null(result.snapshot);
	ck_assert_uint_eq(result.errors, wrong[_i].errors);
	ck_assert_msg(strstr(told, wrong[_i].told) != NULL, "told: %s", told);
	load_result_free(&result);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told)
{
	struct load_result result;
	const char *told;

	caught_begin();
	load_file("/nonexistent/zone", &t.zones[0].origin, &result);
	told = caught_end();
	ck_assert_ptr_null(result.snapshot);
	ck_assert_uint_eq(result.errors, 1);
	ck_assert_ptr_nonnull(strstr(told, "/nonexistent/zone: "));
	load_result_free(&result);
}
END_TEST

static uint32_t
first_ttl(const struct snapshot *s, const char *text, uint16_t type)
{
	const struct node *node;
	struct dname name;

	ck_assert_int_eq(dname_parse(&name, text, strlen(text), NULL), 0);
	node = snapshot_find(s, &name, 0);
	ck_assert_ptr_nonnull(node);
	return node_rrset(node, type)->ttl;
}

START_TEST(a_file_makes_a_snapshot)
{
	struct load_result result;
	char path[PATH_MAX];
	const char *told;

	file_write("more", "m 60 A 192.0.2.9\n");
	file_write("example.zone",
	    HEAD "t 60 TXT a\n  90 TXT b\nt 70 A 192.0.2.2\n"
		 "d 60 A 192.0.2.2\nd 60 A 192.0.2.2\n$INCLUDE more\n");
	snprintf(path, sizeof(path), "%s/example.zone", t.dir);
	caught_begin();
	load_file(path, &t.zones[0].origin, &result);
	told = caught_end();
	ck_assert_ptr_nonnull(result.snapshot);
	ck_assert_uint_eq(result.errors, 0);
	ck_assert_uint_eq(result.warnings, 1);
	ck_assert_ptr_nonnull(strstr(told, "example.zone:5: another TTL"));
	ck_assert_uint_eq(result.records, 9);
	ck_assert_uint_eq(result.snapshot->records, 8);
	ck_assert_uint_eq(result.snapshot->names, 5);
	ck_assert_uint_eq(result.snapshot->negative_ttl, 5);
	ck_assert_uint_eq(
	    first_ttl(result.snapshot, "t.example.", TYPE_TXT), 60);
	ck_assert_uint_eq(result.nfiles, 2);
	ck_assert_ptr_nonnull(strstr(result.files[1].path, "/more"));
	load_result_free(&result);
}
END_TEST

/* The journal's rules */

static const char *
zone_text(unsigned serial, const char *more)
{
	static char text[512];

	snprintf(text, sizeof(text),
	    "@ 60 SOA ns h %u 2 3 4 5\n@ 60 NS ns\nns 60 A 192.0.2.1\n%s",
	    serial, more);
	return text;
}

static void
put_done(void *arg, int error)
{
	(void)arg;
	ck_assert_int_eq(error, 0);
}

static bool
has(const struct snapshot *s, const char *text)
{
	struct dname name;

	ck_assert_int_eq(dname_parse(&name, text, strlen(text), NULL), 0);
	return snapshot_find(s, &name, 0) != NULL;
}

/* A change of serial, which makes or removes a name. */
static void
journal_change(struct zone *z, bool added, const char *text)
{
	struct snapshot *now = zone_now(z), *next;
	struct edit *e = edit_begin(now, NULL);
	const struct rrset *soa = node_rrset(now->apex, TYPE_SOA);
	const struct edit_change *v;
	uint8_t data[512];
	struct edit_rr rr = { TYPE_SOA, 60, data, rrset_len(soa->data) };
	struct edit_rr a = { TYPE_A, 60, (const uint8_t *)"\1\2\3\4", 4 };
	struct dname name;
	size_t n;

	memcpy(data, rrset_rdata(soa->data), rr.len);
	data[rr.len - 17]++;
	edit_record(e);
	ck_assert_int_eq(dname_parse(&name, text, strlen(text), NULL), 0);
	ck_assert_int_eq(
	    (added ? edit_add : edit_remove)(e, &name, &a), EDIT_DONE);
	ck_assert_int_eq(edit_add(e, &now->origin, &rr), EDIT_DONE);
	n = edit_changes(e, &v);
	ck_assert_int_eq(journal_put(z->journal, now->serial, now->serial + 1,
			     v, n, put_done, NULL),
	    0);
	journals_sync(t.server.journals);
	ck_assert_ptr_nonnull(next = edit_commit(e));
	zone_publish(z, next);
}

/* Serial 10, and 11 and 12 in the journal. */
static void
make_journal(void)
{
	struct zone *z;

	t.zones[0].updates.n = 1;
	file_write("example.zone", zone_text(10, "a 60 A 1.2.3.4\n"));
	server_start();
	ck_assert_int_eq(load_all(&t.server), 0);
	z = zone_of("example.");
	ck_assert(z->dynamic && !z->secondary && z->journal != NULL);
	journal_change(z, true, "b.example.");
	journal_change(z, false, "a.example.");
	server_stop();
}

static const struct {
	unsigned serial;
	const char *more;
	unsigned served; /* 0: not */
	const char *told;
	bool a, b;
} rules[] = {
	{ 10, "a 60 A 1.2.3.4\n", 12, "", false, true },
	{ 11, "a 60 A 1.2.3.4\nb 60 A 1.2.3.4\n", 12, "", false, true },
	{ 12, "b 60 A 1.2.3.4\n", 12, "", false, true },
	{ 13, "c 60 A 1.2.3.4\n", 13, "newer than the journal", false, false },
	{ 9, "a 60 A 1.2.3.4\n", 0, "give the file a serial above 12", false,
	    false },
	{ 10, "", 0, "example", false, false },
};

START_TEST(file_and_journal)
{
	const struct snapshot *s;
	const char *told;
	int status;

	make_journal();
	file_write("example.zone", zone_text(rules[_i].serial, rules[_i].more));
	server_start();
	caught_begin();
	status = load_all(&t.server);
	told = caught_end();
	s = zone_now(zone_of("example."));
	ck_assert_msg(strstr(told, rules[_i].told) != NULL, "told: %s", told);
	ck_assert_int_eq(status, rules[_i].served == 0 ? -1 : 0);
	ck_assert_int_eq(zone_of("example.")->broken, rules[_i].served == 0);
	if (rules[_i].served == 0) {
		ck_assert_ptr_null(s);
	} else {
		ck_assert_ptr_nonnull(s);
		ck_assert_uint_eq(s->serial, rules[_i].served);
		ck_assert_int_eq(has(s, "a.example."), rules[_i].a);
		ck_assert_int_eq(has(s, "b.example."), rules[_i].b);
	}
	server_stop();
}
END_TEST

START_TEST(a_secondary_may_wait_for_its_first_transfer)
{
	t.zones[0].primaries.v = &t.primary;
	t.zones[0].primaries.n = 1;
	server_start();
	ck_assert_int_eq(load_all(&t.server), 0);
	ck_assert(zone_of("example.")->secondary);
	ck_assert(!zone_of("example.")->broken);
	ck_assert_ptr_null(zone_now(zone_of("example.")));
	ck_assert_ptr_nonnull(zone_of("example.")->journal);
	ck_assert(!load_changed(zone_of("example.")));
	server_stop();
	/* and has what it got later on */
	file_write("example.zone", zone_text(5, ""));
	server_start();
	ck_assert_int_eq(load_all(&t.server), 0);
	ck_assert_uint_eq(zone_now(zone_of("example."))->serial, 5);
	server_stop();
}
END_TEST

START_TEST(one_wrong_zone_leaves_the_others)
{
	zone_add("other.");
	file_write("example.zone", "what\n");
	file_write("other.zone", zone_text(1, ""));
	server_start();
	caught_begin();
	ck_assert_int_eq(load_all(&t.server), -1);
	caught_end();
	ck_assert(zone_of("example.")->broken);
	ck_assert_ptr_null(zone_now(zone_of("example.")));
	ck_assert_ptr_nonnull(zone_now(zone_of("other.")));
	server_stop();
}
END_TEST

/* Again */

struct told {
	unsigned n;
	char error[128];
};

static void
on_loaded(void *arg, const char *error)
{
	struct told *told = arg;

	told->n++;
	strlcpy(told->error, error != NULL ? error : "", sizeof(told->error));
}

static void
load_again(struct zone *z, struct told *told)
{
	unsigned i, n = told->n;

	load_begin(z, on_loaded, told);
	for (i = 0; told->n == n; i++) {
		ck_assert_uint_lt(i, 1000);
		ev_run(t.server.loop, EVRUN_ONCE);
	}
}

START_TEST(a_changed_file_is_loaded_again)
{
	struct told told = { 0 };
	struct zone *z;

	file_write("more", "m 60 A 192.0.2.9\n");
	file_write("example.zone", zone_text(1, "$INCLUDE more\n"));
	server_start();
	ck_assert_int_eq(load_all(&t.server), 0);
	z = zone_of("example.");
	ck_assert(!load_changed(z));
	file_write("more", "n 60 A 192.0.2.9\n");
	ck_assert(load_changed(z));
	caught_begin();
	load_again(z, &told);
	caught_end();
	ck_assert_str_eq(told.error, "");
	ck_assert(!load_changed(z));
	ck_assert(has(zone_now(z), "n.example."));
	ck_assert(!has(zone_now(z), "m.example."));
	/* what is wrong leaves the old one */
	file_write("more", "n 60 A 192.0.2\n");
	caught_begin();
	load_again(z, &told);
	ck_assert_ptr_nonnull(strstr(caught_end(), "/more:1: "));
	ck_assert_str_ne(told.error, "");
	ck_assert(has(zone_now(z), "n.example."));
	ck_assert(load_changed(z));
	server_stop();
}
END_TEST

START_TEST(all_that_changed_are_loaded)
{
	unsigned i;

	zone_add("other.");
	file_write("example.zone", zone_text(1, ""));
	file_write("other.zone", zone_text(1, ""));
	server_start();
	caught_begin();
	ck_assert_int_eq(load_all(&t.server), 0);
	file_write("example.zone", zone_text(2, ""));
	file_write("other.zone", zone_text(3, ""));
	load_changed_all(&t.server);
	for (i = 0; i < 1000 && zone_now(zone_of("other."))->serial != 3; i++)
		ev_run(t.server.loop, EVRUN_ONCE);
	caught_end();
	ck_assert_uint_eq(zone_now(zone_of("example."))->serial, 2);
	ck_assert_uint_eq(zone_now(zone_of("other."))->serial, 3);
	server_stop();
}
END_TEST

START_TEST(what_runs_at_the_end_is_told)
{
	struct told told = { 0 };

	file_write("example.zone", zone_text(1, ""));
	server_start();
	ck_assert_int_eq(load_all(&t.server), 0);
	load_begin(zone_of("example."), on_loaded, &told);
	load_begin(zone_of("example."), on_loaded, &told);
	load_stop();
	ck_assert_uint_eq(told.n, 2);
	ck_assert_str_ne(told.error, "");
	server_stop();
}
END_TEST

/* What is in a file is one more change of a zone that has others. */
static const struct {
	unsigned serial;
	const char *more;
	unsigned served;
	bool refused, a, c;
} again[] = {
	{ 13, "c 60 A 1.2.3.4\n", 13, false, false, true },
	{ 12, "b 60 A 1.2.3.4\n", 12, false, false, false },
	{ 11, "a 60 A 1.2.3.4\nb 60 A 1.2.3.4\n", 12, false, false, false },
	{ 12, "b 60 A 1.2.3.4\nc 60 A 1.2.3.4\n", 12, true, false, false },
	{ 9, "c 60 A 1.2.3.4\n", 12, true, false, false },
};

START_TEST(a_file_upon_updates)
{
	struct told told = { 0 };
	uint32_t from, to;
	struct zone *z;

	make_journal();
	server_start();
	ck_assert_int_eq(update_start(&t.server), 0);
	ck_assert_int_eq(load_all(&t.server), 0);
	update_own(&t.server);
	z = zone_of("example.");
	ck_assert_uint_eq(zone_now(z)->serial, 12);
	file_write("example.zone", zone_text(again[_i].serial, again[_i].more));
	caught_begin();
	load_again(z, &told);
	caught_end();
	ck_assert_msg(
	    (told.error[0] != '\0') == again[_i].refused, "%s", told.error);
	ck_assert_uint_eq(zone_now(z)->serial, again[_i].served);
	ck_assert_int_eq(has(zone_now(z), "a.example."), again[_i].a);
	ck_assert_int_eq(has(zone_now(z), "c.example."), again[_i].c);
	ck_assert_int_eq(load_changed(z), again[_i].refused);
	ck_assert(journal_span(z->journal, &from, &to));
	ck_assert_uint_eq(from, 10);
	ck_assert_uint_eq(to, again[_i].served);
	update_stop(&t.server);
	server_stop();
}
END_TEST

/* The table of zones */

static const struct {
	const char *name, *zone;
	unsigned from, suffix;
} finds[] = {
	{ "example.", "example.", 0, 0 },
	{ "a.c.EXAMPLE.", "example.", 0, 2 },
	{ "a.b.EXAMPLE.", "b.example.", 0, 1 },
	{ "b.example.", "b.example.", 0, 0 },
	{ "b.example.", "example.", 1, 1 },
	{ "x.b.example.", "b.example.", 1, 1 },
	{ "example.", ".", 1, 1 },
	{ "com.", ".", 0, 1 },
	{ ".", ".", 0, 0 },
};

START_TEST(the_longest_origin_has_the_name)
{
	struct dname name;
	unsigned suffix;
	struct zone *z;

	zone_add("b.example.");
	zone_add(".");
	server_start();
	ck_assert_int_eq(
	    dname_parse(&name, finds[_i].name, strlen(finds[_i].name), NULL),
	    0);
	z = zones_find(t.server.zones, &name, finds[_i].from, &suffix);
	ck_assert_ptr_eq(z, zone_of(finds[_i].zone));
	ck_assert_uint_eq(suffix, finds[_i].suffix);
	server_stop();
}
END_TEST

START_TEST(other_names_have_no_zone)
{
	struct dname name;
	unsigned suffix;

	server_start();
	ck_assert_int_eq(dname_parse(&name, "examples.", 9, NULL), 0);
	ck_assert_ptr_null(zones_find(t.server.zones, &name, 0, &suffix));
	ck_assert_ptr_null(zones_at(t.server.zones, &name));
	server_stop();
}
END_TEST

static const struct {
	const char *origin, *path;
} paths[] = {
	{ "Example.ORG.", "example.org.x" },
	{ ".", "@.x" },
	{ "0/25.2.0.192.in-addr.arpa.", "0\\04725.2.0.192.in-addr.arpa.x" },
	{ "a\\.b\\032\\\\\\@.", "a\\046b\\032\\092\\064.x" },
};

START_TEST(files_are_named_after_zones)
{
	char path[PATH_MAX], source[PATH_MAX];
	struct zone_conf *c = &t.zones[0];
	struct zone z = { .conf = c, .server = &t.server };

	t.server.conf = &t.conf;
	ck_assert_int_eq(dname_parse(&c->origin, paths[_i].origin,
			     strlen(paths[_i].origin), NULL),
	    0);
	zone_path(&z, ".x", path, sizeof(path));
	ck_assert_mem_eq(path, t.dir, strlen(t.dir));
	ck_assert_str_eq(path + strlen(t.dir) + 1, paths[_i].path);
	zone_path(&z, ".zone", path, sizeof(path));
	zone_source(&z, source, sizeof(source));
	ck_assert_str_eq(source, path);
	c->file = (char *)(uintptr_t) "/x/y";
	zone_source(&z, source, sizeof(source));
	ck_assert_str_eq(source, "/x/y");
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(table[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("load");
	TCase *c = tcase_create("load");

	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, wrong_files_are_told_by_line, 0, ROWS(wrong));
	tcase_add_test(c, a_file_that_is_not_there_is_told);
	tcase_add_test(c, a_file_makes_a_snapshot);
	tcase_add_loop_test(c, file_and_journal, 0, ROWS(rules));
	tcase_add_test(c, a_secondary_may_wait_for_its_first_transfer);
	tcase_add_test(c, one_wrong_zone_leaves_the_others);
	tcase_add_test(c, a_changed_file_is_loaded_again);
	tcase_add_test(c, all_that_changed_are_loaded);
	tcase_add_test(c, what_runs_at_the_end_is_told);
	tcase_add_loop_test(c, a_file_upon_updates, 0, ROWS(again));
	tcase_add_loop_test(c, the_longest_origin_has_the_name, 0, ROWS(finds));
	tcase_add_test(c, other_names_have_no_zone);
	tcase_add_loop_test(c, files_are_named_after_zones, 0, ROWS(paths));
	suite_add_tcase(s, c);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
