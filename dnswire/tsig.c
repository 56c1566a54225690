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

/* A message that is signed, taken apart. */
struct found {
	struct dns_header h;
	struct dns_rr rr; /* the TSIG record */
	struct record r;
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

static bool
digest_add(EVP_MAC_CTX *ctx, const struct part *parts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!EVP_MAC_update(ctx, parts[i].bytes, parts[i].len))
			return false;
	return true;
}

/* An HMAC that begins with the MAC of the message before, if there was one.
 * NULL: libcrypto refused. */
static EVP_MAC_CTX *
digest_begin(const struct tsig *tsig)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
	char *name = (char *)(uintptr_t)algorithms[tsig->key->algorithm].digest;
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, name, strlen(name)),
		OSSL_PARAM_END,
	};
	const uint8_t len[2] = { 0, (uint8_t)tsig->mac_len };
	const struct part before[2] = {
		{ len, sizeof(len) },
		{ tsig->mac, tsig->mac_len },
	};

	EVP_MAC_free(mac);
	if (ctx != NULL &&
	    EVP_MAC_init(ctx, tsig->key->secret, tsig->key->len, params) &&
	    (tsig->mac_len == 0 || digest_add(ctx, before, 2)))
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

/* Free the digest, which may be NULL, after these last parts. The length of
 * the MAC, or 0. */
static size_t
digest_end(
    EVP_MAC_CTX *ctx, const struct part *parts, size_t n, uint8_t out[TSIG_MAC])
{
	size_t len = 0;

	if (ctx == NULL || !digest_add(ctx, parts, n) ||
	    !EVP_MAC_final(ctx, out, &len, TSIG_MAC))
		len = 0;
	EVP_MAC_CTX_free(ctx);
	return len;
}

#define VARIABLES (2 * DNS_NAME + 32) /* bytes */

/*
 * What of a TSIG record is signed (section 4.3.3); of the second and further
 * messages of an answer only the timers (section 5.3.1).
 */
static struct part
variables(const struct tsig_key *key, const struct record *r, bool timers,
    uint8_t bytes[VARIABLES])
{
	struct dns_builder b = { .bytes = bytes, .limit = VARIABLES };

	if (!timers) {
		dns_put_name(&b, key->name);
		dns_put16(&b, DNS_ANY);
		dns_put32(&b, 0);
		dns_put_name(&b, algorithm_wire(key));
	}
	put48(&b, r->time);
	dns_put16(&b, r->fudge);
	if (!timers) {
		dns_put16(&b, r->error);
		dns_put16(&b, (uint16_t)r->other_len);
		dns_put(&b, r->other, r->other_len);
	}
	/* other data that does not fit is nothing that anybody signs */
	return (struct part){ bytes, b.full ? 0 : b.len };
}

static void
put_record(struct dns_builder *b, const uint8_t *name, const struct record *r)
{
	uint8_t bytes[DNS_NAME + TSIG_MAC + 24];
	struct dns_builder data = { .bytes = bytes, .limit = sizeof(bytes) };
	struct dns_rr rr = { .type = DNS_TSIG, .class = DNS_ANY };

	dns_put_name(&data, r->algorithm);
	put48(&data, r->time);
	dns_put16(&data, r->fudge);
	dns_put16(&data, (uint16_t)r->mac_len);
	dns_put(&data, r->mac, r->mac_len);
	dns_put16(&data, r->id);
	dns_put16(&data, r->error);
	dns_put16(&data, (uint16_t)r->other_len);
	dns_put(&data, r->other, r->other_len);
	memcpy(rr.name, name, dns_name_len(name));
	rr.data = bytes;
	rr.len = data.len;
	dns_put_rr(b, 3, &rr);
}

