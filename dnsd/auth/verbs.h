/*
 * verbs: what the administrator asks of zones (`basenet ctl dnsd ...`).
 */
#ifndef VERBS_H
#define VERBS_H

#include "control.h"

extern const struct control_verb auth_verbs[];

#endif
