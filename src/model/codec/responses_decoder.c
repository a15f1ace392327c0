/*
 * Events of /responses: items that open, grow and are done, and one terminal event that holds them
 * all once more. Servers leave out much of it, so an item is found by its index, else by its id,
 * and what only the terminal event tells is taken from there. What a later event says of an item
 * beats the pieces before it.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/codec.h"

enum { NO_INDEX = -1, MAX_ITEMS = 1024 };
enum kind { MESSAGE, REASONING, CALL, OTHER };

struct item {
	enum kind kind;
	int64_t index;
	char *id;	    /* "" = none */
	size_t slot;	    /* CALL */
	struct oc_buf text; /* as it was passed on; thought for REASONING */
	size_t part;	    /* where the open part begins in text */
	char thought; /* what a REASONING item is read from: 's'ummary, 't'ext, 0 = undecided */
	bool done;
};
struct responses {
	struct oc_turn *turn;
	struct item *v;
	size_t n;
	bool rewritten; /* an item took back what had been passed on */
};

/* ---- items --------------------------------------------------------------------------- */

static enum kind kind_of(const json_t *item)
{
	struct oc_str type = oc_json_str(item, "type");

	if (oc_str_eq(type, OC_LIT("message"))) return MESSAGE;
	if (oc_str_eq(type, OC_LIT("reasoning"))) return REASONING;
	if (oc_str_eq(type, OC_LIT("function_call"))) return CALL;
	return OTHER;
}

static struct item *by_index(struct responses *r, int64_t index)
{
	for (size_t i = 0; i < r->n && index >= 0; i++)
		if (r->v[i].index == index) return &r->v[i];
	return NULL;
}

static struct item *by_id(struct responses *r, struct oc_str id)
{
	for (size_t i = 0; i < r->n && id.n; i++)
		if (oc_str_eq(oc_str(r->v[i].id), id)) return &r->v[i];
	return NULL;
}

static struct item *nth_of_kind(struct responses *r, enum kind kind, size_t n)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == kind && n-- == 0) return &r->v[i];
	return NULL;
}

static struct item *last_open(struct responses *r, enum kind kind)
{
	for (size_t i = r->n; i-- > 0;)
		if (r->v[i].kind == kind && !r->v[i].done) return &r->v[i];
	return NULL;
}

static struct item *open_item(struct responses *r, enum kind kind, int64_t index, struct oc_str id)
{
	struct item it = { .kind = kind, .index = index };

	if (r->n == MAX_ITEMS) {
		oc_turn_fail(r->turn, OC_ERR_BAD_PAYLOAD, "the reply has too many items");
		return NULL;
	}
	if (kind == CALL && !oc_call_slots_open(&r->turn->slots, &it.slot)) return NULL;
	it.id = oc_strndup(id.p, id.n);
	oc_buf_init(&it.text, OC_MAX_REPLY_BYTES);
	r->v = oc_realloc_array(r->v, r->n + 1, sizeof *r->v);
	r->v[r->n] = it;
	return &r->v[r->n++];
}

/* The item that a piece belongs to; pieces may come before their item was announced. */
static struct item *item_of(struct responses *r, const json_t *ev, enum kind kind)
{
	int64_t index = oc_json_int(ev, "output_index", NO_INDEX);
	struct oc_str id = oc_json_str(ev, "item_id");
	struct item *it;

	if (index >= 0)
		it = by_index(r, index);
	else
		it = id.n ? by_id(r, id) : last_open(r, kind);
	if (it) return it->kind == kind ? it : NULL;
	return open_item(r, kind, index, id);
}

/* ---- text and thought --------------------------------------------------------------------- */

static void pass_on(struct responses *r, struct item *it, struct oc_str text)
{
	if (it->kind == REASONING)
		oc_turn_thought(r->turn, text, NULL);
	else
		oc_turn_text(r->turn, text);
}

static void append(struct responses *r, struct item *it, struct oc_str text)
{
	oc_buf_add(&it->text, text);
	pass_on(r, it, text);
}

