/*
 * tcp: threads that serve connections (RFC 7766), an event loop each.
 *
 * A connection may ask many questions before it reads the first answer; what
 * one read brought is answered with one write. What a client does not take is
 * kept, and nothing more is read from it until it has gone out. Whole messages
 * must come, and answers be taken, within tcp_idle.
 *
 * There are limits of connections in all and for one client (of IPv6: a /64).
 * When there are too many, the client that has most of them loses the one that
 * was idle longest.
 */
#ifndef TCP_H
#define TCP_H

#include "server.h"

/* Before the first thread. 0, or -1 with errno. */
int tcp_open(struct server *);
/* 0, or -1 after a message. */
int tcp_start(struct server *);
/* Take no new connections; those there are end when they are idle. */
void tcp_drain(struct server *);
/* Have all threads ended? To be asked again after some milliseconds. */
bool tcp_drained(struct server *);
/* When all have ended: free. */
void tcp_close(struct server *);

#endif
