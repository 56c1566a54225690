/*
 * udp: threads that answer datagrams, one for each socket.
 *
 * A thread receives up to UDP_BATCH datagrams with one call, answers them in
 * buffers of its own, and sends all answers with another; it does nothing else:
 * no allocation, no lock, no clock, no third call. While it waits it is outside
 * of its epoch.
 */
#ifndef UDP_H
#define UDP_H

#include "server.h"

#define UDP_BATCH 64

/* Before the first thread: sockets as they should be. 0, or -1 with errno. */
int udp_open(struct server *);
/* A thread for each datagram socket of the worker. 0, or -1 after a message. */
int udp_start(struct server *);
/* Stop reading when nothing waits any more. */
void udp_drain(struct server *);
/* Have all threads ended? To be asked again after some milliseconds, which
 * also wakes those that wait. */
bool udp_drained(struct server *);
/* When all have ended: close the sockets. */
void udp_close(struct server *);
/* Datagrams so far, for who ends when there are none. */
uint64_t udp_received(const struct server *);

#endif
