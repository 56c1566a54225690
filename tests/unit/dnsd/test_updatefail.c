/*
 * Updates and a disk that fails: what was not on disk was never there, and
 * when the disk is well again, so is the zone.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "load.h"
#include "tap.h"
#include "updated.h"

/* The disk: these stand in the place of the C library's. */
static atomic_int sync_error, write_error, writes_left = -1, syncs;
static pthread_mutex_t sync_gate = PTHREAD_MUTEX_INITIALIZER;

int
fdatasync(int fd)
{
	pthread_mutex_lock(&sync_gate);
	pthread_mutex_unlock(&sync_gate);
	syncs++;
	if (sync_error != 0) {
		errno = sync_error;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	if (writes_left == 0) {
		errno = write_error;
		return -1;
	}
	/* the write before those that fail is a short one */
	if (writes_left > 0 && --writes_left == 0 && n > 20)
		n = 20;
	return syscall(SYS_pwrite64, fd, p, n, at);
}

#define FORWARD                                                                \
	"x. 60 SOA ns.x. root.x. 1 2 3 4 5\n"                                  \
	"x. 60 NS ns.x.\n"
#define OTHER                                                                  \
	"y. 60 SOA ns.x. root.x. 1 2 3 4 5\n"                                  \
	"y. 60 NS ns.x.\n"
#define REVERSE                                                                \
	"2.0.192.in-addr.arpa. 60 SOA ns.x. root.x. 1 2 3 4 5\n"               \
	"2.0.192.in-addr.arpa. 60 NS ns.x.\n"

static struct updated u;
static struct zone *x, *y, *r;
static struct updated_message m;
static struct updated_answer a[8];

static void
setup(void)
{
	log_level(-1); /* refusals are told */
	updated_init(&u);
	updated_add(&u, "x.")->auto_reverse = true;
	updated_add(&u, "y.");
	updated_add(&u, "2.0.192.in-addr.arpa.");
	updated_start(&u);
	x = updated_load(&u, "x.", FORWARD);
	y = updated_load(&u, "y.", OTHER);
	r = updated_load(&u, "2.0.192.in-addr.arpa.", REVERSE);
}

static void
teardown(void)
{
	static const char *const ends[] = { ".jnl", ".zone", ".jnl.new",
		".zone.new" };
	const struct zone *const zones[] = { x, y, r };
	char paths[12][128];
	size_t i;

	for (i = 0; i < 12; i++)
		zone_path(zones[i / 4], ends[i % 4], paths[i], 128);
	updated_stop(&u);
	for (i = 0; i < 12; i++)
		unlink(paths[i]);
	ck_assert_int_eq(rmdir(u.dir), 0);
}

static void
give(size_t i, const char *zone, const char *updates)
{
	updated_begin(&m, zone);
	updated_lines(&m, 2, updates);
	updated_give(&u, &m, &u.keys[0], &a[i]);
}

static void
expect_code(size_t i, unsigned rcode)
{
	updated_wait(&u, &a[i]);
	ck_assert_msg(a[i].rcode == rcode, "%zu: %u", i, a[i].rcode);
}

/* Handled, but not on disk: the gate is shut. */
static void
turn(void)
{
	ev_run(u.server.loop, EVRUN_NOWAIT);
	ev_run(u.server.loop, EVRUN_NOWAIT);
}

/* From the files alone the same zone comes. */
static void
expect_files(struct zone *z, const char *was)
{
	struct snapshot *s, *next;
	struct load_result result = { 0 };
	char path[128];
	struct edit *e;

	zone_source(z, path, sizeof(path));
	if (access(path, F_OK) == 0) {
		load_file(path, &z->conf->origin, &result);
		ck_assert_ptr_nonnull(result.snapshot);
		s = result.snapshot;
		result.snapshot = NULL;
	} else {
		s = zonelines_zone(z->conf->name, was);
	}
	journal_close(z->journal);
	zone_path(z, ".jnl", path, sizeof(path));
	z->journal = journal_open(u.server.journals, path, true);
	ck_assert_ptr_nonnull(z->journal);
	e = edit_begin(s, NULL);
	if (s->serial != zone_now(z)->serial)
		ck_assert_int_gt(journal_replay(z->journal, s->serial, e), 0);
	next = edit_commit(e);
	ck_assert(snapshot_same(next, zone_now(z)));
	load_result_free(&result);
	snapshot_retire(s, next);
	snapshot_retire(next, NULL);
}

static void
wait_mended(const struct zone *z)
{
	while (journal_broken(z->journal))
		ev_run(u.server.loop, EVRUN_ONCE);
}

START_TEST(sync_fails)
{
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "a.x. 5 IN TXT a"), DNS_NOERROR);
	sync_error = EIO;
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "b.x. 5 IN TXT b"), DNS_SERVFAIL);
	ck_assert_uint_eq(zone_now(x)->serial, 2);
	sync_error = 0;
	/* a later sync that goes well proves nothing */
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "c.x. 5 IN TXT c"), DNS_SERVFAIL);
	ck_assert_uint_eq(
	    updated_do(&u, "y.", "", "a.y. 5 IN TXT a"), DNS_NOERROR);
	wait_mended(x);
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "d.x. 5 IN TXT d"), DNS_NOERROR);
	ck_assert_uint_eq(zone_now(x)->serial, 3);
	expect_files(x, FORWARD);
	expect_files(y, OTHER);
}
END_TEST

