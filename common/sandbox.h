/*
 * sandbox: giving up rights for good, before the first thread and the first
 * byte from the network.
 *
 *	sandbox_path(conf->root, SANDBOX_READ);	as root: name paths
 *	sandbox_calls(SANDBOX_NO_EXEC | ...);	and calls
 *	privdrop("_tftpd");			user, groups, capabilities
 *	sandbox_enter();			Landlock and seccomp
 *
 * Paths: nothing but what was named can be opened any more (Landlock), where
 * nothing was named nothing at all; what is open stays open. Signals go to
 * nobody outside and no abstract socket outside can be reached, where the
 * kernel knows how (since 6.12); signals from outside arrive. Calls: named
 * groups of system calls fail with EPERM (clone3 with ENOSYS, so that libc
 * uses clone); never a kill, and no list of what is allowed, since strict
 * lists break with each libc and kernel. A kernel without Landlock or seccomp
 * is one log line; a rule that is refused is an error.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

/*
 * What a path (a file, or a directory and all below it) may be used for. What
 * is created, renamed or linked are files and directories: no symbolic link,
 * device, FIFO or socket. Opening a directory to sync it needs SANDBOX_READ.
 */
enum sandbox_rights {
	SANDBOX_READ = 1, /* open for reading, list */
	SANDBOX_WRITE = 2, /* open for writing, create, remove, rename, link */
};

/* Groups of calls to refuse. */
enum sandbox_group {
	SANDBOX_NO_EXEC = 1, /* execve, execveat */
	SANDBOX_NO_FORK = 2, /* new processes; threads stay possible */
	SANDBOX_NO_TRACE = 4, /* ptrace and the memory of other processes */
	SANDBOX_NO_ADMIN = 8, /* mounts, namespaces, modules, keys, bpf,
				 io_uring, clocks, reboot ... */
	SANDBOX_NO_ID = 16, /* set*id, setgroups, capset, chroot */
	SANDBOX_NO_SOCKET = 32, /* sockets but AF_UNIX, AF_INET, AF_INET6 */
	SANDBOX_NO_LISTEN = 64, /* listen and accept */
};

/* Everything that a worker which serves datagrams never needs. */
#define SANDBOX_USUAL                                                          \
	(SANDBOX_NO_EXEC | SANDBOX_NO_FORK | SANDBOX_NO_TRACE |                \
	    SANDBOX_NO_ADMIN | SANDBOX_NO_ID | SANDBOX_NO_SOCKET)

/*
 * Name a path; rights are ORed when it is named again. 0, or -1 with errno
 * (ENOENT: there is no such path). On a kernel without Landlock: 0.
 */
int sandbox_path(const char *path, int rights);
/* Name groups of calls; ORed with those named before. */
void sandbox_calls(int groups);

/*
 * Become the user: the groups that the user is a member of (initgroups(3)),
 * gid, uid, no capability (bounding set included), no new privileges, and
 * prove that there is no way back. Started as an ordinary user, only the last
 * two are done, and it is an error (EPERM) unless the user named is that one
 * or the name is empty. As root, it is an error (EPERM) to name a user whose
 * uid is 0. 0, or -1 with errno (ENOENT: no such user).
 */
int privdrop(const char *user);

/*
 * Apply what was named; once (EALREADY). 0, or -1 with errno after a message.
 */
int sandbox_enter(void);

#endif