/* The text of an item from a place on is this: what is new in it is passed on, and text that
 * differs is said again at the end. */
static void settle(struct responses *r, struct item *it, size_t from, struct oc_str text)
{
	struct oc_str have = oc_str_from(oc_buf_view(&it->text), from);

	if (text.n == 0) return;
	if (oc_str_starts(text, have)) {
		append(r, it, oc_str_from(text, have.n));
		return;
	}
	char *before = oc_strndup(it->text.p, from);

	oc_buf_clear(&it->text);
	oc_buf_add(&it->text, (struct oc_str){ before, from });
	oc_buf_add(&it->text, text);
	free(before);
	r->rewritten = true;
}

/* Parts of thought stand apart by a blank line, those of text follow each other. */
static void begin_part(struct responses *r, struct item *it)
{
	if (it->kind == REASONING && it->text.n && it->part < it->text.n)
		append(r, it, OC_LIT("\n\n"));
	it->part = it->text.n;
}

/* A reasoning item may come as summary and as text: the first one to come is taken. */
static bool thinks_by(struct item *it, char thought)
{
	if (!it->thought) it->thought = thought;
	return it->thought == thought;
}

static struct oc_str piece_of(const json_t *ev)
{
	const json_t *delta = json_object_get(ev, "delta");

	return json_is_object(delta) ? oc_json_str(delta, "text") : oc_json_text(delta);
}

static void on_text(struct responses *r, const json_t *ev)
{
	struct item *it = item_of(r, ev, MESSAGE);

	if (it) append(r, it, piece_of(ev));
}

static void on_text_done(struct responses *r, const json_t *ev)
{
	struct item *it = item_of(r, ev, MESSAGE);
	struct oc_str text = oc_json_str(ev, "text");

	if (!text.n) text = oc_json_str(ev, "refusal");
	if (it) settle(r, it, it->part, text);
}

static void on_part(struct responses *r, const json_t *ev)
{
	struct oc_str type = oc_json_str(json_object_get(ev, "part"), "type");
	bool thought = oc_str_eq(type, OC_LIT("reasoning_text"));
	struct item *it = item_of(r, ev, thought ? REASONING : MESSAGE);

	if (it && (!thought || thinks_by(it, 't'))) begin_part(r, it);
}

static void on_summary_part(struct responses *r, const json_t *ev)
{
	struct item *it = item_of(r, ev, REASONING);

	if (it && thinks_by(it, 's')) begin_part(r, it);
}

static void add_thought(struct responses *r, const json_t *ev, char by)
{
	struct item *it = item_of(r, ev, REASONING);

	if (it && thinks_by(it, by)) append(r, it, piece_of(ev));
}

static void settle_thought(struct responses *r, const json_t *ev, char by, struct oc_str text)
{
	struct item *it = item_of(r, ev, REASONING);

	if (it && thinks_by(it, by)) settle(r, it, it->part, text);
}

static void on_thought(struct responses *r, const json_t *ev)
{
	add_thought(r, ev, 't');
}

static void on_thought_done(struct responses *r, const json_t *ev)
{
	settle_thought(r, ev, 't', oc_json_str(ev, "text"));
}

static void on_summary(struct responses *r, const json_t *ev)
{
	add_thought(r, ev, 's');
}

static void on_summary_done(struct responses *r, const json_t *ev)
{
	settle_thought(r, ev, 's', oc_json_str(ev, "text"));
}

