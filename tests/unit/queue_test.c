/* What is asked while a run is under way: how it is taken in, and what a full queue does. */
#include "check.h"

#include "agent/session/input.h"
#include "agent/session/session_queue.h"
#include "sessions_fixture.h"

/* ---- the list ---- */

static struct oc_input *input(const char *text)
{
	const struct oc_ask ask = { .message = oc_str(text) };

	return oc_input_new(&ask);
}

/* Texts in the queue, separated by blanks. */
static void texts(const struct oc_queue *q, struct oc_buf *out)
{
	oc_buf_init(out, 4096);
	for (size_t i = 0; i < q->n; i++)
		oc_buf_addf(out, "%s%s", i ? " " : "", q->v[i].input->message);
}

static void a_full_queue_drops_as_it_was_told(void **state)
{
	static const struct {
		enum oc_queue_drop drop;
		const char *left, *summary;
		bool last_taken;
	} rows[] = {
		{ OC_DROP_OLD, "b c", "", true },
		{ OC_DROP_NEW, "a b", "", false },
		{ OC_DROP_SUMMARIZE, "b c", "[1 earlier message was dropped", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct oc_queue_settings s = { .cap = 2, .drop = rows[i].drop };
		static const char *const add[] = { "a", "b", "c" };
		struct oc_queue q = { 0 };
		struct oc_buf left, all;
		bool taken = false;

		for (size_t k = 0; k < 3; k++) {
			const struct oc_queued item = { .input = input(add[k]),
							.mode = OC_QUEUE_COLLECT };
			struct oc_queued lost;

			taken = oc_queue_add(&q, &s, &item, &lost);
			if (!taken) oc_input_free(item.input);
			oc_input_free(lost.input);
		}
		assert_int_equal(taken, rows[i].last_taken);
		texts(&q, &left);
		assert_string_equal(oc_buf_cstr(&left), rows[i].left);
		oc_buf_init(&all, 4096);
		oc_queue_collected(&q, q.v, q.n, &all);
		assert_true(oc_str_has(oc_buf_view(&all), oc_str(rows[i].summary)));
		assert_int_equal(oc_str_has(oc_buf_view(&all), OC_LIT("\n- a")),
				 rows[i].drop == OC_DROP_SUMMARIZE);
		oc_buf_deinit(&all);
		oc_buf_deinit(&left);
		oc_queue_deinit(&q);
	}
}

static void only_who_may_join_steers_in_spite_of_a_run_of_its_own(void **state)
{
	struct oc_session_run *run = (struct oc_session_run *)(uintptr_t)8;
	struct oc_queued items[] = { { .mode = OC_QUEUE_STEER, .own = run },
				     { .mode = OC_QUEUE_COLLECT, .own = run, .joins = true },
				     { .mode = OC_QUEUE_STEER, .own = run, .joins = true } };
	struct oc_queue q = { .v = items, .n = 3 };

	(void)state;
	assert_int_equal(oc_queue_find(&q, OC_QUEUE_STEER), 2);
	assert_int_equal(oc_queue_find(&q, OC_QUEUE_COLLECT), 3);
}

static void collected_messages_are_numbered(void **state)
{
	struct oc_queued items[] = { { .input = input("one") },
				     { .input = input(" two\nlines ") } };
	struct oc_queue q = { 0 };
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 4096);
	oc_queue_collected(&q, items, 2, &out);
	assert_string_equal(oc_buf_cstr(&out),
			    "[Queued messages while agent was busy]\n\n---\nQueued #1\none\n\n---\n"
			    "Queued #2\ntwo\nlines");
	oc_buf_deinit(&out);
	oc_input_free(items[0].input);
	oc_input_free(items[1].input);
}

static void settings_of_the_session_win(void **state)
{
	static const struct {
		const char *session, *channel;
		enum oc_queue_mode mode;
		uint64_t debounce_ms;
		size_t cap;
	} rows[] = {
		{ "{}", "webchat", OC_QUEUE_FOLLOWUP, 500, 7 },
		{ "{}", "cli", OC_QUEUE_INTERRUPT, 20, 7 },
		{ "{'queueMode':'steer','queueCap':3,'queueDebounceMs':0}", "cli", OC_QUEUE_STEER,
		  0, 3 },
		{ "{'queueMode':'nonsense'}", NULL, OC_QUEUE_FOLLOWUP, 500, 7 },
	};
	struct fixture f;

	(void)state;
	assert_int_equal(new_home(NULL), 0);
	open_catalog(&f, "{messages:{queue:{mode:'followup',cap:7,byChannel:{cli:'interrupt'},"
			 "debounceMsByChannel:{cli:20}}}}");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_queue_settings s;
		json_t *session = js(rows[i].session);

		oc_queue_settings_read(&s, session, &f.config, rows[i].channel);
		assert_int_equal(s.mode, rows[i].mode);
		assert_int_equal(s.debounce_ms, rows[i].debounce_ms);
		assert_int_equal(s.cap, rows[i].cap);
		json_decref(session);
	}
	close_catalog(&f);
	drop_home(NULL);
}

