/* Tasks, scopes, time and child processes. Each test runs a loop of its own. */
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "rt/clock.h"
#include "rt/dns.h"
#include "rt/proc.h"
#include "rt/task.h"

static struct oc_buf trace;

static void say(const char *s)
{
	oc_buf_adds(&trace, s);
}

static void expect_trace(oc_task_fn *fn, const char *want)
{
	oc_buf_init(&trace, 4096);
	oc_clock_make_virtual(1000);
	assert_int_equal(oc_rt_run(fn, NULL), 0);
	oc_clock_make_real();
	assert_string_equal(oc_buf_cstr(&trace), want);
	oc_buf_deinit(&trace);
}

static void sleeper(void *arg)
{
	const int *ms = arg;

	if (oc_sleep_wait((uint64_t)*ms) == OC_OK)
		oc_buf_addf(&trace, "%d ", *ms);
	else
		say("cancelled ");
}

static int half_hour = 1800000, second = 1000, ten = 10;

static void three_sleepers(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	oc_scope_spawn(s, sleeper, &half_hour);
	oc_scope_spawn(s, sleeper, &ten);
	oc_scope_spawn(s, sleeper, &second);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_buf_addf(&trace, "at %d", (int)oc_now_ms());
}

static void sleeping_tasks_wake_in_order_of_their_deadlines(void **state)
{
	(void)state;
	expect_trace(three_sleepers, "10 1000 1800000 at 1801000");
}

static void cancel_two(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	oc_scope_spawn(s, sleeper, &half_hour);
	oc_scope_spawn(s, sleeper, &second);
	assert_int_equal(oc_sleep_wait(1500), OC_OK);
	oc_scope_cancel(s);
	oc_scope_join_wait(s);
	oc_scope_spawn(s, sleeper, &ten); /* a wait begun in a cancelled scope ends at once */
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_buf_addf(&trace, "at %d", (int)oc_now_ms());
}

static void cancelling_a_scope_ends_its_waits_at_once_and_from_then_on(void **state)
{
	(void)state;
	expect_trace(cancel_two, "1000 cancelled cancelled at 2500");
}

static void nested(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	oc_scope_spawn(s, sleeper, &half_hour);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	say("nested ended");
}

static void cancel_parent(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	oc_scope_spawn(s, nested, NULL);
	assert_int_equal(oc_sleep_wait(5), OC_OK);
	oc_scope_cancel(s);
	oc_scope_join_wait(s);
	oc_scope_free(s);
}

static void cancelling_reaches_child_scopes(void **state)
{
	(void)state;
	expect_trace(cancel_parent, "cancelled nested ended");
}

static void early_end(void *arg)
{
	struct oc_wait w = { 0 };

	(void)arg;
	oc_wait_end(&w, OC_EOF);
	oc_wait_end(&w, OC_OK); /* the first end counts */
	assert_int_equal(oc_wait_park(&w, OC_NO_DEADLINE), OC_EOF);
	w = (struct oc_wait){ 0 };
	assert_int_equal(oc_wait_park(&w, oc_deadline_in(50)), OC_E_TIMEOUT);
}

static void a_wait_ends_before_or_after_the_park(void **state)
{
	(void)state;
	expect_trace(early_end, "");
}

static void a_thousand(void *arg)
{
	struct oc_scope *s = oc_scope_new();

	(void)arg;
	for (int i = 0; i < 1000; i++) oc_scope_spawn(s, sleeper, &ten);
	oc_scope_join_wait(s);
	oc_scope_free(s);
	oc_buf_clear(&trace);
}

static void a_thousand_tasks_come_and_go(void **state)
{
	(void)state;
	oc_buf_init(&trace, 65536);
	assert_int_equal(oc_rt_run(a_thousand, NULL), 0);
	oc_buf_deinit(&trace);
}

static void interrupt_me(void *arg)
{
	(void)arg;
	kill(getpid(), SIGINT);
	sleeper(&half_hour);
}

