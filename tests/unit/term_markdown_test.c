/* Markdown as rows: whole and at every split. */
#include "check.h"
#include "cli/chat/term_markdown.h"

static void take(void *arg, struct oc_str row)
{
	struct oc_buf *out = arg;

	oc_buf_add(out, row);
	oc_buf_addc(out, '\n');
}

/* Styles as marks that can be read: <b> and the like for the codes. */
static const struct {
	const char *name, *text;
	size_t columns;
	bool colour;
	const char *rows;
} cases[] = {
	{ "plain", "one\ntwo\n", 40, false, "one\ntwo\n" },
	{ "the last line needs no end", "one", 40, false, "one\n" },
	{ "an empty line stays", "one\n\ntwo", 40, false, "one\n\ntwo\n" },
	{ "bold without colours", "**bold** text", 40, false, "bold text\n" },
	{ "bold", "a **b** c", 40, true, "a \033[0;1mb\033[0m c\033[0m\n" },
	{ "code", "a `b*c*` d", 40, true, "a \033[0;33mb*c*\033[0m d\033[0m\n" },
	{ "stars that are none", "2 * 3 * 4 and a*b", 40, false, "2 * 3 * 4 and ab\n" },
	{ "underscores in words", "a snake_case_name", 40, false, "a snake_case_name\n" },
	{ "emphasis", "an _old_ word", 40, false, "an old word\n" },
	{ "heading", "## Title\ntext", 40, true, "\033[0;1;36mTitle\033[0m\ntext\n" },
	{ "no heading", "#tag", 40, false, "#tag\n" },
	{ "list", "- one\n- two\n", 40, false, "• one\n• two\n" },
	{ "numbers", "1. one\n12. two\n", 40, false, "1. one\n12. two\n" },
	{ "a number is no list", "12 apples", 40, false, "12 apples\n" },
	{ "quote", "> said", 40, false, "│ said\n" },
	{ "fence", "```c\nint *a;\n  b();\n```\nend", 40, false, "int *a;\n  b();\nend\n" },
	{ "fence in colour", "```\nx\n```\n", 40, true, "\033[0;33mx\033[0m\n" },
	{ "an open fence ends", "```\nx", 40, false, "x\n" },
	{ "backticks in a fence", "````\n```\n````\n", 40, false, "```\n" },
	{ "wrapped at words", "one two three four", 9, false, "one two\nthree\nfour\n" },
	{ "a word that is too long", "abcdefghijkl", 8, false, "abcdefgh\nijkl\n" },
	{ "list rows are indented", "- one two three four", 11, false,
	  "• one two\n  three\n  four\n" },
	{ "wide characters", "漢字漢字漢字", 8, false, "漢字漢字\n漢字\n" },
	{ "controls go", "a\033[31mb\007\rc", 40, false, "a[31mbc\n" },
	{ "tabs become spaces", "a\tb", 40, false, "a    b\n" },
	{ "broken UTF-8",
	  "a\xff"
	  "b",
	  40, false,
	  "a\xEF\xBF\xBD"
	  "b\n" },
	{ "a dash alone", "-", 40, false, "-\n" },
	{ "rule", "---\ntext", 40, false, "---\ntext\n" },
};

static void run(size_t i, size_t cut, struct oc_buf *out)
{
	const struct oc_term_markdown_spec spec = {
		.columns = cases[i].columns, .colour = cases[i].colour, .row = take, .arg = out
	};
	struct oc_term_markdown *m = oc_term_markdown_new(&spec);
	struct oc_str s = oc_str(cases[i].text);

	oc_term_markdown_feed(m, oc_str_head(s, cut));
	oc_term_markdown_feed(m, oc_str_from(s, cut));
	oc_term_markdown_end(m);
	oc_term_markdown_free(m);
}

static void every_split_gives_the_same_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t cut = 0; cut <= strlen(cases[i].text); cut++) {
			struct oc_buf out;
			oc_buf_init(&out, 4096);
			run(i, cut, &out);
			if (strcmp(oc_buf_cstr(&out), cases[i].rows))
				print_message("%s, cut at %zu\n", cases[i].name, cut);
			assert_string_equal(oc_buf_cstr(&out), cases[i].rows);
			oc_buf_deinit(&out);
		}
}

static void the_unfinished_row_can_be_shown(void **state)
{
	struct oc_buf rows, rest;
	const struct oc_term_markdown_spec spec = { .columns = 10, .row = take, .arg = &rows };

	(void)state;
	oc_buf_init(&rows, 4096);
	oc_buf_init(&rest, 4096);
	struct oc_term_markdown *m = oc_term_markdown_new(&spec);
	oc_term_markdown_feed(m, OC_LIT("one two three"));
	oc_term_markdown_rest(m, &rest);
	assert_string_equal(oc_buf_cstr(&rows), "one two\n");
	assert_string_equal(oc_buf_cstr(&rest), "three");
	oc_term_markdown_free(m);
	oc_buf_deinit(&rows);
	oc_buf_deinit(&rest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_gives_the_same_rows),
		cmocka_unit_test(the_unfinished_row_can_be_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
