/* Bounds of a run in its session: endless text, stopping, turns of who is not waited for. */
#include "check.h"

#include "sessions_fixture.h"

/* ---- endless text ---- */

static char babble[4000];

static const struct line endless[] = {
	{ .text = babble, .for_ever = true },
	{ .text = "Better." },
};

SESSIONS_TEST(a_model_that_repeats_itself_for_ever_is_stopped_and_the_text_stays, NULL, endless)
{
	struct oc_run_outcome o;

	for (size_t i = 0; i + 13 < sizeof babble; i += 12) memcpy(babble + i, "I am sorry. ", 12);
	assert_int_equal(ask("r1", "hi").result, OC_ASK_STARTED);
	OK(oc_sessions_outcome_wait(world.sessions, "r1", oc_deadline_in(60000), &o));
	assert_string_equal(o.status, "error");
	assert_non_null(strstr(o.error, "the same thing again and again"));
	oc_run_outcome_deinit(&o);
	ask_and_wait("r2", "once more"); /* and the conversation can go on */
	expect_growth(0);
}

/* ---- stopping ---- */

static const struct line slow[] = {
	{ .text = "one", .read_ms = 100000 },
	{ .text = "one", .more = "two", .stream_ms = 100000 },
	{ .call = "exec", .args = "{\"command\":\"sleep 60\"}" },
};

static void stop_after(const char *id, uint64_t ms)
{
	struct oc_strv aborted = { 0 };
	uint64_t asked_ms;

	ask(id, "go");
	OK(oc_sleep_wait(ms));
	asked_ms = oc_now_ms();
	oc_sessions_abort_wait(world.sessions, MAIN, NULL, true, "stop", &aborted);
	assert_int_equal(aborted.n, 1);
	assert_true(oc_now_ms() - asked_ms <= 50);
	assert_string_equal(wait_for(id), "aborted");
	oc_strv_deinit(&aborted);
}

SESSIONS_TEST(a_stop_is_done_within_fifty_milliseconds, NULL, slow)
{
	stop_after("r1", 1000);		   /* the prompt is being read */
	stop_after("r2", 1000);		   /* the answer is being written */
	assert_int_equal(world.sent.n, 2); /* no second try, no other model */
	expect_growth(0);
}

/* ---- turns ---- */

static struct line forever[64];

SESSIONS_TEST(who_is_not_waited_for_has_fewer_turns, NULL, forever)
{
	static const struct {
		enum oc_priority priority;
		size_t turns;
	} rows[] = { { OC_PRIORITY_SUBAGENT, 26 }, { OC_PRIORITY_CRON, 21 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static char args[64][32];
		size_t before = world.sent.n;
		struct oc_asked asked;
		const struct oc_ask a = { .session_key = MAIN,
					  .message = OC_LIT("go"),
					  .channel = "cron",
					  .priority = rows[i].priority };

		for (size_t k = 0; k < 64; k++) {
			snprintf(args[k], sizeof args[k], "{\"path\":\"f%zu\"}", k);
			forever[k] = (struct line){ .call = "read", .args = args[k] };
		}
		world.at = 0;
		forever[rows[i].turns - 1] = (struct line){ .text = "Enough." };
		/* A file that is there: failures would end it earlier. */
		for (size_t k = 0; k < 64; k++) {
			char name[64];

			snprintf(name, sizeof name, ".openclaw/workspace/f%zu", k);
			home_write(name, args[k]);
		}
		OK(oc_sessions_ask_wait(world.sessions, &a, &asked, &world.e));
		assert_string_equal(wait_for(asked.run_id), "ok");
		assert_int_equal(world.sent.n - before, rows[i].turns);
		/* The last may not call any, and still has the same bytes before its end. */
		assert_true(world.no_more_calls);
		assert_string_equal(world.tools.v[world.tools.n - 1],
				    world.tools.v[world.tools.n - 2]);
	}
}

/* ---- slow servers ---- */

static const char capped[] =
    "{agents:{defaults:{model:'p/one',contextSoftCap:1600,contextGuard:{blockBelow:0,warnBelow:0}}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:["
    "{id:'one',contextWindow:131072}]}}}}";
static char long_text[3000];
static const struct line answers[] = {
	{ .text = "One." },
	{ .text = "Two." },
	{ .text = "Goal: talk." },
	{ .text = "Three." },
};

SESSIONS_TEST(a_conversation_above_the_soft_cap_is_shortened_though_it_would_fit, capped, answers)
{
	memset(long_text, 'x', sizeof long_text - 1);
	ask_and_wait("r1", long_text);
	ask_and_wait("r2", "short");
	while (world.sent.n < 4) {
		char id[16];

		snprintf(id, sizeof id, "r%zu", world.sent.n + 10);
		ask_and_wait(id, "short");
	}
	assert_non_null(strstr(world.sent.v[world.sent.n - 1], "conversation before this point"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_model_that_repeats_itself_for_ever_is_stopped_and_the_text_stays),
		cmocka_unit_test(a_stop_is_done_within_fifty_milliseconds),
		cmocka_unit_test(who_is_not_waited_for_has_fewer_turns),
		cmocka_unit_test(
		    a_conversation_above_the_soft_cap_is_shortened_though_it_would_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
