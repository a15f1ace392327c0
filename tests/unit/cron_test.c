/* The scheduler and the heartbeat on virtual time: what runs when, once, in which order. */
#include "check.h"

#include "agent/cron/cron.h"
#include "agent/cron/cron_run.h"
#include "agent/cron/heartbeat.h"
#include "agent/session/session_events.h"
#include "sessions_fixture.h"

#define START INT64_C(1795219200000) /* 2026-11-21 00:00 UTC */
enum { SECOND = 1000, MINUTE = 60000, HOUR = 3600000, DAY = 86400000 };

static struct {
	struct oc_cron *cron;
	struct oc_strv finished; /* "name status" */
	struct oc_strv sent;	 /* "target text" */
	enum oc_rc deliver_rc;
} jobs;

static void told(void *arg, const json_t *event)
{
	const json_t *job = json_object_get(event, "job");

	(void)arg;
	if (!strcmp(oc_json_cstr(event, "action"), "finished"))
		oc_strv_add(&jobs.finished, oc_json_str(job, "name"));
}

static enum oc_rc deliver_wait(void *arg, const struct oc_delivery *d, struct oc_err *e)
{
	(void)arg;
	oc_strv_addf(&jobs.sent, "%s %s %.*s", d->channel, d->to ? d->to : "-", OC_FMT(d->text));
	return jobs.deliver_rc ? oc_fail(e, jobs.deliver_rc, "the chat is gone") : OC_OK;
}

static void begin(void)
{
	const struct oc_cron_spec spec = { .store = world.store,
					   .sessions = world.sessions,
					   .snapshot = current,
					   .told = told,
					   .delivery = { .deliver_wait = deliver_wait } };

	OK(oc_cron_start_wait(&spec, &jobs.cron, &world.e));
}

static void end(void)
{
	oc_sessions_drain_wait(world.sessions, 0);
	oc_cron_stop_wait(jobs.cron);
	oc_strv_deinit(&jobs.finished);
	oc_strv_deinit(&jobs.sent);
	memset(&jobs, 0, sizeof jobs);
}

/* As if the machine had been off until then. */
static void restart_at(int64_t wall_ms)
{
	oc_cron_stop_wait(jobs.cron);
	oc_clock_set_wall(wall_ms);
	begin();
}

static char *add(const char *text)
{
	json_t *wanted, *job = NULL;
	char *id;

	wanted = oc_json_parse(oc_str(text), NULL, &world.e);
	if (!wanted) fail_msg("%s: %s", text, world.e.msg);
	OK(oc_cron_add_wait(jobs.cron, wanted, &job, &world.e));
	id = oc_strdup(oc_json_cstr(job, "id"));
	json_decref(wanted);
	json_decref(job);
	return id;
}

static void add_plain(const char *text)
{
	free(add(text));
}

static void pass(int64_t ms)
{
	OK(oc_sleep_wait((uint64_t)ms));
}

/* A member of the job's state. */
static int64_t state_of(const char *id, const char *key)
{
	json_t *job = NULL;
	int64_t value;

	OK(oc_cron_get(jobs.cron, id, &job, &world.e));
	value = oc_json_int(json_object_get(job, "state"), key, 0);
	json_decref(job);
	return value;
}

static json_t *runs_of(const char *id)
{
	json_t *params = json_pack("{s:s}", "id", id), *page = NULL, *list;

	OK(oc_cron_runs_wait(jobs.cron, params, &page, &world.e));
	list = json_incref(json_object_get(page, "entries"));
	json_decref(params);
	json_decref(page);
	return list;
}

/* A member of its newest run. Static until the next call. */
static const char *last_run(const char *id, const char *key)
{
	static char text[2000];
	json_t *list = runs_of(id);
	const char *value = oc_json_cstr(json_array_get(list, 0), key);

	snprintf(text, sizeof text, "%s", value ? value : "(none)");
	json_decref(list);
	return text;
}

static void expect_jobs(size_t n)
{
	json_t *status = oc_cron_status(jobs.cron);

	assert_int_equal(oc_json_int(status, "jobs", -1), n);
	json_decref(status);
}

/* ---- time ---- */

