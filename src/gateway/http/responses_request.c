/* The body of POST /v1/responses for an agent (spec 02 §4.3). */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/api_ask.h"

enum { MAX_PLACE = 80 };

/* ---- messages ---- */

static enum oc_rc read_part(const json_t *part, struct oc_api_ask *a, struct oc_message *m,
			    const char *place, struct oc_err *e)
{
	static const char *const texts[] = { "input_text", "output_text", "text" };
	struct oc_str type = oc_json_str(part, "type");

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!oc_str_eq(type, oc_str(texts[i]))) continue;
		if (!oc_json_cstr(part, "text"))
			return oc_fail(e, OC_E_INPUT, "%s.text must be a text", place);
		oc_api_add_text(&m->text, oc_json_str(part, "text"));
		return OC_OK;
	}
	if (oc_str_eq(type, OC_LIT("input_image"))) {
		const char *url = oc_json_cstr(part, "image_url");
		return oc_api_add_image(a, m, url ? url : "", place, e);
	}
	return oc_fail(e, OC_E_INPUT,
		       "%s.type must be \"input_text\", \"output_text\" or \"input_image\"", place);
}

static enum oc_rc read_content(const json_t *content, struct oc_api_ask *a, struct oc_message *m,
			       size_t at, struct oc_err *e)
{
	char place[MAX_PLACE];
	const json_t *part;
	enum oc_rc rc = OC_OK;
	size_t i;

	if (json_is_string(content)) {
		oc_buf_add(&m->text, oc_json_text(content));
		return OC_OK;
	}
	if (!json_is_array(content))
		return oc_fail(e, OC_E_INPUT,
			       "input[%zu].content must be a text or a list of parts", at);
	json_array_foreach (content, i, part) {
		snprintf(place, sizeof place, "input[%zu].content[%zu]", at, i);
		if (rc == OC_OK) rc = read_part(part, a, m, place, e);
	}
	return rc;
}

static enum oc_rc read_system(const json_t *item, struct oc_api_ask *a, size_t at, struct oc_err *e)
{
	struct oc_message m = { 0 };
	enum oc_rc rc;

	oc_buf_init(&m.text, a->system.max);
	rc = read_content(json_object_get(item, "content"), a, &m, at, e);
	oc_api_add_text(&a->system, oc_buf_view(&m.text));
	oc_message_deinit(&m);
	return rc;
}

static enum oc_rc read_message(const json_t *item, struct oc_api_ask *a, size_t at,
			       struct oc_err *e)
{
	struct oc_str role = oc_json_str(item, "role");
	const json_t *content = json_object_get(item, "content");
	bool user = oc_str_eq(role, OC_LIT("user"));

	if (oc_str_eq(role, OC_LIT("system")) || oc_str_eq(role, OC_LIT("developer")))
		return read_system(item, a, at, e);
	if (!user && !oc_str_eq(role, OC_LIT("assistant")))
		return oc_fail(e, OC_E_INPUT,
			       "input[%zu].role must be system, developer, user or assistant", at);
	return read_content(
	    content, a,
	    oc_messages_add(&a->messages, user ? OC_ROLE_USER : OC_ROLE_ASSISTANT, OC_LIT("")), at,
	    e);
}

/* ---- calls and their results ---- */

/* Calls that follow each other belong to one message. */
static enum oc_rc read_call(const json_t *item, struct oc_api_ask *a, size_t at, struct oc_err *e)
{
	const char *id = oc_json_cstr(item, "call_id"), *name = oc_json_cstr(item, "name");
	const json_t *arguments = json_object_get(item, "arguments");
	struct oc_messages *l = &a->messages;

	if (!id || !name) return oc_fail(e, OC_E_INPUT, "input[%zu] needs call_id and name", at);
	if (arguments && !json_is_string(arguments))
		return oc_fail(e, OC_E_INPUT, "input[%zu].arguments must be a text", at);
	if (!l->n || l->v[l->n - 1].role != OC_ROLE_ASSISTANT)
		oc_messages_add(l, OC_ROLE_ASSISTANT, OC_LIT(""));
	oc_api_add_call(&l->v[l->n - 1], id, name, json_string_value(arguments));
	return OC_OK;
}

static enum oc_rc read_result(const json_t *item, struct oc_api_ask *a, size_t at, struct oc_err *e)
{
	const char *id = oc_json_cstr(item, "call_id"), *name = "tool";
	const json_t *output = json_object_get(item, "output");
	struct oc_messages *l = &a->messages;

	if (!id) return oc_fail(e, OC_E_INPUT, "input[%zu].call_id is missing", at);
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].n_calls; k++)
			if (!strcmp(l->v[i].calls[k].id, id)) name = l->v[i].calls[k].name;
	char *copy = oc_strdup(name);
	struct oc_message *m = oc_messages_add(l, OC_ROLE_TOOL, OC_LIT(""));

	m->tool_call_id = oc_strdup(id);
	m->tool_name = copy;
	return read_content(output, a, m, at, e);
}

