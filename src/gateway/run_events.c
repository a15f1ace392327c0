/*
 * What happens to runs, as events of the protocol. The watcher may not park, so rows of sessions
 * are read in a task; what follows in the same session waits for that, so that the order stays.
 * Live texts wait for their pace in buffers; whatever must not overtake them flushes first.
 */
#include "gateway/run_events.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/history_message.h"
#include "gateway/run_payload.h"

/* Text that grows: what of it was sent, and when. */
struct stream {
	struct oc_buf text; /* of this segment, whole */
	size_t sent;
	uint64_t at_ms; /* of the last event; 0 = none yet */
};
struct live_call {
	struct live_call *next;
	char *id, *name;
	struct stream output;
};
struct run {
	struct run *next;
	char *id, *session_key, *session_id, *agent, *origin;
	int64_t seq; /* last one used; chat and agent share it */
	bool started;
	unsigned segment;
	bool preamble_told; /* of this segment */
	struct stream text, thinking;
	struct live_call *calls;
	json_t *row; /* of its session as it was read last; NULL */
};
/* What has to wait: the change of a session until its row was read, and what came after it. */
struct waiting {
	struct waiting *next;
	char *session_key;
	char *reason, *agent;  /* a change */
	struct oc_event event; /* else; owns payload, lean and origin */
};
struct oc_run_events {
	struct oc_run_events_spec spec;
	struct oc_scope *scope;
	struct run *runs;
	struct waiting *first, **last;
	bool pacing, telling; /* the tasks are there */
	bool reading; /* the row of the first that waits: what changes now comes too late for it */
};

/* ---- runs ---- */

static void stream_deinit(struct stream *s)
{
	oc_buf_deinit(&s->text);
}

static void stream_restart(struct stream *s)
{
	oc_buf_clear(&s->text);
	s->sent = 0;
}

static void call_free(struct live_call *c)
{
	free(c->id);
	free(c->name);
	stream_deinit(&c->output);
	free(c);
}

