/*
 * Who is this server? Text of class CH, as BIND began it (RFC 4892).
 */
#include <string.h>

#include "answerpart.h"

static const char *
version(const struct dnsd_conf *conf)
{
	return conf->version;
}

static const char *
identity(const struct dnsd_conf *conf)
{
	return conf->identity;
}

static const struct {
	const char *name; /* with its NUL in wire form */
	const char *(*text)(const struct dnsd_conf *);
} names[] = {
	{ "\007version\004bind", version },
	{ "\007version\006server", version },
	{ "\010hostname\004bind", identity },
	{ "\002id\006server", identity },
};

void
chaos_query(struct request *r)
{
	const char *text = "";
	uint8_t data[256];
	struct reply_rr rr = { .type = TYPE_TXT, .data = data };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (dname_is(&r->qname, 0, (const uint8_t *)names[i].name,
			strlen(names[i].name) + 1))
			text = names[i].text(r->thread->server->conf);
	if (*text == '\0' || (r->qtype != TYPE_TXT && r->qtype != TYPE_ANY)) {
		r->rcode = DNS_REFUSED;
		return;
	}
	rr.len = strnlen(text, 255);
	data[0] = (uint8_t)rr.len;
	memcpy(data + 1, text, rr.len++);
	r->reply.flags |= DNS_AA;
	if (!reply_record(
		&r->reply, REPLY_ANSWER, reply_owner(&r->qname, 0), &rr))
		r->reply.truncated = true;
}
