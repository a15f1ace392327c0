/* Schedules: what they mean, and what is refused. */
#include "check.h"

#include "agent/cron/cron_time.h"

static int64_t moment(const char *text)
{
	int64_t ms;

	if (!oc_parse_moment(oc_str(text), oc_zone_get("UTC", NULL), 0, &ms))
		fail_msg("no moment: %s", text);
	return ms;
}

static json_t *schedule_of(const char *text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);

	assert_non_null(v);
	return v;
}

static const struct {
	const char *schedule, *after, *want; /* want NULL = never */
} times[] = {
	{ "{\"kind\":\"at\",\"at\":\"2026-12-24T18:00:00Z\"}", "2026-11-21T00:00:00Z",
	  "2026-12-24T18:00:00Z" },
	{ "{\"kind\":\"at\",\"at\":\"2026-12-24T18:00:00+01:00\"}", "2026-11-21T00:00:00Z",
	  "2026-12-24T17:00:00Z" },
	{ "{\"kind\":\"at\",\"at\":\"2026-12-24T18:00\",\"tz\":\"Europe/Berlin\"}",
	  "2026-11-21T00:00:00Z", "2026-12-24T17:00:00Z" },
	{ "{\"kind\":\"at\",\"at\":\"2026-01-01\"}", "2026-11-21T00:00:00Z", NULL },
	{ "{\"kind\":\"every\",\"everyMs\":600000,\"anchorMs\":0}", "2026-11-21T00:03:00Z",
	  "2026-11-21T00:10:00Z" },
	{ "{\"kind\":\"every\",\"every\":\"2h\",\"anchorMs\":0}", "2026-11-21T02:00:00Z",
	  "2026-11-21T04:00:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"30 8 * * mon-fri\",\"tz\":\"UTC\"}",
	  "2026-11-21T00:00:00Z", "2026-11-23T08:30:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"0 9 1,15 * *\",\"tz\":\"UTC\"}", "2026-11-15T09:00:00Z",
	  "2026-12-01T09:00:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"0 9 13 * fri\",\"tz\":\"UTC\"}", "2026-11-21T00:00:00Z",
	  "2026-11-27T09:00:00Z" }, /* either day */
	{ "{\"kind\":\"cron\",\"expr\":\"*/15 * * * *\",\"tz\":\"UTC\"}", "2026-11-21T10:16:00Z",
	  "2026-11-21T10:30:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"*/20 30 10 * * *\",\"tz\":\"UTC\"}",
	  "2026-11-21T10:30:20Z", "2026-11-21T10:30:40Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"15 10 30 * * * *\",\"tz\":\"UTC\"}", NULL, NULL },
	{ "{\"kind\":\"cron\",\"expr\":\"0 0 29 2 *\",\"tz\":\"UTC\"}", "2026-11-21T00:00:00Z",
	  "2028-02-29T00:00:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"0 0 31 2 *\",\"tz\":\"UTC\"}", "2026-11-21T00:00:00Z",
	  NULL },
	{ "{\"kind\":\"cron\",\"expr\":\"@daily\",\"tz\":\"UTC\"}", "2026-11-21T00:00:00Z",
	  "2026-11-22T00:00:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"0 0 * * 7\",\"tz\":\"UTC\"}", "2026-11-21T00:00:00Z",
	  "2026-11-22T00:00:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"0 12 * * *\",\"tz\":\"UTC\",\"staggerMs\":60000}",
	  "2026-11-21T12:00:30Z", "2026-11-21T12:01:00Z" },
	/* Spring: 02:30 does not exist in Berlin on 29 March; autumn: it happens twice on 25
	   October. */
	{ "{\"kind\":\"cron\",\"expr\":\"30 2 * * *\",\"tz\":\"Europe/Berlin\"}",
	  "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"30 2 * * *\",\"tz\":\"Europe/Berlin\"}",
	  "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"30 2 * * *\",\"tz\":\"Europe/Berlin\"}",
	  "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z" },
	{ "{\"kind\":\"cron\",\"expr\":\"30 * * * *\",\"tz\":\"Europe/Berlin\"}",
	  "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z" }, /* every hour that passes */
	{ "{\"kind\":\"cron\",\"expr\":\"0 9 * * *\",\"tz\":\"America/New_York\"}",
	  "2026-11-21T00:00:00Z", "2026-11-21T14:00:00Z" },
};

