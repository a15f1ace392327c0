/*
 * Runs under way and their live texts. A text waits for its pace in a buffer: the first piece is
 * sent at once, later ones are merged to one event in OC_EVENT_PACE_MS.
 */
#include "gateway/events/run_live.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/view/text_blocks.h"

/* ---- runs ---- */

static void stream_deinit(struct oc_live_stream *s)
{
	oc_buf_deinit(&s->text);
}

static void restart(struct oc_live_stream *s)
{
	oc_buf_clear(&s->text);
	s->sent = 0;
}

static void forget_blocks(struct oc_live_run *r)
{
	oc_md_growing_free(r->blocks);
	r->blocks = NULL;
}

void oc_live_next_segment(struct oc_live_run *r, unsigned segment)
{
	restart(&r->text);
	restart(&r->thinking);
	forget_blocks(r);
	r->segment = segment;
	r->preamble_told = false;
}

void oc_live_call_free(struct oc_live_call *c)
{
	free(c->id);
	free(c->name);
	stream_deinit(&c->output);
	free(c);
}

static void run_free(struct oc_live_run *r)
{
	while (r->calls) {
		struct oc_live_call *next = r->calls->next;
		oc_live_call_free(r->calls);
		r->calls = next;
	}
	stream_deinit(&r->text);
	stream_deinit(&r->thinking);
	json_decref(r->row);
	forget_blocks(r);
	free(r->id);
	free(r->session_key);
	free(r->session_id);
	free(r->agent);
	free(r->origin);
	free(r);
}

static char *copy(const char *s)
{
	return s ? oc_strdup(s) : NULL;
}

static void run_learn(struct oc_live_run *r, const struct oc_run_info *info)
{
	if (!r->session_id) r->session_id = copy(info->session_id);
	if (!r->origin) r->origin = copy(info->origin);
}

struct oc_live_run *oc_live_run_of(struct oc_run_events *re, const struct oc_run_info *info,
				   bool make)
{
	struct oc_live_run *r;

	for (r = re->runs; r; r = r->next)
		if (!strcmp(r->id, info->run_id)) break;
	if (!r && !make) return NULL;
	if (!r) {
		r = oc_new(struct oc_live_run);
		r->id = oc_strdup(info->run_id);
		r->session_key = copy(info->session_key);
		r->agent = oc_strdup(info->agent ? info->agent : "main");
		oc_buf_init(&r->text.text, OC_MAX_REPLY_BYTES);
		oc_buf_init(&r->thinking.text, OC_MAX_REPLY_BYTES);
		r->next = re->runs;
		re->runs = r;
	}
	run_learn(r, info);
	return r;
}

void oc_live_run_forget(struct oc_run_events *re, struct oc_live_run *r)
{
	struct oc_live_run **at = &re->runs;

	while (*at != r) at = &(*at)->next;
	*at = r->next;
	run_free(r);
}

struct oc_run_names oc_live_names(const struct oc_live_run *r)
{
	return (struct oc_run_names){ r->id, r->session_key, r->session_id, r->agent };
}

/* ---- sending ---- */

static bool whole_text(const struct oc_run_events *re)
{
	return !re->spec.whole_text || re->spec.whole_text(re->spec.arg);
}

static void send_event(struct oc_run_events *re, const struct oc_live_run *r, const char *event,
		       json_t *payload, json_t *lean, json_t *rendered, bool urgent)
{
	struct oc_event e = { .name = event,
			      .payload = payload ? payload : lean,
			      .lean = lean,
			      .rendered = rendered,
			      .scope = OC_SCOPE_READ,
			      .session_key = r->session_key,
			      .to = OC_TO_ALL,
			      .urgent = urgent };

	oc_run_post(re, &e);
	json_decref(payload);
	json_decref(lean);
	json_decref(rendered);
}

bool oc_live_wants_blocks(const struct oc_run_events *re)
{
	return re->spec.blocks && re->spec.blocks(re->spec.arg);
}

static json_t *item_id(const struct oc_live_run *r)
{
	return json_sprintf("%s:%u", r->id, r->segment + 1);
}

static json_t *changed_blocks(struct oc_live_run *r, struct oc_str text, bool final)
{
	if (!r->blocks) r->blocks = oc_md_growing_new();
	json_t *o = oc_changed_blocks(r->blocks, text, final);

	oc_json_put(o, "itemId", item_id(r));
	return o;
}

