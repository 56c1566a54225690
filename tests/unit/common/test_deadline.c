/*
 * Timers of few durations on a real loop. Only orders and counts are looked
 * at, and that nothing fires before its time; never how late something is.
 */
#include <sys/time.h>

#include <ev.h>
#include <stdlib.h>
#include <time.h>

#include "deadline.h"
#include "tap.h"

#define MANY 5000
#define MARK 9

struct member {
	struct deadline deadline; /* first: a member is found by it */
	int id;
	int again; /* times to arm itself again */
	struct member *other; /* to be disarmed */
	struct deadline_queue *move; /* where other is armed */
};

static struct ev_loop *loop;
static struct deadline_queue quick, slow;
static int order[4 * MANY];
static size_t fired;

static void
note(struct deadline *d)
{
	struct member *m = (struct member *)d;

	ck_assert(!deadline_armed(d));
	order[fired++] = m->id;
	if (m->again > 0) {
		m->again--;
		deadline_arm(&quick, d);
	}
	if (m->other != NULL && m->move != NULL)
		deadline_arm(m->move, &m->other->deadline);
	else if (m->other != NULL)
		deadline_disarm(&m->other->deadline);
}

static void
note_and_free(struct deadline *d)
{
	order[fired++] = ((struct member *)d)->id;
	free(d);
}

static void
setup(void)
{
	loop = ev_loop_new(EVFLAG_AUTO);
	ck_assert_ptr_nonnull(loop);
	deadline_init(&quick, loop, 0.01, note);
	deadline_init(&slow, loop, 0.03, note);
}

static void
teardown(void)
{
	deadline_end(&quick);
	deadline_end(&slow);
	ev_loop_destroy(loop);
}

static void
check_order(const int *want, size_t n)
{
	size_t i;

	ck_assert_uint_eq(fired, n);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(order[i], want[i]);
}

/* A loop in which nobody is armed has nothing to wait for. */
START_TEST(test_empty)
{
	struct member a = { .id = 1 };

	ev_run(loop, 0);
	deadline_arm(&quick, &a.deadline);
	ck_assert(deadline_armed(&a.deadline));
	deadline_disarm(&a.deadline);
	ck_assert(!deadline_armed(&a.deadline));
	deadline_disarm(&a.deadline);
	ck_assert(!ev_is_active(&quick.timer));
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 0);
}
END_TEST

START_TEST(test_order)
{
	static const int want[] = { 1, 2, 3, 4, 5, 6 };
	struct member m[6] = { 0 };
	size_t i;

	for (i = 0; i < 6; i++)
		m[i].id = (int)i + 1;
	/* The slow ones first: it is the duration that counts. */
	for (i = 3; i < 6; i++)
		deadline_arm(&slow, &m[i].deadline);
	for (i = 0; i < 3; i++)
		deadline_arm(&quick, &m[i].deadline);
	ev_run(loop, 0);
	check_order(want, 6);
}
END_TEST

START_TEST(test_rearm_moves)
{
	static const int want[] = { 2, 3, 1 };
	struct member m[3] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
	size_t i;

	for (i = 0; i < 3; i++)
		deadline_arm(&quick, &m[i].deadline);
	deadline_arm(&quick, &m[0].deadline);
	ev_run(loop, 0);
	check_order(want, 3);
}
END_TEST

START_TEST(test_rearm_other_queue)
{
	static const int want[] = { 2, 1 };
	struct member a = { .id = 1 }, b = { .id = 2 };

	deadline_arm(&quick, &a.deadline);
	deadline_arm(&slow, &a.deadline);
	ck_assert_ptr_eq(a.deadline.queue, &slow);
	deadline_arm(&slow, &b.deadline);
	deadline_arm(&quick, &b.deadline);
	ev_run(loop, 0);
	check_order(want, 2);
}
END_TEST

static int turns;

