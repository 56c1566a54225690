/*
 * The map of leases: what is put is found, by readers that come early, late or
 * meanwhile, and a file of any content is only one in which nothing is found.
 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "leasemap.h"
#include "tap.h"

#define NOW 1000
#define PAGE 4096

static char dir[] = "/tmp/leasemap.XXXXXX";
static char path[64];
static int fallocate_error; /* what the file system says */

/* In place of libc's: leasemap.c asks it before it touches a page. */
int
posix_fallocate(int fd, off_t at, off_t len)
{
	if (fallocate_error != 0)
		return fallocate_error;
	return fallocate(fd, 0, at, len) == 0 ? 0 : errno;
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/map", dir);
}

static void
teardown(void)
{
	char beside[80];

	snprintf(beside, sizeof(beside), "%s.new", path);
	unlink(beside);
	unlink(path);
	rmdir(path);
	rmdir(dir);
}

static struct in_addr
host(uint32_t ip)
{
	return (struct in_addr){ htonl(ip) };
}

static struct leasemap *
create(size_t max)
{
	struct leasemap *m = leasemap_create(path, max);

	ck_assert_msg(m != NULL, "%s: %s", path, strerror(errno));
	return m;
}

static struct leasemap_reader *
reader(void)
{
	struct leasemap_reader *r = leasemap_open(path);

	ck_assert_msg(r != NULL, "%s: %s", path, strerror(errno));
	return r;
}

/* A hardware address that tells of the lease's. */
static void
put(struct leasemap *m, uint32_t ip, int64_t end)
{
	uint8_t hw[6] = { 2, 0 };

	memcpy(hw + 2, &ip, 4);
	leasemap_put(m, host(ip), 1, hw, 6, end);
}

static bool
found(struct leasemap_reader *r, uint32_t ip)
{
	struct leasemap_entry e;

	if (!leasemap_find(r, host(ip), NOW, &e))
		return false;
	ck_assert_int_eq(e.htype, 1);
	ck_assert_int_eq(e.hlen, 6);
	ck_assert_mem_eq(e.hw + 2, &ip, 4);
	return true;
}

