/*
 * xfrout: transfers to others: AXFR (RFC 5936), IXFR (RFC 1995).
 */
#ifndef XFROUT_H
#define XFROUT_H

#include "server.h"
#include "zone.h"

#define XFROUT_MESSAGE 16384 /* bytes of one, so that names compress */

/*
 * A question for AXFR or IXFR. By TCP *stream is set, unless the answer is
 * one message (refused, up to date); by UDP IXFR is answered in one message or
 * with the SOA alone (RFC 1995 section 4), AXFR with FORMERR.
 */
void xfrout_query(struct request *, struct zone *, struct stream **stream);

#endif
