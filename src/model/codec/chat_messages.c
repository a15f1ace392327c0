/* The conversation of a chat completion request: roles, replayed calls, images; never two
 * neighbours of one role. */
#include "model/codec/chat_messages.h"

#include <stdlib.h>

#include "base/mem.h"

static const char filler[] = "I have the results.";

static json_t *text_json(struct oc_str s)
{
	return oc_json_new_str(s);
}

static json_t *buf_json(const struct oc_buf *b)
{
	return text_json(oc_buf_view(b));
}

/* ---- content ---------------------------------------------------------------------- */

static json_t *text_part(struct oc_str text)
{
	json_t *part = json_object();

	json_object_set_new(part, "type", json_string("text"));
	json_object_set_new(part, "text", text_json(text));
	return part;
}

static json_t *image_part(const struct oc_image *image)
{
	json_t *part = json_object(), *url = json_object();

	json_object_set_new(url, "url", oc_request_image_url(image));
	json_object_set_new(part, "type", json_string("image_url"));
	json_object_set_new(part, "image_url", url);
	return part;
}

/* Text with the images beside it, or with a note in their place. */
static json_t *content_json(const struct oc_request *r, struct oc_str text,
			    const struct oc_image *images, size_t n)
{
	if (n == 0) return text_json(text);
	if (!r->vision) {
		struct oc_buf b;

		oc_buf_init(&b, text.n + strlen(oc_request_no_images) + 2);
		oc_buf_add(&b, text);
		if (text.n) oc_buf_addc(&b, '\n');
		oc_buf_adds(&b, oc_request_no_images);
		json_t *content = buf_json(&b);

		oc_buf_deinit(&b);
		return content;
	}
	json_t *parts = json_array();

	if (text.n) json_array_append_new(parts, text_part(text));
	for (size_t i = 0; i < n; i++) json_array_append_new(parts, image_part(&images[i]));
	return parts;
}

/* ---- never two neighbours of one role ------------------------------------------------ */

static void extend_parts(json_t *parts, json_t *content)
{
	if (json_is_array(content))
		json_array_extend(parts, content);
	else if (json_string_length(content))
		json_array_append_new(parts, text_part(oc_json_text(content)));
}

static json_t *joined(json_t *a, json_t *b)
{
	if (json_is_string(a) && json_is_string(b)) {
		struct oc_buf text;

		oc_buf_init(&text, json_string_length(a) + json_string_length(b) + 2);
		oc_buf_add(&text, oc_json_text(a));
		if (json_string_length(a) && json_string_length(b)) oc_buf_adds(&text, "\n\n");
		oc_buf_add(&text, oc_json_text(b));
		json_t *out = buf_json(&text);

		oc_buf_deinit(&text);
		return out;
	}
	json_t *parts = json_array();

	extend_parts(parts, a);
	extend_parts(parts, b);
	return parts;
}

static bool same_role(const json_t *a, const json_t *b)
{
	struct oc_str role = oc_json_str(a, "role");

	return role.n && oc_str_eq(role, oc_json_str(b, "role")) &&
	       !oc_str_eq(role, OC_LIT("tool"));
}

/* Appends message (stolen), or joins it to a last one of the same role. */
static void push(json_t *list, json_t *message)
{
	json_t *last = json_array_get(list, json_array_size(list) - 1);
	json_t *calls = json_object_get(message, "tool_calls");
	json_t *before = json_object_get(last, "tool_calls");

	if (!json_array_size(list) || !same_role(last, message)) {
		json_array_append_new(list, message);
		return;
	}
	json_object_set_new(
	    last, "content",
	    joined(json_object_get(last, "content"), json_object_get(message, "content")));
	if (calls && before)
		json_array_extend(before, calls);
	else if (calls)
		json_object_set(last, "tool_calls", calls);
	json_decref(message);
}

static json_t *message_json(const char *role, json_t *content)
{
	json_t *m = json_object();

	json_object_set_new(m, "role", json_string(role));
	json_object_set_new(m, "content", content);
	return m;
}

/* ---- roles ------------------------------------------------------------------------------ */

static json_t *calls_json(const struct oc_message *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_calls; i++) {
		json_t *call = json_object(), *function = json_object();

		json_object_set_new(function, "name", text_json(oc_str(m->calls[i].name)));
		json_object_set_new(function, "arguments", oc_request_arguments_text(&m->calls[i]));
		json_object_set_new(call, "id", text_json(oc_str(m->calls[i].id)));
		json_object_set_new(call, "type", json_string("function"));
		json_object_set_new(call, "function", function);
		json_array_append_new(list, call);
	}
	return list;
}

