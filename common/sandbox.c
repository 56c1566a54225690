/*
 * Giving up rights: paths by Landlock, calls by seccomp, the user.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/* Newer than the headers of the oldest system that we build on. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* The first Landlock; what later ABIs added stands in fs_added. */
#define FS_ALL                                                                 \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |          \
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |       \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |   \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |       \
	    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |       \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |     \
	    LANDLOCK_ACCESS_FS_MAKE_SYM)
/* What makes sense for a file; the kernel refuses the rest there. */
#define FS_FILE                                                                \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |          \
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |       \
	    LANDLOCK_ACCESS_FS_IOCTL_DEV)

/*
 * struct landlock_ruleset_attr as of ABI 6; an older kernel takes the zeroes
 * behind what it knows.
 */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

static const struct {
	long abi;
	uint64_t fs;
} fs_added[] = {
	{ 2, LANDLOCK_ACCESS_FS_REFER }, /* before: never across directories */
	{ 3, LANDLOCK_ACCESS_FS_TRUNCATE },
	{ 5, LANDLOCK_ACCESS_FS_IOCTL_DEV },
};

static const struct {
	int right;
	uint64_t fs;
} fs_rights[] = {
	{ SANDBOX_READ,
	    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR },
	{ SANDBOX_WRITE,
	    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
		LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |
		LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
		LANDLOCK_ACCESS_FS_REFER },
	{ SANDBOX_EXEC,
	    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE },
};

/* The most names in a row of calls[]. */
#define NAMES 64

/* The calls of each group. Names that libseccomp doesn't know are skipped. */
static const struct {
	int group;
	const char *names[NAMES];
} calls[] = {
	/* clang-format off */
	{ SANDBOX_NO_EXEC, { "execve", "execveat" } },
	{ SANDBOX_NO_FORK, { "fork", "vfork" } },
	{ SANDBOX_NO_TRACE, { "ptrace", "process_vm_readv",
	    "process_vm_writev", "process_madvise", "process_mrelease",
	    "pidfd_getfd", "kcmp" } },
	{ SANDBOX_NO_ADMIN, {
	    /* mounts and namespaces */
	    "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree",
	    "open_tree_attr", "move_mount", "mount_setattr", "fsopen",
	    "fsconfig", "fsmount", "fspick", "unshare", "setns",
	    "name_to_handle_at", "open_by_handle_at", "swapon", "swapoff",
	    "quotactl", "quotactl_fd", "fanotify_init",
	    /* the kernel and the machine */
	    "reboot", "kexec_load", "kexec_file_load", "create_module",
	    "init_module", "finit_module", "delete_module", "bpf",
	    "perf_event_open", "lookup_dcookie", "keyctl", "add_key",
	    "request_key", "userfaultfd", "io_uring_setup", "io_uring_enter",
	    "io_uring_register", "ioperm", "iopl", "syslog", "personality",
	    "acct", "vhangup", "sethostname", "setdomainname",
	    /* clocks */
	    "stime", "settimeofday", "adjtimex", "clock_settime",
	    "clock_settime64", "clock_adjtime", "clock_adjtime64" } },
	{ SANDBOX_NO_ID, { "setuid", "setgid", "setreuid", "setregid",
	    "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
	    "setuid32", "setgid32", "setreuid32", "setregid32", "setresuid32",
	    "setresgid32", "setfsuid32", "setfsgid32", "setgroups32",
	    "capset", "chroot" } },
	{ SANDBOX_NO_LISTEN, { "listen", "accept", "accept4" } },
	{ SANDBOX_NO_CHMOD, { "chmod", "fchmod", "fchmodat", "fchmodat2",
	    "chown", "fchown", "lchown", "fchownat", "chown32", "fchown32",
	    "lchown32", "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
	    "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
	    "file_setattr" } },
	/* clang-format on */
};

/*
 * Numbers of calls that may be newer than the installed libseccomp. From 424
 * on they are the same everywhere, counted from pidfd_send_signal.
 */