static void
keep_alive(struct ev_loop *l, ev_timer *w, int events)
{
	struct member *m = w->data;

	(void)events;
	deadline_arm(&slow, &m->deadline);
	if (++turns < 20)
		return;
	deadline_arm(&quick, &m->deadline);
	ev_timer_stop(l, w);
}

/* Moved at every turn, it falls due only by its last duration. */
START_TEST(test_kept_alive)
{
	static const int want[] = { 7 };
	struct member m = { .id = 7 };
	ev_timer w;

	deadline_end(&slow);
	deadline_init(&slow, loop, 3600, note);
	deadline_arm(&slow, &m.deadline);
	ev_timer_init(&w, keep_alive, 0.001, 0.001);
	w.data = &m;
	ev_timer_start(loop, &w);
	ev_run(loop, 0);
	ck_assert_int_eq(turns, 20);
	check_order(want, 1);
}
END_TEST

START_TEST(test_again_in_callback)
{
	static const int want[] = { 1, 2, 1, 2, 1, 1 };
	struct member a = { .id = 1, .again = 3 }, b = { .id = 2, .again = 1 };

	deadline_arm(&quick, &a.deadline);
	deadline_arm(&quick, &b.deadline);
	ev_run(loop, 0);
	check_order(want, 6);
}
END_TEST

START_TEST(test_disarm_in_callback)
{
	static const int want[] = { 1, 3 };
	struct member m[3] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
	size_t i;

	m[0].other = &m[1];
	for (i = 0; i < 3; i++)
		deadline_arm(&quick, &m[i].deadline);
	ev_run(loop, 0);
	check_order(want, 2);
	ck_assert(!deadline_armed(&m[1].deadline));
}
END_TEST

/* The last of the list goes while the first is served. */
START_TEST(test_disarm_last_in_callback)
{
	static const int want[] = { 1 };
	struct member m[2] = { { .id = 1 }, { .id = 2 } };

	m[0].other = &m[1];
	deadline_arm(&quick, &m[0].deadline);
	deadline_arm(&quick, &m[1].deadline);
	ev_run(loop, 0);
	check_order(want, 1);
}
END_TEST

static struct member late, early;

static void
fire_and_arm(struct deadline *d)
{
	note(d);
	if (fired == 1)
		deadline_arm(&slow, d);
}

static void
note_mark(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l;
	(void)w;
	(void)events;
	order[fired++] = MARK;
}

static ev_timer mark;

static void
arm_late(struct ev_loop *l, ev_timer *w, int events)
{
	(void)w;
	(void)events;
	deadline_arm(&slow, &late.deadline);
	/* Just after the late one is due. */
	ev_timer_init(&mark, note_mark, 0.06, 0);
	ev_timer_start(l, &mark);
}

/*
 * A callback that arms a member behind one that isn't due yet must not put
 * that one off to its own time.
 */
START_TEST(test_arm_behind)
{
	ev_timer w;

	deadline_end(&slow);
	deadline_init(&slow, loop, 0.05, fire_and_arm);
	early.id = 1;
	late.id = 2;
	deadline_arm(&slow, &early.deadline);
	ev_timer_init(&w, arm_late, 0.02, 0);
	ev_timer_start(loop, &w);
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 4);
	ck_assert_int_eq(order[0], 1);
	ck_assert_int_eq(order[1], 2);
}
END_TEST

START_TEST(test_move_in_callback)
{
	static const int want[] = { 1, 3, 2 };
	struct member m[3] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
	size_t i;

	m[0].other = &m[1];
	m[0].move = &slow;
	for (i = 0; i < 3; i++)
		deadline_arm(&quick, &m[i].deadline);
	ev_run(loop, 0);
	check_order(want, 3);
}
END_TEST

START_TEST(test_owner_freed)
{
	struct member *m;
	int i;

	deadline_end(&quick);
	deadline_init(&quick, loop, 0.01, note_and_free);
	for (i = 0; i < 100; i++) {
		m = calloc(1, sizeof(*m));
		ck_assert_ptr_nonnull(m);
		m->id = i;
		deadline_arm(&quick, &m->deadline);
	}
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 100);
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(order[i], i);
}
END_TEST

