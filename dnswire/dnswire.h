/*
 * dnswire: DNS messages as bytes (RFC 1035, 2136, 3597, 6895, 8945). Pure: no
 * I/O; names in wire form, at most 255 bytes, compression undone by readers.
 */
#ifndef DNSWIRE_H
#define DNSWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME 255 /* bytes of a name in wire form, at most */
#define DNS_LABEL 63
#define DNS_NAME_TEXT 1025 /* of a name as text, escapes and NUL included */
#define DNS_HEADER 12

enum {
	DNS_A = 1,
	DNS_PTR = 12,
	DNS_AAAA = 28,
	DNS_DHCID = 49,
	DNS_TSIG = 250,
	DNS_SOA = 6,
	DNS_ANY_TYPE = 255
};
enum { DNS_IN = 1, DNS_NONE = 254, DNS_ANY = 255 }; /* classes */
enum {
	DNS_NOERROR,
	DNS_FORMERR,
	DNS_SERVFAIL,
	DNS_NXDOMAIN,
	DNS_NOTIMP,
	DNS_REFUSED,
	DNS_YXDOMAIN,
	DNS_YXRRSET,
	DNS_NXRRSET,
	DNS_NOTAUTH,
	DNS_NOTZONE,
	DNS_BADSIG = 16,
	DNS_BADKEY,
	DNS_BADTIME,
	DNS_BADTRUNC = 22
};
enum { DNS_QUERY = 0, DNS_UPDATE = 5 }; /* opcodes */

/* Text ("printer.lab.test", a final dot allowed, \DDD and \. escapes) to wire.
 * The length, or 0: not a name. */
size_t dns_name_parse(const char *, uint8_t out[DNS_NAME]);
/* Wire (no compression) to text with a final dot; returns out. */
const char *dns_name_text(const uint8_t *, char out[DNS_NAME_TEXT]);
size_t dns_name_len(const uint8_t *); /* of a valid one */
/* ASCII case does not count (RFC 4343). */
bool dns_name_equal(const uint8_t *, const uint8_t *);
void dns_name_lower(uint8_t *);

/* Reading: a cursor that cannot overrun; bad is sticky. */
struct dns_reader {
	const uint8_t *bytes;
	size_t len, pos;
	bool bad;
};
uint8_t dns_get8(struct dns_reader *);
uint16_t dns_get16(struct dns_reader *);
uint32_t dns_get32(struct dns_reader *);
const uint8_t *dns_get(struct dns_reader *, size_t n); /* NULL: too few */
/* A name, pointers followed backwards only (RFC 1035 section 4.1.4); its
 * length in out, or 0. */
size_t dns_get_name(struct dns_reader *, uint8_t out[DNS_NAME]);

struct dns_header {
	uint16_t id, flags, count[4]; /* host order */
};
static inline unsigned
dns_rcode(const struct dns_header *h)
{
	return h->flags & 15;
}
struct dns_rr {
	uint8_t name[DNS_NAME];
	uint16_t type, class;
	uint32_t ttl;
	const uint8_t *data;
	size_t len, at; /* at: where the record begins in the message */
};
/* 0, or -1 where the message is cut or wrong (bad is set). */
int dns_get_header(struct dns_reader *, struct dns_header *);
/* Name, type and class of a question; no ttl, no data. */
int dns_get_question(struct dns_reader *, struct dns_rr *);
int dns_get_rr(struct dns_reader *, struct dns_rr *);

/*
 * Every question and record of a message, section after section:
 *
 *	dns_walk_begin(&w, bytes, len);
 *	while ((more = dns_walk_next(&w, &rr)) == 1)
 *		... w.section says which, 0 .. 3
 */
struct dns_walk {
	struct dns_reader r;
	struct dns_header h;
	unsigned section, done; /* done: of this section */
};
/* Read the header. 0, or -1: there is none. */
int dns_walk_begin(struct dns_walk *, const uint8_t *, size_t len);
/* 1; 0: that was all (r.pos < r.len: bytes that belong to nothing); -1. */
int dns_walk_next(struct dns_walk *, struct dns_rr *);

/* Building: full is sticky. No compression is made for names that are added
 * (dnsd's hot path has its own). */
struct dns_builder {
	uint8_t *bytes;
	size_t limit, len;
	bool full;
};
void dns_put8(struct dns_builder *, uint8_t);
void dns_put16(struct dns_builder *, uint16_t);
void dns_put32(struct dns_builder *, uint32_t);
void dns_put(struct dns_builder *, const void *, size_t);
void dns_put_name(struct dns_builder *, const uint8_t *);
void dns_put_header(struct dns_builder *, const struct dns_header *);
/* One record; its section's count in the header is raised. section: 0 .. 3. */
void dns_put_rr(struct dns_builder *, unsigned section, const struct dns_rr *);
/* A question (or an update's zone). */
void dns_put_question(
    struct dns_builder *, const uint8_t *name, uint16_t type, uint16_t class);

/* A name of in-addr.arpa (address in network order) and ip6.arpa. */
size_t dns_reverse4(const uint8_t addr[4], uint8_t out[DNS_NAME]);
size_t dns_reverse6(const uint8_t addr[16], uint8_t out[DNS_NAME]);

#endif
