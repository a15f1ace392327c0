/*
 * Blocks of tool requests in text: scanning one, and deciding which become calls. A block is found
 * by its brackets and by counting braces; whether its JSON is valid is a second question, so a
 * broken block is still hidden.
 */
#include "model/codec/text_tools.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/tool_calls.h"

enum { MAX_NAME = 120, MAX_BLOCKS = 64 };

static const struct oc_str opener = { "[TOOL_REQUEST]", 14 };
static const struct oc_str closer = { "[END_TOOL_REQUEST]", 18 };

static bool name_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '.' || c == '-';
}

/* s ends before the marker does and agrees with it so far. */
static bool may_become(struct oc_str s, struct oc_str marker)
{
	return s.n < marker.n && oc_str_starts(marker, s);
}

static bool registered(const struct oc_strv *tools, struct oc_str name)
{
	return tools && oc_strv_has(tools, name);
}

enum oc_block_verdict oc_block_begin(struct oc_block_scan *b, struct oc_str s, bool line_start)
{
	size_t n = 0;

	*b = (struct oc_block_scan){ .request = true, .at = opener.n };
	if (oc_str_starts(s, opener)) return OC_BLOCK_COMPLETE;
	if (may_become(s, opener)) return OC_BLOCK_MORE;
	if (!line_start) return OC_BLOCK_NO;
	while (1 + n < s.n && n <= MAX_NAME && name_char(s.p[1 + n])) n++;
	if (n > MAX_NAME) return OC_BLOCK_NO;
	if (1 + n == s.n) return OC_BLOCK_MORE;
	if (n == 0 || s.p[1 + n] != ']' || oc_str_eq(oc_str_head(s, n + 2), closer))
		return OC_BLOCK_NO;
	*b = (struct oc_block_scan){ .name_n = n, .at = n + 2 };
	return OC_BLOCK_COMPLETE;
}

static struct oc_str named(const struct oc_block_scan *b, struct oc_str s)
{
	return (struct oc_str){ s.p + 1, b->name_n };
}

static enum oc_block_verdict scan_head(struct oc_block_scan *b, struct oc_str s)
{
	while (b->at < s.n && oc_is_space(s.p[b->at])) b->at++;
	if (b->at == s.n) return OC_BLOCK_MORE;
	if (s.p[b->at] != '{' && b->request) {
		b->object = b->at;
		b->phase = OC_BLOCK_PROSE;
		return OC_BLOCK_COMPLETE;
	}
	if (s.p[b->at] != '{') {
		b->at = 1; /* the bracket alone is certain to be prose */
		return OC_BLOCK_NO;
	}
	b->object = b->at;
	b->phase = OC_BLOCK_OBJECT;
	return OC_BLOCK_COMPLETE;
}

/* One character of the object. True when the object is closed by it. */
static bool object_char(struct oc_block_scan *b, char c)
{
	if (b->in_string) {
		bool quote = c == '"' && !b->escaped;

		b->escaped = c == '\\' && !b->escaped;
		if (quote) b->in_string = false;
		return false;
	}
	if (c == '"') b->in_string = true;
	if (c == '{') b->depth++;
	return c == '}' && --b->depth == 0;
}

static enum oc_block_verdict scan_object(struct oc_block_scan *b, struct oc_str s)
{
	for (; b->at < s.n; b->at++) {
		if (b->at - b->object >= OC_MAX_TOOL_ARGS_BYTES) {
			b->phase = OC_BLOCK_JUNK;
			return OC_BLOCK_COMPLETE;
		}
		if (s.p[b->at] == '[' && !b->in_string) {
			struct oc_str rest = oc_str_from(s, b->at);

			if (may_become(rest, closer)) return OC_BLOCK_MORE;
			if (oc_str_starts(rest, closer)) {
				b->at += closer.n;
				return OC_BLOCK_MALFORMED;
			}
		}
		if (object_char(b, s.p[b->at])) {
			b->at++;
			b->object_n = b->at - b->object;
			b->phase = OC_BLOCK_TAIL;
			return OC_BLOCK_COMPLETE;
		}
	}
	return OC_BLOCK_MORE;
}

