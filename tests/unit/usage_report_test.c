/* Sums over runs: by day, by session, in order; dates are read and written. */
#include "check.h"

#include "gateway/view/usage_report.h"

static const int64_t DAY = OC_DAY_MS;

static struct oc_run_record run(const char *key, int64_t at_ms, int64_t input, int64_t cached)
{
	return (struct oc_run_record){ .session_key = (char *)(uintptr_t)key,
				       .session_id = (char *)(uintptr_t) "S",
				       .status = (char *)(uintptr_t) "ok",
				       .provider = (char *)(uintptr_t) "p",
				       .model = (char *)(uintptr_t) "m",
				       .started_ms = at_ms,
				       .ended_ms = at_ms + 5,
				       .input = input,
				       .output = 1,
				       .cached = cached };
}

static void sums_are_grouped(void **state)
{
	struct oc_run_record v[] = { run("b", 2 * DAY, 10, 4), run("a", DAY, 100, 0),
				     run("b", 2 * DAY + 1, 20, -1) };
	const struct oc_run_records runs = { v, 3 };
	json_t *totals = oc_usage_totals(&runs), *daily = oc_usage_daily(&runs);
	json_t *sessions = oc_usage_sessions(&runs, NULL, 10), *one;

	(void)state;
	assert_int_equal(oc_json_int(totals, "input", 0), 126);
	assert_int_equal(oc_json_int(totals, "cacheRead", 0), 4);
	assert_int_equal(oc_json_int(totals, "output", 0), 3);
	assert_int_equal(oc_json_int(totals, "totalTokens", 0), 133);
	assert_int_equal(json_array_size(daily), 2);
	assert_string_equal(oc_json_cstr(json_array_get(daily, 0), "date"), "1970-01-02");
	assert_int_equal(oc_json_int(json_array_get(daily, 1), "totalTokens", 0), 32);
	assert_int_equal(json_array_size(sessions), 2);
	assert_string_equal(oc_json_cstr(json_array_get(sessions, 0), "key"), "a");
	one = oc_usage_sessions(&runs, "b", 10);
	assert_int_equal(json_array_size(one), 1);
	json_decref(one);
	one = oc_usage_sessions(&runs, NULL, 1);
	assert_int_equal(json_array_size(one), 1);
	json_decref(one);
	one = oc_usage_aggregates(&runs);
	assert_int_equal(json_array_size(json_object_get(one, "byModel")), 1);
	json_decref(one);
	json_decref(totals);
	json_decref(daily);
	json_decref(sessions);
}

static void dates_are_those_of_the_calendar(void **state)
{
	static const char *const bad[] = { "",		 "soon",	"2026-13-01",
					   "2026-01-32", "2026-01-01x", "26-01" };
	char text[11];
	int64_t ms;

	(void)state;
	assert_true(oc_date_parse("1970-01-02", &ms));
	assert_int_equal(ms, DAY);
	assert_true(oc_date_parse("2026-11-21", &ms));
	oc_date_format(ms, text);
	assert_string_equal(text, "2026-11-21");
	oc_date_format(ms - 1, text);
	assert_string_equal(text, "2026-11-20");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(oc_date_parse(bad[i], &ms));
	assert_false(oc_date_parse(NULL, &ms));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_grouped),
		cmocka_unit_test(dates_are_those_of_the_calendar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