static void a_schedule_names_its_next_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		json_t *v = schedule_of(times[i].schedule);
		struct oc_schedule s;
		struct oc_err e = { 0 };
		enum oc_rc rc = oc_schedule_parse(v, moment("2026-11-21T00:00:00Z"), &s, &e);
		int64_t got, want = times[i].want ? moment(times[i].want) : 0;

		json_decref(v);
		if (!times[i].after) {
			assert_int_equal(rc, OC_E_INPUT);
			continue;
		}
		if (rc) fail_msg("%s: %s", times[i].schedule, e.msg);
		got = oc_schedule_next(&s, moment(times[i].after));
		if (got != want)
			fail_msg("%s after %s: %lld instead of %lld", times[i].schedule,
				 times[i].after, (long long)got, (long long)want);
	}
}

static void what_is_no_schedule_is_refused_with_its_place(void **state)
{
	static const char *const wrong[][2] = {
		{ "{}", "schedule.kind" },
		{ "{\"kind\":\"at\",\"at\":\"soon\"}", "schedule.at" },
		{ "{\"kind\":\"at\",\"at\":\"2026-13-01\"}", "schedule.at" },
		{ "{\"kind\":\"every\",\"everyMs\":0}", "schedule.everyMs" },
		{ "{\"kind\":\"every\",\"everyMs\":-5}", "schedule.everyMs" },
		{ "{\"kind\":\"cron\",\"expr\":\"\"}", "schedule.expr" },
		{ "{\"kind\":\"cron\",\"expr\":\"61 * * * *\"}", "minute" },
		{ "{\"kind\":\"cron\",\"expr\":\"* 24 * * *\"}", "hour" },
		{ "{\"kind\":\"cron\",\"expr\":\"* * 0 * *\"}", "day of month" },
		{ "{\"kind\":\"cron\",\"expr\":\"* * * foo *\"}", "month" },
		{ "{\"kind\":\"cron\",\"expr\":\"* * * * 8\"}", "day of week" },
		{ "{\"kind\":\"cron\",\"expr\":\"5-1 * * * *\"}", "minute" },
		{ "{\"kind\":\"cron\",\"expr\":\"*/0 * * * *\"}", "minute" },
		{ "{\"kind\":\"cron\",\"expr\":\"1,, * * * *\"}", "minute" },
		{ "{\"kind\":\"cron\",\"expr\":\"0 9 * * *\",\"tz\":\"Mars/Olympus\"}",
		  "schedule.tz" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		json_t *v = schedule_of(wrong[i][0]);
		struct oc_schedule s;
		struct oc_err e = { 0 };

		if (oc_schedule_parse(v, 0, &s, &e) != OC_E_INPUT || !strstr(e.msg, wrong[i][1]))
			fail_msg("%s: %s", wrong[i][0], e.msg);
		json_decref(v);
	}
}

static void a_relative_time_counts_from_now(void **state)
{
	const struct oc_zone *utc = oc_zone_get("UTC", NULL);
	int64_t ms;

	(void)state;
	assert_true(oc_parse_moment(OC_LIT("20m"), utc, 1000, &ms));
	assert_int_equal(ms, 1000 + 20 * 60000);
	assert_false(oc_parse_moment(OC_LIT("20 parsecs"), utc, 1000, &ms));
	assert_false(oc_parse_moment(OC_LIT("99999999999999999999h"), utc, 1000, &ms));
	assert_false(oc_parse_moment(OC_LIT(""), utc, 1000, &ms));
}

static void the_times_of_a_schedule_only_grow(void **state)
{
	static const char *const exprs[] = { "*/7 * * * *", "30 2 * * *", "0 0,12 * * 1",
					     "5 4 29 2 *", "10 1-3 * * *" };

	(void)state;
	for (size_t i = 0; i < sizeof exprs / sizeof *exprs; i++) {
		json_t *v = json_pack("{s:s,s:s,s:s}", "kind", "cron", "expr", exprs[i], "tz",
				      "Europe/Berlin");
		struct oc_schedule s;
		struct oc_err e = { 0 };
		int64_t t = moment("2026-03-27T00:00:00Z");

		assert_int_equal(oc_schedule_parse(v, 0, &s, &e), OC_OK);
		for (int n = 0; n < 500; n++) {
			int64_t next = oc_schedule_next(&s, t);

			if (!next) break;
			assert_true(next > t);
			t = next;
		}
		json_decref(v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schedule_names_its_next_time),
		cmocka_unit_test(what_is_no_schedule_is_refused_with_its_place),
		cmocka_unit_test(a_relative_time_counts_from_now),
		cmocka_unit_test(the_times_of_a_schedule_only_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
