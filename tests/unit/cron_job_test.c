/* Jobs: what may be written, what a run leaves behind, and the pages that clients see. */
#include "check.h"

#include "agent/cron/cron_job.h"
#include "agent/cron/cron_page.h"

#define NOW INT64_C(1795219200000) /* 2026-11-21 */

static json_t *value(const char *text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);

	if (!v) fail_msg("%s: %s", text, e.msg);
	return v;
}

static json_t *new_job(const char *text)
{
	json_t *wanted = value(text), *job = NULL;
	struct oc_err e = { 0 };

	if (oc_cron_job_new(wanted, NOW, &job, &e) != OC_OK) fail_msg("%s: %s", text, e.msg);
	json_decref(wanted);
	return job;
}

static const char reminder[] = "{\"name\":\"tea\",\"schedule\":{\"kind\":\"at\",\"at\":\"20m\"},"
			       "\"payload\":{\"kind\":\"text\",\"text\":\"tea is ready\"}}";
static const char daily[] =
    "{\"name\":\"news\",\"schedule\":{\"kind\":\"cron\",\"expr\":\"0 9 * * *\",\"tz\":\"UTC\"},"
    "\"payload\":{\"kind\":\"agentTurn\",\"message\":\"what is new?\"}}";

static void a_new_job_gets_what_was_left_out(void **state)
{
	json_t *job = new_job(daily);

	(void)state;
	assert_string_equal(oc_json_cstr(job, "sessionTarget"), "isolated");
	assert_string_equal(oc_json_cstr(job, "wakeMode"), "now");
	assert_true(oc_cron_job_enabled(job));
	assert_int_equal(oc_cron_job_next(job), NOW + 9 * 3600000);
	json_decref(job);
}

static void a_relative_time_is_settled_when_it_is_written(void **state)
{
	json_t *job = new_job(reminder);

	(void)state;
	assert_int_equal(oc_cron_job_next(job), NOW + 20 * 60000);
	oc_cron_job_plan(job, NOW + 1000); /* a later look moves nothing */
	assert_int_equal(oc_cron_job_next(job), NOW + 20 * 60000);
	json_decref(job);
}

static void a_time_just_gone_runs_and_one_long_ago_is_refused(void **state)
{
	static const struct {
		int64_t ago_ms;
		bool fits;
	} cases[] = { { 1000, true }, { 59999, true }, { 60000, false }, { 86400000, false } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *schedule = json_pack("{s:s,s:I}", "kind", "at", "atMs",
					     (json_int_t)(NOW - cases[i].ago_ms));
		json_t *wanted = value(reminder), *job = NULL, *daily_job = new_job(daily);
		json_t *patch = json_pack("{s:O}", "schedule", schedule);
		struct oc_err e = { 0 };

		json_object_set_new(wanted, "schedule", schedule);
		assert_int_equal(oc_cron_job_new(wanted, NOW, &job, &e) == OC_OK, cases[i].fits);
		if (cases[i].fits) assert_int_equal(oc_cron_job_next(job), NOW - cases[i].ago_ms);
		if (!cases[i].fits) assert_non_null(strstr(e.msg, "in the past"));
		json_decref(job);
		job = NULL;
		assert_int_equal(oc_cron_job_patch(daily_job, patch, NOW, &job, &e) == OC_OK,
				 cases[i].fits);
		json_decref(job);
		json_decref(daily_job);
		json_decref(patch);
		json_decref(wanted);
	}
}