static const struct {
	const char *name;
	int number;
} late_calls[] = {
	{ "fchmodat2", 452 },
	{ "setxattrat", 463 },
	{ "removexattrat", 466 },
	{ "open_tree_attr", 467 },
	{ "file_setattr", 469 },
};

/* Namespaces that clone can make; clone3 alone makes those of time. */
static const scmp_datum_t namespaces[] = { CLONE_NEWNS, CLONE_NEWCGROUP,
	CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET };

/* Where clone has its flags. */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

static struct {
	long abi; /* of Landlock; 0: not asked yet, -1: there is none */
	int error; /* why there is none */
	int ruleset;
	uint64_t handled;
	int groups; /* of calls */
	bool entered;
} box = { .ruleset = -1 };

/* Ask for Landlock and begin the rules. 0, or -1 with errno. */
static int
ruleset_open(void)
{
	struct ruleset_attr attr = { .fs = FS_ALL };
	size_t i;

	if (box.abi != 0)
		return 0;
	box.abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (box.abi <= 0) {
		box.error = errno;
		box.abi = -1;
		return 0;
	}
	for (i = 0; i < nitems(fs_added); i++) {
		if (box.abi >= fs_added[i].abi)
			attr.fs |= fs_added[i].fs;
	}
	if (box.abi >= 6) {
		attr.scoped =
		    LANDLOCK_SCOPE_SIGNAL | LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	}
	box.handled = attr.fs;
	box.ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (box.ruleset != -1)
		return 0;
	box.abi = 0;
	return -1;
}

