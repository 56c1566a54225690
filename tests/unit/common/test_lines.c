/*
 * Line files: records, errors, and files replaced whole or not at all.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "caught.h"
#include "lines.h"
#include "tap.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define F "t.lines"

static void
put_bytes(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
}

/* Write "number:text|" for each record; one that begins with ! is bad. */
static int
collect(struct lines *l, char *text, void *arg)
{
	struct buf *b = arg;

	if (*text == '!')
		return lines_error(l, "bad %s", text + 1);
	if (*text == '?')
		return -1;
	buf_printf(b, "%d:%s|", lines_number(l), text);
	memset(text, 'x', strlen(text));
	return 0;
}

static const struct {
	const char *text, *records, *errors;
	size_t len; /* 0: strlen */
} reads[] = {
	{ "", "", "", 0 },
	{ "\n\n \t\n", "", "", 0 },
	{ "a\nb c\n", "1:a|2:b c|", "", 0 },
	{ "a", "1:a|", "", 0 },
	{ "  a b \t\n", "1:a b|", "", 0 },
	{ "a\r\nb\r\n\r\nc", "1:a|2:b|4:c|", "", 0 },
	{ "# x\n #y\na # z\na#b\nc #\n", "3:a|4:a#b|5:c|", "", 0 },
	{ "a \\\n b\\\nc\nd\n", "1:a  bc|4:d|", "", 0 },
	{ "a \\\r\n b\r\nd\r\n", "1:a  b|3:d|", "", 0 },
	{ "a \\\n# b\nc\n", "1:a|3:c|", "", 0 },
	{ "a\\\n#b\nc\n", "1:a#b|3:c|", "", 0 },
	{ "# x \\\na\n", "2:a|", "", 0 },
	{ "\\\na\n", "1:a|", "", 0 },
	{ "a\\b\n\\\\\n c\n", "1:a\\b|2:\\ c|", "", 0 },
	{ "a\nb \\", "1:a|", F ":2: the file ends in a continued line\n", 0 },
	{ "b \\\n", "", F ":1: the file ends in a continued line\n", 0 },
	{ "a\n!b\n\n!c\n?\nd\n", "1:a|6:d|", F ":2: bad b\n" F ":4: bad c\n",
	    0 },
	{ "a\n!b \\\n c\n", "1:a|", F ":2: bad b  c\n", 0 },
	{ "a\nb\0c\nd\n# \0\n", "1:a|3:d|",
	    F ":2: NUL byte\n" F ":4: NUL byte\n", 12 },
};

START_TEST(records)
{
	size_t len = reads[_i].len;
	struct buf b;
	int rc;

	if (len == 0)
		len = strlen(reads[_i].text);
	put_bytes(F, reads[_i].text, len);
	buf_init(&b, 1000);
	caught_begin();
	rc = lines_read(F, collect, &b);
	ck_assert_str_eq(caught_end(), reads[_i].errors);
	ck_assert_int_eq(
	    rc, strpbrk(reads[_i].text, "!?") || *reads[_i].errors ? -1 : 0);
	buf_add(&b, "", 1);
	ck_assert_str_eq((char *)b.p, reads[_i].records);
	buf_free(&b);
}
END_TEST

/* Read n bytes of 'x' in lines that are continued after each `part`. */
static void
read_long(size_t n, size_t part, size_t want, const char *errors)
{
	struct buf file, b;
	size_t i;

	buf_init(&file, 1 << 20);
	buf_init(&b, 1 << 20);
	buf_puts(&file, "a\n");
	for (i = 0; i < n; i++)
		buf_puts(&file, i > 0 && i % part == 0 ? "\\\nx" : "x");
	buf_puts(&file, "\nb\n");
	put_bytes(F, file.p, file.len);
	caught_begin();
	ck_assert_int_eq(lines_read(F, collect, &b), *errors == '\0' ? 0 : -1);
	ck_assert_str_eq(caught_end(), errors);
	ck_assert_uint_eq(b.len, strlen("1:a|3:b|") + want);
	buf_free(&file);
	buf_free(&b);
}

