/*
 * event: a script of the administrator's, run at changes of leases.
 *
 * A small process, started before the sandbox and without rights, is told of
 * changes through a socketpair and runs the script for one after the other;
 * the server never waits for it. When it falls behind by EVENT_QUEUE, further
 * events are dropped and counted.
 *
 * The script gets the event as its argument (bound, renewed, released, expired,
 * declined, conflict) and, in the environment, ADDRESS, MAC, CLIENT_ID, HOST,
 * FQDN, START, END, NETWORK, AGENT, VENDOR_CLASS; all made of safe characters.
 */
#ifndef EVENT_H
#define EVENT_H

#include "lease.h"

#define EVENT_QUEUE 1000

struct event;
/* As root, before the sandbox: user is the one that scripts run as. */
struct event *event_open(const char *script, const char *user);
void event_send(struct event *, const char *what, const struct lease *);
uint64_t event_dropped(const struct event *);
void event_close(struct event *);

#endif
