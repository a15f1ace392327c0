/* Tool requests written as text: the cases T1 to T19 of spec 01 §6.1, and the warning about what is
 * left alone. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "chat_feed.h"
#include "model/codec/text_tools.h"

#define A   "{\"path\":\"a\"}"
#define END "[END_TOOL_REQUEST]"
#define T1  "[read_file]\n" A "\n" END

static const struct row {
	const char *name, *in, *text;
	const char *calls;    /* names and arguments of the calls */
	const char *warnings; /* joined by a space; NULL = not checked */
	const char *structured, *finish;
	bool no_tools;
} rows[] = {
	{ "T1", T1, "", "read_file" A, "text_tool_promoted tool_id_generated" },
	{ "T2", T1 "\n\n" T1, "\n\n", "read_file" A "read_file" A, NULL },
	{ "T3", "Sure:\n" T1, "Sure:\n", "", "text_tool_hidden:read_file" },
	{ "T4", "[Read_File]\n" A END, "", "", "text_tool_hidden:Read_File" },
	{ "T5", "[nope]\n{}\n" END, "", "", "text_tool_hidden:nope" },
	{ "T6", "[read_file] " A " " END, "", "read_file" A, NULL },
	{ "T7", "[read_file]\n" A "\n", "", "", "text_tool_unterminated" },
	{ "T7 unknown", "[nope]\n" A "\n", "[nope]\n" A "\n", "", "" },
	{ "T7 no JSON", "[read_file]\n", "[read_file]\n", "", "" },
	{ "T8", "[read_file]\n[\"a\"]\n" END, "[read_file]\n[\"a\"]\n" END, "",
	  "text_tool_suspect" },
	{ "T9", "[read_file]{\"path\":\"}" END "{\"}" END, "", "read_file{\"path\":\"}" END "{\"}",
	  NULL },
	{ "T10", "```\n" T1 "\n```", "```\n" T1 "\n```", "", NULL },
	{ "T11", T1 "\n[nope]{}" END, "\n", "",
	  "text_tool_hidden:nope text_tool_hidden:read_file" },
	{ "T12", "[read_file]  \r\n" A "\r\n" END "\r\n", "\r\n", "read_file" A, NULL },
	{ "T13", "[read_file]\n{}\n[/read_file]", "", "read_file{}", NULL },
	{ "T13 other name", "[read_file]\n{}\n[/other]", "", "", "text_tool_unterminated" },
	{ "T14", "ok\n" T1, "ok\n", "read_file{\"path\":\"s\"}", "text_tool_hidden:read_file",
	  "[{\"index\":0,\"id\":\"i\",\"function\":{\"name\":\"read_file\",\"arguments\":\"{\\\"path\\\":\\\"s\\\"}\"}}]" },
	{ "T15", T1, "", "", "text_tool_hidden:read_file", NULL, NULL, true },
	{ "T16", T1, "", "", "text_tool_hidden:read_file", NULL, "length" },
	{ "T17", "[read_file]\n{\"a\":1,}\n" END, "", "", "text_tool_hidden:read_file" },
	{ "T18", "[read_file]\n" A "\n[end_tool_request]", "", "", "text_tool_unterminated" },
	{ "request", "Hm [TOOL_REQUEST]{\"name\":\"read_file\",\"arguments\":" A "}" END "!",
	  "Hm !", "read_file" A, NULL },
	{ "request without arguments", "[TOOL_REQUEST]{\"name\":\"read_file\"}" END, "",
	  "read_file{}", NULL },
	{ "request, arguments no object",
	  "[TOOL_REQUEST]{\"name\":\"read_file\",\"arguments\":[1]}" END, "", "",
	  "text_tool_hidden:read_file" },
	{ "request, broken", "x[TOOL_REQUEST]{\"name\":read_file}" END, "x", "",
	  "text_tool_hidden:?" },
	{ "request, other name", "x[TOOL_REQUEST]{\"name\":\"rm\"}" END, "x", "",
	  "text_tool_hidden:rm" },
	{ "one of two requests",
	  "[TOOL_REQUEST]{\"name\":\"rm\"}" END
	  "[TOOL_REQUEST]{\"name\":\"read_file\",\"arguments\":" A "}" END,
	  "", "read_file" A, "text_tool_hidden:rm text_tool_promoted tool_id_generated" },
	{ "big integer", "[read_file]{\"n\":9007199254740993}" END, "",
	  "read_file{\"n\":\"9007199254740993\"}", NULL },
};

static void append_calls(const struct oc_reply *r, struct oc_buf *out)
{
	for (size_t i = 0; i < r->n_calls; i++) {
		char *args = oc_json_compact(r->calls[i].args);

		oc_buf_addf(out, "%s%s", r->calls[i].name, args);
		free(args);
	}
}

