/* Chunks of /chat/completions: where text, thought, calls, usage and the finish are found in them.
 */
#include "model/chat_decoder.h"

#include <math.h>

#include "base/mem.h"
#include "base/utf8.h"

/* Fields that thought comes in, best first; the names are what a replay uses. */
static const char *const thought_fields[] = { "reasoning_content", "reasoning", "reasoning_text",
					      "thinking" };

void oc_chat_init(struct oc_chat *c, struct oc_reply *reply, const struct oc_decode_context *ctx,
		  const struct oc_reply_sink *sink)
{
	struct oc_splitter_options opt = { .think_tags = ctx->think_tags,
					   .think_open_in_prompt = ctx->think_open_in_prompt,
					   .text_tools = ctx->text_tools != OC_TEXT_TOOLS_OFF,
					   .tools = ctx->tools,
					   .native_tools = ctx->text_tools == OC_TEXT_TOOLS_NATIVE,
					   .tainted = ctx->tainted,
					   .model = ctx->model };
	struct oc_splitter_out out = { reply, sink->text, sink->reasoning, sink->arg };

	*c = (struct oc_chat){ .reply = reply, .sink = sink };
	oc_splitter_init(&c->splitter, &opt, &out);
}

void oc_chat_deinit(struct oc_chat *c)
{
	oc_splitter_deinit(&c->splitter);
	oc_call_slots_deinit(&c->slots);
}

/* ---- text and thought -------------------------------------------------------- */

static void add_thought(struct oc_chat *c, struct oc_str text, const char *field)
{
	if (text.n == 0) return;
	if (!c->reply->reasoning_field) c->reply->reasoning_field = field;
	oc_splitter_native_thought(&c->splitter, text);
}

/* A string, an object with a text, or a list of such. */
static void add_thought_value(struct oc_chat *c, const json_t *v, const char *field)
{
	const json_t *item;
	size_t i;

	add_thought(c, oc_json_text(v), field);
	add_thought(c, oc_json_str(v, "content"), field);
	add_thought(c, oc_json_str(v, "text"), field);
	json_array_foreach (v, i, item) {
		add_thought(c, oc_json_text(item), field);
		add_thought(c, oc_json_str(item, "text"), field);
	}
}

static bool add_thought_details(struct oc_chat *c, const json_t *details)
{
	const json_t *item;
	bool any = false;
	size_t i;

	json_array_foreach (details, i, item) {
		struct oc_str text = oc_json_str(item, "text");

		if (!oc_str_eq(oc_json_str(item, "type"), OC_LIT("reasoning.text")) || !text.n)
			continue;
		add_thought(c, text, "reasoning");
		any = true;
	}
	return any;
}

static bool has_content(const json_t *v)
{
	return json_is_string(v) ? json_string_length(v) > 0
				 : json_is_object(v) || json_array_size(v) > 0;
}

/* Servers repeat the same thought under several names: one source a delta. */
static void add_reasoning(struct oc_chat *c, const json_t *delta)
{
	if (add_thought_details(c, json_object_get(delta, "reasoning_details"))) return;
	for (size_t i = 0; i < sizeof thought_fields / sizeof *thought_fields; i++) {
		const json_t *v = json_object_get(delta, thought_fields[i]);

		if (!has_content(v)) continue;
		add_thought_value(c, v, thought_fields[i]);
		return;
	}
}

static void add_part(struct oc_chat *c, const json_t *part)
{
	struct oc_str type = oc_json_str(part, "type");

	if (json_is_string(part)) {
		oc_splitter_feed(&c->splitter, oc_json_text(part));
	} else if (oc_str_eq(type, OC_LIT("thinking")) || oc_str_eq(type, OC_LIT("reasoning"))) {
		const json_t *thought = json_object_get(part, "thinking");

		if (!thought) thought = json_object_get(part, "reasoning");
		if (!thought) thought = json_object_get(part, "text");
		add_thought_value(c, thought, NULL);
	} else if (oc_str_eq(type, OC_LIT("refusal"))) {
		oc_splitter_feed(&c->splitter, oc_json_str(part, "refusal"));
	} else if (!type.n || oc_str_eq(type, OC_LIT("text")) ||
		   oc_str_eq(type, OC_LIT("output_text"))) {
		oc_splitter_feed(&c->splitter, oc_json_str(part, "text"));
	}
}

static void add_content(struct oc_chat *c, const json_t *content)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content)) oc_splitter_feed(&c->splitter, oc_json_text(content));
	json_array_foreach (content, i, part) add_part(c, part);
}

static void add_calls(struct oc_chat *c, const json_t *delta, bool whole)
{
	const json_t *fragment;
	size_t i;

	json_array_foreach (json_object_get(delta, "tool_calls"), i, fragment)
		oc_call_slots_add(&c->slots, fragment, whole);
	oc_call_slots_add_legacy(&c->slots, json_object_get(delta, "function_call"));
}

static void add_delta(struct oc_chat *c, const json_t *delta, bool whole)
{
	add_reasoning(c, delta);
	add_content(c, json_object_get(delta, "content"));
	oc_splitter_feed(&c->splitter, oc_json_str(delta, "refusal"));
	add_calls(c, delta, whole);
}

/* ---- usage ------------------------------------------------------------------------ */

/* Number of a member, -1 when it is none or negative. */
static int64_t count(const json_t *obj, const char *key)
{
	int64_t n = oc_json_int(obj, key, -1);

	return n < 0 ? -1 : n;
}

