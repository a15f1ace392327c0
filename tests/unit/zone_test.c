/* Time zones against what the C library says of them. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rt/file.h"
#include "rt/zone.h"

static const char *const names[] = { "Europe/Berlin",	 "America/New_York", "Australia/Lord_Howe",
				     "Asia/Kolkata",	 "America/Santiago", "Africa/Casablanca",
				     "Pacific/Auckland", "Asia/Tokyo",	     "Europe/Dublin",
				     "Pacific/Apia" };

static bool installed(const char *name)
{
	bool known;

	oc_zone_get(name, &known);
	return known;
}

static void civil_times_are_those_of_the_c_library(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct oc_zone *z = oc_zone_get(names[i], NULL);

		if (!installed(names[i])) continue;
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t s = -100000000; s < 4000000000; s += 1234567) {
			time_t t = (time_t)s;
			struct tm tm;
			struct oc_civil c;

			localtime_r(&t, &tm);
			oc_zone_civil(z, s * 1000, &c);
			if (c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 ||
			    c.day != tm.tm_mday || c.hour != tm.tm_hour || c.minute != tm.tm_min ||
			    c.second != tm.tm_sec || c.weekday != tm.tm_wday)
				fail_msg("%s differs at %lld: %d-%d-%d %d:%d:%d", names[i],
					 (long long)s, c.year, c.month, c.day, c.hour, c.minute,
					 c.second);
		}
	}
	unsetenv("TZ");
	tzset();
}

static void a_moment_comes_back_from_its_civil_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct oc_zone *z = oc_zone_get(names[i], NULL);

		for (int64_t s = 0; s < 4000000000; s += 3333333) {
			struct oc_civil c, again;
			int64_t ms;

			oc_zone_civil(z, s * 1000, &c);
			ms = oc_zone_ms(z, &c);
			oc_zone_civil(z, ms, &again);
			assert_memory_equal(&c, &again, sizeof c); /* the first of two, at most */
			assert_true(ms <= s * 1000);
		}
	}
}

static void a_skipped_time_comes_later_and_a_repeated_one_first(void **state)
{
	const struct oc_zone *z = oc_zone_get("Europe/Berlin", NULL);
	struct oc_civil skipped = { 2026, 3, 29, 2, 30, 0, 0 },
			twice = { 2026, 10, 25, 2, 30, 0, 0 };
	struct oc_civil c;

	(void)state;
	if (!installed("Europe/Berlin")) skip();
	oc_zone_civil(z, oc_zone_ms(z, &skipped), &c);
	assert_int_equal(c.hour * 60 + c.minute, 3 * 60 + 30);
	assert_int_equal(oc_zone_offset(z, oc_zone_ms(z, &twice)), 7200);
}

static void fields_carry_over(void **state)
{
	const struct oc_zone *z = oc_zone_get("UTC", NULL);
	struct oc_civil c = { 2026, 14, 32, 25, -1, 0, 0 };

	(void)state;
	oc_zone_civil(z, oc_zone_ms(z, &c), &c);
	assert_int_equal(c.year, 2027);
	assert_int_equal(c.month, 3);
	assert_int_equal(c.day, 5);
	assert_int_equal(c.hour, 0);
	assert_int_equal(c.minute, 59);
}

static void an_unknown_name_is_utc(void **state)
{
	static const char *const wrong[] = { "Nowhere/City", "../../etc/passwd", "/etc/localtime",
					     "a b", "Europe" };
	bool known = true;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(oc_zone_offset(oc_zone_get(wrong[i], &known), 0), 0);
		assert_false(known);
	}
}

static void every_cut_of_a_file_is_refused_or_read(void **state)
{
	struct oc_buf bytes;
	struct oc_err e = { 0 };

	(void)state;
	if (oc_file_read("/usr/share/zoneinfo/Europe/Berlin", 100000, &bytes, &e) != OC_OK) skip();
	for (size_t n = 0; n <= bytes.n; n++) {
		char *copy = malloc(n + 1);

		memcpy(copy, bytes.p, n);
		struct oc_zone *z = oc_zone_parse(copy, n);
		free(copy);
		if (z) assert_int_equal(oc_zone_offset(z, 1750000000000), 7200);
		oc_zone_free(z);
	}
	oc_buf_deinit(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(civil_times_are_those_of_the_c_library),
		cmocka_unit_test(a_moment_comes_back_from_its_civil_time),
		cmocka_unit_test(a_skipped_time_comes_later_and_a_repeated_one_first),
		cmocka_unit_test(fields_carry_over),
		cmocka_unit_test(an_unknown_name_is_utc),
		cmocka_unit_test(every_cut_of_a_file_is_refused_or_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