static enum oc_rc read_item(const json_t *item, struct oc_api_ask *a, size_t at, struct oc_err *e)
{
	struct oc_str type = oc_json_str(item, "type");

	if (!json_is_object(item))
		return oc_fail(e, OC_E_INPUT, "input[%zu] must be an object", at);
	if (oc_str_eq(type, OC_LIT("message")) || (!type.n && oc_json_cstr(item, "role")))
		return read_message(item, a, at, e);
	if (oc_str_eq(type, OC_LIT("function_call"))) return read_call(item, a, at, e);
	if (oc_str_eq(type, OC_LIT("function_call_output"))) return read_result(item, a, at, e);
	if (oc_str_eq(type, OC_LIT("reasoning"))) return OC_OK; /* another model's thoughts */
	return oc_fail(e, OC_E_INPUT,
		       "input[%zu].type must be message, function_call or function_call_output",
		       at);
}

static enum oc_rc read_input(const json_t *input, struct oc_api_ask *a, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;
	const json_t *item;
	size_t i;

	if (json_is_string(input)) {
		oc_messages_add(&a->messages, OC_ROLE_USER, oc_json_text(input));
		return oc_api_find_prompt(a, "input", e);
	}
	if (!json_is_array(input) || !json_array_size(input))
		return oc_fail(e, OC_E_INPUT, "input must be a text or a list of items");
	json_array_foreach (input, i, item) {
		if (rc == OC_OK) rc = read_item(item, a, i, e);
	}
	return rc == OC_OK ? oc_api_find_prompt(a, "input", e) : rc;
}

/* ---- tools ---- */

/* In the shape of a chat request; what is wrong is left as it is, for the check. New reference. */
static json_t *chat_tools(const json_t *tools)
{
	static const char *const members[] = { "name", "description", "parameters", "strict" };
	json_t *list = json_array();
	json_t *tool;
	size_t i;

	json_array_foreach (tools, i, tool) {
		json_t *function = json_object(), *chat = json_object();

		for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
			json_t *v = json_object_get(tool, members[k]);
			if (v && !json_is_null(v)) json_object_set(function, members[k], v);
		}
		json_t *type = json_object_get(tool, "type");
		if (type) json_object_set(chat, "type", type);
		json_object_set_new(chat, "function", function);
		json_array_append_new(list, chat);
	}
	return list;
}

static enum oc_rc read_tools(const json_t *body, struct oc_api_ask *a, struct oc_err *e)
{
	json_t *given = json_object_get(body, "tools");
	const json_t *choice = json_object_get(body, "tool_choice");

	if (!json_is_array(given)) return oc_api_take_tools(given, choice, a, e);
	json_t *tools = chat_tools(given);
	enum oc_rc rc = oc_api_take_tools(tools, choice, a, e);

	json_decref(tools);
	return rc;
}

/* text.format is response_format with its members one level up. */
static void read_format(const json_t *body, struct oc_api_ask *a)
{
	json_t *format = json_object_get(json_object_get(body, "text"), "format");

	if (!oc_str_eq(oc_json_str(format, "type"), OC_LIT("json_schema"))) {
		if (oc_str_eq(oc_json_str(format, "type"), OC_LIT("json_object")))
			json_object_set(a->params, "response_format", format);
		return;
	}
	json_t *schema = json_deep_copy(format);

	json_object_del(schema, "type");
	json_object_set_new(a->params, "response_format",
			    json_pack("{s:s,s:o}", "type", "json_schema", "json_schema", schema));
}

enum oc_rc oc_responses_ask_read(const json_t *body, struct oc_api_ask *out, struct oc_err *e)
{
	static const struct oc_api_member members[] = {
		{ "instructions", OC_API_TEXT },
		{ "reasoning", OC_API_OBJECT },
		{ "reasoning.effort", OC_API_TEXT },
		{ "text", OC_API_OBJECT },
		{ "text.format", OC_API_OBJECT },
		{ "parallel_tool_calls", OC_API_FLAG },
		{ 0 },
	};
	const json_t *instructions = json_object_get(body, "instructions");
	const json_t *reasoning = json_object_get(body, "reasoning");
	enum oc_rc rc;

	oc_api_ask_init(out);
	rc = oc_api_check_members(body, members, e);
	if (rc == OC_OK)
		rc = oc_api_read_common(body, oc_json_cstr(reasoning, "effort"), "reasoning.effort",
					out, e);
	oc_api_add_text(&out->system, oc_json_text(instructions));
	if (rc == OC_OK) rc = read_input(json_object_get(body, "input"), out, e);
	if (rc == OC_OK) rc = read_tools(body, out, e);
	if (rc == OC_OK) rc = oc_api_read_params(body, "max_output_tokens", out, e);
	if (rc == OC_OK) read_format(body, out);
	return rc;
}