static void run_free(struct run *r)
{
	while (r->calls) {
		struct live_call *next = r->calls->next;
		call_free(r->calls);
		r->calls = next;
	}
	stream_deinit(&r->text);
	stream_deinit(&r->thinking);
	json_decref(r->row);
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

static void run_learn(struct run *r, const struct oc_run_info *info)
{
	if (!r->session_id) r->session_id = copy(info->session_id);
	if (!r->origin) r->origin = copy(info->origin);
}

/* make: unless it is there. */
static struct run *run_of(struct oc_run_events *re, const struct oc_run_info *info, bool make)
{
	struct run *r;

	for (r = re->runs; r; r = r->next)
		if (!strcmp(r->id, info->run_id)) break;
	if (!r && !make) return NULL;
	if (!r) {
		r = oc_new(struct run);
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

static void forget_run(struct oc_run_events *re, struct run *r)
{
	struct run **at = &re->runs;

	while (*at != r) at = &(*at)->next;
	*at = r->next;
	run_free(r);
}

static struct oc_run_names names_of(const struct run *r)
{
	return (struct oc_run_names){ r->id, r->session_key, r->session_id, r->agent };
}

/* ---- what waits ---- */

static void enqueue(struct oc_run_events *re, struct waiting *w)
{
	*re->last = w;
	re->last = &w->next;
}

static void waiting_free(struct waiting *w)
{
	json_decref((json_t *)(uintptr_t)w->event.payload);
	json_decref((json_t *)(uintptr_t)w->event.lean);
	free((char *)(uintptr_t)w->event.origin);
	free(w->session_key);
	free(w->reason);
	free(w->agent);
	free(w);
}

static void drop_first(struct oc_run_events *re)
{
	struct waiting *w = re->first;

	re->first = w->next;
	if (!re->first) re->last = &re->first;
	waiting_free(w);
}

static bool has_waiting(const struct oc_run_events *re, const char *session_key)
{
	for (const struct waiting *w = re->first; w; w = w->next)
		if (!strcmp(w->session_key, session_key)) return true;
	return false;
}

/* ---- sending ---- */

/* Now, or in its turn when something of this session waits. */
static void post(struct oc_run_events *re, const struct oc_event *e)
{
	struct waiting *w;

	if (!has_waiting(re, e->session_key)) {
		re->spec.send(re->spec.arg, e);
		return;
	}
	w = oc_new(struct waiting);
	w->session_key = oc_strdup(e->session_key);
	w->event = *e;
	w->event.session_key = w->session_key;
	w->event.origin = copy(e->origin);
	json_incref((json_t *)(uintptr_t)e->payload);
	json_incref((json_t *)(uintptr_t)e->lean);
	enqueue(re, w);
}

static bool whole_text(const struct oc_run_events *re)
{
	return !re->spec.whole_text || re->spec.whole_text(re->spec.arg);
}

/* Payloads are stolen; lean may be NULL. */
static void send_live(struct oc_run_events *re, const struct run *r, const char *event,
		      json_t *payload, json_t *lean)
{
	struct oc_event e = { .name = event,
			      .payload = payload ? payload : lean,
			      .lean = lean,
			      .scope = OC_SCOPE_READ,
			      .session_key = r->session_key,
			      .to = OC_TO_ALL };

	post(re, &e);
	json_decref(payload);
	json_decref(lean);
}

static void send_agent(struct oc_run_events *re, struct run *r, const char *stream, json_t *data)
{
	struct oc_run_names n = names_of(r);

	send_live(re, r, "agent", oc_agent_payload(&n, ++r->seq, stream, data), NULL);
}

static void send_status(struct oc_run_events *re, struct run *r, const char *phase)
{
	struct oc_run_names n = names_of(r);
	json_t *payload = oc_chat_payload(&n, ++r->seq, "status");

	oc_json_put(payload, "phase", json_string(phase));
	send_live(re, r, "chat", payload, NULL);
}

/* To who started the run, and under another name to who watches all sessions. */
static void send_tool(struct oc_run_events *re, struct run *r, json_t *data)
{
	struct oc_run_names n = names_of(r);
	json_t *payload = oc_agent_payload(&n, ++r->seq, "tool", data);
	struct oc_event e = { .name = "agent",
			      .payload = payload,
			      .scope = OC_SCOPE_READ,
			      .session_key = r->session_key,
			      .to = OC_TO_TOOLS,
			      .origin = r->origin };

	post(re, &e);
	e.name = "session.tool";
	e.to = OC_TO_SESSIONS;
	e.droppable = true;
	post(re, &e);
	json_decref(payload);
}

/* ---- live text ---- */

static json_t *text_data(const struct run *r, const struct stream *s, bool whole, bool item)
{
	json_t *data = json_object();

	if (whole) oc_json_put(data, "text", oc_json_new_str(oc_buf_view(&s->text)));
	oc_json_put(data, "delta", oc_json_new_str(oc_str_from(oc_buf_view(&s->text), s->sent)));
	if (item) oc_json_put(data, "itemId", json_sprintf("%s:%u", r->id, r->segment + 1));
	return data;
}

static json_t *delta_payload(const struct run *r, int64_t seq, bool whole)
{
	struct oc_run_names n = names_of(r);
	json_t *payload = oc_chat_payload(&n, seq, "delta");
	struct oc_str all = oc_buf_view(&r->text.text);

	oc_json_put(payload, "deltaText", oc_json_new_str(oc_str_from(all, r->text.sent)));
	if (whole) oc_json_put(payload, "message", oc_chat_text_message(all));
	return payload;
}

static void flush_thinking(struct oc_run_events *re, struct run *r, bool whole)
{
	struct oc_run_names n = names_of(r);
	struct stream *s = &r->thinking;

	if (s->sent == s->text.n) return;
	r->seq++;
	send_live(re, r, "agent",
		  whole ? oc_agent_payload(&n, r->seq, "thinking", text_data(r, s, true, false))
			: NULL,
		  oc_agent_payload(&n, r->seq, "thinking", text_data(r, s, false, false)));
	s->sent = s->text.n;
	s->at_ms = oc_now_ms();
}

static void flush_text(struct oc_run_events *re, struct run *r, bool whole)
{
	struct oc_run_names n = names_of(r);
	struct stream *s = &r->text;

	if (s->sent == s->text.n) return;
	r->seq++;
	send_live(re, r, "agent",
		  whole ? oc_agent_payload(&n, r->seq, "assistant", text_data(r, s, true, true))
			: NULL,
		  oc_agent_payload(&n, r->seq, "assistant", text_data(r, s, false, true)));
	send_live(re, r, "chat", whole ? delta_payload(r, r->seq, true) : NULL,
		  delta_payload(r, r->seq, false));
	s->sent = s->text.n;
	s->at_ms = oc_now_ms();
}

static void flush_output(struct oc_run_events *re, struct run *r, struct live_call *c)
{
	struct stream *s = &c->output;

	if (s->sent == s->text.n) return;
	struct oc_str all = oc_buf_view(&s->text);
	send_tool(re, r, oc_tool_update_data(c->name, c->id, all));
	send_agent(re, r, "command_output",
		   oc_command_output_data(c->name, c->id, oc_str_from(all, s->sent)));
	s->sent = s->text.n;
	s->at_ms = oc_now_ms();
}

static void flush(struct oc_run_events *re, struct run *r)
{
	bool whole = whole_text(re);

	flush_thinking(re, r, whole);
	flush_text(re, r, whole);
	for (struct live_call *c = r->calls; c; c = c->next) flush_output(re, r, c);
}

/* ---- pacing ---- */

/* When this stream may speak again; UINT64_MAX = it has nothing to say. */
static uint64_t due(const struct stream *s)
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

	for (struct run *r = re->runs; r; r = r->next) {
		if (due(&r->thinking) <= now) flush_thinking(re, r, whole);
		if (due(&r->text) <= now) flush_text(re, r, whole);
		next = earlier(next, earlier(due(&r->thinking), due(&r->text)));
		for (struct live_call *c = r->calls; c; c = c->next) {
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

/* Now, if this stream may speak; else the task does when it may. */
static void speak_or_wait(struct oc_run_events *re, const struct stream *s)
{
	if (due(s) <= oc_now_ms()) speak(re);
	if (due(s) == UINT64_MAX || re->pacing || oc_scope_cancelled(re->scope)) return;
	re->pacing = true;
	oc_scope_spawn(re->scope, pace, re);
}

/* ---- rows of sessions ---- */

/* Runs of this session carry the row with their messages, those that wait as well. */
static void remember_row(struct oc_run_events *re, const char *session_key, json_t *row)
{
	for (struct run *r = re->runs; r; r = r->next) {
		if (!r->session_key || strcmp(r->session_key, session_key) != 0) continue;
		json_decref(r->row);
		r->row = json_incref(row);
	}
	for (struct waiting *w = re->first; w; w = w->next) {
		json_t *payload = (json_t *)(uintptr_t)w->event.payload;
		if (w->reason || strcmp(w->session_key, session_key) != 0) continue;
		if (!strcmp(w->event.name, "session.message") &&
		    !json_object_get(payload, "session"))
			json_object_set(payload, "session", row);
	}
}

/* The ends that clients know by other names. */
static void put_reason(json_t *payload, const char *reason)
{
	bool settled = !strcmp(reason, "end");

	oc_json_put(payload, "reason", json_string(settled ? "agent.input.settled" : reason));
	if (settled) oc_json_put(payload, "phase", json_string("end"));
}

static void tell_change(struct oc_run_events *re, const struct waiting *w, json_t *row)
{
	json_t *payload = json_pack("{s:s}", "sessionKey", w->session_key);
	struct oc_event e = { .name = "sessions.changed",
			      .payload = payload,
			      .scope = OC_SCOPE_READ,
			      .session_key = w->session_key,
			      .to = OC_TO_SESSIONS,
			      .droppable = true };

	if (w->agent) oc_json_put(payload, "agentId", json_string(w->agent));
	put_reason(payload, w->reason);
	oc_json_put(payload, "ts", json_integer(oc_wall_ms()));
	oc_json_put(payload, "session", json_incref(row));
	re->spec.send(re->spec.arg, &e);
	json_decref(payload);
}

/* The first one stays in the queue while its row is read: it holds back what comes after it. */
static void tell_waiting(void *arg)
{
	struct oc_run_events *re = arg;

	while (re->first && !oc_scope_cancelled(re->scope)) {
		struct waiting *w = re->first;
		re->reading = w->reason && re->spec.row_wait;
		json_t *row = re->reading ? re->spec.row_wait(re->spec.arg, w->session_key) : NULL;
		re->reading = false;
		if (row) remember_row(re, w->session_key, row);
		if (w->reason)
			tell_change(re, w, row);
		else
			re->spec.send(re->spec.arg, &w->event);
		json_decref(row);
		drop_first(re);
	}
	re->telling = false;
}

/* Twice the same before the first was told is told once. */
static bool is_waiting(const struct oc_run_events *re, const char *session_key, const char *reason)
{
	for (const struct waiting *w = re->reading ? re->first->next : re->first; w; w = w->next)
		if (w->reason && !strcmp(w->session_key, session_key) && !strcmp(w->reason, reason))
			return true;
	return false;
}

static void session_changed(struct oc_run_events *re, const struct oc_run_event *e)
{
	const char *reason = e->reason ? e->reason : "update";

	if (oc_scope_cancelled(re->scope) || !e->session_key ||
	    is_waiting(re, e->session_key, reason))
		return;
	struct waiting *w = oc_new(struct waiting);
	w->session_key = oc_strdup(e->session_key);
	w->reason = oc_strdup(reason);
	w->agent = copy(e->run ? e->run->agent : NULL);
	enqueue(re, w);
	if (re->telling) return;
	re->telling = true;
	oc_scope_spawn(re->scope, tell_waiting, re);
}

/* ---- what happens ---- */

static void on_started(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	r->started = true;
	send_status(re, r, "preparing_workspace");
	send_status(re, r, "preparing_context");
	send_agent(
	    re, r, "lifecycle",
	    json_pack("{s:s,s:I}", "phase", "start", "startedAt", (json_int_t)e->run->started_ms));
}

static void on_model(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	json_t *data = json_pack("{s:s}", "phase", "model");

	send_status(re, r, "starting_model");
	if (e->run->provider) oc_json_put(data, "provider", json_string(e->run->provider));
	if (e->run->model) oc_json_put(data, "model", oc_json_new_str(oc_str(e->run->model)));
	send_agent(re, r, "lifecycle", data);
}

static void on_progress(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	if (e->progress) send_agent(re, r, "progress", oc_progress_data(e->progress));
}

static void on_thinking(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	oc_buf_add(&r->thinking.text, e->delta);
	speak_or_wait(re, &r->thinking);
}

static void on_text(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	if (e->segment != r->segment) {
		flush(re, r);
		stream_restart(&r->text);
		stream_restart(&r->thinking);
		r->segment = e->segment;
		r->preamble_told = false;
	}
	flush_thinking(re, r, whole_text(re)); /* thoughts come before what they led to */
	oc_buf_add(&r->text.text, e->delta);
	speak_or_wait(re, &r->text);
}

/* Text that stands before tool calls is a comment on them. */
static void tell_preamble(struct oc_run_events *re, struct run *r)
{
	if (!r->text.text.n || r->preamble_told) return;
	r->preamble_told = true;
	send_agent(re, r, "item",
		   json_pack("{s:s,s:s,s:o,s:o}", "kind", "preamble", "phase", "update",
			     "progressText", oc_json_new_str(oc_buf_view(&r->text.text)), "itemId",
			     json_sprintf("commentary-%u-%s", r->segment, r->id)));
}

static struct live_call *live_call(struct run *r, const char *id)
{
	for (struct live_call *c = r->calls; c; c = c->next)
		if (!strcmp(c->id, id)) return c;
	return NULL;
}

static void on_tool_start(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	struct live_call *c = oc_new(struct live_call);

	flush(re, r);
	tell_preamble(re, r);
	c->id = oc_strdup(e->call->id ? e->call->id : "");
	c->name = oc_strdup(e->call->name ? e->call->name : "");
	oc_buf_init(&c->output.text, OC_MAX_EXEC_OUTPUT_BYTES);
	c->next = r->calls;
	r->calls = c;
	send_agent(re, r, "item", oc_tool_item_data(e->call, "start", "running"));
	send_tool(re, r, oc_tool_start_data(e->call));
}

static void on_tool_output(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	struct live_call *c = live_call(r, e->call->id ? e->call->id : "");

	if (!c) return;
	oc_buf_add(&c->output.text, e->delta);
	speak_or_wait(re, &c->output);
}

static void on_tool_end(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	struct live_call **at = &r->calls;

	flush(re, r);
	send_tool(re, r, oc_tool_result_data(e->call, e->tool_result, e->tool_ms));
	send_agent(
	    re, r, "item",
	    oc_tool_item_data(e->call, "end", e->tool_result->is_error ? "failed" : "completed"));
	while (*at && strcmp((*at)->id, e->call->id ? e->call->id : "") != 0) at = &(*at)->next;
	if (!*at) return;
	struct live_call *c = *at;
	*at = c->next;
	call_free(c);
}

static bool calls_tools(const json_t *body)
{
	const json_t *part;
	size_t i;

	json_array_foreach (json_object_get(body, "content"), i, part)
		if (oc_str_eq(oc_json_str(part, "type"), OC_LIT("toolCall"))) return true;
	return false;
}

/* What is known of a session while its run is under way is newer than the row. */
static json_t *live_row(const struct run *r, const struct oc_stored_message *m)
{
	if (!r || !r->row) return NULL;
	json_t *row = json_copy(r->row);
	if (r->started) {
		oc_json_put(row, "hasActiveRun", json_true());
		oc_json_put(row, "status", json_string("running"));
	}
	oc_json_put(row, "updatedAt", json_integer(m->created_ms));
	return row;
}

static void send_message(struct oc_run_events *re, const struct run *r,
			 const struct oc_run_event *e)
{
	const struct oc_stored_message *m = e->message;
	const char *agent = r ? r->agent : e->run ? e->run->agent : NULL;
	json_t *payload = json_pack("{s:s}", "sessionKey", e->session_key);
	struct oc_event out = { .name = "session.message",
				.payload = payload,
				.scope = OC_SCOPE_READ,
				.session_key = e->session_key,
				.to = OC_TO_MESSAGES };

	if (agent) oc_json_put(payload, "agentId", json_string(agent));
	oc_json_put(payload, "message", oc_history_message(m));
	oc_json_put(payload, "messageId", json_string(m->id));
	oc_json_put(payload, "messageSeq", json_integer(m->seq));
	oc_json_put(payload, "session", live_row(r, m));
	post(re, &out);
	json_decref(payload);
}

static void on_message(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	if (r) {
		flush(re, r);
		if (calls_tools(e->message->body)) tell_preamble(re, r);
	}
	if (e->session_key) send_message(re, r, e);
}

static void on_usage(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	if (!e->usage || !e->usage->present) return;
	flush(re, r);
	send_agent(re, r, "usage",
		   json_pack("{s:I,s:I}", "inputTokens", (json_int_t)e->usage->input,
			     "outputTokens", (json_int_t)e->usage->output));
}

static void on_notice(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	flush(re, r);
	send_agent(re, r, "notice", json_pack("{s:o}", "text", oc_json_new_str(e->text)));
}

static void put_message(json_t *payload, struct oc_str text)
{
	if (text.n) oc_json_put(payload, "message", oc_chat_text_message(text));
}

/* A run that was taken in by another one has no life of its own, only this end. */
static json_t *ended(struct oc_run_events *re, struct run *r, const char *state, json_t *data)
{
	struct oc_run_names n = names_of(r);

	if (r->started)
		send_agent(re, r, "lifecycle", data);
	else {
		json_decref(data);
		r->seq++;
	}
	return oc_chat_payload(&n, r->seq, state);
}

static void on_done(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	flush(re, r);
	if (r->started) send_agent(re, r, "lifecycle", json_pack("{s:s}", "phase", "finishing"));
	json_t *payload = ended(re, r, "final", oc_lifecycle_end_data(e, false));
	put_message(payload, e->text);
	if (e->usage && e->usage->present) oc_json_put(payload, "usage", oc_usage_json(e->usage));
	oc_json_put(payload, "stopReason", json_string(oc_stop_reason(e->finish)));
	send_live(re, r, "chat", payload, NULL);
}

static void on_aborted(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	flush(re, r);
	json_t *payload = ended(re, r, "aborted", oc_lifecycle_end_data(e, true));
	put_message(payload, e->text);
	oc_json_put(payload, "stopReason", json_string(e->reason ? e->reason : "aborted"));
	send_live(re, r, "chat", payload, NULL);
}

static void on_failed(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	flush(re, r);
	json_t *payload = ended(re, r, "error", oc_lifecycle_error_data(e));
	put_message(payload, e->text);
	oc_chat_put_error(payload, e);
	oc_json_put(payload, "stopReason", json_string("error"));
	send_live(re, r, "chat", payload, NULL);
}

/* Known from now on, so that its first message has a row already. */
static void on_accepted(struct oc_run_events *re, struct run *r, const struct oc_run_event *e)
{
	(void)re, (void)r, (void)e;
}

static const struct {
	void (*tell)(struct oc_run_events *re, struct run *r, const struct oc_run_event *e);
	bool last; /* of its run */
} kinds[] = {
	[OC_RUN_ACCEPTED] = { on_accepted, false },
	[OC_RUN_STARTED] = { on_started, false },
	[OC_RUN_MODEL] = { on_model, false },
	[OC_RUN_PROGRESS] = { on_progress, false },
	[OC_RUN_THINKING] = { on_thinking, false },
	[OC_RUN_TEXT] = { on_text, false },
	[OC_RUN_TOOL_START] = { on_tool_start, false },
	[OC_RUN_TOOL_OUTPUT] = { on_tool_output, false },
	[OC_RUN_TOOL_END] = { on_tool_end, false },
	[OC_RUN_MESSAGE] = { on_message, false },
	[OC_RUN_USAGE] = { on_usage, false },
	[OC_RUN_NOTICE] = { on_notice, false },
	[OC_RUN_DONE] = { on_done, true },
	[OC_RUN_ABORTED] = { on_aborted, true },
	[OC_RUN_FAILED] = { on_failed, true },
};

void oc_run_events_watch(void *arg, const struct oc_run_event *e)
{
	struct oc_run_events *re = arg;
	bool stateless = e->run && !e->run->session_key;

	if (e->kind == OC_SESSION_CHANGED) {
		session_changed(re, e);
		return;
	}
	if (e->kind >= sizeof kinds / sizeof *kinds || !kinds[e->kind].tell || stateless) return;
	bool message = e->kind == OC_RUN_MESSAGE; /* may come without a run, and after its end */
	struct run *r = e->run ? run_of(re, e->run, !message) : NULL;
	if (!r && !message) return;
	kinds[e->kind].tell(re, r, e);
	if (kinds[e->kind].last) forget_run(re, r);
}

void oc_run_events_reply(struct oc_run_events *re, const char *run_id, const char *session_key,
			 const char *agent, const json_t *message)
{
	struct oc_run_names n = { run_id, session_key, NULL, agent };
	json_t *payload = oc_chat_payload(&n, 1, "final");
	struct oc_event e = { .name = "chat",
			      .payload = payload,
			      .scope = OC_SCOPE_READ,
			      .session_key = session_key,
			      .to = OC_TO_ALL };

	if (message) oc_json_put(payload, "message", json_deep_copy(message));
	oc_json_put(payload, "stopReason", json_string("stop"));
	post(re, &e);
	json_decref(payload);
}

/* ---- life ---- */

struct oc_run_events *oc_run_events_new(const struct oc_run_events_spec *spec)
{
	struct oc_run_events *re = oc_new(struct oc_run_events);

	re->spec = *spec;
	re->scope = oc_scope_new();
	re->last = &re->first;
	return re;
}

void oc_run_events_stop_wait(struct oc_run_events *re)
{
	if (!re) return;
	oc_scope_cancel(re->scope);
	oc_scope_join_wait(re->scope);
	oc_scope_free(re->scope);
	while (re->first) drop_first(re);
	while (re->runs) forget_run(re, re->runs);
	free(re);
}

void oc_run_events_spawn(struct oc_run_events *re, oc_task_fn *fn, void *arg)
{
	oc_scope_spawn(re->scope, fn, arg);
}