START_TEST(test_many)
{
	struct member *m = calloc(MANY, sizeof(*m));
	int i, quick_ones = 0, slow_ones = 0;

	ck_assert_ptr_nonnull(m);
	for (i = 0; i < MANY; i++) {
		m[i].id = i;
		deadline_arm(i % 2 == 0 ? &quick : &slow, &m[i].deadline);
	}
	for (i = 0; i < MANY; i += 5)
		deadline_disarm(&m[i].deadline);
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, MANY - MANY / 5);
	for (i = 0; i < (int)fired; i++) {
		ck_assert_int_ne(order[i] % 5, 0);
		if (order[i] % 2 == 0) {
			ck_assert_int_eq(slow_ones, 0);
			quick_ones++;
		} else {
			slow_ones++;
		}
		if (i > 0 && order[i] % 2 == order[i - 1] % 2)
			ck_assert_int_gt(order[i], order[i - 1]);
	}
	ck_assert_int_eq(quick_ones, MANY * 2 / 5);
	free(m);
}
END_TEST

START_TEST(test_end)
{
	struct member m[2] = { { .id = 1 }, { .id = 2 } };

	deadline_arm(&quick, &m[0].deadline);
	deadline_arm(&quick, &m[1].deadline);
	deadline_end(&quick);
	ck_assert(!deadline_armed(&m[0].deadline));
	ck_assert(!deadline_armed(&m[1].deadline));
	deadline_end(&quick);
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 0);
	deadline_init(&quick, loop, 0.01, note);
	deadline_arm(&quick, &m[1].deadline);
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 1);
}
END_TEST

static void
end_all(struct deadline *d)
{
	(void)d;
	fired++;
	deadline_end(&quick);
}

START_TEST(test_end_in_callback)
{
	struct member m[2] = { { .id = 1 }, { .id = 2 } };

	deadline_end(&quick);
	deadline_init(&quick, loop, 0.01, end_all);
	deadline_arm(&quick, &m[0].deadline);
	deadline_arm(&quick, &m[1].deadline);
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 1);
	ck_assert(!deadline_armed(&m[1].deadline));
}
END_TEST

static double
monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const double durations[] = { 0, 0.001, 0.0125, 0.05 };

/* Never early; none at all is the shortest, and doesn't spin. */
START_TEST(test_not_early)
{
	struct member m = { .id = 1, .again = 1 };
	double began;

	deadline_end(&quick);
	deadline_init(&quick, loop, durations[_i], note);
	ev_now_update(loop);
	began = monotonic();
	deadline_arm(&quick, &m.deadline);
	ev_run(loop, 0);
	ck_assert_uint_eq(fired, 2);
	/* The loop's time is from just before `began`. */
	ck_assert(monotonic() - began > 2 * durations[_i] - 0.001);
}
END_TEST

static Suite *
deadline_suite(void)
{
	Suite *s = suite_create("deadline");
	TCase *t = tcase_create("deadline");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_order);
	tcase_add_test(t, test_rearm_moves);
	tcase_add_test(t, test_rearm_other_queue);
	tcase_add_test(t, test_kept_alive);
	tcase_add_test(t, test_again_in_callback);
	tcase_add_test(t, test_disarm_in_callback);
	tcase_add_test(t, test_disarm_last_in_callback);
	tcase_add_test(t, test_arm_behind);
	tcase_add_test(t, test_move_in_callback);
	tcase_add_test(t, test_owner_freed);
	tcase_add_test(t, test_many);
	tcase_add_test(t, test_end);
	tcase_add_test(t, test_end_in_callback);
	tcase_add_loop_test(
	    t, test_not_early, 0, sizeof(durations) / sizeof(durations[0]));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return tap_run(deadline_suite());
}
