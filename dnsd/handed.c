/*
 * Requests on their way from readers' threads to the main thread.
 *
 * Threads push onto a stack, which the main thread takes whole and turns
 * around: no lock, and what one thread gave stays in its order.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "handed.h"
#include "server.h"

TAILQ_HEAD(handed_list, handed);

/* One server for a process. */
static struct {
	_Atomic(struct handed *) given;
	_Atomic unsigned count; /* given and not answered */
	struct handed_list waiting; /* until we are the writer */
	ev_async async;
	bool closed;
} way_in;

static void
free_one(struct handed *h)
{
	free(h);
	atomic_fetch_sub(&way_in.count, 1);
}

/* Behind the struct stand the message and the room for the reply. */
bool
handed_give(struct request *r, const struct handed_way *way)
{
	struct server *s = r->thread->server;
	size_t room = HANDED_REPLY;
	struct handed *h;
	uint8_t *message;

	if (r->reply.limit < room)
		room = r->reply.limit;
	if (atomic_fetch_add(&way_in.count, 1) >= HANDED_MAX ||
	    (h = malloc(sizeof(*h) + r->len + room)) == NULL) {
		atomic_fetch_sub(&way_in.count, 1);
		return false;
	}
	message = (uint8_t *)(h + 1);
	request_copy(&h->r, r, message, message + r->len, room);
	h->server = s;
	h->r.thread = &s->main;
	h->way = *way;
	h->next = atomic_load_explicit(&way_in.given, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&way_in.given, &h->next,
	    h, memory_order_release, memory_order_relaxed))
		;
	ev_async_send(s->loop, &way_in.async);
	return true;
}

/* All that was given, in order. */
static struct handed *
take(void)
{
	struct handed *h, *next, *first = NULL;

	h = atomic_exchange_explicit(&way_in.given, NULL, memory_order_acquire);
	for (; h != NULL; h = next) {
		next = h->next;
		h->next = first;
		first = h;
	}
	return first;
}

static void
on_given(struct ev_loop *loop, ev_async *a, int events)
{
	struct server *s = a->data;
	struct handed *h, *next;

	(void)loop;
	(void)events;
	for (h = take(); h != NULL; h = next) {
		next = h->next;
		if (way_in.closed)
			handed_drop(h);
		else if (s->writing)
			s->role->handed(h);
		else
			TAILQ_INSERT_TAIL(&way_in.waiting, h, link);
	}
}

int
handed_start(struct server *s)
{
	TAILQ_INIT(&way_in.waiting);
	way_in.closed = false;
	ev_async_init(&way_in.async, on_given);
	way_in.async.data = s;
	ev_async_start(s->loop, &way_in.async);
	return 0;
}

/* Drop what waits. */
static void
drop_waiting(void)
{
	struct handed *h;

	while ((h = TAILQ_FIRST(&way_in.waiting)) != NULL) {
		TAILQ_REMOVE(&way_in.waiting, h, link);
		handed_drop(h);
	}
}

void
handed_begin(struct server *s)
{
	struct handed *h;

	while ((h = TAILQ_FIRST(&way_in.waiting)) != NULL) {
		TAILQ_REMOVE(&way_in.waiting, h, link);
		s->role->handed(h);
	}
}

void
handed_close(struct server *s)
{
	on_given(s->loop, &way_in.async, 0);
	way_in.closed = true;
	drop_waiting();
}

void
handed_stop(struct server *s)
{
	handed_close(s);
	ev_async_stop(s->loop, &way_in.async);
}

unsigned
handed_count(const struct server *s)
{
	(void)s;
	return atomic_load(&way_in.count);
}

void
handed_answer(struct handed *h)
{
	struct request *r = &h->r;
	size_t len;

	r->now = atomic_load_explicit(&h->server->now, memory_order_relaxed);
	len = request_finish(r);
	thread_count(r->thread, C_RCODES + (r->rcode < 24 ? r->rcode : 23));
	h->way.send(&h->way, r, r->reply.bytes, len);
	free_one(h);
}

void
handed_drop(struct handed *h)
{
	thread_count(h->r.thread, C_DROPPED);
	h->way.send(&h->way, &h->r, NULL, 0);
	free_one(h);
}
