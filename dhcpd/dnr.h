/*
 * dnr: one resolver of option 162 (RFC 9463 section 5.1) between text and wire:
 *
 *	1 dns.example.org 192.0.2.1 alpn=dot alpn=h2 dohpath=/dns-query{?dns}
 *
 * its priority, its name, and, unless clients shall look these up by the name,
 * addresses and service parameters (RFC 9460, 9461): alpn= once for each
 * protocol, port=, dohpath=. optiontext.c makes lists of them. Pure.
 */
#ifndef DNR_H
#define DNR_H

#include "option.h"

/* The wire form, at most max bytes; its length, or -1 with *why. */
int dnr_encode(const char *text, uint8_t *out, size_t max, const char **why);
/*
 * The text of the one that p begins with, cut where it is too long; its length
 * on the wire, or 0: it is none, or it has what the text form has not.
 */
#define DNR_TEXT (OPTION_TEXT + 1)
size_t dnr_print(const uint8_t *p, size_t n, char text[DNR_TEXT]);

#endif
