/* Telegram's forms: Markdown as its HTML, cut to its measure; updates as messages; answers. */
#include "check.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "channel/rich_text.h"
#include "channel/telegram/telegram.h"

/* ---- markup ---- */

static const struct {
	const char *markdown, *html;
} forms[] = {
	{ "plain", "plain" },
	{ "a < b & c > d", "a &lt; b &amp; c &gt; d" },
	{ "**bold** *it* ~~no~~ `x<y`", "<b>bold</b> <i>it</i> <s>no</s> <code>x&lt;y</code>" },
	{ "***both***", "<i><b>both</b></i>" },
	{ "# Head\n\ntext", "<b>Head</b>\n\ntext" },
	{ "one\n\n\n\ntwo", "one\n\ntwo" },
	{ "- a\n- b\n  - c", "• a\n• b\n   • c" },
	{ "3. a\n4. b", "3. a\n4. b" },
	{ "- [x] done\n- [ ] open", "☑ done\n☐ open" },
	{ "> said\n> so", "<blockquote>said\nso</blockquote>" },
	{ "> a\n> > b", "<blockquote>a\n\nb</blockquote>" },
	{ "```c\nint x;\n```", "<pre><code class=\"language-c\">int x;</code></pre>" },
	{ "```\n<tag>\n```", "<pre>&lt;tag&gt;</pre>" },
	{ "[text](https://e.org/?a=1&b=2)", "<a href=\"https://e.org/?a=1&amp;b=2\">text</a>" },
	{ "[text](javascript:x)", "text" },
	{ "**a `b` c**", "<b>a </b><code>b</code><b> c</b>" },
	{ "| a | b |\n|---|--:|\n| 1 | 22 |", "<pre>a |  b\n--+---\n1 | 22</pre>" },
	{ "x\n\n---\n\ny", "x\n\n———\n\ny" },
};

static void markdown_becomes_telegrams_html(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct oc_chunks l = { 0 };

		oc_tg_render_units(oc_str(forms[i].markdown), 4000, &l);
		assert_int_equal(l.n, 1);
		assert_string_equal(l.v[0].text, forms[i].html);
		assert_string_equal(l.v[0].format, "HTML");
		oc_chunks_deinit(&l);
	}
}

static void a_wide_table_becomes_lists(void **state)
{
	static const char wide[] =
	    "| name | what it is about, at great length, so that it fits no telephone |\n|--|--|\n"
	    "| a | b |\n| c | d |";
	struct oc_chunks l = { 0 };

	(void)state;
	oc_tg_render_units(oc_str(wide), 4000, &l);
	assert_null(strstr(l.v[0].text, "<pre>"));
	assert_non_null(strstr(l.v[0].text, "• name: a\n• what it is about"));
	oc_chunks_deinit(&l);
}

/* ---- cutting ---- */

/* before, the number of the line, after; for each line. */
static char *long_text(size_t lines, const char *before, const char *after)
{
	struct oc_buf b;

	oc_buf_init(&b, 1 << 22);
	for (size_t i = 0; i < lines; i++) oc_buf_addf(&b, "%s%zu%s", before, i, after);
	return oc_buf_take(&b);
}

static void every_piece_fits_whatever_the_measure(void **state)
{
	char *code = long_text(300, "    call_", "(\"😀 text\");\n");
	char *words = long_text(300, "Sentence ", " is *here*. ");
	char *all = oc_asprintf("%s\n\n```js\n%s```\n\n%s", words, code, words);

	(void)state;
	for (size_t max = 300; max <= 4096; max += 97) {
		struct oc_chunks l = { 0 };

		oc_tg_render_units(oc_str(all), max, &l);
		assert_true(l.n > 3);
		for (size_t i = 0; i < l.n; i++)
			assert_true(oc_utf16_units(oc_str(l.v[i].plain)) <= max);
		oc_chunks_deinit(&l);
	}
	free(all);
	free(words);
	free(code);
}

