/*
 * A datagram of any content, read as each kind of TFTP packet; what was read
 * is written again and must read the same. The same bytes as text, through
 * netascii and back, cut into pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "netascii.h"
#include "packet.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_ranges(const struct packet_request *r)
{
	CHECK(!(r->options & OPTION_BLKSIZE) ||
	    (r->blksize >= BLKSIZE_MIN && r->blksize <= BLKSIZE_MAX));
	CHECK(!(r->options & OPTION_TIMEOUT) ||
	    (r->timeout >= 1 && r->timeout <= 255));
	CHECK(!(r->options & OPTION_WINDOWSIZE) ||
	    (r->windowsize >= 1 && r->windowsize <= 65535));
	CHECK(r->tsize <= INT64_MAX);
}

/* The OACK behind a request of our own must give the same values. */
static void
check_oack(const struct packet_request *r)
{
	static const char head[] = "\0\1x\0octet";
	uint8_t oack[128], again[sizeof(head) + sizeof(oack)];
	struct packet_request back;
	const char *why;
	size_t n = packet_oack(oack, sizeof(oack), r);

	CHECK(n >= 2 && packet_op(oack, n) == PACKET_OACK);
	memcpy(again, head, sizeof(head));
	memcpy(again + sizeof(head), oack + 2, n - 2);
	CHECK(packet_request(again, sizeof(head) + n - 2, &back, &why) == 0);
	CHECK(back.options == r->options && back.tsize == r->tsize);
	CHECK(back.blksize == r->blksize && back.timeout == r->timeout);
	CHECK(back.windowsize == r->windowsize);
	/* Cut short, it has fewer options, none of them cut. */
	for (size_t room = 2; room < n; room++) {
		size_t m = packet_oack(oack, room, r);

		CHECK(m >= 2 && m <= room);
		CHECK(m == 2 || oack[m - 1] == '\0');
	}
}

static void
check_request(const uint8_t *p, size_t len)
{
	struct packet_request r;
	const char *why = NULL;
	int error = packet_request(p, len, &r, &why);

	check_ranges(&r);
	if (error != 0) {
		CHECK(error == ERR_ILLEGAL || error == ERR_OPTION);
		CHECK(why != NULL);
		return;
	}
	CHECK(len <= PACKET_REQUEST_MAX && why == NULL);
	CHECK(r.op == PACKET_RRQ || r.op == PACKET_WRQ);
	CHECK((const uint8_t *)r.name == p + 2 && *r.name != '\0');
	CHECK(memchr(p + 2, '\0', len - 2) != NULL);
	check_oack(&r);
}

static void
check_error(const uint8_t *p, size_t len)
{
	char text[32];
	uint8_t out[64];
	int code = packet_read_error(p, len, text, sizeof(text)), again;
	char back[32];
	size_t n;

	CHECK((code == -1) == (len < PACKET_HEADER));
	CHECK(memchr(text, '\0', sizeof(text)) != NULL);
	if (code == -1)
		return;
	n = packet_error(out, sizeof(out), (enum packet_error)code, text);
	again = packet_read_error(out, n, back, sizeof(back));
	CHECK(again == code && strcmp(text, back) == 0);
}

/* Text to the wire and back gives the text, whatever the pieces. */
static void
check_netascii(const uint8_t *p, size_t len, size_t piece)
{
	struct netascii to, from;
	uint8_t *wire = malloc(piece), *text = malloc(2 * piece + 1);
	uint8_t *back = malloc(len + 1);
	size_t at = 0, n, used, got = 0, m;

	CHECK(wire != NULL && text != NULL && back != NULL);
	netascii_init(&to);
	netascii_init(&from);
	while ((n = netascii_encode(
		    &to, p + at, len - at, &used, wire, piece)) > 0) {
		at += used;
		m = netascii_decode(&from, wire, n, text);
		CHECK(m <= n + 1 && got + m <= len);
		memcpy(back + got, text, m);
		got += m;
	}
	got += netascii_decode_end(&from, back + got);
	CHECK(at == len && got == len && memcmp(p, back, len) == 0);
	free(wire);
	free(text);
	free(back);
}

/* Bytes that no rule made: never more comes out than went in. */
static void
check_decode(const uint8_t *p, size_t len, size_t piece)
{
	struct netascii a;
	uint8_t *out = malloc(piece + 1), last;
	size_t n, got = 0;

	CHECK(out != NULL);
	netascii_init(&a);
	for (size_t at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		got += netascii_decode(&a, p + at, n, out);
	}
	got += netascii_decode_end(&a, &last);
	CHECK(got <= len && 2 * got >= len);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	unsigned op = packet_op(p, len);
	uint8_t header[PACKET_HEADER];

	check_request(p, len);
	check_error(p, len);
	if (len >= PACKET_HEADER && op == PACKET_DATA) {
		packet_data_header(header, packet_block(p));
		CHECK(memcmp(header, p, sizeof(header)) == 0);
	}
	if (len >= PACKET_HEADER && op == PACKET_ACK) {
		packet_ack(header, packet_block(p));
		CHECK(memcmp(header, p, sizeof(header)) == 0);
	}
	check_netascii(p, len, 1 + (len > 0 ? p[0] % 64 : 0));
	check_decode(p, len, 1 + (len > 1 ? p[1] % 64 : 0));
	return 0;
}
