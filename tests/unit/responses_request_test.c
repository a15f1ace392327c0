/* Bodies of responses requests, byte for byte. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/responses_request.h"
#include "request_setup.h"

static void check(struct setup *s, const char *want)
{
	check_body(oc_responses_request_json(&s->r), NULL, want);
}

static void check_input(struct setup *s, const char *want)
{
	check_body(oc_responses_request_json(&s->r), "input", want);
}

static void a_plain_request_has_these_bytes(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_SYSTEM, OC_LIT("sys"));
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("hi"));
	s.r.max_tokens = 8192;
	s.r.tools = parsed(read_tool);
	check(
	    &s,
	    "{\"model\":\"m\",\"input\":[{\"role\":\"system\",\"content\":\"sys\"},"
	    "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}]}],"
	    "\"stream\":true,\"max_output_tokens\":8192,"
	    "\"tools\":[{\"type\":\"function\",\"name\":\"read\",\"description\":\"Reads.\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"string\",\"pattern\":\"x\"}}}}],"
	    "\"tool_choice\":\"auto\"}");
	json_decref(s.r.tools);
	end(&s);
}

static void the_output_limit_is_at_least_16(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.max_tokens = 3;
	check(&s, "{\"model\":\"m\",\"input\":[],\"stream\":true,\"max_output_tokens\":16}");
	end(&s);
}

static void a_tool_loop_is_replayed_as_items(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
	struct oc_message *m = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT("Looking."));

	add_call(m, "c1", "read", "{\"p\": \"a\"}");
	add_call(m, "c2", "read", "{\"p\":");
	add_result(&s, "c1", "text");
	add_result(&s, "c2", "");
	check_input(
	    &s,
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"go\"}]},"
	    "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Looking.\",\"annotations\":[]}]},"
	    "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":\"read\",\"arguments\":\"{\\\"p\\\": \\\"a\\\"}\"},"
	    "{\"type\":\"function_call\",\"call_id\":\"c2\",\"name\":\"read\",\"arguments\":\"{}\"},"
	    "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"text\"},"
	    "{\"type\":\"function_call_output\",\"call_id\":\"c2\",\"output\":\"(no output)\"}]");
	end(&s);
}

static void images_go_to_models_that_see(void **state)
{
	static const struct {
		bool vision;
		const char *want;
	} cases[] = {
		{ true,
		  "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"see\"},"
		  "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AAAA\"}]}]" },
		{ false,
		  "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"see\"},"
		  "{\"type\":\"input_text\",\"text\":\"[image left out: this model takes no images]\"}]}]" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct setup s;

		begin(&s, NULL);
		add_image(oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("see")));
		s.r.vision = cases[i].vision;
		check_input(&s, cases[i].want);
		end(&s);
	}
}

static void images_of_results_follow_as_the_users(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.vision = true;
	add_image(add_result(&s, "c1", "a picture"));
	check_input(
	    &s,
	    "[{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"a picture\"},"
	    "{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AAAA\"}]}]");
	end(&s);
}

static void reasoning_is_asked_for_only_where_it_is_known_and_on(void **state)
{
	static const char flag[] = "{\"supportsReasoningEffort\":true}";
	static const char asked[] =
	    "{\"model\":\"m\",\"input\":[],\"stream\":true,\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"},"
	    "\"include\":[\"reasoning.encrypted_content\"]}";
	static const char plain[] = "{\"model\":\"m\",\"input\":[],\"stream\":true}";
	static const struct {
		const char *compat, *level, *want;
		bool reasoning;
	} cases[] = {
		{ flag, "low", asked, true },  { flag, "off", plain, true },
		{ flag, "low", plain, false }, { flag, NULL, plain, true },
		{ NULL, "low", plain, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;

		begin(&s, cases[i].compat);
		s.r.reasoning_model = cases[i].reasoning;
		s.r.thinking = cases[i].level;
		check(&s, cases[i].want);
		end(&s);
	}
}

static void thoughts_go_back_to_where_they_came_from_inside_the_loop(void **state)
{
	static const struct {
		const char *origin;
		bool user_follows, sent;
	} cases[] = {
		{ "here", false, true },
		{ "here", true, false },
		{ "elsewhere", false, false },
		{ NULL, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct setup s;

		begin(&s, NULL);
		oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("go"));
		struct oc_message *m = oc_messages_add(&s.m, OC_ROLE_ASSISTANT, OC_LIT("x"));

		m->thoughts = parsed("[{\"type\":\"reasoning\",\"encrypted_content\":\"S\"}]");
		m->thoughts_origin = oc_strdup("here");
		if (cases[i].user_follows) oc_messages_add(&s.m, OC_ROLE_USER, OC_LIT("more"));
		s.r.origin = cases[i].origin;
		json_t *body = oc_responses_request_json(&s.r);
		json_t *item = json_array_get(json_object_get(body, "input"), 1);

		assert_int_equal(json_object_get(item, "encrypted_content") != NULL, cases[i].sent);
		json_decref(body);
		end(&s);
	}
}

static void a_proxy_gets_none_of_these_whatever_extra_body_says(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, NULL);
	s.r.params = parsed(
	    "{\"extra_body\":{\"store\":true,\"prompt_cache_key\":\"k\",\"stream\":false,\"top_k\":4}}");
	check(&s, "{\"model\":\"m\",\"input\":[],\"stream\":true,\"top_k\":4}");
	json_decref(s.r.params);
	end(&s);
}

static void parameters_take_their_place(void **state)
{
	struct setup s;

	(void)state;
	begin(&s, "{\"supportsInstructions\":true}");
	oc_messages_add(&s.m, OC_ROLE_SYSTEM, OC_LIT("sys"));
	s.r.params = parsed(
	    "{\"temperature\":0.5,\"top_p\":1,\"parallel_tool_calls\":false,"
	    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"schema\":{}}}}");
	check(
	    &s,
	    "{\"model\":\"m\",\"instructions\":\"sys\",\"input\":[],\"stream\":true,\"temperature\":0.5,\"top_p\":1,"
	    "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}}}");
	json_decref(s.r.params);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_request_has_these_bytes),
		cmocka_unit_test(the_output_limit_is_at_least_16),
		cmocka_unit_test(a_tool_loop_is_replayed_as_items),
		cmocka_unit_test(images_go_to_models_that_see),
		cmocka_unit_test(images_of_results_follow_as_the_users),
		cmocka_unit_test(reasoning_is_asked_for_only_where_it_is_known_and_on),
		cmocka_unit_test(thoughts_go_back_to_where_they_came_from_inside_the_loop),
		cmocka_unit_test(a_proxy_gets_none_of_these_whatever_extra_body_says),
		cmocka_unit_test(parameters_take_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
