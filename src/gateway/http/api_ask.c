/* What the two readers of agent requests share. */
#include "gateway/http/api_ask.h"

#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/reasoning.h"

enum { MAX_TOOLS = 128, MAX_TOOL_NAME = 64, MAX_STOPS = 4, MAX_USER = 512 };

void oc_api_ask_init(struct oc_api_ask *a)
{
	*a = (struct oc_api_ask){ .store = true, .params = json_object() };
	oc_buf_init(&a->system, OC_MAX_HTTP_BODY_BYTES);
}

void oc_api_ask_deinit(struct oc_api_ask *a)
{
	free(a->model);
	free(a->thinking);
	free(a->user);
	free(a->previous);
	oc_messages_deinit(&a->messages);
	oc_buf_deinit(&a->system);
	json_decref(a->tools);
	json_decref(a->tool_choice);
	json_decref(a->params);
	*a = (struct oc_api_ask){ 0 };
}

/* ---- texts and images ---- */

void oc_api_add_text(struct oc_buf *out, struct oc_str text)
{
	if (out->n && text.n) oc_buf_adds(out, "\n\n");
	oc_buf_add(out, text);
}

static bool is_base64(struct oc_str s)
{
	size_t pad = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			     (c >= '0' && c <= '9') || c == '+' || c == '/';
		if (c == '=')
			pad++;
		else if (!digit || pad)
			return false;
	}
	return s.n > 0 && pad <= 2;
}

enum oc_rc oc_api_add_image(struct oc_api_ask *a, struct oc_message *m, const char *url,
			    const char *place, struct oc_err *e)
{
	static const struct oc_str mark = OC_LIT(";base64,");
	struct oc_str u = oc_str(url);
	size_t at = oc_str_find(u, mark, 0);

	if (!oc_str_istarts(u, OC_LIT("data:image/")) || at == SIZE_MAX)
		return oc_fail(
		    e, OC_E_INPUT,
		    "%s must be a data URL (data:image/png;base64,…): send the picture itself, nothing "
		    "is fetched from other addresses",
		    place);
	struct oc_str data = oc_str_from(u, at + mark.n);

	if (!is_base64(data)) return oc_fail(e, OC_E_INPUT, "%s is no base64", place);
	if (++a->n_images > OC_API_MAX_IMAGES)
		return oc_fail(e, OC_E_INPUT, "%s is one image too many: at most %d are taken",
			       place, OC_API_MAX_IMAGES);
	a->image_bytes += data.n / 4 * 3;
	if (a->image_bytes > OC_MAX_IMAGE_BYTES)
		return oc_fail(e, OC_E_INPUT,
			       "%s is too much: all images together may have %d bytes", place,
			       OC_MAX_IMAGE_BYTES);
	struct oc_image *image = oc_message_add_image(m);

	image->mime = oc_strndup(u.p + strlen("data:"), at - strlen("data:"));
	image->base64 = oc_strndup(data.p, data.n);
	return OC_OK;
}

/* ---- sampling ---- */

static const struct {
	const char *key;
	double min, max;
	bool integer;
} numbers[] = {
	{ "temperature", 0, 2, false },
	{ "top_p", 0, 1, false },
	{ "frequency_penalty", -2, 2, false },
	{ "presence_penalty", -2, 2, false },
	{ "seed", -9007199254740991.0, 9007199254740991.0, true },
};

static enum oc_rc read_number(const json_t *body, size_t row, json_t *params, struct oc_err *e)
{
	const char *key = numbers[row].key;
	json_t *v = json_object_get(body, key);

	if (!v || json_is_null(v)) return OC_OK;
	double n = json_number_value(v);
	bool fits = numbers[row].integer ? json_is_integer(v) : json_is_number(v);

	if (!fits || !(n >= numbers[row].min && n <= numbers[row].max))
		return oc_fail(e, OC_E_INPUT, "%s must be %s from %g to %g", key,
			       numbers[row].integer ? "an integer" : "a number", numbers[row].min,
			       numbers[row].max);
	json_object_set(params, key, v);
	return OC_OK;
}

static enum oc_rc read_stop(const json_t *body, json_t *params, struct oc_err *e)
{
	json_t *v = json_object_get(body, "stop"), *word;
	bool fits = json_is_string(v) || (json_is_array(v) && json_array_size(v) <= MAX_STOPS);
	size_t i;

