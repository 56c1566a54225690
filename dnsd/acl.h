/*
 * acl: who may do something, by address and by key; and servers that we talk
 * to, with the key to use.
 *
 *	"192.0.2.2"  "2001:db8::/32"  "key:NAME"  "any"  "none"
 *	"192.0.2.0/24 key:NAME"		both must fit
 *	"!192.0.2.66"			no, and nothing after it counts
 *
 * The first entry that fits decides; nobody fits an empty list.
 */
#ifndef ACL_H
#define ACL_H

#include "conf.h"
#include "sock.h"
#include "tsig.h"

struct acl_entry {
	bool deny, any_address;
	struct conf_prefix prefix;
	const struct tsig_key *key; /* NULL: with any key or none */
};
struct acl {
	struct acl_entry *v;
	size_t n;
};

/* Keys of the configuration, by name. */
struct keys {
	struct tsig_key *v;
	size_t n;
};
/* The name is text, or wire form in lower case. NULL: there is none. */
const struct tsig_key *keys_find(const struct keys *, const char *name);
const struct tsig_key *keys_find_wire(const struct keys *, const uint8_t *name);

/*
 * From the words of a key of the configuration, whose errors are told by
 * conf_error(line, key_name, ...). 0 or -1; freed by acl_free in any case.
 */
int acl_build(struct acl *, const struct conf_list *, const struct keys *,
    int line, const char *key_name);
void acl_free(struct acl *);
/* key: what the message was signed with, NULL: not signed. */
bool acl_allows(const struct acl *, const union sock_addr *peer,
    const struct tsig_key *key);

/* "192.0.2.9", "192.0.2.9#5353", "[2001:db8::1]:53", " key:NAME" behind it. */
struct remote {
	union sock_addr addr; /* with port */
	const struct tsig_key *key; /* NULL: unsigned */
};
struct remotes {
	struct remote *v;
	size_t n;
};
int remotes_build(struct remotes *, const struct conf_list *,
    const struct keys *, int line, const char *key_name);
void remotes_free(struct remotes *);
/* One of them that has this address, whatever its port. NULL: none. */
const struct remote *
remotes_find(const struct remotes *, const union sock_addr *peer);

#endif
