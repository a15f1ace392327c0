/* Assembly of structured tool calls from stream fragments, and the judgement of their arguments. */
#include "model/codec/tool_calls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"

enum { NO_INDEX = -1, LEGACY_INDEX = -2, MAX_NAME_BYTES = 512, MAX_ID_BYTES = 512 };

struct oc_call_slot {
	int64_t index;
	struct oc_buf id, name, args;
	/* How far the arguments are, so that completeness is known without parsing them again and
	 * again. */
	unsigned depth;
	bool in_string, escaped, began, complete;
};

static const json_int_t exact_integers = 9007199254740992; /* 2^53 */

/* ---- fragments ------------------------------------------------------- */

static struct oc_call_slot *open_slot(struct oc_call_slots *s, int64_t index)
{
	if (s->n == OC_MAX_TOOL_CALLS_WIRE) {
		s->over_limit = true;
		return NULL;
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 4;
		s->v = oc_realloc_array(s->v, s->cap, sizeof *s->v);
	}
	struct oc_call_slot *slot = &s->v[s->n];

	*slot = (struct oc_call_slot){ .index = index };
	oc_buf_init(&slot->id, MAX_ID_BYTES);
	oc_buf_init(&slot->name, MAX_NAME_BYTES);
	oc_buf_init(&slot->args, OC_MAX_TOOL_ARGS_BYTES);
	s->last = s->n++;
	return slot;
}

static struct oc_call_slot *by_index(struct oc_call_slots *s, int64_t index, struct oc_str id)
{
	for (size_t i = s->n; i-- > 0;) {
		struct oc_call_slot *slot = &s->v[i];

		if (slot->index != index) continue;
		if (id.n && slot->id.n && !oc_str_eq(id, oc_buf_view(&slot->id))) {
			s->index_reused = true;
			return open_slot(s, index);
		}
		s->last = i;
		return slot;
	}
	return open_slot(s, index);
}

static struct oc_call_slot *by_id(struct oc_call_slots *s, struct oc_str id)
{
	for (size_t i = s->n; i-- > 0;)
		if (oc_str_eq(id, oc_buf_view(&s->v[i].id))) {
			s->last = i;
			return &s->v[i];
		}
	return open_slot(s, NO_INDEX);
}

/* Which call a fragment without index belongs to. */
static struct oc_call_slot *without_index(struct oc_call_slots *s, struct oc_str id,
					  struct oc_str name)
{
	s->index_missing = true;
	if (id.n) return by_id(s, id);
	if (s->n == 0 || (name.n && s->v[s->last].complete)) return open_slot(s, NO_INDEX);
	return &s->v[s->last];
}

static void track_completeness(struct oc_call_slot *slot, struct oc_str piece)
{
	for (size_t i = 0; i < piece.n; i++) {
		char c = piece.p[i];

		if (slot->in_string) {
			bool quote = c == '"' && !slot->escaped;

			slot->escaped = c == '\\' && !slot->escaped;
			slot->in_string = !quote;
		} else if (c == '"') {
			slot->in_string = slot->began = true;
		} else if (c == '{' || c == '[') {
			slot->depth++;
			slot->began = true;
		} else if ((c == '}' || c == ']') && slot->depth) {
			slot->depth--;
		}
	}
	slot->complete = slot->began && !slot->in_string && slot->depth == 0;
}

static void add_name(struct oc_call_slot *slot, struct oc_str name)
{
	if (name.n == 0 || slot->args.n || oc_str_eq(name, oc_buf_view(&slot->name))) return;
	oc_buf_add(&slot->name, name);
}

static void add_arguments(struct oc_call_slots *s, struct oc_call_slot *slot, const json_t *args)
{
	struct oc_str piece = oc_json_text(args);
	char *text = NULL;

	if (!args || json_is_null(args)) return;
	if (!json_is_string(args)) {
		s->args_object = s->args_object || json_is_object(args);
		text = oc_json_compact(args);
		piece = oc_str(text);
	}
	oc_buf_add(&slot->args, piece);
	if (slot->args.bad) s->over_limit = true;
	track_completeness(slot, piece);
	free(text);
}

static void add_function(struct oc_call_slots *s, struct oc_call_slot *slot, const json_t *function)
{
	if (!slot) return;
	add_name(slot, oc_json_str(function, "name"));
	add_arguments(s, slot, json_object_get(function, "arguments"));
}

