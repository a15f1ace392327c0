/* What a server said of its window, and how long that is believed. */
#include "check.h"

#include <stdio.h>

#include "agent/run/window.h"
#include "rt/clock.h"

static struct oc_catalog old_config, new_config;
static char here[] = "http://here/v1", there[] = "http://there/v1";
static const struct oc_provider server = { .base_url = here }, other = { .base_url = there };
static const struct oc_context told = { .tokens = 8192 };

static bool knows(const struct oc_catalog *c, const struct oc_provider *p, const char *model)
{
	struct oc_context found;

	return oc_window_held(c, p, model, &found) && found.tokens == 8192;
}

static int begin(void **state)
{
	(void)state;
	oc_clock_make_virtual(1000000);
	oc_window_forget(&server);
	oc_window_hold(&old_config, &server, "m", &told);
	return 0;
}

static void an_answer_is_for_one_model_of_one_server_and_one_configuration(void **state)
{
	(void)state;
	assert_true(knows(&old_config, &server, "m"));
	assert_false(knows(&old_config, &server, "n"));
	assert_false(knows(&old_config, &other, "m"));
	assert_false(knows(&new_config, &server, "m"));
}

static void it_holds_for_a_minute(void **state)
{
	(void)state;
	oc_clock_make_virtual(1000000 + OC_WINDOW_HELD_MS - 1);
	assert_true(knows(&old_config, &server, "m"));
	oc_clock_make_virtual(1000000 + OC_WINDOW_HELD_MS);
	assert_false(knows(&old_config, &server, "m"));
}

static void a_failure_ends_it(void **state)
{
	(void)state;
	oc_window_forget(&other);
	assert_true(knows(&old_config, &server, "m"));
	oc_window_forget(&server);
	assert_false(knows(&old_config, &server, "m"));
}

static void many_servers_do_not_grow_it(void **state)
{
	char url[32];
	const struct oc_provider p = { .base_url = url };

	(void)state;
	for (int i = 0; i < 100; i++) {
		snprintf(url, sizeof url, "http://%d/v1", i);
		oc_window_hold(&old_config, &p, "m", &told);
		assert_true(knows(&old_config, &p, "m"));
	}
	assert_false(knows(&old_config, &server, "m"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    an_answer_is_for_one_model_of_one_server_and_one_configuration, begin),
		cmocka_unit_test_setup(it_holds_for_a_minute, begin),
		cmocka_unit_test_setup(a_failure_ends_it, begin),
		cmocka_unit_test_setup(many_servers_do_not_grow_it, begin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
