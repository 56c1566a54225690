/*
 * dhcpconf: dhcpd.conf(5) and dhcpd.hosts(5), read and checked by the parent as
 * root, inherited by the worker.
 */
#ifndef DHCPCONF_H
#define DHCPCONF_H

#include "conf.h"
#include "daemon.h"
#include "level.h"
#include "scope.h"

struct dhcpd_conf {
	struct daemon_conf daemon;
	struct conf_list interfaces; /* empty: all that are up */
	char *lease_dir; /* "": STATEDIR/INSTANCE */
	char *hosts; /* path of dhcpd.hosts; "": none */
	uint64_t max_leases;
	uint64_t history_max; /* bytes */
	uint64_t offer_ms; /* an offer is held so long */
	uint64_t probe_ms; /* wait for an answer to a probe */
	uint64_t cache_percent; /* renewals within this part of a lease write
				   nothing and get the remaining time; 0: off */
	uint64_t per_client; /* messages of one client in a second; 0: all */
	bool trust_agent; /* option 82 without giaddr counts */
	bool leasequery; /* answered (RFC 4388), */
	struct conf_prefixes leasequery_from; /* .. to these */
	char *event_script; /* run at changes; "": none */
	struct ddns_conf { /* section ddns; its forward and reverse are in
			      settings */
		bool set;
		char *server; /* "127.0.0.1" or "127.0.0.1:53" */
		char *key; /* file, tsig-keygen's form; "": unsigned */
		char *forward;
		bool reverse;
		uint64_t ttl; /* s; 0: a third of the lease, at least 600 */
		bool update_client_a; /* also where the client asks to do it
					 itself (4702 N, S) */
		bool replace; /* RFC 4703 conflict rules off */
	} ddns;
	struct scopes scopes; /* built by dhcpd_check */
	/* private: the file as it was read */
	struct level level;
	struct conf_sections shared, subnets, classes, hosts_in, ddns_in;
};

extern const struct conf_key dhcpd_keys[];

/*
 * daemon.h's check: cross-checks, reads the hosts file, builds conf->scopes and
 * conf->ddns. dhcpd_forget is called in any case.
 */
int dhcpd_check(void *conf);
void dhcpd_forget(void *conf);

#endif
