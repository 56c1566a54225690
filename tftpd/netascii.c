/* netascii: lines of text on the wire, see netascii.h. */
#include "netascii.h"

#define NONE (-1)

void
netascii_init(struct netascii *a)
{
	a->pending = NONE;
	a->cr = false;
}

size_t
netascii_encode(struct netascii *a, const uint8_t *in, size_t inlen,
    size_t *used, uint8_t *out, size_t outlen)
{
	size_t i = 0, n = 0;

	while (n < outlen) {
		if (a->pending != NONE) {
			out[n++] = (uint8_t)a->pending;
			a->pending = NONE;
			continue;
		}
		if (i == inlen)
			break;
		if (in[i] == '\n') {
			out[n++] = '\r';
			a->pending = '\n';
		} else {
			out[n++] = in[i];
			a->pending = in[i] == '\r' ? '\0' : NONE;
		}
		i++;
	}
	*used = i;
	return n;
}

size_t
netascii_decode(
    struct netascii *a, const uint8_t *in, size_t inlen, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < inlen; i++) {
		if (a->cr) {
			a->cr = false;
			if (in[i] == '\n' || in[i] == '\0') {
				out[n++] = in[i] == '\n' ? '\n' : '\r';
				continue;
			}
			out[n++] = '\r';
		}
		if (in[i] == '\r')
			a->cr = true;
		else
			out[n++] = in[i];
	}
	return n;
}

size_t
netascii_decode_end(struct netascii *a, uint8_t out[1])
{
	if (!a->cr)
		return 0;
	a->cr = false;
	out[0] = '\r';
	return 1;
}