#define CRON_TEST(name, script)                                                                    \
	static void name##_at(void);                                                               \
	SESSIONS_TEST(name, NULL, script)                                                          \
	{                                                                                          \
		oc_clock_set_wall(START);                                                          \
		begin();                                                                           \
		name##_at();                                                                       \
		end();                                                                             \
	}                                                                                          \
	static void name##_at(void)

CRON_TEST(a_reminder_is_told_without_a_model_and_is_gone_then, NULL)
{
	add_plain("{\"when\":\"in 20 minutes\",\"payload\":{\"kind\":\"text\",\"text\":\"tea\"}}");
	pass(19 * MINUTE);
	assert_int_equal(jobs.finished.n, 0);
	pass(2 * MINUTE);
	assert_int_equal(jobs.finished.n, 1);
	expect_stored("assistant:tea+1");
	expect_jobs(0);
	assert_int_equal(world.sent.n, 0);
	assert_int_equal(oc_session_events_count(world.sessions, MAIN), 1);
}

static const char every_hour[] =
    "{\"name\":\"h\",\"schedule\":{\"kind\":\"every\",\"everyMs\":3600000},"
    "\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}";

CRON_TEST(a_day_asleep_brings_one_run_and_then_the_old_pace, NULL)
{
	add_plain(every_hour);
	pass(2 * HOUR + MINUTE);
	assert_int_equal(jobs.finished.n, 2);
	oc_clock_set_wall(START + 2 * HOUR + MINUTE + DAY);
	pass(MINUTE);
	assert_int_equal(jobs.finished.n, 3);
	pass(HOUR);
	assert_int_equal(jobs.finished.n, 4);
}

CRON_TEST(a_clock_set_back_does_not_stop_the_jobs, NULL)
{
	char *id = add(every_hour);

	pass(HOUR + MINUTE);
	assert_int_equal(jobs.finished.n, 1);
	oc_clock_set_wall(START - 30 * (int64_t)DAY);
	pass(2 * HOUR);
	assert_true(state_of(id, "nextRunAtMs") < START + 2 * HOUR);
	free(id);
}

CRON_TEST(a_daily_job_keeps_its_time_over_both_clock_changes, NULL)
{
	static const int64_t days[] = { INT64_C(1774656000000) /* 2026-03-28 00:00 UTC */,
					INT64_C(1792800000000) /* 2026-10-24 00:00 UTC */ };

	for (size_t i = 0; i < 2; i++) {
		char *id;

		oc_clock_set_wall(days[i]);
		id = add(
		    "{\"name\":\"d\",\"schedule\":{\"kind\":\"cron\",\"expr\":\"30 8 * * *\","
		    "\"tz\":\"Europe/Berlin\"},\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}");
		pass(DAY * INT64_C(3));
		json_t *list = runs_of(id);
		assert_int_equal(json_array_size(list), 3);
		for (size_t k = 0; k < 3; k++) {
			struct oc_civil c;
			int64_t at = oc_json_int(json_array_get(list, k), "runAtMs", 0);

			oc_zone_civil(oc_zone_get("Europe/Berlin", NULL), at, &c);
			assert_int_equal(c.hour, 8);
			assert_int_equal(c.minute, 30);
		}
		json_decref(list);
		free(id);
	}
}

CRON_TEST(a_thousand_jobs_run_when_they_are_due, NULL)
{
	for (int i = 0; i < 1000; i++) {
		char text[200];

		snprintf(text, sizeof text,
			 "{\"name\":\"j%d\",\"schedule\":{\"kind\":\"at\",\"atMs\":%lld},"
			 "\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}",
			 i, (long long)(START + MINUTE + i % 10 * SECOND));
		add_plain(text);
	}
	expect_jobs(1000);
	pass(2 * MINUTE);
	assert_int_equal(jobs.finished.n, 1000);
	expect_jobs(0);
}

/* ---- after a stop ---- */

static const struct line two_answers[] = { { .text = "one" }, { .text = "two" } };