static void on_summary_part_done(struct responses *r, const json_t *ev)
{
	settle_thought(r, ev, 's', oc_json_str(json_object_get(ev, "part"), "text"));
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static void on_arguments(struct responses *r, const json_t *ev)
{
	struct item *it = item_of(r, ev, CALL);

	if (it) oc_call_slots_append(&r->turn->slots, it->slot, piece_of(ev));
}

static bool says_something(const json_t *args)
{
	return json_is_string(args) ? json_string_length(args) > 0 : args && !json_is_null(args);
}

static void settle_call(struct responses *r, struct item *it, const json_t *item)
{
	const json_t *args = json_object_get(item, "arguments");
	struct oc_str id = oc_json_str(item, "call_id");

	if (!id.n) id = oc_json_str(item, "id");
	oc_call_slots_name(&r->turn->slots, it->slot, id, oc_json_str(item, "name"));
	if (says_something(args)) oc_call_slots_replace(&r->turn->slots, it->slot, args);
}

static void on_arguments_done(struct responses *r, const json_t *ev)
{
	struct item *it = item_of(r, ev, CALL);
	const json_t *args = json_object_get(ev, "arguments");

	if (!it) return;
	if (says_something(args)) oc_call_slots_replace(&r->turn->slots, it->slot, args);
	it->done = true;
}

/* ---- whole items
 * --------------------------------------------------------------------------------- */

static void join_parts(const json_t *parts, const char *between, struct oc_buf *out)
{
	const json_t *part;
	size_t i;

	json_array_foreach (parts, i, part) {
		struct oc_str text = oc_json_str(part, "text");

		if (!text.n) text = oc_json_str(part, "refusal");
		if (text.n && out->n) oc_buf_adds(out, between);
		oc_buf_add(out, text);
	}
}

static void settle_message(struct responses *r, struct item *it, const json_t *item)
{
	const json_t *content = json_object_get(item, "content");
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_REPLY_BYTES);
	oc_buf_add(&text, oc_json_text(content));
	join_parts(content, "", &text);
	settle(r, it, 0, oc_buf_view(&text));
	oc_buf_deinit(&text);
}

/* Thought goes back only where the server can read it again: sealed by itself. */
static void keep_for_replay(struct responses *r, const json_t *item)
{
	static const char *const members[] = { "type", "id", "summary", "encrypted_content" };
	json_t *kept;

	if (!oc_json_str(item, "encrypted_content").n) return;
	kept = json_object();
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (json_object_get(item, members[i]))
			json_object_set(kept, members[i], json_object_get(item, members[i]));
	if (!r->turn->reply.thoughts) r->turn->reply.thoughts = json_array();
	json_array_append_new(r->turn->reply.thoughts, kept);
}

static void settle_reasoning(struct responses *r, struct item *it, const json_t *item)
{
	const json_t *content = json_object_get(item, "content");
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_REPLY_BYTES);
	if (!it->thought) it->thought = json_array_size(content) ? 't' : 's';
	join_parts(it->thought == 't' ? content : json_object_get(item, "summary"), "\n\n", &text);
	settle(r, it, 0, oc_buf_view(&text));
	oc_buf_deinit(&text);
	keep_for_replay(r, item);
}

static void settle_item(struct responses *r, struct item *it, const json_t *item)
{
	if (it->done && it->kind != CALL) return;
	switch (it->kind) {
	case MESSAGE: settle_message(r, it, item); break;
	case REASONING: settle_reasoning(r, it, item); break;
	case CALL: settle_call(r, it, item); break;
	case OTHER: break;
	}
	it->done = true;
}

/* The item that a whole one stands for; NULL = not seen yet, or not one that we know. */
static struct item *announced(struct responses *r, const json_t *ev, const json_t *item)
{
	struct item *it = by_index(r, oc_json_int(ev, "output_index", NO_INDEX));

	return it ? it : by_id(r, oc_json_str(item, "id"));
}

static struct item *open_announced(struct responses *r, const json_t *ev, const json_t *item)
{
	return open_item(r, kind_of(item), oc_json_int(ev, "output_index", NO_INDEX),
			 oc_json_str(item, "id"));
}

static void on_item(struct responses *r, const json_t *ev)
{
	const json_t *item = json_object_get(ev, "item");
	struct item *it = announced(r, ev, item);
	struct oc_str id = oc_json_str(item, "id");

	if (it && it->id[0] && id.n && !oc_str_eq(oc_str(it->id), id)) {
		oc_turn_fail(r->turn, OC_ERR_BAD_PAYLOAD,
			     "the reply uses one output_index for two items");
		return;
	}
	if (!it) it = open_announced(r, ev, item);
	if (it && it->kind == CALL && kind_of(item) == CALL) settle_call(r, it, item);
}

