/*
 * The worker of dhcpc: sockets and timers around two machines.
 */
#include <errno.h>
#include <ev.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "clientwork.h"
#include "linklocal.h"
#include "log.h"
#include "message.h"
#include "sandbox.h"

#define BURST 64 /* packets in one go, at most */

struct work {
	struct ev_loop *loop;
	const struct clientwork *setup;
	const struct clientsock *sock;
	struct client client;
	struct linklocal linklocal;
	bool releasing; /* the parent waits to hear that it is done */
	enum client_state told; /* in the log */
	struct in_addr heard[2]; /* ARP about these comes in */
	struct log_limit useless; /* answers */
	enum clientwork_exit status;
	ev_io io[5];
};

/* What cannot be sent to the parent must not be lost: it starts us anew. */
static void
tell(struct work *w, enum clientwork_message type, const void *data, size_t n)
{
	if (message_send(w->setup->msg, type, data, n, NULL, 0) == 0)
		return;
	log_err("the parent does not listen");
	_exit(WORK_FAILED);
}

static void
tell_event(struct work *w, enum client_event event, const struct words *words)
{
	uint8_t bytes[1 + WORDS_SIZE];
	size_t n = words != NULL ? words->len : 0;

	bytes[0] = (uint8_t)event;
	if (n > 0)
		memcpy(bytes + 1, words->text, n);
	tell(w, WORK_EVENT, bytes, 1 + n);
}

static void
settle_linklocal(struct work *w)
{
	struct linklocal_action a;

	while (linklocal_next(&w->linklocal, &a))
		switch (a.kind) {
		case LINKLOCAL_ARP:
			if (clientsock_arp(w->sock, &a.arp) == -1)
				log_debug("ARP: %s", strerror(errno));
			break;
		case LINKLOCAL_TAKE:
			tell(w, WORK_LINKLOCAL, &a.ip, sizeof(a.ip));
			break;
		case LINKLOCAL_LEAVE:
			tell_event(w, CLIENT_DECONFIG, NULL);
			break;
		}
}

/*
 * RFC 3927 section 1.9: an address that a server gave ends the link-local one.
 * What clears the interface of earlier ones clears it of that, too.
 */
static void
do_event(struct work *w, const struct client_action *a)
{
	if (a->event == CLIENT_BOUND_EVENT) {
		linklocal_stop(&w->linklocal);
		settle_linklocal(w);
	}
	tell_event(w, a->event, a->words);
	if (a->event == CLIENT_DECONFIG && w->linklocal.acd.held)
		tell(w, WORK_LINKLOCAL, &w->linklocal.acd.ip,
		    sizeof(w->linklocal.acd.ip));
}

static void
do_send(struct work *w, const struct client_action *a)
{
	int rc;

	if (a->kind == CLIENT_UNICAST)
		rc = clientsock_unicast(
		    w->sock, a->from, a->to, a->bytes, a->len);
	else if (a->kind == CLIENT_ARP)
		rc = clientsock_arp(w->sock, &a->arp);
	else
		rc = clientsock_broadcast(w->sock, a->bytes, a->len);
	/* It is sent again in time; while the link goes down that's usual. */
	if (rc == -1)
		log_debug("could not be sent: %s", strerror(errno));
}

static void
do_action(struct work *w, const struct client_action *a)
{
	switch (a->kind) {
	case CLIENT_BROADCAST:
	case CLIENT_UNICAST:
	case CLIENT_ARP:
		do_send(w, a);
		break;
	case CLIENT_EVENT:
		do_event(w, a);
		break;
	case CLIENT_FORGET:
		tell(w, WORK_FORGET, NULL, 0);
		break;
	case CLIENT_ALONE:
		if (w->setup->linklocal)
			linklocal_start(&w->linklocal, clientsock_now());
		break;
	case CLIENT_LOST:
		tell(w, WORK_LOST, NULL, 0);
		break;
	}
}

static void
listen_to(struct work *w, struct in_addr a, struct in_addr b)
{
	if (a.s_addr == w->heard[0].s_addr && b.s_addr == w->heard[1].s_addr)
		return;
	if (clientsock_want_arp(w->sock, a, b) == -1)
		log_warn("ARP filter");
	w->heard[0] = a;
	w->heard[1] = b;
}

/* After whatever happened: do what the machines ask for, set the timer. */
static void
settle(struct work *w)
{
	const struct client_action *a;
	uint64_t due;

	while ((a = client_next(&w->client)) != NULL)
		do_action(w, a);
	settle_linklocal(w);
	if (w->told != w->client.state)
		log_debug("state: %s", client_state_name(w->client.state));
	w->told = w->client.state;
	if (w->releasing && w->client.state == CLIENT_IDLE) {
		w->releasing = false;
		tell(w, WORK_IDLE, NULL, 0);
	}
	listen_to(w, w->client.acd.ip, w->linklocal.acd.ip);
	due = linklocal_due(&w->linklocal);
	if (client_due(&w->client) < due)
		due = client_due(&w->client);
	clientsock_wake(w->sock, due);
}

static void
on_timer(struct ev_loop *loop, ev_io *io, int events)
{
	struct work *w = io->data;
	uint64_t now = clientsock_now(), times;

	(void)loop;
	(void)events;
	if (read(io->fd, &times, sizeof(times)) == -1)
		return;
	client_timer(&w->client, now);
	linklocal_timer(&w->linklocal, now);
	settle(w);
}