static void code_is_cut_at_line_ends_and_goes_on_as_code(void **state)
{
	char *code = long_text(100, "line ", " of the code\n");
	char *all = oc_asprintf("```py\n%s```", code);
	struct oc_rich r;
	struct oc_rich_piece piece;
	struct oc_buf joined;
	size_t at = 0;

	(void)state;
	oc_rich_of_markdown(oc_str(all), 60, &r);
	oc_buf_init(&joined, 1 << 20);
	while (oc_rich_cut(&r, &at, 500, &piece)) {
		oc_buf_add(&joined,
			   (struct oc_str){ r.text.p + piece.from, piece.to - piece.from });
		oc_buf_addc(&joined, '\n');
	}
	assert_string_equal(oc_buf_cstr(&joined), code);
	struct oc_chunks l = { 0 };
	oc_tg_render_units(oc_str(all), 1500, &l);
	for (size_t i = 0; i < l.n; i++)
		assert_true(oc_str_starts(oc_str(l.v[i].text),
					  OC_LIT("<pre><code class=\"language-py\">line ")));
	oc_chunks_deinit(&l);
	oc_buf_deinit(&joined);
	oc_rich_deinit(&r);
	free(all);
	free(code);
}

static void a_word_without_end_is_cut_between_characters(void **state)
{
	char *word = long_text(2000, "😀", "");
	struct oc_chunks l = { 0 };

	(void)state;
	oc_tg_render_units(oc_str(word), 1000, &l);
	for (size_t i = 0; i < l.n; i++) assert_true(oc_utf8_valid(oc_str(l.v[i].plain)));
	assert_true(l.n > 3);
	assert_non_null(strstr(l.v[0].plain, "(1/"));
	oc_chunks_deinit(&l);
	free(word);
}

/* ---- updates ---- */

#define FROM "\"from\":{\"id\":5,\"is_bot\":false,\"first_name\":\"Ann\",\"last_name\":\"Lee\"}"
#define CHAT "\"chat\":{\"id\":5,\"type\":\"private\"}"
#define GRP  "\"chat\":{\"id\":-1,\"type\":\"supergroup\",\"title\":\"G\"}"

static const struct {
	const char *update, *text;
	bool taken, mention, reply, command;
} updates[] = {
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM "," CHAT ",\"text\":\"hi\"}}",
	  "hi", true, false, false, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM "," GRP
	  ",\"text\":\"😀 @my_bot hi\",\"entities\":[{\"type\":\"mention\",\"offset\":3,\"length\":7}]}}",
	  "😀 @my_bot hi", true, true, false, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM "," GRP
	  ",\"text\":\"@other hi\",\"entities\":[{\"type\":\"mention\",\"offset\":0,\"length\":6}]}}",
	  "@other hi", true, false, false, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM "," GRP
	  ",\"text\":\"/status@MY_BOT now\",\"entities\":[{\"type\":\"bot_command\",\"offset\":0,"
	  "\"length\":14}]}}",
	  "/status now", true, false, false, true },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM "," GRP
	  ",\"text\":\"/status@other\",\"entities\":[{\"type\":\"bot_command\",\"offset\":0,"
	  "\"length\":13}]}}",
	  "/status@other", true, false, false, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM "," GRP
	  ",\"text\":\"yes\",\"reply_to_message\":{\"from\":{\"id\":99},\"text\":\"ok?\"}}}",
	  "yes", true, false, true, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," CHAT
	  ",\"from\":{\"id\":6,\"is_bot\":true},\"text\":\"hi\"}}",
	  NULL, false, false, false, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," FROM
	  ",\"chat\":{\"id\":-9,\"type\":\"channel\"},\"text\":\"hi\"}}",
	  NULL, false, false, false, false },
	{ "{\"update_id\":1,\"callback_query\":{\"id\":\"77\"," FROM ",\"data\":\"ap:o:x\","
	  "\"message\":{\"message_id\":2," CHAT "}}}",
	  "ap:o:x", true, false, false, false },
	{ "{\"update_id\":1,\"message\":{\"message_id\":2," GRP ",\"migrate_to_chat_id\":-100}}",
	  "-100", true, false, false, false },
	{ "{\"update_id\":\"1\",\"message\":{}}", NULL, false, false, false, false },
	{ "{\"update_id\":1,\"message\":[]}", NULL, false, false, false, false },
	{ "{\"update_id\":1,\"poll\":{}}", NULL, false, false, false, false },
	{ "[]", NULL, false, false, false, false },
};

