/*
 * BOOTP clients (RFC 951, RFC 1534): a reserved address, or one of a pool
 * where that is allowed, for ever.
 */
#include "server.h"

void
bootp_serve(struct query *q)
{
	struct server *s = q->server;
	uint32_t ip = allocate_reserved(q);

	if (store_broken(s->store)) {
		serve_drop(q, DROP_STORE, "");
		return;
	}
	if (ip == 0 && q->subnet->settings.bootp_dynamic &&
	    (ip = allocate_choose(q)) == 0) {
		serve_drop(q, DROP_NO_ADDRESS, q->subnet->network->name);
		return;
	}
	if (ip == 0)
		serve_drop(q, DROP_NO_RESERVATION, "");
	else
		grant_lease(q, ip, DHCP_NONE, false);
}