json_t *oc_live_rendered(struct oc_run_events *re, struct oc_live_run *r)
{
	if (!oc_live_wants_blocks(re)) return NULL;
	return changed_blocks(r, oc_buf_view(&r->text.text), false);
}

json_t *oc_live_rendered_end(struct oc_run_events *re, struct oc_live_run *r, struct oc_str answer)
{
	if (!oc_live_wants_blocks(re) || !answer.n) return NULL;
	/* What was told as it came may be less than the answer, which may have been mended. */
	if (!oc_str_eq(answer, oc_buf_view(&r->text.text))) forget_blocks(r);
	return changed_blocks(r, answer, true);
}

void oc_live_send(struct oc_run_events *re, const struct oc_live_run *r, const char *event,
		  json_t *payload, json_t *lean, json_t *rendered)
{
	send_event(re, r, event, payload, lean, rendered, false);
}

void oc_live_send_agent(struct oc_run_events *re, struct oc_live_run *r, const char *stream,
			json_t *data)
{
	struct oc_run_names n = oc_live_names(r);

	oc_live_send(re, r, "agent", oc_agent_payload(&n, ++r->seq, stream, data), NULL, NULL);
}

void oc_live_send_tool(struct oc_run_events *re, struct oc_live_run *r, json_t *data)
{
	struct oc_run_names n = oc_live_names(r);
	json_t *payload = oc_agent_payload(&n, ++r->seq, "tool", data);
	struct oc_event e = { .name = "agent",
			      .payload = payload,
			      .scope = OC_SCOPE_READ,
			      .session_key = r->session_key,
			      .to = OC_TO_TOOLS,
			      .origin = r->origin };

	oc_run_post(re, &e);
	e.name = "session.tool";
	e.to = OC_TO_SESSIONS;
	e.droppable = true;
	oc_run_post(re, &e);
	json_decref(payload);
}

/* ---- live text ---- */

static json_t *text_data(const struct oc_live_run *r, const struct oc_live_stream *s, bool whole,
			 bool item)
{
	json_t *data = json_object();

	if (whole) oc_json_put(data, "text", oc_json_new_str(oc_buf_view(&s->text)));
	oc_json_put(data, "delta", oc_json_new_str(oc_str_from(oc_buf_view(&s->text), s->sent)));
	if (item) oc_json_put(data, "itemId", item_id(r));
	return data;
}

static json_t *delta_payload(const struct oc_live_run *r, int64_t seq, bool whole)
{
	struct oc_run_names n = oc_live_names(r);
	json_t *payload = oc_chat_payload(&n, seq, "delta");
	struct oc_str all = oc_buf_view(&r->text.text);

	oc_json_put(payload, "deltaText", oc_json_new_str(oc_str_from(all, r->text.sent)));
	if (whole) oc_json_put(payload, "message", oc_chat_text_message(all));
	return payload;
}

static void flush_thinking(struct oc_run_events *re, struct oc_live_run *r, bool whole)
{
	struct oc_run_names n = oc_live_names(r);
	struct oc_live_stream *s = &r->thinking;

	if (s->sent == s->text.n) return;
	r->seq++;
	send_event(re, r, "agent",
		   whole ? oc_agent_payload(&n, r->seq, "thinking", text_data(r, s, true, false))
			 : NULL,
		   oc_agent_payload(&n, r->seq, "thinking", text_data(r, s, false, false)), NULL,
		   !s->at_ms);
	s->sent = s->text.n;
	s->at_ms = oc_now_ms();
}

static void flush_text(struct oc_run_events *re, struct oc_live_run *r, bool whole)
{
	struct oc_run_names n = oc_live_names(r);
	struct oc_live_stream *s = &r->text;

	if (s->sent == s->text.n) return;
	r->seq++;
	oc_live_send(re, r, "agent",
		     whole ? oc_agent_payload(&n, r->seq, "assistant", text_data(r, s, true, true))
			   : NULL,
		     oc_agent_payload(&n, r->seq, "assistant", text_data(r, s, false, true)), NULL);
	send_event(re, r, "chat", whole ? delta_payload(r, r->seq, true) : NULL,
		   delta_payload(r, r->seq, false), oc_live_rendered(re, r), !s->at_ms);
	s->sent = s->text.n;
	s->at_ms = oc_now_ms();
}

