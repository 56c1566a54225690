/*
 * tftp-probe: a TFTP client that does what it is told, for what no real client
 * does.
 *
 *	tftp-probe ADDRESS[,PORT] STEP...
 *
 * Each STEP is one argument. Until told otherwise they are about socket 0; a
 * socket knows the server's TID from the last packet that it received.
 *
 *	to ADDRESS	the listening port is this address's from now on
 *	use N		about socket N (0 to 9) from now on
 *	rrq A|B|C...	send an RRQ of these fields to the listening port
 *	wrq A|B|C...	the same for a WRQ
 *	bytes TEXT	send these bytes there; \xHH in them is a byte
 *	ack N		send an ACK to the TID
 *	data N LEN	send DATA of LEN bytes 'x' to the TID
 *	error N TEXT	send an ERROR to the TID
 *	raw TEXT	send these bytes to the TID
 *	main STEP	a step that would send to the TID sends to the
 *			listening port
 *	tid N		take the TID of socket N for this one
 *	recv		wait for a packet and say what it is
 *	skip N		wait for N packets and say nothing
 *	hex		the bytes of the last packet
 *	body		its payload, with escapes
 *	fence		wait until the listening port has dealt with all that
 *			was sent to it: a request from elsewhere is answered
 *	fence tid	the same for the TID's port
 *	rest		say what else came, without waiting; or "nothing"
 *	wait FILE	wait until there is such a file
 *	get FILE	acknowledge what was received and all that follows, up
 *			to the end; the payload goes to the file
 *	many N FILE A|B...	N reads of this request at once, each from a
 *			socket of its own; says how many gave what is in FILE
 *	hold N rrq A|B...	N such requests (or wrq) from a socket each; a #
 *in the fields is the number of the socket. Says what was answered, and does
 *nothing more release		send an ERROR to each that is held and was
 *answered flood N SEED	send N packets at random, most of them requests with
 *			bytes changed, cut or added
 *
 * One line is printed for each packet. The exit status is 1 where a packet
 * that was waited for did not come for WAIT_MS, 2 where a step is wrong.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#define WAIT_MS 20000
#define REPEAT_MS 300 /* many: before the last ACK is sent again */
#define HOLD_MS 100 /* hold: for answers on their way */
#define SOCKETS 10
#define HEADER 4

enum op { RRQ = 1, WRQ, DATA, ACK, ERROR, OACK };

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct probe {
	int fd; /* -1: not used yet */
	union address tid; /* port 0: not known */
};

struct bytes {
	uint8_t p[70000];
	size_t n;
};

/* A read under way. */
struct reader {
	struct probe at;
	size_t blksize, window;
	size_t blocks; /* in order */
	size_t unacked; /* of them */
	bool answered, told_gap, over, good;
};

struct step {
	const char *name;
	void (*run)(char *args);
};

static union address server;
static struct probe probes[SOCKETS], *now = probes;
static struct bytes last; /* received */
static struct probe *held;
static size_t nheld;
static bool to_main;

__attribute__((__noreturn__)) static void
bad(const char *what)
{
	errx(2, "%s: no such step, or not like this", what);
}

static unsigned
number(const char *s, unsigned max)
{
	const char *error = "missing";
	long long n = 0;

	if (s != NULL)
		n = strtonum(s, 0, max, &error);
	if (error != NULL)
		bad(s != NULL ? s : "a number");
	return (unsigned)n;
}