CRON_TEST(what_was_missed_comes_once_and_the_model_later, two_answers)
{
	add_plain(every_hour);
	add_plain("{\"name\":\"a\",\"schedule\":{\"kind\":\"every\",\"everyMs\":3600000},"
		  "\"payload\":{\"kind\":\"agentTurn\",\"message\":\"look\"}}");
	restart_at(START + 5 * HOUR);
	pass(SECOND);
	assert_int_equal(jobs.finished.n, 1);
	assert_string_equal(jobs.finished.v[0], "h");
	assert_int_equal(world.sent.n, 0);
	pass(3 * MINUTE);
	assert_int_equal(jobs.finished.n, 2);
	assert_int_equal(world.sent.n, 1);
}

/* ---- errors ---- */

static const char failing[] =
    "{\"name\":\"f\",\"schedule\":{\"kind\":\"every\",\"everyMs\":10000},"
    "\"payload\":{\"kind\":\"text\",\"text\":\"x\"},"
    "\"delivery\":{\"mode\":\"announce\",\"channel\":\"telegram\",\"to\":\"7\"}}";

CRON_TEST(a_failing_job_backs_off_and_a_person_hears_of_it_once, NULL)
{
	char *id = add(failing);

	jobs.deliver_rc = OC_E_UPSTREAM;
	pass(11 * SECOND);
	assert_string_equal(last_run(id, "status"), "error");
	assert_string_equal(last_run(id, "deliveryStatus"), "not-delivered");
	assert_string_equal(last_run(id, "deliveryError"), "the chat is gone");
	pass(25 * SECOND);
	assert_int_equal(jobs.finished.n, 1); /* 30 s later, not 10 */
	pass(10 * SECOND);
	assert_int_equal(jobs.finished.n, 2);
	assert_int_equal(jobs.sent.n, 3); /* two tries and the alert */
	assert_non_null(strstr(jobs.sent.v[2], "failed 2 times in a row"));
	pass(10 * MINUTE);
	assert_int_equal(state_of(id, "consecutiveErrors"), 4);
	assert_int_equal(jobs.sent.n, 5); /* no second alert within the hour */
	jobs.deliver_rc = OC_OK;
	pass(HOUR);
	assert_int_equal(state_of(id, "consecutiveErrors"), 0);
	assert_string_equal(last_run(id, "deliveryStatus"), "delivered");
	free(id);
}

CRON_TEST(a_best_effort_delivery_fails_no_job, NULL)
{
	char *id = add("{\"name\":\"b\",\"when\":\"in 1 minute\",\"deleteAfterRun\":false,"
		       "\"payload\":{\"kind\":\"text\",\"text\":\"x\"},"
		       "\"delivery\":{\"mode\":\"announce\",\"bestEffort\":true}}");

	jobs.deliver_rc = OC_E_UPSTREAM;
	pass(2 * MINUTE);
	assert_string_equal(last_run(id, "status"), "ok");
	assert_string_equal(last_run(id, "deliveryStatus"), "not-delivered");
	free(id);
}

static const struct line fails_then_works[] = {
	{ .outcome = OC_OUTCOME_ERROR, .error = OC_ERR_AUTH },
	{ .text = "done" },
};

CRON_TEST(a_one_shot_that_failed_is_tried_again, fails_then_works)
{
	add_plain("{\"name\":\"o\",\"when\":\"in 1 minute\","
		  "\"payload\":{\"kind\":\"agentTurn\",\"message\":\"look\"}}");
	pass(MINUTE + SECOND);
	assert_int_equal(jobs.finished.n, 1);
	expect_jobs(1);
	pass(MINUTE);
	assert_int_equal(jobs.finished.n, 2);
	expect_jobs(0);
}

/* ---- the model ---- */

static const struct line silent[] = { { .text = "NO_REPLY" } };

CRON_TEST(silence_is_recorded_and_not_delivered, silent)
{
	char *id = add("{\"name\":\"s\",\"when\":\"in 1 minute\",\"deleteAfterRun\":false,"
		       "\"payload\":{\"kind\":\"agentTurn\",\"message\":\"look\"},"
		       "\"delivery\":{\"mode\":\"announce\"}}");

	pass(2 * MINUTE);
	assert_string_equal(last_run(id, "status"), "ok");
	assert_string_equal(last_run(id, "deliveryStatus"), "not-requested");
	assert_int_equal(jobs.sent.n, 0);
	free(id);
}

