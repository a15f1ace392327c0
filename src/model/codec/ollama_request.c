/* The body of a request to Ollama's own chat: the messages of a chat completion in its words, and
 * options. */
#include "model/codec/ollama_request.h"

#include "model/codec/chat_messages.h"
#include "model/codec/chat_request.h"
#include "model/codec/reasoning.h"

/* ---- messages ---------------------------------------------------------------------------- */

/* The base64 of "data:image/png;base64,…". */
static struct oc_str image_data(const json_t *part)
{
	struct oc_str url = oc_json_str(json_object_get(part, "image_url"), "url");
	size_t comma = oc_str_find(url, OC_LIT(","), 0);

	return comma == SIZE_MAX ? OC_LIT("") : oc_str_from(url, comma + 1);
}

/* Content is one string here, and images stand beside it. */
static void flatten(json_t *m)
{
	const json_t *parts = json_object_get(m, "content"), *part;
	json_t *images = json_array();
	struct oc_buf text;
	size_t i;

	oc_buf_init(&text, SIZE_MAX / 2);
	json_array_foreach (parts, i, part) {
		struct oc_str said = oc_json_str(part, "text"), image = image_data(part);

		if (image.n) json_array_append_new(images, oc_json_new_str(image));
		if (said.n && text.n) oc_buf_addc(&text, '\n');
		oc_buf_add(&text, said);
	}
	if (json_is_array(parts))
		json_object_set_new(m, "content", oc_json_new_str(oc_buf_view(&text)));
	if (json_array_size(images)) json_object_set(m, "images", images);
	oc_buf_deinit(&text);
	json_decref(images);
}

/* Arguments are an object, not its text. */
static json_t *call_json(const json_t *call)
{
	const json_t *given = json_object_get(call, "function");
	json_t *function = oc_request_one("name", json_incref(json_object_get(given, "name")));
	json_t *args = oc_json_parse(oc_json_str(given, "arguments"), NULL, NULL);
	json_t *out = oc_request_one("id", json_incref(json_object_get(call, "id")));

	json_object_set_new(function, "arguments", args ? args : json_object());
	json_object_set_new(out, "function", function);
	return out;
}

static void convert_calls(json_t *m)
{
	json_t *calls = json_object_get(m, "tool_calls"), *list = json_array();
	const json_t *call;
	size_t i;

	json_array_foreach (calls, i, call) json_array_append_new(list, call_json(call));
	if (calls) json_object_set(m, "tool_calls", list);
	json_decref(list);
}

/* Thought has one name here, whichever API it came by. */
static void rename_thought(json_t *m)
{
	static const char *const names[] = { "reasoning_content", "reasoning" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *thought = json_incref(json_object_get(m, names[i]));

		json_object_del(m, names[i]);
		if (json_is_string(thought))
			json_object_set_new(m, "thinking", thought);
		else
			json_decref(thought);
	}
}

/* The template may want the name of the tool that a result is of. */
static void name_result(const struct oc_request *r, json_t *m)
{
	struct oc_str id = oc_json_str(m, "tool_call_id");

	if (!id.n) return;
	json_object_del(m, "name");
	for (size_t i = 0; i < r->messages->n; i++) {
		const struct oc_message *msg = &r->messages->v[i];

		if (msg->role != OC_ROLE_TOOL || !msg->tool_name || !msg->tool_call_id) continue;
		if (!oc_str_eq(oc_str(msg->tool_call_id), id)) continue;
		json_object_set_new(m, "tool_name", oc_json_new_str(oc_str(msg->tool_name)));
		return;
	}
}

static json_t *messages_json(const struct oc_request *r)
{
	json_t *list = oc_chat_messages_json(r), *m;
	size_t i;

	json_array_foreach (list, i, m) {
		flatten(m);
		convert_calls(m);
		rename_thought(m);
		name_result(r, m);
	}
	return list;
}

/* ---- thought ------------------------------------------------------------------------------- */

/* A switch for most models; those that have levels know three. */
static json_t *think_json(const struct oc_request *r)
{
	static const struct {
		const char *effort, *level;
	} levels[] = { { "minimal", "low" }, { "low", "low" },	  { "medium", "medium" },
		       { "high", "high" },   { "xhigh", "high" }, { "max", "high" } };
	const char *effort =
	    oc_reasoning_effort(r->compat, r->reasoning_model, r->thinking_level_map, r->thinking);

	if (!strcmp(r->thinking, "off")) return json_false();
	for (size_t i = 0; effort && i < sizeof levels / sizeof *levels; i++)
		if (!strcmp(effort, levels[i].effort)) return json_string(levels[i].level);
	return json_true();
}

/* ---- options -------------------------------------------------------------------------------- */

static const struct {
	const char *key, *camel;
	oc_param_fits_fn *fits;
} options[] = {
	{ "temperature", "temperature", oc_is_number },
	{ "top_p", "topP", oc_is_number },
	{ "top_k", "topK", oc_is_integer },
	{ "min_p", "minP", oc_is_number },
	{ "repeat_penalty", "repeatPenalty", oc_is_number },
	{ "frequency_penalty", "frequencyPenalty", oc_is_number },
	{ "presence_penalty", "presencePenalty", oc_is_number },
	{ "seed", "seed", oc_is_integer },
	{ "num_ctx", "numCtx", oc_is_integer },
};

static json_t *options_json(const struct oc_request *r)
{
	json_t *o = json_object(), *stop = oc_request_stop(json_object_get(r->params, "stop"));
	int64_t limit = oc_request_limit(r);

	if (r->window) json_object_set_new(o, "num_ctx", json_integer(r->window));
	if (limit) json_object_set_new(o, "num_predict", json_integer(limit));
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		json_t *v = oc_request_param(r, options[i].key, options[i].camel, options[i].fits);

		if (v && (i > 0 || r->compat->supports_temperature))
			json_object_set(o, options[i].key, v);
	}
	if (json_is_string(stop)) {
		json_t *list = json_array();

		json_array_append_new(list, stop);
		stop = list;
	}
	oc_json_put(o, "stop", stop);
	return o;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool is_time(const json_t *v)
{
	return json_is_string(v) || json_is_number(v);
}

json_t *oc_ollama_request_json(const struct oc_request *r)
{
	json_t *body = oc_request_one("model", oc_json_new_str(oc_str(r->model)));
	json_t *keep = oc_request_param(r, "keep_alive", "keepAlive", is_time);

	json_object_set_new(body, "messages", messages_json(r));
	json_object_set_new(body, "stream", json_true());
	if (oc_request_has_tools(r)) json_object_set_new(body, "tools", oc_chat_tools_json(r));
	if (r->reasoning_model && r->thinking) json_object_set_new(body, "think", think_json(r));
	json_object_set_new(body, "truncate", json_false());
	json_object_set_new(body, "options", options_json(r));
	oc_json_put(body, "keep_alive", json_incref(keep));
	oc_request_extra_body(r, body);
	return body;
}
