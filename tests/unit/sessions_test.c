/* Sessions: what is asked, stored, sent and told, with a model that follows a script. */
#include "check.h"

#include "sessions_fixture.h"

/* ---- one after the other ---- */

static const struct line two_answers[] = { { .text = "Hello." }, { .text = "Four." } };

SESSIONS_TEST(a_message_is_stored_answered_and_told_in_order, NULL, two_answers)
{
	world.log_text = true;
	ask_and_wait("r1", "hi");
	expect_log(
	    "accepted send. user#1 started model text0:Hello. assistant#2 done(Hello.) end.");
	expect_stored("user:hi | assistant:Hello.");
}

SESSIONS_TEST(each_request_extends_the_one_before, NULL, two_answers)
{
	ask_and_wait("r1", "hi");
	ask_and_wait("r2", "two and two?");
	assert_int_equal(world.sent.n, 2);
	expect_growth(0);
	assert_non_null(strstr(world.sent.v[1], "Hello."));
	assert_non_null(strstr(world.sent.v[1], "[ctx "));
	assert_string_equal(world.tools.v[0], world.tools.v[1]);
}

SESSIONS_TEST(a_session_has_totals_and_a_title, NULL, two_answers)
{
	struct oc_session_record r;

	ask_and_wait("r1", "  What is the capital\nof France?");
	OK(oc_store_session_wait(world.store, MAIN, &r, &world.e));
	assert_string_equal(r.title, "What is the capital");
	assert_string_equal(r.last_status, "done");
	assert_string_equal(r.last_run, "r1");
	assert_string_equal(r.model, "one");
	assert_int_equal(r.input_tokens, 100);
	assert_int_equal(r.prompt_tokens, 100);
	assert_true(r.run_ended_ms >= r.run_started_ms);
	oc_session_record_deinit(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_stored_answered_and_told_in_order),
		cmocka_unit_test(each_request_extends_the_one_before),
		cmocka_unit_test(a_session_has_totals_and_a_title),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
