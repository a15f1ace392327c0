/*
 * Events of /messages: blocks that start, grow and stop, then a message_delta with the reason of
 * the stop and the counts, which servers may hold back until there.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/codec.h"

enum { NO_INDEX = -1, MAX_BLOCKS = 1024, MAX_SIGNATURE_BYTES = 1048576 };
enum kind { TEXT, THINKING, REDACTED, TOOL, OTHER };

struct block {
	enum kind kind;
	int64_t index;
	size_t slot;		 /* TOOL */
	json_t *input;		 /* TOOL: as the block started with it; owned */
	bool pieces;		 /* TOOL: arguments came in pieces, which count instead */
	struct oc_buf thinking;	 /* THINKING, as the server wants it back */
	struct oc_buf signature; /* THINKING; the data of REDACTED */
};
struct anthropic {
	struct oc_turn *turn;
	struct block *v;
	size_t n;
	struct {
		int64_t input, created, read, output; /* read: -1 = not told */
	} usage;
};

/* ---- blocks ------------------------------------------------------------------------- */

static const struct {
	const char *type;
	enum kind kind;
} kinds[] = {
	{ "text", TEXT },
	{ "thinking", THINKING },
	{ "redacted_thinking", REDACTED },
	{ "tool_use", TOOL },
};

static enum kind kind_of(struct oc_str type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (oc_str_eq(type, oc_str(kinds[i].type))) return kinds[i].kind;
	return OTHER;
}

static struct block *open_block(struct anthropic *a, enum kind kind, int64_t index)
{
	struct block b = { .kind = kind, .index = index };

	if (a->n == MAX_BLOCKS) {
		oc_turn_fail(a->turn, OC_ERR_BAD_PAYLOAD, "the reply has too many blocks");
		return NULL;
	}
	if (kind == TOOL && !oc_call_slots_open(&a->turn->slots, &b.slot)) return NULL;
	oc_buf_init(&b.thinking, OC_MAX_REPLY_BYTES);
	oc_buf_init(&b.signature, MAX_SIGNATURE_BYTES);
	a->v = oc_realloc_array(a->v, a->n + 1, sizeof *a->v);
	a->v[a->n] = b;
	return &a->v[a->n++];
}

/* The block that a piece belongs to; text and thought may come without a start. */
static struct block *block_of(struct anthropic *a, int64_t index, enum kind kind)
{
	for (size_t i = a->n; i-- > 0;)
		if ((index < 0 || a->v[i].index == index) && a->v[i].kind == kind) return &a->v[i];
	return kind == TOOL ? NULL : open_block(a, kind, index);
}

static void add_thought(struct anthropic *a, struct block *b, struct oc_str text)
{
	oc_buf_add(&b->thinking, text);
	oc_turn_thought(a->turn, text, NULL);
}

static void start_block(struct anthropic *a, const json_t *block, int64_t index)
{
	struct oc_str type = oc_json_str(block, "type"), name = oc_json_str(block, "name");
	struct block *b = open_block(a, kind_of(type), index);

	if (!b) return;
	switch (b->kind) {
	case TEXT: oc_turn_text(a->turn, oc_json_str(block, "text")); break;
	case THINKING:
		add_thought(a, b, oc_json_str(block, "thinking"));
		oc_buf_add(&b->signature, oc_json_str(block, "signature"));
		break;
	case REDACTED: oc_buf_add(&b->signature, oc_json_str(block, "data")); break;
	case TOOL:
		oc_call_slots_name(&a->turn->slots, b->slot, oc_json_str(block, "id"), name);
		b->input = json_incref(json_object_get(block, "input"));
		break;
	case OTHER:
		if (oc_str_eq(type, OC_LIT("server_tool_use")) && name.n &&
		    a->turn->reply.server_tools.n < MAX_BLOCKS)
			oc_strv_add(&a->turn->reply.server_tools, name);
		break;
	}
}

/* ---- pieces ------------------------------------------------------------------------------ */

static void text_piece(struct anthropic *a, int64_t index, const json_t *delta)
{
	(void)index;
	oc_turn_text(a->turn, oc_json_str(delta, "text"));
}

static void thinking_piece(struct anthropic *a, int64_t index, const json_t *delta)
{
	struct block *b = block_of(a, index, THINKING);

	if (b) add_thought(a, b, oc_json_str(delta, "thinking"));
}

static void signature_piece(struct anthropic *a, int64_t index, const json_t *delta)
{
	struct block *b = block_of(a, index, THINKING);

	if (b) oc_buf_add(&b->signature, oc_json_str(delta, "signature"));
}

static void json_piece(struct anthropic *a, int64_t index, const json_t *delta)
{
	struct block *b = block_of(a, index, TOOL);
	struct oc_str piece = oc_json_str(delta, "partial_json");

	if (!b || !piece.n) return;
	b->pieces = true;
	oc_call_slots_append(&a->turn->slots, b->slot, piece);
}

