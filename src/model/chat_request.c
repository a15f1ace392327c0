/* The body of a chat completion request: conversation, tools, thought, limits and the person's own
 * parameters. */
#include "model/chat_request.h"

#include <stdlib.h>

#include "base/log.h"
#include "model/chat_messages.h"
#include "model/reasoning.h"

/* ---- tools ---------------------------------------------------------------------------- */

/* Depth is that of our own tool schemas or of one that the JSON reader let pass. */
static void strip_keywords(json_t *schema, const struct oc_strv *keywords)
{
	const char *key;
	json_t *v;
	size_t i;

	for (i = 0; i < keywords->n; i++) {
		/* A property may bear the name of a keyword: then its value is a schema. */
		if (json_is_string(json_object_get(schema, keywords->v[i])) ||
		    json_is_number(json_object_get(schema, keywords->v[i])))
			json_object_del(schema, keywords->v[i]);
	}
	json_object_foreach (schema, key, v) strip_keywords(v, keywords);
	json_array_foreach (schema, i, v) strip_keywords(v, keywords);
}

static json_t *tools_json(const struct oc_chat_request *r)
{
	const struct oc_compat *c = r->compat;
	json_t *tools, *tool;
	size_t i;

	if (!c->unsupported_schema_keywords.n && !c->supports_strict_mode)
		return json_incref(r->tools);
	tools = json_deep_copy(r->tools);
	json_array_foreach (tools, i, tool) {
		json_t *function = json_object_get(tool, "function");

		strip_keywords(json_object_get(function, "parameters"),
			       &c->unsupported_schema_keywords);
		if (c->supports_strict_mode && json_is_object(function))
			json_object_set_new(function, "strict", json_false());
	}
	return tools;
}

/* ---- thought ----------------------------------------------------------------------------- */

static json_t *one(const char *key, json_t *value)
{
	json_t *o = json_object();

	json_object_set_new(o, key, value);
	return o;
}

/* effort is NULL when no word for it may be sent. */
static void by_effort(json_t *body, bool on, const char *effort)
{
	(void)on;
	if (effort) json_object_set_new(body, "reasoning_effort", json_string(effort));
}

static void by_openrouter(json_t *body, bool on, const char *effort)
{
	(void)on;
	if (effort) json_object_set_new(body, "reasoning", one("effort", json_string(effort)));
}

static json_t *switch_json(bool on)
{
	return one("type", json_string(on ? "enabled" : "disabled"));
}

static void by_deepseek(json_t *body, bool on, const char *effort)
{
	json_object_set_new(body, "thinking", switch_json(on));
	if (on) by_effort(body, on, effort);
}

static void by_zai(json_t *body, bool on, const char *effort)
{
	json_t *thinking = switch_json(on);

	(void)effort;
	if (on) json_object_set_new(thinking, "clear_thinking", json_false());
	json_object_set_new(body, "thinking", thinking);
}

static void by_qwen(json_t *body, bool on, const char *effort)
{
	(void)effort;
	json_object_set_new(body, "enable_thinking", json_boolean(on));
}

static void by_qwen_template(json_t *body, bool on, const char *effort)
{
	json_t *kwargs = one("enable_thinking", json_boolean(on));

	(void)effort;
	json_object_set_new(kwargs, "preserve_thinking", json_true());
	json_object_set_new(body, "chat_template_kwargs", kwargs);
}

static void by_together(json_t *body, bool on, const char *effort)
{
	json_object_set_new(body, "reasoning", one("enabled", json_boolean(on)));
	if (on) by_effort(body, on, effort);
}

static const struct {
	const char *name;
	void (*add)(json_t *body, bool on, const char *effort);
} thinking_formats[] = {
	{ "openai", by_effort },     { "openrouter", by_openrouter },
	{ "deepseek", by_deepseek }, { "zai", by_zai },
	{ "qwen", by_qwen },	     { "qwen-chat-template", by_qwen_template },
	{ "together", by_together },
};

static void add_thinking(const struct oc_chat_request *r, json_t *body)
{
	const char *format = r->compat->thinking_format;
	const char *effort =
	    oc_reasoning_effort(r->compat, r->reasoning_model, r->thinking_level_map, r->thinking);
	size_t i = sizeof thinking_formats / sizeof *thinking_formats - 1;

	if (!r->reasoning_model || !r->thinking) return;
	while (i > 0 && !(format && !strcmp(format, thinking_formats[i].name)))
		i--; /* else the first */
	thinking_formats[i].add(body, strcmp(r->thinking, "off") != 0, effort);
}

/* ---- parameters of the person ---------------------------------------------------------------- */

static bool is_number(const json_t *v)
{
	return json_is_number(v);
}

static bool is_integer(const json_t *v)
{
	return json_is_integer(v);
}

static bool is_boolean(const json_t *v)
{
	return json_is_boolean(v);
}

static bool is_object(const json_t *v)
{
	return json_is_object(v);
}

