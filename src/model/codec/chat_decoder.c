/* Chunks of /chat/completions: where text, thought, calls, usage and the finish are found in them.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "model/codec/codec.h"

struct chat {
	struct oc_turn *turn;
	char finish[64]; /* last finish_reason; "" = none yet */
};

/* Fields that thought comes in, best first; the names are what a replay uses. */
static const char *const thought_fields[] = { "reasoning_content", "reasoning", "reasoning_text",
					      "thinking" };

/* ---- text and thought -------------------------------------------------------- */

static void add_thought(struct chat *c, struct oc_str text, const char *field)
{
	oc_turn_thought(c->turn, text, field);
}

/* A string, an object with a text, or a list of such. */
static void add_thought_value(struct chat *c, const json_t *v, const char *field)
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

static bool add_thought_details(struct chat *c, const json_t *details)
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
static void add_reasoning(struct chat *c, const json_t *delta)
{
	if (add_thought_details(c, json_object_get(delta, "reasoning_details"))) return;
	for (size_t i = 0; i < sizeof thought_fields / sizeof *thought_fields; i++) {
		const json_t *v = json_object_get(delta, thought_fields[i]);

		if (!has_content(v)) continue;
		add_thought_value(c, v, thought_fields[i]);
		return;
	}
}

static void add_part(struct chat *c, const json_t *part)
{
	struct oc_str type = oc_json_str(part, "type");

	if (json_is_string(part)) {
		oc_turn_text(c->turn, oc_json_text(part));
	} else if (oc_str_eq(type, OC_LIT("thinking")) || oc_str_eq(type, OC_LIT("reasoning"))) {
		const json_t *thought = json_object_get(part, "thinking");

		if (!thought) thought = json_object_get(part, "reasoning");
		if (!thought) thought = json_object_get(part, "text");
		add_thought_value(c, thought, NULL);
	} else if (oc_str_eq(type, OC_LIT("refusal"))) {
		oc_turn_text(c->turn, oc_json_str(part, "refusal"));
	} else if (!type.n || oc_str_eq(type, OC_LIT("text")) ||
		   oc_str_eq(type, OC_LIT("output_text"))) {
		oc_turn_text(c->turn, oc_json_str(part, "text"));
	}
}

static void add_content(struct chat *c, const json_t *content)
{
	const json_t *part;
	size_t i;

	if (json_is_string(content)) oc_turn_text(c->turn, oc_json_text(content));
	json_array_foreach (content, i, part) add_part(c, part);
}

static void add_calls(struct chat *c, const json_t *delta, bool whole)
{
	const json_t *fragment;
	size_t i;

	json_array_foreach (json_object_get(delta, "tool_calls"), i, fragment)
		oc_call_slots_add(&c->turn->slots, fragment, whole);
	oc_call_slots_add_legacy(&c->turn->slots, json_object_get(delta, "function_call"));
}

static void add_delta(struct chat *c, const json_t *delta, bool whole)
{
	add_reasoning(c, delta);
	add_content(c, json_object_get(delta, "content"));
	oc_turn_text(c->turn, oc_json_str(delta, "refusal"));
	add_calls(c, delta, whole);
}

/* ---- usage ------------------------------------------------------------------------ */

static void take_usage(struct oc_usage *u, const json_t *usage)
{
	int64_t prompt = oc_json_positive(usage, "prompt_tokens");
	int64_t output = oc_json_positive(usage, "completion_tokens");

	if (!prompt && !output && !oc_json_positive(usage, "total_tokens")) return;
	*u = (struct oc_usage){ .present = true, .input = prompt, .output = output };
	u->cached = oc_turn_count(json_object_get(usage, "prompt_tokens_details"), "cached_tokens");
	u->reasoning =
	    oc_turn_count(json_object_get(usage, "completion_tokens_details"), "reasoning_tokens");
	if (u->reasoning < 0) u->reasoning = oc_turn_count(usage, "reasoning_tokens");
}

static void take_progress(struct chat *c, const json_t *p)
{
	if (!json_is_object(p)) return;
	c->turn->reply.progress =
	    (struct oc_progress){ true, oc_json_int(p, "total", 0), oc_json_int(p, "processed", 0),
				  oc_json_int(p, "cache", 0) };
	if (c->turn->sink.progress)
		c->turn->sink.progress(c->turn->sink.arg, &c->turn->reply.progress);
}

/* LM Studio's /api/v0 tells the loaded window with each reply (spec 04 §1.5). */
static void take_model_info(struct chat *c, const json_t *info)
{
	int64_t window = oc_json_positive(info, "context_length");

	if (window) c->turn->reply.context_length = window;
}

/* ---- chunks ------------------------------------------------------------------------- */

static void take_finish(struct chat *c, const json_t *choice)
{
	struct oc_str f = oc_json_str(choice, "finish_reason");

	if (f.n == 0) return;
	if (f.n >= sizeof c->finish) f.n = oc_utf8_floor(f.p, sizeof c->finish - 1);
	memcpy(c->finish, f.p, f.n);
	c->finish[f.n] = '\0';
}

static void add_choice(struct chat *c, const json_t *choice, bool whole)
{
	const json_t *delta = json_object_get(choice, "delta");
	const json_t *message = json_object_get(choice, "message");

	if (json_is_object(delta))
		add_delta(c, delta, whole);
	else if (json_is_object(message))
		add_delta(c, message, true);
	else
		oc_turn_text(c->turn, oc_json_str(choice, "text"));
	take_usage(&c->turn->reply.usage, json_object_get(choice, "usage"));
	take_finish(c, choice);
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

static void chat_add(void *state, const struct oc_codec_event *ev)
{
	struct chat *c = state;
	const json_t *choice;
	bool known;
	size_t i;

	oc_turn_identity(c->turn, oc_json_str(ev->data, "id"), oc_json_str(ev->data, "model"));
	take_usage(&c->turn->reply.usage, json_object_get(ev->data, "usage"));
	oc_turn_timings(c->turn, json_object_get(ev->data, "timings"));
	take_progress(c, json_object_get(ev->data, "prompt_progress"));
	take_model_info(c, json_object_get(ev->data, "model_info"));
	json_array_foreach (json_object_get(ev->data, "choices"), i, choice) {
		if (!json_is_object(choice)) continue;
		if (oc_json_int(choice, "index", 0) == 0)
			add_choice(c, choice, ev->whole);
		else
			oc_reply_warn(&c->turn->reply, "extra_choice");
	}
	if (known_finish(c->finish, &known) == OC_FINISH_ERROR)
		oc_turn_fail(c->turn, OC_ERR_SERVER_ERROR,
			     "the server ended the reply with an error");
}

static void chat_seal(void *state)
{
	struct chat *c = state;
	bool known;

	if (!c->finish[0]) return;
	c->turn->finish = known_finish(c->finish, &known);
	if (!known) oc_reply_warnf(&c->turn->reply, "finish_unknown:%s", c->finish);
}

static void *chat_new(struct oc_turn *t)
{
	struct chat *c = oc_new(struct chat);

	c->turn = t;
	return c;
}

const struct oc_codec oc_chat_codec = {
	.done_marker = true,
	.new = chat_new,
	.free = free,
	.add = chat_add,
	.seal = chat_seal,
};
