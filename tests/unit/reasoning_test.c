/* Thinking levels: the rows of spec 01 §4.1 and the way from a level to a word on the wire (§4.3).
 */
#include "check.h"

#include <stdlib.h>

#include "model/codec/reasoning.h"

static struct oc_strv words(const char *list)
{
	struct oc_strv l = { 0 };
	struct oc_str rest = oc_str(list);

	while (rest.n) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);

		oc_strv_add(&l, oc_str_head(rest, comma));
		rest = comma == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, comma + 1);
	}
	return l;
}

static void listed_options_become_efforts_and_a_map(void **state)
{
	static const struct {
		const char *allowed, *dflt, *efforts, *map;
		bool reasons;
	} cases[] = {
		{ "off,on", NULL, "none,minimal,low,medium,high,xhigh",
		  "{\"off\":\"none\",\"none\":\"none\",\"adaptive\":\"xhigh\",\"max\":\"xhigh\"}",
		  true },
		{ "on,off", "on", "none,minimal,low,medium,high,xhigh",
		  "{\"off\":\"none\",\"none\":\"none\",\"adaptive\":\"xhigh\",\"max\":\"xhigh\"}",
		  true },
		{ " ON ", NULL, "minimal,low,medium,high,xhigh",
		  "{\"adaptive\":\"xhigh\",\"max\":\"xhigh\"}", true },
		{ "off", "off", "", NULL, false },
		{ "low,medium,high", "low", "low,medium,high",
		  "{\"adaptive\":\"high\",\"max\":\"high\"}", true },
		{ "off,low,high", NULL, "none,low,high",
		  "{\"off\":\"none\",\"none\":\"none\",\"adaptive\":\"high\",\"max\":\"high\"}",
		  true },
		{ "off,on,low", NULL, "none,low",
		  "{\"off\":\"none\",\"none\":\"none\",\"adaptive\":\"low\",\"max\":\"low\"}",
		  true },
		{ "", NULL, "", NULL, false },
		{ "", "off", "", NULL, false },
		{ "", "on", "", NULL, true },
		{ "minimal,xhigh", NULL, "minimal,xhigh",
		  "{\"adaptive\":\"xhigh\",\"max\":\"xhigh\"}", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_strv allowed = words(cases[i].allowed), efforts;
		json_t *map;

		assert_int_equal(oc_reasoning_from_options(&allowed, cases[i].dflt, &efforts, &map),
				 cases[i].reasons);
		char *joined = oc_strv_join(&efforts, ","),
		     *text = map ? oc_json_compact(map) : NULL;

		assert_string_equal(joined, cases[i].efforts);
		if (cases[i].map)
			assert_string_equal(text, cases[i].map);
		else
			assert_null(map);
		free(joined);
		free(text);
		json_decref(map);
		oc_strv_deinit(&efforts);
		oc_strv_deinit(&allowed);
	}
}

static void a_level_becomes_what_the_server_takes(void **state)
{
	static const struct {
		const char *allowed, *levels, *level, *want; /* want NULL = the field is omitted */
	} cases[] = {
		{ "off,on", NULL, "off", "none" },
		{ "off,on", NULL, "high", "high" },
		{ "off,on", NULL, "medium", "medium" },
		{ "off,on", NULL, "max", "xhigh" },
		{ "off,on", NULL, "adaptive", "xhigh" },
		{ "on", NULL, "off", NULL },
		{ "low,medium,high", NULL, "max", "high" },
		{ "low,medium,high", NULL, "xhigh", "high" },
		{ "low,medium,high", NULL, "minimal", "low" },
		{ "low,medium,high", NULL, "off", NULL },
		{ "off,low,high", NULL, "medium", "low" },
		{ "", NULL, "high", "high" },
		{ "", NULL, "off", NULL },
		{ "", NULL, "xhigh", "high" },
		{ "", NULL, "adaptive", "high" },
		{ "", "{\"low\":null}", "low", "medium" },
		{ "", "{\"high\":\"deep\"}", "high", "deep" },
		{ "", "{\"max\":null}", "max", "high" },
		{ "", "{\"xhigh\":\"xhigh\"}", "xhigh", "xhigh" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_compat c = { .supports_reasoning_effort = true };
		struct oc_strv allowed = words(cases[i].allowed);
		json_t *levels = cases[i].levels ? json_loads(cases[i].levels, 0, NULL) : NULL;

		oc_reasoning_from_options(&allowed, NULL, &c.efforts, &c.effort_map);
		const char *got = oc_reasoning_effort(&c, true, levels, cases[i].level);

		if (!got != !cases[i].want || (got && strcmp(got, cases[i].want)))
			fail_msg("[%s] %s %s: %s", cases[i].allowed,
				 cases[i].levels ? cases[i].levels : "", cases[i].level,
				 got ? got : "omitted");
		json_decref(levels);
		oc_strv_deinit(&allowed);
		oc_compat_deinit(&c);
	}
}

static void nothing_is_sent_where_nothing_is_wanted(void **state)
{
	struct oc_compat c = { .supports_reasoning_effort = true };

	(void)state;
	assert_null(oc_reasoning_effort(&c, false, NULL, "high"));
	assert_null(oc_reasoning_effort(&c, true, NULL, NULL));
	c.supports_reasoning_effort = false;
	assert_null(oc_reasoning_effort(&c, true, NULL, "high"));
}

static void only_known_levels_are_valid(void **state)
{
	(void)state;
	assert_true(oc_thinking_level_valid(OC_LIT("adaptive")));
	assert_true(oc_thinking_level_valid(OC_LIT("off")));
	assert_false(oc_thinking_level_valid(OC_LIT("High")));
	assert_false(oc_thinking_level_valid(OC_LIT("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_options_become_efforts_and_a_map),
		cmocka_unit_test(a_level_becomes_what_the_server_takes),
		cmocka_unit_test(nothing_is_sent_where_nothing_is_wanted),
		cmocka_unit_test(only_known_levels_are_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