static void on_item_done(struct responses *r, const json_t *ev)
{
	const json_t *item = json_object_get(ev, "item");
	struct item *it = announced(r, ev, item);

	if (!it) it = open_announced(r, ev, item);
	if (it && it->kind == kind_of(item)) settle_item(r, it, item);
}

/* ---- the end
 * ---------------------------------------------------------------------------------------- */

/* Ids in the last event may differ from those before; then the order tells. */
static struct item *final_item(struct responses *r, const json_t *output, size_t at)
{
	const json_t *item = json_array_get(output, at);
	struct item *it = by_id(r, oc_json_str(item, "id"));
	enum kind kind = kind_of(item);
	size_t before = 0;

	if (it && it->kind == kind) return it;
	for (size_t i = 0; i < at; i++) before += kind_of(json_array_get(output, i)) == kind;
	it = nth_of_kind(r, kind, before);
	return it ? it : open_item(r, kind, NO_INDEX, oc_json_str(item, "id"));
}

static void take_output(struct responses *r, const json_t *output)
{
	for (size_t i = 0; i < json_array_size(output); i++) {
		struct item *it = final_item(r, output, i);

		if (it && !it->done) settle_item(r, it, json_array_get(output, i));
	}
}

static void take_usage(struct oc_usage *u, const json_t *usage)
{
	int64_t input = oc_json_positive(usage, "input_tokens");
	int64_t output = oc_json_positive(usage, "output_tokens");

	if (!input && !output && !oc_json_positive(usage, "total_tokens")) return;
	*u = (struct oc_usage){ .present = true, .input = input, .output = output };
	u->cached = oc_turn_count(json_object_get(usage, "input_tokens_details"), "cached_tokens");
	u->reasoning =
	    oc_turn_count(json_object_get(usage, "output_tokens_details"), "reasoning_tokens");
}

static void fail_response(struct responses *r, const json_t *response)
{
	const char *reason =
	    oc_json_cstr(json_object_get(response, "incomplete_details"), "reason");
	char *text = reason ? oc_asprintf("the server gave the response up: %s", reason)
			    : oc_strdup("the server gave the response up and did not say why");

	if (json_object_size(json_object_get(response, "error")))
		r->turn->refusal = response;
	else
		oc_turn_fail(r->turn, OC_ERR_SERVER_ERROR, text);
	free(text);
}

static enum oc_finish cut_by(struct responses *r, const json_t *response)
{
	static const struct {
		const char *reason;
		enum oc_finish finish;
	} reasons[] = {
		{ "max_output_tokens", OC_FINISH_LENGTH },
		{ "max_tokens", OC_FINISH_LENGTH },
		{ "length", OC_FINISH_LENGTH },
		{ "content_filter", OC_FINISH_CONTENT_FILTER },
	};
	const char *reason =
	    oc_json_cstr(json_object_get(response, "incomplete_details"), "reason");

	for (size_t i = 0; reason && i < sizeof reasons / sizeof *reasons; i++)
		if (!strcmp(reason, reasons[i].reason)) return reasons[i].finish;
	if (reason) oc_reply_warnf(&r->turn->reply, "finish_unknown:%s", reason);
	return OC_FINISH_LENGTH; /* whatever cut it: no call of it may run */
}

static void check_calls(struct responses *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].kind == CALL && !r->v[i].done)
			oc_turn_fail(r->turn, OC_ERR_BAD_PAYLOAD,
				     "the reply ended with a call that was not finished");
}