	if (!v || json_is_null(v)) return OC_OK;
	json_array_foreach (v, i, word) {
		if (!json_is_string(word)) fits = false;
	}
	if (!fits)
		return oc_fail(e, OC_E_INPUT, "stop must be a text or a list of at most %d texts",
			       MAX_STOPS);
	json_object_set(params, "stop", v);
	return OC_OK;
}

static enum oc_rc read_limit(const json_t *body, const char *key, json_t *params, struct oc_err *e)
{
	json_t *v = json_object_get(body, key);

	if (!v || json_is_null(v)) return OC_OK;
	if (!json_is_integer(v) || json_integer_value(v) < 1)
		return oc_fail(e, OC_E_INPUT, "%s must be an integer of at least 1", key);
	json_object_set(params, "max_tokens", v);
	return OC_OK;
}

enum oc_rc oc_api_read_params(const json_t *body, const char *limit, struct oc_api_ask *a,
			      struct oc_err *e)
{
	json_t *format = json_object_get(body, "response_format");
	enum oc_rc rc = read_limit(body, "max_tokens", a->params, e);

	if (rc == OC_OK) rc = read_limit(body, limit, a->params, e);
	if (rc == OC_OK) rc = read_stop(body, a->params, e);
	for (size_t i = 0; rc == OC_OK && i < sizeof numbers / sizeof *numbers; i++)
		rc = read_number(body, i, a->params, e);
	if (rc == OC_OK && json_is_object(format))
		json_object_set(a->params, "response_format", format);
	return rc;
}

/* ---- tools ---- */

static bool is_tool_name(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || c == '-'))
			return false;
	}
	return s.n > 0 && s.n <= MAX_TOOL_NAME;
}

static enum oc_rc check_tools(const json_t *tools, struct oc_strv *names, struct oc_err *e)
{
	const json_t *tool;
	size_t i;

	if (!json_is_array(tools)) return oc_fail(e, OC_E_INPUT, "tools must be a list");
	if (json_array_size(tools) > MAX_TOOLS)
		return oc_fail(e, OC_E_INPUT, "tools has more than %d entries", MAX_TOOLS);
	json_array_foreach (tools, i, tool) {
		const json_t *function = json_object_get(tool, "function");
		struct oc_str name = oc_json_str(function, "name");
		const json_t *schema = json_object_get(function, "parameters");

		if (!oc_str_eq(oc_json_str(tool, "type"), OC_LIT("function")))
			return oc_fail(e, OC_E_INPUT, "tools[%zu].type must be \"function\"", i);
		if (!is_tool_name(name))
			return oc_fail(
			    e, OC_E_INPUT,
			    "tools[%zu].function.name must have 1 to %d letters, digits, "
			    "'_' or '-'",
			    i, MAX_TOOL_NAME);
		if (schema && !json_is_object(schema) && !json_is_null(schema))
			return oc_fail(e, OC_E_INPUT,
				       "tools[%zu].function.parameters must be an object", i);
		if (oc_strv_has(names, name))
			return oc_fail(e, OC_E_INPUT, "tools has \"%.*s\" twice", OC_FMT(name));
		oc_strv_add(names, name);
	}
	return OC_OK;
}

/* Chat nests the name in "function", Responses does not. */
static struct oc_str chosen_name(const json_t *choice)
{
	const json_t *function = json_object_get(choice, "function");

	return oc_json_str(function ? function : choice, "name");
}

static enum oc_rc take_choice(const json_t *choice, const struct oc_strv *names,
			      struct oc_api_ask *a, struct oc_err *e)
{
	struct oc_str word = oc_json_text(choice), name = chosen_name(choice);

	if (!choice || json_is_null(choice) || oc_str_eq(word, OC_LIT("auto"))) return OC_OK;
	if (oc_str_eq(word, OC_LIT("none"))) {
		json_decref(a->tools);
		a->tools = NULL;
		return OC_OK;
	}
	bool required = oc_str_eq(word, OC_LIT("required"));

