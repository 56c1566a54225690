/*
 * The fault library, preloaded into this very program: run with arguments it
 * does what they say and tells what it saw.
 */
#include <sys/uio.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "tap.h"

static char self[512], library[512], folder[] = "/tmp/faultXXXXXX";

/* What operations see under which rules; the file is new for each row. */
static const struct {
	const char *rules, *operations, *want;
} rows[] = {
	/* clang-format off */
	{ "", "w10 p10 v10 s d", "10 10 10 0 0" },
	{ "fsync=EIO", "w10 s d", "10 EIO 0" },
	{ "fdatasync=EIO", "w10 s d", "10 0 EIO" },
	{ "fsync=EIO:after:2", "s s s s", "0 0 EIO EIO" },
	{ "fsync=EIO:times:1", "s s", "EIO 0" },
	{ "fsync=EIO:after:1:times:1", "s s s", "0 EIO 0" },
	{ "write=ENOSPC", "w1", "ENOSPC" },
	{ "write=ENOSPC:after:15", "w10 w10 w10 s", "10 5 ENOSPC 0" },
	{ "write=ENOSPC:after:20", "w10 w10 w1", "10 10 ENOSPC" },
	{ "write=EDQUOT:after:15", "p10 p10 p10", "10 5 EDQUOT" },
	{ "write=EDQUOT:after:15", "v10 v10 v10", "10 5 EDQUOT" },
	{ "write=EDQUOT:after:11", "V10 V10 V10", "10 1 EDQUOT" },
	{ "write=ENOSPC:after:1k", "w1000 w1000 w1", "1000 24 ENOSPC" },
	{ "write=EIO:calls:2", "w10 w10 w10", "10 10 EIO" },
	{ "write=EIO:path:*/folder/*", "w10", "10" },
	{ "write=EIO:path:/tmp/*/file", "w10", "EIO" },
	{ "write=EIO:path:/nowhere,fsync=EIO", "w10 s", "10 EIO" },
	{ "write=delay:1,write=EIO:calls:1", "w10 w10", "10 EIO" },
	{ "write=EIO", "o", "1" },	/* a pipe is not a file */
	/* two threads of 500 bytes share the 700 */
	{ "write=ENOSPC:after:700", "t500", "700" },
	/* a child inherits rules */
	{ "fsync=EIO", "c", "EIO" },
	/* clang-format on */
};

static void
told(ssize_t r)
{
	int error = errno;

	if (r >= 0)
		printf("%zd ", r);
	else
		printf("%s ", strerrorname_np(error));
}

struct job {
	int fd;
	size_t bytes;
	size_t done;
};

static void *
job_run(void *arg)
{
	struct job *j = arg;

	while (j->done < j->bytes && write(j->fd, "x", 1) == 1)
		j->done++;
	return NULL;
}