CRON_TEST(an_isolated_job_has_a_small_opening_and_only_its_tools, two_answers)
{
	home_write(".openclaw/workspace/USER.md", "My name is Ann.\n");
	add_plain("{\"name\":\"i\",\"when\":\"in 1 minute\",\"payload\":{\"kind\":\"agentTurn\","
		  "\"message\":\"look\",\"toolsAllow\":[\"read\"]},"
		  "\"delivery\":{\"mode\":\"session\",\"to\":\"main\"}}");
	pass(2 * MINUTE);
	assert_int_equal(world.systems.n, 1);
	assert_null(strstr(world.systems.v[0], "Ann"));
	assert_non_null(strstr(world.tools.v[0], "\"name\":\"read\""));
	assert_null(strstr(world.tools.v[0], "\"name\":\"exec\""));
	assert_true(strlen(world.systems.v[0]) + strlen(world.tools.v[0]) < 6000);
	expect_stored("assistant:one+1");
}

static const struct line slow[] = { { .text = "late", .read_ms = 2 * HOUR } };

CRON_TEST(a_job_waits_while_a_person_talks, two_answers)
{
	char *id = add("{\"name\":\"q\",\"when\":\"in 1 minute\",\"skipIfUserActiveMinutes\":5,"
		       "\"deleteAfterRun\":false,"
		       "\"payload\":{\"kind\":\"agentTurn\",\"message\":\"look\"}}");

	ask_and_wait("r1", "hello");
	pass(2 * MINUTE);
	assert_int_equal(jobs.finished.n, 0);
	pass(4 * MINUTE);
	assert_int_equal(jobs.finished.n, 1);
	assert_string_equal(last_run(id, "summary"), "two");
	free(id);
}

CRON_TEST(a_run_that_cannot_begin_before_its_deadline_is_skipped, slow)
{
	char *id = add("{\"name\":\"l\",\"when\":\"in 1 minute\",\"deleteAfterRun\":false,"
		       "\"deadline\":\"10m\","
		       "\"payload\":{\"kind\":\"agentTurn\",\"message\":\"look\"}}");

	pass(15 * MINUTE);
	assert_int_equal(jobs.finished.n, 1);
	assert_string_equal(last_run(id, "status"), "skipped");
	free(id);
}

/* ---- commands ---- */

static void a_condition_looks_at_the_output(void **state)
{
	static const struct {
		const char *condition, *output;
		bool holds;
	} cases[] = {
		{ NULL, "anything", true },
		{ "{\"regex\":\"^disk full\"}", "ok\ndisk full: /\n", true },
		{ "{\"regex\":\"error\"}", "fine", false },
		{ "{\"above\":90}", "used: 91.5 %", true },
		{ "{\"above\":90}", "used: 90", false },
		{ "{\"below\":0}", "temperature -3", true },
		{ "{\"below\":0}", "x-3 is not -1", false },
		{ "{\"above\":1,\"below\":3}", "2", true },
		{ "{\"above\":1,\"below\":3}", "4", false },
		{ "{\"above\":1}", "no number", false },
		{ "{\"above\":1,\"regex\":\"GB\"}", "2 GB", true },
		{ "{\"above\":1,\"regex\":\"GB\"}", "2 MB", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *c = cases[i].condition ? json_loads(cases[i].condition, 0, NULL) : NULL;

		if (oc_cron_condition_holds(c, oc_str(cases[i].output)) != cases[i].holds)
			fail_msg("%s on %s", cases[i].condition, cases[i].output);
		json_decref(c);
	}
}

static void what_does_not_go_together_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "{\"when\":\"in 1 hour\",\"sessionTarget\":\"main\",\"payload\":{\"kind\":\"agentTurn\",\"message\":\"x\"}}",
		  "main" },
		{ "{\"when\":\"in 1 hour\",\"sessionTarget\":\"isolated\",\"payload\":{\"kind\":\"systemEvent\",\"text\":\"x\"}}",
		  "systemEvent" },
		{ "{\"when\":\"tomorrow\",\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}",
		  "At what time?" },
		{ "{\"when\":\"yesterday at 9\",\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}",
		  "past" },
		{ "{\"name\":\"x\",\"when\":\"in 1 hour\",\"payload\":{\"kind\":\"command\"}}",
		  "payload.command" },
		{ "{\"when\":\"in 1 hour\",\"payload\":{\"kind\":\"command\",\"command\":\"df\",\"condition\":{\"regex\":\"(\"}}}",
		  "regex" },
		{ "{\"when\":\"in 1 hour\",\"payload\":{\"kind\":\"text\",\"text\":\"x\"},\"delivery\":{\"mode\":\"fax\"}}",
		  "delivery.mode" },
		{ "{\"when\":\"in 1 hour\",\"payload\":{\"kind\":\"text\",\"text\":\"x\"},\"delivery\":{\"mode\":\"webhook\",\"to\":\"ftp://x\"}}",
		  "http" },
		{ "{\"when\":\"in 1 hour\",\"payload\":{\"kind\":\"text\",\"text\":\"x\"},\"deadline\":\"soon\"}",
		  "deadline" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		json_t *wanted = json_loads(wrong[i][0], 0, NULL), *job = NULL;

		assert_int_equal(oc_cron_add_wait(jobs.cron, wanted, &job, &world.e), OC_E_INPUT);
		if (!strstr(world.e.msg, wrong[i][1])) fail_msg("%s: %s", wrong[i][0], world.e.msg);
		json_decref(wanted);
	}
}

