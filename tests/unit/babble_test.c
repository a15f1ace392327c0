/* Endless repetition is found at any split; lines, tables and lists are none. */
#include "check.h"

#include "agent/run/babble.h"
#include "base/buf.h"

static bool is_babble(const char *before, const char *unit, unsigned times, size_t step)
{
	struct oc_babble b = { 0 };
	struct oc_buf text;
	bool found = false;

	oc_buf_init(&text, 1 << 20);
	oc_buf_adds(&text, before);
	for (unsigned i = 0; i < times; i++) oc_buf_adds(&text, unit);
	for (size_t at = 0; at < text.n; at += step)
		found |= oc_babble_feed(&b, oc_str_head(oc_str_from(oc_buf_view(&text), at), step));
	oc_buf_deinit(&text);
	return found;
}

static void the_same_piece_again_and_again_is_found_at_any_split(void **state)
{
	static const struct {
		const char *before, *unit;
		unsigned times;
		bool want;
	} rows[] = {
		{ "", "ha ", 300, true },
		{ "Here you are: ", "I am sorry. ", 80, true },
		{ "x", "\n", 1000, true },
		{ "", "sixty four bytes are the longest piece that is looked for, no mo", 25,
		  true },
		{ "", "-", 120, false }, /* a rule */
		{ "|", " --- |", 30, false },
		{ "", "sixty four bytes are the longest piece that is looked for, no mo", 15,
		  false },
		{ "",
		  "a piece of more than sixty-four bytes, which only a person would write "
		  "so often, ",
		  25, false },
		{ "words", "", 0, false },
	};
	static const size_t steps[] = { 1, 3, 64, 1000, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t k = 0; k < sizeof steps / sizeof *steps; k++)
			if (is_babble(rows[i].before, rows[i].unit, rows[i].times, steps[k]) !=
			    rows[i].want)
				fail_msg("row %zu in steps of %zu", i, steps[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_piece_again_and_again_is_found_at_any_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
