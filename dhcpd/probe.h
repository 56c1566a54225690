/*
 * probe: does anybody use this address already? (RFC 2131 section 2.2, RFC
 * 5227's manner of asking)
 *
 * On a link of ours by ARP (one request from 0.0.0.0), elsewhere by ICMP echo;
 * an answer within the time means yes. Thousands may be under way; nothing
 * waits for any of them.
 */
#ifndef PROBE_H
#define PROBE_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "net.h"

struct probes;

/* As root: the ARP and ICMP sockets. NULL after a message. */
struct probes *probes_open(void);
/* wait_ms: for an answer. 0, or -1 with errno (EALREADY). */
int probes_start(
    struct probes *, struct ev_loop *, const struct net *, uint64_t wait_ms);

/*
 * Ask; done() is called once, never before probe_begin returned: used tells
 * what came out, hw (NULL unless by ARP) who answered. iface: the link the
 * address is on, or NULL for ICMP; it is not kept. An address of this machine
 * is in use. 0, or -1 with errno: not asked, done() is not called (ENOBUFS: too
 * many are under way, ENETDOWN, EAFNOSUPPORT: the link has no ARP). Whoever
 * shows by ARP that the address is his counts as an answer, asked or not.
 */
typedef void probe_fn(void *arg, uint32_t ip, bool used, const uint8_t *hw);
int probe_begin(struct probes *, uint32_t ip, const struct net_if *iface,
    probe_fn *done, void *arg);
/* No done() is called any more; close and free. Not from within done(). */
void probes_end(struct probes *);

#endif