/* Sign with the record's time, fudge, error and other data. */
static void
sign(struct tsig *tsig, struct dns_builder *b, struct record *r, bool timers)
{
	uint8_t bytes[VARIABLES];
	const struct part parts[2] = {
		{ b->bytes, b->len },
		variables(tsig->key, r, timers, bytes),
	};
	const uint8_t *algorithm = algorithm_wire(tsig->key);
	size_t len;

	if (b->full || b->len < DNS_HEADER ||
	    (len = digest_end(digest_begin(tsig), parts, 2, tsig->mac)) == 0) {
		b->full = true;
		return;
	}
	tsig->mac_len = len;
	r->id = (uint16_t)(b->bytes[0] << 8 | b->bytes[1]);
	r->mac = tsig->mac;
	r->mac_len = len;
	memcpy(r->algorithm, algorithm, dns_name_len(algorithm));
	put_record(b, tsig->key->name, r);
}

void
tsig_sign(struct tsig *tsig, struct dns_builder *b, uint64_t now)
{
	struct record r = { .time = now, .fudge = TSIG_FUDGE };

	sign(tsig, b, &r, false);
}

void
tsig_sign_next(struct tsig *tsig, struct dns_builder *b, uint64_t now)
{
	struct record r = { .time = now, .fudge = TSIG_FUDGE };

	sign(tsig, b, &r, true);
}

size_t
tsig_size(const struct tsig_key *key)
{
	/* type, class, TTL, length; time, fudge, size, id, error, other */
	return dns_name_len(key->name) + 10 +
	    dns_name_len(algorithm_wire(key)) + 16 +
	    algorithms[key->algorithm].len;
}

/*
 * The TSIG record of a message, which must be the last one and the only one.
 * 1; 0: it has none; -1: it is in the wrong place, or this is no message.
 */
