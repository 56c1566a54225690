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

/*
 * struct landlock_ruleset_attr as of ABI 6; an older kernel takes the zeroes
 * behind what it knows.
 */
struct ruleset_attr {
	uint64_t fs, net, scoped;
};

#define SCOPED_ABI 6
#define SCOPED 3 /* abstract sockets, signals */
#define NEVER (SANDBOX_WRITE << 1) /* a right that nobody can name */

/*
 * The bits of LANDLOCK_ACCESS_FS_... in their order (by number, since the
 * headers of the oldest system that we build on lack the newest): the ABI that
 * brought each, whether a file can have it (the kernel refuses the others
 * there), and which rights it is part of.
 */
static const struct {
	int abi;
	bool file;
	int rights;
} access_bits[] = {
	/* clang-format off */
	{ 1, true, NEVER }, /* EXECUTE */
	{ 1, true, SANDBOX_WRITE }, /* WRITE_FILE */
	{ 1, true, SANDBOX_READ }, /* READ_FILE */
	{ 1, false, SANDBOX_READ }, /* READ_DIR */
	{ 1, false, SANDBOX_WRITE }, /* REMOVE_DIR */
	{ 1, false, SANDBOX_WRITE }, /* REMOVE_FILE */
	{ 1, false, NEVER }, /* MAKE_CHAR */
	{ 1, false, SANDBOX_WRITE }, /* MAKE_DIR */
	{ 1, false, SANDBOX_WRITE }, /* MAKE_REG */
	{ 1, false, NEVER }, /* MAKE_SOCK */
	{ 1, false, NEVER }, /* MAKE_FIFO */
	{ 1, false, NEVER }, /* MAKE_BLOCK */
	{ 1, false, NEVER }, /* MAKE_SYM */
	{ 2, false, SANDBOX_WRITE }, /* REFER; before: never across directories */
	{ 3, true, SANDBOX_WRITE }, /* TRUNCATE */
	{ 5, true, NEVER }, /* IOCTL_DEV */
	/* clang-format on */
};

#define NAMES 64 /* in a row, at most */

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
	    "move_mount", "mount_setattr", "fsopen", "fsconfig", "fsmount",
	    "fspick", "unshare", "setns", "name_to_handle_at",
	    "open_by_handle_at", "swapon", "swapoff", "quotactl",
	    "quotactl_fd", "fanotify_init",
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
	/* clang-format on */
};

/* Where clone has its flags. */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* clang-format off */
#define WHERE(group, call, ...) { group, SCMP_SYS(call), EPERM, 1, { __VA_ARGS__ } }
#define CLONE(group, flag, is) WHERE(group, clone, CLONE_FLAGS, SCMP_CMP_MASKED_EQ, flag, is)
#define NEW(flag) CLONE(SANDBOX_NO_ADMIN, flag, flag)
#define FAMILY(call, op, af) WHERE(SANDBOX_NO_SOCKET, call, 0, SCMP_CMP_##op, af, 0)
/*
 * What a name alone doesn't say: calls refused for the value of an argument (a
 * rule compares each only once), another error than EPERM, and a call that the
 * installed libseccomp may not know yet.
 */
static const struct {
	int groups, nr;
	uint16_t error;
	unsigned nargs;
	struct scmp_arg_cmp arg;
} rules[] = {
	CLONE(SANDBOX_NO_FORK, CLONE_THREAD, 0),
	/* clone3 alone makes namespaces of time */
	NEW(CLONE_NEWNS), NEW(CLONE_NEWCGROUP), NEW(CLONE_NEWUTS), NEW(CLONE_NEWIPC),
	NEW(CLONE_NEWUSER), NEW(CLONE_NEWPID), NEW(CLONE_NEWNET),
	/* its flags lie in memory, where no filter sees them: libc uses clone */
	{ .groups = SANDBOX_NO_FORK | SANDBOX_NO_ADMIN, .nr = SCMP_SYS(clone3), .error = ENOSYS },
	/* all but AF_UNIX (1), AF_INET (2), AF_INET6 (10) */
	FAMILY(socket, EQ, 0), FAMILY(socket, EQ, 3), FAMILY(socket, EQ, 4),
	FAMILY(socket, EQ, 5), FAMILY(socket, EQ, 6), FAMILY(socket, EQ, 7),
	FAMILY(socket, EQ, 8), FAMILY(socket, EQ, 9), FAMILY(socket, GT, AF_INET6),
	FAMILY(socketpair, NE, AF_UNIX),
	/* open_tree_attr: from 424 on, numbers differ only where that one does */
	{ .groups = SANDBOX_NO_ADMIN, .nr = SYS_pidfd_send_signal + 467 - 424, .error = EPERM },
};
/* clang-format on */

static struct {
	long abi; /* of Landlock; 0: not asked yet, -1: there is none */
	int ruleset;
	int groups; /* of calls */
	bool entered;
} box = { .ruleset = -1 };

/* What Landlock calls these rights on a file or a directory. */
static uint64_t
access_of(int rights, bool dir)
{
	uint64_t fs = 0;
	size_t i;

	for (i = 0; i < nitems(access_bits); i++) {
		if (box.abi >= access_bits[i].abi &&
		    (dir || access_bits[i].file) &&
		    (rights & access_bits[i].rights))
			fs |= UINT64_C(1) << i;
	}
	return fs;
}

