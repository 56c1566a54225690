/*
 * The names that clients get, and who they belong to: option 81 (RFC 4702),
 * option 12 (RFC 2132 section 3.14), DHCID (RFC 4701).
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <bsd/string.h>
#include <openssl/evp.h>

#include "ddns.h"
#include "dnswire.h"

#define HOST_NAME 12
#define CLIENT_FQDN 81
#define FQDN_HEADER 3 /* flags and two bytes that mean nothing any more */
#define RCODE 255 /* in these (RFC 4702 section 2.2) */
#define IAID_END 5 /* in an identifier of RFC 4361: 255, IAID, DUID */

/* Names that others would come to by themselves: nobody gets them by asking. */
static const char *const refused[] = { "localhost", "wpad", "isatap" };

static bool
ldh(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-';
}

/*
 * The first label of text as a host name (RFC 952, RFC 1123 section 2.1): a
 * hyphen takes the place of what may not stand there, and none stands at either
 * end. Its case is the client's (RFC 4702 section 2.3).
 */
static void
host_from(char host[64], const void *text, size_t len)
{
	const uint8_t *p = text, *end = p + len;
	size_t n = 0;

	for (; p < end && *p != '.' && *p != '\0' && n < DNS_LABEL; p++) {
		if (n == 0 && (*p == '-' || !ldh(*p)))
			continue;
		if (ldh(*p))
			host[n++] = (char)*p;
		else if (host[n - 1] != '-')
			host[n++] = '-';
	}
	while (n > 0 && host[n - 1] == '-')
		n--;
	host[n] = '\0';
}

static void
host_asked(char host[64], const void *text, size_t len)
{
	size_t i;

	host_from(host, text, len);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcasecmp(host, refused[i]) == 0)
			host[0] = '\0';
}

/* The name in option 81, in either encoding (section 2.3). */
static void
host_from_fqdn(char host[64], const uint8_t *p, size_t len)
{
	bool wire = (p[0] & FQDN_E) != 0;

	p += FQDN_HEADER;
	len -= FQDN_HEADER;
	if (!wire)
		host_asked(host, p, len);
	else if (len > 0 && p[0] <= DNS_LABEL && p[0] < len)
		host_asked(host, p + 1, p[0]);
}

/* Option 81, if there is one worth the name. */
static const uint8_t *
client_fqdn(const struct packet *p, size_t *len)
{
	const struct options *o = &p->options;

	*len = o->len[CLIENT_FQDN];
	return *len >= FQDN_HEADER ? o->at[CLIENT_FQDN] : NULL;
}

/*
 * A client that sends option 81 without a name wants one from us (section 2.3);
 * what it says in option 12 is then better than nothing.
 */
static void
choose_host(
    struct ddns_name *name, const struct packet *p, const char *reserved)
{
	const struct options *o = &p->options;
	const uint8_t *fqdn;
	size_t len;

	if (reserved != NULL)
		host_from(name->host, reserved, strlen(reserved));
	if (name->host[0] == '\0' && (fqdn = client_fqdn(p, &len)) != NULL)
		host_from_fqdn(name->host, fqdn, len);
	if (name->host[0] == '\0' && option_has(o, HOST_NAME))
		host_asked(name->host, o->at[HOST_NAME], o->len[HOST_NAME]);
}

/* The host's name in the zone, where it fits into an option. */
static void
choose_fqdn(struct ddns_name *name, const char *forward)
{
	size_t len = strlen(forward);
	uint8_t wire[DNS_NAME];
	int n;

	if (len > 0 && forward[len - 1] == '.')
		len--;
	n = snprintf(name->fqdn, sizeof(name->fqdn), "%s.%.*s", name->host,
	    (int)len, forward);
	len = dns_name_parse(name->fqdn, wire);
	if (n >= (int)sizeof(name->fqdn) || len == 0 ||
	    len > sizeof(name->answer) - FQDN_HEADER)
		name->fqdn[0] = '\0';
}

/* Section 4: who updates what, and the flags that say so. */
static uint8_t
choose_updates(
    struct ddns_name *name, uint8_t asked, bool reverse, bool override)
{
	bool able =
	    name->fqdn[0] != '\0' && ((asked & FQDN_N) == 0 || override);
	uint8_t flags = asked & FQDN_E;

	name->update_a = able && ((asked & FQDN_S) != 0 || override);
	name->update_ptr = able && reverse;
	if (name->update_a)
		flags |= FQDN_S;
	if (!name->update_a && !name->update_ptr)
		flags |= FQDN_N;
	if (((flags ^ asked) & FQDN_S) != 0)
		flags |= FQDN_O;
	return flags;
}

/* The whole name in the client's encoding, or the client's own words. */
static void
put_answer(
    struct ddns_name *name, uint8_t flags, const uint8_t *asked, size_t len)
{
	uint8_t wire[DNS_NAME];
	const void *p = asked + FQDN_HEADER;
	size_t n = len - FQDN_HEADER;

	if (name->fqdn[0] != '\0' && (flags & FQDN_E) != 0) {
		n = dns_name_parse(name->fqdn, wire);
		p = wire;
	} else if (name->fqdn[0] != '\0') {
		n = strlen(name->fqdn);
		p = name->fqdn;
	}
	if (n > sizeof(name->answer) - FQDN_HEADER)
		n = sizeof(name->answer) - FQDN_HEADER;
	name->answer[0] = flags;
	name->answer[1] = name->answer[2] = RCODE;
	memcpy(name->answer + FQDN_HEADER, p, n);
	name->n = FQDN_HEADER + n;
}

void
ddns_choose(struct ddns_name *name, const struct packet *p,
    const char *reserved, const char *forward, bool reverse, bool override)
{
	const uint8_t *fqdn;
	size_t len;

	memset(name, 0, sizeof(*name));
	choose_host(name, p, reserved);
	if (name->host[0] != '\0' && forward != NULL)
		choose_fqdn(name, forward);
	if ((fqdn = client_fqdn(p, &len)) != NULL)
		put_answer(name,
		    choose_updates(name, fqdn[0], reverse, override), fqdn,
		    len);
	else
		choose_updates(name, FQDN_S, reverse, override);
}

int
ddns_dhcid(const struct lease_client *client, const uint8_t *name,
    uint8_t out[DDNS_DHCID])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t lower[DNS_NAME], who[1 + sizeof(client->hw)];
	const uint8_t *p = client->id;
	size_t n = client->idlen, len = dns_name_len(name);
	unsigned digest;
	int good;

	/* section 3.3 and 3.4: type of the identifier, SHA-256 */
	out[0] = 0;
	out[1] = p != NULL && !client->by_hw;
	out[2] = 1;
	if (out[1] == 0) {
		who[0] = client->htype;
		n = client->hlen <= sizeof(client->hw) ? client->hlen : 0;
		memcpy(who + 1, client->hw, n++);
		p = who;
	} else if (n > IAID_END && p[0] == 255) {
		out[1] = 2;
		p += IAID_END;
		n -= IAID_END;
	}
	memcpy(lower, name, len);
	dns_name_lower(lower);
	good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	    EVP_DigestUpdate(ctx, p, n) && EVP_DigestUpdate(ctx, lower, len) &&
	    EVP_DigestFinal_ex(ctx, out + 3, &digest);
	EVP_MD_CTX_free(ctx);
	return good ? 0 : -1;
}
