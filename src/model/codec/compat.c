/* What a server takes: defaults by the kind of endpoint, overridden by the model's saved compat
 * (spec 01 §4.4). */
#include "model/codec/compat.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/decoder.h"
#include "model/codec/provider_kinds.h"
#include "model/codec/reasoning.h"

static bool native_openai(const struct oc_url *base)
{
	struct oc_str host = base ? oc_str(base->host) : OC_LIT("");

	return base && base->https &&
	       (oc_str_eq(host, OC_LIT("api.openai.com")) ||
		oc_str_ends(host, OC_LIT(".api.openai.com")));
}

static void set_defaults(struct oc_compat *c, const char *id, const struct oc_url *base)
{
	bool native = native_openai(base);

	*c = (struct oc_compat){ .native = native, .text_tools = OC_TEXT_TOOLS_BRACKET };
	c->supports_tools = c->supports_temperature = true;
	c->supports_developer_role = c->supports_reasoning_effort = native;
	c->supports_strict_mode = c->max_completion_tokens = native;
	c->supports_usage_in_streaming = native || oc_provider_kind(id)->stream_usage ||
					 (base && oc_endpoint_class(base) == OC_ENDPOINT_LOCAL);
	c->thinking_format = oc_strdup("openai");
	if (oc_provider_kind(id)->no_schema_pattern)
		oc_strv_add(&c->unsupported_schema_keywords, OC_LIT("pattern"));
}

/* ---- the model's own flags ------------------------------------------------------- */

static void override_flags(struct oc_compat *c, const json_t *compat)
{
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{ "supportsTools", &c->supports_tools },
		{ "supportsDeveloperRole", &c->supports_developer_role },
		{ "supportsReasoningEffort", &c->supports_reasoning_effort },
		{ "supportsUsageInStreaming", &c->supports_usage_in_streaming },
		{ "supportsStrictMode", &c->supports_strict_mode },
		{ "supportsTemperature", &c->supports_temperature },
		{ "supportsInstructions", &c->supports_instructions },
		{ "requiresStringContent", &c->requires_string_content },
		{ "strictMessageKeys", &c->strict_message_keys },
		{ "requiresToolResultName", &c->requires_tool_result_name },
		{ "requiresAssistantAfterToolResult", &c->requires_assistant_after_tool_result },
		{ "requiresThinkingAsText", &c->requires_thinking_as_text },
		{ "requiresReasoningContentOnAssistantMessages", &c->requires_reasoning_content },
	};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		*flags[i].flag = oc_json_bool(compat, flags[i].key, *flags[i].flag);
}

static void override_words(struct oc_compat *c, const json_t *compat)
{
	static const char *const text_tools[] = { "off", "bracket", "native" };
	struct oc_str field = oc_json_str(compat, "maxTokensField");
	struct oc_str text = oc_json_str(compat, "textToolCalls");
	const char *format = oc_json_cstr(compat, "thinkingFormat");

	if (field.n) c->max_completion_tokens = oc_str_eq(field, OC_LIT("max_completion_tokens"));
	for (int i = 0; i < 3; i++)
		if (oc_str_eq(text, oc_str(text_tools[i]))) c->text_tools = i;
	if (format) {
		free(c->thinking_format);
		c->thinking_format = oc_strdup(format);
	}
}

static void add_strings(struct oc_strv *out, const json_t *array)
{
	const json_t *v;
	size_t i;

	json_array_foreach (array, i, v)
		if (json_is_string(v)) oc_strv_add_once(out, oc_json_text(v));
}

/* ---- efforts, as they may have been saved (spec 01 §4.2) --------------------------- */

static bool is_switch(const char *s)
{
	return s && (!strcmp(s, "on") || !strcmp(s, "off"));
}

static bool is_none(const char *s)
{
	return s && (!strcmp(s, "off") || !strcmp(s, "none"));
}

/* What a saved list and map say in the words of discovery. True when they hold "on" or "off" and
 * must be rebuilt. */
static bool saved_options(const struct oc_strv *list, json_t *map, struct oc_strv *options)
{
	bool rebuild = false, none = false, on = false;
	const char *key;
	json_t *v;

	for (size_t i = 0; i < list->n; i++) {
		rebuild = rebuild || is_switch(list->v[i]);
		none = none || is_none(list->v[i]);
		if (!is_none(list->v[i])) oc_strv_add_once(options, oc_str(list->v[i]));
	}
	json_object_foreach (map, key, v) {
		const char *value = json_string_value(v);

		rebuild = rebuild || is_switch(value);
		none = none || is_none(key) || is_none(value);
		on = on || (value && !strcmp(value, "on"));
	}
	if (none) oc_strv_add_once(options, OC_LIT("off"));
	if (on && list->n == 0) oc_strv_add_once(options, OC_LIT("on"));
	return rebuild;
}

static void take_efforts(struct oc_compat *c, const json_t *compat)
{
	struct oc_strv options = { 0 };
	json_t *map = json_object_get(compat, "reasoningEffortMap");
	const json_t *flag = json_object_get(compat, "supportsReasoningEffort");

	add_strings(&c->efforts, json_object_get(compat, "supportedReasoningEfforts"));
	if (saved_options(&c->efforts, map, &options)) {
		oc_strv_deinit(&c->efforts);
		(void)oc_reasoning_from_options(&options, NULL, &c->efforts, &c->effort_map);
	} else if (json_is_object(map)) {
		c->effort_map = json_deep_copy(map);
	}
	if (c->efforts.n && !json_is_boolean(flag)) c->supports_reasoning_effort = true;
	oc_strv_deinit(&options);
}

void oc_compat_resolve(struct oc_compat *c, const char *provider_id, const struct oc_url *base,
		       const json_t *compat)
{
	set_defaults(c, provider_id, base);
	override_flags(c, compat);
	override_words(c, compat);
	take_efforts(c, compat);
	const json_t *keywords = json_object_get(compat, "unsupportedToolSchemaKeywords");

	if (json_is_array(keywords)) {
		oc_strv_deinit(&c->unsupported_schema_keywords);
		add_strings(&c->unsupported_schema_keywords, keywords);
	}
}

void oc_compat_deinit(struct oc_compat *c)
{
	free(c->thinking_format);
	oc_strv_deinit(&c->efforts);
	json_decref(c->effort_map);
	oc_strv_deinit(&c->unsupported_schema_keywords);
	*c = (struct oc_compat){ 0 };
}
