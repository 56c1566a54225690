/*
 * Functions that this tree does not use: calling one is a compile error. The
 * makefile includes this file first everywhere, so that nobody can forget
 * it; the headers that declare them come before the names are taken away.
 */
#ifndef BANNED_H
#define BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BANNED(name, instead) name##_is_banned_use_##instead

/* glibc has some of them as macros */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef atoi
#undef atol
#undef atoll
#undef gmtime
#undef localtime
#undef ctime
#undef asctime
#undef system
#undef popen
#undef tmpnam
#undef mktemp

#define strcpy(d, s) BANNED(strcpy, strlcpy)
#define strcat(d, s) BANNED(strcat, strlcat)
#define strncpy(d, s, n) BANNED(strncpy, strlcpy)
#define strncat(d, s, n) BANNED(strncat, strlcat)
#define sprintf(...) BANNED(sprintf, snprintf)
#define vsprintf(...) BANNED(vsprintf, vsnprintf)
#define gets(s) BANNED(gets, fgets)
#define strtok(s, d) BANNED(strtok, strsep)
#define atoi(s) BANNED(atoi, strtonum)
#define atol(s) BANNED(atol, strtonum)
#define atoll(s) BANNED(atoll, strtonum)
#define gmtime(t) BANNED(gmtime, gmtime_r)
#define localtime(t) BANNED(localtime, localtime_r)
#define ctime(t) BANNED(ctime, strftime)
#define asctime(t) BANNED(asctime, strftime)
#define system(s) BANNED(system, posix_spawn)
#define popen(s, m) BANNED(popen, posix_spawn)
#define tmpnam(s) BANNED(tmpnam, mkstemp)
#define mktemp(s) BANNED(mktemp, mkstemp)

#endif
