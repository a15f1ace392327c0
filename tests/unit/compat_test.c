/* Compat flags: defaults by endpoint, the model's own words on top. */
#include "check.h"

#include <stdlib.h>

#include "model/codec/compat.h"
#include "model/codec/decoder.h"

static void resolve(struct oc_compat *c, const char *id, const char *base, const char *compat)
{
	struct oc_url url;
	struct oc_err e = { 0 };
	json_t *flags = compat ? json_loads(compat, 0, NULL) : NULL;

	assert_int_equal(oc_url_parse(oc_str(base), &url, &e), OC_OK);
	oc_compat_resolve(c, id, &url, flags);
	oc_url_deinit(&url);
	json_decref(flags);
}

static void defaults_follow_the_endpoint(void **state)
{
	static const struct {
		const char *id, *base;
		bool usage, developer, strict, completion_tokens;
	} cases[] = {
		{ "lmstudio", "http://192.168.1.9:1234/v1", true, false, false, false },
		{ "mine", "http://127.0.0.1:8080/v1", true, false, false, false },
		{ "mine", "http://192.168.1.9:8080/v1", false, false, false, false },
		{ "vllm-big", "http://192.168.1.9:8000/v1", true, false, false, false },
		{ "vllmish", "http://192.168.1.9:8000/v1", false, false, false, false },
		{ "openai", "https://api.openai.com/v1", true, true, true, true },
		{ "openai", "http://api.openai.com/v1", false, false, false, false },
		{ "x", "https://notapi.openai.com.example.org/v1", false, false, false, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_compat c;

		resolve(&c, cases[i].id, cases[i].base, NULL);
		assert_int_equal(c.supports_usage_in_streaming, cases[i].usage);
		assert_int_equal(c.supports_developer_role, cases[i].developer);
		assert_int_equal(c.supports_strict_mode, cases[i].strict);
		assert_int_equal(c.max_completion_tokens, cases[i].completion_tokens);
		assert_true(c.supports_tools && c.supports_temperature);
		assert_int_equal(c.text_tools, OC_TEXT_TOOLS_BRACKET);
		assert_string_equal(c.thinking_format, "openai");
		oc_compat_deinit(&c);
	}
}

static void configured_flags_win(void **state)
{
	struct oc_compat c;

	(void)state;
	resolve(
	    &c, "lmstudio", "http://localhost:1234/v1",
	    "{\"supportsTools\":false,\"supportsUsageInStreaming\":false,\"requiresStringContent\":true,"
	    "\"maxTokensField\":\"max_completion_tokens\",\"textToolCalls\":\"off\",\"thinkingFormat\":\"qwen\","
	    "\"unsupportedToolSchemaKeywords\":[\"format\"],\"supportsTemperature\":\"yes\"}");
	assert_false(c.supports_tools);
	assert_false(c.supports_usage_in_streaming);
	assert_true(c.requires_string_content);
	assert_true(c.max_completion_tokens);
	assert_true(c.supports_temperature); /* a wrong type changes nothing */
	assert_int_equal(c.text_tools, OC_TEXT_TOOLS_OFF);
	assert_string_equal(c.thinking_format, "qwen");
	assert_int_equal(c.unsupported_schema_keywords.n, 1);
	assert_string_equal(c.unsupported_schema_keywords.v[0], "format");
	oc_compat_deinit(&c);
}

static void saved_switches_are_rebuilt_into_efforts(void **state)
{
	static const struct {
		const char *compat, *efforts;
		bool sends;
	} cases[] = {
		{ "{\"supportedReasoningEfforts\":[\"off\",\"on\"]}",
		  "none,minimal,low,medium,high,xhigh", true },
		{ "{\"reasoningEffortMap\":{\"off\":\"off\",\"low\":\"on\",\"high\":\"on\"}}",
		  "none,minimal,low,medium,high,xhigh", true },
		{ "{\"supportedReasoningEfforts\":[\"on\"]}", "minimal,low,medium,high,xhigh",
		  true },
		{ "{\"supportedReasoningEfforts\":[\"low\",\"high\"]}", "low,high", true },
		{ "{\"supportedReasoningEfforts\":[\"low\"],\"supportsReasoningEffort\":false}",
		  "low", false },
		{ "{\"supportsReasoningEffort\":true}", "", true },
		{ "{}", "", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_compat c;

		resolve(&c, "x", "http://localhost:1/v1", cases[i].compat);
		char *efforts = oc_strv_join(&c.efforts, ",");

		assert_string_equal(efforts, cases[i].efforts);
		assert_int_equal(c.supports_reasoning_effort, cases[i].sends);
		free(efforts);
		oc_compat_deinit(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_follow_the_endpoint),
		cmocka_unit_test(configured_flags_win),
		cmocka_unit_test(saved_switches_are_rebuilt_into_efforts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
