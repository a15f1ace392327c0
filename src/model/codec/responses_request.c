/* The body of a responses request: the conversation as a list of items, each call and each result
 * one of its own. */
#include "model/codec/responses_request.h"

#include "model/codec/reasoning.h"

enum { MIN_OUTPUT_TOKENS = 16 };

/* ---- items ------------------------------------------------------------------------------- */

static json_t *typed(const char *type)
{
	return oc_request_one("type", json_string(type));
}

static json_t *text_part(const char *type, struct oc_str text)
{
	json_t *part = typed(type);

	json_object_set_new(part, "text", oc_json_new_str(text));
	return part;
}

static void add_message(json_t *input, const char *role, json_t *content)
{
	json_t *m = oc_request_one("role", json_string(role));

	json_object_set_new(m, "content", content);
	json_array_append_new(input, m);
}

static void add_images(const struct oc_request *r, json_t *parts, const struct oc_message *msg)
{
	for (size_t i = 0; i < msg->n_images && r->vision; i++) {
		json_t *part = typed("input_image");

		json_object_set_new(part, "image_url", oc_request_image_url(&msg->images[i]));
		json_array_append_new(parts, part);
	}
	if (msg->n_images && !r->vision)
		json_array_append_new(parts, text_part("input_text", oc_str(oc_request_no_images)));
}

static void add_user(const struct oc_request *r, json_t *input, const struct oc_message *msg)
{
	json_t *parts = json_array();

	if (msg->text.n || !msg->n_images)
		json_array_append_new(parts, text_part("input_text", oc_buf_view(&msg->text)));
	add_images(r, parts, msg);
	add_message(input, "user", parts);
}

/* No status and no ids: they are another response's. */
static void add_assistant_text(json_t *input, struct oc_str text)
{
	json_t *m = typed("message"), *part = text_part("output_text", text);
	json_t *content = json_array();

	json_object_set_new(part, "annotations", json_array());
	json_array_append_new(content, part);
	json_object_set_new(m, "role", json_string("assistant"));
	json_object_set_new(m, "content", content);
	json_array_append_new(input, m);
}

static void add_call(json_t *input, const struct oc_tool_call *call)
{
	json_t *item = typed("function_call");

	json_object_set_new(item, "call_id", oc_json_new_str(oc_str(call->id)));
	json_object_set_new(item, "name", oc_json_new_str(oc_str(call->name)));
	json_object_set_new(item, "arguments", oc_request_arguments_text(call));
	json_array_append_new(input, item);
}

static void add_assistant(const struct oc_request *r, json_t *input, size_t at)
{
	const struct oc_message *msg = &r->messages->v[at];

	if (oc_request_replays(r, at)) json_array_extend(input, msg->thoughts);
	if (msg->text.n) add_assistant_text(input, oc_buf_view(&msg->text));
	for (size_t i = 0; i < msg->n_calls; i++) add_call(input, &msg->calls[i]);
}

static void add_result(json_t *input, const struct oc_message *msg)
{
	struct oc_str text = oc_buf_view(&msg->text);
	json_t *item = typed("function_call_output");

	if (!text.n) text = oc_str(oc_request_no_output);
	json_object_set_new(item, "call_id", oc_json_new_str(oc_str(msg->tool_call_id)));
	json_object_set_new(item, "output", oc_json_new_str(text));
	json_array_append_new(input, item);
}

/* Images of tool results cannot travel in the results: they follow as the user's. */
static void add_result_images(const struct oc_request *r, json_t *input, size_t from, size_t to)
{
	json_t *parts = json_array();

	for (size_t i = from; i < to; i++) add_images(r, parts, &r->messages->v[i]);
	if (json_array_size(parts))
		add_message(input, "user", parts);
	else
		json_decref(parts);
}

static void add_system(const struct oc_request *r, json_t *input, const struct oc_message *msg)
{
	bool developer = r->compat->supports_developer_role && r->reasoning_model;

	add_message(input, developer ? "developer" : "system",
		    oc_json_new_str(oc_buf_view(&msg->text)));
}

/* Messages before this one are the system text that goes into `instructions`. */
static size_t first_item(const struct oc_request *r)
{
	const struct oc_messages *m = r->messages;

	return r->compat->supports_instructions && m->n && m->v[0].role == OC_ROLE_SYSTEM;
}

