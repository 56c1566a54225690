/* event: what the script gets, one after the other, and who it runs as. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "event.h"
#include "log.h"
#include "tap.h"

#define IP 0x0a000107u
#define USER "nobody"

static char dir[] = "/tmp/test_event.XXXXXX";
static char script[64], out[64];
static struct leases *leases;
static struct lease *lease;

static void
setup(void)
{
	const struct lease_client client = { .htype = 1,
		.hlen = 6,
		.hw = { 2, 0, 0, 0, 0xbe, 0xef },
		.id = (const uint8_t *)"\1\2\0\xff",
		.idlen = 4 };
	const struct lease_more more = {
		.host = "printer",
		.fqdn = "printer.lab.test",
		.agent = (const uint8_t *)"\1\2ge",
		.agent_len = 4,
		.vendor = (const uint8_t *)"a$(x)`\n;'\" \0\xe9/b:c.d_e-F9",
		.vendor_len = 24,
	};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0777), 0);
	snprintf(script, sizeof(script), "%s/script", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	leases = leases_new(10);
	ck_assert_ptr_nonnull(leases);
	lease = lease_bind(leases, IP, 3, &client, 1700000000, 1700003600);
	ck_assert_ptr_nonnull(lease);
	ck_assert_int_eq(lease_remember(leases, lease, &more), 0);
}

static void
teardown(void)
{
	leases_free(leases);
	unlink(script);
	unlink(out);
	rmdir(dir);
}

/* $OUT in the text is the file that it writes to. */
static void
write_script(const char *text)
{
	FILE *f = fopen(script, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\nOUT=%s\n%s\n", out, text);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(script, 0755), 0);
}

static struct event *
begin(void)
{
	struct event *e = event_open(script, USER);

	ck_assert_ptr_nonnull(e);
	return e;
}

static const char *
output(void)
{
	static char text[8192];
	int fd = open(out, O_RDONLY);
	ssize_t n = fd != -1 ? read(fd, text, sizeof(text) - 1) : 0;

	if (fd != -1)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Until the file says this, 20 s at most. */
static void
expect(const char *want)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	int i;

	for (i = 0; i < 1000 && strcmp(output(), want) != 0; i++)
		nanosleep(&pause, NULL);
	ck_assert_str_eq(output(), want);
}

/* From now on what is logged, by the other process too, goes to memory. */
static int logged_fd, logged_old;

static void
logged_begin(void)
{
	log_open("test", LOG_TO_STDERR);
	logged_old = dup(STDERR_FILENO);
	logged_fd = memfd_create("logged", MFD_CLOEXEC);
	ck_assert_int_ne(dup2(logged_fd, STDERR_FILENO), -1);
}

/* Standard error as before; the lines, without "test[PID]: ". */
static const char *
logged_end(void)
{
	static char text[65536];
	char raw[65536], *p = raw, *end, *line;
	size_t n = 0;
	ssize_t got;

	ck_assert_int_ne(dup2(logged_old, STDERR_FILENO), -1);
	got = pread(logged_fd, raw, sizeof(raw) - 1, 0);
	ck_assert_int_ge(got, 0);
	raw[got] = '\0';
	for (; (end = strchr(p, '\n')) != NULL; p = end + 1) {
		ck_assert_int_eq(strncmp(p, "test[", 5), 0);
		line = strstr(p, "]: ") + 3;
		memcpy(text + n, line, (size_t)(end + 1 - line));
		n += (size_t)(end + 1 - line);
	}
	text[n] = '\0';
	return text;
}

START_TEST(test_environment)
{
	struct event *e;

	ck_assert_int_eq(setenv("SECRET", "x", 1), 0);
	/* bash adds _, SHLVL and PWD, dash PWD, OLDPWD by itself */
	write_script(
	    "{ echo \"$# $1\"; read line || echo empty\n"
	    "env | grep -v '^_=\\|^SHLVL=\\|PWD=' | sort; } >$OUT.new\n"
	    "mv $OUT.new $OUT");
	e = begin();
	event_send(e, "bound", lease);
	expect("1 bound\n"
	       "empty\n"
	       "ADDRESS=10.0.1.7\n"
	       "AGENT=01026765\n"
	       "CLIENT_ID=010200ff\n"
	       "END=1700003600\n"
	       "FQDN=printer.lab.test\n"
	       "HOST=printer\n"
	       "MAC=02:00:00:00:be:ef\n"
	       "NETWORK=3\n"
	       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
	       "/bin\n"
	       "START=1700000000\n"
	       "VENDOR_CLASS=a__x_________/b:c.d_e-F9\n");
	event_close(e);
}
END_TEST

/* A lease without anything, and one without end. */
START_TEST(test_bare)
{
	const struct lease_client c = { .id = (const uint8_t *)"\1x",
		.idlen = 2 };
	struct lease *l =
	    lease_bind(leases, IP + 1, 1, &c, 1700000000, LEASE_FOREVER);
	struct event *e;

	ck_assert_ptr_nonnull(l);
	write_script("echo \"$1 $ADDRESS $END $CLIENT_ID <${MAC-no}>"
		     "<${HOST-no}><${FQDN-no}><${AGENT-no}>"
		     "<${VENDOR_CLASS-no}>\" >$OUT");
	e = begin();
	event_send(e, "renewed", l);
	expect("renewed 10.0.1.8 infinite 0178 <><><><><>\n");
	event_close(e);
}
END_TEST

/*
 * The script has no right and no descriptor of ours, signals as usual: the
 * first 28 of them, since those of the C library (32, 33) cannot be reset.
 */
START_TEST(test_rights)
{
	const struct passwd *pw = getpwnam(USER);
	struct event *e;
	char want[256];
	int fd = open("/dev/null", O_RDONLY); /* not close-on-exec */

	ck_assert_int_ne(fd, -1);
	ck_assert_ptr_nonnull(pw);
	write_script("{ id -u; ls /proc/self/fd | grep -vx '[012]' | wc -l\n"
		     "grep -E '^(CapPrm|NoNewPrivs|SigBlk|SigIgn)'"
		     " /proc/self/status | tr -d '\\t' |\n"
		     "sed 's/^\\(Sig...:\\).*\\(.......\\)$/\\1\\2/'; }"
		     " >$OUT.new\n"
		     "mv $OUT.new $OUT");
	signal(SIGTERM, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	e = begin();
	event_send(e, "bound", lease);
	/* one more descriptor: of the folder that ls reads */
	snprintf(want, sizeof(want),
	    "%u\n1\nSigBlk:%07x\nSigIgn:%07x\nCapPrm:%016x\n"
	    "NoNewPrivs:1\n",
	    (unsigned)(geteuid() == 0 ? pw->pw_uid : geteuid()), 0, 0, 0);
	expect(want);
	event_close(e);
	close(fd);
}
END_TEST

/* In order, one at a time, and all of them although the server is gone. */
START_TEST(test_order)
{
	struct event *e;

	write_script("echo \"<$1\" >>$OUT; sleep 0.1; echo \"$1>\" >>$OUT");
	e = begin();
	event_send(e, "bound", lease);
	event_send(e, "renewed", lease);
	event_send(e, "expired", lease);
	event_close(e);
	expect("<bound\nbound>\n<renewed\nrenewed>\n<expired\nexpired>\n");
}
END_TEST

/* A script that hangs, with its child, is killed; the next one runs. */
START_TEST(test_hang)
{
	struct event *e;
	const char *log;
	char want[256];

	write_script("if [ $1 = bound ]; then sleep 77 & wait; fi\n"
		     "echo $1 >>$OUT");
	event_seconds = 1;
	logged_begin();
	e = begin();
	event_send(e, "bound", lease);
	event_send(e, "released", lease);
	expect("released\n");
	event_close(e);
	log = logged_end();
	snprintf(want, sizeof(want),
	    "event: %s bound ADDRESS=10.0.1.7: took more than 1 s: killed\n",
	    script);
	ck_assert_str_eq(log, want);
}
END_TEST

START_TEST(test_status)
{
	struct event *e;
	char want[256];

	write_script("case $1 in bound) exit 3;; renewed) kill -9 $$;;"
		     "expired) rm -f \"$0\";; *) echo $1 >$OUT;; esac");
	logged_begin();
	e = begin();
	event_send(e, "bound", lease);
	event_send(e, "renewed", lease);
	event_send(e, "declined", lease);
	expect("declined\n");
	event_close(e);
	snprintf(want, sizeof(want),
	    "event: %s bound ADDRESS=10.0.1.7: ended with status 3\n"
	    "event: %s renewed ADDRESS=10.0.1.7: ended by signal 9 (Killed)\n",
	    script, script);
	ck_assert_str_eq(logged_end(), want);
}
END_TEST

/* Behind by EVENT_QUEUE: dropped, counted, told, and never waited for. */
START_TEST(test_queue)
{
	struct event *e;
	unsigned i;

	write_script("sleep 5");
	logged_begin();
	e = begin();
	for (i = 0; i < EVENT_QUEUE; i++)
		event_send(e, "bound", lease);
	if (geteuid() == 0)
		ck_assert_uint_eq(event_dropped(e), 0);
	for (i = 0; i < 50; i++)
		event_send(e, "bound", lease);
	ck_assert_uint_ge(event_dropped(e), 49);
	ck_assert_ptr_nonnull(strstr(logged_end(),
	    "event dropped: bound ADDRESS=10.0.1.7: the script is too slow\n"));
	event_close(e);
}
END_TEST

START_TEST(test_open)
{
	char want[512];

	write_script("");
	ck_assert_int_eq(chmod(script, 0644), 0);
	logged_begin();
	ck_assert_ptr_null(event_open(script, USER));
	snprintf(want, sizeof(want),
	    "event: %s: user " USER ": Permission denied\n", script);
	ck_assert_ptr_nonnull(strstr(logged_end(), want));
	if (geteuid() != 0)
		return; /* the name of the user does not matter then */
	ck_assert_int_eq(chmod(script, 0755), 0);
	logged_begin();
	ck_assert_ptr_null(event_open(script, "nobody-of-this-name"));
	ck_assert_ptr_nonnull(
	    strstr(logged_end(), "event: user nobody-of-this-name: "));
}
END_TEST

/* A process that was killed is told of, and no reason to end. */
START_TEST(test_killed)
{
	struct event *e;
	int status;
	pid_t pid;

	write_script("kill -9 $PPID");
	logged_begin();
	e = begin();
	event_send(e, "bound", lease);
	pid = wait(&status);
	ck_assert_int_gt(pid, 0);
	event_send(e, "bound", lease);
	ck_assert_uint_eq(event_dropped(e), 1);
	ck_assert_ptr_nonnull(strstr(logged_end(), "event dropped: "));
	event_close(e);
	event_send(NULL, "bound", lease);
	ck_assert_uint_eq(event_dropped(NULL), 0);
	event_close(NULL);
}
END_TEST

int
main(int argc, char **argv)
{
	Suite *s = suite_create("event");
	TCase *tc = tcase_create("event");

	setproctitle_init(argc, argv, environ);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_environment);
	tcase_add_test(tc, test_bare);
	tcase_add_test(tc, test_rights);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_hang);
	tcase_add_test(tc, test_status);
	tcase_add_test(tc, test_queue);
	tcase_add_test(tc, test_open);
	tcase_add_test(tc, test_killed);
	suite_add_tcase(s, tc);
	return tap_run(s);
}