static enum oc_block_verdict scan_tail(struct oc_block_scan *b, struct oc_str s,
				       const struct oc_strv *tools)
{
	char own[MAX_NAME + 4];
	struct oc_str own_closer = { own, b->name_n + 3 };
	struct oc_str rest;

	while (b->at < s.n && oc_is_space(s.p[b->at])) b->at++;
	rest = oc_str_from(s, b->at);
	memcpy(own, "[/", 2);
	memcpy(own + 2, s.p + 1, b->name_n);
	own[b->name_n + 2] = ']';
	if (oc_str_starts(rest, closer)) {
		b->at += closer.n;
		return OC_BLOCK_COMPLETE;
	}
	if (!b->request && oc_str_starts(rest, own_closer)) {
		b->at += own_closer.n;
		return OC_BLOCK_COMPLETE;
	}
	if (may_become(rest, closer) || (!b->request && may_become(rest, own_closer)))
		return OC_BLOCK_MORE;
	if (!b->request && !registered(tools, named(b, s))) return OC_BLOCK_NO;
	b->phase = OC_BLOCK_JUNK;
	return OC_BLOCK_MORE;
}

static enum oc_block_verdict scan_junk(struct oc_block_scan *b, struct oc_str s)
{
	size_t end = oc_str_find(s, closer, b->at);

	if (end != SIZE_MAX) {
		b->at = end + closer.n;
		return OC_BLOCK_MALFORMED;
	}
	if (s.n >= closer.n && s.n - closer.n + 1 > b->at) b->at = s.n - closer.n + 1;
	return OC_BLOCK_MORE;
}

/* What is no JSON is hidden up to the end marker. Without one, or with another opening before it,
 * the text only speaks of the form. */
static enum oc_block_verdict scan_prose(struct oc_block_scan *b, struct oc_str s)
{
	size_t end = oc_str_find(s, closer, b->at), again = oc_str_find(s, opener, b->at);

	if (again < end) {
		b->at = 1;
		return OC_BLOCK_NO;
	}
	return scan_junk(b, s);
}

enum oc_block_verdict oc_block_scan(struct oc_block_scan *b, struct oc_str s,
				    const struct oc_strv *tools)
{
	enum oc_block_verdict v = OC_BLOCK_COMPLETE;

	if (b->phase == OC_BLOCK_HEAD) v = scan_head(b, s);
	if (b->phase == OC_BLOCK_OBJECT) v = scan_object(b, s);
	if (b->phase == OC_BLOCK_TAIL) v = scan_tail(b, s, tools);
	if (b->phase == OC_BLOCK_JUNK) v = scan_junk(b, s);
	if (b->phase == OC_BLOCK_PROSE) v = scan_prose(b, s);
	return v;
}

struct oc_str oc_text_tool_loose_name(struct oc_str json)
{
	size_t at = oc_str_find(json, OC_LIT("\"name\""), 0), end;

	if (at == SIZE_MAX) return OC_LIT("");
	json = oc_str_trim(oc_str_from(json, at + 6));
	if (!oc_str_starts(json, OC_LIT(":"))) return OC_LIT("");
	json = oc_str_trim(oc_str_from(json, 1));
	if (!oc_str_starts(json, OC_LIT("\""))) return OC_LIT("");
	for (end = 1; end < json.n && name_char(json.p[end]); end++) continue;
	if (end == json.n || json.p[end] != '"') return OC_LIT("");
	return (struct oc_str){ json.p + 1, end - 1 };
}

enum oc_block_verdict oc_block_end(struct oc_block_scan *b, struct oc_str s,
				   const struct oc_strv *tools)
{
	struct oc_str name = b->request ? OC_LIT("") : named(b, s);

	if (b->phase == OC_BLOCK_HEAD || b->phase == OC_BLOCK_PROSE) {
		b->at = 1;
		return OC_BLOCK_NO;
	}
	if (b->in_string) { /* a quote that is never closed must not swallow the end marker */
		size_t end = oc_str_find(s, closer, b->object);

		if (end != SIZE_MAX) {
			b->at = end + closer.n;
			return OC_BLOCK_MALFORMED;
		}
	}
	if (b->request) name = oc_text_tool_loose_name(oc_str_from(s, b->object));
	b->at = s.n;
	return registered(tools, name) ? OC_BLOCK_COMPLETE : OC_BLOCK_NO;
}

/* ---- what becomes a call ------------------------------------------------ */