static void end_response(struct responses *r, const json_t *response, struct oc_str status)
{
	oc_turn_identity(r->turn, oc_json_str(response, "id"), oc_json_str(response, "model"));
	take_usage(&r->turn->reply.usage, json_object_get(response, "usage"));
	oc_turn_timings(r->turn, json_object_get(response, "timings"));
	take_output(r, json_object_get(response, "output"));
	if (oc_str_eq(status, OC_LIT("failed")) || oc_str_eq(status, OC_LIT("cancelled"))) {
		fail_response(r, response);
		return;
	}
	r->turn->done = true;
	r->turn->finish = OC_FINISH_STOP;
	if (oc_str_eq(status, OC_LIT("incomplete")))
		r->turn->finish = cut_by(r, response);
	else
		check_calls(r);
}

static void on_created(struct responses *r, const json_t *ev)
{
	const json_t *response = json_object_get(ev, "response");

	oc_turn_identity(r->turn, oc_json_str(response, "id"), oc_json_str(response, "model"));
}

static void on_end(struct responses *r, const json_t *ev)
{
	const json_t *response = json_object_get(ev, "response");
	struct oc_str status = oc_json_str(response, "status");

	oc_turn_timings(r->turn, json_object_get(ev, "timings"));
	end_response(r, response, status);
}

static void on_incomplete(struct responses *r, const json_t *ev)
{
	end_response(r, json_object_get(ev, "response"), OC_LIT("incomplete"));
}

static void on_failed(struct responses *r, const json_t *ev)
{
	end_response(r, json_object_get(ev, "response"), OC_LIT("failed"));
}

/* ---- events
 * ------------------------------------------------------------------------------------------- */

static const struct {
	const char *type;
	void (*handle)(struct responses *r, const json_t *ev);
} events[] = {
	{ "response.output_text.delta", on_text },
	{ "response.function_call_arguments.delta", on_arguments },
	{ "response.reasoning_text.delta", on_thought },
	{ "response.reasoning_summary_text.delta", on_summary },
	{ "response.created", on_created },
	{ "response.in_progress", on_created },
	{ "response.queued", on_created },
	{ "response.output_item.added", on_item },
	{ "response.output_item.done", on_item_done },
	{ "response.content_part.added", on_part },
	{ "response.text.delta", on_text },
	{ "response.refusal.delta", on_text },
	{ "response.output_text.done", on_text_done },
	{ "response.refusal.done", on_text_done },
	{ "response.reasoning.delta", on_thought },
	{ "response.reasoning_text.done", on_thought_done },
	{ "response.reasoning_summary_part.added", on_summary_part },
	{ "response.reasoning_summary_part.done", on_summary_part_done },
	{ "response.reasoning_summary_text.done", on_summary_done },
	{ "response.function_call_arguments.done", on_arguments_done },
	{ "response.completed", on_end },
	{ "response.done", on_end },
	{ "response.incomplete", on_incomplete },
	{ "response.failed", on_failed },
	{ "response.cancelled", on_failed },
};

static void responses_add(void *state, const struct oc_codec_event *ev)
{
	struct oc_str type = oc_json_str(ev->data, "type");

	if (ev->whole && !json_is_object(json_object_get(ev->data, "response"))) {
		end_response(state, ev->data, oc_json_str(ev->data, "status"));
		return;
	}
	if (!type.n) type = ev->type;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (oc_str_eq(type, oc_str(events[i].type))) {
			events[i].handle(state, ev->data);
			return;
		}
}

static void responses_seal(void *state)
{
	struct responses *r = state;

	if (!r->rewritten) return;
	oc_turn_rewind(r->turn);
	for (size_t i = 0; i < r->n; i++) pass_on(r, &r->v[i], oc_buf_view(&r->v[i].text));
}

static void *responses_new(struct oc_turn *t)
{
	struct responses *r = oc_new(struct responses);

	r->turn = t;
	return r;
}

static void responses_free(void *state)
{
	struct responses *r = state;

	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].id);
		oc_buf_deinit(&r->v[i].text);
	}
	free(r->v);
	free(r);
}

static const char *const greetings[] = { "response.created", "response.queued",
					 "response.in_progress", NULL };

const struct oc_codec oc_responses_codec = {
	.greetings = greetings,
	.new = responses_new,
	.free = responses_free,
	.add = responses_add,
	.seal = responses_seal,
};
