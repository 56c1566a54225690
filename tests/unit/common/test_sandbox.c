/*
 * Giving up rights, proved by children that try what is forbidden and what
 * must go on working. As root the children drop to a plain user; started by
 * an ordinary user they are that one. What the kernel can't do (Landlock of
 * an older ABI) is not asked of it.
 */
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "tap.h"

#define PLAIN "nobody"
#define NGROUPS 40
#define GROUP0 70000

#define RW (SANDBOX_READ | SANDBOX_WRITE)
#define EVERY_GROUP 0x7f

static char dir[PATH_MAX / 2];
static int report = -1; /* a child's way to say what is wrong */

/* The plain user's groups, which no machine has in its files. */
int
initgroups(const char *user, gid_t gid)
{
	gid_t v[NGROUPS];
	int i;

	if (strcmp(user, PLAIN) != 0)
		return -1;
	for (i = 0; i < NGROUPS; i++)
		v[i] = i == 0 ? gid : (gid_t)(GROUP0 + i);
	return setgroups(NGROUPS, v);
}

/* In a child, where Check's own assertions don't work. */
static void __attribute__((__format__(__printf__, 1, 2), __noreturn__))
wrong(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)!write(report, text, strlen(text));
	_exit(1);
}

#define NEED(cond)                                                             \
	do {                                                                   \
		if (!(cond))                                                   \
			wrong("line %d: %s: %s", __LINE__, #cond,              \
			    strerror(errno));                                  \
	} while (0)
/* The expression is -1 with this errno. */
#define REFUSED(expr, error)                                                   \
	do {                                                                   \
		errno = 0;                                                     \
		NEED((long)(expr) == -1);                                      \
		NEED(errno == (error));                                        \
	} while (0)

/* Run fn in a child; it ends by returning, or by saying what is wrong. */
static void
in_child(void (*fn)(const void *), const void *arg)
{
	char text[512];
	ssize_t n;
	int p[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		close(p[0]);
		report = p[1];
		fn(arg);
		_exit(0);
	}
	close(p[1]);
	n = read(p[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(p[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "status %#x: %s", status, text);
}

static long
landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static const char *
below(const char *name)
{
	static char path[4][PATH_MAX];
	static unsigned at;
	char *p = path[at++ % 4];

	snprintf(p, PATH_MAX, "%s/%s", dir, name);
	return p;
}

static void
make_file(const char *name)
{
	int fd = open(below(name), O_WRONLY | O_CREAT | O_TRUNC, 0777);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, "plain text\n", 11), 11);
	ck_assert_int_eq(fchmod(fd, 0777), 0);
	close(fd);
}

static void
make_dir(const char *name)
{
	ck_assert_int_eq(mkdir(below(name), 0777), 0);
	ck_assert_int_eq(chmod(below(name), 0777), 0);
}

static void
setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/test_sandbox.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
	make_file("secret");
	make_file("named");
	make_dir("d");
	make_dir("d/sub");
	make_dir("d/empty");
	make_file("d/file");
	make_file("d/written");
	make_file("d/cut");
	make_file("d/removed");
	make_file("d/moved");
	make_file("d/over");
	make_file("d/linked");
}

static void
teardown(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

/* A plain user for good, whoever runs the test. */
static void
drop(void)
{
	NEED(privdrop(geteuid() == 0 ? PLAIN : "") == 0);
	NEED(geteuid() != 0);
}

/*
 * Paths. Each thing is tried with each set of rights on the directory that
 * it happens in; it shall work if all that it needs are given.
 */
static int
try_close(int fd)
{
	return fd == -1 ? -1 : close(fd);
}

static int
try_read(void)
{
	return try_close(open(below("d/file"), O_RDONLY));
}

static int
try_list(void)
{
	return try_close(open(below("d"), O_RDONLY | O_DIRECTORY));
}

static int
try_write(void)
{
	return try_close(open(below("d/written"), O_WRONLY));
}

static int
try_append(void)
{
	return try_close(open(below("d/written"), O_WRONLY | O_APPEND));
}

static int
try_both(void)
{
	return try_close(open(below("d/written"), O_RDWR));
}

static int
try_cut(void)
{
	return truncate(below("d/cut"), 1);
}

static int
try_create(void)
{
	return try_close(open(below("d/new"), O_WRONLY | O_CREAT, 0600));
}

static int
try_mkdir(void)
{
	return mkdir(below("d/newdir"), 0700);
}

static int
try_rmdir(void)
{
	return rmdir(below("d/empty"));
}

static int
try_remove(void)
{
	return unlink(below("d/removed"));
}

static int
try_rename(void)
{
	return rename(below("d/moved"), below("d/over"));
}

static int
try_rename_across(void)
{
	return rename(below("d/over"), below("d/sub/over"));
}

static int
try_link(void)
{
	return link(below("d/linked"), below("d/again"));
}

/* Text is no program: it is refused only after its rights were looked at. */
static int
try_exec(void)
{
	char *argv[] = { NULL }, *envp[] = { NULL };

	execve(below("d/file"), argv, envp);
	return errno == ENOEXEC ? 0 : -1;
}

static int
try_symlink(void)
{
	return symlink("file", below("d/symlink"));
}

static int
try_fifo(void)
{
	return mkfifo(below("d/fifo"), 0600);
}

static int
try_socket(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), rc, error;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.*s/d/s",
	    (int)sizeof(sun.sun_path) - 5, dir);
	rc = bind(fd, (struct sockaddr *)&sun, sizeof(sun));
	error = errno;
	close(fd);
	errno = error;
	return rc;
}

