/*
 * process: descriptors of a process that is being started.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>

/*
 * Open what is closed of 0, 1, 2 on /dev/null: a socket would get its number.
 * Fatal where that fails.
 */
void process_fill_standard(void);

/* In a new process: close all above 2 but these n, which get sorted. */
void process_close_all_but(int *keep, size_t n);

#endif
