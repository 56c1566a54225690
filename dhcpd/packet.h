/*
 * packet: BOOTP and DHCP messages on the wire (RFC 951, 1542, 2131, 2132,
 * 3396). Pure: bytes in, struct out, and back; no I/O, no allocation.
 *
 * Addresses in structs are in network order, other numbers in host order.
 */
#ifndef PACKET_H
#define PACKET_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_SERVER_PORT 67
#define PACKET_CLIENT_PORT 68
#define PACKET_FIXED 236 /* the header, before the cookie */
#define PACKET_LEAST 240 /* with the cookie: shorter ones are dropped */
#define PACKET_PAD 300 /* replies are padded to this (RFC 1542 section 2.1) */
#define PACKET_MAX 1500 /* longer ones are dropped */
/* What a client takes that has not said (option 57). */
#define PACKET_SIZE 576
#define PACKET_IP_UDP 28 /* bytes of 57 that are headers below ours */
#define PACKET_HW 16 /* bytes of chaddr */
#define PACKET_FLAG_BROADCAST 0x8000u /* in flags */

enum { PACKET_REQUEST = 1, PACKET_REPLY = 2 }; /* op */

/* Option 53 (RFC 2132 section 9.6, RFC 4388 section 6.1). */
enum dhcp_type {
	DHCP_NONE, /* BOOTP */
	DHCP_DISCOVER,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
	DHCP_FORCERENEW,
	DHCP_LEASEQUERY,
	DHCP_LEASEUNASSIGNED,
	DHCP_LEASEUNKNOWN,
	DHCP_LEASEACTIVE,
	DHCP_TYPES
};

/*
 * The options of a message: at[code] is NULL (and len[code] 0) where it is
 * absent. at[] may point into the struct itself, so it must not be copied.
 */
struct options {
	const uint8_t *at[256];
	uint16_t len[256];
	size_t njoined;
	uint8_t joined[PACKET_MAX]; /* values that came in parts */
};

struct packet {
	uint8_t op, htype, hlen, hops;
	uint32_t xid;
	uint16_t secs, flags;
	struct in_addr ciaddr, yiaddr, siaddr, giaddr;
	uint8_t chaddr[PACKET_HW];
	const uint8_t *sname, *file; /* 64 and 128 bytes; NULL: they hold
					options (52) */
	enum dhcp_type type;
	struct options options;
	const uint8_t *bytes; /* the caller's, still needed */
	size_t len;
};

/* Why a message is no message; each is a counter of dhcpd. */
enum packet_status {
	PACKET_OK,
	PACKET_SHORT, /* below PACKET_LEAST, or above PACKET_MAX */
	PACKET_OP, /* neither request nor reply */
	PACKET_HLEN, /* above 16; 0 in a request without option 61 that is
			no leasequery */
	PACKET_COOKIE, /* another one */
	PACKET_OPTION, /* an option passes the end of its field, or has a
			  length that its type does not allow */
	PACKET_TYPE, /* option 53 is no byte or no type */
};

/*
 * Parse. Option fields end at 255 or at their end; 0 is padding; the parts of
 * a value are joined in the order options, file, sname (RFC 3396); 52 is
 * followed once, never inside file or sname. Lengths are checked for those
 * whose length the RFCs fix and that we read: 50, 51, 52, 53, 54, 57, 58, 59,
 * 80, 93, 108, 116, 118 (wrong: PACKET_OPTION) and 61 (at least 2 bytes; what
 * is shorter counts as absent: seen in the field, RFC 2132 section 9.14). 61
 * and 82 are at most 255 bytes, joined.
 */
enum packet_status packet_parse(struct packet *, const uint8_t *, size_t);

/* Values of one length; false where the option is absent. */
bool option_ip(const struct options *, uint8_t code, struct in_addr *);
bool option_u8(const struct options *, uint8_t code, uint8_t *);
bool option_u16(const struct options *, uint8_t code, uint16_t *);
bool option_u32(const struct options *, uint8_t code, uint32_t *);
static inline bool
option_has(const struct options *o, uint8_t code)
{
	return o->at[code] != NULL;
}

/*
 * Sub-options (option 82: RFC 3046; 43, 124, 125's inner part): the first one
 * with this code within a value. NULL where there is none or the value is cut.
 */
const uint8_t *
option_sub(const uint8_t *value, size_t n, uint8_t code, size_t *len);

/* A message being built. */
struct packet_out {
	uint8_t *bytes; /* the caller's */
	size_t limit; /* bytes in all, at most */
	size_t len; /* end of the options field */
	size_t tail; /* kept free at its end: for 52, 82 and 255 */
	bool file_free, sname_free; /* may hold options */
	size_t file_len, sname_len; /* options in them */
	bool closed; /* takes no more options */
};

/*
 * Begin a reply to a request: op 2, xid, flags, giaddr, chaddr, htype, hlen
 * copied, secs and hops 0, cookie. `limit`, at least PACKET_PAD, is the room
 * (buffer, MTU); what the client takes lowers it: 57 - 28 bytes, never below
 * 548 (RFC 2131 section 2), for BOOTP 300. `tail` bytes are kept free for
 * packet_last: 2 + len.
 */
void packet_reply(struct packet_out *, uint8_t *bytes, size_t limit,
    const struct packet *request, size_t tail);
/* Begin a request: op 1, all else zero, cookie. limit as above. */
void packet_request(struct packet_out *, uint8_t *bytes, size_t limit);

/* Header fields; in place. */
void packet_set_ip(struct packet_out *, size_t at, struct in_addr);
enum {
	PACKET_AT_CIADDR = 12,
	PACKET_AT_YIADDR = 16,
	PACKET_AT_SIADDR = 20,
	PACKET_AT_GIADDR = 24
};
/*
 * Set sname or file, before options are added; the field takes none then. Cut
 * at its end, always with a NUL; "" sets nothing.
 */
void packet_set_sname(struct packet_out *, const char *);
void packet_set_file(struct packet_out *, const char *);

/*
 * Add an option (a code once), in parts where it is longer than 255 bytes (RFC
 * 3396), into the options field or, where that is full, into file and sname
 * (52, added at the end if need be). false: there is no room; nothing was
 * added, something shorter may fit.
 */
bool
packet_add(struct packet_out *, uint8_t code, const void *value, size_t len);
bool packet_add_u8(struct packet_out *, uint8_t code, uint8_t);
bool packet_add_u32(struct packet_out *, uint8_t code, uint32_t);
bool packet_add_ip(struct packet_out *, uint8_t code, struct in_addr);
/*
 * The last option before 255, into what `tail` kept free (82: RFC 3046
 * section 2.2); none can be added behind it.
 */
bool
packet_last(struct packet_out *, uint8_t code, const void *value, size_t len);
/* End and pad; the length of the whole message. */
size_t packet_end(struct packet_out *);

#endif
