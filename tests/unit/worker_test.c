/* The worker: a thread that runs steps in order while tasks wait. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/buf.h"
#include "rt/clock.h"
#include "rt/worker.h"

static struct oc_worker *worker;
static struct oc_buf steps; /* written by the worker's thread alone */
static struct oc_buf tasks; /* written by tasks alone */

static void in_task(oc_task_fn *fn)
{
	oc_buf_init(&steps, 65536);
	oc_buf_init(&tasks, 65536);
	assert_int_equal(oc_rt_run(fn, NULL), 0);
	oc_buf_deinit(&steps);
	oc_buf_deinit(&tasks);
}

static void start(void)
{
	struct oc_err e;
	assert_int_equal(oc_worker_new("test", &worker, &e), OC_OK);
}

/* ---- a step that lasts until the test lets it go ---- */

static int gate[2];

static void open_gate(void)
{
	assert_int_equal(write(gate[1], "x", 1), 1);
}

static void gate_step(void *arg)
{
	char c;

	(void)arg;
	while (read(gate[0], &c, 1) < 0) continue;
	oc_buf_adds(&steps, "gate ");
}

static void wait_at_gate(void *arg)
{
	(void)arg;
	oc_worker_run_wait(worker, gate_step, NULL);
	oc_buf_adds(&tasks, oc_scope_cancelled(oc_scope_current()) ? "cancelled " : "passed ");
}

static int make_gate(void **state)
{
	(void)state;
	return pipe(gate);
}

static int drop_gate(void **state)
{
	(void)state;
	close(gate[0]);
	return close(gate[1]);
}

/* ---- a step that notes its number ---- */

static int numbers[100];

static void number_step(void *arg)
{
	oc_buf_addf(&steps, "%d ", *(int *)arg);
}

static void run_number(void *arg)
{
	oc_worker_run_wait(worker, number_step, arg);
	oc_buf_addf(&tasks, "%d ", *(int *)arg);
}

static void spawn_numbers(struct oc_scope *s, int n)
{
	for (int i = 0; i < n; i++) {
		numbers[i] = i;
		oc_scope_spawn(s, run_number, &numbers[i]);
	}
}

static void queue_behind_gate(void *arg)
{
	struct oc_scope *s = oc_scope_new();
	struct oc_buf want;

	(void)arg;
	start();
	oc_scope_spawn(s, wait_at_gate, NULL);
	spawn_numbers(s, 100);
	assert_int_equal(oc_sleep_wait(5), OC_OK); /* the loop goes on meanwhile */
	assert_int_equal(tasks.n, 0);
	open_gate();
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_buf_init(&want, 4096);
	for (int i = 0; i < 100; i++) oc_buf_addf(&want, "%d ", i);
	assert_string_equal(oc_buf_cstr(&steps) + strlen("gate "), oc_buf_cstr(&want));
	assert_string_equal(oc_buf_cstr(&tasks) + strlen("passed "), oc_buf_cstr(&want));
	oc_buf_deinit(&want);
	oc_worker_free_wait(worker);
}

static void steps_run_in_the_order_in_which_they_were_handed_over(void **state)
{
	(void)state;
	in_task(queue_behind_gate);
}

static void cancel_at_gate(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	start();
	oc_scope_spawn(s, wait_at_gate, NULL);
	spawn_numbers(s, 2);
	assert_int_equal(oc_sleep_wait(1), OC_OK);
	oc_scope_cancel(s);
	assert_int_equal(oc_sleep_wait(5), OC_OK);
	assert_int_equal(tasks.n, 0); /* nobody came back */
	open_gate();
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_worker_free_wait(worker);
	assert_string_equal(oc_buf_cstr(&steps), "gate 0 1 ");
	assert_string_equal(oc_buf_cstr(&tasks), "cancelled 0 1 ");
}

static void a_cancelled_task_waits_until_its_step_is_done(void **state)
{
	(void)state;
	in_task(cancel_at_gate);
}

static void free_while_waiting(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	start();
	oc_scope_spawn(s, wait_at_gate, NULL);
	spawn_numbers(s, 3);
	assert_int_equal(oc_sleep_wait(1), OC_OK);
	open_gate();
	oc_worker_free_wait(worker);
	assert_string_equal(oc_buf_cstr(&steps), "gate 0 1 2 ");
	assert_string_equal(oc_buf_cstr(&tasks), "passed 0 1 2 ");
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_worker_free_wait(NULL);
}

static void freeing_finishes_what_was_handed_over(void **state)
{
	(void)state;
	in_task(free_while_waiting);
}

/* ---- time ---- */

static void sleep_an_hour(void *arg)
{
	(void)arg;
	assert_int_equal(oc_sleep_wait(3600000), OC_OK);
	oc_buf_addf(&tasks, "slept ");
}

static void slow_step(void *arg)
{
	(void)arg;
	usleep(20000);
}

static void run_slow_step(void *arg)
{
	uint64_t before = oc_now_ms();

	(void)arg;
	oc_worker_run_wait(worker, slow_step, NULL);
	assert_int_equal(oc_now_ms(), before);
	oc_buf_addf(&tasks, "worked ");
}

static void work_beside_a_sleeper(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	start();
	oc_scope_spawn(s, sleep_an_hour, NULL);
	oc_scope_spawn(s, run_slow_step, NULL);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_worker_free_wait(worker);
	assert_string_equal(oc_buf_cstr(&tasks), "worked slept ");
}

static void virtual_time_stands_still_while_a_step_runs(void **state)
{
	(void)state;
	oc_clock_make_virtual(1000);
	in_task(work_beside_a_sleeper);
	oc_clock_make_real();
}

/* ---- signals ---- */

static void note_blocked(void *arg)
{
	sigset_t blocked;

	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	*(bool *)arg = sigismember(&blocked, SIGINT) == 1 && sigismember(&blocked, SIGTERM) == 1;
}

static void look_at_signals(void *arg)
{
	bool in_step = false, in_task_too = true;

	(void)arg;
	start();
	oc_worker_run_wait(worker, note_blocked, &in_step);
	note_blocked(&in_task_too);
	oc_worker_free_wait(worker);
	assert_true(in_step && !in_task_too);
}

static void signals_reach_the_loop_and_not_the_worker(void **state)
{
	(void)state;
	in_task(look_at_signals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    steps_run_in_the_order_in_which_they_were_handed_over, make_gate, drop_gate),
		cmocka_unit_test_setup_teardown(a_cancelled_task_waits_until_its_step_is_done,
						make_gate, drop_gate),
		cmocka_unit_test_setup_teardown(freeing_finishes_what_was_handed_over, make_gate,
						drop_gate),
		cmocka_unit_test(virtual_time_stands_still_while_a_step_runs),
		cmocka_unit_test(signals_reach_the_loop_and_not_the_worker),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
