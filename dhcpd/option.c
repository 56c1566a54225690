/*
 * The options by code: RFC 2132, what the IANA registered since, and what is
 * in use without. Where a code has several names, the first is the one that is
 * printed; the others are what other servers' administrators know.
 */
#include <stdbool.h>

#include <bsd/stdlib.h>

#include "option.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
const struct option_def option_defs[] = {
	{ 1, "subnet-mask", OPTION_IP, OPTION_FREE },
	{ 2, "time-offset", OPTION_I32, OPTION_FREE },
	{ 3, "routers", OPTION_IPS, OPTION_FREE },
	{ 4, "time-servers", OPTION_IPS, OPTION_FREE },
	{ 5, "name-servers", OPTION_IPS, OPTION_FREE },
	{ 5, "ien116-name-servers", OPTION_IPS, OPTION_FREE },
	{ 6, "domain-name-servers", OPTION_IPS, OPTION_FREE },
	{ 6, "dns", OPTION_IPS, OPTION_FREE },
	{ 7, "log-servers", OPTION_IPS, OPTION_FREE },
	{ 8, "cookie-servers", OPTION_IPS, OPTION_FREE },
	{ 9, "lpr-servers", OPTION_IPS, OPTION_FREE },
	{ 10, "impress-servers", OPTION_IPS, OPTION_FREE },
	{ 11, "resource-location-servers", OPTION_IPS, OPTION_FREE },
	{ 12, "host-name", OPTION_STRING, OPTION_FREE },
	{ 12, "hostname", OPTION_STRING, OPTION_FREE },
	{ 13, "boot-size", OPTION_U16, OPTION_FREE },
	{ 14, "merit-dump", OPTION_STRING, OPTION_FREE },
	{ 15, "domain-name", OPTION_STRING, OPTION_FREE },
	{ 15, "domain", OPTION_STRING, OPTION_FREE },
	{ 16, "swap-server", OPTION_IP, OPTION_FREE },
	{ 17, "root-path", OPTION_STRING, OPTION_FREE },
	{ 18, "extensions-path", OPTION_STRING, OPTION_FREE },
	{ 19, "ip-forwarding", OPTION_FLAG, OPTION_FREE },
	{ 20, "non-local-source-routing", OPTION_FLAG, OPTION_FREE },
	{ 21, "policy-filter", OPTION_IP_PAIRS, OPTION_FREE },
	{ 22, "max-dgram-reassembly", OPTION_U16, OPTION_FREE },
	{ 23, "default-ip-ttl", OPTION_U8, OPTION_FREE },
	{ 24, "path-mtu-aging-timeout", OPTION_U32, OPTION_FREE },
	{ 25, "path-mtu-plateau-table", OPTION_U16S, OPTION_FREE },
	{ 26, "interface-mtu", OPTION_U16, OPTION_FREE },
	{ 26, "mtu", OPTION_U16, OPTION_FREE },
	{ 27, "all-subnets-local", OPTION_FLAG, OPTION_FREE },
	{ 28, "broadcast-address", OPTION_IP, OPTION_FREE },
	{ 28, "broadcast", OPTION_IP, OPTION_FREE },
	{ 29, "perform-mask-discovery", OPTION_FLAG, OPTION_FREE },
	{ 30, "mask-supplier", OPTION_FLAG, OPTION_FREE },
	{ 31, "router-discovery", OPTION_FLAG, OPTION_FREE },
	{ 32, "router-solicitation-address", OPTION_IP, OPTION_FREE },
	{ 33, "static-routes", OPTION_IP_PAIRS, OPTION_FREE },
	{ 34, "trailer-encapsulation", OPTION_FLAG, OPTION_FREE },
	{ 35, "arp-cache-timeout", OPTION_U32, OPTION_FREE },
	{ 36, "ieee802-3-encapsulation", OPTION_FLAG, OPTION_FREE },
	{ 37, "default-tcp-ttl", OPTION_U8, OPTION_FREE },
	{ 38, "tcp-keepalive-interval", OPTION_U32, OPTION_FREE },
	{ 39, "tcp-keepalive-garbage", OPTION_FLAG, OPTION_FREE },
	{ 40, "nis-domain", OPTION_STRING, OPTION_FREE },
	{ 41, "nis-servers", OPTION_IPS, OPTION_FREE },
	{ 42, "ntp-servers", OPTION_IPS, OPTION_FREE },
	{ 42, "ntp", OPTION_IPS, OPTION_FREE },
	{ 43, "vendor-encapsulated-options", OPTION_HEX, OPTION_FREE },
	{ 44, "netbios-name-servers", OPTION_IPS, OPTION_FREE },
	{ 45, "netbios-dd-server", OPTION_IPS, OPTION_FREE },
	{ 46, "netbios-node-type", OPTION_U8, OPTION_FREE },
	{ 47, "netbios-scope", OPTION_STRING, OPTION_FREE },
	{ 48, "font-servers", OPTION_IPS, OPTION_FREE },
	{ 49, "x-display-manager", OPTION_IPS, OPTION_FREE },
	{ 50, "dhcp-requested-address", OPTION_IP, OPTION_OURS },
	{ 51, "dhcp-lease-time", OPTION_U32, OPTION_OURS },
	{ 52, "dhcp-option-overload", OPTION_U8, OPTION_OURS },
	{ 53, "dhcp-message-type", OPTION_U8, OPTION_OURS },
	{ 54, "dhcp-server-identifier", OPTION_IP, OPTION_OURS },
	{ 55, "dhcp-parameter-request-list", OPTION_U8S, OPTION_OURS },
	{ 56, "dhcp-message", OPTION_STRING, OPTION_OURS },
	{ 57, "dhcp-max-message-size", OPTION_U16, OPTION_OURS },
	{ 58, "dhcp-renewal-time", OPTION_U32, OPTION_OURS },
	{ 59, "dhcp-rebinding-time", OPTION_U32, OPTION_OURS },
	{ 60, "vendor-class-identifier", OPTION_STRING, OPTION_FREE },
	{ 61, "dhcp-client-identifier", OPTION_HEX, OPTION_OURS },
	{ 62, "nwip-domain-name", OPTION_STRING, OPTION_FREE },
	{ 63, "nwip-suboptions", OPTION_HEX, OPTION_FREE },
	{ 64, "nisplus-domain-name", OPTION_STRING, OPTION_FREE },
	{ 65, "nisplus-servers", OPTION_IPS, OPTION_FREE },
	{ 66, "tftp-server-name", OPTION_STRING, OPTION_FREE },
	{ 67, "boot-file-name", OPTION_STRING, OPTION_FREE },
	{ 67, "bootfile-name", OPTION_STRING, OPTION_FREE },
	{ 68, "mobile-ip-home-agent", OPTION_IPS, OPTION_FREE },
	{ 69, "smtp-server", OPTION_IPS, OPTION_FREE },
	{ 70, "pop-server", OPTION_IPS, OPTION_FREE },
	{ 71, "nntp-server", OPTION_IPS, OPTION_FREE },
	{ 72, "www-server", OPTION_IPS, OPTION_FREE },
	{ 73, "finger-server", OPTION_IPS, OPTION_FREE },
	{ 74, "irc-server", OPTION_IPS, OPTION_FREE },
	{ 75, "streettalk-server", OPTION_IPS, OPTION_FREE },
	{ 76, "streettalk-directory-assistance-server", OPTION_IPS, OPTION_FREE },
	{ 77, "user-class", OPTION_STRING, OPTION_OURS },
	{ 78, "slp-directory-agent", OPTION_HEX, OPTION_FREE },
	{ 79, "slp-service-scope", OPTION_HEX, OPTION_FREE },
	{ 80, "rapid-commit", OPTION_HEX, OPTION_OURS },
	{ 81, "fqdn", OPTION_HEX, OPTION_OURS },
	{ 82, "relay-agent-information", OPTION_HEX, OPTION_OURS },
	{ 82, "dhcp-agent-options", OPTION_HEX, OPTION_OURS },
	{ 83, "isns", OPTION_HEX, OPTION_FREE },
	{ 85, "nds-servers", OPTION_IPS, OPTION_FREE },
	{ 86, "nds-tree-name", OPTION_STRING, OPTION_FREE },
	{ 87, "nds-context", OPTION_STRING, OPTION_FREE },
	{ 88, "bcms-controller-names", OPTION_HEX, OPTION_FREE },
	{ 89, "bcms-controller-address", OPTION_IPS, OPTION_FREE },
	{ 90, "authentication", OPTION_HEX, OPTION_OURS },
	{ 91, "client-last-transaction-time", OPTION_U32, OPTION_OURS },
	{ 92, "associated-ip", OPTION_IPS, OPTION_OURS },
	{ 93, "client-system", OPTION_U16S, OPTION_OURS },
	{ 94, "client-ndi", OPTION_HEX, OPTION_OURS },
	{ 97, "uuid-guid", OPTION_HEX, OPTION_OURS },
	{ 98, "uap-servers", OPTION_STRING, OPTION_FREE },
	{ 99, "geoconf-civic", OPTION_HEX, OPTION_FREE },
	{ 100, "pcode", OPTION_STRING, OPTION_FREE },
	{ 101, "tcode", OPTION_STRING, OPTION_FREE },
	{ 108, "v6-only-preferred", OPTION_U32, OPTION_FREE },
	{ 112, "netinfo-server-address", OPTION_IPS, OPTION_FREE },
	{ 113, "netinfo-server-tag", OPTION_STRING, OPTION_FREE },
	{ 114, "v4-captive-portal", OPTION_STRING, OPTION_FREE },
	{ 114, "captive-portal", OPTION_STRING, OPTION_FREE },
	{ 114, "default-url", OPTION_STRING, OPTION_FREE },
	{ 116, "auto-config", OPTION_U8, OPTION_FREE },
	{ 117, "name-service-search", OPTION_U16S, OPTION_FREE },
	{ 118, "subnet-selection", OPTION_IP, OPTION_OURS },
	{ 119, "domain-search", OPTION_FQDNS, OPTION_FREE },
	{ 120, "sip-servers", OPTION_SIP, OPTION_FREE },
	{ 121, "classless-static-routes", OPTION_ROUTES, OPTION_FREE },
	{ 121, "classless-static-route", OPTION_ROUTES, OPTION_FREE },
	{ 121, "classless-routes", OPTION_ROUTES, OPTION_FREE },
	{ 121, "rfc3442-classless-static-routes", OPTION_ROUTES, OPTION_FREE },
	{ 122, "cablelabs-client-configuration", OPTION_HEX, OPTION_FREE },
	{ 123, "geoconf", OPTION_HEX, OPTION_FREE },
	{ 124, "vivco-suboptions", OPTION_VENDOR, OPTION_FREE },
	{ 124, "vivco", OPTION_VENDOR, OPTION_FREE },
	{ 125, "vivso-suboptions", OPTION_VENDOR, OPTION_FREE },
	{ 125, "vivso", OPTION_VENDOR, OPTION_FREE },
	{ 136, "pana-agent", OPTION_IPS, OPTION_FREE },
	{ 137, "v4-lost", OPTION_FQDN, OPTION_FREE },
	{ 138, "capwap-ac-v4", OPTION_IPS, OPTION_FREE },
	{ 139, "mos-addresses", OPTION_HEX, OPTION_FREE },
	{ 140, "mos-domain-names", OPTION_HEX, OPTION_FREE },
	{ 141, "sip-ua-cs-domains", OPTION_HEX, OPTION_FREE },
	{ 142, "andsf", OPTION_IPS, OPTION_FREE },
	{ 143, "v4-sztp-redirect", OPTION_HEX, OPTION_FREE },
	{ 144, "geoloc", OPTION_HEX, OPTION_FREE },
	{ 145, "forcerenew-nonce-capable", OPTION_U8S, OPTION_OURS },
	{ 146, "rdnss-selection", OPTION_HEX, OPTION_FREE },
	{ 150, "tftp-server-address", OPTION_IPS, OPTION_FREE },
	{ 150, "voip-tftp-servers", OPTION_IPS, OPTION_FREE },
	{ 151, "status-code", OPTION_HEX, OPTION_OURS },
	{ 152, "base-time", OPTION_U32, OPTION_OURS },
	{ 153, "start-time-of-state", OPTION_U32, OPTION_OURS },
	{ 154, "query-start-time", OPTION_U32, OPTION_OURS },
	{ 155, "query-end-time", OPTION_U32, OPTION_OURS },
	{ 156, "dhcp-state", OPTION_U8, OPTION_OURS },
	{ 157, "data-source", OPTION_U8, OPTION_OURS },
	{ 158, "v4-pcp-server", OPTION_HEX, OPTION_FREE },
	{ 159, "v4-portparams", OPTION_HEX, OPTION_FREE },
	{ 160, "captive-portal-160", OPTION_STRING, OPTION_FREE },
	{ 161, "mud-url", OPTION_STRING, OPTION_OURS },
	{ 162, "v4-dnr", OPTION_DNR, OPTION_FREE },
	{ 175, "etherboot", OPTION_HEX, OPTION_FREE },
	{ 176, "ip-telephone", OPTION_STRING, OPTION_FREE },
	{ 208, "pxelinux-magic", OPTION_HEX, OPTION_FREE },
	{ 209, "pxelinux-config-file", OPTION_STRING, OPTION_FREE },
	{ 209, "loader-configfile", OPTION_STRING, OPTION_FREE },
	{ 210, "pxelinux-path-prefix", OPTION_STRING, OPTION_FREE },
	{ 210, "loader-pathprefix", OPTION_STRING, OPTION_FREE },
	{ 211, "pxelinux-reboot-time", OPTION_U32, OPTION_FREE },
	{ 211, "loader-reboottime", OPTION_U32, OPTION_FREE },
	{ 212, "6rd", OPTION_HEX, OPTION_FREE },
	{ 213, "v4-access-domain", OPTION_FQDN, OPTION_FREE },
	{ 220, "subnet-allocation", OPTION_HEX, OPTION_FREE },
	{ 221, "virtual-subnet-selection", OPTION_HEX, OPTION_FREE },
	{ 249, "ms-classless-static-routes", OPTION_ROUTES, OPTION_FREE },
	{ 252, "wpad-url", OPTION_STRING, OPTION_FREE },
	{ 252, "wpad", OPTION_STRING, OPTION_FREE },
	{ 0, NULL, OPTION_HEX, OPTION_FREE },
};

