/*
 * level: dhcpd.conf(5) as it was read, before it is checked and built into
 * scopes (build.h). Private to dhcpconf and the files that build.
 */
#ifndef LEVEL_H
#define LEVEL_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

/* Keys of a level; each has a line, 0 where the level does not say it. */
enum level_key {
	LEVEL_DEFAULT_LEASE,
	LEVEL_MIN_LEASE,
	LEVEL_MAX_LEASE,
	LEVEL_RENEW,
	LEVEL_REBIND,
	LEVEL_NEXT_SERVER,
	LEVEL_BOOT_FILE,
	LEVEL_SERVER_NAME,
	LEVEL_ALWAYS_BROADCAST,
	LEVEL_ROUTERS,
	LEVEL_DNS,
	LEVEL_DOMAIN,
	LEVEL_NTP,
	LEVEL_AUTHORITATIVE,
	LEVEL_IDENTITY,
	LEVEL_PROBE,
	LEVEL_DECLINE_TIME,
	LEVEL_RAPID_COMMIT,
	LEVEL_BOOTP_DYNAMIC,
	LEVEL_SKIP_NET_BCAST,
	LEVEL_DDNS_FORWARD,
	LEVEL_DDNS_REVERSE,
	LEVEL_KEYS
};

enum { IDENTITY_ID, IDENTITY_HW }; /* client-id, mac */
enum { PROBE_ARP = 1, PROBE_ICMP = 2 }; /* bits of `probe` */

struct level {
	uint64_t default_ms, min_ms, max_ms, renew_ms, rebind_ms;
	char *next_server, *boot_file, *server_name;
	bool always_broadcast;
	struct conf_list routers, dns, ntp;
	char *domain;
	struct conf_sections options, boots;
	/* of the file, a shared network or a subnet only */
	bool authoritative, rapid_commit, bootp_dynamic, skip_net_bcast;
	int identity, probe;
	uint64_t decline_ms;
	char *ddns_forward;
	bool ddns_reverse;
	int lines[LEVEL_KEYS];
};

/* Sections: `name` is the title, `line` where it begins. */
struct level_option {
	struct conf_list value;
	int type; /* 0: as the code has it; else 1 + enum option_type */
	bool force;
	char *name;
	int line;
};

struct level_boot {
	struct conf_list arch;
	char *user_class, *vendor_prefix, *file, *next_server, *server_name;
	char *name;
	int line;
};

struct level_range {
	struct level level;
	char *class;
	char *name;
	int line;
};

struct level_host {
	struct level level;
	char *mac, *client_id, *circuit_id, *remote_id, *address, *hostname;
	char *name;
	int line;
};

struct level_subnet {
	struct level level;
	struct conf_list ranges, exclude;
	int ranges_line, exclude_line;
	struct conf_sections ranges_in, hosts;
	char *name;
	int line;
};

struct level_shared {
	struct level level;
	struct conf_sections subnets, hosts;
	char *name;
	int line;
};

struct level_class {
	struct level level;
	char *vendor_prefix, *user_class, *mac_prefix, *circuit_id, *remote_id;
	struct conf_list arch;
	uint64_t per_circuit;
	char *name;
	int line;
};

#endif
