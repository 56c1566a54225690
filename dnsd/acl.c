/*
 * Who may do something; servers that we talk to; keys by name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>

#include "acl.h"

#define WORD 320 /* "!prefix key:NAME" */
#define DNS_PORT 53

const struct tsig_key *
keys_find_wire(const struct keys *keys, const uint8_t *name)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (dns_name_equal(keys->v[i].name, name))
			return &keys->v[i];
	return NULL;
}

const struct tsig_key *
keys_find(const struct keys *keys, const char *name)
{
	uint8_t wire[DNS_NAME];

	if (dns_name_parse(name, wire) == 0)
		return NULL;
	return keys_find_wire(keys, wire);
}

/* What a word is taken apart for, and where it stands. */
struct context {
	const struct keys *keys;
	int line;
	const char *key_name;
};

/* The key that "key:NAME" names; NULL after a message. */
static const struct tsig_key *
named_key(const struct context *c, const char *part)
{
	const struct tsig_key *key = NULL;

	if (strncmp(part, "key:", 4) != 0)
		conf_error(c->line, c->key_name,
		    "\"%.64s\" is not an address, key:NAME, any or none", part);
	else if ((key = keys_find(c->keys, part + 4)) == NULL)
		conf_error(c->line, c->key_name,
		    "\"%.64s\": there is no such key", part + 4);
	return key;
}

/* 0, with *rest the words behind the first one, or NULL. -1: too long. */
static int
split(const struct context *c, const char *word, char out[WORD], char **rest)
{
	size_t n;

	if (strlcpy(out, word, WORD) >= WORD) {
		conf_error(c->line, c->key_name, "\"%.64s\" is too long", word);
		return -1;
	}
	*rest = NULL;
	n = strcspn(out, " \t");
	if (out[n] == '\0')
		return 0;
	out[n] = '\0';
	*rest = out + n + 1;
	*rest += strspn(*rest, " \t");
	if (**rest == '\0')
		*rest = NULL;
	return 0;
}

/* 0; 1: it fits nobody and is left out; -1 after a message. */
static int
parse_entry(const struct context *c, const char *word, struct acl_entry *e)
{
	char copy[WORD], *first = copy, *rest;
	const char *why;

	memset(e, 0, sizeof(*e));
	if (split(c, word, copy, &rest) == -1)
		return -1;
	if (*first == '!') {
		e->deny = true;
		first++;
	}
	if (strcmp(first, "none") == 0 && rest == NULL && !e->deny)
		return 1;
	e->any_address =
	    strcmp(first, "any") == 0 || strncmp(first, "key:", 4) == 0;
	why = e->any_address ? NULL : conf_parse_prefix(first, &e->prefix);
	if (why != NULL) {
		conf_error(c->line, c->key_name, "\"%.64s\" %s", first, why);
		return -1;
	}
	if (strncmp(first, "key:", 4) == 0) {
		if (rest != NULL) {
			conf_error(c->line, c->key_name,
			    "\"%.64s\": what follows the key?", rest);
			return -1;
		}
		rest = first;
	}
	if (rest != NULL && (e->key = named_key(c, rest)) == NULL)
		return -1;
	return 0;
}

int
acl_build(struct acl *acl, const struct conf_list *words,
    const struct keys *keys, int line, const char *key_name)
{
	const struct context c = { keys, line, key_name };
	size_t i;
	int rc = 0;

	*acl = (struct acl){ .n = 0 };
	if (words->n == 0)
		return 0;
	if ((acl->v = calloc(words->n, sizeof(*acl->v))) == NULL) {
		conf_error(line, key_name, "%s", strerror(errno));
		return -1;
	}
	for (i = 0; i < words->n; i++)
		switch (parse_entry(&c, words->v[i], &acl->v[acl->n])) {
		case 0:
			acl->n++;
			break;
		case -1:
			rc = -1;
		}
	return rc;
}

void
acl_free(struct acl *acl)
{
	free(acl->v);
	*acl = (struct acl){ .n = 0 };
}

bool
acl_allows(const struct acl *acl, const union sock_addr *peer,
    const struct tsig_key *key)
{
	size_t i;

	for (i = 0; i < acl->n; i++) {
		struct acl_entry *e = &acl->v[i];
		const struct conf_prefixes one = { &e->prefix, 1 };

		if (e->key != NULL && e->key != key)
			continue;
		if (e->any_address || conf_prefix_match(&one, &peer->sa))
			return !e->deny;
	}
	return false;
}

/* "192.0.2.9#5353" as "192.0.2.9:5353", v6 in brackets: sock_parse's form. */
static int
parse_address(char *text, union sock_addr *addr)
{
	char *hash = strchr(text, '#'), device[16];
	const char *error = NULL;
	long long port = DNS_PORT;
	bool has_port;

	if (hash != NULL) {
		*hash++ = '\0';
		port = strtonum(hash, 1, 65535, &error);
	}
	if (error != NULL || sock_parse(text, addr, device, &has_port) == -1 ||
	    addr->sa.sa_family == AF_UNSPEC || (has_port && hash != NULL))
		return -1;
	if (device[0] != '\0')
		return -1;
	if (!has_port)
		sock_set_port(addr, (uint16_t)port);
	return 0;
}

static int
parse_remote(const struct context *c, const char *word, struct remote *r)
{
	char copy[WORD], *rest;

	if (split(c, word, copy, &rest) == -1)
		return -1;
	if (parse_address(copy, &r->addr) == -1) {
		conf_error(c->line, c->key_name,
		    "\"%.64s\" is not an address such as 192.0.2.9, "
		    "192.0.2.9#5353 or [2001:db8::1]:53",
		    word);
		return -1;
	}
	if (rest != NULL && (r->key = named_key(c, rest)) == NULL)
		return -1;
	return 0;
}

int
remotes_build(struct remotes *remotes, const struct conf_list *words,
    const struct keys *keys, int line, const char *key_name)
{
	const struct context c = { keys, line, key_name };
	size_t i;
	int rc = 0;

	*remotes = (struct remotes){ .n = 0 };
	if (words->n == 0)
		return 0;
	remotes->v = calloc(words->n, sizeof(*remotes->v));
	if (remotes->v == NULL) {
		conf_error(line, key_name, "%s", strerror(errno));
		return -1;
	}
	for (i = 0; i < words->n; i++)
		if (parse_remote(&c, words->v[i], &remotes->v[i]) == -1)
			rc = -1;
	remotes->n = words->n;
	return rc;
}

void
remotes_free(struct remotes *remotes)
{
	free(remotes->v);
	*remotes = (struct remotes){ .n = 0 };
}

const struct remote *
remotes_find(const struct remotes *remotes, const union sock_addr *peer)
{
	union sock_addr a = *peer;
	size_t i;

	for (i = 0; i < remotes->n; i++) {
		sock_set_port(&a, sock_port(&remotes->v[i].addr));
		if (sock_addr_equal(&remotes->v[i].addr, &a))
			return &remotes->v[i];
	}
	return NULL;
}