static int
try_outside(void)
{
	return try_close(open(below("secret"), O_RDONLY));
}

static int
try_dotdot(void)
{
	return try_close(open(below("d/../secret"), O_RDONLY));
}

static int
try_move_out(void)
{
	return rename(below("d/linked"), below("out"));
}

static int
try_stat(void)
{
	struct stat st;

	return stat(below("d/file"), &st);
}

#define NEVER (RW + 1)

static const struct {
	const char *name;
	int (*fn)(void);
	int rights; /* all of these are needed */
	long abi; /* of Landlock, from which on it is looked at */
	int error;
} path_tries[] = {
	/* clang-format off */
	{ "stat", try_stat, 0, 1, 0 },
	{ "read", try_read, SANDBOX_READ, 1, EACCES },
	{ "list", try_list, SANDBOX_READ, 1, EACCES },
	{ "write", try_write, SANDBOX_WRITE, 1, EACCES },
	{ "append", try_append, SANDBOX_WRITE, 1, EACCES },
	{ "read and write", try_both, RW, 1, EACCES },
	{ "truncate", try_cut, SANDBOX_WRITE, 3, EACCES },
	{ "create", try_create, SANDBOX_WRITE, 1, EACCES },
	{ "mkdir", try_mkdir, SANDBOX_WRITE, 1, EACCES },
	{ "rmdir", try_rmdir, SANDBOX_WRITE, 1, EACCES },
	{ "remove", try_remove, SANDBOX_WRITE, 1, EACCES },
	{ "link", try_link, SANDBOX_WRITE, 1, EACCES },
	{ "execute", try_exec, NEVER, 1, EACCES },
	{ "symlink", try_symlink, NEVER, 1, EACCES },
	{ "fifo", try_fifo, NEVER, 1, EACCES },
	{ "socket", try_socket, NEVER, 1, EACCES },
	{ "outside", try_outside, NEVER, 1, EACCES },
	{ "..", try_dotdot, NEVER, 1, EACCES },
	{ "rename", try_rename, SANDBOX_WRITE, 1, EACCES },
	{ "rename across", try_rename_across, SANDBOX_WRITE, 2, EACCES },
	/* clang-format on */
};

#define NTRIES (sizeof(path_tries) / sizeof(path_tries[0]))

static void
paths_child(const void *arg)
{
	int rights = *(const int *)arg & RW;
	bool plain = *(const int *)arg & (RW + 1), want;
	size_t i;
	int rc;

	if (rights != 0)
		NEED(sandbox_path(below("d"), rights) == 0);
	if (plain)
		drop();
	NEED(sandbox_enter() == 0);
	for (i = 0; i < NTRIES; i++) {
		if (landlock_abi() < path_tries[i].abi)
			continue;
		want = (rights & path_tries[i].rights) == path_tries[i].rights;
		errno = 0;
		rc = path_tries[i].fn();
		if (want ? rc == -1 : rc != -1)
			wrong("%s: %d: %s", path_tries[i].name, rc,
			    strerror(errno));
		if (!want && errno != path_tries[i].error)
			wrong("%s: %s", path_tries[i].name, strerror(errno));
	}
	NEED(try_move_out() == -1);
}

/* Each set of rights, as whoever we are and as a plain user. */
START_TEST(test_paths)
{
	in_child(paths_child, &_i);
}
END_TEST

/* Without a sandbox all of it works, so what fails there fails for it. */
static void
no_sandbox_child(const void *arg)
{
	size_t i;

	(void)arg;
	drop();
	for (i = 0; i < NTRIES; i++) {
		if (path_tries[i].fn() == -1)
			wrong("%s: %s", path_tries[i].name, strerror(errno));
	}
}

START_TEST(test_paths_without)
{
	in_child(no_sandbox_child, NULL);
}
END_TEST

