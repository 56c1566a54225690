/*
 * netascii: lines of text on the wire (RFC 1350 section 1, RFC 764): LF goes
 * as CR LF, CR as CR NUL, and back. Pure; state is kept between calls, since
 * a pair may be cut by a block.
 */
#ifndef NETASCII_H
#define NETASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netascii {
	int pending; /* encode: byte still to come out, or -1 */
	bool cr; /* decode: a CR stood at the end of the last block */
};

void netascii_init(struct netascii *);

/*
 * Encode from in to out until either is full; *used bytes of in were taken.
 * The number of bytes written.
 */
size_t netascii_encode(struct netascii *, const uint8_t *in, size_t inlen,
    size_t *used, uint8_t *out, size_t outlen);

/*
 * Decode inlen bytes into out, which has room for inlen + 1; the number of
 * bytes written. A CR followed by anything but LF and NUL stands for itself.
 */
size_t netascii_decode(
    struct netascii *, const uint8_t *in, size_t inlen, uint8_t *out);
/* The CR that is left at the end of a file, if any: 0 or 1 bytes. */
size_t netascii_decode_end(struct netascii *, uint8_t out[1]);

#endif
