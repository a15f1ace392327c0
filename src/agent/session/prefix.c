/* The self-check of the prompt's prefix. */
#include "agent/session/prefix.h"

#include <stdlib.h>

#include "base/mem.h"

static const char unexplained[] = "unexplained";

/* ---- one request ---- */

static uint64_t hash_of(struct oc_str s)
{
	const char *b = s.p;
	size_t n = s.n;
	uint64_t h = 14695981039346656037u, word;

	/* Words, because every request is hashed whole; the shift lets their upper half count. */
	for (; n >= sizeof word; n -= sizeof word, b += sizeof word) {
		memcpy(&word, b, sizeof word);
		h = (h ^ word ^ word >> 32) * 1099511628211u;
		h ^= h >> 29;
	}
	for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)b[i]) * 1099511628211u;
	return h;
}

static uint64_t hash_of_json(const json_t *v, size_t *bytes)
{
	char *text = v ? oc_json_compact(v) : NULL;
	uint64_t h = hash_of(oc_str(text));

	if (bytes) *bytes = text ? strlen(text) : 0;
	free(text);
	return h;
}

static bool is_thought(const json_t *block)
{
	static const char *const types[] = { "thinking", "redacted_thinking", "reasoning" };
	const char *type = oc_json_cstr(block, "type");

	for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
		if (!strcmp(type, types[i])) return true;
	return false;
}

/* What is left of a message when it is replayed without what the model thought. */
static json_t *without_thoughts(const json_t *message)
{
	static const char *const members[] = { "reasoning_content", "reasoning", "thinking" };
	json_t *copy = json_copy((json_t *)(uintptr_t)message), *blocks, *kept;
	json_t *content = json_object_get(message, "content");

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		json_object_del(copy, members[i]);
	if (!json_is_array(content)) return copy;
	blocks = content;
	kept = json_array();
	for (size_t i = 0; i < json_array_size(blocks); i++)
		if (!is_thought(json_array_get(blocks, i)))
			json_array_append(kept, json_array_get(blocks, i));
	json_object_set_new(copy, "content", kept);
	return copy;
}

/* Results of tools are messages of the user in some APIs. */
static bool holds_result(const json_t *message)
{
	const json_t *first = json_array_get(json_object_get(message, "content"), 0);

	return oc_str_eq(oc_json_str(message, "role"), OC_LIT("tool")) ||
	       oc_str_eq(oc_json_str(message, "type"), OC_LIT("function_call_output")) ||
	       oc_str_eq(oc_json_str(first, "type"), OC_LIT("tool_result"));
}

static enum oc_role role_of(const json_t *message)
{
	struct oc_str role = oc_json_str(message, "role");

	if (holds_result(message)) return OC_ROLE_TOOL;
	if (oc_str_eq(role, OC_LIT("user"))) return OC_ROLE_USER;
	return oc_str_eq(role, OC_LIT("assistant")) ? OC_ROLE_ASSISTANT : OC_ROLE_SYSTEM;
}

static struct oc_prefix_part part_of(const json_t *message)
{
	struct oc_prefix_part part = { .role = role_of(message), .thought = is_thought(message) };
	json_t *said = without_thoughts(message);

	part.hash = hash_of_json(message, &part.bytes);
	part.said = hash_of_json(said, NULL);
	json_decref(said);
	return part;
}

/* What templates print before the conversation. */
static struct oc_prefix_part opening_of(const json_t *v)
{
	struct oc_prefix_part part = { .role = OC_ROLE_SYSTEM };

	part.hash = part.said = hash_of_json(v, &part.bytes);
	return part;
}

void oc_prefix_of(struct oc_prefix *p, const json_t *body)
{
	static const char *const openings[] = { "tools", "system", "instructions" };
	enum { N_OPENINGS = sizeof openings / sizeof *openings };
	const json_t *said = json_object_get(body, "messages");
	size_t n;

	if (!said) said = json_object_get(body, "input");
	n = json_is_array(said) ? json_array_size(said) : 0;
	p->n = N_OPENINGS + n;
	p->parts = oc_alloc(p->n * sizeof *p->parts);
	for (size_t i = 0; i < N_OPENINGS; i++)
		p->parts[i] = opening_of(json_object_get(body, openings[i]));
	for (size_t i = 0; i < n; i++) p->parts[N_OPENINGS + i] = part_of(json_array_get(said, i));
}

void oc_prefix_deinit(struct oc_prefix *p)
{
	free(p->parts);
	*p = (struct oc_prefix){ 0 };
}

/* ---- two of them ---- */

/* Position of the next part that is more than thought. */
static size_t next_said(const struct oc_prefix *p, size_t i)
{
	while (i < p->n && p->parts[i].thought) i++;
	return i;
}