/* A file by name, and nothing beside it. */
static void
file_child(const void *arg)
{
	int rights = *(const int *)arg, fd;
	char byte;

	fd = open(below("secret"), O_RDONLY);
	NEED(sandbox_path(below("named"), rights) == 0);
	drop();
	NEED(sandbox_enter() == 0);
	NEED(try_close(open(below("named"), O_RDONLY)) ==
	    (rights & SANDBOX_READ ? 0 : -1));
	NEED(try_close(open(below("named"), O_WRONLY)) ==
	    (rights & SANDBOX_WRITE ? 0 : -1));
	REFUSED(open(below("secret"), O_RDONLY), EACCES);
	REFUSED(open(below("d/file"), O_RDONLY), EACCES);
	REFUSED(open("/etc/passwd", O_RDONLY), EACCES);
	REFUSED(unlink(below("d/file")), EACCES);
	NEED(read(fd, &byte, 1) == 1); /* it was open before */
}

START_TEST(test_named_file)
{
	in_child(file_child, &_i);
}
END_TEST

static void
rules_child(const void *arg)
{
	(void)arg;
	REFUSED(sandbox_path(below("none"), SANDBOX_READ), ENOENT);
	NEED(sandbox_path(below("d"), SANDBOX_READ) == 0);
	NEED(sandbox_path(below("d"), SANDBOX_WRITE) == 0);
	NEED(sandbox_path("/dev/null", SANDBOX_READ | SANDBOX_WRITE) == 0);
	NEED(sandbox_enter() == 0);
	NEED(try_read() == 0);
	NEED(try_write() == 0);
	NEED(try_both() == 0);
	NEED(try_close(open("/dev/null", O_RDWR)) == 0);
	REFUSED(open("/dev/zero", O_RDONLY), EACCES);
	close(STDERR_FILENO); /* for the message */
	REFUSED(sandbox_enter(), EALREADY);
}

START_TEST(test_rules)
{
	in_child(rules_child, NULL);
}
END_TEST

/*
 * Calls. Arguments are such that the call does nothing even where it is
 * allowed: the kernel refuses them, or there is nothing to do.
 */
#define BAD ((long)1) /* a pointer to nothing */
#define NOWHERE ((long)"/nonexistent/x")

static long
end_child(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid;
}

static long
call_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return end_child(pid);
}

static long
call_clone(long flags)
{
#if defined(__s390__)
	return end_child(syscall(SYS_clone, 0, flags | SIGCHLD, 0, 0, 0));
#else
	return end_child(syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0));
#endif
}

#define CALL_VFORK -1
#define CALL_CLONE -2

struct call {
	const char *name;
	int groups; /* each of them refuses it */
	long nr;
	long a[6];
	int error; /* 0: EPERM */
};

#define EXEC SANDBOX_NO_EXEC
#define FORK SANDBOX_NO_FORK
#define TRACE SANDBOX_NO_TRACE
#define ADMIN SANDBOX_NO_ADMIN
#define ID SANDBOX_NO_ID
#define SOCKET SANDBOX_NO_SOCKET
#define LISTEN SANDBOX_NO_LISTEN
#define ROW(group, name, ...)                                                  \
	{                                                                      \
#name, group, SYS_##name, { __VA_ARGS__ }, 0                   \
	}

