/* Questions of tools to a person: who may answer, when they expire, what is remembered. */
#include "check.h"

#include "sessions_fixture.h"

/* ---- the questions themselves ---- */

static struct {
	struct oc_approvals *a;
	struct oc_buf told;
	enum oc_decision decision;
	enum oc_rc rc;
	struct oc_err e;
	char id[OC_ID_CHARS + 1];
} q;

static void told(void *arg, const json_t *record, const char *decision, const char *by)
{
	(void)arg;
	snprintf(q.id, sizeof q.id, "%s", oc_json_cstr(record, "id"));
	oc_buf_addf(&q.told, "%s %s by %s\n",
		    oc_json_cstr(json_object_get(record, "request"), "command"),
		    decision ? decision : "asked", by ? by : "-");
}

static void asker(void *arg)
{
	json_t *request = js("{'command':'ls','cwd':'/x'}");

	(void)arg;
	q.rc = oc_approvals_ask_wait(q.a, request, &q.decision, &q.e);
	json_decref(request);
}

static void play(void *arg)
{
	void (*fn)(void) = *(void (**)(void))arg;
	struct oc_scope *scope;

	q.a = oc_approvals_new(told, NULL);
	oc_buf_init(&q.told, 4096);
	scope = oc_scope_new();
	oc_scope_spawn(scope, asker, NULL);
	assert_int_equal(oc_sleep_wait(10), OC_OK);
	fn();
	oc_scope_cancel(scope);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	oc_buf_deinit(&q.told);
	oc_approvals_free(q.a);
}

static void with_question(void (*fn)(void))
{
	memset(&q, 0, sizeof q);
	oc_clock_make_virtual(1000000);
	assert_int_equal(oc_rt_run(play, &fn), 0);
	oc_clock_make_real();
}

#define QUESTION_TEST(name)                                                                        \
	static void name##_in(void);                                                               \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		with_question(name##_in);                                                          \
	}                                                                                          \
	static void name##_in(void)

static void expect_told(const char *want)
{
	assert_string_equal(oc_buf_cstr(&q.told), want);
}

QUESTION_TEST(a_question_is_listed_until_it_is_answered)
{
	struct oc_err e = { 0 };
	json_t *list = oc_approvals_list(q.a), *one = oc_approvals_get(q.a, q.id);

	assert_int_equal(json_array_size(list), 1);
	assert_int_equal(oc_json_int(one, "expiresAtMs", 0) - oc_json_int(one, "createdAtMs", 0),
			 OC_APPROVAL_EXPIRES_MS);
	json_decref(list);
	json_decref(one);
	assert_int_equal(oc_approvals_resolve(q.a, "other", OC_ALLOW_ONCE, "x", &e),
			 OC_E_NOT_FOUND);
	assert_int_equal(oc_approvals_resolve(q.a, q.id, OC_ALLOW_ONCE, "ann", &e), OC_OK);
	assert_int_equal(oc_approvals_resolve(q.a, q.id, OC_DENY, "bob", &e), OC_E_NOT_FOUND);
	list = oc_approvals_list(q.a);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	assert_int_equal(oc_sleep_wait(10), OC_OK);
	assert_int_equal(q.rc, OC_OK);
	assert_int_equal(q.decision, OC_ALLOW_ONCE);
	expect_told("ls asked by -\nls allow-once by ann\n");
}

QUESTION_TEST(a_question_that_nobody_answers_is_denied)
{
	assert_int_equal(oc_sleep_wait(OC_APPROVAL_EXPIRES_MS + 1000), OC_OK);
	assert_int_equal(q.rc, OC_E_DENIED);
	assert_int_equal(q.decision, OC_DENY);
	expect_told("ls asked by -\nls deny by -\n");
}

QUESTION_TEST(a_question_goes_with_the_run_that_asked)
{
	expect_told("ls asked by -\n"); /* and what follows is checked by the leak checker */
}

/* ---- asked by a run ---- */