static bool is_stop(const json_t *v)
{
	return json_is_string(v) || json_is_array(v);
}

static const struct {
	const char *key, *camel; /* the wire's name, and the synonym that loses against it */
	bool (*fits)(const json_t *v);
} fields[] = {
	{ "temperature", "temperature", is_number },
	{ "top_p", "topP", is_number },
	{ "frequency_penalty", "frequencyPenalty", is_number },
	{ "presence_penalty", "presencePenalty", is_number },
	{ "seed", "seed", is_integer },
	{ "stop", "stop", is_stop },
	{ "response_format", "responseFormat", is_object },
	{ "parallel_tool_calls", "parallelToolCalls", is_boolean },
};

static json_t *param(const struct oc_chat_request *r, const char *key, const char *camel,
		     bool (*fits)(const json_t *))
{
	json_t *v = json_object_get(r->params, key);

	if (!v) v = json_object_get(r->params, camel);
	if (!v || json_is_null(v)) return NULL;
	if (fits(v)) return v;
	oc_log(OC_LOG_WARN, "models", "request parameter %s has the wrong type and is left out",
	       key);
	return NULL;
}

/* Stop words without the empty ones; NULL when none is left. */
static json_t *stop_json(json_t *v)
{
	json_t *list, *word;
	size_t i;

	if (json_is_string(v)) return json_string_length(v) ? json_incref(v) : NULL;
	list = json_array();
	json_array_foreach (v, i, word)
		if (json_string_length(word)) json_array_append(list, word);
	if (json_array_size(list)) return list;
	json_decref(list);
	return NULL;
}

static bool wanted(const struct oc_chat_request *r, const json_t *body, const char *key)
{
	if (!strcmp(key, "temperature")) return r->compat->supports_temperature;
	if (!strcmp(key, "parallel_tool_calls")) return json_object_get(body, "tools") != NULL;
	return true;
}

static void add_params(const struct oc_chat_request *r, json_t *body)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		json_t *v = param(r, fields[i].key, fields[i].camel, fields[i].fits);

		if (!v || !wanted(r, body, fields[i].key)) continue;
		oc_json_put(body, fields[i].key,
			    strcmp(fields[i].key, "stop") ? json_incref(v) : stop_json(v));
	}
	json_t *kwargs = param(r, "chat_template_kwargs", "chatTemplateKwargs", is_object);
	json_t *ours = json_object_get(body, "chat_template_kwargs");

	if (kwargs && ours)
		json_object_update(ours, kwargs);
	else if (kwargs)
		json_object_set_new(body, "chat_template_kwargs", json_deep_copy(kwargs));
}

static bool any_of(const char *key, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(key, *list)) return true;
	return false;
}

/* Shallow and last, so it beats everything but what the stream reader and D9 depend on. */
static void add_extra_body(const struct oc_chat_request *r, json_t *body)
{
	static const char *const never[] = { "__proto__", "prototype", "constructor", NULL };
	static const char *const native_only[] = { "store", "prompt_cache_key",
						   "prompt_cache_retention", NULL };
	json_t *extra = param(r, "extra_body", "extraBody", is_object), *v;
	const char *key;

	json_object_foreach (extra, key, v) {
		if (any_of(key, never) || (!r->compat->native && any_of(key, native_only)))
			continue;
		if (!strcmp(key, "stream")) {
			oc_log(OC_LOG_WARN, "models",
			       "extra_body.stream is ignored: requests are streamed");
			continue;
		}
		if (!strcmp(key, "messages") || !strcmp(key, "model"))
			oc_log(OC_LOG_WARN, "models", "extra_body overrides %s of the request",
			       key);
		json_object_set(body, key, v);
	}
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void add_limit(const struct oc_chat_request *r, json_t *body)
{
	int64_t limit = oc_json_positive(r->params, "max_tokens");

	if (!limit) limit = oc_json_positive(r->params, "maxTokens");
	if (!limit || (r->max_tokens && r->max_tokens < limit)) limit = r->max_tokens;
	if (limit)
		json_object_set_new(
		    body, r->compat->max_completion_tokens ? "max_completion_tokens" : "max_tokens",
		    json_integer(limit));
}

json_t *oc_chat_request_json(const struct oc_chat_request *r)
{
	json_t *body = json_object();

	json_object_set_new(body, "model", oc_json_new_str(oc_str(r->model)));
	json_object_set_new(body, "messages", oc_chat_messages_json(r));
	json_object_set_new(body, "stream", json_true());
	if (r->compat->supports_usage_in_streaming)
		json_object_set_new(body, "stream_options", one("include_usage", json_true()));
	add_limit(r, body);
	if (json_array_size(r->tools) && r->compat->supports_tools) {
		json_object_set_new(body, "tools", tools_json(r));
		json_object_set_new(body, "tool_choice", json_string("auto"));
	}
	add_thinking(r, body);
	add_params(r, body);
	if (r->return_progress) json_object_set_new(body, "return_progress", json_true());
	add_extra_body(r, body);
	return body;
}
