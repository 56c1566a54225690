/*
 * Options 12 and 81 of any content, the first byte saying how the bytes are
 * divided and what the server is told: the name must be one that every program
 * takes, and the answer one that says what is done.
 */
#include <stdlib.h>
#include <string.h>

#include "ddns.h"
#include "dnswire.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char host_chars[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

static void
check_names(const struct ddns_name *name)
{
	size_t n = strlen(name->host);
	uint8_t wire[DNS_NAME];

	CHECK(n < sizeof(name->host) && strspn(name->host, host_chars) == n);
	CHECK(n == 0 || (name->host[0] != '-' && name->host[n - 1] != '-'));
	if (name->fqdn[0] == '\0') {
		CHECK(!name->update_a && !name->update_ptr);
		return;
	}
	CHECK(strncmp(name->fqdn, name->host, n) == 0 && name->fqdn[n] == '.');
	CHECK(dns_name_parse(name->fqdn, wire) > 0 && wire[0] == n);
}

static void
check_answer(const struct ddns_name *name, uint8_t asked, bool override)
{
	uint8_t flags = name->answer[0];

	CHECK(name->n >= 3 && name->n <= sizeof(name->answer));
	CHECK((flags & 0xf0) == 0 && ((flags ^ asked) & FQDN_E) == 0);
	CHECK(name->update_a == ((flags & FQDN_S) != 0));
	CHECK((name->update_a || name->update_ptr) == !(flags & FQDN_N));
	CHECK(((flags & FQDN_O) != 0) == (((flags ^ asked) & FQDN_S) != 0));
	CHECK(override || !(asked & FQDN_N) || (flags & FQDN_N));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct packet packet;
	struct ddns_name name;
	size_t n;
	bool override;

	if (len < 2 || len > 2000)
		return 0;
	override = p[0] & 1;
	n = 2 + (len - 2) * p[1] / 255;
	memset(&packet, 0, sizeof(packet));
	packet.options.at[81] = p[0] & 2 ? p + 2 : NULL;
	packet.options.len[81] = p[0] & 2 ? (uint16_t)(n - 2) : 0;
	packet.options.at[12] = p[0] & 4 ? p + n : NULL;
	packet.options.len[12] = p[0] & 4 ? (uint16_t)(len - n) : 0;
	ddns_choose(&name, &packet, p[0] & 8 ? "printer" : NULL,
	    p[0] & 16 ? "lab.test" : NULL, p[0] & 32, override);
	check_names(&name);
	if (packet.options.len[81] >= 3)
		check_answer(&name, p[2], override);
	else
		CHECK(name.n == 0);
	return 0;
}
