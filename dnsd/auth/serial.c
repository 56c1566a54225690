/*
 * Serial number arithmetic (RFC 1982 section 3).
 */
#include "serial.h"

bool
serial_newer(uint32_t a, uint32_t than)
{
	uint32_t ahead = a - than;

	return ahead != 0 && ahead < UINT32_C(1) << 31;
}

uint32_t
serial_next(uint32_t serial)
{
	return serial == UINT32_MAX ? 1 : serial + 1;
}