/* ---- at work ---- */

static struct oc_asked ask_as(const char *id, const char *text, enum oc_queue_mode mode)
{
	const struct oc_ask ask = {
		.session_key = MAIN, .run_id = id, .message = oc_str(text), .queue = mode
	};
	struct oc_asked asked;

	OK(oc_sessions_ask_wait(world.sessions, &ask, &asked, &world.e));
	return asked;
}

static void rest(uint64_t ms)
{
	assert_int_equal(oc_sleep_wait(ms), OC_OK);
}

/* Until nothing is under way or waits any more. */
static void settle(void)
{
	rest(60000);
	assert_int_equal(oc_sessions_active(world.sessions), 0);
}

static const struct line slow[] = {
	{ .text = "First", .more = " answer.", .read_ms = 3000, .stream_ms = 3000 },
	{ .text = "Second." },
	{ .text = "Third." }
};

SESSIONS_TEST(while_the_prompt_is_read_messages_are_collected, NULL, slow)
{
	ask("r1", "a");
	rest(100);
	assert_int_equal(ask("r2", "b").result, OC_ASK_STARTED);
	assert_int_equal(ask("r3", "c").result, OC_ASK_STARTED);
	assert_string_equal(wait_for("r2"), "ok");
	assert_string_equal(wait_for("r1"), "ok");
	uint64_t ended = oc_now_ms();

	assert_int_equal(world.sent.n, 1);
	settle();
	assert_true(ended > 3000);
	expect_stored(
	    "user:a | assistant:First answer. | user:[Queued messages while agent was busy]"
	    "\n\n---\nQueued #1\nb\n\n---\nQueued #2\nc | assistant:Second.");
	expect_growth(0);
	assert_int_equal(ask("r2", "b").result, OC_ASK_DONE);
}

SESSIONS_TEST(while_the_model_writes_messages_steer, NULL, slow)
{
	ask("r1", "a");
	rest(4000);
	ask("r2", "b");
	assert_string_equal(wait_for("r2"), "ok");
	assert_string_equal(wait_for("r1"), "ok");
	settle();
	expect_stored("user:a | assistant:First answer. | user:b | assistant:Second.");
	expect_growth(0);
	expect_log("accepted send. user#1 started model accepted done() assistant#2 user#3 "
		   "assistant#4 done(Second.) end.");
}

static const struct line with_tool[] = {
	{ .text = "I wait.", .call = "exec", .args = "{\"command\":\"true\"}", .stream_ms = 3000 },
	{ .text = "Both done." },
	{ .text = "Third." },
};

SESSIONS_TEST(several_that_steer_become_one_turn_of_the_user, NULL, with_tool)
{
	ask("r1", "a");
	rest(100);
	ask_as("r2", "b", OC_QUEUE_STEER);
	ask_as("r3", "c", OC_QUEUE_STEER);
	wait_for("r1");
	settle();
	expect_stored(
	    "user:a | assistant:I wait.<exec> | toolResult:(no output) | user:b | user:c | "
	    "assistant:Both done.");
	assert_int_equal(world.sent.n, 2);
	ask_and_wait("r4", "d");
	expect_growth(0);
}

static const struct line then_stuck[] = {
	{ .text = "First", .more = " answer.", .stream_ms = 3000 },
	{ .read_ms = 1000000 },
	{ .text = "Back." },
};

SESSIONS_TEST(what_steered_a_run_that_was_stopped_has_its_end, NULL, then_stuck)
{
	struct oc_strv aborted = { 0 };

	ask("r1", "a");
	rest(1000);
	ask_as("r2", "b", OC_QUEUE_STEER);
	rest(5000);
	oc_sessions_abort_wait(world.sessions, MAIN, NULL, false, "rpc", &aborted);
	oc_strv_deinit(&aborted);
	expect_stored(
	    "user:a | assistant:First answer. | user:b | assistant:[no answer: stopped]+4");
	ask_and_wait("r3", "c");
	expect_growth(0);
}

SESSIONS_TEST(followups_run_one_by_one_under_new_ids, NULL, slow)
{
	ask("r1", "a");
	rest(100);
	ask_as("r2", "b", OC_QUEUE_FOLLOWUP);
	ask_as("r3", "c", OC_QUEUE_FOLLOWUP);
	settle();
	expect_stored("user:a | assistant:First answer. | user:b | assistant:Second. | user:c | "
		      "assistant:Third.");
	expect_growth(0);
}