static socklen_t
length(const union address *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

/* The port stands at the same place in both. */
static in_port_t *
port(union address *a)
{
	return &a->in.sin_port;
}

static int
open_socket(void)
{
	int fd = socket(server.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	int size = 4 * 1024 * 1024, on = 1;

	if (fd == -1)
		err(2, "socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	return fd;
}

static int
fd_now(void)
{
	if (now->fd == -1)
		now->fd = open_socket();
	return now->fd;
}

static void
send_to(int fd, const union address *a, const void *p, size_t n)
{
	struct pollfd full = { .fd = fd, .events = POLLOUT };

	while (sendto(fd, p, n, 0, &a->sa, length(a)) == -1) {
		if (errno != EAGAIN && errno != ENOBUFS)
			err(2, "send");
		poll(&full, 1, 1);
	}
}

static void
send_now(const void *p, size_t n)
{
	const union address *a = to_main ? &server : &now->tid;

	if (*port(&now->tid) == 0 && !to_main)
		errx(2, "no TID is known yet");
	send_to(fd_now(), a, p, n);
	to_main = false;
}

/* \xHH in text stands for a byte. */
static struct bytes *
bytes_of(const char *text)
{
	static struct bytes b;
	char hex[3] = "";

	for (b.n = 0; *text != '\0' && b.n < sizeof(b.p); b.n++) {
		if (text[0] != '\\' || text[1] != 'x') {
			b.p[b.n] = (uint8_t)*text++;
			continue;
		}
		if (!isxdigit((uint8_t)text[2]) || !isxdigit((uint8_t)text[3]))
			bad(text);
		memcpy(hex, text + 2, 2);
		b.p[b.n] = (uint8_t)strtoul(hex, NULL, 16);
		text += 4;
	}
	return &b;
}

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

/* The fields A|B|C as a request. */
static struct bytes *
request(enum op op, const char *fields)
{
	static struct bytes b;

	put16(b.p, op);
	b.n = 2 + strlcpy((char *)b.p + 2, fields, sizeof(b.p) - 2) + 1;
	for (size_t i = 2; i < b.n; i++)
		if (b.p[i] == '|')
			b.p[i] = '\0';
	return &b;
}

static bool
same_address(const union address *a, const union address *b)
{
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16) == 0;
}

/* A packet that waits: its bytes are in b. false: there is none. */
static bool
take(struct probe *p, struct bytes *b, union address *from)
{
	socklen_t len = sizeof(*from);
	ssize_t n;

	n = recvfrom(p->fd, b->p, sizeof(b->p), 0, &from->sa, &len);
	if (n == -1) {
		if (errno != EAGAIN)
			err(1, "receive");
		return false;
	}
	b->n = (size_t)n;
	p->tid = *from;
	return true;
}

static void
print_text(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' || p[i] < ' ' || p[i] > '~')
			printf("\\x%02x", p[i]);
		else
			putchar(p[i]);
	}
}

static void
print_options(const struct bytes *b)
{
	size_t i = 2, n, k;

	for (k = 0; i < b->n; k++, i += n + 1) {
		n = strnlen((const char *)b->p + i, b->n - i);
		putchar(k % 2 == 0 ? ' ' : '=');
		print_text(b->p + i, n);
	}
}

static void
print_packet(const struct bytes *b, const union address *from)
{
	char name[INET6_ADDRSTRLEN];
	unsigned op = b->n >= HEADER ? get16(b->p) : 0;

	if (op == DATA)
		printf("DATA %u %zu", get16(b->p + 2), b->n - HEADER);
	else if (op == ACK)
		printf("ACK %u", get16(b->p + 2));
	else if (op == ERROR) {
		printf("ERROR %u ", get16(b->p + 2));
		print_text(b->p + HEADER,
		    strnlen((const char *)b->p + HEADER, b->n - HEADER));
	} else if (op == OACK) {
		printf("OACK");
		print_options(b);
	} else
		printf("a packet of %zu bytes", b->n);
	if (!same_address(from, &server)) {
		inet_ntop(from->sa.sa_family,
		    from->sa.sa_family == AF_INET ?
			(const void *)&from->in.sin_addr :
			(const void *)&from->in6.sin6_addr,
		    name, sizeof(name));
		printf(" from %s", name);
	}
	putchar('\n');
}

static void
await(struct probe *p, struct bytes *b, union address *from)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };

	while (!take(p, b, from))
		if (poll(&pfd, 1, WAIT_MS) == 0)
			errx(1, "no packet came");
}

/* Steps */

static void
step_to(char *args)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST,
		.ai_socktype = SOCK_DGRAM };
	in_port_t kept = *port(&server);
	struct addrinfo *found;

	if (getaddrinfo(args, NULL, &hints, &found) != 0)
		bad(args);
	memset(&server, 0, sizeof(server));
	memcpy(&server, found->ai_addr, found->ai_addrlen);
	*port(&server) = kept;
	freeaddrinfo(found);
}

static void
step_use(char *args)
{
	now = &probes[number(args, SOCKETS - 1)];
}

static void
step_rrq(char *args)
{
	const struct bytes *b = request(RRQ, args);

	send_to(fd_now(), &server, b->p, b->n);
}

static void
step_wrq(char *args)
{
	const struct bytes *b = request(WRQ, args);

	send_to(fd_now(), &server, b->p, b->n);
}

static void
step_bytes(char *args)
{
	const struct bytes *b = bytes_of(args);

	send_to(fd_now(), &server, b->p, b->n);
}

static void
step_raw(char *args)
{
	const struct bytes *b = bytes_of(args);

	send_now(b->p, b->n);
}

static void
step_ack(char *args)
{
	uint8_t p[HEADER];

	put16(p, ACK);
	put16(p + 2, number(args, UINT16_MAX));
	send_now(p, sizeof(p));
}