static void a_wrong_job_is_refused_with_the_member(void **state)
{
	static const char *const wrong[][2] = {
		{ "{}", "name" },
		{ "{\"name\":\"x\"}", "schedule" },
		{ "{\"name\":\"x\",\"schedule\":{\"kind\":\"every\",\"everyMs\":60000}}",
		  "payload.kind" },
		{ "{\"name\":\"x\",\"schedule\":{\"kind\":\"every\",\"everyMs\":60000},\"payload\":{\"kind\":\"agentTurn\"}}",
		  "payload.message" },
		{ "{\"name\":\"x\",\"schedule\":{\"kind\":\"every\",\"everyMs\":60000},\"payload\":{\"kind\":\"text\",\"text\":\"a\"},"
		  "\"sessionTarget\":\"elsewhere\"}",
		  "sessionTarget" },
		{ "{\"name\":\"x\",\"schedule\":{\"kind\":\"every\",\"everyMs\":60000},\"payload\":{\"kind\":\"text\",\"text\":\"a\"},"
		  "\"wakeMode\":\"soon\"}",
		  "wakeMode" },
		{ "[]", "name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		json_t *wanted = value(wrong[i][0]), *job = NULL;
		struct oc_err e = { 0 };

		assert_int_equal(oc_cron_job_new(wanted, NOW, &job, &e), OC_E_INPUT);
		if (!strstr(e.msg, wrong[i][1])) fail_msg("%s: %s", wrong[i][0], e.msg);
		json_decref(wanted);
	}
}

static void a_patch_keeps_id_and_state_and_plans_anew(void **state)
{
	json_t *job = new_job(daily), *changed = NULL;
	json_t *patch = value(
	    "{\"id\":\"other\",\"schedule\":{\"kind\":\"every\",\"everyMs\":60000},\"state\":{}}");
	struct oc_err e = { 0 };

	(void)state;
	json_object_set_new(oc_cron_job_state(job), "lastRunAtMs", json_integer(5));
	assert_int_equal(oc_cron_job_patch(job, patch, NOW + 10, &changed, &e), OC_OK);
	assert_string_equal(oc_json_cstr(changed, "id"), oc_json_cstr(job, "id"));
	assert_int_equal(oc_json_int(oc_cron_job_state(changed), "lastRunAtMs", 0), 5);
	assert_int_equal(oc_cron_job_next(changed), NOW + 10 + 60000);
	assert_null(json_object_get(json_object_get(changed, "schedule"), "expr"));
	json_decref(changed);
	json_decref(patch);

	patch = value("{\"enabled\":false}");
	assert_int_equal(oc_cron_job_patch(job, patch, NOW, &changed, &e), OC_OK);
	assert_int_equal(oc_cron_job_next(changed), 0);
	json_decref(changed);
	json_decref(patch);
	json_decref(job);
}

static void a_reminder_goes_when_it_was_said_and_stays_switched_off_when_it_failed(void **state)
{
	json_t *job = new_job(reminder);

	(void)state;
	assert_false(oc_cron_job_ended(job, "error", "no session", NOW, NOW + 5));
	assert_false(oc_cron_job_enabled(job));
	assert_string_equal(oc_json_cstr(oc_cron_job_state(job), "lastError"), "no session");
	assert_true(oc_cron_job_ended(job, "ok", NULL, NOW, NOW + 5));
	json_decref(job);
}

static void errors_in_a_row_push_the_next_run_further_away(void **state)
{
	static const int64_t want[] = { 30000, 60000, 300000, 900000, 3600000, 3600000 };
	json_t *job = new_job("{\"name\":\"x\",\"schedule\":{\"kind\":\"every\",\"everyMs\":1000},"
			      "\"payload\":{\"kind\":\"text\",\"text\":\"a\"}}");

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		assert_false(oc_cron_job_ended(job, "error", "down", NOW, NOW));
		assert_int_equal(oc_cron_job_next(job), NOW + want[i]);
	}
	assert_false(oc_cron_job_ended(job, "ok", NULL, NOW, NOW));
	assert_int_equal(oc_cron_job_next(job), NOW + 1000);
	json_decref(job);
}

static size_t names_on(json_t *const *jobs, size_t n, const char *params, char *names)
{
	json_t *p = value(params), *page = oc_cron_page(jobs, n, p, 7), *job;
	size_t i, total = (size_t)oc_json_int(page, "total", -1);

	*names = '\0';
	json_array_foreach (json_object_get(page, "jobs"), i, job)
		strncat(names, oc_json_cstr(job, "name"), 1);
	assert_string_equal(oc_json_cstr(page, "snapshotRevision"), "7");
	assert_int_equal(oc_json_int(page, "offset", -1), oc_json_int(p, "offset", 0));
	json_decref(page);
	json_decref(p);
	return total;
}

static void pages_are_filtered_sorted_and_echo_what_was_asked(void **state)
{
	static const char *const list[] = {
		"{\"name\":\"c\",\"schedule\":{\"kind\":\"at\",\"at\":\"3h\"},\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}",
		"{\"name\":\"a\",\"schedule\":{\"kind\":\"at\",\"at\":\"2h\"},\"payload\":{\"kind\":\"text\",\"text\":\"y\"}}",
		"{\"name\":\"b\",\"enabled\":false,\"schedule\":{\"kind\":\"every\",\"everyMs\":60000},\"payload\":{\"kind\":\"text\",\"text\":\"x\"}}",
	};
	static const struct {
		const char *params, *names;
		size_t total;
	} cases[] = {
		{ "{}", "ac", 2 },
		{ "{\"includeDisabled\":true}", "acb", 3 },
		{ "{\"includeDisabled\":true,\"limit\":1,\"offset\":1}", "c", 3 },
		{ "{\"includeDisabled\":true,\"sortBy\":\"name\",\"sortDir\":\"desc\"}", "cba", 3 },
		{ "{\"enabled\":\"disabled\"}", "b", 1 },
		{ "{\"scheduleKind\":\"at\",\"enabled\":\"all\"}", "ac", 2 },
		{ "{\"query\":\"X\",\"enabled\":\"all\",\"limit\":200}", "cb", 2 },
		{ "{\"offset\":1000000}", "", 2 },
		{ "{\"lastRunStatus\":\"ok\"}", "", 0 },
	};
	json_t *jobs[3];
	char names[32];

	(void)state;
	for (size_t i = 0; i < 3; i++) jobs[i] = new_job(list[i]);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t total = names_on(jobs, 3, cases[i].params, names);

		if (total != cases[i].total || strcmp(names, cases[i].names))
			fail_msg("%s: %s (%zu)", cases[i].params, names, total);
	}
	for (size_t i = 0; i < 3; i++) json_decref(jobs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_job_gets_what_was_left_out),
		cmocka_unit_test(a_relative_time_is_settled_when_it_is_written),
		cmocka_unit_test(a_time_just_gone_runs_and_one_long_ago_is_refused),
		cmocka_unit_test(a_wrong_job_is_refused_with_the_member),
		cmocka_unit_test(a_patch_keeps_id_and_state_and_plans_anew),
		cmocka_unit_test(
		    a_reminder_goes_when_it_was_said_and_stays_switched_off_when_it_failed),
		cmocka_unit_test(errors_in_a_row_push_the_next_run_further_away),
		cmocka_unit_test(pages_are_filtered_sorted_and_echo_what_was_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
