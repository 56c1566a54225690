/*
 * leasemap: who has which address, in a file that other daemons look into.
 *
 * dhcpd keeps it (RUNDIR/INSTANCE/leases, mode 0644, a new inode at each
 * start); tftpd looks up the hardware address of a client, so that each may
 * have a folder. It can be rebuilt and is not synced. Its form stands in
 * dhcpd.leases(5): a header, then a table of 32-byte entries, open addressing;
 * an entry is written under a sequence number, so a reader that meets a writer
 * looks again and never sees half of one. The writer maps the file, and finds
 * room for each page before it touches that; readers read it, so whatever
 * becomes of the file is an address that nobody knows, never a signal.
 */
#ifndef LEASEMAP_H
#define LEASEMAP_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leasemap; /* writer */

#define LEASEMAP_MAX (1u << 25)
/*
 * Make the file, with room for `max` addresses (the table has twice as many
 * entries, rounded up to a power of two; untouched pages take no memory). It
 * is made as path.new and takes path's place at leasemap_publish. NULL with
 * errno; EINVAL: max is above LEASEMAP_MAX.
 */
struct leasemap *leasemap_create(const char *path, size_t max);
/* What was put so far becomes visible. 0 or -1 with errno. */
int leasemap_publish(struct leasemap *);
/*
 * end: seconds since the epoch, INT64_MAX for ever; 0 takes the address out.
 * Where there is no room for it (more than max are in it, or the file system is
 * full) it is left out and errno is set; else errno is 0.
 */
void leasemap_put(struct leasemap *, struct in_addr, uint8_t htype,
    const uint8_t *hw, uint8_t hlen, int64_t end);
/* The file stays for readers, one that was not published goes. NULL: nothing.
 */
void leasemap_close(struct leasemap *);

struct leasemap_entry {
	uint8_t htype, hlen, hw[16];
	int64_t end; /* INT64_MAX: never */
};
struct leasemap_reader;
/*
 * The file need not be there yet, and is opened anew when another took its
 * place, looked at most once a second. Its directory is opened now, so that a
 * sandbox (SANDBOX_READ on that directory) may be entered afterwards. NULL
 * with errno.
 */
struct leasemap_reader *leasemap_open(const char *path);
/* Who has this address now? false: nobody known. */
bool leasemap_find(struct leasemap_reader *, struct in_addr, int64_t now,
    struct leasemap_entry *);
void leasemap_reader_close(struct leasemap_reader *);

#endif