	if (!required && !name.n)
		return oc_fail(e, OC_E_INPUT,
			       "tool_choice must be \"auto\", \"none\", \"required\" or name a "
			       "function");
	if (required ? !names->n : !oc_strv_has(names, name))
		return oc_fail(e, OC_E_INPUT,
			       "tool_choice asks for a tool that tools does not hold");
	a->callers_tools_alone = true;
	a->tool_choice = required ? json_string("required")
				  : json_pack("{s:s,s:{s:s%}}", "type", "function", "function",
					      "name", name.p, name.n);
	return OC_OK;
}

enum oc_rc oc_api_take_tools(json_t *tools, const json_t *choice, struct oc_api_ask *a,
			     struct oc_err *e)
{
	struct oc_strv names = { 0 };
	enum oc_rc rc = OC_OK;

	if (tools && !json_is_null(tools)) rc = check_tools(tools, &names, e);
	if (rc == OC_OK && names.n) a->tools = json_incref(tools);
	if (rc == OC_OK) rc = take_choice(choice, &names, a, e);
	oc_strv_deinit(&names);
	return rc;
}

/* ---- the rest ---- */

static bool is_of_type(const json_t *v, const struct oc_api_member *row)
{
	switch (row->type) {
	case OC_API_OBJECT: return json_is_object(v);
	case OC_API_TEXT: return json_is_string(v);
	case OC_API_FLAG: return json_is_boolean(v);
	}
	return false;
}

static const json_t *member_at(const json_t *body, const char *path)
{
	const char *dot = strchr(path, '.');

	if (!dot) return json_object_get(body, path);
	return json_object_get(json_object_getn(body, path, (size_t)(dot - path)), dot + 1);
}

enum oc_rc oc_api_check_members(const json_t *body, const struct oc_api_member *rows,
				struct oc_err *e)
{
	static const char *const types[] = { "an object", "a text", "true or false" };

	for (const struct oc_api_member *row = rows; row->name; row++) {
		const json_t *v = member_at(body, row->name);

		if (v && !json_is_null(v) && !is_of_type(v, row))
			return oc_fail(e, OC_E_INPUT, "%s must be %s", row->name, types[row->type]);
	}
	return OC_OK;
}

static enum oc_rc read_text(const json_t *body, const char *key, char **out, struct oc_err *e)
{
	const json_t *v = json_object_get(body, key);

	if (!v || json_is_null(v)) return OC_OK;
	if (!json_is_string(v) || json_string_length(v) > MAX_USER)
		return oc_fail(e, OC_E_INPUT, "%s must be a text of at most %d bytes", key,
			       MAX_USER);
	if (json_string_length(v)) *out = oc_strdup(json_string_value(v));
	return OC_OK;
}

static enum oc_rc read_flag(const json_t *body, const char *key, bool *out, struct oc_err *e)
{
	const json_t *v = json_object_get(body, key);

	if (!v || json_is_null(v)) return OC_OK;
	if (!json_is_boolean(v)) return oc_fail(e, OC_E_INPUT, "%s must be true or false", key);
	*out = json_is_true(v);
	return OC_OK;
}

static enum oc_rc take_effort(const char *effort, const char *member, struct oc_api_ask *a,
			      struct oc_err *e)
{
	if (!effort) return OC_OK;
	if (!strcmp(effort, "none")) effort = "off";
	if (!oc_thinking_level_valid(oc_str(effort)))
		return oc_fail(e, OC_E_INPUT, "%s has the unknown value \"%.40s\" (%s)", member,
			       effort, oc_thinking_levels);
	a->thinking = oc_strdup(effort);
	return OC_OK;
}

enum oc_rc oc_api_read_common(const json_t *body, const char *effort, const char *member,
			      struct oc_api_ask *a, struct oc_err *e)
{
	enum oc_rc rc = read_flag(body, "stream", &a->stream, e);

	if (rc == OC_OK) rc = read_flag(body, "store", &a->store, e);
	if (rc == OC_OK) rc = read_text(body, "user", &a->user, e);
	if (rc == OC_OK) rc = read_text(body, "previous_response_id", &a->previous, e);
	if (rc == OC_OK) rc = take_effort(effort, member, a, e);
	if (rc == OC_OK)
		a->model = oc_strdup(oc_json_cstr(body, "model") ? oc_json_cstr(body, "model")
								 : "openclaw");
	return rc;
}

