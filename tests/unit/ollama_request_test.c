/* Bodies of requests to Ollama's own chat, byte for byte. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/ollama_request.h"
#include "request_setup.h"

static void check(struct setup *s, const char *member, const char *want)
{
	check_body(oc_ollama_request_json(&s->r), member, want);
}

static void a_plain_request_has_these_bytes(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"unsupportedToolSchemaKeywords\":[\"pattern\"]}");
	oc_messages_add(&s.m, OC_ROLE_SYSTEM, OC_LIT("sys"));
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("hi"));
	s.r.max_tokens = 100;
	s.r.window = 8192;
	s.r.tools = parsed(read_tool);
	check(
	    &s, NULL,
	    "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"sys\"},"
	    "{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true,"
	    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"read\",\"description\":\"Reads.\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"string\"}}}}}],"
	    "\"truncate\":false,\"options\":{\"num_ctx\":8192,\"num_predict\":100}}");
	json_decref(s.r.tools);
	end(&s);
}

static void calls_are_objects_and_results_name_their_tool(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
	struct oc_message *m = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT(""));

	m->reasoning_field = oc_strdup("reasoning_content");
	oc_buf_adds(&m->reasoning, "hm");
	add_call(m, "c1", "read", "{\"p\":\"a\"}");
	add_call(m, "c2", "read", "{\"p\":");
	add_result(&s, "c1", "text");
	add_result(&s, "c2", "");
	check(
	    &s, "messages",
	    "[{\"role\":\"user\",\"content\":\"go\"},"
	    "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
	    "{\"id\":\"c1\",\"function\":{\"name\":\"read\",\"arguments\":{\"p\":\"a\"}}},"
	    "{\"id\":\"c2\",\"function\":{\"name\":\"read\",\"arguments\":{}}}],\"thinking\":\"hm\"},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"text\",\"tool_name\":\"read\"},"
	    "{\"role\":\"tool\",\"tool_call_id\":\"c2\",\"content\":\"(no output)\",\"tool_name\":\"read\"}]");
	end(&s);
}

static void images_stand_beside_the_text(void **state)
{
	static const struct {
		bool vision;
		const char *want;
	} cases[] = {
		{ true, "[{\"role\":\"user\",\"content\":\"look\",\"images\":[\"AAAA\"]}]" },
		{ false,
		  "[{\"role\":\"user\",\"content\":\"look\\n[image left out: this model takes "
		  "no images]\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;

		begin(&s, NULL);
		add_image(oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("look")));
		s.r.vision = cases[i].vision;
		check(&s, "messages", cases[i].want);
		end(&s);
	}
}

static void thought_is_a_switch_or_one_of_three_levels(void **state)
{
	static const struct {
		const char *compat, *level;
		bool reasons;
		const char *want;
	} cases[] = {
		{ NULL, "high", true, "true" },
		{ NULL, "off", true, "false" },
		{ NULL, "high", false, "null" },
		{ NULL, NULL, true, "null" },
		{ "{\"supportsReasoningEffort\":true,\"supportedReasoningEfforts\":[\"low\",\"medium\","
		  "\"high\"]}",
		  "max", true, "\"high\"" },
		{ "{\"supportsReasoningEffort\":true,\"supportedReasoningEfforts\":[\"low\",\"medium\","
		  "\"high\"]}",
		  "minimal", true, "\"low\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;

		begin(&s, cases[i].compat);
		oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("hi"));
		s.r.thinking = cases[i].level;
		s.r.reasoning_model = cases[i].reasons;
		json_t *body = oc_ollama_request_json(&s.r), *got = json_object_get(body, "think");
		char *text = json_dumps(got ? got : json_null(), JSON_ENCODE_ANY);

		if (strcmp(text, cases[i].want) != 0) fail_msg("case %zu: %s", i, text);
		free(text);
		json_decref(body);
		end(&s);
	}
}

static void parameters_of_the_person_are_options(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.window = 8192;
	s.r.params = parsed("{\"temperature\":0.5,\"topK\":20,\"stop\":\"END\",\"numCtx\":4096,"
			    "\"maxTokens\":7,\"keepAlive\":\"10m\",\"top_p\":\"x\"}");
	check(
	    &s, NULL,
	    "{\"model\":\"m\",\"messages\":[],\"stream\":true,\"truncate\":false,\"options\":{"
	    "\"num_ctx\":4096,\"num_predict\":7,\"temperature\":0.5,\"top_k\":20,\"stop\":[\"END\"]},"
	    "\"keep_alive\":\"10m\"}");
	json_decref(s.r.params);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_has_these_bytes),
		cmocka_unit_test(calls_are_objects_and_results_name_their_tool),
		cmocka_unit_test(images_stand_beside_the_text),
		cmocka_unit_test(thought_is_a_switch_or_one_of_three_levels),
		cmocka_unit_test(parameters_of_the_person_are_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
