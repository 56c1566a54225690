/*
 * Names made out of names: of wildcards, and by DNAME.
 */
#include <string.h>

#include "synth.h"

bool
synth_wildcard(struct dname *out, const struct dname *n, unsigned suffix)
{
	uint8_t wire[DNS_NAME + 2] = { 1, '*' };
	size_t len = dname_suffix_len(n, suffix);

	memcpy(wire + 2, dname_suffix(n, suffix), len);
	return dname_set(out, wire, len + 2) == 0;
}

bool
synth_replace(struct dname *out, const struct dname *n, unsigned suffix,
    const uint8_t *target)
{
	uint8_t wire[2 * DNS_NAME];
	size_t front = n->at[suffix], len = dns_name_len(target);

	memcpy(wire, n->wire, front);
	memcpy(wire + front, target, len);
	return dname_set(out, wire, front + len) == 0;
}
