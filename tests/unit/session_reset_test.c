/* When a session begins anew by itself. */
#include "check.h"

#include "agent/session/session_reset.h"
#include "catalog_fixture.h"

static int64_t at(int day, int hour, int minute) /* of November 2026, UTC */
{
	return (1793491200ll + (day - 1) * 86400ll + hour * 3600ll + minute * 60ll) * 1000;
}

static void a_session_begins_anew_as_configured(void **state)
{
	static const struct {
		const char *config;
		int last[3], now[3];
		bool due;
	} rows[] = {
		{ "{}", { 1, 0, 0 }, { 9, 0, 0 }, false },
		{ "{session:{reset:{mode:'none'}}}", { 1, 0, 0 }, { 9, 0, 0 }, false },
		{ "{session:{reset:{mode:'idle',idleMinutes:30}}}",
		  { 2, 1, 0 },
		  { 2, 1, 29 },
		  false },
		{ "{session:{reset:{mode:'idle',idleMinutes:30}}}",
		  { 2, 1, 0 },
		  { 2, 1, 30 },
		  true },
		{ "{session:{reset:{mode:'daily'}}}", { 2, 3, 59 }, { 2, 4, 0 }, true },
		{ "{session:{reset:{mode:'daily'}}}", { 2, 4, 1 }, { 2, 23, 0 }, false },
		{ "{session:{reset:{mode:'daily'}}}", { 2, 4, 1 }, { 3, 3, 59 }, false },
		{ "{session:{reset:{mode:'daily'}}}", { 2, 4, 1 }, { 3, 4, 0 }, true },
		{ "{session:{reset:{mode:'daily',atHour:0}}}", { 2, 23, 59 }, { 3, 0, 0 }, true },
		{ "{session:{reset:{mode:'daily',atHour:12}}}",
		  { 2, 11, 0 },
		  { 2, 11, 59 },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fixture f;

		assert_int_equal(new_home(NULL), 0);
		open_catalog(&f, rows[i].config);
		bool due = oc_session_reset_due(
		    &f.config, at(rows[i].last[0], rows[i].last[1], rows[i].last[2]),
		    at(rows[i].now[0], rows[i].now[1], rows[i].now[2]), "UTC");
		if (due != rows[i].due) fail_msg("row %zu", i);
		assert_false(oc_session_reset_due(&f.config, 0, at(9, 0, 0), "UTC"));
		close_catalog(&f);
		drop_home(NULL);
	}
}

static void the_hour_is_that_of_the_persons_zone(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(new_home(NULL), 0);
	open_catalog(&f, "{session:{reset:{mode:'daily'}}}");
	assert_false(oc_session_reset_due(&f.config, at(2, 2, 0), at(2, 2, 59), "Europe/Berlin"));
	assert_true(oc_session_reset_due(&f.config, at(2, 2, 0), at(2, 3, 0), "Europe/Berlin"));
	close_catalog(&f);
	drop_home(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_begins_anew_as_configured),
		cmocka_unit_test(the_hour_is_that_of_the_persons_zone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
