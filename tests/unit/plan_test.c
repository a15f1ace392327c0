/* What fits into a context window. */
#include "check.h"

#include <stdio.h>

#include "agent/run/bounded_call.h"
#include "agent/run/plan.h"
#include "agent/run/repeat.h"
#include "agent/run/speed.h"

static void every_window_has_its_plan(void **state)
{
	static const struct {
		int64_t n_ctx, max_output, out;
		bool tools, core;
		size_t files;
	} cases[] = {
		{ 2048, 0, 512, false, true, 800 },
		{ 4095, 0, 682, false, true, 800 },
		{ 4096, 0, 682, true, false, 1964 },
		{ 8191, 0, 1365, true, false, 2000 },
		{ 8192, 0, 1365, true, false, 3932 },
		{ 16384, 0, 2730, true, false, 7864 },
		{ 32768, 0, 5461, true, false, 15728 },
		{ 65536, 0, 8192, true, false, 24000 },
		{ 131072, 4000, 4000, true, false, 24000 },
		{ 131072, 100, 100, true, false, 24000 },
		{ 0, 0, 1365, true, false, 3932 }, /* unknown: 8 192 */
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_plan p;

		oc_plan_init(&p, cases[i].n_ctx, cases[i].max_output);
		if (p.out != cases[i].out || p.tools != cases[i].tools ||
		    p.core_files_only != cases[i].core || p.user_file_chars != cases[i].files)
			fail_msg("window %lld: out %lld tools %d files %zu",
				 (long long)cases[i].n_ctx, (long long)p.out, p.tools,
				 p.user_file_chars);
	}
}

static void a_result_takes_an_eighth_of_the_window_at_most(void **state)
{
	struct oc_plan p;

	(void)state;
	oc_plan_init(&p, 2048, 0);
	assert_int_equal(p.max_result_chars, 960); /* the floor: 300 tokens */
	oc_plan_init(&p, 16384, 0);
	assert_int_equal(p.max_result_chars, 6291);
	oc_plan_init(&p, 262144, 0);
	assert_int_equal(p.max_result_chars, 12800); /* the ceiling: 4 000 tokens */
}

static void levels_can_be_dropped_to_chat_only(void **state)
{
	struct oc_plan p;
	int levels = 0;

	(void)state;
	oc_plan_init(&p, 131072, 0);
	while (oc_plan_drop(&p)) levels++;
	assert_int_equal(levels, 5);
	assert_false(p.tools);
	assert_int_equal(p.user_file_chars, 800);
}

static void tokens_are_estimated_by_script(void **state)
{
	struct oc_plan p;

	(void)state;
	oc_plan_init(&p, 8192, 0);
	assert_int_equal(oc_plan_tokens(&p, OC_LIT("")), 0);
	assert_int_equal(oc_plan_tokens(&p, OC_LIT("0123456789012345678901234567890123")), 11);
	assert_int_equal(
	    oc_plan_tokens(&p, OC_LIT("\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C")), 4);
}

static void the_server_s_counts_correct_the_estimate(void **state)
{
	struct oc_plan p;

	(void)state;
	oc_plan_init(&p, 8192, 0);
	for (int i = 0; i < 50; i++)
		oc_plan_learn(&p, 1000, 2000); /* twice as many tokens as thought */
	assert_true(p.chars_per_token == 2.0); /* never below */
	oc_plan_init(&p, 8192, 0);
	oc_plan_learn(&p, 1000, 800);
	assert_true(p.chars_per_token > 3.2 && p.chars_per_token < 4.0);
	oc_plan_init(&p, 8192, 0);
	oc_plan_learn(&p, 10, 50); /* too short to tell */
	assert_true(p.chars_per_token == 3.2);
}

static void a_text_the_server_counted_is_not_estimated(void **state)
{
	struct oc_plan p;
	char text[64];

	(void)state;
	oc_plan_init(&p, 8192, 0);
	int64_t guess = oc_plan_tokens(&p, OC_LIT("one two three"));
	assert_false(oc_plan_knows(&p, OC_LIT("one two three")));
	oc_plan_know(&p, OC_LIT("one two three"), guess + 40);
	assert_true(oc_plan_knows(&p, OC_LIT("one two three")));
	assert_int_equal(oc_plan_tokens(&p, OC_LIT("one two three")), guess + 40);
	assert_int_equal(oc_plan_tokens(&p, OC_LIT("one two threx")), guess);
	assert_int_equal(oc_plan_tokens(&p, OC_LIT("")), 0);
	for (int i = 0; i < OC_PLAN_COUNTED; i++) {
		snprintf(text, sizeof text, "text number %d", i);
		oc_plan_know(&p, oc_str(text), i);
	}
	assert_false(oc_plan_knows(&p, OC_LIT("one two three")));
	assert_int_equal(oc_plan_tokens(&p, OC_LIT("text number 7")), 7);
}

