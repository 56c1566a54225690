/*
 * notify: tell a service manager how we are (sd_notify(3)'s protocol: one
 * datagram of NAME=value lines to the socket that NOTIFY_SOCKET names).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/* Remember NOTIFY_SOCKET and take it out of the environment. */
void notify_init(void);
/* "READY=1", "STOPPING=1" ...; nothing where nobody asked to be told. */
void notify_send(const char *state);
/* RELOADING=1 with the time, as Type=notify-reload wants it. */
void notify_reloading(void);

#endif
