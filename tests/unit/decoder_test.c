/* The decoder beyond the wire cases: what streams out when, limits, ends of the connection, cost.
 */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "chat_feed.h"

#define CHUNK(delta) "data: {\"choices\":[{\"index\":0,\"delta\":" delta "}]}\n\n"
#define FINISH(why)                                                                                \
	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" why "\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

static const char events[] = "text/event-stream";

/* What came of a body: "outcome finish text reasoning class warnings". */
static char *summary(const struct oc_reply *r)
{
	char *warnings = oc_strv_join(&r->warnings, ",");
	struct oc_buf b;

	oc_buf_init(&b, 1 << 16);
	oc_buf_addf(&b, "%s %s '%s' '%s' %s %s", oc_outcome_name(r->outcome),
		    oc_finish_name(r->finish), oc_buf_cstr(&r->text), oc_buf_cstr(&r->reasoning),
		    oc_error_class_name(r->error.class), warnings);
	for (size_t i = 0; i < r->n_calls; i++)
		oc_buf_addf(&b, " %s(%s)%s", r->calls[i].name, r->calls[i].arguments,
			    r->calls[i].valid ? "" : "!");
	free(warnings);
	return oc_buf_take(&b);
}

static const struct row {
	const char *type, *body, *want;
} rows[] = {
	{ events, CHUNK("{\"content\":\"a\"}") FINISH("content_filter") DONE,
	  "ok content_filter 'a' '' none " },
	{ events, CHUNK("{\"content\":\"a\"}") FINISH("abort") DONE,
	  "error error 'a' '' server_error " },
	{ events, CHUNK("{\"reasoning_content\":\"a\"}") FINISH("length") DONE,
	  "ok length '' 'a' none reasoning_only" },
	{ events, CHUNK("{\"reasoning_content\":\"a\"}") FINISH("stop") DONE,
	  "ok stop '' 'a' none " },
	{ events, CHUNK("{\"content\":\" \\n\"}") FINISH("stop") DONE,
	  "empty stop ' \n' '' empty_response " },
	{ events, FINISH("tool_calls") DONE,
	  "empty stop '' '' empty_response finish_without_call" },
	{ events, CHUNK("{\"content\":\"a\"}") "data: [DONE]",
	  "ok stop 'a' '' none finish_inferred,sse_eof_flush" },
	{ events, CHUNK("{\"content\":\"a\"}") "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}",
	  "ok stop 'a' '' none no_done,sse_eof_flush" },
	{ events,
	  "data: 7\n\ndata: \"x\"\n\ndata: []\n\n" CHUNK("{\"content\":\"a\"}") FINISH("stop") DONE,
	  "ok stop 'a' '' none " },
	{ events,
	  "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}}]}\n\n" CHUNK(
	      "{\"content\":\"a\"}") FINISH("stop") DONE,
	  "ok stop 'a' '' none extra_choice" },
	{ events, CHUNK("{\"content\":\"\\ud800x\"}") FINISH("stop") DONE,
	  "ok stop '\xEF\xBF\xBDx' '' none utf8_replaced" },
	{ events,
	  CHUNK(
	      "{\"content\":\"a\"}") "data: {\"error\":{\"message\":\"one\"}}\n\ndata: {\"error\":{\"message\":\"Model unloaded\"}}\n\n",
	  "error error 'a' '' server_error " },
	{ events,
	  CHUNK(
	      "{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"t\"}]},\"s\"]}")
	      FINISH("eos") DONE,
	  "ok stop 's' 't' none " },
	{ events,
	  CHUNK(
	      "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}")
	      CHUNK(
		  "{\"tool_calls\":[{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}")
		  FINISH("stop") DONE,
	  "ok tool_calls '' '' none tool_index_reused f({}) f()" },
	{ events,
	  CHUNK("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\"}}]}")
	      CHUNK("{\"tool_calls\":[{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"f\"}}]}")
		  FINISH("stop") DONE,
	  "ok tool_calls '' '' none tool_id_duplicate f() f()" },
	{ events,
	  CHUNK(
	      "{\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}},{\"function\":{\"name\":\"f\",\"arguments\":\"{\"}},{\"function\":{\"arguments\":\"}\"}}]}")
	      FINISH("stop") DONE,
	  "ok tool_calls '' '' none tool_id_generated,tool_index_missing f({}) f({})" },
	{ events,
	  CHUNK(
	      "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"null\"}},{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"\\\"{}\\\"\"}}]}")
	      FINISH("stop") DONE,
	  "ok tool_calls '' '' none args_double_encoded,tool_unknown:g f(null) g({})" },
	{ "application/json",
	  "{\"choices\":[{\"message\":{\"content\":\"a\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{}}},{\"function\":{\"name\":\"f\"}}]}}]}",
	  "ok tool_calls 'a' '' none args_object,finish_inferred,tool_id_generated f({}) f()" },
	{ "application/json", "{\"choices\":[", "error error '' '' bad_payload " },
	{ "application/json", "[]", "error error '' '' bad_payload " },
	{ "text/plain", "hello", "error error '' '' not_an_api " },
	{ "text/plain", "data: {}\n\n",
	  "incomplete error '' '' stream_truncated content_type_mismatch" },
	{ "application/json", "<!DOCTYPE html>", "error error '' '' not_an_api " },
	{ events, ": ping\n\n: ping\n\n", "incomplete error '' '' stream_truncated " },
	{ events, "event: error\ndata: \"boom\"\n\n", "error error '' '' server_error " },
};

