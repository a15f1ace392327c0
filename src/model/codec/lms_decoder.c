/*
 * Events of LM Studio's own chat (spec 04 §1.4). It tells how far loading and reading are; tools
 * are run by the server itself and are mentioned only.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/codec.h"

enum { MAX_SERVER_TOOLS = 1024, PROGRESS_PARTS = 1000 };

struct lms {
	struct oc_turn *turn;
	bool text, thought; /* came in pieces */
};

static double seconds(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);
	double s = json_is_number(v) ? json_number_value(v) : 0;

	return isfinite(s) && s > 0 ? s : 0;
}

static void on_text(struct lms *l, const json_t *ev)
{
	l->text = true;
	oc_turn_text(l->turn, oc_json_str(ev, "content"));
}

static void on_thought(struct lms *l, const json_t *ev)
{
	l->thought = true;
	oc_turn_thought(l->turn, oc_json_str(ev, "content"), NULL);
}

static void on_tool(struct lms *l, const json_t *ev)
{
	struct oc_str name = oc_json_str(ev, "tool");

	if (name.n && l->turn->reply.server_tools.n < MAX_SERVER_TOOLS)
		oc_strv_add(&l->turn->reply.server_tools, name);
}

static void on_loaded(struct lms *l, const json_t *ev)
{
	l->turn->reply.load_seconds = seconds(ev, "load_time_seconds");
}

static void on_reading(struct lms *l, const json_t *ev)
{
	double part = seconds(ev, "progress");
	struct oc_progress p = { .present = true, .total = PROGRESS_PARTS };

	p.processed = part < 1 ? (int64_t)(part * PROGRESS_PARTS) : PROGRESS_PARTS;
	if (l->turn->sink.progress) l->turn->sink.progress(l->turn->sink.arg, &p);
}

static void take_output(struct lms *l, const json_t *output)
{
	bool tools = l->turn->reply.server_tools.n > 0, text = l->text, thought = l->thought;
	const json_t *item;
	size_t i;

	json_array_foreach (output, i, item) {
		struct oc_str type = oc_json_str(item, "type");

		if (!text && oc_str_eq(type, OC_LIT("message"))) on_text(l, item);
		if (!thought && oc_str_eq(type, OC_LIT("reasoning"))) on_thought(l, item);
		if (!tools && oc_str_eq(type, OC_LIT("tool_call"))) on_tool(l, item);
	}
}

static void take_stats(struct oc_reply *r, const json_t *stats)
{
	int64_t input = oc_json_positive(stats, "input_tokens");
	int64_t output = oc_json_positive(stats, "total_output_tokens");

	if (!r->load_seconds) r->load_seconds = seconds(stats, "model_load_time_seconds");
	r->tokens_per_second = seconds(stats, "tokens_per_second");
	if (!input && !output) return;
	r->usage = (struct oc_usage){ .present = true, .input = input, .output = output };
	r->usage.cached = -1;
	r->usage.reasoning = oc_turn_count(stats, "reasoning_output_tokens");
}

static void take_result(struct lms *l, const json_t *result)
{
	oc_turn_identity(l->turn, oc_json_str(result, "response_id"),
			 oc_json_str(result, "model_instance_id"));
	take_output(l, json_object_get(result, "output"));
	take_stats(&l->turn->reply, json_object_get(result, "stats"));
	l->turn->finish = OC_FINISH_STOP;
	l->turn->done = true;
}

static void on_start(struct lms *l, const json_t *ev)
{
	oc_turn_identity(l->turn, OC_LIT(""), oc_json_str(ev, "model_instance_id"));
}

static void on_end(struct lms *l, const json_t *ev)
{
	take_result(l, json_object_get(ev, "result"));
}

static const struct {
	const char *type;
	void (*handle)(struct lms *l, const json_t *ev);
} events[] = {
	{ "message.delta", on_text },
	{ "reasoning.delta", on_thought },
	{ "prompt_processing.progress", on_reading },
	{ "chat.start", on_start },
	{ "model_load.end", on_loaded },
	{ "tool_call.success", on_tool },
	{ "chat.end", on_end },
};

static void lms_add(void *state, const struct oc_codec_event *ev)
{
	struct oc_str type = oc_json_str(ev->data, "type");

	if (ev->whole) {
		take_result(state, ev->data);
		return;
	}
	if (!type.n) type = ev->type;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (oc_str_eq(type, oc_str(events[i].type))) {
			events[i].handle(state, ev->data);
			return;
		}
}

static void lms_seal(void *state)
{
	(void)state;
}

static void *lms_new(struct oc_turn *t)
{
	struct lms *l = oc_new(struct lms);

	l->turn = t;
	return l;
}

static const char *const greetings[] = { "chat.start", "model_load.", "prompt_processing.", NULL };

const struct oc_codec oc_lms_codec = {
	.greetings = greetings,
	.new = lms_new,
	.free = free,
	.add = lms_add,
	.seal = lms_seal,
};