static json_t *arguments_of(const struct oc_block_scan *b, json_t *payload)
{
	if (!b->request) return json_incref(payload);
	json_t *args = json_object_get(payload, "arguments");

	if (!args || json_is_null(args)) return json_object();
	return json_is_object(args) ? json_incref(args) : NULL;
}

static struct oc_text_block *new_block(struct oc_text_blocks *l)
{
	if (l->n == MAX_BLOCKS) {
		l->dropped = true;
		return NULL;
	}
	l->v = oc_realloc_array(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n] = (struct oc_text_block){ 0 };
	return &l->v[l->n++];
}

void oc_text_blocks_add(struct oc_text_blocks *l, const struct oc_block_scan *b, struct oc_str s,
			bool complete)
{
	struct oc_str json = { s.p + b->object, complete ? b->object_n : b->at - b->object };
	struct oc_str name = b->request ? oc_text_tool_loose_name(json) : named(b, s);
	struct oc_err e = { 0 };
	json_t *payload = complete ? oc_json_parse(json, NULL, &e) : NULL;

	struct oc_text_block *t = new_block(l);

	if (!t) {
		json_decref(payload);
		return;
	}
	t->request = b->request;
	if (b->request && json_is_object(payload)) name = oc_json_str(payload, "name");
	if (json_is_object(payload) && name.n > 0) t->args = arguments_of(b, payload);
	t->name = name.n ? oc_strndup(name.p, name.n) : oc_strdup("?");
	if (t->args) {
		oc_args_keep_big_integers(t->args);
		t->arguments = oc_json_compact(t->args);
	}
	json_decref(payload);
}

void oc_text_blocks_add_call(struct oc_text_blocks *l, const char *name, json_t *args,
			     struct oc_str raw)
{
	struct oc_text_block *t = new_block(l);

	if (!t) return;
	*t = (struct oc_text_block){ .native = true,
				     .name = oc_strdup(name),
				     .args = json_incref(args) };
	if (args) oc_args_keep_big_integers(args);
	t->arguments = args ? oc_json_compact(args) : oc_strndup(raw.p, raw.n);
}

void oc_text_blocks_clear(struct oc_text_blocks *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		json_decref(l->v[i].args);
		free(l->v[i].arguments);
	}
	free(l->v);
	*l = (struct oc_text_blocks){ 0 };
}

static bool resolves(const struct oc_text_block *t, const struct oc_strv *tools)
{
	return (t->args || t->native) && registered(tools, oc_str(t->name));
}

/* The named form counts only when the whole text is blocks that all resolve. */
static bool standalone(const struct oc_text_blocks *l, const struct oc_reply *r,
		       const struct oc_strv *tools)
{
	if (l->dropped || oc_str_trim(oc_buf_view(&r->text)).n > 0) return false;
	for (size_t i = 0; i < l->n; i++)
		if (!resolves(&l->v[i], tools)) return false;
	return l->n <= OC_MAX_TOOL_CALLS_PER_TURN;
}

static void promote(struct oc_reply *r, const struct oc_text_block *t)
{
	r->calls = oc_realloc_array(r->calls, r->n_calls + 1, sizeof *r->calls);
	struct oc_tool_call *c = &r->calls[r->n_calls++];

	*c = (struct oc_tool_call){ .valid = t->args != NULL };
	c->name = oc_strdup(t->name);
	c->args = json_incref(t->args);
	c->arguments = oc_strdup(t->arguments);
	oc_tool_call_fresh_id(r, r->n_calls - 1);
	oc_reply_warn(r, "text_tool_promoted");
	oc_reply_warn(r, "tool_id_generated");
	if (!t->args) oc_reply_warn(r, "tool_args_invalid");
}

bool oc_text_blocks_resolve(const struct oc_text_blocks *l, struct oc_reply *r,
			    const struct oc_strv *tools, bool allowed)
{
	bool alone = allowed && standalone(l, r, tools);
	size_t made = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct oc_text_block *t = &l->v[i];
		bool go = allowed && made < OC_MAX_TOOL_CALLS_PER_TURN && resolves(t, tools) &&
			  (t->request || t->native || alone);

		if (go) {
			promote(r, t);
			made++;
		} else {
			oc_reply_warnf(r, "text_tool_hidden:%s", t->name);
		}
	}
	return made > 0;
}
