/* The body of POST /v1/chat/completions for an agent (spec 02 §4.2). */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/api_ask.h"

enum { MAX_PLACE = 80 };

static enum oc_rc read_part(const json_t *part, struct oc_api_ask *a, struct oc_message *m,
			    const char *place, struct oc_err *e)
{
	struct oc_str type = oc_json_str(part, "type");
	const json_t *image = json_object_get(part, "image_url");

	if (oc_str_eq(type, OC_LIT("text"))) {
		if (!oc_json_cstr(part, "text"))
			return oc_fail(e, OC_E_INPUT, "%s.text must be a text", place);
		oc_api_add_text(&m->text, oc_json_str(part, "text"));
		return OC_OK;
	}
	if (oc_str_eq(type, OC_LIT("image_url"))) {
		const char *url =
		    json_is_string(image) ? json_string_value(image) : oc_json_cstr(image, "url");
		return oc_api_add_image(a, m, url ? url : "", place, e);
	}
	return oc_fail(e, OC_E_INPUT, "%s.type must be \"text\" or \"image_url\"", place);
}

/* A text, a list of parts, or nothing. */
static enum oc_rc read_content(const json_t *content, struct oc_api_ask *a, struct oc_message *m,
			       size_t at, struct oc_err *e)
{
	char place[MAX_PLACE];
	const json_t *part;
	enum oc_rc rc = OC_OK;
	size_t i;

	if (!content || json_is_null(content)) return OC_OK;
	if (json_is_string(content)) {
		oc_buf_add(&m->text, oc_json_text(content));
		return OC_OK;
	}
	if (!json_is_array(content))
		return oc_fail(e, OC_E_INPUT,
			       "messages[%zu].content must be a text or a list of parts", at);
	json_array_foreach (content, i, part) {
		snprintf(place, sizeof place, "messages[%zu].content[%zu]", at, i);
		if (rc == OC_OK) rc = read_part(part, a, m, place, e);
	}
	return rc;
}

static enum oc_rc read_calls(const json_t *calls, struct oc_message *m, size_t at, struct oc_err *e)
{
	const json_t *call;
	size_t i;

	if (calls && !json_is_array(calls) && !json_is_null(calls))
		return oc_fail(e, OC_E_INPUT, "messages[%zu].tool_calls must be a list", at);
	json_array_foreach (calls, i, call) {
		const json_t *function = json_object_get(call, "function");
		const json_t *arguments = json_object_get(function, "arguments");
		const char *id = oc_json_cstr(call, "id"), *name = oc_json_cstr(function, "name");

		if (!id || !name)
			return oc_fail(
			    e, OC_E_INPUT,
			    "messages[%zu].tool_calls[%zu] needs an id and a function name", at, i);
		if (arguments && !json_is_string(arguments))
			return oc_fail(
			    e, OC_E_INPUT,
			    "messages[%zu].tool_calls[%zu].function.arguments must be a text", at,
			    i);
		oc_api_add_call(m, id, name, json_string_value(arguments));
	}
	return OC_OK;
}

static const char *name_of_call(const struct oc_messages *l, const char *id)
{
	for (size_t i = l->n; i-- > 0;)
		for (size_t k = 0; k < l->v[i].n_calls; k++)
			if (!strcmp(l->v[i].calls[k].id, id)) return l->v[i].calls[k].name;
	return NULL;
}

static enum oc_rc read_tool(const json_t *message, struct oc_api_ask *a, struct oc_message *m,
			    size_t at, struct oc_err *e)
{
	const char *id = oc_json_cstr(message, "tool_call_id");

	if (!id) return oc_fail(e, OC_E_INPUT, "messages[%zu].tool_call_id is missing", at);
	const char *name = name_of_call(&a->messages, id);

	m->tool_call_id = oc_strdup(id);
	m->tool_name = oc_strdup(name ? name : "tool");
	return OC_OK;
}

static enum oc_rc read_system(const json_t *message, struct oc_api_ask *a, size_t at,
			      struct oc_err *e)
{
	struct oc_message m = { 0 };
	enum oc_rc rc;