static const struct call calls[] = {
	/* clang-format off */
	ROW(EXEC, execve, NOWHERE),
	ROW(EXEC, execveat, -1, NOWHERE + 1),
	{ "vfork", FORK, CALL_VFORK, { 0 }, 0 },
	{ "clone", FORK, CALL_CLONE, { 0 }, 0 },
	{ "clone of mounts", FORK | ADMIN, CALL_CLONE, { CLONE_NEWNS }, 0 },
	{ "clone of users", FORK | ADMIN, CALL_CLONE, { CLONE_NEWUSER }, 0 },
	{ "clone of names", FORK | ADMIN, CALL_CLONE, { CLONE_NEWUTS }, 0 },
	{ "clone of ipc", FORK | ADMIN, CALL_CLONE, { CLONE_NEWIPC }, 0 },
	{ "clone of pids", FORK | ADMIN, CALL_CLONE, { CLONE_NEWPID }, 0 },
	{ "clone of nets", FORK | ADMIN, CALL_CLONE, { CLONE_NEWNET }, 0 },
	{ "clone of cgroups", FORK | ADMIN, CALL_CLONE, { CLONE_NEWCGROUP }, 0 },
	{ "clone3", FORK | ADMIN, SYS_clone3, { 0 }, ENOSYS },
	ROW(TRACE, ptrace, PTRACE_PEEKDATA),
	ROW(TRACE, process_vm_readv, 0, 0, 0, 0, 0),
	ROW(TRACE, process_vm_writev, 0, 0, 0, 0, 0),
	ROW(TRACE, process_madvise, -1),
	ROW(TRACE, process_mrelease, -1, 1),
	ROW(TRACE, pidfd_getfd, -1),
	ROW(TRACE, kcmp, 0, 0, 0),
	ROW(ADMIN, mount, 0, BAD),
	ROW(ADMIN, umount2, BAD, -1),
	ROW(ADMIN, pivot_root, BAD, BAD),
	ROW(ADMIN | ID, chroot, BAD),
	ROW(ADMIN, open_tree, -1, BAD, -1),
	{ "open_tree_attr", ADMIN, 467, { -1, BAD, -1 }, 0 },
	ROW(ADMIN, move_mount, -1, BAD, -1, BAD, -1),
	ROW(ADMIN, mount_setattr, -1, BAD, -1),
	ROW(ADMIN, fsopen, BAD, -1),
	ROW(ADMIN, fsconfig, -1, -1),
	ROW(ADMIN, fsmount, -1, -1, -1),
	ROW(ADMIN, fspick, -1, BAD, -1),
	ROW(ADMIN, unshare, 1),
	ROW(ADMIN, setns, -1, 0),
	ROW(ADMIN, name_to_handle_at, -1, BAD, BAD, BAD, -1),
	ROW(ADMIN, open_by_handle_at, -1, BAD, 0),
	ROW(ADMIN, swapon, BAD, -1),
	ROW(ADMIN, swapoff, BAD),
	ROW(ADMIN, quotactl, 0xff, BAD),
	ROW(ADMIN, quotactl_fd, -1),
	ROW(ADMIN, fanotify_init, -1, -1),
	ROW(ADMIN, reboot, 0, 0, 0),
	ROW(ADMIN, kexec_load, 0, -1, BAD, -1),
	ROW(ADMIN, kexec_file_load, -1, -1, 0, 0, -1),
	ROW(ADMIN, init_module, 0, 0, 0),
	ROW(ADMIN, finit_module, -1, BAD, -1),
	ROW(ADMIN, delete_module, BAD, 0),
	ROW(ADMIN, bpf, -1),
	ROW(ADMIN, perf_event_open, BAD, 0, 0, -1, -1),
	ROW(ADMIN, keyctl, -1),
	ROW(ADMIN, add_key, BAD, BAD),
	ROW(ADMIN, request_key, BAD, BAD),
	ROW(ADMIN, userfaultfd, -1),
	ROW(ADMIN, io_uring_setup, 0, BAD),
	ROW(ADMIN, io_uring_enter, -1),
	ROW(ADMIN, io_uring_register, -1),
#ifdef SYS_iopl
	ROW(ADMIN, ioperm, -1, 1, 1),
	ROW(ADMIN, iopl, 99),
#endif
	ROW(ADMIN, syslog, -1),
	ROW(ADMIN, personality, 0xffffffff),
	ROW(ADMIN, acct, BAD),
	ROW(ADMIN, vhangup, 0),
	ROW(ADMIN, sethostname, BAD, -1),
	ROW(ADMIN, setdomainname, BAD, -1),
	ROW(ADMIN, settimeofday, 0, 0),
	ROW(ADMIN, adjtimex, BAD),
	ROW(ADMIN, clock_settime, 99, BAD),
	ROW(ADMIN, clock_adjtime, 99, BAD),
	ROW(ID, setuid, -1),
	ROW(ID, setgid, -1),
	ROW(ID, setreuid, -1, -1),
	ROW(ID, setregid, -1, -1),
	ROW(ID, setresuid, -1, -1, -1),
	ROW(ID, setresgid, -1, -1, -1),
	ROW(ID, setfsuid, -1),
	ROW(ID, setfsgid, -1),
	ROW(ID, setgroups, -1, BAD),
	ROW(ID, capset, 0, 0),
	ROW(SOCKET, socket, 0, SOCK_DGRAM),
	ROW(SOCKET, socket, 3, SOCK_DGRAM),
	ROW(SOCKET, socket, 4, SOCK_DGRAM),
	ROW(SOCKET, socket, 5, SOCK_DGRAM),
	ROW(SOCKET, socket, 6, SOCK_DGRAM),
	ROW(SOCKET, socket, 7, SOCK_DGRAM),
	ROW(SOCKET, socket, 8, SOCK_DGRAM),
	ROW(SOCKET, socket, 9, SOCK_DGRAM),
	ROW(SOCKET, socket, 11, SOCK_DGRAM),
	ROW(SOCKET, socket, AF_NETLINK, SOCK_RAW),
	ROW(SOCKET, socket, AF_PACKET, SOCK_RAW),
	ROW(SOCKET, socket, AF_ALG, SOCK_SEQPACKET),
	ROW(SOCKET, socket, AF_VSOCK, SOCK_STREAM),
	ROW(SOCKET, socket, -1, SOCK_DGRAM),
	/* The kernel looks at 32 bits only: this is AF_NETLINK too. */
	ROW(SOCKET, socket, (1L << 32) + AF_NETLINK, SOCK_RAW),
	ROW(SOCKET, socketpair, AF_INET, SOCK_STREAM, 0, BAD),
	ROW(SOCKET, socketpair, AF_TIPC, SOCK_STREAM, 0, BAD),
	ROW(LISTEN, listen, -1),
	ROW(LISTEN, accept, -1),
	ROW(LISTEN, accept4, -1),
#ifdef SYS_fork
	{ "fork", FORK, SYS_fork, { 0 }, 0 },
#endif
	/* clang-format on */
};