static void replies_are_normalised_at_any_split(void **state)
{
	struct oc_strv tools = { 0 };
	struct oc_decode_context ctx = { .tools = &tools, .stream = true };

	(void)state;
	oc_strv_add(&tools, OC_LIT("f"));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t step = 0; step < 4; step++) {
			struct oc_decoder *d =
			    feed_body(&ctx, NULL, rows[i].type, oc_str(rows[i].body), step);
			char *got = summary(oc_decoder_reply(d));

			if (strcmp(got, rows[i].want)) fail_msg("%s\n%s", rows[i].body, got);
			free(got);
			oc_decoder_free(d);
		}
	oc_strv_deinit(&tools);
}

/* ---- the end of the connection ----------------------------------------------- */

static void the_end_of_the_connection_counts(void **state)
{
	static const struct {
		const char *type, *body;
		enum oc_body_end end;
		bool unclean;
		const char *want;
	} cases[] = {
		{ events, CHUNK("{\"content\":\"a\"}"), OC_END_TRUNCATED, true,
		  "incomplete error 'a' '' stream_truncated " },
		{ events, CHUNK("{\"content\":\"a\"}"), OC_END_BAD_PAYLOAD, false,
		  "error error 'a' '' bad_payload " },
		{ events, CHUNK("{\"content\":\"a\"}") FINISH("stop") DONE, OC_END_TRUNCATED, true,
		  "ok stop 'a' '' none http_unclean_end" },
		{ "application/json",
		  "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
		  OC_END_TRUNCATED, false, "incomplete error '' '' stream_truncated " },
		{ "application/json",
		  "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
		  OC_END_TRUNCATED, true, "ok stop 'a' '' none http_unclean_end" },
	};
	struct oc_decode_context ctx = { .stream = true };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &ctx, NULL);

		oc_decoder_head(d, 200, feed_header, (void *)(uintptr_t)cases[i].type);
		(void)!oc_decoder_feed(d, oc_str(cases[i].body));
		oc_decoder_finish(d, cases[i].end, false, cases[i].unclean);
		char *got = summary(oc_decoder_reply(d));

		assert_string_equal(got, cases[i].want);
		free(got);
		oc_decoder_free(d);
	}
}

static void without_a_head_there_is_no_status(void **state)
{
	static const struct {
		enum oc_body_end end;
		enum oc_error_class class;
	} cases[] = { { OC_END_NO_RESPONSE, OC_ERR_NO_RESPONSE },
		      { OC_END_NOT_HTTP, OC_ERR_NOT_AN_API } };
	struct oc_decode_context ctx = { .stream = true };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &ctx, NULL);

		oc_decoder_finish(d, cases[i].end, false, false);
		assert_int_equal(oc_decoder_reply(d)->error.class, cases[i].class);
		assert_int_equal(oc_decoder_reply(d)->error.status, 0);
		oc_decoder_free(d);
	}
}