enum oc_rc oc_api_find_prompt(struct oc_api_ask *a, const char *member, struct oc_err *e)
{
	struct oc_messages *m = &a->messages;

	while (m->n && m->v[m->n - 1].role == OC_ROLE_ASSISTANT) oc_message_deinit(&m->v[--m->n]);
	if (!m->n) return oc_fail(e, OC_E_INPUT, "%s holds no user message to answer", member);
	const struct oc_message *last = &m->v[m->n - 1];

	if (last->role == OC_ROLE_USER && !oc_str_trim(oc_buf_view(&last->text)).n &&
	    !last->n_images)
		return oc_fail(e, OC_E_INPUT, "%s ends with an empty user message", member);
	return OC_OK;
}

/* ---- messages that are kept ---- */

static const char *const roles[] = { "system", "user", "assistant", "tool" };

static json_t *calls_json(const struct oc_message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_calls; i++) {
		json_t *call = json_object();

		oc_json_put(call, "id", oc_json_new_str(oc_str(m->calls[i].id)));
		oc_json_put(call, "name", oc_json_new_str(oc_str(m->calls[i].name)));
		oc_json_put(call, "arguments", oc_json_new_str(oc_str(m->calls[i].arguments)));
		json_array_append_new(list, call);
	}
	return list;
}

static json_t *images_json(const struct oc_message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_images; i++)
		json_array_append_new(list, json_pack("{s:s,s:s}", "mime", m->images[i].mime,
						      "base64", m->images[i].base64));
	return list;
}

json_t *oc_api_messages_json(const struct oc_messages *m, size_t from)
{
	json_t *list = json_array();

	for (size_t i = from; i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];
		json_t *o = json_pack("{s:s}", "role", roles[msg->role]);

		oc_json_put(o, "text", oc_json_new_str(oc_buf_view(&msg->text)));
		if (msg->n_calls) oc_json_put(o, "calls", calls_json(msg));
		if (msg->n_images) oc_json_put(o, "images", images_json(msg));
		if (msg->tool_call_id)
			oc_json_put(o, "callId", oc_json_new_str(oc_str(msg->tool_call_id)));
		if (msg->tool_name)
			oc_json_put(o, "toolName", oc_json_new_str(oc_str(msg->tool_name)));
		json_array_append_new(list, o);
	}
	return list;
}

void oc_api_add_call(struct oc_message *m, const char *id, const char *name, const char *arguments)
{
	struct oc_tool_call *call = oc_message_add_call(m);

	call->id = oc_strdup(id);
	call->name = oc_strdup(name);
	call->arguments = oc_strdup(arguments ? arguments : "{}");
	call->args = oc_json_parse(oc_str(call->arguments), NULL, NULL);
	call->valid = json_is_object(call->args);
	if (!call->valid) {
		json_decref(call->args);
		call->args = NULL;
	}
}

static void read_one(const json_t *o, enum oc_role role, struct oc_messages *out)
{
	struct oc_message *m = oc_messages_add(out, role, oc_json_str(o, "text"));
	const char *call_id = oc_json_cstr(o, "callId"), *tool = oc_json_cstr(o, "toolName");
	const json_t *item;
	size_t i;

	if (call_id) m->tool_call_id = oc_strdup(call_id);
	if (tool) m->tool_name = oc_strdup(tool);
	json_array_foreach (json_object_get(o, "calls"), i, item) {
		if (oc_json_cstr(item, "id") && oc_json_cstr(item, "name"))
			oc_api_add_call(m, oc_json_cstr(item, "id"), oc_json_cstr(item, "name"),
					oc_json_cstr(item, "arguments"));
	}
	json_array_foreach (json_object_get(o, "images"), i, item) {
		if (!oc_json_cstr(item, "mime") || !oc_json_cstr(item, "base64")) continue;
		struct oc_image *image = oc_message_add_image(m);

		image->mime = oc_strdup(oc_json_cstr(item, "mime"));
		image->base64 = oc_strdup(oc_json_cstr(item, "base64"));
	}
}

void oc_api_messages_read(const json_t *list, struct oc_messages *out)
{
	const json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		for (size_t r = 1; r < sizeof roles / sizeof *roles; r++)
			if (oc_str_eq(oc_json_str(o, "role"), oc_str(roles[r])))
				read_one(o, (enum oc_role)r, out);
	}
}
