/* Request bodies, byte for byte: the key order is part of the contract, the server's prefix cache
 * depends on it. */
#include "check.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/codec/chat_request.h"
#include "request_setup.h"

static void check(struct setup *s, const char *want)
{
	check_body(oc_chat_request_json(&s->r), NULL, want);
}

/* The messages member alone. */
static void check_messages(struct setup *s, const char *want)
{
	check_body(oc_chat_request_json(&s->r), "messages", want);
}

static void a_plain_request_has_these_bytes(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"supportsUsageInStreaming\":true}");
	oc_messages_add(&s.m, OC_ROLE_SYSTEM, OC_LIT("sys"));
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("hi"));
	s.r.max_tokens = 8192;
	s.r.return_progress = true;
	s.r.tools = parsed("[{\"type\":\"function\",\"function\":{\"name\":\"read\"}}]");
	check(
	    &s,
	    "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"sys\"},{\"role\":\"user\",\"content\":\"hi\"}],"
	    "\"stream\":true,\"stream_options\":{\"include_usage\":true},\"max_tokens\":8192,"
	    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"read\"}}],\"tool_choice\":\"auto\",\"return_progress\":true}");
	json_decref(s.r.tools);
	end(&s);
}

static void a_tool_loop_is_replayed(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
	struct oc_message *a = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT(""));
	oc_buf_adds(&a->reasoning, "hm");
	a->reasoning_field = oc_strdup("reasoning_content");
	add_call(a, "c1", "read", "{ \"path\": \"a\" }");
	add_call(a, "c2", "read", "{\"path\": \"a");
	add_call(a, "c3", "read", "[1]");
	add_result(&s, "c1", "");
	add_result(&s, "c2", "x");
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":\"go\"},{\"role\":\"assistant\",\"content\":\"\",\"reasoning_content\":\"hm\","
	    "\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"read\",\"arguments\":\"{ \\\"path\\\": \\\"a\\\" }\"}},"
	    "{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"read\",\"arguments\":\"{}\"}},"
	    "{\"id\":\"c3\",\"type\":\"function\",\"function\":{\"name\":\"read\",\"arguments\":\"{}\"}}]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"(no output)\"},{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"x\"}]");
	/* After the loop the thought stays behind. */
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("next"));
	json_t *body = oc_chat_request_json(&s.r);

	assert_null(json_object_get(json_array_get(json_object_get(body, "messages"), 1),
				    "reasoning_content"));
	json_decref(body);
	end(&s);
}

static void neighbours_of_one_role_are_joined(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("a"));
	oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT("")); /* skipped: nothing to say */
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("b"));
	check_messages(&s, "[{\"role\":\"user\",\"content\":\"a\\n\\nb\"}]");
	end(&s);
}

static void images_travel_only_to_models_that_see(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	struct oc_message *u = oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("look"));
	struct oc_image *i = oc_message_add_image(u);
	i->mime = oc_strdup("image/png");
	i->base64 = oc_strdup("QQ==");
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":\"look\\n[image left out: this model takes no images]\"}]");
	s.r.vision = true;
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"look\"},"
	    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QQ==\"}}]}]");
	end(&s);
}

static void images_of_a_tool_result_follow_as_the_users(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.vision = true;
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
	struct oc_message *a = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT(""));
	add_call(a, "c1", "read", "{}");
	struct oc_image *i = oc_message_add_image(add_result(&s, "c1", ""));
	i->mime = oc_strdup("image/png");
	i->base64 = oc_strdup("QQ==");
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("and?"));
	json_t *body = oc_chat_request_json(&s.r);
	json_t *messages = json_object_get(body, "messages");

	assert_int_equal(json_array_size(messages), 4);
	char *last = oc_json_compact(json_array_get(messages, 3));
	assert_string_equal(
	    last,
	    "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QQ==\"}},"
	    "{\"type\":\"text\",\"text\":\"and?\"}]}");
	free(last);
	json_decref(body);
	end(&s);
}

static void flags_shape_the_messages(void **state)
{
	struct setup s;

	(void)state;
	begin(
	    &s,
	    "{\"requiresToolResultName\":true,\"requiresAssistantAfterToolResult\":true,\"strictMessageKeys\":true}");
	struct oc_message *a = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT("t"));
	oc_buf_adds(&a->reasoning, "hm");
	a->reasoning_field = oc_strdup("reasoning");
	add_call(a, "c1", "read", "{}");
	add_result(&s, "c1", "x");
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("u"));
	check_messages(
	    &s,
	    "[{\"role\":\"assistant\",\"content\":\"t\",\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"read\",\"arguments\":\"{}\"}}]},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"name\":\"read\",\"content\":\"x\"},"
	    "{\"role\":\"assistant\",\"content\":\"I have the results.\"},{\"role\":\"user\",\"content\":\"u\"}]");
	end(&s);
}

static void the_developer_role_needs_flag_and_reasoning(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"supportsDeveloperRole\":true}");
	oc_messages_add(&s.m, OC_ROLE_SYSTEM, OC_LIT("s"));
	check_messages(&s, "[{\"role\":\"system\",\"content\":\"s\"}]");
	s.r.reasoning_model = true;
	check_messages(&s, "[{\"role\":\"developer\",\"content\":\"s\"}]");
	end(&s);
}

static void tools_are_left_out_where_they_are_not_taken(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"supportsTools\":false}");
	s.r.tools = parsed("[{}]");
	s.r.params = parsed("{\"parallel_tool_calls\":true}");
	check(&s, "{\"model\":\"m\",\"messages\":[],\"stream\":true}");
	json_decref(s.r.params);
	json_decref(s.r.tools);
	end(&s);
}