START_TEST(long_lines)
{
	static const char error[] = F ":2: line is longer than 8192 bytes\n";

	read_long(LINES_MAX, SIZE_MAX, LINES_MAX + 3, "");
	read_long(LINES_MAX + 1, SIZE_MAX, 0, error);
	read_long(LINES_MAX + 2, SIZE_MAX, 0, error);
	read_long(LINES_MAX + 3, SIZE_MAX, 0, error);
	read_long(500000, SIZE_MAX, 0, error);
}
END_TEST

START_TEST(long_records)
{
	char text[64];
	struct buf b;
	size_t n;

	/* 82 lines of 100 bytes are too long; 81 with one of 92 aren't. */
	buf_init(&b, 1 << 20);
	for (n = 0; n < 81; n++)
		buf_printf(&b, "%0100zu\\\n", n);
	buf_printf(&b, "%092d\nb\n", 0);
	put_bytes(F, b.p, b.len);
	buf_reset(&b);
	ck_assert_int_eq(lines_read(F, collect, &b), 0);
	ck_assert_uint_eq(b.len, strlen("1:|83:b|") + LINES_MAX);
	buf_reset(&b);
	for (n = 0; n < 100; n++)
		buf_printf(&b, "%0100zu\\\n", n);
	buf_puts(&b, "end\nb\n");
	put_bytes(F, b.p, b.len);
	buf_reset(&b);
	caught_begin();
	ck_assert_int_eq(lines_read(F, collect, &b), -1);
	ck_assert_str_eq(
	    caught_end(), F ":1: line is longer than 8192 bytes\n");
	snprintf(text, sizeof(text), "102:b|");
	ck_assert_uint_eq(b.len, strlen(text));
	ck_assert_mem_eq(b.p, text, b.len);
	buf_free(&b);
}
END_TEST

START_TEST(many_errors)
{
	const char *text, *end;
	struct buf b;
	int i;

	buf_init(&b, 1 << 20);
	for (i = 0; i < 500; i++)
		buf_puts(&b, "!x\n");
	put_bytes(F, b.p, b.len);
	caught_begin();
	ck_assert_int_eq(lines_read(F, collect, &b), -1);
	text = caught_end();
	end = F ":100: bad x\n" F ": further errors are not told\n";
	ck_assert_uint_gt(strlen(text), strlen(end));
	ck_assert_str_eq(text + strlen(text) - strlen(end), end);
	buf_free(&b);
}
END_TEST

START_TEST(no_file)
{
	struct buf b;

	buf_init(&b, 100);
	mkdir("dir", 0700);
	caught_begin();
	ck_assert_int_eq(lines_read("none", collect, &b), -1);
	ck_assert_int_eq(lines_read("dir", collect, &b), -1);
	ck_assert_str_eq(caught_end(),
	    "none: No such file or directory\ndir: Is a directory\n");
	rmdir("dir");
}
END_TEST

