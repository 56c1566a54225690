/*
 * clientfile: what dhcpc knows after a restart, as a file of text:
 *
 *	start=1700000000
 *	end=1700003600
 *	linklocal_last=169.254.7.8
 *	ip=10.0.0.5
 *	subnet=255.255.255.0
 *
 * start and end of the lease in seconds since the epoch (end=never: infinite),
 * the link-local address that was used last, and the words of the script
 * (words.h). Written whole and synced; read and written as root only.
 */
#ifndef CLIENTFILE_H
#define CLIENTFILE_H

#include <netinet/in.h>

#include <limits.h>
#include <stdint.h>

#include "client.h"
#include "words.h"

#define CLIENTFILE_FOREVER INT64_MAX

struct clientfile {
	char path[PATH_MAX];
	struct words words; /* of the lease; none: there is none */
	int64_t start, end;
	struct in_addr linklocal; /* 0: none */
};

/* No file, or one with errors (they are told): nothing is known. */
void clientfile_read(struct clientfile *, const char *path);
/* 0, or -1 after a message. */
int clientfile_write(const struct clientfile *);

/* A lease that was granted now; its words have `lease`. */
void clientfile_grant(struct clientfile *, const struct words *, int64_t now);
void clientfile_forget(struct clientfile *);
/* What a client can begin with; `configured` is left alone. */
void
clientfile_known(const struct clientfile *, int64_t now, struct client_known *);

#endif