static void answer_next(void *arg, const json_t *record, const char *decision, const char *by)
{
	(void)arg, (void)by;
	if (decision) return;
	snprintf(q.id, sizeof q.id, "%s", oc_json_cstr(record, "id"));
	oc_buf_addf(&world.log, "asked(%s) ",
		    oc_json_cstr(json_object_get(record, "request"), "command"));
}

static const char asking[] =
    "{agents:{defaults:{model:'p/one',contextGuard:{blockBelow:0,warnBelow:0}}},tools:{exec:{mode:'ask'}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:[{id:'one',contextWindow:"
    "32768}]}}}}";
static const char denying[] =
    "{agents:{defaults:{model:'p/one',contextGuard:{blockBelow:0,warnBelow:0}}},tools:{exec:{mode:'deny'}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:[{id:'one',contextWindow:"
    "32768}]}}}}";
static const struct line same_command_twice[] = {
	{ .call = "exec", .args = "{\"command\":\"echo 1\"}" },
	{ .text = "Done." },
	{ .call = "exec", .args = "{\"command\":\"echo 1\"}" },
	{ .text = "Done again." },
};

static void ask_people(void)
{
	stop_sessions();
	world.approvals = oc_approvals_new(answer_next, NULL);
	start_sessions();
}

static void no_more_people(void)
{
	stop_sessions();
	oc_approvals_free(world.approvals);
	world.approvals = NULL;
	start_sessions();
}

/* Asks, answers the question, waits for the end. */
static void ask_and_decide(const char *id, enum oc_decision decision)
{
	ask(id, "go");
	assert_int_equal(oc_sleep_wait(3600 * 1000 / 3), OC_OK); /* a person takes 20 minutes */
	OK(oc_approvals_resolve(world.approvals, q.id, decision, "ann", &world.e));
	assert_string_equal(wait_for(id), "ok");
}

SESSIONS_TEST(an_answer_holds_once, asking, same_command_twice)
{
	ask_people();
	ask_and_decide("r1", OC_ALLOW_ONCE);
	ask_and_decide("r2", OC_DENY);
	expect_stored("user:go | assistant:<exec> | toolResult:1 | assistant:Done. | user:go | "
		      "assistant:<exec> | toolResult:exec: not run: the user did not allow it | "
		      "assistant:Done again.");
	no_more_people();
}

SESSIONS_TEST(allow_always_is_remembered_for_the_session, asking, same_command_twice)
{
	ask_people();
	ask_and_decide("r1", OC_ALLOW_ALWAYS);
	ask_and_wait("r2", "go");
	expect_stored("user:go | assistant:<exec> | toolResult:1 | assistant:Done. | user:go | "
		      "assistant:<exec> | toolResult:1 | assistant:Done again.");
	no_more_people();
}

SESSIONS_TEST(a_mode_that_denies_asks_nobody, denying, same_command_twice)
{
	struct oc_stored_messages l;

	ask_people();
	ask_and_wait("r1", "go");
	stored(MAIN, &l);
	assert_true(oc_json_bool(l.v[2].body, "isError", false));
	assert_null(strstr(oc_buf_cstr(&world.log), "asked("));
	oc_stored_messages_deinit(&l);
	no_more_people();
}

SESSIONS_TEST(an_abort_ends_the_question, asking, same_command_twice)
{
	struct oc_strv aborted = { 0 };
	json_t *list;

	ask_people();
	ask("r1", "go");
	assert_int_equal(oc_sleep_wait(1000), OC_OK);
	oc_sessions_abort_wait(world.sessions, MAIN, "r1", false, "rpc", &aborted);
	oc_strv_deinit(&aborted);
	list = oc_approvals_list(world.approvals);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	expect_stored("user:go | assistant:<exec> | toolResult:interrupted | assistant:[no answer: "
		      "stopped]+4");
	no_more_people();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_listed_until_it_is_answered),
		cmocka_unit_test(a_question_that_nobody_answers_is_denied),
		cmocka_unit_test(a_question_goes_with_the_run_that_asked),
		cmocka_unit_test(an_answer_holds_once),
		cmocka_unit_test(allow_always_is_remembered_for_the_session),
		cmocka_unit_test(a_mode_that_denies_asks_nobody),
		cmocka_unit_test(an_abort_ends_the_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
