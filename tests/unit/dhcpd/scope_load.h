/*
 * scope_load: a dhcpd.conf and a dhcpd.hosts from text, as the daemon reads
 * them.
 */
#ifndef SCOPE_LOAD_H
#define SCOPE_LOAD_H

#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caught.h"
#include "dhcpconf.h"

#define CONF_FILE "t.conf"
#define HOSTS_FILE "t.hosts"

static struct dhcpd_conf conf;

static inline void
put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), f), strlen(text));
	ck_assert_int_eq(fclose(f), 0);
}

/* hosts NULL: none, and the configuration names none. */
static inline int
load_conf(const char *text, const char *hosts)
{
	const struct conf_files f = { .own = CONF_FILE, .keys = dhcpd_keys };
	int rc;

	put_file(CONF_FILE, text);
	if (hosts != NULL)
		put_file(HOSTS_FILE, hosts);
	memset(&conf, 0, sizeof(conf));
	rc = conf_load(&f, &conf);
	if (rc == -1)
		return -1;
	if (hosts != NULL) { /* keys must be absolute */
		free(conf.hosts);
		conf.hosts = strdup(HOSTS_FILE);
	}
	return dhcpd_check(&conf) == -1 ? -1 : rc;
}

static inline void
drop_conf(void)
{
	dhcpd_forget(&conf);
	conf_free(dhcpd_keys, &conf);
}

/* The text is right. */
static inline const struct scopes *
load_good(const char *text, const char *hosts)
{
	ck_assert_int_eq(load_conf(text, hosts), 0);
	return &conf.scopes;
}

static inline uint32_t
ip(const char *word)
{
	struct in_addr a;

	ck_assert_int_eq(inet_pton(AF_INET, word, &a), 1);
	return ntohl(a.s_addr);
}

#endif