static void
take_message(struct work *w, const uint8_t *bytes, size_t n)
{
	const char *why = client_packet(&w->client, clientsock_now(), bytes, n);

	if (why != NULL && why != client_stray &&
	    log_allowed(&w->useless, "useless answers"))
		log_info("an answer of a server is not used: %s", why);
	settle(w);
}

static void
on_dhcp(struct ev_loop *loop, ev_io *io, int events)
{
	struct work *w = io->data;
	uint8_t buf[PACKET_MAX + 60];
	const uint8_t *payload;
	size_t len;
	int i, rc;

	(void)loop;
	(void)events;
	for (i = 0; i < BURST; i++) {
		rc = clientsock_receive(w->sock, buf, &payload, &len);
		if (rc == -1)
			break;
		if (rc == 1)
			take_message(w, payload, len);
	}
}

static void
on_arp(struct ev_loop *loop, ev_io *io, int events)
{
	struct work *w = io->data;
	struct frame_arp arp;
	uint64_t now;
	int i, rc;

	(void)loop;
	(void)events;
	for (i = 0; i < BURST; i++) {
		if ((rc = clientsock_receive_arp(w->sock, &arp)) == -1)
			break;
		if (rc == 0)
			continue;
		now = clientsock_now();
		client_arp(&w->client, now, &arp);
		linklocal_arp(&w->linklocal, now, &arp);
		settle(w);
	}
}

static void
set_link(struct work *w, bool up)
{
	if (up == w->client.up)
		return;
	log_info("the link is %s", up ? "up" : "down");
	client_link(&w->client, clientsock_now(), up);
	if (!up)
		linklocal_stop(&w->linklocal);
	settle(w);
}

static void
finish(struct work *w, enum clientwork_exit status)
{
	w->status = status;
	ev_break(w->loop, EVBREAK_ALL);
}

static void
on_link(struct ev_loop *loop, ev_io *io, int events)
{
	struct work *w = io->data;
	enum clientsock_link what;

	(void)loop;
	(void)events;
	while ((what = clientsock_event(w->sock)) != CLIENTSOCK_NOTHING)
		switch (what) {
		case CLIENTSOCK_UP:
		case CLIENTSOCK_DOWN:
			set_link(w, what == CLIENTSOCK_UP);
			break;
		case CLIENTSOCK_LOST:
			set_link(w, false);
			set_link(w, clientsock_up(w->sock));
			break;
		case CLIENTSOCK_GONE:
			finish(w, WORK_GONE);
			return;
		default:
			finish(w, WORK_AGAIN);
			return;
		}
}

static void
on_order(struct ev_loop *loop, ev_io *io, int events)
{
	struct work *w = io->data;
	struct message m;
	int rc = message_recv(io->fd, &m);

	(void)loop;
	(void)events;
	if (rc == -1 && errno == EAGAIN)
		return;
	if (rc != 1) {
		finish(w, WORK_ENDED);
		return;
	}
	message_close_fds(&m);
	if (m.type == WORK_RENEW)
		client_renew(&w->client, clientsock_now());
	if (m.type == WORK_RELEASE) {
		w->releasing = true;
		linklocal_stop(&w->linklocal);
		settle_linklocal(w);
		client_release(&w->client, clientsock_now());
	}
	settle(w);
}

static int
drop_rights(void)
{
	sandbox_calls(SANDBOX_USUAL | SANDBOX_NO_LISTEN);
	if (privdrop(geteuid() == 0 ? CLIENTWORK_USER : "") == -1) {
		log_err("user %s (basenet install-users makes it)",
		    CLIENTWORK_USER);
		return -1;
	}
	return sandbox_enter();
}

static void
watch(struct work *w)
{
	const struct {
		int fd;
		void (*call)(struct ev_loop *, ev_io *, int);
	} fds[] = {
		{ w->sock->dhcp, on_dhcp },
		{ w->sock->arp, on_arp },
		{ w->sock->link, on_link },
		{ w->sock->timer, on_timer },
		{ w->setup->msg, on_order },
	};
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		ev_io_init(&w->io[i], fds[i].call, fds[i].fd, EV_READ);
		w->io[i].data = w;
		ev_io_start(w->loop, &w->io[i]);
	}
}

enum clientwork_exit
clientwork_run(const struct clientwork *setup)
{
	static struct work w;
	uint64_t seeds[2];

	arc4random_buf(seeds, sizeof(seeds));
	w.setup = setup;
	w.sock = setup->sock;
	if (drop_rights() == -1)
		return WORK_FAILED;
	if ((w.loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV)) == NULL) {
		log_errx("no event loop");
		return WORK_FAILED;
	}
	watch(&w);
	linklocal_init(
	    &w.linklocal, setup->conf.hw, seeds[0], setup->linklocal_last);
	client_init(&w.client, &setup->conf, seeds[1]);
	client_link(&w.client, clientsock_now(), clientsock_up(w.sock));
	client_start(&w.client, clientsock_now(), &setup->known);
	settle(&w);
	ev_run(w.loop, 0);
	return w.status;
}
