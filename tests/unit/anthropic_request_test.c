/* Bodies of messages requests, byte for byte, and the budget for thought. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/anthropic_request.h"
#include "request_setup.h"

static void check(struct setup *s, const char *want)
{
	check_body(oc_anthropic_request_json(&s->r), NULL, want);
}

static void check_messages(struct setup *s, const char *want)
{
	check_body(oc_anthropic_request_json(&s->r), "messages", want);
}

static void a_plain_request_has_these_bytes(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"unsupportedToolSchemaKeywords\":[\"pattern\"]}");
	oc_messages_add(&s.m, OC_ROLE_SYSTEM, OC_LIT("sys"));
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("hi"));
	s.r.max_tokens = 100;
	s.r.tools = parsed(read_tool);
	check(
	    &s,
	    "{\"model\":\"m\",\"max_tokens\":100,\"system\":[{\"type\":\"text\",\"text\":\"sys\"}],"
	    "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}],\"stream\":true,"
	    "\"tools\":[{\"name\":\"read\",\"description\":\"Reads.\","
	    "\"input_schema\":{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"string\"}}}}],"
	    "\"tool_choice\":{\"type\":\"auto\"}}");
	json_decref(s.r.tools);
	end(&s);
}

static void results_of_a_batch_and_what_follows_are_one_user_message(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
	struct oc_message *m = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT(""));

	add_call(m, "call/1", "read", "{\"p\":\"a\"}");
	add_call(m, "c2", "read", "[1]");
	add_result(&s, "call/1", "text");
	add_result(&s, "c2", "");
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("and now?"));
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"go\"}]},"
	    "{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"call_1\",\"name\":\"read\",\"input\":{\"p\":\"a\"}},"
	    "{\"type\":\"tool_use\",\"id\":\"c2\",\"name\":\"read\",\"input\":{}}]},"
	    "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"call_1\",\"content\":\"text\"},"
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"(no output)\"},"
	    "{\"type\":\"text\",\"text\":\"and now?\"}]}]");
	end(&s);
}

static void a_result_says_that_its_call_failed(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	add_result(&s, "c1", "no such file")->tool_failed = true;
	add_result(&s, "c2", "fine");
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":\"no such file\",\"is_error\":true},"
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"c2\",\"content\":\"fine\"}]}]");
	end(&s);
}

static void ids_are_made_what_the_api_takes(void **state)
{
	static const char *const cases[][2] = {
		{ "toolu_01-A", "toolu_01-A" },
		{ "a b\xC3\xA4|c", "a_b___c" },
		{ "", "_" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789",
		  "0123456789012345678901234567890123456789012345678901234567890123" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;
		char *want = oc_asprintf(
		    "[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"%s\",\"content\":\"x\"}]}]",
		    cases[i][1]);

		begin(&s, NULL);
		add_result(&s, cases[i][0], "x");
		check_messages(&s, want);
		free(want);
		end(&s);
	}
}

static void images_travel_as_blocks_also_in_results(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.vision = true;
	add_image(oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("see")));
	add_image(add_result(&s, "c1", ""));
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see\"},"
	    "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}},"
	    "{\"type\":\"tool_result\",\"tool_use_id\":\"c1\",\"content\":[{\"type\":\"image\","
	    "\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}]}]}]");
	end(&s);
}

static void thought_gets_a_budget_inside_what_the_model_can(void **state)
{
	static const struct {
		const char *level;
		int64_t limit, model, budget, want_limit; /* budget 0 = disabled */
		int64_t room;				  /* of the window, 0 = unknown */
	} cases[] = {
		{ "off", 4000, 0, 0, 4000 },
		{ "minimal", 4000, 0, 1024, 5024 },
		{ "low", 4000, 0, 2048, 6048 },
		{ "medium", 4000, 0, 8192, 12192 },
		{ "high", 4000, 64000, 16384, 20384 },
		{ "xhigh", 4000, 64000, 16384, 20384 }, /* not listed: the next lower one */
		{ "max", 4000, 64000, 16384, 20384 },
		{ "adaptive", 4000, 64000, 16384, 20384 },
		{ "high", 8192, 8192, 7168, 8192 },
		{ "medium", 8192, 10000, 8192, 10000 },
		{ "low", 1500, 2000, 0, 1500 }, /* no room for the least budget */
		{ "high", 4000, 64000, 16384, 20384, 30000 },
		{ "high", 4000, 64000, 16384, 17000, 17000 },
		{ "high", 4000, 64000, 8976, 10000, 10000 }, /* the window is smaller */
		{ "high", 4000, 0, 2976, 4000, 3000 },	     /* what was planned stays */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;

		begin(&s, NULL);
		s.r.reasoning_model = true;
		s.r.thinking = cases[i].level;
		s.r.max_tokens = cases[i].limit;
		s.r.model_max_tokens = cases[i].model;
		s.r.room = cases[i].room;
		json_t *body = oc_anthropic_request_json(&s.r);
		const json_t *thinking = json_object_get(body, "thinking");

		assert_string_equal(oc_json_cstr(thinking, "type"),
				    cases[i].budget ? "enabled" : "disabled");
		assert_int_equal(oc_json_int(thinking, "budget_tokens", 0), cases[i].budget);
		assert_int_equal(oc_json_int(body, "max_tokens", 0), cases[i].want_limit);
		json_decref(body);
		end(&s);
	}
}

