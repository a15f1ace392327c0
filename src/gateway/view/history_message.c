/* Stored messages as clients see them. */
#include "gateway/view/history_message.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

static json_t *bookkeeping(const struct oc_stored_message *m)
{
	json_t *o = json_object();

	oc_json_put(o, "id", json_string(m->id));
	oc_json_put(o, "seq", json_integer(m->seq));
	if (m->run) oc_json_put(o, "runId", json_string(m->run));
	oc_json_put(o, "recordTimestampMs", json_integer(m->created_ms));
	return o;
}

static json_t *with_bookkeeping(json_t *body, const struct oc_stored_message *m)
{
	if (m->idempotency_key && !json_object_get(body, "idempotencyKey"))
		oc_json_put(body, "idempotencyKey", json_string(m->idempotency_key));
	if (m->flags & OC_MSG_HIDDEN_FROM_MODEL)
		oc_json_put(body, "excludeFromContext", json_true());
	oc_json_put(body, "__openclaw", bookkeeping(m));
	return body;
}

/* How the model wrote the arguments is needed to say it again, and by nobody else. */
static json_t *without_raw_arguments(json_t *body)
{
	json_t *part;
	size_t i;

	json_array_foreach (json_object_get(body, "content"), i, part)
		json_object_del(part, "argumentsText");
	return body;
}

json_t *oc_history_message(const struct oc_stored_message *m)
{
	return with_bookkeeping(without_raw_arguments(json_deep_copy(m->body)), m);
}

/* ---- texts ---- */

/* Bytes of the first n characters. */
static size_t bytes_of(struct oc_str s, size_t n)
{
	size_t at = 0;
	uint32_t cp;

	if (s.n <= n) return s.n;
	for (size_t i = 0; i < n && at < s.n; i++) at += oc_utf8_next(oc_str_from(s, at), &cp);
	return at;
}

static const struct oc_str cut_mark = { "\n… (cut; chat.message.get has all of it)",
					sizeof "\n… (cut; chat.message.get has all of it)" - 1 };

static void cut_member(json_t *o, const char *key, size_t max_chars)
{
	struct oc_str s = oc_json_str(o, key);
	size_t keep = s.n ? bytes_of(s, max_chars) : 0;
	struct oc_buf b;

	if (keep == s.n) return;
	oc_buf_init(&b, keep + cut_mark.n);
	oc_buf_add(&b, oc_str_head(s, keep));
	oc_buf_add(&b, cut_mark);
	oc_json_put(o, key, oc_json_new_str(oc_buf_view(&b)));
	oc_buf_deinit(&b);
}

static void cut_texts(json_t *body, size_t max_chars)
{
	json_t *part;
	size_t i;

	cut_member(body, "content", max_chars);
	json_array_foreach (json_object_get(body, "content"), i, part) {
		cut_member(part, "text", max_chars);
		cut_member(part, "thinking", max_chars);
	}
}

static bool is_type(const json_t *part, const char *type)
{
	return oc_str_eq(oc_json_str(part, "type"), oc_str(type));
}

/* Text parts that stand before a tool call: NULL when there are none. calls gets the rest. */
static json_t *text_before_calls(const json_t *content, json_t **calls)
{
	json_t *texts = json_array(), *rest = json_array(), *part;
	bool has_text = false, has_call = false;
	size_t i;

	json_array_foreach (content, i, part) {
		bool call = is_type(part, "toolCall");
		has_call = has_call || call;
		has_text = has_text || (is_type(part, "text") && oc_json_str(part, "text").n);
		json_array_append(call ? rest : texts, part);
	}
	if (has_text && has_call) {
		*calls = rest;
		return texts;
	}
	json_decref(texts);
	json_decref(rest);
	return NULL;
}

void oc_history_append(json_t *list, const struct oc_stored_message *m, size_t max_chars)
{
	json_t *body = oc_history_message(m), *calls = NULL;
	json_t *texts = text_before_calls(json_object_get(body, "content"), &calls);

	if (texts) {
		json_t *first = json_deep_copy(body);
		oc_json_put(first, "content", texts);
		if (max_chars) cut_texts(first, max_chars);
		json_array_append_new(list, first);
		oc_json_put(body, "content", calls);
	}
	if (max_chars) cut_texts(body, max_chars);
	json_array_append_new(list, body);
}

/* White space of any length becomes one space. */
static char *flatten(struct oc_str s)
{
	struct oc_buf b;
	bool gap = false;

	oc_buf_init(&b, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (oc_is_space(s.p[i])) {
			gap = b.n > 0;
			continue;
		}
		if (gap) oc_buf_addc(&b, ' ');
		gap = false;
		oc_buf_addc(&b, s.p[i]);
	}
	return oc_buf_take(&b);
}

char *oc_history_text(const json_t *body, size_t max_chars, bool flat)
{
	const json_t *content = json_object_get(body, "content"), *part;
	struct oc_buf all;
	size_t i;

	oc_buf_init(&all, OC_MAX_REPLY_BYTES);
	oc_buf_add(&all, oc_json_text(content));
	json_array_foreach (content, i, part) {
		if (!is_type(part, "text")) continue;
		if (all.n) oc_buf_addc(&all, '\n');
		oc_buf_add(&all, oc_json_str(part, "text"));
	}
	char *text = flat ? flatten(oc_str_head(oc_buf_view(&all), max_chars * 8))
			  : oc_strndup(oc_buf_cstr(&all), all.n);
	size_t keep = bytes_of(oc_str(text), max_chars);
	if (text[keep]) {
		char *cut = oc_asprintf("%.*s…", (int)keep, text);
		free(text);
		text = cut;
	}
	oc_buf_deinit(&all);
	return text;
}

/* ---- the bound of a page ---- */

size_t oc_history_fit(json_t *list, size_t max_bytes)
{
	size_t n = json_array_size(list), from = n, bytes = 2;

	while (from > 0) {
		size_t size = json_dumpb(json_array_get(list, from - 1), NULL, 0, JSON_COMPACT) + 1;
		if (bytes + size > max_bytes && from < n) break;
		bytes += size;
		from--;
	}
	for (size_t i = 0; i < from; i++) json_array_remove(list, 0);
	return from;
}