	oc_buf_init(&m.text, a->system.max);
	rc = read_content(json_object_get(message, "content"), a, &m, at, e);
	oc_api_add_text(&a->system, oc_buf_view(&m.text));
	oc_message_deinit(&m);
	return rc;
}

static bool role_of(struct oc_str name, enum oc_role *out)
{
	static const struct {
		struct oc_str name;
		enum oc_role role;
	} rows[] = {
		{ { "system", 6 }, OC_ROLE_SYSTEM }, { { "developer", 9 }, OC_ROLE_SYSTEM },
		{ { "user", 4 }, OC_ROLE_USER },     { { "assistant", 9 }, OC_ROLE_ASSISTANT },
		{ { "tool", 4 }, OC_ROLE_TOOL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!oc_str_eq(name, rows[i].name)) continue;
		*out = rows[i].role;
		return true;
	}
	return false;
}

static enum oc_rc read_message(const json_t *message, struct oc_api_ask *a, size_t at,
			       struct oc_err *e)
{
	enum oc_role role;

	if (!json_is_object(message))
		return oc_fail(e, OC_E_INPUT, "messages[%zu] must be an object", at);
	if (!role_of(oc_json_str(message, "role"), &role))
		return oc_fail(e, OC_E_INPUT,
			       "messages[%zu].role must be system, developer, user, assistant or "
			       "tool",
			       at);
	if (role == OC_ROLE_SYSTEM) return read_system(message, a, at, e);
	struct oc_message *m = oc_messages_add(&a->messages, role, OC_LIT(""));
	enum oc_rc rc = read_content(json_object_get(message, "content"), a, m, at, e);

	if (rc == OC_OK && role == OC_ROLE_TOOL) rc = read_tool(message, a, m, at, e);
	if (rc == OC_OK && role == OC_ROLE_ASSISTANT)
		rc = read_calls(json_object_get(message, "tool_calls"), m, at, e);
	return rc;
}

static enum oc_rc read_messages(const json_t *list, struct oc_api_ask *a, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;
	const json_t *message;
	size_t i;

	if (!json_is_array(list) || !json_array_size(list))
		return oc_fail(e, OC_E_INPUT, "messages must be a list with at least one message");
	json_array_foreach (list, i, message) {
		if (rc == OC_OK) rc = read_message(message, a, i, e);
	}
	return rc == OC_OK ? oc_api_find_prompt(a, "messages", e) : rc;
}

enum oc_rc oc_chat_ask_read(const json_t *body, struct oc_api_ask *out, struct oc_err *e)
{
	static const struct oc_api_member members[] = {
		{ "stream_options", OC_API_OBJECT },
		{ "stream_options.include_usage", OC_API_FLAG },
		{ "reasoning_effort", OC_API_TEXT },
		{ "response_format", OC_API_OBJECT },
		{ "response_format.type", OC_API_TEXT },
		{ "parallel_tool_calls", OC_API_FLAG },
		{ 0 },
	};
	const json_t *options = json_object_get(body, "stream_options"),
		     *n = json_object_get(body, "n");
	enum oc_rc rc;

	oc_api_ask_init(out);
	rc = oc_api_check_members(body, members, e);
	if (rc == OC_OK)
		rc = oc_api_read_common(body, oc_json_cstr(body, "reasoning_effort"),
					"reasoning_effort", out, e);
	out->usage = oc_json_bool(options, "include_usage", false);
	if (rc == OC_OK && n && !json_is_null(n) && json_integer_value(n) != 1)
		rc = oc_fail(e, OC_E_INPUT, "n must be 1: an agent gives one answer");
	if (rc == OC_OK) rc = read_messages(json_object_get(body, "messages"), out, e);
	if (rc == OC_OK)
		rc = oc_api_take_tools(json_object_get(body, "tools"),
				       json_object_get(body, "tool_choice"), out, e);
	if (rc == OC_OK) rc = oc_api_read_params(body, "max_completion_tokens", out, e);
	return rc;
}
