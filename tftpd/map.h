/*
 * map: from the name a client asked for to the files it may mean.
 * Pure: names in, names out.
 *
 * Rules see a name in one form, however the client wrote it: components with
 * '/' between them, none of them empty or ".", no slash at either end, and
 * without the path of a root of the configuration where an absolute name began
 * with it; that root is looked in first. A backslash means '/'. A name with a
 * ".." component is refused.
 *
 * Rules are taken in order. A rule applies when the client's address lies in
 * `networks` (none: everyone) and its pattern fits: `match` (text, anywhere),
 * `prefix` (text at the start), `glob` (fnmatch(3) with FNM_PATHNAME, the whole
 * name), `regex` (POSIX extended); no pattern: every name. Then
 *	deny		the request is refused (access violation), or, where a
 *			rule with `fallback` named a place before, nothing
 *			further is tried;
 *	replace		what fitted is replaced: every place for match, the
 *			prefix, the whole name for glob, the first match for
 *			regex;
 *	lowercase	the name is put in lower case (ASCII);
 *	root		the file is looked for below this directory; with
 *			`fallback`, further rules and the roots of the
 *			configuration are tried when it is not there; without,
 *			nothing else is.
 * What replace and lowercase did stays for all that follows. A slash that a
 * pattern begins with means nothing.
 *
 * In `root` and `replace`: %i the client's address, %x the same in upper case
 * hexadecimal (C0000207), %m its hardware address (02-00-00-00-be-ef), %% a
 * percent sign; in a regex rule also %0 to %9, what the parentheses matched; a
 * backslash may stand for the percent sign in a regex rule's replace (\1). An
 * IPv4 address that came mapped into IPv6 is written as IPv4. For a client
 * whose hardware address is not known, rules and roots that have %m are as if
 * they were not there.
 */
#ifndef MAP_H
#define MAP_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "conf.h"
#include "sock.h"

#define MAP_NAME 1024 /* bytes of a name or path, its NUL included */
#define MAP_CANDIDATES 16

struct map_rule {
	char *match, *prefix, *glob, *regex; /* at most one; NULL or "": none */
	char *replace; /* NULL: none; "": what fitted is taken away */
	char *root; /* NULL or "": none */
	bool fallback, deny, lowercase;
	struct conf_prefixes networks;
	int line; /* where the rule stands in the file */
	/* by map_compile */
	bool hw; /* %m stands in it */
	bool compiled;
	regex_t re;
};

/* The rows of one `map` section, for conf.h. */
extern const struct conf_key map_keys[];

/*
 * Check one rule and make it ready; conf_error tells all that is wrong with
 * it. 0 or -1; map_forget either way. Back-references in a regex are refused:
 * a name could make them take exponential time.
 */
int map_compile(struct map_rule *);
void map_forget(struct map_rule *);

/*
 * May this be a root: absolute, no ".." component, room for a name behind it,
 * nothing unknown after '%' (%0 to %9 only where groups is above that digit)?
 * NULL, or what is wrong with it.
 */
const char *map_root_check(const char *root, unsigned groups);

/* One place to look: a path below a root. */
struct map_candidate {
	const char *root; /* a rule's or the configuration's, as written */
	char base[MAP_NAME]; /* the part of root before the component with
				the first '%': a directory known at start */
	char path[MAP_NAME]; /* the rest and the name, relative, clean: no
				empty, "." or ".." component */
};

struct map_rules {
	const struct map_rule *v;
	size_t n;
	char *const *roots; /* of the configuration, in order */
	size_t nroots;
};

enum map_verdict {
	MAP_OK,
	MAP_DENIED, /* by a rule */
	MAP_ILLEGAL, /* a ".." component, or too long */
	MAP_NONE, /* nothing to look for (empty name, or the root itself) */
};

/* Does a rule or a root speak of hardware addresses? */
bool map_needs_hw(const struct map_rules *);

#define MAP_HW 48 /* bytes of a hardware address as text, a NUL behind it */
/* As %m is written; "" for none. Returns out. */
char *map_hw(const uint8_t *hw, size_t len, char out[MAP_HW]);

/* Who asks. */
struct map_client {
	const union sock_addr *peer;
	const char *hw; /* as map_hw writes it; "": not known */
};

/*
 * The places where the file may be, in the order to try; with MAP_OK at least
 * one, at most MAP_CANDIDATES (further ones are left out).
 */
enum map_verdict
map_name(const struct map_rules *, const char *name, const struct map_client *,
    struct map_candidate out[MAP_CANDIDATES], size_t *n);

/* The part of a root before its first component with a '%'. Returns out. */
char *map_base(const char *root, char out[MAP_NAME]);

#endif