static void
step_data(char *args)
{
	static uint8_t p[HEADER + UINT16_MAX];
	unsigned n;

	put16(p, DATA);
	put16(p + 2, number(strsep(&args, " "), UINT16_MAX));
	n = number(args, UINT16_MAX);
	memset(p + HEADER, 'x', n);
	send_now(p, HEADER + n);
}

static void
step_error(char *args)
{
	uint8_t p[512];
	size_t n;

	put16(p, ERROR);
	put16(p + 2, number(strsep(&args, " "), UINT16_MAX));
	n = strlcpy(
	    (char *)p + HEADER, args != NULL ? args : "", sizeof(p) - HEADER);
	send_now(p, HEADER + n + 1);
}

static void
step_tid(char *args)
{
	now->tid = probes[number(args, SOCKETS - 1)].tid;
}

static void
step_recv(char *args)
{
	union address from;

	(void)args;
	fd_now();
	await(now, &last, &from);
	print_packet(&last, &from);
}

static void
step_skip(char *args)
{
	unsigned n = number(args, UINT16_MAX);
	union address from;

	fd_now();
	while (n-- > 0)
		await(now, &last, &from);
}

static void
step_hex(char *args)
{
	(void)args;
	for (size_t i = 0; i < last.n; i++)
		printf("%02x", last.p[i]);
	putchar('\n');
}

static void
step_body(char *args)
{
	(void)args;
	if (last.n >= HEADER)
		print_text(last.p + HEADER, last.n - HEADER);
	putchar('\n');
}

/*
 * The server reads a socket in order, so what was sent before is dealt with
 * when the answer to this comes. It is one that no limit keeps back: that of
 * a bad request, or of a stranger's packet.
 */
static void
step_fence(char *args)
{
	static struct bytes answer;
	const struct bytes *b = request(RRQ, "fence|fence");
	struct probe p = { .fd = open_socket() };
	bool tid = args != NULL && strcmp(args, "tid") == 0;
	union address from;

	send_to(p.fd, tid ? &now->tid : &server, b->p, b->n);
	await(&p, &answer, &from);
	close(p.fd);
	if (answer.n < HEADER || get16(answer.p) != ERROR ||
	    get16(answer.p + 2) != (tid ? 5 : 4))
		errx(1, "the fence got another answer");
}

static void
step_rest(char *args)
{
	union address from;
	unsigned n = 0;

	(void)args;
	fd_now();
	for (; take(now, &last, &from); n++)
		print_packet(&last, &from);
	if (n == 0)
		puts("nothing");
}

static void
step_wait(char *args)
{
	unsigned ms;

	for (ms = 0; access(args, F_OK) == -1; ms += 10) {
		if (ms >= WAIT_MS)
			errx(1, "%s: did not come", args);
		poll(NULL, 0, 10);
	}
}

static void
send_ack(const struct probe *p, size_t block)
{
	uint8_t ack[HEADER];

	put16(ack, ACK);
	put16(ack + 2, (unsigned)block);
	send_to(p->fd, &p->tid, ack, sizeof(ack));
}

/* The value of an option that an OACK grants. */
static size_t
granted(const struct bytes *b, const char *name, size_t otherwise)
{
	size_t i = 2, n;

	while (i < b->n) {
		n = strnlen((const char *)b->p + i, b->n - i) + 1;
		if (n == strlen(name) + 1 && memcmp(b->p + i, name, n) == 0)
			return number((const char *)b->p + i + n, UINT16_MAX);
		i += n;
	}
	return otherwise;
}

static void
reader_acks(struct reader *r)
{
	send_ack(&r->at, r->blocks);
	r->unacked = 0;
}

static void
reader_options(struct reader *r, const struct bytes *b)
{
	if (r->blocks > 0)
		return;
	r->blksize = granted(b, "blksize", 512);
	r->window = granted(b, "windowsize", 1);
	reader_acks(r);
}

/*
 * One packet of a read (RFC 7440 section 4): true where it is the next block,
 * whose payload is to be kept.
 */
static bool
reader_takes(struct reader *r, const struct bytes *b)
{
	unsigned op = b->n >= HEADER ? get16(b->p) : 0;

	r->answered = true;
	if (op == OACK)
		reader_options(r, b);
	else if (op != DATA)
		r->over = true;
	if (op != DATA || r->over)
		return false;
	if (get16(b->p + 2) != (uint16_t)(r->blocks + 1)) {
		if (!r->told_gap)
			reader_acks(r);
		r->told_gap = true;
		return false;
	}
	r->told_gap = false;
	r->blocks++;
	r->over = b->n - HEADER < r->blksize;
	if (++r->unacked == r->window || r->over)
		reader_acks(r);
	return true;
}

