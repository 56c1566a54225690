/*
 * Signing DNS messages and checking the signatures (RFC 8945).
 */
#include <string.h>
#include <strings.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tsig.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

/* By struct tsig_key.algorithm. */
static const struct {
	const char *name, *digest;
	size_t len; /* of the MAC */
	const char *wire; /* with its NUL the name in wire form */
} algorithms[] = {
	{ "hmac-sha1", "SHA1", 20, "\011hmac-sha1" },
	{ "hmac-sha224", "SHA224", 28, "\013hmac-sha224" },
	{ "hmac-sha256", "SHA256", 32, "\013hmac-sha256" },
	{ "hmac-sha384", "SHA384", 48, "\013hmac-sha384" },
	{ "hmac-sha512", "SHA512", 64, "\013hmac-sha512" },
};

/* A TSIG record's fields (section 4.2). */
struct record {
	uint64_t time;
	uint16_t fudge, id, error;
	const uint8_t *mac, *other;
	size_t mac_len, other_len;
	uint8_t algorithm[DNS_NAME];
};

int
tsig_algorithm(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(algorithms); i++)
		if (strcasecmp(algorithms[i].name, name) == 0)
			return (int)i;
	return -1;
}

static const uint8_t *
algorithm_wire(const struct tsig_key *key)
{
	return (const uint8_t *)algorithms[key->algorithm].wire;
}

static void
put48(struct dns_builder *b, uint64_t v)
{
	dns_put16(b, (uint16_t)(v >> 32));
	dns_put32(b, (uint32_t)v);
}

struct part {
	const uint8_t *bytes;
	size_t len;
};

/* HMAC over the parts. Its length, or 0: libcrypto refused. */
static size_t
hmac(const struct tsig_key *key, const struct part *parts, size_t n,
    uint8_t out[TSIG_MAC])
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char *digest = (char *)(uintptr_t)algorithms[key->algorithm].digest;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, digest, strlen(digest)),
		OSSL_PARAM_END,
	};
	size_t i, len = 0;
	bool good;

	good = ctx != NULL && EVP_MAC_init(ctx, key->secret, key->len, params);
	for (i = 0; i < n && good; i++)
		good = EVP_MAC_update(ctx, parts[i].bytes, parts[i].len);
	if (!good || !EVP_MAC_final(ctx, out, &len, TSIG_MAC))
		len = 0;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return len;
}

/* The variables of a TSIG record that are signed (section 4.3.3). */
static void
put_variables(
    struct dns_builder *b, const struct tsig_key *key, const struct record *r)
{
	dns_put_name(b, key->name);
	dns_put16(b, DNS_ANY);
	dns_put32(b, 0);
	dns_put_name(b, algorithm_wire(key));
	put48(b, r->time);
	dns_put16(b, r->fudge);
	dns_put16(b, r->error);
	dns_put16(b, (uint16_t)r->other_len);
	dns_put(b, r->other, r->other_len);
}

/*
 * The MAC of a message, its header and the rest apart (section 4.3). Its
 * length or 0.
 */
static size_t
message_mac(const struct tsig *tsig, const struct part message[2],
    const struct record *r, uint8_t out[TSIG_MAC])
{
	uint8_t before[2 + TSIG_MAC], after[2 * DNS_NAME + 32];
	struct dns_builder request = { .bytes = before,
		.limit = sizeof(before) };
	struct dns_builder variables = { .bytes = after,
		.limit = sizeof(after) };
	struct part parts[4];

	if (tsig->mac_len > 0) {
		dns_put16(&request, (uint16_t)tsig->mac_len);
		dns_put(&request, tsig->mac, tsig->mac_len);
	}
	put_variables(&variables, tsig->key, r);
	if (variables.full)
		return 0;
	parts[0] = (struct part){ before, request.len };
	parts[1] = message[0];
	parts[2] = message[1];
	parts[3] = (struct part){ after, variables.len };
	return hmac(tsig->key, parts, 4, out);
}

static void
put_record(
    struct dns_builder *b, const struct tsig *tsig, const struct record *r)
{
	uint8_t bytes[DNS_NAME + TSIG_MAC + 16];
	struct dns_builder data = { .bytes = bytes, .limit = sizeof(bytes) };
	struct dns_rr rr = { .type = DNS_TSIG, .class = DNS_ANY };

	dns_put_name(&data, algorithm_wire(tsig->key));
	put48(&data, r->time);
	dns_put16(&data, r->fudge);
	dns_put16(&data, (uint16_t)tsig->mac_len);
	dns_put(&data, tsig->mac, tsig->mac_len);
	dns_put16(&data, r->id);
	dns_put16(&data, 0);
	dns_put16(&data, 0);
	memcpy(rr.name, tsig->key->name, sizeof(rr.name));
	rr.data = bytes;
	rr.len = data.len;
	dns_put_rr(b, 3, &rr);
}