static void unsupported_schema_keywords_are_stripped(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"unsupportedToolSchemaKeywords\":[\"pattern\"]}");
	s.r.tools = parsed(
	    "[{\"function\":{\"parameters\":{\"properties\":{\"pattern\":{\"type\":\"string\",\"pattern\":\"^a\"}}}}}]");
	check(
	    &s,
	    "{\"model\":\"m\",\"messages\":[],\"stream\":true,\"tools\":[{\"function\":{\"parameters\":{\"properties\":"
	    "{\"pattern\":{\"type\":\"string\"}}}}}],\"tool_choice\":\"auto\"}");
	json_decref(s.r.tools);
	end(&s);
}

static void thought_is_asked_for_in_the_servers_words(void **state)
{
	static const struct {
		const char *format, *level, *want;
	} cases[] = {
		{ "openai", "high", "\"reasoning_effort\":\"high\"" },
		{ "openai", "off", "" },
		{ "openrouter", "low", "\"reasoning\":{\"effort\":\"low\"}" },
		{ "deepseek", "high",
		  "\"thinking\":{\"type\":\"enabled\"},\"reasoning_effort\":\"high\"" },
		{ "deepseek", "off", "\"thinking\":{\"type\":\"disabled\"}" },
		{ "zai", "high", "\"thinking\":{\"type\":\"enabled\",\"clear_thinking\":false}" },
		{ "qwen", "off", "\"enable_thinking\":false" },
		{ "qwen-chat-template", "high",
		  "\"chat_template_kwargs\":{\"enable_thinking\":true,\"preserve_thinking\":true}" },
		{ "together", "high",
		  "\"reasoning\":{\"enabled\":true},\"reasoning_effort\":\"high\"" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;
		char *compat =
		    oc_asprintf("{\"supportsReasoningEffort\":true,\"thinkingFormat\":\"%s\"}",
				cases[i].format);
		char *want = oc_asprintf("{\"model\":\"m\",\"messages\":[],\"stream\":true%s%s}",
					 *cases[i].want ? "," : "", cases[i].want);

		begin(&s, compat);
		s.r.thinking = cases[i].level;
		check(&s, "{\"model\":\"m\",\"messages\":[],\"stream\":true}"); /* the model does
										   not reason */
		s.r.reasoning_model = true;
		check(&s, want);
		free(compat);
		free(want);
		end(&s);
	}
}

static void parameters_are_merged_and_judged(void **state)
{
	static const struct {
		const char *params, *want; /* members after stream */
	} cases[] = {
		{ "{\"temperature\":0.5,\"topP\":0.9,\"seed\":7}",
		  ",\"temperature\":0.5,\"top_p\":0.9,\"seed\":7" },
		{ "{\"top_p\":0.1,\"topP\":0.9}", ",\"top_p\":0.1" },
		{ "{\"temperature\":\"hot\",\"seed\":1.5,\"preload\":false}", "" },
		{ "{\"stop\":\"\"}", "" },
		{ "{\"stop\":[\"a\",\"\",\"b\"]}", ",\"stop\":[\"a\",\"b\"]" },
		{ "{\"maxTokens\":5}", ",\"max_tokens\":5" },
		{ "{\"chat_template_kwargs\":{\"a\":1}}", ",\"chat_template_kwargs\":{\"a\":1}" },
		{ "{\"extra_body\":{\"top_k\":3,\"x\":null,\"stream\":false,\"store\":true,\"prompt_cache_key\":\"k\",\"__proto__\":1}}",
		  ",\"top_k\":3,\"x\":null" },
		{ "{\"extraBody\":{\"a\":1},\"extra_body\":{\"b\":1}}", ",\"b\":1" },
		{ "{\"responseFormat\":{\"type\":\"text\"}}",
		  ",\"response_format\":{\"type\":\"text\"}" },
	};
	(void)state;
	oc_log_set_level(OC_LOG_ERROR);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;
		char *want = oc_asprintf("{\"model\":\"m\",\"messages\":[],\"stream\":true%s}",
					 cases[i].want);

		begin(&s, NULL);
		s.r.params = parsed(cases[i].params);
		check(&s, want);
		free(want);
		json_decref(s.r.params);
		end(&s);
	}
}

static void extra_body_beats_the_tool_choice(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"maxTokensField\":\"max_completion_tokens\"}");
	s.r.tools = parsed("[{}]");
	s.r.max_tokens = 9;
	s.r.params = parsed("{\"extra_body\":{\"tool_choice\":\"required\"}}");
	check(
	    &s,
	    "{\"model\":\"m\",\"messages\":[],\"stream\":true,\"max_completion_tokens\":9,\"tools\":[{}],\"tool_choice\":\"required\"}");
	json_decref(s.r.tools);
	json_decref(s.r.params);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_has_these_bytes),
		cmocka_unit_test(a_tool_loop_is_replayed),
		cmocka_unit_test(neighbours_of_one_role_are_joined),
		cmocka_unit_test(images_travel_only_to_models_that_see),
		cmocka_unit_test(images_of_a_tool_result_follow_as_the_users),
		cmocka_unit_test(flags_shape_the_messages),
		cmocka_unit_test(the_developer_role_needs_flag_and_reasoning),
		cmocka_unit_test(tools_are_left_out_where_they_are_not_taken),
		cmocka_unit_test(unsupported_schema_keywords_are_stripped),
		cmocka_unit_test(thought_is_asked_for_in_the_servers_words),
		cmocka_unit_test(parameters_are_merged_and_judged),
		cmocka_unit_test(extra_body_beats_the_tool_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