static void
step_get(char *args)
{
	struct reader r = { .at = *now, .blksize = 512, .window = 1 };
	FILE *f = fopen(args, "w");
	union address from;

	if (f == NULL)
		err(2, "%s", args);
	for (;;) {
		if (reader_takes(&r, &last) &&
		    fwrite(last.p + HEADER, 1, last.n - HEADER, f) !=
			last.n - HEADER)
			err(2, "%s", args);
		if (r.over)
			break;
		await(now, &last, &from);
	}
	fclose(f);
}

static struct bytes *
whole_file(const char *path)
{
	struct bytes *b = calloc(1, sizeof(*b));
	FILE *f = fopen(path, "r");

	if (b == NULL || f == NULL)
		err(2, "%s", path);
	b->n = fread(b->p, 1, sizeof(b->p), f);
	fclose(f);
	return b;
}

/* What has come for one of many; the file is as large as a packet at most. */
static void
many_read(struct reader *r, const struct bytes *want)
{
	union address from;
	size_t at;

	while (!r->over && take(&r->at, &last, &from)) {
		at = r->blocks * r->blksize;
		if (!reader_takes(r, &last))
			continue;
		if (at + last.n - HEADER > want->n ||
		    memcmp(last.p + HEADER, want->p + at, last.n - HEADER) != 0)
			r->over = true;
		else if (r->over)
			r->good = at + last.n - HEADER == want->n;
	}
}

/* Nothing came for a while: what was sent, or its answer, was lost. */
static void
many_again(struct reader *r, const struct bytes *req)
{
	if (r->over)
		return;
	if (r->answered)
		reader_acks(r);
	else
		send_to(r->at.fd, &server, req->p, req->n);
}

static size_t
many_left(const struct reader *r, size_t n)
{
	size_t left = 0;

	while (n-- > 0)
		left += !r[n].over;
	return left;
}

static void
many_run(struct reader *r, size_t n, const struct bytes *req,
    const struct bytes *want)
{
	struct pollfd *pfd = calloc(n, sizeof(*pfd));
	unsigned idle = 0;
	size_t i;

	if (pfd == NULL)
		err(2, "many");
	for (i = 0; i < n; i++) {
		pfd[i].fd = r[i].at.fd;
		pfd[i].events = POLLIN;
	}
	while (many_left(r, n) > 0 && idle < WAIT_MS / REPEAT_MS) {
		idle++;
		if (poll(pfd, n, REPEAT_MS) == 0) {
			for (i = 0; i < n; i++)
				many_again(&r[i], req);
			continue;
		}
		idle = 0;
		for (i = 0; i < n; i++)
			many_read(&r[i], want);
	}
	free(pfd);
}

static void
step_many(char *args)
{
	size_t n = number(strsep(&args, " "), 10000), good = 0, i;
	struct bytes *want = whole_file(strsep(&args, " "));
	const struct bytes *req = request(RRQ, args != NULL ? args : "");
	struct reader *r = calloc(n, sizeof(*r));

	if (r == NULL)
		err(2, "many");
	for (i = 0; i < n; i++) {
		r[i].at.fd = open_socket();
		r[i].blksize = 512;
		r[i].window = 1;
		send_to(r[i].at.fd, &server, req->p, req->n);
	}
	many_run(r, n, req, want);
	for (i = 0; i < n; i++) {
		good += r[i].good;
		close(r[i].at.fd);
	}
	printf("%zu of %zu\n", good, n);
	free(want);
	free(r);
}

/* The fields with their # replaced by i. */
static void
hold_one(size_t i, enum op op, const char *fields)
{
	char text[1024];
	const struct bytes *b;
	size_t n = strcspn(fields, "#");

	if (fields[n] == '#')
		snprintf(text, sizeof(text), "%.*s%zu%s", (int)n, fields, i,
		    fields + n + 1);
	else
		snprintf(text, sizeof(text), "%s", fields);
	b = request(op, text);
	held[i].fd = open_socket();
	send_to(held[i].fd, &server, b->p, b->n);
}

