/* What the codecs of the APIs beside chat completions make of streams that leave things out, say
 * them twice or contradict themselves. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/decoder.h"

struct expected {
	const char *text, *reasoning, *calls; /* calls: "name arguments;" each */
	enum oc_finish finish;
	enum oc_error_class error;
	const char *warnings; /* joined by a blank */
};

static const char *header(void *arg, const char *name)
{
	return strcmp(name, "content-type") == 0 ? arg : NULL;
}

static void add_calls(const struct oc_reply *r, struct oc_buf *out)
{
	for (size_t i = 0; i < r->n_calls; i++)
		oc_buf_addf(out, "%s %s;", r->calls[i].name,
			    r->calls[i].valid ? r->calls[i].arguments : "invalid");
}

static void check_reply(const struct oc_reply *r, const struct expected *want)
{
	struct oc_buf calls, warnings;

	oc_buf_init(&calls, 10000);
	oc_buf_init(&warnings, 10000);
	add_calls(r, &calls);
	for (size_t i = 0; i < r->warnings.n; i++)
		oc_buf_addf(&warnings, "%s%s", i ? " " : "", r->warnings.v[i]);
	assert_string_equal(oc_error_class_name(r->error.class), oc_error_class_name(want->error));
	assert_string_equal(oc_buf_cstr(&r->text), want->text ? want->text : "");
	assert_string_equal(oc_buf_cstr(&r->reasoning), want->reasoning ? want->reasoning : "");
	assert_string_equal(oc_buf_cstr(&calls), want->calls ? want->calls : "");
	assert_string_equal(oc_finish_name(r->finish), oc_finish_name(want->finish));
	assert_string_equal(oc_buf_cstr(&warnings), want->warnings ? want->warnings : "");
	oc_buf_deinit(&calls);
	oc_buf_deinit(&warnings);
}

/* events: JSON objects, each on a line of its own. Fed whole and byte by byte. */
static void check(enum oc_protocol p, const char *events, struct expected want)
{
	static const char json_type[] = "application/json", sse_type[] = "text/event-stream";
	bool sse = p != OC_PROTO_OLLAMA_CHAT && strchr(events, '\n');
	struct oc_strv tools = { 0 };
	struct oc_buf body;

	oc_strv_add(&tools, OC_LIT("read"));
	oc_buf_init(&body, 100000);
	for (const char *line = events; *line;) {
		size_t n = strcspn(line, "\n");

		oc_buf_addf(&body, sse ? "data: %.*s\n\n" : "%.*s\n", (int)n, line);
		line += n + (line[n] == '\n');
	}
	for (size_t step = 1; step <= body.n; step += body.n - 1) {
		struct oc_decode_context ctx = { .tools = &tools, .stream = true };
		struct oc_decoder *d = oc_decoder_new(p, &ctx, NULL);

		oc_decoder_head(d, 200, header, (void *)(uintptr_t)(sse ? sse_type : json_type));
		for (size_t at = 0; at < body.n; at += step)
			(void)!oc_decoder_feed(
			    d, oc_str_head(oc_str_from(oc_buf_view(&body), at), step));
		oc_decoder_finish(d, OC_END_CLEAN, false, false);
		check_reply(oc_decoder_reply(d), &want);
		oc_decoder_free(d);
	}
	oc_buf_deinit(&body);
	oc_strv_deinit(&tools);
}

/* ---- responses ---- */

#define COMPLETED(output)                                                                                          \
	"{\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"status\":\"completed\",\"output\":[" output \
	"]}}\n"
#define DELTA(text)                                                                                \
	"{\"type\":\"response.output_text.delta\",\"item_id\":\"m\",\"delta\":\"" text "\"}\n"
#define MESSAGE(id, text)                                                                          \
	"{\"type\":\"message\",\"id\":\"" id                                                       \
	"\",\"content\":[{\"type\":\"output_text\",\"text\":\"" text "\"}]}"
#define CALL(id, args)                                                                             \
	"{\"type\":\"function_call\",\"id\":\"" id "\",\"call_id\":\"c" id                         \
	"\",\"name\":\"read\",\"arguments\":\"" args "\"}"
#define ADDED(item) "{\"type\":\"response.output_item.added\",\"item\":" item "}\n"
#define DONE(item)  "{\"type\":\"response.output_item.done\",\"item\":" item "}\n"

