/*
 * A message of any content: its header, questions and records are read, names
 * go to text and back, what was read is built again and must read the same;
 * the signature is checked. The same bytes as the text of a name.
 */
#include <stdlib.h>
#include <string.h>

#include "dnswire.h"
#include "tsig.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_name(const uint8_t *name)
{
	char text[DNS_NAME_TEXT];
	uint8_t again[DNS_NAME];
	size_t n = dns_name_len(name);

	CHECK(n >= 1 && n <= DNS_NAME);
	dns_name_text(name, text);
	CHECK(strlen(text) < sizeof(text));
	CHECK(dns_name_parse(text, again) == n && memcmp(name, again, n) == 0);
	CHECK(dns_name_equal(name, again));
	dns_name_lower(again);
	CHECK(dns_name_equal(name, again));
}

/* Put a record into a message of its own and read it back. */
static void
check_rr(const struct dns_rr *rr)
{
	static uint8_t bytes[DNS_HEADER + DNS_NAME + 10 + UINT16_MAX];
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	const struct dns_header h = { .id = 1 };
	struct dns_reader r = { .bytes = bytes };
	struct dns_header back;
	struct dns_rr again;

	dns_put_header(&b, &h);
	dns_put_rr(&b, 2, rr);
	CHECK(!b.full);
	r.len = b.len;
	CHECK(dns_get_header(&r, &back) == 0 && back.count[2] == 1);
	CHECK(dns_get_rr(&r, &again) == 0 && r.pos == r.len);
	CHECK(dns_name_equal(rr->name, again.name));
	CHECK(rr->type == again.type && rr->class == again.class);
	CHECK(rr->ttl == again.ttl && rr->len == again.len);
	CHECK(rr->len == 0 || memcmp(rr->data, again.data, rr->len) == 0);
}

static void
check_message(const uint8_t *p, size_t len)
{
	struct dns_reader r = { .bytes = p, .len = len };
	struct dns_header h;
	struct dns_rr rr;
	unsigned i, n, count = 0;

	if (dns_get_header(&r, &h) == -1)
		return;
	for (i = 0; i < h.count[0] && dns_get_question(&r, &rr) == 0; i++)
		check_name(rr.name);
	n = (unsigned)h.count[1] + h.count[2] + h.count[3];
	for (i = 0; i < n && !r.bad && dns_get_rr(&r, &rr) == 0; i++) {
		CHECK(rr.at < r.pos && r.pos <= len);
		CHECK(rr.len <= len && rr.data >= p &&
		    rr.data + rr.len <= p + len);
		check_name(rr.name);
		if (count++ < 64)
			check_rr(&rr);
	}
	CHECK(r.pos <= len);
}

/*
 * What we sign is what we accept, with the input's header; the input
 * itself is not, with a secret that made none of it.
 */
static void
check_tsig(const uint8_t *p, size_t len)
{
	uint8_t bytes[512];
	struct tsig_key key = { .name = "\1k", .algorithm = 2, .len = 16 };
	struct dns_builder b = { .bytes = bytes, .limit = sizeof(bytes) };
	struct tsig tsig = { .key = &key }, other = tsig;

	tsig_check(&other, p, len, 1700000000); /* seeds are signed with it, */
	key.secret[0] = 1; /* .. nothing is with this one */
	other = tsig;
	CHECK(tsig_check(&other, p, len, 1700000000) != 0);
	if (len < DNS_HEADER)
		return;
	memcpy(bytes, p, 4);
	memset(bytes + 4, 0, 8);
	b.len = DNS_HEADER;
	tsig_sign(&tsig, &b, 1700000000);
	CHECK(!b.full);
	CHECK(tsig_check(&tsig, bytes, b.len, 1700000000) == DNS_BADSIG);
	other.mac_len = 0;
	CHECK(tsig_check(&other, bytes, b.len, 1700000301) == DNS_BADTIME);
	CHECK(tsig_check(&other, bytes, b.len, 1700000000) == 0);
}

static void
check_text(const uint8_t *p, size_t len)
{
	char *text = malloc(len + 1);
	uint8_t name[DNS_NAME];
	size_t n;

	CHECK(text != NULL);
	if (len > 0)
		memcpy(text, p, len);
	text[len] = '\0';
	n = dns_name_parse(text, name);
	CHECK(n <= DNS_NAME);
	if (n > 0) {
		CHECK(n == dns_name_len(name));
		check_name(name);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	check_message(p, len);
	check_tsig(p, len);
	check_text(p, len);
	return 0;
}
