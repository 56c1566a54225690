/*
 * process: a process that is being started: its descriptors, and who waits for
 * it.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>

/*
 * Open what is closed of 0, 1, 2 on /dev/null: a socket would get its number.
 * Fatal where that fails.
 */
void process_fill_standard(void);
/* Descriptors first to 2 become /dev/null. Fatal where that fails. */
void process_null(int first);

/* In a new process: close all above 2 but these n, which get sorted. */
void process_close_all_but(int *keep, size_t n);

/*
 * Go on in a process of its own session; the one that was started stays until
 * process_serves (exit status 0) or our end (1).
 */
void process_detach(void);
/*
 * Who waits for us has waited enough: from now on logs go to the system's, and
 * 0, 1, 2 are let go of. Nothing where nobody waits.
 */
void process_serves(void);

#endif