static const struct {
	const char *type;
	void (*add)(struct anthropic *a, int64_t index, const json_t *delta);
} pieces[] = {
	{ "text_delta", text_piece },
	{ "input_json_delta", json_piece },
	{ "thinking_delta", thinking_piece },
	{ "signature_delta", signature_piece },
};

static void on_block_delta(struct anthropic *a, const json_t *ev)
{
	const json_t *delta = json_object_get(ev, "delta");
	struct oc_str type = oc_json_str(delta, "type");

	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
		if (oc_str_eq(type, oc_str(pieces[i].type))) {
			pieces[i].add(a, oc_json_int(ev, "index", NO_INDEX), delta);
			return;
		}
}

static void on_block_start(struct anthropic *a, const json_t *ev)
{
	start_block(a, json_object_get(ev, "content_block"), oc_json_int(ev, "index", NO_INDEX));
}

/* ---- counts and the end -------------------------------------------------------------------- */

static void take_count(int64_t *field, const json_t *usage, const char *key)
{
	int64_t n = oc_json_positive(usage, key);

	if (n) *field = n;
}

static void read_usage(struct anthropic *a, const json_t *usage)
{
	take_count(&a->usage.input, usage, "input_tokens");
	take_count(&a->usage.created, usage, "cache_creation_input_tokens");
	take_count(&a->usage.output, usage, "output_tokens");
	if (a->usage.read <= 0) a->usage.read = oc_turn_count(usage, "cache_read_input_tokens");
	take_count(&a->usage.read, usage, "cache_read_input_tokens");
}

/* Only the counts of a turn that came to an end say something. */
static void commit_usage(struct anthropic *a)
{
	struct oc_usage *u = &a->turn->reply.usage;
	int64_t read = a->usage.read > 0 ? a->usage.read : 0;
	int64_t input = a->usage.input + a->usage.created + read;

	if (!input && !a->usage.output) return;
	*u = (struct oc_usage){ .present = true, .input = input, .output = a->usage.output };
	u->cached = a->usage.read;
	u->reasoning = -1;
}

static const struct {
	const char *wire;
	enum oc_finish value;
} stops[] = {
	{ "end_turn", OC_FINISH_STOP },
	{ "stop_sequence", OC_FINISH_STOP },
	{ "pause_turn", OC_FINISH_STOP },
	{ "compaction", OC_FINISH_STOP },
	{ "tool_use", OC_FINISH_TOOL_CALLS },
	{ "max_tokens", OC_FINISH_LENGTH },
	{ "model_context_window_exceeded", OC_FINISH_LENGTH },
	{ "refusal", OC_FINISH_CONTENT_FILTER },
	{ "sensitive", OC_FINISH_CONTENT_FILTER },
	{ "error", OC_FINISH_ERROR },
};

static void take_stop(struct anthropic *a, const char *reason)
{
	size_t i = 0, n = sizeof stops / sizeof *stops;

	if (!reason || !*reason) return;
	while (i < n && strcmp(reason, stops[i].wire)) i++;
	a->turn->finish = i < n ? stops[i].value : OC_FINISH_STOP;
	if (i == n) oc_reply_warnf(&a->turn->reply, "finish_unknown:%s", reason);
	if (a->turn->finish == OC_FINISH_ERROR)
		oc_turn_fail(a->turn, OC_ERR_SERVER_ERROR,
			     "the server ended the reply with an error");
}

static void on_message_start(struct anthropic *a, const json_t *ev)
{
	const json_t *m = json_object_get(ev, "message");

	oc_turn_identity(a->turn, oc_json_str(m, "id"), oc_json_str(m, "model"));
	read_usage(a, json_object_get(m, "usage"));
}

static void on_message_delta(struct anthropic *a, const json_t *ev)
{
	read_usage(a, json_object_get(ev, "usage"));
	take_stop(a, oc_json_cstr(json_object_get(ev, "delta"), "stop_reason"));
	commit_usage(a);
}

static void on_message_stop(struct anthropic *a, const json_t *ev)
{
	(void)ev;
	commit_usage(a);
	a->turn->done = true;
}

static void whole_message(struct anthropic *a, const json_t *m)
{
	const json_t *block;
	size_t i;

	oc_turn_identity(a->turn, oc_json_str(m, "id"), oc_json_str(m, "model"));
	json_array_foreach (json_object_get(m, "content"), i, block)
		start_block(a, block, (int64_t)i);
	read_usage(a, json_object_get(m, "usage"));
	take_stop(a, oc_json_cstr(m, "stop_reason"));
	commit_usage(a);
}

/* ---- events ------------------------------------------------------------------------------------
 */

