/*
 * DHCPINFORM (RFC 2131 section 4.3.5): parameters for a client that has its
 * address from elsewhere; no lease is made or looked at.
 */
#include <arpa/inet.h>

#include "server.h"

void
inform_serve(struct query *q)
{
	struct answer a = { .type = DHCP_ACK };
	const struct packet *p = &q->packet;

	/* some leave ciaddr out; the packet came from somewhere, though */
	if (p->ciaddr.s_addr == 0 && p->giaddr.s_addr == 0) {
		if (q->message.from.sin_addr.s_addr == 0) {
			serve_drop(q, DROP_OPTION, "inform without an address");
			return;
		}
		q->packet.ciaddr = q->message.from.sin_addr;
	}
	if (p->ciaddr.s_addr != 0 && !serve_is_host(ntohl(p->ciaddr.s_addr))) {
		serve_drop(q, DROP_OPTION, "inform from no host's address");
		return;
	}
	reply_levels(q, ntohl(p->ciaddr.s_addr), &a.levels);
	reply_send(q, &a);
}
