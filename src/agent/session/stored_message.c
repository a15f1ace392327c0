/* One message in its two shapes: what people and clients see, and what the model is sent. */
#include "agent/session/stored_message.h"

#include <stdlib.h>

#include "agent/run/transcript.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/special.h"
#include "model/codec/api.h"

/* ---- parts ---- */

static json_t *part(const char *type, const char *member, struct oc_str text)
{
	json_t *o = json_object();

	oc_json_put(o, "type", json_string(type));
	oc_json_put(o, member, oc_json_new_str(text));
	return o;
}

static json_t *image_part(const struct oc_image *image)
{
	json_t *o = part("image", "mimeType", oc_str(image->mime));

	oc_json_put(o, "data", oc_json_new_str(oc_str(image->base64)));
	return o;
}

/* argumentsText holds the arguments as received where their value alone would not give the same
 * bytes again. */
static json_t *call_part(const struct oc_tool_call *c)
{
	json_t *o = part("toolCall", "id", oc_str(c->id));
	char *plain = c->args ? oc_json_compact(c->args) : NULL;

	oc_json_put(o, "name", oc_json_new_str(oc_str(c->name)));
	oc_json_put(o, "arguments", c->args ? json_incref(c->args) : json_object());
	if (!oc_str_eq(oc_str(plain ? plain : "{}"), oc_str(c->arguments)))
		oc_json_put(o, "argumentsText", oc_json_new_str(oc_str(c->arguments)));
	free(plain);
	return o;
}

static json_t *body(const char *role, json_t *content, int64_t wall_ms)
{
	json_t *o = json_object();

	oc_json_put(o, "role", json_string(role));
	oc_json_put(o, "content", content);
	oc_json_put(o, "timestamp", json_integer(wall_ms));
	return o;
}

/* ---- bodies ---- */

json_t *oc_body_user(struct oc_str text, const struct oc_message *images, const char *key,
		     int64_t wall_ms)
{
	json_t *content = oc_json_new_str(text);

	if (images && images->n_images) {
		json_t *parts = json_array();

		json_array_append_new(parts, part("text", "text", text));
		for (size_t i = 0; i < images->n_images; i++)
			json_array_append_new(parts, image_part(&images->images[i]));
		json_decref(content);
		content = parts;
	}
	json_t *o = body("user", content, wall_ms);

	if (key) oc_json_put(o, "idempotencyKey", oc_json_new_str(oc_str(key)));
	return o;
}

json_t *oc_body_tool_result(const struct oc_message *m, bool is_error, int64_t wall_ms)
{
	json_t *parts = json_array();

	json_array_append_new(parts, part("text", "text", oc_buf_view(&m->text)));
	for (size_t i = 0; i < m->n_images; i++)
		json_array_append_new(parts, image_part(&m->images[i]));
	json_t *o = body("toolResult", parts, wall_ms);

	oc_json_put(o, "toolCallId", oc_json_new_str(oc_str(m->tool_call_id)));
	oc_json_put(o, "toolName", oc_json_new_str(oc_str(m->tool_name)));
	oc_json_put(o, "isError", json_boolean(is_error));
	return o;
}

static json_t *assistant_parts(const struct oc_message *m, const struct oc_said *said)
{
	const struct oc_reply *r = said->reply;
	struct oc_str thought = r ? oc_buf_view(&r->reasoning) : oc_buf_view(&m->reasoning);
	struct oc_str text = r ? oc_buf_view(&r->text) : oc_buf_view(&m->text);
	const char *field = r ? r->reasoning_field : m->reasoning_field;
	json_t *parts = json_array(), *p;

	if (thought.n) {
		p = part("thinking", "thinking", thought);
		if (field) oc_json_put(p, "thinkingSignature", json_string(field));
		json_array_append_new(parts, p);
	}
	if (text.n) json_array_append_new(parts, part("text", "text", text));
	for (size_t i = 0; i < m->n_calls; i++)
		json_array_append_new(parts, call_part(&m->calls[i]));
	return parts;
}

static double price(const json_t *cost, const char *key)
{
	const json_t *v = json_object_get(cost, key);

	return json_is_number(v) ? json_number_value(v) / 1e6 : 0;
}

double oc_usage_cost(const struct oc_usage *u, const struct oc_model *model)
{
	const json_t *cost = model ? json_object_get(model->entry, "cost") : NULL;
	int64_t cached = u->cached > 0 ? u->cached : 0;

	return (double)(u->input - cached) * price(cost, "input") +
	       (double)cached * price(cost, "cacheRead") +
	       (double)u->output * price(cost, "output");
}

static json_t *usage_json(const struct oc_usage *u, const struct oc_model *model)
{
	json_t *o = oc_usage_json(u), *cost = json_object();

	if (!json_object_get(o, "cacheRead")) oc_json_put(o, "cacheRead", json_integer(0));
	oc_json_put(o, "cacheWrite", json_integer(0));
	oc_json_put(cost, "total", json_real(oc_usage_cost(u, model)));
	oc_json_put(o, "cost", cost);
	return o;
}

static const char *stop_reason(const struct oc_message *m, const struct oc_said *said)
{
	if (said->error) return "error";
	if (said->flags & (OC_MSG_INTERRUPTED | OC_MSG_NO_ANSWER)) return "aborted";
	if (m->n_calls) return "toolUse";
	return said->reply && said->reply->finish == OC_FINISH_LENGTH ? "length" : "stop";
}