/* The same codes as numbers, each at its own index. */
#define RAW(n) { n, #n, OPTION_HEX, OPTION_FREE }
#define TEN(t) RAW(t##0), RAW(t##1), RAW(t##2), RAW(t##3), RAW(t##4), \
	RAW(t##5), RAW(t##6), RAW(t##7), RAW(t##8), RAW(t##9)
static const struct option_def raw_defs[] = {
	RAW(0), RAW(1), RAW(2), RAW(3), RAW(4), RAW(5), RAW(6), RAW(7), RAW(8),
	RAW(9), TEN(1), TEN(2), TEN(3), TEN(4), TEN(5), TEN(6), TEN(7), TEN(8),
	TEN(9), TEN(10), TEN(11), TEN(12), TEN(13), TEN(14), TEN(15), TEN(16),
	TEN(17), TEN(18), TEN(19), TEN(20), TEN(21), TEN(22), TEN(23), TEN(24),
	RAW(250), RAW(251), RAW(252), RAW(253), RAW(254),
};
/* clang-format on */

const struct option_def *
option_by_code(uint8_t code)
{
	const struct option_def *d = option_defs;

	while (d->name != NULL && d->code < code)
		d++;
	return d->name != NULL && d->code == code ? d : NULL;
}

static bool
same_name(const char *a, const char *b)
{
	while (*a != '\0' && (*a == *b || (*a == '-' && *b == '_'))) {
		a++;
		b++;
	}
	return *a == *b;
}

/* What is ours is so by any name; else the value is given as it is sent. */
static const struct option_def *
by_number(const char *text)
{
	const struct option_def *d;
	const char *error;
	uint8_t code;

	code = (uint8_t)strtonum(text, 1, COUNT(raw_defs) - 1, &error);
	if (error != NULL)
		return NULL;
	d = option_by_code(code);
	return d != NULL && d->owner == OPTION_OURS ? d : &raw_defs[code];
}

const struct option_def *
option_find(const char *name)
{
	const struct option_def *d;

	for (d = option_defs; d->name != NULL; d++)
		if (same_name(d->name, name))
			return d;
	return by_number(name);
}