SESSIONS_TEST(an_interrupt_takes_the_place_of_the_run, NULL, slow)
{
	ask("r1", "a");
	rest(4000);
	assert_true(ask_as("r2", "b", OC_QUEUE_INTERRUPT).interrupted);
	assert_string_equal(wait_for("r1"), "aborted");
	assert_string_equal(wait_for("r2"), "ok");
	expect_stored("user:a | assistant:First+2 | user:b | assistant:Second.");
	expect_growth(0);
}

SESSIONS_TEST(an_idle_session_is_not_interrupted, NULL, slow)
{
	assert_false(ask_as("r1", "a", OC_QUEUE_INTERRUPT).interrupted);
	assert_string_equal(wait_for("r1"), "ok");
}

static void ask_for_own_turn(const char *id, const char *text)
{
	const struct oc_ask ask = {
		.session_key = MAIN, .run_id = id, .message = oc_str(text), .own_turn = true
	};
	struct oc_asked asked;

	OK(oc_sessions_ask_wait(world.sessions, &ask, &asked, &world.e));
	assert_int_equal(asked.result, OC_ASK_STARTED);
}

SESSIONS_TEST(who_wants_a_turn_of_its_own_gets_its_own_answer, NULL, slow)
{
	struct oc_run_outcome o;

	ask("r1", "a");
	rest(100);
	ask_for_own_turn("r2", "b");
	assert_int_equal(ask("r2", "b").result, OC_ASK_IN_FLIGHT);
	OK(oc_sessions_outcome_wait(world.sessions, "r2", OC_NO_DEADLINE, &o));
	assert_string_equal(o.text, "Second.");
	oc_run_outcome_deinit(&o);
}

SESSIONS_TEST(what_waits_can_be_aborted, NULL, slow)
{
	struct oc_strv aborted = { 0 };

	ask("r1", "a");
	rest(100);
	ask_for_own_turn("r2", "b");
	ask_as("r3", "c", OC_QUEUE_COLLECT);
	oc_sessions_abort_wait(world.sessions, MAIN, NULL, true, "stop", &aborted);
	assert_int_equal(aborted.n, 2);
	oc_strv_deinit(&aborted);
	settle();
	assert_string_equal(wait_for("r2"), "aborted");
	expect_stored("user:a | assistant:[no answer: stopped]+4");
}

SESSIONS_TEST(what_waited_is_not_lost_by_a_restart, NULL, slow)
{
	ask("r1", "a");
	rest(100);
	ask("r2", "b");
	ask_for_own_turn("r3", "c");
	stop_sessions();
	start_sessions();
	expect_stored("user:a | assistant:[no answer: stopped]+4 | user:b | assistant:[no answer: "
		      "interrupted]+4 | user:c | assistant:[no answer: interrupted]+4");
	assert_int_equal(ask("r3", "c").result, OC_ASK_STARTED);
	assert_string_equal(wait_for("r3"), "ok");
	assert_null(strstr(world.sent.v[1] + strlen(world.sent.v[1]) - 30, "no answer"));
	assert_int_equal(ask("r2", "b").result, OC_ASK_STARTED);
}

SESSIONS_TEST(a_full_queue_refuses_turns_of_their_own, NULL, slow)
{
	json_t *p = js("{'queueCap':1}");
	struct oc_ask one = { .session_key = MAIN, .message = OC_LIT("c"), .own_turn = true };
	struct oc_asked asked;

	OK(oc_sessions_patch_wait(world.sessions, MAIN, p, &world.e));
	json_decref(p);
	ask("r1", "a");
	rest(100);
	ask_for_own_turn("r2", "b");
	assert_int_equal(oc_sessions_ask_wait(world.sessions, &one, &asked, &world.e), OC_E_LIMIT);
	assert_non_null(strstr(world.e.msg, "queue is full"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_queue_drops_as_it_was_told),
		cmocka_unit_test(only_who_may_join_steers_in_spite_of_a_run_of_its_own),
		cmocka_unit_test(collected_messages_are_numbered),
		cmocka_unit_test(settings_of_the_session_win),
		cmocka_unit_test(while_the_prompt_is_read_messages_are_collected),
		cmocka_unit_test(while_the_model_writes_messages_steer),
		cmocka_unit_test(several_that_steer_become_one_turn_of_the_user),
		cmocka_unit_test(what_steered_a_run_that_was_stopped_has_its_end),
		cmocka_unit_test(followups_run_one_by_one_under_new_ids),
		cmocka_unit_test(an_interrupt_takes_the_place_of_the_run),
		cmocka_unit_test(an_idle_session_is_not_interrupted),
		cmocka_unit_test(who_wants_a_turn_of_its_own_gets_its_own_answer),
		cmocka_unit_test(what_waits_can_be_aborted),
		cmocka_unit_test(what_waited_is_not_lost_by_a_restart),
		cmocka_unit_test(a_full_queue_refuses_turns_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