/* The errno of a call, 0 when it worked. */
static int
call_errno(const struct call *c)
{
	long rc;

	if (c->nr == CALL_VFORK)
		rc = call_vfork();
	else if (c->nr == CALL_CLONE)
		rc = call_clone(c->a[0]);
	else
		rc = syscall(c->nr, c->a[0], c->a[1], c->a[2], c->a[3], c->a[4],
		    c->a[5]);
#ifdef SYS_fork
	if (c->nr == SYS_fork)
		end_child(rc);
#endif
	return rc == -1 ? errno : 0;
}

/* What a call comes to in a child with these groups refused. */
static int
call_in(const struct call *c, int groups)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		setsid(); /* for vhangup */
		sandbox_calls(groups);
		if (groups != 0 &&
		    (sandbox_path("/", RW) == -1 || sandbox_enter() == -1))
			_exit(255);
		_exit(call_errno(c));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status & 0xff, 0);
	ck_assert_int_ne(WEXITSTATUS(status), 255);
	return WEXITSTATUS(status);
}

/*
 * Refused by each group that has it, and by no other. Root gets other errors
 * than EPERM from most of these calls, so there it is the filter that says
 * it.
 */
START_TEST(test_calls)
{
	const struct call *c = &calls[_i];
	int free_errno = call_in(c, 0), bit, got;
	int want = c->error == 0 ? EPERM : c->error;

	for (bit = 1; bit < EVERY_GROUP; bit <<= 1) {
		if (!(c->groups & bit))
			continue;
		got = call_in(c, bit);
		ck_assert_msg(got == want, "%s, group %#x: %s", c->name,
		    (unsigned)bit, strerror(got));
	}
	got = call_in(c, EVERY_GROUP & ~c->groups);
	ck_assert_msg(got == free_errno, "%s, other groups: %s, not %s",
	    c->name, strerror(got), strerror(free_errno));
}
END_TEST

/* As root most rows must prove something. */
START_TEST(test_calls_prove)
{
	size_t i, n = sizeof(calls) / sizeof(calls[0]), proved = 0;

	if (geteuid() != 0)
		return;
	for (i = 0; i < n; i++) {
		proved += call_in(&calls[i], 0) !=
		    (calls[i].error == 0 ? EPERM : calls[i].error);
	}
	ck_assert_uint_gt(proved, n * 3 / 4);
}
END_TEST

/* Calls of the other ABIs of this machine go past no filter. */
static void
abi_child(const void *arg)
{
	(void)arg;
	sandbox_calls(SANDBOX_NO_EXEC);
	NEED(sandbox_enter() == 0);
#if defined(__x86_64__)
	REFUSED(syscall(0x40000000L | SYS_getpid), EPERM); /* x32 */
#endif
	NEED(getpid() > 0);
}

START_TEST(test_abi)
{
	in_child(abi_child, NULL);
}
END_TEST

#if defined(__x86_64__)
/* getpid of i386. Where the kernel has none, the program is killed here. */
static long
getpid_i386(void)
{
	long rc;

	__asm__ volatile("int $0x80"
			 : "=a"(rc)
			 : "a"(20L)
			 : "r8", "r9", "r10", "r11", "memory");
	return rc;
}

START_TEST(test_abi_i386)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		sandbox_calls(SANDBOX_NO_EXEC);
		_exit(sandbox_enter() == 0 && getpid_i386() == -EPERM ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(status == 0 || WIFSIGNALED(status));
}
END_TEST
#endif

/* What a worker does all day, with everything refused that can be. */
static void *
thread(void *arg)
{
	return (char *)arg + 1;
}

static void
works_memory_and_threads(void)
{
	pthread_t t[8];
	void *end, *p;
	char base[9];
	size_t i;

	for (i = 0; i < 8; i++)
		NEED(pthread_create(&t[i], NULL, thread, &base[i]) == 0);
	for (i = 0; i < 8; i++) {
		NEED(pthread_join(t[i], &end) == 0);
		NEED(end == &base[i + 1]);
	}
	p = malloc(64 << 20);
	NEED(p != NULL);
	memset(p, 1, 64 << 20);
	free(p);
}

static void
works_sockets(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int a = socket(AF_INET, SOCK_DGRAM, 0), b, p[2];
	char byte;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	NEED(bind(a, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	NEED(getsockname(a, (struct sockaddr *)&sin, &len) == 0);
	b = socket(AF_INET, SOCK_DGRAM, 0);
	NEED(sendto(b, "x", 1, 0, (struct sockaddr *)&sin, len) == 1);
	NEED(recv(a, &byte, 1, 0) == 1 && byte == 'x');
	NEED(try_close(socket(AF_INET, SOCK_STREAM, 0)) == 0);
	NEED(try_close(socket(AF_UNIX, SOCK_STREAM, 0)) == 0);
	b = socket(AF_INET6, SOCK_DGRAM, 0);
	NEED(b != -1 || errno == EAFNOSUPPORT);
	NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p) == 0);
	NEED(send(p[0], "y", 1, 0) == 1);
	NEED(recv(p[1], &byte, 1, 0) == 1 && byte == 'y');
}