static void an_answer_without_content_is_not_retried(void **state)
{
	struct oc_decode_context ctx = { .stream = true };
	struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &ctx, NULL);

	(void)state;
	oc_decoder_head(d, 204, feed_header, NULL);
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	assert_int_equal(oc_decoder_reply(d)->outcome, OC_OUTCOME_ERROR);
	assert_int_equal(oc_decoder_reply(d)->error.class, OC_ERR_EMPTY_RESPONSE);
	assert_false(oc_decoder_reply(d)->error.retryable);
	oc_decoder_free(d);
}

/* ---- streaming ----------------------------------------------------------------- */

static void hear(void *arg, struct oc_str s)
{
	oc_buf_add(arg, s);
}

static void progressed(void *arg, const struct oc_progress *p)
{
	oc_buf_addf(arg, "<%lld/%lld>", (long long)p->processed, (long long)p->total);
}

static void deltas_come_out_while_the_stream_runs(void **state)
{
	struct oc_buf heard;
	struct oc_reply_sink sink = {
		.text = hear, .reasoning = hear, .progress = progressed, .arg = &heard
	};
	struct oc_decode_context ctx = { .stream = true,
					 .think_tags = true,
					 .text_tools = OC_TEXT_TOOLS_BRACKET };
	struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &ctx, &sink);
	static const struct {
		const char *piece, *heard;
	} steps[] = {
		{ "data: {\"choices\":[],\"prompt_progress\":{\"total\":9,\"processed\":4,\"cache\":0}}\n\n",
		  "<4/9>" },
		{ CHUNK("{\"reasoning\":\"r\"}"), "<4/9>r" },
		{ CHUNK("{\"content\":\"Hel\"}"), "<4/9>rHel" },
		{ CHUNK("{\"content\":\"lo [TOOL_\"}"), "<4/9>rHello " },
		{ CHUNK("{\"content\":\"BOX\"}"), "<4/9>rHello [TOOL_BOX" },
	};

	(void)state;
	oc_buf_init(&heard, 4096);
	oc_decoder_head(d, 200, feed_header, (void *)(uintptr_t)events);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		assert_int_equal(oc_decoder_feed(d, oc_str(steps[i].piece)), OC_OK);
		assert_string_equal(oc_buf_cstr(&heard), steps[i].heard);
	}
	assert_int_equal(oc_decoder_feed(d, OC_LIT(FINISH("stop") DONE)), OC_EOF);
	assert_int_equal(oc_decoder_feed(d, OC_LIT(CHUNK("{\"content\":\"late\"}"))), OC_EOF);
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	struct oc_reply r;

	oc_decoder_take(d, &r);
	assert_string_equal(oc_buf_cstr(&r.text), "Hello [TOOL_BOX");
	assert_string_equal(r.reasoning_field, "reasoning");
	oc_reply_deinit(&r);
	oc_decoder_free(d);
	oc_buf_deinit(&heard);
}

static void count(void *arg)
{
	(*(unsigned *)arg)++;
}

#define EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"

/* What a server says before its model works does not start the clock between tokens; what it says
 * afterwards does, also when it is no text. */