static const struct {
	const char *type;
	void (*handle)(struct anthropic *a, const json_t *ev);
} events[] = {
	{ "content_block_delta", on_block_delta }, { "content_block_start", on_block_start },
	{ "message_start", on_message_start },	   { "message_delta", on_message_delta },
	{ "message_stop", on_message_stop },
};

static void anthropic_add(void *state, const struct oc_codec_event *ev)
{
	struct oc_str type = oc_json_str(ev->data, "type");

	if (ev->whole) {
		whole_message(state, ev->data);
		return;
	}
	if (!type.n) type = ev->type;
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		if (oc_str_eq(type, oc_str(events[i].type))) {
			events[i].handle(state, ev->data);
			return;
		}
}

/* ---- arguments that are nearly JSON -------------------------------------------------------------
 */

/* Copies a character of a string literal, mended where JSON does not allow it. Returns how many
 * were read. */
static size_t mend_one(struct oc_buf *out, struct oc_str s)
{
	if (s.p[0] == '\\' && s.n > 1 && strchr("\"\\/bfnrtu", s.p[1])) {
		oc_buf_add(out, oc_str_head(s, 2));
		return 2;
	}
	if (s.p[0] == '\\')
		oc_buf_adds(out, "\\\\");
	else if ((unsigned char)s.p[0] < 0x20)
		oc_buf_addf(out, "\\u%04x", (unsigned char)s.p[0]);
	else
		oc_buf_addc(out, s.p[0]);
	return 1;
}

/* Bad escapes and control characters inside string literals; nothing else is guessed. */
static void mend_strings(struct oc_str in, struct oc_buf *out)
{
	bool inside = false;

	for (size_t i = 0; i < in.n;) {
		if (in.p[i] == '"') inside = !inside;
		if (inside && in.p[i] != '"') {
			i += mend_one(out, oc_str_from(in, i));
			continue;
		}
		oc_buf_addc(out, in.p[i++]);
	}
}

static bool is_json(struct oc_str text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(text, NULL, &e);

	json_decref(v);
	return v != NULL;
}

static void mend_arguments(struct anthropic *a, size_t slot)
{
	struct oc_str args = oc_call_slots_args(&a->turn->slots, slot);
	struct oc_buf mended;

	if (is_json(args)) return;
	oc_buf_init(&mended, OC_MAX_TOOL_ARGS_BYTES);
	mend_strings(args, &mended);
	if (!mended.bad && is_json(oc_buf_view(&mended))) {
		json_t *text = oc_json_new_str(oc_buf_view(&mended));

		oc_call_slots_replace(&a->turn->slots, slot, text);
		json_decref(text);
	}
	oc_buf_deinit(&mended);
}

/* Thought goes back only where it is signed: servers that sign take nothing else. */
static json_t *thought_json(const struct block *b)
{
	json_t *o;

	if (!b->signature.n || (b->kind != THINKING && b->kind != REDACTED)) return NULL;
	o = json_object();
	json_object_set_new(o, "type",
			    json_string(b->kind == THINKING ? "thinking" : "redacted_thinking"));
	if (b->kind == THINKING)
		json_object_set_new(o, "thinking", oc_json_new_str(oc_buf_view(&b->thinking)));
	json_object_set_new(o, b->kind == THINKING ? "signature" : "data",
			    oc_json_new_str(oc_buf_view(&b->signature)));
	return o;
}

static void anthropic_seal(void *state)
{
	struct anthropic *a = state;

	for (size_t i = 0; i < a->n; i++) {
		const struct block *b = &a->v[i];
		json_t *thought = thought_json(b);

		if (b->kind == TOOL && !b->pieces)
			oc_call_slots_append_object(&a->turn->slots, b->slot, b->input);
		else if (b->kind == TOOL)
			mend_arguments(a, b->slot);
		if (!thought) continue;
		if (!a->turn->reply.thoughts) a->turn->reply.thoughts = json_array();
		json_array_append_new(a->turn->reply.thoughts, thought);
	}
}

static void *anthropic_new(struct oc_turn *t)
{
	struct anthropic *a = oc_new(struct anthropic);

	a->turn = t;
	a->usage.read = -1;
	return a;
}

static void anthropic_free(void *state)
{
	struct anthropic *a = state;

	for (size_t i = 0; i < a->n; i++) {
		json_decref(a->v[i].input);
		oc_buf_deinit(&a->v[i].thinking);
		oc_buf_deinit(&a->v[i].signature);
	}
	free(a->v);
	free(a);
}

static const char *const greetings[] = { "message_start", "ping", NULL };

const struct oc_codec oc_anthropic_codec = {
	.greetings = greetings,
	.new = anthropic_new,
	.free = anthropic_free,
	.add = anthropic_add,
	.seal = anthropic_seal,
};