/* What stands on what failed fails, whatever its own disk says. */
START_TEST(chain_fails)
{
	pthread_mutex_lock(&sync_gate);
	give(0, "y.", "a.y. 5 IN TXT a");
	turn();
	give(1, "x.", "a.x. 5 IN A 192.0.2.1"); /* and r */
	give(2, "2.0.192.in-addr.arpa.", "9.2.0.192.in-addr.arpa. 5 IN TXT 9");
	give(3, "x.", "b.x. 5 IN TXT b");
	give(4, "x.", "a.x. 5 IN A 192.0.2.1"); /* nothing new */
	turn();
	ck_assert(!a[0].there && !a[1].there && !a[4].there);
	sync_error = ENOSPC;
	pthread_mutex_unlock(&sync_gate);
	expect_code(1, DNS_SERVFAIL);
	expect_code(2, DNS_SERVFAIL);
	expect_code(3, DNS_SERVFAIL);
	expect_code(4, DNS_SERVFAIL);
	expect_code(0, DNS_SERVFAIL);
	ck_assert_uint_eq(zone_now(x)->serial, 1);
	ck_assert_uint_eq(zone_now(r)->serial, 1);
	sync_error = 0;
	wait_mended(x);
	wait_mended(r);
	wait_mended(y);
	give(0, "x.", "a.x. 5 IN A 192.0.2.1");
	expect_code(0, DNS_NOERROR);
	ck_assert_uint_eq(zone_now(x)->serial, 2);
	ck_assert_uint_eq(zone_now(r)->serial, 2);
	expect_files(x, FORWARD);
	expect_files(r, REVERSE);
}
END_TEST

/* One change is not done; those before and behind it are. */
START_TEST(disk_full)
{
	pthread_mutex_lock(&sync_gate);
	give(0, "x.", "a.x. 5 IN A 192.0.2.1");
	turn();
	write_error = ENOSPC;
	writes_left = 1;
	give(1, "x.", "b.x. 5 IN A 192.0.2.2");
	turn();
	writes_left = 2; /* one zone's goes well, the other's does not */
	give(2, "x.", "c.x. 5 IN A 192.0.2.3");
	turn();
	writes_left = -1;
	give(3, "x.", "d.x. 5 IN A 192.0.2.4");
	turn();
	pthread_mutex_unlock(&sync_gate);
	expect_code(0, DNS_NOERROR);
	expect_code(1, DNS_SERVFAIL);
	expect_code(2, DNS_SERVFAIL);
	expect_code(3, DNS_NOERROR);
	ck_assert(!journal_broken(x->journal));
	ck_assert_uint_eq(zone_now(x)->serial, 3);
	ck_assert_uint_eq(zone_now(r)->serial, 3);
	expect_files(x, FORWARD);
	expect_files(r, REVERSE);
}
END_TEST