static void the_answer_begins_with_its_first_piece_and_not_with_progress(void **state)
{
	static const struct {
		enum oc_protocol protocol;
		const char *before, *first;
	} cases[] = {
		{ OC_PROTO_OPENAI_CHAT,
		  ": ping\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}],"
		  "\"prompt_progress\":{\"total\":9,\"processed\":4,\"cache\":0}}\n\n",
		  CHUNK(
		      "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"read\","
		      "\"arguments\":\"\"}}]}") },
		{ OC_PROTO_OPENAI_CHAT, ": ping\n\n", CHUNK("{\"content\":\"[TOOL\"}") },
		{ OC_PROTO_OPENAI_RESPONSES,
		  EVENT("response.created", ",\"response\":{\"id\":\"r\"}")
		      EVENT("response.in_progress", ",\"response\":{\"id\":\"r\"}"),
		  EVENT("response.output_item.added",
			",\"output_index\":0,\"item\":{\"type\":\"message\",\"id\":\"m\"}") },
		{ OC_PROTO_ANTHROPIC_MESSAGES,
		  EVENT("message_start", ",\"message\":{\"id\":\"m\"}") EVENT("ping", ""),
		  EVENT("content_block_start",
			",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}") },
		{ OC_PROTO_LMSTUDIO_CHAT,
		  EVENT("chat.start", ",\"model_instance_id\":\"m\"")
		      EVENT("prompt_processing.progress", ",\"progress\":0.5"),
		  EVENT("message.start", "") },
		{ OC_PROTO_OLLAMA_CHAT, "",
		  "{\"message\":{\"role\":\"assistant\",\"content\":\"H\"},\"done\":false}\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned began = 0;
		struct oc_reply_sink sink = { .begun = count, .arg = &began };
		struct oc_decode_context ctx = { .stream = true };
		struct oc_decoder *d = oc_decoder_new(cases[i].protocol, &ctx, &sink);
		bool lines = cases[i].protocol == OC_PROTO_OLLAMA_CHAT;

		oc_decoder_head(d, 200, feed_header,
				(void *)(uintptr_t)(lines ? "application/json" : events));
		assert_int_equal(oc_decoder_feed(d, oc_str(cases[i].before)), OC_OK);
		if (began != 0) fail_msg("row %zu: too early", i);
		for (int twice = 0; twice < 2; twice++)
			assert_int_equal(oc_decoder_feed(d, oc_str(cases[i].first)), OC_OK);
		if (began != 1) fail_msg("row %zu: %u", i, began);
		oc_decoder_free(d);
	}
}

static void white_space_before_the_body_is_cut_alike_at_any_split(void **state)
{
	struct oc_decode_context ctx = { .stream = true };

	(void)state;
	for (int blanks = 2000; blanks <= 2100; blanks += 100)
		for (size_t step = 0; step <= 700; step += 700) {
			struct oc_buf body;

			oc_buf_init(&body, 1 << 16);
			for (int i = 0; i < blanks; i++) oc_buf_addc(&body, '\n');
			oc_buf_adds(&body, "{\"choices\":[{\"message\":{\"content\":\"a\"}}]}");
			struct oc_decoder *d =
			    feed_body(&ctx, NULL, "text/plain", oc_buf_view(&body), step);

			assert_int_equal(oc_decoder_reply(d)->error.class,
					 blanks < 2048 ? OC_ERR_NONE : OC_ERR_NOT_AN_API);
			oc_decoder_free(d);
			oc_buf_deinit(&body);
		}
}

/* ---- limits and cost ---------------------------------------------------------------- */

static void a_hundred_thousand_deltas_take_linear_time(void **state)
{
	struct oc_strv tools = { 0 };
	struct oc_decode_context ctx = { .tools = &tools,
					 .stream = true,
					 .think_tags = true,
					 .text_tools = OC_TEXT_TOOLS_BRACKET };
	struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &ctx, NULL);

	(void)state;
	oc_decoder_head(d, 200, feed_header, (void *)(uintptr_t)events);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(oc_decoder_feed(d, OC_LIT(CHUNK("{\"content\":\"word \"}"))),
				 OC_OK);
	(void)!oc_decoder_feed(d, OC_LIT(FINISH("stop") DONE));
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	assert_int_equal(oc_decoder_reply(d)->text.n, 500000);
	oc_decoder_free(d);
}

static void an_error_page_without_an_end_is_left(void **state)
{
	struct oc_decode_context ctx = { .stream = true };
	struct oc_decoder *d = oc_decoder_new(OC_PROTO_OPENAI_CHAT, &ctx, NULL);
	struct oc_str piece = OC_LIT("500 words of an error page ");
	size_t fed = 0;

	(void)state;
	oc_decoder_head(d, 400, feed_header, (void *)(uintptr_t) "text/plain");
	while (fed < 2 * OC_MAX_ERROR_BODY_BYTES && oc_decoder_feed(d, piece) == OC_OK)
		fed += piece.n;
	assert_in_range(fed, OC_MAX_ERROR_BODY_BYTES - piece.n, OC_MAX_ERROR_BODY_BYTES);
	oc_decoder_finish(d, OC_END_CLEAN, false, false);
	assert_int_equal(oc_decoder_reply(d)->error.status, 400);
	oc_decoder_free(d);
}

