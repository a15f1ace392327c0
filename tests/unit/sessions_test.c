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

/* ---- the same message again ---- */

static const struct line slow[] = {
	{ .text = "Hel", .more = "lo.", .read_ms = 50, .stream_ms = 5000 }, { .text = "Second." }
};

SESSIONS_TEST(the_same_id_is_run_once, NULL, slow)
{
	assert_int_equal(ask("r1", "hi").result, OC_ASK_STARTED);
	assert_int_equal(ask("r1", "hi").result, OC_ASK_IN_FLIGHT);
	assert_string_equal(wait_for("r1"), "ok");
	assert_int_equal(ask("r1", "hi").result, OC_ASK_DONE);
	stop_sessions();
	start_sessions();
	assert_int_equal(ask("r1", "hi").result, OC_ASK_DONE); /* the store knows */
	assert_string_equal(wait_for("r1"), "ok");
	assert_int_equal(world.sent.n, 1);
	expect_stored("user:hi | assistant:Hello.");
}

SESSIONS_TEST(wrong_input_is_refused_and_leaves_nothing, NULL, two_answers)
{
	static const struct {
		struct oc_ask ask;
		const char *words;
	} rows[] = {
		{ { .message = { "  ", 2 } }, "message or attachment required" },
		{ { .message = { "x", 1 }, .model = "nobody/x" }, "nobody" },
		{ { .message = { "x", 1 }, .thinking = "hard" }, "unknown thinking level" },
		{ { .message = { "x", 1 }, .agent = "ghost" }, "ghost" },
		{ { .message = { "x", 1 }, .run_id = "" }, "idempotency key" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_ask one = rows[i].ask;
		struct oc_asked asked;

		one.session_key = MAIN;
		assert_int_equal(oc_sessions_ask_wait(world.sessions, &one, &asked, &world.e),
				 OC_E_INPUT);
		if (!strstr(world.e.msg, rows[i].words)) fail_msg("%s", world.e.msg);
	}
	assert_int_equal(oc_sessions_active(world.sessions), 0);
	assert_int_equal(world.sent.n, 0);
}

/* ---- tools ---- */

static const struct line with_tool[] = {
	{ .text = "I look.", .call = "exec", .args = "{\"command\": \"echo out\"}" },
	{ .text = "It says out." },
	{ .text = "Next." },
};

SESSIONS_TEST(tools_are_stored_and_told_between_the_segments, NULL, with_tool)
{
	world.log_text = true;
	ask_and_wait("r1", "look");
	expect_log(
	    "accepted send. user#1 started model text0:I look. assistant#2 tool output result "
	    "toolResult#3 text1:It says out. assistant#4 done(It says out.) end.");
	expect_stored(
	    "user:look | assistant:I look.<exec> | toolResult:out | assistant:It says out.");
}

SESSIONS_TEST(what_was_stored_is_sent_again_byte_for_byte, NULL, with_tool)
{
	ask_and_wait("r1", "look <|im_end|>");
	ask_and_wait("r2", "and now?");
	assert_int_equal(world.sent.n, 3);
	expect_growth(0);
	assert_non_null(strstr(world.sent.v[2], "{\\\"command\\\": \\\"echo out\\\"}"));
}

/* ---- stopping ---- */

static void abort_run(const char *id, const char *reason)
{
	struct oc_strv aborted = { 0 };

	oc_sessions_abort_wait(world.sessions, MAIN, id, false, reason, &aborted);
	assert_int_equal(aborted.n, 1);
	oc_strv_deinit(&aborted);
}

static const struct line endless[] = { { .text = "So far", .read_ms = 50, .for_ever = true },
				       { .text = "Back." } };

SESSIONS_TEST(an_abort_keeps_what_had_arrived, NULL, endless)
{
	struct oc_stored_messages l;

	ask("r1", "hi");
	assert_int_equal(oc_sleep_wait(1000), OC_OK);
	assert_true(oc_str_eq(oc_sessions_partial(world.sessions, MAIN), OC_LIT("So far")));
	abort_run("r1", "rpc");
	assert_string_equal(wait_for("r1"), "aborted");
	expect_log("accepted send. user#1 started model assistant#2 aborted(rpc,So far) end.");
	expect_stored("user:hi | assistant:So far+2");
	stored(MAIN, &l);
	const json_t *abort = json_object_get(l.v[1].body, "openclawAbort");

	assert_string_equal(oc_json_cstr(abort, "origin"), "rpc");
	assert_string_equal(oc_json_cstr(abort, "runId"), "r1");
	oc_stored_messages_deinit(&l);
	ask_and_wait("r2", "go on");
	expect_growth(0);
	assert_non_null(strstr(world.sent.v[1], "So far\\n[interrupted]"));
}

static const struct line silent[] = { { .read_ms = 50, .for_ever = true }, { .text = "Back." } };

SESSIONS_TEST(an_abort_before_any_text_leaves_fixed_words, NULL, silent)
{
	ask("r1", "hi");
	assert_int_equal(oc_sleep_wait(1000), OC_OK);
	abort_run(NULL, "stop");
	expect_stored("user:hi | assistant:[no answer: stopped]+4");
	ask_and_wait("r2", "still there?");
	expect_growth(0);
	assert_non_null(strstr(world.sent.v[1], "[no answer: stopped]"));
}

static const struct line broken[] = {
	{ .text = "Half an", .outcome = OC_OUTCOME_INCOMPLETE, .error = OC_ERR_STREAM_TRUNCATED },
	{ .outcome = OC_OUTCOME_ERROR, .error = OC_ERR_BAD_REQUEST },
	{ .text = "Fine." }
};

SESSIONS_TEST(a_failure_is_stored_with_its_reason, NULL, broken)
{
	struct oc_stored_messages l;

	ask("r1", "hi");
	assert_string_equal(wait_for("r1"), "error");
	ask("r2", "again");
	assert_string_equal(wait_for("r2"), "error");
	expect_stored("user:hi | assistant:Half an+2 | user:again | assistant:[no answer: the run "
		      "failed]+4");
	stored(MAIN, &l);
	for (size_t i = 1; i < 4; i += 2) {
		assert_string_equal(oc_json_cstr(l.v[i].body, "stopReason"), "error");
		assert_non_null(strstr(oc_json_cstr(l.v[i].body, "errorMessage"), "explained"));
	}
	oc_stored_messages_deinit(&l);
	ask_and_wait("r3", "now?");
	expect_growth(0);
}

SESSIONS_TEST(a_run_that_does_not_move_is_ended, NULL, silent)
{
	ask("r1", "hi");
	assert_string_equal(wait_for("r1"), "timeout");
	expect_log("accepted send. user#1 started model assistant#2 aborted(timeout,) end.");
}

SESSIONS_TEST(draining_waits_and_then_stops, NULL, endless)
{
	struct oc_ask one = { .session_key = MAIN, .message = OC_LIT("x") };
	struct oc_asked asked;

	ask("r1", "hi");
	oc_sessions_drain_wait(world.sessions, 5000);
	assert_int_equal(oc_sessions_active(world.sessions), 0);
	assert_int_equal(oc_sessions_ask_wait(world.sessions, &one, &asked, &world.e), OC_E_DENIED);
	expect_stored("user:hi | assistant:So far+2");
}

static const struct line silence[] = { { .text = "NO_REPLY" }, { .text = "<final>Yes.</final>" } };

SESSIONS_TEST(silence_and_final_tags_are_not_for_people, NULL, silence)
{
	ask_and_wait("r1", "hi");
	ask_and_wait("r2", "there?");
	assert_string_equal(oc_buf_cstr(&world.said), "Yes.");
	expect_stored("user:hi | assistant:NO_REPLY+16 | user:there? | assistant:Yes.");
	expect_growth(0);
}

/* ---- after a crash ---- */

/* The store as a process leaves it that is killed in the middle of a run. */
static void leave_crash(bool with_call)
{
	struct oc_session_record r;

	OK(oc_store_session_open_wait(world.store, MAIN, "main", &r, NULL, &world.e));
	struct oc_stored_message m[2] = {
		{ .run = oc_strdup("r1"),
		  .idempotency_key = oc_strdup("r1:user"),
		  .header = oc_strdup("[ctx then]\n"),
		  .body = js("{'role':'user','content':'look'}") },
		{ .run = oc_strdup("r1"),
		  .body = js(
		      "{'role':'assistant','content':[{'type':'toolCall','id':'cabcdefgh','name':"
		      "'read','arguments':{'path':'x'}}]}") },
	};

	OK(oc_store_append_wait(world.store, r.id, m, with_call ? 2 : 1, NULL, &world.e));
	char id[] = "r1", status[] = "running";
	const struct oc_run_record run = {
		.id = id, .session_id = r.id, .session_key = r.key, .status = status
	};
	OK(oc_store_run_save_wait(world.store, &run, &world.e));
	free(r.last_status);
	r.last_status = oc_strdup("running");
	OK(oc_store_session_save_wait(world.store, &r, &world.e));
	for (size_t i = 0; i < 2; i++) oc_stored_message_deinit(&m[i]);
	oc_session_record_deinit(&r);
	stop_sessions();
	start_sessions();
}

SESSIONS_TEST(a_crash_leaves_a_conversation_that_can_go_on, NULL, two_answers)
{
	struct oc_session_record r;

	leave_crash(true);
	expect_stored(
	    "user:look | assistant:<read> | toolResult:interrupted | assistant:[no answer: "
	    "interrupted]+4");
	OK(oc_store_session_wait(world.store, MAIN, &r, &world.e));
	assert_string_equal(r.last_status, "killed");
	oc_session_record_deinit(&r);
	ask_and_wait("r2", "next");
	assert_non_null(strstr(world.sent.v[0], "[no answer: interrupted]"));
	stop_sessions();
	start_sessions();
	expect_stored(
	    "user:look | assistant:<read> | toolResult:interrupted | assistant:[no answer: "
	    "interrupted]+4 | user:next | assistant:Hello.");
}

SESSIONS_TEST(a_retry_after_a_crash_runs_once_and_stores_nothing_twice, NULL, two_answers)
{
	leave_crash(false);
	assert_int_equal(ask("r1", "look").result, OC_ASK_STARTED);
	assert_string_equal(wait_for("r1"), "ok");
	assert_int_equal(ask("r1", "look").result, OC_ASK_DONE);
	expect_stored("user:look | assistant:[no answer: interrupted]+4 | assistant:Hello.");
	assert_null(strstr(world.sent.v[0], "no answer"));
	ask_and_wait("r2", "next");
	expect_growth(0);
	assert_null(strstr(world.sent.v[1], "no answer"));
}

SESSIONS_TEST(a_retry_that_comes_late_is_asked_where_it_can_be_answered, NULL, two_answers)
{
	leave_crash(false);
	ask_and_wait("r2", "another");
	ask_and_wait("r1", "look");
	expect_stored("user:look | assistant:[no answer: interrupted]+4 | user:another | "
		      "assistant:Hello. | user:look+16 | assistant:Four.");
	expect_growth(0);
}

/* ---- epochs ---- */

static char *epoch_reason(int64_t *id)
{
	struct oc_session_record r;
	struct oc_epoch epoch;

	OK(oc_store_session_wait(world.store, MAIN, &r, &world.e));
	OK(oc_store_epoch_wait(world.store, r.epoch, &epoch, &world.e));
	*id = epoch.id;
	char *reason = oc_strdup(epoch.reason);

	oc_session_record_deinit(&r);
	oc_epoch_deinit(&epoch);
	return reason;
}

static int64_t expect_epoch(const char *want)
{
	int64_t id;
	char *reason = epoch_reason(&id);

	assert_string_equal(reason, want);
	free(reason);
	return id;
}

static void patch(const char *changes)
{
	json_t *p = js(changes);

	OK(oc_sessions_patch_wait(world.sessions, MAIN, p, &world.e));
	json_decref(p);
}

static const struct line many[] = { { .text = "1" }, { .text = "2" }, { .text = "3" },
				    { .text = "4" }, { .text = "5" }, { .text = "6" },
				    { .text = "7" }, { .text = "8" } };

SESSIONS_TEST(an_epoch_lasts_until_there_is_a_reason, NULL, many)
{
	ask_and_wait("r1", "a");
	int64_t first = expect_epoch("new");

	home_write(".openclaw/workspace/USER.md", "The user likes short answers.");
	ask_and_wait("r2", "b");
	assert_int_equal(expect_epoch("new"), first);
	assert_string_equal(world.systems.v[0], world.systems.v[1]);

	patch("{'model':'p/two'}");
	ask_and_wait("r3", "c");
	int64_t second = expect_epoch("model");

	assert_true(second != first);
	assert_non_null(strstr(world.systems.v[2], "short answers"));
	assert_non_null(strstr(world.sent.v[2], "\\nb")); /* the conversation goes on */

	OK(oc_sessions_reset_wait(world.sessions, MAIN, "new", &world.e));
	ask_and_wait("r4", "d");
	assert_true(expect_epoch("new") != second);
	assert_null(strstr(world.sent.v[3], "\\nb"));
	expect_stored(
	    "user:a | assistant:1 | user:b | assistant:2 | user:c | assistant:3 | user:d | "
	    "assistant:4");
}

SESSIONS_TEST(sessions_of_an_agent_begin_with_the_same_bytes, NULL, many)
{
	ask_and_wait("r1", "a");
	ask_in("agent:main:other", "r2", "b");
	assert_string_equal(wait_for("r2"), "ok");
	assert_string_equal(world.systems.v[0], world.systems.v[1]);
	assert_string_equal(world.tools.v[0], world.tools.v[1]);
}

static const char with_fallback[] =
    "{agents:{defaults:{model:{primary:'p/one',fallbacks:['p/two']},contextGuard:{blockBelow:0,"
    "warnBelow:0}}},tools:{exec:{mode:'full'}},models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',"
    "apiKey:'k',models:[{id:'one',contextWindow:32768},{id:'two',contextWindow:32768}]}}}}";
static const struct line falls_back[] = {
	{ .call = "exec", .args = "{\"command\":\"echo 1\"}" },
	{ .outcome = OC_OUTCOME_ERROR, .error = OC_ERR_SERVER_ERROR },
	{ .text = "By the other." },
	{ .text = "By the first." },
};

SESSIONS_TEST(a_fallback_goes_on_with_what_was_done, with_fallback, falls_back)
{
	ask_and_wait("r1", "go");
	assert_string_equal(world.models.v[0], "one");
	assert_string_equal(world.models.v[1], "two");
	expect_stored("user:go | assistant:<exec> | toolResult:1 | assistant:By the other.");
	expect_growth(1); /* the other model saw the call and its result */
	ask_and_wait("r2", "again");
	assert_string_equal(world.models.v[2], "one");
	expect_epoch("model");
	expect_growth(2);
}

/* ---- a long conversation ---- */

static const char tiny[] =
    "{agents:{defaults:{model:'p/tiny',contextGuard:{blockBelow:0,warnBelow:0}}},tools:{exec:{mode:"
    "'full'}},models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:[{id:'tiny',"
    "contextWindow:6000,maxTokens:512}]}}}}";
#define LONG_1                                                                                     \
	"alpha beta gamma delta epsilon zeta eta theta iota kappa lambda my nu xi omikron pi "
#define LONG_8	LONG_1 LONG_1 LONG_1 LONG_1 LONG_1 LONG_1 LONG_1 LONG_1
#define LONG_24 LONG_8 LONG_8 LONG_8
static const struct line long_answers[] = {
	{ .text = "1 " LONG_24 },  { .text = "2 " LONG_24 },  { .text = "3 " LONG_24 },
	{ .text = "4 " LONG_24 },  { .text = "5 " LONG_24 },  { .text = "6 " LONG_24 },
	{ .text = "7 " LONG_24 },  { .text = "8 " LONG_24 },  { .text = "9 " LONG_24 },
	{ .text = "10 " LONG_24 }, { .text = "11 " LONG_24 },
};

static bool is_about_a_note(const char *request)
{
	return strstr(request, "Write a note") != NULL;
}

SESSIONS_TEST(a_full_context_is_summarised_and_the_talk_goes_on, tiny, long_answers)
{
	size_t notes = 0;

	for (int i = 0; i < 9; i++) {
		char id[8];

		snprintf(id, sizeof id, "r%d", i);
		ask_and_wait(id, "and now?");
	}
	for (size_t i = 0; i < world.sent.n; i++) notes += is_about_a_note(world.sent.v[i]);
	assert_true(notes > 0);
	expect_epoch("compaction");
	assert_non_null(strstr(world.sent.v[world.sent.n - 1], "[note about the conversation"));
	/* Apart from the moment of compaction every request extends the one before. */
	for (size_t i = 1; i < world.sent.n; i++) {
		const char *before = world.sent.v[i - 1], *now = world.sent.v[i];

		if (is_about_a_note(now) || is_about_a_note(before)) continue;
		assert_int_equal(strncmp(now, before, strlen(before)), 0);
	}
}

static const struct line no_note[] = { { .text = "1 " LONG_24 },
				       { .text = "2 " LONG_24 },
				       { .outcome = OC_OUTCOME_ERROR,
					 .error = OC_ERR_SERVER_ERROR },
				       { .text = "Then." } };

SESSIONS_TEST(a_note_that_does_not_come_is_replaced_by_a_digest, NULL, no_note)
{
	struct oc_compacted c;

	ask_and_wait("r1", "plan the garden");
	ask_and_wait("r2", "and the house");
	OK(oc_sessions_compact_wait(world.sessions, MAIN, NULL, &c, &world.e));
	assert_true(c.compacted);
	assert_true(c.tokens_after < c.tokens_before);
	assert_non_null(strstr(c.summary, "- user: plan the garden"));
	free(c.summary);
	ask_and_wait("r3", "next");
	assert_non_null(strstr(world.sent.v[3], "[digest of the conversation"));
	assert_non_null(strstr(world.sent.v[3], "and the house"));
	assert_null(strstr(world.sent.v[3], "1 alpha"));
}

static const struct line noted[] = { { .text = "1 " LONG_24 },
				     { .text = "2 " LONG_24 },
				     { .text = "They plan a garden." },
				     { .text = "Then." } };

SESSIONS_TEST(compaction_on_request_tells_nothing_but_the_change, NULL, noted)
{
	struct oc_compacted c;

	ask_and_wait("r1", "plan the garden");
	ask_and_wait("r2", "and the house");
	oc_buf_clear(&world.log);
	OK(oc_sessions_compact_wait(world.sessions, MAIN, "keep names", &c, &world.e));
	expect_log("compact.");
	assert_non_null(strstr(world.sent.v[2], "The user adds: keep names"));
	assert_int_equal(strncmp(world.sent.v[2], world.sent.v[1], strlen(world.sent.v[1])), 0);
	assert_non_null(strstr(c.summary, "They plan a garden."));
	free(c.summary);
	assert_int_equal(
	    oc_sessions_compact_wait(world.sessions, "agent:main:none", NULL, &c, &world.e),
	    OC_E_NOT_FOUND);
}

static const struct line big_result[] = {
	{ .call = "exec", .args = "{\"command\":\"seq 1 2000\"}" },
	{ .text = "Counted." },
	{ .text = "B." },
	{ .text = "C." },
	{ .text = "D." },
	{ .text = "note" },
};

SESSIONS_TEST(old_tool_results_go_first, NULL, big_result)
{
	struct oc_compacted c;

	ask_and_wait("r1", "count");
	ask_and_wait("r2", "b");
	ask_and_wait("r3", "c");
	assert_non_null(strstr(world.sent.v[3], "1999"));
	world.at = 5;
	OK(oc_sessions_compact_wait(world.sessions, MAIN, NULL, &c, &world.e));
	free(c.summary);
	assert_non_null(strstr(world.sent.v[4], "was dropped to make room"));
	assert_null(strstr(world.sent.v[4], "1999"));
}

static const char idle_reset[] =
    "{session:{reset:{mode:'idle',idleMinutes:30}},agents:{defaults:{model:'p/one',contextGuard:{"
    "blockBelow:0,warnBelow:0}}},models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',"
    "models:[{id:'one',contextWindow:32768}]}}}}";

/* As if the last run had ended so many minutes ago. */
static void age(int64_t minutes)
{
	struct oc_session_record r;

	OK(oc_store_session_wait(world.store, MAIN, &r, &world.e));
	r.run_ended_ms -= minutes * 60000;
	OK(oc_store_session_save_wait(world.store, &r, &world.e));
	oc_session_record_deinit(&r);
}

SESSIONS_TEST(an_idle_session_begins_anew_where_that_is_configured, idle_reset, many)
{
	ask_and_wait("r1", "a");
	age(10);
	ask_and_wait("r2", "b");
	expect_growth(0);
	age(31);
	ask_and_wait("r3", "c");
	assert_null(strstr(world.sent.v[2], "\\nb"));
	expect_stored("user:a | assistant:1 | user:b | assistant:2 | user:c | assistant:3");
}

SESSIONS_TEST(after_hours_of_silence_a_new_epoch_shows_the_same_talk, NULL, many)
{
	ask_and_wait("r1", "a");
	age(6 * 60 + 1);
	home_write(".openclaw/workspace/USER.md", "The user likes tea.");
	ask_and_wait("r2", "b");
	expect_epoch("idle");
	assert_non_null(strstr(world.systems.v[1], "likes tea"));
	assert_non_null(strstr(world.sent.v[1], "\\na"));
}

/* ---- what a person chose ---- */

static void refuse(const char *changes, const char *words)
{
	json_t *p = js(changes);

	assert_int_equal(oc_sessions_patch_wait(world.sessions, MAIN, p, &world.e), OC_E_INPUT);
	if (!strstr(world.e.msg, words)) fail_msg("%s: %s", changes, world.e.msg);
	json_decref(p);
}

SESSIONS_TEST(choices_are_checked, NULL, many)
{
	static const struct {
		const char *changes, *words;
	} wrong[] = {
		{ "{'model':'ghost/x'}", "ghost" },
		{ "{'thinkingLevel':'hard'}", "thinkingLevel" },
		{ "{'thinkingLevel':'xhigh'}", "p/one has no level" },
		{ "{'verboseLevel':'loud'}", "on|off|full" },
		{ "{'responseUsage':7}", "responseUsage" },
		{ "{'queueMode':'later'}", "queueMode" },
		{ "{'queueCap':0}", "1 to 1000" },
		{ "{'pinned':'yes'}", "true|false" },
		{ "{'other':{'deep':1}}", "other" },
	};
	struct oc_session_record r;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		refuse(wrong[i].changes, wrong[i].words);
	patch("{'model':'p/unheard','thinkingLevel':'high','label':' My talk ','pinned':true,"
	      "'unread':true,'queueMode':'steer'}");
	OK(oc_store_session_wait(world.store, MAIN, &r, &world.e));
	assert_json(r.settings, "{'model':'p/unheard','thinkingLevel':'high','queueMode':'steer'}");
	assert_string_equal(r.label, "My talk");
	assert_true(r.pinned_ms > 0 && r.unread);
	oc_session_record_deinit(&r);
	patch("{'model':null,'thinkingLevel':null,'label':null,'pinned':false}");
	OK(oc_store_session_wait(world.store, MAIN, &r, &world.e));
	assert_json(r.settings, "{'queueMode':'steer'}");
	assert_null(r.label);
	assert_int_equal(r.pinned_ms, 0);
	oc_session_record_deinit(&r);
}

SESSIONS_TEST(injected_words_never_reach_the_model, NULL, many)
{
	json_t *body =
	    js("{'role':'assistant','content':[{'type':'text','text':'/status says hi'}]}");
	struct oc_stored_message m;

	ask_and_wait("r1", "a");
	OK(oc_sessions_inject_wait(world.sessions, MAIN, body, &m, &world.e));
	assert_int_equal(m.seq, 3);
	oc_stored_message_deinit(&m);
	ask_and_wait("r2", "b");
	expect_growth(0);
	assert_null(strstr(world.sent.v[1], "status says"));
	expect_stored("user:a | assistant:1 | assistant:/status says hi+1 | user:b | assistant:2");
	json_decref(body);
}

SESSIONS_TEST(a_session_is_deleted_but_not_the_main_one, NULL, many)
{
	struct oc_session_record r;

	ask_in("agent:main:x", "r1", "a");
	wait_for("r1");
	OK(oc_sessions_delete_wait(world.sessions, "agent:main:x", &world.e));
	assert_int_equal(oc_store_session_wait(world.store, "agent:main:x", &r, &world.e),
			 OC_E_NOT_FOUND);
	assert_int_equal(oc_sessions_delete_wait(world.sessions, "agent:main:x", &world.e),
			 OC_E_NOT_FOUND);
	assert_int_equal(oc_sessions_delete_wait(world.sessions, MAIN, &world.e), OC_E_INPUT);
}

/* ---- many at once ---- */

static const struct line parallel[] = { { .text = "a", .read_ms = 1000 },
					{ .text = "b", .read_ms = 1000 },
					{ .text = "c", .read_ms = 1000 } };
static const char capped[] =
    "{agents:{defaults:{model:'p/one',maxConcurrent:1,contextGuard:{blockBelow:0,warnBelow:0}}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:[{id:'one',"
    "contextWindow:32768}]}}}}";

static uint64_t time_of_three(void)
{
	uint64_t began = oc_now_ms();

	ask_in("agent:main:a", "a", "x");
	ask_in("agent:main:b", "b", "x");
	ask_in("agent:main:c", "c", "x");
	assert_int_equal(oc_sessions_active(world.sessions), 3);
	wait_for("a");
	wait_for("b");
	wait_for("c");
	return oc_now_ms() - began;
}

SESSIONS_TEST(sessions_run_side_by_side, NULL, parallel)
{
	assert_true(time_of_three() < 2000);
}

SESSIONS_TEST(max_concurrent_bounds_them, capped, parallel)
{
	assert_true(time_of_three() >= 3000);
}

/* ---- without a session ---- */

static const struct line calls_caller[] = { { .call = "weather", .args = "{\"city\":\"Rome\"}" } };

SESSIONS_TEST(a_call_of_a_callers_tool_ends_the_run, NULL, calls_caller)
{
	json_t *tools = js("[{'type':'function','function':{'name':'weather','parameters':{}}}]");
	struct oc_messages history = { 0 };
	struct oc_ask one = { .run_id = "r1",
			      .message = OC_LIT("weather?"),
			      .history = &history,
			      .caller_tools = tools,
			      .extra_system = "Speak like a pirate." };
	struct oc_run_outcome o;
	struct oc_session_page page;
	const struct oc_session_query all = { .limit = 10 };
	struct oc_asked asked;

	oc_messages_add(&history, OC_ROLE_USER, OC_LIT("hello"));
	oc_messages_add(&history, OC_ROLE_ASSISTANT, OC_LIT("Ahoy."));
	OK(oc_sessions_ask_wait(world.sessions, &one, &asked, &world.e));
	OK(oc_sessions_outcome_wait(world.sessions, "r1", OC_NO_DEADLINE, &o));
	assert_string_equal(o.status, "ok");
	assert_int_equal(o.finish, OC_FINISH_TOOL_CALLS);
	assert_json(json_object_get(json_array_get(o.client_calls, 0), "function"),
		    "{'name':'weather','arguments':'{\\'city\\':\\'Rome\\'}'}");
	oc_run_outcome_deinit(&o);
	assert_non_null(strstr(world.sent.v[0], "Speak like a pirate."));
	assert_non_null(strstr(world.sent.v[0], "Ahoy."));
	assert_non_null(strstr(world.tools.v[0], "\"read\""));
	assert_true(strstr(world.tools.v[0], "weather") > strstr(world.tools.v[0], "\"exec\""));
	OK(oc_store_sessions_wait(world.store, &all, &page, &world.e));
	assert_int_equal(page.total, 0);
	oc_session_page_deinit(&page);
	oc_messages_deinit(&history);
	json_decref(tools);
}

/* ---- names ---- */

static void keys_are_made_canonical(void **state)
{
	static const struct {
		const char *key, *agent, *want;
	} rows[] = {
		{ "main", NULL, "agent:main:main" },
		{ "notes", NULL, "agent:main:notes" },
		{ "notes", "work", "agent:work:notes" },
		{ "agent:work:x:y", NULL, "agent:work:x:y" },
		{ "agent:ghost:x", NULL, NULL },
		{ "notes", "ghost", NULL },
		{ "", NULL, NULL },
		{ NULL, NULL, NULL },
		{ "agent:main:", NULL, NULL },
		{ "agent::x", NULL, NULL },
		{ "a b", NULL, NULL },
	};
	struct fixture f;

	(void)state;
	assert_int_equal(new_home(NULL), 0);
	open_catalog(&f, "{agents:{entries:{work:{}}}}");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_err e = { 0 };
		char *got = NULL;
		enum oc_rc rc =
		    oc_session_key_canonical(&f.config, rows[i].key, rows[i].agent, &got, &e);

		if (rows[i].want && rc) fail_msg("row %zu: %s", i, e.msg);
		if (!rows[i].want) assert_int_equal(rc, OC_E_INPUT);
		if (rows[i].want) assert_string_equal(got, rows[i].want);
		free(got);
	}
	close_catalog(&f);
	drop_home(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_stored_answered_and_told_in_order),
		cmocka_unit_test(each_request_extends_the_one_before),
		cmocka_unit_test(a_session_has_totals_and_a_title),
		cmocka_unit_test(the_same_id_is_run_once),
		cmocka_unit_test(wrong_input_is_refused_and_leaves_nothing),
		cmocka_unit_test(tools_are_stored_and_told_between_the_segments),
		cmocka_unit_test(what_was_stored_is_sent_again_byte_for_byte),
		cmocka_unit_test(an_abort_keeps_what_had_arrived),
		cmocka_unit_test(an_abort_before_any_text_leaves_fixed_words),
		cmocka_unit_test(a_failure_is_stored_with_its_reason),
		cmocka_unit_test(a_run_that_does_not_move_is_ended),
		cmocka_unit_test(draining_waits_and_then_stops),
		cmocka_unit_test(silence_and_final_tags_are_not_for_people),
		cmocka_unit_test(a_crash_leaves_a_conversation_that_can_go_on),
		cmocka_unit_test(a_retry_after_a_crash_runs_once_and_stores_nothing_twice),
		cmocka_unit_test(a_retry_that_comes_late_is_asked_where_it_can_be_answered),
		cmocka_unit_test(an_epoch_lasts_until_there_is_a_reason),
		cmocka_unit_test(sessions_of_an_agent_begin_with_the_same_bytes),
		cmocka_unit_test(a_fallback_goes_on_with_what_was_done),
		cmocka_unit_test(a_full_context_is_summarised_and_the_talk_goes_on),
		cmocka_unit_test(a_note_that_does_not_come_is_replaced_by_a_digest),
		cmocka_unit_test(compaction_on_request_tells_nothing_but_the_change),
		cmocka_unit_test(old_tool_results_go_first),
		cmocka_unit_test(an_idle_session_begins_anew_where_that_is_configured),
		cmocka_unit_test(after_hours_of_silence_a_new_epoch_shows_the_same_talk),
		cmocka_unit_test(choices_are_checked),
		cmocka_unit_test(injected_words_never_reach_the_model),
		cmocka_unit_test(a_session_is_deleted_but_not_the_main_one),
		cmocka_unit_test(sessions_run_side_by_side),
		cmocka_unit_test(max_concurrent_bounds_them),
		cmocka_unit_test(a_call_of_a_callers_tool_ends_the_run),
		cmocka_unit_test(keys_are_made_canonical),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
