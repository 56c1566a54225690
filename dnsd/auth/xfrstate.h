/*
 * xfrstate: when a secondary's zone was last known to be current, and until
 * when it may be served: the times of a SOA (RFC 1035 section 3.3.13), and
 * NAME.state, a text file that keeps them over restarts.
 */
#ifndef XFRSTATE_H
#define XFRSTATE_H

#include "dnsdconf.h"
#include "zonedb.h"

struct xfrstate {
	uint32_t serial;
	int64_t checked, expires; /* seconds since the epoch */
};

/* 0, or -1 with errno (EINVAL: not such a file). */
int xfrstate_read(const char *path, struct xfrstate *);
/*
 * Replace the file as a whole; 0, or -1 with errno. It is not synced: many
 * zones are checked each second, and the old times are as good after a power
 * cut.
 */
int xfrstate_write(const char *path, const struct xfrstate *);

/* Seconds, within the bounds of the configuration; expire is at least one
 * refresh and one retry (RFC 1912 section 2.2). */
struct xfrtimes {
	double refresh, retry;
	int64_t expire;
};
void xfrstate_times(
    const struct snapshot *, const struct zone_conf *, struct xfrtimes *);
/* Up to a tenth less, by chance, so that zones spread. */
double xfrstate_jitter(double seconds);

/*
 * A zone was loaded at `now`: what is known of it (NULL: nothing) against the
 * clock, which may have been set. What is in the future was now.
 */
void xfrstate_resume(struct xfrstate *, const struct xfrstate *known,
    int64_t now, const struct xfrtimes *);

#endif