CRON_TEST(wrong_jobs_are_refused_with_what_is_wrong, NULL)
{
	what_does_not_go_together_is_refused(NULL);
	expect_jobs(0);
}

/* ---- heartbeat ---- */

static const char beats[] =
    "{agents:{defaults:{model:'p/one',contextGuard:{blockBelow:0,warnBelow:0},"
    "heartbeat:{every:'30m',target:'owner',activeHours:{start:'08:00',end:'22:00',timezone:'UTC'}}}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:["
    "{id:'one',contextWindow:32768}]}}}}";

static struct oc_heartbeat *start_heartbeat(void)
{
	const struct oc_heartbeat_spec spec = { .store = world.store,
						.sessions = world.sessions,
						.snapshot = current,
						.delivery = { .deliver_wait = deliver_wait } };
	struct oc_heartbeat *h;

	OK(oc_heartbeat_start_wait(&spec, &h, &world.e));
	return h;
}

static void expect_last(struct oc_heartbeat *h, const char *status, const char *reason)
{
	json_t *last = oc_heartbeat_last(h);

	assert_non_null(last);
	assert_string_equal(oc_json_cstr(last, "status"), status);
	if (reason) assert_string_equal(oc_json_cstr(last, "reason"), reason);
	json_decref(last);
}

static const struct line beat_lines[] = { { .text = "hello" },
					  { .text = "NO_REPLY" },
					  { .text = "the backup failed" },
					  { .text = "I know" } };

SESSIONS_TEST(a_heartbeat_asks_only_when_there_is_something_to_look_at, beats, beat_lines)
{
	struct oc_heartbeat *h;

	oc_clock_set_wall(START + 9 * HOUR);
	h = start_heartbeat();
	ask_and_wait("r1", "hi");
	pass(2 * HOUR + MINUTE);
	assert_int_equal(world.sent.n, 1);
	expect_last(h, "skipped", "nothing-to-look-at");

	OK(oc_session_event_add_wait(world.sessions, MAIN, OC_LIT("the door opened"), &world.e));
	pass(HOUR / 2);
	assert_int_equal(world.sent.n, 2);
	assert_non_null(strstr(world.sent.v[1], "[event the door opened]"));
	expect_last(h, "ok-token", NULL);
	assert_int_equal(jobs.sent.n, 0);

	OK(oc_session_event_add_wait(world.sessions, MAIN, OC_LIT("exit 1"), &world.e));
	pass(HOUR / 2);
	expect_last(h, "sent", NULL);
	assert_int_equal(jobs.sent.n, 1);
	assert_string_equal(jobs.sent.v[0], "owner - the backup failed");

	OK(oc_heartbeat_enable_wait(h, false, &world.e));
	OK(oc_session_event_add_wait(world.sessions, MAIN, OC_LIT("again"), &world.e));
	pass(2 * HOUR);
	assert_int_equal(world.sent.n, 3);
	ask_and_wait("r2", "did you see?");
	expect_growth(0); /* every beat is a turn at the end */
	assert_non_null(strstr(world.sent.v[3], "[event again]"));

	OK(oc_heartbeat_enable_wait(h, true, &world.e));
	OK(oc_session_event_add_wait(world.sessions, MAIN, OC_LIT("late"), &world.e));
	oc_clock_set_wall(START + 23 * HOUR);
	pass(HOUR);
	expect_last(h, "skipped", "quiet-hours");
	assert_int_equal(world.sent.n, 4);
	oc_sessions_drain_wait(world.sessions, 0);
	oc_heartbeat_stop_wait(h);
	oc_strv_deinit(&jobs.sent);
	memset(&jobs, 0, sizeof jobs);
}

