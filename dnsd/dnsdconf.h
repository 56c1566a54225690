/*
 * dnsdconf: dnsd.conf(5), read and checked by the parent as root, inherited by
 * the worker. Everything that names something (keys, addresses, types) is
 * resolved here; the rest of the program sees no text.
 */
#ifndef DNSDCONF_H
#define DNSDCONF_H

#include "acl.h"
#include "conf.h"
#include "daemon.h"
#include "dname.h"

enum role { ROLE_AUTHORITATIVE, ROLE_RESOLVER, ROLE_BOTH };

/* Titles are not the first member: conf.h takes offset 0 for none. */
struct listen_conf {
	uint64_t port;
	char *address; /* title: "192.0.2.1", "*", "[2001:db8::1]:5353" */
	int role;
	int line;
};

/* Section key "NAME": either of the files. */
struct key_conf {
	int algorithm; /* of secret_file */
	char *name; /* title */
	char *secret_file, *file;
	int line;
};

/* Section update "KEY" { names types } of a zone (RFC 2136 section 3.3). */
struct grant_conf {
	struct conf_list names; /* "any", "subdomain lan.example.org",
				   "name x.example.org" */
	char *key_name; /* title */
	struct conf_list types; /* empty: all but SOA, NS and DNSSEC's */
	int line;
	/* resolved */
	const struct tsig_key *key;
	struct grant_name {
		enum { GRANT_ANY, GRANT_SUBDOMAIN, GRANT_NAME } how;
		struct dname name;
	} * name;
	size_t nnames;
	uint16_t *type;
	size_t ntypes;
};

struct zone_conf {
	char *file; /* relative to directory; "": NAME.zone */
	char *name; /* title */
	struct conf_list primaries_in, notify_in, allow_transfer_in,
	    allow_notify_in, allow_query_in;
	struct conf_sections updates; /* struct grant_conf */
	bool auto_reverse; /* PTRs follow A and AAAA in our reverse zones */
	bool notify_ns; /* the zone's NS are told of changes, too */
	uint64_t journal_max; /* bytes; older changes are forgotten */
	uint64_t max_size; /* bytes that a transfer or updates may make it */
	uint64_t min_refresh_ms, max_refresh_ms; /* bounds of the SOA's */
	int line;
	struct { /* lines of the lists */
		int primaries, notify, transfer, notified, query;
	} at;
	/* resolved */
	const struct zone_conf *template; /* whose settings a zone of zones_file
					     shares; NULL: all are its own */
	struct dname origin;
	struct remotes primaries; /* any: we are a secondary */
	struct remotes notify;
	struct acl allow_transfer, allow_notify, allow_query;
};

struct dnsd_conf {
	struct daemon_conf daemon; /* listen is made from `listens`; workers: 0
				      is one for each processor */
	struct conf_sections listens; /* struct listen_conf */
	char *directory; /* zone files, journals, states: "" in the file is
			    STATEDIR/INSTANCE here */
	struct conf_sections keys_in; /* struct key_conf */
	struct conf_sections zones_in, templates; /* struct zone_conf */
	struct conf_sections zones; /* struct zone_conf: those of the file, and
				       those of zones_file behind them */
	char *zones_file; /* dnsd.zones(5): a line for each; "": none */
	char *identity; /* id.server, hostname.bind, NSID; "": refused */
	char *version; /* version.bind; "": refused */
	bool rotate; /* records of an RRset in turn */
	bool minimal; /* no additional records but glue */
	uint64_t udp_size; /* largest answer by UDP */
	uint64_t tcp_clients, tcp_per_client; /* connections */
	uint64_t tcp_idle_ms;
	uint64_t transfers_in, transfers_out; /* at once */
	char *query_log; /* path; "": none */
	uint64_t idle_ms; /* under inetd: end after so long without a query */
	struct conf_sections rates_in; /* struct rate_conf */
	struct rate_conf {
		bool set;
		uint64_t responses; /* a second to one network; 0: all */
		uint64_t errors; /* .. of NXDOMAIN and errors; 0: the same */
		uint64_t slip; /* each n-th is answered with TC; 0: none */
		uint64_t ipv4_prefix, ipv6_prefix;
		uint64_t table; /* networks remembered */
		struct conf_list exempt_in;
		int line, exempt_line;
		struct acl exempt;
	} rate;
	struct keys keys; /* resolved */
};

extern const struct conf_key dnsd_keys[];

/* daemon.h's check, forget and same. */
int dnsd_check(void *conf);
void dnsd_forget(void *conf);
bool dnsd_same(const void *old, const void *new);
/* dnsdlines.c: add the zones of zones_file to conf->zones. 0 or -1. */
int dnsd_read_zones(struct dnsd_conf *);

#endif