static void a_level_that_the_model_lists_is_kept(void **state)
{
	struct setup s;
	json_t *levels = parsed("{\"max\":\"max\"}");

	(void)state;
	begin(&s, NULL);
	s.r.reasoning_model = true;
	s.r.thinking = "max";
	s.r.max_tokens = 4000;
	s.r.thinking_level_map = levels;
	check_body(oc_anthropic_request_json(&s.r), "thinking",
		   "{\"type\":\"enabled\",\"budget_tokens\":32768}");
	json_decref(levels);
	end(&s);
}

static void a_model_that_does_not_reason_gets_no_thinking(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.thinking = "high";
	s.r.max_tokens = 10;
	check(&s, "{\"model\":\"m\",\"max_tokens\":10,\"messages\":[],\"stream\":true}");
	end(&s);
}

static void an_output_limit_is_always_sent(void **state)
{
	static const struct {
		int64_t model, window, want;
	} cases[] = {
		{ 8192, 200000, 8192 },
		{ 64000, 200000, 32000 },
		{ 0, 200000, 4096 },
		{ 0, 8192, 2048 },
		{ 0, 2, 1 },
		{ 0, 0, 4096 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(oc_anthropic_default_limit(cases[i].model, cases[i].window),
				 cases[i].want);
}

static void sampling_is_left_alone_while_the_model_thinks(void **state)
{
	static const struct {
		const char *level, *want;
	} cases[] = {
		{ "off",
		  "{\"model\":\"m\",\"max_tokens\":100,\"messages\":[],\"stream\":true,"
		  "\"thinking\":{\"type\":\"disabled\"},\"temperature\":0.5,\"top_k\":4,\"stop_sequences\":[\"END\"]}" },
		{ "minimal",
		  "{\"model\":\"m\",\"max_tokens\":1124,\"messages\":[],\"stream\":true,"
		  "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024},\"stop_sequences\":[\"END\"]}" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct setup s;

		begin(&s, NULL);
		s.r.reasoning_model = true;
		s.r.thinking = cases[i].level;
		s.r.max_tokens = 100;
		s.r.params = parsed("{\"temperature\":0.5,\"top_k\":4,\"stop\":\"END\"}");
		check(&s, cases[i].want);
		json_decref(s.r.params);
		end(&s);
	}
}

static void signed_thoughts_stand_first_in_their_message(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
	struct oc_message *m = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT("x"));

	m->thoughts = parsed("[{\"type\":\"redacted_thinking\",\"data\":\"D\"}]");
	m->thoughts_origin = oc_strdup("here");
	s.r.origin = "here";
	check_messages(
	    &s,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"go\"}]},"
	    "{\"role\":\"assistant\",\"content\":[{\"type\":\"redacted_thinking\",\"data\":\"D\"},{\"type\":\"text\",\"text\":\"x\"}]}]");
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_has_these_bytes),
		cmocka_unit_test(results_of_a_batch_and_what_follows_are_one_user_message),
		cmocka_unit_test(a_result_says_that_its_call_failed),
		cmocka_unit_test(ids_are_made_what_the_api_takes),
		cmocka_unit_test(images_travel_as_blocks_also_in_results),
		cmocka_unit_test(thought_gets_a_budget_inside_what_the_model_can),
		cmocka_unit_test(a_level_that_the_model_lists_is_kept),
		cmocka_unit_test(a_model_that_does_not_reason_gets_no_thinking),
		cmocka_unit_test(an_output_limit_is_always_sent),
		cmocka_unit_test(sampling_is_left_alone_while_the_model_thinks),
		cmocka_unit_test(signed_thoughts_stand_first_in_their_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