SESSIONS_TEST(without_a_configured_pace_there_is_no_heartbeat, NULL, NULL)
{
	struct oc_heartbeat *h = start_heartbeat();

	OK(oc_session_event_add_wait(world.sessions, MAIN, OC_LIT("x"), &world.e));
	pass(INT64_C(3) * DAY);
	assert_null(oc_heartbeat_last(h));
	oc_sessions_drain_wait(world.sessions, 0);
	oc_heartbeat_stop_wait(h);
}

static void active_hours_may_go_over_midnight(void **state)
{
	static const struct {
		const char *hours;
		int hour;
		bool active;
	} cases[] = {
		{ "{\"start\":\"08:00\",\"end\":\"22:00\"}", 8, true },
		{ "{\"start\":\"08:00\",\"end\":\"22:00\"}", 22, false },
		{ "{\"start\":\"08:00\",\"end\":\"24:00\"}", 23, true },
		{ "{\"start\":\"20:00\",\"end\":\"06:00\"}", 23, true },
		{ "{\"start\":\"20:00\",\"end\":\"06:00\"}", 5, true },
		{ "{\"start\":\"20:00\",\"end\":\"06:00\"}", 12, false },
		{ "{\"start\":\"08:00\"}", 7, false },
		{ "{\"start\":\"8:00\",\"end\":\"9:00\",\"timezone\":\"Asia/Tokyo\"}", 23, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *hours = json_loads(cases[i].hours, 0, NULL);

		if (oc_heartbeat_is_active(hours, "UTC", START + cases[i].hour * (int64_t)HOUR) !=
		    cases[i].active)
			fail_msg("%s at %d", cases[i].hours, cases[i].hour);
		json_decref(hours);
	}
}

static void headings_and_comments_are_no_notes(void **state)
{
	(void)state;
	assert_false(oc_heartbeat_has_notes(OC_LIT("")));
	assert_false(oc_heartbeat_has_notes(OC_LIT("# Heartbeat\n\n<!-- nothing -->\n  \n")));
	assert_true(oc_heartbeat_has_notes(OC_LIT("# Heartbeat\n- look at the mail\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reminder_is_told_without_a_model_and_is_gone_then),
		cmocka_unit_test(a_day_asleep_brings_one_run_and_then_the_old_pace),
		cmocka_unit_test(a_clock_set_back_does_not_stop_the_jobs),
		cmocka_unit_test(a_daily_job_keeps_its_time_over_both_clock_changes),
		cmocka_unit_test(a_thousand_jobs_run_when_they_are_due),
		cmocka_unit_test(what_was_missed_comes_once_and_the_model_later),
		cmocka_unit_test(a_failing_job_backs_off_and_a_person_hears_of_it_once),
		cmocka_unit_test(a_best_effort_delivery_fails_no_job),
		cmocka_unit_test(a_one_shot_that_failed_is_tried_again),
		cmocka_unit_test(silence_is_recorded_and_not_delivered),
		cmocka_unit_test(an_isolated_job_has_a_small_opening_and_only_its_tools),
		cmocka_unit_test(a_job_waits_while_a_person_talks),
		cmocka_unit_test(a_run_that_cannot_begin_before_its_deadline_is_skipped),
		cmocka_unit_test(a_condition_looks_at_the_output),
		cmocka_unit_test(wrong_jobs_are_refused_with_what_is_wrong),
		cmocka_unit_test(a_heartbeat_asks_only_when_there_is_something_to_look_at),
		cmocka_unit_test(without_a_configured_pace_there_is_no_heartbeat),
		cmocka_unit_test(active_hours_may_go_over_midnight),
		cmocka_unit_test(headings_and_comments_are_no_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