static void
works_files(void)
{
	struct open_how how = {
		.flags = O_RDONLY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = open(below("d"), O_PATH | O_DIRECTORY), file;
	char byte;

	file = (int)syscall(SYS_openat2, fd, "file", &how, sizeof(how));
	NEED(file != -1);
	NEED(read(file, &byte, 1) == 1 && byte == 'p');
	REFUSED(
	    syscall(SYS_openat2, fd, "../secret", &how, sizeof(how)), EXDEV);
	file = open(below("d/upload.part"), O_RDWR | O_CREAT | O_EXCL, 0600);
	NEED(file != -1);
	NEED(write(file, "abc", 3) == 3);
	NEED(fdatasync(file) == 0);
	NEED(rename(below("d/upload.part"), below("d/upload")) == 0);
	if (landlock_abi() >= 2)
		NEED(rename(below("d/upload"), below("d/sub/upload")) == 0);
	fd = open(below("d"), O_RDONLY | O_DIRECTORY);
	NEED(fsync(fd) == 0);
	NEED(try_close(open(below("named"), O_RDONLY)) == 0);
	REFUSED(open(below("named"), O_WRONLY), EACCES);
	REFUSED(open(below("secret"), O_RDONLY), EACCES);
	REFUSED(open("/proc/self/mem", O_RDONLY), EACCES);
}

static void
works_time(void)
{
	struct timespec t, u;

	NEED(getpid() > 0);
	NEED(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	NEED(syscall(SYS_clock_gettime, CLOCK_REALTIME, &u) == 0);
	NEED(usleep(1) == 0);
	NEED(time(NULL) > 0);
}

static void
worker_child(const void *arg)
{
	int groups = *(const int *)arg;

	NEED(sandbox_path(below("d"), SANDBOX_READ | SANDBOX_WRITE) == 0);
	NEED(sandbox_path(below("named"), SANDBOX_READ) == 0);
	sandbox_calls(groups);
	drop();
	NEED(sandbox_enter() == 0);
	works_memory_and_threads();
	works_sockets();
	works_files();
	works_time();
	REFUSED(fork(), EPERM);
	REFUSED(execl("/bin/true", "true", (char *)NULL), EPERM);
	REFUSED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL), EPERM);
	REFUSED(setuid(0), EPERM);
}

static const int worker_groups[] = { SANDBOX_USUAL, EVERY_GROUP };

START_TEST(test_worker)
{
	in_child(worker_child, &worker_groups[_i]);
}
END_TEST

/* Signals come in and, where the kernel can, do not go out. */
static void
signalled_child(const void *arg)
{
	const int *ready = arg;
	sigset_t set;
	int got;

	sandbox_calls(EVERY_GROUP);
	NEED(sandbox_enter() == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	NEED(write(ready[1], "r", 1) == 1);
	NEED(sigwait(&set, &got) == 0);
	NEED(got == SIGUSR1);
	NEED(kill(getpid(), 0) == 0);
	if (landlock_abi() >= 6)
		REFUSED(kill(getppid(), 0), EPERM);
}

START_TEST(test_signals)
{
	int ready[2], status;
	sigset_t set;
	char byte;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	ck_assert_int_eq(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		report = STDERR_FILENO;
		signalled_child(ready);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(kill(pid, SIGUSR1), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void
abstract_child(const void *arg)
{
	const struct sockaddr_un *sun = arg;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	NEED(sandbox_enter() == 0);
	REFUSED(connect(fd, (const struct sockaddr *)sun, sizeof(*sun)), EPERM);
}

START_TEST(test_abstract)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), out;

	if (landlock_abi() < 6)
		return;
	snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "test_sandbox.%d",
	    (int)getpid());
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	out = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(out, (struct sockaddr *)&sun, sizeof(sun)), 0);
	in_child(abstract_child, &sun);
}
END_TEST

/*
 * Kernels that lack something, played by a filter: what is missing is one
 * line and the rest holds; what is there and fails is an error.
 */
static const struct kernel {
	const char *name;
	int nr;
	int arg; /* the call's first; 0: any */
	int error;
	bool path_ok, enter_ok, paths_hold, calls_hold;
	int lines;
} kernels[] = {
	/* clang-format off */
	{ "before Landlock", SCMP_SYS(landlock_create_ruleset), 0, ENOSYS, true, true, false, true, 1 },
	{ "Landlock off", SCMP_SYS(landlock_create_ruleset), 0, EOPNOTSUPP, true, true, false, true, 1 },
	{ "no filters", SCMP_SYS(prctl), PR_SET_SECCOMP, EINVAL, true, true, true, false, 1 },
	{ "rule refused", SCMP_SYS(landlock_add_rule), 0, EINVAL, false, true, true, true, 0 },
	{ "sandbox refused", SCMP_SYS(landlock_restrict_self), 0, E2BIG, true, false, false, false, 1 },
	{ "all well", SCMP_SYS(acct), 0, EINVAL, true, true, true, true, 0 },
	/* clang-format on */
};