static void updates_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof updates / sizeof *updates; i++) {
		json_t *v = json_loads(updates[i].update, 0, NULL);
		struct oc_tg_update u;
		bool taken = oc_tg_read_update(v, 99, "my_bot", &u);

		assert_int_equal(taken, updates[i].taken);
		if (taken) {
			assert_true(oc_str_eq(u.m.text, oc_str(updates[i].text)));
			assert_int_equal(u.m.mentions_bot, updates[i].mention);
			assert_int_equal(u.m.is_reply_to_bot, updates[i].reply);
			assert_int_equal(u.m.is_command, updates[i].command);
			assert_string_equal(u.m.event_id, "99:1");
		}
		oc_tg_update_deinit(&u);
		json_decref(v);
	}
}

/* ---- answers ---- */

static const struct {
	int status;
	const char *body;
	enum oc_rc rc;
	uint64_t retry_ms;
	bool maybe;
	const char *moved;
} answers[] = {
	{ 200, "{\"ok\":true,\"result\":{\"message_id\":1}}", OC_OK, 0, false, NULL },
	{ 429,
	  "{\"ok\":false,\"error_code\":429,\"description\":\"slow\",\"parameters\":{\"retry_after\":7}}",
	  OC_E_LIMIT, 7000, false, NULL },
	{ 429, "{\"ok\":false,\"error_code\":429}", OC_E_LIMIT, 5000, false, NULL },
	{ 400, "{\"ok\":false,\"error_code\":400,\"parameters\":{\"migrate_to_chat_id\":-1007}}",
	  OC_E_INPUT, 0, false, "-1007" },
	{ 403, "{\"ok\":false,\"error_code\":403,\"description\":\"blocked\"}", OC_E_DENIED, 0,
	  false, NULL },
	{ 502, "<html>Bad Gateway</html>", OC_E_UPSTREAM, 0, true, NULL },
	{ 200, "not json", OC_E_UPSTREAM, 0, true, NULL },
	{ 200, "{\"ok\":false}", OC_E_UPSTREAM, 0, true, NULL },
};

static void answers_say_whether_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		struct oc_tg_error why = { 0 };
		struct oc_err e = { 0 };
		json_t *result = NULL;

		assert_int_equal(oc_tg_read_answer(answers[i].status, oc_str(answers[i].body),
						   &result, &why, &e),
				 answers[i].rc);
		assert_int_equal(why.retry_ms, answers[i].retry_ms);
		assert_int_equal(why.maybe_sent, answers[i].maybe);
		assert_int_equal(why.moved_to != NULL, answers[i].moved != NULL);
		if (answers[i].moved) assert_string_equal(why.moved_to, answers[i].moved);
		oc_tg_error_deinit(&why);
		json_decref(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markdown_becomes_telegrams_html),
		cmocka_unit_test(a_wide_table_becomes_lists),
		cmocka_unit_test(every_piece_fits_whatever_the_measure),
		cmocka_unit_test(code_is_cut_at_line_ends_and_goes_on_as_code),
		cmocka_unit_test(a_word_without_end_is_cut_between_characters),
		cmocka_unit_test(updates_are_read),
		cmocka_unit_test(answers_say_whether_it_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
