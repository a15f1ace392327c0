/* The body of a messages request: blocks of content, user and assistant in turn, results of one
 * batch in one user message, and a budget for thought. */
#include "model/codec/anthropic_request.h"

#include "model/codec/reasoning.h"

enum {
	MAX_ID_CHARS = 64,
	MOST_OUTPUT_TOKENS = 32000,
	UNKNOWN_OUTPUT_TOKENS = 4096,
	LEAST_BUDGET = 1024,
	ROOM_BESIDE_THOUGHT = 1024,
};

int64_t oc_anthropic_default_limit(int64_t model_max_tokens, int64_t context_window)
{
	int64_t limit = context_window / 4;

	if (model_max_tokens)
		return model_max_tokens < MOST_OUTPUT_TOKENS ? model_max_tokens
							     : MOST_OUTPUT_TOKENS;
	if (!context_window || limit > UNKNOWN_OUTPUT_TOKENS) return UNKNOWN_OUTPUT_TOKENS;
	return limit ? limit : 1;
}

/* ---- blocks ------------------------------------------------------------------------------ */

static json_t *typed(const char *type)
{
	return oc_request_one("type", json_string(type));
}

/* Empty blocks are refused. */
static void add_text(json_t *blocks, struct oc_str text)
{
	if (!text.n) return;
	json_t *block = typed("text");

	json_object_set_new(block, "text", oc_json_new_str(text));
	json_array_append_new(blocks, block);
}

static void add_images(const struct oc_request *r, json_t *blocks, const struct oc_message *msg)
{
	for (size_t i = 0; i < msg->n_images && r->vision; i++) {
		json_t *block = typed("image"), *source = typed("base64");

		json_object_set_new(source, "media_type", json_string(msg->images[i].mime));
		json_object_set_new(source, "data", json_string(msg->images[i].base64));
		json_object_set_new(block, "source", source);
		json_array_append_new(blocks, block);
	}
	if (msg->n_images && !r->vision) add_text(blocks, oc_str(oc_request_no_images));
}

/* Ids in the form that the API takes; equal ids stay equal. */
static json_t *id_json(const char *id)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	char clean[MAX_ID_CHARS + 1];
	size_t n = 0;

	for (; id && id[n] && n < MAX_ID_CHARS; n++) clean[n] = id[n];
	if (n == 0) clean[n++] = '_';
	clean[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (!strchr(allowed, clean[i])) clean[i] = '_';
	return json_string(clean);
}

/* ---- messages -------------------------------------------------------------------------------- */

/* Appends the blocks (stolen) to the last message when it has the same role. */
static void push(json_t *list, const char *role, json_t *blocks)
{
	json_t *last = json_array_get(list, json_array_size(list) - 1), *m;

	if (!json_array_size(blocks)) {
		json_decref(blocks);
		return;
	}
	if (json_array_size(list) && oc_str_eq(oc_json_str(last, "role"), oc_str(role))) {
		json_array_extend(json_object_get(last, "content"), blocks);
		json_decref(blocks);
		return;
	}
	m = oc_request_one("role", json_string(role));
	json_object_set_new(m, "content", blocks);
	json_array_append_new(list, m);
}

static json_t *user_blocks(const struct oc_request *r, const struct oc_message *msg)
{
	json_t *blocks = json_array();

	add_text(blocks, oc_buf_view(&msg->text));
	add_images(r, blocks, msg);
	return blocks;
}

static json_t *assistant_blocks(const struct oc_request *r, size_t at)
{
	const struct oc_message *msg = &r->messages->v[at];
	json_t *blocks = json_array();

	if (oc_request_replays(r, at)) json_array_extend(blocks, msg->thoughts);
	add_text(blocks, oc_buf_view(&msg->text));
	for (size_t i = 0; i < msg->n_calls; i++) {
		json_t *block = typed("tool_use");

		json_object_set_new(block, "id", id_json(msg->calls[i].id));
		json_object_set_new(block, "name", oc_json_new_str(oc_str(msg->calls[i].name)));
		json_object_set_new(block, "input", oc_request_arguments(&msg->calls[i]));
		json_array_append_new(blocks, block);
	}
	return blocks;
}

static json_t *result_blocks(const struct oc_request *r, const struct oc_message *msg)
{
	json_t *block = typed("tool_result"), *content, *blocks = json_array();
	struct oc_str text = oc_buf_view(&msg->text);

	if (!text.n && !msg->n_images) text = oc_str(oc_request_no_output);
	json_object_set_new(block, "tool_use_id", id_json(msg->tool_call_id));
	if (msg->n_images) {
		content = json_array();
		add_text(content, text);
		add_images(r, content, msg);
	} else {
		content = oc_json_new_str(text);
	}
	json_object_set_new(block, "content", content);
	if (msg->tool_failed) json_object_set_new(block, "is_error", json_true());
	json_array_append_new(blocks, block);
	return blocks;
}

/* System text at the start has a place of its own; later it can only be said by the user. */
static size_t system_messages(const struct oc_messages *m)
{
	size_t n = 0;

	while (n < m->n && m->v[n].role == OC_ROLE_SYSTEM) n++;
	return n;
}

