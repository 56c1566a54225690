/*
 * journal: leases as lines of text, dhcpd.leases(5). Pure.
 *
 *	lease 10.0.1.7 bound start 1700000000 end 1700003600 last 1700000000
 *	    hw 1:02:00:00:00:be:ef id 01020000beef host printer ... #1a2b3c4d
 *
 * One line each (it is broken here); the CRC-32C of all before " #" ends it.
 * The times stand first and in this order; an infinite lease's end is "never".
 * What follows are pairs of a word and its value, in any order, each where
 * there is something to tell; unknown ones are skipped, so that an older
 * program can read a newer one's file.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "lease.h"

#define JOURNAL_LINE 4096 /* bytes of a line with its newline, at most */
#define JOURNAL_SEAL 11 /* bytes of " #1a2b3c4d\n" */

/* The line with its newline; its length. out has JOURNAL_LINE bytes. */
size_t journal_line(const struct lease *, char *out);

/* A line that was read; strings and bytes stand in buf. */
struct journal_record {
	struct lease lease; /* ip, network 0, times, state, hw, by_hw, dns */
	struct lease_client client;
	struct lease_more more;
	uint8_t id[LEASE_ID], agent[LEASE_AGENT], vendor[255];
	char host[LEASE_HOST + 1], fqdn[LEASE_HOST + 1];
};

/* Parse a line without its newline. 0, or -1: not whole, or not one of ours. */
int journal_parse(const char *line, size_t len, struct journal_record *);

/* When what the record tells happened. */
int64_t journal_when(const struct journal_record *);

/*
 * For lines of any content: put the CRC behind len bytes, for which there is
 * room; the new length. And the length of what stands before it in a line
 * without newline; 0: the line is not whole.
 */
size_t journal_seal(char *line, size_t len);
size_t journal_sealed(const char *line, size_t len);

#endif