json_t *oc_body_assistant(const struct oc_message *m, const struct oc_said *said, int64_t wall_ms)
{
	json_t *o = body("assistant", assistant_parts(m, said), wall_ms);
	const struct oc_selection *t = said->target;
	const struct oc_reply *r = said->reply;

	if (t) {
		oc_json_put(o, "api", json_string(oc_model_api(t->provider, t->model)));
		oc_json_put(o, "provider", oc_json_new_str(oc_str(t->provider->id)));
		oc_json_put(o, "model", oc_json_new_str(oc_str(t->model_id)));
	}
	if (r && r->usage.present)
		oc_json_put(o, "usage", usage_json(&r->usage, t ? t->model : NULL));
	oc_json_put(o, "stopReason", json_string(stop_reason(m, said)));
	if (r && r->response_id)
		oc_json_put(o, "responseId", oc_json_new_str(oc_str(r->response_id)));
	if (said->error) oc_json_put(o, "errorMessage", oc_json_new_str(oc_str(said->error)));
	return o;
}

/* ---- for the model ---- */

static bool is_part(const json_t *p, const char *type)
{
	return oc_str_eq(oc_json_str(p, "type"), oc_str(type));
}

void oc_body_text(const json_t *body_json, struct oc_buf *out)
{
	const json_t *content = json_object_get(body_json, "content"), *p;
	size_t i;

	if (json_is_string(content)) oc_buf_add(out, oc_json_text(content));
	json_array_foreach (content, i, p)
		if (is_part(p, "text")) oc_buf_add(out, oc_json_str(p, "text"));
}

static char *copy(const json_t *o, const char *key)
{
	struct oc_str s = oc_json_str(o, key);

	return oc_strndup(s.p ? s.p : "", s.n);
}

static void add_images(const json_t *content, struct oc_message *out)
{
	const json_t *p;
	size_t i;

	json_array_foreach (content, i, p)
		if (is_part(p, "image"))
			*oc_message_add_image(out) = (struct oc_image){ .mime = copy(p, "mimeType"),
									.base64 = copy(p, "data") };
}

static void add_call(const json_t *p, struct oc_message *out)
{
	json_t *args = json_object_get(p, "arguments");
	struct oc_str text = oc_json_str(p, "argumentsText");

	*oc_message_add_call(out) = (struct oc_tool_call){
		.id = copy(p, "id"),
		.name = copy(p, "name"),
		.arguments = text.p ? oc_strndup(text.p, text.n) : oc_json_compact(args),
		.args = json_incref(args),
		.valid = true,
	};
}

/* Thought goes back inside a tool loop alone, which the adapters see to. */
static void add_thought(const json_t *p, struct oc_message *out)
{
	const char *field = oc_json_cstr(p, "thinkingSignature");

	if (!field || out->reasoning_field) return;
	oc_buf_add(&out->reasoning, oc_json_str(p, "thinking"));
	out->reasoning_field = oc_strdup(field);
}

static void add_assistant(const struct oc_stored_message *m, struct oc_messages *out)
{
	const json_t *content = json_object_get(m->body, "content"), *p;
	struct oc_message *msg = oc_messages_add(out, OC_ROLE_ASSISTANT, OC_LIT(""));
	size_t i;

	oc_body_text(m->body, &msg->text);
	if (m->flags & OC_MSG_INTERRUPTED) oc_transcript_mark_partial(&msg->text);
	json_array_foreach (content, i, p)
		if (is_part(p, "toolCall")) add_call(p, msg);
	json_array_foreach (content, i, p)
		if (msg->n_calls && is_part(p, "thinking")) add_thought(p, msg);
}

static void add_user(const struct oc_stored_message *m, struct oc_messages *out)
{
	struct oc_message *last = out->n ? &out->v[out->n - 1] : NULL;
	struct oc_buf text;

	if (!last || last->role != OC_ROLE_USER)
		last = oc_messages_add(out, OC_ROLE_USER, OC_LIT(""));
	else if (last->text.n)
		oc_buf_adds(&last->text, "\n\n");
	if (m->header) oc_buf_adds(&last->text, m->header);
	oc_buf_init(&text, OC_MAX_REQUEST_BYTES);
	oc_body_text(m->body, &text);
	oc_special_escape(oc_buf_view(&text), &last->text);
	oc_buf_deinit(&text);
	add_images(json_object_get(m->body, "content"), last);
}

static void add_result(const struct oc_stored_message *m, struct oc_messages *out)
{
	struct oc_message *msg = oc_messages_add(out, OC_ROLE_TOOL, OC_LIT(""));

	oc_body_text(m->body, &msg->text); /* it is stored as it was sent */
	msg->tool_call_id = copy(m->body, "toolCallId");
	msg->tool_name = copy(m->body, "toolName");
	msg->tool_failed = oc_json_bool(m->body, "isError", false);
	add_images(json_object_get(m->body, "content"), msg);
}

void oc_stored_to_model(const struct oc_stored_message *m, struct oc_messages *out)
{
	struct oc_str role = oc_json_str(m->body, "role");

	if (oc_str_eq(role, OC_LIT("user")))
		add_user(m, out);
	else if (oc_str_eq(role, OC_LIT("assistant")))
		add_assistant(m, out);
	else if (oc_str_eq(role, OC_LIT("toolResult")))
		add_result(m, out);
}
