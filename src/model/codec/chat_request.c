/* The body of a chat completion request: conversation, tools, thought, limits and the person's own
 * parameters. */
#include "model/codec/chat_request.h"

#include "model/codec/chat_messages.h"
#include "model/codec/reasoning.h"

/* ---- tools ---------------------------------------------------------------------------- */

json_t *oc_chat_tools_json(const struct oc_request *r)
{
	json_t *tools = json_array(), *tool;
	size_t i;

	json_array_foreach (r->tools, i, tool) {
		json_t *function = json_object_get(tool, "function"), *copy = json_copy(tool);
		json_t *sent = json_copy(function);

		oc_json_put(sent, "parameters", oc_request_schema(r, function));
		if (r->compat->supports_strict_mode)
			json_object_set_new(sent, "strict", json_false());
		oc_json_put(copy, "function", sent);
		json_array_append_new(tools, copy);
	}
	return tools;
}

/* ---- thought ----------------------------------------------------------------------------- */

/* effort is NULL when no word for it may be sent. */
static void by_effort(json_t *body, bool on, const char *effort)
{
	(void)on;
	if (effort) json_object_set_new(body, "reasoning_effort", json_string(effort));
}

static void by_openrouter(json_t *body, bool on, const char *effort)
{
	(void)on;
	if (effort)
		json_object_set_new(body, "reasoning",
				    oc_request_one("effort", json_string(effort)));
}

static json_t *switch_json(bool on)
{
	return oc_request_one("type", json_string(on ? "enabled" : "disabled"));
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
	json_t *kwargs = oc_request_one("enable_thinking", json_boolean(on));

	(void)effort;
	json_object_set_new(kwargs, "preserve_thinking", json_true());
	json_object_set_new(body, "chat_template_kwargs", kwargs);
}

static void by_together(json_t *body, bool on, const char *effort)
{
	json_object_set_new(body, "reasoning", oc_request_one("enabled", json_boolean(on)));
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

static void add_thinking(const struct oc_request *r, json_t *body)
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

static bool is_stop(const json_t *v)
{
	return json_is_string(v) || json_is_array(v);
}

static const struct {
	const char *key, *camel; /* the wire's name, and the synonym that loses against it */
	oc_param_fits_fn *fits;
} fields[] = {
	{ "temperature", "temperature", oc_is_number },
	{ "top_p", "topP", oc_is_number },
	{ "frequency_penalty", "frequencyPenalty", oc_is_number },
	{ "presence_penalty", "presencePenalty", oc_is_number },
	{ "seed", "seed", oc_is_integer },
	{ "stop", "stop", is_stop },
	{ "response_format", "responseFormat", oc_is_object },
	{ "parallel_tool_calls", "parallelToolCalls", oc_is_boolean },
};

static bool wanted(const struct oc_request *r, const json_t *body, const char *key)
{
	if (!strcmp(key, "temperature")) return r->compat->supports_temperature;
	if (!strcmp(key, "parallel_tool_calls")) return json_object_get(body, "tools") != NULL;
	return true;
}

static void add_params(const struct oc_request *r, json_t *body)
{
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		json_t *v = oc_request_param(r, fields[i].key, fields[i].camel, fields[i].fits);

		if (!v || !wanted(r, body, fields[i].key)) continue;
		oc_json_put(body, fields[i].key,
			    strcmp(fields[i].key, "stop") ? json_incref(v) : oc_request_stop(v));
	}
	json_t *kwargs =
	    oc_request_param(r, "chat_template_kwargs", "chatTemplateKwargs", oc_is_object);
	json_t *ours = json_object_get(body, "chat_template_kwargs");

	if (kwargs && ours)
		json_object_update(ours, kwargs);
	else if (kwargs)
		json_object_set_new(body, "chat_template_kwargs", json_deep_copy(kwargs));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void add_limit(const struct oc_request *r, json_t *body)
{
	int64_t limit = oc_request_limit(r);

	if (limit)
		json_object_set_new(
		    body, r->compat->max_completion_tokens ? "max_completion_tokens" : "max_tokens",
		    json_integer(limit));
}

json_t *oc_chat_request_json(const struct oc_request *r)
{
	json_t *body = json_object();

	json_object_set_new(body, "model", oc_json_new_str(oc_str(r->model)));
	json_object_set_new(body, "messages", oc_chat_messages_json(r));
	json_object_set_new(body, "stream", json_true());
	if (r->compat->supports_usage_in_streaming)
		json_object_set_new(body, "stream_options",
				    oc_request_one("include_usage", json_true()));
	add_limit(r, body);
	if (oc_request_has_tools(r)) {
		json_object_set_new(body, "tools", oc_chat_tools_json(r));
		json_object_set_new(body, "tool_choice", json_string("auto"));
	}
	add_thinking(r, body);
	add_params(r, body);
	if (r->return_progress) json_object_set_new(body, "return_progress", json_true());
	oc_request_extra_body(r, body);
	return body;
}