static bool only_reasoning_went(const struct oc_prefix *before, const struct oc_prefix *now,
				size_t from)
{
	size_t i = next_said(before, from), k = next_said(now, from);

	for (; i < before->n; i = next_said(before, i + 1), k = next_said(now, k + 1))
		if (k >= now->n || before->parts[i].said != now->parts[k].said) return false;
	return true;
}

static const char *why(const struct oc_prefix *before, const struct oc_prefix *now, size_t at)
{
	if (at == 0 && (!before->parts[0].bytes || !now->parts[0].bytes)) return "tools";
	if (only_reasoning_went(before, now, at)) return "reasoning";
	if (before->parts[at].role == OC_ROLE_TOOL) return "trimmed";
	if (before->parts[at].role == OC_ROLE_USER && at + 1 == before->n) return "instruction";
	return NULL;
}

struct oc_prefix_result oc_prefix_compare(const struct oc_prefix *before,
					  const struct oc_prefix *now)
{
	struct oc_prefix_result r = { 0 };
	size_t same = 0;

	for (size_t i = 0; i < before->n; i++) r.before += before->parts[i].bytes;
	while (same < before->n && same < now->n &&
	       before->parts[same].hash == now->parts[same].hash)
		r.shared += before->parts[same++].bytes;
	if (same < before->n) r.reason = why(before, now, same);
	return r;
}

/* ---- the log ---- */

static struct oc_prefix_last *last_of(struct oc_prefix_log *l, const char *session_id)
{
	struct oc_prefix_last *oldest = &l->last[0];

	for (size_t i = 0; i < OC_PREFIX_SESSIONS; i++) {
		struct oc_prefix_last *at = &l->last[i];

		if (at->session_id && !strcmp(at->session_id, session_id)) return at;
		if (at->used < oldest->used) oldest = at;
	}
	free(oldest->session_id);
	oc_prefix_deinit(&oldest->prefix);
	*oldest = (struct oc_prefix_last){ .session_id = oc_strdup(session_id) };
	return oldest;
}

static bool is_whole(const struct oc_prefix_result *r)
{
	return r->shared == r->before;
}

const struct oc_prefix_check *oc_prefix_note(struct oc_prefix_log *l, const char *session_key,
					     const char *session_id, int64_t epoch,
					     const char *epoch_reason, struct oc_prefix *now,
					     int64_t wall_ms)
{
	struct oc_prefix_last *last = last_of(l, session_id);
	struct oc_prefix_result r = oc_prefix_compare(&last->prefix, now);
	struct oc_prefix_check *check = NULL;

	if (last->prefix.n) {
		check = &l->checks[l->n_checks++ % OC_PREFIXES_KEPT];
		free(check->session_key);
		*check = (struct oc_prefix_check){ .session_key = oc_strdup(session_key),
						   .at_ms = wall_ms,
						   .shared = (int64_t)r.shared,
						   .before = (int64_t)r.before,
						   .reason = r.reason };
		if (!is_whole(&r) && last->epoch != epoch) check->reason = epoch_reason;
		if (!is_whole(&r) && !check->reason) check->reason = unexplained;
	}
	oc_prefix_deinit(&last->prefix);
	last->prefix = *now;
	*now = (struct oc_prefix){ 0 };
	last->epoch = epoch;
	last->used = ++l->uses;
	return check;
}

json_t *oc_prefix_log_json(const struct oc_prefix_log *l, const char *session_key)
{
	size_t kept = l->n_checks < OC_PREFIXES_KEPT ? l->n_checks : OC_PREFIXES_KEPT;
	json_t *list = json_array();

	for (size_t i = 1; i <= kept; i++) {
		const struct oc_prefix_check *c = &l->checks[(l->n_checks - i) % OC_PREFIXES_KEPT];
		json_t *row;

		if (session_key && strcmp(session_key, c->session_key) != 0) continue;
		row = json_pack("{s:I,s:s,s:I,s:I,s:I}", "at", (json_int_t)c->at_ms, "sessionKey",
				c->session_key, "sharedBytes", (json_int_t)c->shared,
				"previousBytes", (json_int_t)c->before, "percent",
				(json_int_t)(c->before ? c->shared * 100 / c->before : 100));
		if (c->reason) oc_json_put(row, "reason", json_string(c->reason));
		json_array_append_new(list, row);
	}
	return list;
}

void oc_prefix_log_deinit(struct oc_prefix_log *l)
{
	for (size_t i = 0; i < OC_PREFIXES_KEPT; i++) free(l->checks[i].session_key);
	for (size_t i = 0; i < OC_PREFIX_SESSIONS; i++) {
		free(l->last[i].session_id);
		oc_prefix_deinit(&l->last[i].prefix);
	}
}
