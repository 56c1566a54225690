/*
 * synth: names made out of names.
 */
#ifndef SYNTH_H
#define SYNTH_H

#include "dname.h"

/* "*" below the suffix. false: too long for a name, so there is none. */
bool synth_wildcard(struct dname *, const struct dname *, unsigned suffix);
/* What is before the suffix, below `target` (wire form; RFC 6672 section 2.2).
 * false: too long. */
bool synth_replace(struct dname *, const struct dname *, unsigned suffix,
    const uint8_t *target);

#endif