void
tsig_sign(struct tsig *tsig, struct dns_builder *b, uint64_t now)
{
	const struct part message[2] = {
		{ b->bytes, DNS_HEADER },
		{ b->bytes + DNS_HEADER, b->len - DNS_HEADER },
	};
	struct record r = { .time = now, .fudge = TSIG_FUDGE };
	uint8_t mac[TSIG_MAC];
	size_t len;

	if (b->full || b->len < DNS_HEADER) {
		b->full = true;
		return;
	}
	if ((len = message_mac(tsig, message, &r, mac)) == 0) {
		b->full = true;
		return;
	}
	memcpy(tsig->mac, mac, len);
	tsig->mac_len = len;
	r.id = (uint16_t)(b->bytes[0] << 8 | b->bytes[1]);
	put_record(b, tsig, &r);
}

/* The last record of the message must be a TSIG, and no other may be. */
static int
last_record(
    const uint8_t *message, size_t len, struct dns_header *h, struct dns_rr *rr)
{
	struct dns_reader r = { .bytes = message, .len = len };
	unsigned i, n;

	if (dns_get_header(&r, h) == -1 || h->count[3] == 0)
		return -1;
	for (i = 0; i < h->count[0]; i++)
		if (dns_get_question(&r, rr) == -1)
			return -1;
	n = (unsigned)h->count[1] + h->count[2] + h->count[3];
	for (; n > 1; n--)
		if (dns_get_rr(&r, rr) == -1 || rr->type == DNS_TSIG)
			return -1;
	if (dns_get_rr(&r, rr) == -1 || rr->type != DNS_TSIG || r.pos != len)
		return -1;
	return rr->class == DNS_ANY && rr->ttl == 0 ? 0 : -1;
}

static int
parse_record(const struct dns_rr *rr, struct record *r)
{
	struct dns_reader d = { .bytes = rr->data, .len = rr->len };

	/* no pointers: nothing lies before the data (section 4.2) */
	if (dns_get_name(&d, r->algorithm) == 0)
		return -1;
	r->time = (uint64_t)dns_get16(&d) << 32;
	r->time |= dns_get32(&d);
	r->fudge = dns_get16(&d);
	r->mac_len = dns_get16(&d);
	r->mac = dns_get(&d, r->mac_len);
	r->id = dns_get16(&d);
	r->error = dns_get16(&d);
	r->other_len = dns_get16(&d);
	r->other = dns_get(&d, r->other_len);
	return d.bad || d.pos != d.len ? -1 : 0;
}

/* Section 5.2.2. 0 or the error. */
static int
check_mac(const struct tsig *tsig, const uint8_t *message,
    const struct dns_header *h, const struct dns_rr *rr, const struct record *r)
{
	uint8_t header[DNS_HEADER], mac[TSIG_MAC];
	struct dns_builder b = { .bytes = header, .limit = sizeof(header) };
	const struct part parts[2] = {
		{ header, sizeof(header) },
		{ message + DNS_HEADER, rr->at - DNS_HEADER },
	};
	struct dns_header plain = *h;
	size_t len = algorithms[tsig->key->algorithm].len;

	if (r->mac_len > len)
		return DNS_FORMERR;
	if (r->mac_len < len)
		return DNS_BADTRUNC;
	plain.id = r->id;
	plain.count[3]--;
	dns_put_header(&b, &plain);
	if (message_mac(tsig, parts, r, mac) != len ||
	    CRYPTO_memcmp(mac, r->mac, len) != 0)
		return DNS_BADSIG;
	return 0;
}

int
tsig_check(struct tsig *tsig, const uint8_t *message, size_t len, uint64_t now)
{
	struct dns_header h;
	struct dns_rr rr;
	struct record r;
	int error;

	if (last_record(message, len, &h, &rr) == -1 ||
	    parse_record(&rr, &r) == -1)
		return DNS_FORMERR;
	if (!dns_name_equal(rr.name, tsig->key->name) ||
	    !dns_name_equal(r.algorithm, algorithm_wire(tsig->key)))
		return DNS_BADKEY;
	if (r.mac_len == 0) /* section 5.3.2 */
		return r.error == DNS_BADKEY ? DNS_BADKEY : DNS_BADSIG;
	if ((error = check_mac(tsig, message, &h, &rr, &r)) != 0)
		return error;
	if (now > r.time + r.fudge || now + r.fudge < r.time)
		return DNS_BADTIME;
	if (r.error != 0)
		return r.error;
	memcpy(tsig->mac, r.mac, r.mac_len);
	tsig->mac_len = r.mac_len;
	return 0;
}
