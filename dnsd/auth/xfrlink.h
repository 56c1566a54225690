/*
 * xfrlink: a connection to a primary: a question goes out, messages come in.
 * Who neither connects nor sends fast enough is given up.
 */
#ifndef XFRLINK_H
#define XFRLINK_H

#include <ev.h>

#include "sock.h"

#define XFRLINK_CONNECT 10.0 /* seconds until there is a connection, */
#define XFRLINK_ANSWER 30.0 /* .. in each of which XFRLINK_LEAST bytes come */
#define XFRLINK_LEAST 4096

struct xfrlink_calls {
	/* A message. false: the link was closed within the call. */
	bool (*message)(void *arg, const uint8_t *, size_t len);
	/* It has broken; it is to be closed. */
	void (*failed)(void *arg, const char *why);
};

struct xfrlink;
/* NULL with errno. The question is copied. */
struct xfrlink *xfrlink_open(struct ev_loop *, const union sock_addr *,
    const struct xfrlink_calls *, void *arg);
/* Once: what is asked. -1: too long. */
int xfrlink_send(struct xfrlink *, const uint8_t *, size_t len);
void xfrlink_close(struct xfrlink *);

#endif
