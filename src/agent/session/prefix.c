/* The self-check of the prompt's prefix. */
#include "agent/session/prefix.h"

#include <stdlib.h>

#include "base/mem.h"

static const char unexplained[] = "unexplained";

/* ---- one request ---- */

static uint64_t add_hash(uint64_t h, const void *p, size_t n)
{
	const unsigned char *b = p;
	uint64_t word;

	/* Words, because every request is hashed whole; the shift lets their upper half count. */
	for (; n >= sizeof word; n -= sizeof word, b += sizeof word) {
		memcpy(&word, b, sizeof word);
		h = (h ^ word ^ word >> 32) * 1099511628211u;
		h ^= h >> 29;
	}
	for (size_t i = 0; i < n; i++) h = (h ^ b[i]) * 1099511628211u;
	return (h ^ 0xFF) * 1099511628211u; /* parts do not run together */
}

static void add_text(struct oc_prefix_part *part, struct oc_str s)
{
	part->hash = add_hash(part->hash, s.p, s.n);
	part->said = add_hash(part->said, s.p, s.n);
	part->bytes += s.n;
}

static struct oc_prefix_part new_part(enum oc_role role)
{
	return (struct oc_prefix_part){ .hash = 14695981039346656037u,
					.said = 14695981039346656037u,
					.role = role };
}

static struct oc_prefix_part part_of(const struct oc_message *m)
{
	struct oc_prefix_part part = new_part(m->role);
	char role = (char)m->role;

	add_text(&part, (struct oc_str){ &role, 1 });
	add_text(&part, oc_buf_view(&m->text));
	for (size_t i = 0; i < m->n_calls; i++) {
		add_text(&part, oc_str(m->calls[i].id));
		add_text(&part, oc_str(m->calls[i].name));
		add_text(&part, oc_str(m->calls[i].arguments));
	}
	for (size_t i = 0; i < m->n_images; i++) add_text(&part, oc_str(m->images[i].base64));
	add_text(&part, oc_str(m->tool_call_id));
	if (m->reasoning_field) {
		part.hash = add_hash(part.hash, m->reasoning.p, m->reasoning.n);
		part.bytes += m->reasoning.n;
	}
	return part;
}

void oc_prefix_of(struct oc_prefix *p, const struct oc_messages *m, const json_t *tools)
{
	char *text = tools ? oc_json_compact(tools) : NULL;

	p->n = m->n + 1;
	p->parts = oc_alloc(p->n * sizeof *p->parts);
	p->parts[0] = new_part(OC_ROLE_SYSTEM);
	add_text(&p->parts[0], oc_str(text));
	for (size_t i = 0; i < m->n; i++) p->parts[i + 1] = part_of(&m->v[i]);
	free(text);
}

void oc_prefix_deinit(struct oc_prefix *p)
{
	free(p->parts);
	*p = (struct oc_prefix){ 0 };
}

/* ---- two of them ---- */

static bool only_reasoning_went(const struct oc_prefix *before, const struct oc_prefix *now,
				size_t from)
{
	for (size_t i = from; i < before->n; i++)
		if (i >= now->n || before->parts[i].said != now->parts[i].said) return false;
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