static void responses_are_put_together(void **state)
{
	static const struct {
		const char *events;
		struct expected want;
	} cases[] = {
		/* the rest of a text comes only at the end of its item */
		{ DELTA("Hel") DONE(MESSAGE("m", "Hello")) COMPLETED(MESSAGE("m", "Hello")),
		  { .text = "Hello", .finish = OC_FINISH_STOP } },
		/* what an item is in the end beats its pieces */
		{ DELTA("Hel") DELTA("xo") DONE(MESSAGE("m", "Hello")) COMPLETED(""),
		  { .text = "Hello", .finish = OC_FINISH_STOP } },
		/* ids of the last event are others */
		{ DELTA("Hello") DONE(MESSAGE("m", "Hello")) COMPLETED(MESSAGE("other", "Hello")),
		  { .text = "Hello", .finish = OC_FINISH_STOP } },
		/* a call that only the last event finishes, and one that only it has */
		{ ADDED(CALL("1", "")) COMPLETED(CALL("1", "{}") "," CALL("2", "{\\\"p\\\":1}")),
		  { .calls = "read {};read {\"p\":1};", .finish = OC_FINISH_TOOL_CALLS } },
		{ ADDED(CALL("1", "")) COMPLETED(""),
		  { .calls = "read ;", .finish = OC_FINISH_ERROR, .error = OC_ERR_BAD_PAYLOAD } },
		{ DONE(CALL("1", "{\\\"p\\\":")) COMPLETED(""),
		  { .calls = "read invalid;",
		    .finish = OC_FINISH_TOOL_CALLS,
		    .warnings = "tool_args_invalid" } },
		/* thought: deltas and their sum, a sum alone, parts apart, summary and text once */
		{ "{\"type\":\"response.reasoning_text.delta\",\"item_id\":\"r\",\"delta\":\"Hm\"}\n"
		  "{\"type\":\"response.reasoning_text.done\",\"item_id\":\"r\",\"text\":\"Hm\"}\n" DELTA(
		      "x") COMPLETED(""),
		  { .text = "x", .reasoning = "Hm", .finish = OC_FINISH_STOP } },
		{ "{\"type\":\"response.reasoning_text.done\",\"item_id\":\"r\",\"text\":\"Hm\"}\n" DELTA(
		      "x") COMPLETED(""),
		  { .text = "x", .reasoning = "Hm", .finish = OC_FINISH_STOP } },
		{ "{\"type\":\"response.reasoning_summary_part.added\",\"item_id\":\"r\"}\n"
		  "{\"type\":\"response.reasoning_summary_text.delta\",\"item_id\":\"r\",\"delta\":\"A\"}\n"
		  "{\"type\":\"response.reasoning_summary_part.added\",\"item_id\":\"r\"}\n"
		  "{\"type\":\"response.reasoning_summary_text.delta\",\"item_id\":\"r\",\"delta\":\"B\"}\n"
		  "{\"type\":\"response.reasoning_text.delta\",\"item_id\":\"r\",\"delta\":\"raw\"}\n" DONE(
		      "{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[{\"text\":\"A\"},{\"text\":\"B\"}]}")
		      DELTA("x") COMPLETED(""),
		  { .text = "x", .reasoning = "A\n\nB", .finish = OC_FINISH_STOP } },
		/* one place for two items */
		{ "{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":" CALL(
		      "1",
		      "") "}\n"
			  "{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":" CALL(
			      "2", "") "}\n",
		  { .calls = "read ;", .finish = OC_FINISH_ERROR, .error = OC_ERR_BAD_PAYLOAD } },
		{ DELTA("x") "[DONE]\n",
		  { .text = "x", .finish = OC_FINISH_ERROR, .error = OC_ERR_STREAM_TRUNCATED } },
		{ DELTA(
		      "x") "{\"type\":\"response.incomplete\",\"response\":{\"incomplete_details\":{\"reason\":\"content_filter\"}}}\n",
		  { .text = "x", .finish = OC_FINISH_CONTENT_FILTER } },
		{ DELTA("x") "{\"type\":\"response.failed\",\"response\":{}}\n",
		  { .text = "x", .finish = OC_FINISH_ERROR, .error = OC_ERR_SERVER_ERROR } },
		/* one JSON body */
		{ "{\"object\":\"response\",\"status\":\"completed\",\"output\":[" MESSAGE(
		      "m", "Hi") "," CALL("1", "{}") "]}",
		  { .text = "Hi", .calls = "read {};", .finish = OC_FINISH_TOOL_CALLS } },
		{ "{\"object\":\"response\",\"status\":\"failed\",\"output\":[],\"error\":{\"code\":\"x\",\"message\":\"y\"}}",
		  { .finish = OC_FINISH_ERROR, .error = OC_ERR_SERVER_ERROR } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(OC_PROTO_OPENAI_RESPONSES, cases[i].events, cases[i].want);
}

/* ---- messages ---- */

#define START(block) "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":" block "}\n"
#define PIECE(delta) "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":" delta "}\n"
#define STOP(reason) "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" reason "\"}}\n"
#define TEXT	     PIECE("{\"type\":\"text_delta\",\"text\":\"x\"}")
#define TOOL(more)   START("{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"read\"" more "}")
#define END	     "{\"type\":\"message_stop\"}\n"

