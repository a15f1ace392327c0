/* What a caller's choice of tools becomes. */
#include "check.h"

#include "agent/run/tool_choice.h"
#include "catalog_fixture.h"

static void a_choice_of_tools_is_said_in_the_words_of_the_api(void **state)
{
	static const struct {
		const char *api, *choice, *want;
	} rows[] = {
		{ "openai-completions", "'required'", "'required'" },
		{ "openai-completions", "{'type':'function','function':{'name':'f'}}",
		  "{'type':'function','function':{'name':'f'}}" },
		{ "openai-responses", "'required'", "'required'" },
		{ "openai-responses", "{'type':'function','function':{'name':'f'}}",
		  "{'type':'function','name':'f'}" },
		{ "anthropic-messages", "'required'", "{'type':'any'}" },
		{ "anthropic-messages", "'auto'", "{'type':'auto'}" },
		{ "anthropic-messages", "'none'", "{'type':'none'}" },
		{ "anthropic-messages", "{'type':'function','function':{'name':'f'}}",
		  "{'type':'tool','name':'f'}" },
		{ "ollama", "'required'", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *choice = js(rows[i].choice);
		json_t *got = oc_tool_choice_for(rows[i].api, choice);

		if (rows[i].want)
			assert_json(got, rows[i].want);
		else
			assert_null(got);
		json_decref(got);
		json_decref(choice);
	}
}

static void params_of_the_caller_stay_beside_its_choice(void **state)
{
	json_t *params = js("{'temperature':0.5,'extra_body':{'x':1}}"), *choice = js("'required'");
	json_t *both = oc_tool_choice_params(params, "openai-completions", choice);

	(void)state;
	assert_json(both, "{'temperature':0.5,'extra_body':{'x':1,'tool_choice':'required'}}");
	assert_json(params, "{'temperature':0.5,'extra_body':{'x':1}}");
	assert_null(oc_tool_choice_params(NULL, "openai-completions", NULL));
	json_decref(both);
	json_decref(params);
	json_decref(choice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_choice_of_tools_is_said_in_the_words_of_the_api),
		cmocka_unit_test(params_of_the_caller_stay_beside_its_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
