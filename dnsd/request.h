/*
 * request: one message that came in, and the answer to it; the place where
 * transport and role meet.
 *
 * A transport (udp, tcp) fills what is known of the message's way, calls
 * request_read, and either sends what came out or hands the request on to the
 * role of the listener. Nothing here allocates, locks or asks the time.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>

#include "dname.h"
#include "reply.h"
#include "sock.h"
#include "tsig.h"

#define REQUEST_EDNS_SIZE 1232 /* what we say that we take, and send by UDP */
#define REQUEST_UDP_MIN 512 /* without EDNS (RFC 1035 section 4.2.1) */

enum {
	DNS_QR = 0x8000,
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010
};
enum {
	OPCODE_QUERY = 0,
	OPCODE_IQUERY = 1,
	OPCODE_STATUS = 2,
	OPCODE_NOTIFY = 4,
	OPCODE_UPDATE = 5
};
enum { RCODE_BADVERS = 16 };

struct edns {
	bool present, wants_dnssec; /* DO */
	uint8_t version;
	uint16_t size; /* the client's UDP size, at least 512 */
	bool nsid; /* asked for (RFC 5001) */
	uint16_t at; /* where the OPT record begins */
};

struct server;

struct request {
	/* by the transport, for each message */
	const uint8_t *bytes;
	size_t len;
	union sock_addr peer;
	bool tcp;
	uint8_t role; /* of the listener: enum role of dnsdconf.h */
	uint32_t now; /* coarse clock, seconds since the epoch */
	struct worker_thread *thread; /* who serves; counters, rotation, keys */
	struct reply reply; /* bytes and limit set */

	/* by request_read */
	struct dns_header header;
	uint8_t opcode;
	struct dname qname;
	uint16_t qtype, qclass;
	size_t question_end; /* behind the question */
	struct edns edns;
	const struct tsig_key *key; /* the message is signed by it, and right */
	struct tsig tsig; /* to sign the answer */
	uint16_t tsig_error; /* signed, but wrong: what to say; 0 */
	uint16_t rcode; /* of the answer; above 15 by OPT's upper bits */
	uint8_t ede; /* extended error + 1 (RFC 8914), 0: none */

	/* the role's: what its prefetch found; zone NULL: nothing */
	struct {
		void *zone;
		unsigned origin; /* suffix of the question's name: it */
		const void *snapshot, *node;
		unsigned node_at; /* the node is this suffix */
	} ahead;
};

enum request_next {
	REQUEST_DROP, /* no answer: shorter than a header, or one itself */
	REQUEST_SEND, /* the reply is whole, reply.len bytes: FORMERR, NOTIMP,
			 BADVERS, BADKEY; 0: send nothing */
	REQUEST_QUERY, /* a question of class and type. Here and below the
			  reply is begun with its question */
	REQUEST_NOTIFY, /* the writer's */
	REQUEST_UPDATE, /* the writer's */
};

/*
 * Take the message apart (RFC 1035 section 4.1, 6891, 8945) as far as every
 * opcode needs. A query's record sections may hold OPT and TSIG alone besides
 * the question; IXFR's may hold a SOA in authority.
 */
enum request_next request_read(struct request *);
/*
 * Make `to` the same request as `from`, which it outlives: the message is
 * copied to `message` (from->len bytes), and what there is of the reply to
 * `reply`, which has room for `limit` bytes (at least from->reply.len).
 */
void request_copy(struct request *to, const struct request *from,
    uint8_t *message, uint8_t *reply, size_t limit);

/*
 * End the reply: flags, rcode, OPT if the request had one, TSIG if it was
 * signed. What does not fit UDP leaves with TC and without records (RFC 2181
 * section 9), unless reply.h's rules dropped optional records before. The
 * length to send; 0: nothing, since not even the signature fits.
 */
size_t request_finish(struct request *);
/* The whole reply is this rcode: header, question if there is one, OPT, TSIG;
 * finished. */
size_t request_error(struct request *, unsigned rcode);

#endif
