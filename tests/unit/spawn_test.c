/* Helpers: runs in sessions of their own, their bounds, what becomes of their answers. */
#include "check.h"

#include "sessions_fixture.h"
#include "tool/tool.h"

static const struct line plain[] = {
	{ .call = "spawn", .args = "{\"task\":\"count the files\",\"label\":\"counter\"}" },
	{ .text = "there are seven" },
	{ .text = "Seven files." },
};

SESSIONS_TEST(the_answer_of_a_helper_is_the_result_of_the_call, NULL, plain)
{
	ask_and_wait("r1", "how many files?");
	assert_int_equal(world.sent.n, 3);
	assert_non_null(strstr(world.sent.v[1], "count the files"));
	assert_null(strstr(world.sent.v[1], "how many files?")); /* it knows its task alone */
	assert_non_null(strstr(world.sent.v[2], "there are seven"));
	assert_true(oc_str_starts(oc_str(world.sent.v[2]), oc_str(world.sent.v[0])));
	assert_string_equal(world.systems.v[0], world.systems.v[1]); /* D50 */
	assert_string_equal(world.tools.v[0], world.tools.v[1]);
	expect_stored("user:how many files? | assistant:<spawn> | toolResult:there are seven | "
		      "assistant:Seven files.");
}

static const struct line deep[] = {
	{ .call = "use_tool", .args = "{\"name\":\"spawn\",\"args\":{\"task\":\"do it\"}}" },
	{ .call = "sessions_spawn", .args = "{\"task\":\"do it for me\"}" },
	{ .text = "done by myself" },
	{ .text = "Done." },
};

SESSIONS_TEST(a_helper_has_no_helpers, NULL, deep)
{
	ask_and_wait("r1", "go");
	assert_int_equal(world.sent.n, 4);
	assert_non_null(strstr(world.sent.v[2], "do the task yourself"));
	assert_non_null(strstr(world.sent.v[3], "done by myself"));
}

static const char one_place[] =
    "{agents:{defaults:{model:'p/one',maxConcurrent:1,contextGuard:{blockBelow:0,warnBelow:0}}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:["
    "{id:'one',contextWindow:32768}]}}}}";

SESSIONS_TEST(the_place_of_who_waits_is_free_for_its_helper, one_place, plain)
{
	ask_and_wait("r1", "how many files?");
	assert_int_equal(world.sent.n, 3);
}

static const struct line failing[] = {
	{ .call = "spawn", .args = "{\"task\":\"count\",\"label\":\"counter\"}" },
	{ .outcome = OC_OUTCOME_ERROR, .error = OC_ERR_BAD_REQUEST },
	{ .text = "It did not work." },
};

SESSIONS_TEST(a_helper_that_fails_is_a_result_that_says_so, NULL, failing)
{
	ask_and_wait("r1", "go");
	assert_non_null(strstr(world.sent.v[2], "ended without an answer"));
}

static const struct line later[] = {
	{ .call = "spawn",
	  .args = "{\"task\":\"count\",\"label\":\"counter\",\"background\":true}" },
	{ .text = "It is being counted.", .read_ms = 10 },
	{ .text = "seven", .read_ms = 5000 },
	{ .text = "Seven, says the counter." },
};

SESSIONS_TEST(the_answer_of_a_helper_in_the_background_comes_as_a_message, NULL, later)
{
	ask_and_wait("r1", "go");
	while (world.sent.n < 4 || oc_sessions_active(world.sessions)) OK(oc_sleep_wait(100));
	assert_non_null(strstr(world.sent.v[3], "[event helper counter finished: ok]"));
	assert_non_null(strstr(world.sent.v[3], "seven"));
}

static const struct line endless[] = {
	{ .call = "spawn", .args = "{\"task\":\"count\"}" },
	{ .text = "one", .for_ever = true },
};

SESSIONS_TEST(who_stops_a_run_stops_its_helper, NULL, endless)
{
	struct oc_strv aborted = { 0 };

	ask("r1", "go");
	while (world.sent.n < 2) OK(oc_sleep_wait(10));
	oc_sessions_abort_wait(world.sessions, MAIN, NULL, true, "stop", &aborted);
	while (oc_sessions_active(world.sessions)) OK(oc_sleep_wait(10));
	assert_int_equal(aborted.n, 1);
	assert_string_equal(wait_for("r1"), "aborted");
	oc_strv_deinit(&aborted);
}

static const struct line status[] = {
	{ .call = "session_status", .args = "{}" },
	{ .text = "Fine." },
};

SESSIONS_TEST(the_status_of_a_session_names_its_model_and_its_use, NULL, status)
{
	ask_and_wait("r1", "how are you?");
	assert_non_null(strstr(world.sent.v[1], "conversation: " MAIN));
	assert_non_null(strstr(world.sent.v[1], "model: p/one"));
}

static void directory_lines_are_short(void **state)
{
	struct oc_buf text;

	(void)state;
	oc_buf_init(&text, 10000);
	oc_toolset_directory(NULL, &text);
	assert_non_null(strstr(oc_buf_cstr(&text), "spawn: "));
	assert_non_null(strstr(oc_buf_cstr(&text), "session_status: "));
	oc_buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_of_a_helper_is_the_result_of_the_call),
		cmocka_unit_test(a_helper_has_no_helpers),
		cmocka_unit_test(the_place_of_who_waits_is_free_for_its_helper),
		cmocka_unit_test(a_helper_that_fails_is_a_result_that_says_so),
		cmocka_unit_test(the_answer_of_a_helper_in_the_background_comes_as_a_message),
		cmocka_unit_test(who_stops_a_run_stops_its_helper),
		cmocka_unit_test(the_status_of_a_session_names_its_model_and_its_use),
		cmocka_unit_test(directory_lines_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
