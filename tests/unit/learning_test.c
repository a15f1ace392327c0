/* What a refusal teaches, and what a request looks like afterwards. */
#include "check.h"

#include <stdlib.h>

#include "catalog_fixture.h"
#include "model/call/learning.h"
#include "model/codec/errors.h"
#include "model/codec/shaping.h"

static const char body_text[] =
    "{'model':'m','messages':[{'role':'system','content':'s'},{'role':'user','content':'u'},"
    "{'role':'tool','content':'r'}],'stream':true,'stream_options':{'include_usage':true},"
    "'max_tokens':10,'tools':[{}],'tool_choice':'auto','reasoning_effort':'low','seed':1}";

static char *learn_once(int status, const char *message, json_t *facts, bool text_tools)
{
	json_t *body = js(body_text);
	json_t *answer = json_pack("{s{ss}}", "error", "message", message);
	const struct oc_refusal refusal = { .status = status, .body = answer };
	struct oc_call_error e;

	oc_error_classify(&refusal, &e);
	const char *name = oc_learn(&e, body, text_tools, facts);

	oc_call_error_deinit(&e);
	json_decref(answer);
	json_decref(body);
	return name ? strdup(name) : NULL;
}

static void a_refusal_teaches_what_it_names(void **state)
{
	static const struct {
		int status;
		const char *message, *name, *facts;
	} rows[] = {
		{ 400, "Unknown field: stream_options", "no_stream_options",
		  "{'supportsUsageInStreaming':false}" },
		{ 422, "body.seed: Extra inputs are not permitted", "bad_param",
		  "{'unsupportedParams':['seed']}" },
		{ 400,
		  "Additional properties are not allowed ('seed', 'tool_choice' were unexpected)",
		  "bad_param", "{'unsupportedParams':['tool_choice','seed']}" },
		{ 400,
		  "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
		  "'max_completion_tokens' instead.",
		  "max_completion_tokens", "{'maxTokensField':'max_completion_tokens'}" },
		{ 400, "registry.ollama.ai/library/x does not support tools", "no_tools",
		  "{'toolProtocol':'text'}" },
		{ 400, "\"auto\" tool choice requires --enable-auto-tool-choice", "no_tools",
		  "{'toolProtocol':'text'}" },
		{ 404, "No endpoints found that support tool use", "no_tools",
		  "{'toolProtocol':'text'}" },
		{ 500, "Failed to parse grammar", "grammar", "{'simpleToolSchemas':true}" },
		{ 400, "tools.0.function.parameters: Extra inputs are not permitted", "grammar",
		  "{'simpleToolSchemas':true}" },
		{ 500, "System role not supported", "no_system_role",
		  "{'systemRole':'user-prefix'}" },
		{ 500, "Conversation roles must alternate user/assistant", "no_tool_role",
		  "{'toolRole':'user'}" },
		{ 500, "Value is not callable: raise_exception", "template",
		  "{'systemRole':'user-prefix','toolRole':'user','toolProtocol':'text'}" },
		{ 400, "\"m\" does not support thinking", "no_reasoning_effort",
		  "{'supportsReasoningEffort':false}" },
		{ 400, "reasoning_effort is not supported", "no_reasoning_effort",
		  "{'supportsReasoningEffort':false}" },
		{ 400, "messages: extra fields not permitted", "message_keys",
		  "{'strictMessageKeys':true}" },
		{ 400, "seed is too large", NULL, "{}" }, /* a value, not the member */
		{ 500, "the model has crashed", NULL, "{}" },
		{ 401, "Unknown field: seed", NULL, "{}" }, /* the key is the matter */
		{ 400, "maximum context length is 10 tokens, unsupported", NULL, "{}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *facts = json_object();
		char *name = learn_once(rows[i].status, rows[i].message, facts, true);

		if (!name != !rows[i].name || (name && strcmp(name, rows[i].name) != 0))
			fail_msg("%s: learnt %s", rows[i].message, name ? name : "nothing");
		assert_json(facts, rows[i].facts);
		free(name);
		json_decref(facts);
	}
}

static void the_same_lesson_is_not_learnt_twice(void **state)
{
	json_t *facts = json_object();
	char *name;

	(void)state;
	free(learn_once(500, "Failed to parse grammar", facts, true));
	name = learn_once(500, "Failed to parse grammar", facts, true); /* the last resort */
	assert_string_equal(name, "grammar");
	free(name);
	assert_null(learn_once(500, "Failed to parse grammar", facts, true));
	assert_json(facts, "{'simpleToolSchemas':true,'toolProtocol':'text'}");
	json_decref(facts);
}

static void tools_are_left_out_where_text_calls_are_switched_off(void **state)
{
	json_t *facts = json_object();

	(void)state;
	free(learn_once(400, "this model does not support tools", facts, false));
	assert_json(facts, "{'unsupportedParams':['tools','tool_choice']}");
	json_decref(facts);
}

static void what_is_configured_wins_over_what_was_learnt(void **state)
{
	json_t *found = js("{'supportsTools':true,'a':1}"), *learnt = js("{'a':2,'b':2}"),
	       *configured = js("{'b':3}");
	json_t *all = oc_compat_join(found, learnt, configured);

	(void)state;
	assert_json(all, "{'supportsTools':true,'a':2,'b':3}");
	json_decref(all);
	json_decref(configured);
	json_decref(learnt);
	json_decref(found);
}

/* ---- shaping ---- */

static void add_call(struct oc_messages *m)
{
	struct oc_message *a = oc_messages_add(m, OC_ROLE_ASSISTANT, OC_LIT("Looking."));
	struct oc_tool_call *c = oc_message_add_call(a);
	struct oc_message *t;

	c->id = strdup("1");
	c->name = strdup("read");
	c->args = js("{'path':'x'}");
	t = oc_messages_add(m, OC_ROLE_TOOL, OC_LIT("found"));
	t->tool_call_id = strdup("1");
	t->tool_name = strdup("read");
}

/* "role: text" lines. */
static void check_shape(const char *compat_text, const char *want)
{
	json_t *compat = js(compat_text);
	json_t *tools = js("[{'function':{'name':'read','description':'Reads.','parameters':{}}}]");
	static const char *const roles[] = { "system", "user", "assistant", "tool" };
	struct oc_messages in = { 0 }, out = { 0 };
	struct oc_shaping s;
	struct oc_buf text;

	oc_messages_add(&in, OC_ROLE_SYSTEM, OC_LIT("S"));
	oc_messages_add(&in, OC_ROLE_USER, OC_LIT("U"));
	add_call(&in);
	oc_shaping_read(&s, compat);
	oc_shape_messages(&s, &in, tools, &out);
	oc_buf_init(&text, 65536);
	for (size_t i = 0; i < out.n; i++)
		oc_buf_addf(&text, "%s: %s%s\n", roles[out.v[i].role], oc_buf_cstr(&out.v[i].text),
			    out.v[i].n_calls ? " +call" : "");
	if (!strstr(oc_buf_cstr(&text), want)) fail_msg("%s", oc_buf_cstr(&text));
	oc_buf_deinit(&text);
	oc_shaping_deinit(&s);
	oc_messages_deinit(&in);
	oc_messages_deinit(&out);
	json_decref(tools);
	json_decref(compat);
}

static void conversations_take_the_shape_that_is_needed(void **state)
{
	(void)state;
	check_shape("{}", "system: S\nuser: U\nassistant: Looking. +call\ntool: found\n");
	check_shape("{'systemRole':'user-prefix'}", "user: S\n\nU\nassistant: Looking. +call\n");
	check_shape("{'toolRole':'user'}",
		    "assistant: Looking.\n[TOOL_REQUEST]{\"name\":\"read\",\"arguments\":{\"path\":"
		    "\"x\"}}[END_TOOL_REQUEST]\nuser: [result of read]\nfound\n[end of result]\n");
	check_shape("{'toolProtocol':'text'}", "- read: Reads.\n  {}\nuser: U\n");
}

static void simple_schemas_keep_properties_of_any_name(void **state)
{
	json_t *tools = js("[{'function':{'name':'t','parameters':{'type':'object',"
			   "'additionalProperties':false,'properties':{'pattern':{'type':'string',"
			   "'pattern':'^a'},'n':{'type':'integer','minimum':1}}}}}]");
	const struct oc_shaping s = { .simple_schemas = true };
	json_t *plain = oc_shape_tools(&s, tools);

	(void)state;
	assert_json(plain, "[{'function':{'name':'t','parameters':{'type':'object','properties':"
			   "{'pattern':{'type':'string'},'n':{'type':'integer'}}}}}]");
	json_decref(plain);
	json_decref(tools);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_teaches_what_it_names),
		cmocka_unit_test(the_same_lesson_is_not_learnt_twice),
		cmocka_unit_test(tools_are_left_out_where_text_calls_are_switched_off),
		cmocka_unit_test(what_is_configured_wins_over_what_was_learnt),
		cmocka_unit_test(conversations_take_the_shape_that_is_needed),
		cmocka_unit_test(simple_schemas_keep_properties_of_any_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