/* Some servers open with an entry that holds an index and no more. */
static bool says_nothing(const json_t *fragment, const json_t *function)
{
	const json_t *args = json_object_get(function, "arguments");
	bool no_args =
	    !args || json_is_null(args) || (json_is_string(args) && !json_string_length(args));

	return !oc_json_str(fragment, "id").n && !oc_json_str(function, "name").n && no_args;
}

void oc_call_slots_add(struct oc_call_slots *s, const json_t *fragment, bool whole)
{
	const json_t *function = json_object_get(fragment, "function");
	struct oc_str id = oc_json_str(fragment, "id");
	int64_t index = oc_json_int(fragment, "index", NO_INDEX);
	struct oc_call_slot *slot;

	if (!json_is_object(fragment) || says_nothing(fragment, function)) return;
	if (whole)
		slot = open_slot(s, NO_INDEX);
	else if (index >= 0)
		slot = by_index(s, index, id);
	else
		slot = without_index(s, id, oc_json_str(function, "name"));
	if (slot && slot->id.n == 0) oc_buf_add(&slot->id, id);
	add_function(s, slot, function);
}

void oc_call_slots_add_legacy(struct oc_call_slots *s, const json_t *function)
{
	if (!json_is_object(function)) return;
	s->legacy = true;
	add_function(s, by_index(s, LEGACY_INDEX, OC_LIT("")), function);
}

/* ---- calls with a beginning ------------------------------------------------- */

bool oc_call_slots_open(struct oc_call_slots *s, size_t *slot)
{
	if (!open_slot(s, NO_INDEX)) return false;
	*slot = s->last;
	return true;
}

void oc_call_slots_name(struct oc_call_slots *s, size_t slot, struct oc_str id, struct oc_str name)
{
	if (!s->v[slot].id.n) oc_buf_add(&s->v[slot].id, id);
	if (!s->v[slot].name.n) oc_buf_add(&s->v[slot].name, name);
}

void oc_call_slots_append(struct oc_call_slots *s, size_t slot, struct oc_str args)
{
	oc_buf_add(&s->v[slot].args, args);
	if (s->v[slot].args.bad) s->over_limit = true;
}

struct oc_str oc_call_slots_args(const struct oc_call_slots *s, size_t slot)
{
	return oc_buf_view(&s->v[slot].args);
}

void oc_call_slots_replace(struct oc_call_slots *s, size_t slot, const json_t *args)
{
	oc_buf_clear(&s->v[slot].args);
	add_arguments(s, &s->v[slot], args);
}

void oc_call_slots_append_object(struct oc_call_slots *s, size_t slot, const json_t *args)
{
	char *text = json_is_object(args) ? oc_json_compact(args) : NULL;

	oc_call_slots_append(s, slot, text ? oc_str(text) : oc_json_text(args));
	free(text);
}

/* ---- arguments ---------------------------------------------------------- */

static json_t *kept(json_t *v)
{
	char digits[32];

	if (!json_is_integer(v)) {
		oc_args_keep_big_integers(v);
		return NULL;
	}
	json_int_t n = json_integer_value(v);

	if (n <= exact_integers && n >= -exact_integers) return NULL;
	snprintf(digits, sizeof digits, "%lld", (long long)n);
	return json_string(digits);
}

/* Depth is bounded by the parser's OC_MAX_JSON_DEPTH. */
void oc_args_keep_big_integers(json_t *args)
{
	const char *key;
	json_t *v, *replacement;
	void *tmp;
	size_t i;

	json_object_foreach_safe(args, tmp, key, v)
	{
		replacement = kept(v);
		if (replacement) json_object_set_new(args, key, replacement);
	}
	json_array_foreach (args, i, v) {
		replacement = kept(v);
		if (replacement) json_array_set_new(args, i, replacement);
	}
}

/* The object that the text means: nothing and null are {}, a string that holds an object is decoded
 * once more. */
static json_t *parse_arguments(struct oc_str text, bool *doubly, char **inner,
			       struct oc_json_notes *notes)
{
	struct oc_err e = { 0 };
	json_t *v;

