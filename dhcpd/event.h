/*
 * event: a script of the administrator's, run at changes of leases.
 *
 * A small process, started before the sandbox and without rights, is told of
 * changes through a socketpair and runs the script for one after the other;
 * the server never waits for it. When it falls behind by EVENT_QUEUE, further
 * events are dropped and counted. It ends when all that it was told is done and
 * the server is gone.
 *
 * The script gets the event as its argument (bound, renewed, released, expired,
 * declined, conflict) and nothing in its environment but PATH and ADDRESS, MAC,
 * CLIENT_ID, AGENT (hexadecimal), HOST, FQDN, VENDOR_CLASS, START, END (seconds
 * since the epoch; "infinite"), NETWORK (a number): all are set, perhaps empty,
 * and made of letters, digits and . : / _ - alone. Its standard input is empty.
 * One that runs longer than event_seconds is killed with its process group.
 */
#ifndef EVENT_H
#define EVENT_H

#include "lease.h"

#define EVENT_QUEUE 1000

extern unsigned event_seconds; /* 30 */

struct event;
/*
 * As root, before the sandbox: user is the one that scripts run as. NULL after
 * a message, also where that user cannot run the script.
 */
struct event *event_open(const char *script, const char *user);
/* Any of these functions takes NULL for no script. */
void event_send(struct event *, const char *what, const struct lease *);
uint64_t event_dropped(const struct event *);
void event_close(struct event *);

#endif