/* Ask for Landlock and begin the rules. 0, or -1 with errno. */
static int
ruleset_open(void)
{
	struct ruleset_attr attr = { 0 };

	if (box.abi != 0)
		return 0;
	box.abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (box.abi == -1) {
		log_warn("sandbox: paths are not restricted: "
			 "the kernel has no Landlock");
		return 0;
	}
	attr.fs = access_of(-1, true);
	attr.scoped = box.abi >= SCOPED_ABI ? SCOPED : 0;
	box.ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	return box.ruleset == -1 ? -1 : 0;
}

int
sandbox_path(const char *path, int rights)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;
	int fd, rc, error;

	if (ruleset_open() == -1 || (fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return -1;
	rc = fstat(fd, &st);
	if (rc == 0)
		rule.allowed_access = access_of(rights, S_ISDIR(st.st_mode));
	rule.parent_fd = fd;
	if (rule.allowed_access != 0)
		rc = (int)syscall(SYS_landlock_add_rule, box.ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
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

/* 0, or -1 with errno. */
static int
paths_enter(void)
{
	if (ruleset_open() == -1)
		return -1;
	if (box.abi == -1)
		return 0;
	if (syscall(SYS_landlock_restrict_self, box.ruleset, 0) == -1)
		return -1;
	close(box.ruleset);
	box.ruleset = -1;
	return 0;
}

/* Refuse the calls of a row. 0 or a negative errno. */
static int
row_add(scmp_filter_ctx filter, const char *const names[NAMES])
{
	size_t i;
	int nr, rc = 0;

	for (i = 0; i < NAMES && names[i] != NULL && rc == 0; i++) {
		nr = seccomp_syscall_resolve_name(names[i]);
		if (nr != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(
			    filter, SCMP_ACT_ERRNO(EPERM), nr, 0);
	}
	return rc;
}

/* Every rule of the groups named. 0 or a negative errno. */
static int
calls_add(scmp_filter_ctx filter)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < nitems(calls) && rc == 0; i++) {
		if (box.groups & calls[i].group)
			rc = row_add(filter, calls[i].names);
	}
	for (i = 0; i < nitems(rules) && rc == 0; i++) {
		if (box.groups & rules[i].groups)
			rc = seccomp_rule_add_array(filter,
			    SCMP_ACT_ERRNO(rules[i].error), rules[i].nr,
			    rules[i].nargs, &rules[i].arg);
	}
	return rc;
}

/* 0, or -1 with errno. */
static int
calls_enter(void)
{
	scmp_filter_ctx filter;
	int rc;

	if (box.groups == 0)
		return 0;
	/* Only a kernel that knows of filters looks at the filter. */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1 &&
	    errno != EFAULT) {
		log_warnx("sandbox: calls are not restricted: "
			  "the kernel has no seccomp filters");
		return 0;
	}
	if ((filter = seccomp_init(SCMP_ACT_ALLOW)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* Calls of an ABI other than ours are refused too, without a kill. */
	rc = seccomp_attr_set(
	    filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (rc == 0)
		rc = calls_add(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	return rc == 0 ? 0 : -1;
}

int
sandbox_enter(void)
{
	const char *what;

	if (box.entered) {
		errno = EALREADY;
		what = "entered again";
	} else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) {
		/* Without these the kernel takes neither from a user. */
		what = "no new privileges";
	} else if (paths_enter() == -1) {
		what = "Landlock";
	} else if (calls_enter() == -1) {
		what = "seccomp";
	} else {
		box.entered = true;
		return 0;
	}
	log_err("sandbox: %s", what);
	return -1;
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

static struct __user_cap_header_struct cap_header = {
	.version = _LINUX_CAPABILITY_VERSION_3,
};
static const struct __user_cap_data_struct no_caps[_LINUX_CAPABILITY_U32S_3];

/* No capability, and none to come by execve. 0, or -1 with errno. */
static int
caps_drop(void)
{
	/* Kernels before 4.3 have no ambient set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1 &&
	    errno != EINVAL)
		return -1;
	if (syscall(SYS_capset, &cap_header, no_caps) == -1)
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Nothing is left, and there is no way back. */
static bool
dropped(void)
{
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &cap_header, caps) == 0 &&
	    memcmp(caps, no_caps, sizeof(caps)) == 0 &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && setuid(0) == -1 &&
	    setresuid((uid_t)-1, 0, (uid_t)-1) == -1 &&
	    (getgid() == 0 || setgid(0) == -1);
}

/* Root becomes this user; who is not root has to be. 0, or -1 with errno. */
static int
become(const char *user)
{
	const struct passwd *pw;
	uid_t uid;
	gid_t gid;

	errno = 0;
	if ((pw = getpwnam(user)) == NULL) {
		errno = errno == 0 ? ENOENT : errno;
		return -1;
	}
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	if (geteuid() != 0 && uid == geteuid() && uid == getuid())
		return 0;
	if (geteuid() != 0 || uid == 0) {
		errno = EPERM;
		return -1;
	}
	if (initgroups(user, gid) == -1 || bounding_drop() == -1 ||
	    setresgid(gid, gid, gid) == -1)
		return -1;
	return setresuid(uid, uid, uid);
}

int
privdrop(const char *user)
{
	if ((geteuid() == 0 || *user != '\0') && become(user) == -1)
		return -1;
	if (caps_drop() == -1)
		return -1;
	if (dropped())
		return 0;
	errno = EPERM;
	return -1;
}