/* Also one whose name begins with a dot, as temporary files' names do. */
static int
is_file(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

/* The only file in its directory, with these bytes; its status. */
static struct stat
only_file(const char *dir, const char *name, const char *want)
{
	char path[64], text[64] = "";
	struct dirent **v;
	struct stat st;
	int fd, i, n = scandir(dir, &v, is_file, alphasort);

	ck_assert_int_eq(n, 1);
	for (i = 0; i < n; i++)
		free(v[i]);
	free(v);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(read(fd, text, sizeof(text) - 1), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	ck_assert_str_eq(text, want);
	return st;
}

START_TEST(rewrite)
{
	struct stat st;

	umask(077);
	ck_assert_int_eq(lines_rewrite("d/f", "one\n", 4, 0640), 0);
	st = only_file("d", "f", "one\n");
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(chmod("d/f", 0604), 0);
	ck_assert_int_eq(lines_rewrite("d/f", "", 0, 0640), 0);
	st = only_file("d", "f", "");
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
	if (geteuid() == 0)
		ck_assert_int_eq(chown("d/f", 12345, 54321), 0);
	ck_assert_int_eq(lines_rewrite("d/f", "two\n", 4, 0600), 0);
	st = only_file("d", "f", "two\n");
	ck_assert_uint_eq(st.st_mode & 07777, 0604);
	ck_assert_uint_eq(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
	ck_assert_uint_eq(st.st_gid, geteuid() == 0 ? 54321 : getegid());
}
END_TEST

START_TEST(rewrite_here)
{
	ck_assert_int_eq(chdir("d"), 0);
	ck_assert_int_eq(lines_rewrite("f", "here\n", 5, 0600), 0);
	ck_assert_int_eq(chdir(".."), 0);
	only_file("d", "f", "here\n");
}
END_TEST

START_TEST(rewrite_link)
{
	struct stat st;

	put_bytes("d/f", "old\n", 4);
	ck_assert_int_eq(symlink("d/f", "link"), 0);
	ck_assert_int_eq(lines_rewrite("link", "new\n", 4, 0600), 0);
	only_file("d", "f", "new\n");
	ck_assert_int_eq(lstat("link", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	unlink("link");
}
END_TEST

START_TEST(rewrite_too_large)
{
	struct rlimit rl = { 4096, 4096 };
	char *big = calloc(1, 10000);

	put_bytes("d/f", "old\n", 4);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &rl), 0);
	ck_assert_int_eq(lines_rewrite("d/f", big, 10000, 0600), -1);
	ck_assert_int_eq(errno, EFBIG);
	only_file("d", "f", "old\n");
	free(big);
}
END_TEST

/* As an ordinary user (root drops to one): no rights, no change. */
START_TEST(rewrite_refused)
{
	put_bytes("d/f", "old\n", 4);
	ck_assert_int_eq(chmod(".", 0755), 0);
	ck_assert_int_eq(chmod("d/f", 0644), 0);
	ck_assert_int_eq(chmod("d", 0555), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(lines_rewrite("d/f", "new\n", 4, 0600), -1);
	ck_assert_int_eq(errno, EACCES);
	only_file("d", "f", "old\n");
	if (getuid() != 0)
		return;
	/* May write there, but may not give the file its owner back. */
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod("d", 0777), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(lines_rewrite("d/f", "new\n", 4, 0600), -1);
	ck_assert_int_eq(errno, EPERM);
	only_file("d", "f", "old\n");
}
END_TEST

START_TEST(rewrite_nowhere)
{
	char path[5000];

	ck_assert_int_eq(lines_rewrite("none/f", "x", 1, 0600), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(mkdir("d/f", 0700), 0);
	ck_assert_int_eq(lines_rewrite("d/f", "x", 1, 0600), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(rmdir("d/f"), 0);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(lines_rewrite(path, "x", 1, 0600), -1);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

static void
setup(void)
{
	ck_assert_int_eq(mkdir("d", 0755), 0);
}

static void
teardown(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	chmod("d", 0700);
	unlink("d/f");
	rmdir("d");
	unlink(F);
}

int
main(void)
{
	char dir[] = "/tmp/test_linesXXXXXX";
	Suite *s = suite_create("lines");
	TCase *t = tcase_create("lines");
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, records, 0, (int)N(reads));
	tcase_add_test(t, long_lines);
	tcase_add_test(t, long_records);
	tcase_add_test(t, many_errors);
	tcase_add_test(t, no_file);
	tcase_add_test(t, rewrite);
	tcase_add_test(t, rewrite_here);
	tcase_add_test(t, rewrite_link);
	tcase_add_test(t, rewrite_too_large);
	tcase_add_test(t, rewrite_refused);
	tcase_add_test(t, rewrite_nowhere);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	failed = tap_run(s);
	if (chdir("/") == -1 || rmdir(dir) == -1)
		return 1;
	return failed;
}