static void
threads(int fd, size_t bytes)
{
	struct job jobs[2] = { { fd, bytes, 0 }, { fd, bytes, 0 } };
	pthread_t id[2];
	int i;

	for (i = 0; i < 2; i++)
		pthread_create(&id[i], NULL, job_run, &jobs[i]);
	for (i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
	told(jobs[0].done + jobs[1].done);
}

static void
child(int fd)
{
	pid_t pid = fork();

	if (pid == 0) {
		told(fsync(fd));
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void
operate(int fd, const char *op)
{
	static char data[4096];
	size_t n = op[1] != '\0' ? strtonum(op + 1, 0, sizeof(data), NULL) : 0;
	struct iovec v[2] = { { data, n / 2 }, { data, n - n / 2 } };

	if (op[0] == 'w')
		told(write(fd, data, n));
	else if (op[0] == 'p')
		told(pwrite(fd, data, n, 0));
	else if (op[0] == 'v')
		told(writev(fd, v, 2));
	else if (op[0] == 'V')
		told(pwritev(fd, v, 2, 0));
	else if (op[0] == 's')
		told(fsync(fd));
	else if (op[0] == 'd')
		told(fdatasync(fd));
	else if (op[0] == 'o')
		told(write(STDOUT_FILENO, "", 1));
	else if (op[0] == 't')
		threads(fd, n);
	else if (op[0] == 'c')
		child(fd);
}

static int
act(const char *file, char *operations)
{
	int fd = open(file, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	char *op;

	while ((op = strsep(&operations, " ")) != NULL)
		operate(fd, op);
	close(fd);
	return 0;
}

/*
 * Run this program under rules; what it printed without NULs and the space
 * at the end. The exit status.
 */
static int
run(const char *rules, const char *operations, char *out, size_t size)
{
	char file[64], text[256];
	int p[2], status;
	ssize_t n, i;
	size_t len = 0;
	pid_t pid;

	snprintf(file, sizeof(file), "%s/file", folder);
	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		setenv("LD_PRELOAD", library, 1);
		setenv("FAULT", rules, 1);
		dup2(p[1], STDOUT_FILENO);
		dup2(p[1], STDERR_FILENO);
		execl(self, self, file, operations, NULL);
		_exit(127);
	}
	close(p[1]);
	while ((n = read(p[0], text, sizeof(text))) > 0)
		for (i = 0; i < n && len < size - 1; i++)
			if (text[i] != '\0')
				out[len++] = text[i];
	close(p[0]);
	out[len > 0 ? len - 1 : 0] = '\0';
	waitpid(pid, &status, 0);
	unlink(file);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(rule)
{
	char out[512];

	ck_assert_int_eq(
	    run(rows[_i].rules, rows[_i].operations, out, sizeof(out)), 0);
	ck_assert_str_eq(out, rows[_i].want);
}
END_TEST

static const char *const wrong[] = { "fsync", "fsync=EWHAT", "nosuch=EIO",
	"fsync=delay", "fsync=delay:x", "write=EIO:after:10g",
	"write=EIO:nosuch:1" };

START_TEST(refused)
{
	char out[512];

	ck_assert_int_eq(run(wrong[_i], "s", out, sizeof(out)), 99);
	ck_assert_ptr_nonnull(strstr(out, "FAULT: "));
}
END_TEST

static long
elapsed_ms(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000 +
	    (now.tv_nsec - from->tv_nsec) / 1000000;
}

START_TEST(delay)
{
	struct timespec begin;
	char out[512];

	clock_gettime(CLOCK_MONOTONIC, &begin);
	ck_assert_int_eq(
	    run("fdatasync=delay:100", "d d d", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "0 0 0");
	ck_assert_int_ge(elapsed_ms(&begin), 300);
}
END_TEST

/* Rules hold only while the file FAULT_WHEN exists. */
START_TEST(only_when)
{
	char out[512], flag[64];
	int fd;

	snprintf(flag, sizeof(flag), "%s/when", folder);
	setenv("FAULT_WHEN", flag, 1);
	ck_assert_int_eq(run("fsync=EIO", "s", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "0");
	fd = open(flag, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ne(fd, -1);
	close(fd);
	ck_assert_int_eq(run("fsync=EIO", "s", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "EIO");
	unlink(flag);
}
END_TEST

/* The library stands one folder above this program. */
static void
find_library(void)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *p;

	self[n > 0 ? n : 0] = '\0';
	strlcpy(library, self, sizeof(library));
	for (n = 0; n < 3; n++)
		if ((p = strrchr(library, '/')) != NULL)
			*p = '\0';
	strlcat(library, "/fault.so", sizeof(library));
}

int
main(int argc, char **argv)
{
	Suite *s;
	TCase *t;
	int failed;

	if (argc == 3)
		return act(argv[1], argv[2]);
	find_library();
	if (mkdtemp(folder) == NULL)
		return 1;
	s = suite_create("fault");
	t = tcase_create("fault");
	suite_add_tcase(s, t);
	tcase_add_loop_test(t, rule, 0, sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(t, refused, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(t, delay);
	tcase_add_test(t, only_when);
	failed = tap_run(s);
	rmdir(folder);
	return failed;
}