static int
last_record(const uint8_t *message, size_t len, struct found *f)
{
	struct dns_walk w;
	bool found = false;
	int more;

	if (dns_walk_begin(&w, message, len) == -1)
		return -1;
	while ((more = dns_walk_next(&w, &f->rr)) == 1) {
		if (found)
			return -1;
		found = w.section > 0 && f->rr.type == DNS_TSIG;
		if (found && w.section != 3)
			return -1;
	}
	if (more == -1 || w.r.pos != len)
		return -1;
	f->h = w.h;
	return found;
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

/* As last_record, and what the record says. */
static int
find(const uint8_t *message, size_t len, struct found *f)
{
	int found = last_record(message, len, f);

	if (found != 1)
		return found;
	return f->rr.class == DNS_ANY && f->rr.ttl == 0 &&
		parse_record(&f->rr, &f->r) == 0 ?
	    1 :
	    -1;
}

int
tsig_name(const uint8_t *message, size_t len, uint8_t name[DNS_NAME])
{
	struct found f;
	int found = find(message, len, &f);

	if (found == 1) {
		memcpy(name, f.rr.name, dns_name_len(f.rr.name));
		dns_name_lower(name);
	}
	return found;
}

/* Section 5.2.1, and what is no MAC at all. 0 or the error. */
static int
check_key(const struct tsig_key *key, const struct found *f)
{
	size_t full, half;

	if (key == NULL || !dns_name_equal(f->rr.name, key->name) ||
	    !dns_name_equal(f->r.algorithm, algorithm_wire(key)))
		return DNS_BADKEY;
	if (f->r.mac_len == 0) /* section 5.3.2 */
		return f->r.error == DNS_BADKEY ? DNS_BADKEY : DNS_BADSIG;
	full = algorithms[key->algorithm].len;
	half = full / 2 > 10 ? full / 2 : 10;
	if (f->r.mac_len > full || f->r.mac_len < half) /* section 5.2.2.1 */
		return DNS_FORMERR;
	return 0;
}

/* Sections 5.2.2 to 5.2.4, after check_key. 0 or the error. The digest is
 * freed. */
static int
check_mac(EVP_MAC_CTX *digest, const struct tsig_key *key,
    const uint8_t *message, const struct found *f, bool timers)
{
	uint8_t header[DNS_HEADER], mac[TSIG_MAC], bytes[VARIABLES];
	struct dns_builder b = { .bytes = header, .limit = sizeof(header) };
	const struct part parts[3] = {
		{ header, sizeof(header) },
		{ message + DNS_HEADER, f->rr.at - DNS_HEADER },
		variables(key, &f->r, timers, bytes),
	};
	struct dns_header plain = f->h;

	plain.id = f->r.id;
	plain.count[3]--;
	dns_put_header(&b, &plain);
	if (digest_end(digest, parts, 3, mac) < f->r.mac_len ||
	    parts[2].len == 0 ||
	    CRYPTO_memcmp(mac, f->r.mac, f->r.mac_len) != 0)
		return DNS_BADSIG;
	return 0;
}

/* What a right MAC does not cure. 0 or the error. */
static int
check_rest(const struct tsig_key *key, const struct record *r, uint64_t now)
{
	if (now > r->time + r->fudge || now + r->fudge < r->time)
		return DNS_BADTIME;
	if (r->mac_len < algorithms[key->algorithm].len)
		return DNS_BADTRUNC;
	return r->error;
}

static void
keep_mac(struct tsig *tsig, const struct record *r)
{
	memcpy(tsig->mac, r->mac, r->mac_len);
	tsig->mac_len = r->mac_len;
}

int
tsig_check(struct tsig *tsig, const uint8_t *message, size_t len, uint64_t now)
{
	struct found f;
	int error;

	if (find(message, len, &f) != 1)
		return DNS_FORMERR;
	if ((error = check_key(tsig->key, &f)) != 0 ||
	    (error = check_mac(
		 digest_begin(tsig), tsig->key, message, &f, false)) != 0 ||
	    (error = check_rest(tsig->key, &f.r, now)) != 0)
		return error;
	keep_mac(tsig, &f.r);
	return 0;
}

void
tsig_refuse(const struct tsig_refusal *why, struct dns_builder *b, uint64_t now)
{
	struct tsig tsig = { .key = why->key };
	struct record r = {
		.time = now, .fudge = TSIG_FUDGE, .error = (uint16_t)why->error
	};
	uint8_t time[6];
	struct dns_builder other = { .bytes = time, .limit = sizeof(time) };
	struct found f;

	if (find(why->request, why->len, &f) != 1 || b->len < DNS_HEADER) {
		b->full = true;
		return;
	}
	if (why->error == DNS_BADTIME) { /* section 5.2.3 */
		r.time = f.r.time;
		r.fudge = f.r.fudge;
		put48(&other, now);
		r.other = time;
		r.other_len = other.len;
	}
	if (why->error != DNS_BADKEY && why->error != DNS_BADSIG) {
		keep_mac(&tsig, &f.r); /* it was right */
		sign(&tsig, b, &r, false);
		return;
	}
	memcpy(r.algorithm, f.r.algorithm, dns_name_len(f.r.algorithm));
	r.id = f.r.id;
	put_record(b, f.rr.name, &r);
}

void
tsig_stream_begin(struct tsig_stream *s, const struct tsig *request)
{
	memset(s, 0, sizeof(*s));
	s->tsig = *request;
}

/* A message without a signature between two that have one. */
static int
add_unsigned(struct tsig_stream *s, const uint8_t *message, size_t len)
{
	const struct part part = { message, len };

	if (!s->begun || s->unproven == TSIG_UNSIGNED)
		return DNS_FORMERR;
	s->unproven++;
	return digest_add(s->digest, &part, 1) ? 0 : DNS_BADSIG;
}

int
tsig_stream_check(
    struct tsig_stream *s, const uint8_t *message, size_t len, uint64_t now)
{
	EVP_MAC_CTX *digest;
	struct found f;
	int error, found = find(message, len, &f);

	if (found == -1)
		return DNS_FORMERR;
	if (s->digest == NULL && (s->digest = digest_begin(&s->tsig)) == NULL)
		return DNS_BADSIG;
	if (found == 0)
		return add_unsigned(s, message, len);
	if ((error = check_key(s->tsig.key, &f)) != 0)
		return error;
	digest = s->digest;
	s->digest = NULL;
	error = check_mac(digest, s->tsig.key, message, &f, s->begun);
	if (error == 0)
		error = check_rest(s->tsig.key, &f.r, now);
	if (error != 0)
		return error;
	keep_mac(&s->tsig, &f.r);
	s->begun = true;
	s->unproven = 0;
	return 0;
}

void
tsig_stream_end(struct tsig_stream *s)
{
	EVP_MAC_CTX_free(s->digest);
	s->digest = NULL;
}
