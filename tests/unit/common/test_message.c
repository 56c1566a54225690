/*
 * message: frames and descriptors between two of our processes, and none left
 * over when a frame is not what it should be.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "tap.h"

static int pair[2];
static struct message m;

static void
setup(void)
{
	ck_assert_int_eq(message_pair(pair), 0);
	memset(&m, 0xee, sizeof(m));
}

static int
open_fds(void)
{
	int fd, n = 0;

	for (fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static ino_t
inode(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return st.st_ino;
}

static void
recv_fails(int error)
{
	int before = open_fds();

	errno = 0;
	ck_assert_int_eq(message_recv(pair[1], &m), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_uint_eq(m.nfds, 0);
	ck_assert_int_eq(open_fds(), before);
}

START_TEST(flags)
{
	int i;

	for (i = 0; i < 2; i++) {
		ck_assert_int_ne(fcntl(pair[i], F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_eq(fcntl(pair[i], F_GETFD), FD_CLOEXEC);
	}
	recv_fails(EAGAIN);
}
END_TEST

static const size_t sizes[] = { 0, 1, 4, 5, 1000, MESSAGE_MAX };

START_TEST(bytes)
{
	uint8_t data[MESSAGE_MAX];
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	/* a message is not split, and two are not merged */
	ck_assert_int_eq(message_send(pair[0], 5, data, sizes[_i], NULL, 0), 0);
	ck_assert_int_eq(message_send(pair[0], 6, "next", 4, NULL, 0), 0);
	ck_assert_int_eq(message_recv(pair[1], &m), 1);
	ck_assert_uint_eq(m.type, 5);
	ck_assert_uint_eq(m.len, sizes[_i]);
	ck_assert_mem_eq(m.data, data, sizes[_i]);
	ck_assert_uint_eq(m.data[m.len], 0);
	ck_assert_uint_eq(m.nfds, 0);
	ck_assert_int_eq(message_recv(pair[1], &m), 1);
	ck_assert_uint_eq(m.type, 6);
	ck_assert_str_eq((char *)m.data, "next");
	recv_fails(EAGAIN);
}
END_TEST

START_TEST(too_much)
{
	static const uint8_t data[MESSAGE_MAX + 1];
	int fds[MESSAGE_FDS + 1] = { 0 };

	errno = 0;
	ck_assert_int_eq(
	    message_send(pair[0], 1, data, sizeof(data), NULL, 0), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	errno = 0;
	ck_assert_int_eq(
	    message_send(pair[0], 1, "", 0, fds, MESSAGE_FDS + 1), -1);
	ck_assert_int_eq(errno, EMSGSIZE);
	recv_fails(EAGAIN);
}
END_TEST

static const size_t counts[] = { 1, 2, 3, MESSAGE_FDS };

START_TEST(descriptors)
{
	int fds[MESSAGE_FDS], before;
	size_t n = counts[_i], i;
	ino_t want[MESSAGE_FDS];
	FILE *f;

	for (i = 0; i < n; i++) {
		f = tmpfile();
		ck_assert_ptr_nonnull(f);
		fds[i] = fileno(f);
		want[i] = inode(fds[i]);
	}
	before = open_fds();
	ck_assert_int_eq(message_send(pair[0], 9, "fds", 3, fds, n), 0);
	ck_assert_int_eq(open_fds(), before); /* ours are still ours */
	ck_assert_int_eq(message_recv(pair[1], &m), 1);
	ck_assert_uint_eq(m.nfds, n);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(inode(m.fd[i]), want[i]);
		ck_assert_int_eq(fcntl(m.fd[i], F_GETFD), FD_CLOEXEC);
	}
	ck_assert_int_eq(open_fds(), before + (int)n);
	message_close_fds(&m);
	ck_assert_uint_eq(m.nfds, 0);
	ck_assert_int_eq(open_fds(), before);
	message_close_fds(&m); /* nothing more */
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

/* Send what message_send would not: n bytes and nfds times descriptor 0. */
static void
send_raw(size_t n, size_t nfds)
{
	static uint8_t data[2 * MESSAGE_MAX];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = data, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (nfds > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memset(CMSG_DATA(c), 0, nfds * sizeof(int));
	}
	ck_assert_int_eq(sendmsg(pair[0], &msg, 0), (ssize_t)n);
}

/* clang-format off */
static const struct {
	size_t n, nfds;
} bad[] = {
	{ 1, 0 },
	{ 3, 0 },
	{ 3, 2 },
	{ 3, MESSAGE_FDS },
	{ 4 + MESSAGE_MAX + 1, 0 },
	{ 4 + MESSAGE_MAX + 1, 2 },
	{ 2 * MESSAGE_MAX, 5 },
	{ 8, MESSAGE_FDS + 1 },
	{ 8, 64 },
};
/* clang-format on */

START_TEST(bad_frame)
{
	send_raw(bad[_i].n, bad[_i].nfds);
	recv_fails(EPROTO);
	/* the next one is whole */
	ck_assert_int_eq(message_send(pair[0], 1, "x", 1, NULL, 0), 0);
	ck_assert_int_eq(message_recv(pair[1], &m), 1);
	ck_assert_str_eq((char *)m.data, "x");
}
END_TEST

/* No room for the descriptors in the process that gets them. */
START_TEST(table_full)
{
	int fds[3] = { 0, 0, 0 }, last = -1, fd;
	struct rlimit limit, few;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(message_send(pair[0], 1, "x", 1, fds, 3), 0);
	while ((fd = dup(0)) != -1)
		last = fd;
	close(last); /* for one there is */
	errno = 0;
	ck_assert_int_eq(message_recv(pair[1], &m), -1);
	ck_assert_int_eq(errno, EPROTO);
	ck_assert_uint_eq(m.nfds, 0);
	ck_assert_int_eq(dup(0), last);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

START_TEST(closed_end)
{
	ck_assert_int_eq(message_send(pair[0], 1, "last", 4, NULL, 0), 0);
	close(pair[0]);
	ck_assert_int_eq(message_recv(pair[1], &m), 1);
	ck_assert_str_eq((char *)m.data, "last");
	ck_assert_int_eq(message_recv(pair[1], &m), 0);
	errno = 0;
	ck_assert_int_eq(message_send(pair[1], 1, "x", 1, NULL, 0), -1);
	ck_assert_int_eq(errno, EPIPE); /* and no signal */
}
END_TEST

START_TEST(full_queue)
{
	int sent = 0, got = 0;
	static const uint8_t data[1000];

	while (message_send(pair[0], 1, data, sizeof(data), NULL, 0) == 0)
		sent++;
	ck_assert_int_eq(errno, EAGAIN);
	while (message_recv(pair[1], &m) == 1)
		got++;
	ck_assert_int_eq(got, sent);
	ck_assert_int_eq(
	    message_send(pair[0], 1, data, sizeof(data), NULL, 0), 0);
}
END_TEST

static Suite *
suite(void)
{
	TCase *tc = tcase_create("message");
	Suite *s = suite_create("message");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, flags);
	tcase_add_loop_test(
	    tc, bytes, 0, (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_test(tc, too_much);
	tcase_add_loop_test(
	    tc, descriptors, 0, (int)(sizeof(counts) / sizeof(counts[0])));
	tcase_add_loop_test(
	    tc, bad_frame, 0, (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, table_full);
	tcase_add_test(tc, closed_end);
	tcase_add_test(tc, full_queue);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return tap_run(suite());
}
