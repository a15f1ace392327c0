/* The reply under construction, the same for every API, and the outcome that it adds up to. */
#include "model/codec/turn.h"

#include <math.h>

#include "base/mem.h"
#include "model/codec/errors.h"

static void start_text(struct oc_turn *t, const struct oc_reply_sink *sink)
{
	const struct oc_decode_context *c = &t->ctx;
	struct oc_splitter_options opt = { .think_tags = c->think_tags,
					   .think_open_in_prompt = c->think_open_in_prompt,
					   .text_tools = c->text_tools != OC_TEXT_TOOLS_OFF,
					   .tools = c->tools,
					   .native_tools = c->text_tools == OC_TEXT_TOOLS_NATIVE,
					   .tainted = c->tainted,
					   .model = c->model,
					   .schemas = c->schemas,
					   .may_be_silent = c->may_be_silent,
					   .final_tags = c->final_tags };
	struct oc_splitter_out out = { &t->reply, sink->text, sink->reasoning, sink->arg };

	oc_splitter_init(&t->splitter, &opt, &out);
}

void oc_turn_init(struct oc_turn *t, const struct oc_decode_context *ctx,
		  const struct oc_reply_sink *sink)
{
	*t = (struct oc_turn){ .ctx = *ctx };
	if (sink) t->sink = *sink;
	oc_reply_init(&t->reply);
	start_text(t, &t->sink);
}

void oc_turn_deinit(struct oc_turn *t)
{
	oc_splitter_deinit(&t->splitter);
	oc_call_slots_deinit(&t->slots);
	oc_reply_deinit(&t->reply);
}

/* ---- while it arrives ---------------------------------------------------------------- */

bool oc_turn_failed(const struct oc_turn *t)
{
	return t->reply.error.class != OC_ERR_NONE;
}

void oc_turn_fail(struct oc_turn *t, enum oc_error_class class, const char *message)
{
	if (!oc_turn_failed(t)) oc_error_set(&t->reply.error, class, t->status, "%s", message);
}

void oc_turn_text(struct oc_turn *t, struct oc_str text)
{
	oc_splitter_feed(&t->splitter, text);
}

void oc_turn_thought(struct oc_turn *t, struct oc_str text, const char *field)
{
	if (text.n == 0) return;
	if (!t->reply.reasoning_field) t->reply.reasoning_field = field;
	oc_splitter_native_thought(&t->splitter, text);
}

void oc_turn_rewind(struct oc_turn *t)
{
	oc_splitter_deinit(&t->splitter);
	oc_buf_clear(&t->reply.text);
	oc_buf_clear(&t->reply.reasoning);
	start_text(t, &(struct oc_reply_sink){ 0 });
}

static void remember(char **field, struct oc_str value)
{
	if (!*field && value.n) *field = oc_strndup(value.p, value.n);
}

void oc_turn_identity(struct oc_turn *t, struct oc_str id, struct oc_str model)
{
	remember(&t->reply.response_id, id);
	remember(&t->reply.model, model);
}

int64_t oc_turn_count(const json_t *obj, const char *key)
{
	int64_t n = oc_json_int(obj, key, -1);

	return n < 0 ? -1 : n;
}

void oc_turn_timings(struct oc_turn *t, const json_t *timings)
{
	const json_t *rate = json_object_get(timings, "predicted_per_second");
	int64_t prompt = oc_turn_count(timings, "prompt_n");
	int64_t predicted = oc_turn_count(timings, "predicted_n");

	if (json_is_number(rate) && isfinite(json_number_value(rate)) &&
	    json_number_value(rate) > 0)
		t->reply.tokens_per_second = json_number_value(rate);
	if (prompt < 0 || predicted < 0) return;
	t->timings.present = prompt + predicted > 0;
	t->timings.prompt = prompt;
	t->timings.predicted = predicted;
	t->timings.cache = oc_turn_count(timings, "cache_n");
	t->timings.has_cache = t->timings.cache >= 0;
}

bool oc_turn_over_limit(const struct oc_turn *t)
{
	return t->reply.text.bad || t->reply.reasoning.bad || t->slots.over_limit;
}

/* ---- what it adds up to ---------------------------------------------------------------- */