static void flush_output(struct oc_run_events *re, struct oc_live_run *r, struct oc_live_call *c)
{
	struct oc_live_stream *s = &c->output;

	if (s->sent == s->text.n) return;
	struct oc_str all = oc_buf_view(&s->text);
	oc_live_send_tool(re, r, oc_tool_update_data(c->name, c->id, all));
	oc_live_send_agent(re, r, "command_output",
			   oc_command_output_data(c->name, c->id, oc_str_from(all, s->sent)));
	s->sent = s->text.n;
	s->at_ms = oc_now_ms();
}

void oc_live_flush(struct oc_run_events *re, struct oc_live_run *r)
{
	bool whole = whole_text(re);

	flush_thinking(re, r, whole);
	flush_text(re, r, whole);
	for (struct oc_live_call *c = r->calls; c; c = c->next) flush_output(re, r, c);
}

void oc_live_flush_thinking(struct oc_run_events *re, struct oc_live_run *r)
{
	flush_thinking(re, r, whole_text(re));
}

/* ---- for who comes late ---- */

static struct oc_str told(const struct oc_live_stream *s)
{
	return oc_str_head(oc_buf_view(&s->text), s->sent);
}

json_t *oc_run_events_in_flight(const struct oc_run_events *re, const char *session_key,
				bool rendered)
{
	const struct oc_live_run *r = re ? re->runs : NULL;

	while (r && (!r->started || !r->session_key || strcmp(r->session_key, session_key) != 0))
		r = r->next;
	if (!r) return NULL;
	json_t *o = text_data(r, &r->text, false, true), *calls = json_array();
	oc_json_put(o, "runId", json_string(r->id));
	oc_json_put(o, "seq", json_integer(r->seq));
	json_object_del(o, "delta");
	oc_json_put(o, "text", oc_json_new_str(told(&r->text)));
	oc_json_put(o, "thinking", oc_json_new_str(told(&r->thinking)));
	for (const struct oc_live_call *c = r->calls; c; c = c->next)
		json_array_append_new(calls, json_pack("{s:s,s:s,s:o}", "toolCallId", c->id, "name",
						       c->name, "output",
						       oc_json_new_str(told(&c->output))));
	oc_json_put(o, "calls", calls);
	if (rendered) {
		json_t *blocks = oc_text_blocks(told(&r->text));
		json_object_update(o, blocks);
		json_decref(blocks);
	}
	return o;
}

/* ---- pacing ---- */

/* When this stream may speak again; UINT64_MAX = it has nothing to say. */
static uint64_t due(const struct oc_live_stream *s)
{
	if (s->sent == s->text.n) return UINT64_MAX;
	return s->at_ms ? s->at_ms + OC_EVENT_PACE_MS : 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Sends what is due; returns when the next is. */
static uint64_t speak(struct oc_run_events *re)
{
	uint64_t next = UINT64_MAX, now = oc_now_ms();
	bool whole = whole_text(re);

	for (struct oc_live_run *r = re->runs; r; r = r->next) {
		if (due(&r->thinking) <= now) flush_thinking(re, r, whole);
		if (due(&r->text) <= now) flush_text(re, r, whole);
		next = earlier(next, earlier(due(&r->thinking), due(&r->text)));
		for (struct oc_live_call *c = r->calls; c; c = c->next) {
			if (due(&c->output) <= now) flush_output(re, r, c);
			next = earlier(next, due(&c->output));
		}
	}
	return next;
}

static void pace(void *arg)
{
	struct oc_run_events *re = arg;
	uint64_t next;

	while ((next = speak(re)) != UINT64_MAX) {
		uint64_t now = oc_now_ms();
		if (oc_sleep_wait(next > now ? next - now : 1)) break;
	}
	re->pacing = false;
}

void oc_live_speak(struct oc_run_events *re, const struct oc_live_stream *s)
{
	if (due(s) <= oc_now_ms()) speak(re);
	if (due(s) == UINT64_MAX || re->pacing || oc_scope_cancelled(re->scope)) return;
	re->pacing = true;
	oc_scope_spawn(re->scope, pace, re);
}
