/* Editing a text with a cursor, and how it is laid into rows. */
#include "check.h"

#include <stdlib.h>

#include "cli/chat/term_edit.h"

/* The text with the cursor as |. Free with free(). */
static char *shown(const struct oc_term_edit *e)
{
	struct oc_buf out;

	oc_buf_init(&out, 10000);
	oc_buf_add(&out, oc_str_head(oc_buf_view(&e->text), e->cursor));
	oc_buf_addc(&out, '|');
	oc_buf_add(&out, oc_str_from(oc_buf_view(&e->text), e->cursor));
	return oc_buf_take(&out);
}

static void expect(const struct oc_term_edit *e, const char *want)
{
	char *text = shown(e);

	assert_string_equal(text, want);
	free(text);
}

static void characters_and_their_marks_are_one_step(void **state)
{
	struct oc_term_edit e;

	(void)state;
	oc_term_edit_init(&e, 1000);
	oc_term_edit_insert(&e, oc_str("ae\u0301漢"));
	oc_term_edit_left(&e);
	oc_term_edit_left(&e);
	expect(&e, "a|e\u0301漢");
	oc_term_edit_delete(&e);
	expect(&e, "a|漢");
	oc_term_edit_right(&e);
	oc_term_edit_backspace(&e);
	expect(&e, "a|");
	oc_term_edit_backspace(&e);
	oc_term_edit_backspace(&e);
	expect(&e, "|");
	oc_term_edit_deinit(&e);
}

static void words_and_lines_are_cut_and_come_back(void **state)
{
	struct oc_term_edit e;

	(void)state;
	oc_term_edit_init(&e, 1000);
	oc_term_edit_insert(&e, oc_str("one two\nthree four"));
	oc_term_edit_delete_word(&e);
	expect(&e, "one two\nthree |");
	oc_term_edit_kill_to_start(&e);
	expect(&e, "one two\n|");
	oc_term_edit_yank(&e);
	expect(&e, "one two\nthree |");
	oc_term_edit_up(&e);
	expect(&e, "one tw|o\nthree ");
	oc_term_edit_word_left(&e);
	oc_term_edit_kill_to_end(&e);
	expect(&e, "one |\nthree ");
	oc_term_edit_down(&e);
	expect(&e, "one \nthre|e ");
	oc_term_edit_home(&e);
	oc_term_edit_word_right(&e);
	expect(&e, "one \nthree| ");
	oc_term_edit_deinit(&e);
}

static void history_comes_back_and_the_draft_with_it(void **state)
{
	struct oc_term_edit e;

	(void)state;
	oc_term_edit_init(&e, 1000);
	for (int i = 0; i < 2; i++) {
		oc_term_edit_insert(&e, oc_str(i ? "second" : "first"));
		free(oc_term_edit_take(&e));
	}
	oc_term_edit_insert(&e, oc_str("draft"));
	oc_term_edit_up(&e);
	expect(&e, "second|");
	oc_term_edit_up(&e);
	oc_term_edit_up(&e);
	expect(&e, "first|");
	oc_term_edit_down(&e);
	oc_term_edit_down(&e);
	expect(&e, "draft|");
	oc_term_edit_deinit(&e);
}

static void a_backslash_at_the_end_continues(void **state)
{
	struct oc_term_edit e;

	(void)state;
	oc_term_edit_init(&e, 1000);
	oc_term_edit_insert(&e, oc_str("a\\"));
	assert_true(oc_term_edit_continue(&e));
	expect(&e, "a\n|");
	assert_false(oc_term_edit_continue(&e));
	oc_term_edit_deinit(&e);
}

static void too_much_text_changes_nothing(void **state)
{
	struct oc_term_edit e;

	(void)state;
	oc_term_edit_init(&e, 8);
	oc_term_edit_insert(&e, oc_str("1234"));
	oc_term_edit_insert(&e, oc_str("56789"));
	expect(&e, "1234|");
	oc_term_edit_insert(&e, oc_str("\033\a5"));
	expect(&e, "12345|");
	oc_term_edit_deinit(&e);
}

static void rows_are_as_wide_as_the_terminal(void **state)
{
	static const struct {
		const char *text;
		size_t columns, cursor;
		const char *rows;
		size_t row, column;
	} cases[] = {
		{ "", 10, 0, "> ", 0, 2 },
		{ "abc", 10, 1, "> abc", 0, 3 },
		{ "abcdefgh", 6, 8, "> abcd/  efgh/  ", 2, 2 },
		{ "a\nb", 10, 3, "> a/  b", 1, 3 },
		{ "漢字漢", 7, 9, "> 漢字/  漢", 1, 4 },
		{ "abcd", 6, 4, "> abcd/  ", 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_term_edit e;
		struct oc_strv rows = { 0 };
		size_t row, column;
		oc_term_edit_init(&e, 1000);
		oc_term_edit_insert(&e, oc_str(cases[i].text));
		e.cursor = cases[i].cursor;
		oc_term_edit_layout(&e, OC_LIT("> "), OC_LIT("  "), cases[i].columns, &rows, &row,
				    &column);
		char *joined = oc_strv_join(&rows, "/");
		assert_string_equal(joined, cases[i].rows);
		assert_int_equal(row, cases[i].row);
		assert_int_equal(column, cases[i].column);
		free(joined);
		oc_strv_deinit(&rows);
		oc_term_edit_deinit(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_and_their_marks_are_one_step),
		cmocka_unit_test(words_and_lines_are_cut_and_come_back),
		cmocka_unit_test(history_comes_back_and_the_draft_with_it),
		cmocka_unit_test(a_backslash_at_the_end_continues),
		cmocka_unit_test(too_much_text_changes_nothing),
		cmocka_unit_test(rows_are_as_wide_as_the_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
