/*
 * clientwork: the process of dhcpc that reads packets, without any right. It
 * runs the machines (client.h, linklocal.h) on its parent's sockets and tells
 * the parent, which is root, by messages what is to be done.
 */
#ifndef CLIENTWORK_H
#define CLIENTWORK_H

#include "client.h"
#include "clientsock.h"

#define CLIENTWORK_USER "_dhcpc"

enum clientwork_message {
	/* to the parent */
	WORK_EVENT, /* a byte, enum client_event, then words */
	WORK_LINKLOCAL, /* struct in_addr: configure it */
	WORK_FORGET,
	WORK_LOST,
	WORK_IDLE, /* the release that was asked for is done */
	/* to the worker */
	WORK_RENEW,
	WORK_RELEASE,
};

/* Why it ends by itself. */
enum clientwork_exit {
	WORK_ENDED, /* the parent is gone */
	WORK_FAILED,
	WORK_GONE, /* there is no such interface any more */
	WORK_AGAIN, /* its MAC address is another one now */
};

struct clientwork {
	const struct clientsock *sock;
	struct client_conf conf;
	struct client_known known;
	bool linklocal; /* wanted */
	struct in_addr linklocal_last;
	int msg; /* to the parent */
};

/* In the new process: gives up all rights, then runs. Its exit status. */
enum clientwork_exit clientwork_run(const struct clientwork *);

#endif