static void
step_hold(char *args)
{
	static const char *const names[] = { "nothing", "RRQ", "WRQ", "DATA",
		"ACK", "ERROR", "OACK" };
	size_t seen[7] = { 0 }, n = number(strsep(&args, " "), 10000), i;
	const char *word = strsep(&args, " ");
	enum op kind = word != NULL && strcmp(word, "wrq") == 0 ? WRQ : RRQ;
	union address from;
	unsigned op;

	free(held);
	if ((held = calloc(n, sizeof(*held))) == NULL)
		err(2, "hold");
	nheld = n;
	for (i = 0; i < n; i++)
		hold_one(i, kind, args != NULL ? args : "");
	step_fence(NULL);
	poll(NULL, 0, HOLD_MS);
	for (i = 0; i < n; i++) {
		op = 0;
		if (take(&held[i], &last, &from) && last.n >= HEADER)
			op = get16(last.p);
		seen[op < 7 ? op : 0]++;
	}
	for (i = 7; i-- > 0;)
		if (seen[i] > 0)
			printf("%zu %s\n", seen[i], names[i]);
}

static void
step_release(char *args)
{
	static const uint8_t bye[] = { 0, ERROR, 0, 0, 'b', 'y', 'e', 0 };
	size_t i;

	(void)args;
	for (i = 0; i < nheld; i++) {
		if (*port(&held[i].tid) != 0)
			send_to(held[i].fd, &held[i].tid, bye, sizeof(bye));
		close(held[i].fd);
	}
	nheld = 0;
}

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Change, cut or add. */
static void
spoil(struct bytes *b, uint32_t *state)
{
	unsigned times = random_next(state) % 6;

	while (times-- > 0 && b->n > 0)
		b->p[random_next(state) % b->n] = (uint8_t)random_next(state);
	if (random_next(state) % 4 == 0)
		b->n = random_next(state) % (b->n + 1);
	if (random_next(state) % 8 == 0)
		b->n += random_next(state) % 600;
}

/* What is no error begins a transfer: it gets what it does not want. */
static void
flood_answer(const union address *from, uint32_t *state)
{
	if (last.n < HEADER || get16(last.p) == ERROR)
		return;
	spoil(&last, state);
	send_to(now->fd, from, last.p, last.n);
}

static void
step_flood(char *args)
{
	static const char *const good[] = {
		"small|octet",
		"small|octet|blksize|1428|windowsize|8|timeout|1|tsize|0",
		"text|netascii|blksize|8|windowsize|65535",
		"a/../../b|octet|tsize|1|tsize|2",
		"in/flood|octet|tsize|100",
	};
	unsigned n = number(strsep(&args, " "), 1000000);
	uint32_t state = number(args, UINT16_MAX);
	union address from;
	struct bytes *b;

	while (n-- > 0) {
		b = request(random_next(&state) % 4 == 0 ? WRQ : RRQ,
		    good[random_next(&state) % 5]);
		if (random_next(&state) % 8 == 0)
			put16(b->p, random_next(&state) % 9);
		spoil(b, &state);
		send_to(fd_now(), &server, b->p, b->n);
		if (n % 16 != 0)
			continue;
		step_fence(NULL); /* else most would not fit its socket */
		while (take(now, &last, &from))
			flood_answer(&from, &state);
	}
}

/* clang-format off */
static const struct step steps[] = {
	{ "to", step_to },
	{ "use", step_use },
	{ "rrq", step_rrq },
	{ "wrq", step_wrq },
	{ "bytes", step_bytes },
	{ "raw", step_raw },
	{ "ack", step_ack },
	{ "data", step_data },
	{ "error", step_error },
	{ "tid", step_tid },
	{ "recv", step_recv },
	{ "skip", step_skip },
	{ "hex", step_hex },
	{ "body", step_body },
	{ "fence", step_fence },
	{ "rest", step_rest },
	{ "wait", step_wait },
	{ "get", step_get },
	{ "many", step_many },
	{ "hold", step_hold },
	{ "release", step_release },
	{ "flood", step_flood },
	{ NULL, NULL },
};
/* clang-format on */

static void
run(char *text)
{
	char *args = text, *word;
	const struct step *s;

	word = strsep(&args, " ");
	if (strcmp(word, "main") == 0) {
		to_main = true;
		word = strsep(&args, " ");
	}
	if (word == NULL)
		bad("main");
	for (s = steps; s->name != NULL; s++)
		if (strcmp(s->name, word) == 0) {
			s->run(args != NULL ? args : word + strlen(word));
			return;
		}
	bad(word);
}

static void
find_server(char *text)
{
	char *address = strsep(&text, ",");

	*port(&server) =
	    htons(text != NULL ? (uint16_t)number(text, UINT16_MAX) : 69);
	step_to(address);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc < 3)
		errx(2, "usage: tftp-probe ADDRESS[,PORT] STEP...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	find_server(argv[1]);
	for (i = 0; i < SOCKETS; i++)
		probes[i].fd = -1;
	for (i = 2; i < argc; i++)
		run(argv[i]);
	return 0;
}