static void a_sixteen_megabyte_text_passes(void **state)
{
	struct oc_decode_context ctx = { .stream = true,
					 .think_tags = true,
					 .text_tools = OC_TEXT_TOOLS_BRACKET };
	struct oc_buf body;
	size_t n = 15 << 20;

	(void)state;
	oc_buf_init(&body, SIZE_MAX / 2);
	oc_buf_adds(&body, "data: {\"choices\":[{\"delta\":{\"content\":\"");
	while (body.n < n) oc_buf_adds(&body, "a line with [brackets] and < angles\\n");
	oc_buf_adds(&body, "\"},\"finish_reason\":\"stop\"}]}\n\n" DONE);
	struct oc_decoder *d = feed_body(&ctx, NULL, events, oc_buf_view(&body), 16384);

	assert_int_equal(oc_decoder_reply(d)->outcome, OC_OUTCOME_OK);
	assert_true(oc_decoder_reply(d)->text.n > n * 9 / 10);
	oc_decoder_free(d);
	oc_buf_deinit(&body);
}

static void arguments_have_a_ceiling(void **state)
{
	struct oc_decode_context ctx = { .stream = true };
	struct oc_buf body;

	(void)state;
	oc_buf_init(&body, 1 << 20);
	oc_buf_adds(
	    &body,
	    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"");
	for (int i = 0; i <= OC_MAX_TOOL_ARGS_BYTES; i++) oc_buf_addc(&body, 'x');
	oc_buf_adds(&body, "\"}}]}}]}\n\n" FINISH("stop") DONE);
	struct oc_decoder *d = feed_body(&ctx, NULL, events, oc_buf_view(&body), 0);

	assert_int_equal(oc_decoder_reply(d)->error.class, OC_ERR_BAD_PAYLOAD);
	oc_decoder_free(d);
	oc_buf_deinit(&body);
}

static void nesting_has_a_ceiling(void **state)
{
	struct oc_decode_context ctx = { .stream = true };

	(void)state;
	for (int depth = 120; depth <= 140; depth += 20) {
		struct oc_buf body;

		oc_buf_init(&body, 1 << 20);
		oc_buf_adds(&body, "data: {\"x\":");
		for (int i = 0; i < depth; i++) oc_buf_addc(&body, '[');
		for (int i = 0; i < depth; i++) oc_buf_addc(&body, ']');
		oc_buf_adds(&body, "}\n\n" CHUNK("{\"content\":\"a\"}") FINISH("stop") DONE);
		struct oc_decoder *d = feed_body(&ctx, NULL, events, oc_buf_view(&body), 0);

		assert_int_equal(oc_decoder_reply(d)->outcome,
				 depth < 128 ? OC_OUTCOME_OK : OC_OUTCOME_ERROR);
		oc_decoder_free(d);
		oc_buf_deinit(&body);
	}
}

static void speed_is_read_from_timings(void **state)
{
	struct oc_decode_context ctx = { .stream = true };
	struct oc_decoder *d = feed_body(
	    &ctx, NULL, events,
	    OC_LIT(
		"data: {\"choices\":[],\"timings\":{\"prompt_n\":1,\"predicted_n\":2,\"predicted_per_second\":52.5}}\n\n" DONE),
	    0);

	(void)state;
	assert_true(oc_decoder_reply(d)->tokens_per_second == 52.5);
	oc_decoder_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_normalised_at_any_split),
		cmocka_unit_test(the_end_of_the_connection_counts),
		cmocka_unit_test(without_a_head_there_is_no_status),
		cmocka_unit_test(an_answer_without_content_is_not_retried),
		cmocka_unit_test(deltas_come_out_while_the_stream_runs),
		cmocka_unit_test(the_answer_begins_with_its_first_piece_and_not_with_progress),
		cmocka_unit_test(white_space_before_the_body_is_cut_alike_at_any_split),
		cmocka_unit_test(a_hundred_thousand_deltas_take_linear_time),
		cmocka_unit_test(an_error_page_without_an_end_is_left),
		cmocka_unit_test(a_sixteen_megabyte_text_passes),
		cmocka_unit_test(arguments_have_a_ceiling),
		cmocka_unit_test(nesting_has_a_ceiling),
		cmocka_unit_test(speed_is_read_from_timings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