static void a_ratio_of_earlier_runs_is_held_within_reason(void **state)
{
	static const struct {
		double set, want;
	} cases[] = { { 0, 3.2 }, { 4, 4 }, { 0.5, 2 }, { 50, 6.4 }, { -1, 3.2 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_plan p;

		oc_plan_init(&p, 8192, 0);
		oc_plan_set_ratio(&p, cases[i].set);
		assert_true(p.chars_per_token > cases[i].want - 0.001 &&
			    p.chars_per_token < cases[i].want + 0.001);
	}
}

static void results_that_change_are_no_circle(void **state)
{
	struct oc_repeat r = { 0 };
	char text[2] = "a";

	(void)state;
	for (int i = 0; i < 20; i++, text[0]++)
		assert_int_equal(
		    oc_repeat_note(&r, OC_LIT("read"), OC_LIT("{}"), oc_str(text), false),
		    OC_REPEAT_FINE);
	assert_false(oc_repeat_blocks(&r, OC_LIT("read"), OC_LIT("{}")));
}

static void a_success_ends_a_row_of_failures(void **state)
{
	struct oc_repeat r = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++)
		oc_repeat_note(&r, OC_LIT("edit"), i ? OC_LIT("1") : OC_LIT("2"), OC_LIT("no"),
			       true);
	oc_repeat_note(&r, OC_LIT("read"), OC_LIT("x"), OC_LIT("ok"),
		       false); /* another tool: the row goes on */
	assert_int_equal(oc_repeat_note(&r, OC_LIT("edit"), OC_LIT("3"), OC_LIT("no"), true),
			 OC_REPEAT_FAILING);
	oc_repeat_note(&r, OC_LIT("edit"), OC_LIT("4"), OC_LIT("ok"), false);
	assert_int_equal(oc_repeat_note(&r, OC_LIT("edit"), OC_LIT("5"), OC_LIT("no"), true),
			 OC_REPEAT_FINE);
}

static void a_slow_server_is_not_given_all_of_a_huge_window(void **state)
{
	static const struct {
		int64_t configured;
		double speed;
		int64_t want;
	} rows[] = { { 0, 0, 0 },	  { 0, 499, 49152 },	 { 0, 500, 0 },
		     { 20000, 0, 20000 }, { 20000, 100, 20000 }, { 20000, 9000, 20000 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(oc_plan_soft_cap(rows[i].configured, rows[i].speed), rows[i].want);
}

static void speeds_are_what_was_measured_of_each_model(void **state)
{
	char fast_key[] = "a/fast", slow_key[] = "a/slow";
	const struct oc_selection fast = { .key = fast_key }, slow = { .key = slow_key };

	(void)state;
	oc_speed_note(&slow, 1500, 5000);
	oc_speed_note(&slow, 10, 1); /* few tokens say nothing */
	oc_speed_note_writing(&slow, 100, 10000);
	oc_speed_note(&fast, 2000, 100);
	assert_int_equal((int)oc_speed_of(&slow), 300);
	assert_int_equal((int)oc_speed_of_writing(&slow), 10);
	assert_int_equal((int)oc_speed_of(&fast), 20000);
	assert_int_equal((int)oc_speed_of_writing(&fast), 0);
	oc_speed_note(&slow, 1300, 1000);
	assert_int_equal((int)oc_speed_of(&slow), 600); /* the new one counts for a third */
}

static void a_note_may_take_three_times_what_it_should(void **state)
{
	(void)state;
	assert_int_equal(oc_bounded_limit_ms(100, 10, 2000, 800), 300000);
	assert_int_equal(oc_bounded_limit_ms(100000, 10000, 2000, 800), 10000); /* never hasty */
	assert_true(oc_bounded_limit_ms(0, 0, 2000, 800) > 300000); /* nothing is known: slow */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_server_is_not_given_all_of_a_huge_window),
		cmocka_unit_test(speeds_are_what_was_measured_of_each_model),
		cmocka_unit_test(a_note_may_take_three_times_what_it_should),
		cmocka_unit_test(every_window_has_its_plan),
		cmocka_unit_test(a_result_takes_an_eighth_of_the_window_at_most),
		cmocka_unit_test(levels_can_be_dropped_to_chat_only),
		cmocka_unit_test(tokens_are_estimated_by_script),
		cmocka_unit_test(the_server_s_counts_correct_the_estimate),
		cmocka_unit_test(a_text_the_server_counted_is_not_estimated),
		cmocka_unit_test(a_ratio_of_earlier_runs_is_held_within_reason),
		cmocka_unit_test(results_that_change_are_no_circle),
		cmocka_unit_test(a_success_ends_a_row_of_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
