/*
 * build: from dhcpd.conf(5) as it was read (level.h) to scopes ready for use.
 *
 *	build		networks, subnets, ranges, what is excluded
 *	settings	a level's values, inherited or sparse
 *	optionset	its options on the wire
 *	class		classes and boot sections, and who belongs to them
 *	hosts		reservations, from sections and from dhcpd.hosts(5)
 *	scope		memory, tables, lookups
 *
 * Whatever is wrong is told where it stands and the building goes on, so that
 * all of it is told in one run. Private to these files and dhcpconf.
 */
#ifndef BUILD_H
#define BUILD_H

#include "dhcpconf.h"
#include "level.h"
#include "option.h"
#include "scope.h"

struct lines;

/* Where sections of hosts stand; they wait until all networks are known. */
struct build_place {
	const struct conf_sections *hosts;
	const struct network *network;
};

struct build {
	const struct dhcpd_conf *conf;
	struct scopes *scopes;
	bool bad; /* something was told */
	struct lines *lines; /* a record of dhcpd.hosts is being read */
	struct address_range *out; /* to be excluded, as they come */
	size_t nout, out_size;
	struct build_place *places;
	size_t nplaces;
};

/* All of it: conf->scopes. 0, or -1 after messages. */
int build_scopes(struct dhcpd_conf *);

/* Tell what is wrong in dhcpd.conf. Returns -1. */
int build_wrong(struct build *, int line, const char *key, const char *, ...)
    __attribute__((__format__(__printf__, 4, 5)));
/* These addresses are never given away. */
void build_exclude(struct build *, uint32_t first, uint32_t last);

/* Words of several levels. 0 or -1; nothing is told. */
int build_ip(const char *, uint32_t *);
/* "a-b", or one address. */
int build_range(const char *, uint32_t *first, uint32_t *last);
/* Bytes as "02:00:5e" or "02-00-5e", at most max. How many, or -1. */
int build_pairs(const char *, uint8_t *out, size_t max);
/*
 * An identifier: pairs of hexadecimal digits with colons between ("01:ab"), or
 * without behind "0x" ("0x01ab"), else the text itself. At most max bytes; the
 * length, or -1: too long, empty, or no pairs behind 0x.
 */
int build_bytes(const char *, uint8_t *out, size_t max);
/* The same, told where they are wrong. */
size_t build_arch(
    struct build *, int line, const struct conf_list *, uint16_t out[16]);
void build_server(
    struct build *, int line, const char *next_server, struct in_addr *);

/* "10.0.0.1", for messages. */
#define BUILD_IP 16
const char *build_show(uint32_t ip, char out[BUILD_IP]);

/*
 * Settings of a level over those of `from`, the level above; NULL: a sparse one
 * (class, host); out itself: the file's, all of which count.
 */
void settings_build(struct build *, struct settings *out,
    const struct settings *from, const struct level *);

/* Options of the level, over those that out has from above. */
void
optionset_build(struct build *, struct settings *out, const struct level *);

void class_build(struct build *);
/* Boot sections of the level, before those that out has from above. */
void
class_build_boots(struct build *, struct settings *out, const struct level *);

/* Of a section; network NULL: any. */
void
hosts_add(struct build *, const struct conf_sections *, const struct network *);
/* The words of its lines, then NULL. */
extern const char *const hosts_words[];
/* Of the file that the configuration names. */
void hosts_read(struct build *);

/* Memory of scopes, zeroed; freed with them. NULL: none is left; told. */
void *scope_alloc(struct build *, size_t n, size_t size);
void *scope_copy(struct build *, const void *, size_t n);
/* Tables over networks; before hosts are added. */
int scope_index(struct build *);
/* The host's identity and address; false: no memory. */
bool scope_add_host(struct build *, struct host *);
/* One with the same identity that would be found in the same network. */
const struct host *scope_same_host(const struct scopes *, const struct host *);
/* By address; NULL: no more. */
const struct subnet *scope_subnet_at(const struct scopes *, size_t i);
const struct range *scope_range_at(const struct scopes *, size_t i);
void scope_free(struct scopes *);

#endif