static void
play_kernel(const struct kernel *k)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	struct scmp_arg_cmp arg = { 0, SCMP_CMP_EQ, (unsigned)k->arg, 0 };

	NEED(f != NULL);
	NEED(seccomp_rule_add_array(f, SCMP_ACT_ERRNO((unsigned)k->error),
		 k->nr, k->arg != 0, &arg) == 0);
	NEED(seccomp_load(f) == 0);
	seccomp_release(f);
}

static void
kernel_child(const void *arg)
{
	const struct kernel *k = arg;
	char text[1024], *p;
	int err[2], lines = 0;
	ssize_t n;

	NEED(pipe2(err, O_NONBLOCK) == 0);
	NEED(dup2(err[1], STDERR_FILENO) != -1);
	play_kernel(k);
	NEED(sandbox_path(below("d"), SANDBOX_READ) == (k->path_ok ? 0 : -1));
	NEED(k->path_ok || errno == k->error);
	REFUSED(sandbox_path(below("none"), SANDBOX_READ), ENOENT);
	sandbox_calls(SANDBOX_NO_SOCKET);
	NEED(sandbox_enter() == (k->enter_ok ? 0 : -1));
	NEED(k->enter_ok || errno == k->error);
	NEED(try_outside() == (k->paths_hold ? -1 : 0));
	NEED(try_close(socket(AF_NETLINK, SOCK_RAW, 0)) ==
	    (k->calls_hold ? -1 : 0));
	n = read(err[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	for (p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	if (lines != k->lines)
		wrong("%d lines: %s", lines, text);
}

START_TEST(test_kernels)
{
	in_child(kernel_child, &kernels[_i]);
}
END_TEST

/* The user. */

/* The value of a line of /proc/self/status, blanks made single spaces. */
static const char *
status_of(const char *key)
{
	static char value[4096];
	char line[4096];
	FILE *f = fopen("/proc/self/status", "r");
	size_t n = strlen(key), i, len = 0;

	NEED(f != NULL);
	value[0] = '\0';
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, n) != 0 || line[n] != ':')
			continue;
		for (i = n + 2; line[i] != '\0' && line[i] != '\n'; i++)
			value[len++] = line[i] == '\t' ? ' ' : line[i];
		while (len > 0 && value[len - 1] == ' ')
			len--;
		value[len] = '\0';
	}
	fclose(f);
	return value;
}

static void
check_status(uid_t uid, gid_t gid)
{
	static const char *const caps[] = { "CapInh", "CapPrm", "CapEff",
		"CapAmb" };
	char want[64];
	size_t i;

	for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		NEED(strcmp(status_of(caps[i]), "0000000000000000") == 0);
	NEED(strcmp(status_of("NoNewPrivs"), "1") == 0);
	snprintf(want, sizeof(want), "%u %u %u %u", uid, uid, uid, uid);
	NEED(strcmp(status_of("Uid"), want) == 0);
	snprintf(want, sizeof(want), "%u %u %u %u", gid, gid, gid, gid);
	NEED(strcmp(status_of("Gid"), want) == 0);
}

/* As numbers, whatever their order. */
static void
check_groups(gid_t gid)
{
	gid_t v[NGROUPS + 1];
	int n = getgroups(NGROUPS + 1, v), i, first = 0;

	NEED(n == NGROUPS);
	for (i = 0; i < n; i++) {
		if (v[i] == gid)
			first++;
		else
			NEED(v[i] > GROUP0 && v[i] < GROUP0 + NGROUPS);
	}
	NEED(first == 1);
}

static void
check_no_way_back(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct all[2] = {
		{ ~0U, ~0U, ~0U },
		{ ~0U, ~0U, ~0U },
	};
	gid_t none[1] = { 0 };

	REFUSED(setuid(0), EPERM);
	REFUSED(seteuid(0), EPERM);
	REFUSED(setreuid(0, 0), EPERM);
	REFUSED(setresuid(0, 0, 0), EPERM);
	REFUSED(setgid(0), EPERM);
	REFUSED(setegid(0), EPERM);
	REFUSED(setresgid(0, 0, 0), EPERM);
	REFUSED(setgroups(1, none), EPERM);
	REFUSED(syscall(SYS_capset, &h, all), EPERM);
	REFUSED(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0),
	    EPERM);
	REFUSED(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	REFUSED(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0), EPERM);
	REFUSED(chroot("/"), EPERM);
	REFUSED(open("/etc/shadow", O_RDONLY), EACCES);
	REFUSED(sethostname("x", 1), EPERM);
	(void)setfsuid(0);
	NEED(setfsuid((uid_t)-1) != 0);
}

