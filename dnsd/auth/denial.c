/*
 * Proofs that something does not exist. Which records are one depends on the
 * case; NSEC names what is there, NSEC3 hashes of it.
 */
#include <string.h>

/* The old calls need no memory, no lock and no search for an algorithm. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "denial.h"
#include "synth.h"

#define HASH 20 /* bytes: SHA-1, the only algorithm (RFC 5155 section 11) */
#define HASH_TEXT 32 /* base32hex of it */

static void
add(struct denial *d, const struct node *node)
{
	unsigned i;

	for (i = 0; i < d->n; i++)
		if (d->v[i] == node)
			return;
	if (node != NULL && d->n < DENIAL_NODES)
		d->v[d->n++] = node;
}

void
denial_hash(
    const struct nsec3_conf *conf, const uint8_t *name, uint8_t out[HASH])
{
	SHA_CTX ctx;
	unsigned i;

	for (i = 0; i <= conf->iterations; i++) {
		SHA1_Init(&ctx);
		if (i == 0)
			SHA1_Update(&ctx, name, dns_name_len(name));
		else
			SHA1_Update(&ctx, out, HASH);
		SHA1_Update(&ctx, conf->salt, conf->salt_len);
		SHA1_Final(out, &ctx);
	}
}

/* RFC 4648 section 7, in lower case; 160 bits need no padding. */
static void
hash_text(const uint8_t hash[HASH], uint8_t out[HASH_TEXT])
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuv";
	uint32_t bits = 0;
	unsigned i, n = 0, have = 0;

	for (i = 0; i < HASH; i++) {
		bits = bits << 8 | hash[i];
		for (have += 8; have >= 5; have -= 5)
			out[n++] = (uint8_t)digits[bits >> (have - 5) & 31];
	}
}

/* Is the first label of the NSEC3's owner this hash? */
static bool
is_hash(const struct node *node, const uint8_t hash[HASH])
{
	uint8_t text[HASH_TEXT], c;
	const uint8_t *name = node_name(node);
	unsigned i;

	if (name[0] != HASH_TEXT)
		return false;
	hash_text(hash, text);
	for (i = 0; i < HASH_TEXT; i++) {
		c = name[i + 1];
		if (c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + ('a' - 'A'));
		if (c != text[i])
			return false;
	}
	return true;
}

/* The NSEC3 that matches the suffix, or covers it. */
static const struct node *
nsec3_at(const struct snapshot *s, const struct dname *n, unsigned suffix,
    bool *matches)
{
	uint8_t hash[HASH];
	const struct node *node;

	denial_hash(&s->nsec3_conf, n->lower + n->at[suffix], hash);
	node = snapshot_nsec3(s, hash);
	*matches = node != NULL && is_hash(node, hash);
	return node;
}

/*
 * The closest provable encloser of what is below `suffix` and the next closer
 * name (RFC 5155 section 7.2.1). With opt-out the encloser itself may have no
 * NSEC3 (section 7.1), so it is looked for upwards. Its suffix.
 */
static unsigned
add_encloser(struct denial *d, const struct snapshot *s, const struct dname *n,
    unsigned suffix)
{
	const struct node *node = NULL;
	unsigned top = n->labels - s->origin.labels;
	bool matches = false;

	for (; suffix <= top; suffix++) {
		node = nsec3_at(s, n, suffix, &matches);
		if (matches)
			break;
	}
	if (!matches)
		return top;
	add(d, node);
	if (suffix > 0)
		add(d, nsec3_at(s, n, suffix - 1, &matches));
	return suffix;
}

void
denial_name(struct denial *d, const struct snapshot *s, const struct dname *n,
    unsigned encloser)
{
	struct dname star;
	bool matches;

	if (s->nsec3) {
		encloser = add_encloser(d, s, n, encloser);
		if (synth_wildcard(&star, n, encloser))
			add(d, nsec3_at(s, &star, 0, &matches));
	} else if (s->nsec) {
		add(d, snapshot_nsec(s, n));
		if (synth_wildcard(&star, n, encloser))
			add(d, snapshot_nsec(s, &star));
	}
}

/* The NSEC of an empty name is the one before it. */
static void
nsec_type(struct denial *d, const struct snapshot *s, const uint8_t *name,
    const struct node *node)
{
	struct dname n;

	if (node_rrset(node, TYPE_NSEC) != NULL)
		add(d, node);
	else if (dname_set(&n, name, DNS_NAME) == 0)
		add(d, snapshot_nsec(s, &n));
}

void
denial_type(struct denial *d, const struct snapshot *s, const struct dname *n,
    unsigned suffix, const struct node *node)
{
	const struct node *nsec3;
	bool matches;

	if (s->nsec3) {
		nsec3 = nsec3_at(s, n, suffix, &matches);
		if (matches)
			add(d, nsec3);
		else /* opt-out: RFC 5155 sections 7.2.4 and 7.2.7 */
			add_encloser(d, s, n, suffix);
	} else if (s->nsec) {
		nsec_type(d, s, dname_suffix(n, suffix), node);
	}
}

void
denial_wildcard(struct denial *d, const struct snapshot *s,
    const struct dname *n, unsigned encloser)
{
	bool matches;

	if (encloser == 0)
		return;
	if (s->nsec3)
		add(d, nsec3_at(s, n, encloser - 1, &matches));
	else if (s->nsec)
		add(d, snapshot_nsec(s, n));
}

void
denial_wildcard_type(struct denial *d, const struct snapshot *s,
    const struct dname *n, unsigned encloser, const struct node *node)
{
	struct dname star;
	const struct node *nsec3;
	bool matches;

	if (!synth_wildcard(&star, n, encloser))
		return;
	if (s->nsec3) {
		add_encloser(d, s, n, encloser);
		nsec3 = nsec3_at(s, &star, 0, &matches);
		add(d, nsec3);
	} else if (s->nsec) {
		add(d, snapshot_nsec(s, n));
		nsec_type(d, s, star.wire, node);
	}
}

/* The one that a node has; of both, only one is in the zone's order. */
static const struct rrset *
proof_of(const struct node *node)
{
	const struct rrset *set = node_rrset(node, TYPE_NSEC);

	return set != NULL ? set : node_rrset(node, TYPE_NSEC3);
}

bool
denial_put(struct reply *r, const struct denial *d)
{
	const struct rrset *set;
	struct dname name;
	unsigned i;

	for (i = 0; i < d->n; i++) {
		set = proof_of(d->v[i]);
		if (set == NULL ||
		    dname_set(&name, node_name(d->v[i]), DNS_NAME) == -1)
			continue;
		if (!reply_rrset(
			r, REPLY_AUTHORITY, reply_owner(&name, 0), set, 0) ||
		    !reply_sigs(r, REPLY_AUTHORITY, reply_owner(&name, 0),
			node_rrset(d->v[i], TYPE_RRSIG), set->type))
			return false;
	}
	return true;
}
