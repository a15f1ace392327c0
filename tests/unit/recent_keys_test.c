/* Keys are remembered for five minutes, and not more than a thousand. */
#include "check.h"

#include <stdio.h>

#include "gateway/wire/recent_keys.h"
#include "rt/clock.h"
#include "rt/task.h"

static void use(void *arg)
{
	struct oc_recent_keys *r = oc_recent_keys_new();
	char key[16];

	(void)arg;
	assert_true(oc_recent_keys_add(r, "a"));
	assert_false(oc_recent_keys_add(r, "a"));
	assert_int_equal(oc_sleep_wait(OC_RECENT_KEYS_MS - 1), OC_OK);
	assert_false(oc_recent_keys_add(r, "a"));
	assert_int_equal(oc_sleep_wait(1), OC_OK);
	assert_true(oc_recent_keys_add(r, "a"));
	for (int i = 0; i < OC_RECENT_KEYS; i++) {
		snprintf(key, sizeof key, "k%d", i);
		assert_true(oc_recent_keys_add(r, key));
	}
	assert_false(oc_recent_keys_add(r, "k0"));
	assert_true(oc_recent_keys_add(r, "a"));
	oc_recent_keys_free(r);
	oc_recent_keys_free(NULL);
}

static void keys_are_remembered_for_a_while(void **state)
{
	(void)state;
	oc_clock_make_virtual(1000);
	assert_int_equal(oc_rt_run(use, NULL), 0);
	oc_clock_make_real();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(keys_are_remembered_for_a_while) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