/* Within the time that a reader takes to look for a new file. */
static bool
found_soon(struct leasemap_reader *r, uint32_t ip)
{
	int i;

	for (i = 0; i < 1000; i++) {
		if (found(r, ip))
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

/* One lease */

static const struct {
	int64_t end;
	uint8_t htype, hlen;
	bool found;
	int64_t as; /* the end that is read */
	uint8_t as_hlen;
} leases[] = {
	{ NOW + 1, 1, 6, true, NOW + 1, 6 },
	{ NOW, 1, 6, false, 0, 0 },
	{ 1, 1, 6, false, 0, 0 },
	{ 0, 1, 6, false, 0, 0 },
	{ -1, 1, 6, false, 0, 0 },
	{ INT64_MIN, 1, 6, false, 0, 0 },
	{ INT64_MAX, 6, 16, true, INT64_MAX, 16 },
	{ (INT64_C(1) << 48) - 2, 255, 0, true, (INT64_C(1) << 48) - 2, 0 },
	{ INT64_C(1) << 48, 0, 255, true, INT64_MAX, 16 },
};

START_TEST(test_lease)
{
	uint8_t hw[255], zero[16] = { 0 };
	struct leasemap *m = create(10);
	struct leasemap_entry e;
	struct leasemap_reader *r;
	bool ok;

	memset(hw, 0xa5, sizeof(hw));
	leasemap_put(m, host(0x0a000107), leases[_i].htype, hw, leases[_i].hlen,
	    leases[_i].end);
	ck_assert_int_eq(errno, 0);
	ck_assert_int_eq(leasemap_publish(m), 0);
	r = reader();
	ok = leasemap_find(r, host(0x0a000107), NOW, &e);
	ck_assert_int_eq(ok, leases[_i].found);
	if (ok) {
		ck_assert_int_eq(e.end, leases[_i].as);
		ck_assert_int_eq(e.htype, leases[_i].htype);
		ck_assert_int_eq(e.hlen, leases[_i].as_hlen);
		ck_assert_mem_eq(e.hw, hw, e.hlen);
		ck_assert_mem_eq(e.hw + e.hlen, zero, sizeof(zero) - e.hlen);
	}
	ck_assert(!leasemap_find(r, host(0x0a000108), NOW, &e));
	ck_assert(!leasemap_find(r, host(0), NOW, &e));
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

/* The same address again: another holder, none, and again one. */
START_TEST(test_changes)
{
	struct leasemap *m = create(10);
	struct leasemap_reader *r = reader();
	struct leasemap_entry e;
	uint8_t other[6] = { 6, 5, 4, 3, 2, 1 };

	leasemap_publish(m);
	ck_assert(!found(r, 7));
	put(m, 7, NOW + 5);
	ck_assert(found(r, 7));
	leasemap_put(m, host(7), 1, other, 6, NOW + 9);
	ck_assert(leasemap_find(r, host(7), NOW, &e));
	ck_assert_mem_eq(e.hw, other, 6);
	ck_assert_int_eq(e.end, NOW + 9);
	ck_assert(!leasemap_find(r, host(7), NOW + 9, &e));
	leasemap_put(m, host(7), 0, NULL, 0, 0);
	ck_assert(!leasemap_find(r, host(7), 0, &e));
	put(m, 7, NOW + 5);
	ck_assert(found(r, 7));
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

/* The bytes of the file, as dhcpd.leases(5) tells them. */
START_TEST(test_form)
{
	struct {
		char magic[8];
		uint32_t version, entries;
		char zero[PAGE - 16];
	} head = { "basemap", 1, 256, "" };
	struct {
		uint64_t who;
		uint8_t hw[16];
		uint64_t rest;
	} want = { UINT64_C(0x0a000107) << 32 | 2, { 2, 0, 7, 1, 0, 10 },
		UINT64_C(5000) << 16 | 1 << 8 | 6 },
	  none = { 0, { 0 }, 0 };
	static uint8_t file[PAGE + 256 * 32 + 1];
	struct leasemap *m = create(65);
	int fd, n = 0, i;
	struct stat st;

	put(m, 0x0a000107, 5000);
	leasemap_publish(m);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(read(fd, file, sizeof(file)), sizeof(file) - 1);
	close(fd);
	ck_assert_mem_eq(file, &head, PAGE);
	for (i = 0; i < 256; i++) {
		if (memcmp(file + PAGE + i * 32, &none, 32) == 0)
			continue;
		ck_assert_mem_eq(file + PAGE + i * 32, &want, 32);
		n++;
	}
	ck_assert_int_eq(n, 1);
	leasemap_close(m);
}
END_TEST

/* Many */

/* Sets of addresses that sites have; all as many as there is room for. */
static uint32_t
dense(uint32_t i)
{
	return 0x0a000000 + i;
}

static uint32_t
one_each(uint32_t i) /* the first host of each /24 */
{
	return 0x0a000001 + (i << 8);
}

static uint32_t
upper_half(uint32_t i) /* .128 to .191 of each /24 */
{
	return 0x0a000080 + (i / 64 << 8) + i % 64;
}

static uint32_t
random_ip(uint32_t i)
{
	uint64_t n = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(n >> 29) | 1;
}

static uint32_t (*const sets[])(
    uint32_t) = { dense, one_each, upper_half, random_ip };

START_TEST(test_many)
{
	uint32_t (*ip)(uint32_t) = sets[_i / 3];
	const uint32_t counts[] = { 64, 1000, 50000 }, n = counts[_i % 3];
	struct leasemap *m = create(n);
	struct leasemap_reader *r = reader();
	uint32_t i;

	leasemap_publish(m);
	for (i = 0; i < n; i++) {
		put(m, ip(i), NOW + 1);
		ck_assert_int_eq(errno, 0);
	}
	for (i = 0; i < n; i++)
		ck_assert_msg(found(r, ip(i)), "%u", i);
	for (; i < n + 100; i++)
		ck_assert(!found(r, ip(i)));
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

/* Room for a million, and 100000 leases: the memory of 100000. */
START_TEST(test_memory)
{
	struct leasemap *m = create(1000000);
	struct stat st;
	uint32_t i;

	leasemap_publish(m);
	for (i = 0; i < 100000; i++)
		put(m, dense(i), NOW + 1);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_ge(st.st_size, 32 * 2000000);
	ck_assert_int_le(st.st_blocks * 512, 100000 * 32 * 5 / 4);
	leasemap_close(m);
}
END_TEST

/* More than there is room for: what is in it stays, and gives way again. */
START_TEST(test_full)
{
	struct leasemap *m = create(64); /* 128 entries */
	struct leasemap_reader *r = reader();
	uint32_t i;

	leasemap_publish(m);
	for (i = 0; i < 128; i++) {
		put(m, 1000 + i, NOW + 1);
		ck_assert_int_eq(errno, 0);
	}
	put(m, 2000, NOW + 1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert(!found(r, 2000));
	leasemap_put(m, host(2000), 0, NULL, 0, 0);
	for (i = 0; i < 128; i++)
		ck_assert(found(r, 1000 + i));
	for (i = 0; i < 1000; i++) { /* each moves into the last one's place */
		leasemap_put(m, host(1000 + i), 0, NULL, 0, 0);
		put(m, 1128 + i, NOW + 1);
		ck_assert_int_eq(errno, 0);
		ck_assert(found(r, 1128 + i));
		ck_assert(!found(r, 1000 + i));
	}
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

/* A full file system: an error, not a signal; what has room goes on. */
START_TEST(test_no_space)
{
	struct leasemap *m = create(100000);
	struct leasemap_reader *r = reader();

	leasemap_publish(m);
	put(m, 0x0a000001, NOW + 1);
	fallocate_error = ENOSPC;
	put(m, 0x0a000002, NOW + 1); /* the same page */
	ck_assert_int_eq(errno, 0);
	put(m, 0x0b000001, NOW + 1);
	ck_assert_int_eq(errno, ENOSPC);
	ck_assert(found(r, 0x0a000001));
	ck_assert(found(r, 0x0a000002));
	ck_assert(!found(r, 0x0b000001));
	fallocate_error = 0;
	put(m, 0x0b000001, NOW + 1);
	ck_assert(found(r, 0x0b000001));
	leasemap_close(m);
	leasemap_reader_close(r);
	fallocate_error = ENOSPC;
	ck_assert_ptr_null(leasemap_create(path, 10));
	ck_assert_int_eq(errno, ENOSPC);
}
END_TEST

/* Files that come and go */

START_TEST(test_reader_first)
{
	struct leasemap_reader *r = reader();
	struct leasemap *m;

	ck_assert(!found(r, 7));
	m = create(10);
	put(m, 7, NOW + 1);
	ck_assert_int_eq(access(path, F_OK), -1);
	leasemap_publish(m);
	ck_assert(found_soon(r, 7));
	leasemap_reader_close(r);
	leasemap_close(m);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(test_replaced)
{
	struct leasemap_reader *r = reader();
	struct leasemap *m = create(10), *next;

	put(m, 7, NOW + 1);
	leasemap_publish(m);
	ck_assert(found_soon(r, 7));
	next = create(1000);
	put(next, 8, NOW + 1);
	ck_assert(found(r, 7));
	leasemap_publish(next);
	leasemap_close(m);
	ck_assert(found_soon(r, 8));
	ck_assert(!found(r, 7));
	unlink(path); /* no other took its place */
	poll(NULL, 0, 1100);
	ck_assert(found(r, 8));
	leasemap_reader_close(r);
	leasemap_close(next);
}
END_TEST

/* One that was never published leaves nothing; a killed one's is taken over. */
START_TEST(test_unpublished)
{
	char beside[80];
	struct leasemap *m;

	snprintf(beside, sizeof(beside), "%s.new", path);
	ck_assert_int_eq(symlink("/nowhere/at/all", beside), 0);
	m = create(10);
	ck_assert_int_eq(access(beside, F_OK), 0);
	leasemap_close(m);
	ck_assert_int_eq(access(beside, F_OK), -1);
	ck_assert_int_eq(access(path, F_OK), -1);
	leasemap_close(NULL);
	leasemap_reader_close(NULL);
}
END_TEST

START_TEST(test_errors)
{
	char far[80];

	snprintf(far, sizeof(far), "%s/no/map", dir);
	ck_assert_ptr_null(leasemap_create(far, 10));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(leasemap_open(far));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(leasemap_create(path, LEASEMAP_MAX + 1));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

/* A path without a slash, and one right below the root. */
START_TEST(test_paths)
{
	struct leasemap_reader *r;
	struct leasemap *m;

	ck_assert_int_eq(chdir(dir), 0);
	m = leasemap_create("map", 10);
	ck_assert_ptr_nonnull(m);
	put(m, 7, NOW + 1);
	ck_assert_int_eq(leasemap_publish(m), 0);
	r = leasemap_open("map");
	ck_assert_ptr_nonnull(r);
	ck_assert(found(r, 7));
	leasemap_reader_close(r);
	leasemap_close(m);
	r = leasemap_open("/no-such-map");
	ck_assert_ptr_nonnull(r);
	ck_assert(!found(r, 7));
	leasemap_reader_close(r);
}
END_TEST

/* Beside a writer */

/* All that is put tells the same number. */
static void
put_number(struct leasemap *m, uint32_t ip, uint32_t n)
{
	uint8_t hw[16];

	memset(hw, (int)(n & 0xff), sizeof(hw));
	leasemap_put(m, host(ip), (uint8_t)n, hw, 16, NOW + 1 + (n & 0xff));
}

static bool
number_whole(struct leasemap_reader *r, uint32_t ip)
{
	struct leasemap_entry e;
	uint8_t hw[16];

	if (!leasemap_find(r, host(ip), NOW, &e))
		return false;
	memset(hw, e.htype, sizeof(hw));
	ck_assert_mem_eq(e.hw, hw, sizeof(hw));
	ck_assert_int_eq(e.hlen, 16);
	ck_assert_int_eq(e.end, NOW + 1 + e.htype);
	return true;
}

/* A process that writes without end. */
static pid_t
writer(struct leasemap *m, uint32_t ips)
{
	pid_t pid = fork();
	uint32_t n;

	ck_assert_int_ne(pid, -1);
	if (pid != 0)
		return pid;
	for (n = 0;; n++)
		put_number(m, 5 + n % ips, n / ips);
}

START_TEST(test_concurrent)
{
	struct leasemap *m = create(10);
	struct leasemap_reader *r = reader();
	int i, hits = 0;
	pid_t pid;

	put_number(m, 5, 0);
	put_number(m, 6, 0);
	leasemap_publish(m);
	pid = writer(m, 2);
	for (i = 0; i < 100000; i++)
		hits += number_whole(r, 5 + (uint32_t)i % 2);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_gt(hits, 10000); /* the writer may sleep at its worst */
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

/* Killed anywhere: the entry tells all or nothing, the others stay. */
START_TEST(test_killed)
{
	struct leasemap_reader *r;
	struct leasemap *m;
	pid_t pid;
	int i;

	for (i = 0; i < 100; i++) {
		m = create(10);
		put(m, 100, NOW + 1);
		leasemap_publish(m);
		pid = writer(m, 1);
		usleep((useconds_t)(500 + i * 7));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		r = reader();
		number_whole(r, 5);
		ck_assert(found(r, 100));
		leasemap_reader_close(r);
		leasemap_close(m);
	}
}
END_TEST

/* In the middle of a write for certain. */
START_TEST(test_half_written)
{
	struct leasemap *m = create(10);
	struct leasemap_reader *r = reader();
	struct leasemap_entry e;
	uint64_t who;
	off_t at;
	int fd;

	put(m, 7, NOW + 1);
	put(m, 8, NOW + 1);
	leasemap_publish(m);
	ck_assert(found(r, 7));
	fd = open(path, O_RDWR);
	for (at = PAGE; pread(fd, &who, 8, at) == 8 && who >> 32 != 7;)
		at += 32;
	ck_assert_int_eq(who & 0xffffffff, 2);
	who++;
	ck_assert_int_eq(pwrite(fd, &who, 8, at), 8);
	close(fd);
	ck_assert(!leasemap_find(r, host(7), NOW, &e));
	ck_assert(found(r, 8));
	put(m, 7, NOW + 1); /* and whole again */
	ck_assert(found(r, 7));
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

/* Garbage */

static uint8_t good[PAGE + 128 * 32];

static void
write_file(const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, bytes, n), n);
	close(fd);
}

static void
make_good(void)
{
	struct leasemap *m = create(10);
	int fd;

	put(m, 7, NOW + 1);
	leasemap_publish(m);
	leasemap_close(m);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, good, sizeof(good)), sizeof(good));
	close(fd);
	unlink(path);
}

static const size_t lengths[] = { 0, 1, 15, 16, PAGE - 1, PAGE, PAGE + 31,
	sizeof(good) - 1 };

START_TEST(test_cut)
{
	struct leasemap_reader *r;

	make_good();
	write_file(good, lengths[_i]);
	r = reader();
	ck_assert(!found(r, 7));
	leasemap_reader_close(r);
	unlink(path);
	write_file(good, sizeof(good)); /* the test can tell */
	r = reader();
	ck_assert(found(r, 7));
	leasemap_reader_close(r);
}
END_TEST

static const struct {
	size_t at;
	uint32_t value;
} wrong[] = {
	{ 0, 0 },
	{ 4, 0x706120 },
	{ 8, 0 },
	{ 8, 2 },
	{ 12, 0 },
	{ 12, 1 },
	{ 12, 64 },
	{ 12, 127 },
	{ 12, 129 },
	{ 12, 256 },
	{ 12, 0x80000000 },
	{ 12, 0xffffffff },
};

START_TEST(test_header)
{
	struct leasemap_reader *r;

	make_good();
	memcpy(good + wrong[_i].at, &wrong[_i].value, 4);
	write_file(good, sizeof(good));
	r = reader();
	ck_assert(!found(r, 7));
	leasemap_reader_close(r);
}
END_TEST

/* Entries of one byte over and over. */
START_TEST(test_entries)
{
	struct leasemap_reader *r;
	struct leasemap_entry e;
	uint32_t ip;

	make_good();
	memset(good + PAGE, _i, sizeof(good) - PAGE);
	write_file(good, sizeof(good));
	r = reader();
	ip = (uint32_t)_i * 0x01010101;
	if (leasemap_find(r, host(ip), NOW, &e))
		ck_assert(e.hlen <= 16 && e.end > NOW);
	ck_assert(!leasemap_find(r, host(7), NOW, &e));
	leasemap_reader_close(r);
}
END_TEST

/* It shrinks, and is no file, while it is open. */
START_TEST(test_shrinks)
{
	struct leasemap *m = create(10);
	struct leasemap_reader *r = reader();

	put(m, 7, NOW + 1);
	leasemap_publish(m);
	leasemap_close(m);
	ck_assert(found(r, 7));
	ck_assert_int_eq(truncate(path, PAGE), 0);
	ck_assert(!found(r, 7));
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert(!found(r, 7));
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	poll(NULL, 0, 1100);
	ck_assert(!found(r, 7));
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	poll(NULL, 0, 1100);
	ck_assert(!found(r, 7));
	rmdir(path);
	ck_assert_int_eq(symlink("map", path), 0);
	poll(NULL, 0, 1100);
	ck_assert(!found(r, 7));
	unlink(path);
	m = create(10);
	put(m, 7, NOW + 1);
	leasemap_publish(m);
	ck_assert(found_soon(r, 7));
	leasemap_reader_close(r);
	leasemap_close(m);
}
END_TEST

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

int
main(void)
{
	Suite *s = suite_create("leasemap");
	TCase *tc = tcase_create("leasemap");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_lease, 0, COUNT(leases));
	tcase_add_test(tc, test_changes);
	tcase_add_test(tc, test_form);
	tcase_add_loop_test(tc, test_many, 0, 3 * COUNT(sets));
	tcase_add_test(tc, test_memory);
	tcase_add_test(tc, test_full);
	tcase_add_test(tc, test_no_space);
	tcase_add_test(tc, test_reader_first);
	tcase_add_test(tc, test_replaced);
	tcase_add_test(tc, test_unpublished);
	tcase_add_test(tc, test_errors);
	tcase_add_test(tc, test_paths);
	tcase_add_test(tc, test_concurrent);
	tcase_add_test(tc, test_killed);
	tcase_add_test(tc, test_half_written);
	tcase_add_loop_test(tc, test_cut, 0, COUNT(lengths));
	tcase_add_loop_test(tc, test_header, 0, COUNT(wrong));
	tcase_add_loop_test(tc, test_entries, 0, 256);
	tcase_add_test(tc, test_shrinks);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
