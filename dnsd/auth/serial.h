/*
 * serial: numbers of a zone's versions (RFC 1982), of 32 bits that wrap.
 */
#ifndef SERIAL_H
#define SERIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers 2^31 apart are in no order: neither is newer. */
bool serial_newer(uint32_t a, uint32_t than);
/* Never 0, which some take for "none" (RFC 2136 section 4.2). */
uint32_t serial_next(uint32_t);

#endif