	text = oc_str_trim(text);
	if (text.n == 0) return json_object();
	v = oc_json_parse(text, notes, &e);
	if (json_is_string(v)) {
		json_t *decoded = oc_json_parse(oc_json_text(v), notes, &e);

		*doubly = json_is_object(decoded);
		if (*doubly) *inner = oc_strndup(json_string_value(v), json_string_length(v));
		json_decref(v);
		v = decoded;
	} else if (json_is_null(v)) {
		json_decref(v);
		v = json_object();
	}
	if (json_is_object(v)) return v;
	json_decref(v);
	return NULL;
}

static void seal_arguments(struct oc_tool_call *c, struct oc_str text, struct oc_reply *r)
{
	struct oc_json_notes notes = { 0 };
	bool doubly = false;
	char *inner = NULL;

	c->args = parse_arguments(text, &doubly, &inner, &notes);
	c->valid = c->args != NULL;
	c->arguments = inner ? inner : oc_strndup(text.p, text.n);
	if (c->valid) oc_args_keep_big_integers(c->args);
	if (notes.utf8_replaced) oc_reply_warn(r, "utf8_replaced");
	if (doubly) oc_reply_warn(r, "args_double_encoded");
	if (!c->valid) oc_reply_warn(r, "tool_args_invalid");
}

/* ---- ids ------------------------------------------------------------------ */

static bool id_taken(const struct oc_reply *r, size_t before, const char *id)
{
	for (size_t i = 0; i < before; i++)
		if (oc_str_eq(oc_str(r->calls[i].id), oc_str(id))) return true;
	return false;
}

void oc_tool_call_fresh_id(struct oc_reply *r, size_t i)
{
	char id[10] = "c";

	do oc_rand_id(id + 1, 8);
	while (id_taken(r, r->n_calls, id));
	free(r->calls[i].id);
	r->calls[i].id = oc_strdup(id);
}

static void seal_id(struct oc_reply *r, size_t i, struct oc_str id)
{
	r->calls[i].id = oc_strndup(id.p, id.n);
	if (id.n == 0 || strlen(r->calls[i].id) != id.n) {
		oc_reply_warn(r, "tool_id_generated");
	} else if (id_taken(r, i, r->calls[i].id)) {
		oc_reply_warn(r, "tool_id_duplicate");
	} else {
		return;
	}
	oc_tool_call_fresh_id(r, i);
}

/* Servers of gpt-oss leave channel tokens behind the name: "read<|channel|>commentary". No name
 * holds them. */
static char *sealed_name(struct oc_str said, const struct oc_strv *tools)
{
	struct oc_str name = oc_str_head(said, oc_str_find(said, OC_LIT("<|channel|>"), 0));

	if (name.n == said.n || !tools || !oc_strv_has(tools, name)) name = said;
	return oc_strndup(name.p, name.n);
}

static void seal_slot(const struct oc_call_slot *slot, struct oc_reply *r,
		      const struct oc_strv *tools)
{
	r->calls = oc_realloc_array(r->calls, r->n_calls + 1, sizeof *r->calls);
	size_t i = r->n_calls++;
	struct oc_tool_call *c = &r->calls[i];

	*c = (struct oc_tool_call){ 0 };
	c->name = sealed_name(oc_str(oc_buf_cstr(&slot->name)), tools);
	seal_arguments(c, oc_buf_view(&slot->args), r);
	seal_id(r, i, oc_str_trim(oc_buf_view(&slot->id)));
	if (!tools || !oc_strv_has(tools, oc_str(c->name)))
		oc_reply_warnf(r, "tool_unknown:%s", c->name);
}

void oc_call_slots_seal(struct oc_call_slots *s, struct oc_reply *r, const struct oc_strv *tools)
{
	for (size_t i = 0; i < s->n; i++) seal_slot(&s->v[i], r, tools);
	if (s->index_missing) oc_reply_warn(r, "tool_index_missing");
	if (s->index_reused) oc_reply_warn(r, "tool_index_reused");
	if (s->legacy) oc_reply_warn(r, "legacy_function_call");
	if (s->args_object) oc_reply_warn(r, "args_object");
}

void oc_call_slots_deinit(struct oc_call_slots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		oc_buf_deinit(&s->v[i].id);
		oc_buf_deinit(&s->v[i].name);
		oc_buf_deinit(&s->v[i].args);
	}
	free(s->v);
	*s = (struct oc_call_slots){ 0 };
}