static void a_signal_cancels_everything_and_is_reported(void **state)
{
	(void)state;
	oc_buf_init(&trace, 64);
	assert_int_equal(oc_rt_run(interrupt_me, NULL), SIGINT);
	assert_string_equal(oc_buf_cstr(&trace), "cancelled ");
	oc_buf_deinit(&trace);
}

/* ---- child processes ---- */

static void shell(const char *script, uint64_t timeout_ms, struct oc_proc_result *r)
{
	const char *args[] = { "/bin/sh", "-c", script, NULL };
	const char *env[] = { "PATH=/usr/bin:/bin", "SEEN=yes", NULL };
	struct oc_proc_spec spec = { .file = "/bin/sh",
				     .args = (char *const *)(uintptr_t)args,
				     .env = (char *const *)(uintptr_t)env,
				     .max_output = 16 };
	struct oc_err e;

	assert_int_equal(oc_proc_run_wait(&spec, oc_deadline_in(timeout_ms), r, &e), OC_OK);
}

static void children(void *arg)
{
	struct oc_proc_result r;

	(void)arg;
	shell("echo $SEEN$HOME; echo err >&2; exit 3", 10000, &r);
	assert_string_equal(oc_buf_cstr(&r.output), "yes\nerr\n");
	assert_int_equal(r.exit_code, 3);
	oc_proc_result_deinit(&r);

	shell("printf 0123456789abcdefXYZ", 10000, &r);
	assert_string_equal(oc_buf_cstr(&r.output), "0123456789abcdef");
	assert_int_equal(r.dropped, 3);
	oc_proc_result_deinit(&r);

	shell("echo begin; sleep 30 & sleep 30", 300, &r);
	assert_true(r.timed_out);
	assert_string_equal(oc_buf_cstr(&r.output), "begin\n");
	oc_proc_result_deinit(&r);

	shell("sleep 30 & echo left", 10000,
	      &r); /* a grandchild holds the pipe: the call does not wait for it */
	assert_false(r.timed_out);
	assert_string_equal(oc_buf_cstr(&r.output), "left\n");
	oc_proc_result_deinit(&r);
}

static void missing_program(void *arg)
{
	const char *args[] = { "/nonexistent/tool", NULL };
	const char *env[] = { NULL };
	struct oc_proc_spec spec = { .file = args[0],
				     .args = (char *const *)(uintptr_t)args,
				     .env = (char *const *)(uintptr_t)env,
				     .max_output = 16 };
	struct oc_proc_result r;
	struct oc_err e;

	(void)arg;
	assert_int_equal(oc_proc_run_wait(&spec, OC_NO_DEADLINE, &r, &e), OC_E_SYS);
	assert_non_null(strstr(e.msg, "/nonexistent/tool"));
}

static void a_child_has_its_own_environment_bounds_and_end(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(children, NULL), 0);
	assert_int_equal(oc_rt_run(missing_program, NULL), 0);
}

static void look_up(void *arg)
{
	struct sockaddr_storage found[8];
	size_t n = 0;
	struct oc_err e;

	(void)arg;
	assert_int_equal(oc_dns_wait("localhost", oc_deadline_in(5000), found, 8, &n, &e), OC_OK);
	assert_true(n >= 1);
}

static void localhost_resolves(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(look_up, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleeping_tasks_wake_in_order_of_their_deadlines),
		cmocka_unit_test(cancelling_a_scope_ends_its_waits_at_once_and_from_then_on),
		cmocka_unit_test(cancelling_reaches_child_scopes),
		cmocka_unit_test(a_wait_ends_before_or_after_the_park),
		cmocka_unit_test(a_thousand_tasks_come_and_go),
		cmocka_unit_test(a_signal_cancels_everything_and_is_reported),
		cmocka_unit_test(a_child_has_its_own_environment_bounds_and_end),
		cmocka_unit_test(localhost_resolves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
