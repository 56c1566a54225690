/*
 * packet: TFTP packets in bytes (RFC 1350 section 5, RFC 2347 section 2).
 * Pure: no I/O, no allocation, no globals.
 */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_op {
	PACKET_RRQ = 1,
	PACKET_WRQ = 2,
	PACKET_DATA = 3,
	PACKET_ACK = 4,
	PACKET_ERROR = 5,
	PACKET_OACK = 6, /* RFC 2347 */
};

enum packet_error {
	ERR_UNDEFINED = 0,
	ERR_NOT_FOUND = 1,
	ERR_ACCESS = 2,
	ERR_FULL = 3,
	ERR_ILLEGAL = 4,
	ERR_TID = 5,
	ERR_EXISTS = 6,
	ERR_USER = 7,
	ERR_OPTION = 8, /* RFC 2347 */
};

enum packet_mode { MODE_OCTET, MODE_NETASCII };

#define PACKET_HEADER 4 /* of DATA and ACK */
#define PACKET_REQUEST_MAX 512 /* RFC 2347 section 2 */
#define BLKSIZE_DEFAULT 512
#define BLKSIZE_MIN 8 /* RFC 2348 */
#define BLKSIZE_MAX 65464

/* Options that were asked for with a value that the RFC allows. */
enum packet_option {
	OPTION_BLKSIZE = 1,
	OPTION_TIMEOUT = 2, /* seconds, 1..255 (RFC 2349) */
	OPTION_TSIZE = 4,
	OPTION_WINDOWSIZE = 8, /* 1..65535 (RFC 7440) */
};

struct packet_request {
	enum packet_op op; /* PACKET_RRQ or PACKET_WRQ */
	const char *name; /* within the packet; not empty */
	enum packet_mode mode;
	unsigned options; /* enum packet_option, ORed */
	uint32_t blksize, timeout, windowsize;
	uint64_t tsize;
};

/* The opcode, or 0 where there are fewer than two bytes. */
unsigned packet_op(const uint8_t *, size_t len);
/* The block number of a DATA or ACK of at least PACKET_HEADER bytes. */
uint16_t packet_block(const uint8_t *);

/*
 * Read an RRQ or WRQ. 0; or the error to answer with (a packet_error above 0),
 * its text in *why, with name NULL or as it was read. Unknown options are
 * passed over, known ones whose value the RFC does not allow are left out; a
 * known one that is repeated is error 8 (RFC 2347: specified once only).
 * Zeroes behind the last pair are padding.
 */
int packet_request(
    const uint8_t *, size_t len, struct packet_request *, const char **why);

/* The code of an ERROR packet (-1: too short) and its text, bounded. */
int packet_read_error(const uint8_t *, size_t len, char *text, size_t textsize);

/* Write one; the number of bytes. */
size_t packet_data_header(uint8_t out[PACKET_HEADER], uint16_t block);
size_t packet_ack(uint8_t out[PACKET_HEADER], uint16_t block);
/* The usual text of the code where text is NULL. At most size bytes. */
size_t
packet_error(uint8_t *out, size_t size, enum packet_error, const char *text);
/* An OACK of the options set in `options` with the values granted. */
size_t
packet_oack(uint8_t *out, size_t size, const struct packet_request *granted);

#endif