/* in_loop: no user message follows, so the server may want its thought back (spec 03 §3.3). */
static void add_thought(const struct oc_request *r, json_t *m, const struct oc_message *msg,
			bool in_loop)
{
	const struct oc_compat *c = r->compat;

	if (c->strict_message_keys || c->requires_thinking_as_text) return;
	if (c->requires_reasoning_content)
		json_object_set_new(m, "reasoning_content", buf_json(&msg->reasoning));
	else if (in_loop && msg->reasoning_field && msg->reasoning.n)
		json_object_set_new(m, msg->reasoning_field, buf_json(&msg->reasoning));
}

static void push_assistant(const struct oc_request *r, json_t *list, const struct oc_message *msg,
			   bool in_loop)
{
	json_t *content = buf_json(&msg->text);

	if (!msg->text.n && !msg->n_calls) {
		json_decref(content);
		return;
	}
	if (r->compat->requires_thinking_as_text && msg->reasoning.n) {
		json_t *thought = buf_json(&msg->reasoning), *both = joined(thought, content);

		json_decref(thought);
		json_decref(content);
		content = both;
	}
	json_t *m = message_json("assistant", content);

	add_thought(r, m, msg, in_loop);
	if (msg->n_calls) json_object_set_new(m, "tool_calls", calls_json(msg));
	push(list, m);
}

static void push_tool(const struct oc_request *r, json_t *list, const struct oc_message *msg)
{
	struct oc_str text = oc_buf_view(&msg->text);
	json_t *m = json_object();

	if (!text.n)
		text = oc_str(msg->n_images && !r->vision ? oc_request_no_images
							  : oc_request_no_output);
	json_object_set_new(m, "role", json_string("tool"));
	json_object_set_new(m, "tool_call_id", text_json(oc_str(msg->tool_call_id)));
	if (r->compat->requires_tool_result_name && msg->tool_name)
		json_object_set_new(m, "name", text_json(oc_str(msg->tool_name)));
	json_object_set_new(m, "content", text_json(text));
	json_array_append_new(list, m);
}

static bool last_is_tool(const json_t *list)
{
	const json_t *last = json_array_get(list, json_array_size(list) - 1);

	return json_array_size(list) && oc_str_eq(oc_json_str(last, "role"), OC_LIT("tool"));
}

static void push_user(const struct oc_request *r, json_t *list, json_t *content)
{
	if (r->compat->requires_assistant_after_tool_result && last_is_tool(list))
		push(list, message_json("assistant", json_string(filler)));
	push(list, message_json("user", content));
}

/* Images of tool results cannot travel in the results: they follow as the user's. */
static void push_tool_images(const struct oc_request *r, json_t *list, size_t from, size_t to)
{
	json_t *parts = json_array();

	for (size_t i = from; i < to && r->vision; i++) {
		const struct oc_message *msg = &r->messages->v[i];

		for (size_t k = 0; k < msg->n_images; k++)
			json_array_append_new(parts, image_part(&msg->images[k]));
	}
	if (json_array_size(parts))
		push_user(r, list, parts);
	else
		json_decref(parts);
}

static json_t *list_json(const struct oc_request *r)
{
	const struct oc_messages *m = r->messages;
	bool developer = r->compat->supports_developer_role && r->reasoning_model;
	size_t loop = oc_request_last_user(m), tools = 0;
	json_t *list = json_array();

	for (size_t i = 0; i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];

		if (msg->role == OC_ROLE_TOOL) {
			push_tool(r, list, msg);
			tools++;
			continue;
		}
		push_tool_images(r, list, i - tools, i);
		tools = 0;
		if (msg->role == OC_ROLE_ASSISTANT)
			push_assistant(r, list, msg, i > loop);
		else if (msg->role == OC_ROLE_USER)
			push_user(
			    r, list,
			    content_json(r, oc_buf_view(&msg->text), msg->images, msg->n_images));
		else
			push(list, message_json(developer ? "developer" : "system",
						buf_json(&msg->text)));
	}
	push_tool_images(r, list, m->n - tools, m->n);
	return list;
}

static bool text_only(const json_t *parts)
{
	const json_t *part;
	size_t i;

	json_array_foreach (parts, i, part)
		if (!oc_str_eq(oc_json_str(part, "type"), OC_LIT("text"))) return false;
	return true;
}

/* Parts that are all text become one string, joined by LF. */
static void flatten_content(json_t *messages)
{
	json_t *m;
	size_t i, k;

	json_array_foreach (messages, i, m) {
		const json_t *parts = json_object_get(m, "content"), *part;
		struct oc_buf b;

		if (!json_is_array(parts) || !text_only(parts)) continue;
		oc_buf_init(&b, SIZE_MAX / 2);
		json_array_foreach (parts, k, part) {
			if (k) oc_buf_addc(&b, '\n');
			oc_buf_add(&b, oc_json_str(part, "text"));
		}
		json_object_set_new(m, "content", buf_json(&b));
		oc_buf_deinit(&b);
	}
}

json_t *oc_chat_messages_json(const struct oc_request *r)
{
	json_t *list = list_json(r);

	if (r->compat->requires_string_content) flatten_content(list);
	return list;
}
