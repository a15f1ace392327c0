/* How WhatsApp is shown Markdown, and where long texts are cut. */
#include "check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "channel/rich_text.h"
#include "channel/whatsapp/markup.h"

static char *drawn(const char *markdown, size_t max, bool marks)
{
	struct oc_chunks l = { 0 };
	struct oc_buf all;

	oc_buf_init(&all, 1 << 20);
	oc_wa_markup(oc_str(markdown), max, marks, &l);
	for (size_t i = 0; i < l.n; i++) oc_buf_addf(&all, "%s%s", i ? "\n--\n" : "", l.v[i].text);
	oc_chunks_deinit(&l);
	char *out = oc_buf_take(&all);
	return out ? out : oc_strdup("");
}

static void forms_are_whatsapps(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "**bold** and *slanted* and ~~gone~~", "*bold* and _slanted_ and ~gone~" },
		{ "***both***", "*_both_*" },
		{ "**a *b* c**", "*a _b_ c*" },
		{ "`x = 1`", "`x = 1`" },
		{ "# Title\n\ntext", "*Title*\n\ntext" },
		{ "```c\nint x;\nint y;\n```", "```\nint x;\nint y;\n```" },
		{ "before\n\n```\ncode\n```\n\nafter", "before\n\n```\ncode\n```\n\nafter" },
		{ "[here](https://a.example/b)", "here (https://a.example/b)" },
		{ "<https://a.example/b>", "https://a.example/b" },
		{ "> quoted\n> twice", "> quoted\n> twice" },
		/* A mark inside a word would be shown as it is. */
		{ "un**believ**able", "unbelievable" },
		{ "2 * 3 * 4", "2 * 3 * 4" },
		{ "**a * b**", "a * b" },
		/* Forms end with their line. */
		{ "**one  \ntwo**", "*one*\n*two*" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *got = drawn(rows[i].in, 4096, true);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("\"%s\": \"%s\", wanted \"%s\"", rows[i].in, got, rows[i].want);
		free(got);
	}
}

static void plain_text_has_no_marks(void **state)
{
	char *got = drawn("**bold** `code`\n\n```\nx\n```", 4096, false);

	(void)state;
	assert_string_equal(got, "bold code\n\nx");
	free(got);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what)) n++;
	return n;
}

/* Whatever the room is: no chunk is longer, forms are whole in each, and no word is lost. */
static void every_cut_leaves_whole_forms(void **state)
{
	struct oc_buf in;

	(void)state;
	oc_buf_init(&in, 1 << 20);
	oc_buf_adds(&in, "Intro with **bold words that go on for a while** here.\n\n```\n");
	for (int i = 0; i < 60; i++) oc_buf_addf(&in, "line%02d = \"%d\"\n", i, i);
	oc_buf_adds(&in, "```\n\n");
	for (int i = 0; i < 60; i++)
		oc_buf_addf(&in, "- **item%02d** \xf0\x9f\x91\x8d see [it](https://e.example/%d)\n",
			    i, i);
	for (size_t max = 64; max < 3000; max += max < 300 ? 7 : 111) {
		struct oc_chunks l = { 0 };
		struct oc_buf all;

		oc_buf_init(&all, 1 << 20);
		oc_wa_markup(oc_buf_view(&in), max, true, &l);
		for (size_t i = 0; i < l.n; i++) {
			const char *text = l.v[i].text;

			oc_buf_adds(&all, text);
			if (oc_utf16_units(oc_str(text)) > max || count(text, "```") % 2)
				fail_msg("max %zu, chunk %zu:\n%s", max, i, text);
		}
		for (int i = 0; i < 60; i++) {
			char word[24];

			snprintf(word, sizeof word, "line%02d", i);
			assert_int_equal(count(oc_buf_cstr(&all), word), 1);
			snprintf(word, sizeof word, "*item%02d*", i);
			assert_int_equal(count(oc_buf_cstr(&all), word), 1);
		}
		oc_buf_deinit(&all);
		oc_chunks_deinit(&l);
	}
	oc_buf_deinit(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_whatsapps),
		cmocka_unit_test(plain_text_has_no_marks),
		cmocka_unit_test(every_cut_leaves_whole_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