static json_t *input_json(const struct oc_request *r)
{
	const struct oc_messages *m = r->messages;
	json_t *input = json_array();
	size_t tools = 0;

	for (size_t i = first_item(r); i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];

		if (msg->role == OC_ROLE_TOOL) {
			add_result(input, msg);
			tools++;
			continue;
		}
		add_result_images(r, input, i - tools, i);
		tools = 0;
		if (msg->role == OC_ROLE_ASSISTANT)
			add_assistant(r, input, i);
		else if (msg->role == OC_ROLE_USER)
			add_user(r, input, msg);
		else
			add_system(r, input, msg);
	}
	add_result_images(r, input, m->n - tools, m->n);
	return input;
}

/* ---- the rest ------------------------------------------------------------------------------ */

static json_t *tools_json(const struct oc_request *r)
{
	static const char *const members[] = { "name", "description" };
	json_t *tools = json_array(), *given;
	size_t i;

	json_array_foreach (r->tools, i, given) {
		const json_t *function = json_object_get(given, "function");
		json_t *tool = typed("function");

		for (size_t k = 0; k < sizeof members / sizeof *members; k++)
			oc_json_put(tool, members[k],
				    json_incref(json_object_get(function, members[k])));
		oc_json_put(tool, "parameters", oc_request_schema(r, function));
		if (r->compat->supports_strict_mode)
			json_object_set_new(tool, "strict", json_false());
		json_array_append_new(tools, tool);
	}
	return tools;
}

static void add_thinking(const struct oc_request *r, json_t *body)
{
	const char *effort =
	    oc_reasoning_effort(r->compat, r->reasoning_model, r->thinking_level_map, r->thinking);
	json_t *reasoning, *include;

	if (!r->thinking || !strcmp(r->thinking, "off") || !effort) return;
	reasoning = oc_request_one("effort", json_string(effort));
	json_object_set_new(reasoning, "summary", json_string("auto"));
	json_object_set_new(body, "reasoning", reasoning);
	include = json_array();
	json_array_append_new(include, json_string("reasoning.encrypted_content"));
	json_object_set_new(body, "include", include);
}

/* A response format of chat completions, in the place and the shape it has here. */
static json_t *format_json(json_t *format)
{
	json_t *schema = json_object_get(format, "json_schema"), *out;

	if (!json_is_object(schema)) return json_incref(format);
	out = oc_request_one("type", json_incref(json_object_get(format, "type")));
	json_object_update(out, schema);
	return out;
}

static void add_params(const struct oc_request *r, json_t *body)
{
	json_t *temperature = oc_request_param(r, "temperature", "temperature", oc_is_number);
	json_t *top_p = oc_request_param(r, "top_p", "topP", oc_is_number);
	json_t *parallel =
	    oc_request_param(r, "parallel_tool_calls", "parallelToolCalls", oc_is_boolean);
	json_t *format = oc_request_param(r, "response_format", "responseFormat", oc_is_object);

	if (r->compat->supports_temperature)
		oc_json_put(body, "temperature", json_incref(temperature));
	oc_json_put(body, "top_p", json_incref(top_p));
	if (oc_request_has_tools(r))
		oc_json_put(body, "parallel_tool_calls", json_incref(parallel));
	if (format)
		json_object_set_new(body, "text", oc_request_one("format", format_json(format)));
}

json_t *oc_responses_request_json(const struct oc_request *r)
{
	int64_t limit = oc_request_limit(r);
	json_t *body = oc_request_one("model", oc_json_new_str(oc_str(r->model)));

	if (first_item(r))
		json_object_set_new(body, "instructions",
				    oc_json_new_str(oc_buf_view(&r->messages->v[0].text)));
	json_object_set_new(body, "input", input_json(r));
	json_object_set_new(body, "stream", json_true());
	if (limit)
		json_object_set_new(
		    body, "max_output_tokens",
		    json_integer(limit < MIN_OUTPUT_TOKENS ? MIN_OUTPUT_TOKENS : limit));
	if (oc_request_has_tools(r)) {
		json_object_set_new(body, "tools", tools_json(r));
		json_object_set_new(body, "tool_choice", json_string("auto"));
	}
	add_thinking(r, body);
	add_params(r, body);
	oc_request_extra_body(r, body);
	return body;
}