/* Allow fd, a file or a directory with all below it, for fs. */
static int
ruleset_add(int fd, uint64_t fs)
{
	struct landlock_path_beneath_attr rule = { .parent_fd = fd };
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode))
		fs &= FS_FILE;
	rule.allowed_access = fs & box.handled;
	if (rule.allowed_access == 0)
		return 0;
	return (int)syscall(SYS_landlock_add_rule, box.ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

int
sandbox_path(const char *path, int rights)
{
	uint64_t fs = 0;
	size_t i;
	int fd, rc, error;

	if (ruleset_open() == -1)
		return -1;
	for (i = 0; i < nitems(fs_rights); i++) {
		if (rights & fs_rights[i].right)
			fs |= fs_rights[i].fs;
	}
	if ((fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return -1;
	rc = box.abi == -1 ? 0 : ruleset_add(fd, fs);
	error = errno;
	close(fd);
	errno = error;
	return rc;
}

void
sandbox_calls(int groups)
{
	box.groups |= groups;
}

static int
paths_enter(void)
{
	int rc, error;

	if (ruleset_open() == -1)
		goto fail;
	if (box.abi == -1) {
		log_notice("sandbox: paths are not restricted: "
			   "the kernel has no Landlock: %s",
		    strerror(box.error));
		return 0;
	}
	rc = (int)syscall(SYS_landlock_restrict_self, box.ruleset, 0);
	error = errno;
	close(box.ruleset);
	box.ruleset = -1;
	errno = error;
	if (rc == 0)
		return 0;
fail:
	log_err("sandbox: Landlock");
	return -1;
}

/* The kernel looks at the filter only if it knows of filters. */
static bool
calls_supported(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 &&
	    errno == EFAULT;
}

/* The number of a call, or __NR_SCMP_ERROR. */
static int
call_number(const char *name)
{
	size_t i;
	int nr = seccomp_syscall_resolve_name(name);

	for (i = 0; i < nitems(late_calls) && nr == __NR_SCMP_ERROR; i++) {
		if (strcmp(name, late_calls[i].name) == 0)
			nr = SYS_pidfd_send_signal + late_calls[i].number - 424;
	}
	return nr;
}

/* Refuse the calls of a row. 0 or a negative errno. */
static int
row_add(scmp_filter_ctx filter, const char *const names[NAMES])
{
	size_t i;
	int nr, rc = 0;

	for (i = 0; i < NAMES && names[i] != NULL && rc == 0; i++) {
		if ((nr = call_number(names[i])) == __NR_SCMP_ERROR)
			continue;
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);
	}
	return rc;
}

/* Refuse a call whose argument compares so. 0 or a negative errno. */
static int
arg_add(scmp_filter_ctx filter, int nr, struct scmp_arg_cmp arg)
{
	return seccomp_rule_add_array(
	    filter, SCMP_ACT_ERRNO(EPERM), nr, 1, &arg);
}

/* clone where it makes a process or a namespace. 0 or a negative errno. */
static int
clone_add(scmp_filter_ctx filter)
{
	size_t i;
	int rc = 0;

	if (box.groups & SANDBOX_NO_FORK) {
		rc = arg_add(filter, SCMP_SYS(clone),
		    SCMP_CMP64(
			CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	}
	if (rc == 0 && box.groups & SANDBOX_NO_ADMIN) {
		for (i = 0; i < nitems(namespaces) && rc == 0; i++) {
			rc = arg_add(filter, SCMP_SYS(clone),
			    SCMP_CMP64(CLONE_FLAGS, SCMP_CMP_MASKED_EQ,
				namespaces[i], namespaces[i]));
		}
	}
	/* The flags of clone3 lie in memory, where no filter sees them. */
	if (rc == 0 && box.groups & (SANDBOX_NO_FORK | SANDBOX_NO_ADMIN)) {
		rc = seccomp_rule_add(
		    filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	}
	return rc;
}

/*
 * Sockets of other families. A rule compares an argument only once, so each
 * refused family takes its own. 0 or a negative errno.
 */
static int
socket_add(scmp_filter_ctx filter)
{
	scmp_datum_t f;
	int rc;

	rc = arg_add(filter, SCMP_SYS(socketpair),
	    SCMP_CMP64(0, SCMP_CMP_NE, AF_UNIX, 0));
	if (rc == 0) {
		rc = arg_add(filter, SCMP_SYS(socket),
		    SCMP_CMP64(0, SCMP_CMP_GT, AF_INET6, 0));
	}
	for (f = 0; f < AF_INET6 && rc == 0; f++) {
		if (f == AF_UNIX || f == AF_INET)
			continue;
		rc = arg_add(
		    filter, SCMP_SYS(socket), SCMP_CMP64(0, SCMP_CMP_EQ, f, 0));
	}
	return rc;
}

/* Every rule of the groups named. 0 or a negative errno. */
static int
calls_add(scmp_filter_ctx filter)
{
	size_t i;
	int rc = clone_add(filter);

	for (i = 0; i < nitems(calls) && rc == 0; i++) {
		if (box.groups & calls[i].group)
			rc = row_add(filter, calls[i].names);
	}
	if (rc == 0 && box.groups & SANDBOX_NO_SOCKET)
		rc = socket_add(filter);
	return rc;
}

/* Calls of an ABI other than ours are refused too, without a kill. */
static int
filter_load(scmp_filter_ctx filter)
{
	int rc;

	rc = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (rc == 0)
		rc = calls_add(filter);
	return rc == 0 ? seccomp_load(filter) : rc;
}

static int
calls_enter(void)
{
	scmp_filter_ctx filter;
	int rc;

	if (box.groups == 0)
		return 0;
	if (!calls_supported()) {
		log_notice("sandbox: calls are not restricted: "
			   "the kernel has no seccomp filters");
		return 0;
	}
	if ((filter = seccomp_init(SCMP_ACT_ALLOW)) == NULL) {
		errno = ENOMEM;
		log_err("sandbox: seccomp");
		return -1;
	}
	rc = filter_load(filter);
	seccomp_release(filter);
	if (rc == 0)
		return 0;
	errno = -rc;
	log_err("sandbox: seccomp");
	return -1;
}

int
sandbox_enter(void)
{
	if (box.entered) {
		errno = EALREADY;
		log_err("sandbox");
		return -1;
	}
	/* Without this the kernel takes neither from an ordinary user. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		log_err("sandbox: no new privileges");
		return -1;
	}
	if (paths_enter() == -1 || calls_enter() == -1)
		return -1;
	box.entered = true;
	return 0;
}

/* Become a member of the user's groups. 0, or -1 with errno. */
static int
groups_set(const char *user, gid_t gid)
{
	gid_t *v = NULL, *larger;
	int size = 0, n = 32, rc;

	/* It tells how many there are when they do not fit. */
	do {
		size = n > size ? n : size * 2;
		if (size > NGROUPS_MAX) {
			free(v);
			errno = E2BIG;
			return -1;
		}
		larger = reallocarray(v, (size_t)size, sizeof(*v));
		if (larger == NULL) {
			free(v);
			return -1;
		}
		v = larger;
		n = size;
	} while (getgrouplist(user, gid, v, &n) == -1);
	rc = setgroups((size_t)n, v);
	free(v);
	return rc;
}

/*
 * Shrink the bounding set to nothing. Who lacks CAP_SETPCAP (root in a
 * container) may not, and has what is left of it of no use: without new
 * privileges no program gets capabilities from there.
 */
static int
bounding_drop(void)
{
	int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1 &&
		    errno != EPERM)
			return -1;
	}
	return 0;
}

/* No capability, and none to come by execve. 0, or -1 with errno. */
static int
caps_drop(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* Kernels before 4.3 have no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 &&
	    errno != EINVAL)
		return -1;
	if (syscall(SYS_capset, &h, none) == -1)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* 0 if no capability is left. */
static int
caps_check(void)
{
	struct __user_cap_header_struct h = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct d[_LINUX_CAPABILITY_U32S_3];
	size_t i;

	if (syscall(SYS_capget, &h, d) == -1)
		return -1;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		if ((d[i].effective | d[i].permitted | d[i].inheritable) != 0)
			return -1;
	}
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -1;
}

/* 0 if we are this user in every way and there is no way back. */
static int
drop_check(uid_t uid, gid_t gid)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) == -1 ||
	    getresgid(&g[0], &g[1], &g[2]) == -1)
		return -1;
	if (u[0] != uid || u[1] != uid || u[2] != uid || g[0] != gid ||
	    g[1] != gid || g[2] != gid || caps_check() == -1)
		return -1;
	if (setuid(0) != -1 || setresuid((uid_t)-1, 0, (uid_t)-1) != -1)
		return -1;
	return gid == 0 || setgid(0) == -1 ? 0 : -1;
}

/* We are not root: there is little to give up. */
static int
privdrop_ordinary(const char *user)
{
	struct passwd *pw;

	if (user[0] != '\0') {
		errno = 0;
		if ((pw = getpwnam(user)) == NULL) {
			errno = errno == 0 ? ENOENT : errno;
			return -1;
		}
		if (pw->pw_uid != geteuid() || pw->pw_uid != getuid()) {
			errno = EPERM;
			return -1;
		}
	}
	if (caps_drop() == -1)
		return -1;
	if (caps_check() == 0)
		return 0;
	errno = EPERM;
	return -1;
}

int
privdrop(const char *user)
{
	struct passwd *pw;
	uid_t uid;
	gid_t gid;

	if (geteuid() != 0)
		return privdrop_ordinary(user);
	errno = 0;
	if ((pw = getpwnam(user)) == NULL) {
		errno = errno == 0 ? ENOENT : errno;
		return -1;
	}
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	if (uid == 0) {
		errno = EPERM;
		return -1;
	}
	if (groups_set(user, gid) == -1 || bounding_drop() == -1 ||
	    setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1 ||
	    caps_drop() == -1)
		return -1;
	if (drop_check(uid, gid) == 0)
		return 0;
	errno = EPERM;
	return -1;
}