static void
drop_child(const void *arg)
{
	struct passwd *pw = getpwnam(PLAIN);
	uid_t uid = pw->pw_uid;
	gid_t gid = pw->pw_gid;
	int cap;

	(void)arg;
	NEED(privdrop(PLAIN) == 0);
	check_status(uid, gid);
	check_groups(gid);
	NEED(strcmp(status_of("CapBnd"), "0000000000000000") == 0);
	for (cap = 0; cap < 32; cap++)
		NEED(prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0);
	check_no_way_back();
	REFUSED(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL), EPERM);
	REFUSED(kill(getppid(), SIGTERM), EPERM);
	REFUSED(privdrop("root"), EPERM);
}

START_TEST(test_drop)
{
	if (geteuid() == 0)
		in_child(drop_child, NULL);
}
END_TEST

static void
refusals_child(const void *arg)
{
	(void)arg;
	REFUSED(privdrop("no such user"), ENOENT);
	REFUSED(privdrop("root"), EPERM);
	if (geteuid() == 0)
		REFUSED(privdrop(""), ENOENT);
}

START_TEST(test_drop_refusals)
{
	in_child(refusals_child, NULL);
}
END_TEST

/* Started by an ordinary user, who is himself or names nobody. */
static void
ordinary_child(const void *arg)
{
	struct passwd *pw = getpwnam(PLAIN);
	uid_t uid = pw->pw_uid;
	gid_t gid = pw->pw_gid;
	char name[64];

	if (geteuid() == 0) {
		NEED(setgroups(1, &gid) == 0);
		NEED(setresgid(gid, gid, gid) == 0);
		NEED(setresuid(uid, uid, uid) == 0);
	}
	NEED((pw = getpwuid(geteuid())) != NULL);
	snprintf(name, sizeof(name), "%s", pw->pw_name);
	REFUSED(privdrop("root"), EPERM);
	REFUSED(privdrop("no such user"), ENOENT);
	NEED(strcmp(status_of("NoNewPrivs"), "1") != 0 || geteuid() != uid);
	NEED(privdrop(*(const int *)arg == 0 ? "" : name) == 0);
	check_status(geteuid(), getegid());
	check_no_way_back();
}

START_TEST(test_drop_ordinary)
{
	in_child(ordinary_child, &_i);
}
END_TEST

static void
copy_program(const char *from, const char *to, mode_t mode)
{
	char bytes[8192];
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT, 0700);
	ssize_t n;

	ck_assert_int_ne(in, -1);
	ck_assert_int_ne(out, -1);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		ck_assert_int_eq(write(out, bytes, (size_t)n), n);
	ck_assert_int_eq(fchmod(out, mode), 0);
	close(in);
	close(out);
}

static void
setuid_child(const void *arg)
{
	int out = open(below("d/uid"), O_RDWR | O_CREAT, 0600), status;
	char text[16] = "";
	pid_t pid;

	(void)arg;
	drop();
	NEED((pid = fork()) != -1);
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		execl(below("d/id"), "id", "-u", (char *)NULL);
		_exit(1);
	}
	NEED(waitpid(pid, &status, 0) == pid);
	NEED(status == 0);
	NEED(pread(out, text, sizeof(text) - 1, 0) > 0);
	NEED(strcmp(text, "0\n") != 0);
}

/* A setuid program of root's is a plain one for who has dropped. */
START_TEST(test_setuid_program)
{
	copy_program("/usr/bin/id", below("d/id"), 04755);
	in_child(setuid_child, NULL);
}
END_TEST

static Suite *
sandbox_suite(void)
{
	Suite *s = suite_create("sandbox");
	TCase *t = tcase_create("sandbox");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_paths, 0, 2 * (RW + 1));
	tcase_add_test(t, test_paths_without);
	tcase_add_loop_test(t, test_named_file, 0, RW + 1);
	tcase_add_test(t, test_rules);
	tcase_add_loop_test(t, test_calls, 0, sizeof(calls) / sizeof(calls[0]));
	tcase_add_test(t, test_calls_prove);
	tcase_add_test(t, test_abi);
#if defined(__x86_64__)
	tcase_add_test(t, test_abi_i386);
#endif
	tcase_add_loop_test(t, test_worker, 0, 2);
	tcase_add_test(t, test_signals);
	tcase_add_test(t, test_abstract);
	tcase_add_loop_test(
	    t, test_kernels, 0, sizeof(kernels) / sizeof(kernels[0]));
	tcase_add_test(t, test_drop);
	tcase_add_test(t, test_drop_refusals);
	tcase_add_loop_test(t, test_drop_ordinary, 0, 2);
	tcase_add_test(t, test_setuid_program);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(sandbox_suite());
}