static void check_row(const struct row *t, size_t step)
{
	struct oc_strv tools = { 0 };
	struct oc_buf body, calls;

	if (!t->no_tools) oc_strv_add(&tools, OC_LIT("read_file"));
	oc_buf_init(&body, 1 << 20);
	oc_buf_init(&calls, 1 << 20);
	say(&body, t->in, t->structured, t->finish ? t->finish : "stop");
	struct oc_decode_context ctx = { .tools = &tools,
					 .stream = true,
					 .text_tools = OC_TEXT_TOOLS_BRACKET };
	struct oc_decoder *d = feed_body(&ctx, NULL, "text/event-stream", oc_buf_view(&body), step);
	const struct oc_reply *r = oc_decoder_reply(d);
	char *warnings = oc_strv_join(&r->warnings, " ");

	append_calls(r, &calls);
	if (strcmp(oc_buf_cstr(&r->text), t->text) || strcmp(oc_buf_cstr(&calls), t->calls) ||
	    (t->warnings && strcmp(warnings, t->warnings)))
		fail_msg("%s: text '%s' calls '%s' warnings '%s'", t->name, oc_buf_cstr(&r->text),
			 oc_buf_cstr(&calls), warnings);
	free(warnings);
	oc_decoder_free(d);
	oc_buf_deinit(&body);
	oc_buf_deinit(&calls);
	oc_strv_deinit(&tools);
}

static void blocks_are_promoted_hidden_or_shown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		check_row(&rows[i], 0);
		check_row(&rows[i], 1);
	}
}

/* T19 */
static void oversized_names_and_payloads_are_not_promoted(void **state)
{
	struct oc_buf in, name;
	struct row t = { "T19", NULL, NULL, "", NULL };

	(void)state;
	oc_buf_init(&in, 1 << 20);
	oc_buf_init(&name, 256);
	for (int i = 0; i < 121; i++) oc_buf_addc(&name, 'n');
	oc_buf_addf(&in, "[%s]{}" END, oc_buf_cstr(&name));
	t.in = t.text = oc_buf_cstr(&in);
	check_row(&t, 0);
	oc_buf_clear(&in);
	oc_buf_adds(&in, "[read_file]{\"a\":\"");
	while (in.n < OC_MAX_TOOL_ARGS_BYTES + 20) oc_buf_addc(&in, 'x');
	oc_buf_adds(&in, "\"}" END "z");
	t.in = oc_buf_cstr(&in);
	t.text = "z";
	check_row(&t, 0);
	oc_buf_deinit(&in);
	oc_buf_deinit(&name);
}

static void look_alikes_are_named(void **state)
{
	static const struct {
		const char *text, *kind, *tool;
	} cases[] = {
		{ "<tool_call>\n{\"name\":\"f\",\"arguments\":{}}\n</tool_call>", "xml_tool_call",
		  "f" },
		{ "<tool_call><function=go.x><parameter=a>1</parameter></function></tool_call>",
		  "xml_tool_call", "go.x" },
		{ "```json\n{\"name\":\"f\",\"arguments\":{}}\n```", "json_tool_call", "f" },
		{ "I do {\"tool_calls\":[{\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]} now",
		  "json_tool_call", "g" },
		{ "[{\"x\":1},{\"tool\":\"h\",\"input\":1}]", "json_tool_call", "h" },
		{ "{\"type\":\"tool_use\",\"name\":\"k\"}", "json_tool_call", "k" },
		{ "Thought: x\nAction: search\nAction Input: y", "react_action", "search" },
		{ "[TOOL_CALL]{tool => \"sh\", args => {}}[/TOOL_CALL]", "bracketed_tool_call",
		  "sh" },
		{ "[read]\n[1]\n" END, "bracketed_tool_call", "read" },
		{ "{\"name\":\"Ada\",\"age\":36}", NULL, NULL },
		{ "{\"arguments\":[1]}", NULL, NULL },
		{ "Action: none was taken.", NULL, NULL },
		{ "A tool call is a request.", NULL, NULL },
		{ "plain", NULL, NULL },
		{ "", NULL, NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *tool = NULL;
		const char *kind = oc_text_tool_suspect(oc_str(cases[i].text), &tool);

		if (!kind != !cases[i].kind || (kind && strcmp(kind, cases[i].kind)) ||
		    !tool != !cases[i].tool || (tool && strcmp(tool, cases[i].tool)))
			fail_msg("%s: %s %s", cases[i].text, kind ? kind : "-", tool ? tool : "-");
		free(tool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_promoted_hidden_or_shown),
		cmocka_unit_test(oversized_names_and_payloads_are_not_promoted),
		cmocka_unit_test(look_alikes_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
