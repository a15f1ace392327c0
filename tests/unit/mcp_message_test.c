/* MCP messages: lines in every split, what each message is, and what we send. */
#include "check.h"

#include <stdlib.h>

#include "tool/mcp/message.h"

enum { CEILING = 40 };

static enum oc_rc show_line(void *arg, struct oc_str line)
{
	struct oc_buf *out = arg;

	oc_buf_addf(out, "<%.*s>", OC_FMT(line));
	return OC_OK;
}

static void lines_are_the_same_in_every_split(void **state)
{
	static const struct {
		const char *in, *want;
		bool too_long;
	} cases[] = {
		{ "{}\n", "<{}>", false },
		{ "{}\r\n[]\n", "<{}><[]>", false },
		{ "\n\n  \na\n\n", "<a>", false },
		{ "not yet", "", false },
		{ "a\nb", "<a>", false },
		{ "0123456789012345678901234567890123456789\n",
		  "<0123456789012345678901234567890123456789>", false },
		{ "a\n01234567890123456789012345678901234567890\n", "<a>", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_str in = oc_str(cases[i].in);

		for (size_t cut = 0; cut <= in.n; cut++) {
			struct oc_mcp_lines l;
			struct oc_buf out;

			oc_buf_init(&out, 1000);
			oc_mcp_lines_init(&l, CEILING);
			enum oc_rc rc =
			    oc_mcp_lines_feed(&l, oc_str_head(in, cut), show_line, &out);
			if (!rc) rc = oc_mcp_lines_feed(&l, oc_str_from(in, cut), show_line, &out);
			assert_int_equal(rc, cases[i].too_long ? OC_E_LIMIT : OC_OK);
			assert_string_equal(oc_buf_cstr(&out), cases[i].want);
			oc_mcp_lines_deinit(&l);
			oc_buf_deinit(&out);
		}
	}
}

static void a_message_is_what_its_members_say(void **state)
{
	static const struct {
		const char *text;
		enum oc_mcp_kind kind;
		int64_t id;
	} cases[] = {
		{ "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}", OC_MCP_ANSWER, 7 },
		{ "{\"id\":7,\"result\":null}", OC_MCP_ANSWER, 7 },
		{ "{\"id\":7,\"error\":{\"code\":-1,\"message\":\"no\"}}", OC_MCP_REFUSAL, 7 },
		{ "{\"id\":\"7\",\"result\":{}}", OC_MCP_ANSWER, -1 },
		{ "{\"id\":null,\"error\":{}}", OC_MCP_REFUSAL, -1 },
		{ "{\"result\":{}}", OC_MCP_ANSWER, -1 },
		{ "{\"id\":1,\"method\":\"ping\"}", OC_MCP_REQUEST, -1 },
		{ "{\"method\":\"notifications/progress\",\"params\":{}}", OC_MCP_NOTICE, -1 },
		{ "{\"id\":7,\"method\":\"x\",\"result\":{}}", OC_MCP_REQUEST, -1 },
		{ "{\"id\":7,\"error\":\"text\"}", OC_MCP_NONE, -1 },
		{ "{\"id\":7}", OC_MCP_NONE, -1 },
		{ "[]", OC_MCP_NONE, -1 },
		{ "7", OC_MCP_NONE, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		json_t *v = oc_json_parse(oc_str(cases[i].text), NULL, &e);
		struct oc_mcp_message m = oc_mcp_message_of(v);

		if (m.kind != cases[i].kind || m.id != cases[i].id) fail_msg("%s", cases[i].text);
		json_decref(v);
	}
}

static void expect_text(char *text, const char *want)
{
	assert_string_equal(text, want);
	free(text);
}

static void what_we_send_is_one_line(void **state)
{
	json_t *params = json_pack("{s:s}", "a", "x\ny"), *id = json_string("q1");

	(void)state;
	expect_text(
	    oc_mcp_request_text(3, "tools/list", params),
	    "{\"id\":3,\"method\":\"tools/list\",\"params\":{\"a\":\"x\\ny\"},\"jsonrpc\":\"2.0\"}");
	expect_text(oc_mcp_notice_text("notifications/initialized", NULL),
		    "{\"method\":\"notifications/initialized\",\"jsonrpc\":\"2.0\"}");
	expect_text(oc_mcp_reply_text(id, 0, NULL),
		    "{\"id\":\"q1\",\"result\":{},\"jsonrpc\":\"2.0\"}");
	expect_text(
	    oc_mcp_reply_text(id, -32601, "no"),
	    "{\"id\":\"q1\",\"error\":{\"code\":-32601,\"message\":\"no\"},\"jsonrpc\":\"2.0\"}");
	json_decref(params);
	json_decref(id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_in_every_split),
		cmocka_unit_test(a_message_is_what_its_members_say),
		cmocka_unit_test(what_we_send_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
