/*
 * clientid: how a DHCP client calls itself, option 61 (RFC 2132 section 9.14,
 * RFC 4361, RFC 6842).
 */
#ifndef CLIENTID_H
#define CLIENTID_H

#include <stddef.h>
#include <stdint.h>

#define CLIENTID_MAX 64

/*
 * By text: "mac" (type 1 and the address), "none", "duid" (type 255, an IAID
 * from the MAC address, and the host's DUID from duid_file, which is made with
 * a random UUID, RFC 6355, if it is not there), or bytes in hexadecimal with
 * or without colons. The length, 0 for none, or -1 after a message.
 */
int clientid_make(const char *text, const uint8_t hw[6], const char *duid_file,
    uint8_t id[CLIENTID_MAX]);

#endif