START_TEST(write_fails)
{
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "a.x. 5 IN TXT a"), DNS_NOERROR);
	write_error = EIO;
	writes_left = 0;
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "b.x. 5 IN TXT b"), DNS_SERVFAIL);
	ck_assert(journal_broken(x->journal));
	writes_left = -1;
	wait_mended(x);
	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "b.x. 5 IN TXT b"), DNS_NOERROR);
	ck_assert_uint_eq(zone_now(x)->serial, 3);
	expect_files(x, FORWARD);
}
END_TEST

/* One sync for all that came while the last one ran. */
START_TEST(shared_sync)
{
	int before;
	size_t i;
	char line[64];

	pthread_mutex_lock(&sync_gate);
	give(0, "x.", "a.x. 5 IN TXT a");
	turn();
	for (i = 1; i < 8; i++) {
		snprintf(line, sizeof(line), "b%zu.x. 5 IN TXT b", i);
		give(i, "x.", line);
	}
	turn();
	usleep(20000);
	before = syncs;
	pthread_mutex_unlock(&sync_gate);
	for (i = 0; i < 8; i++)
		expect_code(i, DNS_NOERROR);
	ck_assert_int_le(syncs - before, 2);
	ck_assert_uint_eq(zone_now(x)->serial, 9);
}
END_TEST

/* A journal that is long is folded, and updates go on meanwhile. */
START_TEST(folds)
{
	char line[64], path[128];
	int i;

	u.zones[0].journal_max = 4096;
	for (i = 0; i < 200; i++) {
		snprintf(line, sizeof(line), "h%d.x. 5 IN A 192.0.2.%d", i, i);
		ck_assert_uint_eq(updated_do(&u, "x.", "", line), DNS_NOERROR);
	}
	zone_source(x, path, sizeof(path));
	ck_assert_int_eq(access(path, F_OK), 0);
	while (journal_bytes(x->journal) > 4096 ||
	    journal_bytes(r->journal) > 1 << 20)
		ev_run(u.server.loop, EVRUN_ONCE);
	ck_assert_uint_eq(zone_now(x)->serial, 201);
	expect_files(x, FORWARD);
	expect_files(r, REVERSE);
}
END_TEST

static char flush_error[80];
static int flushed;

static void
on_flushed(void *arg, const char *error)
{
	(void)arg;
	flushed++;
	strlcpy(flush_error, error != NULL ? error : "", sizeof(flush_error));
}

START_TEST(flushes)
{
	struct zone none = { 0 };

	ck_assert_uint_eq(
	    updated_do(&u, "x.", "", "a.x. 5 IN TXT a"), DNS_NOERROR);
	update_flush(x, on_flushed, NULL);
	ck_assert_int_eq(flushed, 0);
	update_flush(x, on_flushed, NULL);
	ck_assert_int_eq(flushed, 1);
	ck_assert_str_ne(flush_error, "");
	while (flushed < 2)
		ev_run(u.server.loop, EVRUN_ONCE);
	ck_assert_str_eq(flush_error, "");
	expect_files(x, FORWARD);
	update_flush(&none, on_flushed, NULL);
	ck_assert_int_eq(flushed, 3);
	ck_assert_str_ne(flush_error, "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("updatefail");
	TCase *tc = tcase_create("updatefail");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, sync_fails);
	tcase_add_test(tc, chain_fails);
	tcase_add_test(tc, disk_full);
	tcase_add_test(tc, write_fails);
	tcase_add_test(tc, shared_sync);
	tcase_add_test(tc, folds);
	tcase_add_test(tc, flushes);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