static void messages_are_put_together(void **state)
{
	static const struct {
		const char *events;
		struct expected want;
	} cases[] = {
		{ TEXT STOP("end_turn"),
		  { .text = "x", .finish = OC_FINISH_STOP, .warnings = "no_done" } },
		{ TEXT END,
		  { .text = "x", .finish = OC_FINISH_STOP, .warnings = "finish_inferred" } },
		{ TEXT STOP("pause_turn") END, { .text = "x", .finish = OC_FINISH_STOP } },
		{ TEXT STOP("model_context_window_exceeded") END,
		  { .text = "x", .finish = OC_FINISH_LENGTH } },
		{ TEXT STOP("refusal") END, { .text = "x", .finish = OC_FINISH_CONTENT_FILTER } },
		{ TEXT STOP("odd") END,
		  { .text = "x", .finish = OC_FINISH_STOP, .warnings = "finish_unknown:odd" } },
		{ TOOL(",\"input\":{\"p\":1}") STOP("tool_use") END,
		  { .calls = "read {\"p\":1};", .finish = OC_FINISH_TOOL_CALLS } },
		/* pieces beat the input of the start */
		{ TOOL(",\"input\":{}")
		      PIECE("{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"p\\\":2}\"}")
			  STOP("tool_use") END,
		  { .calls = "read {\"p\":2};", .finish = OC_FINISH_TOOL_CALLS } },
		/* a bad escape inside a string is mended, a cut object is not */
		{ TOOL("") PIECE(
		      "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"p\\\":\\\"C:\\\\dir\\\"}\"}")
		      STOP("tool_use") END,
		  { .calls = "read {\"p\":\"C:\\\\dir\"};", .finish = OC_FINISH_TOOL_CALLS } },
		{ TOOL("")
		      PIECE("{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"p\\\":\\\"a\"}")
			  STOP("tool_use") END,
		  { .calls = "read invalid;",
		    .finish = OC_FINISH_TOOL_CALLS,
		    .warnings = "tool_args_invalid" } },
		{ "{\"type\":\"message\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"Hm\"},{\"type\":\"text\",\"text\":\"x\"}],"
		  "\"stop_reason\":\"end_turn\"}",
		  { .text = "x", .reasoning = "Hm", .finish = OC_FINISH_STOP } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(OC_PROTO_ANTHROPIC_MESSAGES, cases[i].events, cases[i].want);
}

/* ---- Ollama's and LM Studio's own ---- */

static void ollama_lines_are_put_together(void **state)
{
	static const struct {
		const char *events;
		struct expected want;
	} cases[] = {
		{ "{\"message\":{\"content\":\"a\"}}\n\n{\"message\":{\"content\":\"b\"},\"done\":true,\"done_reason\":\"length\"}\n",
		  { .text = "ab", .finish = OC_FINISH_LENGTH } },
		{ "{\"message\":{\"content\":\"a\"},\"done\":true}\n",
		  { .text = "a", .finish = OC_FINISH_STOP, .warnings = "finish_inferred" } },
		{ "{\"message\":{\"content\":\"a\"}}\n{\"mess",
		  { .text = "a",
		    .finish = OC_FINISH_ERROR,
		    .error = OC_ERR_BAD_PAYLOAD,
		    .warnings = "bad_json_event" } },
		{ "{\"message\":{\"content\":\"a\"}}\n",
		  { .text = "a", .finish = OC_FINISH_ERROR, .error = OC_ERR_STREAM_TRUNCATED } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check(OC_PROTO_OLLAMA_CHAT, cases[i].events, cases[i].want);
}

static void native_results_fill_what_was_not_streamed(void **state)
{
	(void)state;
	check(
	    OC_PROTO_LMSTUDIO_CHAT,
	    "{\"type\":\"chat.start\"}\n{\"type\":\"chat.end\",\"result\":{\"output\":[{\"type\":\"reasoning\",\"content\":\"Hm\"},"
	    "{\"type\":\"message\",\"content\":\"Hi\"}]}}\n",
	    (struct expected){ .text = "Hi", .reasoning = "Hm", .finish = OC_FINISH_STOP });
	check(OC_PROTO_LMSTUDIO_CHAT,
	      "{\"type\":\"chat.start\"}\n{\"type\":\"message.delta\",\"content\":\"H\"}\n",
	      (struct expected){
		  .text = "H", .finish = OC_FINISH_ERROR, .error = OC_ERR_STREAM_TRUNCATED });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responses_are_put_together),
		cmocka_unit_test(messages_are_put_together),
		cmocka_unit_test(ollama_lines_are_put_together),
		cmocka_unit_test(native_results_fill_what_was_not_streamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
