#include "check.h"

#include "rt/later.h"
#include "rt/task.h"

struct log {
	char said[32];
	size_t n;
	struct oc_later a, b;
	bool more;
};

static void say_a(void *arg)
{
	struct log *l = arg;

	l->said[l->n++] = 'a';
	if (l->more) oc_later(&l->b);
}

static void say_b(void *arg)
{
	struct log *l = arg;

	l->said[l->n++] = 'b';
}

static void ask_task(void *arg)
{
	struct log *l = arg;

	l->a = (struct oc_later){ .fn = say_a, .arg = l };
	l->b = (struct oc_later){ .fn = say_b, .arg = l };
	oc_later(&l->a);
	oc_later(&l->a);
	oc_later(&l->b);
	assert_string_equal(l->said, "");
	oc_later_cancel(&l->b);
	assert_int_equal(oc_sleep_wait(1), OC_OK);
	assert_string_equal(l->said, "a");
	l->more = true;
	oc_later(&l->a);
	assert_int_equal(oc_sleep_wait(20), OC_OK);
	assert_string_equal(l->said, "aab");
}

static void what_is_left_for_later_is_done_once_before_the_loop_waits(void **state)
{
	struct log l = { 0 };

	(void)state;
	assert_int_equal(oc_rt_run(ask_task, &l), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_for_later_is_done_once_before_the_loop_waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