static void take_usage(struct oc_usage *u, const json_t *usage)
{
	int64_t prompt = oc_json_positive(usage, "prompt_tokens");
	int64_t output = oc_json_positive(usage, "completion_tokens");

	if (!prompt && !output && !oc_json_positive(usage, "total_tokens")) return;
	*u = (struct oc_usage){ .present = true, .input = prompt, .output = output };
	u->cached = count(json_object_get(usage, "prompt_tokens_details"), "cached_tokens");
	u->reasoning =
	    count(json_object_get(usage, "completion_tokens_details"), "reasoning_tokens");
	if (u->reasoning < 0) u->reasoning = count(usage, "reasoning_tokens");
}

static void take_timings(struct oc_chat *c, const json_t *t)
{
	const json_t *rate = json_object_get(t, "predicted_per_second");
	int64_t prompt = count(t, "prompt_n"), predicted = count(t, "predicted_n");

	if (json_is_number(rate) && isfinite(json_number_value(rate)) &&
	    json_number_value(rate) > 0)
		c->reply->tokens_per_second = json_number_value(rate);
	if (prompt < 0 || predicted < 0) return;
	c->timings.present = prompt + predicted > 0;
	c->timings.prompt = prompt;
	c->timings.predicted = predicted;
	c->timings.cache = count(t, "cache_n");
	c->timings.has_cache = c->timings.cache >= 0;
}

static void usage_from_timings(struct oc_chat *c)
{
	struct oc_usage *u = &c->reply->usage;

	if (u->present || !c->timings.present) return;
	*u = (struct oc_usage){ .present = true, .from_timings = true, .reasoning = -1 };
	u->input = c->timings.prompt + (c->timings.has_cache ? c->timings.cache : 0);
	u->output = c->timings.predicted;
	u->cached = c->timings.has_cache ? c->timings.cache : -1;
	if (!c->timings.has_cache) oc_reply_warn(c->reply, "usage_partial");
}

static void take_progress(struct oc_chat *c, const json_t *p)
{
	if (!json_is_object(p)) return;
	c->reply->progress =
	    (struct oc_progress){ true, oc_json_int(p, "total", 0), oc_json_int(p, "processed", 0),
				  oc_json_int(p, "cache", 0) };
	if (c->sink->progress) c->sink->progress(c->sink->arg, &c->reply->progress);
}

/* ---- chunks ------------------------------------------------------------------------- */

static void take_finish(struct oc_chat *c, const json_t *choice)
{
	struct oc_str f = oc_json_str(choice, "finish_reason");

	if (f.n == 0) return;
	if (f.n >= sizeof c->finish) f.n = oc_utf8_floor(f.p, sizeof c->finish - 1);
	memcpy(c->finish, f.p, f.n);
	c->finish[f.n] = '\0';
}

static void add_choice(struct oc_chat *c, const json_t *choice, bool whole)
{
	const json_t *delta = json_object_get(choice, "delta");
	const json_t *message = json_object_get(choice, "message");

	if (json_is_object(delta))
		add_delta(c, delta, whole);
	else if (json_is_object(message))
		add_delta(c, message, true);
	else
		oc_splitter_feed(&c->splitter, oc_json_str(choice, "text"));
	take_usage(&c->reply->usage, json_object_get(choice, "usage"));
	take_finish(c, choice);
}

static void remember(char **field, struct oc_str value)
{
	if (!*field && value.n) *field = oc_strndup(value.p, value.n);
}

void oc_chat_add(struct oc_chat *c, const json_t *chunk, bool whole)
{
	const json_t *choice;
	size_t i;

	remember(&c->reply->response_id, oc_json_str(chunk, "id"));
	remember(&c->reply->model, oc_json_str(chunk, "model"));
	take_usage(&c->reply->usage, json_object_get(chunk, "usage"));
	take_timings(c, json_object_get(chunk, "timings"));
	take_progress(c, json_object_get(chunk, "prompt_progress"));
	json_array_foreach (json_object_get(chunk, "choices"), i, choice) {
		if (!json_is_object(choice)) continue;
		if (oc_json_int(choice, "index", 0) == 0)
			add_choice(c, choice, whole);
		else
			oc_reply_warn(c->reply, "extra_choice");
	}
}

static const struct {
	const char *wire;
	enum oc_finish value;
} finishes[] = {
	{ "stop", OC_FINISH_STOP },
	{ "end", OC_FINISH_STOP },
	{ "eos", OC_FINISH_STOP },
	{ "length", OC_FINISH_LENGTH },
	{ "tool_calls", OC_FINISH_TOOL_CALLS },
	{ "tool_call", OC_FINISH_TOOL_CALLS },
	{ "function_call", OC_FINISH_TOOL_CALLS },
	{ "content_filter", OC_FINISH_CONTENT_FILTER },
	{ "error", OC_FINISH_ERROR },
	{ "abort", OC_FINISH_ERROR },
	{ "network_error", OC_FINISH_ERROR },
};

static enum oc_finish known_finish(const char *wire, bool *known)
{
	*known = true;
	for (size_t i = 0; i < sizeof finishes / sizeof *finishes; i++)
		if (!strcmp(wire, finishes[i].wire)) return finishes[i].value;
	*known = false;
	return OC_FINISH_STOP;
}

bool oc_chat_failed(const struct oc_chat *c)
{
	bool known;

	return known_finish(c->finish, &known) == OC_FINISH_ERROR;
}

enum oc_finish oc_chat_finish(struct oc_chat *c)
{
	bool known;
	enum oc_finish f;

	if (!c->finish[0]) return OC_FINISH_UNKNOWN;
	f = known_finish(c->finish, &known);
	if (!known) oc_reply_warnf(c->reply, "finish_unknown:%s", c->finish);
	return f;
}

void oc_chat_seal(struct oc_chat *c, const struct oc_strv *tools)
{
	oc_splitter_finish(&c->splitter);
	usage_from_timings(c);
	oc_call_slots_seal(&c->slots, c->reply, tools);
}