static json_t *messages_json(const struct oc_request *r)
{
	const struct oc_messages *m = r->messages;
	json_t *list = json_array();

	for (size_t i = system_messages(m); i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];

		if (msg->role == OC_ROLE_ASSISTANT)
			push(list, "assistant", assistant_blocks(r, i));
		else if (msg->role == OC_ROLE_TOOL)
			push(list, "user", result_blocks(r, msg));
		else
			push(list, "user", user_blocks(r, msg));
	}
	return list;
}

static json_t *system_json(const struct oc_request *r)
{
	json_t *blocks = json_array();

	for (size_t i = 0; i < system_messages(r->messages); i++)
		add_text(blocks, oc_buf_view(&r->messages->v[i].text));
	if (json_array_size(blocks)) return blocks;
	json_decref(blocks);
	return NULL;
}

/* ---- tools and thought
 * --------------------------------------------------------------------------- */

static json_t *tools_json(const struct oc_request *r)
{
	json_t *tools = json_array(), *given;
	size_t i;

	json_array_foreach (r->tools, i, given) {
		const json_t *function = json_object_get(given, "function");
		json_t *tool = json_object(), *schema = oc_request_schema(r, function);

		oc_json_put(tool, "name", json_incref(json_object_get(function, "name")));
		oc_json_put(tool, "description",
			    json_incref(json_object_get(function, "description")));
		if (!schema) schema = typed("object");
		json_object_set_new(tool, "input_schema", schema);
		json_array_append_new(tools, tool);
	}
	return tools;
}

static const struct {
	const char *level;
	int64_t tokens;
} budgets[] = {
	{ "minimal", 1024 }, { "low", 2048 },	 { "medium", 8192 },
	{ "high", 16384 },   { "xhigh", 16384 }, { "max", 32768 },
};

static int64_t budget_of(const char *level)
{
	for (size_t i = 0; level && i < sizeof budgets / sizeof *budgets; i++)
		if (!strcmp(level, budgets[i].level)) return budgets[i].tokens;
	return 0;
}

/* Tokens of thought, 0 = none; makes room for them in the limit as far as the model and its window
 * go. */
static int64_t plan_thought(const struct oc_request *r, int64_t *limit)
{
	int64_t budget =
	    budget_of(oc_reasoning_level(r->compat, r->thinking_level_map, r->thinking));
	int64_t room = *limit + budget;

	if (!budget) return 0;
	if (r->model_max_tokens && room > r->model_max_tokens) room = r->model_max_tokens;
	if (r->room && room > r->room) room = r->room > *limit ? r->room : *limit;
	if (room <= budget) budget = room - ROOM_BESIDE_THOUGHT;
	if (budget < LEAST_BUDGET || budget >= room) return 0;
	*limit = room;
	return budget;
}

static json_t *thinking_json(int64_t budget)
{
	json_t *o = typed(budget ? "enabled" : "disabled");

	if (budget) json_object_set_new(o, "budget_tokens", json_integer(budget));
	return o;
}

/* ---- the whole
 * -------------------------------------------------------------------------------------- */

/* While it thinks, the API takes no other temperature than its own. */
static void add_params(const struct oc_request *r, json_t *body, bool thinks)
{
	static const struct {
		const char *key, *camel;
		oc_param_fits_fn *fits;
	} fields[] = {
		{ "temperature", "temperature", oc_is_number },
		{ "top_p", "topP", oc_is_number },
		{ "top_k", "topK", oc_is_integer },
	};
	json_t *stop = json_object_get(r->params, "stop");

	for (size_t i = 0; i < sizeof fields / sizeof *fields && !thinks; i++) {
		json_t *v = oc_request_param(r, fields[i].key, fields[i].camel, fields[i].fits);

		if (i == 0 && !r->compat->supports_temperature) continue;
		oc_json_put(body, fields[i].key, json_incref(v));
	}
	stop = oc_request_stop(stop);
	if (json_is_string(stop)) {
		json_t *list = json_array();

		json_array_append_new(list, stop);
		stop = list;
	}
	oc_json_put(body, "stop_sequences", stop);
}

json_t *oc_anthropic_request_json(const struct oc_request *r)
{
	int64_t limit = oc_request_limit(r), budget = 0;
	json_t *body = oc_request_one("model", oc_json_new_str(oc_str(r->model)));
	bool says_thinking = r->reasoning_model && r->thinking;

	if (!limit) limit = oc_anthropic_default_limit(r->model_max_tokens, 0);
	if (says_thinking) budget = plan_thought(r, &limit);
	json_object_set_new(body, "max_tokens", json_integer(limit));
	oc_json_put(body, "system", system_json(r));
	json_object_set_new(body, "messages", messages_json(r));
	json_object_set_new(body, "stream", json_true());
	if (oc_request_has_tools(r)) {
		json_object_set_new(body, "tools", tools_json(r));
		json_object_set_new(body, "tool_choice", typed("auto"));
	}
	if (says_thinking) json_object_set_new(body, "thinking", thinking_json(budget));
	add_params(r, body, budget > 0);
	oc_request_extra_body(r, body);
	return body;
}