static void usage_from_timings(struct oc_turn *t)
{
	struct oc_usage *u = &t->reply.usage;

	if (u->present || !t->timings.present) return;
	*u = (struct oc_usage){ .present = true, .from_timings = true, .reasoning = -1 };
	u->input = t->timings.prompt + (t->timings.has_cache ? t->timings.cache : 0);
	u->output = t->timings.predicted;
	u->cached = t->timings.has_cache ? t->timings.cache : -1;
	if (!t->timings.has_cache) oc_reply_warn(&t->reply, "usage_partial");
}

static bool visible(const struct oc_reply *r)
{
	return oc_str_trim(oc_buf_view(&r->text)).n > 0;
}

static void end_with_error(struct oc_turn *t, enum oc_outcome outcome)
{
	oc_text_blocks_resolve(&t->splitter.blocks, &t->reply, t->ctx.tools, false);
	t->reply.outcome = outcome;
	t->reply.finish = OC_FINISH_ERROR;
}

static enum oc_finish settle_finish(struct oc_reply *r, enum oc_finish said)
{
	bool by_calls =
	    said == OC_FINISH_STOP || said == OC_FINISH_TOOL_CALLS || said == OC_FINISH_UNKNOWN;

	if (r->n_calls && by_calls) return OC_FINISH_TOOL_CALLS;
	if (said == OC_FINISH_TOOL_CALLS) {
		oc_reply_warn(r, "finish_without_call");
		return OC_FINISH_STOP;
	}
	if (said == OC_FINISH_UNKNOWN && (visible(r) || r->reasoning.n)) return OC_FINISH_STOP;
	return said;
}

static void end_well(struct oc_turn *t, enum oc_finish said)
{
	struct oc_reply *r = &t->reply;
	bool tools = t->ctx.tools && t->ctx.tools->n > 0;
	bool may_promote =
	    tools && !r->n_calls &&
	    (said == OC_FINISH_STOP || said == OC_FINISH_TOOL_CALLS || said == OC_FINISH_UNKNOWN);

	oc_text_blocks_resolve(&t->splitter.blocks, r, t->ctx.tools, may_promote);
	r->finish = settle_finish(r, said);
	if (said == OC_FINISH_UNKNOWN) oc_reply_warn(r, "finish_inferred");
	if (!t->done) oc_reply_warn(r, "no_done");
	bool nothing = !visible(r) && !r->n_calls;

	if (nothing && r->reasoning.n && r->finish == OC_FINISH_LENGTH)
		oc_reply_warn(r, "reasoning_only");
	if (nothing && !r->reasoning.n &&
	    (r->finish == OC_FINISH_STOP || r->finish == OC_FINISH_UNKNOWN)) {
		r->outcome = OC_OUTCOME_EMPTY;
		oc_turn_fail(t, OC_ERR_EMPTY_RESPONSE, "the model's reply is empty");
	}
	if (t->ctx.text_tools != OC_TEXT_TOOLS_OFF && visible(r) && !r->n_calls &&
	    (t->splitter.native_left || oc_text_tool_suspect(oc_buf_view(&r->text), NULL)))
		oc_reply_warn(r, "text_tool_suspect");
}

void oc_turn_conclude(struct oc_turn *t, bool broken)
{
	oc_splitter_finish(&t->splitter);
	usage_from_timings(t);
	oc_call_slots_seal(&t->slots, &t->reply, t->ctx.tools);
	if (oc_turn_over_limit(t))
		oc_turn_fail(t, OC_ERR_BAD_PAYLOAD, "the reply is longer than allowed");
	if (broken && !t->done)
		oc_turn_fail(t, OC_ERR_BAD_PAYLOAD,
			     "the response body is broken (chunk or content encoding)");
	if (oc_turn_failed(t)) {
		end_with_error(t, OC_OUTCOME_ERROR);
	} else if (!t->done && t->finish == OC_FINISH_UNKNOWN) {
		oc_turn_fail(t, OC_ERR_STREAM_TRUNCATED,
			     "the stream ended before the reply was complete");
		end_with_error(t, OC_OUTCOME_INCOMPLETE);
	} else {
		end_well(t, t->finish);
	}
}
