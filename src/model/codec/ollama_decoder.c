/*
 * Lines of Ollama's own chat (spec 04 §2.9, §5.2): every call comes whole, with an object for its
 * arguments, and the last line has `done` and the counts.
 */
#include "base/mem.h"
#include "model/codec/codec.h"

static void add_call(struct oc_turn *t, const json_t *call)
{
	const json_t *function = json_object_get(call, "function");
	size_t slot;

	if (!json_is_object(function) || !oc_call_slots_open(&t->slots, &slot)) return;
	oc_call_slots_name(&t->slots, slot, oc_json_str(call, "id"), oc_json_str(function, "name"));
	oc_call_slots_append_object(&t->slots, slot, json_object_get(function, "arguments"));
}

static const struct {
	const char *wire;
	enum oc_finish value;
} reasons[] = {
	{ "stop", OC_FINISH_STOP },
	{ "length", OC_FINISH_LENGTH },
	{ "load", OC_FINISH_STOP },
	{ "unload", OC_FINISH_STOP },
};

static void take_reason(struct oc_turn *t, const char *reason)
{
	size_t i = 0, n = sizeof reasons / sizeof *reasons;

	if (!reason || !*reason) return;
	while (i < n && strcmp(reason, reasons[i].wire)) i++;
	t->finish = i < n ? reasons[i].value : OC_FINISH_STOP;
	if (i == n) oc_reply_warnf(&t->reply, "finish_unknown:%s", reason);
}

static void take_usage(struct oc_usage *u, const json_t *line)
{
	int64_t input = oc_json_positive(line, "prompt_eval_count");
	int64_t output = oc_json_positive(line, "eval_count");

	if (!input && !output) return;
	*u = (struct oc_usage){ .present = true, .input = input, .output = output };
	u->cached = u->reasoning = -1;
}

static void ollama_add(void *state, const struct oc_codec_event *ev)
{
	struct oc_turn *t = state;
	const json_t *message = json_object_get(ev->data, "message"), *call;
	size_t i;

	oc_turn_identity(t, OC_LIT(""), oc_json_str(ev->data, "model"));
	oc_turn_thought(t, oc_json_str(message, "thinking"), "thinking");
	oc_turn_text(t, oc_json_str(message, "content"));
	json_array_foreach (json_object_get(message, "tool_calls"), i, call) add_call(t, call);
	take_reason(t, oc_json_cstr(ev->data, "done_reason"));
	take_usage(&t->reply.usage, ev->data);
	if (oc_json_bool(ev->data, "done", false)) t->done = true;
}

static void nothing(void *state)
{
	(void)state;
}

static void *ollama_new(struct oc_turn *t)
{
	return t;
}

const struct oc_codec oc_ollama_codec = {
	.lines = true,
	.new = ollama_new,
	.free = nothing,
	.add = ollama_add,
	.seal = nothing,
};
